/*
** date_add, date_diff, date_trunc, and sequence over dates and timestamps.
**
** Timestamps are cut to milliseconds before they are compared or truncated;
** date_add keeps what lies below.  A precision under 3 rounds the result.
*/
#include "../sqlite.h"
#include "datetime_unit.h"

/* --- date_add ------------------------------------------------------------ */

/* The count must fit 32 bits. */
static int count_of(FnCall *c, const Value *v, int64_t *out){
  *out = v->i;
  if( v->i<INT32_MIN || v->i>INT32_MAX ) return fn_bad_argument(c, "integer overflow");
  return FN_OK;
}

static int date_add_date(FnCall *c, int n, const Value *v, Value *out){
  Unit u;
  int64_t count, day;
  (void)n;
  if( unit_parse(c, &v[0], SCOPE_DATE, &u) ) return FN_ERROR;
  if( v[1].i<INT32_MIN || v[1].i>INT32_MAX ) return fn_refuse(c, "date_add beyond 32 bits");
  count = v[1].i;
  switch( u ){
    case UNIT_MONTH:   day = civil_add_months(v[2].i, count); break;
    case UNIT_QUARTER: day = civil_add_months(v[2].i, count*3); break;
    case UNIT_YEAR:    day = civil_add_months(v[2].i, count*12); break;
    default:           day = v[2].i + count*(u==UNIT_WEEK ? 7 : 1); break;
  }
  if( day<INT32_MIN || day>INT32_MAX ) return fn_refuse(c, "a date out of range");
  *out = value_int(day);
  return FN_OK;
}

/* Common to both kinds of timestamp; x holds the zone. */
static int add_to(FnCall *c, const Value *v, Instant *x, int p){
  Unit u;
  int64_t count, millis;
  if( unit_parse(c, &v[0], SCOPE_TIMESTAMP, &u) || count_of(c, &v[1], &count) ) return FN_ERROR;
  millis = millis_add(x->zone, u, micros_to_millis(x->micros), count);
  if( !instant_from_millis(x, millis, 1) ) return fn_bad_argument(c, "long overflow");
  if( p<3 ) *x = instant_round(*x, p);
  return FN_OK;
}

static int date_add_ts(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_timestamp(&v[2]);
  (void)n;
  if( add_to(c, v, &x, c->rett->p) ) return FN_ERROR;
  *out = put_timestamp_like(c->arena, &v[2], x);
  return FN_OK;
}

#define SHORT_TZ_MILLIS (INT64_C(1)<<51)

static int date_add_tz(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_tz(&v[2]);
  int64_t millis;
  (void)n;
  if( add_to(c, v, &x, c->rett->p) ) return FN_ERROR;
  millis = micros_to_millis(x.micros);
  if( c->rett->p<=3 && (millis>=SHORT_TZ_MILLIS || millis<-SHORT_TZ_MILLIS) ){
    return fn_bad_argument(c, "Millis overflow: %lld", (long long)millis);
  }
  *out = put_tz(c->arena, x);
  return FN_OK;
}

/* Time of day plus count units, rounded to p digits, round the clock. */
static int clock_add(FnCall *c, const Value *v, int p, int64_t *picos){
  Unit u;
  int64_t per_day;
  if( unit_parse(c, &v[0], SCOPE_TIME, &u) ) return FN_ERROR;
  per_day = MILLIS_PER_DAY/unit_millis(u);
  *picos += v[1].i%per_day*unit_millis(u)*INT64_C(1000000000);
  *picos = floor_mod(*picos, PICOS_PER_DAY);
  if( p<3 ) *picos = picos_round(*picos, p)%PICOS_PER_DAY;
  return FN_OK;
}

static int date_add_time(FnCall *c, int n, const Value *v, Value *out){
  int64_t picos = v[2].i;
  (void)n;
  if( clock_add(c, v, c->rett->p, &picos) ) return FN_ERROR;
  *out = value_int(picos);
  return FN_OK;
}

static int date_add_timetz(FnCall *c, int n, const Value *v, Value *out){
  TimeTz t = value_get_time_tz(&v[2]);
  (void)n;
  if( clock_add(c, v, c->rett->p, &t.picos) ) return FN_ERROR;
  *out = value_put_time_tz(c->arena, t);
  return FN_OK;
}

