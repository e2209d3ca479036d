/*
** Dates and times: calendar, zones, literals, casts and the functions, called
** as the wrapper calls them.
**
** A call is a row: SQLite's name of the function, its types, its arguments as
** text separated by '|' (read by the types' own casts; ~ is NULL), and the
** text of the result or !CODE: message.
*/
#include "vtab/fn/fn.h"
#include "vtab/datetime.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

static void check(const char *name, int good, const char *got, const char *want){
  if( good ) printf("ok %s\n", name);
  else printf("not ok %s: got %s, expected %s\n", name, got ? got : "(null)", want);
}

static void check_text(const char *name, const char *got, const char *want){
  check(name, got && strcmp(got, want)==0, got, want);
}

/* --- Values from text and back ------------------------------------------- */

/* 0, or -1 when the text is no value of the type. */
static int value_of(FnCall *c, const Type *t, const char *z, Value *out){
  Value text = value_text(z, strlen(z));
  switch( t->kind ){
    case T_BIGINT: case T_INTEGER: *out = value_int(atoll(z)); return 0;
    case T_DOUBLE: *out = value_real(atof(z)); return 0;
    case T_VARCHAR: case T_CHAR: *out = text; return 0;
    case T_DECIMAL: *out = value_put_decimal(c->arena, t, atoll(z)); return 0;
    case T_INTERVAL_DS: case T_INTERVAL_YM: {
      const Type *type;
      DatetimeError e;
      char number[64], unit[16];
      if( sscanf(z, "%63s %15s", number, unit)!=2 ) return -1;
      return datetime_literal_interval(c->arena, number, strlen(number), 1, unit, 0, &type, out, &e);
    }
    default: return cast_temporal(c, &TYPE_VARCHAR, t, &text, out);
  }
}

static const char *result_text(FnCall *c, const Type *t, int rc, const Value *v){
  Buf b;
  if( rc!=FN_OK ) return arena_printf(c->arena, "!%s: %s", c->code, c->message);
  if( v->kind==V_NULL ) return "NULL";
  buf_init(&b, c->arena);
  value_print(&b, t, v);
  return b.z ? b.z : "";
}

/* Split "(T1,T2)R" at its commas outside brackets. */
static int split_types(Arena *a, const char *z, const Type **argt, const Type **rett){
  const char *start = z+1, *error;
  int depth = 1, n = 0;
  for(z++; *z; z++){
    if( *z=='(' ) depth++;
    if( *z==')' ) depth--;
    if( depth==0 || (depth==1 && *z==',') ){
      if( z>start ) argt[n++] = type_parse(a, start, (size_t)(z-start), &error);
      start = z+1;
      if( depth==0 ) break;
    }
  }
  *rett = type_parse(a, start, strlen(start), &error);
  return n;
}

static const char *call(Arena *a, const char *sql, const char *types, const char *args){
  const FnDef *def = fn_by_sql(sql, strlen(sql));
  const Type *argt[8], *rett;
  Value argv[8], out = value_null();
  FnCall c;
  const char *result;
  char *copy = arena_strdup(a, args), *part = copy;
  int n, i, rc;
  memset(&c, 0, sizeof(c));
  c.arena = a;
  if( def==0 ) return "no such function";
  n = split_types(a, types, argt, &rett);
  for(i = 0; i<n; i++){
    char *end = strchr(part, '|');
    if( end ) *end = 0;
    if( value_of(&c, argt[i], part, &argv[i]) ) return "bad argument";
    if( end ) part = end+1;
  }
  c.def = def;
  c.argt = argt;
  c.rett = rett;
  rc = def->impl(&c, n, argv, &out);
  result = result_text(&c, rett, rc, &out);
  if( c.memo ) c.memo_free(c.memo);
  return result;
}

/* --- Tables -------------------------------------------------------------- */

#define TZ "timestamp(3) with time zone"
#define DS "interval day to second"
#define YM "interval year to month"

