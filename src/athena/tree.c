/*
** Making the tree: nodes and lists for the actions of trino.y and hive.y.
** All memory is the statement's arena; nothing is freed singly.  Every node
** knows how deep the tree below it is, and none may pass TREE_DEPTH_MAX, so
** that later passes may recurse without fear for the stack.
*/
#include <string.h>
#include <strings.h>
#include "parse.h"

/* ---- lists ------------------------------------------------------------- */

/* Room for one more element in an arena array that doubles. */
static void *grow(Parse *p, void *old, int n, int *cap, size_t size){
  void *more;
  if( n<*cap ) return old;
  *cap = *cap ? *cap*2 : 4;
  more = arena_alloc(p->arena, size*(size_t)*cap);
  if( n ) memcpy(more, old, size*(size_t)n);
  return more;
}

#define LIST_ADD(FUNCTION, LIST, ITEM, FIELD) \
  LIST FUNCTION(Parse *p, LIST l, ITEM x){ \
    l.FIELD = grow(p, l.FIELD, l.n, &l.cap, sizeof(x)); \
    l.FIELD[l.n++] = x; \
    return l; \
  }
LIST_ADD(names_add, NameList, Name, name)
LIST_ADD(exprs_add, ExprList, Expr*, e)
LIST_ADD(sorts_add, SortList, SortItem, item)
LIST_ADD(items_add, ItemList, SelectItem, item)
LIST_ADD(groups_add, GroupList, GroupingElement, item)
LIST_ADD(sets_add, SetList, ExprList, item)
LIST_ADD(windows_add, WindowList, Window, item)
LIST_ADD(withs_add, WithList, With, item)
LIST_ADD(properties_add, PropertyList, Property, item)
LIST_ADD(jsons_add, JsonList, JsonArg, item)
LIST_ADD(keys_add, KeyList, KeyText, item)
LIST_ADD(columns_add, ColumnList, ColumnDef, item)
LIST_ADD(partitions_add, PartitionList, PartitionSpec, item)

/* ---- depth ------------------------------------------------------------- */

static int deeper(Parse *p, int depth, int child, Pos pos){
  if( child+1<=depth ) return depth;
  if( child+1>TREE_DEPTH_MAX ) parse_too_deep(p, pos);
  return child+1;
}

void expr_depth(Parse *p, Expr *e, const Expr *child){
  if( child ) e->depth = deeper(p, e->depth, child->depth, e->pos);
}

static int list_depth(Parse *p, int depth, const ExprList *l, Pos pos){
  for(int i=0; i<l->n; i++) depth = deeper(p, depth, l->e[i]->depth, pos);
  return depth;
}

static int sort_depth(Parse *p, int depth, const SortList *l, Pos pos){
  for(int i=0; i<l->n; i++) depth = deeper(p, depth, l->item[i].e->depth, pos);
  return depth;
}

static int window_depth(Parse *p, int depth, const Window *w, Pos pos){
  depth = list_depth(p, depth, &w->partition_by, pos);
  depth = sort_depth(p, depth, &w->order_by, pos);
  if( w->start_value ) depth = deeper(p, depth, w->start_value->depth, pos);
  if( w->end_value ) depth = deeper(p, depth, w->end_value->depth, pos);
  return depth;
}

/* A query is as deep as its body, made so by query_new and body_finish. */
int query_depth(const Query *q){
  return q->body ? q->body->depth : 0;
}

void body_finish(Parse *p, Body *b){
  int d = 0;
  if( b->from ) d = deeper(p, d, b->from->depth, b->pos);
  for(int i=0; i<b->n_item; i++) if( b->item[i].e ) d = deeper(p, d, b->item[i].e->depth, b->pos);
  if( b->where ) d = deeper(p, d, b->where->depth, b->pos);
  if( b->having ) d = deeper(p, d, b->having->depth, b->pos);
  for(int i=0; i<b->n_group; i++){
    for(int k=0; k<b->group[i].n; k++) d = list_depth(p, d, &b->group[i].set[k], b->pos);
  }
  for(int i=0; i<b->n_window; i++) d = window_depth(p, d, &b->window[i], b->pos);
  b->depth = d;
}

/* ---- names and texts --------------------------------------------------- */

