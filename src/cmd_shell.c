/*
** tarn shell: the stock sqlite3 shell on the lake, with tarn.so loaded.
**
** The extension is looked for beside the tarn program, then in
** ../lib/tarn beside its folder (make install).  The process becomes sqlite3.
*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "session.h"

#define SHELL_ARGUMENTS_MAX 256

/* The extension's path without .so, in the arena, or NULL. */
static char *extension_path(Arena *a){
  char self[4096];
  ssize_t n = readlink("/proc/self/exe", self, sizeof(self)-1);
  static const char *const places[] = {"tarn", "../lib/tarn/tarn", "../lib/tarn", 0};
  char *slash;
  if( n<=0 ) return 0;
  self[n] = 0;
  slash = strrchr(self, '/');
  if( slash ) *slash = 0;
  for(int i=0; places[i]; i++){
    char *path = arena_printf(a, "%s/%s", self, places[i]);
    if( access(arena_printf(a, "%s.so", path), R_OK)==0 ) return path;
  }
  return 0;
}

int cmd_shell(const Options *o){
  Session s;
  char *argv[SHELL_ARGUMENTS_MAX+8];
  char *extension;
  int n = 0, rc = session_open(&s, o);
  if( rc ){
    rc = session_report(&s);
    session_close(&s);
    return rc;
  }
  extension = extension_path(&s.arena);
  if( extension==0 || o->n_operand>SHELL_ARGUMENTS_MAX ){
    fputs(extension ? "tarn shell: too many arguments\n" : "tarn shell: tarn.so is not beside tarn; run make\n", stderr);
    session_close(&s);
    return EXIT_FAILED;
  }
  if( s.s3_root ) setenv("TARN_S3_ROOT", s.s3_root, 1);
  argv[n++] = "sqlite3";
  argv[n++] = "-cmd";
  argv[n++] = arena_printf(&s.arena, ".load \"%s\"", extension);
  argv[n++] = arena_strdup(&s.arena, o->lake);
  for(int i=0; i<o->n_operand; i++) argv[n++] = o->operand[i];
  argv[n] = 0;
  sqlite3_close(s.db);           /* the lock goes; the arena holds argv */
  execvp("sqlite3", argv);
  fprintf(stderr, "tarn shell: sqlite3: %s\n", strerror(errno));
  return EXIT_FAILED;
}
