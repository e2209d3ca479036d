/*
** Text to dates, times, timestamps and intervals: literals and what casts
** share with them (see datetime.h).
**
** The forms are the engine's:
**   timestamp  [+-]yyyy-m-d[ h:m[:s[.f]]][ zone]
**   time       h:m[:s[.f]][+hh:mm]
**   date       [+-]y-m-d, blanks around it
**   interval   the fields from FROM to TO, the last ones may be missing
** A literal's precision is the number of its fraction's digits.
*/
#include "sqlite.h"
#include "datetime_text.h"
#include <stdio.h>
#include <string.h>

int is_blank(char c){
  return c==' ' || (c>='\t' && c<='\r') || (c>=0x1c && c<=0x1f);
}

void trim_blanks(const char **z, size_t *n){
  while( *n && is_blank(**z) ){ (*z)++; (*n)--; }
  while( *n && is_blank((*z)[*n-1]) ) (*n)--;
}

static int is_digit(char c){
  return c>='0' && c<='9';
}

/* min..max digits at *pz: the value (of the first 18), or -1 when there are
** fewer. */
static int64_t read_digits(const char **pz, const char *end, int min, int max){
  const char *z = *pz;
  int64_t v = 0;
  int n = 0;
  while( z<end && n<max && is_digit(*z) ){
    if( n<18 ) v = v*10 + (*z - '0');
    z++;
    n++;
  }
  if( n<min ) return -1;
  *pz = z;
  return v;
}

/* The same after a separator; *pz moves only on success. */
static int64_t read_after(const char **pz, const char *end, char sep, int min, int max){
  const char *z = *pz;
  int64_t v;
  if( z>=end || *z!=sep ) return -1;
  z++;
  v = read_digits(&z, end, min, max);
  if( v>=0 ) *pz = z;
  return v;
}

/* h:m[:s[.f]]: 1 and *pz after it, or 0 and nothing moved. */
static int read_clock(const char **pz, const char *end, DateTimeText *t){
  const char *z = *pz;
  int64_t h, m, s;
  h = read_digits(&z, end, 1, 2);
  m = h<0 ? -1 : read_after(&z, end, ':', 1, 2);
  if( m<0 ) return 0;
  t->has_time = 1;
  t->hour = (int)h;
  t->minute = (int)m;
  s = read_after(&z, end, ':', 1, 2);
  if( s>=0 ){
    const char *f = z;
    t->second = (int)s;
    if( read_after(&z, end, '.', 1, DATETIME_FRACTION_MAX)>=0 ){
      t->fraction = f+1;
      t->fraction_digits = (int)(z-f-1);
    }
  }
  *pz = z;
  return 1;
}

int datetime_scan(const char *z, size_t n, DateTimeText *t){
  const char *end = z+n;
  int64_t v;
  int negative;
  memset(t, 0, sizeof(*t));
  negative = z<end && *z=='-';
  if( z<end && (*z=='-' || *z=='+') ) z++;
  v = read_digits(&z, end, 4, 10);
  if( v<0 || v>INT32_MAX || (z<end && is_digit(*z)) ) return 0;
  t->year = negative ? -v : v;
  v = read_after(&z, end, '-', 1, 2);
  if( v<0 ) return 0;
  t->month = (int)v;
  v = read_after(&z, end, '-', 1, 2);
  if( v<0 ) return 0;
  t->day = (int)v;
  if( z==end ) return 1;
  if( *z++!=' ' ) return 0;
  read_clock(&z, end, t);
  while( z<end && is_blank(*z) ) z++;
  if( z<end ){
    if( memchr(z, '\n', (size_t)(end-z)) || memchr(z, '\r', (size_t)(end-z)) ) return 0;
    t->zone = z;
    t->zone_n = (int)(end-z);
  }
  return 1;
}

int datetime_scan_time(const char *z, size_t n, DateTimeText *t){
  const char *end = z+n;
  memset(t, 0, sizeof(*t));
  if( !read_clock(&z, end, t) ) return 0;
  while( z<end && is_blank(*z) ) z++;
  if( z==end ) return 1;
  t->zone = z;
  t->zone_n = (int)(end-z);
  return end-z==6 && (z[0]=='+' || z[0]=='-') && z[3]==':' && is_digit(z[1]) && is_digit(z[2])
         && is_digit(z[4]) && is_digit(z[5]);
}

