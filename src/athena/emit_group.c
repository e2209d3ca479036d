/*
** GROUP BY and DISTINCT by a hash table: the inner stage of an aggregation
**
**   SELECT k AS g0, sum(x) AS a0 FROM t WHERE … GROUP BY 1          becomes
**   SELECT r9.c0 AS g0, r9.c1 AS a0 FROM t_group('SELECT k, x FROM t WHERE …',
**                                                '1 --; sum(1)') AS r9 LIMIT -1
**
** SQLite sorts for a GROUP BY; the hash table does not (vtab/group.h).  LIMIT -1
** is there because SQLite must not merge the SELECT into a join around it, where
** it would be read again and again.
**
** Done for one grouping set over keys whose equal values have equal bytes, where
** a table of FROM is large: lies in files, or has GROUP_ROWS rows.  Without keys
** SQLite needs no sorter: then only where the rows come natively or a DISTINCT
** is counted.
**
** x IN (SELECT …) over a large table becomes t_in_set(x, 'SELECT …'), a hash set
** (vtab/member.h), where SQLite would build a b-tree.  But where x is a landing
** table's column the scan leaves out rows by SQLite's IN: there its right side is
** made by t_group, each value once.
**
** ORDER BY … LIMIT of plain columns of one table: its first rows come from t_group
** too, and SQLite sorts those.
**
** Not where a key is compared with a constant, in HAVING or by a query around:
** SQLite asks that of the rows before they are grouped, and a landing table's
** scan leaves out partitions by it.
**
** The inner query is a query of its own: what it reads of the WITH clause around
** goes along.  Where it reads an outer query's columns, or the table that the
** statement writes, all stays as it was.
**
** The text is a marker until emit_hash_finish, because it may hold others.
*/
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "emit.h"
#include "../../vtab/group_spec.h"
#include "../../vtab/group_top.h"

#define GROUP_ROWS 500
#define NESTED_MAX 3            /* of t_group in t_group: quotes double each time */
#define WITH_MAX 64             /* WITH entries that go along */

struct GroupText {
  GroupText *next;
  int id, depth;
  const char *sql;
};

/* The input's columns, as they are found. */
typedef struct Input {
  int n;
  const char *sql[GROUP_COLUMNS];
  Expr *e[GROUP_COLUMNS];       /* NULL: not a column of the SELECT's expressions */
  char kind[GROUP_COLUMNS+1];   /* r or - */
} Input;

static int is_float(const Type *t){ return t->kind==T_DOUBLE || t->kind==T_REAL; }

/* --- Is it worth it? ------------------------------------------------------- */

static int reads_much(Emitter *E, const Relation *r);

static int query_reads_much(Emitter *E, const Query *q){
  const QueryInfo *info = q->sem;
  return info->select && !info->select->aggregated && q->limit==0 && q->fetch==0 && info->select->body->from
      && reads_much(E, info->select->body->from);
}

static int reads_much(Emitter *E, const Relation *r){
  const RelInfo *info = r->sem;
  if( E->an->context->plain<0 ) return 1;
  if( r->kind==REL_JOIN ) return reads_much(E, r->left) || reads_much(E, r->right);
  if( r->kind==REL_SUBQUERY ) return query_reads_much(E, r->query);
  if( r->kind!=REL_TABLE ) return 0;
  if( info->with ) return query_reads_much(E, info->with->query);
  if( info->view ) return query_reads_much(E, info->view);
  if( info->table==0 ) return 0;
  if( info->table->kind==TABLE_LANDING ) return 1;
  return info->table->kind==TABLE_STORED && catalog_row_estimate(E->an->context->catalog, info->table)>=GROUP_ROWS;
}

/* --- The inner query's text ------------------------------------------------ */

/* The number behind a word `letter digits` that begins at z, or -1. */
static int word_number(const char *text, const char *z, char letter){
  int before = z>text ? z[-1] : ' ';
  if( *z!=letter || !isdigit((unsigned char)z[1]) || isalnum(before) || before=='_' || before=='"' ) return -1;
  return atoi(z+1);
}

