/*
** Objects on their way to S3: sent before COMMIT, seen after it.
**
** An object's bytes go out as the parts of a multipart upload, which nobody
** can see.  The upload's id and the ETags of its parts are recorded in
** tarn_uploads in the transaction that the object belongs to; remote_recover.c
** completes it after COMMIT.  An object without bytes is only recorded: it will
** be an empty PUT.
**
** Two kinds of rows.  A table (upload_open) is one object PREFIX/part-00000.json
** that replaces what the prefix held, if that was Tarn's: prefix and marker say
** so.  A new object (upload_objects: INSERT, UNLOAD, manifests) has a key that
** nobody else uses, and both are ''.
**
** Small objects take three requests each, so several are sent side by side, by
** a crew: a hand touches no session but its `stop`.
*/
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "output.h"
#include "remote.h"
#include "upload_note.h"
#include "../vtab/crew.h"

#define OBJECT_NAME "part-00000.json"
#define SEND_HANDS 8            /* objects side by side */
#define SEND_HANDS_LARGE 3      /* where one has several parts: each holds up to S3_PARTS_ASIDE+1 of them */
#define SEND_BUFFER (1<<20)

/* --- Recording ------------------------------------------------------------------------- */

static char *etags_json(Arena *a, int n, const char *const *etag){
  Buf json;
  buf_init(&json, a);
  buf_char(&json, '[');
  for(int i=0; i<n; i++){
    if( i ) buf_char(&json, ',');
    json_string(&json, etag[i], strlen(etag[i]));
  }
  buf_char(&json, ']');
  return json.z;
}

static int record(Session *s, long long run, const char *endpoint, const Place *p, const char *key, const char *upload_id,
                  const char *etags, int64_t size, int was_made){
  return session_exec(s, "INSERT INTO tarn_uploads(run,endpoint,bucket,object_key,prefix,marker,upload_id,etags,size,was_made) VALUES(%lld,%Q,%Q,%Q,%Q,%Q,%Q,%Q,%lld,%d)",
                      run, endpoint, p->bucket, key, p->prefix, p->marker, upload_id, etags, (long long)size, was_made);
}

static const char *note_error(Arena *a, const char *note, int why){
  return arena_printf(a, "%s: %s", note, strerror(why));
}

/* CreateMultipartUpload, noted before and after. */
static int begin_noted(const S3Run *run, const char *note, const char *bucket, const char *key, const char **upload_id){
  const char *endpoint = remote_endpoint(run);
  int why = note_intent(note, endpoint, bucket, key);
  if( why==0 && s3_upload_begin(run, bucket, key, upload_id) ) return 1;
  if( why==0 ) why = note_id(note, endpoint, bucket, key, *upload_id);
  if( why ) *run->error = note_error(run->arena, note, why);
  return why!=0;
}

/* --- A table ----------------------------------------------------------------------------- */

struct Upload {
  Session *s;
  Place place;                          /* of the session's arena */
  const char *key;
  const char *upload_id;                /* NULL until the first byte */
  S3Parts *parts;
  S3Run run;
  const char *error;
  int was_made;                         /* the prefix was Tarn's before: what else it holds is deleted */
};

int upload_open(Session *s, const char *url, int is_new, Upload **out){
  Upload *u = sqlite3_malloc64(sizeof(*u));
  if( u==0 ) return session_fail(s, "out of memory");
  memset(u, 0, sizeof(*u));
  u->s = s;
  *out = u;
  if( remote_place(s, url, &u->place) || remote_client(s, &u->run, &u->error, remote_interrupted) ) return 1;
  u->key = arena_printf(&s->arena, "%s" OBJECT_NAME, u->place.prefix);
  return !is_new && remote_has_marker(s, &u->run, &u->place, &u->was_made);
}

static int begin(Upload *u){
  if( begin_noted(&u->run, note_path(u->s), u->place.bucket, u->key, &u->upload_id) ) return remote_fail(u->s, u->error);
  u->parts = s3_parts_open(&u->run, u->place.bucket, u->key, u->upload_id);
  return u->parts==0 && session_fail(u->s, "out of memory");
}

int upload_write(Upload *u, const void *p, size_t n){
  if( n==0 ) return 0;
  if( u->parts==0 && begin(u) ) return 1;
  return s3_parts_write(u->parts, p, n) ? remote_fail(u->s, u->error) : 0;
}

int upload_end(Upload *u, long long run){
  int n = 0;
  int64_t size = 0;
  const char *const *etag = 0;
  if( u->parts && s3_parts_end(u->parts, &n, &etag, &size) ) return remote_fail(u->s, u->error);
  return record(u->s, run, remote_endpoint(&u->run), &u->place, u->key, u->upload_id, etags_json(&u->s->arena, n, etag), size, u->was_made);
}

