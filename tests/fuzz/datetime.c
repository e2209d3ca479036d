/*
** Fuzz of the parsers of dates and times: patterns of both languages, ISO 8601
** texts, literals, casts, names of zones.
**
**   build/fuzz/datetime [SECONDS [SEED]]
**
** Patterns and texts are grown from pieces and mutated.  Reported: a crash (by
** the sanitizers), a text that a whole pattern printed and cannot read back to
** the same second.  The same seed gives the same cases.
** Closes with `N passed, N failed`.
*/
#include "vtab/fn/fn.h"
#include "vtab/datetime.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>

#define TEXT_MAX 200

static uint64_t seed = 1;

static unsigned below(unsigned n){
  seed = seed*UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed>>33)%n;
}

static const char *const mysql_pieces[] = {
  "%Y", "%m", "%d", "%H", "%i", "%s", "%f", "%y", "%b", "%M", "%a", "%W", "%j", "%r", "%T", "%v",
  "%x", "%p", "%h", "%e", "%c", "%%", "%X", "%q", "%", "-", ":", " ", "T", "\xc3\xa9", "'"};
static const char *const joda_pieces[] = {
  "yyyy", "yy", "y", "YYYY", "MM", "MMM", "MMMM", "dd", "d", "HH", "hh", "kk", "K", "mm", "ss",
  "SSS", "SSSSSSSSSSSS", "a", "E", "EEEE", "D", "ww", "xxxx", "xx", "e", "G", "C", "Z", "ZZ", "ZZZ",
  "z", "zzzz", "b", "'x'", "''", "'", "-", ":", " ", "\xe5\xb9\xb4"};
static const char *const text_pieces[] = {
  "2024", "-07", "-05", "T", "10:11:12", ".123456789", "Z", "+05:30", "-0800", " UTC",
  " America/New_York", "2024-W53-7", "-366", "Jul", "july", "MONDAY", "pm", "AM", "BC", " ", "/",
  "99999999999", "-", "+", "0", "24:00", "2024-02-30", "\xc3\xa9", "1.5d", "ms", "1 02:03:04"};

#define COUNT(a) (sizeof(a)/sizeof((a)[0]))

/* Some pieces one after the other, then a byte or two changed. */
static int grow(const char *const *pieces, size_t n_pieces, char *out){
  int n = 0, k = (int)below(9), i;
  for(i = 0; i<k; i++){
    const char *z = pieces[below((unsigned)n_pieces)];
    int m = (int)strlen(z);
    if( n+m>TEXT_MAX ) break;
    memcpy(out+n, z, (size_t)m);
    n += m;
  }
  for(i = (int)below(4); i>2 && n>0; i--) out[below((unsigned)n)] = (char)below(256);
  return n;
}

static int call(Arena *a, const char *sql, const Type *const *argt, const Type *rett, int argc,
                const Value *argv, Value *out, void **memo){
  const FnDef *def = fn_by_sql(sql, strlen(sql));
  FnCall c;
  int rc;
  memset(&c, 0, sizeof(c));
  c.def = def;
  c.arena = a;
  c.argt = argt;
  c.rett = rett;
  rc = def->impl(&c, argc, argv, out);
  if( memo && c.memo ) c.memo_free(c.memo);
  return rc;
}

/* A malloc of its own for each text, so that reading past the end shows. */
static Value exact(const char *z, int n, char **owner){
  *owner = malloc(n ? (size_t)n : 1);
  memcpy(*owner, z, (size_t)n);
  return value_text(*owner, (size_t)n);
}

