/*
** Tables as JSON lines: the form of Athena's JSON writer (json_value.c): one
** object a line, keys in column order, explicit nulls.
**
** A stored table is read as it lies: numbers, texts and dates need no
** conversion but quoting; only containers go through their values.  A large one
** is read from its pages (../vtab/pages.h) and made into lines by a crew, whose
** blocks are written in order (json_cells.c); what cannot be read that way, a
** small one, and any with TARN_PLAIN=1 in the environment, row by row through
** SQLite (json_row.c), with the same bytes.  TARN_PLAIN=0 reads small ones from
** their pages too: both are for tests.  Anything else (a landing table, a view)
** is read by the query that Athena would run.
**
** The system is asked to begin writing what is written (sync_file_range), so
** that the flush before COMMIT finds little left to do.
**
** A table's folder FOLDER is staged in `.tarn` beside it:
**     .tarn/NAME.new-RUN-ID/part-00000.json   written and flushed before COMMIT
**     .tarn/NAME.old-RUN-ID                the folder that was there, until it is removed
**     .tarn/NAME.made                      says that FOLDER is Tarn's to replace
** swap.c moves them.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "export.h"
#include "json_cells.h"
#include "json_row.h"
#include "output.h"
#include "statement.h"
#include "swap.h"
#include "landing.h"
#include "remote.h"
#include "../vtab/crew.h"
#include "../vtab/pages.h"

#define EXPORT_BUFFER (1<<20)
#define EARLY_BYTES (8<<20)     /* written, then the disk may begin */
#define SMALL_ROWS 10000        /* a table with fewer goes row by row */

typedef struct Writer {
  Session *s;
  int fd;
  Upload *upload;               /* instead of fd */
  const char *name;
  Buf buf;
  long long bytes;
  long long early;              /* bytes that the disk was told of */
} Writer;

static int writer_write(Writer *w, const char *z, size_t size){
  size_t done = 0;
  if( w->upload ){
    if( upload_write(w->upload, z, size) ) return 1;
    done = size;
  }
  while( done<size ){
    ssize_t n = write(w->fd, z+done, size-done);
    if( n<0 && errno==EINTR ) continue;
    if( n<0 ) return session_fail(w->s, "TARN_EXPORT: %s: %s", w->name, strerror(errno));
    done += (size_t)n;
  }
  w->bytes += (long long)size;
  if( w->upload==0 && w->bytes-w->early>=EARLY_BYTES ){
    sync_file_range(w->fd, w->early, w->bytes-w->early, SYNC_FILE_RANGE_WRITE);   /* only a hint: a pipe refuses it */
    w->early = w->bytes;
  }
  return 0;
}

static int writer_flush(Writer *w){
  int rc = w->buf.oom ? session_fail(w->s, "out of memory") : writer_write(w, w->buf.z, w->buf.n);
  w->buf.n = 0;
  return rc;
}

/* --- Rows ---------------------------------------------------------------------- */

static int write_rows(Writer *w, sqlite3_stmt *stmt, int n, const JsonColumn *c, int stored, long long *rows){
  Arena row;
  int rc;
  arena_init_or_die(&row);
  while( (rc = session_step(w->s, stmt))==1 ){
    if( json_row(w->s, &w->buf, &row, n, c, stmt, stored, 0) || (w->buf.n>=EXPORT_BUFFER && writer_flush(w)) ){
      sqlite3_finalize(stmt);
      rc = -1;
      break;
    }
    arena_reset(&row);
    ++*rows;
  }
  arena_free(&row);
  return rc<0 || writer_flush(w);
}

/* --- Tables ---------------------------------------------------------------------- */

/* Lines of blocks, as they come. */
static int write_blocks(Session *s, Writer *w, const TableInfo *t, const JsonColumn *c, RowSource *source, long long *rows){
  RowBlock *block;
  char *error = 0;
  int rc;
  while( (rc = source->ops->next(source, &block, &error))==SQLITE_ROW ){
    const JsonLines *l = block->product;
    if( s->stop ){
      s->interrupted = 1;
      return session_fail(s, "interrupted");
    }
    if( l->bad>=0 ){
      return session_fail(s, "TARN_STORED: column %s holds a value that is not a %s", t->column[l->bad].name, type_text(&s->arena, c[l->bad].type));
    }
    if( writer_write(w, l->text.z, l->text.n) ) return 1;
    *rows += block->n;
  }
  if( rc!=SQLITE_DONE ) session_fail(s, "TARN_LAKE: %s: %s", s->options->lake, error ? error : sqlite3_errstr(rc));
  sqlite3_free(error);
  return rc!=SQLITE_DONE;
}

