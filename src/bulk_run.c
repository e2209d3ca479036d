/*
** Running a bulk query: one table is scanned in blocks, the others are hash
** tables; conditions and probes run in the hands, the sink takes the blocks in
** order.
**
**   sets     every IN (…) and EXISTS becomes a set of distinct rows first
**   steps    the largest table is scanned (the probe side); each other table
**            is reached from what is bound already by its keys: its rows, after
**            the conditions on it alone, packed and indexed (bulk_rows.h)
**   stages   a condition is tested as soon as all tables it reads are bound
**
** Memory: sets and hash tables together keep below run->memory.  Where the
** largest hash table would not, it is split by its hash: pass by pass, each over
** both sides, as many passes as it takes (at most PARTS_MAX), so that the peak
** stays.  Sets that do not fit leave the statement to the plain path.
*/
#include <string.h>
#include "bulk_run.h"

#define BATCH BULK_BATCH        /* rows that go through a stage together */
#define PARTS_MAX 4096

/* Where a value of a joined row lies. */
typedef struct Ref {
  int step;                     /* -2 a constant, -1 the scanned row, else a step's packed row */
  int index;                    /* of the cell */
  const Value *value;           /* the constant */
} Ref;

typedef struct Step {
  int rel;
  int n_key;
  BulkOperand probe[BULK_KEYS]; /* from tables bound before */
  Ref ref[BULK_KEYS];           /* the same */
  int own[BULK_KEYS];           /* slots of the table */
  int n_cell; int *slot;        /* packed: the keys' slots, then those read later */
  int once;                     /* one match is as good as many */
  double size;
  PackedRows rows;
} Step;

typedef struct Exec Exec;
/* Rows on their way through the steps: which scanned row, which packed rows. */
typedef struct Tuples {
  int n, row[BATCH];
  const PackedRow *packed[BULK_RELS][BATCH];
} Tuples;
/* One hand's room. */
typedef struct Hand {
  const Value *row[BULK_RELS];  /* for conditions: the cells of each table */
  Value *cell[BULK_RELS];       /* of hashed tables: row[rel] points here */
  Value *out;
  Tuples *tuples;               /* into each step */
} Hand;

struct Exec {
  BulkRun *run;
  const BulkQuery *q;
  const BulkSink *sink;
  Arena *arena;
  BulkSet *set;
  int probe;                    /* the table that is scanned */
  int n_out; const BulkOperand *out;            /* what goes to the sink */
  Ref *ref;                                     /* the same */
  int is_whole;                 /* that is the scanned row, as it is */
  int n_step; Step step[BULK_RELS];
  /* Conditions to test when table probe and the first k steps are bound. */
  int n_cond[BULK_RELS+1]; const BulkCond *cond[BULK_RELS+1][BULK_CONDS];
  Hand *hand;
  sqlite3_int64 bytes;          /* of the sets and the hash tables that are whole */
  int split;                    /* the step that is split, or -1 */
};

/* --- Interruption -------------------------------------------------------- */

