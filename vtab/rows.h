/*
** Rows in blocks: what scans produce natively, without SQLite's virtual machine.
**
** A landing table (scan_rows_open, jsonl_rows.h) and a stored table (pages.h)
** are read as blocks of rows in order.  Blocks are made by a crew (crew.h);
** `map` runs in the hand that made the block, so that filtering, formatting or
** building of pages happens beside the reading.
**
** Cells are in stored form, as the table's columns hold them (value.h): V_NULL,
** V_INT, V_REAL (NaN included), V_TEXT, V_BLOB.  Their bytes live as long as the
** block.
*/
#ifndef TARN_ROWS_H
#define TARN_ROWS_H
#include "value.h"

typedef struct RowBlock {
  int n, width;                 /* rows; cells of a row: the columns asked for, in that order */
  Value *cell;                  /* n*width, row by row */
  void *product;                /* what `map` made of the block */
} RowBlock;

typedef struct RowMap {
  /* Called once for each block, in any hand; non-zero is SQLITE_NOMEM.  May
  ** shrink block->n after moving the rows that stay to the front. */
  int (*map)(void *arg, RowBlock*, int hand);
  void (*free_product)(void *arg, void *product);
  void *arg;
} RowMap;

typedef struct RowSource RowSource;
typedef struct RowSourceOps {
  /* SQLITE_ROW and *out (until the next call), SQLITE_DONE, or an error with *pzErr. */
  int (*next)(RowSource*, RowBlock **out, char **pzErr);
  void (*close)(RowSource*);
} RowSourceOps;
struct RowSource { const RowSourceOps *ops; };
#endif
