/*
** Landing formats on hostile bytes: every SerDe on generated and mutated lines
** of every type, every codec on damaged streams.
**
** Nothing may crash (ASan and UBSan watch in `make asan`); a record is a row or
** a named error; every value of a row must load as its type, which proves the
** stored form; damaged streams end.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include <zlib.h>
#include "../../vtab/serde.h"
#include "../../vtab/scan.h"
#include "../../vtab/source.h"
#include "../../vtab/codec.h"

#define LINES 25000
#define STREAMS 4000

static unsigned long long seed = 7;
static int failures;

static unsigned pick(unsigned n){
  seed ^= seed<<13;
  seed ^= seed>>7;
  seed ^= seed<<17;
  return (unsigned)(seed>>11)%n;
}

static void check(const char *name, int good, const char *why){
  if( good ) printf("ok %s\n", name);
  else{
    failures++;
    printf("not ok %s: %s\n", name, why);
  }
}

/* --- SerDes -------------------------------------------------------------- */

static const char *const types[] = { "int", "bigint", "float", "double", "boolean", "string", "varchar(3)", "char(4)",
  "binary", "date", "timestamp", "decimal(5,2)", "decimal(38,10)", "decimal(38,38)", "array<string>", "map<string,int>", "map<int,double>",
  "map<date,array<boolean>>", "map<decimal(4,1),string>", "map<boolean,string>", "struct<a:int,b:struct<c:array<decimal(6,3)>,d:timestamp>>",
  "array<struct<x:char(3),y:binary>>", "map<string,map<string,float>>" };
#define N_TYPE ((int)(sizeof(types)/sizeof(types[0])))

static const char *const pieces[] = { "{", "}", "[", "]", ":", ",", "\"", "'", "\\", "\"a\":", "\"b\":{", "\"c0\":", "\"c1\":", "\"c9\":[",
  "\"c14\":[\"x\",", "\"c15\":{\"k\":1,", "\"c20\":{\"a\":1,\"b\":{\"c\":[1.5,", "null", "true", "1", "-1.5e3", "9.995", "010", "0x1F", "1e400",
  "99999999999999999999999999999999999999.5", "\"2024-02-29\"", "\"2024-13-45 25:61:61.999999999\"", "\"-99999999-1-1\"", "\"\\u00e9\\ud83d\\ude00\"", "\"\\ud83d\"",
  "\xff", "\xc3", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "//", "/*", "*/", "#", "=>", ";", " ", "\t", "|", "\x01", "\x02", "\x03", "\\N", "\\n", "NaN",
  "\"Infinity\"", "-Infinity", "aGVsbG8=", "\"aGVsbG8=\"", "_col3", "\"_COL4\":2", "<\\/", "</", "+", "-", ".", "e5", "\"\"", "\" \"", "{}", "[]", "[,]" };

static size_t make_line(char *z){
  size_t n = 0;
  int k = (int)pick(40), json = (int)pick(3);
  if( json ) z[n++] = '{';
  for(int i=0; i<k; i++){
    const char *p = pieces[pick(sizeof(pieces)/sizeof(pieces[0]))];
    if( json && pick(3)==0 ) n += (size_t)sprintf(z + n, "\"c%d\":", (int)pick(N_TYPE));
    n += (size_t)sprintf(z + n, "%s", p);
    if( json && pick(3)==0 ) z[n++] = ',';
  }
  if( json && pick(2) ) z[n++] = '}';
  if( n && pick(20)==0 ) z[pick((unsigned)n)] = (char)pick(256);
  return n;
}

/* A text that the type can read. */
static const char *good_text(const Type *t){
  switch( t->kind ){
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: return pick(2) ? "12" : "-7";
    case T_REAL: case T_DOUBLE: return pick(2) ? "1.5" : "-2e3";
    case T_BOOLEAN: return pick(2) ? "true" : "FALSE";
    case T_DECIMAL: return pick(2) ? "0.12345" : "-0.5";
    case T_DATE: return pick(2) ? "2024-02-29" : "1969-12-31 x";
    case T_TIMESTAMP: return pick(2) ? "2024-02-29 10:11:12.5" : "1969-12-31T23:59:59";
    case T_VARBINARY: return "aGVsbG8=";
    default: return pick(2) ? "abcdef" : "\xe2\x82\xac x";
  }
}

