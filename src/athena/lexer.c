/*
** The lexer: see lexer.h.  One scanning function a token class; each returns
** the end of its token.  Positions are advanced over the token's text when it
** is done, so that no scanner has to think of lines.
*/
#include <string.h>
#include <strings.h>
#include "lexer.h"

typedef struct Lexer {
  Arena *arena;
  const char *z, *end;
  Pos pos;
  LexDialect dialect;
  Token *token;
  int n, cap;
} Lexer;

static int is_digit(int c){ return c>='0' && c<='9'; }
static int is_letter(int c){ return (c>='a' && c<='z') || (c>='A' && c<='Z') || c=='_'; }
static int is_blank(int c){ return c==' ' || c=='\t' || c=='\r' || c=='\n'; }

/* Bytes of the code point at z; a broken one counts as one byte. */
static int utf8_length(const char *z, const char *end){
  unsigned char c = (unsigned char)*z;
  int n = c<0x80 ? 1 : c<0xc0 ? 1 : c<0xe0 ? 2 : c<0xf0 ? 3 : 4;
  for(int i=1; i<n; i++){
    if( z+i>=end || ((unsigned char)z[i] & 0xc0)!=0x80 ) return 1;
  }
  return n;
}

static void advance(Lexer *x, const char *to){
  while( x->z<to ){
    if( *x->z=='\n' ){
      x->pos.line++;
      x->pos.col = 1;
      x->z++;
    }else{
      x->pos.col++;
      x->z += utf8_length(x->z, x->end);
    }
  }
}

/* End of a comment that begins at z, or z if none does.  An unclosed bracketed
** comment is no comment: its characters are tokens. */
static const char *skip_comment(const char *z, const char *end){
  if( end-z<2 ) return z;
  if( z[0]=='-' && z[1]=='-' ){
    const char *e = memchr(z, '\n', (size_t)(end-z));
    return e ? e+1 : end;
  }
  if( z[0]=='/' && z[1]=='*' ){
    for(const char *e=z+2; end-e>=2; e++){
      if( e[0]=='*' && e[1]=='/' ) return e+2;
    }
  }
  return z;
}

/* End of the quoted text that begins at z, or NULL when it is not closed.  What
** is only closed by half of a doubled quote ends there: 'a'' is 'a' and a '. */
static const char *skip_quoted(const char *z, const char *end, int doubled, int backslash){
  const char *half = 0;
  char q = *z++;
  for(; z<end; z++){
    if( backslash && *z=='\\' ){
      z++;
      continue;
    }
    if( *z!=q ) continue;
    if( doubled && z+1<end && z[1]==q ){
      half = ++z;
      continue;
    }
    return z+1;
  }
  return half;
}

/* Digits of one base, single underscores between them allowed. */
static const char *skip_digits(const char *z, const char *end, int base){
  for(;;){
    const char *e = z + (z<end && *z=='_');
    int c = e<end ? (*e | 0x20) : 0;
    int digit = e<end && is_digit(*e) ? *e-'0' : c>='a' && c<='f' ? c-'a'+10 : 99;
    if( digit>=base ) return z;
    z = e+1;
  }
}

static const char *skip_word(const char *z, const char *end){
  while( z<end && (is_letter(*z) || is_digit(*z)) ) z++;
  return z;
}

/* The longest of: a number in some form, or a word that begins with a digit. */
static const char *scan_number(const char *z, const char *end, LexKind *kind){
  const char *e = z, *word;
  int prefix = z+1<end && *z=='0' ? (z[1] | 0x20) : 0;
  *kind = LEX_INTEGER;
  if( prefix=='x' || prefix=='o' || prefix=='b' ){
    e = skip_digits(z+2, end, prefix=='x' ? 16 : prefix=='o' ? 8 : 2);
    if( e==z+2 ) e = z+1;
  }else{
    if( is_digit(*e) ) e = skip_digits(e+1, end, 10);
    if( e<end && *e=='.' ){
      *kind = LEX_DECIMAL;
      e++;
      if( e<end && is_digit(*e) ) e = skip_digits(e+1, end, 10);
    }
    if( e<end && (*e | 0x20)=='e' ){
      const char *x = e+1;
      if( x<end && (*x=='+' || *x=='-') ) x++;
      if( x<end && is_digit(*x) ){
        *kind = LEX_DOUBLE;
        e = skip_digits(x+1, end, 10);
      }
    }
  }
  word = is_digit(*z) ? skip_word(z, end) : z;
  if( word>e ){
    *kind = LEX_DIGIT_WORD;
    e = word;
  }
  return e;
}

static const char *scan_operator(Lexer *x, int *op){
  static const struct { char a, b; int op; } two[] = {
    {'<','>',LEX_NE}, {'!','=',LEX_NE}, {'<','=',LEX_LE}, {'>','=',LEX_GE},
    {'|','|',LEX_CONCAT}, {'-','>',LEX_ARROW}, {'=','>',LEX_NAMED}
  };
  const char *z = x->z;
  for(size_t i=0; i<sizeof(two)/sizeof(two[0]); i++){
    if( z[0]==two[i].a && z+1<x->end && z[1]==two[i].b ){
      *op = two[i].op;
      return z+2;
    }
  }
  if( strchr("()[]{},.;:?+-*/%=<>", *z) && *z ){
    *op = *z;
    return z+1;
  }
  return z;
}

