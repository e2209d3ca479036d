/*
** Maps: constructors, access, entries, and the texts that are split into them.
**
** A map's entries lie ascending by key, so map_keys, map_values, map_entries
** and UNNEST give them in that order (Athena promises none).
*/
#include "../sqlite.h"
#include "map.h"
#include "cast.h"
#include "resolve.h"
#include <string.h>

static const Type *key_of(const Type *map){
  return map->kind==T_MAP ? map->arg[0] : &TYPE_UNKNOWN;
}

int map_build(FnCall *c, const Type *map, ListBuilder *kv, Value *out){
  int dup = 0;
  Buf b;
  if( c->arena->oom ) return FN_OK;
  if( map_from(c->arena, map, kv->n/2, kv->v, out, &dup)==0 ) return FN_OK;
  buf_init(&b, c->arena);
  value_print(&b, key_of(map), &kv->v[2*dup]);
  return fn_bad_argument(c, "Duplicate map keys (%s) are not allowed", b.z ? b.z : "");
}

/* A key may not be NULL, nor hold a NULL. */
static int check_key(FnCall *c, const Type *key, const Value *v){
  Buf b;
  if( v->kind==V_NULL ) return fn_bad_argument(c, "map key cannot be null");
  if( value_equal(key, v, v)>=0 ) return FN_OK;
  buf_init(&b, c->arena);
  value_print(&b, key, v);
  return fn_bad_argument(c, "map key cannot be indeterminate: %s", b.z ? b.z : "");
}

static int map_empty(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc; (void)argv;
  *out = list_from(c->arena, 0, 0);
  return FN_OK;
}

static int map_new(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  if( n!=list_count(&argv[1]) ) return fn_bad_argument(c, "Key and value arrays must be the same length");
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value k = list_get(&argv[0], i);
    if( check_key(c, key_of(c->rett), &k) ) return FN_ERROR;
    list_add(&b, k);
    list_add(&b, list_get(&argv[1], i));
  }
  return map_build(c, c->rett, &b, out);
}

static int map_cardinality(FnCall *c, int argc, const Value *argv, Value *out){
  (void)c; (void)argc;
  *out = value_int(list_count(&argv[0])/2);
  return FN_OK;
}

static int map_element_at(FnCall *c, int argc, const Value *argv, Value *out){
  int i = map_find(c->argt[0], &argv[0], &argv[1]);
  (void)argc;
  if( i>=0 ) *out = list_get(&argv[0], i);
  return FN_OK;
}

static int map_subscript(FnCall *c, int argc, const Value *argv, Value *out){
  int i = map_find(c->argt[0], &argv[0], &argv[1]);
  const Type *key = key_of(c->argt[0]);
  Value text;
  (void)argc;
  if( i>=0 ){
    *out = list_get(&argv[0], i);
    return FN_OK;
  }
  if( !type_can_cast(key, &TYPE_VARCHAR) || value_cast(c, key, &TYPE_VARCHAR, &argv[1], &text)
   || text.kind!=V_TEXT ){
    return fn_bad_argument(c, "Key not present in map");
  }
  return fn_bad_argument(c, "Key not present in map: %.*s", text.n, text.z);
}

/* Every second element of the list, from the first or from the second. */
static int map_half(FnCall *c, const Value *map, int from, Value *out){
  int n = list_count(map);
  ListBuilder b;
  list_begin(&b, c->arena);
  for(int i=from; i<n; i += 2) list_add(&b, list_get(map, i));
  *out = list_end(&b);
  return FN_OK;
}

static int map_keys(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return map_half(c, &argv[0], 0, out);
}

static int map_values(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return map_half(c, &argv[0], 1, out);
}

static int map_entries(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i + 1<n; i += 2){
    Value pair[2] = { list_get(&argv[0], i), list_get(&argv[0], i + 1) };
    list_add(&b, list_from(c->arena, 2, pair));
  }
  *out = list_end(&b);
  return FN_OK;
}

/* Alternating keys and values of an array of rows. */
static int read_entries(FnCall *c, const Type *key, const Value *array, ListBuilder *b){
  int n = list_count(array);
  list_begin(b, c->arena);
  for(int i=0; i<n; i++){
    Value entry = list_get(array, i), k;
    if( entry.kind==V_NULL ) return fn_bad_argument(c, "map entry cannot be null");
    k = list_get(&entry, 0);
    if( check_key(c, key, &k) ) return FN_ERROR;
    list_add(b, k);
    list_add(b, list_get(&entry, 1));
  }
  return FN_OK;
}

