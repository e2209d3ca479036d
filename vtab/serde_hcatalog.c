/*
** The SerDes org.apache.hive.hcatalog.data.JsonSerDe and
** org.apache.hadoop.hive.serde2.JsonSerDe: strict JSON, one object a line.
**
** Names match ignoring case; `_colN` is the N-th field.  Where a name comes
** twice the later value counts.  What follows the object is not looked at.
** Anything wrong is HIVE_CURSOR_ERROR: text that is not JSON, a value that the
** type does not take.  Only decimals that cannot be read or do not fit are
** NULL.
**
** As in the OpenX SerDe the spans of used fields are remembered, then
** converted.  Conversions (spec §2): integers from numbers, cut towards zero;
** doubles from numbers; booleans from the text of any scalar; text, char and
** binary from the text of any scalar, bytes as they are; dates and timestamps
** by Hive's parsers, timestamp.formats first.
**
** Limits: JSON_DEPTH_MAX levels of nesting.
*/
#include "sqlite.h"
#include "serde.h"
#include "json_lenient.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef enum TokenKind { TOKEN_ABSENT, TOKEN_NULL, TOKEN_TRUE, TOKEN_FALSE, TOKEN_INTEGER, TOKEN_FLOAT, TOKEN_STRING,
  TOKEN_OBJECT, TOKEN_ARRAY } TokenKind;

typedef struct Token {
  TokenKind kind;
  int escaped;
  const char *z; size_t n;      /* strings: between the quotes */
} Token;

typedef struct Strict {         /* a strict reader; like JsonReader */
  const char *z, *end;
  const char *error;
  int too_deep, depth;
} Strict;

typedef struct Hcatalog { TimeFormats formats; } Hcatalog;

typedef struct Work {
  SerdeRow *row;
  const Hcatalog *hcatalog;
  Arena *arena;
  const char *record;
  const char *column;
} Work;

/* --- Reading strict JSON ------------------------------------------------- */

static int fail(Strict *r, const char *reason){
  if( r->error==0 ) r->error = reason;
  return 0;
}

static void skip_blank(Strict *r){
  while( r->z<r->end && (*r->z==' ' || *r->z=='\t' || *r->z=='\n' || *r->z=='\r') ) r->z++;
}

static int take(Strict *r, char c){
  skip_blank(r);
  if( r->z>=r->end || *r->z!=c ) return 0;
  r->z++;
  return 1;
}

static int read_escape(Strict *r){
  if( r->end - r->z<2 ) return fail(r, "object is truncated");
  if( r->z[1]=='u' ){
    for(int i=2; i<6; i++){
      if( r->z + i>=r->end || !isxdigit((unsigned char)r->z[i]) ) return fail(r, "invalid escape sequence");
    }
    r->z += 6;
    return 1;
  }
  if( r->z[1]==0 || strchr("\"\\/bfnrt", r->z[1])==0 ) return fail(r, "invalid escape sequence");
  r->z += 2;
  return 1;
}

static int read_string(Strict *r, Token *token){
  token->z = ++r->z;
  token->escaped = 0;
  while( r->z<r->end && *r->z!='"' ){
    if( (unsigned char)*r->z<0x20 ) return fail(r, "a control character in a string");
    if( *r->z=='\\' ){
      token->escaped = 1;
      if( !read_escape(r) ) return 0;
    }else{
      r->z++;
    }
  }
  if( r->z>=r->end ) return fail(r, "object is truncated");
  token->kind = TOKEN_STRING;
  token->n = (size_t)(r->z++ - token->z);
  return 1;
}

static int digits(Strict *r){
  const char *start = r->z;
  while( r->z<r->end && isdigit((unsigned char)*r->z) ) r->z++;
  return r->z>start;
}

