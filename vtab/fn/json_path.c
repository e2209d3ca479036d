/*
** The grammar of SQL/JSON paths (json_path.h): by recursive descent, tokens
** read on the fly.
**
**   path     = (lax | strict) expr
**   expr     = term (('+' | '-') term)*        term = unary (('*' | '/' | '%') unary)*
**   unary    = ('+' | '-') unary | accessor
**   accessor = primary ( . name | . "name" | . * | .. name | . method() | [*]
**            | [ expr (to expr)?, … ] | ? ( predicate ) )*
**   primary  = $ | $name | @ | last | literal | ( expr )
**
** Names of letters, digits and '_' need no quotes; "" is a quote in a string.
** Words (lax, to, exists, …) are case-sensitive and are no reserved names.
** Refused: datetime(), like_regex.
*/
#include "../sqlite.h"
#include <string.h>
#include <stdlib.h>
#include "text.h"
#include "json_path.h"
#include "../decimal.h"

typedef enum Token {
  TK_END, TK_WORD, TK_VARIABLE, TK_STRING, TK_INTEGER, TK_DECIMAL, TK_DOUBLE, TK_OTHER
} Token;

typedef struct Parser {
  Arena *arena;
  const char *z;
  int n;
  Token token;
  int from, to;                 /* the token */
  int depth;
  int tries;                    /* parentheses read twice */
  const char *error;
  int error_at;                 /* byte */
  int refused;
} Parser;

/* --- tokens -------------------------------------------------------------- */

static int is_word(char c){
  return (c>='a' && c<='z') || (c>='A' && c<='Z') || c=='_' || (c>='0' && c<='9');
}
static int is_digit(char c){ return c>='0' && c<='9'; }

static void lex_number(Parser *p){
  int i = p->from;
  p->token = TK_INTEGER;
  while( i<p->n && is_digit(p->z[i]) ) i++;
  if( i<p->n && p->z[i]=='.' ){
    p->token = TK_DECIMAL;
    i++;
    while( i<p->n && is_digit(p->z[i]) ) i++;
  }
  if( i<p->n && (p->z[i]=='e' || p->z[i]=='E') ){
    int k = i + 1;
    if( k<p->n && (p->z[k]=='+' || p->z[k]=='-') ) k++;
    if( k<p->n && is_digit(p->z[k]) ){
      while( k<p->n && is_digit(p->z[k]) ) k++;
      p->token = TK_DOUBLE;
      i = k;
    }
  }
  p->to = i;
}

static void lex_string(Parser *p){
  int i = p->from + 1;
  p->token = TK_OTHER;
  p->to = p->from + 1;
  while( i<p->n ){
    if( p->z[i]=='"' && !(i + 1<p->n && p->z[i+1]=='"') ){
      p->token = TK_STRING;
      p->to = i + 1;
      return;
    }
    i += p->z[i]=='"' ? 2 : 1;
  }
}

static void next(Parser *p){
  int i = p->to;
  while( i<p->n && p->z[i] && strchr(" \t\r\n", p->z[i]) ) i++;
  p->from = i;
  p->token = TK_END;
  p->to = i;
  if( i>=p->n ) return;
  char c = p->z[i], d = i + 1<p->n ? p->z[i+1] : 0;
  if( is_digit(c) || (c=='.' && is_digit(d)) ){
    lex_number(p);
  }else if( c=='"' ){
    lex_string(p);
  }else if( is_word(c) || (c=='$' && is_word(d) && !is_digit(d)) ){
    p->token = c=='$' ? TK_VARIABLE : TK_WORD;
    for(i++; i<p->n && is_word(p->z[i]); i++){}
    p->to = i;
  }else{
    static const char *const pairs[] = {"..", "&&", "||", "==", "<>", "!=", "<=", ">=", 0};
    p->token = TK_OTHER;
    p->to = i + utf8_width(p->z + i, p->n - i);
    for(int k=0; pairs[k]; k++) if( c==pairs[k][0] && d==pairs[k][1] ) p->to = i + 2;
  }
}

static int is(const Parser *p, const char *text){
  int n = (int)strlen(text);
  return (p->token==TK_OTHER || p->token==TK_WORD) && p->to - p->from==n
      && memcmp(p->z + p->from, text, (size_t)n)==0;
}

static int accept(Parser *p, const char *text){
  if( !is(p, text) ) return 0;
  next(p);
  return 1;
}

/* --- errors -------------------------------------------------------------- */

static const PathNode *fail(Parser *p, const char *fmt, int from){
  if( p->error==0 ){
    int to = p->token==TK_END ? p->n : p->to;
    const char *text = arena_strndup(p->arena, p->z + from, (size_t)(to - from));
    if( p->token==TK_END && from>=p->n ) text = "<EOF>";
    p->error = arena_printf(p->arena, fmt, text ? text : "");
    p->error_at = p->from;
  }
  return 0;
}

