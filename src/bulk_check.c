/*
** Which queries have no rows, found natively: checks (checks.c) are queries
** that are expected to have none, and to group or list their rows is only worth
** while when there are some.  All are looked at together: a stored table is
** read once for all that ask it, a subquery is looked up by all that have it.
**
** A SELECT has none when no row passes its FROM and WHERE, unless it aggregates
** without keys: then there is one row, and its HAVING must be false over
** nothing (`count(*) > 0`).  A union has none when none of its parts has.
*/
#include <string.h>
#include "bulk_run.h"

#define PARTS_MAX 128           /* SELECTs of all checks together */

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

/* A SELECT of a check. */
typedef struct Part { BulkQuery *q; int check; int is_done; } Part;
typedef struct Parts {
  Session *s;
  BulkRun run;
  int n; Part part[PARTS_MAX];
  char *state;                  /* of each check: EMPTY until known better */
} Parts;
enum { UNKNOWN = 0, EMPTY = 1 };

/* The rows that a query's parts are made of: 0 when they are not known. */
static int add_parts(Parts *p, const Body *body, int check, int depth){
  const BodyInfo *info = body->sem;
  BulkQuery *q;
  if( depth>BULK_DEPTH*4 || info==0 ) return 0;
  if( body->kind==BODY_SETOP ){
    return body->op=='U' && add_parts(p, body->left, check, depth+1) && add_parts(p, body->right, check, depth+1);
  }
  if( body->kind!=BODY_SELECT || p->n==PARTS_MAX || !needs_rows(info->select) ) return 0;
  q = bulk_rows_of(&p->s->arena, info->select);
  if( q==0 ) return 0;
  p->part[p->n++] = (Part){ q, check, 0 };
  return 1;
}

static int is_mergeable(const BulkQuery *q){
  return q->n_rel==1 && q->n_cond>0 && q->rel[0].table->kind==TABLE_STORED;
}

/* Look for rows of one part.  SQLITE_INTERRUPT, or SQLITE_OK. */
static int look_at(Parts *p, Part *part){
  int found, rc;
  part->is_done = 1;
  if( p->state[part->check]!=EMPTY ) return SQLITE_OK;
  rc = has_rows(&p->run, part->q, &found);
  if( rc!=SQLITE_OK || found ) p->state[part->check] = UNKNOWN;
  return rc==SQLITE_INTERRUPT ? rc : SQLITE_OK;
}

/* This part and all later ones over the same table: with one scan when there
** are no rows, as they expect. */
static int look_together(Parts *p, int first){
  BulkQuery *q[PARTS_MAX], *all;
  Part *same[PARTS_MAX];
  int n = 0, found = 1, rc = SQLITE_OK;
  for(int i=first; i<p->n; i++){
    Part *part = &p->part[i];
    if( part->is_done || p->state[part->check]!=EMPTY || !is_mergeable(part->q) ) continue;
    if( part->q->rel[0].table!=p->part[first].q->rel[0].table
     && strcmp(part->q->rel[0].table->sqlite_name, p->part[first].q->rel[0].table->sqlite_name)!=0 ) continue;
    same[n] = part;
    q[n++] = part->q;
  }
  all = n>1 ? bulk_merge(&p->s->arena, n, q) : 0;
  if( all ) rc = has_rows(&p->run, all, &found);
  if( rc==SQLITE_INTERRUPT ) return rc;
  for(int i=0; i<n; i++){
    if( rc==SQLITE_OK && !found ) same[i]->is_done = 1;
    else if( look_at(p, same[i])==SQLITE_INTERRUPT ) return SQLITE_INTERRUPT;
  }
  return SQLITE_OK;
}

static int look_at_all(Parts *p){
  int rc = SQLITE_OK;
  for(int i=0; i<p->n && rc==SQLITE_OK; i++){
    Part *part = &p->part[i];
    if( part->is_done || p->state[part->check]!=EMPTY ) continue;
    rc = is_mergeable(part->q) ? look_together(p, i) : look_at(p, part);
  }
  return rc;
}

int bulk_find_empty(Session *s, int n, Compiled *const *c, char *is_empty){
  Parts *p = ARENA_NEW(&s->arena, Parts);
  BulkKept *kept = ARENA_NEW(&s->arena, BulkKept);
  int rc = SQLITE_OK;
  memset(is_empty, UNKNOWN, (size_t)n);
  if( bulk_is_off() ) return 0;
  p->s = s;
  p->state = is_empty;
  for(int i=0; i<n; i++){
    int before = p->n;
    if( c[i]==0 || c[i]->statement->query==0 ) continue;
    if( add_parts(p, c[i]->statement->query->body, i, 0) ) is_empty[i] = EMPTY;
    else p->n = before;
  }
  bulk_run_init(&p->run, s);
  p->run.kept = kept;
  if( p->n ) rc = bulk_run_begin(&p->run);
  for(int i=0; i<p->n && rc==SQLITE_OK; i++) rc = bulk_pin(&p->run, p->part[i].q);
  if( rc==SQLITE_OK ) rc = look_at_all(p);
  else memset(is_empty, UNKNOWN, (size_t)n);
  bulk_run_end(&p->run);
  for(int i=0; i<kept->n; i++) packed_free(&kept->of[i].set.rows);
  if( rc!=SQLITE_OK && rc!=SQLITE_INTERRUPT && s->s3.changed && p->run.error ) session_fail(s, "%s", p->run.error);
  sqlite3_free(p->run.error);
  if( rc!=SQLITE_INTERRUPT ) return s->error!=0;
  s->interrupted = 1;
  return session_fail(s, "interrupted");
}
