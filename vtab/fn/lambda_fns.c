/*
** Functions over arrays and maps that take lambdas.
**
** Every call of a lambda evaluates its program (program.c); its errors end the
** function.  any_match, all_match and none_match stop as soon as the answer is
** known, so a later element that would raise is not looked at.
*/
#include "../sqlite.h"
#include "fn.h"
#include "map.h"

/* --- arrays ------------------------------------------------------------------- */

static int array_transform(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i), r;
    if( fn_call_lambda(c, &argv[1], 1, &e, &r) ) return FN_ERROR;
    list_add(&b, r);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int array_filter(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i), r;
    if( fn_call_lambda(c, &argv[1], 1, &e, &r) ) return FN_ERROR;
    if( r.kind==V_INT && r.i ) list_add(&b, e);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int array_reduce(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  Value pair[2];
  (void)argc;
  if( argv[0].kind==V_NULL ) return FN_OK;
  pair[0] = argv[1];
  for(int i=0; i<n; i++){
    Value next;
    pair[1] = list_get(&argv[0], i);
    if( fn_call_lambda(c, &argv[2], 2, pair, &next) ) return FN_ERROR;
    pair[0] = next;
  }
  return fn_call_lambda(c, &argv[3], 1, pair, out);
}

/* Looks for an element whose answer is `wanted`: 1 found, 0 none, -1 none but
** a NULL; -2 after an error. */
static int match(FnCall *c, const Value *argv, int wanted){
  int n = list_count(&argv[0]), unknown = 0;
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i), r;
    if( fn_call_lambda(c, &argv[1], 1, &e, &r) ) return -2;
    if( r.kind==V_NULL ) unknown = 1;
    else if( (r.i!=0)==wanted ) return 1;
  }
  return unknown ? -1 : 0;
}

static int answer(int found, int when_found, Value *out){
  if( found==-2 ) return FN_ERROR;
  if( found>=0 ) *out = value_int(found ? when_found : !when_found);
  return FN_OK;
}

static int array_any_match(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return answer(match(c, argv, 1), 1, out);
}

static int array_all_match(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return answer(match(c, argv, 0), 0, out);
}

static int array_none_match(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return answer(match(c, argv, 1), 0, out);
}

static int array_zip_with(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]), m = list_count(&argv[1]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i<n || i<m; i++){
    Value pair[2] = { list_get(&argv[0], i), list_get(&argv[1], i) }, r;
    if( fn_call_lambda(c, &argv[2], 2, pair, &r) ) return FN_ERROR;
    list_add(&b, r);
  }
  *out = list_end(&b);
  return FN_OK;
}

/* --- maps --------------------------------------------------------------------- */

