/*
** Landing rows in blocks against a plain reading of the same bytes: any size of
** blocks, 1, 2 and 4 hands, every kernel; rows, rejects, inputs and errors.
**
** The plain reading is written here: lines cut one by one out of the whole
** file, the SerDe's reader without templates, filters last.  Files are of
** regular and hostile lines: keys out of order, doubled, left out; escapes,
** text that is not ASCII, not UTF-8; \n, \r, \r\n mixed; blank lines; byte order
** marks; lines longer than blocks; malformed ones; gzip.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <sqlite3.h>
#include <zlib.h>
#include "../../vtab/jsonl.h"
#include "../../vtab/jsonl_rows.h"
#include "../../vtab/jsonl_table.h"
#include "../../vtab/scan.h"

#define COLUMNS 8
#define FILES_MAX 4
#define FILE_BYTES 400000
#define PASSES 3                /* configurations of each round */

static unsigned long long seed = 1234567;
static int failures;
static char folder[200];

static unsigned pick(unsigned n){
  seed ^= seed<<13;
  seed ^= seed>>7;
  seed ^= seed<<17;
  return (unsigned)(seed>>11)%n;
}

static void check(const char *name, int good, const char *why){
  failures += !good;
  if( good ) printf("ok %s\n", name);
  else printf("not ok %s: %s\n", name, why);
}

/* --- Files --------------------------------------------------------------- */

typedef struct File { char url[400], path[300]; char *z; size_t n; int is_gzip; } File;

static const char *const keys[COLUMNS] = { "id", "v", "f", "d", "m", "b", "t", "day" };
static const char *const types[COLUMNS] = { "int", "string", "float", "double", "bigint", "boolean", "timestamp", "date" };
static const char *const values[] = { "1", "-1", "0", "-0", "007", "1.5", "-0.0", "123456.789", "0.1", "-99999999.5", "1e3", "1E-3",
  "9223372036854775807", "123456789012345", "1234567890123456", "-12345678901234.5", "1655564444103", "null", "true", "false", "NaN",
  "\"\"", "\"x\"", "\"1.5\"", "\"caf\xc3\xa9\"", "\"caf\xe9\"", "\"a\\nb\"", "\"\\u00e9\"", "'single'", "\"2024-02-29\"",
  "\"2024-02-29 10:11:12.5\"", "[1,2]", "{\"a\":1}", ".5", "1.2.3", "\"tab\there\"", "\"long enough to cross one block of thirty-two bytes\"" };
#define N_VALUE ((unsigned)(sizeof(values)/sizeof(values[0])))
static const char *const regular[COLUMNS][3] = { { "12", "-7", "900" }, { "\"ab\"", "\"Sarah.Davis0@test.com\"", "\"a longer text than that, of more than 32\"" },
  { "1.5", "-0.25", "3" }, { "0.29", "-0.72", "10.125" }, { "1657227497962", "-5", "0" }, { "true", "false", "null" },
  { "\"2024-02-29 10:11:12\"", "null", "1655564444103" }, { "\"2024-02-29\"", "\"1999-12-31\"", "null" } };

static size_t make_line(char *z, int wild){
  size_t n = (size_t)sprintf(z, "{");
  int order = wild ? (int)pick(COLUMNS) : 0, first = 1;
  for(int i=0; i<COLUMNS; i++){
    int k = (i + order)%COLUMNS;
    if( pick(wild ? 5 : 40)==0 ) continue;
    if( wild && pick(10)==0 ) k = (int)pick(COLUMNS);
    n += (size_t)sprintf(z + n, "%s\"%s\":%s", first ? "" : ",", keys[k], wild && pick(2) ? values[pick(N_VALUE)] : regular[k][pick(3)]);
    first = 0;
  }
  if( wild && pick(60)==0 ) n += (size_t)sprintf(z + n, ",\"long\":\"%0*d\"", (int)pick(9000), 7);
  n += (size_t)sprintf(z + n, "}%s", wild && pick(12)==0 ? " {}" : wild && pick(12)==0 ? "  " : "");
  if( wild && pick(40)==0 ) n = 0;
  if( wild && pick(60)==0 && n ) z[pick((unsigned)n)] = "\"\\,:{}[] 0aN\xff\0"[pick(14)];
  return n;
}

