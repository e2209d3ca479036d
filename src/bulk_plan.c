/*
** Recognising a bulk query in the analysed tree: FROM, the select list, joins.
** (Conditions: bulk_condition.c.  What is recognised: bulk.h.)
**
** Views, WITH queries and subqueries of FROM are expanded: a column of one is
** the column of the table below, so that only columns that somebody reads are
** read.  Env says, for one FROM, how the fields of its relations are read;
** a field is found by its address, as the emitter does.
**
** Everything is refused that is not known exactly: 0, and the plain path.
*/
#include <string.h>
#include <strings.h>
#include "bulk_plan.h"

static int expand(Recogniser*, Env*, const Select*);

ValueKind bulk_kind(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: return V_INT;
    case T_REAL: case T_DOUBLE: return V_REAL;
    case T_VARCHAR: return V_TEXT;
    default: return V_NULL;
  }
}

int bulk_is_key(const Type *t){
  return bulk_kind(t)==V_INT || bulk_kind(t)==V_TEXT;
}

/* Types whose values lie in a table as they are in an expression. */
static int is_copied(const Type *t){
  return bulk_kind(t)!=V_NULL || t->kind==T_VARBINARY;
}

/* --- Columns ------------------------------------------------------------- */

static int slot_of(Recogniser *r, int leaf, int column){
  BulkRel *rel = &r->q->rel[leaf];
  for(int i=0; i<rel->n_column; i++) if( rel->column[i]==column ) return i;
  if( rel->n_column==rel->cap_column ){
    int cap = rel->cap_column ? 2*rel->cap_column : 16;
    int *grown = ARENA_ARRAY(r->arena, int, cap);
    if( rel->n_column ) memcpy(grown, rel->column, sizeof(int)*(size_t)rel->n_column);
    rel->column = grown;
    rel->cap_column = cap;
  }
  rel->column[rel->n_column] = column;
  return rel->n_column++;
}

static int scope_index(const Scope *s, const Field *f){
  for(int i=0; i<s->n; i++) if( s->field[i]==f ) return i;
  return -1;
}

int bulk_resolve(Recogniser *r, const Env *env, const Field *f, BulkOperand *out){
  for(int i=0; i<env->n; i++){
    const EnvSource *s = &env->source[i];
    const RelInfo *info = s->rel->sem;
    int k = scope_index(info->scope, f);
    if( k<0 ) continue;
    if( s->leaf<0 ) return k<s->select->n_out && bulk_operand(r, s->env, s->select->out[k], out);
    if( k>=r->q->rel[s->leaf].table->n_column ) return 0;
    out->rel = s->leaf;
    out->slot = slot_of(r, s->leaf, k);
    out->value = value_null();
    return 1;
  }
  for(int i=0; i<env->n_using; i++){
    if( env->using_[i].field==f ) return bulk_resolve(r, env, env->using_[i].left, out);
  }
  return 0;
}

int bulk_operand(Recogniser *r, const Env *env, Expr *e, BulkOperand *out){
  const Type *to = e->type;
  while( e->kind==EXPR_COERCE ) e = e->arg[0];
  const Sem *sem = e->sem;
  if( sem==0 || e->type==0 ) return 0;
  if( sem->kind==SEM_VALUE ){
    out->rel = -1;
    out->slot = 0;
    out->value = e->value;
    /* A whole number beside a double is a double. */
    if( bulk_kind(to)==V_REAL && type_is_integer(e->type) && e->value.kind==V_INT ) out->value = value_real((double)e->value.i);
    else if( !coerce_is_free(e->type, to) ) return 0;
    return 1;
  }
  return sem->kind==SEM_COLUMN && coerce_is_free(e->type, to) && bulk_resolve(r, env, sem->field, out);
}

/* --- FROM ---------------------------------------------------------------- */

/* The SELECT of a query that is nothing but one, without groups; NULL. */
static const Select *simple_select(const Query *q, int with_distinct){
  const QueryInfo *info = q->sem;
  if( info==0 || info->select==0 || q->body->kind!=BODY_SELECT ) return 0;
  if( q->order_by.n || q->limit || q->limit_all || q->offset || q->fetch || q->recursive ) return 0;
  const Select *s = info->select;
  if( s->aggregated || s->has_window || s->body->has_group || s->body->having || s->body->from==0 ) return 0;
  if( s->body->distinct && !with_distinct ) return 0;
  return s;
}

