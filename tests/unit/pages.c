/*
** Stored tables read from their pages: the same rows as SQLite reads, before
** and after COMMIT, with any number of hands; damaged files never crash it.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sqlite3.h>
#include "../../vtab/pages.h"

static int failures;
static char path[64];
static sqlite3_mem_methods plain_memory;
static long countdown;          /* of allocations until one fails; 0: none */

static void check(const char *name, int good, const char *why){
  if( good ) printf("ok %s\n", name);
  else printf("not ok %s: %s\n", name, why ? why : "");
  failures += !good;
}

static void *fault_malloc(int n){
  return countdown>0 && --countdown==0 ? 0 : plain_memory.xMalloc(n);
}
static void *fault_realloc(void *p, int n){
  return countdown>0 && --countdown==0 ? 0 : plain_memory.xRealloc(p, n);
}

static unsigned long long state = 99;
static unsigned rnd(unsigned n){
  state = state*6364136223846793005u+1442695040888963407u;
  return (unsigned)(state>>33)%n;
}

static sqlite3 *open_lake(const char *setup){
  sqlite3 *db;
  char *error = 0;
  unlink(path);
  sqlite3_open(path, &db);
  sqlite3_exec(db, "PRAGMA synchronous=off", 0, 0, 0);
  if( sqlite3_exec(db, setup, 0, 0, &error) ) printf("# %s\n", error);
  sqlite3_free(error);
  return db;
}

/* A value as text that shows its kind. */
static void show(Buf *b, const Value *v){
  switch( v->kind ){
    case V_NULL: buf_str(b, "N"); break;
    case V_INT: buf_printf(b, "i%lld", (long long)v->i); break;
    case V_REAL: buf_printf(b, "r%.17g", v->r); break;
    default:
      buf_char(b, v->kind==V_TEXT ? 't' : 'b');
      buf_add(b, v->z, (size_t)v->n);
  }
  buf_char(b, '|');
}

static Value from_sqlite(sqlite3_stmt *stmt, int i, int is_real){
  int n = sqlite3_column_bytes(stmt, i);
  switch( sqlite3_column_type(stmt, i) ){
    case SQLITE_INTEGER: return value_int(sqlite3_column_int64(stmt, i));
    case SQLITE_FLOAT: return value_real(sqlite3_column_double(stmt, i));
    case SQLITE_TEXT:
      if( is_real && strcmp((const char*)sqlite3_column_text(stmt, i), "NaN")==0 ) return value_real(NAN);
      return value_text((const char*)sqlite3_column_text(stmt, i), (size_t)n);
    case SQLITE_BLOB: return value_blob(sqlite3_column_blob(stmt, i), (size_t)n);
  }
  return value_null();
}