int datetime_text_offset(const DateTimeText *t, int *minutes){
  const char *z = t->zone;
  int h = (z[1]-'0')*10 + z[2]-'0', m = (z[4]-'0')*10 + z[5]-'0';
  *minutes = (z[0]=='-' ? -1 : 1)*(h*60 + m);
  return (h==14 && m==0) || (h<14 && m<60);
}

int64_t datetime_text_picos(const DateTimeText *t, int p){
  int64_t v = 0;
  int i, n = t->fraction_digits;
  for(i = 0; i<12; i++) v = v*10 + (i<n ? t->fraction[i]-'0' : 0);
  if( n>p ){
    /* digits beyond the twelfth never change a rounding at p <= 12 but for
    ** the first of them */
    if( p==12 ) v += n>12 && t->fraction[12]>='5';
    else v = picos_round(v, p);
  }
  return v;
}

/* Valid fields, as java.time checks them. */
int datetime_text_valid(const DateTimeText *t, int with_date){
  if( t->hour>23 || t->minute>59 || t->second>59 ) return 0;
  if( t->fraction_digits>18 ) return 0;
  if( !with_date ) return 1;
  if( t->year<-999999999 || t->year>999999999 || t->month<1 || t->month>12 ) return 0;
  return t->day>=1 && t->day<=civil_days_in_month(t->year, t->month);
}

/* Seconds since 1970 of the wall clock in the text. */
int64_t datetime_text_seconds(const DateTimeText *t){
  return civil_to_days(t->year, t->month, t->day)*86400
         + t->hour*3600 + t->minute*60 + t->second;
}

int datetime_instant(int64_t seconds, int64_t picos, Instant *out){
  int64_t micros;
  if( __builtin_mul_overflow(seconds, MICROS_PER_SECOND, &micros) ) return 0;
  if( __builtin_add_overflow(micros, picos/1000000, &micros) ) return 0;
  out->micros = micros;
  out->picos = (int)(picos%1000000);
  return 1;
}

/* The largest instant that a timestamp with time zone of p <= 3 can hold. */
#define SHORT_TZ_MILLIS_MAX ((INT64_C(1)<<51) - 1)

int datetime_tz_fits(const Type *t, int64_t micros){
  int64_t millis = floor_div(micros, 1000);
  if( t->p>3 ) return 1;
  return millis<=SHORT_TZ_MILLIS_MAX && millis>=-SHORT_TZ_MILLIS_MAX-1;
}

/* --- Dates --------------------------------------------------------------- */

/* Two digits, or a negative number. */
static int two_digits(const char *z){
  unsigned a = (unsigned)z[0] - '0', b = (unsigned)z[1] - '0';
  return a>9 || b>9 ? -1 : (int)(a*10 + b);
}

/* yyyy-mm-dd, the form in which dates are stored: 1 and *days, or 0 for
** anything else, also what is no date. */
static int usual_date(const char *z, int64_t *days){
  int century = two_digits(z), year = two_digits(z+2), month = two_digits(z+5), day = two_digits(z+8);
  if( z[4]!='-' || z[7]!='-' || century<0 || year<0 || month<1 || month>12 || day<1 ) return 0;
  year += century*100;
  if( day>28 && day>civil_days_in_month(year, month) ) return 0;
  *days = civil_to_days(year, month, day);
  return 1;
}

/* The same for yyyy-mm-dd hh:mm:ss.fff */
static int usual_timestamp(const char *z, int64_t *micros){
  int hour = two_digits(z+11), minute = two_digits(z+14), second = two_digits(z+17);
  int hundredths = two_digits(z+20), last = two_digits(z+21);
  int64_t days;
  if( z[10]!=' ' || z[13]!=':' || z[16]!=':' || z[19]!='.' || hundredths<0 || last<0 ) return 0;
  if( hour<0 || hour>23 || minute<0 || minute>59 || second<0 || second>59 ) return 0;
  if( !usual_date(z, &days) ) return 0;
  *micros = (((days*24 + hour)*60 + minute)*60 + second)*MICROS_PER_SECOND + (hundredths*10 + last%10)*1000;
  return 1;
}

