/*
** Short decimals and integers, quickly: the same texts as the digits that Java
** generates (number.c) and as printf.
*/
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../vtab/number.h"

static int failures;

static void check(const char *name, int good){
  printf(good ? "ok %s\n" : "not ok %s\n", name);
  failures += !good;
}

/* Plain notation from number_digits. */
static void plain_text(double r, char *z){
  char digits[24];
  int e, n = number_digits(r, 0, digits, &e), k = 0;
  if( r<0 ) z[k++] = '-';
  if( e<=0 ){
    z[k++] = '0';
    z[k++] = '.';
    for(int i=e; i<0; i++) z[k++] = '0';
    for(int i=0; i<n; i++) z[k++] = digits[i];
  }else{
    for(int i=0; i<e; i++) z[k++] = i<n ? digits[i] : '0';
    z[k++] = '.';
    if( n<=e ) z[k++] = '0';
    for(int i=e; i<n; i++) z[k++] = digits[i];
  }
  z[k] = 0;
}

static long taken;
static int same(double r){
  char fast[40], plain[40], *end = number_put_short(fast, r);
  if( end==0 ) return 1;
  *end = 0;
  taken++;
  plain_text(r, plain);
  if( strcmp(fast, plain)==0 ) return 1;
  printf("# %.17g: %s, not %s\n", r, fast, plain);
  return 0;
}

static uint64_t state = 7;
static uint64_t rnd(void){
  state = state*6364136223846793005u+1442695040888963407u;
  return state>>16;
}

/* A double and its neighbours. */
static int same_around(double r){
  return same(r) && same(-r) && same(nextafter(r, 0)) && same(nextafter(r, INFINITY));
}

static void test_doubles(void){
  static const double power[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7};
  int good = 1;
  for(int i=0; i<100000 && good; i++) good = same_around(i/1e2) && same_around(i/1e3) && same_around(i/1e5);
  check("hundredths", good);
  for(int i=0; i<1000000 && good; i++) good = same_around((double)((rnd()%10000000000000u)>>rnd()%36)/power[rnd()%8]);
  check("random_decimals", good);
  for(int i=0; i<300000 && good; i++){
    uint64_t bits = (uint64_t)(1023-11+rnd()%36)<<52 | (rnd()<<4 & 0xfffffffffffffu);
    double r;
    if( i%3==0 ) bits &= ~UINT64_C(0)<<(rnd()%53);
    memcpy(&r, &bits, 8);
    good = same_around(r);
  }
  check("random_bits", good);
  check("most_are_short", taken>1000000);
  check("others", number_put_short((char[40]){0}, 0.0)==0 && number_put_short((char[40]){0}, NAN)==0 && number_put_short((char[40]){0}, INFINITY)==0
               && number_put_short((char[40]){0}, 1e7)==0 && number_put_short((char[40]){0}, 1.0/3)==0);
}

static void test_integers(void){
  int good = 1;
  for(int i=0; i<1000000 && good; i++){
    int64_t v = (int64_t)(rnd()<<16 ^ rnd())>>rnd()%64;
    char z[32], w[32];
    if( i<130 ) v = i<64 ? (int64_t)(UINT64_C(1)<<i) : i<128 ? -(int64_t)(UINT64_C(1)<<(i-64)>>1) : i==128 ? INT64_MIN : INT64_MAX;
    *number_put_integer(z, v) = 0;
    snprintf(w, sizeof(w), "%" PRId64, v);
    good = strcmp(z, w)==0;
  }
  check("integers", good);
}

int main(void){
  test_doubles();
  test_integers();
  return failures!=0;
}
