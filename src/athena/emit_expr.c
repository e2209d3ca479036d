/*
** Analysed expressions as SQLite SQL, or as programs (vtab/fn/program.h).
**
** The same functions write both: where they differ, E->program says which.
** In a program, what is not part of it (columns, aggregates, subqueries,
** window calls) is captured: its SQL becomes an argument of the call and $k
** stands for it.
*/
#include <math.h>
#include <string.h>
#include "emit.h"
#include "../../vtab/fn/cast.h"

#define PARSE_DEPTH_MAX 36      /* of one expression, as parse_depth() counts */

const char *ep(Emitter *E, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  const char *z = arena_vprintf(E->arena, fmt, ap);
  va_end(ap);
  if( z==0 ) an_refuse(E->an, POS_NONE, "out of memory");
  E->size += strlen(z);
  if( E->size>(size_t)SQL_MAX*8 ) an_refuse(E->an, POS_START, "a query that needs more than %d bytes of SQL", SQL_MAX);
  return z;
}

/* --- Comparison ---------------------------------------------------------- */

const char *emit_fn(Emitter *E, const FnDef *fn, const Type *const *argt, const Type *rett, int n, const char *const *arg){
  if( E->program ) return fn_plain_sql(E->an, fn, argt, rett, n, arg);
  return fn_sql(E->an, fn, argt, rett, n, arg);
}

const char *emit_compare(Emitter *E, const FnDef *fn, const Type *t, const char *a, const char *b){
  const Type *argt[2] = {t, t};
  const char *arg[2] = {a, b};
  if( t->kind==T_UNKNOWN || fn==0 ) return "NULL";
  return emit_fn(E, fn, argt, &TYPE_BOOLEAN, 2, arg);
}

const char *emit_not(Emitter *E, const char *a){
  return E->program ? ep(E, "not(%s)", a) : ep(E, "(NOT %s)", a);
}

/* A constant that is a number and not NaN: SQLite's own comparison is exact. */
static int plain_number(Expr *e){
  e = expr_bare(e);
  Sem *sem = e->sem;
  return sem && sem->kind==SEM_VALUE && (e->value.kind==V_INT || (e->value.kind==V_REAL && e->value.r==e->value.r));
}

static int is_float(const Type *t){ return t->kind==T_DOUBLE || t->kind==T_REAL; }

/* The number that a constant operand is; 0 if it is none, or infinite. */
static int finite_number(Expr *e, double *r){
  e = expr_bare(e);
  if( !plain_number(e) || !(type_is_integer(e->type) || is_float(e->type)) ) return 0;
  *r = e->value.kind==V_INT ? (double)e->value.i : e->value.r;
  return isfinite(*r);
}

/* a OP b on doubles with one constant side: NaN is a TEXT, which SQLite puts
** after all numbers, so only x > 5 and x >= 5 need care: they end at infinity. */
static const char *float_compare(Emitter *E, Expr *e){
  static const char *const sign[] = {"", "=", "<>", "<", "<=", ">", ">="};
  if( E->program || !is_float(((Sem*)e->sem)->operand) || e->op<OP_EQ || e->op>OP_GE ) return 0;
  int left = plain_number(e->arg[0]), right = plain_number(e->arg[1]);
  if( !left && !right ) return 0;
  int upward = right ? e->op==OP_GT || e->op==OP_GE : e->op==OP_LT || e->op==OP_LE;
  if( upward && !(left && right) ){
    double least;
    if( !finite_number(e->arg[right], &least) ) return 0;
    if( e->op==OP_GT || e->op==OP_LT ) least = nextafter(least, INFINITY);
    Value v = value_real(least);
    return ep(E, "(%s BETWEEN %s AND 9e999)", emit_expr(E, e->arg[!right]), value_sql(E->an, &v));
  }
  return ep(E, "(%s %s %s)", emit_expr(E, e->arg[0]), sign[e->op], emit_expr(E, e->arg[1]));
}

static const char *emit_between(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  const char *x = emit_expr(E, e->arg[0]), *lo = emit_expr(E, e->arg[1]), *hi = emit_expr(E, e->arg[2]);
  const Type *t = sem->operand;
  const char *r;
  int native = !E->program && sem->fn && (sem->fn->native || (is_float(t) && plain_number(e->arg[1]) && plain_number(e->arg[2])));
  if( t->kind==T_UNKNOWN ) return "NULL";
  if( native ){
    int raises = expr_may_raise(e->arg[1]) || expr_may_raise(e->arg[2]);
    r = ep(E, raises ? "(+(%s BETWEEN %s AND %s))" : "(%s BETWEEN %s AND %s)", x, lo, hi);
  }else{
    const char *a = emit_compare(E, sem->fn, t, lo, x), *b = emit_compare(E, sem->fn, t, x, hi);
    /* both sides are always evaluated */
    r = E->program ? ep(E, "and(%s, %s)", a, b) : ep(E, "(+(%s AND %s))", a, b);
  }
  return e->negated ? emit_not(E, r) : r;
}

