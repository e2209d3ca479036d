/*
** Athena's regular expressions, rewritten for Oniguruma.
**
** Athena's engine is Joni, a Java port of Oniguruma 5.9, with its "Java"
** syntax.  Oniguruma 6.9 is the same machine; what has changed since is put
** back here, before the pattern is compiled:
**
**   \w \d \s      are ASCII: spelled out as classes
**   \y \h \R …    escaped letters without a meaning are the letters
**   \pL           is \p{L}; names with '_' or blanks are errors
**   ^* \b+        a repeated anchor is allowed: (?:^)*
**   look-behind   must have a fixed length (alternatives at its top level may
**                 differ): quantifiers, back references, $, look-ahead and
**                 isolated options inside are "invalid pattern in look-behind"
**   [a-c-e]       a '-' after a finished range is dropped: a-c and e
**   [\d-z]        a '-' after a class makes a range from the last single
**                 character of the brackets (or U+0000) to the next one
**
** The last two are slips of Joni that everyday patterns run into ([\w-.],
** [0-9-+]); other results of theirs are refused.
**
** One pass, left to right; the stack of groups is bounded.
*/
#include "../sqlite.h"
#include <string.h>
#include <stdio.h>
#include <stdlib.h>
#include "text.h"
#include "regexp.h"

static const char LOOK_BEHIND_ERROR[] = "invalid pattern in look-behind";

/* Where a bracket expression stands, as Joni's parser counts it. */
typedef enum ClassState { AT_START, AFTER_VALUE, IN_RANGE, AFTER_RANGE } ClassState;

typedef struct Scan {
  RegexpRewrite *r;
  const char *z;
  int n, i;
  Buf *out;
  int failed;
  int ignores_case;             /* (?i) occurs somewhere */
  int depth;                    /* open groups */
  int behind;                   /* how many of them are look-behinds */
  int lazy_end;                 /* where the last lazy quantifier ended */
  char is_behind[REGEXP_DEPTH_MAX];
  char is_capture[REGEXP_DEPTH_MAX];
} Scan;

static int fail(Scan *s, const char *fmt, const char *z, int n){
  if( !s->failed ) snprintf(s->r->error, sizeof(s->r->error), fmt, n, z);
  s->failed = 1;
  s->i = s->n;
  return -1;
}

static int fail_behind(Scan *s){ return fail(s, "%.*s", LOOK_BEHIND_ERROR, sizeof(LOOK_BEHIND_ERROR)); }

static int refuse(Scan *s, const char *what){
  if( !s->failed ) snprintf(s->r->refused, sizeof(s->r->refused), "%s in a regular expression", what);
  s->failed = 1;
  s->i = s->n;
  return -1;
}

/* What Java says where Joni reads past the end of the pattern. */
static int fail_index(Scan *s){
  char text[80];
  int n = snprintf(text, sizeof(text), "Index %d out of bounds for length %d", s->n, s->n);
  return fail(s, "%.*s", text, n);
}

static char peek(const Scan *s, int ahead){
  return s->i + ahead<s->n ? s->z[s->i + ahead] : 0;
}

static void copy(Scan *s, int n){
  if( n>s->n - s->i ) n = s->n - s->i;
  buf_add(s->out, s->z + s->i, (size_t)n);
  s->i += n;
}

/* --- escapes ------------------------------------------------------------- */