static int read_number(Strict *r, Token *token){
  token->z = r->z;
  token->kind = TOKEN_INTEGER;
  token->escaped = 0;
  if( *r->z=='-' ) r->z++;
  if( r->z + 1<r->end && r->z[0]=='0' && isdigit((unsigned char)r->z[1]) ) return fail(r, "a number with a leading zero");
  if( !digits(r) ) return fail(r, "a number without digits");
  if( r->z<r->end && *r->z=='.' ){
    token->kind = TOKEN_FLOAT;
    r->z++;
    if( !digits(r) ) return fail(r, "a number without digits after the point");
  }
  if( r->z<r->end && (*r->z=='e' || *r->z=='E') ){
    token->kind = TOKEN_FLOAT;
    r->z++;
    if( r->z<r->end && (*r->z=='+' || *r->z=='-') ) r->z++;
    if( !digits(r) ) return fail(r, "a number without digits in its exponent");
  }
  token->n = (size_t)(r->z - token->z);
  return 1;
}

static int read_word(Strict *r, const char *word, TokenKind kind, Token *token){
  size_t n = strlen(word);
  if( (size_t)(r->end - r->z)<n || memcmp(r->z, word, n) ) return fail(r, "an unknown word");
  *token = (Token){ kind, 0, r->z, n };
  r->z += n;
  if( r->z<r->end && (isalnum((unsigned char)*r->z) || *r->z=='_' || *r->z=='$') ) return fail(r, "an unknown word");
  return 1;
}

static int strict_member(Strict *r, int *first, Token *key, Token *value);
static int strict_element(Strict *r, int *first, Token *value);

static int read_container(Strict *r, TokenKind kind, Token *token){
  const char *start = r->z++;
  Token key, value;
  int first = 1;
  if( ++r->depth>JSON_DEPTH_MAX ){
    r->too_deep = 1;
    return fail(r, "nested too deeply");
  }
  if( kind==TOKEN_OBJECT ) while( strict_member(r, &first, &key, &value) ){}
  else while( strict_element(r, &first, &value) ){}
  if( r->error ) return 0;
  r->depth--;
  *token = (Token){ kind, 0, start, (size_t)(r->z - start) };
  return 1;
}

static int strict_value(Strict *r, Token *token){
  skip_blank(r);
  if( r->z>=r->end ) return fail(r, "object is truncated");
  switch( *r->z ){
    case '"': return read_string(r, token);
    case '{': return read_container(r, TOKEN_OBJECT, token);
    case '[': return read_container(r, TOKEN_ARRAY, token);
    case 't': return read_word(r, "true", TOKEN_TRUE, token);
    case 'f': return read_word(r, "false", TOKEN_FALSE, token);
    case 'n': return read_word(r, "null", TOKEN_NULL, token);
    case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
      return read_number(r, token);
    default: return fail(r, "a value is missing");
  }
}

static int strict_member(Strict *r, int *first, Token *key, Token *value){
  if( take(r, '}') ) return 0;
  if( !*first && !take(r, ',') ) return fail(r, r->z>=r->end ? "object is truncated" : "`,` is missing");
  *first = 0;
  skip_blank(r);
  if( r->z>=r->end ) return fail(r, "object is truncated");
  if( *r->z!='"' ) return fail(r, "field name expected");
  if( !read_string(r, key) ) return 0;
  if( !take(r, ':') ) return fail(r, "`:` is missing after a field name");
  return strict_value(r, value);
}

static int strict_element(Strict *r, int *first, Token *value){
  if( *first && take(r, ']') ) return 0;
  if( !*first ){
    if( take(r, ']') ) return 0;
    if( !take(r, ',') ) return fail(r, r->z>=r->end ? "array is truncated" : "`,` is missing");
  }
  *first = 0;
  return strict_value(r, value);
}

static void strict_enter(Strict *r, const Token *token){
  memset(r, 0, sizeof(*r));
  r->z = token->z + 1;
  r->end = token->z + token->n;
}

/* --- Text ---------------------------------------------------------------- */

static int bad(Work *w, const Token *token, const char *reason){
  return serde_fail(w->row, "HIVE_CURSOR_ERROR", 0, (size_t)(token->z - w->record), w->column, reason);
}

