/*
** Aggregates that collect: array_agg, map_agg, multimap_agg, map_union,
** histogram, approx_most_frequent, approx_distinct, listagg, reduce_agg, and
** the window functions that pass over NULLs.
**
** Of equal map keys the first row's stays.  approx_distinct counts exactly;
** approx_most_frequent refuses where Athena's answer would depend on its
** sketch: more distinct values than `capacity`, or a tie at the cut.
*/
#include "../sqlite.h"
#include "aggregate.h"
#include <stdlib.h>
#include <string.h>

#define LISTAGG_MAX 1048576     /* bytes of a listagg */

/* --- array_agg ----------------------------------------------------------- */

static int array_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return agg_values_add(p, &v[0]) ? agg_oom(c) : FN_OK;
}

static int array_inverse(FnCall *c, void *p, int n, const Value *v){
  (void)c; (void)n; (void)v;
  agg_values_drop(p, 1);
  return FN_OK;
}

static int array_final(FnCall *c, void *p, Value *out){
  AggValues *s = p;
  if( s->count ) *out = agg_values_list(c->arena, s);
  return FN_OK;
}

static void array_reset(void *p){ agg_values_reset(p); }

/* --- Maps ---------------------------------------------------------------- */

typedef struct MapState { AggSet key; AggValues value; } MapState;

static int map_add(FnCall *c, MapState *s, const Type *key_type, const Value *key, const Value *value){
  int added;
  if( agg_set_add(&s->key, key_type, key, &added)<0 ) return agg_oom(c);
  return added && agg_values_add(&s->value, value) ? agg_oom(c) : FN_OK;
}

static int map_agg_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return v[0].kind==V_NULL ? FN_OK : map_add(c, p, c->argt[0], &v[0], &v[1]);
}

static int map_union_step(FnCall *c, void *p, int n, const Value *v){
  int entries = list_count(&v[0])/2;
  (void)n;
  for(int i=0; i<entries; i++){
    Value key = list_get(&v[0], 2*i), value = list_get(&v[0], 2*i + 1);
    if( map_add(c, p, c->argt[0]->arg[0], &key, &value) ) return FN_ERROR;
  }
  return FN_OK;
}

/* A map of the result's type from keys and values in order of arrival. */
static int map_build(FnCall *c, const AggSet *key, const Value *value, Value *out){
  int n = key->values.count, dup;
  Value *kv = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)(2*n + 1));
  if( kv==0 ) return FN_ERROR;
  for(int i=0; i<n; i++){
    kv[2*i] = agg_values_get(&key->values, i);
    kv[2*i + 1] = value[i];
  }
  if( map_from(c->arena, c->rett, n, kv, out, &dup) ) return fn_bad_argument(c, "Duplicate map keys are not allowed");
  return FN_OK;
}

static int map_final(FnCall *c, void *p, Value *out){
  MapState *s = p;
  Value *value;
  if( s->value.count==0 ) return FN_OK;
  value = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)s->value.count);
  if( value==0 ) return FN_ERROR;
  for(int i=0; i<s->value.count; i++) value[i] = agg_values_get(&s->value, i);
  return map_build(c, &s->key, value, out);
}

static void map_reset(void *p){
  agg_set_reset(&((MapState*)p)->key);
  agg_values_reset(&((MapState*)p)->value);
}

/* multimap_agg: every row's key number beside its value. */
typedef struct MultimapState { AggSet key; AggValues number, value; } MultimapState;

static int multimap_step(FnCall *c, void *p, int n, const Value *v){
  MultimapState *s = p;
  Value at;
  int i, added;
  (void)n;
  if( v[0].kind==V_NULL ) return FN_OK;
  i = agg_set_add(&s->key, c->argt[0], &v[0], &added);
  at = value_int(i);
  return i<0 || agg_values_add(&s->number, &at) || agg_values_add(&s->value, &v[1]) ? agg_oom(c) : FN_OK;
}

static int multimap_final(FnCall *c, void *p, Value *out){
  MultimapState *s = p;
  int n = s->key.values.count;
  ListBuilder *list = ARENA_ARRAY(c->arena, ListBuilder, n + 1);
  Value *value = ARENA_ARRAY(c->arena, Value, n + 1);
  if( n==0 || list==0 || value==0 ) return FN_OK;
  for(int i=0; i<n; i++) list_begin(&list[i], c->arena);
  for(int i=0; i<s->value.count; i++){
    list_add(&list[agg_values_get(&s->number, i).i], agg_values_get(&s->value, i));
  }
  for(int i=0; i<n; i++) value[i] = list_end(&list[i]);
  return map_build(c, &s->key, value, out);
}

