/*
** The aggregate wrapper: AggDef rows as SQLite's aggregate and window
** functions (aggregate.h says what the SQL looks like).
**
** A group's state is SQLite's aggregate context: AggState and behind it the
** bytes that the row asked for.  The call's types are parsed once per text and
** registration and kept in a list of sites that states borrow; rows with
** lambdas have a site per state, since their programs go with their text.
**
** NAME_w keeps a queue of the frame's arguments (unless the row's inverse is
** exact) and brings the state up to date when a value is asked for, the way
** Trino does, because sums of doubles show it: as long as the frame only grows,
** steps are added; when fewer rows left than stayed and the row has an inverse,
** those are taken back first; else all is computed afresh, in row order.
**
** t_agg_x keeps all rows of the group and runs the inner aggregate over them,
** sorted and without repetitions, at the end.
*/
#include "aggregate.h"
#include "registry.h"
#include "wrapper.h"
#include <stdlib.h>
#include <string.h>

#define SITES_MAX 64            /* kept per registration before unused ones go */

typedef struct AggBlock AggBlock;
typedef struct AggSite AggSite;

struct AggSite {
  AggSite *next;
  FnSite *site;
  int users;                    /* states that borrow it */
  size_t n;
  char text[];
};

/* One registration of a row. */
typedef struct AggReg {
  const AggDef *def;            /* NULL: t_agg_x */
  AggBlock *block;
  Arena arena;                  /* scratch of one call */
  AggSite *sites;
  int n_sites;
  int typed, lambdas, queued;   /* how rows of this kind are called */
  int n_param;                  /* parameters of an untyped row */
  uint64_t reals;               /* those that are double or real */
} AggReg;

/* All registrations of a connection; freed with the last of them. */
struct AggBlock { int references; AggReg reg[]; };

typedef struct AggState {
  AggReg *reg;                  /* NULL until the first row */
  AggSite *borrowed;
  FnSite *site;
  int owned;                    /* site is this state's own */
  int failed;                   /* an error was reported: do nothing more */
  AggValues queue;              /* NAME_w: arguments of rows, each a list */
  int head;                     /* entries of the queue that have left the frame */
  int done_from, done_to;       /* entries that the state holds */
} AggState;

static void *user_state(AggState *s){ return (char*)s + ((sizeof(*s) + 15) & ~(size_t)15); }

static int state_size(const AggReg *reg){
  size_t user = reg->def ? reg->def->size : 0;
  return (int)(((sizeof(AggState) + 15) & ~(size_t)15) + user);
}

/* --- Sites --------------------------------------------------------------- */

static void site_free(AggSite *s){
  fn_site_free(s->site);
  sqlite3_free(s);
}

static void forget_unused(AggReg *reg){
  AggSite **at = &reg->sites;
  while( *at ){
    AggSite *s = *at;
    if( s->users ){ at = &s->next; continue; }
    *at = s->next;
    reg->n_sites--;
    site_free(s);
  }
}

static AggSite *find_site(AggReg *reg, const char *z, size_t n, int *oom){
  AggSite *s;
  for(s=reg->sites; s; s=s->next){
    if( s->n==n && memcmp(s->text, z, n)==0 ) return s;
  }
  if( reg->n_sites>=SITES_MAX ) forget_unused(reg);
  s = sqlite3_malloc64(sizeof(*s) + n);
  *oom = s==0;
  if( s==0 ) return 0;
  memset(s, 0, sizeof(*s));
  memcpy(s->text, z, n);
  s->n = n;
  s->site = fn_site_new(z, n, oom);
  if( s->site==0 ){ sqlite3_free(s); return 0; }
  s->next = reg->sites;
  reg->sites = s;
  reg->n_sites++;
  return s;
}

/* The state of this group with its site, or NULL after an error. */
static AggState *state_open(sqlite3_context *ctx, sqlite3_value **argv, int argc){
  AggReg *reg = sqlite3_user_data(ctx);
  AggState *s = sqlite3_aggregate_context(ctx, state_size(reg));
  const char *z;
  size_t n;
  int oom = 0;
  if( s==0 ){ sqlite3_result_error_nomem(ctx); return 0; }
  if( s->failed ) return 0;
  if( s->reg && (s->site || !reg->typed) ) return s;    /* an empty frame came before any row */
  s->reg = reg;
  if( !reg->typed ) return s;
  z = argc>0 ? (const char*)sqlite3_value_text(argv[0]) : 0;
  n = z ? (size_t)sqlite3_value_bytes(argv[0]) : 0;
  if( reg->lambdas ){
    s->site = z ? fn_site_new(z, n, &oom) : 0;
    s->owned = 1;
  }else{
    s->borrowed = z ? find_site(reg, z, n, &oom) : 0;
    if( s->borrowed ){ s->site = s->borrowed->site; s->borrowed->users++; }
  }
  if( s->site ) return s;
  s->failed = 1;
  if( oom ) sqlite3_result_error_nomem(ctx);
  else sqlite3_result_error(ctx, "TARN_NOT_SUPPORTED: the first argument must be the call's types, "
                            "as in '(integer,varchar)varchar'", -1);
  return 0;
}

