/*
** Rows for a hash aggregation that SQLite does not make one by one
** (group_source.c).
**
** As text (the third argument of t_group; the arguments after it are the values
** of the comparisons, in order):
**
**   KIND C,… [where C OP,…] of TABLE
**   landing 3,0 where 1>,0<> of readings
**
** KIND: landing, a table of the module jsonl that the aggregation's query names.
** C: the input's columns, as numbers of the table's; - for none, when rows are
** only counted.  OP: = <> < <= > >= null notnull; all must hold.
*/
#ifndef TARN_GROUP_SOURCE_H
#define TARN_GROUP_SOURCE_H
#include "jsonl_filter.h"
#include "rows.h"

#define GROUP_SOURCE_COLUMNS 128
#define GROUP_FILTERS 16        /* comparisons */

struct JsonlHost;
typedef struct GroupSource {
  RowSource *rows;              /* NULL: the rows cannot be had natively; let SQLite make them */
  int n_column, column[GROUP_SOURCE_COLUMNS];   /* of a row; none: rows are only counted */
  int n_filter;
  Arena arena;
  Filter filter[GROUP_FILTERS];
} GroupSource;

/* Read a table as the text says.  SQLITE_OK, also when that is not possible
** (out->rows==NULL); or an error with *pzErr (sqlite3_malloc). */
int group_source_open(GroupSource *out, struct JsonlHost*, const char *text, int n_column, int n_value,
                      sqlite3_value **value, const RowMap *map, char **pzErr);
void group_source_close(GroupSource*);
#endif
