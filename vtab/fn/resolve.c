/*
** Which overload a call means.
**
** As Trino does: first the rows without type variables are tried with exactly
** the given types, then the generic ones, then all with implicit coercions;
** among several that fit with coercions the most specific wins (the one whose
** parameter types the others would accept), and where the only difference is
** what a NULL becomes, one that gives NULL anyway.
**
** A signature's text is its own parsed form: matching walks the text (Formal
** is a slice of it) beside the type and binds variables; nothing is cached.
** Binding repeats over the arguments until nothing changes, for lambdas need
** what others have bound and may widen it again (reduce).  Answers of the
** lambda callback are kept for the length of a resolution, because asking
** analyses a lambda's body, and lambdas nest.
**
** Limits: FN_OVERLOADS_MAX rows of a name, FN_ARG_MAX arguments, SOLVE_MAX
** rounds of binding, LAMBDA_MEMO_MAX kept answers.
*/
#include "../sqlite.h"
#include "resolve.h"
#include "registry.h"
#include "coerce.h"
#include <string.h>
#include <ctype.h>
#include <stdlib.h>

#define SOLVE_MAX 4
#define LAMBDA_MEMO_MAX 16

/* A slice of a signature: one type, perhaps with variables. */
typedef struct Formal { const char *z, *end; } Formal;

typedef struct Candidate {
  const FnDef *fn;
  const AggDef *agg;
  const char *sig;
  unsigned flags;
  const Type **param;           /* once bound: argc types */
  const Type *result;
} Candidate;

typedef struct LambdaAnswer {
  int arg, n_param;
  const Type **param;
  const Type *body;
} LambdaAnswer;

typedef struct Resolver {
  Arena *arena;
  int argc;
  const Type *const *argt;
  FnLambdaType ask;
  void *env;
  LambdaAnswer memo[LAMBDA_MEMO_MAX];
  int n_memo;
} Resolver;

typedef enum Status { SATISFIED, WAITING, CHANGED, UNSOLVABLE } Status;

/* The variables of one attempt. */
typedef struct Solver {
  Resolver *r;
  unsigned flags;
  int coerce;
  const Type *type[26];         /* T */
  int number[26];               /* p */
  char has_number[26];
} Solver;

/* --- the text of signatures ---------------------------------------------------- */

static Formal trim(const char *z, const char *end){
  while( z<end && *z==' ' ) z++;
  while( end>z && end[-1]==' ' ) end--;
  return (Formal){ z, end };
}

/* The slice up to the next comma at this level; *z moves behind it. */
static Formal next_formal(const char **z, const char *end){
  const char *p = *z;
  int depth = 0;
  Formal f;
  for(; p<end; p++){
    if( *p=='(' ) depth++;
    if( *p==')' ) depth--;
    if( *p==',' && depth==0 ) break;
  }
  f = trim(*z, p);
  *z = p<end ? p + 1 : end;
  return f;
}

/* What is inside a formal's parentheses; 0 when there are none. */
static int inside(Formal f, const char **z, const char **end){
  const char *open = memchr(f.z, '(', (size_t)(f.end - f.z)), *close = f.end;
  *z = *end = f.end;
  if( open==0 ) return 0;
  while( close>open && close[-1]!=')' ) close--;
  *z = open + 1;
  *end = close - 1;
  return 1;
}

/* The parameters of a signature and its result. */
static void split_signature(const char *sig, Formal *parameters, Formal *result){
  const char *arrow = strstr(sig, "->");
  const char *open = strchr(sig, '('), *close = arrow;
  while( close>open && close[-1]!=')' ) close--;
  *parameters = trim(open + 1, close - 1);
  *result = trim(arrow + 2, arrow + strlen(arrow));
}

static int is_variadic(Formal f){
  return f.end - f.z>3 && memcmp(f.end - 3, "...", 3)==0;
}

