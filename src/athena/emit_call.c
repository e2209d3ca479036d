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

static int distinct_is_native(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: case T_VARCHAR:
    case T_DATE: case T_TIMESTAMP: case T_DECIMAL: case T_VARBINARY: return 1;
    default: return 0;
  }
}

/* NAME(args) or the native text, without FILTER or OVER. */
static const char *aggregate_call(Emitter *E, Expr *e, const char *suffix){
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
  const char *call = simple ? aggregate_call(E, e, "") : aggregate_meta(E, e);
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

/* --- Windows ------------------------------------------------------------- */

const char *emit_sort_items(Emitter *E, int n, SortItem *item, const char *const *sql){
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<n; i++){
    buf_printf(&b, "%s%s%s NULLS %s", i ? ", " : "", sort_key_sql(E->an, sql[i], item[i].e->type),
      item[i].descending ? " DESC" : "", item[i].nulls==NULLS_FIRST ? "FIRST" : "LAST");
  }
  return b.z ? b.z : "";
}

/* The number of a constant offset, INT64_MIN if it is not one. */
static int64_t constant_integer(Expr *e){
  int sign = 1;
  e = expr_bare(e);
  if( e->kind==EXPR_UNARY && e->op=='-' ){ sign = -1; e = expr_bare(e->arg[0]); }
  Sem *sem = e->sem;
  if( sem && sem->kind==SEM_VALUE && e->value.kind==V_INT ) return sign*e->value.i;
  return INT64_MIN;
}

/* A RANGE offset in the unit of the sort key's carrier. */
static const char *range_offset(Emitter *E, Expr *e, const Type *key){
  const Type *t = e->type;
  const char *sql = emit_expr(E, e);
  if( type_is_numeric(key) ){
    if( t->kind==T_DECIMAL && t->p>18 ) an_refuse(E->an, e->pos, "RANGE over %s", type_z(E->an, t));
    return sql;
  }
  if( t->kind==key->kind ) return sql;
  if( t->kind==T_INTERVAL_DS ){
    if( key->kind==T_DATE ) return ep(E, "(%s / 86400000)", sql);
    if( key->kind==T_TIMESTAMP && key->p<=6 ) return ep(E, "(%s * 1000)", sql);
    if( key->kind==T_TIME ) return ep(E, "(%s * 1000000000)", sql);
  }
  an_refuse(E->an, e->pos, "RANGE of %s over %s", type_z(E->an, t), type_z(E->an, key));
}

static const char *emit_bound(Emitter *E, Window *w, BoundKind k, Expr *value){
  switch( k ){
    case BOUND_UNBOUNDED_PRECEDING: return "UNBOUNDED PRECEDING";
    case BOUND_UNBOUNDED_FOLLOWING: return "UNBOUNDED FOLLOWING";
    case BOUND_CURRENT: return "CURRENT ROW";
    default: break;
  }
  Expr *bare = expr_bare(value);
  int negative = (bare->kind==EXPR_UNARY && bare->op=='-') || bare->kind==EXPR_NULL
              || (bare->value.kind==V_INT && bare->value.i<0) || (bare->value.kind==V_REAL && bare->value.r<0);
  if( negative ) an_fail(E->an, "INVALID_WINDOW_FRAME", POS_NONE, "Window frame offset value must not be negative or null");
  Sem *sem = bare->sem;
  if( sem==0 || sem->kind!=SEM_VALUE ) an_refuse(E->an, value->pos, "a window frame offset that is not constant");
  const char *sql = w->frame==FRAME_RANGE ? range_offset(E, value, w->order_by.item[0].e->type) : emit_expr(E, value);
  return ep(E, "%s %s", sql, k==BOUND_PRECEDING ? "PRECEDING" : "FOLLOWING");
}

static const char *emit_frame(Emitter *E, Window *w){
  static const char *const word[] = {"", "ROWS", "RANGE", "GROUPS"};
  if( w->frame==FRAME_DEFAULT ) return "";
  return ep(E, " %s BETWEEN %s AND %s", word[w->frame],
    emit_bound(E, w, w->start, w->start_value), emit_bound(E, w, w->end, w->end_value));
}

static const char *emit_partition(Emitter *E, Window *w, int with_order);

/* --- RANGE by months (vtab/fn/range_frame.c) ------------------------------ */

static int is_months(Expr *value){
  return value && value->type->kind==T_INTERVAL_YM;
}

static int frame_has_months(Window *w){
  return w->frame==FRAME_RANGE && (is_months(w->start_value) || is_months(w->end_value));
}