int datetime_parse_date(const char *z, size_t n, int64_t *days){
  const char *end;
  int64_t year, month, day;
  int negative = 0;
  if( n==10 && usual_date(z, days) ) return 0;
  trim_blanks(&z, &n);
  end = z+n;
  if( n>1 && (*z=='-' || *z=='+') ){
    negative = *z=='-';
    z++;
  }
  year = read_digits(&z, end, 1, 9);
  if( year<0 ) return -1;
  month = read_after(&z, end, '-', 1, 2);
  day = month<0 ? -1 : read_after(&z, end, '-', 1, 2);
  if( day<1 || z!=end || month<1 || month>12 ) return -1;
  if( negative ) year = -year;
  if( day>civil_days_in_month(year, (int)month) ) return -1;
  *days = civil_to_days(year, month, day);
  return *days<INT32_MIN || *days>INT32_MAX ? -1 : 0;
}

int datetime_parse_timestamp(const char *z, size_t n, int64_t *micros){
  DateTimeText t;
  Instant x;
  if( n==23 && usual_timestamp(z, micros) ) return 0;
  trim_blanks(&z, &n);
  if( !datetime_scan(z, n, &t) || !datetime_text_valid(&t, 1) || t.zone ) return -1;
  if( !datetime_instant(datetime_text_seconds(&t), datetime_text_picos(&t, 6), &x) ) return -1;
  *micros = x.micros;
  return 0;
}

/* --- Literals ------------------------------------------------------------ */

static int fail(DatetimeError *e, const char *code, const char *message){
  e->code = code;
  e->message = message;
  return 1;
}

static int invalid(Arena *a, const char *what, const char *z, size_t n, DatetimeError *e){
  return fail(e, "INVALID_LITERAL",
              arena_printf(a, "'%.*s' is not a valid %s literal", (int)n, z, what));
}

static int bad_precision(Arena *a, const char *what, const DateTimeText *t, DatetimeError *e){
  return fail(e, "NUMERIC_VALUE_OUT_OF_RANGE",
              arena_printf(a, "%s%s precision must be in range [0, 12]: %d", what,
                           t->zone ? " WITH TIME ZONE" : "", t->fraction_digits));
}

int datetime_literal_date(Arena *a, const char *z, size_t n, const Type **type, Value *out,
                          DatetimeError *error){
  int64_t days;
  if( datetime_parse_date(z, n, &days) ) return invalid(a, "DATE", z, n, error);
  *type = &TYPE_DATE;
  *out = value_int(days);
  return 0;
}

int datetime_literal_time(Arena *a, const char *z, size_t n, const Type **type, Value *out,
                          DatetimeError *error){
  DateTimeText t;
  TimeTz x = {0, 0};
  if( !datetime_scan_time(z, n, &t) ) return invalid(a, "TIME", z, n, error);
  if( t.fraction_digits>12 ) return bad_precision(a, "TIME", &t, error);
  if( !datetime_text_valid(&t, 0) || (t.zone && !datetime_text_offset(&t, &x.offset)) ){
    return invalid(a, "TIME", z, n, error);
  }
  x.picos = (t.hour*3600 + t.minute*60 + t.second)*PICOS_PER_SECOND + datetime_text_picos(&t, 12);
  *type = type_precision(a, t.zone ? T_TIME_TZ : T_TIME, t.fraction_digits);
  *out = t.zone ? value_put_time_tz(a, x) : value_int(x.picos);
  return 0;
}

