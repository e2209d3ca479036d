/*
** Evaluation of SQL/JSON paths (json_path.h).
**
** In lax mode an array stands for its elements where a step wants something
** else, and what is missing is left out; in strict mode both are errors.
** Arithmetic goes through the registry's operators with Athena's coercions;
** comparison through the common type of both sides.  A predicate is true,
** false or unknown (an error inside is unknown).
*/
#include "../sqlite.h"
#include <string.h>
#include <math.h>
#include "text.h"
#include "json_path.h"
#include "cast.h"
#include "resolve.h"

#define ITEMS_MAX 1000000       /* in one sequence */
#define UNKNOWN (-1)

typedef struct Eval {
  FnCall *c;
  Arena *arena;
  int lax;
  const Item *input;
  const Item *current;          /* @ */
  int64_t last;                 /* index of the last element, in subscripts */
  int n_variable;
  const PathVariable *variable;
  const char *error;            /* of a path error; NULL: not known */
  int refused;
  int next_id;                  /* keyvalue() */
} Eval;

/* A path error.  -1. */
static int fail(Eval *e, const char *fmt, const char *a, const char *b){
  e->error = fmt ? arena_printf(e->arena, fmt, a, b) : 0;
  return -1;
}

static int add(Eval *e, Sequence *s, const Item *item){
  if( s->n==s->cap ){
    int cap = s->cap ? 2*s->cap : 4;
    if( cap>ITEMS_MAX ){
      e->refused = 1;
      fn_refuse(e->c, "a JSON path with more than %d results", ITEMS_MAX);
      return -1;
    }
    Item *p = arena_alloc_raw(e->arena, sizeof(Item)*(size_t)cap);
    if( p==0 ) return -1;
    if( s->n ) memcpy(p, s->item, sizeof(Item)*(size_t)s->n);
    s->item = p;
    s->cap = cap;
  }
  s->item[s->n++] = *item;
  return 0;
}

static const char *kind_name(Eval *e, const Item *i){
  if( !i->is_json && i->kind==ITEM_SCALAR ){
    const char *z = type_text(e->arena, i->type);
    return z ? z : "";
  }
  switch( i->kind ){
    case ITEM_NULL:   return "NULL";
    case ITEM_ARRAY:  return "ARRAY";
    case ITEM_OBJECT: return "OBJECT";
    case ITEM_HUGE:   return "NUMBER";
    default: return i->type->kind==T_VARCHAR ? "STRING" : i->type->kind==T_BOOLEAN ? "BOOLEAN" : "NUMBER";
  }
}

static int wrong_item(Eval *e, const char *expected, const Item *i){
  return fail(e, "invalid item type. Expected: %s, actual: %s", expected, kind_name(e, i));
}

static int is_number(const Item *i){ return i->kind==ITEM_SCALAR && type_is_numeric(i->type); }

static int eval(Eval *e, const PathNode *n, Sequence *out);
static int test(Eval *e, const PathNode *n);

/* The value of a sub-path, its arrays unwrapped in lax mode. */
static int eval_unwrapped(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  if( eval(e, n, &s) ) return -1;
  if( !e->lax ){
    *out = s;
    return 0;
  }
  memset(out, 0, sizeof(*out));
  for(int i=0; i<s.n; i++){
    if( s.item[i].kind!=ITEM_ARRAY ){
      if( add(e, out, &s.item[i]) ) return -1;
      continue;
    }
    for(int k=0; k<s.item[i].n; k++) if( add(e, out, &s.item[i].child[k]) ) return -1;
  }
  return 0;
}

static int find_key(const Item *i, const char *z, int n){
  for(int k=0; k<i->n; k++){
    if( i->key[k].n==n && memcmp(i->key[k].z, z, (size_t)n)==0 ) return k;
  }
  return -1;
}

