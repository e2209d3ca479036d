/*
** Bulk queries beside each other: which are the same, and several over one
** table as one, so that it is read once.
*/
#include <string.h>
#include "bulk_plan.h"

/* --- The same ------------------------------------------------------------ */

static int same_value(const Value *a, const Value *b){
  if( a->kind!=b->kind ) return 0;
  if( a->kind==V_TEXT || a->kind==V_BLOB ) return a->n==b->n && memcmp(a->z, b->z, (size_t)a->n)==0;
  return a->kind==V_NULL || a->i==b->i;
}

static int same_operand(const BulkOperand *a, const BulkOperand *b){
  if( a->rel!=b->rel ) return 0;
  return a->rel<0 ? same_value(&a->value, &b->value) : a->slot==b->slot;
}

static int same_cond(const BulkCond *a, const BulkCond *b){
  int same = a->kind==b->kind && a->op==b->op && a->n==b->n && a->n_key==b->n_key && a->n_list==b->n_list && a->exists==b->exists
          && same_operand(&a->a, &b->a) && same_operand(&a->b, &b->b) && !a->query==!b->query;
  for(int i=0; same && i<a->n; i++) same = same_cond(a->arg[i], b->arg[i]);
  for(int i=0; same && i<a->n_key; i++) same = same_operand(&a->key[i], &b->key[i]);
  for(int i=0; same && i<a->n_list; i++) same = same_value(&a->list[i], &b->list[i]);
  return same && (a->query==0 || bulk_same_query(a->query, b->query));
}

static int same_rel(const BulkRel *a, const BulkRel *b){
  if( strcmp(a->table->sqlite_name, b->table->sqlite_name)!=0 || a->n_column!=b->n_column ) return 0;
  for(int i=0; i<a->n_column; i++) if( a->column[i]!=b->column[i] ) return 0;
  return 1;
}

int bulk_same_query(const BulkQuery *a, const BulkQuery *b){
  int same = a->n_rel==b->n_rel && a->n_key==b->n_key && a->n_cond==b->n_cond && a->n_out==b->n_out && a->distinct==b->distinct;
  for(int i=0; same && i<a->n_rel; i++) same = same_rel(&a->rel[i], &b->rel[i]);
  for(int i=0; same && i<a->n_key; i++) same = same_operand(&a->key[i].a, &b->key[i].a) && same_operand(&a->key[i].b, &b->key[i].b);
  for(int i=0; same && i<a->n_cond; i++) same = same_cond(a->cond[i], b->cond[i]);
  for(int i=0; same && i<a->n_out; i++) same = same_operand(&a->out[i], &b->out[i]);
  return same;
}

/* --- One for several ----------------------------------------------------- */

static int merged_slot(Arena *a, BulkRel *rel, int column){
  for(int i=0; i<rel->n_column; i++) if( rel->column[i]==column ) return i;
  if( rel->n_column==rel->cap_column ){
    int cap = rel->cap_column ? 2*rel->cap_column : 16;
    int *grown = ARENA_ARRAY(a, int, cap);
    if( rel->n_column ) memcpy(grown, rel->column, sizeof(int)*(size_t)rel->n_column);
    rel->column = grown;
    rel->cap_column = cap;
  }
  rel->column[rel->n_column] = column;
  return rel->n_column++;
}

static BulkOperand merged_operand(Arena *a, BulkQuery *into, const BulkQuery *from, const BulkOperand *o){
  BulkOperand r = *o;
  if( o->rel>=0 ) r.slot = merged_slot(a, &into->rel[0], from->rel[0].column[o->slot]);
  return r;
}

/* A copy of a condition for the merged query; NULL when it has too many sets. */
static BulkCond *merged_cond(Arena *a, BulkQuery *into, const BulkQuery *from, const BulkCond *c){
  BulkCond *r = ARENA_NEW(a, BulkCond);
  *r = *c;
  r->a = merged_operand(a, into, from, &c->a);
  r->b = merged_operand(a, into, from, &c->b);
  for(int i=0; i<c->n_key; i++) r->key[i] = merged_operand(a, into, from, &c->key[i]);
  r->arg = ARENA_ARRAY(a, BulkCond*, c->n+1);
  for(int i=0; i<c->n; i++) if( (r->arg[i] = merged_cond(a, into, from, c->arg[i]))==0 ) return 0;
  if( c->kind!=BULK_IN ) return r;
  if( into->n_set==BULK_CONDS ) return 0;
  r->set = into->n_set;
  into->set[into->n_set++] = r;
  return r;
}

static BulkCond *junction(Arena *a, BulkCondKind kind, int n){
  BulkCond *c = ARENA_NEW(a, BulkCond);
  c->kind = kind;
  c->a.rel = c->b.rel = -1;
  c->rels = 1;
  c->arg = ARENA_ARRAY(a, BulkCond*, n+1);
  return c;
}

BulkQuery *bulk_merge(Arena *a, int n, BulkQuery *const *q){
  BulkQuery *into = ARENA_NEW(a, BulkQuery);
  BulkCond *any = junction(a, BULK_OR, n);
  into->n_rel = 1;
  into->rel[0].table = q[0]->rel[0].table;
  into->out = q[0]->out;
  for(int i=0; i<n; i++){
    BulkCond *all = junction(a, BULK_AND, q[i]->n_cond);
    if( q[i]->n_rel!=1 || q[i]->n_cond==0 ) return 0;
    for(int k=0; k<q[i]->n_cond; k++) if( (all->arg[all->n++] = merged_cond(a, into, q[i], q[i]->cond[k]))==0 ) return 0;
    any->arg[any->n++] = all;
  }
  into->cond[into->n_cond++] = any;
  return into;
}
