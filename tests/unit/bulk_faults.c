/*
** Bulk statements when memory runs out, at every allocation in turn, and when
** they are interrupted.
**
** A statement must fail and leave its table as it was, or give exactly the rows
** of the plain path; nothing may leak.  Only what runs is put to the test: the
** compiler's arena ends the process by design (session.h).  After a failure the
** lake is looked at with a new connection, as the user would: SQLite 3.40 loses
** the schema of a database that sqlite3_deserialize had no memory for.
*/
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "../../src/statement.h"
#include "../../src/bulk_run.h"

static int failures;
static char folder[256];

static void check(const char *name, int good, const char *why){
  if( good ) printf("ok %s\n", name);
  else{
    failures++;
    printf("not ok %s: %s\n", name, why);
  }
}

/* --- Faults -------------------------------------------------------------- */

static sqlite3_mem_methods plain;
static long countdown, hits;
static int armed, persistent;

static int fault(void){
  if( !__atomic_load_n(&armed, __ATOMIC_RELAXED) ) return 0;
  long left = __atomic_sub_fetch(&countdown, 1, __ATOMIC_RELAXED);
  if( left>0 || (left<0 && !persistent) ) return 0;
  __atomic_add_fetch(&hits, 1, __ATOMIC_RELAXED);
  return 1;
}
static void *fault_malloc(int n){ return fault() ? 0 : plain.xMalloc(n); }
static void *fault_realloc(void *p, int n){ return fault() ? 0 : plain.xRealloc(p, n); }

/* --- The lake ------------------------------------------------------------ */

static void make_file(const char *name, int n, int people){
  char path[600];
  FILE *f;
  snprintf(path, sizeof(path), "mkdir -p %s/s3/b/%s", folder, name);
  if( system(path) ) check("mkdir", 0, name);
  snprintf(path, sizeof(path), "%s/s3/b/%s/a.json", folder, name);
  f = fopen(path, "w");
  for(int i=0; i<n && f; i++){
    if( people ) fprintf(f, "{\"email\":\"u%d@example.com\",\"id\":%d,\"city\":%s}\n", i, i%7, i%5 ? "\"Rom\"" : "null");
    else fprintf(f, "{\"id\":%d,\"email\":\"u%d@example.com\",\"d\":%d.5,\"name\":\"%060d\"}\n", i, i%(n/3+1), i, i);
  }
  if( f ) fclose(f);
}

static int run_sql(Session *s, const char *sql){
  Output out;
  output_init(&out, output_format("csv", stdout), 0);
  int rc = statement_run(s, sql, &out);
  output_free(&out);
  return rc;
}

static void must(Session *s, const char *sql){
  if( run_sql(s, sql) ) check(sql, 0, s->error ? s->error : "failed");
}

static int open_lake(Session *s, Options *o, const char *threads){
  static char lake[300], root[300];
  char *argv[] = {"query", "--lake", lake, "--s3-root", root, "--threads", (char*)threads, 0};
  snprintf(lake, sizeof(lake), "%s/lake.db", folder);
  snprintf(root, sizeof(root), "%s/s3", folder);
  remove(lake);
  return options_parse(o, 7, argv) || session_open(s, o);
}

static int open_again(Session *s, Options *o){
  return session_open(s, o);
}

static void make_tables(Session *s){
  static const char serde[] = " ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe' LOCATION 's3://b/%s/'";
  char sql[600];
  snprintf(sql, sizeof(sql), "CREATE EXTERNAL TABLE events (id int, email string, d double, name string)");
  snprintf(sql+strlen(sql), sizeof(sql)-strlen(sql), serde, "events");
  must(s, sql);
  snprintf(sql, sizeof(sql), "CREATE EXTERNAL TABLE people (email string, id int, city string)");
  snprintf(sql+strlen(sql), sizeof(sql)-strlen(sql), serde, "people");
  must(s, sql);
  must(s, "CREATE TABLE stored AS SELECT * FROM events");
}

/* --- A statement under faults --------------------------------------------- */

static const struct { const char *name, *sql; sqlite3_int64 memory; } statements[] = {
  {"scan", "SELECT id, d, name FROM events WHERE id > 5 OR name IN ('a', 'b')", 1<<20},
  {"semi_join", "SELECT * FROM events WHERE email IN (SELECT email FROM people WHERE city IS NOT NULL)", 1<<20},
  {"join", "SELECT e.id, e.name, p.city FROM stored e JOIN people p ON p.email = e.email", 1<<20},
  {"join_in_passes", "SELECT a.id, b.name FROM stored a JOIN events b ON a.id = b.id JOIN people p ON p.email = b.email", 60000},
  {"distinct", "SELECT DISTINCT p.* FROM people p JOIN stored e ON e.email = p.email", 1<<20},
};

