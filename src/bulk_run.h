/*
** Running bulk queries (bulk_run.c), and where their rows come from and go to.
*/
#ifndef TARN_BULK_RUN_H
#define TARN_BULK_RUN_H
#include "../vtab/jsonl.h"
#include "../vtab/rows.h"
#include "bulk_plan.h"
#include "bulk_rows.h"

/* Results beside SQLite's codes: the plain path has to do it. */
#define BULK_PLAIN (-1)

#define BULK_KEPT 16            /* sets that are kept */
#define BULK_PINS 16            /* landing tables that are pinned */

/* Rows that are looked up: an IN list, the rows of a subquery. */
typedef struct BulkSet {
  PackedRows rows;
  int has_null;                 /* a NULL was among them (it is not in rows) */
  int is_kept;                  /* by BulkRun.kept: not to be freed */
} BulkSet;
/* Sets that several queries of one run look up. */
typedef struct BulkKept {
  int n;
  struct { const BulkQuery *query; BulkSet set; } of[BULK_KEPT];
} BulkKept;

/* What runs of one statement share. */
typedef struct BulkRun {
  sqlite3 *db;
  JsonlHost *host;
  int n_hand;                   /* threads at most, the caller's included */
  sqlite3_int64 memory;         /* limit of hash tables and sets, in bytes */
  volatile int *stop;           /* set by SIGINT; NULL: none */
  sqlite3_stmt *running;        /* keeps sqlite3_interrupt awake, asks about it */
  sqlite3_stmt *select1;
  BulkKept *kept;               /* sets are kept there; NULL: none is */
  int n_pin;                    /* landing tables whose lists of files stay the same */
  struct { sqlite3_stmt *stmt; struct JsonlTable *table; } pin[BULK_PINS];
  char *error;                  /* sqlite3_malloc, or NULL */
} BulkRun;

void bulk_run_init(BulkRun*, Session*); /* bulk.c */
int bulk_is_off(void);                  /* TARN_PLAIN */
int bulk_run_begin(BulkRun*);           /* SQLITE_OK or an error */
void bulk_run_end(BulkRun*);
/* The files of a query's landing tables are listed once from now on, until
** bulk_run_end: all scans of the statement see the same (bulk_source.c). */
int bulk_pin(BulkRun*, const BulkQuery*);
void bulk_unpin(BulkRun*);
/* SQLITE_INTERRUPT when the statement is to stop, else SQLITE_OK. */
int bulk_interrupted(BulkRun*);

/* Where rows go.  begin, row, end run in a hand; take and free in the caller's
** thread, in the order of the blocks.  row, end and take return SQLITE_OK, a
** code of SQLite's or BULK_PLAIN, which ends the run; take may end it with
** SQLITE_DONE: enough rows. */
typedef struct BulkSink {
  void *arg;
  int (*begin)(void *arg, int hand, void **product);
  int (*row)(void *arg, int hand, void *product, const Value *cell);
  int (*end)(void *arg, int hand, void *product);
  int (*take)(void *arg, void *product);
  void (*free)(void *arg, void *product);
} BulkSink;

/* All rows of a query into a sink.  SQLITE_OK (SQLITE_DONE when the sink had
** enough), BULK_PLAIN, or an error with run->error. */
int bulk_run(BulkRun*, const BulkQuery*, const BulkSink*);

/* bulk_set.c.  The distinct rows of a query in the order in which they first come.
** with_null: rows with NULLs too. */
int bulk_distinct(BulkRun*, const BulkQuery*, int with_null, BulkSet*);
/* What a BULK_IN looks up. */
int bulk_set_build(BulkRun*, const BulkCond*, BulkSet*);
void bulk_set_free(BulkSet*);

/* A query's rows into a table of the lake (bulk.c).  The same results; *n rows. */
int bulk_write(BulkRun*, const BulkQuery*, const char *table, long long *n);

/* Whether a condition is true for a row: 0, 1, 2 unknown.  row[r]: the cells of
** table r.  bulk_eval.c */
int bulk_test(const BulkCond*, const Value *const *row, const BulkSet *sets);
static inline const Value *bulk_cell(const BulkOperand *o, const Value *const *row){
  return o->rel<0 ? &o->value : &row[o->rel][o->slot];
}

/* The same for many rows of one table, which is all that the condition reads. */
#define BULK_BATCH 256
typedef struct BulkBatch {
  const RowBlock *block;
  int rel, n;
  const int *selected;          /* indexes of rows of the block */
} BulkBatch;
void bulk_test_batch(const BulkCond*, const BulkBatch*, const BulkSet *sets, unsigned char *out);
static inline const Value *bulk_batch_row(const BulkBatch *b, int i){
  return b->block->cell + (size_t)b->selected[i]*(size_t)b->block->width;
}

/* The rows of one table, in blocks (bulk_source.c). */
typedef struct BulkSource BulkSource;
int bulk_source_open(BulkRun*, const BulkQuery*, int rel, const RowMap*, BulkSource**);
int bulk_source_next(BulkSource*, RowBlock**);
void bulk_source_close(BulkSource*);
/* About how many rows a table has, for choosing a plan. */
double bulk_source_size(BulkRun*, const BulkQuery*, int rel);
#endif
