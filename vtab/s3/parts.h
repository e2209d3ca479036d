/*
** An object written as a stream: the parts of a multipart upload.
**
** Bytes are gathered into parts of S3_PART_BYTES; a full one is sent while the
** next is filled, at most S3_PARTS_ASIDE at a time.  Every part carries its
** SHA-256, so that a part damaged on the way is refused by the server.
** Nothing appears in the bucket before s3_upload_complete is called with the
** ETags.  At most S3_PARTS_MAX parts (80 GB) an object.
*/
#ifndef TARN_S3_PARTS_H
#define TARN_S3_PARTS_H
#include "ops.h"

#define S3_PARTS_ASIDE 4
#define S3_PARTS_MAX 10000      /* S3's own limit */

typedef struct S3Parts S3Parts;

/* The texts are borrowed until s3_parts_close.  NULL on out of memory. */
S3Parts *s3_parts_open(const S3Run*, const char *bucket, const char *key, const char *upload_id);
/* Cancels what is under way; the upload itself stays as it is. */
void s3_parts_close(S3Parts*);
/* Each: 0, or 1 with *error of the S3Run. */
int s3_parts_write(S3Parts*, const void *data, size_t n);
/* Send the rest and wait for all.  The ETags, in order, live as long as the
** S3Parts. */
int s3_parts_end(S3Parts*, int *n_part, const char *const **etag, int64_t *size);
#endif
