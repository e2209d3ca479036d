/*
** The note beside the lake: uploads that the lake does not record (yet).
**
** Parts that were sent cost money until their upload is completed or aborted,
** and nobody sees them.  So each upload is noted in a file before its first
** part is sent; the lake's transaction records it at the end.  What the note
** has and the lake has not is aborted: by the command itself when it fails, by
** the next one after a crash.  Lines, fields by tabs:
**     begin  TIME  ENDPOINT  s3://bucket/key      CreateMultipartUpload is about to be sent
**     ID  ENDPOINT  s3://bucket/key               it was answered; flushed before a part is sent
**     done  ID                                    completed or aborted
** A `begin` without its ID: the process ended before or after S3's answer.
** Then the uploads of that very key that were begun about that time and have
** no part are looked for; where S3 does not let us list uploads (it is a
** permission of its own) one without parts may stay, which costs nothing.
**
** LAKE-uploads belongs to who holds the lake's write lock.  LAKE-uploads-queries
** is written without it, by any number of processes: each holds a shared lock on
** the file (flock); who gets it exclusively knows that all are gone.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "upload_note.h"

#define NOTE_LINE_MAX 8192
#define NOTE_LINES_MAX 100000
#define BEGIN_BEFORE_S 5        /* around an intent's time an upload of its key is taken for its own */
#define BEGIN_AFTER_S (S3_DEADLINE_MS/1000 + 5)

/* --- Writing ------------------------------------------------------------------------- */

static const char *beside_lake(Session *s, const char *suffix){
  const char *lake = sqlite3_db_filename(s->db, "main");
  return lake && lake[0] ? arena_printf(&s->arena, "%s-uploads%s", lake, suffix) : 0;
}
const char *note_path(Session *s){ return beside_lake(s, ""); }
const char *note_path_queries(Session *s){ return beside_lake(s, "-queries"); }

/* The entry of the file in its folder on disk. */
static int sync_folder(const char *path){
  char folder[4096] = ".";
  const char *slash = strrchr(path, '/');
  int fd, rc;
  if( slash ) snprintf(folder, sizeof(folder), "%.*s", (int)(slash-path)+1, path);
  fd = open(folder, O_RDONLY|O_CLOEXEC);
  rc = fd<0 || fsync(fd)!=0;
  if( fd>=0 ) close(fd);
  return rc;
}

static int add_line(const char *path, int flush, const char *line, int n){
  int fd, rc;
  if( path==0 ) return 0;               /* a lake in memory: nothing outlives the process */
  if( n<=0 || n>=NOTE_LINE_MAX ) return ENAMETOOLONG;
  fd = open(path, O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0666);
  if( fd<0 ) return errno;
  errno = EIO;
  rc = write(fd, line, (size_t)n)!=n || (flush && (fsync(fd)!=0 || sync_folder(path))) ? errno : 0;
  close(fd);
  return rc;
}

/* A lost intent costs nothing, so it is not flushed. */
int note_intent(const char *path, const char *endpoint, const char *bucket, const char *key){
  char line[NOTE_LINE_MAX];
  int n = snprintf(line, sizeof(line), "begin\t%lld\t%s\ts3://%s/%s\n", (long long)time(0), endpoint, bucket, key);
  return add_line(path, 0, line, n);
}

int note_id(const char *path, const char *endpoint, const char *bucket, const char *key, const char *upload_id){
  char line[NOTE_LINE_MAX];
  int n = snprintf(line, sizeof(line), "%s\t%s\ts3://%s/%s\n", upload_id, endpoint, bucket, key);
  return add_line(path, 1, line, n);
}

int note_done(const char *path, const char *upload_id){
  char line[NOTE_LINE_MAX];
  int n = snprintf(line, sizeof(line), "done\t%s\n", upload_id);
  return add_line(path, 0, line, n);
}

/* --- Reading -------------------------------------------------------------------------- */

typedef struct Line {
  const char *id;               /* NULL: an intent */
  const char *endpoint, *url;
  int64_t begun_s;
  int over;                     /* done, or an intent that has its id */
} Line;
typedef struct Lines { int n, cap; Line *line; } Lines;

/* The next field of a line, cut off at its tab; NULL when there is none. */
static char *next_field(char **at){
  char *field = *at, *tab;
  if( field==0 ) return 0;
  tab = strchr(field, '\t');
  if( tab ) *tab++ = 0;
  *at = tab;
  return field;
}

static void mark_done(Lines *l, const char *id){
  for(int i=0; i<l->n; i++) if( l->line[i].id && strcmp(l->line[i].id, id)==0 ) l->line[i].over = 1;
}

/* The intent that this id answers: the oldest of its URL that waits. */
static void mark_answered(Lines *l, const char *url){
  for(int i=0; i<l->n; i++){
    if( l->line[i].id || l->line[i].over || strcmp(l->line[i].url, url)!=0 ) continue;
    l->line[i].over = 1;
    return;
  }
}

