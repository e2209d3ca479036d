/*
** AND, OR and the conditions of WHERE and ON; which expressions may raise.
**
** SQLite does not promise the order in which AND evaluates; Athena goes from
** left to right and stops at the first false operand (not at NULL).  Where an
** operand may raise an error, AND and OR are written as a CASE that keeps to
** that.
*/
#include "emit.h"

/* --- What may raise ------------------------------------------------------ */

static void raise_child(void *p, Expr *e){
  int *r = p;
  if( !*r ) *r = expr_may_raise(e);
}

int expr_may_raise(Expr *e){
  Sem *sem = e->sem;
  int r = 0;
  if( e->kind==EXPR_COERCE ) return expr_may_raise(e->arg[0]);
  if( e->kind==EXPR_CAST && !e->op && !coerce_is_free(e->arg[0]->type, e->type) ) return 1;
  if( sem ){
    switch( sem->kind ){
      case SEM_VALUE: case SEM_COLUMN: case SEM_TRY: case SEM_EXISTS: case SEM_AGG: return 0;
      case SEM_FN: if( sem->fn->flags & FN_RAISES ) return 1; break;
      case SEM_SUBQUERY: return !((QueryInfo*)e->query->sem)->single_row;
      case SEM_EQ: case SEM_BETWEEN: case SEM_IN_LIST: case SEM_IN_QUERY: case SEM_QUANTIFIED:
        if( sem->fn && (sem->fn->flags & FN_RAISES) ) return 1;
        break;
      default: break;
    }
  }
  expr_children(e, raise_child, &r);
  return r;
}

/* --- AND and OR ---------------------------------------------------------- */

const char *emit_joined(Emitter *E, const char *op, int n, const char *const *t){
  if( n==1 ) return t[0];
  if( n>200 ) return ep(E, "(%s %s %s)", emit_joined(E, op, n/2, t), op, emit_joined(E, op, n-n/2, t+n/2));
  Buf b;
  buf_init(&b, E->arena);
  buf_char(&b, '(');
  for(int i=0; i<n; i++){
    if( i ) buf_printf(&b, " %s ", op);
    buf_str(&b, t[i]);
  }
  buf_char(&b, ')');
  return b.z;
}

/* Left to right, stopping at the operand that decides. */
static const char *logic_case(Emitter *E, int is_and, int n, const char *const *t){
  Buf b;
  if( n==1 ) return t[0];
  buf_init(&b, E->arena);
  buf_str(&b, "CASE");
  for(int i=0; i+1<n; i++) buf_printf(&b, is_and ? " WHEN NOT %s THEN 0" : " WHEN %s THEN 1", t[i]);
  buf_printf(&b, " ELSE %s END", emit_joined(E, is_and ? "AND" : "OR", n, t));
  return b.z;
}

const char *const *emit_all(Emitter *E, int n, Expr **e){
  const char **t = ARENA_ARRAY(E->arena, const char*, n+1);
  for(int i=0; i<n; i++) t[i] = emit_expr(E, e[i]);
  return t;
}

static int first_raising(int n, Expr **e){
  for(int i=0; i<n; i++) if( expr_may_raise(e[i]) ) return i;
  return n;
}

const char *emit_list_of(Emitter *E, const char *name, int n, const char *const *t){
  Buf b;
  buf_init(&b, E->arena);
  buf_printf(&b, "%s(", name);
  for(int i=0; i<n; i++) buf_printf(&b, "%s%s", i ? ", " : "", t[i]);
  buf_char(&b, ')');
  return b.z;
}

const char *emit_logic(Emitter *E, Expr *e){
  int is_and = e->kind==EXPR_AND;
  const char *const *t = emit_all(E, e->n, e->arg);
  if( E->program ) return emit_list_of(E, is_and ? "and" : "or", e->n, t);
  if( first_raising(e->n, e->arg)<e->n ) return logic_case(E, is_and, e->n, t);
  return emit_joined(E, is_and ? "AND" : "OR", e->n, t);
}

/* What every arm of an OR demands is worth saying before it: SQLite can join
** by it (TPC-H 19). */
static const char *common_conjuncts(Emitter *E, Expr *e){
  const char *all = 0;
  Expr *first = expr_bare(e->arg[0]);
  int n = first->kind==EXPR_AND ? first->n : 1;
  for(int i=0; i<n; i++){
    Expr *c = expr_bare(first->kind==EXPR_AND ? first->arg[i] : first);
    int in_all = c->kind==EXPR_COMPARE && !expr_may_raise(c);
    for(int k=1; k<e->n && in_all; k++){
      Expr *arm = expr_bare(e->arg[k]);
      int m = arm->kind==EXPR_AND ? arm->n : 1, found = 0;
      for(int j=0; j<m && !found; j++) found = expr_same(c, arm->kind==EXPR_AND ? arm->arg[j] : arm);
      in_all = found;
    }
    if( !in_all ) continue;
    const char *sql = emit_expr(E, c);
    all = all ? ep(E, "%s AND %s", all, sql) : sql;
  }
  return all;
}

const char *emit_condition(Emitter *E, Expr *e){
  Expr *bare = expr_bare(e);
  if( bare->kind==EXPR_OR ){
    const char *all = common_conjuncts(E, bare), *sql = emit_expr(E, e);
    return all ? ep(E, "%s AND %s", all, sql) : sql;
  }
  if( bare->kind!=EXPR_AND ) return emit_expr(E, e);
  const char *const *t = emit_all(E, bare->n, bare->arg);
  int k = first_raising(bare->n, bare->arg);
  if( k==bare->n || k==0 ) return k ? emit_joined(E, "AND", bare->n, t) : logic_case(E, 1, bare->n, t);
  return ep(E, "%s AND %s", emit_joined(E, "AND", k, t), logic_case(E, 1, bare->n, t));
}
