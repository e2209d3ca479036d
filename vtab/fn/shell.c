/*
** Athena's plain names in a stock sqlite3: see shell.h.
**
** Every name is one SQL function of any number of arguments.  A call guesses
** the types of its arguments (shell_guess.c), from the plain reading to the
** bolder ones, until an overload takes them; the choice is kept as long as the
** next calls' arguments have the same types.  Values are coerced with CAST's
** own code, the result is stored as a table would store it.
*/
#include "../sqlite.h"
#include "shell.h"
#include "shell_guess.h"
#include "wrapper.h"
#include "registry.h"
#include "resolve.h"
#include "cast.h"
#include <string.h>

typedef struct ShellBlock ShellBlock;
typedef struct ShellReg {
  const char *name;
  ShellBlock *block;
  Arena call;                   /* of one call */
  Arena site;                   /* of the choice below */
  const FnDef *fn;              /* the overload chosen last, or NULL */
  int argc, readings;
  const Type **guess;           /* types it was chosen for */
  const Type **param;
  const Type *result;
  void *memo;
  void (*memo_free)(void*);
} ShellReg;

struct ShellBlock {
  int references;
  ShellReg reg[];
};

/* --- the overload ------------------------------------------------------------- */

static void forget(ShellReg *r){
  if( r->memo && r->memo_free ) r->memo_free(r->memo);
  r->memo = 0;
  r->fn = 0;
  arena_reset(&r->site);
}

/* The arguments' types under some readings, in the call's arena. */
static const Type **guess_all(ShellReg *r, int argc, const Value *argv, int readings){
  const Type **t = ARENA_ARRAY(&r->call, const Type*, argc + 1);
  for(int i=0; t && i<argc; i++) t[i] = shell_guess(&r->call, &argv[i], readings);
  return t;
}

static int same_types(const Type *const *a, const Type *const *b, int n){
  for(int i=0; i<n; i++){
    if( !type_equal(a[i], b[i]) ) return 0;
  }
  return 1;
}

/* Does the last choice hold for these arguments too? */
static int still_good(ShellReg *r, int argc, const Value *argv){
  const Type **t;
  if( r->fn==0 || r->argc!=argc ) return 0;
  t = guess_all(r, argc, argv, r->readings);
  return t && same_types(t, r->guess, argc);
}

static void keep(ShellReg *r, int argc, const Type **guess, int readings, const FnMatch *m){
  forget(r);
  r->guess = ARENA_ARRAY(&r->site, const Type*, argc + 1);
  r->param = ARENA_ARRAY(&r->site, const Type*, argc + 1);
  if( r->guess==0 || r->param==0 ) return;
  for(int i=0; i<argc; i++){
    r->guess[i] = type_copy(&r->site, guess[i]);
    r->param[i] = type_copy(&r->site, m->param[i]);
    if( r->guess[i]==0 || r->param[i]==0 ) return;
  }
  r->result = type_copy(&r->site, m->result);
  if( r->result==0 ) return;
  r->argc = argc;
  r->readings = readings;
  r->fn = m->fn;
}

/* Find the overload; FN_ERROR with Athena's text where there is none. */
static int choose(ShellReg *r, FnCall *c, int argc, const Value *argv){
  const Type **plain = guess_all(r, argc, argv, 0), **t;
  const char *expected = "";
  FnMatch m;
  Buf b;
  for(int readings=0; plain && readings<GUESS_LAST; readings++){
    t = readings ? guess_all(r, argc, argv, readings) : plain;
    if( t==0 || (readings && same_types(t, plain, argc)) ) continue;
    if( fn_resolve(&r->call, r->name, argc, t, 0, 0, &m, &expected)==FN_MATCHED && m.fn ){
      keep(r, argc, t, readings, &m);
      return FN_OK;
    }
  }
  if( plain==0 ) return FN_ERROR;
  buf_init(&b, &r->call);
  for(int i=0; i<argc; i++){
    if( i ) buf_str(&b, ", ");
    type_print_signature(&b, plain[i]);
  }
  return fn_error(c, "FUNCTION_NOT_FOUND", "Unexpected parameters (%s) for function %s. Expected: %s",
                  b.z ? b.z : "", r->name, expected);
}