static void multimap_reset(void *p){
  MultimapState *s = p;
  agg_set_reset(&s->key);
  agg_values_reset(&s->number);
  agg_values_reset(&s->value);
}

/* --- Counting distinct values -------------------------------------------- */

typedef struct Tally {
  AggSet set;
  int64_t *count;
  int cap;
  int64_t buckets, capacity;    /* approx_most_frequent */
} Tally;

static int tally_add(FnCall *c, Tally *s, const Type *t, const Value *v){
  int added, i = agg_set_add(&s->set, t, v, &added);
  if( i<0 ) return agg_oom(c);
  if( i>=s->cap ){
    int cap = s->cap ? s->cap*2 : 8;
    int64_t *more = sqlite3_realloc64(s->count, sizeof(*more)*(uint64_t)cap);
    if( more==0 ) return agg_oom(c);
    s->count = more;
    s->cap = cap;
  }
  if( added ) s->count[i] = 0;
  s->count[i]++;
  return FN_OK;
}

static int histogram_step(FnCall *c, void *p, int n, const Value *v){
  (void)n;
  return tally_add(c, p, c->argt[0], &v[0]);
}

static int histogram_final(FnCall *c, void *p, Value *out){
  Tally *s = p;
  int n = s->set.values.count;
  Value *value;
  if( n==0 ) return FN_OK;
  value = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)n);
  if( value==0 ) return FN_ERROR;
  for(int i=0; i<n; i++) value[i] = value_int(s->count[i]);
  return map_build(c, &s->set, value, out);
}

static void tally_reset(void *p){
  agg_set_reset(&((Tally*)p)->set);
  sqlite3_free(((Tally*)p)->count);
  ((Tally*)p)->count = 0;
  ((Tally*)p)->cap = 0;
}

static int frequent_step(FnCall *c, void *p, int n, const Value *v){
  Tally *s = p;
  (void)n;
  if( s->set.values.count==0 && v[0].i<2 ){
    return fn_bad_argument(c, "approx_most_frequent bucket count must be greater than one");
  }
  s->buckets = v[0].i;
  s->capacity = v[2].i;
  return tally_add(c, s, c->argt[1], &v[1]);
}

static int more_frequent(const void *pa, const void *pb, void *env){
  const Tally *s = env;
  int a = *(const int*)pa, b = *(const int*)pb;
  if( s->count[a]!=s->count[b] ) return s->count[a]>s->count[b] ? -1 : 1;
  return a<b ? -1 : a>b;
}

static int frequent_final(FnCall *c, void *p, Value *out){
  Tally *s = p;
  int n = s->set.values.count, keep, dup;
  int *index;
  Value *kv;
  if( n==0 ) return FN_OK;
  if( n>s->capacity ) return fn_refuse(c, "approx_most_frequent over more values than its capacity");
  index = arena_alloc_raw(c->arena, sizeof(int)*(size_t)n);
  kv = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)(2*n));
  if( index==0 || kv==0 ) return FN_ERROR;
  for(int i=0; i<n; i++) index[i] = i;
  qsort_r(index, (size_t)n, sizeof(int), more_frequent, s);
  keep = n<s->buckets ? n : (int)s->buckets;
  if( keep<n && s->count[index[keep-1]]==s->count[index[keep]] ){
    return fn_refuse(c, "approx_most_frequent with equally frequent values at the cut");
  }
  for(int i=0; i<keep; i++){
    kv[2*i] = agg_values_get(&s->set.values, index[i]);
    kv[2*i + 1] = value_int(s->count[index[i]]);
  }
  map_from(c->arena, c->rett, keep, kv, out, &dup);
  return FN_OK;
}

/* approx_distinct: the set alone. */
static int distinct_step(FnCall *c, void *p, int n, const Value *v){
  int added;
  if( n==2 && !(v[1].r>=0.0040625 && v[1].r<=0.26) ){
    Buf b;
    buf_init(&b, c->arena);
    value_print_double(&b, v[1].r);
    return fn_bad_argument(c, "Max standard error must be in [0.0040625, 0.26]: %s", b.z ? b.z : "");
  }
  return agg_set_add(p, c->argt[0], &v[0], &added)<0 ? agg_oom(c) : FN_OK;
}

static int distinct_final(FnCall *c, void *p, Value *out){
  (void)c;
  *out = value_int(((AggSet*)p)->values.count);
  return FN_OK;
}

static void distinct_reset(void *p){ agg_set_reset(p); }

/* --- listagg(value, separator, error on overflow, filler, with count) ----- */

typedef struct ListAgg {
  AggValues values;
  AggSlot separator, filler;
  int error, with_count;
} ListAgg;

