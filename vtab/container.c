/*
** Containers: the List encoding of arrays, rows and maps (see value.h), built
** and read; maps from entries in any order; a stable sort of values.
**
** A list is read without copying: list_get finds an element by two offsets.
** A damaged list (it can only come from a foreign BLOB) reads as NULLs and
** never beyond its end.
**
** Limits: LIST_MAX elements, BUF_MAX bytes.
*/
#include "sqlite.h"
#include "value.h"
#include <string.h>
#include <math.h>

#define LIST_MAX 0x10000000

static void put_u32(unsigned char *p, uint32_t n){
  p[0] = (unsigned char)n;
  p[1] = (unsigned char)(n>>8);
  p[2] = (unsigned char)(n>>16);
  p[3] = (unsigned char)(n>>24);
}

static uint32_t get_u32(const unsigned char *p){
  return (uint32_t)p[0] | (uint32_t)p[1]<<8 | (uint32_t)p[2]<<16 | (uint32_t)p[3]<<24;
}

static void put_u64(unsigned char *p, uint64_t n){
  put_u32(p, (uint32_t)n);
  put_u32(p + 4, (uint32_t)(n>>32));
}

static uint64_t get_u64(const unsigned char *p){
  return (uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4)<<32;
}

void list_begin(ListBuilder *b, Arena *a){
  memset(b, 0, sizeof(*b));
  b->arena = a;
}

void list_add(ListBuilder *b, Value v){
  if( b->n==b->cap ){
    int cap = b->cap ? b->cap*2 : 8;
    Value *more;
    if( b->n>=LIST_MAX ){
      b->arena->oom = 1;
      return;
    }
    more = arena_alloc_raw(b->arena, sizeof(Value)*(size_t)cap);
    if( more==0 ) return;
    if( b->n ) memcpy(more, b->v, sizeof(Value)*(size_t)b->n);
    b->v = more;
    b->cap = cap;
  }
  b->v[b->n++] = v;
}

Value list_end(ListBuilder *b){
  if( b->arena->oom ) return value_null();
  return list_from(b->arena, b->n, b->v);
}

/* Bytes of an element after its kind. */
static size_t payload(const Value *v){
  switch( v->kind ){
    case V_INT: case V_REAL: return 8;
    case V_TEXT: case V_BLOB: return (size_t)v->n;
    default: return 0;
  }
}

static unsigned char *write_element(unsigned char *p, const Value *v){
  double r;
  uint64_t bits;
  switch( v->kind ){
    case V_INT:
      *p++ = V_INT;
      put_u64(p, (uint64_t)v->i);
      return p + 8;
    case V_REAL:
      *p++ = V_REAL;
      r = isnan(v->r) ? (double)NAN : v->r;      /* one NaN; -0.0 stays, it prints */
      memcpy(&bits, &r, 8);
      put_u64(p, bits);
      return p + 8;
    case V_TEXT: case V_BLOB:
      *p++ = (unsigned char)v->kind;
      if( v->n ) memcpy(p, v->z, (size_t)v->n);
      return p + v->n;
    default:
      *p++ = V_NULL;
      return p;
  }
}

Value list_from(Arena *a, int n, const Value *v){
  size_t head = 4 + 4*(size_t)n, size = head;
  unsigned char *z, *p, *start;
  for(int i=0; i<n; i++) size += 1 + payload(&v[i]);
  if( size>BUF_MAX ){
    a->oom = 1;
    return value_null();
  }
  z = arena_alloc_raw(a, size);
  if( z==0 ) return value_null();
  put_u32(z, (uint32_t)n);
  start = p = z + head;
  for(int i=0; i<n; i++){
    p = write_element(p, &v[i]);
    put_u32(z + 4 + 4*(size_t)i, (uint32_t)(p - start));
  }
  return value_blob((char*)z, size);
}

int list_count(const Value *list){
  uint32_t n;
  if( list->kind!=V_BLOB || list->n<4 ) return 0;
  n = get_u32((const unsigned char*)list->z);
  if( n>LIST_MAX || 4 + 4*(uint64_t)n>(uint64_t)list->n ) return 0;
  return (int)n;
}

