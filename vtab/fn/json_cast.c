/*
** CAST to and from JSON (json.h), for scalars, arrays, maps and rows.
**
** To JSON: a row is an object in field order (a field without a name has the
** key ""), a map an object with sorted keys; numbers as Java writes them; dates
** and timestamps as texts.
** From JSON: scalars convert as their texts or doubles would; an object or an
** array makes a row, its keys matched whatever their case.
**
** Three kinds of failure inside a document read differently outside: an error
** of a conversion (its own text), a JSON of the wrong shape (text from here),
** and an integer too large (no text).
*/
#include "../sqlite.h"
#include <string.h>
#include <stdlib.h>
#include <math.h>
#include "text.h"
#include "json.h"
#include "cast.h"
#include "../number.h"
#include "../decimal.h"

#define INVALID "INVALID_CAST_ARGUMENT"
#define QUOTED_MAX 10000        /* bytes of a document in an error */

/* --- to JSON ------------------------------------------------------------- */

static void write_double(Buf *b, double d, int is_real){
  int quoted = !isfinite(d);
  if( quoted ) buf_char(b, '"');
  if( is_real ) value_print_real(b, d);
  else value_print_double(b, d);
  if( quoted ) buf_char(b, '"');
}

/* Java's BigDecimal.toString. */
void text_big_decimal(Buf *b, __int128 v, int scale){
  char z[DECIMAL_TEXT_MAX];
  int n_digits = v==0 ? 1 : decimal_digits(v), exponent = n_digits - 1 - scale;
  if( scale==0 || exponent>=-6 ){
    decimal_print(b, v, scale);
    return;
  }
  int n = decimal_text(v, 0, z), sign = z[0]=='-';
  buf_add(b, z, (size_t)sign + 1);
  if( n - sign>1 ){
    buf_char(b, '.');
    buf_add(b, z + sign + 1, (size_t)(n - sign - 1));
  }
  buf_printf(b, "E%d", exponent);
}

static void write_value(Buf *b, const Type *t, Value v);

static void write_array(Buf *b, const Type *t, Value v){
  int n = list_count(&v);
  buf_char(b, '[');
  for(int i=0; i<n; i++){
    if( i ) buf_char(b, ',');
    write_value(b, t->arg[0], list_get(&v, i));
  }
  buf_char(b, ']');
}

static void write_row(Buf *b, const Type *t, Value v){
  buf_char(b, '{');
  for(int i=0; i<t->n; i++){
    const char *name = t->name && t->name[i] ? t->name[i] : "";
    if( i ) buf_char(b, ',');
    json_put_string(b, name, (int)strlen(name), 0);
    buf_char(b, ':');
    write_value(b, t->arg[i], list_get(&v, i));
  }
  buf_char(b, '}');
}

typedef struct Key { Value text; int entry; } Key;

static int by_text(const void *a, const void *b){
  const Value *x = &((const Key*)a)->text, *y = &((const Key*)b)->text;
  return json_compare_keys(x->z, x->n, y->z, y->n);
}

/* A map's key as the key of an object. */
static Value key_text(Arena *a, const Type *t, Value v){
  Buf b;
  if( t->kind==T_VARCHAR ) return v;
  buf_init(&b, a);
  value_print(&b, t, &v);
  return text_of(&b);
}

static void write_map(Buf *b, const Type *t, Value v){
  int n = list_count(&v)/2;
  Key *key = arena_alloc_raw(b->arena, sizeof(Key)*((size_t)n + 1));
  if( key==0 ) return;
  for(int i=0; i<n; i++){
    key[i].text = key_text(b->arena, t->arg[0], list_get(&v, 2*i));
    key[i].entry = i;
  }
  qsort(key, (size_t)n, sizeof(Key), by_text);
  buf_char(b, '{');
  for(int i=0; i<n; i++){
    if( i ) buf_char(b, ',');
    json_put_string(b, key[i].text.z, key[i].text.n, 0);
    buf_char(b, ':');
    write_value(b, t->arg[1], list_get(&v, 2*key[i].entry + 1));
  }
  buf_char(b, '}');
}

