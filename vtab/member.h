/*
** x IN (SELECT …) by a hash set.
**
**   t_in_set(x, 'SELECT email FROM customer'[, rows, value…])
**
** The second argument is a query of the same connection with one column, run
** when the first row asks; all calls of the statement with the same text share
** its set.  rows and the values after it may name the rows natively
** (group_source.h).
**
** The answer is SQL's: 1 when x is among the values, 0 when the set is empty or
** has neither x nor NULL, else NULL.  Values are compared by their bytes after
** SQLite's storage classes: integers, texts, blobs; no doubles.
**
** The set is kept in memory up to GroupHost.memory, then in a temporary file.
*/
#ifndef TARN_MEMBER_H
#define TARN_MEMBER_H
#include "group.h"

/* host as in group_register. */
int member_register(sqlite3*, const GroupHost *host);
#endif
