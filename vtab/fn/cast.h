/*
** CAST: Athena's conversions between types, by static types.
**
** cast_temporal (datetime.h) does those with a date, time, timestamp or
** interval on either side, cast_json (json.h) those with JSON; the others, and
** arrays, maps and rows recursively, are here.
*/
#ifndef TARN_CAST_H
#define TARN_CAST_H
#include "fn.h"

#define CAST_DEPTH_MAX TYPE_DEPTH_MAX   /* nesting of containers */

/*
** Convert a possibly NULL value.  FN_OK and *out (bytes borrowed from *in or
** in c->arena), or FN_ERROR after fn_error with Athena's text.  Only c->arena
** and fn_error are used of the call, so any FnCall will do.
*/
int value_cast(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out);

/* SQLite text with %1 for the operand that is exactly the cast (`%1` where the
** carrier stays the same), or NULL when only the function will do.  The text
** lives in the arena. */
const char *cast_native(Arena*, const Type *from, const Type *to);

/* Append what CAST(x AS varchar) gives for a double or a real: `3.77E1`, `0E0`. */
void cast_print_double(Buf*, double);
void cast_print_real(Buf*, double);
#endif