static void state_close(AggState *s){
  if( s->reg==0 ) return;
  if( s->reg->def && s->reg->def->reset ) s->reg->def->reset(user_state(s));
  agg_values_reset(&s->queue);
  if( s->borrowed ) s->borrowed->users--;
  if( s->owned ) fn_site_free(s->site);
  s->site = 0;
  s->borrowed = 0;
  s->owned = 0;
}

/* --- Calls --------------------------------------------------------------- */

static void call_begin(FnCall *c, AggReg *reg, AggState *s){
  memset(c, 0, sizeof(*c));
  c->arena = &reg->arena;
  if( s && s->site ){
    c->argt = s->site->argt;
    c->rett = s->site->rett;
    c->memo = s->site->memo;
    c->memo_free = s->site->memo_free;
  }
}

/* Report an error if there is one; empty the scratch arena. */
static void call_end(sqlite3_context *ctx, FnCall *c, AggState *s, int rc){
  if( s && s->site ){
    s->site->memo = c->memo;
    s->site->memo_free = c->memo_free;
  }
  if( rc!=FN_OK || c->arena->oom ){
    fn_report(ctx, c);
    if( s ) s->failed = 1;
  }
  c->arena->oom = 0;
  arena_reset(c->arena);
}

static Value *arguments(FnCall *c, AggReg *reg, AggState *s, int argc, sqlite3_value **argv, int skip, int *n){
  const char *error;
  Value *v;
  if( reg->typed ){
    v = fn_site_arguments(s->site, c->arena, argc - skip, argv + skip, &error);
    *n = s->site->argc;
    if( v==0 && error ) fn_refuse(c, "%s", error);
    return v;
  }
  *n = argc;
  if( argc!=reg->n_param ){
    fn_refuse(c, "wrong number of arguments");
    return 0;
  }
  v = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)(argc + 1));
  for(int i=0; v && i<argc; i++) v[i] = fn_value_in(i<64 && (reg->reals>>i & 1) ? &TYPE_DOUBLE : 0, argv[i]);
  return v;
}

static int skipped(const AggDef *def, int n, const Value *v){
  if( def->flags & FN_NULLS ) return 0;
  for(int i=0; i<n; i++) if( v[i].kind==V_NULL ) return 1;
  return 0;
}

/* Keep a row's arguments.  A lambda without captures is the site's program and
** is bound again later (queued_arguments); one with captures is refused. */
static int enqueue(FnCall *c, AggState *s, int n, const Value *v){
  Value *kept = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)(n + 1)), row;
  if( kept==0 ) return FN_ERROR;
  for(int i=0; i<n; i++){
    const Type *const *type;
    kept[i] = v[i];
    if( v[i].kind!=V_LAMBDA ) continue;
    if( s->reg->def==0 || program_captures(s->site->program[i], &type)>0 ){
      return fn_refuse(c, "lambdas with captures in a window function");
    }
    kept[i] = value_null();
  }
  row = list_from(c->arena, n, kept);
  if( c->arena->oom || agg_values_add(&s->queue, &row) ) return agg_oom(c);
  return FN_OK;
}

/* The arguments of entry i of the queue; returns how many. */
static int queued_arguments(FnCall *c, AggState *s, int i, Value *v){
  Value row = agg_values_get(&s->queue, i);
  int n = list_count(&row);
  for(int k=0; k<n; k++){
    v[k] = list_get(&row, k);
    if( !s->reg->lambdas || s->site->argt[k]->kind!=T_FUNCTION ) continue;
    v[k].kind = V_LAMBDA;
    v[k].lambda = program_bind(s->site->program[k], c->arena, 0);
  }
  return n;
}

typedef enum Move { ENTER, LEAVE } Move;

