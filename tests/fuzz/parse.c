/*
** Fuzz of the lexer and of both grammars, Hive's DDL too: texts are grown from
** words of the two languages and from whole statements, then spoiled byte by byte.
**
**   build/fuzz/parse [SECONDS [SEED]]
**
** Reported: a crash (by the sanitizers); an error without a text or with a
** place outside the statement; a text whose parse differs when repeated; a
** script that athena_split() does not take apart into texts that are each one
** statement.  The same seed gives the same cases.  Closes with `N passed, N failed`.
*/
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "src/athena/tree.h"

#define TEXT_MAX 4000           /* bytes of a case */

static uint64_t seed = 1;

static unsigned below(unsigned n){
  seed = seed*UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed>>33)%n;
}

static const char *const statements[] = {
  "SELECT a, t.b AS c, count(DISTINCT x) FILTER (WHERE y > 1) OVER (PARTITION BY z ORDER BY u DESC NULLS LAST ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
  "WITH q (x, y) AS (VALUES (1, 'a'), (2, U&'\\0041')) SELECT * FROM q JOIN r USING (x) CROSS JOIN UNNEST(ARRAY[1]) WITH ORDINALITY AS u (v, w)",
  "SELECT CASE x WHEN 1 THEN TRY_CAST(y AS decimal(10, 2)) ELSE -1 END, CAST(z AS row(a integer, b array(timestamp(3) with time zone))) FROM t",
  "SELECT a FROM t WHERE b NOT IN (SELECT 1) AND c BETWEEN 1 AND 2 OR d LIKE 'x!_' ESCAPE '!' AND e IS NOT DISTINCT FROM NULL GROUP BY GROUPING SETS ((a), ()) HAVING count(*) > 1",
  "SELECT transform(a, x -> x + 1), reduce(b, 0, (s, x) -> s + x, s -> s), m['k'], r.f[1], trim(LEADING 'x' FROM y), position('a' IN b), extract(DAY FROM d)",
  "SELECT json_value(j, 'lax $.a' PASSING 1 AS p RETURNING bigint DEFAULT 0 ON EMPTY ERROR ON ERROR), json_object(KEY 'a' VALUE 1, 'b' : 2 WITH UNIQUE KEYS)",
  "(SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3) ORDER BY 1 OFFSET 2 ROWS FETCH FIRST 3 ROWS WITH TIES",
  "SELECT DATE '2020-01-01' AT TIME ZONE 'UTC' + INTERVAL '1' DAY TO SECOND, X'00ff', 1e5, .5, 0xff, \"q\"\"q\" FROM a.b.c TABLESAMPLE BERNOULLI (10)",
  "SELECT listagg(x, ',' ON OVERFLOW TRUNCATE '…' WITH COUNT) WITHIN GROUP (ORDER BY y) FROM t MATCH_RECOGNIZE (PATTERN (A B+) DEFINE A AS true) m",
  "CREATE TABLE t WITH (format = 'JSON', partitioned_by = ARRAY['a']) AS SELECT 1 AS a WITH NO DATA",
  "INSERT INTO t (a, b) SELECT ?, ?", "CREATE OR REPLACE VIEW v AS SELECT 1", "EXPLAIN (TYPE VALIDATE) SELECT 1",
  "UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'JSON')", "PREPARE p FROM SELECT ?", "EXECUTE p USING 1, 'a'",
  "CREATE EXTERNAL TABLE IF NOT EXISTS d.t (`a` string COMMENT 'it\\'s', b struct<c:array<int>,d:map<string,decimal(3,1)>>) PARTITIONED BY (p int) "
  "ROW FORMAT SERDE 's' WITH SERDEPROPERTIES (\"k\"='v') STORED AS INPUTFORMAT 'i' OUTPUTFORMAT 'o' LOCATION 's3://x/' TBLPROPERTIES ('a'='b')",
  "CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' STORED AS TEXTFILE LOCATION 's3://x'",
  "ALTER TABLE t ADD IF NOT EXISTS PARTITION (a='1', b=-2) LOCATION 's3://x/' PARTITION (a='2')", "ALTER TABLE t DROP PARTITION (a=1), PARTITION (a=2)",
  "ALTER TABLE t REPLACE COLUMNS (a int, b date)", "MSCK REPAIR TABLE t", "SHOW TABLES IN d 'x*'", "DESCRIBE FORMATTED d.t",
};
static const char *const pieces[] = {
  "SELECT", "FROM", "WHERE", "(", ")", "(", ")", ",", ",", ".", "*", "a", "b", "1", "'x'", "\"y\"", "`z`", "1a", "x'0'", "-", "--", "/*", "*/", ";",
  "IN", "(SELECT 1)", "AS", "->", "=>", "::", "OVER", "WITH", "TABLE", "VALUES", "CASE", "END", "ARRAY[", "]", "row(", "CAST(", "int>", "array<",
  "LIMIT", "OFFSET", "window", "'", "\"", "`", "\\", "\xf0\x9f\x98\x80", "\xff", "\n", "\t", "U&'\\d8'", "UESCAPE", "MATCH_RECOGNIZE", "(((((((("
};
#define COUNT(A) ((unsigned)(sizeof(A)/sizeof(A[0])))