/* Would reading the pages lock readers out while a run uploads?  What it has
** not written yet would be written, under a lock that lasts until COMMIT. */
static int would_lock(Session *s, const Writer *w){
  int lock = 0;
  if( w->upload==0 || !s->in_run ) return 0;
  sqlite3_file_control(s->db, "main", SQLITE_FCNTL_LOCKSTATE, &lock);
  return lock!=SQLITE_LOCK_EXCLUSIVE;
}

static int goes_by_pages(Session *s, const Writer *w, const TableInfo *t){
  const char *plain = getenv("TARN_PLAIN"), *last;
  if( would_lock(s, w) ) return 0;
  if( plain && plain[0]=='1' ) return 0;
  if( plain && plain[0]=='0' ) return 1;
  last = session_text(s, "SELECT max(rowid) FROM \"%w\"", t->sqlite_name);
  return last && strtoll(last, 0, 10)>=SMALL_ROWS;
}

/* From the pages: -1 when they cannot be read. */
static int write_pages(Session *s, Writer *w, const TableInfo *t, const JsonColumn *c, long long *rows){
  const JsonCells cells = {t->n_column, c};
  const RowMap map = json_cells_map(&cells);
  const char **name = ARENA_ARRAY(&s->arena, const char*, t->n_column+1);
  int hands = s->options->n_thread ? s->options->n_thread : crew_hands(), began = 0, rc;
  RowSource *source;
  char *error = 0;
  if( !goes_by_pages(s, w, t) ) return s->error ? 1 : -1;
  for(int i=0; i<t->n_column; i++) name[i] = t->column[i].name;
  if( sqlite3_get_autocommit(s->db) ){
    if( session_exec(s, "BEGIN") ) return 1;
    began = 1;
  }
  rc = pages_open(s->db, t->sqlite_name, t->n_column, name, &map, hands, &source, &error);
  if( rc==SQLITE_OK ){
    rc = write_blocks(s, w, t, c, source, rows);
    source->ops->close(source);
  }else{
    rc = rc==SQLITE_NOTFOUND ? -1 : session_fail(s, "TARN_LAKE: %s: %s", s->options->lake, error ? error : sqlite3_errstr(rc));
  }
  sqlite3_free(error);
  if( began ) sqlite3_exec(s->db, "COMMIT", 0, 0, 0);
  return rc;
}

static int write_stored(Session *s, Writer *w, const TableInfo *t, long long *rows){
  JsonColumn *c = ARENA_ARRAY(&s->arena, JsonColumn, t->n_column+1);
  sqlite3_stmt *stmt = session_prepare(s, "SELECT * FROM \"%w\"", t->sqlite_name);
  int rc;
  if( stmt==0 ) return 1;
  for(int i=0; i<t->n_column; i++) json_column_init(&s->arena, &c[i], t->column[i].name, t->column[i].type, 1);
  if( sqlite3_column_count(stmt)!=t->n_column ){
    sqlite3_finalize(stmt);
    return session_fail(s, "TARN_STORED: table %s has other columns than the catalog says", t->sqlite_name);
  }
  rc = write_pages(s, w, t, c, rows);
  if( rc<0 ) return write_rows(w, stmt, t->n_column, c, 1, rows);
  sqlite3_finalize(stmt);
  return rc;
}

static int write_query(Session *s, Writer *w, const TableName *t, long long *rows){
  Compiled *q = 0;
  JsonColumn *c;
  sqlite3_stmt *stmt;
  char *sql = sqlite3_mprintf("SELECT * FROM \"%w\".\"%w\"", t->database, t->name);
  int rc = sql ? statement_compile(s, arena_strdup(&s->arena, sql), &q) : session_fail(s, "out of memory");
  sqlite3_free(sql);
  if( rc ) return 1;
  stmt = session_prepare(s, "%s", q->sqlite_sql);
  if( stmt==0 ) return 1;
  c = ARENA_ARRAY(&s->arena, JsonColumn, q->n_column+1);
  for(int i=0; i<q->n_column; i++) json_column_init(&s->arena, &c[i], q->column[i].name, q->column[i].type, 0);
  return write_rows(w, stmt, q->n_column, c, 0, rows);
}

