/* New JSON files below a location, one for each partition (files.c). */
#ifndef TARN_FILES_H
#define TARN_FILES_H
#include "json_row.h"

#define FILES_OPEN_MAX 100      /* Athena's limit of open partitions */

typedef struct NewFiles {
  const char *folder;           /* local folder of the location, or s3://… over the network */
  const char *location;         /* as written, for the manifest */
  int n_column; const JsonColumn *column;
  int n_key; const char *const *key;    /* partition columns: the last n_key of the statement's */
  int stored, openx, gzip;
  /* Result: the partitions that got rows. */
  int n_part;
  struct NewPart {
    const char *spec;           /* `k=v/…`, "" without partitions */
    const char *const *value;   /* texts, NULL for NULL */
    const char *path;
    long long rows;
  } part[FILES_OPEN_MAX];
  long long rows;
} NewFiles;

/*
** Write every row of a statement into files below the folder: staged under
** names that begin with `.`, flushed, and recorded in tarn_swaps, so that they
** appear when the transaction is committed and swap_recover has run; or sent
** to S3 and recorded in tarn_uploads (remote.h).  The statement is finalized.
** 0, or 1 with an error.
*/
int files_write(Session*, NewFiles*, sqlite3_stmt*);
#endif
