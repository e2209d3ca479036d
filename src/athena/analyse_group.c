/*
** GROUP BY: keys, grouping sets, and what may stand beside aggregates.
**
** All grouping elements are multiplied out to a list of sets over distinct
** keys (sel->key, sel->set).  The check of legality is Trino's
** AggregationAnalyzer: an output, HAVING or ORDER BY expression is made of
** keys, aggregates and constants, or the whole expression is reported.
*/
#include <stdlib.h>
#include <string.h>
#include "analyser.h"

/* --- Keys and sets ------------------------------------------------------- */

int group_key_index(const Select *sel, const Expr *e){
  for(int i=0; i<sel->n_key; i++) if( expr_same(sel->key[i], e) ) return i;
  return -1;
}

static int key_add(Analyser *an, Select *sel, int *cap, Expr *e){
  int i = group_key_index(sel, e);
  if( i>=0 ) return i;
  if( sel->n_key==*cap ){
    *cap = *cap ? 2 * *cap : 8;
    Expr **grown = ARENA_ARRAY(an->arena, Expr*, *cap);
    if( sel->n_key ) memcpy(grown, sel->key, sizeof(Expr*)*(size_t)sel->n_key);
    sel->key = grown;
  }
  sel->key[sel->n_key] = e;
  return sel->n_key++;
}

static void check_comparable(Analyser *an, Expr *e){
  if( !type_is_comparable(e->type) )
    an_fail(an, "TYPE_MISMATCH", select_pos(an), "%s is not comparable, and therefore cannot be used in GROUP BY", type_z(an, e->type));
}

/* One expression of GROUP BY a, 2, lower(x). */
static Expr *simple_key(Analyser *an, Select *sel, Expr *e){
  if( e->kind==EXPR_INTEGER ){
    long k = strtol(e->text, 0, 10);
    if( k<1 || k>sel->n_out )
      an_fail(an, "INVALID_COLUMN_REFERENCE", e->pos, "GROUP BY position %s is not in select list", e->text);
    e = sel->out[k-1];
  }else{
    expr_analyse(an, sel->source, e);
  }
  check_no_aggregates(an, e, "GROUP BY clause");
  check_comparable(an, e);
  return e;
}

/* One expression of a grouping set: only a column. */
static Expr *set_key(Analyser *an, Select *sel, Expr *e){
  const Type *t = expr_analyse(an, sel->source, e);
  Sem *sem = e->sem;
  (void)t;
  if( sem==0 || sem->kind!=SEM_COLUMN )
    an_fail(an, "INVALID_COLUMN_REFERENCE", e->pos, "GROUP BY expression must be a column reference: %s", expr_text(an, e));
  check_comparable(an, e);
  return e;
}

typedef struct Set { int n; int *key; } Set;
typedef struct Sets { int n; Set *set; } Sets;

static Set set_join(Analyser *an, Set a, Set b){
  Set r = {0, ARENA_ARRAY(an->arena, int, a.n+b.n+1)};
  for(int k=0; k<2; k++){
    Set s = k ? b : a;
    for(int i=0; i<s.n; i++){
      int seen = 0;
      for(int j=0; j<r.n && !seen; j++) seen = r.key[j]==s.key[i];
      if( !seen ) r.key[r.n++] = s.key[i];
    }
  }
  return r;
}

static void sets_add(Analyser *an, Sets *s, Set set, Pos pos){
  if( s->n>=GROUPING_SET_MAX ) an_refuse(an, pos, "more than %d grouping sets", GROUPING_SET_MAX);
  if( s->set==0 ) s->set = ARENA_ARRAY(an->arena, Set, GROUPING_SET_MAX);
  s->set[s->n++] = set;
}

/* The sets that one element of GROUP BY stands for. */
static Sets element_sets(Analyser *an, Select *sel, int *cap, GroupingElement *g){
  Sets r = {0, 0};
  Set *part = ARENA_ARRAY(an->arena, Set, g->n+1), none = {0, 0};
  for(int i=0; i<g->n; i++){
    part[i].key = ARENA_ARRAY(an->arena, int, g->set[i].n+1);
    for(int j=0; j<g->set[i].n; j++){
      Expr *e = g->set[i].e[j];
      e = g->kind==GROUP_SIMPLE ? simple_key(an, sel, e) : set_key(an, sel, e);
      part[i].key[part[i].n++] = key_add(an, sel, cap, e);
    }
  }
  switch( g->kind ){
    case GROUP_SIMPLE: case GROUP_SETS:
      for(int i=0; i<g->n; i++) sets_add(an, &r, part[i], g->pos);
      break;
    case GROUP_ROLLUP:
      for(int k=g->n; k>=0; k--){
        Set s = none;
        for(int i=0; i<k; i++) s = set_join(an, s, part[i]);
        sets_add(an, &r, s, g->pos);
      }
      break;
    case GROUP_CUBE:
      if( g->n>8 ) an_refuse(an, g->pos, "CUBE of more than 8 columns");
      for(int mask=(1<<g->n)-1; mask>=0; mask--){
        Set s = none;
        for(int i=0; i<g->n; i++) if( mask & (1<<(g->n-1-i)) ) s = set_join(an, s, part[i]);
        sets_add(an, &r, s, g->pos);
      }
      break;
  }
  return r;
}