static int is_word(Formal f, const char *word){
  size_t n = strlen(word);
  return (size_t)(f.end - f.z)>=n && memcmp(f.z, word, n)==0
      && ((size_t)(f.end - f.z)==n || !isalnum((unsigned char)f.z[n]));
}

static int is_function(Formal f){
  return is_word(f, "function");
}

/* T: its index, or -1. */
static int type_variable(Formal f){
  return f.end - f.z==1 && isupper((unsigned char)*f.z) ? *f.z - 'A' : -1;
}

static int number_variable(Formal f){
  return f.end - f.z==1 && islower((unsigned char)*f.z) ? *f.z - 'a' : -1;
}

/* A type whose parentheses hold numbers or their variables. */
static int has_numbers(Formal f){
  const char *z, *end;
  Formal first;
  if( !inside(f, &z, &end) || is_word(f, "array") || is_word(f, "map") || is_word(f, "row") ) return 0;
  first = next_formal(&z, end);
  return number_variable(first)>=0 || (first.z<first.end && isdigit((unsigned char)*first.z));
}

static TypeKind formal_kind(Formal f){
  int zone = f.end - f.z>4 && memcmp(f.end - 4, "zone", 4)==0;
  if( is_word(f, "decimal") ) return T_DECIMAL;
  if( is_word(f, "varchar") ) return T_VARCHAR;
  if( is_word(f, "char") ) return T_CHAR;
  if( is_word(f, "timestamp") ) return zone ? T_TIMESTAMP_TZ : T_TIMESTAMP;
  if( is_word(f, "time") ) return zone ? T_TIME_TZ : T_TIME;
  if( is_word(f, "array") ) return T_ARRAY;
  if( is_word(f, "map") ) return T_MAP;
  if( is_word(f, "row") ) return T_ROW;
  return T_OTHER;
}

/* --- instantiation: a formal with its variables' values ------------------------ */

static const Type *instantiate(Solver *s, Formal f);

static int number_value(Solver *s, Formal f, int *out){
  int v = number_variable(f);
  if( v>=0 ){
    *out = s->number[v];
    return s->has_number[v];
  }
  *out = atoi(f.z);
  return 1;
}

static const Type *instantiate_numbers(Solver *s, Formal f){
  TypeKind kind = formal_kind(f);
  const char *z, *end;
  int p, scale = 0;
  inside(f, &z, &end);
  if( !number_value(s, next_formal(&z, end), &p) ) return 0;
  if( kind==T_DECIMAL && !number_value(s, next_formal(&z, end), &scale) ) return 0;
  switch( kind ){
    case T_DECIMAL: return type_decimal(s->r->arena, p, scale);
    case T_VARCHAR: return type_varchar(s->r->arena, p);
    case T_CHAR: return type_char(s->r->arena, p);
    default: return type_precision(s->r->arena, kind, p);
  }
}

static const Type *instantiate_compound(Solver *s, Formal f){
  const Type *arg[FN_ARG_MAX];
  const char *z, *end;
  int n = 0;
  inside(f, &z, &end);
  while( z<end && n<FN_ARG_MAX ){
    arg[n] = instantiate(s, next_formal(&z, end));
    if( arg[n]==0 ) return 0;
    n++;
  }
  if( is_function(f) ) return type_function(s->r->arena, n - 1, arg, arg[n - 1]);
  if( is_word(f, "array") ) return type_array(s->r->arena, arg[0]);
  if( is_word(f, "map") ) return type_map(s->r->arena, arg[0], arg[1]);
  return type_row(s->r->arena, n, arg, 0);
}

/* NULL when a variable is not bound. */
static const Type *instantiate(Solver *s, Formal f){
  int v;
  if( is_variadic(f) ) f = trim(f.z, f.end - 3);
  v = type_variable(f);
  if( v>=0 ) return s->type[v];
  if( has_numbers(f) ) return instantiate_numbers(s, f);
  if( is_function(f) || is_word(f, "array") || is_word(f, "map") || is_word(f, "row") ){
    return instantiate_compound(s, f);
  }
  return type_parse(s->r->arena, f.z, (size_t)(f.end - f.z), 0);
}

