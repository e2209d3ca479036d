/*
** The list after `Expecting: ` in a syntax error.
**
** The automaton is asked which tokens it would take where the error stands;
** their names, gathered into the groups that Trino names (<expression>,
** <identifier>, <predicate>, <query>, <string>, <integer>, <type>) and sorted,
** are the list.  What Trino prints comes from another walk over another
** automaton, so the lists agree in most places, not in all.
*/
#include <stdlib.h>
#include <string.h>
#include "parse.h"
#include "trino.h"

typedef struct Shown { short code; const char *text; } Shown;

/* Tokens that are shown under another name than that of their keyword. */
static const Shown shown[] = {
  {TT_LP, "'('"}, {TT_LPQ, "'('"}, {TT_LPL, "'('"}, {TT_RP, "')'"}, {TT_LBRACKET, "'['"}, {TT_RBRACKET, "']'"},
  {TT_COMMA, "','"}, {TT_DOT, "'.'"}, {TT_COLON, "':'"}, {TT_STAR, "'*'"}, {TT_SLASH, "'/'"}, {TT_PERCENT, "'%'"},
  {TT_PLUS, "'+'"}, {TT_MINUS, "'-'"}, {TT_CONCAT, "'||'"}, {TT_ARROW, "'->'"}, {TT_EQ, "'='"}, {TT_LT, "'<'"},
  {TT_GT, "'>'"}, {TT_PARAM, "'?'"}, {TT_ID, "<identifier>"}, {TT_STRING, "<string>"}, {TT_INTEGER, "<integer>"},
  {TT_TYPE_NAME, "<type>"}, {TT_FIELD_NAME, "<identifier>"}, {TT_WITH_ORDINALITY, "'WITH'"}, {TT_WITH_ZONE, "'WITH'"},
  {TT_WITHOUT_ZONE, "'WITHOUT'"}, {TT_Q_ALL, "'ALL'"}, {TT_Q_ANY, "'ANY'"}, {TT_ARRAY_SUFFIX, "'ARRAY'"},
  {TT_ARRAY_WORD, "'ARRAY'"}, {TT_REST, "'MEASURES'"}, {TT_COMPARE, "<predicate>"}, {TT_GROUP_TOKEN, "'('"},
};

/* What begins an expression, a query, a predicate, a type: not shown singly beside its group. */
static const short expression[] = {
  TT_NULL, TT_TRUE, TT_FALSE, TT_INTERVAL, TT_ID, TT_FNAME, TT_LABEL, TT_DOUBLE_PRECISION, TT_INTEGER, TT_DECIMAL,
  TT_DOUBLE, TT_NEGATIVE, TT_STRING, TT_BINARY, TT_PARAM, TT_POSITION, TT_LP, TT_LPQ, TT_LPL, TT_ROW, TT_EXISTS, TT_CASE,
  TT_CAST, TT_TRY_CAST, TT_ARRAY, TT_CURRENT_WORD, TT_CURRENT_TIME_WORD, TT_TRIM, TT_SUBSTRING, TT_NORMALIZE,
  TT_EXTRACT, TT_GROUPING, TT_LISTAGG, TT_JSON_EXISTS, TT_JSON_VALUE, TT_JSON_QUERY, TT_JSON_OBJECT,
  TT_JSON_ARRAY, TT_RUNNING, TT_FINAL, TT_NOT, TT_PLUS, TT_MINUS, 0
};
static const short query[] = { TT_WITH, TT_SELECT, TT_VALUES, TT_TABLE, TT_LPQ, 0 };
static const short predicate[] = { TT_COMPARE, TT_NOT, TT_BETWEEN, TT_IN, TT_LIKE, TT_IS, 0 };
static const short type[] = { TT_TYPE_NAME, TT_ROW_TYPE, TT_INTERVAL_TYPE, TT_TIME_TYPE, TT_TIMESTAMP_TYPE,
  TT_DOUBLE_PRECISION, TT_ARRAY_LT, TT_MAP_LT, 0 };
