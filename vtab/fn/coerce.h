/* Inner side of coerce.c, for resolve.c. */
#ifndef TARN_COERCE_H
#define TARN_COERCE_H
#include "../type.h"

/* What a type becomes when one of another kind is wanted: 1 and *out (its
** arg and name are shared with *from), or 0. */
int type_coerce_base(const Type *from, TypeKind to, Type *out);
/* joniregexp, jsonpath and codepoints of signatures. */
int type_is_pattern(const Type*);
#endif
