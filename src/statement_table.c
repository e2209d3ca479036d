/*
** CREATE EXTERNAL TABLE, DROP TABLE, CREATE / DROP / ALTER DATABASE.
**
** A landing table is rows of the catalog and a virtual table declared from
** them.  Only text formats can be read: another STORED AS, another input
** format or SerDe is refused by name before anything is made.
*/
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "landing.h"
#include "statement.h"

int is_reserved_name(const char *name){
  return strncmp(name, "tarn_", 5)==0 || strncmp(name, "sqlite_", 7)==0;
}

static int fail_exists(Session *s, const TableName *t){
  return session_fail(s, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                         "AlreadyExistsException(message:Table %s already exists)", t->name);
}

static int check_database(Session *s, const char *database){
  if( catalog_has_database(s->catalog, database) ) return 0;
  return session_fail(s, "FAILED: SemanticException [Error 10072]: Database does not exist: %s", database);
}

/* Is a name free?  0 go on, 1 failed; *skip is set for IF NOT EXISTS. */
static int check_free(Session *s, const Statement *st, const TableName *t, int *skip){
  int kind;
  *skip = 0;
  if( is_reserved_name(t->name) ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: the table name %s (tarn_ and sqlite_ are reserved)", t->name);
  }
  kind = catalog_object(s, t);
  if( s->error || kind==OBJECT_NONE ) return s->error!=0;
  if( kind==OBJECT_FOREIGN ){
    return session_fail(s, "TARN_FOREIGN_TABLE: %s has a table %s that Tarn did not make", s->options->lake, t->sqlite_name);
  }
  if( st->if_not_exists ){
    *skip = 1;
    return 0;
  }
  return fail_exists(s, t);
}

/* --- Formats ------------------------------------------------------------------------- */

static int check_format(Session *s, const Statement *st){
  if( st->stored_as && strcasecmp(st->stored_as, "textfile")!=0 ){
    return session_fail(s, "TARN_NOT_SUPPORTED: STORED AS %s", st->stored_as);
  }
  if( st->input_format && strcmp(st->input_format, INPUT_TEXT)!=0 ){
    return session_fail(s, "TARN_NOT_SUPPORTED: INPUTFORMAT '%s'", st->input_format);
  }
  return 0;
}

static void add_property(KeyText *list, int *n, const char *key, const char *value){
  if( value==0 ) return;
  list[*n].key = key;
  list[(*n)++].value = value;
}

/* SERDEPROPERTIES, with what ROW FORMAT DELIMITED says as properties. */
static char *serde_properties(Session *s, const Statement *st){
  KeyText *list = ARENA_ARRAY(&s->arena, KeyText, st->n_serde_property+8);
  int n = 0;
  add_property(list, &n, "field.delim", st->field_terminator);
  add_property(list, &n, "escape.delim", st->field_escape);
  add_property(list, &n, "collection.delim", st->collection_terminator);
  add_property(list, &n, "mapkey.delim", st->map_terminator);
  add_property(list, &n, "line.delim", st->line_terminator);
  add_property(list, &n, "serialization.null.format", st->null_format);
  for(int i=0; i<st->n_serde_property; i++) list[n++] = st->serde_property[i];
  return json_object(&s->arena, n, list);
}

static char *clustered_by(Session *s, const Statement *st){
  Buf b;
  if( st->clustered_by.n==0 ) return 0;
  buf_init(&b, &s->arena);
  for(int i=0; i<st->clustered_by.n; i++){
    const char *z = st->clustered_by.name[i].lower;
    buf_char(&b, i ? ',' : '[');
    json_string(&b, z, strlen(z));
  }
  buf_char(&b, ']');
  return b.z;
}

/* --- Columns -------------------------------------------------------------------------- */

static int is_twice(const ColumnDef *list, int n, const char *name){
  for(int i=0; i<n; i++) if( strcmp(list[i].name.lower, name)==0 ) return 1;
  return 0;
}

static int add_columns(Session *s, const TableName *t, const ColumnDef *list, int n, int is_partition){
  for(int i=0; i<n; i++){
    const char *bad = 0;
    const Type *type = type_parse_hive(&s->arena, list[i].type, strlen(list[i].type), &bad);
    Buf hive;
    if( type==0 ){
      return session_fail(s, "TARN_NOT_SUPPORTED: line %d:%d: type %s", list[i].pos.line ? list[i].pos.line : 1,
                          list[i].pos.col ? list[i].pos.col : 1, bad ? bad : list[i].type);
    }
    if( is_twice(list, i, list[i].name.lower) ){
      return session_fail(s, "FAILED: SemanticException [Error 10036]: Duplicate column name: %s", list[i].name.lower);
    }
    buf_init(&hive, &s->arena);
    type_print_hive(&hive, type);
    if( catalog_add_column(s, t, i, list[i].name.lower, type, hive.z, list[i].comment, is_partition) ) return 1;
  }
  return 0;
}

