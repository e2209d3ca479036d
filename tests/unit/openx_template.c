/*
** Line templates against the reader: the same rows, the same errors, the same
** places passed over, on regular lines, mutated ones and changing shapes.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include "../../vtab/serde.h"
#include "../../vtab/scan.h"

#define ROUNDS 30000
#define COLUMNS 8

static unsigned long long seed = 20240229;
static Arena arena;

static unsigned pick(unsigned n){
  seed ^= seed<<13;
  seed ^= seed>>7;
  seed ^= seed<<17;
  return (unsigned)(seed>>11)%n;
}

static const char *const values[] = { "1", "-1", "0", "-0", "007", "010", "08", "0x1F", "+5", "1.5", "-0.0", "123456.789",
  "16777217", "0.1", "99999999.5", "1e3", "1E-3", "1e400", "9223372036854775807", "9223372036854775808", "123456789012345678",
  "1655564444103", "null", "NULL", "true", "True", "false", "NaN", "-Infinity", "abc", "\"\"", "\" \"", "\"x\"", "\"1.5\"",
  "\"010\"", "\"caf\xc3\xa9\"", "\"caf\xe9\"", "\"a\\nb\"", "\"a\\u00e9\"", "'single'", "\"2024-02-29\"", "\"2024-02-29 10:11:12.5\"",
  "[1,2]", "{\"a\":1}", "{}", "[]", "1.", ".5", "-", "1.2.3", "\"long enough to cross one block of sixteen\"", "" };
static const char *const keys[] = { "\"id\"", "\"v\"", "\"f\"", "\"d\"", "\"m\"", "\"b\"", "\"t\"", "\"day\"", "\"unknown\"", "\"ID\"", "v", "'f'" };

static const char *value(int regular){
  return values[regular ? pick(2)*21 + pick(2) : pick(sizeof(values)/sizeof(values[0]))];
}

/* A line of the shape's keys; now and then one is left out, doubled or swapped. */
static size_t make_line(char *z, const int *shape, int n_shape, int wild){
  size_t n = 0;
  n += (size_t)sprintf(z + n, "{");
  for(int i=0; i<n_shape; i++){
    int k = wild && pick(12)==0 ? (int)pick(sizeof(keys)/sizeof(keys[0])) : shape[i];
    if( wild && pick(20)==0 ) continue;
    n += (size_t)sprintf(z + n, "%s%s:%s%s", i ? "," : "", keys[k], wild && pick(15)==0 ? " " : "", value(!wild));
  }
  n += (size_t)sprintf(z + n, "}%s", wild && pick(20)==0 ? " {\"id\":2}" : wild && pick(20)==0 ? " " : "");
  return n;
}

static size_t mutate(char *z, size_t n){
  size_t i = n ? pick((unsigned)n) : 0;
  if( n==0 ) return n;
  switch( pick(4) ){
    case 0: z[i] = (char)pick(256); return n;
    case 1: memmove(z + i, z + i + 1, n - i - 1); return n - 1;
    case 2: memmove(z + i + 1, z + i, n - i); z[i] = "\"\\,:{}[] 0aN\xff"[pick(13)]; return n + 1;
    default: return i;
  }
}

static const int places[COLUMNS] = { 0, 1, 2, 3, 4, 5, 6, 7 };

static int same_value(const Value *a, const Value *b){
  if( a->kind!=b->kind ) return 0;
  if( a->kind==V_NULL ) return 1;
  if( a->kind==V_INT ) return a->i==b->i;
  if( a->kind==V_REAL ) return memcmp(&a->r, &b->r, sizeof(a->r))==0 || (a->r!=a->r && b->r!=b->r);
  return a->n==b->n && memcmp(a->z, b->z, (size_t)a->n)==0;
}

static int same_rows(const SerdeRow *a, const SerdeRow *b, int rc_a, int rc_b){
  if( rc_a!=rc_b ) return 0;
  if( rc_a ){
    return a->error.code && b->error.code && strcmp(a->error.code, b->error.code)==0 && a->error.byte==b->error.byte
        && strcmp(a->error.reason, b->error.reason)==0;
  }
  for(int i=0; i<COLUMNS; i++) if( !same_value(&a->cell[i], &b->cell[i]) ) return 0;
  return (a->passed==0)==(b->passed==0) && (a->passed==0 || a->passed_byte==b->passed_byte);
}