static const PathNode *no_viable(Parser *p, int from){
  return fail(p, "no viable alternative at input '%s'", from);
}

static const PathNode *refuse(Parser *p, const char *what){
  if( p->error==0 ){
    p->error = what;
    p->refused = 1;
  }
  return 0;
}

static int expect(Parser *p, const char *text){
  if( accept(p, text) ) return 1;
  const char *fmt = arena_printf(p->arena, "mismatched input '%%s' expecting '%s'", text);
  fail(p, fmt ? fmt : "%s", p->from);
  return 0;
}

/* --- nodes --------------------------------------------------------------- */

static PathNode *node(Parser *p, PathKind kind, const PathNode *left, const PathNode *right){
  PathNode *n = ARENA_NEW(p->arena, PathNode);
  if( n==0 ){
    p->error = "out of memory";
    return 0;
  }
  n->kind = kind;
  n->left = left;
  n->right = right;
  return n;
}

/* The text of a string token, quotes undone. */
static void set_string(Parser *p, PathNode *n){
  Buf b;
  buf_init(&b, p->arena);
  for(int i=p->from + 1; i<p->to - 1; i++){
    buf_char(&b, p->z[i]);
    if( p->z[i]=='"' ) i++;
  }
  n->text = b.z ? b.z : "";
  n->n_text = (int)b.n;
}

static void set_name(Parser *p, PathNode *n, int from){
  n->text = p->z + from;
  n->n_text = p->to - from;
}

static const PathNode *expression(Parser *p);
static const PathNode *predicate(Parser *p);

static const PathNode *literal(Parser *p){
  PathNode *n = node(p, PATH_LITERAL, 0, 0);
  char *text = arena_strndup(p->arena, p->z + p->from, (size_t)(p->to - p->from));
  if( n==0 || text==0 ) return 0;
  if( p->token==TK_STRING ){
    set_string(p, n);
    n->type = type_varchar(p->arena, (int)utf8_count(n->text, n->n_text));
    n->value = value_text(n->text, (size_t)n->n_text);
  }else if( p->token==TK_INTEGER ){
    if( p->to - p->from>18 ) return refuse(p, "such a long number in a JSON path");
    n->value = value_int(strtoll(text, 0, 10));
    n->type = n->value.i<=INT32_MAX ? &TYPE_INTEGER : &TYPE_BIGINT;
  }else if( p->token==TK_DOUBLE ){
    n->type = &TYPE_DOUBLE;
    n->value = value_real(strtod(text, 0));
  }else{
    __int128 unscaled;
    int precision, scale;
    if( decimal_literal(text, strlen(text), &unscaled, &precision, &scale) ){
      return refuse(p, "such a decimal in a JSON path");
    }
    n->type = type_decimal(p->arena, precision, scale);
    n->value = value_put_decimal(p->arena, n->type, unscaled);
  }
  next(p);
  return n;
}

static const PathNode *word_literal(Parser *p){
  PathNode *n = node(p, is(p, "null") ? PATH_NULL : PATH_LITERAL, 0, 0);
  if( n==0 ) return 0;
  n->type = &TYPE_BOOLEAN;
  n->value = value_int(is(p, "true"));
  next(p);
  return n;
}

static const PathNode *primary(Parser *p){
  const PathNode *e;
  if( p->token==TK_VARIABLE ){
    PathNode *n = node(p, PATH_VARIABLE, 0, 0);
    if( n ) set_name(p, n, p->from + 1);
    next(p);
    return n;
  }
  if( p->token>=TK_STRING && p->token<=TK_DOUBLE ) return literal(p);
  if( is(p, "true") || is(p, "false") || is(p, "null") ) return word_literal(p);
  if( accept(p, "$") ) return node(p, PATH_CONTEXT, 0, 0);
  if( accept(p, "@") ) return node(p, PATH_CURRENT, 0, 0);
  if( accept(p, "last") ) return node(p, PATH_LAST, 0, 0);
  if( !accept(p, "(") ) return no_viable(p, p->from);
  e = expression(p);
  return e && expect(p, ")") ? e : 0;
}

static int is_method(const Parser *p){
  static const char *const names[] = {"type", "size", "double", "ceiling", "floor", "abs",
    "keyvalue", "datetime", 0};
  int i = p->to;
  while( i<p->n && p->z[i]==' ' ) i++;
  if( i>=p->n || p->z[i]!='(' ) return 0;
  for(int k=0; names[k]; k++) if( is(p, names[k]) ) return 1;
  return 0;
}

