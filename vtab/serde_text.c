/* Fields of text to stored scalars: see serde_text.h. */
#include "sqlite.h"
#include "serde_text.h"
#include <string.h>

int hive_parse_integer(const Type *t, const char *z, size_t n, int64_t *out){
  size_t i = 0, point;
  int64_t x = 0;
  int negative = 0;
  if( n && (z[0]=='-' || z[0]=='+') ) negative = z[i++]=='-';
  if( i==n ) return 0;
  for(point=i; point<n && z[point]!='.'; point++){}
  for(size_t k=point + 1; k<n; k++) if( z[k]<'0' || z[k]>'9' ) return 0;
  for(; i<point; i++){
    if( z[i]<'0' || z[i]>'9' ) return 0;
    if( __builtin_mul_overflow(x, 10, &x) || __builtin_sub_overflow(x, z[i] - '0', &x) ) return 0;
  }
  if( !negative && __builtin_sub_overflow(0, x, &x) ) return 0;
  *out = x;
  return integer_fits(t, x);
}

static int base64_digit(char c){
  return c>='A' && c<='Z' ? c - 'A' : c>='a' && c<='z' ? c - 'a' + 26 : c>='0' && c<='9' ? c - '0' + 52
       : c=='+' || c=='-' ? 62 : c=='/' || c=='_' ? 63 : -1;
}

static int is_base64_text(const char *z, size_t n){
  for(size_t i=0; i<n; i++) if( base64_digit(z[i])<0 && (z[i]==0 || strchr("= \t\r\n", z[i])==0) ) return 0;
  return 1;
}

/* Hive takes bytes that are all of base64's alphabet for base64, however many
** there are (what is left over is dropped), and anything else as it is. */
static Value field_binary(Arena *a, const char *z, size_t n){
  unsigned bits = 0;
  int held = 0;
  size_t k = 0;
  unsigned char *p;
  if( !is_base64_text(z, n) ) return value_blob(z, n);
  p = arena_alloc_raw(a, n + 1);
  if( p==0 ) return value_null();
  for(size_t i=0; i<n && z[i]!='='; i++){
    int d = base64_digit(z[i]);
    if( d<0 ) continue;
    bits = bits<<6 | (unsigned)d;
    held += 6;
    if( held<8 ) continue;
    held -= 8;
    p[k++] = (unsigned char)(bits>>held);
  }
  return value_blob((char*)p, k);
}

Value hive_field_value(Arena *a, const Type *t, const TimeFormats *formats, const char *z, size_t n){
  int64_t x;
  double r;
  BigDecimal d;
  HiveTime time;
  switch( t->kind ){
    case T_BOOLEAN:
      if( text_is(z, n, "true") ) return value_int(1);
      return text_is(z, n, "false") ? value_int(0) : value_null();
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      return hive_parse_integer(t, z, n, &x) ? value_int(x) : value_null();
    case T_REAL: case T_DOUBLE:
      return java_parse_double(a, z, n, t->kind==T_REAL, &r) ? value_real(r) : value_null();
    case T_DECIMAL:
      return java_parse_decimal(a, z, n, &d) ? decimal_fit(a, &d, t->p, t->s) : value_null();
    case T_DATE: return hive_parse_date(z, n, &x) ? date_store(a, x) : value_null();
    case T_TIMESTAMP:
      if( formats && time_formats_match(formats, z, n, &time) ) return timestamp_store(a, time);
      return hive_parse_timestamp(z, n, &time) ? timestamp_store(a, time) : value_null();
    case T_VARBINARY: return field_binary(a, z, n);
    default: return text_fit(t, text_utf8(a, z, n));
  }
}
