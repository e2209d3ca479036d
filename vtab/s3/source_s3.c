/* S3 over the network as a byte source: see source_s3.h. */
#include "source_s3.h"
#include "ops.h"
#include "reader.h"
#include <pthread.h>
#include <string.h>

/* Scans open it from any of their hands. */
static pthread_mutex_t client_lock = PTHREAD_MUTEX_INITIALIZER;

S3Client *s3_shared_client(S3Shared *shared, char **pzErr){
  Arena arena;
  const char *error = 0;
  S3Client *client;
  arena_init(&arena);
  pthread_mutex_lock(&client_lock);
  if( shared->client==0 && s3_open(&arena, &shared->config, &shared->client, &error) ){
    shared->client = 0;
    *pzErr = sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: %s", error ? error : "out of memory");
  }
  client = shared->client;
  pthread_mutex_unlock(&client_lock);
  arena_free(&arena);
  return client;
}

void s3_shared_close(S3Shared *shared){
  s3_close(shared->client);
  shared->client = 0;
}

/* --- Listing ------------------------------------------------------------- */

typedef struct Listing {
  SourceList *list;
  const S3ListJob *job;
  SourcePlace *place;
  int rc;
} Listing;

/* A part below the location that begins with `_` or `.`. */
static int is_skipped(const char *key){
  for(const char *z = key; z; z = strchr(z, '/')){
    if( *z=='/' ) z++;
    if( *z=='_' || *z=='.' ) return 1;
  }
  return 0;
}

static int add_page(void *ctx, int i, const S3Page *page){
  Listing *l = ctx;
  const S3ListJob *job = &l->job[i];
  SourcePlace *place = &l->place[i];
  size_t n_prefix = strlen(job->prefix);  /* what lies above is not looked at */
  for(int k=0; k<page->n_object && l->rc==SQLITE_OK; k++){
    const S3Object *o = &page->object[k];
    size_t n = strlen(o->key);
    SourceFile file = {0};
    char *url;
    if( n==0 || o->key[n-1]=='/' || is_skipped(o->key + n_prefix) ) continue;
    url = sqlite3_mprintf("s3://%s/%s", job->bucket, o->key);
    file.backend = &s3_network_backend;
    file.url = url;
    file.path = o->key;
    file.etag = o->etag ? o->etag : "";
    file.size = o->size;
    file.tag = place->tag;
    l->rc = url ? source_list_append(l->list, &file) : SQLITE_NOMEM;
    sqlite3_free(url);
    if( place->n++==0 ) place->first = l->list->n - 1;
  }
  return l->rc!=SQLITE_OK;
}

/* LOCATION 's3://b/k' means the folder k/, not every key that begins with k. */
static int make_job(Arena *a, const char *location, S3ListJob *job){
  const char *key;
  size_t n;
  if( s3_split_url(a, location, &job->bucket, &key) ) return 1;
  n = strlen(key);
  job->prefix = n && key[n-1]!='/' ? arena_printf(a, "%s/", key) : key;
  return job->prefix==0;
}

int s3_network_list_many(SourceList *list, const SourceOptions *options, int n, SourcePlace *place, char **pzErr){
  Arena arena;
  const char *error = 0;
  S3ListJob *job;
  Listing l = {list, 0, place, SQLITE_OK};
  S3Run run = {&arena, 0, options->interrupted, options->interrupted_arg, &error};
  int rc;
  run.client = s3_shared_client(options->s3, pzErr);
  if( run.client==0 ) return SQLITE_ERROR;
  arena_init(&arena);
  l.job = job = ARENA_ARRAY(&arena, S3ListJob, n);
  rc = job==0;
  for(int i=0; i<n && rc==0; i++){
    place[i].first = list->n;
    place[i].n = 0;
    rc = make_job(&arena, place[i].location, &job[i]);
  }
  rc = rc==0 && s3_list_many(&run, n, job, add_page, &l)==0 ? SQLITE_OK : SQLITE_ERROR;
  if( l.rc!=SQLITE_OK ) rc = l.rc;
  else if( rc==SQLITE_ERROR && arena.oom ) rc = SQLITE_NOMEM;
  if( rc==SQLITE_ERROR && options->interrupted && options->interrupted(options->interrupted_arg) ) rc = SQLITE_INTERRUPT;
  if( rc==SQLITE_ERROR && *pzErr==0 ){
    *pzErr = sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: %s", error ? error : "the location cannot be listed");
  }
  arena_free(&arena);
  return rc;
}

