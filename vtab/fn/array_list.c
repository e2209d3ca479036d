/*
** Arrays rearranged: concatenation, slices, flattening, repetition, zipping,
** combinations, n-grams, sorting, sequences of numbers.
**
** Limits are Athena's own: sequences and repeats of 10000 elements,
** combinations of at most 5 elements and 100000 elements in all.
*/
#include "../sqlite.h"
#include "fn.h"
#include "compare.h"
#include <string.h>

#define SEQUENCE_MAX 10000
#define COMBINATION_MAX 5
#define COMBINATION_ELEMENTS_MAX 100000

/* All elements of a list onto a builder. */
static void add_all(ListBuilder *b, const Value *list){
  int n = list_count(list);
  for(int i=0; i<n; i++) list_add(b, list_get(list, i));
}

static void add_range(ListBuilder *b, const Value *list, int from, int to){
  for(int i=from; i<to; i++) list_add(b, list_get(list, i));
}

/* --- concatenation ---------------------------------------------------------- */

static int concat_arrays(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  if( argc<2 ) return fn_bad_argument(c, "There must be two or more arguments to concat");
  list_begin(&b, c->arena);
  for(int i=0; i<argc; i++) add_all(&b, &argv[i]);
  *out = list_end(&b);
  return FN_OK;
}

static int concat_append(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  add_all(&b, &argv[0]);
  list_add(&b, argv[1]);
  *out = list_end(&b);
  return FN_OK;
}

static int concat_prepend(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  list_add(&b, argv[0]);
  add_all(&b, &argv[1]);
  *out = list_end(&b);
  return FN_OK;
}

/* --- parts -------------------------------------------------------------------- */

static int array_flatten(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value inner = list_get(&argv[0], i);
    add_all(&b, &inner);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int array_slice(FnCall *c, int argc, const Value *argv, Value *out){
  int64_t n = list_count(&argv[0]), from = argv[1].i, length = argv[2].i, to;
  ListBuilder b;
  (void)argc;
  if( length<0 ) return fn_bad_argument(c, "length must be greater than or equal to 0");
  if( from==0 ) return fn_bad_argument(c, "SQL array indices start at 1");
  list_begin(&b, c->arena);
  if( from<0 ) from = n + from + 1;
  if( from>=1 && from<=n ){
    to = length>n - from ? n + 1 : from + length;
    add_range(&b, &argv[0], (int)from - 1, (int)to - 1);
  }
  *out = list_end(&b);
  return FN_OK;
}

static int array_trim(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  int64_t size = argv[1].i;
  ListBuilder b;
  (void)argc;
  if( size<0 ) return fn_bad_argument(c, "size must not be negative: %lld", (long long)size);
  if( size>n ){
    return fn_bad_argument(c, "size must not exceed array cardinality %d: %lld", n, (long long)size);
  }
  list_begin(&b, c->arena);
  add_range(&b, &argv[0], 0, n - (int)size);
  *out = list_end(&b);
  return FN_OK;
}

static int array_reverse(FnCall *c, int argc, const Value *argv, Value *out){
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  for(int i=list_count(&argv[0]) - 1; i>=0; i--) list_add(&b, list_get(&argv[0], i));
  *out = list_end(&b);
  return FN_OK;
}

static int array_shuffle(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]);
  ListBuilder b;
  (void)argc;
  list_begin(&b, c->arena);
  add_all(&b, &argv[0]);
  if( c->arena->oom ) return FN_OK;
  for(int i=n - 1; i>0; i--){
    unsigned r;
    Value swap;
    sqlite3_randomness(sizeof(r), &r);
    r %= (unsigned)i + 1;
    swap = b.v[i];
    b.v[i] = b.v[r];
    b.v[r] = swap;
  }
  *out = list_end(&b);
  return FN_OK;
}

/* --- made up -------------------------------------------------------------------- */

