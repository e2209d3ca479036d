/*
** The stored form of values, read back (see value_store.c for the form).
**
** JSON is read straight into Lists by the static type; no tree is built.
** What is not the form of the type is refused (-1), never guessed.
**
** Limits: nesting as deep as the type (TYPE_DEPTH_MAX); a number's text
** NUMBER_MAX bytes.
*/
#include "sqlite.h"
#include "value.h"
#include "datetime.h"
#include <string.h>
#include <stdlib.h>
#include <math.h>

#define NUMBER_MAX 400

typedef struct Json {
  Arena *arena;
  const char *z, *end;
} Json;

static int read_json(Json *j, const Type *t, Value *out);

/* --- scalars from their text --------------------------------------------- */

static int load_integer(const Type *t, const char *z, size_t n, Value *out){
  int64_t x = 0, low;
  size_t i = 0;
  int negative = 0;
  if( n && (z[0]=='-' || z[0]=='+') ) negative = z[i++]=='-';
  if( i==n ) return -1;
  for(; i<n; i++){
    if( z[i]<'0' || z[i]>'9' ) return -1;
    if( __builtin_mul_overflow(x, 10, &x) || __builtin_sub_overflow(x, z[i] - '0', &x) ) return -1;
  }
  if( !negative && __builtin_sub_overflow(0, x, &x) ) return -1;
  low = t->kind==T_TINYINT ? INT8_MIN : t->kind==T_SMALLINT ? INT16_MIN
      : t->kind==T_INTEGER ? INT32_MIN : INT64_MIN;
  if( x<low || x>-(low + 1) ) return -1;
  *out = value_int(x);
  return 0;
}

static int load_double(const Type *t, const char *z, size_t n, Value *out){
  char buf[NUMBER_MAX + 1], *end;
  double r;
  if( n==0 || n>NUMBER_MAX ) return -1;
  memcpy(buf, z, n);
  buf[n] = 0;
  if( strcmp(buf, "NaN")==0 ) r = NAN;
  else if( strcmp(buf, "Infinity")==0 ) r = INFINITY;
  else if( strcmp(buf, "-Infinity")==0 ) r = -INFINITY;
  else{
    if( strspn(buf, "0123456789+-.eE")!=n ) return -1;
    r = t->kind==T_REAL ? (double)strtof(buf, &end) : strtod(buf, &end);
    if( *end ) return -1;
  }
  *out = value_real(r);
  return 0;
}

static int load_decimal(Arena *a, const Type *t, const char *z, size_t n, Value *out){
  __int128 x = 0;
  int digits = 0, fraction = -1, negative = 0, any = 0;
  size_t i = 0;
  if( n && (z[0]=='-' || z[0]=='+') ) negative = z[i++]=='-';
  for(; i<n; i++){
    if( z[i]=='.' && fraction<0 ){
      fraction = 0;
      continue;
    }
    if( z[i]<'0' || z[i]>'9' ) return -1;
    any = 1;
    if( fraction>=0 && ++fraction>t->s ) return -1;
    x = x*10 + (z[i] - '0');
    if( x && ++digits>t->p ) return -1;
  }
  if( !any ) return -1;
  for(int f=fraction<0 ? 0 : fraction; f<t->s; f++){
    x *= 10;
    if( x && ++digits>t->p ) return -1;
  }
  *out = value_put_decimal(a, t, negative ? -x : x);
  return 0;
}

static int load_base64(Arena *a, const char *z, size_t n, Value *out){
  unsigned char *p = arena_alloc_raw(a, n + 1);
  size_t k = 0;
  unsigned bits = 0;
  int held = 0;
  if( p==0 ) return 0;
  while( n && z[n - 1]=='=' ) n--;
  for(size_t i=0; i<n; i++){
    char c = z[i];
    int d = c>='A' && c<='Z' ? c - 'A' : c>='a' && c<='z' ? c - 'a' + 26
          : c>='0' && c<='9' ? c - '0' + 52 : c=='+' ? 62 : c=='/' ? 63 : -1;
    if( d<0 ) return -1;
    bits = bits<<6 | (unsigned)d;
    held += 6;
    if( held<8 ) continue;
    held -= 8;
    p[k++] = (unsigned char)(bits>>held);
  }
  *out = value_blob((char*)p, k);
  return 0;
}

static int load_boolean(const char *z, size_t n, Value *out){
  if( n==4 && memcmp(z, "true", 4)==0 ) *out = value_int(1);
  else if( n==5 && memcmp(z, "false", 5)==0 ) *out = value_int(0);
  else return -1;
  return 0;
}

/* Blanks at the end of a char are not part of its value. */
static int load_char(const char *z, size_t n, Value *out){
  while( n && z[n - 1]==' ' ) n--;
  *out = value_text(z, n);
  return 0;
}

