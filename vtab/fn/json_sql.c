/*
** The SQL/JSON functions, called as sqljson.h says.
**
** The path is a literal: its tree is the call's memo.  Input is a text.  An
** object that is built has its keys in the order of Java's HashMap, in which
** Athena collects them.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"
#include "json.h"
#include "json_path.h"
#include "cast.h"
#include "resolve.h"
#include "sqljson.h"

#define PASSING_MAX 50

/* --- the path ------------------------------------------------------------ */

typedef struct PathMemo { Arena arena; JsonSqlPath path; int n_key; char key[]; } PathMemo;

static void memo_free(void *p){
  PathMemo *m = p;
  if( m ) arena_free(&m->arena);
  sqlite3_free(m);
}

static int get_path(FnCall *c, const Value *text, const JsonSqlPath **out){
  PathMemo *m = c->memo;
  const char *error;
  int at, rc;
  *out = 0;
  if( m && m->n_key==text->n && memcmp(m->key, text->z, (size_t)text->n)==0 ){
    *out = &m->path;
    return FN_OK;
  }
  m = sqlite3_malloc64(sizeof(*m) + (size_t)text->n + 1);
  if( m==0 ){
    c->arena->oom = 1;
    return FN_ERROR;
  }
  memset(m, 0, sizeof(*m));
  arena_init(&m->arena);
  m->n_key = text->n;
  memcpy(m->key, text->z, (size_t)text->n);
  rc = json_path_parse(&m->arena, m->key, m->n_key, &m->path, &error, &at);
  if( rc ){
    if( rc>0 ) fn_refuse(c, "%s", error);
    else fn_error(c, "MALFORMED_QUERY", "%s", error);
    memo_free(m);
    return FN_ERROR;
  }
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  c->memo = m;
  c->memo_free = memo_free;
  *out = &m->path;
  return FN_OK;
}

/* --- input --------------------------------------------------------------- */

/* What went wrong with an input or a path, before the ON ERROR clause. */
typedef struct Trouble { const char *code, *message; } Trouble;

static const Trouble BAD_INPUT = {"JSON_INPUT_CONVERSION_ERROR", "conversion to JSON failed: "};

/* 0; -1: not JSON; 1: refused. */
static int parse_input(FnCall *c, const Value *v, Item *out){
  int blank = 1, rc;
  for(int i=0; i<v->n && blank; i++) blank = v->z[i] && strchr(" \t\r\n", v->z[i])!=0;
  if( blank ){
    fn_refuse(c, "an empty text as JSON input");
    return 1;
  }
  rc = item_parse(c->arena, v->z, v->n, out);
  if( rc>0 ) fn_refuse(c, "JSON nested deeper than %d", JSON_DEPTH_MAX - 1);
  return rc;
}

static void sql_item(const Type *t, const Value *v, Item *out){
  memset(out, 0, sizeof(*out));
  if( v->kind==V_NULL ){
    out->kind = ITEM_NULL;
    out->is_json = 1;
    return;
  }
  out->kind = ITEM_SCALAR;
  out->type = t;
  out->v = *v;
}

/* The passed values; their names stand in `how`, each behind a '|'. */
static int get_variables(FnCall *c, const Value *how, int n, const Value *v, int first,
                         PathVariable *out){
  const char *p = memchr(how->z, '|', (size_t)how->n), *end = how->z + how->n;
  if( n>PASSING_MAX ){
    fn_refuse(c, "more than %d values passed to a JSON path", PASSING_MAX);
    return 1;
  }
  for(int i=0; i<n; i++){
    const char *stop = p ? memchr(p + 1, '|', (size_t)(end - p - 1)) : 0;
    if( p==0 || p + 1>=end ) return -1;
    if( stop==0 ) stop = end;
    memset(&out[i], 0, sizeof(out[i]));
    out[i].name = p + 2;
    out[i].n_name = (int)(stop - p - 2);
    if( p[1]=='J' ){
      out[i].is_empty = v[i].kind==V_NULL;
      int rc = out[i].is_empty ? 0 : parse_input(c, &v[i], &out[i].item);
      if( rc ) return rc;
    }else{
      sql_item(fn_arg_type(c, first + i), &v[i], &out[i].item);
    }
    p = stop<end ? stop : 0;
  }
  return 0;
}

