/*
** Subqueries in expressions as SQLite text: scalar ones, EXISTS, IN and
** quantified comparisons (three-valued logic over any type).
*/
#include "emit.h"

/* The columns of a subquery r as one value of type t. */
static const char *row_of(Emitter *E, int id, const QueryInfo *q, const Type *t, Pos pos){
  if( q->n==1 && t->kind!=T_ROW ) return ep(E, "r%d.c0", id);
  if( q->n==1 && q->field[0]->type->kind==T_ROW ) return ep(E, "r%d.c0", id);
  const char **c = ARENA_ARRAY(E->arena, const char*, q->n);
  for(int i=0; i<q->n; i++) c[i] = ep(E, "r%d.c%d", id, i);
  return emit_named(E, "$row", t->arg, t, q->n, c, pos);
}

/* The text of a subquery; one that stands on its own is an entry of the WITH
** clause around, which keeps the nesting low. */
static const char *subquery_text(Emitter *E, Query *query, const Type *const *target){
  QueryInfo *q = query->sem;
  if( q->correlated ) return emit_query_full(E, query, target);
  const char *sql = emit_query(E, query, target);
  int id = ++E->an->next_id;
  emit_with_entry(E, id, q->n, sql, 0);
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<q->n; i++) buf_printf(&b, "%sc%d", i ? ", " : "SELECT ", i);
  buf_printf(&b, " FROM q%d", id);
  return b.z;
}

static const char *emit_scalar(Emitter *E, Expr *e){
  QueryInfo *q = e->query->sem;
  int id = ++E->an->next_id;
  const char *sql = subquery_text(E, e->query, 0);
  if( q->n==1 && q->single_row ) return ep(E, "(%s)", sql);
  const char *c = q->n==1 ? ep(E, "r%d.c0", id) : row_of(E, id, q, e->type, e->pos);
  if( q->single_row ) return ep(E, "(SELECT %s FROM (%s) AS r%d)", c, sql, id);
  return ep(E, "(SELECT %s FROM (%s) AS r%d)", cast_sql(E->an, "t_single", c, e->type, e->type), sql, id);
}

/* x OP ANY|ALL (query) for any type: three-valued logic over the comparisons. */
static const char *emit_any_all(Emitter *E, Expr *e, int all){
  Sem *sem = e->sem;
  QueryInfo *q = e->query->sem;
  int id = ++E->an->next_id;
  const Type **target = 0;
  if( sem->operand->kind==T_ROW && e->arg[0]->type->kind==T_ROW ){
    target = (const Type**)sem->operand->arg;
  }else{
    target = ARENA_ARRAY(E->arena, const Type*, 1);
    target[0] = sem->operand;
  }
  const char *sql = subquery_text(E, e->query, target);
  const char *x = emit_expr(E, e->arg[0]);
  const char *c = row_of(E, id, q, sem->operand, e->pos);
  const char *cmp = emit_compare(E, sem->fn, sem->operand, x, c);
  if( all )
    return ep(E, "(SELECT CASE WHEN min(e)=0 THEN 0 WHEN count(*)>count(e) THEN NULL ELSE 1 END FROM (SELECT %s AS e FROM (%s) AS r%d))",
              cmp, sql, id);
  return ep(E, "(SELECT CASE WHEN max(e)=1 THEN 1 WHEN count(*)>count(e) THEN NULL ELSE 0 END FROM (SELECT %s AS e FROM (%s) AS r%d))",
            cmp, sql, id);
}

static int landing_has(const Relation *rel, const Field *f){
  const RelInfo *info = rel->sem;
  if( rel->kind==REL_JOIN ) return landing_has(rel->left, f) || landing_has(rel->right, f);
  if( rel->kind!=REL_TABLE || info->table==0 || info->table->kind!=TABLE_LANDING ) return 0;
  for(int i=0; i<info->scope->n; i++) if( info->scope->field[i]==f ) return 1;
  return 0;
}

/* A column of a landing table in FROM: its scan leaves out rows by IN. */
static int is_landing_column(Expr *e){
  const Sem *sem = expr_bare(e)->sem;
  return sem && sem->kind==SEM_COLUMN && sem->owner && sem->owner->body->from && landing_has(sem->owner->body->from, sem->field);
}

static const char *emit_in_query(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  const Type *target[1] = {sem->operand};
  const char *r;
  if( sem->fn && sem->fn->native && e->arg[0]->type->kind!=T_ROW && sem->operand->kind!=T_UNKNOWN ){
    const char *x = emit_expr(E, e->arg[0]);
    const char *values = !e->negated && is_landing_column(e->arg[0]) ? emit_in_values(E, e->query, target) : 0;
    r = values ? ep(E, "(%s IN (%s))", x, values) : emit_in_set(E, x, e->query, target);
    if( r==0 ) r = ep(E, "(%s IN (%s))", x, subquery_text(E, e->query, target));
  }else
    r = emit_any_all(E, e, 0);
  return e->negated ? emit_not(E, r) : r;
}

static const char *emit_quantified(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  int all = e->quantifier==QUANTIFIER_ALL;
  if( !all && e->op==OP_EQ && sem->fn && sem->fn->native && e->arg[0]->type->kind!=T_ROW ) return emit_in_query(E, e);
  return emit_any_all(E, e, all);
}

const char *emit_subquery(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  ProgramText *p = E->program;
  const char *sql;
  E->program = 0;
  switch( sem->kind ){
    case SEM_SUBQUERY: sql = emit_scalar(E, e); break;
    case SEM_EXISTS:
      /* its columns are never computed, so it is written in place */
      sql = ((QueryInfo*)e->query->sem)->correlated ? emit_query_full(E, e->query, 0) : emit_query(E, e->query, 0);
      sql = ep(E, "(EXISTS (%s))", sql);
      break;
    case SEM_IN_QUERY: sql = emit_in_query(E, e); break;
    default: sql = emit_quantified(E, e); break;
  }
  E->program = p;
  return p ? program_capture(E, sql, e->type) : sql;
}
