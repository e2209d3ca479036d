/*
** t_group: see group.h.
**
** Query plan (xBestIndex): query and spec must be given.  The rows are read and
** aggregated when the first group is asked for (xFilter), all of them; a cursor
** that is opened again with the same arguments gives its groups again.
**
** Limits: GROUP_COLUMNS columns.
*/
#include "group.h"
#include "group_run.h"
#include "group_source.h"
#include "group_top.h"
#include "jsonl.h"
#include <string.h>

#define COLUMN_SQL GROUP_COLUMNS        /* hidden columns after c0 … */
#define N_HIDDEN (3 + GROUP_FILTERS)    /* query, spec, rows, values */

typedef struct GroupTable {
  sqlite3_vtab base;
  sqlite3 *db;
  GroupHost host;
} GroupTable;

typedef struct GroupCursor {
  sqlite3_vtab_cursor base;
  char *sql, *spec_text;        /* what the groups are made from */
  int is_again;                 /* they can be made out of these alone */
  sqlite3_int64 changes;        /* of the database, then */
  GroupSpec spec;
  Groups *groups;
  Top *top;                     /* instead of groups: the first rows of an order */
  int moved_on;                 /* to a spilled part: the groups before are gone */
  uint32_t at;
  sqlite3_int64 rowid;
  sqlite3_stmt *select1;        /* asks SQLite whether it was interrupted */
} GroupCursor;

static int is_interrupted(void *arg){
  GroupCursor *c = arg;
  GroupTable *t = (GroupTable*)c->base.pVtab;
  int rc;
  if( c->select1==0 && sqlite3_prepare_v2(t->db, "SELECT 1", -1, &c->select1, 0)!=SQLITE_OK ) return 0;
  rc = sqlite3_step(c->select1);
  sqlite3_reset(c->select1);
  return rc==SQLITE_INTERRUPT;
}

/* --- Errors ---------------------------------------------------------------- */

/* An error of the connection. */
static int db_error(GroupTable *t, int rc){
  if( rc==SQLITE_NOMEM ) return rc;
  sqlite3_free(t->base.zErrMsg);
  t->base.zErrMsg = sqlite3_mprintf("%s", sqlite3_errmsg(t->db));
  return t->base.zErrMsg ? rc : SQLITE_NOMEM;
}

/* What the groups say. */
static int groups_failed(GroupCursor *c, int rc){
  const char *why = c->groups ? hash_groups_error(c->groups) : 0;
  sqlite3_vtab *t = c->base.pVtab;
  if( why==0 ) return rc;
  sqlite3_free(t->zErrMsg);
  t->zErrMsg = sqlite3_mprintf("%s", why);
  return t->zErrMsg ? rc : SQLITE_NOMEM;
}

/* --- The rows -------------------------------------------------------------- */

static int add_row(GroupCursor *c, sqlite3_stmt *stmt){
  Value row[GROUP_COLUMNS];
  int rc;      /* SQLite itself notices an interruption between rows */
  for(int i=0; i<c->spec.n_column; i++) row[i] = fn_value_in(c->spec.is_real[i] ? &TYPE_DOUBLE : 0, sqlite3_column_value(stmt, i));
  rc = c->top ? top_add(c->top, row, 1, c->spec.n_column) : hash_groups_add(c->groups, row);
  return rc==SQLITE_OK ? rc : groups_failed(c, rc);
}

static int add_rows(GroupCursor *c, sqlite3_stmt *stmt){
  GroupTable *t = (GroupTable*)c->base.pVtab;
  int rc = SQLITE_OK;
  while( rc==SQLITE_OK ){
    int step = sqlite3_step(stmt);
    if( step==SQLITE_DONE ) break;
    rc = step==SQLITE_ROW ? add_row(c, stmt) : db_error(t, step);
  }
  return rc;
}

