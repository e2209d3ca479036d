/*
** Values as JSON: the form of Athena's JSON writer, used by exports, CTAS and
** UNLOAD with JSON, and by --format json and jsonl.
**
** Numbers are bare (decimals with all their digits, doubles in Java's text);
** NaN and infinities are strings; a date is `2020-01-31`, a timestamp
** `2020-01-31 10:20:30.5` with its fraction's trailing zeros cut; varbinary is
** its bytes as text; a row is an object, a field without a name is called by
** its position; the keys of a map are strings.  Types that no table can hold
** (times, intervals, zones) are Athena's text as a string.
*/
#include <math.h>
#include <string.h>
#include "output.h"

/* How many bytes need no escape: eight at a time. */
static size_t plain_bytes(const char *z, size_t n){
  const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
  size_t i = 0;
  for(; i+8<=n; i+=8){
    uint64_t w, quote, back;
    memcpy(&w, z+i, 8);
    quote = w ^ ones*'"';
    back = w ^ ones*'\\';
    /* A byte below 0x20, a quote or a backslash leaves its high bit set. */
    if( (((w-ones*0x20) & ~w) | ((quote-ones) & ~quote) | ((back-ones) & ~back)) & high ) break;
  }
  while( i<n && (unsigned char)z[i]>=0x20 && z[i]!='"' && z[i]!='\\' ) i++;
  return i;
}

void json_string(Buf *b, const char *z, size_t n){
  buf_char(b, '"');
  for(;;){
    size_t plain = plain_bytes(z, n);
    const char *escape = 0;
    buf_add(b, z, plain);
    if( plain==n ) break;
    switch( z[plain] ){
      case '"':  escape = "\\\""; break;
      case '\\': escape = "\\\\"; break;
      case '\n': escape = "\\n"; break;
      case '\r': escape = "\\r"; break;
      case '\t': escape = "\\t"; break;
      case '\b': escape = "\\b"; break;
      case '\f': escape = "\\f"; break;
    }
    if( escape ) buf_str(b, escape);
    else buf_printf(b, "\\u%04X", (unsigned char)z[plain]);
    z += plain+1;
    n -= plain+1;
  }
  buf_char(b, '"');
}

/* Athena's text of a value between quotes. */
static void quoted_text(Buf *b, const Type *type, const Value *v){
  Buf text;
  buf_init(&text, 0);
  value_print(&text, type, v);
  if( text.oom ) b->oom = 1;
  else json_string(b, text.z ? text.z : "", text.n);
  buf_free(&text);
}

static void json_timestamp(Buf *b, const Type *type, const Value *v){
  size_t n;
  Buf text;
  buf_init(&text, 0);
  value_print(&text, type, v);
  n = text.n;
  if( n && memchr(text.z, '.', n) ){
    while( text.z[n-1]=='0' ) n--;
    if( text.z[n-1]=='.' ) n--;
  }
  if( text.oom ) b->oom = 1;
  else json_string(b, text.z ? text.z : "", n);
  buf_free(&text);
}

static void json_double(Buf *b, const Type *type, const Value *v){
  if( isfinite(v->r) ) value_print(b, type, v);
  else quoted_text(b, type, v);
}

static void json_any(Buf*, const Type*, const Value*, int omit_nulls);

static void json_struct(Buf *b, const Type *type, const Value *v, int omit_nulls){
  int n = 0;
  buf_char(b, '{');
  for(int i=0; i<type->n; i++){
    Value field = list_get(v, i);
    const char *name = type->name ? type->name[i] : 0;
    if( omit_nulls && field.kind==V_NULL ) continue;
    if( n++ ) buf_char(b, ',');
    if( name ) json_string(b, name, strlen(name));
    else buf_printf(b, "\"field%d\"", i);
    buf_char(b, ':');
    json_any(b, type->arg[i], &field, omit_nulls);
  }
  buf_char(b, '}');
}

static void json_array(Buf *b, const Type *type, const Value *v, int omit_nulls){
  int n = list_count(v);
  buf_char(b, '[');
  for(int i=0; i<n; i++){
    Value element = list_get(v, i);
    if( i ) buf_char(b, ',');
    json_any(b, type->arg[0], &element, omit_nulls);
  }
  buf_char(b, ']');
}

static void json_map(Buf *b, const Type *type, const Value *v, int omit_nulls){
  int n = list_count(v);
  buf_char(b, '{');
  for(int i=0; i+1<n; i+=2){
    Value key = list_get(v, i), value = list_get(v, i+1);
    if( i ) buf_char(b, ',');
    if( type->arg[0]->kind==T_VARCHAR ) json_string(b, key.z, (size_t)key.n);
    else if( type->arg[0]->kind==T_TIMESTAMP ) json_timestamp(b, type->arg[0], &key);
    else quoted_text(b, type->arg[0], &key);
    buf_char(b, ':');
    json_any(b, type->arg[1], &value, omit_nulls);
  }
  buf_char(b, '}');
}

static void json_any(Buf *b, const Type *type, const Value *v, int omit_nulls){
  if( v->kind==V_NULL ){
    buf_str(b, "null");
    return;
  }
  switch( type->kind ){
    case T_BOOLEAN:
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
    case T_DECIMAL:
      value_print(b, type, v);
      break;
    case T_REAL: case T_DOUBLE:
      json_double(b, type, v);
      break;
    case T_VARCHAR: case T_VARBINARY:
      json_string(b, v->z, (size_t)v->n);
      break;
    case T_TIMESTAMP:
      json_timestamp(b, type, v);
      break;
    case T_ARRAY: json_array(b, type, v, omit_nulls); break;
    case T_MAP:   json_map(b, type, v, omit_nulls); break;
    case T_ROW:   json_struct(b, type, v, omit_nulls); break;
    default:
      quoted_text(b, type, v);
  }
}

void json_value(Buf *b, const Type *type, const Value *v){
  json_any(b, type, v, 0);
}

void json_value_openx(Buf *b, const Type *type, const Value *v){
  json_any(b, type, v, 1);
}
