/*
** x LIKE pattern [ESCAPE e]: rows $like.
**
** '%' is any run of characters, '_' one character; letters are compared as
** they are and '\' means nothing unless it is the ESCAPE.  A char(n) is
** compared with its blanks.
**
** How: the pattern is parsed once per statement (memo) into tokens.  The match
** goes left to right and remembers only the last '%': when a later part does
** not fit, that '%' takes one more character.  This is complete, because a
** fit of the part before a '%' that ends sooner leaves more room behind it.
** Patterns whose only wildcards are '%' at the ends become comparisons.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"

typedef enum LikeShape { LIKE_GENERAL, LIKE_EQUAL, LIKE_PREFIX, LIKE_SUFFIX, LIKE_WITHIN } LikeShape;

#define ANY_RUN  1              /* token kinds: % */
#define ANY_ONE  2              /* _ */
#define LITERAL  3              /* bytes of one character */

typedef struct LikePattern {
  int n_key, n_escape;          /* the pattern and its escape as given: the key */
  int has_escape;
  int n_token;
  LikeShape shape;
  char *key;                    /* pattern, then escape */
  unsigned char *kind;
  char *literal;                /* literal bytes, all tokens in a row */
  int *end;                     /* end of each token's bytes in literal */
} LikePattern;

static int is_same(const LikePattern *p, const Value *pattern, const Value *escape){
  return p->n_key==pattern->n && p->has_escape==(escape!=0)
      && memcmp(p->key, pattern->z, (size_t)pattern->n)==0
      && (escape==0 || (p->n_escape==escape->n
          && memcmp(p->key + p->n_key, escape->z, (size_t)escape->n)==0));
}

/* One allocation holds everything. */
static LikePattern *pattern_new(const Value *pattern, const Value *escape){
  size_t n = (size_t)pattern->n + 1, n_escape = escape ? (size_t)escape->n : 0;
  LikePattern *p = sqlite3_malloc64(sizeof(*p) + n*sizeof(int) + 3*n + n_escape);
  if( p==0 ) return 0;
  memset(p, 0, sizeof(*p));
  p->end = (int*)(p + 1);
  p->kind = (unsigned char*)(p->end + n);
  p->literal = (char*)(p->kind + n);
  p->key = p->literal + n;
  p->n_key = pattern->n;
  memcpy(p->key, pattern->z, (size_t)pattern->n);
  if( escape ){
    p->has_escape = 1;
    p->n_escape = escape->n;
    memcpy(p->key + pattern->n, escape->z, (size_t)escape->n);
  }
  return p;
}

static void add_token(LikePattern *p, int kind, const char *z, int n){
  int at = p->n_token ? p->end[p->n_token - 1] : 0;
  memcpy(p->literal + at, z, (size_t)n);
  p->kind[p->n_token] = (unsigned char)kind;
  p->end[p->n_token++] = at + n;
}

static void find_shape(LikePattern *p){
  int n = p->n_token, runs = 0, ones = 0;
  for(int i=0; i<n; i++){
    runs += p->kind[i]==ANY_RUN;
    ones += p->kind[i]==ANY_ONE;
  }
  if( ones>0 ) return;
  if( runs==0 ) p->shape = LIKE_EQUAL;
  else if( runs==1 && p->kind[n-1]==ANY_RUN ) p->shape = LIKE_PREFIX;
  else if( runs==1 && p->kind[0]==ANY_RUN ) p->shape = LIKE_SUFFIX;
  else if( runs==2 && p->kind[0]==ANY_RUN && p->kind[n-1]==ANY_RUN ) p->shape = LIKE_WITHIN;
}

/* Tokens of the pattern; -1 when an escape stands before something else. */
static int parse(LikePattern *p, const Value *pattern, const Value *escape){
  const char *z = pattern->z;
  int n = pattern->n;
  for(int i=0; i<n; ){
    int w = utf8_width(z + i, n - i);
    if( escape && w==escape->n && memcmp(z + i, escape->z, (size_t)w)==0 ){
      i += w;
      if( i>=n ) return -1;
      w = utf8_width(z + i, n - i);
      int is_escape = w==escape->n && memcmp(z + i, escape->z, (size_t)w)==0;
      if( !is_escape && z[i]!='%' && z[i]!='_' ) return -1;
      add_token(p, LITERAL, z + i, w);
    }else if( z[i]=='%' ){
      if( p->n_token==0 || p->kind[p->n_token-1]!=ANY_RUN ) add_token(p, ANY_RUN, z, 0);
    }else if( z[i]=='_' ){
      add_token(p, ANY_ONE, z, 0);
    }else{
      add_token(p, LITERAL, z + i, w);
    }
    i += w;
  }
  find_shape(p);
  return 0;
}

