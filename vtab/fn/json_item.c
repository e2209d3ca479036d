/*
** Items of SQL/JSON (json_path.h): the tree of a JSON text, and its text again.
**
** Own trees, because an item keeps what Athena's answers depend on: whether a
** value came from JSON or was computed, its SQL type, and integers beyond 64
** bits as they were written.
*/
#include "../sqlite.h"
#include <string.h>
#include <math.h>
#include "text.h"
#include "json.h"
#include "json_path.h"

typedef struct Children { Item *item; Value *key; int n, cap; } Children;

static int grow(Arena *a, Children *c){
  if( c->n<c->cap ) return 0;
  int cap = c->cap ? 2*c->cap : 8;
  Item *item = arena_alloc_raw(a, sizeof(Item)*(size_t)cap);
  Value *key = arena_alloc_raw(a, sizeof(Value)*(size_t)cap);
  if( item==0 || key==0 ) return -1;
  if( c->n ){
    memcpy(item, c->item, sizeof(Item)*(size_t)c->n);
    memcpy(key, c->key, sizeof(Value)*(size_t)c->n);
  }
  c->item = item;
  c->key = key;
  c->cap = cap;
  return 0;
}

static Value decoded(Arena *a, const JsonReader *r){
  Buf b;
  if( r->is_plain ) return value_text(r->z + r->from, (size_t)(r->to - r->from));
  buf_init(&b, a);
  json_decode(&b, r);
  return text_of(&b);
}

static int same_key(const Value *a, const Value *b){
  return a->n==b->n && memcmp(a->z, b->z, (size_t)a->n)==0;
}

static int read_item(Arena *a, JsonReader *r, Item *out);

/* Of equal keys the last value stays, at the place of the first. */
static int read_object(Arena *a, JsonReader *r, Item *out){
  Children c = {0, 0, 0, 0};
  while( json_next(r)==JSON_FIELD ){
    Value key = decoded(a, r);
    int at = 0;
    while( at<c.n && !same_key(&c.key[at], &key) ) at++;
    if( at==c.n ){
      if( grow(a, &c) ) return -1;
      c.n++;
    }
    c.key[at] = key;
    json_next(r);
    if( read_item(a, r, &c.item[at]) ) return -1;
  }
  out->n = c.n;
  out->child = c.item;
  out->key = c.key;
  return r->token==JSON_OBJECT_END ? 0 : -1;
}

static int read_array(Arena *a, JsonReader *r, Item *out){
  Children c = {0, 0, 0, 0};
  while( json_next(r)!=JSON_ARRAY_END ){
    if( r->token==JSON_ERROR || grow(a, &c) || read_item(a, r, &c.item[c.n++]) ) return -1;
  }
  out->n = c.n;
  out->child = c.item;
  return 0;
}

void item_set_scalar(Item *out, const Type *t, Value v, int is_json){
  memset(out, 0, sizeof(*out));
  out->kind = ITEM_SCALAR;
  out->is_json = is_json;
  out->type = t;
  out->v = v;
}

static int read_item(Arena *a, JsonReader *r, Item *out){
  int64_t i;
  memset(out, 0, sizeof(*out));
  out->is_json = 1;
  switch( r->token ){
    case JSON_NULL:   out->kind = ITEM_NULL; return 0;
    case JSON_TRUE: case JSON_FALSE:
      item_set_scalar(out, &TYPE_BOOLEAN, value_int(r->token==JSON_TRUE), 1);
      return 0;
    case JSON_STRING: item_set_scalar(out, &TYPE_VARCHAR, decoded(a, r), 1); return 0;
    case JSON_FLOAT:  item_set_scalar(out, &TYPE_DOUBLE, value_real(json_double(r)), 1); return 0;
    case JSON_INTEGER:
      if( json_long(r, &i)==0 ){
        item_set_scalar(out, i>=INT32_MIN && i<=INT32_MAX ? &TYPE_INTEGER : &TYPE_BIGINT, value_int(i), 1);
      }else{
        out->kind = ITEM_HUGE;
        out->v = value_text(r->z + r->from, (size_t)(r->to - r->from));
      }
      return 0;
    case JSON_ARRAY:  out->kind = ITEM_ARRAY; return read_array(a, r, out);
    case JSON_OBJECT: out->kind = ITEM_OBJECT; return read_object(a, r, out);
    default: return -1;
  }
}

int item_parse(Arena *a, const char *z, int n, Item *out){
  JsonReader r;
  json_open(&r, z, n);
  json_next(&r);
  if( read_item(a, &r, out)==0 ) return 0;
  return r.too_deep ? 1 : -1;
}

static int write_children(Buf *b, const Item *item){
  int is_object = item->kind==ITEM_OBJECT;
  buf_char(b, is_object ? '{' : '[');
  for(int i=0; i<item->n; i++){
    if( i ) buf_char(b, ',');
    if( is_object ){
      json_put_string(b, item->key[i].z, item->key[i].n, 0);
      buf_char(b, ':');
    }
    if( item_write(b, &item->child[i]) ) return -1;
  }
  buf_char(b, is_object ? '}' : ']');
  return 0;
}

static int write_scalar(Buf *b, const Item *item){
  const Type *t = item->type;
  switch( t->kind ){
    case T_VARCHAR: case T_CHAR: json_put_string(b, item->v.z, item->v.n, 0); return 0;
    case T_BOOLEAN: buf_str(b, item->v.i ? "true" : "false"); return 0;
    case T_DECIMAL: text_big_decimal(b, value_get_decimal(t, &item->v), t->s); return 0;
    case T_DOUBLE: case T_REAL: {
      int quoted = !isfinite(item->v.r);
      if( quoted ) buf_char(b, '"');
      value_print(b, t, &item->v);
      if( quoted ) buf_char(b, '"');
      return 0;
    }
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      value_print(b, t, &item->v);
      return 0;
    default: return -1;
  }
}

int item_write(Buf *b, const Item *item){
  switch( item->kind ){
    case ITEM_NULL:   buf_str(b, "null"); return 0;
    case ITEM_HUGE:   buf_add(b, item->v.z, (size_t)item->v.n); return 0;
    case ITEM_SCALAR: return write_scalar(b, item);
    default:          return write_children(b, item);
  }
}
