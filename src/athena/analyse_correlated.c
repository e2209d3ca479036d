/*
** Which correlated subqueries the engine can plan.
**
** Athena refuses the others with NOT_SUPPORTED "Given correlated subquery is
** not supported", where SQLite would answer.  The rules are those of Trino's
** decorrelation: filters may read the enclosing query, and so may the select
** list; below an aggregation, a LIMIT or DISTINCT only equalities decorrelate,
** and set operations, VALUES, windows, HAVING and arguments of aggregates
** cannot read it at all.
*/
#include <string.h>
#include "analyser.h"

typedef struct Find {
  Select *sel;                  /* its own columns are inner */
  int inner, outer;             /* columns found */
} Find;

static void find_columns(void *p, Expr *e){
  Find *f = p;
  Sem *sem = e->sem;
  if( sem && sem->kind==SEM_COLUMN ){
    if( sem->field->is_lambda || sem->field->item ) return;
    if( sem->owner==f->sel ) f->inner = 1;
    else f->outer = 1;
    return;
  }
  if( sem ) for(int i=0; i<sem->n_outer; i++){
    if( sem->outer[i].sem->owner==f->sel ) f->inner = 1;
  }
  expr_children(e, find_columns, f);
}

static Find columns_of(Select *sel, Expr *e){
  Find f = {sel, 0, 0};
  find_columns(&f, e);
  return f;
}

/* inner = outer, with a plain column on the inner side whose coercion keeps
** different values different: within one outer row that column is constant. */
static int injective(const Type *from, const Type *to){
  if( type_equal(from, to) || from->kind==to->kind || from->kind==T_UNKNOWN ) return 1;
  if( type_is_integer(from) && type_is_integer(to) ) return 1;
  if( type_is_integer(from) && from->kind!=T_BIGINT && to->kind==T_DOUBLE ) return 1;
  return type_is_integer(from) && to->kind==T_DECIMAL;
}

static Field *constant_side(Select *sel, Expr *e){
  const Type *to = e->type;
  Expr *bare = expr_bare(e);
  Sem *sem = bare->sem;
  if( sem==0 || sem->kind!=SEM_COLUMN || sem->owner!=sel || !injective(bare->type, to) ) return 0;
  return sem->field;
}

/* The column that an equality makes constant, or NULL. */
static Field *constant_column(Select *sel, Expr *e){
  if( e->kind!=EXPR_COMPARE || e->op!=OP_EQ ) return 0;
  Find a = columns_of(sel, e->arg[0]), b = columns_of(sel, e->arg[1]);
  if( a.outer && !a.inner && !b.outer ) return constant_side(sel, e->arg[1]);
  if( b.outer && !b.inner && !a.outer ) return constant_side(sel, e->arg[0]);
  return 0;
}

static int is_equality(Select *sel, Expr *e){
  if( e->kind!=EXPR_COMPARE || e->op!=OP_EQ ) return 0;
  Find a = columns_of(sel, e->arg[0]), b = columns_of(sel, e->arg[1]);
  return (a.outer && !a.inner && !b.outer) || (b.outer && !b.inner && !a.outer);
}

/* What WHERE says about the enclosing query. */
typedef struct Filter {
  Select *sel;
  int correlated;               /* reads it at all */
  int n_constant; Field *constant[16];          /* columns that are constant within an outer row */
  int n_free; Field *free_[16];                 /* other inner columns of correlated conjuncts */
  int overflow;
} Filter;

static void free_columns(void *p, Expr *e){
  Filter *f = p;
  Sem *sem = e->sem;
  if( sem && sem->kind==SEM_COLUMN && sem->owner==f->sel && !sem->field->is_lambda ){
    if( f->n_free<16 ) f->free_[f->n_free++] = sem->field;
    else f->overflow = 1;
    return;
  }
  expr_children(e, free_columns, f);
}

static void filter_add(Filter *f, Expr *e){
  if( e==0 ) return;
  e = expr_bare(e);
  if( e->kind==EXPR_AND ){
    for(int i=0; i<e->n; i++) filter_add(f, e->arg[i]);
    return;
  }
  if( !columns_of(f->sel, e).outer ) return;
  f->correlated = 1;
  Field *c = constant_column(f->sel, e);
  if( c && f->n_constant<16 ) f->constant[f->n_constant++] = c;
  else free_columns(f, e);
}

static int is_constant(const Filter *f, const Field *c){
  for(int i=0; i<f->n_constant; i++) if( f->constant[i]==c ) return 1;
  return 0;
}

/* Are the free columns among these expressions (group keys, DISTINCT's columns)? */
static int free_within(const Filter *f, int n, Expr **e){
  if( f->overflow ) return 0;
  for(int i=0; i<f->n_free; i++){
    int found = is_constant(f, f->free_[i]);
    for(int k=0; k<n && !found; k++){
      Sem *sem = expr_bare(e[k])->sem;
      found = sem && sem->kind==SEM_COLUMN && sem->field==f->free_[i];
    }
    if( !found ) return 0;
  }
  return 1;
}

