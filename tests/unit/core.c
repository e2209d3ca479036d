/*
** The core of vtab/: types and their text, coercions, overload resolution,
** lists and maps, programs.  Prints "ok NAME" or "not ok NAME: why".
*/
#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <sqlite3.h>
#include "../../vtab/value.h"
#include "../../vtab/fn/resolve.h"
#include "../../vtab/fn/registry.h"

static int failures;
static Arena arena;

static void check(const char *name, int good, const char *fmt, const char *got){
  if( good ) printf("ok %s\n", name);
  else{
    failures++;
    printf("not ok %s: ", name);
    printf(fmt, got ? got : "(null)");
    printf("\n");
  }
}

static const Type *T(const char *z){
  const Type *t = type_parse(&arena, z, strlen(z), 0);
  if( t==0 ) printf("not ok cannot parse %s\n", z);
  return t ? t : &TYPE_UNKNOWN;
}

static void same(const char *name, const char *got, const char *want){
  check(name, got && strcmp(got, want)==0, "got %s", got);
}

static void types_print_and_parse(void){
  static const char *const texts[] = {
    "bigint", "varchar", "varchar(3)", "decimal(10,2)", "char(5)", "timestamp(3) with time zone",
    "time(6)", "interval day to second", "array(map(varchar, row(a integer, \"in\" double)))",
    "row(date date, interval interval year to month)", "row(date)", "function(bigint,boolean)",
    "row(\"a b\" integer)", "unknown"
  };
  for(size_t i=0; i<sizeof(texts)/sizeof(texts[0]); i++) same(texts[i], type_text(&arena, T(texts[i])), texts[i]);
  same("type_synonyms", type_text(&arena, T("INT")), "integer");
  same("type_double_precision", type_text(&arena, T("double precision")), "double");
  same("type_timestamp_default", type_text(&arena, T("timestamp")), "timestamp(3)");
}

static void types_of_hive(void){
  const char *z = "struct<A:int,b:array<string>,c:decimal,d:map<string,float> comment 'x'>";
  const Type *t = type_parse_hive(&arena, z, strlen(z), 0);
  Buf b;
  same("hive_to_trino", t ? type_text(&arena, t) : 0,
       "row(a integer, b array(varchar), c decimal(10,0), d map(varchar, real))");
  buf_init(&b, &arena);
  if( t ) type_print_hive(&b, t);
  same("hive_again", b.z, "struct<a:int,b:array<string>,c:decimal(10,0),d:map<string,float>>");
  check("hive_rejects", type_parse_hive(&arena, "array<nosuch>", 13, 0)==0, "%s", "accepted");
}

static void common(const char *a, const char *b, const char *want){
  const Type *t = type_common(&arena, T(a), T(b));
  same(arena_printf(&arena, "common_%s_%s", a, b), t ? type_text(&arena, t) : "none", want);
}

static void coercions(void){
  common("integer", "double", "double");
  common("integer", "decimal(5,2)", "decimal(12,2)");
  common("varchar(3)", "varchar(5)", "varchar(5)");
  common("varchar(3)", "char(5)", "char(5)");
  common("date", "timestamp(3)", "timestamp(3)");
  common("timestamp(6)", "timestamp(3) with time zone", "timestamp(6) with time zone");
  common("row(a integer)", "row(b bigint)", "row(bigint)");
  common("array(integer)", "array(unknown)", "array(integer)");
  common("integer", "varchar", "none");
  check("coerce_char_varchar", !type_can_coerce(T("char(3)"), T("varchar")), "%s", "allowed");
  check("coerce_integer_decimal", !type_can_coerce(T("integer"), T("decimal(5,2)")), "%s", "allowed");
  check("cast_date_char", !type_can_cast(T("date"), T("char(10)")), "%s", "allowed");
  check("cast_array", type_can_cast(T("array(varchar)"), T("array(integer)")), "%s", "refused");
}

/* A lambda whose body's type is its first parameter's, or a fixed one. */
static const Type *lambda_type(void *env, int arg, int n, const Type *const *param){
  const char *fixed = env;
  (void)arg;
  return fixed ? T(fixed) : n>0 ? param[0] : &TYPE_BIGINT;
}

/* "param, param -> result", or what went wrong. */
static const char *resolve(const char *name, const char *args, const char *body){
  const Type *argt[16];
  const char *expected = "";
  FnMatch m;
  FnMatchKind kind;
  Buf b;
  int n = 0;
  char *copy = arena_strdup(&arena, args), *save = 0;
  for(char *z=strtok_r(copy, ";", &save); z; z=strtok_r(0, ";", &save)){
    if( z[0]=='l' && z[1]=='a' ){
      const Type *unknown[4] = { &TYPE_UNKNOWN, &TYPE_UNKNOWN, &TYPE_UNKNOWN, &TYPE_UNKNOWN };
      argt[n++] = type_function(&arena, atoi(z + 6), unknown, &TYPE_UNKNOWN);
    }else{
      argt[n++] = T(z);
    }
  }
  kind = fn_resolve(&arena, name, n, argt, lambda_type, (void*)body, &m, &expected);
  if( kind==FN_UNKNOWN_NAME ) return "unknown";
  if( kind==FN_NO_OVERLOAD ) return "none";
  if( kind==FN_AMBIGUOUS ) return expected;
  buf_init(&b, &arena);
  for(int i=0; i<n; i++){
    if( i ) buf_str(&b, "; ");
    type_print(&b, m.param[i]);
  }
  buf_str(&b, " -> ");
  type_print(&b, m.result);
  return b.z;
}

