/*
** Writing JSON as Jackson writes it (json.h): no blanks, numbers re-rendered
** (integers plain, all others as Java's doubles, Infinity as a string), keys
** kept or sorted by style.
*/
#include "../sqlite.h"
#include <string.h>
#include <stdlib.h>
#include <math.h>
#include "text.h"
#include "json.h"
#include "../number.h"

/* --- strings ------------------------------------------------------------- */

static void add_hex(Buf *b, unsigned unit){
  static const char hex[] = "0123456789ABCDEF";
  char z[6] = {'\\', 'u', hex[unit>>12 & 15], hex[unit>>8 & 15], hex[unit>>4 & 15], hex[unit & 15]};
  buf_add(b, z, 6);
}

static void add_escaped(Buf *b, unsigned char c){
  static const char from[] = "\b\t\n\f\r\"\\", to[] = "btnfr\"\\";
  const char *p = c ? strchr(from, c) : 0;
  if( p==0 ){
    add_hex(b, c);
    return;
  }
  buf_char(b, '\\');
  buf_char(b, to[p - from]);
}

/* The surrogate that json_decode left at z, or 0. */
static unsigned surrogate_at(const char *z, int n){
  const unsigned char *p = (const unsigned char*)z;
  if( n<3 || p[0]!=0xed || p[1]<0xa0 || p[1]>0xbf || (p[2] & 0xc0)!=0x80 ) return 0;
  return 0xd000u | (p[1] & 0x3fu)<<6 | (p[2] & 0x3fu);
}

void json_put_string(Buf *b, const char *z, int n, int astral){
  int run = 0, i = 0;           /* z[run..i) is written as it is */
  buf_char(b, '"');
  while( i<n ){
    unsigned char c = (unsigned char)z[i];
    unsigned lone = 0;
    if( (c>=0x20 && c<0x80 && c!='"' && c!='\\') || (c>=0x80 && c<0xed) || (c>0xed && c<0xf0)
     || (c==0xed && (lone = surrogate_at(z + i, n - i))==0) || (c>=0xf0 && (astral || utf8_width(z + i, n - i)<4)) ){
      i++;
      continue;
    }
    buf_add(b, z + run, (size_t)(i - run));
    if( c<0x80 ){
      add_escaped(b, c);
      i++;
    }else if( lone ){
      if( astral ) buf_char(b, '?');            /* a Java string cannot hold it as UTF-8 */
      else add_hex(b, lone);
      i += 3;
    }else{
      unsigned cp = utf8_next(z, n, &i);
      add_hex(b, 0xd800 + ((cp - 0x10000)>>10));
      add_hex(b, 0xdc00 + ((cp - 0x10000) & 0x3ff));
    }
    run = i;
  }
  buf_add(b, z + run, (size_t)(n - run));
  buf_char(b, '"');
}

static void write_string(Buf *b, const JsonReader *r, int astral){
  if( r->is_plain ){
    json_put_string(b, r->z + r->from, r->to - r->from, astral);
  }else{
    Buf text;
    buf_init(&text, b->arena);
    json_decode(&text, r);
    json_put_string(b, text.z ? text.z : "", (int)text.n, astral);
  }
}

static void write_number(Buf *b, const JsonReader *r){
  if( r->token==JSON_INTEGER ){
    const char *z = r->z + r->from;
    int n = r->to - r->from;
    if( n==2 && z[0]=='-' && z[1]=='0' ) buf_char(b, '0');
    else buf_add(b, z, (size_t)n);
    return;
  }
  double d = json_double(r);
  if( isinf(d) ) buf_char(b, '"');
  value_print_double(b, d);
  if( isinf(d) ) buf_char(b, '"');
}

int json_compare_keys(const char *a, int na, const char *b, int nb){
  int i = 0, n = na<nb ? na : nb;
  while( i<n && a[i]==b[i] ) i++;
  if( i==n ) return na - nb;
  /* UTF-8 orders as UTF-16 does, but for astral characters, which are
  ** surrogates there and stand before U+E000 … U+FFFF */
  unsigned char x = (unsigned char)a[i], y = (unsigned char)b[i];
  if( x>=0xf0 && (y==0xee || y==0xef) ) return -1;
  if( y>=0xf0 && (x==0xee || x==0xef) ) return 1;
  return x - y;
}

/* --- documents ----------------------------------------------------------- */

typedef struct Member {
  const char *key;              /* decoded */
  int n_key;
  int order;                    /* of its first occurrence */
  size_t from, to;              /* its value in `values` */
} Member;

typedef struct Members {
  Member *m;
  int n, cap;
} Members;

static Member *member_add(Arena *a, Members *list){
  if( list->n==list->cap ){
    int cap = list->cap ? 2*list->cap : 8;
    Member *m = arena_alloc_raw(a, sizeof(Member)*(size_t)cap);
    if( m==0 ) return 0;
    if( list->n ) memcpy(m, list->m, sizeof(Member)*(size_t)list->n);
    list->m = m;
    list->cap = cap;
  }
  return &list->m[list->n++];
}

