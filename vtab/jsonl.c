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
** used, lines are only counted.  Comparisons with values, IS [NOT] NULL and IN
** lists are taken where the collation is BINARY (jsonl_filter.h): on partition
** columns they leave out partitions, whose files are not listed or opened, on
** "$path" and "$file_size" files, on others rows; SQLite checks again what is
** left.  idxStr is "u<hex of colUsed>;" then "<column>,<operator>,<1 for an IN
** list>;" for each argument of xFilter.
**
** Files are listed and pinned when the first cursor of a statement starts; all
** cursors that are open at once read the same list.
**
** Limits: COLUMN_MAX columns; FILTER_MAX comparisons; SCAN_LINE_MAX bytes of a
** line; what the SerDe says.
*/
#include "jsonl.h"
#include "jsonl_args.h"
#include "jsonl_filter.h"
#include "jsonl_table.h"
#include "s3/source_s3.h"
#include "scan.h"
#include "serde.h"
#include "datetime.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LINE_BITS 32            /* of a rowid: the line; then the file; then the partition */
#define PLACE_BITS 31
#define INTERRUPT_CHECK_MS 5
#define ROWS_BETWEEN_CLOCKS 128
#define TYPICAL_ROWS 1e6         /* what the planner is told of a table */

enum { HIDDEN_PATH, HIDDEN_SIZE, HIDDEN_MTIME, HIDDEN_LINE };