/* A row enters the group or frame, or leaves the frame. */
static void agg_move(sqlite3_context *ctx, int argc, sqlite3_value **argv, Move move){
  AggState *s = state_open(ctx, argv, argc);
  AggReg *reg = s ? s->reg : 0;
  FnCall c;
  Value *v;
  int n, rc = FN_ERROR;
  if( s==0 ) return;
  if( reg->queued && move==LEAVE ){ s->head++; return; }
  call_begin(&c, reg, s);
  v = arguments(&c, reg, s, argc, argv, reg->typed, &n);
  if( v ){
    rc = FN_OK;
    if( reg->queued ) rc = enqueue(&c, s, n, v);
    else if( skipped(reg->def, n, v) ) rc = FN_OK;
    else if( move==ENTER ) rc = reg->def->step(&c, user_state(s), n, v);
    else rc = reg->def->inverse(&c, user_state(s), n, v);
  }
  call_end(ctx, &c, s, rc);
}

static void agg_step(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  agg_move(ctx, argc, argv, ENTER);
}

static void agg_inverse(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  agg_move(ctx, argc, argv, LEAVE);
}

/* Apply entries from..to of the queue. */
static int apply(FnCall *c, AggState *s, int from, int to, Move move){
  const AggDef *def = s->reg->def;
  for(int i=from; i<to; i++){
    Value v[FN_ARG_MAX];
    int n = queued_arguments(c, s, i, v);
    if( c->arena->oom ) return FN_ERROR;
    if( skipped(def, n, v) ) continue;
    if( (move==ENTER ? def->step : def->inverse)(c, user_state(s), n, v) ) return FN_ERROR;
  }
  return FN_OK;
}

/* Make the state that of the frame. */
static int catch_up(FnCall *c, AggState *s){
  const AggDef *def = s->reg->def;
  int left = (s->head<s->done_to ? s->head : s->done_to) - s->done_from;
  int stayed = s->done_to - s->head, rc = FN_OK;
  if( left>0 && def->inverse && stayed>left ){
    rc = apply(c, s, s->done_from, s->head, LEAVE);
  }else if( left>0 || s->done_to<s->head ){
    if( def->reset ) def->reset(user_state(s));
    memset(user_state(s), 0, def->size);
    s->done_to = s->head;
  }
  if( rc==FN_OK ) rc = apply(c, s, s->done_to, s->queue.count, ENTER);
  if( s->head>1000 && s->head*2>s->queue.count ){
    agg_values_drop(&s->queue, s->head);
    s->head = 0;
  }
  s->done_from = s->head;
  s->done_to = s->queue.count;
  return rc;
}

static void agg_value(sqlite3_context *ctx){
  AggReg *reg = sqlite3_user_data(ctx);
  AggState *s = sqlite3_aggregate_context(ctx, state_size(reg));
  Value out = value_null();
  FnCall c;
  int rc = FN_OK;
  if( s==0 ){ sqlite3_result_error_nomem(ctx); return; }
  if( s->failed ) return;
  call_begin(&c, reg, s);
  if( reg->queued && s->reg ) rc = catch_up(&c, s);         /* without: no row was seen */
  if( rc==FN_OK ) rc = reg->def->final(&c, user_state(s), &out);
  if( rc==FN_OK && !c.arena->oom ) fn_value_out(ctx, &out);
  call_end(ctx, &c, s, rc);
}

static void agg_final(sqlite3_context *ctx){
  AggReg *reg = sqlite3_user_data(ctx);
  AggState *s = sqlite3_aggregate_context(ctx, state_size(reg));
  agg_value(ctx);
  if( s ) state_close(s);
}

/* --- t_agg_x ------------------------------------------------------------- */

#define KEYS_MAX 64

typedef struct XSpec {
  const AggDef *def;
  int distinct, n_arg, n_key;
  char key[KEYS_MAX];           /* a d A D */
  const Type *row;              /* of the arguments, for DISTINCT */
} XSpec;

/* Parse 'SQLNAME|D|N|keys' into the site's arena.  0, or -1. */
static int spec_parse(FnSite *site, const char *z, XSpec *x){
  const char *bar = strchr(z, '|'), *p;
  memset(x, 0, sizeof(*x));
  if( bar==0 || (bar[1]!='0' && bar[1]!='1') || bar[2]!='|' ) return -1;
  x->def = agg_by_sql(z, (size_t)(bar - z));
  x->distinct = bar[1]=='1';
  x->n_arg = atoi(bar + 3);
  p = strchr(bar + 3, '|');
  if( x->def==0 || p==0 || x->def->step==0 ) return -1;
  for(p++; *p; p++){
    if( *p==',' || *p==' ' ) continue;
    if( !strchr("adAD", *p) || x->n_key==KEYS_MAX ) return -1;
    x->key[x->n_key++] = *p;
  }
  if( x->n_arg<0 || x->n_arg + x->n_key!=site->argc ) return -1;
  x->row = type_row(&site->arena, x->n_arg, site->argt, 0);
  return x->row ? 0 : -1;
}

