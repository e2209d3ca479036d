/*
** A timestamp or time read as text but not yet checked: shared by literals
** (datetime_parse.c) and casts (datetime_cast.c).
*/
#ifndef TARN_DATETIME_TEXT_H
#define TARN_DATETIME_TEXT_H
#include "datetime.h"

#define DATETIME_FRACTION_MAX 1000      /* digits scanned; more than 18 are invalid */

typedef struct DateTimeText {
  int64_t year;
  int month, day, hour, minute, second;
  int has_time;
  const char *fraction;         /* its digits, borrowed */
  int fraction_digits;
  const char *zone;             /* NULL: none; borrowed */
  int zone_n;
} DateTimeText;

/* Split a timestamp or a time; 1 when it has the form, else 0. */
int datetime_scan(const char *z, size_t n, DateTimeText*);
int datetime_scan_time(const char *z, size_t n, DateTimeText*);
/* The fields are in range (the date's only with_date). */
int datetime_text_valid(const DateTimeText*, int with_date);
int64_t datetime_text_seconds(const DateTimeText*);
/* The fraction in picoseconds, rounded half up to p digits. */
int64_t datetime_text_picos(const DateTimeText*, int p);
/* The +hh:mm of a time: 1 when within 14 hours. */
int datetime_text_offset(const DateTimeText*, int *minutes);
/* Seconds and picoseconds to an instant; 0 on overflow.  The zone stays. */
int datetime_instant(int64_t seconds, int64_t picos, Instant*);
/* A timestamp with time zone of this type can hold the instant. */
int datetime_tz_fits(const Type*, int64_t micros);

int is_blank(char);
void trim_blanks(const char **z, size_t *n);
#endif
