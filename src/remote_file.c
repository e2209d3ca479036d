/*
** A file on S3 that belongs to no transaction: what a query leaves in its
** output location.
**
** Up to HOLD_BYTES are held and sent by one PUT; what is longer goes out as the
** parts of a multipart upload, completed when the file is closed.  Such an
** upload is noted beside the lake (upload_note.c: the note of queries, which
** needs no lock of the lake), so that the next command aborts it after a crash.
*/
#include <string.h>
#include "remote.h"
#include "upload_note.h"

#define HOLD_BYTES S3_PART_BYTES
#define FILE_BUFFER (1<<20)
#define ABORT_MS 5000

struct RemoteFile {
  Session *s;
  S3Run run;
  Arena arena;                  /* outlives the statement's */
  const char *error, *bucket, *key, *note, *upload_id;
  int held;                     /* the note, held while an upload is open; or -1 */
  Buf buf;
  S3Parts *parts;
  int failed;
};

static int begin(RemoteFile *f){
  const char *endpoint = remote_endpoint(&f->run);
  int why;
  if( f->note && (f->held = note_hold(f->s, f->note))<0 ) return 1;
  why = note_intent(f->note, endpoint, f->bucket, f->key);
  if( why==0 && s3_upload_begin(&f->run, f->bucket, f->key, &f->upload_id) ) return 1;
  if( why==0 ) why = note_id(f->note, endpoint, f->bucket, f->key, f->upload_id);
  if( why ) f->error = arena_printf(&f->arena, "%s: %s", f->note, strerror(why));
  f->parts = why ? 0 : s3_parts_open(&f->run, f->bucket, f->key, f->upload_id);
  return f->parts==0 || s3_parts_write(f->parts, f->buf.z, f->buf.n);
}

static ssize_t on_write(void *cookie, const char *z, size_t n){
  RemoteFile *f = cookie;
  if( f->failed ) return 0;
  if( f->parts ){
    f->failed = s3_parts_write(f->parts, z, n);
  }else{
    buf_add(&f->buf, z, n);
    f->failed = f->buf.oom || (f->buf.n>HOLD_BYTES && begin(f));
    if( f->parts ) buf_free(&f->buf);
  }
  return f->failed ? 0 : (ssize_t)n;    /* 0 is an error: fclose and fflush tell */
}

RemoteFile *remote_file_open(Session *s, const char *url, FILE **out){
  static const cookie_io_functions_t io = {.write = on_write};
  RemoteFile *f = sqlite3_malloc64(sizeof(*f));
  if( f==0 ){
    session_fail(s, "out of memory");
    return 0;
  }
  memset(f, 0, sizeof(*f));
  f->s = s;
  f->held = -1;
  arena_init_or_die(&f->arena);
  buf_init(&f->buf, 0);
  *out = 0;
  f->note = note_path_queries(s);
  if( f->note ) f->note = arena_strdup(&f->arena, f->note);
  if( remote_client(s, &f->run, &f->error, remote_interrupted)==0 ){
    f->run.arena = &f->arena;
    s3_split_url(&f->arena, url, &f->bucket, &f->key);
    *out = fopencookie(f, "w", io);
    if( *out ) setvbuf(*out, 0, _IOFBF, FILE_BUFFER);
    else session_fail(s, "out of memory");
  }
  if( *out ) return f;
  arena_free(&f->arena);
  sqlite3_free(f);
  return 0;
}

/* The object appears: 0, or 1 with the reason in f->error. */
static int send_last(RemoteFile *f){
  int n = 0, exists;
  int64_t size;
  const char *const *etag;
  if( f->parts==0 ) return s3_put(&f->run, f->bucket, f->key, f->buf.z ? f->buf.z : "", f->buf.n, 0, &exists);
  return s3_parts_end(f->parts, &n, &etag, &size) || s3_upload_complete(&f->run, f->bucket, f->key, f->upload_id, n, etag);
}

/* The abort of a file that failed may take so long; else the next command does it. */
static int is_over(void *arg){ return session_now() > *(int64_t*)arg; }

int remote_file_close(RemoteFile *f, FILE *file, int keep){
  Session *s = f->s;
  int64_t end_us = session_now() + ABORT_MS*1000;
  int rc;
  if( !keep ) f->failed = 1;            /* nothing more is sent */
  rc = fclose(file)!=0 || f->failed || send_last(f);
  if( rc && keep && s->error==0 ) remote_fail(s, f->error ? arena_strdup(&s->arena, f->error) : "out of memory");
  if( rc && f->upload_id ){
    s3_parts_close(f->parts);           /* first what is under way */
    f->parts = 0;
    f->run.interrupt = is_over;
    f->run.interrupt_arg = &end_us;
    if( s3_upload_abort(&f->run, f->bucket, f->key, f->upload_id) ) rc = 2;      /* the next command does it */
  }
  if( rc!=2 && f->upload_id ) note_done(f->note, f->upload_id);
  note_release(f->note, f->held);
  s3_parts_close(f->parts);
  buf_free(&f->buf);
  arena_free(&f->arena);
  sqlite3_free(f);
  return rc && keep;
}