static const struct { const char *name, *sql, *types, *args, *want; } calls[] = {
  {"add_month_to_last_day", "t_date_add_date", "(varchar,bigint,date)date", "month|1|2024-01-31",
   "2024-02-29"},
  {"add_quarter_any_case", "t_date_add_date", "(varchar,bigint,date)date", "Quarter|-1|2024-05-31",
   "2024-02-29"},
  {"add_year_to_leap_day", "t_date_add_date", "(varchar,bigint,date)date", "year|1|2024-02-29",
   "2025-02-28"},
  {"add_unknown_unit", "t_date_add_date", "(varchar,bigint,date)date", "second|1|2024-02-29",
   "!INVALID_FUNCTION_ARGUMENT: 'second' is not a valid DATE field"},
  {"add_rounds_to_precision", "t_date_add_ts", "(varchar,bigint,timestamp(0))timestamp(0)",
   "millisecond|500|2024-08-30 22:58:59", "2024-08-30 22:59:00"},
  {"add_day_into_gap", "t_date_add_tz", "(varchar,bigint," TZ ")" TZ,
   "day|1|2024-03-09 02:30:00 America/New_York", "2024-03-10 03:30:00.000 America/New_York"},
  {"add_year_into_gap", "t_date_add_tz", "(varchar,bigint," TZ ")" TZ,
   "year|1|2024-03-09 02:30:00 America/New_York", "2025-03-09 03:30:00.000 America/New_York"},
  {"add_day_is_wall_time", "t_date_add_tz", "(varchar,bigint," TZ ")" TZ,
   "day|1|2024-03-09 12:00:00 America/New_York", "2024-03-10 12:00:00.000 America/New_York"},
  {"add_hours_is_instant", "t_date_add_tz", "(varchar,bigint," TZ ")" TZ,
   "hour|48|2024-10-26 02:30:00 Europe/Berlin", "2024-10-28 01:30:00.000 Europe/Berlin"},
  {"add_wraps_the_clock", "t_date_add_time", "(varchar,bigint,time(0))time(0)", "hour|100|10:00:00",
   "14:00:00"},
  {"diff_month_to_shorter_month", "t_date_diff_date", "(varchar,date,date)bigint",
   "month|2024-01-31|2024-02-29", "1"},
  {"diff_month_back", "t_date_diff_date", "(varchar,date,date)bigint",
   "month|2024-02-29|2024-01-31", "-1"},
  {"diff_year_of_leap_day", "t_date_diff_date", "(varchar,date,date)bigint",
   "year|2000-02-29|2024-02-28", "23"},
  {"diff_quarter", "t_date_diff_ts", "(varchar,timestamp(3),timestamp(3))bigint",
   "quarter|2024-01-31 23:59:59.999|2024-05-01", "1"},
  {"diff_hours_of_short_day", "t_date_diff_tz", "(varchar," TZ "," TZ ")bigint",
   "hour|2024-03-09 12:00:00 America/New_York|2024-03-10 12:00:00 America/New_York", "23"},
  {"diff_cuts_to_millis", "t_date_diff_ts", "(varchar,timestamp(6),timestamp(6))bigint",
   "millisecond|2024-01-01 00:00:00.000900|2024-01-01 00:00:00.001100", "1"},
  {"trunc_week", "t_date_trunc_date", "(varchar,date)date", "week|1969-12-31", "1969-12-29"},
  {"trunc_before_1970", "t_date_trunc_ts", "(varchar,timestamp(6))timestamp(6)",
   "second|1969-12-31 23:59:58.000001", "1969-12-31 23:59:58.000000"},
  {"trunc_hour_keeps_overlap", "t_date_trunc_tz", "(varchar," TZ ")" TZ,
   "hour|2024-10-06 12:34:56 Australia/Lord_Howe", "2024-10-06 12:00:00.000 Australia/Lord_Howe"},
  {"date_plus_month", "t_op_add_date_ym", "(date," YM ")date", "2024-01-31|1 month", "2024-02-29"},
  {"date_plus_hour", "t_op_add_date_ds", "(date," DS ")date", "2024-01-31|1 hour",
   "!INVALID_FUNCTION_ARGUMENT: Cannot add hour, minutes or seconds to a date"},
  {"timestamp_wraps", "t_op_add_ts_ds", "(timestamp(3)," DS ")timestamp(3)",
   "294247-01-10 04:00:54.775|1 second", "-290308-12-21 19:59:06.223"},
  {"tz_plus_month_in_gap", "t_op_add_tstz_ym", "(" TZ "," YM ")" TZ,
   "2024-02-10 02:30:00 America/New_York|1 month", "2024-03-10 03:30:00.000 America/New_York"},
  {"interval_by_zero", "t_op_interval_div", "(" DS ",double)" DS, "3 day|0",
   "!INVALID_FUNCTION_ARGUMENT: Cannot divide by double 0.0"},
  {"interval_times_half", "t_op_interval_mul_double_ym", "(" YM ",double)" YM, "7 month|0.5", "0-3"},
  {"time_difference", "t_op_timetz_minus_timetz",
   "(time(3) with time zone,time(3) with time zone)" DS, "00:30:00+02:00|22:00:00+00:00",
   "0 00:30:00.000"},
  {"at_timezone_unknown", "t_at_timezone", "(" TZ ",varchar)" TZ, "2024-01-01 00:00:00 UTC|EST",
   "!INVALID_FUNCTION_ARGUMENT: 'EST' is not a valid time zone"},
  {"with_timezone_over_missing_day", "t_with_timezone", "(timestamp(3),varchar)" TZ,
   "2011-12-30 12:00:00|Pacific/Apia", "2011-12-31 12:00:00.000 Pacific/Apia"},
  {"last_day", "t_last_day_of_month", "(timestamp(3))date", "2019-08-31 23:59:59.999", "2019-08-31"},
  {"week_of_year_zero", "t_year_of_week_date", "(date)bigint", "0000-01-01", "-1"},
  {"offset_minute_negative", "t_timezone_minute", "(" TZ ")bigint", "2024-01-15 12:00:00 -00:30",
   "-30"},
  {"interval_hour_negative", "t_hour_interval", "(" DS ")bigint", "-27 hour", "-3"},
  {"sequence_of_months", "t_sequence_date_ym", "(date,date," YM ")array(date)",
   "2024-01-31|2024-04-30|1 month", "[2024-01-31, 2024-02-29, 2024-03-31, 2024-04-30]"},
  {"sequence_too_long", "t_sequence_date", "(date,date)array(date)", "1990-01-01|2024-01-01",
   "!INVALID_FUNCTION_ARGUMENT: result of sequence function must not have more than 10000 entries"},

  {"format_mysql", "t_date_format", "(timestamp(3),varchar)varchar",
   "2024-07-05 15:06:07.089|%Y-%m-%d %H:%i:%s.%f %a %W %b %M %c %e %k %l %p %j %v %x %y %%",
   "2024-07-05 15:06:07.089000 Fri Friday Jul July 7 5 15 3 PM 187 27 2024 24 %"},
  {"format_mysql_unsupported", "t_date_format", "(timestamp(3),varchar)varchar", "2024-07-05|%X",
   "!INVALID_FUNCTION_ARGUMENT: %X not supported in date format string"},
  {"format_mysql_empty", "t_date_format", "(timestamp(3),varchar)varchar", "2024-07-05|",
   "!INVALID_FUNCTION_ARGUMENT: Both printing and parsing not supported"},
  {"format_joda", "t_format_datetime_tz", "(" TZ ",varchar)varchar",
   "2024-07-05 22:00:00 America/New_York|EEE, dd MMM yyyy h 'o''clock' a Z ZZ ZZZ z",
   "Fri, 05 Jul 2024 10 o'clock PM -0400 -04:00 America/New_York EDT"},
  {"format_joda_numbers", "t_format_datetime", "(timestamp(3),varchar)varchar",
   "2024-12-30 00:01:02.345|xxxx-'W'ww-e D G C YYYYY yy k K SSSSS S",
   "2025-W01-1 365 AD 20 02024 24 24 0 34500 3"},
  {"format_joda_illegal", "t_format_datetime", "(timestamp(3),varchar)varchar", "2024-12-30|yyyy bb",
   "!INVALID_FUNCTION_ARGUMENT: Illegal pattern component: bb"},
  {"parse_mysql_default_year", "t_date_parse", "(varchar,varchar)timestamp(3)", "12|%m",
   "2000-12-01 00:00:00.000"},
  {"parse_mysql_time_only", "t_date_parse", "(varchar,varchar)timestamp(3)", "10:20|%H:%i",
   "1970-01-01 10:20:00.000"},
  {"parse_mysql_pivot", "t_date_parse", "(varchar,varchar)timestamp(3)", "69|%y",
   "2069-01-01 00:00:00.000"},
  {"parse_mysql_java_error", "t_date_parse", "(varchar,varchar)timestamp(3)", "2023-02-29|%Y-%m-%d",
   "!INVALID_FUNCTION_ARGUMENT: Invalid date 'February 29' as '2023' is not a leap year"},
  {"parse_mysql_joda_error", "t_date_parse", "(varchar,varchar)timestamp(3)", "29.02.2023|%d.%m.%Y",
   "!INVALID_FUNCTION_ARGUMENT: Cannot parse \"29.02.2023\": Value 29 for dayOfMonth must be in the "
   "range [1,28]"},
  {"parse_mysql_rest", "t_date_parse", "(varchar,varchar)timestamp(3)",
   "2024-01-01 10:00:00|%Y-%m-%d",
   "!INVALID_FUNCTION_ARGUMENT: Invalid format: \"2024-01-01 10:00:00\" is malformed at "
   "\" 10:00:00\""},
  {"parse_mysql_short", "t_date_parse", "(varchar,varchar)timestamp(3)", "2024|%Y-%m",
   "!INVALID_FUNCTION_ARGUMENT: Invalid format: \"2024\" is too short"},
  {"parse_long_sample", "t_date_parse", "(varchar,varchar)timestamp(3)",
   "2024x0123456789012345678901234567890123456789|%Y-%m",
   "!INVALID_FUNCTION_ARGUMENT: Invalid format: \"2024x0123456789012345678901234567890...\" is "
   "malformed at \"x0123456789012345678901234567890...\""},
  {"parse_joda_offset", "t_parse_datetime", "(varchar,varchar)" TZ,
   "05/Jul/2024:10:11:12 -0700|dd/MMM/yyyy:HH:mm:ss Z", "2024-07-05 10:11:12.000 -07:00"},
  {"parse_joda_zone", "t_parse_datetime", "(varchar,varchar)" TZ,
   "2024-07-05 10:00 Asia/Kolkata|yyyy-MM-dd HH:mm ZZZ", "2024-07-05 10:00:00.000 Asia/Kolkata"},
  {"parse_joda_gap", "t_parse_datetime", "(varchar,varchar)" TZ,
   "2024-03-10 02:30 America/New_York|yyyy-MM-dd HH:mm ZZZ",
   "!INVALID_FUNCTION_ARGUMENT: Cannot parse \"2024-03-10 02:30 America/New_York\": Illegal instant "
   "due to time zone offset transition (America/New_York)"},
  {"parse_joda_era", "t_parse_datetime", "(varchar,varchar)" TZ, "44 BC|y G",
   "0044-01-01 00:00:00.000 UTC"},
  {"parse_joda_year_of_era", "t_parse_datetime", "(varchar,varchar)" TZ, "44 BC|Y G",
   "-0043-01-01 00:00:00.000 UTC"},
  {"parse_joda_names", "t_parse_datetime", "(varchar,varchar)" TZ, "DECEMBER 25, 1999|MMMM d, yyyy",
   "1999-12-25 00:00:00.000 UTC"},
  {"parse_joda_week", "t_parse_datetime", "(varchar,varchar)" TZ, "2020-W53-7|xxxx-'W'ww-e",
   "2021-01-03 00:00:00.000 UTC"},
  {"parse_joda_halfday", "t_parse_datetime", "(varchar,varchar)" TZ, "12:00 am|h:mm a",
   "1970-01-01 00:00:00.000 UTC"},

  {"iso_offset", "t_from_iso8601_timestamp", "(varchar)" TZ, "2024-07-05T10:11:12.345678+0530",
   "2024-07-05 10:11:12.345 +05:30"},
  {"iso_time_only", "t_from_iso8601_timestamp", "(varchar)" TZ, "T10:11:12",
   "1970-01-01 10:11:12.000 UTC"},
  {"iso_hour_fraction", "t_from_iso8601_timestamp", "(varchar)" TZ, "2024-07-05T10.5",
   "2024-07-05 10:30:00.000 UTC"},
  {"iso_hour_24", "t_from_iso8601_timestamp", "(varchar)" TZ, "2024-07-05T24:00:00Z",
   "!INVALID_FUNCTION_ARGUMENT: Cannot parse \"2024-07-05T24:00:00Z\": Value 24 for hourOfDay must "
   "be in the range [0,23]"},
  {"iso_ordinal_date", "t_from_iso8601_date", "(varchar)date", "2024-060", "2024-02-29"},
  {"iso_date_rest", "t_from_iso8601_date", "(varchar)date", "2024-07-05T10:00:00",
   "!INVALID_FUNCTION_ARGUMENT: Invalid format: \"2024-07-05T10:00:00\" is malformed at "
   "\"T10:00:00\""},
  {"iso_nanos", "t_from_iso8601_timestamp_nanos", "(varchar)timestamp(9) with time zone",
   "1969-12-31T23:59:59.999999999Z", "1969-12-31 23:59:59.999999999 UTC"},
  {"iso_nanos_unparsed", "t_from_iso8601_timestamp_nanos", "(varchar)timestamp(9) with time zone",
   "nope", "!INVALID_FUNCTION_ARGUMENT: Text 'nope' could not be parsed at index 0"},
  {"to_iso_zone", "t_to_iso8601_tz", "(timestamp(3) with time zone)varchar(32)",
   "2024-07-05 10:00:00.123 America/New_York", "2024-07-05T10:00:00.123-04:00"},
  {"to_iso_far_date", "t_to_iso8601_date", "(date)varchar(16)", "12024-07-05", "12024-07-05"},
  {"unixtime_nan", "t_from_unixtime", "(double)" TZ, "nan", "1970-01-01 00:00:00.000 UTC"},
  {"unixtime_offset", "t_from_unixtime_offset", "(double,bigint,bigint)" TZ, "0|5|-30",
   "1970-01-01 04:30:00.000 +04:30"},
  {"nanos_decimal_half", "t_from_unixtime_nanos_decimal",
   "(decimal(2,1))timestamp(9) with time zone", "-15", "1969-12-31 23:59:59.999999998 UTC"},
  {"human_seconds", "t_human_readable_seconds", "(double)varchar", "-56363463",
   "93 weeks, 1 day, 8 hours, 31 minutes, 3 seconds"},
  {"duration_rounds", "t_parse_duration", "(varchar)" DS, "42.8ms", "0 00:00:00.043"},
  {"duration_unit", "t_parse_duration", "(varchar)" DS, "5 parsecs",
   "!INVALID_FUNCTION_ARGUMENT: Unknown time unit: parsecs"},
  {"duration_negative", "t_parse_duration", "(varchar)" DS, "-5s",
   "!INVALID_FUNCTION_ARGUMENT: duration is not a valid data duration string: -5s"},
};

