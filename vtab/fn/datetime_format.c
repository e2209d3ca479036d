/*
** Formatting and parsing by pattern: date_format, date_parse (MySQL's
** patterns), format_datetime, parse_datetime (Joda's), from_iso8601_timestamp,
** from_iso8601_date.  Values are cut to milliseconds before they are printed.
*/
#include "../sqlite.h"
#include "joda.h"
#include <string.h>

/* --- Formatting ---------------------------------------------------------- */

static int format(FnCall *c, Instant x, const Value *pattern, int mysql, Value *out){
  const JodaFormat *f = joda_format(c, pattern, mysql);
  Buf b;
  if( f==0 ) return FN_ERROR;
  buf_init(&b, c->arena);
  buf_room(&b, 48);             /* most results fit: no growing piece by piece */
  if( joda_print(c, f->node, micros_to_millis(x.micros), x.zone, &b) ) return FN_ERROR;
  *out = value_text(b.z ? b.z : "", b.n);
  return FN_OK;
}

static int date_format(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return format(c, get_timestamp(&v[0]), &v[1], 1, out);
}

static int date_format_tz(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return format(c, get_tz(&v[0]), &v[1], 1, out);
}

static int format_datetime(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return format(c, get_timestamp(&v[0]), &v[1], 0, out);
}

static int format_datetime_tz(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return format(c, get_tz(&v[0]), &v[1], 0, out);
}

/* --- Parsing ------------------------------------------------------------- */

/* yyyy-mm-dd of exactly that form: 1 and the fields. */
static int plain_date(const Value *v, int *year, int *month, int *day){
  const char *z = v->z;
  int i;
  if( v->n!=10 || z[4]!='-' || z[7]!='-' ) return 0;
  for(i = 0; i<10; i++) if( i!=4 && i!=7 && (z[i]<'0' || z[i]>'9') ) return 0;
  *year = (z[0]-'0')*1000 + (z[1]-'0')*100 + (z[2]-'0')*10 + z[3]-'0';
  *month = (z[5]-'0')*10 + z[6]-'0';
  *day = (z[8]-'0')*10 + z[9]-'0';
  return 1;
}

/* The engine reads '%Y-%m-%d' by java.time, whose errors differ from Joda's. */
static int parse_plain_date(FnCall *c, const Value *text, int64_t *days, int *done){
  const char *invalid;
  int year, month, day;
  *done = plain_date(text, &year, &month, &day);
  if( !*done ) return FN_OK;
  if( month<1 || month>12 ){
    return fn_bad_argument(c, "Invalid value for MonthOfYear (valid values 1 - 12): %d", month);
  }
  if( day<1 || day>31 ){
    return fn_bad_argument(c, "Invalid value for DayOfMonth (valid values 1 - 28/31): %d", day);
  }
  invalid = java_invalid_date(c->arena, year, month, day);
  if( invalid ) return fn_bad_argument(c, "%s", invalid);
  *days = civil_to_days(year, month, day);
  return FN_OK;
}

static int date_parse(FnCall *c, int n, const Value *v, Value *out){
  const JodaNode *node = joda_iso_full_date;
  JodaResult r;
  int64_t days = 0, micros;
  int done = 0;
  (void)n;
  if( v[1].n==8 && memcmp(v[1].z, "%Y-%m-%d", 8)==0 ){
    if( parse_plain_date(c, &v[0], &days, &done) ) return FN_ERROR;
    if( done ){
      *out = value_int(days*MICROS_PER_DAY);
      return FN_OK;
    }
  }else{
    const JodaFormat *f = joda_format(c, &v[1], 1);
    if( f==0 ) return FN_ERROR;
    node = f->node;
  }
  if( joda_parse(c, node, v[0].z, v[0].n, &r) ) return FN_ERROR;
  if( __builtin_mul_overflow(r.millis, INT64_C(1000), &micros) ){
    return fn_refuse(c, "a timestamp out of range");
  }
  *out = value_int(micros);
  return FN_OK;
}

#define SHORT_TZ_MILLIS (INT64_C(1)<<51)