/* The text of a scalar.  -1 when it is not UTF-8. */
static int token_text(Work *w, const Token *token, Value *out){
  if( token->kind==TOKEN_STRING ){
    JsonToken t = { JSON_STRING, (unsigned char)token->escaped, 0, token->z, token->n };
    if( text_utf8(w->arena, token->z, token->n).z!=token->z ) return bad(w, token, "not UTF-8");
    *out = lenient_text(w->arena, &t);
  }else{
    *out = value_text(token->z, token->n);
  }
  return w->arena->oom ? -1 : 0;
}

/* --- Fields -------------------------------------------------------------- */

/* `_colN`: N, else -1. */
static int position_of(const char *z, size_t n){
  int64_t x;
  if( n<5 || n>9 || memcmp(z, "_col", 4) || !isdigit((unsigned char)z[4]) ) return -1;
  return java_parse_long(z + 4, n - 4, 10, &x) ? (int)x : -1;
}

typedef struct Names { int n; const char *const *name; const SerdeColumn *column; } Names;

static const char *name_at(const Names *names, int i){
  return names->column ? names->column[i].name : names->name[i];
}

static int find_field(const Names *names, Value key){
  int position;
  for(int i=0; i<names->n; i++){
    const char *name = name_at(names, i);
    if( name_equal(name, strlen(name), key.z, (size_t)key.n, 1) ) return i;
  }
  position = position_of(key.z, (size_t)key.n);
  return position<names->n ? position : -1;
}

static int read_object(Work *w, const Names *names, Strict *r, Token *slot){
  Token key, value;
  int first = 1;
  memset(slot, 0, sizeof(*slot)*(size_t)names->n);
  while( strict_member(r, &first, &key, &value) ){
    Value text;
    int field;
    if( token_text(w, &key, &text) ) return -1;
    field = find_field(names, text);
    if( field>=0 ) slot[field] = value;
  }
  return r->error ? -1 : 0;
}

/* --- Conversions --------------------------------------------------------- */

static int convert(Work *w, const Type *t, const Token *token, Value *out);

/* Java's casts of a double to long and of a long to byte: Jackson's byte may be
** up to 255 and wraps. */
static int convert_integer(Work *w, const Type *t, const Token *token, Value *out){
  int64_t x;
  if( token->kind!=TOKEN_INTEGER && token->kind!=TOKEN_FLOAT ) return bad(w, token, "not a number");
  if( token->kind==TOKEN_INTEGER ){
    if( !java_parse_long(token->z, token->n, 10, &x) ) return bad(w, token, "a number out of range");
  }else{
    double r;
    if( !java_parse_double(w->arena, token->z, token->n, 0, &r) ) return bad(w, token, "not a number");
    if( !(r>=-9223372036854775808.0 && r<9223372036854775808.0)
     || (t->kind!=T_BIGINT && !(r>=-2147483648.0 && r<=2147483647.0)) ) return bad(w, token, "a number out of range");
    x = (int64_t)r;
  }
  if( t->kind==T_TINYINT && x>INT8_MAX && x<=UINT8_MAX ) x -= 256;
  if( !integer_fits(t, x) ) return bad(w, token, "a number out of range");
  *out = value_int(x);
  return 0;
}

static int convert_double(Work *w, const Type *t, const Token *token, Value *out){
  double r;
  if( token->kind!=TOKEN_INTEGER && token->kind!=TOKEN_FLOAT ) return bad(w, token, "not a number");
  if( !java_parse_double(w->arena, token->z, token->n, 0, &r) ) return bad(w, token, "not a number");
  *out = value_real(t->kind==T_REAL ? (double)(float)r : r);
  return 0;
}

