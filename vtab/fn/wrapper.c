/*
** The scalar wrapper: SQLite calls fn_call or fn_call_typed for every row of
** the registry; they convert the arguments, keep the NULL rule, call the row
** and convert the result or the error.
**
** A row that needs its types carries their text as first argument; it is
** parsed once per place in the statement and kept as auxdata of that constant,
** together with compiled lambdas and the memo slot (FnSite).  Rows that cannot
** raise are SQLITE_DETERMINISTIC, so SQLite may factor them out of a scan; rows
** that can are not, or a constant expression would raise though no row is read.
**
** Every registration has an arena of its own, emptied after each call, so a
** call allocates nothing in the usual case.
*/
#include "../sqlite.h"
#include "wrapper.h"
#include "registry.h"
#include <string.h>
#include <math.h>

/* --- errors --------------------------------------------------------------- */

static int raise_error(FnCall *c, const char *code, const char *fmt, va_list ap){
  c->code = code;
  c->message = c->quiet && program_catches(code) ? "" : arena_vprintf(c->arena, fmt, ap);
  return FN_ERROR;
}

int fn_error(FnCall *c, const char *code, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  raise_error(c, code, fmt, ap);
  va_end(ap);
  return FN_ERROR;
}

int fn_bad_argument(FnCall *c, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  raise_error(c, "INVALID_FUNCTION_ARGUMENT", fmt, ap);
  va_end(ap);
  return FN_ERROR;
}

int fn_refuse(FnCall *c, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  raise_error(c, "TARN_NOT_SUPPORTED", fmt, ap);
  va_end(ap);
  return FN_ERROR;
}

void fn_report(sqlite3_context *ctx, const FnCall *c){
  char *z;
  if( c->arena->oom || c->message==0 ){
    sqlite3_result_error_nomem(ctx);
    return;
  }
  z = sqlite3_mprintf("%s: %s", c->code, c->message);
  if( z ) sqlite3_result_error(ctx, z, -1);
  else sqlite3_result_error_nomem(ctx);
  sqlite3_free(z);
}

/* --- values ----------------------------------------------------------------- */

Value fn_value_in(const Type *t, sqlite3_value *v){
  const char *z;
  switch( sqlite3_value_type(v) ){
    case SQLITE_INTEGER:
      if( t && (t->kind==T_DOUBLE || t->kind==T_REAL) ) return value_real(sqlite3_value_double(v));
      return value_int(sqlite3_value_int64(v));
    case SQLITE_FLOAT: return value_real(sqlite3_value_double(v));
    case SQLITE_TEXT:
      if( t && (t->kind==T_DOUBLE || t->kind==T_REAL) ) return value_real(NAN);
      z = (const char*)sqlite3_value_text(v);
      return value_text(z ? z : "", (size_t)sqlite3_value_bytes(v));
    case SQLITE_BLOB:
      z = sqlite3_value_blob(v);
      return value_blob(z ? z : "", (size_t)sqlite3_value_bytes(v));
    default: return value_null();
  }
}

void fn_value_out(sqlite3_context *ctx, const Value *v){
  switch( v->kind ){
    case V_INT: sqlite3_result_int64(ctx, v->i); break;
    case V_REAL:
      if( isnan(v->r) ) sqlite3_result_text(ctx, "NaN", 3, SQLITE_STATIC);
      else sqlite3_result_double(ctx, v->r);
      break;
    case V_TEXT:
      sqlite3_result_text64(ctx, v->z ? v->z : "", (sqlite3_uint64)v->n, SQLITE_TRANSIENT, SQLITE_UTF8);
      break;
    case V_BLOB:
      sqlite3_result_blob64(ctx, v->z ? v->z : "", (sqlite3_uint64)v->n, SQLITE_TRANSIENT);
      break;
    default: sqlite3_result_null(ctx); break;
  }
}

/* --- call sites -------------------------------------------------------------- */

/* The end of the parenthesis that opens at z, or NULL. */
static const char *closing(const char *z, const char *end){
  int depth = 0, quoted = 0;
  for(; z<end; z++){
    if( *z=='"' ) quoted = !quoted;
    if( quoted ) continue;
    if( *z=='(' ) depth++;
    if( *z==')' && --depth==0 ) return z;
  }
  return 0;
}

/* The end of the type that begins at z: a comma of the list, or its end. */
static const char *type_end(const char *z, const char *end){
  int depth = 0, quoted = 0;
  for(; z<end; z++){
    if( *z=='"' ) quoted = !quoted;
    if( quoted ) continue;
    if( *z=='(' ) depth++;
    if( *z==')' ) depth--;
    if( *z==',' && depth==0 ) break;
  }
  return z;
}

