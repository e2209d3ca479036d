/*
** Native rows of a hash aggregation: see group_source.h.
**
** Whatever the text says that this table cannot do exactly is left to SQLite.
*/
#include "group_source.h"
#include "crew.h"
#include "fn/wrapper.h"
#include "jsonl_rows.h"
#include "jsonl_table.h"
#include "pages.h"
#include <stdlib.h>
#include <string.h>

#define STORED_ALONE_ROWS 20000 /* below, no threads */

#define OP_IN 1000              /* none of SQLite's */
#define IN_VALUES 1000000       /* of a set; beyond, SQLite does it */

static int op_of(const char **pz){
  static const struct { const char *z; int op; } name[] = {
    {"<>", SQLITE_INDEX_CONSTRAINT_NE}, {"<=", SQLITE_INDEX_CONSTRAINT_LE}, {">=", SQLITE_INDEX_CONSTRAINT_GE},
    {"=", SQLITE_INDEX_CONSTRAINT_EQ}, {"<", SQLITE_INDEX_CONSTRAINT_LT}, {">", SQLITE_INDEX_CONSTRAINT_GT},
    {"in", OP_IN}, {"null", SQLITE_INDEX_CONSTRAINT_ISNULL}, {"notnull", SQLITE_INDEX_CONSTRAINT_ISNOTNULL},
  };
  for(size_t i=0; i<sizeof(name)/sizeof(name[0]); i++){
    size_t n = strlen(name[i].z);
    if( strncmp(*pz, name[i].z, n) ) continue;
    *pz += n;
    return name[i].op;
  }
  return 0;
}

static const Type *column_type(const JsonlTable *t, int c){
  if( c<t->serde.n_column ) return t->serde.column[c].type;
  c -= t->serde.n_column;
  return c<t->n_partition_column ? t->partition_column[c].type : 0;
}

/* Column numbers up to what is none; *pz moves there. */
static void read_columns(GroupSource *s, const char **pz){
  const char *z = *pz;
  while( *z>='0' && *z<='9' && s->n_column<GROUP_SOURCE_COLUMNS ){
    char *end;
    s->column[s->n_column++] = (int)strtol(z, &end, 10);
    z = *end==',' ? end + 1 : end;
  }
  *pz = *z=='-' ? z + 1 : z;
}

/* The values of a query as a filter: 1; 0 when there are too many, or after an error. */
static int read_set(GroupSource *s, sqlite3 *db, Filter *f, int column, sqlite3_value *query, int *rc){
  sqlite3_stmt *stmt = 0;
  Value *value = 0;
  int n = 0, cap = 0;
  *rc = sqlite3_prepare_v2(db, (const char*)sqlite3_value_text(query), -1, &stmt, 0);
  while( *rc==SQLITE_OK && n<IN_VALUES && (*rc = sqlite3_step(stmt))==SQLITE_ROW ){
    *rc = SQLITE_OK;
    if( n==cap ){
      Value *more = ARENA_ARRAY(&s->arena, Value, cap*2 + 64);
      if( more==0 ) break;
      if( n ) memcpy(more, value, sizeof(*value)*(size_t)n);
      value = more;
      cap = cap*2 + 64;
    }
    value[n] = fn_value_in(0, sqlite3_column_value(stmt, 0));
    if( value[n].kind==V_TEXT && (value[n].z = arena_strndup(&s->arena, value[n].z, (size_t)value[n].n))==0 ) break;
    n += value[n].kind!=V_NULL;
  }
  if( *rc==SQLITE_DONE ) *rc = SQLITE_OK;
  sqlite3_finalize(stmt);
  if( *rc==SQLITE_OK && s->arena.oom ) *rc = SQLITE_NOMEM;
  if( *rc==SQLITE_OK && n<IN_VALUES ) *rc = filter_in(f, &s->arena, column, value, n);
  s->is_integer_set = n==0 || value[0].kind==V_INT;
  return *rc==SQLITE_OK && n<IN_VALUES;
}

