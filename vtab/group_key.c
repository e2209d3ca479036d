/*
** Keys of groups and of DISTINCT: see group_key.h.
**
** Open addressing, at most three quarters full.  A slot holds half of the hash,
** so that other keys need not be visited; entries lie in chunks and never move.
**
** Limits: 2^31 keys of a table, keys of 2 GB.
*/
#include "group_key.h"
#include <string.h>

#define CHUNK_FIRST (8<<10)
#define CHUNK_BYTES (1<<20)
#define SLOTS_FIRST 64
#define KEYS_MAX 0x7fffffffu

struct KeyChunk { KeyChunk *older; size_t used, size; uint64_t data[]; };

/* --- Bytes --------------------------------------------------------------- */

void key_encode(Buf *b, const Value *v){
  size_t n = v->kind==V_INT || v->kind==V_REAL ? 8 : v->kind==V_NULL ? 0 : (size_t)v->n + 4;
  char *z = buf_room(b, n + 1);
  uint32_t length = (uint32_t)v->n;
  if( z==0 ) return;
  *z = (char)v->kind;
  b->n += n + 1;
  if( n==0 ) return;
  if( v->kind==V_INT ) memcpy(z + 1, &v->i, 8);
  else if( v->kind==V_REAL ) memcpy(z + 1, &v->r, 8);
  else{
    memcpy(z + 1, &length, 4);
    if( length ) memcpy(z + 5, v->z, length);
  }
}

const char *key_decode(const char *z, Value *out){
  uint32_t n;
  *out = value_null();
  out->kind = (ValueKind)*z;
  switch( out->kind ){
    case V_INT: memcpy(&out->i, z + 1, 8); return z + 9;
    case V_REAL: memcpy(&out->r, z + 1, 8); return z + 9;
    case V_TEXT: case V_BLOB:
      memcpy(&n, z + 1, 4);
      out->n = (int)n;
      out->z = z + 5;
      return z + 5 + n;
    default: return z + 1;
  }
}

uint64_t key_hash(const char *z, size_t n){
  uint64_t h = UINT64_C(0x9e3779b97f4a7c15) ^ n, w = 0;
  while( n>=8 ){
    memcpy(&w, z, 8);
    h = (h ^ w)*UINT64_C(0xff51afd7ed558ccd);
    h ^= h>>32;
    z += 8;
    n -= 8;
  }
  w = 0;
  memcpy(&w, z, n);
  h = (h ^ w)*UINT64_C(0xc4ceb9fe1a85ec53);
  h ^= h>>29;
  h *= UINT64_C(0xff51afd7ed558ccd);
  return h ^ h>>32;
}

/* --- The table ----------------------------------------------------------- */

static void *room(KeyTable *t, size_t n){
  KeyChunk *k = t->chunk;
  void *p;
  n = (n + 7) & ~(size_t)7;
  if( k==0 || k->size - k->used<n ){
    size_t size = k ? CHUNK_BYTES : CHUNK_FIRST;
    if( size<n ) size = n;
    k = sqlite3_malloc64(sizeof(*k) + size);
    if( k==0 ) return 0;
    k->size = size;
    k->used = 0;
    k->older = t->chunk;
    t->chunk = k;
    t->bytes += (sqlite3_int64)size;
  }
  p = (char*)k->data + k->used;
  k->used += n;
  return p;
}

static int slots_grow(KeyTable *t){
  uint32_t n = t->n_slot ? t->n_slot*2 : SLOTS_FIRST;
  struct KeySlot *slot = sqlite3_malloc64(sizeof(*slot)*(uint64_t)n);
  if( slot==0 ) return -1;
  memset(slot, 0, sizeof(*slot)*(size_t)n);
  for(uint32_t i=0; i<t->n; i++){
    uint64_t h = t->entry[i]->hash;
    uint32_t at = (uint32_t)h & (n - 1);
    while( slot[at].entry ) at = (at + 1) & (n - 1);
    slot[at] = (struct KeySlot){ (uint32_t)(h>>32), i + 1 };
  }
  t->bytes += (sqlite3_int64)sizeof(*slot)*(n - t->n_slot);
  sqlite3_free(t->slot);
  t->slot = slot;
  t->n_slot = n;
  return 0;
}

