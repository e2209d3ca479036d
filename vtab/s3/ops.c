/* What Tarn does on S3: see ops.h. */
#include "../sqlite.h"
#include "ops.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LOST_SLACK_S 2          /* the server tells whole seconds */

/* Send a prepared request and wait; 1 and *error when it failed. */
static int run(const S3Run *x, S3Request *r){
  *x->error = "out of memory";
  if( s3_submit(x->client, r) ) return 1;
  if( s3_wait(x->client, r, x->interrupt, x->interrupt_arg)==0 ) return 0;
  *x->error = s3_failure_text(x->arena, x->client, r);
  return 1;
}

static void query_add(S3Request *r, const char *name, const char *value){
  r->query[r->n_query].name = name;
  r->query[r->n_query++].value = value;
}

static void header_add(S3Request *r, const char *name, const char *value){
  r->header[r->n_header].name = name;
  r->header[r->n_header++].value = value;
}

/* A 200 whose body is an <Error> document is an error all the same. */
static int body_is_error(const S3Run *x, S3Request *r){
  S3ErrorBody e;
  if( r->response.n==0 || s3_xml_error(x->arena, r->response.z, r->response.n, &e) ) return 0;
  r->failure.status = r->status;
  r->failure.code = e.code ? e.code : "";
  r->failure.message = e.message ? e.message : "the server reported an error";
  r->failure.request_id = e.request_id;
  *x->error = s3_failure_text(x->arena, x->client, r);
  return 1;
}

int s3_head(const S3Run *x, const char *bucket, const char *key, int *exists, int64_t *size, char *etag){
  S3Request r;
  int rc;
  s3_request_init(&r);
  r.method = "HEAD";
  r.bucket = bucket;
  r.key = key;
  rc = run(x, &r);
  *exists = rc==0;
  if( rc && r.status==404 ) rc = 0;
  *size = r.content_length;
  memcpy(etag, r.etag, sizeof(r.etag));
  s3_release(x->client, &r);
  return rc;
}

int s3_put(const S3Run *x, const char *bucket, const char *key, const void *body, size_t n,
           int create_only, int *exists){
  S3Request r;
  int rc;
  s3_request_init(&r);
  r.method = "PUT";
  r.bucket = bucket;
  r.key = key;
  r.body = body;
  r.n_body = n;
  if( create_only ) header_add(&r, "if-none-match", "*");
  rc = run(x, &r);
  *exists = rc && create_only && r.status==412;
  if( *exists ) rc = 0;
  /* 501: the server does not know the condition (OpenStack Swift). */
  if( rc && create_only && r.status==501 ){
    s3_release(x->client, &r);
    return s3_put(x, bucket, key, body, n, 0, exists);
  }
  s3_release(x->client, &r);
  return rc;
}

int s3_upload_part(const S3Run *x, const char *bucket, const char *key, const char *upload_id,
                   int part, const void *body, size_t n, char *etag){
  S3Request r;
  char number[16];
  int rc;
  s3_request_init(&r);
  snprintf(number, sizeof(number), "%d", part);
  r.method = "PUT";
  r.bucket = bucket;
  r.key = key;
  r.body = body;
  r.n_body = n;
  query_add(&r, "partNumber", number);
  query_add(&r, "uploadId", upload_id);
  rc = run(x, &r);
  memcpy(etag, r.etag, sizeof(r.etag));
  s3_release(x->client, &r);
  return rc;
}

/* Only the document that says so tells that the object is there. */
static int is_not_completed(const S3Run *x, S3Request *r){
  const char *why = "the answer is empty";
  if( s3_xml_has_root(x->arena, r->response.z, r->response.n, "CompleteMultipartUploadResult", &why) ) return 0;
  r->failure.status = r->status;
  r->failure.code = "";
  r->failure.message = arena_printf(x->arena, "the server did not say that the upload is complete: %s", why);
  *x->error = s3_failure_text(x->arena, x->client, r);
  return 1;
}

static int complete_once(const S3Run *x, const char *bucket, const char *key, const char *upload_id,
                         int n_part, const char *const *etag, int *again){
  S3Request r;
  Buf body;
  int rc = 1;
  buf_init(&body, 0);
  s3_request_init(&r);
  buf_str(&body, "<CompleteMultipartUpload>");
  for(int i=0; i<n_part; i++){
    buf_printf(&body, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, etag[i]);
  }
  buf_str(&body, "</CompleteMultipartUpload>");
  *x->error = "out of memory";
  if( !body.oom ){
    r.method = "POST";
    r.bucket = bucket;
    r.key = key;
    r.body = body.z;
    r.n_body = body.n;
    query_add(&r, "uploadId", upload_id);
    rc = run(x, &r) || body_is_error(x, &r) || is_not_completed(x, &r);
    *again = rc && r.status==200 && (strcmp(r.failure.code, "InternalError")==0 || strcmp(r.failure.code, "SlowDown")==0);
  }
  s3_release(x->client, &r);
  buf_free(&body);
  return rc;
}

