/*
** DESCRIBE and SHOW CREATE TABLE: a table as Hive prints it.
**
** The columns of a table whose SerDe brings its own schema (all but the lazy
** text SerDe) show the comment `from deserializer`, whatever was declared.
*/
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "landing.h"
#include "statement.h"

char *text_padded(Arena *a, const char *z, int width){
  int n = 0;
  for(const char *p=z; *p; p++) n += ((unsigned char)*p & 0xc0)!=0x80;
  return arena_printf(a, "%s%*s", z, n<width ? width-n : 0, "");
}

typedef struct ColumnText { const char *name, *type, *comment; int is_partition; } ColumnText;

/* The columns of a table as Hive spells them. */
static ColumnText *load_columns(Session *s, const TableName *t, int from_deserializer, int *n){
  const char *count = session_text(s, "SELECT count(*) FROM tarn_columns WHERE database=%Q AND table_name=%Q", t->database, t->name);
  ColumnText *list = ARENA_ARRAY(&s->arena, ColumnText, count ? atoi(count)+1 : 1);
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT name, type, hive_type, comment, is_partition FROM tarn_columns WHERE database=%Q AND table_name=%Q "
    "ORDER BY is_partition, position", t->database, t->name);
  *n = 0;
  while( session_step(s, stmt)==1 ){
    ColumnText *c = &list[(*n)++];
    const char *bad;
    c->name = column_text(s, stmt, 0);
    c->type = column_text(s, stmt, 2);
    if( c->type==0 ){
      const char *z = column_text(s, stmt, 1);
      const Type *type = type_parse(&s->arena, z, strlen(z), &bad);
      Buf b;
      buf_init(&b, &s->arena);
      if( type ) type_print_hive(&b, type);
      c->type = b.z ? b.z : z;
    }
    c->is_partition = sqlite3_column_int(stmt, 4);
    c->comment = from_deserializer && !c->is_partition ? "from deserializer" : column_text(s, stmt, 3);
  }
  return list;
}

static int is_from_deserializer(Session *s, const TableName *t){
  const char *serde = session_text(s, "SELECT serde FROM tarn_tables WHERE database=%Q AND name=%Q AND kind='landing'", t->database, t->name);
  return serde && strcmp(serde, SERDE_LAZY)!=0;
}

/* --- DESCRIBE --------------------------------------------------------------------- */

static void describe_line(Session *s, Output *out, const char *a, const char *b, const char *c){
  output_text(out, arena_printf(&s->arena, "%s\t%s\t%s", text_padded(&s->arena, a, 20),
                                text_padded(&s->arena, b, 20), text_padded(&s->arena, c ? c : "", 20)));
}

static int describe_table(Session *s, const TableName *t, Output *out){
  static const char *const names[] = {"col_name", "data_type", "comment"};
  int n, is_partitioned = 0;
  ColumnText *c = load_columns(s, t, is_from_deserializer(s, t), &n);
  result_texts(s, out, RESULT_HIVE, "string", 3, names);
  for(int i=0; i<n; i++){
    describe_line(s, out, c[i].name, c[i].type, c[i].comment);
    is_partitioned |= c[i].is_partition;
  }
  if( is_partitioned ){
    output_text(out, "\t \t ");
    output_text(out, "# Partition Information\t \t ");
    describe_line(s, out, "# col_name", "data_type", "comment");
    output_text(out, "\t \t ");
    for(int i=0; i<n; i++) if( c[i].is_partition ) describe_line(s, out, c[i].name, c[i].type, c[i].comment);
  }
  return s->error ? 1 : result_end(s, out);
}

static int describe_view(Session *s, const TableName *t, Output *out){
  static const char *const names[] = {"column", "type"};
  sqlite3_stmt *stmt = session_prepare(s, "SELECT name, type FROM tarn_columns WHERE database=%Q AND table_name=%Q ORDER BY position",
                                       t->database, t->name);
  result_texts(s, out, RESULT_UTILITY, "varchar", 2, names);
  while( session_step(s, stmt)==1 ){
    output_text(out, arena_printf(&s->arena, "%s\t%s", column_text(s, stmt, 0), column_text(s, stmt, 1)));
  }
  return s->error ? 1 : result_end(s, out);
}