/* A conjunct inner = outer that is a column of FROM on its inner side. */
int select_probes(Select *sel){
  Expr *e = sel->body->where ? expr_bare(sel->body->where) : 0;
  if( e==0 || sel->body->from==0 ) return 0;
  if( e->kind!=EXPR_AND ) return is_equality(sel, e);
  for(int i=0; i<e->n; i++) if( is_equality(sel, expr_bare(e->arg[i])) ) return 1;
  return 0;
}

static int join_reads_outer(Select *sel, Relation *rel){
  if( rel==0 || rel->kind!=REL_JOIN ) return 0;
  if( rel->on && columns_of(sel, rel->on).outer ) return 1;
  return join_reads_outer(sel, rel->left) || join_reads_outer(sel, rel->right);
}

static int unnest_reads_outer(Select *sel, Relation *rel){
  if( rel==0 ) return 0;
  if( rel->kind==REL_JOIN ) return unnest_reads_outer(sel, rel->left) || unnest_reads_outer(sel, rel->right);
  if( rel->kind!=REL_UNNEST ) return 0;
  for(int i=0; i<rel->arg.n; i++) if( columns_of(sel, rel->arg.e[i]).outer ) return 1;
  return 0;
}

static int aggregates_read_outer(Select *sel){
  for(int i=0; i<sel->aggs.n; i++) if( columns_of(sel, sel->aggs.e[i]).outer ) return 1;
  return 0;
}

static int all_filtered(Select *sel){
  for(int i=0; i<sel->aggs.n; i++) if( sel->aggs.e[i]->filter==0 ) return 0;
  return sel->aggs.n>0;
}

static int outputs_constant(Select *sel, const Filter *f){
  for(int i=0; i<sel->n_out; i++){
    Sem *sem = expr_bare(sel->out[i])->sem;
    if( sem && sem->kind==SEM_VALUE ) continue;
    if( sem==0 || sem->kind!=SEM_COLUMN || !is_constant(f, sem->field) ) return 0;
  }
  return 1;
}

/* LIMIT and FETCH over a filter that reads the enclosing query. */
static int limit_supported(Select *sel, Query *q, const Filter *f, CorrelatedKind kind){
  long long n = q->limit ? (long long)q->limit->value.i : q->fetch_count ? (long long)q->fetch_count->value.i : 1;
  if( q->with_ties || q->offset || n==0 || f->n_free || f->overflow ) return 0;
  for(int i=0; i<q->order_by.n; i++) if( columns_of(sel, q->order_by.item[i].e).outer ) return 0;
  if( q->order_by.n ) return 1;
  if( n>1 ) return 1;
  return f->n_constant>0 && (kind==CORRELATED_EXISTS || outputs_constant(sel, f));
}

static int select_supported(Select *sel, Query *q, CorrelatedKind kind){
  Body *b = sel->body;
  Filter f;
  memset(&f, 0, sizeof f);
  f.sel = sel;
  filter_add(&f, b->where);
  int unnest = unnest_reads_outer(sel, b->from), below = f.correlated || unnest;
  int global = sel->aggregated && sel->n_key==0;
  if( join_reads_outer(sel, b->from) || (sel->aggregated && aggregates_read_outer(sel)) ) return 0;
  if( unnest && (kind==CORRELATED_EXISTS || kind==CORRELATED_IN || b->where || all_filtered(sel)) ) return 0;
  if( global && b->having && below ) return 0;
  if( below && (sel->has_window || sel->n_set>1) ) return 0;
  if( sel->n_key>0 && !free_within(&f, sel->n_key, sel->key) ) return 0;
  if( b->distinct && !sel->aggregated && !free_within(&f, sel->n_out, sel->out) ) return 0;
  int limited = q->limit || q->fetch || q->offset;
  if( kind==CORRELATED_IN && f.correlated && (sel->aggregated || b->distinct || limited) ) return 0;
  if( limited && !global && f.correlated && !limit_supported(sel, q, &f, kind) ) return 0;
  return 1;
}

void correlated_check(Analyser *an, Query *q, Pos pos, CorrelatedKind kind){
  QueryInfo *info = q->sem;
  int ok = q->body->kind==BODY_SELECT && select_supported(info->select, q, kind);
  if( q->body->kind==BODY_QUERY ){
    correlated_check(an, q->body->query, pos, kind);
    return;
  }
  if( q->body->kind==BODY_VALUES && q->body->rows.n==1 && kind==CORRELATED_SCALAR ) ok = 1;
  if( !ok ) an_fail(an, "NOT_SUPPORTED", pos, "Given correlated subquery is not supported");
}
