/*
** Which token a syntax error is about, where Trino's parser does not blame the
** first impossible one.
**
** Trino predicts with unlimited lookahead but, at first, without regard to what
** surrounds a rule.  After `x IN` it keeps two readings alive: the list, and
** the IN of POSITION(a IN b).  When something inside the parentheses is wrong,
** both die, the optional predicate is taken to be absent, and the error is
** that IN cannot stand there: so it is reported at IN, whatever went wrong
** inside.  The outermost such IN counts, unless an outer decision had to look
** through it already:
**   `(` of an expression   up to its first comma (a row, or a parenthesis?)
**   a select item          through its first operand (is it `operand.*`?)
** Inside these the first impossible token is blamed, as everywhere else.
*/
#include "parse.h"

typedef struct Level {
  int open;                     /* index of the `(`, or -1 */
  int item;                     /* where its current select item begins, or -1 */
  int operators;                /* the item's first operand has ended */
  int cases;                    /* CASEs that are open in the item */
  int comma;                    /* a comma has been seen */
} Level;

#define BLAME_DEPTH_MAX 256     /* deeper nesting: the first impossible token */

static int is_any(const Token *t, const char *const *words, size_t n){
  for(size_t i=0; i<n; i++) if( token_is(t, words[i]) ) return 1;
  return 0;
}
#define IS_ANY(T, W) is_any(T, W, sizeof(W)/sizeof(W[0]))

static int ends_items(const Token *t){
  static const char *const words[] = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "UNION", "INTERSECT", "EXCEPT"};
  return IS_ANY(t, words);
}

static int is_operator(const Token *t){
  static const char *const words[] = {"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "AT"};
  if( t->kind==LEX_OPERATOR ) return !token_is_op(t, '.') && !token_is_op(t, '[') && !token_is_op(t, ']');
  return IS_ANY(t, words);
}

static void step(Level *l, const Token *t, int i){
  if( token_is_op(t, ',') ) l->comma = 1;
  if( token_is(t, "SELECT") || (token_is_op(t, ',') && l->item>=0 && l->cases==0) ){
    l->item = i+1;
    l->operators = l->cases = 0;
    return;
  }
  if( l->item<0 ) return;
  if( token_is(t, "DISTINCT") || token_is(t, "ALL") ) l->item += l->item==i;
  else if( token_is(t, "CASE") ) l->cases++;
  else if( token_is(t, "END") && l->cases>0 ) l->cases--;
  else if( l->cases==0 && ends_items(t) ) l->item = -1;
  else if( l->cases==0 && is_operator(t) ) l->operators = 1;
}

/* Does the `(` at i hold an expression, not a query, arguments or names? */
static int is_expression_paren(const Token *t, int i){
  static const char *const words[] = {"SELECT", "WHERE", "AND", "OR", "NOT", "ON", "WHEN", "THEN", "ELSE", "CASE",
    "HAVING", "BY", "BETWEEN", "LIKE", "VALUES", "DISTINCT"};
  static const char *const query[] = {"SELECT", "WITH", "VALUES", "TABLE"};
  if( i==0 || IS_ANY(&t[i+1], query) ) return 0;
  if( t[i-1].kind==LEX_OPERATOR ) return !token_is_op(&t[i-1], ')');
  return IS_ANY(&t[i-1], words);
}

/* NOT IN is no part of POSITION: nothing else is kept alive after it. */
static int is_plain_in(const Token *t, int i){
  return token_is(&t[i], "IN") && i>0 && !token_is(&t[i-1], "NOT");
}

int blame_token(const Parse *p, int at, int *inside){
  const Token *t = p->list.token;
  Level level[BLAME_DEPTH_MAX];
  int depth = 0;
  *inside = 0;
  level[0] = (Level){-1, -1, 0, 0, 0};
  for(int i=0; i<at; i++){
    if( token_is_op(&t[i], ')') ){
      if( depth>0 ) depth--;
    }else if( token_is_op(&t[i], '(') ){
      if( ++depth==BLAME_DEPTH_MAX ) return at;
      level[depth] = (Level){i, -1, 0, 0, 0};
    }else{
      step(&level[depth], &t[i], i);
    }
  }
  for(int d=0; d<=depth; d++){
    const Level *l = &level[d];
    if( l->open>0 && is_plain_in(t, l->open-1) ) return l->open-1;
    *inside = l->open>=0 && is_expression_paren(t, l->open) && !l->comma;
    if( *inside ) return at;
    if( l->item>=0 && !l->operators && l->item<at ){
      *inside = d<depth;
      return at;
    }
  }
  if( at>0 && is_plain_in(t, at-1) && !token_is_op(&t[at], '(') ) return at-1;
  return at;
}
