/*
** The OpenX SerDe: a JSON value to a stored value of a column's type.
**
** Text that a number, date or timestamp cannot read is NULL, as is a number out
** of range; an object or array there is HIVE_BAD_DATA, NULL under
** use.null.for.invalid.data.  Nested types become JSON of their own form.
*/
#include "sqlite.h"
#include "openx.h"
#include "number.h"
#include <string.h>

/* --- Converting scalars -------------------------------------------------- */

/* An object or array, or text, where the type cannot take it. */
static int bad_data(OpenxWork *w, const OpenxPlan *plan, const JsonToken *token, Value *out){
  const char *what = token->kind==JSON_OBJECT ? "a JSON object" : token->kind==JSON_ARRAY ? "a JSON array"
                   : "a JSON value";
  const char *reason;
  *out = value_null();
  if( w->openx->null_for_invalid ) return 0;
  reason = arena_printf(w->arena, "%s cannot be coerced to %s", what, type_text(w->arena, plan->type));
  if( reason==0 ) return -1;
  return serde_fail(w->row, "HIVE_BAD_DATA",
    arena_printf(w->arena, "Error Parsing a column in the table: %s", reason),
    (size_t)(token->z - w->record), w->column, reason);
}

/* A decimal, hexadecimal or octal long.  Octal takes an 8 for an octal digit
** and then fails on it, so `08` goes on as a decimal. */
int openx_parse_long(const char *z, size_t n, int64_t *out){
  if( n>=3 && z[0]=='0' && (z[1] | 32)=='x' && strchr("0123456789abcdefABCDEF", z[2]) && z[2] ){
    return java_parse_long(z + 2, n - 2, 16, out);
  }
  if( n>=2 && z[0]=='0' && z[1]>='0' && z[1]<='8' ) return java_parse_long(z + 1, n - 1, 8, out);
  return java_parse_long(z, n, 10, out);
}

static Value convert_integer(OpenxWork *w, const Type *t, Value text){
  int64_t x;
  BigDecimal d;
  size_t n = (size_t)text.n;
  if( !openx_parse_long(text.z, n, &x) ){
    if( !java_parse_decimal(w->arena, text.z, n, &d) || !decimal_truncate(&d, &x) ) return value_null();
  }
  return integer_fits(t, x) ? value_int(x) : value_null();
}

static Value convert_double(OpenxWork *w, const Type *t, Value text){
  double r;
  if( !java_parse_double(w->arena, text.z, (size_t)text.n, t->kind==T_REAL, &r) ) return value_null();
  return value_real(r);
}

static Value convert_decimal(OpenxWork *w, const Type *t, Value text){
  BigDecimal d;
  if( !java_parse_decimal(w->arena, text.z, (size_t)text.n, &d) ) return value_null();
  return decimal_fit(w->arena, &d, t->p, t->s);
}

static Value convert_date(OpenxWork *w, Value text){
  int64_t days;
  if( hive_parse_date(text.z, (size_t)text.n, &days) ) return date_store(w->arena, days);
  if( !openx_parse_long(text.z, (size_t)text.n, &days) || days>INT32_MAX || days<INT32_MIN ) return value_null();
  return date_store(w->arena, days);
}

static Value convert_timestamp(OpenxWork *w, Value text){
  HiveTime time;
  size_t n = (size_t)text.n;
  if( !time_formats_match(&w->openx->formats, text.z, n, &time)
   && !openx_parse_timestamp(w->arena, text.z, n, &time) ) return value_null();
  return timestamp_store(w->arena, time);
}

static Value convert_binary(OpenxWork *w, const JsonToken *token, Value text){
  Value out;
  if( token->kind!=JSON_STRING || !base64_decode(w->arena, text.z, (size_t)text.n, &out) ) return value_null();
  return out;
}

/* --- Converting nested types --------------------------------------------- */

