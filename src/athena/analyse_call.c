/*
** Function calls: the special forms (COALESCE, IF, NULLIF, TRY), scalar and
** aggregate functions through the registry, lambdas.  Calls with OVER go on to
** analyse_window.c, SQL/JSON functions to analyse_json.c.
**
** A lambda's body is analysed once for each set of parameter types that the
** resolver tries, on a copy of its tree; the copy made for the chosen overload
** becomes the argument.
*/
#include <string.h>
#include "analyser.h"

typedef struct LambdaEnv {
  Analyser *an;
  Pos call;
  Scope *scope;
  Expr **arg;
} LambdaEnv;

/* --- Messages ------------------------------------------------------------ */

/* A type as signatures print it: no blanks between parameters. */
static void print_signature(Buf *b, const Type *t){
  switch( t->kind ){
    case T_FUNCTION: buf_str(b, "<function>"); return;
    case T_ARRAY: case T_MAP: case T_ROW: break;
    default: type_print(b, t); return;
  }
  buf_str(b, t->kind==T_ARRAY ? "array(" : t->kind==T_MAP ? "map(" : "row(");
  for(int i=0; i<t->n; i++){
    if( i ) buf_char(b, ',');
    if( t->kind==T_ROW && t->name[i] ) buf_printf(b, "\"%s\" ", t->name[i]);
    print_signature(b, t->arg[i]);
  }
  buf_char(b, ')');
}

void call_unresolved(Analyser *an, Expr *e, const char *name, int n, const Type *const *argt,
                     FnMatchKind kind, const char *expected){
  if( kind==FN_AMBIGUOUS )
    an_fail(an, "AMBIGUOUS_FUNCTION_CALL", e->pos, "%s", expected ? expected : "");
  if( !window_only(name) && fn_known_missing(name) ) an_refuse(an, e->pos, "function %s", name);
  if( kind==FN_UNKNOWN_NAME ) an_fail(an, "FUNCTION_NOT_FOUND", e->pos, "Function '%s' not registered", name);
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<n; i++){
    if( i ) buf_str(&b, ", ");
    print_signature(&b, argt[i]);
  }
  an_fail(an, "FUNCTION_NOT_FOUND", e->pos, "Unexpected parameters (%s) for function %s. Expected: %s",
    b.z ? b.z : "", name, expected ? expected : "");
}

/* --- Lambdas ------------------------------------------------------------- */

/* Analyse a lambda for these parameter types; returns the analysed copy. */
static Expr *lambda_bind(Analyser *an, Pos call, Scope *s, Expr *lambda, int n_param, const Type *const *param){
  if( lambda->param.n!=n_param )
    an_fail(an, "INVALID_PARAMETER_USAGE", lambda->pos, "Expected a lambda that takes %d argument(s) but got %d",
      n_param, lambda->param.n);
  Expr *copy = expr_clone(an, lambda);
  Scope *inner = scope_new(an, s, 0);
  Sem *sem = sem_new(an, copy, SEM_LAMBDA);
  sem->param = ARENA_ARRAY(an->arena, Field*, n_param+1);
  for(int i=0; i<n_param; i++){
    const Name *name = &lambda->param.name[i];
    for(int j=0; j<i; j++)
      if( !strcmp(lambda->param.name[j].lower, name->lower) )
        an_fail(an, "AMBIGUOUS_NAME", call, "Column '%s' is ambiguous", name->lower);
    Field *f = field_new(an, name->lower, name->text, param[i], 0);
    f->is_lambda = 1;
    f->lambda_index = i;
    sem->param[i] = f;
    scope_add(an, inner, f);
  }
  an->in_lambda++;
  expr_analyse(an, inner, copy->arg[0]);
  an->in_lambda--;
  check_no_aggregates(an, copy->arg[0], "Lambda expression");
  return copy;
}

static const Type *lambda_type(void *p, int arg, int n_param, const Type *const *param){
  LambdaEnv *env = p;
  return lambda_bind(env->an, env->call, env->scope, env->arg[arg], n_param, param)->arg[0]->type;
}

/* --- Resolution ---------------------------------------------------------- */

static int is_lambda(const Expr *e){ return e->kind==EXPR_LAMBDA; }

/* Types of the arguments; a lambda is a function of unknown parameters. */
static const Type **argument_types(Analyser *an, Scope *s, int n, Expr **arg){
  const Type **t = ARENA_ARRAY(an->arena, const Type*, n+1);
  for(int i=0; i<n; i++){
    if( !is_lambda(arg[i]) ){
      t[i] = expr_analyse(an, s, arg[i]);
      continue;
    }
    int k = arg[i]->param.n;
    const Type **p = ARENA_ARRAY(an->arena, const Type*, k+1);
    for(int j=0; j<k; j++) p[j] = &TYPE_UNKNOWN;
    t[i] = type_function(an->arena, k, p, &TYPE_UNKNOWN);
  }
  return t;
}

