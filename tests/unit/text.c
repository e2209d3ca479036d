/*
** Functions over texts, called as the wrapper calls them: regular expressions
** and what is rewritten in them, LIKE, JSON, paths, format, URLs, digests.
** Prints "ok NAME" or "not ok NAME: why".
*/
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include "../../vtab/fn/fn.h"
#include "../../vtab/fn/json.h"
#include "../../vtab/fn/json_path.h"
#include "../../vtab/fn/regexp.h"

static Arena arena;

static void report(const char *name, int good, const char *got){
  if( good ) printf("ok %s\n", name);
  else printf("not ok %s: %s\n", name, got);
}

static void same(const char *name, const char *got, const char *want){
  char why[400];
  snprintf(why, sizeof(why), "got <%s>, not <%s>", got ? got : "NULL", want);
  report(name, got && strcmp(got, want)==0, why);
}

static const char *text_z(const Value *v){
  static const char *const kinds[] = {"NULL", "0", "?", "?", "?", "?"};
  if( v->kind==V_INT ) return arena_printf(&arena, "%lld", (long long)v->i);
  if( v->kind==V_TEXT || v->kind==V_BLOB ) return arena_strndup(&arena, v->z, (size_t)v->n);
  return kinds[v->kind];
}

/* What a function says of texts: its value, or "!" and its error's text. */
static const char *call(const char *sql, int argc, const char *a, const char *b, const char *c3){
  static const Type *const argt[] = {&TYPE_VARCHAR, &TYPE_VARCHAR, &TYPE_VARCHAR};
  const char *z[] = {a, b, c3};
  Value v[3], out = value_null();
  FnCall c;
  memset(&c, 0, sizeof(c));
  c.def = fn_by_sql(sql, strlen(sql));
  c.argt = argt;
  c.rett = &TYPE_VARCHAR;
  c.arena = &arena;
  for(int i=0; i<argc; i++) v[i] = value_text(z[i], strlen(z[i]));
  if( c.def==0 ) return "no such function";
  int rc = c.def->impl(&c, argc, v, &out);
  const char *result = rc ? arena_printf(&arena, "!%s: %s", c.code, c.message) : text_z(&out);
  if( c.memo && c.memo_free ) c.memo_free(c.memo);
  return result;
}

static void rewritten(const char *pattern, const char *want){
  RegexpRewrite r;
  Buf b;
  char name[120];
  buf_init(&b, &arena);
  int rc = regexp_rewrite(&r, &b, pattern, (int)strlen(pattern));
  snprintf(name, sizeof(name), "regexp_rewrite %s", pattern);
  same(name, rc==0 ? (b.z ? b.z : "") : r.error[0] ? r.error : r.refused, want);
}

static void regexps(void){
  rewritten("a\\w+", "a[0-9A-Z_a-z]+");
  rewritten("(?i)\\w", "(?i)(?-i:[0-9A-Z_a-z])");
  rewritten("[\\w-.]", "[0-9A-Z_a-z\\x{0}-.]");
  rewritten("[x\\d-z]", "[x0-9\\x{78}-z]");
  rewritten("[0-9-+]", "[0-9+]");
  rewritten("[a-c-]", "[a-c-]");
  rewritten("[\\W]", "[[^0-9A-Z_a-z]]");
  rewritten("\\pL\\h", "\\p{L}h");
  rewritten("^*", "(?:^)*");
  rewritten("(?<=a+)b", "invalid pattern in look-behind");
  rewritten("(?<=a{2})b", "(?<=a{2})b");
  rewritten("\\p{IsLatin}", "invalid character property name <IsLatin>");
  rewritten("\\p", "Index 2 out of bounds for length 2");
  rewritten("a+?+", "a row of quantifiers in a regular expression");
  same("regexp_unmatched", call("t_regexp_like", 2, "a", "(", 0),
       "!INVALID_FUNCTION_ARGUMENT: end pattern with unmatched parenthesis");
  same("regexp_word_is_ascii", call("t_regexp_extract", 2, "a\xc3\xa9", "\\w+", 0), "a");
  same("regexp_boundary_is_unicode", call("t_regexp_count", 2, "\xc3\xa9" "a", "\\b", 0), "2");
  same("regexp_folds_to_two", call("t_regexp_like", 2, "STRASSE", "(?i)stra\xc3\x9f" "e", 0), "1");
  same("regexp_young_character", call("t_regexp_like", 2, "\xf0\x9f\xa4\x94", "\\p{L}", 0),
       "!TARN_NOT_SUPPORTED: character properties or \\b on characters younger than Unicode 6.1");
  same("regexp_broken_utf8", call("t_regexp_split", 2, "a\xf0", ".", 0),
       "!TARN_NOT_SUPPORTED: a regular expression on a text that is not UTF-8");
  same("regexp_replace_groups", call("t_regexp_replace", 3, "abc", "(b)", "$12"), "ab2c");
  same("regexp_replace_open_name", call("t_regexp_replace", 3, "abc", "(?<x>b)", "${x"), "abc");
  same("regexp_replace_no_group", call("t_regexp_replace", 3, "abc", "b", "$2"),
       "!INVALID_FUNCTION_ARGUMENT: Illegal replacement sequence: unknown group 2");
}

