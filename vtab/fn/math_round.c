/*
** abs, ceil, floor, round, truncate, sign, mod: one row for each numeric type.
**
** round of a double is done in double arithmetic, as in Trino: scale by a power
** of ten, round half up, divide; so round(1.005, 2) is 1.0.  Decimals keep
** their scale in the two-argument forms.  ceil and floor of integers and round
** without digits are the value itself.
*/
#include "fn.h"
#include "../decimal.h"
#include <math.h>

#define OUT_OF_RANGE "NUMERIC_VALUE_OUT_OF_RANGE"

static int same(FnCall *c, int n, const Value *v, Value *out){
  (void)c; (void)n;
  *out = v[0];
  return FN_OK;
}

/* --- Integers ------------------------------------------------------------ */

static int abs_int(FnCall *c, int64_t x, int64_t min, const char *type, Value *out){
  if( x==min ) return fn_error(c, OUT_OF_RANGE, "Value %lld is out of range for abs(%s)", (long long)x, type);
  *out = value_int(x<0 ? -x : x);
  return FN_OK;
}

/* x rounded half away from zero at 10^-digits (digits < 0). */
static int round_long(FnCall *c, int64_t x, int64_t digits, int64_t *out){
  int64_t unit = 1, q, r;
  *out = x;
  if( digits>=0 ) return FN_OK;
  for(int64_t i=digits; i<0; i++){
    if( i<-18 ) return fn_error(c, OUT_OF_RANGE, "numerical overflow: %lld", (long long)x);
    unit *= 10;
  }
  q = x/unit;
  r = x%unit;
  if( r>=unit - r && r>0 ) q++;
  if( -r>=unit + r && r<0 ) q--;
  if( __builtin_mul_overflow(q, unit, out) ){
    return fn_error(c, OUT_OF_RANGE, "numerical overflow: %lld", (long long)x);
  }
  return FN_OK;
}

static int round_int(FnCall *c, const Value *v, int64_t min, int64_t max, const char *type, Value *out){
  int64_t r;
  if( round_long(c, v[0].i, v[1].i, &r) ) return FN_ERROR;
  if( r<min || r>max ) return fn_error(c, OUT_OF_RANGE, "Out of range for %s: %lld", type, (long long)r);
  *out = value_int(r);
  return FN_OK;
}

static int sign_int(FnCall *c, int n, const Value *v, Value *out){
  (void)c; (void)n;
  *out = value_int((v[0].i>0) - (v[0].i<0));
  return FN_OK;
}

static int mod_int(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( v[1].i==0 ) return fn_error(c, "DIVISION_BY_ZERO", "Division by zero");
  *out = value_int(v[1].i==-1 ? 0 : v[0].i%v[1].i);
  return FN_OK;
}

#define INTEGER(type, min, max) \
  static int abs_##type(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return abs_int(c, v[0].i, min, #type, out); } \
  static int round_##type(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return round_int(c, v, min, max, #type, out); }
INTEGER(tinyint, INT8_MIN, INT8_MAX)
INTEGER(smallint, INT16_MIN, INT16_MAX)
INTEGER(integer, INT32_MIN, INT32_MAX)
INTEGER(bigint, INT64_MIN, INT64_MAX)

/* --- Floating point ------------------------------------------------------ */

/* A non-negative value scaled, rounded half up and scaled back. */
static double round_digits(double x, int64_t digits){
  double factor = (double)powl(10, digits), scaled = x*factor, rounded;
  if( !isfinite(scaled) ) return x;
  rounded = floor(scaled);
  if( scaled - rounded>=0.5 ) rounded++;
  return rounded/factor;
}

static double round_double(double x, int64_t digits){
  if( !isfinite(x) ) return x;
  return x<0 ? -round_digits(-x, digits) : round_digits(x, digits);
}

/* Math.signum(x) * Math.floor(Math.abs(x)) */
static double truncate_double(double x){
  return x==0 || isnan(x) ? x : copysign(1, x)*floor(fabs(x));
}