/* Any type but containers, from its text. */
static int load_text(Arena *a, const Type *t, const char *z, size_t n, Value *out){
  int64_t x;
  switch( t->kind ){
    case T_BOOLEAN: return load_boolean(z, n, out);
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      return load_integer(t, z, n, out);
    case T_REAL: case T_DOUBLE: return load_double(t, z, n, out);
    case T_DECIMAL: return load_decimal(a, t, z, n, out);
    case T_VARCHAR: case T_JSON: *out = value_text(z, n); return 0;
    case T_CHAR: return load_char(z, n, out);
    case T_VARBINARY: return load_base64(a, z, n, out);
    case T_DATE:
      if( datetime_parse_date(z, n, &x) ) return -1;
      *out = value_int(x);
      return 0;
    case T_TIMESTAMP:
      if( datetime_parse_timestamp(z, n, &x) ) return -1;
      *out = value_put_instant(a, t, (Instant){ x, 0, 0 });
      return 0;
    default: return -1;
  }
}

/* --- JSON ---------------------------------------------------------------- */

static void skip_blank(Json *j){
  while( j->z<j->end && (*j->z==' ' || *j->z=='\t' || *j->z=='\n' || *j->z=='\r') ) j->z++;
}

static int eat(Json *j, char c){
  skip_blank(j);
  if( j->z>=j->end || *j->z!=c ) return 0;
  j->z++;
  return 1;
}

static int read_hex4(const char *z, const char *end, unsigned *out){
  unsigned x = 0;
  if( end - z<4 ) return -1;
  for(int i=0; i<4; i++){
    char c = z[i];
    int d = c>='0' && c<='9' ? c - '0' : c>='a' && c<='f' ? c - 'a' + 10
          : c>='A' && c<='F' ? c - 'A' + 10 : -1;
    if( d<0 ) return -1;
    x = x<<4 | (unsigned)d;
  }
  *out = x;
  return 0;
}

/* One escape, after its backslash. */
static int read_escape(Json *j, Buf *b){
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *at;
  unsigned u, low;
  char c;
  if( j->z>=j->end ) return -1;
  c = *j->z++;
  if( c!='u' ){
    at = c ? strchr(from, c) : 0;
    if( at==0 ) return -1;
    buf_char(b, to[at - from]);
    return 0;
  }
  if( read_hex4(j->z, j->end, &u) ) return -1;
  j->z += 4;
  if( u>=0xd800 && u<0xdc00 && j->end - j->z>=6 && j->z[0]=='\\' && j->z[1]=='u'
   && read_hex4(j->z + 2, j->end, &low)==0 && low>=0xdc00 && low<0xe000 ){
    u = 0x10000 + ((u - 0xd800)<<10) + (low - 0xdc00);
    j->z += 6;
  }
  buf_utf8(b, u);
  return 0;
}

/* A string's text: borrowed from the JSON where it has no escapes. */
static int read_string(Json *j, const char **z, size_t *n){
  const char *start;
  Buf b;
  if( !eat(j, '"') ) return -1;
  start = j->z;
  while( j->z<j->end && *j->z!='"' && *j->z!='\\' ) j->z++;
  if( j->z>=j->end ) return -1;
  if( *j->z=='"' ){
    *z = start;
    *n = (size_t)(j->z++ - start);
    return 0;
  }
  buf_init(&b, j->arena);
  buf_add(&b, start, (size_t)(j->z - start));
  for(;;){
    if( j->z>=j->end ) return -1;
    if( *j->z=='"' ) break;
    if( *j->z=='\\' ){
      j->z++;
      if( read_escape(j, &b) ) return -1;
    }else{
      buf_char(&b, *j->z++);
    }
  }
  j->z++;
  *z = b.z ? b.z : "";
  *n = b.n;
  return 0;
}

#define SHORT_ARRAY 64          /* elements that read_integers takes */

/* [1,-2,3] with nothing else in it, the usual array of a table: 1 and *out, or
** 0 with the cursor where it was. */
static int read_integers(Json *j, const Type *t, Value *out){
  const char *z = j->z;
  Value v[SHORT_ARRAY];
  int n = 0;
  if( j->end - z<2 || *z!='[' || z[1]==']' ) return 0;
  do{
    const char *start = ++z;
    while( z<j->end && ((*z>='0' && *z<='9') || *z=='-') ) z++;
    if( n==SHORT_ARRAY || load_integer(t, start, (size_t)(z - start), &v[n]) ) return 0;
    n++;
  }while( z<j->end && *z==',' );
  if( z>=j->end || *z!=']' ) return 0;
  j->z = z + 1;
  *out = list_from(j->arena, n, v);
  return 1;
}

