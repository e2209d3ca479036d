/*
** Texts of files to stored values: text, names, and JSON of nested values
** (see convert.h).
*/
#include "sqlite.h"
#include "convert.h"
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

/* --- Text ---------------------------------------------------------------- */

void java_trim(const char **z, size_t *n){
  while( *n && (unsigned char)**z<=' ' ){
    (*z)++;
    (*n)--;
  }
  while( *n && (unsigned char)(*z)[*n - 1]<=' ' ) (*n)--;
}

static char ascii_lower(char c){
  return c>='A' && c<='Z' ? (char)(c + 32) : c;
}

int text_is(const char *z, size_t n, const char *lower){
  for(size_t i=0; i<n; i++){
    if( lower[i]==0 || ascii_lower(z[i])!=lower[i] ) return 0;
  }
  return lower[n]==0;
}

static int is_continuation(const unsigned char *z, const unsigned char *end){
  return z<end && (*z & 0xc0)==0x80;
}

/* Bytes of the character at z: its length, or minus the length of the
** malformed part that Java replaces by one U+FFFD. */
static int utf8_length(const unsigned char *z, const unsigned char *end){
  unsigned c = z[0];
  if( c<0x80 ) return 1;
  if( c>=0xc2 && c<0xe0 ) return is_continuation(z + 1, end) ? 2 : -1;
  if( c>=0xe0 && c<0xf0 ){
    if( !is_continuation(z + 1, end) || (c==0xe0 && z[1]<0xa0) ) return -1;
    if( !is_continuation(z + 2, end) ) return -2;
    return c==0xed && z[1]>=0xa0 ? -3 : 3;      /* a surrogate */
  }
  if( c>=0xf0 && c<0xf5 ){
    if( !is_continuation(z + 1, end) || (c==0xf0 && z[1]<0x90) || (c==0xf4 && z[1]>=0x90) ) return -1;
    if( !is_continuation(z + 2, end) ) return -2;
    return is_continuation(z + 3, end) ? 4 : -3;
  }
  return -1;
}

/* Where the first byte lies that is not ASCII; n when there is none. */
static size_t ascii_prefix(const char *z, size_t n){
  size_t i = 0;
  for(; i + 8<=n; i += 8){
    uint64_t word;
    memcpy(&word, z + i, 8);
    if( word & UINT64_C(0x8080808080808080) ) break;
  }
  while( i<n && (z[i] & 0x80)==0 ) i++;
  return i;
}

/* Where the first malformed part begins; n when there is none. */
static size_t utf8_prefix(const char *z, size_t n){
  size_t i = ascii_prefix(z, n);
  while( i<n ){
    int k = utf8_length((const unsigned char*)z + i, (const unsigned char*)z + n);
    if( k<0 ) break;
    i += (size_t)k;
  }
  return i;
}

Value text_utf8(Arena *a, const char *z, size_t n){
  size_t i = utf8_prefix(z, n);
  Buf b;
  if( i==n ) return value_text(z, n);
  buf_init(&b, a);
  buf_add(&b, z, i);
  while( i<n ){
    int k = utf8_length((const unsigned char*)z + i, (const unsigned char*)z + n);
    if( k>0 ) buf_add(&b, z + i, (size_t)k);
    else buf_str(&b, "\xef\xbf\xbd");
    i += (size_t)(k>0 ? k : -k);
  }
  return b.oom ? value_null() : value_text(b.z, b.n);
}

Value text_truncate(Value v, int length){
  int i = 0;
  if( v.n<=length ) return v;
  while( i<v.n && length>0 ){
    i++;
    while( i<v.n && (v.z[i] & 0xc0)==0x80 ) i++;
    length--;
  }
  v.n = i;
  return v;
}

Value text_fit(const Type *t, Value v){
  if( v.kind!=V_TEXT ) return v;
  if( t->p!=TYPE_UNBOUNDED && (t->kind==T_VARCHAR || t->kind==T_CHAR) ) v = text_truncate(v, t->p);
  if( t->kind==T_CHAR ) while( v.n && v.z[v.n - 1]==' ' ) v.n--;
  return v;
}