static int array_repeat(FnCall *c, int argc, const Value *argv, Value *out){
  int64_t n = argv[1].i;
  ListBuilder b;
  (void)argc;
  if( argv[1].kind==V_NULL ) return FN_OK;
  if( n>SEQUENCE_MAX ){
    return fn_bad_argument(c, "count argument of repeat function must be less than or equal to 10000");
  }
  if( n<0 ) return fn_bad_argument(c, "count argument of repeat function must be greater than or equal to 0");
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++) list_add(&b, argv[0]);
  *out = list_end(&b);
  return FN_OK;
}

static int array_sequence(FnCall *c, int argc, const Value *argv, Value *out){
  int64_t start = argv[0].i, stop = argv[1].i, step = argc>2 ? argv[2].i : stop>=start ? 1 : -1;
  __int128 count;
  ListBuilder b;
  if( step==0 ) return fn_bad_argument(c, "step must not be zero");
  if( step>0 ? stop<start : stop>start ){
    return fn_bad_argument(c, "sequence stop value should be greater than or equal to start value if "
                              "step is greater than zero otherwise stop should be less than or equal to start");
  }
  count = ((__int128)stop - start)/step + 1;
  if( count>SEQUENCE_MAX ){
    return fn_bad_argument(c, "result of sequence function must not have more than %d entries", SEQUENCE_MAX);
  }
  list_begin(&b, c->arena);
  for(int i=0; i<(int)count; i++) list_add(&b, value_int(start + (int64_t)i*step));
  *out = list_end(&b);
  return FN_OK;
}

/* How many combinations there are; -1 beyond an int. */
static int combination_count(int n, int k){
  int count = 1;
  for(int i=1; i<=k; i++){
    if( __builtin_mul_overflow(count, n - k + i, &count) ) return -1;
    count /= i;
  }
  return count;
}

/* The next combination in Athena's order: the first that can move does. */
static int next_combination(int *at, int k){
  for(int i=0; i<k; i++){
    if( at[i] + 1>=at[i + 1] ) continue;
    at[i]++;
    for(int r=0; r<i; r++) at[r] = r;
    return 1;
  }
  return 0;
}

static int array_combinations(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]), k = (int)argv[1].i, at[COMBINATION_MAX + 1], count;
  ListBuilder b;
  (void)argc;
  if( k<0 ) return fn_bad_argument(c, "combination size must not be negative: %d", k);
  if( k>COMBINATION_MAX ){
    return fn_bad_argument(c, "combination size must not exceed %d: %d", COMBINATION_MAX, k);
  }
  list_begin(&b, c->arena);
  if( k<=n ){
    count = combination_count(n, k);
    if( count<0 ){
      return fn_bad_argument(c, "Number of combinations too large for array of size %d and combination length %d", n, k);
    }
    if( (int64_t)count*k>COMBINATION_ELEMENTS_MAX ) return fn_bad_argument(c, "combinations exceed max size");
    for(int i=0; i<k; i++) at[i] = i;
    at[k] = n;
    do{
      Value part[COMBINATION_MAX];
      for(int i=0; i<k; i++) part[i] = list_get(&argv[0], at[i]);
      list_add(&b, list_from(c->arena, k, part));
    }while( next_combination(at, k) );
  }
  *out = list_end(&b);
  return FN_OK;
}

static int array_ngrams(FnCall *c, int argc, const Value *argv, Value *out){
  int n = list_count(&argv[0]), size;
  ListBuilder b;
  (void)argc;
  if( argv[1].i<=0 ) return fn_bad_argument(c, "N must be positive");
  size = argv[1].i<n ? (int)argv[1].i : n;
  list_begin(&b, c->arena);
  for(int i=0; i + size<=n; i++){
    ListBuilder part;
    list_begin(&part, c->arena);
    add_range(&part, &argv[0], i, i + size);
    list_add(&b, list_end(&part));
    if( size==0 ) break;
  }
  *out = list_end(&b);
  return FN_OK;
}

