/*
** Regular expressions as Athena has them: Joni, Java syntax, on Oniguruma.
*/
#ifndef TARN_FN_REGEXP_H
#define TARN_FN_REGEXP_H
#include "fn.h"

#define REGEXP_PATTERN_MAX 65536    /* bytes of a pattern */
#define REGEXP_DEPTH_MAX   200      /* nested groups, nested classes */
#define REGEXP_RETRY_MAX   100000000UL  /* steps back of one match; beyond: refused */

typedef struct Regexp Regexp;

/*
** The compiled pattern: the call's memo when it is of the same text, else a
** new one that becomes the memo.  FN_OK with *out set (NULL: out of memory),
** or FN_ERROR with Athena's error raised.
*/
int regexp_get(FnCall*, const Value *pattern, Regexp **out);

/* May the text be searched?  Once for each text, before regexp_search.
** FN_ERROR: a refusal was raised. */
int regexp_check_text(FnCall*, const Regexp*, const Value *text);

/*
** Search `text` from byte `from` on.  *at is where a match begins, or -1.
** FN_ERROR: the match was given up and a refusal raised.  The groups of the
** match stay readable until the next search.
*/
int regexp_search(FnCall*, Regexp*, const Value *text, int from, int *at);
int regexp_groups(const Regexp*);                     /* capturing groups */
int regexp_begin(const Regexp*, int group);           /* byte, or -1: took no part */
int regexp_end(const Regexp*, int group);
int regexp_group_named(const Regexp*, const char *name, int n);   /* or -1 */

/*
** Athena's pattern as it is handed to Oniguruma (regexp_rewrite.c).
** z has a NUL behind its n bytes.  0 done; -1: `error` is Athena's text, or
** `refused` says what Tarn does not know.
*/
typedef struct RegexpRewrite {
  int uses_properties;          /* Unicode's tables matter: \p, [[:…:]], \b */
  int nests_behind;             /* a look-behind inside another */
  char error[200], refused[200];
} RegexpRewrite;
int regexp_rewrite(RegexpRewrite*, Buf *out, const char *z, int n);
/* Was the character assigned, or its properties changed, after Unicode 6.1? */
int regexp_is_young(unsigned cp);
#endif
