/*
** The plan of a scan as text, for people and for xFilter:
**
**   columns user,x; user IN (?); x > ?
**   no columns; "$path" = ?; limit
**
** Parts are separated by `; `: the columns of the files that are decoded, the
** comparisons in the order of xFilter's arguments, and `limit`, with or without
** `offset`, whose values follow them.  Names are in quotes where they are not
** plain.
*/
#include "sqlite.h"
#include "jsonl_plan.h"
#include <string.h>

#define COLUMNS "columns "
#define NO_COLUMNS "no columns"
#define LIMIT "limit"
#define LIMIT_OFFSET "limit offset"

static const char *const hidden[] = { "$path", "$file_size" };

/* Longer ones before those that they begin with. */
static const struct { const char *text; int op, is_in; } ops[] = {
  { "IS NOT NULL", SQLITE_INDEX_CONSTRAINT_ISNOTNULL, 0 }, { "IS NULL", SQLITE_INDEX_CONSTRAINT_ISNULL, 0 },
  { "IS ?", SQLITE_INDEX_CONSTRAINT_IS, 0 }, { "IN (?)", SQLITE_INDEX_CONSTRAINT_EQ, 1 },
  { "= ?", SQLITE_INDEX_CONSTRAINT_EQ, 0 }, { "<> ?", SQLITE_INDEX_CONSTRAINT_NE, 0 },
  { ">= ?", SQLITE_INDEX_CONSTRAINT_GE, 0 }, { "> ?", SQLITE_INDEX_CONSTRAINT_GT, 0 },
  { "<= ?", SQLITE_INDEX_CONSTRAINT_LE, 0 }, { "< ?", SQLITE_INDEX_CONSTRAINT_LT, 0 } };
#define N_OP ((int)(sizeof(ops)/sizeof(ops[0])))

static const char *column_name(const JsonlTable *t, int i){
  if( i<t->serde.n_column ) return t->serde.column[i].name;
  i -= t->serde.n_column;
  return i<t->n_partition_column ? t->partition_column[i].name : hidden[i - t->n_partition_column];
}

static int n_named(const JsonlTable *t){
  return t->serde.n_column + t->n_partition_column + (int)(sizeof(hidden)/sizeof(hidden[0]));
}

/* --- Writing ------------------------------------------------------------- */

static int is_plain(const char *z){
  return z[0] && z[strspn(z, "abcdefghijklmnopqrstuvwxyz_0123456789")]==0;
}

static void put_name(Buf *b, const char *z){
  if( is_plain(z) ){
    buf_str(b, z);
    return;
  }
  buf_char(b, '"');
  for(; *z; z++){
    if( *z=='"' ) buf_char(b, '"');
    buf_char(b, *z);
  }
  buf_char(b, '"');
}

static void put_columns(Buf *b, const JsonlTable *t, sqlite3_uint64 used){
  int any = 0;
  for(int i=0; i<t->serde.n_column; i++){
    if( ((used>>(i<63 ? i : 63)) & 1)==0 ) continue;
    buf_str(b, any++ ? "," : COLUMNS);
    put_name(b, t->serde.column[i].name);
  }
  if( any==0 ) buf_str(b, NO_COLUMNS);
}

char *jsonl_plan_write(const JsonlTable *t, sqlite3_uint64 used, const JsonlAsked *asked){
  Buf b;
  buf_init(&b, 0);
  put_columns(&b, t, used);
  for(int i=0; i<asked->n_filter; i++){
    int k = 0;
    while( k<N_OP - 1 && (ops[k].op!=asked->filter[i].op || ops[k].is_in!=asked->filter[i].is_in) ) k++;
    buf_str(&b, "; ");
    put_name(&b, column_name(t, asked->filter[i].column));
    buf_printf(&b, " %s", ops[k].text);
  }
  if( asked->has_limit ) buf_printf(&b, "; %s", asked->has_offset ? LIMIT_OFFSET : LIMIT);
  if( b.oom ) buf_free(&b);
  return b.z;
}

/* --- Reading ------------------------------------------------------------- */

static int begins(const char *z, const char *with){
  return strncmp(z, with, strlen(with))==0;
}

/* Pass a name; whether it is this one. */
static int same_name(const char *z, const char *name, const char **next){
  if( *z!='"' ){
    size_t n = strspn(z, "abcdefghijklmnopqrstuvwxyz_0123456789");
    *next = z + n;
    return strlen(name)==n && memcmp(z, name, n)==0;
  }
  for(z++; *z; z++){
    if( *z=='"' && *++z!='"' ) break;
    if( *z!=*name++ ) return 0;
  }
  *next = z;
  return *name==0;
}

/* The column of the name at *z, which is passed. */
static int read_column(const JsonlTable *t, const char **z){
  for(int i=0; i<n_named(t); i++){
    const char *next;
    if( !same_name(*z, column_name(t, i), &next) ) continue;
    *z = next;
    return i;
  }
  return -1;
}

void jsonl_plan_read(const JsonlTable *t, const char *plan, int *column, int *n_column, JsonlAsked *asked){
  const char *z = plan;
  memset(asked, 0, sizeof(*asked));
  *n_column = 0;
  if( begins(z, COLUMNS) ){
    z += strlen(COLUMNS) - 1;
    do{
      int i;
      z++;
      if( (i = read_column(t, &z))<0 ) return;
      column[(*n_column)++] = i;
    }while( *z==',' );
  }else{
    z += strlen(NO_COLUMNS);
  }
  while( begins(z, "; ") ){
    int i, k = 0;
    z += 2;
    if( strcmp(z, LIMIT)==0 || strcmp(z, LIMIT_OFFSET)==0 ){
      asked->has_limit = 1;
      asked->has_offset = strcmp(z, LIMIT)!=0;
      return;
    }
    if( (i = read_column(t, &z))<0 ) return;
    z++;
    while( k<N_OP && !begins(z, ops[k].text) ) k++;
    if( k==N_OP || asked->n_filter==FILTER_MAX ) return;
    z += strlen(ops[k].text);
    asked->filter[asked->n_filter].column = i;
    asked->filter[asked->n_filter].op = ops[k].op;
    asked->filter[asked->n_filter++].is_in = ops[k].is_in;
  }
}
