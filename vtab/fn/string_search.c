/*
** Finding, replacing and splitting: strpos, starts_with, replace, split,
** split_part.
**
** Bytes are searched, which in UTF-8 finds the same places as characters;
** only the positions that come out are counted in characters.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"

static int fn_strpos(FnCall *c, int argc, const Value *a, Value *out){
  int64_t instance = argc>2 ? a[2].i : 1, left = instance<0 ? -(instance + 1) : instance - 1;
  int at;
  if( instance==0 ){
    return fn_bad_argument(c, "'instance' must be a positive or negative number.");
  }
  if( a[1].n==0 ){
    *out = value_int(1);
    return FN_OK;
  }
  if( instance>0 ){
    at = text_find(&a[0], &a[1], 0);
    while( at>=0 && left-->0 ) at = text_find(&a[0], &a[1], at + 1);
  }else{
    at = text_find_last(&a[0], &a[1], a[0].n);
    while( at>=0 && left-->0 ) at = text_find_last(&a[0], &a[1], at - 1);
  }
  *out = value_int(at<0 ? 0 : utf8_count(a[0].z, at) + 1);
  return FN_OK;
}

static int fn_starts_with(FnCall *c, int argc, const Value *a, Value *out){
  (void)c; (void)argc;
  *out = value_int(a[1].n<=a[0].n && memcmp(a[0].z, a[1].z, (size_t)a[1].n)==0);
  return FN_OK;
}

/* --- replace ------------------------------------------------------------- */

/* An empty search stands before every character and at the end. */
static void replace_between(Buf *b, const Value *s, const Value *with){
  for(int i=0; i<s->n && b->n<=TEXT_MAX; ){
    int w = utf8_width(s->z + i, s->n - i);
    buf_add(b, with->z, (size_t)with->n);
    buf_add(b, s->z + i, (size_t)w);
    i += w;
  }
  buf_add(b, with->z, (size_t)with->n);
}

static int fn_replace(FnCall *c, int argc, const Value *a, Value *out){
  static const Value nothing = {V_TEXT, 0, {.z = ""}};
  const Value *with = argc>2 ? &a[2] : &nothing;
  int from = 0, at;
  Buf b;
  buf_init(&b, c->arena);
  if( a[1].n==0 ){
    replace_between(&b, &a[0], with);
  }else{
    while( (at = text_find(&a[0], &a[1], from))>=0 && b.n<=TEXT_MAX ){
      buf_add(&b, a[0].z + from, (size_t)(at - from));
      buf_add(&b, with->z, (size_t)with->n);
      from = at + a[1].n;
    }
    buf_add(&b, a[0].z + from, (size_t)(a[0].n - from));
  }
  if( b.n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  *out = text_of(&b);
  return FN_OK;
}

/* x + z*(x + 1): the longest text that can come out. */
static const Type *replace_type(Arena *a, int argc, const Type *const *t){
  if( argc<3 || t[0]->p==TYPE_UNBOUNDED || t[2]->p==TYPE_UNBOUNDED ){
    return argc<3 && t[0]->p!=TYPE_UNBOUNDED ? type_varchar(a, t[0]->p) : &TYPE_VARCHAR;
  }
  int64_t n = t[0]->p + (int64_t)t[2]->p*((int64_t)t[0]->p + 1);
  return n>=INT32_MAX ? &TYPE_VARCHAR : type_varchar(a, (int)n);
}

/* --- split --------------------------------------------------------------- */

static int fn_split(FnCall *c, int argc, const Value *a, Value *out){
  int64_t limit = argc>2 ? a[2].i : INT32_MAX;
  ListBuilder list;
  int from = 0, at;
  if( limit<=0 ) return fn_bad_argument(c, "Limit must be positive");
  if( limit>INT32_MAX ) return fn_bad_argument(c, "Limit is too large");
  if( a[1].n==0 ) return fn_bad_argument(c, "The delimiter may not be the empty string");
  list_begin(&list, c->arena);
  while( list.n<limit-1 && (at = text_find(&a[0], &a[1], from))>=0 ){
    list_add(&list, value_text(a[0].z + from, (size_t)(at - from)));
    from = at + a[1].n;
  }
  list_add(&list, value_text(a[0].z + from, (size_t)(a[0].n - from)));
  *out = list_end(&list);
  return FN_OK;
}

/* With an empty delimiter every character is a part. */
static Value nth_point(const Value *s, int64_t index){
  int at = utf8_offset(s->z, s->n, index - 1);
  if( at<0 || at>=s->n ) return value_null();
  return value_text(s->z + at, (size_t)utf8_width(s->z + at, s->n - at));
}

static int fn_split_part(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int64_t index = a[2].i;
  int from = 0, at;
  if( index<=0 ) return fn_bad_argument(c, "Index must be greater than zero");
  if( a[1].n==0 ){
    *out = nth_point(&a[0], index);
    return FN_OK;
  }
  while( --index>0 ){
    at = text_find(&a[0], &a[1], from);
    if( at<0 ){
      *out = value_null();
      return FN_OK;
    }
    from = at + a[1].n;
  }
  at = text_find(&a[0], &a[1], from);
  *out = value_text(a[0].z + from, (size_t)((at<0 ? a[0].n : at) - from));
  return FN_OK;
}

const FnDef fn_string_search[] = {
  {"strpos", "(varchar(x), varchar(y)) -> bigint", fn_strpos, 0, "t_strpos", 0,
   "Position of the first occurrence, from 1; 0 when there is none.",
   "strpos('high', 'ig') = 2", 0},
  {"strpos", "(varchar(x), varchar(y), bigint) -> bigint", fn_strpos, FN_RAISES,
   "t_strpos_instance", 0,
   "Position of the n-th occurrence, from the end when n is negative.",
   "strpos('banana', 'a', -1) = 6", 0},
  {"starts_with", "(varchar(x), varchar(y)) -> boolean", fn_starts_with, 0, 0, 0,
   "Whether the text begins with the other.", "starts_with('dataset', 'data') = true", 0},
  {"replace", "(varchar(x), varchar(y)) -> varchar(x)", fn_replace, 0, "t_replace_out", 0,
   "All occurrences taken out.", "replace('abcab', 'ab') = c", 0},
  {"replace", "(varchar(x), varchar(y), varchar(z)) -> varchar(u)", fn_replace, FN_RAISES,
   "t_replace", 0, "All occurrences replaced.", "replace('abc', 'b', '--') = a--c", replace_type},
  {"split", "(varchar(x), varchar(y)) -> array(varchar(x))", fn_split, FN_RAISES, "t_split", 0,
   "Parts between delimiters.", "split('a,b,c', ',') = [a, b, c]", 0},
  {"split", "(varchar(x), varchar(y), bigint) -> array(varchar(x))", fn_split, FN_RAISES,
   "t_split_limit", 0, "At most so many parts; the last one keeps the rest.",
   "split('a,b,c', ',', 2) = [a, b,c]", 0},
  {"split_part", "(varchar(x), varchar(y), bigint) -> varchar(x)", fn_split_part, FN_RAISES, 0, 0,
   "The n-th part between delimiters, or NULL.", "split_part('a,b', ',', 2) = b", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