int fn_types_parse(Arena *a, const char *z, size_t n, int *argc, const Type ***argt, const Type **rett){
  const char *end = z + n, *stop, *error;
  const Type **list;
  int count = 0;
  if( n==0 || *z!='(' || (stop = closing(z, end))==0 ) return -1;
  list = ARENA_ARRAY(a, const Type*, FN_ARG_MAX + 1);
  if( list==0 ) return -1;
  for(z++; z<stop; z++){
    const char *to = type_end(z, stop);
    if( count>FN_ARG_MAX ) return -1;
    list[count] = type_parse(a, z, (size_t)(to - z), &error);
    if( list[count]==0 ) return -1;
    count++;
    z = to;
  }
  *rett = type_parse(a, stop + 1, (size_t)(end - stop - 1), &error);
  if( *rett==0 ) return -1;
  *argc = count;
  *argt = list;
  return 0;
}

FnSite *fn_site_new(const char *z, size_t n, int *oom){
  FnSite *site = sqlite3_malloc64(sizeof(*site));
  *oom = site==0;
  if( site==0 ) return 0;
  memset(site, 0, sizeof(*site));
  arena_init(&site->arena);
  if( fn_types_parse(&site->arena, z, n, &site->argc, &site->argt, &site->rett) ) goto fail;
  site->program = ARENA_ARRAY(&site->arena, Program*, site->argc + 1);
  if( site->program==0 ) goto fail;
  return site;
fail:
  *oom = site->arena.oom;
  fn_site_free(site);
  return 0;
}

void fn_site_free(void *p){
  FnSite *site = p;
  if( site==0 ) return;
  for(int i=0; site->program && i<site->argc; i++) program_close(site->program[i]);
  if( site->memo && site->memo_free ) site->memo_free(site->memo);
  arena_free(&site->arena);
  sqlite3_free(site);
}

FnSite *fn_site(sqlite3_context *ctx, sqlite3_value *types){
  FnSite *site = sqlite3_get_auxdata(ctx, 0);
  const char *z;
  int oom = 0;
  if( site ) return site;
  z = (const char*)sqlite3_value_text(types);
  site = z ? fn_site_new(z, (size_t)sqlite3_value_bytes(types), &oom) : 0;
  if( oom ){
    sqlite3_result_error_nomem(ctx);
    return 0;
  }
  if( site==0 ){
    sqlite3_result_error(ctx, "TARN_NOT_SUPPORTED: the first argument must be the call's types, "
                              "as in '(integer,varchar)varchar'", -1);
    return 0;
  }
  sqlite3_set_auxdata(ctx, 0, site, fn_site_free);
  site = sqlite3_get_auxdata(ctx, 0);
  if( site==0 ) sqlite3_result_error_nomem(ctx);
  return site;
}

/* The compiled program of a lambda argument. */
static Program *site_program(FnSite *site, Arena *a, int arg, const Value *text, const char **error){
  Program *g = site->program[arg];
  *error = 0;
  if( text->kind!=V_TEXT ){
    *error = "a lambda must be a text";
    return 0;
  }
  if( g && program_is(g, text->z, (size_t)text->n) ) return g;
  program_close(g);
  site->program[arg] = 0;
  g = program_compile(&site->arena, text->z, (size_t)text->n, error);
  if( g==0 ){
    if( *error==0 ) a->oom = 1;
    else *error = arena_printf(a, "bad program: %s", *error);
  }
  site->program[arg] = g;
  return g;
}

/* A lambda argument and its captures; *at moves behind them. */
static int lambda_argument(FnSite *site, Arena *a, int arg, int argc, sqlite3_value **argv,
                           int *at, Value *out, const char **error){
  Value text = fn_value_in(0, argv[*at]), *capture;
  Program *g = site_program(site, a, arg, &text, error);
  const Type *const *type;
  int n;
  if( g==0 ) return -1;
  n = program_captures(g, &type);
  if( *at + n>=argc ){
    *error = "captured values are missing";
    return -1;
  }
  capture = ARENA_ARRAY(a, Value, n + 1);
  if( capture==0 ) return -1;
  for(int i=0; i<n; i++) capture[i] = fn_value_in(type[i], argv[*at + 1 + i]);
  *at += 1 + n;
  out->kind = V_LAMBDA;
  out->n = 0;
  out->lambda = program_bind(g, a, capture);
  return out->lambda ? 0 : -1;
}

Value *fn_site_arguments(FnSite *site, Arena *a, int argc, sqlite3_value **argv, const char **error){
  Value *out = arena_alloc_raw(a, sizeof(Value)*(size_t)(site->argc + 1));
  int at = 0;
  *error = 0;
  if( out==0 ) return 0;
  for(int i=0; i<site->argc; i++){
    if( at>=argc ) goto wrong;
    if( site->argt[i]->kind==T_FUNCTION ){
      if( lambda_argument(site, a, i, argc, argv, &at, &out[i], error) ) return 0;
    }else{
      out[i] = fn_value_in(site->argt[i], argv[at++]);
    }
  }
  if( at==argc ) return out;
wrong:
  *error = "wrong number of arguments";
  return 0;
}

