/*
** %t of format(), and Java's toString of java.time's classes.
**
** A field that the type does not have (an hour of a date) ends in an internal
** error in Athena and is refused here.  An integer is milliseconds since 1970,
** in UTC.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"
#include "format.h"
#include "../datetime.h"

static const char *const MONTH[] = {"January", "February", "March", "April", "May", "June", "July",
  "August", "September", "October", "November", "December"};
static const char *const DAY[] = {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
  "Saturday", "Sunday"};

typedef struct Clock {
  int has_date, has_time, has_zone;
  int64_t days, year;
  int month, day;
  int64_t nanos;                /* of the day */
  int64_t utc_seconds;
  int zone, offset;
} Clock;

static void set_local(Clock *k, int64_t micros, int picos){
  k->has_date = k->has_time = 1;
  k->days = floor_div(micros, MICROS_PER_DAY);
  k->nanos = floor_mod(micros, MICROS_PER_DAY)*1000 + picos/1000;
}

/* 0, or -1: no clock of such a type. */
static int clock_of(Clock *k, const Type *t, const Value *v){
  memset(k, 0, sizeof(*k));
  if( type_is_integer(t) ){
    if( v->i>INT64_MAX/1000 || v->i<INT64_MIN/1000 ) return -1;
    set_local(k, v->i*1000, 0);
  }else if( t->kind==T_DATE ){
    k->has_date = 1;
    k->days = v->i;
  }else if( t->kind==T_TIME ){
    k->has_time = 1;
    k->nanos = v->i/1000;
  }else if( t->kind==T_TIMESTAMP || t->kind==T_TIMESTAMP_TZ ){
    Instant i = value_get_instant(t, v);
    if( t->kind==T_TIMESTAMP_TZ ){
      k->has_zone = 1;
      k->utc_seconds = floor_div(i.micros, MICROS_PER_SECOND);
      k->zone = i.zone;
      k->offset = zone_offset(i.zone, k->utc_seconds);
    }
    set_local(k, t->kind==T_TIMESTAMP_TZ ? instant_local(i) : i.micros, i.picos);
  }else{
    return -1;
  }
  if( k->has_date ) civil_from_days(k->days, &k->year, &k->month, &k->day);
  return 0;
}

int format_is_time_conversion(char c){ return c && strchr("HIklMNLQpsSTzZaAbBCdehjmyYrRcDF", c)!=0; }

static int missing(FnCall *c, char conversion){
  return fn_refuse(c, "%%t%c of this type in format()", conversion);
}

static int put_fields(FnCall *c, Buf *b, const Clock *k, const char *fields);

static int put_date_field(FnCall *c, Buf *b, const Clock *k, char f){
  int year = (int)k->year;
  if( !k->has_date || k->year<1 || k->year>9999 ) return missing(c, f);
  switch( f ){
    case 'a': buf_add(b, DAY[civil_day_of_week(k->days) - 1], 3); break;
    case 'A': buf_str(b, DAY[civil_day_of_week(k->days) - 1]); break;
    case 'b': case 'h': buf_add(b, MONTH[k->month - 1], 3); break;
    case 'B': buf_str(b, MONTH[k->month - 1]); break;
    case 'C': buf_printf(b, "%02d", year/100); break;
    case 'd': buf_printf(b, "%02d", k->day); break;
    case 'e': buf_printf(b, "%d", k->day); break;
    case 'j': buf_printf(b, "%03d", civil_day_of_year(k->days)); break;
    case 'm': buf_printf(b, "%02d", k->month); break;
    case 'y': buf_printf(b, "%02d", year%100); break;
    case 'Y': buf_printf(b, "%04d", year); break;
  }
  return FN_OK;
}

static int put_time_field(FnCall *c, Buf *b, const Clock *k, char f){
  int seconds = (int)(k->nanos/1000000000), nanos = (int)(k->nanos%1000000000);
  int hour = seconds/3600, hour12 = hour%12 ? hour%12 : 12;
  if( !k->has_time ) return missing(c, f);
  switch( f ){
    case 'H': buf_printf(b, "%02d", hour); break;
    case 'k': buf_printf(b, "%d", hour); break;
    case 'I': buf_printf(b, "%02d", hour12); break;
    case 'l': buf_printf(b, "%d", hour12); break;
    case 'M': buf_printf(b, "%02d", seconds/60%60); break;
    case 'S': buf_printf(b, "%02d", seconds%60); break;
    case 'L': buf_printf(b, "%03d", nanos/1000000); break;
    case 'N': buf_printf(b, "%09d", nanos); break;
    case 'p': buf_str(b, hour<12 ? "am" : "pm"); break;
  }
  return FN_OK;
}