static void overloads(void){
  same("resolve_add_mixed", resolve("$add", "integer;bigint", 0), "bigint; bigint -> bigint");
  same("resolve_add_double", resolve("$add", "integer;double", 0), "double; double -> double");
  same("resolve_contains", resolve("contains", "array(integer);double", 0), "array(double); double -> boolean");
  same("resolve_contains_none", resolve("contains", "array(integer);varchar(1)", 0), "none");
  same("resolve_concat_null", resolve("concat", "varchar(1);unknown", 0),
       "varchar(1); array(varchar(1)) -> array(varchar(1))");
  same("resolve_concat_empty", resolve("concat", "array(integer);array(unknown)", 0),
       "Could not choose a best candidate operator. Explicit type casts must be added.\nCandidates are:\n"
       "\t * concat(array(integer),array(array(integer))):array(array(integer))\n"
       "\t * concat(array(integer),array(integer)):array(integer)\n");
  same("resolve_transform", resolve("transform", "array(varchar(2));lambda1", "double"),
       "array(varchar(2)); function(varchar(2),double) -> array(double)");
  same("resolve_reduce_widens", resolve("reduce", "array(double);integer;lambda2;lambda1", "double"),
       "array(double); double; function(double,double,double); function(double,double) -> double");
  same("resolve_filter_body", resolve("filter", "array(integer);lambda1", "unknown"), "none");
  same("resolve_transform_null", resolve("transform", "unknown;lambda1", 0),
       "array(unknown); function(unknown,unknown) -> array(unknown)");
  same("resolve_cardinality_null", resolve("cardinality", "unknown", 0), "map(unknown, unknown) -> bigint");
  same("resolve_map", resolve("map", "array(integer);array(unknown)", 0),
       "array(integer); array(unknown) -> map(integer, unknown)");
  same("resolve_zip", resolve("zip", "array(integer);array(varchar(1))", 0),
       "array(integer); array(varchar(1)) -> array(row(integer, varchar(1)))");
  same("resolve_unknown_name", resolve("nosuch", "integer", 0), "unknown");
}

static void rows_are_unique(void){
  int n, twice = 0, count = 0;
  const FnDef *const *family = fn_families(&n);
  char name[FN_SQL_NAME_MAX];
  const char *first = 0;
  for(int f=0; f<n; f++){
    for(const FnDef *d=family[f]; d->name; d++, count++){
      fn_sql_name(d, name);
      if( fn_by_sql(name, strlen(name))!=d ){
        twice++;
        first = d->sql ? d->sql : d->name;
      }
    }
  }
  check("registry_sql_names_are_unique", twice==0, "%s is there twice", first);
  check("registry_fits", count<1024, "%s", "too many rows for the index");
}

static void lists(void){
  Value v[3] = { value_int(1), value_null(), value_int(2) }, list = list_from(&arena, 3, v), cut = list;
  const Type *map = T("map(varchar,integer)");
  Value kv[4] = { value_text("b", 1), value_int(1), value_text("a", 1), value_int(2) }, m;
  int dup = -1;
  check("list_get", list_count(&list)==3 && list_get(&list, 2).i==2 && list_get(&list, 1).kind==V_NULL, "%s", "wrong");
  for(int i=0; i<list.n; i++){
    cut.n = i;
    for(int k=-1; k<4; k++) list_get(&cut, k);
  }
  check("list_cut_short_is_safe", 1, "%s", 0);
  check("equal_with_null", value_equal(T("array(integer)"), &list, &list)==-1, "%s", "not NULL");
  check("identical_with_null", value_identical(T("array(integer)"), &list, &list)==1, "%s", "not the same");
  check("map_sorts", map_from(&arena, map, 2, kv, &m, &dup)==0 && list_get(&m, 0).z[0]=='a', "%s", "order");
  check("map_finds", map_find(map, &m, &kv[0])==3, "%s", "not found");
  kv[2] = value_text("b", 1);
  check("map_repeats", map_from(&arena, map, 2, kv, &m, &dup)==-1 && dup==1, "%s", "not noticed");
}

static void stored_forms(void){
  static const struct { const char *type, *text; } cases[] = {
    {"array(varchar)", "[\"a\\\"b\",null,\"\xc3\xa9\"]"},
    {"row(a integer, b array(double))", "{\"a\":1,\"b\":[1.5,\"NaN\",-0.0]}"},
    {"map(varchar, integer)", "{\"a\":1,\"b\":null}"},
    {"map(integer, date)", "{\"-1\":\"2020-01-31\",\"7\":null}"},
    {"decimal(10,2)", "-0.05"}, {"date", "2020-02-29"}, {"timestamp(3)", "2020-02-29 10:11:12.345"},
    {"array(varbinary)", "[\"AQID\",\"\"]"},
  };
  for(size_t i=0; i<sizeof(cases)/sizeof(cases[0]); i++){
    const Type *t = T(cases[i].type);
    Value in = value_text(cases[i].text, strlen(cases[i].text)), v, out = value_null();
    if( value_load(&arena, t, &in, &v)==0 ) out = value_store(&arena, t, &v);
    same(arena_printf(&arena, "stored_%s", cases[i].type),
         out.kind==V_TEXT ? arena_strndup(&arena, out.z, (size_t)out.n) : 0, cases[i].text);
  }
  for(const char *bad="[1,2 [1,] {} [1 1 \"1\" [\"a\"]"; ; ){
    Value in = value_text(bad, strcspn(bad, " ")), v;
    check("stored_bad", value_load(&arena, T("array(integer)"), &in, &v)==-1, "accepted %s", bad);
    bad = strchr(bad, ' ');
    if( bad==0 ) break;
    bad++;
  }
}

int main(void){
  sqlite3_initialize();
  arena_init(&arena);
  types_print_and_parse();
  types_of_hive();
  coercions();
  overloads();
  rows_are_unique();
  lists();
  stored_forms();
  arena_free(&arena);
  return failures>0;
}
