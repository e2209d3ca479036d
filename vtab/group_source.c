/*
** Native rows of a hash aggregation: see group_source.h.
**
** Whatever the text says that this table cannot do exactly is left to SQLite.
*/
#include "group_source.h"
#include "jsonl_rows.h"
#include "jsonl_table.h"
#include <stdlib.h>
#include <string.h>

static int op_of(const char **pz){
  static const struct { const char *z; int op; } name[] = {
    {"<>", SQLITE_INDEX_CONSTRAINT_NE}, {"<=", SQLITE_INDEX_CONSTRAINT_LE}, {">=", SQLITE_INDEX_CONSTRAINT_GE},
    {"=", SQLITE_INDEX_CONSTRAINT_EQ}, {"<", SQLITE_INDEX_CONSTRAINT_LT}, {">", SQLITE_INDEX_CONSTRAINT_GT},
    {"null", SQLITE_INDEX_CONSTRAINT_ISNULL}, {"notnull", SQLITE_INDEX_CONSTRAINT_ISNOTNULL},
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

/* "C OP,…": 1 when all of them are decided exactly by the scan. */
static int read_filters(GroupSource *s, const JsonlTable *t, const char *z, int n_value, sqlite3_value **value, int *rc){
  int used = 0;
  while( *z>='0' && *z<='9' && s->n_filter<GROUP_FILTERS ){
    Filter *f = &s->filter[s->n_filter];
    char *end;
    int column = (int)strtol(z, &end, 10), op, has_value;
    const Type *type = column_type(t, column);
    z = end;
    op = op_of(&z);
    has_value = op!=SQLITE_INDEX_CONSTRAINT_ISNULL && op!=SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
    if( op==0 || type==0 || (has_value && used>=n_value) ) return 0;
    *rc = filter_begin(f, &s->arena, column, op, 0, has_value ? value[used] : 0);
    if( *rc!=SQLITE_OK ) return 0;
    used += has_value;
    f->athena_nan = 1;
    if( !filter_is_exact(f, type) ) return 0;
    s->n_filter++;
    if( *z==',' ) z++;
  }
  return *z==' ';
}

int group_source_open(GroupSource *s, struct JsonlHost *host, const char *text, int n_column, int n_value,
                      sqlite3_value **value, const RowMap *map, char **pzErr){
  const char *z = text, *table = strstr(text, " of "), *where = strstr(text, " where ");
  JsonlRowsPlan plan;
  JsonlTable *t;
  int rc = SQLITE_OK;
  memset(s, 0, sizeof(*s));
  arena_init(&s->arena);
  if( host==0 || strncmp(z, "landing ", 8) || table==0 || (t = jsonl_find(host, 0, table + 4))==0 ) return SQLITE_OK;
  z += 8;
  read_columns(s, &z);
  if( *z!=' ' || (s->n_column!=n_column && s->n_column) ) return SQLITE_OK;
  for(int i=0; i<s->n_column; i++) if( column_type(t, s->column[i])==0 ) return SQLITE_OK;
  if( where && where<table && !read_filters(s, t, where + 7, n_value, value, &rc) ) return rc;
  memset(&plan, 0, sizeof(plan));
  plan.n_column = s->n_column;
  plan.column = s->column;
  plan.n_filter = s->n_filter;
  plan.filter = s->filter;
  if( map ) plan.map = *map;
  return jsonl_rows_open(t, &plan, &s->rows, pzErr);
}

void group_source_close(GroupSource *s){
  if( s->rows ) s->rows->ops->close(s->rows);
  s->rows = 0;
  arena_free(&s->arena);
}
