/*
** Athena's aggregates under their plain names in a stock sqlite3 (shell.h):
**
**   sqlite> SELECT max_by(name, age), array_agg(name) FROM people;
**
** A group's rows are kept as SQLite gave them.  At the end each argument's type
** is the common one of its rows, read plainly or more boldly until an
** aggregate takes them; then the rows are run through it.  No OVER.
**
** Limit: a group's rows lie in memory (AGG_VALUES_MAX bytes).
*/
#include "../sqlite.h"
#include "shell_guess.h"
#include "aggregate.h"
#include "registry.h"
#include "resolve.h"
#include "wrapper.h"
#include "cast.h"
#include <string.h>

typedef struct ShellAggBlock ShellAggBlock;
typedef struct ShellAgg {
  const char *name;
  ShellAggBlock *block;
  Arena arena;                  /* of one call */
} ShellAgg;

struct ShellAggBlock {
  int references;
  ShellAgg reg[];
};

/* A group: each row a list of its arguments. */
typedef struct Group {
  AggValues rows;
  int argc;
  int failed;
} Group;

static void group_step(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  ShellAgg *r = sqlite3_user_data(ctx);
  Group *g = sqlite3_aggregate_context(ctx, sizeof(*g));
  Value raw[FN_ARG_MAX + 1], row;
  if( g==0 || g->failed ) return;
  for(int i=0; i<argc; i++) raw[i] = fn_value_in(0, argv[i]);
  row = list_from(&r->arena, argc, raw);
  g->argc = argc;
  if( r->arena.oom || agg_values_add(&g->rows, &row) ){
    g->failed = 1;
    sqlite3_result_error_nomem(ctx);
  }
  r->arena.oom = 0;
  arena_reset(&r->arena);
}

/* The common types of the arguments; 0 where rows have none. */
static const Type **column_types(ShellAgg *r, const Group *g, int readings){
  const Type **t = ARENA_ARRAY(&r->arena, const Type*, g->argc + 1);
  if( t==0 ) return 0;
  for(int i=0; i<g->argc; i++) t[i] = &TYPE_UNKNOWN;
  for(int k=0; k<g->rows.count; k++){
    Value row = agg_values_get(&g->rows, k);
    for(int i=0; i<g->argc; i++){
      Value v = list_get(&row, i);
      const Type *one = shell_guess(&r->arena, &v, readings);
      if( t[i]!=one ) t[i] = type_common(&r->arena, t[i], one);
      if( t[i]==0 ) return 0;
    }
  }
  return t;
}

static int choose(ShellAgg *r, FnCall *c, const Group *g, const Type ***types, FnMatch *m){
  const char *expected = "";
  for(int readings=0; readings<GUESS_LAST; readings++){
    const Type **t = column_types(r, g, readings);
    if( t==0 ) continue;
    if( fn_resolve(&r->arena, r->name, g->argc, t, 0, 0, m, &expected)==FN_MATCHED && m->agg && m->agg->step ){
      *types = t;
      return FN_OK;
    }
  }
  return fn_error(c, "FUNCTION_NOT_FOUND", "Unexpected parameters for function %s. Expected: %s", r->name, expected);
}

/* One row's arguments as the aggregate takes them: 1 to skip it, -1 error. */
static int read_row(FnCall *c, const FnMatch *m, const Group *g, const Type **t, int k, Value *v){
  Value row = agg_values_get(&g->rows, k);
  for(int i=0; i<g->argc; i++){
    Value raw = list_get(&row, i), loaded;
    if( raw.kind==V_NULL && (m->agg->flags & FN_NULLS)==0 ) return 1;
    if( value_load(c->arena, t[i], &raw, &loaded) ) loaded = raw;
    if( value_cast(c, t[i], m->param[i], &loaded, &v[i]) ) return -1;
  }
  return 0;
}

