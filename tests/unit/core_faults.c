/*
** Every allocation of a call failed in turn: an error or the right answer,
** never another one.  Statements reach the wrapper, programs, t_unnest, the
** array and map functions, keys, and the shell's names.
*/
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include "../../vtab/tarn.h"
#include "../../vtab/fn/shell.h"

#define TRIES_MAX 4000          /* allocations of one statement */

static sqlite3_mem_methods real;
static int countdown = -1;      /* allocations until one fails; -1: none */
static int failed;              /* how often one failed */

static int fails(void){
  if( countdown<0 ) return 0;
  if( countdown-->0 ) return 0;
  countdown = -1;
  failed++;
  return 1;
}

static void *fault_malloc(int n){
  return fails() ? 0 : real.xMalloc(n);
}

static void *fault_realloc(void *p, int n){
  return fails() ? 0 : real.xRealloc(p, n);
}

static const char *const STATEMENTS[] = {
  "SELECT t_array_join('(array(bigint),varchar)varchar', t_transform('(array(bigint),function(bigint,bigint))"
    "array(bigint)', t_load('(varchar)array(bigint)', '[1,2,3]'), '[bigint] 1:t_add_bigint($0,$1)', 10), '-')",
  "SELECT group_concat(c1 || ':' || c2 || ':' || n) FROM t_unnest('(map(varchar,bigint))', "
    "t_load('(varchar)map(varchar,bigint)', '{\"b\":1,\"a\":2}'))",
  "SELECT t_store('(array(row(varchar,bigint)))varchar', t_map_entries('(map(varchar,bigint))array(row(varchar,bigint))',"
    " t_map('(array(varchar),array(bigint))map(varchar,bigint)', t_array('(varchar,varchar)array(varchar)', 'x', 'y'),"
    " t_array('(bigint,bigint)array(bigint)', 1, 2))))",
  "SELECT t_array_join('(array(bigint),varchar)varchar', t_array_sort_lambda('(array(bigint),function(bigint,bigint,integer))"
    "array(bigint)', t_load('(varchar)array(bigint)', '[3,1,2]'), '2:case(t_lt_bigint($0,$1),1,t_eq_bigint($0,$1),0,-1)'), ',')",
  "SELECT hex(t_group_key('(array(varchar))varbinary', t_array_distinct('(array(varchar))array(varchar)', "
    "t_load('(varchar)array(varchar)', '[\"a\",\"b\",\"a\"]'))))",
  "SELECT t_try('[bigint] 0:t_subscript(''(array(bigint),bigint)bigint'',t_array(''(bigint)array(bigint)'',$0),1)', 7)",
  "SELECT t_array_join('(array(bigint),varchar)varchar', t_transform('(array(bigint),function(bigint,bigint))array(bigint)',"
    " t_sequence(1,3), '1:t_reduce(''(array(bigint),bigint,function(bigint,bigint,bigint),function(bigint,bigint))bigint'',"
    "t_sequence(1,$0),0,lambda(2,t_add_bigint($1,$2)),lambda(1,$1))'), ',')",
  "SELECT t_single('(varchar)varchar', value) FROM json_each('[\"one\"]')",
  "SELECT array_join(split('a,b,c', ','), '-'), date_add('day', 1, '2020-02-28'), element_at('{\"k\":[1,2]}', 'k')",
  "SELECT array_agg(value), max_by(value, key) FROM json_each('[\"p\",\"q\"]')",
  /* long texts, so that the arena of a call needs more than one block */
  "SELECT length(t_upper(t_rpad('\xc3\xa9', 3000, 'ab'))), t_soundex(t_rpad('Robert', 5000, 'x')), "
    "length(t_translate(t_rpad('a', 5000, 'abc'), 'ab', 'xy')), length(t_reverse(t_lpad('a', 5000, 'b')))",
  "SELECT length(t_replace(t_rpad('a', 3000, 'b'), 'b', 'cc')), length(t_normalize(t_rpad('a', 3000, 'b'), 'NFD')), "
    "t_levenshtein_distance(t_rpad('a', 900, 'b'), t_rpad('b', 900, 'a')), length(t_from_utf8(t_to_utf8(t_rpad('a', 5000, 'b'))))",
  "SELECT t_array_join('(array(varchar),varchar)varchar', t_split(t_rpad('a', 3000, ',b'), ','), '')",
  "SELECT length(t_regexp_replace('(varchar,varchar,varchar)varchar', t_rpad('a', 3000, 'b'), '(b)', '<$1>')), "
    "t_regexp_count('(varchar,varchar)bigint', t_rpad('a', 3000, '1 '), '\\d\\b'), "
    "t_regexp_extract('(varchar,varchar)varchar', 'xay', '(?<=x)[[:alpha:]]')",
  "SELECT t_like('(varchar,varchar)boolean', t_rpad('a', 3000, 'b'), 'a%b%b'), "
    "t_like_escape('(varchar,varchar,varchar)boolean', 'a%', 'a!%', '!')",
  "SELECT length(t_json_parse('{\"b\":[' || t_rpad('1', 5001, ',1') || '],\"a\":{\"c\":null,\"c\":\"\\u00e9\"}}')), "
    "length(t_json_extract('(varchar,varchar)json', '{\"b\":[' || t_rpad('1', 5001, ',1') || ']}', '$.b')), "
    "t_json_extract_scalar('(varchar,varchar)varchar', '[\"a\\nb\"]', '$[0]')",
  "SELECT t_array_join('(array(bigint),varchar)varchar', t_cast('(json)array(bigint)', '[' || t_rpad('1', 3001, ',1') || ']'), ''), "
    "length(t_cast('(array(bigint))json', t_cast('(json)array(bigint)', '[' || t_rpad('1', 3001, ',1') || ']')))",
  "SELECT length(t_sql_json_query('(varchar,varchar,varchar)varchar', 'UKNN', '[' || t_rpad('1', 301, ',1') || ']', 'lax $[*]?(@ + 1 > 1)')), "
    "t_sql_json_value('(varchar,varchar,varchar,bigint,bigint)bigint', 'NN', '{\"a\":\"7\"}', 'strict $.a', NULL, NULL), "
    "t_sql_json_object('(varchar,varchar,bigint,varchar,varchar)varchar', 'N-V-', 'a', 1, 'b', 'x')",
  "SELECT t_format('(varchar,varchar,bigint,double)varchar', '%s|%,10d|%.3f|%2$x', t_rpad('a', 5000, 'b'), 12345, 1.5), t_format_number(12345)",
  "SELECT length(t_url_encode(t_rpad('a', 3000, ' '))), length(t_url_decode(t_rpad('a', 3001, '%20'))), "
    "t_url_extract_parameter('http://h/?a=%41', 'a'), length(t_to_base64(t_to_utf8(t_rpad('a', 3000, 'b')))), "
    "t_word_stem('(varchar)varchar', 'running'), length(t_to_hex(t_sha512(t_to_utf8('a'))))",
};

