/*
** The parsers: what is accepted, what is refused and where, the shape of the
** tree and the places its nodes carry, memory running out, depth, speed.
** Prints "ok NAME" or "not ok NAME: why".
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>
#include "../../src/athena/tree.h"

static void report(const char *name, int good, const char *why){
  printf(good ? "ok " : "not ok ");
  for(; *name; name++) putchar(*name=='\n' ? ' ' : *name);
  printf(good ? "\n" : ": %s\n", why);
}

/* ---- a tree as text ---------------------------------------------------- */

static void show(Buf *b, const Expr *e);

static void show_list(Buf *b, int n, Expr *const *e){
  for(int i=0; i<n; i++){
    if( i ) buf_char(b, ' ');
    show(b, e[i]);
  }
}

/* kind@column(arguments), enough to see structure and places. */
static void show(Buf *b, const Expr *e){
  static const char *const op[] = {"", "=", "<>", "<", "<=", ">", ">=", "distinct", "same", "||"};
  switch( e->kind ){
    case EXPR_NAME: buf_str(b, e->name.text); break;
    case EXPR_INTEGER: case EXPR_DECIMAL: case EXPR_DOUBLE: buf_str(b, e->text); break;
    case EXPR_STRING: buf_printf(b, "'%s'", e->text); break;
    case EXPR_NULL: buf_str(b, "null"); return;
    case EXPR_FIELD: buf_str(b, "field("); show(b, e->arg[0]); buf_printf(b, " %s)", e->name.text); break;
    case EXPR_CALL: buf_printf(b, "%s(", e->function_name.name[e->function_name.n-1].lower);
      show_list(b, e->n, e->arg); buf_char(b, ')'); break;
    case EXPR_CAST: buf_str(b, "cast("); show(b, e->arg[0]); buf_printf(b, " %s)", e->type_name->text); break;
    case EXPR_TYPED_LITERAL: buf_printf(b, "%s '%s'", e->type_name->text, e->text); break;
    case EXPR_LAMBDA: buf_printf(b, "lambda/%d(", e->param.n); show_list(b, e->n, e->arg); buf_char(b, ')'); break;
    default: {
      const char *kind = e->kind==EXPR_BINARY_OP || e->kind==EXPR_UNARY || e->kind==EXPR_COMPARE
        ? "" : e->kind==EXPR_AND ? "and" : e->kind==EXPR_OR ? "or" : e->kind==EXPR_NOT ? "not"
        : e->kind==EXPR_BETWEEN ? "between" : e->kind==EXPR_IN_LIST ? "in" : e->kind==EXPR_LIKE ? "like"
        : e->kind==EXPR_IS_NULL ? "isnull" : e->kind==EXPR_ROW ? "row" : e->kind==EXPR_SUBSCRIPT ? "[]"
        : e->kind==EXPR_SUBQUERY ? "query" : e->kind==EXPR_CASE ? "case" : e->kind==EXPR_AT_TIME_ZONE ? "zone"
        : e->kind==EXPR_INTERVAL ? e->text : e->kind==EXPR_REFUSED ? e->text : "?";
      if( *kind==0 && e->op<10 ) kind = op[e->op];
      if( *kind ) buf_str(b, kind);
      else buf_char(b, (char)e->op);
      if( e->negated ) buf_char(b, '!');
      buf_char(b, '(');
      show_list(b, e->n, e->arg);
      buf_char(b, ')');
    }
  }
  if( e->kind!=EXPR_NAME && e->kind!=EXPR_INTEGER && e->kind!=EXPR_DECIMAL && e->kind!=EXPR_STRING ){
    buf_printf(b, "@%d", e->pos.col);
  }
}

/* The first select item of a query, as text; or the error's. */
static const char *tree_of(Arena *a, const char *sql){
  Statement *s;
  AthenaError e;
  Buf b;
  buf_init(&b, a);
  if( athena_parse(a, sql, &s, &e) ) return arena_printf(a, "%d:%d %s", e.pos.line, e.pos.col, e.message);
  if( s->query==0 || s->query->body->kind!=BODY_SELECT || s->query->body->item[0].e==0 ) return "no select item";
  show(&b, s->query->body->item[0].e);
  return b.z;
}