static const char *emit_in_list(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  int n = e->n-1;
  const char *x = emit_expr(E, e->arg[0]);
  const char *const *item = emit_all(E, n, e->arg+1);
  if( sem->operand->kind==T_UNKNOWN ) return "NULL";
  int native = !E->program && sem->fn->native!=0;
  if( !E->program && is_float(sem->operand) ){
    native = 1;
    for(int i=1; i<=n && native; i++) native = plain_number(e->arg[i]);
  }
  const char *r;
  if( native ){
    const char *list = emit_list_of(E, "", n, item);
    r = ep(E, "(%s IN %s)", x, list);
  }else{
    const char **eq = ARENA_ARRAY(E->arena, const char*, n);
    for(int i=0; i<n; i++) eq[i] = emit_compare(E, sem->fn, sem->operand, x, item[i]);
    r = E->program ? emit_list_of(E, "or", n, eq) : emit_joined(E, "OR", n, eq);
  }
  return e->negated ? emit_not(E, r) : r;
}

static const char *emit_distinct(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  const char *a = emit_expr(E, e->arg[0]), *b = emit_expr(E, e->arg[1]);
  if( sem->operand->kind==T_UNKNOWN ) return e->op==OP_DISTINCT ? "0" : "1";
  const char *r = emit_compare(E, sem->fn, sem->operand, a, b);
  return e->op==OP_NOT_DISTINCT ? emit_not(E, r) : r;
}

/* --- Conditionals -------------------------------------------------------- */

static const char *emit_case(Emitter *E, Expr *e){
  int simple = e->kind==EXPR_CASE_SIMPLE;
  Sem *sem = e->sem;
  const char *x = simple ? emit_expr(E, e->arg[0]) : 0;
  const char *other = e->else_ ? emit_expr(E, e->else_) : "NULL";
  Buf b;
  buf_init(&b, E->arena);
  buf_str(&b, E->program ? "case(" : "CASE");
  for(int i=simple; i+1<e->n; i+=2){
    const char *c = emit_expr(E, e->arg[i]), *v = emit_expr(E, e->arg[i+1]);
    if( simple ) c = emit_compare(E, sem->fn, sem->operand, x, c);
    buf_printf(&b, E->program ? "%s, %s, " : " WHEN %s THEN %s", c, v);
  }
  buf_printf(&b, E->program ? "%s)" : " ELSE %s END", other);
  return b.z;
}

static const char *emit_if(Emitter *E, const char *c, const char *a, const char *b){
  return E->program ? ep(E, "if(%s, %s, %s)", c, a, b) : ep(E, "CASE WHEN %s THEN %s ELSE %s END", c, a, b);
}

static const char *emit_nullif(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  const char *a = emit_expr(E, e->arg[0]), *b = emit_expr(E, e->arg[1]);
  if( sem->operand->kind==T_UNKNOWN ) return "NULL";
  const char *ca = a, *cb = b;
  if( !coerce_is_free(e->arg[0]->type, sem->operand) ) ca = emit_coerced(E, a, e->arg[0]->type, sem->operand);
  if( !coerce_is_free(e->arg[1]->type, sem->operand) ) cb = emit_coerced(E, b, e->arg[1]->type, sem->operand);
  return emit_if(E, emit_compare(E, sem->fn, sem->operand, ca, cb), "NULL", a);
}

static const char *emit_coalesce(Emitter *E, Expr *e){
  const char *const *t = emit_all(E, e->n, e->arg);
  int n = e->n;
  const char *rest = t[n-1];
  while( n>1 ){                 /* at most 100 arguments a call */
    int k = n-1<99 ? n-1 : 99;
    const char **part = ARENA_ARRAY(E->arena, const char*, k+1);
    for(int i=0; i<k; i++) part[i] = t[n-1-k+i];
    part[k] = rest;
    rest = emit_list_of(E, "coalesce", k+1, part);
    n -= k;
  }
  return rest;
}

/* --- Casts and constructors ---------------------------------------------- */

const char *emit_coerced(Emitter *E, const char *sql, const Type *from, const Type *to){
  if( coerce_is_free(from, to) ) return sql;
  return E->program ? cast_sql(E->an, "t_cast", sql, from, to) : coerce_sql(E->an, sql, from, to);
}