/* A whole value of a type in JSON, so that the deep ways are taken too; one in
** `odds` scalars is anything. */
static size_t make_value(char *z, const Type *t, int depth, int odds){
  size_t n = 0;
  int k = (int)pick(4), bare;
  if( depth>4 || pick((unsigned)odds)==0 ) return (size_t)sprintf(z, "%s", pick(2) ? "null" : pieces[17 + pick(14)]);
  switch( t->kind ){
    case T_ARRAY: case T_MAP:
      z[n++] = t->kind==T_ARRAY ? '[' : '{';
      for(int i=0; i<k; i++){
        if( i ) z[n++] = ',';
        if( t->kind==T_MAP ) n += (size_t)sprintf(z + n, "\"%s\":", good_text(t->arg[0]));
        n += make_value(z + n, t->arg[t->n - 1], depth + 1, odds);
      }
      return n + (size_t)sprintf(z + n, "%c", t->kind==T_ARRAY ? ']' : '}');
    case T_ROW:
      z[n++] = '{';
      for(int i=0; i<t->n; i++){
        n += (size_t)sprintf(z + n, "%s\"%s\":", i ? "," : "", t->name[i]);
        n += make_value(z + n, t->arg[i], depth + 1, odds);
      }
      return n + (size_t)sprintf(z + n, "}");
    default:
      bare = type_is_numeric(t) && t->kind!=T_DECIMAL;
      return (size_t)sprintf(z, bare ? "%s" : "\"%s\"", good_text(t));
  }
}

static size_t make_row(char *z, const Serde *serde, int odds){
  size_t n = (size_t)sprintf(z, "{");
  for(int i=0, any=0; i<serde->n_column; i++){
    if( pick(3) ) continue;
    n += (size_t)sprintf(z + n, "%s\"c%d\":", any++ ? "," : "", i);
    n += make_value(z + n, serde->column[i].type, 0, odds);
  }
  return n + (size_t)sprintf(z + n, "}");
}

/* A value in delimited text. */
static size_t make_field(char *z, const Type *t, const char *separators){
  size_t n = 0;
  int k = (int)pick(4);
  z[0] = 0;
  if( pick(10)==0 ) return (size_t)sprintf(z, "%s", pick(2) ? "\\N" : pieces[pick(sizeof(pieces)/sizeof(pieces[0]))]);
  if( t->kind==T_ROW ) k = t->n;
  if( t->kind!=T_ARRAY && t->kind!=T_MAP && t->kind!=T_ROW ) return (size_t)sprintf(z, "%s", good_text(t));
  for(int i=0; i<k; i++){
    if( i ) z[n++] = separators[0];
    if( t->kind==T_MAP ){
      n += make_field(z + n, t->arg[0], separators + 2);
      z[n++] = separators[1];
      n += make_field(z + n, t->arg[1], separators + 2);
    }else{
      n += make_field(z + n, t->arg[t->kind==T_ROW ? i : 0], separators + 1);
    }
  }
  return n;
}

static size_t make_text(char *z, const Serde *serde, const char *separators){
  size_t n = 0;
  for(int i=0; i<serde->n_column; i++){
    if( i ) z[n++] = separators[0];
    n += make_field(z + n, serde->column[i].type, separators + 1);
  }
  return n;
}

/* A line as the SerDe likes it. */
static size_t make_good(char *z, const Serde *serde){
  if( serde->ops==&serde_lazy ) return make_text(z, serde, serde->n_property ? "|,:\004\005\006" : "\1\2\3\4\5\6");
  return make_row(z, serde, serde->ops==&serde_hcatalog ? 60 : 6);
}

static long loaded[64];          /* values seen of each type */

