/*
** The lenient JSON of the OpenX SerDe (see json_lenient.h).
**
** Beyond JSON: keys and values without quotes or in single quotes; `=` and
** `=>` for `:`; `;` for `,`; comments (to the end of the line after // or #,
** and between slash-star and star-slash); separators without a value in arrays,
** which stand for null.  A literal ends at a blank, a bracket, or one of
** / \ : , = ; #.  Strings may hold control characters.
**
** Limits: JSON_DEPTH_MAX levels of nesting.
*/
#include "sqlite.h"
#include "json_lenient.h"
#include "convert.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

void lenient_begin(JsonReader *r, const char *z, size_t n){
  memset(r, 0, sizeof(*r));
  r->z = z;
  r->end = z + n;
}

void lenient_enter(JsonReader *r, const JsonToken *token){
  lenient_begin(r, token->z + 1, token->n - 1);
}

static int fail(JsonReader *r, const char *reason){
  if( r->error==0 ) r->error = reason;
  return 0;
}

/* The first character of the next token, which is passed; -1 at the end.  An
** unended comment sets error. */
static int next_token(JsonReader *r){
  while( r->z<r->end ){
    char c = *r->z++;
    if( c==' ' || c=='\t' || c=='\n' || c=='\r' ) continue;
    if( c=='#' || (c=='/' && r->z<r->end && *r->z=='/') ){
      while( r->z<r->end && *r->z!='\n' && *r->z!='\r' ) r->z++;
      continue;
    }
    if( c=='/' && r->z<r->end && *r->z=='*' ){
      const char *close = r->z + 1;
      while( close + 1<r->end && (close[0]!='*' || close[1]!='/') ) close++;
      if( close + 1>=r->end ){
        fail(r, "a comment does not end");
        return -1;
      }
      r->z = close + 2;
      continue;
    }
    return (unsigned char)c;
  }
  return -1;
}

/* The next quote or backslash. */
static const char *find_string_mark(const char *z, const char *end, char quote){
#ifdef __SSE2__
  const __m128i q = _mm_set1_epi8(quote), b = _mm_set1_epi8('\\');
  for(; end - z>=16; z += 16){
    __m128i x = _mm_loadu_si128((const __m128i*)z);
    int mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, q), _mm_cmpeq_epi8(x, b)));
    if( mask ) return z + __builtin_ctz((unsigned)mask);
  }
#endif
  while( z<end && *z!=quote && *z!='\\' ) z++;
  return z;
}

static int hex_digit(char c){
  return c>='0' && c<='9' ? c - '0' : c>='a' && c<='f' ? c - 'a' + 10 : c>='A' && c<='F' ? c - 'A' + 10 : -1;
}

static int hex4(const char *z, unsigned *out){
  unsigned x = 0;
  for(int i=0; i<4; i++){
    int d = hex_digit(z[i]);
    if( d<0 ) return 0;
    x = x<<4 | (unsigned)d;
  }
  *out = x;
  return 1;
}

/* A string, whose opening quote is passed. */
static int read_string(JsonReader *r, char quote, JsonToken *token){
  token->kind = JSON_STRING;
  token->z = r->z;
  token->escaped = token->ascii = 0;
  for(;;){
    unsigned unused;
    r->z = find_string_mark(r->z, r->end, quote);
    if( r->z>=r->end ){
      r->z = token->z - 1;      /* the error is where it began */
      return fail(r, "unterminated string");
    }
    if( *r->z==quote ) break;
    token->escaped = 1;
    if( r->end - r->z<2 ) return fail(r, "unterminated escape sequence");
    if( r->z[1]=='u' && (r->end - r->z<6 || !hex4(r->z + 2, &unused)) ) return fail(r, "invalid escape sequence");
    r->z += 2;
  }
  token->n = (size_t)(r->z++ - token->z);
  return 1;
}

static int ends_literal(char c){
  switch( c ){
    case ' ': case '\r': case '\n': case '\t': case '\f': case '{': case '}': case '[': case ']':
    case '/': case '\\': case ':': case ',': case '=': case ';': case '#':
      return 1;
    default:
      return 0;
  }
}

static int read_literal(JsonReader *r, JsonToken *token){
  token->z = r->z;
  while( r->z<r->end && !ends_literal(*r->z) ) r->z++;
  token->n = (size_t)(r->z - token->z);
  token->escaped = token->ascii = 0;
  if( token->n==0 ) return fail(r, "a value is missing");
  token->kind = token->n==4 && text_is(token->z, 4, "null") ? JSON_NULL : JSON_LITERAL;
  return 1;
}

