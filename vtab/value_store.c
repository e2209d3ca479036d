/*
** The stored form of values, written: what a trusted or curated table holds.
**
** date and timestamp are ISO text, decimals plain text, containers canonical
** JSON: arrays as arrays, rows as objects in field order (field0, field1, …
** where a field has no name), maps as objects ascending by key.  Inside JSON,
** numbers and decimals are numbers, NaN and the infinities strings, booleans
** true and false, bytes base64 strings, everything else a string of its text.
** All other types are stored as they are.  value_load.c reads it back.
*/
#include "sqlite.h"
#include "value.h"
#include "datetime.h"
#include <string.h>
#include <math.h>

static void write_json(Buf *b, const Type *t, const Value *v);

static void write_string(Buf *b, const char *z, int n){
  int from = 0;
  buf_char(b, '"');
  for(int i=0; i<n; i++){
    unsigned char c = (unsigned char)z[i];
    if( c>=0x20 && c!='"' && c!='\\' ) continue;
    buf_add(b, z + from, (size_t)(i - from));
    from = i + 1;
    switch( c ){
      case '"': buf_str(b, "\\\""); break;
      case '\\': buf_str(b, "\\\\"); break;
      case '\n': buf_str(b, "\\n"); break;
      case '\r': buf_str(b, "\\r"); break;
      case '\t': buf_str(b, "\\t"); break;
      case '\b': buf_str(b, "\\b"); break;
      case '\f': buf_str(b, "\\f"); break;
      default: buf_printf(b, "\\u%04x", c); break;
    }
  }
  buf_add(b, z + from, (size_t)(n - from));
  buf_char(b, '"');
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

/* The text of a value as a JSON string. */
static void write_text(Buf *b, const Type *t, const Value *v){
  Buf text;
  buf_init(&text, b->arena);
  value_print(&text, t, v);
  if( text.oom ) b->oom = 1;
  else write_string(b, text.z ? text.z : "", (int)text.n);
  buf_free(&text);
}

static void write_element(Buf *b, const Type *t, Value v){
  if( v.kind==V_NULL ) buf_str(b, "null");
  else write_json(b, t, &v);
}

/* A map's key: its text, and JSON for a key that is a container. */
static void write_key(Buf *b, const Type *t, Value v){
  Buf text;
  if( t->kind==T_VARCHAR || t->kind==T_JSON ){
    write_string(b, v.kind==V_NULL ? "" : v.z, v.kind==V_NULL ? 0 : v.n);
    return;
  }
  buf_init(&text, b->arena);
  write_element(&text, t, v);
  if( text.oom ) b->oom = 1;
  else if( text.n && text.z[0]=='"' ) buf_add(b, text.z, text.n);
  else write_string(b, text.z ? text.z : "", (int)text.n);
  buf_free(&text);
}

static void write_array(Buf *b, const Type *t, const Value *v){
  int n = list_count(v);
  buf_char(b, '[');
  for(int i=0; i<n; i++){
    if( i ) buf_char(b, ',');
    write_element(b, t->arg[0], list_get(v, i));
  }
  buf_char(b, ']');
}

static void write_map(Buf *b, const Type *t, const Value *v){
  int n = list_count(v);
  buf_char(b, '{');
  for(int i=0; i + 1<n; i += 2){
    if( i ) buf_char(b, ',');
    write_key(b, t->arg[0], list_get(v, i));
    buf_char(b, ':');
    write_element(b, t->arg[1], list_get(v, i + 1));
  }
  buf_char(b, '}');
}

static void write_row(Buf *b, const Type *t, const Value *v){
  buf_char(b, '{');
  for(int i=0; i<t->n; i++){
    if( i ) buf_char(b, ',');
    if( t->name[i] ) write_string(b, t->name[i], (int)strlen(t->name[i]));
    else buf_printf(b, "\"field%d\"", i);
    buf_char(b, ':');
    write_element(b, t->arg[i], list_get(v, i));
  }
  buf_char(b, '}');
}

static void write_json(Buf *b, const Type *t, const Value *v){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
    case T_DECIMAL:
      value_print(b, t, v);
      break;
    case T_REAL: case T_DOUBLE:
      if( isfinite(v->r) ) value_print(b, t, v);
      else write_text(b, t, v);
      break;
    case T_VARCHAR: case T_JSON: write_string(b, v->z, v->n); break;
    case T_VARBINARY: write_base64(b, v); break;
    case T_ARRAY: write_array(b, t, v); break;
    case T_MAP: write_map(b, t, v); break;
    case T_ROW: write_row(b, t, v); break;
    default: write_text(b, t, v); break;
  }
}

Value value_store(Arena *a, const Type *t, const Value *v){
  Buf b;
  if( v->kind==V_NULL ) return *v;
  buf_init(&b, a);
  switch( t->kind ){
    case T_DATE: case T_TIMESTAMP: case T_TIMESTAMP_TZ: case T_TIME: case T_TIME_TZ:
    case T_INTERVAL_DS: case T_INTERVAL_YM: case T_DECIMAL:
      value_print(&b, t, v);
      break;
    case T_ARRAY: case T_MAP: case T_ROW: write_json(&b, t, v); break;
    default: return *v;
  }
  if( b.oom || b.z==0 ) return value_null();
  return value_text(b.z, b.n);
}
