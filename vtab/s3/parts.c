/* The parts of a multipart upload: see parts.h. */
#include "../sqlite.h"
#include "parts.h"
#include <stdio.h>
#include <string.h>

typedef struct Flight {
  S3Request request;
  Buf body;
  char number[16];
  int part;                     /* from 1; 0: free */
} Flight;

struct S3Parts {
  S3Run run;
  const char *bucket, *key, *upload_id;
  Buf filling;
  Flight flight[S3_PARTS_ASIDE];
  Arena arena;                  /* the ETags */
  const char *etag[S3_PARTS_MAX];
  int n_part;
  int64_t size;
};

S3Parts *s3_parts_open(const S3Run *x, const char *bucket, const char *key, const char *upload_id){
  S3Parts *p = sqlite3_malloc64(sizeof(*p));
  if( p==0 ) return 0;
  memset(p, 0, sizeof(*p));
  p->run = *x;
  p->bucket = bucket;
  p->key = key;
  p->upload_id = upload_id;
  arena_init(&p->arena);
  buf_init(&p->filling, 0);
  return p;
}

static void flight_free(S3Parts *p, Flight *f){
  if( f->part==0 ) return;
  s3_release(p->run.client, &f->request);
  buf_free(&f->body);
  f->part = 0;
}

void s3_parts_close(S3Parts *p){
  if( p==0 ) return;
  for(int i=0; i<S3_PARTS_ASIDE; i++) if( p->flight[i].part ) s3_cancel(p->run.client, &p->flight[i].request);
  for(int i=0; i<S3_PARTS_ASIDE; i++) flight_free(p, &p->flight[i]);
  buf_free(&p->filling);
  arena_free(&p->arena);
  sqlite3_free(p);
}

/* Wait for a part that is under way and keep its ETag. */
static int flight_land(S3Parts *p, Flight *f){
  if( f->part==0 ) return 0;
  if( s3_wait(p->run.client, &f->request, p->run.interrupt, p->run.interrupt_arg) ){
    *p->run.error = s3_failure_text(p->run.arena, p->run.client, &f->request);
    return 1;
  }
  if( f->request.etag[0]==0 ){
    *p->run.error = arena_printf(p->run.arena, "s3://%s/%s: the server gave no ETag for part %d", p->bucket, p->key, f->part);
    return 1;
  }
  p->etag[f->part-1] = arena_strdup(&p->arena, f->request.etag);
  flight_free(p, f);
  *p->run.error = "out of memory";
  return p->arena.oom;
}

/* The part that was filled goes out; the oldest flight makes room for it. */
static int send_part(S3Parts *p){
  Flight *f = &p->flight[p->n_part % S3_PARTS_ASIDE];
  S3Request *r = &f->request;
  if( p->n_part==S3_PARTS_MAX ){
    *p->run.error = arena_printf(p->run.arena, "s3://%s/%s: an object of more than %d parts of %d bytes", p->bucket, p->key,
                                 S3_PARTS_MAX, S3_PART_BYTES);
    return 1;
  }
  if( flight_land(p, f) ) return 1;
  s3_request_init(r);
  f->body = p->filling;
  f->part = ++p->n_part;
  buf_init(&p->filling, 0);
  snprintf(f->number, sizeof(f->number), "%d", f->part);
  r->method = "PUT";
  r->bucket = p->bucket;
  r->key = p->key;
  r->body = f->body.z;
  r->n_body = f->body.n;
  r->query[0].name = "partNumber";
  r->query[0].value = f->number;
  r->query[1].name = "uploadId";
  r->query[1].value = p->upload_id;
  r->n_query = 2;
  p->size += (int64_t)f->body.n;
  *p->run.error = "out of memory";
  return s3_submit(p->run.client, r);
}

int s3_parts_write(S3Parts *p, const void *data, size_t n){
  const char *z = data;
  while( n ){
    size_t room = S3_PART_BYTES - p->filling.n;
    size_t take = n<room ? n : room;
    buf_add(&p->filling, z, take);
    *p->run.error = "out of memory";
    if( p->filling.oom ) return 1;
    z += take;
    n -= take;
    if( p->filling.n==S3_PART_BYTES && send_part(p) ) return 1;
  }
  return 0;
}

int s3_parts_end(S3Parts *p, int *n_part, const char *const **etag, int64_t *size){
  if( p->filling.n && send_part(p) ) return 1;
  for(int i=0; i<S3_PARTS_ASIDE; i++) if( flight_land(p, &p->flight[i]) ) return 1;
  *n_part = p->n_part;
  *etag = p->etag;
  *size = p->size;
  return 0;
}
