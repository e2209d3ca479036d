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
** KIND: landing, a table of the module jsonl that the aggregation's query names;
** stored, a table of schema main, read from its pages.
** C: the input's columns, as numbers of the table's; - for none, when rows are
** only counted.  OP: = <> < <= > >= null notnull in; all must hold.  Integers are
** compared with integers, doubles with doubles, texts with texts.  The value of
** `in` is a query of one column.
*/
#ifndef TARN_GROUP_SOURCE_H
#define TARN_GROUP_SOURCE_H
#include "jsonl_filter.h"
#include "rows.h"

#define GROUP_SOURCE_COLUMNS 128
#define GROUP_FILTERS 16        /* comparisons */

struct JsonlHost;
typedef struct GroupSourceHost {
  struct JsonlHost *jsonl;      /* or NULL: no landing tables */
  int hands;                    /* for stored tables; 0: the processors */
} GroupSourceHost;

typedef struct GroupSource {
  RowSource *rows;              /* NULL: the rows cannot be had natively; let SQLite make them */
  int n_column;                 /* the first cells of a row; none: rows are only counted */
  int width;                    /* cells of a row */
  int column[GROUP_SOURCE_COLUMNS];
  int n_filter, is_integer_set;
  Filter filter[GROUP_FILTERS];
  Arena arena;
  sqlite3_stmt *hold;           /* stored: keeps the pages as they are */
} GroupSource;

/* Read a table as the text says.  SQLITE_OK, also when that is not possible
** (out->rows==NULL); or an error with *pzErr (sqlite3_malloc).  *out must stay
** where it is until it is closed, also after an error. */
int group_source_open(GroupSource *out, sqlite3*, const GroupSourceHost*, const char *text, int n_column,
                      int n_value, sqlite3_value **value, char **pzErr);
void group_source_close(GroupSource*);
#endif
