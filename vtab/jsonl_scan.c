/*
** A scan of a landing table: see jsonl_scan.h.
**
** The crew's `next` is the reader, its `work` decodes a block with the SerdeRow
** of the hand.  The scan starts alone; once JSONL_ALONE_BYTES are read it hires
** the other hands.  Blocks and their memory are used again.
**
** Only the thread of the connection asks SQLite whether it was interrupted
** (while it waits, every WAIT_MS); the hands see the flag `stop`.
*/
#include "jsonl_scan.h"
#include "kernel.h"
#include "scan.h"
#include "datetime.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INTERRUPT_CHECK_MS 5
#define WAIT_MS 10
#define WINDOW_PER_HAND 2       /* blocks that are made ahead */
#define SPARE_BYTES_MAX (4<<20) /* a block of more memory is not kept */
#define ROWS_FIRST 512
#define ROWS_HIRE 10000         /* more than so many rows must be wanted, where that is known */
#define ROWS_LEAST 16
#define ROW_BYTES 256           /* of a row, as a guess: for a first block that is read in vain as little as can be */
#define RUN_ROWS 64             /* decoded before they are filtered */

/* to: rows of all used columns, for decode_run, where they are not the block's. */
typedef struct Hand { SerdeRow row; Value *to; int is_ready; } Hand;

struct JsonlScan {
  JsonlTable *t;
  JsonlRowsPlan plan;
  JsonlReader reader;
  Crew *crew;
  int n_hand, is_hired;
  Kernel kernel;
  sqlite3_int64 bytes;          /* of the lines taken */
  sqlite3_int64 n_row;          /* their number, without headers */
  unsigned char *used;          /* of the files' columns */
  int n_used, *used_column, *place;     /* those; the place of each column among them */
  int is_direct;                /* they are the block's cells, and there is no filter */
  Filter filter[FILTER_MAX]; int n_filter;      /* those of the files' columns; column is the place */
  Hand hand[CREW_HANDS_MAX];
  pthread_mutex_t lock;         /* of spare */
  JsonlBlock *spare;
  atomic_int stop;
  _Atomic pthread_t taker;      /* the thread of the connection */
  sqlite3_int64 line;           /* lines taken of the open file */
  int is_open;                  /* a file was begun and not ended */
  JsonlFile file;
  sqlite3_int64 stored_bytes;
};

/* --- Interrupts ---------------------------------------------------------- */

static sqlite3_int64 now_ms(void){
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
  return (sqlite3_int64)ts.tv_sec*1000 + ts.tv_nsec/1000000;
}

