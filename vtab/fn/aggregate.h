/*
** Aggregates in SQL: what the emitter writes, and the helpers with which the
** agg_*.c families keep their states.
**
** NAMES.  Every AggDef row is registered twice in SQLite:
**   NAME     (agg_sql_name) for GROUP BY:      t_sum_bigint(x)
**   NAME_w   for use with OVER:                t_sum_bigint_w(x) OVER (…)
** The first has no xInverse and keeps no queue; SQLite refuses it with OVER.
** A row with `native` may be written natively in both places (native text
** holds %1 …; put FILTER or OVER behind it).
** FILTER (WHERE …) is SQLite's own and works with NAME (Athena has no FILTER
** with OVER).
**
** TYPES.  A typed row (FN_TYPED, or type variables or functions in its sig)
** carries the text of its types as one more first argument, as scalar
** functions do: t_array_agg('(integer)array(integer)', x).  Lambda arguments
** are written as in scalar calls: a text literal, then its captures.
**
** DISTINCT and ORDER BY inside an aggregate:
**   t_agg_x('(argtypes…,keytypes…)R', 'SQLNAME|D|N|keys', args…, sortkeys…)
**     argtypes   types of the N arguments, as the inner row takes them (also
**                when the inner row is not typed); then those of the sort keys
**     SQLNAME    the inner row's NAME
**     D          1 for DISTINCT, else 0
**     N          number of arguments of the inner aggregate
**     keys       one letter a sort key: a ascending, d descending, nulls last;
**                A ascending, D descending, nulls first; may be empty
**   array_agg(DISTINCT x ORDER BY x DESC) over integers:
**     t_agg_x('(integer,integer)array(integer)', 't_array_agg|1|1|d', x, x)
** A native row may be named too: count(DISTINCT x) over doubles is
**   t_agg_x('(double)bigint', 't_count|1|1|', x).
** (SQLite's own `count(DISTINCT x)`, `sum`… are exact for integers, varchar,
** date, timestamp, decimal, varbinary: the emitter may prefer NAME(DISTINCT x)
** with an untyped NAME of one argument.)  Lambdas inside t_agg_x are refused.
**
** IGNORE NULLS.  Built-in window functions respect nulls; these skip them:
**   first_value(x)  t_first_value_ignore('(T)T', x) OVER (w)
**   last_value(x)   t_last_value_ignore('(T)T', x) OVER (w)
**   nth_value(x,n)  t_nth_value_ignore('(T,bigint)T', x, n) OVER (w)
**   lag(x,k,d)      coalesce(t_lag_ignore('(T,bigint)T', x, k) OVER
**                     (PARTITION … ORDER … ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), d)
**   lead(x,k,d)     coalesce(t_nth_value_ignore('(T,bigint)T', x, k) OVER
**                     (PARTITION … ORDER … ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), d)
** where k is a constant > 0 (k = 0 is x itself; other k: refuse), d the default.
** These five names have no _w twin: they are window functions only.
**
** AggDef rows whose name begins with '$' are internals of this kind.
*/
#ifndef TARN_AGGREGATE_H
#define TARN_AGGREGATE_H
#include "fn.h"

#define AGG_WINDOW_SUFFIX "_w"
#define AGG_VALUES_MAX 0x7ffffff0   /* bytes that one group's values may take */

/* AggDef.flags, beside FN_…: the inverse undoes a step exactly, so that NAME_w
** needs no queue. */
#define AGG_EXACT_INVERSE 0x1000

struct sqlite3;
/* Register all aggregates and window functions: SQLITE_OK or an error code. */
int agg_register(struct sqlite3*);

/* SQLite text with %1 that is exactly the aggregate for arguments that had these
** types before they were coerced (max and min of integers, text, dates, …, sum
** of integers), or NULL.  FILTER or OVER may follow it. */
const char *agg_native_for(const AggDef*, int argc, const Type *const *argt);

/* A final called over no rows at all has no types: c->argt and c->rett are
** NULL and the state is all zeroes. */

/*
** AggValues: values that a state keeps.  All zeroes is empty.  Functions that
** can fail return -1 and change nothing when memory runs out.
*/
typedef struct AggValues {
  char *z;                      /* kind byte and bytes of each */
  uint32_t *end;                /* end[i]: where value i ends in z */
  int count;
  uint32_t cap, n_cap;          /* of z and of end */
} AggValues;
int agg_values_add(AggValues*, const Value*);
Value agg_values_get(const AggValues*, int i);     /* borrowed until the next add */
Value agg_values_list(Arena*, const AggValues*);   /* as an array value */
void agg_values_drop(AggValues*, int n);           /* forget the first n */
void agg_values_reset(AggValues*);

/* A set of distinct values in order of arrival.  agg_set_add returns the
** value's index, *added says whether it is new; -1: no memory. */
typedef struct AggSet {
  AggValues values;
  struct { int32_t number; uint32_t hash; } *slot;  /* index + 1 into values; 0 is free */
  uint32_t n_slot;
} AggSet;
int agg_set_add(AggSet*, const Type*, const Value*, int *added);
void agg_set_reset(AggSet*);

/* One value that a state keeps (max_by, arbitrary, …).  Copies its bytes. */
typedef struct AggSlot {
  Value v;
  char *z;
  int cap;
} AggSlot;
int agg_slot_set(AggSlot*, const Value*);
void agg_slot_reset(AggSlot*);

/* Report that memory ran out inside step or final.  Returns FN_ERROR. */
int agg_oom(FnCall*);
#endif
