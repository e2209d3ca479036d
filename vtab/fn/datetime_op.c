/*
** Operators on dates, times, timestamps and intervals: + - between them,
** interval * and / numbers, negation, AT TIME ZONE.
**
** The sum of a timestamp or time of precision p and a day-second interval has
** precision max(p,3).  A day-second interval moves the instant, a year-month
** interval the wall clock (date_add does the same).  Sums wrap around 64 bits
** as the engine's do.
*/
#include "../sqlite.h"
#include "datetime_unit.h"
#include <math.h>
#include <time.h>

#define UNUSED (void)c; (void)n

static int64_t wrap_add(int64_t a, int64_t b){
  return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_mul(int64_t a, int64_t b){
  return (int64_t)((uint64_t)a*(uint64_t)b);
}

static int64_t negate(int64_t a){
  return (int64_t)(0 - (uint64_t)a);
}

/* (long)d in Java: NaN is 0, the ends stick. */
static int64_t to_long(double d){
  if( isnan(d) ) return 0;
  if( d>=9223372036854775808.0 ) return INT64_MAX;
  if( d<=-9223372036854775808.0 ) return INT64_MIN;
  return (int64_t)d;
}

/* --- What adding means for each kind ------------------------------------- */

static int date_ds(FnCall *c, int64_t date, int64_t millis, int sign, Value *out){
  if( millis%MILLIS_PER_DAY!=0 ){
    return fn_bad_argument(c, sign>0 ? "Cannot add hour, minutes or seconds to a date"
                                     : "Cannot subtract hour, minutes or seconds from a date");
  }
  *out = value_int(date + sign*(millis/MILLIS_PER_DAY));
  return FN_OK;
}

static int date_ym(FnCall *c, int64_t date, int64_t months, int sign, Value *out){
  (void)c;
  *out = value_int(civil_add_months(date, sign*months));
  return FN_OK;
}

static int64_t clock_add(int64_t picos, int64_t millis, int sign){
  int64_t delta = millis%MILLIS_PER_DAY*INT64_C(1000000000);
  return floor_mod(picos + sign*delta, PICOS_PER_DAY);
}

static int time_ds(FnCall *c, const Value *time, int64_t millis, int sign, Value *out){
  (void)c;
  *out = value_int(clock_add(time->i, millis, sign));
  return FN_OK;
}

static int timetz_ds(FnCall *c, const Value *time, int64_t millis, int sign, Value *out){
  TimeTz t = value_get_time_tz(time);
  t.picos = clock_add(t.picos, millis, sign);
  *out = value_put_time_tz(c->arena, t);
  return FN_OK;
}

static int ts_ds(FnCall *c, const Value *ts, int64_t millis, int sign, Value *out){
  Instant x = get_timestamp(ts);
  int64_t micros = wrap_mul(millis, 1000);
  x.micros = wrap_add(x.micros, sign>0 ? micros : negate(micros));
  *out = put_timestamp_like(c->arena, ts, x);
  return FN_OK;
}

static int ts_ym(FnCall *c, const Value *ts, int64_t months, int sign, Value *out){
  Instant x = get_timestamp(ts);
  int64_t millis = millis_add(ZONE_UTC, UNIT_MONTH, micros_to_millis(x.micros), sign*months);
  if( !instant_from_millis(&x, millis, 1) ) return fn_refuse(c, "a timestamp out of range");
  *out = put_timestamp_like(c->arena, ts, x);
  return FN_OK;
}

static int tstz_ds(FnCall *c, const Value *ts, int64_t millis, int sign, Value *out){
  Instant x = get_tz(ts);
  int64_t micros;
  if( __builtin_mul_overflow(sign*millis, INT64_C(1000), &micros)
      || __builtin_add_overflow(x.micros, micros, &x.micros) ){
    return fn_refuse(c, "a timestamp with time zone out of range");
  }
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static int tstz_ym(FnCall *c, const Value *ts, int64_t months, int sign, Value *out){
  Instant x = get_tz(ts);
  int64_t millis = millis_add(x.zone, UNIT_MONTH, micros_to_millis(x.micros), sign*months);
  if( !instant_from_millis(&x, millis, 1) ){
    return fn_refuse(c, "a timestamp with time zone out of range");
  }
  *out = put_tz(c->arena, x);
  return FN_OK;
}

/* x + i, i + x and x - i of one kind; V is how the kind is handed over. */
#define VALUE(x) (&(x))
#define DAYS(x) ((x).i)
#define OPERATORS(name, V) \
  static int add_##name(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return name(c, V(v[0]), v[1].i, 1, out); \
  } \
  static int radd_##name(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return name(c, V(v[1]), v[0].i, 1, out); \
  } \
  static int sub_##name(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return name(c, V(v[0]), v[1].i, -1, out); \
  }
