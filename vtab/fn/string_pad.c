/*
** Joining and padding: concat and ||, concat_ws, lpad, rpad, of texts, of
** char(n) and of bytes.
**
** `||` is the function concat under another name; the $concat rows of two
** varchar carry SQLite's own operator, which does the same bytes.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"

static int join(FnCall *c, int argc, const Value *a, Value *out){
  int64_t n = 0;
  for(int i=0; i<argc; i++) n += a[i].n;
  if( n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  char *z = arena_alloc_raw(c->arena, (size_t)n + 1);
  if( z==0 ) return FN_OK;
  for(int i=0, at=0; i<argc; at += a[i].n, i++) memcpy(z + at, a[i].z, (size_t)a[i].n);
  *out = a[0].kind==V_BLOB ? value_blob(z, (size_t)n) : value_text(z, (size_t)n);
  return FN_OK;
}

static int fn_concat(FnCall *c, int argc, const Value *a, Value *out){
  if( argc<2 ){
    return fn_bad_argument(c, "There must be two or more concatenation arguments");
  }
  return join(c, argc, a, out);
}

static int fn_concat_char(FnCall *c, int argc, const Value *a, Value *out){
  Value part[2];
  (void)argc;
  part[0] = text_pad_char(c, fn_arg_type(c, 0), a[0]);
  part[1] = a[1];
  return join(c, 2, part, out);
}

static const Type *concat_char_type(Arena *a, int argc, const Type *const *t){
  (void)argc;
  return type_char(a, t[0]->p + t[1]->p);
}

/* --- concat_ws ----------------------------------------------------------- */

static void add_part(Buf *b, const Value *separator, const Value *part, int *any){
  if( part->kind==V_NULL || b->n>TEXT_MAX ) return;
  if( *any ) buf_add(b, separator->z, (size_t)separator->n);
  buf_add(b, part->z, (size_t)part->n);
  *any = 1;
}

static int end_parts(FnCall *c, const Buf *b, Value *out){
  if( b->n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  *out = text_of(b);
  return FN_OK;
}

static int fn_concat_ws(FnCall *c, int argc, const Value *a, Value *out){
  int any = 0;
  Buf b;
  if( argc<2 ) return fn_bad_argument(c, "There must be two or more arguments");
  *out = value_null();
  if( a[0].kind==V_NULL ) return FN_OK;
  buf_init(&b, c->arena);
  for(int i=1; i<argc; i++) add_part(&b, &a[0], &a[i], &any);
  return end_parts(c, &b, out);
}

static int fn_concat_ws_array(FnCall *c, int argc, const Value *a, Value *out){
  int any = 0, n = list_count(&a[1]);
  Buf b;
  (void)argc;
  buf_init(&b, c->arena);
  for(int i=0; i<n; i++){
    Value part = list_get(&a[1], i);
    add_part(&b, &a[0], &part, &any);
  }
  return end_parts(c, &b, out);
}

/* --- lpad, rpad ---------------------------------------------------------- */

/* Characters for texts, bytes for binaries. */
static int64_t count(const Value *v){
  return v->kind==V_TEXT ? utf8_count(v->z, v->n) : v->n;
}
static int offset(const Value *v, int64_t k){
  return v->kind==V_TEXT ? utf8_offset(v->z, v->n, k) : (int)k;
}

/* `missing` characters of the padding, over and over from its start. */
static void add_padding(Buf *b, const Value *with, int64_t missing){
  int64_t n = count(with);
  for(; missing>=n && b->n<=TEXT_MAX; missing -= n) buf_add(b, with->z, (size_t)with->n);
  if( b->n<=TEXT_MAX ) buf_add(b, with->z, (size_t)offset(with, missing));
}

static int pad(FnCall *c, const Value *a, Value *out, int left){
  Value v = a[0];
  int64_t target = a[1].i, have = count(&v);
  Buf b;
  if( target<0 || target>INT32_MAX ){
    return fn_bad_argument(c, "Target length must be in the range [0..2147483647]");
  }
  if( a[2].n==0 ){
    return fn_bad_argument(c, "Padding %s must not be empty",
                           v.kind==V_TEXT ? "string" : "bytes");
  }
  if( have>=target ){
    v.n = offset(&v, target);
    *out = v;
    return FN_OK;
  }
  buf_init(&b, c->arena);
  if( left ) add_padding(&b, &a[2], target - have);
  buf_add(&b, v.z, (size_t)v.n);
  if( !left ) add_padding(&b, &a[2], target - have);
  if( b.n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  *out = v.kind==V_TEXT ? text_of(&b) : blob_of(&b);
  return FN_OK;
}

static int fn_lpad(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return pad(c, a, out, 1);
}
static int fn_rpad(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return pad(c, a, out, 0);
}

const FnDef fn_string_pad[] = {
  {"concat", "(char(x), char(y)) -> char(u)", fn_concat_char, FN_TYPED, "t_concat_char", 0,
   0, 0, concat_char_type},
  {"concat", "(varchar...) -> varchar", fn_concat, FN_RAISES, "t_concat", 0,
   "Texts joined; NULL when one is NULL.", "concat('a', 'b', 'c') = abc", 0},
  {"concat", "(varbinary...) -> varbinary", fn_concat, FN_RAISES, "t_concat_bytes", 0,
   "Bytes joined.", "concat(X'01', X'02') = 01 02", 0},
  {"$concat", "(char(x), char(y)) -> char(u)", fn_concat_char, FN_TYPED|FN_HIDDEN,
   "t_join_char", 0, 0, 0, concat_char_type},
  {"$concat", "(varchar, varchar) -> varchar", fn_concat, FN_HIDDEN, "t_join", "(%1||%2)",
   0, 0, 0},
  {"$concat", "(varbinary, varbinary) -> varbinary", fn_concat, FN_HIDDEN, "t_join_bytes", 0,
   0, 0, 0},
  {"concat_ws", "(varchar, array(varchar)) -> varchar", fn_concat_ws_array, 0,
   "t_concat_ws_array", 0, "Elements joined with a separator, NULLs left out.",
   "concat_ws(',', ARRAY['a', NULL, 'b']) = a,b", 0},
  {"concat_ws", "(varchar, varchar...) -> varchar", fn_concat_ws, FN_NULLS|FN_RAISES,
   "t_concat_ws", 0, "Texts joined with a separator, NULLs left out.",
   "concat_ws(',', 'a', NULL, 'b') = a,b", 0},
  {"concat_ws", "(varchar) -> varchar", fn_concat_ws, FN_NULLS|FN_RAISES|FN_HIDDEN,
   "t_concat_ws_nothing", 0, 0, 0, 0},
  {"lpad", "(varchar(x), bigint, varchar(y)) -> varchar", fn_lpad, FN_RAISES, "t_lpad", 0,
   "Padded at the start, or cut, to a length.", "lpad('7', 3, '0') = 007", 0},
  {"lpad", "(varbinary, bigint, varbinary) -> varbinary", fn_lpad, FN_RAISES,
   "t_lpad_bytes", 0, 0, 0, 0},
  {"rpad", "(varchar(x), bigint, varchar(y)) -> varchar", fn_rpad, FN_RAISES, "t_rpad", 0,
   "Padded at the end, or cut, to a length.", "rpad('7', 3, '0') = 700", 0},
  {"rpad", "(varbinary, bigint, varbinary) -> varbinary", fn_rpad, FN_RAISES,
   "t_rpad_bytes", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
