/*
** Landing tables when things fail: every allocation in turn, every system call
** on files in turn, reads cut short.
**
** The scan must end in an error or give exactly the rows of a scan without
** faults; nothing may leak (SQLite's own count, and ASan where it is built in).
** The C library's functions are interposed by definitions here.  malloc is
** interposed too, for the libraries that do not use SQLite's, but not under
** ASan, which has its own.
*/
#include <bzlib.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include "../../vtab/jsonl.h"
#include "../../vtab/jsonl_rows.h"

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

typedef enum Kind { KIND_NONE, KIND_MEMORY, KIND_LIBC, KIND_SYSCALL, KIND_SHORT, KIND_EARLY_END } Kind;
static _Atomic Kind armed;
static atomic_long countdown;   /* calls until the fault */
static int persistent;          /* and ever after */
static atomic_long hits;

/* Whether the call at hand fails. */
static int fault(Kind kind){
  long left;
  if( armed!=kind ) return 0;
  left = atomic_fetch_sub(&countdown, 1) - 1;
  if( left>0 || (left<0 && !persistent) ) return 0;
  hits++;
  return 1;
}

static sqlite3_mem_methods plain;

static void *fault_malloc(int n){
  return fault(KIND_MEMORY) ? 0 : plain.xMalloc(n);
}

static void *fault_realloc(void *p, int n){
  return fault(KIND_MEMORY) ? 0 : plain.xRealloc(p, n);
}

/* Seen from the shared libraries too. */
#define EXPORTED __attribute__((visibility("default")))

#ifndef __SANITIZE_ADDRESS__
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void*, size_t);

EXPORTED void *malloc(size_t n){
  return fault(KIND_LIBC) ? 0 : __libc_malloc(n);
}
EXPORTED void *calloc(size_t n, size_t size){
  return fault(KIND_LIBC) ? 0 : __libc_calloc(n, size);
}
EXPORTED void *realloc(void *p, size_t n){
  return fault(KIND_LIBC) ? 0 : __libc_realloc(p, n);
}
#endif

ssize_t read(int fd, void *buf, size_t n){
  if( fault(KIND_SYSCALL) ){
    errno = EIO;
    return -1;
  }
  if( fault(KIND_EARLY_END) ) return 0;
  if( fault(KIND_SHORT) && n>1 ) n = 1;
  return syscall(SYS_read, fd, buf, n);
}

