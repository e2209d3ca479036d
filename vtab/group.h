/*
** Hash aggregation as a table-valued function.
**
**   SELECT c0 AS "user", c1 AS n, c2 AS x
**   FROM t_group('SELECT "user", x FROM readings', '1 -r; count_all(); t_sum_double(1)')
**
** The first argument is a query of the same connection, the second says which
** of its columns are keys and what is aggregated (group_spec.h).  A row for each
** group: the keys, then the aggregates, as c0, c1, …; the order is that of
** group_run.h.  Without aggregates that is DISTINCT.
**
** The third argument may name the rows natively, so that SQLite does not make
** them one by one: see group_source.h.
**
** Rows are aggregated in their order, so that sums of doubles are SQLite's to the
** bit.  Where several rows would raise errors it is the first one's (SQLite's
** sorter finds the first group's).
**
** With 'top …' as second argument it gives the first rows of an order instead of
** groups (group_top.h).
**
** Groups are kept in memory up to a limit, then in temporary files.
*/
#ifndef TARN_GROUP_H
#define TARN_GROUP_H
#include "sqlite.h"

#define GROUP_MEMORY (256LL<<20)

struct JsonlHost;
typedef struct GroupHost {
  const sqlite3_int64 *memory;  /* where the limit in bytes is read from, or NULL */
  struct JsonlHost *jsonl;      /* whose landing tables can be read natively, or NULL */
} GroupHost;

/* host is copied; what it points to must outlive the connection.  NULL: none of it. */
int group_register(sqlite3*, const GroupHost *host);
#endif
