/*
** Expressions with a grammar of their own: ROW and ARRAY, CASE, CAST, EXTRACT,
** TRIM, POSITION, NORMALIZE, AT TIME ZONE, GROUPING.
*/
#include <stdio.h>
#include <string.h>
#include "analyser.h"

static const Type *analyse_row(Analyser *an, Scope *s, Expr *e){
  const Type **t = ARENA_ARRAY(an->arena, const Type*, e->n);
  const char **name = ARENA_ARRAY(an->arena, const char*, e->n);
  for(int i=0; i<e->n; i++) t[i] = expr_analyse(an, s, e->arg[i]);
  sem_new(an, e, SEM_ROW);
  return e->type = type_row(an->arena, e->n, t, name);
}

static const Type *analyse_array(Analyser *an, Scope *s, Expr *e){
  const Type *t = &TYPE_UNKNOWN;
  for(int i=0; i<e->n; i++) expr_analyse(an, s, e->arg[i]);
  if( e->n ) t = expr_unify(an, e->n, e->arg, "All ARRAY elements");
  sem_new(an, e, SEM_ARRAY);
  return e->type = type_array(an->arena, t);
}

/* The results of CASE unified: THEN … from arg[first+1] on, then ELSE. */
static const Type *case_results(Analyser *an, Scope *s, Expr *e, int first){
  Expr **r = ARENA_ARRAY(an->arena, Expr*, e->n+1);
  int n = 0;
  for(int i=first; i+1<e->n; i+=2){
    expr_analyse(an, s, e->arg[i+1]);
    r[n++] = e->arg[i+1];
  }
  if( e->else_ ){
    expr_analyse(an, s, e->else_);
    r[n++] = e->else_;
  }
  const Type *t = expr_unify(an, n, r, "All CASE results");
  n = 0;
  for(int i=first; i+1<e->n; i+=2) e->arg[i+1] = r[n++];
  if( e->else_ ) e->else_ = r[n];
  return t;
}

static const Type *analyse_case(Analyser *an, Scope *s, Expr *e){
  for(int i=0; i+1<e->n; i+=2) e->arg[i] = expr_boolean(an, s, e->arg[i], "CASE WHEN clause");
  return e->type = case_results(an, s, e, 0);
}

static const Type *analyse_case_simple(Analyser *an, Scope *s, Expr *e){
  const Type *first = expr_analyse(an, s, e->arg[0]), *t = first;
  for(int i=1; i+1<e->n; i+=2){
    const Type *w = expr_analyse(an, s, e->arg[i]);
    const Type *u = type_common(an->arena, t, w);
    if( u==0 )
      an_fail(an, "TYPE_MISMATCH", e->arg[i]->pos,
        "CASE operand type does not match WHEN clause operand type: %s vs %s", type_z(an, first), type_z(an, w));
    t = u;
  }
  e->arg[0] = expr_coerce(an, e->arg[0], t);
  for(int i=1; i+1<e->n; i+=2) e->arg[i] = expr_coerce(an, e->arg[i], t);
  const Type *result = case_results(an, s, e, 1);
  Sem *sem = sem_new(an, e, SEM_EQ);
  sem->operand = t;
  sem->fn = comparison_fn(an, OP_EQ, t);
  if( sem->fn==0 && t->kind!=T_UNKNOWN ) an_refuse(an, e->pos, "CASE of %s", type_z(an, t));
  return e->type = result;
}

