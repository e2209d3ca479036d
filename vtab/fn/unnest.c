/*
** t_unnest: see unnest.h for what it is in SQL.
**
** The hidden columns `types`, a1, a2, … carry the arguments.  xBestIndex asks
** for all that were given as equalities; idxStr is not used, idxNum is how
** many there are, and they arrive in order.  A plan in which one of them is
** not known yet is refused (SQLITE_CONSTRAINT), so the table always stands
** behind the tables that its arguments need.
**
** A cursor copies its arguments (SQLite frees them after xFilter) and reads
** elements straight from the Lists.
*/
#include "../sqlite.h"
#include "unnest.h"
#include "wrapper.h"
#include <string.h>

enum { COLUMN_N = 0, COLUMN_FIRST = 1, COLUMN_TYPES = 1 + UNNEST_COLUMN_MAX };

typedef struct UnnestTable {
  sqlite3_vtab base;
} UnnestTable;

/* Where a column comes from. */
typedef struct UnnestColumn {
  int arg;
  int part;                     /* 0 the element or key, 1 the map's value; else field + 2 */
} UnnestColumn;

typedef struct UnnestCursor {
  sqlite3_vtab_cursor base;
  Arena types;                  /* of the type text below */
  char *text;
  int n_text;
  int argc, n_column;
  const Type **argt;
  UnnestColumn column[UNNEST_COLUMN_MAX];
  Arena values;                 /* copies of the arguments */
  Value arg[UNNEST_ARG_MAX];
  int count[UNNEST_ARG_MAX];    /* entries of each */
  int row, rows;
} UnnestCursor;

static int unnestConnect(sqlite3 *db, void *pAux, int argc, const char *const *argv,
                         sqlite3_vtab **ppVtab, char **pzErr){
  Arena a;
  Buf sql;
  UnnestTable *t = 0;
  int rc = SQLITE_NOMEM;
  (void)pAux; (void)argc; (void)argv; (void)pzErr;
  memset(&a, 0, sizeof(a));
  buf_init(&sql, &a);
  buf_str(&sql, "CREATE TABLE x(n");
  for(int i=1; i<=UNNEST_COLUMN_MAX; i++) buf_printf(&sql, ",c%d", i);
  buf_str(&sql, ",types HIDDEN");
  for(int i=1; i<=UNNEST_ARG_MAX; i++) buf_printf(&sql, ",a%d HIDDEN", i);
  buf_char(&sql, ')');
  if( sql.oom ) goto done;
  rc = sqlite3_declare_vtab(db, sql.z);
  if( rc!=SQLITE_OK ) goto done;
  t = sqlite3_malloc64(sizeof(*t));
  if( t==0 ){
    rc = SQLITE_NOMEM;
    goto done;
  }
  memset(t, 0, sizeof(*t));
  sqlite3_vtab_config(db, SQLITE_VTAB_INNOCUOUS);
  *ppVtab = &t->base;
done:
  arena_free(&a);
  return rc;
}

static int unnestDisconnect(sqlite3_vtab *pVtab){
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

static int unnestOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  UnnestCursor *cur = sqlite3_malloc64(sizeof(*cur));
  (void)pVtab;
  if( cur==0 ) return SQLITE_NOMEM;
  memset(cur, 0, sizeof(*cur));
  *ppCursor = &cur->base;
  return SQLITE_OK;
}

static int unnestClose(sqlite3_vtab_cursor *pCursor){
  UnnestCursor *cur = (UnnestCursor*)pCursor;
  arena_free(&cur->types);
  arena_free(&cur->values);
  sqlite3_free(cur);
  return SQLITE_OK;
}

static int unnestNext(sqlite3_vtab_cursor *pCursor){
  ((UnnestCursor*)pCursor)->row++;
  return SQLITE_OK;
}

static int unnestEof(sqlite3_vtab_cursor *pCursor){
  UnnestCursor *cur = (UnnestCursor*)pCursor;
  return cur->row>=cur->rows;
}

static int unnestRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *pRowid){
  *pRowid = ((UnnestCursor*)pCursor)->row + 1;
  return SQLITE_OK;
}

static int unnestColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *ctx, int i){
  UnnestCursor *cur = (UnnestCursor*)pCursor;
  const UnnestColumn *column;
  Value v = value_null();
  if( i==COLUMN_N ){
    sqlite3_result_int64(ctx, cur->row + 1);
    return SQLITE_OK;
  }
  if( i>=COLUMN_TYPES || i - COLUMN_FIRST>=cur->n_column ) return SQLITE_OK;
  column = &cur->column[i - COLUMN_FIRST];
  if( cur->row<cur->count[column->arg] ){
    const Value *list = &cur->arg[column->arg];
    if( cur->argt[column->arg]->kind==T_MAP ){
      v = list_get(list, 2*cur->row + column->part);
    }else{
      v = list_get(list, cur->row);
      if( column->part>=2 && v.kind!=V_NULL ) v = list_get(&v, column->part - 2);
    }
  }
  fn_value_out(ctx, &v);
  return SQLITE_OK;
}

