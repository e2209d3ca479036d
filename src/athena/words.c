/*
** Trino's words: which token of the grammar each token of the text may be.
**
** About eighty words are reserved.  All others may be names, and where a word
** could be both keyword and name, Trino's parser decides by looking as far
** ahead as it must; lemon looks at one token.  So the whole array is walked
** once before parsing, and every token gets its candidates in order of
** preference; trino_run() takes the first one that the automaton accepts.
** Here too:
**   `(`    LPQ before a query, LPL before the parameters of a lambda, else LP
**   `a.b(` the names of a call are FNAMEs
**   MATCH_RECOGNIZE (…), JSON_TABLE (…), TABLE (…) of a function: one GROUP_TOKEN
** Parentheses that are never closed are judged by what follows them.
*/
#include <string.h>
#include <strings.h>
#include "parse.h"
#include "word_table.h"
#include "trino.h"

typedef struct Walk {
  Parse *p;
  Token *t;                     /* the array */
  int n;                        /* with LEX_END */
  int *match;                   /* of `(`: index of its `)`, or n-1 (LEX_END) */
  char *query;                  /* of `(`: a query begins inside */
} Walk;

static const Token *at(const Walk *w, int i){
  if( i<0 || i>=w->n ) return &w->t[w->n-1];
  return &w->t[i];
}
static int is(const Walk *w, int i, const char *word){ return token_is(at(w, i), word); }
static int op(const Walk *w, int i, int c){ return token_is_op(at(w, i), c); }

