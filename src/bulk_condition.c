/*
** Conditions of bulk queries: from the analysed tree to BulkCond.
**
** Taken are conditions that cannot raise an error and whose outcome follows
** from the stored cells alone: see bulk.h.  NULL makes them unknown, as in SQL;
** the runner evaluates three-valued (bulk_test).
*/
#include <math.h>
#include <string.h>
#include "bulk_plan.h"

static BulkCond *cond_new(Recogniser *r, BulkCondKind kind){
  BulkCond *c = ARENA_NEW(r->arena, BulkCond);
  c->kind = kind;
  c->a.rel = c->b.rel = -1;
  return c;
}

static unsigned rels_of(const BulkOperand *o){
  return o->rel<0 ? 0 : 1u<<o->rel;
}

/* --- Comparisons --------------------------------------------------------- */

/* A constant that is compared: of the kind, NULL, or not to be compared here. */
static int constant_is_good(const BulkOperand *o, ValueKind kind){
  if( o->rel>=0 || o->value.kind==V_NULL ) return 1;
  if( o->value.kind!=kind ) return 0;
  return kind!=V_REAL || !isnan(o->value.r);
}

static BulkCond *compare_operands(Recogniser *r, int op, const BulkOperand *a, const BulkOperand *b, ValueKind kind){
  BulkCond *c;
  if( !constant_is_good(a, kind) || !constant_is_good(b, kind) ) return 0;
  c = cond_new(r, BULK_COMPARE);
  c->op = op;
  c->a = *a;
  c->b = *b;
  c->rels = rels_of(a) | rels_of(b);
  return c;
}

static BulkCond *compare(Recogniser *r, const Env *env, Expr *e){
  const Sem *sem = e->sem;
  BulkOperand a, b;
  ValueKind kind;
  if( sem==0 || sem->kind!=SEM_EQ || sem->operand==0 || e->op<OP_EQ || e->op>OP_GE ) return 0;
  kind = bulk_kind(sem->operand);
  if( kind==V_NULL || !bulk_operand(r, env, e->arg[0], &a) || !bulk_operand(r, env, e->arg[1], &b) ) return 0;
  return compare_operands(r, e->op, &a, &b, kind);
}

static BulkCond *junction(Recogniser *r, BulkCondKind kind, int n){
  BulkCond *c = cond_new(r, kind);
  c->arg = ARENA_ARRAY(r->arena, BulkCond*, n);
  return c;
}

static BulkCond *add_term(BulkCond *c, BulkCond *term){
  if( term==0 ) return 0;
  c->arg[c->n++] = term;
  c->rels |= term->rels;
  return c;
}

static BulkCond *negated(Recogniser *r, BulkCond *c){
  return c ? add_term(junction(r, BULK_NOT, 1), c) : 0;
}

static BulkCond *between(Recogniser *r, const Env *env, Expr *e){
  const Sem *sem = e->sem;
  BulkOperand x, lo, hi;
  ValueKind kind;
  BulkCond *c;
  if( sem==0 || sem->kind!=SEM_BETWEEN || sem->operand==0 ) return 0;
  kind = bulk_kind(sem->operand);
  if( kind==V_NULL || !bulk_operand(r, env, e->arg[0], &x) ) return 0;
  if( !bulk_operand(r, env, e->arg[1], &lo) || !bulk_operand(r, env, e->arg[2], &hi) ) return 0;
  c = junction(r, BULK_AND, 2);
  if( !add_term(c, compare_operands(r, OP_GE, &x, &lo, kind)) || !add_term(c, compare_operands(r, OP_LE, &x, &hi, kind)) ) return 0;
  return e->negated ? negated(r, c) : c;
}

/* --- IN and EXISTS ------------------------------------------------------- */

static BulkCond *add_set(Recogniser *r, BulkCond *c){
  BulkQuery *q = r->q;
  if( q->n_set==BULK_CONDS ) return 0;
  for(int i=0; i<c->n_key; i++) c->rels |= rels_of(&c->key[i]);
  c->set = q->n_set;
  q->set[q->n_set++] = c;
  return c;
}

/* Doubles are not looked up: a few comparisons instead. */
static BulkCond *in_doubles(Recogniser *r, const Env *env, Expr *e){
  BulkCond *c = junction(r, BULK_OR, e->n);
  BulkOperand x, item;
  if( e->n>BULK_TERMS || !bulk_operand(r, env, e->arg[0], &x) ) return 0;
  for(int i=1; i<e->n; i++){
    if( !bulk_operand(r, env, e->arg[i], &item) || item.rel>=0 || !add_term(c, compare_operands(r, OP_EQ, &x, &item, V_REAL)) ) return 0;
  }
  return c;
}

