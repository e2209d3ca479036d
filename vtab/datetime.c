/*
** Carriers of temporal values and their text (see datetime.h, value.h).
**
** Printing follows the engine's client types: years beyond 9999 carry a sign
** (`+12345-06-07`), intervals print `1 02:03:04.567` and `2-3`, fractions have
** exactly the digits of the type's precision.  Arithmetic on instants wraps
** around 64 bits, as it does in the engine.
*/
#include "sqlite.h"
#include "datetime.h"
#include <stdio.h>
#include <string.h>

int type_is_temporal(const Type *t){
  return t->kind>=T_DATE && t->kind<=T_INTERVAL_YM;
}

/* --- Carriers ------------------------------------------------------------ */

static void put_be(unsigned char *p, uint64_t v, int n){
  while( n-- ){
    p[n] = (unsigned char)v;
    v >>= 8;
  }
}

static uint64_t get_be(const unsigned char *p, int n){
  uint64_t v = 0;
  while( n-- ) v = v<<8 | *p++;
  return v;
}

#define SIGN64 (UINT64_C(1)<<63)

Instant value_get_instant(const Type *t, const Value *v){
  Instant x = {0, 0, ZONE_UTC};
  const unsigned char *p = (const unsigned char*)v->z;
  if( v->kind==V_INT ){
    x.micros = v->i;
  }else if( v->kind==V_BLOB && v->n>=12 ){
    x.micros = (int64_t)(get_be(p, 8)^SIGN64);
    x.picos = (int)get_be(p+8, 4);
    if( t->kind==T_TIMESTAMP_TZ && v->n>=14 ) x.zone = (int)get_be(p+12, 2);
  }
  return x;
}

Value value_put_instant(Arena *a, const Type *t, Instant x){
  int n = t->kind==T_TIMESTAMP_TZ ? 14 : 12;
  unsigned char *p;
  if( n==12 && t->p<=6 ) return value_int(x.micros);
  p = arena_alloc_raw(a, (size_t)n);
  if( p==0 ) return value_null();
  put_be(p, (uint64_t)x.micros^SIGN64, 8);
  put_be(p+8, (uint64_t)x.picos, 4);
  if( n==14 ) put_be(p+12, (uint64_t)x.zone, 2);
  return value_blob((const char*)p, (size_t)n);
}

#define PICOS_PER_MINUTE (60*PICOS_PER_SECOND)

TimeTz value_get_time_tz(const Value *v){
  TimeTz x = {0, 0};
  const unsigned char *p = (const unsigned char*)v->z;
  if( v->kind==V_BLOB && v->n>=10 ){
    x.offset = (int)get_be(p+8, 2) - 0x8000;
    x.picos = floor_mod((int64_t)get_be(p, 8) + x.offset*PICOS_PER_MINUTE, PICOS_PER_DAY);
  }
  return x;
}

Value value_put_time_tz(Arena *a, TimeTz x){
  unsigned char *p = arena_alloc_raw(a, 10);
  if( p==0 ) return value_null();
  put_be(p, (uint64_t)floor_mod(x.picos - x.offset*PICOS_PER_MINUTE, PICOS_PER_DAY), 8);
  put_be(p+8, (uint64_t)(x.offset + 0x8000), 2);
  return value_blob((const char*)p, 10);
}

int64_t instant_local(Instant x){
  int64_t offset = zone_offset(x.zone, floor_div(x.micros, MICROS_PER_SECOND));
  return (int64_t)((uint64_t)x.micros + (uint64_t)(offset*MICROS_PER_SECOND));
}

/* --- Printing ------------------------------------------------------------ */

/* The last n digits of v, at p. */
static void digits(char *p, int64_t v, int n){
  while( n-- ){
    p[n] = (char)('0' + v%10);
    v /= 10;
  }
}

/* yyyy-mm-dd; years of more than four digits have a sign. */
static void print_days(Buf *b, int64_t days){
  int64_t year;
  int month, day;
  char z[48];
  civil_from_days(days, &year, &month, &day);
  if( year>=0 && year<=9999 ){
    digits(z, year, 4);
    z[4] = z[7] = '-';
    digits(z+5, month, 2);
    digits(z+8, day, 2);
    buf_add(b, z, 10);
    return;
  }
  snprintf(z, sizeof(z), "%s%04lld-%02d-%02d", year<0 ? "-" : "+",
           (long long)(year<0 ? -year : year), month, day);
  buf_str(b, z);
}

