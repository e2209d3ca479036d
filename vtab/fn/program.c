/*
** Programs: parsed into a tree of nodes once per place in a statement, then
** evaluated by a recursive walk for each call.  See program.h for the text.
**
** A frame is an array of Values: captures, then parameters, outermost first.
** An inner lambda copies the frame around it when it is made, so it may be
** called any number of times while that frame lives.
**
** Limits: PROGRAM_DEPTH_MAX levels of nesting, PROGRAM_FRAME_MAX values in a
** frame, FN_ARG_MAX arguments of a call.
*/
#include "../sqlite.h"
#include "program.h"
#include "registry.h"
#include "wrapper.h"
#include <string.h>
#include <stdlib.h>
#include <ctype.h>

#define PROGRAM_DEPTH_MAX 400
#define PROGRAM_FRAME_MAX 1000
#define PROGRAM_NODES_MAX 4096  /* arguments of a special form */

typedef enum NodeKind {
  N_CONST, N_SLOT, N_CALL, N_LAMBDA,
  N_AND, N_OR, N_NOT, N_IS_NULL, N_IS_TRUE, N_IF, N_COALESCE, N_CASE, N_TRY
} NodeKind;

typedef struct Node Node;
struct Node {
  NodeKind kind;
  int n;                        /* children */
  Node **child;
  Value value;                  /* N_CONST */
  int slot;                     /* N_SLOT; N_LAMBDA: size of the frame around it */
  int n_param;                  /* N_LAMBDA */
  const FnDef *def;             /* N_CALL */
  const Type **argt;
  const Type *rett;
  void *memo;
  void (*memo_free)(void*);
  Node *next_call;              /* all calls of a program, for program_close */
};

struct Program {
  Node *body;
  int n_capture, n_param;
  const Type *const *capture;
  Node *calls;
  const char *text;
  size_t n_text;
};

struct Lambda {
  const Node *body;
  Value *frame;                 /* n_outer values, room for n_param more */
  int n_outer, n_param;
};

/* --- the parser ---------------------------------------------------------- */

typedef struct Parser {
  Arena *arena;
  const char *z, *end;
  const char *error;
  int depth, scope;             /* values of the frame here */
  Program *program;
} Parser;

static void *wrong(Parser *p, const char *what){
  if( p->error==0 ) p->error = arena_printf(p->arena, "%s near '%.20s'", what, p->z);
  return 0;
}

static void skip_blank(Parser *p){
  while( p->z<p->end && isspace((unsigned char)*p->z) ) p->z++;
}

static int eat(Parser *p, char c){
  skip_blank(p);
  if( p->z>=p->end || *p->z!=c ) return 0;
  p->z++;
  return 1;
}

static Node *node_new(Parser *p, NodeKind kind){
  Node *node = ARENA_NEW(p->arena, Node);
  if( node ) node->kind = kind;
  return node;
}

static Node *parse_text(Parser *p){
  Node *node = node_new(p, N_CONST);
  Buf b;
  buf_init(&b, p->arena);
  for(p->z++; p->z<p->end; p->z++){
    if( *p->z=='\'' && (p->z+1>=p->end || p->z[1]!='\'') ) break;
    if( *p->z=='\'' ) p->z++;
    buf_char(&b, *p->z);
  }
  if( !eat(p, '\'') ) return wrong(p, "unterminated text");
  if( node ) node->value = value_text(b.z ? b.z : "", b.n);
  return node;
}

static Node *parse_hex(Parser *p){
  Node *node = node_new(p, N_CONST);
  Buf b;
  buf_init(&b, p->arena);
  for(p->z += 2; p->z+1<p->end && *p->z!='\''; p->z += 2){
    char two[3] = { p->z[0], p->z[1], 0 }, *stop;
    long byte = strtol(two, &stop, 16);
    if( *stop ) return wrong(p, "bad hexadecimal digit");
    buf_char(&b, (char)byte);
  }
  if( !eat(p, '\'') ) return wrong(p, "unterminated bytes");
  if( node ) node->value = value_blob(b.z ? b.z : "", b.n);
  return node;
}

