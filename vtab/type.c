/*
** Types: constants, constructors, comparison.  See type.h; the spellings are
** in type_print.c and type_parse.c.
**
** Limits: TYPE_DEPTH_MAX levels of nesting; deeper types compare as unequal
** and are never built by the parsers.
*/
#include "sqlite.h"
#include "type.h"
#include <string.h>

#define SIMPLE(KIND, P) { KIND, P, 0, 0, 0, 0 }
const Type TYPE_UNKNOWN = SIMPLE(T_UNKNOWN, 0);
const Type TYPE_BOOLEAN = SIMPLE(T_BOOLEAN, 0);
const Type TYPE_TINYINT = SIMPLE(T_TINYINT, 0);
const Type TYPE_SMALLINT = SIMPLE(T_SMALLINT, 0);
const Type TYPE_INTEGER = SIMPLE(T_INTEGER, 0);
const Type TYPE_BIGINT = SIMPLE(T_BIGINT, 0);
const Type TYPE_REAL = SIMPLE(T_REAL, 0);
const Type TYPE_DOUBLE = SIMPLE(T_DOUBLE, 0);
const Type TYPE_VARCHAR = SIMPLE(T_VARCHAR, TYPE_UNBOUNDED);
const Type TYPE_VARBINARY = SIMPLE(T_VARBINARY, 0);
const Type TYPE_JSON = SIMPLE(T_JSON, 0);
const Type TYPE_DATE = SIMPLE(T_DATE, 0);
const Type TYPE_TIMESTAMP = SIMPLE(T_TIMESTAMP, 3);
const Type TYPE_TIMESTAMP_TZ = SIMPLE(T_TIMESTAMP_TZ, 3);
const Type TYPE_TIME = SIMPLE(T_TIME, 3);
const Type TYPE_INTERVAL_DS = SIMPLE(T_INTERVAL_DS, 0);
const Type TYPE_INTERVAL_YM = SIMPLE(T_INTERVAL_YM, 0);
#undef SIMPLE

static const Type *type_new(Arena *a, TypeKind kind, int p, int s){
  Type *t = ARENA_NEW(a, Type);
  if( t==0 ) return 0;
  t->kind = kind;
  t->p = p;
  t->s = s;
  return t;
}

const Type *type_decimal(Arena *a, int p, int s){
  return type_new(a, T_DECIMAL, p, s);
}

const Type *type_varchar(Arena *a, int length){
  return length==TYPE_UNBOUNDED ? &TYPE_VARCHAR : type_new(a, T_VARCHAR, length, 0);
}

const Type *type_char(Arena *a, int length){
  return type_new(a, T_CHAR, length, 0);
}

const Type *type_precision(Arena *a, TypeKind kind, int p){
  return type_new(a, kind, p, 0);
}

/* A type with parameters: copies of the two lists. */
static const Type *type_compound(Arena *a, TypeKind kind, int n,
                                 const Type *const *arg, const char *const *name){
  Type *t = ARENA_NEW(a, Type);
  const Type **copy = ARENA_ARRAY(a, const Type*, n ? n : 1);
  if( t==0 || copy==0 ) return 0;
  t->kind = kind;
  t->n = n;
  for(int i=0; i<n; i++){
    if( arg[i]==0 ) return 0;
    copy[i] = arg[i];
  }
  t->arg = copy;
  if( kind==T_ROW ){
    const char **names = ARENA_ARRAY(a, const char*, n ? n : 1);
    if( names==0 ) return 0;
    for(int i=0; i<n; i++) names[i] = name ? name[i] : 0;
    t->name = names;
  }
  return t;
}

const Type *type_array(Arena *a, const Type *element){
  return type_compound(a, T_ARRAY, 1, &element, 0);
}

const Type *type_map(Arena *a, const Type *key, const Type *value){
  const Type *arg[2] = { key, value };
  return type_compound(a, T_MAP, 2, arg, 0);
}

