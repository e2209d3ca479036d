/*
** What states of aggregates keep: lists of values, sets of distinct values, a
** single value; and which aggregates SQLite has itself (see aggregate.h).  All grow by doubling with sqlite3_realloc64
** and are bounded by AGG_VALUES_MAX bytes a group.
*/
#include "../sqlite.h"
#include "aggregate.h"
#include <string.h>

int agg_oom(FnCall *c){
  c->arena->oom = 1;
  return FN_ERROR;
}

/* Room for `need` entries of `size` bytes: the buffer, or NULL and no change. */
static void *grow(void *p, uint32_t *cap, uint64_t need, size_t size){
  uint64_t to = *cap ? *cap : 4;
  void *more;
  while( to<need ) to *= 2;
  if( to*size>AGG_VALUES_MAX ) to = need;
  if( to*size>AGG_VALUES_MAX ) return 0;
  more = sqlite3_realloc64(p, to*size);
  if( more ) *cap = (uint32_t)to;
  return more;
}

int agg_values_add(AggValues *a, const Value *v){
  uint32_t at = a->count ? a->end[a->count-1] : 0;
  size_t n = v->kind==V_INT || v->kind==V_REAL ? 8 : v->kind==V_TEXT || v->kind==V_BLOB ? (size_t)v->n : 0;
  if( at + n + 1>a->cap ){
    char *z = grow(a->z, &a->cap, (uint64_t)at + n + 1, 1);
    if( z==0 ) return -1;
    a->z = z;
  }
  if( (uint32_t)a->count==a->n_cap ){
    uint32_t *end = grow(a->end, &a->n_cap, (uint64_t)a->count + 1, sizeof(*end));
    if( end==0 ) return -1;
    a->end = end;
  }
  a->z[at] = (char)v->kind;
  if( v->kind==V_INT ) memcpy(a->z + at + 1, &v->i, 8);
  else if( v->kind==V_REAL ) memcpy(a->z + at + 1, &v->r, 8);
  else if( n ) memcpy(a->z + at + 1, v->z, n);
  a->end[a->count++] = (uint32_t)(at + n + 1);
  return 0;
}

Value agg_values_get(const AggValues *a, int i){
  uint32_t at = i ? a->end[i-1] : 0;
  const char *z = a->z + at + 1;
  int64_t n;
  double r;
  switch( a->z[at] ){
    case V_INT: memcpy(&n, z, 8); return value_int(n);
    case V_REAL: memcpy(&r, z, 8); return value_real(r);
    case V_TEXT: return value_text(z, a->end[i] - at - 1);
    case V_BLOB: return value_blob(z, a->end[i] - at - 1);
    default: return value_null();
  }
}

Value agg_values_list(Arena *arena, const AggValues *a){
  Value *v = arena_alloc_raw(arena, sizeof(Value)*((size_t)a->count + 1));
  if( v==0 ) return value_null();
  for(int i=0; i<a->count; i++) v[i] = agg_values_get(a, i);
  return list_from(arena, a->count, v);
}

void agg_values_drop(AggValues *a, int n){
  uint32_t cut;
  if( n<=0 ) return;
  if( n>=a->count ){ a->count = 0; return; }
  cut = a->end[n-1];
  memmove(a->z, a->z + cut, a->end[a->count-1] - cut);
  a->count -= n;
  for(int i=0; i<a->count; i++) a->end[i] = a->end[i+n] - cut;
}

void agg_values_reset(AggValues *a){
  sqlite3_free(a->z);
  sqlite3_free(a->end);
  memset(a, 0, sizeof(*a));
}

/* --- Sets ---------------------------------------------------------------- */

/* The low bits choose the slot; the whole is kept in it, so that other values
** need not be visited. */
static uint32_t slot_hash(const Type *t, const Value *v){
  uint64_t h = value_hash(t, v) * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)(h>>32);
}

static int enlarge(AggSet *s){
  AggSet bigger = *s;
  bigger.n_slot = s->n_slot ? s->n_slot*2 : 8;
  bigger.slot = sqlite3_malloc64(sizeof(*s->slot)*(uint64_t)bigger.n_slot);
  if( bigger.slot==0 ) return -1;
  memset(bigger.slot, 0, sizeof(*s->slot)*bigger.n_slot);
  for(uint32_t i=0; i<s->n_slot; i++){
    uint32_t at = s->slot[i].hash & (bigger.n_slot - 1);
    if( s->slot[i].number==0 ) continue;
    while( bigger.slot[at].number ) at = (at + 1) & (bigger.n_slot - 1);
    bigger.slot[at] = s->slot[i];
  }
  sqlite3_free(s->slot);
  *s = bigger;
  return 0;
}

int agg_set_add(AggSet *s, const Type *t, const Value *v, int *added){
  uint32_t hash = slot_hash(t, v), at;
  *added = 0;
  if( (uint32_t)s->values.count*2>=s->n_slot && enlarge(s) ) return -1;
  for(at = hash & (s->n_slot - 1); s->slot[at].number; at = (at + 1) & (s->n_slot - 1)){
    Value old;
    if( s->slot[at].hash!=hash ) continue;
    old = agg_values_get(&s->values, s->slot[at].number - 1);
    if( value_identical(t, &old, v) ) return s->slot[at].number - 1;
  }
  if( agg_values_add(&s->values, v) ) return -1;
  s->slot[at].number = s->values.count;
  s->slot[at].hash = hash;
  *added = 1;
  return s->values.count - 1;
}

void agg_set_reset(AggSet *s){
  agg_values_reset(&s->values);
  sqlite3_free(s->slot);
  memset(s, 0, sizeof(*s));
}

/* --- One value ----------------------------------------------------------- */

int agg_slot_set(AggSlot *s, const Value *v){
  if( v->kind==V_TEXT || v->kind==V_BLOB ){
    if( v->n>s->cap || s->z==0 ){
      char *z = sqlite3_realloc64(s->z, (uint64_t)v->n + 16);
      if( z==0 ) return -1;
      s->z = z;
      s->cap = v->n + 15;
    }
    if( v->n ) memcpy(s->z, v->z, (size_t)v->n);
    s->v = *v;
    s->v.z = s->z;
  }else{
    s->v = *v;
  }
  return 0;
}

void agg_slot_reset(AggSlot *s){
  sqlite3_free(s->z);
  memset(s, 0, sizeof(*s));
}

/* --- Natives ------------------------------------------------------------- */

const char *agg_native_for(const AggDef *d, int argc, const Type *const *argt){
  int is_max = strcmp(d->name, "max")==0;
  if( d->native ) return d->native;
  if( argc!=1 ) return 0;
  switch( argt[0]->kind ){
    case T_TINYINT: case T_SMALLINT: case T_INTEGER:
      if( strcmp(d->name, "sum")==0 ) return "sum(%1)";   /* 2^32 rows do not overflow a bigint */
      break;
    case T_BOOLEAN: case T_BIGINT: case T_DECIMAL: case T_VARCHAR: case T_VARBINARY: case T_DATE:
    case T_TIME: case T_TIMESTAMP: case T_INTERVAL_DS: case T_INTERVAL_YM: case T_UNKNOWN:
      break;
    default:
      return 0;
  }
  if( is_max ) return "max(%1)";
  return strcmp(d->name, "min")==0 ? "min(%1)" : 0;
}
