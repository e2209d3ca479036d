/*
** Rows of blocks as JSON lines: against json_string and value_print byte for
** byte, texts of every length and alignment, and with every allocation failing.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include "../../src/json_cells.h"
#include "../../src/output.h"

static int failures;
static sqlite3_mem_methods plain_memory;
static long countdown;          /* of allocations until one fails; 0: none */

static void check(const char *name, int good){
  printf(good ? "ok %s\n" : "not ok %s: other bytes or a leak\n", name);
  failures += !good;
}

static void *fault_malloc(int n){
  return countdown>0 && --countdown==0 ? 0 : plain_memory.xMalloc(n);
}
static void *fault_realloc(void *p, int n){
  return countdown>0 && --countdown==0 ? 0 : plain_memory.xRealloc(p, n);
}

static const Type *type_of(Arena *a, const char *z){
  const char *error = 0;
  const Type *t = type_parse(a, z, strlen(z), &error);
  if( t==0 ){
    printf("# no type %s\n", z);
    exit(1);
  }
  return t;
}

/* The map's lines of a block; NULL text when it failed. */
static JsonLines *lines(const JsonCells *j, RowBlock *b, const RowMap *map){
  b->product = 0;
  if( map->map(map->arg, b, 0)==0 ) return b->product;
  (void)j;
  if( b->product ) map->free_product(map->arg, b->product);
  return 0;
}

/* Texts with one odd byte at each place, at each length, from each alignment. */
static void test_texts(Arena *a){
  static const char odd[] = "\"\\\n\r\t\b\f\x01\x1f\x7f\xc3 !#[]";
  char text[64];
  JsonColumn c;
  JsonCells j = {1, &c};
  const RowMap map = json_cells_map(&j);
  int good = 1;
  json_column_init(a, &c, "key", type_of(a, "varchar"), 1);
  for(int n=0; n<40 && good; n++){
    for(int at=0; at<n+1 && good; at++){
      for(size_t o=0; o<sizeof(odd) && good; o++){
        int skew = (n+at)%8;
        Value v = value_text(text+skew, (size_t)n);
        RowBlock b = {1, 1, &v, 0};
        JsonLines *l;
        Buf want;
        memset(text, 'a', sizeof(text));
        if( at<n ) text[skew+at] = odd[o];
        buf_init(&want, 0);
        buf_str(&want, "{\"key\":");
        json_string(&want, v.z, (size_t)v.n);
        buf_str(&want, "}\n");
        l = lines(&j, &b, &map);
        good = l && l->bad==-1 && l->text.n==want.n && memcmp(l->text.z, want.z, want.n)==0;
        map.free_product(map.arg, l);
        buf_free(&want);
      }
    }
  }
  check("texts", good);
}

/* A row of every kind of cell. */
static void test_row(Arena *a){
  static const char *const types[] = {"boolean", "bigint", "double", "real", "decimal(5,2)", "varchar", "date", "timestamp(3)", "array(double)", "varbinary", "double", "double", "bigint", "timestamp(3)"};
  const Value v[] = {value_int(0), value_int(INT64_MIN), value_real(-1.5e300), value_real(0.1f), value_text("-1.50", 5), value_text("\x01", 1), value_text("2020-01-31", 10),
    value_text("2020-01-31 10:20:30.500", 23), value_text("[1.0,null]", 10), value_blob("a\"", 2), value_real(NAN), value_real(0.25), value_null(), value_text("2020-01-31 10:20:30.000", 23)};
  static const char want[] = "{\"c0\":false,\"c1\":-9223372036854775808,\"c2\":-1.5E300,\"c3\":0.1,\"c4\":-1.50,\"c5\":\"\\u0001\",\"c6\":\"2020-01-31\","
    "\"c7\":\"2020-01-31 10:20:30.5\",\"c8\":[1.0,null],\"c9\":\"a\\\"\",\"c10\":\"NaN\",\"c11\":0.25,\"c12\":null,\"c13\":\"2020-01-31 10:20:30\"}\n";
  enum { N = sizeof(v)/sizeof(v[0]), ROWS = 3 };
  JsonColumn c[N];
  Value cell[N*ROWS];
  JsonCells j = {N, c};
  RowBlock b = {ROWS, N, cell, 0};
  const RowMap map = json_cells_map(&j);
  sqlite3_int64 before = sqlite3_memory_used();
  JsonLines *l;
  int good = 1, worked = 0;
  long n;
  for(int i=0; i<N; i++){
    json_column_init(a, &c[i], arena_printf(a, "c%d", i), type_of(a, types[i]), 1);
    for(int r=0; r<ROWS; r++) cell[r*N+i] = v[i];
  }
  before = sqlite3_memory_used();
  l = lines(&j, &b, &map);
  good = l && l->text.n==3*strlen(want) && memcmp(l->text.z, want, strlen(want))==0;
  if( !good && l ) printf("# %.*s", (int)l->text.n/3, l->text.z);
  if( l ) map.free_product(map.arg, l);
  check("row", good);
  for(n=1; n<200 && !worked; n++){
    countdown = n;
    l = lines(&j, &b, &map);
    worked = countdown>0;
    countdown = 0;
    good &= l ? l->text.n==3*strlen(want) : !worked;
    if( l ) map.free_product(map.arg, l);
  }
  check("failed_allocations", good && worked && n>3);
  check("no_leak", sqlite3_memory_used()==before);
  /* The first value that is not of its type is named. */
  cell[N+1] = value_real(1.5);
  l = lines(&j, &b, &map);
  check("bad_value", l && l->bad==1);
  if( l ) map.free_product(map.arg, l);
}

int main(void){
  sqlite3_mem_methods m;
  Arena a;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory);
  m = plain_memory;
  m.xMalloc = fault_malloc;
  m.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
  arena_init(&a);
  test_texts(&a);
  test_row(&a);
  arena_free(&a);
  return failures!=0;
}