static int decode(SerdeRow *row, char *z, size_t n){
  arena_reset(&row->arena);
  row->error = (SerdeError){ 0, 0, 0, 0, 0 };
  row->passed = 0;
  memset(z + n, 0, SCAN_PADDING);
  if( !row->plain ){
    const char *at = z;
    if( row->serde->ops->decode_run(row, &at, z + n, row->cell, 1)==1 && at==z + n ) return 0;
    arena_reset(&row->arena);
    row->error = (SerdeError){ 0, 0, 0, 0, 0 };
  }
  return row->serde->ops->decode(row, z, n);
}

static void start(SerdeRow *row, const Serde *serde, const unsigned char *used, int plain){
  memset(row, 0, sizeof(*row));
  row->serde = serde;
  row->used = used;
  row->plain = plain;
  row->place = places;
  row->stride = COLUMNS;
  row->cell = calloc(COLUMNS, sizeof(Value));
  arena_init(&row->arena);
}

static void stop(SerdeRow *row){
  row->serde->ops->end(row);
  sqlite3_free(row->state);
  free(row->cell);
  arena_free(&row->arena);
}

static const char *compare(const char *name, const SerdeProperty *property, int n_property, int *hits){
  static const char *const types[COLUMNS] = { "int", "string", "float", "double", "bigint", "boolean", "timestamp", "date" };
  static const char *const names[COLUMNS] = { "id", "v", "f", "d", "m", "b", "t", "day" };
  static char line[8192], shown[8192];
  SerdeColumn column[COLUMNS];
  unsigned char used[COLUMNS];
  Serde serde;
  SerdeRow fast, slow;
  int shape[8], n_shape = 0;
  const char *wrong = 0;
  memset(&serde, 0, sizeof(serde));
  for(int i=0; i<COLUMNS; i++) column[i] = (SerdeColumn){ names[i], type_parse_hive(&arena, types[i], strlen(types[i]), 0) };
  serde.arena = &arena;
  serde.n_column = COLUMNS;
  serde.column = column;
  serde.property = property;
  serde.n_property = n_property;
  if( serde_open(&serde, "org.openx.data.jsonserde.JsonSerDe") ) return "the SerDe does not open";
  for(int i=0; i<COLUMNS; i++) used[i] = pick(4)!=0;
  start(&fast, &serde, used, 0);
  start(&slow, &serde, used, 1);
  for(int round=0; round<ROUNDS && wrong==0; round++){
    size_t n;
    int rc_fast, rc_slow;
    if( round%50==0 ){
      n_shape = 1 + (int)pick(7);
      for(int i=0; i<n_shape; i++) shape[i] = (int)pick(9);
    }
    n = make_line(line, shape, n_shape, pick(4)==0);
    if( pick(10)==0 ) n = mutate(line, n);
    memcpy(shown, line, n);
    shown[n] = 0;
    rc_fast = decode(&fast, line, n);
    rc_slow = decode(&slow, line, n);
    if( !same_rows(&fast, &slow, rc_fast, rc_slow) ) wrong = shown;
    *hits += rc_fast==0;
  }
  stop(&fast);
  stop(&slow);
  serde_close(&serde);
  (void)name;
  return wrong;
}

int main(void){
  static const SerdeProperty ignore[] = { {"ignore.malformed.json", "true"} };
  static const SerdeProperty dots[] = { {"dots.in.keys", "true"}, {"case.insensitive", "false"}, {"mapping.v", "f"} };
  static const struct { const char *name; const SerdeProperty *property; int n; } runs[] = {
    {"templates_give_the_reader_s_rows", 0, 0}, {"templates_with_malformed_lines", ignore, 1},
    {"templates_with_dots_and_mappings", dots, 3}, {"templates_with_mappings", dots + 1, 2} };
  static const char *const kernels[] = { "scalar", "sse", "avx2" };
  int failures = 0, hits = 0;
  arena_init(&arena);
  for(size_t i=0; i<3*sizeof(runs)/sizeof(runs[0]); i++){
    const char *wrong;
    setenv("TARN_KERNEL", kernels[i%3], 1);
    wrong = compare(runs[i/3].name, runs[i/3].property, runs[i/3].n, &hits);
    if( wrong ) printf("not ok %s_%s: %s\n", runs[i/3].name, kernels[i%3], wrong);
    else printf("ok %s_%s\n", runs[i/3].name, kernels[i%3]);
    failures += wrong!=0;
  }
  arena_free(&arena);
  return failures!=0;
}
