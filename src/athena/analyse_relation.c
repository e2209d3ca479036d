/*
** FROM: tables, views, WITH names, subqueries, LATERAL, UNNEST and joins.
**
** relation_analyse() gives a scope with the fields a relation offers, and
** leaves a RelInfo in rel->sem for the emitter.  A field's `sql` is decided
** here: `r3.c1` for what is emitted as a subquery, the stored column wrapped in
** its load function for a table (spec §9, "Stored").
** A LATERAL subquery or UNNEST on the right of a join sees the fields of the
** left side.
*/
#include <string.h>
#include "analyser.h"

#define VIEW_DEPTH_MAX 32

static const char *column_sql(Analyser *an, int id, int i){
  return arena_printf(an->arena, "r%d.c%d", id, i);
}

WithInfo *with_find(Analyser *an, const char *name){
  for(WithInfo *w = an->with; w; w = w->next) if( !strcmp(w->name, name) ) return w;
  return 0;
}

static RelInfo *rel_new(Analyser *an, Relation *rel, Scope *outer, Select *select){
  RelInfo *info = ARENA_NEW(an->arena, RelInfo);
  info->id = ++an->next_id;
  info->scope = scope_new(an, outer, select);
  rel->sem = info;
  return info;
}

/* --- Tables -------------------------------------------------------------- */

static void note_table(Analyser *an, TableInfo *t){
  for(int i=0; i<an->n_table; i++){
    if( !strcmp(an->table[i]->sqlite_name, t->sqlite_name) ) return;
  }
  if( an->n_table==an->cap_table ){
    int cap = an->cap_table ? 2*an->cap_table : 8;
    TableInfo **grown = ARENA_ARRAY(an->arena, TableInfo*, cap);
    if( an->n_table ) memcpy(grown, an->table, sizeof(TableInfo*)*(size_t)an->n_table);
    an->table = grown;
    an->cap_table = cap;
  }
  an->table[an->n_table++] = t;
}

TableInfo *table_lookup(Analyser *an, const NameList *name, Pos pos){
  const char *database = an->database, *table = name->name[name->n-1].lower, *error = 0;
  if( name->n>3 ) an_fail(an, "MALFORMED_QUERY", pos, "Too many dots in table name: %s", name->name[0].text);
  if( name->n==3 && strcmp(name->name[0].lower, "awsdatacatalog")!=0 )
    an_fail(an, "CATALOG_NOT_FOUND", pos, "Catalog '%s' does not exist", name->name[0].lower);
  if( name->n>=2 ) database = name->name[name->n-2].lower;
  TableInfo *t = 0;
  int rc = catalog_find_table(an->context->catalog, an->arena, database, table, &t, &error);
  if( rc<0 ) an_fail(an, "GENERIC_INTERNAL_ERROR", pos, "%s", error ? error : "the lake could not be read");
  if( rc==0 && strcmp(database, "information_schema")!=0 && !catalog_has_database(an->context->catalog, database) )
    an_fail(an, "SCHEMA_NOT_FOUND", pos, "Schema '%s' does not exist", database);
  if( rc==0 ) an_fail(an, "TABLE_NOT_FOUND", pos, "Table 'awsdatacatalog.%s.%s' does not exist", database, table);
  return t;
}

static void qualify_table(Analyser *an, Field *f, const TableInfo *t){
  f->n_qualifier = 3;
  f->qualifier[0] = an_lower(an, t->name);
  f->qualifier[1] = an_lower(an, t->database);
  f->qualifier[2] = "awsdatacatalog";
}

static void table_fields(Analyser *an, RelInfo *info){
  TableInfo *t = info->table;
  for(int i=0; i<t->n_column; i++){
    const TableColumn *c = &t->column[i];
    Buf b;
    buf_init(&b, an->arena);
    buf_printf(&b, "r%d.\"", info->id);
    for(const char *p = c->name; *p; p++){ if( *p=='"' ) buf_char(&b, '"'); buf_char(&b, *p); }
    buf_char(&b, '"');
    Field *f = field_new(an, c->name, c->name, c->type, load_sql(an, b.z, c->type));
    f->hidden = c->is_hidden;
    qualify_table(an, f, t);
    scope_add(an, info->scope, f);
  }
  info->base = info->scope;
}