/* Properties whose names both engines know and whose members agree for the
** characters of Unicode 6.1. */
static int is_known_property(const char *z, int n){
  static const char *const known[] = {
    "alnum", "alpha", "alphabetic", "any", "ascii", "assigned", "blank", "cntrl", "digit",
    "graph", "lower", "lowercase", "print", "punct", "space", "upper", "uppercase", "word",
    "xdigit", "c", "cc", "cf", "cn", "co", "cs", "l", "lc", "ll", "lm", "lo", "lt", "lu", "m",
    "mc", "me", "mn", "n", "nd", "nl", "no", "p", "pc", "pd", "pe", "pf", "pi", "po", "ps", "s",
    "sc", "sk", "sm", "so", "z", "zl", "zp", "zs", "letter", "uppercaseletter", "number",
    "punctuation", "symbol", "separator", "other", "mark", "format", "control", "math",
    "arabic", "armenian", "bengali", "bopomofo", "cyrillic", "devanagari", "ethiopic",
    "georgian", "greek", "gujarati", "gurmukhi", "han", "hangul", "hebrew", "hiragana",
    "kannada", "katakana", "khmer", "lao", "latin", "malayalam", "mongolian", "myanmar",
    "oriya", "sinhala", "syriac", "tamil", "telugu", "thaana", "thai", "tibetan", "common",
    "arab", "cyrl", "grek", "hani", "hebr", "latn", 0
  };
  for(int i=0; known[i]; i++){
    if( (int)strlen(known[i])==n && sqlite3_strnicmp(known[i], z, n)==0 ) return 1;
  }
  return 0;
}

/* Names that Joni may know under its own tables. */
static int is_doubtful_property(const char *z, int n){
  if( n==0 || memchr(z, '^', (size_t)n) ) return 0;
  for(int i=0; i<n; i++){
    unsigned char c = (unsigned char)z[i];
    if( !((c>='a' && c<='z') || (c>='A' && c<='Z') || (c>='0' && c<='9')) ) return 0;
  }
  return !(n>2 && sqlite3_strnicmp(z, "is", 2)==0);
}

static int scan_property(Scan *s){
  const char *name = s->z + s->i + 2, *end;
  int n = 1, used = 3;
  s->r->uses_properties = 1;
  if( s->i + 2>=s->n ) return fail_index(s);
  if( name[0]=='{' ){
    name++;
    end = memchr(name, '}', (size_t)(s->z + s->n - name));
    if( end==0 ) return fail(s, "%.*s", "internal parser error (bug)", 27);
    n = (int)(end - name);
    used = n + 4;
  }
  if( !is_known_property(name, n) ){
    if( is_doubtful_property(name, n) ) return refuse(s, "this character property");
    return fail(s, "invalid character property name <%.*s>", name, n);
  }
  buf_printf(s->out, "\\%c{%.*s}", s->z[s->i + 1], n, name);
  s->i += used;
  return 0;
}

/* \w and the like: their members, or NULL for another letter. */
static const char *class_members(char c){
  switch( c ){
    case 'w': case 'W': return "0-9A-Z_a-z";
    case 'd': case 'D': return "0-9";
    case 's': case 'S': return "\\x09-\\x0d\\x20";
    default: return 0;
  }
}

static int is_letter(char c){ return (c>='a' && c<='z') || (c>='A' && c<='Z'); }

static int is_quantifier(const Scan *s, int at){
  char c = at<s->n ? s->z[at] : 0;
  return c=='*' || c=='+' || c=='?' || (c=='{' && at + 1<s->n && s->z[at+1]>='0' && s->z[at+1]<='9');
}

/* An anchor of `n` bytes, wrapped when it is repeated. */
static void scan_anchor(Scan *s, int n){
  int wrap = is_quantifier(s, s->i + n);
  if( wrap ) buf_str(s->out, "(?:");
  copy(s, n);
  if( wrap ) buf_char(s->out, ')');
}

static int scan_escape(Scan *s){
  char c = peek(s, 1);
  const char *members = class_members(c);
  if( members ){
    /* case folding does not widen \w: U+017F is no word character in (?i) */
    buf_printf(s->out, s->ignores_case ? "(?-i:[%s%s])" : "[%s%s]", c<'a' ? "^" : "", members);
    s->i += 2;
    return 0;
  }
  if( c=='p' || c=='P' ) return scan_property(s);
  if( c=='Q' ){
    const char *end = memmem(s->z + s->i, (size_t)(s->n - s->i), "\\E", 2);
    copy(s, end ? (int)(end - s->z) + 2 - s->i : s->n - s->i);
    return 0;
  }
  if( s->behind && ((c>='1' && c<='9') || c=='Z' || c=='z'
                    || (c=='k' && (peek(s, 2)=='<' || peek(s, 2)=='\''))) ){
    return fail_behind(s);
  }
  if( c=='b' || c=='B' ) s->r->uses_properties = 1;
  if( c && strchr("bBAZzG", c) ){
    scan_anchor(s, 2);
    return 0;
  }
  if( is_letter(c) && !strchr("xutnrfaevck", c) ) s->i++;
  copy(s, s->i<s->n && s->z[s->i]=='\\' ? 2 : 1);
  return 0;
}