/* kind of literal: d date, t time, s timestamp, i interval (text@from@to). */
static const struct { const char *name; char kind; const char *text, *want; } literals[] = {
  {"literal_date", 'd', " 2024-01-05 ", "date 2024-01-05"},
  {"literal_date_sign", 'd', "+12345-06-07", "date +12345-06-07"},
  {"literal_date_leap", 'd', "2023-02-29",
   "!INVALID_LITERAL: '2023-02-29' is not a valid DATE literal"},
  {"literal_time", 't', "1:2:3", "time(0) 01:02:03"},
  {"literal_time_12", 't', "12:34:56.123456789012", "time(12) 12:34:56.123456789012"},
  {"literal_time_tz", 't', "12:34:56.789-08:00", "time(3) with time zone 12:34:56.789-08:00"},
  {"literal_time_region", 't', "12:34:56 UTC",
   "!INVALID_LITERAL: '12:34:56 UTC' is not a valid TIME literal"},
  {"literal_timestamp_date", 's', "2024-01-05", "timestamp(0) 2024-01-05 00:00:00"},
  {"literal_timestamp_9", 's', "2024-01-05 06:07:08.123456789",
   "timestamp(9) 2024-01-05 06:07:08.123456789"},
  {"literal_timestamp_13", 's', "2024-01-05 06:07:08.1234567890123",
   "!NUMERIC_VALUE_OUT_OF_RANGE: TIMESTAMP precision must be in range [0, 12]: 13"},
  {"literal_timestamp_gmt", 's', "2024-01-05 06:07:08 GMT",
   "timestamp(0) with time zone 2024-01-05 06:07:08 UTC"},
  {"literal_timestamp_offset", 's', "2024-01-05 06:07:08 +5",
   "timestamp(0) with time zone 2024-01-05 06:07:08 +05:00"},
  {"literal_timestamp_range", 's', "2024-01-05 06:07:08 +14:01",
   "!NOT_SUPPORTED: Time zone not supported: +14:01"},
  {"literal_timestamp_gap", 's', "2024-03-10 02:30:00 America/New_York",
   "!INVALID_LITERAL: '2024-03-10 02:30:00 America/New_York' is not a valid TIMESTAMP literal"},
  {"literal_timestamp_lower_zone", 's', "2024-03-10 02:30:00 europe/berlin",
   "!INVALID_LITERAL: '2024-03-10 02:30:00 europe/berlin' is not a valid TIMESTAMP literal"},
  {"literal_interval_parts", 'i', "1 02:03:04.567@day@second",
   "interval day to second 1 02:03:04.567"},
  {"literal_interval_prefix", 'i', "1@year@month", "interval year to month 1-0"},
  {"literal_interval_fraction", 'i', "1.5@day@",
   "!INVALID_LITERAL: '1.5' is not a valid INTERVAL literal"},
  {"literal_interval_mixed", 'i', "1@day@year",
   "!INVALID_LITERAL: '1' is not a valid INTERVAL literal"},
  {"literal_interval_negative", 'i', "-3-4@year@month", "interval year to month -3-4"},
};

