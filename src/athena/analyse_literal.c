/*
** Literals become values when the statement is analysed, so that a bad one is
** Athena's INVALID_LITERAL with its position, whether or not a row is read.
**
** 1.5 is a double (Athena's parse-decimal-literals-as-double), DECIMAL '1.5'
** a decimal(2,1).  `word '…'` is the CAST of the text to the type `word`.
*/
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "analyser.h"
#include "../../vtab/datetime.h"
#include "../../vtab/decimal.h"
#include "../../vtab/fn/cast.h"

static const Type *constant(Analyser *an, Expr *e, const Type *t, Value v){
  e->value = v;
  sem_new(an, e, SEM_VALUE);
  return e->type = t;
}

static const Type *integer(Analyser *an, Expr *e){
  int64_t v = 0;
  int negative = e->text[0]=='-';
  for(const char *p = e->text+negative; *p; p++){
    if( *p=='_' ) continue;
    int digit = negative ? '0'-*p : *p-'0';
    if( __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, digit, &v) )
      an_fail(an, "MALFORMED_QUERY", POS_START, "Invalid numeric literal: %s", e->text);
  }
  return constant(an, e, v<=INT32_MAX && v>=INT32_MIN ? &TYPE_INTEGER : &TYPE_BIGINT, value_int(v));
}

static int code_points(const char *z, int n){
  int count = 0;
  for(int i=0; i<n; i++) count += (z[i]&0xc0)!=0x80;
  return count;
}

_Noreturn static void invalid(Analyser *an, Expr *e, const char *type){
  char *up = arena_strdup(an->arena, type);
  for(char *p = up; p && *p; p++) if( *p>='a' && *p<='z' ) *p -= 32;
  an_fail(an, "INVALID_LITERAL", e->pos, "'%s' is not a valid %s literal", e->text, up);
}

static const Type *decimal(Analyser *an, Expr *e){
  i128 v = 0;
  int p = 0, scale = 0;
  if( decimal_literal(e->text, (size_t)e->value.n, &v, &p, &scale) ) invalid(an, e, "DECIMAL");
  const Type *t = type_decimal(an->arena, p, scale);
  return constant(an, e, t, value_put_decimal(an->arena, t, v));
}

static const Type *temporal(Analyser *an, Expr *e, const char *word){
  const Type *t = 0;
  Value v;
  DatetimeError error = {0, 0};
  size_t n = (size_t)e->value.n;
  int rc = !strcmp(word, "date") ? datetime_literal_date(an->arena, e->text, n, &t, &v, &error)
         : !strcmp(word, "time") ? datetime_literal_time(an->arena, e->text, n, &t, &v, &error)
         : datetime_literal_timestamp(an->arena, e->text, n, &t, &v, &error);
  if( rc ) an_fail(an, error.code, e->pos, "%s", error.message);
  return constant(an, e, t, v);
}

/* Run a registry function on a text at analysis time: JSON '…'. */
static int apply(Analyser *an, const char *name, const Value *in, Value *out){
  const Type *argt[1] = {&TYPE_VARCHAR};
  const Type *rett = 0;
  const FnDef *fn = fn_find(an, name, 1, argt, &rett);
  if( fn==0 ) return -1;
  FnCall c;
  memset(&c, 0, sizeof c);
  c.def = fn;
  c.argt = argt;
  c.rett = rett;
  c.arena = an->arena;
  return fn->impl(&c, 1, in, out);
}

static const Type *typed(Analyser *an, Expr *e){
  const char *word = e->type_name->text;
  Value in = value_text(e->text, (size_t)e->value.n), out = value_null();
  if( !strcasecmp(word, "date") || !strcasecmp(word, "time") || !strcasecmp(word, "timestamp") )
    return temporal(an, e, an_lower(an, word));
  if( !strcasecmp(word, "decimal") ) return decimal(an, e);
  const char *bad = 0;
  const Type *t = type_parse(an->arena, word, strlen(word), &bad);
  if( t==0 || !strcasecmp(word, "interval") )
    an_fail(an, "TYPE_NOT_FOUND", POS_NONE, "io.trino.spi.TrinoException: line %d:%d: Unknown resolvedType: %s",
      e->pos.line, e->pos.col, word);
  if( t->kind==T_JSON ){
    int rc = apply(an, "json_parse", &in, &out);
    if( rc<0 ) an_refuse(an, e->pos, "JSON literal");
    if( rc ) invalid(an, e, word);
    return constant(an, e, t, out);
  }
  if( t->n || t->kind==T_UNKNOWN )
    an_fail(an, "INVALID_LITERAL", e->pos, "No literal form for resolvedType %s", type_z(an, t));
  if( t->kind>=T_UUID ) an_refuse(an, e->pos, "%s literal", word);
  FnCall c;
  memset(&c, 0, sizeof c);
  c.arena = an->arena;
  if( t->kind==T_VARCHAR ) return constant(an, e, t, in);
  if( t->kind==T_CHAR ) t = type_char(an->arena, code_points(e->text, e->value.n));
  if( value_cast(&c, &TYPE_VARCHAR, t, &in, &out) ) invalid(an, e, word);
  return constant(an, e, t, out);
}

static const Type *interval(Analyser *an, Expr *e){
  const Type *t = 0;
  Value v;
  DatetimeError error = {0, 0};
  if( datetime_literal_interval(an->arena, e->text, (size_t)e->value.n, e->op, e->interval_from, e->interval_to, &t, &v, &error) )
    an_fail(an, error.code, e->pos, "%s", error.message);
  return constant(an, e, t, v);
}

const Type *literal_analyse(Analyser *an, Expr *e){
  switch( e->kind ){
    case EXPR_NULL: return constant(an, e, &TYPE_UNKNOWN, value_null());
    case EXPR_BOOL: return constant(an, e, &TYPE_BOOLEAN, value_int(e->value.i));
    case EXPR_INTEGER: return integer(an, e);
    case EXPR_DECIMAL: case EXPR_DOUBLE: return constant(an, e, &TYPE_DOUBLE, value_real(strtod(e->text, 0)));
    case EXPR_STRING: {
      int n = e->value.n;
      return constant(an, e, type_varchar(an->arena, code_points(e->text, n)), value_text(e->text, (size_t)n));
    }
    case EXPR_BINARY: return constant(an, e, &TYPE_VARBINARY, e->value);
    case EXPR_TYPED_LITERAL: return typed(an, e);
    case EXPR_INTERVAL: return interval(an, e);
    default: {
      Value v = value_null();
      const Type *t = datetime_now(an->arena, e->name.lower, e->index, an->context->now_micros, &v);
      if( t ) return constant(an, e, t, v);
      const char *text = !strcmp(e->name.lower, "current_catalog") ? "awsdatacatalog"
                       : !strcmp(e->name.lower, "current_schema") ? an->database : 0;
      if( text ) return constant(an, e, &TYPE_VARCHAR, value_text(text, strlen(text)));
      an_refuse(an, e->pos, "%s", e->name.text);
    }
  }
}
