/*
** The plan of a scan as text: what xBestIndex hands to xFilter, and EXPLAIN
** QUERY PLAN shows (jsonl_plan.c).
*/
#ifndef TARN_JSONL_PLAN_H
#define TARN_JSONL_PLAN_H
#include "jsonl_table.h"
#include "jsonl_filter.h"

/* What xFilter's arguments are. */
typedef struct JsonlAsked {
  int n_filter;                 /* the first ones, in order */
  struct { int column, op, is_in; } filter[FILTER_MAX];
  int has_limit, has_offset;    /* one more argument each, behind them */
} JsonlAsked;

/* The text (sqlite3_malloc), NULL on out of memory. */
char *jsonl_plan_write(const JsonlTable*, sqlite3_uint64 used, const JsonlAsked*);
/* The used columns of the files, in order (column has room for all), and what is asked. */
void jsonl_plan_read(const JsonlTable*, const char *plan, int *column, int *n_column, JsonlAsked*);
#endif