static int check_columns(Session *s, const Statement *st){
  if( st->n_column==0 ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: a table without columns");
  for(int i=0; i<st->n_partition_column; i++){
    if( is_twice(st->column, st->n_column, st->partition_column[i].name.lower) ){
      return session_fail(s, "FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns");
    }
  }
  return 0;
}

/* --- CREATE EXTERNAL TABLE --------------------------------------------------------------- */

int statement_create_external_table(Session *s, const Statement *st, Output *out){
  TableName t;
  NewTable n;
  int skip;
  if( table_name_resolve(s, &st->table, &t) || check_database(s, t.database) ) return 1;
  if( st->location==0 ){
    return session_fail(s, "MALFORMED_QUERY: No location was specified for table. An S3 location must be specified");
  }
  if( check_format(s, st) || check_columns(s, st) || check_free(s, st, &t, &skip) ) return 1;
  if( skip ) return result_empty(s, out);
  memset(&n, 0, sizeof(n));
  n.kind = "landing";
  n.comment = st->comment;
  n.location = location_absolute(&s->arena, st->location);
  n.serde = st->serde ? st->serde : SERDE_LAZY;
  n.input_format = st->input_format ? st->input_format : INPUT_TEXT;
  n.output_format = st->output_format ? st->output_format : OUTPUT_TEXT;
  n.s3_root = s->s3_root ? s->s3_root : s->step_root;
  n.properties = json_object(&s->arena, st->n_tbl_property, st->tbl_property);
  n.serde_properties = serde_properties(s, st);
  n.clustered_by = clustered_by(s, st);
  n.n_buckets = st->n_buckets;
  n.sql = st->sql;
  if( catalog_add_table(s, &t, &n)
   || add_columns(s, &t, st->column, st->n_column, 0)
   || add_columns(s, &t, st->partition_column, st->n_partition_column, 1)
   || landing_declare(s, &t) ) return 1;
  return result_empty(s, out);
}

/* --- DROP TABLE ----------------------------------------------------------------------------- */

int table_must_exist(Session *s, const NameList *name, TableName *t, int *kind){
  if( table_name_resolve(s, name, t) ) return 1;
  *kind = catalog_object(s, t);
  if( s->error ) return 1;
  if( *kind!=OBJECT_NONE && *kind!=OBJECT_FOREIGN ) return 0;
  return session_fail(s, "FAILED: SemanticException [Error 10001]: Table not found %s.%s", t->database, t->name);
}

int statement_drop_table(Session *s, const Statement *st, Output *out){
  TableName t;
  int kind;
  if( table_name_resolve(s, &st->table, &t) ) return 1;
  kind = catalog_object(s, &t);
  if( s->error ) return 1;
  if( kind==OBJECT_FOREIGN ){
    return session_fail(s, "TARN_FOREIGN_TABLE: %s has a table %s that Tarn did not make", s->options->lake, t.sqlite_name);
  }
  if( kind==OBJECT_VIEW ){
    return session_fail(s, "FAILED: SemanticException [Error 10018]: Cannot drop a view with DROP TABLE");
  }
  if( kind==OBJECT_NONE ){
    if( st->if_exists ) return result_empty(s, out);
    return session_fail(s, "FAILED: SemanticException [Error 10001]: Table not found %s", t.name);
  }
  if( catalog_drop(s, &t) ) return 1;
  return result_empty(s, out);
}

/* --- Databases --------------------------------------------------------------------------------- */

static int create_database(Session *s, const Statement *st, const char *name){
  if( catalog_has_database(s->catalog, name) ){
    if( st->if_not_exists ) return 0;
    return session_fail(s, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                           "Database %s already exists", name);
  }
  return session_exec(s, "INSERT INTO tarn_databases(name,comment,location,properties) VALUES(%Q,%Q,%Q,%Q)",
                      name, st->comment, st->location, json_object(&s->arena, st->n_tbl_property, st->tbl_property));
}

/* DROP DATABASE … CASCADE: its tables and views, one after the other. */
static int drop_all(Session *s, const char *database){
  for(;;){
    TableName t;
    t.database = database;
    t.name = session_text(s, "SELECT name FROM tarn_tables WHERE database=%Q UNION ALL "
                             "SELECT name FROM tarn_views WHERE database=%Q LIMIT 1", database, database);
    if( t.name==0 ) return s->error!=0;
    t.sqlite_name = table_sqlite_name(&s->arena, database, t.name);
    if( catalog_drop(s, &t) ) return 1;
  }
}

static int drop_database(Session *s, const Statement *st, const char *name){
  if( strcmp(name, "default")==0 ){
    return session_fail(s, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                           "MetaException(message:Can not drop default database in catalog awsdatacatalog)");
  }
  if( !catalog_has_database(s->catalog, name) ){
    if( st->if_exists ) return 0;
    return session_fail(s, "FAILED: SemanticException [Error 10072]: Database does not exist: %s", name);
  }
  if( st->cascade ){
    if( drop_all(s, name) ) return 1;
  }else{
    const char *left = session_text(s, "SELECT name FROM tarn_tables WHERE database=%Q UNION ALL "
                                       "SELECT name FROM tarn_views WHERE database=%Q LIMIT 1", name, name);
    if( s->error ) return 1;
    if( left ){
      return session_fail(s, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                             "InvalidOperationException(message:Database %s is not empty. One or more tables exist.)", name);
    }
  }
  return session_exec(s, "DELETE FROM tarn_databases WHERE name=%Q", name);
}

static int set_properties(Session *s, const Statement *st, const char *name){
  if( check_database(s, name) ) return 1;
  return session_exec(s, "INSERT INTO tarn_databases(name,properties) VALUES(%Q,%Q) "
                         "ON CONFLICT(name) DO UPDATE SET properties=json_patch(properties, excluded.properties)",
                      name, json_object(&s->arena, st->n_tbl_property, st->tbl_property));
}

int statement_database(Session *s, const Statement *st, Output *out){
  const char *name = st->table.n ? st->table.name[st->table.n-1].lower : "default";
  int rc;
  switch( st->kind ){
    case ST_CREATE_DATABASE: rc = create_database(s, st, name); break;
    case ST_DROP_DATABASE:   rc = drop_database(s, st, name); break;
    default:                 rc = set_properties(s, st, name);
  }
  return rc ? rc : result_empty(s, out);
}
