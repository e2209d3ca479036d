/*
** The parsers of ISO 8601 texts, as tables of nodes (see joda.h): the choices
** of Joda-Time's ISODateTimeFormat, innermost first.
*/
#include "../sqlite.h"
#include "joda.h"

#define END {J_END, 0, 0, 0, 0, 0, 0, 0, 0, 0}
#define NUM(field, min, max) {J_NUMBER, field, 0, 0, min, max, 0, 0, 0, 0}
#define SIGNED(field, min, max) {J_NUMBER, field, 1, 0, min, max, 0, 0, 0, 0}
#define LIT(z) {J_LITERAL, 0, 0, 0, 0, 0, 0, z, sizeof(z)-1, 0}
#define FRACTION(field) {J_FRACTION, field, 0, 0, 1, 9, 0, 0, 0, 0}
#define MATCH(choice) {J_MATCH, 0, 0, 0, 0, 0, 0, 0, 0, choice}
#define OPTIONAL(choice) {J_MATCH, 0, 0, 1, 0, 0, 0, 0, 0, choice}
#define OFFSET {J_OFFSET, 0, 0, 0, 1, 0, 0, 0, 0, 0}

static const JodaNode dot[] = {LIT("."), END}, comma[] = {LIT(","), END};
static const JodaNode *const points[] = {dot, comma, 0};
static const JodaNode second_fraction[] = {MATCH(points), FRACTION(JF_FRACTION_OF_SECOND), END};
static const JodaNode minute_fraction[] = {MATCH(points), FRACTION(JF_FRACTION_OF_MINUTE), END};
static const JodaNode hour_fraction[] = {MATCH(points), FRACTION(JF_FRACTION_OF_HOUR), END};
static const JodaNode *const second_fractions[] = {second_fraction, 0};
static const JodaNode second[] =
  {LIT(":"), NUM(JF_SECOND_OF_MINUTE, 2, 2), OPTIONAL(second_fractions), END};
static const JodaNode *const after_minute[] = {second, minute_fraction, 0};
static const JodaNode minute[] =
  {LIT(":"), NUM(JF_MINUTE_OF_HOUR, 2, 2), OPTIONAL(after_minute), END};
static const JodaNode *const after_hour[] = {minute, hour_fraction, 0};
static const JodaNode time_element[] = {NUM(JF_HOUR_OF_DAY, 2, 2), OPTIONAL(after_hour), END};
static const JodaNode *const time_elements[] = {time_element, 0};
static const JodaNode offset[] = {OFFSET, END};
static const JodaNode *const offsets[] = {offset, 0};

static const JodaNode day_of_month[] = {LIT("-"), NUM(JF_DAY_OF_MONTH, 2, 2), END};
static const JodaNode *const days_of_month[] = {day_of_month, 0};
static const JodaNode month[] =
  {LIT("-"), NUM(JF_MONTH_OF_YEAR, 2, 2), OPTIONAL(days_of_month), END};
static const JodaNode *const months[] = {month, 0};
static const JodaNode standard_date[] = {SIGNED(JF_YEAR, 4, 9), OPTIONAL(months), END};
static const JodaNode day_of_week[] = {LIT("-"), NUM(JF_DAY_OF_WEEK, 1, 1), END};
static const JodaNode *const days_of_week[] = {day_of_week, 0};
static const JodaNode week_date[] = {SIGNED(JF_WEEKYEAR, 4, 9), LIT("-W"),
  NUM(JF_WEEK_OF_WEEKYEAR, 2, 2), OPTIONAL(days_of_week), END};
static const JodaNode ordinal_date[] =
  {SIGNED(JF_YEAR, 4, 9), LIT("-"), NUM(JF_DAY_OF_YEAR, 3, 3), END};
static const JodaNode *const dates[] = {standard_date, week_date, ordinal_date, 0};

const JodaNode joda_iso_date[] = {MATCH(dates), END};
const JodaNode joda_iso_full_date[] = {SIGNED(JF_YEAR, 4, 9), LIT("-"),
  NUM(JF_MONTH_OF_YEAR, 2, 2), LIT("-"), NUM(JF_DAY_OF_MONTH, 2, 2), END};

static const JodaNode time_or_offset[] =
  {LIT("T"), OPTIONAL(time_elements), OPTIONAL(offsets), END};
static const JodaNode *const times_or_offsets[] = {time_or_offset, 0};
static const JodaNode time_only[] =
  {LIT("T"), NUM(JF_HOUR_OF_DAY, 2, 2), OPTIONAL(after_hour), OPTIONAL(offsets), END};
static const JodaNode date_optional_time[] = {MATCH(dates), OPTIONAL(times_or_offsets), END};
static const JodaNode *const datetimes[] = {time_only, date_optional_time, 0};

const JodaNode joda_iso_datetime[] = {MATCH(datetimes), END};
