/*
** Exports to S3 over the network: new objects appear after COMMIT.
**
** A table is one object, PREFIX/part-00000.json.  While its rows are written
** they go out as the parts of a multipart upload, which nobody can see.  The
** upload's id and the ETags of its parts are recorded in tarn_uploads in the
** run's own transaction.  After COMMIT, for each row:
**     PARENT/.tarn/NAME.made is put if the prefix was empty  (the prefix is Tarn's now)
**     the upload is completed; a table without rows is an empty PUT
**     other keys below a prefix that was Tarn's before are deleted
** and the row is deleted.  Each step can be repeated, so whoever opens the lake
** next after a crash does the rest.  An upload that is not there any more has
** been completed when the object has its ETag.
**
** Before COMMIT the uploads are known only to a file beside the lake,
** LAKE-uploads, flushed before the first part is sent.  A run that fails
** aborts them; after a crash the next command aborts those that the lake does
** not record.  (A crash in the instant between S3's answer and the note leaves
** an upload without parts, which costs nothing.)
**
** What is not atomic: one table's object is replaced at once, but a reader can
** meet some tables of a run new and others old; and keys that are no longer
** part of the table (a prefix that an older layout filled) lie beside the new
** object until they are deleted.  S3 has no transaction over several keys.
** Two lakes that export to one prefix at once: the one that completes last wins.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "catalog_write.h"
#include "output.h"
#include "remote.h"
#include "../vtab/s3/parts.h"

#define OBJECT_NAME "part-00000.json"
#define ABANDON_MS 5000         /* a failed run aborts its uploads for so long; the rest is the next command's */
#define NOTE_LINE_MAX 8192

typedef struct Place { const char *bucket, *prefix, *marker; } Place;

struct Upload {
  Session *s;
  Place place;                          /* of the session's arena */
  const char *key;
  const char *upload_id;                /* NULL until the first byte */
  S3Parts *parts;
  S3Run run;
  const char *error;
  int was_made;                         /* the prefix was Tarn's before */
};

int remote_is(const Session *s, const char *location){
  return s->s3_root==0 && strncmp(location, "s3://", 5)==0;
}

/* --- The client ------------------------------------------------------------------ */

static int never(void *arg){ (void)arg; return 0; }
static int interrupted(void *arg){ return ((Session*)arg)->stop; }

