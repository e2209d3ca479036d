/*
** Writing to S3 over the network: new objects appear after COMMIT, finished by
** whoever comes next.
**
** remote.c          is a location on the network, what lies there
** upload.c          objects sent as multipart uploads, recorded in tarn_uploads
** upload_note.c     the note beside the lake: uploads the lake does not record
** remote_recover.c  after COMMIT, after ROLLBACK, after a crash
** remote_file.c     a file of its own, without a transaction (result files)
*/
#ifndef TARN_REMOTE_H
#define TARN_REMOTE_H
#include <stdio.h>
#include "session.h"
#include "../vtab/s3/parts.h"

/* --- remote.c ------------------------------------------------------------------ */

/* Is a location on the network (s3:// and no S3 root)? */
int remote_is(const Session*, const char *location);

/* Check that the keys below a folder's URL may be replaced by a table: there
** are none, or Tarn made them. */
int remote_check(Session*, const char *url);
/* Are there no keys below it?  1 there are none, 0 there are, -1 after an error. */
int remote_is_empty(Session*, const char *url);

/* Where a table goes that is exported to a folder's URL. */
typedef struct Place { const char *bucket, *prefix, *marker; } Place;   /* prefix with its slash */
int remote_place(Session*, const char *url, Place*);
int remote_has_marker(Session*, const S3Run*, const Place*, int *made);
/* All keys below a prefix, or some once there are `limit` (0: all). */
typedef struct RemoteKeys { Arena *arena; int n, cap; const char **key; int limit; } RemoteKeys;
int remote_keys(const S3Run*, const char *bucket, const char *prefix, int limit, RemoteKeys*);

/* The session's client; *run uses its arena, and interrupt(session). */
int remote_client(Session*, S3Run *run, const char **error, int (*interrupt)(void*));
int remote_interrupted(void *session);
const char *remote_endpoint(const S3Run*);      /* "" for Amazon's own */
/* Keep an S3 error, or the interruption that caused it.  Returns 1. */
int remote_fail(Session*, const char *error);

/* --- upload.c ------------------------------------------------------------------- */

/* The object of a table below a folder's URL, being written. */
typedef struct Upload Upload;
/* is_new: the prefix was found empty, so nothing below it is ever deleted. */
int upload_open(Session*, const char *url, int is_new, Upload**);
int upload_write(Upload*, const void *p, size_t n);
/* All is sent: record it in tarn_uploads, inside the open transaction. */
int upload_end(Upload*, long long run);
void upload_close(Upload*);     /* NULL is fine */

/* New objects whose keys nobody else uses: what INSERT, UNLOAD and result files
** write. */
typedef struct NewObject {
  const char *url;              /* s3://bucket/key */
  const char *body; size_t n_body;      /* or, if NULL: */
  int fd;                       /* a file, from its start to its end */
} NewObject;
/* Send them side by side and record them, inside the open transaction. */
int upload_objects(Session*, int n, const NewObject*);

/* --- remote_recover.c -------------------------------------------------------------- */

/* After COMMIT: complete what tarn_uploads records, abort what a run that did
** not commit has left.  A lake that another process writes to is left to it. */
int remote_recover(Session*);
/* After ROLLBACK: abort what the transaction had begun. */
void remote_abandon(Session*);

/* --- remote_file.c ---------------------------------------------------------------- */

/* An object written as a stream and there when it is closed; NULL after an
** error.  The file is fully buffered; what fails is told by remote_file_close. */
typedef struct RemoteFile RemoteFile;
RemoteFile *remote_file_open(Session*, const char *url, FILE **out);
/* Closes the FILE too.  keep 0: the object never appears. */
int remote_file_close(RemoteFile*, FILE*, int keep);
#endif
