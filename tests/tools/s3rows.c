/*
** Landing tables on S3 read under schedules of faults, for
** tests/net/test_s3_schedules.py.
**
**   s3rows FROM END          schedules FROM … END-1, one after the other
**   s3rows FROM END STEP     every STEP-th of them
**
** A schedule is a client of its own, which reads the table at s3://s<i>/t/ once;
** the server knows by the bucket which faults belong to it.  Prints a line for
** each: `i ok ROWS HASH` (FNV-1a over all values in order) or `i error TEXT`.
**
** The reader and the retries are compiled here again with small numbers: an
** object of a few kB is read in ranges, and thousands of back-offs take minutes.
*/
#include "vtab/s3/reader.h"
#undef S3_RANGE_BYTES
#undef S3_WHOLE_MAX
#undef S3_WINDOW_BYTES
#undef S3_BACKOFF_BASE_MS
#undef S3_BACKOFF_CAP_MS
#define S3_RANGE_BYTES 3000
#define S3_WHOLE_MAX 6000
#define S3_WINDOW_BYTES 20000
#define S3_BACKOFF_BASE_MS 4
#define S3_BACKOFF_CAP_MS 60
#include "../../vtab/s3/reader.c"
#include "../../vtab/s3/retry.c"
#include "vtab/s3/source_s3.h"
#include "vtab/jsonl.h"
#include <stdlib.h>

#define DEADLINE_MS 8000

static unsigned long long hash_text(unsigned long long h, const char *z){
  for(; *z; z++) h = (h ^ (unsigned char)*z) * 0x100000001b3ull;
  return (h ^ 0xff) * 0x100000001b3ull;
}

static void replace_breaks(char *z){
  for(; z && *z; z++) if( *z=='\n' ) *z = ' ';
}

static char *read_table(sqlite3 *db, int i, int *rows, unsigned long long *hash){
  static const JsonlColumn columns[] = { {"id", "int", 0}, {"s", "string", 0} };
  char location[64], *sql, *error = 0;
  JsonlSpec spec = {0};
  sqlite3_stmt *stmt = 0;
  int rc;
  snprintf(location, sizeof(location), "s3://s%d/t/", i);
  spec.location = location;
  spec.serde = "org.openx.data.jsonserde.JsonSerDe";
  spec.n_column = 2;
  spec.column = columns;
  sql = jsonl_create_sql("t", &spec);
  rc = sql ? sqlite3_exec(db, sql, 0, 0, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(db, "SELECT id, s, \"$path\" FROM t", -1, &stmt, 0);
  *rows = 0;
  *hash = 0xcbf29ce484222325ull;
  while( rc==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ){
    for(int k=0; k<2; k++){
      const char *z = (const char*)sqlite3_column_text(stmt, k);
      *hash = hash_text(*hash, z ? z : "NULL");
    }
    *hash = hash_text(*hash, strrchr((const char*)sqlite3_column_text(stmt, 2), '/'));
    ++*rows;
  }
  rc = rc==SQLITE_OK ? sqlite3_finalize(stmt) : rc;
  if( rc!=SQLITE_OK ) error = sqlite3_mprintf("%s", sqlite3_errmsg(db));
  replace_breaks(error);
  return error;
}

static void run_schedule(int i){
  S3Shared shared = {0};
  JsonlHost host = {0};
  sqlite3 *db = 0;
  unsigned long long hash;
  int rows;
  char *error;
  shared.config.deadline_ms = DEADLINE_MS;
  shared.config.handles = 1 + i%7;
  shared.config.seed = (unsigned)i + 1;
  host.s3 = &shared;
  if( sqlite3_open(":memory:", &db)!=SQLITE_OK || jsonl_register(db, &host)!=SQLITE_OK ) exit(2);
  error = read_table(db, i, &rows, &hash);
  if( error ) printf("%d error %s\n", i, error);
  else printf("%d ok %d %016llx\n", i, rows, hash);
  fflush(stdout);
  sqlite3_free(error);
  sqlite3_close(db);
  s3_shared_close(&shared);
}

int main(int argc, char **argv){
  int step = argc>3 ? atoi(argv[3]) : 1;
  if( argc<3 || step<1 ) return 2;
  for(int i=atoi(argv[1]); i<atoi(argv[2]); i += step) run_schedule(i);
  return 0;
}
