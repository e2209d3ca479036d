/*
** JSON functions over a path or a whole document: json_parse, json_format,
** json_extract, json_extract_scalar, json_size, json_array_length,
** json_array_get, json_array_contains, is_json_scalar.
**
** A path is `$` and steps `.name`, `["name"]`, `[3]`, `[name]`; a step is a
** key in an object and an index in an array.  It is parsed once per statement
** (the call's memo).  Extraction streams: it reads no further than the value,
** so it answers from a document that breaks off later.  What is not JSON, or
** not there, gives NULL.
*/
#include "../sqlite.h"
#include <string.h>
#include <utf8proc.h>
#include "text.h"
#include "json.h"
#include "../number.h"

#define PATH_STEPS_MAX 200
#define ERROR_TEXT_MAX 10000    /* bytes of a document quoted in an error */

/* --- paths --------------------------------------------------------------- */

typedef struct Step { int from, n; int64_t index; } Step;
typedef struct Path {
  int n_key, n_step;
  Step step[PATH_STEPS_MAX];
  char *key;                    /* the path as given */
  char *name;                   /* the names of all steps */
} Path;

/* A character that needs no quotes: letters, digits, '_'.  Java looks at
** UTF-16 units, so nothing beyond U+FFFF is a letter. */
static int is_name_point(unsigned cp){
  utf8proc_category_t kind;
  if( cp<0x80 ) return cp=='_' || (cp>='0' && cp<='9') || ((cp | 32)>='a' && (cp | 32)<='z');
  if( cp>0xffff ) return 0;
  kind = utf8proc_category((utf8proc_int32_t)cp);
  return (kind>=UTF8PROC_CATEGORY_LU && kind<=UTF8PROC_CATEGORY_LO) || kind==UTF8PROC_CATEGORY_ND;
}

/* An index as Integer.parseInt takes it, or -1. */
static int64_t step_index(const char *z, int n){
  int64_t x = 0;
  int i = n>1 && z[0]=='+';
  if( n - i>10 || n==0 ) return -1;
  for(; i<n; i++){
    if( z[i]<'0' || z[i]>'9' ) return -1;
    x = x*10 + (z[i] - '0');
  }
  return x>INT32_MAX ? -1 : x;
}

/* A step in quotes from *i on; \" and \\ are the only escapes.  Bytes of the
** name, or -1. */
static int quoted_step(const Value *p, int *i, char *name){
  int n = 0;
  while( *i<p->n && p->z[*i]!='"' ){
    if( p->z[*i]=='\\' ){
      ++*i;
      if( *i>=p->n || (p->z[*i]!='"' && p->z[*i]!='\\') ) return -1;
    }
    name[n++] = p->z[(*i)++];
  }
  if( *i>=p->n ) return -1;
  ++*i;
  return n;
}

/* A bare step; one behind a dot may have colons.  Bytes, or -1. */
static int bare_step(const Value *p, int *i, char *name, int after_dot){
  int from = *i;
  while( *i<p->n ){
    int k = *i;
    unsigned cp = utf8_next(p->z, p->n, &k);
    if( !is_name_point(cp) && !(after_dot && cp==':') ) break;
    *i = k;
  }
  memcpy(name, p->z + from, (size_t)(*i - from));
  return *i>from ? *i - from : -1;
}

/* 0; -1: no path; 1: too many steps. */
static int path_parse(Path *path, const Value *p){
  int i = 1, at = 0;
  if( p->n==0 || p->z[0]!='$' ) return -1;
  while( i<p->n ){
    Step *s = &path->step[path->n_step];
    char c = p->z[i++];
    if( path->n_step>=PATH_STEPS_MAX ) return 1;
    s->from = at;
    if( c=='.' ){
      s->n = bare_step(p, &i, path->name + at, 1);
    }else if( c=='[' ){
      if( i<p->n && p->z[i]=='"' ){
        i++;
        s->n = quoted_step(p, &i, path->name + at);
      }else{
        s->n = bare_step(p, &i, path->name + at, 0);
      }
      if( i>=p->n || p->z[i++]!=']' ) return -1;
    }else{
      return -1;
    }
    if( s->n<0 ) return -1;
    s->index = step_index(path->name + at, s->n);
    at += s->n;
    path->n_step++;
  }
  return 0;
}

static Path *path_new(const Value *p){
  Path *path = sqlite3_malloc64(sizeof(*path) + 2*(size_t)p->n + 2);
  if( path==0 ) return 0;
  memset(path, 0, sizeof(*path));
  path->key = (char*)(path + 1);
  path->name = path->key + p->n;
  path->n_key = p->n;
  memcpy(path->key, p->z, (size_t)p->n);
  return path;
}

