/*
** Types read from text: Trino's spelling and its synonyms, and Hive's.
**
** One scanner reads both: a cursor over the text, a word at a time.
**
** Limits: TYPE_DEPTH_MAX levels, TYPE_FIELDS_MAX fields of a row,
** TYPE_WORD_MAX bytes of a word.
*/
#include "sqlite.h"
#include "type.h"
#include <string.h>
#include <ctype.h>

#define TYPE_FIELDS_MAX 2000
#define TYPE_WORD_MAX 1000
#define DECIMAL_MAX 38
#define PRECISION_MAX 12
#define VARCHAR_MAX 2147483646LL
#define CHAR_MAX_LENGTH 65536

typedef struct Reader {
  Arena *arena;
  const char *z, *end;
  const char *error;            /* first part that is not a type */
  int depth;
} Reader;

static void skip_blank(Reader *r){
  while( r->z<r->end && isspace((unsigned char)*r->z) ) r->z++;
}

static int eat(Reader *r, char c){
  skip_blank(r);
  if( r->z>=r->end || *r->z!=c ) return 0;
  r->z++;
  return 1;
}

static int is_word(char c){
  return isalnum((unsigned char)c) || c=='_' || c=='$' || (c & 0x80)!=0;
}

/* The next word as written, bare or quoted; NULL if there is none. */
static char *read_name(Reader *r){
  const char *start;
  char quote;
  Buf b;
  skip_blank(r);
  start = r->z;
  if( r->z>=r->end ) return 0;
  quote = *r->z;
  if( quote!='"' && quote!='`' ){
    while( r->z<r->end && is_word(*r->z) && r->z - start<TYPE_WORD_MAX ) r->z++;
    return r->z>start ? arena_strndup(r->arena, start, (size_t)(r->z - start)) : 0;
  }
  buf_init(&b, r->arena);
  for(r->z++; r->z<r->end && b.n<TYPE_WORD_MAX; r->z++){
    if( *r->z==quote ){
      if( r->z+1>=r->end || r->z[1]!=quote ){
        r->z++;
        return b.z ? b.z : arena_strdup(r->arena, "");
      }
      r->z++;
    }
    buf_char(&b, *r->z);
  }
  return 0;
}

static char *read_word(Reader *r){
  char *z;
  skip_blank(r);
  if( r->z<r->end && (*r->z=='"' || *r->z=='`') ) return 0;
  z = read_name(r);
  for(char *p=z; p && *p; p++) *p = (char)tolower((unsigned char)*p);
  return z;
}

/* Take the word if it comes next. */
static int eat_word(Reader *r, const char *word){
  const char *back = r->z;
  char *z = read_word(r);
  if( z && strcmp(z, word)==0 ) return 1;
  r->z = back;
  return 0;
}

static const Type *fail(Reader *r, const char *from){
  const char *stop = from;
  if( r->error ) return 0;
  while( stop<r->end && strchr(",)>", *stop)==0 ) stop++;
  if( stop==from && stop<r->end ) stop++;
  r->error = arena_strndup(r->arena, from, (size_t)(stop - from));
  return 0;
}

/* A number in parentheses' place; -1 if there is none or it is too big. */
static long long read_number(Reader *r){
  long long n = 0;
  skip_blank(r);
  if( r->z>=r->end || !isdigit((unsigned char)*r->z) ) return -1;
  while( r->z<r->end && isdigit((unsigned char)*r->z) ){
    n = n*10 + (*r->z++ - '0');
    if( n>VARCHAR_MAX + 1 ) return -1;
  }
  return n;
}

static const struct { const char *word; const Type *type; } SIMPLE_WORDS[] = {
  {"unknown", &TYPE_UNKNOWN}, {"boolean", &TYPE_BOOLEAN}, {"tinyint", &TYPE_TINYINT},
  {"smallint", &TYPE_SMALLINT}, {"integer", &TYPE_INTEGER}, {"int", &TYPE_INTEGER},
  {"bigint", &TYPE_BIGINT}, {"real", &TYPE_REAL}, {"double", &TYPE_DOUBLE},
  {"varbinary", &TYPE_VARBINARY}, {"json", &TYPE_JSON}, {"date", &TYPE_DATE},
};