/* What was parsed as a timestamp(3) with time zone. */
static int result_tz(FnCall *c, const JodaResult *r, Value *out){
  Instant x = {0, 0, ZONE_UTC};
  if( r->has_offset ){
    int m = r->offset_seconds/60;
    if( r->offset_seconds%60!=0 || m>ZONE_MINUTES_MAX || m<-ZONE_MINUTES_MAX ){
      return zone_unknown(c, r->offset_seconds);
    }
    x.zone = zone_from_minutes(m);
  }else if( r->has_zone ){
    x.zone = r->zone;
  }
  if( r->millis>=SHORT_TZ_MILLIS || r->millis<-SHORT_TZ_MILLIS ){
    return fn_bad_argument(c, "Millis overflow: %lld", (long long)r->millis);
  }
  x.micros = r->millis*1000;
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static int parse_datetime(FnCall *c, int n, const Value *v, Value *out){
  const JodaFormat *f = joda_format(c, &v[1], 0);
  JodaResult r;
  (void)n;
  if( f==0 || joda_parse(c, f->node, v[0].z, v[0].n, &r) ) return FN_ERROR;
  return result_tz(c, &r, out);
}

static int from_iso8601_timestamp(FnCall *c, int n, const Value *v, Value *out){
  JodaResult r;
  (void)n;
  if( joda_parse(c, joda_iso_datetime, v[0].z, v[0].n, &r) ) return FN_ERROR;
  return result_tz(c, &r, out);
}

static int from_iso8601_date(FnCall *c, int n, const Value *v, Value *out){
  JodaResult r;
  (void)n;
  if( joda_parse(c, joda_iso_date, v[0].z, v[0].n, &r) ) return FN_ERROR;
  *out = value_int(r.millis/MILLIS_PER_DAY);
  if( out->i<INT32_MIN || out->i>INT32_MAX ) return fn_refuse(c, "a date out of range");
  return FN_OK;
}

/* --- Rows ---------------------------------------------------------------- */

#define TZ "timestamp(p) with time zone"

const FnDef fn_datetime_format[] = {
  {"date_format", "(timestamp(p), varchar(x)) -> varchar", date_format, FN_TYPED|FN_RAISES,
   "t_date_format", 0, "A timestamp by a pattern of MySQL's: %Y %m %d %H %i %s %f %a %b …",
   "date_format(TIMESTAMP '2022-10-20 05:10:00', '%m-%d-%Y %H') = 10-20-2022 05", 0},
  {"date_format", "(" TZ ", varchar(x)) -> varchar", date_format_tz, FN_TYPED|FN_RAISES,
   "t_date_format_tz", 0, 0, 0, 0},
  {"date_parse", "(varchar(x), varchar(y)) -> timestamp(3)", date_parse, FN_TYPED|FN_RAISES, 0, 0,
   "Text to a timestamp by a pattern of MySQL's.",
   "date_parse('2022/10/20/05', '%Y/%m/%d/%H') = 2022-10-20 05:00:00.000", 0},
  {"format_datetime", "(timestamp(p), varchar(x)) -> varchar", format_datetime,
   FN_TYPED|FN_RAISES, "t_format_datetime", 0,
   "A timestamp by a pattern of Joda-Time's: yyyy MM dd HH mm ss SSS EEE …",
   "format_datetime(TIMESTAMP '2024-07-05 22:01:02', 'EEE, dd MMM yyyy') = Fri, 05 Jul 2024", 0},
  {"format_datetime", "(" TZ ", varchar(x)) -> varchar", format_datetime_tz, FN_TYPED|FN_RAISES,
   "t_format_datetime_tz", 0, 0, 0, 0},
  {"parse_datetime", "(varchar(x), varchar(y)) -> timestamp(3) with time zone", parse_datetime,
   FN_TYPED|FN_RAISES, 0, 0, "Text to a timestamp by a pattern of Joda-Time's.",
   "parse_datetime('05/Jul/2024:10:11:12 +0000', 'dd/MMM/yyyy:HH:mm:ss Z')"
   " = 2024-07-05 10:11:12.000 UTC", 0},
  {"from_iso8601_timestamp", "(varchar(x)) -> timestamp(3) with time zone",
   from_iso8601_timestamp, FN_RAISES, 0, 0, "ISO 8601 text to a timestamp.",
   "from_iso8601_timestamp('2024-07-05T10:11:12+05:30') = 2024-07-05 10:11:12.000 +05:30", 0},
  {"from_iso8601_date", "(varchar(x)) -> date", from_iso8601_date, FN_RAISES, 0, 0,
   "ISO 8601 text to a date: calendar, week or ordinal date.",
   "from_iso8601_date('2020-W53-7') = 2021-01-03", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
