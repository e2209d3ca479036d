/*
** Queries as SQLite text: SELECT with columns c0, c1, …, in two stages where
** it aggregates, set operations, VALUES, ORDER BY and LIMIT.
**
** Derived tables, WITH queries, the inner stage of an aggregation and the
** operands of set operations become entries of one WITH clause, that of the
** nearest enclosing SELECT in an expression (or of the statement), because
** SQLite's parser gives up at about fifteen nested SELECTs.  Entries have the
** names q<id>, unique in the statement.
*/
#include <string.h>
#include "emit.h"

#define COMPOUND_MAX 400        /* SQLite takes 500 SELECTs of a compound */

/* --- WITH entries -------------------------------------------------------- */

void emit_with_entry(Emitter *E, int id, int n, const char *text, int materialized){
  for(int i=0; i<E->n_with; i++) if( E->with[i].id==id ) return;     /* written twice, the same */
  if( E->n_with==E->cap_with ){
    int cap = E->cap_with ? 2*E->cap_with : 16;
    WithText *grown = ARENA_ARRAY(E->arena, WithText, cap);
    if( E->n_with ) memcpy(grown, E->with, sizeof(WithText)*(size_t)E->n_with);
    E->with = grown;
    E->cap_with = cap;
  }
  E->with[E->n_with++] = (WithText){id, n, text, materialized};
}

const char *emit_query_full(Emitter *E, Query *q, const Type *const *target){
  Emitter saved = *E;
  E->n_with = E->cap_with = 0;
  E->nested += E->select!=0;
  E->with = 0;
  E->program = 0;
  const char *sql = emit_query(E, q, target);
  if( E->n_with ){
    Buf b;
    buf_init(&b, E->arena);
    for(int i=0; i<E->n_with; i++){
      buf_printf(&b, "%sq%d AS %s(%s)", i ? ", " : "WITH ", E->with[i].id, E->with[i].materialized ? "MATERIALIZED " : "", E->with[i].text);
    }
    buf_printf(&b, " %s", sql);
    sql = b.z;
  }
  E->n_with = saved.n_with;
  E->cap_with = saved.cap_with;
  E->with = saved.with;
  E->program = saved.program;
  E->nested = saved.nested;
  return sql;
}

/* "c0, c1" with a prefix ("r4." or ""). */
static const char *columns(Emitter *E, const char *prefix, int n){
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<n; i++) buf_printf(&b, "%s%sc%d", i ? ", " : "", prefix, i);
  return b.z ? b.z : "";
}

/* --- The inner stage: groups --------------------------------------------- */

static int in_set(Select *sel, int set, int key){
  for(int i=0; i<sel->set_n[set]; i++) if( sel->set[set][i]==key ) return 1;
  return 0;
}

static const char *grouping_value(Emitter *E, Select *sel, Expr *e, int set){
  Sem *sem = e->sem;
  long long bits = 0;
  for(int i=0; i<sem->n_key; i++) bits = bits*2 + !in_set(sel, set, sem->key[i]);
  return ep(E, "%lld", bits);
}

static const char *emit_group_set(Emitter *E, Select *sel, int set, const char *const *key, const char *from_where, const char *dead){
  Buf b, by;
  const char *sep = "";
  buf_init(&b, E->arena);
  buf_init(&by, E->arena);
  buf_str(&b, "SELECT ");
  for(int i=0; i<sel->n_key; i++){
    int in = in_set(sel, set, i);
    buf_printf(&b, "%s%s AS g%d", sep, in ? key[i] : "NULL", i);
    sep = ", ";
    if( !in ) continue;
    const Type *t = sel->key[i]->type;
    buf_str(&by, by.n ? ", " : " GROUP BY ");
    if( type_groups_natively(t) ) buf_printf(&by, "%d", i+1);
    else buf_str(&by, group_key_sql(E->an, key[i], t));
  }
  for(int i=0; i<sel->aggs.n; i++){
    Expr *e = sel->aggs.e[i];
    Sem *sem = e->sem;
    const char *sql = sem->kind==SEM_GROUPING ? grouping_value(E, sel, e, set) : dead[i] ? "max(NULL)" : emit_aggregate(E, e);
    buf_printf(&b, "%s%s AS a%d", sep, sql, i);
    sep = ", ";
  }
  int only_grouping = 1;
  for(int i=0; i<sel->aggs.n; i++) only_grouping &= ((Sem*)sel->aggs.e[i]->sem)->kind==SEM_GROUPING;
  if( sel->set_n[set]==0 && only_grouping ) buf_printf(&b, "%scount(*) AS n", sep);
  else if( sel->n_set>1 ) buf_printf(&b, "%s0 AS n", sep);
  buf_printf(&b, "%s%s", from_where, by.z ? by.z : "");
  return b.z;
}