/* All rows by SQLite; the column "r" is a double. */
static int by_sqlite(sqlite3 *db, const char *columns, Buf *b){
  sqlite3_stmt *stmt;
  char *sql = sqlite3_mprintf("SELECT %s FROM t NOT INDEXED ORDER BY rowid", columns);
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  sqlite3_free(sql);
  if( rc ) return rc;
  while( (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    for(int i=0; i<sqlite3_column_count(stmt); i++){
      Value v = from_sqlite(stmt, i, strcmp(sqlite3_column_name(stmt, i), "r")==0);
      show(b, &v);
    }
    buf_char(b, '\n');
  }
  sqlite3_finalize(stmt);
  return rc;
}

/* The map: how many rows, checked when the block comes. */
static int count_rows(void *arg, RowBlock *b, int hand){
  int *n = sqlite3_malloc(sizeof(*n));
  (void)arg;
  (void)hand;
  b->product = n;
  if( n==0 ) return 1;
  *n = b->n;
  return 0;
}

static void free_count(void *arg, void *product){
  (void)arg;
  sqlite3_free(product);
}

static int by_pages(sqlite3 *db, int n_column, const char *const *column, int hands, Buf *b){
  const RowMap map = { count_rows, free_count, 0 };
  RowSource *source;
  RowBlock *block;
  char *error = 0;
  int rc = pages_open(db, "t", n_column, column, &map, hands, &source, &error);
  if( rc==SQLITE_OK ){
    while( (rc = source->ops->next(source, &block, &error))==SQLITE_ROW ){
      if( *(int*)block->product!=block->n ) break;
      for(int r=0; r<block->n; r++){
        for(int i=0; i<block->width; i++) show(b, &block->cell[r*block->width+i]);
        buf_char(b, '\n');
      }
    }
    source->ops->close(source);
  }
  sqlite3_free(error);
  return rc;
}

static int same(sqlite3 *db, const char *columns, int n_column, const char *const *column, int hands){
  Buf a, b;
  int good;
  buf_init(&a, 0);
  buf_init(&b, 0);
  good = by_sqlite(db, columns, &a)==SQLITE_DONE && by_pages(db, n_column, column, hands, &b)==SQLITE_DONE
      && a.n==b.n && (a.n==0 || memcmp(a.z, b.z, a.n)==0);
  buf_free(&a);
  buf_free(&b);
  return good;
}

static const char fill[] =
  "INSERT INTO t SELECT CASE abs(random()%4) WHEN 0 THEN NULL WHEN 1 THEN random() WHEN 2 THEN random()%100 ELSE random()%40000000000 END, "
  "CASE abs(random()%6) WHEN 0 THEN 'NaN' WHEN 1 THEN random()%1000 WHEN 2 THEN 9e999 WHEN 3 THEN 0.0 WHEN 4 THEN NULL ELSE random()/1e9 END, "
  "CASE abs(random()%20) WHEN 0 THEN hex(randomblob(abs(random()%30000))) WHEN 1 THEN randomblob(abs(random()%3000)) WHEN 2 THEN NULL ELSE hex(randomblob(abs(random()%20))) END, "
  "i%3, 'x'||i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) SELECT i FROM n)";

static void fill_table(sqlite3 *db, int n){
  char *sql = sqlite3_mprintf("%z", sqlite3_mprintf("%s", fill));
  char *at = strstr(sql, "%d)"), *all;
  *at = 0;
  all = sqlite3_mprintf("%s%d%s", sql, n, at+2);
  sqlite3_exec(db, all, 0, 0, 0);
  sqlite3_free(all);
  sqlite3_free(sql);
}

static void test_rows(void){
  static const int pages[] = {512, 4096, 16384, 65536};
  static const char *const two[] = {"d", "r"};
  int good = 1;
  for(int i=0; i<8 && good; i++){
    char *setup = sqlite3_mprintf("PRAGMA page_size=%d; PRAGMA cache_size=%d; CREATE TABLE t(i bigint, r double, z varchar, b boolean, d varchar); CREATE TABLE other(a)", pages[i%4], i<4 ? -2000 : 10);
    sqlite3 *db = open_lake(setup);
    sqlite3_free(setup);
    sqlite3_exec(db, "BEGIN IMMEDIATE", 0, 0, 0);
    good = same(db, "*", 0, 0, 1);
    fill_table(db, i%2 ? 30 : i==0 || i==4 ? 800 : 4000);
    good = good && same(db, "*", 0, 0, 1) && same(db, "*", 0, 0, 3) && same(db, "d, r", 2, two, 2);
    sqlite3_exec(db, "INSERT INTO other SELECT * FROM (SELECT z FROM t)", 0, 0, 0);
    good = good && same(db, "*", 0, 0, 2);
    sqlite3_exec(db, "COMMIT; DELETE FROM t WHERE i%3=0; DELETE FROM other; ALTER TABLE t ADD COLUMN late varchar; BEGIN", 0, 0, 0);
    good = good && same(db, "*", 0, 0, 2);
    sqlite3_exec(db, "ROLLBACK; BEGIN IMMEDIATE; DELETE FROM t WHERE i%5=0; UPDATE t SET late=z, r=i", 0, 0, 0);
    fill_table(db, 100);
    good = good && same(db, "*", 0, 0, 2);
    sqlite3_exec(db, "ROLLBACK; BEGIN", 0, 0, 0);
    good = good && same(db, "*", 0, 0, 2);
    if( !good ) printf("# page size %d\n", pages[i%4]);
    sqlite3_close(db);
  }
  check("rows", good, "other rows than SQLite's");
}

static void test_refused(void){
  static const char *const setup[] = {
    "CREATE TABLE t(a INTEGER PRIMARY KEY); BEGIN", "CREATE TABLE t(a TEXT PRIMARY KEY) WITHOUT ROWID; BEGIN", "CREATE TABLE t(a INT, b AS (a)); BEGIN",
    "CREATE TABLE t(a INT); ALTER TABLE t ADD COLUMN b DEFAULT 3; BEGIN", "CREATE VIEW t AS SELECT 1; BEGIN", "CREATE TABLE t(a INT)",
    "PRAGMA journal_mode=wal; CREATE TABLE t(a INT); BEGIN", "PRAGMA cache_spill=off; CREATE TABLE t(a INT); BEGIN", "BEGIN"};
  int good = 1;
  for(size_t i=0; i<sizeof(setup)/sizeof(setup[0]); i++){
    sqlite3 *db = open_lake(setup[i]);
    Buf b;
    buf_init(&b, 0);
    if( by_pages(db, 0, 0, 1, &b)!=SQLITE_NOTFOUND ){
      printf("# %s\n", setup[i]);
      good = 0;
    }
    buf_free(&b);
    sqlite3_close(db);
  }
  check("refused", good, "a table was read");
}

/* Bytes changed at random: an error or rows, never a crash. */
static void test_damage(void){
  sqlite3 *db = open_lake("PRAGMA page_size=512; CREATE TABLE t(i bigint, r double, z varchar, b boolean, d varchar)");
  long size;
  char *file, *copy;
  FILE *f;
  int errors = 0;
  fill_table(db, 150);
  sqlite3_close(db);
  f = fopen(path, "rb");
  fseek(f, 0, SEEK_END);
  size = ftell(f);
  rewind(f);
  file = malloc((size_t)size);
  copy = malloc((size_t)size);
  if( fread(file, 1, (size_t)size, f)!=(size_t)size ) size = 0;
  fclose(f);
  for(int round=0; round<400; round++){
    Buf b;
    int n = 1+(int)rnd(20);
    memcpy(copy, file, (size_t)size);
    for(int k=0; k<n; k++){
      long page = (long)rnd((unsigned)(size/512)-1)+1;
      copy[page*512+(rnd(2) ? rnd(24) : rnd(512))] = (char)(rnd(3) ? rnd(256) : 255);
    }
    f = fopen(path, "wb");
    fwrite(copy, 1, rnd(20) ? (size_t)size : (size_t)rnd((unsigned)size), f);
    fclose(f);
    sqlite3_open(path, &db);
    sqlite3_exec(db, "BEGIN", 0, 0, 0);
    buf_init(&b, 0);
    errors += by_pages(db, 0, 0, 1+(int)rnd(2), &b)!=SQLITE_DONE;
    buf_free(&b);
    sqlite3_close(db);
  }
  check("damage", errors>50, "hardly an error was seen");
  free(file);
  free(copy);
}

static void test_memory(void){
  sqlite3_int64 before = sqlite3_memory_used();
  sqlite3 *db = open_lake("CREATE TABLE t(i bigint, r double, z varchar, b boolean, d varchar)");
  int rc = SQLITE_NOMEM, good = 1;
  long n;
  fill_table(db, 500);
  for(n=1; rc==SQLITE_NOMEM && n<3000; n++){
    RowSource *source = 0;
    RowBlock *block;
    const RowMap map = { count_rows, free_count, 0 };
    char *error = 0;
    int rows = 0;
    sqlite3_exec(db, "BEGIN", 0, 0, 0);
    countdown = n;
    rc = pages_open(db, "t", 0, 0, &map, 1+n%2, &source, &error);
    while( rc==SQLITE_OK || rc==SQLITE_ROW ){
      rc = source->ops->next(source, &block, &error);
      if( rc==SQLITE_ROW ) rows += block->n;
    }
    if( source ) source->ops->close(source);
    if( rc!=SQLITE_NOMEM && countdown==0 ) rc = SQLITE_NOMEM;   /* SQLite did without */
    else good &= rc==SQLITE_NOMEM || (rc==SQLITE_DONE && rows==500);
    countdown = 0;
    sqlite3_free(error);
    sqlite3_exec(db, "COMMIT", 0, 0, 0);
  }
  sqlite3_close(db);
  check("failed_allocations", good && rc==SQLITE_DONE && n>20, "other than an error");
  check("no_leak", sqlite3_memory_used()==before, "memory is still held");
}

int main(void){
  sqlite3_mem_methods m;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory);
  m = plain_memory;
  m.xMalloc = fault_malloc;
  m.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
  sqlite3_snprintf(sizeof(path), path, "/tmp/tarn-pages-%d.db", (int)getpid());
  test_rows();
  test_refused();
  test_damage();
  test_memory();
  unlink(path);
  return failures!=0;
}