OPERATORS(date_ds, DAYS)
OPERATORS(date_ym, DAYS)
OPERATORS(time_ds, VALUE)
OPERATORS(timetz_ds, VALUE)
OPERATORS(ts_ds, VALUE)
OPERATORS(ts_ym, VALUE)
OPERATORS(tstz_ds, VALUE)
OPERATORS(tstz_ym, VALUE)

/* --- Differences --------------------------------------------------------- */

/* Picoseconds to milliseconds, halves up. */
static int64_t picos_to_millis(int64_t picos){
  return floor_div(picos + INT64_C(500000000), INT64_C(1000000000));
}

static int time_minus_time(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(picos_to_millis(v[0].i - v[1].i));
  return FN_OK;
}

static int64_t utc_picos(const Value *v){
  TimeTz t = value_get_time_tz(v);
  return floor_mod(t.picos - t.offset*60*PICOS_PER_SECOND, PICOS_PER_DAY);
}

static int timetz_minus_timetz(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(picos_to_millis(utc_picos(&v[0]) - utc_picos(&v[1])));
  return FN_OK;
}

static int ts_minus_ts(FnCall *c, int n, const Value *v, Value *out){
  int64_t d = wrap_add(get_timestamp(&v[0]).micros, negate(get_timestamp(&v[1]).micros));
  UNUSED;
  *out = value_int(floor_div(wrap_add(d, 500), 1000));
  return FN_OK;
}

/* Milliseconds apart; what is below them rounds the difference. */
static int tstz_minus_tstz(FnCall *c, int n, const Value *v, Value *out){
  Instant a = get_tz(&v[0]), b = get_tz(&v[1]);
  int64_t millis = micros_to_millis(a.micros) - micros_to_millis(b.micros);
  int64_t picos = (floor_mod(a.micros, 1000) - floor_mod(b.micros, 1000))*1000000
                  + a.picos - b.picos;
  UNUSED;
  if( picos>=INT64_C(500000000) ) millis++;
  if( picos<=-INT64_C(500000000) ) millis--;
  *out = value_int(millis);
  return FN_OK;
}

/* --- Intervals ----------------------------------------------------------- */

static int interval_add(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(wrap_add(v[0].i, v[1].i));
  return FN_OK;
}

static int interval_sub(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(wrap_add(v[0].i, negate(v[1].i)));
  return FN_OK;
}

static int interval_neg(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(negate(v[0].i));
  return FN_OK;
}

static int interval_mul(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(wrap_mul(v[0].i, v[1].i));
  return FN_OK;
}

static int times_double(FnCall *c, int64_t interval, double factor, Value *out){
  if( isnan(factor) ) return fn_bad_argument(c, "Cannot multiply by double NaN");
  *out = value_int(to_long((double)interval*factor));
  return FN_OK;
}

static int interval_mul_double(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return times_double(c, v[0].i, v[1].r, out);
}

static int double_mul_interval(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return times_double(c, v[1].i, v[0].r, out);
}

