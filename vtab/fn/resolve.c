/*
** Which overload a call means.
**
** As Trino does: first the rows without type variables are tried with exactly
** the given types, then the generic ones, then all with implicit coercions;
** among several that fit with coercions the most specific wins (the one whose
** parameter types the others would accept), and where the only difference is
** what a NULL becomes, one that gives NULL anyway.  One signature is matched
** in bind.c.
**
** Limits: FN_OVERLOADS_MAX rows of a name, FN_ARG_MAX arguments.
*/
#include "../sqlite.h"
#include "resolve.h"
#include "bind.h"
#include "registry.h"
#include "coerce.h"
#include <string.h>
#include <ctype.h>

typedef struct Candidate {
  const FnDef *fn;
  const AggDef *agg;
  const Signature *sig;
  unsigned flags;
  const Type **param;           /* once bound: argc types */
  const Type *result;
} Candidate;

/* Pattern types of signatures are any varchar to the call. */
static const Type *call_type(const Type *bound, const Type *actual){
  if( !type_is_pattern(bound) ) return bound;
  return actual->kind==T_VARCHAR ? actual : &TYPE_VARCHAR;
}

/* Bind a candidate to argument types; 1 and its param and result set. */
static int try_candidate(Resolver *r, Candidate *c, int coerce){
  Solver s;
  memset(&s, 0, sizeof(s));
  s.r = r;
  s.flags = c->flags;
  s.coerce = coerce;
  if( !bind_solve(&s, c->sig, r->argc, r->argt, 1) || (c->sig->generic && !bind_all_bound(&s, c->sig->text)) ) return 0;
  c->param = ARENA_ARRAY(r->arena, const Type*, r->argc + 1);
  if( c->param==0 ) return 0;
  for(int i=0; i<r->argc; i++){
    Formal f = bind_parameter(c->sig, i);
    const Type *bound = bind_bound(&s, c->sig, i);
    if( bound==0 || !bind_relates(&s, i, f, r->argt[i], bound) ) return 0;
    c->param[i] = bound;
  }
  c->result = c->fn && c->fn->derive ? c->fn->derive(r->arena, r->argc, c->param)
            : c->agg && c->agg->derive ? c->agg->derive(r->arena, r->argc, c->param)
            : bind_instantiate(&s, bind_result(c->sig));
  return c->result!=0;
}

/* Would `right` accept what `left` takes? */
static int more_specific(Resolver *r, const Candidate *left, const Candidate *right){
  Solver s;
  memset(&s, 0, sizeof(s));
  s.r = r;
  s.flags = right->flags;
  s.coerce = 1;
  if( !bind_solve(&s, right->sig, r->argc, left->param, 0) ) return 0;
  for(int i=0; i<r->argc; i++){
    Formal f = bind_parameter(right->sig, i);
    const Type *bound = bind_bound(&s, right->sig, i);
    if( bound==0 || !bind_relates(&s, -1, f, left->param[i], bound) ) return 0;
  }
  return 1;
}

/* --- the choice -------------------------------------------------------------------- */

