/* Arena and Buf: see arena.h. */
#include "sqlite.h"
#include "arena.h"
#include <string.h>
#include <stdio.h>

#define ARENA_BLOCK 4000        /* bytes of a usual block */

struct ArenaBlock {
  ArenaBlock *older;
  size_t size;                  /* of data[] */
  char data[];
};

void arena_init(Arena *a){
  memset(a, 0, sizeof(*a));
}

void arena_free(Arena *a){
  while( a->block ){
    ArenaBlock *p = a->block;
    a->block = p->older;
    sqlite3_free(p);
  }
  a->next = a->end = 0;
}

void arena_reset(Arena *a){
  ArenaBlock *keep = 0;
  if( a->block && a->block->older==0 && a->block->size==ARENA_BLOCK ){  /* the usual case */
    a->next = a->block->data;
    return;
  }
  while( a->block ){
    ArenaBlock *p = a->block;
    a->block = p->older;
    if( p->older==0 && p->size==ARENA_BLOCK ) keep = p;
    else sqlite3_free(p);
  }
  a->block = keep;
  a->next = keep ? keep->data : 0;
  a->end = keep ? keep->data + keep->size : 0;
  if( keep ) keep->older = 0;
}

/* A block for at least n bytes becomes the newest. */
static int arena_grow(Arena *a, size_t n){
  size_t size = n>ARENA_BLOCK ? n : ARENA_BLOCK;
  ArenaBlock *p = sqlite3_malloc64(sizeof(*p) + size);
  if( p==0 ){
    a->oom = 1;
    if( a->on_oom ) a->on_oom(a->on_oom_arg);
    return 0;
  }
  p->size = size;
  p->older = a->block;
  a->block = p;
  a->next = p->data;
  a->end = p->data + size;
  return 1;
}

void *arena_alloc_raw(Arena *a, size_t n){
  void *p;
  n = (n + 7) & ~(size_t)7;
  if( n==0 ) n = 8;
  if( (size_t)(a->end - a->next) < n && !arena_grow(a, n) ) return 0;
  p = a->next;
  a->next += n;
  return p;
}

void *arena_alloc(Arena *a, size_t n){
  void *p = arena_alloc_raw(a, n);
  if( p ) memset(p, 0, n);
  return p;
}

char *arena_strndup(Arena *a, const char *z, size_t n){
  char *p = arena_alloc_raw(a, n + 1);
  if( p==0 ) return 0;
  if( n ) memcpy(p, z, n);
  p[n] = 0;
  return p;
}

char *arena_strdup(Arena *a, const char *z){
  return arena_strndup(a, z, strlen(z));
}

char *arena_vprintf(Arena *a, const char *fmt, va_list ap){
  va_list again;
  int n;
  char *p;
  va_copy(again, ap);
  n = vsnprintf(0, 0, fmt, ap);
  p = n<0 ? 0 : arena_alloc_raw(a, (size_t)n + 1);
  if( p ) vsnprintf(p, (size_t)n + 1, fmt, again);
  va_end(again);
  return p;
}

char *arena_printf(Arena *a, const char *fmt, ...){
  va_list ap;
  char *p;
  va_start(ap, fmt);
  p = arena_vprintf(a, fmt, ap);
  va_end(ap);
  return p;
}

void buf_init(Buf *b, Arena *arena){
  memset(b, 0, sizeof(*b));
  b->arena = arena;
}

void buf_free(Buf *b){
  if( b->arena==0 ) sqlite3_free(b->z);
  b->z = 0;
  b->n = b->cap = 0;
}

char *buf_room(Buf *b, size_t n){
  size_t cap = b->cap ? b->cap : 64;
  char *z;
  if( b->oom ) return 0;
  if( b->n + n + 1 <= b->cap ) return b->z + b->n;
  if( n > BUF_MAX || b->n + n + 1 > BUF_MAX ){
    b->oom = 1;
    return 0;
  }
  while( cap < b->n + n + 1 ) cap *= 2;
  if( b->arena ){
    z = arena_alloc_raw(b->arena, cap);
    if( z && b->n ) memcpy(z, b->z, b->n);
  }else{
    z = sqlite3_realloc64(b->z, cap);
  }
  if( z==0 ){
    b->oom = 1;
    return 0;
  }
  b->z = z;
  b->cap = cap;
  return z + b->n;
}

void buf_add(Buf *b, const void *p, size_t n){
  char *z = buf_room(b, n);
  if( z==0 ) return;
  if( n ) memcpy(z, p, n);
  b->n += n;
  b->z[b->n] = 0;
}

void buf_str(Buf *b, const char *z){
  buf_add(b, z, strlen(z));
}

void buf_char(Buf *b, char c){
  buf_add(b, &c, 1);
}

void buf_printf(Buf *b, const char *fmt, ...){
  va_list ap;
  int n;
  char *z;
  va_start(ap, fmt);
  n = vsnprintf(0, 0, fmt, ap);
  va_end(ap);
  if( n<0 || (z = buf_room(b, (size_t)n))==0 ) return;
  va_start(ap, fmt);
  vsnprintf(z, (size_t)n + 1, fmt, ap);
  va_end(ap);
  b->n += (size_t)n;
}

void buf_int(Buf *b, long long n){
  char z[24];
  int at = (int)sizeof(z);
  unsigned long long u = n<0 ? 0 - (unsigned long long)n : (unsigned long long)n;
  do{
    z[--at] = (char)('0' + u%10);
    u /= 10;
  }while( u );
  if( n<0 ) z[--at] = '-';
  buf_add(b, z + at, sizeof(z) - (size_t)at);
}

void buf_utf8(Buf *b, unsigned cp){
  char z[4];
  size_t n = 0;
  if( cp<0x80 ){
    z[n++] = (char)cp;
  }else if( cp<0x800 ){
    z[n++] = (char)(0xc0 | cp>>6);
    z[n++] = (char)(0x80 | (cp & 0x3f));
  }else if( cp<0x10000 ){
    z[n++] = (char)(0xe0 | cp>>12);
    z[n++] = (char)(0x80 | (cp>>6 & 0x3f));
    z[n++] = (char)(0x80 | (cp & 0x3f));
  }else{
    z[n++] = (char)(0xf0 | cp>>18);
    z[n++] = (char)(0x80 | (cp>>12 & 0x3f));
    z[n++] = (char)(0x80 | (cp>>6 & 0x3f));
    z[n++] = (char)(0x80 | (cp & 0x3f));
  }
  buf_add(b, z, n);
}
