/*
** Queries: WITH, VALUES, TABLE, set operations, LIMIT; which aggregates an
** expression holds.  SELECT itself is in analyse_select.c.
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
      select_analyse(an, outer, body, 0);
      break;
    }
    case BODY_SELECT: select_analyse(an, outer, body, 0); break;
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
    info->select = select_analyse(an, outer, q->body, q);
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
      order_by_analyse(an, s, q, b->n, out);
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
