/*
** INSERT INTO a stored table, or into a landing table: there a new JSON file
** each time, in the folders of its partitions, which are added to the catalog.
** UNLOAD (query) TO a folder.  Both also write to S3 over the network.
*/
#include <string.h>
#include <strings.h>
#include "export.h"
#include "files.h"
#include "landing.h"
#include "remote.h"
#include "statement.h"

/* --- Stored tables -------------------------------------------------------------- */

/* "(a, b)" of an INSERT with a column list; "" without one. */
static char *insert_columns(const Statement *st){
  char *list = sqlite3_mprintf("%s", st->columns.n ? "(" : "");
  for(int i=0; i<st->columns.n && list; i++){
    char *more = sqlite3_mprintf("%s%s\"%w\"%s", list, i ? ", " : "", st->columns.name[i].lower, i+1==st->columns.n ? ")" : "");
    sqlite3_free(list);
    list = more;
  }
  return list;
}

static int insert_stored(Session *s, const Compiled *c, const TableName *t, Output *out){
  char *columns = insert_columns(c->statement);
  long long n;
  int rc = columns ? stored_insert(s, c, t, columns, &n) : session_fail(s, "out of memory");
  sqlite3_free(columns);
  return rc ? 1 : result_update(s, out, n);
}

/* --- Landing tables --------------------------------------------------------------- */

/* SELECT list that puts the query's columns in the order of the table's, NULL
** for those that INSERT does not name. */
static char *insert_select(Session *s, const Compiled *c, const TableInfo *info, int n){
  const Statement *st = c->statement;
  Buf b;
  if( st->columns.n==0 ) return arena_strdup(&s->arena, c->sqlite_sql_stored);
  buf_init(&b, &s->arena);
  buf_str(&b, "SELECT ");
  for(int i=0; i<n; i++){
    int at = 0;
    while( at<st->columns.n && strcmp(st->columns.name[at].lower, info->column[i].name)!=0 ) at++;
    if( i ) buf_str(&b, ", ");
    if( at<st->columns.n ) buf_printf(&b, "c%d", at);
    else buf_str(&b, "NULL");
  }
  buf_printf(&b, " FROM (%s)", c->sqlite_sql_stored);
  return b.z;
}

static int add_partitions(Session *s, const TableName *t, const NewFiles *f, const char *location){
  for(int i=0; i<f->n_part; i++){
    const char *path = arena_printf(&s->arena, "%s%s%s/", location, location[strlen(location)-1]=='/' ? "" : "/", f->part[i].spec);
    const char *own = session_text(s, "SELECT rtrim(location,'/')||'/' FROM tarn_partitions WHERE database=%Q AND table_name=%Q AND spec=%Q",
                                   t->database, t->name, f->part[i].spec);
    Buf json;
    if( s->error ) return 1;
    if( own && strcmp(own, path)!=0 ){
      return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: INSERT INTO the partition %s, which has a location of its own", f->part[i].spec);
    }
    buf_init(&json, &s->arena);
    buf_char(&json, '[');
    for(int k=0; k<f->n_key; k++){
      const char *z = f->part[i].value[k];
      if( k ) buf_char(&json, ',');
      if( z ) json_string(&json, z, strlen(z));
      else buf_str(&json, "null");
    }
    buf_char(&json, ']');
    if( session_exec(s, "INSERT OR IGNORE INTO tarn_partitions(database,table_name,spec,\"values\",location) VALUES(%Q,%Q,%Q,%Q,%Q)",
                     t->database, t->name, f->part[i].spec, json.z, path) ) return 1;
  }
  return landing_declare(s, t);
}

/* Can rows of this table be written exactly as its SerDe would? */
static int check_serde(Session *s, const TableName *t, NewFiles *f){
  const char *serde = session_text(s, "SELECT serde FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  const char *explicit_null = session_text(s, "SELECT p.value FROM tarn_tables, json_each(serde_properties) p "
                                              "WHERE database=%Q AND name=%Q AND p.key='explicit.null'", t->database, t->name);
  if( serde==0 ) return 1;
  f->openx = strcmp(serde, SERDE_OPENX)==0 && !(explicit_null && strcasecmp(explicit_null, "true")==0);
  if( strcmp(serde, SERDE_OPENX)==0 || strcmp(serde, SERDE_HCATALOG)==0 || strcmp(serde, SERDE_HIVE_JSON)==0 ) return 0;
  return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: INSERT INTO a table of SerDe %s", serde);
}

