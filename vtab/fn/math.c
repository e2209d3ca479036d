/*
** Mathematical functions on doubles and reals, constants, random numbers,
** bases, buckets and bits.  Rounding (abs, ceil, floor, round, truncate, sign,
** mod) is in math_round.c.
**
** Java's Math is the model.  Its logarithms, powers and circular functions are
** within half a unit and a bit, so the nearest double of a long double result
** is theirs but for one case in a thousand; inverse circular functions are
** libm's, which may differ in the last digit.
** The beta distribution follows Commons Math, whose accuracy (1e-14, and 1e-9
** for the inverse) shows in the digits.
*/
#include "../sqlite.h"
#include "fn.h"
#include "../number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEGREES_PER_RADIAN 57.29577951308232
#define RADIANS_PER_DEGREE 0.017453292519943295
#define BETA_STEPS_MAX 10000

/* --- One double ---------------------------------------------------------- */

#define UNARY(name, expr) \
  static int name##_fn(FnCall *c, int n, const Value *v, Value *out){ \
    double x = v[0].r; \
    (void)c; (void)n; *out = value_real(expr); return FN_OK; }
#define BINARY(name, expr) \
  static int name##_fn(FnCall *c, int n, const Value *v, Value *out){ \
    double x = v[0].r, y = v[1].r; \
    (void)c; (void)n; *out = value_real(expr); return FN_OK; }
#define CONSTANT(name, value) \
  static int name##_fn(FnCall *c, int n, const Value *v, Value *out){ \
    (void)c; (void)n; (void)v; *out = value_real(value); return FN_OK; }

static double ln(double x){ return (double)logl(x); }

/* The quotient is rounded before its arc tangent is taken, as in Java. */
static double atan2_java(double y, double x){
  double z;
  if( y==0 || x==0 || !isfinite(x) || !isfinite(y) ) return atan2(y, x);
  z = atan(fabs(y/x));
  if( x<0 ) z = M_PI - (z - 1.2246467991473531772e-16);
  return y<0 ? -z : z;
}

UNARY(acos, acos(x))
UNARY(asin, asin(x))
UNARY(atan, atan(x))
UNARY(cbrt, (double)cbrtl(x))
UNARY(cos, (double)cosl(x))
UNARY(cosh, cosh(x))
UNARY(degrees, x*DEGREES_PER_RADIAN)
UNARY(exp, (double)expl(x))
UNARY(ln, ln(x))
UNARY(log2, ln(x)/0.6931471805599453)
UNARY(log10, (double)log10l(x))
UNARY(radians, x*RADIANS_PER_DEGREE)
UNARY(sin, (double)sinl(x))
UNARY(sinh, sinh(x))
UNARY(sqrt, sqrt(x))
UNARY(tan, (double)tanl(x))
UNARY(tanh, tanh(x))
BINARY(atan2, atan2_java(x, y))
BINARY(log, ln(y)/ln(x))
CONSTANT(e, 2.718281828459045)
CONSTANT(pi, 3.141592653589793)
CONSTANT(nan, NAN)
CONSTANT(infinity, INFINITY)

/* Java's pow has no value where C says 1 for a base of ±1 and an infinite or
** NaN exponent, or for NaN to the 0. */
static int power_fn(FnCall *c, int n, const Value *v, Value *out){
  double x = v[0].r, y = v[1].r;
  (void)c; (void)n;
  if( isnan(y) || (fabs(x)==1 && isinf(y)) ) *out = value_real(NAN);
  else *out = value_real((double)powl(x, y));
  return FN_OK;
}

#define TEST(name, expr) \
  static int name##_fn(FnCall *c, int n, const Value *v, Value *out){ \
    (void)c; (void)n; *out = value_int(expr); return FN_OK; }
TEST(is_nan, isnan(v[0].r)!=0)
TEST(is_finite, isfinite(v[0].r)!=0)
TEST(is_infinite, isinf(v[0].r)!=0)

