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
** left.  LIMIT and OFFSET, where nothing is asked of the rows, bound what is read ahead.
** idxStr says all this in words (jsonl_plan.h); EXPLAIN QUERY PLAN shows it.
**
** Blocks of lines are read and decoded ahead of the cursor (jsonl_scan.h) by as
** many threads as the host says, in the extension by as many as there are
** processors; the first JSONL_ALONE_BYTES by the calling thread alone.
**
** Files are listed and pinned when the first cursor of a statement starts; all
** cursors that are open at once read the same list.
**
** Limits: COLUMN_MAX columns; FILTER_MAX comparisons; SCAN_LINE_MAX bytes of a
** line; what the SerDe says.
*/
#include "jsonl.h"
#include "jsonl_args.h"
#include "jsonl_plan.h"
#include "jsonl_scan.h"
#include "s3/source_s3.h"
#include <stdlib.h>
#include <string.h>

#define LINE_BITS 32            /* of a rowid: the line; then the file; then the partition */
#define PLACE_BITS 31
#define LIMIT_MAX 1000000000     /* of LIMIT and OFFSET that are looked at */
#define ROWS_BETWEEN_CLOCKS 128
#define TYPICAL_ROWS 1e6         /* what the planner is told of a table */

typedef struct JsonlCursor {
  sqlite3_vtab_cursor base;
  int is_pinned, at_end;
  int *column;                  /* of the files, used: the cells of a row */
  int *place;                   /* of each of the files' columns among them, or -1 */
  Filter filter[FILTER_MAX];
  Arena filters;                /* their values */
  int *selected;                /* partitions to read, in order */
  JsonlScan *scan;
  JsonlBlock *block;            /* where we are */
  int row;
  int told, told_passed;        /* of the block (jsonl_scan_tell) */
  unsigned ticks;
} JsonlCursor;

/* --- Errors and ends ----------------------------------------------------- */

/* Take over an error text; SQLITE_ERROR without one is out of memory. */
static int jsonl_error(JsonlTable *t, int rc, char *message){
  if( rc==SQLITE_ERROR && message==0 ) rc = SQLITE_NOMEM;
  if( message ){
    sqlite3_free(t->base.zErrMsg);
    t->base.zErrMsg = message;
  }
  return rc;
}

/* End the reading; the host is told of a file that is not read to its end. */
static int end_scan(JsonlCursor *c){
  JsonlScan *scan = c->scan;
  if( c->block ) jsonl_scan_free(scan, c->block);
  c->block = 0;
  c->scan = 0;
  return jsonl_scan_close(scan);
}

/* --- Connecting ---------------------------------------------------------- */

static int jsonlConnect(sqlite3 *db, void *pAux, int argc, const char *const *argv, sqlite3_vtab **ppVtab, char **pzErr){
  JsonlTable *t = jsonl_table_new();
  char *error;
  int rc = SQLITE_NOMEM;
  if( t==0 ) return SQLITE_NOMEM;
  t->db = db;
  t->host = pAux;
  t->schema = arena_strdup(&t->arena, argv[1]);
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
  t->next_table = t->host->tables;
  if( t->next_table ) t->next_table->at_table = &t->next_table;
  t->at_table = &t->host->tables;
  t->host->tables = t;
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
  end_scan(c);
  if( c->is_pinned ) jsonl_unpin((JsonlTable*)c->base.pVtab);
  arena_free(&c->filters);
  sqlite3_free(c->column);
  sqlite3_free(c->selected);
  sqlite3_free(c);
  return SQLITE_OK;
}

static int jsonlOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  JsonlTable *t = (JsonlTable*)pVtab;
  JsonlCursor *c = sqlite3_malloc64(sizeof(*c));
  if( c==0 ) return SQLITE_NOMEM;
  memset(c, 0, sizeof(*c));
  c->base.pVtab = pVtab;
  arena_init(&c->filters);
  c->column = sqlite3_malloc64(sizeof(int)*2*((size_t)t->serde.n_column + 1));
  c->selected = sqlite3_malloc64(sizeof(int)*((size_t)t->n_partition + 1));
  if( c->column==0 || c->selected==0 ){
    jsonlClose(&c->base);
    return SQLITE_NOMEM;
  }
  c->place = c->column + t->serde.n_column + 1;
  *ppCursor = &c->base;
  return SQLITE_OK;
}

/* The line of the row at hand, from 0 within the block. */
static int row_line(const JsonlCursor *c){
  const JsonlBlock *b = c->block;
  return b->rows.width ? b->line[c->row] : b->skip + c->row;
}