/* wild: one line of so many is hostile. */
static size_t make_file(char *z, int wild){
  static const char *const ends[] = { "\n", "\r\n", "\r" };
  int lines = (int)pick(pick(4) ? 30 : 700), kind = (int)pick(6);
  size_t n = 0;
  if( pick(6)==0 ) n += (size_t)sprintf(z, "\xef\xbb\xbf");
  for(int i=0; i<lines && n<FILE_BYTES - 12000; i++){
    n += make_line(z + n, wild && pick((unsigned)wild)==0);
    if( i + 1<lines || pick(2) ) n += (size_t)sprintf(z + n, "%s", ends[kind<3 ? 0 : kind<5 ? kind - 3 : (int)pick(3)]);
  }
  return n;
}

static void write_file(File *f, const char *name){
  sprintf(f->path, "%s/%s", folder, name);
  sprintf(f->url, "file://%s", f->path);
  if( f->is_gzip ){
    gzFile g = gzopen(f->path, "wb1");
    size_t half = pick((unsigned)f->n + 1);     /* two members */
    gzwrite(g, f->z, (unsigned)half);
    gzclose(g);
    g = gzopen(f->path, "ab1");
    gzwrite(g, f->z + half, (unsigned)(f->n - half));
    gzclose(g);
  }else{
    FILE *out = fopen(f->path, "wb");
    fwrite(f->z, 1, f->n, out);
    fclose(out);
  }
}

/* --- What is compared: one text ------------------------------------------- */

static void put_value(Buf *b, const Value *v){
  switch( v->kind ){
    case V_NULL: buf_str(b, "|null"); break;
    case V_INT: buf_printf(b, "|%lld", (long long)v->i); break;
    case V_REAL: buf_printf(b, v->r!=v->r ? "|nan" : "|%a", v->r); break;
    default:
      buf_printf(b, "|%d:", v->n);
      buf_add(b, v->z, (size_t)v->n);
      break;
  }
}

static void put_row(Buf *b, const Value *cell, int n){
  for(int i=0; i<n; i++) put_value(b, &cell[i]);
  buf_char(b, '\n');
}

static void put_reject(Buf *b, const char *path, sqlite3_int64 line, sqlite3_int64 byte, const char *reason, const char *raw, int n){
  buf_printf(b, "reject %s:%lld:%lld %s ", strrchr(path, '/'), (long long)line, (long long)byte, reason);
  buf_add(b, raw, (size_t)n);
  buf_char(b, '\n');
}

static int hear_reject(void *arg, const JsonlReject *r){
  put_reject((Buf*)arg + 1, r->path, r->line, r->byte, r->reason, r->raw, r->n_raw);
  return 0;
}

static int hear_input(void *arg, const JsonlInput *in){
  buf_printf((Buf*)arg + 1, "input %s %lld\n", strrchr(in->path, '/'), (long long)in->size);
  return 0;
}

/* --- The plain reading ---------------------------------------------------- */

typedef struct Plan { JsonlRowsPlan rows; int column[COLUMNS + 3]; Filter filter[3]; } Plan;

/* The end of the line at i; *next is where the next begins. */
static size_t line_end(const File *f, size_t i, size_t *next){
  while( i<f->n && f->z[i]!='\n' && f->z[i]!='\r' ) i++;
  *next = i + (i<f->n);
  if( i + 1<f->n && f->z[i]=='\r' && f->z[i + 1]=='\n' ) *next = i + 2;
  return i;
}

/* One record: 1 when the reading goes on. */
static int plain_record(const File *f, const Plan *plan, SerdeRow *row, int line, const char *z, size_t n, Buf *out, char **error){
  char *record = calloc(1, n + SCAN_PADDING);
  Value cell[COLUMNS + 3];
  int pass = 1;
  memcpy(record, z, n);
  arena_reset(&row->arena);
  row->error.code = 0;
  row->passed = 0;
  if( row->serde->ops->decode(row, record, n) ){
    const SerdeError *e = &row->error;
    *error = e->message ? sqlite3_mprintf("%s: %s\nat %s:%d byte %d%s%s: %s", e->code, e->message, f->url, line, (int)e->byte + 1,
                                          e->column ? " column " : "", e->column ? e->column : "", e->reason)
                        : sqlite3_mprintf("%s: Failed to read file at %s\nat %s:%d byte %d%s%s: %s", e->code, f->url, f->url, line, (int)e->byte + 1,
                                          e->column ? " column " : "", e->column ? e->column : "", e->reason);
    free(record);
    return 0;
  }
  if( row->passed ) put_reject(out + 1, f->path, line, (sqlite3_int64)row->passed_byte + 1, row->passed, record, n<JSONL_RAW_MAX ? (int)n : JSONL_RAW_MAX);
  for(int i=0; i<plan->rows.n_filter; i++) pass &= filter_may_pass(&plan->filter[i], &row->cell[plan->filter[i].column]);
  for(int i=0; i<plan->rows.n_column; i++){
    int c = plan->column[i];
    cell[i] = c<COLUMNS ? row->cell[c] : value_text(f->url, strlen(f->url));
  }
  if( pass ) put_row(out, cell, plan->rows.n_column);
  free(record);
  return 1;
}