static int listagg_step(FnCall *c, void *p, int n, const Value *v){
  ListAgg *s = p;
  (void)n;
  if( s->values.count==0 ){
    s->error = v[2].i!=0;
    s->with_count = v[4].i!=0;
    if( agg_slot_set(&s->separator, &v[1]) || agg_slot_set(&s->filler, &v[3]) ) return agg_oom(c);
  }
  return agg_values_add(&s->values, &v[0]) ? agg_oom(c) : FN_OK;
}

static int listagg_final(FnCall *c, void *p, Value *out){
  ListAgg *s = p;
  const Value *separator = &s->separator.v;
  Buf b;
  int i;
  if( s->values.count==0 ) return FN_OK;
  buf_init(&b, c->arena);
  for(i=0; i<s->values.count; i++){
    Value v = agg_values_get(&s->values, i);
    if( b.n + (size_t)v.n + (i ? (size_t)separator->n : 0) > LISTAGG_MAX ) break;
    if( i ) buf_add(&b, separator->z, (size_t)separator->n);
    buf_add(&b, v.z, (size_t)v.n);
  }
  if( i<s->values.count ){
    if( s->error ){
      return fn_error(c, "EXCEEDED_FUNCTION_MEMORY_LIMIT",
          "Concatenated string has the length in bytes larger than the maximum output length %d", LISTAGG_MAX);
    }
    if( i ) buf_add(&b, separator->z, (size_t)separator->n);
    buf_add(&b, s->filler.v.z, (size_t)s->filler.v.n);
    if( s->with_count ) buf_printf(&b, "(%d)", s->values.count - i);
  }
  *out = value_text(b.z ? b.z : "", b.n);
  return b.oom ? FN_ERROR : FN_OK;
}

static void listagg_reset(void *p){
  ListAgg *s = p;
  agg_values_reset(&s->values);
  agg_slot_reset(&s->separator);
  agg_slot_reset(&s->filler);
}

/* --- reduce_agg ---------------------------------------------------------- */

typedef struct Reduce { int set; AggSlot slot; } Reduce;

/* Athena keeps only states that are a long, a double or a boolean in Java. */
static int reducible(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
    case T_REAL: case T_DOUBLE: case T_DATE: case T_TIME: case T_INTERVAL_DS: case T_INTERVAL_YM: return 1;
    case T_DECIMAL: return t->p<=18;
    case T_TIMESTAMP: return t->p<=6;
    case T_TIMESTAMP_TZ: return t->p<=3;
    default: return 0;
  }
}

static int reduce_step(FnCall *c, void *p, int n, const Value *v){
  Reduce *s = p;
  Value args[2], out;
  (void)n;
  if( !reducible(c->rett) ){
    return fn_error(c, "NOT_SUPPORTED", "State type not supported for reduce_agg: %s", type_text(c->arena, c->rett));
  }
  args[0] = s->set ? s->slot.v : v[1];
  args[1] = v[0];
  if( fn_call_lambda(c, &v[2], 2, args, &out) ) return FN_ERROR;
  if( out.kind==V_NULL ) return fn_refuse(c, "reduce_agg with a NULL state");
  s->set = 1;
  return agg_slot_set(&s->slot, &out) ? agg_oom(c) : FN_OK;
}

static int reduce_final(FnCall *c, void *p, Value *out){
  Reduce *s = p;
  (void)c;
  if( s->set ) *out = s->slot.v;
  return FN_OK;
}

static void reduce_reset(void *p){ agg_slot_reset(&((Reduce*)p)->slot); }

/* --- IGNORE NULLS -------------------------------------------------------- */

/* The frame's values that are not NULL, from `head` on. */
typedef struct Frame { AggValues values; int head; int64_t n; } Frame;

static int frame_step(FnCall *c, void *p, int n, const Value *v){
  Frame *s = p;
  if( n>1 ) s->n = v[1].i;
  return agg_values_add(&s->values, &v[0]) ? agg_oom(c) : FN_OK;
}

static int frame_inverse(FnCall *c, void *p, int n, const Value *v){
  Frame *s = p;
  (void)c; (void)n; (void)v;
  s->head++;
  if( s->head>1000 && s->head*2>s->values.count ){
    agg_values_drop(&s->values, s->head);
    s->head = 0;
  }
  return FN_OK;
}

static void frame_at(const Frame *s, int64_t i, Value *out){
  if( i>=s->head && i<s->values.count ) *out = agg_values_get(&s->values, (int)i);
}

static int frame_first(FnCall *c, void *p, Value *out){
  (void)c;
  frame_at(p, ((Frame*)p)->head, out);
  return FN_OK;
}