static const struct { const char *word; TypeKind kind; } OPAQUE_WORDS[] = {
  {"uuid", T_UUID}, {"ipaddress", T_IPADDRESS}, {"hyperloglog", T_HYPERLOGLOG},
};

/* Types that Trino knows and Tarn only names. */
static const char *const OTHER_WORDS[] = {
  "p4hyperloglog", "geometry", "sphericalgeography", "bingtile", "tdigest", "setdigest",
  "color", "joniregexp", "re2jregexp", "likepattern", "jsonpath", "json2016", "codepoints",
  "kdbtree", "objectid", "function",
};

static const Type *read_type(Reader *r);

/* decimal[(p[,s])] */
static const Type *read_decimal(Reader *r, int default_p, const char *start){
  long long p = default_p, s = 0;
  if( eat(r, '(') ){
    p = read_number(r);
    if( eat(r, ',') ) s = read_number(r);
    if( !eat(r, ')') ) return fail(r, start);
  }
  if( p<1 || p>DECIMAL_MAX || s<0 || s>p ) return fail(r, start);
  return type_decimal(r->arena, (int)p, (int)s);
}

/* An optional (n); `missing` when it is left out. */
static int read_length(Reader *r, long long missing, long long max, int *out){
  long long n = missing;
  if( eat(r, '(') ){
    n = read_number(r);
    if( n<0 || n>max || !eat(r, ')') ) return 0;
  }
  *out = (int)n;
  return 1;
}

/* time or timestamp, with its precision and zone words. */
static const Type *read_time(Reader *r, int is_timestamp, const char *start){
  int p, zone = 0;
  const char *back;
  if( !read_length(r, 3, PRECISION_MAX, &p) ) return fail(r, start);
  back = r->z;
  if( eat_word(r, "with") ) zone = 1;
  else if( !eat_word(r, "without") ) back = 0;
  if( back && !(eat_word(r, "time") && eat_word(r, "zone")) ){
    r->z = back;
    zone = 0;
  }
  if( is_timestamp ) return type_precision(r->arena, zone ? T_TIMESTAMP_TZ : T_TIMESTAMP, p);
  return type_precision(r->arena, zone ? T_TIME_TZ : T_TIME, p);
}

static const Type *read_interval(Reader *r, const char *start){
  if( eat_word(r, "day") && eat_word(r, "to") && eat_word(r, "second") ) return &TYPE_INTERVAL_DS;
  if( eat_word(r, "year") && eat_word(r, "to") && eat_word(r, "month") ) return &TYPE_INTERVAL_YM;
  return fail(r, start);
}

/* A field of a row: a type, or a name and a type.  What can be read as a
** type up to the comma is one: row(date) has a field without a name. */
static const Type *read_field(Reader *r, const char **name){
  const char *back, *error = r->error;
  const Type *t;
  skip_blank(r);
  back = r->z;
  *name = 0;
  if( back<r->end && *back!='"' ){
    t = read_type(r);
    skip_blank(r);
    if( t && r->z<r->end && (*r->z==',' || *r->z==')') ) return t;
    r->z = back;
    r->error = error;
  }
  *name = read_name(r);
  if( *name==0 ) return fail(r, back);
  skip_blank(r);
  if( r->z>=r->end || *r->z==',' || *r->z==')' ) return fail(r, back);
  return read_type(r);
}

/* The parenthesised arguments of array, map, row and function. */
static const Type *read_compound(Reader *r, TypeKind kind, const char *start){
  const Type **arg = 0;
  const char **name = 0;
  int n = 0, cap = 0;
  char close = ')';
  if( !eat(r, '(') ){
    if( kind==T_ROW || kind==T_FUNCTION || !eat(r, '<') ) return fail(r, start);
    close = '>';
  }
  do{
    if( n>=TYPE_FIELDS_MAX ) return fail(r, start);
    if( n==cap ){
      int more = cap ? cap*2 : 4;
      const Type **arg2 = ARENA_ARRAY(r->arena, const Type*, more);
      const char **name2 = ARENA_ARRAY(r->arena, const char*, more);
      if( arg2==0 || name2==0 ) return 0;
      if( n ) memcpy(arg2, arg, sizeof(*arg)*(size_t)n);
      if( n ) memcpy(name2, name, sizeof(*name)*(size_t)n);
      arg = arg2; name = name2; cap = more;
    }
    name[n] = 0;
    arg[n] = kind==T_ROW ? read_field(r, &name[n]) : read_type(r);
    if( arg[n]==0 ) return 0;
    n++;
  }while( eat(r, ',') );
  if( !eat(r, close) ) return fail(r, start);
  if( kind==T_ARRAY ) return n==1 ? type_array(r->arena, arg[0]) : fail(r, start);
  if( kind==T_MAP ) return n==2 ? type_map(r->arena, arg[0], arg[1]) : fail(r, start);
  if( kind==T_ROW ) return type_row(r->arena, n, arg, name);
  return type_function(r->arena, n - 1, arg, arg[n - 1]);
}

