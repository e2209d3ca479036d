/*
** The virtual table jsonl: landing files as rows, where they lie.
**
**   CREATE VIRTUAL TABLE customer_landing USING jsonl(
**     location='s3://stedi-lake/customer/landing/',
**     s3_root='/data/s3',
**     serde='org.openx.data.jsonserde.JsonSerDe',
**     properties=('ignore.malformed.json'='FALSE', 'mapping.ts'='timestamp'),
**     columns=(('email', 'string'), ('ts', 'bigint', 'milliseconds'),
**              ('tags', 'array<string>')));
**
**   CREATE VIRTUAL TABLE events USING jsonl(
**     location='/data/events', serde='org.openx.data.jsonserde.JsonSerDe',
**     columns=(('id', 'int')),
**     partition_columns=(('dt', 'date'), ('hour', 'int')),
**     partitions=(('/data/events/dt=2024-01-01/hour=0', '2024-01-01', '0'),
**                 (NULL, '2024-01-01', '12')));
**
** Arguments, each `name = value` with strings in SQL quotes:
**   location           a path, file:///path, or s3://bucket/key
**   s3_root            the folder that stands for S3.  The environment variable
**                      TARN_S3_ROOT overrides it, the driver's option both.
**   serde              the class of the SerDe
**   properties         its SERDEPROPERTIES
**   table_properties   TBLPROPERTIES; skip.header.line.count is looked at
**   columns            (name, Hive type [, comment]) of the files
**   partition_columns  the same of the partitions
**   partitions         (location, value …): NULL for a location is k=v/ below
**                      the table's; NULL for a value, Hive's default partition
** Connecting does no I/O.
**
** Columns: the files', then the partitions', then the hidden ones "$path",
** "$file_size", "$file_modified_time" (text with zone UTC) and "$line".  Values
** are in stored form (spec §9): dates, timestamps and decimals as text, nested
** types as JSON.
**
** The query plan: columns that are not used are not decoded; where none is
** used, lines are only counted.  A comparison of a partition column with a
** value of the same kind leaves out partitions, whose files are not listed or
** opened; SQLite checks every row again.  idxStr is "u<hex of colUsed>;" then
** "<column>,<operator>;" for each argument of xFilter.
**
** Files are listed and pinned when the first cursor of a statement starts; all
** cursors that are open at once read the same list.
**
** Limits: COLUMN_MAX columns; LINE_MAX of scan.h; what the SerDe says.
*/
#include "jsonl.h"
#include "jsonl_args.h"
#include "s3/source_s3.h"
#include "scan.h"
#include "serde.h"
#include "datetime.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMN_MAX 1900
#define ARGUMENT_MAX 32          /* comparisons that choose partitions */
#define INTERRUPT_CHECK_MS 5
#define ROWS_BETWEEN_CLOCKS 128
#define HIVE_NULL_PARTITION "__HIVE_DEFAULT_PARTITION__"

enum { HIDDEN_PATH, HIDDEN_SIZE, HIDDEN_MTIME, HIDDEN_LINE, N_HIDDEN };

typedef struct Partition {
  const char *location;
  Value *value;                 /* of each partition column, stored form */
  const char *bad;              /* a value that its column's type cannot read */
  int bad_column;
  int is_listed, first, n;      /* its files in JsonlTable.list */
} Partition;

typedef struct JsonlTable {
  sqlite3_vtab base;
  sqlite3 *db;
  JsonlHost *host;
  Arena arena;
  const char *name;
  JsonlSpec spec;
  Serde serde;
  int n_partition_column; SerdeColumn *partition_column;
  int n_partition; Partition *partition;        /* one for a table without partition columns */
  int skip_lines;               /* skip.header.line.count */
  SourceList list;              /* pinned */
  unsigned list_epoch;
  int n_pinned;                 /* cursors that read the list */
  sqlite3_stmt *select1;        /* asks SQLite whether it was interrupted */
  sqlite3_int64 last_check_ms;
} JsonlTable;