/*
** Run the path on the input; the passed values begin at argument `first`.  0: *out.  -1: *t says why not.  1: an error was
** raised on the call.
*/
static int find_items(FnCall *c, const Value *a, int argc, int first, Sequence *out, Trouble *t){
  const JsonSqlPath *path;
  PathVariable variable[PASSING_MAX];
  Item input;
  const char *why = 0;
  int rc;
  if( get_path(c, &a[2], &path) ) return 1;
  *t = BAD_INPUT;
  rc = parse_input(c, &a[1], &input);
  if( rc==0 ) rc = get_variables(c, &a[0], argc - first, a + first, first, variable);
  if( rc ) return rc;
  rc = json_path_evaluate(c, path, &input, argc - first, variable, out, &why);
  if( rc<0 ){
    t->code = why ? "PATH_EVALUATION_ERROR" : 0;
    t->message = why ? arena_printf(c->arena, "path evaluation failed: %s", why) : "";
  }
  return rc;
}

static int raise_trouble(FnCall *c, const Trouble *t){
  if( t->code==0 ) return fn_refuse(c, "the error of this JSON path");
  return fn_error(c, t->code, "%s", t->message ? t->message : "");
}

/* --- json_exists --------------------------------------------------------- */

static int fn_json_exists(FnCall *c, int argc, const Value *a, Value *out){
  Sequence s;
  Trouble t;
  int rc;
  *out = value_null();
  if( a[1].kind==V_NULL ) return FN_OK;
  rc = find_items(c, a, argc, 3, &s, &t);
  if( rc>0 ) return FN_ERROR;
  if( rc==0 ){
    *out = value_int(s.n>0);
    return FN_OK;
  }
  switch( a[0].z[0] ){
    case 'E': return raise_trouble(c, &t);
    case 'U': return FN_OK;
    default:  *out = value_int(a[0].z[0]=='T'); return FN_OK;
  }
}

/* --- json_value ---------------------------------------------------------- */

static int value_behaviour(FnCall *c, char behaviour, const Value *otherwise, const Trouble *t, Value *out){
  if( behaviour=='E' ) return raise_trouble(c, t);
  *out = behaviour=='D' ? *otherwise : value_null();
  return FN_OK;
}

static const Trouble *value_trouble(FnCall *c, Trouble *t, const char *fmt, const char *a, const char *b){
  char *why = arena_printf(c->arena, fmt, a, b);
  t->code = "JSON_VALUE_RESULT_ERROR";
  t->message = arena_printf(c->arena, "cannot extract SQL scalar from JSON: %s", why ? why : "");
  return t;
}

/* The one item as the declared type: 0, or -1 with *t. */
static int item_value(FnCall *c, const Item *item, Value *out, Trouble *t){
  const char *from, *to;
  *out = value_null();
  if( item->kind==ITEM_NULL ) return 0;
  if( item->kind!=ITEM_SCALAR ){
    value_trouble(c, t, "JSON path found an item that cannot be converted to an SQL value%s%s", "", "");
    return -1;
  }
  if( type_can_cast(item->type, c->rett) && value_cast(c, item->type, c->rett, &item->v, out)==FN_OK ){
    return 0;
  }
  c->code = 0;
  c->message = 0;
  from = type_text(c->arena, item->type);
  to = type_text(c->arena, c->rett);
  value_trouble(c, t, "Cannot cast value of type %s to declared return type of function JSON_VALUE: %s",
                from ? from : "", to ? to : "");
  return -1;
}

static int fn_json_value(FnCall *c, int argc, const Value *a, Value *out){
  Sequence s;
  Trouble t;
  int rc;
  *out = value_null();
  if( a[1].kind==V_NULL ) return FN_OK;
  rc = find_items(c, a, argc, 5, &s, &t);
  if( rc>0 ) return FN_ERROR;
  if( rc==0 && s.n==0 ){
    value_trouble(c, &t, "JSON path found no items%s%s", "", "");
    return value_behaviour(c, a[0].z[0], &a[3], &t, out);
  }
  if( rc==0 && s.n>1 ){
    value_trouble(c, &t, "JSON path found multiple items%s%s", "", "");
    rc = -1;
  }
  if( rc==0 && item_value(c, &s.item[0], out, &t)==0 ) return FN_OK;
  return value_behaviour(c, a[0].z[1], &a[4], &t, out);
}