static double sign_double(double x){ return x>0 ? 1 : x<0 ? -1 : x; }

#define FLOATING(name, expr) \
  static int name##_double_fn(FnCall *c, int n, const Value *v, Value *out){ \
    double x = v[0].r; \
    (void)c; (void)n; *out = value_real(expr); return FN_OK; } \
  static int name##_real_fn(FnCall *c, int n, const Value *v, Value *out){ \
    double x = v[0].r; \
    (void)c; (void)n; *out = value_real((double)(float)(expr)); return FN_OK; }
FLOATING(abs, fabs(x))
FLOATING(ceil, ceil(x))
FLOATING(floor, floor(x))
FLOATING(round, round_double(x, 0))
FLOATING(round_n, round_double(x, v[1].i))
FLOATING(truncate, truncate_double(x))
FLOATING(sign, sign_double(x))
FLOATING(mod, fmod(x, v[1].r))

/* --- Decimals ------------------------------------------------------------ */

static int put(FnCall *c, i128 r, Value *out){
  *out = value_put_decimal(c->arena, c->rett, r);
  return FN_OK;
}

static int abs_decimal(FnCall *c, int n, const Value *v, Value *out){
  i128 x = value_get_decimal(c->argt[0], &v[0]);
  (void)n;
  return put(c, x<0 ? -x : x, out);
}

/* The whole part, moved by one where there is a fraction in that direction. */
static int whole(FnCall *c, const Value *v, int direction, Value *out){
  i128 x = value_get_decimal(c->argt[0], &v[0]), unit = decimal_power10(c->argt[0]->s);
  i128 r = x/unit, rest = x%unit;
  if( direction>0 && rest>0 ) r++;
  if( direction<0 && rest<0 ) r--;
  return put(c, r, out);
}

static int ceil_decimal(FnCall *c, int n, const Value *v, Value *out){ (void)n; return whole(c, v, 1, out); }
static int floor_decimal(FnCall *c, int n, const Value *v, Value *out){ (void)n; return whole(c, v, -1, out); }
static int truncate_decimal(FnCall *c, int n, const Value *v, Value *out){ (void)n; return whole(c, v, 0, out); }

static int round_decimal(FnCall *c, int n, const Value *v, Value *out){
  i128 r = 0;
  (void)n;
  decimal_rescale(value_get_decimal(c->argt[0], &v[0]), c->argt[0]->s, 0, &r);
  return put(c, r, out);
}

/* How many digits go: 0 none, -1 all of them (the result is 0). */
static int digits_cut(const Type *t, int64_t digits){
  if( t->p - t->s + digits<0 ) return -1;
  return digits>=t->s ? 0 : t->s - (int)digits;
}

static int round_n_decimal(FnCall *c, int n, const Value *v, Value *out){
  const Type *t = c->argt[0];
  i128 x = value_get_decimal(t, &v[0]), r = x;
  int cut = digits_cut(t, v[1].i), is_long = c->rett->p>DECIMAL_SHORT_MAX;
  (void)n;
  /* Above 18 digits 99.9 rounds at -2 to 100, below to 0: so does Athena. */
  if( is_long && cut<0 ) cut = t->s - v[1].i>DECIMAL_PRECISION_MAX ? -1 : t->s - (int)v[1].i;
  if( cut<0 ) return put(c, 0, out);
  if( cut>0 && (decimal_rescale(x, cut, 0, &r) || decimal_rescale(r, 0, cut, &r) || !decimal_fits(r, c->rett->p)) ){
    char z[DECIMAL_TEXT_MAX];
    decimal_text(x, 0, z);
    return fn_error(c, OUT_OF_RANGE, "decimal overflow: %s", z);
  }
  return put(c, r, out);
}

