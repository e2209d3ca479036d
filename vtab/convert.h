/*
** Texts of files to stored values: what the SerDes share.
**
** These are the rules of Java's and Hive's parsers, not of SQL casts: each
** function says which.  Results are in stored form (value.h: dates and
** timestamps as ISO text, decimals as text with exactly s digits).
*/
#ifndef TARN_CONVERT_H
#define TARN_CONVERT_H
#include "value.h"

/* --- Numbers (convert.c) ------------------------------------------------- */

/* Java's Long.parseLong(text, radix): a sign and digits, nothing else. */
int java_parse_long(const char *z, size_t n, int radix, int64_t *out);
/* Java's Double.parseDouble and Float.parseFloat: blanks around, NaN,
** [+-]Infinity, a suffix f F d D, hexadecimal floats.  1 when it is one. */
int java_parse_double(Arena*, const char *z, size_t n, int as_float, double *out);

/* Java's BigDecimal as digits: 0.DIGITS times 10^point, without zeros in front. */
typedef struct BigDecimal {
  int negative;
  const char *digits; size_t n_digit;   /* in the arena or borrowed; none: zero */
  int64_t point;                /* digits before the decimal point */
  int64_t scale;                /* as Java counts it: of the text as written */
  size_t n_unscaled;            /* digits of the unscaled value, at least 1 */
} BigDecimal;
/* new BigDecimal(text): no blanks.  1 when it is one. */
int java_parse_decimal(Arena*, const char *z, size_t n, BigDecimal *out);
/* The integer towards zero; 0 when it does not fit. */
int decimal_truncate(const BigDecimal*, int64_t *out);
/* Text with exactly s digits, rounded half up; V_NULL when it exceeds decimal(p,s). */
Value decimal_fit(Arena*, const BigDecimal*, int p, int s);
/* BigDecimal.toString(). */
void decimal_to_string(Buf*, const BigDecimal*);

int integer_fits(const Type*, int64_t);          /* tinyint … bigint */

/* --- Text ---------------------------------------------------------------- */

/* Java's String.trim(): bytes up to blank at both ends. */
void java_trim(const char **z, size_t *n);
/* Ignoring the case of ASCII letters; other is lower-case. */
int text_is(const char *z, size_t n, const char *lower);
/* The same bytes where they are UTF-8, else a copy in which each malformed
** part is U+FFFD, as Java decodes it. */
Value text_utf8(Arena*, const char *z, size_t n);
/* The first `length` code points. */
Value text_truncate(Value, int length);
/* varchar(n) and char(n) of a text: cut, and without blanks at the end for char. */
Value text_fit(const Type*, Value);
/* Java's Base64.getDecoder(); 1 when it is base64. */
int base64_decode(Arena*, const char *z, size_t n, Value *out);
/* Same name: exactly, or ignoring case as Java's equalsIgnoreCase. */
int name_equal(const char *a, size_t na, const char *b, size_t nb, int ignore_case);

/* --- JSON text of nested values ------------------------------------------ */

/* One stored scalar as JSON, in the canonical form of value_store.c. */
void json_write_stored(Buf*, const Type*, const Value *stored);
void json_write_string(Buf*, const char *z, size_t n);
/* One entry of a map, its key and value already in JSON. */
typedef struct MapEntry {
  Value key;                    /* stored form */
  const char *key_json, *value_json;            /* key_json: a JSON string */
  size_t n_key, n_value;
} MapEntry;
/* Write a map from entries in the order of the file: equal keys collapse, the
** later one winning (or the first); ascending by key.  Reorders the entries. */
void json_write_map(Buf*, const Type *key, MapEntry*, int n, int first_wins);
/* A key's JSON: always a string. */
void json_write_key(Buf*, const Type *key, const Value *stored);

/* --- Dates and timestamps (convert_time.c) ------------------------------- */

#define TIME_FORMATS_MAX 32

typedef struct HiveTime { int64_t seconds; int nanos; } HiveTime;       /* since 1970, UTC */
/* Hive's date: `y-M-d`, lenient (month 13, day 31 of February), text after a
** blank ignored.  1 when it is one. */
int hive_parse_date(const char *z, size_t n, int64_t *days);
/* Hive's timestamp: `y-M-d[ H:m:s[.f]]` or with T, lenient. */
int hive_parse_timestamp(const char *z, size_t n, HiveTime *out);
/* OpenX's: the above with an offset, or a number of seconds or millis. */
int openx_parse_timestamp(Arena*, const char *z, size_t n, HiveTime *out);
/* Stored text.  0 (V_NULL) beyond the years that Athena has. */
Value date_store(Arena*, int64_t days);
Value timestamp_store(Arena*, HiveTime);         /* rounded half up to milliseconds */

/* timestamp.formats: patterns in the letters that Java's and Joda's formatters
** share.  A pattern with anything else is refused. */
typedef struct TimeFormats { int n; const char *pattern[TIME_FORMATS_MAX]; int joda; } TimeFormats;
/* Split the property.  NULL, or the message that refuses it (sqlite3_malloc). */
char *time_formats_parse(Arena*, const char *property, int joda, TimeFormats *out);
/* 1 when one of the patterns takes the whole text. */
int time_formats_match(const TimeFormats*, const char *z, size_t n, HiveTime *out);
#endif
