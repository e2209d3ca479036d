/*
** What tarn_uploads records becomes visible: after COMMIT, or after a crash.
**
** For each row, in the lake's order but several side by side:
**     PARENT/.tarn/NAME.made is put if the prefix was empty  (the prefix is Tarn's now)
**     the upload is completed; an object without bytes is an empty PUT
**     other keys below a prefix that was Tarn's before are deleted
** and the row is deleted.  (New objects of INSERT and UNLOAD have neither
** marker nor prefix.)  Each step can be repeated, so whoever opens the lake
** next after a crash does the rest.  An upload that is not there any more has
** been completed when the object has its ETag.
**
** Before COMMIT the uploads are known only to the note beside the lake
** (upload_note.c).  A command that fails aborts them; after a crash the next
** one aborts those that the lake does not record.
**
** What is not atomic: one object appears at once, but a reader can meet some
** objects of a run or an INSERT new and others not there yet; and keys that are
** no longer part of a table (a prefix that an older layout filled) lie beside
** the new object until they are deleted.  S3 has no transaction over several
** keys.  Two lakes that export to one prefix at once: the last one to complete wins.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "catalog_write.h"
#include "remote.h"
#include "upload_note.h"
#include "../vtab/crew.h"

#define ABANDON_MS 5000         /* a failed run aborts its uploads for so long; the rest is the next command's */
#define ABANDON_STOPPED_MS 20   /* an interrupted one: the user waits */
#define FINISH_HANDS 8

typedef struct Row {
  const char *id, *endpoint, *bucket, *prefix, *key, *upload_id, *etags, *marker;
  long long size;
  int was_made;
  int n_etag; const char **etag;
  /* What a hand made of it. */
  Arena arena;
  int failed, is_gone;          /* gone: somebody aborted the upload, there is nothing to complete */
  const char *error;
} Row;

typedef struct Rows { Session *s; S3Run run; Row *row; int n, next; } Rows;

/* --- The rows -------------------------------------------------------------------------------- */

/* The ETags of the parts, out of their JSON array. */
static void load_etags(Session *s, Row *r){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT value FROM json_each(%Q) LIMIT %d", r->etags, S3_PARTS_MAX);
  int cap = 0;
  while( session_step(s, stmt)==1 ){
    if( r->n_etag==cap ){
      const char **grown = ARENA_ARRAY(&s->arena, const char*, cap*4+4);
      if( cap ) memcpy(grown, r->etag, sizeof(*grown)*(size_t)cap);
      r->etag = grown;
      cap = cap*4+4;
    }
    r->etag[r->n_etag++] = column_text(s, stmt, 0);
  }
}

