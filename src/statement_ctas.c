/*
** CREATE TABLE AS.
**
** A stored table is an ordinary SQLite table whose declared types are
** Athena's names in quotes, so that `PRAGMA table_info` shows Athena's schema;
** a decimal is declared "text decimal(p,s)", because SQLite would give a bare
** `decimal` NUMERIC affinity and turn '1.50' into 1.5.  The exact type is in
** tarn_columns.  Values arrive in their stored form (value.h) from the
** emitter's second SQL text.
**
** The properties of WITH (…) are checked and recorded; without a location
** nothing is materialised in their format.
*/
#include <string.h>
#include <strings.h>
#include "bulk.h"
#include "export.h"
#include "landing.h"
#include "statement.h"

/* SQLite's declared type for a column of an Athena type. */
static const char *declared_type(Arena *a, const Type *t){
  const char *z = type_text(a, t);
  return t->kind==T_DECIMAL ? arena_printf(a, "text %s", z) : z;
}

/* The types that a table can hold; Athena's texts for the others. */
static int check_column(Session *s, const ResultColumn *c, int position){
  const Type *t = c->type;
  switch( t->kind ){
    case T_UNKNOWN:
      return session_fail(s, "COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown at position %d", position);
    case T_TIMESTAMP:
      if( t->p==3 ) return 0;
      return session_fail(s, "NOT_SUPPORTED: Incorrect timestamp precision for timestamp(%d); "
                             "the configured precision is MILLISECONDS; column name: %s", t->p, c->name);
    case T_JSON: case T_TIME: case T_TIME_TZ: case T_TIMESTAMP_TZ: case T_INTERVAL_DS: case T_INTERVAL_YM:
    case T_UUID: case T_IPADDRESS: case T_HYPERLOGLOG: case T_OTHER: case T_FUNCTION:
      return session_fail(s, "NOT_SUPPORTED: Unsupported Hive type: %s", type_text(&s->arena, t));
    case T_ARRAY: case T_MAP: case T_ROW:
      for(int i=0; i<t->n; i++){
        ResultColumn part = {c->name, t->arg[i]};
        if( t->arg[i]->kind==T_UNKNOWN ) return session_fail(s, "NOT_SUPPORTED: Unsupported Hive type: unknown");
        if( check_column(s, &part, position) ) return 1;
      }
      return 0;
    default:
      return 0;
  }
}