static int mentions(Emitter *E, Expr *e, Expr *agg){
  ExprList l = collect_calls(E->an, e, 1, 0, 1);
  for(int i=0; i<l.n; i++) if( l.e[i]==agg ) return 1;
  return 0;
}

/* Aggregates that only columns nobody reads would use. */
static const char *dead_aggregates(Emitter *E, Select *sel, Query *q, const char *dead){
  char *r = ARENA_ARRAY(E->arena, char, sel->aggs.n+1);
  for(int i=0; dead && i<sel->aggs.n; i++){
    Expr *agg = sel->aggs.e[i];
    int needed = sel->body->having && mentions(E, sel->body->having, agg);
    for(int k=0; k<sel->n_out && !needed; k++)
      needed = !dead[k] && mentions(E, sel->out[k], agg);
    for(int k=0; q && k<q->order_by.n && !needed; k++) needed = mentions(E, q->order_by.item[k].e, agg);
    r[i] = !needed;
  }
  return r;
}

/* Write the groups as an entry; the SELECT then reads FROM q<id> AS r<id>. */
static void emit_groups(Emitter *E, Select *sel, const char *from_where, const char *dead){
  const char **key = ARENA_ARRAY(E->arena, const char*, sel->n_key+1);
  const char *text = emit_group(E, sel, from_where, dead);
  if( text ){
    emit_with_entry(E, sel->id, 0, text, 0);
    return;
  }
  for(int i=0; i<sel->n_key; i++) key[i] = emit_expr(E, sel->key[i]);
  for(int i=0; i<sel->n_set; i++){
    const char *one = emit_group_set(E, sel, i, key, from_where, dead);
    text = text ? ep(E, "%s UNION ALL %s", text, one) : one;
  }
  emit_with_entry(E, sel->id, 0, text, 0);
}

/* --- ORDER BY and LIMIT -------------------------------------------------- */

static const char *emit_limit(Emitter *E, Query *q){
  long long limit = -1, offset = 0;
  if( q==0 ) return "";
  if( q->limit ) limit = (long long)q->limit->value.i;
  if( q->fetch && !q->with_ties ) limit = q->fetch_count ? (long long)q->fetch_count->value.i : 1;
  if( q->offset ) offset = (long long)q->offset->value.i;
  if( offset ) return ep(E, " LIMIT %lld OFFSET %lld", limit, offset);
  return limit>=0 ? ep(E, " LIMIT %lld", limit) : "";
}

/* Which output column a sort key is, or -1. */
static int sort_output(Select *sel, Expr *e){
  for(int i=0; i<sel->n_out; i++) if( expr_same(e, sel->out[i]) ) return i;
  return -1;
}

/* The sort keys' SQL, from the same SELECT. */
static const char *const *sort_keys(Emitter *E, Query *q){
  const char **key = ARENA_ARRAY(E->arena, const char*, q->order_by.n+1);
  for(int i=0; i<q->order_by.n; i++) key[i] = emit_expr(E, q->order_by.item[i].e);
  return key;
}