static int interval_div(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( isnan(v[1].r) || v[1].r==0 ){
    return fn_bad_argument(c, "Cannot divide by double %s",
                           isnan(v[1].r) ? "NaN" : signbit(v[1].r) ? "-0.0" : "0.0");
  }
  *out = value_int(to_long((double)v[0].i/v[1].r));
  return FN_OK;
}

/* --- Time zones ---------------------------------------------------------- */

/* The key of a zone named at run time. */
static int zone_of(FnCall *c, const Value *name, int *key){
  int rc = zone_parse(name->z, (size_t)name->n, key);
  if( rc==ZONE_OK ) return FN_OK;
  if( rc==ZONE_NO_DATA ){
    return fn_refuse(c, "time zone %.*s: its rules are not installed", name->n, name->z);
  }
  return fn_bad_argument(c, "'%.*s' is not a valid time zone", name->n, name->z);
}

static int offset_of(FnCall *c, const Value *interval, int *minutes){
  int64_t m = interval->i/60000;
  if( interval->i%60000!=0 ){
    return fn_bad_argument(c, "Invalid time zone offset interval: interval contains seconds");
  }
  if( m<-ZONE_MINUTES_MAX || m>ZONE_MINUTES_MAX ){
    return fn_bad_argument(c, "Invalid offset minutes %lld", (long long)m);
  }
  *minutes = (int)m;
  return FN_OK;
}