static const Type *read_opaque(Reader *r, const char *word){
  for(size_t i=0; i<sizeof(OPAQUE_WORDS)/sizeof(OPAQUE_WORDS[0]); i++){
    if( strcmp(word, OPAQUE_WORDS[i].word)==0 ){
      return type_precision(r->arena, OPAQUE_WORDS[i].kind, 0);
    }
  }
  for(size_t i=0; i<sizeof(OTHER_WORDS)/sizeof(OTHER_WORDS[0]); i++){
    if( strcmp(word, OTHER_WORDS[i])==0 ){
      Type *t = ARENA_NEW(r->arena, Type);
      const char **name = ARENA_ARRAY(r->arena, const char*, 1);
      if( t==0 || name==0 ) return 0;
      name[0] = OTHER_WORDS[i];
      t->kind = T_OTHER;
      t->name = name;
      return t;
    }
  }
  return 0;
}

/* One type, the depth having been counted. */
static const Type *read_type_here(Reader *r){
  const char *start;
  const Type *t;
  char *w;
  int p;
  skip_blank(r);
  start = r->z;
  w = read_word(r);
  if( w==0 ) return fail(r, start);
  for(size_t i=0; i<sizeof(SIMPLE_WORDS)/sizeof(SIMPLE_WORDS[0]); i++){
    if( strcmp(w, SIMPLE_WORDS[i].word) ) continue;
    if( SIMPLE_WORDS[i].type==&TYPE_DOUBLE ) eat_word(r, "precision");
    return SIMPLE_WORDS[i].type;
  }
  if( strcmp(w, "varchar")==0 ){
    if( !read_length(r, TYPE_UNBOUNDED, VARCHAR_MAX, &p) ) return fail(r, start);
    return type_varchar(r->arena, p);
  }
  if( strcmp(w, "char")==0 ){
    if( !read_length(r, 1, CHAR_MAX_LENGTH, &p) ) return fail(r, start);
    return type_char(r->arena, p);
  }
  if( strcmp(w, "decimal")==0 ) return read_decimal(r, 38, start);
  if( strcmp(w, "timestamp")==0 ) return read_time(r, 1, start);
  if( strcmp(w, "time")==0 ) return read_time(r, 0, start);
  if( strcmp(w, "interval")==0 ) return read_interval(r, start);
  if( strcmp(w, "array")==0 ) return read_compound(r, T_ARRAY, start);
  if( strcmp(w, "map")==0 ) return read_compound(r, T_MAP, start);
  if( strcmp(w, "row")==0 ) return read_compound(r, T_ROW, start);
  if( strcmp(w, "function")==0 ) return read_compound(r, T_FUNCTION, start);
  t = read_opaque(r, w);
  return t ? t : fail(r, start);
}

static const Type *read_type(Reader *r){
  const Type *t;
  if( ++r->depth>TYPE_DEPTH_MAX ) return fail(r, r->z);
  t = read_type_here(r);
  r->depth--;
  return t;
}

/* The whole text must be one type. */
static const Type *end_of_text(Reader *r, const Type *t, const char **error){
  skip_blank(r);
  if( t && r->z<r->end ) t = fail(r, r->z);
  if( error ) *error = t ? 0 : r->error;
  return t;
}

const Type *type_parse(Arena *a, const char *z, size_t n, const char **error){
  Reader r = { a, z, z + n, 0, 0 };
  return end_of_text(&r, read_type(&r), error);
}

/* --- Hive --------------------------------------------------------------- */

