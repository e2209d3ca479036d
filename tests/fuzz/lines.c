/*
** Fuzz of the kernels that read lines by templates: each one beside the reader
** that takes no shortcuts, on lines that are grown regular, then mutated.
**
**   build/fuzz/lines [SECONDS [SEED]]
**
** Reported: a crash (by the sanitizers); a run of lines that a kernel reads
** differently from the reader, or ends elsewhere; kernels that count lines
** differently.  The same seed gives the same cases.  Closes with
** `N passed, N failed`.
*/
#include "vtab/kernel.h"
#include "vtab/scan.h"
#include "vtab/serde.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>

#define COLUMNS 6
#define LINES 40
#define TEXT_BYTES 40000

static uint64_t seed = 1;
static long passed, failed;
static Arena arena;

static unsigned below(unsigned n){
  seed = seed*UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed>>33)%n;
}

static const char *const names[COLUMNS] = { "id", "name", "x", "n", "flag", "day" };
static const char *const types[COLUMNS] = { "bigint", "string", "double", "smallint", "boolean", "date" };
static const int places[COLUMNS] = { 0, 1, 2, 3, 4, 5 };

/* A number of any length and form. */
static size_t put_number(char *z){
  size_t n = 0;
  int digits = (int)below(below(4) ? 8 : 22);
  if( below(3)==0 ) z[n++] = '-';
  for(int i=0; i<digits; i++) z[n++] = (char)('0' + below(10));
  if( below(3)==0 ) z[n++] = '.';
  digits = (int)below(below(4) ? 6 : 20);
  for(int i=0; i<digits && z[n>0 ? n - 1 : 0]; i++) z[n++] = (char)('0' + below(10));
  if( below(12)==0 ) n += (size_t)sprintf(z + n, "%s%u", below(2) ? "e" : "E-", below(30));
  return n;
}

static size_t put_string(char *z){
  static const char *const pieces[] = { "a", "Sarah.Davis0@test.com", "\xc3\xa9", "\xff", "\\n", "\\u00e9", " ", ",", "}", "0.5", "\t", "x" };
  size_t n = 0;
  z[n++] = '"';
  for(int k=(int)below(8); k>0; k--) n += (size_t)sprintf(z + n, "%s", pieces[below(below(3) ? 2 : 12)]);
  z[n++] = '"';
  return n;
}

static size_t put_value(char *z, int column){
  static const char *const words[] = { "null", "true", "false", "[1]", "{}", "abc", "'q'", "" };
  if( below(20)==0 ) return (size_t)sprintf(z, "%s", words[below(8)]);
  switch( below(25)==0 ? (int)below(COLUMNS) : column ){
    case 1: case 5: return put_string(z);
    case 4: return (size_t)sprintf(z, "%s", words[below(3)]);
    default: return put_number(z);
  }
}

static size_t put_line(char *z, unsigned shape){
  size_t n = (size_t)sprintf(z, "{");
  for(int i=0; i<COLUMNS; i++){
    if( (shape>>i & 1)==0 ) continue;
    n += (size_t)sprintf(z + n, "%s\"%s\":%s", n>1 ? "," : "", names[i], shape & 64 ? " " : "");
    n += put_value(z + n, i);
  }
  return n + (size_t)sprintf(z + n, "}");
}

static size_t put_text(char *z){
  unsigned shapes[3] = { below(128), below(128), below(128) };
  size_t n = 0;
  for(int i=0; i<LINES && n<TEXT_BYTES - 2000; i++){
    n += put_line(z + n, shapes[below(10)<8 ? 0 : below(3)]);
    n += (size_t)sprintf(z + n, "%s", below(30) ? "\n" : below(2) ? "\r\n" : below(2) ? "\r" : " \n");
  }
  for(int k=(int)below(4); k>0 && below(2); k--) z[below((unsigned)n)] = "\"\\,:{}0.-e\n\r\xff"[below(13)];
  return below(3) ? n : n - below(30);
}

static int same_value(const Value *a, const Value *b){
  if( a->kind!=b->kind ) return 0;
  if( a->kind==V_NULL ) return 1;
  if( a->kind==V_INT ) return a->i==b->i;
  if( a->kind==V_REAL ) return memcmp(&a->r, &b->r, sizeof(a->r))==0 || (a->r!=a->r && b->r!=b->r);
  return a->n==b->n && memcmp(a->z, b->z, (size_t)a->n)==0;
}

