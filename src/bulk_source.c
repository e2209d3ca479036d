/*
** The rows of one table of a bulk query, in blocks.
**
** A landing table comes through jsonl_rows.h; comparisons with constants go
** along, because they leave out partitions and files as on the plain path.  A
** stored table is read from its pages (pages.h), or by a statement where that
** cannot be.
*/
#include <string.h>
#include "bulk_run.h"
#include "../vtab/jsonl_scan.h"
#include "../vtab/pages.h"
#include "../vtab/s3/source_s3.h"

#define BLOCK_ROWS 1024         /* of a statement's rows */
#define LANDING_ROW_BYTES 100   /* of a row in a file, about */
#define ALONE_ROWS 20000        /* of a stored table that one thread reads */

struct BulkSource {
  BulkRun *run;
  RowSource *rows;
  sqlite3_stmt *stmt;           /* keeps the landing table connected; or gives the rows */
  Arena arena;                  /* filters; cells of a statement's block */
  Filter *filter; int n_filter;
  RowMap map;
  RowBlock block;               /* of a statement */
  int rc;                       /* what the statement ended with */
};

static int fail(BulkRun *run, int rc, char *error){
  if( error ){
    sqlite3_free(run->error);
    run->error = error;
  }
  return rc;
}

/* --- Comparisons that go along ------------------------------------------- */

static int index_op(int op, int flipped){
  switch( op ){
    case OP_EQ: return SQLITE_INDEX_CONSTRAINT_EQ;
    case OP_NE: return SQLITE_INDEX_CONSTRAINT_NE;
    case OP_LT: return flipped ? SQLITE_INDEX_CONSTRAINT_GT : SQLITE_INDEX_CONSTRAINT_LT;
    case OP_LE: return flipped ? SQLITE_INDEX_CONSTRAINT_GE : SQLITE_INDEX_CONSTRAINT_LE;
    case OP_GT: return flipped ? SQLITE_INDEX_CONSTRAINT_LT : SQLITE_INDEX_CONSTRAINT_GT;
    default: return flipped ? SQLITE_INDEX_CONSTRAINT_LE : SQLITE_INDEX_CONSTRAINT_GE;
  }
}

static void add_filter(BulkSource *s, const BulkRel *rel, const BulkCond *c){
  Filter *f = &s->filter[s->n_filter];
  if( c->kind==BULK_AND ){
    for(int i=0; i<c->n; i++) add_filter(s, rel, c->arg[i]);
    return;
  }
  if( s->n_filter==FILTER_MAX ) return;
  if( c->kind==BULK_COMPARE && (c->a.rel<0)!=(c->b.rel<0) ){
    const BulkOperand *column = c->a.rel<0 ? &c->b : &c->a, *constant = c->a.rel<0 ? &c->a : &c->b;
    filter_compare(f, rel->column[column->slot], index_op(c->op, c->a.rel<0), constant->value);
  }else if( c->kind==BULK_IS_NULL ){
    filter_compare(f, rel->column[c->a.slot], SQLITE_INDEX_CONSTRAINT_ISNULL, value_null());
  }else if( c->kind==BULK_NOT && c->arg[0]->kind==BULK_IS_NULL ){
    filter_compare(f, rel->column[c->arg[0]->a.slot], SQLITE_INDEX_CONSTRAINT_ISNOTNULL, value_null());
  }else if( c->kind==BULK_IN && c->query==0 ){
    if( filter_in(f, &s->arena, rel->column[c->key[0].slot], c->list, c->n_list)!=SQLITE_OK ) s->arena.oom = 1;
  }else{
    return;
  }
  s->n_filter++;
}

/* --- Landing tables ------------------------------------------------------ */

static int open_landing(BulkSource *s, const BulkQuery *q, int rel){
  const BulkRel *r = &q->rel[rel];
  struct JsonlTable *t = jsonl_find(s->run->host, "main", r->table->sqlite_name);
  JsonlRowsPlan plan;
  char *error = 0;
  int rc;
  if( t==0 ) return BULK_PLAIN;
  s->filter = ARENA_ARRAY(&s->arena, Filter, FILTER_MAX);
  if( s->filter==0 ) return SQLITE_NOMEM;
  for(int i=0; i<q->n_cond; i++) if( q->cond[i]->rels==1u<<rel ) add_filter(s, r, q->cond[i]);
  if( s->arena.oom ) return SQLITE_NOMEM;
  memset(&plan, 0, sizeof(plan));
  plan.n_column = r->n_column;
  plan.column = r->column;
  plan.n_filter = s->n_filter;
  plan.filter = s->filter;
  plan.map = s->map;
  plan.n_hand = s->run->n_hand;
  rc = jsonl_rows_open(t, &plan, &s->rows, &error);
  return fail(s->run, rc, error);
}

/* --- Stored tables ------------------------------------------------------- */

