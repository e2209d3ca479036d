/*
** Queries: WITH, SELECT, VALUES, TABLE, set operations, ORDER BY, LIMIT.
**
** The order of the steps is Trino's StatementAnalyzer's, because the first
** error wins: FROM, WINDOW definitions, WHERE, SELECT, GROUP BY, HAVING,
** ORDER BY, then the legality of aggregates and windows.
*/
#include <stdlib.h>
#include <string.h>
#include "analyser.h"

/* --- Aggregates inside an expression ------------------------------------- */

typedef struct Collect {
  Analyser *an;
  ExprList found;
  int aggregates, windows, grouping;            /* which to look for */
} Collect;

void calls_add(Analyser *an, ExprList *l, Expr *e){
  if( l->n==l->cap ){
    int cap = l->cap ? 2*l->cap : 8;
    Expr **grown = ARENA_ARRAY(an->arena, Expr*, cap);
    if( l->n ) memcpy(grown, l->e, sizeof(Expr*)*(size_t)l->n);
    l->e = grown;
    l->cap = cap;
  }
  l->e[l->n++] = e;
}

static void collect(void *p, Expr *e){
  Collect *c = p;
  Sem *sem = e->sem;
  if( sem ){
    int hit = (sem->kind==SEM_AGG && c->aggregates) || (sem->kind==SEM_WINDOW && c->windows)
           || (sem->kind==SEM_GROUPING && c->grouping);
    if( hit ) calls_add(c->an, &c->found, e);
    if( hit && sem->kind!=SEM_WINDOW && !c->windows ) return;
    if( sem->kind==SEM_LAMBDA ) { collect(c, e->arg[0]); return; }
  }
  expr_children(e, collect, c);
}

ExprList collect_calls(Analyser *an, Expr *e, int aggregates, int windows, int grouping){
  Collect c = {an, {0, 0, 0}, aggregates, windows, grouping};
  collect(&c, e);
  return c.found;
}

void check_no_aggregates(Analyser *an, Expr *e, const char *clause){
  Collect c = {an, {0, 0, 0}, 1, 1, 1};
  collect(&c, e);
  if( c.found.n==0 ) return;
  /* Trino lists aggregates, then windows, then grouping operations. */
  Buf b;
  buf_init(&b, an->arena);
  static const SemKind order[] = {SEM_AGG, SEM_WINDOW, SEM_GROUPING};
  for(int k=0; k<3; k++){
    for(int i=0; i<c.found.n; i++){
      Sem *sem = c.found.e[i]->sem;
      if( sem->kind==order[k] ) buf_printf(&b, "%s%s", b.n ? ", " : "", expr_text(an, c.found.e[i]));
    }
  }
  an_fail(an, "EXPRESSION_NOT_SCALAR", e->pos,
    "%s cannot contain aggregations, window functions or grouping operations: [%s]", clause, b.z);
}

/* --- SELECT -------------------------------------------------------------- */

typedef struct Items {
  Analyser *an;
  Select *sel;
  int cap;
} Items;

static void item_add(Items *it, Expr *e, Field *f){
  Select *s = it->sel;
  if( s->n_out==it->cap ){
    int cap = it->cap ? 2*it->cap : 16;
    Expr **out = ARENA_ARRAY(it->an->arena, Expr*, cap);
    Field **field = ARENA_ARRAY(it->an->arena, Field*, cap);
    if( s->n_out ){
      memcpy(out, s->out, sizeof(*out)*(size_t)s->n_out);
      memcpy(field, s->out_field, sizeof(*field)*(size_t)s->n_out);
    }
    s->out = out;
    s->out_field = field;
    it->cap = cap;
  }
  if( s->n_out>=COLUMN_MAX ) an_refuse(it->an, e->pos, "more than %d columns", COLUMN_MAX);
  f->item = e;
  s->out[s->n_out] = e;
  s->out_field[s->n_out++] = f;
}

