/*
** Calls: functions, lambdas and TRY (as programs), aggregates, windows.
**
** A program is written twice: the first pass finds what it captures, the
** second knows how many captures there are, that is where the parameters
** begin in the frame.  Both passes meet the captures in the same order.
*/
#include <string.h>
#include "emit.h"
#include "../../vtab/fn/aggregate.h"

/* --- Programs ------------------------------------------------------------ */

const char *program_capture(Emitter *E, const char *sql, const Type *t){
  ProgramText *p = E->program;
  if( p->pass==1 ){             /* as in the first pass */
    int k = p->cursor<p->n_seq ? p->seq[p->cursor++] : 0;
    return ep(E, "$%d", k);
  }
  int k = 0;
  while( k<p->n && strcmp(p->sql[k], sql)!=0 ) k++;
  if( k==p->n ){
    if( p->n>=PROGRAM_CAPTURE_MAX ) an_refuse(E->an, POS_NONE, "a lambda that reads more than %d columns", PROGRAM_CAPTURE_MAX);
    p->sql[p->n] = sql;
    p->type[p->n++] = t;
  }
  if( p->n_seq>=PROGRAM_SEQ_MAX ) an_refuse(E->an, POS_NONE, "a lambda with more than %d references", PROGRAM_SEQ_MAX);
  p->seq[p->n_seq++] = k;
  return ep(E, "$%d", k);
}

const char *program_parameter(Emitter *E, Field *f, Pos pos){
  if( E->program==0 ) an_refuse(E->an, pos, "a lambda parameter outside its lambda");
  return ep(E, "$%d", f->lambda_index);
}

/* The program of an expression with parameters; as SQL arguments:
** the text literal, then the captures. */
static const char *emit_program(Emitter *E, Expr *body, int n_param, Field **param){
  ProgramText *p = ARENA_NEW(E->arena, ProgramText);
  const char *text = "";
  Buf b;
  p->sql = ARENA_ARRAY(E->arena, const char*, PROGRAM_CAPTURE_MAX);
  p->type = ARENA_ARRAY(E->arena, const Type*, PROGRAM_CAPTURE_MAX);
  p->seq = ARENA_ARRAY(E->arena, int, PROGRAM_SEQ_MAX);
  for(p->pass=0; p->pass<2; p->pass++){
    p->cursor = 0;
    p->top = p->n;
    for(int i=0; i<n_param; i++) param[i]->lambda_index = p->top++;
    E->program = p;
    text = emit_expr(E, body);
    E->program = 0;
  }
  buf_init(&b, E->arena);
  if( p->n ){
    buf_char(&b, '[');
    for(int i=0; i<p->n; i++){
      if( i ) buf_char(&b, ',');
      type_print(&b, p->type[i]);
    }
    buf_str(&b, "] ");
  }
  buf_printf(&b, "%d:%s", n_param, text);
  const char *literal = string_sql(E->an, b.z, b.n);
  buf_init(&b, E->arena);
  buf_str(&b, literal);
  for(int i=0; i<p->n; i++) buf_printf(&b, ", %s", p->sql[i]);
  return b.z;
}

const char *emit_deep(Emitter *E, Expr *e){
  return ep(E, "t_eval(%s)", emit_program(E, e, 0, 0));
}

static const char *emit_lambda(Emitter *E, Expr *lambda){
  Sem *sem = lambda->sem;
  int n = lambda->param.n;
  ProgramText *p = E->program;
  if( p==0 ) return emit_program(E, lambda->arg[0], n, sem->param);
  int top = p->top;             /* an inner lambda: its parameters follow the frame */
  for(int i=0; i<n; i++) sem->param[i]->lambda_index = p->top++;
  const char *body = emit_expr(E, lambda->arg[0]);
  p->top = top;
  return ep(E, "lambda(%d, %s)", n, body);
}

const char *emit_try(Emitter *E, Expr *e){
  if( E->program ) return ep(E, "try(%s)", emit_expr(E, e->arg[0]));
  if( !expr_may_raise(e->arg[0]) ) return emit_expr(E, e->arg[0]);
  return ep(E, "t_try(%s)", emit_program(E, e->arg[0], 0, 0));
}

/* --- Scalar calls -------------------------------------------------------- */

static const char *emit_argument(Emitter *E, Expr *e){
  return e->kind==EXPR_LAMBDA ? emit_lambda(E, e) : emit_expr(E, e);
}

const char *emit_call(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  int n = sem->arg ? sem->n : e->n;
  Expr **arg = sem->arg ? sem->arg : e->arg;
  if( n>FN_ARG_MAX ) an_refuse(E->an, e->pos, "a call with more than %d arguments", FN_ARG_MAX);
  const char **t = ARENA_ARRAY(E->arena, const char*, n+1);
  const Type **argt = ARENA_ARRAY(E->arena, const Type*, n+1);
  for(int i=0; i<n; i++){
    t[i] = emit_argument(E, arg[i]);
    argt[i] = arg[i]->type;
  }
  return emit_fn(E, sem->fn, argt, e->kind==EXPR_LIKE ? &TYPE_BOOLEAN : e->type, n, t);
}