static const char *lower(Parse *p, const char *z, size_t n){
  char *out = arena_strndup(p->arena, z, n);
  for(size_t i=0; i<n; i++) if( out[i]>='A' && out[i]<='Z' ) out[i] += 'a'-'A';
  return out;
}

const char *word_lower(Parse *p, const Token *t){
  return lower(p, t->z, (size_t)t->n);
}

Name name_new(Parse *p, const Token *t){
  Name name = { .pos = t->pos };
  name.quoted = t->kind==LEX_QUOTED || t->kind==LEX_BACKQUOTED;
  if( name.quoted ) name.text = token_unquote(p->arena, t, LEX_TRINO, 0);
  else name.text = arena_strndup(p->arena, t->z, (size_t)t->n);
  name.lower = lower(p, name.text, strlen(name.text));
  return name;
}

TypeName *type_name_new(Parse *p, Pos pos, const char *text){
  TypeName *t = ARENA_NEW(p->arena, TypeName);
  t->pos = pos;
  t->text = text;
  return t;
}

const char *text_join(Parse *p, const char *fmt, ...){
  va_list ap;
  const char *z;
  va_start(ap, fmt);
  z = arena_vprintf(p->arena, fmt, ap);
  va_end(ap);
  return z;
}

/* ---- expressions ------------------------------------------------------- */

Expr *expr_new(Parse *p, ExprKind kind, Pos pos){
  Expr *e = ARENA_NEW(p->arena, Expr);
  e->kind = kind;
  e->pos = e->start = pos;
  e->index = -1;
  return e;
}

Expr *expr_n(Parse *p, ExprKind kind, Pos pos, ExprList l){
  Expr *e = expr_new(p, kind, pos);
  e->n = l.n;
  e->arg = l.e;
  for(int i=0; i<l.n; i++) expr_depth(p, e, l.e[i]);
  return e;
}

Expr *expr_1(Parse *p, ExprKind kind, Pos pos, Expr *a){
  return expr_n(p, kind, pos, exprs_add(p, (ExprList){0,0,0}, a));
}

Expr *expr_2(Parse *p, ExprKind kind, Pos pos, Expr *a, Expr *b){
  ExprList l = exprs_add(p, (ExprList){0,0,0}, a);
  return expr_n(p, kind, pos, exprs_add(p, l, b));
}

Expr *expr_3(Parse *p, ExprKind kind, Pos pos, Expr *a, Expr *b, Expr *c){
  ExprList l = exprs_add(p, exprs_add(p, (ExprList){0,0,0}, a), b);
  return expr_n(p, kind, pos, exprs_add(p, l, c));
}

Expr *expr_op(Parse *p, ExprKind kind, Pos pos, int op, Expr *a, Expr *b){
  Expr *e = expr_2(p, kind, pos, a, b);
  e->op = op;
  e->start = a->start;
  return e;
}

int compare_op(const Token *t){
  switch( t->op ){
    case '=': return OP_EQ;
    case '<': return OP_LT;
    case '>': return OP_GT;
    case LEX_LE: return OP_LE;
    case LEX_GE: return OP_GE;
    default: return OP_NE;
  }
}

/* a AND b AND c is one node, and so is its position that of a; a AND (b AND c) is two. */
Expr *expr_logical(Parse *p, ExprKind kind, Expr *left, Expr *right){
  if( left->kind==kind && !left->parenthesized ){
    /* left->arg grows by doubling, as exprs_add left it: 4, 8, 16 … */
    ExprList l = { left->n, left->index, left->arg };
    l = exprs_add(p, l, right);
    left->n = l.n;
    left->index = l.cap;        /* the room of arg while the list may grow */
    left->arg = l.e;
    expr_depth(p, left, right);
    return left;
  }
  ExprList l = exprs_add(p, exprs_add(p, (ExprList){0,0,0}, left), right);
  Expr *e = expr_n(p, kind, left->start, l);
  e->index = l.cap;
  return e;
}

Expr *expr_parameter(Parse *p, const Token *t){
  Expr *e = expr_new(p, EXPR_PARAMETER, t->pos);
  if( p->n_parameter>=PARAMETER_MAX ){
    parse_fail(p, "TARN_NOT_SUPPORTED", t->pos, "more than %d parameters", PARAMETER_MAX);
  }
  e->index = p->n_parameter++;
  return e;
}

Expr *expr_name(Parse *p, Name name){
  Expr *e = expr_new(p, EXPR_NAME, name.pos);
  e->name = name;
  return e;
}