typedef struct JsonlCursor {
  sqlite3_vtab_cursor base;
  int is_pinned, at_end;
  unsigned char *used;          /* of the files' columns */
  int any_used;
  Filter filter[FILTER_MAX]; int n_filter;      /* those of the files' columns */
  Filter file_filter[FILTER_MAX]; int n_file_filter;    /* those of "$path" and "$file_size" */
  Arena filters;                /* their values */
  int *selected, n_selected;    /* partitions to read, in order */
  int at_selected, at_file;     /* where we are: file is an index of the list */
  SourceList view;              /* the table's list, with this cursor's own remote reader */
  Source *source;
  Scanner scanner;
  SerdeRow row;
  Record record;
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
  JsonlInput input = { t->name, f->url, f->size, f->mtime_ns/1000000, c->source->stored_bytes, f->etag };
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

static int jsonlConnect(sqlite3 *db, void *pAux, int argc, const char *const *argv, sqlite3_vtab **ppVtab, char **pzErr){
  JsonlTable *t = jsonl_table_new();
  char *error;
  int rc = SQLITE_NOMEM;
  if( t==0 ) return SQLITE_NOMEM;
  t->db = db;
  t->host = pAux;
  t->name = arena_strdup(&t->arena, argv[2]);
  error = jsonl_args_parse(&t->arena, argc - 3, argv + 3, &t->spec);
  if( error==0 && !t->arena.oom ) error = jsonl_table_build(t);
  if( error ){
    *pzErr = error;
    rc = SQLITE_ERROR;
  }else if( !t->arena.oom ){
    rc = jsonl_table_declare(t, db);
  }
  if( rc==SQLITE_OK ) rc = sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
  if( rc!=SQLITE_OK ){
    jsonl_table_free(t);
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
  jsonl_table_free((JsonlTable*)pVtab);
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
  arena_free(&c->filters);
  if( t->serde.ops->end ) t->serde.ops->end(&c->row);
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
  arena_init(&c->filters);
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

static int file_may_pass(const JsonlTable *t, const JsonlCursor *c, const SourceFile *file){
  Value path = value_text(file->url, strlen(file->url)), size = value_int(file->size);
  for(int i=0; i<c->n_file_filter; i++){
    int hidden = c->file_filter[i].column - t->serde.n_column - t->n_partition_column;
    if( !filter_may_pass(&c->file_filter[i], hidden==HIDDEN_PATH ? &path : &size) ) return 0;
  }
  return 1;
}

/* Find the next file that is to be read.  SQLITE_DONE when there is none. */
static int find_file(JsonlTable *t, JsonlCursor *c){
  for(;;){
    Partition *p;
    int rc;
    if( c->at_selected>=c->n_selected ) return SQLITE_DONE;
    p = &t->partition[c->selected[c->at_selected]];
    if( c->at_file<0 ){
      if( (rc = list_partition(t, c, p, c->selected[c->at_selected]))!=SQLITE_OK ) return rc;
      c->at_file = p->first;
    }else{
      c->at_file++;
    }
    if( c->at_file<p->first + p->n ){
      if( file_may_pass(t, c, &t->list.file[c->at_file]) ) return SQLITE_OK;
      continue;
    }
    c->at_selected++;
    c->at_file = -1;
  }
}

/* Open the next file.  SQLITE_DONE when there is none. */
static int next_file(JsonlTable *t, JsonlCursor *c){
  SourceOptions options = { 0 };
  char *error = 0;
  int rc = find_file(t, c);
  if( rc!=SQLITE_OK ) return rc;
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

/* The next record of the next file that has one; at_end when there is none. */
static int next_record(JsonlTable *t, JsonlCursor *c){
  char *error = 0;
  int rc;
  for(;;){
    rc = c->source ? scan_next(&c->scanner, &c->record, &error) : SQLITE_DONE;
    if( rc==SQLITE_ROW ) return SQLITE_OK;
    if( rc!=SQLITE_DONE ) return jsonl_error(t, rc, error);
    if( (rc = close_file(t, c))!=SQLITE_OK ) return rc;
    rc = next_file(t, c);
    if( rc==SQLITE_DONE ){
      c->at_end = 1;
      return SQLITE_OK;
    }
    if( rc!=SQLITE_OK ) return rc;
  }
}

static int row_may_pass(const JsonlCursor *c){
  for(int i=0; i<c->n_filter; i++){
    if( !filter_may_pass(&c->filter[i], &c->row.cell[c->filter[i].column]) ) return 0;
  }
  return 1;
}

static int jsonlNext(sqlite3_vtab_cursor *pCursor){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  int rc;
  do{
    if( ++c->ticks%ROWS_BETWEEN_CLOCKS==0 && jsonl_interrupted(t) ) return SQLITE_INTERRUPT;
    if( (rc = next_record(t, c))!=SQLITE_OK || c->at_end ) return rc;
    t->host->stats.rows++;
    if( c->any_used && (rc = decode_record(t, c))!=SQLITE_OK ) return rc;
  }while( !row_may_pass(c) );
  return SQLITE_OK;
}

static int jsonlEof(sqlite3_vtab_cursor *pCursor){
  return ((JsonlCursor*)pCursor)->at_end;
}

/* The same row has the same rowid in every scan of a statement, whichever
** partitions are read: SQLite finds rows of an OR again by it. */
static int jsonlRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *pRowid){
  const JsonlCursor *c = (const JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  sqlite3_int64 partition = c->selected[c->at_selected], file = c->at_file - t->partition[partition].first;
  int file_bits = PLACE_BITS;
  while( (t->n_partition - 1)>>(PLACE_BITS - file_bits) ) file_bits--;
  if( file>>file_bits || c->record.line>>LINE_BITS ){
    return jsonl_error(t, SQLITE_ERROR, sqlite3_mprintf("TARN_NOT_SUPPORTED: so many files, or lines of a file, in %s", t->name));
  }
  *pRowid = ((partition<<file_bits | file)<<LINE_BITS) | c->record.line;
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

static int select_partitions(JsonlTable *t, JsonlCursor *c, const Filter *filter, int n){
  c->n_selected = 0;
  for(int i=0; i<t->n_partition; i++){
    const Partition *p = &t->partition[i];
    int pass = 1;
    if( p->bad ){
      return jsonl_error(t, SQLITE_ERROR, sqlite3_mprintf(
        "HIVE_INVALID_PARTITION_VALUE: Invalid partition value '%s' for %s partition key: %s", p->bad,
        type_text(&t->arena, t->partition_column[p->bad_column].type), t->partition_column[p->bad_column].name));
    }
    for(int k=0; k<n && pass; k++) pass = filter_may_pass(&filter[k], &p->value[filter[k].column - t->serde.n_column]);
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

/* Read idxStr and the arguments: what is asked of partitions, what of rows. */
static int read_filters(JsonlTable *t, JsonlCursor *c, const char *plan, int argc, sqlite3_value **argv,
                        Filter *partition_filter, int *n_partition_filter){
  int n = 0;
  arena_free(&c->filters);
  c->n_filter = c->n_file_filter = 0;
  for(const char *z=strchr(plan, ';'); z && z[1] && n<argc; z=strchr(z + 1, ';')){
    int column = atoi(z + 1), rc;
    const char *op = strchr(z + 1, ',') + 1;
    Filter *f = column<t->serde.n_column ? &c->filter[c->n_filter++]
              : column<t->serde.n_column + t->n_partition_column ? &partition_filter[(*n_partition_filter)++]
              : &c->file_filter[c->n_file_filter++];
    rc = filter_begin(f, &c->filters, column, atoi(op), strchr(op, ',')[1]=='1', argv[n++]);
    if( rc!=SQLITE_OK ) return rc;
  }
  return SQLITE_OK;
}

static int jsonlFilter(sqlite3_vtab_cursor *pCursor, int idxNum, const char *idxStr, int argc, sqlite3_value **argv){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  Filter partition_filter[FILTER_MAX];
  int n = 0, rc;
  (void)idxNum;
  if( (rc = close_file(t, c))!=SQLITE_OK ) return rc;
  pin(t, c);
  read_used(t, c, idxStr + 1);
  if( (rc = read_filters(t, c, idxStr, argc, argv, partition_filter, &n))!=SQLITE_OK ) return rc;
  if( (rc = select_partitions(t, c, partition_filter, n))!=SQLITE_OK ) return rc;
  c->at_selected = 0;
  c->at_file = -1;
  c->at_end = 0;
  return jsonlNext(pCursor);
}

/* --- The query plan ------------------------------------------------------ */

/* How much of the rows a comparison may leave. */
static double selectivity(int op){
  switch( op ){
    case SQLITE_INDEX_CONSTRAINT_EQ: case SQLITE_INDEX_CONSTRAINT_IS: return 0.05;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL: case SQLITE_INDEX_CONSTRAINT_NE: return 0.9;
    default: return 0.5;
  }
}

static int jsonlBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *info){
  JsonlTable *t = (JsonlTable*)pVtab;
  int first = t->serde.n_column, n = 0;
  double rows = TYPICAL_ROWS, cost = TYPICAL_ROWS*10;
  Buf b;
  buf_init(&b, 0);
  buf_printf(&b, "u%llx;", (unsigned long long)info->colUsed);
  for(int i=0; i<info->nConstraint; i++){
    const struct sqlite3_index_constraint *k = &info->aConstraint[i];
    int is_in;
    if( !k->usable || k->iColumn<0 || k->iColumn>first + t->n_partition_column + HIDDEN_SIZE || !filter_takes(k->op) ) continue;
    if( n==FILTER_MAX || strcmp(sqlite3_vtab_collation(info, i), "BINARY")!=0 ) continue;
    is_in = sqlite3_vtab_in(info, i, 1);
    info->aConstraintUsage[i].argvIndex = ++n;
    buf_printf(&b, "%d,%d,%d;", k->iColumn, k->op, is_in);
    rows *= selectivity(k->op);
    if( k->iColumn>=first ) cost *= selectivity(k->op);
  }
  info->estimatedRows = rows<1 ? 1 : (sqlite3_int64)rows;
  info->estimatedCost = cost;
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
