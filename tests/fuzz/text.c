/*
** Fuzz of what reads texts of others: JSON, both kinds of JSON path, regular
** expressions, LIKE, format patterns, URLs, base64, UTF-8.
**
**   build/fuzz/text [SECONDS [SEED]]
**
** Texts are grown from pieces of their language and mutated; each goes through
** the registry's functions, arguments of all shapes.  Reported: a crash (by
** the sanitizers); a function that says FN_ERROR and no code; JSON that
** json_parse made and cannot read again, or reads differently; a decoder that
** does not undo its encoder.  The same seed gives the same cases.
** Closes with `N passed, N failed`.
*/
#include "vtab/fn/fn.h"
#include "vtab/fn/json.h"
#include "vtab/fn/json_path.h"
#include "vtab/fn/regexp.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sqlite3.h>

#define TEXT_MAX_BYTES 160

static uint64_t seed = 1;
static long passed, failed;

static unsigned below(unsigned n){
  seed = seed*UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(seed>>33)%n;
}

static const char *const json_pieces[] = {
  "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"a\":", "1", "-0", "1.50", "1e400", "12345678901234567890",
  "true", "false", "null", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\xf0\x9f\x98\x80\"",
  "\"\\n\"", "\"\\x\"", "\"", "\\", " ", "\n", "1.", "-", "tru", "\xc3\xa9", "\x01", "[[[[", "]]]]", "{\"a\":[1,2]}"};
static const char *const path_pieces[] = {
  "$", ".a", ".b", "[0]", "[\"a\"]", "[", "]", "lax ", "strict ", "$.a", "[*]", ".*", "..a", "?(", "@", ")", "(",
  "==", ">", " 1", " \"a\"", "&&", "||", "!", "exists", ".size()", ".type()", ".double()", ".keyvalue()",
  ".abs()", " + ", "-", "*", "/", "%", "last", " to ", "$x", "1.5", "1e3", "true", "null", " is unknown",
  " starts with ", "\"\"", "\xe6\x97\xa5", ".", ",", "\"", "99999999999999999999"};
static const char *const regexp_pieces[] = {
  "a", "b", ".", "*", "+", "?", "{2}", "{1,}", "{,3}", "{", "}", "(", ")", "(?:", "(?=", "(?<=", "(?<!", "(?i)",
  "(?<n>", "\\k<n>", "\\1", "|", "^", "$", "[", "]", "[^", "-", "a-z", "\\w", "\\d", "\\W", "\\b", "\\p{L}",
  "\\p{Lu}", "\\p", "\\pN", "[:alpha:]", "&&", "\\Q", "\\E", "\\x41", "\\x{1F600}", "\\u00e9", "\\", "(?#", "\xc3\xa9",
  "\xf0\x9f\x98\x80", "??", "*?", "++", "(?>", "\\Z", "\\c", "\\h"};
static const char *const like_pieces[] = {"%", "_", "a", "b", "!", "\\", "\xc3\xa9", "ab", "%%", "!%", "!!"};
static const char *const format_pieces[] = {
  "%", "s", "d", "%s", "%d", "%5.2f", "%,d", "%-8s|", "%08d", "%x", "%e", "%b", "%n", "%%", "%1$s", "%<s", "%tY",
  "%tF", "%q", "%.3s", "%S", "%(", "%+", "%2147483647d", "%.9999999f", "\xc3\xa9", "$", "1", ".", "t", "%c", "%a"};
static const char *const url_pieces[] = {
  "http", "https://", "://", ":", "//", "/", "?", "#", "a", "b.org", "user@", ":80", ":999999999999", "[::1]", "1.2.3.4",
  "%41", "%4", "%zz", "%ff", "+", " ", "\xc3\xa9", "&", "=", "a=1", "-", "_", "\x7f", "[", "]"};
static const char *const plain_pieces[] = {
  "a", "b", "ab", "1", "22", " ", "\n", "_", "-", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xe6\x97\xa5", "K", "\xff", "\xed\xa0\x80",
  "AAAA", "=", "==", "Zg", "+/", "0aff", "\xc2", "straSSe"};