/* A node that reads a field, for what `*` stands for. */
static Expr *star_column(Analyser *an, Pos pos, Field *f, Select *owner){
  Expr *e = an_expr(an, EXPR_NAME, pos);
  e->name.text = f->label ? f->label : "";
  e->name.lower = f->name ? f->name : "";
  Sem *sem = sem_new(an, e, SEM_COLUMN);
  sem->field = f;
  sem->owner = owner;
  sem->from_star = 1;
  field_use(f);
  e->type = f->type;
  return e;
}

static const char *upper(Analyser *an, const Name *n){
  if( n->quoted ) return n->text;
  char *z = arena_strdup(an->arena, n->text);
  for(char *p = z; *p; p++) if( *p>='a' && *p<='z' ) *p -= 32;
  return z;
}

static void check_star_aliases(Analyser *an, const SelectItem *item, int n){
  if( item->columns.n && item->columns.n!=n )
    an_fail(an, "MISMATCHED_COLUMN_ALIASES", item->columns.name[0].pos,
      "Column alias list has %d entries but relation has %d columns", item->columns.n, n);
}

static Field *star_field(Analyser *an, const SelectItem *item, int k, const char *name, const char *label, const Type *t){
  if( item->columns.n ){
    const Name *alias = &item->columns.name[k];
    return field_new(an, alias->lower, upper(an, alias), t, 0);
  }
  return field_new(an, name, label, t, 0);
}

static void expand_fields(Items *it, const SelectItem *item, Field **f, int n){
  check_star_aliases(it->an, item, n);
  for(int i=0; i<n; i++)
    item_add(it, star_column(it->an, item->pos, f[i], it->sel), star_field(it->an, item, i, f[i]->name, f[i]->label, f[i]->type));
}

static void expand_star(Items *it, const SelectItem *item){
  Scope *s = it->sel->source;
  if( it->sel->body->from==0 )
    an_fail(it->an, "COLUMN_NOT_FOUND", item->pos, "SELECT * not allowed in queries without FROM clause");
  Field **f = ARENA_ARRAY(it->an->arena, Field*, s->n+1);
  int n = 0;
  for(int i=0; i<s->n; i++) if( !s->field[i]->hidden ) f[n++] = s->field[i];
  expand_fields(it, item, f, n);
}

/* The fields of a row expression. */
static void expand_row(Items *it, const SelectItem *item, Expr *row){
  const Type *t = row->type;
  check_star_aliases(it->an, item, t->n);
  for(int i=0; i<t->n; i++){
    Expr *e = an_expr(it->an, EXPR_FIELD, item->pos);
    e->n = 1;
    e->arg = ARENA_ARRAY(it->an->arena, Expr*, 1);
    e->arg[0] = row;
    e->name.text = e->name.lower = t->name[i] ? t->name[i] : "";
    Sem *sem = sem_new(it->an, e, SEM_DEREF);
    sem->index = i;
    e->type = t->arg[i];
    const char *name = t->name[i] ? an_lower(it->an, t->name[i]) : 0;
    item_add(it, e, star_field(it->an, item, i, name, t->name[i], t->arg[i]));
  }
}

static int qualifier_matches(const Field *f, int n, const Name *part){
  if( n>f->n_qualifier ) return 0;
  for(int i=0; i<n; i++) if( strcmp(f->qualifier[i], part[n-1-i].lower)!=0 ) return 0;
  return 1;
}

