/*
** CAST and TRY_CAST: see cast.h.
**
**   t_cast('(varchar)integer', x)      t_try_cast('(varchar)integer', x)
**
** One function a pair of kinds: value_cast dispatches on the target, the
** target's function on the source.  Error texts are Trino's, each with its
** own idea of spelling (`INT`, `INTEGER`, `DECIMAL(5, 2)`).
** Pairs that Athena cannot cast never come here: the analyser has refused
** them; if one does, it is refused by name.
*/
#include "cast.h"
#include "json.h"
#include "../datetime.h"
#include "../decimal.h"
#include "../number.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVALID "INVALID_CAST_ARGUMENT"
#define OUT_OF_RANGE "NUMERIC_VALUE_OUT_OF_RANGE"

static int not_castable(FnCall *c, const Type *from, const Type *to){
  return fn_refuse(c, "CAST from %s to %s", type_text(c->arena, from), type_text(c->arena, to));
}

/* --- Text of floating point ---------------------------------------------- */

/* DecimalFormat's `0.0###E0`: digits in scientific form, at least one behind the point. */
static void print_scientific(Buf *b, double r, const char *digits, int n, int exponent){
  if( signbit(r) ) buf_char(b, '-');
  while( n>1 && digits[n-1]=='0' ) n--;
  buf_char(b, digits[0]);
  buf_char(b, '.');
  if( n>1 ) buf_add(b, digits+1, (size_t)(n-1));
  else buf_char(b, '0');
  buf_printf(b, "E%d", exponent-1);
}

void cast_print_double(Buf *b, double r){
  char digits[24];
  int n, exponent;
  if( isnan(r) || isinf(r) ){ value_print_double(b, r); return; }
  if( r==0 ){ buf_str(b, signbit(r) ? "-0E0" : "0E0"); return; }
  n = number_digits(r, 0, digits, &exponent);
  print_scientific(b, r, digits, n, exponent);
}

/* Seven digits of the double that the real's own text gives (Trino formats
** through Double.parseDouble(Float.toString(x))). */
void cast_print_real(Buf *b, double r){
  char text[NUMBER_TEXT_MAX], digits[24];
  int n, exponent;
  if( isnan(r) || isinf(r) ){ value_print_real(b, r); return; }
  if( r==0 ){ buf_str(b, signbit(r) ? "-0E0" : "0E0"); return; }
  number_real_text(r, text);
  r = strtod(text, 0);
  n = number_digits(r, 0, digits, &exponent);
  if( n>7 ){
    char exact[40];                       /* d.dddddde±x of the exact value */
    snprintf(exact, sizeof(exact), "%.6e", fabs(r));
    digits[0] = exact[0];
    memcpy(digits+1, exact+2, 6);
    exponent = atoi(exact+9) + 1;
    n = 7;
  }
  print_scientific(b, r, digits, n, exponent);
}

/* --- To text ------------------------------------------------------------- */

/* Bytes of the first n code points of z. */
static size_t prefix_bytes(const char *z, size_t bytes, int n){
  size_t i = 0;
  while( i<bytes && n-->0 ){
    i++;
    while( i<bytes && ((unsigned char)z[i] & 0xc0)==0x80 ) i++;
  }
  return i;
}

static int count_points(const char *z, size_t bytes){
  int n = 0;
  for(size_t i=0; i<bytes; i++) n += ((unsigned char)z[i] & 0xc0)!=0x80;
  return n;
}

/* The characters of a varchar or of a char with its blanks. */
static Value characters(FnCall *c, const Type *from, const Value *in){
  int missing;
  char *z;
  if( from->kind!=T_CHAR ) return *in;
  missing = from->p - count_points(in->z, (size_t)in->n);
  if( missing<=0 ) return *in;
  z = arena_alloc_raw(c->arena, (size_t)in->n + (size_t)missing + 1);
  if( z==0 ) return *in;
  if( in->n ) memcpy(z, in->z, (size_t)in->n);
  memset(z + in->n, ' ', (size_t)missing);
  return value_text(z, (size_t)in->n + (size_t)missing);
}

static int to_char(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  size_t n;
  if( from->kind!=T_VARCHAR && from->kind!=T_CHAR ) return not_castable(c, from, to);
  n = prefix_bytes(in->z, (size_t)in->n, to->p);
  while( n>0 && in->z[n-1]==' ' ) n--;
  *out = value_text(in->z, n);
  return FN_OK;
}

