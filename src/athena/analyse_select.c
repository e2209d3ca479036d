/*
** SELECT: its items, WHERE, HAVING and ORDER BY.
**
** The order of the steps is Trino's StatementAnalyzer's, because the first
** error wins: FROM, WINDOW definitions, WHERE, SELECT, GROUP BY, HAVING,
** ORDER BY, then the legality of aggregates and windows.
*/
#include <stdlib.h>
#include <string.h>
#include "analyser.h"

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
  const Sem *sem = expr_bare(e)->sem;
  if( sem && sem->kind==SEM_COLUMN ) f->source = sem->field;
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
void order_by_analyse(Analyser *an, Scope *scope, Query *q, int n_out, Field **out){
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

Select *select_analyse(Analyser *an, Scope *outer, Body *body, Query *q){
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
    order_by_analyse(an, order, q, sel->n_out, sel->out_field);
    check_order_aggregates(an, q);
  }
  group_check(an, sel, q ? q->order_by.n : 0, q ? q->order_by.item : 0);
  if( q && body->distinct ) check_distinct_order(an, sel, q);
  info->select = sel;
  info->n = sel->n_out;
  info->field = sel->out_field;
  return sel;
}
