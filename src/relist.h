/* --on-change relist: start again when an S3 object changed after it was listed (relist.c). */
#ifndef TARN_RELIST_H
#define TARN_RELIST_H
#include "session.h"

#define RELIST_MAX 4            /* new attempts of one statement or run */

typedef struct Relist { int n; } Relist;   /* attempts begun anew so far; {0} at first */

/*
** After a statement, run or export that failed and was rolled back: shall it
** be tried again?  1: the session is ready for it (error and arena are empty)
** and a line on stderr says so.  0: the error stands; where an object changed
** but `delivered` (the user has part of the result) or RELIST_MAX forbid a new
** attempt, it says that too.
*/
int relist_again(Session*, Relist*, int delivered);
#endif
