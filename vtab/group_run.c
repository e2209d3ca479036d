/*
** Hash aggregation: see group_run.h.
**
** A group is an entry of a table of keys, the states of its aggregates beside
** the key.  When the memory is used up, groups that are there go on; rows of
** other keys are written to SPILL_WAYS tapes by bits of the key's hash.  The
** tapes wait; each is aggregated later like an input of its own, spilling again
** by the next bits.  A group's rows are all in memory or all on one tape, so
** their order stays.
**
** count(DISTINCT x) has a set of values (with the group's number, where there
** are keys).  A full set spills the values that it does not hold; hash_groups_end
** counts them, tape by tape, before the groups are read.
**
** Not counted as memory: what aggregates of the registry (GROUP_CALL) keep
** beside their states, array_agg's values say.
*/
#include "group_run.h"
#include "group_key.h"
#include "group_spill.h"
#include <stdlib.h>
#include <string.h>

#define SPILL_WAYS 16
#define SPILL_BITS 4
#define SPILL_LEVELS 12         /* levels that have bits of their own; deeper ones begin again */
#define ROWS_BETWEEN_CHECKS 4096
#define AHEAD 16                /* rows that are hashed before the first is looked up */

/* A tape that waits, and how often its rows were spilled. */
typedef struct Part { struct Part *next; Tape tape; int level; } Part;

/* The values of one count(DISTINCT). */
typedef struct Distinct {
  const GroupAgg *agg;
  IntSet ints;                  /* a single group and only integers */
  KeyTable keys;                /* else: the group's number and the value */
  int is_full;
  Tape tape[SPILL_WAYS];
} Distinct;

struct Groups {
  const GroupSpec *spec;
  sqlite3_int64 limit;
  int (*interrupted)(void*);
  void *arg;
  unsigned ticks;
  Arena arena;                  /* scratch of a call */
  FnCall call;
  Buf key;                      /* of the rows at hand, one after another */
  Buf member;                   /* of a DISTINCT */
  Buf row;                      /* for a tape */
  KeyTable table;
  sqlite3_int64 grown;          /* bytes of states beside the table */
  int level, is_full;
  Tape tape[SPILL_WAYS];
  Part *part;
  int n_distinct; Distinct *distinct;
  KeyEntry **order;             /* of the groups; NULL: as they came */
  Spill spill;
  char *error;
  Value cell[GROUP_COLUMNS];    /* a row from a tape */
};

/* --- Errors, memory ------------------------------------------------------- */

const char *hash_groups_error(const Groups *g){ return g->error; }

uint32_t hash_groups_count(const Groups *g){ return g->table.n; }