static int set_equal(Set a, Set b){
  if( a.n!=b.n ) return 0;
  for(int i=0; i<a.n; i++){
    int found = 0;
    for(int j=0; j<b.n && !found; j++) found = a.key[i]==b.key[j];
    if( !found ) return 0;
  }
  return 1;
}

void group_analyse(Analyser *an, Select *sel){
  Body *b = sel->body;
  Set none = {0, 0};
  Sets all = {0, 0};
  int cap = 0;
  sets_add(an, &all, none, b->pos);
  for(int i=0; i<b->n_group; i++){
    Sets part = element_sets(an, sel, &cap, &b->group[i]), product = {0, 0};
    for(int x=0; x<all.n; x++)
      for(int y=0; y<part.n; y++)
        sets_add(an, &product, set_join(an, all.set[x], part.set[y]), b->group[i].pos);
    all = product;
  }
  sel->set_n = ARENA_ARRAY(an->arena, int, all.n+1);
  sel->set = ARENA_ARRAY(an->arena, int*, all.n+1);
  for(int i=0; i<all.n; i++){
    int repeated = 0;
    for(int j=0; j<i && b->group_distinct && !repeated; j++) repeated = set_equal(all.set[i], all.set[j]);
    if( repeated ) continue;
    sel->set_n[sel->n_set] = all.set[i].n;
    sel->set[sel->n_set++] = all.set[i].key;
  }
}

/* --- Legality ------------------------------------------------------------ */

typedef struct Check {
  Analyser *an;
  Select *sel;
  int ok;
} Check;

static int legal(Analyser *an, Select *sel, Expr *e);

static void check_child(void *p, Expr *e){
  Check *c = p;
  if( c->ok ) c->ok = legal(c->an, c->sel, e);
}

static const char *list_text(Analyser *an, const ExprList *l){
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<l->n; i++) buf_printf(&b, "%s%s", i ? ", " : "", expr_text(an, l->e[i]));
  return b.z ? b.z : "";
}

static const char *called(const Expr *e){
  return e->function_name.n ? e->function_name.name[e->function_name.n-1].lower : "";
}

typedef struct Nested { Analyser *an; ExprList aggregates, windows; } Nested;
static void find_nested(void *p, Expr *e){
  Nested *n = p;
  ExprList a = collect_calls(n->an, e, 1, 0, 0), w = collect_calls(n->an, e, 0, 1, 0);
  if( n->aggregates.n==0 ) n->aggregates = a;
  if( n->windows.n==0 ) n->windows = w;
}

static void check_nested(Analyser *an, Expr *e){
  Nested n = {an, {0, 0, 0}, {0, 0, 0}};
  expr_children(e, find_nested, &n);
  if( n.aggregates.n )
    an_fail(an, "NESTED_AGGREGATION", e->pos, "Cannot nest aggregations inside aggregation '%s': [%s]", called(e), list_text(an, &n.aggregates));
  if( n.windows.n )
    an_fail(an, "NESTED_WINDOW", e->pos, "Cannot nest window functions or row pattern measures inside aggregation '%s': [%s]",
      called(e), list_text(an, &n.windows));
}

static int legal_window(Analyser *an, Select *sel, Expr *e){
  Sem *sem = e->sem;
  Window *w = sem->window;
  for(int i=0; i<w->partition_by.n; i++){
    Expr *p = w->partition_by.e[i];
    if( !legal(an, sel, p) )
      an_fail(an, "EXPRESSION_NOT_AGGREGATE", p->pos,
        "PARTITION BY expression '%s' must be an aggregate expression or appear in GROUP BY clause", expr_text(an, p));
  }
  for(int i=0; i<w->order_by.n; i++){
    Expr *p = w->order_by.item[i].e;
    if( !legal(an, sel, p) )
      an_fail(an, "EXPRESSION_NOT_AGGREGATE", p->pos,
        "ORDER BY expression '%s' must be an aggregate expression or appear in GROUP BY clause", expr_text(an, p));
  }
  for(int i=0; i<sem->n; i++) if( !legal(an, sel, sem->arg[i]) ) return 0;
  if( w->start_value && !legal(an, sel, w->start_value) ) return 0;
  if( w->end_value && !legal(an, sel, w->end_value) ) return 0;
  return 1;
}

