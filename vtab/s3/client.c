/*
** The S3 client's thread and its queue: see client.h.
**
** One mutex guards the client and all transfers.  The thread takes waiting
** transfers that are due, gives each a libcurl handle, and lets libcurl work
** without the mutex; callers sleep on `changed`.
*/
#include "../sqlite.h"
#include "request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEADLINE_GRACE_MS 500   /* for libcurl's own time-out to come first */
#define POLL_MS 20              /* longest sleep of the thread while requests run */
#define IDLE_POLL_MS 500
#define WAIT_STEP_MS 10         /* how often s3_wait asks the interrupt */

int64_t s3_now_ms(void){
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (int64_t)ts.tv_sec*1000 + ts.tv_nsec/1000000;
}

int s3_split_url(Arena *a, const char *url, const char **bucket, const char **key){
  const char *slash;
  if( strncmp(url, "s3://", 5)!=0 ) return 1;
  url += 5;
  slash = strchr(url, '/');
  *bucket = arena_strndup(a, url, slash ? (size_t)(slash - url) : strlen(url));
  *key = arena_strdup(a, slash ? slash + 1 : "");
  return *bucket==0 || *key==0 || (*bucket)[0]==0;
}

void s3_request_init(S3Request *r){
  memset(r, 0, sizeof(*r));
  r->method = "GET";
  r->key = "";
  r->content_length = -1;
  buf_init(&r->response, 0);
}

/* A transfer ends: its handle goes back, waiters wake up. */
static void transfer_done(S3Client *c, S3Transfer *t){
  if( t->curl ){
    c->idle[c->n_idle++] = t->curl;
    t->curl = 0;
    c->n_running--;
  }
  t->state = TRANSFER_DONE;
  pthread_cond_broadcast(&c->changed);
}

static void transfer_fail(S3Client *c, S3Transfer *t, const char *message){
  S3Request *r = t->request;
  r->failure.code = "";
  r->failure.message = message;
  r->failure.attempts = t->attempts;
  r->failure.interrupted = t->cancelled || c->closing;
  r->status = 0;
  transfer_done(c, t);
}

static void transfer_start(S3Client *c, S3Transfer *t){
  const char *error = "out of memory";
  t->curl = c->n_idle ? c->idle[--c->n_idle] : c->curl->easy_init();
  if( t->curl==0 ){
    transfer_fail(c, t, error);
    return;
  }
  c->n_running++;
  if( s3_request_prepare(c, t, &error) || c->curl->multi_add_handle(c->multi, t->curl)!=CURLM_OK ){
    transfer_fail(c, t, error);
    return;
  }
  t->state = TRANSFER_RUNNING;
}

/* Start what is due; the time until the next one is, at most `most` ms. */
static int start_due(S3Client *c, int most){
  int64_t now = s3_now_ms();
  for(S3Transfer *t = c->list; t; t = t->next){
    int64_t due = t->due_ms>c->gate_ms ? t->due_ms : c->gate_ms;
    if( t->state==TRANSFER_RUNNING && (t->cancelled || c->closing) ){
      c->curl->multi_remove_handle(c->multi, t->curl);
      transfer_fail(c, t, "interrupted");
    }
    /* libcurl can lose a transfer when its own malloc fails: no time-out comes then. */
    if( t->state==TRANSFER_RUNNING && now - t->start_ms > c->deadline_ms + DEADLINE_GRACE_MS ){
      c->curl->multi_remove_handle(c->multi, t->curl);
      transfer_fail(c, t, "no end of it before the deadline");
    }
    if( t->state!=TRANSFER_WAITING ) continue;
    if( t->cancelled || c->closing ){
      transfer_fail(c, t, "interrupted");
    }else if( due>now ){
      if( due - now < most ) most = (int)(due - now);
    }else if( c->n_running<c->handles ){
      transfer_start(c, t);
    }
  }
  return most;
}