static void likes(void){
  same("like_run_in_the_middle", call("t_like", 2, "abcbcd", "a%bcd", 0), "1");
  same("like_one_is_a_character", call("t_like", 2, "a\xf0\x9f\x98\x80" "c", "a_c", 0), "1");
  same("like_is_exact", call("t_like", 2, "ABC", "abc", 0), "0");
  same("like_escape", call("t_like_escape", 3, "50%", "50!%", "!"), "1");
  same("like_bad_escape", call("t_like_escape", 3, "a", "a!", "!"), "!INVALID_FUNCTION_ARGUMENT: "
       "Escape character must be followed by '%', '_' or the escape character itself");
}

static void jsons(void){
  same("json_parse_sorts", call("t_json_parse", 1, "{\"b\":1,\"a\":[1e3, -0]}", 0, 0),
       "{\"a\":[1000.0,0],\"b\":1}");
  same("json_parse_last_key_wins", call("t_json_parse", 1, "{\"a\":1,\"a\":2}", 0, 0), "{\"a\":2}");
  same("json_parse_astral", call("t_json_parse", 1, "\"\xf0\x9f\x98\x80\"", 0, 0), "\"\\uD83D\\uDE00\"");
  same("json_parse_infinity", call("t_json_parse", 1, "1e400", 0, 0), "\"Infinity\"");
  static const char *const bad[] = {"[1,]", "01", "1.", "{a:1}", "tru", "\"\\x\"", "[1 2]", "1 2", "", "+1", "\"\t\""};
  for(size_t i=0; i<sizeof(bad)/sizeof(bad[0]); i++){
    const char *got = call("t_json_parse", 1, bad[i], 0, 0);
    char name[60];
    snprintf(name, sizeof(name), "json_parse_rejects %s", bad[i]);
    report(name, strncmp(got, "!INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: '", 58)==0, got);
  }
  same("json_extract_streams", call("t_json_extract", 2, "{\"a\":1", "$.a", 0), "1");
  same("json_extract_keeps_order", call("t_json_extract", 2, "{\"b\":1, \"a\":1.50}", "$", 0),
       "{\"b\":1,\"a\":1.5}");
  same("json_scalar_is_raw", call("t_json_extract_scalar", 2, "[1.50]", "$[0]", 0), "1.50");
  same("json_bad_path", call("t_json_extract", 2, "{}", "$.a[*]", 0),
       "!INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '$.a[*]'");
  char deep[2100];
  memset(deep, '[', 2000);
  deep[2000] = 0;
  same("json_too_deep", call("t_json_array_length", 1, deep, 0, 0),
       "!TARN_NOT_SUPPORTED: JSON nested deeper than 999");
  report("json_keys_order_as_utf16",
         json_compare_keys("\xf0\x90\x80\x80", 4, "\xef\xbf\xae", 3)<0, "U+10000 after U+FFEE");
}

static void path_error(const char *path, const char *want, int at){
  JsonSqlPath p;
  const char *error = 0;
  int where = 0;
  char got[300];
  char expected[300];
  json_path_parse(&arena, path, (int)strlen(path), &p, &error, &where);
  snprintf(got, sizeof(got), "%d %s", where, error ? error : "fine");
  snprintf(expected, sizeof(expected), "%d %s", at, want);
  same(path, got, expected);
}

static void paths(void){
  path_error("lax $.a[0 to last]?(@.b > 1 && !exists(@.c)).size()", "fine", 0);
  path_error("strict ($.a + 2) * -$.b", "fine", 0);
  path_error("$.a", "missing {'lax', 'strict'} at '$'", 0);
  path_error("LAX $", "mismatched input 'LAX' expecting {'lax', 'strict'}", 0);
  path_error("lax $.a[", "no viable alternative at input '['", 8);
  path_error("lax $.a(", "mismatched input '(' expecting {<EOF>, '+', '*', '/', '%', '.', '..', '[', '?', '-'}", 7);
}

static void others(void){
  same("upper_is_one_to_one", call("t_upper", 1, "stra\xc3\x9f" "e \xc3\xbf", 0, 0), "STRA\xc3\x9f" "E \xc5\xb8");
  same("trim_blanks_of_unicode", call("t_trim", 1, "\xe3\x80\x80" "a\xc2\xa0", 0, 0), "a\xc2\xa0");
  same("replace_nothing", call("t_replace", 3, "abc", "", "-"), "-a-b-c-");
  same("from_utf8_of_broken", call("t_from_utf8_text", 2, "a\xe2\x82" "b\xf8\x88\x80", "?", 0), "a?b?");
  same("url_host_of_digits", call("t_url_extract_host", 1, "http://1.2.3.256/", 0, 0), "");
  same("url_is_none", call("t_url_extract_host", 1, "http://a b/", 0, 0), "NULL");
  same("url_decode_cut", call("t_url_decode", 1, "a%4", 0, 0),
       "!INVALID_FUNCTION_ARGUMENT: URLDecoder: Incomplete trailing escape (%) pattern");
  same("base64_without_padding", call("t_from_base64", 1, "YQ", 0, 0), "a");
  same("base64_bad_character", call("t_from_base64", 1, "a$==", 0, 0),
       "!INVALID_FUNCTION_ARGUMENT: Illegal base64 character 24");
  static const char long_text[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
    "012345678901234567890123456789012345678901234567";        /* 118 bytes: the length needs a block */
  const char *digest = call("t_sha512", 1, long_text, 0, 0);
  report("sha512_of_118_bytes", digest && (unsigned char)digest[0]==0xac && (unsigned char)digest[1]==0x5b,
         "other bytes");
}

int main(void){
  sqlite3_initialize();
  arena_init(&arena);
  regexps();
  likes();
  jsons();
  paths();
  others();
  arena_free(&arena);
  return 0;
}
