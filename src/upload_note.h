/* The note beside the lake: uploads that the lake does not record (upload_note.c). */
#ifndef TARN_UPLOAD_NOTE_H
#define TARN_UPLOAD_NOTE_H
#include "session.h"
#include "../vtab/s3/ops.h"

/* The note of transactions, and of what is written without one (result files of
** queries); NULL for a lake in memory. */
const char *note_path(Session*);
const char *note_path_queries(Session*);

/* A line of a note: 0, or errno.  From any thread; a NULL path is fine.
** note_intent comes before CreateMultipartUpload, note_id after it and before
** the first part, note_done when the upload is completed or aborted. */
int note_intent(const char *path, const char *endpoint, const char *bucket, const char *key);
int note_id(const char *path, const char *endpoint, const char *bucket, const char *key, const char *upload_id);
int note_done(const char *path, const char *upload_id);

/* Abort all of a note that the lake does not record, and remove it.  0, or 1
** with the session's error or *run->error. */
int note_clear(Session*, const S3Run*, const char *path);

/* The queries' note is shared: who writes to it holds it (an open file, or -1
** after an error).  It may be cleared only by who has it alone: a file, or -1
** when others are at work or there is none. */
int note_hold(Session*, const char *path);
int note_alone(const char *path);
/* Let go; alone at last, remove it when nothing of it is left to do. */
void note_release(const char *path, int held);
#endif
