/*
** Joda-Time's formatter: patterns compiled to nodes, printing, parsing.
**
** Two pattern languages end here: MySQL's (date_format, date_parse) and
** Joda's own (format_datetime, parse_datetime); the ISO 8601 parsers of
** from_iso8601_* are fixed node tables.  Texts of errors are Joda's.
**
** Limits: patterns up to JODA_PATTERN_MAX bytes, JODA_SAVED_MAX fields parsed;
** English names; the names of zones as tzdata abbreviates them.
*/
#ifndef TARN_JODA_H
#define TARN_JODA_H
#include "datetime_unit.h"

#define JODA_PATTERN_MAX 4000
#define JODA_SAVED_MAX 128

typedef enum JodaKind {
  J_END,                        /* ends a sequence */
  J_NUMBER,                     /* min..max digits of a field */
  J_TWO_DIGITS,                 /* a year by its last two digits */
  J_TEXT, J_SHORT_TEXT,         /* names of months, days, AM, BC */
  J_FRACTION,                   /* digits of a fraction of `field` */
  J_LITERAL,
  J_OFFSET,                     /* +hhmm, or +hh:mm where `min` */
  J_ZONE_ID, J_ZONE_NAME, J_ZONE_LONG_NAME,
  J_MATCH                       /* the longest of some sequences; parsing only */
} JodaKind;

typedef enum JodaField {
  JF_ERA, JF_CENTURY_OF_ERA, JF_YEAR_OF_ERA, JF_YEAR, JF_WEEKYEAR, JF_MONTH_OF_YEAR,
  JF_DAY_OF_YEAR, JF_WEEK_OF_WEEKYEAR, JF_DAY_OF_MONTH, JF_DAY_OF_WEEK, JF_HALFDAY_OF_DAY,
  JF_HOUR_OF_DAY, JF_CLOCKHOUR_OF_DAY, JF_HOUR_OF_HALFDAY, JF_CLOCKHOUR_OF_HALFDAY,
  JF_MINUTE_OF_HOUR, JF_SECOND_OF_MINUTE,
  JF_FRACTION_OF_SECOND, JF_FRACTION_OF_MINUTE, JF_FRACTION_OF_HOUR
} JodaField;

typedef struct JodaNode JodaNode;
struct JodaNode {
  unsigned char kind, field;
  unsigned char is_signed;      /* J_NUMBER: a sign may precede */
  unsigned char lenient;        /* J_TWO_DIGITS: other lengths are the year itself;
                                ** J_MATCH: nothing matches too */
  short min, max;               /* digits */
  int pivot;                    /* J_TWO_DIGITS: the middle of the century meant */
  const char *z;                /* J_LITERAL */
  int n;
  const JodaNode *const *choice;        /* J_MATCH: NULL-ended */
};

/* A compiled pattern; one block of memory, freed by sqlite3_free. */
typedef struct JodaFormat {
  int n_pattern;
  const char *pattern;          /* a copy, to know it again */
  const JodaNode *node;
} JodaFormat;

/* The format of a pattern, kept in the call's memo while the pattern stays the
** same.  NULL after fn_error, or on out of memory. */
const JodaFormat *joda_format(FnCall*, const Value *pattern, int mysql);

/* Print an instant as its zone shows it. */
int joda_print(FnCall*, const JodaNode*, int64_t millis, int zone, Buf*);

typedef struct JodaResult {
  int64_t millis;               /* UTC */
  int has_offset, offset_seconds;
  int has_zone, zone;
} JodaResult;

/* Parse a whole text, in UTC where it names no zone. */
int joda_parse(FnCall*, const JodaNode*, const char *z, int n, JodaResult*);

/* Names in English; field is one with text. */
const char *joda_name(JodaField, int value, int is_short);

extern const JodaNode joda_iso_datetime[];      /* ISODateTimeFormat.dateTimeParser */
extern const JodaNode joda_iso_date[];          /* dateElementParser */
extern const JodaNode joda_iso_full_date[];     /* date: year, month and day */
#endif