Expr *expr_field(Parse *p, Expr *base, Name name){
  Expr *e = expr_1(p, EXPR_FIELD, base->start, base);
  e->name = name;
  return e;
}

Expr *expr_call(Parse *p, NameList name, ExprList args){
  Expr *e = expr_n(p, EXPR_CALL, name.name[0].pos, args);
  e->function_name = name;
  return e;
}

/* What Trino's tree builder refuses in the calls that are no functions. */
static void check_special_call(Parse *p, const Expr *e, const char *name){
  static const struct { const char *name; int least, most; const char *message; } special[] = {
    {"if", 2, 3, "Invalid number of arguments for 'if' function"},
    {"nullif", 2, 2, "Invalid number of arguments for 'nullif' function"},
    {"coalesce", 2, 1<<30, "The 'coalesce' function must have at least two arguments"},
    {"try", 1, 1, "The 'try' function must have exactly one argument"},
    {"format", 2, 1<<30, "The 'format' function must have at least two arguments"},
  };
  for(size_t i=0; i<sizeof(special)/sizeof(special[0]); i++){
    if( strcmp(name, special[i].name) ) continue;
    if( e->n<special[i].least || e->n>special[i].most ) parse_fail_late(p, e->pos, "%s", special[i].message);
    if( e->over ) parse_fail_late(p, e->pos, "OVER clause not valid for '%s' function", name);
    if( e->distinct ) parse_fail_late(p, e->pos, "DISTINCT not valid for '%s' function", name);
    if( e->nulls ) parse_fail_late(p, e->pos, "Null treatment clause not valid for '%s' function", name);
    if( e->filter ) parse_fail_late(p, e->pos, "FILTER not valid for '%s' function", name);
  }
}

void expr_finish_call(Parse *p, Expr *e){
  if( e->kind!=EXPR_CALL ) return;
  e->depth = sort_depth(p, e->depth, &e->order_by, e->pos);
  if( e->filter ) expr_depth(p, e, e->filter);
  if( e->over ) e->depth = window_depth(p, e->depth, e->over, e->pos);
  if( e->function_name.n==1 ) check_special_call(p, e, e->function_name.name[0].lower);
}

Expr *expr_in(Parse *p, Pos pos, Expr *left, ExprList list){
  ExprList all = exprs_add(p, (ExprList){0,0,0}, left);
  for(int i=0; i<list.n; i++) all = exprs_add(p, all, list.e[i]);
  return expr_n(p, EXPR_IN_LIST, pos, all);
}

Expr *expr_query(Parse *p, ExprKind kind, Pos pos, Query *q){
  Expr *e = expr_new(p, kind, pos);
  e->query = q;
  e->depth = deeper(p, 0, query_depth(q), pos);
  return e;
}

Expr *expr_case(Parse *p, Pos pos, Expr *operand, ExprList when, Expr *else_){
  ExprList all = {0,0,0};
  Expr *e;
  if( operand ) all = exprs_add(p, all, operand);
  for(int i=0; i<when.n; i++) all = exprs_add(p, all, when.e[i]);
  e = expr_n(p, operand ? EXPR_CASE_SIMPLE : EXPR_CASE, pos, all);
  e->else_ = else_;
  expr_depth(p, e, else_);
  return e;
}

Expr *expr_current(Parse *p, const Token *t, const Token *precision){
  Expr *e = expr_new(p, EXPR_CURRENT, t->pos);
  e->name = name_new(p, t);
  if( precision ){
    int64_t value = 0;
    if( integer_text(p, precision, 0, &value)==0 ) value = 1<<20;
    e->index = value>1<<20 ? 1<<20 : (int)value;
  }
  return e;
}

Expr *expr_extract(Parse *p, Pos pos, Name field, Expr *arg){
  static const char *const fields[] = {"year", "quarter", "month", "week", "day", "day_of_month",
    "day_of_week", "dow", "day_of_year", "doy", "year_of_week", "yow", "hour", "minute", "second",
    "timezone_minute", "timezone_hour"};
  Expr *e = expr_1(p, EXPR_EXTRACT, pos, arg);
  size_t i, n = sizeof(fields)/sizeof(fields[0]);
  e->name = field;
  for(i=0; i<n && strcmp(fields[i], field.lower); i++){}
  if( i==n ) parse_fail_late(p, pos, "Invalid EXTRACT field: %s", field.text);
  return e;
}

