/*
** The hash index of an equality join, as a table-valued function.
**
**   SELECT l.*, h.c0, h.c1
**   FROM readings AS l
**   JOIN t_hash('SELECT email, name, serial FROM customer', l.user) AS h
**
** The first argument is a query of the same connection, run once for all that
** read it while any cursor is open: a correlated subquery, which opens its
** cursor anew for every outer row, finds the index again.  A change of the
** database between two statements makes a new one.  Its first columns are the keys, as many as there are key arguments after it
** (1 to HASH_KEYS); the rest are c0, c1, … (at most HASH_COLUMNS).  Each probe
** gives the rows whose keys equal the arguments; a NULL key never matches.
** LEFT JOIN works as for every table-valued function.
**
** Keys are compared by their bytes after SQLite's storage classes: integers,
** texts, blobs.  Doubles are no keys (NaN and -0.0 would need care).
**
** Rows are kept in memory up to HASH_MEMORY bytes (t_hash_memory sets it),
** then in a temporary file with an index (a private SQLite database), so that
** ten times the rows take the same memory.
*/
#ifndef TARN_HASH_H
#define TARN_HASH_H
#include "sqlite.h"

#define HASH_KEYS 4
#define HASH_COLUMNS 96
#define HASH_MEMORY (256LL<<20)

/* memory: where the limit in bytes is read from at each build, or NULL. */
int hash_register(sqlite3*, const sqlite3_int64 *memory);
#endif