static void write_value(Buf *b, const Type *t, Value v){
  if( v.kind==V_NULL ){
    buf_str(b, "null");
    return;
  }
  switch( t->kind ){
    case T_BOOLEAN: buf_str(b, v.i ? "true" : "false"); break;
    case T_REAL:    write_double(b, v.r, 1); break;
    case T_DOUBLE:  write_double(b, v.r, 0); break;
    case T_DECIMAL: text_big_decimal(b, value_get_decimal(t, &v), t->s); break;
    case T_VARCHAR: json_put_string(b, v.z, v.n, 0); break;
    case T_JSON:    buf_add(b, v.z, (size_t)v.n); break;
    case T_ARRAY:   write_array(b, t, v); break;
    case T_MAP:     write_map(b, t, v); break;
    case T_ROW:     write_row(b, t, v); break;
    case T_DATE: case T_TIMESTAMP: {
      Buf text;
      buf_init(&text, b->arena);
      value_print(&text, t, &v);
      json_put_string(b, text.z ? text.z : "", (int)text.n, 0);
      break;
    }
    default: value_print(b, t, &v);         /* integers */
  }
}

/* --- from JSON: scalars -------------------------------------------------- */

/* How a piece of a document failed. */
typedef enum Failure { NONE, RAISED, WRONG_SHAPE, NO_TEXT } Failure;

typedef struct Cast {
  FnCall *c;
  JsonReader r;
  const char *shape;            /* WRONG_SHAPE: the text */
} Cast;

static const char *token_text(Cast *k){
  Value v = json_text(k->c->arena, &k->r);
  const char *z = arena_strndup(k->c->arena, v.z, (size_t)v.n);
  return z ? z : "";
}

static Failure wrong_shape(Cast *k, const char *fmt, const char *a, const char *b){
  const char *z = arena_printf(k->c->arena, fmt, a, b);
  if( k->r.token==JSON_ERROR || k->r.token==JSON_NONE ) return NO_TEXT;
  k->shape = z ? z : "";
  return WRONG_SHAPE;
}

/* The name of a scalar type in such texts: without parameters. */
static const char *plain_name(Cast *k, const Type *t){
  if( t->kind==T_VARCHAR ) return "varchar";
  if( t->kind==T_DECIMAL ) return "decimal";
  const char *z = type_text(k->c->arena, t);
  return z ? z : "";
}

/* Convert what the token stands for, a value of type `from`. */
static Failure convert(Cast *k, const Type *from, Value v, const Type *to, Value *out){
  return value_cast(k->c, from, to, &v, out) ? RAISED : NONE;
}

static Failure to_integer(Cast *k, const Type *to, Value *out){
  static const int bits[] = {[T_TINYINT] = 8, [T_SMALLINT] = 16, [T_INTEGER] = 32, [T_BIGINT] = 64};
  int64_t x;
  if( json_long(&k->r, &x) ) return NO_TEXT;
  if( bits[to->kind]<64 && x!=(int64_t)((uint64_t)x<<(64 - bits[to->kind]))>>(64 - bits[to->kind]) ){
    return NO_TEXT;
  }
  *out = value_int(x);
  return NONE;
}

/* Decimals have one text for all that goes wrong with numbers. */
static Failure to_decimal(Cast *k, const Type *to, Value *out){
  __int128 v = 0;
  int rc;
  Value text = json_text(k->c->arena, &k->r);
  if( k->r.token==JSON_TRUE || k->r.token==JSON_FALSE ){
    text = k->r.token==JSON_TRUE ? value_text("1", 1) : value_text("0", 1);
  }
  rc = decimal_parse(text.z, (size_t)text.n, to->p, to->s, &v);
  if( rc==0 ){
    *out = value_put_decimal(k->c->arena, to, v);
    return NONE;
  }
  if( rc==-1 ) return NO_TEXT;
  fn_error(k->c, INVALID, "Cannot cast input json to DECIMAL(%d,%d)", to->p, to->s);
  return RAISED;
}

static Failure to_varchar(Cast *k, const Type *to, Value *out){
  Buf b;
  if( k->r.token==JSON_FLOAT ){
    buf_init(&b, k->c->arena);
    cast_print_double(&b, json_double(&k->r));
    *out = text_of(&b);
  }else{
    *out = json_text(k->c->arena, &k->r);
  }
  if( to->p!=TYPE_UNBOUNDED && utf8_count(out->z, out->n)>to->p ){
    fn_refuse(k->c, "CAST of a longer JSON text to varchar(%d)", to->p);
    return RAISED;
  }
  return NONE;
}

