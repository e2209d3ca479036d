/*
** Packed rows: see bulk_rows.h.
**
** A bucket's word holds a row's address in its low 48 bits (user addresses of
** Linux need no more) and above them one bit for each of 16 classes of hashes
** in its chain: a probe whose bit is missing has no match.
*/
#include <string.h>
#include "bulk_rows.h"
#include "../vtab/sqlite.h"

#define CHUNK_BYTES 65536
#define BUCKETS_FIRST 256
#define CHUNKS_A_CHECK 32       /* chunks that are indexed before somebody may stop it */
#define ADDRESS_BITS 48
#define ADDRESS ((UINT64_C(1)<<ADDRESS_BITS)-1)

struct PackedChunk { PackedChunk *next; size_t used, size; char data[]; };

void packed_init(PackedRows *p, int n_cell, int n_key){
  memset(p, 0, sizeof(*p));
  p->n_cell = n_cell;
  p->n_key = n_key;
}

static void chunks_free(PackedChunk *c){
  while( c ){
    PackedChunk *next = c->next;
    sqlite3_free(c);
    c = next;
  }
}

void packed_free(PackedRows *p){
  chunks_free(p->first);
  sqlite3_free(p->bucket);
  packed_init(p, p->n_cell, p->n_key);
}

/* --- Hashes -------------------------------------------------------------- */

/* Both halves of a product of 64 by 64 bits. */
static inline uint64_t fold(uint64_t a, uint64_t b){
  unsigned __int128 p = (unsigned __int128)a*b;
  return (uint64_t)p ^ (uint64_t)(p>>64);
}

static inline uint64_t read8(const char *z){
  uint64_t w;
  memcpy(&w, z, 8);
  return w;
}
static inline uint64_t read4(const char *z){
  uint32_t w;
  memcpy(&w, z, 4);
  return w;
}

#define HASH_A UINT64_C(0x9e3779b97f4a7c15)
#define HASH_B UINT64_C(0xd6e8feb86659fd93)
#define HASH_C UINT64_C(0xff51afd7ed558ccd)

/* 16 bytes at a time; the last ones overlap those before. */
static inline uint64_t hash_bytes(const char *z, int n){
  uint64_t h = HASH_A ^ (uint64_t)n, a = 0, b = 0;
  if( n>16 ){
    for(int at=0; at+16<n; at += 16) h = fold(read8(z+at) ^ HASH_B ^ h, read8(z+at+8) ^ HASH_C);
    a = read8(z+n-16);
    b = read8(z+n-8);
  }else if( n>=8 ){
    a = read8(z);
    b = read8(z+n-8);
  }else if( n>=4 ){
    a = read4(z);
    b = read4(z+n-4);
  }else if( n>0 ){
    a = (uint64_t)(unsigned char)z[0]<<16 | (uint64_t)(unsigned char)z[n>>1]<<8 | (unsigned char)z[n-1];
  }
  return fold(a ^ HASH_B ^ h, b ^ HASH_C);
}

uint64_t packed_hash(const Value *key, int n){
  uint64_t h = 0;
  for(int i=0; i<n; i++){
    const Value *v = &key[i];
    uint64_t one = v->kind==V_NULL ? 1 : v->kind==V_INT || v->kind==V_REAL ? (uint64_t)v->i : hash_bytes(v->z, v->n);
    h = fold(h ^ one ^ HASH_A, HASH_B + (uint64_t)v->kind);
  }
  return h;
}

/* --- Rows ---------------------------------------------------------------- */

static inline const unsigned char *kinds(const PackedRows *p, const PackedRow *row){
  return (const unsigned char*)&row->word[p->n_cell];
}

static int is_bytes(const Value *v){
  return v->kind==V_TEXT || v->kind==V_BLOB;
}

static PackedRow *row_room(PackedRows *p, size_t size){
  PackedChunk *c = p->last;
  PackedRow *row;
  if( c==0 || c->size - c->used<size ){
    /* The first chunk of a small set is small. */
    size_t room = p->first ? CHUNK_BYTES : CHUNK_BYTES/16;
    if( room<size ) room = size;
    c = size>UINT32_MAX ? 0 : sqlite3_malloc64(sizeof(*c) + room);
    if( c==0 ){
      p->oom = 1;
      return 0;
    }
    c->next = 0;
    c->used = 0;
    c->size = room;
    if( p->last ) p->last->next = c;
    else p->first = c;
    p->last = c;
    p->bytes += (int64_t)(sizeof(*c) + room);
  }
  row = (PackedRow*)(c->data + c->used);
  c->used += size;
  p->n++;
  return row;
}