static Node *parse_number(Parser *p){
  Node *node = node_new(p, N_CONST);
  const char *start = p->z;
  char *copy;
  int real = 0;
  if( *p->z=='-' || *p->z=='+' ) p->z++;
  while( p->z<p->end && (isdigit((unsigned char)*p->z) || strchr(".eE", *p->z)
      || ((*p->z=='+' || *p->z=='-') && (p->z[-1]|32)=='e')) ){
    real |= !isdigit((unsigned char)*p->z);
    p->z++;
  }
  copy = arena_strndup(p->arena, start, (size_t)(p->z - start));
  if( copy==0 || node==0 ) return 0;
  node->value = real ? value_real(strtod(copy, 0)) : value_int(strtoll(copy, 0, 10));
  return node;
}

static Node *parse_slot(Parser *p){
  Node *node = node_new(p, N_SLOT);
  int k = 0, digits = 0;
  for(p->z++; p->z<p->end && isdigit((unsigned char)*p->z) && digits<6; p->z++, digits++){
    k = k*10 + (*p->z - '0');
  }
  if( digits==0 || k>=p->scope ) return wrong(p, "no such value in the frame");
  if( node ) node->slot = k;
  return node;
}

static Node *parse_expression(Parser *p);

/* lambda(m, body), after its parenthesis. */
static Node *parse_lambda(Parser *p){
  Node *node = node_new(p, N_LAMBDA), *body;
  int m = 0;
  skip_blank(p);
  while( p->z<p->end && isdigit((unsigned char)*p->z) && m<PROGRAM_FRAME_MAX ) m = m*10 + (*p->z++ - '0');
  if( node==0 || !eat(p, ',') || p->scope + m>PROGRAM_FRAME_MAX ) return wrong(p, "bad lambda");
  node->slot = p->scope;
  node->n_param = m;
  p->scope += m;
  body = parse_expression(p);
  p->scope -= m;
  node->child = ARENA_ARRAY(p->arena, Node*, 1);
  if( body==0 || node->child==0 ) return 0;
  node->child[0] = body;
  node->n = 1;
  return eat(p, ')') ? node : wrong(p, "expected )");
}

/* The arguments of a call or form, after its parenthesis. */
static int parse_arguments(Parser *p, Node *node){
  int cap = 0;
  if( eat(p, ')') ) return 1;
  do{
    if( node->n==cap ){
      int more = cap ? cap*2 : 4;
      Node **child = ARENA_ARRAY(p->arena, Node*, more);
      if( child==0 ) return 0;
      if( node->n ) memcpy(child, node->child, sizeof(*child)*(size_t)node->n);
      node->child = child;
      cap = more;
    }
    if( node->n>=PROGRAM_NODES_MAX ) return wrong(p, "too many arguments")!=0;
    node->child[node->n] = parse_expression(p);
    if( node->child[node->n]==0 ) return 0;
    node->n++;
  }while( eat(p, ',') );
  return eat(p, ')') ? 1 : wrong(p, "expected )")!=0;
}

static const struct { const char *name; NodeKind kind; int least, most; } FORMS[] = {
  {"and", N_AND, 1, PROGRAM_NODES_MAX}, {"or", N_OR, 1, PROGRAM_NODES_MAX},
  {"not", N_NOT, 1, 1}, {"is_null", N_IS_NULL, 1, 1}, {"is_true", N_IS_TRUE, 1, 1},
  {"if", N_IF, 3, 3}, {"coalesce", N_COALESCE, 1, PROGRAM_NODES_MAX},
  {"case", N_CASE, 1, PROGRAM_NODES_MAX}, {"try", N_TRY, 1, 1},
};

/* A call's row and types: a typed row's first argument is their text. */
static Node *finish_call(Parser *p, Node *node, const char *name, size_t n){
  int argc;
  node->def = fn_by_sql(name, n);
  if( node->def==0 ) return wrong(p, arena_printf(p->arena, "no function %.*s", (int)n, name));
  if( fn_is_typed(node->def) ){
    const Value *types = node->n>0 && node->child[0]->kind==N_CONST ? &node->child[0]->value : 0;
    if( types==0 || types->kind!=V_TEXT
     || fn_types_parse(p->arena, types->z, (size_t)types->n, &argc, &node->argt, &node->rett)
     || argc!=node->n - 1 ){
      return wrong(p, arena_printf(p->arena, "bad types of %.*s", (int)n, name));
    }
    node->child++;
    node->n--;
  }
  if( node->n>FN_ARG_MAX ) return wrong(p, "too many arguments");
  node->next_call = p->program->calls;
  p->program->calls = node;
  return node;
}