/* array_join needs elements that can be cast to varchar. */
static void check_array_join(Analyser *an, const Expr *e, const char *name, const Type **param){
  if( strcmp(name, "array_join") || param[0]->kind!=T_ARRAY ) return;
  if( !type_can_cast(param[0]->arg[0], &TYPE_VARCHAR) )
    an_fail(an, "OPERATOR_NOT_FOUND", e->pos, "Cannot cast %s to varchar", type_z(an, param[0]->arg[0]));
}

/* Resolve, bind lambdas, coerce arguments: fills sem->fn or sem->agg and sem->arg. */
static Sem *resolve(Analyser *an, Scope *s, Expr *e, const char *name, int n, Expr **arg){
  if( n>127 ) an_fail(an, "TOO_MANY_ARGUMENTS", e->pos, "Too many arguments for function call %s()", name);
  if( n>FN_ARG_MAX ) an_refuse(an, e->pos, "a call with more than %d arguments", FN_ARG_MAX);
  const Type **t = argument_types(an, s, n, arg);
  LambdaEnv env = {an, e->pos, s, arg};
  FnMatch m;
  const char *expected = 0;
  memset(&m, 0, sizeof m);
  FnMatchKind kind = fn_resolve(an->arena, name, n, t, lambda_type, &env, &m, &expected);
  if( kind!=FN_MATCHED ) call_unresolved(an, e, name, n, t, kind, expected);
  check_array_join(an, e, name, m.param);
  Sem *sem = sem_new(an, e, m.agg ? SEM_AGG : SEM_FN);
  sem->fn = m.fn;
  sem->agg = m.agg;
  sem->n = n;
  sem->arg = ARENA_ARRAY(an->arena, Expr*, n+1);
  for(int i=0; i<n; i++){
    if( !is_lambda(arg[i]) ){
      sem->arg[i] = expr_coerce(an, arg[i], m.param[i]);
      continue;
    }
    const Type *f = m.param[i];
    Expr *bound = lambda_bind(an, e->pos, s, arg[i], f->n-1, f->arg);
    bound->arg[0] = expr_coerce(an, bound->arg[0], f->arg[f->n-1]);
    bound->type = f;
    sem->arg[i] = bound;
  }
  e->type = m.result;
  return sem;
}

const Type *call_analyse_as(Analyser *an, Scope *s, Expr *e, const char *name, int n, Expr **arg){
  resolve(an, s, e, name, n, arg);
  return e->type;
}

const Type *trim_analyse(Analyser *an, Scope *s, Expr *e, const char *name){
  const Type **t = argument_types(an, s, e->n, e->arg);
  FnMatch m;
  const char *expected = 0;
  memset(&m, 0, sizeof m);
  if( fn_resolve(an->arena, name, e->n, t, 0, 0, &m, &expected)==FN_NO_OVERLOAD ){
    Buf b;
    buf_init(&b, an->arena);
    for(int i=0; i<e->n; i++){
      if( i ) buf_str(&b, ", ");
      print_signature(&b, t[i]);
    }
    an_fail(an, "FUNCTION_NOT_FOUND", POS_NONE, "Unexpected parameters (%s) for function system.builtin.%s. Expected: %s", b.z, name, expected);
  }
  return call_analyse_as(an, s, e, name, e->n, e->arg);
}

/* --- Special forms ------------------------------------------------------- */

static void special_arguments(Analyser *an, Expr *e, const char *name, int ok, const char *wrong){
  if( e->over ) an_fail(an, "MALFORMED_QUERY", e->pos, "OVER clause not valid for '%s' function", name);
  if( e->distinct ) an_fail(an, "MALFORMED_QUERY", e->pos, "DISTINCT not valid for '%s' function", name);
  if( e->filter ) an_fail(an, "MALFORMED_QUERY", e->pos, "FILTER not valid for '%s' function", name);
  if( e->order_by.n ) an_fail(an, "MALFORMED_QUERY", e->pos, "ORDER BY clause not valid for '%s' function", name);
  if( !ok ) an_fail(an, "MALFORMED_QUERY", e->pos, "%s", wrong);
}

