/*
** Types of expressions: names, operators, predicates, constructors, casts,
** subqueries.  Literals are in analyse_literal.c, calls in analyse_call.c.
**
** Every case sets e->type; what the emitter must know beyond goes into e->sem.
** Operands are replaced by EXPR_COERCE nodes where Athena coerces implicitly.
** Error texts and positions are Athena's (spec §6, §10; vectors `semantic`,
** `compare`, `arith`, `conditional`).  An expression is analysed once: shared
** nodes (GROUP BY 1) keep their type.
*/
#include <stdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "analyser.h"

/* decimal(p,s) out of range has an error of its own, without a position. */
static void decimal_check(Analyser *an, const char *z){
  int p, s = 0, n = 0;
  if( strncasecmp(z, "decimal(", 8) ) return;
  if( sscanf(z, "%*[^(](%d,%d)%n", &p, &s, &n)!=2 && sscanf(z, "%*[^(](%d)%n", &p, &n)!=1 ) return;
  if( p<1 || p>38 )
    an_fail(an, "INVALID_FUNCTION_ARGUMENT", POS_NONE, "DECIMAL precision must be in range [1, 38]: %d", p);
  if( s<0 || s>p )
    an_fail(an, "INVALID_FUNCTION_ARGUMENT", POS_NONE, "DECIMAL scale must be in range [0, precision (%d)]: %d", p, s);
}

const Type *type_of_name(Analyser *an, const TypeName *name, Pos pos){
  const char *bad = 0;
  const Type *t = type_parse(an->arena, name->text, strlen(name->text), &bad);
  if( !strncmp(name->text, "dec", 3) && name->text[3]!='i' ) t = 0;    /* DEC is Hive's */
  if( t==0 ) decimal_check(an, name->text);
  if( t && t->kind==T_UNKNOWN ) an_fail(an, "TYPE_MISMATCH", pos, "UNKNOWN is not a valid type");
  if( t==0 ) an_fail(an, "TYPE_MISMATCH", pos, "Unknown type: %s", name->text);
  return t;
}

const FnDef *fn_find(Analyser *an, const char *name, int argc, const Type *const *argt, const Type **result){
  FnMatch m;
  memset(&m, 0, sizeof m);
  if( fn_resolve(an->arena, name, argc, argt, 0, 0, &m, 0)!=FN_MATCHED || m.fn==0 ) return 0;
  if( result ) *result = m.result;
  return m.fn;
}

Expr *expr_coerce(Analyser *an, Expr *e, const Type *to){
  if( e->type==0 || type_equal(e->type, to) ) return e;
  Expr *c = an_expr(an, EXPR_COERCE, e->pos);
  c->n = 1;
  c->arg = ARENA_ARRAY(an->arena, Expr*, 1);
  c->arg[0] = e;
  c->type = to;
  return c;
}

/* --- Sameness ------------------------------------------------------------ */

static int query_same(const Query *a, const Query *b);

static int same_text(const char *a, const char *b){
  return a==b || (a && b && !strcmp(a, b));
}

static int same_list(int n, Expr *const *a, Expr *const *b){
  for(int i=0; i<n; i++) if( !expr_same(a[i], b[i]) ) return 0;
  return 1;
}

static int same_call(const Expr *a, const Expr *b){
  if( a->function_name.n!=b->function_name.n || a->distinct!=b->distinct || a->star!=b->star
   || a->nulls!=b->nulls || a->order_by.n!=b->order_by.n ) return 0;
  for(int i=0; i<a->function_name.n; i++)
    if( strcmp(a->function_name.name[i].lower, b->function_name.name[i].lower) ) return 0;
  for(int i=0; i<a->order_by.n; i++){
    const SortItem *x = &a->order_by.item[i], *y = &b->order_by.item[i];
    if( x->descending!=y->descending || x->nulls!=y->nulls || !expr_same(x->e, y->e) ) return 0;
  }
  if( (a->filter==0)!=(b->filter==0) || (a->filter && !expr_same(a->filter, b->filter)) ) return 0;
  return a->over==0 && b->over==0;
}

/* Written alike: names inside a subquery are compared as text.  Only simple
** subqueries are recognised; for the others the answer is no. */
static int written_alike(const Expr *a, const Expr *b){
  char za[400], zb[400];
  if( (a==0)!=(b==0) ) return 0;
  if( a==0 ) return 1;
  if( expr_print(a, za, sizeof za) || expr_print(b, zb, sizeof zb) ) return 0;
  return strcmp(za, zb)==0 && strstr(za, "SELECT ...")==0;
}

static int relation_same(const Relation *a, const Relation *b){
  if( (a==0)!=(b==0) ) return 0;
  if( a==0 ) return 1;
  if( a->kind!=b->kind || a->has_alias!=b->has_alias || a->columns.n || b->columns.n || a->sample || b->sample ) return 0;
  if( a->has_alias && strcmp(a->alias.lower, b->alias.lower) ) return 0;
  if( a->kind==REL_SUBQUERY ) return query_same(a->query, b->query);
  if( a->kind!=REL_TABLE || a->table.n!=b->table.n ) return 0;
  for(int i=0; i<a->table.n; i++) if( strcmp(a->table.name[i].lower, b->table.name[i].lower) ) return 0;
  return 1;
}

