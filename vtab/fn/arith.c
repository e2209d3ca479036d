/*
** The operators + - * / % and unary minus on numbers.
**
** Integers of the four widths, real, double and decimal have rows of their
** own, because Athena's result type, its overflow check and its error texts go
** by the type: `2147483647 + 1` fails, `BIGINT '2147483647' + 1` does not.
** A real is a double rounded to float32 at every step.  Decimal results get
** precision and scale from decimal_type_…; a scale beyond 38 is an error of
** Athena's own, raised here if nobody raised it before.
** Rows for dates, times and intervals are in the datetime family.
** Nothing has a native form: SQLite overflows to REAL and divides by zero to NULL.
*/
#include "fn.h"
#include "../decimal.h"
#include <math.h>

#define OUT_OF_RANGE "NUMERIC_VALUE_OUT_OF_RANGE"

typedef struct IntType { const char *name; int64_t min, max; } IntType;
static const IntType TINY = {"tinyint", INT8_MIN, INT8_MAX};
static const IntType SMALL = {"smallint", INT16_MIN, INT16_MAX};
static const IntType INTEGER = {"integer", INT32_MIN, INT32_MAX};
static const IntType BIG = {"bigint", INT64_MIN, INT64_MAX};

static int division_by_zero(FnCall *c){
  return fn_error(c, "DIVISION_BY_ZERO", "Division by zero");
}

static int overflow(FnCall *c, const IntType *t, const char *what, int64_t a, char sign, int64_t b){
  return fn_error(c, OUT_OF_RANGE, "%s %s overflow: %lld %c %lld", t->name, what,
                  (long long)a, sign, (long long)b);
}

/* --- Integers ------------------------------------------------------------ */

static int add_int(FnCall *c, const IntType *t, int64_t a, int64_t b, Value *out){
  int64_t r;
  if( __builtin_add_overflow(a, b, &r) || r<t->min || r>t->max ) return overflow(c, t, "addition", a, '+', b);
  *out = value_int(r);
  return FN_OK;
}

static int subtract_int(FnCall *c, const IntType *t, int64_t a, int64_t b, Value *out){
  int64_t r;
  if( __builtin_sub_overflow(a, b, &r) || r<t->min || r>t->max ) return overflow(c, t, "subtraction", a, '-', b);
  *out = value_int(r);
  return FN_OK;
}

static int multiply_int(FnCall *c, const IntType *t, int64_t a, int64_t b, Value *out){
  int64_t r;
  if( __builtin_mul_overflow(a, b, &r) || r<t->min || r>t->max ) return overflow(c, t, "multiplication", a, '*', b);
  *out = value_int(r);
  return FN_OK;
}

static int divide_int(FnCall *c, const IntType *t, int64_t a, int64_t b, Value *out){
  if( b==0 ) return division_by_zero(c);
  if( b==-1 && a==t->min ) return overflow(c, t, "division", a, '/', b);
  *out = value_int(a/b);
  return FN_OK;
}

static int modulus_int(FnCall *c, const IntType *t, int64_t a, int64_t b, Value *out){
  (void)t;
  if( b==0 ) return division_by_zero(c);
  *out = value_int(b==-1 ? 0 : a%b);
  return FN_OK;
}

static int negate_int(FnCall *c, const IntType *t, int64_t a, Value *out){
  if( a==t->min ) return fn_error(c, OUT_OF_RANGE, "%s negation overflow: %lld", t->name, (long long)a);
  *out = value_int(-a);
  return FN_OK;
}

#define INT_OP(op, suffix, type) \
  static int op##_##suffix(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return op##_int(c, &type, v[0].i, v[1].i, out); }
#define INT_OPS(suffix, type) \
  INT_OP(add, suffix, type) INT_OP(subtract, suffix, type) INT_OP(multiply, suffix, type) \
  INT_OP(divide, suffix, type) INT_OP(modulus, suffix, type) \
  static int negate_##suffix(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return negate_int(c, &type, v[0].i, out); }
INT_OPS(tinyint, TINY)
INT_OPS(smallint, SMALL)
INT_OPS(integer, INTEGER)
INT_OPS(bigint, BIG)

/* --- Floating point ------------------------------------------------------ */

#define FLOAT_OP(op, expr) \
  static int op##_double(FnCall *c, int n, const Value *v, Value *out){ \
    double a = v[0].r, b = v[n-1].r; \
    (void)c; (void)b; *out = value_real(expr); return FN_OK; } \
  static int op##_real(FnCall *c, int n, const Value *v, Value *out){ \
    double a = v[0].r, b = v[n-1].r; \
    (void)c; (void)b; *out = value_real((double)(float)(expr)); return FN_OK; }
