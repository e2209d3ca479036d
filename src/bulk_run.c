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
#include "bulk_exec.h"

#define BATCH BULK_BATCH        /* rows that go through a stage together */
#define PARTS_MAX 4096

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

static int build_sets(Exec *x){
  for(int i=0; i<x->q->n_set; i++){
    int rc = bulk_set_build(x->run, x->q->set[i], &x->set[i]);
    if( rc!=SQLITE_OK ) return rc;
    x->bytes += x->set[i].rows.bytes;
    if( x->bytes>x->run->memory ) return BULK_PLAIN;
  }
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
  int rc = bulk_steps(x);
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