Value list_get(const Value *list, int i){
  const unsigned char *z = (const unsigned char*)list->z, *p;
  int n = list_count(list);
  uint32_t from, to, room;
  uint64_t bits;
  double r;
  if( i<0 || i>=n ) return value_null();
  from = i ? get_u32(z + 4*(size_t)i) : 0;
  to = get_u32(z + 4 + 4*(size_t)i);
  room = (uint32_t)list->n - 4 - 4*(uint32_t)n;
  if( from>=to || to>room ) return value_null();
  p = z + 4 + 4*(size_t)n + from;
  to -= from + 1;
  switch( p[0] ){
    case V_INT: return to==8 ? value_int((int64_t)get_u64(p + 1)) : value_null();
    case V_REAL:
      if( to!=8 ) return value_null();
      bits = get_u64(p + 1);
      memcpy(&r, &bits, 8);
      return value_real(r);
    case V_TEXT: return value_text((const char*)p + 1, to);
    case V_BLOB: return value_blob((const char*)p + 1, to);
    default: return value_null();
  }
}

/* --- sorting ------------------------------------------------------------ */

/* Merge two neighbouring runs of `from` into `to`. */
static void merge(const int *from, int *to, int lo, int mid, int hi, const Value *v, int stride,
                  ValueCompare compare, void *context){
  int i = lo, j = mid;
  for(int k=lo; k<hi; k++){
    if( i<mid && (j>=hi || compare(context, &v[from[i]*stride], &v[from[j]*stride])<=0) ){
      to[k] = from[i++];
    }else{
      to[k] = from[j++];
    }
  }
}

int *value_order(Arena *a, int n, const Value *v, int stride, ValueCompare compare, void *context){
  int *from = ARENA_ARRAY(a, int, n ? n : 1), *to = ARENA_ARRAY(a, int, n ? n : 1);
  if( from==0 || to==0 ) return 0;
  for(int i=0; i<n; i++) from[i] = i;
  for(int64_t width=1; width<n; width*=2){
    int *swap;
    for(int64_t lo=0; lo<n; lo+=2*width){
      int64_t mid = lo + width<n ? lo + width : n, hi = lo + 2*width<n ? lo + 2*width : n;
      merge(from, to, (int)lo, (int)mid, (int)hi, v, stride, compare, context);
    }
    swap = from;
    from = to;
    to = swap;
  }
  return from;
}

/* --- maps --------------------------------------------------------------- */

static int compare_by_type(void *type, const Value *a, const Value *b){
  return value_compare((const Type*)type, a, b);
}

/* The order of two keys, NULL keys last (they are the caller's error). */
static int compare_keys(void *type, const Value *a, const Value *b){
  if( a->kind==V_NULL || b->kind==V_NULL ) return (a->kind==V_NULL) - (b->kind==V_NULL);
  return compare_by_type(type, a, b);
}

int map_from(Arena *a, const Type *map, int n, const Value *kv, Value *out, int *dup){
  void *key = (void*)map->arg[0];
  int *order = value_order(a, n, kv, 2, compare_keys, key);
  int first = -1;
  ListBuilder b;
  *out = value_null();
  if( order==0 ) return 0;
  list_begin(&b, a);
  for(int i=0; i<n; i++){
    int at = order[i];
    if( i>0 && value_identical(map->arg[0], &kv[2*order[i - 1]], &kv[2*at]) ){
      /* The sort is stable, so `at` is the later of the two; the first
      ** repetition in the order written is the one to name. */
      if( first<0 || at<first ) first = at;
    }
    list_add(&b, kv[2*at]);
    list_add(&b, kv[2*at + 1]);
  }
  if( first>=0 ){
    if( dup ) *dup = first;
    return -1;
  }
  *out = list_end(&b);
  return 0;
}

int map_find(const Type *map, const Value *m, const Value *key){
  int lo = 0, hi = list_count(m)/2 - 1;
  while( lo<=hi ){
    int mid = lo + (hi - lo)/2, c;
    Value k = list_get(m, 2*mid);
    c = value_compare(map->arg[0], key, &k);
    if( c==0 ) return 2*mid + 1;
    if( c<0 ) hi = mid - 1; else lo = mid + 1;
  }
  return -1;
}