/* A value as JSON of its type. */
static int write_value(OpenxWork *w, Buf *b, const OpenxPlan *plan, const JsonToken *token){
  Value v;
  if( openx_convert(w, plan, token, &v) ) return -1;
  json_write_stored(b, plan->type, &v);
  return b->oom ? -1 : 0;
}

static int write_array(OpenxWork *w, Buf *b, const OpenxPlan *plan, const JsonToken *token){
  JsonReader r;
  JsonToken element;
  int first = 1, any = 0;
  buf_char(b, '[');
  if( token->kind!=JSON_ARRAY ){        /* anything else is an array of itself */
    if( write_value(w, b, &plan->child[0], token) ) return -1;
  }else{
    lenient_enter(&r, token);
    while( lenient_element(&r, &first, &element) ){
      if( any++ ) buf_char(b, ',');
      if( write_value(w, b, &plan->child[0], &element) ) return -1;
    }
  }
  buf_char(b, ']');
  return 0;
}

/* Keys are read as quoted strings, whatever they were; a null key is left out. */
static int write_map(OpenxWork *w, Buf *b, const OpenxPlan *plan, const JsonToken *token){
  OpenxMembers list;
  MapEntry *entry;
  int n = 0;
  if( openx_read_members(w, token, &list) ) return -1;
  entry = ARENA_ARRAY(w->arena, MapEntry, list.n);
  if( entry==0 ) return -1;
  for(int i=0; i<list.n; i++){
    JsonToken key = { JSON_STRING, 0, 0, list.m[i].key.z, (size_t)list.m[i].key.n };
    Buf text;
    if( list.m[i].dead ) continue;
    if( openx_convert(w, &plan->child[0], &key, &entry[n].key) ) return -1;
    if( entry[n].key.kind==V_NULL ) continue;
    buf_init(&text, w->arena);
    json_write_key(&text, plan->type->arg[0], &entry[n].key);
    entry[n].key_json = text.z;
    entry[n].n_key = text.n;
    buf_init(&text, w->arena);
    if( write_value(w, &text, &plan->child[1], &list.m[i].value) ) return -1;
    entry[n].value_json = text.z;
    entry[n].n_value = text.n;
    n++;
  }
  json_write_map(b, plan->type->arg[0], entry, n, 0);
  return 0;
}

static int write_row(OpenxWork *w, Buf *b, const OpenxPlan *plan, const JsonToken *token){
  JsonToken *slot = ARENA_ARRAY(w->arena, JsonToken, plan->n);
  JsonReader r;
  int rc;
  if( slot==0 ) return -1;
  if( token->kind==JSON_OBJECT || token->kind==JSON_ARRAY ){
    lenient_enter(&r, token);
    rc = token->kind==JSON_OBJECT ? openx_read_object(w, plan, &r, slot) : openx_read_positions(w, plan, &r, slot);
    if( rc ) return -1;
  }else{
    for(int i=0; i<plan->n; i++) slot[i].kind = OPENX_ABSENT;
  }
  buf_char(b, '{');
  for(int i=0; i<plan->n; i++){
    if( i ) buf_char(b, ',');
    json_write_string(b, plan->name[i], plan->n_name[i]);
    buf_char(b, ':');
    if( slot[i].kind==OPENX_ABSENT ) buf_str(b, "null");
    else if( write_value(w, b, &plan->child[i], &slot[i]) ) return -1;
  }
  buf_char(b, '}');
  return 0;
}

static int is_blank(OpenxWork *w, const JsonToken *token){
  Value v = lenient_text(w->arena, token);
  const char *z = v.kind==V_NULL ? "" : v.z;
  size_t n = v.kind==V_NULL ? 0 : (size_t)v.n;
  java_trim(&z, &n);
  return n==0;
}

