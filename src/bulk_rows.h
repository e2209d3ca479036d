/*
** Packed rows: rows kept in memory, found by the hash of their keys.
**
** A row is its header, a word for each cell, a byte for each cell's kind, then
** the bytes of its texts.  Rows lie in chunks in the order in which they were
** added; an index of buckets (a pointer and 16 bits of the hash in one word)
** points to them, so that most probes without a match touch one cache line.
** Several threads may look rows up at once, one may add.
**
** Cells are compared by kind and bytes: NULL is a value like others here, and
** who joins keeps it out.
*/
#ifndef TARN_BULK_ROWS_H
#define TARN_BULK_ROWS_H
#include "../vtab/value.h"

typedef struct PackedRow PackedRow;
struct PackedRow {
  PackedRow *next;              /* in its bucket, in the order of the rows */
  uint64_t hash;
  uint32_t size;                /* of all of it */
  uint32_t unused;
  uint64_t word[];              /* a cell: the integer, the double, or place<<32 | length */
};

typedef struct PackedChunk PackedChunk;
typedef struct PackedRows {
  int n_cell, n_key;            /* the keys are the first cells */
  int64_t n;
  int64_t bytes;                /* of the chunks and the index */
  PackedChunk *first, *last;
  uint64_t *bucket;
  uint64_t mask;                /* buckets - 1; 0: no index */
  int oom;                      /* an allocation failed: for good */
} PackedRows;

void packed_init(PackedRows*, int n_cell, int n_key);
void packed_free(PackedRows*);
uint64_t packed_hash(const Value *key, int n);

/* Append a row.  NULL: no memory. */
PackedRow *packed_add(PackedRows*, const Value *cell, uint64_t hash);
/* Append a copy of a row of the same shape. */
PackedRow *packed_copy(PackedRows*, const PackedRow*);
/* Take over all rows of another one of the same shape, behind ours. */
void packed_append(PackedRows*, PackedRows *from);
/* Keep the rows whose hash lies in part `part` of `parts` (a power of two). */
void packed_keep(PackedRows*, uint64_t parts, uint64_t part);
static inline int packed_in_part(uint64_t hash, uint64_t parts, uint64_t part){ return (hash>>32 & (parts-1))==part; }

/* Index all rows: after the last packed_add, before packed_find.  stop is asked
** now and then; non-zero ends it, the rows are then only good for packed_free. */
int packed_index(PackedRows*, int (*stop)(void*), void *arg);
/* A set: the row is added unless one with the same keys is there; 1 added (*row,
** unless row is NULL), 0 was there, -1 no memory.  The index grows along. */
int packed_insert(PackedRows*, const Value *cell, uint64_t hash, const PackedRow **row);
int packed_insert_copy(PackedRows*, const PackedRow*);

/* The first row with these keys, then the next one; NULL. */
const PackedRow *packed_find(const PackedRows*, const Value *key, uint64_t hash);
const PackedRow *packed_next(const PackedRows*, const PackedRow*, const Value *key);
/* The same in two steps, for who probes many keys: where the search begins
** (NULL: there is no match), the search from there. */
const PackedRow *packed_head(const PackedRows*, uint64_t hash);
const PackedRow *packed_find_from(const PackedRows*, const PackedRow *head, const Value *key, uint64_t hash);
static inline void packed_prefetch(const PackedRows *p, uint64_t hash){
  if( p->mask ) __builtin_prefetch(&p->bucket[hash & p->mask]);
}

/* Cell i of a row; its bytes are the row's. */
Value packed_cell(const PackedRows*, const PackedRow*, int i);

/* All rows in order: call with NULL for the first one; NULL at the end.  *at is
** the walker's. */
typedef struct PackedWalk { const PackedChunk *chunk; size_t at; } PackedWalk;
const PackedRow *packed_walk(const PackedRows*, PackedWalk*);
#endif