/* --- Names --------------------------------------------------------------- */

static unsigned next_codepoint(const unsigned char **z, const unsigned char *end){
  int k = utf8_length(*z, end);
  unsigned c = **z;
  if( k==2 ) c = (c & 31)<<6 | ((*z)[1] & 63);
  if( k==3 ) c = (c & 15)<<12 | ((*z)[1] & 63u)<<6 | ((*z)[2] & 63);
  if( k==4 ) c = (c & 7)<<18 | ((*z)[1] & 63u)<<12 | ((*z)[2] & 63u)<<6 | ((*z)[3] & 63);
  *z += k>0 ? k : 1;
  return k>0 ? c : 0xfffd;
}

/* Beyond ASCII: the C library's table of characters (Unicode in C.UTF-8). */
static int unicode_equal(const char *a, size_t na, const char *b, size_t nb){
  const unsigned char *za = (const unsigned char*)a, *ea = za + na;
  const unsigned char *zb = (const unsigned char*)b, *eb = zb + nb;
  locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
  int same = 1;
  while( same && za<ea && zb<eb ){
    wint_t ca = next_codepoint(&za, ea), cb = next_codepoint(&zb, eb);
    if( ca!=cb ){
      same = unicode && towlower_l(towupper_l(ca, unicode), unicode)==towlower_l(towupper_l(cb, unicode), unicode);
    }
  }
  if( unicode ) freelocale(unicode);
  return same && za==ea && zb==eb;
}

int name_equal(const char *a, size_t na, const char *b, size_t nb, int ignore_case){
  if( na==nb && memcmp(a, b, na)==0 ) return 1;
  if( !ignore_case ) return 0;
  if( ascii_prefix(a, na)<na && ascii_prefix(b, nb)<nb ) return unicode_equal(a, na, b, nb);
  if( na!=nb ) return 0;
  for(size_t i=0; i<na; i++) if( ascii_lower(a[i])!=ascii_lower(b[i]) ) return 0;
  return 1;
}

/* --- JSON of nested values ----------------------------------------------- */

void json_write_string(Buf *b, const char *z, size_t n){
  size_t from = 0;
  buf_char(b, '"');
  for(size_t i=0; i<n; i++){
    unsigned char c = (unsigned char)z[i];
    const char *plain = "\"\\\n\r\t\b\f", *escape = "\"\\nrtbf", *at;
    if( c>=0x20 && c!='"' && c!='\\' ) continue;
    buf_add(b, z + from, i - from);
    from = i + 1;
    at = c ? strchr(plain, c) : 0;
    if( at ){
      buf_char(b, '\\');
      buf_char(b, escape[at - plain]);
    }else{
      buf_printf(b, "\\u%04x", c);
    }
  }
  buf_add(b, z + from, n - from);
  buf_char(b, '"');
}

static void write_double(Buf *b, const Type *t, double r){
  int finite = isfinite(r);
  if( !finite ) buf_char(b, '"');
  if( t->kind==T_REAL ) value_print_real(b, r);
  else value_print_double(b, r);
  if( !finite ) buf_char(b, '"');
}

static void write_base64(Buf *b, const Value *v){
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *z = (const unsigned char*)v->z;
  buf_char(b, '"');
  for(int i=0; i<v->n; i += 3){
    int left = v->n - i;
    unsigned x = (unsigned)z[i]<<16 | (left>1 ? (unsigned)z[i + 1]<<8 : 0) | (left>2 ? z[i + 2] : 0);
    char four[4] = { digits[x>>18], digits[x>>12 & 63], digits[x>>6 & 63], digits[x & 63] };
    if( left<3 ) four[3] = '=';
    if( left<2 ) four[2] = '=';
    buf_add(b, four, 4);
  }
  buf_char(b, '"');
}