static int map_from_entries(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  (void)argc;
  if( read_entries(c, key_of(c->rett), &argv[0], &b) ) return FN_ERROR;
  return map_build(c, c->rett, &b, out);
}

static int compare_by_key(void *key, const Value *a, const Value *b){
  return value_compare((const Type*)key, a, b);
}

/* Entries of one key become one entry with the array of their values. */
static int gather(FnCall *c, const Type *key, ListBuilder *kv, Value *out){
  int n = kv->n/2, *order;
  ListBuilder b;
  if( c->arena->oom ) return FN_OK;
  order = value_order(c->arena, n, kv->v, 2, compare_by_key, (void*)key);
  list_begin(&b, c->arena);
  for(int i=0; order && i<n; ){
    const Value *k = &kv->v[2*order[i]];
    ListBuilder values;
    list_begin(&values, c->arena);
    for(; i<n && value_identical(key, k, &kv->v[2*order[i]]); i++) list_add(&values, kv->v[2*order[i] + 1]);
    list_add(&b, *k);
    list_add(&b, list_end(&values));
  }
  *out = list_end(&b);
  return FN_OK;
}

static int multimap_from_entries(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  (void)argc;
  if( read_entries(c, key_of(c->rett), &argv[0], &b) ) return FN_ERROR;
  return gather(c, key_of(c->rett), &b, out);
}

/* Of equal keys the last map's entry stays. */
static int map_concat(FnCall *c, int argc, const Value *argv, Value *out){
  const Type *key = key_of(c->rett);
  ListBuilder all, b;
  int n, *order;
  if( argc<2 ) return fn_bad_argument(c, "There must be two or more concatenation arguments to map_concat");
  list_begin(&all, c->arena);
  for(int m=0; m<argc; m++){
    int count = list_count(&argv[m]);
    for(int i=0; i<count; i++) list_add(&all, list_get(&argv[m], i));
  }
  if( c->arena->oom ) return FN_OK;
  n = all.n/2;
  order = value_order(c->arena, n, all.v, 2, compare_by_key, (void*)key);
  list_begin(&b, c->arena);
  for(int i=0; order && i<n; i++){
    const Value *k = &all.v[2*order[i]];
    if( i + 1<n && value_identical(key, k, &all.v[2*order[i + 1]]) ) continue;
    list_add(&b, *k);
    list_add(&b, k[1]);
  }
  *out = list_end(&b);
  return FN_OK;
}

/* --- texts ---------------------------------------------------------------------- */

/* The first place of a text in another, or -1. */
static int find_text(const char *z, int n, const Value *what){
  const char *at = n>=what->n ? memmem(z, (size_t)n, what->z, (size_t)what->n) : 0;
  return at ? (int)(at - z) : -1;
}

/* Keys and values of 'k=v,k=v'; `quote` is around a bad entry in the message. */
static int split_entries(FnCall *c, const Value *argv, const char *quote, ListBuilder *b){
  const Value *text = &argv[0], *between = &argv[1], *inside = &argv[2];
  int at = 0;
  list_begin(b, c->arena);
  if( between->n==0 ) return fn_bad_argument(c, "entryDelimiter is empty");
  if( inside->n==0 ) return fn_bad_argument(c, "keyValueDelimiter is empty");
  if( between->n==inside->n && memcmp(between->z, inside->z, (size_t)inside->n)==0 ){
    return fn_bad_argument(c, "entryDelimiter and keyValueDelimiter must not be the same");
  }
  while( at<text->n ){
    const char *z = text->z + at, *value;
    int n = find_text(z, text->n - at, between), k, rest;
    int last = n<0;
    if( last ) n = text->n - at;
    k = find_text(z, n, inside);
    value = z + k + inside->n;
    rest = n - k - inside->n;
    if( k<0 || find_text(value, rest, inside)>=0 ){
      return fn_bad_argument(c, "Key-value delimiter must appear exactly once in each entry. Bad input: %s%.*s%s",
                             quote, n, z, quote);
    }
    list_add(b, value_text(z, (size_t)k));
    list_add(b, value_text(value, (size_t)rest));
    if( last ) break;
    at += n + between->n;
  }
  return FN_OK;
}

