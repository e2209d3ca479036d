/*
** A landing table as it was declared: columns, SerDe, partitions.
**
** Types are read from Hive's spelling and declared to SQLite in Athena's; the
** values of partitions are converted to their columns' types once, here.  A
** value that its type cannot read is an error when the table is read, as on
** Athena.
**
** Limits: COLUMN_MAX columns.
*/
#include "jsonl_table.h"
#include "convert.h"
#include <string.h>

#define COLUMN_MAX 1900
#define HIVE_NULL_PARTITION "__HIVE_DEFAULT_PARTITION__"

/* The type a column is declared with: Athena's name.  Not for decimals, which
** SQLite would make numbers, nor where a field named `hidden` would hide it. */
static void declare_type(Buf *b, const Type *t){
  Buf text;
  buf_init(&text, b->arena);
  if( t->kind==T_DECIMAL ) buf_str(&text, "text ");
  type_print(&text, t);
  if( text.z && strstr(text.z, "hidden") ){
    text.n = 0;
    type_print_hive(&text, t);
  }
  buf_char(b, '"');
  for(size_t i=0; i<text.n; i++){
    if( text.z[i]=='"' ) buf_char(b, '"');
    buf_char(b, text.z[i]);
  }
  buf_char(b, '"');
}

static void declare_column(Buf *b, const SerdeColumn *column){
  buf_char(b, '"');
  for(const char *z=column->name; *z; z++){
    if( *z=='"' ) buf_char(b, '"');
    buf_char(b, *z);
  }
  buf_str(b, "\" ");
  declare_type(b, column->type);
  buf_str(b, ", ");
}

int jsonl_table_declare(JsonlTable *t, sqlite3 *db){
  Buf b;
  buf_init(&b, &t->arena);
  buf_str(&b, "CREATE TABLE t(");
  for(int i=0; i<t->serde.n_column; i++) declare_column(&b, &t->serde.column[i]);
  for(int i=0; i<t->n_partition_column; i++) declare_column(&b, &t->partition_column[i]);
  buf_str(&b, "\"$path\" varchar hidden, \"$file_size\" bigint hidden, "
              "\"$file_modified_time\" hidden \"timestamp(3) with time zone\", \"$line\" bigint hidden)");
  if( b.oom ) return SQLITE_NOMEM;
  return sqlite3_declare_vtab(db, b.z);
}

/* Names and types.  NULL or the message that refuses one. */
static char *read_columns(Arena *a, const JsonlColumn *from, int n, SerdeColumn **out){
  SerdeColumn *column = ARENA_ARRAY(a, SerdeColumn, n);
  *out = column;
  if( column==0 ) return 0;
  for(int i=0; i<n; i++){
    const char *error = 0;
    column[i].name = from[i].name;
    column[i].type = type_parse_hive(a, from[i].hive_type, strlen(from[i].hive_type), &error);
    if( column[i].type==0 ){
      if( a->oom ) return 0;
      return sqlite3_mprintf("TARN_NOT_SUPPORTED: the type %s of column %s", from[i].hive_type, from[i].name);
    }
  }
  return 0;
}

/* A partition's value by the type of its column: 0, or -1 when it is not one. */
static int partition_value(Arena *a, const Type *t, const char *z, Value *out){
  size_t n = strlen(z);
  int64_t x;
  double r;
  BigDecimal d;
  HiveTime time;
  *out = value_null();
  switch( t->kind ){
    case T_VARCHAR: case T_CHAR: *out = text_fit(t, value_text(z, n)); return 0;
    case T_BOOLEAN:
      *out = value_int(text_is(z, n, "true"));
      return text_is(z, n, "true") || text_is(z, n, "false") ? 0 : -1;
    case T_REAL: case T_DOUBLE:
      if( !java_parse_double(a, z, n, t->kind==T_REAL, &r) ) return -1;
      *out = value_real(r);
      return 0;
    case T_DECIMAL:
      if( !java_parse_decimal(a, z, n, &d) ) return -1;
      *out = decimal_fit(a, &d, t->p, t->s);
      return out->kind==V_NULL ? -1 : 0;
    case T_DATE:
      if( !hive_parse_date(z, n, &x) ) return -1;
      *out = date_store(a, x);
      return 0;
    case T_TIMESTAMP:
      if( !hive_parse_timestamp(z, n, &time) ) return -1;
      *out = timestamp_store(a, time);
      return 0;
    default:
      if( !type_is_integer(t) || !java_parse_long(z, n, 10, &x) || !integer_fits(t, x) ) return -1;
      *out = value_int(x);
      return 0;
  }
}

/* A character that Hive writes as %XX in a partition's folder. */
static int is_escaped_in_path(unsigned char c){
  return c<=0x1f || c==0x7f || strchr("\"#%'*/:=?\\{[]^", c);
}

