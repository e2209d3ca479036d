/*
** Hash aggregation: the same groups as SQLite's GROUP BY with any limit of
** memory, down to a few bytes; when any allocation fails, an error or the same
** rows, and nothing leaks; bad arguments are refused.
*/
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../../vtab/fn/aggregate.h"
#include "../../vtab/fn/fn.h"
#include "../../vtab/group.h"
#include "../../vtab/group_key.h"
#include "../../vtab/jsonl.h"
#include "../../vtab/member.h"

static int failures;
static sqlite3_mem_methods plain_memory;
static long countdown;          /* of allocations until one fails; 0: none */
static long hits;

static void check(const char *name, int good, const char *why){
  if( good ) printf("ok %s\n", name);
  else printf("not ok %s: %s\n", name, why ? why : "");
  failures += !good;
}

static int fault(void){
  if( countdown<=0 || --countdown>0 ) return 0;
  hits++;
  return 1;
}
static void *fault_malloc(int n){ return fault() ? 0 : plain_memory.xMalloc(n); }
static void *fault_realloc(void *p, int n){ return fault() ? 0 : plain_memory.xRealloc(p, n); }

/* --- A database ----------------------------------------------------------- */

static const char setup[] =
  "CREATE TABLE t AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i<2999)"
  " SELECT i, i%7 AS few, (i*7919)%1000 AS many, CASE WHEN i%11=0 THEN NULL WHEN i%13=0 THEN '' ELSE 'k'||(i%97) END AS s,"
  " i*0.37-5 AS x, CASE WHEN i%5=0 THEN NULL ELSE x'00ff'||(i%3) END AS b FROM n;";

static JsonlHost host;
static char folder[64];

