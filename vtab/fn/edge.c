/*
** Functions at the edges of tables and queries that Athena has no name for:
** stored values to carriers and back, keys for sorting and grouping.
**
**   t_load('(varchar)T', stored)     the value of a stored text; NULL stays
**   t_store('(T)varchar', value)     the stored form (value_store.c)
**   t_load_date(text), t_load_timestamp(text), t_store_date(days),
**   t_store_timestamp(micros)        the same for date and timestamp(3), quicker
**
** A stored text that is not of its type raises HIVE_BAD_DATA.
*/
#include "../sqlite.h"
#include "fn.h"
#include "../datetime.h"

static int edge_bad(FnCall *c, const Type *t, const Value *v){
  return fn_error(c, "HIVE_BAD_DATA", "Error parsing stored value '%.*s' for type %s",
                  v->kind==V_TEXT ? v->n : 0, v->kind==V_TEXT ? v->z : "", type_text(c->arena, t));
}

static int edge_load(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  if( value_load(c->arena, c->rett, &argv[0], out) ) return edge_bad(c, c->rett, &argv[0]);
  return FN_OK;
}

static int edge_store(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  *out = value_store(c->arena, c->argt[0], &argv[0]);
  return FN_OK;
}

static int edge_load_date(FnCall *c, int argc, const Value *argv, Value *out){
  int64_t days;
  (void)argc;
  if( argv[0].kind!=V_TEXT || datetime_parse_date(argv[0].z, (size_t)argv[0].n, &days) ){
    return edge_bad(c, &TYPE_DATE, &argv[0]);
  }
  *out = value_int(days);
  return FN_OK;
}

static int edge_load_timestamp(FnCall *c, int argc, const Value *argv, Value *out){
  int64_t micros;
  (void)argc;
  if( argv[0].kind!=V_TEXT || datetime_parse_timestamp(argv[0].z, (size_t)argv[0].n, &micros) ){
    return edge_bad(c, &TYPE_TIMESTAMP, &argv[0]);
  }
  *out = value_int(micros);
  return FN_OK;
}

static int edge_store_date(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  *out = value_store(c->arena, &TYPE_DATE, &argv[0]);
  return FN_OK;
}

static int edge_store_timestamp(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  *out = value_store(c->arena, &TYPE_TIMESTAMP, &argv[0]);
  return FN_OK;
}

const FnDef fn_edge[] = {
  {.name="$load", .sig="(S) -> T", .impl=edge_load, .flags=FN_RAISES|FN_HIDDEN, .sql="t_load"},
  {.name="$store", .sig="(T) -> S", .impl=edge_store, .flags=FN_HIDDEN, .sql="t_store"},
  {.name="$load_date", .sig="(varchar) -> date", .impl=edge_load_date,
   .flags=FN_RAISES|FN_HIDDEN, .sql="t_load_date"},
  {.name="$load_timestamp", .sig="(varchar) -> timestamp(3)", .impl=edge_load_timestamp,
   .flags=FN_RAISES|FN_HIDDEN, .sql="t_load_timestamp"},
  {.name="$store_date", .sig="(date) -> varchar", .impl=edge_store_date,
   .flags=FN_HIDDEN, .sql="t_store_date"},
  {.name="$store_timestamp", .sig="(timestamp(3)) -> varchar", .impl=edge_store_timestamp,
   .flags=FN_HIDDEN, .sql="t_store_timestamp"},
  {0}
};
