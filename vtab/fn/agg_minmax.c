/*
** min, max, min_by, max_by, and their forms that keep n values.
**
** NULLs are passed over (of min_by and max_by: rows whose key is NULL).  NaN
** loses against every number, as Athena measures it: max(nan(), 1) is 1.  Among
** equals the first stays.  Arrays and rows compare as the operators do, so a
** NULL element that would decide is an error.
*/
#include "aggregate.h"
#include "compare.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_MAX 10000             /* values that the n-argument forms keep */

static int is_nan(const Type *t, const Value *v){
  return (t->kind==T_DOUBLE || t->kind==T_REAL) && isnan(v->r);
}

/* Whether a beats b: *order > 0 for yes.  sign is 1 for max, -1 for min. */
static int beats(FnCall *c, const Type *t, int sign, const Value *a, const Value *b, int *order){
  int nan_a = is_nan(t, a), nan_b = is_nan(t, b);
  *order = nan_b - nan_a;
  if( nan_a || nan_b ) return FN_OK;
  if( compare_order(c, t, a, b, order) ) return FN_ERROR;
  *order *= sign;
  return FN_OK;
}

/* --- One value ----------------------------------------------------------- */

typedef struct Best { int set; AggSlot key, value; } Best;

/* Keep the row if its key beats the one that is kept. */
static int best_step(FnCall *c, Best *s, const Type *t, int sign, const Value *key, const Value *value){
  int order = 1;
  if( key->kind==V_NULL ) return FN_OK;
  if( s->set && beats(c, t, sign, key, &s->key.v, &order) ) return FN_ERROR;
  if( order<=0 ) return FN_OK;
  s->set = 1;
  if( agg_slot_set(&s->key, key) || (value && agg_slot_set(&s->value, value)) ) return agg_oom(c);
  return FN_OK;
}

static int max_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return best_step(c, p, c->argt[0], 1, &v[0], 0);
}

static int min_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return best_step(c, p, c->argt[0], -1, &v[0], 0);
}

static int max_by_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return best_step(c, p, c->argt[1], 1, &v[1], &v[0]);
}

static int min_by_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return best_step(c, p, c->argt[1], -1, &v[1], &v[0]);
}

static int key_final(FnCall *c, void *p, Value *out){
  Best *s = p;
  (void)c;
  if( s->set ) *out = s->key.v;
  return FN_OK;
}

static int value_final(FnCall *c, void *p, Value *out){
  Best *s = p;
  (void)c;
  if( s->set ) *out = s->value.v;
  return FN_OK;
}

static void best_reset(void *p){
  Best *s = p;
  agg_slot_reset(&s->key);
  agg_slot_reset(&s->value);
}

/* --- n values ------------------------------------------------------------ */

typedef struct BestN {
  int64_t n;
  AggValues key, value;         /* all candidates, cut down to n now and then */
} BestN;

typedef struct Sorting {
  FnCall *call;
  const Type *type;
  const AggValues *key;
  int sign, failed;
} Sorting;

static int better_first(const void *pa, const void *pb, void *env){
  Sorting *s = env;
  int a = *(const int*)pa, b = *(const int*)pb, order = 0;
  Value x = agg_values_get(s->key, a), y = agg_values_get(s->key, b);
  if( beats(s->call, s->type, s->sign, &x, &y, &order) ) s->failed = 1;
  return order ? -order : a<b ? -1 : a>b;
}

/* The first n indexes, best first, in the arena. */
static int rank_keys(FnCall *c, const BestN *s, const Type *t, int sign, int **index){
  Sorting sorting = { c, t, &s->key, sign, 0 };
  *index = arena_alloc_raw(c->arena, sizeof(int)*((size_t)s->key.count + 1));
  if( *index==0 ) return FN_ERROR;
  for(int i=0; i<s->key.count; i++) (*index)[i] = i;
  qsort_r(*index, (size_t)s->key.count, sizeof(int), better_first, &sorting);
  return sorting.failed ? FN_ERROR : FN_OK;
}

/* Forget all but the n best. */
static int cut(FnCall *c, BestN *s, const Type *t, int sign){
  BestN kept;
  int *index;
  if( rank_keys(c, s, t, sign, &index) ) return FN_ERROR;
  memset(&kept, 0, sizeof(kept));
  kept.n = s->n;
  for(int i=0; i<s->key.count && i<s->n; i++){
    Value k = agg_values_get(&s->key, index[i]);
    int bad = agg_values_add(&kept.key, &k);
    if( !bad && s->value.count ){
      Value v = agg_values_get(&s->value, index[i]);
      bad = agg_values_add(&kept.value, &v);
    }
    if( bad ){
      agg_values_reset(&kept.key);
      agg_values_reset(&kept.value);
      return agg_oom(c);
    }
  }
  agg_values_reset(&s->key);
  agg_values_reset(&s->value);
  *s = kept;
  return FN_OK;
}