static int too_short(FnCall *c, const Type *from, const Type *to, const Value *in, const Buf *text){
  char java[NUMBER_TEXT_MAX];
  if( from->kind!=T_DOUBLE && from->kind!=T_REAL ){
    return fn_error(c, INVALID, "Value %.*s cannot be represented as varchar(%d)", (int)text->n, text->z, to->p);
  }
  if( from->kind==T_REAL ) number_real_text(in->r, java);
  else number_double_text(in->r, java);
  return fn_error(c, INVALID, "Value %s (%.*s) cannot be represented as varchar(%d)", java,
                  (int)text->n, text->z, to->p);
}

static int to_varchar(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  Buf b;
  if( from->kind==T_VARCHAR || from->kind==T_CHAR ){
    Value v = characters(c, from, in);
    size_t n = to->p==TYPE_UNBOUNDED ? (size_t)v.n : prefix_bytes(v.z, (size_t)v.n, to->p);
    *out = value_text(v.z, n);
    return FN_OK;
  }
  buf_init(&b, c->arena);
  switch( from->kind ){
    case T_DOUBLE: cast_print_double(&b, in->r); break;
    case T_REAL: cast_print_real(&b, in->r); break;
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
    case T_DECIMAL: case T_UUID: value_print(&b, from, in); break;
    default: return not_castable(c, from, to);
  }
  if( b.oom ) return FN_ERROR;
  if( to->p!=TYPE_UNBOUNDED && b.n>(size_t)to->p ) return too_short(c, from, to, in, &b);
  *out = value_text(b.z, b.n);
  return FN_OK;
}

/* --- To numbers ---------------------------------------------------------- */

static int from_text_failed(FnCall *c, const Value *in, const char *type){
  return fn_error(c, INVALID, "Cannot cast '%.*s' to %s", in->n, in->z, type);
}

static int to_boolean(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  const char *z = in->z;
  switch( from->kind ){
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: *out = value_int(in->i!=0); return FN_OK;
    case T_REAL: case T_DOUBLE: *out = value_int(in->r!=0); return FN_OK;
    case T_DECIMAL: *out = value_int(value_get_decimal(from, in)!=0); return FN_OK;
    case T_VARCHAR: break;
    default: return not_castable(c, from, to);
  }
  if( (in->n==1 && strchr("tT1", z[0])) || (in->n==4 && strncasecmp(z, "true", 4)==0) ){
    *out = value_int(1);
  }else if( (in->n==1 && strchr("fF0", z[0])) || (in->n==5 && strncasecmp(z, "false", 5)==0) ){
    *out = value_int(0);
  }else{
    return from_text_failed(c, in, "BOOLEAN");
  }
  return FN_OK;
}

typedef struct IntTarget { const char *name, *text_name, *decimal_name; int64_t min, max; } IntTarget;
static const IntTarget INT_TARGET[] = {     /* by kind, from T_TINYINT */
  {"tinyint", "TINYINT", "TINYINT", INT8_MIN, INT8_MAX},
  {"smallint", "SMALLINT", "SMALLINT", INT16_MIN, INT16_MAX},
  {"integer", "INT", "INTEGER", INT32_MIN, INT32_MAX},
  {"bigint", "BIGINT", "BIGINT", INT64_MIN, INT64_MAX},
};

/* Java's (long) of a double: saturates. */
static int64_t saturate(double r){
  return r>=0x1p63 ? INT64_MAX : r<=-0x1p63 ? INT64_MIN : (int64_t)r;
}

static int float_to_int(FnCall *c, const Type *from, const IntTarget *t, double r, Value *out){
  const char *name = from->kind==T_REAL ? "real" : "double";
  char z[NUMBER_TEXT_MAX];
  double rounded = round(r);
  if( from->kind==T_REAL ) number_real_text(r, z);
  else number_double_text(r, z);
  if( t->max==INT64_MAX && from->kind==T_DOUBLE ){
    if( !(rounded>=-0x1p63 && rounded<0x1p63) ) return fn_error(c, INVALID, "Unable to cast %s to bigint", z);
  }else if( isnan(r) ){
    return fn_error(c, INVALID, "Cannot cast %s NaN to %s", name, t->name);
  }
  *out = value_int(saturate(rounded));
  if( out->i<t->min || out->i>t->max ) return fn_error(c, OUT_OF_RANGE, "Out of range for %s: %s", t->name, z);
  return FN_OK;
}