/* --- Aggregates ---------------------------------------------------------- */

int distinct_is_native(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: case T_VARCHAR:
    case T_DATE: case T_TIMESTAMP: case T_DECIMAL: case T_VARBINARY: return 1;
    default: return 0;
  }
}

/* NAME(args) or the native text, without FILTER or OVER. */
const char *emit_aggregate_call(Emitter *E, Expr *e, const char *suffix){
  Sem *sem = e->sem;
  const AggDef *agg = sem->agg;
  char name[FN_SQL_NAME_MAX];
  const char **t = ARENA_ARRAY(E->arena, const char*, sem->n+1);
  Buf b;
  for(int i=0; i<sem->n; i++) t[i] = emit_argument(E, sem->arg[i]);
  if( e->distinct && sem->n ) t[0] = ep(E, "DISTINCT %s", t[0]);
  const Type **argt = ARENA_ARRAY(E->arena, const Type*, sem->n+1);
  for(int i=0; i<sem->n; i++){
    Expr *arg = sem->arg[i];
    argt[i] = arg->kind==EXPR_COERCE ? arg->arg[0]->type : arg->type;
  }
  const char *native = agg_native_for(agg, sem->n, argt);
  if( native ){
    const char *z = native_sql(E->an, native, sem->n, t);
    return arena_strndup(E->arena, z+1, strlen(z)-2);
  }
  buf_init(&b, E->arena);
  buf_printf(&b, "%s%s(", agg_sql_name(agg, name), suffix);
  const char *sep = "";
  if( agg_is_typed(agg) ){
    Buf types;
    buf_init(&types, E->arena);
    buf_char(&types, '(');
    for(int i=0; i<sem->n; i++){
      if( i ) buf_char(&types, ',');
      type_print(&types, sem->arg[i]->type);
    }
    buf_char(&types, ')');
    type_print(&types, e->type);
    buf_str(&b, string_sql(E->an, types.z, types.n));
    sep = ", ";
  }
  for(int i=0; i<sem->n; i++){
    buf_printf(&b, "%s%s", sep, t[i]);
    sep = ", ";
  }
  buf_char(&b, ')');
  return b.z;
}

/* t_agg_x: DISTINCT and ORDER BY inside (vtab/fn/aggregate.h). */
static const char *aggregate_meta(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  char name[FN_SQL_NAME_MAX];
  Buf types, b, keys;
  buf_init(&types, E->arena);
  buf_init(&keys, E->arena);
  buf_char(&types, '(');
  for(int i=0; i<sem->n; i++){
    if( sem->arg[i]->kind==EXPR_LAMBDA ) an_refuse(E->an, e->pos, "DISTINCT or ORDER BY in an aggregate with a lambda");
    if( i ) buf_char(&types, ',');
    type_print(&types, sem->arg[i]->type);
  }
  for(int i=0; i<e->order_by.n; i++){
    SortItem *item = &e->order_by.item[i];
    buf_char(&types, ',');
    type_print(&types, item->e->type);
    char letter = item->descending ? 'd' : 'a';
    buf_char(&keys, item->nulls==NULLS_FIRST ? (char)(letter-32) : letter);
  }
  buf_char(&types, ')');
  type_print(&types, e->type);
  buf_init(&b, E->arena);
  buf_printf(&b, "t_agg_x(%s, '%s|%d|%d|%s'", string_sql(E->an, types.z, types.n),
    agg_sql_name(sem->agg, name), e->distinct!=0, sem->n, keys.z ? keys.z : "");
  for(int i=0; i<sem->n; i++) buf_printf(&b, ", %s", emit_expr(E, sem->arg[i]));
  for(int i=0; i<e->order_by.n; i++) buf_printf(&b, ", %s", emit_expr(E, e->order_by.item[i].e));
  buf_char(&b, ')');
  return b.z;
}

static int agg_is_never_null(const AggDef *agg){
  return !strcmp(agg->name, "count") || !strcmp(agg->name, "count_if") || !strcmp(agg->name, "approx_distinct");
}

const char *emit_aggregate(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  int simple = e->order_by.n==0 && (!e->distinct
    || (sem->n==1 && distinct_is_native(sem->arg[0]->type) && (sem->agg->native || !agg_is_typed(sem->agg))));
  const char *call = simple ? emit_aggregate_call(E, e, "") : aggregate_meta(E, e);
  /* t_agg_x knows nothing of its inner aggregate over no rows. */
  const char *around = !simple && agg_is_never_null(sem->agg) ? "coalesce(%s, 0)" : "%s";
  if( e->filter==0 ) return ep(E, around, call);
  const char *filter = emit_expr(E, e->filter);
  for(int i=0; i<sem->n; i++){  /* Athena evaluates the arguments of rows that are filtered out too */
    if( sem->arg[i]->kind!=EXPR_LAMBDA && expr_may_raise(sem->arg[i]) )
      filter = ep(E, "(typeof(%s)<>'' AND %s)", emit_expr(E, sem->arg[i]), filter);
  }
  return ep(E, around, ep(E, "%s FILTER (WHERE %s)", call, filter));
}
