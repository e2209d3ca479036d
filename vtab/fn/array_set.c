/*
** Arrays as sets: distinct, union, intersect, except, overlap, remove.
**
** Elements are the same when they are not distinct: NULLs are one element,
** NaNs are one.  Order is that of arrival (array_intersect: in the longer of
** the two, as in Athena).  A set is an open hash table over Values borrowed
** from the arguments.
*/
#include "../sqlite.h"
#include "fn.h"
#include <string.h>

typedef struct Set {
  const Type *type;
  const Value **slot;
  unsigned mask;
} Set;

/* A set for up to n values; 0 when memory ran out. */
static int set_init(Set *s, Arena *a, const Type *type, int n){
  unsigned size = 16;
  while( size<2*(unsigned)n ) size *= 2;
  s->type = type;
  s->mask = size - 1;
  s->slot = ARENA_ARRAY(a, const Value*, size);
  return s->slot!=0;
}

/* The slot of a value: that holds it, or where it belongs. */
static const Value **set_slot(Set *s, const Value *v){
  unsigned h = (unsigned)value_hash(s->type, v) & s->mask;
  while( s->slot[h] && !value_identical(s->type, s->slot[h], v) ) h = (h + 1) & s->mask;
  return &s->slot[h];
}

static int set_has(Set *s, const Value *v){
  return *set_slot(s, v)!=0;
}

/* 1 when the value is new.  It must live as long as the set. */
static int set_add(Set *s, const Value *v){
  const Value **slot = set_slot(s, v);
  if( *slot ) return 0;
  *slot = v;
  return 1;
}

static const Type *element_of(const FnCall *c){
  return c->argt[0]->kind==T_ARRAY ? c->argt[0]->arg[0] : &TYPE_UNKNOWN;
}

/* The elements of a list as an array in the arena. */
static Value *elements(Arena *a, const Value *list, int *n){
  Value *v;
  *n = list_count(list);
  v = arena_alloc_raw(a, sizeof(Value)*(size_t)(*n + 1));
  for(int i=0; v && i<*n; i++) v[i] = list_get(list, i);
  return v;
}

/* Two arrays opened, and a set for all they hold. */
typedef struct Pair {
  Value *x, *y;
  int nx, ny;
  Set set, second;
  ListBuilder b;
} Pair;

static int pair_open(Pair *p, FnCall *c, const Value *a, const Value *b){
  p->x = elements(c->arena, a, &p->nx);
  p->y = b ? elements(c->arena, b, &p->ny) : p->x;
  if( b==0 ) p->ny = 0;
  list_begin(&p->b, c->arena);
  return p->x && p->y && set_init(&p->set, c->arena, element_of(c), p->nx + p->ny)
      && set_init(&p->second, c->arena, element_of(c), p->nx + p->ny);
}

static int array_distinct(FnCall *c, int argc, const Value *argv, Value *out){
  Pair p;
  (void)argc;
  if( !pair_open(&p, c, &argv[0], 0) ) return FN_OK;
  for(int i=0; i<p.nx; i++){
    if( set_add(&p.set, &p.x[i]) ) list_add(&p.b, p.x[i]);
  }
  *out = list_end(&p.b);
  return FN_OK;
}

static int array_union(FnCall *c, int argc, const Value *argv, Value *out){
  Pair p;
  (void)argc;
  if( !pair_open(&p, c, &argv[0], &argv[1]) ) return FN_OK;
  for(int i=0; i<p.nx + p.ny; i++){
    const Value *v = i<p.nx ? &p.x[i] : &p.y[i - p.nx];
    if( set_add(&p.set, v) ) list_add(&p.b, *v);
  }
  *out = list_end(&p.b);
  return FN_OK;
}