static sqlite3 *open_database(sqlite3_int64 *limit){
  static const JsonlColumn column[] = { {"a", "bigint", 0}, {"s", "string", 0}, {"x", "double", 0} };
  GroupHost group = { limit, &host };
  JsonlSpec spec;
  sqlite3 *db = 0;
  char *sql;
  int rc = sqlite3_open(":memory:", &db);
  memset(&host, 0, sizeof(host));
  memset(&spec, 0, sizeof(spec));
  spec.location = folder;
  spec.serde = "org.openx.data.jsonserde.JsonSerDe";
  spec.n_column = 3;
  spec.column = column;
  if( rc==SQLITE_OK ) rc = jsonl_register(db, &host);
  if( rc==SQLITE_OK ) rc = group_register(db, &group);
  if( rc==SQLITE_OK ) rc = member_register(db, &group);
  if( rc==SQLITE_OK ) rc = fn_register(db);
  if( rc==SQLITE_OK ) rc = agg_register(db);
  sql = jsonl_create_sql("land", &spec);
  if( rc==SQLITE_OK ) rc = sqlite3_exec(db, sql, 0, 0, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_exec(db, setup, 0, 0, 0);
  sqlite3_free(sql);
  if( rc!=SQLITE_OK ) check("open a database", 0, sqlite3_errmsg(db));
  return db;
}

static void make_file(void){
  char path[128];
  FILE *f;
  snprintf(folder, sizeof(folder), "/tmp/tarn-group-XXXXXX");
  if( mkdtemp(folder)==0 ) return;
  snprintf(path, sizeof(path), "%s/a.json", folder);
  f = fopen(path, "w");
  for(int i=0; f && i<400; i++) fprintf(f, "{\"a\":%d,\"s\":\"v%d\",\"x\":%d.25}\n", i%50, i*31%120, i%9);
  fprintf(f, "{\"x\":\"NaN\"}\n");
  fclose(f);
}

static int compare_lines(const void *a, const void *b){ return strcmp(*(char*const*)a, *(char*const*)b); }

/* All rows as sorted lines in *out; SQLite's code. */
static int rows(sqlite3 *db, const char *sql, char **out){
  sqlite3_stmt *stmt = 0;
  char **line = 0, *all = 0;
  int n = 0, rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  size_t size = 1;
  while( rc==SQLITE_OK && (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    char text[1000];
    int at = 0;
    rc = SQLITE_OK;
    for(int i=0; i<sqlite3_column_count(stmt); i++){
      int type = sqlite3_column_type(stmt, i);
      const char *z = type==SQLITE_BLOB ? sqlite3_column_blob(stmt, i) : (const char*)sqlite3_column_text(stmt, i);
      at += snprintf(text + at, sizeof(text) - (size_t)at, "%d:", type);
      for(int k=0; z && k<sqlite3_column_bytes(stmt, i) && at<900; k++) at += snprintf(text + at, 8, "%c", z[k] ? z[k] : '~');
      if( type!=SQLITE_NULL && z==0 && sqlite3_column_bytes(stmt, i) ) rc = SQLITE_NOMEM;
    }
    if( sqlite3_errcode(db)==SQLITE_NOMEM ) rc = SQLITE_NOMEM;
    line = realloc(line, sizeof(*line)*(size_t)(n + 1));
    line[n++] = strdup(text);
    size += strlen(text) + 1;
  }
  if( rc==SQLITE_DONE ) rc = SQLITE_OK;
  if( n ) qsort(line, (size_t)n, sizeof(*line), compare_lines);
  all = calloc(1, size);
  for(int i=0, at=0; i<n; i++){
    at += sprintf(all + at, "%s\n", line[i]);
    free(line[i]);
  }
  free(line);
  sqlite3_finalize(stmt);
  *out = all;
  return rc;
}

/* --- The same groups ------------------------------------------------------ */

static const struct { const char *name, *group, *plain; } queries[] = {
  {"one key", "SELECT c0,c1,c2,c3,c4 FROM t_group('SELECT many, i, x, s FROM t', '1 --r-; count_all(); sum(1); t_sum_double(2); min(3)')",
   "SELECT many, count(*), sum(i), sum(x), min(s) FROM t GROUP BY 1"},
  {"two keys", "SELECT c0,c1,c2,c3 FROM t_group('SELECT s, few, b, x FROM t', '2 ---r; max(2); t_max(3) (double)double')",
   "SELECT s, few, max(b), max(x) FROM t GROUP BY 1, 2"},
  {"distinct rows", "SELECT c0,c1 FROM t_group('SELECT s, b FROM t', '2 --')", "SELECT DISTINCT s, b FROM t"},
  {"distinct counts", "SELECT c0,c1,c2,c3 FROM t_group('SELECT few, many, s, b, i%2 FROM t', '1 -----; count(distinct 1); count(distinct 2); count(distinct 3) where 4')",
   "SELECT few, count(DISTINCT many), count(DISTINCT s), count(DISTINCT CASE WHEN i%2 THEN b END) FROM t GROUP BY 1"},
  {"distinct counts of all", "SELECT c0,c1,c2 FROM t_group('SELECT many, s, i FROM t', '0 ---; count(distinct 0); count(distinct 1); count(distinct 2)')",
   "SELECT count(DISTINCT many), count(DISTINCT s), count(DISTINCT i) FROM t"},
  {"aggregates of the registry", "SELECT c0,c1,c2 FROM t_group('SELECT s, i, b FROM t', '1 ---; t_max_by(2,1) (varchar,bigint)varchar; t_array_agg(1) (bigint)array(bigint)')",
   "SELECT s, t_max_by('(varchar,bigint)varchar', b, i), t_array_agg('(bigint)array(bigint)', i) FROM t GROUP BY 1"},
  {"no rows", "SELECT c0,c1,c2,c3 FROM t_group('SELECT i, s FROM t WHERE i<0', '0 --; count_all(); sum(0); min(1); count(distinct 1)')",
   "SELECT count(*), sum(i), min(s), count(DISTINCT s) FROM t WHERE i<0"},
  {"no groups", "SELECT c0 FROM t_group('SELECT i FROM t WHERE i<0', '1 -; count_all()')", "SELECT i FROM t WHERE i<0 GROUP BY 1"},
  {"landing", "SELECT c0,c1,c2 FROM t_group('SELECT s, x, a FROM land WHERE a>10', '1 -r-; t_sum_double(1); count(distinct 2)', 'landing 1,2,0 where 0> of land', 10)",
   "SELECT s, t_sum_double(x), count(DISTINCT a) FROM land WHERE a>10 GROUP BY 1"},
  {"members", "SELECT i, t_in_set(i, 'SELECT many+5 FROM t WHERE i>400'), t_in_set(s, 'SELECT s FROM t WHERE few<3'), t_in_set(s, 'SELECT s FROM t WHERE i<0') FROM t",
   "SELECT i, i IN (SELECT many+5 FROM t WHERE i>400), s IN (SELECT s FROM t WHERE few<3), s IN (SELECT s FROM t WHERE i<0) FROM t"},
  {"members that are landing", "SELECT i, t_in_set('v'||i, 'SELECT s FROM land WHERE a>10', 'landing 1 where 0> of land', 10) FROM t WHERE i<200",
   "SELECT i, 'v'||i IN (SELECT s FROM land WHERE a>10) FROM t WHERE i<200"},
  {"first rows", "SELECT c0,c1 FROM t_group('SELECT s, i FROM t', 'top 40 by 0d,1 of --')", "SELECT * FROM (SELECT s, i FROM t ORDER BY s DESC NULLS LAST, i LIMIT 40)"},
  {"first rows of landing", "SELECT c0,c1,c2 FROM t_group('SELECT s, x, a FROM land WHERE a<40', 'top 25 by 1df,0 of -r-', 'landing 1,2,0 where 0< of land', 40)",
   "SELECT * FROM (SELECT s, x, a FROM land WHERE a<40 ORDER BY x DESC NULLS FIRST, s LIMIT 25)"},
  {"landing, a set", "SELECT c0,c1 FROM t_group('SELECT x FROM land WHERE a IN (SELECT few FROM t)', '0 r; count_all(); t_sum_double(0)', 'landing 2 where 0in of land', 'SELECT few FROM t')",
   "SELECT count(*), t_sum_double(x) FROM land WHERE a IN (SELECT few FROM t)"},
  {"landing, a set of texts", "SELECT c0 FROM t_group('SELECT 0 FROM land', '0 -; count_all()', 'landing - where 1in of land', 'SELECT ''v''||i FROM t WHERE i<300 UNION ALL SELECT NULL')",
   "SELECT count(*) FROM land WHERE s IN (SELECT 'v'||i FROM t WHERE i<300)"},
  {"landing, counted", "SELECT c0 FROM t_group('SELECT 0 FROM land WHERE x<=3.25', '0 -; count_all()', 'landing - where 2<= of land', 3.25)",
   "SELECT count(*) FROM land WHERE x<=3.25 AND typeof(x)='real'"},
  {"landing, NULLs", "SELECT c0,c1,c2 FROM t_group('SELECT a, x FROM land WHERE a IS NULL', '0 -r; count(0); count(1); t_max(1) (double)double', 'landing 0,2 where 0null of land')",
   "SELECT count(a), count(x), t_max('(double)double', x) FROM land WHERE a IS NULL"},
};

static void test_queries(void){
  static const sqlite3_int64 limits[] = { 0, 1, 3000, 20000, 200000 };
  for(size_t i=0; i<sizeof(queries)/sizeof(queries[0]); i++){
    for(size_t k=0; k<sizeof(limits)/sizeof(limits[0]); k++){
      sqlite3_int64 limit = limits[k];
      sqlite3 *db = open_database(&limit);
      char *got, *want, name[100];
      int rc = rows(db, queries[i].group, &got), plain = rows(db, queries[i].plain, &want);
      snprintf(name, sizeof(name), "%s, limit %lld", queries[i].name, limit);
      check(name, rc==SQLITE_OK && plain==SQLITE_OK && strcmp(got, want)==0, rc || plain ? sqlite3_errmsg(db) : "other rows");
      free(got);
      free(want);
      sqlite3_close(db);
    }
  }
}

/* --- Faults ---------------------------------------------------------------- */

static void test_faults(void){
  for(size_t i=0; i<sizeof(queries)/sizeof(queries[0]); i++){
    for(int pass=0; pass<2; pass++){
      sqlite3_int64 limit = pass ? 6000 : 0, before;
      char *want, *got, why[200] = "";
      sqlite3 *db = open_database(&limit);
      int good = rows(db, queries[i].group, &want)==SQLITE_OK, step = 1;
      before = sqlite3_memory_used();
      for(long k=1; good; k+=step){
        int rc;
        hits = 0;
        countdown = k;
        rc = rows(db, queries[i].group, &got);
        countdown = 0;
        if( rc==SQLITE_OK ? strcmp(got, want)!=0 : rc!=SQLITE_NOMEM ){
          good = 0;
          snprintf(why, sizeof(why), "allocation %ld: %d: %s", k, rc, rc==SQLITE_OK ? "other rows" : sqlite3_errmsg(db));
        }
        free(got);
        if( hits==0 ) break;
        if( k>300 ) step = 7;   /* the rest in strides */
        if( k>3000 ) step = 211;
      }
      if( good && sqlite3_memory_used()>before + 20000 ){
        good = 0;
        snprintf(why, sizeof(why), "%lld bytes before, %lld after", before, sqlite3_memory_used());
      }
      free(want);
      sqlite3_close(db);
      snprintf(why + 100, 99, "%s with failing memory%s", queries[i].name, pass ? ", spilling" : "");
      check(why + 100, good, why);
    }
  }
  check("nothing is left", sqlite3_memory_used()==0, "memory of SQLite's is still in use");
}

/* --- Arguments, keys -------------------------------------------------------- */

static void test_arguments(void){
  static const char *const bad[] = { "", "x", "2 -", "1 -; ", "1 -; nothing(0)", "1 -; sum()", "1 -; sum(1)", "1 -; sum(0", "1 -; count(distinct 0) x",
    "1 -; t_max(0)", "1 -; t_max(0) (double", "1 -; t_max(0) (double,double)double", "1 -; sum(distinct 0)", "top", "top x", "top 5 by of -", "top 5 by 1 of -", "top 5 by 0 of", "top 5 by 0 of -x", "top 9999 by 0 of -", "top -1 by 0 of -", "1 -; sum(0) where 5", "-1 -", "1 -; t_reduce_agg(0) (x)y" };
  sqlite3_int64 limit = 0;
  sqlite3 *db = open_database(&limit);
  char *got;
  for(size_t i=0; i<sizeof(bad)/sizeof(bad[0]); i++){
    char *sql = sqlite3_mprintf("SELECT c0 FROM t_group('SELECT i FROM t', %Q)", bad[i]);
    int rc = rows(db, sql, &got);
    check("a bad spec is refused", rc==SQLITE_ERROR && strncmp(sqlite3_errmsg(db), "t_group: ", 9)==0, bad[i]);
    free(got);
    sqlite3_free(sql);
  }
  check("a bad query is an error", rows(db, "SELECT * FROM t_group('SELECT nothing', '0 -; count_all()')", &got)==SQLITE_ERROR, 0);
  free(got);
  check("an error of the rows", rows(db, "SELECT * FROM t_group('SELECT abs(-9223372036854775808)', '0 -; count_all()')", &got)==SQLITE_ERROR, 0);
  free(got);
  check("another number of columns", rows(db, "SELECT * FROM t_group('SELECT 1, 2', '0 -; count_all()')", &got)==SQLITE_ERROR, 0);
  free(got);
  check("no arguments", rows(db, "SELECT * FROM t_group", &got)==SQLITE_ERROR, 0);
  free(got);
  sqlite3_close(db);
}

static void test_sets(void){
  IntSet set;
  unsigned long long state = 5;
  int good = 1, n = 0;
  static char seen[100000];
  memset(&set, 0, sizeof(set));
  for(int i=0; i<200000 && good; i++){
    int64_t v;
    state = state*6364136223846793005u + 1442695040888963407u;
    v = (int64_t)(state>>33)%100000;
    good = ints_has(&set, v - 50000)==seen[v] && ints_add(&set, v - 50000)==!seen[v];
    n += !seen[v];
    seen[v] = 1;
  }
  good = good && (int64_t)set.n + set.has_zero==n;
  check("a set of integers", good, "lost or invented one");
  ints_free(&set);
}

int main(void){
  sqlite3_mem_methods faulty;
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory);
  faulty = plain_memory;
  faulty.xMalloc = fault_malloc;
  faulty.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty);
  make_file();
  test_sets();
  test_arguments();
  test_queries();
  test_faults();
  char command[100];
  snprintf(command, sizeof(command), "rm -r %s", folder);
  if( system(command) ) check("remove the folder", 0, 0);
  return failures>0;
}
