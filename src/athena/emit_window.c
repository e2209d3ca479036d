/*
** Window calls as SQLite text: OVER (…) with SQLite's own frames; functions
** that skip NULLs, ntile and frames by months through functions of our own.
*/
#include <string.h>
#include "emit.h"
#include "../../vtab/fn/aggregate.h"

/* --- Windows ------------------------------------------------------------- */

const char *emit_sort_items(Emitter *E, int n, SortItem *item, const char *const *sql){
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<n; i++){
    const char *key = sort_key_sql(E->an, sql[i], item[i].e->type);
    /* SQLite takes a bare number for a column's position. */
    if( key[strspn(key, "-0123456789")]==0 ) key = "NULL";
    buf_printf(&b, "%s%s%s NULLS %s", i ? ", " : "", key,
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
    return ep(E, "%s OVER (%s%s)", emit_aggregate_call(E, e, AGG_WINDOW_SUFFIX), emit_partition(E, w, 1), emit_frame(E, w));
  }
  const char **arg = ARENA_ARRAY(E->arena, const char*, sem->n+1);
  for(int i=0; i<sem->n; i++) arg[i] = emit_expr(E, sem->arg[i]);
  const char *name = sem->window_name;
  if( e->nulls==NULLS_IGNORE ) return emit_ignore_nulls(E, e, w, arg);
  if( !strcmp(name, "ntile") ) return emit_ntile(E, w, arg[0]);
  if( !strcmp(name, "nth_value") ) arg[1] = ep(E, "t_window_nth(%s)", arg[1]);
  if( (!strcmp(name, "lag") || !strcmp(name, "lead")) && sem->n>1 ){
    if( expr_bare(sem->arg[1])->kind==EXPR_NULL ) return "NULL";
    arg[1] = ep(E, "t_window_offset(%s)", arg[1]);
  }
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<sem->n; i++) buf_printf(&b, "%s%s", i ? ", " : "", arg[i]);
  return ep(E, "%s(%s) OVER (%s%s)", name, b.z ? b.z : "", emit_partition(E, w, 1), has_frame(name) ? emit_frame(E, w) : "");
}
