/*
** Exports to S3: old or new, with the lake's COMMIT deciding.
**
** A table becomes one object, part-00000.json below its folder.  Its parts are
** uploaded before COMMIT; the upload is completed only after it, and then the
** object changes at once.  Keys that are no longer part of the table are
** deleted last.  An empty table is an empty object, put after COMMIT.
**
** Two places remember what is under way:
**   tarn_uploads     in the transaction: what a committed run has to complete
**   LAKE-uploads     a file beside the lake, a line for each upload begun: what
**                    a run that never committed has to abort
** Whoever opens the lake next reads both under the write lock.  A completed
** upload whose row was not yet deleted is known by its object being there.
**
** As on disk, PARENT/.tarn/NAME.made says that Tarn may replace the folder.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../vtab/s3/ops.h"
#include "export.h"
#include "output.h"
#include "remote.h"

#define PART_NAME "part-00000.json"

static int interrupted(void *arg){
  Session *s = arg;
  return s->stop!=0;
}

/* The session's client and what surrounds its calls. */
static int open_run(Session *s, S3Run *x, const char **error){
  char *why = 0;
  memset(x, 0, sizeof(*x));
  *error = 0;
  x->arena = &s->arena;
  x->client = s3_shared_client(&s->s3, &why);
  x->interrupt = interrupted;
  x->interrupt_arg = s;
  x->error = error;
  if( x->client ) return 0;
  session_fail(s, "%s", why ? why : "TARN_S3: no client");
  sqlite3_free(why);
  return 1;
}

static int fail(Session *s, const char *error){
  if( s->stop ) s->interrupted = 1;
  return session_fail(s, "TARN_S3: %s", error ? error : "interrupted");
}

int remote_is(const Session *s, const char *location){
  return s->s3_root==0 && strncmp(location, "s3://", 5)==0;
}

typedef struct Place { const char *bucket, *prefix, *marker; } Place;

/* The bucket, `a/b/NAME/` and `a/b/.tarn/NAME.made` of a folder's URL. */
static int place_of(Session *s, const char *url, Place *p){
  const char *key, *slash;
  size_t n;
  if( s3_split_url(&s->arena, url, &p->bucket, &key) || key[0]==0 ) return session_fail(s, "TARN_EXPORT: %s is not s3://bucket/prefix", url);
  n = strlen(key);
  while( n>0 && key[n-1]=='/' ) n--;
  key = arena_strndup(&s->arena, key, n);
  slash = strrchr(key, '/');
  p->prefix = arena_printf(&s->arena, "%s/", key);
  p->marker = arena_printf(&s->arena, "%.*s.tarn/%s.made", slash ? (int)(slash-key)+1 : 0, key, slash ? slash+1 : key);
  return 0;
}

/* --- May the folder be replaced? ---------------------------------------------------- */

static int any_key(void *ctx, const S3Page *page){
  if( page->n_object ) *(int*)ctx = 1;
  return page->n_object>0;
}

int remote_check(Session *s, const char *url){
  S3Run x;
  Place p;
  const char *error;
  char etag[128];
  int64_t size;
  int made = 0, any = 0;
  if( open_run(s, &x, &error) || place_of(s, url, &p) ) return 1;
  if( s3_head(&x, p.bucket, p.marker, &made, &size, etag) ) return fail(s, error);
  if( made ) return 0;
  if( s3_list(&x, p.bucket, p.prefix, 0, any_key, &any) && !any ) return fail(s, error);
  if( !any ) return 0;
  return session_fail(s, "TARN_EXPORT: %s is not empty and was not made by Tarn: it is left alone; name another place with --export", url);
}

/* --- The file of uploads begun --------------------------------------------------------- */

static char *journal_path(Session *s){
  return arena_printf(&s->arena, "%s-uploads", s->options->lake);
}