static const struct { const char *name, *from, *to, *text, *want; } casts[] = {
  {"cast_rounds_half_up_before_1970", "timestamp(6)", "timestamp(0)", "1969-12-31 23:59:59.500000",
   "1970-01-01 00:00:00"},
  {"cast_rounds_picos", "timestamp(12)", "timestamp(6)", "2024-05-06 07:08:09.000499999999",
   "2024-05-06 07:08:09.000500"},
  {"cast_time_wraps", "time(3)", "time(0)", "23:59:59.999", "00:00:00"},
  {"cast_tz_to_wall_clock", TZ, "timestamp(3)", "2024-07-05 06:07:08.523 Asia/Kolkata",
   "2024-07-05 06:07:08.523"},
  {"cast_tz_to_date", TZ, "date", "2020-07-31 00:30:00.000 +05:30", "2020-07-31"},
  {"cast_date_sticks_at_the_end", "date", "timestamp(3)", "300000-01-01",
   "+294247-01-10 04:00:54.775"},
  {"cast_date_to_short_text", "date", "varchar(7)", "2020-01-31",
   "!INVALID_CAST_ARGUMENT: Value 2020-01-31 cannot be represented as varchar(7)"},
  {"cast_far_date_to_text", "date", "varchar", "12345-06-07", "12345-06-07"},
  {"cast_text_drops_zone", "varchar", "timestamp(3)", "2020-01-31 10:20:30 UTC",
   "2020-01-31 10:20:30.000"},
  {"cast_text_bad", "varchar", "timestamp(3)", "2021-06-06-23:38:46",
   "!INVALID_CAST_ARGUMENT: Value cannot be cast to timestamp: 2021-06-06-23:38:46"},
  {"cast_text_gap_moves", "varchar", TZ, "2024-03-10 02:30:00 America/New_York",
   "2024-03-10 03:30:00.000 America/New_York"},
  {"cast_interval_text", DS, "varchar", "-27 hour", "-1 03:00:00.000"},
};

