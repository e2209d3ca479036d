/*
** format(pattern, arguments…): java.util.Formatter on typed arguments.
**
** The row is typed: the analyser passes the types of the arguments, which
** arrive as they are.  Integers of all sizes arrive in Java as Long, so %c has
** no argument that it takes; decimals are BigDecimal, dates and times those of
** java.time; types without a class of their own come as their CAST to varchar.
**
** All specifiers are checked before anything is written, as Java does, and
** each error has Java's class and message.  Numbers are in format_number.c,
** %t in format_time.c.  Refused: %g, %h, %a with a precision, explicit index 0.
**
** Widths count UTF-16 units: a character beyond U+FFFF is two.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"
#include "format.h"
#include "cast.h"
#include "../datetime.h"

#define SPECS_MAX 500           /* specifiers in a pattern */

static const char FLAG_LETTERS[] = "-#+ 0,(<";

/* --- errors -------------------------------------------------------------- */

typedef struct Format {
  FnCall *c;
  const Value *pattern;
  int argc;                     /* arguments behind the pattern */
  const Value *argv;
  const Type *const *argt;
  int ordinary, last;           /* index of the next argument, of the last one used */
} Format;

static int invalid(Format *f, const char *class, const char *fmt, const char *a, const char *b){
  const char *message = arena_printf(f->c->arena, fmt, a, b);
  return fn_bad_argument(f->c, "Invalid format string: %.*s (%s: %s)", f->pattern->n, f->pattern->z,
                         class, message ? message : "");
}

static const char *flags_text(Arena *a, unsigned flags){
  Buf b;
  buf_init(&b, a);
  for(int i=0; i<8; i++) if( flags & (1u<<i) ) buf_char(&b, FLAG_LETTERS[i]);
  return b.z ? b.z : "";
}

static const char *conversion_text(Format *f, const FormatSpec *s){
  char c = s->conversion;
  if( s->upper && c>='a' && c<='z' ) c = (char)(c - 32);
  const char *z = arena_printf(f->c->arena, "%c", c);
  return z ? z : "";
}

/* A specifier as Java prints it back. */
static const char *spec_text(Format *f, const FormatSpec *s){
  Buf b;
  buf_init(&b, f->c->arena);
  buf_printf(&b, "%%%s", flags_text(f->c->arena, s->flags));
  if( s->index>0 && !(s->flags & FORMAT_PREVIOUS) && s->conversion!='%' ) buf_printf(&b, "%d$", s->index);
  if( s->width>=0 ) buf_printf(&b, "%d", s->width);
  if( s->precision>=0 ) buf_printf(&b, ".%d", s->precision);
  if( s->is_time ) buf_char(&b, s->upper ? 'T' : 't');
  buf_str(&b, conversion_text(f, s));
  return b.z ? b.z : "";
}

static int mismatch(Format *f, const FormatSpec *s, unsigned flags){
  unsigned first = flags & (~flags + 1);
  const char *c = arena_printf(f->c->arena, "%c", s->conversion);
  return invalid(f, "FormatFlagsConversionMismatch", "Conversion = %s, Flags = %s", c ? c : "",
                 flags_text(f->c->arena, first));
}

/* Java lists the capital conversion as a flag '^', behind '-'. */
static int bad_flags(Format *f, const FormatSpec *s){
  const char *z = arena_printf(f->c->arena, "%s%s%s", s->flags & FORMAT_LEFT ? "-" : "",
      s->upper ? "^" : "", flags_text(f->c->arena, s->flags & ~(unsigned)FORMAT_LEFT));
  return invalid(f, "IllegalFormatFlags", "Flags = '%s'%s", z ? z : "", "");
}

static int missing_width(Format *f, const FormatSpec *s){
  return invalid(f, "MissingFormatWidth", "%s%s", spec_text(f, s), "");
}

static int bad_precision(Format *f, const FormatSpec *s){
  const char *z = arena_printf(f->c->arena, "%d", s->precision);
  return invalid(f, "IllegalFormatPrecision", "%s%s", z ? z : "", "");
}

static int unknown_conversion(Format *f, const char *what){
  return invalid(f, "UnknownFormatConversion", "Conversion = '%s'%s", what, "");
}

/* --- parsing ------------------------------------------------------------- */

