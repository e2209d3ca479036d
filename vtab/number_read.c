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

typedef unsigned __int128 u128;

static const uint64_t power_of_ten[POWER_MAX + 1] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
  1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
  10000000000000000, 100000000000000000, 1000000000000000000, UINT64_C(10000000000000000000) };

/* w/10^places by integers; `bits` is the precision of the format. */
static double quotient(uint64_t w, unsigned places, int bits){
  int a = __builtin_clzll(w), b = __builtin_clzll(power_of_ten[places]), shift;
  uint64_t divisor = power_of_ten[places]<<b, q, low, half;
  u128 n = (u128)(w<<a)<<63;
  double m;
  uint64_t scale;
  q = (uint64_t)(n/divisor);
  shift = 64 - __builtin_clzll(q) - bits;
  low = q & ((UINT64_C(1)<<shift) - 1);
  half = UINT64_C(1)<<(shift - 1);
  q >>= shift;
  if( low>half || (low==half && ((q & 1) || n%divisor)) ) q++;
  scale = (uint64_t)(1023 + shift - 63 - a + b)<<52;
  memcpy(&m, &scale, sizeof(m));
  return (double)q*m;
}

/* Eight bytes that are digits, as a number. */
static uint64_t eight_digits(uint64_t x){
  x = (x & UINT64_C(0x0f0f0f0f0f0f0f0f))*2561>>8;
  x = (x & UINT64_C(0x00ff00ff00ff00ff))*6553601>>16;
  return (x & UINT64_C(0x0000ffff0000ffff))*42949672960001>>32;
}

static int are_digits(uint64_t x){
  return ((x + UINT64_C(0x4646464646464646)) | (x - UINT64_C(0x3030303030303030))) & UINT64_C(0x8080808080808080) ? 0 : 1;
}

/* Digits at z; their end. */
static const char *read_digits(const char *z, const char *end, uint64_t *w){
  uint64_t x;
#if __BYTE_ORDER__==__ORDER_LITTLE_ENDIAN__
  for(; end - z>=8 && (memcpy(&x, z, 8), are_digits(x)); z += 8) *w = *w*100000000 + eight_digits(x);
#endif
  for(; z<end && *z>='0' && *z<='9'; z++) *w = *w*10 + (uint64_t)(*z - '0');
  return z;
}

const char *number_read_decimal(const char *z, const char *end, int is_real, double *out){
  int negative = z<end && *z=='-';
  uint64_t w = 0;
  unsigned digits, places = 0;
  const char *start = z += negative, *stop = end - z>21 ? z + 21 : end;
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
    if( w<1<<24 && places<=10 ) r = (float)w/(float)power_of_ten[places];
    else r = quotient(w, places, 24);
  }else{
    if( w<UINT64_C(1)<<53 && places<=EXACT_DIGITS ) r = (double)w/(double)power_of_ten[places];
    else r = quotient(w, places, 53);
  }
  *out = negative ? -r : r;
  return z;
}
