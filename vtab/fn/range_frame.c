/*
** Window frames bounded by months: RANGE BETWEEN INTERVAL '1' MONTH PRECEDING
** AND … over dates and timestamps, which SQLite cannot say, as a month is no
** fixed distance.
**
** The emitter lets SQLite collect a frame that is surely wide enough (31 days
** a month) as an array of rows (key, arguments…), and this function picks the
** exact frame and aggregates it:
**
**   t_range_frame('(varchar,array(row(date,integer)),date)bigint',
**                 't_sum|Pm1|Fm1|a', list, key)
**
** The text: SQLite's name of the aggregate; the bounds: U unbounded, C current,
** P or F preceding or following by m months or u units of the key's carrier;
** a or d, the order.  NULL keys are where SQLite put them.
**
** Limits: a row costs as much as its frame holds; keys are dates and
** timestamps of up to six digits.
*/
#include "../sqlite.h"
#include "datetime_unit.h"
#include <stdlib.h>
#include <string.h>

typedef struct Bound { char kind, unit; int64_t n; } Bound;

typedef struct Frame {
  const AggDef *agg;
  Bound start, end;
  int descending;
} Frame;

/* One bound at *pz, up to the next bar. */
static void parse_bound(const char **pz, const char *end, Bound *b){
  const char *z = *pz;
  memset(b, 0, sizeof(*b));
  if( z<end ) b->kind = *z++;
  if( z<end && (*z=='m' || *z=='u') ) b->unit = *z++;
  while( z<end && *z>='0' && *z<='9' ) b->n = b->n*10 + *z++ - '0';
  if( z<end && *z=='|' ) z++;
  *pz = z;
}

static int parse_frame(const Value *spec, Frame *f){
  const char *z = spec->z, *end = z+spec->n;
  const char *bar = memchr(z, '|', (size_t)spec->n);
  if( bar==0 ) return 0;
  f->agg = agg_by_sql(z, (size_t)(bar-z));
  z = bar+1;
  parse_bound(&z, end, &f->start);
  parse_bound(&z, end, &f->end);
  f->descending = z<end && *z=='d';
  return f->agg!=0;
}

/* A key moved by a bound; towards greater keys where `sign` is 1. */
static int64_t moved(const Type *t, int64_t key, const Bound *b, int sign){
  int64_t n = sign*b->n;
  if( b->unit!='m' ) return key + n;
  if( t->kind==T_DATE ) return civil_add_months(key, n);
  return millis_add(ZONE_UTC, UNIT_MONTH, micros_to_millis(key), n)*1000 + floor_mod(key, 1000);
}

/* The keys of the frame around a row, least and greatest. */
static void limits(const Frame *f, const Type *t, int64_t key, int64_t *least, int64_t *greatest){
  const Bound *low = f->descending ? &f->end : &f->start;
  const Bound *high = f->descending ? &f->start : &f->end;
  char down = f->descending ? 'F' : 'P';
  *least = low->kind=='U' ? INT64_MIN : low->kind=='C' ? key
         : moved(t, key, low, low->kind==down ? -1 : 1);
  *greatest = high->kind=='U' ? INT64_MAX : high->kind=='C' ? key
            : moved(t, key, high, high->kind==down ? -1 : 1);
}

static int step(FnCall *c, const Frame *f, void *state, const Value *row){
  Value v[FN_ARG_MAX];
  int n = list_count(row) - 1, i;
  if( n>FN_ARG_MAX ) n = FN_ARG_MAX;
  for(i = 0; i<n; i++){
    v[i] = list_get(row, i+1);
    if( v[i].kind==V_NULL && !(f->agg->flags & FN_NULLS) ) return FN_OK;
  }
  return f->agg->step(c, state, n, v);
}

static int range_frame(FnCall *c, int argc, const Value *v, Value *out){
  const Type *row_type = c->argt[1]->arg[0], *key_type = c->argt[2];
  int64_t least = 0, greatest = 0;
  int i, n, rc = FN_OK;
  FnCall inner = *c;
  Frame f;
  void *state;
  (void)argc;
  if( v[0].kind!=V_TEXT || !parse_frame(&v[0], &f) ) return fn_refuse(c, "this window frame");
  inner.def = 0;
  inner.argt = row_type->arg + 1;
  inner.memo = 0;
  inner.memo_free = 0;
  state = arena_alloc(c->arena, f.agg->size + 1);
  if( state==0 ) return FN_ERROR;
  if( v[2].kind!=V_NULL ) limits(&f, key_type, v[2].i, &least, &greatest);
  n = v[1].kind==V_NULL ? 0 : list_count(&v[1]);
  for(i = 0; i<n && rc==FN_OK; i++){
    Value row = list_get(&v[1], i), key = list_get(&row, 0);
    int inside = key.kind==V_NULL || v[2].kind==V_NULL || (key.i>=least && key.i<=greatest);
    if( inside ) rc = step(&inner, &f, state, &row);
  }
  if( rc==FN_OK ) rc = f.agg->final(&inner, state, out);
  if( rc==FN_OK && (out->kind==V_TEXT || out->kind==V_BLOB) ){
    out->z = arena_strndup(c->arena, out->z, (size_t)out->n);   /* the state may own it */
    if( out->z==0 ) rc = FN_ERROR;
  }
  if( f.agg->reset ) f.agg->reset(state);
  if( inner.memo && inner.memo_free ) inner.memo_free(inner.memo);
  c->code = inner.code;
  c->message = inner.message;
  return rc;
}

const FnDef fn_range_frame[] = {
  {"$range_frame", "(varchar, array(T), K) -> R", range_frame, FN_NULLS|FN_TYPED|FN_RAISES|FN_HIDDEN,
   "t_range_frame", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
