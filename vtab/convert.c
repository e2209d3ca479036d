/*
** Texts of files to stored values: numbers, text, bytes (see convert.h).
**
** Nothing here is locale dependent; digits are ASCII digits.  A decimal is
** handled as a string of digits, so that any number of them is exact.
**
** Limits: an exponent beyond EXPONENT_MAX is not a number (Java's own limit is
** that of an int).
*/
#include "sqlite.h"
#include "convert.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXPONENT_MAX 2147483647LL
#define DECIMAL_DIGITS 38

/* --- Numbers ------------------------------------------------------------- */

static int digit_of(char c){
  if( c>='0' && c<='9' ) return c - '0';
  if( c>='a' && c<='z' ) return c - 'a' + 10;
  if( c>='A' && c<='Z' ) return c - 'A' + 10;
  return 99;
}

int java_parse_long(const char *z, size_t n, int radix, int64_t *out){
  size_t i = 0;
  int negative = 0;
  int64_t x = 0;
  if( n && (z[0]=='-' || z[0]=='+') ) negative = z[i++]=='-';
  if( i==n ) return 0;
  for(; i<n; i++){
    int d = digit_of(z[i]);
    if( d>=radix || __builtin_mul_overflow(x, radix, &x) || __builtin_sub_overflow(x, d, &x) ) return 0;
  }
  if( !negative && __builtin_sub_overflow(0, x, &x) ) return 0;
  *out = x;
  return 1;
}

/* digits [. digits] [e digits], or the hexadecimal form with its p: whether
** strtod may be given it. */
static int is_float_text(const char *z, size_t n){
  size_t i = 0, digits = 0;
  int hex = n>2 && z[0]=='0' && (z[1]=='x' || z[1]=='X');
  if( hex ) i = 2;
  while( i<n && (hex ? isxdigit((unsigned char)z[i]) : isdigit((unsigned char)z[i])) ){ i++; digits++; }
  if( i<n && z[i]=='.' ){
    i++;
    while( i<n && (hex ? isxdigit((unsigned char)z[i]) : isdigit((unsigned char)z[i])) ){ i++; digits++; }
  }
  if( digits==0 ) return 0;
  if( i==n ) return !hex;       /* a hexadecimal float needs its exponent */
  if( (z[i] | 32)!=(hex ? 'p' : 'e') ) return 0;
  i++;
  if( i<n && (z[i]=='+' || z[i]=='-') ) i++;
  if( i==n ) return 0;
  while( i<n && isdigit((unsigned char)z[i]) ) i++;
  return i==n;
}

int java_parse_double(Arena *a, const char *z, size_t n, int as_float, double *out){
  char small[64], *copy = small;
  int negative = 0;
  java_trim(&z, &n);
  if( n && (z[0]=='-' || z[0]=='+') ){
    negative = z[0]=='-';
    z++;
    n--;
  }
  if( n==3 && memcmp(z, "NaN", 3)==0 ){
    *out = NAN;
    return 1;
  }
  if( n==8 && memcmp(z, "Infinity", 8)==0 ){
    *out = negative ? -INFINITY : INFINITY;
    return 1;
  }
  if( n>1 && strchr("fFdD", z[n - 1]) && is_float_text(z, n - 1) ) n--;
  if( !is_float_text(z, n) ) return 0;
  if( n>=sizeof(small) && (copy = arena_alloc_raw(a, n + 1))==0 ) return 0;
  memcpy(copy, z, n);
  copy[n] = 0;
  *out = as_float ? (double)strtof(copy, 0) : strtod(copy, 0);
  if( negative ) *out = -*out;
  return 1;
}

int java_parse_decimal(Arena *a, const char *z, size_t n, BigDecimal *out){
  const char *end = z + n, *start, *dot = 0, *mantissa_end;
  int64_t exponent = 0, fraction;
  size_t zeros = 0, total;
  memset(out, 0, sizeof(*out));
  if( z<end && (*z=='-' || *z=='+') ) out->negative = *z++=='-';
  start = z;
  while( z<end && (isdigit((unsigned char)*z) || (*z=='.' && dot==0)) ){
    if( *z=='.' ) dot = z;
    z++;
  }
  mantissa_end = z;
  total = (size_t)(mantissa_end - start) - (dot!=0);
  if( total==0 ) return 0;
  if( z<end ){
    const char *digits = z + 1;
    if( *z!='e' && *z!='E' ) return 0;
    if( digits<end && (*digits=='+' || *digits=='-') ) digits++;
    if( digits==end || end - digits>10 ) return 0;
    if( !java_parse_long(z + 1, (size_t)(end - z - 1), 10, &exponent) ) return 0;
    if( exponent>EXPONENT_MAX || exponent< -EXPONENT_MAX ) return 0;
  }
  fraction = dot ? mantissa_end - dot - 1 : 0;
  out->scale = fraction - exponent;
  if( out->scale>EXPONENT_MAX || out->scale< -EXPONENT_MAX ) return 0;
  out->digits = start;
  if( dot && fraction>0 ){      /* close the gap of the point */
    char *copy = arena_alloc_raw(a, total);
    if( copy==0 ) return 0;
    memcpy(copy, start, (size_t)(dot - start));
    memcpy(copy + (dot - start), dot + 1, (size_t)fraction);
    out->digits = copy;
  }
  while( zeros<total && out->digits[zeros]=='0' ) zeros++;
  out->digits += zeros;
  out->n_digit = total - zeros;
  out->n_unscaled = out->n_digit ? out->n_digit : 1;
  out->point = (int64_t)out->n_digit - out->scale;
  return 1;
}

