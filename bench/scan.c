/*
** The scanner alone: rows of the accelerometer landing table, one thread.
** The peer is bench/simdjson.cpp, which prints the same line.
**
**   scan {all|one|count} PASSES FOLDER
**
** Each pass lists the folder, reads its files (from the page cache) and makes
** rows of stored values of them, as every statement over a landing table does;
** here their columns are summed.  Prints one line: median processor seconds of a
** pass, bytes, rows, and the sums.
*/
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "../vtab/jsonl.h"
#include "../vtab/jsonl_rows.h"

#define PASSES_MAX 1000

typedef struct Sums {
  unsigned long long rows, text, timestamp;
  double real[3];
} Sums;

static const JsonlColumn columns[] = {
  {"user", "string", 0}, {"timestamp", "bigint", 0}, {"x", "double", 0}, {"y", "double", 0}, {"z", "double", 0}
};

/* Processor time: there is one thread, and others' work does not count. */
static double now(void){
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec/1e9;
}

static int by_size(const void *a, const void *b){
  double x = *(const double*)a, y = *(const double*)b;
  return (x>y) - (x<y);
}

/* A connection with the table connected by a statement that stays prepared. */
static sqlite3 *open_table(JsonlHost *host, const char *folder, sqlite3_stmt **hold){
  sqlite3 *db = 0;
  JsonlSpec spec = { .location = folder, .serde = "org.openx.data.jsonserde.JsonSerDe", .n_column = 5, .column = columns };
  char *sql = jsonl_create_sql("t", &spec);
  if( sqlite3_open(":memory:", &db) || jsonl_register(db, host) || sqlite3_exec(db, sql, 0, 0, 0)
   || sqlite3_prepare_v2(db, "SELECT * FROM t", -1, hold, 0) ){
    fprintf(stderr, "scan: %s\n", sqlite3_errmsg(db));
    exit(1);
  }
  sqlite3_free(sql);
  return db;
}

static void add(Sums *s, const RowBlock *b){
  s->rows += (unsigned long long)b->n;
  if( b->width==0 ) return;
  for(const Value *v=b->cell, *end=v+(size_t)b->n*(size_t)b->width; v<end; v+=b->width){
    if( b->width==1 ){
      s->real[0] += v[0].r;
      continue;
    }
    s->text += (unsigned long long)v[0].n;
    s->timestamp += (unsigned long long)v[1].i;
    for(int i=0; i<3; i++) s->real[i] += v[2+i].r;
  }
}

static void pass(struct JsonlTable *table, const char *what, Sums *s){
  static const int all[] = {0, 1, 2, 3, 4}, one[] = {2};
  JsonlRowsPlan plan = { .n_hand = 1, .n_column = what[0]=='a' ? 5 : what[0]=='o', .column = what[0]=='a' ? all : one };
  RowSource *rows;
  RowBlock *block;
  char *error = 0;
  int rc = jsonl_rows_open(table, &plan, &rows, &error);
  memset(s, 0, sizeof(*s));
  while( rc==SQLITE_OK && (rc = rows->ops->next(rows, &block, &error))==SQLITE_ROW ){
    add(s, block);
    rc = SQLITE_OK;
  }
  if( rc!=SQLITE_DONE ){
    fprintf(stderr, "scan: %s\n", error ? error : "cannot open");
    exit(1);
  }
  rows->ops->close(rows);
}

int main(int argc, char **argv){
  static double seconds[PASSES_MAX];
  JsonlHost host;
  Sums s;
  sqlite3 *db;
  sqlite3_stmt *hold;
  sqlite3_int64 bytes;
  int n = argc==4 ? atoi(argv[2]) : 0;
  if( n<1 || n>PASSES_MAX ){
    fputs("usage: scan all|one|count PASSES FOLDER\n", stderr);
    return 2;
  }
  memset(&host, 0, sizeof(host));
  host.threads = 1;
  db = open_table(&host, argv[3], &hold);
  bytes = jsonl_rows_bytes(jsonl_find(&host, 0, "t"));
  for(int i=0; i<n; i++){
    double start = now();
    pass(jsonl_find(&host, 0, "t"), argv[1], &s);
    seconds[i] = now() - start;
  }
  qsort(seconds, (size_t)n, sizeof(seconds[0]), by_size);
  printf("%.6f %lld rows %llu text %llu timestamp %llu x %.2f y %.2f z %.2f\n", seconds[n/2], (long long)bytes,
         s.rows, s.text, s.timestamp, s.real[0], s.real[1], s.real[2]);
  sqlite3_finalize(hold);
  sqlite3_close(db);
  return 0;
}