/* sqlite3_interrupt counts only while a statement is under way: one is, and
** another one asks. */
int bulk_run_begin(BulkRun *run){
  int rc = sqlite3_prepare_v2(run->db, "SELECT 1 UNION ALL SELECT 2", -1, &run->running, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(run->db, "SELECT 1", -1, &run->select1, 0);
  if( rc==SQLITE_OK && sqlite3_step(run->running)!=SQLITE_ROW ) rc = sqlite3_errcode(run->db);
  return rc;
}

void bulk_run_end(BulkRun *run){
  bulk_unpin(run);
  sqlite3_finalize(run->running);
  sqlite3_finalize(run->select1);
  run->running = run->select1 = 0;
}

int bulk_interrupted(BulkRun *run){
  int rc;
  if( run->stop && *run->stop ) return SQLITE_INTERRUPT;
  if( run->select1==0 ) return SQLITE_OK;
  rc = sqlite3_step(run->select1);
  sqlite3_reset(run->select1);
  return rc==SQLITE_ROW ? SQLITE_OK : rc;
}

/* --- In a hand ----------------------------------------------------------- */

static Value ref_value(const Exec *x, const Ref *r, const RowBlock *b, const Tuples *t, int i){
  if( r->step>=0 ) return packed_cell(&x->step[r->step].rows, t->packed[r->step][i], r->index);
  return r->step==-1 ? b->cell[(size_t)t->row[i]*(size_t)b->width + (size_t)r->index] : *r->value;
}

static int emit(Exec *x, Hand *h, int hand, void *product, const RowBlock *b, const Tuples *t, int i){
  if( x->is_whole ) return x->sink->row(x->sink->arg, hand, product, b->cell + (size_t)t->row[i]*(size_t)b->width);
  for(int k=0; k<x->n_out; k++) h->out[k] = ref_value(x, &x->ref[k], b, t, i);
  return x->sink->row(x->sink->arg, hand, product, h->out);
}

static int stage_passes(const Exec *x, const Hand *h, int stage){
  for(int i=0; i<x->n_cond[stage]; i++) if( bulk_test(x->cond[stage][i], h->row, x->set)!=1 ) return 0;
  return 1;
}

static const Value *block_row(const RowBlock *b, int i){
  return b->cell + (size_t)i*(size_t)b->width;
}

/* The rows of a batch that pass the first stage: how many, their indexes. */
static int first_stage(const Exec *x, const RowBlock *b, int from, int to, int *selected){
  BulkBatch batch = { b, x->probe, to-from, selected };
  unsigned char t[BATCH];
  for(int i=0; i<batch.n; i++) selected[i] = from+i;
  for(int k=0; k<x->n_cond[0] && batch.n; k++){
    int kept = 0;
    bulk_test_batch(x->cond[0][k], &batch, x->set, t);
    for(int i=0; i<batch.n; i++) if( t[i]==1 ) selected[kept++] = selected[i];
    batch.n = kept;
  }
  return batch.n;
}

/* The keys of a step for a tuple; 0 when one is NULL. */
static int probe_key(const Exec *x, const Step *s, const RowBlock *b, const Tuples *t, int i, Value *key){
  for(int k=0; k<s->n_key; k++){
    key[k] = ref_value(x, &s->ref[k], b, t, i);
    if( key[k].kind==V_NULL ) return 0;
  }
  return 1;
}

/* Conditions that a step completes want the cells of all tables so far. */
static int step_passes(const Exec *x, Hand *h, int at, const RowBlock *b, const Tuples *t, int i){
  if( x->n_cond[at+1]==0 ) return 1;
  h->row[x->probe] = block_row(b, t->row[i]);
  for(int k=0; k<=at; k++){
    const Step *s = &x->step[k];
    for(int c=0; c<s->n_cell; c++) h->cell[s->rel][s->slot[c]] = packed_cell(&s->rows, t->packed[k][i], c);
  }
  return stage_passes(x, h, at+1);
}

static int run_step(Exec *x, Hand *h, int hand, void *product, const RowBlock *b, int at);

/* A row that matches: into the next step's tuples, or out. */
static int matched(Exec *x, Hand *h, int hand, void *product, const RowBlock *b, int at, Tuples *next){
  if( at+1==x->n_step ) return emit(x, h, hand, product, b, next, 0);
  return ++next->n==BATCH ? run_step(x, h, hand, product, b, at+1) : SQLITE_OK;
}

static int find_matches(Exec *x, Hand *h, int hand, void *product, const RowBlock *b, int at, int i, const PackedRow *head, uint64_t hash){
  const Step *s = &x->step[at];
  const Tuples *t = &h->tuples[at];
  Tuples *next = &h->tuples[at+1];
  Value key[BULK_KEYS];
  int rc = SQLITE_OK;
  probe_key(x, s, b, t, i, key);
  for(const PackedRow *row=packed_find_from(&s->rows, head, key, hash); row && rc==SQLITE_OK; row = packed_next(&s->rows, row, key)){
    int n = next->n;
    next->row[n] = t->row[i];
    for(int k=0; k<at; k++) next->packed[k][n] = t->packed[k][i];
    next->packed[at][n] = row;
    if( !step_passes(x, h, at, b, next, n) ) continue;
    rc = matched(x, h, hand, product, b, at, next);
    if( s->once ) break;
  }
  return rc;
}

/* All tuples of a step through it and those behind: hashes first, then the
** buckets, then the rows, as in bulk_test_batch. */
static int run_step(Exec *x, Hand *h, int hand, void *product, const RowBlock *b, int at){
  const Step *s = &x->step[at];
  Tuples *t = &h->tuples[at];
  uint64_t hash[BATCH];
  const PackedRow *head[BATCH];
  char has_key[BATCH];
  Value key[BULK_KEYS];
  int rc = SQLITE_OK;
  for(int i=0; i<t->n; i++){
    has_key[i] = (char)probe_key(x, s, b, t, i, key);
    if( !has_key[i] ) continue;
    hash[i] = packed_hash(key, s->n_key);
    packed_prefetch(&s->rows, hash[i]);
  }
  for(int i=0; i<t->n; i++){
    head[i] = has_key[i] ? packed_head(&s->rows, hash[i]) : 0;
    if( head[i] ) __builtin_prefetch(head[i]);
  }
  h->tuples[at+1].n = 0;
  for(int i=0; i<t->n && rc==SQLITE_OK; i++){
    if( head[i] ) rc = find_matches(x, h, hand, product, b, at, i, head[i], hash[i]);
  }
  t->n = 0;
  if( rc==SQLITE_OK && at+1<x->n_step && h->tuples[at+1].n ) rc = run_step(x, h, hand, product, b, at+1);
  return rc;
}

static int run_batches(Exec *x, Hand *h, int hand, void *product, const RowBlock *b){
  Tuples *t = &h->tuples[0];
  int rc = SQLITE_OK;
  for(int from=0; from<b->n && rc==SQLITE_OK; from += BATCH){
    t->n = first_stage(x, b, from, b->n - from<BATCH ? b->n : from + BATCH, t->row);
    if( x->n_step ){
      rc = run_step(x, h, hand, product, b, 0);
      continue;
    }
    for(int i=0; i<t->n && rc==SQLITE_OK; i++) rc = emit(x, h, hand, product, b, t, i);
  }
  return rc;
}

/* What a block became; the connection's thread looks at rc. */
typedef struct Product { void *of_sink; int rc; } Product;

static int map_block(void *arg, RowBlock *b, int hand){
  Exec *x = arg;
  Product *p = sqlite3_malloc64(sizeof(*p));
  if( p==0 ) return SQLITE_NOMEM;
  p->of_sink = 0;
  p->rc = x->sink->begin(x->sink->arg, hand, &p->of_sink);
  if( p->rc==SQLITE_OK ) p->rc = run_batches(x, &x->hand[hand], hand, p->of_sink, b);
  if( p->rc==SQLITE_OK ) p->rc = x->sink->end(x->sink->arg, hand, p->of_sink);
  b->product = p;
  return SQLITE_OK;
}

static void free_product(void *arg, void *product){
  Exec *x = arg;
  Product *p = product;
  if( p==0 ) return;
  if( p->of_sink ) x->sink->free(x->sink->arg, p->of_sink);
  sqlite3_free(p);
}

/* --- In the connection's thread ------------------------------------------ */

static int take_block(Exec *x, RowBlock *b){
  Product *p = b->product;
  int rc = bulk_interrupted(x->run);
  b->product = 0;
  if( rc==SQLITE_OK && p ) rc = p->rc;
  if( rc==SQLITE_OK && p ) rc = x->sink->take(x->sink->arg, p->of_sink);
  free_product(x, p);
  return rc;
}

static Ref ref_of(const Exec *x, const BulkOperand *o){
  Ref r = { -2, 0, &o->value };
  if( o->rel==x->probe ) return (Ref){ -1, o->slot, 0 };
  for(int k=0; k<x->n_step && o->rel>=0; k++){
    const Step *s = &x->step[k];
    for(int c=0; c<s->n_cell && s->rel==o->rel; c++) if( s->slot[c]==o->slot ) return (Ref){ k, c, 0 };
  }
  return r;
}

/* Where the keys and the output come from, now that all steps are known. */
static int find_refs(Exec *x){
  x->ref = ARENA_ARRAY(x->arena, Ref, x->n_out+1);
  if( x->ref==0 ) return SQLITE_NOMEM;
  x->is_whole = 1;
  for(int i=0; i<x->n_out; i++){
    x->ref[i] = ref_of(x, &x->out[i]);
    x->is_whole &= x->ref[i].step==-1 && x->ref[i].index==i;
  }
  for(int k=0; k<x->n_step; k++){
    for(int i=0; i<x->step[k].n_key; i++) x->step[k].ref[i] = ref_of(x, &x->step[k].probe[i]);
  }
  return SQLITE_OK;
}

static int scan(Exec *x){
  RowMap map = { map_block, free_product, x };
  BulkSource *source = 0;
  RowBlock *block;
  int rc = find_refs(x);
  if( rc==SQLITE_OK ) rc = bulk_source_open(x->run, x->q, x->probe, &map, &source);
  if( rc!=SQLITE_OK ) return rc;
  do{
    rc = bulk_source_next(source, &block);
    if( rc==SQLITE_ROW ) rc = take_block(x, block);
    else if( rc==SQLITE_DONE ) break;
  }while( rc==SQLITE_OK );
  bulk_source_close(source);
  for(int i=0; i<x->run->n_hand; i++) x->hand[i].row[x->probe] = x->hand[i].cell[x->probe];
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

/* --- Building a hash table ----------------------------------------------- */

typedef struct Build {
  Exec *x;
  Step *step;
  uint64_t parts, part;         /* which rows: read by hands while the taker narrows it */
  int may_split;
} Build;

static int build_begin(void *arg, int hand, void **product){
  Build *b = arg;
  PackedRows *rows = sqlite3_malloc64(sizeof(*rows));
  (void)hand;
  if( rows==0 ) return SQLITE_NOMEM;
  packed_init(rows, b->step->n_cell, b->step->n_key);
  *product = rows;
  return SQLITE_OK;
}

static int build_row(void *arg, int hand, void *product, const Value *cell){
  Build *b = arg;
  uint64_t hash;
  (void)hand;
  for(int i=0; i<b->step->n_key; i++) if( cell[i].kind==V_NULL ) return SQLITE_OK;
  hash = packed_hash(cell, b->step->n_key);
  if( !packed_in_part(hash, __atomic_load_n(&b->parts, __ATOMIC_RELAXED), b->part) ) return SQLITE_OK;
  return packed_add(product, cell, hash) ? SQLITE_OK : SQLITE_NOMEM;
}

static int build_end(void *arg, int hand, void *product){
  (void)arg; (void)hand; (void)product;
  return SQLITE_OK;
}

/* What the table takes with its index. */
static sqlite3_int64 built_bytes(const PackedRows *rows){
  return rows->bytes + 32*rows->n;
}

static int build_take(void *arg, void *product){
  Build *b = arg;
  PackedRows *rows = &b->step->rows, *more = product;
  /* The hand may have worked for a larger part than the present one. */
  if( b->parts>1 ) packed_keep(more, b->parts, b->part);
  if( more->oom ) return SQLITE_NOMEM;
  packed_append(rows, more);
  while( b->x->bytes + built_bytes(rows)>b->x->run->memory ){
    if( !b->may_split || b->parts>=PARTS_MAX ) return BULK_PLAIN;
    __atomic_store_n(&b->parts, b->parts*2, __ATOMIC_RELAXED);
    packed_keep(rows, b->parts, b->part);
    if( rows->oom ) return SQLITE_NOMEM;
  }
  return SQLITE_OK;
}

static void build_free(void *arg, void *product){
  (void)arg;
  packed_free(product);
  sqlite3_free(product);
}

static int asks_to_stop(void *run){
  return bulk_interrupted(run);
}

/* The rows of a step's table, packed and indexed; of a part of them when parts
** is more than 1.  *parts grows when they do not fit. */
static int build(Exec *x, Step *step, int may_split, uint64_t *parts, uint64_t part){
  Build b = { x, step, *parts, part, may_split };
  BulkSink sink = { &b, build_begin, build_row, build_end, build_take, build_free };
  Exec inner = *x;
  BulkOperand *out = ARENA_ARRAY(x->arena, BulkOperand, step->n_cell+1);
  int rc;
  if( out==0 ) return SQLITE_NOMEM;
  for(int i=0; i<step->n_cell; i++) out[i] = (BulkOperand){ step->rel, step->slot[i], value_null() };
  inner.sink = &sink;
  inner.probe = step->rel;
  inner.n_out = step->n_cell;
  inner.out = out;
  inner.n_step = 0;
  inner.n_cond[0] = 0;
  for(int i=0; i<x->q->n_cond; i++){
    if( x->q->cond[i]->rels==1u<<step->rel ) inner.cond[0][inner.n_cond[0]++] = x->q->cond[i];
  }
  packed_free(&step->rows);
  packed_init(&step->rows, step->n_cell, step->n_key);
  rc = scan(&inner);
  if( rc==SQLITE_OK ) rc = packed_index(&step->rows, asks_to_stop, x->run);
  *parts = b.parts;
  return rc==SQLITE_OK && step->rows.oom ? SQLITE_NOMEM : rc;
}

/* --- Sets ---------------------------------------------------------------- */

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
  BulkSink sink = { &d, distinct_begin, distinct_row, build_end, distinct_take, distinct_free };
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

static int build_sets(Exec *x){
  for(int i=0; i<x->q->n_set; i++){
    const BulkCond *c = x->q->set[i];
    int rc = c->query ? set_of_query(x->run, c->query, &x->set[i]) : set_of_list(c, &x->set[i]);
    if( rc!=SQLITE_OK ) return rc;
    x->bytes += x->set[i].rows.bytes;
    if( x->bytes>x->run->memory ) return BULK_PLAIN;
  }
  return SQLITE_OK;
}

/* --- The plan ------------------------------------------------------------ */

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

static int plan(Exec *x){
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

/* --- The run ------------------------------------------------------------- */

/* Both sides once for this part of the split table's rows; when they do not
** fit, for the parts that are left out too. */
static int run_part(Exec *x, uint64_t parts, uint64_t part){
  uint64_t made = parts;
  int rc = SQLITE_OK;
  if( x->split>=0 ) rc = build(x, &x->step[x->split], 1, &made, part);
  if( rc==SQLITE_OK ) rc = scan(x);
  if( x->split>=0 ) packed_free(&x->step[x->split].rows);
  for(uint64_t i=1; i<made/parts && rc==SQLITE_OK; i++) rc = run_part(x, made, part + parts*i);
  return rc;
}

static int run_all(Exec *x){
  int rc = plan(x);
  /* What would be looked up for the rows of an empty table is not read: on the
  ** plain path neither. */
  if( rc==SQLITE_OK && x->q->n_rel==1 && x->q->n_set && x->q->rel[0].table->kind==TABLE_STORED
      && bulk_source_size(x->run, x->q, 0)==0 ) return SQLITE_OK;
  if( rc==SQLITE_OK ) rc = build_sets(x);
  for(int k=0; k<x->n_step && rc==SQLITE_OK; k++){
    uint64_t whole = 1;
    if( k==x->split ) continue;
    rc = build(x, &x->step[k], 0, &whole, 0);
    x->bytes += x->step[k].rows.bytes;
  }
  return rc==SQLITE_OK ? run_part(x, 1, 0) : rc;
}

/* Rooms of the hands: a row of each table, the row that goes to the sink. */
static int make_hands(Exec *x){
  const BulkQuery *q = x->q;
  int n_out = q->n_out;
  x->hand = ARENA_ARRAY(x->arena, Hand, x->run->n_hand);
  x->set = ARENA_ARRAY(x->arena, BulkSet, q->n_set+1);
  for(int r=0; r<q->n_rel; r++) if( q->rel[r].n_column+BULK_KEYS>n_out ) n_out = q->rel[r].n_column+BULK_KEYS;
  for(int i=0; i<x->run->n_hand && !x->arena->oom; i++){
    Hand *h = &x->hand[i];
    h->out = ARENA_ARRAY(x->arena, Value, n_out+1);
    h->tuples = arena_alloc_raw(x->arena, sizeof(Tuples)*(size_t)(q->n_rel+1));
    if( h->tuples ) for(int k=0; k<=q->n_rel; k++) h->tuples[k].n = 0;
    for(int r=0; r<q->n_rel; r++) h->row[r] = h->cell[r] = ARENA_ARRAY(x->arena, Value, q->rel[r].n_column+1);
  }
  return x->arena->oom ? SQLITE_NOMEM : SQLITE_OK;
}

int bulk_run(BulkRun *run, const BulkQuery *q, const BulkSink *sink){
  Exec *x = sqlite3_malloc64(sizeof(*x));
  Arena arena;
  int rc;
  if( x==0 ) return SQLITE_NOMEM;
  memset(x, 0, sizeof(*x));
  x->run = run;
  x->q = q;
  x->sink = sink;
  x->n_out = q->n_out;
  x->out = q->out;
  x->split = -1;
  arena_init(&arena);
  x->arena = &arena;
  rc = make_hands(x);
  if( rc==SQLITE_OK ) rc = run_all(x);
  for(int k=0; k<x->n_step; k++) packed_free(&x->step[k].rows);
  for(int i=0; i<q->n_set && x->set; i++) bulk_set_free(&x->set[i]);
  arena_free(&arena);
  sqlite3_free(x);
  return rc;
}