/* --- json_query ---------------------------------------------------------- */

static int query_behaviour(FnCall *c, char behaviour, const Trouble *t, Value *out){
  if( behaviour=='E' ) return raise_trouble(c, t);
  if( behaviour=='A' ) *out = value_text("[]", 2);
  else if( behaviour=='O' ) *out = value_text("{}", 2);
  else *out = value_null();
  return FN_OK;
}

static void query_trouble(FnCall *c, Trouble *t, const char *why){
  t->code = "JSON_OUTPUT_CONVERSION_ERROR";
  t->message = arena_printf(c->arena, "conversion from JSON failed: %s", why);
}

/* The items as one JSON text: 0, or -1 with *t. */
static int write_items(FnCall *c, const Sequence *s, char wrapper, char quotes, Value *out, Trouble *t){
  Buf b;
  const Item *item = &s->item[0];
  int wrap = wrapper=='U' || (wrapper=='C' && (s->n>1 || (item->kind!=ITEM_ARRAY && item->kind!=ITEM_OBJECT)));
  buf_init(&b, c->arena);
  if( !wrap && s->n>1 ){
    query_trouble(c, t, "JSON path found multiple items");
    return -1;
  }
  if( !wrap && quotes=='O' && item->kind==ITEM_SCALAR && item->type->kind==T_VARCHAR ){
    *out = item->v;
    return 0;
  }
  if( wrap ) buf_char(&b, '[');
  for(int i=0; i<s->n; i++){
    if( i ) buf_char(&b, ',');
    if( item_write(&b, &s->item[i]) ){
      query_trouble(c, t, "JSON path found an item that cannot be converted to JSON");
      return -1;
    }
  }
  if( wrap ) buf_char(&b, ']');
  *out = text_of(&b);
  return 0;
}

static int fn_json_query(FnCall *c, int argc, const Value *a, Value *out){
  Sequence s;
  Trouble t;
  int rc;
  *out = value_null();
  if( a[1].kind==V_NULL ) return FN_OK;
  rc = find_items(c, a, argc, 3, &s, &t);
  if( rc>0 ) return FN_ERROR;
  if( rc==0 && s.n==0 ){
    query_trouble(c, &t, "JSON path found no items");
    return query_behaviour(c, a[0].z[2], &t, out);
  }
  if( rc==0 && write_items(c, &s, a[0].z[0], a[0].z[1], out, &t)==0 ) return FN_OK;
  return query_behaviour(c, a[0].z[3], &t, out);
}

/* --- json_object, json_array --------------------------------------------- */

/* A value to be written: 0; 1: leave it out; -1: an error was raised. */
static int member_item(FnCall *c, int i, const Value *v, char format, char nulls, Item *out){
  if( v->kind==V_NULL && nulls=='A' ) return 1;
  if( format=='J' && v->kind!=V_NULL ){
    int rc = item_parse(c->arena, v->z, v->n, out);
    if( rc>0 ) fn_refuse(c, "JSON nested deeper than %d", JSON_DEPTH_MAX - 1);
    else if( rc<0 ) fn_error(c, BAD_INPUT.code, "%s", BAD_INPUT.message);
    return rc ? -1 : 0;
  }
  sql_item(fn_arg_type(c, i), v, out);
  if( out->kind==ITEM_SCALAR && out->type->kind==T_CHAR ){
    out->v = text_pad_char(c, out->type, *v);
  }
  return 0;
}

static int write_member(FnCall *c, Buf *b, const Item *item){
  return item_write(b, item) ? fn_refuse(c, "a value of this type in JSON") : FN_OK;
}

typedef struct Member { Value key; Item item; uint32_t hash; } Member;

