/*
** Window functions: the WINDOW clause, OVER (…), frames, null treatment.
**
** A window specification is resolved to one Window with partition, order and
** frame of its own (Sem.window), whatever named windows it was built from.
** The ranking and value functions (row_number … nth_value) exist only with
** OVER and are listed here; every aggregate of the registry may have OVER.
*/
#include <string.h>
#include "analyser.h"

/* --- The functions ------------------------------------------------------- */

typedef struct WindowFn {
  const char *name;
  const char *expected;         /* as Athena lists its overloads */
  int min, max;                 /* arguments */
  char result;                  /* 'b' bigint, 'd' double, 'T' type of the first argument */
  int null_treatment;
} WindowFn;

static const WindowFn window_fn[] = {
  {"row_number", "row_number()", 0, 0, 'b', 0},
  {"rank", "rank()", 0, 0, 'b', 0},
  {"dense_rank", "dense_rank()", 0, 0, 'b', 0},
  {"percent_rank", "percent_rank()", 0, 0, 'd', 0},
  {"cume_dist", "cume_dist()", 0, 0, 'd', 0},
  {"ntile", "ntile(bigint)", 1, 1, 'b', 0},
  {"first_value", "first_value(t) T", 1, 1, 'T', 1},
  {"last_value", "last_value(t) T", 1, 1, 'T', 1},
  {"nth_value", "nth_value(t, bigint) T", 2, 2, 'T', 1},
  {"lag", "lag(t) T, lag(t, bigint) T, lag(t, bigint, t) T", 1, 3, 'T', 1},
  {"lead", "lead(t) T, lead(t, bigint) T, lead(t, bigint, t) T", 1, 3, 'T', 1},
};

static const WindowFn *window_fn_find(const char *name){
  for(size_t i=0; i<sizeof(window_fn)/sizeof(window_fn[0]); i++)
    if( !strcmp(window_fn[i].name, name) ) return &window_fn[i];
  return 0;
}

int window_only(const char *name){ return window_fn_find(name)!=0; }

/* --- Named windows ------------------------------------------------------- */

static Window *named(Analyser *an, Select *sel, const Name *name, int before){
  Body *b = sel ? sel->body : 0;
  for(int i=0; b && i<before; i++)
    if( !strcmp(b->window[i].name.lower, name->lower) ) return b->window[i].sem ? b->window[i].sem : &b->window[i];
  an_fail(an, "INVALID_WINDOW_REFERENCE", name->pos, "Cannot resolve WINDOW name %s", name->text);
}

/* w with what its base window brings. */
static Window *merge(Analyser *an, Select *sel, Window *w, int before){
  if( w->refused ) an_refuse(an, w->pos, "%s", w->refused);
  if( w->reference ) return named(an, sel, &w->name, before);
  if( w->base.text==0 ) return w;
  Window *base = named(an, sel, &w->base, before);
  Window *r = ARENA_NEW(an->arena, Window);
  *r = *w;
  if( w->partition_by.n )
    an_fail(an, "INVALID_PARTITION_BY", w->partition_by.e[0]->pos, "WINDOW specification with named WINDOW reference cannot specify PARTITION BY");
  if( base->order_by.n && w->order_by.n )
    an_fail(an, "INVALID_ORDER_BY", w->order_by.pos, "Cannot specify ORDER BY if referenced named WINDOW specifies ORDER BY");
  if( base->frame!=FRAME_DEFAULT )
    an_fail(an, "INVALID_WINDOW_REFERENCE", w->base.pos, "Cannot reference named WINDOW containing frame specification");
  r->partition_by = base->partition_by;
  if( base->order_by.n ) r->order_by = base->order_by;
  r->base.text = 0;
  return r;
}

/* --- Frames -------------------------------------------------------------- */

static int is_range_type(const Type *t){
  return type_is_numeric(t) || (t->kind>=T_DATE && t->kind<=T_INTERVAL_YM);
}

/* Can a RANGE offset of type `value` be added to a sort key of type `key`? */
static int range_fits(Analyser *an, const Type *key, const Type *value){
  if( type_is_numeric(key) ) return type_is_numeric(value) && type_common(an->arena, key, value)!=0;
  return value->kind==T_INTERVAL_DS || (value->kind==T_INTERVAL_YM && key->kind!=T_TIME && key->kind!=T_TIME_TZ);
}