static int open_client(Session *s, S3Run *run, const char **error, int (*interrupt)(void*)){
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

static int fail(Session *s, const char *error){
  if( s->stop ){
    s->interrupted = 1;
    return session_fail(s, "interrupted");
  }
  return session_fail(s, "TARN_S3: %s", error ? error : "no reason was given");
}

static const char *endpoint(const S3Run *run){
  const char *z = s3_endpoint(run->client);
  return z ? z : "";
}

/* The bucket, `a/b/NAME/` and `a/b/.tarn/NAME.made` of a folder's URL. */
static int place_of(Session *s, const char *url, Place *p){
  const char *key, *slash;
  size_t n;
  if( s3_split_url(&s->arena, url, &p->bucket, &key) || key[0]=='/' || key[0]==0 ) return session_fail(s, "TARN_EXPORT: %s is not of the form s3://bucket/prefix", url);
  for(const char *z=url; *z; z++){
    if( (unsigned char)*z<0x20 || *z==0x7f ) return session_fail(s, "TARN_EXPORT: a location with control characters");
  }
  n = strlen(key);
  while( n && key[n-1]=='/' ) n--;
  key = arena_strndup(&s->arena, key, n);
  slash = strrchr(key, '/');
  p->prefix = arena_printf(&s->arena, "%s/", key);
  p->marker = arena_printf(&s->arena, "%.*s.tarn/%s.made", slash ? (int)(slash-key)+1 : 0, key, slash ? slash+1 : key);
  return 0;
}

/* --- What lies below a prefix ------------------------------------------------------ */

typedef struct Keys { Session *s; int n, cap; const char **key; int limit; } Keys;

static int keep_keys(void *ctx, const S3Page *page){
  Keys *k = ctx;
  for(int i=0; i<page->n_object; i++){
    if( k->n==k->cap ){
      const char **grown = ARENA_ARRAY(&k->s->arena, const char*, k->cap*2+64);
      if( k->n ) memcpy(grown, k->key, sizeof(*grown)*(size_t)k->n);
      k->key = grown;
      k->cap = k->cap*2+64;
    }
    k->key[k->n++] = page->object[i].key;
  }
  return k->limit && k->n>=k->limit;
}

/* The keys below a prefix; limit 0: all, else some once there are so many. */
static int list_keys(Session *s, const S3Run *run, const char *bucket, const char *prefix, int limit, Keys *k){
  memset(k, 0, sizeof(*k));
  k->s = s;
  k->limit = limit;
  *run->error = 0;
  if( s3_list(run, bucket, prefix, 0, keep_keys, k) && *run->error ) return fail(s, *run->error);
  return 0;
}

static int has_marker(Session *s, const S3Run *run, const Place *p, int *made){
  int64_t size;
  char etag[128];
  if( s3_head(run, p->bucket, p->marker, made, &size, etag) ) return fail(s, *run->error);
  return 0;
}

int remote_is_empty(Session *s, const char *url){
  const char *error = 0;
  S3Run run;
  Place p;
  Keys k;
  if( place_of(s, url, &p) || open_client(s, &run, &error, interrupted)
   || list_keys(s, &run, p.bucket, p.prefix, 1, &k) ) return -1;
  return k.n==0;
}

int remote_check(Session *s, const char *url){
  const char *error = 0;
  S3Run run;
  Place p;
  Keys k;
  int made;
  if( place_of(s, url, &p) || open_client(s, &run, &error, interrupted) || has_marker(s, &run, &p, &made) ) return 1;
  if( made ) return 0;
  if( list_keys(s, &run, p.bucket, p.prefix, 1, &k) ) return 1;
  if( k.n==0 ) return 0;
  return session_fail(s, "TARN_EXPORT: s3://%s/%s is not empty (%s) and was not made by Tarn: it is left alone; "
                         "name another place with --export", p.bucket, p.prefix, k.key[0]);
}

/* --- The note beside the lake -------------------------------------------------------- */

static const char *note_path(Session *s){
  const char *lake = sqlite3_db_filename(s->db, "main");
  return lake && lake[0] ? arena_printf(&s->arena, "%s-uploads", lake) : 0;
}

static int sync_folder(const char *path, Arena *a){
  const char *slash = strrchr(path, '/');
  int fd = open(slash ? arena_strndup(a, path, (size_t)(slash-path+1)) : ".", O_RDONLY|O_CLOEXEC);
  int rc = fd<0 || fsync(fd)!=0;
  if( fd>=0 ) close(fd);
  return rc;
}

/* A line of the note: id, endpoint and key, by tabs; on disk before it returns. */
static int note_add(Upload *u){
  Session *s = u->s;
  const char *path = note_path(s);
  const char *line = arena_printf(&s->arena, "%s\t%s\ts3://%s/%s\n", u->upload_id, endpoint(&u->run), u->place.bucket, u->key);
  int fd, rc;
  if( path==0 ) return 0;               /* a lake in memory: nothing outlives the process */
  fd = open(path, O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0666);
  if( fd<0 ) return session_fail(s, "TARN_EXPORT: %s: %s", path, strerror(errno));
  rc = write(fd, line, strlen(line))!=(ssize_t)strlen(line) || fsync(fd)!=0 || sync_folder(path, &s->arena);
  if( rc ) session_fail(s, "TARN_EXPORT: %s: %s", path, strerror(errno));
  close(fd);
  return rc;
}

/* Abort an upload of the note that the lake does not record. */
static int abort_line(Session *s, const S3Run *run, char *line){
  const char *bucket, *key, *recorded, *id = line;
  char *at = strchr(line, '\t'), *url = at ? strchr(at+1, '\t') : 0;
  if( url==0 ) return 0;                /* half a line: its upload has no parts */
  *at++ = 0;
  *url++ = 0;
  url[strcspn(url, "\n")] = 0;
  if( s3_split_url(&s->arena, url, &bucket, &key) ) return 0;
  recorded = session_text(s, "SELECT 1 FROM tarn_uploads WHERE upload_id=%Q", id);
  if( s->error ) return 1;
  if( recorded ) return 0;
  if( strcmp(at, endpoint(run))!=0 ){
    *run->error = arena_printf(&s->arena, "an interrupted upload of %s was begun at %s: use that endpoint again", url, at[0] ? at : "amazonaws.com");
    return 1;
  }
  return s3_upload_abort(run, bucket, key, id);
}

static int note_exists(Session *s){
  const char *path = note_path(s);
  return path && access(path, F_OK)==0;
}

/* Abort all of the note that the lake does not record, and remove it. */
static int note_clear(Session *s, const S3Run *run){
  const char *path = note_path(s);
  FILE *f = path ? fopen(path, "r") : 0;
  char line[NOTE_LINE_MAX];
  int rc = 0;
  if( f==0 ) return 0;
  while( rc==0 && fgets(line, sizeof(line), f) ) rc = abort_line(s, run, line);
  fclose(f);
  return rc || (unlink(path)!=0 && errno!=ENOENT);
}

/* --- Writing ---------------------------------------------------------------------------- */

int upload_open(Session *s, const char *url, Upload **out){
  Upload *u = sqlite3_malloc64(sizeof(*u));
  if( u==0 ) return session_fail(s, "out of memory");
  memset(u, 0, sizeof(*u));
  u->s = s;
  *out = u;
  if( place_of(s, url, &u->place) || open_client(s, &u->run, &u->error, interrupted) ) return 1;
  u->key = arena_printf(&s->arena, "%s" OBJECT_NAME, u->place.prefix);
  return has_marker(s, &u->run, &u->place, &u->was_made);
}

static int begin(Upload *u){
  if( s3_upload_begin(&u->run, u->place.bucket, u->key, &u->upload_id) ) return fail(u->s, u->error);
  if( note_add(u) ) return 1;
  u->parts = s3_parts_open(&u->run, u->place.bucket, u->key, u->upload_id);
  return u->parts==0 && session_fail(u->s, "out of memory");
}

int upload_write(Upload *u, const void *p, size_t n){
  if( n==0 ) return 0;
  if( u->parts==0 && begin(u) ) return 1;
  return s3_parts_write(u->parts, p, n) ? fail(u->s, u->error) : 0;
}

int upload_end(Upload *u, long long run){
  Buf json;
  int n = 0;
  int64_t size = 0;
  const char *const *etag = 0;
  if( u->parts && s3_parts_end(u->parts, &n, &etag, &size) ) return fail(u->s, u->error);
  buf_init(&json, &u->s->arena);
  buf_char(&json, '[');
  for(int i=0; i<n; i++){
    if( i ) buf_char(&json, ',');
    json_string(&json, etag[i], strlen(etag[i]));
  }
  buf_char(&json, ']');
  return session_exec(u->s, "INSERT INTO tarn_uploads(run,endpoint,bucket,object_key,prefix,marker,upload_id,etags,size,was_made) VALUES(%lld,%Q,%Q,%Q,%Q,%Q,%Q,%Q,%lld,%d)",
                      run, endpoint(&u->run), u->place.bucket, u->key, u->place.prefix, u->place.marker, u->upload_id, json.z, (long long)size, u->was_made);
}

void upload_close(Upload *u){
  if( u==0 ) return;
  s3_parts_close(u->parts);
  sqlite3_free(u);
}

/* --- After COMMIT ------------------------------------------------------------------------ */

typedef struct Row {
  const char *id, *endpoint, *bucket, *prefix, *key, *upload_id, *etags, *marker;
  long long size;
  int was_made;
} Row;

static Row *load_rows(Session *s, int *n){
  Row *list = 0;
  int cap = 0;
  sqlite3_stmt *stmt = session_prepare(s, "SELECT id,endpoint,bucket,prefix,object_key,upload_id,etags,size,was_made,marker FROM tarn_uploads ORDER BY id");
  *n = 0;
  while( session_step(s, stmt)==1 ){
    Row *r;
    if( *n==cap ){
      Row *grown = ARENA_ARRAY(&s->arena, Row, cap*2+16);
      if( cap ) memcpy(grown, list, sizeof(*list)*(size_t)cap);
      list = grown;
      cap = cap*2+16;
    }
    r = &list[(*n)++];
    r->id = column_text(s, stmt, 0);
    r->endpoint = column_text(s, stmt, 1);
    r->bucket = column_text(s, stmt, 2);
    r->prefix = column_text(s, stmt, 3);
    r->key = column_text(s, stmt, 4);
    r->upload_id = column_text(s, stmt, 5);
    r->etags = column_text(s, stmt, 6);
    r->size = sqlite3_column_int64(stmt, 7);
    r->was_made = sqlite3_column_int(stmt, 8);
    r->marker = column_text(s, stmt, 9);
  }
  return list;
}

/* The ETags of the parts, out of their JSON array. */
static const char **load_etags(Session *s, const Row *r, int *n){
  const char **etag = ARENA_ARRAY(&s->arena, const char*, S3_PARTS_MAX);
  sqlite3_stmt *stmt = session_prepare(s, "SELECT value FROM json_each(%Q) LIMIT %d", r->etags, S3_PARTS_MAX);
  *n = 0;
  while( session_step(s, stmt)==1 ) etag[(*n)++] = column_text(s, stmt, 0);
  return etag;
}

/* Is the object the one that this upload makes?  By S3's rule its ETag is the
** MD5 of the parts' MD5s and their number; where the parts' ETags are no MD5s
** (encrypted buckets) the size and the number must do. */
static int is_completed(const S3Run *run, const Row *r, int n, const char *const *part){
  int exists = 0;
  int64_t size = 0;
  char etag[128], want[128];
  const char *dash;
  if( s3_head(run, r->bucket, r->key, &exists, &size, etag) || !exists || size!=r->size ) return 0;
  if( s3_multipart_etag(n, part, want)==0 && strcmp(want, etag)==0 ) return 1;
  dash = strrchr(etag, '-');
  if( dash==0 || atoi(dash+1)!=n ) return 0;
  return s3_multipart_etag(n, part, want)!=0;
}

static int complete(Session *s, const S3Run *run, const Row *r){
  int n, exists;
  const char **etag, *error;
  if( r->upload_id==0 ) return s3_put(run, r->bucket, r->key, "", 0, 0, &exists);
  etag = load_etags(s, r, &n);
  if( s->error ) return 1;
  if( s3_upload_complete(run, r->bucket, r->key, r->upload_id, n, etag)==0 ) return 0;
  error = *run->error;
  if( is_completed(run, r, n, etag) ) return 0;
  *run->error = error;
  if( strstr(error, "NoSuchUpload")==0 ) return 1;
  session_exec(s, "DELETE FROM tarn_uploads WHERE id=%s", r->id);
  *run->error = arena_printf(&s->arena, "the parts of s3://%s/%s are gone, somebody aborted the upload: export the table again (%s)",
                             r->bucket, r->key, error);
  return 1;
}

/* Delete what is below the prefix and is not the table. */
static int delete_others(Session *s, const S3Run *run, const Row *r){
  Keys k;
  int n = 0;
  if( list_keys(s, run, r->bucket, r->prefix, 0, &k) ) return 1;
  for(int i=0; i<k.n; i++){
    if( strcmp(k.key[i], r->key)!=0 ) k.key[n++] = k.key[i];
  }
  return s3_delete(run, r->bucket, n, k.key);
}

static int finish(Session *s, const S3Run *run, const Row *r){
  static const char text[] = "Made by tarn: the objects below this folder are replaced by its exports.\n";
  int exists;
  if( strcmp(r->endpoint, endpoint(run))!=0 ){
    *run->error = arena_printf(&s->arena, "s3://%s/%s was uploaded to %s: use that endpoint again", r->bucket, r->key,
                               r->endpoint[0] ? r->endpoint : "amazonaws.com");
    return 1;
  }
  if( !r->was_made && s3_put(run, r->bucket, r->marker, text, sizeof(text)-1, 1, &exists) ) return 1;
  if( complete(s, run, r) ) return 1;
  if( r->was_made && delete_others(s, run, r) ) return 1;
  return session_exec(s, "DELETE FROM tarn_uploads WHERE id=%s", r->id);
}

static int finish_all(Session *s, const S3Run *run, const char **failed){
  int n;
  Row *list;
  if( note_clear(s, run) ){
    *failed = note_path(s);
    return 1;
  }
  list = load_rows(s, &n);
  for(int i=0; i<n && s->error==0; i++){
    if( finish(s, run, &list[i]) ){
      *failed = list[i].key;
      return 1;
    }
  }
  return s->error!=0;
}

/* Is there anything to do? */
static int is_pending(Session *s){
  const char *n;
  n = session_text(s, "SELECT count(*) FROM tarn_uploads");
  return note_exists(s) || (n && n[0]!='0');
}

/* The write lock, at once or not at all: who has it is writing these uploads. */
static int try_begin(Session *s){
  int rc;
  sqlite3_busy_timeout(s->db, 0);
  rc = sqlite3_exec(s->db, "BEGIN IMMEDIATE", 0, 0, 0);
  sqlite3_busy_timeout(s->db, SESSION_BUSY_TIMEOUT_MS);
  if( rc==SQLITE_OK ) s->depth++;
  return rc==SQLITE_OK;
}

int remote_recover(Session *s){
  S3Run run;
  const char *error = 0, *failed = 0;
  int rc;
  if( s->error || !is_pending(s) ) return s->error!=0;
  if( !try_begin(s) ) return 0;
  /* What was committed is finished even when the user is in a hurry. */
  rc = open_client(s, &run, &error, never) || finish_all(s, &run, &failed);
  if( rc && s->error==0 ){
    session_fail(s, "TARN_S3: the lake is committed, but the export to S3 is not finished (the next command goes on): %s",
                 error ? error : failed);
  }
  /* What is done is done: its rows stay deleted, the others wait. */
  return session_end(s, 0) || rc;
}

typedef struct Deadline { int64_t end_us; } Deadline;
static int is_over(void *arg){ return session_now() > ((Deadline*)arg)->end_us; }

/* After ROLLBACK, under the lock again: another process may have begun its own
** run by now, then the note is no longer ours alone. */
void remote_abandon(Session *s){
  S3Run run;
  const char *error = 0;
  Deadline d = {session_now() + ABANDON_MS*1000};
  char *kept = s->error;
  if( !note_exists(s) || s->s3.client==0 || !try_begin(s) ) return;
  s->error = 0;
  if( open_client(s, &run, &error, is_over)==0 ){
    run.interrupt_arg = &d;
    note_clear(s, &run);
  }
  s->depth--;
  sqlite3_exec(s->db, "COMMIT", 0, 0, 0);
  sqlite3_free(s->error);
  s->error = kept;
}