/* Tokens that never appear: inventions of words.c. */
static const short hidden[] = { TT_FNAME, TT_LABEL, TT_NEVER, TT_RESERVED, TT_NEGATIVE,
  TT_DECIMAL, TT_DOUBLE, TT_BINARY, TT_RUNNING, TT_FINAL, 0 };

static void remove_all(char *accepted, const short *codes){
  for(; *codes; codes++) accepted[*codes] = 0;
}

/* The keyword of a code, quoted; words.c knows it. */
static const char *name_of(Parse *p, int code){
  const char *word;
  if( code==0 ) return "<EOF>";
  for(size_t i=0; i<sizeof(shown)/sizeof(shown[0]); i++) if( shown[i].code==code ) return shown[i].text;
  word = trino_word(code);
  return word ? arena_printf(p->arena, "'%s'", word) : 0;
}

static int compare_text(const void *a, const void *b){
  return strcmp(*(const char *const*)a, *(const char *const*)b);
}

/* Index of the `(` that encloses token `at`, or -1. */
static int enclosing(const Parse *p, int at){
  int depth = 0;
  for(int i=at-1; i>=0; i--){
    if( token_is_op(&p->list.token[i], ')') ) depth++;
    else if( token_is_op(&p->list.token[i], '(') && depth--==0 ) return i;
  }
  return -1;
}

/* The forms that words.c has told from plain calls by what they contain: while
** that has not come yet, Trino still expects both. */
static void add_special_forms(const Parse *p, char *accepted){
  int open = enclosing(p, p->at);
  const Token *name = open>0 ? &p->list.token[open-1] : 0;
  if( name==0 || !accepted[TT_SLASH] ) return;
  if( token_is(name, "POSITION") && accepted[TT_RP] ) accepted[TT_IN] = 2;
  if( token_is(name, "SUBSTRING") && accepted[TT_RP] ) accepted[TT_FROM] = 1;
  if( token_is(name, "TRIM") && accepted[TT_FROM] ) accepted[TT_RP] = accepted[TT_COMMA] = 1;
  if( token_is(name, "TRY_CAST") && accepted[TT_RP] ) accepted[TT_AS] = 1;
}

/* After a name Trino has settled what it is, unless an outer decision is still
** looking: then it may yet become a call, a lambda, a typed literal. */
static void settle_name(char *accepted, int inside){
  int is_name = accepted[TT_STRING] && accepted[TT_OVER] && accepted[TT_SLASH];
  if( !is_name ) return;
  accepted[TT_LP] = accepted[TT_ARROW] = (char)inside;
  if( !inside ) accepted[TT_OVER] = accepted[TT_STRING] = 0;
}

/* Optional parts that Trino has already passed over when it stops. */
static void drop_passed(const Parse *p, char *accepted){
  const Token *t = &p->list.token[p->at];
  static const short operators[] = { TT_PERCENT, TT_STAR, TT_PLUS, TT_MINUS, TT_DOT, TT_SLASH, TT_AT, TT_LBRACKET,
    TT_CONCAT, TT_COMPARE, TT_NOT, TT_BETWEEN, TT_IN, TT_LIKE, TT_IS, 0 };
  static const short joins[] = { TT_LP, TT_CROSS, TT_FULL, TT_INNER, TT_JOIN, TT_LEFT, TT_MATCH_RECOGNIZE, TT_NATURAL,
    TT_RIGHT, TT_TABLESAMPLE, TT_DOT, TT_FOR, TT_AS, TT_ID, 0 };
  if( p->stop_at>0 ) remove_all(accepted, operators);
  if( accepted[TT_ON] && accepted[TT_USING] && (t->kind==LEX_WORD || t->kind==LEX_OPERATOR) ) remove_all(accepted, joins);
  if( accepted[TT_SELECT] && accepted[TT_COMMA] ) accepted[TT_COMMA] = 0;
  if( accepted[TT_SELECT] && accepted[TT_DOT] ) accepted[TT_DOT] = 0;
  if( token_is(t, "WITH") ) accepted[TT_WITH_ORDINALITY] = 0;
}

