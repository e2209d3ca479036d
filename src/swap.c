/*
** Old or new, never a mixture: exported folders are swapped after COMMIT.
**
** A run writes its exports into staging folders and flushes them, records in
** tarn_swaps what is to be moved where, and commits: from then on the new
** state is the truth.  Then, under the write lock again, each folder is moved:
**     FOLDER -> old        if FOLDER is there
**     staged -> FOLDER     if staged is there
**     all folders touched are flushed, old is removed
** A new file of INSERT or UNLOAD has no old.  Every step can be repeated: whoever
** opens the lake next after a crash does the rest.  Before COMMIT nothing has
** moved, and SQLite's journal gives the old lake back; what lies in the staging
** area then is removed by the next run that exports there.
**
** A row whose staged and old places are empty is done.  Such rows stay until
** the next transaction that records swaps: deleting them at once would cost a
** COMMIT with its flushes for nothing.  Staged names are never used again.
**
** What has to be on disk is flushed by several hands at once, even on one
** processor: they wait together, and the file system writes its journal once.
*/
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "swap.h"
#include "../vtab/crew.h"

#define REMOVE_DEPTH_MAX 64
#define SYNC_HANDS 16           /* flushes at once: they wait for the disk, not for a processor */

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
  unsigned id;
  sqlite3_randomness(sizeof(id), &id);
  p.area = arena_printf(a, "%s/.tarn", parent);
  p.staged = arena_printf(a, "%s/%s.new-%lld-%08x", p.area, name, run, id);
  p.old = arena_printf(a, "%s/%s.old-%lld-%08x", p.area, name, run, id);
  p.marker = arena_printf(a, "%s/%s.made", p.area, name);
  return p;
}

/* --- Folders ------------------------------------------------------------------ */

int swap_make_folder(Session *s, const char *path){
  char *z = arena_strdup(&s->arena, path);
  if( mkdir(z, 0777)==0 ) return 0;
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
  size_t n = strlen(p.staged)-strlen("0-01234567");     /* …/NAME.new- */
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

/* --- Side by side --------------------------------------------------------------- */

/* Paths, and what is done with each: 0 or errno. */
typedef struct PathItem { const char *path; int why; } PathItem;
typedef struct PathJob { PathItem *item; int n, next; int (*act)(const char *path); } PathJob;

static int path_next(void *arg, void **task){
  PathJob *j = arg;
  if( j->next==j->n ) return SQLITE_DONE;
  *task = &j->item[j->next++];
  return SQLITE_ROW;
}

static void path_work(void *arg, void *task, int hand){
  PathJob *j = arg;
  PathItem *item = task;
  (void)hand;
  item->why = j->act(item->path);
}

static void path_free(void *arg, void *task){
  (void)arg;
  (void)task;
}

static int folders_each(Session *s, const Folders *f, int (*act)(const char *path), const char *what){
  static const CrewOps ops = { path_next, path_work, path_free };
  PathJob j = { ARENA_ARRAY(&s->arena, PathItem, f->n+1), f->n, 0, act };
  int hands = s->options->n_thread==1 ? 1 : f->n<SYNC_HANDS ? f->n : SYNC_HANDS;
  Crew *crew;
  void *task;
  if( f->n==0 ) return 0;
  for(int i=0; i<f->n; i++) j.item[i].path = f->path[i];
  if( crew_open(&ops, &j, hands, f->n, &crew) ) return session_fail(s, "out of memory");
  while( crew_take(crew, &task)==SQLITE_ROW ){
    const PathItem *item = task;
    if( item->why ) session_fail(s, "TARN_EXPORT: %s%s: %s", what, item->path, strerror(item->why));
    crew_free_task(crew, task);
  }
  crew_close(crew);
  return s->error!=0;
}

static int sync_path(const char *path){
  int fd = open(path, O_RDONLY|O_CLOEXEC);
  int why = fd<0 || fsync(fd) ? errno : 0;
  if( fd>=0 ) close(fd);
  return why;
}

static int folders_sync(Session *s, const Folders *f){
  return folders_each(s, f, sync_path, "");
}

static int remove_path(const char *path){
  return remove_tree(path) ? errno : 0;
}

/* Every file of a staged folder and the folder, or the staged file itself. */
static void add_staged(Session *s, Folders *f, const char *path){
  DIR *dir = opendir(path);
  struct dirent *e;
  folders_add(&s->arena, f, path);
  if( dir==0 ) return;
  while( (e = readdir(dir))!=0 ){
    if( e->d_name[0]!='.' ) folders_add(&s->arena, f, arena_printf(&s->arena, "%s/%s", path, e->d_name));
  }
  closedir(dir);
}

int swap_flush(Session *s){
  Folders all = {0, 0, 0};
  for(const StagedPath *p=s->staged; p; p=p->next){
    add_staged(s, &all, p->path);
    folders_add(&s->arena, &all, parent_of(&s->arena, p->path));
  }
  return folders_sync(s, &all);
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

static int is_done(const Swap *w){
  return !exists(w->staged) && (w->old[0]==0 || !exists(w->old));
}

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
  Folders touched = {0, 0, 0}, gone = {0, 0, 0};
  Swap *list = load_swaps(s, &n);
  if( s->error ) return 1;
  for(int i=0; i<n; i++) if( !is_done(&list[i]) && swap_one(s, &list[i], &touched) ) return 1;
  if( folders_sync(s, &touched) ) return 1;
  for(int i=0; i<n; i++) if( list[i].old[0] && exists(list[i].old) ) folders_add(&s->arena, &gone, list[i].old);
  return folders_each(s, &gone, remove_path, "cannot remove ");
}

int swap_recover(Session *s){
  int n, open = 0;
  Swap *list = load_swaps(s, &n);
  if( s->error ) return 1;
  for(int i=0; i<n; i++) open |= !is_done(&list[i]);
  if( !open ) return 0;
  /* Nothing is written: this COMMIT flushes nothing. */
  if( session_begin(s) ) return 1;
  return session_end(s, swap_all(s));
}

/* Rows that are done go, once in a transaction. */
static int forget_done(Session *s){
  int n;
  Swap *list;
  if( s->swaps_tidied ) return 0;
  s->swaps_tidied = 1;
  list = load_swaps(s, &n);
  for(int i=0; i<n && s->error==0; i++){
    if( is_done(&list[i]) ) session_exec(s, "DELETE FROM tarn_swaps WHERE run=%lld AND folder=%Q", list[i].run, list[i].folder);
  }
  return s->error!=0;
}

int swap_record(Session *s, long long run, const char *folder, const char *staged, const char *old){
  return forget_done(s) || session_exec(s, "INSERT INTO tarn_swaps(run,folder,staged,old) VALUES(%lld,%Q,%Q,%Q)", run, folder, staged, old);
}
