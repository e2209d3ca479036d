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
#include "registry.h"
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

static int is_variadic(Formal f){
  return f.end - f.z>3 && memcmp(f.end - 3, "...", 3)==0;
}

/* A capital letter that stands alone. */
static int has_type_variable(const char *sig){
  for(const char *z=sig + 1; *z; z++){
    if( isupper((unsigned char)*z) && !isalnum((unsigned char)z[1]) && !isalnum((unsigned char)z[-1]) ) return 1;
  }
  return 0;
}

Formal bind_parameter(const Signature *s, int i){
  if( i>=s->n ) i = s->n - 1;
  return (Formal){ s->text + s->param[i][0], s->text + s->param[i][1] };
}

Formal bind_result(const Signature *s){
  return trim(s->text + s->result, s->text + strlen(s->text));
}

int bind_takes(const Signature *s, int argc){
  return s->variadic ? argc>=s->n - 1 && argc<=FN_ARG_MAX : argc==s->n;
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

/* The types that a formal's first word names, by the word. */
static const struct { const char *word; TypeKind kind; const Type *type; } WORDS[] = {
  {"array", T_ARRAY, 0}, {"bigint", T_BIGINT, &TYPE_BIGINT}, {"boolean", T_BOOLEAN, &TYPE_BOOLEAN},
  {"char", T_CHAR, 0}, {"date", T_DATE, &TYPE_DATE}, {"decimal", T_DECIMAL, 0},
  {"double", T_DOUBLE, &TYPE_DOUBLE}, {"function", T_FUNCTION, 0}, {"integer", T_INTEGER, &TYPE_INTEGER},
  {"interval", T_INTERVAL_DS, 0}, {"json", T_JSON, &TYPE_JSON}, {"map", T_MAP, 0},
  {"real", T_REAL, &TYPE_REAL}, {"row", T_ROW, 0}, {"smallint", T_SMALLINT, &TYPE_SMALLINT},
  {"time", T_TIME, 0}, {"timestamp", T_TIMESTAMP, 0}, {"tinyint", T_TINYINT, &TYPE_TINYINT},
  {"unknown", T_UNKNOWN, &TYPE_UNKNOWN}, {"varbinary", T_VARBINARY, &TYPE_VARBINARY},
  {"varchar", T_VARCHAR, &TYPE_VARCHAR},
};

/* The kind of a formal that is no variable; *plain is its type where the word
** alone says it.  T_OTHER for words that are not in the table. */
static TypeKind formal_type(Formal f, const Type **plain){
  size_t n = 0, rest = (size_t)(f.end - f.z);
  *plain = 0;
  while( n<rest && islower((unsigned char)f.z[n]) ) n++;
  for(size_t i=0; i<sizeof(WORDS)/sizeof(WORDS[0]); i++){
    if( WORDS[i].word[0]!=f.z[0] || strlen(WORDS[i].word)!=n || memcmp(WORDS[i].word, f.z, n) ) continue;
    if( n==rest ) *plain = WORDS[i].type;
    if( WORDS[i].kind==T_INTERVAL_DS && memchr(f.z, 'y', rest) && f.z[n+1]=='y' ) return T_INTERVAL_YM;
    if( rest>4 && memcmp(f.end - 4, "zone", 4)==0 ) return WORDS[i].kind==T_TIME ? T_TIME_TZ : T_TIMESTAMP_TZ;
    return WORDS[i].kind;
  }
  return T_OTHER;
}

static TypeKind formal_kind(Formal f){
  const Type *plain;
  return formal_type(f, &plain);
}

void bind_read_signature(const char *sig, Signature *out){
  const char *arrow = strstr(sig, "->"), *z = sig + 1, *close = arrow;
  TypeKind kind;
  memset(out, 0, sizeof(*out));
  out->text = sig;
  out->generic = (unsigned char)has_type_variable(sig);
  out->result = (unsigned short)(arrow + 2 - sig);
  while( close>sig && close[-1]!=')' ) close--;
  while( z<close - 1 && out->n<SIG_PARAM_MAX ){
    Formal f = next_formal(&z, close - 1);
    if( f.z==f.end ) break;
    if( is_variadic(f) ){
      out->variadic = 1;
      f = trim(f.z, f.end - 3);
    }
    kind = formal_type(f, &out->plain[out->n]);
    out->kind[out->n] = type_variable(f)>=0 ? SIG_VARIABLE : kind==T_OTHER ? SIG_ANY : (unsigned char)kind;
    out->param[out->n][0] = (unsigned short)(f.z - sig);
    out->param[out->n][1] = (unsigned short)(f.end - sig);
    out->n++;
  }
}

int bind_may_be(const Signature *s, int i, const Type *actual){
  int kind = s->kind[i<s->n ? i : s->n - 1];
  if( kind==SIG_VARIABLE ) return actual->kind!=T_FUNCTION;
  return kind==SIG_ANY || kind==(int)actual->kind;
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
    arg[n] = bind_instantiate(s, next_formal(&z, end));
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
  const Type *plain;
  int v;
  v = type_variable(f);
  if( v>=0 ) return s->type[v];
  formal_type(f, &plain);
  if( plain ) return plain;
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

int bind_solve(Solver *s, const Signature *sig, int argc, const Type *const *argt, int ask){
  for(int round=0; round<=SOLVE_MAX; round++){
    Status status = SATISFIED;
    for(int i=0; i<argc; i++){
      Status one = SATISFIED;
      if( sig->plain[i<sig->n ? i : sig->n - 1] ) one = argt[i]->kind==T_FUNCTION ? UNSOLVABLE : SATISFIED;
      else one = bind(s, ask ? i : -1, bind_parameter(sig, i), argt[i]);
      if( one==UNSOLVABLE ) return 0;
      if( one>status ) status = one;
    }
    if( status==SATISFIED ) return 1;
    if( status==WAITING ) return 0;
  }
  return 0;
}

/* Every type variable of the parameters is bound. */
int bind_all_bound(Solver *s, const char *sig){
  for(const char *z=sig; *z && !(z[0]=='-' && z[1]=='>'); z++){
    if( isupper((unsigned char)*z) && !isalnum((unsigned char)z[1]) && !isalnum((unsigned char)z[-1])
     && s->type[*z - 'A']==0 ) return 0;
  }
  return 1;
}

const Type *bind_bound(Solver *s, const Signature *sig, int i){
  const Type *plain = sig->plain[i<sig->n ? i : sig->n - 1];
  return plain ? plain : bind_instantiate(s, bind_parameter(sig, i));
}