static int run(FnCall *c, const FnMatch *m, const Group *g, const Type **t, Value *out){
  void *state = sqlite3_malloc64(m->agg->size + 1);
  int rc = FN_OK;
  if( state==0 ) return agg_oom(c);
  memset(state, 0, m->agg->size + 1);
  c->argt = m->param;
  c->rett = m->result;
  for(int k=0; rc==FN_OK && k<g->rows.count; k++){
    Value v[FN_ARG_MAX + 1];
    int skip = read_row(c, m, g, t, k, v);
    if( skip<0 ) rc = FN_ERROR;
    else if( !skip ) rc = m->agg->step(c, state, g->argc, v);
  }
  if( rc==FN_OK ) rc = m->agg->final(c, state, out);
  if( rc==FN_OK ) *out = value_store(c->arena, m->result, out);
  /* The result may lie in the state, which goes now. */
  if( rc==FN_OK && (out->kind==V_TEXT || out->kind==V_BLOB) ) out->z = arena_strndup(c->arena, out->z, (size_t)out->n);
  if( m->agg->reset ) m->agg->reset(state);
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  sqlite3_free(state);
  return rc;
}

static void group_final(sqlite3_context *ctx){
  ShellAgg *r = sqlite3_user_data(ctx);
  Group empty = { { 0, 0, 0, 0, 0 }, 0, 0 };
  Group *g = sqlite3_aggregate_context(ctx, 0);
  const Type **types = 0;
  Value out = value_null();
  FnMatch m;
  FnCall c;
  int rc = FN_OK;
  if( g==0 ) g = &empty;
  if( g->failed ) goto done;
  memset(&c, 0, sizeof(c));
  c.arena = &r->arena;
  /* No row tells no type: NULL, as nearly all of them answer. */
  if( g->rows.count ) rc = choose(r, &c, g, &types, &m);
  if( rc==FN_OK && g->rows.count ) rc = run(&c, &m, g, types, &out);
  if( rc!=FN_OK || r->arena.oom ) fn_report(ctx, &c);
  else fn_value_out(ctx, &out);
  r->arena.oom = 0;
  arena_reset(&r->arena);
done:
  agg_values_reset(&g->rows);
}

/* --- registration ---------------------------------------------------------------- */

static void release(void *p){
  ShellAgg *r = p;
  ShellAggBlock *block = r->block;
  arena_free(&r->arena);
  if( --block->references==0 ) sqlite3_free(block);
}

/* The first row of its name, and one that a shell can call. */
static int is_shell_row(const AggDef *d){
  const AggDef *first[1];
  if( d->name[0]=='$' || d->step==0 || strstr(d->sig, "function(") ) return 0;
  return agg_named(d->name, first, 1)==1 && first[0]==d;
}

int shell_register_aggregates(struct sqlite3 *db){
  int n_family, n = 0, at = 0, rc = SQLITE_OK;
  const AggDef *const *family = agg_families(&n_family);
  ShellAggBlock *block;
  for(int f=0; f<n_family; f++){
    for(const AggDef *d=family[f]; d->name; d++) n += is_shell_row(d);
  }
  block = sqlite3_malloc64(sizeof(*block) + sizeof(ShellAgg)*(size_t)n);
  if( block==0 ) return SQLITE_NOMEM;
  memset(block, 0, sizeof(*block) + sizeof(ShellAgg)*(size_t)n);
  block->references = 1;        /* ours, until all are registered */
  for(int f=0; f<n_family; f++){
    for(const AggDef *d=family[f]; rc==SQLITE_OK && d->name; d++){
      char sql[FN_SQL_NAME_MAX];
      if( !is_shell_row(d) ) continue;
      block->reg[at].name = d->name;
      block->reg[at].block = block;
      block->references++;
      rc = sqlite3_create_function_v2(db, shell_name(d->name, sql), -1, SQLITE_UTF8 | SQLITE_INNOCUOUS,
                                      &block->reg[at++], 0, group_step, group_final, release);
    }
  }
  if( --block->references==0 ) sqlite3_free(block);
  return rc;
}
