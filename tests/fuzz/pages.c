/*
** Fuzz of reading stored tables from their pages: databases of random tables,
** with bytes changed.
**
**   build/fuzz/pages [SECONDS [SEED]]
**
** Reported: a crash or a read outside a page (by the sanitizers), a reading
** without end, and other rows than SQLite's where SQLite finds the damaged file
** sound.  The same seed gives the same cases.
** Closes with `N passed, N failed`.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sqlite3.h>
#include "vtab/pages.h"

#define FILE_MAX (1<<20)

static uint64_t seed = 1;
static char path[64];

static unsigned below(unsigned n){
  seed = seed*UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed>>33)%n;
}

/* One line for a value, the same from both readers. */
static void show(Buf *b, ValueKind kind, int64_t i, double r, const char *z, int n){
  buf_char(b, "niftb"[kind]);
  if( kind==V_INT ) buf_int(b, i);
  if( kind==V_REAL ) buf_add(b, &r, sizeof(r));
  if( kind==V_TEXT || kind==V_BLOB ) buf_add(b, z, (size_t)n);
}

static int by_sqlite(sqlite3 *db, Buf *b){
  sqlite3_stmt *stmt = 0;
  int rc = sqlite3_prepare_v2(db, "SELECT * FROM t", -1, &stmt, 0);
  while( rc==SQLITE_OK || rc==SQLITE_ROW ){
    rc = sqlite3_step(stmt);
    for(int i=0; rc==SQLITE_ROW && i<sqlite3_column_count(stmt); i++){
      static const ValueKind kinds[] = {[SQLITE_INTEGER]=V_INT, [SQLITE_FLOAT]=V_REAL, [SQLITE_TEXT]=V_TEXT, [SQLITE_BLOB]=V_BLOB, [SQLITE_NULL]=V_NULL};
      ValueKind kind = kinds[sqlite3_column_type(stmt, i)];
      const char *z = kind==V_TEXT || kind==V_BLOB ? sqlite3_column_blob(stmt, i) : 0;
      show(b, kind, kind==V_INT ? sqlite3_column_int64(stmt, i) : 0, kind==V_REAL ? sqlite3_column_double(stmt, i) : 0, z, z ? sqlite3_column_bytes(stmt, i) : 0);
    }
  }
  sqlite3_finalize(stmt);
  return rc;
}

static int by_pages(sqlite3 *db, int hands, Buf *b){
  RowSource *source;
  RowBlock *block;
  char *error = 0;
  int rc = pages_open(db, "t", 0, 0, 0, hands, &source, &error);
  if( rc==SQLITE_OK ){
    while( (rc = source->ops->next(source, &block, &error))==SQLITE_ROW ){
      for(int i=0; i<block->n*block->width; i++){
        const Value *v = &block->cell[i];
        show(b, v->kind, v->i, v->kind==V_REAL ? v->r : 0, v->kind>=V_TEXT ? v->z : 0, v->n);
      }
    }
    source->ops->close(source);
  }
  sqlite3_free(error);
  return rc;
}

static void make_file(void){
  static const int pages[] = {512, 512, 1024, 4096};
  sqlite3 *db;
  char *sql;
  unlink(path);
  sqlite3_open(path, &db);
  sql = sqlite3_mprintf(
    "PRAGMA synchronous=off; PRAGMA page_size=%d; CREATE TABLE t(a bigint, b double, c varchar, d blob); CREATE TABLE u(x);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) INSERT INTO t SELECT "
    "CASE i%%5 WHEN 0 THEN NULL ELSE i*%d END, i/%d.0, printf('%%.*c', i%%%d, 'x'), CASE WHEN i%%%d=0 THEN randomblob(%d) END FROM n;"
    "INSERT INTO u SELECT c FROM t; DELETE FROM t WHERE a%%%d=1",
    pages[below(4)], 1+below(400), 1+(int)below(1u<<30), 1+below(9), 1+below(90), 1+below(60), below(9000), 2+below(9));
  sqlite3_exec(db, sql, 0, 0, 0);
  sqlite3_free(sql);
  sqlite3_close(db);
}

/* Change some bytes, often where headers and offsets lie. */
static void damage(int page){
  static char file[FILE_MAX];
  FILE *f = fopen(path, "rb+");
  size_t size = fread(file, 1, sizeof(file), f);
  int n = (int)below(6);
  for(int i=0; i<n && size>200; i++){
    size_t at = below(3) ? below((unsigned)(size/(size_t)page))*(size_t)page+below(24) : below((unsigned)size);
    if( at<100 ) continue;
    file[at] = (char)(below(2) ? (int)below(256) : file[at]+1-2*(int)below(2));
  }
  rewind(f);
  fwrite(file, 1, size, f);
  fclose(f);
}

static int same_rows(void){
  sqlite3 *db;
  sqlite3_stmt *stmt;
  Buf a, b;
  int sound = 0, good = 1, ours;
  sqlite3_open(path, &db);
  sqlite3_exec(db, "BEGIN", 0, 0, 0);
  buf_init(&a, 0);
  buf_init(&b, 0);
  ours = by_pages(db, 1+(int)below(3), &b);
  if( sqlite3_prepare_v2(db, "SELECT integrity_check='ok' FROM pragma_integrity_check", -1, &stmt, 0)==SQLITE_OK ){
    sound = sqlite3_step(stmt)==SQLITE_ROW && sqlite3_column_int(stmt, 0);
  }
  sqlite3_finalize(stmt);
  if( sound && by_sqlite(db, &a)==SQLITE_DONE && ours==SQLITE_DONE ) good = a.n==b.n && (a.n==0 || memcmp(a.z, b.z, a.n)==0);
  buf_free(&a);
  buf_free(&b);
  sqlite3_close(db);
  return good;
}

int main(int argc, char **argv){
  int seconds = argc>1 ? atoi(argv[1]) : 10, failed = 0, passed = 0;
  time_t end = time(0)+seconds;
  if( argc>2 ) seed = strtoull(argv[2], 0, 10);
  sqlite3_snprintf(sizeof(path), path, "/tmp/tarn-fuzz-pages-%d.db", (int)getpid());
  while( time(0)<end ){
    uint64_t start = seed;
    make_file();
    for(int i=0; i<20; i++){
      damage(512);
      if( same_rows() ) passed++;
      else{
        failed++;
        printf("other rows than SQLite's: seed %llu, damage %d\n", (unsigned long long)start, i);
      }
    }
  }
  unlink(path);
  printf("%d passed, %d failed\n", passed, failed);
  return failed!=0;
}
