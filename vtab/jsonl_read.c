/*
** The reader of a scan (jsonl_scan.h): files to blocks of whole lines.
**
** Partitions are listed when their turn comes; files are opened in the order of
** the list, and read into blocks of BLOCK_BYTES that end with a line.  What
** lies behind a block's last terminator is carried to the next block.  A line
** that does not fit makes its block grow, up to SCAN_LINE_MAX.
**
** Lines end with \n, \r or \r\n; a file's last line needs no terminator, and a
** file that ends with one has no empty line after it.  A byte order mark at the
** start of a file is skipped.  Every file that is opened gives at least one
** block, so that it is told of even when it is empty.
**
** It runs in any hand, one at a time; only the list is shared with other scans
** of the table (under list_lock).
*/
#include "jsonl_scan.h"
#include "kernel.h"
#include "scan.h"
#include <string.h>

#define BLOCK_BYTES (256*1024)
#define BLOCK_BYTES_MIN 16      /* a byte order mark is read whole */

/* Keep an error text; SQLITE_ERROR without one is out of memory. */
static void stop(JsonlBlock *b, int rc, char *message){
  b->rc = rc==SQLITE_ERROR && message==0 ? SQLITE_NOMEM : rc;
  b->message = message;
}

static int file_may_pass(const JsonlReader *r, const SourceFile *file){
  Value path = value_text(file->url, strlen(file->url)), size = value_int(file->size);
  for(int i=0; i<r->n_file_filter; i++){
    int hidden = r->file_filter[i].column - r->t->serde.n_column - r->t->n_partition_column;
    if( !filter_may_pass(&r->file_filter[i], hidden==HIDDEN_PATH ? &path : &size) ) return 0;
  }
  return 1;
}

/* Does the scan read this partition?  They are in increasing order. */
static int is_selected(const JsonlReader *r, int partition){
  int low = 0, high = r->n_selected;
  while( low<high ){
    int mid = (low + high)/2;
    if( r->selected[mid]<partition ) low = mid + 1;
    else high = mid;
  }
  return low<r->n_selected && r->selected[low]==partition;
}

/* The files of the table's list that this scan's view has not. */
static int extend_view(JsonlReader *r){
  SourceList *list = &r->t->list;
  if( r->view.n>=list->n ) return SQLITE_OK;
  if( r->cap_view<list->n ){
    int cap = list->n + list->n/2;
    SourceFile *grown = sqlite3_realloc64(r->view.file, sizeof(SourceFile)*(sqlite3_uint64)cap);
    if( grown==0 ) return SQLITE_NOMEM;
    r->view.file = grown;
    r->cap_view = cap;
  }
  for(int i=r->view.n; i<list->n; i++){
    SourceFile *f = &r->view.file[i];
    *f = list->file[i];
    f->is_left_out = !is_selected(r, f->tag) || !file_may_pass(r, f);
  }
  r->view.n = list->n;
  return SQLITE_OK;
}

/* The partition whose turn it is, and those after it. */
static int list_partitions(JsonlReader *r, char **pzErr){
  int rc;
  pthread_mutex_lock(&r->t->list_lock);
  rc = jsonl_list_partitions(r->t, r->n_selected - r->at_selected, r->selected + r->at_selected, r->interrupted, r->arg,
                             &r->n_listed, pzErr);
  if( rc==SQLITE_OK ) rc = extend_view(r);
  pthread_mutex_unlock(&r->t->list_lock);
  return rc;
}

/* Find the next file that is to be read.  SQLITE_DONE when there is none. */
static int find_file(JsonlReader *r, char **pzErr){
  for(;;){
    Partition *p;
    int rc;
    if( r->at_selected>=r->n_selected ) return SQLITE_DONE;
    p = &r->t->partition[r->selected[r->at_selected]];
    if( r->at_file<0 ){
      if( (rc = list_partitions(r, pzErr))!=SQLITE_OK ) return rc;
      r->at_file = p->first;
    }else{
      r->at_file++;
    }
    if( r->at_file<p->first + p->n ){
      const SourceFile *f = &r->view.file[r->at_file];
      if( f->is_left_out ) continue;
      r->file = (JsonlFile){ f->url, f->etag, f->size, f->mtime_ns, r->selected[r->at_selected], r->at_file - p->first };
      return SQLITE_OK;
    }
    r->at_selected++;
    r->at_file = -1;
  }
}

/* Open the next file.  SQLITE_DONE when there is none. */
static int next_file(JsonlReader *r, char **pzErr){
  SourceOptions options = { 0 };
  int rc = find_file(r, pzErr);
  if( rc!=SQLITE_OK ) return rc;
  options.interrupted = r->interrupted;
  options.interrupted_arg = r->arg;
  options.s3 = r->t->host->s3;
  if( r->interrupted(r->arg) ) return SQLITE_INTERRUPT;
  rc = source_open(&r->view, r->at_file, &options, &r->source, pzErr);
  if( rc!=SQLITE_OK ) return rc;
  r->opens = r->at_start = 1;
  r->skip_newline = 0;
  r->n_carry = 0;
  r->header = r->t->skip_lines;
  return SQLITE_OK;
}