/* The entries of WITH that a text reads, and those that they read: 0 when one
** is not at hand. */
static int find_entries(Emitter *E, const char *text, int *entry, int *n){
  for(const char *z = text; *z; z++){
    int id = word_number(text, z, 'q'), at = 0, known = 0;
    if( id<0 || z[1+strspn(z+1, "0123456789")]=='.' ) continue;
    while( at<E->n_with && E->with[at].id!=id ) at++;
    if( at==E->n_with ) return 0;
    for(int i=0; i<*n && !known; i++) known = entry[i]==at;
    if( known ) continue;
    if( *n==WITH_MAX || !find_entries(E, E->with[at].text, entry, n) ) return 0;
    entry[(*n)++] = at;
  }
  return 1;
}

/* Does every alias r<id> that the text reads belong to it? */
static int is_closed(Emitter *E, const char *text){
  int n = E->an->next_id + 1;
  char *is_alias = ARENA_ARRAY(E->arena, char, n);
  for(const char *z = text; (z = strstr(z, "AS r"))!=0; z += 4){
    int id = word_number(text, z+3, 'r');
    if( id>=0 && id<n ) is_alias[id] = 1;
  }
  for(const char *z = text; *z; z++){
    int id = word_number(text, z, 'r');
    if( id>=0 && z[1+strspn(z+1, "0123456789")]=='.' && (id>=n || !is_alias[id]) ) return 0;
  }
  return 1;
}

static int depth_of(Emitter *E, const char *text){
  int depth = 0;
  for(const char *z = text; (z = strchr(z, GROUP_MARK))!=0; z = strchr(z+1, GROUP_MARK)+1){
    int id = atoi(z+1);
    for(GroupText *g = *E->groups; g; g = g->next) if( g->id==id && g->depth>depth ) depth = g->depth;
  }
  return depth;
}

/* The inner query as it can stand alone; NULL when it cannot. */
static const char *stand_alone(Emitter *E, const char *text){
  int entry[WITH_MAX], n = 0;
  if( !find_entries(E, text, entry, &n) ) return 0;
  if( n ){
    Buf b;
    buf_init(&b, E->arena);
    for(int i=0; i<n; i++){
      const WithText *w = &E->with[entry[i]];
      if( strstr(w->text, "random(") || strstr(w->text, "uuid(") ) return 0;
      buf_printf(&b, "%sq%d AS %s(%s)", i ? ", " : "WITH ", w->id, w->materialized ? "MATERIALIZED " : "", w->text);
    }
    buf_printf(&b, " %s", text);
    text = b.z;
  }
  if( E->insert_target && strstr(text, ep(E, "\"%s\"", E->insert_target)) ) return 0;
  return is_closed(E, text) && depth_of(E, text)<NESTED_MAX ? text : 0;
}

static const char *marker(Emitter *E, const char *sql){
  GroupText *g = ARENA_NEW(E->arena, GroupText);
  g->next = *E->groups;
  g->id = ++E->an->next_id;
  g->depth = depth_of(E, sql) + 1;
  g->sql = sql;
  *E->groups = g;
  return ep(E, "%c%d%c", GROUP_MARK, g->id, GROUP_MARK);
}

const char *emit_group_text(Emitter *E, int id){
  for(GroupText *g = *E->groups; g; g = g->next) if( g->id==id ) return g->sql;
  return "";
}

GroupText *emit_group_next(GroupText *g, const char **sql){
  *sql = g->sql;
  return g->next;
}

/* --- Columns and aggregates ------------------------------------------------ */

/* The input's column with this expression; a plain column is there once.  -1:
** too many. */
static int input_column(Emitter *E, Input *in, Expr *e){
  const char *sql = emit_expr(E, e);
  const Sem *sem = expr_bare(e)->sem;
  for(int i=0; i<in->n && sem && sem->kind==SEM_COLUMN; i++) if( !strcmp(in->sql[i], sql) ) return i;
  if( in->n==GROUP_COLUMNS ) return -1;
  in->sql[in->n] = sql;
  in->e[in->n] = e;
  in->kind[in->n] = is_float(e->type) ? 'r' : '-';
  return in->n++;
}

static int is_constant(Expr *e){
  const Sem *sem = expr_bare(e)->sem;
  return sem && sem->kind==SEM_VALUE && expr_bare(e)->value.kind!=V_NULL;
}

/* The names of group_spec.h for SQLite's own aggregates. */
static const char *native_name(const char *native){
  static const char *const name[][2] = { {"count(*)", "count_all"}, {"count(%1)", "count"}, {"count(nullif(%1, 0))", "count_if"},
    {"min(%1)", "min"}, {"max(%1)", "max"}, {"sum(%1)", "sum"} };
  for(size_t i=0; i<sizeof(name)/sizeof(name[0]); i++) if( !strcmp(name[i][0], native) ) return name[i][1];
  return 0;
}

