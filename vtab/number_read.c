/*
** Decimals to floating point, exactly rounded, without strtod: what almost all
** numbers of files are.
**
** Up to 19 digits are an integer w of 64 bits; the number is w/10^places.  With
** up to 15 digits (7 of a real) both are exact in the format, and one division
** rounds as it must.  Else the quotient is taken in 128 bits by 64, 63 bits of
** it at least, and the remainder says on which side of a half it lies.
**
** Limits: 19 digits, 19 of them after the point, no exponent.
*/
#include "sqlite.h"
#include "number.h"
#include <string.h>

#define EXACT_DIGITS 15
#define POWER_MAX 19
#define DIGITS_READ 32          /* bytes that are looked at */

#ifndef __x86_64__
typedef unsigned __int128 u128;
#endif

static const uint64_t power_of_ten[POWER_MAX + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
  1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
  10000000000000000, 100000000000000000, 1000000000000000000, UINT64_C(10000000000000000000) };

/* high*2^64 + low by a divisor that is more than high. */
static uint64_t divide(uint64_t high, uint64_t low, uint64_t divisor, uint64_t *rest){
#ifdef __x86_64__
  uint64_t q;
  __asm__("divq %4" : "=a"(q), "=d"(*rest) : "0"(low), "1"(high), "rm"(divisor) : "cc");
  return q;
#else
  u128 n = (u128)high<<64 | low;
  *rest = (uint64_t)(n%divisor);
  return (uint64_t)(n/divisor);
#endif
}

/* w/10^places by integers, w not 0; `bits` is the precision of the format.  The
** way up or down follows no pattern: no jumps. */
static double quotient(uint64_t w, unsigned places, int bits){
  int a = __builtin_clzll(w), b = __builtin_clzll(power_of_ten[places]), shift;
  uint64_t rest, q, low, half, scale;
  double m;
  w <<= a;
  q = divide(w>>1, w<<63, power_of_ten[places]<<b, &rest);
  shift = 64 - __builtin_clzll(q) - bits;
  low = q & ((UINT64_C(1)<<shift) - 1);
  half = UINT64_C(1)<<(shift - 1);
  q >>= shift;
  q += (uint64_t)((low>half) | ((low==half) & (int)((q & 1) | (rest!=0))));
  scale = (uint64_t)(1023 + shift - 63 - a + b)<<52;
  memcpy(&m, &scale, sizeof(m));
  return (double)(int64_t)q*m;
}

/* Eight bytes that are digits, the first ones perhaps 0 bytes, as a number. */
static uint64_t eight_digits(uint64_t x){
  x = (x & UINT64_C(0x0f0f0f0f0f0f0f0f))*2561>>8;
  x = (x & UINT64_C(0x00ff00ff00ff00ff))*6553601>>16;
  return (x & UINT64_C(0x0000ffff0000ffff))*42949672960001>>32;
}

/* How many of eight bytes are digits before the first that is none. */
static unsigned count_digits(uint64_t x){
  uint64_t other = ((x + UINT64_C(0x4646464646464646)) | (x - UINT64_C(0x3030303030303030))) & UINT64_C(0x8080808080808080);
  return other ? (unsigned)__builtin_ctzll(other)/8 : 8;
}

/* Digits at z; their end. */
static inline const char *read_digits(const char *z, const char *end, uint64_t *w){
#if __BYTE_ORDER__==__ORDER_LITTLE_ENDIAN__
  while( end - z>=8 ){
    uint64_t x;
    unsigned n;
    memcpy(&x, z, 8);
    n = count_digits(x);
    if( n==0 ) return z;
    *w = *w*power_of_ten[n] + eight_digits(x<<(64 - 8*n));
    z += n;
    if( n<8 ) return z;
  }
#endif
  for(; z<end && *z>='0' && *z<='9'; z++) *w = *w*10 + (uint64_t)(*z - '0');
  return z;
}

const char *number_read_decimal(const char *z, const char *end, int is_real, double *out){
  int negative = z<end && *z=='-';
  uint64_t w = 0;
  static const double sign[2] = { 1, -1 };
  unsigned digits, places = 0;
  const char *start = z += negative, *stop = end - z>DIGITS_READ ? z + DIGITS_READ : end;
  double r;
  z = read_digits(z, stop, &w);
  digits = (unsigned)(z - start);
  if( z<stop && *z=='.' ){
    start = z + 1;
    z = read_digits(start, stop, &w);
    places = (unsigned)(z - start);
    digits += places;
  }
  if( digits==0 || digits>POWER_MAX ) return 0;
  if( w==0 ){
    r = 0;
  }else if( is_real ){
    if( w<1<<24 && places<=10 ) r = (float)(int64_t)w/(float)(int64_t)power_of_ten[places];
    else r = quotient(w, places, 24);
  }else{
    if( w<UINT64_C(1)<<53 && places<=EXACT_DIGITS ) r = (double)(int64_t)w/(double)(int64_t)power_of_ten[places];
    else r = quotient(w, places, 53);
  }
  *out = r*sign[negative];
  return z;
}