/* --- Distributions ------------------------------------------------------- */

static int normal_cdf_fn(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( !(v[1].r>0) ) return fn_bad_argument(c, "standardDeviation must be > 0");
  *out = value_real(0.5*(1 + erf((v[2].r - v[0].r)/(v[1].r*sqrt(2)))));
  return FN_OK;
}

/* erf(r) = y by Newton's method on erfc, from Winitzki's approximation. */
static double inverse_erf(double y){
  long double a = 0.147L, rest = 1 - fabsl(y), l, r;
  if( y==0 ) return 0;
  l = log1pl(-(long double)y*y);
  r = 2/(3.14159265358979323846L*a) + l/2;
  r = sqrtl(sqrtl(r*r - l/a) - r);
  for(int i=0; i<6; i++) r += (erfcl(r) - rest)*0.88622692545275801365L*expl(r*r);
  return (double)copysignl(r, y);
}

static int inverse_normal_cdf_fn(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( !(v[2].r>0 && v[2].r<1) ) return fn_bad_argument(c, "p must be 0 > p > 1");
  if( !(v[1].r>0) ) return fn_bad_argument(c, "sd must be > 0");
  *out = value_real(v[0].r + v[1].r*1.4142135623730951*inverse_erf(2*v[2].r - 1));
  return FN_OK;
}

/* The continued fraction of the incomplete beta function by Lentz's method, to
** the engine's accuracy of 1e-14. */
static double beta_fraction(double a, double b, double x){
  double c = 1, d = 0, h = 1;
  for(int n=1; n<BETA_STEPS_MAX; n++){
    double m = n/2, k, step;
    if( n%2==0 ) k = (m*(b - m)*x)/((a + 2*m - 1)*(a + 2*m));
    else k = -((a + m)*(a + b + m)*x)/((a + 2*m)*(a + 2*m + 1));
    d = 1 + k*d;
    c = 1 + k/c;
    if( fabs(d)<1e-50 ) d = 1e-50;
    if( fabs(c)<1e-50 ) c = 1e-50;
    d = 1/d;
    step = c*d;
    h *= step;
    if( fabs(step - 1)<1e-14 ) break;
  }
  return h;
}

/* The regularised incomplete beta function, as Commons Math computes it. */
static double beta(double a, double b, double x){
  double log_beta;
  if( x>(a + 1)/(2 + b + a) && 1 - x<=(b + 1)/(2 + b + a) ) return 1 - beta(b, a, 1 - x);
  log_beta = (double)(lgammal(a) + lgammal(b) - lgammal((long double)a + b));
  return exp(a*ln(x) + b*(double)log1pl(-x) - ln(a) - log_beta)*1.0/beta_fraction(a, b, x);
}

static int check_beta(FnCall *c, const Value *v, const char *what){
  if( !(v[2].r>=0 && v[2].r<=1) ) return fn_bad_argument(c, "%s", what);
  if( !(v[0].r>0 && v[1].r>0) ) return fn_bad_argument(c, "a, b must be > 0");
  return FN_OK;
}

static int beta_cdf_fn(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( check_beta(c, v, "value must be 0 >= v >= 1") ) return FN_ERROR;
  *out = value_real(beta(v[0].r, v[1].r, v[2].r));
  return FN_OK;
}

