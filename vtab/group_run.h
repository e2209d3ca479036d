/*
** Hash aggregation of rows within a bounded memory (group_run.c).
**
**   hash_groups_open; hash_groups_add for every row; hash_groups_end
**   do  read groups 0 … hash_groups_count-1
**   while( hash_groups_more()==SQLITE_ROW )
**
** Without keys there is exactly one group, also over no rows.  Groups come
** ascending by key, NULL first, while all of them are in memory and not more
** than GROUP_SORTED (and the spec does not want them as they come); else in the order in which their keys appeared, spilled
** ones after the others.  Rows of one group are aggregated in their order.
*/
#ifndef TARN_GROUP_RUN_H
#define TARN_GROUP_RUN_H
#include "group_spec.h"

#define GROUP_SORTED 65536

typedef struct Groups Groups;

/* The spec is borrowed.  memory: bytes for the groups, about.  interrupted
** (may be NULL) is asked now and then: SQLITE_INTERRUPT when it says so. */
int hash_groups_open(const GroupSpec*, sqlite3_int64 memory, int (*interrupted)(void*), void *arg, Groups **out);
void hash_groups_free(Groups*);      /* NULL is fine */
/* SQLITE_OK, or an error; hash_groups_error then. */
int hash_groups_add(Groups*, const Value *row);
/* The same for n rows that lie `width` cells apart. */
int hash_groups_add_block(Groups*, const Value *cell, int n, int width);
/* n rows of which nothing is looked at (count(*) only). */
int hash_groups_count_rows(Groups*, int n);
int hash_groups_end(Groups*);
/* The groups of the next spilled part instead: SQLITE_ROW; SQLITE_DONE; an error. */
int hash_groups_more(Groups*);
uint32_t hash_groups_count(const Groups*);
/* Column i of a group: its keys, then its aggregates.  Bytes live until the
** next call.  SQLITE_OK or an error. */
int hash_groups_value(Groups*, uint32_t group, int i, Value *out);
/* `CODE: message`, or NULL (then SQLite's own text of the error code). */
const char *hash_groups_error(const Groups*);
#endif