/* "C OP,…": 1 when all of them are decided exactly.  The types of a stored
** table's columns (t NULL) are those of the values: whoever wrote the text knew. */
static int read_filters(GroupSource *s, sqlite3 *db, const JsonlTable *t, const char *z, int n_value, sqlite3_value **value, int *rc){
  int used = 0;
  while( *z>='0' && *z<='9' && s->n_filter<GROUP_FILTERS ){
    Filter *f = &s->filter[s->n_filter];
    char *end;
    int column = (int)strtol(z, &end, 10), op, has_value;
    const Type *type = t ? column_type(t, column) : &TYPE_VARCHAR;
    z = end;
    op = op_of(&z);
    has_value = op!=SQLITE_INDEX_CONSTRAINT_ISNULL && op!=SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
    if( op==0 || type==0 || (has_value && used>=n_value) ) return 0;
    if( op==OP_IN ){
      if( !read_set(s, db, f, column, value[used], rc) ) return 0;
    }else{
      *rc = filter_begin(f, &s->arena, column, op, 0, has_value ? value[used] : 0);
      if( *rc!=SQLITE_OK ) return 0;
    }
    used += has_value;
    f->athena_nan = 1;
    if( t==0 && (op==OP_IN ? s->is_integer_set : f->value.kind==V_INT) ) type = &TYPE_BIGINT;
    if( t==0 && op!=OP_IN && f->value.kind==V_REAL ) type = &TYPE_DOUBLE;
    if( !filter_is_exact(f, type) ) return 0;
    s->n_filter++;
    if( *z==',' ) z++;
  }
  return *z==' ';
}

/* --- Landing tables --------------------------------------------------------- */

static int open_landing(GroupSource *s, JsonlTable *t, char **pzErr){
  JsonlRowsPlan plan;
  for(int i=0; i<s->n_column; i++) if( column_type(t, s->column[i])==0 ) return SQLITE_OK;
  memset(&plan, 0, sizeof(plan));
  plan.n_column = s->width = s->n_column;
  plan.column = s->column;
  plan.n_filter = s->n_filter;
  plan.filter = s->filter;
  return jsonl_rows_open(t, &plan, &s->rows, pzErr);
}

/* --- Stored tables ----------------------------------------------------------- */

/* In a hand: only rows that pass stay. */
static int keep_passing(void *arg, RowBlock *b, int hand){
  const GroupSource *s = arg;
  size_t width = (size_t)b->width;
  int n = 0;
  (void)hand;
  for(int i=0; i<b->n; i++){
    const Value *row = &b->cell[(size_t)i*width];
    int passes = 1;
    for(int k=0; k<s->n_filter && passes; k++) passes = filter_may_pass(&s->filter[k], &row[s->filter[k].column]);
    if( !passes ) continue;
    if( n<i ) memcpy(&b->cell[(size_t)n*width], row, sizeof(Value)*width);
    n++;
  }
  b->n = n;
  return 0;
}

/* The slot of a table's column among those that are read. */
static int read_slot(GroupSource *s, int column){
  for(int i=0; i<s->width; i++) if( s->column[i]==column ) return i;
  if( s->width==GROUP_SOURCE_COLUMNS ) return -1;
  s->column[s->width] = column;
  return s->width++;
}

/* The names of the columns that are read; 0 when one of them is not there. */
static int read_names(GroupSource *s, sqlite3 *db, const char *table, const char **name){
  sqlite3_stmt *stmt = 0;
  int found = 0;
  if( sqlite3_prepare_v2(db, "SELECT cid, name FROM pragma_table_info(?1)", -1, &stmt, 0)!=SQLITE_OK ) return 0;
  sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  while( sqlite3_step(stmt)==SQLITE_ROW ){
    int column = sqlite3_column_int(stmt, 0);
    const char *z = (const char*)sqlite3_column_text(stmt, 1);
    for(int i=0; z && i<s->width; i++){
      if( s->column[i]!=column || (name[i] = arena_strdup(&s->arena, z))==0 ) continue;
      found++;
    }
  }
  sqlite3_finalize(stmt);
  return found==s->width;
}

