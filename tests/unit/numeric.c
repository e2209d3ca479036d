/*
** Numbers, decimals, casts and aggregates as SQLite calls them.
**
** Texts of doubles and reals were taken from Java 17; decimals are checked
** against a long multiplication by hand; each SQL row is a query of one value
** and its text, or !CODE: message.  Every row runs again with each of its
** allocations failing in turn: the answer is then the same or "out of memory".
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>
#include "vtab/decimal.h"
#include "vtab/number.h"
#include "vtab/tarn.h"
#include "vtab/fn/aggregate.h"

static void check(const char *name, const char *got, const char *want){
  if( got && strcmp(got, want)==0 ) printf("ok %s\n", name);
  else printf("not ok %s: got %s, expected %s\n", name, got ? got : "(null)", want);
}

#define FN_NAME_MAX 84

/* --- Java's text --------------------------------------------------------- */

static const struct { double value; const char *as_double, *as_real; } TEXTS[] = {
  {0, "0.0", "0.0"}, {-0.0, "-0.0", "-0.0"}, {1, "1.0", "1.0"}, {-1.5, "-1.5", "-1.5"},
  {0.1, "0.1", "0.1"}, {0.001, "0.001", "0.001"}, {9.9e-4, "9.9E-4", "9.9E-4"},
  {9999999, "9999999.0", "9999999.0"}, {1e7, "1.0E7", "1.0E7"}, {12345678.9, "1.23456789E7", "1.2345679E7"},
  {1e20, "1.0E20", "1.0E20"}, {1e23, "9.999999999999999E22", "1.0E23"}, {2e23, "1.9999999999999998E23", "2.0E23"},
  {2147483648.0, "2.147483648E9", "2.14748365E9"}, {9007199254740992.0, "9.007199254740992E15", "9.0071993E15"},
  {7.984782362590226e16, "7.9847823625902256E16", "7.9847823E16"}, {1.0249437781413174e18, "1.02494377814131738E18", "1.02494378E18"},
  {4.9e-324, "4.9E-324", "0.0"}, {1.7976931348623157e308, "1.7976931348623157E308", "Infinity"},
  {3.4028234663852886e38, "3.4028234663852886E38", "3.4028235E38"}, {1.401298464324817e-45, "1.401298464324817E-45", "1.4E-45"},
  {16777216, "1.6777216E7", "1.6777216E7"}, {0.30000000000000004, "0.30000000000000004", "0.3"},
  {NAN, "NaN", "NaN"}, {-INFINITY, "-Infinity", "-Infinity"},
};

static void java_text(void){
  char z[NUMBER_TEXT_MAX];
  for(size_t i=0; i<sizeof(TEXTS)/sizeof(TEXTS[0]); i++){
    number_double_text(TEXTS[i].value, z);
    check("number_double_text", z, TEXTS[i].as_double);
    number_real_text((double)(float)TEXTS[i].value, z);
    check("number_real_text", z, TEXTS[i].as_real);
  }
}

/* Every text reads back as the number it came from. */
static void round_trip(void){
  uint64_t x = 88172645463325252u;
  int bad = 0;
  for(int i=0; i<200000; i++){
    char z[NUMBER_TEXT_MAX];
    double d, back;
    x ^= x<<13; x ^= x>>7; x ^= x<<17;
    memcpy(&d, &x, 8);
    if( !isfinite(d) ) continue;
    if( number_parse_double(z, (size_t)number_double_text(d, z), &back) || back!=d ) bad++;
    if( number_parse_real(z, (size_t)number_real_text((float)d, z), &back) || back!=(float)d ) bad++;
  }
  check("number_round_trip", bad ? "some numbers changed" : "", "");
}

static void parsing(void){
  static const char *const good[] = {"1", " 1.5 ", "+1e3", ".5", "5.", "0x1p3", "1f", "1.5D", "NaN", "-Infinity"};
  static const char *const bad[] = {"", " ", "1e", "1..", "0x1", "inf", "nan", "1 2", "1_0", "--1", "Infinityf", "e1"};
  double d;
  int64_t n;
  for(size_t i=0; i<sizeof(good)/sizeof(good[0]); i++){
    check("number_parse_accepts", number_parse_double(good[i], strlen(good[i]), &d) ? good[i] : "", "");
  }
  for(size_t i=0; i<sizeof(bad)/sizeof(bad[0]); i++){
    check("number_parse_rejects", number_parse_double(bad[i], strlen(bad[i]), &d) ? "" : bad[i], "");
  }
  check("number_parse_long_limits", number_parse_long("-9223372036854775808", 20, &n)==0 && n==INT64_MIN
      && number_parse_long("9223372036854775808", 19, &n)!=0 && number_parse_long("-", 1, &n)!=0 ? "" : "wrong", "");
}

