/*
** What a hash aggregation computes: keys and aggregates over the columns of its
** input (group_spec.c).
**
** As text (the second argument of t_group):
**
**   KEYS KINDS[ as they come][; NAME([distinct ]C,…)[ where F][ TYPES]]…
**   1 -r-; t_sum_double(1); count(distinct 2); t_max_by(2,1) where 0 (bigint,double)bigint
**
** KEYS: the first so many columns are the keys.  KINDS: a letter a column, r for
** double and real (NaN is the text 'NaN' in SQLite), - for all others.  As they
** come: groups are not sorted, however few.  NAME: an
** aggregate's SQLite name (aggregate.h), or count_all, count, count_if, min, max
** and sum, which are what SQLite's own do (integers, text, blobs).  C, F: column
** numbers; rows whose F is not true are passed over.  TYPES: of a typed row.
** `distinct` may stand with count only.
*/
#ifndef TARN_GROUP_SPEC_H
#define TARN_GROUP_SPEC_H
#include "fn/aggregate.h"
#include "fn/wrapper.h"

#define GROUP_COLUMNS 128       /* of the input; of the output */
#define GROUP_ARGS 8            /* of one aggregate */

typedef enum GroupOp {
  GROUP_COUNT_ALL, GROUP_COUNT, GROUP_COUNT_IF, GROUP_COUNT_DISTINCT,
  GROUP_SUM_INT, GROUP_SUM_REAL, GROUP_SUM_REAL32, GROUP_AVG, GROUP_AVG32,
  GROUP_MIN, GROUP_MAX,         /* integers, text, blobs */
  GROUP_MIN_REAL, GROUP_MAX_REAL,
  GROUP_CALL                    /* a row of the registry */
} GroupOp;

typedef struct GroupAgg {
  GroupOp op;
  int n_arg, arg[GROUP_ARGS];
  int filter;                   /* column, or -1 */
  size_t at;                    /* of the state, in the group's bytes */
  const AggDef *def;            /* GROUP_CALL */
  FnSite *site;                 /* its types, for a typed row */
} GroupAgg;

typedef struct GroupSpec {
  int n_key, n_column;
  int as_they_come;
  char is_real[GROUP_COLUMNS];
  int n_agg; GroupAgg agg[GROUP_COLUMNS];
  size_t state_size;            /* of a group, all aggregates */
} GroupSpec;

/* Parse a text.  SQLITE_OK; SQLITE_NOMEM; SQLITE_ERROR when it is not one. */
int group_spec_parse(GroupSpec*, const char *z);
void group_spec_free(GroupSpec*);

/* One row into an aggregate's state; not for GROUP_COUNT_DISTINCT.  c: scratch,
** with an arena; FN_ERROR leaves code and message there, or arena->oom.  *grown
** is added the bytes that a state takes beside itself. */
int group_step(const GroupAgg*, FnCall *c, void *state, const Value *row, sqlite3_int64 *grown);
/* The aggregate's value; its bytes live in the state or in c->arena. */
int group_final(const GroupAgg*, FnCall *c, void *state, Value *out);
/* Free what a state owns. */
void group_reset(const GroupAgg*, void *state);
#endif