static int by_key(const void *a, const void *b){
  const Member *x = a, *y = b;
  int c = json_compare_keys(x->key, x->n_key, y->key, y->n_key);
  return c ? c : x->order - y->order;
}

static int by_order(const void *a, const void *b){
  return ((const Member*)a)->order - ((const Member*)b)->order;
}

/* Of equal keys the last value stays, at the place of the first. */
static void drop_repeated(Members *list){
  int n = 0;
  qsort(list->m, (size_t)list->n, sizeof(Member), by_key);
  for(int i=0; i<list->n; i++){
    Member *last = n>0 ? &list->m[n-1] : 0;
    if( last && last->n_key==list->m[i].n_key
     && memcmp(last->key, list->m[i].key, (size_t)last->n_key)==0 ){
      last->from = list->m[i].from;
      last->to = list->m[i].to;
    }else{
      list->m[n++] = list->m[i];
    }
  }
  list->n = n;
}

static void write_members(Buf *out, const Members *list, const Buf *values, int astral){
  buf_char(out, '{');
  for(int i=0; i<list->n; i++){
    if( i ) buf_char(out, ',');
    json_put_string(out, list->m[i].key, list->m[i].n_key, astral);
    buf_char(out, ':');
    buf_add(out, values->z + list->m[i].from, list->m[i].to - list->m[i].from);
  }
  buf_char(out, '}');
}

static int write_value(Buf *out, JsonReader *r, JsonStyle style, Arena *scratch);

/* An object whose keys are sorted or unique: its members' values are written
** aside, then put in order. */
static int write_object_ordered(Buf *out, JsonReader *r, JsonStyle style, Arena *scratch){
  Members list = {0, 0, 0};
  Buf values;
  buf_init(&values, scratch);
  while( json_next(r)!=JSON_OBJECT_END ){
    Buf key;
    Member *m;
    if( r->token==JSON_ERROR ) return -1;
    buf_init(&key, scratch);
    json_decode(&key, r);
    m = member_add(scratch, &list);
    if( m==0 ) return -1;
    m->key = key.z ? key.z : "";
    m->n_key = (int)key.n;
    m->order = list.n;
    m->from = values.n;
    json_next(r);
    if( write_value(&values, r, style, scratch) ) return -1;
    list.m[list.n - 1].to = values.n;
  }
  if( list.n>1 ) drop_repeated(&list);
  if( style==JSON_TREE && list.n>1 ) qsort(list.m, (size_t)list.n, sizeof(Member), by_order);
  write_members(out, &list, &values, style==JSON_TREE);
  return values.oom ? -1 : 0;
}

static int write_object(Buf *out, JsonReader *r, JsonStyle style, Arena *scratch){
  int any = 0;
  buf_char(out, '{');
  while( json_next(r)!=JSON_OBJECT_END ){
    if( r->token==JSON_ERROR ) return -1;
    if( any++ ) buf_char(out, ',');
    write_string(out, r, 0);
    buf_char(out, ':');
    json_next(r);
    if( write_value(out, r, style, scratch) ) return -1;
  }
  buf_char(out, '}');
  return 0;
}

static int write_array(Buf *out, JsonReader *r, JsonStyle style, Arena *scratch){
  int any = 0;
  buf_char(out, '[');
  while( json_next(r)!=JSON_ARRAY_END ){
    if( r->token==JSON_ERROR ) return -1;
    if( any++ ) buf_char(out, ',');
    if( write_value(out, r, style, scratch) ) return -1;
  }
  buf_char(out, ']');
  return 0;
}

static int write_value(Buf *out, JsonReader *r, JsonStyle style, Arena *scratch){
  switch( r->token ){
    case JSON_OBJECT:
      return style==JSON_COPY ? write_object(out, r, style, scratch)
                              : write_object_ordered(out, r, style, scratch);
    case JSON_ARRAY:  return write_array(out, r, style, scratch);
    case JSON_STRING: case JSON_FIELD: write_string(out, r, style==JSON_TREE); return 0;
    case JSON_INTEGER: case JSON_FLOAT: write_number(out, r); return 0;
    case JSON_TRUE: case JSON_FALSE: case JSON_NULL:
      buf_add(out, r->z + r->from, (size_t)(r->to - r->from));
      return 0;
    default: return -1;
  }
}

int json_write(Buf *out, JsonReader *r, JsonStyle style){
  return write_value(out, r, style, out->arena);
}

int json_canonical(Arena *a, const char *z, int n, Value *out){
  JsonReader r;
  Buf b;
  buf_init(&b, a);
  json_open(&r, z, n);
  if( json_next(&r)==JSON_NONE || json_write(&b, &r, JSON_SORTED) || json_next(&r)!=JSON_NONE ){
    return r.too_deep ? 1 : -1;
  }
  *out = text_of(&b);
  return 0;
}
