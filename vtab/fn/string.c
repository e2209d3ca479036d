/*
** String functions that look at one text: case, blanks, parts, code points.
**
** The others live beside it: string_search.c (finding, replacing, splitting),
** string_pad.c (joining and padding), string_distance.c, unicode.c, like.c,
** format.c.  Everything counts code points (text.h).  A char(n) arrives
** without its trailing blanks; where they matter the static type says how
** many are missing.  Rules: Trino's documentation, "String functions".
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"

static int fn_length(FnCall *c, int argc, const Value *a, Value *out){
  (void)c; (void)argc;
  *out = value_int(utf8_count(a[0].z, a[0].n));
  return FN_OK;
}

static int fn_length_char(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc; (void)a;
  *out = value_int(fn_arg_type(c, 0)->p);
  return FN_OK;
}

/* A run of ASCII with its letters `from`..`from`+25 in the other case; returns
** where it ends. */
static int map_ascii(Buf *b, const Value *v, int i, unsigned char from){
  int start = i;
  char *z;
  while( i<v->n && (unsigned char)v->z[i]<0x80 ) i++;
  z = buf_room(b, (size_t)(i - start));
  if( z==0 ) return i;
  for(int k=start; k<i; k++){
    unsigned char ch = (unsigned char)v->z[k];
    *z++ = (char)(ch ^ (((unsigned)(ch - from)<26) << 5));
  }
  b->n += (size_t)(i - start);
  b->z[b->n] = 0;
  return i;
}

/* Map every code point; ASCII, the usual case, in runs. */
static int map_points(FnCall *c, const Value *v, Value *out, unsigned (*map)(unsigned), unsigned char from_letter){
  Buf b;
  buf_init(&b, c->arena);
  for(int i=0; i<v->n; ){
    unsigned char ch = (unsigned char)v->z[i];
    if( ch<0x80 ){
      i = map_ascii(&b, v, i, from_letter);
    }else{
      int from = i;
      unsigned cp = utf8_next(v->z, v->n, &i), mapped = map(cp);
      if( mapped==cp ) buf_add(&b, v->z + from, (size_t)(i - from));
      else buf_utf8(&b, mapped);
    }
  }
  *out = text_of(&b);
  return FN_OK;
}

static int fn_lower(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return map_points(c, &a[0], out, text_lower_point, 'A');
}

static int fn_upper(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return map_points(c, &a[0], out, text_upper_point, 'a');
}

/* --- trim ---------------------------------------------------------------- */

#define TRIM_LEFT  1
#define TRIM_RIGHT 2

static int set_has(const Value *set, unsigned cp){
  if( set==0 ) return text_is_blank(cp);
  for(int i=0; i<set->n; ){
    if( utf8_next(set->z, set->n, &i)==cp ) return 1;
  }
  return 0;
}

/* Cut code points of the set (blanks when there is none) off the ends. */
static Value trim(Value v, const Value *set, int sides){
  while( (sides & TRIM_LEFT) && v.n>0 ){
    int i = 0;
    if( !set_has(set, utf8_next(v.z, v.n, &i)) ) break;
    v.z += i;
    v.n -= i;
  }
  while( (sides & TRIM_RIGHT) && v.n>0 ){
    int at = utf8_before(v.z, v.n), i = at;
    if( !set_has(set, utf8_next(v.z, v.n, &i)) ) break;
    v.n = at;
  }
  return v;
}

static int fn_trim(FnCall *c, int argc, const Value *a, Value *out){
  (void)c;
  *out = trim(a[0], argc>1 ? &a[1] : 0, TRIM_LEFT|TRIM_RIGHT);
  return FN_OK;
}
static int fn_ltrim(FnCall *c, int argc, const Value *a, Value *out){
  (void)c;
  *out = trim(a[0], argc>1 ? &a[1] : 0, TRIM_LEFT);
  return FN_OK;
}
static int fn_rtrim(FnCall *c, int argc, const Value *a, Value *out){
  (void)c;
  *out = trim(a[0], argc>1 ? &a[1] : 0, TRIM_RIGHT);
  return FN_OK;
}

/* --- substr -------------------------------------------------------------- */