static int number(const Value *p, int *i){
  int64_t x = 0;
  while( *i<p->n && p->z[*i]>='0' && p->z[*i]<='9' && x<1000000000 ) x = x*10 + (p->z[(*i)++] - '0');
  return (int)(x<1000000000 ? x : 1000000000);
}

static int is_digit(const Value *p, int i){ return i<p->n && p->z[i]>='0' && p->z[i]<='9'; }

/* %[index$][flags][width][.precision][t]letter at *i, behind the '%'. */
static int parse_spec(Format *f, int *i, FormatSpec *s){
  const Value *p = f->pattern;
  int at = *i, k = *i, digits;
  memset(s, 0, sizeof(*s));
  s->width = s->precision = -1;
  digits = number(p, &k);
  if( k>at && k<p->n && p->z[k]=='$' ){
    s->index = digits;
    if( digits==0 ) return fn_refuse(f->c, "index 0 in format()");
    k++;
  }else{
    k = at;
  }
  for(const char *flag; k<p->n && p->z[k] && (flag = strchr(FLAG_LETTERS, p->z[k])); k++){
    unsigned bit = 1u<<(flag - FLAG_LETTERS);
    if( s->flags & bit ) return invalid(f, "DuplicateFormatFlags", "Flags = '%s'%s", flags_text(f->c->arena, bit), "");
    s->flags |= bit;
  }
  if( is_digit(p, k) ) s->width = number(p, &k);
  if( k<p->n && p->z[k]=='.' && is_digit(p, k + 1) ){
    k++;
    s->precision = number(p, &k);
  }
  if( k + 1<p->n && (p->z[k]=='t' || p->z[k]=='T')
   && ((p->z[k+1] | 32)>='a' ? (p->z[k+1] | 32)<='z' : p->z[k+1]=='%') ){
    s->is_time = 1;
    s->upper = p->z[k]=='T';
    k++;
  }
  if( k>=p->n || !(p->z[k]=='%' || ((p->z[k] | 32)>='a' && (p->z[k] | 32)<='z')) ){
    if( at>=p->n ) return unknown_conversion(f, "%");
    const char *z = arena_strndup(f->c->arena, p->z + at, (size_t)utf8_width(p->z + at, p->n - at));
    return unknown_conversion(f, z ? z : "");
  }
  s->conversion = p->z[k++];
  *i = k;
  return FN_OK;
}

static int check_numeric(Format *f, const FormatSpec *s){
  if( s->width<0 && (s->flags & (FORMAT_LEFT|FORMAT_ZERO)) ) return missing_width(f, s);
  if( (s->flags & (FORMAT_PLUS|FORMAT_SPACE))==(FORMAT_PLUS|FORMAT_SPACE)
   || (s->flags & (FORMAT_LEFT|FORMAT_ZERO))==(FORMAT_LEFT|FORMAT_ZERO) ) return bad_flags(f, s);
  return FN_OK;
}

/* Flags that only numbers have. */
#define NUMERIC_FLAGS (FORMAT_PLUS|FORMAT_SPACE|FORMAT_ZERO|FORMAT_GROUP|FORMAT_PAREN)

static int check_time(Format *f, const FormatSpec *s){
  if( s->precision>=0 ) return bad_precision(f, s);
  if( !format_is_time_conversion(s->conversion) ){
    const char *z = arena_printf(f->c->arena, "t%c", s->conversion);
    return unknown_conversion(f, z ? z : "");
  }
  unsigned bad = s->flags & (FORMAT_ALTERNATE|NUMERIC_FLAGS);
  if( bad ) return mismatch(f, s, bad);
  return s->width<0 && (s->flags & FORMAT_LEFT) ? missing_width(f, s) : FN_OK;
}

static int check_general(Format *f, const FormatSpec *s, unsigned bad){
  if( (s->conversion=='b' || s->conversion=='h') && (s->flags & FORMAT_ALTERNATE) ){
    return mismatch(f, s, FORMAT_ALTERNATE);
  }
  if( s->width<0 && (s->flags & FORMAT_LEFT) ) return missing_width(f, s);
  bad &= s->flags;
  return bad ? mismatch(f, s, bad) : FN_OK;
}