/* The view's query in its own database, without the WITH names around; an
** error inside it is the view's. */
static QueryInfo *view_query(Analyser *an, Relation *rel, TableInfo *t, Query *query){
  const char *database = an->database;
  WithInfo *with = an->with;
  QueryInfo *volatile q = 0;
  jmp_buf outer;
  memcpy(outer, an->jump, sizeof outer);
  an->view_depth++;
  an->with = 0;
  if( t->view_database ) an->database = t->view_database;
  int failed = setjmp(an->jump);
  if( !failed ) q = query_analyse(an, 0, query);
  memcpy(an->jump, outer, sizeof outer);
  an->view_depth--;
  an->with = with;
  an->database = database;
  if( !failed ) return q;
  if( an->error.out_of_memory || !strcmp(an->error.code, "TARN_NOT_SUPPORTED") ) longjmp(an->jump, 1);
  const char *why = an->error.pos.line>0 ? arena_printf(an->arena, "line %d:%d: ", an->error.pos.line, an->error.pos.col) : "";
  an_fail(an, "INVALID_VIEW", rel->pos, "Failed analyzing stored view 'awsdatacatalog.%s.%s': %s%s",
    t->database, t->name, why, an->error.message);
  return 0;
}

/* A view's columns are those it was made with; what its query gives now must
** still fit them. */
static void check_view(Analyser *an, Relation *rel, TableInfo *t, QueryInfo *q){
  const char *stale = "View 'awsdatacatalog.%s.%s' is stale or in invalid state: %s";
  const char *why = 0;
  if( q->n!=t->n_column )
    why = arena_printf(an->arena, "stored view column count (%d) does not match column count derived from the view query analysis (%d)",
      t->n_column, q->n);
  for(int i=0; i<q->n && why==0; i++){
    const Type *is = q->field[i]->type, *was = t->column[i].type;
    const char *name = q->field[i]->name;
    if( name && strcmp(name, t->column[i].name) )
      why = arena_printf(an->arena, "column [%s] of type %s projected from query view at position %d has a different name from column [%s] of type %s stored in view definition",
        name, type_z(an, is), i, t->column[i].name, type_z(an, was));
    else if( !type_equal(is, was) && !type_can_coerce(is, was) )
      why = arena_printf(an->arena, "column [%s] of type %s projected from query view at position %d cannot be coerced to column [%s] of type %s stored in view definition",
        name ? name : t->column[i].name, type_z(an, is), i, t->column[i].name, type_z(an, was));
    else if( !type_equal(is, was) )
      an_refuse(an, rel->pos, "a view whose column %s has another type than when it was made; make the view again", t->column[i].name);
  }
  if( why ) an_fail(an, "VIEW_IS_STALE", rel->pos, stale, t->database, t->name, why);
}

static void view_fields(Analyser *an, Relation *rel, RelInfo *info){
  TableInfo *t = info->table;
  Statement *st = 0;
  AthenaError error;
  if( an->view_depth>=VIEW_DEPTH_MAX ) an_refuse(an, rel->pos, "views nested deeper than %d", VIEW_DEPTH_MAX);
  if( athena_parse(an->arena, t->view_sql, &st, &error) || st->query==0 )
    an_fail(an, "INVALID_VIEW", rel->pos, "Failed analyzing stored view 'awsdatacatalog.%s.%s'", t->database, t->name);
  info->view = st->query;
  QueryInfo *q = view_query(an, rel, t, st->query);
  check_view(an, rel, t, q);
  for(int i=0; i<q->n; i++){
    Field *f = field_new(an, q->field[i]->name, q->field[i]->name, q->field[i]->type, column_sql(an, info->id, i));
    if( f->name==0 && i<t->n_column ) f->name = f->label = t->column[i].name;
    f->source = q->field[i];
    qualify_table(an, f, t);
    scope_add(an, info->scope, f);
  }
}

static void analyse_table(Analyser *an, Relation *rel, RelInfo *info){
  if( rel->table.n==1 ){
    info->with = with_find(an, rel->table.name[0].lower);
    if( info->with ){
      an->cost += info->with->cost;
      if( an->cost>EXPANSION_MAX ) an_refuse(an, rel->pos, "WITH queries that expand to more than %d SELECTs", EXPANSION_MAX);
      for(int i=0; i<info->with->n; i++){
        Field *f = field_copy(an, info->with->field[i]);
        f->sql = column_sql(an, info->id, i);
        f->item = 0;
        f->hidden = 0;
        f->n_qualifier = 1;
        f->qualifier[0] = rel->table.name[0].lower;
        scope_add(an, info->scope, f);
      }
      return;
    }
  }
  if( rel->version ) an_refuse(an, rel->pos, "%s", rel->version);
  info->table = table_lookup(an, &rel->table, rel->pos);
  note_table(an, info->table);
  if( info->table->kind==TABLE_VIEW ) view_fields(an, rel, info);
  else table_fields(an, info);
}