/* The aggregate's name for t_group, or NULL when it has none. */
static const char *spec_name(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  const Type **argt = ARENA_ARRAY(E->arena, const Type*, sem->n+1);
  if( e->order_by.n || sem->n>GROUP_ARGS ) return 0;
  for(int i=0; i<sem->n; i++){
    Expr *arg = sem->arg[i];
    if( arg->kind==EXPR_LAMBDA || arg->type->kind==T_UNKNOWN ) return 0;
    argt[i] = arg->kind==EXPR_COERCE ? arg->arg[0]->type : arg->type;
  }
  int counts = sem->n==1 && distinct_is_native(sem->arg[0]->type);
  if( counts && !strcmp(sem->agg->name, "approx_distinct") ) return "count";
  if( e->distinct ) return counts && !strcmp(sem->agg->name, "count") ? "count" : 0;
  const char *native = agg_native_for(sem->agg, sem->n, argt);
  if( native ) return native_name(native);
  char *name = ARENA_ARRAY(E->arena, char, FN_SQL_NAME_MAX);
  return sem->agg->step ? agg_sql_name(sem->agg, name) : 0;
}

/* '(T1,T2)R' of a typed row. */
static const char *agg_types(Emitter *E, Expr *e){
  Sem *sem = e->sem;
  Buf b;
  buf_init(&b, E->arena);
  buf_str(&b, " (");
  for(int i=0; i<sem->n; i++){
    if( i ) buf_char(&b, ',');
    type_print(&b, sem->arg[i]->type);
  }
  buf_char(&b, ')');
  type_print(&b, e->type);
  return strchr(b.z, ';') ? 0 : b.z;
}

/* One aggregate as the spec has it; NULL when t_group cannot. */
static const char *agg_spec(Emitter *E, Input *in, Expr *e){
  Sem *sem = e->sem;
  const char *name = spec_name(E, e), *native = 0, *types = "";
  Buf b;
  if( name==0 ) return 0;
  int distinct = e->distinct || !strcmp(sem->agg->name, "approx_distinct");
  native = strncmp(name, "t_", 2) ? name : 0;
  if( !distinct && !strcmp(name, "count") && is_constant(sem->arg[0]) ) name = "count_all";
  buf_init(&b, E->arena);
  buf_printf(&b, "; %s(%s", name, native && distinct ? "distinct " : "");
  for(int i=0; i<sem->n && strcmp(name, "count_all"); i++){
    int c = input_column(E, in, sem->arg[i]);
    if( c<0 ) return 0;
    buf_printf(&b, "%s%d", i ? "," : "", c);
  }
  buf_char(&b, ')');
  if( e->filter ){
    int c = input_column(E, in, e->filter);
    if( c<0 ) return 0;
    buf_printf(&b, " where %d", c);
  }
  if( native==0 && agg_is_typed(sem->agg) && (types = agg_types(E, e))==0 ) return 0;
  buf_str(&b, types);
  return b.z;
}

/* --- The operator ---------------------------------------------------------- */

/* 'inner', 'spec'[, native rows] */
static const char *operator_sql(Emitter *E, const Input *in, int n_key, const char *aggs, const char *from_where,
                                const char *rows){
  Buf b;
  buf_init(&b, E->arena);
  buf_str(&b, "SELECT ");
  for(int i=0; i<in->n; i++) buf_printf(&b, "%s%s", i ? ", " : "", in->sql[i]);
  if( in->n==0 ) buf_str(&b, "0");
  buf_str(&b, from_where);
  const char *sql = stand_alone(E, b.z);
  if( sql==0 ) return 0;
  const char *spec = ep(E, "%d %s%s", n_key, in->n ? in->kind : "-", aggs);
  return ep(E, "t_group(%s, %s%s)", marker(E, sql), string_sql(E->an, spec, strlen(spec)), rows ? rows : "");
}

static int keys_are_hashable(const Select *sel){
  for(int i=0; i<sel->n_key; i++) if( !emit_is_hashable(sel->key[i]->type) ) return 0;
  return 1;
}