static void take_finished(S3Client *c){
  CURLMsg *msg;
  int left;
  while( (msg = c->curl->multi_info_read(c->multi, &left))!=0 ){
    S3Transfer *t = 0;
    CURLcode rc = msg->data.result;
    if( msg->msg!=CURLMSG_DONE ) continue;
    c->curl->easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
    c->curl->multi_remove_handle(c->multi, msg->easy_handle);
    if( s3_request_finish(c, t, rc) ){
      c->idle[c->n_idle++] = t->curl;
      t->curl = 0;
      c->n_running--;
      t->state = TRANSFER_WAITING;
    }else{
      transfer_done(c, t);
    }
  }
}

static void *run_thread(void *arg){
  S3Client *c = arg;
  pthread_mutex_lock(&c->mutex);
  while( !c->closing || c->n_running ){
    int sleep_ms = start_due(c, c->n_running ? POLL_MS : IDLE_POLL_MS);
    int running;
    pthread_mutex_unlock(&c->mutex);
    c->curl->multi_perform(c->multi, &running);
    pthread_mutex_lock(&c->mutex);
    take_finished(c);
    if( start_due(c, sleep_ms)<sleep_ms ) sleep_ms = 1;
    pthread_mutex_unlock(&c->mutex);
    c->curl->multi_poll(c->multi, 0, 0, sleep_ms, 0);
    pthread_mutex_lock(&c->mutex);
  }
  start_due(c, 0);                        /* fails what still waits */
  pthread_mutex_unlock(&c->mutex);
  return 0;
}

/* The thread starts with the first request. */
static int start_thread(S3Client *c){
  if( c->thread_started ) return 0;
  if( pthread_create(&c->thread, 0, run_thread, c) ) return 1;
  c->thread_started = 1;
  return 0;
}

int s3_submit(S3Client *c, S3Request *r){
  S3Transfer *t = sqlite3_malloc64(sizeof(*t));
  S3Transfer **end;
  const char *error;
  int rc = 0;
  if( t==0 ) return 1;
  memset(t, 0, sizeof(*t));
  arena_init(&t->arena);
  buf_init(&t->error_body, 0);
  t->request = r;
  t->client = c;
  t->start_ms = s3_now_ms();
  r->transfer = t;
  pthread_mutex_lock(&c->mutex);
  if( credentials_expiring(&c->credentials, (int64_t)time(0)) ){
    Credentials fresh;
    if( credentials_find(&c->arena, &c->options, &fresh, &error)==0 ) c->credentials = fresh;
  }
  for(end = &c->list; *end; end = &(*end)->next){}
  *end = t;
  rc = start_thread(c);
  if( rc ) transfer_fail(c, t, "a thread cannot be started");
  pthread_mutex_unlock(&c->mutex);
  c->curl->multi_wakeup(c->multi);
  return 0;
}

int s3_done(S3Client *c, S3Request *r){
  int done;
  pthread_mutex_lock(&c->mutex);
  done = r->transfer==0 || r->transfer->state==TRANSFER_DONE;
  pthread_mutex_unlock(&c->mutex);
  return done;
}

static void wait_step(S3Client *c){
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += WAIT_STEP_MS*1000000L;
  until.tv_sec += until.tv_nsec/1000000000L;
  until.tv_nsec %= 1000000000L;
  pthread_cond_timedwait(&c->changed, &c->mutex, &until);
}

int s3_wait(S3Client *c, S3Request *r, int (*interrupt)(void*), void *arg){
  S3Transfer *t = r->transfer;
  if( t==0 ) return 1;
  pthread_mutex_lock(&c->mutex);
  while( t->state!=TRANSFER_DONE ){
    if( interrupt && !t->cancelled ){
      pthread_mutex_unlock(&c->mutex);
      t->cancelled = interrupt(arg)!=0;
      if( t->cancelled ) c->curl->multi_wakeup(c->multi);
      pthread_mutex_lock(&c->mutex);
      if( t->state==TRANSFER_DONE ) break;
    }
    wait_step(c);
  }
  pthread_mutex_unlock(&c->mutex);
  return r->failure.message!=0;
}