static int truncate_n_decimal(FnCall *c, int n, const Value *v, Value *out){
  i128 x = value_get_decimal(c->argt[0], &v[0]);
  int cut = digits_cut(c->argt[0], v[1].i);
  (void)n;
  return put(c, cut<0 ? 0 : x - x%decimal_power10(cut), out);
}

static int sign_decimal(FnCall *c, int n, const Value *v, Value *out){
  i128 x = value_get_decimal(c->argt[0], &v[0]);
  (void)n;
  return put(c, (x>0) - (x<0), out);
}

static int mod_decimal(FnCall *c, int n, const Value *v, Value *out){
  i128 a = value_get_decimal(c->argt[0], &v[0]), b = value_get_decimal(c->argt[1], &v[1]);
  (void)n;
  if( b==0 ) return fn_error(c, "DIVISION_BY_ZERO", "Division by zero");
  return put(c, decimal_modulus(a, c->argt[0]->s, b, c->argt[1]->s), out);
}

static int min(int a, int b){ return a<b ? a : b; }

static const Type *whole_type(Arena *a, int argc, const Type *const *t){
  return argc ? type_decimal(a, t[0]->p - t[0]->s + min(t[0]->s, 1), 0) : 0;
}

static const Type *round_type(Arena *a, int argc, const Type *const *t){
  return argc ? type_decimal(a, min(DECIMAL_PRECISION_MAX, t[0]->p - t[0]->s + min(t[0]->s, 1)), 0) : 0;
}

static const Type *round_n_type(Arena *a, int argc, const Type *const *t){
  return argc ? type_decimal(a, min(DECIMAL_PRECISION_MAX, t[0]->p + 1), t[0]->s) : 0;
}

static const Type *truncate_type(Arena *a, int argc, const Type *const *t){
  int p = argc ? t[0]->p - t[0]->s : 0;
  return argc ? type_decimal(a, p>1 ? p : 1, 0) : 0;
}

static const Type *mod_type(Arena *a, int argc, const Type *const *t){
  return argc==2 ? decimal_type_modulus(a, t[0], t[1]) : 0;
}

/* --- Rows ---------------------------------------------------------------- */

