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
*/
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include "landing.h"
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

int result_files_open(Session *s, ResultFiles *f, StatementKind kind){
  const char *folder = location_folder(s, s->options->output_location, 0);
  const char *path;
  if( folder==0 ) return session_fail(s, "TARN_NOT_SUPPORTED: result files in %s over the network (give --s3-root)", s->options->output_location);
  random_id(f->id);
  sqlite3_free(f->path);
  path = arena_printf(&s->arena, "%s%s%s", folder, folder[strlen(folder)-1]=='/' ? "" : "/", file_name(s, f, kind));
  if( swap_make_folder(s, arena_strndup(&s->arena, path, (size_t)(strrchr(path, '/')-path))) ) return 1;
  f->path = sqlite3_mprintf("%s", path);
  f->file = f->path ? fopen(f->path, "wb") : 0;
  if( f->file==0 ) return session_fail(s, "TARN_OUTPUT: %s: %s", path, strerror(errno));
  output_init(&f->copy, output_format("csv", f->file), f->file);
  return 0;
}

static int write_manifest(Session *s, ResultFiles *f){
  size_t base = strlen(f->path) - strlen(f->id);
  char *path = sqlite3_mprintf("%.*s%s-manifest.csv", (int)base, f->path, f->id);
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

int result_files_close(Session *s, ResultFiles *f, StatementKind kind, int failed){
  int rc = 0;
  if( f->file==0 ) return 0;
  if( failed && s->error && strncmp(s->error, "FAILED: ", 8)==0 ) fputs(s->error, f->file);
  if( fclose(f->file) && !failed ) rc = session_fail(s, "TARN_OUTPUT: %s: %s", f->path, strerror(errno));
  f->file = 0;
  output_free(&f->copy);
  if( failed && (s->error==0 || strncmp(s->error, "FAILED: ", 8)!=0) ) remove(f->path);
  else if( !failed && writes_files(kind) ) rc = rc || write_manifest(s, f);
  if( !failed && rc==0 ) fprintf(stderr, "result: %s\n", f->path);
  sqlite3_free(f->path);
  f->path = 0;
  return rc;
}