int s3_wait_any(S3Client *c, int n, S3Request *const *r, int (*interrupt)(void*), void *arg){
  int found = -1;
  pthread_mutex_lock(&c->mutex);
  for(;;){
    int stop;
    for(int i=0; i<n && found<0; i++) if( r[i]->transfer->state==TRANSFER_DONE ) found = i;
    if( found>=0 ) break;
    pthread_mutex_unlock(&c->mutex);
    stop = interrupt && interrupt(arg);
    pthread_mutex_lock(&c->mutex);
    if( stop ) break;
    wait_step(c);
  }
  pthread_mutex_unlock(&c->mutex);
  return found;
}

void s3_cancel(S3Client *c, S3Request *r){
  if( r->transfer==0 ) return;
  pthread_mutex_lock(&c->mutex);
  r->transfer->cancelled = 1;
  pthread_mutex_unlock(&c->mutex);
}

void s3_release(S3Client *c, S3Request *r){
  S3Transfer *t = r->transfer;
  if( t ){
    pthread_mutex_lock(&c->mutex);
    t->cancelled = 1;
    if( t->state!=TRANSFER_DONE ) c->curl->multi_wakeup(c->multi);
    while( t->state!=TRANSFER_DONE ) wait_step(c);
    for(S3Transfer **p = &c->list; *p; p = &(*p)->next){
      if( *p==t ){
        *p = t->next;
        break;
      }
    }
    pthread_mutex_unlock(&c->mutex);
    c->curl->slist_free_all(t->headers);
    buf_free(&t->error_body);
    buf_free(&r->response);
    arena_free(&t->arena);
    sqlite3_free(t);
  }
  buf_free(&r->response);
  r->transfer = 0;
}

/* An endpoint given by the user: http:// or https://, without a path. */
static const char *endpoint_of(Arena *a, const S3Config *config){
  const char *z = config->endpoint;
  char *copy;
  size_t n;
  if( z==0 || z[0]==0 ) z = getenv("AWS_ENDPOINT_URL_S3");
  if( z==0 || z[0]==0 ) z = getenv("AWS_ENDPOINT_URL");
  if( z==0 || z[0]==0 ) return 0;
  copy = arena_strdup(a, z);
  for(n = copy ? strlen(copy) : 0; n && copy[n-1]=='/'; n--) copy[n-1] = 0;
  return copy;
}

static int attempts_of(const S3Config *config){
  const char *z = getenv("AWS_MAX_ATTEMPTS");
  int n = config->attempts ? config->attempts : z ? atoi(z) : S3_ATTEMPTS_DEFAULT;
  return n<1 ? 1 : n>S3_ATTEMPTS_MAX ? S3_ATTEMPTS_MAX : n;
}

int s3_open(Arena *a, const S3Config *config, S3Client **out, const char **error){
  S3Client *c;
  const CurlLib *curl = lib_curl(error);
  if( curl==0 || lib_crypto(error)==0 || lib_expat(error)==0 ) return 1;
  *error = "out of memory";
  c = sqlite3_malloc64(sizeof(*c));
  if( c==0 ) return 1;
  memset(c, 0, sizeof(*c));
  arena_init(&c->arena);
  pthread_mutex_init(&c->mutex, 0);
  pthread_cond_init(&c->changed, 0);
  c->curl = curl;
  c->options = config->credentials;
  c->endpoint = endpoint_of(&c->arena, config);
  c->ca_bundle = getenv("AWS_CA_BUNDLE");
  c->handles = config->handles>0 ? config->handles : S3_HANDLES_DEFAULT;
  if( c->handles>S3_HANDLES_MAX ) c->handles = S3_HANDLES_MAX;
  c->attempts = attempts_of(config);
  c->deadline_ms = config->deadline_ms>0 ? config->deadline_ms : S3_DEADLINE_MS;
  c->random = config->seed ? config->seed : (unsigned)s3_now_ms() | 1u;
  c->multi = curl->multi_init();
  if( c->multi ) curl->multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)S3_HANDLES_MAX);
  if( c->multi && c->endpoint && strchr(c->endpoint, '@') ){
    *error = "the endpoint holds a user name or password: give credentials as AWS does";   /* it would be stored and printed */
  }else if( c->multi && c->endpoint && strncmp(c->endpoint, "http://", 7) && strncmp(c->endpoint, "https://", 8) ){
    *error = arena_printf(a, "the endpoint %s does not begin with http:// or https://", c->endpoint);
  }else if( c->multi && credentials_find(&c->arena, &c->options, &c->credentials, error)==0 ){
    *out = c;
    return 0;
  }else if( *error ){
    *error = arena_strdup(a, *error);     /* it lives in the client's arena */
  }
  s3_close(c);
  return 1;
}