/* FETCH FIRST n ROWS WITH TIES: rank() over the sort keys, carried as s0 …. */
static const char *emit_ties(Emitter *E, Query *q, int n_out, const char *select_with_keys){
  int a = ++E->an->next_id, b = ++E->an->next_id;
  long long n = q->fetch_count ? (long long)q->fetch_count->value.i : 1;
  const char **s = ARENA_ARRAY(E->arena, const char*, q->order_by.n);
  for(int i=0; i<q->order_by.n; i++) s[i] = ep(E, "r%d.s%d", a, i);
  const char *order = emit_sort_items(E, q->order_by.n, q->order_by.item, s);
  const char *inner = select_with_keys;
  if( q->offset ){
    int c = ++E->an->next_id;
    for(int i=0; i<q->order_by.n; i++) s[i] = ep(E, "r%d.s%d", c, i);
    inner = ep(E, "SELECT * FROM (%s) AS r%d ORDER BY %s LIMIT -1 OFFSET %lld", select_with_keys, c,
      emit_sort_items(E, q->order_by.n, q->order_by.item, s), (long long)q->offset->value.i);
  }
  emit_with_entry(E, a, 0, inner, 0);
  emit_with_entry(E, b, 0, ep(E, "SELECT r%d.*, rank() OVER (ORDER BY %s) AS k FROM q%d AS r%d", a, order, a, a), 0);
  return ep(E, "SELECT %s FROM q%d AS r%d WHERE r%d.k <= %lld ORDER BY r%d.k", columns(E, ep(E, "r%d.", b), n_out), b, b, b, n, b);
}

/* --- SELECT -------------------------------------------------------------- */

/* What nobody reads and may raise an error is left out (dead[i]): Athena does
** not evaluate it. */
static const char *item_list(Emitter *E, Select *sel, const Type *const *target, const char *dead){
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<sel->n_out; i++){
    const char *sql = dead && dead[i] && expr_may_raise(sel->out[i]) ? "NULL" : emit_expr(E, sel->out[i]);
    if( target ) sql = coerce_sql(E->an, sql, sel->out[i]->type, target[i]);
    buf_printf(&b, "%s%s AS c%d", i ? ", " : "", sql, i);
  }
  return b.z ? b.z : "NULL AS c0";
}

/* SELECT DISTINCT, or GROUP BY keys where bytes do not tell equality. */
static const char *distinct_by(Emitter *E, Select *sel){
  int native = 1;
  for(int i=0; i<sel->n_out; i++) native &= type_groups_natively(sel->out[i]->type);
  if( native ) return 0;
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<sel->n_out; i++){
    Expr *e = sel->out[i];
    buf_str(&b, i ? ", " : " GROUP BY ");
    if( type_groups_natively(e->type) ) buf_printf(&b, "%d", i+1);
    else buf_str(&b, group_key_sql(E->an, emit_expr(E, e), e->type));
  }
  return b.z;
}

static const char *emit_distinct(Emitter *E, Select *sel, Query *q, const Type *const *target, const char *items, const char *source){
  /* with only a LIMIT SQLite need not read all */
  int may_stop = q && q->order_by.n==0 && (q->limit || q->fetch);
  const char *grouped = may_stop ? 0 : emit_group_distinct(E, sel, target, items, source);
  if( grouped ) return grouped;
  const char *by = distinct_by(E, sel);
  if( by==0 ) return ep(E, "SELECT DISTINCT %s%s", items, source);
  if( collect_calls(E->an, sel->out[0], 0, 1, 0).n ) an_refuse(E->an, sel->body->pos, "SELECT DISTINCT with windows over this type");
  return ep(E, "SELECT %s%s%s", items, source, by);
}

/* SELECT DISTINCT … ORDER BY: sorted outside, by the columns. */
static const char *emit_distinct_sorted(Emitter *E, Select *sel, Query *q, const char *distinct, const Type *const *target){
  int id = ++E->an->next_id;
  const char **key = ARENA_ARRAY(E->arena, const char*, q->order_by.n);
  for(int i=0; i<q->order_by.n; i++) key[i] = ep(E, "r%d.c%d", id, sort_output(sel, q->order_by.item[i].e));
  emit_with_entry(E, id, 0, distinct, 0);
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<sel->n_out; i++){
    const char *c = ep(E, "r%d.c%d", id, i);
    if( target ) c = coerce_sql(E->an, c, sel->out[i]->type, target[i]);
    buf_printf(&b, "%s%s AS c%d", i ? ", " : "", c, i);
  }
  if( q->with_ties ){
    for(int i=0; i<q->order_by.n; i++) buf_printf(&b, ", %s AS s%d", key[i], i);
    return emit_ties(E, q, sel->n_out, ep(E, "SELECT %s FROM q%d AS r%d", b.z, id, id));
  }
  return ep(E, "SELECT %s FROM q%d AS r%d ORDER BY %s%s", b.z, id, id,
    emit_sort_items(E, q->order_by.n, q->order_by.item, key), emit_limit(E, q));
}

