/*
** Numbers of format(), and format_number().
**
** A double is first cut to the digits that Double.toString would show, and
** these are rounded half up to the precision: '%.2f' of 2.675 is 2.68.
*/
#include "../sqlite.h"
#include <string.h>
#include <stdio.h>
#include <math.h>
#include "text.h"
#include "format.h"
#include "../number.h"
#include "../decimal.h"

#define PRECISION_MAX 100000    /* digits behind the point */

static int begin(FnCall *c, const FormatSpec *s){
  if( s->precision>PRECISION_MAX || s->width>PRECISION_MAX*100 ){
    return fn_refuse(c, "a precision of %d in format()", s->precision);
  }
  return FN_OK;
}

static void sign_before(Buf *b, const FormatSpec *s, int negative){
  if( !negative && (s->flags & FORMAT_PLUS) ) buf_char(b, '+');
  else if( !negative && (s->flags & FORMAT_SPACE) ) buf_char(b, ' ');
  else if( negative ) buf_char(b, s->flags & FORMAT_PAREN ? '(' : '-');
}

static void sign_after(Buf *b, const FormatSpec *s, int negative){
  if( negative && (s->flags & FORMAT_PAREN) ) buf_char(b, ')');
}

/* Digits with a possible point and exponent, grouped, with zeros before them
** as far as the width goes. */
static void magnitude(Buf *b, const FormatSpec *s, const char *z, int n, int width){
  const char *point = memchr(z, '.', (size_t)n);
  int whole = point ? (int)(point - z) : n;
  int commas = s->flags & FORMAT_GROUP ? (whole - 1)/3 : 0;
  if( s->flags & FORMAT_ZERO ){
    for(int64_t k=(int64_t)b->n + n + commas; k<width; k++) buf_char(b, '0');
  }
  for(int i=0; i<n; i++){
    buf_char(b, z[i]);
    if( commas && i<whole - 1 && (whole - 1 - i)%3==0 ) buf_char(b, ',');
  }
}

static int inner_width(const FormatSpec *s, int negative){
  return s->width - (negative && (s->flags & FORMAT_PAREN));
}

/* --- integers ------------------------------------------------------------ */

static int put_octal_or_hex(FnCall *c, Buf *b, const FormatSpec *s, int64_t v){
  char z[32];
  unsigned bad = s->flags & (FORMAT_PLUS|FORMAT_SPACE|FORMAT_PAREN);
  int n;
  if( bad ) return fn_refuse(c, "such flags of %%%c in format()", s->conversion);
  n = snprintf(z, sizeof(z), s->conversion=='o' ? "%llo" : s->upper ? "%llX" : "%llx",
               (unsigned long long)v);
  if( s->flags & FORMAT_ALTERNATE ) buf_str(b, s->conversion=='o' ? "0" : s->upper ? "0X" : "0x");
  if( s->flags & FORMAT_ZERO ) for(int64_t k=(int64_t)b->n + n; k<s->width; k++) buf_char(b, '0');
  buf_add(b, z, (size_t)n);
  return FN_OK;
}

int format_integer(FnCall *c, Buf *b, const FormatSpec *s, int64_t v){
  char z[32];
  int n, negative = v<0;
  if( begin(c, s) ) return FN_ERROR;
  if( s->conversion!='d' ) return put_octal_or_hex(c, b, s, v);
  n = snprintf(z, sizeof(z), "%llu", negative ? 0ULL - (unsigned long long)v : (unsigned long long)v);
  sign_before(b, s, negative);
  magnitude(b, s, z, n, inner_width(s, negative));
  sign_after(b, s, negative);
  return FN_OK;
}

/* --- decimal digits ------------------------------------------------------ */

/* A magnitude: 0.d1d2… times 10^exponent. */
typedef struct Digits { char d[64]; int n, exponent; } Digits;