/* String.hashCode, spread as HashMap does. */
static uint32_t java_hash(const Value *v){
  uint32_t h = 0;
  for(int i=0; i<v->n; ){
    unsigned cp = utf8_next(v->z, v->n, &i);
    if( cp>0xffff ){
      h = 31*h + (0xd800 + ((cp - 0x10000)>>10));
      cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
    }
    h = 31*h + cp;
  }
  return h ^ h>>16;
}

/* Members bucket by bucket, as many buckets as a HashMap of this size has; in
** a bucket in the order they came. */
static int write_object(FnCall *c, Buf *b, const Member *m, int n){
  uint32_t buckets = 16;
  int any = 0;
  while( (double)n>0.75*buckets ) buckets *= 2;
  buf_char(b, '{');
  for(uint32_t k=0; k<buckets; k++){
    for(int i=0; i<n; i++){
      if( (m[i].hash & (buckets - 1))!=k ) continue;
      if( any++ ) buf_char(b, ',');
      json_put_string(b, m[i].key.z, m[i].key.n, 0);
      buf_char(b, ':');
      if( write_member(c, b, &m[i].item) ) return FN_ERROR;
    }
  }
  buf_char(b, '}');
  return FN_OK;
}

static int fn_json_object(FnCall *c, int argc, const Value *a, Value *out){
  Member *m = arena_alloc_raw(c->arena, sizeof(Member)*(size_t)(argc/2 + 1));
  const char *how = a[0].z;
  int n = 0;
  Buf b;
  if( m==0 ) return FN_OK;
  for(int i=1; i + 1<argc; i += 2){
    Member *x = &m[n];
    if( a[i].kind==V_NULL ){
      return fn_bad_argument(c, "null value passed for JSON object key to JSON_OBJECT function");
    }
    x->key = a[i];
    x->hash = java_hash(&a[i]);
    int rc = member_item(c, i + 1, &a[i+1], how[2 + i/2], how[0], &x->item);
    if( rc<0 ) return FN_ERROR;
    if( rc>0 ) continue;
    for(int k=0; k<n; k++){
      if( m[k].key.n!=x->key.n || memcmp(m[k].key.z, x->key.z, (size_t)x->key.n) ) continue;
      if( how[1]=='U' ) return fn_bad_argument(c, "duplicate key passed to JSON_OBJECT function");
      return fn_error(c, "NOT_SUPPORTED", "cannot construct a JSON object with duplicate key");
    }
    n++;
  }
  buf_init(&b, c->arena);
  if( write_object(c, &b, m, n) ) return FN_ERROR;
  *out = text_of(&b);
  return FN_OK;
}

static int fn_json_array(FnCall *c, int argc, const Value *a, Value *out){
  Buf b;
  int any = 0;
  buf_init(&b, c->arena);
  buf_char(&b, '[');
  for(int i=1; i<argc; i++){
    Item item;
    int rc = member_item(c, i, &a[i], a[0].z[1 + i], a[0].z[0], &item);
    if( rc<0 ) return FN_ERROR;
    if( rc>0 ) continue;
    if( any++ ) buf_char(&b, ',');
    if( write_member(c, &b, &item) ) return FN_ERROR;
  }
  buf_char(&b, ']');
  *out = text_of(&b);
  return FN_OK;
}

#define SQL_JSON (FN_NULLS|FN_TYPED|FN_RAISES|FN_HIDDEN)
const FnDef fn_json_sql[] = {
  {"$json_exists", "(varchar, varchar, varchar, T...) -> boolean", fn_json_exists, SQL_JSON,
   "t_sql_json_exists", 0, 0, 0, 0},
  {"$json_value", "(varchar, varchar, varchar, R, R, T...) -> R", fn_json_value, SQL_JSON,
   "t_sql_json_value", 0, 0, 0, 0},
  {"$json_query", "(varchar, varchar, varchar, T...) -> varchar", fn_json_query, SQL_JSON,
   "t_sql_json_query", 0, 0, 0, 0},
  {"$json_object", "(varchar, T...) -> varchar", fn_json_object, SQL_JSON,
   "t_sql_json_object", 0, 0, 0, 0},
  {"$json_array", "(varchar, T...) -> varchar", fn_json_array, SQL_JSON,
   "t_sql_json_array", 0, 0, 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
