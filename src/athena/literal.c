/*
** Literals: from the token to the node, with the errors that Trino raises when
** it builds them (they count only if the whole text parses).
*/
#include <string.h>
#include <strings.h>
#include "parse.h"

const char *integer_text(Parse *p, const Token *t, int negative, int64_t *value){
  const char *z = t->z, *end = z + t->n;
  int base = 10;
  unsigned __int128 v = 0, limit = ((unsigned __int128)1<<63) - !negative;
  if( t->n>2 && z[0]=='0' && (z[1] | 0x20)>='a' ){
    int c = z[1] | 0x20;
    base = c=='x' ? 16 : c=='o' ? 8 : 2;
    z += 2;
  }
  for(; z<end; z++){
    int c = *z | 0x20;
    if( *z=='_' ) continue;
    v = v*(unsigned)base + (unsigned)(c>='a' ? c-'a'+10 : *z-'0');
    if( v>limit ) return 0;
  }
  *value = negative ? (int64_t)(0-(uint64_t)v) : (int64_t)v;
  return arena_printf(p->arena, "%lld", (long long)*value);
}

Expr *expr_number(Parse *p, const Token *minus, const Token *t){
  Expr *e = expr_new(p, EXPR_INTEGER, minus ? minus->pos : t->pos);
  const char *sign = minus ? "-" : "";
  if( t->kind==LEX_INTEGER ){
    int64_t value = 0;
    e->text = integer_text(p, t, minus!=0, &value);
    e->value = value_int(value);
    if( e->text==0 ){
      e->text = "0";
      parse_fail_late(p, (Pos){1, 1}, "Invalid numeric literal: %s%.*s", sign, t->n, t->z);
    }
    return e;
  }
  char *text = arena_printf(p->arena, "%s%.*s", sign, t->n, t->z);
  size_t to = 0;
  for(size_t i=0; text[i]; i++) if( text[i]!='_' ) text[to++] = text[i];
  text[to] = 0;
  e->kind = t->kind==LEX_DECIMAL ? EXPR_DECIMAL : EXPR_DOUBLE;
  e->text = text;
  return e;
}

static int hex_digit(int c){
  if( c>='0' && c<='9' ) return c-'0';
  c |= 0x20;
  return c>='a' && c<='f' ? c-'a'+10 : -1;
}

/* One escape of U&'…' after its escape character: 4 hex digits, or + and 6.
** Returns the bytes taken, 0 when the error is noted. */
static int unicode_escape(Parse *p, Pos pos, const char *z, const char *end, Buf *out){
  int n = z<end && *z=='+' ? 6 : 4, skip = n==6;
  unsigned cp = 0;
  for(int i=0; i<n; i++){
    int d = z+skip+i<end ? hex_digit(z[skip+i]) : -1;
    if( d<0 ){
      parse_fail_late(p, pos, "Incomplete escape sequence: %.*s", i+skip, z);
      return 0;
    }
    cp = cp*16 + (unsigned)d;
  }
  if( cp>=0xd800 && cp<=0xdfff ){
    parse_fail_late(p, pos, "Invalid escaped character: %.*s. Escaped character is a surrogate. "
      "Use '\\+123456' instead.", n, z+skip);
    return 0;
  }
  if( cp>0x10ffff ){
    parse_fail_late(p, pos, "Invalid escaped character: %.*s", n, z+skip);
    return 0;
  }
  buf_utf8(out, cp);
  return n+skip;
}

static const char *decode_unicode(Parse *p, const Token *t, int *n){
  const char *z = token_unquote(p->arena, t, LEX_TRINO, n), *end = z + *n;
  int escape = '\\';
  Buf out;
  if( t->jump ){
    int m;
    const char *e = token_unquote(p->arena, t+2, LEX_TRINO, &m);
    if( m!=1 || *e=='\'' || *e=='+' || *e=='"' || *e==' ' || *e=='\t' || hex_digit(*e)>=0 ){
      parse_fail_late(p, t->pos, m==0 ? "Empty Unicode escape character" : "Invalid Unicode escape character: %s", e);
      return "";
    }
    escape = *e;
  }
  buf_init(&out, p->arena);
  while( z<end ){
    if( *z!=escape ){
      buf_char(&out, *z++);
    }else if( z+1<end && z[1]==escape ){
      buf_char(&out, (char)escape);
      z += 2;
    }else{
      int took = unicode_escape(p, t->pos, z+1, end, &out);
      if( took==0 ) return "";
      z += took+1;
    }
  }
  *n = (int)out.n;
  return out.z ? out.z : "";
}

Expr *expr_string(Parse *p, const Token *t){
  Expr *e = expr_new(p, EXPR_STRING, t->pos);
  int n = 0;
  e->text = t->kind==LEX_UNICODE ? decode_unicode(p, t, &n) : token_unquote(p->arena, t, LEX_TRINO, &n);
  e->value = value_text(e->text, (size_t)n);
  return e;
}

Expr *expr_binary_literal(Parse *p, const Token *t){
  Expr *e = expr_new(p, EXPR_BINARY, t->pos);
  int n = 0, digits = 0;
  const char *z = token_unquote(p->arena, t, LEX_TRINO, &n);
  char *out = arena_alloc(p->arena, (size_t)n/2+1);
  for(int i=0; i<n; i++){
    int d = hex_digit(z[i]);
    if( z[i]==' ' || z[i]=='\t' || z[i]=='\n' || z[i]=='\r' ) continue;
    if( d<0 ){
      parse_fail_late(p, t->pos, "Binary literal can only contain hexadecimal digits");
      return e;
    }
    out[digits/2] = (char)(digits%2 ? out[digits/2] | d : d<<4);
    digits++;
  }
  if( digits%2 ) parse_fail_late(p, t->pos, "Binary literal must contain an even number of digits");
  e->value = value_blob(out, (size_t)(digits/2));
  return e;
}

Expr *expr_typed_literal(Parse *p, Pos pos, const char *type, const Token *t){
  Expr *e = expr_string(p, t);
  e->kind = EXPR_TYPED_LITERAL;
  e->pos = e->start = pos;
  e->type_name = type_name_new(p, pos, type);
  if( strcasecmp(type, "x")==0 ){
    parse_fail_late(p, pos, "Spaces are not allowed between 'X' and the starting quote of a binary literal");
  }else if( strcasecmp(type, "u")==0 ){
    parse_fail_late(p, pos, "Spaces are not allowed between 'U', '&' and the starting quote of a unicode literal");
  }
  return e;
}

Expr *expr_interval(Parse *p, const Token *t, int sign, const Token *text, const char *from, const char *to){
  Expr *e = expr_string(p, text);
  e->kind = EXPR_INTERVAL;
  e->pos = e->start = t->pos;
  e->op = sign;
  e->interval_from = from;
  e->interval_to = to;
  return e;
}
