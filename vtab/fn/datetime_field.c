/*
** Parts of dates and times: year … millisecond, timezone_hour and _minute,
** last_day_of_month, to_milliseconds.  EXTRACT(x FROM y) is the function of
** the same name.  Values with a zone answer by their own wall clock; parts of
** negative intervals are negative.
*/
#include "../sqlite.h"
#include "datetime_unit.h"

#define UNUSED (void)c; (void)n

static int64_t timestamp_local(const Value *v){
  return micros_to_millis(v->kind==V_INT ? v->i : get_timestamp(v).micros);
}

static int64_t tz_local(const Value *v){
  Instant x = get_tz(v);
  return millis_local(x.zone, micros_to_millis(x.micros));
}

static int64_t time_millis(const Value *v){
  return v->i/INT64_C(1000000000);
}

static int64_t timetz_millis(const Value *v){
  return value_get_time_tz(v).picos/INT64_C(1000000000);
}

#define PART(name, expression) \
  static int name(FnCall *c, int n, const Value *v, Value *out){ \
    UNUSED; *out = value_int(expression); return FN_OK; \
  }

#define DATE_PARTS(name, FIELD) \
  PART(name##_date, date_field(FIELD, v[0].i)) \
  PART(name##_ts, local_field(FIELD, timestamp_local(&v[0]))) \
  PART(name##_tz, local_field(FIELD, tz_local(&v[0])))
#define CLOCK_PARTS(name, FIELD) \
  PART(name##_ts, local_field(FIELD, timestamp_local(&v[0]))) \
  PART(name##_tz, local_field(FIELD, tz_local(&v[0]))) \
  PART(name##_time, clock_field(FIELD, time_millis(&v[0]))) \
  PART(name##_timetz, clock_field(FIELD, timetz_millis(&v[0])))

DATE_PARTS(year, FIELD_YEAR)
DATE_PARTS(quarter, FIELD_QUARTER)
DATE_PARTS(month, FIELD_MONTH)
DATE_PARTS(week, FIELD_WEEK)
DATE_PARTS(day, FIELD_DAY)
DATE_PARTS(dow, FIELD_DAY_OF_WEEK)
DATE_PARTS(doy, FIELD_DAY_OF_YEAR)
DATE_PARTS(yow, FIELD_YEAR_OF_WEEK)
CLOCK_PARTS(hour, FIELD_HOUR)
CLOCK_PARTS(minute, FIELD_MINUTE)
CLOCK_PARTS(second, FIELD_SECOND)
CLOCK_PARTS(millisecond, FIELD_MILLISECOND)

PART(year_interval, v[0].i/12)
PART(month_interval, v[0].i%12)
PART(day_interval, v[0].i/MILLIS_PER_DAY)
PART(hour_interval, v[0].i%MILLIS_PER_DAY/3600000)
PART(minute_interval, v[0].i%3600000/60000)
PART(second_interval, v[0].i%60000/1000)
PART(millisecond_interval, v[0].i%1000)
PART(to_milliseconds, v[0].i)

static int64_t offset_minutes(const Value *v){
  Instant x = get_tz(v);
  return zone_offset(x.zone, floor_div(x.micros, MICROS_PER_SECOND))/60;
}

PART(zone_hour_tz, offset_minutes(&v[0])/60)
PART(zone_minute_tz, offset_minutes(&v[0])%60)
PART(zone_hour_timetz, value_get_time_tz(&v[0]).offset/60)
PART(zone_minute_timetz, value_get_time_tz(&v[0]).offset%60)

static int64_t last_day(int64_t days){
  int64_t year;
  int month;
  civil_from_days(days, &year, &month, 0);
  return civil_to_days(year, month+1, 1) - 1;
}

PART(last_day_date, last_day(v[0].i))
PART(last_day_ts, last_day(floor_div(timestamp_local(&v[0]), MILLIS_PER_DAY)))
PART(last_day_tz, last_day(floor_div(tz_local(&v[0]), MILLIS_PER_DAY)))

/* --- Rows ---------------------------------------------------------------- */

#define TS "(timestamp(p)) -> bigint"
#define TZ "(timestamp(p) with time zone) -> bigint"
#define TM "(time(p)) -> bigint"
#define TT "(time(p) with time zone) -> bigint"
#define DATE "(date) -> bigint"
#define DS "(interval day to second) -> bigint"
#define YM "(interval year to month) -> bigint"

#define ROW(name, sig, impl, sql, doc, example) {name, sig, impl, 0, sql, 0, doc, example, 0}
#define MORE(name, sig, impl, sql) {name, sig, impl, 0, sql, 0, 0, 0, 0}
#define DATE_ROWS(name, impl, doc, example) \
  ROW(name, DATE, impl##_date, "t_" name "_date", doc, example), \
  MORE(name, TS, impl##_ts, "t_" name), \
  MORE(name, TZ, impl##_tz, "t_" name "_tz")
#define CLOCK_ROWS(name, doc, example) \
  MORE(#name, DS, name##_interval, "t_" #name "_interval"), \
  ROW(#name, TS, name##_ts, "t_" #name, doc, example), \
  MORE(#name, TZ, name##_tz, "t_" #name "_tz"), \
  MORE(#name, TM, name##_time, "t_" #name "_time"), \
  MORE(#name, TT, name##_timetz, "t_" #name "_timetz")

const FnDef fn_datetime_field[] = {
  DATE_ROWS("year", year, "The year.", "year(DATE '2024-02-29') = 2024"),
  MORE("year", YM, year_interval, "t_year_interval"),
  DATE_ROWS("quarter", quarter, "The quarter, 1 to 4.", "quarter(DATE '2024-04-01') = 2"),
  DATE_ROWS("month", month, "The month, 1 to 12.", "month(DATE '2024-02-29') = 2"),
  MORE("month", YM, month_interval, "t_month_interval"),
  DATE_ROWS("week", week, "The ISO week, 1 to 53.", "week(DATE '2021-01-03') = 53"),
  DATE_ROWS("week_of_year", week, "The ISO week: week under another name.",
            "week_of_year(DATE '2021-01-03') = 53"),
  DATE_ROWS("day", day, "The day of the month.", "day(DATE '2024-02-29') = 29"),
  MORE("day", DS, day_interval, "t_day_interval"),
  DATE_ROWS("day_of_month", day, "The day of the month: day under another name.",
            "day_of_month(DATE '2024-02-29') = 29"),
  MORE("day_of_month", DS, day_interval, "t_day_of_month_interval"),
  DATE_ROWS("day_of_week", dow, "The day of the week, Monday 1 to Sunday 7.",
            "day_of_week(DATE '2024-03-03') = 7"),
  DATE_ROWS("dow", dow, "The day of the week, Monday 1 to Sunday 7.",
            "dow(DATE '2024-03-03') = 7"),
  DATE_ROWS("day_of_year", doy, "The day of the year, 1 to 366.",
            "day_of_year(DATE '2024-12-31') = 366"),
  DATE_ROWS("doy", doy, "The day of the year, 1 to 366.", "doy(DATE '2024-12-31') = 366"),
  DATE_ROWS("year_of_week", yow, "The year that the ISO week belongs to.",
            "year_of_week(DATE '2010-01-03') = 2009"),
  DATE_ROWS("yow", yow, "The year that the ISO week belongs to.",
            "yow(DATE '2010-01-03') = 2009"),
  CLOCK_ROWS(hour, "The hour, 0 to 23.", "hour(TIMESTAMP '2024-01-01 13:14:15') = 13"),
  CLOCK_ROWS(minute, "The minute of the hour.", "minute(TIMESTAMP '2024-01-01 13:14:15') = 14"),
  CLOCK_ROWS(second, "The second of the minute.",
             "second(TIMESTAMP '2024-01-01 13:14:15') = 15"),
  CLOCK_ROWS(millisecond, "The millisecond of the second.",
             "millisecond(TIMESTAMP '2024-01-01 13:14:15.678') = 678"),
  ROW("timezone_hour", TZ, zone_hour_tz, "t_timezone_hour",
      "The hours of the offset from UTC.",
      "timezone_hour(TIMESTAMP '2024-01-15 12:00:00 Asia/Kolkata') = 5"),
  MORE("timezone_hour", TT, zone_hour_timetz, "t_timezone_hour_timetz"),
  ROW("timezone_minute", TZ, zone_minute_tz, "t_timezone_minute",
      "The minutes of the offset from UTC beyond its hours.",
      "timezone_minute(TIMESTAMP '2024-01-15 12:00:00 Asia/Kolkata') = 30"),
  MORE("timezone_minute", TT, zone_minute_timetz, "t_timezone_minute_timetz"),
  ROW("last_day_of_month", "(date) -> date", last_day_date, "t_last_day_of_month_date",
      "The last day of the month.", "last_day_of_month(DATE '2024-02-01') = 2024-02-29"),
  MORE("last_day_of_month", "(timestamp(p)) -> date", last_day_ts, "t_last_day_of_month"),
  MORE("last_day_of_month", "(timestamp(p) with time zone) -> date", last_day_tz,
       "t_last_day_of_month_tz"),
  ROW("to_milliseconds", DS, to_milliseconds, 0, "An interval in milliseconds.",
      "to_milliseconds(INTERVAL '1' DAY) = 86400000"),
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