/* Round half up to `keep` digits (0 or less: to nothing, or to a one above). */
static void round_digits(Digits *g, int keep){
  if( keep>=g->n ) return;
  int up = keep>=0 && g->d[keep]>='5';
  g->n = keep>0 ? keep : 0;
  if( !up ) return;
  int i = g->n - 1;
  while( i>=0 && g->d[i]=='9' ) g->d[i--] = '0';
  if( i>=0 ){
    g->d[i]++;
    return;
  }
  memmove(g->d + 1, g->d, (size_t)g->n);
  g->d[0] = '1';
  if( g->n==0 ) g->n = 1;
  g->exponent++;
}

static void plain_text(Buf *t, const Digits *g, int precision){
  if( g->n==0 || g->exponent<=0 ) buf_char(t, '0');
  for(int i=0; i<g->exponent && g->n>0; i++) buf_char(t, i<g->n ? g->d[i] : '0');
  if( precision<=0 ) return;
  buf_char(t, '.');
  for(int i=0; i<precision; i++){
    int at = g->exponent + i;
    buf_char(t, g->n>0 && at>=0 && at<g->n ? g->d[at] : '0');
  }
}

static int put_plain(Buf *b, const FormatSpec *s, Digits *g, int negative){
  int precision = s->precision<0 ? 6 : s->precision;
  Buf t;
  buf_init(&t, b->arena);
  if( g->n ) round_digits(g, g->exponent + precision);
  plain_text(&t, g, precision);
  if( precision==0 && (s->flags & FORMAT_ALTERNATE) ) buf_char(&t, '.');
  sign_before(b, s, negative);
  magnitude(b, s, t.z ? t.z : "", (int)t.n, inner_width(s, negative));
  sign_after(b, s, negative);
  return FN_OK;
}

static int put_scientific(Buf *b, const FormatSpec *s, Digits *g, int negative){
  int precision = s->precision<0 ? 6 : s->precision, exponent;
  char tail[16];
  Buf t;
  buf_init(&t, b->arena);
  if( g->n ) round_digits(g, precision + 1);
  exponent = g->n ? g->exponent - 1 : 0;
  buf_char(&t, g->n ? g->d[0] : '0');
  if( precision>0 || (s->flags & FORMAT_ALTERNATE) ) buf_char(&t, '.');
  for(int i=1; i<=precision; i++) buf_char(&t, i<g->n ? g->d[i] : '0');
  int n = snprintf(tail, sizeof(tail), "%c%c%02d", s->upper ? 'E' : 'e', exponent<0 ? '-' : '+',
                   exponent<0 ? -exponent : exponent);
  sign_before(b, s, negative);
  magnitude(b, s, t.z ? t.z : "", (int)t.n, inner_width(s, negative) - n);
  buf_add(b, tail, (size_t)n);
  sign_after(b, s, negative);
  return FN_OK;
}

/* --- doubles ------------------------------------------------------------- */

/* Double.toHexString. */
static int put_hex(FnCall *c, Buf *b, const FormatSpec *s, double d){
  uint64_t bits, mantissa;
  int exponent, n = 13;
  char z[32];
  if( s->precision>=0 ) return fn_refuse(c, "%%a with a precision in format()");
  memcpy(&bits, &d, sizeof(bits));
  mantissa = bits & UINT64_C(0xfffffffffffff);
  exponent = (int)(bits>>52 & 0x7ff);
  while( n>1 && (mantissa & 15)==0 ){
    mantissa >>= 4;
    n--;
  }
  int is_normal = exponent!=0;
  exponent = d==0 ? 0 : is_normal ? exponent - 1023 : -1022;
  int len = snprintf(z, sizeof(z), s->upper ? "%d.%0*llXP%d" : "%d.%0*llxp%d", is_normal, n,
                     (unsigned long long)mantissa, exponent);
  sign_before(b, s, bits>>63!=0);
  buf_str(b, s->upper ? "0X" : "0x");
  if( s->flags & FORMAT_ZERO ) for(int64_t k=(int64_t)b->n + len; k<s->width; k++) buf_char(b, '0');
  buf_add(b, z, (size_t)len);
  return FN_OK;
}

