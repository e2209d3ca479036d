/*
** SHOW …: the rows that Athena prints, each one text (athena.md, section 1).
**
** SHOW TABLES takes Hive's patterns (`*` any, `|` or, in any case); SHOW
** DATABASES and SHOW VIEWS a regular expression over the whole name.
*/
#include <ctype.h>
#include <string.h>
#include "landing.h"
#include "statement.h"

/* --- Patterns -------------------------------------------------------------------- */

/* One alternative of a Hive pattern against a name: `*` and `.*` any text,
** `.` any character. */
static int glob(const char *p, const char *end, const char *z){
  for(; p<end; p++, z++){
    if( p[0]=='.' && p+1<end && p[1]=='*' ) p++;
    if( *p=='*' ){
      for(;; z++){
        if( glob(p+1, end, z) ) return 1;
        if( *z==0 ) return 0;
      }
    }
    if( *z==0 || (*p!='.' && tolower((unsigned char)*p)!=tolower((unsigned char)*z)) ) return 0;
  }
  return *z==0;
}

static int hive_match(const char *pattern, const char *name){
  if( pattern==0 ) return 1;
  for(;;){
    const char *end = pattern + strcspn(pattern, "|");
    if( glob(pattern, end, name) ) return 1;
    if( *end==0 ) return 0;
    pattern = end+1;
  }
}

/* 1 it matches, 0 not, -1 after an error. */
static int regex_match(Session *s, const char *pattern, const char *name){
  const char *found;
  if( pattern==0 || strcmp(pattern, "*")==0 ) return 1;
  found = session_text(s, "SELECT t_regexp_like('(varchar,varchar)boolean', %Q, '^(?:'||%Q||')$')", name, pattern);
  return found ? found[0]=='1' : -1;
}

/* --- Lists ----------------------------------------------------------------------------- */

typedef enum Match { MATCH_ALL, MATCH_HIVE, MATCH_REGEX } Match;

/* Print the first column of a query's rows that match. */
static int print_names(Session *s, Output *out, const char *api_type, const char *head,
                       sqlite3_stmt *stmt, Match how, const char *pattern){
  const char *names[1];
  int rc;
  names[0] = head;
  result_texts(s, out, RESULT_UTILITY, api_type, 1, names);
  while( (rc = session_step(s, stmt))==1 ){
    const char *z = column_text(s, stmt, 0);
    int match = how==MATCH_ALL ? 1 : how==MATCH_HIVE ? hive_match(pattern, z) : regex_match(s, pattern, z);
    if( match<0 ){
      sqlite3_finalize(stmt);
      break;
    }
    if( match ) output_text(out, z);
  }
  if( s->error ){
    output_abandon(out);
    return 1;
  }
  return result_end(s, out);
}

static int show_tables(Session *s, const Statement *st, Output *out){
  const char *database = st->table.n ? st->table.name[st->table.n-1].lower : catalog_database(s->catalog);
  if( !catalog_has_database(s->catalog, database) ){
    return session_fail(s, "FAILED: SemanticException [Error 10072]: Database does not exist: %s", database);
  }
  return print_names(s, out, "string", "tab_name",
    session_prepare(s, "SELECT name FROM tarn_tables WHERE database=%Q UNION SELECT name FROM tarn_views WHERE database=%Q ORDER BY 1",
                    database, database), MATCH_HIVE, st->pattern);
}

static int show_databases(Session *s, const Statement *st, Output *out){
  return print_names(s, out, "string", "database_name",
    session_prepare(s, "SELECT name FROM tarn_databases UNION SELECT 'default' ORDER BY 1"), MATCH_REGEX, st->pattern);
}

static int show_views(Session *s, const Statement *st, Output *out){
  const char *database = st->table.n ? st->table.name[st->table.n-1].lower : catalog_database(s->catalog);
  return print_names(s, out, "varchar", "views",
    session_prepare(s, "SELECT name FROM tarn_views WHERE database=%Q ORDER BY 1", database), MATCH_REGEX, st->pattern);
}

/* The partitions of a stored table are those that its rows have. */
static int show_stored_partitions(Session *s, const TableName *t, Output *out){
  static const char *const names[] = {"partition"};
  const char *key[64], **value;
  const Type *type[64];
  sqlite3_stmt *stmt = session_prepare(s, "SELECT name, type FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition ORDER BY position",
                                       t->database, t->name);
  int n = 0;
  Buf b;
  buf_init(&b, &s->arena);
  while( session_step(s, stmt)==1 && n<64 ){
    const char *text = column_text(s, stmt, 1), *bad;
    char *quoted = sqlite3_mprintf("%s\"%w\"", n ? ", " : "", sqlite3_column_text(stmt, 0));
    key[n] = column_text(s, stmt, 0);
    type[n++] = type_parse(&s->arena, text, strlen(text), &bad);
    buf_str(&b, quoted ? quoted : "");
    sqlite3_free(quoted);
  }
  stmt = session_prepare(s, "SELECT DISTINCT %s FROM \"%w\" ORDER BY %s", b.z, t->sqlite_name, b.z);
  value = ARENA_ARRAY(&s->arena, const char*, n+1);
  result_texts(s, out, RESULT_UTILITY, "string", 1, names);
  while( session_step(s, stmt)==1 ){
    for(int i=0; i<n; i++){
      Value v = column_value(stmt, i, type[i]), loaded = v;
      Buf cell;
      buf_init(&cell, &s->arena);
      value[i] = 0;
      if( v.kind==V_NULL || value_load(&s->arena, type[i], &v, &loaded) ) continue;
      value_print(&cell, type[i], &loaded);
      value[i] = cell.z ? cell.z : "";
    }
    output_text(out, partition_spec(&s->arena, n, key, value));
  }
  return s->error ? 1 : result_end(s, out);
}