static int call_failed(Groups *g){
  if( g->arena.oom || g->call.message==0 ) return SQLITE_NOMEM;
  if( g->error==0 ) g->error = sqlite3_mprintf("%s: %s", g->call.code, g->call.message);
  return g->error ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* What writing or reading a tape returned. */
static int spilled(Groups *g, int rc){
  if( rc==SQLITE_OK || rc==SQLITE_NOMEM || rc==SQLITE_INTERRUPT ) return rc;
  if( g->error==0 ) g->error = sqlite3_mprintf("TARN_LAKE: a temporary file: %s", spill_error(&g->spill));
  return g->error ? SQLITE_ERROR : SQLITE_NOMEM;
}

static sqlite3_int64 memory_used(const Groups *g){
  sqlite3_int64 n = g->table.bytes + g->grown;
  for(int i=0; i<g->n_distinct; i++) n += g->distinct[i].keys.bytes + (sqlite3_int64)g->distinct[i].ints.n_slot*8;
  return n;
}

static int way(int level, uint64_t hash){
  return (int)(hash>>(64 - SPILL_BITS*(level%SPILL_LEVELS + 1))) & (SPILL_WAYS - 1);
}

static int tick(Groups *g){
  if( ++g->ticks%ROWS_BETWEEN_CHECKS || g->interrupted==0 ) return SQLITE_OK;
  return g->interrupted(g->arg) ? SQLITE_INTERRUPT : SQLITE_OK;
}

static void groups_clear(Groups *g){
  for(uint32_t i=0; i<g->table.n; i++){
    for(int k=0; k<g->spec->n_agg; k++) group_reset(&g->spec->agg[k], g->table.entry[i]->data + g->spec->agg[k].at);
  }
  key_table_free(&g->table);
  for(int i=0; i<g->n_distinct; i++){
    ints_free(&g->distinct[i].ints);
    key_table_free(&g->distinct[i].keys);
    g->distinct[i].is_full = 0;
  }
  sqlite3_free(g->order);
  g->order = 0;
  g->grown = 0;
  g->is_full = 0;
}

void hash_groups_free(Groups *g){
  if( g==0 ) return;
  groups_clear(g);
  for(int i=0; i<g->n_distinct; i++){
    for(int w=0; w<SPILL_WAYS; w++) tape_free(&g->distinct[i].tape[w]);
  }
  sqlite3_free(g->distinct);
  for(int w=0; w<SPILL_WAYS; w++) tape_free(&g->tape[w]);
  while( g->part ){
    Part *p = g->part;
    g->part = p->next;
    tape_free(&p->tape);
    sqlite3_free(p);
  }
  spill_close(&g->spill);
  buf_free(&g->key);
  buf_free(&g->member);
  buf_free(&g->row);
  arena_free(&g->arena);
  sqlite3_free(g->error);
  sqlite3_free(g);
}

int hash_groups_open(const GroupSpec *spec, sqlite3_int64 memory, int (*interrupted)(void*), void *arg, Groups **out){
  Groups *g = sqlite3_malloc64(sizeof(*g));
  int n = 0;
  if( g==0 ) return SQLITE_NOMEM;
  memset(g, 0, sizeof(*g));
  g->spec = spec;
  g->limit = memory;
  g->interrupted = interrupted;
  g->arg = arg;
  arena_init(&g->arena);
  buf_init(&g->key, 0);
  buf_init(&g->member, 0);
  buf_init(&g->row, 0);
  g->call.arena = &g->arena;
  g->table.extra = spec->state_size;
  for(int i=0; i<spec->n_agg; i++) n += spec->agg[i].op==GROUP_COUNT_DISTINCT;
  g->distinct = n ? sqlite3_malloc64(sizeof(Distinct)*(sqlite3_uint64)n) : 0;
  if( n && g->distinct==0 ){
    hash_groups_free(g);
    return SQLITE_NOMEM;
  }
  if( n ) memset(g->distinct, 0, sizeof(Distinct)*(size_t)n);
  for(int i=0; i<spec->n_agg; i++) if( spec->agg[i].op==GROUP_COUNT_DISTINCT ) g->distinct[g->n_distinct++].agg = &spec->agg[i];
  *out = g;
  return SQLITE_OK;
}

/* --- count(DISTINCT x) ----------------------------------------------------- */

static void count_one(Groups *g, const Distinct *d, uint32_t group){
  (*(int64_t*)(void*)(g->table.entry[group]->data + d->agg->at))++;
}

/* Put a value, as bytes, into the set or on a tape. */
static int distinct_key(Groups *g, Distinct *d, const char *z, size_t n, int level, Tape *tape){
  uint64_t hash = key_hash(z, n);
  uint32_t group;
  if( key_table_find(&d->keys, z, n, hash) ) return SQLITE_OK;
  if( d->is_full ) return spilled(g, tape_add(&g->spill, &tape[way(level, hash)], z, n));
  if( key_table_add(&d->keys, z, n, hash)==0 ) return SQLITE_NOMEM;
  memcpy(&group, z, 4);
  count_one(g, d, group);
  return SQLITE_OK;
}

/* What was counted as integers goes on as bytes: a text came. */
static int ints_to_keys(Groups *g, Distinct *d){
  IntSet ints = d->ints;
  int rc = SQLITE_OK;
  memset(&d->ints, 0, sizeof(d->ints));
  for(uint64_t i=0; i<ints.n_slot + 1 && rc==SQLITE_OK; i++){
    Value v = value_int(i<ints.n_slot ? ints.slot[i] : 0);
    uint32_t group = 0;
    if( i<ints.n_slot ? v.i==0 : !ints.has_zero ) continue;
    g->member.n = 0;
    buf_add(&g->member, &group, 4);
    key_encode(&g->member, &v);
    if( g->member.oom || key_table_add(&d->keys, g->member.z, g->member.n, key_hash(g->member.z, g->member.n))==0 ) rc = SQLITE_NOMEM;
  }
  ints_free(&ints);
  return rc;
}

static int distinct_step(Groups *g, Distinct *d, uint32_t group, const Value *row){
  const GroupAgg *a = d->agg;
  const Value *v = &row[a->arg[0]];
  int rc;
  if( v->kind==V_NULL || (a->filter>=0 && !(row[a->filter].kind==V_INT && row[a->filter].i)) ) return SQLITE_OK;
  if( g->spec->n_key==0 && v->kind==V_INT && d->keys.n==0 ){
    if( !d->is_full ){
      rc = ints_add(&d->ints, v->i);
      if( rc<0 ) return SQLITE_NOMEM;
      if( rc ) count_one(g, d, 0);
      return SQLITE_OK;
    }
    if( ints_has(&d->ints, v->i) ) return SQLITE_OK;
  }else if( d->ints.n_slot || d->ints.has_zero ){
    if( (rc = ints_to_keys(g, d))!=SQLITE_OK ) return rc;
  }
  g->member.n = 0;
  buf_add(&g->member, &group, 4);
  key_encode(&g->member, v);
  if( g->member.oom ) return SQLITE_NOMEM;
  return distinct_key(g, d, g->member.z, g->member.n, 0, d->tape);
}

typedef struct Settling { Groups *g; Distinct *d; int level; Tape *tape; } Settling;

static int settle_one(void *arg, const char *z, size_t n){
  Settling *s = arg;
  int rc = distinct_key(s->g, s->d, z, n, s->level, s->tape);
  if( !s->d->is_full && s->d->keys.bytes>s->g->limit ) s->d->is_full = 1;
  return rc!=SQLITE_OK ? rc : tick(s->g);
}

/* Tapes that were written become parts. */
static int put_parts(Part **list, Tape *tape, int level){
  int rc = SQLITE_OK;
  for(int w=SPILL_WAYS-1; w>=0; w--){
    Part *p;
    if( tape[w].n==0 ) continue;
    p = rc==SQLITE_OK ? sqlite3_malloc64(sizeof(*p)) : 0;
    if( p==0 ){
      rc = SQLITE_NOMEM;
      tape_free(&tape[w]);
      continue;
    }
    p->tape = tape[w];
    p->level = level;
    p->next = *list;
    *list = p;
    memset(&tape[w], 0, sizeof(tape[w]));
  }
  return rc;
}

static Part *take_part(Part **list){
  Part *p = *list;
  if( p ) *list = p->next;
  return p;
}

/* Count the values that a full set did not hold. */
static int settle(Groups *g, Distinct *d){
  Part *list = 0, *p;
  int rc = put_parts(&list, d->tape, 1);
  while( (p = take_part(&list))!=0 ){
    Tape tape[SPILL_WAYS];
    Settling s = { g, d, p->level, tape };
    memset(tape, 0, sizeof(tape));
    ints_free(&d->ints);
    key_table_free(&d->keys);
    d->is_full = 0;
    if( rc==SQLITE_OK ) rc = spilled(g, tape_read(&g->spill, &p->tape, settle_one, &s));
    if( rc==SQLITE_OK ) rc = put_parts(&list, tape, p->level + 1);
    for(int w=0; w<SPILL_WAYS; w++) tape_free(&tape[w]);
    tape_free(&p->tape);
    sqlite3_free(p);
  }
  return rc;
}

/* --- Rows ------------------------------------------------------------------ */

static int spill_row(Groups *g, const Value *row, uint64_t hash){
  g->row.n = 0;
  for(int i=0; i<g->spec->n_column; i++) key_encode(&g->row, &row[i]);
  if( g->row.oom ) return SQLITE_NOMEM;
  return spilled(g, tape_add(&g->spill, &g->tape[way(g->level, hash)], g->row.z, g->row.n));
}

/* After something was added: is the memory used up?  A table without keys has
** one group, which is always held. */
static void look_at_memory(Groups *g){
  if( memory_used(g)<=g->limit ) return;
  g->is_full = g->spec->n_key>0;
  for(int i=0; i<g->n_distinct; i++) g->distinct[i].is_full = 1;
}

static int step_all(Groups *g, KeyEntry *e, const Value *row){
  Distinct *d = g->distinct;
  int rc;
  for(int i=0; i<g->spec->n_agg; i++){
    const GroupAgg *a = &g->spec->agg[i];
    if( a->op==GROUP_COUNT_DISTINCT ){
      if( (rc = distinct_step(g, d++, e->number, row))!=SQLITE_OK ) return rc;
    }else if( group_step(a, &g->call, e->data + a->at, row, &g->grown)!=FN_OK ){
      return call_failed(g);
    }
  }
  return SQLITE_OK;
}

static int add_hashed(Groups *g, const Value *row, const char *key, size_t n, uint64_t hash){
  KeyEntry *e = key_table_find(&g->table, key, n, hash);
  int rc;
  if( e==0 ){
    if( g->is_full ) return spill_row(g, row, hash);
    if( (e = key_table_add(&g->table, key, n, hash))==0 ) return SQLITE_NOMEM;
  }
  if( (rc = step_all(g, e, row))!=SQLITE_OK ) return rc;
  look_at_memory(g);
  return SQLITE_OK;
}

static int the_group(Groups *g){
  if( g->spec->n_key || g->table.n ) return SQLITE_OK;
  return key_table_add(&g->table, "", 0, 0) ? SQLITE_OK : SQLITE_NOMEM;
}

/* The only group's row: nothing to look up. */
static int add_to_all(Groups *g, const Value *row){
  int rc = step_all(g, g->table.entry[0], row);
  if( rc==SQLITE_OK ) look_at_memory(g);
  return rc;
}

int hash_groups_add_block(Groups *g, const Value *cell, int n, int width){
  int rc = the_group(g);
  if( g->spec->n_key==0 ){
    for(int i=0; i<n && rc==SQLITE_OK; i++){
      for(int k=0; k<g->n_distinct && i + AHEAD<n; k++){
        ints_prefetch(&g->distinct[k].ints, cell[(size_t)(i + AHEAD)*(size_t)width + (size_t)g->distinct[k].agg->arg[0]].i);
      }
      rc = add_to_all(g, &cell[(size_t)i*(size_t)width]);
    }
    return rc;
  }
  while( n>0 && rc==SQLITE_OK ){
    size_t end[AHEAD + 1];
    uint64_t hash[AHEAD];
    int m = n<AHEAD ? n : AHEAD;
    g->key.n = end[0] = 0;
    for(int i=0; i<m; i++){
      for(int k=0; k<g->spec->n_key; k++) key_encode(&g->key, &cell[(size_t)i*(size_t)width + (size_t)k]);
      end[i+1] = g->key.n;
      if( g->key.oom ) return SQLITE_NOMEM;
      hash[i] = key_hash(g->key.z + end[i], end[i+1] - end[i]);
      key_table_prefetch(&g->table, hash[i]);
    }
    for(int i=0; i<m && rc==SQLITE_OK; i++){
      rc = add_hashed(g, cell, g->key.z + end[i], end[i+1] - end[i], hash[i]);
      cell += width;
    }
    n -= m;
  }
  return rc;
}

int hash_groups_count_rows(Groups *g, int n){
  int rc = the_group(g);
  for(int i=0; i<n && rc==SQLITE_OK; i++) rc = add_to_all(g, g->cell);
  return rc;
}

int hash_groups_add(Groups *g, const Value *row){
  int rc = tick(g);
  return rc==SQLITE_OK ? hash_groups_add_block(g, row, 1, g->spec->n_column) : rc;
}

/* --- The end --------------------------------------------------------------- */

static int compare_values(const Value *a, const Value *b){
  int n, c;
  if( a->kind!=b->kind ) return (int)a->kind - (int)b->kind;
  if( a->kind==V_INT ) return (a->i>b->i) - (a->i<b->i);
  if( a->kind==V_REAL ) return (a->r>b->r) - (a->r<b->r);
  if( a->kind==V_NULL ) return 0;
  n = a->n<b->n ? a->n : b->n;
  c = n ? memcmp(a->z, b->z, (size_t)n) : 0;
  return c ? c : (a->n>b->n) - (a->n<b->n);
}

static int compare_entries(const void *pa, const void *pb, void *arg){
  const Groups *g = arg;
  const char *a = key_of(&g->table, *(KeyEntry *const*)pa), *b = key_of(&g->table, *(KeyEntry *const*)pb);
  for(int i=0; i<g->spec->n_key; i++){
    Value x, y;
    int c;
    a = key_decode(a, &x);
    b = key_decode(b, &y);
    c = compare_values(&x, &y);
    if( c ) return c;
  }
  return 0;
}

static int sort_groups(Groups *g){
  size_t n = g->table.n;
  g->order = sqlite3_malloc64(sizeof(*g->order)*(n + 1));
  if( g->order==0 ) return SQLITE_NOMEM;
  if( n ) memcpy(g->order, g->table.entry, sizeof(*g->order)*n);
  qsort_r(g->order, n, sizeof(*g->order), compare_entries, g);
  return SQLITE_OK;
}

/* What one pass over rows leaves to do: values of DISTINCT, tapes of rows. */
static int end_pass(Groups *g){
  int rc = the_group(g);
  for(int i=0; i<g->n_distinct && rc==SQLITE_OK; i++) rc = settle(g, &g->distinct[i]);
  if( rc==SQLITE_OK ) rc = put_parts(&g->part, g->tape, g->level + 1);
  return rc;
}

int hash_groups_end(Groups *g){
  int rc = end_pass(g);
  int is_sorted = !g->spec->as_they_come && g->table.n<=GROUP_SORTED;
  if( rc==SQLITE_OK && g->part==0 && g->spec->n_key && is_sorted ) rc = sort_groups(g);
  return rc;
}

static int read_row(void *arg, const char *z, size_t n){
  Groups *g = arg;
  const char *end = z + n;
  for(int i=0; i<g->spec->n_column && z<end; i++) z = key_decode(z, &g->cell[i]);
  return hash_groups_add(g, g->cell);
}

int hash_groups_more(Groups *g){
  Part *p = take_part(&g->part);
  int rc;
  if( p==0 ) return SQLITE_DONE;
  groups_clear(g);
  g->level = p->level;
  rc = spilled(g, tape_read(&g->spill, &p->tape, read_row, g));
  tape_free(&p->tape);
  sqlite3_free(p);
  if( rc==SQLITE_OK ) rc = end_pass(g);
  return rc==SQLITE_OK ? SQLITE_ROW : rc;
}

int hash_groups_value(Groups *g, uint32_t group, int i, Value *out){
  KeyEntry *e = g->order ? g->order[group] : g->table.entry[group];
  const GroupAgg *a;
  if( i<g->spec->n_key ){
    const char *z = key_of(&g->table, e);
    for(int k=0; k<=i; k++) z = key_decode(z, out);
    return SQLITE_OK;
  }
  a = &g->spec->agg[i - g->spec->n_key];
  arena_reset(&g->arena);
  return group_final(a, &g->call, e->data + a->at, out)==FN_OK ? SQLITE_OK : call_failed(g);
}