/* --- the call -------------------------------------------------------------------- */

static Value *arguments(ShellReg *r, FnCall *c, int argc, const Value *argv){
  Value *v = ARENA_ARRAY(&r->call, Value, argc + 1);
  for(int i=0; v && i<argc; i++){
    Value raw;
    if( value_load(&r->call, r->guess[i], &argv[i], &raw) ){
      fn_bad_argument(c, "Cannot read argument %d as %s", i + 1, type_text(&r->call, r->guess[i]));
      return 0;
    }
    if( type_equal(r->guess[i], r->param[i]) ) v[i] = raw;
    else if( value_cast(c, r->guess[i], r->param[i], &raw, &v[i]) ) return 0;
  }
  return v;
}

static int call(ShellReg *r, FnCall *c, int argc, const Value *argv, Value *out){
  Value *v;
  int rc;
  if( !still_good(r, argc, argv) && choose(r, c, argc, argv) ) return FN_ERROR;
  if( r->fn==0 || (v = arguments(r, c, argc, argv))==0 ) return FN_ERROR;
  c->def = r->fn;
  c->argt = r->param;
  c->rett = r->result;
  c->memo = r->memo;
  c->memo_free = r->memo_free;
  rc = fn_invoke(c, argc, v, out);
  r->memo = c->memo;
  r->memo_free = c->memo_free;
  if( rc==FN_OK ) *out = value_store(&r->call, r->result, out);
  return rc;
}

static void shell_call(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  ShellReg *r = sqlite3_user_data(ctx);
  Value out = value_null(), raw[FN_ARG_MAX + 1];
  FnCall c;
  int rc;
  memset(&c, 0, sizeof(c));
  c.arena = &r->call;
  for(int i=0; i<argc; i++) raw[i] = fn_value_in(0, argv[i]);
  rc = call(r, &c, argc, raw, &out);
  if( r->site.oom ) r->call.oom = 1;
  if( rc!=FN_OK || r->call.oom ) fn_report(ctx, &c);
  else fn_value_out(ctx, &out);
  r->call.oom = r->site.oom = 0;
  arena_reset(&r->call);
}

/* --- registration -------------------------------------------------------------------- */

static void shell_release(void *p){
  ShellReg *r = p;
  ShellBlock *block = r->block;
  forget(r);
  arena_free(&r->call);
  arena_free(&r->site);
  if( --block->references==0 ) sqlite3_free(block);
}

static int register_name(sqlite3 *db, ShellBlock *block, ShellReg *r, const char *name){
  char sql[FN_SQL_NAME_MAX];
  shell_name(name, sql);
  r->name = name;
  r->block = block;
  block->references++;
  return sqlite3_create_function_v2(db, sql, -1, SQLITE_UTF8 | SQLITE_INNOCUOUS, r, shell_call, 0, 0, shell_release);
}

/* The first row of its name, and one that a shell can call. */
static int is_shell_row(const FnDef *d){
  const FnDef *first[1];
  if( d->name[0]=='$' || strstr(d->sig, "function(") ) return 0;
  return fn_named(d->name, first, 1)==1 && first[0]==d;
}

int shell_register(struct sqlite3 *db){
  int n_family, n = 0, at = 0, rc = SQLITE_OK;
  const FnDef *const *family = fn_families(&n_family);
  ShellBlock *block;
  for(int f=0; f<n_family; f++){
    for(const FnDef *d=family[f]; d->name; d++) n += is_shell_row(d);
  }
  block = sqlite3_malloc64(sizeof(*block) + sizeof(ShellReg)*(size_t)n);
  if( block==0 ) return SQLITE_NOMEM;
  memset(block, 0, sizeof(*block) + sizeof(ShellReg)*(size_t)n);
  block->references = 1;        /* ours, until all are registered */
  for(int f=0; f<n_family; f++){
    for(const FnDef *d=family[f]; rc==SQLITE_OK && d->name; d++){
      if( is_shell_row(d) ) rc = register_name(db, block, &block->reg[at++], d->name);
    }
  }
  if( --block->references==0 ) sqlite3_free(block);
  return rc==SQLITE_OK ? shell_register_aggregates(db) : rc;
}
