/*
** regexp_like, regexp_extract, regexp_extract_all, regexp_replace (with a text
** and with a lambda), regexp_split, regexp_count, regexp_position.
**
** All go over the matches alike: the next search starts where a match ended,
** or one character further when it was empty.  The compiled pattern is the
** call's memo (regexp_compile.c).
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"
#include "regexp.h"

/* A walk over all matches of a text. */
typedef struct Walk {
  FnCall *c;
  Regexp *r;
  const Value *text;
  int next;                     /* where to search on */
  int begin, end;               /* the match */
  int error;
} Walk;

static int walk_begin(Walk *w, FnCall *c, const Value *text, const Value *pattern){
  memset(w, 0, sizeof(*w));
  w->c = c;
  w->text = text;
  w->error = regexp_get(c, pattern, &w->r)!=FN_OK;
  if( w->r && regexp_check_text(c, w->r, text) ) w->error = 1;
  return w->error || w->r==0 ? FN_ERROR : FN_OK;
}

static int walk_next(Walk *w){
  if( w->next>w->text->n ) return 0;
  if( regexp_search(w->c, w->r, w->text, w->next, &w->begin) ){
    w->error = 1;
    return 0;
  }
  if( w->begin<0 ) return 0;
  w->end = regexp_end(w->r, 0);
  w->next = w->end;
  if( w->begin==w->end ){
    w->next += w->end<w->text->n ? utf8_width(w->text->z + w->end, w->text->n - w->end) : 1;
  }
  return 1;
}

/* Of a finished walk: FN_OK unless something was raised. */
static int walk_end(const Walk *w){ return w->error ? FN_ERROR : FN_OK; }

static Value group_value(const Walk *w, int group){
  int begin = regexp_begin(w->r, group), end = regexp_end(w->r, group);
  if( begin<0 || end<begin ) return value_null();
  return value_text(w->text->z + begin, (size_t)(end - begin));
}

static int check_group(FnCall *c, const Regexp *r, int64_t group){
  if( group<0 ) return fn_bad_argument(c, "Group cannot be negative");
  if( group>regexp_groups(r) ){
    return fn_bad_argument(c, "Pattern has %d groups. Cannot access group %lld",
                           regexp_groups(r), (long long)group);
  }
  return FN_OK;
}

static int fn_regexp_like(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Walk w;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  *out = value_int(walk_next(&w));
  return walk_end(&w);
}

static int fn_regexp_count(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Walk w;
  int64_t n = 0;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  while( walk_next(&w) ) n++;
  *out = value_int(n);
  return walk_end(&w);
}

static int fn_regexp_extract(FnCall *c, int argc, const Value *a, Value *out){
  Walk w;
  int64_t group = argc>2 ? a[2].i : 0;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  if( check_group(c, w.r, group) ) return FN_ERROR;
  *out = value_null();
  if( walk_next(&w) ) *out = group_value(&w, (int)group);
  return walk_end(&w);
}

static int fn_regexp_extract_all(FnCall *c, int argc, const Value *a, Value *out){
  Walk w;
  ListBuilder list;
  int64_t group = argc>2 ? a[2].i : 0;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  if( check_group(c, w.r, group) ) return FN_ERROR;
  list_begin(&list, c->arena);
  while( walk_next(&w) ) list_add(&list, group_value(&w, (int)group));
  *out = list_end(&list);
  return walk_end(&w);
}

static int fn_regexp_split(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Walk w;
  ListBuilder list;
  int last = 0;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  list_begin(&list, c->arena);
  while( walk_next(&w) ){
    list_add(&list, value_text(a[0].z + last, (size_t)(w.begin - last)));
    last = w.end;
  }
  list_add(&list, value_text(a[0].z + last, (size_t)(a[0].n - last)));
  *out = list_end(&list);
  return walk_end(&w);
}

static int fn_regexp_position(FnCall *c, int argc, const Value *a, Value *out){
  Walk w;
  int64_t start = argc>2 ? a[2].i : 1, occurrence = argc>3 ? a[3].i : 1;
  if( start<1 ) return fn_bad_argument(c, "start position cannot be smaller than 1");
  if( occurrence<1 ) return fn_bad_argument(c, "occurrence cannot be smaller than 1");
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  *out = value_int(-1);
  if( start>utf8_count(a[0].z, a[0].n) ) return FN_OK;
  w.next = utf8_offset(a[0].z, a[0].n, start - 1);
  while( walk_next(&w) ){
    if( --occurrence==0 ){
      *out = value_int(utf8_count(a[0].z, w.begin) + 1);
      break;
    }
  }
  return walk_end(&w);
}