/* --- calls ------------------------------------------------------------------- */

int fn_invoke(FnCall *c, int argc, const Value *argv, Value *out){
  if( (c->def->flags & FN_NULLS)==0 ){
    for(int i=0; i<argc; i++){
      if( argv[i].kind==V_NULL ){
        *out = value_null();
        return FN_OK;
      }
    }
  }
  *out = value_null();
  return c->def->impl(c, argc, argv, out);
}

typedef struct FnBlock FnBlock;
typedef struct FnReg {
  const FnDef *def;
  FnBlock *block;
  Arena arena;
  int n_param;                  /* -1 until the signature was read */
  int variadic;
  uint64_t reals;               /* parameters that are double or real */
} FnReg;

/* All registrations of a connection; freed with the last of them. */
struct FnBlock {
  int references;
  FnReg reg[];
};

static void block_release(void *p){
  FnReg *reg = p;
  FnBlock *block = reg->block;
  arena_free(&reg->arena);
  if( --block->references==0 ) sqlite3_free(block);
}

/* How many parameters an untyped row has, and which may be NaN. */
static void read_signature(FnReg *reg){
  const char *z = reg->def->sig, *end = closing(z, z + strlen(z));
  reg->n_param = 0;
  if( end==0 ) return;
  for(z++; z<end; z++){
    const char *to = type_end(z, end);
    while( z<to && *z==' ' ) z++;
    if( z==to ) break;
    if( reg->n_param<64 && (strncmp(z, "double", 6)==0 || strncmp(z, "real", 4)==0) ){
      reg->reals |= (uint64_t)1<<reg->n_param;
    }
    if( to - z>3 && memcmp(to - 3, "...", 3)==0 ) reg->variadic = 1;
    reg->n_param++;
    z = to;
  }
}

static const Type *plain_type(const FnReg *reg, int i){
  if( reg->variadic && i>=reg->n_param ) i = reg->n_param - 1;
  return i<64 && (reg->reals>>i & 1) ? &TYPE_DOUBLE : 0;
}

static void answer(sqlite3_context *ctx, FnCall *c, int rc, const Value *out){
  if( rc!=FN_OK || c->arena->oom ) fn_report(ctx, c);
  else fn_value_out(ctx, out);
  c->arena->oom = 0;
  arena_reset(c->arena);
}

static void fn_call_plain(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  FnReg *reg = sqlite3_user_data(ctx);
  Value args[FN_ARG_MAX + 1], out;
  FnCall c;
  memset(&c, 0, sizeof(c));
  c.def = reg->def;
  c.arena = &reg->arena;
  if( reg->n_param<0 ) read_signature(reg);
  if( reg->variadic ? argc<reg->n_param - 1 : argc!=reg->n_param ){
    sqlite3_result_error(ctx, "TARN_NOT_SUPPORTED: wrong number of arguments", -1);
    return;
  }
  for(int i=0; i<argc; i++) args[i] = fn_value_in(plain_type(reg, i), argv[i]);
  answer(ctx, &c, fn_invoke(&c, argc, args, &out), &out);
}

static void fn_call_typed(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  FnReg *reg = sqlite3_user_data(ctx);
  FnSite *site;
  Value *args, out;
  FnCall c;
  const char *error;
  int rc;
  memset(&c, 0, sizeof(c));
  c.def = reg->def;
  c.arena = &reg->arena;
  if( argc<1 ){
    sqlite3_result_error(ctx, "TARN_NOT_SUPPORTED: the call's types are missing", -1);
    return;
  }
  site = fn_site(ctx, argv[0]);
  if( site==0 ) return;
  args = fn_site_arguments(site, c.arena, argc - 1, argv + 1, &error);
  if( args==0 ){
    if( error ) fn_refuse(&c, "%s", error);
    answer(ctx, &c, FN_ERROR, 0);
    return;
  }
  c.argt = site->argt;
  c.rett = site->rett;
  c.memo = site->memo;
  c.memo_free = site->memo_free;
  rc = fn_invoke(&c, site->argc, args, &out);
  site->memo = c.memo;
  site->memo_free = c.memo_free;
  answer(ctx, &c, rc, &out);
}

/* --- TRY ------------------------------------------------------------------- */

typedef struct TrySite {
  Arena arena;
  Program *program;
} TrySite;

static void try_site_free(void *p){
  TrySite *site = p;
  program_close(site->program);
  arena_free(&site->arena);
  sqlite3_free(site);
}

