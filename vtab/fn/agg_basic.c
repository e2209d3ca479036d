/*
** count, count_if, sum, avg, the boolean and bitwise aggregates, arbitrary.
**
** Sums follow Trino to the bit: doubles and reals are added plainly in row
** order (reals in double, rounded at the end), avg divides such a sum by the
** count, decimals add in 128 bits and round half up.  bigint sums fail where
** they overflow, with the operator's own text.
*/
#include "aggregate.h"
#include "../decimal.h"
#include <math.h>

#define OUT_OF_RANGE "NUMERIC_VALUE_OUT_OF_RANGE"

/* --- count --------------------------------------------------------------- */

typedef struct Count { int64_t n; } Count;

static int count_step(FnCall *c, void *p, int n, const Value *v){
  (void)c; (void)n; (void)v;
  ((Count*)p)->n++;
  return FN_OK;
}

static int count_inverse(FnCall *c, void *p, int n, const Value *v){
  (void)c; (void)n; (void)v;
  ((Count*)p)->n--;
  return FN_OK;
}

static int count_if_step(FnCall *c, void *p, int n, const Value *v){
  (void)c; (void)n;
  ((Count*)p)->n += v[0].i!=0;
  return FN_OK;
}

static int count_if_inverse(FnCall *c, void *p, int n, const Value *v){
  (void)c; (void)n;
  ((Count*)p)->n -= v[0].i!=0;
  return FN_OK;
}

static int count_final(FnCall *c, void *p, Value *out){
  (void)c;
  *out = value_int(((Count*)p)->n);
  return FN_OK;
}

/* --- Integer sums -------------------------------------------------------- */

typedef struct IntSum { int64_t n, sum; } IntSum;

static int sum_int_step(FnCall *c, void *p, int n, const Value *v){
  IntSum *s = p;
  (void)n;
  s->n++;
  if( __builtin_add_overflow(s->sum, v[0].i, &s->sum) ){
    s->sum = (int64_t)((uint64_t)s->sum - (uint64_t)v[0].i);
    return fn_error(c, OUT_OF_RANGE, "bigint addition overflow: %lld + %lld", (long long)s->sum, (long long)v[0].i);
  }
  return FN_OK;
}

static int sum_int_inverse(FnCall *c, void *p, int n, const Value *v){
  IntSum *s = p;
  int64_t before = s->sum;
  (void)n;
  s->n--;
  if( __builtin_sub_overflow(before, v[0].i, &s->sum) ){
    return fn_error(c, OUT_OF_RANGE, "bigint subtraction overflow: %lld - %lld", (long long)before, (long long)v[0].i);
  }
  return FN_OK;
}

static int sum_int_final(FnCall *c, void *p, Value *out){
  IntSum *s = p;
  (void)c;
  *out = s->n ? value_int(s->sum) : value_null();
  return FN_OK;
}

/* --- Floating sums and averages ------------------------------------------ */

typedef struct FloatSum { int64_t n; double sum; } FloatSum;

static double number(const Value *v){ return v->kind==V_INT ? (double)v->i : v->r; }

static int float_step(FnCall *c, void *p, int n, const Value *v){
  FloatSum *s = p;
  (void)c; (void)n;
  s->n++;
  s->sum += number(&v[0]);
  return FN_OK;
}

static int float_inverse(FnCall *c, void *p, int n, const Value *v){
  FloatSum *s = p;
  (void)c; (void)n;
  s->n--;
  s->sum -= number(&v[0]);
  return FN_OK;
}

static int sum_double_final(FnCall *c, void *p, Value *out){
  FloatSum *s = p;
  (void)c;
  *out = s->n ? value_real(s->sum) : value_null();
  return FN_OK;
}

static int sum_real_final(FnCall *c, void *p, Value *out){
  FloatSum *s = p;
  (void)c;
  *out = s->n ? value_real((double)(float)s->sum) : value_null();
  return FN_OK;
}

static int avg_double_final(FnCall *c, void *p, Value *out){
  FloatSum *s = p;
  (void)c;
  *out = s->n ? value_real(s->sum/(double)s->n) : value_null();
  return FN_OK;
}

static int avg_real_final(FnCall *c, void *p, Value *out){
  FloatSum *s = p;
  (void)c;
  *out = s->n ? value_real((double)(float)(s->sum/(double)s->n)) : value_null();
  return FN_OK;
}