static int convert_nested(OpenxWork *w, const OpenxPlan *plan, const JsonToken *token, Value *out){
  Buf b;
  int rc;
  buf_init(&b, w->arena);
  *out = value_null();
  if( plan->type->kind==T_ARRAY ){
    if( token->kind==JSON_STRING && token->n==0 ) return 0;
    rc = write_array(w, &b, plan, token);
  }else if( plan->type->kind==T_MAP ){
    if( token->kind==JSON_STRING && is_blank(w, token) ) return 0;
    if( token->kind!=JSON_OBJECT ) return bad_data(w, plan, token, out);
    rc = write_map(w, &b, plan, token);
  }else{
    if( token->kind==JSON_LITERAL || (token->kind==JSON_STRING && !is_blank(w, token)) ){
      return bad_data(w, plan, token, out);
    }
    rc = write_row(w, &b, plan, token);
  }
  if( rc || b.oom ) return -1;
  *out = value_text(b.z, b.n);
  return 0;
}

/* --- Plain values -------------------------------------------------------- */

/* Up to 18 decimal digits without a zero in front. */
static int plain_integer(const Type *t, const JsonToken *token, Value *out){
  const char *z = token->z, *end = z + token->n;
  int negative = *z=='-';
  int64_t x = 0;
  z += negative;
  if( end - z>18 || z==end || (*z=='0' && end - z>1) ) return 0;
  for(; z<end; z++){
    if( *z<'0' || *z>'9' ) return 0;
    x = x*10 + (*z - '0');
  }
  if( negative ) x = -x;
  if( !integer_fits(t, x) ) return 0;
  *out = value_int(x);
  return 1;
}

static int plain_double(const Type *t, const JsonToken *token, Value *out){
  const char *end = token->z + token->n;
  double r;
  if( number_read_decimal(token->z, end, t->kind==T_REAL, &r)!=end ) return 0;
  *out = value_real(r);
  return 1;
}

/* What most values are.  0 where the long way must decide. */
int openx_convert_plain(const Type *t, const JsonToken *token, Value *out){
  if( token->n==0 ) return 0;
  switch( t->kind ){
    case T_VARCHAR:
      if( token->kind!=JSON_STRING || !token->ascii || t->p!=TYPE_UNBOUNDED ) return 0;
      *out = value_text(token->z, token->n);
      return 1;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      return token->kind==JSON_LITERAL && plain_integer(t, token, out);
    case T_REAL: case T_DOUBLE:
      return token->kind==JSON_LITERAL && plain_double(t, token, out);
    default: return 0;
  }
}

int openx_convert(OpenxWork *w, const OpenxPlan *plan, const JsonToken *token, Value *out){
  const Type *t = plan->type;
  Value text;
  int nested = token->kind==JSON_OBJECT || token->kind==JSON_ARRAY;
  *out = value_null();
  if( token->kind==JSON_NULL || openx_convert_plain(t, token, out) ) return 0;
  if( t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW ) return convert_nested(w, plan, token, out);
  if( t->kind==T_VARCHAR || t->kind==T_CHAR ){
    *out = openx_text(w, t, token);
    return w->arena->oom ? -1 : 0;
  }
  if( nested && t->kind==T_BOOLEAN ){
    *out = value_int(0);
    return 0;
  }
  if( nested ) return bad_data(w, plan, token, out);
  text = lenient_text(w->arena, token);
  if( text.kind==V_NULL ) return -1;
  switch( t->kind ){
    case T_BOOLEAN: *out = value_int(text_is(text.z, (size_t)text.n, "true")); break;
    case T_REAL: case T_DOUBLE: *out = convert_double(w, t, text); break;
    case T_DECIMAL: *out = convert_decimal(w, t, text); break;
    case T_DATE: *out = convert_date(w, text); break;
    case T_TIMESTAMP: *out = convert_timestamp(w, text); break;
    case T_VARBINARY: *out = convert_binary(w, token, text); break;
    default: *out = convert_integer(w, t, text); break;
  }
  return w->arena->oom ? -1 : 0;
}