static int check_float(Format *f, const FormatSpec *s){
  unsigned bad = s->conversion=='a' ? FORMAT_PAREN|FORMAT_GROUP
               : s->conversion=='e' ? FORMAT_GROUP : s->conversion=='g' ? FORMAT_ALTERNATE : 0;
  if( check_numeric(f, s) ) return FN_ERROR;
  bad &= s->flags;
  if( s->conversion=='a' && (bad & FORMAT_PAREN) ) bad = FORMAT_PAREN;    /* looked at first */
  return bad ? mismatch(f, s, bad) : FN_OK;
}

static int check_integer(Format *f, const FormatSpec *s){
  unsigned bad = s->flags & (s->conversion=='d' ? FORMAT_ALTERNATE : FORMAT_GROUP);
  if( check_numeric(f, s) ) return FN_ERROR;
  if( s->precision>=0 ) return bad_precision(f, s);
  return bad ? mismatch(f, s, bad) : FN_OK;
}

static int check_text(Format *f, const FormatSpec *s){
  if( s->precision>=0 ) return bad_precision(f, s);
  if( s->conversion=='n' ){
    const char *z = arena_printf(f->c->arena, "%d", s->width);
    if( s->width>=0 ) return invalid(f, "IllegalFormatWidth", "%s%s", z ? z : "", "");
    return s->flags ? bad_flags(f, s) : FN_OK;
  }
  if( s->flags & ~(unsigned)FORMAT_LEFT ) return bad_flags(f, s);
  return s->width<0 && s->flags ? missing_width(f, s) : FN_OK;
}

/* Is the specifier one that Java accepts? */
static int check_spec(Format *f, FormatSpec *s){
  char c = s->conversion;
  if( s->is_time ) return check_time(f, s);
  if( !strchr("bBhHsScCdoxXeEfgGaA%n", c) ){
    const char *z = arena_printf(f->c->arena, "%c", c);
    return unknown_conversion(f, z ? z : "");
  }
  if( c>='A' && c<='Z' ){
    s->upper = 1;
    s->conversion = (char)(c | 32);
  }
  switch( s->conversion ){
    case 'b': case 'h': case 's': return check_general(f, s, NUMERIC_FLAGS);
    case 'c':
      if( s->precision>=0 ) return bad_precision(f, s);
      if( s->flags & (FORMAT_ALTERNATE|NUMERIC_FLAGS) ){
        return mismatch(f, s, s->flags & (FORMAT_ALTERNATE|NUMERIC_FLAGS));
      }
      return check_general(f, s, 0);
    case 'd': case 'o': case 'x': return check_integer(f, s);
    case '%': case 'n': return check_text(f, s);
    default: return check_float(f, s);
  }
}

/* --- writing ------------------------------------------------------------- */

/* UTF-16 units of a text. */
static int64_t units(const char *z, int n){
  int64_t k = 0;
  for(int i=0; i<n; k++) if( utf8_next(z, n, &i)>0xffff ) k++;
  return k;
}

static int justify(Format *f, Buf *out, const FormatSpec *s, const char *z, int n){
  int64_t missing = s->width - units(z, n);
  if( s->width>TEXT_MAX || (missing>0 && out->n + (size_t)missing>TEXT_MAX) ){
    return fn_refuse(f->c, "a text longer than %d bytes", TEXT_MAX);
  }
  if( !(s->flags & FORMAT_LEFT) ) for(int64_t i=0; i<missing; i++) buf_char(out, ' ');
  buf_add(out, z, (size_t)n);
  if( s->flags & FORMAT_LEFT ) for(int64_t i=0; i<missing; i++) buf_char(out, ' ');
  return FN_OK;
}

/* The first `precision` units; half a pair is printed '?'. */
static void cut(Buf *b, const char *z, int n, int precision){
  int64_t left = precision<0 ? INT64_MAX : precision;
  for(int i=0; i<n && left>0; ){
    int from = i;
    unsigned cp = utf8_next(z, n, &i);
    left -= cp>0xffff ? 2 : 1;
    if( left<0 ) buf_char(b, '?');
    else buf_add(b, z + from, (size_t)(i - from));
  }
}

/* Java's String.toUpperCase; what maps to several characters is refused, but ß. */
static int upper_text(Format *f, Buf *b, const char *z, int n){
  for(int i=0; i<n; ){
    unsigned cp = utf8_next(z, n, &i);
    if( cp==0xdf ) buf_str(b, "SS");
    else if( cp==0x149 || cp==0x1f0 || cp==0x390 || cp==0x3b0 || cp==0x587
          || (cp>=0x1e96 && cp<=0x1e9a) || (cp>=0x1f50 && cp<=0x1fff && text_upper_point(cp)!=cp)
          || (cp>=0xfb00 && cp<=0xfb17) ) return fn_refuse(f->c, "capitals of U+%04X in format()", cp);
    else buf_utf8(b, text_upper_point(cp));
  }
  return FN_OK;
}