/* A location without a local folder, for files_write: s3:// without its last
** slash.  NULL after an error. */
static const char *network_folder(Session *s, const char *location, const char *what){
  size_t n = strlen(location);
  if( !remote_is(s, location) ){
    session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: %s %s over the network (say s3://, or give --s3-root)", what, location);
    return 0;
  }
  while( n>5 && location[n-1]=='/' ) n--;
  return arena_strndup(&s->arena, location, n);
}

static int insert_landing(Session *s, const Compiled *c, const TableName *t, Output *out){
  TableInfo *info = 0;
  const char *error = 0, *location, *root;
  NewFiles *f = ARENA_NEW(&s->arena, NewFiles);
  JsonColumn *column;
  const char **key;
  sqlite3_stmt *stmt;
  if( check_serde(s, t, f) ) return 1;
  if( catalog_find_table(s->catalog, &s->arena, t->database, t->name, &info, &error)<1 ) return session_fail(s, "TARN_LAKE: %s", error ? error : "the table is gone");
  location = session_text(s, "SELECT location FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  root = session_text(s, "SELECT s3_root FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  if( location==0 ) return session_fail(s, "TARN_INTERNAL: a landing table without a location");
  f->location = location;
  f->folder = location_folder(s, location, root);
  if( f->folder==0 ) f->folder = network_folder(s, location, "INSERT INTO");
  if( f->folder==0 ) return 1;
  column = ARENA_ARRAY(&s->arena, JsonColumn, info->n_column+1);
  key = ARENA_ARRAY(&s->arena, const char*, info->n_column+1);
  for(int i=0; i<info->n_column && !info->column[i].is_hidden; i++){
    json_column_init(&s->arena, &column[f->n_column], info->column[i].name, info->column[i].type, 1);
    column[f->n_column++].omitted = info->column[i].is_partition;
    if( info->column[i].is_partition ) key[f->n_key++] = info->column[i].name;
  }
  f->column = column;
  f->key = key;
  f->stored = 1;
  f->gzip = 1;
  stmt = session_prepare(s, "%s", insert_select(s, c, info, f->n_column));
  if( stmt==0 || files_write(s, f, stmt) ) return 1;
  if( f->n_key && add_partitions(s, t, f, location) ) return 1;
  return result_update(s, out, f->rows);
}

int statement_insert(Session *s, const Compiled *c, Output *out){
  const Statement *st = c->statement;
  TableName t;
  int kind;
  if( table_name_resolve(s, &st->table, &t) ) return 1;
  kind = catalog_object(s, &t);
  if( s->error ) return 1;
  if( kind==OBJECT_NONE || kind==OBJECT_FOREIGN ){
    const Name *last = &st->table.name[st->table.n-1];
    return session_fail(s, "TABLE_NOT_FOUND: line %d:%d: Table 'awsdatacatalog.%s.%s' does not exist",
                        last->pos.line, last->pos.col, t.database, t.name);
  }
  if( kind==OBJECT_LANDING ) return insert_landing(s, c, &t, out);
  if( session_text(s, "SELECT location FROM tarn_tables WHERE database=%Q AND name=%Q", t.database, t.name) ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: INSERT INTO a table that CREATE TABLE AS made with a location");
  }
  return insert_stored(s, c, &t, out);
}

/* --- UNLOAD ------------------------------------------------------------------------- */

/* partitioned_by: the last columns of the query, in its order. */
static int unload_keys(Session *s, const Compiled *c, NewFiles *f, JsonColumn *column){
  const Property *p = statement_property(c->statement, "partitioned_by");
  const char **key = ARENA_ARRAY(&s->arena, const char*, c->n_column+1);
  int n = p && p->value ? p->value->n : 0;
  if( n>=c->n_column && n>0 ) return session_fail(s, "INVALID_TABLE_PROPERTY: Table contains only partition columns");
  for(int i=0; i<n; i++){
    int at = c->n_column-n+i;
    const Expr *e = p->value->arg[i];
    if( e->kind!=EXPR_STRING || strcasecmp(e->text, c->column[at].name)!=0 ){
      return session_fail(s, "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the table properties");
    }
    key[i] = c->column[at].name;
    column[at].omitted = 1;
  }
  f->key = key;
  f->n_key = n;
  return 0;
}

static int unload_properties(Session *s, const Statement *st, NewFiles *f){
  const char *format = statement_property_text(st, "format");
  const char *compression = statement_property_text(st, "compression");
  if( format==0 || strcasecmp(format, "json")!=0 ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: UNLOAD with format %s (JSON is written)", format ? format : "PARQUET");
  }
  f->gzip = compression==0 || strcasecmp(compression, "gzip")==0;
  if( !f->gzip && strcasecmp(compression, "none")!=0 ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: UNLOAD with compression %s (gzip or none)", compression);
  }
  return 0;
}

int statement_unload(Session *s, const Compiled *c, Output *out){
  const Statement *st = c->statement;
  NewFiles *f = ARENA_NEW(&s->arena, NewFiles);
  JsonColumn *column = ARENA_ARRAY(&s->arena, JsonColumn, c->n_column+1);
  sqlite3_stmt *stmt;
  if( unload_properties(s, st, f) ) return 1;
  f->location = st->location;
  f->folder = location_folder(s, st->location, 0);
  if( f->folder==0 ) f->folder = network_folder(s, st->location, "UNLOAD to");
  if( f->folder==0 ) return 1;
  if( !export_is_empty(s, f->folder) ){
    return session_fail(s, "HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: %s", st->location);
  }
  for(int i=0; i<c->n_column; i++) json_column_init(&s->arena, &column[i], c->column[i].name, c->column[i].type, 0);
  f->column = column;
  f->n_column = c->n_column;
  if( unload_keys(s, c, f, column) ) return 1;
  stmt = session_prepare(s, "%s", c->sqlite_sql);
  if( stmt==0 || files_write(s, f, stmt) ) return 1;
  return result_update(s, out, f->rows);
}