static int query_same(const Query *a, const Query *b){
  const Body *x = a->body, *y = b->body;
  if( a->n_with || b->n_with || a->order_by.n || b->order_by.n || a->limit || b->limit || a->offset || b->offset
   || a->fetch || b->fetch || x->kind!=y->kind ) return 0;
  if( x->kind==BODY_VALUES ){
    if( x->rows.n!=y->rows.n ) return 0;
    for(int i=0; i<x->rows.n; i++) if( !written_alike(x->rows.e[i], y->rows.e[i]) ) return 0;
    return 1;
  }
  if( x->kind!=BODY_SELECT || x->distinct!=y->distinct || x->n_item!=y->n_item || x->n_group || y->n_group
   || x->having || y->having || x->n_window || y->n_window || !relation_same(x->from, y->from) ) return 0;
  for(int i=0; i<x->n_item; i++)
    if( x->item[i].star!=y->item[i].star || !written_alike(x->item[i].e, y->item[i].e) ) return 0;
  return written_alike(x->where, y->where);
}

int expr_same(const Expr *a, const Expr *b){
  a = expr_bare((Expr*)a);
  b = expr_bare((Expr*)b);
  for(;;){
    const Sem *s = a->sem;
    if( s && s->kind==SEM_COLUMN && s->field->item ) a = expr_bare(s->field->item); else break;
  }
  for(;;){
    const Sem *s = b->sem;
    if( s && s->kind==SEM_COLUMN && s->field->item ) b = expr_bare(s->field->item); else break;
  }
  if( a==b ) return 1;
  const Sem *x = a->sem, *y = b->sem;
  if( x && y && x->kind==SEM_COLUMN && y->kind==SEM_COLUMN ) return x->field==y->field;
  if( (x && x->kind==SEM_COLUMN)!=(y && y->kind==SEM_COLUMN) ) return 0;
  if( a->kind!=b->kind || a->op!=b->op || a->negated!=b->negated || a->n!=b->n ) return 0;
  if( !same_text(a->text, b->text) || a->json || b->json ) return 0;
  if( (a->query!=0)!=(b->query!=0) || (a->query && !query_same(a->query, b->query)) ) return 0;
  if( (a->type_name!=0)!=(b->type_name!=0)
   || (a->type_name && strcmp(a->type_name->text, b->type_name->text)) ) return 0;
  if( a->kind==EXPR_BOOL && a->value.i!=b->value.i ) return 0;
  if( a->kind==EXPR_BINARY && (a->value.n!=b->value.n || memcmp(a->value.z, b->value.z, (size_t)a->value.n)) ) return 0;
  if( !same_text(a->interval_from, b->interval_from) || !same_text(a->interval_to, b->interval_to) ) return 0;
  if( !same_text(a->name.lower, b->name.lower) || a->index!=b->index ) return 0;
  if( a->kind==EXPR_LAMBDA ){
    if( a->param.n!=b->param.n ) return 0;
    for(int i=0; i<a->param.n; i++) if( strcmp(a->param.name[i].lower, b->param.name[i].lower) ) return 0;
    return 0;
  }
  if( a->kind==EXPR_CALL && !same_call(a, b) ) return 0;
  if( (a->else_==0)!=(b->else_==0) || (a->else_ && !expr_same(a->else_, b->else_)) ) return 0;
  return same_list(a->n, a->arg, b->arg);
}

/* --- Common types -------------------------------------------------------- */

const Type *common_type(Analyser *an, int n, Expr **e, int *bad){
  const Type *t = e[0]->type;
  for(int i=1; i<n; i++){
    const Type *u = type_common(an->arena, t, e[i]->type);
    if( u==0 ){ *bad = i; return t; }
    t = u;
  }
  *bad = -1;
  return t;
}

static const char *distinct_types(Analyser *an, int n, Expr **e){
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<n; i++){
    int seen = 0;
    for(int j=0; j<i && !seen; j++) seen = type_equal(e[i]->type, e[j]->type);
    if( !seen ) buf_printf(&b, "%s%s", i ? ", " : "", type_z(an, e[i]->type));
  }
  return b.z ? b.z : "";
}

/* All of e coerced to one type, or Athena's error that begins with `what`. */
const Type *expr_unify(Analyser *an, int n, Expr **e, const char *what){
  int bad;
  const Type *t = common_type(an, n, e, &bad);
  if( bad>=0 ){
    an_fail(an, "TYPE_MISMATCH", e[bad]->pos, "%s must be the same type or coercible to a common type."
      " Cannot find common type between %s and %s, all types (without duplicates): [%s]",
      what, type_z(an, t), type_z(an, e[bad]->type), distinct_types(an, n, e));
  }
  for(int i=0; i<n; i++) e[i] = expr_coerce(an, e[i], t);
  return t;
}