/* Reading from the file wants in the file what the transaction wrote, and then
** no other process can read the lake until COMMIT.  A run that waits for the
** network can take long: as long as its tables are small they stay in memory. */
static int leaves_file_alone(const BulkRun *run, sqlite3_int64 rows){
  return run->host && run->host->s3 && run->host->s3->client && rows<ALONE_ROWS
      && sqlite3_txn_state(run->db, "main")==SQLITE_TXN_WRITE;
}

/* SQLITE_NOTFOUND: a statement has to do it.  pages.h wants no statement under
** way; ours, which touches no table, waits so long. */
static int open_stored(BulkSource *s, const BulkQuery *q, int rel){
  const BulkRel *r = &q->rel[rel];
  const char **name = ARENA_ARRAY(&s->arena, const char*, r->n_column+1);
  int hands = bulk_source_size(s->run, q, rel)<ALONE_ROWS ? 1 : s->run->n_hand, rc;
  char *error = 0;
  if( name==0 ) return SQLITE_NOMEM;
  if( r->n_column==0 || leaves_file_alone(s->run, bulk_source_size(s->run, q, rel)) ) return SQLITE_NOTFOUND;
  for(int i=0; i<r->n_column; i++) name[i] = r->table->column[r->column[i]].name;
  sqlite3_reset(s->run->running);
  rc = pages_open(s->run->db, r->table->sqlite_name, r->n_column, name, &s->map, hands, &s->rows, &error);
  if( sqlite3_step(s->run->running)!=SQLITE_ROW && rc==SQLITE_OK ) rc = SQLITE_INTERRUPT;
  return rc==SQLITE_NOTFOUND ? rc : fail(s->run, rc, error);
}

/* --- A statement as a source --------------------------------------------- */

static Value statement_cell(Arena *a, sqlite3_stmt *stmt, int i){
  const char *z;
  int n;
  switch( sqlite3_column_type(stmt, i) ){
    case SQLITE_INTEGER: return value_int(sqlite3_column_int64(stmt, i));
    case SQLITE_FLOAT: return value_real(sqlite3_column_double(stmt, i));
    case SQLITE_NULL: return value_null();
    case SQLITE_TEXT:
      z = (const char*)sqlite3_column_text(stmt, i);
      n = sqlite3_column_bytes(stmt, i);
      if( z==0 ) a->oom = 1;
      return z ? value_text(arena_strndup(a, z, (size_t)n), (size_t)n) : value_null();
    default:
      z = sqlite3_column_blob(stmt, i);
      n = sqlite3_column_bytes(stmt, i);
      if( z==0 && n ) a->oom = 1;
      return value_blob(arena_strndup(a, z ? z : "", z ? (size_t)n : 0), z ? (size_t)n : 0);
  }
}

/* NaN lies in a table as text. */
static void nan_cells(const BulkRel *r, Value *cell){
  for(int i=0; i<r->n_column; i++){
    ValueKind kind = bulk_kind(r->table->column[r->column[i]].type);
    if( kind==V_REAL && cell[i].kind==V_TEXT ) cell[i] = value_real(__builtin_nan(""));
    if( kind==V_REAL && cell[i].kind==V_INT ) cell[i] = value_real((double)cell[i].i);
  }
}

static int next_of_statement(BulkSource *s, const BulkRel *r){
  RowBlock *b = &s->block;
  size_t width = (size_t)r->n_column;
  if( s->rc!=SQLITE_ROW ) return s->rc;
  if( b->product ) s->map.free_product(s->map.arg, b->product);
  b->product = 0;
  arena_reset(&s->arena);
  b->n = 0;
  b->width = r->n_column;
  b->cell = ARENA_ARRAY(&s->arena, Value, width*BLOCK_ROWS + 1);
  if( b->cell==0 ) return SQLITE_NOMEM;
  while( b->n<BLOCK_ROWS && (s->rc = sqlite3_step(s->stmt))==SQLITE_ROW ){
    Value *cell = b->cell + width*(size_t)b->n;
    for(int i=0; i<r->n_column; i++) cell[i] = statement_cell(&s->arena, s->stmt, i);
    nan_cells(r, cell);
    b->n++;
  }
  if( s->rc!=SQLITE_ROW && s->rc!=SQLITE_DONE ) return fail(s->run, s->rc, sqlite3_mprintf("%s", sqlite3_errmsg(s->run->db)));
  if( s->arena.oom ) return SQLITE_NOMEM;
  if( b->n==0 ) return SQLITE_DONE;
  return s->map.map(s->map.arg, b, 0) ? SQLITE_NOMEM : SQLITE_ROW;
}