FLOAT_OP(add, a + b)
FLOAT_OP(subtract, a - b)
FLOAT_OP(multiply, a * b)
FLOAT_OP(divide, a / b)
FLOAT_OP(modulus, fmod(a, b))
FLOAT_OP(negate, -a)

/* --- Decimals ------------------------------------------------------------ */

static int put(FnCall *c, i128 v, Value *out){
  if( c->rett->s>DECIMAL_PRECISION_MAX ){
    return fn_bad_argument(c, "DECIMAL scale must be in range [0, precision (%d)]: %d", c->rett->p, c->rett->s);
  }
  if( !decimal_fits(v, DECIMAL_PRECISION_MAX) ) return fn_error(c, OUT_OF_RANGE, "Decimal overflow");
  *out = value_put_decimal(c->arena, c->rett, v);
  return FN_OK;
}

typedef enum DecimalOp { D_ADD, D_SUBTRACT, D_MULTIPLY, D_DIVIDE, D_MODULUS } DecimalOp;

static int decimal_op(FnCall *c, DecimalOp op, const Value *v, Value *out){
  i128 a = value_get_decimal(c->argt[0], &v[0]), b = value_get_decimal(c->argt[1], &v[1]), r = 0;
  int sa = c->argt[0]->s, sb = c->argt[1]->s, failed = 0;
  if( op>=D_DIVIDE && b==0 ) return division_by_zero(c);
  switch( op ){
    case D_ADD: failed = decimal_add(a, sa, b, sb, &r); break;
    case D_SUBTRACT: failed = decimal_add(a, sa, -b, sb, &r); break;
    case D_MULTIPLY:
      failed = decimal_multiply(a, b, &r);
      if( c->rett->s>DECIMAL_PRECISION_MAX ) failed = 0;    /* put() says what is wrong */
      break;
    case D_DIVIDE: failed = decimal_divide(a, sa, b, sb, c->rett->s, &r); break;
    case D_MODULUS: r = decimal_modulus(a, sa, b, sb); break;
  }
  if( failed ) return fn_error(c, OUT_OF_RANGE, "Decimal overflow");
  return put(c, r, out);
}

#define DECIMAL_OP(op, code) \
  static int op##_decimal(FnCall *c, int n, const Value *v, Value *out){ \
    (void)n; return decimal_op(c, code, v, out); } \

DECIMAL_OP(add, D_ADD)
DECIMAL_OP(subtract, D_SUBTRACT)
DECIMAL_OP(multiply, D_MULTIPLY)
DECIMAL_OP(divide, D_DIVIDE)
DECIMAL_OP(modulus, D_MODULUS)

static int negate_decimal(FnCall *c, int n, const Value *v, Value *out){
  (void)n;
  return put(c, -value_get_decimal(c->argt[0], &v[0]), out);
}

#define DERIVE(op) \
  static const Type *derive_##op(Arena *a, int argc, const Type *const *t){ \
    return argc==2 ? decimal_type_##op(a, t[0], t[1]) : 0; }
DERIVE(add)
DERIVE(multiply)
DERIVE(divide)
DERIVE(modulus)
#define derive_subtract derive_add

/* --- Rows ---------------------------------------------------------------- */

#define ROW2(op, type) \
  {"$" #op, "(" #type ", " #type ") -> " #type, op##_##type, FN_RAISES, "t_" #op "_" #type, 0, 0, 0, 0},
#define ROW1(type) \
  {"$negate", "(" #type ") -> " #type, negate_##type, FN_RAISES, "t_negate_" #type, 0, 0, 0, 0},
#define ROWS(op) \
  ROW2(op, tinyint) ROW2(op, smallint) ROW2(op, integer) ROW2(op, bigint) ROW2(op, real) ROW2(op, double) \
  {"$" #op, "(decimal(p,s), decimal(q,t)) -> decimal(u,v)", op##_decimal, FN_RAISES|FN_TYPED, \
   "t_" #op "_decimal", 0, 0, 0, derive_##op},

const FnDef fn_arith[] = {
  ROWS(add)
  ROWS(subtract)
  ROWS(multiply)
  ROWS(divide)
  ROWS(modulus)
  ROW1(tinyint) ROW1(smallint) ROW1(integer) ROW1(bigint) ROW1(real) ROW1(double)
  {"$negate", "(decimal(p,s)) -> decimal(p,s)", negate_decimal, FN_TYPED, "t_negate_decimal", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
