/* Writing that begins before it must end (early.c). */
#ifndef TARN_EARLY_H
#define TARN_EARLY_H
#include "session.h"

/* Ask the system to begin writing what the lake's file has in the page cache;
** the flush of COMMIT then waits for less.  Only a hint: nothing fails. */
void early_write(Session*);
#endif