/* --- Subqueries and UNNEST ----------------------------------------------- */

static void query_fields(Analyser *an, RelInfo *info, QueryInfo *q){
  q->is_relation = 1;
  for(int i=0; i<q->n; i++){
    Field *f = field_copy(an, q->field[i]);
    f->sql = column_sql(an, info->id, i);
    f->n_qualifier = 0;
    f->item = 0;
    f->hidden = 0;
    scope_add(an, info->scope, f);
  }
}

/* A subquery that sees the relations on its left. */
static void analyse_lateral(Analyser *an, Scope *left, Relation *rel, RelInfo *info){
  Scope *border = scope_new(an, left, 0);
  border->is_query = 1;
  int first = an->n_outer;
  Select *select = an->select;
  an->query_depth++;
  QueryInfo *q = query_analyse(an, border, rel->query);
  for(int i=first; i<an->n_outer; i++){
    if( an->outer[i].depth>=an->query_depth ) continue;
    if( !info->correlated ) info->lateral_ref = an->outer[i].e;
    info->correlated = 1;
  }
  an->query_depth--;
  an->select = select;
  if( info->correlated ) correlated_check(an, rel->query, rel->query->pos, CORRELATED_LATERAL);
  query_fields(an, info, q);
  for(int i=0; info->correlated && i<info->scope->n; i++)   /* t_unnest counts from 1 */
    info->scope->field[i]->sql = column_sql(an, info->id, i+1);
}

static void analyse_unnest(Analyser *an, Scope *left, Relation *rel, RelInfo *info){
  int n = 0;
  for(int i=0; i<rel->arg.n; i++){
    Expr *e = rel->arg.e[i];
    const Type *t = expr_analyse(an, left, e);
    check_no_aggregates(an, e, "UNNEST");
    if( t->kind==T_MAP ){
      for(int k=0; k<2; k++) scope_add(an, info->scope, field_new(an, 0, 0, t->arg[k], column_sql(an, info->id, ++n)));
    }else if( t->kind==T_ARRAY && t->arg[0]->kind==T_ROW ){
      const Type *row = t->arg[0];
      for(int k=0; k<row->n; k++){
        const char *name = row->name[k] ? an_lower(an, row->name[k]) : 0;
        scope_add(an, info->scope, field_new(an, name, row->name[k], row->arg[k], column_sql(an, info->id, ++n)));
      }
    }else if( t->kind==T_ARRAY ){
      scope_add(an, info->scope, field_new(an, 0, 0, t->arg[0], column_sql(an, info->id, ++n)));
    }else{
      an_fail(an, "INVALID_FUNCTION_ARGUMENT", POS_NONE, "Cannot unnest type: %s", type_z(an, t));
    }
  }
  if( rel->ordinality )
    scope_add(an, info->scope, field_new(an, 0, 0, &TYPE_BIGINT, arena_printf(an->arena, "r%d.n", info->id)));
  info->n_column = n;
}

/* --- Aliases ------------------------------------------------------------- */

static void apply_alias(Analyser *an, Relation *rel, RelInfo *info){
  Scope *s = info->scope;
  int visible = 0, k = 0;
  for(int i=0; i<s->n; i++) visible += !s->field[i]->hidden;
  if( rel->columns.n && rel->columns.n!=visible )
    an_fail(an, "MISMATCHED_COLUMN_ALIASES", rel->pos, "Column alias list has %d entries but '%s' has %d columns available",
      rel->columns.n, rel->alias.lower, visible);
  Scope *renamed = scope_new(an, s->parent, s->select);
  for(int i=0; i<s->n; i++){
    Field *f = field_copy(an, s->field[i]);
    if( rel->columns.n ){
      if( f->hidden ) continue;
      f->name = rel->columns.name[k].lower;
      f->label = rel->columns.name[k].text;
      k++;
    }
    f->n_qualifier = 1;
    f->qualifier[0] = rel->alias.lower;
    scope_add(an, renamed, f);
  }
  info->scope = renamed;
}

static void analyse_sample(Analyser *an, Scope *outer, Relation *rel){
  const Type *t = expr_analyse(an, outer, rel->sample_percent);
  if( !type_is_numeric(t) )
    an_fail(an, "TYPE_MISMATCH", rel->sample_percent->pos, "Sample percentage should be a numeric expression");
  Sem *sem = rel->sample_percent->sem;
  if( sem==0 || sem->kind!=SEM_VALUE ) an_refuse(an, rel->sample_percent->pos, "TABLESAMPLE with an expression");
  const Value *v = &rel->sample_percent->value;
  double p = v->kind==V_REAL ? v->r : (double)v->i;
  if( t->kind==T_DECIMAL ) an_refuse(an, rel->sample_percent->pos, "TABLESAMPLE with a decimal");
  if( p<0 ) an_fail(an, "NUMERIC_VALUE_OUT_OF_RANGE", rel->sample_percent->pos, "Sample percentage must be greater than or equal to 0");
  if( p>100 ) an_fail(an, "NUMERIC_VALUE_OUT_OF_RANGE", rel->sample_percent->pos, "Sample percentage must be less than or equal to 100");
}

