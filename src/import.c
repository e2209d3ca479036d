/*
** Catalog import: what AWS Glue or Athena say of a table becomes a landing
** table here.
**
** A Glue table is written as the CREATE EXTERNAL TABLE that would make it and
** run like any statement, so that the same checks and refusals apply; a view
** is decoded from its `Presto View` comment; partitions go into the catalog
** with their locations, and their tables are declared once.
*/
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "catalog_write.h"
#include "import.h"
#include "landing.h"
#include "statement.h"

/* --- One statement ------------------------------------------------------------- */

/* Run a statement in a savepoint of its own and report it. */
static int run_one(Session *s, const char *what, const char *sql, int *refused){
  Output nowhere;
  int rc;
  if( session_exec(s, "SAVEPOINT one") ) return 1;
  output_init(&nowhere, output_format("csv", stdout), 0);
  rc = statement_run(s, sql, &nowhere);
  output_free(&nowhere);
  if( rc==0 ){
    printf("%s: imported\n", what);
    return session_exec(s, "RELEASE one");
  }
  if( s->interrupted || sqlite3_get_autocommit(s->db) ) return 1;
  printf("%s: %s\n", what, s->error ? s->error : "refused");
  ++*refused;
  sqlite3_free(s->error);
  s->error = 0;
  return session_exec(s, "ROLLBACK TO one") || session_exec(s, "RELEASE one");
}

/* --- Glue's JSON ------------------------------------------------------------------ */

static void quoted(Buf *b, const char *z, char quote){
  buf_char(b, quote);
  for(; z && *z; z++){
    if( quote=='`' ? *z=='`' : (*z=='\'' || *z=='\\') ) buf_char(b, quote=='`' ? '`' : '\\');
    buf_char(b, *z);
  }
  buf_char(b, quote);
}

/* "`a` int COMMENT 'x',\n …" of a JSON array of columns; how many. */
static int column_list(Session *s, Buf *b, const char *table, const char *path){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT value->>'Name', value->>'Type', value->>'Comment' FROM json_each(%Q, %Q)", table, path);
  int n = 0;
  while( session_step(s, stmt)==1 ){
    const char *comment = column_text(s, stmt, 2);
    buf_str(b, n++ ? ",\n  " : "  ");
    quoted(b, column_text(s, stmt, 0), '`');
    buf_printf(b, " %s", column_text(s, stmt, 1));
    if( comment ){
      buf_str(b, " COMMENT ");
      quoted(b, comment, '\'');
    }
  }
  return n;
}

static int property_list(Session *s, Buf *b, const char *table, const char *path, const char *head){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT key, value FROM json_each(%Q, %Q) WHERE key NOT IN ('EXTERNAL', 'transient_lastDdlTime') ORDER BY key", table, path);
  int n = 0;
  while( session_step(s, stmt)==1 ){
    buf_str(b, n++ ? ",\n  " : head);
    quoted(b, column_text(s, stmt, 0), '\'');
    buf_char(b, '=');
    quoted(b, column_text(s, stmt, 1), '\'');
  }
  if( n ) buf_str(b, ")\n");
  return n;
}

/* CREATE EXTERNAL TABLE for a Glue table. */
static char *table_ddl(Session *s, const char *table, const char *database, const char *name){
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT ?1->>'Description', ?1->>'$.StorageDescriptor.SerdeInfo.SerializationLibrary', ?1->>'$.StorageDescriptor.InputFormat', "
    "?1->>'$.StorageDescriptor.OutputFormat', ?1->>'$.StorageDescriptor.Location'");
  const char *text[5];
  Buf b, partitions;
  if( stmt==0 ) return 0;
  sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  if( session_step(s, stmt)!=1 ) return 0;
  for(int i=0; i<5; i++) text[i] = column_text(s, stmt, i);
  sqlite3_finalize(stmt);
  buf_init(&b, &s->arena);
  buf_init(&partitions, &s->arena);
  buf_str(&b, "CREATE EXTERNAL TABLE ");
  quoted(&b, database, '`');
  buf_char(&b, '.');
  quoted(&b, name, '`');
  buf_str(&b, " (\n");
  column_list(s, &b, table, "$.StorageDescriptor.Columns");
  buf_str(&b, "\n)\n");
  if( text[0] ){
    buf_str(&b, "COMMENT ");
    quoted(&b, text[0], '\'');
    buf_char(&b, '\n');
  }
  if( column_list(s, &partitions, table, "$.PartitionKeys") ) buf_printf(&b, "PARTITIONED BY (\n%s)\n", partitions.z);
  if( text[1] ){
    buf_str(&b, "ROW FORMAT SERDE ");
    quoted(&b, text[1], '\'');
    buf_char(&b, '\n');
    property_list(s, &b, table, "$.StorageDescriptor.SerdeInfo.Parameters", "WITH SERDEPROPERTIES (\n  ");
  }
  if( text[2] ){
    buf_str(&b, "STORED AS INPUTFORMAT ");
    quoted(&b, text[2], '\'');
    buf_str(&b, " OUTPUTFORMAT ");
    quoted(&b, text[3] ? text[3] : OUTPUT_TEXT, '\'');
    buf_char(&b, '\n');
  }
  if( text[4] ){
    buf_str(&b, "LOCATION ");
    quoted(&b, text[4], '\'');
    buf_char(&b, '\n');
  }
  property_list(s, &b, table, "$.Parameters", "TBLPROPERTIES (\n  ");
  return b.z;
}

