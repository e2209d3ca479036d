/*
** Tapes: records written one after another to a temporary file and read again
** in that order (group_spill.c).  A private SQLite database holds them, so they
** lie where SQLite's temporary files do and vanish with the process.
*/
#ifndef TARN_GROUP_SPILL_H
#define TARN_GROUP_SPILL_H
#include "sqlite.h"
#include "arena.h"

typedef struct Spill {
  sqlite3 *db;                  /* NULL until something is written */
  sqlite3_stmt *insert, *select, *erase;
  sqlite3_int64 next_tape;
} Spill;

typedef struct Tape {
  sqlite3_int64 id;             /* 0: nothing is in the database yet */
  Buf pending;                  /* records not yet written */
  sqlite3_int64 n;              /* records */
} Tape;

void spill_close(Spill*);
/* What went wrong in the database. */
const char *spill_error(const Spill*);
/* All zeroes is an empty tape.  SQLITE_OK or an error code. */
int tape_add(Spill*, Tape*, const char *z, size_t n);
/* Call `each` for every record, then erase the tape.  What it returns but
** SQLITE_OK ends the reading. */
int tape_read(Spill*, Tape*, int (*each)(void *arg, const char *z, size_t n), void *arg);
void tape_free(Tape*);
#endif