/* x.*, where x is a relation, a row column of a relation, or an expression. */
static void expand_prefix(Items *it, const SelectItem *item){
  Analyser *an = it->an;
  Scope *s = it->sel->source;
  Name part[4];
  int n = 0;
  const Expr *p = item->e;
  for(; p->kind==EXPR_FIELD && n<3; p = p->arg[0]) n++;
  if( p->kind!=EXPR_NAME ){
    Expr *e = item->e;
    const Type *t = expr_analyse(an, s, e);
    if( t->kind!=T_ROW ) an_fail(an, "TYPE_MISMATCH", e->pos, "expected expression of type Row");
    expand_row(it, item, e);
    return;
  }
  n++;
  p = item->e;
  for(int i=n-1; i>0; i--, p = p->arg[0]) part[i] = p->name;
  part[0] = p->name;
  Field **f = ARENA_ARRAY(an->arena, Field*, s->n+1);
  int k = 0;
  for(int i=0; n!=2 && i<s->n; i++) if( !s->field[i]->hidden && qualifier_matches(s->field[i], n, part) ) f[k++] = s->field[i];
  if( k ){
    expand_fields(it, item, f, k);
    return;
  }
  if( n>=2 && scope_is_column_reference(s, n+1, (Name[]){part[0], n>1 ? part[1] : part[0], n>2 ? part[2] : part[0], part[0]}) ){
    const Type *t = expr_analyse(an, s, item->e);
    if( t->kind==T_ROW ){
      expand_row(it, item, item->e);
      return;
    }
  }
  an_fail(an, "TABLE_NOT_FOUND", item->e->pos, "Unable to resolve reference %s", expr_text(an, item->e));
}

/* a, a.b, a.b.c: the last part names the column. */
static int is_name_chain(const Expr *e){
  while( e->kind==EXPR_FIELD ) e = e->arg[0];
  return e->kind==EXPR_NAME;
}

static void analyse_item(Items *it, const SelectItem *item){
  Analyser *an = it->an;
  Select *sel = it->sel;
  if( item->star==1 ){ expand_star(it, item); return; }
  if( item->star==2 ){ expand_prefix(it, item); return; }
  const Type *t = expr_analyse(an, sel->source, item->e);
  if( sel->body->distinct && !type_is_comparable(t) )
    an_fail(an, "TYPE_MISMATCH", item->e->pos, "DISTINCT can only be applied to comparable types (actual: %s)", type_z(an, t));
  const char *name = 0, *label = 0;
  if( item->has_alias ){
    name = item->alias.lower;
    label = item->alias.text;
  }else if( is_name_chain(item->e) ){
    name = item->e->name.lower;
    label = item->e->name.text;
  }
  item_add(it, item->e, field_new(an, name, label, t, 0));
}

/* --- ORDER BY ------------------------------------------------------------ */

/* The value of an ordinal, or -1 when the expression is none. */
static int64_t ordinal(Expr *e){
  if( e->kind!=EXPR_INTEGER ) return -1;
  return strtoll(e->text, 0, 10);
}

static void check_orderable(Analyser *an, Expr *shown, const Type *t){
  if( !type_is_orderable(t) )
    an_fail(an, "TYPE_MISMATCH", select_pos(an), "Type %s is not orderable, and therefore cannot be used in ORDER BY: %s",
      type_z(an, t), expr_text(an, shown));
}

/* Sort keys of a query; ordinals are replaced by columns of the output. */
static void analyse_order_by(Analyser *an, Scope *scope, Query *q, int n_out, Field **out){
  for(int i=0; i<q->order_by.n; i++){
    SortItem *item = &q->order_by.item[i];
    int64_t k = ordinal(item->e);
    if( k>=0 ){
      if( k<1 || k>n_out )
        an_fail(an, "INVALID_COLUMN_REFERENCE", item->e->pos, "ORDER BY position %s is not in select list", item->e->text);
      Expr *shown = item->e;
      item->e = star_column(an, item->e->pos, out[k-1], 0);
      check_orderable(an, shown, item->e->type);
      continue;
    }
    const Type *t = expr_analyse(an, scope, item->e);
    check_orderable(an, item->e, t);
  }
}

static void check_distinct_order(Analyser *an, Select *sel, Query *q){
  for(int i=0; i<q->order_by.n; i++){
    int found = 0;
    for(int j=0; j<sel->n_out && !found; j++) found = expr_same(q->order_by.item[i].e, sel->out[j]);
    if( !found )
      an_fail(an, "EXPRESSION_NOT_IN_DISTINCT", select_pos(an), "For SELECT DISTINCT, ORDER BY expressions must appear in select list");
  }
}