static int decimal_to_int(FnCall *c, const Type *from, const IntTarget *t, i128 v, Value *out){
  i128 r = 0;
  char z[DECIMAL_TEXT_MAX];
  decimal_rescale(v, from->s, 0, &r);
  if( r<t->min || r>t->max ){
    if( from->p<=DECIMAL_SHORT_MAX ) decimal_text(r, 0, z);
    else decimal_text(v, from->s, z);
    return fn_error(c, INVALID, "Cannot cast '%s' to %s", z, t->decimal_name);
  }
  *out = value_int((int64_t)r);
  return FN_OK;
}

static int to_integer(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  const IntTarget *t = &INT_TARGET[to->kind - T_TINYINT];
  int64_t i;
  switch( from->kind ){
    case T_REAL: case T_DOUBLE: return float_to_int(c, from, t, in->r, out);
    case T_DECIMAL: return decimal_to_int(c, from, t, value_get_decimal(from, in), out);
    case T_VARCHAR:
      if( number_parse_long(in->z, (size_t)in->n, &i) || i<t->min || i>t->max ){
        return from_text_failed(c, in, t->text_name);
      }
      break;
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      i = in->i;
      if( i<t->min || i>t->max ){
        return fn_error(c, OUT_OF_RANGE, "Out of range for %s: %lld", t->name, (long long)i);
      }
      break;
    default: return not_castable(c, from, to);
  }
  *out = value_int(i);
  return FN_OK;
}

static int to_floating(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  int is_real = to->kind==T_REAL, failed = 0;
  double r = 0;
  switch( from->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      r = is_real ? (double)(float)in->i : (double)in->i;
      break;
    case T_REAL: case T_DOUBLE: r = is_real ? (double)(float)in->r : in->r; break;
    case T_DECIMAL:
      r = is_real ? decimal_to_real(value_get_decimal(from, in), from->p, from->s)
                  : decimal_to_double(value_get_decimal(from, in), from->p, from->s);
      break;
    case T_VARCHAR:
      failed = is_real ? number_parse_real(in->z, (size_t)in->n, &r) : number_parse_double(in->z, (size_t)in->n, &r);
      break;
    default: return not_castable(c, from, to);
  }
  if( failed ) return from_text_failed(c, in, is_real ? "REAL" : "DOUBLE");
  *out = value_real(r);
  return FN_OK;
}

/* What stands before the value in "Cannot cast X 'value' to DECIMAL(p, s)". */
static const char *decimal_source(FnCall *c, const Type *from){
  switch( from->kind ){
    case T_TINYINT: return "TINYINT";
    case T_SMALLINT: return "SMALLINT";
    case T_INTEGER: return "INTEGER";
    case T_BIGINT: return "BIGINT";
    case T_REAL: return "REAL";
    case T_DOUBLE: return "DOUBLE";
    case T_VARCHAR: return "VARCHAR";
    default: return arena_printf(c->arena, "DECIMAL(%d, %d)", from->p, from->s);
  }
}

static int to_decimal(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  i128 v = 0;
  int failed = 0;
  switch( from->kind ){
    case T_BOOLEAN: v = in->i ? decimal_power10(to->s) : 0; break;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      failed = decimal_rescale(in->i, 0, to->s, &v);
      break;
    case T_DECIMAL: failed = decimal_rescale(value_get_decimal(from, in), from->s, to->s, &v); break;
    case T_REAL: case T_DOUBLE: failed = decimal_from_double(in->r, from->kind==T_REAL, to->p, to->s, &v); break;
    case T_VARCHAR: failed = decimal_parse(in->z, (size_t)in->n, to->p, to->s, &v); break;
    default: return not_castable(c, from, to);
  }
  if( failed || !decimal_fits(v, to->p) ){
    Buf b;
    buf_init(&b, c->arena);
    if( from->kind==T_VARCHAR ) buf_add(&b, in->z, (size_t)in->n);
    else value_print(&b, from, in);
    if( b.oom ) return FN_ERROR;
    return fn_error(c, INVALID, "Cannot cast %s '%.*s' to DECIMAL(%d, %d)%s", decimal_source(c, from),
        (int)b.n, b.n ? b.z : "", to->p, to->s,
        from->kind!=T_VARCHAR ? "" : failed==-1 ? ". Value is not a number." : ". Value too large.");
  }
  *out = value_put_decimal(c->arena, to, v);
  return FN_OK;
}