/* --- brackets ------------------------------------------------------------ */

/* Bytes of the code point or escape at s->i in brackets, and its value;
** -1 when it is none that stands for one character. */
static int class_value(const Scan *s, unsigned *value){
  char *end;
  int i = s->i;
  if( s->z[i]!='\\' ){
    *value = utf8_next(s->z, s->n, &i);
    return i - s->i;
  }
  char c = peek(s, 1);
  const char *names = "tnrfaev", *is = "\t\n\r\f\a\033\v";
  if( c==0 && s->i + 1>=s->n ) return -1;
  if( c && strchr(names, c) ){
    *value = (unsigned char)is[strchr(names, c) - names];
    return 2;
  }
  if( c=='b' ){
    *value = '\b';
    return 2;
  }
  if( c=='x' && peek(s, 2)=='{' ){
    *value = (unsigned)strtoul(s->z + i + 3, &end, 16);
    return *end=='}' ? (int)(end - s->z) + 1 - i : -1;
  }
  if( c=='x' || c=='u' ){
    int digits = 0, most = c=='x' ? 2 : 4;
    for(*value = 0; digits<most; digits++){
      char h = peek(s, 2 + digits);
      int d = h>='0' && h<='9' ? h - '0' : h>='a' && h<='f' ? h - 'a' + 10
            : h>='A' && h<='F' ? h - 'A' + 10 : -1;
      if( d<0 ) break;
      *value = *value*16 + (unsigned)d;
    }
    return (c=='x' && *value>=0x80) || (c=='u' && digits<4) ? -1 : 2 + digits;
  }
  if( c=='c' || (c>='0' && c<='9') || c=='Q' ) return -1;
  i++;
  *value = utf8_next(s->z, s->n, &i);
  return i - s->i;
}

/* A '-' in brackets.  Joni's reading of it, written so that Oniguruma's is
** the same. */
static int scan_dash(Scan *s, ClassState *state, unsigned *last, int after_class){
  char next = peek(s, 1);
  int ends = next==']' || next==0 || (next=='&' && peek(s, 2)=='&');
  if( ends || *state==AT_START || *state==IN_RANGE || next=='-' ){
    if( *state==AFTER_VALUE && !ends ){
      if( after_class ) buf_printf(s->out, "\\x{%x}", *last);
      *state = IN_RANGE;
    }else{
      *state = *state==IN_RANGE ? AFTER_RANGE : AFTER_VALUE;
      *last = '-';
    }
    copy(s, 1);
    return 0;
  }
  if( next=='[' || (*state==AFTER_RANGE && next=='\\' && strchr("wWdDsSpP", peek(s, 2))) ){
    return refuse(s, "a '-' before a class");
  }
  if( *state==AFTER_RANGE ){
    s->i++;                               /* dropped */
    return 0;
  }
  if( after_class ) buf_printf(s->out, "\\x{%x}", *last);
  *state = IN_RANGE;
  copy(s, 1);
  return 0;
}

/* \w, \p{…}, [:alpha:] in brackets. */
static int scan_class_in_class(Scan *s, ClassState *state){
  char c = peek(s, 1);
  const char *members = class_members(c);
  if( *state==IN_RANGE ) return fail(s, "%.*s", "char-class value at end of range", 32);
  *state = AFTER_VALUE;
  if( members==0 ) return scan_property(s);
  buf_printf(s->out, c<'a' ? "[^%s]" : "%s", members);
  s->i += 2;
  return 0;
}

/* [:alpha:] is copied; 0 when it is none. */
static int posix_bracket(const Scan *s){
  const char *end;
  if( peek(s, 0)!='[' || peek(s, 1)!=':' ) return 0;
  end = memmem(s->z + s->i + 2, (size_t)(s->n - s->i - 2), ":]", 2);
  if( end==0 || end - (s->z + s->i)>20 ) return 0;
  for(const char *p = s->z + s->i + 2; p<end; p++) if( !is_letter(*p) && *p!='^' ) return 0;
  return (int)(end - s->z) + 2 - s->i;
}

