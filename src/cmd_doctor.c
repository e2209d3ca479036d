/*
** tarn doctor [s3://bucket/prefix]: what is wrong with S3, and what to type.
**
** A line per check: libraries, credentials, clock, region, a signed listing, a
** ranged read.  The first that fails says why and what to do; those after it
** are not tried.
*/
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "command.h"
#include "s3_options.h"
#include "../vtab/s3/ops.h"
#include "../vtab/s3/request.h"

typedef struct First { const char *key, *etag; int64_t size; Arena *arena; } First;

static int keep_first(void *ctx, const S3Page *page){
  First *f = ctx;
  for(int i=0; i<page->n_object; i++){
    if( page->object[i].size>0 ){
      f->key = page->object[i].key;
      f->etag = page->object[i].etag;
      f->size = page->object[i].size;
      break;
    }
  }
  return 1;                     /* one page is enough */
}

static void line(int ok, const char *what, const char *detail){
  printf("%-4s %-12s %s\n", ok ? "ok" : "FAIL", what, detail);
}

#define SKEW_MAX_S 300           /* AWS refuses signatures 15 minutes off; say so earlier */

/* Our clock beside the server's, from the Date of any answer. */
static int check_clock(const S3Run *x){
  int64_t skew;
  if( s3_clock_skew(x->client, &skew) ) return 0;       /* the server sent no date */
  if( skew<=SKEW_MAX_S && skew>=-SKEW_MAX_S ){
    line(1, "clock", arena_printf(x->arena, "%lld s from the server's", (long long)skew));
    return 0;
  }
  line(0, "clock", arena_printf(x->arena, "%lld s %s the server's: set it (timedatectl set-ntp true); requests were corrected for now",
                                (long long)(skew<0 ? -skew : skew), skew>0 ? "behind" : "ahead of"));
  return 1;
}

/* A listing of the location and the first byte of its first object. */
static int check_location(const S3Run *x, const char *url){
  const char *bucket, *key;
  First first = {0};
  S3Request r;
  int rc, failed;
  if( s3_split_url(x->arena, url, &bucket, &key) ){
    line(0, "location", "not of the form s3://bucket/prefix");
    return 1;
  }
  first.arena = x->arena;
  if( s3_list(x, bucket, key, 0, keep_first, &first) && *x->error ){
    line(0, "list", *x->error);
    return 1;
  }
  rc = check_clock(x);
  line(1, "list", first.key ? first.key : "nothing below this prefix");
  line(1, "region", s3_region_of(x->client, bucket));
  if( first.key==0 ) return rc;
  s3_request_init(&r);
  r.bucket = bucket;
  r.key = first.key;
  r.if_match = first.etag;
  r.range_end = 1;
  failed = s3_submit(x->client, &r) || s3_wait(x->client, &r, 0, 0);
  line(failed==0, "read", failed ? s3_failure_text(x->arena, x->client, &r) : "the first byte came");
  s3_release(x->client, &r);
  return rc || failed;
}

int cmd_doctor(const Options *o){
  Arena arena;
  S3Config config = s3_config(o);
  S3Client *client = 0;
  const char *error = 0;
  S3Run x = {&arena, 0, 0, 0, &error};
  int rc;
  if( o->n_operand>1 ){
    fputs("tarn doctor: at most one s3://bucket/prefix\n", stderr);
    return EXIT_USAGE;
  }
  arena_init(&arena);
  rc = s3_open(&arena, &config, &client, &error);
  if( rc ){
    line(0, "credentials", error);
  }else{
    const Credentials *c = s3_credentials(client);
    x.client = client;
    line(1, "libraries", "libcurl, libcrypto and expat are there");
    line(1, "credentials", c->source);
    line(1, "endpoint", s3_endpoint(client) ? s3_endpoint(client) : "amazonaws.com");
    if( o->n_operand==1 ) rc = check_location(&x, o->operand[0]);
    else puts("     give an s3://bucket/prefix to try a listing and a read");
  }
  s3_close(client);
  arena_free(&arena);
  return rc ? EXIT_FAILED : EXIT_DONE;
}
