/*
** New files of INSERT and UNLOAD: JSON lines, gzipped as Athena does by
** default, one file for each partition that gets rows.
**
** A file is called as Athena calls its own: the time, a number, an id.  It is
** written under a hidden name beside its place (readers skip names that begin
** with a dot), and moved by swap.c after COMMIT.  Over the network it is
** spooled in a nameless file beside the lake, so that a hundred open partitions
** cost no memory, and sent when all rows are written (upload.c).
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "files.h"
#include "landing.h"
#include "output.h"
#include "remote.h"
#include "result_files.h"
#include "swap.h"

#define FILES_BUFFER (256<<10)

typedef struct Part {
  Buf buf;
  int fd;
  gzFile gz;
  char *staged;
} Part;

typedef struct Writer {
  Session *s;
  NewFiles *f;
  int remote;
  Part part[FILES_OPEN_MAX];
} Writer;

/* 20240131_102030_00000_abcde_<id>[.gz] */
static char *file_name(Arena *a, int number, int gzip){
  char stamp[32], id[40], word[40];
  time_t now = time(0);
  struct tm t;
  random_id(id);
  random_id(word);
  gmtime_r(&now, &t);
  strftime(stamp, sizeof(stamp), "%Y%m%d_%H%M%S", &t);
  return arena_printf(a, "%s_%05d_%.5s_%s%s", stamp, number, word, id, gzip ? ".gz" : "");
}

static int part_flush(Writer *w, Part *p){
  size_t done = 0;
  if( p->buf.oom ) return session_fail(w->s, "out of memory");
  while( done<p->buf.n ){
    ssize_t n = p->gz ? gzwrite(p->gz, p->buf.z+done, (unsigned)(p->buf.n-done)) : write(p->fd, p->buf.z+done, p->buf.n-done);
    if( n<0 && errno==EINTR ) continue;
    if( n<=0 ) return session_fail(w->s, "TARN_EXPORT: %s: %s", p->staged, strerror(errno));
    done += (size_t)n;
  }
  p->buf.n = 0;
  return 0;
}

/* Texts of the partition columns of the statement's row. */
static const char **part_values(Writer *w, sqlite3_stmt *stmt){
  NewFiles *f = w->f;
  const char **value = ARENA_ARRAY(&w->s->arena, const char*, f->n_key+1);
  for(int i=0; i<f->n_key; i++){
    int at = f->n_column - f->n_key + i;
    Value v = column_value(stmt, at, f->column[at].type), loaded = v;
    Buf b;
    if( v.kind==V_NULL ) continue;
    if( f->stored && value_load(&w->s->arena, f->column[at].type, &v, &loaded) ) loaded = v;
    buf_init(&b, &w->s->arena);
    value_print(&b, f->column[at].type, &loaded);
    buf_add(&b, "", 1);
    value[i] = b.z;
  }
  return value;
}

static void add_to_manifest(Session *s, const char *location){
  char *more = sqlite3_mprintf("%s%s\n", s->manifest ? s->manifest : "", location);
  sqlite3_free(s->manifest);
  s->manifest = more;
}

/* A file without a name: gone when it is closed, or the process ends. */
static int spool_open(Session *s, char **name){
  const char *lake = sqlite3_db_filename(s->db, "main");
  int fd;
  *name = arena_printf(&s->arena, "%s-spool-XXXXXX", lake && lake[0] ? lake : "/tmp/tarn");
  fd = mkostemp(*name, O_CLOEXEC);
  if( fd>=0 ) unlink(*name);
  return fd;
}

/* The file that rows go to, until it is its turn to appear. */
static int stage_open(Writer *w, Part *p, const char *folder, const char *name){
  if( w->remote ){
    p->fd = spool_open(w->s, &p->staged);
  }else{
    if( swap_make_folder(w->s, folder) ) return 1;
    p->staged = arena_printf(&w->s->arena, "%s/.%s", folder, name);
    p->fd = open(p->staged, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0666);
  }
  if( p->fd<0 ) return session_fail(w->s, "TARN_EXPORT: %s: %s", p->staged, strerror(errno));
  if( !w->remote ) session_remember_staged(w->s, p->staged);
  return 0;
}