/* --- Decimals ------------------------------------------------------------ */

static const char *text(i128 v, int scale){
  static char z[DECIMAL_TEXT_MAX];
  decimal_text(v, scale, z);
  return z;
}

/* q*b + r = a with |r| <= |b|/2 for random a, b that fill 38 digits. */
static void division_is_exact(void){
  uint64_t x = 88172645463325252u;
  int bad = 0;
  for(int i=0; i<20000; i++){
    i128 a = 0, b = 0, q = 0, rest;
    for(int k=0; k<38; k++){
      x ^= x<<13; x ^= x>>7; x ^= x<<17;
      a = a*10 + (i128)(x%10);
      if( k>(int)(x>>32)%37 ) b = b*10 + (i128)((x>>16)%10);
    }
    if( b==0 ) continue;
    if( decimal_divide(a, 0, b, 0, 0, &q) ){ bad++; continue; }
    rest = a - q*b;
    if( rest<0 ) rest = -rest;
    if( rest>b - rest ) bad++;
    if( decimal_modulus(a, 0, b, 0)!=a%b ) bad++;
  }
  check("decimal_divides_exactly", bad ? "some quotients are wrong" : "", "");
}

static void decimals(void){
  i128 v = 0, max = decimal_power10(38) - 1;
  int p, s;
  check("decimal_parse_rounds", decimal_parse("1.005", 5, 5, 2, &v) ? "failed" : text(v, 2), "1.01");
  check("decimal_parse_exponent", decimal_parse("-12.5e-1", 8, 5, 2, &v) ? "failed" : text(v, 2), "-1.25");
  check("decimal_parse_too_large", decimal_parse("999.995", 7, 5, 2, &v)==-2 ? "" : "accepted", "");
  check("decimal_parse_no_number", decimal_parse("1e", 2, 5, 2, &v)==-1 ? "" : "accepted", "");
  check("decimal_literal", decimal_literal("001.50", 6, &v, &p, &s)==0 && p==3 && s==2 ? text(v, s) : "failed", "1.50");
  check("decimal_add_overflows", decimal_add(max, 0, 1, 0, &v) ? "" : "accepted", "");
  check("decimal_multiply_fills", decimal_multiply(max, 1, &v) ? "failed" : text(v, 0), "99999999999999999999999999999999999999");
  check("decimal_multiply_overflows", decimal_multiply(max, 2, &v) ? "" : "accepted", "");
  check("decimal_divide_scales", decimal_divide(1, 0, 3, 0, 37, &v) ? "failed" : text(v, 37), "0.3333333333333333333333333333333333333");
  check("decimal_modulus_scales", text(decimal_modulus(max, 0, 7, 38), 38), "0.00000000000000000000000000000000000002");
  division_is_exact();
}

/* --- SQL ----------------------------------------------------------------- */

#define T "(SELECT 1 AS k, 1 AS x, 1.5 AS y UNION ALL SELECT 2, 2, 'NaN' UNION ALL SELECT 3, NULL, 2.5 UNION ALL SELECT 4, 4, 0.5)"