static int network_list(SourceList *list, const SourceOptions *options, const char *location, int tag, char **pzErr){
  SourcePlace place = {location, tag, 0, 0};
  return s3_network_list_many(list, options, 1, &place, pzErr);
}

/* --- Reading ------------------------------------------------------------- */

/* What a list keeps for its reads. */
typedef struct Remote {
  S3Reader *reader;
  SourceList *list;
  Arena bucket;                 /* names, cut out of the URLs */
  int current;
} Remote;

typedef struct NetworkSource {
  Source base;
  Remote *remote;
  SourceOptions options;
} NetworkSource;

static int file_at(void *ctx, int i, S3File *out){
  Remote *r = ctx;
  const SourceFile *f;
  const char *bucket;
  if( i<0 || i>=r->list->n ) return 1;
  f = &r->list->file[i];
  if( f->backend!=&s3_network_backend || f->is_left_out ){
    memset(out, 0, sizeof(*out));         /* not ours or not wanted: nothing to fetch */
    return 0;
  }
  bucket = f->url + 5;
  out->bucket = arena_strndup(&r->bucket, bucket, strcspn(bucket, "/"));
  out->key = f->path;
  out->etag = f->etag[0] ? f->etag : 0;
  out->size = f->size;
  return out->bucket==0;
}

static void remote_free(void *p){
  Remote *r = p;
  s3_reader_close(r->reader);
  arena_free(&r->bucket);
  sqlite3_free(r);
}

static int network_read(Source *source, char *buf, int n, int *got, char **pzErr){
  NetworkSource *s = (NetworkSource*)source;
  Arena arena;
  const char *error = 0;
  int rc = SQLITE_OK;
  arena_init(&arena);
  if( s3_reader_read(s->remote->reader, &arena, s->options.interrupted, s->options.interrupted_arg,
                     buf, n, got, &error) ){
    if( s3_reader_changed(s->remote->reader) ) s->options.s3->changed = 1;
    if( s->options.interrupted && s->options.interrupted(s->options.interrupted_arg) ){
      rc = SQLITE_INTERRUPT;
    }else{
      *pzErr = source_read_error(source->url, "%s", error);
      rc = *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
    }
  }
  source->stored_bytes += *got;
  arena_free(&arena);
  return rc;
}

static void network_close(Source *source){
  sqlite3_free(source);
}

static const SourceOps network_ops = { network_read, network_close };

/* The list's reader; a second scan of the same list starts a new one. */
static Remote *remote_of(SourceList *list, const SourceOptions *options, int i, char **pzErr){
  Remote *r = list->remote;
  S3Client *client = s3_shared_client(options->s3, pzErr);
  if( client==0 ) return 0;
  if( r && i<=r->current ){
    remote_free(r);
    list->remote = r = 0;
  }
  if( r ) return r;
  r = sqlite3_malloc64(sizeof(*r));
  if( r==0 ) return 0;
  memset(r, 0, sizeof(*r));
  arena_init(&r->bucket);
  r->list = list;
  r->current = -1;
  r->reader = s3_reader_open(client, file_at, r);
  if( r->reader==0 ){
    sqlite3_free(r);
    return 0;
  }
  list->remote = r;
  list->remote_free = remote_free;
  return r;
}

static int network_open(SourceList *list, int i, const SourceOptions *options, Source **out, char **pzErr){
  NetworkSource *s;
  Remote *r = remote_of(list, options, i, pzErr);
  if( r==0 ) return *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
  s = sqlite3_malloc64(sizeof(*s));
  if( s==0 ) return SQLITE_NOMEM;
  memset(s, 0, sizeof(*s));
  s->base.ops = &network_ops;
  s->base.url = list->file[i].url;
  s->remote = r;
  s->options = *options;
  r->current = i;
  s3_reader_begin(r->reader, i);
  *out = &s->base;
  return SQLITE_OK;
}

const SourceBackend s3_network_backend = { "s3://", network_list, network_open };