static const Type *analyse_if(Analyser *an, Scope *s, Expr *e){
  special_arguments(an, e, "if", e->n==2 || e->n==3, "Invalid number of arguments for 'if' function");
  e->arg[0] = expr_boolean(an, s, e->arg[0], "IF condition");
  const Type *t = expr_analyse(an, s, e->arg[1]);
  if( e->n==3 ){
    const Type *u = expr_analyse(an, s, e->arg[2]);
    const Type *c = type_common(an->arena, t, u);
    if( c==0 )
      an_fail(an, "TYPE_MISMATCH", e->pos, "Result types for IF must be the same: %s vs %s", type_z(an, t), type_z(an, u));
    e->arg[1] = expr_coerce(an, e->arg[1], c);
    e->arg[2] = expr_coerce(an, e->arg[2], c);
    t = c;
  }
  sem_new(an, e, SEM_IF);
  return e->type = t;
}

static const Type *analyse_nullif(Analyser *an, Scope *s, Expr *e){
  special_arguments(an, e, "nullif", e->n==2, "Invalid number of arguments for 'nullif' function");
  const Type *a = expr_analyse(an, s, e->arg[0]), *b = expr_analyse(an, s, e->arg[1]);
  const Type *t = type_common(an->arena, a, b);
  if( t==0 || !type_is_comparable(t) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Types are not comparable with NULLIF: %s vs %s", type_z(an, a), type_z(an, b));
  Sem *sem = sem_new(an, e, SEM_NULLIF);
  sem->operand = t;
  sem->fn = comparison_fn(an, OP_EQ, t);
  if( sem->fn==0 && t->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "NULLIF of %s", type_z(an, t));
  return e->type = a;
}

static const Type *analyse_coalesce(Analyser *an, Scope *s, Expr *e){
  special_arguments(an, e, "coalesce", e->n>=2, "The 'coalesce' function must have at least two arguments");
  for(int i=0; i<e->n; i++) expr_analyse(an, s, e->arg[i]);
  const Type *t = expr_unify(an, e->n, e->arg, "All COALESCE operands");
  sem_new(an, e, SEM_COALESCE);
  return e->type = t;
}

static const Type *analyse_try(Analyser *an, Scope *s, Expr *e){
  special_arguments(an, e, "try", e->n==1, "The 'try' function must have exactly one argument");
  const Type *t = expr_analyse(an, s, e->arg[0]);
  sem_new(an, e, SEM_TRY);
  return e->type = t;
}

/* What format() takes: types with a class in Java, or a CAST to varchar. */
static int can_format(const Type *t){
  return t->kind==T_UNKNOWN || t->kind==T_JSON || t->kind==T_CHAR || type_can_cast(t, &TYPE_VARCHAR);
}

/* format(pattern, …) takes arguments of all types as they are: its row is not
** found by the resolver. */
static const Type *analyse_format(Analyser *an, Scope *s, Expr *e){
  special_arguments(an, e, "format", e->n>=2, "The 'format' function must have at least two arguments");
  const Type **t = argument_types(an, s, e->n, e->arg);
  if( t[0]->kind!=T_VARCHAR && t[0]->kind!=T_UNKNOWN )
    an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Type of first argument to format() must be VARCHAR (actual: %s)", type_z(an, t[0]));
  for(int i=1; i<e->n; i++){
    if( !can_format(t[i]) )
      an_fail(an, "NOT_SUPPORTED", e->arg[i]->pos, "Type not supported for formatting: %s", type_z(an, t[i]));
  }
  Sem *sem = sem_new(an, e, SEM_FN);
  sem->fn = fn_by_sql("t_format", 8);
  if( sem->fn==0 ) an_refuse(an, e->pos, "function format");
  sem->n = e->n;
  sem->arg = e->arg;
  return e->type = &TYPE_VARCHAR;
}

/* --- Ordinary calls ------------------------------------------------------ */

/* What only an aggregate may carry. */
static void check_scalar_call(Analyser *an, Expr *e, const char *name){
  if( e->nulls!=NULLS_NONE )
    an_fail(an, "NULL_TREATMENT_NOT_ALLOWED", e->pos, "Cannot specify null treatment clause for %s function", name);
  if( e->distinct )
    an_fail(an, "FUNCTION_NOT_AGGREGATE", e->pos, "DISTINCT is not supported for non-aggregation functions");
  if( e->order_by.n )
    an_fail(an, "FUNCTION_NOT_AGGREGATE", e->pos, "ORDER BY is only valid for aggregation functions");
  if( e->filter )
    an_fail(an, "FUNCTION_NOT_AGGREGATE", e->pos, "Filter is only valid for aggregation functions");
}

static void check_aggregate_call(Analyser *an, Scope *s, Expr *e, Sem *sem){
  if( e->distinct ){
    for(int i=0; i<sem->n; i++){
      const Type *t = sem->arg[i]->type;
      if( t->kind!=T_FUNCTION && !type_is_comparable(t) )
        an_fail(an, "TYPE_MISMATCH", e->pos, "DISTINCT can only be applied to comparable types (actual: %s)", type_z(an, t));
    }
  }
  for(int i=0; i<e->order_by.n; i++){
    Expr *k = e->order_by.item[i].e;
    const Type *t = expr_analyse(an, s, k);
    if( !type_is_orderable(t) )
      an_fail(an, "TYPE_MISMATCH", e->pos, "ORDER BY can only be applied to orderable types (actual: %s)", type_z(an, t));
    if( !e->distinct ) continue;
    int found = 0;
    for(int j=0; j<sem->n && !found; j++) found = expr_same(k, sem->arg[j]);
    if( !found )
      an_fail(an, "EXPRESSION_NOT_IN_DISTINCT", k->pos, "For aggregate function with DISTINCT, ORDER BY expressions must appear in arguments");
  }
}

static const char *call_name(Analyser *an, const Expr *e){
  if( e->function_name.n==1 ) return e->function_name.name[0].lower;
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<e->function_name.n; i++) buf_printf(&b, "%s%s", i ? "." : "", e->function_name.name[i].lower);
  return b.z;
}

