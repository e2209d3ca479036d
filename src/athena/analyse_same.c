/*
** Are two analysed expressions the same value?  GROUP BY keys are found in
** SELECT, HAVING and ORDER BY this way, and ORDER BY in a DISTINCT list.
**
** Columns are compared by field, everything else by form; implicit coercions
** are looked through.  Of subqueries only simple ones are recognised.
*/
#include <string.h>
#include "analyser.h"

static int query_same(const Query *a, const Query *b);

static int same_text(const char *a, const char *b){
  return a==b || (a && b && !strcmp(a, b));
}

static int same_list(int n, Expr *const *a, Expr *const *b){
  for(int i=0; i<n; i++) if( !expr_same(a[i], b[i]) ) return 0;
  return 1;
}

static int same_call(const Expr *a, const Expr *b){
  if( a->function_name.n!=b->function_name.n || a->distinct!=b->distinct || a->star!=b->star
   || a->nulls!=b->nulls || a->order_by.n!=b->order_by.n ) return 0;
  for(int i=0; i<a->function_name.n; i++)
    if( strcmp(a->function_name.name[i].lower, b->function_name.name[i].lower) ) return 0;
  for(int i=0; i<a->order_by.n; i++){
    const SortItem *x = &a->order_by.item[i], *y = &b->order_by.item[i];
    if( x->descending!=y->descending || x->nulls!=y->nulls || !expr_same(x->e, y->e) ) return 0;
  }
  if( (a->filter==0)!=(b->filter==0) || (a->filter && !expr_same(a->filter, b->filter)) ) return 0;
  return a->over==0 && b->over==0;
}

/* Written alike: names inside a subquery are compared as text.  Only simple
** subqueries are recognised; for the others the answer is no. */
static int written_alike(const Expr *a, const Expr *b){
  char za[400], zb[400];
  if( (a==0)!=(b==0) ) return 0;
  if( a==0 ) return 1;
  if( expr_print(a, za, sizeof za) || expr_print(b, zb, sizeof zb) ) return 0;
  return strcmp(za, zb)==0 && strstr(za, "SELECT ...")==0;
}

static int relation_same(const Relation *a, const Relation *b){
  if( (a==0)!=(b==0) ) return 0;
  if( a==0 ) return 1;
  if( a->kind!=b->kind || a->has_alias!=b->has_alias || a->columns.n || b->columns.n || a->sample || b->sample ) return 0;
  if( a->has_alias && strcmp(a->alias.lower, b->alias.lower) ) return 0;
  if( a->kind==REL_SUBQUERY ) return query_same(a->query, b->query);
  if( a->kind!=REL_TABLE || a->table.n!=b->table.n ) return 0;
  for(int i=0; i<a->table.n; i++) if( strcmp(a->table.name[i].lower, b->table.name[i].lower) ) return 0;
  return 1;
}

static int query_same(const Query *a, const Query *b){
  const Body *x = a->body, *y = b->body;
  if( a->n_with || b->n_with || a->order_by.n || b->order_by.n || a->limit || b->limit || a->offset || b->offset
   || a->fetch || b->fetch || x->kind!=y->kind ) return 0;
  if( x->kind==BODY_VALUES ){
    if( x->rows.n!=y->rows.n ) return 0;
    for(int i=0; i<x->rows.n; i++) if( !written_alike(x->rows.e[i], y->rows.e[i]) ) return 0;
    return 1;
  }
  if( x->kind!=BODY_SELECT || x->distinct!=y->distinct || x->n_item!=y->n_item || x->n_group || y->n_group
   || x->having || y->having || x->n_window || y->n_window || !relation_same(x->from, y->from) ) return 0;
  for(int i=0; i<x->n_item; i++)
    if( x->item[i].star!=y->item[i].star || !written_alike(x->item[i].e, y->item[i].e) ) return 0;
  return written_alike(x->where, y->where);
}

int expr_same(const Expr *a, const Expr *b){
  a = expr_bare((Expr*)a);
  b = expr_bare((Expr*)b);
  for(;;){
    const Sem *s = a->sem;
    if( s && s->kind==SEM_COLUMN && s->field->item ) a = expr_bare(s->field->item); else break;
  }
  for(;;){
    const Sem *s = b->sem;
    if( s && s->kind==SEM_COLUMN && s->field->item ) b = expr_bare(s->field->item); else break;
  }
  if( a==b ) return 1;
  const Sem *x = a->sem, *y = b->sem;
  if( x && y && x->kind==SEM_COLUMN && y->kind==SEM_COLUMN ) return x->field==y->field;
  if( (x && x->kind==SEM_COLUMN)!=(y && y->kind==SEM_COLUMN) ) return 0;
  if( a->kind!=b->kind || a->op!=b->op || a->negated!=b->negated || a->n!=b->n ) return 0;
  if( !same_text(a->text, b->text) || a->json || b->json ) return 0;
  if( (a->query!=0)!=(b->query!=0) || (a->query && !query_same(a->query, b->query)) ) return 0;
  if( (a->type_name!=0)!=(b->type_name!=0)
   || (a->type_name && strcmp(a->type_name->text, b->type_name->text)) ) return 0;
  if( a->kind==EXPR_BOOL && a->value.i!=b->value.i ) return 0;
  if( a->kind==EXPR_BINARY && (a->value.n!=b->value.n || memcmp(a->value.z, b->value.z, (size_t)a->value.n)) ) return 0;
  if( !same_text(a->interval_from, b->interval_from) || !same_text(a->interval_to, b->interval_to) ) return 0;
  if( !same_text(a->name.lower, b->name.lower) || a->index!=b->index ) return 0;
  if( a->kind==EXPR_LAMBDA ){
    if( a->param.n!=b->param.n ) return 0;
    for(int i=0; i<a->param.n; i++) if( strcmp(a->param.name[i].lower, b->param.name[i].lower) ) return 0;
    return 0;
  }
  if( a->kind==EXPR_CALL && !same_call(a, b) ) return 0;
  if( (a->else_==0)!=(b->else_==0) || (a->else_ && !expr_same(a->else_, b->else_)) ) return 0;
  return same_list(a->n, a->arg, b->arg);
}