void json_write_stored(Buf *b, const Type *t, const Value *v){
  if( v->kind==V_NULL ){
    buf_str(b, "null");
    return;
  }
  switch( t->kind ){
    case T_BOOLEAN: buf_str(b, v->i ? "true" : "false"); break;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      buf_printf(b, "%lld", (long long)v->i);
      break;
    case T_REAL: case T_DOUBLE: write_double(b, t, v->r); break;
    case T_DECIMAL: case T_ARRAY: case T_MAP: case T_ROW: buf_add(b, v->z, (size_t)v->n); break;
    case T_VARBINARY: write_base64(b, v); break;
    case T_CHAR:{
      int length = 0;
      for(int i=0; i<v->n; i++) length += (v->z[i] & 0xc0)!=0x80;
      json_write_string(b, v->z, (size_t)v->n);
      if( b->n==0 || b->oom ) break;
      b->n--;                   /* blanks before the closing quote: the text of a char has them */
      for(; length<t->p; length++) buf_char(b, ' ');
      buf_char(b, '"');
      break;
    }
    default: json_write_string(b, v->z, (size_t)v->n); break;
  }
}

void json_write_key(Buf *b, const Type *t, const Value *v){
  Buf text;
  buf_init(&text, b->arena);
  json_write_stored(&text, t, v);
  if( text.oom ) b->oom = 1;
  else if( text.n && text.z[0]=='"' ) buf_add(b, text.z, text.n);
  else json_write_string(b, text.z ? text.z : "", text.n);
}

/* Text of a decimal against another of the same scale. */
static int compare_decimals(const Value *a, const Value *b){
  int na = a->n && a->z[0]=='-', nb = b->n && b->z[0]=='-', c;
  if( na!=nb ) return nb - na;
  c = a->n!=b->n ? a->n - b->n : memcmp(a->z, b->z, (size_t)a->n);
  return na ? -c : c;
}

static int compare_keys(const Type *t, const Value *a, const Value *b){
  int c;
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      return (a->i>b->i) - (a->i<b->i);
    case T_REAL: case T_DOUBLE:
      if( isnan(a->r) || isnan(b->r) ) return isnan(a->r) - isnan(b->r);
      return (a->r>b->r) - (a->r<b->r);
    case T_DECIMAL: return compare_decimals(a, b);
    default:
      c = memcmp(a->z, b->z, (size_t)(a->n<b->n ? a->n : b->n));
      return c ? c : a->n - b->n;
  }
}

/* Merge sort, stable: equal keys stay in the order of the file. */
static void sort_entries(const Type *t, MapEntry *e, MapEntry *spare, int n){
  int half = n/2, i = 0, j = half, k = 0;
  if( n<2 ) return;
  sort_entries(t, e, spare, half);
  sort_entries(t, e + half, spare, n - half);
  while( i<half || j<n ){
    int left = j>=n || (i<half && compare_keys(t, &e[i].key, &e[j].key)<=0);
    spare[k++] = left ? e[i++] : e[j++];
  }
  memcpy(e, spare, sizeof(*e)*(size_t)n);
}

void json_write_map(Buf *b, const Type *t, MapEntry *e, int n, int first_wins){
  MapEntry *spare = ARENA_ARRAY(b->arena, MapEntry, n);
  int any = 0;
  if( spare==0 ){
    b->oom = 1;
    return;
  }
  sort_entries(t, e, spare, n);
  buf_char(b, '{');
  for(int i=0; i<n; i++){
    int keep = first_wins ? i==0 || compare_keys(t, &e[i - 1].key, &e[i].key)!=0
                          : i==n - 1 || compare_keys(t, &e[i].key, &e[i + 1].key)!=0;
    if( !keep ) continue;
    if( any++ ) buf_char(b, ',');
    buf_add(b, e[i].key_json, e[i].n_key);
    buf_char(b, ':');
    buf_add(b, e[i].value_json, e[i].n_value);
  }
  buf_char(b, '}');
}