static int array_zip(FnCall *c, int argc, const Value *argv, Value *out){
  int n = 0;
  ListBuilder b;
  for(int i=0; i<argc; i++){
    if( list_count(&argv[i])>n ) n = list_count(&argv[i]);
  }
  list_begin(&b, c->arena);
  for(int i=0; i<n; i++){
    Value part[5];
    for(int k=0; k<argc && k<5; k++) part[k] = list_get(&argv[k], i);
    list_add(&b, list_from(c->arena, argc, part));
  }
  *out = list_end(&b);
  return FN_OK;
}

/* --- sorting ----------------------------------------------------------------------- */

typedef struct SortContext {
  FnCall *c;
  const Type *type;
  const Value *lambda;
  int failed;
} SortContext;

/* Ascending with NULLs last; after an error any order will do. */
static int compare_natural(void *p, const Value *a, const Value *b){
  SortContext *s = p;
  int order = 0;
  if( s->failed ) return 0;
  if( a->kind==V_NULL || b->kind==V_NULL ) return (a->kind==V_NULL) - (b->kind==V_NULL);
  if( compare_order(s->c, s->type, a, b, &order) ) s->failed = 1;
  return order;
}

static int compare_lambda(void *p, const Value *a, const Value *b){
  SortContext *s = p;
  Value pair[2] = { *a, *b }, out;
  if( s->failed ) return 0;
  if( fn_call_lambda(s->c, s->lambda, 2, pair, &out) ){
    s->failed = 1;
    return 0;
  }
  if( out.kind!=V_INT || out.i<-1 || out.i>1 ){
    fn_bad_argument(s->c, "Lambda comparator must return either -1, 0, or 1");
    s->failed = 1;
    return 0;
  }
  return (int)out.i;
}

static int sort_by(FnCall *c, const Value *array, ValueCompare compare, const Value *lambda, Value *out){
  SortContext s = { c, c->argt[0]->kind==T_ARRAY ? c->argt[0]->arg[0] : &TYPE_UNKNOWN, lambda, 0 };
  int n = list_count(array), *order;
  ListBuilder b, sorted;
  list_begin(&b, c->arena);
  add_all(&b, array);
  if( c->arena->oom ) return FN_OK;
  order = value_order(c->arena, n, b.v, 1, compare, &s);
  if( s.failed ) return FN_ERROR;
  list_begin(&sorted, c->arena);
  for(int i=0; order && i<n; i++) list_add(&sorted, b.v[order[i]]);
  *out = list_end(&sorted);
  return FN_OK;
}

static int array_sort(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return sort_by(c, &argv[0], compare_natural, 0, out);
}

static int array_sort_lambda(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  return sort_by(c, &argv[0], compare_lambda, &argv[1], out);
}

#define ZIP(SQL, SIG) {.name="zip", .sig=SIG, .impl=array_zip, .sql=SQL, \
   .doc="Arrays side by side as an array of rows; shorter ones are filled with NULL.", \
   .example="zip(ARRAY[1, 2], ARRAY['a']) = [{1, a}, {2, null}]"}