/* FROM …  A correlated subquery is probed once for each outer row, which
** SQLite's planner does not count: it would scan.  A table function in front,
** which it takes to have many rows (json_each of one), makes an automatic
** index worth its while. */
static const char *emit_source(Emitter *E, Select *sel){
  int probes = select_probes(sel) && !emit_has_right_join(sel->body->from);
  int materialize = E->materialize;
  E->materialize = probes;
  const char *from = emit_from(E, sel->body->from);
  E->materialize = materialize;
  if( !probes ) return ep(E, " FROM %s", from);
  return ep(E, " FROM json_each('[0]') AS d%d CROSS JOIN %s", ++E->an->next_id, from);
}

static const char *emit_select(Emitter *E, Select *sel, Query *q, const Type *const *target){
  Body *body = sel->body;
  Select *outer = E->select;
  int stage = sel->stage;
  const char *dead = body->distinct ? 0 : E->dead;
  E->dead = 0;
  const char *source = "", *where = 0, *sql;
  E->select = sel;
  sel->stage = 0;
  const char *hashed = body->from ? emit_hash_subquery(E, body) : 0;
  if( hashed ) source = hashed;
  else if( body->from ) source = emit_source(E, sel);
  if( body->where && !hashed ) source = ep(E, "%s WHERE %s", source, emit_condition(E, body->where));
  if( sel->aggregated ){
    emit_groups(E, sel, source, dead_aggregates(E, sel, q, dead));
    sel->stage = 1;
    source = ep(E, " FROM q%d AS r%d", sel->id, sel->id);
    if( body->having ) where = emit_condition(E, body->having);
    if( where ) source = ep(E, "%s WHERE %s", source, where);
  }
  int sorted = q && q->order_by.n>0;
  const char *top = sorted && !hashed ? emit_top(E, sel, q) : 0;
  if( top ) source = top;
  if( sel->aggregated && sel->n_key==0 && sel->n_set==1 && q && !q->with_ties ) sorted = 0;   /* one row */
  const char *items = item_list(E, sel, sorted && body->distinct ? 0 : target, dead);
  if( body->distinct && sorted ){
    sql = emit_distinct_sorted(E, sel, q, emit_distinct(E, sel, q, 0, items, source), target);
  }else if( body->distinct ){
    sql = ep(E, "%s%s", emit_distinct(E, sel, q, target, items, source), emit_limit(E, q));
  }else if( sorted && q->with_ties ){
    const char *const *key = sort_keys(E, q);
    const char *all = items;
    for(int i=0; i<q->order_by.n; i++) all = ep(E, "%s, %s AS s%d", all, key[i], i);
    sql = emit_ties(E, q, sel->n_out, ep(E, "SELECT %s%s", all, source));
  }else{
    const char *order = "";
    if( sorted ) order = ep(E, " ORDER BY %s", emit_sort_items(E, q->order_by.n, q->order_by.item, sort_keys(E, q)));
    sql = ep(E, "SELECT %s%s%s%s", items, source, order, emit_limit(E, q));
  }
  sel->stage = stage;
  E->select = outer;
  return sql;
}

/* --- VALUES and set operations ------------------------------------------- */

static void find_column(void *p, Expr *e){
  const Sem *sem = e->sem;
  if( sem && sem->kind!=SEM_VALUE && (sem->kind==SEM_COLUMN || sem->n_outer) ) *(int*)p = 1;
  expr_children(e, find_column, p);
}

/* SQLite does not find the columns of VALUES that read an outer query. */
static int values_read_outer(const BodyInfo *info, int n_row){
  int found = 0;
  for(int i=0; i<n_row && !found; i++)
    for(int k=0; k<info->n; k++) find_column(&found, info->row[i][k]);
  return found;
}

