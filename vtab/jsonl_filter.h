/*
** Comparisons that SQLite hands to a landing table: which partitions and rows
** cannot pass (jsonl_filter.c).
*/
#ifndef TARN_JSONL_FILTER_H
#define TARN_JSONL_FILTER_H
#include "sqlite.h"
#include "value.h"

#define FILTER_MAX 32           /* comparisons of one scan */

typedef struct FilterSet FilterSet;
typedef struct Filter {
  int column, op;               /* SQLITE_INDEX_CONSTRAINT_… */
  Value value;                  /* of the right side; stored form */
  FilterSet *set;               /* x IN (…) */
  /* A NaN compares as in Athena: false, but for <>.  Else SQLite decides, to
  ** which it is the text 'NaN'. */
  int athena_nan;
} Filter;

/* Whether xBestIndex may take a comparison of this kind. */
int filter_takes(int op);
/* Copy the right side (for IN: the whole list) into the arena.  SQLITE_OK or
** an error code. */
int filter_begin(Filter*, Arena*, int column, int op, int is_in, sqlite3_value*);
/* The same for callers that have values: they are borrowed as long as the filter. */
void filter_compare(Filter*, int column, int op, Value);
int filter_in(Filter*, Arena*, int column, const Value*, int n);
/* Whether filter_may_pass is decisive for a column of this type: no row passes
** for which the comparison is false or unknown.  Reals only with athena_nan. */
int filter_is_exact(const Filter*, const Type*);
/* 0 when a row with this value in the column cannot pass; 1 when it may, and
** SQLite decides. */
int filter_may_pass(const Filter*, const Value*);
#endif