int decimal_truncate(const BigDecimal *d, int64_t *out){
  int64_t x = 0;
  if( d->n_digit==0 || d->point<=0 ){
    *out = 0;
    return 1;
  }
  if( d->point>19 ) return 0;
  for(int64_t i=0; i<d->point; i++){
    int digit = i<(int64_t)d->n_digit ? d->digits[i] - '0' : 0;
    if( __builtin_mul_overflow(x, 10, &x) || __builtin_sub_overflow(x, digit, &x) ) return 0;
  }
  if( !d->negative && __builtin_sub_overflow(0, x, &x) ) return 0;
  *out = x;
  return 1;
}

Value decimal_fit(Arena *a, const BigDecimal *d, int p, int s){
  char digit[DECIMAL_DIGITS + 2];       /* digit[0] takes a carry */
  int n = 0, carry = 0, zero = 1, i;
  char *z, *to;
  /* Digits that stay: from the first to s places behind the point. */
  if( d->n_digit && d->point>(int64_t)(p - s) ) return value_null();
  memset(digit, 0, sizeof(digit));
  if( d->n_digit && d->point + s>=0 ){
    n = (int)(d->point + s);
    for(i=0; i<n; i++) digit[i + 1] = (size_t)i<d->n_digit ? (char)(d->digits[i] - '0') : 0;
    carry = (size_t)n<d->n_digit && d->digits[n]>='5';
  }
  for(i=n; carry && i>=0; i--){
    carry = digit[i]==9;
    digit[i] = (char)(carry ? 0 : digit[i] + 1);
  }
  if( digit[0] && n>=p ) return value_null();
  for(i=0; i<=n; i++) zero = zero && digit[i]==0;
  z = to = arena_alloc_raw(a, (size_t)p + (size_t)n + 8);
  if( z==0 ) return value_null();
  if( d->negative && !zero ) *to++ = '-';
  for(i = digit[0] ? 0 : 1; i<=n - s; i++) *to++ = (char)('0' + digit[i]);
  if( to==z || to[-1]=='-' ) *to++ = '0';
  if( s>0 ) *to++ = '.';
  for(i=n - s + 1; i<=n; i++) *to++ = (char)(i<0 ? '0' : '0' + digit[i]);
  return value_text(z, (size_t)(to - z));
}

void decimal_to_string(Buf *b, const BigDecimal *d){
  int64_t n = (int64_t)d->n_unscaled, adjusted = -d->scale + n - 1, point;
  const char *digits = d->n_digit ? d->digits : "0";
  if( d->negative && d->n_digit ) buf_char(b, '-');
  if( d->scale>=0 && adjusted>= -6 ){
    point = n - d->scale;               /* digits before the point */
    if( point<=0 ){
      buf_str(b, "0.");
      for(int64_t i=point; i<0; i++) buf_char(b, '0');
      buf_add(b, digits, (size_t)n);
      return;
    }
    buf_add(b, digits, (size_t)point);
    if( point<n ){
      buf_char(b, '.');
      buf_add(b, digits + point, (size_t)(n - point));
    }
    return;
  }
  buf_char(b, digits[0]);
  if( n>1 ){
    buf_char(b, '.');
    buf_add(b, digits + 1, (size_t)n - 1);
  }
  if( adjusted ) buf_printf(b, "E%+lld", (long long)adjusted);
}

int integer_fits(const Type *t, int64_t x){
  switch( t->kind ){
    case T_TINYINT: return x>=INT8_MIN && x<=INT8_MAX;
    case T_SMALLINT: return x>=INT16_MIN && x<=INT16_MAX;
    case T_INTEGER: return x>=INT32_MIN && x<=INT32_MAX;
    default: return 1;
  }
}

int base64_decode(Arena *a, const char *z, size_t n, Value *out){
  unsigned char *p = arena_alloc_raw(a, n/4*3 + 3);
  size_t k = 0, data = n;
  unsigned bits = 0;
  int held = 0;
  if( p==0 ) return 0;
  while( data && z[data - 1]=='=' && n - data<2 ) data--;
  /* Padding is optional, but where it is, it is whole; one digit is no byte. */
  if( data%4==1 || (n!=data && n%4!=0) ) return 0;
  for(size_t i=0; i<data; i++){
    char c = z[i];
    int d = c>='A' && c<='Z' ? c - 'A' : c>='a' && c<='z' ? c - 'a' + 26
          : c>='0' && c<='9' ? c - '0' + 52 : c=='+' ? 62 : c=='/' ? 63 : -1;
    if( d<0 ) return 0;
    bits = bits<<6 | (unsigned)d;
    held += 6;
    if( held<8 ) continue;
    held -= 8;
    p[k++] = (unsigned char)(bits>>held);
  }
  *out = value_blob((char*)p, k);
  return 1;
}