/* Does a condition compare a key with a constant? */
static int compares_key(const Select *sel, Expr *e){
  int key = 0, constant = 0;
  e = expr_bare(e);
  for(int i=0; e->kind==EXPR_AND && i<e->n; i++) if( compares_key(sel, e->arg[i]) ) return 1;
  if( e->kind!=EXPR_COMPARE && e->kind!=EXPR_BETWEEN && e->kind!=EXPR_IN_LIST ) return 0;
  for(int i=0; i<e->n; i++){
    key |= group_key_index(sel, expr_bare(e->arg[i]))>=0;
    constant |= is_constant(e->arg[i]);
  }
  return key && constant;
}

/* A key that is compared with a constant, in HAVING or around: SQLite asks that
** of the rows, which may leave out partitions. */
static int is_pushed_down(const Select *sel){
  for(int k=0; k<sel->n_out; k++){
    const Field *f = sel->out_field[k];
    if( (f->origin ? f->origin : f)->compared && (!sel->aggregated || group_key_index(sel, expr_bare(sel->out[k]))>=0) ) return 1;
  }
  return sel->aggregated && sel->body->having && compares_key(sel, sel->body->having);
}

/* Does it pay without keys, however the rows come? */
static int counts_distinct(Emitter *E, const Select *sel, const char *dead){
  if( E->an->context->plain<0 ) return 1;
  for(int i=0; i<sel->aggs.n; i++){
    const Expr *e = sel->aggs.e[i];
    const Sem *sem = e->sem;
    if( !dead[i] && sem->kind==SEM_AGG && (e->distinct || !strcmp(sem->agg->name, "approx_distinct")) ) return 1;
  }
  return 0;
}

/* Whether t_group has all that the SELECT asks for, and there are many rows. */
static int is_groupable(Emitter *E, Select *sel, const char *dead){
  if( E->an->context->plain>0 || E->program || sel->n_set!=1 || sel->set_n[0]!=sel->n_key || sel->body->from==0 ) return 0;
  if( sel->n_key>=GROUP_COLUMNS/2 || sel->n_key+sel->aggs.n==0 || !keys_are_hashable(sel) || is_pushed_down(sel)
      || !reads_much(E, sel->body->from) ) return 0;
  for(int i=0; i<sel->aggs.n; i++){
    const Sem *sem = sel->aggs.e[i]->sem;
    if( sem->kind==SEM_AGG && !dead[i] && spec_name(E, sel->aggs.e[i])==0 ) return 0;
  }
  return 1;
}

/* The aggregates as the spec has them, and as columns of r<id>; how many columns
** there are then, or -1. */
static int add_aggregates(Emitter *E, Select *sel, const char *dead, int id, Input *in, Buf *aggs, Buf *out){
  int n = sel->n_key;
  for(int i=0; i<sel->aggs.n; i++){
    Expr *e = sel->aggs.e[i];
    const char *spec;
    buf_str(out, out->n ? ", " : "");
    if( dead[i] || ((Sem*)e->sem)->kind==SEM_GROUPING ){
      buf_printf(out, "%s AS a%d", dead[i] ? "NULL" : "0", i);
      continue;
    }
    if( (spec = agg_spec(E, in, e))==0 ) return -1;
    buf_str(aggs, spec);
    buf_printf(out, "r%d.c%d AS a%d", id, n++, i);
  }
  return n;
}

const char *emit_group(Emitter *E, Select *sel, const char *from_where, const char *dead){
  Input in;
  Buf aggs, out;
  if( !is_groupable(E, sel, dead) ) return 0;
  memset(&in, 0, sizeof in);
  buf_init(&aggs, E->arena);
  buf_str(&aggs, "");
  buf_init(&out, E->arena);
  int id = ++E->an->next_id;
  for(int i=0; i<sel->n_key; i++){
    in.sql[i] = emit_expr(E, sel->key[i]);
    in.e[i] = sel->key[i];
    in.kind[i] = '-';
    buf_printf(&out, "%sr%d.c%d AS g%d", i ? ", " : "", id, i, i);
  }
  in.n = sel->n_key;
  int n = add_aggregates(E, sel, dead, id, &in, &aggs, &out);
  if( n<1 || n>GROUP_COLUMNS ) return 0;
  const char *rows = emit_native_rows(E, sel->body, in.n, in.e);
  if( sel->n_key==0 && !counts_distinct(E, sel, dead) && (rows==0 || (in.n==0 && sel->body->where==0)) ) return 0;
  const char *call = operator_sql(E, &in, sel->n_key, aggs.z, from_where, rows);
  return call ? ep(E, "SELECT %s FROM %s AS r%d LIMIT -1", out.z, call, id) : 0;
}