static int show_partitions(Session *s, const Statement *st, Output *out){
  TableName t;
  int kind;
  const char *keys;
  if( table_must_exist(s, &st->table, &t, &kind) ) return 1;
  keys = session_text(s, "SELECT count(*) FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition", t.database, t.name);
  if( keys==0 ) return 1;
  if( keys[0]=='0' ){
    return session_fail(s, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                           "Table %s is not a partitioned table", t.name);
  }
  if( kind==OBJECT_STORED ) return show_stored_partitions(s, &t, out);
  return print_names(s, out, "string", "partition",
    session_prepare(s, "SELECT spec FROM tarn_partitions WHERE database=%Q AND table_name=%Q ORDER BY spec", t.database, t.name),
    MATCH_ALL, 0);
}

static int show_tblproperties(Session *s, const Statement *st, Output *out){
  static const char *const names[] = {"prpt_name", "prpt_value"};
  TableName t;
  sqlite3_stmt *stmt;
  int kind;
  if( table_must_exist(s, &st->table, &t, &kind) ) return 1;
  stmt = session_prepare(s,
    "SELECT key, value FROM (SELECT p.key, p.value FROM tarn_tables, json_each(properties) p WHERE database=%Q AND name=%Q "
    "UNION ALL SELECT 'EXTERNAL', 'TRUE' UNION ALL SELECT 'transient_lastDdlTime', created FROM tarn_tables WHERE database=%Q AND name=%Q) "
    "ORDER BY key", t.database, t.name, t.database, t.name);
  result_texts(s, out, RESULT_UTILITY, "string", 2, names);
  while( session_step(s, stmt)==1 ){
    const char *key = column_text(s, stmt, 0), *value = column_text(s, stmt, 1);
    if( st->pattern==0 ) output_text(out, arena_printf(&s->arena, "%s\t%s", key, value));
    else if( strcmp(st->pattern, key)==0 ) output_text(out, value);
  }
  return s->error ? 1 : result_end(s, out);
}

/* --- SHOW COLUMNS -------------------------------------------------------------------------- */

static int show_columns(Session *s, const Statement *st, Output *out){
  static const char *const table_names[] = {"field"};
  static const char *const view_names[] = {"column", "type"};
  TableName t;
  sqlite3_stmt *stmt;
  int kind;
  if( table_name_resolve(s, &st->table, &t) ) return 1;
  kind = catalog_object(s, &t);
  if( s->error ) return 1;
  if( kind==OBJECT_NONE || kind==OBJECT_FOREIGN ){
    return session_fail(s, "INVALID_INPUT: Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException)");
  }
  stmt = session_prepare(s, "SELECT name, type FROM tarn_columns WHERE database=%Q AND table_name=%Q ORDER BY is_partition, position",
                         t.database, t.name);
  if( kind==OBJECT_VIEW ) result_texts(s, out, RESULT_UTILITY, "varchar", 2, view_names);
  else result_texts(s, out, RESULT_UTILITY, "string", 1, table_names);
  while( session_step(s, stmt)==1 ){
    const char *name = column_text(s, stmt, 0), *type = column_text(s, stmt, 1);
    output_text(out, kind==OBJECT_VIEW ? arena_printf(&s->arena, "%s\t%s", name, type) : text_padded(&s->arena, name, 20));
  }
  return s->error ? 1 : result_end(s, out);
}

int statement_show(Session *s, const Statement *st, Output *out){
  switch( st->kind ){
    case ST_SHOW_TABLES:        return show_tables(s, st, out);
    case ST_SHOW_DATABASES:     return show_databases(s, st, out);
    case ST_SHOW_VIEWS:         return show_views(s, st, out);
    case ST_SHOW_PARTITIONS:    return show_partitions(s, st, out);
    case ST_SHOW_TBLPROPERTIES: return show_tblproperties(s, st, out);
    case ST_SHOW_COLUMNS:       return show_columns(s, st, out);
    default:
      return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: SHOW FUNCTIONS (tarn functions lists them)");
  }
}
