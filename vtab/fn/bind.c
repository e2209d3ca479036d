/*
** Signatures bound to argument types.
**
** A signature's text is its own parsed form: matching walks the text (Formal
** is a slice of it) beside the type and binds variables; nothing is cached.
** Binding repeats over the arguments until nothing changes, for lambdas need
** what others have bound and may widen it again (reduce).  Answers of the
** lambda callback are kept for the length of a resolution, because asking
** analyses a lambda's body, and lambdas nest.
*/
#include "../sqlite.h"
#include "bind.h"
#include "coerce.h"
#include <string.h>
#include <ctype.h>
#include <stdlib.h>

typedef enum Status { SATISFIED, WAITING, CHANGED, UNSOLVABLE } Status;

/* --- the text of signatures ---------------------------------------------------- */

static Formal trim(const char *z, const char *end){
  while( z<end && *z==' ' ) z++;
  while( end>z && end[-1]==' ' ) end--;
  return (Formal){ z, end };
}

/* The slice up to the next comma at this level; *z moves behind it. */
Formal bind_next_formal(const char **z, const char *end){
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
void bind_split_signature(const char *sig, Formal *parameters, Formal *result){
  const char *arrow = strstr(sig, "->");
  const char *open = strchr(sig, '('), *close = arrow;
  while( close>open && close[-1]!=')' ) close--;
  *parameters = trim(open + 1, close - 1);
  *result = trim(arrow + 2, arrow + strlen(arrow));
}

int bind_is_variadic(Formal f){
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
  first = bind_next_formal(&z, end);
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

const Type *bind_instantiate(Solver *s, Formal f);

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
  if( !number_value(s, bind_next_formal(&z, end), &p) ) return 0;
  if( kind==T_DECIMAL && !number_value(s, bind_next_formal(&z, end), &scale) ) return 0;
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
    arg[n] = bind_instantiate(s, bind_next_formal(&z, end));
    if( arg[n]==0 ) return 0;
    n++;
  }
  if( is_function(f) ) return type_function(s->r->arena, n - 1, arg, arg[n - 1]);
  if( is_word(f, "array") ) return type_array(s->r->arena, arg[0]);
  if( is_word(f, "map") ) return type_map(s->r->arena, arg[0], arg[1]);
  return type_row(s->r->arena, n, arg, 0);
}

/* NULL when a variable is not bound. */
const Type *bind_instantiate(Solver *s, Formal f){
  int v;
  if( bind_is_variadic(f) ) f = trim(f.z, f.end - 3);
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
  first = bind_next_formal(&z, end);
  if( kind==T_DECIMAL ) second = bind_next_formal(&z, end);
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
    Status one = part && actual->kind!=T_FUNCTION ? bind(s, arg, bind_next_formal(&z, end), part) : UNSOLVABLE;
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
  while( z<end && n<FN_ARG_MAX ) param[n++] = bind_next_formal(&z, end);
  *result = param[n - 1];
  return n - 1;
}

static Status bind_function(Solver *s, int arg, Formal f, const Type *actual){
  Formal param[FN_ARG_MAX], result;
  const Type *given[FN_ARG_MAX], *body;
  int n = split_function(f, param, &result);
  if( actual->kind!=T_FUNCTION ) return UNSOLVABLE;
  for(int i=0; i<n; i++){
    given[i] = bind_instantiate(s, param[i]);
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
  if( bind_is_variadic(f) ) f = trim(f.z, f.end - 3);
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
int bind_relates(Solver *s, int arg, Formal f, const Type *actual, const Type *bound){
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
int bind_expand(Formal parameters, int argc, Formal *out){
  const char *z = parameters.z;
  int n = 0;
  while( z<parameters.end && n<FN_ARG_MAX ){
    Formal f = bind_next_formal(&z, parameters.end);
    if( bind_is_variadic(f) ){
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

int bind_solve(Solver *s, const Formal *formal, int argc, const Type *const *argt, int ask){
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
int bind_all_bound(Solver *s, Formal parameters){
  for(const char *z=parameters.z; z<parameters.end; z++){
    int alone = z==parameters.z || !isalnum((unsigned char)z[-1]);
    if( alone && isupper((unsigned char)*z) && !isalnum((unsigned char)z[1]) && s->type[*z - 'A']==0 ) return 0;
  }
  return 1;
}