static int put_text(Format *f, Buf *out, const FormatSpec *s, const char *z, int n){
  Buf cut_text, upper;
  buf_init(&cut_text, f->c->arena);
  buf_init(&upper, f->c->arena);
  cut(&cut_text, z, n, s->precision);
  if( !s->upper ) return justify(f, out, s, cut_text.z ? cut_text.z : "", (int)cut_text.n);
  if( upper_text(f, &upper, cut_text.z ? cut_text.z : "", (int)cut_text.n) ) return FN_ERROR;
  return justify(f, out, s, upper.z ? upper.z : "", (int)upper.n);
}

static const char *java_class(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: return "java.lang.Boolean";
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: return "java.lang.Long";
    case T_REAL: return "java.lang.Float";
    case T_DOUBLE: return "java.lang.Double";
    case T_DECIMAL: return "java.math.BigDecimal";
    case T_DATE: return "java.time.LocalDate";
    case T_TIME: return "java.time.LocalTime";
    case T_TIMESTAMP: return "java.time.LocalDateTime";
    case T_TIMESTAMP_TZ: return "java.time.ZonedDateTime";
    default: return "java.lang.String";
  }
}

static int wrong_class(Format *f, const FormatSpec *s, const Type *t){
  const char *c = arena_printf(f->c->arena, "%c", s->conversion);
  return invalid(f, "IllegalFormatConversion", "%s != %s", c ? c : "", java_class(t));
}

/* String.valueOf of an argument. */
static int argument_text(Format *f, const Type *t, const Value *v, Value *out){
  Buf b;
  switch( t->kind ){
    case T_VARCHAR: case T_JSON: *out = *v; return FN_OK;
    case T_CHAR: *out = text_pad_char(f->c, t, *v); return FN_OK;
    case T_DATE: case T_TIME: case T_TIMESTAMP: case T_TIMESTAMP_TZ:
    case T_BOOLEAN: case T_REAL: case T_DOUBLE: case T_DECIMAL:
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: break;
    default: return value_cast(f->c, t, &TYPE_VARCHAR, v, out);
  }
  buf_init(&b, f->c->arena);
  if( t->kind==T_DECIMAL ) text_big_decimal(&b, value_get_decimal(t, v), t->s);
  else if( type_is_temporal(t) ){
    if( format_time_text(f->c, &b, t, v) ) return FN_ERROR;
  }else value_print(&b, t, v);
  *out = text_of(&b);
  return FN_OK;
}

static int put_general(Format *f, Buf *out, const FormatSpec *s, const Type *t, const Value *v){
  Value text = value_text("null", 4);
  if( s->conversion=='b' ){
    int true_ = v->kind!=V_NULL && (t->kind!=T_BOOLEAN || v->i);
    return put_text(f, out, s, true_ ? "true" : "false", true_ ? 4 : 5);
  }
  if( v->kind!=V_NULL && s->conversion=='h' ) return fn_refuse(f->c, "%%h in format()");
  if( v->kind!=V_NULL && argument_text(f, t, v, &text) ) return FN_ERROR;
  if( s->flags & FORMAT_ALTERNATE ) return mismatch(f, s, FORMAT_ALTERNATE);
  return put_text(f, out, s, text.z, text.n);
}

static int put_number(Format *f, Buf *out, const FormatSpec *s, const Type *t, const Value *v){
  Buf b;
  int rc;
  buf_init(&b, f->c->arena);
  if( strchr("dox", s->conversion) ){
    if( !type_is_integer(t) ) return wrong_class(f, s, t);
    rc = format_integer(f->c, &b, s, v->i);
  }else if( t->kind==T_DECIMAL && s->conversion!='a' ){
    rc = format_decimal(f->c, &b, s, value_get_decimal(t, v), t->s);
  }else if( t->kind==T_DOUBLE || t->kind==T_REAL ){
    rc = format_double(f->c, &b, s, v->r);
  }else{
    return wrong_class(f, s, t);
  }
  return rc ? rc : justify(f, out, s, b.z ? b.z : "", (int)b.n);
}

