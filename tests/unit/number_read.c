/*
** Decimals read without strtod beside strtod and strtof: random digits of all
** lengths, halves between neighbours, ends of the range.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../vtab/number.h"

#define ROUNDS 400000

static unsigned long long seed = 99;

static unsigned pick(unsigned n){
  seed ^= seed<<13;
  seed ^= seed>>7;
  seed ^= seed<<17;
  return (unsigned)(seed>>11)%n;
}

/* 1 when both ways agree, or the quick one leaves it. */
static int agrees(const char *z, int *taken){
  double r = 0, want = strtod(z, 0), want_real = (double)strtof(z, 0);
  const char *end = z + strlen(z);
  int good = 1;
  if( number_read_decimal(z, end, 0, &r)==end ){
    good = memcmp(&r, &want, sizeof(r))==0;
    ++*taken;
  }
  if( number_read_decimal(z, end, 1, &r)==end ) good = good && memcmp(&r, &want_real, sizeof(r))==0;
  return good;
}

/* The midpoint of a double (or a float) and the next, as far as 19 digits say it. */
static void put_half(char *z, int is_real){
  double r = (double)(pick(1000000) + 1)*pow(2, (int)pick(40) - 39)*(1 + pick(1000)/1024.0);
  long double next = is_real ? (long double)nextafterf((float)r, INFINITY) : (long double)nextafter(r, INFINITY);
  long double half = ((is_real ? (long double)(float)r : (long double)r) + next)/2;
  sprintf(z, "%.*Lf", (int)pick(19), half);
}

int main(void){
  static const char *const fixed[] = { "0", "-0", "0.0", "0.0000000000000000", "-0.0000000000000000000", "-0.0", "1.", ".5", "-.5", "9007199254740993", "9007199254740992.5", "9999999999999999999",
    "0.0000000000000000001", "18446744073709551615", "1.7976931348623157", "16777217", "16777216.5", "0.3333333333333333148", "-", ".", "", "1.2.3",
    "12345678.12345678", "123456789012345.1234" };
  const char *wrong = 0;
  char z[100], shown[100] = "";
  int taken = 0;
  for(size_t i=0; i<sizeof(fixed)/sizeof(fixed[0]); i++) if( !agrees(fixed[i], &taken) ) wrong = fixed[i];
  for(int i=0; i<ROUNDS && wrong==0; i++){
    size_t n = 0;
    int before = (int)pick(20), after = (int)pick(20);
    if( pick(4)==0 ){
      put_half(z, (int)pick(2));
    }else{
      if( pick(2) ) z[n++] = '-';
      for(int k=0; k<before; k++) z[n++] = (char)('0' + (pick(3) ? pick(10) : 0));
      if( pick(8) ) z[n++] = '.';
      for(int k=0; k<after; k++) z[n++] = (char)('0' + (pick(5) ? pick(10) : 9));
      z[n] = 0;
    }
    if( !agrees(z, &taken) ) wrong = strcpy(shown, z);
  }
  if( wrong ) printf("not ok decimals_are_read_as_strtod_does: %s\n", wrong);
  else printf("ok decimals_are_read_as_strtod_does\n");
  printf(taken>ROUNDS/4 ? "ok most_decimals_are_read_quickly\n" : "not ok most_decimals_are_read_quickly: few were\n");
  return wrong!=0;
}
