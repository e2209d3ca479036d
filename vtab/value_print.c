/*
** Athena's text of a value: what GetQueryResults shows, CSV holds and
** CAST(… AS varchar) does not always give.
**
** Arrays `[1, null]`, maps `{k=v}`, rows `{id=1, name=x}` or `{1, x}`, bytes
** `01 02`, char(n) padded with blanks.  Texts inside containers are not
** quoted, as Athena does.
*/
#include "sqlite.h"
#include "value.h"
void decimal_print(Buf*, __int128 unscaled, int scale);   /* decimal.c */
#include "datetime.h"
#include <string.h>

static void print_element(Buf *b, const Type *t, Value v){
  if( v.kind==V_NULL ) buf_str(b, "null");
  else value_print(b, t, &v);
}

static void print_array(Buf *b, const Type *t, const Value *v){
  int n = list_count(v);
  buf_char(b, '[');
  for(int i=0; i<n; i++){
    if( i ) buf_str(b, ", ");
    print_element(b, t->arg[0], list_get(v, i));
  }
  buf_char(b, ']');
}

static void print_map(Buf *b, const Type *t, const Value *v){
  int n = list_count(v);
  buf_char(b, '{');
  for(int i=0; i + 1<n; i += 2){
    if( i ) buf_str(b, ", ");
    print_element(b, t->arg[0], list_get(v, i));
    buf_char(b, '=');
    print_element(b, t->arg[1], list_get(v, i + 1));
  }
  buf_char(b, '}');
}

static void print_row(Buf *b, const Type *t, const Value *v){
  buf_char(b, '{');
  for(int i=0; i<t->n; i++){
    if( i ) buf_str(b, ", ");
    if( t->name[i] ){
      buf_str(b, t->name[i]);
      buf_char(b, '=');
    }
    print_element(b, t->arg[i], list_get(v, i));
  }
  buf_char(b, '}');
}

static void print_bytes(Buf *b, const Value *v){
  static const char hex[] = "0123456789abcdef";
  char *z = buf_room(b, (size_t)v->n*3);
  if( z==0 ) return;
  for(int i=0; i<v->n; i++){
    unsigned char c = (unsigned char)v->z[i];
    if( i ) *z++ = ' ';
    *z++ = hex[c>>4];
    *z++ = hex[c & 15];
  }
  b->n += v->n ? (size_t)v->n*3 - 1 : 0;
  if( b->z ) b->z[b->n] = 0;
}

static void print_char(Buf *b, const Type *t, const Value *v){
  int length = 0;
  for(int i=0; i<v->n; i++) length += (v->z[i] & 0xc0)!=0x80;
  buf_add(b, v->z, (size_t)v->n);
  for(; length<t->p; length++) buf_char(b, ' ');
}

void value_print(Buf *b, const Type *t, const Value *v){
  switch( t->kind ){
    case T_BOOLEAN: buf_str(b, v->i ? "true" : "false"); break;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      buf_int(b, (long long)v->i);
      break;
    case T_REAL: value_print_real(b, v->r); break;
    case T_DOUBLE: value_print_double(b, v->r); break;
    case T_DECIMAL: decimal_print(b, value_get_decimal(t, v), t->s); break;
    case T_VARCHAR: case T_JSON: case T_UUID: case T_IPADDRESS:
      buf_add(b, v->z, (size_t)v->n);
      break;
    case T_CHAR: print_char(b, t, v); break;
    case T_VARBINARY: case T_HYPERLOGLOG: print_bytes(b, v); break;
    case T_DATE: case T_TIME: case T_TIME_TZ: case T_TIMESTAMP: case T_TIMESTAMP_TZ:
    case T_INTERVAL_DS: case T_INTERVAL_YM:
      datetime_print(b, t, v);
      break;
    case T_ARRAY: print_array(b, t, v); break;
    case T_MAP: print_map(b, t, v); break;
    case T_ROW: print_row(b, t, v); break;
    default: break;
  }
}