static void check_offset(Analyser *an, Scope *s, Window *w, Expr **e, const char *side){
  if( *e==0 ) return;
  const Type *t = expr_analyse(an, s, *e);
  if( w->frame!=FRAME_RANGE ){
    if( !type_is_integer(t) && !(t->kind==T_DECIMAL && t->s==0) )
      an_fail(an, "TYPE_MISMATCH", (*e)->pos, "Window frame %s %s value type must be exact numeric type with scale 0 (actual %s)",
        w->frame==FRAME_ROWS ? "ROWS" : "GROUPS", side, type_z(an, t));
    if( t->kind==T_DECIMAL ) an_refuse(an, (*e)->pos, "a decimal as window frame offset");
    *e = expr_coerce(an, *e, &TYPE_BIGINT);
    return;
  }
  const Type *key = w->order_by.item[0].e->type;
  if( !range_fits(an, key, t) )
    an_fail(an, "TYPE_MISMATCH", (*e)->pos, "Window frame RANGE value type (%s) not compatible with sort item type (%s)",
      type_z(an, t), type_z(an, key));
  if( type_is_numeric(key) ) *e = expr_coerce(an, *e, type_common(an->arena, key, t));
}

static void check_bounds(Analyser *an, Window *w){
  const char *bad = 0;
  if( w->start==BOUND_UNBOUNDED_FOLLOWING ) bad = "Window frame start cannot be UNBOUNDED FOLLOWING";
  else if( w->end==BOUND_UNBOUNDED_PRECEDING ) bad = "Window frame end cannot be UNBOUNDED PRECEDING";
  else if( w->start==BOUND_CURRENT && w->end==BOUND_PRECEDING ) bad = "Window frame starting from CURRENT ROW cannot end with PRECEDING";
  else if( w->start==BOUND_FOLLOWING && w->end==BOUND_PRECEDING ) bad = "Window frame starting from FOLLOWING cannot end with PRECEDING";
  else if( w->start==BOUND_FOLLOWING && w->end==BOUND_CURRENT ) bad = "Window frame starting from FOLLOWING cannot end with CURRENT ROW";
  if( bad ) an_fail(an, "INVALID_WINDOW_FRAME", w->frame_pos, "%s", bad);
}

static void analyse_frame(Analyser *an, Scope *s, Window *w){
  if( w->frame==FRAME_DEFAULT ) return;
  check_bounds(an, w);
  if( w->frame==FRAME_RANGE && (w->start_value || w->end_value) ){
    if( w->order_by.n==0 )
      an_fail(an, "MISSING_ORDER_BY", w->pos.line ? w->pos : w->frame_pos, "Window frame of type RANGE PRECEDING or FOLLOWING requires ORDER BY");
    if( w->order_by.n>1 )
      an_fail(an, "INVALID_ORDER_BY", w->order_by.pos,
        "Window frame of type RANGE PRECEDING or FOLLOWING requires single sort item in ORDER BY (actual: %d)", w->order_by.n);
    const Type *key = w->order_by.item[0].e->type;
    if( !is_range_type(key) )
      an_fail(an, "TYPE_MISMATCH", w->order_by.item[0].e->pos,
        "Window frame of type RANGE PRECEDING or FOLLOWING requires that sort item type be numeric, datetime or interval (actual: %s)", type_z(an, key));
  }
  if( w->frame==FRAME_GROUPS && w->order_by.n==0 && (w->start_value || w->end_value) )
    an_fail(an, "MISSING_ORDER_BY", w->pos.line ? w->pos : w->frame_pos, "Window frame of type GROUPS PRECEDING or FOLLOWING requires ORDER BY");
  check_offset(an, s, w, &w->start_value, "start");
  check_offset(an, s, w, &w->end_value, "end");
}

static void check_nested(Analyser *an, Expr *e){
  if( e==0 ) return;
  ExprList l = collect_calls(an, e, 0, 1, 0);
  if( l.n )
    an_fail(an, "NESTED_WINDOW", l.e[0]->pos, "Cannot nest window functions or row pattern measures inside window specification");
}

static void analyse_window(Analyser *an, Scope *s, Window *w){
  for(int i=0; i<w->partition_by.n; i++){
    Expr *e = w->partition_by.e[i];
    const Type *t = expr_analyse(an, s, e);
    if( !type_is_comparable(t) )
      an_fail(an, "TYPE_MISMATCH", e->pos, "%s is not comparable, and therefore cannot be used in window function PARTITION BY", type_z(an, t));
  }
  for(int i=0; i<w->order_by.n; i++){
    Expr *e = w->order_by.item[i].e;
    const Type *t = expr_analyse(an, s, e);
    if( !type_is_orderable(t) )
      an_fail(an, "TYPE_MISMATCH", e->pos, "%s is not orderable, and therefore cannot be used in window function ORDER BY", type_z(an, t));
  }
  analyse_frame(an, s, w);
  for(int i=0; i<w->partition_by.n; i++) check_nested(an, w->partition_by.e[i]);
  for(int i=0; i<w->order_by.n; i++) check_nested(an, w->order_by.item[i].e);
  check_nested(an, w->start_value);
  check_nested(an, w->end_value);
}