const FnDef fn_array_list[] = {
  {.name="concat", .sig="(array(E), E) -> array(E)", .impl=concat_append, .sql="t_array_append",
   .doc="An array with one more element at its end.", .example="concat(ARRAY[1], 2) = [1, 2]"},
  {.name="concat", .sig="(E, array(E)) -> array(E)", .impl=concat_prepend, .sql="t_array_prepend",
   .doc="An array with one more element at its beginning.", .example="concat(1, ARRAY[2]) = [1, 2]"},
  {.name="concat", .sig="(array(E)...) -> array(E)", .impl=concat_arrays, .flags=FN_RAISES, .sql="t_array_concat",
   .doc="Arrays one after the other.", .example="concat(ARRAY[1], ARRAY[2, 3]) = [1, 2, 3]"},
  {.name="flatten", .sig="(array(array(E))) -> array(E)", .impl=array_flatten,
   .doc="The elements of the arrays in an array.",
   .example="flatten(ARRAY[ARRAY[1], ARRAY[2, 3]]) = [1, 2, 3]"},
  {.name="slice", .sig="(array(E), bigint, bigint) -> array(E)", .impl=array_slice, .flags=FN_RAISES,
   .doc="Part of an array: from a position (from the end when negative), at most a number of elements.",
   .example="slice(ARRAY[1, 2, 3, 4], 2, 2) = [2, 3]"},
  {.name="trim_array", .sig="(array(E), bigint) -> array(E)", .impl=array_trim, .flags=FN_RAISES,
   .doc="An array without its last elements.", .example="trim_array(ARRAY[1, 2, 3], 1) = [1, 2]"},
  {.name="reverse", .sig="(array(E)) -> array(E)", .impl=array_reverse, .sql="t_array_reverse",
   .doc="An array from its end.", .example="reverse(ARRAY[1, 2, 3]) = [3, 2, 1]"},
  {.name="shuffle", .sig="(array(E)) -> array(E)", .impl=array_shuffle, .flags=FN_VOLATILE,
   .doc="An array in random order.", .example="cardinality(shuffle(ARRAY[1, 2, 3])) = 3"},
  {.name="repeat", .sig="(T, integer) -> array(T)", .impl=array_repeat, .flags=FN_NULLS|FN_RAISES,
   .doc="An array of the same value, a number of times.", .example="repeat('a', 3) = [a, a, a]"},
  {.name="sequence", .sig="(bigint, bigint, bigint) -> array(bigint)", .impl=array_sequence,
   .flags=FN_RAISES, .sql="t_sequence_step",
   .doc="Numbers from a start to a stop by a step.", .example="sequence(1, 7, 3) = [1, 4, 7]"},
  {.name="sequence", .sig="(bigint, bigint) -> array(bigint)", .impl=array_sequence,
   .flags=FN_RAISES, .sql="t_sequence",
   .doc="Numbers from a start to a stop by one, up or down.", .example="sequence(3, 1) = [3, 2, 1]"},
  {.name="combinations", .sig="(array(T), integer) -> array(array(T))", .impl=array_combinations, .flags=FN_RAISES,
   .doc="All combinations of so many elements.",
   .example="combinations(ARRAY[1, 2, 3], 2) = [[1, 2], [1, 3], [2, 3]]"},
  {.name="ngrams", .sig="(array(T), integer) -> array(array(T))", .impl=array_ngrams, .flags=FN_RAISES,
   .doc="All runs of so many neighbouring elements.",
   .example="ngrams(ARRAY['a', 'b', 'c'], 2) = [[a, b], [b, c]]"},
  {.name="array_sort", .sig="(array(E)) -> array(E)", .impl=array_sort, .flags=FN_ORDERABLE|FN_RAISES,
   .sql="t_array_sort", .doc="An array in ascending order, NULLs last.",
   .example="array_sort(ARRAY[3, NULL, 1]) = [1, 3, null]"},
  {.name="array_sort", .sig="(array(T), function(T,T,integer)) -> array(T)", .impl=array_sort_lambda,
   .flags=FN_RAISES, .sql="t_array_sort_lambda",
   .doc="An array ordered by a comparator that gives -1, 0 or 1.",
   .example="array_sort(ARRAY[1, 3, 2], (x, y) -> IF(x < y, 1, IF(x = y, 0, -1))) = [3, 2, 1]"},
  ZIP("t_zip2", "(array(A), array(B)) -> array(row(A,B))"),
  ZIP("t_zip3", "(array(A), array(B), array(C)) -> array(row(A,B,C))"),
  ZIP("t_zip4", "(array(A), array(B), array(C), array(D)) -> array(row(A,B,C,D))"),
  ZIP("t_zip5", "(array(A), array(B), array(C), array(D), array(E)) -> array(row(A,B,C,D,E))"),
  {0}
};