/* --- replace ------------------------------------------------------------- */

static int bad_sequence(FnCall *c, const Value *with){
  return fn_bad_argument(c, "Illegal replacement sequence: %.*s", with->n, with->z);
}

/* ${name} at *i (behind "${"): its group.  An open end is forgiven. */
static int named_group(Walk *w, const Value *with, int *i, int *group){
  int from = *i;
  while( *i<with->n && with->z[*i]!='}' ) ++*i;
  *group = regexp_group_named(w->r, with->z + from, *i - from);
  if( *group<0 ){
    return fn_bad_argument(w->c, "Illegal replacement sequence: unknown group { %.*s }",
                           *i - from, with->z + from);
  }
  ++*i;
  return FN_OK;
}

/* $12: group 12 if there is one, else group 1 before a 2. */
static int numbered_group(Walk *w, const Value *with, int *i, int *group){
  int n = regexp_groups(w->r), k = with->z[*i] - '0';
  if( k<0 || k>9 ) return bad_sequence(w->c, with);
  if( k>n ) return fn_bad_argument(w->c, "Illegal replacement sequence: unknown group %d", k);
  for(++*i; *i<with->n; ++*i){
    int digit = with->z[*i] - '0';
    if( digit<0 || digit>9 || k*10 + digit>n ) break;
    k = k*10 + digit;
  }
  *group = k;
  return FN_OK;
}

static int add_group(Walk *w, Buf *b, const Value *with, int *i){
  int group = 0, rc;
  if( ++*i>=with->n ) return bad_sequence(w->c, with);
  if( with->z[*i]=='{' ){
    ++*i;
    rc = named_group(w, with, i, &group);
  }else{
    rc = numbered_group(w, with, i, &group);
  }
  if( rc ) return rc;
  Value v = group_value(w, group);
  if( v.kind==V_TEXT ) buf_add(b, v.z, (size_t)v.n);
  return FN_OK;
}

static int add_replacement(Walk *w, Buf *b, const Value *with){
  for(int i=0; i<with->n; ){
    if( with->z[i]=='$' ){
      if( add_group(w, b, with, &i) ) return FN_ERROR;
      continue;
    }
    if( with->z[i]=='\\' && ++i>=with->n ) return bad_sequence(w->c, with);
    buf_char(b, with->z[i++]);
  }
  return FN_OK;
}