typedef struct Constraint { int column, op; sqlite3_value *value; } Constraint;

typedef struct JsonlCursor {
  sqlite3_vtab_cursor base;
  int is_pinned, at_end;
  unsigned char *used;          /* of the files' columns */
  int any_used;
  int *selected, n_selected;    /* partitions to read, in order */
  int at_selected, at_file;     /* where we are: file is an index of the list */
  SourceList view;              /* the table's list, with this cursor's own remote reader */
  Source *source;
  Scanner scanner;
  SerdeRow row;
  Record record;
  sqlite3_int64 rowid;
  unsigned ticks;
} JsonlCursor;

/* --- Errors, interrupts, reports ----------------------------------------- */

/* Take over an error text; SQLITE_ERROR without one is out of memory. */
static int jsonl_error(JsonlTable *t, int rc, char *message){
  if( rc==SQLITE_ERROR && message==0 ) rc = SQLITE_NOMEM;
  if( message ){
    sqlite3_free(t->base.zErrMsg);
    t->base.zErrMsg = message;
  }
  return rc;
}

static sqlite3_int64 now_ms(void){
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
  return (sqlite3_int64)ts.tv_sec*1000 + ts.tv_nsec/1000000;
}

/* SQLite 3.40 has no way to ask for sqlite3_interrupt, but a statement that is
** stepped answers SQLITE_INTERRUPT. */
static int jsonl_interrupted(void *arg){
  JsonlTable *t = arg;
  sqlite3_int64 now = now_ms();
  int rc;
  if( now>=t->last_check_ms && now - t->last_check_ms<INTERRUPT_CHECK_MS ) return 0;
  t->last_check_ms = now;
  if( t->select1==0 && sqlite3_prepare_v3(t->db, "SELECT 1", -1, SQLITE_PREPARE_PERSISTENT, &t->select1, 0)!=SQLITE_OK ){
    return 0;
  }
  rc = sqlite3_step(t->select1);
  sqlite3_reset(t->select1);
  return rc==SQLITE_INTERRUPT;
}

static const char *file_url(const JsonlCursor *c){
  return c->view.file[c->at_file].url;
}

static int report_input(JsonlTable *t, JsonlCursor *c){
  const SourceFile *f = &t->list.file[c->at_file];
  JsonlInput input = { t->name, f->url, f->size, f->mtime_ns/1000000, c->source->stored_bytes };
  t->host->stats.bytes_read += c->source->stored_bytes;
  return t->host->on_input ? t->host->on_input(t->host->arg, &input) : 0;
}

static int report_reject(JsonlTable *t, JsonlCursor *c){
  JsonlReject reject = { t->name, file_url(c), c->record.line, (sqlite3_int64)c->row.passed_byte + 1, c->row.passed,
    c->record.z, (int)(c->record.n<JSONL_RAW_MAX ? c->record.n : JSONL_RAW_MAX) };
  t->host->stats.rejects++;
  return t->host->on_reject ? t->host->on_reject(t->host->arg, &reject) : 0;
}

/* --- Connecting ---------------------------------------------------------- */

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