/* Java's Math.round: half up, also below zero. */
static int avg_interval_final(FnCall *c, void *p, Value *out){
  FloatSum *s = p;
  (void)c;
  *out = s->n ? value_int((int64_t)floor(s->sum/(double)s->n + 0.5)) : value_null();
  return FN_OK;
}

/* --- Decimals ------------------------------------------------------------ */

/* SQLite's aggregate contexts are aligned to 8 bytes, not to the 16 of an i128. */
typedef i128 i128_at_8 __attribute__((aligned(8)));
typedef struct DecimalSum { int64_t n; i128_at_8 sum; } DecimalSum;

static int decimal_overflow(FnCall *c){ return fn_error(c, OUT_OF_RANGE, "Decimal overflow"); }

static int decimal_step(FnCall *c, void *p, int n, const Value *v){
  DecimalSum *s = p;
  i128 sum;
  (void)n;
  s->n++;
  if( __builtin_add_overflow(s->sum, value_get_decimal(c->argt[0], &v[0]), &sum) || !decimal_fits(sum, DECIMAL_PRECISION_MAX) ){
    return decimal_overflow(c);
  }
  s->sum = sum;
  return FN_OK;
}

static int decimal_inverse(FnCall *c, void *p, int n, const Value *v){
  DecimalSum *s = p;
  (void)n;
  s->n--;
  s->sum -= value_get_decimal(c->argt[0], &v[0]);
  return FN_OK;
}

static int sum_decimal_final(FnCall *c, void *p, Value *out){
  DecimalSum *s = p;
  *out = s->n ? value_put_decimal(c->arena, c->rett, s->sum) : value_null();
  return FN_OK;
}

static int avg_decimal_final(FnCall *c, void *p, Value *out){
  DecimalSum *s = p;
  i128 r = 0;
  if( s->n==0 ) return FN_OK;
  if( decimal_divide(s->sum, 0, s->n, 0, 0, &r) ) return decimal_overflow(c);
  *out = value_put_decimal(c->arena, c->rett, r);
  return FN_OK;
}

static const Type *sum_decimal_type(Arena *a, int argc, const Type *const *t){
  return argc==1 ? type_decimal(a, DECIMAL_PRECISION_MAX, t[0]->s) : 0;
}

/* --- Booleans and bits --------------------------------------------------- */

typedef struct Bits { int64_t n, bits; } Bits;

static int and_step(FnCall *c, void *p, int n, const Value *v){
  Bits *s = p;
  (void)c; (void)n;
  s->bits = s->n++ ? s->bits & v[0].i : v[0].i;
  return FN_OK;
}

static int or_step(FnCall *c, void *p, int n, const Value *v){
  Bits *s = p;
  (void)c; (void)n;
  s->n++;
  s->bits |= v[0].i;
  return FN_OK;
}

static int bits_final(FnCall *c, void *p, Value *out){
  Bits *s = p;
  (void)c;
  *out = s->n ? value_int(s->bits) : value_null();
  return FN_OK;
}

/* --- arbitrary ----------------------------------------------------------- */

typedef struct One { int set; AggSlot slot; } One;

static int arbitrary_step(FnCall *c, void *p, int n, const Value *v){
  One *s = p;
  (void)n;
  if( s->set ) return FN_OK;
  s->set = 1;
  return agg_slot_set(&s->slot, &v[0]) ? agg_oom(c) : FN_OK;
}

static int arbitrary_final(FnCall *c, void *p, Value *out){
  One *s = p;
  (void)c;
  if( s->set ) *out = s->slot.v;
  return FN_OK;
}

static void arbitrary_reset(void *p){ agg_slot_reset(&((One*)p)->slot); }

/* --- Rows ---------------------------------------------------------------- */