static int eval_member(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  if( eval_unwrapped(e, n->left, &s) ) return -1;
  for(int i=0; i<s.n; i++){
    const Item *item = &s.item[i];
    if( item->kind!=ITEM_OBJECT ){
      if( !e->lax ) return wrong_item(e, "OBJECT", item);
      continue;
    }
    if( n->kind==PATH_MEMBERS ){
      for(int k=0; k<item->n; k++) if( add(e, out, &item->child[k]) ) return -1;
      continue;
    }
    int k = find_key(item, n->text, n->n_text);
    if( k<0 && !e->lax ){
      const char *name = arena_strndup(e->arena, n->text, (size_t)n->n_text);
      return fail(e, "structural error: missing member '%s' in JSON object%s", name ? name : "", "");
    }
    if( k>=0 && add(e, out, &item->child[k]) ) return -1;
  }
  return 0;
}

static int descend(Eval *e, const PathNode *n, const Item *item, Sequence *out){
  if( item->kind==ITEM_OBJECT ){
    int k = find_key(item, n->text, n->n_text);
    if( k>=0 && add(e, out, &item->child[k]) ) return -1;
  }
  if( item->kind==ITEM_OBJECT || item->kind==ITEM_ARRAY ){
    for(int k=0; k<item->n; k++) if( descend(e, n, &item->child[k], out) ) return -1;
  }
  return 0;
}

static int eval_descendant(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  if( eval(e, n->left, &s) ) return -1;
  for(int i=0; i<s.n; i++) if( descend(e, n, &s.item[i], out) ) return -1;
  return 0;
}

/* --- subscripts ---------------------------------------------------------- */

static int as_index(Eval *e, const PathNode *n, const char *which, int64_t *out){
  Sequence s = {0, 0, 0};
  Value v;
  if( eval(e, n, &s) ) return -1;
  if( s.n!=1 ) return fail(e, "array subscript '%s' value must be singleton numeric%s", which, "");
  if( !is_number(&s.item[0]) ) return wrong_item(e, "NUMBER", &s.item[0]);
  if( s.item[0].is_json && s.item[0].type->kind==T_DOUBLE ){    /* Java cuts a JSON number */
    double d = trunc(s.item[0].v.r);
    if( !(d>-9223372036854775808.0 && d<9223372036854775808.0) ) return fail(e, 0, "", "");
    *out = (int64_t)d;
    return 0;
  }
  if( value_cast(e->c, s.item[0].type, &TYPE_BIGINT, &s.item[0].v, &v) ) return fail(e, 0, "", "");
  *out = v.i;
  return 0;
}

static int eval_subscript(Eval *e, const PathNode *n, const Item *elements, int count, Sequence *out){
  int64_t from, to;
  const PathNode *first = n->kind==PATH_RANGE ? n->left : n;
  if( as_index(e, first, "from", &from) ) return -1;
  to = from;
  if( n->kind==PATH_RANGE && as_index(e, n->right, "to", &to) ) return -1;
  if( !e->lax && (from<0 || from>=count || to<0 || to>=count || from>to) ){
    e->error = arena_printf(e->arena,
        "structural error: invalid array subscript: [%lld, %lld] for array of size %d",
        (long long)from, (long long)to, count);
    return -1;
  }
  if( from<0 ) from = 0;
  if( to>=count ) to = count - 1;
  for(; from<=to; from++) if( add(e, out, &elements[from]) ) return -1;
  return 0;
}

static int eval_elements(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  if( eval(e, n->left, &s) ) return -1;
  for(int i=0; i<s.n; i++){
    const Item *elements = &s.item[i];
    int count = 1;
    if( s.item[i].kind==ITEM_ARRAY ){
      elements = s.item[i].child;
      count = s.item[i].n;
    }else if( !e->lax ){
      return wrong_item(e, "ARRAY", &s.item[i]);
    }
    if( n->kind==PATH_ELEMENTS ){
      for(int k=0; k<count; k++) if( add(e, out, &elements[k]) ) return -1;
      continue;
    }
    if( count==0 ){
      if( !e->lax ) return fail(e, "structural error: invalid array subscript for empty array%s%s", "", "");
      continue;
    }
    int64_t saved = e->last;
    int rc = 0;
    e->last = count - 1;
    for(int k=0; k<n->n && rc==0; k++) rc = eval_subscript(e, n->arg[k], elements, count, out);
    e->last = saved;
    if( rc ) return -1;
  }
  return 0;
}