static int matches_general(const LikePattern *p, const char *z, int n){
  int t = 0, i = 0, run = -1, resume = 0;
  while( 1 ){
    int from = t>0 ? p->end[t-1] : 0;
    if( t==p->n_token ){
      if( i==n ) return 1;
    }else if( p->kind[t]==ANY_RUN ){
      run = ++t;
      resume = i;
      continue;
    }else if( p->kind[t]==ANY_ONE ){
      if( i<n ){
        i += utf8_width(z + i, n - i);
        t++;
        continue;
      }
    }else if( i<n && z[i]==p->literal[from] && n - i>=p->end[t] - from
           && memcmp(z + i, p->literal + from, (size_t)(p->end[t] - from))==0 ){
      i += p->end[t] - from;
      t++;
      continue;
    }
    if( run<0 || resume>=n ) return 0;
    resume += (unsigned char)z[resume]<0x80 ? 1 : utf8_width(z + resume, n - resume);
    i = resume;
    t = run;
  }
}

static int matches(const LikePattern *p, const char *z, int n){
  int len = p->n_token ? p->end[p->n_token-1] : 0;
  switch( p->shape ){
    case LIKE_EQUAL:  return n==len && memcmp(z, p->literal, (size_t)n)==0;
    case LIKE_PREFIX: return n>=len && memcmp(z, p->literal, (size_t)len)==0;
    case LIKE_SUFFIX: return n>=len && memcmp(z + n - len, p->literal, (size_t)len)==0;
    case LIKE_WITHIN: return n>=len && memmem(z, (size_t)n, p->literal, (size_t)len)!=0;
    default:          return matches_general(p, z, n);
  }
}

/* The memo's pattern, or a new one in its place. */
static int get_pattern(FnCall *c, const Value *pattern, const Value *escape, LikePattern **out){
  LikePattern *p = c->memo;
  if( p && is_same(p, pattern, escape) ){
    *out = p;
    return FN_OK;
  }
  *out = 0;
  if( escape && utf8_count(escape->z, escape->n)!=1 ){
    return fn_bad_argument(c, "Escape string must be a single character");
  }
  p = pattern_new(pattern, escape);
  if( p==0 ){
    c->arena->oom = 1;
    return FN_OK;
  }
  if( parse(p, pattern, escape) ){
    sqlite3_free(p);
    return fn_bad_argument(c,
        "Escape character must be followed by '%%', '_' or the escape character itself");
  }
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  c->memo = p;
  c->memo_free = sqlite3_free;
  *out = p;
  return FN_OK;
}

static int fn_like(FnCall *c, int argc, const Value *a, Value *out){
  LikePattern *p;
  Value v = text_pad_char(c, fn_arg_type(c, 0), a[0]);
  if( get_pattern(c, &a[1], argc>2 ? &a[2] : 0, &p) ) return FN_ERROR;
  if( p ) *out = value_int(matches(p, v.z, v.n));
  return FN_OK;
}

const FnDef fn_like_rows[] = {
  {"$like", "(varchar, varchar) -> boolean", fn_like, FN_TYPED|FN_RAISES|FN_HIDDEN,
   "t_like", 0, 0, 0, 0},
  {"$like", "(varchar, varchar, varchar) -> boolean", fn_like, FN_TYPED|FN_RAISES|FN_HIDDEN,
   "t_like_escape", 0, 0, 0, 0},
  {"$like", "(char(x), varchar) -> boolean", fn_like, FN_TYPED|FN_RAISES|FN_HIDDEN,
   "t_like_char", 0, 0, 0, 0},
  {"$like", "(char(x), varchar, varchar) -> boolean", fn_like, FN_TYPED|FN_RAISES|FN_HIDDEN,
   "t_like_char_escape", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