static int add_block(GroupCursor *c, const GroupSource *s, const RowBlock *b){
  if( c->top ) return top_add(c->top, b->cell, b->n, s->width);
  return s->n_column ? hash_groups_add_block(c->groups, b->cell, b->n, s->width) : hash_groups_count_rows(c->groups, b->n);
}

/* Rows that SQLite does not make.  *done: there were such. */
static int add_native(GroupCursor *c, int argc, sqlite3_value **argv, int *done){
  GroupTable *t = (GroupTable*)c->base.pVtab;
  const char *text = argc>2 ? (const char*)sqlite3_value_text(argv[2]) : 0;
  GroupSourceHost host = { t->host.jsonl, t->host.jsonl ? t->host.jsonl->threads : 0 };
  GroupSource source;
  RowBlock *b;
  char *error = 0;
  int rc;
  *done = 0;
  if( text==0 ) return SQLITE_OK;
  rc = group_source_open(&source, t->db, &host, text, c->spec.n_column, argc - 3, argv + 3, &error);
  if( rc==SQLITE_OK && source.rows ){
    *done = 1;
    while( rc==SQLITE_OK && (rc = source.rows->ops->next(source.rows, &b, &error))==SQLITE_ROW ){
      rc = add_block(c, &source, b);
      if( rc!=SQLITE_OK ) rc = groups_failed(c, rc);
      else if( is_interrupted(c) ) rc = SQLITE_INTERRUPT;
    }
    if( rc==SQLITE_DONE ) rc = SQLITE_OK;
  }
  group_source_close(&source);
  if( error ){
    sqlite3_free(t->base.zErrMsg);
    t->base.zErrMsg = error;
  }
  return rc;
}

static void forget(GroupCursor *c){
  hash_groups_free(c->groups);
  c->groups = 0;
  top_free(c->top);
  c->top = 0;
  group_spec_free(&c->spec);
  sqlite3_free(c->sql);
  sqlite3_free(c->spec_text);
  c->sql = c->spec_text = 0;
  c->moved_on = 0;
}

