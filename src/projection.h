/* Partition projection: partitions computed from table properties (projection.c). */
#ifndef TARN_PROJECTION_H
#define TARN_PROJECTION_H
#include "session.h"

#define PROJECTION_MAX 200000   /* partitions of a table */

/* Is projection enabled by these properties? */
int projection_enabled(const JsonlSpec*);
/*
** Replace spec's partitions by the projected ones.  *until is the instant
** (microseconds) at which a range that ends NOW has another value, or 0 when
** no range does.  0, or 1 with Athena's error or a refusal.
*/
int projection_apply(Session*, JsonlSpec*, int64_t now_micros, int64_t *until);
#endif
