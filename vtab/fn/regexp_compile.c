/*
** Compiling and matching regular expressions (regexp.h).
**
** Athena's engine is Joni, a Java port of Oniguruma; so Oniguruma runs the
** patterns here, with Joni's table of syntax bits, after regexp_rewrite.c has
** put back what changed since.
**
** Joni's character tables are of Unicode 6.1.  A pattern that asks them (\p,
** [[:alpha:]], \b) is refused on a text with a character younger than that.
**
** Limits: REGEXP_RETRY_MAX steps back in one match, then a refusal.
*/
#include "../sqlite.h"
#include <string.h>
#include <pthread.h>
#include <oniguruma.h>
#include "text.h"
#include "regexp.h"

struct Regexp {
  OnigRegex program;
  OnigRegion *region;
  OnigMatchParam *param;
  int uses_properties;
  int n_key;
  char key[];                   /* the pattern as given */
};

/* --- compiling ----------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void initialize(void){
  OnigEncoding encoding = ONIG_ENCODING_UTF8;
  onig_initialize(&encoding, 1);
}

/* Joni's table "Java", bit for bit. */
static void java_syntax(OnigSyntaxType *syntax){
  onig_copy_syntax(syntax, ONIG_SYNTAX_JAVA);
  syntax->op |= ONIG_SYN_OP_ESC_X_BRACE_HEX8;
  syntax->op2 |= ONIG_SYN_OP2_QMARK_LT_NAMED_GROUP | ONIG_SYN_OP2_ESC_K_NAMED_BACKREF;
  syntax->behavior &= ~(unsigned)(ONIG_SYN_VARIABLE_LEN_LOOK_BEHIND
                                  | ONIG_SYN_ISOLATED_OPTION_CONTINUE_BRANCH);
}

/*
** Errors of Oniguruma are Joni's, word for word, but for these: bytes and code
** points that Joni lets pass, and repeated things that it repeats.
*/
static int raise_error(FnCall *c, int code, OnigErrorInfo *info){
  char text[ONIG_MAX_ERROR_MESSAGE_LEN + 1];
  int n = onig_error_code_to_str((OnigUChar*)text, code, info);
  text[n>0 ? n : 0] = 0;
  if( code==ONIGERR_MEMORY ){
    c->arena->oom = 1;
    return FN_ERROR;
  }
  if( code==ONIGERR_TOO_SHORT_MULTI_BYTE_STRING || code==ONIGERR_INVALID_CODE_POINT_VALUE
   || code==ONIGERR_TOO_BIG_WIDE_CHAR_VALUE || code==ONIGERR_TARGET_OF_REPEAT_OPERATOR_INVALID
   || code==ONIGERR_UNMATCHED_RANGE_SPECIFIER_IN_CHAR_CLASS ){
    return fn_refuse(c, "%s in a regular expression", text);
  }
  return fn_bad_argument(c, "%s", text);
}

static int compile_text(const char *z, size_t n, OnigRegex *out, OnigErrorInfo *info){
  OnigSyntaxType syntax;
  const OnigUChar *from = (const OnigUChar*)z;
  pthread_once(&once, initialize);
  java_syntax(&syntax);
  int rc = onig_new(out, from, from + n, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, &syntax, info);
  if( rc!=ONIG_NORMAL ) *out = 0;
  return rc;
}

static int compile(FnCall *c, Regexp *r){
  RegexpRewrite rewrite;
  Buf b;
  OnigErrorInfo info;
  buf_init(&b, c->arena);
  if( regexp_rewrite(&rewrite, &b, r->key, r->n_key) ){
    return rewrite.error[0] ? fn_bad_argument(c, "%s", rewrite.error)
                            : fn_refuse(c, "%s", rewrite.refused);
  }
  if( b.oom ) return FN_ERROR;
  r->uses_properties = rewrite.uses_properties;
  int rc = compile_text(b.z ? b.z : "", b.n, &r->program, &info);
  if( rc==ONIGERR_INVALID_LOOK_BEHIND_PATTERN && rewrite.nests_behind ){
    return fn_refuse(c, "a look-behind in another in a regular expression");
  }
  return rc==ONIG_NORMAL ? FN_OK : raise_error(c, rc, &info);
}