static int bad_arguments(GroupTable *t, const char *why){
  sqlite3_free(t->base.zErrMsg);
  t->base.zErrMsg = sqlite3_mprintf("t_group: %s", why);
  return t->base.zErrMsg ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* What the second argument asks for. */
static int open_spec(GroupCursor *c){
  GroupTable *t = (GroupTable*)c->base.pVtab;
  sqlite3_int64 memory = t->host.memory && *t->host.memory>0 ? *t->host.memory : GROUP_MEMORY;
  int rc, is_top = strncmp(c->spec_text, "top ", 4)==0;
  if( is_top ) rc = top_open(c->spec_text, &c->spec, &c->top);
  else rc = group_spec_parse(&c->spec, c->spec_text);
  if( rc==SQLITE_ERROR ) return bad_arguments(t, "the second argument says what to aggregate, as in '1 -r; t_sum_double(1)'");
  if( rc==SQLITE_OK && !is_top ) rc = hash_groups_open(&c->spec, memory, is_interrupted, c, &c->groups);
  return rc;
}

/* Aggregate the rows of c->sql. */
static int aggregate(GroupCursor *c, int argc, sqlite3_value **argv){
  GroupTable *t = (GroupTable*)c->base.pVtab;
  sqlite3_stmt *stmt = 0;
  int is_native = 0, rc = open_spec(c);
  if( rc!=SQLITE_OK ) return rc;
  rc = sqlite3_prepare_v2(t->db, c->sql, -1, &stmt, 0);
  if( rc!=SQLITE_OK ) return db_error(t, rc);
  if( sqlite3_column_count(stmt)!=c->spec.n_column ) rc = bad_arguments(t, "the query has another number of columns");
  if( rc==SQLITE_OK ) rc = add_native(c, argc, argv, &is_native);
  if( rc==SQLITE_OK && !is_native ) rc = add_rows(c, stmt);
  sqlite3_finalize(stmt);
  if( rc!=SQLITE_OK ) return rc;
  if( c->top ){
    top_end(c->top);
    return SQLITE_OK;
  }
  rc = hash_groups_end(c->groups);
  return rc==SQLITE_OK ? rc : groups_failed(c, rc);
}

/* --- The module ------------------------------------------------------------ */

static int groupConnect(sqlite3 *db, void *pAux, int argc, const char *const *argv, sqlite3_vtab **ppVtab, char **pzErr){
  GroupTable *t;
  Buf ddl;
  int rc = SQLITE_NOMEM;
  (void)argc; (void)argv; (void)pzErr;
  buf_init(&ddl, 0);
  buf_str(&ddl, "CREATE TABLE x(");
  for(int i=0; i<GROUP_COLUMNS; i++) buf_printf(&ddl, "c%d,", i);
  buf_str(&ddl, "query HIDDEN,spec HIDDEN,rows HIDDEN");
  for(int i=0; i<GROUP_FILTERS; i++) buf_printf(&ddl, ",v%d HIDDEN", i);
  buf_char(&ddl, ')');
  t = ddl.oom ? 0 : sqlite3_malloc64(sizeof(*t));
  if( t ){
    memset(t, 0, sizeof(*t));
    t->db = db;
    t->host = *(const GroupHost*)pAux;
    rc = sqlite3_declare_vtab(db, ddl.z);
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    if( rc==SQLITE_OK ) *ppVtab = &t->base;
    else sqlite3_free(t);
  }
  buf_free(&ddl);
  return rc;
}

static int groupDisconnect(sqlite3_vtab *pVtab){
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

static int groupOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  GroupCursor *c = sqlite3_malloc64(sizeof(*c));
  (void)pVtab;
  if( c==0 ) return SQLITE_NOMEM;
  memset(c, 0, sizeof(*c));
  *ppCursor = &c->base;
  return SQLITE_OK;
}

static int groupClose(sqlite3_vtab_cursor *pCursor){
  GroupCursor *c = (GroupCursor*)pCursor;
  forget(c);
  sqlite3_finalize(c->select1);
  sqlite3_free(c);
  return SQLITE_OK;
}

static int groupEof(sqlite3_vtab_cursor *pCursor){
  GroupCursor *c = (GroupCursor*)pCursor;
  return c->at>=(c->top ? top_count(c->top) : c->groups ? hash_groups_count(c->groups) : 0);
}

/* To the first group of a spilled part, where there is none left. */
static int settle_at(GroupCursor *c){
  if( c->top ) return SQLITE_OK;
  while( c->at>=hash_groups_count(c->groups) ){
    int rc = hash_groups_more(c->groups);
    if( rc==SQLITE_DONE ) return SQLITE_OK;
    if( rc!=SQLITE_ROW ) return groups_failed(c, rc);
    c->moved_on = 1;
    c->at = 0;
  }
  return SQLITE_OK;
}

static int groupNext(sqlite3_vtab_cursor *pCursor){
  GroupCursor *c = (GroupCursor*)pCursor;
  c->at++;
  c->rowid++;
  return settle_at(c);
}

static int groupFilter(sqlite3_vtab_cursor *pCursor, int idxNum, const char *idxStr, int argc, sqlite3_value **argv){
  GroupCursor *c = (GroupCursor*)pCursor;
  GroupTable *t = (GroupTable*)c->base.pVtab;
  const char *sql = (const char*)sqlite3_value_text(argv[0]), *spec = (const char*)sqlite3_value_text(argv[1]);
  sqlite3_int64 changes = sqlite3_total_changes64(t->db);
  int rc;
  (void)idxNum; (void)idxStr;
  c->at = 0;
  c->rowid = 0;
  if( (c->groups || c->top) && !c->moved_on && c->is_again && changes==c->changes && sql && spec && !strcmp(sql, c->sql) && !strcmp(spec, c->spec_text) ) return SQLITE_OK;
  forget(c);
  if( sql==0 || spec==0 ) return SQLITE_OK;
  c->sql = sqlite3_mprintf("%s", sql);
  c->spec_text = sqlite3_mprintf("%s", spec);
  c->changes = changes;
  c->is_again = argc==2;
  rc = c->sql && c->spec_text ? aggregate(c, argc, argv) : SQLITE_NOMEM;
  if( rc==SQLITE_OK ) return settle_at(c);
  forget(c);
  return rc;
}

static int groupColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *ctx, int i){
  GroupCursor *c = (GroupCursor*)pCursor;
  Value v;
  int rc;
  if( c->top ){
    if( i>=c->spec.n_column ) return SQLITE_OK;
    v = top_value(c->top, c->at, i);
    fn_value_out(ctx, &v);
    return SQLITE_OK;
  }
  if( i>=c->spec.n_key + c->spec.n_agg ) return SQLITE_OK;
  rc = hash_groups_value(c->groups, c->at, i, &v);
  if( rc!=SQLITE_OK ) return groups_failed(c, rc);
  fn_value_out(ctx, &v);
  return SQLITE_OK;
}