static void trees(void){
  static const char *const c[][2] = {
    {"SELECT a + b * c", "+(a *(b c)@14)@10"},
    {"SELECT a - b - c", "-(-(a b)@10 c)@14"},
    {"SELECT (a - b)[1]", "[](-(a b)@11 1)@8"},
    {"SELECT (a).b", "field(a b)@8"},
    {"SELECT a || b + 1", "||(a +(b 1)@15)@10"},
    {"SELECT -1, 2", "-1"},
    {"SELECT - a * b", "*(-(a)@8 b)@12"},
    {"SELECT 2 -1", "-(2 1)@10"},
    {"SELECT -9223372036854775808", "-9223372036854775808"},
    {"SELECT 0xff", "255"},
    {"SELECT 1_000", "1000"},
    {"SELECT NOT a AND b", "and(not(a)@8 b)@8"},
    {"SELECT a OR b AND c OR d", "or(a and(b c)@13 d)@8"},
    {"SELECT (a OR b) OR c", "or(or(a b)@9 c)@8"},
    {"SELECT a NOT BETWEEN 1 AND 2 AND b", "and(between!(a 1 2)@10 b)@8"},
    {"SELECT a IN (1, 2)", "in(a 1 2)@10"},
    {"SELECT a NOT LIKE 'x' ESCAPE '!'", "like!(a 'x' '!')@10"},
    {"SELECT a IS NOT NULL", "isnull!(a)@10"},
    {"SELECT a IS DISTINCT FROM b", "distinct(a b)@10"},
    {"SELECT a >= b", ">=(a b)@10"},
    {"SELECT (1, 'a')", "row(1 'a')@8"},
    {"SELECT ((SELECT 1)) + 1", "+(query()@8 1)@21"},
    {"SELECT f(x -> x + 1, (a, b) -> a, () -> 1)", "f(lambda/1(+(x 1)@17)@10 lambda/2(a)@22 lambda/0(1)@35)@8"},
    {"SELECT CAST(a AS Row(X Integer, y array(varchar(3))))", "cast(a row(x integer, y array(varchar(3))))@8"},
    {"SELECT CAST(a AS timestamp(3) with time zone)", "cast(a timestamp(3) with time zone)@8"},
    {"SELECT CAST(a AS integer ARRAY)", "cast(a array(integer))@8"},
    {"SELECT CAST(a AS map<varchar, array<integer>>)", "cast(a map(varchar, array(integer)))@8"},
    {"SELECT TIMESTAMP '2020-01-01'", "TIMESTAMP '2020-01-01'@8"},
    {"SELECT INTERVAL '2' DAY", "2()@8"},
    {"SELECT INTERVAL '1' WEEK", "INTERVAL '1'@8"},
    {"SELECT ts AT TIME ZONE 'UTC'", "zone(ts 'UTC')@11"},
    {"SELECT limit", "limit"},
    {"SELECT position('a' IN b)", "?('a' b)@8"},
    {"SELECT position(a, b)", "position(a b)@8"},
    {"SELECT U&'\\0041!' , 1", "'A!'"},
    {"SELECT U&'#0041' UESCAPE '#'", "'A'"},
    {"SELECT x over (ORDER BY y)", "measure()@8"},
  };
  for(size_t i=0; i<sizeof(c)/sizeof(c[0]); i++){
    Arena a;
    arena_init(&a);
    const char *got = tree_of(&a, c[i][0]);
    report(c[i][0], strcmp(got, c[i][1])==0, got);
    arena_free(&a);
  }
}

/* ---- words ------------------------------------------------------------- */

