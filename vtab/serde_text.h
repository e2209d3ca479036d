/*
** Fields of text to stored scalars: what LazySimpleSerDe and RegexSerDe share
** (serde_text.c).
*/
#ifndef TARN_SERDE_TEXT_H
#define TARN_SERDE_TEXT_H
#include "serde.h"

/* Hive's integer of a field: a sign, digits, and digits after a point that are
** left out.  1 when it is one and fits the type. */
int hive_parse_integer(const Type*, const char *z, size_t n, int64_t *out);
/* A scalar of a field, as Hive's lazy objects read it: what is not one of the
** type is NULL.  formats may be NULL. */
Value hive_field_value(Arena*, const Type*, const TimeFormats *formats, const char *z, size_t n);
#endif