static long long number(sqlite3 *db, const char *sql){
  sqlite3_stmt *stmt = 0;
  long long n = -1;
  if( sqlite3_prepare_v2(db, sql, -1, &stmt, 0)==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ) n = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

static int right_rows(sqlite3 *db){
  return number(db, "SELECT count(*) FROM want")==number(db, "SELECT count(*) FROM got")
      && number(db, "SELECT count(*) FROM (SELECT * FROM want EXCEPT SELECT * FROM got)")==0;
}

/* One attempt: what is wrong with it, or NULL. */
static const char *attempt(Session *s, Options *o, int i, long n, int *errors){
  const char *why = 0;
  char sql[600];
  BulkRun run;
  BulkQuery *q;
  Compiled *c = 0;
  long long rows;
  int rc;
  snprintf(sql, sizeof(sql), "CREATE TABLE other AS %s", statements[i].sql);
  if( statement_compile(s, sql, &c) || (q = bulk_recognise(s, c))==0 || session_begin(s) ) return s->error ? s->error : "not a bulk statement";
  bulk_run_init(&run, s);
  run.memory = statements[i].memory;
  countdown = n;
  hits = 0;
  armed = 1;
  rc = bulk_run_begin(&run);
  if( rc==SQLITE_OK ) rc = bulk_write(&run, q, "got", &rows);
  bulk_run_end(&run);
  armed = 0;
  sqlite3_free(run.error);
  *errors += rc!=SQLITE_OK;
  if( rc==SQLITE_OK && !right_rows(s->db) ) why = "wrong rows";
  if( rc!=SQLITE_OK && hits==0 ) why = "an error without a fault";
  session_end(s, 1);
  if( rc!=SQLITE_OK ){
    session_close(s);
    if( open_again(s, o) ) why = "the lake cannot be opened";
  }
  if( why==0 && number(s->db, "SELECT count(*) FROM got")!=0 ) why = "rows stay after all";
  arena_reset(&s->arena);
  return why;
}

static void try_statement(Session *s, Options *o, int i, const char *threads, int stays){
  char name[200], sql[600];
  const char *why = 0;
  int errors = 0;
  long n = 1;
  snprintf(name, sizeof(name), "faults_bulk_%s_%s_threads%s", statements[i].name, threads, stays ? "_and_after" : "");
  must(s, "DROP TABLE IF EXISTS want");
  must(s, "DROP TABLE IF EXISTS got");
  snprintf(sql, sizeof(sql), "CREATE TABLE want AS %s", statements[i].sql);
  must(s, sql);
  must(s, "CREATE TABLE got AS SELECT * FROM want WHERE 1 = 0");
  if( number(s->db, "SELECT count(*) FROM want")<1 ) why = "no rows";
  persistent = stays;
  for(; n<100000 && why==0; n += stays || threads[0]!='1' ? 1 + n/20 : 1){
    why = attempt(s, o, i, n, &errors);
    if( hits==0 ) break;
  }
  if( getenv("TARN_TEST_COUNTS") ) printf("# %s: %ld allocations, %d errors\n", name, n-1, errors);
  check(name, why==0 && errors>0, why ? why : "no fault was met");
}

static void test_faults(const char *threads){
  Session s;
  Options o;
  sqlite3_int64 before = sqlite3_memory_used();
  make_file("events", 120, 0);
  make_file("people", 30, 1);
  if( open_lake(&s, &o, threads) ) check("open", 0, s.error ? s.error : "no lake");
  setenv("TARN_PLAIN", "1", 1);
  make_tables(&s);
  for(size_t i=0; i<sizeof(statements)/sizeof(statements[0]); i++){
    for(int stays=0; stays<2; stays++) try_statement(&s, &o, (int)i, threads, stays);
  }
  check("integrity_after_faults", number(s.db, "SELECT integrity_check='ok' FROM pragma_integrity_check")==1, "not ok");
  session_close(&s);
  check("nothing_leaks", sqlite3_memory_used()==before, "memory is still in use");
}

/* --- Interruption -------------------------------------------------------- */

static double now_ms(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec*1e3 + (double)t.tv_nsec/1e6;
}

typedef struct Alarm { sqlite3 *db; double after, at; } Alarm;
static void *ring(void *p){
  Alarm *a = p;
  usleep((unsigned)(a->after*1000));
  a->at = now_ms();
  sqlite3_interrupt(a->db);
  return 0;
}

/* A statement with an interruption at some time: when it was stopped it was so
** quickly, and left nothing. */
static void test_interrupt(const char *name, const char *sql){
  int stopped = 0, late = 0, left = 0;
  Session s;
  Options o;
  if( open_lake(&s, &o, "2") ) check("open", 0, s.error ? s.error : "no lake");
  setenv("TARN_PLAIN", "0", 1);
  make_tables(&s);
  for(int i=0; i<12; i++){
    Alarm a = {s.db, 1 + 3*i, 0};
    pthread_t t;
    pthread_create(&t, 0, ring, &a);
    int rc = run_sql(&s, sql);
    double end = now_ms();
    pthread_join(t, 0);
    if( rc && s.interrupted ){
      stopped++;
      late += end-a.at>500;     /* 50 ms on a quiet machine */
      left += number(s.db, "SELECT count(*) FROM sqlite_schema WHERE name='t'")!=0;
    }
    s.interrupted = 0;
    session_reset(&s);
    must(&s, "DROP TABLE IF EXISTS t");
  }
  check(name, stopped>0 && late==0 && left==0, stopped==0 ? "never interrupted" : late ? "too late" : "something is left");
  session_close(&s);
}

int main(void){
  sqlite3_mem_methods methods;
  char command[300];
  setvbuf(stdout, 0, _IOLBF, 0);
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
  methods = plain;
  methods.xMalloc = fault_malloc;
  methods.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_initialize();
  snprintf(folder, sizeof(folder), "/tmp/tarn-bulk-XXXXXX");
  if( mkdtemp(folder)==0 ) return 1;
  test_faults("1");
  test_faults("3");
  make_file("events", 200000, 0);
  make_file("people", 50000, 1);
  test_interrupt("interrupt_bulk_scan", "CREATE TABLE t AS SELECT * FROM events WHERE email IN (SELECT email FROM people)");
  test_interrupt("interrupt_bulk_join", "CREATE TABLE t AS SELECT e.id, p.city, e.name FROM stored e JOIN people p ON p.email = e.email");
  snprintf(command, sizeof(command), "rm -rf %s", folder);
  if( system(command) ) printf("# %s stays\n", folder);
  return failures!=0;
}