static void plain_read(const Serde *serde, const File *file, int n_file, const Plan *plan, Buf *out, char **error){
  unsigned char used[COLUMNS] = { 0 };
  SerdeRow row;
  int any = 0, go_on = 1;
  memset(&row, 0, sizeof(row));
  row.serde = serde;
  row.used = used;
  row.plain = 1;
  row.cell = calloc(COLUMNS, sizeof(Value));
  for(int i=0; i<plan->rows.n_column; i++) if( plan->column[i]<COLUMNS ) any = used[plan->column[i]] = 1;
  for(int i=0; i<plan->rows.n_filter; i++) any = used[plan->filter[i].column] = 1;
  for(int k=0; k<n_file && go_on; k++){
    const File *f = &file[k];
    size_t at = f->n>=3 && memcmp(f->z, "\xef\xbb\xbf", 3)==0 ? 3 : 0;
    for(int line=1; at<f->n && go_on; line++){
      size_t next, stop = line_end(f, at, &next);
      Value path = value_text(f->url, strlen(f->url));
      if( any ) go_on = plain_record(f, plan, &row, line, f->z + at, stop - at, out, error);
      else for(int i=0; i<plan->rows.n_column || i==0; i++) put_row(out, &path, plan->rows.n_column ? 1 : 0);
      at = next;
    }
    {
      struct stat st;
      stat(f->path, &st);
      buf_printf(out + 1, "input %s %lld\n", strrchr(f->path, '/'), (long long)st.st_size);
    }
  }
  if( serde->ops->end ) serde->ops->end(&row);
  sqlite3_free(row.state);
  arena_free(&row.arena);
  free(row.cell);
}

/* --- By blocks ------------------------------------------------------------ */

static void block_read(struct JsonlTable *t, const Plan *plan, Buf *out, char **error){
  RowSource *source = 0;
  RowBlock *b;
  int rc = jsonl_rows_open(t, &plan->rows, &source, error);
  while( rc==SQLITE_OK && (rc = source->ops->next(source, &b, error))==SQLITE_ROW ){
    for(int i=0; i<b->n; i++) put_row(out, b->cell + i*b->width, b->width);
    rc = SQLITE_OK;
  }
  if( source ) source->ops->close(source);
  if( rc!=SQLITE_DONE && *error==0 ) *error = sqlite3_mprintf("code %d without a message", rc);
}

/* The cursor: the rows as SQL, with their lines. */
static int sql_agrees(sqlite3 *db){
  static const char *const sql = "SELECT count(*), count(DISTINCT rowid), (SELECT count(*) FROM (SELECT \"$path\", \"$line\" FROM t GROUP BY 1, 2)), "
    "sum(\"$line\"), count(id), count(v), sum(length(v)) FROM t";
  static const char *const filtered = "SELECT count(*) + (SELECT count(*) FROM t WHERE id IS NULL) FROM t WHERE id IS NOT NULL";
  sqlite3_stmt *a = 0, *b = 0;
  int good = 1;
  sqlite3_prepare_v2(db, sql, -1, &a, 0);
  sqlite3_prepare_v2(db, filtered, -1, &b, 0);
  if( sqlite3_step(a)==SQLITE_ROW && sqlite3_step(b)==SQLITE_ROW ){
    good = sqlite3_column_int64(a, 0)==sqlite3_column_int64(a, 1) && sqlite3_column_int64(a, 0)==sqlite3_column_int64(a, 2)
        && sqlite3_column_int64(a, 0)==sqlite3_column_int64(b, 0);
  }
  sqlite3_finalize(a);
  sqlite3_finalize(b);
  return good;
}

/* --- Rounds --------------------------------------------------------------- */