static const char *judge(SerdeRow *row, int rc, Arena *a){
  static char why[200];
  if( rc ) return row->error.code || row->arena.oom ? 0 : "an error without a code";
  for(int i=0; i<row->serde->n_column; i++){
    Value out;
    const Type *t = row->serde->column[i].type;
    if( row->cell[i].kind==V_NULL ) continue;
    loaded[i]++;
    if( value_load(a, t, &row->cell[i], &out)==0 && out.kind!=V_NULL ) continue;
    snprintf(why, sizeof(why), "%s does not load: %.*s", types[i], row->cell[i].kind==V_TEXT ? row->cell[i].n : 0, row->cell[i].z);
    return why;
  }
  return 0;
}

static void fuzz_serde(const char *class_name, const SerdeProperty *property, int n_property, int n_column, int strings){
  static char line[65536];
  SerdeColumn column[N_TYPE];
  char names[N_TYPE][8];
  unsigned char used[N_TYPE];
  Serde serde;
  SerdeRow row;
  Arena arena, scratch;
  const char *wrong = 0;
  char *error;
  arena_init(&arena);
  arena_init(&scratch);
  memset(&serde, 0, sizeof(serde));
  memset(&row, 0, sizeof(row));
  for(int i=0; i<n_column; i++){
    const char *type = strings ? "string" : types[i];
    sprintf(names[i], "c%d", i);
    column[i] = (SerdeColumn){ names[i], type_parse_hive(&arena, type, strlen(type), 0) };
    used[i] = 1;
  }
  serde.arena = &arena;
  serde.n_column = n_column;
  serde.column = column;
  serde.property = property;
  serde.n_property = n_property;
  error = serde_open(&serde, class_name);
  if( error ) wrong = error;
  row.serde = &serde;
  row.used = used;
  row.cell = calloc(N_TYPE, sizeof(Value));
  arena_init(&row.arena);
  for(int i=0; i<LINES && wrong==0; i++){
    size_t n = pick(4) ? make_good(line, &serde) : make_line(line);
    char *exact;
    int rc;
    if( n && pick(5)==0 ) line[pick((unsigned)n)] = "\"\\,:{}[] 0aN\xff|"[pick(15)];
    exact = malloc(n + SCAN_PADDING);           /* reading further is caught */
    memcpy(exact, line, n);
    memset(exact + n, 0, SCAN_PADDING);
    arena_reset(&row.arena);
    arena_reset(&scratch);
    row.error.code = 0;
    row.passed = 0;
    rc = serde.ops->decode(&row, exact, n);
    wrong = judge(&row, rc, &scratch);
    if( wrong ) printf("# %.*s\n", (int)n, exact);
    free(exact);
  }
  for(int i=0; i<n_column && wrong==0; i++) if( loaded[i]<100 ) wrong = strings ? wrong : "a type was hardly met";
  if( getenv("TARN_TEST_COUNTS") ) for(int i=0; i<n_column; i++) printf("# %s %ld\n", types[i], loaded[i]);
  memset(loaded, 0, sizeof(loaded));
  check(class_name, wrong==0, wrong);
  if( serde.ops && serde.ops->end ) serde.ops->end(&row);
  sqlite3_free(error);
  sqlite3_free(row.state);
  free(row.cell);
  arena_free(&row.arena);
  serde_close(&serde);
  arena_free(&arena);
  arena_free(&scratch);
}

/* --- Codecs -------------------------------------------------------------- */

typedef struct MemorySource {
  Source base;
  const unsigned char *z;
  int n, at;
} MemorySource;

static int memory_read(Source *source, char *buf, int n, int *got, char **pzErr){
  MemorySource *m = (MemorySource*)source;
  int k = m->n - m->at<n ? m->n - m->at : n;
  (void)pzErr;
  if( k>1 && pick(4)==0 ) k = 1 + (int)pick((unsigned)k);
  memcpy(buf, m->z + m->at, (size_t)k);
  m->at += k;
  source->stored_bytes += k;
  *got = k;
  return SQLITE_OK;
}

static void memory_close(Source *source){
  (void)source;
}

static const SourceOps memory_ops = { memory_read, memory_close };