/* e must be a boolean, or NULL. */
Expr *expr_boolean(Analyser *an, Scope *s, Expr *e, const char *what){
  const Type *t = expr_analyse(an, s, e);
  if( t->kind!=T_BOOLEAN && t->kind!=T_UNKNOWN )
    an_fail(an, "TYPE_MISMATCH", e->pos, "%s must evaluate to a boolean (actual: %s)", what, type_z(an, t));
  return expr_coerce(an, e, &TYPE_BOOLEAN);
}

/* --- Names --------------------------------------------------------------- */

_Noreturn static void no_column(Analyser *an, Pos pos, const char *name){
  an_fail(an, "COLUMN_NOT_FOUND", pos,
    "Column '%s' cannot be resolved or requester is not authorized to access requested resources", name);
}

static void note_outer(Analyser *an, Expr *e, Sem *sem, int levels){
  if( an->n_outer==an->cap_outer ){
    int cap = an->cap_outer ? 2*an->cap_outer : 16;
    OuterRef *grown = ARENA_ARRAY(an->arena, OuterRef, cap);
    if( an->n_outer ) memcpy(grown, an->outer, sizeof(OuterRef)*(size_t)an->n_outer);
    an->outer = grown;
    an->cap_outer = cap;
  }
  OuterRef *r = &an->outer[an->n_outer++];
  r->e = e;
  r->sem = sem;
  r->depth = an->query_depth - levels;
}

static const Type *column(Analyser *an, Expr *e, Field *f, Select *owner, int levels){
  Sem *sem = sem_new(an, e, SEM_COLUMN);
  sem->field = f;
  sem->owner = owner;
  field_use(f);
  if( levels>0 ) note_outer(an, e, sem, levels);
  return e->type = f->type;
}

static const Type *analyse_name(Analyser *an, Scope *s, Expr *e){
  Select *owner = 0;
  int levels, is_output;
  Field *f = scope_resolve(an, s, e->pos, 1, &e->name, &owner, &levels, &is_output);
  if( f==0 ) no_column(an, e->pos, e->name.lower);
  return column(an, e, f, owner, levels);
}

/* The parts of a.b.c, or 0 when the chain does not begin with a name. */
static int name_chain(Analyser *an, const Expr *e, Name **part){
  int n = 1;
  const Expr *p;
  for(p = e; p->kind==EXPR_FIELD; p = p->arg[0]) n++;
  if( p->kind!=EXPR_NAME ) return 0;
  *part = ARENA_ARRAY(an->arena, Name, n);
  int i = n;
  for(p = e; p->kind==EXPR_FIELD; p = p->arg[0]) (*part)[--i] = p->name;
  (*part)[0] = p->name;
  return n;
}

static const char *dotted(Analyser *an, int n, const Name *part){
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<n; i++) buf_printf(&b, "%s%s", i ? "." : "", part[i].lower);
  return b.z;
}

static const Type *analyse_field(Analyser *an, Scope *s, Expr *e){
  Name *part = 0;
  int n = name_chain(an, e, &part);
  if( n>0 ){
    Select *owner = 0;
    int levels, is_output;
    Field *f = scope_resolve(an, s, e->pos, n, part, &owner, &levels, &is_output);
    if( f ) return column(an, e, f, owner, levels);
    if( !scope_is_column_reference(s, n, part) ) no_column(an, e->pos, dotted(an, n, part));
  }
  const Type *row = expr_analyse(an, s, e->arg[0]);
  if( row->kind!=T_ROW )
    an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Expression %s is not of type ROW", expr_text(an, e->arg[0]));
  int found = -1;
  for(int i=0; i<row->n; i++){
    if( row->name[i]==0 || strcasecmp(row->name[i], e->name.lower) ) continue;
    if( found>=0 ) an_fail(an, "AMBIGUOUS_NAME", e->name.pos, "Ambiguous row field reference: %s", e->name.text);
    found = i;
  }
  if( found<0 ) no_column(an, e->pos, n>0 ? dotted(an, n, part) : "null");
  Sem *sem = sem_new(an, e, SEM_DEREF);
  sem->index = found;
  return e->type = row->arg[found];
}

/* --- Operators ----------------------------------------------------------- */

/* Resolve an internal operator over e->arg; NULL when no overload fits. */
static const Type *operator(Analyser *an, Expr *e, const char *name, int n){
  const Type *argt[8];
  FnMatch m;
  const char *expected = 0;
  memset(&m, 0, sizeof m);
  for(int i=0; i<n; i++) argt[i] = e->arg[i]->type;
  FnMatchKind k = fn_resolve(an->arena, name, n, argt, 0, 0, &m, &expected);
  if( k==FN_AMBIGUOUS )
    an_fail(an, "AMBIGUOUS_FUNCTION_CALL", e->pos,
      "%s", expected ? expected : "");
  if( k!=FN_MATCHED || m.fn==0 ) return 0;
  if( m.result->kind==T_DECIMAL && m.result->s>m.result->p )
    an_fail(an, "INVALID_FUNCTION_ARGUMENT", POS_NONE, "DECIMAL scale must be in range [0, precision (%d)]: %d",
      m.result->p, m.result->s);
  for(int i=0; i<n; i++) e->arg[i] = expr_coerce(an, e->arg[i], m.param[i]);
  if( m.result->kind==T_DECIMAL && m.result->s>m.result->p )
    an_fail(an, "INVALID_FUNCTION_ARGUMENT", POS_NONE, "DECIMAL scale must be in range [0, precision (%d)]: %d", m.result->p, m.result->s);
  Sem *sem = sem_new(an, e, SEM_FN);
  sem->fn = m.fn;
  return e->type = m.result;
}