static const char *const names[] = {
  "absent", "add", "after", "analyze", "any", "array", "asc", "at", "bernoulli", "both", "comment", "count", "current",
  "data", "date", "day", "default", "desc", "double", "empty", "error", "explain", "fetch", "filter", "final", "first",
  "following", "functions", "groups", "hour", "ignore", "initial", "interval", "json", "keep", "last", "lateral", "leading",
  "limit", "map", "match_recognize", "measures", "minute", "next", "nfc", "no", "nulls", "object", "of", "offset", "only",
  "ordinality", "over", "partition", "passing", "pattern", "position", "precision", "quotes", "range", "replace", "respect",
  "row", "rows", "running", "scalar", "second", "set", "sets", "show", "some", "string", "subset", "substring", "system",
  "tablesample", "text", "ties", "time", "timestamp", "to", "trailing", "truncate", "try_cast", "type", "unbounded",
  "unknown", "unload", "user", "utf8", "value", "version", "view", "window", "within", "without", "wrapper", "year", "zone"
};
static const char *const name_templates[] = {
  "SELECT @ FROM t", "SELECT a @, b @ FROM t", "SELECT @.@ FROM @", "SELECT a FROM t @ (@, b)", "SELECT a FROM t @ JOIN u ON @ = @",
  "WITH @ (@) AS (SELECT 1) SELECT * FROM @", "SELECT @(1, 2) + 1", "SELECT - @ + @ || @", "SELECT f(@ -> @, (@, b) -> @), @[1]",
  "SELECT CASE @ WHEN @ THEN @ ELSE @ END", "SELECT CAST(@ AS row(@ integer))", "SELECT CAST(a AS @)", "SELECT a FROM t WHERE @ IN (@, 1) AND @ IS NULL",
  "SELECT a FROM t GROUP BY @ HAVING @ ORDER BY @ DESC NULLS LAST", "SELECT sum(@) OVER @ FROM t WINDOW @ AS (PARTITION BY @ ORDER BY @)",
  "SELECT sum(a) OVER (@ ORDER BY a)", "SELECT a FROM t JOIN u USING (@)", "INSERT INTO @ (@) SELECT @ FROM @", "VALUES @, (@, 1)"
};
static const char *const reserved[] = {
  "alter", "and", "as", "between", "by", "case", "cast", "constraint", "create", "cross", "cube", "current_role", "deallocate", "delete",
  "describe", "distinct", "drop", "else", "end", "escape", "except", "execute", "exists", "extract", "false", "for",
  "from", "full", "group", "grouping", "having", "in", "inner", "insert", "intersect", "into", "is", "join", "json_array", "json_exists",
  "json_object", "json_query", "json_table", "json_value", "left", "like", "listagg", "localtime", "natural", "normalize",
  "not", "null", "on", "or", "order", "outer", "prepare", "recursive", "right", "rollup", "select", "skip", "table", "then", "trim",
  "true", "uescape", "union", "unnest", "using", "values", "when", "where", "with"
};

static int parses(const char *sql){
  Arena a;
  Statement *s;
  AthenaError e;
  arena_init(&a);
  int rc = athena_parse(&a, sql, &s, &e);
  arena_free(&a);
  return rc==0;
}

static void words(void){
  for(size_t t=0; t<sizeof(name_templates)/sizeof(name_templates[0]); t++){
    const char *bad = 0;
    for(size_t w=0; w<sizeof(names)/sizeof(names[0]); w++){
      Buf b;
      buf_init(&b, 0);
      for(const char *z=name_templates[t]; *z; z++){
        if( *z=='@' ) buf_str(&b, names[w]);
        else buf_char(&b, *z);
      }
      if( !parses(b.z) ) bad = names[w];
      buf_free(&b);
    }
    report(name_templates[t], bad==0, bad);
  }
  const char *bad = 0;
  for(size_t w=0; w<sizeof(reserved)/sizeof(reserved[0]); w++){
    char sql[80];
    snprintf(sql, sizeof(sql), "SELECT 1 AS %s", reserved[w]);
    if( parses(sql) ) bad = reserved[w];
  }
  report("reserved_words_are_no_names", bad==0, bad);
}

/* ---- accepted, refused, wrong ------------------------------------------ */

