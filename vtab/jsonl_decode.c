/*
** The lines of a block to rows (jsonl_scan.h), in any hand.
**
** Each hand has a SerdeRow of its own, which remembers the forms of lines.  The
** columns that the plan names, and those that are compared, have a place each in
** a decoded row.  Where these rows are what is asked for, they are made in the
** block itself; else some at a time beside it, and those that pass are copied.
** Where no column is used, lines are only counted.
*/
#include "jsonl_scan.h"
#include "scan.h"
#include <string.h>

#define ROWS_FIRST 512
#define RUN_ROWS 64             /* decoded before they are filtered */

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

static int hand_ready(const JsonlDecoder *s, JsonlHand *h){
  size_t n = (size_t)s->t->serde.n_column + 1;
  if( h->is_ready ) return SQLITE_OK;
  h->row.serde = &s->t->serde;
  h->row.used = s->used;
  h->row.place = s->place;
  h->row.stride = s->n_used;
  h->row.cell = sqlite3_malloc64(sizeof(Value)*n);
  h->to = sqlite3_malloc64(sizeof(Value)*RUN_ROWS*((size_t)s->n_used + 1));
  if( h->row.cell==0 || h->to==0 ){
    sqlite3_free(h->row.cell);
    sqlite3_free(h->to);
    return SQLITE_NOMEM;
  }
  memset(h->row.cell, 0, sizeof(Value)*n);
  h->is_ready = 1;
  return SQLITE_OK;
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
static Value constant_cell(const JsonlDecoder *s, const JsonlBlock *b, Arena *a, int column){
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

static int row_may_pass(const JsonlDecoder *s, const Value *cell){
  for(int i=0; i<s->n_filter; i++){
    if( !filter_may_pass(&s->filter[i], &cell[s->filter[i].column]) ) return 0;
  }
  return 1;
}

/* A row of used columns, when it passes. */
static int add_row(const JsonlDecoder *s, JsonlBlock *b, const Value *cell, const Value *constant, int line){
  Value *out;
  int first = s->t->serde.n_column;
  if( !row_may_pass(s, cell) ) return SQLITE_OK;
  if( b->rows.n==b->cap_row && block_grow(b)!=SQLITE_OK ) return SQLITE_NOMEM;
  out = b->rows.cell + (size_t)b->rows.n*(size_t)b->rows.width;
  for(int i=0; i<b->rows.width; i++){
    int column = s->plan->column[i];
    out[i] = column<first ? cell[s->place[column]] : constant[i];
  }
  b->line[b->rows.n++] = line;
  return SQLITE_OK;
}

/* One line to a row of used columns; SQLITE_OK, or the error that ends the block. */
static int decode_line(const JsonlDecoder *s, JsonlBlock *b, SerdeRow *row, int line, const char *z, size_t n, Value *to){
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
static int decode_some(const JsonlDecoder *s, JsonlBlock *b, SerdeRow *row, Lines *l, Value *to, int most, int *n){
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
static int decode_direct(const JsonlDecoder *s, JsonlBlock *b, JsonlHand *h, Lines *l){
  while( l->at<l->end ){
    int n, rc;
    if( b->rows.n==b->cap_row && block_grow(b)!=SQLITE_OK ) return SQLITE_NOMEM;
    rc = decode_some(s, b, &h->row, l, b->rows.cell + (size_t)b->rows.n*(size_t)b->rows.width, b->cap_row - b->rows.n, &n);
    if( rc!=SQLITE_OK ) return rc;
    for(int i=0; i<n; i++) b->line[b->rows.n++] = b->n_line++;
  }
  return SQLITE_OK;
}

static int decode_filtered(const JsonlDecoder *s, JsonlBlock *b, JsonlHand *h, Lines *l){
  Value *constant = ARENA_ARRAY(&h->row.arena, Value, b->rows.width);
  int first = s->t->serde.n_column;
  if( constant==0 ) return SQLITE_NOMEM;
  for(int i=0; i<b->rows.width; i++){
    if( s->plan->column[i]>=first ) constant[i] = constant_cell(s, b, &h->row.arena, s->plan->column[i]);
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

static int decode_lines(const JsonlDecoder *s, JsonlBlock *b, JsonlHand *h){
  Lines l;
  lines_begin(&l, b);
  for(b->n_line=0; b->n_line<b->skip; b->n_line++) next_line(&l);
  return s->is_direct ? decode_direct(s, b, h, &l) : decode_filtered(s, b, h, &l);
}

/* Rows whose lines need not be decoded: all of the block's, or constants only. */
static int count_lines(const JsonlDecoder *s, JsonlBlock *b, Arena *a){
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
    for(int i=0; i<width; i++) out[i] = b->rows.n ? out[i - width] : constant_cell(s, b, a, s->plan->column[i]);
    b->line[b->rows.n] = b->skip + b->rows.n;
  }
  return a->oom ? SQLITE_NOMEM : SQLITE_OK;
}

/* An error of the lines goes before what the reader met behind them. */
void jsonl_block_fail(JsonlBlock *b, int rc){
  sqlite3_free(b->message);
  b->message = 0;
  b->is_too_long = 0;
  b->rc = rc;
}

void jsonl_decode_block(const JsonlDecoder *s, JsonlHand *h, JsonlBlock *b){
  int rc = SQLITE_OK;
  cut_too_long(b);
  if( s->n_used==0 ){
    rc = count_lines(s, b, &b->arena);
  }else if( (rc = hand_ready(s, h))==SQLITE_OK ){
    h->row.arena = b->arena;
    rc = decode_lines(s, b, h);
    b->arena = h->row.arena;
    arena_init(&h->row.arena);
  }
  if( rc!=SQLITE_OK ) jsonl_block_fail(b, rc);
}

void jsonl_hand_free(const JsonlDecoder *s, JsonlHand *h){
  if( !h->is_ready ) return;
  if( s->t->serde.ops->end ) s->t->serde.ops->end(&h->row);
  arena_free(&h->row.arena);
  sqlite3_free(h->row.state);
  sqlite3_free(h->row.cell);
  sqlite3_free(h->to);
}

/* --- Plans --------------------------------------------------------------- */

/* A column of the files is used: it has a place in the decoded rows. */
static void use_column(JsonlDecoder *s, int column){
  if( column>=s->t->serde.n_column || s->used[column] ) return;
  s->used[column] = 1;
  s->place[column] = s->n_used;
  s->used_column[s->n_used++] = column;
}

/* Which columns are decoded, and where each filter is asked. */
int jsonl_decoder_open(JsonlDecoder *s, JsonlTable *t, const JsonlRowsPlan *plan){
  int first = t->serde.n_column;
  size_t n = (size_t)first + 1;
  s->t = t;
  s->plan = plan;
  s->kernel = kernel_chosen();
  s->used_column = sqlite3_malloc64((sizeof(int)*2 + 1)*n);
  if( s->used_column==0 ) return SQLITE_NOMEM;
  memset(s->used_column, 0, (sizeof(int)*2 + 1)*n);
  s->place = s->used_column + n;
  s->used = (unsigned char*)(s->place + n);
  for(int i=0; i<plan->n_column; i++) use_column(s, plan->column[i]);
  s->is_direct = s->n_used==plan->n_column;
  for(int i=0; i<plan->n_filter; i++){
    Filter f = plan->filter[i];
    if( f.column>=first ) continue;
    use_column(s, f.column);
    f.column = s->place[f.column];
    s->filter[s->n_filter++] = f;
    s->is_direct = 0;
  }
  return SQLITE_OK;
}

void jsonl_decoder_close(JsonlDecoder *s){
  sqlite3_free(s->used_column);
}
