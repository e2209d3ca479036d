/*
** Arrays and rows: constructors, access to elements and fields, and the
** functions that ask about an array or make a text of it.
**
** Internals: $array (ARRAY[…]), $row (ROW(…); its result type is given by the
** emitter), $field (field k of a row, from 1), $subscript (a[i] and m[k], with
** Athena's errors where element_at gives NULL).
*/
#include "../sqlite.h"
#include "fn.h"
#include "cast.h"
#include "compare.h"
#include "resolve.h"
#include <math.h>

static const Type *element_of(const FnCall *c){
  return c->argt[0]->kind==T_ARRAY ? c->argt[0]->arg[0] : &TYPE_UNKNOWN;
}

static int array_new(FnCall *c, int argc, const Value *argv, Value *out){
  *out = list_from(c->arena, argc, argv);
  return FN_OK;
}

static int row_field(FnCall *c, int argc, const Value *argv, Value *out){
  (void)c; (void)argc;
  *out = list_get(&argv[0], (int)argv[1].i - 1);
  return FN_OK;
}

static int array_subscript(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  int64_t i = argv[1].i;
  (void)argc;
  if( i==0 ) return fn_bad_argument(c, "SQL array indices start at 1");
  if( i<0 ) return fn_bad_argument(c, "Array subscript is negative: %lld", (long long)i);
  if( i>n ){
    return fn_bad_argument(c, "Array subscript must be less than or equal to array length: %lld > %d",
                           (long long)i, n);
  }
  *out = list_get(&argv[0], (int)i - 1);
  return FN_OK;
}

static int array_element_at(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  int64_t i = argv[1].i;
  (void)argc;
  if( i==0 ) return fn_bad_argument(c, "SQL array indices start at 1");
  if( i>n || i<-(int64_t)n ) return FN_OK;
  *out = list_get(&argv[0], (int)(i>0 ? i - 1 : n + i));
  return FN_OK;
}

static int array_cardinality(FnCall *c, int argc, const Value *argv, Value *out){
  (void)c; (void)argc;
  *out = value_int(list_count(&argv[0]));
  return FN_OK;
}

static int array_contains(FnCall *c, int argc, const Value *argv, Value *out){
  const Type *t = element_of(c);
  int n = list_count(&argv[0]), unknown = 0;
  (void)argc;
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i);
    int r = value_equal(t, &e, &argv[1]);
    if( r==1 ){
      *out = value_int(1);
      return FN_OK;
    }
    unknown |= r<0;
  }
  if( !unknown ) *out = value_int(0);
  return FN_OK;
}

static int array_contains_sequence(FnCall *c, int argc, const Value *argv, Value *out){
  const Type *t = element_of(c);
  int n = list_count(&argv[0]), m = list_count(&argv[1]), found = m==0;
  (void)argc;
  for(int i=0; !found && i + m<=n; i++){
    int k = 0;
    for(; k<m; k++){
      Value x = list_get(&argv[0], i + k), y = list_get(&argv[1], k);
      if( !value_identical(t, &x, &y) ) break;
    }
    found = k==m;
  }
  *out = value_int(found);
  return FN_OK;
}

static int array_position(FnCall *c, int argc, const Value *argv, Value *out){
  const Type *t = element_of(c);
  int n = list_count(&argv[0]);
  (void)argc;
  *out = value_int(0);
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i);
    if( value_equal(t, &e, &argv[1])!=1 ) continue;
    *out = value_int(i + 1);
    break;
  }
  return FN_OK;
}

static int array_join(FnCall *c, int argc, const Value *argv, Value *out){
  const Type *t = element_of(c);
  int n = list_count(&argv[0]), any = 0;
  Buf b;
  if( !type_can_cast(t, &TYPE_VARCHAR) ){
    Buf text;
    buf_init(&text, c->arena);
    type_print_display(&text, t);
    return fn_error(c, "OPERATOR_NOT_FOUND", "Cannot cast %s to varchar", text.z ? text.z : "");
  }
  buf_init(&b, c->arena);
  for(int i=0; i<n; i++){
    Value e = list_get(&argv[0], i), text = value_null();
    if( e.kind==V_NULL && argc<3 ) continue;
    if( any ) buf_add(&b, argv[1].z, (size_t)argv[1].n);
    any = 1;
    if( e.kind==V_NULL ) text = argv[2];
    else if( value_cast(c, t, &TYPE_VARCHAR, &e, &text) ) return FN_ERROR;
    if( text.kind==V_TEXT ) buf_add(&b, text.z, (size_t)text.n);
  }
  if( b.oom ) c->arena->oom = 1;
  *out = value_text(b.z ? b.z : "", b.n);
  return FN_OK;
}