static void accepted(void){
  static const struct { const char *sql; StatementKind kind; } c[] = {
    {"select 1;", ST_QUERY}, {"(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 LIMIT 1;  -- end", ST_QUERY},
    {"SELECT limit, offset AS window, row FROM t limit LIMIT 3", ST_QUERY},
    {"SELECT * FROM t FETCH FIRST 2 ROWS WITH TIES", ST_QUERY},
    {"SELECT a.*, t.b.* AS (p, q) FROM a, t CROSS JOIN UNNEST(x) WITH ORDINALITY AS u (y, n)", ST_QUERY},
    {"SELECT * FROM a JOIN b JOIN c ON true ON true", ST_QUERY},
    {"SELECT * FROM ((SELECT 1) x JOIN (SELECT 2) y ON true)", ST_QUERY},
    {"SELECT sum(DISTINCT x ORDER BY y) FILTER (WHERE z) OVER (w ROWS 2 PRECEDING) FROM t WINDOW w AS (PARTITION BY a)", ST_QUERY},
    {"SELECT a, count(*) FROM t GROUP BY DISTINCT GROUPING SETS ((a, b), a, ()), CUBE (c), (d)", ST_QUERY},
    {"SELECT json_object('a' : 1, KEY 'b' VALUE 2 ABSENT ON NULL WITH UNIQUE KEYS RETURNING varchar(10))", ST_QUERY},
    {"SELECT listagg(x, ',' ON OVERFLOW TRUNCATE '..' WITH COUNT) WITHIN GROUP (ORDER BY x)", ST_QUERY},
    {"SELECT * FROM t MATCH_RECOGNIZE (PATTERN (A B+) DEFINE A AS x > 1) m", ST_QUERY},
    {"SELECT * FROM TABLE(sequence(1, 2)) t", ST_QUERY},
    {"SELECT * FROM t FOR VERSION AS OF 3", ST_QUERY}, {"TABLE x", ST_QUERY}, {"VALUES 1, (2)", ST_QUERY},
    {"WITH RECURSIVE t(n) AS (SELECT 1) SELECT * FROM t", ST_QUERY},
    {"CREATE TABLE t WITH (format = 'JSON') AS SELECT 1 a WITH NO DATA", ST_CREATE_TABLE_AS},
    {"CREATE TABLE \"t\" AS (WITH x AS (SELECT 1) SELECT * FROM x)", ST_CREATE_TABLE_AS},
    {"INSERT INTO d.t (a, b) VALUES (1, ?)", ST_INSERT}, {"INSERT INTO t (SELECT 1)", ST_INSERT},
    {"CREATE OR REPLACE VIEW v AS SELECT 1", ST_CREATE_VIEW}, {"DROP VIEW IF EXISTS \"v\"", ST_DROP_VIEW},
    {"UNLOAD (SELECT 1) TO 's3://b/' WITH (format = 'JSON')", ST_UNLOAD},
    {"PREPARE p FROM SELECT ?", ST_PREPARE}, {"EXECUTE p USING 1, 'a'", ST_EXECUTE},
    {"DEALLOCATE PREPARE p", ST_DEALLOCATE}, {"EXPLAIN (TYPE VALIDATE) SELECT 1", ST_EXPLAIN},
    {"/* a */ -- b\nMSCK REPAIR TABLE d.t", ST_MSCK},
    {"CREATE EXTERNAL TABLE `t`(\n  `user` string COMMENT 'from deserializer', \n  s struct<a:int,b:array<map<string,decimal(10, 2)>>>)\n"
     "PARTITIONED BY ( \n  `dt` string)\nROW FORMAT SERDE \n  'org.openx.data.jsonserde.JsonSerDe' \nWITH SERDEPROPERTIES ( \n"
     "  'case.insensitive'='TRUE', \n  'mapping'='TRUE') \nSTORED AS INPUTFORMAT \n  'i' \nOUTPUTFORMAT \n  'o'\nLOCATION\n"
     "  's3://bucket/prefix'\nTBLPROPERTIES (\n  'classification'='json', \n  'transient_lastDdlTime'='1702898387')\n", ST_CREATE_EXTERNAL_TABLE},
    {"CREATE EXTERNAL TABLE t (a int) ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'"
     " NULL DEFINED AS '' STORED AS TEXTFILE LOCATION \"s3://x/\"", ST_CREATE_EXTERNAL_TABLE},
    {"CREATE TABLE t (comment string, location int, date_ date)", ST_CREATE_EXTERNAL_TABLE},
    {"ALTER TABLE t ADD IF NOT EXISTS PARTITION (a='1', b=2) LOCATION 's3://x/' PARTITION (a='2', b=-3)", ST_ADD_PARTITION},
    {"ALTER TABLE t DROP PARTITION (a='1'), PARTITION (a='2')", ST_DROP_PARTITION},
    {"ALTER TABLE t PARTITION (a='1') RENAME TO PARTITION (a='2')", ST_RENAME_PARTITION},
    {"ALTER TABLE t ADD COLUMNS (x int, y map<string,string>)", ST_ADD_COLUMNS},
    {"ALTER TABLE t PARTITION (a=1) SET LOCATION 's3://x'", ST_SET_LOCATION},
    {"ALTER DATABASE d SET DBPROPERTIES ('a'='b')", ST_SET_DBPROPERTIES},
    {"SHOW TABLES IN d 'x*|y'", ST_SHOW_TABLES}, {"SHOW COLUMNS FROM t IN d", ST_SHOW_COLUMNS},
    {"SHOW CREATE VIEW \"v\"", ST_SHOW_CREATE_VIEW}, {"DESCRIBE TABLE t", ST_DESCRIBE}, {"DESC FORMATTED a.b", ST_DESCRIBE},
    {"ALTER TABLE t RENAME TO u", ST_REFUSED}, {"DELETE FROM t", ST_REFUSED}, {"CREATE INDEX i", ST_REFUSED},
    {"EXECUTE IMMEDIATE 'SELECT 1'", ST_REFUSED},
  };
  for(size_t i=0; i<sizeof(c)/sizeof(c[0]); i++){
    Arena a;
    Statement *s = 0;
    AthenaError e;
    char why[400];
    arena_init(&a);
    int rc = athena_parse(&a, c[i].sql, &s, &e);
    snprintf(why, sizeof(why), "%s, kind %d", rc ? e.message : "accepted", rc ? -1 : (int)s->kind);
    report(c[i].sql, rc==0 && s->kind==c[i].kind, why);
    arena_free(&a);
  }
}

