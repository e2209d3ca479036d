/*
** Old or new, never a mixture: exported folders are swapped after COMMIT.
**
** A run writes its exports into staging folders and flushes them, records in
** tarn_swaps what is to be moved where, and commits: from then on the new
** state is the truth.  Then, under the write lock again, each folder is moved:
**     FOLDER -> old        if FOLDER is there
**     staged -> FOLDER     if staged is there
**     remove old
** and the rows are deleted.  Every step can be repeated: whoever opens the
** lake next after a crash does the rest.  Before COMMIT nothing has moved, and
** SQLite's journal gives the old lake back; what lies in the staging area then
** is removed by the next run that exports there.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "swap.h"

#define REMOVE_DEPTH_MAX 64

/* --- Paths ------------------------------------------------------------------- */

static char *without_slash(Arena *a, const char *path){
  size_t n = strlen(path);
  while( n>1 && path[n-1]=='/' ) n--;
  return arena_strndup(a, path, n);
}

SwapPaths swap_paths(Arena *a, const char *folder, long long run){
  SwapPaths p;
  char *path = without_slash(a, folder);
  char *slash = strrchr(path, '/');
  const char *name = slash ? slash+1 : path;
  const char *parent = slash ? arena_strndup(a, path, (size_t)(slash-path)) : ".";
  p.area = arena_printf(a, "%s/.tarn", parent);
  p.staged = arena_printf(a, "%s/%s.new-%lld", p.area, name, run);
  p.old = arena_printf(a, "%s/%s.old-%lld", p.area, name, run);
  p.marker = arena_printf(a, "%s/%s.made", p.area, name);
  return p;
}

/* --- Folders ------------------------------------------------------------------ */

int swap_make_folder(Session *s, const char *path){
  char *z = arena_strdup(&s->arena, path);
  for(char *p=z+1; ; p++){
    char kept = *p;
    if( kept!='/' && kept!=0 ) continue;
    *p = 0;
    if( mkdir(z, 0777) && errno!=EEXIST ) return session_fail(s, "TARN_EXPORT: %s: %s", z, strerror(errno));
    *p = kept;
    if( kept==0 ) return 0;
  }
}

static int remove_at(const char *path, int depth){
  DIR *dir;
  struct dirent *e;
  int rc = 0;
  if( unlink(path)==0 || errno==ENOENT ) return 0;
  if( (errno!=EISDIR && errno!=EPERM) || depth==REMOVE_DEPTH_MAX ) return 1;
  dir = opendir(path);
  if( dir==0 ) return 1;
  while( (e = readdir(dir))!=0 ){
    char *child;
    if( strcmp(e->d_name, ".")==0 || strcmp(e->d_name, "..")==0 ) continue;
    child = sqlite3_mprintf("%s/%s", path, e->d_name);
    rc |= child==0 || remove_at(child, depth+1);
    sqlite3_free(child);
  }
  closedir(dir);
  return rc || rmdir(path)!=0;
}

int remove_tree(const char *path){
  return remove_at(path, 0);
}

int swap_clean(Session *s, const char *folder){
  SwapPaths p = swap_paths(&s->arena, folder, 0);
  size_t n = strlen(p.staged)-1;           /* …/NAME.new- */
  const char *prefix = strrchr(arena_strndup(&s->arena, p.staged, n), '/')+1;
  DIR *dir = opendir(p.area);
  struct dirent *e;
  if( dir==0 ) return 0;
  while( (e = readdir(dir))!=0 ){
    if( strncmp(e->d_name, prefix, strlen(prefix))!=0 ) continue;
    remove_tree(arena_printf(&s->arena, "%s/%s", p.area, e->d_name));
  }
  closedir(dir);
  return 0;
}

static void sync_folder(const char *path){
  int fd = open(path, O_RDONLY|O_DIRECTORY|O_CLOEXEC);
  if( fd<0 ) return;
  fsync(fd);
  close(fd);
}

static int exists(const char *path){
  struct stat st;
  return lstat(path, &st)==0;
}

/* --- The swap ------------------------------------------------------------------ */

static int move(Session *s, const char *from, const char *to){
  if( rename(from, to)==0 ) return 0;
  return session_fail(s, "TARN_EXPORT: cannot move %s to %s: %s", from, to, strerror(errno));
}

static int write_marker(Session *s, const char *marker){
  int fd = open(marker, O_WRONLY|O_CREAT|O_CLOEXEC, 0666);
  if( fd<0 ) return session_fail(s, "TARN_EXPORT: %s: %s", marker, strerror(errno));
  fsync(fd);
  close(fd);
  return 0;
}

static int swap_one(Session *s, const char *folder, const char *staged, const char *old, long long run){
  SwapPaths p = swap_paths(&s->arena, folder, run);
  char *path = without_slash(&s->arena, folder);
  char *slash = strrchr(path, '/');
  if( old[0]==0 ){               /* a new file of INSERT or UNLOAD */
    if( exists(staged) && move(s, staged, path) ) return 1;
    if( slash ) sync_folder(arena_strndup(&s->arena, path, (size_t)(slash-path)));
    return 0;
  }
  if( exists(staged) ){
    if( write_marker(s, p.marker) ) return 1;
    if( exists(path) && move(s, path, old) ) return 1;
    if( move(s, staged, path) ) return 1;
    if( slash ) sync_folder(arena_strndup(&s->arena, path, (size_t)(slash-path)));
    sync_folder(p.area);
  }
  if( remove_tree(old) ) return session_fail(s, "TARN_EXPORT: cannot remove %s: %s", old, strerror(errno));
  return 0;
}

static int swap_all(Session *s){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT folder, staged, old, run FROM tarn_swaps ORDER BY run, folder");
  int rc;
  while( (rc = session_step(s, stmt))==1 ){
    const char *folder = column_text(s, stmt, 0), *staged = column_text(s, stmt, 1), *old = column_text(s, stmt, 2);
    if( swap_one(s, folder, staged, old, sqlite3_column_int64(stmt, 3)) ){
      sqlite3_finalize(stmt);
      return 1;
    }
  }
  return rc<0 || session_exec(s, "DELETE FROM tarn_swaps");
}

int swap_recover(Session *s){
  const char *n = session_text(s, "SELECT count(*) FROM tarn_swaps");
  if( n==0 ) return 1;
  if( n[0]=='0' ) return 0;
  if( session_begin(s) ) return 1;
  return session_end(s, swap_all(s));
}