static void add(Buf *b, const char *z){
  if( b->n + strlen(z) + 2 < TEXT_MAX ) buf_printf(b, "%s%s", below(4) ? " " : "", z);
}

/* A case: statements with pieces put in, taken out, overwritten. */
static void make_case(Buf *b){
  unsigned spoil = below(6);
  b->n = 0;
  buf_str(b, "");
  if( below(8)==0 ){
    for(unsigned i=below(40); i>0; i--) add(b, pieces[below(COUNT(pieces))]);
  }else{
    add(b, statements[below(COUNT(statements))]);
    if( below(10)==0 ) buf_char(b, ';'), add(b, statements[below(COUNT(statements))]);
  }
  while( spoil-- && b->n>2 ){
    unsigned i = below((unsigned)b->n), n = below(12);
    const char *piece = pieces[below(COUNT(pieces))];
    size_t len = strlen(piece);
    switch( below(4) ){
      case 0:                   /* out */
        if( i+n>b->n ) n = (unsigned)b->n-i;
        memmove(b->z+i, b->z+i+n, b->n-i-n+1);
        b->n -= n;
        break;
      case 1:                   /* in */
        if( b->n+len+1>=TEXT_MAX || buf_room(b, len)==0 ) break;
        memmove(b->z+i+len, b->z+i, b->n-i+1);
        memcpy(b->z+i, piece, len);
        b->n += len;
        break;
      case 2:                   /* over */
        if( i+len<=b->n ) memcpy(b->z+i, piece, len);
        break;
      default: b->z[i] = (char)(1+below(255));
    }
  }
}

static const char *outcome(Arena *a, const char *sql, AthenaError *e){
  Statement *s = 0;
  if( athena_parse(a, sql, &s, e) ){
    return arena_printf(a, "%s %d:%d %s", e->code ? e->code : "", e->pos.line, e->pos.col, e->message ? e->message : "(no text)");
  }
  e->message = 0;
  return arena_printf(a, "%d", (int)s->kind);
}

static int lines_of(const char *z){
  int n = 1;
  for(; *z; z++) n += *z=='\n';
  return n;
}

static int check(const char *sql){
  Arena a;
  AthenaError e, again;
  const char *first, *z = sql, *why = 0;
  size_t n;
  arena_init(&a);
  first = outcome(&a, sql, &e);
  if( e.message && *e.message==0 ) why = "an error without a text";
  if( strstr(first, "(no text)") ) why = "an error without a text";
  if( e.message && (e.pos.line>lines_of(sql) || e.pos.col>(int)strlen(sql)+1) ) why = "a place outside the text";
  if( strcmp(first, outcome(&a, sql, &again))!=0 ) why = "two parses differ";
  while( (n = athena_split(z))>0 && why==0 ){
    char *one = arena_strndup(&a, z, n);
    if( n>strlen(z) ) why = "a split beyond the end";
    else if( strstr(outcome(&a, one, &again), "Only one sql statement") ) why = "a split of two statements";
    z += n;
  }
  if( why ) printf("%s: %s\n", why, sql);
  arena_free(&a);
  return why!=0;
}

int main(int argc, char **argv){
  int seconds = argc>1 ? atoi(argv[1]) : 2;
  time_t end = time(0) + seconds;
  long passed = 0, failed = 0;
  Buf b;
  if( argc>2 ) seed = (uint64_t)strtoull(argv[2], 0, 10);
  buf_init(&b, 0);
  while( time(0)<end && failed<20 ){
    for(int i=0; i<200; i++){
      make_case(&b);
      if( check(b.z) ) failed++;
      else passed++;
    }
  }
  buf_free(&b);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed>0;
}