/* --- arithmetic ---------------------------------------------------------- */

/* A registry operator on values: 0 with *out, or -1: no such operator or it
** raised. */
static int operate(Eval *e, const char *name, int argc, const Item *arg, Item *out){
  const Type *t[2];
  Value v[2], result = value_null();
  FnMatch m;
  FnCall call = *e->c;
  memset(&m, 0, sizeof(m));
  for(int i=0; i<argc; i++) t[i] = arg[i].type;
  if( fn_resolve(e->arena, name, argc, t, 0, 0, &m, 0)!=FN_MATCHED || m.fn==0 ) return -1;
  for(int i=0; i<argc; i++){
    if( value_cast(e->c, t[i], m.param[i], &arg[i].v, &v[i]) ) return -1;
  }
  call.def = m.fn;
  call.argt = m.param;
  call.rett = m.result;
  call.memo = 0;
  call.memo_free = 0;
  if( m.fn->impl(&call, argc, v, &result) ) return -1;
  item_set_scalar(out, m.result, result, 0);
  return 0;
}

static int eval_binary(Eval *e, const PathNode *n, Sequence *out){
  static const char *const names[] = {"$add", "$subtract", "$multiply", "$divide", "$modulus"};
  static const char *const words[] = {"ADD", "SUBTRACT", "MULTIPLY", "DIVIDE", "MODULUS"};
  Sequence left = {0, 0, 0}, right = {0, 0, 0};
  Item arg[2], result;
  int op = (int)(strchr("+-*/%", n->op) - "+-*/%");
  if( eval_unwrapped(e, n->left, &left) || eval_unwrapped(e, n->right, &right) ) return -1;
  if( left.n!=1 || right.n!=1 ){
    return fail(e, "arithmetic binary expression requires singleton operands%s%s", "", "");
  }
  arg[0] = left.item[0];
  arg[1] = right.item[0];
  for(int i=0; i<2; i++){
    if( arg[i].kind==ITEM_HUGE ) return fail(e, 0, "", "");
    if( arg[i].is_json && !is_number(&arg[i]) ) return wrong_item(e, "NUMBER", &arg[i]);
    if( !is_number(&arg[i]) ){
      const char *a = type_text(e->arena, arg[0].type), *b = type_text(e->arena, arg[1].type);
      const char *types = arena_printf(e->arena, "%s, %s", a ? a : "", b ? b : "");
      return fail(e, "invalid operand types to %s operator (%s)", words[op], types ? types : "");
    }
  }
  if( operate(e, names[op], 2, arg, &result) ) return fail(e, 0, "", "");
  return add(e, out, &result);
}

static int eval_sign(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  if( eval_unwrapped(e, n->left, &s) ) return -1;
  for(int i=0; i<s.n; i++){
    Item result = s.item[i];
    if( result.kind==ITEM_HUGE ) return fail(e, 0, "", "");
    if( !is_number(&result) ) return wrong_item(e, "NUMBER", &result);
    result.is_json = 0;
    if( n->op=='-' && operate(e, "$negate", 1, &s.item[i], &result) ) return fail(e, 0, "", "");
    if( add(e, out, &result) ) return -1;
  }
  return 0;
}

/* --- methods ------------------------------------------------------------- */

static int method_is(const PathNode *n, const char *name){
  return (int)strlen(name)==n->n_text && memcmp(name, n->text, (size_t)n->n_text)==0;
}

