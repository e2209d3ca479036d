/*
** The S3 code when memory runs out: every allocation in turn, ours and those
** of libcurl, libcrypto and expat, while it signs, reads XML, finds
** credentials, and talks to a server in this process.
**
** Each task must end in an error or with the very text of a run without
** faults; nothing may leak.  malloc is interposed by a definition here, but not
** under ASan, which has its own.  The server's thread allocates nothing.
*/
#include "vtab/s3/ops.h"
#include "vtab/s3/parts.h"
#include "vtab/s3/reader.h"
#include "vtab/s3/source_s3.h"
#include "vtab/jsonl.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES_MAX 20000
#define STEP_MAX 50             /* beyond the first so many faults, not every one is tried */

/* --- Faults -------------------------------------------------------------- */

static int countdown, hits, persistent, armed;  /* shared with the client's thread; armed: 1 ours, 2 libc's */

static int fault(int kind){
  int left;
  if( __atomic_load_n(&armed, __ATOMIC_RELAXED)!=kind ) return 0;
  left = __atomic_sub_fetch(&countdown, 1, __ATOMIC_RELAXED);
  if( left>0 || (left<0 && !persistent) ) return 0;
  __atomic_add_fetch(&hits, 1, __ATOMIC_RELAXED);
  return 1;
}

static sqlite3_mem_methods plain;

static void *fault_malloc(int n){
  return fault(1) ? 0 : plain.xMalloc(n);
}

static void *fault_realloc(void *p, int n){
  return fault(1) ? 0 : plain.xRealloc(p, n);
}

#ifndef __SANITIZE_ADDRESS__
#define EXPORTED __attribute__((visibility("default")))
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void*, size_t);
EXPORTED void *malloc(size_t n){ return fault(2) ? 0 : __libc_malloc(n); }
EXPORTED void *calloc(size_t n, size_t size){ return fault(2) ? 0 : __libc_calloc(n, size); }
EXPORTED void *realloc(void *p, size_t n){ return fault(2) ? 0 : __libc_realloc(p, n); }
#endif

/* --- A small S3 ---------------------------------------------------------- */

static const char page1[] = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
  "<NextContinuationToken>two</NextContinuationToken>"
  "<Contents><Key>t/a+b.json</Key><Size>24</Size><ETag>&quot;e&quot;</ETag></Contents></ListBucketResult>";
static const char page2[] = "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>"
  "<Contents><Key>t/c.json</Key><Size>24</Size><ETag>&quot;e&quot;</ETag></Contents>"
  "<CommonPrefixes><Prefix>t/sub/</Prefix></CommonPrefixes></ListBucketResult>";
static const char object[] = "{\"a\":1,\"s\":\"x\"}\n{\"a\":2}\n";

static const char *answer_of(const char *request, const char **more){
  *more = "";
  if( strstr(request, "continuation-token=two") ) return page2;
  if( strstr(request, "list-type=2") ) return page1;
  if( strstr(request, "uploads=") ) return "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
  if( !strncmp(request, "POST /b/broken", 14) ) return "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
  if( !strncmp(request, "POST", 4) ) return "<CompleteMultipartUploadResult/>";
  if( !strncmp(request, "PUT", 3) ) *more = "ETag: \"00112233445566778899aabbccddeeff\"\r\n";
  if( !strncmp(request, "GET /b/t/", 9) ){
    *more = "ETag: \"e\"\r\nContent-Range: bytes 0-23/24\r\n";
    return object;
  }
  return "";
}

static void answer(int fd, const char *request){
  char out[2048];
  const char *more, *body = answer_of(request, &more);
  int n;
  if( !strncmp(request, "GET /b/none", 11) ){
    body = "<Error><Code>NoSuchKey</Code><Message>none</Message><RequestId>r</RequestId></Error>";
    n = snprintf(out, sizeof(out), "HTTP/1.1 404 x\r\nContent-Length: %d\r\n\r\n%s", (int)strlen(body), body);
  }else{
    n = snprintf(out, sizeof(out), "HTTP/1.1 %d x\r\n%sContent-Length: %d\r\n\r\n%s", body==object ? 206 : 200, more,
                 (int)strlen(body), body);
  }
  if( write(fd, out, (size_t)n)<0 ) return;
}

static void *serve_one(void *arg){
  char z[65536];
  int fd = (int)(long)arg, n = 0, one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  while( n<(int)sizeof(z)-1 ){
    ssize_t k = read(fd, z+n, sizeof(z)-1-(size_t)n);
    const char *end, *length;
    int need;
    if( k<=0 ) break;
    n += (int)k;
    z[n] = 0;
    end = strstr(z, "\r\n\r\n");
    if( end==0 ) continue;
    length = strcasestr(z, "\r\ncontent-length:");
    need = (int)(end-z) + 4 + (length && length<end ? atoi(length+17) : 0);
    if( n<need ) continue;
    answer(fd, z);
    memmove(z, z+need, (size_t)(n-need));
    n -= need;
  }
  close(fd);
  return 0;
}

