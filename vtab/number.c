/*
** Numbers as Java writes and reads them: see number.h.
**
** Trino 427 runs on Java 17, whose Double.toString and Float.toString do not
** always give the shortest text (Java 19 repaired that): 2^31 as a real is
** `2.14748365E9` there, 1e23 is `9.999999999999999E22`.  So digits are found
** the way Java 17 finds them: generate decimal digits of the exact value and
** stop as soon as what is left is smaller than half the distance to the next
** binary number, below or above.  The quirks that show are kept on purpose:
**   - the half distance at an exact power of two is that of the lower side;
**   - an integer below 2^63 prints as an integer, rounded where the bits end;
**   - E-form always develops a second digit;
**   - the upper stop includes equality only where numbers exceed 64 bits.
** The exact value is B/S * 10^exponent, the half distance M/S; they are kept
** in 128-bit integers where they fit, which is nearly always, else in Big.
**
** Limits: none on values; text that is parsed has at most NUMBER_PARSE_MAX
** significant characters.
*/
#include "number.h"
#include "value.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANTISSA_BITS 52        /* of a double, without the hidden one */
#define BIG_WORDS 80            /* 32-bit words; the largest number takes 36 */

typedef unsigned __int128 u128;

/* --- Big: naturals of up to BIG_WORDS words ------------------------------ */

typedef struct Big { uint32_t w[BIG_WORDS]; int n; } Big;

static void big_set(Big *b, uint64_t v){
  b->n = 0;
  while( v ){ b->w[b->n++] = (uint32_t)v; v >>= 32; }
}

