/*
** The lexer both grammars share: SQL text -> an array of tokens.
**
** All tokens of a statement are made at once (one array in the arena, ended by
** LEX_END), so that the parsers may look ahead and back as far as they like.
** Words are not told from keywords here: each grammar has its own table.
** Blanks and comments disappear.  The two dialects differ in what `"` means and
** in backslashes: an identifier and nothing to Trino, a string and an escape to Hive.
**
** Lines and columns count from 1; a column counts code points, a tab is one.
** The lexer itself never fails: what it does not know is LEX_UNKNOWN (one code
** point), and the grammar reports it, as Trino does with an unclosed quote.
** Limit: LEX_MAX bytes of text.
*/
#ifndef TARN_LEXER_H
#define TARN_LEXER_H
#include <string.h>
#include <strings.h>
#include "tree.h"

#define LEX_MAX (64*1024*1024)  /* bytes of one statement */

typedef enum LexKind {
  LEX_END,
  LEX_WORD,                     /* a name or keyword: [A-Za-z_][A-Za-z0-9_]* */
  LEX_DIGIT_WORD,               /* 1a: no identifier, and says so */
  LEX_QUOTED,                   /* "a" (Trino) */
  LEX_BACKQUOTED,               /* `a` */
  LEX_STRING,                   /* 'a'; Hive also "a" */
  LEX_UNICODE,                  /* U&'a' */
  LEX_BINARY,                   /* X'00' */
  LEX_INTEGER, LEX_DECIMAL, LEX_DOUBLE,
  LEX_OPERATOR,                 /* op: its character, or LEX_NE … */
  LEX_UNKNOWN
} LexKind;
/* Operators of two characters, in Token.op. */
enum { LEX_NE = 256, LEX_LE, LEX_GE, LEX_CONCAT, LEX_ARROW, LEX_NAMED /* => */ };

#define TOKEN_CANDIDATES 5
typedef struct Token {
  LexKind kind;
  int op;
  int code;                     /* the grammar's token, once it is fed */
  short candidate[TOKEN_CANDIDATES];  /* codes it may have, the preferred one first; 0 ends */
  short word;                   /* words.c: which of its words, +1; 0 none */
  int jump;                     /* a group of tokens taken as one: the index after it */
  Pos pos;
  const char *z;                /* in the statement's text */
  int n;                        /* bytes */
} Token;

typedef enum LexDialect { LEX_TRINO, LEX_HIVE } LexDialect;

typedef struct TokenList { Token *token; int n; } TokenList;  /* n counts LEX_END */

TokenList lex_all(Arena*, const char *sql, size_t n, LexDialect);
/* The same up to the first `;` (the LEX_END stands there). */
TokenList lex_statement(Arena*, const char *sql, size_t n, LexDialect);

/* Does the token spell this word (given in capitals)?  Only LEX_WORD can. */
static inline int token_is(const Token *t, const char *word){
  size_t n = strlen(word);
  return t->kind==LEX_WORD && n==(size_t)t->n && (t->z[0] & ~0x20)==(word[0] & ~0x20)
    && strncasecmp(t->z, word, n)==0;
}
static inline int token_is_op(const Token *t, int op){
  return t->kind==LEX_OPERATOR && t->op==op;
}

/* The text without its quotes, doubled quotes halved (and, for Hive, backslash
** escapes carried out): NUL-terminated in the arena, *n bytes. */
const char *token_unquote(Arena*, const Token*, LexDialect, int *n);
#endif