void windows_define(Analyser *an, Select *sel){
  Body *b = sel->body;
  for(int i=0; i<b->n_window; i++){
    Window *w = &b->window[i];
    for(int j=0; j<i; j++)
      if( !strcmp(b->window[j].name.lower, w->name.lower) )
        an_fail(an, "DUPLICATE_WINDOW_NAME", w->name.pos, "WINDOW name '%s' specified more than once", w->name.text);
    Window *r = merge(an, sel, w, i);
    analyse_window(an, sel->source, r);
    w->sem = r;
  }
}

/* --- Calls with OVER ----------------------------------------------------- */

/* Argument types of a function of window_fn; sets sem->arg. */
static void window_arguments(Analyser *an, Scope *s, Expr *e, const WindowFn *f, Sem *sem){
  const Type *argt[8];
  int ok = e->n>=f->min && e->n<=f->max && !e->star;
  for(int i=0; i<e->n; i++){
    const Type *t = expr_analyse(an, s, e->arg[i]);
    if( i<8 ) argt[i] = t;
  }
  sem->n = e->n;
  sem->arg = ARENA_ARRAY(an->arena, Expr*, e->n+1);
  const Type *t = e->n ? argt[0] : 0;
  if( ok && e->n==3 ){
    t = type_common(an->arena, argt[0], argt[2]);
    ok = t!=0;
  }
  for(int i=0; ok && i<e->n; i++){
    int is_count = !strcmp(f->name, "ntile") || i==1;
    const Type *to = is_count ? &TYPE_BIGINT : t;
    ok = type_can_coerce(argt[i], to) || type_equal(argt[i], to);
    if( ok ) sem->arg[i] = expr_coerce(an, e->arg[i], to);
  }
  if( !ok ) call_unresolved(an, e, f->name, e->n<8 ? e->n : 8, argt, FN_NO_OVERLOAD, f->expected);
  e->type = f->result=='b' ? &TYPE_BIGINT : f->result=='d' ? &TYPE_DOUBLE : t;
}

static void check_window_call(Analyser *an, Expr *e){
  if( e->distinct )
    an_fail(an, "NOT_SUPPORTED", select_pos(an), "DISTINCT in window function parameters not yet supported: %s", expr_text(an, e));
  if( e->filter ) an_fail(an, "NOT_SUPPORTED", select_pos(an), "FILTER is not yet supported for window functions");
}

const Type *window_call_analyse(Analyser *an, Scope *s, Expr *e){
  const char *name = e->function_name.name[e->function_name.n-1].lower;
  const WindowFn *f = e->function_name.n==1 ? window_fn_find(name) : 0;
  Window *over = e->over;
  Window *w = 0;
  if( over ){
    Select *sel = an->select;
    w = merge(an, sel, over, sel ? sel->body->n_window : 0);
    if( !over->reference ) analyse_window(an, s, w);
  }
  if( e->filter ) expr_analyse(an, s, e->filter);
  if( f==0 ){
    e->over = 0;                /* resolved as the plain call, then put back */
    int nulls = e->nulls;
    Expr *filter = e->filter;
    int distinct = e->distinct;
    e->nulls = NULLS_NONE;
    e->filter = 0;
    e->distinct = 0;
    call_analyse(an, s, e);
    e->over = over;
    e->nulls = nulls;
    e->filter = filter;
    e->distinct = distinct;
    Sem *sem = e->sem;
    if( sem->kind!=SEM_AGG ) an_fail(an, "FUNCTION_NOT_WINDOW", select_pos(an), "Not a window function: %s", name);
    if( nulls!=NULLS_NONE )
      an_fail(an, "NULL_TREATMENT_NOT_ALLOWED", e->pos, "Cannot specify null treatment clause for %s function", name);
    check_window_call(an, e);
    if( e->order_by.n )
      an_fail(an, "EXPRESSION_NOT_AGGREGATE", e->pos, "'%s' must be an aggregate expression or appear in GROUP BY clause", expr_text(an, e));
    sem->kind = SEM_WINDOW;
    sem->window = w;
    return e->type;
  }
  if( over==0 ) an_fail(an, "MISSING_OVER", e->pos, "Window function %s requires an OVER clause", name);
  Sem *sem = sem_new(an, e, SEM_WINDOW);
  window_arguments(an, s, e, f, sem);
  if( e->nulls!=NULLS_NONE && !f->null_treatment )
    an_fail(an, "NULL_TREATMENT_NOT_ALLOWED", e->pos, "Cannot specify null treatment clause for %s function", name);
  check_window_call(an, e);
  if( !strcmp(f->name, "lag") || !strcmp(f->name, "lead") ){
    if( w->order_by.n==0 )
      an_fail(an, "MISSING_ORDER_BY", over->pos.line ? over->pos : e->pos, "%s function requires an ORDER BY window clause", f->name);
    if( w->frame!=FRAME_DEFAULT )
      an_fail(an, "INVALID_WINDOW_FRAME", w->frame_pos, "Cannot specify window frame for %s function", f->name);
  }
  sem->window_name = f->name;
  sem->window = w;
  return e->type;
}