/* A SELECT of all columns of t_group(…), as an entry of WITH. */
static const char *all_columns(Emitter *E, int n, const char *call){
  int id = ++E->an->next_id, entry = ++E->an->next_id;
  Buf out;
  buf_init(&out, E->arena);
  for(int i=0; i<n; i++) buf_printf(&out, "%sr%d.c%d AS c%d", i ? ", " : "", id, i, i);
  emit_with_entry(E, entry, 0, ep(E, "SELECT %s FROM %s AS r%d LIMIT -1", out.z, call, id), 0);
  buf_init(&out, E->arena);
  for(int i=0; i<n; i++) buf_printf(&out, "%sc%d", i ? ", " : "", i);
  return ep(E, "SELECT %s FROM q%d", out.z, entry);
}

const char *emit_group_distinct(Emitter *E, Select *sel, const Type *const *target, const char *items, const char *source){
  Input in;
  memset(&in, 0, sizeof in);
  if( E->an->context->plain>0 || E->program || sel->aggregated || sel->has_window || sel->body->from==0 || sel->n_out>=GROUP_COLUMNS ) return 0;
  for(int i=0; i<sel->n_out; i++){
    if( !emit_is_hashable(target ? target[i] : sel->out[i]->type) ) return 0;
    in.e[i] = sel->out[i];
    in.kind[i] = '-';
    if( target && !coerce_is_free(sel->out[i]->type, target[i]) ) in.e[0] = 0;
  }
  if( is_pushed_down(sel) || !reads_much(E, sel->body->from) ) return 0;
  in.n = 1;                     /* all items are one text */
  in.sql[0] = items;
  const char *rows = in.e[0] ? emit_native_rows(E, sel->body, sel->n_out, in.e) : 0;
  const char *call = operator_sql(E, &in, sel->n_out, " as they come", source, rows);
  return call ? all_columns(E, sel->n_out, call) : 0;
}

/* --- UNION ------------------------------------------------------------------ */

static int body_reads_much(Emitter *E, const Body *b){
  if( b->kind==BODY_SETOP ) return body_reads_much(E, b->left) || body_reads_much(E, b->right);
  return b->kind==BODY_SELECT && b->from && reads_much(E, b->from);
}

const char *emit_group_union(Emitter *E, const Body *body, int n, const Type *const *type, const char *all){
  if( E->an->context->plain>0 || E->program || n>=GROUP_COLUMNS || !body_reads_much(E, body) ) return 0;
  const BodyInfo *info = body->sem;
  for(int i=0; i<n; i++) if( !emit_is_hashable(type[i]) || info->field[i]->compared ) return 0;
  const char *sql = stand_alone(E, all);
  if( sql==0 ) return 0;
  char *kinds = ARENA_ARRAY(E->arena, char, n+1);
  memset(kinds, '-', (size_t)n);
  const char *spec = ep(E, "%d %s", n, kinds);
  return all_columns(E, n, ep(E, "t_group(%s, %s)", marker(E, sql), string_sql(E->an, spec, strlen(spec))));
}

/* --- ORDER BY … LIMIT -------------------------------------------------------- */

static int is_plain_column(const Expr *e){
  const Sem *sem = e->sem;
  return e->kind!=EXPR_COERCE && sem && sem->kind==SEM_COLUMN;
}

/* The column among those that the rows must have. */
static int top_column(Emitter *E, Input *in, Expr *e, int *column, const RelInfo *info){
  const Sem *sem = e->sem;
  int n = in->n, c = is_plain_column(e) ? input_column(E, in, e) : -1;
  if( c<n ) return c;           /* known, or none */
  for(column[c]=0; column[c]<info->scope->n && info->scope->field[column[c]]!=sem->field; ) column[c]++;
  return column[c]<info->scope->n ? c : -1;
}