static const char *lower_name(Arena *a, const char *z){
  char *copy = arena_strdup(a, z);
  for(char *p=copy; *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
  return copy;
}

static int check_columns(Session *s, const Compiled *c){
  for(int i=0; i<c->n_column; i++){
    const char *name = lower_name(&s->arena, c->column[i].name);
    if( check_column(s, &c->column[i], i+1) ) return 1;
    for(int j=0; j<i; j++){
      if( strcmp(name, lower_name(&s->arena, c->column[j].name))==0 ){
        return session_fail(s, "DUPLICATE_COLUMN_NAME: line 1:1: Column name '%s' specified more than once", name);
      }
    }
  }
  return 0;
}

/* --- WITH (…) ------------------------------------------------------------------------ */

static const char *const known_properties[] = {
  "format", "external_location", "partitioned_by", "bucketed_by", "bucket_count", "field_delimiter",
  "write_compression", "orc_compression", "parquet_compression", "table_type", "is_external", "location",
  "partitioning", "vacuum_max_snapshot_age_seconds", "format_version", 0
};

const Property *statement_property(const Statement *st, const char *name){
  for(int i=0; i<st->n_property; i++) if( strcasecmp(st->property[i].name.lower, name)==0 ) return &st->property[i];
  return 0;
}

const char *statement_property_text(const Statement *st, const char *name){
  const Property *p = statement_property(st, name);
  return p && p->value && p->value->kind==EXPR_STRING ? p->value->text : 0;
}

static int check_properties(Session *s, const Statement *st){
  for(int i=0; i<st->n_property; i++){
    const Property *p = &st->property[i];
    int known = 0;
    for(int k=0; known_properties[k]; k++) known |= strcmp(known_properties[k], p->name.lower)==0;
    if( !known ){
      return session_fail(s, "INVALID_TABLE_PROPERTY: line %d:%d: Catalog 'awsdatacatalog' table property '%s' does not exist",
                          p->pos.line, p->pos.col, p->name.lower);
    }
  }
  if( statement_property(st, "table_type") && strcasecmp(statement_property_text(st, "table_type") ? statement_property_text(st, "table_type") : "", "hive")!=0 ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: table_type other than HIVE");
  }
  if( statement_property(st, "external_location") ){
    const char *format = statement_property_text(st, "format");
    if( format==0 || strcasecmp(format, "json")!=0 ){
      return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: external_location with format %s (JSON is written)", format ? format : "PARQUET");
    }
    if( statement_property(st, "partitioned_by") || statement_property(st, "bucketed_by") ){
      return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: external_location with partitioned_by or bucketed_by");
    }
  }
  return 0;
}

/* The folder of external_location, free to be written; NULL after an error or
** when there is none. */
static const char *external_folder(Session *s, const Statement *st, const TableName *t){
  const char *location = statement_property_text(st, "external_location"), *folder;
  if( location==0 ) return 0;
  folder = export_place(s, location);
  if( folder==0 ) return 0;
  if( s->in_run ) return export_check_folder(s, folder) ? 0 : folder;
  if( export_is_empty(s, folder) ) return folder;
  session_fail(s, "HIVE_PATH_ALREADY_EXISTS: Target directory for table '%s.%s' already exists: %s", t->database, t->name, location);
  return 0;
}

static char *recorded_properties(Session *s, const Statement *st){
  KeyText *list = ARENA_ARRAY(&s->arena, KeyText, st->n_property+1);
  int n = 0;
  for(int i=0; i<st->n_property; i++){
    const Expr *e = st->property[i].value;
    Buf b;
    buf_init(&b, &s->arena);
    if( e && e->kind==EXPR_ARRAY ){
      for(int k=0; k<e->n; k++) buf_printf(&b, "%s%s", k ? "," : "", e->arg[k]->text ? e->arg[k]->text : "");
    }else{
      buf_str(&b, e && e->text ? e->text : "");
    }
    list[n].key = st->property[i].name.lower;
    list[n++].value = b.z ? b.z : "";
  }
  return json_object(&s->arena, n, list);
}

/* --- CREATE TABLE AS ------------------------------------------------------------------- */

static int check_free(Session *s, const Statement *st, const TableName *t, int *skip){
  int kind;
  *skip = 0;
  if( is_reserved_name(t->name) ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: the table name %s (tarn_ and sqlite_ are reserved)", t->name);
  }
  if( !catalog_has_database(s->catalog, t->database) ){
    return session_fail(s, "SCHEMA_NOT_FOUND: line 1:1: Schema '%s' does not exist", t->database);
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
  return session_fail(s, "TABLE_ALREADY_EXISTS: line 1:1: Destination table 'awsdatacatalog.%s.%s' already exists", t->database, t->name);
}

static char *create_sql(Session *s, const Compiled *c, const TableName *t){
  char *sql = sqlite3_mprintf("CREATE TABLE \"%w\"(", t->sqlite_name);
  for(int i=0; i<c->n_column && sql; i++){
    char *more = sqlite3_mprintf("%s%s\"%w\" \"%w\"", sql, i ? ", " : "", lower_name(&s->arena, c->column[i].name),
                                 declared_type(&s->arena, c->column[i].type));
    sqlite3_free(sql);
    sql = more;
  }
  if( sql ){
    char *more = sqlite3_mprintf("%s)", sql);
    sqlite3_free(sql);
    sql = more;
  }
  return sql;
}

/* How many of the last columns partitioned_by names; -1 after an error. */
static int partition_columns(Session *s, const Compiled *c){
  const Property *p = statement_property(c->statement, "partitioned_by");
  const Expr *list = p ? p->value : 0;
  if( list==0 ) return 0;
  if( list->kind!=EXPR_ARRAY ){
    session_fail(s, "INVALID_TABLE_PROPERTY: line %d:%d: Invalid value for catalog 'awsdatacatalog' table property 'partitioned_by'", p->pos.line, p->pos.col);
    return -1;
  }
  for(int i=0; i<list->n; i++){
    int at = c->n_column - list->n + i;
    if( at<0 || list->arg[i]->kind!=EXPR_STRING || strcasecmp(list->arg[i]->text, c->column[at].name)!=0 ){
      session_fail(s, "HIVE_COLUMN_ORDER_MISMATCH: Partition keys must be the last columns in the table and in the same order as the table properties");
      return -1;
    }
  }
  if( list->n==c->n_column && list->n>0 ){
    session_fail(s, "INVALID_TABLE_PROPERTY: Table contains only partition columns");
    return -1;
  }
  return list->n;
}

/* Athena writes to at most 100 partitions at once. */
static int check_partition_count(Session *s, const Compiled *c, const TableName *t, int n){
  Buf b;
  const char *count;
  if( n==0 ) return 0;
  buf_init(&b, &s->arena);
  for(int i=c->n_column-n; i<c->n_column; i++){
    char *name = sqlite3_mprintf("%s\"%w\"", i>c->n_column-n ? ", " : "", lower_name(&s->arena, c->column[i].name));
    buf_str(&b, name ? name : "");
    sqlite3_free(name);
  }
  count = session_text(s, "SELECT count(*) FROM (SELECT DISTINCT %s FROM \"%w\" LIMIT 101)", b.z, t->sqlite_name);
  if( count==0 ) return 1;
  if( strcmp(count, "101")!=0 ) return 0;
  return session_fail(s, "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of 100 open writers for partitions/buckets");
}

static int make_stored_table(Session *s, const Compiled *c, const TableName *t, int n_partition){
  NewTable n;
  char *sql = create_sql(s, c, t);
  int rc;
  if( sql==0 ) return session_fail(s, "out of memory");
  rc = session_exec(s, "%s", sql);
  sqlite3_free(sql);
  if( rc ) return 1;
  memset(&n, 0, sizeof(n));
  n.kind = "stored";
  n.location = statement_property_text(c->statement, "external_location");
  n.properties = recorded_properties(s, c->statement);
  n.sql = c->statement->sql;
  if( catalog_add_table(s, t, &n) ) return 1;
  for(int i=0; i<c->n_column; i++){
    if( catalog_add_column(s, t, i, lower_name(&s->arena, c->column[i].name), c->column[i].type, 0, 0,
                           i>=c->n_column-n_partition) ) return 1;
  }
  return 0;
}

int stored_insert(Session *s, const Compiled *c, const TableName *t, const char *columns, long long *n){
  int done = bulk_insert(s, c, t, n);
  if( done ) return done<0;
  if( session_exec(s, "INSERT INTO \"%w\"%s %s", t->sqlite_name, columns, c->sqlite_sql_stored) ) return 1;
  *n = sqlite3_changes64(s->db);
  return 0;
}

int statement_create_table_as(Session *s, const Compiled *c, Output *out){
  const Statement *st = c->statement;
  TableName t;
  long long n = 0, written, bytes;
  const char *folder;
  int skip, n_partition;
  if( st->table.n==1 && strchr(st->table.name[0].lower, '.') ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: a dot in the name %s", st->table.name[0].lower);
  }
  if( table_name_resolve(s, &st->table, &t) || check_free(s, st, &t, &skip) ) return 1;
  if( skip ) return result_update(s, out, 0);
  if( check_properties(s, st) || check_columns(s, c) ) return 1;
  n_partition = partition_columns(s, c);
  folder = external_folder(s, st, &t);
  if( s->error || make_stored_table(s, c, &t, n_partition) ) return 1;
  if( !st->with_no_data ){
    if( stored_insert(s, c, &t, "", &n) ) return 1;
    if( check_partition_count(s, c, &t, n_partition) ) return 1;
  }
  s->is_new_location = !s->in_run;
  if( folder ) skip = export_stage(s, session_now(), &t, folder, &written, &bytes);
  s->is_new_location = 0;
  return skip || result_update(s, out, n);
}