/* The rows as one text, or NULL after an error. */
static char *answer(sqlite3 *db, const char *sql){
  sqlite3_stmt *stmt = 0;
  char *all = sqlite3_mprintf("");
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  while( rc==SQLITE_OK && all && (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    for(int i=0; i<sqlite3_column_count(stmt) && all; i++){
      const char *z = (const char*)sqlite3_column_text(stmt, i);
      char *more = z || sqlite3_column_type(stmt, i)==SQLITE_NULL ? sqlite3_mprintf("%s%s|", all, z ? z : "NULL") : 0;
      sqlite3_free(all);
      all = more;
    }
    rc = SQLITE_OK;
  }
  sqlite3_finalize(stmt);
  if( rc!=SQLITE_DONE ){
    sqlite3_free(all);
    return 0;
  }
  return all;
}

static sqlite3 *open_db(void){
  sqlite3 *db = 0;
  if( sqlite3_open(":memory:", &db)!=SQLITE_OK || tarn_register(db)!=SQLITE_OK || shell_register(db)!=SQLITE_OK ){
    sqlite3_close(db);
    return 0;
  }
  return db;
}

static int statement_survives(sqlite3 *db, const char *sql){
  char *want = answer(db, sql);
  int tries = 0, wrong = 0;
  if( want==0 ){
    printf("not ok fault: %s: %s\n", sql, sqlite3_errmsg(db));
    return 0;
  }
  for(; tries<TRIES_MAX; tries++){
    char *got;
    failed = 0;
    countdown = tries;
    got = answer(db, sql);
    countdown = -1;
    if( got && strcmp(got, want) ){
      printf("not ok fault: %s: allocation %d: got %s, not %s\n", sql, tries, got, want);
      wrong = 1;
    }
    sqlite3_free(got);
    if( !failed || wrong ) break;
  }
  sqlite3_free(want);
  if( wrong==0 ) printf("ok fault_%.40s_%d_allocations\n", sql, tries);
  return !wrong;
}

/* Registration itself, with every allocation failed. */
static int registration_survives(void){
  int tries = 0;
  for(; tries<TRIES_MAX; tries++){
    sqlite3 *db;
    failed = 0;
    countdown = tries*7;        /* thousands of them: every seventh */
    db = open_db();
    countdown = -1;
    sqlite3_close(db);
    if( !failed ) break;
  }
  printf(tries<TRIES_MAX ? "ok fault_registration\n" : "not ok fault_registration: no end\n");
  return tries<TRIES_MAX;
}

int main(void){
  sqlite3_mem_methods mine;
  sqlite3 *db;
  int good = 1;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
  mine = real;
  mine.xMalloc = fault_malloc;
  mine.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  sqlite3_initialize();
  db = open_db();
  if( db==0 ){
    printf("not ok fault_open: cannot open\n");
    return 1;
  }
  for(size_t i=0; i<sizeof(STATEMENTS)/sizeof(STATEMENTS[0]); i++) good &= statement_survives(db, STATEMENTS[i]);
  sqlite3_close(db);
  good &= registration_survives();
  return !good;
}
