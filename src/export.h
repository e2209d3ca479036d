/* Tables as JSON lines (export.c). */
#ifndef TARN_EXPORT_H
#define TARN_EXPORT_H
#include "session.h"
#include "catalog_write.h"

/* Write a table's or view's rows to an open file, one JSON object a line in
** the form of Athena's JSON writer.  `name` is for errors.  0, or 1 with an
** error. */
int export_write(Session*, const TableName*, int fd, const char *name, long long *rows, long long *bytes);

/* Check that a folder can be replaced by a table: it is absent, empty, or was
** made by Tarn. */
int export_check_folder(Session*, const char *folder);
/* 0 also after an error (it is in the session then). */
int export_is_empty(Session*, const char *folder);

/* Where a location's tables go: a local folder, or `s3://…` itself without an
** S3 root; the functions here take both.  NULL after an error. */
const char *export_place(Session*, const char *location);

/* Over the network: upload it and record that in tarn_uploads (remote.c).  Else write the table into a staging folder beside `folder` and record the swap in tarn_swaps (inside the open transaction; swap_recover
** after COMMIT moves it, a rollback removes it). */
int export_stage(Session*, long long run, const TableName*, const char *folder, long long *rows, long long *bytes);
#endif