/* A few threads that take connections in turn: none is started under faults. */
static void *serve(void *arg){
  for(;;){
    int fd = accept((int)(long)arg, 0, 0);
    if( fd>=0 ) serve_one((void*)(long)fd);
  }
  return 0;
}

static char endpoint[64];

static void start_server(void){
  struct sockaddr_in a = {0};
  socklen_t len = sizeof(a);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  pthread_t t;
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if( bind(fd, (struct sockaddr*)&a, sizeof(a)) || listen(fd, 64) || getsockname(fd, (struct sockaddr*)&a, &len) ) exit(2);
  snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", ntohs(a.sin_port));
  for(int i=0; i<12; i++) if( pthread_create(&t, 0, serve, (void*)(long)fd)==0 ) pthread_detach(t);
}

/* --- Tasks: 0 and *out, or 1 -------------------------------------------- */

typedef int (*Task)(Arena*, Buf *out, const char **error);

static int task_sign(Arena *a, Buf *out, const char **error){
  SignPair query[] = { {"prefix", "dt=2024-01-01/a b"}, {"list-type", "2"} };
  SignPair header[] = { {"host", "b.s3.amazonaws.com"}, {"x-amz-date", "20130524T000000Z"}, {"range", "bytes=0-9"} };
  SignRequest r = {0};
  SignResult s;
  r.method = "GET";
  r.path = "/a b/../c";
  r.n_query = 2;
  r.query = query;
  r.n_header = 3;
  r.header = header;
  r.payload_sha256 = SIGN_EMPTY_SHA256;
  r.key_id = "AKID";
  r.secret = "secret";
  r.region = "us-east-1";
  r.service = "s3";
  r.amz_date = "20130524T000000Z";
  r.normalize_path = r.encode_path_twice = 1;
  if( sign_v4(a, &r, &s, error) ) return 1;
  buf_printf(out, "%s %s %s", s.url_path, s.url_query, s.authorization);
  return 0;
}

static int task_xml(Arena *a, Buf *out, const char **error){
  static const char refusal[] = "<Error><Code>C</Code><Message>M</Message><RequestId>R</RequestId><Region>eu</Region></Error>";
  S3Page page;
  S3ErrorBody e;
  if( s3_xml_list(a, page2, strlen(page2), &page, error) || s3_xml_error(a, refusal, strlen(refusal), &e) ) return 1;
  buf_printf(out, "%d %s %s %s %d", page.n_object, page.object[0].key, page.object[0].etag, page.prefix[0], page.truncated);
  buf_printf(out, " %s %s %s %s", e.code, e.message, e.request_id, e.region);
  return 0;
}

static int task_credentials(Arena *a, Buf *out, const char **error){
  static const char *const profiles[] = { "static", "process" };
  for(int i=0; i<2; i++){
    CredentialOptions o = {0};
    Credentials c;
    o.profile = profiles[i];
    if( credentials_find(a, &o, &c, error) ) return 1;
    buf_printf(out, "%s %s %s %s %s %lld;", c.key_id, c.secret, c.session_token ? c.session_token : "-", c.source,
               c.region ? c.region : "-", (long long)c.expires_s);
  }
  return 0;
}

static int print_page(void *ctx, const S3Page *page){
  for(int i=0; i<page->n_object; i++) buf_printf(ctx, "%s %d %s;", page->object[i].key, (int)page->object[i].size, page->object[i].etag);
  for(int i=0; i<page->n_prefix; i++) buf_printf(ctx, "%s;", page->prefix[i]);
  return 0;
}

static int open_client(S3Run *x, Arena *a, const char **error){
  S3Config config = {0};
  S3Run run = {a, 0, 0, 0, error};
  config.endpoint = endpoint;
  config.attempts = 1;
  config.deadline_ms = 1500;      /* libcurl may lose a transfer when its own malloc fails */
  config.credentials.key_id = "AKID";
  config.credentials.secret = "secret";
  *x = run;
  return s3_open(a, &config, &x->client, error);
}

static int print_listed(void *ctx, int job, const S3Page *page){
  buf_printf(ctx, "%d:", job);
  return print_page(ctx, page);
}