static int fn_regexp_replace(FnCall *c, int argc, const Value *a, Value *out){
  Walk w;
  Buf b;
  int last = 0;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  buf_init(&b, c->arena);
  while( walk_next(&w) ){
    buf_add(&b, a[0].z + last, (size_t)(w.begin - last));
    last = w.end;
    if( argc>2 && add_replacement(&w, &b, &a[2]) ) return FN_ERROR;
    if( b.n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  }
  buf_add(&b, a[0].z + last, (size_t)(a[0].n - last));
  *out = text_of(&b);
  return walk_end(&w);
}

/* The groups of a match, 1 …, as the lambda's array. */
static Value groups_value(const Walk *w){
  ListBuilder list;
  list_begin(&list, w->c->arena);
  for(int g=1; g<=regexp_groups(w->r); g++) list_add(&list, group_value(w, g));
  return list_end(&list);
}

static int fn_regexp_replace_lambda(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Walk w;
  Buf b;
  int last = 0;
  if( walk_begin(&w, c, &a[0], &a[1]) ) return walk_end(&w);
  buf_init(&b, c->arena);
  while( walk_next(&w) ){
    Value groups = groups_value(&w), with = value_null();
    buf_add(&b, a[0].z + last, (size_t)(w.begin - last));
    last = w.end;
    if( fn_call_lambda(c, &a[2], 1, &groups, &with) ) return FN_ERROR;
    if( with.kind==V_NULL ){
      *out = value_null();
      return FN_OK;
    }
    buf_add(&b, with.z, (size_t)with.n);
    if( b.n>TEXT_MAX ) return fn_refuse(c, "a text longer than %d bytes", TEXT_MAX);
  }
  buf_add(&b, a[0].z + last, (size_t)(a[0].n - last));
  *out = text_of(&b);
  return walk_end(&w);
}

/* x + max(x*y/2, y)*(x + 1): the longest text that can come out. */
static const Type *replace_type(Arena *a, int argc, const Type *const *t){
  (void)argc;
  if( t[0]->p==TYPE_UNBOUNDED || t[2]->p==TYPE_UNBOUNDED ) return &TYPE_VARCHAR;
  __int128 x = t[0]->p, y = t[2]->p, each = x*y/2>y ? x*y/2 : y, n = x + each*(x + 1);
  return n>=INT32_MAX ? &TYPE_VARCHAR : type_varchar(a, (int)n);
}

#define REGEXP (FN_TYPED|FN_RAISES)
const FnDef fn_regexp[] = {
  {"regexp_like", "(varchar(x), joniregexp) -> boolean", fn_regexp_like, REGEXP, 0, 0,
   "Whether the pattern occurs in the text.", "regexp_like('1a 2b', '\\d+b') = true", 0},
  {"regexp_extract", "(varchar(x), joniregexp) -> varchar(x)", fn_regexp_extract, REGEXP,
   "t_regexp_extract", 0, "The first match, or NULL.", "regexp_extract('1a 2b', '\\d+') = 1", 0},
  {"regexp_extract", "(varchar(x), joniregexp, bigint) -> varchar(x)", fn_regexp_extract, REGEXP,
   "t_regexp_extract_group", 0, "A group of the first match, or NULL.",
   "regexp_extract('1a 2b', '(\\d+)([a-z])', 2) = a", 0},
  {"regexp_extract_all", "(varchar(x), joniregexp) -> array(varchar(x))", fn_regexp_extract_all,
   REGEXP, "t_regexp_extract_all", 0, "All matches.",
   "regexp_extract_all('1a 2b', '\\d+') = [1, 2]", 0},
  {"regexp_extract_all", "(varchar(x), joniregexp, bigint) -> array(varchar(x))",
   fn_regexp_extract_all, REGEXP, "t_regexp_extract_all_group", 0, "A group of all matches.",
   "regexp_extract_all('1a 2b', '(\\d)(\\w)', 2) = [a, b]", 0},
  {"regexp_replace", "(varchar(x), joniregexp, varchar(y)) -> varchar(z)", fn_regexp_replace,
   REGEXP, "t_regexp_replace", 0, "All matches replaced; $1 and ${name} are groups.",
   "regexp_replace('1a 2b', '(\\d)(\\w)', '$2$1') = a1 b2", replace_type},
  {"regexp_replace", "(varchar(x), joniregexp) -> varchar(x)", fn_regexp_replace, REGEXP,
   "t_regexp_replace_out", 0, "All matches taken out.", "regexp_replace('1a 2b', '\\d') = a b", 0},
  {"regexp_replace", "(varchar, joniregexp, function(array(varchar),varchar(x))) -> varchar",
   fn_regexp_replace_lambda, REGEXP, "t_regexp_replace_lambda", 0,
   "All matches replaced by what the function makes of their groups.",
   "regexp_replace('new york', '(\\w)(\\w*)', x -> upper(x[1]) || lower(x[2])) = New York", 0},
  {"regexp_split", "(varchar(x), joniregexp) -> array(varchar(x))", fn_regexp_split, REGEXP, 0, 0,
   "Parts between matches.", "regexp_split('a1b2c', '\\d') = [a, b, c]", 0},
  {"regexp_count", "(varchar(x), joniregexp) -> bigint", fn_regexp_count, REGEXP, 0, 0,
   "Number of matches.", "regexp_count('1a 2b', '\\d') = 2", 0},
  {"regexp_position", "(varchar(x), joniregexp) -> integer", fn_regexp_position, REGEXP,
   "t_regexp_position", 0, "Position of the first match, from 1; -1 when there is none.",
   "regexp_position('a1b2', '\\d') = 2", 0},
  {"regexp_position", "(varchar(x), joniregexp, integer) -> integer", fn_regexp_position, REGEXP,
   "t_regexp_position_from", 0, "Position of the first match from a position on.",
   "regexp_position('a1b2', '\\d', 3) = 4", 0},
  {"regexp_position", "(varchar(x), joniregexp, integer, integer) -> integer", fn_regexp_position,
   REGEXP, "t_regexp_position_nth", 0, "Position of the n-th match from a position on.",
   "regexp_position('a1b2', '\\d', 1, 2) = 4", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
