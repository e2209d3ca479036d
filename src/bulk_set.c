/*
** The distinct rows of a query, and the sets that IN and EXISTS look up.
*/
#include <string.h>
#include "bulk_run.h"

/* Every hand keeps the rows that it saw first; what is new to it goes along
** with the block and is looked up again in order, so that the set and its order
** are the same with any number of hands. */
typedef struct Distinct {
  BulkRun *run;
  int with_null, n_cell;
  PackedRows *local;            /* of each hand */
  char *has_null;
  PackedRows *all;
} Distinct;
typedef struct NewRows { const PackedRow **row; int n, cap; } NewRows;

static int distinct_begin(void *arg, int hand, void **product){
  NewRows *p = sqlite3_malloc64(sizeof(*p));
  (void)arg; (void)hand;
  if( p==0 ) return SQLITE_NOMEM;
  memset(p, 0, sizeof(*p));
  *product = p;
  return SQLITE_OK;
}

static int note_new(NewRows *p, const PackedRow *row){
  if( p->n==p->cap ){
    int cap = p->cap ? 2*p->cap : 64;
    const PackedRow **grown = sqlite3_realloc64((void*)p->row, sizeof(*grown)*(size_t)cap);
    if( grown==0 ) return SQLITE_NOMEM;
    p->row = grown;
    p->cap = cap;
  }
  p->row[p->n++] = row;
  return SQLITE_OK;
}

static int distinct_row(void *arg, int hand, void *product, const Value *cell){
  Distinct *d = arg;
  PackedRows *local = &d->local[hand];
  const PackedRow *row = 0;
  int is_new;
  for(int i=0; i<d->n_cell && !d->with_null; i++){
    if( cell[i].kind!=V_NULL ) continue;
    d->has_null[hand] = 1;
    return SQLITE_OK;
  }
  is_new = packed_insert(local, cell, packed_hash(cell, d->n_cell), &row);
  if( is_new<=0 ) return is_new ? SQLITE_NOMEM : SQLITE_OK;
  if( local->bytes>d->run->memory/(d->run->n_hand+1) ) return BULK_PLAIN;
  return d->run->n_hand==1 ? SQLITE_OK : note_new(product, row);
}

static int distinct_end(void *arg, int hand, void *product){
  (void)arg; (void)hand; (void)product;
  return SQLITE_OK;
}

static int distinct_take(void *arg, void *product){
  Distinct *d = arg;
  NewRows *p = product;
  for(int i=0; i<p->n; i++) if( packed_insert_copy(d->all, p->row[i])<0 ) return SQLITE_NOMEM;
  return SQLITE_OK;
}

static void distinct_free(void *arg, void *product){
  NewRows *p = product;
  (void)arg;
  sqlite3_free((void*)p->row);
  sqlite3_free(p);
}

void bulk_set_free(BulkSet *set){
  if( !set->is_kept ) packed_free(&set->rows);
}

int bulk_distinct(BulkRun *run, const BulkQuery *q, int with_null, BulkSet *set){
  Distinct d = { run, with_null, q->n_out, 0, 0, &set->rows };
  BulkSink sink = { &d, distinct_begin, distinct_row, distinct_end, distinct_take, distinct_free };
  size_t n = (size_t)run->n_hand;
  int rc = SQLITE_NOMEM;
  packed_init(&set->rows, q->n_out, q->n_out);
  set->has_null = set->is_kept = 0;
  d.local = sqlite3_malloc64(n*sizeof(*d.local) + n);
  if( d.local ){
    d.has_null = (char*)(d.local + n);
    memset(d.has_null, 0, n);
    for(size_t i=0; i<n; i++) packed_init(&d.local[i], q->n_out, q->n_out);
    rc = bulk_run(run, q, &sink);
    for(size_t i=0; i<n; i++) set->has_null |= d.has_null[i];
    if( rc==SQLITE_OK && n==1 ){
      set->rows = d.local[0];
      packed_init(&d.local[0], q->n_out, q->n_out);
    }
    for(size_t i=0; i<n; i++) packed_free(&d.local[i]);
  }
  sqlite3_free(d.local);
  if( rc!=SQLITE_OK ) packed_free(&set->rows);
  return rc;
}

static int set_of_list(const BulkCond *c, BulkSet *set){
  packed_init(&set->rows, 1, 1);
  for(int i=0; i<c->n_list; i++){
    if( c->list[i].kind==V_NULL ) set->has_null = 1;
    else if( packed_insert(&set->rows, &c->list[i], packed_hash(&c->list[i], 1), 0)<0 ) return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

/* The rows of a subquery, which may have been looked up before. */
static int set_of_query(BulkRun *run, const BulkQuery *q, BulkSet *set){
  BulkKept *kept = run->kept;
  int rc;
  for(int i=0; kept && i<kept->n; i++){
    if( !bulk_same_query(kept->of[i].query, q) ) continue;
    *set = kept->of[i].set;
    return SQLITE_OK;
  }
  rc = bulk_distinct(run, q, 0, set);
  if( rc!=SQLITE_OK || kept==0 || kept->n==BULK_KEPT ) return rc;
  set->is_kept = 1;
  kept->of[kept->n].query = q;
  kept->of[kept->n++].set = *set;
  return SQLITE_OK;
}

int bulk_set_build(BulkRun *run, const BulkCond *c, BulkSet *set){
  return c->query ? set_of_query(run, c->query, set) : set_of_list(c, set);
}