static int make_stream(const char *suffix, unsigned char *out, int cap){
  static const char plain[] = "{\"id\":1}\n{\"id\":2}\n{\"id\":3,\"x\":\"yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\"}\n";
  z_stream s;
  int n;
  if( strcmp(suffix, ".gz")!=0 && strcmp(suffix, ".deflate")!=0 ){
    for(n=0; n<cap && n<60; n++) out[n] = (unsigned char)(pick(3) ? pick(256) : pick(8));
    if( pick(2) ) memset(out, 0, 7), out[3] = (unsigned char)pick(64), out[7] = (unsigned char)pick(50);
    if( strcmp(suffix, ".zst")==0 ) memcpy(out, "\x28\xb5\x2f\xfd", 4);
    if( strcmp(suffix, ".bz2")==0 ) memcpy(out, "BZh9\x31\x41\x59\x26\x53\x59", 10);
    return n;
  }
  memset(&s, 0, sizeof(s));
  deflateInit2(&s, 6, Z_DEFLATED, strcmp(suffix, ".gz")==0 ? 31 : 15, 8, Z_DEFAULT_STRATEGY);
  s.next_in = (unsigned char*)plain;
  s.avail_in = sizeof(plain) - 1;
  s.next_out = out;
  s.avail_out = (unsigned)cap;
  deflate(&s, Z_FINISH);
  deflateEnd(&s);
  n = cap - (int)s.avail_out;
  for(int k=(int)pick(4); k>0; k--) out[pick((unsigned)n)] = (unsigned char)pick(256);
  return pick(3) ? n : (int)pick((unsigned)n);
}

static void fuzz_codec(const char *suffix){
  char name[40];
  int bad = 0;
  for(int i=0; i<STREAMS; i++){
    unsigned char data[4096];
    MemorySource memory;
    Source *source = &memory.base;
    char *error = 0, out[5000];
    int rc, got;
    memset(&memory, 0, sizeof(memory));
    memory.base.ops = &memory_ops;
    memory.base.url = "memory";
    memory.z = data;
    memory.n = make_stream(suffix, data, sizeof(data));
    if( codec_wrap(codec_of(suffix), &source, &error)!=SQLITE_OK ) bad++;
    do{ rc = source_read(source, out, 1 + (int)pick(sizeof(out) - 1), &got, &error); }while( rc==SQLITE_OK && got>0 );
    bad += rc!=SQLITE_OK && rc!=SQLITE_NOMEM && (error==0 || strstr(error, "HIVE_CURSOR_ERROR")==0);
    sqlite3_free(error);
    source_close(source);
  }
  snprintf(name, sizeof(name), "damaged%s", suffix);
  check(name, bad==0, "a stream ended without a named error");
}

int main(void){
  static const SerdeProperty lenient[] = { {"ignore.malformed.json", "true"}, {"dots.in.keys", "true"},
    {"use.null.for.invalid.data", "true"}, {"timestamp.formats", "dd/MM/yyyy HH:mm:ss,yyyy-MM-dd'T'HH:mm:ss.SSSZ"} };
  static const SerdeProperty text[] = { {"field.delim", "|"}, {"collection.delim", ","}, {"mapkey.delim", ":"}, {"escape.delim", "\\"} };
  static const SerdeProperty regex[] = { {"input.regex", "(\\{.*?)(:|,)(.*)"} };
  static const char *const suffixes[] = { ".gz", ".zst", ".bz2", ".deflate", ".snappy", ".lz4" };
  fuzz_serde("org.openx.data.jsonserde.JsonSerDe", lenient, 4, N_TYPE, 0);
  fuzz_serde("org.openx.data.jsonserde.JsonSerDe", 0, 0, N_TYPE, 0);
  fuzz_serde("org.apache.hive.hcatalog.data.JsonSerDe", 0, 0, N_TYPE, 0);
  fuzz_serde("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", text, 4, N_TYPE, 0);
  fuzz_serde("org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", 0, 0, N_TYPE, 0);
  fuzz_serde("org.apache.hadoop.hive.serde2.OpenCSVSerde", 0, 0, 6, 1);
  fuzz_serde("org.apache.hadoop.hive.serde2.RegexSerDe", regex, 1, 6, 1);
  for(size_t i=0; i<sizeof(suffixes)/sizeof(suffixes[0]); i++) fuzz_codec(suffixes[i]);
  return failures!=0;
}
