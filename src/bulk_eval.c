/*
** Conditions of bulk queries on rows: three-valued, over cells in stored form.
*/
#include <math.h>
#include <string.h>
#include "bulk_run.h"

enum { NO = 0, YES = 1, UNKNOWN = 2 };

static int sign(int op, int c){
  switch( op ){
    case OP_EQ: return c==0;
    case OP_NE: return c!=0;
    case OP_LT: return c<0;
    case OP_LE: return c<=0;
    case OP_GT: return c>0;
    default: return c>=0;
  }
}

static int compare(int op, const Value *a, const Value *b){
  int c;
  if( a->kind==V_NULL || b->kind==V_NULL ) return UNKNOWN;
  if( a->kind==V_TEXT ){
    c = memcmp(a->z, b->z, (size_t)(a->n<b->n ? a->n : b->n));
    return sign(op, c ? c : (a->n>b->n) - (a->n<b->n));
  }
  if( a->kind==V_INT && b->kind==V_INT ) return sign(op, (a->i>b->i) - (a->i<b->i));
  /* NaN is unlike everything. */
  if( isnan(a->r) || isnan(b->r) ) return op==OP_NE;
  return sign(op, (a->r>b->r) - (a->r<b->r));
}

static int is_in(const BulkCond *c, const Value *const *row, const BulkSet *set){
  Value key[BULK_KEYS];
  if( set->rows.n==0 && !(set->has_null && !c->exists) ) return NO;
  for(int i=0; i<c->n_key; i++){
    key[i] = *bulk_cell(&c->key[i], row);
    if( key[i].kind==V_NULL ) return c->exists ? NO : UNKNOWN;
  }
  if( packed_find(&set->rows, key, packed_hash(key, c->n_key)) ) return YES;
  return set->has_null && !c->exists ? UNKNOWN : NO;
}

/* AND: the first NO decides; OR is its mirror. */
static int terms(const BulkCond *c, const Value *const *row, const BulkSet *sets, int decides){
  int result = !decides;
  for(int i=0; i<c->n; i++){
    int t = bulk_test(c->arg[i], row, sets);
    if( t==decides ) return t;
    if( t==UNKNOWN ) result = UNKNOWN;
  }
  return result;
}

int bulk_test(const BulkCond *c, const Value *const *row, const BulkSet *sets){
  int t;
  switch( c->kind ){
    case BULK_AND: return terms(c, row, sets, NO);
    case BULK_OR: return terms(c, row, sets, YES);
    case BULK_NOT:
      t = bulk_test(c->arg[0], row, sets);
      return t==UNKNOWN ? t : !t;
    case BULK_IS_NULL: return bulk_cell(&c->a, row)->kind==V_NULL;
    case BULK_COMPARE: return compare(c->op, bulk_cell(&c->a, row), bulk_cell(&c->b, row));
    case BULK_TRUE: {
      const Value *v = bulk_cell(&c->a, row);
      return v->kind==V_NULL ? UNKNOWN : v->i!=0;
    }
    case BULK_IN: return is_in(c, row, &sets[c->set]);
  }
  return NO;
}