static int to_varbinary(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  if( from->kind!=T_VARCHAR ) return not_castable(c, from, to);
  *out = value_blob(in->z, (size_t)in->n);
  return FN_OK;
}

/* A uuid is its lower-case text. */
static int to_uuid(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  char *z = arena_strndup(c->arena, in->z, (size_t)in->n);
  if( from->kind!=T_VARCHAR ) return not_castable(c, from, to);
  if( z==0 ) return FN_ERROR;
  for(int i=0; i<in->n; i++){
    int dash = i==8 || i==13 || i==18 || i==23;
    if( z[i]>='A' && z[i]<='F' ) z[i] += 'a' - 'A';
    if( in->n!=36 || (dash ? z[i]!='-' : !strchr("0123456789abcdef", z[i])) ){
      return fn_error(c, INVALID, "Cannot cast value to UUID: %.*s", in->n, in->z);
    }
  }
  if( in->n!=36 ) return fn_error(c, INVALID, "Cannot cast value to UUID: ");
  *out = value_text(z, 36);
  return FN_OK;
}

/* --- Containers ---------------------------------------------------------- */

static int cast_at(FnCall*, const Type*, const Type*, const Value*, Value*, int depth);

static int to_array(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out, int depth){
  ListBuilder b;
  int n = list_count(in);
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value x = list_get(in, i), y;
    if( cast_at(c, from->arg[0], to->arg[0], &x, &y, depth+1) ) return FN_ERROR;
    list_add(&b, y);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int to_row(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out, int depth){
  ListBuilder b;
  list_begin(&b, c->arena);
  for(int i=0; i<from->n; i++){
    Value x = list_get(in, i), y;
    if( cast_at(c, from->arg[i], to->arg[i], &x, &y, depth+1) ) return FN_ERROR;
    list_add(&b, y);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int to_map(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out, int depth){
  int n = list_count(in)/2, dup;
  Value *kv = arena_alloc_raw(c->arena, sizeof(Value)*(size_t)(2*n + 1));
  if( kv==0 ) return FN_ERROR;
  for(int i=0; i<2*n; i++){
    Value x = list_get(in, i);
    if( cast_at(c, from->arg[i&1], to->arg[i&1], &x, &kv[i], depth+1) ) return FN_ERROR;
    if( !(i&1) && kv[i].kind==V_NULL ) return fn_error(c, INVALID, "map key is null");
  }
  if( map_from(c->arena, to, n, kv, out, &dup) ) return fn_error(c, INVALID, "duplicate keys");
  return FN_OK;
}

/* --- Dispatch ------------------------------------------------------------ */

static int cast_at(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out, int depth){
  *out = value_null();
  if( in->kind==V_NULL ) return FN_OK;
  if( depth>CAST_DEPTH_MAX ) return fn_refuse(c, "CAST of types nested deeper than %d", CAST_DEPTH_MAX);
  if( from->kind==T_JSON || to->kind==T_JSON ){
    if( from->kind==to->kind ){ *out = *in; return FN_OK; }
    return cast_json(c, from, to, in, out);
  }
  if( type_is_temporal(from) || type_is_temporal(to) ) return cast_temporal(c, from, to, in, out);
  switch( to->kind ){
    case T_BOOLEAN:
      if( from->kind==T_BOOLEAN ) break;
      return to_boolean(c, from, to, in, out);
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: return to_integer(c, from, to, in, out);
    case T_REAL: case T_DOUBLE: return to_floating(c, from, to, in, out);
    case T_DECIMAL: return to_decimal(c, from, to, in, out);
    case T_VARCHAR: return to_varchar(c, from, to, in, out);
    case T_CHAR: return to_char(c, from, to, in, out);
    case T_VARBINARY:
      if( from->kind==T_VARBINARY ) break;
      return to_varbinary(c, from, to, in, out);
    case T_UUID:
      if( from->kind==T_UUID ) break;
      return to_uuid(c, from, to, in, out);
    case T_ARRAY:
      if( from->kind!=T_ARRAY ) return not_castable(c, from, to);
      return to_array(c, from, to, in, out, depth);
    case T_MAP:
      if( from->kind!=T_MAP ) return not_castable(c, from, to);
      return to_map(c, from, to, in, out, depth);
    case T_ROW:
      if( from->kind!=T_ROW || from->n!=to->n ) return not_castable(c, from, to);
      return to_row(c, from, to, in, out, depth);
    default:
      if( from->kind!=to->kind ) return not_castable(c, from, to);
  }
  *out = *in;
  return FN_OK;
}

int value_cast(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  return cast_at(c, from, to, in, out, 0);
}

/* --- Casts that SQLite can do -------------------------------------------- */

static int is_short_decimal(const Type *t){ return t->kind==T_DECIMAL && t->p<=DECIMAL_SHORT_MAX; }

static int decimal_digits_of_int(const Type *t){
  return t->kind==T_TINYINT ? 3 : t->kind==T_SMALLINT ? 5 : t->kind==T_INTEGER ? 10 : 19;
}

const char *cast_native(Arena *a, const Type *from, const Type *to){
  if( from->kind==T_UNKNOWN || type_equal(from, to) ) return "%1";
  if( from->kind==T_ROW || from->kind==T_ARRAY || from->kind==T_MAP ) return 0;
  if( type_is_integer(from) && type_is_integer(to) ) return from->kind<=to->kind ? "%1" : 0;
  if( from->kind==T_BOOLEAN && type_is_integer(to) ) return "%1";
  if( (type_is_integer(from) || from->kind==T_BOOLEAN) && to->kind==T_DOUBLE ) return "CAST(%1 AS REAL)";
  if( from->kind==T_REAL && to->kind==T_DOUBLE ) return "%1";
  if( from->kind==T_VARCHAR && to->kind==T_VARCHAR ){
    return to->p==TYPE_UNBOUNDED || (from->p!=TYPE_UNBOUNDED && from->p<=to->p) ? "%1" : 0;
  }
  if( type_is_integer(from) && to->kind==T_VARCHAR && (to->p==TYPE_UNBOUNDED || to->p>=20) ) return "CAST(%1 AS TEXT)";
  if( from->kind==T_CHAR && to->kind==T_CHAR ) return from->p<=to->p ? "%1" : 0;
  if( from->kind==T_VARCHAR && to->kind==T_VARBINARY ) return "CAST(%1 AS BLOB)";
  if( is_short_decimal(from) && is_short_decimal(to) && to->s>=from->s && to->p - to->s>=from->p - from->s ){
    if( to->s==from->s ) return "%1";
    return arena_printf(a, "(%%1 * %lld)", (long long)decimal_power10(to->s - from->s));
  }
  if( type_is_integer(from) && is_short_decimal(to) && to->p - to->s>=decimal_digits_of_int(from) ){
    return to->s==0 ? "%1" : arena_printf(a, "(%%1 * %lld)", (long long)decimal_power10(to->s));
  }
  if( from->kind==T_TIMESTAMP && to->kind==T_TIMESTAMP && from->p<=to->p && to->p<=6 ) return "%1";
  if( from->kind==T_DATE && to->kind==T_TIMESTAMP && to->p<=6 ) return "t_date_micros(%1)";
  return 0;
}

/* --- Rows ---------------------------------------------------------------- */

static int cast(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return cast_at(c, c->argt[0], c->rett, &argv[0], out, 0);
}

/* TRY_CAST: NULL for whatever Athena calls an error; our own refusals stay. */
static int try_cast(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  c->quiet = 1;
  if( cast_at(c, c->argt[0], c->rett, &argv[0], out, 0)==FN_OK ) return FN_OK;
  if( c->code==0 || strcmp(c->code, "TARN_NOT_SUPPORTED")==0 ) return FN_ERROR;
  c->code = c->message = 0;
  *out = value_null();
  return FN_OK;
}

const FnDef fn_cast[] = {
  {"$cast", "(T) -> U", cast, FN_TYPED|FN_RAISES, "t_cast", 0, 0, 0, 0},
  {"$try_cast", "(T) -> U", try_cast, FN_TYPED|FN_RAISES, "t_try_cast", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
