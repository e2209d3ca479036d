/*
** Trino's words as words.c sees them: what each may be in the grammar, and the
** rule by which it is taken for a keyword rather than a name.
*/
#ifndef TARN_WORD_TABLE_H
#define TARN_WORD_TABLE_H
#include "lexer.h"

typedef enum Rule {
  RESERVED,
  SOFT,                         /* a keyword wherever the grammar takes it */
  BEFORE_COUNT,                 /* LIMIT, OFFSET */
  BEFORE_FIRST_NEXT,            /* FETCH */
  BEFORE_DEFINITION,            /* WINDOW w */
  BEFORE_OPERANDS,              /* ROW ( x, not the calls ROW () and ROW (DISTINCT x) */
  BEFORE_BRACKET,               /* ARRAY [ */
  BEFORE_BY,                    /* PARTITION BY */
  BEFORE_ZONE,                  /* AT TIME ZONE */
  BEFORE_NULLS,                 /* IGNORE NULLS, after `)` */
  BEFORE_FIELD,                 /* TO SECOND */
  BEFORE_ROW_WORD,              /* CURRENT ROW */
  BEFORE_BOUND,                 /* UNBOUNDED PRECEDING */
  BEFORE_CALL,                  /* FINAL f( */
  BEFORE_OPERAND,               /* ALL x, KEY x, LEADING x */
  BEFORE_SAMPLE,                /* TABLESAMPLE BERNOULLI ( */
  BEFORE_EXISTS,                /* IF [NOT] EXISTS */
  BEFORE_STRING,                /* EXECUTE IMMEDIATE '…' */
  BEFORE_FRAME,                 /* ROWS … in a window, not a window called rows */
  FILTER_RULE, OVER_RULE, LATERAL_RULE, INTERVAL_RULE, MATCH_RULE,
  WITH_IN, WITH_FROM, WITH_AS   /* POSITION (a IN b), SUBSTRING (a FROM b), TRY_CAST (a AS b) */
} Rule;

typedef struct Word { const char *word; short code; Rule rule; } Word;

/* Which word a token spells: its number, from 1; 0 for none. */
short word_search(const Token*);
/* The word of a token whose .word word_search has set; NULL for none. */
const Word *word_of(const Token*);
#endif
