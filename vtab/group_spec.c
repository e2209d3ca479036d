/*
** Aggregates of a hash aggregation: see group_spec.h.
**
** The frequent ones are written out here with the arithmetic of fn/agg_basic.c
** and agg_minmax.c, so that the answers are the same to the bit; any other
** aggregate runs its row of the registry.
*/
#include "group_spec.h"
#include "fn/registry.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define AS_THEY_COME " as they come"

typedef struct Tally { int64_t n; union { int64_t i; double r; }; } Tally;
typedef struct Extreme { AggSlot slot; int set; } Extreme;

/* --- The text ------------------------------------------------------------ */

static const struct Named { const char *name; GroupOp op; size_t size; } named[] = {
  {"count_all", GROUP_COUNT_ALL, sizeof(Tally)},
  {"count", GROUP_COUNT, sizeof(Tally)},
  {"count_if", GROUP_COUNT_IF, sizeof(Tally)},
  {"sum", GROUP_SUM_INT, sizeof(Tally)},
  {"t_sum_bigint", GROUP_SUM_INT, sizeof(Tally)},
  {"t_sum_double", GROUP_SUM_REAL, sizeof(Tally)},
  {"t_sum_real", GROUP_SUM_REAL32, sizeof(Tally)},
  {"t_avg_bigint", GROUP_AVG, sizeof(Tally)},
  {"t_avg_double", GROUP_AVG, sizeof(Tally)},
  {"t_avg_real", GROUP_AVG32, sizeof(Tally)},
  {"min", GROUP_MIN, sizeof(Extreme)},
  {"max", GROUP_MAX, sizeof(Extreme)},
};

static const char *blanks(const char *z){
  while( *z==' ' ) z++;
  return z;
}

static int is_column(const GroupSpec *s, long c){ return c>=0 && c<s->n_column; }

/* NAME of n bytes: which operation it is. */
static int find_op(GroupAgg *a, const char *z, size_t n, size_t *size){
  for(size_t i=0; i<sizeof(named)/sizeof(named[0]); i++){
    if( strlen(named[i].name)!=n || memcmp(named[i].name, z, n) ) continue;
    a->op = named[i].op;
    *size = named[i].size;
    return 0;
  }
  a->op = GROUP_CALL;
  a->def = agg_by_sql(z, n);
  if( a->def==0 || a->def->step==0 ) return -1;
  *size = a->def->size;
  return 0;
}

/* TYPES of a typed row; t_min and t_max of doubles have their own arithmetic. */
static int read_types(GroupAgg *a, const char *z, size_t n, size_t *size){
  int oom = 0;
  if( a->op!=GROUP_CALL || !agg_is_typed(a->def) ) return n ? SQLITE_ERROR : SQLITE_OK;
  a->site = fn_site_new(z, n, &oom);
  if( a->site==0 ) return oom ? SQLITE_NOMEM : SQLITE_ERROR;
  if( a->site->argc!=a->n_arg ) return SQLITE_ERROR;
  for(int i=0; i<a->n_arg; i++) if( a->site->argt[i]->kind==T_FUNCTION ) return SQLITE_ERROR;
  if( a->n_arg==1 && (a->site->argt[0]->kind==T_DOUBLE || a->site->argt[0]->kind==T_REAL) ){
    const char *sql = a->def->sql ? a->def->sql : "";
    int is_min = !strcmp(sql, "t_min"), is_max = !strcmp(sql, "t_max");
    if( !is_min && !is_max ) return SQLITE_OK;
    a->op = is_min ? GROUP_MIN_REAL : GROUP_MAX_REAL;
    *size = sizeof(Tally);
  }
  return SQLITE_OK;
}

