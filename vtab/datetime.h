/*
** Dates, times, timestamps and intervals: calendar arithmetic, text in both
** directions, literals and casts.
**
** The calendar is the proleptic Gregorian one with a year 0 (ISO 8601), as in
** Athena.  Carriers are those of value.h.  Nothing here knows a session: the
** session zone is UTC, as on Athena.
*/
#ifndef TARN_DATETIME_H
#define TARN_DATETIME_H
#include "value.h"
#include "zone.h"

#define MICROS_PER_SECOND INT64_C(1000000)
#define MICROS_PER_DAY    INT64_C(86400000000)
#define PICOS_PER_SECOND  INT64_C(1000000000000)
#define PICOS_PER_DAY     INT64_C(86400000000000000)
#define MILLIS_PER_DAY    INT64_C(86400000)

/* --- The calendar -------------------------------------------------------- */

/* Days since 1970-01-01 of a date; the month may be any number (13 is next
** January), the day too.  Exact for every year of 32 bits. */
int64_t civil_to_days(int64_t year, int64_t month, int64_t day);
/* The date of a day; any of the pointers may be NULL. */
void civil_from_days(int64_t days, int64_t *year, int *month, int *day);
int civil_days_in_month(int64_t year, int month);
int civil_is_leap(int64_t year);
/* Monday 1 … Sunday 7. */
int civil_day_of_week(int64_t days);
int civil_day_of_year(int64_t days);
/* ISO week 1..53 and the year it belongs to (week_year may be NULL). */
int civil_week(int64_t days, int64_t *week_year);
/* The same day n months later, or the last one of a shorter month. */
int64_t civil_add_months(int64_t days, int64_t n);
/* Division that rounds down, and its remainder (never negative). */
static inline int64_t floor_div(int64_t a, int64_t b){
  return a/b - (a%b!=0 && (a<0)!=(b<0));
}
static inline int64_t floor_mod(int64_t a, int64_t b){
  int64_t r = a%b;
  return (r!=0 && (r<0)!=(b<0)) ? r + b : r;
}
/* picos/10^(12-p) rounded half up, times 10^(12-p). */
int64_t picos_round(int64_t picos, int p);

/* --- Text ---------------------------------------------------------------- */

/* Append Athena's text of a non-NULL value of a temporal or interval type
** (any of T_DATE … T_INTERVAL_YM). */
void datetime_print(Buf*, const Type*, const Value*);

/* What a literal or a cast answers where it fails. */
typedef struct DatetimeError { const char *code, *message; } DatetimeError;

/*
** Literals: the text between the quotes becomes a value and its type.
** 0: *type and *out are set (bytes in the arena).  1: *error is set, complete
** but for the position: INVALID_LITERAL `'x' is not a valid DATE literal`.
** TIMESTAMP and TIME give a type with time zone when the text has a zone.
** Interval: sign is +1 or -1; from and to are "year" … "second" in any case,
** to may be NULL.
*/
int datetime_literal_date(Arena*, const char *z, size_t n,
                          const Type **type, Value *out, DatetimeError *error);
int datetime_literal_time(Arena*, const char *z, size_t n,
                          const Type **type, Value *out, DatetimeError *error);
int datetime_literal_timestamp(Arena*, const char *z, size_t n,
                          const Type **type, Value *out, DatetimeError *error);
int datetime_literal_interval(Arena*, const char *z, size_t n, int sign,
                          const char *from, const char *to,
                          const Type **type, Value *out, DatetimeError *error);

/*
** Stored text (spec §9: `2020-01-31`, `2020-01-31 10:20:30.000`) to days or
** microseconds, and the same forms with fewer digits, leading sign and blanks
** around as CAST(varchar AS date/timestamp) takes them.  Return 0, or -1 when
** the text is not one.  No allocation: for scans.
*/
int datetime_parse_date(const char *z, size_t n, int64_t *days);
int datetime_parse_timestamp(const char *z, size_t n, int64_t *micros);

/* The constants of a statement from CompileContext.now_micros (UTC), by name:
** now, current_timestamp, localtimestamp, current_date, current_time,
** localtime, with a precision 0..12 or -1 where none was written.  NULL type:
** no such name, or no such precision. */
const Type *datetime_now(Arena*, const char *name, int precision, int64_t now_micros, Value *out);

/* --- Casts and instants -------------------------------------------------- */

/*
** CAST between two types of which at least one is temporal or an interval
** (text included).  FN_OK with *out set, or FN_ERROR after fn_error().
** The pair must be one that datetime_can_cast allows; *in is not NULL.
*/
struct FnCall;
int cast_temporal(struct FnCall*, const Type *from, const Type *to, const Value *in, Value *out);
/* Whether Athena has a CAST for the pair (one side temporal or interval). */
int datetime_can_cast(const Type *from, const Type *to);
/* T_DATE … T_INTERVAL_YM. */
int type_is_temporal(const Type*);

/* value_get_instant and value_put_instant of value.h are implemented in
** datetime.c; time with time zone has its own pair: picoseconds of the day as
** the clock there shows them, and minutes east of UTC. */
typedef struct TimeTz { int64_t picos; int offset; } TimeTz;
TimeTz value_get_time_tz(const Value*);
Value value_put_time_tz(Arena*, TimeTz);
/* Wall clock of an instant: microseconds as if UTC (for types without zone:
** the value itself). */
int64_t instant_local(Instant);
/* Midnight of a day; sticks at the ends of 64 bits, as the engine's does. */
int64_t date_micros(int64_t days);
/* Rounded half up to p digits of the second. */
Instant instant_round(Instant, int p);
#endif