/* Oniguruma reads past the end of broken UTF-8. */
static int is_utf8(const Value *v){
  const OnigUChar *z = (const OnigUChar*)v->z;
  return onigenc_is_valid_mbc_string(ONIG_ENCODING_UTF8, z, z + v->n);
}

static void regexp_free(void *p){
  Regexp *r = p;
  if( r==0 ) return;
  if( r->program ) onig_free(r->program);
  if( r->region ) onig_region_free(r->region, 1);
  if( r->param ) onig_free_match_param(r->param);
  sqlite3_free(r);
}

static Regexp *regexp_new(const Value *pattern){
  Regexp *r = sqlite3_malloc64(sizeof(*r) + (size_t)pattern->n + 1);
  if( r==0 ) return 0;
  memset(r, 0, sizeof(*r));
  r->n_key = pattern->n;
  memcpy(r->key, pattern->z, (size_t)pattern->n);
  r->key[pattern->n] = 0;
  r->region = onig_region_new();
  r->param = onig_new_match_param();
  if( r->region==0 || r->param==0 ){
    regexp_free(r);
    return 0;
  }
  onig_initialize_match_param(r->param);
  onig_set_retry_limit_in_match_of_match_param(r->param, REGEXP_RETRY_MAX);
  return r;
}

int regexp_get(FnCall *c, const Value *pattern, Regexp **out){
  Regexp *r = c->memo;
  *out = r;
  if( r && r->n_key==pattern->n && memcmp(r->key, pattern->z, (size_t)pattern->n)==0 ){
    return FN_OK;
  }
  *out = 0;
  if( pattern->n>REGEXP_PATTERN_MAX ){
    return fn_refuse(c, "a regular expression longer than %d bytes", REGEXP_PATTERN_MAX);
  }
  if( !is_utf8(pattern) ) return fn_refuse(c, "a regular expression that is not UTF-8");
  r = regexp_new(pattern);
  if( r==0 ){
    c->arena->oom = 1;
    return FN_OK;
  }
  if( compile(c, r) ){
    regexp_free(r);
    return FN_ERROR;
  }
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  c->memo = *out = r;
  c->memo_free = regexp_free;
  return FN_OK;
}

/* --- matching ------------------------------------------------------------ */

static int has_young(const Value *v){
  for(int i=0; i<v->n; ){
    if( (unsigned char)v->z[i]<0x80 ) i++;
    else if( regexp_is_young(utf8_next(v->z, v->n, &i)) ) return 1;
  }
  return 0;
}

int regexp_check_text(FnCall *c, const Regexp *r, const Value *text){
  if( !is_utf8(text) ) return fn_refuse(c, "a regular expression on a text that is not UTF-8");
  if( r->uses_properties && has_young(text) ){
    return fn_refuse(c, "character properties or \\b on characters younger than Unicode 6.1");
  }
  return FN_OK;
}

int regexp_search(FnCall *c, Regexp *r, const Value *text, int from, int *at){
  *at = -1;
  if( from>text->n ) return FN_OK;
  const OnigUChar *z = (const OnigUChar*)text->z, *end = z + text->n;
  int rc = onig_search_with_param(r->program, z, end, z + from, end, r->region,
                                  ONIG_OPTION_NONE, r->param);
  if( rc>=0 ){
    *at = rc;
    return FN_OK;
  }
  if( rc==ONIG_MISMATCH ) return FN_OK;
  if( rc==ONIGERR_MEMORY ){
    c->arena->oom = 1;
    return FN_ERROR;
  }
  return fn_refuse(c, "a regular expression that takes more than %lu steps", REGEXP_RETRY_MAX);
}

int regexp_groups(const Regexp *r){ return onig_number_of_captures(r->program); }

int regexp_begin(const Regexp *r, int group){
  return group<r->region->num_regs ? r->region->beg[group] : -1;
}
int regexp_end(const Regexp *r, int group){
  return group<r->region->num_regs ? r->region->end[group] : -1;
}

int regexp_group_named(const Regexp *r, const char *name, int n){
  const OnigUChar *z = (const OnigUChar*)name;
  int *groups, k = onig_name_to_group_numbers(r->program, z, z + n, &groups);
  return k>0 ? groups[k - 1] : -1;
}
