/*
** t_single: the value of a scalar subquery.  No row gives NULL, one row its
** value, more raise Athena's SUBQUERY_MULTIPLE_ROWS.
**   (SELECT t_single('(integer)integer', x) FROM …)
*/
#include "../sqlite.h"
#include "aggregate.h"
#include <string.h>

typedef struct Single {
  AggSlot slot;
  int rows;
} Single;

static int single_step(FnCall *c, void *state, int argc, const Value *argv){
  Single *s = state;
  (void)argc;
  if( s->rows++>0 ){
    return fn_error(c, "SUBQUERY_MULTIPLE_ROWS", "Scalar sub-query has returned multiple rows");
  }
  return agg_slot_set(&s->slot, &argv[0]) ? agg_oom(c) : FN_OK;
}

static int single_final(FnCall *c, void *state, Value *out){
  Single *s = state;
  (void)c;
  *out = s->rows ? s->slot.v : value_null();
  return FN_OK;
}

static void single_reset(void *state){
  agg_slot_reset(&((Single*)state)->slot);
}

const AggDef agg_single[] = {
  {.name="$single", .sig="(T) -> T", .flags=FN_NULLS|FN_HIDDEN, .sql="t_single", .size=sizeof(Single),
   .step=single_step, .final=single_final, .reset=single_reset},
  {0}
};