/* Where beta(a, b, x) = p, by Brent's method between lo and hi to 1e-9: the
** steps are the textbook's, so that the digits beyond are the engine's too. */
static double brent(double a, double b, double p, double lo, double hi, double f_lo, double f_hi){
  double x = lo, fx = f_lo, y = hi, fy = f_hi, z = lo, fz = f_lo, d = hi - lo, e = d;
  for(int i=0; i<BETA_STEPS_MAX; i++){
    double tolerance, m;
    if( fabs(fz)<fabs(fy) ){
      x = y; y = z; z = x;
      fx = fy; fy = fz; fz = fx;
    }
    tolerance = 2*1e-14*fabs(y) + 1e-9;
    m = 0.5*(z - y);
    if( fabs(m)<=tolerance || fy==0 ) break;
    if( fabs(e)<tolerance || fabs(fx)<=fabs(fy) ){
      d = e = m;
    }else{
      double s = fy/fx, num, den;
      if( x==z ){
        num = 2*m*s;
        den = 1 - s;
      }else{
        double q = fx/fz, r = fy/fz;
        num = s*(2*m*q*(q - r) - (y - x)*(r - 1));
        den = (q - 1)*(r - 1)*(s - 1);
      }
      if( num>0 ) den = -den;
      else num = -num;
      s = e;
      e = d;
      if( num>=1.5*m*den - fabs(tolerance*den) || num>=fabs(0.5*s*den) ) d = e = m;
      else d = num/den;
    }
    x = y;
    fx = fy;
    y += fabs(d)>tolerance ? d : m>0 ? tolerance : -tolerance;
    fy = beta(a, b, y) - p;
    if( (fy>0 && fz>0) || (fy<=0 && fz<=0) ){
      z = x;
      fz = fx;
      d = e = y - x;
    }
  }
  return y;
}

static int inverse_beta_cdf_fn(FnCall *c, int n, const Value *v, Value *out){
  double a = v[0].r, b = v[1].r, p = v[2].r, half;
  (void)n;
  if( check_beta(c, v, "p must be 0 >= p >= 1") ) return FN_ERROR;
  *out = v[2];
  if( p==0 || p==1 ) return FN_OK;
  half = beta(a, b, 0.5) - p;
  if( fabs(half)<=1e-15 ) *out = value_real(0.5);
  else if( half>0 ) *out = value_real(brent(a, b, p, 0, 0.5, -p, half));
  else *out = value_real(brent(a, b, p, 0.5, 1, half, 1 - p));
  return FN_OK;
}

static int wilson(FnCall *c, const Value *v, int bound, Value *out){
  double p, n, z = v[2].r;
  if( v[0].i<0 ) return fn_bad_argument(c, "number of successes must not be negative");
  if( v[1].i<=0 ) return fn_bad_argument(c, "number of trials must be positive");
  if( v[0].i>v[1].i ) return fn_bad_argument(c, "number of successes must not be larger than number of trials");
  if( !(z>=0) ) return fn_bad_argument(c, "z-score must not be negative");
  n = (double)v[1].i;
  p = (double)v[0].i*1.0/n;
  *out = value_real((p + (z*z)/(2*n) + bound*z*sqrt((p*(1 - p))/n + (z*z)/(4*n*n)))/(1 + (z*z)/n));
  return FN_OK;
}

static int wilson_lower_fn(FnCall *c, int n, const Value *v, Value *out){ (void)n; return wilson(c, v, -1, out); }
static int wilson_upper_fn(FnCall *c, int n, const Value *v, Value *out){ (void)n; return wilson(c, v, 1, out); }

/* --- Random numbers ------------------------------------------------------ */

static uint64_t random_bits(void){
  uint64_t x;
  sqlite3_randomness(sizeof(x), &x);
  return x;
}

static int random_fn(FnCall *c, int n, const Value *v, Value *out){
  (void)c; (void)n; (void)v;
  *out = value_real((double)(random_bits()>>11)*0x1p-53);
  return FN_OK;
}

static int random_bound_fn(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( v[0].i<=0 ) return fn_bad_argument(c, "bound must be positive");
  *out = value_int((int64_t)(random_bits() % (uint64_t)v[0].i));
  return FN_OK;
}

static int random_range_fn(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( v[0].i>=v[1].i ) return fn_bad_argument(c, "start value must be less than stop value");
  *out = value_int((int64_t)((uint64_t)v[0].i + random_bits() % ((uint64_t)v[1].i - (uint64_t)v[0].i)));
  return FN_OK;
}

/* --- Bases --------------------------------------------------------------- */