/* A bound that SQLite understands and that is surely no narrower: a month has
** 28 to 31 days, and the start of a frame errs to the one side, its end to the
** other. */
static const char *wide_bound(Emitter *E, Window *w, BoundKind k, Expr *value, int is_end){
  if( !is_months(value) ) return emit_bound(E, w, k, value);
  int64_t months = constant_integer(value), days = months*((k==BOUND_PRECEDING)!=is_end ? 31 : 28);
  int64_t unit = w->order_by.item[0].e->type->kind==T_DATE ? 1 : INT64_C(86400000000);
  if( months==INT64_MIN ) an_refuse(E->an, value->pos, "a window frame offset that is not constant");
  if( months<0 ) an_fail(E->an, "INVALID_WINDOW_FRAME", POS_NONE, "Window frame offset value must not be negative or null");
  if( months>120000 ) an_refuse(E->an, value->pos, "a window frame of more than ten thousand years");
  return ep(E, "%lld %s", (long long)(days*unit), k==BOUND_PRECEDING ? "PRECEDING" : "FOLLOWING");
}

/* The bound as t_range_frame reads it. */
static const char *bound_code(Emitter *E, Window *w, BoundKind k, Expr *value){
  if( k==BOUND_UNBOUNDED_PRECEDING || k==BOUND_UNBOUNDED_FOLLOWING ) return "U";
  if( k==BOUND_CURRENT ) return "C";
  char letter = k==BOUND_PRECEDING ? 'P' : 'F';
  int64_t n = constant_integer(value);
  if( is_months(value) ) return ep(E, "%cm%lld", letter, (long long)n);
  if( n==INT64_MIN ) an_refuse(E->an, value->pos, "a window frame offset that is not constant");
  n = w->order_by.item[0].e->type->kind==T_DATE ? n/86400000 : n*1000;
  return ep(E, "%cu%lld", letter, (long long)n);
}

static const char *emit_month_frame(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  Window *w = sem->window;
  Expr *key = w->order_by.item[0].e;
  char name[FN_SQL_NAME_MAX];
  if( e->distinct || (key->type->kind!=T_DATE && !(key->type->kind==T_TIMESTAMP && key->type->p<=6)) )
    an_refuse(E->an, w->frame_pos, "RANGE of interval year to month over %s", type_z(E->an, key->type));
  const Type **t = ARENA_ARRAY(E->arena, const Type*, sem->n+1);
  Buf fields;
  buf_init(&fields, E->arena);
  buf_str(&fields, emit_expr(E, key));
  t[0] = key->type;
  for(int i=0; i<sem->n; i++){
    if( sem->arg[i]->kind==EXPR_LAMBDA ) an_refuse(E->an, w->frame_pos, "RANGE by months of an aggregate with a lambda");
    t[i+1] = sem->arg[i]->type;
    buf_printf(&fields, ", %s", emit_expr(E, sem->arg[i]));
  }
  const Type *row = type_row(E->arena, sem->n+1, t, 0);
  const Type *outer[3] = {&TYPE_VARCHAR, type_array(E->arena, row), key->type};
  const char *list = ep(E, "t_array_agg%s(%s, t_row(%s, %s)) OVER (%s RANGE BETWEEN %s AND %s)", AGG_WINDOW_SUFFIX,
    types_text(E->an, 1, &row, outer[1]), types_text(E->an, sem->n+1, t, row), fields.z, emit_partition(E, w, 1),
    wide_bound(E, w, w->start, w->start_value, 0), wide_bound(E, w, w->end, w->end_value, 1));
  return ep(E, "t_range_frame(%s, '%s|%s|%s|%c', %s, %s)", types_text(E->an, 3, outer, e->type), agg_sql_name(sem->agg, name),
    bound_code(E, w, w->start, w->start_value), bound_code(E, w, w->end, w->end_value),
    w->order_by.item[0].descending ? 'd' : 'a', list, emit_expr(E, key));
}