/* --- binding -------------------------------------------------------------------- */

static Status bind(Solver *s, int arg, Formal f, const Type *actual);

static Status bind_variable(Solver *s, int v, const Type *actual){
  const Type *common = actual;
  if( actual->kind==T_FUNCTION ) return UNSOLVABLE;
  if( s->type[v] ) common = type_common(s->r->arena, s->type[v], actual);
  if( common==0 ) return UNSOLVABLE;
  if( (s->flags & FN_COMPARABLE) && !type_is_comparable(common) ) return UNSOLVABLE;
  if( (s->flags & FN_ORDERABLE) && !type_is_orderable(common) ) return UNSOLVABLE;
  if( s->type[v] && type_equal(common, s->type[v]) ) return SATISFIED;
  s->type[v] = common;
  return CHANGED;
}

static Status bind_number(Solver *s, Formal f, int value){
  int v = number_variable(f);
  if( v<0 ) return atoi(f.z)==value ? SATISFIED : UNSOLVABLE;
  if( s->has_number[v] && s->number[v]==value ) return SATISFIED;
  s->number[v] = value;
  s->has_number[v] = 1;
  return CHANGED;
}

/* decimal(p,s) and the like: the variables become those of the super type of
** what they were and the argument. */
static Status bind_numbers(Solver *s, Formal f, const Type *actual){
  TypeKind kind = formal_kind(f);
  Type base, was;
  const Type *common;
  const char *z, *end;
  Formal first, second = { 0, 0 };
  Status status, more = SATISFIED;
  if( actual->kind==T_FUNCTION || !type_coerce_base(actual, kind, &base) ) return UNSOLVABLE;
  inside(f, &z, &end);
  first = next_formal(&z, end);
  if( kind==T_DECIMAL ) second = next_formal(&z, end);
  was = base;
  if( !number_value(s, first, &was.p) ) was.p = base.p;
  if( second.z && !number_value(s, second, &was.s) ) was.s = base.s;
  common = type_common(s->r->arena, &was, actual->kind==T_UNKNOWN ? &was : actual);
  if( common==0 || common->kind!=kind ) return UNSOLVABLE;
  status = bind_number(s, first, common->p);
  if( second.z ) more = bind_number(s, second, common->s);
  return status>more ? status : more;
}

static Status bind_parts(Solver *s, int arg, Formal f, const Type *actual){
  const char *z, *end;
  Status status = SATISFIED;
  int n = 0;
  inside(f, &z, &end);
  for(; z<end; n++){
    const Type *part = actual->kind==T_UNKNOWN ? actual : n<actual->n ? actual->arg[n] : 0;
    Status one = part && actual->kind!=T_FUNCTION ? bind(s, arg, next_formal(&z, end), part) : UNSOLVABLE;
    if( one==UNSOLVABLE ) return one;
    if( one>status ) status = one;
  }
  return actual->kind==T_UNKNOWN || n==actual->n ? status : UNSOLVABLE;
}

/* The body's type for these parameter types: known, or asked for. */
static const Type *lambda_body(Resolver *r, int arg, int n, const Type *const *param){
  LambdaAnswer *m;
  for(int i=0; i<r->n_memo; i++){
    int same = r->memo[i].arg==arg && r->memo[i].n_param==n;
    for(int k=0; same && k<n; k++) same = type_equal(r->memo[i].param[k], param[k]);
    if( same ) return r->memo[i].body;
  }
  if( r->n_memo==LAMBDA_MEMO_MAX ) return r->ask(r->env, arg, n, param);
  m = &r->memo[r->n_memo];
  m->arg = arg;
  m->n_param = n;
  m->param = ARENA_ARRAY(r->arena, const Type*, n + 1);
  if( m->param==0 ) return 0;
  for(int k=0; k<n; k++) m->param[k] = param[k];
  m->body = r->ask ? r->ask(r->env, arg, n, param) : 0;
  if( m->body ) r->n_memo++;
  return m->body;
}

