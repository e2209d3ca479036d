/*
** SQL text that depends on types only: constants, coercions, the table's edge,
** keys for grouping and sorting, calls of registry functions.
**
** Every text made here and in the other emit files is a primary expression: a
** name, a literal, a call, CASE … END or something in parentheses, so that it
** can stand anywhere without more parentheses.
*/
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "analyser.h"
#include "../../vtab/fn/cast.h"
#include "../../vtab/fn/registry.h"

const char *string_sql(Analyser *an, const char *z, size_t n){
  Buf b;
  buf_init(&b, an->arena);
  if( memchr(z, 0, n) ){        /* a literal would end at the NUL */
    buf_str(&b, "CAST(x'");
    for(size_t i=0; i<n; i++) buf_printf(&b, "%02X", (unsigned char)z[i]);
    buf_str(&b, "' AS TEXT)");
    return b.z;
  }
  buf_char(&b, '\'');
  for(size_t i=0; i<n; i++){
    if( z[i]=='\'' ) buf_char(&b, '\'');
    buf_char(&b, z[i]);
  }
  buf_char(&b, '\'');
  return b.z;
}

static const char *real_sql(Analyser *an, double r){
  char z[40];
  if( isnan(r) ) return "'NaN'";
  if( isinf(r) ) return r>0 ? "9e999" : "(-9e999)";
  snprintf(z, sizeof z, "%.17g", r);
  if( strpbrk(z, ".e")==0 ) strcat(z, ".0");
  return arena_printf(an->arena, signbit(r) ? "(%s)" : "%s", z);
}

const char *value_sql(Analyser *an, const Value *v){
  Buf b;
  switch( v->kind ){
    case V_INT: return arena_printf(an->arena, v->i<0 ? "(%lld)" : "%lld", (long long)v->i);
    case V_REAL: return real_sql(an, v->r);
    case V_TEXT: return string_sql(an, v->z, (size_t)v->n);
    case V_BLOB:
      buf_init(&b, an->arena);
      buf_str(&b, "x'");
      for(int i=0; i<v->n; i++) buf_printf(&b, "%02X", (unsigned char)v->z[i]);
      buf_char(&b, '\'');
      return b.z;
    default: return "NULL";
  }
}

/* --- Calls --------------------------------------------------------------- */

const char *types_text(Analyser *an, int n, const Type *const *argt, const Type *rett){
  Buf b;
  buf_init(&b, an->arena);
  buf_char(&b, '(');
  for(int i=0; i<n; i++){
    if( i ) buf_char(&b, ',');
    type_print(&b, argt[i]);
  }
  buf_char(&b, ')');
  type_print(&b, rett);
  return string_sql(an, b.z, b.n);
}

/* The call under its SQLite name; valid in SQL and in programs. */
const char *fn_plain_sql(Analyser *an, const FnDef *fn, const Type *const *argt, const Type *rett, int n, const char *const *arg){
  char name[FN_SQL_NAME_MAX];
  Buf b;
  int typed = fn_is_typed(fn);
  buf_init(&b, an->arena);
  buf_printf(&b, "%s(", fn_sql_name(fn, name));
  if( typed ) buf_str(&b, types_text(an, n, argt, rett));
  for(int i=0; i<n; i++){
    if( i || typed ) buf_str(&b, ", ");
    buf_str(&b, arg[i]);
  }
  buf_char(&b, ')');
  return b.z;
}

/* %1 … of a native text replaced. */
const char *native_sql(Analyser *an, const char *native, int n, const char *const *arg){
  Buf b;
  buf_init(&b, an->arena);
  buf_char(&b, '(');
  for(const char *p = native; *p; p++){
    if( *p=='%' && p[1]>='1' && p[1]<='9' && p[1]-'1'<n ){
      buf_str(&b, arg[p[1]-'1']);
      p++;
    }else{
      buf_char(&b, *p);
    }
  }
  buf_char(&b, ')');
  return b.z;
}

const char *fn_sql(Analyser *an, const FnDef *fn, const Type *const *argt, const Type *rett, int n, const char *const *arg){
  if( fn->native ) return native_sql(an, fn->native, n, arg);
  return fn_plain_sql(an, fn, argt, rett, n, arg);
}

/* --- Coercions ----------------------------------------------------------- */

