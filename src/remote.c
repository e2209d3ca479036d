/*
** S3 over the network as a place to write to: the client, and what lies there.
** (How writing works is told in upload.c and remote_recover.c.)
*/
#include <string.h>
#include "remote.h"

int remote_is(const Session *s, const char *location){
  return s->s3_root==0 && strncmp(location, "s3://", 5)==0;
}

int remote_interrupted(void *session){ return ((Session*)session)->stop; }

int remote_client(Session *s, S3Run *run, const char **error, int (*interrupt)(void*)){
  char *why = 0;
  run->arena = &s->arena;
  run->interrupt = interrupt;
  run->interrupt_arg = s;
  run->error = error;
  run->client = s3_shared_client(&s->s3, &why);
  if( run->client ) return 0;
  session_fail(s, "TARN_S3: %s", why ? why : "out of memory");
  sqlite3_free(why);
  return 1;
}

int remote_fail(Session *s, const char *error){
  if( s->stop ){
    s->interrupted = 1;
    return session_fail(s, "interrupted");
  }
  return session_fail(s, "TARN_S3: %s", error ? error : "no reason was given");
}

const char *remote_endpoint(const S3Run *run){
  const char *z = s3_endpoint(run->client);
  return z ? z : "";
}

/* Bucket and key of a URL; its lines in the note allow no control characters. */
static int split(Session *s, const char *url, const char **bucket, const char **key){
  if( s3_split_url(&s->arena, url, bucket, key) || (*key)[0]=='/' ){
    return session_fail(s, "TARN_EXPORT: %s is not of the form s3://bucket/prefix", url);
  }
  for(const char *z=url; *z; z++){
    if( (unsigned char)*z<0x20 || *z==0x7f ) return session_fail(s, "TARN_EXPORT: a location with control characters");
  }
  return 0;
}

/* The bucket, `a/b/NAME/` and `a/b/.tarn/NAME.made` of a folder's URL. */
int remote_place(Session *s, const char *url, Place *p){
  const char *key, *slash;
  size_t n;
  if( split(s, url, &p->bucket, &key) ) return 1;
  if( key[0]==0 ) return session_fail(s, "TARN_EXPORT: %s is not of the form s3://bucket/prefix", url);
  n = strlen(key);
  while( n && key[n-1]=='/' ) n--;
  key = arena_strndup(&s->arena, key, n);
  slash = strrchr(key, '/');
  p->prefix = arena_printf(&s->arena, "%s/", key);
  p->marker = arena_printf(&s->arena, "%.*s.tarn/%s.made", slash ? (int)(slash-key)+1 : 0, key, slash ? slash+1 : key);
  return 0;
}

/* --- What lies below a prefix ------------------------------------------------------ */

static int keep_keys(void *ctx, const S3Page *page){
  RemoteKeys *k = ctx;
  for(int i=0; i<page->n_object; i++){
    if( k->n==k->cap ){
      const char **grown = ARENA_ARRAY(k->arena, const char*, k->cap*2+64);
      if( grown==0 ) return 1;
      if( k->n ) memcpy(grown, k->key, sizeof(*grown)*(size_t)k->n);
      k->key = grown;
      k->cap = k->cap*2+64;
    }
    k->key[k->n++] = page->object[i].key;
  }
  return k->limit && k->n>=k->limit;
}

int remote_keys(const S3Run *run, const char *bucket, const char *prefix, int limit, RemoteKeys *k){
  memset(k, 0, sizeof(*k));
  k->arena = run->arena;
  k->limit = limit;
  *run->error = 0;
  return s3_list(run, bucket, prefix, 0, keep_keys, k) && *run->error;
}

int remote_has_marker(Session *s, const S3Run *run, const Place *p, int *made){
  int64_t size;
  char etag[128];
  return s3_head(run, p->bucket, p->marker, made, &size, etag) && remote_fail(s, *run->error);
}

int remote_is_empty(Session *s, const char *url){
  const char *error = 0, *bucket, *key;
  size_t n;
  S3Run run;
  RemoteKeys k;
  if( split(s, url, &bucket, &key) || remote_client(s, &run, &error, remote_interrupted) ) return -1;
  n = strlen(key);
  if( n && key[n-1]!='/' ) key = arena_printf(&s->arena, "%s/", key);
  if( remote_keys(&run, bucket, key, 1, &k) ){
    remote_fail(s, error);
    return -1;
  }
  return k.n==0;
}

int remote_check(Session *s, const char *url){
  const char *error = 0;
  S3Run run;
  Place p;
  RemoteKeys k;
  int made;
  if( remote_place(s, url, &p) || remote_client(s, &run, &error, remote_interrupted) || remote_has_marker(s, &run, &p, &made) ) return 1;
  if( made ) return 0;
  if( remote_keys(&run, p.bucket, p.prefix, 1, &k) ) return remote_fail(s, error);
  if( k.n==0 ) return 0;
  return session_fail(s, "TARN_EXPORT: s3://%s/%s is not empty (%s) and was not made by Tarn: it is left alone; "
                         "name another place with --export", p.bucket, p.prefix, k.key[0]);
}
