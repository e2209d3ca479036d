/*
** What Tarn does on S3: list, head, get, put, upload in parts, delete.
**
** Every call blocks, can be interrupted, and answers 0, or 1 with *error a
** line for people in the arena (see s3_failure_text).
*/
#ifndef TARN_S3_OPS_H
#define TARN_S3_OPS_H
#include "client.h"

#define S3_PART_MIN (5<<20)     /* S3's least size of a part but the last */
#define S3_PART_BYTES (8<<20)   /* what we send */
#define S3_COMPLETE_TRIES 3     /* when a 200 holds an InternalError */
#define S3_DELETE_MAX 1000      /* keys of one DeleteObjects */
#define S3_PAGES_MAX 100000     /* pages of a listing: 100 million keys */
#define S3_EMPTY_PAGES_MAX 100  /* of them without a key, one after the other */

typedef struct S3Run {          /* what surrounds a call */
  Arena *arena;
  S3Client *client;
  int (*interrupt)(void*); void *interrupt_arg;
  const char **error;
} S3Run;

/* Listings, in key order (listing.c).  One page after another.  each() returns
** non-zero to stop (then the call answers 1 with no *error of its own).
** delimiter NULL: recursive; "/": prefixes come by page->prefix. */
typedef int (*S3EachPage)(void *ctx, const S3Page*);
int s3_list(const S3Run*, const char *bucket, const char *prefix, const char *delimiter, S3EachPage, void *ctx);

/* Several recursive listings side by side; large ones are split by their
** folders.  When all are complete, each() is called for the objects of the
** first job, in key order, then of the second, and so on. */
#define S3_LIST_ASIDE 32        /* requests at a time */
typedef struct S3ListJob { const char *bucket, *prefix; } S3ListJob;
typedef int (*S3EachListed)(void *ctx, int job, const S3Page*);
int s3_list_many(const S3Run*, int n, const S3ListJob*, S3EachListed, void *ctx);

/* *exists = 0 for 404.  etag into a buffer of 128 bytes. */
int s3_head(const S3Run*, const char *bucket, const char *key, int *exists, int64_t *size, char *etag);

/* One object of at most S3_PART_BYTES or so.  create_only: If-None-Match: *;
** *exists says that it was there already (then nothing was written); a server
** that does not know the condition gets the request without it. */
int s3_put(const S3Run*, const char *bucket, const char *key, const void *body, size_t n,
           int create_only, int *exists);

/* A multipart upload.  Parts are numbered from 1; etags are 128-byte buffers. */
int s3_upload_begin(const S3Run*, const char *bucket, const char *key, const char **upload_id);
int s3_upload_part(const S3Run*, const char *bucket, const char *key, const char *upload_id,
                   int part, const void *body, size_t n, char *etag);
int s3_upload_complete(const S3Run*, const char *bucket, const char *key, const char *upload_id,
                       int n_part, const char *const *etag);
/* The ETag that an object of these parts has by S3's rule: 0, or 1 when the
** parts' ETags are no MD5s.  out is a buffer of 128 bytes. */
int s3_multipart_etag(int n_part, const char *const *part, char *out);
/* Abort; an upload that is not there any more is fine. */
int s3_upload_abort(const S3Run*, const char *bucket, const char *key, const char *upload_id);
/* Uploads of exactly this key that were begun in [from_s, until_s] of our clock
** (its error is taken from the answer) and have no part yet: their ids, in the arena.  *allowed = 0
** when the server refuses to list uploads or cannot; that is no error. */
int s3_upload_find_empty(const S3Run*, const char *bucket, const char *key, int64_t from_s, int64_t until_s,
                         int *allowed, int *n, const char ***upload_id);

/* Any number of keys, S3_DELETE_MAX a request; keys that are not there are fine. */
int s3_delete(const S3Run*, const char *bucket, int n_key, const char *const *key);
#endif
