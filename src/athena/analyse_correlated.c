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

/* inner = outer */
static int is_equality(Select *sel, Expr *e){
  if( e->kind!=EXPR_COMPARE || e->op!=OP_EQ ) return 0;
  Find a = columns_of(sel, e->arg[0]), b = columns_of(sel, e->arg[1]);
  return (a.outer && !a.inner && !b.outer) || (b.outer && !b.inner && !a.outer);
}

/* 0 no outer column in the filter, 1 only in equalities, 2 elsewhere too. */
static int filter_correlation(Select *sel, Expr *e){
  int r = 0;
  if( e==0 ) return 0;
  e = expr_bare(e);
  if( e->kind==EXPR_AND ){
    for(int i=0; i<e->n; i++){
      int k = filter_correlation(sel, e->arg[i]);
      if( k>r ) r = k;
    }
    return r;
  }
  if( !columns_of(sel, e).outer ) return 0;
  return is_equality(sel, e) ? 1 : 2;
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

static int select_supported(Select *sel, Query *q, int is_scalar){
  Body *b = sel->body;
  int global = sel->aggregated && sel->n_key==0;
  int filter = filter_correlation(sel, b->where);
  int unnest = unnest_reads_outer(sel, b->from);
  if( sel->aggregated && (aggregates_read_outer(sel) || (b->having && (filter || unnest))) ) return 0;
  if( join_reads_outer(sel, b->from) ) return 0;
  if( unnest && (!is_scalar || (sel->aggregated && b->where)) ) return 0;
  if( sel->has_window && (filter || unnest) ) return 0;
  int limited = q->limit || q->fetch || q->offset;
  if( limited && !global && (filter==2 || (q->offset && filter)) ) return 0;
  if( (sel->n_key>0 || b->distinct) && filter==2 ) return 0;
  return 1;
}

void correlated_check(Analyser *an, Query *q, Pos pos, int is_scalar){
  QueryInfo *info = q->sem;
  int ok = q->body->kind==BODY_SELECT && select_supported(info->select, q, is_scalar);
  if( q->body->kind==BODY_QUERY ){
    correlated_check(an, q->body->query, pos, is_scalar);
    return;
  }
  if( !ok ) an_fail(an, "NOT_SUPPORTED", pos, "Given correlated subquery is not supported");
}