static int is_value(const Expr *e){
  const Sem *sem = e->sem;
  return sem && sem->kind==SEM_VALUE;
}

/* In an expression over columns the engine loses the sign of a literal -0.0
** (so x / -0.0 is +Infinity); between literals it keeps it. */
static void unsigned_zero(Expr *e, const Expr *other){
  if( is_value(e) && !is_value(other) && e->value.kind==V_REAL && e->value.r==0 ) e->value.r = 0.0;
}

static const Type *analyse_arithmetic(Analyser *an, Scope *s, Expr *e){
  const char *name = e->op=='+' ? "$add" : e->op=='-' ? "$subtract" : e->op=='*' ? "$multiply"
                   : e->op=='/' ? "$divide" : "$modulus";
  const Type *a = expr_analyse(an, s, e->arg[0]), *b = expr_analyse(an, s, e->arg[1]);
  unsigned_zero(e->arg[0], e->arg[1]);
  unsigned_zero(e->arg[1], e->arg[0]);
  if( operator(an, e, name, 2)==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot apply operator: %s %c %s", type_z(an, a), e->op, type_z(an, b));
  return e->type;
}

static const Type *analyse_unary(Analyser *an, Scope *s, Expr *e){
  const Type *t = expr_analyse(an, s, e->arg[0]);
  if( e->op=='+' ){
    if( !type_is_numeric(t) || t->kind==T_DECIMAL )
      an_fail(an, "TYPE_MISMATCH", e->pos, "Unary '+' operator cannot by applied to %s type", type_z(an, t));
    sem_new(an, e, SEM_NONE);
    return e->type = t;
  }
  if( operator(an, e, "$negate", 1)==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot negate %s", type_z(an, t));
  return e->type;
}

static const char *compare_name(int op){
  switch( op ){
    case OP_EQ: return "$eq"; case OP_NE: return "$ne"; case OP_LT: return "$lt"; case OP_LE: return "$le";
    case OP_GT: return "$gt"; case OP_GE: return "$ge"; default: return "$distinct";
  }
}

/* How messages name it: > and >= are turned round, the operands are not. */
static const char *compare_shown(int op){
  switch( op ){
    case OP_EQ: return "="; case OP_NE: return "<>"; case OP_LE: case OP_GE: return "<=";
    default: return "<";
  }
}

/* The comparison function for two values of one type; NULL for unknown. */
const FnDef *comparison_fn(Analyser *an, int op, const Type *t){
  const Type *argt[2] = {t, t};
  return fn_find(an, compare_name(op), 2, argt, 0);
}

static const Type *analyse_compare(Analyser *an, Scope *s, Expr *e){
  const Type *a = expr_analyse(an, s, e->arg[0]), *b = expr_analyse(an, s, e->arg[1]);
  const Type *t = type_common(an->arena, a, b);
  int distinct = e->op==OP_DISTINCT || e->op==OP_NOT_DISTINCT;
  int ordered = e->op>=OP_LT && e->op<=OP_GE;
  if( t==0 || !type_is_comparable(t) || (ordered && !type_is_orderable(t)) ){
    if( distinct )
      an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot check if %s is distinct from %s", type_z(an, a), type_z(an, b));
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot apply operator: %s %s %s",
      type_z(an, a), compare_shown(e->op), type_z(an, b));
  }
  e->arg[0] = expr_coerce(an, e->arg[0], t);
  e->arg[1] = expr_coerce(an, e->arg[1], t);
  Sem *sem = sem_new(an, e, distinct ? SEM_DISTINCT : SEM_EQ);
  sem->operand = t;
  sem->fn = comparison_fn(an, e->op, t);
  if( sem->fn==0 && t->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "comparison of %s", type_z(an, t));
  return e->type = &TYPE_BOOLEAN;
}

static const Type *analyse_between(Analyser *an, Scope *s, Expr *e){
  const Type *v = expr_analyse(an, s, e->arg[0]), *lo = expr_analyse(an, s, e->arg[1]), *hi = expr_analyse(an, s, e->arg[2]);
  const Type *t = type_common(an->arena, v, lo);
  if( t ) t = type_common(an->arena, t, hi);
  if( t==0 || !type_is_orderable(t) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot check if %s is BETWEEN %s and %s",
      type_z(an, v), type_z(an, lo), type_z(an, hi));
  for(int i=0; i<3; i++) e->arg[i] = expr_coerce(an, e->arg[i], t);
  Sem *sem = sem_new(an, e, SEM_BETWEEN);
  sem->operand = t;
  sem->fn = comparison_fn(an, OP_LE, t);
  if( sem->fn==0 && t->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "BETWEEN of %s", type_z(an, t));
  return e->type = &TYPE_BOOLEAN;
}

static const Type *analyse_in_list(Analyser *an, Scope *s, Expr *e){
  for(int i=0; i<e->n; i++) expr_analyse(an, s, e->arg[i]);
  const Type *t = expr_unify(an, e->n, e->arg, "IN value and list items");
  if( !type_is_comparable(t) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot apply operator: %s = %s", type_z(an, t), type_z(an, t));
  Sem *sem = sem_new(an, e, SEM_IN_LIST);
  sem->operand = t;
  sem->fn = comparison_fn(an, OP_EQ, t);
  if( sem->fn==0 && t->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "IN of %s", type_z(an, t));
  return e->type = &TYPE_BOOLEAN;
}

static int is_text(const Type *t){
  return t->kind==T_VARCHAR || t->kind==T_CHAR || t->kind==T_UNKNOWN;
}

static const Type *analyse_like(Analyser *an, Scope *s, Expr *e){
  static const char *const what[] = {"Left side of LIKE expression", "Pattern for LIKE expression", "Escape for LIKE expression"};
  for(int i=0; i<e->n; i++){
    const Type *t = expr_analyse(an, s, e->arg[i]);
    if( !is_text(t) || (i>0 && t->kind==T_CHAR && 0) )
      an_fail(an, "TYPE_MISMATCH", e->arg[i]->pos, "%s must evaluate to a varchar (actual: %s)", what[i], type_z(an, t));
  }
  if( operator(an, e, "$like", e->n)==0 ) an_refuse(an, e->pos, "LIKE of %s", type_z(an, e->arg[0]->type));
  return e->type = &TYPE_BOOLEAN;
}

static const Type *analyse_concat(Analyser *an, Scope *s, Expr *e){
  return call_analyse_as(an, s, e, "concat", e->n, e->arg);
}

static const Type *analyse_subscript(Analyser *an, Scope *s, Expr *e){
  const Type *base = expr_analyse(an, s, e->arg[0]);
  Expr *index = e->arg[1];
  if( base->kind==T_ROW ){
    if( index->kind!=EXPR_INTEGER ){
      expr_analyse(an, s, index);
      an_fail(an, "EXPRESSION_NOT_CONSTANT", index->pos, "Subscript expression on ROW requires a constant index");
    }
    const Type *t = expr_analyse(an, s, index);
    if( t->kind!=T_INTEGER )
      an_fail(an, "TYPE_MISMATCH", index->pos, "Subscript expression on ROW requires integer index, found %s", type_z(an, t));
    if( index->value.i<=0 )
      an_fail(an, "INVALID_FUNCTION_ARGUMENT", index->pos, "Invalid subscript index: %lld. ROW indices start at 1", (long long)index->value.i);
    if( index->value.i>base->n )
      an_fail(an, "INVALID_FUNCTION_ARGUMENT", index->pos, "Subscript index out of bounds: %lld, max value is %d", (long long)index->value.i, base->n);
    Sem *sem = sem_new(an, e, SEM_DEREF);
    sem->index = (int)index->value.i - 1;
    return e->type = base->arg[sem->index];
  }
  const Type *t = expr_analyse(an, s, index);
  if( operator(an, e, "$subscript", 2)==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot use %s for subscript of %s", type_z(an, t), type_z(an, base));
  return e->type;
}

/* --- Constructors and conditionals --------------------------------------- */

static const Type *analyse_row(Analyser *an, Scope *s, Expr *e){
  const Type **t = ARENA_ARRAY(an->arena, const Type*, e->n);
  const char **name = ARENA_ARRAY(an->arena, const char*, e->n);
  for(int i=0; i<e->n; i++) t[i] = expr_analyse(an, s, e->arg[i]);
  sem_new(an, e, SEM_ROW);
  return e->type = type_row(an->arena, e->n, t, name);
}

static const Type *analyse_array(Analyser *an, Scope *s, Expr *e){
  const Type *t = &TYPE_UNKNOWN;
  for(int i=0; i<e->n; i++) expr_analyse(an, s, e->arg[i]);
  if( e->n ) t = expr_unify(an, e->n, e->arg, "All ARRAY elements");
  sem_new(an, e, SEM_ARRAY);
  return e->type = type_array(an->arena, t);
}

/* The results of CASE unified: THEN … from arg[first+1] on, then ELSE. */
static const Type *case_results(Analyser *an, Scope *s, Expr *e, int first){
  Expr **r = ARENA_ARRAY(an->arena, Expr*, e->n+1);
  int n = 0;
  for(int i=first; i+1<e->n; i+=2){
    expr_analyse(an, s, e->arg[i+1]);
    r[n++] = e->arg[i+1];
  }
  if( e->else_ ){
    expr_analyse(an, s, e->else_);
    r[n++] = e->else_;
  }
  const Type *t = expr_unify(an, n, r, "All CASE results");
  n = 0;
  for(int i=first; i+1<e->n; i+=2) e->arg[i+1] = r[n++];
  if( e->else_ ) e->else_ = r[n];
  return t;
}

static const Type *analyse_case(Analyser *an, Scope *s, Expr *e){
  for(int i=0; i+1<e->n; i+=2) e->arg[i] = expr_boolean(an, s, e->arg[i], "CASE WHEN clause");
  return e->type = case_results(an, s, e, 0);
}

static const Type *analyse_case_simple(Analyser *an, Scope *s, Expr *e){
  const Type *first = expr_analyse(an, s, e->arg[0]), *t = first;
  for(int i=1; i+1<e->n; i+=2){
    const Type *w = expr_analyse(an, s, e->arg[i]);
    const Type *u = type_common(an->arena, t, w);
    if( u==0 )
      an_fail(an, "TYPE_MISMATCH", e->arg[i]->pos,
        "CASE operand type does not match WHEN clause operand type: %s vs %s", type_z(an, first), type_z(an, w));
    t = u;
  }
  e->arg[0] = expr_coerce(an, e->arg[0], t);
  for(int i=1; i+1<e->n; i+=2) e->arg[i] = expr_coerce(an, e->arg[i], t);
  const Type *result = case_results(an, s, e, 1);
  Sem *sem = sem_new(an, e, SEM_EQ);
  sem->operand = t;
  sem->fn = comparison_fn(an, OP_EQ, t);
  if( sem->fn==0 && t->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "CASE of %s", type_z(an, t));
  return e->type = result;
}

static const Type *analyse_cast(Analyser *an, Scope *s, Expr *e){
  const Type *to = type_of_name(an, e->type_name, e->pos);
  if( to->kind==T_UNKNOWN ) an_fail(an, "TYPE_MISMATCH", e->pos, "UNKNOWN is not a valid type");
  const Type *from = expr_analyse(an, s, e->arg[0]);
  if( from->kind!=T_UNKNOWN && !type_can_cast(from, to) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot cast %s to %s", type_z(an, from), type_z(an, to));
  return e->type = to;
}

/* --- Forms of the grammar that are functions ----------------------------- */

/* What EXTRACT takes: d date, t time, s timestamp, z with a zone, D day-second,
** Y year-month interval. */
typedef struct ExtractField { const char *name, *function, *types; } ExtractField;
static const ExtractField extract_field[] = {
  {"year", "year", "dszY"}, {"month", "month", "dszY"}, {"day", "day", "dszD"},
  {"quarter", "quarter", "dsz"}, {"week", "week", "dsz"}, {"day_of_month", "day", "dsz"},
  {"day_of_week", "day_of_week", "dsz"}, {"dow", "day_of_week", "dsz"}, {"day_of_year", "day_of_year", "dsz"},
  {"doy", "day_of_year", "dsz"}, {"year_of_week", "year_of_week", "dsz"}, {"yow", "year_of_week", "dsz"},
  {"hour", "hour", "tTszD"}, {"minute", "minute", "tTszD"}, {"second", "second", "tTszD"},
  {"timezone_minute", "timezone_minute", "Tz"}, {"timezone_hour", "timezone_hour", "Tz"}};

static char extract_letter(const Type *t){
  switch( t->kind ){
    case T_DATE: return 'd'; case T_TIME: return 't'; case T_TIME_TZ: return 'T'; case T_TIMESTAMP: return 's';
    case T_TIMESTAMP_TZ: return 'z'; case T_INTERVAL_DS: return 'D'; case T_INTERVAL_YM: return 'Y';
    default: return 0;
  }
}

static const Type *analyse_extract(Analyser *an, Scope *s, Expr *e){
  const Type *t = expr_analyse(an, s, e->arg[0]);
  char letter = extract_letter(t);
  if( letter==0 )
    an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Type of argument to extract must be DATE, TIME, TIMESTAMP, or INTERVAL (actual %s)", type_z(an, t));
  for(size_t i=0; i<sizeof(extract_field)/sizeof(extract_field[0]); i++){
    const ExtractField *f = &extract_field[i];
    if( strcmp(f->name, e->name.lower)!=0 ) continue;
    if( strchr(f->types, letter)==0 ){
      char up[32];
      snprintf(up, sizeof up, "%s", f->name);
      for(char *p = up; *p; p++) if( *p>='a' && *p<='z' ) *p -= 32;
      an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Cannot extract %s from %s", up, type_z(an, t));
    }
    return call_analyse_as(an, s, e, f->function, 1, e->arg);
  }
  an_refuse(an, e->pos, "EXTRACT(%s)", e->name.text);
}

static const Type *analyse_trim(Analyser *an, Scope *s, Expr *e){
  const char *name = !strcmp(e->name.lower, "leading") ? "ltrim" : !strcmp(e->name.lower, "trailing") ? "rtrim" : "trim";
  return trim_analyse(an, s, e, name);
}

static const Type *analyse_position(Analyser *an, Scope *s, Expr *e){
  Expr **swapped = ARENA_ARRAY(an->arena, Expr*, 2);
  swapped[0] = e->arg[1];
  swapped[1] = e->arg[0];
  return call_analyse_as(an, s, e, "strpos", 2, swapped);
}

static const Type *analyse_normalize(Analyser *an, Scope *s, Expr *e){
  Expr **arg = ARENA_ARRAY(an->arena, Expr*, 2);
  Expr *form = an_expr(an, EXPR_STRING, e->pos);
  form->text = "NFC";
  if( e->name.lower && e->name.lower[0] ){
    char *up = arena_strdup(an->arena, e->name.lower);
    for(char *p = up; *p; p++) if( *p>='a' && *p<='z' ) *p -= 32;
    form->text = up;
  }
  form->value.n = (int)strlen(form->text);
  arg[0] = e->arg[0];
  arg[1] = form;
  return call_analyse_as(an, s, e, "normalize", 2, arg);
}

static const Type *analyse_at_time_zone(Analyser *an, Scope *s, Expr *e){
  const Type *t = expr_analyse(an, s, e->arg[0]);
  expr_analyse(an, s, e->arg[1]);
  if( t->kind!=T_TIMESTAMP && t->kind!=T_TIMESTAMP_TZ && t->kind!=T_TIME && t->kind!=T_TIME_TZ )
    an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Type of value must be a time or timestamp with or without time zone (actual %s)", type_z(an, t));
  if( operator(an, e, "$at_timezone", 2)==0 ) an_refuse(an, e->pos, "AT TIME ZONE of %s", type_z(an, t));
  return e->type;
}

static const Type *analyse_grouping(Analyser *an, Scope *s, Expr *e){
  for(int i=0; i<e->n; i++) expr_analyse(an, s, e->arg[i]);
  if( e->n>63 ) an_fail(an, "TOO_MANY_ARGUMENTS", e->pos, "GROUPING supports up to 63 column arguments");
  sem_new(an, e, SEM_GROUPING);
  return e->type = e->n<=31 ? &TYPE_INTEGER : &TYPE_BIGINT;
}

/* --- Subqueries ---------------------------------------------------------- */

/* Analyse a subquery of an expression and note the outer columns it reads. */
static QueryInfo *subquery(Analyser *an, Scope *s, Expr *e, SemKind kind){
  if( an->in_lambda ) an_fail(an, "NOT_SUPPORTED", e->pos, "Lambda expression cannot contain subqueries");
  Sem *sem = sem_new(an, e, kind);
  Scope *border = scope_new(an, s, 0);
  border->is_query = 1;
  int first = an->n_outer;
  Select *select = an->select;
  an->query_depth++;
  QueryInfo *q = query_analyse(an, border, e->query);
  int beyond = 0;
  for(int i=first; i<an->n_outer; i++) beyond |= an->outer[i].depth<an->query_depth;
  q->correlated = beyond;
  if( beyond ){
    correlated_check(an, e->query, kind==SEM_SUBQUERY ? e->query->pos : e->pos,
      kind==SEM_EXISTS ? CORRELATED_EXISTS : kind==SEM_IN_QUERY ? CORRELATED_IN : CORRELATED_SCALAR);
  }
  an->query_depth--;
  an->select = select;
  sem->n_outer = an->n_outer - first;
  sem->outer = ARENA_ARRAY(an->arena, OuterRef, sem->n_outer+1);
  if( sem->n_outer ) memcpy(sem->outer, an->outer+first, sizeof(OuterRef)*(size_t)sem->n_outer);
  return q;
}

/* The row type of a query's columns. */
static const Type *query_row(Analyser *an, const QueryInfo *q){
  const Type **t = ARENA_ARRAY(an->arena, const Type*, q->n);
  const char **name = ARENA_ARRAY(an->arena, const char*, q->n);
  for(int i=0; i<q->n; i++){
    t[i] = q->field[i]->type;
    name[i] = q->field[i]->name;
  }
  return type_row(an->arena, q->n, t, name);
}

static const Type *analyse_subquery(Analyser *an, Scope *s, Expr *e){
  QueryInfo *q = subquery(an, s, e, SEM_SUBQUERY);
  return e->type = q->n==1 ? q->field[0]->type : query_row(an, q);
}

static const Type *analyse_exists(Analyser *an, Scope *s, Expr *e){
  subquery(an, s, e, SEM_EXISTS);
  return e->type = &TYPE_BOOLEAN;
}

/* IN (query) and quantified comparison. */
static const Type *analyse_in_query(Analyser *an, Scope *s, Expr *e, SemKind kind){
  const Type *v = expr_analyse(an, s, e->arg[0]);
  QueryInfo *q = subquery(an, s, e, kind);
  const Type *row = query_row(an, q), *left = v;
  const char *none[1] = {0};
  if( v->kind!=T_ROW ) left = type_row(an->arena, 1, &v, none);
  const Type *t = type_common(an->arena, left, row);
  if( t==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Value expression and result of subquery must be of the same type: %s vs %s",
      type_z(an, left), type_z(an, row));
  Sem *sem = e->sem;
  sem->operand = v->kind==T_ROW ? t : t->arg[0];
  if( kind==SEM_QUANTIFIED && e->op!=OP_EQ && e->op!=OP_NE && !type_is_orderable(sem->operand) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Type [%s] must be orderable in order to be used in quantified comparison", type_z(an, t));
  if( !type_is_comparable(sem->operand) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Type [%s] must be comparable in order to be used in quantified comparison", type_z(an, t));
  e->arg[0] = expr_coerce(an, e->arg[0], sem->operand);
  sem->fn = comparison_fn(an, kind==SEM_QUANTIFIED ? e->op : OP_EQ, sem->operand);
  if( sem->fn==0 && sem->operand->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "comparison of %s", type_z(an, sem->operand));
  return e->type = &TYPE_BOOLEAN;
}

/* --- Dispatch ------------------------------------------------------------ */

static const Type *analyse(Analyser *an, Scope *s, Expr *e){
  switch( e->kind ){
    case EXPR_NULL: case EXPR_BOOL: case EXPR_INTEGER: case EXPR_DECIMAL: case EXPR_DOUBLE:
    case EXPR_STRING: case EXPR_BINARY: case EXPR_TYPED_LITERAL: case EXPR_INTERVAL: case EXPR_CURRENT:
      return literal_analyse(an, e);
    case EXPR_PARAMETER: {
      if( e->index<0 || e->index>=an->context->n_parameter )
        an_fail(an, "INVALID_PARAMETER_USAGE", POS_START, "Incorrect number of parameters: expected %d but found %d",
          e->index+1, an->context->n_parameter);
      Pos pos = e->pos;
      *e = *expr_clone(an, an->context->parameter[e->index]);
      e->pos = pos;
      return expr_analyse(an, s, e);
    }
    case EXPR_NAME: return analyse_name(an, s, e);
    case EXPR_FIELD: return analyse_field(an, s, e);
    case EXPR_SUBSCRIPT: return analyse_subscript(an, s, e);
    case EXPR_CALL: return call_analyse(an, s, e);
    case EXPR_UNARY: return analyse_unary(an, s, e);
    case EXPR_BINARY_OP: return e->op==OP_CONCAT ? analyse_concat(an, s, e) : analyse_arithmetic(an, s, e);
    case EXPR_COMPARE: return analyse_compare(an, s, e);
    case EXPR_QUANTIFIED: return analyse_in_query(an, s, e, SEM_QUANTIFIED);
    case EXPR_AND: case EXPR_OR:
      for(int i=0; i<e->n; i++) e->arg[i] = expr_boolean(an, s, e->arg[i], "Logical expression term");
      return &TYPE_BOOLEAN;
    case EXPR_NOT:
      e->arg[0] = expr_boolean(an, s, e->arg[0], "Value of logical NOT expression");
      return &TYPE_BOOLEAN;
    case EXPR_IS_NULL: expr_analyse(an, s, e->arg[0]); return &TYPE_BOOLEAN;
    case EXPR_BETWEEN: return analyse_between(an, s, e);
    case EXPR_IN_LIST: return analyse_in_list(an, s, e);
    case EXPR_IN_QUERY: return analyse_in_query(an, s, e, SEM_IN_QUERY);
    case EXPR_LIKE: return analyse_like(an, s, e);
    case EXPR_EXISTS: return analyse_exists(an, s, e);
    case EXPR_SUBQUERY: return analyse_subquery(an, s, e);
    case EXPR_CASE: return analyse_case(an, s, e);
    case EXPR_CASE_SIMPLE: return analyse_case_simple(an, s, e);
    case EXPR_CAST: return analyse_cast(an, s, e);
    case EXPR_ROW: return analyse_row(an, s, e);
    case EXPR_ARRAY: return analyse_array(an, s, e);
    case EXPR_LAMBDA:
      an_fail(an, "TYPE_MISMATCH", e->pos, "Lambda expression should always be used inside a function");
    case EXPR_EXTRACT: return analyse_extract(an, s, e);
    case EXPR_AT_TIME_ZONE: return analyse_at_time_zone(an, s, e);
    case EXPR_TRIM: return analyse_trim(an, s, e);
    case EXPR_SUBSTRING: return call_analyse_as(an, s, e, "substr", e->n, e->arg);
    case EXPR_POSITION: return analyse_position(an, s, e);
    case EXPR_NORMALIZE: return analyse_normalize(an, s, e);
    case EXPR_GROUPING: return analyse_grouping(an, s, e);
    case EXPR_JSON: return json_analyse(an, s, e);
    case EXPR_STAR: an_refuse(an, e->pos, "* as an expression");
    case EXPR_REFUSED:
      if( !strcmp(e->text, "label.*") )
        an_fail(an, "INVALID_FUNCTION_ARGUMENT", e->pos, "label.* syntax is only supported as the only argument of row pattern count function");
      an_refuse(an, e->pos, "%s", e->text);
    case EXPR_COERCE: return e->type;
  }
  an_refuse(an, e->pos, "expression of kind %d", (int)e->kind);
}

const Type *expr_analyse(Analyser *an, Scope *s, Expr *e){
  if( e->type ) return e->type;
  if( ++an->depth>DEPTH_MAX ) an_refuse(an, e->pos, "expression nested deeper than %d", DEPTH_MAX);
  const Type *t = analyse(an, s, e);
  an->depth--;
  return e->type = t;
}
