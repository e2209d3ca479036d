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
** Limits: TEMPLATE_SLOTS values of a line, a value more for each 32 bytes
** between two of them; objects within objects have no template.
*/
#ifndef TARN_OPENX_TEMPLATE_H
#define TARN_OPENX_TEMPLATE_H
#include "json_lenient.h"
#include "kernel.h"

#define TEMPLATE_SLOTS 96
#define TEMPLATE_PREFIX 32
#define TEMPLATE_PADDING 64     /* zero bytes behind a buffer of lines (SCAN_PADDING) */

/* What is done with a value. */
typedef enum TemplateStep {
  STEP_TEXT, STEP_STRING, STEP_SKIP_STRING,             /* quoted: text; a token; nothing */
  STEP_INTEGER, STEP_DOUBLE, STEP_BOOLEAN, STEP_BARE, STEP_SKIP_BARE,
  STEP_NONE,                                            /* no value: more bytes follow */
  STEP_END                                              /* the bytes are the last of the line */
} TemplateStep;

typedef struct TemplateSlot {
  char bytes[TEMPLATE_PREFIX];  /* before the value, with its opening quote */
  unsigned mask;                /* a bit for each of them */
  unsigned short length;
  unsigned short step;          /* TemplateStep */
  int column, place;            /* -1: not needed; of its cell in a row */
  int64_t min, max;             /* of the column's type, STEP_INTEGER */
  char stop[16];                /* the byte that follows the value, in each */
} TemplateSlot;

typedef struct Template {
  int n;                        /* slots, the line's end included; 0: nothing is learned */
  unsigned least;               /* bytes of a line at least */
  int n_absent;                 /* cells of a row that it does not give */
  short *absent;                /* their places; the owner's */
  TemplateSlot slot[TEMPLATE_SLOTS];
} Template;

/* Learn from a line, the bytes of blanks around its one flat object included:
** record[0..n_record) holds the object at z[0..n).  column_of gives a key's
** column or -1.  Else the template is left empty. */
typedef struct TemplateColumns {
  int (*column_of)(void*, const JsonToken *key);
  const Type *(*type_of)(void*, int column);
  int (*place_of)(void*, int column);
  void *arg;
} TemplateColumns;
void template_learn(Template*, const char *record, size_t n_record, const char *z, size_t n, const TemplateColumns*);

/* A value that is left to openx_convert. */
typedef struct TemplateToken { int column, place; JsonToken token; } TemplateToken;

/* Lines from z on, made into rows of `stride` cells while they match, but not
** more than `most`, nor any after one that leaves tokens. */
typedef struct TemplateRun {
  const char *z, *end;          /* z moves behind the lines; TEMPLATE_PADDING zero bytes lie behind `end` */
  Value *to;
  int stride, most;
  TemplateToken *token; int n_token;    /* TEMPLATE_SLOTS of them; those of the last row */
} TemplateRun;

/* How many lines matched. */
typedef int (*TemplateMatch)(const Template*, TemplateRun*);
TemplateMatch template_match(Kernel);
#endif