static int put_zone_field(FnCall *c, Buf *b, const Clock *k, char f){
  char name[ZONE_NAME_MAX];
  int minutes = k->offset/60, size = minutes<0 ? -minutes : minutes;
  if( !k->has_zone ) return missing(c, f);
  switch( f ){
    case 's': buf_printf(b, "%lld", (long long)k->utc_seconds); break;
    case 'Q': buf_printf(b, "%lld", (long long)(k->utc_seconds*1000 + k->nanos%1000000000/1000000)); break;
    case 'z': buf_printf(b, "%c%02d%02d", minutes<0 ? '-' : '+', size/60, size%60); break;
    case 'Z':
      if( k->zone!=ZONE_UTC ) return missing(c, f);
      buf_str(b, zone_abbreviation(k->zone, k->utc_seconds, name));
      break;
  }
  return FN_OK;
}

static int put_field(FnCall *c, Buf *b, const Clock *k, char f){
  switch( f ){
    case 'T': return put_fields(c, b, k, "H:M:S");
    case 'R': return put_fields(c, b, k, "H:M");
    case 'D': return put_fields(c, b, k, "m/d/y");
    case 'F': return put_fields(c, b, k, "Y-m-d");
    case 'r': {
      int rc = put_fields(c, b, k, "I:M:S ");
      if( rc==FN_OK ) buf_str(b, k->nanos<INT64_C(43200000000000) ? "AM" : "PM");
      return rc;
    }
    case 'c': return put_fields(c, b, k, "a b d T Z Y");
    case 's': case 'Q': case 'z': case 'Z': return put_zone_field(c, b, k, f);
    default:
      return strchr("HkIlMSLNp", f) ? put_time_field(c, b, k, f) : put_date_field(c, b, k, f);
  }
}

/* Letters are fields, all else stands for itself. */
static int put_fields(FnCall *c, Buf *b, const Clock *k, const char *fields){
  for(; *fields; fields++){
    if( (*fields | 32)<'a' || (*fields | 32)>'z' ) buf_char(b, *fields);
    else if( put_field(c, b, k, *fields) ) return FN_ERROR;
  }
  return FN_OK;
}

int format_time(FnCall *c, Buf *b, const FormatSpec *s, const Type *t, const Value *v){
  Clock k;
  if( clock_of(&k, t, v) ) return missing(c, s->conversion);
  if( type_is_integer(t) && strchr("sQzZc", s->conversion) ) return missing(c, s->conversion);
  return put_field(c, b, &k, s->conversion);
}

/* --- toString ------------------------------------------------------------ */

/* Seconds and fractions only as far as they are not zero, in threes. */
static void time_text(Buf *b, const Clock *k){
  int seconds = (int)(k->nanos/1000000000), nanos = (int)(k->nanos%1000000000);
  buf_printf(b, "%02d:%02d", seconds/3600, seconds/60%60);
  if( seconds%60==0 && nanos==0 ) return;
  buf_printf(b, ":%02d", seconds%60);
  if( nanos==0 ) return;
  if( nanos%1000000==0 ) buf_printf(b, ".%03d", nanos/1000000);
  else if( nanos%1000==0 ) buf_printf(b, ".%06d", nanos/1000);
  else buf_printf(b, ".%09d", nanos);
}

static void zone_text(Buf *b, const Clock *k){
  char name[ZONE_NAME_MAX];
  int size = k->offset<0 ? -k->offset : k->offset;
  if( k->offset==0 ) buf_char(b, 'Z');
  else buf_printf(b, "%c%02d:%02d", k->offset<0 ? '-' : '+', size/3600, size/60%60);
  if( size%60 ) buf_printf(b, ":%02d", size%60);
  if( k->zone==ZONE_UTC || k->zone>=ZONE_NAMED_0 ) buf_printf(b, "[%s]", zone_name(k->zone, name));
}

int format_time_text(FnCall *c, Buf *b, const Type *t, const Value *v){
  Clock k;
  if( clock_of(&k, t, v) || (t->kind!=T_DATE && t->p>9) ){
    return fn_refuse(c, "a value of this type in format()");
  }
  if( k.has_date ){
    if( k.year<0 || k.year>9999 ) return fn_refuse(c, "a year beyond 9999 in format()");
    buf_printf(b, "%04d-%02d-%02d", (int)k.year, k.month, k.day);
  }
  if( k.has_date && k.has_time ) buf_char(b, 'T');
  if( k.has_time ) time_text(b, &k);
  if( k.has_zone ) zone_text(b, &k);
  return FN_OK;
}