int coerce_is_free(const Type *from, const Type *to){
  if( from->kind==T_UNKNOWN || type_equal(from, to) ) return 1;
  if( type_is_integer(from) && type_is_integer(to) ) return from->kind<=to->kind;
  if( from->kind==T_REAL && to->kind==T_DOUBLE ) return 1;
  if( from->kind!=to->kind ) return 0;
  switch( from->kind ){
    case T_VARCHAR: return to->p==TYPE_UNBOUNDED || (from->p!=TYPE_UNBOUNDED && from->p<=to->p);
    case T_TIMESTAMP: return from->p<=to->p && ((from->p>6)==(to->p>6));
    case T_TIMESTAMP_TZ: case T_TIME: case T_TIME_TZ: return from->p<=to->p;
    case T_DECIMAL: return from->s==to->s && from->p<=to->p && (from->p>18)==(to->p>18);
    case T_ARRAY: case T_MAP: case T_ROW:
      if( from->n!=to->n ) return 0;
      for(int i=0; i<from->n; i++) if( !coerce_is_free(from->arg[i], to->arg[i]) ) return 0;
      return 1;
    default: return 0;
  }
}

const char *cast_sql(Analyser *an, const char *name, const char *sql, const Type *from, const Type *to){
  const Type *argt[1] = {from};
  const char *arg[1] = {sql};
  return arena_printf(an->arena, "%s(%s, %s)", name, types_text(an, 1, argt, to), arg[0]);
}

const char *coerce_sql(Analyser *an, const char *sql, const Type *from, const Type *to){
  if( coerce_is_free(from, to) ) return sql;
  const char *native = cast_native(an->arena, from, to);
  if( native ) return native_sql(an, native, 1, &sql);
  return cast_sql(an, "t_cast", sql, from, to);
}

/* --- The table's edge ---------------------------------------------------- */

static int stored_as_is(const Type *t){
  switch( t->kind ){
    case T_DATE: case T_TIMESTAMP: case T_DECIMAL: case T_ARRAY: case T_MAP: case T_ROW:
    case T_TIME: case T_TIME_TZ: case T_TIMESTAMP_TZ: return 0;
    default: return 1;
  }
}

const char *load_sql(Analyser *an, const char *sql, const Type *t){
  if( stored_as_is(t) ) return sql;
  if( t->kind==T_DATE ) return arena_printf(an->arena, "t_load_date(%s)", sql);
  if( t->kind==T_TIMESTAMP && t->p==3 ) return arena_printf(an->arena, "t_load_timestamp(%s)", sql);
  return cast_sql(an, "t_load", sql, &TYPE_VARCHAR, t);
}

const char *store_sql(Analyser *an, const char *sql, const Type *t){
  if( stored_as_is(t) ) return sql;
  if( t->kind==T_DATE ) return arena_printf(an->arena, "t_store_date(%s)", sql);
  if( t->kind==T_TIMESTAMP && t->p==3 ) return arena_printf(an->arena, "t_store_timestamp(%s)", sql);
  return cast_sql(an, "t_store", sql, t, &TYPE_VARCHAR);
}

/* --- Keys ---------------------------------------------------------------- */

int type_groups_natively(const Type *t){
  if( t->kind==T_TIMESTAMP_TZ || t->kind==T_TIME_TZ ) return 0;
  for(int i=0; i<t->n; i++) if( !type_groups_natively(t->arg[i]) ) return 0;
  return 1;
}

int type_orders_natively(const Type *t){
  switch( t->kind ){
    case T_TIMESTAMP_TZ: case T_TIME_TZ: case T_ARRAY: case T_MAP: case T_ROW: case T_CHAR: return 0;
    default: return 1;
  }
}

/* A value that SQLite orders as Athena orders sql's. */
const char *sort_key_sql(Analyser *an, const char *sql, const Type *t){
  if( type_orders_natively(t) ) return sql;
  if( t->kind==T_TIMESTAMP_TZ ) return arena_printf(an->arena, "substr(%s, 1, 12)", sql);
  if( t->kind==T_TIME_TZ ) return arena_printf(an->arena, "substr(%s, 1, 8)", sql);
  return cast_sql(an, "t_sort_key", sql, t, &TYPE_VARBINARY);
}

/* A value that is equal in SQLite where sql's are identical in Athena. */
const char *group_key_sql(Analyser *an, const char *sql, const Type *t){
  if( type_groups_natively(t) ) return sql;
  if( t->kind==T_TIMESTAMP_TZ ) return arena_printf(an->arena, "substr(%s, 1, 12)", sql);
  if( t->kind==T_TIME_TZ ) return arena_printf(an->arena, "substr(%s, 1, 8)", sql);
  return cast_sql(an, "t_group_key", sql, t, &TYPE_VARBINARY);
}