static int journal_add(Session *s, const char *bucket, const char *key, const char *id){
  const char *path = journal_path(s);
  s->uploading = 1;
  FILE *f = fopen(path, "ab");
  int rc = f==0 || fprintf(f, "%s\t%s\t%s\n", bucket, id, key)<0 || fflush(f)!=0 || fsync(fileno(f))!=0;
  int why = errno;
  if( f ) fclose(f);
  return rc ? session_fail(s, "TARN_EXPORT: %s: %s", path, strerror(why)) : 0;
}

/* Abort every upload of the file that tarn_uploads does not know. */
static int journal_abort(Session *s, S3Run *x){
  const char *path = journal_path(s);
  FILE *f = fopen(path, "rb");
  char line[2400];
  int rc = 0;
  if( f==0 ) return 0;
  while( rc==0 && fgets(line, sizeof(line), f) ){
    char *id = strchr(line, '\t'), *key = id ? strchr(id+1, '\t') : 0, *known;
    if( key==0 || line[strlen(line)-1]!='\n' ) continue;        /* a line cut by a crash */
    line[strlen(line)-1] = 0;
    *id++ = 0;
    *key++ = 0;
    known = session_text(s, "SELECT 1 FROM tarn_uploads WHERE upload_id=%Q", id);
    if( known==0 && s3_upload_abort(x, line, key, id) ) rc = fail(s, *x->error);
  }
  fclose(f);
  if( rc==0 ) unlink(path);
  return rc;
}

/* --- Stage ------------------------------------------------------------------------------ */

/* The table's lines in a file without a name. */
static int spool(Session *s, const TableName *t, long long *rows, long long *bytes){
  char *path = arena_printf(&s->arena, "%s-spool-XXXXXX", s->options->lake);
  int fd = mkstemp(path);
  if( fd<0 ){
    session_fail(s, "TARN_EXPORT: %s: %s", path, strerror(errno));
    return -1;
  }
  unlink(path);
  if( export_write(s, t, fd, "the export's spool file", rows, bytes) || lseek(fd, 0, SEEK_SET)!=0 ){
    close(fd);
    return -1;
  }
  return fd;
}

/* Upload the file's parts; their ETags as a JSON array. */
static int upload_parts(Session *s, S3Run *x, const Place *p, const char *key, const char *id, int fd, Buf *etags){
  char *part = arena_alloc_raw(&s->arena, S3_PART_BYTES), etag[128];
  buf_char(etags, '[');
  for(int number=1; ; number++){
    size_t have = 0;
    ssize_t n;
    while( have<S3_PART_BYTES && (n = read(fd, part+have, S3_PART_BYTES-have))>0 ) have += (size_t)n;
    if( have==0 ) break;
    if( s3_upload_part(x, p->bucket, key, id, number, part, have, etag) ) return fail(s, *x->error);
    if( number>1 ) buf_char(etags, ',');
    json_string(etags, etag, strlen(etag));
  }
  buf_char(etags, ']');
  return 0;
}

int remote_stage(Session *s, long long run, const TableName *t, const char *url, long long *rows, long long *bytes){
  S3Run x;
  Place p;
  Buf etags;
  const char *error, *key, *id = 0;
  int fd, rc = 0;
  if( open_run(s, &x, &error) || place_of(s, url, &p) ) return 1;
  key = arena_printf(&s->arena, "%s%s", p.prefix, PART_NAME);
  fd = spool(s, t, rows, bytes);
  if( fd<0 ) return 1;
  buf_init(&etags, &s->arena);
  if( *bytes>0 ){
    rc = s3_upload_begin(&x, p.bucket, key, &id) ? fail(s, error) : 0;
    rc = rc || journal_add(s, p.bucket, key, id) || upload_parts(s, &x, &p, key, id, fd, &etags);
  }
  close(fd);
  return rc || session_exec(s, "INSERT INTO tarn_uploads(run,bucket,object_key,prefix,marker,upload_id,etags) VALUES(%lld,%Q,%Q,%Q,%Q,%Q,%Q)",
                            run, p.bucket, key, p.prefix, p.marker, id, etags.z);
}

