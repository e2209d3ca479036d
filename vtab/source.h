/*
** Byte sources: where landing files lie and how their bytes are read.
**
** A location is listed into a SourceList: every file below it, pinned with
** what must not change until it is read (path, size, mtime, or an ETag).
** Then files are opened one after the other, in list order, and read in
** blocks.  A backend (local files; later S3 over the network) is a constant
** table of operations; codecs (codec.h) wrap a Source into another Source.
**
** Locations: a path, file:///path, s3://bucket/key (below the S3 root).
** `..` is refused everywhere.  Order: bytewise over the whole key.  Names that
** begin with `_` or `.` below the location are skipped, folders too.
**
** Functions return SQLITE_OK or an error code; then *pzErr (sqlite3_malloc) is
** `CODE: message`, with a second line `at …` where a file is to blame.
*/
#ifndef TARN_SOURCE_H
#define TARN_SOURCE_H
#include "sqlite.h"
#include "arena.h"

#define SOURCE_PATH_MAX 4096
#define SOURCE_DEPTH_MAX 64     /* folders below a location */

typedef struct Source Source;
typedef struct SourceFile SourceFile;
typedef struct SourceList SourceList;
typedef struct SourceOptions SourceOptions;

/* An open stream of bytes. */
typedef struct SourceOps {
  /* Up to n bytes into buf; *got 0 is the end. */
  int (*read)(Source*, char *buf, int n, int *got, char **pzErr);
  void (*close)(Source*);       /* accepts half-built objects */
} SourceOps;
struct Source {
  const SourceOps *ops;
  const char *url;              /* of the file, borrowed from its list */
  sqlite3_int64 stored_bytes;   /* bytes taken from the file so far, before decompression */
};

typedef struct SourceBackend {
  const char *scheme;           /* "s3://", "file://", "" */
  /* Append the location's files, in key order. */
  int (*list)(SourceList*, const SourceOptions*, const char *location, int tag, char **pzErr);
  /* Open file i.  A backend may fetch the next ones ahead: files are opened in
  ** list order, but for those the caller leaves out. */
  int (*open)(SourceList*, int i, const SourceOptions*, Source **out, char **pzErr);
} SourceBackend;

struct SourceFile {
  const SourceBackend *backend;
  const char *url;              /* "$path": s3://… also below a root, file:///… */
  const char *path;             /* local path, or key */
  const char *etag;             /* network sources, else NULL */
  sqlite3_int64 size, mtime_ns;
  int tag;                      /* the caller's: which partition */
  int is_left_out;              /* the caller will not open it: not to be fetched ahead */
};
struct SourceList {
  int n, cap;
  SourceFile *file;
  Arena arena;                  /* the strings */
  void *remote;                 /* what a network backend keeps for its reads */
  void (*remote_free)(void*);
};
struct SourceOptions {
  const char *s3_root;          /* folder that stands for S3, or NULL */
  struct S3Shared *s3;          /* S3 over the network (s3/source_s3.h), where there is no root */
  int (*interrupted)(void*);    /* asked now and then; non-zero stops with SQLITE_INTERRUPT */
  void *interrupted_arg;
};

void source_list_init(SourceList*);
void source_list_free(SourceList*);
/* Append the files of a location. */
int source_list_add(SourceList*, const SourceOptions*, const char *location, int tag, char **pzErr);
/* Append the files of several locations, in their order; over the network they
** are listed side by side.  Each then has list->file[first … first+n-1]. */
typedef struct SourcePlace { const char *location; int tag, first, n; } SourcePlace;
int source_list_many(SourceList*, const SourceOptions*, int n, SourcePlace*, char **pzErr);
/* Is a location of these options on the network? */
int source_is_network(const SourceOptions*, const char *location);
/* Open file i of the list, decompressed by its suffix.  The caller closes it
** with source_close. */
int source_open(SourceList*, int i, const SourceOptions*, Source **out, char **pzErr);
int source_read(Source*, char *buf, int n, int *got, char **pzErr);
void source_close(Source*);     /* NULL is fine */
/* NULL, or why this location cannot be read (sqlite3_malloc); no I/O. */
char *source_check_location(const char *location);

/* list.c: walk a local folder.  url_prefix ends in '/'. */
int source_walk(SourceList*, const SourceBackend*, const SourceOptions*, const char *folder,
                const char *url_prefix, int tag, char **pzErr);
/* One more file; its strings are copied.  SQLITE_NOMEM on failure. */
int source_list_append(SourceList*, const SourceFile*);
int source_interrupted(const SourceOptions*);
/* `HIVE_CURSOR_ERROR: Failed to read file at URL\nat URL: reason`. */
char *source_read_error(const char *url, const char *fmt, ...) __attribute__((format(printf,2,3)));
#endif