/* A container, whose bracket is passed: check all of it. */
static int read_container(JsonReader *r, JsonKind kind, JsonToken *token){
  const char *start = r->z - 1;
  int first = 1;
  JsonToken key, value;
  if( ++r->depth>JSON_DEPTH_MAX ){
    r->too_deep = 1;
    return fail(r, "nested too deeply");
  }
  if( kind==JSON_OBJECT ) while( lenient_member(r, &first, &key, &value) ){}
  else while( lenient_element(r, &first, &value) ){}
  if( r->error ) return 0;
  r->depth--;
  *token = (JsonToken){ kind, 0, 0, start, (size_t)(r->z - start) };
  return 1;
}

int lenient_value(JsonReader *r, JsonToken *token){
  int c = next_token(r);
  if( c<0 ) return fail(r, "the text ends too early");
  if( c=='"' || c=='\'' ) return read_string(r, (char)c, token);
  if( c=='{' ) return read_container(r, JSON_OBJECT, token);
  if( c=='[' ) return read_container(r, JSON_ARRAY, token);
  r->z--;
  return read_literal(r, token);
}

int lenient_member(JsonReader *r, int *first, JsonToken *key, JsonToken *value){
  int c = next_token(r);
  if( *first ){
    *first = 0;
    if( c=='}' ) return 0;
    if( c>=0 ) r->z--;
  }else{
    if( c=='}' || r->error ) return 0;
    if( c!=',' && c!=';' ) return fail(r, "unterminated object");
  }
  if( r->error || !lenient_value(r, key) ) return 0;
  if( key->kind==JSON_NULL ) return fail(r, "a key is null");
  if( key->kind!=JSON_STRING && key->kind!=JSON_LITERAL ) return fail(r, "a key is not a string");
  c = next_token(r);
  if( c!=':' && c!='=' ) return fail(r, "`:` is missing after a key");
  if( c=='=' && r->z<r->end && *r->z=='>' ) r->z++;
  return lenient_value(r, value);
}

/* *first is 1 before the first element, 2 where the one before ended without a
** separator being looked for. */
int lenient_element(JsonReader *r, int *first, JsonToken *value){
  int c;
  if( *first==2 ){
    c = next_token(r);
    if( c==']' ) return 0;
    if( c!=',' && c!=';' ) return fail(r, "unterminated array");
    *first = 0;
  }
  c = next_token(r);
  if( c<0 ) return fail(r, "unterminated array");
  if( c==',' || c==';' || (c==']' && *first==0) ){
    *value = (JsonToken){ JSON_NULL, 0, 0, r->z - 1, 0 };
    if( c==']' ){               /* after a last separator: null, and the end next time */
      r->z--;
      *first = 3;
      return 1;
    }
    *first = 0;
    return 1;
  }
  if( c==']' ) return 0;
  r->z--;
  if( !lenient_value(r, value) ) return 0;
  *first = 2;
  return 1;
}

/* --- The text of strings ------------------------------------------------- */

/* One \u escape at z (past "\u"); a pair of surrogates is one character, a lone
** one a question mark, as Java writes it.  Returns what was used after "\u". */
static size_t unescape_unicode(Buf *b, const char *z, const char *end){
  unsigned u = 0, low;
  hex4(z, &u);
  if( u>=0xd800 && u<0xdc00 && end - z>=10 && z[4]=='\\' && z[5]=='u'
   && hex4(z + 6, &low) && low>=0xdc00 && low<0xe000 ){
    buf_utf8(b, 0x10000 + ((u - 0xd800)<<10) + (low - 0xdc00));
    return 10;
  }
  if( u>=0xd800 && u<0xe000 ) buf_char(b, '?');
  else buf_utf8(b, u);
  return 4;
}

static Value unescape(Arena *a, const char *z, size_t n){
  static const char from[] = "tbnrfav", to[] = "\t\b\n\r\f\a\t";
  const char *end = z + n, *at;
  Buf b;
  buf_init(&b, a);
  while( z<end ){
    const char *mark = memchr(z, '\\', (size_t)(end - z));
    if( mark==0 ) mark = end;
    buf_add(&b, z, (size_t)(mark - z));
    if( mark==end ) break;
    z = mark + 2;
    if( mark[1]=='u' ){
      z += unescape_unicode(&b, z, end);
    }else{
      at = mark[1] ? strchr(from, mark[1]) : 0;
      buf_char(&b, at ? to[at - from] : mark[1]);
    }
  }
  if( b.oom ) return value_null();
  return value_text(b.z ? b.z : "", b.n);
}

Value lenient_text(Arena *a, const JsonToken *token){
  Value v;
  if( token->ascii ) return value_text(token->z, token->n);
  if( !token->escaped ) return text_utf8(a, token->z, token->n);
  v = unescape(a, token->z, token->n);
  return v.kind==V_NULL ? v : text_utf8(a, v.z, (size_t)v.n);
}