static void rejected(void){
  static const char *const c[][2] = {
    {"SELECT", "1:7 mismatched input '<EOF>'. Expecting: '*', 'ALL', 'DISTINCT', <expression>"},
    {"SELECT 1 FROM t WHERE a IN (1, 2", "1:25 mismatched input 'IN'. Expecting: 'AND', 'EXCEPT', 'FETCH', 'GROUP', 'HAVING', "
     "'INTERSECT', 'LIMIT', 'OFFSET', 'OR', 'ORDER', 'UNION', 'WINDOW', <EOF>"},
    {"SELECT 1 FROM t WHERE (a IN (1, 2 3", "1:35 mismatched input '3'. Expecting: '%', ')', '*', '+', ',', '-', '.', '/', 'AND', "
     "'AT', 'OR', '[', '||', <predicate>"},
    {"SELECT 1 FROM t WHERE a NOT IN (1 2)", "1:35 mismatched input '2'"},
    {"SELECT f(a IN (1 2)) FROM t", "1:18 mismatched input '2'"},
    {"SELECT 1 + f(a IN (1 2)) FROM t", "1:16 mismatched input 'IN'"},
    {"SELECT ARRAY[1, a IN b] FROM t", "1:22 mismatched input 'b'"},
    {"SELECT 1 FROM t WHERE ts AT 'UTC'", "1:26 mismatched input 'AT'"},
    {"SELECT ts AT 'UTC' FROM t", "1:14 mismatched input ''UTC''"},
    {"SELECT 1 FROM t WHERE a. = 1", "1:24 mismatched input '.'"},
    {"SELECT a. FROM t", "1:11 mismatched input 'FROM'"},
    {"SELECT 1 FROM t WHERE f(x) OVER (PARTITION dept) > 1", "1:28 mismatched input 'OVER'"},
    {"SELECT f(x) OVER (PARTITION dept) FROM t", "1:29 mismatched input 'dept'"},
    {"SELECT * FROM UNNEST(a) WITH x", "1:25 mismatched input 'WITH'"},
    {"SELECT '\xf0\x9f\x98\x80' a b", "1:14 mismatched input 'b'. Expecting: ',', 'EXCEPT', 'FETCH', 'FROM', 'GROUP', 'HAVING', "
     "'INTERSECT', 'LIMIT', 'OFFSET', 'ORDER', 'UNION', 'WHERE', 'WINDOW', <EOF>"},
    {"SELECT `a`", "1:8 backquoted identifiers are not supported; use double quotes to quote identifiers"},
    {"SELECT 1a", "1:8 identifiers must not start with a digit; surround the identifier with double quotes"},
    {"SELECT \"\"", "1:8 Zero-length delimited identifier not allowed"},
    {"SELECT X'0'", "1:8 Binary literal must contain an even number of digits"},
    {"SELECT if(1)", "1:8 Invalid number of arguments for 'if' function"},
    {"SELECT coalesce(1), x y z", "1:25 mismatched input 'z'. Expecting: ',', 'EXCEPT', 'FETCH', 'FROM', 'GROUP', 'HAVING', "
     "'INTERSECT', 'LIMIT', 'OFFSET', 'ORDER', 'UNION', 'WHERE', 'WINDOW', <EOF>"},
    {"SELECT 9223372036854775808", "1:1 Invalid numeric literal: 9223372036854775808"},
    {"SELECT 1; SELECT 2", "0:0 Only one sql statement is allowed. Got: SELECT 1; SELECT 2"},
    {"SELECT a FROM t QUALIFY x", "1:25 mismatched input 'x'"},
    {"CREATE OR REPLACE TABLE t AS SELECT 1", "1:19 mismatched input 'TABLE'. Expecting: 'VIEW'"},
    {"DROP TABLE \"t\"", "1:12 no viable alternative at input 'DROP TABLE \"t\"'"},
    {"CREATE DATABASE database1-x", "0:0 FAILED: ParseException line 1:25 missing EOF at '-' near 'database1'"},
    {"CREATE EXTERNAL TABLE t (a struct<x string>)", "0:0 FAILED: ParseException line 1:36 missing : at 'string' near '<EOF>'"},
    {"CREATE EXTERNAL TABLE t (user string)", "0:0 FAILED: ParseException line 1:25 cannot recognize input near 'user' 'string' ')'"},
  };
  for(size_t i=0; i<sizeof(c)/sizeof(c[0]); i++){
    Arena a;
    Statement *s = 0;
    AthenaError e;
    char got[600];
    size_t n = strlen(c[i][1]);
    arena_init(&a);
    if( athena_parse(&a, c[i][0], &s, &e) ) snprintf(got, sizeof(got), "%d:%d %s", e.pos.line, e.pos.col, e.message);
    else snprintf(got, sizeof(got), "accepted");
    report(c[i][0], strncmp(got, c[i][1], n)==0, got);
    arena_free(&a);
  }
}

