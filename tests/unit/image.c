/*
** Table images: what a connection takes over is what INSERT would have stored.
**
** Random rows of all kinds and sizes go into one table by INSERT and into
** another by images; both must hold the same cells and as many payload bytes,
** and integrity_check must be content, inside a transaction, after it, after a
** rollback, and with every allocation failing in turn.
*/
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include "../../vtab/image.h"

#define COLUMNS_MAX 96
#define BIG 200000

static int failures;
static char big[BIG];

static void check(const char *name, int good, const char *why){
  if( good ) printf("ok %s\n", name);
  else printf("not ok %s: %s\n", name, why ? why : "");
  failures += !good;
}

/* --- Failing allocations ------------------------------------------------------- */

static sqlite3_mem_methods plain_memory;
static long countdown;          /* 0: none fails */

static int fails(void){
  return countdown>0 && --countdown==0;
}
static void *fault_malloc(int n){ return fails() ? 0 : plain_memory.xMalloc(n); }
static void *fault_realloc(void *p, int n){ return fails() ? 0 : plain_memory.xRealloc(p, n); }

static void install_faults(void){
  sqlite3_mem_methods m;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory);
  m = plain_memory;
  m.xMalloc = fault_malloc;
  m.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &m);
}

/* SQLite 3.40's own answer to a failed allocation in here is a connection that
** crashes later: it fails whole, without having begun. */
int sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *z, sqlite3_int64 n, sqlite3_int64 size, unsigned flags){
  int (*real)(sqlite3*, const char*, unsigned char*, sqlite3_int64, sqlite3_int64, unsigned);
  long held = countdown;
  int rc;
  if( fails() ){
    sqlite3_free(z);
    return SQLITE_NOMEM;
  }
  *(void**)&real = dlsym(RTLD_NEXT, "sqlite3_deserialize");
  countdown = 0;
  rc = real(db, schema, z, n, size, flags);
  countdown = held>1 ? held-1 : 0;
  return rc;
}

/* --- Random rows ---------------------------------------------------------------- */

static unsigned long long state;
static unsigned rnd(unsigned n){
  state = state*6364136223846793005u+1442695040888963407u;
  return (unsigned)(state>>33)%n;
}

static const char *const types[] = {"bigint", "integer", "double", "real", "varchar", "text decimal(10,2)", "boolean", "date", "array(double)", "blob"};
#define N_TYPE ((int)(sizeof(types)/sizeof(types[0])))

static int64_t random_integer(void){
  static const int64_t edge[] = {0, 1, -1, 127, 128, -128, -129, 32767, 32768, -32769, 8388607, 8388608, 2147483647, 2147483648LL,
    140737488355327LL, 140737488355328LL, -140737488355328LL, -140737488355329LL, INT64_MAX, INT64_MIN, INT64_MIN+1, 1LL<<53};
  if( rnd(2) ) return edge[rnd(sizeof(edge)/sizeof(edge[0]))];
  return (int64_t)((uint64_t)rnd(1u<<31)<<33 ^ rnd(1u<<31))>>rnd(64);
}

static double random_double(void){
  static const double edge[] = {0.0, -0.0, 1.0, 0.5, 1e15, 1e16, 1e17, 140737488355327.0, 140737488355328.0, -140737488355329.0,
    9007199254740992.0, 9223372036854775807.0, -9223372036854775808.0, 9.3e18, 1e300, 5e-324, INFINITY, -INFINITY, NAN};
  if( rnd(2) ) return edge[rnd(sizeof(edge)/sizeof(edge[0]))];
  return rnd(2) ? (double)random_integer() : (double)rnd(1000000)/1000.0;
}

/* page: lengths near what fills one. */
static int random_length(int page){
  switch( rnd(40) ){
    case 0: return (int)rnd(BIG);
    case 1: case 2: return page-60+(int)rnd(60);
    case 3: return (page-12)*32/255-40+(int)rnd(40);
    case 4: return (int)rnd(5000);
    default: return (int)rnd(40);
  }
}

static Value random_cell(const char *type, int page){
  int n = random_length(page);
  const char *z = big+rnd(BIG-(unsigned)n+1);
  int is_text = strstr(type, "char") || strstr(type, "text");
  if( rnd(6)==0 ) return value_null();
  if( strstr(type, "array") || is_text || rnd(12)==0 ) return rnd(9) ? value_text(z, (size_t)n) : value_blob(z, (size_t)n);
  if( strcmp(type, "date")==0 ) return value_text("2020-01-31", 10);
  if( strcmp(type, "double")==0 || strcmp(type, "real")==0 || rnd(3)==0 ) return value_real(random_double());
  return value_int(random_integer());
}

/* --- Both ways -------------------------------------------------------------------- */

typedef struct Case { int n_column, n_row, page, image_page; const char *type[COLUMNS_MAX]; Value *cell; } Case;