static int scan_class_value(Scan *s, ClassState *state, unsigned *last){
  unsigned value = 0;
  int n = class_value(s, &value);
  if( n<0 ){
    if( peek(s, 1)=='Q' ) return refuse(s, "\\Q in brackets");
    value = 0;
    n = s->i + 1<s->n ? 2 : 1;
    if( peek(s, 1)=='c' ) n = 3;
  }
  *state = *state==IN_RANGE ? AFTER_RANGE : AFTER_VALUE;
  *last = value;
  if( s->z[s->i]=='\\' && is_letter(peek(s, 1)) && !strchr("tnrfaevxucb", peek(s, 1)) ){
    s->i++;
    n--;
  }
  copy(s, n);
  return 0;
}

/* '[' and what directly follows it. */
static void open_class(Scan *s){
  copy(s, 1);
  if( peek(s, 0)=='^' ) copy(s, 1);
  if( peek(s, 0)==']' && memchr(s->z + s->i + 1, ']', (size_t)(s->n - s->i - 1)) ){
    buf_str(s->out, "\\]");               /* a letter, when the class ends later */
    s->i++;
  }
}

static void scan_class(Scan *s){
  ClassState state[REGEXP_DEPTH_MAX];
  unsigned last[REGEXP_DEPTH_MAX];
  int depth = 0, after_class = 0, posix;
  while( s->i<s->n ){
    char c = s->z[s->i];
    if( c=='[' && (posix = posix_bracket(s))>0 && depth>0 ){
      s->r->uses_properties = 1;
      if( state[depth]==IN_RANGE ){
        fail(s, "%.*s", "char-class value at end of range", 32);
        return;
      }
      copy(s, posix);
      state[depth] = AFTER_VALUE;
      after_class = 1;
    }else if( c=='[' ){
      if( ++depth>=REGEXP_DEPTH_MAX ){
        refuse(s, "such deep nesting");
        return;
      }
      int from = s->i;
      open_class(s);
      state[depth] = s->z[s->i - 1]==']' && s->i - from>1 ? AFTER_VALUE : AT_START;
      last[depth] = state[depth]==AFTER_VALUE ? ']' : 0;
      after_class = 0;
    }else if( c==']' ){
      copy(s, 1);
      if( --depth==0 ) return;
      after_class = 1;
    }else if( c=='&' && peek(s, 1)=='&' ){
      copy(s, 2);
      if( state[depth]==AFTER_VALUE ) last[depth] = 0;
      state[depth] = AT_START;
    }else if( c=='-' ){
      if( scan_dash(s, &state[depth], &last[depth], after_class) ) return;
      after_class = 0;
    }else if( c=='\\' && (class_members(peek(s, 1)) || peek(s, 1)=='p' || peek(s, 1)=='P') ){
      if( scan_class_in_class(s, &state[depth]) ) return;
      after_class = 1;
    }else{
      if( scan_class_value(s, &state[depth], &last[depth]) ) return;
      after_class = 0;
    }
  }
}

/* --- groups and quantifiers ---------------------------------------------- */

static int starts(const Scan *s, int at, const char *prefix){
  int n = (int)strlen(prefix);
  return at + n<=s->n && memcmp(s->z + at, prefix, (size_t)n)==0;
}

/* After "(?": a look-behind, or something a look-behind must not hold. */
static int scan_group_kind(Scan *s, int *is_behind){
  int at = s->i + 2;
  *is_behind = starts(s, at, "<=") || starts(s, at, "<!");
  if( starts(s, at, "<") && at + 1>=s->n ) return fail_index(s);
  if( s->behind && (starts(s, at, "=") || starts(s, at, "!")) ) return fail_behind(s);
  if( s->behind ){
    int k = at + (int)strspn(s->z + at, "imsx-");
    if( k>at && k<s->n && s->z[k]==')' ) return fail_behind(s);
  }
  return 0;
}

