/* Rows of blocks (../vtab/rows.h) as JSON lines (json_cells.c). */
#ifndef TARN_JSON_CELLS_H
#define TARN_JSON_CELLS_H
#include "json_row.h"
#include "../vtab/rows.h"

/* What a block becomes: RowBlock.product. */
typedef struct JsonLines {
  Buf text;
  int bad;                      /* the column that holds a value not of its type, or -1 */
} JsonLines;

typedef struct JsonCells {
  int n;
  const JsonColumn *column;     /* of stored columns, json_column_init */
} JsonCells;

/* A map that makes JsonLines of blocks; the plan is borrowed. */
RowMap json_cells_map(const JsonCells*);
#endif
