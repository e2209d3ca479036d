/*
** Records: the lines of a source (see scan.c).
*/
#ifndef TARN_SCAN_H
#define TARN_SCAN_H
#include "source.h"

#define SCAN_LINE_MAX (32*1024*1024)    /* Athena's limit */
#define SCAN_PADDING 64                 /* bytes that may be read beyond a record */

typedef struct Record {
  const char *z; size_t n;      /* without its terminator; valid until the next call */
  sqlite3_int64 line;           /* 1-based */
} Record;

typedef struct Scanner {
  Source *source;
  char *buf;
  size_t cap, at, end;          /* the bytes at hand are buf[at..end) */
  size_t newline, creturn;      /* the first \n and \r at or after `at`, or `end` if none is at hand */
  int at_eof, skip_newline, any;
  sqlite3_int64 line;
} Scanner;

void scan_init(Scanner*);
void scan_free(Scanner*);
/* Read this source from its start; it stays the caller's. */
void scan_begin(Scanner*, Source*);
/* SQLITE_ROW with *out, SQLITE_DONE, or an error code with *pzErr. */
int scan_next(Scanner*, Record *out, char **pzErr);
#endif