static int split_to_map(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  int dup = 0;
  (void)argc;
  if( split_entries(c, argv, "'", &b) ) return FN_ERROR;
  if( c->arena->oom || map_from(c->arena, c->rett, b.n/2, b.v, out, &dup)==0 ) return FN_OK;
  return fn_bad_argument(c, "Duplicate keys (%.*s) are not allowed", b.v[2*dup].n, b.v[2*dup].z);
}

static int split_to_multimap(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  (void)argc;
  if( split_entries(c, argv, "", &b) ) return FN_ERROR;
  return gather(c, key_of(c->rett), &b, out);
}

const FnDef fn_map[] = {
  {.name="map", .sig="() -> map(unknown,unknown)", .impl=map_empty, .sql="t_map_empty",
   .doc="The empty map.", .example="map() = {}"},
  {.name="map", .sig="(array(K), array(V)) -> map(K,V)", .impl=map_new, .flags=FN_COMPARABLE|FN_RAISES, .sql="t_map",
   .doc="A map from an array of keys and one of values.",
   .example="map(ARRAY['a', 'b'], ARRAY[1, 2]) = {a=1, b=2}"},
  {.name="cardinality", .sig="(map(K,V)) -> bigint", .impl=map_cardinality, .sql="t_cardinality_map",
   .doc="Number of entries of a map.", .example="cardinality(MAP(ARRAY['a'], ARRAY[1])) = 1"},
  {.name="element_at", .sig="(map(K,V), K) -> V", .impl=map_element_at, .sql="t_element_at_map",
   .doc="The value of a key, or NULL.", .example="element_at(MAP(ARRAY['a'], ARRAY[1]), 'a') = 1"},
  {.name="$subscript", .sig="(map(K,V), K) -> V", .impl=map_subscript, .flags=FN_RAISES|FN_HIDDEN,
   .sql="t_subscript_map"},
  {.name="map_keys", .sig="(map(K,V)) -> array(K)", .impl=map_keys,
   .doc="The keys of a map.", .example="map_keys(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) = [a, b]"},
  {.name="map_values", .sig="(map(K,V)) -> array(V)", .impl=map_values,
   .doc="The values of a map.", .example="map_values(MAP(ARRAY['a', 'b'], ARRAY[1, 2])) = [1, 2]"},
  {.name="map_entries", .sig="(map(K,V)) -> array(row(K,V))", .impl=map_entries,
   .doc="The entries of a map as rows.", .example="map_entries(MAP(ARRAY['a'], ARRAY[1])) = [{a, 1}]"},
  {.name="map_from_entries", .sig="(array(row(K,V))) -> map(K,V)", .impl=map_from_entries,
   .flags=FN_COMPARABLE|FN_RAISES,
   .doc="A map from rows of key and value.", .example="map_from_entries(ARRAY[('a', 1)]) = {a=1}"},
  {.name="multimap_from_entries", .sig="(array(row(K,V))) -> map(K,array(V))", .impl=multimap_from_entries,
   .flags=FN_COMPARABLE|FN_RAISES,
   .doc="A map from rows of key and value, with all values of a key in an array.",
   .example="multimap_from_entries(ARRAY[('a', 1), ('a', 2)]) = {a=[1, 2]}"},
  {.name="map_concat", .sig="(map(K,V)...) -> map(K,V)", .impl=map_concat, .flags=FN_RAISES,
   .doc="The entries of all maps; of equal keys the last one.",
   .example="map_concat(MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['a'], ARRAY[2])) = {a=2}"},
  {.name="split_to_map", .sig="(varchar, varchar, varchar) -> map(varchar,varchar)", .impl=split_to_map,
   .flags=FN_RAISES|FN_TYPED, .sql="t_split_to_map",
   .doc="A map from a text of entries, separated from each other and between key and value.",
   .example="split_to_map('a=1,b=2', ',', '=') = {a=1, b=2}"},
  {.name="split_to_multimap", .sig="(varchar, varchar, varchar) -> map(varchar,array(varchar))",
   .impl=split_to_multimap, .flags=FN_RAISES|FN_TYPED,
   .doc="A map from a text of entries, with all values of a key in an array.",
   .example="split_to_multimap('a=1,a=2', ',', '=') = {a=[1, 2]}"},
  {0}
};