static void make_plan(Plan *p){
  memset(p, 0, sizeof(*p));
  p->rows.column = p->column;
  p->rows.filter = p->filter;
  if( pick(8) ){
    p->rows.n_column = (int)pick(COLUMNS + 2);
    for(int i=0; i<p->rows.n_column; i++) p->column[i] = (int)pick(COLUMNS + (pick(8)==0));
    if( pick(3)==0 ) for(int i=0; i<p->rows.n_column; i++) p->column[i] = i<COLUMNS ? i : 0;
  }
  if( pick(3)==0 ){
    p->rows.n_filter = 1 + (int)pick(2);
    filter_compare(&p->filter[0], 0, pick(2) ? SQLITE_INDEX_CONSTRAINT_GT : SQLITE_INDEX_CONSTRAINT_NE, value_int(pick(20)));
    filter_compare(&p->filter[1], 1, SQLITE_INDEX_CONSTRAINT_ISNOTNULL, value_null());
  }
}

static const char *const kernels[] = { "scalar", "sse", "avx2" };
static const int block_sizes[] = { 16, 17, 100, 1000, 5000, 60000 };

typedef struct Lake { sqlite3 *db; JsonlHost host; sqlite3_stmt *hold; struct JsonlTable *t; Buf out[2]; } Lake;

static void lake_open(Lake *lake, const JsonlProperty *property, int n_property){
  JsonlColumn column[COLUMNS];
  JsonlSpec spec = { .location = folder, .serde = "org.openx.data.jsonserde.JsonSerDe", .n_column = COLUMNS, .column = column,
    .n_property = n_property, .property = property };
  char *sql;
  memset(lake, 0, sizeof(*lake));
  for(int i=0; i<COLUMNS; i++) column[i] = (JsonlColumn){ keys[i], types[i], 0 };
  lake->host.on_reject = hear_reject;
  lake->host.on_input = hear_input;
  lake->host.arg = lake->out;
  sqlite3_open(":memory:", &lake->db);
  jsonl_register(lake->db, &lake->host);
  sql = jsonl_create_sql("t", &spec);
  sqlite3_exec(lake->db, sql, 0, 0, 0);
  sqlite3_free(sql);
  sqlite3_prepare_v2(lake->db, "SELECT * FROM t", -1, &lake->hold, 0);
  lake->t = jsonl_find(&lake->host, "main", "t");
}

static void lake_close(Lake *lake){
  buf_free(&lake->out[0]);
  buf_free(&lake->out[1]);
  sqlite3_finalize(lake->hold);
  sqlite3_close(lake->db);
}

static int same_text(const Buf *a, const Buf *b){
  return a->n==b->n && (a->n==0 || memcmp(a->z, b->z, a->n)==0);
}

/* One configuration: 1 when it gives what the plain reading gave. */
static int pass_agrees(Lake *lake, Plan *plan, const Buf *expected, const char *error, char *why){
  char *got = 0;
  const char *kernel = kernels[pick(3)];
  int same;
  plan->rows.n_hand = 1<<pick(3);
  plan->rows.block_bytes = pick(8) ? block_sizes[pick(6)] : 0;
  setenv("TARN_KERNEL", kernel, 1);
  lake->out[0].n = lake->out[1].n = 0;
  block_read(lake->t, plan, lake->out, &got);
  same = (error==0)==(got==0) && (error==0 || strcmp(error, got)==0);
  if( !same ) sprintf(why, "error %.200s, not %.200s", got ? got : "none", error ? error : "none");
  if( same && !same_text(&lake->out[0], &expected[0]) ) same = 0, sprintf(why, "other rows: %zu bytes, not %zu", lake->out[0].n, expected[0].n);
  if( same && !same_text(&lake->out[1], &expected[1]) ) same = 0, sprintf(why, "other reports: %.300s\nnot\n%.300s", lake->out[1].z, expected[1].z);
  if( !same ) sprintf(why + strlen(why), " (%d hands, blocks of %d, %s, %d columns, %d filters)", plan->rows.n_hand, plan->rows.block_bytes, kernel,
                      plan->rows.n_column, plan->rows.n_filter);
  sqlite3_free(got);
  return same;
}

