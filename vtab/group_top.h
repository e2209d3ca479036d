/*
** The first rows of an order, as t_group gives them when its second argument
** says so (group_top.c):
**
**   top ROWS by C[d][f],… of KINDS
**   top 10 by 1d,0 of -r
**
** C: columns to order by; d: descending; f: NULLs first (else last).  KINDS as in
** group_spec.h.  Integers, texts and blobs order as in SQLite, doubles too, NaN
** after all numbers.  Among equals the first rows stay; the answer is in order.
*/
#ifndef TARN_GROUP_TOP_H
#define TARN_GROUP_TOP_H
#include "sqlite.h"
#include "value.h"
#include "group_spec.h"

#define TOP_ROWS 1000
#define TOP_KEYS 16

typedef struct Top Top;
/* SQLITE_OK; SQLITE_NOMEM; SQLITE_ERROR when the text is not one.  spec->n_column
** and spec->is_real are set. */
int top_open(const char *text, GroupSpec *spec, Top **out);
void top_free(Top*);            /* NULL is fine */
int top_add(Top*, const Value *cell, int n, int width);
void top_end(Top*);
uint32_t top_count(const Top*);
/* Column i of a row; its bytes live as long as the Top. */
Value top_value(const Top*, uint32_t row, int i);
#endif
