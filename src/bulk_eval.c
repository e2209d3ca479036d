/*
** Conditions of bulk queries on rows: three-valued, over cells in stored form.
**
** bulk_test looks at one row of joined tables, bulk_test_batch at many rows of
** one: there a look-up computes all hashes first, then touches the buckets, then
** the rows, so that they come from memory side by side.
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

/* --- Batches ------------------------------------------------------------- */

static void batch_in(const BulkCond *c, const BulkBatch *b, const BulkSet *set, unsigned char *out){
  const PackedRow *head[BULK_BATCH];
  uint64_t hash[BULK_BATCH];
  int slot = c->key[0].slot, miss = set->has_null && !c->exists ? UNKNOWN : NO;
  int null = set->rows.n==0 && miss==NO ? NO : c->exists ? NO : UNKNOWN;
  for(int i=0; i<b->n; i++){
    const Value *v = &bulk_batch_row(b, i)[slot];
    out[i] = (unsigned char)(v->kind==V_NULL ? null : YES);
    if( v->kind==V_NULL ) continue;
    hash[i] = packed_hash(v, 1);
    packed_prefetch(&set->rows, hash[i]);
  }
  for(int i=0; i<b->n; i++){
    head[i] = bulk_batch_row(b, i)[slot].kind==V_NULL ? 0 : packed_head(&set->rows, hash[i]);
    if( head[i] ) __builtin_prefetch(head[i]);
  }
  for(int i=0; i<b->n; i++){
    const Value *v = &bulk_batch_row(b, i)[slot];
    if( v->kind!=V_NULL && (head[i]==0 || packed_find_from(&set->rows, head[i], v, hash[i])==0) ) out[i] = (unsigned char)miss;
  }
}

/* As terms(): rows that are decided are not looked at any more. */
static void batch_terms(const BulkCond *c, const BulkBatch *b, const BulkSet *sets, int decides, unsigned char *out){
  unsigned char t[BULK_BATCH];
  int live[BULK_BATCH], at[BULK_BATCH];
  BulkBatch rest = *b;
  memset(out, !decides, (size_t)b->n);
  for(int i=0; i<b->n; i++){
    live[i] = b->selected[i];
    at[i] = i;
  }
  rest.selected = live;
  for(int k=0; k<c->n && rest.n; k++){
    int kept = 0;
    bulk_test_batch(c->arg[k], &rest, sets, t);
    for(int i=0; i<rest.n; i++){
      if( t[i]!=!decides ) out[at[i]] = t[i];
      if( t[i]==decides ) continue;
      live[kept] = live[i];
      at[kept++] = at[i];
    }
    rest.n = kept;
  }
}

void bulk_test_batch(const BulkCond *c, const BulkBatch *b, const BulkSet *sets, unsigned char *out){
  const Value *row[BULK_RELS];
  switch( c->kind ){
    case BULK_AND: batch_terms(c, b, sets, NO, out); return;
    case BULK_OR: batch_terms(c, b, sets, YES, out); return;
    case BULK_NOT:
      bulk_test_batch(c->arg[0], b, sets, out);
      for(int i=0; i<b->n; i++) if( out[i]!=UNKNOWN ) out[i] = !out[i];
      return;
    default: break;
  }
  if( c->kind==BULK_IN && c->n_key==1 ){
    batch_in(c, b, &sets[c->set], out);
    return;
  }
  for(int i=0; i<b->n; i++){
    row[b->rel] = bulk_batch_row(b, i);
    out[i] = (unsigned char)bulk_test(c, row, sets);
  }
}