/* The parameter formals and the result formal of function(…). */
static int split_function(Formal f, Formal *param, Formal *result){
  const char *z, *end;
  int n = 0;
  inside(f, &z, &end);
  while( z<end && n<FN_ARG_MAX ) param[n++] = next_formal(&z, end);
  *result = param[n - 1];
  return n - 1;
}

static int is_open_lambda(const Type *t){
  return t->kind==T_FUNCTION && t->arg[t->n - 1]->kind==T_UNKNOWN
      && (t->n==1 || t->arg[0]->kind==T_UNKNOWN);
}

static Status bind_function(Solver *s, int arg, Formal f, const Type *actual){
  Formal param[FN_ARG_MAX], result;
  const Type *given[FN_ARG_MAX], *body;
  int n = split_function(f, param, &result);
  if( actual->kind!=T_FUNCTION ) return UNSOLVABLE;
  for(int i=0; i<n; i++){
    given[i] = instantiate(s, param[i]);
    if( given[i]==0 ) return WAITING;
  }
  if( arg>=0 ){
    body = lambda_body(s->r, arg, n, given);
  }else{
    /* Comparing two signatures: the function type is already known. */
    if( actual->n!=n + 1 ) return UNSOLVABLE;
    for(int i=0; i<n; i++){
      if( !type_equal(actual->arg[i], given[i]) ) return UNSOLVABLE;
    }
    body = actual->arg[n];
  }
  if( body==0 ) return UNSOLVABLE;
  return bind(s, -1, result, body);
}

static Status bind(Solver *s, int arg, Formal f, const Type *actual){
  int v;
  if( is_variadic(f) ) f = trim(f.z, f.end - 3);
  v = type_variable(f);
  if( is_function(f) ) return bind_function(s, arg, f, actual);
  if( actual->kind==T_FUNCTION ) return UNSOLVABLE;
  if( v>=0 ) return bind_variable(s, v, actual);
  if( has_numbers(f) ) return bind_numbers(s, f, actual);
  if( is_word(f, "array") || is_word(f, "map") || is_word(f, "row") ) return bind_parts(s, arg, f, actual);
  return SATISFIED;
}

/* --- an attempt ------------------------------------------------------------------ */

/* After binding: does the argument have the parameter's type? */
static int relates(Solver *s, int arg, Formal f, const Type *actual, const Type *bound){
  Formal param[FN_ARG_MAX], result;
  const Type *given[FN_ARG_MAX], *body;
  int n;
  if( bound->kind!=T_FUNCTION ){
    return s->coerce ? type_can_coerce(actual, bound) : type_equal(actual, bound);
  }
  if( arg<0 ) return type_equal(actual, bound);
  /* A lambda's result is never coerced. */
  n = split_function(f, param, &result);
  for(int i=0; i<n; i++) given[i] = bound->arg[i];
  body = lambda_body(s->r, arg, n, given);
  return body && type_equal(body, bound->arg[n]);
}

/* The formals of argc arguments, the variadic one repeated; 0: wrong number. */
static int expand(Formal parameters, int argc, Formal *out){
  const char *z = parameters.z;
  int n = 0;
  while( z<parameters.end && n<FN_ARG_MAX ){
    Formal f = next_formal(&z, parameters.end);
    if( is_variadic(f) ){
      f = trim(f.z, f.end - 3);
      if( argc<n || argc>FN_ARG_MAX ) return 0;
      for(; n<argc; n++) out[n] = f;
      return 1;
    }
    if( n>=argc ) return 0;
    out[n++] = f;
  }
  return n==argc;
}