static int n_step(FnCall *c, BestN *s, const Type *t, int sign, const char *what, const char *positive,
                  const Value *n, const Value *key, const Value *value){
  if( n->kind==V_NULL || key->kind==V_NULL ) return FN_OK;
  if( n->i<=0 ) return fn_bad_argument(c, "%s must be %s", what, positive);
  if( n->i>N_MAX ){
    return fn_bad_argument(c, "%s must be less than or equal to %d; found %lld", what, N_MAX, (long long)n->i);
  }
  s->n = n->i;
  if( agg_values_add(&s->key, key) || (value && agg_values_add(&s->value, value)) ) return agg_oom(c);
  if( s->key.count>2*s->n + 1000 ) return cut(c, s, t, sign);
  return FN_OK;
}

static int max_n_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return n_step(c, p, c->argt[0], 1, "second argument of max_n", "positive", &v[1], &v[0], 0);
}

static int min_n_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return n_step(c, p, c->argt[0], -1, "second argument of min_n", "positive", &v[1], &v[0], 0);
}

static int max_by_n_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return n_step(c, p, c->argt[1], 1, "third argument of max_by", "a positive integer", &v[2], &v[1], &v[0]);
}

static int min_by_n_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return n_step(c, p, c->argt[1], -1, "third argument of min_by", "a positive integer", &v[2], &v[1], &v[0]);
}

static int n_final(FnCall *c, const BestN *s, const Type *t, int sign, const AggValues *from, Value *out){
  ListBuilder b;
  int *index;
  if( s->key.count==0 ) return FN_OK;
  if( rank_keys(c, s, t, sign, &index) ) return FN_ERROR;
  list_begin(&b, c->arena);
  for(int i=0; i<s->key.count && i<s->n; i++) list_add(&b, agg_values_get(from, index[i]));
  *out = list_end(&b);
  return FN_OK;
}

static int max_n_final(FnCall *c, void *p, Value *out){
  return c->argt ? n_final(c, p, c->argt[0], 1, &((BestN*)p)->key, out) : FN_OK;
}

static int min_n_final(FnCall *c, void *p, Value *out){
  return c->argt ? n_final(c, p, c->argt[0], -1, &((BestN*)p)->key, out) : FN_OK;
}

static int max_by_n_final(FnCall *c, void *p, Value *out){
  return c->argt ? n_final(c, p, c->argt[1], 1, &((BestN*)p)->value, out) : FN_OK;
}

static int min_by_n_final(FnCall *c, void *p, Value *out){
  return c->argt ? n_final(c, p, c->argt[1], -1, &((BestN*)p)->value, out) : FN_OK;
}

static void n_reset(void *p){
  BestN *s = p;
  agg_values_reset(&s->key);
  agg_values_reset(&s->value);
}

/* --- Rows ---------------------------------------------------------------- */

const AggDef agg_minmax[] = {
  {"max", "(T) -> T", FN_ORDERABLE, "t_max", 0, sizeof(Best), max_step, 0, key_final, best_reset,
   "The largest value, NaN passed over.", 0, 0},
  {"max", "(E, bigint) -> array(E)", FN_ORDERABLE, "t_max_n", 0, sizeof(BestN), max_n_step, 0, max_n_final, n_reset,
   "The n largest values, largest first.", 0, 0},
  {"min", "(T) -> T", FN_ORDERABLE, "t_min", 0, sizeof(Best), min_step, 0, key_final, best_reset,
   "The smallest value, NaN passed over.", 0, 0},
  {"min", "(E, bigint) -> array(E)", FN_ORDERABLE, "t_min_n", 0, sizeof(BestN), min_n_step, 0, min_n_final, n_reset,
   "The n smallest values, smallest first.", 0, 0},
  {"max_by", "(V, K) -> V", FN_NULLS|FN_ORDERABLE, "t_max_by", 0, sizeof(Best),
   max_by_step, 0, value_final, best_reset, "The value of the row whose key is largest.", 0, 0},
  {"max_by", "(V, K, bigint) -> array(V)", FN_NULLS|FN_ORDERABLE, "t_max_by_n", 0, sizeof(BestN),
   max_by_n_step, 0, max_by_n_final, n_reset, "The values of the n rows whose keys are largest.", 0, 0},
  {"min_by", "(V, K) -> V", FN_NULLS|FN_ORDERABLE, "t_min_by", 0, sizeof(Best),
   min_by_step, 0, value_final, best_reset, "The value of the row whose key is smallest.", 0, 0},
  {"min_by", "(V, K, bigint) -> array(V)", FN_NULLS|FN_ORDERABLE, "t_min_by_n", 0, sizeof(BestN),
   min_by_n_step, 0, min_by_n_final, n_reset, "The values of the n rows whose keys are smallest.", 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
};
