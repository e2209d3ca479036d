/*
** Read many objects one after the other, fetched side by side.
**
** A landing zone is many small files: one request at a time is 30 to 60 times
** too slow.  The reader asks for the next objects in list order while the
** first is being read; an object beyond S3_WHOLE_MAX is asked for in ranges of
** S3_RANGE_BYTES; the first ranges are shorter, so that they end one after the
** other.  At most S3_WINDOW_BYTES are held, and bytes are delivered
** in order.  Every request carries If-Match with the ETag of the listing: an
** object that changed is an error that names it.
*/
#ifndef TARN_S3_READER_H
#define TARN_S3_READER_H
#include "client.h"

#define S3_RANGE_BYTES (8<<20)
#define S3_WHOLE_MAX (16<<20)
#define S3_WINDOW_BYTES (192<<20)       /* 24 ranges at 60 MB/s each and 40 ms to the first byte: 200 MB in 0.29 s; 112 MB take 0.42 s */

typedef struct S3File {
  const char *bucket, *key, *etag;
  int64_t size;
} S3File;

/* Tells the reader about file i; called in increasing order of i, from the
** thread that reads.  0, or 1 when there is no such file. */
typedef int (*S3FileAt)(void *ctx, int i, S3File *out);

typedef struct S3Reader S3Reader;

/* NULL on out of memory. */
S3Reader *s3_reader_open(S3Client*, S3FileAt, void *ctx);
void s3_reader_close(S3Reader*);
/* Begin to read file i.  Files must be begun in increasing order; those left
** out are dropped. */
void s3_reader_begin(S3Reader*, int i);
/* Up to n bytes of the file begun; *got 0 is its end.  0, or 1 with *error in
** the arena. */
int s3_reader_read(S3Reader*, Arena*, int (*interrupt)(void*), void *arg,
                   char *buf, int n, int *got, const char **error);
/* Did the last read fail because the object is not the listed one any more
** (412), or gone (404)? */
int s3_reader_changed(const S3Reader*);
#endif