/* One aggregate; *pz moves behind it. */
static int read_agg(GroupSpec *s, GroupAgg *a, const char **pz){
  const char *z = blanks(*pz), *open = strchr(z, '('), *end;
  size_t size = 0;
  int distinct = 0, rc;
  char *stop;
  if( open==0 || find_op(a, z, (size_t)(open - z), &size) ) return SQLITE_ERROR;
  z = open + 1;
  if( strncmp(z, "distinct ", 9)==0 ){
    distinct = 1;
    z += 9;
  }
  while( *z && *z!=')' ){
    long c = strtol(z, &stop, 10);
    if( stop==z || !is_column(s, c) || a->n_arg==GROUP_ARGS ) return SQLITE_ERROR;
    a->arg[a->n_arg++] = (int)c;
    z = *stop==',' ? stop + 1 : stop;
  }
  if( *z!=')' ) return SQLITE_ERROR;
  z = blanks(z + 1);
  a->filter = -1;
  if( strncmp(z, "where ", 6)==0 ){
    long c = strtol(z + 6, &stop, 10);
    if( stop==z + 6 || !is_column(s, c) ) return SQLITE_ERROR;
    a->filter = (int)c;
    z = blanks(stop);
  }
  end = strchr(z, ';');
  if( end==0 ) end = z + strlen(z);
  if( (rc = read_types(a, z, (size_t)(end - z), &size))!=SQLITE_OK ) return rc;
  if( a->op!=GROUP_CALL && a->n_arg!=(a->op!=GROUP_COUNT_ALL) ) return SQLITE_ERROR;
  if( distinct && a->op!=GROUP_COUNT ) return SQLITE_ERROR;
  if( distinct ) a->op = GROUP_COUNT_DISTINCT;
  a->at = s->state_size;
  s->state_size += (size + 7) & ~(size_t)7;
  *pz = end;
  return SQLITE_OK;
}

int group_spec_parse(GroupSpec *s, const char *z){
  char *stop;
  long n;
  memset(s, 0, sizeof(*s));
  n = strtol(z, &stop, 10);
  z = blanks(stop);
  while( (*z=='r' || *z=='-') && s->n_column<GROUP_COLUMNS ) s->is_real[s->n_column++] = *z++=='r';
  if( n<0 || n>s->n_column ) return SQLITE_ERROR;
  s->n_key = (int)n;
  if( strncmp(z, AS_THEY_COME, strlen(AS_THEY_COME))==0 ){
    s->as_they_come = 1;
    z += strlen(AS_THEY_COME);
  }
  for(; *z==';' && s->n_key + s->n_agg<GROUP_COLUMNS; s->n_agg++){
    int rc;
    z++;
    rc = read_agg(s, &s->agg[s->n_agg], &z);
    if( rc==SQLITE_OK ) continue;
    s->n_agg++;                 /* its site is freed */
    group_spec_free(s);
    return rc;
  }
  if( *z==0 ) return SQLITE_OK;
  group_spec_free(s);
  return SQLITE_ERROR;
}

void group_spec_free(GroupSpec *s){
  for(int i=0; i<s->n_agg; i++) fn_site_free(s->agg[i].site);
  s->n_agg = 0;
}

/* --- Steps --------------------------------------------------------------- */

static int compare(const Value *a, const Value *b){
  int n, c;
  if( a->kind!=b->kind ) return a->kind<b->kind ? -1 : 1;
  if( a->kind==V_INT ) return (a->i>b->i) - (a->i<b->i);
  if( a->kind==V_REAL ) return (a->r>b->r) - (a->r<b->r);
  n = a->n<b->n ? a->n : b->n;
  c = n ? memcmp(a->z, b->z, (size_t)n) : 0;
  return c ? c : (a->n>b->n) - (a->n<b->n);
}

/* The first of equals stays. */
static int extreme_step(FnCall *c, Extreme *s, const Value *v, int sign, sqlite3_int64 *grown){
  int cap = s->slot.cap;
  if( s->set && compare(v, &s->slot.v)*sign<=0 ) return FN_OK;
  s->set = 1;
  if( agg_slot_set(&s->slot, v) ) return agg_oom(c);
  *grown += s->slot.cap - cap;
  return FN_OK;
}

/* NaN loses against every number. */
static void extreme_real_step(Tally *s, double r, int sign){
  int old_nan = isnan(s->r), new_nan = isnan(r);
  if( s->n++ && (old_nan || new_nan ? old_nan<=new_nan : sign>0 ? r<=s->r : r>=s->r) ) return;
  s->r = r;
}

static void call_begin(const GroupAgg *a, FnCall *c){
  c->code = c->message = 0;
  c->argt = a->site ? a->site->argt : 0;
  c->rett = a->site ? a->site->rett : 0;
  c->memo = a->site ? a->site->memo : 0;
  c->memo_free = a->site ? a->site->memo_free : 0;
}