const Type *type_row(Arena *a, int n, const Type *const *arg, const char *const *name){
  return type_compound(a, T_ROW, n, arg, name);
}

const Type *type_function(Arena *a, int n_param, const Type *const *param, const Type *result){
  const Type **arg = ARENA_ARRAY(a, const Type*, n_param + 1);
  if( arg==0 ) return 0;
  for(int i=0; i<n_param; i++) arg[i] = param[i];
  arg[n_param] = result;
  return type_compound(a, T_FUNCTION, n_param + 1, arg, 0);
}

const Type *type_copy(Arena *a, const Type *t){
  const Type **arg;
  const char **name;
  const Type *copy;
  if( t==0 ) return 0;
  if( t->n==0 && t->name==0 ) {
    Type *simple = ARENA_NEW(a, Type);
    if( simple ) *simple = *t;
    return simple;
  }
  arg = ARENA_ARRAY(a, const Type*, t->n ? t->n : 1);
  name = ARENA_ARRAY(a, const char*, t->n ? t->n : 1);
  if( arg==0 || name==0 ) return 0;
  for(int i=0; i<t->n; i++){
    arg[i] = type_copy(a, t->arg[i]);
    if( arg[i]==0 ) return 0;
    name[i] = t->name && t->name[i] ? arena_strdup(a, t->name[i]) : 0;
  }
  copy = type_compound(a, t->kind, t->n, arg, name);
  if( copy ){
    ((Type*)copy)->p = t->p;
    ((Type*)copy)->s = t->s;
  }
  return copy;
}

static int same_name(const char *a, const char *b){
  if( a==0 || b==0 ) return a==b;
  return sqlite3_stricmp(a, b)==0;
}

static int equal_at(const Type *a, const Type *b, int depth){
  if( a==b ) return 1;
  if( a==0 || b==0 || depth>TYPE_DEPTH_MAX ) return 0;
  if( a->kind!=b->kind || a->p!=b->p || a->s!=b->s || a->n!=b->n ) return 0;
  if( a->kind==T_OTHER ) return same_name(a->name ? a->name[0] : 0, b->name ? b->name[0] : 0);
  for(int i=0; i<a->n; i++){
    if( !equal_at(a->arg[i], b->arg[i], depth + 1) ) return 0;
    if( a->kind==T_ROW && !same_name(a->name[i], b->name[i]) ) return 0;
  }
  return 1;
}

int type_equal(const Type *a, const Type *b){
  return equal_at(a, b, 0);
}

int type_is_integer(const Type *t){
  return t->kind>=T_TINYINT && t->kind<=T_BIGINT;
}

int type_is_numeric(const Type *t){
  return t->kind>=T_TINYINT && t->kind<=T_DECIMAL;
}

static int comparable_at(const Type *t, int depth){
  if( depth>TYPE_DEPTH_MAX ) return 0;
  switch( t->kind ){
    case T_FUNCTION: case T_HYPERLOGLOG: case T_OTHER:
      return 0;
    case T_ARRAY: case T_MAP: case T_ROW:
      for(int i=0; i<t->n; i++){
        if( !comparable_at(t->arg[i], depth + 1) ) return 0;
      }
      return 1;
    default:
      return 1;
  }
}

int type_is_comparable(const Type *t){
  return comparable_at(t, 0);
}

static int orderable_at(const Type *t, int depth){
  if( depth>TYPE_DEPTH_MAX ) return 0;
  switch( t->kind ){
    case T_FUNCTION: case T_HYPERLOGLOG: case T_OTHER: case T_MAP: case T_JSON:
      return 0;
    case T_ARRAY: case T_ROW:
      for(int i=0; i<t->n; i++){
        if( !orderable_at(t->arg[i], depth + 1) ) return 0;
      }
      return 1;
    default:
      return 1;
  }
}

int type_is_orderable(const Type *t){
  return orderable_at(t, 0);
}
