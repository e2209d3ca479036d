/*
** Walk a local folder for its files.
**
** All entries below the folder are gathered, then sorted bytewise by the whole
** key ("a.json" before "a/b", as S3 lists them).  Names beginning with `_` or
** `.` are skipped, with all below them.  Symbolic links are followed; one that
** leads back to a folder above it is an error, as is a dangling one, a name
** that does not fit a path, or anything that is neither file nor folder.
**
** Limits: SOURCE_DEPTH_MAX folders deep, SOURCE_PATH_MAX bytes of a path.
*/
#include "source.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ENTRIES_BETWEEN_INTERRUPT_CHECKS 64

typedef struct Walk {
  SourceList *list;
  const SourceBackend *backend;
  const SourceOptions *options;
  int tag;
  unsigned n_entry;
  char **pzErr;
  char path[SOURCE_PATH_MAX]; size_t n_path;    /* of the folder being read, with its '/' */
  char url[SOURCE_PATH_MAX*2]; size_t n_url;    /* the same as a URL */
  struct { dev_t dev; ino_t ino; } above[SOURCE_DEPTH_MAX + 1];
  int depth;
} Walk;

static int walk_fail(Walk *w, const char *reason){
  *w->pzErr = sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: Failed to list directory: %s: %s", w->url, reason);
  return *w->pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* Append a name to both paths; 0 when it does not fit. */
static int push_name(Walk *w, const char *name, int is_folder){
  size_t n = strlen(name);
  if( w->n_path + n + 2>sizeof(w->path) || w->n_url + n + 2>sizeof(w->url) ) return 0;
  memcpy(w->path + w->n_path, name, n + 1);
  memcpy(w->url + w->n_url, name, n + 1);
  if( is_folder ){
    memcpy(w->path + w->n_path + n, "/", 2);
    memcpy(w->url + w->n_url + n, "/", 2);
  }
  return 1;
}

static void pop_name(Walk *w, size_t n_path, size_t n_url){
  w->path[w->n_path = n_path] = 0;
  w->url[w->n_url = n_url] = 0;
}

static int walk_folder(Walk *w, const struct stat *st);

static int walk_entry(Walk *w, const char *name){
  size_t n_path = w->n_path, n_url = w->n_url;
  struct stat st;
  int rc;
  if( name[0]=='_' || name[0]=='.' ) return SQLITE_OK;
  if( ++w->n_entry%ENTRIES_BETWEEN_INTERRUPT_CHECKS==0 && source_interrupted(w->options) ) return SQLITE_INTERRUPT;
  if( !push_name(w, name, 0) ) return walk_fail(w, "a path is too long");
  if( stat(w->path, &st) ){
    rc = walk_fail(w, strerror(errno));
  }else if( S_ISDIR(st.st_mode) ){
    pop_name(w, n_path, n_url);
    if( !push_name(w, name, 1) ) return walk_fail(w, "a path is too long");
    w->n_path += strlen(name) + 1;
    w->n_url += strlen(name) + 1;
    rc = walk_folder(w, &st);
  }else if( S_ISREG(st.st_mode) ){
    SourceFile file = { w->backend, w->url, w->path, 0, st.st_size,
      (sqlite3_int64)st.st_mtim.tv_sec*1000000000 + st.st_mtim.tv_nsec, w->tag, 0 };
    rc = source_list_append(w->list, &file);
  }else{
    rc = walk_fail(w, "neither a file nor a folder");
  }
  pop_name(w, n_path, n_url);
  return rc;
}

/* Read the folder of w->path, whose stat is known. */
static int walk_folder(Walk *w, const struct stat *st){
  DIR *dir = 0;
  struct dirent *entry;
  int rc = SQLITE_OK;
  if( w->depth>=SOURCE_DEPTH_MAX ) return walk_fail(w, "folders are nested too deeply");
  for(int i=0; i<w->depth; i++){
    if( w->above[i].dev==st->st_dev && w->above[i].ino==st->st_ino ){
      return walk_fail(w, "a symbolic link leads back to a folder above it");
    }
  }
  w->above[w->depth].dev = st->st_dev;
  w->above[w->depth++].ino = st->st_ino;
  dir = opendir(w->path);
  if( dir==0 ) return walk_fail(w, strerror(errno));
  while( rc==SQLITE_OK ){
    errno = 0;
    entry = readdir(dir);
    if( entry==0 ){
      if( errno ) rc = walk_fail(w, strerror(errno));
      break;
    }
    rc = walk_entry(w, entry->d_name);
  }
  closedir(dir);
  w->depth--;
  return rc;
}

static int compare_files(const void *a, const void *b){
  return strcmp(((const SourceFile*)a)->url, ((const SourceFile*)b)->url);
}

int source_walk(SourceList *list, const SourceBackend *backend, const SourceOptions *options, const char *folder,
                const char *url_prefix, int tag, char **pzErr){
  int first = list->n, rc;
  struct stat st;
  Walk *w = sqlite3_malloc64(sizeof(*w));
  if( w==0 ) return SQLITE_NOMEM;
  memset(w, 0, sizeof(*w));
  w->list = list;
  w->backend = backend;
  w->options = options;
  w->tag = tag;
  w->pzErr = pzErr;
  sqlite3_snprintf(sizeof(w->url), w->url, "%s", url_prefix);
  w->n_url = strlen(w->url);
  if( strlen(folder) + 2>sizeof(w->path) || strlen(url_prefix)>=sizeof(w->url) ){
    rc = walk_fail(w, "a path is too long");
    goto done;
  }
  strcpy(w->path, folder);
  w->n_path = strlen(w->path);
  if( w->n_path==0 || w->path[w->n_path - 1]!='/' ) strcpy(w->path + w->n_path++, "/");
  rc = stat(w->path, &st) ? walk_fail(w, strerror(errno)) : walk_folder(w, &st);
  if( rc==SQLITE_OK && list->n>first ){
    qsort(list->file + first, (size_t)(list->n - first), sizeof(*list->file), compare_files);
  }
done:
  sqlite3_free(w);
  return rc;
}