#define ROW(name, type, impl, flags, native) \
  {#name, "(" #type ") -> " #type, impl, flags, "t_" #name "_" #type, native, 0, 0, 0},
#define ROW_N(name, type, impl, flags) \
  {#name, "(" #type ", integer) -> " #type, impl, flags, "t_" #name "_n_" #type, 0, 0, 0, 0},
#define ROW_2(name, type, impl, flags) \
  {#name, "(" #type ", " #type ") -> " #type, impl, flags, "t_" #name "_" #type, 0, 0, 0, 0},
/* The first row of a name, which carries its documentation. */
#define FIRST(name, impl, flags, native, doc, example) \
  {#name, "(bigint) -> bigint", impl, flags, "t_" #name "_bigint", native, doc, example, 0},
#define CEIL(name) \
  FIRST(name, same, 0, "%1", "The smallest whole number that is not less.", #name "(1.2) = 2.0") \
  ROW(name, double, ceil_double_fn, 0, 0) \
  ROW(name, tinyint, same, 0, "%1") ROW(name, smallint, same, 0, "%1") ROW(name, integer, same, 0, "%1") \
  ROW(name, real, ceil_real_fn, 0, 0) \
  {#name, "(decimal(p,s)) -> decimal(rp,0)", ceil_decimal, FN_TYPED, "t_" #name "_decimal", 0, 0, 0, whole_type},

const FnDef fn_math_round[] = {
  FIRST(abs, abs_bigint, FN_RAISES, 0, "The absolute value.", "abs(-5) = 5")
  ROW(abs, double, abs_double_fn, 0, 0) ROW(abs, tinyint, abs_tinyint, FN_RAISES, 0)
  ROW(abs, smallint, abs_smallint, FN_RAISES, 0) ROW(abs, integer, abs_integer, FN_RAISES, 0)
  ROW(abs, real, abs_real_fn, 0, 0)
  {"abs", "(decimal(p,s)) -> decimal(p,s)", abs_decimal, FN_TYPED, "t_abs_decimal", 0, 0, 0, 0},
  CEIL(ceil) CEIL(ceiling)
  FIRST(floor, same, 0, "%1", "The largest whole number that is not greater.", "floor(-1.2) = -2.0")
  ROW(floor, double, floor_double_fn, 0, 0) ROW(floor, tinyint, same, 0, "%1") ROW(floor, smallint, same, 0, "%1")
  ROW(floor, integer, same, 0, "%1") ROW(floor, real, floor_real_fn, 0, 0)
  {"floor", "(decimal(p,s)) -> decimal(rp,0)", floor_decimal, FN_TYPED, "t_floor_decimal", 0, 0, 0, whole_type},
  ROW_N(round, bigint, round_bigint, FN_RAISES)
  FIRST(round, same, 0, "%1", "Rounded half away from zero, to so many digits.", "round(2.5) = 3.0")
  ROW_N(round, double, round_n_double_fn, 0) ROW(round, double, round_double_fn, 0, 0)
  ROW_N(round, real, round_n_real_fn, 0) ROW(round, real, round_real_fn, 0, 0)
  ROW_N(round, tinyint, round_tinyint, FN_RAISES) ROW(round, tinyint, same, 0, "%1")
  ROW(round, smallint, same, 0, "%1") ROW_N(round, smallint, round_smallint, FN_RAISES)
  ROW(round, integer, same, 0, "%1") ROW_N(round, integer, round_integer, FN_RAISES)
  {"round", "(decimal(p,s)) -> decimal(rp,rs)", round_decimal, FN_TYPED, "t_round_decimal", 0, 0, 0, round_type},
  {"round", "(decimal(p,s), integer) -> decimal(rp,s)", round_n_decimal, FN_TYPED|FN_RAISES, "t_round_n_decimal",
   0, 0, 0, round_n_type},
  {"truncate", "(double) -> double", truncate_double_fn, 0, "t_truncate_double", 0,
   "Digits behind the point dropped.", "truncate(-1.9) = -1.0", 0},
  ROW(truncate, real, truncate_real_fn, 0, 0)
  {"truncate", "(decimal(p,s)) -> decimal(rp,0)", truncate_decimal, FN_TYPED, "t_truncate_decimal", 0, 0, 0, truncate_type},
  {"truncate", "(decimal(p,s), integer) -> decimal(p,s)", truncate_n_decimal, FN_TYPED, "t_truncate_n_decimal",
   0, 0, 0, 0},
  FIRST(sign, sign_int, 0, 0, "-1, 0 or 1.", "sign(-5) = -1")
  ROW(sign, integer, sign_int, 0, 0) ROW(sign, smallint, sign_int, 0, 0) ROW(sign, tinyint, sign_int, 0, 0)
  ROW(sign, double, sign_double_fn, 0, 0) ROW(sign, real, sign_real_fn, 0, 0)
  {"sign", "(decimal(p,s)) -> decimal(1,0)", sign_decimal, FN_TYPED, "t_sign_decimal", 0, 0, 0, 0},
  {"mod", "(bigint, bigint) -> bigint", mod_int, FN_RAISES, "t_mod_bigint", 0,
   "The remainder of a division, with the sign of the first.", "mod(-7, 3) = -1", 0},
  ROW_2(mod, double, mod_double_fn, 0) ROW_2(mod, tinyint, mod_int, FN_RAISES) ROW_2(mod, smallint, mod_int, FN_RAISES)
  ROW_2(mod, integer, mod_int, FN_RAISES) ROW_2(mod, real, mod_real_fn, 0)
  {"mod", "(decimal(p,s), decimal(q,t)) -> decimal(u,v)", mod_decimal, FN_TYPED|FN_RAISES, "t_mod_decimal", 0, 0, 0, mod_type},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