static int method_type(Eval *e, const Item *i, Item *out){
  static const char *const names[] = {"null", "string", "array", "object", "number"};
  const char *z = i->kind==ITEM_SCALAR ? 0 : names[i->kind];
  if( z==0 ){
    z = type_is_numeric(i->type) ? "number" : i->type->kind==T_BOOLEAN ? "boolean"
      : i->type->kind==T_VARCHAR || i->type->kind==T_CHAR ? "string"
      : i->type->kind==T_DATE ? "date" : 0;
  }
  if( z==0 ) return fail(e, 0, "", "");
  item_set_scalar(out, type_varchar(e->arena, 27), value_text(z, strlen(z)), 0);
  return 0;
}

static int method_size(Eval *e, const Item *i, Item *out){
  if( i->kind!=ITEM_ARRAY && !e->lax ) return wrong_item(e, "ARRAY", i);
  item_set_scalar(out, &TYPE_INTEGER, value_int(i->kind==ITEM_ARRAY ? i->n : 1), 0);
  return 0;
}

static int method_number(Eval *e, const PathNode *n, const Item *i, Item *out){
  Value v;
  if( method_is(n, "double") ){
    int is_text = i->kind==ITEM_SCALAR && (i->type->kind==T_VARCHAR || i->type->kind==T_CHAR);
    if( !is_number(i) && !is_text ) return wrong_item(e, "NUMBER or TEXT", i);
    if( value_cast(e->c, i->type, &TYPE_DOUBLE, &i->v, &v) ) return fail(e, 0, "", "");
    item_set_scalar(out, &TYPE_DOUBLE, v, 0);
    return 0;
  }
  if( !is_number(i) ) return wrong_item(e, "NUMBER", i);
  const char *name = method_is(n, "ceiling") ? "ceiling" : method_is(n, "floor") ? "floor" : "abs";
  return operate(e, name, 1, i, out) ? fail(e, 0, "", "") : 0;
}

/* {"name": …, "value": …, "id": …} for each member. */
static int method_keyvalue(Eval *e, const Item *i, Sequence *out){
  static const char *const names[] = {"name", "value", "id"};
  if( i->kind!=ITEM_OBJECT ) return wrong_item(e, "OBJECT", i);
  for(int k=0; k<i->n; k++){
    Item *child = arena_alloc(e->arena, sizeof(Item)*3), object;
    Value *key = arena_alloc(e->arena, sizeof(Value)*3);
    if( child==0 || key==0 ) return -1;
    for(int m=0; m<3; m++) key[m] = value_text(names[m], strlen(names[m]));
    item_set_scalar(&child[0], &TYPE_VARCHAR, i->key[k], 1);
    child[1] = i->child[k];
    item_set_scalar(&child[2], &TYPE_INTEGER, value_int(e->next_id), 1);
    memset(&object, 0, sizeof(object));
    object.kind = ITEM_OBJECT;
    object.is_json = 1;
    object.n = 3;
    object.child = child;
    object.key = key;
    if( add(e, out, &object) ) return -1;
  }
  e->next_id++;
  return 0;
}

static int eval_method(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  int whole = method_is(n, "type") || method_is(n, "size");
  if( whole ? eval(e, n->left, &s) : eval_unwrapped(e, n->left, &s) ) return -1;
  for(int i=0; i<s.n; i++){
    Item result;
    if( method_is(n, "keyvalue") ){
      if( method_keyvalue(e, &s.item[i], out) ) return -1;
      continue;
    }
    if( s.item[i].kind==ITEM_HUGE && !whole ) return fail(e, 0, "", "");
    if( method_is(n, "type") ? method_type(e, &s.item[i], &result)
      : method_is(n, "size") ? method_size(e, &s.item[i], &result)
      : method_number(e, n, &s.item[i], &result) ) return -1;
    if( add(e, out, &result) ) return -1;
  }
  return 0;
}

/* --- predicates ---------------------------------------------------------- */