static int entries_grow(KeyTable *t){
  uint32_t cap = t->cap ? t->cap*2 : 32;
  KeyEntry **entry = sqlite3_realloc64(t->entry, sizeof(*entry)*(uint64_t)cap);
  if( entry==0 ) return -1;
  t->bytes += (sqlite3_int64)sizeof(*entry)*(cap - t->cap);
  t->entry = entry;
  t->cap = cap;
  return 0;
}

KeyEntry *key_table_find(const KeyTable *t, const char *key, size_t n, uint64_t hash){
  if( t->n_slot==0 ) return 0;
  for(uint32_t at = (uint32_t)hash & (t->n_slot - 1); t->slot[at].entry; at = (at + 1) & (t->n_slot - 1)){
    KeyEntry *e;
    if( t->slot[at].hash!=(uint32_t)(hash>>32) ) continue;
    e = t->entry[t->slot[at].entry - 1];
    if( e->n==n && memcmp(key_of(t, e), key, n)==0 ) return e;
  }
  return 0;
}

KeyEntry *key_table_add(KeyTable *t, const char *key, size_t n, uint64_t hash){
  uint32_t at;
  KeyEntry *e;
  if( t->n==KEYS_MAX ) return 0;
  if( (uint64_t)t->n*4>=(uint64_t)t->n_slot*3 && slots_grow(t) ) return 0;
  if( t->n==t->cap && entries_grow(t) ) return 0;
  e = room(t, sizeof(*e) + t->extra + n);
  if( e==0 ) return 0;
  e->hash = hash;
  e->n = (uint32_t)n;
  e->number = t->n;
  memset(e->data, 0, t->extra);
  if( n ) memcpy(e->data + t->extra, key, n);
  for(at = (uint32_t)hash & (t->n_slot - 1); t->slot[at].entry; at = (at + 1) & (t->n_slot - 1)){}
  t->slot[at] = (struct KeySlot){ (uint32_t)(hash>>32), t->n + 1 };
  t->entry[t->n++] = e;
  return e;
}

void key_table_free(KeyTable *t){
  size_t extra = t->extra;
  while( t->chunk ){
    KeyChunk *k = t->chunk;
    t->chunk = k->older;
    sqlite3_free(k);
  }
  sqlite3_free(t->slot);
  sqlite3_free(t->entry);
  memset(t, 0, sizeof(*t));
  t->extra = extra;
}

/* --- Integers ------------------------------------------------------------ */

static int64_t *int_slot(const IntSet *s, int64_t i){
  uint64_t at = int_hash(i) & (s->n_slot - 1);
  while( s->slot[at] && s->slot[at]!=i ) at = (at + 1) & (s->n_slot - 1);
  return &s->slot[at];
}

static int ints_grow(IntSet *s){
  IntSet old = *s;
  uint64_t n = old.n_slot ? old.n_slot*2 : SLOTS_FIRST;
  s->slot = sqlite3_malloc64(sizeof(*s->slot)*n);
  if( s->slot==0 ){
    *s = old;
    return -1;
  }
  s->n_slot = n;
  memset(s->slot, 0, sizeof(*s->slot)*n);
  for(uint64_t i=0; i<old.n_slot; i++) if( old.slot[i] ) *int_slot(s, old.slot[i]) = old.slot[i];
  sqlite3_free(old.slot);
  return 0;
}

int ints_has(const IntSet *s, int64_t i){
  if( i==0 ) return s->has_zero;
  return s->n_slot>0 && *int_slot(s, i)!=0;
}

int ints_add(IntSet *s, int64_t i){
  int64_t *slot;
  if( i==0 ){
    if( s->has_zero ) return 0;
    s->has_zero = 1;
    return 1;
  }
  if( s->n_slot==0 && ints_grow(s) ) return -1;
  slot = int_slot(s, i);
  if( *slot ) return 0;
  if( s->n*3>=s->n_slot*2 ){
    if( ints_grow(s) ) return -1;
    slot = int_slot(s, i);
  }
  *slot = i;
  s->n++;
  return 1;
}

void ints_free(IntSet *s){
  sqlite3_free(s->slot);
  memset(s, 0, sizeof(*s));
}
