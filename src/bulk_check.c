/*
** Whether a query has no rows, found natively: checks (checks.c) are queries
** that are expected to have none, and to group or list their rows is only worth
** while when there are some.
**
** A SELECT has none when no row passes its FROM and WHERE, unless it aggregates
** without keys: then there is one row, and its HAVING must be false over
** nothing (`count(*) > 0`).  A union has none when none of its parts has.
*/
#include "bulk_run.h"

#define PARTS_MAX 64            /* of a union */

/* --- Is there a row? ----------------------------------------------------- */

static int look_begin(void *arg, int hand, void **product){
  int *p = sqlite3_malloc64(sizeof(*p));
  (void)arg; (void)hand;
  if( p==0 ) return SQLITE_NOMEM;
  *p = 0;
  *product = p;
  return SQLITE_OK;
}
static int look_row(void *arg, int hand, void *product, const Value *cell){
  (void)arg; (void)hand; (void)cell;
  *(int*)product = 1;
  return SQLITE_OK;
}
static int look_end(void *arg, int hand, void *product){
  (void)arg; (void)hand; (void)product;
  return SQLITE_OK;
}
static int look_take(void *arg, void *product){
  *(int*)arg |= *(int*)product;
  return *(int*)arg ? SQLITE_DONE : SQLITE_OK;
}
static void look_free(void *arg, void *product){
  (void)arg;
  sqlite3_free(product);
}

static int has_rows(BulkRun *run, const BulkQuery *q, int *found){
  BulkSink sink = { found, look_begin, look_row, look_end, look_take, look_free };
  *found = 0;
  return bulk_run(run, q, &sink);
}

/* --- Is it nothing over nothing? ----------------------------------------- */

static int is_count(const Expr *e){
  const Sem *sem = e->sem;
  return sem && sem->kind==SEM_AGG && e->star && e->filter==0;
}

/* `count(*) > 0` and its like: false where there is no row. */
static int is_false_over_nothing(Expr *e){
  Expr *a, *b;
  int64_t n;
  if( e==0 ) return 0;
  e = expr_bare(e);
  if( e->kind!=EXPR_COMPARE || e->n!=2 ) return 0;
  a = expr_bare(e->arg[0]);
  b = expr_bare(e->arg[1]);
  if( !is_count(a) || b->sem==0 || ((Sem*)b->sem)->kind!=SEM_VALUE || !type_is_integer(b->type) || b->value.kind!=V_INT ) return 0;
  n = b->value.i;
  switch( e->op ){
    case OP_EQ: return n!=0;
    case OP_NE: return n==0;
    case OP_GT: return n>=0;
    case OP_GE: return n>0;
    case OP_LT: return n<=0;
    case OP_LE: return n<0;
    default: return 0;
  }
}

/* Without rows below, are there none? */
static int needs_rows(const Select *s){
  if( !s->aggregated ) return 1;
  if( s->n_set!=1 ) return 0;
  return s->n_key>0 || is_false_over_nothing(s->body->having);
}

/* --- The query ----------------------------------------------------------- */

typedef struct Parts { Arena *arena; int n; BulkQuery *part[PARTS_MAX]; } Parts;

/* The rows that the query's parts are made of: 0 when they are not known. */
static int add_parts(Parts *p, const Body *body, int depth){
  const BodyInfo *info = body->sem;
  if( depth>BULK_DEPTH*4 || info==0 ) return 0;
  if( body->kind==BODY_SETOP ) return body->op=='U' && add_parts(p, body->left, depth+1) && add_parts(p, body->right, depth+1);
  if( body->kind!=BODY_SELECT || p->n==PARTS_MAX || !needs_rows(info->select) ) return 0;
  p->part[p->n] = bulk_rows_of(p->arena, info->select);
  return p->part[p->n++]!=0;
}

static int all_small(BulkRun *run, const Parts *p){
  for(int i=0; i<p->n; i++) if( !bulk_is_small(run, p->part[i]) ) return 0;
  return 1;
}

int bulk_is_empty(Session *s, const Compiled *c){
  Parts p = {&s->arena, 0, {0}};
  BulkRun run;
  int rc, found = 0;
  if( bulk_forced()==1 || c->statement->query==0 || !add_parts(&p, c->statement->query->body, 0) ) return 0;
  bulk_run_init(&run, s);
  if( bulk_forced()<0 && all_small(&run, &p) ) return 0;
  rc = bulk_run_begin(&run);
  for(int i=0; i<p.n && rc==SQLITE_OK && !found; i++) rc = has_rows(&run, p.part[i], &found);
  bulk_run_end(&run);
  sqlite3_free(run.error);
  if( rc==SQLITE_INTERRUPT ){
    s->interrupted = 1;
    session_fail(s, "interrupted");
    return -1;
  }
  return rc==SQLITE_OK && !found;
}