/* The part of v that starts at code point `start` (1-based; negative: from
** the end) and has at most `length` of them.  A start outside is ''. */
static Value substr(Value v, int64_t start, int64_t length){
  Value none = {v.kind, 0, {.z = ""}};
  int from;
  if( start==0 || length<=0 ) return none;
  if( start<0 ){
    start += utf8_count(v.z, v.n);
    if( start<0 ) return none;
    from = utf8_offset(v.z, v.n, start);
  }else{
    from = utf8_offset(v.z, v.n, start - 1);
  }
  if( from<0 || from>=v.n ) return none;
  v.z += from;
  v.n -= from;
  if( length<v.n ){
    int end = utf8_offset(v.z, v.n, length);
    if( end>=0 ) v.n = end;
  }
  return v;
}

static int fn_substr(FnCall *c, int argc, const Value *a, Value *out){
  (void)c;
  *out = substr(a[0], a[1].i, argc>2 ? a[2].i : INT64_MAX);
  return FN_OK;
}

/* The cut of a char keeps the blanks it reaches, as a varchar. */
static int fn_substr_char(FnCall *c, int argc, const Value *a, Value *out){
  Value whole = text_pad_char(c, fn_arg_type(c, 0), a[0]);
  *out = substr(whole, a[1].i, argc>2 ? a[2].i : INT64_MAX);
  return FN_OK;
}

/* --- code points --------------------------------------------------------- */

static int fn_reverse(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  char *z = arena_alloc_raw(c->arena, (size_t)a[0].n + 1);
  if( z==0 ) return FN_OK;
  for(int i=0; i<a[0].n; ){
    int w = utf8_width(a[0].z + i, a[0].n - i);
    memcpy(z + a[0].n - i - w, a[0].z + i, (size_t)w);
    i += w;
  }
  *out = value_text(z, (size_t)a[0].n);
  return FN_OK;
}

static int fn_chr(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Buf b;
  int64_t cp = a[0].i;
  if( cp<0 || cp>0x10ffff || (cp>=0xd800 && cp<=0xdfff) ){
    return fn_bad_argument(c, "Not a valid Unicode code point: %lld", (long long)cp);
  }
  buf_init(&b, c->arena);
  buf_utf8(&b, (unsigned)cp);
  *out = text_of(&b);
  return FN_OK;
}

static int fn_codepoint(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int i = 0;
  if( utf8_count(a[0].z, a[0].n)!=1 ){
    return fn_bad_argument(c, "Input string must be a single character string");
  }
  *out = value_int(utf8_next(a[0].z, a[0].n, &i));
  return FN_OK;
}

/* First code point of `from` that equals cp, as an index; -1 none. */
static int index_of(const unsigned *from, int n, unsigned cp){
  for(int i=0; i<n; i++) if( from[i]==cp ) return i;
  return -1;
}

static int fn_translate(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int n_from, n_to;
  unsigned *from = text_points(c->arena, &a[1], &n_from);
  unsigned *to = text_points(c->arena, &a[2], &n_to);
  Buf b;
  buf_init(&b, c->arena);
  for(int i=0; from && to && i<a[0].n; ){
    int at = i;
    int k = index_of(from, n_from, utf8_next(a[0].z, a[0].n, &i));
    if( k<0 ) buf_add(&b, a[0].z + at, (size_t)(i - at));
    else if( k<n_to ) buf_utf8(&b, to[k]);
  }
  *out = text_of(&b);
  return FN_OK;
}

static int fn_typeof(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc; (void)a;
  Buf b;
  buf_init(&b, c->arena);
  type_print_display(&b, fn_arg_type(c, 0));
  *out = text_of(&b);
  return FN_OK;
}

