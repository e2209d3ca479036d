/*
** What the end of an attempt means: done, failed, or once more and when.
** The rules are in client.h.
*/
#include "../sqlite.h"
#include "request.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static int one_of(const char *code, const char *const *list){
  for(; *list; list++){
    if( strcmp(code, *list)==0 ) return 1;
  }
  return 0;
}

static int curl_is_transient(CURLcode rc){
  switch( rc ){
    case CURLE_COULDNT_RESOLVE_HOST: case CURLE_COULDNT_CONNECT: case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT: case CURLE_GOT_NOTHING: case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR: case CURLE_SSL_CONNECT_ERROR: case CURLE_HTTP2: case CURLE_HTTP2_STREAM:
    case CURLE_WEIRD_SERVER_REPLY:
      return 1;
    default:
      return 0;
  }
}

static int answer_is_transient(int status, const char *code){
  static const char *const codes[] = {
    "InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", "Throttling",
    "ThrottlingException", "RequestLimitExceeded", "ConditionalRequestConflict", 0
  };
  return status==408 || status==429 || status==500 || status==502 || status==503 || status==504
      || one_of(code, codes);
}

/* A region name as AWS forms them, so that a host built from it stays AWS's. */
static int region_is_sane(const char *z){
  size_t n = strlen(z);
  return n>0 && n<40 && strspn(z, "abcdefghijklmnopqrstuvwxyz0123456789-")==n;
}

static int learn_region(S3Client *c, S3Transfer *t, const S3ErrorBody *e){
  const S3Request *r = t->request;
  const char *region = r->bucket_region[0] ? r->bucket_region : e->region ? e->region : "";
  LearnedRegion *slot = 0;
  if( t->tried_region || !region_is_sane(region) || strcmp(region, s3_region(c, r->bucket))==0 ) return 0;
  if( r->status!=301 && r->status!=307 && r->status!=400 && r->status!=403 ) return 0;
  for(int i=0; i<c->n_learned; i++){
    if( strcmp(c->learned[i].bucket, r->bucket)==0 ) slot = &c->learned[i];
  }
  if( slot==0 && c->n_learned<S3_BUCKETS_MAX ) slot = &c->learned[c->n_learned++];
  if( slot==0 ) return 0;
  snprintf(slot->bucket, sizeof(slot->bucket), "%s", r->bucket);
  snprintf(slot->region, sizeof(slot->region), "%s", region);
  t->tried_region = 1;
  return 1;
}

/* The answer to a HEAD has no body, so no code: then the dates tell. */
static int is_skewed(const S3Client *c, const S3Transfer *t, const char *code){
  int64_t off = t->server_date_s - (int64_t)time(0) - c->clock_offset_s;
  if( strcmp(code, "RequestTimeTooSkewed")==0 ) return 1;
  return code[0]==0 && t->request->status==403 && (off>S3_SKEW_S || off<-S3_SKEW_S);
}

static int correct_clock(S3Client *c, S3Transfer *t, const char *code){
  if( t->tried_clock || t->server_date_s==0 || !is_skewed(c, t, code) ) return 0;
  c->clock_offset_s = t->server_date_s - (int64_t)time(0);
  t->tried_clock = 1;
  return 1;
}

static int renew_credentials(S3Client *c, S3Transfer *t, const char *code){
  static const char *const codes[] = { "ExpiredToken", "ExpiredTokenException", "InvalidToken", "TokenRefreshRequired", 0 };
  const char *error;
  Credentials fresh;
  int no_code = code[0]==0 && (t->request->status==400 || t->request->status==403) && c->credentials.session_token;
  if( t->tried_credentials || (!one_of(code, codes) && !no_code) ) return 0;
  t->tried_credentials = 1;
  if( credentials_find(&c->arena, &c->options, &fresh, &error) ) return 0;
  c->credentials = fresh;
  return 1;
}

