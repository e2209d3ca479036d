/*
** Decimals: see decimal.h.
**
** An unscaled value has at most 38 digits, so it fits 127 bits with room for
** one addition.  Products and quotients that need more go digit by digit.
*/
#include "decimal.h"
#include "number.h"
#include "value.h"
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

i128 decimal_power10(int n){
  i128 v = 1;
  while( n-->0 ) v *= 10;
  return v;
}

static u128 magnitude(i128 v){ return v<0 ? -(u128)v : (u128)v; }
static i128 with_sign(u128 v, int negative){ return negative ? -(i128)v : (i128)v; }

int decimal_digits(i128 v){
  u128 m = magnitude(v);
  int n = 1;
  while( m>=10 ){ m /= 10; n++; }
  return n;
}

int decimal_fits(i128 v, int precision){
  return magnitude(v) < (u128)decimal_power10(precision);
}

/* --- Carriers ------------------------------------------------------------ */

i128 value_get_decimal(const Type *t, const Value *v){
  u128 x = 0;
  if( t->p<=DECIMAL_SHORT_MAX || v->kind==V_INT ) return v->kind==V_INT ? v->i : 0;
  if( v->n!=16 ) return 0;
  for(int i=0; i<16; i++) x = x<<8 | (unsigned char)v->z[i];
  return (i128)(x ^ ((u128)1 << 127));
}

Value value_put_decimal(Arena *a, const Type *t, i128 v){
  u128 x = (u128)v ^ ((u128)1 << 127);
  char *z;
  if( t->p<=DECIMAL_SHORT_MAX ) return value_int((int64_t)v);
  z = arena_alloc_raw(a, 16);
  if( z==0 ) return value_null();
  for(int i=15; i>=0; i--){ z[i] = (char)x; x >>= 8; }
  return value_blob(z, 16);
}

/* --- Text ---------------------------------------------------------------- */

int decimal_text(i128 v, int scale, char z[DECIMAL_TEXT_MAX]){
  char digit[44];
  u128 m = magnitude(v);
  int n = 0, k = 0;
  do{
    digit[n++] = (char)('0' + (int)(m%10));
    m /= 10;
  }while( m || n<=scale );
  if( v<0 ) z[k++] = '-';
  while( n>0 ){
    if( n==scale ) z[k++] = '.';
    z[k++] = digit[--n];
  }
  z[k] = 0;
  return k;
}

void decimal_print(Buf *b, i128 v, int scale){
  char z[DECIMAL_TEXT_MAX];
  buf_add(b, z, (size_t)decimal_text(v, scale, z));
}

/* Where the parts of a number stand in its text. */
typedef struct Parts {
  const char *whole, *fraction;
  size_t n_whole, n_fraction;
  int64_t exponent;
  int negative;
} Parts;

static size_t count_digits(const char *z, const char *end){
  const char *p = z;
  while( p<end && *p>='0' && *p<='9' ) p++;
  return (size_t)(p - z);
}

/* 0, or -1 when the text is not a number. */
static int split(const char *z, size_t n, int exponent_allowed, Parts *out){
  const char *end = z + n;
  memset(out, 0, sizeof(*out));
  if( z<end && (*z=='-' || *z=='+') ) out->negative = *z++=='-';
  out->whole = z;
  out->n_whole = count_digits(z, end);
  z += out->n_whole;
  out->fraction = z;
  if( z<end && *z=='.' ){
    out->fraction = ++z;
    out->n_fraction = count_digits(z, end);
    z += out->n_fraction;
  }
  if( out->n_whole + out->n_fraction==0 ) return -1;
  if( z<end && (*z=='e' || *z=='E') && exponent_allowed ){
    size_t k;
    int minus = 0;
    if( ++z<end && (*z=='-' || *z=='+') ) minus = *z++=='-';
    k = count_digits(z, end);
    if( k==0 || k>10 ) return -1;
    for(size_t i=0; i<k; i++) out->exponent = out->exponent*10 + (z[i] - '0');
    if( out->exponent>INT32_MAX ) return -1;
    if( minus ) out->exponent = -out->exponent;
    z += k;
  }
  return z==end ? 0 : -1;
}

static int digit_at(const Parts *p, size_t i){
  return (i<p->n_whole ? p->whole[i] : p->fraction[i - p->n_whole]) - '0';
}

int decimal_parse(const char *z, size_t n, int precision, int scale, i128 *out){
  Parts p;
  u128 v = 0, limit = (u128)decimal_power10(precision);
  size_t total;
  int64_t keep;                 /* digits of the text that stand before the cut */
  if( split(z, n, 1, &p) ) return -1;
  total = p.n_whole + p.n_fraction;
  keep = (int64_t)p.n_whole + p.exponent + scale;
  for(int64_t i=0; i<keep; i++){
    if( v==0 && i>=(int64_t)total ) break;
    v = v*10 + (u128)(i<(int64_t)total ? digit_at(&p, (size_t)i) : 0);
    if( v>=limit ) return -2;
  }
  if( keep>=0 && keep<(int64_t)total && digit_at(&p, (size_t)keep)>=5 ) v++;
  if( v>=limit ) return -2;
  *out = with_sign(v, p.negative);
  return 0;
}

int decimal_literal(const char *z, size_t n, i128 *out, int *precision, int *scale){
  Parts p;
  if( split(z, n, 0, &p) ) return -1;
  while( p.n_whole>0 && *p.whole=='0' ){ p.whole++; p.n_whole--; }
  if( p.n_whole + p.n_fraction > DECIMAL_PRECISION_MAX ) return -1;
  *scale = (int)p.n_fraction;
  *precision = (int)(p.n_whole + p.n_fraction);
  if( *precision==0 ) *precision = 1;
  return decimal_parse(z, n, DECIMAL_PRECISION_MAX, *scale, out) ? -1 : 0;
}

