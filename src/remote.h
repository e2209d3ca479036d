/*
** Exports to S3 over the network: the last step of a run, finished by whoever
** comes next (remote.c).
*/
#ifndef TARN_REMOTE_H
#define TARN_REMOTE_H
#include "session.h"

/* Is a location on the network (s3:// and no S3 root)? */
int remote_is(const Session*, const char *location);

/* Check that the keys below a folder's URL may be replaced by a table: there
** are none, or Tarn made them. */
int remote_check(Session*, const char *url);
/* Are there no keys below it?  1 there are none, 0 there are, -1 after an error. */
int remote_is_empty(Session*, const char *url);

/* The object of a table below a folder's URL, being written. */
typedef struct Upload Upload;
int upload_open(Session*, const char *url, Upload**);
int upload_write(Upload*, const void *p, size_t n);
/* All is sent: record it in tarn_uploads, inside the open transaction. */
int upload_end(Upload*, long long run);
void upload_close(Upload*);     /* NULL is fine */

/* After COMMIT: complete what tarn_uploads records, abort what a run that did
** not commit has left.  A lake that another process writes to is left to it. */
int remote_recover(Session*);
/* After ROLLBACK: abort what the transaction had begun. */
void remote_abandon(Session*);
#endif
