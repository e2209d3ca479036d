/*
** Which token a syntax error is about, where Trino's parser does not blame the
** first impossible one.
**
** Trino predicts with unlimited lookahead but, at first, without regard to what
** surrounds a rule.  Where an optional part has begun and goes wrong before the
** prediction is settled, the part is taken to be absent, and the error is that
** its first word cannot stand there:
**   x IN (…      whatever goes wrong inside: until the `)` it might be the IN of
**                POSITION(a IN b)
**   x AT, f() OVER (, f() FILTER (, f() IGNORE, TO, `.`
**                followed by what does not go on with them: until then they
**                might be aliases (the dot: that of `x.*`)
** The outermost of them counts, unless an outer decision had to look through it
** already:
**   `(` of an expression   up to its first comma (a row, or a parenthesis?)
**   a select item          through its first operand (is it `operand.*`?)
** Inside these the first impossible token is blamed, as everywhere else.
*/
#include "parse.h"
#include "trino.h"

typedef struct Level {
  int open;                     /* index of the `(`, or -1 */
  int item;                     /* where its current select item begins, or -1 */
  int operators;                /* the item's first operand has ended */
  int cases, brackets;          /* CASEs and `[` that are open in the item */
  int comma;                    /* a comma has been seen */
  int relation;                 /* in a FROM clause, or another place for names of tables */
} Level;

#define BLAME_DEPTH_MAX 256     /* deeper nesting: the first impossible token */
static const Level level_start = {-1, -1, 0, 0, 0, 0, 0};

static int is_any(const Token *t, const char *const *words, size_t n){
  for(size_t i=0; i<n; i++) if( token_is(t, words[i]) ) return 1;
  return 0;
}
#define IS_ANY(T, W) is_any(T, W, sizeof(W)/sizeof(W[0]))

static int ends_items(const Token *t, int i){
  static const char *const words[] = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "UNION", "INTERSECT", "EXCEPT"};
  return IS_ANY(t, words) && !(i>0 && token_is(t-1, "WITHIN"));
}

static int is_operator(const Token *t){
  static const char *const words[] = {"AND", "OR", "NOT", "IN", "LIKE", "BETWEEN", "IS", "AT"};
  if( t->kind==LEX_OPERATOR ) return !token_is_op(t, '.') && !token_is_op(t, '[') && !token_is_op(t, ']');
  return IS_ANY(t, words);
}

static void note_relation(Level *l, const Token *t){
  static const char *const on[] = {"FROM", "JOIN", "INTO", "TABLE", "VIEW", "WITH"};
  static const char *const off[] = {"SELECT", "ON", "USING", "WHERE", "GROUP", "HAVING", "ORDER", "VALUES", "WINDOW", "SET"};
  if( IS_ANY(t, on) ) l->relation = 1;
  if( IS_ANY(t, off) ) l->relation = 0;
}

static void step(Level *l, const Token *t, int i){
  int nested = l->cases>0 || l->brackets>0;
  note_relation(l, t);
  if( token_is_op(t, '[') ) l->brackets++;
  if( token_is_op(t, ']') && l->brackets>0 ) l->brackets--;
  if( token_is_op(t, ',') ) l->comma = 1;
  if( token_is(t, "SELECT") || (token_is_op(t, ',') && l->item>=0 && !nested) ){
    l->item = i+1;
    l->operators = l->cases = l->brackets = 0;
    return;
  }
  if( l->item<0 ) return;
  if( token_is(t, "DISTINCT") || token_is(t, "ALL") ) l->item += l->item==i;
  else if( token_is(t, "CASE") ) l->cases++;
  else if( token_is(t, "END") && l->cases>0 ) l->cases--;
  else if( !nested && ends_items(t, i) ) l->item = -1;
  else if( !nested && is_operator(t) ) l->operators = 1;
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

/* Was the word taken for the beginning of an optional part? */
static int begins_part(const Token *t){
  return t->code==TT_AT || t->code==TT_OVER || t->code==TT_FILTER || t->code==TT_IGNORE || t->code==TT_RESPECT
    || t->code==TT_WITH_ZONE || t->code==TT_WITHOUT_ZONE;
}

/* The optional part that has just begun before `at`: the index of its first
** word, or -1. */
static int begun_part(const Token *t, int at, const Level *l){
  if( at<2 ) return -1;
  if( begins_part(&t[at-1]) ) return at-1;
  if( at>2 && t[at-1].code==TT_TO && t[at-3].code==TT_STRING ) return at-1;
  if( token_is_op(&t[at-1], '.') && !l->relation ) return at-1;
  if( is_plain_in(t, at-1) && !token_is_op(&t[at], '(') ) return at-1;
  if( token_is_op(&t[at-1], '(') && (t[at-2].code==TT_OVER || t[at-2].code==TT_FILTER) ) return at-2;
  if( at>3 && token_is_op(&t[at-2], '(') && t[at-3].code==TT_OVER && t[at-1].code==TT_ID ) return at-3;
  return -1;
}

int blame_token(const Parse *p, int at, int *inside){
  const Token *t = p->list.token;
  Level level[BLAME_DEPTH_MAX];
  int depth = 0, part;
  *inside = 0;
  if( at>0 && token_is(&t[at], "UESCAPE") && t[at-1].kind==LEX_UNICODE ) return at+1;   /* without its string */
  level[0] = level_start;
  for(int i=0; i<at; i++){
    if( token_is_op(&t[i], ')') ){
      if( depth>0 ) depth--;
    }else if( token_is_op(&t[i], '(') ){
      if( ++depth==BLAME_DEPTH_MAX ) return at;
      level[depth] = level_start;
      level[depth].open = i;
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
      *inside = d<depth || l->brackets>0;
      return at;
    }
  }
  part = begun_part(t, at, &level[depth]);
  if( part<0 ) return at;
  /* In a select list the word is taken for an alias, and its `(` is wrong. */
  if( (t[part].code==TT_OVER || t[part].code==TT_FILTER) && part+1<at && level[depth-1].item>=0 ) part++;
  return part;
}