const char *emit_top(Emitter *E, Select *sel, const Query *q){
  const Relation *rel = sel->body->from;
  Input in;
  Buf by, from;
  int column[GROUP_COLUMNS];
  if( E->an->context->plain>0 || E->program || q->with_ties || sel->body->distinct || sel->aggregated || sel->has_window ) return 0;
  if( rel==0 || rel->kind!=REL_TABLE || (q->limit==0 && q->fetch==0) || q->order_by.n>TOP_KEYS || !reads_much(E, rel) ) return 0;
  const RelInfo *info = rel->sem;
  long long n = q->limit ? (long long)q->limit->value.i : q->fetch_count ? (long long)q->fetch_count->value.i : 1;
  long long offset = q->offset ? (long long)q->offset->value.i : 0;
  if( info->table==0 || n<0 || n>TOP_ROWS || offset<0 || offset>TOP_ROWS || n+offset>TOP_ROWS ) return 0;
  memset(&in, 0, sizeof in);
  for(int i=0; i<sel->n_out; i++) if( top_column(E, &in, sel->out[i], column, info)<0 ) return 0;
  buf_init(&by, E->arena);
  for(int i=0; i<q->order_by.n; i++){
    const SortItem *item = &q->order_by.item[i];
    int c = top_column(E, &in, item->e, column, info);
    if( c<0 ) return 0;
    buf_printf(&by, "%s%d%s%s", i ? "," : "", c, item->descending ? "d" : "", item->nulls==NULLS_FIRST ? "f" : "");
  }
  const char *rows = emit_native_rows(E, sel->body, in.n, in.e);
  if( rows==0 ) return 0;
  const char *source = ep(E, " FROM %s", emit_from(E, sel->body->from));
  if( sel->body->where ) source = ep(E, "%s WHERE %s", source, emit_condition(E, sel->body->where));
  buf_init(&from, E->arena);
  buf_str(&from, "SELECT ");
  for(int i=0; i<in.n; i++) buf_printf(&from, "%s%s", i ? ", " : "", in.sql[i]);
  const char *sql = stand_alone(E, ep(E, "%s%s", from.z, source));
  if( sql==0 ) return 0;
  const char *spec = ep(E, "top %lld by %s of %s", n+offset, by.z, in.kind);
  int id = ++E->an->next_id;
  buf_init(&from, E->arena);
  for(int i=0; i<in.n; i++) buf_printf(&from, "%sr%d.c%d AS %s", i ? ", " : "", id, i, emit_quoted(E, info->table->column[column[i]].name));
  return ep(E, " FROM (SELECT %s FROM t_group(%s, %s%s) AS r%d LIMIT -1) AS r%d", from.z, marker(E, sql),
    string_sql(E->an, spec, strlen(spec)), rows, id, info->id);
}

/* --- x IN (SELECT …) -------------------------------------------------------- */

/* Whether some table that the query reads is large, whatever is left of it. */
static int source_is_large(Emitter *E, const Query *q){
  const QueryInfo *info = q->sem;
  return info->select && info->select->body->from && reads_much(E, info->select->body->from);
}

/* The query on its own, and its rows natively where they can be had; NULL where
** it has to stay what it is. */
static const char *set_query(Emitter *E, Query *q, const Type *const *target, const char **rows){
  const QueryInfo *info = q->sem;
  *rows = "";
  if( E->an->context->plain>0 || E->program || info->correlated || !emit_is_hashable(target[0]) || !source_is_large(E, q) ) return 0;
  const Select *sel = info->select;
  int is_simple = !sel->aggregated && !sel->has_window && sel->n_out==1 && !q->limit && !q->fetch && !q->offset;
  const char *sql = stand_alone(E, emit_query(E, q, target)), *native = 0;
  if( sql && is_simple && coerce_is_free(sel->out[0]->type, target[0]) ) native = emit_native_rows(E, sel->body, 1, sel->out);
  if( native ) *rows = native;
  return sql;
}

const char *emit_in_set(Emitter *E, const char *x, Query *q, const Type *const *target){
  const char *rows, *sql = set_query(E, q, target, &rows);
  return sql ? ep(E, "t_in_set(%s, %s%s)", x, marker(E, sql), rows) : 0;
}

const char *emit_in_values(Emitter *E, Query *q, const Type *const *target){
  const char *rows, *sql = set_query(E, q, target, &rows);
  return sql ? ep(E, "SELECT c0 FROM t_group(%s, '1 -'%s)", marker(E, sql), rows) : 0;
}

const char *emit_in_literal(Emitter *E, Query *q, const Type *const *target){
  const char *sql = emit_in_values(E, q, target);
  return sql && depth_of(E, sql)<NESTED_MAX ? marker(E, sql) : 0;
}
