/* Which tables a statement names (tree_tables.c). */
#ifndef TARN_TREE_TABLES_H
#define TARN_TREE_TABLES_H
#include "athena/tree.h"

/* Call back for each table name that is read, in the order of the text; names
** of WITH queries are left out.  The table a statement makes or changes is not
** among them. */
typedef void (*TreeTableFn)(void *arg, const NameList *name);
void tree_tables(const Statement*, TreeTableFn, void *arg);
#endif