int open(const char *path, int flags, ...){
  int mode = 0;
  if( flags & O_CREAT ){
    va_list ap;
    va_start(ap, flags);
    mode = va_arg(ap, int);
    va_end(ap);
  }
  if( fault(KIND_SYSCALL) ){
    errno = EMFILE;
    return -1;
  }
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int fstat(int fd, struct stat *st){
  if( fault(KIND_SYSCALL) ){
    errno = EIO;
    return -1;
  }
  return (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

int stat(const char *path, struct stat *st){
  if( fault(KIND_SYSCALL) ){
    errno = EACCES;
    return -1;
  }
  return (int)syscall(SYS_newfstatat, AT_FDCWD, path, st, 0);
}

/* --- Files --------------------------------------------------------------- */

static const char lines[] =
  "{\"id\":1,\"s\":\"a\\u00e9\",\"n\":{\"x\":[1,2,{\"k\":null}],\"m\":{\"b\":1.5,\"a\":2}},\"d\":\"2024-02-29\",\"t\":\"2024-02-29 10:11:12.5\",\"e\":\"9.995\"}\n"
  "{\"id\":2,\"S\":{\"deep\":[true,\"</x>\",010]},\"n\":{\"x\":[],\"m\":{}},\"d\":19000,\"t\":1700000000123,\"e\":null} trailing\n"
  "\n"
  "{\"id\":3,\"s\":\"caf\xe9\",\"n\":null}\n";
static const char strict_lines[] =
  "{\"id\":1,\"s\":\"a\\u00e9\",\"n\":{\"x\":[1,2],\"m\":{\"b\":1.5,\"a\":2}},\"d\":\"2024-02-29\",\"t\":\"2024-02-29 10:11:12.5\",\"e\":\"9.995\"}\n"
  "{\"id\":2,\"S\":\"b\",\"n\":{\"x\":[],\"m\":{}},\"e\":1.5}\n";
static const char csv_lines[] = "1,\"x, \"\"y\"\"\",z\n\n2,a\\b\n";
static const char text_lines[] = "1|a:1,b:2|x\n2||\\N\nx|c:3|y\n";

static void put_file(const char *name, const void *data, size_t n){
  char path[400];
  FILE *f;
  snprintf(path, sizeof(path), "%s/%s", folder, name);
  f = fopen(path, "wb");
  if( f==0 || fwrite(data, 1, n, f)!=n || fclose(f) ) check("write the files", 0, path);
}

static size_t deflate_as(int window_bits, const char *z, size_t n, unsigned char *out, size_t cap){
  z_stream s;
  memset(&s, 0, sizeof(s));
  deflateInit2(&s, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  s.next_in = (unsigned char*)z;
  s.avail_in = (unsigned)n;
  s.next_out = out;
  s.avail_out = (unsigned)cap;
  deflate(&s, Z_FINISH);
  deflateEnd(&s);
  return cap - s.avail_out;
}

/* Hadoop's framing around one chunk of literals. */
static size_t block_as(int lz4, const char *z, size_t n, unsigned char *out){
  size_t k = 8;
  if( lz4 ){
    out[k++] = 0xf0;
    size_t left = n - 15;
    for(; left>=255; left -= 255) out[k++] = 255;
    out[k++] = (unsigned char)left;
  }else{
    out[k++] = (unsigned char)(0x80 | (n & 0x7f));
    out[k++] = (unsigned char)(n>>7);
    out[k++] = 61<<2;
    out[k++] = (unsigned char)((n - 1) & 255);
    out[k++] = (unsigned char)((n - 1)>>8);
  }
  memcpy(out + k, z, n);
  k += n;
  for(int i=0; i<4; i++){
    out[i] = (unsigned char)(n>>(24 - 8*i));
    out[4 + i] = (unsigned char)((k - 8)>>(24 - 8*i));
  }
  return k;
}

static void make_files(void){
  unsigned char out[8192];
  size_t n = sizeof(lines) - 1, k;
  unsigned kb = sizeof(out);
  static const char *const folders[] = { "json", "json/sub", "strict", "csv", "text", "part", "part/p=1", "part/p=2" };
  snprintf(folder, sizeof(folder), "/tmp/tarn-faults-XXXXXX");
  if( mkdtemp(folder)==0 ) check("make a folder", 0, strerror(errno));
  for(size_t i=0; i<sizeof(folders)/sizeof(folders[0]); i++){
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
    mkdir(path, 0700);
  }
  put_file("json/a.json", lines, n);
  k = deflate_as(15 + 16, lines, n, out, sizeof(out));
  k += deflate_as(15 + 16, lines, n, out + k, sizeof(out) - k);
  put_file("json/b.json.gz", out, k);
  put_file("json/c.deflate", out, deflate_as(15, lines, n, out, sizeof(out)));
  put_file("json/sub/d.json.zst", out, ZSTD_compress(out, sizeof(out), lines, n, 3));
  BZ2_bzBuffToBuffCompress((char*)out, &kb, (char*)lines, (unsigned)n, 1, 0, 0);
  put_file("json/sub/e.bz2", out, kb);
  put_file("json/sub/f.snappy", out, block_as(0, lines, n, out));
  put_file("json/sub/g.lz4", out, block_as(1, lines, n, out));
  put_file("strict/a.json", strict_lines, sizeof(strict_lines) - 1);
  put_file("csv/a.csv", csv_lines, sizeof(csv_lines) - 1);
  put_file("text/a.txt", text_lines, sizeof(text_lines) - 1);
  put_file("part/p=1/a.json", "{\"id\":1}\n", 9);
  put_file("part/p=2/a.json", "{\"id\":2}\n", 9);
}

/* --- The scan ------------------------------------------------------------ */

static const JsonlColumn json_columns[] = { {"id", "int", 0}, {"s", "string", "a comment"},
  {"n", "struct<x:array<string>,m:map<string,double>>", 0}, {"d", "date", 0}, {"t", "timestamp", 0},
  {"e", "decimal(5,2)", 0} };
static const JsonlColumn csv_columns[] = { {"a", "string", 0}, {"b", "string", 0}, {"c", "string", 0} };
static const JsonlColumn text_columns[] = { {"a", "int", 0}, {"m", "map<string,int>", 0}, {"c", "string", 0} };
static const JsonlProperty text_properties[] = { {"field.delim", "|"}, {"collection.delim", ","}, {"mapkey.delim", ":"} };
static const char *const one[] = { "1" }, *const two[] = { "2" };
static const JsonlPartition partitions[] = { {0, one}, {0, two} };
static const JsonlColumn partition_columns[] = { {"p", "int", 0} };

static const struct { const char *name, *where; JsonlSpec spec; const char *condition; } tables[] = {
  {"openx", "json", {0, 0, "org.openx.data.jsonserde.JsonSerDe", 6, json_columns, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
  {"filtered", "json", {0, 0, "org.openx.data.jsonserde.JsonSerDe", 6, json_columns, 0, 0, 0, 0, 0, 0, 0, 0},
   "id IN (1,2,3) AND s>='a' AND id IS NOT NULL"},
  {"hcatalog", "strict", {0, 0, "org.apache.hive.hcatalog.data.JsonSerDe", 6, json_columns, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
  {"csv", "csv", {0, 0, "org.apache.hadoop.hive.serde2.OpenCSVSerde", 3, csv_columns, 0, 0, 0, 0, 0, 0, 0, 0}, 0},
  {"text", "text", {0, 0, "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", 3, text_columns, 0, 0, 3, text_properties, 0, 0, 0, 0}, 0},
  {"partitions", "part", {0, 0, "org.openx.data.jsonserde.JsonSerDe", 1, json_columns, 1, partition_columns, 0, 0, 0, 0, 2, partitions}, "p=1 OR p IN (2,3)"},
};

static int count_reject(void *arg, const JsonlReject *reject){
  (void)reject;
  ++*(int*)arg;
  return 0;
}

/* Append a row's text; 0 when it does not fit. */
static int add_row(char *z, size_t cap, sqlite3_stmt *stmt){
  size_t n = strlen(z);
  for(int i=0; i<sqlite3_column_count(stmt); i++){
    const char *text = (const char*)sqlite3_column_text(stmt, i);
    n += (size_t)snprintf(z + n, cap - n, "%s|", text ? text : sqlite3_column_type(stmt, i)==SQLITE_NULL ? "NULL" : "?");
    if( n>=cap ) return 0;
  }
  return 1;
}

static int by_hands;            /* not 0: read in blocks by so many hands */

static int make_product(void *arg, RowBlock *block, int hand){
  (void)arg; (void)hand;
  block->product = sqlite3_malloc(10);
  return block->product==0;
}

static void free_product(void *arg, void *product){
  (void)arg;
  sqlite3_free(product);
}

/* The rows of t in blocks: their first columns. */
static int scan_blocks(JsonlHost *host, char *out, size_t cap){
  static const int column[] = { 0, 1 };
  JsonlRowsPlan plan = { .n_column = 2, .column = column, .n_hand = by_hands, .block_bytes = 64,
    .map = { make_product, free_product, 0 } };
  RowSource *source = 0;
  RowBlock *b;
  char *error = 0;
  size_t n = 0;
  struct JsonlTable *t = jsonl_find(host, 0, "t");
  int rc = t ? jsonl_rows_open(t, &plan, &source, &error) : SQLITE_NOMEM;
  while( rc==SQLITE_OK && (rc = source->ops->next(source, &b, &error))==SQLITE_ROW ){
    for(int i=0; i<b->n*2 && n<cap - 300; i++){
      const Value *v = &b->cell[i];
      n += (size_t)(v->kind==V_TEXT ? snprintf(out + n, 200, "%.*s|", v->n, v->z) : snprintf(out + n, 200, "%lld|", v->kind==V_INT ? (long long)v->i : -1));
    }
    rc = SQLITE_OK;
  }
  if( source ) source->ops->close(source);
  sqlite3_free(error);
  return rc;
}

/* Make the table and read it, on a connection of its own.  SQLITE_OK and all
** rows in out, or the error code. */
static int scan(int i, char *out, size_t cap){
  JsonlHost host;
  JsonlSpec spec = tables[i].spec;
  char location[400], *sql = 0;
  sqlite3 *db = 0;
  sqlite3_stmt *stmt = 0;
  int rc, rejects = 0;
  memset(&host, 0, sizeof(host));
  host.on_reject = count_reject;
  host.arg = &rejects;
  snprintf(location, sizeof(location), "%s/%s", folder, tables[i].where);
  spec.location = location;
  out[0] = 0;
  rc = sqlite3_open(":memory:", &db);
  if( rc==SQLITE_OK ) rc = jsonl_register(db, &host);
  if( rc==SQLITE_OK && (sql = jsonl_create_sql("t", &spec))==0 ) rc = SQLITE_NOMEM;
  if( rc==SQLITE_OK ) rc = sqlite3_exec(db, sql, 0, 0, 0);
  sqlite3_free(sql);
  if( rc==SQLITE_OK ){
    sql = sqlite3_mprintf("SELECT *, \"$line\", \"$file_modified_time\">'' FROM t WHERE %s",
                          tables[i].condition ? tables[i].condition : "1");
    rc = sql ? sqlite3_prepare_v2(db, sql, -1, &stmt, 0) : SQLITE_NOMEM;
    sqlite3_free(sql);
  }
  if( rc==SQLITE_OK && by_hands ) rc = scan_blocks(&host, out, cap);
  while( rc==SQLITE_OK || rc==SQLITE_ROW ){
    rc = sqlite3_step(stmt);
    if( rc==SQLITE_ROW && !add_row(out, cap, stmt) ) rc = SQLITE_TOOBIG;
  }
  /* A value that SQLite could not copy reads as NULL; its code says so. */
  if( rc==SQLITE_DONE && sqlite3_errcode(db)==SQLITE_NOMEM ) rc = SQLITE_NOMEM;
  sqlite3_finalize(stmt);
  sqlite3_close(db);
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

static void try_faults(int i, Kind kind, const char *what, int stays){
  static char want[65536], got[65536];
  char name[200];
  long n, wrong = 0, errors = 0;
  sqlite3_int64 before;
  armed = KIND_NONE;
  snprintf(name, sizeof(name), "faults_%s_%s%s", tables[i].name, what, stays ? "_and_after" : "");
  if( by_hands ) snprintf(name, sizeof(name), "faults_by_%d_hands_%s%s", by_hands, what, stays ? "_and_after" : "");
  if( scan(i, want, sizeof(want))!=SQLITE_OK || want[0]==0 ){
    check(name, 0, "the scan without faults failed");
    return;
  }
  before = sqlite3_memory_used();
  for(n=1; n<20000; n++){
    int rc;
    countdown = n;
    persistent = stays;
    hits = 0;
    armed = kind;
    rc = scan(i, got, sizeof(got));
    armed = KIND_NONE;
    if( hits==0 ) break;
    errors += rc!=SQLITE_OK;
    wrong += rc==SQLITE_OK && strcmp(got, want)!=0;
    wrong += kind==KIND_SHORT && rc!=SQLITE_OK;
    wrong += kind==KIND_EARLY_END && rc==SQLITE_OK && !strstr(got, want);
    if( sqlite3_memory_used()!=before ){
      check(name, 0, "memory leaked");
      return;
    }
  }
  if( getenv("TARN_TEST_COUNTS") ) printf("# %s: %ld faults, %ld errors\n", name, n - 1, errors);
  check(name, wrong==0 && n>1 && (errors>0 || kind==KIND_SHORT), wrong ? "wrong rows" : "no fault was met");
}

int main(void){
  int n = (int)(sizeof(tables)/sizeof(tables[0]));
  sqlite3_mem_methods methods;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain);
  methods = plain;
  methods.xMalloc = fault_malloc;
  methods.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_initialize();
  make_files();
  for(int i=0; i<n; i++){
    for(int stays=0; stays<2; stays++){
      try_faults(i, KIND_MEMORY, "memory", stays);
#ifndef __SANITIZE_ADDRESS__
      try_faults(i, KIND_LIBC, "malloc", stays);
#endif
      try_faults(i, KIND_SYSCALL, "calls", stays);
      try_faults(i, KIND_SHORT, "short_reads", stays);
    }
    try_faults(i, KIND_EARLY_END, "cut_reads", 1);
  }
  for(by_hands=1; by_hands<=3; by_hands += 2){
    for(int stays=0; stays<2; stays++){
      try_faults(0, KIND_MEMORY, "memory", stays);
      try_faults(0, KIND_SYSCALL, "calls", stays);
    }
  }
  {
    char command[300];
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    if( system(command) ) check("clean up", 0, "rm failed");
  }
  return failures!=0;
}