static void make_case(Case *c, int n_column, int n_row, int page, int image_page){
  c->n_column = n_column;
  c->n_row = n_row;
  c->page = page;
  c->image_page = image_page;
  c->cell = malloc(sizeof(Value)*(size_t)(n_column*n_row+1));
  for(int i=0; i<n_column; i++) c->type[i] = types[rnd(N_TYPE)];
  for(int i=0; i<n_row*n_column; i++) c->cell[i] = random_cell(c->type[i%n_column], image_page ? image_page : page);
}

static int run(sqlite3 *db, const char *sql){
  return sqlite3_exec(db, sql, 0, 0, 0);
}

static int number(sqlite3 *db, const char *sql){
  sqlite3_stmt *stmt;
  int n = -1;
  if( sqlite3_prepare_v2(db, sql, -1, &stmt, 0)==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ) n = sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return n;
}

static void create(sqlite3 *db, const Case *c, const char *name){
  char *sql = sqlite3_mprintf("CREATE TABLE %s(", name);
  for(int i=0; i<c->n_column; i++){
    char *more = sqlite3_mprintf("%s%sc%d \"%w\"", sql, i ? "," : "", i, c->type[i]);
    sqlite3_free(sql);
    sql = more;
  }
  char *all = sqlite3_mprintf("%s)", sql);
  run(db, all);
  sqlite3_free(sql);
  sqlite3_free(all);
}

static void bind(sqlite3_stmt *stmt, int i, const Value *v){
  switch( v->kind ){
    case V_INT: sqlite3_bind_int64(stmt, i, v->i); break;
    case V_REAL:
      if( isnan(v->r) ) sqlite3_bind_text(stmt, i, "NaN", 3, SQLITE_STATIC);
      else sqlite3_bind_double(stmt, i, v->r);
      break;
    case V_TEXT: sqlite3_bind_text(stmt, i, v->z, v->n, SQLITE_STATIC); break;
    case V_BLOB: sqlite3_bind_blob(stmt, i, v->z, v->n, SQLITE_STATIC); break;
    default: sqlite3_bind_null(stmt, i);
  }
}