static void one_pattern(Arena *a, int mysql){
  const Type *argt[2] = {&TYPE_VARCHAR, &TYPE_VARCHAR};
  const Type *format_types[2] = {&TYPE_TIMESTAMP, &TYPE_VARCHAR};
  char pattern[TEXT_MAX+1], text[TEXT_MAX+1], *p_owner, *t_owner;
  Value argv[2], out;
  void *memo;
  int n = mysql ? grow(mysql_pieces, COUNT(mysql_pieces), pattern)
                : grow(joda_pieces, COUNT(joda_pieces), pattern);
  argv[1] = exact(pattern, n, &p_owner);
  argv[0] = exact(text, grow(text_pieces, COUNT(text_pieces), text), &t_owner);
  call(a, mysql ? "t_date_parse" : "t_parse_datetime", argt, &TYPE_TIMESTAMP, 2, argv, &out, &memo);
  free(t_owner);
  argv[0] = value_int((int64_t)(below(1u<<30))*(int64_t)below(1u<<30) - (INT64_C(1)<<58));
  if( call(a, mysql ? "t_date_format" : "t_format_datetime", format_types, &TYPE_VARCHAR, 2, argv,
           &out, &memo)==FN_OK ){
    argv[0] = out;
    call(a, mysql ? "t_date_parse" : "t_parse_datetime", argt, &TYPE_TIMESTAMP, 2, argv, &out,
         &memo);
  }
  free(p_owner);
}

/* What a whole pattern prints must come back: 1 if it does. */
static int round_trip(Arena *a){
  const Type *argt[2] = {&TYPE_TIMESTAMP, &TYPE_VARCHAR};
  int64_t second = (int64_t)below(1u<<31)*(below(2) ? 1 : -1);
  const char *pattern = below(2) ? "%Y-%m-%d %H:%i:%s" : "%d %b %Y %r";
  Value argv[2] = {value_int(second*1000000), value_text(pattern, strlen(pattern))}, out;
  void *memo;
  if( call(a, "t_date_format", argt, &TYPE_VARCHAR, 2, argv, &out, &memo) ) return 0;
  argv[0] = out;
  if( call(a, "t_date_parse", argt, &TYPE_TIMESTAMP, 2, argv, &out, &memo) ) return 0;
  return out.i==second*1000000;
}

static void one_text(Arena *a){
  char text[TEXT_MAX+1], *owner;
  int n = grow(text_pieces, COUNT(text_pieces), text), key;
  Value v = exact(text, n, &owner), out;
  const Type *t = 0;
  DatetimeError e;
  FnCall c;
  const Type *const targets[] = {&TYPE_DATE, &TYPE_TIMESTAMP, &TYPE_TIMESTAMP_TZ, &TYPE_TIME};
  size_t i;
  datetime_literal_date(a, v.z, (size_t)n, &t, &out, &e);
  datetime_literal_time(a, v.z, (size_t)n, &t, &out, &e);
  datetime_literal_timestamp(a, v.z, (size_t)n, &t, &out, &e);
  datetime_literal_interval(a, v.z, (size_t)n, -1, "day", "second", &t, &out, &e);
  zone_parse(v.z, (size_t)n, &key);
  for(i = 0; i<COUNT(targets); i++){
    memset(&c, 0, sizeof(c));
    c.arena = a;
    cast_temporal(&c, &TYPE_VARCHAR, targets[i], &v, &out);
  }
  call(a, "t_from_iso8601_timestamp", 0, 0, 1, &v, &out, 0);
  call(a, "t_from_iso8601_timestamp_nanos", 0, 0, 1, &v, &out, 0);
  call(a, "t_from_iso8601_date", 0, 0, 1, &v, &out, 0);
  call(a, "t_parse_duration", 0, 0, 1, &v, &out, 0);
  free(owner);
}

int main(int argc, char **argv){
  int seconds = argc>1 ? atoi(argv[1]) : 5;
  time_t end = time(0) + seconds;
  long passed = 0, failed = 0, i;
  Arena a;
  if( argc>2 ) seed = strtoull(argv[2], 0, 10);
  sqlite3_initialize();
  arena_init(&a);
  while( time(0)<end ){
    for(i = 0; i<200; i++){
      one_pattern(&a, 1);
      one_pattern(&a, 0);
      one_text(&a);
      if( round_trip(&a) ) passed++; else failed++;
      arena_reset(&a);
    }
  }
  arena_free(&a);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed!=0;
}
