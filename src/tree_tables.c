/*
** The tables that a statement reads, from its tree, before any of them exists:
** what the order of a pipeline's steps is made of.
**
** The walk follows every query, relation and expression.  A name of one part
** that a WITH clause in scope has defined is not a table.  Depth is bounded by
** the parser's own limit.
*/
#include <string.h>
#include "tree_tables.h"

typedef struct Defined { const struct Defined *outer; const char *name; } Defined;
typedef struct Walk { TreeTableFn fn; void *arg; } Walk;

static void walk_query(const Walk*, const Query*, const Defined*);
static void walk_expr(const Walk*, const Expr*, const Defined*);

static void walk_list(const Walk *w, const ExprList *list, const Defined *d){
  for(int i=0; i<list->n; i++) walk_expr(w, list->e[i], d);
}

static void walk_sort(const Walk *w, const SortList *list, const Defined *d){
  for(int i=0; i<list->n; i++) walk_expr(w, list->item[i].e, d);
}

static void walk_window(const Walk *w, const Window *win, const Defined *d){
  if( win==0 ) return;
  walk_list(w, &win->partition_by, d);
  walk_sort(w, &win->order_by, d);
  walk_expr(w, win->start_value, d);
  walk_expr(w, win->end_value, d);
}

static void walk_json(const Walk *w, const JsonClauses *j, const Defined *d){
  if( j==0 ) return;
  walk_expr(w, j->input, d);
  for(int i=0; i<j->n_passing; i++) walk_expr(w, j->passing[i].value, d);
  for(int i=0; i<j->n_member; i++){
    walk_expr(w, j->member[i].key, d);
    walk_expr(w, j->member[i].value, d);
  }
  walk_expr(w, j->default_empty, d);
  walk_expr(w, j->default_error, d);
}

static void walk_expr(const Walk *w, const Expr *e, const Defined *d){
  if( e==0 ) return;
  for(int i=0; i<e->n; i++) walk_expr(w, e->arg[i], d);
  walk_expr(w, e->else_, d);
  walk_sort(w, &e->order_by, d);
  walk_expr(w, e->filter, d);
  walk_window(w, e->over, d);
  if( e->query ) walk_query(w, e->query, d);
  walk_json(w, e->json, d);
}

static void walk_table(const Walk *w, const NameList *name, const Defined *d){
  if( name->n==0 ) return;
  for(; name->n==1 && d; d=d->outer) if( strcmp(d->name, name->name[0].lower)==0 ) return;
  w->fn(w->arg, name);
}

static void walk_relation(const Walk *w, const Relation *r, const Defined *d){
  if( r==0 ) return;
  if( r->kind==REL_TABLE ) walk_table(w, &r->table, d);
  if( r->query ) walk_query(w, r->query, d);
  walk_list(w, &r->arg, d);
  walk_relation(w, r->left, d);
  walk_relation(w, r->right, d);
  walk_expr(w, r->on, d);
  walk_expr(w, r->sample_percent, d);
}

static void walk_body(const Walk *w, const Body *b, const Defined *d){
  if( b==0 ) return;
  walk_relation(w, b->from, d);
  for(int i=0; i<b->n_item; i++) walk_expr(w, b->item[i].e, d);
  walk_expr(w, b->where, d);
  for(int i=0; i<b->n_group; i++){
    for(int k=0; k<b->group[i].n; k++) walk_list(w, &b->group[i].set[k], d);
  }
  walk_expr(w, b->having, d);
  for(int i=0; i<b->n_window; i++) walk_window(w, &b->window[i], d);
  walk_list(w, &b->rows, d);
  if( b->kind==BODY_TABLE ) walk_table(w, &b->table, d);
  walk_body(w, b->left, d);
  walk_body(w, b->right, d);
  if( b->query ) walk_query(w, b->query, d);
}

/* The WITH queries one after the other, each in scope for those behind it;
** then the body, inside the innermost scope. */
static void walk_with(const Walk *w, const Query *q, int i, const Defined *d){
  if( i<q->n_with ){
    Defined inner = {d, q->with[i].name.lower};
    walk_query(w, q->with[i].query, q->recursive ? &inner : d);
    walk_with(w, q, i+1, &inner);
    return;
  }
  walk_body(w, q->body, d);
  walk_sort(w, &q->order_by, d);
  walk_expr(w, q->offset, d);
  walk_expr(w, q->limit, d);
  walk_expr(w, q->fetch_count, d);
}

static void walk_query(const Walk *w, const Query *q, const Defined *d){
  if( q ) walk_with(w, q, 0, d);
}

void tree_tables(const Statement *st, TreeTableFn fn, void *arg){
  Walk w = {fn, arg};
  if( st->query ) walk_query(&w, st->query, 0);
  if( st->inner ) tree_tables(st->inner, fn, arg);
}