static Node *parse_name(Parser *p){
  const char *name = p->z;
  size_t n;
  Node *node;
  while( p->z<p->end && (isalnum((unsigned char)*p->z) || *p->z=='_' || *p->z=='$') ) p->z++;
  n = (size_t)(p->z - name);
  if( n==0 ) return wrong(p, "expected an expression");
  if( n==4 && memcmp(name, "NULL", 4)==0 ) return node_new(p, N_CONST);
  if( !eat(p, '(') ) return wrong(p, "expected (");
  if( n==6 && memcmp(name, "lambda", 6)==0 ) return parse_lambda(p);
  node = node_new(p, N_CALL);
  if( node==0 || !parse_arguments(p, node) ) return 0;
  for(size_t i=0; i<sizeof(FORMS)/sizeof(FORMS[0]); i++){
    if( strlen(FORMS[i].name)!=n || memcmp(FORMS[i].name, name, n) ) continue;
    node->kind = FORMS[i].kind;
    if( node->n<FORMS[i].least || node->n>FORMS[i].most
     || (node->kind==N_CASE && node->n%2==0) ) return wrong(p, "wrong number of arguments");
    return node;
  }
  return finish_call(p, node, name, n);
}

static Node *parse_parenthesis(Parser *p){
  Node *node;
  p->z++;
  node = parse_expression(p);
  return node && !eat(p, ')') ? wrong(p, "expected )") : node;
}

static Node *parse_expression(Parser *p){
  Node *node;
  if( ++p->depth>PROGRAM_DEPTH_MAX ) return wrong(p, "nested too deeply");
  skip_blank(p);
  if( p->z>=p->end ) node = wrong(p, "expected an expression");
  else if( *p->z=='(' ) node = parse_parenthesis(p);
  else if( *p->z=='\'' ) node = parse_text(p);
  else if( *p->z=='$' ) node = parse_slot(p);
  else if( *p->z=='x' && p->z+1<p->end && p->z[1]=='\'' ) node = parse_hex(p);
  else if( isdigit((unsigned char)*p->z) || *p->z=='-' || *p->z=='+' ) node = parse_number(p);
  else node = parse_name(p);
  p->depth--;
  return node;
}

/* '[t1,t2] ': the brackets are read as '(t1,t2)unknown'. */
static int parse_captures(Parser *p, Program *g){
  const char *start = p->z + 1, *stop = start;
  const Type **type, *result;
  const char *text;
  int quoted = 0;
  if( !eat(p, '[') ) return 1;
  while( stop<p->end && (quoted || *stop!=']') ){
    if( *stop=='"' ) quoted = !quoted;
    stop++;
  }
  p->z = stop;
  if( !eat(p, ']') ) return wrong(p, "expected ]")!=0;
  text = arena_printf(p->arena, "(%.*s)unknown", (int)(stop - start), start);
  if( text==0 ) return 0;
  if( fn_types_parse(p->arena, text, strlen(text), &g->n_capture, &type, &result) ){
    return wrong(p, "bad types of captures")!=0;
  }
  g->capture = type;
  return 1;
}

static int parse_program(Parser *p, Program *g){
  if( !parse_captures(p, g) ) return 0;
  skip_blank(p);
  if( p->z>=p->end || !isdigit((unsigned char)*p->z) ) return wrong(p, "expected a number")!=0;
  while( p->z<p->end && isdigit((unsigned char)*p->z) && g->n_param<PROGRAM_FRAME_MAX ){
    g->n_param = g->n_param*10 + (*p->z++ - '0');
  }
  if( !eat(p, ':') ) return wrong(p, "expected :")!=0;
  p->scope = g->n_capture + g->n_param;
  if( p->scope>PROGRAM_FRAME_MAX ) return wrong(p, "too many values")!=0;
  g->body = parse_expression(p);
  skip_blank(p);
  if( g->body && p->z<p->end ) return wrong(p, "unexpected text")!=0;
  return g->body!=0;
}