static int put_time(Format *f, Buf *out, const FormatSpec *s, const Type *t, const Value *v){
  Buf b;
  FormatSpec plain = *s;
  if( !type_is_integer(t) && strcmp(java_class(t), "java.lang.String")==0 ) return wrong_class(f, s, t);
  if( !type_is_integer(t) && (!type_is_temporal(t) || t->kind==T_BOOLEAN) ) return wrong_class(f, s, t);
  buf_init(&b, f->c->arena);
  if( format_time(f->c, &b, s, t, v) ) return FN_ERROR;
  return put_text(f, out, &plain, b.z ? b.z : "", (int)b.n);
}

static int put_argument(Format *f, Buf *out, const FormatSpec *s, const Type *t, const Value *v){
  if( !s->is_time && strchr("bhs", s->conversion) ) return put_general(f, out, s, t, v);
  if( v->kind==V_NULL ) return put_text(f, out, s, "null", 4);
  if( s->is_time ) return put_time(f, out, s, t, v);
  if( s->conversion=='c' ) return wrong_class(f, s, t);
  return put_number(f, out, s, t, v);
}

/* Which argument the specifier means, or -1 after an error. */
static int pick(Format *f, const FormatSpec *s){
  int i;
  if( s->flags & FORMAT_PREVIOUS ) i = f->last;
  else if( s->index>0 ) i = s->index - 1;
  else i = f->ordinary++;
  if( i<0 || i>=f->argc ){
    invalid(f, "MissingFormatArgument", "Format specifier '%s'%s", spec_text(f, s), "");
    return -1;
  }
  return f->last = i;
}

static int put_spec(Format *f, Buf *out, const FormatSpec *s){
  if( !s->is_time && s->conversion=='n' ){
    buf_char(out, '\n');
    return FN_OK;
  }
  if( !s->is_time && s->conversion=='%' ) return put_text(f, out, s, "%", 1);
  int i = pick(f, s);
  if( i<0 ) return FN_ERROR;
  return put_argument(f, out, s, f->argt[i], &f->argv[i]);
}

/* The texts between the specifiers and the specifiers, in a list. */
typedef struct Piece { int from, to; int has_spec; FormatSpec spec; } Piece;

static int parse(Format *f, Piece *piece, int *n){
  const Value *p = f->pattern;
  *n = 0;
  for(int i=0; i<p->n || *n==0; ){
    const char *percent = p->n>i ? memchr(p->z + i, '%', (size_t)(p->n - i)) : 0;
    Piece *q = &piece[(*n)++];
    if( *n>=SPECS_MAX ) return fn_refuse(f->c, "more than %d specifiers in format()", SPECS_MAX);
    q->from = i;
    q->to = percent ? (int)(percent - p->z) : p->n;
    q->has_spec = percent!=0;
    i = q->to + 1;
    if( percent==0 ) break;
    if( parse_spec(f, &i, &q->spec) || check_spec(f, &q->spec) ) return FN_ERROR;
  }
  return FN_OK;
}

static int fn_format(FnCall *c, int argc, const Value *a, Value *out){
  Format f = {c, &a[0], argc - 1, a + 1, c->argt + 1, 0, -1};
  Piece *piece;
  Buf b;
  int n;
  *out = value_null();
  if( a[0].kind==V_NULL ) return FN_OK;
  piece = arena_alloc_raw(c->arena, sizeof(Piece)*SPECS_MAX);
  if( piece==0 ) return FN_OK;
  if( parse(&f, piece, &n) ) return FN_ERROR;
  buf_init(&b, c->arena);
  for(int i=0; i<n; i++){
    buf_add(&b, a[0].z + piece[i].from, (size_t)(piece[i].to - piece[i].from));
    if( piece[i].has_spec && put_spec(&f, &b, &piece[i].spec) ) return FN_ERROR;
  }
  *out = text_of(&b);
  return FN_OK;
}

const FnDef fn_format_rows[] = {
  {"format", "(varchar, T...) -> varchar", fn_format, FN_NULLS|FN_TYPED|FN_RAISES, "t_format", 0,
   "Arguments written by a pattern, as Java's Formatter does.",
   "format('%,.2f', 1234567.89) = 1,234,567.89", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