/* ORDER BY sum(x) must not mean an output column x. */
typedef struct OutputRef { Analyser *an; const char *code, *message; } OutputRef;
static void find_output_ref(void *p, Expr *e){
  OutputRef *r = p;
  Sem *sem = e->sem;
  if( sem && sem->kind==SEM_COLUMN && sem->field->item )
    an_fail(r->an, r->code, strcmp(r->code, "INVALID_ARGUMENTS") ? e->pos : POS_NONE, "%s", r->message);
  expr_children(e, find_output_ref, p);
}

static void check_order_aggregates(Analyser *an, Query *q){
  for(int i=0; i<q->order_by.n; i++){
    Expr *e = q->order_by.item[i].e;
    ExprList found = collect_calls(an, e, 1, 0, 1);
    for(int j=0; j<found.n; j++){
      Sem *sem = found.e[j]->sem;
      OutputRef r = {an, "COLUMN_NOT_FOUND", "Invalid reference to output projection attribute from ORDER BY aggregation"};
      if( sem->kind==SEM_GROUPING ){
        r.code = "INVALID_ARGUMENTS";
        r.message = "Invalid reference to output of SELECT clause from grouping() expression in ORDER BY";
      }
      expr_children(found.e[j], find_output_ref, &r);
    }
  }
}

/* --- A SELECT ------------------------------------------------------------ */

static Select *analyse_select(Analyser *an, Scope *outer, Body *body, Query *q){
  Select *sel = ARENA_NEW(an->arena, Select);
  BodyInfo *info = ARENA_NEW(an->arena, BodyInfo);
  Items items = {an, sel, 0};
  sel->id = ++an->next_id;
  if( ++an->cost>EXPANSION_MAX ) an_refuse(an, body->pos, "views that expand to more than %d SELECTs", EXPANSION_MAX);
  sel->body = body;
  sel->outer = outer;
  body->sem = info;
  if( body->from ){
    RelInfo *r = relation_analyse(an, outer, 0, body->from, sel);
    sel->source = scope_new(an, outer, sel);
    for(int i=0; i<r->scope->n; i++) scope_add(an, sel->source, r->scope->field[i]);
  }else{
    sel->source = scope_new(an, outer, sel);
  }
  an->select = sel;
  windows_define(an, sel);
  if( body->where ){
    const Type *t = expr_analyse(an, sel->source, body->where);
    check_no_aggregates(an, body->where, "WHERE clause");
    if( t->kind!=T_BOOLEAN && t->kind!=T_UNKNOWN )
      an_fail(an, "TYPE_MISMATCH", body->where->pos, "WHERE clause must evaluate to a boolean: actual type %s", type_z(an, t));
    body->where = expr_coerce(an, body->where, &TYPE_BOOLEAN);
  }
  for(int i=0; i<body->n_item; i++) analyse_item(&items, &body->item[i]);
  group_analyse(an, sel);
  if( body->having ){
    const Type *t = expr_analyse(an, sel->source, body->having);
    ExprList windows = collect_calls(an, body->having, 0, 1, 0);
    if( windows.n )
      an_fail(an, "NESTED_WINDOW", windows.e[0]->pos, "HAVING clause cannot contain window functions or row pattern measures");
    if( t->kind!=T_BOOLEAN && t->kind!=T_UNKNOWN )
      an_fail(an, "TYPE_MISMATCH", body->having->pos, "HAVING clause must evaluate to a boolean: actual type %s", type_z(an, t));
    body->having = expr_coerce(an, body->having, &TYPE_BOOLEAN);
  }
  if( q ){
    Scope *order = scope_new(an, sel->source, sel);
    order->is_output = 1;
    for(int i=0; i<sel->n_out; i++) scope_add(an, order, sel->out_field[i]);
    analyse_order_by(an, order, q, sel->n_out, sel->out_field);
    check_order_aggregates(an, q);
  }
  group_check(an, sel, q ? q->order_by.n : 0, q ? q->order_by.item : 0);
  if( q && body->distinct ) check_distinct_order(an, sel, q);
  info->select = sel;
  info->n = sel->n_out;
  info->field = sel->out_field;
  return sel;
}