/* The bytes of base64 text, blanks skipped; NUL-terminated. */
static char *from_base64(Arena *a, const char *z, size_t n){
  char *out = arena_alloc(a, n+1);
  unsigned bits = 0;
  int have = 0;
  size_t to = 0;
  for(size_t i=0; i<n; i++){
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = z[i] ? strchr(digits, z[i]) : 0;
    if( at==0 ) continue;
    bits = bits<<6 | (unsigned)(at-digits);
    have += 6;
    if( have>=8 ) out[to++] = (char)(bits>>(have -= 8) & 0xff);
  }
  return out;
}

/* CREATE OR REPLACE VIEW for a Glue view; its names mean *database. */
static char *view_sql(Session *s, const char *table, const char *name, const char **database){
  const char *text = session_text(s, "SELECT %Q->>'ViewOriginalText'", table), *json, *sql, *schema;
  const char *from = text ? strstr(text, "Presto View:") : 0, *end = from ? strstr(from, "*/") : 0;
  char *view, *result;
  if( end==0 ) return 0;
  json = from_base64(&s->arena, from+12, (size_t)(end-from-12));
  sql = session_text(s, "SELECT %Q->>'originalSql'", json);
  schema = session_text(s, "SELECT %Q->>'schema'", json);
  if( schema ) *database = schema;
  view = sqlite3_mprintf("CREATE OR REPLACE VIEW \"%w\" AS %s", name, sql ? sql : "");
  result = view && sql ? arena_strdup(&s->arena, view) : 0;
  sqlite3_free(view);
  return result;
}

static int make_database(Session *s, const char *database){
  if( catalog_has_database(s->catalog, database) ) return 0;
  return session_exec(s, "INSERT INTO tarn_databases(name) VALUES(%Q)", database);
}

static int import_table(Session *s, const char *table, int views, int *refused){
  const char *name = session_text(s, "SELECT lower(%Q->>'Name')", table);
  const char *database = session_text(s, "SELECT lower(coalesce(%Q->>'DatabaseName', 'default'))", table);
  const char *type = session_text(s, "SELECT coalesce(%Q->>'TableType', '')", table);
  const char *kept = arena_strdup(&s->arena, catalog_database(s->catalog)), *what, *sql;
  int rc, is_view;
  if( s->error ) return 1;
  if( name==0 ) return session_fail(s, "TARN_IMPORT: a table without a Name");
  is_view = strcmp(type, "VIRTUAL_VIEW")==0;
  if( is_view!=views ) return 0;
  if( make_database(s, database) ) return 1;
  what = arena_printf(&s->arena, "%s.%s", database, name);
  sql = is_view ? view_sql(s, table, name, &database) : table_ddl(s, table, database, name);
  if( s->error ) return 1;
  if( sql==0 ){
    printf("%s: a view that Athena did not make\n", what);
    ++*refused;
    return 0;
  }
  /* A view is made in, and its names mean, its own database. */
  if( is_view ) catalog_set_database(s->catalog, database);
  rc = run_one(s, what, sql, refused);
  catalog_set_database(s->catalog, kept);
  return rc;
}

/* Tables before views, which read them. */
static int import_tables(Session *s, const char *json, const char *path, int *refused){
  for(int views=0; views<2; views++){
    sqlite3_stmt *stmt = session_prepare(s, "SELECT value FROM json_each(%Q, %Q)", json, path);
    int rc;
    while( (rc = session_step(s, stmt))==1 ){
      if( import_table(s, column_text(s, stmt, 0), views, refused) ){
        sqlite3_finalize(stmt);
        return 1;
      }
    }
    if( rc<0 ) return 1;
  }
  return 0;
}

/* --- Partitions --------------------------------------------------------------------- */