/* left op right of two scalars: 1, 0 or UNKNOWN. */
static int compare_scalars(Eval *e, char op, const Item *left, const Item *right){
  const Type *t = type_common(e->arena, left->type, right->type);
  Value x, y;
  if( op=='>' || op=='g' ) return compare_scalars(e, op=='>' ? '<' : 'l', right, left);
  if( t==0 || !type_is_comparable(t) ) return UNKNOWN;
  if( value_cast(e->c, left->type, t, &left->v, &x)
   || value_cast(e->c, right->type, t, &right->v, &y) ) return UNKNOWN;
  if( t->kind==T_DOUBLE || t->kind==T_REAL ){
    return op=='=' ? x.r==y.r : op=='!' ? x.r!=y.r : op=='<' ? x.r<y.r : x.r<=y.r;
  }
  if( op=='=' || op=='!' ) return value_equal(t, &x, &y)==(op=='=');
  if( !type_is_orderable(t) ) return UNKNOWN;
  int c = value_compare(t, &x, &y);
  return op=='<' ? c<0 : c<=0;
}

typedef struct Kinds { int null, scalar, container, huge; } Kinds;

static Kinds kinds_of(const Sequence *s){
  Kinds k = {0, 0, 0, 0};
  for(int i=0; i<s->n; i++){
    ItemKind kind = s->item[i].kind;
    k.null |= kind==ITEM_NULL;
    k.scalar |= kind==ITEM_SCALAR || kind==ITEM_HUGE;
    k.huge |= kind==ITEM_HUGE;
    k.container |= kind==ITEM_ARRAY || kind==ITEM_OBJECT;
  }
  return k;
}

static int test_compare(Eval *e, const PathNode *n){
  Sequence l = {0, 0, 0}, r = {0, 0, 0};
  int found;
  if( eval_unwrapped(e, n->left, &l) || eval_unwrapped(e, n->right, &r) ) return UNKNOWN;
  if( l.n==0 || r.n==0 ) return 0;
  Kinds a = kinds_of(&l), b = kinds_of(&r);
  if( a.container && (b.container || b.scalar) ) return UNKNOWN;
  if( a.scalar && b.container ) return UNKNOWN;
  found = (n->op=='=' && a.null && b.null)
       || (n->op=='!' && ((a.null && (b.scalar || b.container)) || (b.null && (a.scalar || a.container))));
  if( (found && e->lax) || !a.scalar || !b.scalar ) return found;
  if( a.huge || b.huge ) return UNKNOWN;
  for(int i=0; i<l.n; i++){
    for(int k=0; k<r.n; k++){
      if( l.item[i].kind!=ITEM_SCALAR || r.item[k].kind!=ITEM_SCALAR ) continue;
      int c = compare_scalars(e, n->op, &l.item[i], &r.item[k]);
      if( c==UNKNOWN ) return UNKNOWN;
      if( c && e->lax ) return 1;
      found |= c;
    }
  }
  return found;
}

static const Value *text_item(const Item *i){
  return i->kind==ITEM_SCALAR && i->type->kind==T_VARCHAR ? &i->v : 0;
}

static int test_starts(Eval *e, const PathNode *n){
  Sequence s = {0, 0, 0}, with = {0, 0, 0};
  const Value *prefix;
  int found = 0;
  if( eval_unwrapped(e, n->left, &s) || eval(e, n->right, &with) || with.n!=1 ) return UNKNOWN;
  prefix = text_item(&with.item[0]);
  if( prefix==0 ) return UNKNOWN;
  for(int i=0; i<s.n; i++){
    const Value *v = text_item(&s.item[i]);
    if( v==0 ) return UNKNOWN;
    if( v->n>=prefix->n && memcmp(v->z, prefix->z, (size_t)prefix->n)==0 ){
      found = 1;
      if( e->lax ) return 1;
    }
  }
  return found;
}