PackedRow *packed_add(PackedRows *p, const Value *cell, uint64_t hash){
  size_t fixed = sizeof(PackedRow) + 8*(size_t)p->n_cell + (size_t)p->n_cell, size = fixed;
  PackedRow *row;
  unsigned char *kind;
  for(int i=0; i<p->n_cell; i++) if( is_bytes(&cell[i]) ) size += (size_t)cell[i].n;
  size = (size+7) & ~(size_t)7;
  row = row_room(p, size);
  if( row==0 ) return 0;
  row->next = 0;
  row->hash = hash;
  row->size = (uint32_t)size;
  row->unused = 0;
  kind = (unsigned char*)&row->word[p->n_cell];
  for(int i=0; i<p->n_cell; i++){
    const Value *v = &cell[i];
    kind[i] = (unsigned char)v->kind;
    if( is_bytes(v) ){
      row->word[i] = (uint64_t)fixed<<32 | (uint32_t)v->n;
      if( v->n ) memcpy((char*)row + fixed, v->z, (size_t)v->n);
      fixed += (size_t)v->n;
    }else{
      row->word[i] = v->kind==V_NULL ? 0 : (uint64_t)v->i;
    }
  }
  return row;
}

PackedRow *packed_copy(PackedRows *p, const PackedRow *from){
  PackedRow *row = row_room(p, from->size);
  if( row==0 ) return 0;
  memcpy(row, from, from->size);
  row->next = 0;
  return row;
}

void packed_append(PackedRows *p, PackedRows *from){
  if( from->first==0 ) return;
  if( p->last ) p->last->next = from->first;
  else p->first = from->first;
  p->last = from->last;
  p->n += from->n;
  p->bytes += from->bytes;
  from->first = from->last = 0;
  packed_free(from);
}

Value packed_cell(const PackedRows *p, const PackedRow *row, int i){
  Value v;
  v.kind = (ValueKind)kinds(p, row)[i];
  v.n = 0;
  v.i = (int64_t)row->word[i];
  if( is_bytes(&v) ){
    v.n = (int)(uint32_t)row->word[i];
    v.z = (const char*)row + (row->word[i]>>32);
  }
  return v;
}

const PackedRow *packed_walk(const PackedRows *p, PackedWalk *w){
  const PackedRow *row;
  if( w->chunk==0 ){
    w->chunk = p->first;
    w->at = 0;
  }
  while( w->chunk && w->at>=w->chunk->used ){
    if( w->chunk->next==0 ) return 0;
    w->chunk = w->chunk->next;
    w->at = 0;
  }
  if( w->chunk==0 ) return 0;
  row = (const PackedRow*)(w->chunk->data + w->at);
  w->at += row->size;
  return row;
}

void packed_keep(PackedRows *p, uint64_t parts, uint64_t part){
  PackedRows kept;
  packed_init(&kept, p->n_cell, p->n_key);
  while( p->first ){
    PackedChunk *c = p->first;
    for(size_t at=0; at<c->used && !kept.oom; ){
      const PackedRow *row = (const PackedRow*)(c->data + at);
      if( packed_in_part(row->hash, parts, part) ) packed_copy(&kept, row);
      at += row->size;
    }
    p->first = c->next;
    sqlite3_free(c);
  }
  kept.oom |= p->oom;
  p->last = 0;
  packed_free(p);
  *p = kept;
}

/* --- The index ----------------------------------------------------------- */

static inline PackedRow *bucket_row(uint64_t bucket){
  return (PackedRow*)(uintptr_t)(bucket & ADDRESS);
}
static inline uint64_t class_bit(uint64_t hash){
  return UINT64_C(1)<<(ADDRESS_BITS + (hash>>60));
}

static inline void link_row(PackedRows *p, PackedRow *row){
  uint64_t *bucket = &p->bucket[row->hash & p->mask];
  row->next = bucket_row(*bucket);
  *bucket = (uint64_t)(uintptr_t)row | (*bucket & ~ADDRESS) | class_bit(row->hash);
}

/* Link all rows of a list of chunks, the last one first, so that chains are in
** the order of the rows. */
static int link_all(PackedRows *p, int (*stop)(void*), void *arg){
  PackedChunk *c = p->first, *back = 0, *next;
  int n_chunk = 0, stopped = 0;
  for(; c; c = next){           /* turn the list round */
    next = c->next;
    c->next = back;
    back = c;
  }
  p->first = 0;
  for(c=back; c; c = next){
    uint32_t at[CHUNK_BYTES/sizeof(PackedRow)];
    int n = 0;
    next = c->next;
    c->next = p->first;
    p->first = c;
    if( stop && ++n_chunk%CHUNKS_A_CHECK==0 && stopped==0 ) stopped = stop(arg);
    if( stopped ) continue;     /* the list is put together all the same */
    for(size_t i=0; i<c->used; i += ((PackedRow*)(c->data + i))->size) at[n++] = (uint32_t)i;
    for(int i=n-1; i>=0; i--){
      if( i>=8 ) __builtin_prefetch(&p->bucket[((PackedRow*)(c->data + at[i-8]))->hash & p->mask], 1);
      link_row(p, (PackedRow*)(c->data + at[i]));
    }
  }
  return stopped;
}