/* A line of the file; half a line is none. */
static void parse_line(Arena *a, Lines *l, char *text){
  char *at = text, *first = next_field(&at);
  Line line = {0};
  if( strcmp(first, "done")==0 ){
    if( at ) mark_done(l, at);
    return;
  }
  if( strcmp(first, "begin")==0 ){
    char *time = next_field(&at);
    line.begun_s = time ? strtoll(time, 0, 10) : 0;
  }else{
    line.id = arena_strdup(a, first);
  }
  line.endpoint = arena_strdup(a, next_field(&at));
  line.url = arena_strdup(a, at);
  if( line.endpoint==0 || line.url==0 || l->n>=NOTE_LINES_MAX ) return;
  if( line.id ) mark_answered(l, line.url);
  if( l->n==l->cap ){
    Line *grown = ARENA_ARRAY(a, Line, l->cap*2+64);
    if( l->n ) memcpy(grown, l->line, sizeof(*grown)*(size_t)l->n);
    l->line = grown;
    l->cap = l->cap*2+64;
  }
  l->line[l->n++] = line;
}

static void read_note(Arena *a, const char *path, Lines *l){
  FILE *f = fopen(path, "r");
  char text[NOTE_LINE_MAX];
  memset(l, 0, sizeof(*l));
  while( f && fgets(text, sizeof(text), f) ){
    size_t n = strlen(text);
    if( n==0 || text[n-1]!='\n' ) continue;
    text[n-1] = 0;
    parse_line(a, l, text);
  }
  if( f ) fclose(f);
}

/* --- Clearing -------------------------------------------------------------------------- */

/* 1 the lake records the upload, 0 it does not, -1 after an error. */
static int is_recorded(Session *s, const char *id){
  const char *found;
  /* The catalog of a new lake is undone with its first run. */
  if( session_text(s, "SELECT 1 FROM sqlite_schema WHERE name='tarn_uploads'")==0 ) return s->error ? -1 : 0;
  found = session_text(s, "SELECT 1 FROM tarn_uploads WHERE upload_id=%Q", id);
  return s->error ? -1 : found!=0;
}

/* The uploads of an intent that was not answered as far as we know. */
static int abort_unanswered(Session *s, const S3Run *run, const Line *line, const char *bucket, const char *key){
  int n, allowed;
  const char **id;
  if( s3_upload_find_empty(run, bucket, key, line->begun_s-BEGIN_BEFORE_S, line->begun_s+BEGIN_AFTER_S, &allowed, &n, &id) ) return 1;
  for(int i=0; i<n; i++){
    int recorded = is_recorded(s, id[i]);
    if( recorded<0 || (!recorded && s3_upload_abort(run, bucket, key, id[i])) ) return 1;
  }
  return 0;
}

static int clear_line(Session *s, const S3Run *run, const Line *line){
  const char *bucket, *key, *own = s3_endpoint(run->client);
  int recorded;
  if( line->over || s3_split_url(&s->arena, line->url, &bucket, &key) ) return 0;
  recorded = line->id ? is_recorded(s, line->id) : 0;
  if( recorded ) return recorded<0;
  if( strcmp(line->endpoint, own ? own : "")!=0 ){
    *run->error = arena_printf(&s->arena, "an interrupted upload of %s was begun at %s: use that endpoint again", line->url,
                               line->endpoint[0] ? line->endpoint : "amazonaws.com");
    return 1;
  }
  return line->id ? s3_upload_abort(run, bucket, key, line->id) : abort_unanswered(s, run, line, bucket, key);
}

int note_clear(Session *s, const S3Run *run, const char *path){
  Lines l;
  if( path==0 || access(path, F_OK)!=0 ) return 0;
  read_note(&s->arena, path, &l);
  for(int i=0; i<l.n; i++) if( clear_line(s, run, &l.line[i]) ) return 1;
  if( unlink(path)==0 || errno==ENOENT ) return 0;
  *run->error = arena_printf(&s->arena, "%s: %s", path, strerror(errno));
  return 1;
}

/* --- The queries' note ------------------------------------------------------------------ */

/* Is the open file still the one of that name? */
static int is_current(int fd, const char *path){
  struct stat a, b;
  return fstat(fd, &a)==0 && stat(path, &b)==0 && a.st_ino==b.st_ino && a.st_dev==b.st_dev;
}

int note_hold(Session *s, const char *path){
  for(;;){
    int fd = path ? open(path, O_RDWR|O_CREAT|O_CLOEXEC, 0666) : -1;
    if( fd<0 && path ) session_fail(s, "TARN_OUTPUT: %s: %s", path, strerror(errno));
    if( fd<0 ) return -1;
    while( flock(fd, LOCK_SH)!=0 && errno==EINTR ){}
    if( is_current(fd, path) ) return fd;
    close(fd);                            /* somebody removed it in between */
  }
}

int note_alone(const char *path){
  int fd = path ? open(path, O_RDWR|O_CLOEXEC) : -1;
  if( fd<0 ) return -1;
  if( flock(fd, LOCK_EX|LOCK_NB)==0 && is_current(fd, path) ) return fd;
  close(fd);
  return -1;
}

void note_release(const char *path, int held){
  Arena a;
  Lines l;
  int left = 0;
  if( held<0 ) return;
  if( flock(held, LOCK_EX|LOCK_NB)==0 && is_current(held, path) ){
    arena_init_or_die(&a);
    read_note(&a, path, &l);
    for(int i=0; i<l.n; i++) left += !l.line[i].over;
    if( left==0 ) unlink(path);
    arena_free(&a);
  }
  close(held);
}
