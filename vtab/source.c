/*
** Byte sources: locations, local files, and the choice of a backend.
**
** See source.h for the contract.  This file holds the list, the parsing of
** locations and the backend of local files (which also stands for S3 below an
** S3 root).
**
** A local file is pinned by path, size and mtime.  Opening compares them with
** the listing, the end of the file compares again and counts the bytes: a file
** that changed, shrank, grew or vanished is an error that names it, never
** other rows.
**
** Limits: SOURCE_PATH_MAX bytes of a path.
*/
#include "source.h"
#include "codec.h"
#include "s3/source_s3.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define S3_SCHEME "s3://"
#define FILE_SCHEME "file://"

/* --- Lists --------------------------------------------------------------- */

void source_list_init(SourceList *list){
  memset(list, 0, sizeof(*list));
  arena_init(&list->arena);
}

void source_list_free(SourceList *list){
  if( list->remote_free ) list->remote_free(list->remote);
  arena_free(&list->arena);
  sqlite3_free(list->file);
  source_list_init(list);
}

int source_list_append(SourceList *list, const SourceFile *file){
  SourceFile *to;
  if( list->n==list->cap ){
    int cap = list->cap ? list->cap*2 : 16;
    SourceFile *grown = sqlite3_realloc64(list->file, sizeof(*grown)*(sqlite3_uint64)cap);
    if( grown==0 ) return SQLITE_NOMEM;
    list->file = grown;
    list->cap = cap;
  }
  to = &list->file[list->n];
  *to = *file;
  to->url = arena_strdup(&list->arena, file->url);
  to->path = arena_strdup(&list->arena, file->path);
  if( file->etag ) to->etag = arena_strdup(&list->arena, file->etag);
  if( list->arena.oom ) return SQLITE_NOMEM;
  list->n++;
  return SQLITE_OK;
}

int source_interrupted(const SourceOptions *options){
  return options->interrupted && options->interrupted(options->interrupted_arg);
}

char *source_read_error(const char *url, const char *fmt, ...){
  va_list ap;
  char *reason, *message = 0;
  va_start(ap, fmt);
  reason = sqlite3_vmprintf(fmt, ap);
  va_end(ap);
  if( reason ){
    message = sqlite3_mprintf("HIVE_CURSOR_ERROR: Failed to read file at %s\nat %s: %s", url, url, reason);
  }
  sqlite3_free(reason);
  return message;
}