/* hh:mm:ss and p digits of the fraction. */
static void print_clock(Buf *b, int64_t picos_of_day, int p){
  char z[24];
  int64_t s = picos_of_day/PICOS_PER_SECOND, f = picos_of_day%PICOS_PER_SECOND;
  digits(z, s/3600, 2);
  digits(z+3, s/60%60, 2);
  digits(z+6, s%60, 2);
  z[2] = z[5] = ':';
  z[8] = '.';
  digits(z+9, f, 12);
  buf_add(b, z, p>0 ? 9+(size_t)p : 8);
}

static void print_timestamp(Buf *b, const Type *t, const Value *v){
  Instant x = value_get_instant(t, v);
  int64_t local = t->kind==T_TIMESTAMP_TZ ? instant_local(x) : x.micros;
  print_days(b, floor_div(local, MICROS_PER_DAY));
  buf_char(b, ' ');
  print_clock(b, floor_mod(local, MICROS_PER_DAY)*1000000 + x.picos, t->p);
  if( t->kind==T_TIMESTAMP_TZ ){
    char z[ZONE_NAME_MAX];
    buf_char(b, ' ');
    buf_str(b, zone_name(x.zone, z));
  }
}

static void print_time_tz(Buf *b, const Type *t, const Value *v){
  TimeTz x = value_get_time_tz(v);
  int m = x.offset<0 ? -x.offset : x.offset;
  print_clock(b, x.picos, t->p);
  buf_printf(b, "%c%02d:%02d", x.offset<0 ? '-' : '+', m/60, m%60);
}

static void print_interval_ds(Buf *b, int64_t millis){
  uint64_t m = millis<0 ? 0-(uint64_t)millis : (uint64_t)millis;
  char z[16];
  buf_printf(b, "%s%llu ", millis<0 ? "-" : "", (unsigned long long)(m/MILLIS_PER_DAY));
  m %= MILLIS_PER_DAY;
  digits(z, (int64_t)(m/3600000), 2);
  digits(z+3, (int64_t)(m/60000%60), 2);
  digits(z+6, (int64_t)(m/1000%60), 2);
  digits(z+9, (int64_t)(m%1000), 3);
  z[2] = z[5] = ':';
  z[8] = '.';
  buf_add(b, z, 12);
}

static void print_interval_ym(Buf *b, int64_t months){
  int64_t m = months<0 ? -months : months;
  buf_printf(b, "%s%lld-%lld", months<0 ? "-" : "", (long long)(m/12), (long long)(m%12));
}

void datetime_print(Buf *b, const Type *t, const Value *v){
  switch( t->kind ){
    case T_DATE:         print_days(b, v->i); break;
    case T_TIME:         print_clock(b, v->i, t->p); break;
    case T_TIME_TZ:      print_time_tz(b, t, v); break;
    case T_TIMESTAMP:
    case T_TIMESTAMP_TZ: print_timestamp(b, t, v); break;
    case T_INTERVAL_DS:  print_interval_ds(b, v->i); break;
    case T_INTERVAL_YM:  print_interval_ym(b, v->i); break;
    default: break;
  }
}

/* --- The clock of a statement -------------------------------------------- */

static int name_is(const char *a, const char *b){
  return sqlite3_stricmp(a, b)==0;
}

const Type *datetime_now(Arena *a, const char *name, int precision, int64_t now, Value *out){
  int p = precision<0 ? 3 : precision;
  int64_t day = floor_div(now, MICROS_PER_DAY);
  int64_t picos = picos_round(floor_mod(now, MICROS_PER_DAY)*1000000, p>12 ? 12 : p);
  Instant x = {day*MICROS_PER_DAY + picos/1000000, 0, ZONE_UTC};
  const Type *t;
  if( p>12 ) return 0;
  if( name_is(name, "current_date") ){
    *out = value_int(day);
    return &TYPE_DATE;
  }
  if( name_is(name, "now") || name_is(name, "current_timestamp") ){
    t = type_precision(a, T_TIMESTAMP_TZ, p);
    if( t ) *out = value_put_instant(a, t, x);
  }else if( name_is(name, "localtimestamp") ){
    t = type_precision(a, T_TIMESTAMP, p);
    if( t ) *out = value_put_instant(a, t, x);
  }else if( name_is(name, "localtime") ){
    t = type_precision(a, T_TIME, p);
    *out = value_int(picos%PICOS_PER_DAY);
  }else if( name_is(name, "current_time") ){
    TimeTz tz = {picos%PICOS_PER_DAY, 0};
    t = type_precision(a, T_TIME_TZ, p);
    *out = value_put_time_tz(a, tz);
  }else{
    t = 0;
  }
  return t;
}
