/*
** Seconds since 1970, ISO 8601 and durations: from_unixtime, to_unixtime,
** from_unixtime_nanos, to_iso8601, from_iso8601_timestamp_nanos, date(),
** human_readable_seconds, parse_duration, current_… as functions.
*/
#include "../sqlite.h"
#include "datetime_unit.h"
#include "../datetime_text.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- Unix time ----------------------------------------------------------- */

/* Java's Math.round: halves up, NaN is 0, the ends stick. */
static int64_t java_round(double d){
  double r = floor(d);
  if( isnan(d) ) return 0;
  if( d-r>=0.5 ) r += 1;
  if( r>=9223372036854775808.0 ) return INT64_MAX;
  if( r<=-9223372036854775808.0 ) return INT64_MIN;
  return (int64_t)r;
}

#define SHORT_TZ_MILLIS (INT64_C(1)<<51)

static int from_seconds(FnCall *c, double seconds, int zone, Value *out){
  int64_t millis = java_round(seconds*1000);
  Instant x = {0, 0, zone};
  if( millis>=SHORT_TZ_MILLIS || millis<-SHORT_TZ_MILLIS ){
    return fn_refuse(c, "from_unixtime beyond the range of timestamp(3) with time zone");
  }
  x.micros = millis*1000;
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static int from_unixtime(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return from_seconds(c, v[0].r, ZONE_UTC, out);
}

static int from_unixtime_offset(FnCall *c, int n, const Value *v, Value *out){
  int64_t minutes;
  (void)n;
  if( __builtin_mul_overflow(v[1].i, INT64_C(60), &minutes)
      || __builtin_add_overflow(minutes, v[2].i, &minutes)
      || minutes>INT32_MAX || minutes<INT32_MIN ){
    return fn_refuse(c, "an offset beyond 32 bits");
  }
  if( minutes<-ZONE_MINUTES_MAX || minutes>ZONE_MINUTES_MAX ){
    return fn_bad_argument(c, "Invalid offset minutes %lld", (long long)minutes);
  }
  return from_seconds(c, v[0].r, zone_from_minutes((int)minutes), out);
}

static int from_unixtime_zone(FnCall *c, int n, const Value *v, Value *out){
  int key, rc = zone_parse(v[1].z, (size_t)v[1].n, &key);
  (void)n;
  if( rc==ZONE_NO_DATA || v[1].n==0 ){
    return fn_refuse(c, "time zone '%.*s'", v[1].n, v[1].z);
  }
  if( rc!=ZONE_OK ){
    return fn_error(c, "NOT_SUPPORTED", "Time zone not supported: %.*s", v[1].n, v[1].z);
  }
  return from_seconds(c, v[0].r, key, out);
}

#define NANOS_PER_SECOND INT64_C(1000000000)

static int from_nanos(FnCall *c, __int128 nanos, Value *out){
  __int128 seconds = nanos/NANOS_PER_SECOND;
  int64_t rest = (int64_t)(nanos%NANOS_PER_SECOND);
  Instant x = {0, 0, ZONE_UTC};
  if( rest<0 ){
    rest += NANOS_PER_SECOND;
    seconds--;
  }
  if( seconds>INT64_MAX/MICROS_PER_SECOND || seconds<INT64_MIN/MICROS_PER_SECOND
      || !datetime_instant((int64_t)seconds, rest*1000, &x) ){
    return fn_refuse(c, "from_unixtime_nanos out of range");
  }
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static int from_unixtime_nanos(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return from_nanos(c, v[0].i, out);
}

static int from_unixtime_nanos_decimal(FnCall *c, int n, const Value *v, Value *out){
  __int128 d = value_get_decimal(c->argt[0], &v[0]), unit = 1, rest;
  int i;
  (void)n;
  for(i = 0; i<c->argt[0]->s; i++) unit *= 10;
  rest = d%unit;
  d /= unit;
  if( rest<0 ? -rest>=unit-(unit/2) : rest>=unit-(unit/2) ) d += rest<0 ? -1 : rest>0;
  return from_nanos(c, d, out);
}

static int to_unixtime(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_timestamp(&v[0]);
  (void)c; (void)n;
  *out = value_real((double)x.micros/1e6 + x.picos/1e12);
  return FN_OK;
}

static int to_unixtime_tz(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_tz(&v[0]);
  int64_t millis = micros_to_millis(x.micros);
  int64_t picos = floor_mod(x.micros, 1000)*1000000 + x.picos;
  (void)c; (void)n;
  *out = value_real((double)millis/1e3 + (double)picos/1e12);
  return FN_OK;
}

/* --- date() -------------------------------------------------------------- */

static int to_date(FnCall *c, const Type *from, const Value *v, Value *out){
  return cast_temporal(c, from, &TYPE_DATE, v, out);
}

static int date_varchar(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return to_date(c, &TYPE_VARCHAR, v, out);
}

static int date_ts(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return to_date(c, &TYPE_TIMESTAMP, v, out);
}

static int date_tz(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return to_date(c, &TYPE_TIMESTAMP_TZ, v, out);
}

/* --- ISO 8601 ------------------------------------------------------------ */

static int to_iso8601_date(FnCall *c, int n, const Value *v, Value *out){
  Buf b;
  size_t skip;
  (void)n;
  buf_init(&b, c->arena);
  datetime_print(&b, &TYPE_DATE, &v[0]);
  skip = b.z && b.z[0]=='+';
  *out = value_text(b.z+skip, b.n-skip);
  return FN_OK;
}

/* A printed timestamp with T for its blank; the zone's name cut off. */
static void print_iso(Buf *b, const Type *t, const Value *v){
  char *blank;
  datetime_print(b, t, v);
  if( b->oom ) return;
  blank = memchr(b->z, ' ', b->n);
  if( blank==0 ) return;
  *blank = 'T';
  blank = memchr(blank, ' ', b->n-(size_t)(blank-b->z));
  if( blank ) b->n = (size_t)(blank-b->z);
}

static int to_iso8601(FnCall *c, int n, const Value *v, Value *out){
  Buf b;
  (void)n;
  buf_init(&b, c->arena);
  print_iso(&b, c->argt[0], &v[0]);
  *out = value_text(b.z, b.n);
  return FN_OK;
}

static int to_iso8601_tz(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_tz(&v[0]);
  int offset = zone_offset(x.zone, floor_div(x.micros, MICROS_PER_SECOND));
  int m = (offset<0 ? -offset : offset)/60;
  Buf b;
  (void)n;
  if( offset%60!=0 ){
    return fn_error(c, "INVALID_ARGUMENTS", "Timezone with non-zero seconds offset cannot be "
                    "rendered as ISO8601: %c%02d:%02d:%02d", offset<0 ? '-' : '+', m/60, m%60,
                    abs(offset)%60);
  }
  buf_init(&b, c->arena);
  print_iso(&b, c->argt[0], &v[0]);
  if( offset==0 ) buf_char(&b, 'Z');
  else buf_printf(&b, "%c%02d:%02d", offset<0 ? '-' : '+', m/60, m%60);
  *out = value_text(b.z, b.n);
  return FN_OK;
}

static const Type *derive_iso(Arena *a, int argc, const Type *const *t){
  int p = t[0]->kind==T_TIMESTAMP || t[0]->kind==T_TIMESTAMP_TZ ? t[0]->p : 0;
  (void)argc;
  return type_varchar(a, 22 + (p ? 1 : 0) + p + (t[0]->kind==T_TIMESTAMP_TZ ? 6 : 0));
}

/* java.time's ISO_DATE_TIME: the position of the first error, or -1. */
typedef struct IsoText { DateTimeText t; int offset; int has_offset; const char *zone; int zone_n; }
  IsoText;

static int iso_digits(const char *z, int n, int *at, int min, int max, int64_t *out){
  int i = *at, k = 0;
  int64_t v = 0;
  for(; i<n && k<max && z[i]>='0' && z[i]<='9'; i++, k++) v = v*10 + z[i]-'0';
  if( k<min ) return 0;
  *at = i;
  *out = v;
  return 1;
}

static int iso_field(const char *z, int n, int *at, char sep, int *out){
  int i = *at;
  int64_t v;
  if( i>=n || z[i]!=sep ) return 0;
  i++;
  if( !iso_digits(z, n, &i, 2, 2, &v) ){
    *at = i;
    return 0;
  }
  *at = i;
  *out = (int)v;
  return 1;
}

static int iso_date(const char *z, int n, int *at, DateTimeText *t){
  int sign = 0, start;
  int64_t v;
  if( *at<n && (z[*at]=='-' || z[*at]=='+') ) sign = z[(*at)++];
  start = *at;
  if( !iso_digits(z, n, at, 4, 10, &v) ){
    *at = start;
    return 0;
  }
  if( (*at-start>4)!=(sign=='+') && sign!='-' ){
    *at = sign ? 0 : start;
    return 0;
  }
  t->year = sign=='-' ? -v : v;
  return iso_field(z, n, at, '-', &t->month) && iso_field(z, n, at, '-', &t->day);
}

static int iso_time(const char *z, int n, int *at, DateTimeText *t){
  int64_t v;
  int i;
  if( *at>=n || (z[*at]!='T' && z[*at]!='t') ) return 0;
  (*at)++;
  if( !iso_digits(z, n, at, 2, 2, &v) ) return 0;
  t->hour = (int)v;
  if( !iso_field(z, n, at, ':', &t->minute) ) return 0;
  i = *at;
  if( i>=n || z[i]!=':' || !iso_field(z, n, &i, ':', &t->second) ) return 1;
  *at = i;
  if( i<n && z[i]=='.' ){
    int start = ++i;
    if( iso_digits(z, n, &i, 0, 9, &v) ){
      t->fraction = z+start;
      t->fraction_digits = i-start;
      *at = i;
    }
  }
  return 1;
}

static void iso_offset(const char *z, int n, int *at, IsoText *t){
  int i = *at, h, m, s = 0, sign;
  int64_t v;
  if( i<n && (z[i]=='Z' || z[i]=='z') ){
    t->has_offset = 1;
    *at = i+1;
    return;
  }
  if( i>=n || (z[i]!='+' && z[i]!='-') ) return;
  sign = z[i++]=='-' ? -1 : 1;
  if( !iso_digits(z, n, &i, 2, 2, &v) ) return;
  h = (int)v;
  if( !iso_field(z, n, &i, ':', &m) || m>59 || h>59 ) return;
  *at = i;
  if( i<n && z[i]==':' && iso_field(z, n, &i, ':', &s) && s<60 ) *at = i; else s = 0;
  t->has_offset = 1;
  t->offset = sign*(h*3600 + m*60 + s);
  if( *at<n && z[*at]=='[' ){
    const char *close = memchr(z+*at, ']', (size_t)(n-*at));
    if( close==0 ) return;
    t->zone = z+*at+1;
    t->zone_n = (int)(close-t->zone);
    *at = (int)(close-z)+1;
  }
}

/* The first field out of range, in the order that java.time looks. */
static int iso_check(FnCall *c, const Value *v, const IsoText *t){
  struct { const char *name, *range; int value, min, max; } f[] = {
    {"MonthOfYear", "1 - 12", t->t.month, 1, 12}, {"DayOfMonth", "1 - 28/31", t->t.day, 1, 31},
    {"MinuteOfHour", "0 - 59", t->t.minute, 0, 59}, {"HourOfDay", "0 - 23", t->t.hour, 0, 23},
    {"SecondOfMinute", "0 - 59", t->t.second, 0, 59}};
  const char *invalid = 0;
  size_t i;
  if( abs(t->offset)>=24*3600 ){
    return fn_bad_argument(c, "Text '%.*s' could not be parsed: Value out of range: Hour[0-23], "
                           "Minute[0-59], Second[0-59]", v->n, v->z);
  }
  if( abs(t->offset)>18*3600 ){
    return fn_bad_argument(c, "Text '%.*s' could not be parsed: Zone offset not in valid range: "
                           "-18:00 to +18:00", v->n, v->z);
  }
  for(i = 0; i<sizeof(f)/sizeof(f[0]); i++){
    if( i==2 && (invalid = java_invalid_date(c->arena, t->t.year, t->t.month, t->t.day))!=0 ){
      return fn_bad_argument(c, "Text '%.*s' could not be parsed: %s", v->n, v->z, invalid);
    }
    if( f[i].value>=f[i].min && f[i].value<=f[i].max ) continue;
    return fn_bad_argument(c, "Text '%.*s' could not be parsed: Invalid value for %s (valid values "
                           "%s): %d", v->n, v->z, f[i].name, f[i].range, f[i].value);
  }
  return FN_OK;
}

static int from_iso8601_timestamp_nanos(FnCall *c, int n, const Value *v, Value *out){
  IsoText t;
  Instant x = {0, 0, ZONE_UTC};
  int at = 0;
  const char *z = v[0].z;
  (void)n;
  memset(&t, 0, sizeof(t));
  if( !iso_date(z, v[0].n, &at, &t.t) || !iso_time(z, v[0].n, &at, &t.t) ){
    return fn_bad_argument(c, "Text '%.*s' could not be parsed at index %d", v[0].n, z, at);
  }
  iso_offset(z, v[0].n, &at, &t);
  if( at<v[0].n ){
    return fn_bad_argument(c, "Text '%.*s' could not be parsed, unparsed text found at index %d",
                           v[0].n, z, at);
  }
  if( iso_check(c, v, &t) ) return FN_ERROR;
  if( t.zone ){
    if( zone_parse(t.zone, (size_t)t.zone_n, &x.zone)!=ZONE_OK ){
      return fn_refuse(c, "time zone '%.*s'", t.zone_n, t.zone);
    }
  }else if( t.has_offset ){
    if( t.offset%60!=0 || abs(t.offset)>ZONE_MINUTES_MAX*60 ) return zone_unknown(c, t.offset);
    x.zone = zone_from_minutes(t.offset/60);
  }
  if( !datetime_instant(datetime_text_seconds(&t.t) - t.offset, datetime_text_picos(&t.t, 12), &x) ){
    return fn_refuse(c, "a timestamp out of range");
  }
  *out = put_tz(c->arena, x);
  return FN_OK;
}

/* --- Durations ----------------------------------------------------------- */

static void add_period(Buf *b, int64_t count, const char *name){
  if( count==0 ) return;
  buf_printf(b, "%s%lld %s%s", b->n ? ", " : "", (long long)count, name, count==1 ? "" : "s");
}

static int human_readable_seconds(FnCall *c, int n, const Value *v, Value *out){
  int64_t s;
  Buf b;
  (void)n;
  if( isnan(v[0].r) || isinf(v[0].r) ){
    return fn_bad_argument(c, "Invalid argument found: %s",
                           isnan(v[0].r) ? "NaN" : v[0].r<0 ? "-Infinity" : "Infinity");
  }
  s = java_round(fabs(v[0].r));
  buf_init(&b, c->arena);
  add_period(&b, s/604800, "week");
  add_period(&b, s/86400%7, "day");
  add_period(&b, s/3600%24, "hour");
  add_period(&b, s/60%60, "minute");
  add_period(&b, s%60, "second");
  if( b.n==0 ) buf_str(&b, "0 seconds");
  *out = value_text(b.z, b.n);
  return FN_OK;
}

/* Digits with an optional fraction at *pz; 0 where there are none. */
static int duration_number(const char **pz, const char *end, double *out){
  const char *z = *pz, *start = z;
  char text[64];
  while( z<end && *z>='0' && *z<='9' ) z++;
  if( z==start ) return 0;
  if( z+1<end && *z=='.' && z[1]>='0' && z[1]<='9' ){
    for(z++; z<end && *z>='0' && *z<='9'; z++){}
  }
  sqlite3_snprintf(sizeof(text), text, "%.*s", (int)(z-start), start);
  *out = strtod(text, 0);
  *pz = z;
  return z-start<(int)sizeof(text);
}

static int parse_duration(FnCall *c, int n, const Value *v, Value *out){
  static const struct { const char *name; double millis; } names[] = {
    {"ns", 1.0/1000000.0}, {"us", 1.0/1000.0}, {"ms", 1}, {"s", 1000}, {"m", 60000},
    {"h", 3600000}, {"d", 86400000}};
  const char *z = v[0].z, *end = z+v[0].n, *unit;
  double count;
  size_t i, k;
  (void)n;
  if( v[0].n==0 ) return fn_bad_argument(c, "duration is empty");
  while( z<end && is_blank(*z) ) z++;
  while( z<end && is_blank(end[-1]) ) end--;
  if( !duration_number(&z, end, &count) ) goto bad;
  while( z<end && is_blank(*z) ) z++;
  for(unit = z; z<end && ((*z|32)>='a' && (*z|32)<='z'); z++){}
  if( z==unit || z<end ) goto bad;
  k = (size_t)(z-unit);
  for(i = 0; i<sizeof(names)/sizeof(names[0]); i++){
    if( strlen(names[i].name)==k && memcmp(names[i].name, unit, k)==0 ){
      double millis = floor(count*names[i].millis + 0.5);
      if( millis>=9223372036854775808.0 ) return fn_refuse(c, "a duration beyond 64 bits");
      *out = value_int((int64_t)millis);
      return FN_OK;
    }
  }
  return fn_bad_argument(c, "Unknown time unit: %.*s", (int)k, unit);
bad:
  return fn_bad_argument(c, "duration is not a valid data duration string: %.*s", v[0].n, v[0].z);
}

/* --- Rows ---------------------------------------------------------------- */

#define TS "timestamp(p)"
#define TZ "timestamp(p) with time zone"

const FnDef fn_datetime_epoch[] = {
  {"from_unixtime", "(double, bigint, bigint) -> timestamp(3) with time zone",
   from_unixtime_offset, FN_RAISES, "t_from_unixtime_offset", 0, 0, 0, 0},
  {"from_unixtime", "(double) -> timestamp(3) with time zone", from_unixtime, FN_RAISES,
   "t_from_unixtime", 0, "Seconds since 1970 as a timestamp in UTC, a zone, or an offset.",
   "from_unixtime(1.5) = 1970-01-01 00:00:01.500 UTC", 0},
  {"from_unixtime", "(double, varchar(x)) -> timestamp(3) with time zone", from_unixtime_zone,
   FN_RAISES, "t_from_unixtime_zone", 0, 0, 0, 0},
  {"from_unixtime_nanos", "(bigint) -> timestamp(9) with time zone", from_unixtime_nanos,
   FN_RAISES, "t_from_unixtime_nanos", 0, "Nanoseconds since 1970 as a timestamp.",
   "from_unixtime_nanos(100) = 1970-01-01 00:00:00.000000100 UTC", 0},
  {"from_unixtime_nanos", "(decimal(p,s)) -> timestamp(9) with time zone",
   from_unixtime_nanos_decimal, FN_TYPED|FN_RAISES, "t_from_unixtime_nanos_decimal", 0, 0, 0, 0},
  {"to_unixtime", "(" TS ") -> double", to_unixtime, 0, "t_to_unixtime", 0,
   "Seconds since 1970.", "to_unixtime(TIMESTAMP '2020-01-15 00:00:00') = 1.5790464E9", 0},
  {"to_unixtime", "(" TZ ") -> double", to_unixtime_tz, 0, "t_to_unixtime_tz", 0, 0, 0, 0},
  {"date", "(varchar(x)) -> date", date_varchar, FN_RAISES, "t_date", 0,
   "The date of a text or a timestamp: a cast.", "date('2024-07-05') = 2024-07-05", 0},
  {"date", "(" TS ") -> date", date_ts, 0, "t_date_ts", 0, 0, 0, 0},
  {"date", "(" TZ ") -> date", date_tz, 0, "t_date_tz", 0, 0, 0, 0},
  {"to_iso8601", "(date) -> varchar(16)", to_iso8601_date, 0, "t_to_iso8601_date", 0,
   "A date or timestamp in ISO 8601.",
   "to_iso8601(TIMESTAMP '2023-02-24 00:00:00.000') = 2023-02-24T00:00:00.000", 0},
  {"to_iso8601", "(" TS ") -> varchar(n)", to_iso8601, FN_TYPED, "t_to_iso8601", 0, 0, 0,
   derive_iso},
  {"to_iso8601", "(" TZ ") -> varchar(n)", to_iso8601_tz, FN_TYPED|FN_RAISES, "t_to_iso8601_tz", 0,
   0, 0, derive_iso},
  {"from_iso8601_timestamp_nanos", "(varchar(x)) -> timestamp(9) with time zone",
   from_iso8601_timestamp_nanos, FN_RAISES, 0, 0,
   "ISO 8601 text to a timestamp of nine digits.",
   "from_iso8601_timestamp_nanos('2024-07-05T10:11:12.123456789Z')"
   " = 2024-07-05 10:11:12.123456789 UTC", 0},
  {"human_readable_seconds", "(double) -> varchar", human_readable_seconds, FN_RAISES, 0, 0,
   "Seconds in words.", "human_readable_seconds(3661) = 1 hour, 1 minute, 1 second", 0},
  {"parse_duration", "(varchar(x)) -> interval day to second", parse_duration, FN_RAISES, 0, 0,
   "Text such as 5m or 42.8ms as an interval.", "parse_duration('5m') = 0 00:05:00.000", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
