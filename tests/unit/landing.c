/*
** What landing tables tell their host: what was passed over, what was read,
** which files were opened; pinning; interrupts.
*/
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include "../../vtab/jsonl.h"

#define OPENX "org.openx.data.jsonserde.JsonSerDe"
#define INTERRUPT_LIMIT_MS 50

static int failures;
static char folder[200];

static void check(const char *name, int good, const char *fmt, sqlite3_int64 got){
  char why[200];
  if( good ){
    printf("ok %s\n", name);
    return;
  }
  failures++;
  snprintf(why, sizeof(why), fmt, (long long)got);
  printf("not ok %s: %s\n", name, why);
}

typedef struct Heard {
  int n_reject, n_input, stop;
  char rejects[4000];
  sqlite3_int64 bytes, size;
} Heard;

static int hear_reject(void *arg, const JsonlReject *r){
  Heard *h = arg;
  size_t n = strlen(h->rejects);
  h->n_reject++;
  snprintf(h->rejects + n, sizeof(h->rejects) - n, "%s:%lld:%lld:%s:%.*s\n", strrchr(r->path, '/') + 1,
           (long long)r->line, (long long)r->byte, r->reason, r->n_raw, r->raw);
  return h->stop;
}

static atomic_int files_told;

static int hear_input(void *arg, const JsonlInput *in){
  Heard *h = arg;
  atomic_fetch_add(&files_told, 1);
  h->n_input++;
  h->bytes += in->bytes_read;
  h->size += in->size;
  return 0;
}

static void put(const char *name, const char *data, size_t n){
  char path[300];
  FILE *f;
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  f = fopen(path, "wb");
  if( f==0 || fwrite(data, 1, n, f)!=n || fclose(f) ) check("write a file", 0, "cannot write", 0);
}

static void put_text(const char *name, const char *text){
  put(name, text, strlen(text));
}

static void make_folder(const char *name){
  char path[300];
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  mkdir(path, 0700);
}

typedef struct Lake { sqlite3 *db; JsonlHost host; Heard heard; } Lake;

/* A connection with table t over a folder. */
static void lake_open(Lake *lake, const char *where, const JsonlSpec *more){
  JsonlSpec spec = *more;
  char location[300], *sql;
  memset(lake, 0, sizeof(*lake));
  lake->host.on_reject = hear_reject;
  lake->host.on_input = hear_input;
  lake->host.arg = &lake->heard;
  snprintf(location, sizeof(location), "%s/%s", folder, where);
  spec.location = location;
  spec.serde = OPENX;
  sqlite3_open(":memory:", &lake->db);
  jsonl_register(lake->db, &lake->host);
  sql = jsonl_create_sql("t", &spec);
  if( sqlite3_exec(lake->db, sql, 0, 0, 0)!=SQLITE_OK ) check("make the table", 0, sqlite3_errmsg(lake->db), 0);
  sqlite3_free(sql);
}

/* The first column of the first row; -1 on error. */
static sqlite3_int64 ask(Lake *lake, const char *sql){
  sqlite3_stmt *stmt = 0;
  sqlite3_int64 x = -1;
  if( sqlite3_prepare_v2(lake->db, sql, -1, &stmt, 0)==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ){
    x = sqlite3_column_int64(stmt, 0);
  }
  if( sqlite3_finalize(stmt)!=SQLITE_OK ) x = -1;
  return x;
}

static const JsonlColumn id_column[] = { {"id", "int", 0} };
static const JsonlSpec plain = { .n_column = 1, .column = id_column };

