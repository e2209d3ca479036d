/* Athena's result files: --output-location (result_files.c). */
#ifndef TARN_RESULT_FILES_H
#define TARN_RESULT_FILES_H
#include <stdio.h>
#include "output.h"
#include "session.h"

typedef struct ResultFiles {
  Output copy;                  /* csv; what a statement prints goes there too */
  FILE *file;                   /* NULL over the network for what writes files: see result_files_stage */
  struct RemoteFile *remote;    /* file is this one */
  char *path;                   /* or URL; sqlite3_free */
  const char *folder;           /* of --output-location */
  char id[40];
} ResultFiles;

/* Open the file of one statement: <id>.csv, <id>.txt, <id> or tables/<id>. */
int result_files_open(Session*, ResultFiles*, StatementKind);
/* INSERT, UNLOAD, CREATE TABLE AS over the network: send the (empty) file and the
** manifest, to appear with what the transaction has written.  Inside it. */
int result_files_stage(Session*, ResultFiles*, StatementKind);
/* Close it; `failed` leaves only the text of a failed Hive DDL.  For INSERT and
** UNLOAD, <id>-manifest.csv lists the files written. */
int result_files_close(Session*, ResultFiles*, StatementKind, int failed);
/* A random id as Athena's: 8-4-4-4-12 hex digits. */
void random_id(char id[40]);
#endif