/* From text: what scalars and map keys share. */
static int convert_text(Work *w, const Type *t, const Token *token, Value text, Value *out){
  size_t n = (size_t)text.n;
  BigDecimal d;
  HiveTime time;
  int64_t days;
  switch( t->kind ){
    case T_BOOLEAN: *out = value_int(text_is(text.z, n, "true")); break;
    case T_DECIMAL:
      *out = java_parse_decimal(w->arena, text.z, n, &d) ? decimal_fit(w->arena, &d, t->p, t->s) : value_null();
      break;
    case T_DATE:
      if( !hive_parse_date(text.z, n, &days) ) return bad(w, token, "not a date");
      *out = date_store(w->arena, days);
      break;
    case T_TIMESTAMP:
      if( !time_formats_match(&w->hcatalog->formats, text.z, n, &time) && !hive_parse_timestamp(text.z, n, &time) ){
        return bad(w, token, "not a timestamp");
      }
      *out = timestamp_store(w->arena, time);
      break;
    case T_VARBINARY: *out = value_blob(text.z, n); break;
    default: *out = text_fit(t, text); break;
  }
  return w->arena->oom ? -1 : 0;
}

static int convert_key(Work *w, const Type *t, const Token *token, Value *out){
  Value text;
  int64_t x;
  double r;
  if( token_text(w, token, &text) ) return -1;
  switch( t->kind ){
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      if( !java_parse_long(text.z, (size_t)text.n, 10, &x) || !integer_fits(t, x) ) return bad(w, token, "not an integer");
      *out = value_int(x);
      return 0;
    case T_REAL: case T_DOUBLE:
      if( !java_parse_double(w->arena, text.z, (size_t)text.n, t->kind==T_REAL, &r) ) return bad(w, token, "not a number");
      *out = value_real(r);
      return 0;
    case T_ARRAY: case T_MAP: case T_ROW: return bad(w, token, "a key of this type");
    default: return convert_text(w, t, token, text, out);
  }
}

static int write_value(Work *w, Buf *b, const Type *t, const Token *token){
  Value v;
  if( convert(w, t, token, &v) ) return -1;
  json_write_stored(b, t, &v);
  return b->oom ? -1 : 0;
}

static int write_array(Work *w, Buf *b, const Type *t, const Token *token){
  Strict r;
  Token element;
  int first = 1, any = 0;
  strict_enter(&r, token);
  buf_char(b, '[');
  while( strict_element(&r, &first, &element) ){
    if( any++ ) buf_char(b, ',');
    if( write_value(w, b, t->arg[0], &element) ) return -1;
  }
  buf_char(b, ']');
  return 0;
}

static int count_members(const Token *token){
  Strict r;
  Token key, value;
  int first = 1, n = 0;
  strict_enter(&r, token);
  while( strict_member(&r, &first, &key, &value) ) n++;
  return n;
}

static int write_map(Work *w, Buf *b, const Type *t, const Token *token){
  Strict r;
  Token key, value;
  MapEntry *entry = ARENA_ARRAY(w->arena, MapEntry, count_members(token));
  int first = 1, n = 0;
  if( entry==0 ) return -1;
  strict_enter(&r, token);
  while( strict_member(&r, &first, &key, &value) ){
    Buf text;
    if( convert_key(w, t->arg[0], &key, &entry[n].key) ) return -1;
    buf_init(&text, w->arena);
    if( write_value(w, &text, t->arg[1], &value) ) return -1;
    entry[n].value_json = text.z;
    entry[n].n_value = text.n;
    if( entry[n].key.kind==V_NULL ) continue;
    buf_init(&text, w->arena);
    json_write_key(&text, t->arg[0], &entry[n].key);
    entry[n].key_json = text.z;
    entry[n].n_key = text.n;
    n++;
  }
  json_write_map(b, t->arg[0], entry, n, 0);
  return 0;
}

