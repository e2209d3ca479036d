/*
** Values compared and hashed by their static type.
**
** Every type has one of six carriers; containers recurse to their elements,
** as deep as the type is (TYPE_DEPTH_MAX).
*/
#include "sqlite.h"
#include "value.h"
#include <string.h>
#include <math.h>

#define INSTANT_BYTES 12        /* of a timestamp with time zone that are compared */
#define TIME_TZ_BYTES 8         /* of a time with time zone */

/* Bytes of a BLOB or TEXT that count for equality. */
static int significant(const Type *t, const Value *v){
  if( t->kind==T_TIMESTAMP_TZ && v->n>INSTANT_BYTES ) return INSTANT_BYTES;
  if( t->kind==T_TIME_TZ && v->n>TIME_TZ_BYTES ) return TIME_TZ_BYTES;
  return v->n;
}

static int compare_bytes(const char *a, int na, const char *b, int nb){
  int n = na<nb ? na : nb;
  int c = n ? memcmp(a, b, (size_t)n) : 0;
  if( c ) return c<0 ? -1 : 1;
  return (na>nb) - (na<nb);
}

/* char(n): the shorter one continues with blanks. */
static int compare_char(const Value *a, const Value *b){
  int n = a->n<b->n ? a->n : b->n;
  int c = n ? memcmp(a->z, b->z, (size_t)n) : 0;
  const Value *rest = a->n>b->n ? a : b;
  if( c ) return c<0 ? -1 : 1;
  for(int i=n; i<rest->n; i++){
    unsigned char x = (unsigned char)rest->z[i];
    if( x!=' ' ) return (x>' ') == (rest==a) ? 1 : -1;
  }
  return 0;
}

static int compare_real(double a, double b){
  if( isnan(a) || isnan(b) ) return (isnan(a)!=0) - (isnan(b)!=0);
  return (a>b) - (a<b);
}

/* The element type at an index of a container's list. */
static const Type *element_type(const Type *t, int i){
  if( t->kind==T_ARRAY ) return t->arg[0];
  if( t->kind==T_MAP ) return t->arg[i & 1];
  return i<t->n ? t->arg[i] : &TYPE_UNKNOWN;
}

static int is_container(const Type *t){
  return t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW;
}

static int compare_lists(const Type *t, const Value *a, const Value *b){
  int na = list_count(a), nb = list_count(b), n = na<nb ? na : nb;
  for(int i=0; i<n; i++){
    Value x = list_get(a, i), y = list_get(b, i);
    int c;
    if( x.kind==V_NULL || y.kind==V_NULL ) c = (x.kind==V_NULL) - (y.kind==V_NULL);
    else c = value_compare(element_type(t, i), &x, &y);
    if( c ) return c;
  }
  return (na>nb) - (na<nb);
}

int value_compare(const Type *t, const Value *a, const Value *b){
  if( a->kind!=b->kind ) return (a->kind>b->kind) - (a->kind<b->kind);
  switch( a->kind ){
    case V_INT: return (a->i>b->i) - (a->i<b->i);
    case V_REAL: return compare_real(a->r, b->r);
    case V_TEXT:
      if( t->kind==T_CHAR ) return compare_char(a, b);
      return compare_bytes(a->z, a->n, b->z, b->n);
    case V_BLOB:
      if( is_container(t) ) return compare_lists(t, a, b);
      return compare_bytes(a->z, significant(t, a), b->z, significant(t, b));
    default: return 0;
  }
}

/* `=` of arrays and rows: a pair that differs decides, else a NULL does. */
static int equal_lists(const Type *t, const Value *a, const Value *b){
  int n = list_count(a), unknown = 0;
  if( n!=list_count(b) ) return 0;
  for(int i=0; i<n; i++){
    Value x = list_get(a, i), y = list_get(b, i);
    int e;
    if( x.kind==V_NULL || y.kind==V_NULL ){
      unknown = 1;
      continue;
    }
    e = value_equal(element_type(t, i), &x, &y);
    if( e==0 ) return 0;
    if( e<0 ) unknown = 1;
  }
  return unknown ? -1 : 1;
}

int value_equal(const Type *t, const Value *a, const Value *b){
  if( a->kind==V_NULL || b->kind==V_NULL ) return -1;
  if( is_container(t) ) return equal_lists(t, a, b);
  if( a->kind==V_REAL && b->kind==V_REAL ) return a->r==b->r;
  return value_compare(t, a, b)==0;
}

static int identical_lists(const Type *t, const Value *a, const Value *b){
  int n = list_count(a);
  if( n!=list_count(b) ) return 0;
  for(int i=0; i<n; i++){
    Value x = list_get(a, i), y = list_get(b, i);
    if( !value_identical(element_type(t, i), &x, &y) ) return 0;
  }
  return 1;
}

int value_identical(const Type *t, const Value *a, const Value *b){
  if( a->kind==V_NULL || b->kind==V_NULL ) return a->kind==b->kind;
  if( is_container(t) ) return identical_lists(t, a, b);
  return value_compare(t, a, b)==0;
}

/* FNV-1a, then a mix: short keys are common. */
static uint64_t hash_bytes(const char *z, int n, uint64_t seed){
  uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325);
  for(int i=0; i<n; i++){
    h ^= (unsigned char)z[i];
    h *= UINT64_C(0x100000001b3);
  }
  h ^= h>>32;
  return h*UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t hash_list(const Type *t, const Value *v){
  uint64_t h = 17;
  int n = list_count(v);
  for(int i=0; i<n; i++){
    Value e = list_get(v, i);
    h = h*31 + value_hash(element_type(t, i), &e);
  }
  return h;
}

uint64_t value_hash(const Type *t, const Value *v){
  double r;
  int n;
  switch( v->kind ){
    case V_INT: return hash_bytes((const char*)&v->i, 8, 1);
    case V_REAL:
      r = isnan(v->r) ? (double)NAN : v->r==0 ? 0.0 : v->r;
      return hash_bytes((const char*)&r, 8, 2);
    case V_TEXT:
      n = v->n;
      while( t->kind==T_CHAR && n>0 && v->z[n - 1]==' ' ) n--;
      return hash_bytes(v->z, n, 3);
    case V_BLOB:
      if( is_container(t) ) return hash_list(t, v);
      return hash_bytes(v->z, significant(t, v), 4);
    default: return 0;
  }
}
