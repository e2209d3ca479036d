/*
** Calendar units on instants: what date_add, date_diff, date_trunc and the
** extract functions share.  Rules are Joda-Time's ISO chronology, which the
** engine uses: units from a day on work on the wall clock of the zone, shorter
** ones on the instant.
*/
#ifndef TARN_DATETIME_UNIT_H
#define TARN_DATETIME_UNIT_H
#include "fn.h"
#include "../datetime.h"

typedef enum Unit {
  UNIT_MILLISECOND, UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR,
  UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_QUARTER, UNIT_YEAR
} Unit;

/* Which units a kind of value takes; also its name in the error. */
typedef enum UnitScope { SCOPE_DATE, SCOPE_TIME, SCOPE_TIMESTAMP } UnitScope;

/* Read a unit's name, any case.  FN_OK, or FN_ERROR `'x' is not a valid … field`. */
int unit_parse(FnCall*, const Value *name, UnitScope, Unit*);

/* Milliseconds of a unit up to the week; 0 for longer ones. */
int64_t unit_millis(Unit);

/* All take milliseconds since 1970 UTC and a zone key. */
int64_t millis_local(int zone, int64_t millis);
/* Local milliseconds back to UTC, keeping the offset of `original` where it
** is valid; a gap moves forward. */
int64_t millis_from_local(int zone, int64_t local, int64_t original);
int64_t millis_add(int zone, Unit, int64_t millis, int64_t n);
int64_t millis_floor(int zone, Unit, int64_t millis);
/* Complete units from `from` to `to`, towards zero. */
int64_t millis_diff(int zone, Unit, int64_t from, int64_t to);

int64_t micros_to_millis(int64_t micros);

/* Fields of a local time in milliseconds, by name of the extract functions. */
typedef enum DateField {
  FIELD_YEAR, FIELD_QUARTER, FIELD_MONTH, FIELD_WEEK, FIELD_DAY, FIELD_DAY_OF_WEEK,
  FIELD_DAY_OF_YEAR, FIELD_YEAR_OF_WEEK, FIELD_HOUR, FIELD_MINUTE, FIELD_SECOND,
  FIELD_MILLISECOND
} DateField;
int64_t date_field(DateField, int64_t days);
int64_t clock_field(DateField, int64_t millis_of_day);
int64_t local_field(DateField, int64_t local_millis);

/* A carrier of the same kind (with zone or not, up to 6 digits or more). */
Value put_timestamp_like(Arena*, const Value *like, Instant);
Value put_tz(Arena*, Instant);
Instant get_timestamp(const Value*);
Instant get_tz(const Value*);
/* From milliseconds, keeping the zone and what is below a millisecond of x
** (or nothing where !fraction).  0 on overflow. */
int instant_from_millis(Instant *x, int64_t millis, int fraction);

/* What java.time says of a date with a day up to 31, or NULL when it is one. */
const char *java_invalid_date(Arena*, int64_t year, int month, int day);
/* NOT_SUPPORTED, for an offset that is no zone of Athena's. */
int zone_unknown(FnCall*, int offset_seconds);
#endif