static int write_row(Work *w, Buf *b, const Type *t, const Token *token){
  Names names = { t->n, t->name, 0 };
  Token *slot = ARENA_ARRAY(w->arena, Token, t->n);
  Strict r;
  if( slot==0 ) return -1;
  strict_enter(&r, token);
  if( read_object(w, &names, &r, slot) ) return -1;
  buf_char(b, '{');
  for(int i=0; i<t->n; i++){
    if( i ) buf_char(b, ',');
    json_write_string(b, t->name[i], strlen(t->name[i]));
    buf_char(b, ':');
    if( slot[i].kind==TOKEN_ABSENT ) buf_str(b, "null");
    else if( write_value(w, b, t->arg[i], &slot[i]) ) return -1;
  }
  buf_char(b, '}');
  return 0;
}

static int convert_nested(Work *w, const Type *t, const Token *token, Value *out){
  Buf b;
  int rc;
  buf_init(&b, w->arena);
  if( t->kind==T_ARRAY ){
    if( token->kind!=TOKEN_ARRAY ) return bad(w, token, "start of array expected");
    rc = write_array(w, &b, t, token);
  }else{
    if( token->kind!=TOKEN_OBJECT ) return bad(w, token, "start of object expected");
    rc = t->kind==T_MAP ? write_map(w, &b, t, token) : write_row(w, &b, t, token);
  }
  if( rc || b.oom ) return -1;
  *out = value_text(b.z, b.n);
  return 0;
}

static int convert(Work *w, const Type *t, const Token *token, Value *out){
  Value text;
  *out = value_null();
  if( token->kind==TOKEN_NULL ) return 0;
  if( t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW ) return convert_nested(w, t, token, out);
  if( token->kind==TOKEN_OBJECT || token->kind==TOKEN_ARRAY ){
    return bad(w, token, "value must be a scalar json value");
  }
  if( t->kind==T_REAL || t->kind==T_DOUBLE ) return convert_double(w, t, token, out);
  if( type_is_integer(t) ) return convert_integer(w, t, token, out);
  if( token_text(w, token, &text) ) return -1;
  return convert_text(w, t, token, text, out);
}

/* --- Records ------------------------------------------------------------- */

static char *hcatalog_prepare(Serde *serde){
  Hcatalog *hcatalog = ARENA_NEW(serde->arena, Hcatalog);
  if( hcatalog==0 ) return 0;
  serde->plan = hcatalog;
  return time_formats_parse(serde->arena, serde_property(serde, "timestamp.formats"), 1, &hcatalog->formats);
}

static int hcatalog_decode(SerdeRow *row, const char *z, size_t n){
  const Serde *serde = row->serde;
  Work w = { row, serde->plan, &row->arena, z, 0 };
  Names names = { serde->n_column, 0, serde->column };
  Token *slot = ARENA_ARRAY(w.arena, Token, serde->n_column);
  Strict r = { z, z + n, 0, 0, 1 };
  if( slot==0 ) return -1;
  if( !take(&r, '{') ) fail(&r, "start of object expected");
  if( r.error || read_object(&w, &names, &r, slot) ){
    if( w.arena->oom || row->error.code ) return -1;
    return serde_fail(row, r.too_deep ? "TARN_NOT_SUPPORTED" : "HIVE_CURSOR_ERROR",
                      r.too_deep ? "JSON is nested too deeply" : 0, (size_t)(r.z - z), 0, r.error);
  }
  for(int i=0; i<serde->n_column; i++){
    row->cell[i] = value_null();
    if( !row->used[i] || slot[i].kind==TOKEN_ABSENT ) continue;
    w.column = serde->column[i].name;
    if( convert(&w, serde->column[i].type, &slot[i], &row->cell[i]) ) return -1;
  }
  skip_blank(&r);
  if( r.z<r.end ){
    row->passed = "text after the object";
    row->passed_byte = (size_t)(r.z - z);
  }
  return 0;
}

static const char *const hcatalog_classes[] = { "org.apache.hive.hcatalog.data.JsonSerDe",
  "org.apache.hadoop.hive.serde2.JsonSerDe", 0 };
const SerdeOps serde_hcatalog = { hcatalog_classes, hcatalog_prepare, hcatalog_decode, 0, 0, 0 };