/* zone, instant, offset in seconds there. */
static const struct { const char *zone, *utc; int offset; } offsets[] = {
  {"America/New_York", "1883-11-18 16:00:00", -17762},
  {"America/New_York", "2024-03-10 06:59:59", -18000},
  {"America/New_York", "2024-03-10 07:00:00", -14400},
  {"America/New_York", "2500-07-01 00:00:00", -14400},
  {"Asia/Kolkata", "1943-01-01 00:00:00", 23400},
  {"Australia/Lord_Howe", "2600-01-01 00:00:00", 39600},
  {"Europe/Dublin", "2100-07-01 00:00:00", 3600},
  {"Africa/Casablanca", "2200-07-01 00:00:00", 3600},
  {"Pacific/Apia", "2011-12-30 10:00:00", 50400},
  {"Europe/Amsterdam", "1920-01-01 00:00:00", 0},
};

/* --- Running ------------------------------------------------------------- */

static const char *literal(Arena *a, char kind, const char *text){
  const Type *type = 0;
  Value v = value_null();
  DatetimeError e = {0, 0};
  Buf b;
  size_t n = strlen(text);
  int rc;
  if( kind=='d' ) rc = datetime_literal_date(a, text, n, &type, &v, &e);
  else if( kind=='t' ) rc = datetime_literal_time(a, text, n, &type, &v, &e);
  else if( kind=='s' ) rc = datetime_literal_timestamp(a, text, n, &type, &v, &e);
  else{
    char *from = strchr(arena_strdup(a, text), '@'), *to = strchr(from+1, '@');
    n = strlen(text) - strlen(from);
    *to = 0;
    rc = datetime_literal_interval(a, text, n, 1, from+1, to[1] ? to+1 : 0, &type, &v, &e);
  }
  if( rc ) return arena_printf(a, "!%s: %s", e.code, e.message);
  buf_init(&b, a);
  type_print(&b, type);
  buf_char(&b, ' ');
  value_print(&b, type, &v);
  return b.z;
}