/* Behind a '.', which stands at `from`. */
static const PathNode *member(Parser *p, const PathNode *left, int from){
  PathNode *n;
  if( accept(p, "*") ) return node(p, PATH_MEMBERS, left, 0);
  if( is_method(p) ){
    if( is(p, "datetime") ) return refuse(p, "datetime() in a JSON path");
    n = node(p, PATH_METHOD, left, 0);
    if( n ) set_name(p, n, p->from);
    next(p);
    next(p);
    return expect(p, ")") ? n : 0;
  }
  n = node(p, PATH_MEMBER, left, 0);
  if( n==0 ) return 0;
  if( p->token==TK_STRING ) set_string(p, n);
  else if( p->token==TK_WORD && !is_digit(p->z[p->from]) ) set_name(p, n, p->from);
  else return no_viable(p, from);
  next(p);
  return n;
}

static const PathNode *descendant(Parser *p, const PathNode *left){
  PathNode *n = node(p, PATH_DESCENDANT, left, 0);
  if( n==0 ) return 0;
  if( p->token==TK_STRING ) set_string(p, n);
  else if( p->token==TK_WORD && !is_digit(p->z[p->from]) ) set_name(p, n, p->from);
  else return no_viable(p, p->from);
  next(p);
  return n;
}

#define SUBSCRIPTS_MAX 50
#define TRIES_MAX 1000

static const PathNode *subscripts(Parser *p, const PathNode *left, int from){
  const PathNode *arg[SUBSCRIPTS_MAX];
  int n = 0;
  PathNode *result;
  if( accept(p, "*") ) return expect(p, "]") ? node(p, PATH_ELEMENTS, left, 0) : 0;
  if( p->token==TK_END ) return no_viable(p, from);
  do{
    if( n>=SUBSCRIPTS_MAX ) return refuse(p, "so many subscripts in a JSON path");
    const PathNode *e = expression(p);
    if( e && accept(p, "to") ){
      const PathNode *to = expression(p);
      e = to ? node(p, PATH_RANGE, e, to) : 0;
    }
    if( e==0 ) return 0;
    arg[n++] = e;
  }while( accept(p, ",") );
  if( !expect(p, "]") ) return 0;
  result = node(p, PATH_SUBSCRIPTS, left, 0);
  if( result==0 ) return 0;
  result->arg = arena_alloc(p->arena, sizeof(*arg)*(size_t)n);
  if( result->arg==0 ) return 0;
  memcpy(result->arg, arg, sizeof(*arg)*(size_t)n);
  result->n = n;
  return result;
}

static const PathNode *accessor(Parser *p){
  const PathNode *e = primary(p);
  for(int k=0; e; k++){
    int from = p->from;
    if( k>JSON_PATH_DEPTH_MAX ) return refuse(p, "such a long JSON path");
    if( accept(p, ".") ) e = member(p, e, from);
    else if( accept(p, "..") ) e = descendant(p, e);
    else if( accept(p, "[") ) e = subscripts(p, e, from);
    else if( accept(p, "?") ){
      const PathNode *test;
      if( !expect(p, "(") ) return 0;
      test = predicate(p);
      e = test && expect(p, ")") ? node(p, PATH_FILTER, e, test) : 0;
    }else break;
  }
  return e;
}

static const PathNode *unary(Parser *p){
  char op = is(p, "+") ? '+' : is(p, "-") ? '-' : 0;
  if( op==0 ) return accessor(p);
  if( ++p->depth>JSON_PATH_DEPTH_MAX ) return refuse(p, "a JSON path of such depth");
  next(p);
  const PathNode *e = unary(p);
  PathNode *n = e ? node(p, PATH_SIGN, e, 0) : 0;
  p->depth--;
  if( n ) n->op = op;
  return n;
}

static const PathNode *binary(Parser *p, const char *ops, const PathNode *(*operand)(Parser*)){
  const PathNode *e = operand(p);
  while( e && p->token==TK_OTHER && p->to - p->from==1 && strchr(ops, p->z[p->from]) ){
    char op = p->z[p->from];
    next(p);
    const PathNode *right = operand(p);
    PathNode *n = right ? node(p, PATH_BINARY, e, right) : 0;
    if( n ) n->op = op;
    e = n;
  }
  return e;
}

static const PathNode *term(Parser *p){ return binary(p, "*/%", unary); }

static const PathNode *expression(Parser *p){
  if( ++p->depth>JSON_PATH_DEPTH_MAX ) return refuse(p, "a JSON path of such depth");
  const PathNode *e = binary(p, "+-", term);
  p->depth--;
  return e;
}

/* --- predicates ---------------------------------------------------------- */

