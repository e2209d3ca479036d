/* Exports to S3 over the network (remote.c). */
#ifndef TARN_REMOTE_H
#define TARN_REMOTE_H
#include "session.h"
#include "catalog_write.h"

/* Is a location on the network (s3:// and no S3 root)? */
int remote_is(const Session*, const char *location);

/* Check that the keys below a folder's URL may be replaced: there are none, or
** Tarn made them. */
int remote_check(Session*, const char *url);

/* Write a table as one object below the folder's URL: a multipart upload that
** is not completed yet, recorded in tarn_uploads inside the open transaction. */
int remote_stage(Session*, long long run, const TableName*, const char *url, long long *rows, long long *bytes);

/* Before ROLLBACK: abort what was uploaded in this transaction. */
void remote_abort(Session*);

/* Anything that an earlier command left to finish or abort? */
int remote_pending(Session*, int *pending);
/* Under the write lock: complete what is committed, delete keys that are no
** longer part of their table, abort the rest. */
int remote_finish(Session*);
#endif