static int add_source(Env *env, const Relation *rel, EnvSource **out){
  if( env->n==BULK_RELS ) return 0;
  *out = &env->source[env->n++];
  memset(*out, 0, sizeof(**out));
  (*out)->rel = rel;
  (*out)->leaf = -1;
  return 1;
}

static int add_leaf(Recogniser *r, Env *env, const Relation *rel, const TableInfo *table){
  EnvSource *s;
  if( table->kind!=TABLE_STORED && table->kind!=TABLE_LANDING ) return 0;
  if( r->q->n_rel==BULK_RELS || !add_source(env, rel, &s) ) return 0;
  s->leaf = r->q->n_rel++;
  r->q->rel[s->leaf].table = table;
  return 1;
}

static int add_query(Recogniser *r, Env *env, const Relation *rel, const Query *query){
  EnvSource *s;
  const Select *select = simple_select(query, 0);
  if( select==0 || !add_source(env, rel, &s) ) return 0;
  s->select = select;
  s->env = ARENA_NEW(r->arena, Env);
  return expand(r, s->env, select);
}

static const Field *using_field(const Scope *s, const Name *name){
  for(int i=0; i<s->n; i++) if( field_matches(s->field[i], 1, name) ) return s->field[i];
  return 0;
}

/* USING: its fields stand first in the scope of the join. */
static int add_using(Recogniser *r, Env *env, const Relation *rel){
  const RelInfo *info = rel->sem, *left = rel->left->sem, *right = rel->right->sem;
  for(int i=0; i<rel->using_.n; i++){
    const Field *l = using_field(left->scope, &rel->using_.name[i]), *rt = using_field(right->scope, &rel->using_.name[i]);
    const Field *f = i<info->scope->n ? info->scope->field[i] : 0;
    BulkOperand a, b;
    if( l==0 || rt==0 || f==0 || env->n_using==BULK_KEYS || !bulk_is_key(f->type) ) return 0;
    if( !coerce_is_free(l->type, f->type) || !coerce_is_free(rt->type, f->type) ) return 0;
    if( !bulk_resolve(r, env, l, &a) || !bulk_resolve(r, env, rt, &b) || !bulk_add_key(r, &a, &b) ) return 0;
    env->using_[env->n_using++] = (EnvUsing){f, l};
  }
  return 1;
}

static int add_relation(Recogniser *r, Env *env, const Relation *rel){
  const RelInfo *info = rel->sem;
  if( info==0 || rel->sample || rel->depth>BULK_DEPTH*4 ) return 0;
  switch( rel->kind ){
    case REL_TABLE:
      if( info->with ) return add_query(r, env, rel, info->with->query);
      if( info->view ) return add_query(r, env, rel, info->view);
      return info->table && add_leaf(r, env, rel, info->table);
    case REL_SUBQUERY:
      return add_query(r, env, rel, rel->query);
    case REL_JOIN:
      if( rel->join!=JOIN_INNER && rel->join!=JOIN_CROSS && rel->join!=JOIN_IMPLICIT ) return 0;
      /* An aliased join has fields of its own. */
      if( rel->has_alias ) return 0;
      if( !add_relation(r, env, rel->left) || !add_relation(r, env, rel->right) ) return 0;
      if( rel->using_.n ) return add_using(r, env, rel);
      return rel->on==0 || bulk_conjuncts(r, env, rel->on);
    default:
      return 0;
  }
}

static int expand(Recogniser *r, Env *env, const Select *s){
  int good = ++r->depth<=BULK_DEPTH && add_relation(r, env, s->body->from)
          && (s->body->where==0 || bulk_conjuncts(r, env, s->body->where));
  r->depth--;
  return good;
}

/* --- Joins --------------------------------------------------------------- */

/* The module leaves out partitions and files by what is asked of them: their
** columns are for filters with constants only. */
static int is_of_files(const BulkQuery *q, const BulkOperand *o){
  const BulkRel *rel = &q->rel[o->rel];
  const TableColumn *c = &rel->table->column[rel->column[o->slot]];
  return rel->table->kind==TABLE_STORED || (!c->is_partition && !c->is_hidden);
}