/* The compiled program of a t_try, kept as auxdata of its text. */
static Program *try_program(sqlite3_context *ctx, sqlite3_value *text){
  TrySite *site = sqlite3_get_auxdata(ctx, 0);
  const char *z = (const char*)sqlite3_value_text(text), *error = 0;
  if( site ) return site->program;
  site = z ? sqlite3_malloc64(sizeof(*site)) : 0;
  if( site==0 ){
    sqlite3_result_error_nomem(ctx);
    return 0;
  }
  memset(site, 0, sizeof(*site));
  site->program = program_compile(&site->arena, z, (size_t)sqlite3_value_bytes(text), &error);
  if( site->program==0 ){
    char *message = error ? sqlite3_mprintf("TARN_NOT_SUPPORTED: bad program: %s", error) : 0;
    if( message ) sqlite3_result_error(ctx, message, -1);
    else sqlite3_result_error_nomem(ctx);
    sqlite3_free(message);
    try_site_free(site);
    return 0;
  }
  sqlite3_set_auxdata(ctx, 0, site, try_site_free);
  site = sqlite3_get_auxdata(ctx, 0);
  if( site==0 ) sqlite3_result_error_nomem(ctx);
  return site ? site->program : 0;
}

/* t_eval and t_try('[captypes] 0:expr', captures…): the value of expr; t_try
** gives NULL where it raises one of the errors that TRY catches. */
static void call_program(sqlite3_context *ctx, int argc, sqlite3_value **argv, int catches){
  FnReg *reg = sqlite3_user_data(ctx);
  Value capture[FN_ARG_MAX + 1], out = value_null();
  const Type *const *type;
  Program *g;
  FnCall c;
  int rc, n;
  memset(&c, 0, sizeof(c));
  c.arena = &reg->arena;
  if( argc<1 || (g = try_program(ctx, argv[0]))==0 ) return;
  n = program_captures(g, &type);
  if( n!=argc - 1 ){
    sqlite3_result_error(ctx, "TARN_NOT_SUPPORTED: wrong number of captured values", -1);
    return;
  }
  for(int i=0; i<n; i++) capture[i] = fn_value_in(type[i], argv[i + 1]);
  c.quiet = 1;
  rc = program_run(&c, g, capture, &out);
  if( catches && rc!=FN_OK && !c.arena->oom && program_catches(c.code) ){
    rc = FN_OK;
    out = value_null();
  }
  answer(ctx, &c, rc, &out);
}

static void fn_call_try(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  call_program(ctx, argc, argv, 1);
}

/* For expressions nested deeper than SQLite's parser can follow. */
static void fn_call_eval(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  call_program(ctx, argc, argv, 0);
}

/* --- registration ------------------------------------------------------------ */

typedef void (*SqlFunction)(sqlite3_context*, int, sqlite3_value**);

static int register_one(sqlite3 *db, FnBlock *block, FnReg *reg, const char *name, int flags, SqlFunction f){
  reg->block = block;
  reg->n_param = -1;
  block->references++;
  /* On failure SQLite calls block_release too. */
  return sqlite3_create_function_v2(db, name, -1, SQLITE_UTF8 | flags, reg, f, 0, 0, block_release);
}

static int register_row(sqlite3 *db, FnBlock *block, FnReg *reg, const FnDef *def){
  char name[FN_SQL_NAME_MAX];
  int flags = SQLITE_INNOCUOUS;
  if( (def->flags & (FN_RAISES | FN_VOLATILE))==0 && strstr(def->sig, "function(")==0 ){
    flags |= SQLITE_DETERMINISTIC;
  }
  reg->def = def;
  return register_one(db, block, reg, fn_sql_name(def, name), flags,
                      fn_is_typed(def) ? fn_call_typed : fn_call_plain);
}

int fn_register(struct sqlite3 *db){
  int n_family, n = 2, at = 0, rc;
  const FnDef *const *family = fn_families(&n_family);
  FnBlock *block;
  for(int f=0; f<n_family; f++){
    for(const FnDef *d=family[f]; d->name; d++) n++;
  }
  block = sqlite3_malloc64(sizeof(*block) + sizeof(FnReg)*(size_t)n);
  if( block==0 ) return SQLITE_NOMEM;
  memset(block, 0, sizeof(*block) + sizeof(FnReg)*(size_t)n);
  block->references = 1;        /* ours, until all are registered */
  rc = register_one(db, block, &block->reg[at++], "t_try", SQLITE_INNOCUOUS, fn_call_try);
  if( rc==SQLITE_OK ) rc = register_one(db, block, &block->reg[at++], "t_eval", SQLITE_INNOCUOUS, fn_call_eval);
  for(int f=0; f<n_family; f++){
    for(const FnDef *d=family[f]; rc==SQLITE_OK && d->name; d++){
      rc = register_row(db, block, &block->reg[at++], d);
    }
  }
  if( --block->references==0 ) sqlite3_free(block);
  return rc;
}
