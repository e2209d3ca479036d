/*
** Old or new, never a mixture: exported folders are swapped after COMMIT.
**
** A run writes its exports into staging folders and flushes them, records in
** tarn_swaps what is to be moved where, and commits: from then on the new
** state is the truth.  Then, under the write lock again, each folder is moved:
**     FOLDER -> old        if FOLDER is there
**     staged -> FOLDER     if staged is there
**     all folders touched are flushed, old is removed
** and the rows are deleted.  A new file of INSERT or UNLOAD has no old.  Every step can be repeated: whoever opens the
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

static int sync_path(Session *s, const char *path){
  int fd = open(path, O_RDONLY|O_CLOEXEC);
  int rc = fd<0 || fsync(fd);
  int why = errno;
  if( fd>=0 ) close(fd);
  return rc ? session_fail(s, "TARN_EXPORT: %s: %s", path, strerror(why)) : 0;
}

static char *parent_of(Arena *a, const char *path){
  const char *slash = strrchr(path, '/');
  return slash ? arena_strndup(a, path, slash==path ? 1 : (size_t)(slash-path)) : arena_strdup(a, ".");
}

/* A list of folders, each once. */
typedef struct Folders { int n, cap; const char **path; } Folders;

static void folders_add(Arena *a, Folders *f, const char *path){
  for(int i=0; i<f->n; i++) if( strcmp(f->path[i], path)==0 ) return;
  if( f->n==f->cap ){
    const char **grown = ARENA_ARRAY(a, const char*, f->cap*2+16);
    if( f->n ) memcpy(grown, f->path, sizeof(*grown)*(size_t)f->n);
    f->path = grown;
    f->cap = f->cap*2+16;
  }
  f->path[f->n++] = path;
}

static int folders_sync(Session *s, const Folders *f){
  for(int i=0; i<f->n; i++) if( sync_path(s, f->path[i]) ) return 1;
  return 0;
}

/* Every file of a staged folder, or the staged file itself. */
static int flush_one(Session *s, const char *path){
  DIR *dir = opendir(path);
  struct dirent *e;
  int rc = 0;
  if( dir==0 ) return sync_path(s, path);
  while( rc==0 && (e = readdir(dir))!=0 ){
    if( e->d_name[0]!='.' ) rc = sync_path(s, arena_printf(&s->arena, "%s/%s", path, e->d_name));
  }
  closedir(dir);
  return rc || sync_path(s, path);
}

int swap_flush(Session *s){
  Folders parents = {0, 0, 0};
  for(const StagedPath *p=s->staged; p; p=p->next){
    if( flush_one(s, p->path) ) return 1;
    folders_add(&s->arena, &parents, parent_of(&s->arena, p->path));
  }
  return folders_sync(s, &parents);
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
  close(fd);
  return 0;
}

typedef struct Swap { const char *folder, *staged, *old; long long run; } Swap;

/* Move the staged file or folder to its place; what was there becomes old. */
static int swap_one(Session *s, const Swap *w, Folders *touched){
  char *path = without_slash(&s->arena, w->folder);
  SwapPaths p = swap_paths(&s->arena, w->folder, w->run);
  folders_add(&s->arena, touched, parent_of(&s->arena, path));
  if( w->old[0]==0 ) return exists(w->staged) && move(s, w->staged, path);   /* a new file of INSERT or UNLOAD */
  folders_add(&s->arena, touched, p.area);
  if( !exists(w->staged) ) return 0;
  return write_marker(s, p.marker) || (exists(path) && move(s, path, w->old)) || move(s, w->staged, path);
}

static Swap *load_swaps(Session *s, int *n){
  Swap *list = 0;
  int cap = 0;
  sqlite3_stmt *stmt = session_prepare(s, "SELECT folder, staged, old, run FROM tarn_swaps ORDER BY run, folder");
  *n = 0;
  while( session_step(s, stmt)==1 ){
    if( *n==cap ){
      Swap *grown = ARENA_ARRAY(&s->arena, Swap, cap*2+16);
      if( cap ) memcpy(grown, list, sizeof(*list)*(size_t)cap);
      list = grown;
      cap = cap*2+16;
    }
    list[*n].folder = column_text(s, stmt, 0);
    list[*n].staged = column_text(s, stmt, 1);
    list[*n].old = column_text(s, stmt, 2);
    list[(*n)++].run = sqlite3_column_int64(stmt, 3);
  }
  return list;
}

static int swap_all(Session *s){
  int n;
  Folders touched = {0, 0, 0};
  Swap *list = load_swaps(s, &n);
  if( s->error ) return 1;
  for(int i=0; i<n; i++) if( swap_one(s, &list[i], &touched) ) return 1;
  if( folders_sync(s, &touched) ) return 1;
  for(int i=0; i<n; i++){
    if( list[i].old[0] && remove_tree(list[i].old) ) return session_fail(s, "TARN_EXPORT: cannot remove %s: %s", list[i].old, strerror(errno));
  }
  return session_exec(s, "DELETE FROM tarn_swaps");
}

int swap_recover(Session *s){
  const char *n = session_text(s, "SELECT count(*) FROM tarn_swaps");
  if( n==0 ) return 1;
  if( n[0]=='0' ) return 0;
  if( session_begin(s) ) return 1;
  return session_end(s, swap_all(s));
}