static int buckets_new(PackedRows *p, uint64_t n){
  uint64_t *bucket = sqlite3_malloc64(n*8);
  if( bucket==0 ){
    p->oom = 1;
    return 0;
  }
  memset(bucket, 0, n*8);
  p->bytes += (int64_t)(n*8) - (p->mask ? (int64_t)(p->mask+1)*8 : 0);
  sqlite3_free(p->bucket);
  p->bucket = bucket;
  p->mask = n-1;
  return 1;
}

int packed_index(PackedRows *p, int (*stop)(void*), void *arg){
  uint64_t n = BUCKETS_FIRST;
  while( n<2*(uint64_t)p->n ) n *= 2;
  if( p->oom || !buckets_new(p, n) ) return 0;
  return link_all(p, stop, arg);
}

static int same_keys(const PackedRows *p, const PackedRow *row, const Value *key){
  const unsigned char *kind = kinds(p, row);
  for(int i=0; i<p->n_key; i++){
    const Value *v = &key[i];
    if( kind[i]!=v->kind ) return 0;
    if( is_bytes(v) ){
      if( (uint32_t)row->word[i]!=(uint32_t)v->n || memcmp((const char*)row + (row->word[i]>>32), v->z, (size_t)v->n) ) return 0;
    }else if( v->kind!=V_NULL && row->word[i]!=(uint64_t)v->i ){
      return 0;
    }
  }
  return 1;
}

static const PackedRow *find_from(const PackedRows *p, const PackedRow *row, const Value *key, uint64_t hash){
  for(; row; row = row->next) if( row->hash==hash && same_keys(p, row, key) ) return row;
  return 0;
}

const PackedRow *packed_head(const PackedRows *p, uint64_t hash){
  uint64_t bucket;
  if( p->mask==0 ) return 0;
  bucket = p->bucket[hash & p->mask];
  return bucket & class_bit(hash) ? bucket_row(bucket) : 0;
}

const PackedRow *packed_find_from(const PackedRows *p, const PackedRow *head, const Value *key, uint64_t hash){
  return find_from(p, head, key, hash);
}

const PackedRow *packed_find(const PackedRows *p, const Value *key, uint64_t hash){
  return find_from(p, packed_head(p, hash), key, hash);
}

const PackedRow *packed_next(const PackedRows *p, const PackedRow *row, const Value *key){
  return find_from(p, row->next, key, row->hash);
}

/* --- Sets ---------------------------------------------------------------- */

/* Room for one more row in the index. */
static int grow(PackedRows *p){
  if( p->mask && (uint64_t)p->n<=p->mask ) return 1;
  if( !buckets_new(p, p->mask ? (p->mask+1)*4 : BUCKETS_FIRST) ) return 0;
  link_all(p, 0, 0);
  return 1;
}

int packed_insert(PackedRows *p, const Value *cell, uint64_t hash, const PackedRow **out){
  PackedRow *row;
  if( packed_find(p, cell, hash) ) return 0;
  if( !grow(p) || (row = packed_add(p, cell, hash))==0 ) return -1;
  link_row(p, row);
  if( out ) *out = row;
  return 1;
}

static int same_row_keys(const PackedRows *p, const PackedRow *a, const PackedRow *b){
  for(int i=0; i<p->n_key; i++){
    Value v = packed_cell(p, b, i);
    const unsigned char *kind = kinds(p, a);
    if( kind[i]!=v.kind ) return 0;
    if( is_bytes(&v) ){
      if( (uint32_t)a->word[i]!=(uint32_t)v.n || memcmp((const char*)a + (a->word[i]>>32), v.z, (size_t)v.n) ) return 0;
    }else if( v.kind!=V_NULL && a->word[i]!=(uint64_t)v.i ){
      return 0;
    }
  }
  return 1;
}

int packed_insert_copy(PackedRows *p, const PackedRow *from){
  uint64_t bucket = p->mask ? p->bucket[from->hash & p->mask] : 0;
  PackedRow *row;
  if( bucket & class_bit(from->hash) ){
    for(row=bucket_row(bucket); row; row = row->next) if( row->hash==from->hash && same_row_keys(p, row, from) ) return 0;
  }
  if( !grow(p) || (row = packed_copy(p, from))==0 ) return -1;
  link_row(p, row);
  return 1;
}