static int frame_last(FnCall *c, void *p, Value *out){
  (void)c;
  frame_at(p, ((Frame*)p)->values.count - 1, out);
  return FN_OK;
}

static int frame_nth(FnCall *c, void *p, Value *out){
  Frame *s = p;
  if( s->values.count>0 && s->n<1 ) return fn_bad_argument(c, "Offset must be at least 1");
  frame_at(s, s->head + s->n - 1, out);
  return FN_OK;
}

static int frame_lag(FnCall *c, void *p, Value *out){
  Frame *s = p;
  (void)c;
  frame_at(s, s->values.count - s->n, out);
  return FN_OK;
}

static void frame_reset(void *p){ agg_values_reset(&((Frame*)p)->values); }

/* --- Rows ---------------------------------------------------------------- */

const AggDef agg_collect[] = {
  {"array_agg", "(T) -> array(T)", FN_NULLS|AGG_EXACT_INVERSE, 0, 0, sizeof(AggValues),
   array_step, array_inverse, array_final, array_reset, "All values, NULLs included, as an array.", 0, 0},
  {"map_agg", "(K, V) -> map(K,V)", FN_NULLS|FN_COMPARABLE, 0, 0, sizeof(MapState),
   map_agg_step, 0, map_final, map_reset, "A map from keys and values.", 0, 0},
  {"multimap_agg", "(K, V) -> map(K,array(V))", FN_NULLS|FN_COMPARABLE, 0, 0, sizeof(MultimapState),
   multimap_step, 0, multimap_final, multimap_reset, "A map from each key to all its values.", 0, 0},
  {"map_union", "(map(K,V)) -> map(K,V)", 0, 0, 0, sizeof(MapState),
   map_union_step, 0, map_final, map_reset, "All entries of all maps.", 0, 0},
  {"histogram", "(T) -> map(T,bigint)", FN_COMPARABLE, 0, 0, sizeof(Tally),
   histogram_step, 0, histogram_final, tally_reset, "A map from each value to how often it occurs.", 0, 0},
  {"approx_most_frequent", "(bigint, bigint, bigint) -> map(bigint,bigint)", FN_TYPED, "t_approx_most_frequent_bigint",
   0, sizeof(Tally), frequent_step, 0, frequent_final, tally_reset,
   "The most frequent values and their counts.", 0, 0},
  {"approx_most_frequent", "(bigint, varchar, bigint) -> map(varchar,bigint)", FN_TYPED,
   "t_approx_most_frequent_varchar", 0, sizeof(Tally), frequent_step, 0, frequent_final, tally_reset, 0, 0, 0},
  {"approx_distinct", "(T) -> bigint", FN_COMPARABLE, "t_approx_distinct", 0, sizeof(AggSet),
   distinct_step, 0, distinct_final, distinct_reset,
   "The number of distinct values, which Tarn counts exactly.", 0, 0},
  {"approx_distinct", "(T, double) -> bigint", FN_COMPARABLE, "t_approx_distinct_error", 0, sizeof(AggSet),
   distinct_step, 0, distinct_final, distinct_reset, 0, 0, 0},
  {"listagg", "(varchar, varchar, boolean, varchar, boolean) -> varchar", 0, 0, 0, sizeof(ListAgg),
   listagg_step, 0, listagg_final, listagg_reset, "All values as one text with a separator.", 0, 0},
  {"reduce_agg", "(T, S, function(S,T,S), function(S,S,S)) -> S", 0, 0, 0, sizeof(Reduce),
   reduce_step, 0, reduce_final, reduce_reset, "Fold the values with a lambda.", 0, 0},

  {"$first_value_ignore", "(T) -> T", AGG_EXACT_INVERSE, "t_first_value_ignore", 0, sizeof(Frame),
   frame_step, frame_inverse, frame_first, frame_reset, 0, 0, 0},
  {"$last_value_ignore", "(T) -> T", AGG_EXACT_INVERSE, "t_last_value_ignore", 0, sizeof(Frame),
   frame_step, frame_inverse, frame_last, frame_reset, 0, 0, 0},
  {"$nth_value_ignore", "(T, bigint) -> T", AGG_EXACT_INVERSE, "t_nth_value_ignore", 0, sizeof(Frame),
   frame_step, frame_inverse, frame_nth, frame_reset, 0, 0, 0},
  {"$lag_ignore", "(T, bigint) -> T", AGG_EXACT_INVERSE, "t_lag_ignore", 0, sizeof(Frame),
   frame_step, frame_inverse, frame_lag, frame_reset, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
};
