/*
** Fuzz of the dialect: text -> parser -> analyser -> emitter -> SQLite.
**
**   build/fuzz/sql LAKE [SECONDS [SEED]] < corpus      (one statement a line)
**
** Statements of the corpus are cut into tokens and mutated (tokens swapped,
** dropped, doubled, replaced; parts in brackets exchanged between statements);
** others are grown from a small grammar.  Each is compiled against the lake's
** catalog.  A statement that compiles must be accepted by SQLite, then is run
** for at most RUN_ROWS rows.  Reported: a crash (by the sanitizers), a
** statement that takes longer than SLOW_MS, emitted SQL that SQLite refuses.
** The same seed gives the same statements.  Closes with `N passed, N failed`.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>
#include "src/session.h"

#define CORPUS_MAX 8192
#define TOKEN_MAX 400
#define STATEMENT_MAX 8000
#define SLOW_MS 1000
#define RUN_ROWS 50
#define RUN_STEPS 200           /* calls of the progress handler before a statement is stopped */

static char *corpus[CORPUS_MAX];
static int n_corpus;
static unsigned state;

static unsigned draw(unsigned n){
  state = state*1664525u + 1013904223u;
  return n ? (state>>8) % n : 0;
}

static double now_ms(void){
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec*1e3 + (double)ts.tv_nsec/1e6;
}

/* --- Mutation ------------------------------------------------------------ */

typedef struct Tokens { int n; const char *z[TOKEN_MAX]; int len[TOKEN_MAX]; } Tokens;

static int is_word(char c){
  return (c>='a' && c<='z') || (c>='A' && c<='Z') || (c>='0' && c<='9') || c=='_' || (c & 0x80);
}

static void cut(const char *z, Tokens *t){
  t->n = 0;
  while( *z && t->n<TOKEN_MAX ){
    const char *start = z;
    if( *z==' ' || *z=='\t' || *z=='\n' ){
      z++;
      continue;
    }
    if( *z=='\'' || *z=='"' ){
      char quote = *z++;
      while( *z && *z!=quote ) z++;
      if( *z ) z++;
    }else if( is_word(*z) ){
      while( is_word(*z) || *z=='.' ) z++;
    }else{
      z++;
    }
    t->z[t->n] = start;
    t->len[t->n++] = (int)(z - start);
  }
}

static void join(const Tokens *t, Buf *out){
  for(int i=0; i<t->n && out->n<STATEMENT_MAX; i++){
    if( i ) buf_char(out, ' ');
    buf_add(out, t->z[i], (size_t)t->len[i]);
  }
  buf_str(out, "");
}

static void set(Tokens *t, int i, const Tokens *from, int j){
  t->z[i] = from->z[j];
  t->len[i] = from->len[j];
}

static void remove_at(Tokens *t, int i){
  for(; i+1<t->n; i++) set(t, i, t, i+1);
  t->n--;
}

static void insert_at(Tokens *t, int i, const Tokens *from, int j){
  if( t->n==TOKEN_MAX ) return;
  for(int k=t->n++; k>i; k--) set(t, k, t, k-1);
  set(t, i, from, j);
}

/* Replace t's bracket group that begins at i by another statement's at j. */
static int group_end(const Tokens *t, int i){
  int depth = 0;
  for(; i<t->n; i++){
    if( t->z[i][0]=='(' ) depth++;
    if( t->z[i][0]==')' && --depth==0 ) return i+1;
  }
  return -1;
}

static void exchange_group(Tokens *t, const Tokens *other){
  Tokens out = {0};
  int i = (int)draw((unsigned)t->n), j = (int)draw((unsigned)other->n), ei, ej;
  while( i<t->n && t->z[i][0]!='(' ) i++;
  while( j<other->n && other->z[j][0]!='(' ) j++;
  ei = group_end(t, i);
  ej = group_end(other, j);
  if( ei<0 || ej<0 || i + (ej-j) + (t->n-ei) > TOKEN_MAX ) return;
  for(int k=0; k<i; k++) set(&out, out.n++, t, k);
  for(int k=j; k<ej; k++) set(&out, out.n++, other, k);
  for(int k=ei; k<t->n; k++) set(&out, out.n++, t, k);
  *t = out;
}

static void mutate(Buf *out){
  static Tokens t, other;
  cut(corpus[draw((unsigned)n_corpus)], &t);
  cut(corpus[draw((unsigned)n_corpus)], &other);
  for(unsigned k = 1 + draw(4); k && t.n && other.n; k--){
    int i = (int)draw((unsigned)t.n), j = (int)draw((unsigned)other.n);
    switch( draw(6) ){
      case 0: set(&t, i, &other, j); break;
      case 1: remove_at(&t, i); break;
      case 2: insert_at(&t, i, &other, j); break;
      case 3: insert_at(&t, i, &t, (int)draw((unsigned)t.n)); break;
      default: exchange_group(&t, &other); break;
    }
  }
  join(&t, out);
}

/* --- A small grammar ----------------------------------------------------- */