static void rejects_are_told(void){
  static const JsonlProperty ignore[] = { {"ignore.malformed.json", "true"} };
  JsonlSpec spec = plain;
  Lake lake;
  static const char want[] = "a.json:2:1:a blank line:\n"
    "a.json:3:10:text after the first value of the line:{\"id\":2} {\"id\":3}\n"
    "a.json:4:7:unterminated string:{\"id\":\"x\n"
    "a.json:5:3:neither an object nor an array:  text\n";
  spec.n_property = 1;
  spec.property = ignore;
  make_folder("rejects");
  put_text("rejects/a.json", "{\"id\":1}\n\n{\"id\":2} {\"id\":3}\n{\"id\":\"x\n  text\n");
  lake_open(&lake, "rejects", &spec);
  check("rejects_do_not_lose_rows", ask(&lake, "SELECT count(*)*10 + count(id) FROM t")==52, "count %lld", 0);
  if( strcmp(lake.heard.rejects, want) ) printf("# %s", lake.heard.rejects);
  check("rejects_name_file_line_byte_reason_and_text", strcmp(lake.heard.rejects, want)==0, "%lld told", lake.heard.n_reject);
  check("rejects_are_counted", lake.host.stats.rejects==4, "%lld", lake.host.stats.rejects);
  lake.heard.stop = 1;
  check("a_host_can_stop_a_scan", ask(&lake, "SELECT sum(id) FROM t")==-1, "it went on", 0);
  lake.heard.n_reject = 0;
  check("nothing_is_passed_over_where_nothing_is_decoded", ask(&lake, "SELECT count(*) FROM t")==5 && lake.heard.n_reject==0,
        "%lld told", lake.heard.n_reject);
  sqlite3_close(lake.db);
}

