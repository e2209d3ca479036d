/* Examples by name: see function_docs.h.  A test runs each of them. */
#include "function_docs.h"
#include <string.h>

#define ONE_TWO_FOUR " FROM (VALUES 1, 2, 4) AS t(x)"
#define PAIRS " FROM (VALUES ('a', 1), ('b', 2), ('a', 3)) AS t(k, x)"
#define POINTS " FROM (VALUES (1.0, 2.0), (2.0, 4.0), (3.0, 6.0)) AS t(x, y)"

static const struct { const char *name, *example; } EXAMPLES[] = {
  {"acos", "acos(1) = 0.0"},
  {"asin", "asin(0) = 0.0"},
  {"atan", "atan(0) = 0.0"},
  {"atan2", "atan2(0, 1) = 0.0"},
  {"cosh", "cosh(0) = 1.0"},
  {"sinh", "sinh(0) = 0.0"},
  {"degrees", "degrees(pi()) = 180.0"},
  {"radians", "radians(180) = 3.141592653589793"},
  {"beta_cdf", "round(beta_cdf(2, 2, 0.5), 6) = 0.5"},
  {"wilson_interval_lower", "round(wilson_interval_lower(1, 2, 1.96), 4) = 0.0945"},
  {"wilson_interval_upper", "round(wilson_interval_upper(1, 2, 1.96), 4) = 0.9055"},
  {"random", "random() < 1 = true"},
  {"rand", "rand() < 1 = true"},
  {"cosine_similarity", "cosine_similarity(MAP(ARRAY['a'], ARRAY[1.0]), MAP(ARRAY['a'], ARRAY[2.0])) = 1.0"},
  {"bitwise_left_shift", "bitwise_left_shift(1, 3) = 8"},
  {"bitwise_right_shift", "bitwise_right_shift(8, 3) = 1"},
  {"bitwise_right_shift_arithmetic", "bitwise_right_shift_arithmetic(-8, 2) = -2"},
  {"uuid", "typeof(uuid()) = uuid"},
  {"sha512", "length(sha512(to_utf8('a'))) = 64"},
  {"hmac_md5", "to_hex(hmac_md5(to_utf8('a'), to_utf8('k'))) = DDCF3D210049E7135F61AFFAE73731CD"},
  {"hmac_sha1", "length(hmac_sha1(to_utf8('a'), to_utf8('k'))) = 20"},
  {"hmac_sha256", "length(hmac_sha256(to_utf8('a'), to_utf8('k'))) = 32"},
  {"hmac_sha512", "length(hmac_sha512(to_utf8('a'), to_utf8('k'))) = 64"},
  {"spooky_hash_v2_64", "length(spooky_hash_v2_64(to_utf8('a'))) = 8"},
  {"count", "count(x)" ONE_TWO_FOUR " = 3"},
  {"count_if", "count_if(x > 1)" ONE_TWO_FOUR " = 2"},
  {"sum", "sum(x)" ONE_TWO_FOUR " = 7"},
  {"avg", "avg(x)" ONE_TWO_FOUR " = 2.3333333333333335"},
  {"bool_and", "bool_and(x > 1)" ONE_TWO_FOUR " = false"},
  {"every", "every(x > 0)" ONE_TWO_FOUR " = true"},
  {"bool_or", "bool_or(x > 3)" ONE_TWO_FOUR " = true"},
  {"bitwise_and_agg", "bitwise_and_agg(x) FROM (VALUES 6, 3) AS t(x) = 2"},
  {"bitwise_or_agg", "bitwise_or_agg(x)" ONE_TWO_FOUR " = 7"},
  {"arbitrary", "arbitrary(x) FROM (VALUES 5, NULL) AS t(x) = 5"},
  {"any_value", "any_value(x) FROM (VALUES 5, NULL) AS t(x) = 5"},
  {"max", "max(x)" ONE_TWO_FOUR " = 4"},
  {"min", "min(x)" ONE_TWO_FOUR " = 1"},
  {"max_by", "max_by(k, x)" PAIRS " = a"},
  {"min_by", "min_by(k, x)" PAIRS " = a"},
  {"array_agg", "array_agg(x ORDER BY x DESC)" ONE_TWO_FOUR " = [4, 2, 1]"},
  {"map_agg", "map_agg(k, x) FROM (VALUES ('a', 1), ('b', 2)) AS t(k, x) = {a=1, b=2}"},
  {"multimap_agg", "multimap_agg(k, x)" PAIRS " = {a=[1, 3], b=[2]}"},
  {"map_union", "map_union(m) FROM (VALUES MAP(ARRAY['a'], ARRAY[1]), MAP(ARRAY['b'], ARRAY[2])) AS t(m) = {a=1, b=2}"},
  {"histogram", "histogram(k)" PAIRS " = {a=2, b=1}"},
  {"approx_most_frequent", "approx_most_frequent(2, k, 10)" PAIRS " = {a=2, b=1}"},
  {"approx_distinct", "approx_distinct(k)" PAIRS " = 2"},
  {"listagg", "listagg(k, ',') WITHIN GROUP (ORDER BY x)" PAIRS " = a,b,a"},
  {"reduce_agg", "reduce_agg(x, 0, (s, x) -> s + x, (a, b) -> a + b)" ONE_TWO_FOUR " = 7"},
  {"variance", "variance(x)" ONE_TWO_FOUR " = 2.333333333333333"},
  {"var_samp", "var_samp(x)" ONE_TWO_FOUR " = 2.333333333333333"},
  {"var_pop", "var_pop(x)" ONE_TWO_FOUR " = 1.5555555555555554"},
  {"stddev", "stddev(x) FROM (VALUES 1, 3, 5) AS t(x) = 2.0"},
  {"stddev_samp", "stddev_samp(x) FROM (VALUES 1, 3, 5) AS t(x) = 2.0"},
  {"stddev_pop", "stddev_pop(x) FROM (VALUES 1, 5) AS t(x) = 2.0"},
  {"skewness", "skewness(x) FROM (VALUES 1, 2, 3) AS t(x) = 0.0"},
  {"kurtosis", "round(kurtosis(x), 4) FROM (VALUES 1, 2, 3, 4) AS t(x) = -1.2"},
  {"covar_samp", "covar_samp(y, x)" POINTS " = 2.0"},
  {"covar_pop", "round(covar_pop(y, x), 4)" POINTS " = 1.3333"},
  {"corr", "round(corr(y, x), 9)" POINTS " = 1.0"},
  {"regr_slope", "regr_slope(y, x)" POINTS " = 2.0"},
  {"regr_intercept", "regr_intercept(y, x)" POINTS " = 0.0"},
  {"geometric_mean", "round(geometric_mean(x), 9)" ONE_TWO_FOUR " = 2.0"},
  {"checksum", "checksum(x) IS NOT NULL" ONE_TWO_FOUR " = true"},
  {"approx_percentile", "approx_percentile(x, 0.5)" ONE_TWO_FOUR " = 2"},
  {"numeric_histogram", "numeric_histogram(2, x)" ONE_TWO_FOUR " = {1.5=2.0, 4.0=1.0}"},
};