static int solve(Solver *s, const Formal *formal, int argc, const Type *const *argt, int ask){
  for(int round=0; round<=SOLVE_MAX; round++){
    Status status = SATISFIED;
    for(int i=0; i<argc; i++){
      Status one = bind(s, ask ? i : -1, formal[i], argt[i]);
      if( one==UNSOLVABLE ) return 0;
      if( one>status ) status = one;
    }
    if( status==SATISFIED ) return 1;
    if( status==WAITING ) return 0;
  }
  return 0;
}

/* Every type variable of the signature is bound. */
static int all_bound(Solver *s, Formal parameters){
  for(const char *z=parameters.z; z<parameters.end; z++){
    int alone = z==parameters.z || !isalnum((unsigned char)z[-1]);
    if( alone && isupper((unsigned char)*z) && !isalnum((unsigned char)z[1]) && s->type[*z - 'A']==0 ) return 0;
  }
  return 1;
}

/* Pattern types of signatures are any varchar to the call. */
static const Type *call_type(const Type *bound, const Type *actual){
  if( !type_is_pattern(bound) ) return bound;
  return actual->kind==T_VARCHAR ? actual : &TYPE_VARCHAR;
}

/* Bind a candidate to argument types; 1 and its param and result set. */
static int try_candidate(Resolver *r, Candidate *c, int coerce){
  Formal parameters, result, formal[FN_ARG_MAX];
  Solver s;
  memset(&s, 0, sizeof(s));
  s.r = r;
  s.flags = c->flags;
  s.coerce = coerce;
  split_signature(c->sig, &parameters, &result);
  if( !expand(parameters, r->argc, formal) || !solve(&s, formal, r->argc, r->argt, 1) ) return 0;
  if( !all_bound(&s, parameters) ) return 0;
  c->param = ARENA_ARRAY(r->arena, const Type*, r->argc + 1);
  if( c->param==0 ) return 0;
  for(int i=0; i<r->argc; i++){
    const Type *bound = instantiate(&s, formal[i]);
    if( bound==0 || !relates(&s, i, formal[i], r->argt[i], bound) ) return 0;
    c->param[i] = bound;
  }
  c->result = c->fn && c->fn->derive ? c->fn->derive(r->arena, r->argc, c->param)
            : c->agg && c->agg->derive ? c->agg->derive(r->arena, r->argc, c->param)
            : instantiate(&s, result);
  return c->result!=0;
}

/* Would `right` accept what `left` takes? */
static int more_specific(Resolver *r, const Candidate *left, const Candidate *right){
  Formal parameters, result, formal[FN_ARG_MAX];
  Solver s;
  memset(&s, 0, sizeof(s));
  s.r = r;
  s.flags = right->flags;
  s.coerce = 1;
  split_signature(right->sig, &parameters, &result);
  if( !expand(parameters, r->argc, formal) || !solve(&s, formal, r->argc, left->param, 0) ) return 0;
  for(int i=0; i<r->argc; i++){
    const Type *bound = instantiate(&s, formal[i]);
    if( bound==0 || !relates(&s, -1, formal[i], left->param[i], bound) ) return 0;
  }
  return 1;
}

/* --- the choice -------------------------------------------------------------------- */

static int is_generic(const Candidate *c){
  for(const char *z=c->sig; *z; z++){
    int alone = !isalnum((unsigned char)z[1]) && (z==c->sig || !isalnum((unsigned char)z[-1]));
    if( alone && isupper((unsigned char)*z) ) return 1;
  }
  return 0;
}

/* Trino keeps one representative of each family of comparable candidates. */
static int most_specific(Resolver *r, Candidate *in, int n, Candidate *out){
  int kept = 0;
  for(int i=0; i<n; i++){
    int found = 0;
    for(int k=0; k<kept && !found; k++){
      int more = more_specific(r, &in[i], &out[k]), less = more_specific(r, &out[k], &in[i]);
      /* Of two that are the same, the plain one: it is the faster call. */
      if( more && !(less && is_generic(&in[i]) && !is_generic(&out[k])) ) out[k] = in[i];
      found = more || less;
    }
    if( !found ) out[kept++] = in[i];
  }
  return kept;
}

