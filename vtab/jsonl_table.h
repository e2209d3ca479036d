/*
** A landing table as it was declared: the part of the module jsonl that
** connects (jsonl_table.c).  Cursors are in jsonl.c.
*/
#ifndef TARN_JSONL_TABLE_H
#define TARN_JSONL_TABLE_H
#include "jsonl.h"
#include "serde.h"
#include "source.h"
#include <pthread.h>

typedef struct Partition {
  const char *location;
  Value *value;                 /* of each partition column, stored form */
  const char *bad;              /* a value that its column's type cannot read */
  int bad_column;
  int is_listed, first, n;      /* its files in JsonlTable.list */
} Partition;

typedef struct JsonlTable {
  sqlite3_vtab base;
  sqlite3 *db;
  JsonlHost *host;
  Arena arena;
  const char *name, *schema;
  struct JsonlTable *next_table, **at_table;    /* in the host's list of connected ones */
  JsonlSpec spec;
  Serde serde;
  int n_partition_column; SerdeColumn *partition_column;
  int n_partition; Partition *partition;        /* one for a table without partition columns */
  int skip_lines;               /* skip.header.line.count */
  SourceList list;              /* pinned */
  pthread_mutex_t list_lock;    /* of list and of what is listed; scans extend it from their hands */
  unsigned list_epoch;
  int n_pinned;                 /* cursors that read the list */
  sqlite3_int64 n_row;          /* rows of the files pinned in epoch row_epoch (not 0), when a scan read them all */
  unsigned row_epoch;
  sqlite3_stmt *select1;        /* asks SQLite whether it was interrupted */
  sqlite3_int64 last_check_ms;
} JsonlTable;

/* A table with nothing in it; NULL when memory ran out. */
JsonlTable *jsonl_table_new(void);
void jsonl_table_free(JsonlTable*);
/* Build it from t->spec, whose texts live in t->arena or as long as the table.
** NULL, or the message that refuses it (sqlite3_malloc); NULL with arena.oom
** when memory ran out. */
char *jsonl_table_build(JsonlTable*);
/* sqlite3_declare_vtab. */
int jsonl_table_declare(JsonlTable*, sqlite3*);
#endif