static Failure to_number(Cast *k, const Type *to, Value *out){
  JsonToken t = k->r.token;
  if( t==JSON_TRUE || t==JSON_FALSE ){
    return convert(k, &TYPE_BOOLEAN, value_int(t==JSON_TRUE), to, out);
  }
  if( to->kind==T_REAL ){
    double d = 0;
    number_parse_real(k->r.z + k->r.from, (size_t)(k->r.to - k->r.from), &d);
    *out = value_real(d);
    return NONE;
  }
  if( t==JSON_FLOAT || to->kind==T_DOUBLE ){
    return convert(k, &TYPE_DOUBLE, value_real(json_double(&k->r)), to, out);
  }
  if( to->kind==T_BOOLEAN ){
    int64_t x;
    if( json_long(&k->r, &x) ) return NO_TEXT;
    *out = value_int(x!=0);
    return NONE;
  }
  return to_integer(k, to, out);
}

static Failure to_json(Cast *k, Value *out){
  Buf b;
  buf_init(&b, k->c->arena);
  if( json_write(&b, &k->r, JSON_TREE) ) return NO_TEXT;
  *out = text_of(&b);
  return NONE;
}

static Failure to_scalar(Cast *k, const Type *to, Value *out){
  JsonToken t = k->r.token;
  if( t==JSON_NULL ){
    *out = value_null();
    return NONE;
  }
  if( t!=JSON_FIELD && (t<JSON_STRING || t>JSON_FALSE) ){
    return wrong_shape(k, "Unexpected token when cast to %s: %s", plain_name(k, to), token_text(k));
  }
  if( to->kind==T_VARCHAR ) return to_varchar(k, to, out);
  if( to->kind==T_DECIMAL ) return to_decimal(k, to, out);
  if( t==JSON_STRING || t==JSON_FIELD ){
    return convert(k, &TYPE_VARCHAR, json_text(k->c->arena, &k->r), to, out);
  }
  return to_number(k, to, out);
}

/* --- from JSON: containers ----------------------------------------------- */

static Failure from_json(Cast *k, const Type *to, Value *out);

static Failure to_array(Cast *k, const Type *to, Value *out){
  ListBuilder list;
  if( k->r.token!=JSON_ARRAY ) return wrong_shape(k, "Expected a json array, but got %s", token_text(k), "");
  list_begin(&list, k->c->arena);
  while( json_next(&k->r)!=JSON_ARRAY_END ){
    Value v = value_null();
    Failure f = from_json(k, to->arg[0], &v);
    if( f ) return f;
    list_add(&list, v);
  }
  *out = list_end(&list);
  return NONE;
}

static Failure to_map(Cast *k, const Type *to, Value *out){
  ListBuilder list;
  Failure f;
  int dup;
  if( k->r.token!=JSON_OBJECT ) return wrong_shape(k, "Expected a json object, but got %s", token_text(k), "");
  list_begin(&list, k->c->arena);
  while( json_next(&k->r)!=JSON_OBJECT_END ){
    Value key = value_null(), v = value_null();
    if( (f = to_scalar(k, to->arg[0], &key))!=NONE ) return f;
    json_next(&k->r);
    if( (f = from_json(k, to->arg[1], &v))!=NONE ) return f;
    list_add(&list, key);
    list_add(&list, v);
  }
  if( map_from(k->c->arena, to, list.n/2, list.v, out, &dup) ){
    return wrong_shape(k, "Duplicate map keys are not allowed%s%s", "", "");
  }
  return NONE;
}

static Failure row_of_array(Cast *k, const Type *to, Value *field){
  for(int i=0; i<to->n; i++){
    json_next(&k->r);
    Failure f = from_json(k, to->arg[i], &field[i]);
    if( f ) return f;
  }
  if( json_next(&k->r)!=JSON_ARRAY_END ){
    return wrong_shape(k, "Expected json array ending, but got %s", token_text(k), "");
  }
  return NONE;
}

static int field_index(const Type *row, const char *name){
  for(int i=0; i<row->n; i++){
    if( row->name && row->name[i] && sqlite3_stricmp(row->name[i], name)==0 ) return i;
  }
  return -1;
}

static Failure row_of_object(Cast *k, const Type *to, Value *field, char *seen){
  int named = 0;
  for(int i=0; i<to->n; i++) named += to->name && to->name[i];
  if( named==0 ){
    return wrong_shape(k, "Cannot cast a JSON object to anonymous row type. "
                          "Input must be a JSON array.%s%s", "", "");
  }
  while( json_next(&k->r)!=JSON_OBJECT_END ){
    if( k->r.token!=JSON_FIELD ) return NO_TEXT;
    const char *name = token_text(k);
    int i = field_index(to, name);
    json_next(&k->r);
    if( i<0 ){
      if( json_skip(&k->r) ) return NO_TEXT;
      continue;
    }
    if( seen[i]++ ) return wrong_shape(k, "Duplicate field: %s%s", to->name[i], "");
    Failure f = from_json(k, to->arg[i], &field[i]);
    if( f ) return f;
  }
  return NONE;
}