static int check_radix(FnCall *c, int64_t radix){
  return radix>=2 && radix<=36 ? FN_OK : fn_bad_argument(c, "Radix must be between 2 and 36");
}

static int to_base_fn(FnCall *c, int n, const Value *v, Value *out){
  char buf[66], *z = buf + sizeof(buf);
  uint64_t x = v[0].i<0 ? 0 - (uint64_t)v[0].i : (uint64_t)v[0].i;
  (void)n;
  if( check_radix(c, v[1].i) ) return FN_ERROR;
  do{
    *--z = "0123456789abcdefghijklmnopqrstuvwxyz"[x % (uint64_t)v[1].i];
    x /= (uint64_t)v[1].i;
  }while( x );
  if( v[0].i<0 ) *--z = '-';
  n = (int)(buf + sizeof(buf) - z);
  z = arena_strndup(c->arena, z, (size_t)n);
  *out = value_text(z, (size_t)n);
  return z ? FN_OK : FN_ERROR;
}

static int digit_of(char z){
  return z>='0' && z<='9' ? z - '0' : (z|32)>='a' && (z|32)<='z' ? (z|32) - 'a' + 10 : 99;
}

static int from_base_fn(FnCall *c, int n, const Value *v, Value *out){
  const char *z = v[0].z;
  int radix, i = 0, negative = v[0].n>0 && z[0]=='-';
  uint64_t x = 0, limit = (uint64_t)INT64_MAX + (uint64_t)negative;
  (void)n;
  if( check_radix(c, v[1].i) ) return FN_ERROR;
  radix = (int)v[1].i;
  if( v[0].n>0 && (z[0]=='-' || z[0]=='+') ) i = 1;
  if( i==v[0].n ) goto invalid;
  for(; i<v[0].n; i++){
    int d = digit_of(z[i]);
    if( d>=radix || x>(limit - (uint64_t)d)/(uint64_t)radix ) goto invalid;
    x = x*(uint64_t)radix + (uint64_t)d;
  }
  *out = value_int(negative ? (int64_t)(0 - x) : (int64_t)x);
  return FN_OK;
invalid:
  return fn_bad_argument(c, "Not a valid base-%d number: %.*s", radix, v[0].n, z);
}

/* --- Buckets ------------------------------------------------------------- */

static int width_bucket_fn(FnCall *c, int n, const Value *v, Value *out){
  double x = v[0].r, b1 = v[1].r, b2 = v[2].r, lower = fmin(b1, b2), upper = fmax(b1, b2);
  int64_t count = v[3].i, r;
  (void)n;
  if( count<=0 ) return fn_bad_argument(c, "bucketCount must be greater than 0");
  if( isnan(x) ) return fn_bad_argument(c, "operand must not be NaN");
  if( !isfinite(b1) ) return fn_bad_argument(c, "first bound must be finite");
  if( !isfinite(b2) ) return fn_bad_argument(c, "second bound must be finite");
  if( b1==b2 ) return fn_bad_argument(c, "bounds cannot equal each other");
  if( x<lower ){
    r = 0;
  }else if( x>=upper ){
    if( count==INT64_MAX ){
      char z[NUMBER_TEXT_MAX];
      number_double_text(x, z);
      return fn_error(c, "NUMERIC_VALUE_OUT_OF_RANGE", "Bucket for value %s is out of range", z);
    }
    r = count + 1;
  }else{
    r = (int64_t)((double)count*(x - lower)/(upper - lower) + 1);
  }
  *out = value_int(b1>b2 ? count - r + 1 : r);
  return FN_OK;
}