/* k=v/… below the table's location. */
static const char *default_location(JsonlTable *t, const JsonlPartition *p){
  Buf b;
  size_t n = strlen(t->spec.location);
  buf_init(&b, &t->arena);
  buf_str(&b, t->spec.location);
  if( n && t->spec.location[n - 1]!='/' ) buf_char(&b, '/');
  for(int i=0; i<t->n_partition_column; i++){
    const char *z = p->value[i] ? p->value[i] : HIVE_NULL_PARTITION;
    buf_printf(&b, "%s=", t->partition_column[i].name);
    for(; *z; z++){
      if( is_escaped_in_path((unsigned char)*z) ) buf_printf(&b, "%%%02X", (unsigned char)*z);
      else buf_char(&b, *z);
    }
    buf_char(&b, '/');
  }
  return b.oom ? 0 : b.z;
}

static char *read_partitions(JsonlTable *t){
  const JsonlSpec *spec = &t->spec;
  t->n_partition = t->n_partition_column ? spec->n_partition : 1;
  t->partition = ARENA_ARRAY(&t->arena, Partition, t->n_partition);
  if( t->partition==0 ) return 0;
  if( t->n_partition_column==0 ){
    t->partition[0].location = spec->location;
    return 0;
  }
  for(int i=0; i<t->n_partition; i++){
    Partition *p = &t->partition[i];
    const JsonlPartition *from = &spec->partition[i];
    p->location = from->location ? from->location : default_location(t, from);
    p->value = ARENA_ARRAY(&t->arena, Value, t->n_partition_column);
    if( t->arena.oom ) return 0;
    for(int k=0; k<t->n_partition_column; k++){
      const char *z = from->value[k];
      if( z==0 || strcmp(z, HIVE_NULL_PARTITION)==0 ) continue;
      if( partition_value(&t->arena, t->partition_column[k].type, z, &p->value[k]) ){
        p->bad = z;
        p->bad_column = k;
      }
    }
  }
  return 0;
}

static char *read_table_properties(JsonlTable *t){
  const char *z = serde_table_property(&t->serde, "skip.header.line.count");
  int64_t n = 0;
  if( z && (!java_parse_long(z, strlen(z), 10, &n) || n<0 || n>INT32_MAX) ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: skip.header.line.count '%s'", z);
  }
  t->skip_lines = (int)n;
  z = serde_table_property(&t->serde, "skip.footer.line.count");
  if( z && strcmp(z, "0")!=0 ) return sqlite3_mprintf("TARN_NOT_SUPPORTED: skip.footer.line.count '%s'", z);
  return 0;
}

char *jsonl_table_build(JsonlTable *t){
  const JsonlSpec *spec = &t->spec;
  SerdeColumn *column;
  char *error;
  if( spec->serde==0 ) return sqlite3_mprintf("jsonl: the argument serde is missing");
  if( (error = source_check_location(spec->location))!=0 ) return error;
  if( spec->n_column + spec->n_partition_column>COLUMN_MAX ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: a table of more than %d columns", COLUMN_MAX);
  }
  if( (error = read_columns(&t->arena, spec->column, spec->n_column, &column))!=0 || t->arena.oom ) return error;
  t->n_partition_column = spec->n_partition_column;
  error = read_columns(&t->arena, spec->partition_column, spec->n_partition_column, &t->partition_column);
  if( error || t->arena.oom ) return error;
  t->serde.arena = &t->arena;
  t->serde.n_column = spec->n_column;
  t->serde.column = column;
  t->serde.n_property = spec->n_property;
  t->serde.property = (const SerdeProperty*)spec->property;
  t->serde.n_table_property = spec->n_table_property;
  t->serde.table_property = (const SerdeProperty*)spec->table_property;
  if( (error = serde_open(&t->serde, spec->serde))!=0 || t->arena.oom ) return error;
  if( (error = read_table_properties(t))!=0 ) return error;
  return read_partitions(t);
}

void jsonl_table_free(JsonlTable *t){
  if( t->at_table ){
    *t->at_table = t->next_table;
    if( t->next_table ) t->next_table->at_table = t->at_table;
  }
  sqlite3_finalize(t->select1);
  pthread_mutex_destroy(&t->list_lock);
  serde_close(&t->serde);
  source_list_free(&t->list);
  arena_free(&t->arena);
  sqlite3_free(t);
}

JsonlTable *jsonl_table_new(void){
  JsonlTable *t = sqlite3_malloc64(sizeof(*t));
  if( t==0 ) return 0;
  memset(t, 0, sizeof(*t));
  arena_init(&t->arena);
  source_list_init(&t->list);
  pthread_mutex_init(&t->list_lock, 0);
  return t;
}

char *jsonl_check(const JsonlSpec *spec){
  JsonlTable *t = jsonl_table_new();
  char *error;
  if( t==0 ) return sqlite3_mprintf("out of memory");
  t->spec = *spec;
  error = jsonl_table_build(t);
  if( error==0 && t->arena.oom ) error = sqlite3_mprintf("out of memory");
  jsonl_table_free(t);
  return error;
}