static int open_statement(BulkSource *s, const BulkQuery *q, int rel){
  const BulkRel *r = &q->rel[rel];
  sqlite3_str *sql = sqlite3_str_new(s->run->db);
  char *text;
  int rc;
  sqlite3_str_appendall(sql, "SELECT ");
  for(int i=0; i<r->n_column; i++) sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", r->table->column[r->column[i]].name);
  sqlite3_str_appendf(sql, "%s FROM \"%w\"", r->n_column ? "" : "1", r->table->sqlite_name);
  text = sqlite3_str_finish(sql);
  if( text==0 ) return SQLITE_NOMEM;
  rc = sqlite3_prepare_v2(s->run->db, text, -1, &s->stmt, 0);
  sqlite3_free(text);
  return rc==SQLITE_OK ? rc : fail(s->run, rc, sqlite3_mprintf("%s", sqlite3_errmsg(s->run->db)));
}

/* --- The source ---------------------------------------------------------- */

typedef struct BulkSourceOf { BulkSource s; const BulkRel *rel; } BulkSourceOf;

int bulk_source_open(BulkRun *run, const BulkQuery *q, int rel, const RowMap *map, BulkSource **out){
  BulkSourceOf *of = sqlite3_malloc64(sizeof(*of));
  int rc;
  if( of==0 ) return SQLITE_NOMEM;
  memset(of, 0, sizeof(*of));
  of->rel = &q->rel[rel];
  of->s.run = run;
  of->s.map = *map;
  of->s.rc = SQLITE_ROW;
  arena_init(&of->s.arena);
  rc = SQLITE_NOTFOUND;
  if( of->rel->table->kind==TABLE_STORED ) rc = open_stored(&of->s, q, rel);
  if( rc==SQLITE_NOTFOUND ) rc = open_statement(&of->s, q, rel);
  if( rc==SQLITE_OK && of->rel->table->kind==TABLE_LANDING ) rc = open_landing(&of->s, q, rel);
  if( rc!=SQLITE_OK ){
    bulk_source_close(&of->s);
    return rc;
  }
  *out = &of->s;
  return SQLITE_OK;
}

int bulk_source_next(BulkSource *s, RowBlock **out){
  char *error = 0;
  int rc;
  if( s->rows==0 ){
    *out = &s->block;
    return next_of_statement(s, ((BulkSourceOf*)s)->rel);
  }
  rc = s->rows->ops->next(s->rows, out, &error);
  return rc==SQLITE_ROW || rc==SQLITE_DONE ? rc : fail(s->run, rc, error);
}

void bulk_source_close(BulkSource *s){
  if( s==0 ) return;
  if( s->rows ) s->rows->ops->close(s->rows);
  if( s->block.product ) s->map.free_product(s->map.arg, s->block.product);
  sqlite3_finalize(s->stmt);
  arena_free(&s->arena);
  sqlite3_free(s);
}

/* --- Pins ---------------------------------------------------------------- */

static int pin_table(BulkRun *run, const TableInfo *t){
  sqlite3_stmt *stmt = 0;
  char *sql;
  int rc;
  if( t->kind!=TABLE_LANDING || run->n_pin==BULK_PINS ) return SQLITE_OK;
  sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", t->sqlite_name);
  rc = sql ? sqlite3_prepare_v2(run->db, sql, -1, &stmt, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  run->pin[run->n_pin].stmt = stmt;
  run->pin[run->n_pin].table = rc==SQLITE_OK ? jsonl_find(run->host, "main", t->sqlite_name) : 0;
  if( run->pin[run->n_pin].table ) jsonl_pin(run->pin[run->n_pin].table);
  run->n_pin++;
  return rc;
}

int bulk_pin(BulkRun *run, const BulkQuery *q){
  int rc = SQLITE_OK;
  for(int i=0; i<q->n_rel && rc==SQLITE_OK; i++) rc = pin_table(run, q->rel[i].table);
  for(int i=0; i<q->n_set && rc==SQLITE_OK; i++) if( q->set[i]->query ) rc = bulk_pin(run, q->set[i]->query);
  return rc;
}

void bulk_unpin(BulkRun *run){
  for(int i=0; i<run->n_pin; i++){
    if( run->pin[i].table ) jsonl_unpin(run->pin[i].table);
    sqlite3_finalize(run->pin[i].stmt);
  }
  run->n_pin = 0;
}

/* --- Sizes --------------------------------------------------------------- */

double bulk_source_size(BulkRun *run, const BulkQuery *q, int rel){
  const TableInfo *t = q->rel[rel].table;
  char *sql = sqlite3_mprintf(t->kind==TABLE_STORED ? "SELECT max(rowid) FROM \"%w\"" : "SELECT 1 FROM \"%w\"", t->sqlite_name);
  sqlite3_stmt *stmt = 0;
  double size = 0;
  if( sql && sqlite3_prepare_v2(run->db, sql, -1, &stmt, 0)==SQLITE_OK ){
    if( t->kind==TABLE_STORED && sqlite3_step(stmt)==SQLITE_ROW ) size = sqlite3_column_double(stmt, 0);
    struct JsonlTable *landing = t->kind==TABLE_STORED ? 0 : jsonl_find(run->host, "main", t->sqlite_name);
    if( landing ) size = (double)jsonl_rows_bytes(landing)/LANDING_ROW_BYTES;
  }
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return size;
}