static int width_bucket_array_fn(FnCall *c, int n, const Value *v, Value *out){
  int lower = 0, upper = list_count(&v[1]);
  (void)n;
  if( upper==0 ) return fn_bad_argument(c, "Bins cannot be an empty array");
  if( isnan(v[0].r) ) return fn_bad_argument(c, "Operand cannot be NaN");
  while( lower<upper ){
    int at = (lower + upper)/2;
    Value a = list_get(&v[1], lower), b = list_get(&v[1], upper - 1), bin = list_get(&v[1], at);
    if( a.r>b.r ) return fn_bad_argument(c, "Bin values are not sorted in ascending order");
    if( !isfinite(bin.r) ){
      char z[NUMBER_TEXT_MAX];
      number_double_text(bin.r, z);
      return fn_bad_argument(c, "Bin value must be finite, got %s", z);
    }
    if( v[0].r<bin.r ) upper = at;
    else lower = at + 1;
  }
  *out = value_int(lower);
  return FN_OK;
}

/* --- Vectors ------------------------------------------------------------- */

/* The length of a sparse vector; -1 when a value is NULL. */
static double norm(const Value *m){
  double sum = 0;
  for(int i=1; i<list_count(m); i+=2){
    Value x = list_get(m, i);
    if( x.kind==V_NULL ) return -1;
    sum += x.r*x.r;
  }
  return sqrt(sum);
}

static int cosine_similarity_fn(FnCall *c, int n, const Value *v, Value *out){
  double a = norm(&v[0]), b = norm(&v[1]), dot = 0;
  (void)n;
  if( a<0 || b<0 ) return FN_OK;
  for(int i=0; i<list_count(&v[0]); i+=2){
    Value key = list_get(&v[0], i), x = list_get(&v[0], i + 1), y;
    int at = map_find(c->argt[1], &v[1], &key);
    if( at<0 ) continue;
    y = list_get(&v[1], at);
    dot += x.r*y.r;
  }
  *out = value_real(dot/(a*b));
  return FN_OK;
}

/* --- Bits ---------------------------------------------------------------- */

TEST(bitwise_and, v[0].i & v[1].i)
TEST(bitwise_or, v[0].i | v[1].i)
TEST(bitwise_xor, v[0].i ^ v[1].i)
TEST(bitwise_not, ~v[0].i)

static int bit_count_fn(FnCall *c, int n, const Value *v, Value *out){
  int64_t x = v[0].i, bits = v[1].i, low;
  (void)n;
  if( bits<2 || bits>64 ){
    return fn_bad_argument(c, "Bits specified in bit_count must be between 2 and 64, got %lld", (long long)bits);
  }
  if( bits<64 ){
    low = (INT64_C(1)<<(bits - 1)) - 1;
    if( x>low || x<~low ){
      return fn_bad_argument(c, "Number must be representable with the bits specified. %lld cannot be represented with %lld bits",
                             (long long)x, (long long)bits);
    }
    x &= (int64_t)((UINT64_C(1)<<bits) - 1);
  }
  *out = value_int(__builtin_popcountll((unsigned long long)x));
  return FN_OK;
}

/* Shifts of a value that is `bits` wide; the count works modulo 64 as in Java. */
static int64_t shift_left(int64_t x, int64_t by, int bits){
  uint64_t r;
  if( by>=64 ) return 0;
  r = (uint64_t)x << (by & 63);
  return (int64_t)(r << (64 - bits)) >> (64 - bits);
}

static int64_t shift_right(int64_t x, int64_t by, int bits){
  uint64_t mask = bits==64 ? ~UINT64_C(0) : (UINT64_C(1)<<bits) - 1;
  if( by>=64 ) return 0;
  return by==0 ? x : (int64_t)(((uint64_t)x & mask) >> (by & 63));
}

static int64_t shift_arithmetic(int64_t x, int64_t by){
  if( by>=64 ) return x>=0 ? 0 : -1;
  return x >> (by & 63);
}