/* --- VALUES and set operations ------------------------------------------- */

static int row_width(const Expr *e){
  return e->type->kind==T_ROW ? e->type->n : 1;
}

/* Column k of a row of VALUES. */
static Expr *row_column(Analyser *an, Expr *row, int k){
  if( row->type->kind!=T_ROW ) return row;
  if( row->kind==EXPR_ROW ) return row->arg[k];
  Expr *e = an_expr(an, EXPR_FIELD, row->pos);
  e->n = 1;
  e->arg = ARENA_ARRAY(an->arena, Expr*, 1);
  e->arg[0] = row;
  Sem *sem = sem_new(an, e, SEM_DEREF);
  sem->index = k;
  e->type = row->type->arg[k];
  return e;
}

/* The rows before row `at` against it, as row types. */
_Noreturn static void mismatched_rows(Analyser *an, Body *body, BodyInfo *info, int n, int at){
  const Type **a = ARENA_ARRAY(an->arena, const Type*, n), **b = ARENA_ARRAY(an->arena, const Type*, n);
  const char **none = ARENA_ARRAY(an->arena, const char*, n);
  for(int k=0; k<n; k++){
    a[k] = expr_bare(info->row[0][k])->type;
    for(int i=1; i<at; i++){
      const Type *u = type_common(an->arena, a[k], expr_bare(info->row[i][k])->type);
      if( u ) a[k] = u;
    }
    b[k] = expr_bare(info->row[at][k])->type;
  }
  an_fail(an, "TYPE_MISMATCH", body->pos, "Values rows have mismatched types: %s vs %s",
    type_z(an, type_row(an->arena, n, a, none)), type_z(an, type_row(an->arena, n, b, none)));
}

static void analyse_values(Analyser *an, Scope *outer, Body *body){
  Scope *s = scope_new(an, outer, 0);
  BodyInfo *info = ARENA_NEW(an->arena, BodyInfo);
  int n = 0;
  for(int i=0; i<body->rows.n; i++){
    expr_analyse(an, s, body->rows.e[i]);
    check_no_aggregates(an, body->rows.e[i], "VALUES");
  }
  for(int i=0; i<body->rows.n; i++){
    int width = row_width(body->rows.e[i]);
    if( i==0 ) n = width;
    else if( width!=n ) an_fail(an, "TYPE_MISMATCH", body->pos, "Values rows have mismatched sizes: %d vs %d", n, width);
  }
  if( n>COLUMN_MAX ) an_refuse(an, body->pos, "more than %d columns", COLUMN_MAX);
  info->n = n;
  info->field = ARENA_ARRAY(an->arena, Field*, n+1);
  info->row = ARENA_ARRAY(an->arena, Expr**, body->rows.n);
  for(int i=0; i<body->rows.n; i++){
    info->row[i] = ARENA_ARRAY(an->arena, Expr*, n+1);
    for(int k=0; k<n; k++) info->row[i][k] = row_column(an, body->rows.e[i], k);
  }
  for(int k=0; k<n; k++){
    const Type *t = info->row[0][k]->type;
    for(int i=1; i<body->rows.n; i++){
      const Type *u = type_common(an->arena, t, info->row[i][k]->type);
      if( u==0 )
        mismatched_rows(an, body, info, n, i);
      t = u;
    }
    for(int i=0; i<body->rows.n; i++) info->row[i][k] = expr_coerce(an, info->row[i][k], t);
    info->field[k] = field_new(an, 0, 0, t, 0);
  }
  body->sem = info;
}

static const char *set_word(int op){
  return op=='U' ? "UNION" : op=='I' ? "INTERSECT" : "EXCEPT";
}