/* ---- splitting, texts that are kept ------------------------------------ */

static void splits(void){
  static const struct { const char *sql; size_t n; } c[] = {
    {"", 0}, {"  -- only a comment", 0}, {";;", 0}, {"SELECT 1", 8}, {"SELECT ';' ; SELECT 2", 12},
    {"SELECT 1 -- ;\n; x", 15}, {"; SELECT 1; x", 11},
    {"CREATE EXTERNAL TABLE t (a int COMMENT 'it\\'s; ') LOCATION 's3://x'; SELECT 1", 68},
  };
  for(size_t i=0; i<sizeof(c)/sizeof(c[0]); i++){
    char why[60];
    snprintf(why, sizeof(why), "%zu", athena_split(c[i].sql));
    report(*c[i].sql ? c[i].sql : "split of nothing", athena_split(c[i].sql)==c[i].n, why);
  }
}

static void kept_texts(void){
  Arena a;
  Statement *s = 0;
  AthenaError e;
  arena_init(&a);
  int rc = athena_parse(&a, "CREATE VIEW v AS\n SELECT 'x;' AS y -- z\n;", &s, &e);
  report("view_keeps_its_query", rc==0 && strcmp(s->query_sql, "SELECT 'x;' AS y")==0, rc ? e.message : s->query_sql);
  rc = athena_parse(&a, "PREPARE p FROM INSERT INTO t SELECT ?, ?", &s, &e);
  report("prepare_keeps_its_statement", rc==0 && strcmp(s->inner->sql, "INSERT INTO t SELECT ?, ?")==0
         && s->inner->n_parameter==2, rc ? e.message : s->inner->sql);
  rc = athena_parse(&a, "CREATE EXTERNAL TABLE t (a Decimal(10, 2), b STRUCT<x:int COMMENT 'c', y:array<string>>)", &s, &e);
  report("hive_types_keep_their_text", rc==0 && strcmp(s->column[0].type, "Decimal(10, 2)")==0
         && strcmp(s->column[1].type, "STRUCT<x:int COMMENT 'c', y:array<string>>")==0, rc ? e.message : s->column[1].type);
  arena_free(&a);
}

/* ---- limits ------------------------------------------------------------ */

static void nested(const char *name, const char *head, const char *open, const char *middle, const char *close, int n, int want){
  Arena a;
  Buf b;
  Statement *s = 0;
  AthenaError e;
  arena_init(&a);
  buf_init(&b, 0);
  buf_str(&b, head);
  for(int i=0; i<n; i++) buf_str(&b, open);
  buf_str(&b, middle);
  for(int i=0; i<n; i++) buf_str(&b, close);
  int rc = athena_parse(&a, b.z, &s, &e);
  report(name, want ? rc && e.code && strcmp(e.code, "TARN_NOT_SUPPORTED")==0 : rc==0, rc ? e.message : "accepted");
  buf_free(&b);
  arena_free(&a);
}