static void inputs_are_told(void){
  unsigned char packed[200];
  z_stream s;
  Lake lake;
  memset(&s, 0, sizeof(s));
  deflateInit2(&s, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
  s.next_in = (unsigned char*)"{\"id\":1}\n{\"id\":2}\n";
  s.avail_in = 18;
  s.next_out = packed;
  s.avail_out = sizeof(packed);
  deflate(&s, Z_FINISH);
  make_folder("inputs");
  put("inputs/a.json.gz", (char*)packed, sizeof(packed) - s.avail_out);
  deflateEnd(&s);
  put_text("inputs/b.json", "{\"id\":3}\n");
  lake_open(&lake, "inputs", &plain);
  check("inputs_are_read", ask(&lake, "SELECT sum(id) FROM t")==6, "sum", 0);
  check("inputs_are_told_with_the_bytes_read", lake.heard.n_input==2 && lake.heard.bytes==lake.heard.size
        && lake.host.stats.bytes_read==lake.heard.bytes, "%lld bytes", lake.heard.bytes);
  sqlite3_close(lake.db);
}

static void partitions_are_pruned(void){
  static const JsonlColumn k_column[] = { {"k", "int", 0} };
  static const char *const k1[] = { "1" }, *const k2[] = { "2" }, *const k3[] = { 0 };
  static const JsonlPartition partitions[] = { {0, k1}, {0, k2}, {0, k3} };
  JsonlSpec spec = plain;
  Lake lake;
  spec.n_partition_column = 1;
  spec.partition_column = k_column;
  spec.n_partition = 3;
  spec.partition = partitions;
  make_folder("parts");
  make_folder("parts/k=1");
  make_folder("parts/k=2");
  make_folder("parts/k=__HIVE_DEFAULT_PARTITION__");
  put_text("parts/k=1/a.json", "{\"id\":1}\n");
  put_text("parts/k=2/a.json", "{\"id\":2}\n");
  put_text("parts/k=__HIVE_DEFAULT_PARTITION__/a.json", "{\"id\":3}\n");
  lake_open(&lake, "parts", &spec);
  check("a_partition_is_found", ask(&lake, "SELECT id FROM t WHERE k=2")==2, "wrong row", 0);
  check("files_of_other_partitions_are_never_opened", lake.host.stats.files_opened==1 && lake.host.stats.files_listed==1,
        "%lld opened", lake.host.stats.files_opened);
  check("null_partitions_are_found", ask(&lake, "SELECT id FROM t WHERE k IS NULL")==3 && lake.host.stats.files_opened==2,
        "%lld opened", lake.host.stats.files_opened);
  check("in_lists_choose_partitions", ask(&lake, "SELECT sum(id) FROM t WHERE k IN (1,2,7)")==3 && lake.host.stats.files_opened==4,
        "%lld opened", lake.host.stats.files_opened);
  sqlite3_close(lake.db);
}

static void files_are_pruned(void){
  Lake lake;
  char sql[500];
  make_folder("files");
  put_text("files/a.json", "{\"id\":1}\n");
  put_text("files/b.json", "{\"id\":20}\n");
  lake_open(&lake, "files", &plain);
  snprintf(sql, sizeof(sql), "SELECT id FROM t WHERE \"$path\"='file://%s/files/b.json'", folder);
  check("a_path_chooses_its_file", ask(&lake, sql)==20 && lake.host.stats.files_opened==1, "%lld opened", lake.host.stats.files_opened);
  check("a_size_chooses_files", ask(&lake, "SELECT sum(id) FROM t WHERE \"$file_size\"<10")==1 && lake.host.stats.files_opened==2,
        "%lld opened", lake.host.stats.files_opened);
  check("no_file_is_chosen", ask(&lake, "SELECT count(*) FROM t WHERE \"$path\" IN ('x','y')")==0 && lake.host.stats.files_opened==2,
        "%lld opened", lake.host.stats.files_opened);
  sqlite3_close(lake.db);
}

static void lists_are_pinned(void){
  Lake lake;
  make_folder("pins");
  put_text("pins/a.json", "{\"id\":1}\n");
  lake_open(&lake, "pins", &plain);
  check("a_list_is_made", ask(&lake, "SELECT sum(id) FROM t")==1, "sum", 0);
  put_text("pins/b.json", "{\"id\":10}\n");
  check("a_statement_lists_anew", ask(&lake, "SELECT sum(id) FROM t")==11, "sum", 0);
  lake.host.pin_epoch = 7;
  check("an_epoch_begins", ask(&lake, "SELECT sum(id) FROM t")==11, "sum", 0);
  put_text("pins/c.json", "{\"id\":100}\n");
  check("an_epoch_keeps_its_list", ask(&lake, "SELECT sum(id) FROM t")==11, "sum", 0);
  put_text("pins/a.json", "{\"id\":12345}\n");
  check("a_changed_file_is_an_error", ask(&lake, "SELECT sum(id) FROM t")==-1
        && strstr(sqlite3_errmsg(lake.db), "a.json: the file grew after it was listed"), "no error", 0);
  lake.host.pin_epoch = 8;
  check("a_new_epoch_lists_anew", ask(&lake, "SELECT sum(id) FROM t")==12455, "sum", 0);
  sqlite3_close(lake.db);
}

/* Processor time of the scanning thread, so that a busy machine does not count. */
static double busy_ms(clockid_t clock){
  struct timespec ts;
  clock_gettime(clock, &ts);
  return (double)ts.tv_sec*1000 + (double)ts.tv_nsec/1e6;
}

static clockid_t scanning;
static double interrupted_at;

/* Once the scan is under way. */
static void *interrupt_soon(void *arg){
  Lake *lake = arg;
  for(int i=0; i<10000 && atomic_load(&files_told)<4; i++) usleep(500);
  interrupted_at = busy_ms(scanning);
  sqlite3_interrupt(lake->db);
  return 0;
}

/* All of the scan is one call of xNext: no row passes. */
static void interrupts_stop_a_scan(void){
  static char block[9*100000 + 1];
  Lake lake;
  pthread_t thread;
  double late;
  sqlite3_int64 got;
  for(int i=0; i<100000; i++) memcpy(block + 9*i, "{\"id\":1}\n", 9);
  make_folder("big");
  put("big/a.json", block, 9*100000);
  for(int i=0; i<400; i++){
    char from[300], to[300];
    snprintf(from, sizeof(from), "%s/big/a.json", folder);
    snprintf(to, sizeof(to), "%s/big/%d.json", folder, i);
    if( link(from, to) ) break;
  }
  lake_open(&lake, "big", &plain);
  pthread_getcpuclockid(pthread_self(), &scanning);
  atomic_store(&files_told, 0);
  pthread_create(&thread, 0, interrupt_soon, &lake);
  got = ask(&lake, "SELECT count(*) FROM t WHERE id=7");
  pthread_join(thread, 0);
  late = busy_ms(scanning) - interrupted_at;
  check("interrupt_stops_a_scan_without_rows", got==-1 && sqlite3_errcode(lake.db)==SQLITE_INTERRUPT, "%lld", got);
  check("interrupt_is_heard_within_50_ms", late<INTERRUPT_LIMIT_MS, "%lld ms", (sqlite3_int64)late);
  sqlite3_close(lake.db);
}

/* The plan's text says what was pushed; names that need quotes are found again. */
static void plans_are_named(void){
  static const JsonlColumn columns[] = { {"id", "int", 0}, {"a; \"b\" IN (?)", "string", 0}, {"x,y", "int", 0} };
  static const JsonlSpec spec = { .n_column = 3, .column = columns };
  static const struct { const char *sql, *plan; } cases[] = {
    { "SELECT count(*) FROM t", "no columns" },
    { "SELECT id FROM t LIMIT 5", "columns id; limit" },
    { "SELECT id FROM t LIMIT 5 OFFSET 2", "columns id; limit offset" },
    { "SELECT id FROM t WHERE id>1 LIMIT 5", "columns id; id > ?" },
    { "SELECT \"x,y\" FROM t WHERE \"a; \"\"b\"\" IN (?)\" IN ('p', 'q') AND id IS NOT NULL AND \"$file_size\">0",
      "columns id,\"a; \"\"b\"\" IN (?)\",\"x,y\"; \"a; \"\"b\"\" IN (?)\" IN (?); \"$file_size\" > ?; id IS NOT NULL" } };
  Lake lake;
  make_folder("plans");
  put_text("plans/a.json", "{\"id\":1,\"a; \\\"b\\\" IN (?)\":\"p\",\"x,y\":3}\n{\"id\":2,\"x,y\":4}\n");
  lake_open(&lake, "plans", &spec);
  for(size_t i=0; i<sizeof(cases)/sizeof(cases[0]); i++){
    char *sql = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", cases[i].sql);
    sqlite3_stmt *stmt = 0;
    const char *got = "";
    sqlite3_prepare_v2(lake.db, sql, -1, &stmt, 0);
    if( sqlite3_step(stmt)==SQLITE_ROW ) got = (const char*)sqlite3_column_text(stmt, 3);
    if( strstr(got, "INDEX 0:") ) got = strstr(got, "INDEX 0:") + 8;
    check("plans_are_named", strcmp(got, cases[i].plan)==0, got, 0);
    sqlite3_finalize(stmt);
    sqlite3_free(sql);
  }
  check("plans_are_read_again", ask(&lake, cases[4].sql)==3, "%lld", ask(&lake, cases[4].sql));
  sqlite3_close(lake.db);
}

int main(void){
  char command[300];
  snprintf(folder, sizeof(folder), "/tmp/tarn-landing-XXXXXX");
  if( mkdtemp(folder)==0 ) check("make a folder", 0, "mkdtemp failed", 0);
  rejects_are_told();
  inputs_are_told();
  partitions_are_pruned();
  files_are_pruned();
  lists_are_pinned();
  plans_are_named();
  interrupts_stop_a_scan();
  snprintf(command, sizeof(command), "rm -rf %s", folder);
  if( system(command) ) check("clean up", 0, "rm failed", 0);
  return failures!=0;
}