static int map_filter(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i + 1<n; i += 2){
    Value pair[2] = { list_get(&argv[0], i), list_get(&argv[0], i + 1) }, r;
    if( fn_call_lambda(c, &argv[1], 2, pair, &r) ) return FN_ERROR;
    if( r.kind!=V_INT || r.i==0 ) continue;
    list_add(&b, pair[0]);
    list_add(&b, pair[1]);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int map_transform_values(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i + 1<n; i += 2){
    Value pair[2] = { list_get(&argv[0], i), list_get(&argv[0], i + 1) }, r;
    if( fn_call_lambda(c, &argv[1], 2, pair, &r) ) return FN_ERROR;
    list_add(&b, pair[0]);
    list_add(&b, r);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int map_transform_keys(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i + 1<n; i += 2){
    Value pair[2] = { list_get(&argv[0], i), list_get(&argv[0], i + 1) }, r;
    if( fn_call_lambda(c, &argv[1], 2, pair, &r) ) return FN_ERROR;
    if( r.kind==V_NULL ) return fn_bad_argument(c, "map key cannot be null");
    list_add(&b, r);
    list_add(&b, pair[1]);
  }
  return map_build(c, c->rett, &b, out);
}

/* The keys of both maps, ascending; a missing value is NULL. */
static int map_zip_with(FnCall *c, int argc, const Value *argv, Value *out){
  const Type *key = c->argt[0]->kind==T_MAP ? c->argt[0]->arg[0] : &TYPE_UNKNOWN;
  int n = list_count(&argv[0]), m = list_count(&argv[1]), i = 0, k = 0;
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  while( i + 1<n || k + 1<m ){
    Value x = list_get(&argv[0], i), y = list_get(&argv[1], k), entry[3], r;
    int order = i + 1>=n ? 1 : k + 1>=m ? -1 : value_compare(key, &x, &y);
    entry[0] = order<=0 ? x : y;
    entry[1] = order<=0 ? list_get(&argv[0], i + 1) : value_null();
    entry[2] = order>=0 ? list_get(&argv[1], k + 1) : value_null();
    if( fn_call_lambda(c, &argv[2], 3, entry, &r) ) return FN_ERROR;
    list_add(&b, entry[0]);
    list_add(&b, r);
    if( order<=0 ) i += 2;
    if( order>=0 ) k += 2;
  }
  *out = list_end(&b);
  return FN_OK;
}

const FnDef fn_lambda[] = {
  {.name="transform", .sig="(array(T), function(T,U)) -> array(U)", .impl=array_transform, .flags=FN_RAISES,
   .doc="An array of what the lambda makes of each element.",
   .example="transform(ARRAY[1, 2], x -> x * 10) = [10, 20]"},
  {.name="filter", .sig="(array(T), function(T,boolean)) -> array(T)", .impl=array_filter, .flags=FN_RAISES,
   .doc="The elements for which the lambda is true.", .example="filter(ARRAY[1, 2, 3], x -> x > 1) = [2, 3]"},
  {.name="reduce", .sig="(array(T), S, function(S,T,S), function(S,R)) -> R", .impl=array_reduce,
   .flags=FN_RAISES|FN_NULLS,
   .doc="One value from an array: a state, how an element changes it, what is made of it at the end.",
   .example="reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s) = 6"},
  {.name="any_match", .sig="(array(T), function(T,boolean)) -> boolean", .impl=array_any_match, .flags=FN_RAISES,
   .doc="Whether the lambda is true for an element.", .example="any_match(ARRAY[1, 2], x -> x > 1) = true"},
  {.name="all_match", .sig="(array(T), function(T,boolean)) -> boolean", .impl=array_all_match, .flags=FN_RAISES,
   .doc="Whether the lambda is true for all elements.", .example="all_match(ARRAY[1, 2], x -> x > 1) = false"},
  {.name="none_match", .sig="(array(T), function(T,boolean)) -> boolean", .impl=array_none_match, .flags=FN_RAISES,
   .doc="Whether the lambda is true for no element.", .example="none_match(ARRAY[1, 2], x -> x > 2) = true"},
  {.name="zip_with", .sig="(array(T), array(U), function(T,U,R)) -> array(R)", .impl=array_zip_with, .flags=FN_RAISES,
   .doc="An array of what the lambda makes of elements side by side; the shorter array is filled with NULL.",
   .example="zip_with(ARRAY[1, 2], ARRAY[3, 4], (x, y) -> x + y) = [4, 6]"},
  {.name="map_filter", .sig="(map(K,V), function(K,V,boolean)) -> map(K,V)", .impl=map_filter, .flags=FN_RAISES,
   .doc="The entries for which the lambda is true.",
   .example="map_filter(MAP(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1) = {b=2}"},
  {.name="transform_keys", .sig="(map(A,V), function(A,V,B)) -> map(B,V)", .impl=map_transform_keys, .flags=FN_RAISES,
   .doc="A map with the keys that the lambda makes.",
   .example="transform_keys(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k)) = {A=1}"},
  {.name="transform_values", .sig="(map(K,A), function(K,A,B)) -> map(K,B)", .impl=map_transform_values, .flags=FN_RAISES,
   .doc="A map with the values that the lambda makes.",
   .example="transform_values(MAP(ARRAY['a'], ARRAY[1]), (k, v) -> v + 1) = {a=2}"},
  {.name="map_zip_with", .sig="(map(K,A), map(K,B), function(K,A,B,C)) -> map(K,C)", .impl=map_zip_with, .flags=FN_RAISES,
   .doc="A map over the keys of both, with what the lambda makes of key and values; a missing value is NULL.",
   .example="map_zip_with(MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['a'], ARRAY[2]), (k, x, y) -> x + y) = {a=3}"},
  {0}
};