static void big_multiply(Big *b, uint32_t k){
  uint64_t carry = 0;
  for(int i=0; i<b->n; i++){
    carry += (uint64_t)b->w[i] * k;
    b->w[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if( carry && b->n<BIG_WORDS ) b->w[b->n++] = (uint32_t)carry;
}

static void big_power5(Big *b, int n){
  for(; n>=13; n-=13) big_multiply(b, 1220703125u);
  for(; n>0; n--) big_multiply(b, 5);
}

static void big_shift(Big *b, int bits){
  int words = bits/32;
  if( b->n==0 ) return;
  if( bits%32 ) big_multiply(b, 1u << bits%32);
  if( words>0 && b->n+words<=BIG_WORDS ){
    memmove(b->w + words, b->w, (size_t)b->n*4);
    memset(b->w, 0, (size_t)words*4);
    b->n += words;
  }
}

static int big_compare(const Big *a, const Big *b){
  if( a->n!=b->n ) return a->n<b->n ? -1 : 1;
  for(int i=a->n-1; i>=0; i--){
    if( a->w[i]!=b->w[i] ) return a->w[i]<b->w[i] ? -1 : 1;
  }
  return 0;
}

/* a + b compared with c. */
static int big_compare_sum(const Big *a, const Big *b, const Big *c){
  Big sum = *a;
  uint64_t carry = 0;
  for(int i=0; i<b->n || i<sum.n || carry; i++){
    if( i>=BIG_WORDS ) return 1;
    carry += (i<sum.n ? sum.w[i] : 0) + (uint64_t)(i<b->n ? b->w[i] : 0);
    sum.w[i] = (uint32_t)carry;
    if( i>=sum.n ) sum.n = i + 1;
    carry >>= 32;
  }
  return big_compare(&sum, c);
}

static void big_subtract(Big *a, const Big *b){
  int64_t borrow = 0;
  for(int i=0; i<a->n; i++){
    borrow += (int64_t)a->w[i] - (i<b->n ? b->w[i] : 0);
    a->w[i] = (uint32_t)borrow;
    borrow >>= 32;
  }
  while( a->n>0 && a->w[a->n-1]==0 ) a->n--;
}

/* a / b, which is below 10; a becomes the remainder. */
static int big_digit(Big *a, const Big *b){
  int q = 0;
  while( big_compare(a, b)>=0 ){ big_subtract(a, b); q++; }
  return q;
}

/* --- Digits -------------------------------------------------------------- */

/* B = mantissa * 5^b5 * 2^b2, S = 5^s5 * 2^s2, M = 5^m5 * 2^m2. */
typedef struct Scaled { uint64_t mantissa; int b2, b5, s2, s5, m2, m5; } Scaled;

/* How digit generation ended: below half a distance from the lower or the
** upper neighbour; half compares twice the rest with one unit. */
typedef struct Stop { int low, high, half; } Stop;

/* Bits of 5^n as Java's table has them (beyond it only "too many" matters). */
static int power5_bits(int n){
  return n==0 ? 0 : n<27 ? (int)(n*2.321928094887362) + 1 : 3*n;
}

static u128 power5(int n){
  u128 v = 1;
  while( n-->0 ) v *= 5;
  return v;
}

/* The first digit is dropped when it is 0, and in E-form (Java tests for
** exponents below -3 and from 8 on) a second digit always follows. */
static int first_digit(int q, Stop *stop, char *digits, int *exponent){
  int n = 0;
  if( q==0 && !stop->high ) (*exponent)--;
  else digits[n++] = (char)('0' + q);
  if( *exponent<-3 || *exponent>=8 ) stop->low = stop->high = 0;
  return n;
}

/* Where they fit, Java counts in words of 32 or 64 bits.  Its half distance
** may overflow in the last round; a negative one means "stop", a positive one
** is believed.  So the words wrap here too. */
static int64_t wrap(uint64_t v, int narrow){
  return narrow ? (int32_t)(uint32_t)v : (int64_t)v;
}

static int digits_word(const Scaled *s, int narrow, char *digits, int *exponent, Stop *stop){
  int64_t b = wrap((uint64_t)(s->mantissa*(uint64_t)power5(s->b5)) << s->b2, narrow);
  int64_t unit = wrap((uint64_t)power5(s->s5) << s->s2, narrow), ten = unit*10;
  int64_t m = wrap((uint64_t)power5(s->m5) << s->m2, narrow);
  int n = -1;
  do{
    int q = (int)(b/unit);
    b = b%unit*10;
    m = wrap((uint64_t)m*10, narrow);
    stop->low = b<m;
    stop->high = wrap((uint64_t)b + (uint64_t)m, narrow)>ten;
    if( n<0 ){
      n = first_digit(q, stop, digits, exponent);
      continue;
    }
    if( m<=0 ) stop->low = stop->high = 1;
    digits[n++] = (char)('0' + q);
  }while( !stop->low && !stop->high );
  stop->half = b>ten-b ? 1 : b<ten-b ? -1 : 0;
  return n;
}

static int digits_u128(const Scaled *s, char *digits, int *exponent, Stop *stop){
  u128 b = ((u128)s->mantissa * power5(s->b5)) << s->b2;
  u128 unit = power5(s->s5) << s->s2, ten = unit*10;
  u128 m = power5(s->m5) << s->m2;
  int n = -1;
  do{
    int q = (int)(b/unit);
    b = b%unit*10;
    m *= 10;
    stop->low = b<m;
    stop->high = b+m>=ten;
    if( n<0 ) n = first_digit(q, stop, digits, exponent);
    else digits[n++] = (char)('0' + q);
  }while( !stop->low && !stop->high );
  stop->half = 2*b>ten ? 1 : 2*b<ten ? -1 : 0;
  return n;
}

static int digits_big(const Scaled *s, char *digits, int *exponent, Stop *stop){
  Big b, unit, ten, m;
  int n = -1;
  big_set(&b, s->mantissa); big_power5(&b, s->b5); big_shift(&b, s->b2);
  big_set(&unit, 1); big_power5(&unit, s->s5); big_shift(&unit, s->s2);
  big_set(&m, 1); big_power5(&m, s->m5); big_shift(&m, s->m2);
  ten = unit;
  big_multiply(&ten, 10);
  do{
    int q = big_digit(&b, &unit);
    big_multiply(&b, 10);
    big_multiply(&m, 10);
    stop->low = big_compare(&b, &m)<0;
    stop->high = big_compare_sum(&b, &m, &ten)>=0;
    if( n<0 ) n = first_digit(q, stop, digits, exponent);
    else digits[n++] = (char)('0' + q);
  }while( !stop->low && !stop->high );
  big_shift(&b, 1);
  stop->half = big_compare(&b, &ten);
  return n;
}

/* One more in the last place. */
static void round_up(char *digits, int n, int *exponent){
  int i = n - 1;
  while( i>0 && digits[i]=='9' ) digits[i--] = '0';
  if( digits[i]=='9' ){
    digits[i] = '1';
    (*exponent)++;
  }else{
    digits[i]++;
  }
}

/* An integer below 2^63: its digits, without those that the bits do not
** carry and without trailing zeros. */
static int digits_integer(uint64_t v, int insignificant, char *digits, int *exponent){
  char z[24];
  uint64_t unit = 1;
  int n;
  for(int i=0; i<insignificant; i++) unit *= 10;
  v = v/unit + (insignificant && v%unit>=unit/2);
  n = snprintf(z, sizeof(z), "%llu", (unsigned long long)v);
  *exponent = n + insignificant;
  while( n>1 && z[n-1]=='0' ) n--;
  memcpy(digits, z, (size_t)n);
  return n;
}

/* Java's estimate of the decimal exponent, at most one too high. */
static int estimate_exponent(uint64_t bits, int e2){
  uint64_t one = (UINT64_C(0x3ff) << MANTISSA_BITS) | (bits & ((UINT64_C(1)<<MANTISSA_BITS) - 1));
  double d;
  memcpy(&d, &one, sizeof(d));
  return (int)floor((d - 1.5)*0.289529654 + 0.176091259 + e2*0.301029995663981);
}

/* bits holds the mantissa with its highest one at bit 52, the value being
** bits * 2^(e2-52); significant is the number of bits that the format has. */
static int find_digits(uint64_t bits, int e2, int significant, char *digits, int *exponent){
  int zeros = __builtin_ctzll(bits);
  int n_bits = MANTISSA_BITS + 1 - zeros;
  int n_fraction = n_bits - e2 - 1>0 ? n_bits - e2 - 1 : 0;
  int decimal, common, b_bits, s_bits, n;
  Scaled s;
  Stop stop;
  if( n_fraction==0 && e2<=62 ){
    int extra = e2 - significant - 1;
    int drop = e2>significant && extra>1 ? (int)(extra*0.30102999566398120) : 0;
    uint64_t v = e2>=MANTISSA_BITS ? bits << (e2-MANTISSA_BITS) : bits >> (MANTISSA_BITS-e2);
    return digits_integer(v, drop, digits, exponent);
  }
  decimal = estimate_exponent(bits, e2);
  s.mantissa = bits >> zeros;
  s.b5 = s.m5 = decimal<0 ? -decimal : 0;
  s.s5 = decimal>0 ? decimal : 0;
  s.b2 = s.b5 + n_fraction + e2;
  s.s2 = s.s5 + n_fraction;
  s.m2 = s.b2 - significant;
  s.b2 -= n_bits - 1;
  common = s.b2<s.s2 ? s.b2 : s.s2;
  s.b2 -= common; s.s2 -= common; s.m2 -= common;
  if( n_bits==1 ) s.m2--;
  if( s.m2<0 ){ s.b2 -= s.m2; s.s2 -= s.m2; s.m2 = 0; }
  b_bits = n_bits + s.b2 + power5_bits(s.b5);
  s_bits = s.s2 + 1 + power5_bits(s.s5 + 1);
  if( b_bits<64 && s_bits<64 ){
    n = digits_word(&s, b_bits<32 && s_bits<32, digits, &decimal, &stop);
  }else if( b_bits<120 && s_bits<120 ){
    n = digits_u128(&s, digits, &decimal, &stop);
  }else{
    n = digits_big(&s, digits, &decimal, &stop);
  }
  *exponent = decimal + 1;
  if( stop.high && (!stop.low || stop.half>0 || (stop.half==0 && (digits[n-1]&1))) ){
    round_up(digits, n, exponent);
  }
  return n;
}

int number_digits(double r, int is_real, char digits[24], int *exponent){
  uint64_t bits;
  int e2, significant;
  if( is_real ){
    float f = (float)fabs(r);
    uint32_t u;
    memcpy(&u, &f, sizeof(u));
    bits = (uint64_t)(u & 0x7fffff) << (MANTISSA_BITS - 23);
    e2 = (int)(u>>23) - 127;
    significant = 24;
    if( u>>23==0 ) e2++;
    else bits |= UINT64_C(1) << MANTISSA_BITS;
  }else{
    double d = fabs(r);
    memcpy(&bits, &d, sizeof(bits));
    e2 = (int)(bits>>MANTISSA_BITS) - 1023;
    bits &= (UINT64_C(1)<<MANTISSA_BITS) - 1;
    significant = 53;
    if( e2==-1023 ) e2++;
    else bits |= UINT64_C(1) << MANTISSA_BITS;
  }
  while( !(bits >> MANTISSA_BITS) ){      /* subnormal */
    bits <<= 1;
    e2--;
    significant--;
  }
  return find_digits(bits, e2, significant, digits, exponent);
}

/* --- Text ---------------------------------------------------------------- */

static int put_text(double r, int is_real, char *z){
  char digits[24];
  int n, e, k = 0;
  if( isnan(r) ) return strcpy(z, "NaN"), 3;
  if( signbit(r) ) z[k++] = '-';
  if( isinf(r) ) return strcpy(z+k, "Infinity"), k + 8;
  if( r==0 ) return strcpy(z+k, "0.0"), k + 3;
  n = number_digits(r, is_real, digits, &e);
  if( e>0 && e<8 ){
    for(int i=0; i<e; i++) z[k++] = i<n ? digits[i] : '0';
    z[k++] = '.';
    if( n<=e ) z[k++] = '0';
    for(int i=e; i<n; i++) z[k++] = digits[i];
  }else if( e<=0 && e>-3 ){
    z[k++] = '0';
    z[k++] = '.';
    for(int i=e; i<0; i++) z[k++] = '0';
    for(int i=0; i<n; i++) z[k++] = digits[i];
  }else{
    z[k++] = digits[0];
    z[k++] = '.';
    if( n==1 ) z[k++] = '0';
    for(int i=1; i<n; i++) z[k++] = digits[i];
    return k + sprintf(z+k, "E%d", e-1);
  }
  z[k] = 0;
  return k;
}

int number_double_text(double r, char z[NUMBER_TEXT_MAX]){
  char *end = number_put_short(z, r);
  if( end==0 ) return put_text(r, 0, z);
  *end = 0;
  return (int)(end-z);
}
int number_real_text(double r, char z[NUMBER_TEXT_MAX]){ return put_text(r, 1, z); }

void value_print_double(Buf *b, double r){
  char z[NUMBER_TEXT_MAX];
  buf_add(b, z, (size_t)number_double_text(r, z));
}

void value_print_real(Buf *b, double r){
  char z[NUMBER_TEXT_MAX];
  buf_add(b, z, (size_t)number_real_text(r, z));
}

/* --- Reading ------------------------------------------------------------- */

/* Blanks as String.trim sees them: everything up to U+0020. */
static void trim(const char **z, size_t *n){
  while( *n>0 && (unsigned char)(*z)[0]<=' ' ){ (*z)++; (*n)--; }
  while( *n>0 && (unsigned char)(*z)[*n-1]<=' ' ) (*n)--;
}

static size_t skip_digits(const char *z, size_t n, size_t i, int hex){
  while( i<n && ((z[i]>='0' && z[i]<='9')
      || (hex && ((z[i]|32)>='a' && (z[i]|32)<='f'))) ) i++;
  return i;
}

/* Whether z[i..n) is digits [. digits] [exponent]; hexadecimal ones need theirs. */
static int is_numeral(const char *z, size_t n){
  size_t i = 0, start, digits;
  int hex = n>2 && z[0]=='0' && (z[1]|32)=='x';
  if( hex ) i = 2;
  start = i;
  i = skip_digits(z, n, i, hex);
  digits = i - start;
  if( i<n && z[i]=='.' ){
    start = ++i;
    i = skip_digits(z, n, i, hex);
    digits += i - start;
  }
  if( digits==0 ) return 0;
  if( i<n && (z[i]|32)==(hex ? 'p' : 'e') ){
    i++;
    if( i<n && (z[i]=='+' || z[i]=='-') ) i++;
    start = i;
    i = skip_digits(z, n, i, 0);
    if( i==start ) return 0;
  }else if( hex ){
    return 0;
  }
  return i==n;
}

static int parse_floating(const char *z, size_t n, int is_real, double *out){
  char buf[NUMBER_PARSE_MAX];
  size_t sign = 0;
  trim(&z, &n);
  if( number_read_decimal(z, z + n, is_real, out)==z + n ) return 0;
  if( n==0 || n>=sizeof(buf) ) return -1;
  if( z[0]=='-' || z[0]=='+' ) sign = 1;
  if( n-sign==3 && memcmp(z+sign, "NaN", 3)==0 ) return *out = NAN, 0;
  if( n-sign==8 && memcmp(z+sign, "Infinity", 8)==0 ){
    *out = z[0]=='-' ? -INFINITY : INFINITY;
    return 0;
  }
  if( n>sign && strchr("fFdD", z[n-1]) && !is_numeral(z+sign, n-sign) ) n--;
  if( !is_numeral(z+sign, n-sign) ) return -1;
  memcpy(buf, z, n);
  buf[n] = 0;
  *out = is_real ? (double)strtof(buf, 0) : strtod(buf, 0);
  return 0;
}

int number_parse_double(const char *z, size_t n, double *out){ return parse_floating(z, n, 0, out); }
int number_parse_real(const char *z, size_t n, double *out){ return parse_floating(z, n, 1, out); }

int number_parse_long(const char *z, size_t n, int64_t *out){
  uint64_t v = 0, limit = INT64_MAX;
  size_t i = 0;
  int negative = n>0 && z[0]=='-';
  if( n>0 && (z[0]=='-' || z[0]=='+') ) i = 1;
  if( i==n ) return -1;
  limit += (uint64_t)negative;
  for(; i<n; i++){
    unsigned d = (unsigned)(unsigned char)z[i] - '0';
    if( d>9 || v>(limit - d)/10 ) return -1;
    v = v*10 + d;
  }
  *out = negative ? (int64_t)(0 - v) : (int64_t)v;
  return 0;
}