static void row_begin(SerdeRow *row, const Serde *serde, const unsigned char *used, int plain){
  memset(row, 0, sizeof(*row));
  row->serde = serde;
  row->used = used;
  row->place = places;
  row->stride = COLUMNS;
  row->plain = plain;
  row->cell = calloc(COLUMNS, sizeof(Value));
}

static void row_end(SerdeRow *row){
  row->serde->ops->end(row);
  sqlite3_free(row->state);
  arena_free(&row->arena);
  free(row->cell);
}

static const char *line_end(const char *z, const char *end, const char **next){
  while( z<end && *z!='\n' && *z!='\r' ) z++;
  *next = z<end ? z + 1 : z;
  if( z + 1<end && z[0]=='\r' && z[1]=='\n' ) *next = z + 2;
  return z;
}

/* Lines of a run beside the reader: 0 when one differs. */
static int run_agrees(SerdeRow *slow, const char *z, const char *stop, const char *end, const Value *to, int n){
  for(int i=0; i<n; i++){
    const char *next, *at = line_end(z, end, &next);
    slow->error.code = 0;
    slow->passed = 0;
    if( slow->serde->ops->decode(slow, z, (size_t)(at - z)) || slow->passed ) return 0;
    for(int c=0; c<COLUMNS; c++){
      if( slow->used[c] && !same_value(&to[i*COLUMNS + c], &slow->cell[c]) ) return 0;
    }
    z = next;
  }
  return z==stop;
}

static int text_agrees(const Serde *serde, const char *z, size_t n, const unsigned char *used){
  SerdeRow fast, slow;
  const char *end = z + n;
  int good = 1;
  row_begin(&fast, serde, used, 0);
  row_begin(&slow, serde, used, 1);
  while( z<end && good ){
    Value to[7*COLUMNS];
    const char *at = z, *next, *stop;
    int k = serde->ops->decode_run(&fast, &at, end, to, 7);
    good = run_agrees(&slow, z, at, end, to, k);
    z = at;
    if( k || z>=end ) continue;
    stop = line_end(z, end, &next);
    fast.error.code = 0;
    serde->ops->decode(&fast, z, (size_t)(stop - z));
    z = next;
  }
  row_end(&fast);
  row_end(&slow);
  return good;
}

static void one_text(const Serde *serde){
  static const char *const kernels[] = { "scalar", "sse", "avx2" };
  char *z = malloc(TEXT_BYTES);
  unsigned char used[COLUMNS];
  size_t n = put_text(z);
  char *exact = calloc(1, n + SCAN_PADDING);
  memcpy(exact, z, n);
  for(int c=0; c<COLUMNS; c++) used[c] = below(4)!=0;
  for(int k=0; k<3; k++){
    int good;
    setenv("TARN_KERNEL", kernels[k], 1);
    good = text_agrees(serde, exact, n, used) && kernel_count_lines(kernel_chosen(), exact, n)==kernel_count_lines(KERNEL_SCALAR, exact, n);
    if( good ) passed++;
    else{
      failed++;
      printf("the kernel %s differs on\n%.*s\n", kernels[k], (int)(n<4000 ? n : 4000), exact);
    }
  }
  free(exact);
  free(z);
}

int main(int argc, char **argv){
  time_t end = time(0) + (argc>1 ? atoi(argv[1]) : 10);
  static const SerdeProperty ignore[] = { {"ignore.malformed.json", "true"}, {"use.null.for.invalid.data", "true"} };
  SerdeColumn column[COLUMNS];
  Serde serde;
  if( argc>2 ) seed = strtoull(argv[2], 0, 10);
  memset(&serde, 0, sizeof(serde));
  for(int c=0; c<COLUMNS; c++) column[c] = (SerdeColumn){ names[c], type_parse_hive(&arena, types[c], strlen(types[c]), 0) };
  serde.arena = &arena;
  serde.n_column = COLUMNS;
  serde.column = column;
  serde.property = ignore;
  serde.n_property = 2;
  if( serde_open(&serde, "org.openx.data.jsonserde.JsonSerDe") ) return 1;
  do{
    for(int i=0; i<50; i++) one_text(&serde);
  }while( time(0)<end && failed<10 );
  serde_close(&serde);
  arena_free(&arena);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed!=0;
}