#define COUNT(a) (sizeof(a)/sizeof((a)[0]))
#define GROW(a, pieces) grow(a, pieces, COUNT(pieces))

/* Some pieces one after the other, then perhaps a byte changed. */
static Value grow(Arena *a, const char *const *pieces, size_t n_pieces){
  char text[TEXT_MAX_BYTES + 16];
  int n = 0, k = (int)below(14);
  for(int i=0; i<k; i++){
    const char *z = pieces[below((unsigned)n_pieces)];
    int m = (int)strlen(z);
    if( n + m>TEXT_MAX_BYTES ) break;
    memcpy(text + n, z, (size_t)m);
    n += m;
  }
  if( n>0 && below(12)==0 ) text[below((unsigned)n)] = (char)below(128);
  char *z = arena_alloc_raw(a, (size_t)n + (n==0));     /* no byte more: overreads are found */
  if( z && n ) memcpy(z, text, (size_t)n);
  return value_text(z, (size_t)n);
}

/* Call a row by its SQLite name; FN_OK and *out, or FN_ERROR. */
static int call(Arena *a, const char *sql, const char *types, int argc, const Value *argv, Value *out){
  static const Type *const varchar[] = {&TYPE_VARCHAR, &TYPE_VARCHAR, &TYPE_VARCHAR, &TYPE_VARCHAR,
                                        &TYPE_VARCHAR, &TYPE_VARCHAR};
  const Type *argt[6];
  FnCall c;
  int rc;
  memset(&c, 0, sizeof(c));
  memcpy(argt, varchar, sizeof(argt));
  for(int i=0; types[i]; i++){
    if( types[i]=='i' ) argt[i] = &TYPE_BIGINT;
    if( types[i]=='d' ) argt[i] = &TYPE_DOUBLE;
    if( types[i]=='D' ) argt[i] = &TYPE_DATE;
  }
  c.def = fn_by_sql(sql, strlen(sql));
  if( c.def==0 ){
    printf("no function %s\n", sql);
    failed++;
    return FN_ERROR;
  }
  c.argt = argt;
  c.rett = &TYPE_VARCHAR;
  c.arena = a;
  *out = value_null();
  rc = c.def->impl(&c, argc, argv, out);
  if( rc!=FN_OK && c.code==0 && !a->oom ){
    printf("%s: an error without a code\n", sql);
    failed++;
  }else{
    passed++;
  }
  if( c.memo && c.memo_free ) c.memo_free(c.memo);
  return rc;
}

static void complain(const char *what, const Value *v){
  printf("%s: ", what);
  fwrite(v->z, 1, (size_t)v->n, stdout);
  printf("\n");
  failed++;
}

static void json_cases(Arena *a){
  Value v[2], out, again;
  v[0] = GROW(a, json_pieces);
  v[1] = GROW(a, path_pieces);
  call(a, "t_json_extract", "", 2, v, &out);
  call(a, "t_json_extract_scalar", "", 2, v, &out);
  call(a, "t_json_size", "", 2, v, &out);
  call(a, "t_json_array_length", "", 1, v, &out);
  call(a, "t_is_json_scalar", "", 1, v, &out);
  if( call(a, "t_json_parse", "", 1, v, &out)==FN_OK && out.kind==V_TEXT ){
    if( call(a, "t_json_parse", "", 1, &out, &again)!=FN_OK || again.n!=out.n
     || memcmp(again.z, out.z, (size_t)out.n) ) complain("json_parse again", &v[0]);
  }
  v[1] = value_int((int64_t)below(7) - 3);
  call(a, "t_json_array_get", "si", 2, v, &out);
}

static void sql_json_cases(Arena *a){
  static const char *const hows[] = {"NN", "EE", "DD", "UKNN", "WOAO", "CKEE", "T", "F|-x", "NN|Jx"};
  Value v[6], out;
  const char *how = hows[below(COUNT(hows))];
  v[0] = value_text(how, strlen(how));
  v[1] = GROW(a, json_pieces);
  v[2] = GROW(a, path_pieces);
  v[3] = value_null();
  v[4] = value_text("d", 1);
  v[5] = GROW(a, json_pieces);
  if( strlen(how)==1 || how[1]=='|' ) call(a, "t_sql_json_exists", "", 3, v, &out);
  else if( strlen(how)==4 ) call(a, "t_sql_json_query", "", 3, v, &out);
  else call(a, "t_sql_json_value", "", how[2]=='|' ? 6 : 5, v, &out);
}

