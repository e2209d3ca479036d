/* Maps built with Athena's complaints about keys (map.c). */
#ifndef TARN_FN_MAP_H
#define TARN_FN_MAP_H
#include "fn.h"

/* A map of the type from alternating keys (none NULL) and values; a repeated
** key raises `Duplicate map keys (k) are not allowed`. */
int map_build(FnCall*, const Type *map, ListBuilder *kv, Value *out);
#endif