static int groupRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *pRowid){
  *pRowid = ((GroupCursor*)pCursor)->rowid;
  return SQLITE_OK;
}

static int groupBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *p){
  sqlite3_value *rows = 0, *spec = 0;
  int at[N_HIDDEN], n = 0, is_top;
  (void)pVtab;
  for(int k=0; k<N_HIDDEN; k++) at[k] = -1;
  for(int i=0; i<p->nConstraint; i++){
    int k = p->aConstraint[i].iColumn - COLUMN_SQL;
    if( k<0 || p->aConstraint[i].op!=SQLITE_INDEX_CONSTRAINT_EQ ) continue;
    if( !p->aConstraint[i].usable ) return SQLITE_CONSTRAINT;
    at[k] = i;
  }
  while( n<N_HIDDEN && at[n]>=0 ) n++;
  if( n<2 ) return SQLITE_CONSTRAINT;
  for(int k=0; k<n; k++){
    p->aConstraintUsage[at[k]].argvIndex = k + 1;
    p->aConstraintUsage[at[k]].omit = 1;
  }
  if( n>2 && sqlite3_vtab_rhs_value(p, at[2], &rows)!=SQLITE_OK ) rows = 0;
  if( sqlite3_vtab_rhs_value(p, at[1], &spec)!=SQLITE_OK ) spec = 0;
  is_top = spec && sqlite3_value_text(spec) && strncmp((const char*)sqlite3_value_text(spec), "top ", 4)==0;
  p->idxStr = sqlite3_mprintf("%s%s%s", is_top ? "first rows" : "hash aggregation", rows ? " of " : "", rows ? (const char*)sqlite3_value_text(rows) : "");
  p->needToFreeIdxStr = 1;
  if( p->idxStr==0 ) return SQLITE_NOMEM;
  p->estimatedCost = 1e6;
  p->estimatedRows = 10000;
  return SQLITE_OK;
}

static const sqlite3_module group_module = {
  .iVersion = 0,
  .xConnect = groupConnect,
  .xBestIndex = groupBestIndex,
  .xDisconnect = groupDisconnect,
  .xOpen = groupOpen,
  .xClose = groupClose,
  .xFilter = groupFilter,
  .xNext = groupNext,
  .xEof = groupEof,
  .xColumn = groupColumn,
  .xRowid = groupRowid
};

int group_register(sqlite3 *db, const GroupHost *host){
  GroupHost *own = sqlite3_malloc64(sizeof(*own));
  if( own==0 ) return SQLITE_NOMEM;
  memset(own, 0, sizeof(*own));
  if( host ) *own = *host;
  return sqlite3_create_module_v2(db, "t_group", &group_module, own, sqlite3_free);
}
