/*
** UTF-8 by code points (text.h).
**
** Case mapping is simple (one code point to one: 'straße' stays STRAßE in
** upper case), of Unicode 13, the version of the engine's Java: libutf8proc
** knows a later one, so pairs added since are left alone.
*/
#include "../sqlite.h"
#include <string.h>
#include <utf8proc.h>
#include "text.h"

int utf8_width(const char *z, int n){
  unsigned char c = (unsigned char)z[0];
  int want = c<0xc2 ? 1 : c<0xe0 ? 2 : c<0xf0 ? 3 : c<0xf5 ? 4 : 1;
  if( want>n ) return 1;
  for(int i=1; i<want; i++){
    if( (z[i] & 0xc0)!=0x80 ) return 1;
  }
  return want;
}

unsigned utf8_next(const char *z, int n, int *i){
  const unsigned char *p = (const unsigned char*)z + *i;
  int w = utf8_width(z + *i, n - *i);
  *i += w;
  switch( w ){
    case 2: return (p[0] & 0x1fu)<<6 | (p[1] & 0x3f);
    case 3: return (p[0] & 0x0fu)<<12 | (p[1] & 0x3fu)<<6 | (p[2] & 0x3f);
    case 4: return (p[0] & 0x07u)<<18 | (p[1] & 0x3fu)<<12 | (p[2] & 0x3fu)<<6 | (p[3] & 0x3f);
    default: return p[0];
  }
}

/* Bytes of ASCII at z, eight at a time. */
static int ascii_run(const char *z, int n){
  int i = 0;
  for(; i + 8<=n; i += 8){
    uint64_t eight;
    memcpy(&eight, z + i, 8);
    if( eight & UINT64_C(0x8080808080808080) ) break;
  }
  return i;
}

int64_t utf8_count(const char *z, int n){
  int run = ascii_run(z, n);
  int64_t k = run;
  for(int i=run; i<n; k++) i += (unsigned char)z[i]<0x80 ? 1 : utf8_width(z + i, n - i);
  return k;
}

int utf8_offset(const char *z, int n, int64_t k){
  int i = 0;
  if( k<0 ) return -1;
  while( k>0 && i<n ){
    i += (unsigned char)z[i]<0x80 ? 1 : utf8_width(z + i, n - i);
    k--;
  }
  return k==0 ? i : -1;
}

int utf8_before(const char *z, int i){
  for(int w=2; w<=4 && w<=i; w++){
    if( utf8_width(z + i - w, w)==w ) return i - w;
  }
  return i - 1;
}

int text_find(const Value *hay, const Value *needle, int from){
  if( from<0 ) from = 0;
  if( needle->n>hay->n - from ) return -1;
  if( needle->n==0 ) return from;
  const char *p = memmem(hay->z + from, (size_t)(hay->n - from), needle->z, (size_t)needle->n);
  return p ? (int)(p - hay->z) : -1;
}

int text_find_last(const Value *hay, const Value *needle, int from){
  int i = from<hay->n - needle->n ? from : hay->n - needle->n;
  for(; i>=0; i--){
    if( memcmp(hay->z + i, needle->z, (size_t)needle->n)==0 ) return i;
  }
  return -1;
}

unsigned *text_points(Arena *a, const Value *v, int *n){
  unsigned *p = arena_alloc_raw(a, sizeof(unsigned)*((size_t)v->n + 1));
  *n = 0;
  if( p==0 ) return 0;
  for(int i=0; i<v->n; ) p[(*n)++] = utf8_next(v->z, v->n, &i);
  return p;
}

int text_is_blank(unsigned c){
  return (c>=0x09 && c<=0x0d) || (c>=0x1c && c<=0x20) || c==0x1680
      || (c>=0x2000 && c<=0x200a && c!=0x2007)
      || c==0x2028 || c==0x2029 || c==0x205f || c==0x3000;
}

Value text_of(const Buf *b){ return b->n ? value_text(b->z, b->n) : value_text("", 0); }
Value blob_of(const Buf *b){ return b->n ? value_blob(b->z, b->n) : value_blob("", 0); }

Value text_pad_char(FnCall *c, const Type *t, Value v){
  if( t->kind!=T_CHAR ) return v;
  int64_t missing = t->p - utf8_count(v.z, v.n);
  if( missing<=0 ) return v;
  char *z = arena_alloc_raw(c->arena, (size_t)v.n + (size_t)missing);
  if( z==0 ) return v;
  memcpy(z, v.z, (size_t)v.n);
  memset(z + v.n, ' ', (size_t)missing);
  return value_text(z, (size_t)v.n + (size_t)missing);
}

Value text_cut_char(Value v){
  while( v.n>0 && v.z[v.n - 1]==' ' ) v.n--;
  return v;
}

const Type *fn_arg_type(FnCall *c, int i){
  return c->argt ? c->argt[i] : &TYPE_VARCHAR;
}

/* Letters with case that came with Unicode 14 or later. */
static int is_newer_letter(unsigned c){
  return c==0x2c2f || c==0x2c5f || c==0xa7c0 || c==0xa7c1
      || (c>=0xa7d0 && c<=0xa7d9) || (c>=0x10570 && c<=0x105bc);
}

unsigned text_lower_point(unsigned c){
  if( c<0x80 ) return c>='A' && c<='Z' ? c + 32 : c;
  if( is_newer_letter(c) ) return c;
  return (unsigned)utf8proc_tolower((utf8proc_int32_t)c);
}

unsigned text_upper_point(unsigned c){
  if( c<0x80 ) return c>='a' && c<='z' ? c - 32 : c;
  if( c==0xdf ) return c;                   /* the library has U+1E9E */
  if( is_newer_letter(c) ) return c;
  return (unsigned)utf8proc_toupper((utf8proc_int32_t)c);
}