/* S3 says 200 before it has joined the parts; an error that it meets then comes
** in the body, where the client does not look for it. */
int s3_upload_complete(const S3Run *x, const char *bucket, const char *key, const char *upload_id,
                       int n_part, const char *const *etag){
  int rc = 1, again = 1;
  for(int i=0; i<S3_COMPLETE_TRIES && again; i++){
    again = 0;
    rc = complete_once(x, bucket, key, upload_id, n_part, etag, &again);
  }
  return rc;
}

static int hex_digit(char c){
  return c>='0' && c<='9' ? c-'0' : c>='a' && c<='f' ? c-'a'+10 : c>='A' && c<='F' ? c-'A'+10 : -1;
}

int s3_multipart_etag(int n_part, const char *const *part, char *out){
  unsigned char digest[EVP_MAX_MD_SIZE];
  const char *error;
  const CryptoLib *crypto = lib_crypto(&error);
  Buf all;
  int rc = crypto==0;
  buf_init(&all, 0);
  for(int i=0; i<n_part && rc==0; i++){
    const char *z = part[i] + (part[i][0]=='"');
    rc = strspn(z, "0123456789abcdefABCDEF")!=32 || (z[32]!=0 && z[32]!='"');
    for(int k=0; k<32 && rc==0; k += 2) buf_char(&all, (char)(hex_digit(z[k])<<4 | hex_digit(z[k+1])));
  }
  rc = rc || all.oom || all.n==0 || crypto->EVP_Digest(all.z, all.n, digest, 0, crypto->EVP_md5(), 0)!=1;
  buf_free(&all);
  if( rc ) return 1;
  out[0] = '"';
  for(int i=0; i<16; i++) snprintf(out+1+2*i, 3, "%02x", digest[i]);
  snprintf(out+33, 95, "-%d\"", n_part);
  return 0;
}

int s3_upload_abort(const S3Run *x, const char *bucket, const char *key, const char *upload_id){
  S3Request r;
  int rc;
  s3_request_init(&r);
  r.method = "DELETE";
  r.bucket = bucket;
  r.key = key;
  query_add(&r, "uploadId", upload_id);
  rc = run(x, &r) && r.status!=404;
  s3_release(x->client, &r);
  return rc;
}

/* A GET of the bucket or an object with queries; *status also when it fails. */
static int get_document(const S3Run *x, S3Request *r, int *status){
  int rc = run(x, r) || body_is_error(x, r);
  *status = r->status;
  return rc;
}

/* Has an upload a part already?  One that is gone counts as having some. */
static int has_parts(const S3Run *x, const char *bucket, const char *key, const char *upload_id, int *yes){
  S3Request r;
  int rc, status, n = 1;
  s3_request_init(&r);
  r.bucket = bucket;
  r.key = key;
  query_add(&r, "uploadId", upload_id);
  query_add(&r, "max-parts", "1");
  rc = get_document(x, &r, &status);
  if( rc==0 ) rc = s3_xml_part_count(x->arena, r.response.z ? r.response.z : "", r.response.n, &n, x->error);
  else if( status==404 || status==403 ) rc = 0;
  s3_release(x->client, &r);
  *yes = n>0;
  return rc;
}

int s3_upload_find_empty(const S3Run *x, const char *bucket, const char *key, int64_t from_s, int64_t until_s,
                         int *allowed, int *n, const char ***upload_id){
  S3Request r;
  S3Uploads list;
  int64_t skew = 0;
  int rc, status;
  *n = 0;
  *allowed = 1;
  memset(&list, 0, sizeof(list));
  s3_request_init(&r);
  r.bucket = bucket;
  query_add(&r, "uploads", "");
  query_add(&r, "encoding-type", "url");
  query_add(&r, "prefix", key);
  rc = get_document(x, &r, &status);
  if( rc==0 ) rc = s3_xml_uploads(x->arena, r.response.z ? r.response.z : "", r.response.n, &list, x->error);
  else if( status==400 || status==403 || status==404 || status==405 || status==501 ) rc = *allowed = 0;
  s3_release(x->client, &r);
  s3_clock_skew(x->client, &skew);
  *upload_id = ARENA_ARRAY(x->arena, const char*, list.n + 1);
  if( *upload_id==0 ) return 1;
  for(int i=0; i<list.n && rc==0; i++){
    const S3UploadEntry *e = &list.entry[i];
    int64_t begun = e->initiated_s - skew;
    int used;
    if( strcmp(e->key, key)!=0 || begun<from_s || begun>until_s ) continue;
    rc = has_parts(x, bucket, key, e->id, &used);
    if( rc==0 && !used ) (*upload_id)[(*n)++] = e->id;
  }
  return rc;
}