static int load_rows(Session *s, Rows *l){
  int cap = 0;
  sqlite3_stmt *stmt = session_prepare(s, "SELECT id,endpoint,bucket,prefix,object_key,upload_id,etags,size,was_made,marker FROM tarn_uploads ORDER BY id");
  while( session_step(s, stmt)==1 ){
    Row *r;
    if( l->n==cap ){
      Row *grown = ARENA_ARRAY(&s->arena, Row, cap*2+16);
      if( cap ) memcpy(grown, l->row, sizeof(*grown)*(size_t)cap);
      l->row = grown;
      cap = cap*2+16;
    }
    r = &l->row[l->n++];
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
  for(int i=0; i<l->n && s->error==0; i++) load_etags(s, &l->row[i]);
  return s->error!=0;
}

/* --- One row, in any hand ------------------------------------------------------------------------ */

/* Is the object the one that this upload makes?  By S3's rule its ETag is the
** MD5 of the parts' MD5s and their number; where the parts' ETags are no MD5s
** (encrypted buckets) the size and the number must do.  -1: it cannot be told. */
static int is_completed(const S3Run *run, const Row *r){
  int exists = 0;
  int64_t size = 0;
  char etag[128], want[128];
  const char *dash;
  if( s3_head(run, r->bucket, r->key, &exists, &size, etag) ) return -1;
  if( !exists || (r->size>=0 && size!=r->size) ) return 0;     /* -1: an older tarn did not note it */
  if( s3_multipart_etag(r->n_etag, r->etag, want)==0 && strcmp(want, etag)==0 ) return 1;
  dash = strrchr(etag, '-');
  if( dash==0 || atoi(dash+1)!=r->n_etag ) return 0;
  return s3_multipart_etag(r->n_etag, r->etag, want)!=0;
}

static int complete(const S3Run *run, Row *r){
  int exists, completed;
  const char *error;
  if( r->upload_id==0 ) return s3_put(run, r->bucket, r->key, "", 0, 0, &exists);
  if( s3_upload_complete(run, r->bucket, r->key, r->upload_id, r->n_etag, r->etag)==0 ) return 0;
  error = *run->error;
  completed = is_completed(run, r);
  if( completed>0 ) return 0;
  *run->error = error;
  if( completed<0 || strstr(error, "NoSuchUpload")==0 ) return 1;
  r->is_gone = 1;
  *run->error = arena_printf(run->arena, "the parts of s3://%s/%s are gone, somebody aborted the upload: %s again (%s)",
                             r->bucket, r->key, r->prefix[0] ? "export the table" : "write it", error);
  return 1;
}

/* Delete what is below the prefix and is not the table. */
static int delete_others(const S3Run *run, const Row *r){
  RemoteKeys k;
  int n = 0;
  if( remote_keys(run, r->bucket, r->prefix, 0, &k) ) return 1;
  for(int i=0; i<k.n; i++){
    if( strcmp(k.key[i], r->key)!=0 ) k.key[n++] = k.key[i];
  }
  return s3_delete(run, r->bucket, n, k.key);
}

static int finish(const S3Run *run, Row *r){
  static const char text[] = "Made by tarn: the objects below this folder are replaced by its exports.\n";
  int exists;
  if( strcmp(r->endpoint, "?")!=0 && strcmp(r->endpoint, remote_endpoint(run))!=0 ){      /* ?: an older tarn did not note it */
    *run->error = arena_printf(run->arena, "s3://%s/%s was uploaded to %s: use that endpoint again", r->bucket, r->key,
                               r->endpoint[0] ? r->endpoint : "amazonaws.com");
    return 1;
  }
  if( r->marker[0] && !r->was_made && s3_put(run, r->bucket, r->marker, text, sizeof(text)-1, 1, &exists) ) return 1;
  if( complete(run, r) ) return 1;
  return r->prefix[0] && r->was_made && delete_others(run, r);
}

static void finish_one(void *arg, void *task, int hand){
  Rows *l = arg;
  Row *r = task;
  S3Run run = l->run;
  (void)hand;
  arena_init_or_die(&r->arena);
  run.arena = &r->arena;
  run.error = &r->error;
  r->failed = finish(&run, r);
}

static int next_row(void *arg, void **task){
  Rows *l = arg;
  if( l->next==l->n ) return SQLITE_DONE;
  *task = &l->row[l->next++];
  return SQLITE_ROW;
}

static void free_row(void *arg, void *task){
  (void)arg;
  arena_free(&((Row*)task)->arena);
}

/* --- All of them ------------------------------------------------------------------------------------ */

/* All rows are tried; the first failure is the one that is told. */
static int finish_all(Session *s, const S3Run *run, const char **failed){
  static const CrewOps ops = {next_row, finish_one, free_row};
  Rows l = {s, *run, 0, 0, 0};
  Crew *crew;
  void *task;
  if( load_rows(s, &l) ) return 1;
  if( crew_open(&ops, &l, l.n<FINISH_HANDS ? l.n : FINISH_HANDS, 2*FINISH_HANDS, &crew)!=SQLITE_OK ) return session_fail(s, "out of memory");
  while( s->error==0 && crew_take(crew, &task)==SQLITE_ROW ){
    Row *r = task;
    if( r->failed && *failed==0 ){
      *failed = r->key;
      *run->error = r->error ? arena_strdup(&s->arena, r->error) : 0;
    }
    if( !r->failed || r->is_gone ) session_exec(s, "DELETE FROM tarn_uploads WHERE id=%s", r->id);
    crew_free_task(crew, task);
  }
  crew_close(crew);
  return s->error || *failed;
}

/* Is there anything to do? */
static int is_pending(Session *s, int queries){
  const char *note = note_path(s), *n = session_text(s, "SELECT count(*) FROM tarn_uploads");
  return queries>=0 || (note && access(note, F_OK)==0) || (n && n[0]!='0');
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

static int never(void *arg){ (void)arg; return 0; }

/* Under the lock; queries is the queries' note, ours alone, or -1. */
static int recover(Session *s, int queries){
  S3Run run;
  const char *error = 0, *failed = 0;
  /* What was committed is finished even when the user is in a hurry. */
  int rc = remote_client(s, &run, &error, never);
  if( rc==0 && note_clear(s, &run, note_path(s)) ) rc = 1;
  if( rc==0 && queries>=0 && note_clear(s, &run, note_path_queries(s)) ) rc = 1;
  rc = rc || finish_all(s, &run, &failed);
  if( rc && s->error==0 ){
    session_fail(s, "TARN_S3: the lake is committed, but writing to S3 is not finished (the next command goes on): %s",
                 error ? error : failed ? failed : "no reason was given");
  }
  return rc;
}

int remote_recover(Session *s){
  int rc = 0, queries = note_alone(note_path_queries(s));
  if( s->error==0 && is_pending(s, queries) && try_begin(s) ){
    rc = recover(s, queries);
    /* What is done is done: its rows stay deleted, the others wait. */
    rc = session_end(s, 0) || rc;
  }
  if( queries>=0 ) close(queries);
  return rc || s->error!=0;
}

typedef struct Deadline { int64_t end_us; } Deadline;
static int is_over(void *arg){ return session_now() > ((Deadline*)arg)->end_us; }

/* After ROLLBACK, under the lock again: another process may have begun its own
** run by now, then the note is no longer ours alone. */
void remote_abandon(Session *s){
  S3Run run;
  const char *error = 0, *note = note_path(s);
  Deadline d = {session_now() + (s->stop ? ABANDON_STOPPED_MS : ABANDON_MS)*1000};
  char *kept = s->error;
  if( note==0 || access(note, F_OK)!=0 || s->s3.client==0 || !try_begin(s) ) return;
  s->error = 0;
  if( remote_client(s, &run, &error, is_over)==0 ){
    run.interrupt_arg = &d;
    note_clear(s, &run, note);
  }
  s->depth--;
  sqlite3_exec(s->db, "COMMIT", 0, 0, 0);
  sqlite3_free(s->error);
  s->error = kept;
}