const char *function_example(const char *name){
  for(unsigned i=0; i<sizeof(EXAMPLES)/sizeof(EXAMPLES[0]); i++){
    if( strcmp(EXAMPLES[i].name, name)==0 ) return EXAMPLES[i].example;
  }
  return 0;
}

const WindowDoc window_docs[] = {
  {"row_number", "() -> bigint", "Number of the row in its partition.",
   "row_number() OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 1"},
  {"rank", "() -> bigint", "Rank of the row, with gaps after equals.",
   "rank() OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 1"},
  {"dense_rank", "() -> bigint", "Rank of the row, without gaps.",
   "dense_rank() OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 1"},
  {"percent_rank", "() -> double", "Rank of the row between 0 and 1.",
   "percent_rank() OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 0.0"},
  {"cume_dist", "() -> double", "Fraction of the rows up to this one and its equals.",
   "cume_dist() OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 1.0"},
  {"ntile", "(bigint) -> bigint", "Number of the bucket, of so many, that the row falls into.",
   "ntile(2) OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 1"},
  {"first_value", "(T) -> T", "Value of the frame's first row; IGNORE NULLS skips NULLs.",
   "first_value(x) OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 7"},
  {"last_value", "(T) -> T", "Value of the frame's last row; IGNORE NULLS skips NULLs.",
   "last_value(x) OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 7"},
  {"nth_value", "(T, bigint) -> T", "Value of the frame's n-th row; IGNORE NULLS skips NULLs.",
   "nth_value(x, 1) OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 7"},
  {"lag", "(T, bigint, T) -> T", "Value some rows before, with a value where there is none.",
   "lag(x, 1, 0) OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 0"},
  {"lead", "(T, bigint, T) -> T", "Value some rows after, with a value where there is none.",
   "lead(x, 1, 0) OVER (ORDER BY x) FROM (VALUES 7) AS t(x) = 0"},
  {0, 0, 0, 0}
};