static void regexp_cases(Arena *a){
  Value v[3], out;
  v[0] = GROW(a, plain_pieces);
  v[1] = GROW(a, regexp_pieces);
  v[2] = GROW(a, regexp_pieces);
  call(a, "t_regexp_like", "", 2, v, &out);
  call(a, "t_regexp_extract_all", "", 2, v, &out);
  call(a, "t_regexp_split", "", 2, v, &out);
  call(a, "t_regexp_replace", "", 3, v, &out);
  v[1] = GROW(a, like_pieces);
  v[2] = value_text("!", 1);
  call(a, "t_like", "", 2, v, &out);
  call(a, "t_like_escape", "", 3, v, &out);
}

static void text_cases(Arena *a){
  static const char *const one[] = {"t_upper", "t_lower", "t_trim", "t_reverse", "t_length", "t_soundex",
    "t_luhn_check", "t_codepoint", "t_from_utf8", "t_to_base32", "t_from_base32", "t_from_base64url",
    "t_from_hex", "t_url_decode", "t_md5", "t_sha512", "t_xxhash64", "t_murmur3", "t_spooky_hash_v2_64"};
  static const char *const two[] = {"t_strpos", "t_split", "t_levenshtein_distance", "t_hamming_distance",
    "t_replace_out", "t_trim_set", "t_concat", "t_starts_with", "t_hmac_sha256", "t_from_utf8_text"};
  Value v[3], out, back;
  v[0] = GROW(a, plain_pieces);
  v[1] = GROW(a, plain_pieces);
  call(a, one[below(COUNT(one))], "", 1, v, &out);
  call(a, two[below(COUNT(two))], "", 2, v, &out);
  if( call(a, "t_to_base64", "", 1, v, &out)==FN_OK
   && (call(a, "t_from_base64", "", 1, &out, &back) || back.n!=v[0].n
       || memcmp(back.z, v[0].z, (size_t)back.n)) ) complain("base64", &v[0]);
  v[1] = value_text("NFKC", 4);
  call(a, "t_normalize", "", 2, v, &out);
  v[1] = value_int((int64_t)below(9) - 4);
  v[2] = value_int((int64_t)below(9) - 2);
  call(a, "t_substr_length", "sii", 3, v, &out);
  v[0] = GROW(a, url_pieces);
  v[1] = GROW(a, plain_pieces);
  call(a, "t_url_extract_host", "", 1, v, &out);
  call(a, "t_url_extract_path", "", 1, v, &out);
  call(a, "t_url_extract_parameter", "", 2, v, &out);
  call(a, "t_url_decode", "", 1, v, &out);
}

static void format_cases(Arena *a){
  Value v[5], out;
  v[0] = GROW(a, format_pieces);
  v[1] = GROW(a, plain_pieces);
  v[2] = value_int((int64_t)below(2000000) - 1000000);
  v[3] = value_real(((double)below(2000000) - 1e6)/(below(1000) + 1));
  v[4] = value_int(below(40000));
  call(a, "t_format", "ssidD", 5, v, &out);
}

int main(int argc, char **argv){
  int seconds = argc>1 ? atoi(argv[1]) : 5;
  time_t end = time(0) + seconds;
  Arena a;
  if( argc>2 ) seed = strtoull(argv[2], 0, 10);
  sqlite3_initialize();
  arena_init(&a);
  while( time(0)<end ){
    for(int i=0; i<200; i++){
      json_cases(&a);
      sql_json_cases(&a);
      regexp_cases(&a);
      text_cases(&a);
      format_cases(&a);
      arena_reset(&a);
    }
  }
  arena_free(&a);
  printf("%ld passed, %ld failed\n", passed, failed);
  return failed!=0;
}