int datetime_literal_timestamp(Arena *a, const char *z, size_t n, const Type **type, Value *out,
                               DatetimeError *error){
  DateTimeText t;
  Instant x = {0, 0, ZONE_UTC};
  int64_t seconds;
  if( !datetime_scan(z, n, &t) ) return invalid(a, "TIMESTAMP", z, n, error);
  if( t.fraction_digits>12 ) return bad_precision(a, "TIMESTAMP", &t, error);
  if( !datetime_text_valid(&t, 1) ) return invalid(a, "TIMESTAMP", z, n, error);
  seconds = datetime_text_seconds(&t);
  if( t.zone ){
    int before, after, rc = zone_parse(t.zone, (size_t)t.zone_n, &x.zone);
    if( rc==ZONE_INVALID ) return invalid(a, "TIMESTAMP", z, n, error);
    if( rc==ZONE_RANGE ){
      return fail(error, "NOT_SUPPORTED",
                  arena_printf(a, "Time zone not supported: %.*s", t.zone_n, t.zone));
    }
    if( rc==ZONE_NO_DATA ){
      return fail(error, "TARN_NOT_SUPPORTED",
                  arena_printf(a, "time zone %.*s: its rules are not installed (tzdata)",
                               t.zone_n, t.zone));
    }
    if( zone_local(x.zone, seconds, &before, &after)==0 ){
      return invalid(a, "TIMESTAMP", z, n, error);
    }
    seconds -= before;
  }
  *type = type_precision(a, t.zone ? T_TIMESTAMP_TZ : T_TIMESTAMP, t.fraction_digits);
  if( *type==0 ) return fail(error, "TARN_NOT_SUPPORTED", "out of memory");
  if( !datetime_instant(seconds, datetime_text_picos(&t, 12), &x)
      || (t.zone && !datetime_tz_fits(*type, x.micros)) ){
    return invalid(a, "TIMESTAMP", z, n, error);
  }
  *out = value_put_instant(a, *type, x);
  return 0;
}

/* --- Intervals ----------------------------------------------------------- */

/* Fields in order; a literal names a run of them. */
static const struct IntervalField {
  const char *name;
  int64_t unit;                 /* milliseconds or months */
  char separator;               /* before the field when it is not the first */
  char year_month;
} interval_fields[] = {
  {"year", 12, 0, 1}, {"month", 1, '-', 1},
  {"day", MILLIS_PER_DAY, 0, 0}, {"hour", 3600000, ' ', 0}, {"minute", 60000, ':', 0},
  {"second", 1000, ':', 0},
};

static int interval_field(const char *name){
  int i;
  for(i = 0; i<6; i++){
    if( sqlite3_stricmp(name, interval_fields[i].name)==0 ) return i;
  }
  return -1;
}

/* One field: digits, for seconds a fraction too (milliseconds, cut).  A plus
** sign is passed over. */
static int read_field(const char **pz, const char *end, int with_fraction, int64_t unit,
                      int64_t *total){
  const char *z = *pz;
  int64_t v = 0, product;
  int n = 0;
  if( z+1<end && *z=='+' && is_digit(z[1]) ) z++;
  for(; z<end && is_digit(*z) && n<10; n++) v = v*10 + (*z++ - '0');
  if( v>INT32_MAX ) return 0;
  if( with_fraction && z<end && (*z=='.' || *z==',') ){
    int64_t millis = 0;
    int k;
    for(z++, k = 0; z<end && is_digit(*z); z++, k++, n++) if( k<3 ) millis = millis*10 + *z - '0';
    for(; k<3; k++) millis *= 10;
    if( __builtin_add_overflow(*total, millis, total) ) return 0;
  }
  if( n==0 ) return 0;
  if( __builtin_mul_overflow(v, unit, &product) ) return 0;
  if( __builtin_add_overflow(*total, product, total) ) return 0;
  *pz = z;
  return 1;
}

/* The fields first..last, of which the last ones may be missing. */
static int read_interval(const char *z, const char *end, int first, int last, int64_t *out){
  int i;
  *out = 0;
  for(i = first; i<=last; i++){
    if( i>first ){
      if( z==end ) return 1;
      if( *z++!=interval_fields[i].separator ) return 0;
    }
    if( !read_field(&z, end, i==5, interval_fields[i].unit, out) ) return 0;
  }
  return z==end;
}

int datetime_literal_interval(Arena *a, const char *z, size_t n, int sign, const char *from,
                              const char *to, const Type **type, Value *out,
                              DatetimeError *error){
  int first = interval_field(from), last = to ? interval_field(to) : first;
  int negative = n>0 && z[0]=='-', ok;
  int64_t v = 0;
  ok = first>=0 && last>=first
       && interval_fields[first].year_month==interval_fields[last].year_month;
  ok = ok && read_interval(z+negative, z+n, first, last, &v);
  if( ok && interval_fields[first].year_month ) ok = v<=INT32_MAX;
  if( !ok ) return invalid(a, "INTERVAL", z, n, error);
  if( (sign<0) != negative ) v = -v;
  *type = interval_fields[first].year_month ? &TYPE_INTERVAL_YM : &TYPE_INTERVAL_DS;
  *out = value_int(v);
  return 0;
}
