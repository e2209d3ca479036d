/* One attempt of a request, built and signed: see request.h. */
#include "../sqlite.h"
#include "request.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DEFAULT_REGION "us-east-1"
/* Of libcurl's buffer: below glibc's limit for mmap (128 KiB), so that it is not
** mapped and faulted in for every request: a fifth of the CPU for large objects. */
#define RECEIVE_BYTES (120<<10)

const char *s3_region(const S3Client *c, const char *bucket){
  for(int i=0; i<c->n_learned; i++){
    if( strcmp(c->learned[i].bucket, bucket)==0 ) return c->learned[i].region;
  }
  return c->credentials.region ? c->credentials.region : DEFAULT_REGION;
}

/* Scheme and host, and the path before the key: virtual-host style on AWS
** unless the bucket's dots would break the wildcard certificate; path style on
** every other endpoint. */
static void address(S3Client *c, S3Transfer *t, const char **origin, const char **path){
  const S3Request *r = t->request;
  const char *region = s3_region(c, r->bucket);
  const char *slash = r->key[0] || r->bucket[0]==0 ? "/" : "";
  if( c->endpoint ){
    *origin = c->endpoint;
  }else if( r->bucket[0] && strchr(r->bucket, '.')==0 ){
    *origin = arena_printf(&t->arena, "https://%s.s3.%s.amazonaws.com", r->bucket, region);
    *path = arena_printf(&t->arena, "/%s", r->key);
    return;
  }else{
    *origin = arena_printf(&t->arena, "https://s3.%s.amazonaws.com", region);
  }
  *path = arena_printf(&t->arena, "/%s%s%s", r->bucket, slash, r->key);
}

static size_t on_header(char *z, size_t size, size_t n, void *ctx){
  S3Transfer *t = ctx;
  S3Request *r = t->request;
  size_t len = size*n;
  char line[512];
  char *value;
  size_t kept = len<sizeof(line) ? len : sizeof(line)-1;
  memcpy(line, z, kept);                  /* many lines a second: no printf */
  line[kept] = 0;
  line[strcspn(line, "\r\n")] = 0;
  value = strchr(line, ':');
  if( value==0 ) return len;
  *value++ = 0;
  while( *value==' ' ) value++;
  if( !strcasecmp(line, "etag") ) snprintf(r->etag, sizeof(r->etag), "%s", value);
  if( !strcasecmp(line, "content-range") ) t->answer_start = strncmp(value, "bytes ", 6) ? -1 : strtoll(value+6, 0, 10);
  if( !strcasecmp(line, "content-length") ) r->content_length = strtoll(value, 0, 10);
  if( !strcasecmp(line, "x-amz-bucket-region") ) snprintf(r->bucket_region, sizeof(r->bucket_region), "%.63s", value);
  /* Seconds; a date, the other form, is left to our own back-off. */
  if( !strcasecmp(line, "retry-after") && value[0]>='0' && value[0]<='9' ){
    t->retry_after_ms = (value[strspn(value, "0123456789")] || strlen(value)>9 ? 1000000000 : strtoll(value, 0, 10))*1000;
  }
  if( !strcasecmp(line, "x-amz-request-id") ) t->request->failure.request_id = arena_strdup(&t->arena, value);
  if( !strcasecmp(line, "date") ){
    struct tm tm = {0};
    if( strptime(value, "%a, %d %b %Y %H:%M:%S", &tm) ) t->server_date_s = timegm(&tm);
  }
  return len;
}

/* The ETag without quotes and the mark of a weak one: proxies change both. */
static size_t etag_core(const char **z){
  if( !strncmp(*z, "W/", 2) ) *z += 2;
  *z += strspn(*z, "\"");
  return strcspn(*z, "\"");
}

/* Not every server knows If-Match for GET: another version must not be read. */
static int is_another_version(const S3Request *r){
  const char *want = r->if_match, *got = r->etag;
  size_t n;
  if( want==0 || got[0]==0 ) return 0;
  n = etag_core(&want);
  return n!=etag_core(&got) || strncmp(want, got, n)!=0;
}

/* Bytes of a 2xx answer are the request's; of any other, the error document. */
static size_t on_body(char *z, size_t size, size_t n, void *ctx){
  S3Transfer *t = ctx;
  long status = 0;
  size_t len = size*n;
  int64_t limit = t->request->range_end - t->request->range_start;
  t->client->curl->easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
  if( status/100!=2 ){
    if( t->error_body.n + len <= S3_ERROR_BODY_MAX ) buf_add(&t->error_body, z, len);
    return len;
  }
  if( is_another_version(t->request) ){
    t->body_refused = "the server gave another version, in spite of If-Match";
    t->is_changed = 1;
  }
  /* A server that ignores Range would give bytes of another place. */
  if( limit>0 && (status!=206 || t->request->response.n + len > (size_t)limit
               || t->answer_start!=t->asked_start) ){
    t->body_refused = "the server did not give the range asked for";
  }
  if( t->body_refused ) return 0;
  buf_add(&t->request->response, z, len);
  return t->request->response.oom ? 0 : len;
}