static int declare_table(JsonlTable *t){
  Buf b;
  buf_init(&b, &t->arena);
  buf_str(&b, "CREATE TABLE t(");
  for(int i=0; i<t->serde.n_column; i++) declare_column(&b, &t->serde.column[i]);
  for(int i=0; i<t->n_partition_column; i++) declare_column(&b, &t->partition_column[i]);
  buf_str(&b, "\"$path\" varchar hidden, \"$file_size\" bigint hidden, "
              "\"$file_modified_time\" hidden \"timestamp(3) with time zone\", \"$line\" bigint hidden)");
  if( b.oom ) return SQLITE_NOMEM;
  return sqlite3_declare_vtab(t->db, b.z);
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

/* Build the table from t->spec, whose texts live as long.  NULL, or the
** message that refuses it; NULL with arena.oom when memory ran out. */
static char *build_table(JsonlTable *t){
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

static void free_table(JsonlTable *t){
  sqlite3_finalize(t->select1);
  serde_close(&t->serde);
  source_list_free(&t->list);
  arena_free(&t->arena);
  sqlite3_free(t);
}

static JsonlTable *new_table(void){
  JsonlTable *t = sqlite3_malloc64(sizeof(*t));
  if( t==0 ) return 0;
  memset(t, 0, sizeof(*t));
  arena_init(&t->arena);
  source_list_init(&t->list);
  return t;
}

char *jsonl_check(const JsonlSpec *spec){
  JsonlTable *t = new_table();
  char *error;
  if( t==0 ) return sqlite3_mprintf("out of memory");
  t->spec = *spec;
  error = build_table(t);
  if( error==0 && t->arena.oom ) error = sqlite3_mprintf("out of memory");
  free_table(t);
  return error;
}

static int jsonlConnect(sqlite3 *db, void *pAux, int argc, const char *const *argv, sqlite3_vtab **ppVtab, char **pzErr){
  JsonlTable *t = new_table();
  char *error;
  int rc = SQLITE_NOMEM;
  if( t==0 ) return SQLITE_NOMEM;
  t->db = db;
  t->host = pAux;
  t->name = arena_strdup(&t->arena, argv[2]);
  error = jsonl_args_parse(&t->arena, argc - 3, argv + 3, &t->spec);
  if( error==0 && !t->arena.oom ) error = build_table(t);
  if( error ){
    *pzErr = error;
    rc = SQLITE_ERROR;
  }else if( !t->arena.oom ){
    rc = declare_table(t);
  }
  if( rc==SQLITE_OK ) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  if( rc!=SQLITE_OK ){
    free_table(t);
    return rc;
  }
  *ppVtab = &t->base;
  return SQLITE_OK;
}

/* Its own function, so that the module is not eponymous. */
static int jsonlCreate(sqlite3 *db, void *pAux, int argc, const char *const *argv, sqlite3_vtab **ppVtab, char **pzErr){
  return jsonlConnect(db, pAux, argc, argv, ppVtab, pzErr);
}

static int jsonlDisconnect(sqlite3_vtab *pVtab){
  free_table((JsonlTable*)pVtab);
  return SQLITE_OK;
}

/* --- Cursors ------------------------------------------------------------- */

static int jsonlClose(sqlite3_vtab_cursor *pCursor){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  if( c->source ) report_input(t, c);
  source_close(c->source);
  if( c->view.remote_free ) c->view.remote_free(c->view.remote);
  if( c->is_pinned ) t->n_pinned--;
  scan_free(&c->scanner);
  arena_free(&c->row.arena);
  sqlite3_free(c->row.state);
  sqlite3_free(c->row.cell);
  sqlite3_free(c->used);
  sqlite3_free(c->selected);
  sqlite3_free(c);
  return SQLITE_OK;
}

static int jsonlOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  JsonlTable *t = (JsonlTable*)pVtab;
  size_t n = (size_t)t->serde.n_column + 1;
  JsonlCursor *c = sqlite3_malloc64(sizeof(*c));
  if( c==0 ) return SQLITE_NOMEM;
  memset(c, 0, sizeof(*c));
  c->base.pVtab = pVtab;
  scan_init(&c->scanner);
  arena_init(&c->row.arena);
  c->row.serde = &t->serde;
  c->row.cell = sqlite3_malloc64(sizeof(Value)*n);
  c->used = sqlite3_malloc64(n);
  c->row.used = c->used;
  c->selected = sqlite3_malloc64(sizeof(int)*((size_t)t->n_partition + 1));
  if( c->row.cell==0 || c->used==0 || c->selected==0 ){
    jsonlClose(&c->base);
    return SQLITE_NOMEM;
  }
  memset(c->row.cell, 0, sizeof(Value)*n);
  *ppCursor = &c->base;
  return SQLITE_OK;
}

/* Pinned partitions' files, listed on first need. */
static int list_partition(JsonlTable *t, JsonlCursor *c, Partition *p, int tag){
  const char *root = t->host->s3_root ? t->host->s3_root : getenv("TARN_S3_ROOT");
  SourceOptions options = { 0 };
  char *error = 0;
  int rc;
  if( !p->is_listed ){
    options.s3_root = root && root[0] ? root : t->spec.s3_root;
    options.s3 = t->host->s3;
    options.interrupted = jsonl_interrupted;
    options.interrupted_arg = t;
    p->first = t->list.n;
    rc = source_list_add(&t->list, &options, p->location, tag, &error);
    if( rc!=SQLITE_OK ){
      t->list.n = p->first;
      return jsonl_error(t, rc, error);
    }
    p->n = t->list.n - p->first;
    p->is_listed = 1;
    t->host->stats.files_listed += p->n;
  }
  c->view.n = t->list.n;
  c->view.file = t->list.file;
  return SQLITE_OK;
}

/* End the reading of a file. */
static int close_file(JsonlTable *t, JsonlCursor *c){
  int stop = 0;
  if( c->source ) stop = report_input(t, c);
  source_close(c->source);
  c->source = 0;
  return stop ? SQLITE_ERROR : SQLITE_OK;
}

static int skip_header(JsonlTable *t, JsonlCursor *c){
  for(int i=0; i<t->skip_lines; i++){
    char *error = 0;
    int rc = scan_next(&c->scanner, &c->record, &error);
    if( rc==SQLITE_DONE ) break;
    if( rc!=SQLITE_ROW ) return jsonl_error(t, rc, error);
  }
  return SQLITE_OK;
}

/* Open the next file.  SQLITE_DONE when there is none. */
static int next_file(JsonlTable *t, JsonlCursor *c){
  SourceOptions options = { 0 };
  char *error = 0;
  int rc;
  for(;;){
    Partition *p;
    if( c->at_selected>=c->n_selected ) return SQLITE_DONE;
    p = &t->partition[c->selected[c->at_selected]];
    if( c->at_file<0 ){
      if( (rc = list_partition(t, c, p, c->selected[c->at_selected]))!=SQLITE_OK ) return rc;
      c->at_file = p->first;
    }else{
      c->at_file++;
    }
    if( c->at_file<p->first + p->n ) break;
    c->at_selected++;
    c->at_file = -1;
  }
  options.interrupted = jsonl_interrupted;
  options.interrupted_arg = t;
  options.s3 = t->host->s3;
  if( jsonl_interrupted(t) ) return SQLITE_INTERRUPT;
  c->view.file = t->list.file;
  c->view.n = t->list.n;
  rc = source_open(&c->view, c->at_file, &options, &c->source, &error);
  if( rc!=SQLITE_OK ) return jsonl_error(t, rc, error);
  t->host->stats.files_opened++;
  scan_begin(&c->scanner, c->source);
  return skip_header(t, c);
}

/* The error of a record, as one message. */
static int record_error(JsonlTable *t, JsonlCursor *c){
  const SerdeError *e = &c->row.error;
  const char *url = file_url(c);
  char *message, *first;
  if( e->code==0 || c->row.arena.oom ) return SQLITE_NOMEM;
  first = e->message ? sqlite3_mprintf("%s: %s", e->code, e->message)
                     : sqlite3_mprintf("%s: Failed to read file at %s", e->code, url);
  message = first==0 ? 0 : sqlite3_mprintf("%s\nat %s:%lld byte %lld%s%s: %s", first, url, c->record.line,
    (sqlite3_int64)e->byte + 1, e->column ? " column " : "", e->column ? e->column : "", e->reason);
  sqlite3_free(first);
  return jsonl_error(t, SQLITE_ERROR, message);
}

static int decode_record(JsonlTable *t, JsonlCursor *c){
  SerdeRow *row = &c->row;
  arena_reset(&row->arena);
  row->error.code = 0;
  row->passed = 0;
  if( t->serde.ops->decode(row, c->record.z, c->record.n) || row->arena.oom ) return record_error(t, c);
  if( row->passed && report_reject(t, c) ) return SQLITE_ERROR;
  return SQLITE_OK;
}

static int jsonlNext(sqlite3_vtab_cursor *pCursor){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  char *error = 0;
  int rc;
  if( ++c->ticks%ROWS_BETWEEN_CLOCKS==0 && jsonl_interrupted(t) ) return SQLITE_INTERRUPT;
  for(;;){
    rc = c->source ? scan_next(&c->scanner, &c->record, &error) : SQLITE_DONE;
    if( rc==SQLITE_ROW ) break;
    if( rc!=SQLITE_DONE ) return jsonl_error(t, rc, error);
    if( (rc = close_file(t, c))!=SQLITE_OK ) return rc;
    rc = next_file(t, c);
    if( rc==SQLITE_DONE ){
      c->at_end = 1;
      return SQLITE_OK;
    }
    if( rc!=SQLITE_OK ) return rc;
  }
  c->rowid++;
  t->host->stats.rows++;
  return c->any_used ? decode_record(t, c) : SQLITE_OK;
}

static int jsonlEof(sqlite3_vtab_cursor *pCursor){
  return ((JsonlCursor*)pCursor)->at_end;
}

static int jsonlRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *pRowid){
  *pRowid = ((JsonlCursor*)pCursor)->rowid;
  return SQLITE_OK;
}