static BulkCond *in_list(Recogniser *r, const Env *env, Expr *e){
  const Sem *sem = e->sem;
  BulkCond *c;
  if( sem==0 || sem->kind!=SEM_IN_LIST || sem->operand==0 ) return 0;
  if( bulk_kind(sem->operand)==V_REAL ){
    c = in_doubles(r, env, e);
  }else{
    c = cond_new(r, BULK_IN);
    if( !bulk_is_key(sem->operand) || !bulk_operand(r, env, e->arg[0], &c->key[0]) || c->key[0].rel<0 ) return 0;
    c->n_key = 1;
    c->list = ARENA_ARRAY(r->arena, Value, e->n);
    for(int i=1; i<e->n; i++){
      BulkOperand item;
      if( !bulk_operand(r, env, e->arg[i], &item) || item.rel>=0 ) return 0;
      c->list[c->n_list++] = item.value;
    }
    c = add_set(r, c);
  }
  return c && e->negated ? negated(r, c) : c;
}

static BulkCond *in_query(Recogniser *r, const Env *env, Expr *e){
  const Sem *sem = e->sem;
  const QueryInfo *info = e->query->sem;
  BulkCond *c = cond_new(r, BULK_IN);
  if( sem==0 || sem->kind!=SEM_IN_QUERY || sem->operand==0 || !bulk_is_key(sem->operand) ) return 0;
  if( info==0 || info->n!=1 || info->correlated || !coerce_is_free(info->field[0]->type, sem->operand) ) return 0;
  if( !bulk_operand(r, env, e->arg[0], &c->key[0]) || c->key[0].rel<0 ) return 0;
  c->n_key = 1;
  c->query = bulk_subquery(r, e->query, env, 0);
  if( c->query==0 || !add_set(r, c) ) return 0;
  return e->negated ? negated(r, c) : c;
}

static BulkCond *exists(Recogniser *r, const Env *env, Expr *e){
  BulkCond *c = cond_new(r, BULK_IN);
  c->exists = 1;
  c->query = bulk_subquery(r, e->query, env, c);
  return c->query ? add_set(r, c) : 0;
}

/* --- Any condition ------------------------------------------------------- */

static BulkCond *terms(Recogniser *r, const Env *env, Expr *e, BulkCondKind kind){
  BulkCond *c;
  if( e->n>BULK_TERMS ) return 0;
  c = junction(r, kind, e->n);
  for(int i=0; i<e->n; i++) if( !add_term(c, bulk_condition(r, env, e->arg[i])) ) return 0;
  return c;
}

static BulkCond *simple(Recogniser *r, const Env *env, Expr *e, BulkCondKind kind){
  BulkCond *c = cond_new(r, kind);
  Expr *x = kind==BULK_IS_NULL ? e->arg[0] : e;
  if( !bulk_operand(r, env, x, &c->a) || c->a.rel<0 ) return 0;
  c->rels = rels_of(&c->a);
  return kind==BULK_IS_NULL && e->negated ? negated(r, c) : c;
}

static BulkCond *dispatch(Recogniser *r, const Env *env, Expr *e){
  switch( e->kind ){
    case EXPR_AND: return terms(r, env, e, BULK_AND);
    case EXPR_OR: return terms(r, env, e, BULK_OR);
    case EXPR_NOT: return negated(r, bulk_condition(r, env, e->arg[0]));
    case EXPR_IS_NULL: return simple(r, env, e, BULK_IS_NULL);
    case EXPR_COMPARE: return compare(r, env, e);
    case EXPR_BETWEEN: return between(r, env, e);
    case EXPR_IN_LIST: return in_list(r, env, e);
    case EXPR_IN_QUERY: return in_query(r, env, e);
    case EXPR_EXISTS: return exists(r, env, e);
    case EXPR_NAME: case EXPR_FIELD: return e->type && e->type->kind==T_BOOLEAN ? simple(r, env, e, BULK_TRUE) : 0;
    default: return 0;
  }
}

BulkCond *bulk_condition(Recogniser *r, const Env *env, Expr *e){
  BulkCond *c = ++r->depth<=BULK_DEPTH ? dispatch(r, env, e) : 0;
  r->depth--;
  return c;
}

/* a = b between two tables. */
static int is_join_key(Recogniser *r, const Env *env, Expr *e, BulkOperand *a, BulkOperand *b){
  const Sem *sem = e->sem;
  if( e->kind!=EXPR_COMPARE || e->op!=OP_EQ || sem==0 || sem->kind!=SEM_EQ || sem->operand==0 || !bulk_is_key(sem->operand) ) return 0;
  if( !bulk_operand(r, env, e->arg[0], a) || !bulk_operand(r, env, e->arg[1], b) ) return 0;
  return a->rel>=0 && b->rel>=0 && a->rel!=b->rel;
}

int bulk_conjuncts(Recogniser *r, const Env *env, Expr *e){
  BulkOperand a, b;
  BulkCond *c;
  e = expr_bare(e);
  if( e->kind==EXPR_AND ){
    for(int i=0; i<e->n; i++) if( !bulk_conjuncts(r, env, e->arg[i]) ) return 0;
    return 1;
  }
  if( is_join_key(r, env, e, &a, &b) ) return bulk_add_key(r, &a, &b);
  c = bulk_condition(r, env, e);
  if( c==0 || r->q->n_cond==BULK_CONDS ) return 0;
  r->q->cond[r->q->n_cond++] = c;
  return 1;
}