/* Full jitter: random(0, min(cap, base * 2^n)). */
static int64_t backoff_ms(S3Client *c, int attempts){
  int64_t top = S3_BACKOFF_BASE_MS;
  for(int i=1; i<attempts && top<S3_BACKOFF_CAP_MS; i++) top *= 2;
  if( top>S3_BACKOFF_CAP_MS ) top = S3_BACKOFF_CAP_MS;
  c->random = c->random*1664525u + 1013904223u;
  return (int64_t)((double)(c->random>>8) / (double)(1<<24) * (double)top);
}

/* When to try again: due_ms, and the gate for everyone on a 503 or 429. */
static int schedule(S3Client *c, S3Transfer *t){
  int64_t now = s3_now_ms();
  int64_t wait = t->retry_after_ms>=0 ? t->retry_after_ms : backoff_ms(c, t->attempts);
  if( t->attempts>=c->attempts || now + wait - t->start_ms > c->deadline_ms ) return 0;
  t->due_ms = now + wait;
  if( t->request->status==503 || t->request->status==429 ){
    int64_t gate = now + wait/2;
    if( gate>c->gate_ms ) c->gate_ms = gate;
  }
  return 1;
}

static const char *curl_message(S3Client *c, S3Transfer *t, CURLcode rc){
  if( t->body_refused ) return t->body_refused;
  if( rc==CURLE_PARTIAL_FILE ) return "the connection was closed before the whole object had come";
  if( rc==CURLE_PEER_FAILED_VERIFICATION ){
    return "the server's certificate cannot be verified (AWS_CA_BUNDLE names a file with an authority of your own)";
  }
  if( rc==CURLE_SSL_CACERT_BADFILE && c->ca_bundle ){
    return arena_printf(&t->arena, "the certificates of AWS_CA_BUNDLE cannot be read: %s", c->ca_bundle);
  }
  return c->curl->easy_strerror(rc);
}

/* A 2xx whose body is complete: what was asked for, no more, no less. */
static int is_complete(const S3Transfer *t, CURLcode rc){
  const S3Request *r = t->request;
  int64_t want = r->range_end - r->range_start;
  return rc==CURLE_OK && r->status/100==2 && (want<=0 || (int64_t)r->response.n==want);
}

int s3_request_finish(S3Client *c, S3Transfer *t, CURLcode rc){
  S3Request *r = t->request;
  S3ErrorBody e = {0};
  const char *id = r->failure.request_id;
  long status = 0;
  c->curl->easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
  r->status = (int)status;
  r->failure.attempts = t->attempts;
  if( t->server_date_s ){
    c->skew_s = t->server_date_s - (int64_t)time(0);
    c->knows_skew = 1;
  }
  if( is_complete(t, rc) ) return 0;
  if( t->error_body.n ) s3_xml_error(&t->arena, t->error_body.z, t->error_body.n, &e);
  r->failure.status = r->status;
  r->failure.code = e.code ? e.code : "";
  r->failure.request_id = e.request_id ? e.request_id : id;
  r->failure.message = e.message ? e.message
    : r->status/100==2 || r->status==0 ? curl_message(c, t, rc==CURLE_OK ? CURLE_PARTIAL_FILE : rc)
    : "the server gave no reason";
  if( e.canonical_request && t->canonical_request ){
    r->failure.message = arena_printf(&t->arena, "%s  Ours:\n%s\nThe server's:\n%s", r->failure.message,
                                      t->canonical_request, e.canonical_request);
  }
  if( t->cancelled || c->closing ){
    r->failure.interrupted = 1;
    r->failure.message = "interrupted";
    return 0;
  }
  if( t->is_changed ) r->status = 412;    /* what a server that knows If-Match says */
  r->failure.out_of_memory = r->response.oom || t->arena.oom;
  if( r->failure.out_of_memory || t->body_refused ) return 0;
  if( learn_region(c, t, &e) || correct_clock(c, t, r->failure.code)
   || renew_credentials(c, t, r->failure.code) ){
    t->due_ms = s3_now_ms();
    return 1;
  }
  if( rc!=CURLE_OK ? curl_is_transient(rc) : r->status/100==2 || answer_is_transient(r->status, r->failure.code) ){
    return schedule(c, t);
  }
  return 0;
}
