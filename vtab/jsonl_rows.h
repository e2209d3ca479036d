/*
** Landing rows in blocks, without SQLite's virtual machine (jsonl_rows.c).
**
** The driver finds the JsonlTable of a table that its connection has connected
** (preparing any statement that names it connects it) with jsonl_find, and
** reads it as a RowSource (rows.h).  The statement must stay prepared until the
** source is closed: it keeps the table connected.
**
** The rows are those that a cursor of the table gives, in its order: partition
** by partition, file by file, line by line.  A block never spans two files.
** Cells are in stored form, as `SELECT column` gives them, but that NaN is
** V_REAL here.  A source has the same effects as a cursor: files are listed and
** pinned, JsonlHost.stats counts, on_input and on_reject are called in the
** thread that calls next(), before the block that they belong to is given
** (on_input: after the last block of its file).  Errors are the cursor's, text
** for text; rows before the one to blame are given first.  sqlite3_interrupt is
** noticed (SQLITE_INTERRUPT).
**
** Small inputs (below JSONL_ALONE_BYTES read) start no thread.
*/
#ifndef TARN_JSONL_ROWS_H
#define TARN_JSONL_ROWS_H
#include "jsonl_filter.h"
#include "rows.h"

#define JSONL_ALONE_BYTES (1<<20)

struct JsonlTable;
struct JsonlHost;

typedef struct JsonlRowsPlan {
  /* The cells of a row: indices of columns as declared to SQLite: the files'
  ** columns, then the partitions', then "$path", "$file_size",
  ** "$file_modified_time".  ("$line" is not to be had.)  None: rows are counted
  ** (block->n, width 0), lines are not decoded. */
  int n_column; const int *column;
  /* Rows that fail one of them are left out (filter_may_pass); on partition
  ** columns and on "$path" and "$file_size" they leave out partitions and files,
  ** which are then not read.  Any column may be compared, given or not.  Borrowed
  ** until close.  At most FILTER_MAX. */
  int n_filter; const Filter *filter;
  RowMap map;                   /* map.map==NULL: none.  Not called for blocks without rows */
  /* Threads at most, the caller's included; `hand` of map is below it.  0: as
  ** the host says (jsonl_rows_hands). */
  int n_hand;
  sqlite3_int64 most;           /* 0; else more rows than these are hardly wanted: little is read ahead */
  int block_bytes;              /* 0; else the size of blocks, and all hands at once: for tests */
} JsonlRowsPlan;

/* The table of this name (schema NULL: any), NULL when none is connected. */
struct JsonlTable *jsonl_find(struct JsonlHost*, const char *schema, const char *name);
/* What n_hand 0 means: JsonlHost.threads, or the processors. */
int jsonl_rows_hands(const struct JsonlTable*);
/* How many bytes the table's files have on disk (compressed ones as they are),
** for choosing a plan: lists what is not listed yet.  -1 when listing fails.
** Over the network nothing is listed that would be listed again, or perhaps not
** at all: such a table is taken for JSONL_BYTES_UNKNOWN. */
#define JSONL_BYTES_UNKNOWN ((sqlite3_int64)1<<30)
sqlite3_int64 jsonl_rows_bytes(struct JsonlTable*);
/* How many rows the files pinned in this epoch have, when a scan has read them
** all; else -1. */
sqlite3_int64 jsonl_rows_known(const struct JsonlTable*);
/* SQLITE_OK, or an error with *pzErr (sqlite3_malloc; may be NULL when out of memory). */
int jsonl_rows_open(struct JsonlTable*, const JsonlRowsPlan*, RowSource **out, char **pzErr);
#endif