static char comparison(Parser *p){
  static const struct { const char *text; char op; } ops[] = {
    {"==", '='}, {"<>", '!'}, {"!=", '!'}, {"<=", 'l'}, {">=", 'g'}, {"<", '<'}, {">", '>'}};
  for(int i=0; i<7; i++) if( accept(p, ops[i].text) ) return ops[i].op;
  return 0;
}

static const PathNode *compared(Parser *p, const PathNode *left){
  char op = comparison(p);
  PathNode *n;
  const PathNode *right;
  if( is(p, "like_regex") ) return refuse(p, "like_regex in a JSON path");
  if( op==0 && accept(p, "starts") ){
    if( !expect(p, "with") ) return 0;
    right = p->token==TK_STRING || p->token==TK_VARIABLE ? primary(p) : no_viable(p, p->from);
    return right ? node(p, PATH_STARTS, left, right) : 0;
  }
  if( op==0 ) return no_viable(p, p->from);
  right = expression(p);
  n = right ? node(p, PATH_COMPARE, left, right) : 0;
  if( n ) n->op = op;
  return n;
}

/* '(' begins a predicate or a path: try the predicate, then the other. */
static const PathNode *parenthesized(Parser *p){
  Parser saved = *p;
  const PathNode *e;
  int tries;
  if( ++p->tries>TRIES_MAX ) return refuse(p, "so many parentheses in a JSON path");
  next(p);
  e = predicate(p);
  if( e && accept(p, ")") ){
    if( accept(p, "is") ) return expect(p, "unknown") ? node(p, PATH_UNKNOWN, e, 0) : 0;
    int goes_on = p->token==TK_OTHER && strchr(".[?*/%+-=<>!", p->z[p->from]);
    if( !goes_on ) return e;
  }
  if( p->refused ) return 0;
  tries = p->tries;
  *p = saved;
  p->tries = tries;
  e = expression(p);
  return e ? compared(p, e) : 0;
}

static const PathNode *predicate_primary(Parser *p){
  const PathNode *e;
  if( accept(p, "!") ){
    if( !is(p, "(") && !is(p, "exists") ) return no_viable(p, p->from);
    e = predicate_primary(p);
    return e ? node(p, PATH_NOT, e, 0) : 0;
  }
  if( accept(p, "exists") ){
    if( !expect(p, "(") ) return 0;
    e = expression(p);
    return e && expect(p, ")") ? node(p, PATH_EXISTS, e, 0) : 0;
  }
  if( is(p, "(") ) return parenthesized(p);
  e = expression(p);
  return e ? compared(p, e) : 0;
}

static const PathNode *conjunction(Parser *p){
  const PathNode *e = predicate_primary(p);
  while( e && accept(p, "&&") ){
    const PathNode *right = predicate_primary(p);
    e = right ? node(p, PATH_AND, e, right) : 0;
  }
  return e;
}

static const PathNode *predicate(Parser *p){
  if( ++p->depth>JSON_PATH_DEPTH_MAX ) return refuse(p, "a JSON path of such depth");
  const PathNode *e = conjunction(p);
  while( e && accept(p, "||") ){
    const PathNode *right = conjunction(p);
    e = right ? node(p, PATH_OR, e, right) : 0;
  }
  p->depth--;
  return e;
}

/* --- the whole ----------------------------------------------------------- */

static int begins_expression(const Parser *p){
  if( p->token==TK_VARIABLE || (p->token>=TK_STRING && p->token<=TK_DOUBLE) ) return 1;
  static const char *const first[] = {"$", "@", "(", "+", "-", "last", "true", "false", "null", 0};
  for(int i=0; first[i]; i++) if( is(p, first[i]) ) return 1;
  return 0;
}

int json_path_parse(Arena *a, const char *z, int n, JsonSqlPath *out, const char **error, int *at){
  Parser p;
  memset(&p, 0, sizeof(p));
  p.arena = a;
  p.z = z;
  p.n = n;
  out->root = 0;
  next(&p);
  out->lax = is(&p, "lax");
  if( !accept(&p, "lax") && !accept(&p, "strict") ){
    fail(&p, begins_expression(&p) ? "missing {'lax', 'strict'} at '%s'"
                                   : "mismatched input '%s' expecting {'lax', 'strict'}", p.from);
  }else if( (out->root = expression(&p))!=0 && p.token!=TK_END ){
    fail(&p, "mismatched input '%s' expecting {<EOF>, '+', '*', '/', '%%', '.', '..', '[', '?', '-'}",
         p.from);
  }
  *error = p.error;
  *at = (int)utf8_count(z, p.error_at);
  return p.error==0 ? 0 : p.refused ? 1 : -1;
}