static size_t on_upload(char *to, size_t size, size_t n, void *ctx){
  S3Transfer *t = ctx;
  size_t left = t->request->n_body - t->upload_at;
  size_t len = size*n < left ? size*n : left;
  if( len ) memcpy(to, (const char*)t->request->body + t->upload_at, len);
  t->upload_at += len;
  return len;
}

/* libcurl sends again from the start when a kept connection turns out dead. */
static int on_seek(void *ctx, curl_off_t offset, int origin){
  S3Transfer *t = ctx;
  if( origin!=SEEK_SET || offset<0 || (size_t)offset>t->request->n_body ) return CURL_SEEKFUNC_FAIL;
  t->upload_at = (size_t)offset;
  return CURL_SEEKFUNC_OK;
}

static int on_progress(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d){
  S3Transfer *t = ctx;
  (void)a; (void)b; (void)c; (void)d;
  return t->cancelled || t->client->closing;
}

typedef struct HeaderSet { SignPair pair[S3_REQUEST_HEADER_MAX + 8]; int n; } HeaderSet;

static void header_add(HeaderSet *h, const char *name, const char *value){
  SignPair p = { name, value };
  if( value ) h->pair[h->n++] = p;
}

/* Host without the scheme. */
static const char *host_of(const char *origin){
  const char *z = strstr(origin, "://");
  return z ? z + 3 : origin;
}

static void collect_headers(S3Client *c, S3Transfer *t, HeaderSet *h, const char *origin,
                            const char *amz_date, const char *sha){
  const S3Request *r = t->request;
  int64_t from = t->asked_start;
  header_add(h, "host", host_of(origin));
  if( !c->credentials.anonymous ){
    header_add(h, "x-amz-date", amz_date);
    header_add(h, "x-amz-content-sha256", sha);
    header_add(h, "x-amz-security-token", c->credentials.session_token);
  }
  if( r->range_end>r->range_start ){
    header_add(h, "range", arena_printf(&t->arena, "bytes=%lld-%lld", (long long)from, (long long)r->range_end-1));
  }
  header_add(h, "if-match", r->if_match);
  for(int i=0; i<r->n_header; i++) header_add(h, r->header[i].name, r->header[i].value);
}

static void setup_curl(S3Client *c, S3Transfer *t, const char *url){
  const CurlLib *lib = c->curl;
  const S3Request *r = t->request;
  CURL *h = t->curl;
  lib->easy_reset(h);
  lib->easy_setopt(h, CURLOPT_URL, url);
  lib->easy_setopt(h, CURLOPT_PATH_AS_IS, 1L);
  lib->easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  lib->easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
  lib->easy_setopt(h, CURLOPT_QUICK_EXIT, 1L);    /* an interrupt does not wait for a name server */
  lib->easy_setopt(h, CURLOPT_TCP_KEEPALIVE, 1L);
  lib->easy_setopt(h, CURLOPT_BUFFERSIZE, (long)RECEIVE_BYTES);
  lib->easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)S3_CONNECT_TIMEOUT_MS);
  lib->easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, (long)S3_STALL_BYTES);
  lib->easy_setopt(h, CURLOPT_LOW_SPEED_TIME, (long)S3_STALL_S);
  lib->easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)(c->deadline_ms));
  lib->easy_setopt(h, CURLOPT_FOLLOWLOCATION, 0L);
  lib->easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
  lib->easy_setopt(h, CURLOPT_HTTPHEADER, t->headers);
  lib->easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
  lib->easy_setopt(h, CURLOPT_HEADERDATA, t);
  lib->easy_setopt(h, CURLOPT_WRITEFUNCTION, on_body);
  lib->easy_setopt(h, CURLOPT_WRITEDATA, t);
  lib->easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
  lib->easy_setopt(h, CURLOPT_XFERINFODATA, t);
  lib->easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
  lib->easy_setopt(h, CURLOPT_PRIVATE, t);
  if( c->ca_bundle ) lib->easy_setopt(h, CURLOPT_CAINFO, c->ca_bundle);
  if( t->attempts>1 ) lib->easy_setopt(h, CURLOPT_FRESH_CONNECT, 1L);
  if( strcmp(r->method, "HEAD")==0 ){
    lib->easy_setopt(h, CURLOPT_NOBODY, 1L);
  }else if( r->body || strcmp(r->method, "PUT")==0 ){
    lib->easy_setopt(h, CURLOPT_UPLOAD, 1L);
    lib->easy_setopt(h, CURLOPT_READFUNCTION, on_upload);
    lib->easy_setopt(h, CURLOPT_READDATA, t);
    lib->easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
    lib->easy_setopt(h, CURLOPT_SEEKDATA, t);
    lib->easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->n_body);
    lib->easy_setopt(h, CURLOPT_CUSTOMREQUEST, r->method);
  }else if( strcmp(r->method, "GET")!=0 ){
    if( strcmp(r->method, "POST")==0 ){
      lib->easy_setopt(h, CURLOPT_POST, 1L);
      lib->easy_setopt(h, CURLOPT_POSTFIELDSIZE, 0L);
    }
    lib->easy_setopt(h, CURLOPT_CUSTOMREQUEST, r->method);
  }
}