static const char *cast(Arena *a, const char *from, const char *to, const char *text){
  const char *error;
  const Type *f = type_parse(a, from, strlen(from), &error);
  const Type *t = type_parse(a, to, strlen(to), &error);
  Value in, out = value_null();
  FnCall c;
  int rc;
  memset(&c, 0, sizeof(c));
  c.arena = a;
  if( !datetime_can_cast(f, t) || value_of(&c, f, text, &in) ) return "bad cast";
  rc = cast_temporal(&c, f, t, &in, &out);
  return result_text(&c, t, rc, &out);
}

static void test_calendar(void){
  int64_t day, year, days;
  int month, dom, good = 1;
  for(day = -800000; day<800000 && good; day += 7){
    civil_from_days(day, &year, &month, &dom);
    good = civil_to_days(year, month, dom)==day && dom<=civil_days_in_month(year, month);
  }
  check("civil_round_trip", good, "another day", "the same");
  good = datetime_parse_date("+5881580-07-11", 14, &days)==0 && days==INT_MAX;
  check("date_range_ends_at_32_bits", good, "other", "2147483647");
}

static void test_offsets(Arena *a){
  size_t i;
  for(i = 0; i<sizeof(offsets)/sizeof(offsets[0]); i++){
    int key, offset;
    int64_t micros;
    zone_parse(offsets[i].zone, strlen(offsets[i].zone), &key);
    datetime_parse_timestamp(offsets[i].utc, strlen(offsets[i].utc), &micros);
    offset = zone_offset(key, micros/1000000);
    check(arena_printf(a, "offset_%s_%.4s", offsets[i].zone, offsets[i].utc),
          offset==offsets[i].offset, arena_printf(a, "%d", offset),
          arena_printf(a, "%d", offsets[i].offset));
  }
}

int main(void){
  Arena a;
  size_t i;
  sqlite3_initialize();
  arena_init(&a);
  test_calendar();
  test_offsets(&a);
  for(i = 0; i<sizeof(literals)/sizeof(literals[0]); i++){
    check_text(literals[i].name, literal(&a, literals[i].kind, literals[i].text), literals[i].want);
  }
  for(i = 0; i<sizeof(casts)/sizeof(casts[0]); i++){
    check_text(casts[i].name, cast(&a, casts[i].from, casts[i].to, casts[i].text), casts[i].want);
  }
  for(i = 0; i<sizeof(calls)/sizeof(calls[0]); i++){
    check_text(calls[i].name, call(&a, calls[i].sql, calls[i].types, calls[i].args), calls[i].want);
  }
  arena_free(&a);
  return 0;
}
