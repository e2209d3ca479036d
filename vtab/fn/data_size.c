/*
** parse_data_size, also named parse_presto_data_size: a number and a unit of
** 1024s (B, kB, MB … YB) to bytes, cut to whole ones.
**
** Limits: numbers of 38 digits, products that fit 127 bits; beyond, refused.
*/
#include "../sqlite.h"
#include "fn.h"
#include <string.h>

static int invalid(FnCall *c, const Value *v){
  return fn_bad_argument(c, "Invalid data size: '%.*s'", v->n, v->z);
}

/* The power of 1024 of a unit, or -1. */
static int unit_power(const char *z, int n){
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
  int i;
  for(i = 0; i<9; i++){
    if( (int)strlen(units[i])==n && memcmp(units[i], z, (size_t)n)==0 ) return i;
  }
  return -1;
}

static int parse_data_size(FnCall *c, int argc, const Value *v, Value *out){
  __int128 value = 0, scale = 1;
  int i, power, digits = 0, point = 0;
  const char *z = v[0].z;
  (void)argc;
  for(i = 0; i<v[0].n && ((z[i]>='0' && z[i]<='9') || z[i]=='.'); i++){
    if( z[i]=='.' ){
      if( point++ ) return invalid(c, v);
      continue;
    }
    if( __builtin_mul_overflow(value, 10, &value) || ++digits>37 ){
      return fn_refuse(c, "a data size of more than 37 digits");
    }
    value += z[i]-'0';
    if( point ) scale *= 10;
  }
  if( digits==0 ) return invalid(c, v);
  power = unit_power(z+i, v[0].n-i);
  if( power<0 ) return invalid(c, v);
  while( power-- ){
    if( __builtin_mul_overflow(value, 1024, &value) ) return fn_refuse(c, "a data size beyond 127 bits");
  }
  *out = value_put_decimal(c->arena, c->rett, value/scale);
  return FN_OK;
}

const FnDef fn_data_size[] = {
  {"parse_data_size", "(varchar(x)) -> decimal(38,0)", parse_data_size, FN_TYPED|FN_RAISES, 0, 0,
   "Text such as 2.3MB as a number of bytes.", "parse_data_size('2.3MB') = 2411724", 0},
  {"parse_presto_data_size", "(varchar(x)) -> decimal(38,0)", parse_data_size,
   FN_TYPED|FN_RAISES, 0, 0, "Text such as 2.3MB as a number of bytes: parse_data_size under "
   "another name.", "parse_presto_data_size('1kB') = 1024", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