static int test(Eval *e, const PathNode *n){
  int a, b;
  Sequence s = {0, 0, 0};
  switch( n->kind ){
    case PATH_COMPARE: return test_compare(e, n);
    case PATH_STARTS:  return test_starts(e, n);
    case PATH_EXISTS:  return eval(e, n->left, &s) ? UNKNOWN : s.n>0;
    case PATH_UNKNOWN: return test(e, n->left)==UNKNOWN;
    case PATH_NOT:
      a = test(e, n->left);
      return a==UNKNOWN ? UNKNOWN : !a;
    case PATH_AND: case PATH_OR: {
      int decides = n->kind==PATH_OR;
      a = test(e, n->left);
      if( a==decides ) return decides;
      b = test(e, n->right);
      if( b==decides ) return decides;
      return a==UNKNOWN || b==UNKNOWN ? UNKNOWN : !decides;
    }
    default: return UNKNOWN;
  }
}

static int eval_filter(Eval *e, const PathNode *n, Sequence *out){
  Sequence s = {0, 0, 0};
  const Item *saved = e->current;
  int rc = 0;
  if( eval_unwrapped(e, n->left, &s) ) return -1;
  for(int i=0; i<s.n && rc==0; i++){
    const Item *item = s.item + i;
    e->current = item;
    if( test(e, n->right)==1 ) rc = add(e, out, item);
    if( e->refused ) rc = -1;
  }
  e->current = saved;
  return rc;
}

/* --- the whole ----------------------------------------------------------- */

static int eval_variable(Eval *e, const PathNode *n, Sequence *out){
  for(int i=0; i<e->n_variable; i++){
    const PathVariable *v = &e->variable[i];
    if( v->n_name!=n->n_text || memcmp(v->name, n->text, (size_t)n->n_text) ) continue;
    return v->is_empty ? 0 : add(e, out, &v->item);
  }
  e->refused = 1;
  fn_refuse(e->c, "a JSON path variable without a value");
  return -1;
}

static int eval(Eval *e, const PathNode *n, Sequence *out){
  Item item;
  if( e->refused || e->arena->oom ) return -1;
  switch( n->kind ){
    case PATH_CONTEXT:  return add(e, out, e->input);
    case PATH_CURRENT:
      return e->current ? add(e, out, e->current) : fail(e, 0, "", "");
    case PATH_LAST:
      item_set_scalar(&item, &TYPE_INTEGER, value_int(e->last), 0);
      return add(e, out, &item);
    case PATH_VARIABLE: return eval_variable(e, n, out);
    case PATH_LITERAL:
      item_set_scalar(&item, n->type, n->value, 0);
      return add(e, out, &item);
    case PATH_NULL:
      memset(&item, 0, sizeof(item));
      item.is_json = 1;
      return add(e, out, &item);
    case PATH_MEMBER: case PATH_MEMBERS: return eval_member(e, n, out);
    case PATH_DESCENDANT: return eval_descendant(e, n, out);
    case PATH_ELEMENTS: case PATH_SUBSCRIPTS: return eval_elements(e, n, out);
    case PATH_FILTER:   return eval_filter(e, n, out);
    case PATH_METHOD:   return eval_method(e, n, out);
    case PATH_SIGN:     return eval_sign(e, n, out);
    case PATH_BINARY:   return eval_binary(e, n, out);
    default:            return fail(e, 0, "", "");
  }
}

int json_path_evaluate(FnCall *c, const JsonSqlPath *path, const Item *input, int n_variable,
                       const PathVariable *variable, Sequence *out, const char **error){
  Eval e;
  memset(&e, 0, sizeof(e));
  memset(out, 0, sizeof(*out));
  e.c = c;
  e.arena = c->arena;
  e.lax = path->lax;
  e.input = input;
  e.n_variable = n_variable;
  e.variable = variable;
  int rc = eval(&e, path->root, out);
  if( e.refused ) return 1;
  /* errors of operators inside were the path's, not the call's */
  c->code = 0;
  c->message = 0;
  *error = e.error;
  return rc;
}
