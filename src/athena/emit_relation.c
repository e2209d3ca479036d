/*
** FROM as SQLite text.
**
** Tables come by their SQLite name, everything else as an entry of the WITH
** clause of the SELECT being written (emit_with_entry).  Columns are read
** through Field.sql, decided by the analyser.
**
** LATERAL: SQLite lets the arguments of a table-valued function see the tables
** on its left, so a subquery that reads them becomes t_unnest over the array
** of its rows.
*/
#include <string.h>
#include "emit.h"

/* RIGHT or FULL somewhere in a tree of joins. */
int emit_has_right_join(const Relation *rel){
  if( rel->kind!=REL_JOIN ) return 0;
  return rel->join==JOIN_RIGHT || rel->join==JOIN_FULL || emit_has_right_join(rel->left) || emit_has_right_join(rel->right);
}

const char *emit_quoted(Emitter *E, const char *name){
  Buf b;
  buf_init(&b, E->arena);
  buf_char(&b, '"');
  for(; *name; name++){ if( *name=='"' ) buf_char(&b, '"'); buf_char(&b, *name); }
  buf_char(&b, '"');
  return b.z;
}

/* NAME AS r<id>, or a sample of it. */
static const char *from_named(Emitter *E, Relation *rel, const char *name, int id){
  if( rel->sample==0 ) return ep(E, "%s AS r%d", name, id);
  const Value *v = &rel->sample_percent->value;
  double p = v->kind==V_REAL ? v->r : (double)v->i;
  return ep(E, "(SELECT * FROM %s WHERE abs(random() %% 1000000) < %lld) AS r%d", name, (long long)(p*10000), id);
}

static const char *from_query(Emitter *E, Relation *rel, RelInfo *info, Query *q){
  QueryInfo *qi = q->sem;
  int materialize = E->materialize;
  E->materialize = 0;
  const char *text = emit_query(E, q, 0);
  E->materialize = materialize;
  emit_with_entry(E, info->id, qi->n, text, E->materialize);
  return from_named(E, rel, ep(E, "q%d", info->id), info->id);
}

/* The columns in use, copied once, so that SQLite can index them. */
static const char *from_materialized(Emitter *E, RelInfo *info){
  TableInfo *t = info->table;
  Buf b;
  int id = ++E->an->next_id;
  buf_init(&b, E->arena);
  for(int i=0; i<t->n_column; i++){
    if( info->base->field[i]->used ) buf_printf(&b, "%s%s", b.n ? ", " : "SELECT ", emit_quoted(E, t->column[i].name));
  }
  emit_with_entry(E, id, 0, ep(E, "%s FROM %s", b.n ? b.z : "SELECT 1", emit_quoted(E, t->sqlite_name)), 1);
  return ep(E, "q%d AS r%d", id, info->id);
}

static const char *from_table(Emitter *E, Relation *rel, RelInfo *info){
  if( info->with && E->materialize ){
    int id = ++E->an->next_id;
    emit_with_entry(E, id, info->with->n, ep(E, "SELECT * FROM q%d", info->with->id), 1);
    return from_named(E, rel, ep(E, "q%d", id), info->id);
  }
  if( info->with ) return from_named(E, rel, ep(E, "q%d", info->with->id), info->id);
  if( info->view ) return from_query(E, rel, info, info->view);
  if( E->materialize && info->table->kind==TABLE_LANDING && rel->sample==0 ) return from_materialized(E, info);
  return from_named(E, rel, emit_quoted(E, info->table->sqlite_name), info->id);
}

/* A subquery that reads columns on its left: unnest the array of its rows. */
static const char *from_lateral(Emitter *E, Relation *rel, RelInfo *info){
  QueryInfo *q = rel->query->sem;
  int id = ++E->an->next_id;
  const Type **t = ARENA_ARRAY(E->arena, const Type*, q->n);
  const char **none = ARENA_ARRAY(E->arena, const char*, q->n), **c = ARENA_ARRAY(E->arena, const char*, q->n);
  for(int i=0; i<q->n; i++){
    t[i] = q->field[i]->type;
    c[i] = ep(E, "r%d.c%d", id, i);
  }
  const Type *row = type_row(E->arena, q->n, t, none), *array = type_array(E->arena, row);
  const char *value = emit_named(E, "$row", t, row, q->n, c, rel->pos);
  const char *types = ep(E, "(%s)%s", type_text(E->an->arena, row), type_text(E->an->arena, array));
  return ep(E, "t_unnest('(%s)', (SELECT t_array_agg(%s, %s) FROM (%s) AS r%d)) AS r%d", type_text(E->an->arena, array),
    string_sql(E->an, types, strlen(types)), value, emit_query_full(E, rel->query, 0), id, info->id);
}

static const char *from_unnest(Emitter *E, Relation *rel, RelInfo *info){
  Buf types, b;
  buf_init(&types, E->arena);
  buf_init(&b, E->arena);
  buf_char(&types, '(');
  for(int i=0; i<rel->arg.n; i++){
    if( i ) buf_char(&types, ',');
    type_print(&types, rel->arg.e[i]->type);
    buf_printf(&b, ", %s", emit_expr(E, rel->arg.e[i]));
  }
  buf_char(&types, ')');
  return ep(E, "t_unnest(%s%s) AS r%d", string_sql(E->an, types.z, types.n), b.z ? b.z : "", info->id);
}

static const char *join_word(JoinKind k){
  switch( k ){
    case JOIN_LEFT: return "LEFT JOIN"; case JOIN_RIGHT: return "RIGHT JOIN"; case JOIN_FULL: return "FULL JOIN";
    default: return "JOIN";
  }
}

static const char *from_join(Emitter *E, Relation *rel, RelInfo *info){
  const char *hash = emit_hash_join(E, rel);
  if( hash ) return hash;
  const char *l = emit_from(E, rel->left), *r = emit_from(E, rel->right), *on = 0;
  if( rel->right->kind==REL_JOIN ) r = ep(E, "(%s)", r);
  for(int i=0; i<info->n_using; i++) on = on ? ep(E, "%s AND %s", on, info->using_sql[i]) : info->using_sql[i];
  if( rel->on ) on = emit_condition(E, rel->on);
  if( on==0 && rel->join!=JOIN_CROSS && rel->join!=JOIN_IMPLICIT ) on = "1";
  return ep(E, on ? "%s %s %s ON %s" : "%s %s %s%s", l, join_word(rel->join), r, on ? on : "");
}

const char *emit_from(Emitter *E, Relation *rel){
  RelInfo *info = rel->sem;
  const char *sql;
  if( ++E->depth>DEPTH_MAX ) an_refuse(E->an, rel->pos, "relations nested deeper than %d", DEPTH_MAX);
  if( rel->sample && rel->kind!=REL_TABLE && rel->kind!=REL_SUBQUERY ) an_refuse(E->an, rel->pos, "TABLESAMPLE of this relation");
  switch( rel->kind ){
    case REL_TABLE: sql = from_table(E, rel, info); break;
    case REL_SUBQUERY: sql = from_query(E, rel, info, rel->query); break;
    case REL_LATERAL: sql = info->correlated ? from_lateral(E, rel, info) : from_query(E, rel, info, rel->query); break;
    case REL_UNNEST: sql = from_unnest(E, rel, info); break;
    case REL_JOIN: sql = from_join(E, rel, info); break;
    default: an_refuse(E->an, rel->pos, "%s", rel->text ? rel->text : "relation");
  }
  E->depth--;
  return sql;
}