/* --- Arithmetic ---------------------------------------------------------- */

static u128 limit38(void){ return (u128)decimal_power10(DECIMAL_PRECISION_MAX); }

int decimal_rescale(i128 v, int from, int to, i128 *out){
  u128 m = magnitude(v);
  if( to>=from ){
    for(int i=from; i<to; i++){
      if( m>=limit38()/10 ) return -1;
      m *= 10;
    }
  }else if( from-to>DECIMAL_PRECISION_MAX ){
    m = 0;
  }else{
    u128 unit = (u128)decimal_power10(from - to);
    m = m/unit + (m%unit >= unit - unit/2);
  }
  *out = with_sign(m, v<0);
  return 0;
}

int decimal_add(i128 a, int sa, i128 b, int sb, i128 *out){
  int scale = sa>sb ? sa : sb;
  i128 x, y;
  if( decimal_rescale(a, sa, scale, &x) || decimal_rescale(b, sb, scale, &y) ) return -1;
  x += y;
  if( !decimal_fits(x, DECIMAL_PRECISION_MAX) ) return -1;
  *out = x;
  return 0;
}

int decimal_multiply(i128 a, i128 b, i128 *out){
  u128 x = magnitude(a), y = magnitude(b);
  if( x!=0 && y>(limit38() - 1)/x ) return -1;
  *out = with_sign(x*y, (a<0)!=(b<0));
  return 0;
}

/* rest*10 divided by unit, rest < unit < 10^38: the digit; rest is updated. */
static int next_digit(u128 *rest, u128 unit){
  u128 sum = 0;
  int digit = 0;
  if( *rest < limit38()/10 ){
    sum = *rest*10;
    digit = (int)(sum/unit);
    *rest = sum%unit;
    return digit;
  }
  for(int i=0; i<10; i++){
    sum += *rest;
    if( sum>=unit ){ sum -= unit; digit++; }
  }
  *rest = sum;
  return digit;
}

int decimal_divide(i128 a, int sa, i128 b, int sb, int scale, i128 *out){
  u128 unit = magnitude(b), m = magnitude(a);
  u128 q = m/unit, rest = m%unit;
  int more = scale - sa + sb;   /* digits of the quotient behind those of a/b */
  for(; more>0; more--){
    int d = next_digit(&rest, unit);
    if( q>=limit38()/10 ) return -1;
    q = q*10 + (u128)d;
  }
  if( rest >= unit - unit/2 && rest>0 ) q++;
  if( q>=limit38() ) return -1;
  *out = with_sign(q, (a<0)!=(b<0));
  return 0;
}

i128 decimal_modulus(i128 a, int sa, i128 b, int sb){
  int scale = sa>sb ? sa : sb;
  u128 rest;
  i128 unit;
  if( decimal_rescale(b, sb, scale, &unit) ) return a;   /* b is beyond a, which is not rescaled then */
  rest = magnitude(a)%magnitude(unit);
  for(int i=sa; i<scale; i++) next_digit(&rest, magnitude(unit));
  return with_sign(rest, a<0);
}

/* --- Floating point ------------------------------------------------------ */

double decimal_to_double(i128 v, int precision, int scale){
  char z[DECIMAL_TEXT_MAX];
  if( precision<=DECIMAL_SHORT_MAX ) return (double)(int64_t)v / (double)(int64_t)decimal_power10(scale);
  decimal_text(v, scale, z);
  return strtod(z, 0);
}

double decimal_to_real(i128 v, int precision, int scale){
  char z[DECIMAL_TEXT_MAX];
  if( precision<=DECIMAL_SHORT_MAX ) return (float)(int64_t)v / (float)(int64_t)decimal_power10(scale);
  decimal_text(v, scale, z);
  return strtof(z, 0);
}

int decimal_from_double(double r, int is_real, int precision, int scale, i128 *out){
  char z[NUMBER_TEXT_MAX];
  int n;
  if( !isfinite(r) ) return -1;
  n = is_real ? number_real_text(r, z) : number_double_text(r, z);
  return decimal_parse(z, (size_t)n, precision, scale, out) ? -1 : 0;
}

/* --- Types of results ---------------------------------------------------- */

static int min(int a, int b){ return a<b ? a : b; }
static int max(int a, int b){ return a>b ? a : b; }

const Type *decimal_type_add(Arena *a, const Type *x, const Type *y){
  int scale = max(x->s, y->s);
  int whole = max(x->p - x->s, y->p - y->s);
  return type_decimal(a, min(DECIMAL_PRECISION_MAX, whole + scale + 1), scale);
}

const Type *decimal_type_multiply(Arena *a, const Type *x, const Type *y){
  return type_decimal(a, min(DECIMAL_PRECISION_MAX, x->p + y->p), x->s + y->s);
}

const Type *decimal_type_divide(Arena *a, const Type *x, const Type *y){
  int p = x->p + y->s + max(y->s - x->s, 0);
  return type_decimal(a, min(DECIMAL_PRECISION_MAX, p), max(x->s, y->s));
}

const Type *decimal_type_modulus(Arena *a, const Type *x, const Type *y){
  int scale = max(x->s, y->s);
  return type_decimal(a, min(x->p - x->s, y->p - y->s) + scale, scale);
}