static int use_client(const S3Run *x, Buf *out){
  static const S3ListJob jobs[] = { {"b", "t/"}, {"b", ""} };
  static const char *const keys[] = { "t/x&y", "t/z" };
  const char *id, *const *etags;
  const char *one_etag;
  char etag[128], object_etag[128];
  int exists, n_part;
  int64_t size;
  S3Parts *parts;
  if( s3_list(x, "b", "t/", "/", print_page, out) ) return 1;
  if( s3_list_many(x, 2, jobs, print_listed, out) ) return 1;
  if( s3_head(x, "b", "t/k", &exists, &size, etag) ) return 1;
  buf_printf(out, "%d %d;", exists, (int)size);
  if( s3_put(x, "b", "t/k", "body", 4, 1, &exists) || s3_upload_begin(x, "b", "t/k", &id) ) return 1;
  if( s3_upload_part(x, "b", "t/k", id, 1, "part", 4, etag) ) return 1;
  one_etag = etag;
  if( s3_upload_complete(x, "b", "t/k", id, 1, &one_etag) || s3_upload_abort(x, "b", "t/k", id) ) return 1;
  if( s3_multipart_etag(1, &one_etag, object_etag) ) return 1;
  buf_printf(out, "%s %s %s;", id, etag, object_etag);
  parts = s3_parts_open(x, "b", "t/k", id);
  if( parts==0 ) return 1;
  if( s3_parts_write(parts, "stream", 6) || s3_parts_end(parts, &n_part, &etags, &size) ){
    s3_parts_close(parts);
    return 1;
  }
  buf_printf(out, "%d %d %s;", n_part, (int)size, etags[0]);
  s3_parts_close(parts);
  return s3_delete(x, "b", 2, keys);
}

static int task_client(Arena *a, Buf *out, const char **error){
  S3Run x;
  int rc;
  if( open_client(&x, a, error) ) return 1;
  rc = use_client(&x, out);
  s3_close(x.client);
  return rc;
}

/* What must fail fails, faults or not: a 200 with an error in it, a 404. */
static int task_refusals(Arena *a, Buf *out, const char **error){
  const char *etag = "\"e\"";
  S3Run x;
  S3Request r;
  int completed, got;
  if( open_client(&x, a, error) ) return 1;
  completed = s3_upload_complete(&x, "b", "broken", "u", 1, &etag)==0;
  s3_request_init(&r);
  r.bucket = "b";
  r.key = "none";
  got = s3_submit(x.client, &r)==0 && s3_wait(x.client, &r, 0, 0)==0;
  s3_release(x.client, &r);
  s3_close(x.client);
  buf_printf(out, "%d %d", completed, got);
  return 0;
}

static int file_at(void *ctx, int i, S3File *f){
  (void)ctx;
  f->bucket = "b";
  f->key = "t/c.json";
  f->etag = "\"e\"";
  f->size = 24;
  return i>=3;
}

static int task_reader(Arena *a, Buf *out, const char **error){
  S3Run x;
  S3Reader *r;
  char z[10];
  int rc = 1, got;
  if( open_client(&x, a, error) ) return 1;
  r = s3_reader_open(x.client, file_at, 0);
  for(int i=0; r && i<3; i++){
    s3_reader_begin(r, i);
    do{
      rc = s3_reader_read(r, a, 0, 0, z, sizeof(z), &got, error);
      if( rc==0 ) buf_add(out, z, (size_t)got);
    }while( rc==0 && got );
    if( rc ) break;
  }
  s3_reader_close(r);
  s3_close(x.client);
  return rc;
}

/* The whole way: a landing table's rows. */
static int task_table(Arena *a, Buf *out, const char **error){
  static const JsonlColumn columns[] = { {"a", "int", 0}, {"s", "string", 0} };
  S3Shared shared = {0};
  JsonlHost host = {0};
  JsonlSpec spec = {0};
  sqlite3 *db = 0;
  sqlite3_stmt *stmt = 0;
  char *sql = 0;
  int rc;
  (void)a;
  *error = "a table";
  shared.config.endpoint = endpoint;
  shared.config.attempts = 1;
  shared.config.credentials.key_id = "AKID";
  shared.config.credentials.secret = "secret";
  host.s3 = &shared;
  host.threads = 1;
  spec.location = "s3://b/t/";
  spec.serde = "org.openx.data.jsonserde.JsonSerDe";
  spec.n_column = 2;
  spec.column = columns;
  rc = sqlite3_open(":memory:", &db);
  if( rc==SQLITE_OK ) rc = jsonl_register(db, &host);
  if( rc==SQLITE_OK && (sql = jsonl_create_sql("t", &spec))==0 ) rc = SQLITE_NOMEM;
  if( rc==SQLITE_OK ) rc = sqlite3_exec(db, sql, 0, 0, 0);
  sqlite3_free(sql);
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(db, "SELECT a, s, \"$path\" FROM t", -1, &stmt, 0);
  while( rc==SQLITE_OK || rc==SQLITE_ROW ){
    rc = sqlite3_step(stmt);
    for(int i=0; i<3 && rc==SQLITE_ROW; i++){
      const char *z = (const char*)sqlite3_column_text(stmt, i);
      buf_printf(out, "%s|", z ? z : "NULL");
    }
  }
  /* A value that SQLite could not copy reads as NULL; its code says so. */
  if( rc==SQLITE_DONE && sqlite3_errcode(db)==SQLITE_NOMEM ) rc = SQLITE_NOMEM;
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  s3_shared_close(&shared);
  return rc!=SQLITE_DONE;
}