/* The memo's path, or a new one in its place.  *out NULL: out of memory. */
static int get_path(FnCall *c, const Value *p, Path **out){
  Path *path = c->memo;
  int rc;
  *out = path;
  if( path && path->n_key==p->n && memcmp(path->key, p->z, (size_t)p->n)==0 ) return FN_OK;
  *out = 0;
  path = path_new(p);
  if( path==0 ){
    c->arena->oom = 1;
    return FN_OK;
  }
  rc = path_parse(path, p);
  if( rc ){
    sqlite3_free(path);
    return rc>0 ? fn_refuse(c, "a JSON path of more than %d steps", PATH_STEPS_MAX)
                : fn_bad_argument(c, "Invalid JSON path: '%.*s'", p->n, p->z);
  }
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  c->memo = *out = path;
  c->memo_free = sqlite3_free;
  return FN_OK;
}

/* --- streaming ----------------------------------------------------------- */

static int is_field(const JsonReader *r, const char *z, int n, Arena *scratch){
  if( r->is_plain ) return r->to - r->from==n && memcmp(r->z + r->from, z, (size_t)n)==0;
  Value text = json_text(scratch, r);
  return text.n==n && memcmp(text.z, z, (size_t)n)==0;
}

/* From the start of a container to the value of a step.  1 there, 0 not
** there or not JSON. */
static int enter(JsonReader *r, const char *name, const Step *s, Arena *scratch){
  if( r->token==JSON_OBJECT ){
    while( json_next(r)==JSON_FIELD ){
      int found = is_field(r, name + s->from, s->n, scratch);
      if( json_next(r)==JSON_ERROR ) return 0;
      if( found ) return 1;
      if( json_skip(r) ) return 0;
    }
  }else if( r->token==JSON_ARRAY ){
    for(int64_t i=0; json_next(r)!=JSON_ARRAY_END && r->token!=JSON_ERROR; i++){
      if( i==s->index ) return 1;
      if( json_skip(r) ) return 0;
    }
  }
  return 0;
}

/* Go to the value at a path: 1 when the reader stands on it. */
static int seek(JsonReader *r, const Path *path, const Value *json, Arena *scratch){
  JsonToken token;
  json_open(r, json->z, json->n);
  token = json_next(r);
  if( token==JSON_NONE || token==JSON_ERROR ) return 0;
  for(int i=0; i<path->n_step; i++){
    if( !enter(r, path->name, &path->step[i], scratch) ) return 0;
  }
  return 1;
}

/* What is too deep is refused, whatever else it is. */
static int finish(FnCall *c, const JsonReader *r){
  return r->too_deep ? fn_refuse(c, "JSON nested deeper than %d", JSON_DEPTH_MAX - 1) : FN_OK;
}

static int fn_json_extract(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Path *path;
  JsonReader r;
  Buf b;
  if( get_path(c, &a[1], &path) ) return FN_ERROR;
  *out = value_null();
  if( path==0 ) return FN_OK;
  buf_init(&b, c->arena);
  if( seek(&r, path, &a[0], c->arena) && json_write(&b, &r, JSON_COPY)==0 ) *out = text_of(&b);
  return finish(c, &r);
}

static int is_scalar(JsonToken t){ return t>=JSON_STRING && t<=JSON_NULL; }

static int fn_json_extract_scalar(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Path *path;
  JsonReader r;
  if( get_path(c, &a[1], &path) ) return FN_ERROR;
  *out = value_null();
  if( path==0 ) return FN_OK;
  if( seek(&r, path, &a[0], c->arena) && is_scalar(r.token) && r.token!=JSON_NULL ){
    *out = json_text(c->arena, &r);
  }
  return finish(c, &r);
}

/* Members of the container the reader stands on, or -1: not JSON. */
static int64_t count_members(JsonReader *r){
  JsonToken end = r->token==JSON_OBJECT ? JSON_OBJECT_END : JSON_ARRAY_END;
  int64_t n = 0;
  while( json_next(r)!=end ){
    if( r->token==JSON_FIELD ) json_next(r);
    if( json_skip(r) ) return -1;
    n++;
  }
  return n;
}

static int fn_json_size(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Path *path;
  JsonReader r;
  int64_t n = 0;
  if( get_path(c, &a[1], &path) ) return FN_ERROR;
  *out = value_null();
  if( path==0 ) return FN_OK;
  if( seek(&r, path, &a[0], c->arena) ){
    if( r.token==JSON_OBJECT || r.token==JSON_ARRAY ) n = count_members(&r);
    if( n>=0 ) *out = value_int(n);
  }
  return finish(c, &r);
}

/* --- whole documents ----------------------------------------------------- */