static void analyse_setop(Analyser *an, Scope *outer, Body *body){
  BodyInfo *l = body_analyse(an, outer, body->left), *r = body_analyse(an, outer, body->right);
  BodyInfo *info = ARENA_NEW(an->arena, BodyInfo);
  if( l->n!=r->n )
    an_fail(an, "TYPE_MISMATCH", body->pos, "%s query has different number of fields: %d, %d", set_word(body->op), l->n, r->n);
  info->n = l->n;
  info->field = ARENA_ARRAY(an->arena, Field*, l->n+1);
  for(int i=0; i<l->n; i++){
    const Type *a = l->field[i]->type, *b = r->field[i]->type, *t = type_common(an->arena, a, b);
    if( t==0 )
      an_fail(an, "TYPE_MISMATCH", body->pos, "column %d in %s query has incompatible types: %s, %s",
        i+1, set_word(body->op), type_z(an, a), type_z(an, b));
    if( !(body->op=='U' && body->all) && !type_is_comparable(t) )
      an_fail(an, "TYPE_MISMATCH", body->pos, "Type %s is not comparable and therefore cannot be used in %s%s",
        type_z(an, t), set_word(body->op), body->op=='U' ? " DISTINCT" : "");
    info->field[i] = field_new(an, l->field[i]->name, l->field[i]->label, t, 0);
  }
  body->sem = info;
}

BodyInfo *body_analyse(Analyser *an, Scope *outer, Body *body){
  if( ++an->depth>DEPTH_MAX ) an_refuse(an, body->pos, "queries nested deeper than %d", DEPTH_MAX);
  switch( body->kind ){
    case BODY_TABLE: {
      Relation *rel = ARENA_NEW(an->arena, Relation);
      rel->kind = REL_TABLE;
      rel->pos = body->pos;
      rel->table = body->table;
      body->kind = BODY_SELECT;
      body->from = rel;
      body->n_item = 1;
      body->item = ARENA_NEW(an->arena, SelectItem);
      body->item->pos = body->pos;
      body->item->star = 1;
      analyse_select(an, outer, body, 0);
      break;
    }
    case BODY_SELECT: analyse_select(an, outer, body, 0); break;
    case BODY_VALUES: analyse_values(an, outer, body); break;
    case BODY_SETOP: analyse_setop(an, outer, body); break;
    case BODY_QUERY: {
      QueryInfo *q = query_analyse(an, outer, body->query);
      BodyInfo *info = ARENA_NEW(an->arena, BodyInfo);
      info->n = q->n;
      info->field = q->field;
      body->sem = info;
      break;
    }
  }
  an->depth--;
  return body->sem;
}

/* --- WITH, LIMIT, the whole query ---------------------------------------- */

static void analyse_with(Analyser *an, Scope *outer, Query *q){
  for(int i=0; i<q->n_with; i++){
    With *w = &q->with[i];
    for(int j=0; j<i; j++)
      if( !strcmp(q->with[j].name.lower, w->name.lower) )
        an_fail(an, "DUPLICATE_NAMED_QUERY", w->pos, "WITH query name '%s' specified more than once", w->name.text);
    int cost = an->cost;
    QueryInfo *inner = query_analyse(an, outer, w->query);
    if( w->columns.n && w->columns.n!=inner->n )
      an_fail(an, "MISMATCHED_COLUMN_ALIASES", w->columns.name[0].pos, "Column alias list has %d entries but relation has %d columns",
        w->columns.n, inner->n);
    for(int a=0; a<w->columns.n; a++)
      for(int b=0; b<a; b++)
        if( !strcmp(w->columns.name[a].lower, w->columns.name[b].lower) )
          an_fail(an, "DUPLICATE_COLUMN_NAME", w->columns.name[a].pos, "Column name '%s' specified more than once", w->columns.name[a].text);
    WithInfo *info = ARENA_NEW(an->arena, WithInfo);
    info->id = ++an->next_id;
    info->name = w->name.lower;
    info->cost = an->cost - cost;
    an->cost = cost;            /* counted where it is used */
    info->query = w->query;
    inner->is_relation = 1;
    info->n = inner->n;
    info->field = ARENA_ARRAY(an->arena, Field*, inner->n+1);
    for(int k=0; k<inner->n; k++){
      Field *f = field_copy(an, inner->field[k]);
      f->item = 0;
      if( w->columns.n ){
        f->name = w->columns.name[k].lower;
        f->label = w->columns.name[k].text;
      }
      info->field[k] = f;
    }
    w->sem = info;
    info->next = an->with;
    an->with = info;
  }
}