static int import_partition(Session *s, const char *json, const TableName *t, int n, const char *const *key){
  const char **value = ARENA_ARRAY(&s->arena, const char*, n+1);
  const char *location = session_text(s, "SELECT %Q->>'$.StorageDescriptor.Location'", json);
  sqlite3_stmt *stmt = session_prepare(s, "SELECT nullif(value, '" NULL_PARTITION "') FROM json_each(%Q, '$.Values')", json);
  int k = 0;
  while( session_step(s, stmt)==1 ) if( k<n ) value[k++] = column_text(s, stmt, 0);
  if( s->error ) return 1;
  if( k!=n || location==0 ) return session_fail(s, "TARN_IMPORT: a partition of %s without its %d values and a location", t->name, n);
  return session_exec(s, "INSERT OR REPLACE INTO tarn_partitions(database,table_name,spec,\"values\",location) "
                         "SELECT %Q, %Q, %Q, json_group_array(nullif(value, '" NULL_PARTITION "')), %Q FROM json_each(%Q, '$.Values')",
                      t->database, t->name, partition_spec(&s->arena, n, key, value), location, json);
}

static int import_partitions_of(Session *s, const char *json, const TableName *t){
  const char *key[64];
  int n = 0, rc;
  long long added = 0;
  sqlite3_stmt *stmt = session_prepare(s, "SELECT name FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition ORDER BY position", t->database, t->name);
  while( session_step(s, stmt)==1 ) if( n<64 ) key[n++] = column_text(s, stmt, 0);
  if( n==0 ) return session_fail(s, "TARN_IMPORT: %s.%s is not a partitioned table of this lake: import it first", t->database, t->name);
  stmt = session_prepare(s, "SELECT value FROM json_each(%Q, '$.Partitions') WHERE lower(value->>'TableName')=%Q "
                            "AND lower(value->>'DatabaseName')=%Q", json, t->name, t->database);
  while( (rc = session_step(s, stmt))==1 ){
    if( import_partition(s, column_text(s, stmt, 0), t, n, key) ){
      sqlite3_finalize(stmt);
      return 1;
    }
    added++;
  }
  if( rc<0 || landing_declare(s, t) ) return 1;
  printf("%s.%s: %lld partitions imported\n", t->database, t->name, added);
  return 0;
}

static int import_partitions(Session *s, const char *json){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT DISTINCT lower(value->>'DatabaseName'), lower(value->>'TableName') FROM json_each(%Q, '$.Partitions')", json);
  int rc;
  while( (rc = session_step(s, stmt))==1 ){
    TableName t;
    t.database = column_text(s, stmt, 0);
    t.name = column_text(s, stmt, 1);
    t.sqlite_name = t.database && t.name ? table_sqlite_name(&s->arena, t.database, t.name) : 0;
    if( t.sqlite_name==0 ? session_fail(s, "TARN_IMPORT: a partition without DatabaseName or TableName") : import_partitions_of(s, json, &t) ){
      sqlite3_finalize(stmt);
      return 1;
    }
  }
  return rc<0;
}

static int import_json(Session *s, const char *json, int *refused){
  const char *kind = session_text(s, "SELECT CASE WHEN json_valid(%Q)=0 THEN '' WHEN json_type(%Q,'$.TableList') IS NOT NULL THEN 'list' "
    "WHEN json_type(%Q,'$.Table') IS NOT NULL THEN 'one' WHEN json_type(%Q,'$.Partitions') IS NOT NULL THEN 'partitions' ELSE '' END",
    json, json, json, json);
  if( kind==0 ) return 1;
  switch( kind[0] ){
    case 'l': return import_tables(s, json, "$.TableList", refused);
    case 'o': return import_tables(s, arena_printf(&s->arena, "{\"TableList\":[%s]}", session_text(s, "SELECT %Q->'$.Table'", json)), "$.TableList", refused);
    case 'p': return import_partitions(s, json);
  }
  return session_fail(s, "TARN_IMPORT: not the JSON of get-tables, get-table or get-partitions");
}

/* --- Statements ----------------------------------------------------------------------- */

/* The length of the next statement: to its `;`, or to the next line that
** begins with CREATE. */
static size_t next_statement(const char *z){
  size_t n = athena_split(z), i = strspn(z, " \t\r\n");
  if( n==0 ) return 0;
  for(i++; i<n; i++){
    if( z[i-1]=='\n' && strncasecmp(z+i, "CREATE ", 7)==0 ) return i;
  }
  return n;
}

int import_text(Session *s, Arena *a, const char *text, int *refused){
  size_t n;
  int rc = 0, number = 0;
  *refused = 0;
  text += strspn(text, " \t\r\n");
  if( text[0]=='{' ) return import_json(s, text, refused);
  while( rc==0 && (n = next_statement(text))>0 ){
    rc = run_one(s, arena_printf(a, "statement %d", ++number), arena_strndup(a, text, n), refused);
    text += n;
  }
  return rc;
}