void remote_abort(Session *s){
  S3Run x;
  const char *error;
  if( access(journal_path(s), F_OK)!=0 ) return;
  /* The rows of this transaction are about to go: every upload begun is aborted. */
  sqlite3_exec(s->db, "DELETE FROM tarn_uploads", 0, 0, 0);
  if( open_run(s, &x, &error)==0 ){
    x.interrupt = 0;
    journal_abort(s, &x);
  }
}

/* --- Finish ------------------------------------------------------------------------------- */

int remote_pending(Session *s, int *pending){
  const char *n = session_text(s, "SELECT count(*) FROM tarn_uploads");
  if( n==0 ) return 1;
  *pending = n[0]!='0' || access(journal_path(s), F_OK)==0;
  return 0;
}

static int complete(Session *s, S3Run *x, const char *bucket, const char *key, const char *id, const char *json){
  const char *list[10000];
  char etag[128];
  int n = 0, there = 0;
  int64_t size;
  sqlite3_stmt *stmt = session_prepare(s, "SELECT value FROM json_each(%Q)", json);
  while( session_step(s, stmt)==1 ) if( n<10000 ) list[n++] = column_text(s, stmt, 0);
  if( s->error ) return 1;
  if( s3_upload_complete(x, bucket, key, id, n, list)==0 ) return 0;
  /* Completed before a crash: the upload is gone, the object is there. */
  if( *x->error && strstr(*x->error, "NoSuchUpload") ){
    const char *why = *x->error;
    if( s3_head(x, bucket, key, &there, &size, etag)==0 && there ) return 0;
    return fail(s, why);
  }
  return fail(s, *x->error);
}

typedef struct Stale { Session *s; const char *kept; int n, cap; const char **key; } Stale;

static int collect_stale(void *ctx, const S3Page *page){
  Stale *k = ctx;
  for(int i=0; i<page->n_object; i++){
    if( strcmp(page->object[i].key, k->kept)==0 ) continue;
    if( k->n==k->cap ){
      const char **grown = ARENA_ARRAY(&k->s->arena, const char*, k->cap*2+64);
      if( k->n ) memcpy(grown, k->key, sizeof(*grown)*(size_t)k->n);
      k->key = grown;
      k->cap = k->cap*2+64;
    }
    k->key[k->n++] = arena_strdup(&k->s->arena, page->object[i].key);
  }
  return 0;
}

static int finish_one(Session *s, S3Run *x, sqlite3_stmt *row){
  const char *bucket = column_text(s, row, 0), *key = column_text(s, row, 1), *prefix = column_text(s, row, 2);
  const char *marker = column_text(s, row, 3), *id = column_text(s, row, 4), *etags = column_text(s, row, 5);
  Stale stale = {s, key, 0, 0, 0};
  int exists;
  if( s3_put(x, bucket, marker, "", 0, 0, &exists) ) return fail(s, *x->error);
  if( id==0 ? s3_put(x, bucket, key, "", 0, 0, &exists)!=0 : complete(s, x, bucket, key, id, etags) ) return fail(s, *x->error);
  if( s3_list(x, bucket, prefix, 0, collect_stale, &stale) ) return fail(s, *x->error);
  if( stale.n && s3_delete(x, bucket, stale.n, stale.key) ) return fail(s, *x->error);
  return 0;
}

int remote_finish(Session *s){
  S3Run x;
  const char *error;
  sqlite3_stmt *stmt;
  int rc;
  if( open_run(s, &x, &error) ) return 1;
  stmt = session_prepare(s, "SELECT bucket, object_key, prefix, marker, upload_id, etags FROM tarn_uploads ORDER BY run, object_key");
  while( (rc = session_step(s, stmt))==1 ){
    if( finish_one(s, &x, stmt) ){
      sqlite3_finalize(stmt);
      return 1;
    }
  }
  return rc<0 || journal_abort(s, &x) || session_exec(s, "DELETE FROM tarn_uploads");
}
