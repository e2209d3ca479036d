/*
** Which types Athena converts by itself, and which a CAST converts.
**
** Everything follows from one table, coerce_base: what a type becomes when a
** type of another kind is wanted (an integer as a decimal is decimal(10,0)).
** Types of one kind differ only in their parameters; containers are compared
** element by element.  Rules: Trino's TypeCoercion of release 427, where a
** varchar becomes a char and not the other way round.
*/
#include "../sqlite.h"
#include "resolve.h"
#include "coerce.h"
#include "../datetime.h"
#include "../decimal.h"
#include <string.h>

#define CHAR_LENGTH_MAX 65536

static int maximum(int a, int b){
  return a>b ? a : b;
}

static int pattern_kind(const char *name){
  return strcmp(name, "joniregexp")==0 || strcmp(name, "jsonpath")==0 || strcmp(name, "codepoints")==0;
}

int type_is_pattern(const Type *t){
  return t->kind==T_OTHER && t->name && t->name[0] && pattern_kind(t->name[0]);
}

/* Decimal digits that an integer type needs. */
static int integer_digits(TypeKind kind){
  return kind==T_TINYINT ? 3 : kind==T_SMALLINT ? 5 : kind==T_INTEGER ? 10 : 19;
}

int type_coerce_base(const Type *from, TypeKind to, Type *out){
  memset(out, 0, sizeof(*out));
  out->kind = to;
  if( from->kind==to ){
    *out = *from;
    return 1;
  }
  switch( from->kind ){
    case T_UNKNOWN:
      if( to==T_ARRAY || to==T_MAP || to==T_ROW || to==T_FUNCTION || to==T_TINYINT || to==T_SMALLINT ) return 0;
      if( to==T_DECIMAL ) out->p = 1;
      if( to>=T_TIME && to<=T_TIMESTAMP_TZ ) out->p = 3;
      return 1;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      if( to==T_DECIMAL ) out->p = integer_digits(from->kind);
      return (to>from->kind && to<=T_BIGINT) || to==T_REAL || to==T_DOUBLE || to==T_DECIMAL;
    case T_DECIMAL: return to==T_REAL || to==T_DOUBLE;
    case T_REAL: return to==T_DOUBLE;
    case T_DATE: return to==T_TIMESTAMP || to==T_TIMESTAMP_TZ;
    case T_TIME:
      out->p = from->p;
      return to==T_TIME_TZ;
    case T_TIMESTAMP:
      out->p = from->p;
      return to==T_TIMESTAMP_TZ;
    case T_VARCHAR:
      out->p = from->p==TYPE_UNBOUNDED || from->p>CHAR_LENGTH_MAX ? CHAR_LENGTH_MAX : from->p;
      return to==T_CHAR;
    default: return 0;
  }
}

/* Does a type fit one of the same kind? */
static int fits(const Type *from, const Type *to){
  switch( from->kind ){
    case T_DECIMAL: {
      int whole = maximum(from->p - from->s, to->p - to->s), scale = maximum(from->s, to->s);
      int p = whole + scale>DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX : whole + scale;
      return p==to->p && scale==to->s;
    }
    case T_VARCHAR: return to->p==TYPE_UNBOUNDED || (from->p!=TYPE_UNBOUNDED && from->p<=to->p);
    case T_CHAR: case T_TIME: case T_TIME_TZ: case T_TIMESTAMP: case T_TIMESTAMP_TZ:
      return from->p<=to->p;
    case T_ARRAY: case T_MAP: case T_ROW:
      if( from->n!=to->n ) return 0;
      for(int i=0; i<from->n; i++){
        if( !type_can_coerce(from->arg[i], to->arg[i]) ) return 0;
      }
      return 1;
    default: return type_equal(from, to);
  }
}

int type_can_coerce(const Type *from, const Type *to){
  Type base;
  if( from==to || from->kind==T_UNKNOWN ) return 1;
  if( to->kind==T_UNKNOWN ) return 0;
  if( from->kind==to->kind ) return type_equal(from, to) || fits(from, to);
  if( type_is_pattern(to) ) return from->kind==T_VARCHAR || from->kind==T_CHAR;
  if( to->kind==T_OTHER || !type_coerce_base(from, to->kind, &base) ) return 0;
  return fits(&base, to);
}

static const Type *common_row(Arena *a, const Type *x, const Type *y){
  const Type **arg = ARENA_ARRAY(a, const Type*, x->n + 1);
  const char **name = ARENA_ARRAY(a, const char*, x->n + 1);
  if( x->n!=y->n || arg==0 || name==0 ) return 0;
  for(int i=0; i<x->n; i++){
    arg[i] = type_common(a, x->arg[i], y->arg[i]);
    if( arg[i]==0 ) return 0;
    if( x->name[i] && y->name[i] && sqlite3_stricmp(x->name[i], y->name[i])==0 ) name[i] = x->name[i];
  }
  return type_row(a, x->n, arg, name);
}