static int scan_open(Scan *s){
  int is_behind = 0;
  if( starts(s, s->i, "(?#") ){             /* a comment */
    int k = s->i + 3;
    while( k<s->n && s->z[k]!=')' ) k += s->z[k]=='\\' ? 2 : 1;
    copy(s, k + 1 - s->i);
    return 0;
  }
  if( starts(s, s->i, "(?") && scan_group_kind(s, &is_behind) ) return -1;
  if( s->depth>=REGEXP_DEPTH_MAX ) return refuse(s, "such deep nesting");
  s->is_capture[s->depth] = !starts(s, s->i, "(?");
  s->is_behind[s->depth++] = (char)is_behind;
  s->behind += is_behind;
  if( s->behind>1 ) s->r->nests_behind = 1;
  copy(s, is_behind ? 4 : 1);
  if( !is_behind && peek(s, 0)=='?' ) copy(s, 1);
  return 0;
}

static void scan_close(Scan *s){
  if( s->depth>0 ){
    s->behind -= s->is_behind[--s->depth];
    if( !s->is_capture[s->depth] && s->lazy_end==s->i && is_quantifier(s, s->i + 1) ){
      refuse(s, "a repeated lazy quantifier");
      return;
    }
  }
  copy(s, 1);
}

/* A brace quantifier whose counts differ. */
static int is_variable_brace(const Scan *s){
  int low = 0, high = 0, used = 0;
  char text[32];
  snprintf(text, sizeof(text), "%.*s", s->n - s->i<31 ? s->n - s->i : 31, s->z + s->i);
  if( sscanf(text, "{%9d}%n", &low, &used)==1 && used ) return 0;
  if( sscanf(text, "{%9d,%9d}%n", &low, &high, &used)==2 && used ) return low!=high;
  return sscanf(text, "{%9d,}%n", &low, &used)==1 && used;
}

/* A quantifier with its mark; a third one in a row nests in ways that differ. */
static int scan_quantifier(Scan *s){
  if( s->behind && (s->z[s->i]!='{' || is_variable_brace(s)) ) return fail_behind(s);
  if( s->z[s->i]=='{' ){
    const char *end = memchr(s->z + s->i, '}', (size_t)(s->n - s->i));
    copy(s, end ? (int)(end - s->z) + 1 - s->i : 1);
  }else{
    copy(s, 1);
  }
  if( (peek(s, 0)=='?' || peek(s, 0)=='+') && is_quantifier(s, s->i + 1) ){
    return refuse(s, "a row of quantifiers");
  }
  if( peek(s, 0)=='?' ){
    copy(s, 1);
    s->lazy_end = s->i;
  }
  return 0;
}

static void scan_one(Scan *s){
  char c = s->z[s->i];
  if( c=='\\' ) scan_escape(s);
  else if( c=='[' ) scan_class(s);
  else if( c=='(' ) scan_open(s);
  else if( c==')' ) scan_close(s);
  else if( c=='$' && s->behind ) fail_behind(s);
  else if( c=='^' || c=='$' ) scan_anchor(s, 1);
  else if( is_quantifier(s, s->i) ) scan_quantifier(s);
  else copy(s, utf8_width(s->z + s->i, s->n - s->i));
}

/* Does an option occur, as in (?i) or (?s-i:…)? */
static int has_option(const char *z, int n, char option){
  for(int i=0; i + 2<n; i++){
    if( z[i]!='(' || z[i+1]!='?' ) continue;
    for(int k=i + 2; k<n && strchr("imsx-", z[k]) && z[k]; k++) if( z[k]==option ) return 1;
  }
  return 0;
}

int regexp_rewrite(RegexpRewrite *r, Buf *out, const char *z, int n){
  Scan s;
  memset(r, 0, sizeof(*r));
  memset(&s, 0, sizeof(s));
  s.r = r;
  s.z = z;
  s.n = n;
  s.out = out;
  s.ignores_case = has_option(z, n, 'i');
  if( has_option(z, n, 'x') && memchr(z, '#', (size_t)n) ) refuse(&s, "a comment of (?x)");
  while( s.i<s.n ) scan_one(&s);
  return s.failed ? -1 : 0;
}
