/*
** A thin command line over vtab/s3, for the tests of tests/net.
**
**   s3cli list BUCKET PREFIX [DELIMITER]      a line per key: size etag key
**   s3cli head BUCKET KEY
**   s3cli get BUCKET KEY FROM END [ETAG]      bytes to stdout
**   s3cli put BUCKET KEY [create]             body from stdin
**   s3cli upload BUCKET KEY [abort]           stdin in parts of 5 MiB
**   s3cli delete BUCKET KEY…
**   s3cli many BUCKET PREFIX FROM END         puts PREFIX00000.json {"a":0}, one for each number
**   s3cli make BUCKET                         create the bucket
** An error is one line on stderr, exit status 1.
*/
#include "vtab/s3/ops.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_page(void *ctx, const S3Page *page){
  (void)ctx;
  for(int i=0; i<page->n_object; i++){
    printf("%lld %s %s\n", (long long)page->object[i].size, page->object[i].etag, page->object[i].key);
  }
  for(int i=0; i<page->n_prefix; i++) printf("prefix %s\n", page->prefix[i]);
  return 0;
}

static void read_stdin(Buf *b){
  char *room;
  size_t n;
  buf_str(b, "");
  while( (room = buf_room(b, 1<<16))!=0 && (n = fread(room, 1, 1<<16, stdin))>0 ){
    b->n += n;
    b->z[b->n] = 0;
  }
}

static int simple(const S3Run *x, const char *method, const char *bucket, const char *key,
                  long long from, long long end, const char *etag){
  S3Request r;
  int rc;
  s3_request_init(&r);
  r.method = method;
  r.bucket = bucket;
  r.key = key;
  r.range_start = from;
  r.range_end = end;
  r.if_match = etag;
  rc = s3_submit(x->client, &r) || s3_wait(x->client, &r, 0, 0);
  if( rc ) *x->error = s3_failure_text(x->arena, x->client, &r);
  else if( r.response.n ) fwrite(r.response.z, 1, r.response.n, stdout);
  s3_release(x->client, &r);
  return rc;
}

static int upload(const S3Run *x, const char *bucket, const char *key, const Buf *body, int abort_it){
  const char *id, *etag[1000];
  int n = 0;
  if( s3_upload_begin(x, bucket, key, &id) ) return 1;
  for(size_t at=0; at<body->n; at += S3_PART_MIN){
    size_t len = body->n - at < S3_PART_MIN ? body->n - at : S3_PART_MIN;
    char *tag = arena_alloc(x->arena, 128);
    if( s3_upload_part(x, bucket, key, id, n+1, body->z + at, len, tag) ) return 1;
    etag[n++] = tag;
  }
  if( abort_it ) return s3_upload_abort(x, bucket, key, id);
  return s3_upload_complete(x, bucket, key, id, n, etag);
}

static int many(const S3Run *x, const char *bucket, const char *prefix, int from, int end){
  char key[1100], body[64];
  int exists;
  for(int i=from; i<end; i++){
    snprintf(key, sizeof(key), "%s%05d.json", prefix, i);
    snprintf(body, sizeof(body), "{\"a\":%d}\n", i);
    if( s3_put(x, bucket, key, body, strlen(body), 0, &exists) ) return 1;
  }
  return 0;
}

static int run(const S3Run *x, int argc, char **argv){
  const char *command = argv[1], *bucket = argv[2], *key = argc>3 ? argv[3] : "";
  Buf body;
  int exists = 0, rc;
  int64_t size;
  char etag[128];
  buf_init(&body, 0);
  if( !strcmp(command, "list") ) return s3_list(x, bucket, key, argc>4 ? argv[4] : 0, print_page, 0);
  if( !strcmp(command, "make") ) return simple(x, "PUT", bucket, "", 0, 0, 0);
  if( !strcmp(command, "get") ) return simple(x, "GET", bucket, key, atoll(argv[4]), atoll(argv[5]), argc>6 ? argv[6] : 0);
  if( !strcmp(command, "delete") ) return s3_delete(x, bucket, argc-3, (const char*const*)argv+3);
  if( !strcmp(command, "many") ) return many(x, bucket, key, atoi(argv[4]), atoi(argv[5]));
  if( !strcmp(command, "head") ){
    rc = s3_head(x, bucket, key, &exists, &size, etag);
    if( rc==0 ) printf("%d %lld %s\n", exists, (long long)size, etag);
    return rc;
  }
  read_stdin(&body);
  if( !strcmp(command, "put") ){
    rc = s3_put(x, bucket, key, body.z, body.n, argc>4, &exists);
    if( rc==0 && exists ) printf("exists\n");
  }else{
    rc = upload(x, bucket, key, &body, argc>4);
  }
  buf_free(&body);
  return rc;
}

int main(int argc, char **argv){
  const char *error = 0;
  S3Config config = {0};
  S3Client *client = 0;
  Arena arena;
  S3Run x = {&arena, 0, 0, 0, &error};
  int rc = 1;
  if( argc<3 ) return 2;
  sqlite3_initialize();
  arena_init(&arena);
  config.deadline_ms = getenv("S3CLI_DEADLINE_MS") ? atoi(getenv("S3CLI_DEADLINE_MS")) : 0;
  if( s3_open(&arena, &config, &client, &error)==0 ){
    x.client = client;
    rc = run(&x, argc, argv);
  }
  if( rc ) fprintf(stderr, "%s\n", error ? error : "failed");
  s3_close(client);
  arena_free(&arena);
  return rc;
}