int bulk_add_key(Recogniser *r, const BulkOperand *a, const BulkOperand *b){
  BulkQuery *q = r->q;
  if( q->n_key==BULK_KEYS || a->rel<0 || b->rel<0 || a->rel==b->rel ) return 0;
  if( !is_of_files(q, a) || !is_of_files(q, b) ) return 0;
  q->key[q->n_key].a = *a;
  q->key[q->n_key++].b = *b;
  return 1;
}

/* Can every table be reached from the first one by equalities? */
static int is_connected(const BulkQuery *q){
  unsigned reached = 1, before;
  do{
    before = reached;
    for(int i=0; i<q->n_key; i++){
      unsigned a = 1u<<q->key[i].a.rel, b = 1u<<q->key[i].b.rel;
      if( reached & (a|b) ) reached |= a|b;
    }
  }while( reached!=before );
  return reached==(1u<<q->n_rel)-1;
}

/* A comparison with constants that the module takes (bulk_filters). */
static int is_pushed(const BulkCond *c){
  switch( c->kind ){
    case BULK_COMPARE: return (c->a.rel<0)!=(c->b.rel<0);
    case BULK_IS_NULL: return 1;
    case BULK_NOT: return c->arg[0]->kind==BULK_IS_NULL;
    case BULK_IN: return c->query==0;
    case BULK_AND:
      for(int i=0; i<c->n; i++) if( !is_pushed(c->arg[i]) ) return 0;
      return 1;
    default: return 0;
  }
}

static int is_on_files(const BulkQuery *q, const BulkCond *c){
  int good = (c->a.rel<0 || is_of_files(q, &c->a)) && (c->b.rel<0 || is_of_files(q, &c->b));
  for(int i=0; i<c->n && good; i++) good = is_on_files(q, c->arg[i]);
  for(int i=0; i<c->n_key && good; i++) good = c->key[i].rel<0 || is_of_files(q, &c->key[i]);
  return good;
}

/* "$line" is not among the columns of row blocks; where SQLite would leave out
** partitions, so must the scan. */
static int columns_are_good(const BulkQuery *q){
  for(int i=0; i<q->n_rel; i++){
    const BulkRel *rel = &q->rel[i];
    for(int k=0; k<rel->n_column; k++){
      const TableColumn *c = &rel->table->column[rel->column[k]];
      if( c->is_hidden && strcmp(c->name, "$line")==0 ) return 0;
    }
  }
  for(int i=0; i<q->n_cond; i++) if( !is_pushed(q->cond[i]) && !is_on_files(q, q->cond[i]) ) return 0;
  return 1;
}

/* --- Queries ------------------------------------------------------------- */

static int add_outputs(Recogniser *r, const Env *env, const Select *s){
  BulkQuery *q = r->q;
  q->n_out = s->n_out;
  q->out = ARENA_ARRAY(r->arena, BulkOperand, s->n_out+1);
  q->out_type = ARENA_ARRAY(r->arena, const Type*, s->n_out+1);
  for(int i=0; i<s->n_out; i++){
    q->out_type[i] = s->out[i]->type;
    if( !bulk_operand(r, env, s->out[i], &q->out[i]) ) return 0;
    if( !is_copied(s->out[i]->type) && s->out[i]->type->kind!=T_UNKNOWN ) return 0;
    /* Doubles group by their value, rows here by their bytes. */
    if( q->distinct && !bulk_is_key(s->out[i]->type) ) return 0;
  }
  return 1;
}

/* A condition on no table at all is SQLite's: where it is false, nothing is
** scanned. */
static int is_good(const BulkQuery *q){
  for(int i=0; i<q->n_cond; i++) if( q->cond[i]->rels==0 ) return 0;
  return is_connected(q) && columns_are_good(q);
}

/* inner = outer, of an EXISTS: a key; 0 when it is not of that form. */
static int add_tie(Recogniser *r, const Env *env, Recogniser *outer, const Env *outer_env, Expr *e, BulkCond *exists){
  const Sem *sem = e->sem;
  if( e->kind!=EXPR_COMPARE || e->op!=OP_EQ || sem==0 || sem->kind!=SEM_EQ || sem->operand==0 || !bulk_is_key(sem->operand) ) return 0;
  for(int i=0; i<2; i++){
    BulkOperand in, out;
    if( !bulk_operand(outer, outer_env, e->arg[i], &out) || out.rel<0 ) continue;
    if( !bulk_operand(r, env, e->arg[1-i], &in) || in.rel<0 || exists->n_key==BULK_KEYS ) return 0;
    if( !is_of_files(r->q, &in) ) return 0;
    r->q->out[exists->n_key] = in;
    exists->key[exists->n_key++] = out;
    return 1;
  }
  return 0;
}