static void call_end(const GroupAgg *a, FnCall *c){
  if( a->site==0 ) return;
  a->site->memo = c->memo;
  a->site->memo_free = c->memo_free;
}

static int call_step(const GroupAgg *a, FnCall *c, void *state, const Value *row){
  Value v[GROUP_ARGS];
  int rc;
  for(int i=0; i<a->n_arg; i++){
    v[i] = row[a->arg[i]];
    if( v[i].kind==V_NULL && !(a->def->flags & FN_NULLS) ) return FN_OK;
  }
  call_begin(a, c);
  rc = a->def->step(c, state, a->n_arg, v);
  call_end(a, c);
  if( rc==FN_OK && c->arena->oom ) rc = FN_ERROR;
  if( rc==FN_OK ) arena_reset(c->arena);
  return rc;
}

int group_step(const GroupAgg *a, FnCall *c, void *state, const Value *row, sqlite3_int64 *grown){
  Tally *s = state;
  const Value *v;
  if( a->filter>=0 && !(row[a->filter].kind==V_INT && row[a->filter].i) ) return FN_OK;
  if( a->op==GROUP_COUNT_ALL ) return s->n++, FN_OK;
  if( a->op==GROUP_CALL ) return call_step(a, c, state, row);
  v = &row[a->arg[0]];
  if( v->kind==V_NULL ) return FN_OK;
  switch( a->op ){
    case GROUP_COUNT: s->n++; return FN_OK;
    case GROUP_COUNT_IF: s->n += v->i!=0; return FN_OK;
    case GROUP_SUM_INT: {
      int64_t before = s->i;
      s->n++;
      if( !__builtin_add_overflow(before, v->i, &s->i) ) return FN_OK;
      return fn_error(c, "NUMERIC_VALUE_OUT_OF_RANGE", "bigint addition overflow: %lld + %lld", (long long)before, (long long)v->i);
    }
    case GROUP_SUM_REAL: case GROUP_SUM_REAL32: case GROUP_AVG: case GROUP_AVG32:
      s->n++;
      s->r += v->kind==V_INT ? (double)v->i : v->r;
      return FN_OK;
    case GROUP_MIN: return extreme_step(c, state, v, -1, grown);
    case GROUP_MAX: return extreme_step(c, state, v, 1, grown);
    case GROUP_MIN_REAL: extreme_real_step(s, v->r, -1); return FN_OK;
    case GROUP_MAX_REAL: extreme_real_step(s, v->r, 1); return FN_OK;
    default: return FN_OK;
  }
}

int group_final(const GroupAgg *a, FnCall *c, void *state, Value *out){
  Tally *s = state;
  int rc;
  *out = value_null();
  switch( a->op ){
    case GROUP_COUNT_ALL: case GROUP_COUNT: case GROUP_COUNT_IF: case GROUP_COUNT_DISTINCT:
      *out = value_int(s->n);
      return FN_OK;
    case GROUP_MIN: case GROUP_MAX:
      if( ((Extreme*)state)->set ) *out = ((Extreme*)state)->slot.v;
      return FN_OK;
    case GROUP_CALL:
      call_begin(a, c);
      rc = a->def->final(c, state, out);
      call_end(a, c);
      return rc==FN_OK && c->arena->oom ? FN_ERROR : rc;
    default: break;
  }
  if( s->n==0 ) return FN_OK;
  switch( a->op ){
    case GROUP_SUM_INT: *out = value_int(s->i); break;
    case GROUP_SUM_REAL32: *out = value_real((double)(float)s->r); break;
    case GROUP_AVG: *out = value_real(s->r/(double)s->n); break;
    case GROUP_AVG32: *out = value_real((double)(float)(s->r/(double)s->n)); break;
    default: *out = value_real(s->r); break;
  }
  return FN_OK;
}

void group_reset(const GroupAgg *a, void *state){
  if( a->op==GROUP_MIN || a->op==GROUP_MAX ) agg_slot_reset(&((Extreme*)state)->slot);
  if( a->op==GROUP_CALL && a->def->reset ) a->def->reset(state);
}