static int only_unknown_changes(Resolver *r, const Candidate *c){
  for(int i=0; i<r->argc; i++){
    if( r->argt[i]->kind!=T_UNKNOWN && !type_equal(r->argt[i], c->param[i]) ) return 0;
  }
  return 1;
}

static int has_unknown(Resolver *r){
  int any = 0;
  for(int i=0; i<r->argc; i++){
    if( is_open_lambda(r->argt[i]) ) return 0;
    any |= r->argt[i]->kind==T_UNKNOWN;
  }
  return any;
}

/* Where NULL arguments are the only ambiguity. */
static int settle_unknown(Resolver *r, Candidate *all, int n, Candidate *best, int n_best){
  int kept = 0, pick = 0;
  Candidate *only = ARENA_ARRAY(r->arena, Candidate, n);
  if( only==0 ) return n_best;
  for(int i=0; i<n; i++){
    if( only_unknown_changes(r, &all[i]) ) only[kept++] = all[i];
  }
  if( kept>0 ){
    for(int i=0; i<kept; i++) best[i] = only[i];
    n_best = kept;
  }
  for(int i=0; i<n_best; i++){
    if( best[i].fn && (best[i].flags & FN_NULLS) ) return n_best;
    if( !type_equal(best[i].result, best[0].result) ) return n_best;
    if( strcmp(best[i].sig, best[pick].sig)>0 ) pick = i;
  }
  best[0] = best[pick];
  return 1;
}

/* "Could not choose …": Athena's message with the bound candidates. */
static const char *ambiguity(Resolver *r, const char *name, const Candidate *c, int n){
  Buf b;
  buf_init(&b, r->arena);
  buf_str(&b, "Could not choose a best candidate operator. Explicit type casts must be added.\nCandidates are:\n");
  for(int i=0; i<n; i++){
    buf_printf(&b, "\t * %s(", name);
    for(int k=0; k<r->argc; k++){
      if( k ) buf_char(&b, ',');
      type_print_signature(&b, c[i].param[k]);
    }
    buf_str(&b, "):");
    type_print_signature(&b, c[i].result);
    buf_char(&b, '\n');
  }
  return b.z;
}

/* The candidates of one stage; 0 none, 1 chosen (in best[0]), more: ambiguous. */
static int stage(Resolver *r, Candidate *all, int n, int generic, int coerce, Candidate *best){
  Candidate *fit = ARENA_ARRAY(r->arena, Candidate, n + 1);
  int n_fit = 0, n_best;
  if( fit==0 ) return 0;
  for(int i=0; i<n; i++){
    if( coerce ? (all[i].flags & FN_NO_COERCE)!=0 : is_generic(&all[i])!=generic ) continue;
    fit[n_fit] = all[i];
    if( try_candidate(r, &fit[n_fit], coerce) ) n_fit++;
  }
  if( !coerce || n_fit<=1 ){
    for(int i=0; i<n_fit; i++) best[i] = fit[i];
    return n_fit;
  }
  n_best = most_specific(r, fit, n_fit, best);
  if( n_best>1 && has_unknown(r) ) n_best = settle_unknown(r, fit, n_fit, best, n_best);
  return n_best;
}

/* --- what is said when nothing fits ---------------------------------------------------- */

static void print_variables(Buf *b, const Candidate *c){
  char seen[26] = {0};
  int first = 1;
  for(const char *z=c->sig; *z && !(z[0]=='-' && z[1]=='>'); z++){
    int alone = !isalnum((unsigned char)z[1]) && (z==c->sig || !isalnum((unsigned char)z[-1]));
    if( !alone || !isupper((unsigned char)*z) || seen[*z - 'A'] ) continue;
    seen[*z - 'A'] = 1;
    buf_printf(b, "%s%c", first ? " " : ", ", *z);
    if( c->flags & FN_COMPARABLE ) buf_str(b, ":comparable");
    if( c->flags & FN_ORDERABLE ) buf_str(b, ":orderable");
    first = 0;
  }
}

