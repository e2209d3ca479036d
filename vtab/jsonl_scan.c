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
#include "scan.h"
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define WAIT_MS 10
#define WINDOW_PER_HAND 2       /* blocks that are made ahead */
#define SPARE_BYTES_MAX (4<<20) /* a block of more memory is not kept */
#define ROWS_HIRE 10000         /* more than so many rows must be wanted, where that is known */
#define ROWS_LEAST 16
#define ROW_BYTES 256           /* of a row, as a guess: for a first block that is read in vain as little as can be */

struct JsonlScan {
  JsonlTable *t;
  JsonlRowsPlan plan;
  JsonlReader reader;
  Crew *crew;
  int n_hand, is_hired;
  sqlite3_int64 bytes;          /* of the lines taken */
  sqlite3_int64 n_row;          /* their number, without headers */
  JsonlDecoder decoder;
  JsonlHand hand[CREW_HANDS_MAX];
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

/* In any hand. */
static int scan_interrupted(void *arg){
  JsonlScan *s = arg;
  if( atomic_load(&s->stop) ) return 1;
  if( !pthread_equal(pthread_self(), atomic_load(&s->taker)) || !jsonl_interrupted(s->t) ) return 0;
  atomic_store(&s->stop, 1);
  return 1;
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
  if( b->file.url==0 || atomic_load(&s->stop) ) return;
  jsonl_decode_block(&s->decoder, &s->hand[hand], b);
  if( b->rows.n && s->plan.map.map && s->plan.map.map(s->plan.map.arg, &b->rows, hand) ){
    jsonl_block_fail(b, SQLITE_NOMEM);
    b->rows.n = 0;
  }
}

static const CrewOps scan_crew = { next_block, work_block, block_free };

/* --- Scans --------------------------------------------------------------- */

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
  s->reader.kernel = kernel_chosen();
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
  for(int i=0; i<plan->n_filter; i++){
    if( plan->filter[i].column>=t->serde.n_column + t->n_partition_column ) s->reader.file_filter[s->reader.n_file_filter++] = plan->filter[i];
  }
  rc = jsonl_decoder_open(&s->decoder, t, &s->plan);
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

int jsonl_scan_close(JsonlScan *s){
  int rc;
  if( s==0 ) return SQLITE_OK;
  atomic_store(&s->stop, 1);
  crew_close(s->crew);
  rc = tell_file(s);
  jsonl_read_close(&s->reader);
  for(int i=0; i<CREW_HANDS_MAX; i++) jsonl_hand_free(&s->decoder, &s->hand[i]);
  while( s->spare ){
    JsonlBlock *b = s->spare;
    s->spare = b->spare;
    block_delete(b);
  }
  pthread_mutex_destroy(&s->lock);
  jsonl_decoder_close(&s->decoder);
  sqlite3_free(s);
  return rc;
}