static const char *scan_token(Lexer *x, LexKind *kind, int *op){
  const char *z = x->z, *end = x->end, *e = 0;
  int hive = x->dialect==LEX_HIVE;
  if( *z=='\'' || (hive && *z=='"') ){
    *kind = LEX_STRING;
    e = skip_quoted(z, end, !hive, hive);
  }else if( *z=='"' ){
    *kind = LEX_QUOTED;
    e = skip_quoted(z, end, 1, 0);
  }else if( *z=='`' ){
    *kind = LEX_BACKQUOTED;
    e = skip_quoted(z, end, 1, 0);
  }else if( !hive && (*z | 0x20)=='x' && z+1<end && z[1]=='\'' ){
    *kind = LEX_BINARY;
    e = skip_quoted(z+1, end, 0, 0);
  }else if( !hive && (*z | 0x20)=='u' && end-z>2 && z[1]=='&' && z[2]=='\'' ){
    *kind = LEX_UNICODE;
    e = skip_quoted(z+2, end, 1, 0);
  }
  if( e ) return e;
  if( is_letter(*z) ){
    *kind = LEX_WORD;
    return skip_word(z, end);
  }
  if( is_digit(*z) || (*z=='.' && z+1<end && is_digit(z[1])) ) return scan_number(z, end, kind);
  e = scan_operator(x, op);
  *kind = e>z ? LEX_OPERATOR : LEX_UNKNOWN;
  return e>z ? e : z + utf8_length(z, end);
}

static void skip_blanks(Lexer *x){
  for(;;){
    const char *e = x->z;
    while( e<x->end && is_blank(*e) ) e++;
    e = skip_comment(e, x->end);
    if( e==x->z ) return;
    advance(x, e);
  }
}

static Token *new_token(Lexer *x){
  if( x->n==x->cap ){
    int cap = x->cap ? x->cap*2 : 64;
    Token *t = arena_alloc_raw(x->arena, sizeof(Token)*(size_t)cap);
    if( t==0 ) return 0;
    if( x->n ) memcpy(t, x->token, sizeof(Token)*(size_t)x->n);
    x->token = t;
    x->cap = cap;
  }
  memset(&x->token[x->n], 0, sizeof(Token));
  return &x->token[x->n++];
}

static TokenList lex(Arena *arena, const char *sql, size_t n, LexDialect dialect, int one){
  Lexer x = { .arena = arena, .z = sql, .end = sql+n, .pos = {1, 1}, .dialect = dialect };
  TokenList list = {0, 0};
  for(;;){
    Token *t;
    skip_blanks(&x);
    t = new_token(&x);
    if( t==0 ) return list;
    t->pos = x.pos;
    t->z = x.z;
    if( x.z>=x.end || (one && *x.z==';') ) break;
    const char *e = scan_token(&x, &t->kind, &t->op);
    t->n = (int)(e-t->z);
    advance(&x, e);
  }
  list.token = x.token;
  list.n = x.n;
  return list;
}

TokenList lex_all(Arena *arena, const char *sql, size_t n, LexDialect dialect){
  return lex(arena, sql, n, dialect, 0);
}

TokenList lex_statement(Arena *arena, const char *sql, size_t n, LexDialect dialect){
  return lex(arena, sql, n, dialect, 1);
}

/* One backslash escape of a Hive string; returns the bytes it took. */
static int unescape_hive(const char *z, const char *end, Buf *out){
  static const char from[] = "0'\"bnrtZ", to[] = {0, '\'', '"', '\b', '\n', '\r', '\t', 0x1a};
  const char *p;
  int octal = 0;
  if( end-z<2 ){
    buf_char(out, '\\');
    return 1;
  }
  if( z[1]=='u' && end-z>=6 ){
    unsigned cp = 0;
    for(int i=2; i<6; i++){
      int c = z[i] | 0x20, d = is_digit(z[i]) ? z[i]-'0' : c>='a' && c<='f' ? c-'a'+10 : -1;
      if( d<0 ) break;
      cp = cp*16 + (unsigned)d;
      if( i==5 ){
        buf_utf8(out, cp);
        return 6;
      }
    }
  }
  while( octal<3 && z+1+octal<end && z[1+octal]>='0' && z[1+octal]<='7' ) octal++;
  if( octal==3 && z[1]<='1' ){
    buf_utf8(out, (unsigned)((z[1]-'0')*64 + (z[2]-'0')*8 + z[3]-'0'));
    return 4;
  }
  p = strchr(from, z[1]);
  if( p && *p ){
    buf_char(out, to[p-from]);
    return 2;
  }
  /* `\%` and `\_` keep their backslash, for LIKE; others lose it. */
  if( z[1]=='%' || z[1]=='_' ) buf_char(out, '\\');
  buf_char(out, z[1]);
  return 2;
}

const char *token_unquote(Arena *arena, const Token *t, LexDialect dialect, int *n){
  const char *z = t->z, *end = t->z + t->n;
  int hive = dialect==LEX_HIVE && t->kind==LEX_STRING;
  char q;
  Buf out;
  buf_init(&out, arena);
  if( t->kind==LEX_UNICODE ) z += 2;
  if( t->kind==LEX_BINARY ) z += 1;
  q = *z++;
  end--;
  while( z<end ){
    if( hive && *z=='\\' ){
      z += unescape_hive(z, end, &out);
    }else{
      buf_char(&out, *z);
      z += !hive && *z==q ? 2 : 1;
    }
  }
  buf_char(&out, 0);
  if( n ) *n = (int)out.n-1;
  return out.oom ? "" : out.z;
}