/* %e an expression, %q a query, %t a table; the rest is text. */
static const char *const expressions[] = {
  "id", "name", "salary", "hired", "tags", "attrs", "addr", "active", "ts", "bonus", "NULL", "1", "-2", "1.5", "'x'",
  "true", "DATE '2020-01-31'", "TIMESTAMP '2020-01-31 10:00:00'", "DECIMAL '1.50'", "INTERVAL '1' DAY", "X'00'",
  "(%e + %e)", "(%e / %e)", "(%e || %e)", "(%e = %e)", "(%e < %e)", "(%e AND %e)", "(NOT %e)", "(%e IS NULL)",
  "(%e IN (%e, %e))", "(%e BETWEEN %e AND %e)", "(%e LIKE %e)", "CASE WHEN %e THEN %e ELSE %e END",
  "coalesce(%e, %e)", "if(%e, %e, %e)", "try(%e)", "CAST(%e AS varchar)", "TRY_CAST(%e AS bigint)",
  "CAST(%e AS double)", "ARRAY[%e, %e]", "ROW(%e, %e)", "%e[1]", "addr.city", "(%q)", "EXISTS (%q)", "(%e IN (%q))",
  "count(*)", "sum(%e)", "max(%e)", "array_agg(%e ORDER BY %e)", "count(DISTINCT %e)", "sum(%e) FILTER (WHERE %e)",
  "row_number() OVER (PARTITION BY %e ORDER BY %e)", "lag(%e) OVER (ORDER BY %e)", "transform(%e, x -> %e)",
  "filter(tags, x -> %e)", "reduce(%e, %e, (s, x) -> %e, s -> s)", "length(%e)", "substr(%e, %e)", "abs(%e)",
  "date_add('day', %e, %e)", "date_trunc('month', %e)", "json_extract(%e, '$.a')", "cardinality(%e)", "greatest(%e, %e)"
};
static const char *const queries[] = {
  "SELECT %e FROM %t", "SELECT %e, %e FROM %t WHERE %e", "SELECT %e, count(*) FROM %t GROUP BY 1",
  "SELECT %e FROM %t GROUP BY %e HAVING %e", "SELECT DISTINCT %e FROM %t ORDER BY 1 LIMIT 3",
  "SELECT %e FROM %t a JOIN %t b ON %e", "SELECT %e FROM %t LEFT JOIN %t ON %e", "%q UNION %q", "%q INTERSECT %q",
  "SELECT * FROM (%q) t", "WITH w AS (%q) SELECT * FROM w", "VALUES %e, %e", "SELECT x FROM UNNEST(%e) t(x)",
  "SELECT %e FROM %t CROSS JOIN UNNEST(%e) u(x)", "SELECT %e, %e FROM %t GROUP BY ROLLUP (id, name)", "SELECT %e"
};
static const char *const tables[] = { "employees", "departments", "orders", "nums", "events", "(VALUES (1, 'a')) v(id, name)" };
#define COUNT(A) (sizeof(A)/sizeof((A)[0]))

static void grow(Buf *out, char what, int depth){
  const char *z = what=='t' ? tables[draw(COUNT(tables))]
                : what=='q' ? queries[depth>3 ? 0 : draw(COUNT(queries))]
                : expressions[draw(depth>4 ? 21 : COUNT(expressions))];
  for(; *z && out->n<STATEMENT_MAX; z++){
    if( z[0]=='%' && z[1] ) grow(out, *++z, depth+1);
    else buf_char(out, *z);
  }
}

/* --- One statement ------------------------------------------------------- */

static int on_progress(void *left){
  return --*(int*)left<0;
}

/* 0, or 1 after saying what is wrong. */
static int try_statement(Session *s, const char *sql){
  CompileContext context = { .catalog = s->catalog, .plain = draw(2) ? -1 : 0 };   /* by the hash operators too */
  Compiled *c = 0;
  AthenaError error = {0};
  sqlite3_stmt *stmt = 0;
  double start = now_ms(), compiled;
  int bad = 0, left = RUN_STEPS;
  int failed = athena_compile(&s->arena, &context, sql, &c, &error);
  compiled = now_ms() - start;
  if( compiled>SLOW_MS ){
    printf("not ok slow: %.0f ms to compile: %s\n", compiled, sql);
    bad = 1;
  }
  if( !failed && c->sqlite_sql && c->statement->kind==ST_QUERY ){
    sqlite3_progress_handler(s->db, 10000, on_progress, &left);
    if( sqlite3_prepare_v2(s->db, c->sqlite_sql, -1, &stmt, 0)!=SQLITE_OK ){
      printf("not ok emitted: %s: %s\n   becomes %s\n", sqlite3_errmsg(s->db), sql, c->sqlite_sql);
      bad = 1;
    }
    for(int i=0; i<RUN_ROWS && stmt && sqlite3_step(stmt)==SQLITE_ROW; i++){}
    sqlite3_finalize(stmt);
    sqlite3_progress_handler(s->db, 0, 0, 0);
  }
  session_reset(s);
  return bad;
}

int main(int argc, char **argv){
  double seconds = argc>2 ? atof(argv[2]) : 30, end;
  static char line[1<<16];
  Options o = {0};
  Session s;
  long passed = 0, failed = 0;
  if( argc<2 ) return 2;
  state = argc>3 ? (unsigned)atoi(argv[3]) : 20261122u;
  while( n_corpus<CORPUS_MAX && fgets(line, sizeof(line), stdin) ){
    line[strcspn(line, "\n")] = 0;
    if( line[0] ) corpus[n_corpus++] = strdup(line);
  }
  o.lake = argv[1];
  o.database = "default";
  if( n_corpus==0 || session_open(&s, &o) ){
    fprintf(stderr, "no corpus on stdin, or the lake %s cannot be opened\n", argv[1]);
    return 2;
  }
  end = now_ms() + seconds*1000;
  while( now_ms()<end ){
    Buf sql;
    buf_init(&sql, 0);
    if( draw(3)==0 ) grow(&sql, 'q', 0); else mutate(&sql);
    buf_str(&sql, "");
    if( try_statement(&s, sql.z) ) failed++; else passed++;
    buf_free(&sql);
  }
  session_close(&s);
  for(int i=0; i<n_corpus; i++) free(corpus[i]);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed!=0;
}