static int add_ties(Recogniser *r, const Env *env, Recogniser *outer, const Env *outer_env, Expr *e, BulkCond *exists){
  e = expr_bare(e);
  if( e->kind!=EXPR_AND ) return add_tie(r, env, outer, outer_env, e, exists) || bulk_conjuncts(r, env, e);
  for(int i=0; i<e->n; i++) if( !add_ties(r, env, outer, outer_env, e->arg[i], exists) ) return 0;
  return 1;
}

/* The columns that are compared with the outer ones; what EXISTS selects is
** never computed. */
static int expand_exists(Recogniser *r, Env *env, const Select *s, Recogniser *outer, const Env *outer_env, BulkCond *exists){
  r->q->out = ARENA_ARRAY(r->arena, BulkOperand, BULK_KEYS);
  if( s->body->where==0 || !add_relation(r, env, s->body->from) ) return 0;
  if( !add_ties(r, env, outer, outer_env, s->body->where, exists) ) return 0;
  r->q->n_out = exists->n_key;
  return exists->n_key>0;
}

BulkQuery *bulk_subquery(Recogniser *outer, const Query *query, const Env *outer_env, BulkCond *exists){
  const Select *s = simple_select(query, 1);
  Recogniser r = {outer->arena, ARENA_NEW(outer->arena, BulkQuery), outer->depth + 1};
  Env *env = ARENA_NEW(outer->arena, Env);
  if( s==0 || r.depth>BULK_DEPTH ) return 0;
  r.q->distinct = 1;            /* its rows are only looked up */
  if( exists ? !expand_exists(&r, env, s, outer, outer_env, exists) : !expand(&r, env, s) || !add_outputs(&r, env, s) ) return 0;
  return is_good(r.q) ? r.q : 0;
}

BulkQuery *bulk_recognise(Session *session, const Compiled *c){
  const Query *query = c->statement->query;
  const Select *s = query ? simple_select(query, 1) : 0;
  Recogniser r = {&session->arena, 0, 0};
  Env *env;
  if( s==0 ) return 0;
  r.q = ARENA_NEW(r.arena, BulkQuery);
  r.q->distinct = s->body->distinct;
  env = ARENA_NEW(r.arena, Env);
  if( !expand(&r, env, s) || !add_outputs(&r, env, s) ) return 0;
  return is_good(r.q) ? r.q : 0;
}

BulkQuery *bulk_rows_of(Arena *a, const Select *s){
  Recogniser r = {a, ARENA_NEW(a, BulkQuery), 0};
  r.q->out = ARENA_ARRAY(a, BulkOperand, 1);
  return s->body->from && expand(&r, ARENA_NEW(a, Env), s) && is_good(r.q) ? r.q : 0;
}

/* --- Description --------------------------------------------------------- */

static void describe_sets(Buf *b, const BulkQuery *q){
  for(int i=0; i<q->n_set; i++){
    const BulkCond *c = q->set[i];
    buf_str(b, c->query==0 ? ", IN list " : ", semi-join ");
    for(int k=0; k<c->n_key; k++){
      const BulkOperand *o = &c->key[k];
      if( o->rel>=0 ) buf_printf(b, "%s%s", k ? "+" : "", q->rel[o->rel].table->column[q->rel[o->rel].column[o->slot]].name);
    }
    if( c->query ){
      buf_str(b, " in (");
      buf_str(b, c->query->rel[0].table->sqlite_name);
      for(int k=1; k<c->query->n_rel; k++) buf_printf(b, " join %s", c->query->rel[k].table->sqlite_name);
      buf_char(b, ')');
    }
  }
}

const char *bulk_describe(Arena *a, const BulkQuery *q){
  Buf b;
  buf_init(&b, a);
  buf_printf(&b, "scan %s", q->rel[0].table->sqlite_name);
  for(int i=1; i<q->n_rel; i++) buf_printf(&b, ", hash join %s", q->rel[i].table->sqlite_name);
  describe_sets(&b, q);
  if( q->n_cond>q->n_set ) buf_str(&b, ", filter");
  buf_printf(&b, ", %d column%s%s", q->n_out, q->n_out==1 ? "" : "s", q->distinct ? ", distinct" : "");
  return b.z;
}
