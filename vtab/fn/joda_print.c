/* Printing through compiled patterns, and the English names: see joda.h. */
#include "../sqlite.h"
#include "joda.h"
#include <string.h>

static const char *const month_names[] = {
  "January", "February", "March", "April", "May", "June", "July", "August", "September",
  "October", "November", "December"};
static const char *const month_short[] = {
  "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char *const day_names[] = {
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const day_short[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

const char *joda_name(JodaField f, int value, int is_short){
  switch( f ){
    case JF_MONTH_OF_YEAR:
      if( value<1 || value>12 ) return 0;
      return is_short ? month_short[value-1] : month_names[value-1];
    case JF_DAY_OF_WEEK:
      if( value<1 || value>7 ) return 0;
      return is_short ? day_short[value-1] : day_names[value-1];
    case JF_HALFDAY_OF_DAY:
      return value==0 ? "AM" : value==1 ? "PM" : 0;
    case JF_ERA:
      return value==0 ? "BC" : value==1 ? "AD" : 0;
    default:
      return 0;
  }
}

/* A local time taken apart once for all fields. */
typedef struct Broken {
  int64_t days, year;
  int month, day, hour, minute, second, milli;
} Broken;

static void break_down(int64_t local, Broken *t){
  int64_t millis = floor_mod(local, MILLIS_PER_DAY);
  t->days = floor_div(local, MILLIS_PER_DAY);
  civil_from_days(t->days, &t->year, &t->month, &t->day);
  t->hour = (int)(millis/3600000);
  t->minute = (int)(millis/60000%60);
  t->second = (int)(millis/1000%60);
  t->milli = (int)(millis%1000);
}

static int64_t field_value(JodaField f, const Broken *t){
  int64_t year = t->year;
  switch( f ){
    case JF_YEAR:                 return year;
    case JF_MONTH_OF_YEAR:        return t->month;
    case JF_DAY_OF_MONTH:         return t->day;
    case JF_HOUR_OF_DAY:          return t->hour;
    case JF_MINUTE_OF_HOUR:       return t->minute;
    case JF_SECOND_OF_MINUTE:     return t->second;
    case JF_DAY_OF_YEAR:          return civil_day_of_year(t->days);
    case JF_DAY_OF_WEEK:          return civil_day_of_week(t->days);
    case JF_WEEK_OF_WEEKYEAR:     return civil_week(t->days, 0);
    case JF_WEEKYEAR:             civil_week(t->days, &year); return year;
    case JF_ERA:                  return year>0;
    case JF_YEAR_OF_ERA:          return year>0 ? year : 1-year;
    case JF_CENTURY_OF_ERA:       return (year>0 ? year : 1-year)/100;
    case JF_HALFDAY_OF_DAY:       return t->hour/12;
    case JF_CLOCKHOUR_OF_DAY:     return t->hour==0 ? 24 : t->hour;
    case JF_HOUR_OF_HALFDAY:      return t->hour%12;
    case JF_CLOCKHOUR_OF_HALFDAY: return t->hour%12==0 ? 12 : t->hour%12;
    default:                      return 0;
  }
}

static void print_number(Buf *b, int64_t v, int min){
  char z[24];
  int n = 0;
  if( v<0 ){
    buf_char(b, '-');
    v = -v;
  }
  do{
    z[sizeof(z)-1-n] = (char)('0' + v%10);
    v /= 10;
    n++;
  }while( v );
  while( n<min && n<(int)sizeof(z) ) z[sizeof(z)-1-n++] = '0';
  for(; min>n; min--) buf_char(b, '0');
  buf_add(b, z+sizeof(z)-n, (size_t)n);
}

/* At least min and at most max digits of the milliseconds as a fraction. */
static void print_fraction(Buf *b, int64_t millis, int min, int max){
  char z[3];
  int n = 3, i;
  z[0] = (char)('0' + millis/100);
  z[1] = (char)('0' + millis/10%10);
  z[2] = (char)('0' + millis%10);
  while( n>0 && z[n-1]=='0' ) n--;
  if( n>max ) n = max;
  buf_add(b, z, (size_t)n);
  for(i = n; i<min; i++) buf_char(b, '0');
}

static void print_offset(Buf *b, int seconds, int colon){
  int m = (seconds<0 ? -seconds : seconds)/60;
  buf_printf(b, "%c%02d%s%02d", seconds<0 ? '-' : '+', m/60, colon ? ":" : "", m%60);
}

/* Abbreviations are Java's where they are letters; before 1970, in zones that
** tzdata no longer abbreviates and in a few others, Java's differ. */
static int print_zone_name(FnCall *c, Buf *b, int64_t millis, int zone){
  static const char *const others[] =
    {"America/Adak", "America/Atka", "US/Aleutian", "Africa/Windhoek"};
  char z[ZONE_NAME_MAX], name[ZONE_NAME_MAX];
  int odd = millis<0;
  size_t i;
  zone_abbreviation(zone, floor_div(millis, 1000), z);
  zone_name(zone, name);
  for(i = 0; i<sizeof(others)/sizeof(others[0]); i++) odd |= strcmp(name, others[i])==0;
  if( !zone_is_fixed(zone) && (odd || z[0]=='+' || z[0]=='-') ){
    return fn_refuse(c, "the short name of zone %s", name);
  }
  buf_str(b, z);
  return FN_OK;
}

/* Long names are CLDR's; only those of fixed offsets are known here. */
static int print_zone_long_name(FnCall *c, Buf *b, int zone){
  char z[ZONE_NAME_MAX];
  if( !zone_is_fixed(zone) ) return fn_refuse(c, "the long name of zone %s", zone_name(zone, z));
  buf_str(b, zone==ZONE_UTC ? "Coordinated Universal Time" : zone_name(zone, z));
  return FN_OK;
}

static int print_node(FnCall *c, const JodaNode *p, int64_t millis, int offset, int zone,
                      const Broken *t, Buf *b){
  char z[ZONE_NAME_MAX];
  int64_t v;
  switch( p->kind ){
    case J_NUMBER:
      print_number(b, field_value(p->field, t), p->min);
      break;
    case J_TWO_DIGITS:
      v = field_value(p->field, t);
      print_number(b, (v<0 ? -v : v)%100, 2);
      break;
    case J_TEXT: case J_SHORT_TEXT:
      buf_str(b, joda_name(p->field, (int)field_value(p->field, t), p->kind==J_SHORT_TEXT));
      break;
    case J_FRACTION:
      print_fraction(b, t->milli, p->min, p->max);
      break;
    case J_LITERAL:
      buf_add(b, p->z, (size_t)p->n);
      break;
    case J_OFFSET:
      print_offset(b, offset, p->min);
      break;
    case J_ZONE_ID:
      buf_str(b, zone_name(zone, z));
      break;
    case J_ZONE_NAME:
      return print_zone_name(c, b, millis, zone);
    default:
      return print_zone_long_name(c, b, zone);
  }
  return FN_OK;
}

int joda_print(FnCall *c, const JodaNode *p, int64_t millis, int zone, Buf *b){
  int64_t local = millis_local(zone, millis);
  Broken t;
  break_down(local, &t);
  for(; p->kind!=J_END; p++){
    if( print_node(c, p, millis, (int)((local-millis)/1000), zone, &t, b) ) return FN_ERROR;
  }
  return FN_OK;
}