static const char *amz_date(S3Client *c, Arena *a){
  time_t now = time(0) + c->clock_offset_s;
  struct tm tm;
  gmtime_r(&now, &tm);
  return arena_printf(a, "%04d%02d%02dT%02d%02d%02dZ", tm.tm_year+1900, tm.tm_mon+1, tm.tm_mday,
                      tm.tm_hour, tm.tm_min, tm.tm_sec);
}

int s3_request_prepare(S3Client *c, S3Transfer *t, const char **error){
  S3Request *r = t->request;
  const char *origin, *path, *date, *sha = SIGN_EMPTY_SHA256, *url, *authorization = 0;
  char digest[65];
  HeaderSet set = {0};
  SignRequest sign = {0};
  SignResult signed_ = {0};
  arena_reset(&t->arena);
  c->curl->slist_free_all(t->headers);
  t->headers = 0;
  t->error_body.n = 0;
  t->retry_after_ms = -1;
  t->server_date_s = 0;
  t->upload_at = 0;
  t->body_refused = 0;
  t->is_changed = 0;
  t->answer_start = -1;
  t->attempts++;
  memset(&r->failure, 0, sizeof(r->failure));
  r->bucket_region[0] = 0;
  r->etag[0] = 0;
  r->content_length = -1;
  if( r->range_end==0 ) r->response.n = 0;
  t->asked_start = r->range_start + (int64_t)r->response.n;
  /* Room for all of it at once: growing step by step copies and faults pages again. */
  if( r->response.n==0 && r->range_end>r->range_start ) buf_room(&r->response, (size_t)(r->range_end - r->range_start));
  if( r->n_body ){
    if( sign_sha256_hex(r->body, r->n_body, digest, error) ) return 1;
    sha = digest;
  }
  *error = "out of memory";
  address(c, t, &origin, &path);
  date = amz_date(c, &t->arena);
  if( t->arena.oom ) return 1;
  collect_headers(c, t, &set, origin, date, sha);
  sign.method = r->method;
  sign.path = path;
  sign.n_query = r->n_query;
  sign.query = r->query;
  sign.n_header = set.n;
  sign.header = set.pair;
  sign.payload_sha256 = sha;
  sign.key_id = c->credentials.anonymous ? "" : c->credentials.key_id;
  sign.secret = c->credentials.anonymous ? "" : c->credentials.secret;
  sign.region = s3_region(c, r->bucket);
  sign.service = "s3";
  sign.amz_date = date;
  sign.kept = &c->sign_key;
  if( sign_v4(&t->arena, &sign, &signed_, error) ) return 1;
  t->canonical_request = signed_.canonical_request;
  if( !c->credentials.anonymous ) authorization = signed_.authorization;
  header_add(&set, "Authorization", authorization);
  header_add(&set, "Expect", "");
  for(int i=1; i<set.n; i++){             /* 0 is host: libcurl's own */
    const char *line = set.pair[i].value[0]
      ? arena_printf(&t->arena, "%s: %s", set.pair[i].name, set.pair[i].value)
      : arena_printf(&t->arena, "%s:", set.pair[i].name);
    struct curl_slist *more = line ? c->curl->slist_append(t->headers, line) : 0;
    if( more==0 ) return 1;
    t->headers = more;
  }
  url = arena_printf(&t->arena, "%s%s%s%s", origin, signed_.url_path, signed_.url_query[0] ? "?" : "",
                     signed_.url_query);
  if( url==0 ) return 1;
  setup_curl(c, t, url);
  return 0;
}
