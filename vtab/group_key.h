/*
** Tables of keys for hash aggregation (group_key.c): values as bytes, and a
** hash table of them in order of arrival.
**
** A key is the concatenation of its values' encodings: one byte ValueKind, then
** nothing (NULL), 8 bytes (V_INT, V_REAL) or a length and the bytes.  Values of
** one type are equal where their encodings are; reals are no keys (NaN and -0.0
** would need care).
*/
#ifndef TARN_GROUP_KEY_H
#define TARN_GROUP_KEY_H
#include "sqlite.h"
#include "value.h"

void key_encode(Buf*, const Value*);
/* The value at z (bytes borrowed); returns where the next one begins. */
const char *key_decode(const char *z, Value *out);
uint64_t key_hash(const char *z, size_t n);

typedef struct KeyEntry {
  uint64_t hash;
  uint32_t n;                   /* bytes of the key */
  uint32_t number;              /* in order of arrival */
  char data[];                  /* the caller's `extra` bytes, zeroed; then the key */
} KeyEntry;

typedef struct KeyChunk KeyChunk;
typedef struct KeyTable {
  struct KeySlot { uint32_t hash, entry; /* number + 1; 0: free */ } *slot;
  uint32_t n_slot;              /* a power of two, or 0 */
  uint32_t n;
  KeyEntry **entry;             /* by number */
  uint32_t cap;
  size_t extra;                 /* a multiple of 8 */
  KeyChunk *chunk;
  sqlite3_int64 bytes;          /* of memory, all in all */
} KeyTable;

/* All zeroes but for `extra` is an empty table. */
KeyEntry *key_table_find(const KeyTable*, const char *key, size_t n, uint64_t hash);
/* Add a key that is not there; NULL when memory ran out. */
KeyEntry *key_table_add(KeyTable*, const char *key, size_t n, uint64_t hash);
void key_table_free(KeyTable*);      /* `extra` stays */
static inline const char *key_of(const KeyTable *t, const KeyEntry *e){ return e->data + t->extra; }
/* Fetch the slot of a hash into the processor's cache. */
static inline void key_table_prefetch(const KeyTable *t, uint64_t hash){
  if( t->n_slot ) __builtin_prefetch(&t->slot[hash & (t->n_slot - 1)]);
}

/* A set of integers. */
typedef struct IntSet {
  int64_t *slot;                /* 0: free */
  uint64_t n_slot, n;           /* n: without 0 */
  int has_zero;
} IntSet;
/* 1 when it was added, 0 when it was there, -1: no memory. */
int ints_add(IntSet*, int64_t);
int ints_has(const IntSet*, int64_t);
void ints_free(IntSet*);
static inline uint64_t int_hash(int64_t i){
  uint64_t h = (uint64_t)i*UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h>>32;
}
static inline void ints_prefetch(const IntSet *s, int64_t i){
  if( s->n_slot ) __builtin_prefetch(&s->slot[int_hash(i) & (s->n_slot - 1)]);
}
#endif
