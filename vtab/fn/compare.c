/*
** The operators = <> < <= > >=, IS DISTINCT FROM, greatest, least, nullif.
**
** Both sides have the same type: the analyser has coerced them.  Where SQLite
** compares the carriers exactly as Athena compares the values, a row has a
** native form: integers, booleans, dates, times, timestamps, intervals,
** decimals (integers or order-preserving blobs), varchar and varbinary (bytes).
** Not native: real and double (NaN is a TEXT in SQLite, and `NaN = NaN` is
** false), char in order (blanks count), zones, containers.
** Containers: = is NULL where a NULL element decides, < refuses (Athena's
** NOT_SUPPORTED), IS DISTINCT FROM takes NULLs as equal.
*/
#include "compare.h"
#include <math.h>
#include <string.h>

/* --- Plain carriers ------------------------------------------------------ */

static int plain_order(const Value *a, const Value *b){
  int n, r;
  if( a->kind==V_INT ) return a->i<b->i ? -1 : a->i>b->i;
  n = a->n<b->n ? a->n : b->n;
  r = n ? memcmp(a->z, b->z, (size_t)n) : 0;
  return r ? r : a->n<b->n ? -1 : a->n>b->n;
}

#define PLAIN(op, sign) \
  static int op##_plain(FnCall *c, int n, const Value *v, Value *out){ \
    (void)c; (void)n; *out = value_int(plain_order(&v[0], &v[1]) sign 0); return FN_OK; } \
  static int op##_float(FnCall *c, int n, const Value *v, Value *out){ \
    (void)c; (void)n; *out = value_int(v[0].r sign v[1].r); return FN_OK; }
PLAIN(eq, ==)
PLAIN(ne, !=)
PLAIN(lt, <)
PLAIN(le, <=)
PLAIN(gt, >)
PLAIN(ge, >=)

/* --- Any type ------------------------------------------------------------ */

int compare_order(FnCall *c, const Type *t, const Value *a, const Value *b, int *order){
  int na, nb;
  if( t->kind!=T_ARRAY && t->kind!=T_ROW ){
    *order = value_compare(t, a, b);
    return FN_OK;
  }
  na = list_count(a);
  nb = list_count(b);
  for(int i=0; i<na && i<nb; i++){
    Value x = list_get(a, i), y = list_get(b, i);
    if( x.kind==V_NULL || y.kind==V_NULL ){
      return fn_error(c, "NOT_SUPPORTED", t->kind==T_ARRAY
          ? "ARRAY comparison not supported for arrays with null elements"
          : "ROW comparison not supported for fields with null elements");
    }
    if( compare_order(c, t->kind==T_ARRAY ? t->arg[0] : t->arg[i], &x, &y, order) ) return FN_ERROR;
    if( *order ) return FN_OK;
  }
  *order = na<nb ? -1 : na>nb;
  return FN_OK;
}

static int is_nan(const Type *t, const Value *v){
  return (t->kind==T_DOUBLE || t->kind==T_REAL) && isnan(v->r);
}

static int eq_any(FnCall *c, int n, const Value *v, Value *out){
  int r = value_equal(c->argt[0], &v[0], &v[1]);
  (void)n;
  *out = r<0 ? value_null() : value_int(r);
  return FN_OK;
}

static int ne_any(FnCall *c, int n, const Value *v, Value *out){
  int r = value_equal(c->argt[0], &v[0], &v[1]);
  (void)n;
  *out = r<0 ? value_null() : value_int(!r);
  return FN_OK;
}

#define ORDER(op, sign) \
  static int op##_any(FnCall *c, int n, const Value *v, Value *out){ \
    int order = 0; \
    (void)n; \
    if( is_nan(c->argt[0], &v[0]) || is_nan(c->argt[0], &v[1]) ) return *out = value_int(0), FN_OK; \
    if( compare_order(c, c->argt[0], &v[0], &v[1], &order) ) return FN_ERROR; \
    *out = value_int(order sign 0); \
    return FN_OK; }
ORDER(lt, <)
ORDER(le, <=)
ORDER(gt, >)
ORDER(ge, >=)

static int distinct_any(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  *out = value_int(!value_identical(c->argt[0], &v[0], &v[1]));
  return FN_OK;
}

static int distinct_plain(FnCall *c, int n, const Value *v, Value *out){
  int null = (v[0].kind==V_NULL) + (v[1].kind==V_NULL);
  (void)c; (void)n;
  if( null ) *out = value_int(null==1);
  else if( v[0].kind==V_REAL ) *out = value_int(v[0].r!=v[1].r && !(isnan(v[0].r) && isnan(v[1].r)));
  else *out = value_int(plain_order(&v[0], &v[1])!=0);
  return FN_OK;
}

/* --- greatest, least, nullif --------------------------------------------- */

