/* Read many objects one after the other, fetched side by side: see reader.h. */
#include "../sqlite.h"
#include "reader.h"
#include <string.h>

#define PART_MAX (2*S3_HANDLES_MAX)     /* parts asked for and not yet read */
#define SPARE_MAX (S3_WINDOW_BYTES/S3_RANGE_BYTES)
#define RAMP_STEP (512<<10)

typedef struct Part {
  S3Request request;
  int file;
  int64_t start, end;
  void *block;                  /* what the answer lies in, or NULL */
} Part;

struct S3Reader {
  S3Client *client;
  S3FileAt file_at;
  void *ctx;
  Part part[PART_MAX];          /* a ring, in the order of delivery */
  int first, n;
  int64_t window;               /* bytes asked for and not yet read */
  int next_file;                /* where asking goes on */
  int64_t next_at;
  int no_more;                  /* there is no file next_file */
  int file;                     /* being read */
  int64_t at;
  size_t taken;                 /* of the first part */
  int n_asked;                  /* ranges of large objects so far */
  void *spare[SPARE_MAX]; int n_spare;  /* blocks of ranges that were read: fresh pages cost as much as receiving */
  Arena nowhere;
  int changed;
};

S3Reader *s3_reader_open(S3Client *client, S3FileAt file_at, void *ctx){
  S3Reader *r = sqlite3_malloc64(sizeof(*r));
  if( r==0 ) return 0;
  memset(r, 0, sizeof(*r));
  r->client = client;
  r->file_at = file_at;
  r->ctx = ctx;
  r->file = -1;
  return r;
}

/* A block of a full range's size for the answer, also for a shorter one, so that
** it can be used again.  Without memory the request gets its own.  (Huge pages
** halve the cost of receiving where memory is fresh, and double it where the
** kernel must first make room for them.) */
static void give_block(S3Reader *r, Part *p){
  Buf *b = &p->request.response;
  p->block = r->n_spare ? r->spare[--r->n_spare] : sqlite3_malloc64(S3_RANGE_BYTES + 1);
  if( p->block==0 ) return;
  b->z = p->block;
  b->cap = S3_RANGE_BYTES + 1;
  b->arena = &r->nowhere;                 /* the block is the reader's: not freed with the Buf, and never outgrown */
}

static void drop_first(S3Reader *r){
  Part *p = &r->part[r->first];
  r->window -= p->end - p->start;
  s3_release(r->client, &p->request);
  if( p->block && r->n_spare<SPARE_MAX ) r->spare[r->n_spare++] = p->block;
  else sqlite3_free(p->block);
  r->first = (r->first + 1) % PART_MAX;
  r->n--;
  r->taken = 0;
}

void s3_reader_close(S3Reader *r){
  if( r==0 ) return;
  for(int i=0; i<r->n; i++) s3_cancel(r->client, &r->part[(r->first + i) % PART_MAX].request);
  while( r->n ) drop_first(r);
  while( r->n_spare ) sqlite3_free(r->spare[--r->n_spare]);
  sqlite3_free(r);
}

/* The first ranges are shorter, each a little longer than the one before: they
** come to their ends one after the other, as they are read, and not all at once
** with nothing to do before and everything held in memory then. */
static int64_t range_size(S3Reader *r, int64_t left){
  int64_t size = (int64_t)(r->n_asked + 2)*RAMP_STEP;
  if( size>=S3_RANGE_BYTES ) size = S3_RANGE_BYTES;
  else r->n_asked++;
  return size<left ? size : left;
}

/* Ask for one more part; 0 when the window is full or nothing is left. */
static int ask_next(S3Reader *r){
  S3File f;
  Part *p;
  int64_t size;
  if( r->n==PART_MAX || r->window>=S3_WINDOW_BYTES || r->no_more ) return 0;
  if( r->file_at(r->ctx, r->next_file, &f) ){
    r->no_more = 1;
    return 0;
  }
  if( r->next_at>=f.size ){               /* also an empty object: nothing to fetch */
    r->next_file++;
    r->next_at = 0;
    return 1;
  }
  size = f.size - r->next_at;
  if( f.size>S3_WHOLE_MAX ) size = range_size(r, size);
  p = &r->part[(r->first + r->n) % PART_MAX];
  memset(p, 0, sizeof(*p));
  s3_request_init(&p->request);
  if( f.size>S3_WHOLE_MAX ) give_block(r, p);
  p->file = r->next_file;
  p->start = r->next_at;
  p->end = r->next_at + size;
  p->request.bucket = f.bucket;
  p->request.key = f.key;
  p->request.if_match = f.etag;
  p->request.range_start = p->start;
  p->request.range_end = p->end;
  if( s3_submit(r->client, &p->request) ){
    sqlite3_free(p->block);
    return 0;
  }
  r->n++;
  r->window += size;
  r->next_at += size;
  return 1;
}

void s3_reader_begin(S3Reader *r, int i){
  while( r->n && r->part[r->first].file<i ) drop_first(r);
  r->no_more = 0;                         /* the list may have grown */
  if( r->next_file<i ){
    r->next_file = i;
    r->next_at = 0;
  }
  r->file = i;
  r->at = 0;
  r->taken = 0;
  while( ask_next(r) ){}
}

int s3_reader_read(S3Reader *r, Arena *a, int (*interrupt)(void*), void *arg,
                   char *buf, int n, int *got, const char **error){
  Part *p;
  size_t left;
  S3File f;
  *got = 0;
  if( r->file_at(r->ctx, r->file, &f) || r->at>=f.size ) return 0;
  while( ask_next(r) ){}
  *error = "out of memory";
  if( r->n==0 ) return 1;
  p = &r->part[r->first];
  if( s3_wait(r->client, &p->request, interrupt, arg) ){
    r->changed = p->request.status==412 || p->request.status==404;
    *error = s3_failure_text(a, r->client, &p->request);
    return 1;
  }
  left = p->request.response.n - r->taken;
  if( (size_t)n>left ) n = (int)left;
  memcpy(buf, p->request.response.z + r->taken, (size_t)n);
  r->taken += (size_t)n;
  r->at += n;
  *got = n;
  if( r->taken==p->request.response.n ) drop_first(r);
  return 0;
}

int s3_reader_changed(const S3Reader *r){ return r->changed; }