static const Type *analyse_cast(Analyser *an, Scope *s, Expr *e){
  const Type *to = type_of_name(an, e->type_name, e->pos);
  if( to->kind==T_UNKNOWN ) an_fail(an, "TYPE_MISMATCH", e->pos, "UNKNOWN is not a valid type");
  const Type *from = expr_analyse(an, s, e->arg[0]);
  if( from->kind!=T_UNKNOWN && !type_can_cast(from, to) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Cannot cast %s to %s", type_z(an, from), type_z(an, to));
  return e->type = to;
}

/* --- Forms of the grammar that are functions ----------------------------- */

/* What EXTRACT takes: d date, t time, s timestamp, z with a zone, D day-second,
** Y year-month interval. */
typedef struct ExtractField { const char *name, *function, *types; } ExtractField;
static const ExtractField extract_field[] = {
  {"year", "year", "dszY"}, {"month", "month", "dszY"}, {"day", "day", "dszD"},
  {"quarter", "quarter", "dsz"}, {"week", "week", "dsz"}, {"day_of_month", "day", "dsz"},
  {"day_of_week", "day_of_week", "dsz"}, {"dow", "day_of_week", "dsz"}, {"day_of_year", "day_of_year", "dsz"},
  {"doy", "day_of_year", "dsz"}, {"year_of_week", "year_of_week", "dsz"}, {"yow", "year_of_week", "dsz"},
  {"hour", "hour", "tTszD"}, {"minute", "minute", "tTszD"}, {"second", "second", "tTszD"},
  {"timezone_minute", "timezone_minute", "Tz"}, {"timezone_hour", "timezone_hour", "Tz"}};

static char extract_letter(const Type *t){
  switch( t->kind ){
    case T_DATE: return 'd'; case T_TIME: return 't'; case T_TIME_TZ: return 'T'; case T_TIMESTAMP: return 's';
    case T_TIMESTAMP_TZ: return 'z'; case T_INTERVAL_DS: return 'D'; case T_INTERVAL_YM: return 'Y';
    default: return 0;
  }
}

static const Type *analyse_extract(Analyser *an, Scope *s, Expr *e){
  const Type *t = expr_analyse(an, s, e->arg[0]);
  char letter = extract_letter(t);
  for(size_t i=0; i<sizeof(extract_field)/sizeof(extract_field[0]); i++){
    const ExtractField *f = &extract_field[i];
    if( strcmp(f->name, e->name.lower)!=0 ) continue;
    if( letter==0 || strchr(f->types, letter)==0 ){
      char up[32];
      snprintf(up, sizeof up, "%s", f->name);
      for(char *p = up; *p; p++) if( *p>='a' && *p<='z' ) *p -= 32;
      an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Cannot extract %s from %s", up, type_z(an, t));
    }
    return call_analyse_as(an, s, e, f->function, 1, e->arg);
  }
  an_refuse(an, e->pos, "EXTRACT(%s)", e->name.text);
}

static const Type *analyse_trim(Analyser *an, Scope *s, Expr *e){
  const char *name = !strcmp(e->name.lower, "leading") ? "ltrim" : !strcmp(e->name.lower, "trailing") ? "rtrim" : "trim";
  return trim_analyse(an, s, e, name);
}

static const Type *analyse_position(Analyser *an, Scope *s, Expr *e){
  Expr **swapped = ARENA_ARRAY(an->arena, Expr*, 2);
  swapped[0] = e->arg[1];
  swapped[1] = e->arg[0];
  return call_analyse_as(an, s, e, "strpos", 2, swapped);
}

static const Type *analyse_normalize(Analyser *an, Scope *s, Expr *e){
  Expr **arg = ARENA_ARRAY(an->arena, Expr*, 2);
  Expr *form = an_expr(an, EXPR_STRING, e->pos);
  form->text = "NFC";
  if( e->name.lower && e->name.lower[0] ){
    char *up = arena_strdup(an->arena, e->name.lower);
    for(char *p = up; *p; p++) if( *p>='a' && *p<='z' ) *p -= 32;
    form->text = up;
  }
  form->value.n = (int)strlen(form->text);
  arg[0] = e->arg[0];
  arg[1] = form;
  return call_analyse_as(an, s, e, "normalize", 2, arg);
}

static const Type *analyse_at_time_zone(Analyser *an, Scope *s, Expr *e){
  const Type *t = expr_analyse(an, s, e->arg[0]);
  expr_analyse(an, s, e->arg[1]);
  if( t->kind!=T_TIMESTAMP && t->kind!=T_TIMESTAMP_TZ && t->kind!=T_TIME && t->kind!=T_TIME_TZ )
    an_fail(an, "TYPE_MISMATCH", e->arg[0]->pos, "Type of value must be a time or timestamp with or without time zone (actual %s)", type_z(an, t));
  if( operator_resolve(an, e, "$at_timezone", 2)==0 ) an_refuse(an, e->pos, "AT TIME ZONE of %s", type_z(an, t));
  return e->type;
}

static const Type *analyse_grouping(Analyser *an, Scope *s, Expr *e){
  for(int i=0; i<e->n; i++) expr_analyse(an, s, e->arg[i]);
  if( e->n>63 ) an_fail(an, "TOO_MANY_ARGUMENTS", e->pos, "GROUPING supports up to 63 column arguments");
  sem_new(an, e, SEM_GROUPING);
  return e->type = e->n<=31 ? &TYPE_INTEGER : &TYPE_BIGINT;
}

const Type *form_analyse(Analyser *an, Scope *s, Expr *e){
  switch( e->kind ){
    case EXPR_CASE: return analyse_case(an, s, e);
    case EXPR_CASE_SIMPLE: return analyse_case_simple(an, s, e);
    case EXPR_CAST: return analyse_cast(an, s, e);
    case EXPR_ROW: return analyse_row(an, s, e);
    case EXPR_ARRAY: return analyse_array(an, s, e);
    case EXPR_EXTRACT: return analyse_extract(an, s, e);
    case EXPR_AT_TIME_ZONE: return analyse_at_time_zone(an, s, e);
    case EXPR_TRIM: return analyse_trim(an, s, e);
    case EXPR_SUBSTRING: return call_analyse_as(an, s, e, "substr", e->n, e->arg);
    case EXPR_POSITION: return analyse_position(an, s, e);
    case EXPR_NORMALIZE: return analyse_normalize(an, s, e);
    default: return analyse_grouping(an, s, e);
  }
}