/* --- Joins --------------------------------------------------------------- */

static const char *join_word(JoinKind k){
  switch( k ){
    case JOIN_LEFT: return "LEFT"; case JOIN_RIGHT: return "RIGHT"; case JOIN_FULL: return "FULL";
    case JOIN_INNER: return "INNER"; default: return "CROSS";
  }
}

/* The first column of `from` that an expression reads. */
typedef struct FindRef { Scope *from; Expr *found; } FindRef;
static void find_ref(void *p, Expr *e){
  FindRef *f = p;
  Sem *sem = e->sem;
  if( f->found ) return;
  if( sem && sem->kind==SEM_COLUMN ){
    for(int i=0; i<f->from->n; i++) if( f->from->field[i]==sem->field ) f->found = e;
    return;
  }
  expr_children(e, find_ref, p);
}

static void check_lateral_join(Analyser *an, Relation *rel, Scope *left){
  Relation *right = rel->right;
  int is_unnest = right->kind==REL_UNNEST;
  if( rel->join==JOIN_RIGHT || rel->join==JOIN_FULL ){
    FindRef f = {left, 0};
    for(int i=0; i<right->arg.n; i++) find_ref(&f, right->arg.e[i]);
    RelInfo *info = right->sem;
    if( f.found==0 ) f.found = info->lateral_ref;
    if( f.found )
      an_fail(an, "INVALID_COLUMN_REFERENCE", f.found->pos,
        "LATERAL reference not allowed in %s JOIN", join_word(rel->join));
  }
  if( rel->join==JOIN_CROSS || rel->join==JOIN_IMPLICIT ) return;
  int on_true = rel->on && rel->on->kind==EXPR_BOOL && rel->on->value.i;
  if( is_unnest && !on_true )
    an_fail(an, "NOT_SUPPORTED", rel->on ? rel->on->pos : rel->pos,
      "%s JOIN involving UNNEST is only supported with condition ON TRUE", join_word(rel->join));
  if( !is_unnest && rel->join==JOIN_FULL && !on_true )
    an_fail(an, "NOT_SUPPORTED", rel->on ? rel->on->pos : rel->pos,
      "FULL JOIN involving LATERAL relation is only supported with condition ON TRUE");
}

static Field *using_side(Analyser *an, Scope *s, const Name *name, const char *side){
  Field *found = 0;
  for(int i=0; i<s->n; i++){
    if( !field_matches(s->field[i], 1, name) ) continue;
    if( found ) an_fail(an, "AMBIGUOUS_NAME", name->pos, "Column '%s' is ambiguous", name->text);
    found = s->field[i];
  }
  if( found==0 )
    an_fail(an, "COLUMN_NOT_FOUND", name->pos, "Column '%s' is missing from %s side of join", name->text, side);
  return found;
}

/* USING: its columns once, first; then the others of both sides. */
static void analyse_using(Analyser *an, Relation *rel, RelInfo *info, Scope *left, Scope *right){
  int n = rel->using_.n;
  Field **used = ARENA_ARRAY(an->arena, Field*, 2*n);
  info->n_using = n;
  info->using_sql = ARENA_ARRAY(an->arena, const char*, n);
  for(int i=0; i<n; i++){
    const Name *name = &rel->using_.name[i];
    for(int j=0; j<i; j++)
      if( !strcmp(rel->using_.name[j].lower, name->lower) )
        an_fail(an, "DUPLICATE_COLUMN_NAME", name->pos, "Column '%s' appears multiple times in USING clause", name->text);
    Field *l = using_side(an, left, name, "left"), *r = using_side(an, right, name, "right");
    const Type *t = type_common(an->arena, l->type, r->type);
    if( t==0 || !type_is_comparable(t) )
      an_fail(an, "TYPE_MISMATCH", name->pos, "Cannot apply operator: %s = %s", type_z(an, l->type), type_z(an, r->type));
    const char *a = coerce_sql(an, l->sql, l->type, t), *b = coerce_sql(an, r->sql, r->type, t);
    const FnDef *eq = comparison_fn(an, OP_EQ, t);
    const Type *argt[2] = {t, t};
    const char *arg[2] = {a, b};
    info->using_sql[i] = eq ? fn_sql(an, eq, argt, &TYPE_BOOLEAN, 2, arg) : "NULL";
    Field *f = field_new(an, name->lower, name->text, t,
      rel->join==JOIN_RIGHT ? b : rel->join==JOIN_FULL ? arena_printf(an->arena, "coalesce(%s, %s)", a, b) : a);
    scope_add(an, info->scope, f);
    field_use(l);
    field_use(r);
    used[2*i] = l;
    used[2*i+1] = r;
  }
  Scope *side[2] = {left, right};
  for(int k=0; k<2; k++){
    for(int i=0; i<side[k]->n; i++){
      int skip = 0;
      for(int j=0; j<2*n && !skip; j++) skip = used[j]==side[k]->field[i];
      if( !skip ) scope_add(an, info->scope, side[k]->field[i]);
    }
  }
}