static const char *emit_cast(Emitter *E, Expr *e){
  const Type *from = e->arg[0]->type, *to = e->type;
  if( from->kind==T_UNKNOWN ) return "NULL";
  const char *a = emit_expr(E, e->arg[0]);
  if( coerce_is_free(from, to) ) return a;
  const char *native = cast_native(E->arena, from, to);
  if( native && (E->program==0 || !strcmp(native, "%1")) )
    return !strcmp(native, "%1") ? a : native_sql(E->an, native, 1, &a);
  return cast_sql(E->an, e->op ? "t_try_cast" : "t_cast", a, from, to);
}

/* The value of a constant whose carrier its coercion does not change. */
static int constant(Expr *e, Value *out){
  while( e->kind==EXPR_COERCE ){
    if( !coerce_is_free(e->arg[0]->type, e->type) ) return 0;
    e = e->arg[0];
  }
  Sem *sem = e->sem;
  if( sem==0 || sem->kind!=SEM_VALUE ) return 0;
  *out = e->value;
  return 1;
}

/* ARRAY[…] and ROW(…): a literal when all is constant. */
static const char *emit_list(Emitter *E, Expr *e, const char *name){
  Value *v = ARENA_ARRAY(E->arena, Value, e->n+1);
  int i;
  for(i=0; i<e->n && constant(e->arg[i], &v[i]); i++){}
  if( i==e->n ){
    Value list = list_from(E->arena, e->n, v);
    return value_sql(E->an, &list);
  }
  if( e->n>120 ) an_refuse(E->an, e->pos, "a constructor of more than 120 elements that are not constant");
  const char *const *t = emit_all(E, e->n, e->arg);
  const Type **argt = ARENA_ARRAY(E->arena, const Type*, e->n+1);
  for(i=0; i<e->n; i++) argt[i] = e->arg[i]->type;
  return emit_named(E, name, argt, e->type, e->n, t, e->pos);
}

static const char *emit_deref(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  const Type *argt[2] = {e->arg[0]->type, &TYPE_BIGINT};
  const char *arg[2] = {emit_expr(E, e->arg[0]), ep(E, "%d", sem->index + 1)};
  return emit_named(E, "$field", argt, e->type, 2, arg, e->pos);
}

/* A row of the registry by its internal name. */
const char *emit_named(Emitter *E, const char *name, const Type *const *argt, const Type *rett, int n, const char *const *arg, Pos pos){
  const FnDef *row[4];
  if( fn_named(name, row, 4)<1 ) an_refuse(E->an, pos, "%s", name);
  return emit_fn(E, row[0], argt, rett, n, arg);
}

/* --- Columns ------------------------------------------------------------- */

static const char *emit_column(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  Field *f = sem->field;
  if( f->is_lambda ) return program_parameter(E, f, e->pos);
  if( f->item ) return emit_expr(E, f->item);
  const char *sql = f->sql;
  if( sem->owner && sem->owner->stage==1 ){
    int k = group_key_index(sem->owner, e);
    if( k<0 ) an_refuse(E->an, e->pos, "column %s outside its group", expr_text(E->an, e));
    sql = ep(E, "r%d.g%d", sem->owner->id, k);
  }
  if( sql==0 ) an_refuse(E->an, e->pos, "column %s here", expr_text(E->an, e));
  return E->program ? program_capture(E, sql, e->type) : sql;
}

/* What the inner SELECT of the groups has computed: keys and aggregates. */
static const char *emit_grouped(Emitter *E, Expr *e){
  Select *sel = E->select;
  if( sel==0 || sel->stage!=1 ) return 0;
  const char *sql = 0;
  for(int i=0; i<sel->aggs.n && sql==0; i++) if( sel->aggs.e[i]==e ) sql = ep(E, "r%d.a%d", sel->id, i);
  Sem *sem = e->sem;
  if( sql==0 && !(sem && sem->kind==SEM_VALUE) ){
    int k = group_key_index(sel, e);
    if( k>=0 ) sql = ep(E, "r%d.g%d", sel->id, k);
  }
  if( sql==0 ) return 0;
  return E->program ? program_capture(E, sql, e->type) : sql;
}