static int read_array(Json *j, const Type *t, Value *out){
  ListBuilder b;
  if( type_is_integer(t->arg[0]) && read_integers(j, t->arg[0], out) ) return 0;
  list_begin(&b, j->arena);
  if( !eat(j, '[') ) return -1;
  if( !eat(j, ']') ){
    do{
      Value v;
      if( read_json(j, t->arg[0], &v) ) return -1;
      list_add(&b, v);
    }while( eat(j, ',') );
    if( !eat(j, ']') ) return -1;
  }
  *out = list_end(&b);
  return 0;
}

/* A map's key from its text. */
static int read_key(Json *j, const Type *t, Value *out){
  const char *z;
  size_t n;
  Json inner;
  if( read_string(j, &z, &n) ) return -1;
  if( t->kind!=T_ARRAY && t->kind!=T_MAP && t->kind!=T_ROW ){
    return load_text(j->arena, t, z, n, out);
  }
  inner = (Json){ j->arena, z, z + n };
  return read_json(&inner, t, out);
}

static int read_map(Json *j, const Type *t, Value *out){
  ListBuilder b;
  list_begin(&b, j->arena);
  if( !eat(j, '{') ) return -1;
  if( !eat(j, '}') ){
    do{
      Value k, v;
      if( read_key(j, t->arg[0], &k) || !eat(j, ':') || read_json(j, t->arg[1], &v) ) return -1;
      list_add(&b, k);
      list_add(&b, v);
    }while( eat(j, ',') );
    if( !eat(j, '}') ) return -1;
  }
  return map_from(j->arena, t, b.n/2, b.v, out, 0);
}

/* The field of a name, first tried at its usual place. */
static int find_field(const Type *t, int usual, const char *z, size_t n){
  for(int k=0; k<t->n; k++){
    int i = (usual + k)%t->n;
    char plain[24];
    const char *name = t->name[i];
    if( name==0 ){
      sqlite3_snprintf(sizeof(plain), plain, "field%d", i);
      name = plain;
    }
    if( strlen(name)==n && sqlite3_strnicmp(name, z, (int)n)==0 ) return i;
  }
  return -1;
}

static int read_row(Json *j, const Type *t, Value *out){
  Value *v = ARENA_ARRAY(j->arena, Value, t->n);
  int usual = 0;
  if( v==0 ) return 0;
  if( !eat(j, '{') ) return -1;
  if( !eat(j, '}') ){
    do{
      const char *z;
      size_t n;
      int i;
      if( read_string(j, &z, &n) || !eat(j, ':') ) return -1;
      i = find_field(t, usual, z, n);
      if( i<0 || read_json(j, t->arg[i], &v[i]) ) return -1;
      usual = i + 1;
    }while( eat(j, ',') );
    if( !eat(j, '}') ) return -1;
  }
  *out = list_from(j->arena, t->n, v);
  return 0;
}

static int ends_word(char c){
  return c==',' || c==']' || c=='}' || c==' ' || c=='\n' || c=='\t' || c=='\r' || c==0;
}

/* A value of any type, or null. */
static int read_json(Json *j, const Type *t, Value *out){
  const char *z;
  size_t n;
  skip_blank(j);
  *out = value_null();
  if( j->end - j->z>=4 && memcmp(j->z, "null", 4)==0 ){
    j->z += 4;
    return 0;
  }
  if( t->kind==T_ARRAY ) return read_array(j, t, out);
  if( t->kind==T_MAP ) return read_map(j, t, out);
  if( t->kind==T_ROW ) return read_row(j, t, out);
  if( j->z<j->end && *j->z=='"' ){
    if( read_string(j, &z, &n) ) return -1;
  }else{
    z = j->z;
    while( j->z<j->end && !ends_word(*j->z) ) j->z++;
    n = (size_t)(j->z - z);
  }
  return load_text(j->arena, t, z, n, out);
}

/* Types whose stored form is not their carrier. */
static int is_converted(const Type *t){
  return t->kind==T_DATE || t->kind==T_TIMESTAMP || t->kind==T_DECIMAL || t->kind==T_ARRAY
      || t->kind==T_MAP || t->kind==T_ROW;
}

/* A stored number or text as text. */
static const char *stored_text(Arena *a, const Value *v, size_t *n){
  const char *z;
  if( v->kind==V_TEXT ){
    *n = (size_t)v->n;
    return v->z;
  }
  if( v->kind!=V_INT ) return 0;
  z = arena_printf(a, "%lld", (long long)v->i);
  *n = z ? strlen(z) : 0;
  return z;
}

int value_load(Arena *a, const Type *t, const Value *stored, Value *out){
  const char *z;
  size_t n;
  *out = *stored;
  if( stored->kind==V_NULL || !is_converted(t) ) return 0;
  z = stored_text(a, stored, &n);
  if( z==0 ) return -1;
  if( t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW ){
    Json j = { a, z, z + n };
    if( read_json(&j, t, out) ) return -1;
    skip_blank(&j);
    return j.z==j.end ? 0 : -1;
  }
  return load_text(a, t, z, n, out);
}