int statement_describe(Session *s, const Statement *st, Output *out){
  TableName t;
  int kind;
  if( st->is_extended ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: DESCRIBE EXTENDED and FORMATTED");
  if( table_name_resolve(s, &st->table, &t) ) return 1;
  kind = catalog_object(s, &t);
  if( s->error ) return 1;
  if( kind==OBJECT_NONE || kind==OBJECT_FOREIGN ){
    return session_fail(s, "INVALID_INPUT: Entity Not Found (Service: AmazonDataCatalog; Status Code: 400; Error Code: EntityNotFoundException)");
  }
  return kind==OBJECT_VIEW ? describe_view(s, &t, out) : describe_table(s, &t, out);
}

/* --- SHOW CREATE TABLE ------------------------------------------------------------------ */

/* A text between Hive's quotes. */
static void hive_quoted(Buf *b, const char *z){
  buf_char(b, '\'');
  for(; *z; z++){
    if( *z=='\'' || *z=='\\' || *z==';' ) buf_char(b, '\\');
    if( *z=='\n' ) buf_str(b, "\\n");
    else if( *z=='\t' ) buf_str(b, "\\t");
    else if( (unsigned char)*z<0x20 ) buf_printf(b, "\\%03o", (unsigned char)*z);
    else buf_char(b, *z);
  }
  buf_char(b, '\'');
}

static void column_list(Buf *b, const ColumnText *c, int n, int is_partition){
  int first = 1;
  for(int i=0; i<n; i++){
    if( c[i].is_partition!=is_partition ) continue;
    buf_str(b, first ? "" : ", \n");
    first = 0;
    buf_printf(b, "  `%s` %s", c[i].name, c[i].type);
    if( c[i].comment ){
      buf_str(b, " COMMENT ");
      hive_quoted(b, c[i].comment);
    }
  }
}

/* 'k'='v' lines, sorted by key; returns how many. */
static int property_list(Session *s, Buf *b, sqlite3_stmt *stmt){
  int n = 0;
  while( session_step(s, stmt)==1 ){
    buf_str(b, n++ ? ", \n  " : "  ");
    hive_quoted(b, column_text(s, stmt, 0));
    buf_char(b, '=');
    hive_quoted(b, column_text(s, stmt, 1));
  }
  return n;
}

/* What ROW FORMAT DELIMITED says of each property of the lazy SerDe. */
static const char *const delimited[][2] = {
  {"field.delim", "FIELDS TERMINATED BY"}, {"escape.delim", "ESCAPED BY"},
  {"collection.delim", "COLLECTION ITEMS TERMINATED BY"}, {"mapkey.delim", "MAP KEYS TERMINATED BY"},
  {"line.delim", "LINES TERMINATED BY"}, {"serialization.null.format", "NULL DEFINED AS"}, {0, 0}
};

static void row_format_delimited(Session *s, Buf *b, const TableName *t){
  buf_str(b, "ROW FORMAT DELIMITED \n");
  for(int i=0; delimited[i][0]; i++){
    const char *value = session_text(s, "SELECT p.value FROM tarn_tables, json_each(serde_properties) p "
                                        "WHERE database=%Q AND name=%Q AND p.key=%Q", t->database, t->name, delimited[i][0]);
    if( value==0 ) continue;
    buf_printf(b, "  %s ", delimited[i][1]);
    hive_quoted(b, value);
    buf_str(b, " \n");
  }
}

static void row_format(Session *s, Buf *b, const TableName *t, const char *serde){
  Buf list;
  if( strcmp(serde, SERDE_LAZY)==0 ){
    row_format_delimited(s, b, t);
    return;
  }
  buf_printf(b, "ROW FORMAT SERDE \n  '%s' \n", serde);
  buf_init(&list, &s->arena);
  if( property_list(s, &list, session_prepare(s, "SELECT p.key, p.value FROM tarn_tables, json_each(serde_properties) p "
                                                 "WHERE database=%Q AND name=%Q ORDER BY p.key", t->database, t->name)) ){
    buf_printf(b, "WITH SERDEPROPERTIES ( \n%s) \n", list.z);
  }
}

static void clustering(Session *s, Buf *b, const TableName *t){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT c.value, n_buckets FROM tarn_tables, json_each(clustered_by) c "
                                          "WHERE database=%Q AND name=%Q AND clustered_by IS NOT NULL", t->database, t->name);
  int n = 0, buckets = 0;
  while( session_step(s, stmt)==1 ){
    buf_str(b, n++ ? ", \n  " : "CLUSTERED BY ( \n  ");
    buf_str(b, column_text(s, stmt, 0));
    buckets = sqlite3_column_int(stmt, 1);
  }
  if( n ) buf_printf(b, ") \nINTO %d BUCKETS\n", buckets);
}