static int array_intersect(FnCall *c, int argc, const Value *argv, Value *out){
  int swap = list_count(&argv[0])<list_count(&argv[1]);
  Pair p;
  (void)argc;
  if( !pair_open(&p, c, &argv[swap], &argv[!swap]) ) return FN_OK;
  for(int i=0; i<p.ny; i++) set_add(&p.set, &p.y[i]);
  for(int i=0; i<p.nx; i++){
    if( set_has(&p.set, &p.x[i]) && set_add(&p.second, &p.x[i]) ) list_add(&p.b, p.x[i]);
  }
  *out = list_end(&p.b);
  return FN_OK;
}

static int array_except(FnCall *c, int argc, const Value *argv, Value *out){
  Pair p;
  (void)argc;
  if( !pair_open(&p, c, &argv[0], &argv[1]) ) return FN_OK;
  for(int i=0; i<p.ny; i++) set_add(&p.set, &p.y[i]);
  for(int i=0; i<p.nx; i++){
    if( set_add(&p.set, &p.x[i]) ) list_add(&p.b, p.x[i]);
  }
  *out = list_end(&p.b);
  return FN_OK;
}

/* NULL when no common element is known but a NULL might be one. */
static int arrays_overlap(FnCall *c, int argc, const Value *argv, Value *out){
  int unknown = 0;
  Pair p;
  (void)argc;
  if( !pair_open(&p, c, &argv[0], &argv[1]) ) return FN_OK;
  *out = value_int(0);
  if( p.nx==0 || p.ny==0 ) return FN_OK;
  for(int i=0; i<p.ny; i++){
    if( p.y[i].kind==V_NULL ) unknown = 1;
    else set_add(&p.set, &p.y[i]);
  }
  for(int i=0; i<p.nx; i++){
    if( p.x[i].kind==V_NULL ){
      unknown = 1;
    }else if( set_has(&p.set, &p.x[i]) ){
      *out = value_int(1);
      return FN_OK;
    }
  }
  if( unknown ) *out = value_null();
  return FN_OK;
}

static int array_remove(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i);
    int r = e.kind==V_NULL ? 0 : value_equal(element_of(c), &e, &argv[1]);
    if( r<0 ){
      return fn_error(c, "NOT_SUPPORTED",
                      "array_remove does not support arrays with elements that are null or contain null");
    }
    if( r==0 ) list_add(&b, e);
  }
  *out = list_end(&b);
  return FN_OK;
}

const FnDef fn_array_set[] = {
  {.name="array_distinct", .sig="(array(E)) -> array(E)", .impl=array_distinct, .flags=FN_COMPARABLE,
   .doc="An array without repeated elements.", .example="array_distinct(ARRAY[2, 1, 2]) = [2, 1]"},
  {.name="array_union", .sig="(array(E), array(E)) -> array(E)", .impl=array_union, .flags=FN_COMPARABLE,
   .doc="The elements of both arrays, without repetition.",
   .example="array_union(ARRAY[1, 2], ARRAY[2, 3]) = [1, 2, 3]"},
  {.name="array_intersect", .sig="(array(E), array(E)) -> array(E)", .impl=array_intersect, .flags=FN_COMPARABLE,
   .doc="The elements that both arrays have, without repetition.",
   .example="array_intersect(ARRAY[1, 2, 3], ARRAY[3, 2]) = [2, 3]"},
  {.name="array_except", .sig="(array(E), array(E)) -> array(E)", .impl=array_except, .flags=FN_COMPARABLE,
   .doc="The elements of the first array that the second lacks, without repetition.",
   .example="array_except(ARRAY[1, 2, 3], ARRAY[2]) = [1, 3]"},
  {.name="arrays_overlap", .sig="(array(E), array(E)) -> boolean", .impl=arrays_overlap, .flags=FN_ORDERABLE,
   .doc="Whether two arrays have an element in common.",
   .example="arrays_overlap(ARRAY[1, 2], ARRAY[2, 3]) = true"},
  {.name="array_remove", .sig="(array(E), E) -> array(E)", .impl=array_remove, .flags=FN_COMPARABLE|FN_RAISES,
   .doc="An array without the elements that equal a value.",
   .example="array_remove(ARRAY[1, 2, 1], 1) = [2]"},
  {0}
};
