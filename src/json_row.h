/* Rows of a statement as JSON objects (json_row.c). */
#ifndef TARN_JSON_ROW_H
#define TARN_JSON_ROW_H
#include "session.h"

typedef enum JsonForm { FORM_NUMBER, FORM_DOUBLE, FORM_TEXT, FORM_BARE, FORM_TIMESTAMP, FORM_BOOLEAN, FORM_VALUE } JsonForm;
typedef struct JsonColumn {
  const Type *type;
  JsonForm form;
  const char *key; size_t n_key;        /* `"a":` */
  int omitted;                          /* a partition column: in the path, not in the object */
} JsonColumn;

/* stored: the statement gives values in stored form, else in carriers. */
void json_column_init(Arena*, JsonColumn*, const char *name, const Type*, int stored);

/* Is a loaded value, not NULL, of a kind that the type can have? */
int json_fits(const Type*, const Value*);

/* Append the statement's row and a line break.  openx: leave NULLs out, as the
** OpenX SerDe writes.  `row` is scratch memory.  0, or 1 with an error. */
int json_row(Session*, Buf*, Arena *row, int n, const JsonColumn*, sqlite3_stmt*, int stored, int openx);
#endif