static int write_table(Session *s, const TableName *t, int fd, Upload *upload, const char *name, long long *rows, long long *bytes){
  Writer w = {s, fd, upload, name, {0, 0, 0, 0, 0}, 0, 0};
  TableInfo *info = 0;
  const char *error = 0;
  int rc = catalog_find_table(s->catalog, &s->arena, t->database, t->name, &info, &error);
  *rows = *bytes = 0;
  if( rc<0 ) return session_fail(s, "TARN_LAKE: %s", error);
  if( rc==0 ) return session_fail(s, "TABLE_NOT_FOUND: Table 'awsdatacatalog.%s.%s' does not exist", t->database, t->name);
  buf_init(&w.buf, 0);
  rc = info->kind==TABLE_STORED ? write_stored(s, &w, info, rows) : write_query(s, &w, t, rows);
  *bytes = w.bytes;
  buf_free(&w.buf);
  return rc;
}

int export_write(Session *s, const TableName *t, int fd, const char *name, long long *rows, long long *bytes){
  return write_table(s, t, fd, 0, name, rows, bytes);
}

/* --- Folders ---------------------------------------------------------------------- */

const char *export_place(Session *s, const char *location){
  const char *folder = remote_is(s, location) ? arena_strdup(&s->arena, location) : location_folder(s, location, 0);
  if( folder==0 ) session_fail(s, "TARN_NOT_SUPPORTED: exports to %s over the network (say s3://, or give --s3-root)", location);
  return folder;
}

int export_is_empty(Session *s, const char *path){
  DIR *dir;
  struct dirent *e;
  int empty = 1;
  if( remote_is(s, path) ) return remote_is_empty(s, path)==1;
  dir = opendir(path);
  if( dir==0 ) return errno==ENOENT;
  while( empty && (e = readdir(dir))!=0 ) empty = strcmp(e->d_name, ".")==0 || strcmp(e->d_name, "..")==0;
  closedir(dir);
  return empty;
}

int export_check_folder(Session *s, const char *folder){
  SwapPaths p;
  struct stat st;
  if( remote_is(s, folder) ) return remote_check(s, folder);
  p = swap_paths(&s->arena, folder, 0);
  if( stat(p.marker, &st)==0 || export_is_empty(s, folder) ) return 0;
  return session_fail(s, "TARN_EXPORT: %s is not empty and was not made by Tarn: it is left alone; "
                         "name another place with --export", folder);
}

static int stage_upload(Session *s, long long run, const TableName *t, const char *url, long long *rows, long long *bytes){
  Upload *u = 0;
  int rc = upload_open(s, url, s->is_new_location, &u) || write_table(s, t, -1, u, url, rows, bytes) || upload_end(u, run);
  upload_close(u);
  return rc;
}

int export_stage(Session *s, long long run, const TableName *t, const char *folder, long long *rows, long long *bytes){
  SwapPaths p;
  const char *file;
  int fd, rc;
  if( remote_is(s, folder) ) return stage_upload(s, run, t, folder, rows, bytes);
  p = swap_paths(&s->arena, folder, run);
  file = arena_printf(&s->arena, "%s/part-00000.json", p.staged);
  if( swap_make_folder(s, p.area) || swap_clean(s, folder) || swap_make_folder(s, p.staged) ) return 1;
  session_remember_staged(s, p.staged);
  fd = open(file, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0666);
  if( fd<0 ) return session_fail(s, "TARN_EXPORT: %s: %s", file, strerror(errno));
  rc = export_write(s, t, fd, file, rows, bytes);
  if( close(fd) && rc==0 ) rc = session_fail(s, "TARN_EXPORT: %s: %s", file, strerror(errno));
  return rc || swap_record(s, run, folder, p.staged, p.old);
}