/* The block's rows are read: what stops behind them, and the next block. */
static int next_block(JsonlTable *t, JsonlCursor *c){
  char *error = 0;
  int rc = SQLITE_OK;
  JsonlBlock *b = c->block;
  if( b ){
    rc = jsonl_scan_tell(c->scan, b, b->n_line, &c->told, &c->told_passed);
    if( rc!=SQLITE_OK ) return rc;
    rc = b->rc!=SQLITE_OK ? jsonl_scan_error(c->scan, b, &error) : jsonl_scan_tell_end(c->scan, b);
    if( rc!=SQLITE_OK ) return jsonl_error(t, rc, error);
    c->block = 0;
    jsonl_scan_free(c->scan, b);
  }
  c->told = c->told_passed = 0;
  c->row = -1;
  rc = jsonl_scan_take(c->scan, &c->block, &error);
  if( rc==SQLITE_ROW ) return SQLITE_OK;
  if( rc!=SQLITE_DONE ) return jsonl_error(t, rc, error);
  c->at_end = 1;
  return SQLITE_OK;
}

static int jsonlNext(sqlite3_vtab_cursor *pCursor){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  int rc;
  if( ++c->ticks%ROWS_BETWEEN_CLOCKS==0 && jsonl_interrupted(t) ) return SQLITE_INTERRUPT;
  while( c->block==0 || ++c->row>=c->block->rows.n ){
    if( (rc = next_block(t, c))!=SQLITE_OK || c->at_end ) return rc;
  }
  return jsonl_scan_tell(c->scan, c->block, row_line(c) + 1, &c->told, &c->told_passed);
}

static int jsonlEof(sqlite3_vtab_cursor *pCursor){
  return ((JsonlCursor*)pCursor)->at_end;
}