/* SQLite 3.40 has no way to ask for sqlite3_interrupt, but a statement that is
** stepped answers SQLITE_INTERRUPT. */
int jsonl_interrupted(JsonlTable *t){
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

/* In any hand. */
static int scan_interrupted(void *arg){
  JsonlScan *s = arg;
  if( atomic_load(&s->stop) ) return 1;
  if( !pthread_equal(pthread_self(), atomic_load(&s->taker)) || !jsonl_interrupted(s->t) ) return 0;
  atomic_store(&s->stop, 1);
  return 1;
}

/* --- The list of files --------------------------------------------------- */

/* The first cursor of a statement drops what was pinned before. */
void jsonl_pin(JsonlTable *t){
  if( t->n_pinned++ ) return;
  if( t->host->pin_epoch && t->host->pin_epoch==t->list_epoch ) return;
  t->list_epoch = t->host->pin_epoch;
  source_list_free(&t->list);
  for(int i=0; i<t->n_partition; i++) t->partition[i].is_listed = 0;
}

void jsonl_unpin(JsonlTable *t){
  t->n_pinned--;
}

/* The places of partitions that are to be listed now; 0 when the first one is listed. */
static int places_to_list(const JsonlTable *t, const SourceOptions *options, int n, const int *partition, SourcePlace *place){
  int k = 0;
  if( t->partition[partition[0]].is_listed ) return 0;
  for(int i=0; i<n && k<LIST_AHEAD; i++){
    const Partition *p = &t->partition[partition[i]];
    if( p->is_listed ) continue;
    if( k && !source_is_network(options, p->location) ) break;
    place[k++] = (SourcePlace){ p->location, partition[i], 0, 0 };
    if( !source_is_network(options, p->location) ) break;
  }
  return k;
}

const char *jsonl_root(const JsonlTable *t){
  const char *root = t->host->s3_root ? t->host->s3_root : getenv("TARN_S3_ROOT");
  return root && root[0] ? root : t->spec.s3_root;
}

int jsonl_list_partitions(JsonlTable *t, int n, const int *partition, int (*interrupted)(void*), void *arg, int *n_listed, char **pzErr){
  SourceOptions options = { 0 };
  SourcePlace place[LIST_AHEAD];
  int rc, before = t->list.n;
  options.s3_root = jsonl_root(t);
  options.s3 = t->host->s3;
  options.interrupted = interrupted;
  options.interrupted_arg = arg;
  n = places_to_list(t, &options, n, partition, place);
  rc = source_list_many(&t->list, &options, n, place, pzErr);
  if( rc!=SQLITE_OK ){
    t->list.n = before;
    return rc;
  }
  for(int i=0; i<n; i++){
    Partition *p = &t->partition[place[i].tag];
    p->first = place[i].first;
    p->n = place[i].n;
    p->is_listed = 1;
    *n_listed += p->n;
  }
  return SQLITE_OK;
}

int jsonl_select(JsonlTable *t, const Filter *filter, int n_filter, int *selected, int *n_selected, char **pzErr){
  int first = t->serde.n_column, end = first + t->n_partition_column;
  *n_selected = 0;
  for(int i=0; i<t->n_partition; i++){
    const Partition *p = &t->partition[i];
    int pass = 1;
    if( p->bad ){
      *pzErr = sqlite3_mprintf("HIVE_INVALID_PARTITION_VALUE: Invalid partition value '%s' for %s partition key: %s",
        p->bad, type_text(&t->arena, t->partition_column[p->bad_column].type), t->partition_column[p->bad_column].name);
      return *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    for(int k=0; k<n_filter && pass; k++){
      if( filter[k].column<first || filter[k].column>=end ) continue;
      pass = filter_may_pass(&filter[k], &p->value[filter[k].column - first]);
    }
    if( pass ) selected[(*n_selected)++] = i;
  }
  t->host->stats.files_pruned += t->n_partition - *n_selected;
  return SQLITE_OK;
}

Value jsonl_mtime(Arena *a, sqlite3_int64 mtime_ns){
  HiveTime time = { floor_div(mtime_ns, 1000000000), 0 };
  Value v;
  char *text;
  time.nanos = (int)(floor_mod(mtime_ns, 1000000000)/1000000*1000000);
  v = timestamp_store(a, time);
  text = v.kind==V_TEXT ? arena_printf(a, "%.*s UTC", v.n, v.z) : 0;
  return text ? value_text(text, strlen(text)) : value_null();
}

/* --- Blocks -------------------------------------------------------------- */

static void block_delete(JsonlBlock *b){
  if( b==0 ) return;
  arena_free(&b->arena);
  sqlite3_free(b->message);
  sqlite3_free(b->buf);
  sqlite3_free(b->rows.cell);
  sqlite3_free(b->line);
  sqlite3_free(b);
}

static JsonlBlock *block_new(JsonlScan *s){
  JsonlBlock *b;
  pthread_mutex_lock(&s->lock);
  if( (b = s->spare)!=0 ) s->spare = b->spare;
  pthread_mutex_unlock(&s->lock);
  if( b==0 ){
    b = sqlite3_malloc64(sizeof(*b));
    if( b==0 ) return 0;
    memset(b, 0, sizeof(*b));
    arena_init(&b->arena);
    b->rows.width = s->plan.n_column;
  }
  return b;
}

static void block_free(void *arg, void *task){
  JsonlScan *s = arg;
  JsonlBlock *b = task, clean = { 0 };
  if( b->rows.product && s->plan.map.free_product ) s->plan.map.free_product(s->plan.map.arg, b->rows.product);
  if( b->cap>SPARE_BYTES_MAX || b->arena.oom ){
    block_delete(b);
    return;
  }
  sqlite3_free(b->message);
  arena_reset(&b->arena);
  clean.rows.cell = b->rows.cell;
  clean.rows.width = b->rows.width;
  clean.line = b->line;
  clean.buf = b->buf;
  clean.cap = b->cap;
  clean.cap_row = b->cap_row;
  clean.arena = b->arena;
  *b = clean;
  pthread_mutex_lock(&s->lock);
  b->spare = s->spare;
  s->spare = b;
  pthread_mutex_unlock(&s->lock);
}

/* Room for one more row. */
static int block_grow(JsonlBlock *b){
  int cap = b->cap_row ? b->cap_row*2 : ROWS_FIRST;
  size_t width = b->rows.width ? (size_t)b->rows.width : 1;
  Value *cell = sqlite3_realloc64(b->rows.cell, sizeof(Value)*width*(size_t)cap);
  int *line;
  if( cell==0 ) return SQLITE_NOMEM;
  b->rows.cell = cell;
  line = sqlite3_realloc64(b->line, sizeof(int)*(size_t)cap);
  if( line==0 ) return SQLITE_NOMEM;
  b->line = line;
  b->cap_row = cap;
  return SQLITE_OK;
}

/* --- Decoding ------------------------------------------------------------ */

static Hand *hand_ready(JsonlScan *s, int i){
  Hand *h = &s->hand[i];
  size_t n = (size_t)s->t->serde.n_column + 1;
  if( h->is_ready ) return h;
  h->row.serde = &s->t->serde;
  h->row.used = s->used;
  h->row.place = s->place;
  h->row.stride = s->n_used;
  h->row.cell = sqlite3_malloc64(sizeof(Value)*n);
  h->to = sqlite3_malloc64(sizeof(Value)*RUN_ROWS*((size_t)s->n_used + 1));
  if( h->row.cell==0 || h->to==0 ){
    sqlite3_free(h->row.cell);
    sqlite3_free(h->to);
    return 0;
  }
  memset(h->row.cell, 0, sizeof(Value)*n);
  h->is_ready = 1;
  return h;
}

static int note_passed(JsonlBlock *b, SerdeRow *row, int line, const char *z, size_t n){
  if( b->n_passed==b->cap_passed ){
    int cap = b->cap_passed ? b->cap_passed*2 : 8;
    JsonlPassed *grown = ARENA_ARRAY(&row->arena, JsonlPassed, cap);
    if( grown==0 ) return SQLITE_NOMEM;
    if( b->n_passed ) memcpy(grown, b->passed, sizeof(*grown)*(size_t)b->n_passed);
    b->passed = grown;
    b->cap_passed = cap;
  }
  b->passed[b->n_passed++] = (JsonlPassed){ line, row->passed_byte, row->passed, z, n };
  return SQLITE_OK;
}

/* The cells of columns that are not of the line: the same for the whole block. */
static Value constant_cell(const JsonlScan *s, const JsonlBlock *b, Arena *a, int column){
  int i = column - s->t->serde.n_column;
  if( i<s->t->n_partition_column ) return s->t->partition[b->file.partition].value[i];
  switch( i - s->t->n_partition_column ){
    case HIDDEN_PATH: return value_text(b->file.url, strlen(b->file.url));
    case HIDDEN_SIZE: return value_int(b->file.size);
    default: return jsonl_mtime(a, b->file.mtime_ns);
  }
}

/* Where lines end: the places of the next \n and \r are found once each. */
typedef struct Lines { const char *at, *end, *newline, *creturn; } Lines;

static const char *find(const char *z, const char *end, char c){
  const char *p = z<end ? memchr(z, c, (size_t)(end - z)) : 0;
  return p ? p : end;
}

/* The end of the line at l->at; l->at becomes the start of the next one. */
static const char *next_line(Lines *l){
  const char *stop;
  if( l->newline<l->at ) l->newline = find(l->at, l->end, '\n');
  if( l->creturn<l->at ) l->creturn = find(l->at, l->end, '\r');
  stop = l->newline<l->creturn ? l->newline : l->creturn;
  l->at = stop<l->end ? stop + 1 : stop;
  if( stop<l->end && *stop=='\r' && l->at<l->end && *l->at=='\n' ) l->at++;
  return stop;
}

static void lines_begin(Lines *l, const JsonlBlock *b){
  l->at = b->buf + b->at;
  l->end = b->buf + b->end;
  l->newline = l->creturn = 0;
}

/* A line that is too long ends the block before it. */
static void cut_too_long(JsonlBlock *b){
  Lines l;
  if( b->end - b->at<=SCAN_LINE_MAX ) return;
  lines_begin(&l, b);
  for(int line=0; l.at<l.end; line++){
    const char *z = l.at, *stop = next_line(&l);
    if( stop - z<=SCAN_LINE_MAX ) continue;
    sqlite3_free(b->message);
    b->message = 0;
    b->end = (size_t)(z - b->buf);
    b->rc = SQLITE_ERROR;
    b->is_too_long = 1;
    b->error_line = line;
    return;
  }
}

static int row_may_pass(const JsonlScan *s, const Value *cell){
  for(int i=0; i<s->n_filter; i++){
    if( !filter_may_pass(&s->filter[i], &cell[s->filter[i].column]) ) return 0;
  }
  return 1;
}

/* A row of used columns, when it passes. */
static int add_row(const JsonlScan *s, JsonlBlock *b, const Value *cell, const Value *constant, int line){
  Value *out;
  int first = s->t->serde.n_column;
  if( !row_may_pass(s, cell) ) return SQLITE_OK;
  if( b->rows.n==b->cap_row && block_grow(b)!=SQLITE_OK ) return SQLITE_NOMEM;
  out = b->rows.cell + (size_t)b->rows.n*(size_t)b->rows.width;
  for(int i=0; i<b->rows.width; i++){
    int column = s->plan.column[i];
    out[i] = column<first ? cell[s->place[column]] : constant[i];
  }
  b->line[b->rows.n++] = line;
  return SQLITE_OK;
}

/* One line to a row of used columns; SQLITE_OK, or the error that ends the block. */
static int decode_line(JsonlScan *s, JsonlBlock *b, SerdeRow *row, int line, const char *z, size_t n, Value *to){
  row->error.code = 0;
  row->passed = 0;
  if( s->t->serde.ops->decode(row, z, n) || row->arena.oom ){
    if( row->arena.oom || row->error.code==0 ) return SQLITE_NOMEM;
    b->error = row->error;
    return SQLITE_ERROR;
  }
  for(int i=0; i<s->n_used; i++) to[i] = row->cell[s->used_column[i]];
  return row->passed ? note_passed(b, row, line, z, n) : SQLITE_OK;
}

/* Lines at hand to rows of used columns, at most `most`: those that the SerDe
** knows the form of, or else one. */
static int decode_some(JsonlScan *s, JsonlBlock *b, SerdeRow *row, Lines *l, Value *to, int most, int *n){
  const char *z;
  int rc;
  *n = s->t->serde.ops->decode_run ? s->t->serde.ops->decode_run(row, &l->at, l->end, to, most) : 0;
  if( *n>0 ) return SQLITE_OK;
  z = l->at;
  rc = decode_line(s, b, row, b->n_line, z, (size_t)(next_line(l) - z), to);
  if( rc==SQLITE_OK ) *n = 1;
  else b->error_line = b->n_line++;
  return rc;
}

/* All lines; each is a row of the block. */
static int decode_direct(JsonlScan *s, JsonlBlock *b, Hand *h, Lines *l){
  while( l->at<l->end ){
    int n, rc;
    if( b->rows.n==b->cap_row && block_grow(b)!=SQLITE_OK ) return SQLITE_NOMEM;
    rc = decode_some(s, b, &h->row, l, b->rows.cell + (size_t)b->rows.n*(size_t)b->rows.width, b->cap_row - b->rows.n, &n);
    if( rc!=SQLITE_OK ) return rc;
    for(int i=0; i<n; i++) b->line[b->rows.n++] = b->n_line++;
  }
  return SQLITE_OK;
}

static int decode_filtered(JsonlScan *s, JsonlBlock *b, Hand *h, Lines *l){
  Value *constant = ARENA_ARRAY(&h->row.arena, Value, b->rows.width);
  int first = s->t->serde.n_column;
  if( constant==0 ) return SQLITE_NOMEM;
  for(int i=0; i<b->rows.width; i++){
    if( s->plan.column[i]>=first ) constant[i] = constant_cell(s, b, &h->row.arena, s->plan.column[i]);
  }
  while( l->at<l->end ){
    int n, rc = decode_some(s, b, &h->row, l, h->to, RUN_ROWS, &n);
    for(int i=0; i<n && rc==SQLITE_OK; i++){
      rc = add_row(s, b, h->to + (size_t)i*(size_t)s->n_used, constant, b->n_line);
      b->error_line = b->n_line++;
    }
    if( rc!=SQLITE_OK ) return rc;
  }
  return SQLITE_OK;
}

static int decode_lines(JsonlScan *s, JsonlBlock *b, Hand *h){
  Lines l;
  lines_begin(&l, b);
  for(b->n_line=0; b->n_line<b->skip; b->n_line++) next_line(&l);
  return s->is_direct ? decode_direct(s, b, h, &l) : decode_filtered(s, b, h, &l);
}

/* Rows whose lines need not be decoded: all of the block's, or constants only. */
static int count_lines(JsonlScan *s, JsonlBlock *b, Arena *a){
  int n = (int)kernel_count_lines(s->kernel, b->buf + b->at, b->end - b->at), width = b->rows.width;
  b->n_line = n;
  b->rows.n = 0;
  if( width==0 ){
    b->rows.n = n - b->skip;
    return SQLITE_OK;
  }
  for(; b->rows.n<n - b->skip; b->rows.n++){
    Value *out;
    if( b->rows.n==b->cap_row && block_grow(b)!=SQLITE_OK ) return SQLITE_NOMEM;
    out = b->rows.cell + (size_t)b->rows.n*(size_t)width;
    for(int i=0; i<width; i++) out[i] = b->rows.n ? out[i - width] : constant_cell(s, b, a, s->plan.column[i]);
    b->line[b->rows.n] = b->skip + b->rows.n;
  }
  return a->oom ? SQLITE_NOMEM : SQLITE_OK;
}

/* An error of the lines goes before what the reader met behind them. */
static void set_error(JsonlBlock *b, int rc){
  sqlite3_free(b->message);
  b->message = 0;
  b->is_too_long = 0;
  b->rc = rc;
}

static int next_block(void *arg, void **task){
  JsonlScan *s = arg;
  JsonlBlock *b = block_new(s);
  int rc;
  if( b==0 ) return SQLITE_NOMEM;
  rc = jsonl_read_block(&s->reader, b);
  b->n_listed = s->reader.n_listed;
  if( rc!=SQLITE_ROW ){
    block_free(s, b);
    return rc;
  }
  s->reader.n_listed = 0;
  *task = b;
  return SQLITE_ROW;
}

static void work_block(void *arg, void *task, int hand){
  JsonlScan *s = arg;
  JsonlBlock *b = task;
  Hand *h;
  int rc;
  if( b->file.url==0 || atomic_load(&s->stop) ) return;
  cut_too_long(b);
  if( s->n_used==0 ){
    rc = count_lines(s, b, &b->arena);
  }else{
    if( (h = hand_ready(s, hand))==0 ){
      set_error(b, SQLITE_NOMEM);
      return;
    }
    h->row.arena = b->arena;
    rc = decode_lines(s, b, h);
    b->arena = h->row.arena;
    arena_init(&h->row.arena);
  }
  if( rc!=SQLITE_OK ) set_error(b, rc);
  if( b->rows.n && s->plan.map.map && s->plan.map.map(s->plan.map.arg, &b->rows, hand) ){
    set_error(b, SQLITE_NOMEM);
    b->rows.n = 0;
  }
}

static const CrewOps scan_crew = { next_block, work_block, block_free };

/* --- Scans --------------------------------------------------------------- */

/* A column of the files is used: it has a place in the decoded rows. */
static void use_column(JsonlScan *s, int column){
  if( column>=s->t->serde.n_column || s->used[column] ) return;
  s->used[column] = 1;
  s->place[column] = s->n_used;
  s->used_column[s->n_used++] = column;
}

/* Which columns are decoded, and where each filter is asked. */
static int plan_columns(JsonlScan *s){
  const JsonlRowsPlan *plan = &s->plan;
  int first = s->t->serde.n_column, hidden = first + s->t->n_partition_column;
  size_t n = (size_t)first + 1;
  s->used_column = sqlite3_malloc64((sizeof(int)*2 + 1)*n);
  if( s->used_column==0 ) return SQLITE_NOMEM;
  memset(s->used_column, 0, (sizeof(int)*2 + 1)*n);
  s->place = s->used_column + n;
  s->used = (unsigned char*)(s->place + n);
  for(int i=0; i<plan->n_column; i++) use_column(s, plan->column[i]);
  s->is_direct = s->n_used==plan->n_column;
  for(int i=0; i<plan->n_filter; i++){
    Filter f = plan->filter[i];
    if( f.column>=hidden ) s->reader.file_filter[s->reader.n_file_filter++] = f;
    if( f.column>=first ) continue;
    use_column(s, f.column);
    f.column = s->place[f.column];
    s->filter[s->n_filter++] = f;
    s->is_direct = 0;
  }
  return SQLITE_OK;
}

int jsonl_rows_hands(const JsonlTable *t){
  int n = t->host->threads>0 ? t->host->threads : crew_hands();
  return n>CREW_HANDS_MAX ? CREW_HANDS_MAX : n;
}

int jsonl_scan_open(JsonlTable *t, const JsonlRowsPlan *plan, const int *selected, int n_selected, JsonlScan **out){
  JsonlScan *s = sqlite3_malloc64(sizeof(*s));
  int rc;
  *out = 0;
  if( s==0 ) return SQLITE_NOMEM;
  memset(s, 0, sizeof(*s));
  pthread_mutex_init(&s->lock, 0);
  s->t = t;
  s->plan = *plan;
  s->kernel = s->reader.kernel = kernel_chosen();
  s->n_hand = plan->n_hand>0 ? plan->n_hand : jsonl_rows_hands(t);
  if( s->n_hand>CREW_HANDS_MAX ) s->n_hand = CREW_HANDS_MAX;
  atomic_init(&s->stop, 0);
  atomic_init(&s->taker, pthread_self());
  s->reader.t = t;
  s->reader.selected = selected;
  s->reader.n_selected = n_selected;
  s->reader.at_file = -1;
  s->reader.interrupted = scan_interrupted;
  s->reader.arg = s;
  s->reader.block_bytes = (size_t)plan->block_bytes;
  if( plan->most && plan->most<ROWS_HIRE ) s->reader.block_bytes = ROW_BYTES*(size_t)(plan->most<ROWS_LEAST ? ROWS_LEAST : plan->most);
  rc = plan_columns(s);
  if( rc==SQLITE_OK ) rc = crew_open(&scan_crew, s, 1, s->n_hand*WINDOW_PER_HAND + 1, &s->crew);
  if( rc!=SQLITE_OK ){
    jsonl_scan_close(s);
    return rc;
  }
  *out = s;
  return SQLITE_OK;
}

/* All rows were taken: whoever asks how many they are need not count them. */
static void note_rows(JsonlScan *s){
  JsonlTable *t = s->t;
  if( t->host->pin_epoch==0 || t->list_epoch!=t->host->pin_epoch || s->plan.most ) return;
  if( s->reader.n_selected!=t->n_partition || s->reader.n_file_filter ) return;
  t->n_row = s->n_row;
  t->row_epoch = t->list_epoch;
}

/* What the block says of its file, noted when it is taken. */
static void note_file(JsonlScan *s, JsonlBlock *b){
  JsonlStats *stats = &s->t->host->stats;
  stats->files_listed += b->n_listed;
  if( b->file.url==0 ) return;
  if( b->opens ) s->line = 0;
  stats->files_opened += b->opens;
  b->first_line = s->line;
  s->line += b->n_line;
  s->n_row += b->n_line>b->skip ? b->n_line - b->skip : 0;
  s->is_open = 1;
  s->file = b->file;
  s->stored_bytes = b->stored_bytes;
}

int jsonl_scan_take(JsonlScan *s, JsonlBlock **out, char **pzErr){
  void *task;
  int rc;
  (void)pzErr;
  atomic_store(&s->taker, pthread_self());
  if( !s->is_hired && s->n_hand>1 && (s->plan.most==0 || s->plan.most>=ROWS_HIRE) && (s->bytes>=JSONL_ALONE_BYTES || s->plan.block_bytes) ){
    s->is_hired = 1;
    crew_hire(s->crew, s->n_hand);
  }
  do{
    if( scan_interrupted(s) ) return SQLITE_INTERRUPT;
    rc = crew_take_within(s->crew, &task, WAIT_MS);
  }while( rc==SQLITE_BUSY );
  if( rc!=SQLITE_ROW ){
    s->t->host->stats.files_listed += s->reader.n_listed;
    s->reader.n_listed = 0;
    if( rc==SQLITE_DONE && !atomic_load(&s->stop) ) note_rows(s);
    return atomic_load(&s->stop) ? SQLITE_INTERRUPT : rc;
  }
  *out = task;
  s->bytes += (sqlite3_int64)((*out)->end - (*out)->at);
  note_file(s, *out);
  return SQLITE_ROW;
}

int jsonl_scan_error(JsonlScan *s, JsonlBlock *b, char **pzErr){
  const SerdeError *e = &b->error;
  const char *url = b->file.url;
  char *first, *message;
  sqlite3_int64 line = b->first_line + b->error_line + 1;
  int rc = b->rc;
  (void)s;
  if( rc!=SQLITE_ERROR ) return rc;
  if( b->message ){
    *pzErr = b->message;
    b->message = 0;
    return rc;
  }
  if( b->is_too_long ){
    *pzErr = sqlite3_mprintf("HIVE_CURSOR_ERROR: Line too long in text file: %s\nat %s:%lld: more than %d bytes",
                             url, url, line, SCAN_LINE_MAX);
    return *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
  }
  first = e->message ? sqlite3_mprintf("%s: %s", e->code, e->message)
                     : sqlite3_mprintf("%s: Failed to read file at %s", e->code, url);
  message = first==0 ? 0 : sqlite3_mprintf("%s\nat %s:%lld byte %lld%s%s: %s", first, url, line,
    (sqlite3_int64)e->byte + 1, e->column ? " column " : "", e->column ? e->column : "", e->reason);
  sqlite3_free(first);
  *pzErr = message;
  return message ? SQLITE_ERROR : SQLITE_NOMEM;
}

void jsonl_scan_free(JsonlScan *s, JsonlBlock *b){
  crew_free_task(s->crew, b);
}

int jsonl_scan_tell(JsonlScan *s, JsonlBlock *b, int upto, int *told, int *told_passed){
  JsonlHost *host = s->t->host;
  int from = *told>b->skip ? *told : b->skip;
  if( upto>from ) host->stats.rows += upto - from;
  if( upto>*told ) *told = upto;
  for(; *told_passed<b->n_passed && b->passed[*told_passed].line<upto; ++*told_passed){
    const JsonlPassed *p = &b->passed[*told_passed];
    JsonlReject reject = { s->t->name, b->file.url, b->first_line + p->line + 1, (sqlite3_int64)p->byte + 1, p->reason,
      p->raw, (int)(p->n_raw<JSONL_RAW_MAX ? p->n_raw : JSONL_RAW_MAX) };
    host->stats.rejects++;
    if( host->on_reject && host->on_reject(host->arg, &reject) ) return SQLITE_ERROR;
  }
  return SQLITE_OK;
}

static int tell_file(JsonlScan *s){
  JsonlHost *host = s->t->host;
  const JsonlFile *f = &s->file;
  JsonlInput input = { s->t->name, f->url, f->size, f->mtime_ns/1000000, s->stored_bytes, f->etag };
  if( !s->is_open ) return SQLITE_OK;
  s->is_open = 0;
  host->stats.bytes_read += s->stored_bytes;
  return host->on_input && host->on_input(host->arg, &input) ? SQLITE_ERROR : SQLITE_OK;
}

int jsonl_scan_tell_end(JsonlScan *s, JsonlBlock *b){
  return b->closes && b->rc==SQLITE_OK ? tell_file(s) : SQLITE_OK;
}

static void hand_free(JsonlScan *s, Hand *h){
  if( !h->is_ready ) return;
  if( s->t->serde.ops->end ) s->t->serde.ops->end(&h->row);
  arena_free(&h->row.arena);
  sqlite3_free(h->row.state);
  sqlite3_free(h->row.cell);
  sqlite3_free(h->to);
}

int jsonl_scan_close(JsonlScan *s){
  int rc;
  if( s==0 ) return SQLITE_OK;
  atomic_store(&s->stop, 1);
  crew_close(s->crew);
  rc = tell_file(s);
  jsonl_read_close(&s->reader);
  for(int i=0; i<CREW_HANDS_MAX; i++) hand_free(s, &s->hand[i]);
  while( s->spare ){
    JsonlBlock *b = s->spare;
    s->spare = b->spare;
    block_delete(b);
  }
  pthread_mutex_destroy(&s->lock);
  sqlite3_free(s->used_column);
  sqlite3_free(s);
  return rc;
}
