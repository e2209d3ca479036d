/*
** Keys: bytes whose order (memcmp) is the order of values, and whose equality
** is `IS NOT DISTINCT FROM`.
**
**   t_sort_key('(T)varbinary', v)    for ORDER BY of arrays, rows, zones
**   t_group_key('(T)varbinary', v)   for GROUP BY, DISTINCT, joins, of these
**                                    and maps too
**
** NULL gives NULL.  Inside, a NULL stands after all values; a list ends with a
** byte below any element's first, so a prefix comes first.  Athena refuses to
** order arrays and rows where a NULL inside has to decide, which no key can
** know: t_sort_key refuses any NULL inside.
*/
#include "../sqlite.h"
#include "fn.h"
#include <string.h>
#include <math.h>

#define KEY_END 0               /* of a list */
#define KEY_VALUE 1             /* before an element */
#define KEY_NULL 2
#define INSTANT_BYTES 12
#define TIME_TZ_BYTES 8

static void add_u64(Buf *b, uint64_t x){
  char z[8];
  for(int i=0; i<8; i++) z[i] = (char)(x>>(56 - 8*i));
  buf_add(b, z, 8);
}

/* Doubles: sign flipped, negative ones inverted; one zero, NaN above all. */
static void add_real(Buf *b, double r){
  uint64_t bits;
  if( isnan(r) ){
    add_u64(b, UINT64_MAX);
    return;
  }
  if( r==0 ) r = 0;
  memcpy(&bits, &r, 8);
  add_u64(b, bits>>63 ? ~bits : bits | (uint64_t)1<<63);
}

/* Bytes of any length: 0 is written 0 255, the end 0 0. */
static void add_bytes(Buf *b, const char *z, int n){
  int from = 0;
  for(int i=0; i<n; i++){
    if( z[i] ) continue;
    buf_add(b, z + from, (size_t)(i - from));
    buf_add(b, "\0\377", 2);
    from = i + 1;
  }
  buf_add(b, z + from, (size_t)(n - from));
  buf_add(b, "\0\0", 2);
}

static void add_key(Buf *b, const Type *t, const Value *v, int *has_null);

static void add_list(Buf *b, const Type *t, const Value *v, int *has_null){
  int n = list_count(v);
  for(int i=0; i<n; i++){
    const Type *e = t->kind==T_ARRAY ? t->arg[0] : t->kind==T_MAP ? t->arg[i & 1]
                  : i<t->n ? t->arg[i] : &TYPE_UNKNOWN;
    Value element = list_get(v, i);
    if( element.kind==V_NULL ){
      *has_null = 1;
      buf_char(b, KEY_NULL);
    }else{
      buf_char(b, KEY_VALUE);
      add_key(b, e, &element, has_null);
    }
  }
  buf_char(b, KEY_END);
}

static void add_key(Buf *b, const Type *t, const Value *v, int *has_null){
  int n = v->n;
  switch( t->kind ){
    case T_ARRAY: case T_MAP: case T_ROW: add_list(b, t, v, has_null); return;
    case T_CHAR:
      while( n>0 && v->z[n - 1]==' ' ) n--;
      add_bytes(b, v->z, n);
      return;
    case T_TIMESTAMP_TZ: buf_add(b, v->z, (size_t)(n>INSTANT_BYTES ? INSTANT_BYTES : n)); return;
    case T_TIME_TZ: buf_add(b, v->z, (size_t)(n>TIME_TZ_BYTES ? TIME_TZ_BYTES : n)); return;
    case T_DECIMAL: case T_TIMESTAMP:
      if( v->kind==V_BLOB ){
        buf_add(b, v->z, (size_t)n);
        return;
      }
      break;
    default: break;
  }
  if( v->kind==V_INT ) add_u64(b, (uint64_t)v->i ^ (uint64_t)1<<63);
  else if( v->kind==V_REAL ) add_real(b, v->r);
  else add_bytes(b, v->z, n);
}

static int key_group(FnCall *c, int argc, const Value *argv, Value *out){
  int has_null = 0;
  Buf b;
  (void)argc;
  buf_init(&b, c->arena);
  add_key(&b, c->argt[0], &argv[0], &has_null);
  if( b.oom ) c->arena->oom = 1;
  *out = value_blob(b.z ? b.z : "", b.n);
  return FN_OK;
}

static int key_sort(FnCall *c, int argc, const Value *argv, Value *out){
  int has_null = 0;
  Buf b;
  (void)argc;
  buf_init(&b, c->arena);
  add_key(&b, c->argt[0], &argv[0], &has_null);
  if( has_null ) return fn_refuse(c, "ORDER BY of arrays or rows that hold NULL");
  if( b.oom ) c->arena->oom = 1;
  *out = value_blob(b.z ? b.z : "", b.n);
  return FN_OK;
}

/* fail(message): Athena's hidden way to raise an error; TRY does not catch it. */
static int fn_fail(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc; (void)out;
  return fn_error(c, "GENERIC_USER_ERROR", "%.*s", argv[0].n, argv[0].z);
}

const FnDef fn_key[] = {
  {.name="$sort_key", .sig="(T) -> varbinary", .impl=key_sort, .flags=FN_RAISES|FN_HIDDEN, .sql="t_sort_key"},
  {.name="$group_key", .sig="(T) -> varbinary", .impl=key_group, .flags=FN_HIDDEN, .sql="t_group_key"},
  {.name="fail", .sig="(varchar) -> unknown", .impl=fn_fail, .flags=FN_RAISES|FN_HIDDEN},
  {0}
};