static int tstz_at_zone(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_tz(&v[0]);
  (void)n;
  if( zone_of(c, &v[1], &x.zone) ) return FN_ERROR;
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static int tstz_at_offset(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_tz(&v[0]);
  int minutes = 0;
  (void)n;
  if( offset_of(c, &v[1], &minutes) ) return FN_ERROR;
  x.zone = zone_from_minutes(minutes);
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static Value time_at(FnCall *c, const Value *time, int minutes){
  TimeTz t = value_get_time_tz(time);
  t.picos = floor_mod(t.picos + (minutes - t.offset)*60*PICOS_PER_SECOND, PICOS_PER_DAY);
  t.offset = minutes;
  return value_put_time_tz(c->arena, t);
}

/* A region's offset is the one in force now. */
static int timetz_at_zone(FnCall *c, int n, const Value *v, Value *out){
  int key;
  (void)n;
  if( zone_of(c, &v[1], &key) ) return FN_ERROR;
  *out = time_at(c, &v[0], zone_offset(key, (int64_t)time(0))/60);
  return FN_OK;
}

static int timetz_at_offset(FnCall *c, int n, const Value *v, Value *out){
  int minutes = 0;
  (void)n;
  if( offset_of(c, &v[1], &minutes) ) return FN_ERROR;
  *out = time_at(c, &v[0], minutes);
  return FN_OK;
}

/* A wall clock read in a zone. */
static int with_timezone(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_timestamp(&v[0]);
  int64_t local = micros_to_millis(x.micros);
  (void)n;
  if( zone_of(c, &v[1], &x.zone) ) return FN_ERROR;
  if( !instant_from_millis(&x, millis_from_local(x.zone, local, local), 1) ){
    return fn_refuse(c, "a timestamp with time zone out of range");
  }
  *out = put_tz(c->arena, x);
  return FN_OK;
}

/* The cast of a date to a timestamp, for the emitter. */
static int date_to_micros(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  *out = value_int(date_micros(v[0].i));
  return FN_OK;
}

static int current_timezone(FnCall *c, int n, const Value *v, Value *out){
  UNUSED;
  (void)v;
  *out = value_text("UTC", 3);
  return FN_OK;
}

/* --- Rows ---------------------------------------------------------------- */

/* The type of the first argument that has a precision, at least 3. */
static const Type *derive_sum(Arena *a, int argc, const Type *const *t){
  const Type *x = t[0]->kind==T_INTERVAL_DS && argc>1 ? t[1] : t[0];
  return type_precision(a, x->kind, x->p<3 ? 3 : x->p);
}

#define ROW(name, sig, impl, flags) {name, sig, impl, flags, "t_op_" #impl, 0, 0, 0, 0}
#define SUM(name, sig, impl, flags) {name, sig, impl, flags, "t_op_" #impl, 0, 0, 0, derive_sum}
#define DS "interval day to second"
#define YM "interval year to month"
#define TS "timestamp(p)"
#define TZ "timestamp(p) with time zone"
#define TT "time(p) with time zone"

const FnDef fn_datetime_op[] = {
  ROW("$add", "(date, " DS ") -> date", add_date_ds, FN_RAISES),
  ROW("$add", "(" DS ", date) -> date", radd_date_ds, FN_RAISES),
  ROW("$add", "(date, " YM ") -> date", add_date_ym, 0),
  ROW("$add", "(" YM ", date) -> date", radd_date_ym, 0),
  SUM("$add", "(time(p), " DS ") -> time(u)", add_time_ds, 0),
  SUM("$add", "(" DS ", time(p)) -> time(u)", radd_time_ds, 0),
  SUM("$add", "(" TT ", " DS ") -> time(u) with time zone", add_timetz_ds, 0),
  SUM("$add", "(" DS ", " TT ") -> time(u) with time zone", radd_timetz_ds, 0),
  SUM("$add", "(" TS ", " DS ") -> timestamp(u)", add_ts_ds, 0),
  SUM("$add", "(" DS ", " TS ") -> timestamp(u)", radd_ts_ds, 0),
  ROW("$add", "(" TS ", " YM ") -> " TS, add_ts_ym, FN_RAISES),
  ROW("$add", "(" YM ", " TS ") -> " TS, radd_ts_ym, FN_RAISES),
  SUM("$add", "(" TZ ", " DS ") -> timestamp(u) with time zone", add_tstz_ds, FN_RAISES),
  SUM("$add", "(" DS ", " TZ ") -> timestamp(u) with time zone", radd_tstz_ds, FN_RAISES),
  ROW("$add", "(" TZ ", " YM ") -> " TZ, add_tstz_ym, FN_RAISES),
  ROW("$add", "(" YM ", " TZ ") -> " TZ, radd_tstz_ym, FN_RAISES),
  ROW("$add", "(" DS ", " DS ") -> " DS, interval_add, 0),
  {"$add", "(" YM ", " YM ") -> " YM, interval_add, 0, "t_op_interval_add_ym", 0, 0, 0, 0},

  ROW("$subtract", "(date, " DS ") -> date", sub_date_ds, FN_RAISES),
  ROW("$subtract", "(date, " YM ") -> date", sub_date_ym, 0),
  SUM("$subtract", "(time(p), " DS ") -> time(u)", sub_time_ds, 0),
  SUM("$subtract", "(" TT ", " DS ") -> time(u) with time zone", sub_timetz_ds, 0),
  SUM("$subtract", "(" TS ", " DS ") -> timestamp(u)", sub_ts_ds, 0),
  ROW("$subtract", "(" TS ", " YM ") -> " TS, sub_ts_ym, FN_RAISES),
  SUM("$subtract", "(" TZ ", " DS ") -> timestamp(u) with time zone", sub_tstz_ds, FN_RAISES),
  ROW("$subtract", "(" TZ ", " YM ") -> " TZ, sub_tstz_ym, FN_RAISES),
  ROW("$subtract", "(time(p), time(p)) -> " DS, time_minus_time, 0),
  ROW("$subtract", "(" TT ", " TT ") -> " DS, timetz_minus_timetz, 0),
  ROW("$subtract", "(" TS ", " TS ") -> " DS, ts_minus_ts, 0),
  ROW("$subtract", "(" TZ ", " TZ ") -> " DS, tstz_minus_tstz, 0),
  ROW("$subtract", "(" DS ", " DS ") -> " DS, interval_sub, 0),
  {"$subtract", "(" YM ", " YM ") -> " YM, interval_sub, 0, "t_op_interval_sub_ym", 0, 0, 0, 0},

  ROW("$negate", "(" DS ") -> " DS, interval_neg, 0),
  {"$negate", "(" YM ") -> " YM, interval_neg, 0, "t_op_interval_neg_ym", 0, 0, 0, 0},

  ROW("$multiply", "(" DS ", bigint) -> " DS, interval_mul, 0),
  {"$multiply", "(bigint, " DS ") -> " DS, interval_mul, 0, "t_op_mul_interval", 0, 0, 0, 0},
  ROW("$multiply", "(" DS ", double) -> " DS, interval_mul_double, FN_RAISES),
  ROW("$multiply", "(double, " DS ") -> " DS, double_mul_interval, FN_RAISES),
  {"$multiply", "(" YM ", bigint) -> " YM, interval_mul, 0, "t_op_interval_mul_ym", 0, 0, 0, 0},
  {"$multiply", "(bigint, " YM ") -> " YM, interval_mul, 0, "t_op_mul_interval_ym", 0, 0, 0, 0},
  {"$multiply", "(" YM ", double) -> " YM, interval_mul_double, FN_RAISES,
   "t_op_interval_mul_double_ym", 0, 0, 0, 0},
  {"$multiply", "(double, " YM ") -> " YM, double_mul_interval, FN_RAISES,
   "t_op_double_mul_interval_ym", 0, 0, 0, 0},
  ROW("$divide", "(" DS ", double) -> " DS, interval_div, FN_RAISES),
  {"$divide", "(" YM ", double) -> " YM, interval_div, FN_RAISES, "t_op_interval_div_ym", 0, 0,
   0, 0},

  {"at_timezone", "(" TZ ", varchar(x)) -> " TZ, tstz_at_zone, FN_RAISES, "t_at_timezone", 0,
   "The same instant as the clock of another time zone shows it.",
   "at_timezone(TIMESTAMP '2024-01-15 12:00:00 UTC', 'America/New_York')"
   " = 2024-01-15 07:00:00 America/New_York", 0},
  {"at_timezone", "(" TZ ", " DS ") -> " TZ, tstz_at_offset, FN_RAISES|FN_HIDDEN,
   "t_at_timezone_offset", 0, 0, 0, 0},
  {"$at_timezone", "(" TZ ", varchar(x)) -> " TZ, tstz_at_zone, FN_RAISES, "t_op_at_zone", 0, 0, 0,
   0},
  {"$at_timezone", "(" TZ ", " DS ") -> " TZ, tstz_at_offset, FN_RAISES, "t_op_at_offset", 0, 0,
   0, 0},
  {"$at_timezone", "(" TT ", varchar(x)) -> " TT, timetz_at_zone, FN_RAISES, "t_op_time_at_zone",
   0, 0, 0, 0},
  {"$at_timezone", "(" TT ", " DS ") -> " TT, timetz_at_offset, FN_RAISES, "t_op_time_at_offset",
   0, 0, 0, 0},
  {"with_timezone", "(" TS ", varchar(x)) -> " TZ, with_timezone, FN_RAISES, 0, 0,
   "A timestamp as the clock of a time zone; a time that a change of the clock skips moves "
   "forward.",
   "with_timezone(TIMESTAMP '2024-07-15 12:00:00', 'Europe/London')"
   " = 2024-07-15 12:00:00 Europe/London", 0},
  {"current_timezone", "() -> varchar", current_timezone, 0, 0, 0,
   "The session's time zone, always UTC.", "current_timezone() = UTC", 0},
  {"$date_micros", "(date) -> timestamp(6)", date_to_micros, FN_HIDDEN, "t_date_micros", 0, 0, 0,
   0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