/* The same row has the same rowid in every scan of a statement, whichever
** partitions are read: SQLite finds rows of an OR again by it. */
static int jsonlRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *pRowid){
  const JsonlCursor *c = (const JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  sqlite3_int64 partition = c->block->file.partition, file = c->block->file.place;
  sqlite3_int64 line = c->block->first_line + row_line(c) + 1;
  int file_bits = PLACE_BITS;
  while( (t->n_partition - 1)>>(PLACE_BITS - file_bits) ) file_bits--;
  if( file>>file_bits || line>>LINE_BITS ){
    return jsonl_error(t, SQLITE_ERROR, sqlite3_mprintf("TARN_NOT_SUPPORTED: so many files, or lines of a file, in %s", t->name));
  }
  *pRowid = ((partition<<file_bits | file)<<LINE_BITS) | line;
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

static void result_mtime(sqlite3_context *context, sqlite3_int64 mtime_ns){
  Arena arena;
  Value v;
  arena_init(&arena);
  v = jsonl_mtime(&arena, mtime_ns);
  if( v.kind==V_NULL ) sqlite3_result_error_nomem(context);
  else result_value(context, &v);
  arena_free(&arena);
}

static int jsonlColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *context, int i){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  const JsonlBlock *b = c->block;
  if( i<t->serde.n_column ){
    if( c->place[i]>=0 ) result_value(context, &b->rows.cell[(size_t)c->row*(size_t)b->rows.width + (size_t)c->place[i]]);
    return SQLITE_OK;
  }
  i -= t->serde.n_column;
  if( i<t->n_partition_column ){
    result_value(context, &t->partition[b->file.partition].value[i]);
    return SQLITE_OK;
  }
  switch( i - t->n_partition_column ){
    case HIDDEN_PATH: sqlite3_result_text(context, b->file.url, -1, SQLITE_TRANSIENT); break;
    case HIDDEN_SIZE: sqlite3_result_int64(context, b->file.size); break;
    case HIDDEN_MTIME: result_mtime(context, b->file.mtime_ns); break;
    case HIDDEN_LINE: sqlite3_result_int64(context, b->first_line + row_line(c) + 1); break;
  }
  return SQLITE_OK;
}

/* --- Starting ------------------------------------------------------------ */

/* Read the plan and the arguments: what is asked. */
static int read_plan(JsonlTable *t, JsonlCursor *c, const char *text, int argc, sqlite3_value **argv, JsonlRowsPlan *plan){
  JsonlAsked asked;
  arena_free(&c->filters);
  jsonl_plan_read(t, text, c->column, &plan->n_column, &asked);
  for(int i=0; i<t->serde.n_column; i++) c->place[i] = -1;
  for(int i=0; i<plan->n_column; i++) c->place[c->column[i]] = i;
  for(int i=0; i<asked.n_filter && i<argc; i++){
    int rc = filter_begin(&c->filter[i], &c->filters, asked.filter[i].column, asked.filter[i].op, asked.filter[i].is_in, argv[i]);
    if( rc!=SQLITE_OK ) return rc;
  }
  plan->column = c->column;
  plan->n_filter = asked.n_filter;
  plan->filter = c->filter;
  if( asked.has_limit && argc==asked.n_filter + 1 + asked.has_offset ){
    sqlite3_int64 limit = sqlite3_value_int64(argv[asked.n_filter]);
    sqlite3_int64 offset = asked.has_offset ? sqlite3_value_int64(argv[asked.n_filter + 1]) : 0;
    if( limit>=0 && limit<LIMIT_MAX && offset<LIMIT_MAX ) plan->most = 1 + limit + (offset>0 ? offset : 0);
  }
  return SQLITE_OK;
}

static int jsonlFilter(sqlite3_vtab_cursor *pCursor, int idxNum, const char *idxStr, int argc, sqlite3_value **argv){
  JsonlCursor *c = (JsonlCursor*)pCursor;
  JsonlTable *t = (JsonlTable*)c->base.pVtab;
  JsonlRowsPlan plan = { 0 };
  char *error = 0;
  int n, rc;
  (void)idxNum;
  if( (rc = end_scan(c))!=SQLITE_OK ) return rc;
  if( !c->is_pinned ) jsonl_pin(t);
  c->is_pinned = 1;
  if( (rc = read_plan(t, c, idxStr, argc, argv, &plan))!=SQLITE_OK ) return rc;
  rc = jsonl_select(t, plan.filter, plan.n_filter, c->selected, &n, &error);
  if( rc!=SQLITE_OK ) return jsonl_error(t, rc, error);
  if( (rc = jsonl_scan_open(t, &plan, c->selected, n, &c->scan))!=SQLITE_OK ) return rc;
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

/* A comparison that the scan can ask. */
static int may_take(const JsonlTable *t, sqlite3_index_info *info, int i){
  const struct sqlite3_index_constraint *k = &info->aConstraint[i];
  int end = t->serde.n_column + t->n_partition_column + HIDDEN_SIZE;
  return k->usable && k->iColumn>=0 && k->iColumn<=end && filter_takes(k->op)
      && strcmp(sqlite3_vtab_collation(info, i), "BINARY")==0;
}

/* LIMIT (and OFFSET) bound what is read ahead where nothing else is asked of the
** rows.  SQLite applies both itself: rows that OFFSET passes over are decoded,
** for a malformed one is an error on Athena too. */
static void take_limit(sqlite3_index_info *info, JsonlAsked *asked){
  int limit = -1, offset = -1, n = asked->n_filter;
  for(int i=0; i<info->nConstraint; i++){
    const struct sqlite3_index_constraint *k = &info->aConstraint[i];
    if( k->op==SQLITE_INDEX_CONSTRAINT_LIMIT && k->usable ) limit = i;
    else if( k->op==SQLITE_INDEX_CONSTRAINT_OFFSET && k->usable ) offset = i;
    else return;
  }
  if( limit<0 ) return;
  info->aConstraintUsage[limit].argvIndex = ++n;
  if( offset>=0 ) info->aConstraintUsage[offset].argvIndex = ++n;
  asked->has_limit = 1;
  asked->has_offset = offset>=0;
}

static int jsonlBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *info){
  JsonlTable *t = (JsonlTable*)pVtab;
  JsonlAsked asked = { 0 };
  double rows = TYPICAL_ROWS, cost = TYPICAL_ROWS*10;
  for(int i=0; i<info->nConstraint && asked.n_filter<FILTER_MAX; i++){
    const struct sqlite3_index_constraint *k = &info->aConstraint[i];
    if( !may_take(t, info, i) ) continue;
    asked.filter[asked.n_filter].column = k->iColumn;
    asked.filter[asked.n_filter].op = k->op;
    asked.filter[asked.n_filter].is_in = sqlite3_vtab_in(info, i, 1);
    info->aConstraintUsage[i].argvIndex = ++asked.n_filter;
    rows *= selectivity(k->op);
    if( k->iColumn>=t->serde.n_column ) cost *= selectivity(k->op);
  }
  take_limit(info, &asked);
  info->estimatedRows = rows<1 ? 1 : (sqlite3_int64)rows;
  info->estimatedCost = cost;
  info->idxStr = jsonl_plan_write(t, info->colUsed, &asked);
  info->needToFreeIdxStr = 1;
  return info->idxStr ? SQLITE_OK : SQLITE_NOMEM;
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