static const struct { const char *name; Task task; } tasks[] = {
  {"sign", task_sign}, {"xml", task_xml}, {"credentials", task_credentials}, {"client", task_client},
  {"refusals", task_refusals}, {"reader", task_reader}, {"table", task_table},
};

/* --- Trying -------------------------------------------------------------- */

static int run_task(int i, char *text, size_t cap){
  Arena a;
  Buf out;
  const char *error = 0;
  int rc;
  arena_init(&a);
  buf_init(&out, 0);
  buf_str(&out, "");
  rc = tasks[i].task(&a, &out, &error) || out.oom;
  armed = 0;
  snprintf(text, cap, "%s", rc ? error ? error : "" : out.z);
  buf_free(&out);
  arena_free(&a);
  return rc;
}

static int try_task(int i, int kind, int stays){
  static char want[8192], got[8192];
  int n, errors = 0;
  sqlite3_int64 before;
  if( run_task(i, want, sizeof(want)) ){
    printf("not ok s3_faults_%s: without faults: %s\n", tasks[i].name, want);
    return 1;
  }
  before = sqlite3_memory_used();
  for(n=1; n<TRIES_MAX; n += 1 + n/STEP_MAX){
    int rc;
    countdown = n;
    persistent = stays;
    hits = 0;
    armed = kind;
    rc = run_task(i, got, sizeof(got));
    if( hits==0 ) break;
    errors += rc;
    if( rc==0 && strcmp(got, want) ){
      printf("not ok s3_faults_%s: allocation %d of kind %d%s: got %s, not %s\n", tasks[i].name, n, kind, stays ? " and after" : "", got, want);
      return 1;
    }
    if( sqlite3_memory_used()!=before ){
      printf("not ok s3_faults_%s: allocation %d of kind %d: %lld bytes leaked\n", tasks[i].name, n, kind,
             (long long)(sqlite3_memory_used() - before));
      return 1;
    }
  }
  printf("ok s3_faults_%s_%s%s (%d allocations, %d errors)\n", tasks[i].name, kind==1 ? "ours" : "libraries", stays ? "_and_after" : "", n-1, errors);
  fflush(stdout);
  return 0;
}

/* Profiles of our own, and nothing of the user's. */
static void make_profiles(char *path){
  FILE *f;
  int fd = mkstemp(path);
  if( fd<0 || (f = fdopen(fd, "w"))==0 ) exit(2);
  fprintf(f, "[profile static]\naws_access_key_id = AKS\naws_secret_access_key = s\naws_session_token = t\nregion = eu-north-1\n"
             "[profile process]\ncredential_process = printf '{\"Version\":1,\"AccessKeyId\":\"AKP\",\"SecretAccessKey\":\"p\","
             "\"Expiration\":\"2036-01-01T00:00:00Z\"}'\n");
  fclose(f);
  setenv("AWS_CONFIG_FILE", path, 1);
  setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
}

int main(void){
  static const char *const clear[] = { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
    "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_MAX_ATTEMPTS", "http_proxy", "TARN_S3_ROOT" };
  char profiles[] = "/tmp/tarn-s3-faults-XXXXXX";
  sqlite3_mem_methods methods;
  int bad = 0;
  for(size_t i=0; i<sizeof(clear)/sizeof(clear[0]); i++) unsetenv(clear[i]);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
  methods = plain;
  methods.xMalloc = fault_malloc;
  methods.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_initialize();
  make_profiles(profiles);
  start_server();
  for(size_t i=0; i<sizeof(tasks)/sizeof(tasks[0]); i++){
    for(int stays=0; stays<2; stays++){
      bad += try_task((int)i, 1, stays);
#ifndef __SANITIZE_ADDRESS__
      bad += try_task((int)i, 2, stays);
#endif
    }
  }
  unlink(profiles);
  return bad!=0;
}