Program *program_compile(Arena *a, const char *z, size_t n, const char **error){
  Program *g = ARENA_NEW(a, Program);
  Parser p = { a, 0, 0, 0, 0, 0, g };
  *error = 0;
  if( g==0 ) return 0;
  g->text = arena_strndup(a, z, n);
  g->n_text = n;
  if( g->text==0 ) return 0;
  p.z = g->text;
  p.end = g->text + n;
  if( !parse_program(&p, g) ){
    *error = p.error;
    return 0;
  }
  return a->oom ? 0 : g;
}

void program_close(Program *g){
  if( g==0 ) return;
  for(Node *node=g->calls; node; node=node->next_call){
    if( node->memo && node->memo_free ) node->memo_free(node->memo);
    node->memo = 0;
  }
}

int program_is(const Program *g, const char *z, size_t n){
  return g->n_text==n && memcmp(g->text, z, n)==0;
}

int program_captures(const Program *g, const Type *const **type){
  if( type ) *type = g->capture;
  return g->n_capture;
}

/* --- evaluation ---------------------------------------------------------- */

static int evaluate(FnCall *c, const Node *node, const Value *frame, Value *out);

int program_catches(const char *code){
  static const char *const caught[] = {
    "INVALID_FUNCTION_ARGUMENT", "DIVISION_BY_ZERO", "INVALID_CAST_ARGUMENT",
    "NUMERIC_VALUE_OUT_OF_RANGE"
  };
  for(size_t i=0; code && i<sizeof(caught)/sizeof(caught[0]); i++){
    if( strcmp(code, caught[i])==0 ) return 1;
  }
  return 0;
}

static int no_memory(FnCall *c){
  c->arena->oom = 1;
  return FN_ERROR;
}

static int evaluate_call(FnCall *c, const Node *node, const Value *frame, Value *out){
  Value small[6], *argv = small;
  FnCall inner;
  int rc;
  if( node->n>6 ){
    argv = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)node->n);
    if( argv==0 ) return no_memory(c);
  }
  for(int i=0; i<node->n; i++){
    if( evaluate(c, node->child[i], frame, &argv[i]) ) return FN_ERROR;
  }
  memset(&inner, 0, sizeof(inner));
  inner.def = node->def;
  inner.argt = node->argt;
  inner.rett = node->rett;
  inner.arena = c->arena;
  inner.quiet = c->quiet;
  inner.memo = node->memo;
  inner.memo_free = node->memo_free;
  rc = fn_invoke(&inner, node->n, argv, out);
  ((Node*)node)->memo = inner.memo;
  ((Node*)node)->memo_free = inner.memo_free;
  if( rc!=FN_OK ){
    c->code = inner.code;
    c->message = inner.message;
  }
  return rc;
}

/* and, or: `decides` is the value that ends the evaluation. */
static int evaluate_logic(FnCall *c, const Node *node, const Value *frame, int decides, Value *out){
  int unknown = 0;
  for(int i=0; i<node->n; i++){
    if( evaluate(c, node->child[i], frame, out) ) return FN_ERROR;
    if( out->kind==V_NULL ){
      unknown = 1;
    }else if( (out->i!=0)==decides ){
      *out = value_int(decides);
      return FN_OK;
    }
  }
  *out = unknown ? value_null() : value_int(!decides);
  return FN_OK;
}

static int is_true(const Value *v){
  return v->kind==V_INT && v->i!=0;
}

static int evaluate_case(FnCall *c, const Node *node, const Value *frame, Value *out){
  for(int i=0; i + 1<node->n; i += 2){
    if( evaluate(c, node->child[i], frame, out) ) return FN_ERROR;
    if( is_true(out) ) return evaluate(c, node->child[i + 1], frame, out);
  }
  return evaluate(c, node->child[node->n - 1], frame, out);
}

static int evaluate_coalesce(FnCall *c, const Node *node, const Value *frame, Value *out){
  for(int i=0; i<node->n; i++){
    if( evaluate(c, node->child[i], frame, out) ) return FN_ERROR;
    if( out->kind!=V_NULL ) break;
  }
  return FN_OK;
}