static const struct { const char *name, *sql, *want; } ROWS[] = {
  {"add_overflows", "SELECT t_add_integer(2147483647, 1)", "!NUMERIC_VALUE_OUT_OF_RANGE: integer addition overflow: 2147483647 + 1"},
  {"divide_by_zero", "SELECT t_divide_bigint(1, 0)", "!DIVISION_BY_ZERO: Division by zero"},
  {"nan_is_not_itself", "SELECT t_eq_double('NaN', 'NaN')", "0"},
  {"nan_loses", "SELECT t_greatest('(double,double)double', 1.5, 'NaN')", "1.5"},
  {"cast_double_text", "SELECT t_cast('(double)varchar', 37.7)", "3.77E1"},
  {"cast_too_short", "SELECT t_cast('(double)varchar(4)', 1200.0)", "!INVALID_CAST_ARGUMENT: Value 1200.0 (1.2E3) cannot be represented as varchar(4)"},
  {"cast_rounds_half_up", "SELECT t_cast('(double)bigint', -2.5)", "-3"},
  {"cast_text_int", "SELECT t_cast('(varchar)integer', '12abc')", "!INVALID_CAST_ARGUMENT: Cannot cast '12abc' to INT"},
  {"try_cast_text_int", "SELECT t_try_cast('(varchar)integer', '12abc')", "NULL"},
  {"cast_char_pads", "SELECT t_cast('(char(5))varchar', 'ab') || '|'", "ab   |"},
  {"cast_decimal", "SELECT t_cast('(decimal(38,9))varchar', t_cast('(varchar)decimal(38,9)', '12345678901234567890.123456789'))", "12345678901234567890.123456789"},
  {"round_in_doubles", "SELECT t_cast('(double)varchar', t_round_n_double(123456.789, -5))", "9.999999999999999E4"},
  {"sum_overflows", "SELECT t_sum_bigint(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)", "!NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: 9223372036854775807 + 1"},
  {"sum_of_none", "SELECT t_sum_bigint(x) FROM " T " WHERE k>9", "NULL"},
  {"max_passes_nan", "SELECT t_max('(double)double', y) FROM " T, "2.5"},
  {"max_by", "SELECT t_max_by('(integer,double)integer', k, y) FROM " T, "3"},
  {"percentile", "SELECT t_approx_percentile_bigint('(bigint,double)bigint', x, 0.5) FROM " T, "2"},
  {"checksum", "SELECT hex(t_checksum('(integer)varbinary', x)) FROM (SELECT 1 AS x UNION ALL SELECT 2 UNION ALL SELECT NULL)", "EA51BC7B38D908D5"},
  {"stddev", "SELECT t_cast('(double)varchar', t_stddev_bigint(x)) FROM " T, "1.5275252316519465E0"},
  {"distinct_of_nan", "SELECT t_agg_x('(double)bigint', 't_count|1|1|', y) FROM (SELECT y FROM " T " UNION ALL SELECT 'NaN')", "4"},
  {"ordered_list", "SELECT t_agg_x('(varchar,varchar,boolean,varchar,boolean,integer)varchar', 't_listagg|0|5|d', CAST(x AS TEXT), '-', 1, '...', 1, k) FROM " T, "4-2-1"},
  {"unknown_inner", "SELECT t_agg_x('(double)bigint', 't_nosuch|0|1|', y) FROM " T, "!TARN_NOT_SUPPORTED: unknown inner aggregate: t_nosuch|0|1|"},
  {"no_types", "SELECT t_array_agg(x) FROM " T, "!TARN_NOT_SUPPORTED: the first argument must be the call's types, as in '(integer,varchar)varchar'"},
  {"window_recomputes", "SELECT group_concat(s) FROM (SELECT t_max_w('(double)double', y) OVER (ORDER BY k ROWS 1 PRECEDING) AS s FROM " T ")", "1.5,1.5,2.5,2.5"},
  {"window_before_rows", "SELECT group_concat(coalesce(s, '-')) FROM (SELECT t_sum_bigint_w(x) OVER (ORDER BY k ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS s FROM " T ")", "-,1,3,2"},
  {"window_array", "SELECT group_concat(length(s)) FROM (SELECT t_array_agg_w('(integer)array(integer)', x) OVER (ORDER BY k ROWS 1 PRECEDING) AS s FROM " T ")", "17,30,22,22"},
  {"lag_ignores_nulls", "SELECT group_concat(coalesce(s, '-')) FROM (SELECT t_lag_ignore('(integer,bigint)integer', x, 1) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS s FROM " T ")", "-,1,2,2"},
  {"lead_ignores_nulls", "SELECT group_concat(coalesce(s, '-')) FROM (SELECT t_nth_value_ignore('(integer,bigint)integer', x, 1) OVER (ORDER BY k ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS s FROM " T ")", "2,4,4,-"},
  {"reduce", "SELECT t_reduce_agg('(integer,integer,function(integer,integer,integer),function(integer,integer,integer))integer', x, 10, '2:t_add_integer($0,$1)', '2:t_add_integer($0,$1)') FROM " T, "17"},
  {"window_with_lambda", "SELECT group_concat(s) FROM (SELECT t_reduce_agg_w('(integer,integer,function(integer,integer,integer),function(integer,integer,integer))integer', k, 0, '2:t_add_integer($0,$1)', '2:$0') OVER (ORDER BY k ROWS 1 PRECEDING) AS s FROM " T ")", "1,3,5,7"},
  {"histogram", "SELECT length(t_histogram('(double)map(double,bigint)', y)) FROM " T, "108"},
};