static void rounds(const char *name, int n_round, int wild, const JsonlProperty *property, int n_property){
  File file[FILES_MAX];
  char why[2000] = "";
  int good = 1;
  for(int i=0; i<FILES_MAX; i++) file[i].z = malloc(FILE_BYTES);
  for(int round=0; round<n_round && good; round++){
    int n_file = 1 + (int)pick(FILES_MAX);
    unsigned long long before = seed;
    Lake lake;
    Buf expected[2];
    char *error = 0;
    Plan plan;
    buf_init(&expected[0], 0);
    buf_init(&expected[1], 0);
    for(int i=0; i<n_file; i++){
      char file_name[40];
      file[i].n = make_file(file[i].z, wild);
      file[i].is_gzip = pick(4)==0;
      sprintf(file_name, "f%d.json%s", i, file[i].is_gzip ? ".gz" : "");
      write_file(&file[i], file_name);
    }
    make_plan(&plan);
    lake_open(&lake, property, n_property);
    plain_read(&lake.t->serde, file, n_file, &plan, expected, &error);
    for(int k=0; k<PASSES && good; k++) good = pass_agrees(&lake, &plan, expected, error, why);
    if( good && !sql_agrees(lake.db) ) good = 0, sprintf(why, "rows by SQL are other ones");
    if( !good ) sprintf(why + strlen(why), ", round %d, seed %llu", round, before);
    for(int i=0; i<n_file; i++) unlink(file[i].path);
    lake_close(&lake);
    sqlite3_free(error);
    buf_free(&expected[0]);
    buf_free(&expected[1]);
  }
  for(int i=0; i<FILES_MAX; i++) free(file[i].z);
  check(name, good, why);
}

/* A gzip stream that is cut off: the same error with any hands; never an end. */
static void truncated_streams_are_errors(void){
  static const int column[] = { 0, 1 };
  File f = { .is_gzip = 1, .z = malloc(FILE_BYTES) };
  char first[600] = "";
  int good = 1;
  while( f.n<50000 ) f.n += (size_t)sprintf(f.z + f.n, "{\"id\":%u,\"v\":\"%u\"}\n", pick(1000000), pick(1000000));
  write_file(&f, "cut.json.gz");
  if( truncate(f.path, 9000) ) good = 0;
  for(int i=0; i<12 && good; i++){
    Plan plan = { .rows = { .n_column = i%2*2, .column = column, .n_hand = 1<<(i%3), .block_bytes = block_sizes[2 + i%4] } };
    char *error = 0;
    Lake lake;
    lake_open(&lake, 0, 0);
    block_read(lake.t, &plan, lake.out, &error);
    if( i==0 && error ) snprintf(first, sizeof(first), "%s", error);
    good = error && strcmp(error, first)==0 && strstr(error, "truncated gzip stream")!=0;
    sqlite3_free(error);
    lake_close(&lake);
  }
  unlink(f.path);
  free(f.z);
  check("truncated_streams_are_errors", good, first);
}

/* Sources that are closed early: no hang, and each file is told of once. */
static void early_ends_are_quiet(void){
  static const int column[] = { 0, 1, 2, 3 };
  File f = { .z = malloc(FILE_BYTES) };
  int good = 1;
  while( f.n<300000 ) f.n += (size_t)sprintf(f.z + f.n, "{\"id\":%u,\"v\":\"%u\"}\n", pick(1000), pick(1000));
  write_file(&f, "a.json");
  for(int i=0; i<200 && good; i++){
    Plan plan = { .rows = { .n_column = 4, .column = column, .n_hand = 1<<(i%3), .block_bytes = 4000 } };
    RowSource *source = 0;
    RowBlock *b;
    char *error = 0;
    Lake lake;
    lake_open(&lake, 0, 0);
    good = jsonl_rows_open(lake.t, &plan.rows, &source, &error)==SQLITE_OK;
    for(int k=i%7; k>0 && good; k--) good = source->ops->next(source, &b, &error)==SQLITE_ROW && b->n>0;
    if( source ) source->ops->close(source);
    good = good && (lake.out[1].n>0)==(i%7>0);
    lake_close(&lake);
  }
  unlink(f.path);
  free(f.z);
  check("early_ends_are_quiet", good, "an early close went wrong");
}

int main(int argc, char **argv){
  static const JsonlProperty ignore[] = { {"ignore.malformed.json", "true"}, {"use.null.for.invalid.data", "true"} };
  static const JsonlProperty dots[] = { {"ignore.malformed.json", "true"}, {"dots.in.keys", "true"}, {"mapping.v", "id"} };
  int n = argc>1 ? atoi(argv[1]) : 120;
  sprintf(folder, "%s/tarn-blocks-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
  if( mkdtemp(folder)==0 ) return 1;
  rounds("blocks_of_regular_lines", n, 0, 0, 0);
  rounds("blocks_of_hostile_lines", n, 3, ignore, 2);
  rounds("blocks_of_now_and_then_a_hostile_line", n, 60, ignore, 2);
  rounds("blocks_with_errors", n, 200, 0, 0);
  rounds("blocks_with_mappings", n/2, 5, dots, 3);
  truncated_streams_are_errors();
  early_ends_are_quiet();
  rmdir(folder);
  return failures!=0;
}