/* Greatest (sign 1) or least (-1): NULL with a NULL element, NaN passed over
** as long as there is anything else. */
static int extreme(FnCall *c, const Value *array, int sign, Value *out){
  const Type *t = element_of(c);
  int n = list_count(array), order;
  for(int i=0; i<n; i++){
    Value e = list_get(array, i);
    int is_nan, best_nan;
    if( e.kind==V_NULL ){
      *out = e;
      return FN_OK;
    }
    is_nan = e.kind==V_REAL && isnan(e.r);
    best_nan = out->kind==V_REAL && isnan(out->r);
    if( out->kind==V_NULL || (best_nan && !is_nan) ){
      *out = e;
      continue;
    }
    if( is_nan ) continue;
    if( compare_order(c, t, &e, out, &order) ) return FN_ERROR;
    if( order*sign>0 ) *out = e;
  }
  return FN_OK;
}

static int array_max(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return extreme(c, &argv[0], 1, out);
}

static int array_min(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return extreme(c, &argv[0], -1, out);
}

const FnDef fn_array[] = {
  {.name="$array", .sig="(T...) -> array(T)", .impl=array_new, .flags=FN_NULLS|FN_HIDDEN, .sql="t_array"},
  {.name="$row", .sig="(T...) -> row(T)", .impl=array_new, .flags=FN_NULLS|FN_HIDDEN, .sql="t_row"},
  {.name="$field", .sig="(varbinary, bigint) -> unknown", .impl=row_field, .flags=FN_HIDDEN, .sql="t_field"},
  {.name="$subscript", .sig="(array(T), bigint) -> T", .impl=array_subscript,
   .flags=FN_RAISES|FN_HIDDEN, .sql="t_subscript"},
  {.name="cardinality", .sig="(array(E)) -> bigint", .impl=array_cardinality, .sql="t_cardinality",
   .doc="Number of elements of an array.", .example="cardinality(ARRAY[1, 2]) = 2"},
  {.name="element_at", .sig="(array(E), bigint) -> E", .impl=array_element_at,
   .flags=FN_RAISES, .sql="t_element_at",
   .doc="Element of an array by its position, from the end when negative; NULL beyond the ends.",
   .example="element_at(ARRAY['a', 'b'], -1) = b"},
  {.name="contains", .sig="(array(T), T) -> boolean", .impl=array_contains,
   .flags=FN_COMPARABLE, .sql="t_contains",
   .doc="Whether an array holds the value.", .example="contains(ARRAY[1, 2], 2) = true"},
  {.name="contains_sequence", .sig="(array(T), array(T)) -> boolean", .impl=array_contains_sequence,
   .flags=FN_COMPARABLE, .sql="t_contains_sequence",
   .doc="Whether an array holds all of the other, in order and without gaps.",
   .example="contains_sequence(ARRAY[1, 2, 3], ARRAY[2, 3]) = true"},
  {.name="array_position", .sig="(array(T), T) -> bigint", .impl=array_position,
   .flags=FN_COMPARABLE, .sql="t_array_position",
   .doc="Position of the first element equal to the value, or 0.",
   .example="array_position(ARRAY['a', 'b'], 'b') = 2"},
  {.name="array_join", .sig="(array(E), varchar) -> varchar", .impl=array_join,
   .flags=FN_RAISES, .sql="t_array_join",
   .doc="The elements as text with a separator between them; NULLs are left out.",
   .example="array_join(ARRAY['a', NULL, 'b'], '-') = a-b"},
  {.name="array_join", .sig="(array(E), varchar, varchar) -> varchar", .impl=array_join,
   .flags=FN_RAISES, .sql="t_array_join_null",
   .doc="The same with a text in the place of NULLs.",
   .example="array_join(ARRAY['a', NULL, 'b'], '-', '?') = a-?-b"},
  {.name="array_max", .sig="(array(T)) -> T", .impl=array_max,
   .flags=FN_ORDERABLE|FN_RAISES, .sql="t_array_max",
   .doc="The greatest element; NULL if one is NULL.", .example="array_max(ARRAY[1, 3, 2]) = 3"},
  {.name="array_min", .sig="(array(T)) -> T", .impl=array_min,
   .flags=FN_ORDERABLE|FN_RAISES, .sql="t_array_min",
   .doc="The least element; NULL if one is NULL.", .example="array_min(ARRAY[3, 1, 2]) = 1"},
  {0}
};
