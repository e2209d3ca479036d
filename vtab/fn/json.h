/* CAST to and from JSON, used by cast.c (the rest of the JSON family joins here). */
#ifndef TARN_JSON_H
#define TARN_JSON_H
#include "fn.h"

/* One side is JSON; *in is not NULL.  As value_cast. */
int cast_json(FnCall*, const Type *from, const Type *to, const Value *in, Value *out);
#endif