static Expr *text_argument(Analyser *an, Pos pos, const char *z){
  Expr *e = an_expr(an, EXPR_STRING, pos);
  e->text = z;
  e->value.n = (int)strlen(z);
  return e;
}

static Expr *bool_argument(Analyser *an, Pos pos, int v){
  Expr *e = an_expr(an, EXPR_BOOL, pos);
  e->value = value_int(v);
  return e;
}

/* listagg(x, separator, error on overflow, filler, with count); e->text holds
** the clause: NULL, "error" or "truncate|with|filler". */
static void listagg_arguments(Analyser *an, Expr *e){
  Expr **arg = ARENA_ARRAY(an->arena, Expr*, 5);
  const char *clause = e->text, *count = 0, *filler = "...";
  int truncate = clause && !strncmp(clause, "truncate|", 9);
  if( e->n<1 || e->n>2 ) return;
  if( truncate ){
    count = clause + 9;
    filler = strchr(count, '|');
    filler = filler ? filler+1 : "";
  }
  arg[0] = e->arg[0];
  arg[1] = e->n>1 ? e->arg[1] : text_argument(an, e->pos, "");
  arg[2] = bool_argument(an, e->pos, !truncate);
  arg[3] = text_argument(an, e->pos, filler);
  arg[4] = bool_argument(an, e->pos, count && !strncmp(count, "with|", 5));
  e->arg = arg;
  e->n = 5;
}

const Type *call_analyse(Analyser *an, Scope *s, Expr *e){
  const char *name = call_name(an, e);
  if( !strcmp(name, "if") ) return analyse_if(an, s, e);
  if( !strcmp(name, "coalesce") ) return analyse_coalesce(an, s, e);
  if( !strcmp(name, "nullif") ) return analyse_nullif(an, s, e);
  if( !strcmp(name, "try") ) return analyse_try(an, s, e);
  if( !strcmp(name, "format") ) return analyse_format(an, s, e);
  if( e->over || window_only(name) ) return window_call_analyse(an, s, e);
  if( !strcmp(name, "now") && e->n==0 && !e->star ){
    e->name.lower = e->name.text = "now";
    e->index = -1;
    e->kind = EXPR_CURRENT;
    return literal_analyse(an, e);
  }
  if( e->filter ){
    const Type *t = expr_analyse(an, s, e->filter);
    if( t->kind!=T_BOOLEAN && t->kind!=T_UNKNOWN )
      an_fail(an, "TYPE_MISMATCH", e->filter->pos, "Filter expression must evaluate to a boolean (actual: %s)", type_z(an, t));
    e->filter = expr_coerce(an, e->filter, &TYPE_BOOLEAN);
  }
  if( !strcmp(name, "listagg") ){
    listagg_arguments(an, e);
    const Type *t = e->n && !is_lambda(e->arg[0]) ? expr_analyse(an, s, e->arg[0]) : 0;
    if( t && t->kind!=T_VARCHAR )
      an_fail(an, "TYPE_MISMATCH", e->pos, "Expected expression of varchar, but '%s' has %s type", expr_text(an, e->arg[0]), type_z(an, t));
  }
  Sem *sem = resolve(an, s, e, name, e->star ? 0 : e->n, e->arg);
  if( !strcmp(name, "array_join") && !type_can_cast(sem->arg[0]->type->arg[0], &TYPE_VARCHAR) )
    an_fail(an, "OPERATOR_NOT_FOUND", e->pos, "Cannot cast %s to varchar", type_z(an, sem->arg[0]->type->arg[0]));
  if( sem->kind==SEM_AGG ) check_aggregate_call(an, s, e, sem);
  else check_scalar_call(an, e, name);
  return e->type;
}
