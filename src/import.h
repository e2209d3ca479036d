/* Catalog entries from elsewhere (import.c). */
#ifndef TARN_IMPORT_H
#define TARN_IMPORT_H
#include "session.h"

/*
** Import a text: the JSON of `aws glue get-tables`, `get-table` or
** `get-partitions`, or statements (pasted SHOW CREATE TABLE output, with or
** without `;` between them).  Each table is reported on stdout; one that is
** refused does not stop the others.  0, 1 with an error; *refused counts.
*/
int import_text(Session*, Arena*, const char *text, int *refused);
#endif