/* The columns that the types give; -1 when one cannot be unnested. */
static int lay_out(UnnestCursor *cur){
  int n = 0;
  for(int a=0; a<cur->argc; a++){
    const Type *t = cur->argt[a];
    int parts, first = 0;
    if( t->kind==T_MAP ){
      parts = 2;
    }else if( t->kind==T_ARRAY && t->arg[0]->kind==T_ROW ){
      parts = t->arg[0]->n;
      first = 2;
    }else if( t->kind==T_ARRAY || t->kind==T_UNKNOWN ){
      parts = 1;
    }else{
      return -1;
    }
    if( n + parts>UNNEST_COLUMN_MAX ) return -1;
    for(int p=0; p<parts; p++) cur->column[n++] = (UnnestColumn){ a, first + p };
  }
  cur->n_column = n;
  return 0;
}

/* Read the types' text, unless it is the one that was read before. */
static int read_types(UnnestCursor *cur, sqlite3_value *text, int n_arg){
  const char *z = (const char*)sqlite3_value_text(text);
  int n = sqlite3_value_bytes(text);
  const Type *result;
  const char *call;
  if( z==0 ) return -1;
  if( cur->text && cur->n_text==n && memcmp(cur->text, z, (size_t)n)==0 ) return cur->argc==n_arg ? 0 : -1;
  arena_reset(&cur->types);
  cur->text = arena_strndup(&cur->types, z, (size_t)n);
  cur->n_text = n;
  call = arena_printf(&cur->types, "%sboolean", z);
  if( call==0 || fn_types_parse(&cur->types, call, strlen(call), &cur->argc, &cur->argt, &result)
   || cur->argc!=n_arg || lay_out(cur) ){
    cur->text = 0;
    return -1;
  }
  return 0;
}

static int unnestFilter(sqlite3_vtab_cursor *pCursor, int idxNum, const char *idxStr,
                        int argc, sqlite3_value **argv){
  UnnestCursor *cur = (UnnestCursor*)pCursor;
  sqlite3_vtab *table = pCursor->pVtab;
  (void)idxNum; (void)idxStr;
  cur->row = cur->rows = 0;
  arena_reset(&cur->values);
  if( argc<2 || read_types(cur, argv[0], argc - 1) ){
    if( cur->types.oom ) return SQLITE_NOMEM;
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf(
        "TARN_NOT_SUPPORTED: t_unnest takes the types' text, as in '(array(integer))', and the values");
    return SQLITE_ERROR;
  }
  for(int i=0; i<cur->argc; i++){
    Value v = fn_value_in(cur->argt[i], argv[i + 1]);
    int n = list_count(&v);
    if( v.kind==V_BLOB ) v.z = arena_strndup(&cur->values, v.z, (size_t)v.n);
    if( cur->values.oom ){
      cur->values.oom = 0;
      return SQLITE_NOMEM;
    }
    cur->arg[i] = v;
    cur->count[i] = cur->argt[i]->kind==T_MAP ? n/2 : n;
    if( cur->count[i]>cur->rows ) cur->rows = cur->count[i];
  }
  return SQLITE_OK;
}

static int unnestBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *info){
  int at[UNNEST_ARG_MAX + 1], n = 0;
  (void)pVtab;
  for(int i=0; i<=UNNEST_ARG_MAX; i++) at[i] = -1;
  for(int i=0; i<info->nConstraint; i++){
    int k = info->aConstraint[i].iColumn - COLUMN_TYPES;
    if( k<0 || info->aConstraint[i].op!=SQLITE_INDEX_CONSTRAINT_EQ ) continue;
    if( !info->aConstraint[i].usable ) return SQLITE_CONSTRAINT;
    at[k] = i;
  }
  for(; n<=UNNEST_ARG_MAX && at[n]>=0; n++){
    info->aConstraintUsage[at[n]].argvIndex = n + 1;
    info->aConstraintUsage[at[n]].omit = 1;
  }
  info->idxNum = n;
  info->estimatedCost = 10;
  info->estimatedRows = 10;
  return SQLITE_OK;
}

static const sqlite3_module unnestModule = {
  .iVersion = 0,
  .xCreate = 0,                 /* eponymous only */
  .xConnect = unnestConnect,
  .xBestIndex = unnestBestIndex,
  .xDisconnect = unnestDisconnect,
  .xOpen = unnestOpen,
  .xClose = unnestClose,
  .xFilter = unnestFilter,
  .xNext = unnestNext,
  .xEof = unnestEof,
  .xColumn = unnestColumn,
  .xRowid = unnestRowid,
};

int unnest_register(struct sqlite3 *db){
  return sqlite3_create_module_v2(db, "t_unnest", &unnestModule, 0, 0);
}