/* --- date_diff ----------------------------------------------------------- */

static int date_diff_date(FnCall *c, int n, const Value *v, Value *out){
  Unit u;
  (void)n;
  if( unit_parse(c, &v[0], SCOPE_DATE, &u) ) return FN_ERROR;
  *out = value_int(millis_diff(ZONE_UTC, u, v[1].i*MILLIS_PER_DAY, v[2].i*MILLIS_PER_DAY));
  return FN_OK;
}

static int diff_instants(FnCall *c, const Value *unit, Instant a, Instant b, Value *out){
  Unit u;
  if( unit_parse(c, unit, SCOPE_TIMESTAMP, &u) ) return FN_ERROR;
  *out = value_int(millis_diff(a.zone, u, micros_to_millis(a.micros), micros_to_millis(b.micros)));
  return FN_OK;
}

static int date_diff_ts(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return diff_instants(c, &v[0], get_timestamp(&v[1]), get_timestamp(&v[2]), out);
}

/* By the clock of the first value's zone. */
static int date_diff_tz(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return diff_instants(c, &v[0], get_tz(&v[1]), get_tz(&v[2]), out);
}

static int diff_clocks(FnCall *c, const Value *unit, int64_t picos, Value *out){
  Unit u;
  if( unit_parse(c, unit, SCOPE_TIME, &u) ) return FN_ERROR;
  *out = value_int(picos/(unit_millis(u)*INT64_C(1000000000)));
  return FN_OK;
}

static int date_diff_time(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return diff_clocks(c, &v[0], v[2].i - v[1].i, out);
}

static int64_t utc_picos(const Value *v){
  TimeTz t = value_get_time_tz(v);
  return floor_mod(t.picos - t.offset*60*PICOS_PER_SECOND, PICOS_PER_DAY);
}

static int date_diff_timetz(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return diff_clocks(c, &v[0], utc_picos(&v[2]) - utc_picos(&v[1]), out);
}

/* --- date_trunc ---------------------------------------------------------- */

static int date_trunc_date(FnCall *c, int n, const Value *v, Value *out){
  Unit u;
  (void)n;
  if( unit_parse(c, &v[0], SCOPE_DATE, &u) ) return FN_ERROR;
  *out = value_int(millis_floor(ZONE_UTC, u, v[1].i*MILLIS_PER_DAY)/MILLIS_PER_DAY);
  return FN_OK;
}

static int trunc_instant(FnCall *c, const Value *unit, Instant *x){
  Unit u;
  if( unit_parse(c, unit, SCOPE_TIMESTAMP, &u) ) return FN_ERROR;
  if( !instant_from_millis(x, millis_floor(x->zone, u, micros_to_millis(x->micros)), 0) ){
    return fn_refuse(c, "a timestamp out of range");
  }
  return FN_OK;
}

static int date_trunc_ts(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_timestamp(&v[1]);
  (void)n;
  if( trunc_instant(c, &v[0], &x) ) return FN_ERROR;
  *out = put_timestamp_like(c->arena, &v[1], x);
  return FN_OK;
}

static int date_trunc_tz(FnCall *c, int n, const Value *v, Value *out){
  Instant x = get_tz(&v[1]);
  (void)n;
  if( trunc_instant(c, &v[0], &x) ) return FN_ERROR;
  *out = put_tz(c->arena, x);
  return FN_OK;
}

static int trunc_clock(FnCall *c, const Value *unit, int64_t *picos){
  Unit u;
  int64_t size;
  if( unit_parse(c, unit, SCOPE_TIME, &u) ) return FN_ERROR;
  size = unit_millis(u)*INT64_C(1000000000);
  *picos = *picos/size*size;
  return FN_OK;
}

static int date_trunc_time(FnCall *c, int n, const Value *v, Value *out){
  int64_t picos = v[1].i;
  (void)n;
  if( trunc_clock(c, &v[0], &picos) ) return FN_ERROR;
  *out = value_int(picos);
  return FN_OK;
}