static void insert_plain(sqlite3 *db, const Case *c){
  sqlite3_str *sql = sqlite3_str_new(0);
  sqlite3_stmt *stmt;
  char *z;
  sqlite3_str_appendall(sql, "INSERT INTO plain VALUES(?");
  for(int i=1; i<c->n_column; i++) sqlite3_str_appendall(sql, ",?");
  sqlite3_str_appendall(sql, ")");
  z = sqlite3_str_finish(sql);
  sqlite3_prepare_v2(db, z, -1, &stmt, 0);
  for(int r=0; r<c->n_row; r++){
    for(int i=0; i<c->n_column; i++) bind(stmt, i+1, &c->cell[r*c->n_column+i]);
    sqlite3_step(stmt);
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
  sqlite3_free(z);
}

/* Rows from..to as one image into dest. */
static int load(sqlite3 *db, const Case *c, int from, int to){
  ImageShape *shape = 0;
  Image *g = 0;
  char *error = 0;
  int rc = c->image_page ? image_shape_of(c->n_column, c->type, c->image_page, &shape) : image_shape(db, "dest", &shape);
  if( rc==SQLITE_OK ) rc = image_open(shape, &g);
  for(int r=from; r<to && rc==SQLITE_OK; r++) rc = image_add(g, c->cell+r*c->n_column);
  if( rc==SQLITE_OK ) rc = image_finish(g);
  if( rc==SQLITE_OK ) rc = image_load(db, "tarn_image", g, "dest", &error);
  if( rc && rc!=SQLITE_NOMEM ) printf("# %d %s\n", rc, error ? error : sqlite3_errmsg(db));
  sqlite3_free(error);
  image_close(g);
  sqlite3_free(shape);
  return rc;
}

static sqlite3 *open_lake(int page){
  sqlite3 *db;
  char sql[64];
  sqlite3_open(":memory:", &db);
  sqlite3_snprintf(sizeof(sql), sql, "PRAGMA page_size=%d", page);
  run(db, sql);
  return db;
}

static int same_tables(sqlite3 *db, const Case *c){
  sqlite3_str *a = sqlite3_str_new(0);
  char *z;
  int same;
  sqlite3_str_appendall(a, "SELECT count(*)=(SELECT count(*) FROM plain) FROM plain p JOIN dest d ON d.rowid=p.rowid WHERE 1");
  for(int i=0; i<c->n_column; i++){
    sqlite3_str_appendf(a, " AND typeof(p.c%d)=typeof(d.c%d) AND p.c%d IS d.c%d AND (typeof(p.c%d)<>'real' OR quote(p.c%d)=quote(d.c%d))", i, i, i, i, i, i, i);
  }
  z = sqlite3_str_finish(a);
  same = number(db, z);
  sqlite3_free(z);
  return same==1
    && number(db, "SELECT (SELECT count(*) FROM plain)=(SELECT count(*) FROM dest)")==1
    && number(db, "SELECT (SELECT total(payload) FROM dbstat WHERE name='plain' AND pagetype<>'internal')="
                         "(SELECT total(payload) FROM dbstat WHERE name='dest' AND pagetype<>'internal')")==1
    && number(db, "SELECT integrity_check='ok' FROM pragma_integrity_check")==1;
}

/* The image alone is a sound database. */
static int sound_image(const Case *c){
  ImageShape *shape = 0;
  Image *g = 0;
  sqlite3 *db;
  unsigned char *z;
  size_t n;
  int good;
  image_shape_of(c->n_column, c->type, c->image_page ? c->image_page : 65536, &shape);
  image_open(shape, &g);
  for(int r=0; r<c->n_row; r++) image_add(g, c->cell+r*c->n_column);
  good = image_finish(g)==SQLITE_OK && image_rows(g)==c->n_row;
  z = image_take(g, &n);
  sqlite3_open(":memory:", &db);
  good = good && sqlite3_deserialize(db, "main", z, (sqlite3_int64)n, (sqlite3_int64)n, SQLITE_DESERIALIZE_FREEONCLOSE)==SQLITE_OK
      && number(db, "SELECT integrity_check='ok' FROM pragma_integrity_check")==1
      && number(db, "SELECT count(*) FROM t")==c->n_row && number(db, "SELECT coalesce(max(rowid),0) FROM t")==c->n_row;
  sqlite3_close(db);
  image_close(g);
  sqlite3_free(shape);
  return good;
}

static int one(int n_column, int n_row, int page, int image_page){
  Case c;
  sqlite3 *db = open_lake(page);
  int cut, good;
  make_case(&c, n_column, n_row, page, image_page);
  create(db, &c, "plain");
  create(db, &c, "dest");
  run(db, "BEGIN");
  insert_plain(db, &c);
  cut = (int)rnd((unsigned)n_row+1);
  good = sound_image(&c) && load(db, &c, 0, cut)==SQLITE_OK && load(db, &c, cut, cut)==SQLITE_OK
      && load(db, &c, cut, n_row)==SQLITE_OK && same_tables(db, &c);
  image_detach(db, "tarn_image");
  run(db, "COMMIT");
  image_detach(db, "tarn_image");
  good = good && same_tables(db, &c) && sqlite3_db_readonly(db, "tarn_image")<0;
  sqlite3_close(db);
  free(c.cell);
  return good;
}

static void test_random(void){
  static const int pages[] = {512, 1024, 4096, 16384, 65536};
  static const int widths[] = {1, 2, 7, 23, COLUMNS_MAX};
  for(int i=0; i<60; i++){
    int width = widths[rnd(5)], page = pages[rnd(5)], image_page = rnd(3) ? pages[rnd(5)] : 0;
    int rows = rnd(8)==0 ? 0 : (int)rnd(400)/width+1, good = one(width, rows, page, image_page);
    if( good ) continue;
    printf("# %d columns, %d rows, page %d, image page %d, case %d\n", width, rows, page, image_page, i);
    check("random_rows", 0, "tables differ");
    return;
  }
  check("random_rows", 1, 0);
}

/* Depth: small pages, many rows. */
static void test_deep(void){
  check("deep_tree", one(2, 20000, 4096, 512), "tables differ");
}

/* Every length around the edges of a page. */
static void test_edges(void){
  static const int pages[] = {512, 4096, 65536};
  int good = 1;
  for(int p=0; p<3 && good; p++){
    Case c = { 1, 400, 4096, pages[p], {"varchar"}, 0 };
    sqlite3 *db = open_lake(4096);
    int least = (pages[p]-12)*32/255-23;
    c.cell = malloc(sizeof(Value)*400);
    for(int i=0; i<400; i++) c.cell[i] = value_text(big, (size_t)(i%4<2 ? pages[p]-35-50+i/4 : i%4==2 ? pages[p]-4+least-50+i/4 : 2*pages[p]-8+least-50+i/4));
    create(db, &c, "plain");
    create(db, &c, "dest");
    insert_plain(db, &c);
    good = sound_image(&c) && load(db, &c, 0, 400)==SQLITE_OK && same_tables(db, &c);
    image_detach(db, "tarn_image");
    sqlite3_close(db);
    free(c.cell);
  }
  check("edges_of_pages", good, "tables differ");
}

static void test_rollback(void){
  Case c;
  sqlite3 *db = open_lake(4096);
  int good;
  make_case(&c, 5, 300, 4096, 0);
  create(db, &c, "dest");
  good = load(db, &c, 0, 100)==SQLITE_OK;
  run(db, "BEGIN");
  good = good && load(db, &c, 100, 200)==SQLITE_OK && load(db, &c, 200, 300)==SQLITE_OK && number(db, "SELECT count(*) FROM dest")==300;
  run(db, "ROLLBACK");
  good = good && number(db, "SELECT count(*) FROM dest")==100;
  run(db, "BEGIN");
  good = good && load(db, &c, 100, 300)==SQLITE_OK;
  run(db, "COMMIT");
  good = good && number(db, "SELECT count(*) FROM dest")==300 && number(db, "SELECT integrity_check='ok' FROM pragma_integrity_check")==1;
  check("rollback", good, "rows or pages are wrong");
  sqlite3_close(db);
  free(c.cell);
}

/* SQLite copies rows without looking into them. */
static void test_transfer(void){
  Case c;
  sqlite3 *db = open_lake(4096);
  sqlite3_stmt *stmt;
  int copies = 0, columns = 0;
  make_case(&c, 9, 10, 4096, 0);
  create(db, &c, "dest");
  load(db, &c, 0, 10);
  sqlite3_prepare_v2(db, "EXPLAIN INSERT INTO main.dest SELECT * FROM tarn_image.t", -1, &stmt, 0);
  while( sqlite3_step(stmt)==SQLITE_ROW ){
    const char *op = (const char*)sqlite3_column_text(stmt, 1);
    copies |= strcmp(op, "RowData")==0 || strcmp(op, "RowCell")==0;
    columns |= strcmp(op, "Column")==0;
  }
  sqlite3_finalize(stmt);
  check("transfer", copies && !columns, "the transfer optimization is not taken");
  sqlite3_close(db);
  free(c.cell);
}

static void test_refused(void){
  static const char *const table[] = {"a INTEGER PRIMARY KEY", "a INT NOT NULL", "a INT DEFAULT 3", "a INT, b INT AS (a+1)", "a TEXT COLLATE NOCASE",
    "a INT UNIQUE", "a", "a TEXT PRIMARY KEY) WITHOUT ROWID; CREATE TABLE other(a INT"};
  ImageShape *shape = 0;
  Image *g = 0;
  const char *const declared[] = {"bigint", "varchar"};
  const Value number_text[] = {value_text("12", 2), value_null()}, text_number[] = {value_null(), value_int(3)};
  int good = 1;
  for(size_t i=0; i<sizeof(table)/sizeof(table[0]); i++){
    sqlite3 *db = open_lake(4096);
    char *sql = sqlite3_mprintf("CREATE TABLE dest(%s)", table[i]);
    good &= run(db, sql)==SQLITE_OK && image_shape(db, "dest", &shape)==SQLITE_NOTFOUND;
    if( !good ) printf("# %s\n", sql);
    sqlite3_free(sql);
    sqlite3_close(db);
  }
  check("refused_tables", good, "a table was taken");
  image_shape_of(2, declared, 4096, &shape);
  image_open(shape, &g);
  check("refused_cells", image_add(g, number_text)==SQLITE_MISMATCH && image_add(g, text_number)==SQLITE_MISMATCH && image_rows(g)==0, "a cell was taken");
  image_close(g);
  sqlite3_free(shape);
}

/* Each allocation fails once; nothing leaks, the lake stays sound. */
static void test_memory(void){
  Case c;
  sqlite3_int64 before = sqlite3_memory_used();
  int rc = SQLITE_NOMEM, good = 1;
  long n;
  make_case(&c, 7, 60, 4096, 0);
  for(n=1; rc==SQLITE_NOMEM && n<5000; n++){
    sqlite3 *db = open_lake(4096);
    create(db, &c, "dest");
    run(db, "BEGIN");
    countdown = n;
    rc = load(db, &c, 0, 30);
    if( rc==SQLITE_OK ) rc = load(db, &c, 30, 60);
    if( rc==SQLITE_OK && countdown==0 ) rc = SQLITE_NOMEM;     /* SQLite did without it */
    countdown = 0;
    image_detach(db, "tarn_image");
    run(db, rc==SQLITE_OK ? "COMMIT" : "ROLLBACK");
    good &= number(db, "SELECT count(*) FROM dest")==(rc==SQLITE_OK ? 60 : 0) && number(db, "SELECT integrity_check='ok' FROM pragma_integrity_check")==1;
    sqlite3_close(db);
  }
  free(c.cell);
  check("failed_allocations", good && rc==SQLITE_OK && n>20, "an error or a damaged table");
  check("no_leak", sqlite3_memory_used()==before, "memory is still held");
}

int main(void){
  install_faults();
  state = 20240131;
  for(int i=0; i<BIG; i++) big[i] = (char)('a'+rnd(26));
  test_random();
  test_deep();
  test_edges();
  test_rollback();
  test_transfer();
  test_refused();
  test_memory();
  return failures!=0;
}