/* One SELECT over VALUES, or a SELECT for each row. */
static const char *emit_values(Emitter *E, Body *body, const Type *const *target){
  BodyInfo *info = body->sem;
  const char *dead = E->dead;
  int apart = values_read_outer(info, body->rows.n);
  Buf b;
  E->dead = 0;
  buf_init(&b, E->arena);
  if( apart && body->rows.n>COMPOUND_MAX ) an_refuse(E->an, body->pos, "more than %d rows of VALUES that read an outer query", COMPOUND_MAX);
  if( !apart ) buf_str(&b, "SELECT ");
  for(int k=0; k<info->n && !apart; k++) buf_printf(&b, "%scolumn%d AS c%d", k ? ", " : "", k+1, k);
  if( !apart ) buf_str(&b, " FROM (VALUES ");
  for(int i=0; i<body->rows.n; i++){
    buf_str(&b, apart ? i ? " UNION ALL SELECT " : "SELECT " : i ? ", (" : "(");
    for(int k=0; k<info->n; k++){
      Expr *e = info->row[i][k];
      const char *sql = dead && dead[k] && expr_may_raise(e) ? "NULL" : emit_expr(E, e);
      if( target ) sql = coerce_sql(E->an, sql, info->field[k]->type, target[k]);
      buf_printf(&b, apart ? "%s%s AS c%d" : "%s%s", k ? ", " : "", sql, k);
    }
    if( !apart ) buf_char(&b, ')');
  }
  if( !apart ) buf_char(&b, ')');
  return b.z;
}

/* An operand of a set operation as a simple SELECT. */
static const char *emit_operand(Emitter *E, Body *body, const Type *const *target, int n){
  const char *sql = emit_body(E, body, target);
  if( body->kind==BODY_VALUES ) return sql;
  if( body->kind==BODY_SELECT ) return sql;
  int id = ++E->an->next_id;
  emit_with_entry(E, id, n, sql, 0);
  return ep(E, "SELECT %s FROM q%d", columns(E, "", n), id);
}

static const char *numbered(Emitter *E, const char *operand, int n){
  int id = ++E->an->next_id;
  emit_with_entry(E, id, n, operand, 0);
  const char *c = columns(E, "", n);
  return ep(E, "SELECT %s, row_number() OVER (PARTITION BY %s) AS k FROM q%d", c, c, id);
}

static const char *emit_setop(Emitter *E, Body *body, const Type *const *target){
  BodyInfo *info = body->sem;
  int n = info->n, native = 1;
  const char *dead = body->op=='U' && body->all ? E->dead : 0;
  E->dead = dead;
  const Type **own = ARENA_ARRAY(E->arena, const Type*, n+1);
  for(int i=0; i<n; i++){
    own[i] = info->field[i]->type;
    native &= type_groups_natively(own[i]);
  }
  /* the operation itself is done on the common types */
  const char *r = emit_operand(E, body->right, own, n), *l, *sql;
  E->dead = dead;
  Body *left = body->left;
  if( left->kind==BODY_SETOP && left->op=='U' && left->all==body->all && body->op=='U' && native ) l = emit_setop(E, left, own);
  else l = emit_operand(E, left, own, n);
  E->dead = 0;
  if( body->op=='U' && body->all ) sql = ep(E, "%s UNION ALL %s", l, r);
  else if( !native ){
    if( body->op!='U' ) an_refuse(E->an, body->pos, "INTERSECT or EXCEPT over a type with a time zone");
    int id = ++E->an->next_id;
    emit_with_entry(E, id, n, ep(E, "%s UNION ALL %s", l, r), 0);
    Buf b;
    buf_init(&b, E->arena);
    for(int i=0; i<n; i++) buf_printf(&b, "%s%s", i ? ", " : "", group_key_sql(E->an, ep(E, "c%d", i), own[i]));
    sql = ep(E, "SELECT %s FROM q%d GROUP BY %s", columns(E, "", n), id, b.z);
  }else if( body->op=='U' ){
    sql = emit_group_union(E, body, n, own, ep(E, "%s UNION ALL %s", l, r));
    if( sql==0 ) sql = ep(E, "%s UNION %s", l, r);
  }
  else{
    const char *word = body->op=='I' ? "INTERSECT" : "EXCEPT";
    if( body->all ){
      int id = ++E->an->next_id;
      emit_with_entry(E, id, n, ep(E, "%s %s %s", numbered(E, l, n), word, numbered(E, r, n)), 0);
      sql = ep(E, "SELECT %s FROM q%d", columns(E, "", n), id);
    }else{
      sql = ep(E, "%s %s %s", l, word, r);
    }
  }
  int same = 1;
  for(int i=0; target && i<n; i++) same &= coerce_is_free(own[i], target[i]);
  if( same ) return sql;
  int id = ++E->an->next_id;
  emit_with_entry(E, id, n, sql, 0);
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<n; i++) buf_printf(&b, "%s%s AS c%d", i ? ", " : "", coerce_sql(E->an, ep(E, "c%d", i), own[i], target[i]), i);
  return ep(E, "SELECT %s FROM q%d", b.z, id);
}