static void create_table_text(Session *s, Buf *b, const TableName *t){
  int n, from_deserializer = is_from_deserializer(s, t), is_partitioned = 0;
  ColumnText *c = load_columns(s, t, from_deserializer, &n);
  sqlite3_stmt *stmt = session_prepare(s, "SELECT comment, serde, input_format, output_format, location FROM tarn_tables "
                                          "WHERE database=%Q AND name=%Q", t->database, t->name);
  const char *comment, *serde, *input, *output, *location;
  if( session_step(s, stmt)!=1 ) return;
  comment = column_text(s, stmt, 0);
  serde = column_text(s, stmt, 1);
  input = column_text(s, stmt, 2);
  output = column_text(s, stmt, 3);
  location = column_text(s, stmt, 4);
  sqlite3_finalize(stmt);
  buf_printf(b, "CREATE EXTERNAL TABLE `%s`(\n", strcmp(t->database, catalog_database(s->catalog))==0 ? t->name
             : arena_printf(&s->arena, "%s.%s", t->database, t->name));
  column_list(b, c, n, 0);
  buf_str(b, ")\n");
  if( comment ){
    buf_str(b, "COMMENT ");
    hive_quoted(b, comment);
    buf_char(b, '\n');
  }
  for(int i=0; i<n; i++) is_partitioned |= c[i].is_partition;
  if( is_partitioned ){
    buf_str(b, "PARTITIONED BY ( \n");
    column_list(b, c, n, 1);
    buf_str(b, ")\n");
  }
  clustering(s, b, t);
  row_format(s, b, t, serde);
  buf_printf(b, "STORED AS INPUTFORMAT \n  '%s' \nOUTPUTFORMAT \n  '%s'\nLOCATION\n  ", input, output);
  hive_quoted(b, location);
  buf_str(b, "\nTBLPROPERTIES (\n");
  property_list(s, b, session_prepare(s,
    "SELECT key, value FROM (SELECT p.key, p.value FROM tarn_tables, json_each(properties) p "
    "WHERE database=%Q AND name=%Q AND p.key NOT IN ('EXTERNAL','comment','transient_lastDdlTime') "
    "UNION ALL SELECT 'transient_lastDdlTime', created FROM tarn_tables WHERE database=%Q AND name=%Q) ORDER BY key",
    t->database, t->name, t->database, t->name));
  buf_char(b, ')');
}

int statement_show_create(Session *s, const Statement *st, Output *out){
  static const char *const names[] = {"createtab_stmt"};
  TableName t;
  Buf b;
  int kind;
  if( st->kind==ST_SHOW_CREATE_VIEW ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: SHOW CREATE VIEW");
  if( table_must_exist(s, &st->table, &t, &kind) ) return 1;
  if( kind==OBJECT_VIEW ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: SHOW CREATE TABLE of a view");
  if( kind==OBJECT_STORED ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: SHOW CREATE TABLE of a table that CREATE TABLE AS made");
  buf_init(&b, &s->arena);
  create_table_text(s, &b, &t);
  if( s->error ) return 1;
  result_texts(s, out, RESULT_HIVE, "string", 1, names);
  for(char *p=b.z; p; ){
    char *end = strchr(p, '\n');
    if( end ) *end = 0;
    output_text(out, p);
    p = end ? end+1 : 0;
  }
  return result_end(s, out);
}