static void result_value(sqlite3_context *context, const Value *v){
  switch( v->kind ){
    case V_INT: sqlite3_result_int64(context, v->i); break;
    case V_REAL:
      if( v->r!=v->r ) sqlite3_result_text(context, "NaN", 3, SQLITE_STATIC);
      else sqlite3_result_double(context, v->r);
      break;
    case V_TEXT: sqlite3_result_text(context, v->z, v->n, SQLITE_TRANSIENT); break;
    case V_BLOB: sqlite3_result_blob(context, v->n ? v->z : "", v->n, SQLITE_TRANSIENT); break;
    default: sqlite3_result_null(context); break;
  }
}

static void result_mtime(sqlite3_context *context, JsonlCursor *c, sqlite3_int64 mtime_ns){
  HiveTime time = { floor_div(mtime_ns, 1000000000), 0 };
  Value v;
  char text[64];
  time.nanos = (int)(floor_mod(mtime_ns, 1000000000)/1000000*1000000);
  v = timestamp_store(&c->row.arena, time);
  if( v.kind!=V_TEXT ){
    sqlite3_result_error_nomem(context);
    return;
  }
  sqlite3_snprintf(sizeof(text), text, "%.*s UTC", v.n, v.z);
  sqlite3_result_text(context, text, -1, SQLITE_TRANSIENT);
}