int format_double(FnCall *c, Buf *b, const FormatSpec *s, double d){
  Digits g = {"", 0, 0};
  int negative = signbit(d) && !isnan(d);
  if( begin(c, s) ) return FN_ERROR;
  if( isnan(d) ){
    buf_str(b, s->upper ? "NAN" : "NaN");
    return FN_OK;
  }
  if( isinf(d) ){
    sign_before(b, s, negative);
    buf_str(b, s->upper ? "INFINITY" : "Infinity");
    sign_after(b, s, negative);
    return FN_OK;
  }
  if( s->conversion=='a' ) return put_hex(c, b, s, d);
  if( s->conversion=='g' ) return fn_refuse(c, "%%g in format()");
  if( d!=0 ) g.n = number_digits(fabs(d), 0, g.d, &g.exponent);
  return s->conversion=='e' ? put_scientific(b, s, &g, negative) : put_plain(b, s, &g, negative);
}

int format_decimal(FnCall *c, Buf *b, const FormatSpec *s, __int128 unscaled, int scale){
  Digits g = {"", 0, 0};
  char z[DECIMAL_TEXT_MAX];
  if( begin(c, s) ) return FN_ERROR;
  if( s->conversion!='f' ) return fn_refuse(c, "%%%c of a decimal in format()", s->conversion);
  if( unscaled!=0 ){
    int n = decimal_text(unscaled, 0, z), sign = z[0]=='-';
    g.n = n - sign;
    memcpy(g.d, z + sign, (size_t)g.n);
    g.exponent = g.n - scale;
  }
  return put_plain(b, s, &g, unscaled<0);
}

/* --- format_number ------------------------------------------------------- */

/* Three significant digits, no trailing zeros, K M B T Q for thousands.
** Rounding looks at the double's exact value, halves away from zero. */
static void short_text(Buf *b, double d){
  char z[400];
  Digits g = {"", 0, 0};
  int fraction = d<10 ? 2 : d<100 ? 1 : 0, n;
  snprintf(z, sizeof(z), "%.60f", fabs(d));
  n = (int)(strchr(z, '.') - z);
  g.exponent = n;
  memcpy(g.d, z, (size_t)n);
  memcpy(g.d + n, z + n + 1, 40);
  g.n = n + 40;
  round_digits(&g, n + fraction);
  Buf t;
  buf_init(&t, b->arena);
  plain_text(&t, &g, fraction);
  while( fraction>0 && t.n>0 && (t.z[t.n-1]=='0') ) t.n--, fraction--;
  if( t.n>0 && t.z[t.n-1]=='.' ) t.n--;
  if( d<0 ) buf_char(b, '-');
  buf_add(b, t.z, t.n);
}

static int format_count(FnCall *c, int64_t count, Value *out){
  static const char *const unit[] = {"", "K", "M", "B", "T", "Q"};
  double d = (double)count;
  int i = 0;
  Buf b;
  while( i<5 && (d>=1000 || d<=-1000) ){
    d /= 1000;
    i++;
  }
  buf_init(&b, c->arena);
  short_text(&b, d);
  buf_str(&b, unit[i]);
  *out = text_of(&b);
  return FN_OK;
}

static int fn_format_bigint(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return format_count(c, a[0].i, out);
}

/* As Java casts a double to long: cut, and held within the range. */
static int fn_format_double(FnCall *c, int argc, const Value *a, Value *out){
  double d = a[0].r;
  (void)argc;
  return format_count(c, isnan(d) ? 0 : d>=0x1p63 ? INT64_MAX : d<=-0x1p63 ? INT64_MIN : (int64_t)d, out);
}

const FnDef fn_format_number[] = {
  {"format_number", "(double) -> varchar", fn_format_double, 0, "t_format_number_double", 0, 0, 0, 0},
  {"format_number", "(bigint) -> varchar", fn_format_bigint, 0, "t_format_number", 0,
   "A number with three digits and K, M, B, T or Q.", "format_number(123456) = 123K", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