/* Set an error whose text may have failed to be made. */
static int fail(char **pzErr, char *message){
  *pzErr = message;
  return message ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* --- Local files --------------------------------------------------------- */

typedef struct FileSource {
  Source base;
  int fd;
  sqlite3_int64 size, mtime_ns; /* as listed */
} FileSource;

static sqlite3_int64 stat_mtime_ns(const struct stat *st){
  return (sqlite3_int64)st->st_mtim.tv_sec*1000000000 + st->st_mtim.tv_nsec;
}

/* NULL while the open file is what was listed, else what happened to it. */
static const char *file_change(FileSource *f){
  struct stat st;
  if( fstat(f->fd, &st) ) return strerror(errno);
  if( st.st_size<f->size ) return "the file shrank after it was listed";
  if( st.st_size>f->size ) return "the file grew after it was listed";
  if( stat_mtime_ns(&st)!=f->mtime_ns ) return "the file changed after it was listed";
  return 0;
}

static int file_read(Source *source, char *buf, int n, int *got, char **pzErr){
  FileSource *f = (FileSource*)source;
  const char *change;
  ssize_t k;
  do{
    k = read(f->fd, buf, (size_t)n);
  }while( k<0 && errno==EINTR );
  if( k<0 ) return fail(pzErr, source_read_error(source->url, "%s", strerror(errno)));
  *got = (int)k;
  source->stored_bytes += k;
  if( k>0 && source->stored_bytes<=f->size ) return SQLITE_OK;
  change = file_change(f);
  if( change==0 && source->stored_bytes!=f->size ) change = "the file shrank after it was listed";
  if( change ) return fail(pzErr, source_read_error(source->url, "%s", change));
  return SQLITE_OK;
}

static void file_close(Source *source){
  FileSource *f = (FileSource*)source;
  if( f->fd>=0 ) close(f->fd);
  sqlite3_free(f);
}

static const SourceOps file_ops = { file_read, file_close };

static int local_open(SourceList *list, int i, const SourceOptions *options, Source **out, char **pzErr){
  const SourceFile *file = &list->file[i];
  FileSource *f = sqlite3_malloc64(sizeof(*f));
  const char *change;
  (void)options;
  if( f==0 ) return SQLITE_NOMEM;
  memset(f, 0, sizeof(*f));
  f->base.ops = &file_ops;
  f->base.url = file->url;
  f->size = file->size;
  f->mtime_ns = file->mtime_ns;
  f->fd = open(file->path, O_RDONLY|O_CLOEXEC);
  change = f->fd<0 ? (errno==ENOENT ? "the file vanished after it was listed" : strerror(errno))
                   : file_change(f);
  if( change ){
    char *message = sqlite3_mprintf("HIVE_CANNOT_OPEN_SPLIT: Error opening Hive split %s: %s\nat %s: %s",
                                    file->url, change, file->url, change);
    file_close(&f->base);
    return fail(pzErr, message);
  }
  *out = &f->base;
  return SQLITE_OK;
}

static const SourceBackend local_backend;

/* The files at a local path: a file, or all below a folder. */
static int local_list(SourceList *list, const SourceOptions *options, const char *path, const char *url,
                      const struct stat *st, int tag, char **pzErr){
  SourceFile file = { &local_backend, url, path, 0, st->st_size, stat_mtime_ns(st), tag, 0 };
  size_t n = strlen(url);
  char *prefix;
  int rc;
  if( S_ISREG(st->st_mode) ) return source_list_append(list, &file);
  if( !S_ISDIR(st->st_mode) ){
    return fail(pzErr, sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: %s is neither a file nor a folder", url));
  }
  prefix = sqlite3_mprintf("%s%s", url, n && url[n - 1]=='/' ? "" : "/");
  if( prefix==0 ) return SQLITE_NOMEM;
  rc = source_walk(list, &local_backend, options, path, prefix, tag, pzErr);
  sqlite3_free(prefix);
  return rc;
}

/* --- Locations ----------------------------------------------------------- */

/* Whether a part of a path is this name. */
static int has_part(const char *path, const char *part){
  size_t n = strlen(part);
  const char *z = path;
  for(;;){
    const char *end = strchr(z, '/');
    size_t k = end ? (size_t)(end - z) : strlen(z);
    if( k==n && memcmp(z, part, n)==0 ) return 1;
    if( end==0 ) return 0;
    z = end + 1;
  }
}

static int has_prefix(const char *z, const char *prefix){
  return strncmp(z, prefix, strlen(prefix))==0;
}

/* A scheme before "://" that is not one of ours. */
static int has_other_scheme(const char *z){
  size_t n = strspn(z, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
  return n>0 && has_prefix(z + n, "://");
}

char *source_check_location(const char *location){
  if( location==0 || location[0]==0 ) return sqlite3_mprintf("INVALID_TABLE_PROPERTY: the location is empty");
  if( strlen(location)>SOURCE_PATH_MAX/2 ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: a location of more than %d bytes", SOURCE_PATH_MAX/2);
  }
  if( has_part(location, "..") ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: `..` in the location %s", location);
  }
  if( has_prefix(location, S3_SCHEME) ){
    const char *bucket = location + strlen(S3_SCHEME);
    if( bucket[0]==0 || bucket[0]=='/' || bucket[0]=='.' ){
      return sqlite3_mprintf("TARN_NOT_SUPPORTED: the location %s names no bucket", location);
    }
    if( strstr(bucket, "//") || has_part(bucket, ".") ){
      return sqlite3_mprintf("TARN_NOT_SUPPORTED: an empty or `.` part in the location %s", location);
    }
    return 0;
  }
  if( has_prefix(location, FILE_SCHEME) ){
    if( location[strlen(FILE_SCHEME)]=='/' ) return 0;
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: the host in the location %s (file:///path)", location);
  }
  if( has_other_scheme(location) ) return sqlite3_mprintf("TARN_NOT_SUPPORTED: the location %s", location);
  return 0;
}

/* s3://bucket/key below the S3 root.  As on S3, a prefix under which nothing
** lies has no files; a bucket that is not there is an error. */
static int s3_root_list(SourceList *list, const SourceOptions *options, const char *location, int tag, char **pzErr){
  const char *bucket = location + strlen(S3_SCHEME);
  size_t n_bucket = strcspn(bucket, "/");
  char *path;
  struct stat st;
  int rc = SQLITE_OK;
  if( options->s3_root==0 || options->s3_root[0]==0 ){
    return fail(pzErr, sqlite3_mprintf("TARN_NOT_SUPPORTED: %s without an S3 root (--s3-root DIR or TARN_S3_ROOT)",
                                       location));
  }
  path = sqlite3_mprintf("%s/%s", options->s3_root, bucket);
  if( path==0 ) return SQLITE_NOMEM;
  if( stat(path, &st)==0 ){
    rc = local_list(list, options, path, location, &st, tag, pzErr);
  }else if( errno!=ENOENT && errno!=ENOTDIR ){
    rc = fail(pzErr, sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: Failed to list directory: %s: %s",
                                     location, strerror(errno)));
  }else{
    path[strlen(options->s3_root) + 1 + n_bucket] = 0;
    if( stat(path, &st) ){
      rc = fail(pzErr, sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: The specified bucket does not exist: %.*s (no folder %s)",
                                       (int)n_bucket, bucket, path));
    }
  }
  sqlite3_free(path);
  return rc;
}

/* A plain path or file:///path. */
static int path_list(SourceList *list, const SourceOptions *options, const char *location, int tag, char **pzErr){
  const char *path = has_prefix(location, FILE_SCHEME) ? location + strlen(FILE_SCHEME) : location;
  char folder[SOURCE_PATH_MAX] = "";
  char *url;
  struct stat st;
  int rc;
  if( path[0]!='/' ){
    while( has_prefix(path, "./") ) path += 2;
    if( getcwd(folder, sizeof(folder) - 1)==0 ){
      return fail(pzErr, sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: the current folder: %s", strerror(errno)));
    }
    if( strcmp(folder, "/")!=0 ) strcat(folder, "/");
  }
  url = sqlite3_mprintf(FILE_SCHEME "%s%s", folder, path);
  if( url==0 ) return SQLITE_NOMEM;
  if( stat(url + strlen(FILE_SCHEME), &st) ){
    rc = fail(pzErr, sqlite3_mprintf("HIVE_FILESYSTEM_ERROR: Failed to list directory: %s: %s",
                                     location, strerror(errno)));
  }else{
    rc = local_list(list, options, url + strlen(FILE_SCHEME), url, &st, tag, pzErr);
  }
  sqlite3_free(url);
  return rc;
}

static const SourceBackend local_backend = { "", path_list, local_open };
static const SourceBackend s3_root_backend = { S3_SCHEME, s3_root_list, local_open };

int source_is_network(const SourceOptions *options, const char *location){
  int has_root = options->s3_root && options->s3_root[0];
  return has_prefix(location, S3_SCHEME) && !has_root && options->s3;
}

int source_list_add(SourceList *list, const SourceOptions *options, const char *location, int tag, char **pzErr){
  const SourceBackend *backend = has_prefix(location, S3_SCHEME) ? &s3_root_backend : &local_backend;
  char *refusal = source_check_location(location);
  if( source_is_network(options, location) ) backend = &s3_network_backend;
  if( refusal ) return fail(pzErr, refusal);
  return backend->list(list, options, location, tag, pzErr);
}

/* Places that begin a stretch on the network. */
static int network_stretch(const SourceOptions *options, int n, const SourcePlace *place, char **pzErr){
  int k = 0;
  while( k<n && *pzErr==0 && source_is_network(options, place[k].location) ) *pzErr = source_check_location(place[k++].location);
  return k;
}

int source_list_many(SourceList *list, const SourceOptions *options, int n, SourcePlace *place, char **pzErr){
  int rc = SQLITE_OK;
  for(int i=0; i<n && rc==SQLITE_OK; ){
    int k = network_stretch(options, n - i, place + i, pzErr);
    if( *pzErr ) return SQLITE_ERROR;
    if( k ){
      rc = s3_network_list_many(list, options, k, place + i, pzErr);
    }else{
      place[i].first = list->n;
      rc = source_list_add(list, options, place[i].location, place[i].tag, pzErr);
      place[i].n = list->n - place[i].first;
      k = 1;
    }
    i += k;
  }
  return rc;
}

int source_open(SourceList *list, int i, const SourceOptions *options, Source **out, char **pzErr){
  const Codec *codec = codec_of(list->file[i].path);
  Source *source = 0;
  int rc;
  if( codec ){
    char *refusal = codec_refusal(codec, list->file[i].url);
    if( refusal ) return fail(pzErr, refusal);
  }
  rc = list->file[i].backend->open(list, i, options, &source, pzErr);
  if( rc==SQLITE_OK && codec ) rc = codec_wrap(codec, &source, pzErr);
  if( rc!=SQLITE_OK ){
    source_close(source);
    source = 0;
  }
  *out = source;
  return rc;
}

int source_read(Source *source, char *buf, int n, int *got, char **pzErr){
  *got = 0;
  return source->ops->read(source, buf, n, got, pzErr);
}

void source_close(Source *source){
  if( source ) source->ops->close(source);
}
