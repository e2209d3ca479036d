/*
** Types of expressions: names, operators, predicates.  The other kinds have
** files of their own (analyser.h lists them).
**
** Every case sets e->type; what the emitter must know beyond goes into e->sem.
** Operands are replaced by EXPR_COERCE nodes where Athena coerces implicitly.
** Error texts and positions are Athena's (spec §6, §10; vectors `semantic`,
** `compare`, `arith`, `conditional`).  An expression is analysed once: shared
** nodes (GROUP BY 1) keep their type.
*/
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
const Type *operator_resolve(Analyser *an, Expr *e, const char *name, int n){
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
  if( operator_resolve(an, e, name, 2)==0 )
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
  if( operator_resolve(an, e, "$negate", 1)==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot negate %s", type_z(an, t));
  return e->type;
}

static const char *compare_name(int op){
  switch( op ){
    case OP_EQ: return "$eq"; case OP_NE: return "$ne"; case OP_LT: return "$lt"; case OP_LE: return "$le";
    case OP_GT: return "$gt"; case OP_GE: return "$ge"; default: return "$distinct";
  }
}

/* How messages name it: > and >= are turned round, the operands are not; <> is a negated =. */
static const char *compare_shown(int op){
  switch( op ){
    case OP_EQ: case OP_NE: return "="; case OP_LE: case OP_GE: return "<=";
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
  if( operator_resolve(an, e, "$like", e->n)==0 ) an_refuse(an, e->pos, "LIKE of %s", type_z(an, e->arg[0]->type));
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
  if( operator_resolve(an, e, "$subscript", 2)==0 )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot use %s for subscript of %s", type_z(an, t), type_z(an, base));
  return e->type;
}

/* --- Dispatch ------------------------------------------------------------ */

/* A comparison was analysed: which columns meet constants in it. */
static const Type *note_compared(Expr *e, const Type *t){
  int constant = 0;
  for(int i=0; i<e->n; i++){
    const Sem *sem = expr_bare(e->arg[i])->sem;
    constant |= sem && sem->kind==SEM_VALUE;
  }
  for(int i=0; i<e->n && constant; i++){
    const Sem *sem = expr_bare(e->arg[i])->sem;
    if( sem && sem->kind==SEM_COLUMN ) field_compare(sem->field);
  }
  return t;
}

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
    case EXPR_COMPARE: return note_compared(e, analyse_compare(an, s, e));
    case EXPR_QUANTIFIED: return in_query_analyse(an, s, e, SEM_QUANTIFIED);
    case EXPR_AND: case EXPR_OR:
      for(int i=0; i<e->n; i++) e->arg[i] = expr_boolean(an, s, e->arg[i], "Logical expression term");
      return &TYPE_BOOLEAN;
    case EXPR_NOT:
      e->arg[0] = expr_boolean(an, s, e->arg[0], "Value of logical NOT expression");
      return &TYPE_BOOLEAN;
    case EXPR_IS_NULL: expr_analyse(an, s, e->arg[0]); return &TYPE_BOOLEAN;
    case EXPR_BETWEEN: return note_compared(e, analyse_between(an, s, e));
    case EXPR_IN_LIST: return note_compared(e, analyse_in_list(an, s, e));
    case EXPR_IN_QUERY: return in_query_analyse(an, s, e, SEM_IN_QUERY);
    case EXPR_LIKE: return analyse_like(an, s, e);
    case EXPR_EXISTS: return exists_analyse(an, s, e);
    case EXPR_SUBQUERY: return subquery_analyse(an, s, e);
    case EXPR_LAMBDA:
      an_fail(an, "TYPE_MISMATCH", e->pos, "Lambda expression should always be used inside a function");
    case EXPR_CASE: case EXPR_CASE_SIMPLE: case EXPR_CAST: case EXPR_ROW: case EXPR_ARRAY: case EXPR_EXTRACT:
    case EXPR_AT_TIME_ZONE: case EXPR_TRIM: case EXPR_SUBSTRING: case EXPR_POSITION: case EXPR_NORMALIZE:
    case EXPR_GROUPING:
      return form_analyse(an, s, e);
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