const FnDef fn_string[] = {
  {"length", "(varchar(x)) -> bigint", fn_length, 0, "t_length", 0,
   "Number of characters.", "length('żółć') = 4", 0},
  {"length", "(char(x)) -> bigint", fn_length_char, FN_TYPED, "t_length_char", 0, 0, 0, 0},
  {"lower", "(varchar(x)) -> varchar(x)", fn_lower, 0, "t_lower", 0,
   "Small letters.", "lower('ŁÓDŹ') = łódź", 0},
  {"lower", "(char(x)) -> char(x)", fn_lower, 0, "t_lower_char", 0, 0, 0, 0},
  {"upper", "(varchar(x)) -> varchar(x)", fn_upper, 0, "t_upper", 0,
   "Capital letters, one for one.", "upper('straße') = STRAßE", 0},
  {"upper", "(char(x)) -> char(x)", fn_upper, 0, "t_upper_char", 0, 0, 0, 0},
  {"trim", "(varchar(x)) -> varchar(x)", fn_trim, 0, "t_trim", 0,
   "Without blanks at either end.", "trim('  a ') = a", 0},
  {"trim", "(varchar(x), codepoints) -> varchar(x)", fn_trim, 0, "t_trim_set", 0,
   "Without any of the given characters at either end.", "trim('!!hey!', '!') = hey", 0},
  {"trim", "(char(x)) -> varchar(x)", fn_trim, 0, "t_trim_char", 0, 0, 0, 0},
  {"trim", "(char(x), codepoints) -> varchar(x)", fn_trim, 0, "t_trim_char_set", 0, 0, 0, 0},
  {"ltrim", "(varchar(x)) -> varchar(x)", fn_ltrim, 0, "t_ltrim", 0,
   "Without blanks at the start.", "ltrim('  a') = a", 0},
  {"ltrim", "(varchar(x), codepoints) -> varchar(x)", fn_ltrim, 0, "t_ltrim_set", 0, 0, 0, 0},
  {"ltrim", "(char(x)) -> varchar(x)", fn_ltrim, 0, "t_ltrim_char", 0, 0, 0, 0},
  {"ltrim", "(char(x), codepoints) -> varchar(x)", fn_ltrim, 0, "t_ltrim_char_set", 0, 0, 0, 0},
  {"rtrim", "(varchar(x)) -> varchar(x)", fn_rtrim, 0, "t_rtrim", 0,
   "Without blanks at the end.", "rtrim('a  ') = a", 0},
  {"rtrim", "(varchar(x), codepoints) -> varchar(x)", fn_rtrim, 0, "t_rtrim_set", 0, 0, 0, 0},
  {"rtrim", "(char(x)) -> varchar(x)", fn_rtrim, 0, "t_rtrim_char", 0, 0, 0, 0},
  {"rtrim", "(char(x), codepoints) -> varchar(x)", fn_rtrim, 0, "t_rtrim_char_set", 0, 0, 0, 0},
  {"substr", "(varchar(x), bigint) -> varchar(x)", fn_substr, 0, "t_substr", 0,
   "The rest from a position, counted from 1, or from the end when negative.",
   "substr('warehouse', -5) = house", 0},
  {"substr", "(varchar(x), bigint, bigint) -> varchar(x)", fn_substr, 0, "t_substr_length", 0,
   "So many characters from a position.", "substr('warehouse', 5, 2) = ho", 0},
  {"substr", "(char(x), bigint) -> varchar(x)", fn_substr_char, FN_TYPED, "t_substr_char", 0, 0, 0, 0},
  {"substr", "(char(x), bigint, bigint) -> varchar(x)", fn_substr_char, FN_TYPED,
   "t_substr_char_length", 0, 0, 0, 0},
  {"substring", "(varchar(x), bigint) -> varchar(x)", fn_substr, 0, "t_substring", 0,
   "As substr.", "substring('warehouse', 5) = house", 0},
  {"substring", "(varchar(x), bigint, bigint) -> varchar(x)", fn_substr, 0,
   "t_substring_length", 0, 0, 0, 0},
  {"substring", "(char(x), bigint) -> varchar(x)", fn_substr_char, FN_TYPED,
   "t_substring_char", 0, 0, 0, 0},
  {"substring", "(char(x), bigint, bigint) -> varchar(x)", fn_substr_char, FN_TYPED,
   "t_substring_char_length", 0, 0, 0, 0},
  {"reverse", "(varchar(x)) -> varchar(x)", fn_reverse, 0, "t_reverse", 0,
   "Characters in reverse order.", "reverse('abc') = cba", 0},
  {"chr", "(bigint) -> varchar(1)", fn_chr, FN_RAISES, 0, 0,
   "The character of a Unicode code point.", "chr(8364) = €", 0},
  {"codepoint", "(varchar(1)) -> integer", fn_codepoint, FN_RAISES, 0, 0,
   "The Unicode code point of a character.", "codepoint('ß') = 223", 0},
  {"translate", "(varchar(x), varchar(y), varchar(z)) -> varchar", fn_translate, 0, 0, 0,
   "Each character of the second text replaced by the one of the third.",
   "translate('abcd', 'ac', 'z') = zbd", 0},
  {"typeof", "(T) -> varchar", fn_typeof, FN_NULLS|FN_TYPED, 0, 0,
   "Name of the type of an expression.", "typeof(123) = integer", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