static int date_trunc_timetz(FnCall *c, int n, const Value *v, Value *out){
  TimeTz t = value_get_time_tz(&v[1]);
  (void)n;
  if( trunc_clock(c, &v[0], &t.picos) ) return FN_ERROR;
  *out = value_put_time_tz(c->arena, t);
  return FN_OK;
}

/* --- sequence ------------------------------------------------------------ */

#define SEQUENCE_MAX 10000      /* entries; the engine's limit */

static int too_many(FnCall *c){
  return fn_bad_argument(c, "result of sequence function must not have more than %d entries",
                         SEQUENCE_MAX);
}

static int check_step(FnCall *c, int64_t start, int64_t stop, int64_t step){
  if( step==0 ) return fn_bad_argument(c, "step must not be zero");
  if( step>0 ? stop<start : stop>start ){
    return fn_bad_argument(c, "sequence stop value should be greater than or equal to start value "
                           "if step is greater than zero otherwise stop should be less than or "
                           "equal to start");
  }
  return FN_OK;
}

/* How many steps fit a distance of the same sign. */
static int count_steps(FnCall *c, int64_t distance, int64_t step, int *count){
  int64_t k = distance/step;
  if( k>=SEQUENCE_MAX ) return too_many(c);
  *count = (int)k + 1;
  return FN_OK;
}

static int sequence_days(FnCall *c, int64_t start, int64_t stop, int64_t step, Value *out){
  ListBuilder list;
  int i, count = 0;
  if( check_step(c, start, stop, step) || count_steps(c, stop-start, step, &count) ){
    return FN_ERROR;
  }
  list_begin(&list, c->arena);
  for(i = 0; i<count; i++) list_add(&list, value_int(start + i*step));
  *out = list_end(&list);
  return FN_OK;
}

static int sequence_date(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return sequence_days(c, v[0].i, v[1].i, v[1].i>=v[0].i ? 1 : -1, out);
}

static int sequence_date_ds(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  if( v[2].i%MILLIS_PER_DAY!=0 ){
    return fn_bad_argument(c, "sequence step must be a day interval if start and end values are "
                           "dates");
  }
  return sequence_days(c, v[0].i, v[1].i, v[2].i/MILLIS_PER_DAY, out);
}

static int sequence_date_ym(FnCall *c, int n, const Value *v, Value *out){
  ListBuilder list;
  int i, count = 0;
  int64_t months;
  (void)n;
  if( check_step(c, v[0].i, v[1].i, v[2].i) ) return FN_ERROR;
  months = millis_diff(ZONE_UTC, UNIT_MONTH, v[0].i*MILLIS_PER_DAY, v[1].i*MILLIS_PER_DAY);
  if( count_steps(c, months, v[2].i, &count) ) return FN_ERROR;
  list_begin(&list, c->arena);
  for(i = 0; i<count; i++) list_add(&list, value_int(civil_add_months(v[0].i, i*v[2].i)));
  *out = list_end(&list);
  return FN_OK;
}

static int sequence_ts_ds(FnCall *c, int n, const Value *v, Value *out){
  ListBuilder list;
  Instant a = get_timestamp(&v[0]), b = get_timestamp(&v[1]);
  int64_t step, distance;
  int i, count = 0;
  (void)n;
  if( __builtin_mul_overflow(v[2].i, INT64_C(1000), &step)
      || __builtin_sub_overflow(b.micros, a.micros, &distance) ){
    return fn_refuse(c, "a sequence beyond 64 bits");
  }
  if( check_step(c, a.micros, b.micros, step) || count_steps(c, distance, step, &count) ){
    return FN_ERROR;
  }
  list_begin(&list, c->arena);
  for(i = 0; i<count; i++){
    list_add(&list, put_timestamp_like(c->arena, &v[0], a));
    a.micros = (int64_t)((uint64_t)a.micros + (uint64_t)step);
  }
  *out = list_end(&list);
  return FN_OK;
}

