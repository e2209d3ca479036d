/*
** What parsing by pattern collects (joda_parse.c) and turns into an instant
** (joda_compute.c).
*/
#ifndef TARN_JODA_PARSER_H
#define TARN_JODA_PARSER_H
#include "joda.h"

typedef struct JodaSaved { JodaField field; int value; } JodaSaved;

typedef struct JodaParser {
  const char *z;
  int n;
  int n_saved, too_many;
  JodaSaved saved[JODA_SAVED_MAX];
  int has_offset, offset_millis;
  int has_zone, zone;
  int overflow_at, overflow_n;  /* a number beyond 32 bits; n is 0 when there is none */
} JodaParser;

/* Keep a field's value. */
void joda_save(JodaParser*, JodaField, int value);
/* The local time that the fields say, in milliseconds: FN_OK, or FN_ERROR with
** Joda's text of the field out of range. */
int joda_compute(FnCall*, JodaParser*, int64_t *out);
#endif
