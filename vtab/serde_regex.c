/*
** The SerDe org.apache.hadoop.hive.serde2.RegexSerDe: a column for each group
** of a regular expression that must match the whole line.
**
** A line that does not match is a row of NULLs; a group that took no part, or
** one that the column's type cannot read, is NULL.
**
** Properties: input.regex.  Java's regular expressions run on the engine of
** the functions (fn/regexp.h); constructs in which the two differ are refused
** when the table is made, input.regex.case.insensitive=true among them.
**
** Limits: scalar types but binary; those of fn/regexp.h.
*/
#include "sqlite.h"
#include "serde.h"
#include "fn/regexp.h"
#include <string.h>

typedef struct RegexPlan { Value pattern; } RegexPlan;
typedef struct State { FnCall call; } State;

/* Constructs that Java reads otherwise than the engine, or not at all. */
static const char *const differing[] = { "\\h", "\\H", "\\R", "\\X", "\\N", "\\b", "\\B", "\\G", "\\k", "\\p", "\\P",
  "[[:", "[:", "{,", "(?i", "(?u", "(?x", "(?d", "(?m", "(?U", "(?s", "(?-", "(?#", "(?~", "\\K", "\\y", "\\Y", "\\O", "\\v", "\\V" };

/* The first of them in a pattern, or NULL. */
static const char *find_differing(const char *z){
  for(size_t i=0; i<sizeof(differing)/sizeof(differing[0]); i++) if( strstr(z, differing[i]) ) return differing[i];
  for(const char *p=strstr(z, "(?<"); p; p=strstr(p + 1, "(?<")) if( p[3]!='=' && p[3]!='!' ) return "a named group";
  return 0;
}

static char *check_columns(const Serde *serde){
  for(int i=0; i<serde->n_column; i++){
    TypeKind kind = serde->column[i].type->kind;
    if( kind==T_VARBINARY || kind==T_ARRAY || kind==T_MAP || kind==T_ROW ){
      return sqlite3_mprintf("TARN_NOT_SUPPORTED: the type %s of column %s with RegexSerDe",
                             type_text(serde->arena, serde->column[i].type), serde->column[i].name);
    }
  }
  return 0;
}

/* Compile once to see that it compiles. */
static char *check_pattern(Serde *serde, const Value *pattern){
  FnCall call;
  Regexp *regexp = 0;
  char *error = 0;
  memset(&call, 0, sizeof(call));
  call.arena = serde->arena;
  if( regexp_get(&call, pattern, &regexp)!=FN_OK && call.code ){
    error = sqlite3_mprintf("%s: input.regex: %s", call.code, call.message);
  }
  if( call.memo ) call.memo_free(call.memo);
  return error;
}

static char *regex_prepare(Serde *serde){
  RegexPlan *plan = ARENA_NEW(serde->arena, RegexPlan);
  const char *z = serde_property(serde, "input.regex"), *bad;
  char *text, *error;
  if( plan==0 ) return 0;
  serde->plan = plan;
  if( z==0 ) return sqlite3_mprintf("HIVE_INVALID_METADATA: This table does not have serde property \"input.regex\"!");
  if( serde_property_is_true(serde, "input.regex.case.insensitive") ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: input.regex.case.insensitive");
  }
  if( (bad = find_differing(z))!=0 ) return sqlite3_mprintf("TARN_NOT_SUPPORTED: %s in input.regex", bad);
  if( (error = check_columns(serde))!=0 ) return error;
  text = arena_printf(serde->arena, "\\A(?:%s)\\z", z);
  if( text==0 ) return 0;
  plan->pattern = value_text(text, strlen(text));
  return check_pattern(serde, &plan->pattern);
}

/* Java's parsers of a group's text; NULL where they fail. */
static Value group_value(Arena *a, const Type *t, Value text){
  size_t n = (size_t)text.n;
  int64_t x;
  double r;
  BigDecimal d;
  HiveTime time;
  switch( t->kind ){
    case T_BOOLEAN: return value_int(text_is(text.z, n, "true"));
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      return java_parse_long(text.z, n, 10, &x) && integer_fits(t, x) ? value_int(x) : value_null();
    case T_REAL: case T_DOUBLE:
      return java_parse_double(a, text.z, n, t->kind==T_REAL, &r) ? value_real(r) : value_null();
    case T_DECIMAL:
      return java_parse_decimal(a, text.z, n, &d) ? decimal_fit(a, &d, t->p, t->s) : value_null();
    case T_DATE: return hive_parse_date(text.z, n, &x) ? date_store(a, x) : value_null();
    case T_TIMESTAMP: return hive_parse_timestamp(text.z, n, &time) ? timestamp_store(a, time) : value_null();
    default: return text_fit(t, text);
  }
}

static State *regex_state(SerdeRow *row){
  State *state = row->state;
  if( state==0 && (state = sqlite3_malloc64(sizeof(*state)))==0 ) row->arena.oom = 1;
  if( state && row->state==0 ) memset(state, 0, sizeof(*state));
  row->state = state;
  if( state ) state->call.arena = &row->arena;
  return state;
}

/* Give up on a record: the engine's own refusal. */
static int regex_fail(SerdeRow *row, const FnCall *call){
  if( call->code==0 ) row->arena.oom = 1;
  return serde_fail(row, call->code, call->message, 0, 0, "the regular expression");
}

static int regex_decode(SerdeRow *row, const char *z, size_t n){
  const RegexPlan *plan = row->serde->plan;
  State *state = regex_state(row);
  Value line = text_utf8(&row->arena, z, n);
  Regexp *regexp = 0;
  int at;
  serde_all_null(row);
  if( state==0 || line.kind==V_NULL ) return -1;
  if( regexp_get(&state->call, &plan->pattern, &regexp)!=FN_OK ) return regex_fail(row, &state->call);
  if( regexp==0 ) return -1;
  if( regexp_search(&state->call, regexp, &line, 0, &at)!=FN_OK ) return regex_fail(row, &state->call);
  if( at<0 ){
    row->passed = "a line that input.regex does not match";
    return 0;
  }
  for(int i=0; i<row->serde->n_column && i<regexp_groups(regexp); i++){
    int from = regexp_begin(regexp, i + 1);
    if( from<0 || !row->used[i] ) continue;
    row->cell[i] = group_value(&row->arena, row->serde->column[i].type,
                               value_text(line.z + from, (size_t)(regexp_end(regexp, i + 1) - from)));
  }
  return row->arena.oom ? -1 : 0;
}

static void regex_end(SerdeRow *row){
  State *state = row->state;
  if( state && state->call.memo ) state->call.memo_free(state->call.memo);
}

static const char *const regex_classes[] = { "org.apache.hadoop.hive.serde2.RegexSerDe",
  "org.apache.hadoop.hive.contrib.serde2.RegexSerDe", 0 };
const SerdeOps serde_regex = { regex_classes, regex_prepare, regex_decode, 0, 0, regex_end };