static int jsonlColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *context, int i){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  const SourceFile *file = &t->list.file[c->at_file];
  if( i<t->serde.n_column ){
    if( c->used[i] ) result_value(context, &c->row.cell[i]);
    return SQLITE_OK;
  }
  i -= t->serde.n_column;
  if( i<t->n_partition_column ){
    result_value(context, &t->partition[c->selected[c->at_selected]].value[i]);
    return SQLITE_OK;
  }
  switch( i - t->n_partition_column ){
    case HIDDEN_PATH: sqlite3_result_text(context, file->url, -1, SQLITE_TRANSIENT); break;
    case HIDDEN_SIZE: sqlite3_result_int64(context, file->size); break;
    case HIDDEN_MTIME: result_mtime(context, c, file->mtime_ns); break;
    case HIDDEN_LINE: sqlite3_result_int64(context, c->record.line); break;
  }
  return SQLITE_OK;
}

/* --- Choosing partitions ------------------------------------------------- */

/* Compare a partition's value with a constraint's: -1, 0, 1; 2 when they are
** not of one kind, so that SQLite must decide. */
static int compare_value(const Value *a, sqlite3_value *b){
  int type = sqlite3_value_type(b), n, c;
  if( a->kind==V_INT && type==SQLITE_INTEGER ){
    sqlite3_int64 x = sqlite3_value_int64(b);
    return (a->i>x) - (a->i<x);
  }
  if( a->kind!=V_TEXT || type!=SQLITE_TEXT ) return 2;
  n = sqlite3_value_bytes(b);
  c = memcmp(a->z, sqlite3_value_text(b), (size_t)(a->n<n ? a->n : n));
  if( c==0 ) c = a->n - n;
  return c<0 ? -1 : c>0;
}