static int sequence_ts_ym(FnCall *c, int n, const Value *v, Value *out){
  ListBuilder list;
  Instant a = get_timestamp(&v[0]), b = get_timestamp(&v[1]);
  int64_t from = micros_to_millis(a.micros), to = micros_to_millis(b.micros);
  int i, count = 0;
  (void)n;
  if( check_step(c, a.micros, b.micros, v[2].i) ) return FN_ERROR;
  if( count_steps(c, millis_diff(ZONE_UTC, UNIT_MONTH, from, to), v[2].i, &count) ) return FN_ERROR;
  list_begin(&list, c->arena);
  for(i = 0; i<count; i++){
    Instant x = a;
    if( !instant_from_millis(&x, millis_add(ZONE_UTC, UNIT_MONTH, from, i*v[2].i), 1) ){
      return fn_refuse(c, "a timestamp out of range");
    }
    list_add(&list, put_timestamp_like(c->arena, &v[0], x));
  }
  *out = list_end(&list);
  return FN_OK;
}

/* --- Rows ---------------------------------------------------------------- */

#define TS "timestamp(p)"
#define TZ "timestamp(p) with time zone"
#define TT "time(p) with time zone"
#define DS "interval day to second"
#define YM "interval year to month"
#define ROW(name, sig, impl, flags) {name, sig, impl, FN_RAISES|(flags), "t_" #impl, 0, 0, 0, 0}

const FnDef fn_datetime_math[] = {
  {"date_add", "(varchar(x), bigint, date) -> date", date_add_date, FN_RAISES, "t_date_add_date", 0,
   "A number of units later: 'millisecond' … 'year'; a shorter month ends at its last day.",
   "date_add('month', 1, DATE '2024-01-31') = 2024-02-29", 0},
  ROW("date_add", "(varchar(x), bigint, " TS ") -> " TS, date_add_ts, FN_TYPED),
  ROW("date_add", "(varchar(x), bigint, " TZ ") -> " TZ, date_add_tz, FN_TYPED),
  ROW("date_add", "(varchar(x), bigint, time(p)) -> time(p)", date_add_time, FN_TYPED),
  ROW("date_add", "(varchar(x), bigint, " TT ") -> " TT, date_add_timetz, FN_TYPED),
  {"date_diff", "(varchar(x), date, date) -> bigint", date_diff_date, FN_RAISES, "t_date_diff_date",
   0, "Complete units from the first to the second.",
   "date_diff('day', DATE '2024-02-28', DATE '2024-03-01') = 2", 0},
  ROW("date_diff", "(varchar(x), " TS ", " TS ") -> bigint", date_diff_ts, 0),
  ROW("date_diff", "(varchar(x), " TZ ", " TZ ") -> bigint", date_diff_tz, 0),
  ROW("date_diff", "(varchar(x), time(p), time(p)) -> bigint", date_diff_time, 0),
  ROW("date_diff", "(varchar(x), " TT ", " TT ") -> bigint", date_diff_timetz, 0),
  {"date_trunc", "(varchar(x), date) -> date", date_trunc_date, FN_RAISES, "t_date_trunc_date", 0,
   "The beginning of the unit: 'millisecond' … 'year'; weeks begin on Monday.",
   "date_trunc('week', DATE '2024-02-29') = 2024-02-26", 0},
  ROW("date_trunc", "(varchar(x), " TS ") -> " TS, date_trunc_ts, 0),
  ROW("date_trunc", "(varchar(x), " TZ ") -> " TZ, date_trunc_tz, 0),
  ROW("date_trunc", "(varchar(x), time(p)) -> time(p)", date_trunc_time, 0),
  ROW("date_trunc", "(varchar(x), " TT ") -> " TT, date_trunc_timetz, 0),
  {"sequence", "(date, date) -> array(date)", sequence_date, FN_RAISES, "t_sequence_date", 0,
   "The dates from the first to the second, or by a step (interval).",
   "sequence(DATE '2024-01-31', DATE '2024-02-02') = [2024-01-31, 2024-02-01, 2024-02-02]", 0},
  ROW("sequence", "(date, date, " DS ") -> array(date)", sequence_date_ds, 0),
  ROW("sequence", "(date, date, " YM ") -> array(date)", sequence_date_ym, 0),
  ROW("sequence", "(" TS ", " TS ", " YM ") -> array(" TS ")", sequence_ts_ym, 0),
  ROW("sequence", "(" TS ", " TS ", " DS ") -> array(" TS ")", sequence_ts_ds, 0),
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