/* Begin to read with a statement that stays under way: it keeps the pages as
** they are.  *n: about how many rows. */
static int hold(GroupSource *s, sqlite3 *db, const char *table, sqlite3_int64 *n){
  char *sql = sqlite3_mprintf("SELECT max(rowid) FROM main.\"%w\"", table);
  int rc = sql ? sqlite3_prepare_v2(db, sql, -1, &s->hold, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  if( rc!=SQLITE_OK ) return rc;
  rc = sqlite3_step(s->hold);
  if( rc!=SQLITE_ROW ) return rc==SQLITE_DONE ? SQLITE_OK : rc;
  *n = sqlite3_column_int64(s->hold, 0);
  return SQLITE_OK;
}

static int open_stored(GroupSource *s, sqlite3 *db, const GroupSourceHost *host, const char *table, char **pzErr){
  const char *name[GROUP_SOURCE_COLUMNS];
  RowMap map = { keep_passing, 0, s };
  sqlite3_int64 n = 0;
  int rc, hands = host->hands>0 ? host->hands : crew_hands(), wanted = s->n_column;
  s->width = 0;
  for(int i=0; i<wanted; i++) if( read_slot(s, s->column[i])!=i ) return SQLITE_OK;   /* one of them twice */
  for(int i=0; i<s->n_filter; i++){
    s->filter[i].column = read_slot(s, s->filter[i].column);
    if( s->filter[i].column<0 ) return SQLITE_OK;
  }
  if( s->width==0 || !read_names(s, db, table, name) ) return s->arena.oom ? SQLITE_NOMEM : SQLITE_OK;
  if( sqlite3_txn_state(db, "main")==SQLITE_TXN_WRITE ) return SQLITE_OK;
  if( (rc = hold(s, db, table, &n))!=SQLITE_OK ) return rc;
  rc = pages_open(db, table, s->width, name, s->n_filter ? &map : 0, n<STORED_ALONE_ROWS ? 1 : hands, &s->rows, pzErr);
  return rc==SQLITE_NOTFOUND ? SQLITE_OK : rc;
}

/* --- Both -------------------------------------------------------------------- */

int group_source_open(GroupSource *s, sqlite3 *db, const GroupSourceHost *host, const char *text, int n_column,
                      int n_value, sqlite3_value **value, char **pzErr){
  const char *z = text, *table = strstr(text, " of "), *where = strstr(text, " where ");
  int rc = SQLITE_OK, is_landing = strncmp(z, "landing ", 8)==0;
  JsonlTable *t = 0;
  memset(s, 0, sizeof(*s));
  arena_init(&s->arena);
  if( table==0 || (!is_landing && strncmp(z, "stored ", 7)) ) return SQLITE_OK;
  table += 4;
  if( is_landing && (host->jsonl==0 || (t = jsonl_find(host->jsonl, 0, table))==0) ) return SQLITE_OK;
  z += is_landing ? 8 : 7;
  read_columns(s, &z);
  if( *z!=' ' || (s->n_column!=n_column && s->n_column) ) return SQLITE_OK;
  if( where && where<table && !read_filters(s, db, t, where + 7, n_value, value, &rc) ){
    if( rc!=SQLITE_OK && rc!=SQLITE_NOMEM ) *pzErr = sqlite3_mprintf("%s", sqlite3_errmsg(db));
    return rc;
  }
  return is_landing ? open_landing(s, t, pzErr) : open_stored(s, db, host, table, pzErr);
}

void group_source_close(GroupSource *s){
  if( s->rows ) s->rows->ops->close(s->rows);
  s->rows = 0;
  sqlite3_finalize(s->hold);
  s->hold = 0;
  arena_free(&s->arena);
}
