/*
** Subqueries in expressions: (query) as a value, EXISTS, IN (query) and
** quantified comparisons; which columns of enclosing queries they read.
*/
#include <string.h>
#include "analyser.h"

/* Analyse a subquery of an expression and note the outer columns it reads. */
static QueryInfo *subquery(Analyser *an, Scope *s, Expr *e, SemKind kind){
  if( an->in_lambda ) an_fail(an, "NOT_SUPPORTED", e->pos, "Lambda expression cannot contain subqueries");
  Sem *sem = sem_new(an, e, kind);
  Scope *border = scope_new(an, s, 0);
  border->is_query = 1;
  int first = an->n_outer;
  Select *select = an->select;
  an->query_depth++;
  QueryInfo *q = query_analyse(an, border, e->query);
  int beyond = 0;
  for(int i=first; i<an->n_outer; i++) beyond |= an->outer[i].depth<an->query_depth;
  q->correlated = beyond;
  if( beyond ){
    correlated_check(an, e->query, kind==SEM_SUBQUERY ? e->query->pos : e->pos,
      kind==SEM_EXISTS ? CORRELATED_EXISTS : kind==SEM_IN_QUERY ? CORRELATED_IN : CORRELATED_SCALAR);
  }
  an->query_depth--;
  an->select = select;
  sem->n_outer = an->n_outer - first;
  sem->outer = ARENA_ARRAY(an->arena, OuterRef, sem->n_outer+1);
  if( sem->n_outer ) memcpy(sem->outer, an->outer+first, sizeof(OuterRef)*(size_t)sem->n_outer);
  return q;
}

/* The row type of a query's columns. */
static const Type *query_row(Analyser *an, const QueryInfo *q){
  const Type **t = ARENA_ARRAY(an->arena, const Type*, q->n);
  const char **name = ARENA_ARRAY(an->arena, const char*, q->n);
  for(int i=0; i<q->n; i++){
    t[i] = q->field[i]->type;
    name[i] = q->field[i]->name;
  }
  return type_row(an->arena, q->n, t, name);
}

const Type *subquery_analyse(Analyser *an, Scope *s, Expr *e){
  QueryInfo *q = subquery(an, s, e, SEM_SUBQUERY);
  return e->type = q->n==1 ? q->field[0]->type : query_row(an, q);
}

const Type *exists_analyse(Analyser *an, Scope *s, Expr *e){
  subquery(an, s, e, SEM_EXISTS);
  return e->type = &TYPE_BOOLEAN;
}

/* IN (query) and quantified comparison. */
const Type *in_query_analyse(Analyser *an, Scope *s, Expr *e, SemKind kind){
  const Type *v = expr_analyse(an, s, e->arg[0]);
  QueryInfo *q = subquery(an, s, e, kind);
  const Type *row = query_row(an, q), *left = v;
  const char *none[1] = {0};
  if( v->kind!=T_ROW ) left = type_row(an->arena, 1, &v, none);
  const Type *t = type_common(an->arena, left, row);
  if( t==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Value expression and result of subquery must be of the same type: %s vs %s",
      type_z(an, left), type_z(an, row));
  Sem *sem = e->sem;
  sem->operand = v->kind==T_ROW ? t : t->arg[0];
  if( kind==SEM_QUANTIFIED && e->op!=OP_EQ && e->op!=OP_NE && !type_is_orderable(sem->operand) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Type [%s] must be orderable in order to be used in quantified comparison", type_z(an, t));
  if( !type_is_comparable(sem->operand) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Type [%s] must be comparable in order to be used in quantified comparison", type_z(an, t));
  e->arg[0] = expr_coerce(an, e->arg[0], sem->operand);
  sem->fn = comparison_fn(an, kind==SEM_QUANTIFIED ? e->op : OP_EQ, sem->operand);
  if( sem->fn==0 && sem->operand->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "comparison of %s", type_z(an, sem->operand));
  return e->type = &TYPE_BOOLEAN;
}