static void limits(void){
  nested("parentheses_100", "SELECT ", "(", "1", ")", 100, 0);
  nested("parentheses_100000", "SELECT ", "(", "1", ")", 100000, 1);
  nested("operators_100", "SELECT 1", "+1", "", "", 100, 0);
  nested("operators_100000", "SELECT 1", "+1", "", "", 100000, 1);
  nested("ands_100000_are_one_node", "SELECT true", " AND true", "", "", 100000, 0);
  nested("subqueries_100000", "", "SELECT (", "SELECT 1", ")", 100000, 1);
  nested("froms_100000", "", "SELECT * FROM (", "SELECT 1", ")", 100000, 1);
  nested("unions_100000", "SELECT 1", " UNION SELECT 1", "", "", 100000, 1);
  nested("joins_100000", "SELECT 1 FROM t", ", t", "", "", 100000, 1);
  nested("nots_100000", "SELECT ", "NOT ", "a", "", 100000, 1);
  nested("lambdas_100000", "SELECT f(", "x -> ", "1)", "", 100000, 1);
  nested("hive_types_100000", "CREATE EXTERNAL TABLE t (a ", "array<", "int", ">", 100000, 1);
  nested("select_items_100000", "SELECT 1", ", a", "", "", 100000, 0);
}

static int fail_after = -1;     /* allocations until the next one fails */
static int failed;
static sqlite3_mem_methods real;
static void *failing_malloc(int n){
  if( fail_after==0 ){
    failed = 1;
    return 0;
  }
  if( fail_after>0 ) fail_after--;
  return real.xMalloc(n);
}

static void out_of_memory(void){
  static const char *const c[] = {
    "SELECT a, sum(b) OVER (PARTITION BY c ORDER BY d) FROM t JOIN u USING (x) WHERE y IN (SELECT 1) AND z = 'w'",
    "CREATE EXTERNAL TABLE t (a int, b struct<c:string>) PARTITIONED BY (d string) LOCATION 's3://x' TBLPROPERTIES ('a'='b')",
    "SELECT FROM",
  };
  for(size_t i=0; i<sizeof(c)/sizeof(c[0]); i++){
    int n = 0, rc, honest = 1;
    do{
      Arena a;
      Statement *s = 0;
      AthenaError e;
      arena_init(&a);
      fail_after = n++;
      failed = 0;
      rc = athena_parse(&a, c[i], &s, &e);
      if( failed && !(rc==1 && e.out_of_memory) ) honest = 0;
      fail_after = -1;
      arena_free(&a);
    }while( failed && n<10000 );
    report(c[i], honest && n>1, "a failed allocation was not reported");
  }
}

/* A page of SQL in less than a millisecond (ten allowed here: tests share the machine). */
static void speed(void){
  Buf b;
  struct timespec from, to;
  buf_init(&b, 0);
  buf_str(&b, "WITH a AS (SELECT 1 AS x)\n");
  for(int i=0; i<40; i++){
    buf_printf(&b, "%sSELECT coalesce(t.c%d, 'none') AS c%d, count(*) FILTER (WHERE t.d > %d) FROM t WHERE t.e = '%d' GROUP BY 1\n",
      i ? "UNION ALL\n" : "", i, i, i, i);
  }
  clock_gettime(CLOCK_MONOTONIC, &from);
  for(int i=0; i<10; i++){
    Arena a;
    Statement *s = 0;
    AthenaError e;
    arena_init(&a);
    athena_parse(&a, b.z, &s, &e);
    arena_free(&a);
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  double ms = ((double)(to.tv_sec-from.tv_sec)*1e3 + (double)(to.tv_nsec-from.tv_nsec)/1e6)/10;
  char why[60];
  snprintf(why, sizeof(why), "%.2f ms for %zu bytes", ms, b.n);
  report("a_page_of_sql_parses_at_once", ms<10, why);
  if( getenv("TARN_TEST_VERBOSE") ) printf("# %s\n", why);
  buf_free(&b);
}

int main(void){
  sqlite3_mem_methods failing;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  failing = real;
  failing.xMalloc = failing_malloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
  trees();
  words();
  accepted();
  rejected();
  splits();
  kept_texts();
  limits();
  out_of_memory();
  speed();
  return 0;
}