static int fn_json_parse(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  int rc = json_canonical(c->arena, a[0].z, a[0].n, out);
  if( rc>0 ) return fn_refuse(c, "JSON nested deeper than %d", JSON_DEPTH_MAX - 1);
  if( rc<0 ){
    return fn_bad_argument(c, "Cannot convert value to JSON: '%.*s'", a[0].n, a[0].z);
  }
  return FN_OK;
}

static int fn_json_format(FnCall *c, int argc, const Value *a, Value *out){
  (void)c; (void)argc;
  *out = a[0];
  return FN_OK;
}

static int fn_is_json_scalar(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  JsonReader r;
  int n = a[0].n<=ERROR_TEXT_MAX ? a[0].n : ERROR_TEXT_MAX, scalar;
  json_open(&r, a[0].z, a[0].n);
  json_next(&r);
  scalar = is_scalar(r.token);
  if( r.token==JSON_NONE || json_skip(&r) || json_next(&r)!=JSON_NONE ){
    if( r.too_deep ) return finish(c, &r);
    return fn_bad_argument(c, "Invalid JSON value: %.*s%s", n, a[0].z,
                           n<a[0].n ? "...(truncated)" : "");
  }
  *out = value_int(scalar);
  return FN_OK;
}

static int fn_json_array_length(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  JsonReader r;
  int64_t n;
  *out = value_null();
  json_open(&r, a[0].z, a[0].n);
  if( json_next(&r)!=JSON_ARRAY ) return finish(c, &r);
  n = count_members(&r);
  if( n>=0 ) *out = value_int(n);
  return finish(c, &r);
}

/* An element as json_array_get gives it: strings without their quotes. */
static int element(FnCall *c, JsonReader *r, Value *out){
  if( is_scalar(r->token) ){
    *out = json_text(c->arena, r);
    return 0;
  }
  Buf b;
  buf_init(&b, c->arena);
  if( json_write(&b, r, JSON_TREE) ) return -1;
  *out = text_of(&b);
  return 0;
}

static int fn_json_array_get(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  JsonReader r;
  int64_t index = a[1].i;
  *out = value_null();
  if( index<0 ){                            /* from the end: count first */
    json_open(&r, a[0].z, a[0].n);
    if( json_next(&r)!=JSON_ARRAY ) return finish(c, &r);
    int64_t n = count_members(&r);
    if( n<0 || index==INT64_MIN || -index>n ) return finish(c, &r);
    index += n;
  }
  json_open(&r, a[0].z, a[0].n);
  if( json_next(&r)!=JSON_ARRAY ) return finish(c, &r);
  while( json_next(&r)!=JSON_ARRAY_END && r.token!=JSON_ERROR ){
    if( index--==0 ){
      if( element(c, &r, out) ) *out = value_null();
      break;
    }
    if( json_skip(&r) ) break;
  }
  return finish(c, &r);
}

static int is_element(Arena *scratch, const JsonReader *r, const Type *t, const Value *v){
  int64_t i;
  switch( t->kind ){
    case T_BOOLEAN: return v->i ? r->token==JSON_TRUE : r->token==JSON_FALSE;
    case T_BIGINT:  return r->token==JSON_INTEGER && json_long(r, &i)==0 && i==v->i;
    case T_DOUBLE:  return r->token==JSON_FLOAT && json_double(r)==v->r;
    default:        return r->token==JSON_STRING && is_field(r, v->z, v->n, scratch);
  }
}

static int array_contains(FnCall *c, const Value *a, const Type *t, Value *out){
  JsonReader r;
  int found = 0;
  *out = value_null();
  if( t->kind==T_DOUBLE && !(a[1].r - a[1].r==0) ){
    *out = value_int(0);                    /* NaN and infinities are in no JSON */
    return FN_OK;
  }
  json_open(&r, a[0].z, a[0].n);
  if( json_next(&r)!=JSON_ARRAY ) return finish(c, &r);
  while( !found && json_next(&r)!=JSON_ARRAY_END ){
    if( r.token==JSON_ERROR ) return finish(c, &r);
    found = is_element(c->arena, &r, t, &a[1]);
    if( json_skip(&r) ) return finish(c, &r);
  }
  *out = value_int(found);
  return FN_OK;
}

#define CONTAINS(NAME, TYPE) \
  static int NAME(FnCall *c, int argc, const Value *a, Value *out){ \
    (void)argc; \
    return array_contains(c, a, TYPE, out); \
  }
CONTAINS(fn_contains_boolean, &TYPE_BOOLEAN)
CONTAINS(fn_contains_bigint, &TYPE_BIGINT)
CONTAINS(fn_contains_double, &TYPE_DOUBLE)
CONTAINS(fn_contains_text, &TYPE_VARCHAR)

