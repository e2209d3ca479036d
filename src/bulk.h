/*
** Bulk statements: CREATE TABLE AS and INSERT … SELECT of a simple shape, run
** on blocks of rows instead of through SQLite's virtual machine.
**
**   recognise   bulk_plan.c, bulk_condition.c   the analysed tree -> BulkQuery, or nothing
**   plan        bulk_steps.c                    which table is scanned, the order of the others
**   run         bulk_run.c, bulk_eval.c         scan, filter, probe, project, in many hands
**   read        bulk_source.c                   blocks of rows of landing and stored tables
**   keep        bulk_rows.c, bulk_set.c         packed rows found by a hash; sets of distinct rows
**   write       bulk.c                          table images, loaded in order
**   check       bulk_check.c, bulk_same.c       queries that have no rows, many at once
**
** What is recognised (everything else takes the plain path through SQLite):
**   SELECT [DISTINCT] columns, literals FROM tables [WHERE …]
** over landing and stored tables, joined by INNER JOIN … ON / USING or commas on
** equal integers, booleans or varchars; views, WITH queries and subqueries of
** that same shape in FROM are expanded.  Conditions: AND, OR, NOT, IS [NOT]
** NULL, comparisons and BETWEEN of integers, booleans, doubles and varchars,
** IN lists, IN (SELECT …) of that shape, EXISTS (SELECT …) tied by equalities.
** Columns are copied in their stored form, so only types whose stored form is
** the same on both sides are taken.
**
** Rows come in the order of the files, as on the plain path; a join gives them
** in the order of the side that is read last.  Where a bulk statement fails on
** data it is undone and run again on the plain path: its error is the one that
** is told, so errors are the same by construction.
**
** TARN_PLAIN=1 in the environment sends everything the plain way: for tests
** that compare the two.
*/
#ifndef TARN_BULK_H
#define TARN_BULK_H
#include "catalog_write.h"

typedef struct BulkQuery BulkQuery;

/* The query of a statement as a bulk query in the session's arena, or NULL:
** then it takes the plain path. */
BulkQuery *bulk_recognise(Session*, const Compiled*);

/* One line about how it runs, in the arena: "scan accelerometer_landing, …". */
const char *bulk_describe(Arena*, const BulkQuery*);

/* Fill a stored table.  1 done (*n rows), 0 the plain path must do it (nothing
** was changed), -1 failed with session->error. */
int bulk_insert(Session*, const Compiled*, const TableName*, long long *n);

/* After the transaction: let go of what bulk_insert attached. */
void bulk_forget(Session*);

/* Which of n queries (NULL: none) certainly have no rows.  0, or 1 with
** session->error when it was interrupted. */
int bulk_find_empty(Session*, int n, Compiled *const *c, char *is_empty);
#endif