/* Trino keeps one representative of each family of comparable candidates. */
static int most_specific(Resolver *r, Candidate *in, int n, Candidate *out){
  int kept = 0;
  for(int i=0; i<n; i++){
    int found = 0;
    for(int k=0; k<kept && !found; k++){
      int more = more_specific(r, &in[i], &out[k]), less = more_specific(r, &out[k], &in[i]);
      /* Of two that are the same, the plain one: it is the faster call. */
      if( more && !(less && in[i].sig->generic && !out[k].sig->generic) ) out[k] = in[i];
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

static int is_open_lambda(const Type *t){
  return t->kind==T_FUNCTION && t->arg[t->n - 1]->kind==T_UNKNOWN
      && (t->n==1 || t->arg[0]->kind==T_UNKNOWN);
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
    if( strcmp(best[i].sig->text, best[pick].sig->text)>0 ) pick = i;
  }
  best[0] = best[pick];
  return 1;
}

/* Operators have names of their own in messages. */
static const char *shown_name(Resolver *r, const char *name){
  static const char *const other[][2] = {
    {"$negate", "negation"}, {"$eq", "equal"}, {"$lt", "less_than"}, {"$le", "less_than_or_equal"},
    {"$distinct", "is_distinct_from"},
  };
  if( name[0]!='$' ) return name;
  for(size_t i=0; i<sizeof(other)/sizeof(other[0]); i++){
    if( strcmp(name, other[i][0])==0 ) return arena_printf(r->arena, "$operator$%s", other[i][1]);
  }
  return arena_printf(r->arena, "$operator$%s", name + 1);
}

/* The place of an operator's overload in Athena's lists, by its first type. */
static int operator_rank(const Candidate *c){
  static const TypeKind order[] = {
    T_BIGINT, T_INTEGER, T_SMALLINT, T_TINYINT, T_DOUBLE, T_REAL, T_INTERVAL_DS, T_INTERVAL_YM,
  };
  for(size_t i=0; i<sizeof(order)/sizeof(order[0]); i++){
    if( c->param[0]->kind==order[i] ) return (int)i;
  }
  return c->param[0]->kind==T_DECIMAL ? 100 : 50;
}

/* concat of char stands before that of arrays. */
static int concat_rank(const Candidate *c){
  return c->param[0]->kind!=T_CHAR;
}

static void order_by(Candidate *c, int n, int (*rank)(const Candidate*)){
  for(int i=1; i<n; i++){
    Candidate moved = c[i];
    int k = i;
    for(; k>0 && rank(&c[k - 1])>rank(&moved); k--) c[k] = c[k - 1];
    c[k] = moved;
  }
}

/* "Could not choose …": Athena's message with the bound candidates. */
static const char *ambiguity(Resolver *r, const char *name, Candidate *c, int n){
  Buf b;
  buf_init(&b, r->arena);
  if( name[0]=='$' && r->argc>0 ) order_by(c, n, operator_rank);
  if( strcmp(name, "concat")==0 && r->argc>0 ) order_by(c, n, concat_rank);
  name = shown_name(r, name);
  if( name==0 ) return "";
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

static int may_be_exact(Resolver *r, const Candidate *c){
  for(int i=0; i<r->argc; i++){
    if( !bind_may_be(c->sig, i, r->argt[i]) ) return 0;
  }
  return 1;
}

/* The candidates of one stage; 0 none, 1 chosen (in best[0]), more: ambiguous. */
static int stage(Resolver *r, Candidate *all, int n, int generic, int coerce, Candidate *best){
  Candidate *fit = ARENA_ARRAY(r->arena, Candidate, n + 1);
  int n_fit = 0, n_best;
  if( fit==0 ) return 0;
  for(int i=0; i<n; i++){
    if( !bind_takes(all[i].sig, r->argc) ) continue;
    if( coerce ? (all[i].flags & FN_NO_COERCE)!=0 : all[i].sig->generic!=generic ) continue;
    if( !coerce && !may_be_exact(r, &all[i]) ) continue;
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
  for(const char *z=c->sig->text + 1; *z && !(z[0]=='-' && z[1]=='>'); z++){
    int alone = !isalnum((unsigned char)z[1]) && !isalnum((unsigned char)z[-1]);
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
    buf_printf(&b, "%s%s(", i ? ", " : "", name);
    for(int k=0; k<c[i].sig->n; k++){
      Formal f = bind_parameter(c[i].sig, k);
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
  const Signature *fn_sig[FN_OVERLOADS_MAX], *agg_sig[FN_OVERLOADS_MAX];
  int n_fn = fn_named(name, fn, FN_OVERLOADS_MAX), n_agg = agg_named(name, agg, FN_OVERLOADS_MAX), n = 0;
  Candidate *c = ARENA_ARRAY(a, Candidate, n_fn + n_agg + 1);
  if( c==0 ) return 0;
  fn_signatures(name, fn_sig, FN_OVERLOADS_MAX);
  agg_signatures(name, agg_sig, FN_OVERLOADS_MAX);
  for(int i=0; i<n_agg; i++) c[n++] = (Candidate){ 0, agg[i], agg_sig[i], agg[i]->flags, 0, 0 };
  for(int i=0; i<n_fn; i++) c[n++] = (Candidate){ fn[i], 0, fn_sig[i], fn[i]->flags, 0, 0 };
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