/* The extreme argument; NaN loses against every number. */
static int extreme(FnCall *c, int argc, const Value *v, Value *out, int sign){
  const Type *t = c->rett;
  int best = 0;
  for(int i=1; i<argc; i++){
    int order = 0;
    if( is_nan(t, &v[i]) ) continue;
    if( is_nan(t, &v[best]) ){ best = i; continue; }
    if( compare_order(c, t, &v[i], &v[best], &order) ) return FN_ERROR;
    if( order*sign>0 ) best = i;
  }
  *out = v[best];
  return FN_OK;
}

static int greatest(FnCall *c, int n, const Value *v, Value *out){ return extreme(c, n, v, out, 1); }
static int least(FnCall *c, int n, const Value *v, Value *out){ return extreme(c, n, v, out, -1); }

/* v[0] unless v[1] = v[2], which are both operands in their common type. */
static int nullif(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  *out = v[0];
  if( v[1].kind!=V_NULL && v[2].kind!=V_NULL && value_equal(c->argt[1], &v[1], &v[2])==1 ) *out = value_null();
  return FN_OK;
}

/* --- Rows ---------------------------------------------------------------- */

#define NATIVE(op, sign, type, suffix) \
  {"$" #op, "(" type ", " type ") -> boolean", op##_plain, 0, "t_" #op "_" suffix, "%1 " sign " %2", 0, 0, 0},
#define NATIVES(op, sign) \
  NATIVE(op, sign, "boolean", "boolean") \
  NATIVE(op, sign, "tinyint", "tinyint") NATIVE(op, sign, "smallint", "smallint") \
  NATIVE(op, sign, "integer", "integer") NATIVE(op, sign, "bigint", "bigint") \
  NATIVE(op, sign, "decimal(p,s)", "decimal") \
  NATIVE(op, sign, "varchar(x)", "varchar") NATIVE(op, sign, "varbinary", "varbinary") \
  NATIVE(op, sign, "date", "date") NATIVE(op, sign, "time(p)", "time") \
  NATIVE(op, sign, "timestamp(p)", "timestamp") \
  NATIVE(op, sign, "interval day to second", "ds") NATIVE(op, sign, "interval year to month", "ym")
#define FLOATS(op) \
  {"$" #op, "(real, real) -> boolean", op##_float, 0, "t_" #op "_real", 0, 0, 0, 0}, \
  {"$" #op, "(double, double) -> boolean", op##_float, 0, "t_" #op "_double", 0, 0, 0, 0},
#define ANY(op, flags) \
  {"$" #op, "(T, T) -> boolean", op##_any, FN_TYPED|(flags), "t_" #op, 0, 0, 0, 0},
#define DISTINCT(type, suffix) \
  {"$distinct", "(" type ", " type ") -> boolean", distinct_plain, FN_NULLS, "t_distinct_" suffix, \
   "%1 IS NOT %2", 0, 0, 0},

const FnDef fn_compare[] = {
  NATIVES(eq, "=") NATIVE(eq, "=", "char(x)", "char") NATIVE(eq, "=", "json", "json") FLOATS(eq) ANY(eq, FN_COMPARABLE)
  NATIVES(ne, "<>") NATIVE(ne, "<>", "char(x)", "char") NATIVE(ne, "<>", "json", "json") FLOATS(ne) ANY(ne, FN_COMPARABLE)
  NATIVES(lt, "<") FLOATS(lt) ANY(lt, FN_ORDERABLE|FN_RAISES)
  NATIVES(le, "<=") FLOATS(le) ANY(le, FN_ORDERABLE|FN_RAISES)
  NATIVES(gt, ">") FLOATS(gt) ANY(gt, FN_ORDERABLE|FN_RAISES)
  NATIVES(ge, ">=") FLOATS(ge) ANY(ge, FN_ORDERABLE|FN_RAISES)
  DISTINCT("boolean", "boolean") DISTINCT("tinyint", "tinyint") DISTINCT("smallint", "smallint")
  DISTINCT("integer", "integer") DISTINCT("bigint", "bigint") DISTINCT("real", "real")
  DISTINCT("double", "double") DISTINCT("decimal(p,s)", "decimal") DISTINCT("varchar(x)", "varchar")
  DISTINCT("char(x)", "char") DISTINCT("varbinary", "varbinary") DISTINCT("date", "date")
  DISTINCT("time(p)", "time") DISTINCT("timestamp(p)", "timestamp") DISTINCT("json", "json")
  DISTINCT("interval day to second", "ds") DISTINCT("interval year to month", "ym")
  ANY(distinct, FN_NULLS|FN_COMPARABLE)
  {"greatest", "(E...) -> E", greatest, FN_ORDERABLE|FN_RAISES, 0, 0,
   "The largest argument; NULL if any is NULL.", "greatest(3, 12, 7) = 12", 0},
  {"least", "(E...) -> E", least, FN_ORDERABLE|FN_RAISES, 0, 0,
   "The smallest argument; NULL if any is NULL.", "least('b', 'a') = a", 0},
  {"$nullif", "(T, U, U) -> T", nullif, FN_NULLS|FN_COMPARABLE, "t_nullif", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