/* An attempt whose answer was lost may have begun an upload too. */
static void abort_lost(const S3Run *x, const char *bucket, const char *key, const char *ours, int64_t from_s){
  const char *kept = *x->error, **id;
  int n, allowed;
  if( s3_upload_find_empty(x, bucket, key, from_s, (int64_t)time(0)+LOST_SLACK_S, &allowed, &n, &id)==0 ){
    for(int i=0; i<n; i++) if( strcmp(id[i], ours)!=0 ) s3_upload_abort(x, bucket, key, id[i]);
  }
  *x->error = kept;                       /* one that stays has no parts: no error */
}

int s3_upload_begin(const S3Run *x, const char *bucket, const char *key, const char **upload_id){
  S3Request r;
  int64_t from_s = (int64_t)time(0) - LOST_SLACK_S;
  int rc, attempts;
  s3_request_init(&r);
  r.method = "POST";
  r.bucket = bucket;
  r.key = key;
  query_add(&r, "uploads", "");
  rc = run(x, &r) || body_is_error(x, &r)
    || s3_xml_upload_id(x->arena, r.response.z ? r.response.z : "", r.response.n, upload_id, x->error);
  attempts = r.failure.attempts;
  s3_release(x->client, &r);
  if( rc==0 && attempts>1 ) abort_lost(x, bucket, key, *upload_id, from_s);
  return rc;
}

static void xml_escape(Buf *b, const char *z){
  for(; *z; z++){
    if( *z=='&' ) buf_str(b, "&amp;");
    else if( *z=='<' ) buf_str(b, "&lt;");
    else if( *z=='>' ) buf_str(b, "&gt;");
    else if( *z=='"' ) buf_str(b, "&quot;");
    else if( (unsigned char)*z<0x20 ) buf_printf(b, "&#%d;", *z);
    else buf_char(b, *z);
  }
}

static void base64(char *out, const unsigned char *p, int n){
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for(int i=0; i<n; i += 3){
    unsigned v = (unsigned)p[i]<<16 | (i+1<n ? (unsigned)p[i+1]<<8 : 0) | (i+2<n ? p[i+2] : 0);
    *out++ = digit[v>>18];
    *out++ = digit[v>>12 & 63];
    *out++ = i+1<n ? digit[v>>6 & 63] : '=';
    *out++ = i+2<n ? digit[v & 63] : '=';
  }
  *out = 0;
}

/* One DeleteObjects; S3 wants its Content-MD5. */
static int delete_some(const S3Run *x, const char *bucket, int n_key, const char *const *key){
  S3Request r;
  Buf body;
  unsigned char digest[EVP_MAX_MD_SIZE];
  char md5[32];
  const CryptoLib *crypto = lib_crypto(x->error);
  int rc = 1;
  if( crypto==0 ) return 1;
  buf_init(&body, 0);
  s3_request_init(&r);
  buf_str(&body, "<Delete><Quiet>true</Quiet>");
  for(int i=0; i<n_key; i++){
    buf_str(&body, "<Object><Key>");
    xml_escape(&body, key[i]);
    buf_str(&body, "</Key></Object>");
  }
  buf_str(&body, "</Delete>");
  *x->error = "out of memory";
  if( !body.oom && crypto->EVP_Digest(body.z, body.n, digest, 0, crypto->EVP_md5(), 0)==1 ){
    base64(md5, digest, 16);
    r.method = "POST";
    r.bucket = bucket;
    r.body = body.z;
    r.n_body = body.n;
    query_add(&r, "delete", "");
    header_add(&r, "content-md5", md5);
    rc = run(x, &r) || body_is_error(x, &r);
    if( rc==0 && r.response.n && strstr(r.response.z, "<Error") ){
      *x->error = arena_printf(x->arena, "s3://%s/: not every object could be deleted: %.300s", bucket, r.response.z);
      rc = 1;
    }
  }
  s3_release(x->client, &r);
  buf_free(&body);
  return rc;
}

int s3_delete(const S3Run *x, const char *bucket, int n_key, const char *const *key){
  for(int i=0; i<n_key; i += S3_DELETE_MAX){
    int n = n_key - i < S3_DELETE_MAX ? n_key - i : S3_DELETE_MAX;
    if( delete_some(x, bucket, n, key + i) ) return 1;
  }
  return 0;
}