static int is_reserved(const Token *t){
  const Word *word = word_of(t);
  return word && word->rule==RESERVED;
}
static int is_name(const Walk *w, int i){
  const Token *t = at(w, i);
  switch( t->kind ){
    case LEX_WORD: return !is_reserved(t);
    case LEX_QUOTED: case LEX_BACKQUOTED: case LEX_DIGIT_WORD: return 1;
    default: return 0;
  }
}
static int is_string(const Walk *w, int i){
  return at(w, i)->kind==LEX_STRING || at(w, i)->kind==LEX_UNICODE;
}
static int is_number(const Walk *w, int i){
  LexKind k = at(w, i)->kind;
  return k==LEX_INTEGER || k==LEX_DECIMAL || k==LEX_DOUBLE;
}
static int is_field(const Walk *w, int i){
  static const char *const field[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
  for(int k=0; k<6; k++) if( is(w, i, field[k]) ) return 1;
  return 0;
}

/* Can token i begin an expression?  (`*` too: SELECT ALL *.) */
static int begins_operand(const Walk *w, int i){
  static const char *const word[] = {"CASE", "CAST", "NOT", "NULL", "TRUE", "FALSE", "EXISTS", "EXTRACT",
    "TRIM", "NORMALIZE", "GROUPING", "LISTAGG", "JSON_ARRAY", "JSON_OBJECT", "JSON_VALUE", "JSON_QUERY",
    "JSON_EXISTS", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "LOCALTIME", "LOCALTIMESTAMP",
    "CURRENT_USER", "SELECT", "VALUES", "TABLE", "CUBE", "ROLLUP"};
  if( is_name(w, i) || is_string(w, i) || is_number(w, i) || at(w, i)->kind==LEX_BINARY ) return 1;
  if( op(w, i, '(') || op(w, i, '?') || op(w, i, '*') ) return 1;
  for(size_t k=0; k<sizeof(word)/sizeof(word[0]); k++) if( is(w, i, word[k]) ) return 1;
  return 0;
}

static int begins_query(const Walk *w, int i){
  if( is(w, i, "SELECT") || is(w, i, "WITH") || is(w, i, "VALUES") ) return 1;
  return is(w, i, "TABLE") && !op(w, i+1, '(');
}

static int goes_on_query(const Walk *w, int i){
  if( is(w, i, "UNION") || is(w, i, "INTERSECT") || is(w, i, "EXCEPT") || is(w, i, "ORDER") ) return 1;
  if( is(w, i, "LIMIT") || is(w, i, "OFFSET") ) return is_number(w, i+1) || op(w, i+1, '?') || is(w, i+1, "ALL");
  return is(w, i, "FETCH") && (is(w, i+1, "FIRST") || is(w, i+1, "NEXT"));
}

/* Pair the parentheses, then judge them from the inside out (from the right). */
static int walk_parens(Walk *w){
  int *open = arena_alloc_raw(w->p->arena, sizeof(int)*(size_t)w->n);
  int depth = 0;
  w->match = arena_alloc_raw(w->p->arena, sizeof(int)*(size_t)w->n);
  w->query = arena_alloc(w->p->arena, (size_t)w->n);
  if( open==0 || w->match==0 || w->query==0 ) return 1;
  for(int i=0; i<w->n; i++){
    w->match[i] = w->n-1;
    if( op(w, i, '(') ) open[depth++] = i;
    else if( op(w, i, ')') && depth>0 ) w->match[open[--depth]] = i;
  }
  for(int i=w->n-1; i>=0; i--){
    if( !op(w, i, '(') ) continue;
    if( begins_query(w, i+1) ){
      w->query[i] = 1;
    }else if( op(w, i+1, '(') && w->query[i+1] ){
      int after = w->match[i+1]+1;
      if( goes_on_query(w, after) ) w->query[i] = 1;
      else if( op(w, after, ')') ) w->query[i] = !is(w, i-1, "IN");
    }
  }
  return 0;
}

/* Is this word at depth 1 of the parentheses that open at i? */
static int holds_word(const Walk *w, int i, const char *word){
  for(int k=i+1; k<w->match[i]; k++){
    if( op(w, k, '(') ) k = w->match[k];
    else if( is(w, k, word) ) return 1;
  }
  return 0;
}

/* Do the parentheses that open at i hold names and commas only? */
static int holds_names(const Walk *w, int i){
  for(int k=i+1; k<w->match[i]; k++){
    if( (k-i)%2 ? !is_name(w, k) : !op(w, k, ',') ) return 0;
  }
  return (w->match[i]-i)%2==0;
}

/* Does the rule want the keyword here, rather than a name? */
static int prefers_keyword(const Walk *w, int i, Rule rule){
  switch( rule ){
    case RESERVED: case SOFT: return 1;
    case BEFORE_COUNT: return at(w, i+1)->kind==LEX_INTEGER || op(w, i+1, '?') || is(w, i+1, "ALL");
    case BEFORE_FIRST_NEXT: return is(w, i+1, "FIRST") || is(w, i+1, "NEXT");
    case BEFORE_DEFINITION: return is_name(w, i+1);
    case BEFORE_OPERANDS:
      return op(w, i+1, '(') && !op(w, i+2, ')') && !op(w, i+2, '*') && !is(w, i+2, "DISTINCT")
        && !is(w, i+2, "ORDER")
        && !(is(w, i+2, "ALL") && begins_operand(w, i+3));
    case WITH_AS: return op(w, i+1, '(') && holds_word(w, i+1, "AS");
    case BEFORE_BRACKET: return op(w, i+1, '[');
    case BEFORE_BY: return is(w, i+1, "BY");
    case BEFORE_ZONE: return is(w, i+1, "TIME");
    case BEFORE_NULLS: return op(w, i-1, ')') && is(w, i+1, "NULLS");
    case BEFORE_FIELD: return is_field(w, i+1) || is_string(w, i+1);
    case BEFORE_ROW_WORD: return is(w, i+1, "ROW");
    case BEFORE_BOUND: return is(w, i+1, "PRECEDING") || is(w, i+1, "FOLLOWING");
    case BEFORE_CALL: return is_name(w, i+1) && op(w, i+2, '(');
    case BEFORE_OPERAND: return is(w, i+1, "FROM") ? word_of(at(w, i))->code!=TT_ALL : begins_operand(w, i+1);
    case BEFORE_SAMPLE: return is(w, i+1, "BERNOULLI") || is(w, i+1, "SYSTEM");
    case BEFORE_FRAME: return !op(w, i+1, ')') && !is(w, i+1, "ORDER") && !is(w, i+1, "PARTITION");
    case BEFORE_EXISTS: return is(w, i+1, "EXISTS") || (is(w, i+1, "NOT") && is(w, i+2, "EXISTS"));
    case BEFORE_STRING: return is_string(w, i+1);
    case FILTER_RULE: return op(w, i-1, ')') && op(w, i+1, '(');
    case OVER_RULE:
      return (op(w, i-1, ')') || is_name(w, i-1)) && (op(w, i+1, '(') || is_name(w, i+1));
    case LATERAL_RULE: return op(w, i+1, '(');
    case INTERVAL_RULE:
      if( op(w, i+1, '+') || op(w, i+1, '-') ) i++;
      return is_string(w, i+1) && is_field(w, i+2);
    case MATCH_RULE: return op(w, i+1, '(') && holds_word(w, i+1, "PATTERN");
    case WITH_IN: return op(w, i+1, '(') && holds_word(w, i+1, "IN");
    case WITH_FROM: return op(w, i+1, '(') && holds_word(w, i+1, "FROM");
  }
  return 0;
}

static void add(Token *t, int code){
  for(int i=0; i<TOKEN_CANDIDATES; i++){
    if( t->candidate[i]==code ) return;
    if( t->candidate[i]==0 ){
      t->candidate[i] = (short)code;
      return;
    }
  }
}

/* A name in a type: `a integer` in a row is a field, `integer` a type. */
static void add_type_codes(const Walk *w, int i){
  Token *t = &w->t[i];
  int suffix = is(w, i+1, "ARRAY") && !op(w, i+2, '(') && !op(w, i+2, '<');
  int zone = is(w, i+1, "WITH") || is(w, i+1, "WITHOUT");
  int field = is_name(w, i+1) && !suffix && !zone;
  if( is(w, i, "INTERVAL") && is_field(w, i+1) ) field = 0;
  if( is(w, i, "DOUBLE") && is(w, i+1, "PRECISION") ) field = 0;
  if( field ) add(t, TT_FIELD_NAME);
  if( is(w, i, "TIME") ) add(t, TT_TIME_TYPE);
  if( is(w, i, "TIMESTAMP") ) add(t, TT_TIMESTAMP_TYPE);
  if( is(w, i, "INTERVAL") && is_field(w, i+1) ) add(t, TT_INTERVAL_TYPE);
  if( is(w, i, "ROW") && op(w, i+1, '(') ) add(t, TT_ROW_TYPE);
  if( is(w, i, "ARRAY") ) add(t, op(w, i+1, '<') ? TT_ARRAY_LT : TT_ARRAY_SUFFIX);
  if( is(w, i, "MAP") && op(w, i+1, '<') ) add(t, TT_MAP_LT);
  add(t, TT_TYPE_NAME);
}

static void judge_word(const Walk *w, int i){
  Token *t = &w->t[i];
  const Word *word = word_of(t);
  int keyword = word && word->code ? prefers_keyword(w, i, word->rule) : 0;
  int is_call = (t->candidate[0]==TT_FNAME);
  if( is_call ) t->candidate[0] = 0;
  if( word && word->code==TT_REST ){
    int k = i;
    while( k<w->n-1 && !op(w, k, ')') ) k = op(w, k, '(') ? w->match[k]+1 : k+1;
    t->jump = k;
    if( k>=w->n-1 ) keyword = 0;
  }
  if( word && word->rule==RESERVED ){
    if( is(w, i, "WITH") && is(w, i+1, "ORDINALITY") ) add(t, TT_WITH_ORDINALITY);
    if( is(w, i, "WITH") && is(w, i+1, "TIME") && is(w, i+2, "ZONE") ) add(t, TT_WITH_ZONE);
    add(t, word->code);
    if( is(w, i, "WITH") ) add(t, TT_WITH_ZONE);         /* in a type: what follows is the error */
    return;
  }
  if( is(w, i, "WITHOUT") && is(w, i+1, "TIME") && is(w, i+2, "ZONE") ) add(t, TT_WITHOUT_ZONE);
  if( op(w, i+1, '(') && w->query[i+1] && at(w, i-1)->kind==LEX_OPERATOR ){
    if( is(w, i, "ALL") ) add(t, TT_Q_ALL);
    if( is(w, i, "ANY") || is(w, i, "SOME") ) add(t, TT_Q_ANY);
  }
  if( is(w, i, "DOUBLE") && is(w, i+1, "PRECISION") ) add(t, TT_DOUBLE_PRECISION);
  if( keyword ) add(t, word->code);
  if( is_call ) add(t, TT_FNAME);
  if( is(w, i, "ARRAY") && !op(w, i+1, '[') && !op(w, i+1, '(') && !op(w, i+1, '<') ) add(t, TT_ARRAY_WORD);
  add(t, TT_ID);
  if( !keyword && word && word->code ) add(t, word->code);
}

/* Types need more candidates than a token has room for; whether one stands at
** `AS` or RETURNING is known here, and then nothing else is possible. */
static void judge_type(const Walk *w, int i, int end){
  for(; i<end; i++){
    Token *t = &w->t[i];
    if( !is_name(w, i) ) continue;
    if( is(w, i, "TIME") && (is(w, i+1, "ZONE") || is(w, i-1, "WITH") || is(w, i-1, "WITHOUT")) ) continue;
    if( is(w, i, "ZONE") && is(w, i-1, "TIME") ) continue;
    if( is(w, i, "WITHOUT") && is(w, i+1, "TIME") ) continue;
    if( is(w, i, "PRECISION") && is(w, i-1, "DOUBLE") ) continue;
    if( is(w, i, "TO") && is_field(w, i-1) ) continue;
    if( is_field(w, i) && (is(w, i-1, "INTERVAL") || is(w, i-1, "TO")) ) continue;
    memset(t->candidate, 0, sizeof(t->candidate));
    if( is(w, i, "DOUBLE") && is(w, i+1, "PRECISION") ) add(t, TT_DOUBLE_PRECISION);
    add_type_codes(w, i);
  }
}

/* The call's names are FNAMEs; first comes what is not preceded by a dot. */
static void judge_call(const Walk *w, int i){
  int end = i;
  if( !is_name(w, i) || op(w, i-1, '.') ) return;
  while( op(w, end+1, '.') && is_name(w, end+2) ) end += 2;
  if( !op(w, end+1, '(') ) return;
  for(int k=i; k<=end; k+=2) w->t[k].candidate[0] = TT_FNAME;
  if( is_name(w, end+2) && op(w, end+3, '.') && op(w, end+4, '*') && op(w, end+5, ')') ){
    w->t[end+2].candidate[0] = TT_LABEL;
  }
}

static void judge_paren(const Walk *w, int i){
  Token *t = &w->t[i];
  int close = w->match[i];
  int closed = op(w, close, ')');
  if( closed && (is(w, i-1, "JSON_TABLE") || is(w, i-1, "MATCH_RECOGNIZE")
      || (is(w, i-1, "TABLE") && is_name(w, i+1))) ){
    add(t, TT_GROUP_TOKEN);
    t->jump = close+1;
  }
  if( w->query[i] ) add(t, TT_LPQ);
  if( op(w, i+1, ')') || (closed && op(w, close+1, LEX_ARROW) && holds_names(w, i)) ) add(t, TT_LPL);
  add(t, TT_LP);
  add(t, TT_LPQ);               /* where only a query could be, what follows is the error */
}

static void judge_operator(const Walk *w, int i){
  Token *t = &w->t[i];
  switch( t->op ){
    case '(': judge_paren(w, i); break;
    case ')': add(t, TT_RP); break;
    case '[': add(t, TT_LBRACKET); break;
    case ']': add(t, TT_RBRACKET); break;
    case ',': add(t, TT_COMMA); break;
    case '.': add(t, TT_DOT); break;
    case ':': add(t, TT_COLON); break;
    case '?': add(t, TT_PARAM); break;
    case '+': add(t, TT_PLUS); break;
    case '-':
      if( is_number(w, i+1) ) add(t, TT_NEGATIVE);
      add(t, TT_MINUS);
      break;
    case '*': add(t, TT_STAR); break;
    case '/': add(t, TT_SLASH); break;
    case '%': add(t, TT_PERCENT); break;
    case LEX_CONCAT: add(t, TT_CONCAT); break;
    case LEX_ARROW: add(t, TT_ARROW); break;
    case '=': add(t, TT_COMPARE); add(t, TT_EQ); break;
    case LEX_NE: case LEX_LE: case LEX_GE: add(t, TT_COMPARE); break;
    case '<': add(t, TT_COMPARE); add(t, TT_LT); break;
    case '>': add(t, TT_COMPARE); add(t, TT_GT); break;
    default: add(t, TT_NEVER);
  }
}

static int type_end(const Walk *w, int i){
  if( is(w, i, "DOUBLE") && is(w, i+1, "PRECISION") ) return i+2;
  return op(w, i+1, '(') ? w->match[i+1]+1 : i+1;
}

/* In the parentheses of CAST: everything from the AS at depth 1 on; after
** RETURNING: up to what can follow a type there. */
static void judge_types_of(const Walk *w, int i){
  if( (is(w, i, "CAST") || is(w, i, "TRY_CAST")) && op(w, i+1, '(') ){
    int close = w->match[i+1];
    for(int k=i+2; k<close; k++){
      if( op(w, k, '(') ) k = w->match[k];
      else if( is(w, k, "AS") ){
        judge_type(w, k+1, close);
        return;
      }
    }
  }else if( at(w, i)->n>5 && strncasecmp(at(w, i)->z, "JSON_", 5)==0 && op(w, i+1, '(') ){
    int end = w->match[i+1];
    for(int k=i+2; k<end; k++){
      if( op(w, k, '(') ) k = w->match[k];
      else if( is(w, k, "RETURNING") ) judge_type(w, k+1, type_end(w, k+1));
    }
  }
}

int trino_prepare(Parse *p){
  Walk w = { .p = p, .t = p->list.token, .n = p->list.n };
  if( walk_parens(&w) ) return 1;
  for(int i=0; i<w.n; i++) w.t[i].word = word_search(&w.t[i]);
  for(int i=0; i<w.n; i++) judge_call(&w, i);
  for(int i=0; i<w.n; i++){
    Token *t = &w.t[i];
    switch( t->kind ){
      case LEX_WORD: judge_word(&w, i); break;
      case LEX_QUOTED: case LEX_BACKQUOTED: case LEX_DIGIT_WORD: add(t, TT_ID); break;
      case LEX_UNICODE:
        if( is(&w, i+1, "UESCAPE") && at(&w, i+2)->kind==LEX_STRING ) t->jump = i+3;
        add(t, TT_STRING);
        break;
      case LEX_STRING: add(t, TT_STRING); break;
      case LEX_BINARY: add(t, TT_BINARY); break;
      case LEX_INTEGER: add(t, TT_INTEGER); break;
      case LEX_DECIMAL: add(t, TT_DECIMAL); break;
      case LEX_DOUBLE: add(t, TT_DOUBLE); break;
      case LEX_OPERATOR: judge_operator(&w, i); break;
      default: add(t, TT_NEVER);
    }
  }
  for(int i=0; i<w.n; i++) judge_types_of(&w, i);
  return 0;
}
