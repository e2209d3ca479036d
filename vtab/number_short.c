/*
** Numbers of a table, quickly: integers two digits at a time, and doubles that
** are short decimals, as most measurements are.
**
** A double between 10^-3 and 10^7 is tried as m/10^6: if m, rounded to a whole
** number, divided by 10^6 gives the double back, its decimal text is m's digits
** (at most 13).  No other decimal of so few digits reads as the same double, so
** it is the shortest, and Java finds it too: its digits stop at the first
** prefix closer than half a distance, which can be no earlier one.
** tests/unit/number_short.c compares with number.c on millions.
*/
#include <string.h>
#include "number.h"

static const char pairs[201] =
  "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960"
  "6162636465666768697071727374757677787980818283848586878889909192939495969798" "99";

/* The digits of v, right-aligned before `end`; where they begin. */
static char *put_digits(char *end, uint64_t v){
  while( v>=100 ){
    uint64_t rest = v/100;
    end -= 2;
    memcpy(end, pairs+2*(v-rest*100), 2);
    v = rest;
  }
  if( v<10 ){
    *--end = (char)('0'+v);
    return end;
  }
  end -= 2;
  memcpy(end, pairs+2*v, 2);
  return end;
}

char *number_put_integer(char *p, int64_t v){
  char digits[24], *end = digits+sizeof(digits), *from;
  uint64_t u = v<0 ? 0-(uint64_t)v : (uint64_t)v;
  size_t n;
  if( v<0 ) *p++ = '-';
  from = put_digits(end, u);
  n = (size_t)(end-from);
  memcpy(p, from, n);
  return p+n;
}

char *number_put_short(char *p, double r){
  double a = r<0 ? -r : r, back;
  uint64_t m, whole;
  unsigned fraction, first, second, third;
  if( !(a>=1e-3 && a<1e7) ) return 0;
  m = (uint64_t)(a*1e6+0.5);
  back = (double)m/1e6;
  if( back!=a ) return 0;
  if( r<0 ) *p++ = '-';
  whole = m/1000000;
  fraction = (unsigned)(m-whole*1000000);
  if( whole<10 ) *p++ = (char)('0'+whole);
  else p = number_put_integer(p, (int64_t)whole);
  *p++ = '.';
  first = fraction/10000;
  second = fraction/100%100;
  third = fraction%100;
  memcpy(p, pairs+2*first, 2);
  memcpy(p+2, pairs+2*second, 2);
  memcpy(p+4, pairs+2*third, 2);
  /* One digit at least; no zeros at the end. */
  if( third ) return p+5+(third%10!=0);
  if( second ) return p+3+(second%10!=0);
  return p+1+(first%10!=0);
}