static const char *list_expected(Resolver *r, const char *name, const Candidate *c, int n){
  Buf b;
  buf_init(&b, r->arena);
  for(int i=0; i<n; i++){
    Formal parameters, result;
    const char *z;
    int k = 0;
    split_signature(c[i].sig, &parameters, &result);
    buf_printf(&b, "%s%s(", i ? ", " : "", name);
    for(z=parameters.z; z<parameters.end; k++){
      Formal f = next_formal(&z, parameters.end);
      if( is_variadic(f) ) f.end -= 3;
      if( k ) buf_str(&b, ", ");
      buf_add(&b, f.z, (size_t)(f.end - f.z));
    }
    buf_char(&b, ')');
    print_variables(&b, &c[i]);
  }
  return b.z ? b.z : "";
}

static int collect(Arena *a, const char *name, Candidate **out){
  const FnDef *fn[FN_OVERLOADS_MAX];
  const AggDef *agg[FN_OVERLOADS_MAX];
  int n_fn = fn_named(name, fn, FN_OVERLOADS_MAX), n_agg = agg_named(name, agg, FN_OVERLOADS_MAX), n = 0;
  Candidate *c = ARENA_ARRAY(a, Candidate, n_fn + n_agg + 1);
  if( c==0 ) return 0;
  for(int i=0; i<n_agg; i++) c[n++] = (Candidate){ 0, agg[i], agg[i]->sig, agg[i]->flags, 0, 0 };
  for(int i=0; i<n_fn; i++) c[n++] = (Candidate){ fn[i], 0, fn[i]->sig, fn[i]->flags, 0, 0 };
  *out = c;
  return n;
}

/* The chosen one's lambdas are analysed last with their final types. */
static void confirm_lambdas(Resolver *r, const Candidate *c){
  for(int i=0; i<r->argc; i++){
    const Type *t = c->param[i];
    if( t->kind==T_FUNCTION && r->n_memo>1 && r->ask ) r->ask(r->env, i, t->n - 1, t->arg);
  }
}

FnMatchKind fn_resolve(Arena *a, const char *name, int argc, const Type *const *argt,
                       FnLambdaType ask, void *env, FnMatch *out, const char **expected){
  static const struct { int generic, coerce; } stages[] = { {0, 0}, {1, 0}, {0, 1} };
  Resolver r;
  Candidate *all = 0, *best;
  int n = collect(a, name, &all), n_best = 0;
  memset(&r, 0, sizeof(r));
  memset(out, 0, sizeof(*out));
  r.arena = a;
  r.argc = argc;
  r.argt = argt;
  r.ask = ask;
  r.env = env;
  if( n==0 ) return FN_UNKNOWN_NAME;
  best = ARENA_ARRAY(a, Candidate, n + 1);
  if( best==0 ) return FN_NO_OVERLOAD;
  for(int i=0; i<3 && n_best==0 && argc<=FN_ARG_MAX; i++){
    n_best = stage(&r, all, n, stages[i].generic, stages[i].coerce, best);
  }
  if( n_best>1 ){
    if( expected ) *expected = ambiguity(&r, name, best, n_best);
    return FN_AMBIGUOUS;
  }
  if( n_best==0 ){
    if( expected ) *expected = list_expected(&r, name, all, n);
    return FN_NO_OVERLOAD;
  }
  confirm_lambdas(&r, best);
  for(int i=0; i<argc; i++) best[0].param[i] = call_type(best[0].param[i], argt[i]);
  out->fn = best[0].fn;
  out->agg = best[0].agg;
  out->param = best[0].param;
  out->result = best[0].result;
  return FN_MATCHED;
}