/* PARTITION BY … [ORDER BY …] */
static const char *emit_partition(Emitter *E, Window *w, int with_order){
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<w->partition_by.n; i++){
    Expr *e = w->partition_by.e[i];
    buf_printf(&b, "%s%s", i ? ", " : "PARTITION BY ", group_key_sql(E->an, emit_expr(E, e), e->type));
  }
  if( with_order && w->order_by.n ){
    const char **sql = ARENA_ARRAY(E->arena, const char*, w->order_by.n);
    for(int i=0; i<w->order_by.n; i++){
      Expr *e = w->order_by.item[i].e;
      sql[i] = emit_expr(E, e);
      if( w->frame==FRAME_RANGE && (w->start_value || w->end_value) && type_is_numeric(e->type) )
        sql[i] = coerce_sql(E->an, sql[i], e->type, w->start_value ? w->start_value->type : w->end_value->type);
    }
    buf_printf(&b, "%sORDER BY %s", b.n ? " " : "", emit_sort_items(E, w->order_by.n, w->order_by.item, sql));
  }
  return b.z ? b.z : "";
}

static const char *value_types(Emitter *E, const Type *t, int with_count){
  Buf b;
  buf_init(&b, E->arena);
  buf_char(&b, '(');
  type_print(&b, t);
  buf_str(&b, with_count ? ",bigint)" : ")");
  type_print(&b, t);
  return string_sql(E->an, b.z, b.n);
}

/* lag, lead, first_value … IGNORE NULLS: own window functions. */
static const char *emit_ignore_nulls(Emitter *E, Expr *e, Window *w, const char *const *arg){
  Sem *sem = e->sem;
  const char *name = sem->window_name;
  const Type *t = sem->arg[0]->type;
  const char *part = emit_partition(E, w, 1);
  if( strcmp(name, "lag")!=0 && strcmp(name, "lead")!=0 ){
    int count = sem->n>1;
    return ep(E, "t_%s_ignore(%s, %s%s%s) OVER (%s%s)", name, value_types(E, t, count), arg[0],
      count ? ", " : "", count ? arg[1] : "", part, emit_frame(E, w));
  }
  int64_t k = sem->n>1 ? constant_integer(sem->arg[1]) : 1;
  if( k<0 ) an_refuse(E->an, e->pos, "%s IGNORE NULLS with an offset that is not a constant above 0", name);
  if( k==0 ) return arg[0];
  int is_lag = !strcmp(name, "lag");
  const char *call = ep(E, "%s(%s, %s, %lld) OVER (%s ROWS BETWEEN %s)", is_lag ? "t_lag_ignore" : "t_nth_value_ignore",
    value_types(E, t, 1), arg[0], (long long)k, part,
    is_lag ? "UNBOUNDED PRECEDING AND 1 PRECEDING" : "1 FOLLOWING AND UNBOUNDED FOLLOWING");
  return sem->n>2 ? ep(E, "coalesce(%s, %s)", call, arg[2]) : call;
}

/* SQLite's ntile wants one constant: computed from row_number and count. */
static const char *emit_ntile(Emitter *E, Window *w, const char *n){
  return ep(E, "t_ntile(row_number() OVER (%s), count(*) OVER (%s), %s)", emit_partition(E, w, 1), emit_partition(E, w, 0), n);
}

static int has_frame(const char *name){
  return !strcmp(name, "first_value") || !strcmp(name, "last_value") || !strcmp(name, "nth_value");
}

const char *emit_window(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  Window *w = sem->window;
  if( sem->window_name==0 && frame_has_months(w) ) return emit_month_frame(E, e);
  if( sem->window_name==0 ){
    return ep(E, "%s OVER (%s%s)", aggregate_call(E, e, AGG_WINDOW_SUFFIX), emit_partition(E, w, 1), emit_frame(E, w));
  }
  const char **arg = ARENA_ARRAY(E->arena, const char*, sem->n+1);
  for(int i=0; i<sem->n; i++) arg[i] = emit_expr(E, sem->arg[i]);
  const char *name = sem->window_name;
  if( e->nulls==NULLS_IGNORE ) return emit_ignore_nulls(E, e, w, arg);
  if( !strcmp(name, "ntile") ) return emit_ntile(E, w, arg[0]);
  if( !strcmp(name, "nth_value") && constant_integer(sem->arg[1])<1 )
    an_refuse(E->an, e->pos, "nth_value with an offset that is not a constant above 0");
  if( (!strcmp(name, "lag") || !strcmp(name, "lead")) && sem->n>1 ){
    if( expr_bare(sem->arg[1])->kind==EXPR_NULL ) return "NULL";
    arg[1] = ep(E, "t_window_offset(%s)", arg[1]);
  }
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<sem->n; i++) buf_printf(&b, "%s%s", i ? ", " : "", arg[i]);
  return ep(E, "%s(%s) OVER (%s%s)", name, b.z ? b.z : "", emit_partition(E, w, 1), has_frame(name) ? emit_frame(E, w) : "");
}