/* A subquery in the ON of an outer join must not read the joined tables. */
typedef struct CheckOn { Analyser *an; Scope *joined; } CheckOn;
static void check_on_subqueries(void *p, Expr *e){
  CheckOn *c = p;
  Sem *sem = e->sem;
  for(int i=0; sem && i<sem->n_outer; i++){
    for(int k=0; k<c->joined->n; k++){
      if( c->joined->field[k]!=sem->outer[i].sem->field ) continue;
      an_fail(c->an, "NOT_SUPPORTED", sem->outer[i].e->pos,
        "Reference to column '%s' from outer scope not allowed in this context", expr_text(c->an, sem->outer[i].e));
    }
  }
  expr_children(e, check_on_subqueries, p);
}

static void analyse_join(Analyser *an, Scope *outer, Scope *lateral, Relation *rel, RelInfo *info, Select *select){
  if( rel->natural ) an_fail(an, "NOT_SUPPORTED", rel->pos, "Natural join not supported");
  RelInfo *l = relation_analyse(an, outer, lateral, rel->left, select);
  int is_lateral = rel->right->kind==REL_LATERAL || rel->right->kind==REL_UNNEST;
  RelInfo *r = relation_analyse(an, outer, is_lateral ? l->scope : 0, rel->right, select);
  if( is_lateral ) check_lateral_join(an, rel, l->scope);
  if( rel->using_.n ){
    analyse_using(an, rel, info, l->scope, r->scope);
    return;
  }
  for(int i=0; i<l->scope->n; i++) scope_add(an, info->scope, l->scope->field[i]);
  for(int i=0; i<r->scope->n; i++) scope_add(an, info->scope, r->scope->field[i]);
  if( rel->on==0 ) return;
  const Type *t = expr_analyse(an, info->scope, rel->on);
  if( t->kind!=T_BOOLEAN && t->kind!=T_UNKNOWN )
    an_fail(an, "TYPE_MISMATCH", rel->on->pos, "JOIN ON clause must evaluate to a boolean: actual type %s", type_z(an, t));
  check_no_aggregates(an, rel->on, "JOIN clause");
  if( rel->join==JOIN_LEFT || rel->join==JOIN_RIGHT || rel->join==JOIN_FULL ){
    CheckOn c = {an, info->scope};
    check_on_subqueries(&c, rel->on);
  }
  rel->on = expr_coerce(an, rel->on, &TYPE_BOOLEAN);
}

RelInfo *relation_analyse(Analyser *an, Scope *outer, Scope *left, Relation *rel, Select *select){
  if( ++an->depth>DEPTH_MAX ) an_refuse(an, rel->pos, "relations nested deeper than %d", DEPTH_MAX);
  RelInfo *info = rel_new(an, rel, outer, select);
  if( left==0 ) left = scope_new(an, outer, select);
  switch( rel->kind ){
    case REL_TABLE: analyse_table(an, rel, info); break;
    case REL_SUBQUERY: query_fields(an, info, query_analyse(an, outer, rel->query)); break;
    case REL_LATERAL: analyse_lateral(an, left, rel, info); break;
    case REL_UNNEST: analyse_unnest(an, left, rel, info); break;
    case REL_JOIN: analyse_join(an, outer, left, rel, info, select); break;
    case REL_VALUES_REFUSED: case REL_REFUSED: an_refuse(an, rel->pos, "%s", rel->text ? rel->text : "relation");
  }
  if( rel->has_alias ) apply_alias(an, rel, info);
  if( rel->sample ) analyse_sample(an, scope_new(an, outer, select), rel);
  an->depth--;
  return info;
}