static int evaluate_try(FnCall *c, const Node *node, const Value *frame, Value *out){
  int quiet = c->quiet, rc;
  c->quiet = 1;
  rc = evaluate(c, node->child[0], frame, out);
  c->quiet = quiet;
  if( rc==FN_OK || c->arena->oom || !program_catches(c->code) ) return rc;
  c->code = c->message = 0;
  *out = value_null();
  return FN_OK;
}

static int evaluate_lambda(FnCall *c, const Node *node, const Value *frame, Value *out){
  Lambda *lambda = ARENA_NEW(c->arena, Lambda);
  if( lambda==0 ) return no_memory(c);
  lambda->body = node->child[0];
  lambda->n_outer = node->slot;
  lambda->n_param = node->n_param;
  lambda->frame = ARENA_ARRAY(c->arena, Value, node->slot + node->n_param + 1);
  if( lambda->frame==0 ) return no_memory(c);
  if( node->slot ) memcpy(lambda->frame, frame, sizeof(Value)*(size_t)node->slot);
  out->kind = V_LAMBDA;
  out->n = 0;
  out->lambda = lambda;
  return FN_OK;
}

static int evaluate(FnCall *c, const Node *node, const Value *frame, Value *out){
  int rc = FN_OK;
  switch( node->kind ){
    case N_CONST: *out = node->value; break;
    case N_SLOT: *out = frame[node->slot]; break;
    case N_CALL: return evaluate_call(c, node, frame, out);
    case N_LAMBDA: return evaluate_lambda(c, node, frame, out);
    case N_AND: return evaluate_logic(c, node, frame, 0, out);
    case N_OR: return evaluate_logic(c, node, frame, 1, out);
    case N_NOT:
      rc = evaluate(c, node->child[0], frame, out);
      if( rc==FN_OK && out->kind!=V_NULL ) *out = value_int(out->i==0);
      break;
    case N_IS_NULL:
      rc = evaluate(c, node->child[0], frame, out);
      *out = value_int(rc==FN_OK && out->kind==V_NULL);
      break;
    case N_IS_TRUE:
      rc = evaluate(c, node->child[0], frame, out);
      *out = value_int(rc==FN_OK && is_true(out));
      break;
    case N_IF:
      rc = evaluate(c, node->child[0], frame, out);
      if( rc==FN_OK ) rc = evaluate(c, node->child[is_true(out) ? 1 : 2], frame, out);
      break;
    case N_COALESCE: return evaluate_coalesce(c, node, frame, out);
    case N_CASE: return evaluate_case(c, node, frame, out);
    case N_TRY: return evaluate_try(c, node, frame, out);
  }
  return rc;
}

Lambda *program_bind(Program *g, Arena *a, const Value *capture){
  Lambda *lambda = ARENA_NEW(a, Lambda);
  if( lambda==0 ) return 0;
  lambda->body = g->body;
  lambda->n_outer = g->n_capture;
  lambda->n_param = g->n_param;
  lambda->frame = ARENA_ARRAY(a, Value, g->n_capture + g->n_param + 1);
  if( lambda->frame==0 ) return 0;
  if( g->n_capture ) memcpy(lambda->frame, capture, sizeof(Value)*(size_t)g->n_capture);
  return lambda;
}

int program_run(FnCall *c, Program *g, const Value *capture, Value *out){
  if( g->n_param ) return fn_error(c, "TARN_NOT_SUPPORTED", "a program with parameters was run as a value");
  return evaluate(c, g->body, capture, out);
}

int fn_call_lambda(FnCall *c, const Value *v, int n, const Value *argv, Value *out){
  Lambda *lambda = v->kind==V_LAMBDA ? v->lambda : 0;
  if( lambda==0 || lambda->n_param!=n ){
    return fn_error(c, "TARN_NOT_SUPPORTED", "a lambda was called with %d arguments", n);
  }
  if( n ) memcpy(lambda->frame + lambda->n_outer, argv, sizeof(Value)*(size_t)n);
  return evaluate(c, lambda->body, lambda->frame, out);
}