void upload_close(Upload *u){
  if( u==0 ) return;
  s3_parts_close(u->parts);
  sqlite3_free(u);
}

/* --- New objects ---------------------------------------------------------------------------- */

typedef struct Sending {
  const NewObject *object;
  Arena arena;                  /* of the hand that sends it */
  const char *bucket, *key, *upload_id, *etags, *error;
  int64_t size;
} Sending;

typedef struct Batch {
  Session *s;
  S3Run run;                    /* its arena and error are not for the hands */
  const char *note;
  Sending *list;
  int n, next;
} Batch;

static int send_file(const S3Run *run, S3Parts *parts, int fd){
  char *buf = arena_alloc_raw(run->arena, SEND_BUFFER);
  off_t at = 0;
  for(;;){
    ssize_t n = pread(fd, buf, SEND_BUFFER, at);
    if( n<0 && errno==EINTR ) continue;
    if( n<0 ) *run->error = arena_printf(run->arena, "the spooled file: %s", strerror(errno));
    if( n<=0 ) return n<0;
    if( s3_parts_write(parts, buf, (size_t)n) ) return 1;
    at += n;
  }
}

/* In any hand. */
static void send_one(void *arg, void *task, int hand){
  Batch *b = arg;
  Sending *x = task;
  const NewObject *o = x->object;
  S3Run run = b->run;
  S3Parts *parts = 0;
  const char *const *etag = 0;
  int n = 0, rc;
  (void)hand;
  if( x->size==0 ) return;
  run.arena = &x->arena;
  run.error = &x->error;
  x->error = "out of memory";
  rc = begin_noted(&run, b->note, x->bucket, x->key, &x->upload_id);
  if( rc==0 ) rc = (parts = s3_parts_open(&run, x->bucket, x->key, x->upload_id))==0;
  if( rc==0 ) rc = o->body ? s3_parts_write(parts, o->body, o->n_body) : send_file(&run, parts, o->fd);
  if( rc==0 ) rc = s3_parts_end(parts, &n, &etag, &x->size);
  if( rc==0 ){
    x->etags = etags_json(&x->arena, n, etag);
    x->error = 0;
  }
  s3_parts_close(parts);
}

static int next_sending(void *arg, void **task){
  Batch *b = arg;
  if( b->next==b->n ) return SQLITE_DONE;
  *task = &b->list[b->next++];
  return SQLITE_ROW;
}

static void free_sending(void *arg, void *task){
  (void)arg;
  (void)task;                   /* they are the batch's */
}

static int prepare(Session *s, const NewObject *o, Sending *x){
  struct stat st;
  x->object = o;
  arena_init_or_die(&x->arena);
  if( s3_split_url(&s->arena, o->url, &x->bucket, &x->key) ) return session_fail(s, "TARN_INTERNAL: no URL: %s", o->url);
  x->size = (int64_t)o->n_body;
  if( o->body ) return 0;
  if( fstat(o->fd, &st) ) return session_fail(s, "TARN_EXPORT: the spooled file of %s: %s", o->url, strerror(errno));
  x->size = st.st_size;
  return 0;
}

/* Send all, and record them in their order. */
static int send_batch(Batch *b, int n_hand){
  static const CrewOps ops = {next_sending, send_one, free_sending};
  static const Place nowhere = {0, "", ""};
  Session *s = b->s;
  Crew *crew;
  void *task;
  int rc = 0;
  if( crew_open(&ops, b, n_hand, 2*n_hand, &crew)!=SQLITE_OK ) return session_fail(s, "out of memory");
  while( rc==0 && crew_take(crew, &task)==SQLITE_ROW ){
    Sending *x = task;
    Place p = nowhere;
    p.bucket = x->bucket;
    rc = x->error ? remote_fail(s, arena_strdup(&s->arena, x->error))
       : record(s, 0, remote_endpoint(&b->run), &p, x->key, x->upload_id, x->etags ? x->etags : "[]", x->size, 0);
    crew_free_task(crew, task);
  }
  crew_close(crew);
  return rc;
}

int upload_objects(Session *s, int n, const NewObject *object){
  Batch b = {s, {0}, note_path(s), ARENA_ARRAY(&s->arena, Sending, n+1), n, 0};
  const char *error = 0;
  int rc = remote_client(s, &b.run, &error, remote_interrupted), n_hand = n<SEND_HANDS ? n : SEND_HANDS;
  for(int i=0; i<n; i++){
    rc = rc || prepare(s, &object[i], &b.list[i]);
    if( b.list[i].size>S3_PART_BYTES && n_hand>SEND_HANDS_LARGE ) n_hand = SEND_HANDS_LARGE;
  }
  rc = rc || send_batch(&b, n_hand);
  for(int i=0; i<n; i++) if( b.list[i].object ) arena_free(&b.list[i].arena);
  return rc;
}
