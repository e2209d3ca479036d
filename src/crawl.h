/* What JSON lines hold, and the table that fits them (crawl.c, crawl_table.c). */
#ifndef TARN_CRAWL_H
#define TARN_CRAWL_H
#include "session.h"

#define CRAWL_DEPTH_MAX 32
#define CRAWL_FIELDS_MAX 1000   /* of one object; SQLite's limit of columns is 2000 */

typedef enum CrawlKind { KIND_NULL, KIND_BOOLEAN, KIND_INTEGER, KIND_BIG, KIND_REAL, KIND_TEXT, KIND_OBJECT, KIND_ARRAY, KINDS } CrawlKind;

/* One field (or the elements of an array), over all lines. */
typedef struct CrawlField {
  const char *name;             /* lower case */
  const char *spelling;         /* as first written */
  const char *other;            /* another spelling of the same name, or NULL */
  long long n[KINDS];
  const char *first[KINDS];     /* path:line where the kind was first seen */
  long long min, max;           /* of integers */
  int n_child, cap_child;
  struct CrawlField **child;    /* KIND_OBJECT, in the order first seen */
  struct CrawlField *element;   /* KIND_ARRAY */
} CrawlField;

typedef struct CrawlTable {
  const char *name, *location;
  int n_key; const char **key; int *key_is_integer;   /* partition columns */
  long long lines, blank, malformed, n_files;
  const char *first_malformed;
  CrawlField root;
} CrawlTable;

/* Read every line below the table's location into root.  The arena holds what
** is kept.  0, or 1 with an error. */
int crawl_read(Session*, Arena*, CrawlTable*);
/* Hive's type for all that was seen in a field. */
void crawl_type(Buf*, const CrawlField*);
/* Times a field was there, NULL or not. */
long long crawl_seen(const CrawlField*);

/* The tables of a location: one for each folder that has files. */
int crawl_find(Session*, Arena*, const char *location, int *n, CrawlTable **out);
/* The table as a script: comments that explain each column, CREATE EXTERNAL
** TABLE, MSCK. */
char *crawl_script(Arena*, const CrawlTable*);
/* What the data has that a script's table does not declare, and the other way
** round, one line each; "" when they agree.  NULL after session_fail. */
char *crawl_difference(Session*, Arena*, const CrawlTable*, const char *script);
#endif