/* 0 when no row of the partition can pass. */
static int may_pass(const Value *v, const Constraint *k){
  int is_null = k->value && sqlite3_value_type(k->value)==SQLITE_NULL, c;
  switch( k->op ){
    case SQLITE_INDEX_CONSTRAINT_ISNULL: return v->kind==V_NULL;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL: return v->kind!=V_NULL;
    case SQLITE_INDEX_CONSTRAINT_IS:
      if( is_null || v->kind==V_NULL ) return is_null && v->kind==V_NULL;
      break;
    default:
      if( is_null || v->kind==V_NULL ) return 0;
      break;
  }
  c = compare_value(v, k->value);
  if( c==2 ) return 1;
  switch( k->op ){
    case SQLITE_INDEX_CONSTRAINT_GT: return c>0;
    case SQLITE_INDEX_CONSTRAINT_GE: return c>=0;
    case SQLITE_INDEX_CONSTRAINT_LT: return c<0;
    case SQLITE_INDEX_CONSTRAINT_LE: return c<=0;
    case SQLITE_INDEX_CONSTRAINT_NE: return c!=0;
    default: return c==0;
  }
}

static int select_partitions(JsonlTable *t, JsonlCursor *c, const Constraint *constraint, int n){
  c->n_selected = 0;
  for(int i=0; i<t->n_partition; i++){
    const Partition *p = &t->partition[i];
    int pass = 1;
    if( p->bad ){
      return jsonl_error(t, SQLITE_ERROR, sqlite3_mprintf(
        "HIVE_INVALID_PARTITION_VALUE: Invalid partition value '%s' for %s partition key: %s", p->bad,
        type_text(&t->arena, t->partition_column[p->bad_column].type), t->partition_column[p->bad_column].name));
    }
    for(int k=0; k<n && pass; k++) pass = may_pass(&p->value[constraint[k].column - t->serde.n_column], &constraint[k]);
    if( pass ) c->selected[c->n_selected++] = i;
  }
  t->host->stats.files_pruned += t->n_partition - c->n_selected;
  return SQLITE_OK;
}

/* The first cursor of a statement drops what was pinned before. */
static void pin(JsonlTable *t, JsonlCursor *c){
  if( c->is_pinned ) return;
  c->is_pinned = 1;
  if( t->n_pinned++ ) return;
  if( t->host->pin_epoch && t->host->pin_epoch==t->list_epoch ) return;
  t->list_epoch = t->host->pin_epoch;
  source_list_free(&t->list);
  for(int i=0; i<t->n_partition; i++) t->partition[i].is_listed = 0;
}

static void read_used(JsonlTable *t, JsonlCursor *c, const char *hex){
  sqlite3_uint64 used = strtoull(hex, 0, 16);
  c->any_used = 0;
  for(int i=0; i<t->serde.n_column; i++){
    c->used[i] = (used>>(i<63 ? i : 63)) & 1;
    c->any_used |= c->used[i];
  }
}