#define SHIFTS(suffix, bits) \
  TEST(left_##suffix, shift_left(v[0].i, v[1].i, bits)) \
  TEST(right_##suffix, shift_right(v[0].i, v[1].i, bits))
SHIFTS(tinyint, 8)
SHIFTS(smallint, 16)
SHIFTS(integer, 32)
SHIFTS(bigint, 64)
TEST(arithmetic, shift_arithmetic(v[0].i, v[1].i))

/* --- Rows ---------------------------------------------------------------- */

#define D(name, doc, example) \
  {#name, "(double) -> double", name##_fn, 0, 0, 0, doc, example, 0},
#define DD(name, doc, example) \
  {#name, "(double, double) -> double", name##_fn, 0, 0, 0, doc, example, 0},
#define DDD(name, doc, example) \
  {#name, "(double, double, double) -> double", name##_fn, FN_RAISES, 0, 0, doc, example, 0},
#define K(name, doc, example) \
  {#name, "() -> double", name##_fn, 0, 0, 0, doc, example, 0},
#define RANDOM(name) \
  {#name, "() -> double", random_fn, FN_VOLATILE, "t_" #name, 0, "A random number from 0 to below 1.", 0, 0}, \
  RANDOM_OF(name, tinyint) RANDOM_OF(name, smallint) RANDOM_OF(name, integer) RANDOM_OF(name, bigint)
#define RANDOM_OF(name, type) \
  {#name, "(" #type ") -> " #type, random_bound_fn, FN_VOLATILE|FN_RAISES, "t_" #name "_" #type, 0, 0, 0, 0}, \
  {#name, "(" #type ", " #type ") -> " #type, random_range_fn, FN_VOLATILE|FN_RAISES, \
   "t_" #name "_range_" #type, 0, 0, 0, 0},
#define SHIFT(name, impl, type, doc) \
  {name, "(" #type ", integer) -> " #type, impl##_fn, 0, "t_" name "_" #type, 0, doc, 0, 0},
#define SHIFT4(name, impl, doc) \
  SHIFT(name, impl##_tinyint, tinyint, doc) SHIFT(name, impl##_smallint, smallint, 0) \
  SHIFT(name, impl##_integer, integer, 0) SHIFT(name, impl##_bigint, bigint, 0)
#define BITS(name, native, doc, example) \
  {#name, "(bigint, bigint) -> bigint", name##_fn, 0, 0, native, doc, example, 0},

const FnDef fn_math[] = {
  D(acos, "The arc cosine.", 0) D(asin, "The arc sine.", 0) D(atan, "The arc tangent.", 0)
  DD(atan2, "The arc tangent of y / x.", 0)
  D(cbrt, "The cube root.", "cbrt(27.0) = 3.0") D(cos, "The cosine.", "cos(0) = 1.0")
  D(cosh, "The hyperbolic cosine.", 0) D(degrees, "Radians as degrees.", 0)
  D(exp, "e to the power of x.", "exp(0) = 1.0") D(ln, "The natural logarithm.", "ln(1) = 0.0")
  DD(log, "The logarithm of x to base b: log(b, x).", "log(2, 8) = 3.0")
  D(log2, "The logarithm to base 2.", "log2(1024) = 10.0") D(log10, "The logarithm to base 10.", "log10(100000) = 5.0")
  DD(power, "x to the power of y.", "power(2, 3) = 8.0")
  {"pow", "(double, double) -> double", power_fn, 0, 0, 0, "x to the power of y.", "pow(2, 3) = 8.0", 0},
  D(radians, "Degrees as radians.", 0) D(sin, "The sine.", "sin(0) = 0.0") D(sinh, "The hyperbolic sine.", 0)
  D(sqrt, "The square root.", "sqrt(4) = 2.0") D(tan, "The tangent.", "tan(0) = 0.0")
  D(tanh, "The hyperbolic tangent.", "tanh(0) = 0.0")
  K(e, "Euler's number.", "e() = 2.718281828459045") K(pi, "The number pi.", "pi() = 3.141592653589793")
  K(nan, "Not a number.", "nan() = NaN") K(infinity, "Infinity.", "infinity() = Infinity")
  {"is_nan", "(double) -> boolean", is_nan_fn, 0, "t_is_nan_double", 0, "Whether x is NaN.", "is_nan(nan()) = true", 0},
  {"is_nan", "(real) -> boolean", is_nan_fn, 0, "t_is_nan_real", 0, 0, 0, 0},
  {"is_finite", "(double) -> boolean", is_finite_fn, 0, 0, 0, "Whether x is a finite number.", "is_finite(1.5) = true", 0},
  {"is_infinite", "(double) -> boolean", is_infinite_fn, 0, 0, 0, "Whether x is infinite.",
   "is_infinite(infinity()) = true", 0},
  DDD(normal_cdf, "The normal distribution's cumulative probability.", "normal_cdf(0, 1, 0) = 0.5")
  DDD(inverse_normal_cdf, "The value of a normal distribution at a probability.", "inverse_normal_cdf(0, 1, 0.5) = 0.0")
  DDD(beta_cdf, "The beta distribution's cumulative probability.", 0)
  DDD(inverse_beta_cdf, "The value of a beta distribution at a probability.", 0)
  {"wilson_interval_lower", "(bigint, bigint, double) -> double", wilson_lower_fn, FN_RAISES, 0, 0,
   "The lower end of the Wilson score interval.", 0, 0},
  {"wilson_interval_upper", "(bigint, bigint, double) -> double", wilson_upper_fn, FN_RAISES, 0, 0,
   "The upper end of the Wilson score interval.", 0, 0},
  RANDOM(random) RANDOM(rand)
  {"to_base", "(bigint, bigint) -> varchar(64)", to_base_fn, FN_RAISES, 0, 0, "A number written in a base.",
   "to_base(255, 16) = ff", 0},
  {"from_base", "(varchar(x), bigint) -> bigint", from_base_fn, FN_RAISES, 0, 0, "A number read in a base.",
   "from_base('ff', 16) = 255", 0},
  {"width_bucket", "(double, double, double, bigint) -> bigint", width_bucket_fn, FN_RAISES, "t_width_bucket", 0,
   "Which of n equal buckets between two bounds a value is in.", "width_bucket(5, 0, 10, 4) = 3", 0},
  {"width_bucket", "(double, array(double)) -> bigint", width_bucket_array_fn, FN_RAISES, "t_width_bucket_array", 0,
   "Which of the buckets that begin at these values a value is in.", 0, 0},
  {"cosine_similarity", "(map(varchar,double), map(varchar,double)) -> double", cosine_similarity_fn, FN_TYPED, 0, 0,
   "The cosine of the angle between two sparse vectors.", 0, 0},
  BITS(bitwise_and, "(%1 & %2)", "The bits that both have.", "bitwise_and(6, 3) = 2")
  BITS(bitwise_or, "(%1 | %2)", "The bits that either has.", "bitwise_or(6, 3) = 7")
  BITS(bitwise_xor, 0, "The bits that one of both has.", "bitwise_xor(6, 3) = 5")
  {"bitwise_not", "(bigint) -> bigint", bitwise_not_fn, 0, 0, "(~(%1))", "All bits turned.", "bitwise_not(5) = -6", 0},
  {"bit_count", "(bigint, bigint) -> bigint", bit_count_fn, FN_RAISES, 0, 0,
   "How many bits are set in a number of so many bits.", "bit_count(9, 64) = 2", 0},
  SHIFT4("bitwise_left_shift", left, "Bits shifted to the left.")
  SHIFT4("bitwise_right_shift", right, "Bits shifted to the right, filled with zeroes.")
  SHIFT("bitwise_right_shift_arithmetic", arithmetic, tinyint, "Bits shifted to the right, filled with the sign.")
  SHIFT("bitwise_right_shift_arithmetic", arithmetic, smallint, 0)
  SHIFT("bitwise_right_shift_arithmetic", arithmetic, integer, 0)
  SHIFT("bitwise_right_shift_arithmetic", arithmetic, bigint, 0)
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