static Failure to_row(Cast *k, const Type *to, Value *out){
  Value *field = arena_alloc(k->c->arena, sizeof(Value)*(size_t)to->n + (size_t)to->n + 1);
  Failure f;
  if( field==0 ) return NO_TEXT;
  for(int i=0; i<to->n; i++) field[i] = value_null();
  if( k->r.token==JSON_ARRAY ){
    f = row_of_array(k, to, field);
  }else if( k->r.token==JSON_OBJECT ){
    f = row_of_object(k, to, field, (char*)(field + to->n));
  }else{
    return wrong_shape(k, "Expected a json array or object, but got %s", token_text(k), "");
  }
  if( f==NONE ) *out = list_from(k->c->arena, to->n, field);
  return f;
}

static Failure from_json(Cast *k, const Type *to, Value *out){
  if( k->r.token==JSON_ERROR || k->r.token==JSON_NONE ) return NO_TEXT;
  if( to->kind==T_JSON ) return to_json(k, out);
  if( k->r.token==JSON_NULL ) return NONE;          /* *out is NULL */
  switch( to->kind ){
    case T_ARRAY: return to_array(k, to, out);
    case T_MAP:   return to_map(k, to, out);
    case T_ROW:   return to_row(k, to, out);
    default:      return to_scalar(k, to, out);
  }
}

/* --- the whole ----------------------------------------------------------- */

/* Keys of maps must be texts, numbers or booleans, at any depth. */
static int has_plain_keys(const Type *t){
  if( t->kind==T_MAP ){
    const Type *key = t->arg[0];
    if( key->kind!=T_BOOLEAN && key->kind!=T_VARCHAR && key->kind!=T_UNKNOWN
     && !type_is_numeric(key) ) return 0;
  }
  if( t->kind!=T_ARRAY && t->kind!=T_MAP && t->kind!=T_ROW ) return 1;
  for(int i=0; i<t->n; i++) if( !has_plain_keys(t->arg[i]) ) return 0;
  return 1;
}

static int is_container(const Type *t){ return t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW; }

/* The error around what happened inside. */
static int report(Cast *k, Failure f, const Type *to, const Value *in){
  const char *type = type_text(k->c->arena, to);
  int n = in->n<=QUOTED_MAX ? in->n : QUOTED_MAX;
  const char *rest = n<in->n ? "...(truncated)" : "";
  if( k->r.too_deep ) return fn_refuse(k->c, "JSON nested deeper than %d", JSON_DEPTH_MAX - 1);
  if( f==RAISED && strcmp(k->c->code, "TARN_NOT_SUPPORTED")==0 ) return FN_ERROR;
  if( is_container(to) ){
    const char *why = f==RAISED ? k->c->message : f==WRONG_SHAPE ? k->shape : "";
    return fn_error(k->c, INVALID, "Cannot cast to %s.%s%s\n%.*s%s", type ? type : "",
                    f==NO_TEXT ? "" : " ", why, n, in->z, rest);
  }
  if( f==RAISED ) return FN_ERROR;
  if( to->kind==T_DECIMAL ){
    return fn_error(k->c, INVALID, "Cannot cast '%.*s' to DECIMAL(%d,%d)", in->n, in->z, to->p, to->s);
  }
  return fn_error(k->c, INVALID, "Cannot cast '%.*s' to %s", in->n, in->z, plain_name(k, to));
}

int cast_json(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  Cast k;
  Failure f;
  if( to->kind==T_JSON ){
    Buf b;
    const char *type = type_text(c->arena, from);
    if( !has_plain_keys(from) ) return fn_error(c, INVALID, "Cannot cast %s to JSON", type ? type : "");
    buf_init(&b, c->arena);
    write_value(&b, from, *in);
    *out = text_of(&b);
    return FN_OK;
  }
  if( !has_plain_keys(to) ){
    const char *type = type_text(c->arena, to);
    return fn_error(c, INVALID, "Cannot cast JSON to %s", type ? type : "");
  }
  memset(&k, 0, sizeof(k));
  k.c = c;
  *out = value_null();
  json_open(&k.r, in->z, in->n);
  json_next(&k.r);
  f = from_json(&k, to, out);
  if( f==NONE && json_next(&k.r)!=JSON_NONE ) f = NO_TEXT;
  return f==NONE ? FN_OK : report(&k, f, to, in);
}