static const struct { const char *word; const Type *type; } HIVE_WORDS[] = {
  {"boolean", &TYPE_BOOLEAN}, {"tinyint", &TYPE_TINYINT}, {"smallint", &TYPE_SMALLINT},
  {"int", &TYPE_INTEGER}, {"integer", &TYPE_INTEGER}, {"bigint", &TYPE_BIGINT},
  {"float", &TYPE_REAL}, {"double", &TYPE_DOUBLE}, {"string", &TYPE_VARCHAR},
  {"binary", &TYPE_VARBINARY}, {"date", &TYPE_DATE}, {"timestamp", &TYPE_TIMESTAMP},
};

static const Type *read_hive(Reader *r);

/* Skip a field's COMMENT 'text'. */
static int skip_comment(Reader *r){
  char quote;
  if( !eat_word(r, "comment") ) return 1;
  skip_blank(r);
  if( r->z>=r->end || (*r->z!='\'' && *r->z!='"') ) return 0;
  quote = *r->z++;
  while( r->z<r->end && *r->z!=quote ) r->z += *r->z=='\\' && r->z+1<r->end ? 2 : 1;
  return eat(r, quote);
}

static const Type *read_hive_struct(Reader *r, const char *start){
  const Type **arg = ARENA_ARRAY(r->arena, const Type*, TYPE_FIELDS_MAX);
  const char **name = ARENA_ARRAY(r->arena, const char*, TYPE_FIELDS_MAX);
  int n = 0;
  if( arg==0 || name==0 ) return 0;
  if( !eat(r, '<') ) return fail(r, start);
  do{
    char *z = read_name(r);
    if( z==0 || n>=TYPE_FIELDS_MAX || !eat(r, ':') ) return fail(r, start);
    for(char *p=z; *p; p++) *p = (char)tolower((unsigned char)*p);
    name[n] = z;
    arg[n] = read_hive(r);
    if( arg[n]==0 ) return 0;
    if( !skip_comment(r) ) return fail(r, start);
    n++;
  }while( eat(r, ',') );
  if( !eat(r, '>') ) return fail(r, start);
  return type_row(r->arena, n, arg, name);
}

static const Type *read_hive_compound(Reader *r, TypeKind kind, const char *start){
  const Type *key = 0, *value;
  if( !eat(r, '<') ) return fail(r, start);
  if( kind==T_MAP ){
    key = read_hive(r);
    if( key==0 ) return 0;
    if( !eat(r, ',') ) return fail(r, start);
  }
  value = read_hive(r);
  if( value==0 ) return 0;
  if( !eat(r, '>') ) return fail(r, start);
  return kind==T_MAP ? type_map(r->arena, key, value) : type_array(r->arena, value);
}

static const Type *read_hive_here(Reader *r){
  const char *start;
  char *w;
  int p;
  skip_blank(r);
  start = r->z;
  w = read_word(r);
  if( w==0 ) return fail(r, start);
  for(size_t i=0; i<sizeof(HIVE_WORDS)/sizeof(HIVE_WORDS[0]); i++){
    if( strcmp(w, HIVE_WORDS[i].word) ) continue;
    if( HIVE_WORDS[i].type==&TYPE_DOUBLE ) eat_word(r, "precision");
    return HIVE_WORDS[i].type;
  }
  if( strcmp(w, "decimal")==0 ) return read_decimal(r, 10, start);
  if( strcmp(w, "array")==0 ) return read_hive_compound(r, T_ARRAY, start);
  if( strcmp(w, "map")==0 ) return read_hive_compound(r, T_MAP, start);
  if( strcmp(w, "struct")==0 ) return read_hive_struct(r, start);
  if( strcmp(w, "varchar")==0 || strcmp(w, "char")==0 ){
    int is_char = w[0]=='c';
    skip_blank(r);
    if( r->z>=r->end || *r->z!='(' ) return fail(r, start);
    if( !read_length(r, 1, is_char ? 255 : 65535, &p) || p<1 ) return fail(r, start);
    return is_char ? type_char(r->arena, p) : type_varchar(r->arena, p);
  }
  return fail(r, start);
}

static const Type *read_hive(Reader *r){
  const Type *t;
  if( ++r->depth>TYPE_DEPTH_MAX ) return fail(r, r->z);
  t = read_hive_here(r);
  r->depth--;
  return t;
}

const Type *type_parse_hive(Arena *a, const char *z, size_t n, const char **error){
  Reader r = { a, z, z + n, 0, 0 };
  return end_of_text(&r, read_hive(&r), error);
}