/* The state's queue holds the spec's text first, then a list for each row. */
static void x_step(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  AggState *s = state_open(ctx, argv, argc);
  AggReg *reg = s ? s->reg : 0;
  FnCall c;
  Value *v, text;
  int n, rc = FN_ERROR;
  if( s==0 ) return;
  call_begin(&c, reg, s);
  if( argc<2 ){
    fn_refuse(&c, "t_agg_x needs the types and the inner aggregate");
    goto done;
  }
  if( s->queue.count==0 ){
    text = fn_value_in(0, argv[1]);
    if( text.kind!=V_TEXT || agg_values_add(&s->queue, &text) ){ agg_oom(&c); goto done; }
  }
  v = arguments(&c, reg, s, argc, argv, 2, &n);
  if( v ) rc = enqueue(&c, s, n, v);
done:
  call_end(ctx, &c, s, rc);
}

typedef struct XSort { const XSpec *x; const Type *const *argt; const AggValues *rows; } XSort;

static int x_compare(const void *pa, const void *pb, void *env){
  const XSort *sort = env;
  int a = *(const int*)pa, b = *(const int*)pb;
  Value ra = agg_values_get(sort->rows, a), rb = agg_values_get(sort->rows, b);
  for(int k=0; k<sort->x->n_key; k++){
    int i = sort->x->n_arg + k, order;
    int down = sort->x->key[k]=='d' || sort->x->key[k]=='D', nulls_first = sort->x->key[k]<'a';
    Value x = list_get(&ra, i), y = list_get(&rb, i);
    if( x.kind==V_NULL || y.kind==V_NULL ){
      if( x.kind==y.kind ) continue;
      return (x.kind==V_NULL)==nulls_first ? -1 : 1;
    }
    order = value_compare(sort->argt[i], &x, &y);
    if( order ) return down ? -order : order;
  }
  return a<b ? -1 : a>b;
}

/* Run the inner aggregate over the rows in order. */
static int x_run(FnCall *c, AggState *s, const XSpec *x, const int *order, void *state, Value *out){
  AggSet seen;
  int rc = FN_OK;
  memset(&seen, 0, sizeof(seen));
  for(int i=0; rc==FN_OK && i<s->queue.count-1; i++){
    Value row = agg_values_get(&s->queue, order[i]), v[FN_ARG_MAX];
    for(int k=0; k<x->n_arg; k++) v[k] = list_get(&row, k);
    if( skipped(x->def, x->n_arg, v) ) continue;
    if( x->distinct ){
      Value key = list_from(c->arena, x->n_arg, v);
      int added;
      if( c->arena->oom || agg_set_add(&seen, x->row, &key, &added)<0 ) rc = agg_oom(c);
      else if( !added ) continue;
    }
    if( rc==FN_OK ) rc = x->def->step(c, state, x->n_arg, v);
  }
  if( rc==FN_OK ) rc = x->def->final(c, state, out);
  agg_set_reset(&seen);
  return rc;
}

static int x_final_rows(FnCall *c, AggState *s, Value *out){
  Value text = agg_values_get(&s->queue, 0);
  char *spec = arena_strndup(c->arena, text.z, (size_t)text.n);
  int n = s->queue.count - 1, rc;
  int *order = arena_alloc_raw(c->arena, sizeof(int)*(size_t)(n + 1));
  XSpec x;
  XSort sort = { &x, s->site->argt, &s->queue };
  void *state;
  if( spec==0 || order==0 ) return FN_ERROR;
  if( spec_parse(s->site, spec, &x) ) return fn_refuse(c, "unknown inner aggregate: %s", spec);
  state = sqlite3_malloc64(x.def->size + 1);
  if( state==0 ) return agg_oom(c);
  memset(state, 0, x.def->size + 1);
  for(int i=0; i<n; i++) order[i] = i + 1;
  if( x.n_key ) qsort_r(order, (size_t)n, sizeof(int), x_compare, &sort);
  rc = x_run(c, s, &x, order, state, out);
  /* What *out borrows from the state must outlive it. */
  if( rc==FN_OK && (out->kind==V_TEXT || out->kind==V_BLOB) ){
    char *z = arena_strndup(c->arena, out->z, (size_t)out->n);
    if( z ) out->z = z;
  }
  if( x.def->reset ) x.def->reset(state);
  sqlite3_free(state);
  return rc;
}