/* Room for more bytes behind b->end; twice as much as there is when it is full. */
static int reserve(const JsonlReader *r, JsonlBlock *b, size_t least){
  size_t usual = r->block_bytes==0 || r->block_bytes>BLOCK_BYTES ? BLOCK_BYTES : r->block_bytes<BLOCK_BYTES_MIN ? BLOCK_BYTES_MIN : r->block_bytes;
  size_t cap = b->cap ? b->cap : usual;
  char *grown;
  while( cap<least ) cap *= 2;
  if( cap==b->cap ) return SQLITE_OK;
  grown = sqlite3_realloc64(b->buf, cap + SCAN_PADDING);
  if( grown==0 ) return SQLITE_NOMEM;
  b->buf = grown;
  b->cap = cap;
  return SQLITE_OK;
}

/* Read until the block is full or the file ends. */
static int fill(JsonlReader *r, JsonlBlock *b, int *at_eof, char **pzErr){
  *at_eof = 0;
  while( b->end<b->cap ){
    int got, rc = source_read(r->source, b->buf + b->end, (int)(b->cap - b->end), &got, pzErr);
    if( rc!=SQLITE_OK ) return rc;
    b->end += (size_t)got;
    if( got==0 ){
      *at_eof = 1;
      break;
    }
  }
  return SQLITE_OK;
}

/* What the start of a file, or the block before, asks to leave out. */
static void trim_start(JsonlReader *r, JsonlBlock *b){
  if( r->at_start && b->end - b->at>=3 && memcmp(b->buf + b->at, "\xef\xbb\xbf", 3)==0 ) b->at += 3;
  r->at_start = 0;
  if( r->skip_newline && b->at<b->end ){
    if( b->buf[b->at]=='\n' ) b->at++;
    r->skip_newline = 0;
  }
}

/* The place behind the last terminator of buf[from..end), or 0. */
static size_t last_line_end(const JsonlBlock *b, size_t from){
  const char *start = b->buf + from;
  const char *n = memrchr(start, '\n', b->end - from), *r;
  size_t rest = n ? (size_t)(n + 1 - b->buf) : from;
  r = memrchr(b->buf + rest, '\r', b->end - rest);
  if( r ) return (size_t)(r + 1 - b->buf);
  return n ? rest : 0;
}

static int carry_over(JsonlReader *r, JsonlBlock *b, size_t cut){
  size_t n = b->end - cut;
  r->skip_newline = cut==b->end && b->buf[cut - 1]=='\r';
  if( n>r->cap_carry ){
    char *grown = sqlite3_realloc64(r->carry, n*2);
    if( grown==0 ) return SQLITE_NOMEM;
    r->carry = grown;
    r->cap_carry = n*2;
  }
  if( n ) memcpy(r->carry, b->buf + cut, n);
  r->n_carry = n;
  b->end = cut;
  return SQLITE_OK;
}

/* Lines of the header that lie in this block. */
static void skip_header(JsonlReader *r, JsonlBlock *b){
  sqlite3_int64 n;
  if( r->header==0 ) return;
  n = (sqlite3_int64)kernel_count_lines(r->kernel, b->buf + b->at, b->end - b->at);
  b->skip = (int)(n<r->header ? n : r->header);
  r->header -= b->skip;
}

/* Read on from the open file until the block holds a whole line, or the file ends. */
static int read_lines(JsonlReader *r, JsonlBlock *b, char **pzErr){
  size_t from = 0, cut;
  int rc, at_eof;
  if( (rc = reserve(r, b, r->n_carry + 1))!=SQLITE_OK ) return rc;
  if( r->n_carry ) memcpy(b->buf, r->carry, r->n_carry);
  b->end = r->n_carry;
  r->n_carry = 0;
  for(;;){
    rc = fill(r, b, &at_eof, pzErr);
    if( from==0 ) trim_start(r, b);
    if( from<b->at ) from = b->at;
    cut = last_line_end(b, from);
    if( rc!=SQLITE_OK ){        /* the lines before it are read */
      b->end = cut ? cut : b->at;
      return rc;
    }
    if( at_eof ){
      b->closes = 1;
      return SQLITE_OK;
    }
    if( cut ) return carry_over(r, b, cut);
    if( b->end - b->at>SCAN_LINE_MAX ){
      b->end = b->at;
      b->rc = SQLITE_ERROR;
      b->is_too_long = 1;
      return SQLITE_OK;
    }
    from = b->end;
    if( (rc = reserve(r, b, b->cap*2))!=SQLITE_OK ) return rc;
  }
}

int jsonl_read_block(JsonlReader *r, JsonlBlock *b){
  char *error = 0;
  int rc = SQLITE_OK;
  b->rc = SQLITE_OK;
  if( r->source==0 ) rc = next_file(r, &error);
  if( rc==SQLITE_DONE ) return SQLITE_DONE;
  if( rc==SQLITE_OK ){
    b->file = r->file;
    b->opens = r->opens;
    r->opens = 0;
    rc = read_lines(r, b, &error);
    memset(b->buf ? b->buf + b->end : "", 0, b->buf ? SCAN_PADDING : 0);
    b->stored_bytes = r->source->stored_bytes;
    skip_header(r, b);
  }
  if( rc!=SQLITE_OK ) stop(b, rc, error);
  if( b->closes || b->rc!=SQLITE_OK ){
    source_close(r->source);
    r->source = 0;
  }
  if( b->rc!=SQLITE_OK ) r->at_selected = r->n_selected;        /* nothing is read after it */
  return SQLITE_ROW;
}

void jsonl_read_close(JsonlReader *r){
  source_close(r->source);
  if( r->view.remote_free ) r->view.remote_free(r->view.remote);
  sqlite3_free(r->view.file);
  sqlite3_free(r->carry);
}