#define PATHED (FN_TYPED|FN_RAISES)
const FnDef fn_json[] = {
  {"json_parse", "(varchar(x)) -> json", fn_json_parse, FN_RAISES, 0, 0,
   "The JSON value of a text, keys sorted.", "json_parse('{\"b\":1,\"a\":2}') = {\"a\":2,\"b\":1}", 0},
  {"json_format", "(json) -> varchar", fn_json_format, 0, 0, 0,
   "The text of a JSON value.", "json_format(JSON '[1, 2]') = [1,2]", 0},
  {"json_extract", "(varchar(x), jsonpath) -> json", fn_json_extract, PATHED, "t_json_extract", 0,
   "The value at a path, or NULL.", "json_extract('{\"a\":[1, 2]}', '$.a') = [1,2]", 0},
  {"json_extract", "(json, jsonpath) -> json", fn_json_extract, PATHED, "t_json_extract_json", 0,
   0, 0, 0},
  {"json_extract_scalar", "(varchar(x), jsonpath) -> varchar(x)", fn_json_extract_scalar, PATHED,
   "t_json_extract_scalar", 0, "The text, number or boolean at a path, as text, or NULL.",
   "json_extract_scalar('{\"a\":1.50}', '$.a') = 1.50", 0},
  {"json_extract_scalar", "(json, jsonpath) -> varchar", fn_json_extract_scalar, PATHED,
   "t_json_extract_scalar_json", 0, 0, 0, 0},
  {"json_size", "(varchar(x), jsonpath) -> bigint", fn_json_size, PATHED, "t_json_size", 0,
   "Number of members of the array or object at a path; 0 for others.",
   "json_size('{\"a\":[1, 2]}', '$.a') = 2", 0},
  {"json_size", "(json, jsonpath) -> bigint", fn_json_size, PATHED, "t_json_size_json", 0, 0, 0, 0},
  {"json_array_length", "(varchar(x)) -> bigint", fn_json_array_length, FN_RAISES,
   "t_json_array_length", 0, "Number of elements, or NULL when it is no array.",
   "json_array_length('[1, 2]') = 2", 0},
  {"json_array_length", "(json) -> bigint", fn_json_array_length, FN_RAISES,
   "t_json_array_length_json", 0, 0, 0, 0},
  {"json_array_get", "(varchar(x), bigint) -> json", fn_json_array_get, FN_RAISES,
   "t_json_array_get", 0, "An element by its index from 0, or from the end when negative.",
   "json_array_get('[[1, 2], 3]', 0) = [1,2]", 0},
  {"json_array_get", "(json, bigint) -> json", fn_json_array_get, FN_RAISES,
   "t_json_array_get_json", 0, 0, 0, 0},
  {"json_array_contains", "(json, bigint) -> boolean", fn_contains_bigint, FN_RAISES,
   "t_json_array_contains_bigint_json", 0, 0, 0, 0},
  {"json_array_contains", "(json, boolean) -> boolean", fn_contains_boolean, FN_RAISES,
   "t_json_array_contains_boolean_json", 0, 0, 0, 0},
  {"json_array_contains", "(json, varchar(x)) -> boolean", fn_contains_text, FN_RAISES,
   "t_json_array_contains_text_json", 0, 0, 0, 0},
  {"json_array_contains", "(json, double) -> boolean", fn_contains_double, FN_RAISES,
   "t_json_array_contains_double_json", 0, 0, 0, 0},
  {"json_array_contains", "(varchar(x), double) -> boolean", fn_contains_double, FN_RAISES,
   "t_json_array_contains_double", 0, 0, 0, 0},
  {"json_array_contains", "(varchar(x), bigint) -> boolean", fn_contains_bigint, FN_RAISES,
   "t_json_array_contains_bigint", 0, "Whether a JSON array has a value.",
   "json_array_contains('[1, 2]', 2) = true", 0},
  {"json_array_contains", "(varchar(x), boolean) -> boolean", fn_contains_boolean, FN_RAISES,
   "t_json_array_contains_boolean", 0, 0, 0, 0},
  {"json_array_contains", "(varchar(x), varchar(y)) -> boolean", fn_contains_text, FN_RAISES,
   "t_json_array_contains_text", 0, 0, 0, 0},
  {"is_json_scalar", "(varchar(x)) -> boolean", fn_is_json_scalar, FN_RAISES, "t_is_json_scalar", 0,
   "Whether a JSON text is a text, number, boolean or null.", "is_json_scalar('[1]') = false", 0},
  {"is_json_scalar", "(json) -> boolean", fn_is_json_scalar, FN_RAISES, "t_is_json_scalar_json", 0,
   0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