const char *emit_body(Emitter *E, Body *body, const Type *const *target){
  BodyInfo *info = body->sem;
  if( ++E->depth>DEPTH_MAX ) an_refuse(E->an, body->pos, "queries nested deeper than %d", DEPTH_MAX);
  const char *sql = "";
  switch( body->kind ){
    case BODY_SELECT: sql = emit_select(E, info->select, 0, target); break;
    case BODY_VALUES: sql = emit_values(E, body, target); break;
    case BODY_SETOP: sql = emit_setop(E, body, target); break;
    case BODY_QUERY: sql = emit_query(E, body->query, target); break;
    case BODY_TABLE: an_refuse(E->an, body->pos, "TABLE");
  }
  E->depth--;
  return sql;
}

/* --- The whole query ----------------------------------------------------- */

/* ORDER BY and LIMIT around a body that is not a SELECT. */
static const char *emit_sorted(Emitter *E, Query *q, QueryInfo *info, const Type *const *target){
  E->dead = 0;
  const char *body = emit_body(E, q->body, 0);
  int id = info->id ? info->id : ++E->an->next_id;
  emit_with_entry(E, id, info->n, body, 0);
  Buf b;
  buf_init(&b, E->arena);
  for(int i=0; i<info->n; i++){
    const char *c = ep(E, "r%d.c%d", id, i);
    if( target ) c = coerce_sql(E->an, c, info->field[i]->type, target[i]);
    buf_printf(&b, "%s%s AS c%d", i ? ", " : "", c, i);
  }
  const char *const *key = sort_keys(E, q);
  if( q->with_ties ){
    for(int i=0; i<q->order_by.n; i++) buf_printf(&b, ", %s AS s%d", key[i], i);
    return emit_ties(E, q, info->n, ep(E, "SELECT %s FROM q%d AS r%d", b.z, id, id));
  }
  const char *order = q->order_by.n ? ep(E, " ORDER BY %s", emit_sort_items(E, q->order_by.n, q->order_by.item, key)) : "";
  return ep(E, "SELECT %s FROM q%d AS r%d%s%s", b.z, id, id, order, emit_limit(E, q));
}

static const char *dead_columns(Emitter *E, QueryInfo *info){
  char *dead = ARENA_ARRAY(E->arena, char, info->n+1);
  for(int i=0; i<info->n; i++) dead[i] = !info->field[i]->used;
  return dead;
}

const char *emit_query(Emitter *E, Query *q, const Type *const *target){
  QueryInfo *info = q->sem;
  Select *outer = E->select;
  const char *sql, *dead = E->dead;
  E->dead = 0;
  if( ++E->depth>DEPTH_MAX ) an_refuse(E->an, q->pos, "queries nested deeper than %d", DEPTH_MAX);
  for(int i=0; i<q->n_with; i++){
    WithInfo *w = q->with[i].sem;
    const char *text = emit_query(E, w->query, 0);
    emit_with_entry(E, w->id, w->n, text, 0);
  }
  E->dead = info->is_relation ? dead_columns(E, info) : dead;
  if( info->select ) sql = emit_select(E, info->select, q, target);
  else{
    E->select = 0;
    if( q->order_by.n || q->limit || q->offset || q->fetch ) sql = emit_sorted(E, q, info, target);
    else sql = emit_body(E, q->body, target);
    E->select = outer;
  }
  E->dead = 0;
  E->depth--;
  return sql;
}