/* The common super type of two of one kind. */
static const Type *common_same(Arena *a, const Type *x, const Type *y){
  const Type *key, *value;
  switch( x->kind ){
    case T_DECIMAL: {
      int scale = maximum(x->s, y->s), p = maximum(x->p - x->s, y->p - y->s) + scale;
      return type_decimal(a, p>DECIMAL_PRECISION_MAX ? DECIMAL_PRECISION_MAX : p, scale);
    }
    case T_VARCHAR:
      if( x->p==TYPE_UNBOUNDED || y->p==TYPE_UNBOUNDED ) return &TYPE_VARCHAR;
      return type_varchar(a, maximum(x->p, y->p));
    case T_CHAR: return type_char(a, maximum(x->p, y->p));
    case T_TIME: case T_TIME_TZ: case T_TIMESTAMP: case T_TIMESTAMP_TZ:
      return type_precision(a, x->kind, maximum(x->p, y->p));
    case T_ARRAY:
      value = type_common(a, x->arg[0], y->arg[0]);
      return value ? type_array(a, value) : 0;
    case T_MAP:
      key = type_common(a, x->arg[0], y->arg[0]);
      value = type_common(a, x->arg[1], y->arg[1]);
      return key && value ? type_map(a, key, value) : 0;
    case T_ROW: return common_row(a, x, y);
    default: return 0;
  }
}

const Type *type_common(Arena *a, const Type *x, const Type *y){
  Type base;
  if( type_equal(x, y) ) return y;
  if( x->kind==T_UNKNOWN ) return y;
  if( y->kind==T_UNKNOWN ) return x;
  if( x->kind==y->kind ) return common_same(a, x, y);
  if( type_coerce_base(x, y->kind, &base) ) return type_equal(&base, y) ? y : common_same(a, &base, y);
  if( type_coerce_base(y, x->kind, &base) ) return type_equal(&base, x) ? x : common_same(a, x, &base);
  return 0;
}

/* --- CAST ------------------------------------------------------------------- */

static int is_plain_json(const Type *t){
  return t->kind==T_BOOLEAN || type_is_numeric(t) || t->kind==T_VARCHAR || t->kind==T_JSON;
}

static int can_cast_to_json(const Type *from){
  if( is_plain_json(from) || from->kind==T_UNKNOWN ) return 1;
  switch( from->kind ){
    case T_DATE: case T_TIMESTAMP: return 1;
    case T_ARRAY: return can_cast_to_json(from->arg[0]);
    case T_MAP:
      /* other keys than texts and numbers pass here and fail in cast_json */
      return type_can_cast(from->arg[0], &TYPE_VARCHAR) && can_cast_to_json(from->arg[1]);
    case T_ROW:
      for(int i=0; i<from->n; i++){
        if( !can_cast_to_json(from->arg[i]) ) return 0;
      }
      return 1;
    default: return 0;
  }
}

static int can_cast_from_json(const Type *to){
  if( is_plain_json(to) ) return 1;
  switch( to->kind ){
    case T_ARRAY: return can_cast_from_json(to->arg[0]);
    case T_MAP: return type_can_cast(&TYPE_VARCHAR, to->arg[0]) && can_cast_from_json(to->arg[1]);
    case T_ROW:
      for(int i=0; i<to->n; i++){
        if( !can_cast_from_json(to->arg[i]) ) return 0;
      }
      return 1;
    default: return 0;
  }
}

int type_can_cast(const Type *from, const Type *to){
  if( type_equal(from, to) || from->kind==T_UNKNOWN ) return 1;
  if( to->kind==T_UNKNOWN ) return 1;
  if( to->kind==T_JSON ) return can_cast_to_json(from);
  if( from->kind==T_JSON ) return can_cast_from_json(to);
  if( from->kind==T_ARRAY || from->kind==T_MAP || from->kind==T_ROW ){
    if( from->kind!=to->kind || from->n!=to->n ) return 0;
    for(int i=0; i<from->n; i++){
      if( !type_can_cast(from->arg[i], to->arg[i]) ) return 0;
    }
    return 1;
  }
  if( to->kind==T_ARRAY || to->kind==T_MAP || to->kind==T_ROW ) return 0;
  if( type_is_temporal(from) || type_is_temporal(to) ) return datetime_can_cast(from, to);
  if( from->kind==to->kind ) return from->kind!=T_OTHER;
  if( from->kind==T_BOOLEAN || type_is_numeric(from) ){
    return to->kind==T_BOOLEAN || type_is_numeric(to) || to->kind==T_VARCHAR;
  }
  if( from->kind==T_VARCHAR ){
    return to->kind==T_BOOLEAN || type_is_numeric(to) || to->kind==T_CHAR || to->kind==T_UUID
        || to->kind==T_VARBINARY || to->kind==T_IPADDRESS;
  }
  if( from->kind==T_CHAR || from->kind==T_IPADDRESS ) return to->kind==T_VARCHAR;
  if( from->kind==T_UUID ) return to->kind==T_VARCHAR || to->kind==T_VARBINARY;
  if( from->kind==T_VARBINARY ) return to->kind==T_UUID || to->kind==T_IPADDRESS;
  return 0;
}
