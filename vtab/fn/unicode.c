/*
** Bytes and normal forms: to_utf8, from_utf8, normalize.
**
** normalize: the form arrives as a text, NFC, NFD, NFKC or NFKD (the grammar
** admits no other).  libutf8proc's tables are of Unicode 15, the engine's of
** 13.  Normal forms of assigned characters never change, so only characters
** that were assigned in between could come out differently; those blocks
** that decompose are refused.
*/
#include "../sqlite.h"
#include <string.h>
#include <utf8proc.h>
#include "text.h"

static int fn_to_utf8(FnCall *c, int argc, const Value *a, Value *out){
  (void)c; (void)argc;
  *out = value_blob(a[0].z, (size_t)a[0].n);
  return FN_OK;
}

/*
** The code point at z, or minus the number of bytes that a reader skips for
** one broken one: a lead byte with the continuation bytes that follow it.
** Sequences of five and six bytes, surrogates, overlong forms and values
** beyond U+10FFFF are broken as a whole.
*/
static int decode(const char *z, int n, int *width){
  unsigned char lead = (unsigned char)z[0];
  static const unsigned lowest[] = {0, 0, 0x80, 0x800, 0x10000, 0, 0};
  int want = lead<0x80 ? 1 : lead<0xc0 ? 0 : lead<0xe0 ? 2 : lead<0xf0 ? 3
           : lead<0xf8 ? 4 : lead<0xfc ? 5 : lead<0xfe ? 6 : 0;
  if( want==0 ) return -1;
  unsigned cp = want==1 ? lead : lead & (0x7fu>>want);
  for(int i=1; i<want; i++){
    if( i>=n || (z[i] & 0xc0)!=0x80 ) return -i;
    cp = cp<<6 | (z[i] & 0x3f);
  }
  if( want>4 || cp<lowest[want] || cp>0x10ffff || (cp>=0xd800 && cp<=0xdfff) ) return -want;
  *width = want;
  return (int)cp;
}

static int from_utf8(FnCall *c, const Value *bytes, const char *z, int n, Value *out){
  Buf b;
  buf_init(&b, c->arena);
  for(int i=0; i<bytes->n; ){
    int width = 0, cp = decode(bytes->z + i, bytes->n - i, &width);
    if( cp>=0 ){
      buf_add(&b, bytes->z + i, (size_t)width);
      i += width;
    }else{
      buf_add(&b, z, (size_t)n);
      i -= cp;
    }
    if( b.n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  }
  *out = text_of(&b);
  return FN_OK;
}

static int fn_from_utf8(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return from_utf8(c, &a[0], "\xef\xbf\xbd", 3, out);
}

static int fn_from_utf8_text(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  if( utf8_count(a[1].z, a[1].n)>1 ){
    return fn_bad_argument(c, "Replacement character string must empty or a single character");
  }
  return from_utf8(c, &a[0], a[1].z, a[1].n, out);
}

static int fn_from_utf8_point(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Buf b;
  int64_t cp = a[1].i;
  if( cp<0 || cp>0x10ffff || (cp>=0xd800 && cp<=0xdfff) ){
    return fn_bad_argument(c, "Invalid replacement character");
  }
  buf_init(&b, c->arena);
  buf_utf8(&b, (unsigned)cp);
  return from_utf8(c, &a[0], b.z ? b.z : "", (int)b.n, out);
}

/* Assigned by Unicode 14 or 15, with a decomposition or a combining class. */
static int is_newer_form(unsigned c){
  return (c>=0x10780 && c<=0x107ba) || (c>=0xa7f2 && c<=0xa7f4) || (c>=0x1e030 && c<=0x1e06d)
      || (c>=0x0898 && c<=0x089f) || c==0x0c3c || c==0x1715 || (c>=0x1ac1 && c<=0x1ace)
      || c==0x1dfa || (c>=0x10efd && c<=0x10f85) || (c>=0x11070 && c<=0x11070)
      || c==0x11f41 || c==0x11f42 || (c>=0x1e08f && c<=0x1e08f) || c==0x1e2ae
      || (c>=0x1e4ec && c<=0x1e4ef);
}

static int normal_form(const Value *form){
  static const struct { const char *name; int options; } forms[] = {
    {"NFC", UTF8PROC_COMPOSE}, {"NFD", UTF8PROC_DECOMPOSE},
    {"NFKC", UTF8PROC_COMPOSE|UTF8PROC_COMPAT}, {"NFKD", UTF8PROC_DECOMPOSE|UTF8PROC_COMPAT},
  };
  for(int i=0; i<4; i++){
    if( (int)strlen(forms[i].name)==form->n && memcmp(forms[i].name, form->z, (size_t)form->n)==0 ){
      return forms[i].options | UTF8PROC_STABLE;
    }
  }
  return 0;
}

static int fn_normalize(FnCall *c, int argc, const Value *a, Value *out){
  int options = argc>1 ? normal_form(&a[1]) : UTF8PROC_COMPOSE|UTF8PROC_STABLE;
  if( options==0 ){
    return fn_bad_argument(c, "Normalization form must be one of [NFD, NFC, NFKD, NFKC]");
  }
  for(int i=0; i<a[0].n; ){
    unsigned cp = utf8_next(a[0].z, a[0].n, &i);
    if( is_newer_form(cp) ) return fn_refuse(c, "normalize of U+%04X", cp);
  }
  /* Two passes: the length of the decomposition, then the thing itself. */
  utf8proc_int32_t *points;
  utf8proc_ssize_t n = utf8proc_decompose((const utf8proc_uint8_t*)a[0].z, a[0].n, 0, 0,
                                          (utf8proc_option_t)options);
  if( n<0 || n>TEXT_MAX/4 ) return fn_refuse(c, "normalize of this text");
  points = arena_alloc_raw(c->arena, (size_t)(n + 1)*sizeof(*points));
  if( points==0 ) return FN_OK;
  n = utf8proc_decompose((const utf8proc_uint8_t*)a[0].z, a[0].n, points, n,
                         (utf8proc_option_t)options);
  if( n>=0 ) n = utf8proc_reencode(points, n, (utf8proc_option_t)options);
  if( n<0 ) return fn_refuse(c, "normalize of this text");
  *out = value_text((const char*)points, (size_t)n);
  return FN_OK;
}

const FnDef fn_unicode[] = {
  {"to_utf8", "(varchar(x)) -> varbinary", fn_to_utf8, 0, 0, 0,
   "The UTF-8 bytes of a text.", "to_utf8('é') = c3 a9", 0},
  {"from_utf8", "(varbinary) -> varchar", fn_from_utf8, 0, "t_from_utf8", 0,
   "Text of UTF-8 bytes; broken ones become U+FFFD.", "from_utf8(X'c3a9') = é", 0},
  {"from_utf8", "(varbinary, varchar(x)) -> varchar", fn_from_utf8_text, FN_RAISES,
   "t_from_utf8_text", 0, "Text of UTF-8 bytes; broken ones become the given character.",
   "from_utf8(X'61ff62', '-') = a-b", 0},
  {"from_utf8", "(varbinary, bigint) -> varchar", fn_from_utf8_point, FN_RAISES,
   "t_from_utf8_point", 0, 0, 0, 0},
  {"normalize", "(varchar(x), varchar(y)) -> varchar", fn_normalize, FN_RAISES, "t_normalize", 0,
   "A Unicode normal form: NFC, NFD, NFKC, NFKD.", "normalize('ﬁ', NFKC) = fi", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