/* The words that begin a statement, as Athena prints them. */
static const char *const statement_words[] = {
  "'ALTER'", "'ANALYZE'", "'CALL'", "'COMMENT'", "'COMMIT'", "'CREATE'", "'DEALLOCATE'", "'DELETE'", "'DENY'", "'DESC'",
  "'DESCRIBE'", "'DROP'", "'EXECUTE'", "'EXPLAIN'", "'GRANT'", "'INSERT'", "'MERGE'", "'PREPARE'", "'REFRESH'", "'RESET'",
  "'REVOKE'", "'ROLLBACK'", "'SET'", "'SHOW'", "'START'", "'TRUNCATE'", "'UNLOAD'", "'UPDATE'", "'USE'"
};
static const char *const pattern_words[] = {
  "'AFTER'", "'DEFINE'", "'INITIAL'", "'PATTERN'", "'SEEK'", "'SUBSET'"
};
#define LIST_ROOM 64            /* words of these two lists, and groups */

static int add_words(const char **list, int n, const char *const *words, size_t n_word){
  for(size_t i=0; i<n_word; i++) list[n++] = words[i];
  return n;
}

/* Groups take the place of what they stand for. */
static int add_groups(Parse *p, char *accepted, const char **list){
  int n = 0, open = enclosing(p, p->at);
  int sets = accepted[TT_CUBE], after_sets = open>0 && token_is(&p->list.token[open-1], "SETS");
  if( accepted[TT_CASE] && accepted[TT_CAST] ){
    list[n++] = "<expression>";
    if( accepted[TT_SELECT] && accepted[TT_WITH] ) list[n++] = "<query>";
    if( accepted[TT_SELECT] ) remove_all(accepted, query);
    remove_all(accepted, expression);
    if( sets ) list[n++] = "'GROUPING'";
    if( sets || after_sets ) list[n++] = "'('";
  }else if( accepted[TT_SELECT] && accepted[TT_WITH] ){
    list[n++] = "<query>";
    remove_all(accepted, query);
  }
  if( accepted[TT_COMPARE] && accepted[TT_IS] ){
    int in = accepted[TT_IN]==2;
    list[n++] = "<predicate>";
    remove_all(accepted, predicate);
    accepted[TT_IN] = (char)in;
  }
  if( accepted[TT_TYPE_NAME] ){
    list[n++] = "<type>";
    remove_all(accepted, type);
  }
  if( accepted[TT_REST] && !accepted[TT_ROWS] ){
    n = add_words(list, n, pattern_words, sizeof(pattern_words)/sizeof(pattern_words[0]));
    accepted[TT_REST] = 0;
  }
  if( accepted[TT_EXPLAIN] && accepted[TT_UNLOAD] ){
    n = add_words(list, n, statement_words, sizeof(statement_words)/sizeof(statement_words[0]));
  }
  return n;
}

const char *expect_list(Parse *p, char *accepted, int n_code){
  const char **list = ARENA_ARRAY(p->arena, const char*, 2*n_code+LIST_ROOM);
  int n, inside = 0;
  Buf b;
  blame_token(p, p->at, &inside);
  settle_name(accepted, inside);
  add_special_forms(p, accepted);
  drop_passed(p, accepted);
  n = add_groups(p, accepted, list);
  remove_all(accepted, hidden);
  for(int code=0; code<n_code; code++){
    const char *z = accepted[code] ? name_of(p, code) : 0;
    if( z ) list[n++] = z;
    if( accepted[code] && code==TT_Q_ANY ) list[n++] = "'SOME'";
  }
  if( accepted[TT_RANGE] && p->at>0 && token_is(&p->list.token[p->at-1], "PARTITION") ) list[n++] = "'BY'";
  qsort(list, (size_t)n, sizeof(list[0]), compare_text);
  buf_init(&b, p->arena);
  for(int i=0; i<n; i++){
    if( i>0 && strcmp(list[i-1], list[i])==0 ) continue;
    buf_printf(&b, "%s%s", i ? ", " : "", list[i]);
  }
  return b.z ? b.z : "";
}