/* Over no rows nothing is known of the inner aggregate but that its answer is
** NULL, unless the emitter wraps a count in coalesce(…, 0). */
static void x_final(sqlite3_context *ctx){
  AggReg *reg = sqlite3_user_data(ctx);
  AggState *s = sqlite3_aggregate_context(ctx, state_size(reg));
  Value out = value_null();
  FnCall c;
  int rc = FN_OK;
  if( s==0 ){ sqlite3_result_error_nomem(ctx); return; }
  if( !s->failed ){
    call_begin(&c, reg, s);
    if( s->queue.count ) rc = x_final_rows(&c, s, &out);
    if( rc==FN_OK && !c.arena->oom ) fn_value_out(ctx, &out);
    call_end(ctx, &c, s, rc);
  }
  state_close(s);
}

/* --- Registration -------------------------------------------------------- */

static void reg_free(void *p){
  AggReg *reg = p;
  AggBlock *block = reg->block;
  while( reg->sites ){
    AggSite *s = reg->sites;
    reg->sites = s->next;
    site_free(s);
  }
  arena_free(&reg->arena);
  if( --block->references==0 ) sqlite3_free(block);
}

/* Parameters of an untyped signature, and which of them may be NaN. */
static void read_signature(AggReg *reg){
  const char *z = reg->def->sig + 1;
  int depth = 0;
  reg->n_param = 0;
  for(int fresh=1; *z && depth>=0; z++){
    if( fresh && *z!=' ' && *z!=')' ){
      if( strncmp(z, "double", 6)==0 || strncmp(z, "real", 4)==0 ) reg->reals |= (uint64_t)1 << reg->n_param;
      reg->n_param++;
      fresh = 0;
    }
    if( *z=='(' ) depth++;
    if( *z==')' ) depth--;
    if( *z==',' && depth==0 ) fresh = 1;
  }
}

static int register_one(sqlite3 *db, AggBlock *block, AggReg *reg, const AggDef *def, int window){
  char name[FN_SQL_NAME_MAX + sizeof(AGG_WINDOW_SUFFIX)];
  int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
  reg->def = def;
  reg->block = block;
  block->references++;
  reg->typed = (def->flags & FN_TYPED) || fn_sig_is_generic(def->sig);
  reg->lambdas = strstr(def->sig, "function(")!=0;
  reg->queued = window && (def->flags & AGG_EXACT_INVERSE)==0;
  if( !reg->typed ) read_signature(reg);
  agg_sql_name(def, name);
  if( window && def->name[0]!='$' ) strcat(name, AGG_WINDOW_SUFFIX);
  return sqlite3_create_window_function(db, name, -1, flags, reg, agg_step, agg_final,
      window ? agg_value : 0, window ? agg_inverse : 0, reg_free);
}

static int register_x(sqlite3 *db, AggBlock *block, AggReg *reg){
  reg->block = block;
  block->references++;
  reg->typed = 1;
  return sqlite3_create_window_function(db, "t_agg_x", -1, SQLITE_UTF8 | SQLITE_INNOCUOUS, reg,
      x_step, x_final, 0, 0, reg_free);
}

int agg_register(struct sqlite3 *db){
  int n_family, n = 1, at = 0, rc;
  const AggDef *const *family = agg_families(&n_family);
  AggBlock *block;
  for(int f=0; f<n_family; f++) for(const AggDef *d=family[f]; d->name; d++) n += 2;
  block = sqlite3_malloc64(sizeof(*block) + sizeof(AggReg)*(size_t)n);
  if( block==0 ) return SQLITE_NOMEM;
  memset(block, 0, sizeof(*block) + sizeof(AggReg)*(size_t)n);
  block->references = 1;        /* ours, until all are registered */
  rc = register_x(db, block, &block->reg[at++]);
  for(int f=0; f<n_family; f++){
    for(const AggDef *d=family[f]; rc==SQLITE_OK && d->name; d++){
      if( d->step==0 ) continue;          /* native only */
      if( d->name[0]!='$' ) rc = register_one(db, block, &block->reg[at++], d, 0);
      if( rc==SQLITE_OK ) rc = register_one(db, block, &block->reg[at++], d, 1);
    }
  }
  if( --block->references==0 ) sqlite3_free(block);
  return rc;
}