/* The number of a LIMIT, OFFSET or FETCH: an integer or a parameter. */
static void analyse_count(Analyser *an, Expr *e, const char *what){
  if( e==0 ) return;
  const Type *t = expr_analyse(an, 0, e);
  Sem *sem = e->sem;
  if( !type_is_integer(t) || sem==0 || sem->kind!=SEM_VALUE )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Non constant parameter value for %s: %s", what, expr_text(an, e));
}

static int provably_single(Query *q){
  if( q->body->kind==BODY_VALUES && q->body->rows.n==1 ) return 1;
  if( q->limit && q->limit->value.i<=1 ) return 1;
  if( q->fetch && !q->with_ties && (q->fetch_count==0 || q->fetch_count->value.i<=1) ) return 1;
  if( q->body->kind==BODY_QUERY ) return ((QueryInfo*)q->body->query->sem)->single_row;
  if( q->body->kind!=BODY_SELECT ) return 0;
  Select *s = ((BodyInfo*)q->body->sem)->select;
  if( s->aggregated && s->n_key==0 && s->n_set==1 ) return 1;
  return q->body->from==0;
}

QueryInfo *query_analyse(Analyser *an, Scope *outer, Query *q){
  if( ++an->depth>DEPTH_MAX ) an_refuse(an, q->pos, "queries nested deeper than %d", DEPTH_MAX);
  QueryInfo *info = ARENA_NEW(an->arena, QueryInfo);
  WithInfo *with = an->with;
  Select *select = an->select;
  if( q->recursive ) an_refuse(an, q->recursive_pos, "WITH RECURSIVE");
  analyse_with(an, outer, q);
  if( q->body->kind==BODY_SELECT ){
    info->select = analyse_select(an, outer, q->body, q);
    info->n = info->select->n_out;
    info->field = info->select->out_field;
  }else{
    BodyInfo *b = body_analyse(an, outer, q->body);
    info->n = b->n;
    info->field = b->field;
    if( q->order_by.n ){
      Scope *s = scope_new(an, outer, 0);
      info->id = ++an->next_id;
      Field **out = ARENA_ARRAY(an->arena, Field*, b->n+1);
      for(int i=0; i<b->n; i++){
        out[i] = field_new(an, b->field[i]->name, b->field[i]->label, b->field[i]->type,
                           arena_printf(an->arena, "r%d.c%d", info->id, i));
        scope_add(an, s, out[i]);
      }
      analyse_order_by(an, s, q, b->n, out);
      for(int i=0; i<q->order_by.n; i++) check_no_aggregates(an, q->order_by.item[i].e, "ORDER BY clause");
    }
  }
  analyse_count(an, q->offset, "OFFSET");
  analyse_count(an, q->limit, "LIMIT");
  analyse_count(an, q->fetch_count, "FETCH FIRST");
  if( q->fetch_count && q->fetch_count->value.i<=0 )
    an_fail(an, "NUMERIC_VALUE_OUT_OF_RANGE", q->fetch_pos, "FETCH FIRST row count must be positive (actual value: %lld)",
      (long long)q->fetch_count->value.i);
  if( q->with_ties && q->order_by.n==0 )
    an_fail(an, "MISSING_ORDER_BY", q->fetch_pos, "FETCH FIRST WITH TIES clause requires ORDER BY");
  q->sem = info;
  info->single_row = provably_single(q);
  an->with = with;
  an->select = select;
  an->depth--;
  return info;
}