static int part_open(Writer *w, const char *spec, const char **value){
  NewFiles *f = w->f;
  Part *p = &w->part[f->n_part];
  struct NewPart *n = &f->part[f->n_part];
  char *name = file_name(&w->s->arena, f->n_part, f->gzip);
  const char *folder = spec[0] ? arena_printf(&w->s->arena, "%s/%s", f->folder, spec) : f->folder;
  if( stage_open(w, p, folder, name) ) return 1;
  n->spec = spec;
  n->value = value;
  n->path = arena_printf(&w->s->arena, "%s/%s", folder, name);
  add_to_manifest(w->s, arena_printf(&w->s->arena, "%s%s%s%s%s", f->location, f->location[strlen(f->location)-1]=='/' ? "" : "/",
                                     spec, spec[0] ? "/" : "", name));
  buf_init(&p->buf, 0);
  f->n_part++;
  if( f->gzip && (p->gz = gzdopen(dup(p->fd), "wb"))==0 ) return session_fail(w->s, "out of memory");
  return 0;
}

/* The part of the statement's row, opened when it is new. */
static Part *part_of_row(Writer *w, sqlite3_stmt *stmt){
  NewFiles *f = w->f;
  const char **value = f->n_key ? part_values(w, stmt) : 0;
  const char *spec = f->n_key ? partition_spec(&w->s->arena, f->n_key, f->key, value) : "";
  for(int i=0; i<f->n_part; i++){
    if( strcmp(f->part[i].spec, spec)==0 ){
      f->part[i].rows++;
      return &w->part[i];
    }
  }
  if( f->n_part==FILES_OPEN_MAX ){
    session_fail(w->s, "HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of %d open writers for partitions/buckets", FILES_OPEN_MAX);
    return 0;
  }
  if( part_open(w, spec, value) ) return 0;
  f->part[f->n_part-1].rows = 1;
  return &w->part[f->n_part-1];
}

static int part_close(Writer *w, int i, int failed){
  Part *p = &w->part[i];
  int rc = failed || part_flush(w, p);
  if( p->gz && gzclose(p->gz)!=Z_OK && rc==0 ) rc = session_fail(w->s, "TARN_EXPORT: %s: cannot be written", p->staged);
  buf_free(&p->buf);
  if( w->remote ) return rc;              /* its file is sent, then closed */
  close(p->fd);
  return rc || swap_record(w->s, 0, w->f->part[i].path, p->staged, "");
}

/* Over the network: all parts, side by side. */
static int send_parts(Writer *w, int failed){
  NewFiles *f = w->f;
  NewObject *list = ARENA_ARRAY(&w->s->arena, NewObject, f->n_part+1);
  for(int i=0; i<f->n_part; i++){
    list[i].url = f->part[i].path;
    list[i].fd = w->part[i].fd;
  }
  failed = failed || upload_objects(w->s, f->n_part, list);
  for(int i=0; i<f->n_part; i++) close(w->part[i].fd);
  return failed;
}

int files_write(Session *s, NewFiles *f, sqlite3_stmt *stmt){
  Writer *w = ARENA_NEW(&s->arena, Writer);
  Arena row;
  int rc, bad = 0;
  w->s = s;
  w->f = f;
  w->remote = remote_is(s, f->folder);
  f->n_part = 0;
  f->rows = 0;
  arena_init_or_die(&row);
  while( (rc = session_step(s, stmt))==1 ){
    Part *p = part_of_row(w, stmt);
    bad = p==0 || json_row(s, &p->buf, &row, f->n_column, f->column, stmt, f->stored, f->openx)
       || (p->buf.n>FILES_BUFFER && part_flush(w, p));
    if( bad ){
      sqlite3_finalize(stmt);
      break;
    }
    f->rows++;
    arena_reset(&row);
  }
  bad = bad || rc<0;
  arena_free(&row);
  for(int i=0; i<f->n_part; i++) if( part_close(w, i, bad) ) bad = 1;
  return w->remote ? send_parts(w, bad) : bad;
}
