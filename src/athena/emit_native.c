/*
** Rows that t_group reads without SQLite (vtab/group_source.h): a single table
** of FROM, plain columns, a WHERE of comparisons between such columns and
** constants or the values of a query (IN), which are decided as exactly there as
** by SQLite.
*/
#include <math.h>
#include <string.h>
#include "emit.h"
#include "../../vtab/group_source.h"

typedef struct Native {
  Emitter *E;
  const RelInfo *info;
  Buf where, value;             /* "2>,0=" and ", 1.5, 'x'" */
  int n;
} Native;

/* Types whose stored form is the value. */
static int is_plain_type(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: case T_REAL: case T_DOUBLE:
    case T_VARCHAR: case T_VARBINARY: return 1;
    default: return 0;
  }
}

/* The expression below coercions that change nothing. */
static Expr *below_free(Expr *e){
  while( e->kind==EXPR_COERCE && coerce_is_free(e->arg[0]->type, e->type) ) e = e->arg[0];
  return e;
}

/* Which column of the table it is, or -1. */
static int table_column(const RelInfo *info, Expr *e){
  e = below_free(e);
  const Sem *sem = e->sem;
  if( sem==0 || sem->kind!=SEM_COLUMN || !is_plain_type(sem->field->type) ) return -1;
  for(int i=0; i<info->scope->n; i++) if( info->scope->field[i]==sem->field ) return info->table->column[i].is_hidden ? -1 : i;
  return -1;
}

/* A constant as SQL that compares with a column of this type as the values do. */
static const char *constant_sql(Native *n, Expr *e, const Type *column){
  Expr *bare = expr_bare(e);
  const Sem *sem = bare->sem;
  Value v = bare->value;
  if( sem==0 || sem->kind!=SEM_VALUE ) return 0;
  if( column->kind==T_DOUBLE || column->kind==T_REAL ){
    if( v.kind==V_INT && type_is_integer(bare->type) && e->type->kind==T_DOUBLE ) v = value_real((double)v.i);
    if( v.kind!=V_REAL || isnan(v.r) || isinf(v.r) || (e->type->kind==T_REAL && (double)(float)v.r!=v.r) ) return 0;
    return value_sql(n->E->an, &v);
  }
  if( type_is_integer(column) ) return v.kind==V_INT && type_is_integer(bare->type) ? value_sql(n->E->an, &v) : 0;
  if( column->kind==T_VARCHAR ) return v.kind==V_TEXT && bare->type->kind==T_VARCHAR ? value_sql(n->E->an, &v) : 0;
  return 0;
}

static int add_filter(Native *n, int column, const char *op, const char *value){
  if( n->n==GROUP_FILTERS ) return 0;
  buf_printf(&n->where, "%s%d%s", n->n++ ? "," : "", column, op);
  if( value ) buf_printf(&n->value, ", %s", value);
  return 1;
}

/* One AND term: 0 when SQLite must decide it. */
static int add_term(Native *n, Expr *e){
  static const char *const sign[] = {"", "=", "<>", "<", "<=", ">", ">="}, *const turned[] = {"", "=", "<>", ">", ">=", "<", "<="};
  e = expr_bare(e);
  const Sem *sem = e->sem;
  if( e->kind==EXPR_AND ){
    for(int i=0; i<e->n; i++) if( !add_term(n, e->arg[i]) ) return 0;
    return 1;
  }
  if( e->kind==EXPR_IS_NULL ){
    int c = table_column(n->info, e->arg[0]);
    return c>=0 && add_filter(n, c, e->negated ? "notnull" : "null", 0);
  }
  if( e->kind==EXPR_BETWEEN && !e->negated && sem ){
    int c = table_column(n->info, e->arg[0]);
    const Type *t = c>=0 ? n->info->scope->field[c]->type : 0;
    const char *lo = t ? constant_sql(n, e->arg[1], t) : 0, *hi = t ? constant_sql(n, e->arg[2], t) : 0;
    return lo && hi && add_filter(n, c, ">=", lo) && add_filter(n, c, "<=", hi);
  }
  if( e->kind==EXPR_IN_QUERY && !e->negated && sem && sem->kind==SEM_IN_QUERY ){
    int c = table_column(n->info, e->arg[0]);
    const Type *target[1] = {sem->operand}, *t = c>=0 ? n->info->scope->field[c]->type : 0;
    if( t==0 || !coerce_is_free(t, sem->operand) || !(type_is_integer(t) || t->kind==T_VARCHAR) ) return 0;
    const char *values = n->n<GROUP_FILTERS ? emit_in_literal(n->E, e->query, target) : 0;
    return values && add_filter(n, c, "in", values);
  }
  if( e->kind!=EXPR_COMPARE || sem==0 || sem->kind!=SEM_EQ || e->op<OP_EQ || e->op>OP_GE ) return 0;
  for(int side=0; side<2; side++){
    int c = table_column(n->info, e->arg[side]);
    const char *value = c>=0 ? constant_sql(n, e->arg[1-side], n->info->scope->field[c]->type) : 0;
    if( value ) return add_filter(n, c, side ? turned[e->op] : sign[e->op], value);
  }
  return 0;
}

const char *emit_native_rows(Emitter *E, const Body *body, int n, Expr *const *e){
  const Relation *rel = body->from;
  const RelInfo *info = rel->sem;
  Native native = { E, info, {0}, {0}, 0 };
  Buf b;
  if( rel->kind!=REL_TABLE || info->table==0 || info->with || info->view || rel->sample || info->plain_sql ) return 0;
  int is_landing = info->table->kind==TABLE_LANDING;
  if( !is_landing && info->table->kind!=TABLE_STORED ) return 0;
  buf_init(&native.where, E->arena);
  buf_init(&native.value, E->arena);
  if( body->where && !add_term(&native, body->where) ) return 0;
  buf_init(&b, E->arena);
  buf_str(&b, is_landing ? "landing " : "stored ");
  if( n==0 ) buf_char(&b, '-');
  for(int i=0; i<n; i++){
    int c = e[i] ? table_column(info, e[i]) : -1;
    if( c<0 ) return 0;
    buf_printf(&b, "%s%d", i ? "," : "", c);
  }
  if( native.n ) buf_printf(&b, " where %s", native.where.z);
  buf_printf(&b, " of %s", info->table->sqlite_name);
  return ep(E, ", %s%s", string_sql(E->an, b.z, b.n), native.value.z ? native.value.z : "");
}