static int jsonlFilter(sqlite3_vtab_cursor *pCursor, int idxNum, const char *idxStr, int argc, sqlite3_value **argv){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  Constraint constraint[ARGUMENT_MAX];
  int n = 0, rc;
  (void)idxNum;
  if( (rc = close_file(t, c))!=SQLITE_OK ) return rc;
  pin(t, c);
  read_used(t, c, idxStr + 1);
  for(const char *z=strchr(idxStr, ';'); z && z[1] && n<argc; z=strchr(z + 1, ';')){
    constraint[n].column = atoi(z + 1);
    constraint[n].op = atoi(strchr(z + 1, ',') + 1);
    constraint[n].value = argv[n];
    n++;
  }
  if( (rc = select_partitions(t, c, constraint, n))!=SQLITE_OK ) return rc;
  c->at_selected = 0;
  c->at_file = -1;
  c->at_end = 0;
  c->rowid = 0;
  return jsonlNext(pCursor);
}

/* --- The query plan ------------------------------------------------------ */

static int is_prunable(int op){
  switch( op ){
    case SQLITE_INDEX_CONSTRAINT_EQ: case SQLITE_INDEX_CONSTRAINT_GT: case SQLITE_INDEX_CONSTRAINT_GE:
    case SQLITE_INDEX_CONSTRAINT_LT: case SQLITE_INDEX_CONSTRAINT_LE: case SQLITE_INDEX_CONSTRAINT_NE:
    case SQLITE_INDEX_CONSTRAINT_IS: case SQLITE_INDEX_CONSTRAINT_ISNULL: case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
      return 1;
    default:
      return 0;
  }
}

static int jsonlBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *info){
  JsonlTable *t = (JsonlTable*)pVtab;
  int first = t->serde.n_column, n = 0;
  double rows = 1000000;
  Buf b;
  buf_init(&b, 0);
  buf_printf(&b, "u%llx;", (unsigned long long)info->colUsed);
  for(int i=0; i<info->nConstraint; i++){
    const struct sqlite3_index_constraint *k = &info->aConstraint[i];
    if( !k->usable || k->iColumn<first || k->iColumn>=first + t->n_partition_column || !is_prunable(k->op) ) continue;
    if( n==ARGUMENT_MAX || strcmp(sqlite3_vtab_collation(info, i), "BINARY")!=0 ) continue;
    info->aConstraintUsage[i].argvIndex = ++n;
    buf_printf(&b, "%d,%d;", k->iColumn, k->op);
    rows /= k->op==SQLITE_INDEX_CONSTRAINT_EQ || k->op==SQLITE_INDEX_CONSTRAINT_IS ? 20 : 2;
  }
  info->estimatedRows = rows<1 ? 1 : (sqlite3_int64)rows;
  info->estimatedCost = rows*10;
  if( b.oom ){
    buf_free(&b);
    return SQLITE_NOMEM;
  }
  info->idxStr = b.z;
  info->needToFreeIdxStr = 1;
  return SQLITE_OK;
}

static const sqlite3_module jsonl_module = {
  .iVersion = 0,
  .xCreate = jsonlCreate,
  .xConnect = jsonlConnect,
  .xBestIndex = jsonlBestIndex,
  .xDisconnect = jsonlDisconnect,
  .xDestroy = jsonlDisconnect,
  .xOpen = jsonlOpen,
  .xClose = jsonlClose,
  .xFilter = jsonlFilter,
  .xNext = jsonlNext,
  .xEof = jsonlEof,
  .xColumn = jsonlColumn,
  .xRowid = jsonlRowid,
};

/* The host of a connection that has no driver: its own S3 client. */
typedef struct OwnHost {
  JsonlHost host;
  S3Shared s3;
} OwnHost;

static void own_host_free(void *p){
  OwnHost *own = p;
  s3_shared_close(&own->s3);
  sqlite3_free(own);
}

int jsonl_register(sqlite3 *db, JsonlHost *host){
  void (*destroy)(void*) = 0;
  if( host==0 ){
    OwnHost *own = sqlite3_malloc64(sizeof(*own));
    if( own==0 ) return SQLITE_NOMEM;
    memset(own, 0, sizeof(*own));
    own->host.s3 = &own->s3;
    host = &own->host;
    destroy = own_host_free;
  }
  return sqlite3_create_module_v2(db, "jsonl", &jsonl_module, host, destroy);
}