static int legal_column(Analyser *an, Select *sel, Expr *e){
  Sem *sem = e->sem;
  Field *f = sem->field;
  if( f->is_lambda || f->item || sem->owner!=sel ) return 1;
  if( sem->from_star ){
    an_fail(an, "EXPRESSION_NOT_AGGREGATE", POS_NONE, "Column '%s%s%s' not in GROUP BY clause",
      f->n_qualifier ? f->qualifier[0] : "", f->n_qualifier ? "." : "", f->name ? f->name : "");
  }
  return 0;
}

static int legal(Analyser *an, Select *sel, Expr *e){
  e = expr_bare(e);
  Sem *sem = e->sem;
  if( group_key_index(sel, e)>=0 ) return 1;
  if( sem ){
    switch( sem->kind ){
      case SEM_COLUMN: return legal_column(an, sel, e);
      case SEM_AGG: check_nested(an, e); return 1;
      case SEM_WINDOW: return legal_window(an, sel, e);
      case SEM_GROUPING: return 1;
      case SEM_SUBQUERY: case SEM_EXISTS: case SEM_IN_QUERY: case SEM_QUANTIFIED:
        for(int i=0; i<sem->n_outer; i++){
          Sem *ref = sem->outer[i].sem;
          if( ref->owner!=sel || ref->field->item || group_key_index(sel, sem->outer[i].e)>=0 ) continue;
          an_fail(an, "EXPRESSION_NOT_AGGREGATE", sem->outer[i].e->pos,
            "Subquery uses '%s' which must appear in GROUP BY clause", expr_text(an, sem->outer[i].e));
        }
        break;
      default: break;
    }
  }
  Check c = {an, sel, 1};
  expr_children(e, check_child, &c);
  return c.ok;
}

static void check_output(Analyser *an, Select *sel, Expr *e){
  if( !legal(an, sel, e) )
    an_fail(an, "EXPRESSION_NOT_AGGREGATE", e->pos, "'%s' must be an aggregate expression or appear in GROUP BY clause", expr_text(an, e));
}

static void check_grouping(Analyser *an, Select *sel, Expr *e){
  Sem *sem = e->sem;
  if( sel->body->n_group==0 )
    an_fail(an, "MISSING_GROUP_BY", select_pos(an),
      "A GROUPING() operation can only be used with a corresponding GROUPING SET/CUBE/ROLLUP/GROUP BY clause");
  sem->n_key = e->n;
  sem->key = ARENA_ARRAY(an->arena, int, e->n+1);
  for(int i=0; i<e->n; i++){
    sem->key[i] = group_key_index(sel, e->arg[i]);
    if( sem->key[i]<0 )
      an_fail(an, "INVALID_ARGUMENTS", e->pos, "The arguments to GROUPING() must be expressions referenced by the GROUP BY"
        " at the associated query level. Mismatch due to %s.", expr_text(an, e->arg[i]));
  }
}

static void gather(Analyser *an, Select *sel, Expr *e){
  ExprList found = collect_calls(an, e, 1, 0, 1);
  for(int i=0; i<found.n; i++){
    int seen = 0;
    for(int j=0; j<sel->aggs.n && !seen; j++) seen = sel->aggs.e[j]==found.e[i];
    if( !seen ) calls_add(an, &sel->aggs, found.e[i]);
  }
}

/* No window inside a window, even without GROUP BY. */
static void check_windows(Analyser *an, Expr *e){
  ExprList found = collect_calls(an, e, 0, 1, 0);
  for(int i=0; i<found.n; i++){
    Nested n = {an, {0, 0, 0}, {0, 0, 0}};
    expr_children(found.e[i], find_nested, &n);
    if( n.windows.n )
      an_fail(an, "NESTED_WINDOW", n.windows.e[0]->pos, "Cannot nest window functions or row pattern measures inside window function arguments");
  }
}

void group_check(Analyser *an, Select *sel, int n_order, SortItem *order){
  Body *b = sel->body;
  for(int i=0; i<sel->n_out; i++) gather(an, sel, sel->out[i]);
  if( b->having ) gather(an, sel, b->having);
  for(int i=0; i<n_order; i++) gather(an, sel, order[i].e);
  for(int i=0; i<sel->aggs.n; i++){
    Sem *sem = sel->aggs.e[i]->sem;
    if( sem->kind==SEM_GROUPING ) check_grouping(an, sel, sel->aggs.e[i]);
  }
  for(int i=0; i<sel->n_out; i++){
    check_windows(an, sel->out[i]);
    sel->has_window |= collect_calls(an, sel->out[i], 0, 1, 0).n>0;
  }
  for(int i=0; i<n_order; i++) check_windows(an, order[i].e);
  sel->aggregated = b->has_group || b->n_group>0 || b->having!=0 || sel->aggs.n>0;
  if( !sel->aggregated ) return;
  for(int i=0; i<sel->n_out; i++) check_output(an, sel, sel->out[i]);
  if( b->having ) check_output(an, sel, b->having);
  for(int i=0; i<n_order; i++) check_output(an, sel, order[i].e);
}