/* NAME, NAME_w and the scalars' names never meet. */
static void names_are_unique(void){
  char all[4096][FN_NAME_MAX];
  int n = 0, n_family;
  const AggDef *const *agg = agg_families(&n_family);
  const FnDef *const *fn;
  const char *twice = "";
  for(int f=0; f<n_family; f++){
    for(const AggDef *d=agg[f]; d->name && n<4000; d++){
      agg_sql_name(d, all[n++]);
      agg_sql_name(d, all[n]);
      strcat(all[n++], AGG_WINDOW_SUFFIX);
    }
  }
  fn = fn_families(&n_family);
  for(int f=0; f<n_family; f++){
    for(const FnDef *d=fn[f]; d->name && n<4000; d++) fn_sql_name(d, all[n++]);
  }
  for(int i=0; i<n; i++){
    for(int j=0; j<i; j++) if( strcmp(all[i], all[j])==0 ) twice = all[i];
  }
  check("sql_names_are_unique", twice, "");
}

static sqlite3_int64 fail_after = -1;    /* allocations that still succeed; -1: all */
static sqlite3_mem_methods memory;

static int failing(void){ return fail_after>=0 && fail_after--==0; }
static void *fault_malloc(int n){ return failing() ? 0 : memory.xMalloc(n); }
static void *fault_realloc(void *p, int n){ return failing() ? 0 : memory.xRealloc(p, n); }

/* The value's text in sqlite3_malloc'd memory; NULL when that fails. */
static char *run(sqlite3 *db, const char *sql){
  sqlite3_stmt *stmt = 0;
  char *z = 0;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_step(stmt);
  if( rc==SQLITE_ROW ){
    const char *got = (const char*)sqlite3_column_text(stmt, 0);
    z = sqlite3_mprintf("%s", got ? got : "NULL");
    rc = sqlite3_reset(stmt);
  }else if( rc!=SQLITE_NOMEM ){
    z = sqlite3_mprintf("!%s", sqlite3_errmsg(db));
  }
  sqlite3_finalize(stmt);
  return z;
}

static void faults(sqlite3 *db, const char *name, const char *sql, const char *want){
  for(int n=0; n<5000; n++){
    char *z;
    int done;
    fail_after = n;
    z = run(db, sql);
    done = fail_after>=0;
    fail_after = -1;
    if( z && strcmp(z, want) && strcmp(z, "!out of memory") ){
      /* text conversions that ran out of memory read as NULL in SQLite */
      if( strcmp(z, "NULL") || done ){
        printf("not ok faults_%s: allocation %d: %s\n", name, n, z);
        sqlite3_free(z);
        return;
      }
    }
    sqlite3_free(z);
    if( done ){ printf("ok faults_%s\n", name); return; }
  }
  printf("not ok faults_%s: too many allocations\n", name);
}

int main(void){
  sqlite3 *db = 0;
  sqlite3_mem_methods mine;
  sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory);
  mine = memory;
  mine.xMalloc = fault_malloc;
  mine.xRealloc = fault_realloc;
  sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
  sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
  java_text();
  round_trip();
  parsing();
  decimals();
  names_are_unique();
  if( sqlite3_open(":memory:", &db)!=SQLITE_OK || tarn_register(db)!=SQLITE_OK ){
    printf("not ok open\n");
    return 1;
  }
  for(size_t i=0; i<sizeof(ROWS)/sizeof(ROWS[0]); i++){
    char *z = run(db, ROWS[i].sql);
    check(ROWS[i].name, z, ROWS[i].want);
    sqlite3_free(z);
    faults(db, ROWS[i].name, ROWS[i].sql, ROWS[i].want);
  }
  sqlite3_close(db);
  return 0;
}
