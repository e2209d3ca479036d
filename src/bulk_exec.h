/*
** One bulk query under way: inside bulk_run.c and bulk_steps.c.
*/
#ifndef TARN_BULK_EXEC_H
#define TARN_BULK_EXEC_H
#include "bulk_run.h"

/* Where a value of a joined row lies. */
typedef struct Ref {
  int step;                     /* -2 a constant, -1 the scanned row, else a step's packed row */
  int index;                    /* of the cell */
  const Value *value;           /* the constant */
} Ref;

typedef struct Step {
  int rel;
  int n_key;
  BulkOperand probe[BULK_KEYS]; /* from tables bound before */
  Ref ref[BULK_KEYS];           /* the same */
  int own[BULK_KEYS];           /* slots of the table */
  int n_cell; int *slot;        /* packed: the keys' slots, then those read later */
  int once;                     /* one match is as good as many */
  double size;
  PackedRows rows;
} Step;

/* Rows on their way through the steps: which scanned row, which packed rows. */
typedef struct Tuples {
  int n, row[BULK_BATCH];
  const PackedRow *packed[BULK_RELS][BULK_BATCH];
} Tuples;
/* One hand's room. */
typedef struct Hand {
  const Value *row[BULK_RELS];  /* for conditions: the cells of each table */
  Value *cell[BULK_RELS];       /* of hashed tables: row[rel] points here */
  Value *out;
  Tuples *tuples;               /* into each step */
} Hand;

typedef struct Exec {
  BulkRun *run;
  const BulkQuery *q;
  const BulkSink *sink;
  Arena *arena;
  BulkSet *set;
  int probe;                    /* the table that is scanned */
  int n_out; const BulkOperand *out;            /* what goes to the sink */
  Ref *ref;                                     /* the same */
  int is_whole;                 /* that is the scanned row, as it is */
  int n_step; Step step[BULK_RELS];
  /* Conditions to test when table probe and the first k steps are bound. */
  int n_cond[BULK_RELS+1]; const BulkCond *cond[BULK_RELS+1][BULK_CONDS];
  Hand *hand;
  sqlite3_int64 bytes;          /* of the sets and the hash tables that are whole */
  int split;                    /* the step that is split, or -1 */
} Exec;

/* Choose the table that is scanned and the steps to the others, what they pack
** and where conditions are tested.  SQLITE_OK, SQLITE_NOMEM, BULK_PLAIN. */
int bulk_steps(Exec*);
#endif
