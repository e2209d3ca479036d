/*
** Line templates of the OpenX SerDe: regular lines without parsing.
**
** Machines write JSON lines that differ only in their values: the same keys in
** the same order, with the same punctuation.  A template is learned from a line
** that the reader has taken: the bytes between its values, and which column
** each value belongs to.  A line matches when those bytes are the same and each
** value is a plain one: a string without escapes, a number, true, false or null.
** Then its values lie where the reader would have found them, whatever the
** bytes between them are, because the reader would read the same bytes the same
** way.  Any other line goes to the reader.
**
** Limits: TEMPLATE_VALUES values of a line, TEMPLATE_BYTES bytes between them;
** objects within objects have no template.
*/
#ifndef TARN_OPENX_TEMPLATE_H
#define TARN_OPENX_TEMPLATE_H
#include "json_lenient.h"

#define TEMPLATE_VALUES 64
#define TEMPLATE_BYTES 2048
#define TEMPLATE_PADDING 32     /* bytes that are readable behind a line (SCAN_PADDING is more) */

typedef struct Template {
  int n;                        /* values; 0: nothing is learned */
  struct {
    unsigned short at, length;  /* bytes before the value, with its opening quote */
    short column;               /* -1: not needed */
    char quoted;
  } slot[TEMPLATE_VALUES];
  unsigned short tail_at, tail_length;  /* bytes after the last value */
  char bytes[TEMPLATE_BYTES + TEMPLATE_PADDING];
} Template;

/* Learn from a line that is one flat object; column_of gives a key's column or
** -1.  Else the template is left empty. */
void template_learn(Template*, const char *z, size_t n, int (*column_of)(void*, const JsonToken *key), void *arg);
/* 1 when the line matches: the tokens of its columns are set. */
int template_match(const Template*, const char *z, size_t n, JsonToken *slot);
#endif