static const char *emit_by_kind(Emitter *E, Expr *e){
  switch( e->kind ){
    case EXPR_COERCE: {
      Expr *a = e->arg[0];
      Sem *sem = a->sem;
      if( sem && sem->kind==SEM_VALUE && type_is_integer(a->type) && e->type->kind==T_DOUBLE && a->value.kind==V_INT ){
        Value v = value_real((double)a->value.i);
        const char *z = value_sql(E->an, &v);
        return E->program && z[0]=='(' ? arena_strndup(E->arena, z+1, strlen(z)-2) : z;
      }
      return emit_coerced(E, emit_expr(E, a), a->type, e->type);
    }
    case EXPR_AND: case EXPR_OR: return emit_logic(E, e);
    case EXPR_NOT: return emit_not(E, emit_expr(E, e->arg[0]));
    case EXPR_IS_NULL: {
      const char *a = emit_expr(E, e->arg[0]);
      if( E->program ) return ep(E, e->negated ? "not(is_null(%s))" : "is_null(%s)", a);
      return ep(E, e->negated ? "(%s IS NOT NULL)" : "(%s IS NULL)", a);
    }
    case EXPR_CASE: case EXPR_CASE_SIMPLE: return emit_case(E, e);
    case EXPR_CAST: return emit_cast(E, e);
    case EXPR_UNARY: return emit_expr(E, e->arg[0]);     /* + */
    default: an_refuse(E->an, e->pos, "%s here", expr_text(E->an, e));
  }
}

static const char *emit_by_sem(Emitter *E, Expr *e, Sem *sem){
  switch( sem->kind ){
    case SEM_VALUE: {
      const char *z = value_sql(E->an, &e->value);
      /* a program writes negative numbers without parentheses */
      return E->program && z[0]=='(' ? arena_strndup(E->arena, z+1, strlen(z)-2) : z;
    }
    case SEM_COLUMN: return emit_column(E, e);
    case SEM_DEREF: return emit_deref(E, e);
    case SEM_FN: {
      const char *sql = emit_call(E, e);
      return e->kind==EXPR_LIKE && e->negated ? emit_not(E, sql) : sql;
    }
    case SEM_WINDOW: {
      ProgramText *p = E->program;
      E->program = 0;
      const char *sql = emit_window(E, e);
      E->program = p;
      return p ? program_capture(E, sql, e->type) : sql;
    }
    case SEM_COALESCE: return emit_coalesce(E, e);
    case SEM_IF:
      return emit_if(E, emit_expr(E, e->arg[0]), emit_expr(E, e->arg[1]), e->n>2 ? emit_expr(E, e->arg[2]) : "NULL");
    case SEM_NULLIF: return emit_nullif(E, e);
    case SEM_TRY: return emit_try(E, e);
    case SEM_EQ: {
      if( e->kind==EXPR_CASE_SIMPLE ) return emit_case(E, e);
      const char *native = float_compare(E, e);
      if( native ) return native;
      return emit_compare(E, sem->fn, sem->operand, emit_expr(E, e->arg[0]), emit_expr(E, e->arg[1]));
    }
    case SEM_DISTINCT: return emit_distinct(E, e);
    case SEM_BETWEEN: return emit_between(E, e);
    case SEM_IN_LIST: return emit_in_list(E, e);
    case SEM_SUBQUERY: case SEM_EXISTS: case SEM_IN_QUERY: case SEM_QUANTIFIED: return emit_subquery(E, e);
    case SEM_ROW: return emit_list(E, e, "$row");
    case SEM_ARRAY: return emit_list(E, e, "$array");
    case SEM_AGG: case SEM_GROUPING: an_refuse(E->an, e->pos, "%s here", expr_text(E->an, e));
    default: return emit_by_kind(E, e);
  }
}

/* How much of SQLite's parser stack (100 symbols) a text takes: parentheses
** and CASEs open at once, those behind other arguments count more. */
static int parse_depth(const char *z){
  int depth = 0, most = 0;
  for(; *z; z++){
    if( *z=='\'' || *z=='"' ){
      char quote = *z;
      for(z++; *z && *z!=quote; z++){}
      if( *z==0 ) break;
      continue;
    }
    if( *z=='(' ) depth += 3;
    else if( *z==')' ) depth -= 3;
    else if( !strncmp(z, "CASE ", 5) ) depth += 5;
    else if( !strncmp(z, " END", 4) ) depth -= 5;
    if( depth>most ) most = depth;
  }
  return most;
}

const char *emit_expr(Emitter *E, Expr *e){
  if( ++E->depth>DEPTH_MAX ) an_refuse(E->an, e->pos, "expression nested deeper than %d", DEPTH_MAX);
  const char *sql = e->kind==EXPR_COERCE ? 0 : emit_grouped(E, e);
  int own = sql==0;
  if( own ) sql = e->sem ? emit_by_sem(E, e, e->sem) : emit_by_kind(E, e);
  Sem *sem = e->sem;
  int is_query = sem && sem->kind>=SEM_SUBQUERY && sem->kind<=SEM_QUANTIFIED;
  if( own && E->program==0 && !is_query && !(sem && sem->kind==SEM_WINDOW) && parse_depth(sql)>PARSE_DEPTH_MAX )
    sql = emit_deep(E, e);
  E->depth--;
  return sql;
}
