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
** A match finds the line's end as well, and makes the values of the usual types
** at once: ASCII text, integers of up to 15 digits, doubles of up to 15 digits
** without exponent, booleans, NULL.  Others it gives as tokens.
**
** Nothing of a template is a control character, nor is anything that a match
** takes: so the zero bytes behind a buffer end every match, and no loop asks
** for the end.
**
** Limits: TEMPLATE_VALUES values of a line, TEMPLATE_BYTES bytes between them;
** objects within objects have no template.
*/
#ifndef TARN_OPENX_TEMPLATE_H
#define TARN_OPENX_TEMPLATE_H
#include "json_lenient.h"
#include "kernel.h"

#define TEMPLATE_VALUES 64
#define TEMPLATE_BYTES 2048
#define TEMPLATE_PADDING 64     /* zero bytes behind a buffer of lines (SCAN_PADDING) */

/* How a value becomes a cell. */
typedef enum TemplateKind { TEMPLATE_SKIP, TEMPLATE_TEXT, TEMPLATE_INTEGER, TEMPLATE_DOUBLE, TEMPLATE_BOOLEAN,
  TEMPLATE_TOKEN } TemplateKind;

typedef struct TemplateSlot {
  unsigned short at, length;    /* bytes before the value, with its opening quote */
  short column;                 /* -1: not needed */
  unsigned char quoted, kind;   /* TemplateKind */
  int64_t min, max;             /* of the column's type, TEMPLATE_INTEGER */
} TemplateSlot;

typedef struct Template {
  int n;                        /* values; 0: nothing is learned */
  unsigned short tail_at, tail_length;  /* bytes after the last value */
  TemplateSlot slot[TEMPLATE_VALUES];
  char bytes[TEMPLATE_BYTES + TEMPLATE_PADDING];
} Template;

/* A value that is left to openx_convert. */
typedef struct TemplateToken { int column; JsonToken token; } TemplateToken;

/* Learn from a line, the bytes of blanks around its one flat object included:
** record[0..n_record) holds the object at z[0..n).  column_of gives a key's
** column or -1, type_of a column's type.  Else the template is left empty. */
typedef struct TemplateColumns {
  int (*column_of)(void*, const JsonToken *key);
  const Type *(*type_of)(void*, int column);
  void *arg;
} TemplateColumns;
void template_learn(Template*, const char *record, size_t n_record, const char *z, size_t n, const TemplateColumns*);

/* The end of the line at z, its terminator or `end`, when it matches: then the
** cells of its columns are set, or their tokens are among `token`
** (TEMPLATE_VALUES of them).  NULL when it does not.  TEMPLATE_PADDING zero
** bytes lie behind `end`. */
typedef const char *(*TemplateMatch)(const Template*, const char *z, const char *end, Value *cell,
                                     TemplateToken *token, int *n_token);
TemplateMatch template_match(Kernel);
#endif