/* from: 0 TRIM(a), 1 TRIM([kind] [chars] FROM a), 2 TRIM(a, chars) */
Expr *expr_trim(Parse *p, Pos pos, const Token *kind, int from, Expr *chars, Expr *source){
  Expr *e = chars ? expr_2(p, EXPR_TRIM, pos, source, chars) : expr_1(p, EXPR_TRIM, pos, source);
  e->name.lower = e->name.text = kind ? word_lower(p, kind) : "both";
  if( from==1 && kind==0 && chars==0 ){
    parse_fail_late(p, pos,
      "The 'trim' function must have specification, char or both arguments when it takes FROM");
  }
  return e;
}

Expr *expr_refused(Parse *p, Pos pos, const char *what){
  Expr *e = expr_new(p, EXPR_REFUSED, pos);
  e->text = what;
  return e;
}

/* ---- relations, bodies, queries, statements ---------------------------- */

Relation *relation_new(Parse *p, RelationKind kind, Pos pos){
  Relation *r = ARENA_NEW(p->arena, Relation);
  r->kind = kind;
  r->pos = pos;
  return r;
}

Relation *relation_join(Parse *p, JoinKind join, Relation *left, Relation *right){
  Relation *r = relation_new(p, REL_JOIN, left->pos);
  r->join = join;
  r->left = left;
  r->right = right;
  r->depth = deeper(p, 0, left->depth, left->pos);
  if( right ) r->depth = deeper(p, r->depth, right->depth, left->pos);
  return r;
}

/* (a JOIN b …) x and (a y) x: the inner relation keeps its own names to itself,
** as if it were (SELECT * FROM …) x. */
static Relation *relation_enclose(Parse *p, Relation *inner){
  Relation *r = relation_new(p, REL_SUBQUERY, inner->pos);
  Body *b = body_new(p, BODY_SELECT, inner->pos);
  SelectItem all = { .pos = inner->pos, .star = 1 };
  ItemList items = items_add(p, (ItemList){0,0,0}, all);
  b->n_item = items.n;
  b->item = items.item;
  b->from = inner;
  body_finish(p, b);
  r->query = query_new(p, b);
  r->depth = deeper(p, 0, b->depth, inner->pos);
  return r;
}

Relation *relation_alias(Parse *p, Relation *r, Name name, NameList columns){
  if( r->has_alias || r->kind==REL_JOIN || r->sample ) r = relation_enclose(p, r);
  r->has_alias = 1;
  r->alias = name;
  r->alias_pos = name.pos;
  r->columns = columns;
  return r;
}

Body *body_new(Parse *p, BodyKind kind, Pos pos){
  Body *b = ARENA_NEW(p->arena, Body);
  b->kind = kind;
  b->pos = pos;
  return b;
}

Body *body_setop(Parse *p, int op, Pos pos, int all, Body *left, Body *right){
  Body *b = body_new(p, BODY_SETOP, pos);
  b->op = op;
  b->all = all;
  b->left = left;
  b->right = right;
  b->depth = deeper(p, deeper(p, 0, left->depth, pos), right->depth, pos);
  return b;
}

Body *body_values(Parse *p, Pos pos, ExprList rows){
  Body *b = body_new(p, BODY_VALUES, pos);
  b->rows = rows;
  for(int i=0; i<rows.n; i++) if( rows.e[i]->kind==EXPR_ROW ) rows.e[i]->op = 2;
  b->depth = list_depth(p, 0, &rows, pos);
  return b;
}

Query *query_new(Parse *p, Body *body){
  Query *q = ARENA_NEW(p->arena, Query);
  q->pos = body->pos;
  q->body = body;
  return q;
}

Statement *statement_new(Parse *p, StatementKind kind){
  Statement *s = ARENA_NEW(p->arena, Statement);
  s->kind = kind;
  s->sql = p->sql;
  s->arena = p->arena;
  s->pos = p->list.token[0].pos;
  return s;
}

Statement *statement_refused(Parse *p, Pos pos, const char *what, const char *athena_error){
  Statement *s = statement_new(p, ST_REFUSED);
  s->refused = what;
  s->refused_pos = pos;
  s->athena_error = athena_error;
  return s;
}