void s3_close(S3Client *c){
  if( c==0 ) return;
  pthread_mutex_lock(&c->mutex);
  c->closing = 1;
  pthread_mutex_unlock(&c->mutex);
  if( c->thread_started ){
    c->curl->multi_wakeup(c->multi);
    pthread_join(c->thread, 0);
  }
  for(int i=0; i<c->n_idle; i++) c->curl->easy_cleanup(c->idle[i]);
  if( c->multi ) c->curl->multi_cleanup(c->multi);
  pthread_cond_destroy(&c->changed);
  pthread_mutex_destroy(&c->mutex);
  arena_free(&c->arena);
  sqlite3_free(c);
}

const Credentials *s3_credentials(S3Client *c){ return &c->credentials; }
const char *s3_endpoint(S3Client *c){ return c->endpoint; }
int s3_clock_skew(S3Client *c, int64_t *skew_s){
  pthread_mutex_lock(&c->mutex);
  *skew_s = c->clock_offset_s ? c->clock_offset_s : c->skew_s;
  pthread_mutex_unlock(&c->mutex);
  return c->knows_skew==0;
}
const char *s3_region_of(S3Client *c, const char *bucket){ return s3_region(c, bucket); }

/* What to type, where the code says it. */
static const char *hint(S3Client *c, const S3Request *r){
  const char *code = r->failure.code ? r->failure.code : "";
  if( r->status==403 && !c->credentials.anonymous && strcmp(code, "SignatureDoesNotMatch")!=0 ){
    return "; for a public bucket use --no-sign-request, and `tarn s3 whoami` shows which credentials were used";
  }
  if( r->status==403 && c->credentials.anonymous ){
    return "; no credentials were found: `tarn s3 whoami` says where Tarn looked";
  }
  if( r->status==412 ) return "; the object changed after it was listed: run again, or use --on-change relist";
  return "";
}

/* The object, or the prefix that a listing is about. */
static const char *subject(const S3Request *r){
  for(int i=0; i<r->n_query && r->key[0]==0; i++) if( strcmp(r->query[i].name, "prefix")==0 ) return r->query[i].value;
  return r->key;
}

const char *s3_failure_text(Arena *a, S3Client *c, const S3Request *r){
  const S3Failure *f = &r->failure;
  Buf b;
  buf_init(&b, a);
  pthread_mutex_lock(&c->mutex);          /* region and credentials may change */
  buf_printf(&b, "s3://%s/%s: ", r->bucket, subject(r));
  if( f->status ) buf_printf(&b, "HTTP %d ", f->status);
  if( f->code && f->code[0] ) buf_printf(&b, "%s: ", f->code);
  buf_str(&b, f->message ? f->message : "failed");
  buf_printf(&b, " (%s %s, region %s, credentials: %s, attempts %d", r->method,
             c->endpoint ? c->endpoint : "amazonaws.com", s3_region(c, r->bucket),
             c->credentials.source ? c->credentials.source : "none", f->attempts);
  if( f->request_id ) buf_printf(&b, ", request id %s", f->request_id);
  buf_char(&b, ')');
  buf_str(&b, hint(c, r));
  pthread_mutex_unlock(&c->mutex);
  return b.oom ? "out of memory" : b.z;
}