const AggDef agg_basic[] = {
  {"count", "() -> bigint", AGG_EXACT_INVERSE, "t_count_all", "count(*)", sizeof(Count),
   count_step, count_inverse, count_final, 0, "The number of rows.", 0, 0},
  {"count", "(T) -> bigint", AGG_EXACT_INVERSE, "t_count", "count(%1)", sizeof(Count),
   count_step, count_inverse, count_final, 0, "The number of values that are not NULL.", 0, 0},
  {"count_if", "(boolean) -> bigint", AGG_EXACT_INVERSE, 0, "count(nullif(%1, 0))", sizeof(Count),
   count_if_step, count_if_inverse, count_final, 0, "How often a condition is true.", 0, 0},

  {"sum", "(double) -> double", 0, "t_sum_double", 0, sizeof(FloatSum),
   float_step, float_inverse, sum_double_final, 0, 0, 0, 0},
  {"sum", "(real) -> real", 0, "t_sum_real", 0, sizeof(FloatSum),
   float_step, float_inverse, sum_real_final, 0, 0, 0, 0},
  {"sum", "(bigint) -> bigint", AGG_EXACT_INVERSE, "t_sum_bigint", 0, sizeof(IntSum),
   sum_int_step, sum_int_inverse, sum_int_final, 0,
   "The sum of the values; NULL over none.  Integers sum as bigint.", 0, 0},
  {"sum", "(interval day to second) -> interval day to second", AGG_EXACT_INVERSE, "t_sum_ds", 0, sizeof(IntSum),
   sum_int_step, sum_int_inverse, sum_int_final, 0, 0, 0, 0},
  {"sum", "(interval year to month) -> interval year to month", AGG_EXACT_INVERSE, "t_sum_ym", 0, sizeof(IntSum),
   sum_int_step, sum_int_inverse, sum_int_final, 0, 0, 0, 0},
  {"sum", "(decimal(p,s)) -> decimal(38,s)", AGG_EXACT_INVERSE|FN_TYPED, "t_sum_decimal", 0, sizeof(DecimalSum),
   decimal_step, decimal_inverse, sum_decimal_final, 0, 0, 0, sum_decimal_type},

  {"avg", "(bigint) -> double", 0, "t_avg_bigint", 0, sizeof(FloatSum),
   float_step, float_inverse, avg_double_final, 0, "The arithmetic mean of the values.", 0, 0},
  {"avg", "(double) -> double", 0, "t_avg_double", 0, sizeof(FloatSum),
   float_step, float_inverse, avg_double_final, 0, 0, 0, 0},
  {"avg", "(real) -> real", 0, "t_avg_real", 0, sizeof(FloatSum),
   float_step, float_inverse, avg_real_final, 0, 0, 0, 0},
  {"avg", "(interval day to second) -> interval day to second", 0, "t_avg_ds", 0, sizeof(FloatSum),
   float_step, float_inverse, avg_interval_final, 0, 0, 0, 0},
  {"avg", "(interval year to month) -> interval year to month", 0, "t_avg_ym", 0, sizeof(FloatSum),
   float_step, float_inverse, avg_interval_final, 0, 0, 0, 0},
  {"avg", "(decimal(p,s)) -> decimal(p,s)", AGG_EXACT_INVERSE|FN_TYPED, "t_avg_decimal", 0, sizeof(DecimalSum),
   decimal_step, decimal_inverse, avg_decimal_final, 0, 0, 0, 0},

  {"bool_and", "(boolean) -> boolean", 0, 0, "min(%1)", sizeof(Bits), and_step, 0, bits_final, 0,
   "Whether every value is true.", 0, 0},
  {"every", "(boolean) -> boolean", 0, 0, "min(%1)", sizeof(Bits), and_step, 0, bits_final, 0,
   "Whether every value is true.", 0, 0},
  {"bool_or", "(boolean) -> boolean", 0, 0, "max(%1)", sizeof(Bits), or_step, 0, bits_final, 0,
   "Whether any value is true.", 0, 0},
  {"bitwise_and_agg", "(bigint) -> bigint", 0, 0, 0, sizeof(Bits), and_step, 0, bits_final, 0,
   "The bits that all values have.", 0, 0},
  {"bitwise_or_agg", "(bigint) -> bigint", 0, 0, 0, sizeof(Bits), or_step, 0, bits_final, 0,
   "The bits that any value has.", 0, 0},

  {"arbitrary", "(T) -> T", 0, 0, 0, sizeof(One), arbitrary_step, 0, arbitrary_final, arbitrary_reset,
   "Some value that is not NULL; Tarn takes the first.", 0, 0},
  {"any_value", "(T) -> T", 0, 0, 0, sizeof(One), arbitrary_step, 0, arbitrary_final, arbitrary_reset,
   "Some value that is not NULL; Tarn takes the first.", 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
};
