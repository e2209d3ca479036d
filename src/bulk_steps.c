/*
** The plan of a bulk query: which table is scanned, in which order the others
** are reached and by which keys, which of their columns are packed, and after
** which step each condition is tested.
*/
#include "bulk_exec.h"

/* Does a condition that reads several tables read this column? */
static int cond_reads(const BulkCond *c, int rel, int slot){
  int found = (c->a.rel==rel && c->a.slot==slot) || (c->b.rel==rel && c->b.slot==slot);
  for(int i=0; i<c->n && !found; i++) found = cond_reads(c->arg[i], rel, slot);
  for(int i=0; i<c->n_key && !found; i++) found = c->key[i].rel==rel && c->key[i].slot==slot;
  return found;
}

static int is_read_later(const Exec *x, int at, int slot){
  const BulkQuery *q = x->q;
  int rel = x->step[at].rel;
  for(int i=0; i<q->n_out; i++) if( q->out[i].rel==rel && q->out[i].slot==slot ) return 1;
  for(int k=at+1; k<x->n_step; k++){
    for(int i=0; i<x->step[k].n_key; i++) if( x->step[k].probe[i].rel==rel && x->step[k].probe[i].slot==slot ) return 1;
  }
  for(int i=0; i<q->n_cond; i++) if( q->cond[i]->rels!=1u<<rel && cond_reads(q->cond[i], rel, slot) ) return 1;
  return 0;
}

/* Which columns of a step's table are packed: its keys, then what is read later. */
static int choose_cells(Exec *x, int at){
  Step *s = &x->step[at];
  const BulkRel *rel = &x->q->rel[s->rel];
  s->slot = ARENA_ARRAY(x->arena, int, s->n_key + rel->n_column);
  if( s->slot==0 ) return SQLITE_NOMEM;
  for(int i=0; i<s->n_key; i++) s->slot[s->n_cell++] = s->own[i];
  for(int slot=0; slot<rel->n_column; slot++){
    int is_key = 0;
    for(int i=0; i<s->n_key; i++) is_key |= s->own[i]==slot;
    if( !is_key && is_read_later(x, at, slot) ) s->slot[s->n_cell++] = slot;
  }
  return SQLITE_OK;
}

/* Nobody reads the table's columns after its own stage, and rows that repeat do
** not count. */
static int is_once(const Exec *x, int at, unsigned bound){
  const BulkQuery *q = x->q;
  int rel = x->step[at].rel;
  if( !q->distinct ) return 0;
  for(int i=0; i<q->n_out; i++) if( q->out[i].rel==rel ) return 0;
  for(int k=at+1; k<x->n_step; k++){
    for(int i=0; i<x->step[k].n_key; i++) if( x->step[k].probe[i].rel==rel ) return 0;
  }
  for(int i=0; i<q->n_cond; i++) if( (q->cond[i]->rels & 1u<<rel) && (q->cond[i]->rels & ~bound) ) return 0;
  return 1;
}

/* The keys between a table and those that are bound. */
static void find_keys(const BulkQuery *q, Step *s, unsigned bound){
  for(int i=0; i<q->n_key; i++){
    const BulkOperand *a = &q->key[i].a, *b = &q->key[i].b;
    if( a->rel!=s->rel && b->rel!=s->rel ) continue;
    const BulkOperand *own = a->rel==s->rel ? a : b, *other = a->rel==s->rel ? b : a;
    if( !(bound & 1u<<other->rel) ) continue;
    s->own[s->n_key] = own->slot;
    s->probe[s->n_key++] = *other;
  }
}

/* The next table: the smallest of those that bound ones reach. */
static int next_step(Exec *x, const double *size, unsigned bound){
  Step best = { .rel = -1 };
  for(int r=0; r<x->q->n_rel; r++){
    Step s = { .rel = r, .size = size[r] };
    if( bound & 1u<<r ) continue;
    find_keys(x->q, &s, bound);
    if( s.n_key && (best.rel<0 || s.size<best.size) ) best = s;
  }
  x->step[x->n_step++] = best;
  return best.rel;
}

static void place_conditions(Exec *x){
  unsigned bound = 1u<<x->probe, before = 0;
  for(int k=0; k<=x->n_step; k++){
    if( k ) bound |= 1u<<x->step[k-1].rel;
    for(int i=0; i<x->q->n_cond; i++){
      const BulkCond *c = x->q->cond[i];
      int own = k && c->rels==1u<<x->step[k-1].rel;     /* tested when the table was built */
      if( (c->rels & ~bound)==0 && (k==0 || (c->rels & ~before)) && !own ) x->cond[k][x->n_cond[k]++] = c;
    }
    before = bound;
  }
}

int bulk_steps(Exec *x){
  const BulkQuery *q = x->q;
  double size[BULK_RELS];
  unsigned bound;
  for(int r=0; r<q->n_rel; r++){
    size[r] = q->n_rel>1 ? bulk_source_size(x->run, q, r) : 0;
    if( size[r]>size[x->probe] ) x->probe = r;
  }
  bound = 1u<<x->probe;
  while( x->n_step+1<q->n_rel ){
    int rel = next_step(x, size, bound);
    if( rel<0 ) return BULK_PLAIN;
    bound |= 1u<<rel;
  }
  bound = 1u<<x->probe;
  for(int k=0; k<x->n_step; k++){
    Step *s = &x->step[k];
    bound |= 1u<<s->rel;
    s->once = is_once(x, k, bound);
    if( choose_cells(x, k)!=SQLITE_OK ) return SQLITE_NOMEM;
    packed_init(&s->rows, s->n_cell, s->n_key);
    if( x->split<0 || s->size>x->step[x->split].size ) x->split = k;
  }
  place_conditions(x);
  return SQLITE_OK;
}
