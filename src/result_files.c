/*
** Athena's result files: with --output-location, a statement leaves what
** Athena leaves in its output location.
**
**   <id>.csv            the rows of a query
**   <id>.txt            the rows of SHOW, DESCRIBE, EXPLAIN, DDL; the text of a
**                       DDL that failed in Hive
**   <id>, tables/<id>   empty: INSERT and UNLOAD, CREATE TABLE AS
**   <id>-manifest.csv   the files that INSERT or UNLOAD wrote, one a line
**
** Athena's <id>.metadata (a protocol buffer that AWS does not document) is not
** written.
**
** On S3 over the network, rows are streamed (remote_file.c) and the object is
** there when the statement has succeeded; what belongs to a statement that
** writes files is sent inside its transaction and appears with them (upload.c).
*/
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "landing.h"
#include "remote.h"
#include "result_files.h"
#include "swap.h"

void random_id(char id[40]){
  unsigned char r[16] = {0};
  int64_t now = session_now();
  if( getrandom(r, sizeof(r), 0)!=(ssize_t)sizeof(r) ) memcpy(r, &now, sizeof(now));
  r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
  r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
  snprintf(id, 40, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
           r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

static int writes_files(StatementKind kind){
  return kind==ST_INSERT || kind==ST_UNLOAD || kind==ST_CREATE_TABLE_AS;
}

/* The file's name below the output location. */
static const char *file_name(Session *s, const ResultFiles *f, StatementKind kind){
  switch( kind ){
    case ST_QUERY: case ST_EXECUTE: return arena_printf(&s->arena, "%s.csv", f->id);
    case ST_CREATE_TABLE_AS:        return arena_printf(&s->arena, "tables/%s", f->id);
    case ST_INSERT: case ST_UNLOAD: return f->id;
    default:                        return arena_printf(&s->arena, "%s.txt", f->id);
  }
}

static int writes_to_network(const ResultFiles *f){
  return f->path && strncmp(f->path, "s3://", 5)==0;
}

int result_files_open(Session *s, ResultFiles *f, StatementKind kind){
  const char *location = s->options->output_location;
  const char *folder = remote_is(s, location) ? location : location_folder(s, location, 0);
  const char *path, *error;
  if( folder==0 ) return session_fail(s, "TARN_NOT_SUPPORTED: result files in %s over the network (say s3://, or give --s3-root)", location);
  random_id(f->id);
  sqlite3_free(f->path);
  path = arena_printf(&s->arena, "%s%s%s", folder, folder[strlen(folder)-1]=='/' ? "" : "/", file_name(s, f, kind));
  f->path = sqlite3_mprintf("%s", path);
  error = "out of memory";
  if( writes_to_network(f) ){
    if( !writes_files(kind) && (f->remote = remote_file_open(s, path, &f->file))==0 ) return 1;
  }else if( f->path ){
    if( swap_make_folder(s, arena_strndup(&s->arena, path, (size_t)(strrchr(path, '/')-path))) ) return 1;
    f->file = fopen(f->path, "wb");
    error = strerror(errno);
  }
  if( f->file==0 && !(writes_to_network(f) && writes_files(kind)) ) return session_fail(s, "TARN_OUTPUT: %s: %s", path, error);
  output_init(&f->copy, output_format("csv", stdout), f->file);
  return 0;
}

/* The manifest's path: beside the file. */
static char *manifest_path(const ResultFiles *f){
  return sqlite3_mprintf("%.*s%s-manifest.csv", (int)(strlen(f->path)-strlen(f->id)), f->path, f->id);
}

int result_files_stage(Session *s, ResultFiles *f, StatementKind kind){
  NewObject object[2] = {{0}};
  char *manifest;
  int rc;
  if( f==0 || !writes_to_network(f) || !writes_files(kind) ) return 0;
  manifest = manifest_path(f);
  if( manifest==0 ) return session_fail(s, "out of memory");
  object[0].url = f->path;
  object[0].body = "";
  object[1].url = manifest;
  object[1].body = s->manifest ? s->manifest : "";
  object[1].n_body = strlen(object[1].body);
  rc = upload_objects(s, 2, object);
  sqlite3_free(manifest);
  return rc;
}

static int write_manifest(Session *s, ResultFiles *f){
  char *path = manifest_path(f);
  FILE *m = path ? fopen(path, "wb") : 0;
  int rc = m==0;
  if( m ){
    rc = s->manifest && fputs(s->manifest, m)<0;
    rc |= fclose(m)!=0;
  }
  if( rc ) session_fail(s, "TARN_OUTPUT: %s: %s", path ? path : f->path, strerror(errno));
  sqlite3_free(path);
  return rc;
}

/* The file's end; it stays when keep is set. */
static int close_file(Session *s, ResultFiles *f, int keep){
  FILE *file = f->file;
  RemoteFile *remote = f->remote;
  f->file = 0;
  f->remote = 0;
  if( file==0 ) return 0;
  if( remote ) return remote_file_close(remote, file, keep);
  if( fclose(file) && keep ) return session_fail(s, "TARN_OUTPUT: %s: %s", f->path, strerror(errno));
  if( !keep ) remove(f->path);
  return 0;
}

int result_files_close(Session *s, ResultFiles *f, StatementKind kind, int failed){
  int is_hive_error = failed && s->error && strncmp(s->error, "FAILED: ", 8)==0, rc = 0;
  if( f->path==0 ) return 0;
  if( is_hive_error && f->file ) fputs(s->error, f->file);
  rc = close_file(s, f, !failed || is_hive_error);
  output_free(&f->copy);
  if( !failed && writes_files(kind) && !writes_to_network(f) ) rc = rc || write_manifest(s, f);
  if( !failed && rc==0 ) fprintf(stderr, "result: %s\n", f->path);
  sqlite3_free(f->path);
  f->path = 0;
  return rc;
}
