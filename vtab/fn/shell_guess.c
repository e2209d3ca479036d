/*
** SQLite's values as Athena's: guessing a type from a class and a text.
**
** JSON's type is inferred from all of it: numbers without fraction are bigint,
** others double; the elements of an array and the values of an object must
** have a common type, or the object is a row and the array none.
**
** Limits: JSON nested JSON_DEPTH_MAX deep, objects of JSON_FIELDS_MAX keys.
*/
#include "../sqlite.h"
#include "shell_guess.h"
#include "resolve.h"
#include "registry.h"
#include "../datetime.h"
#include <string.h>
#include <ctype.h>

#define JSON_DEPTH_MAX 32
#define JSON_FIELDS_MAX 200

typedef struct Scan {
  Arena *arena;
  const char *z, *end;
  int depth;
} Scan;

static const Type *infer(Scan *s);

static void skip_blank(Scan *s){
  while( s->z<s->end && isspace((unsigned char)*s->z) ) s->z++;
}

static int eat(Scan *s, char c){
  skip_blank(s);
  if( s->z>=s->end || *s->z!=c ) return 0;
  s->z++;
  return 1;
}

static int eat_word(Scan *s, const char *word){
  size_t n = strlen(word);
  if( (size_t)(s->end - s->z)<n || memcmp(s->z, word, n) ) return 0;
  s->z += n;
  return 1;
}

/* Over a string; *text is its inside as written. */
static int skip_string(Scan *s, const char **text, size_t *n){
  if( !eat(s, '"') ) return 0;
  *text = s->z;
  while( s->z<s->end && *s->z!='"' ) s->z += *s->z=='\\' && s->z+1<s->end ? 2 : 1;
  *n = (size_t)(s->z - *text);
  return eat(s, '"');
}

static const Type *infer_number(Scan *s){
  const char *start = s->z;
  int real = 0;
  for(; s->z<s->end && strchr("+-0123456789.eE", *s->z); s->z++) real |= strchr(".eE", *s->z)!=0;
  if( s->z==start ) return 0;
  return real ? &TYPE_DOUBLE : &TYPE_BIGINT;
}

static const Type *infer_array(Scan *s){
  const Type *element = &TYPE_UNKNOWN;
  if( eat(s, ']') ) return type_array(s->arena, element);
  do{
    const Type *t = infer(s);
    element = t ? type_common(s->arena, element, t) : 0;
    if( element==0 ) return 0;
  }while( eat(s, ',') );
  return eat(s, ']') ? type_array(s->arena, element) : 0;
}

static const Type *infer_object(Scan *s){
  const Type *arg[JSON_FIELDS_MAX], *value = &TYPE_UNKNOWN;
  const char *name[JSON_FIELDS_MAX];
  int n = 0;
  if( eat(s, '}') ) return type_map(s->arena, &TYPE_VARCHAR, value);
  do{
    const char *z;
    size_t len;
    if( n==JSON_FIELDS_MAX || !skip_string(s, &z, &len) || !eat(s, ':') ) return 0;
    name[n] = arena_strndup(s->arena, z, len);
    arg[n] = infer(s);
    if( name[n]==0 || arg[n]==0 ) return 0;
    if( value ) value = type_common(s->arena, value, arg[n]);
    n++;
  }while( eat(s, ',') );
  if( !eat(s, '}') ) return 0;
  return value ? type_map(s->arena, &TYPE_VARCHAR, value) : type_row(s->arena, n, arg, name);
}

static const Type *infer(Scan *s){
  const Type *t;
  const char *z;
  size_t n;
  skip_blank(s);
  if( s->z>=s->end || s->depth>=JSON_DEPTH_MAX ) return 0;
  if( *s->z=='"' ) return skip_string(s, &z, &n) ? &TYPE_VARCHAR : 0;
  if( eat_word(s, "null") ) return &TYPE_UNKNOWN;
  if( eat_word(s, "true") || eat_word(s, "false") ) return &TYPE_BOOLEAN;
  s->depth++;
  if( eat(s, '[') ) t = infer_array(s);
  else if( eat(s, '{') ) t = infer_object(s);
  else t = infer_number(s);
  s->depth--;
  return t;
}

static const Type *guess_json(Arena *a, const char *z, size_t n){
  Scan s = { a, z, z + n, 0 };
  const Type *t;
  skip_blank(&s);
  if( s.z>=s.end || (*s.z!='[' && *s.z!='{') ) return 0;
  t = infer(&s);
  skip_blank(&s);
  return s.z==s.end ? t : 0;
}

static const Type *guess_time(const char *z, size_t n){
  int64_t x;
  if( n<8 || !isdigit((unsigned char)z[0]) ) return 0;
  if( datetime_parse_date(z, n, &x)==0 ) return &TYPE_DATE;
  if( datetime_parse_timestamp(z, n, &x)==0 ) return &TYPE_TIMESTAMP;
  return 0;
}

const Type *shell_guess(Arena *a, const Value *v, int readings){
  const Type *t = 0;
  switch( v->kind ){
    case V_INT:
      if( (readings & GUESS_BOOLEAN) && (uint64_t)v->i<=1 ) return &TYPE_BOOLEAN;
      if( (readings & GUESS_INTEGER) && v->i==(int32_t)v->i ) return &TYPE_INTEGER;
      return &TYPE_BIGINT;
    case V_REAL: return &TYPE_DOUBLE;
    case V_BLOB: return &TYPE_VARBINARY;
    case V_TEXT:
      if( readings & GUESS_JSON ) t = guess_json(a, v->z, (size_t)v->n);
      if( t==0 && (readings & GUESS_TIME) ) t = guess_time(v->z, (size_t)v->n);
      return t ? t : &TYPE_VARCHAR;
    default: return &TYPE_UNKNOWN;
  }
}

/* --- names ------------------------------------------------------------------ */

/* SQLite's own functions, of 3.40 and later: they keep their names. */
static const char *const SQLITE_NAMES[] = {
  "abs", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "avg", "ceil", "ceiling", "changes",
  "char", "coalesce", "concat", "concat_ws", "cos", "cosh", "count", "cume_dist", "date", "datetime", "degrees",
  "dense_rank", "exp", "first_value", "floor", "format", "glob", "group_concat", "hex", "if", "ifnull", "iif",
  "instr", "json", "json_array", "json_array_length", "json_extract", "json_object", "lag", "last_value",
  "lead", "length", "like", "ln", "log", "log10", "log2", "lower", "ltrim", "max", "median", "min", "mod",
  "nth_value", "ntile", "nullif", "octet_length", "percent_rank", "percentile", "pi", "pow", "power", "printf",
  "quote", "radians", "random", "rank", "replace", "round", "row_number", "rtrim", "sign", "sin", "sinh",
  "soundex", "sqrt", "string_agg", "substr", "substring", "sum", "tan", "tanh", "time", "total", "trim",
  "trunc", "typeof", "unhex", "unicode", "unistr", "upper",
};

static int is_sqlite_name(const char *name){
  int lo = 0, hi = (int)(sizeof(SQLITE_NAMES)/sizeof(SQLITE_NAMES[0])) - 1;
  while( lo<=hi ){
    int mid = (lo + hi)/2, c = strcmp(name, SQLITE_NAMES[mid]);
    if( c==0 ) return 1;
    if( c<0 ) hi = mid - 1; else lo = mid + 1;
  }
  return 0;
}

const char *shell_name(const char *name, char *buf){
  sqlite3_snprintf(FN_SQL_NAME_MAX, buf, "%s%s", is_sqlite_name(name) ? "athena_" : "", name);
  return buf;
}
