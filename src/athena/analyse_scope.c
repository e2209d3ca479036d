/*
** Scopes, fields and the resolution of names; errors; small tools on trees.
**
** A name is looked up in the innermost scope, then in its parents; two matches
** in one scope are AMBIGUOUS_NAME.  A scope marked is_query is the border of a
** subquery: what is found beyond is a column of an enclosing query.
** A qualified name matches a field when its last part is the field's name and
** the parts before it are the end of catalog.database.table (or the alias).
** Where a prefix of the name is a column of the scope, the rest are fields of
** its row and the search stops (Trino's Scope.isColumnReference).
*/
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "analyser.h"

const Pos POS_NONE = {0, 0}, POS_START = {1, 1};

Pos select_pos(const Analyser *an){
  return an->select && an->select->body->pos.line ? an->select->body->pos : POS_START;
}

void an_fail(Analyser *an, const char *code, Pos pos, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  an->error.message = arena_vprintf(an->arena, fmt, ap);
  va_end(ap);
  an->error.code = code;
  an->error.pos = pos;
  an->error.out_of_memory = an->arena->oom;
  longjmp(an->jump, 1);
}

void an_refuse(Analyser *an, Pos pos, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  an->error.message = arena_vprintf(an->arena, fmt, ap);
  va_end(ap);
  an->error.code = "TARN_NOT_SUPPORTED";
  an->error.pos = pos;
  an->error.out_of_memory = an->arena->oom;
  longjmp(an->jump, 1);
}

const char *an_lower(Analyser *an, const char *z){
  char *copy = arena_strdup(an->arena, z);
  for(char *p = copy; p && *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
  return copy;
}

const char *type_z(Analyser *an, const Type *t){
  Buf b;
  if( t==0 ) return "?";
  buf_init(&b, an->arena);
  type_print_display(&b, t);
  return b.z;
}

Scope *scope_new(Analyser *an, Scope *parent, Select *select){
  Scope *s = ARENA_NEW(an->arena, Scope);
  s->parent = parent;
  s->select = select;
  return s;
}

void scope_add(Analyser *an, Scope *s, Field *f){
  if( s->n==s->cap ){
    int cap = s->cap ? 2*s->cap : 16;
    Field **grown = ARENA_ARRAY(an->arena, Field*, cap);
    if( s->n ) memcpy(grown, s->field, sizeof(Field*)*(size_t)s->n);
    s->field = grown;
    s->cap = cap;
  }
  s->field[s->n++] = f;
}

Field *field_new(Analyser *an, const char *name, const char *label, const Type *type, const char *sql){
  Field *f = ARENA_NEW(an->arena, Field);
  f->name = name;
  f->label = label;
  f->type = type;
  f->sql = sql;
  return f;
}

Field *field_copy(Analyser *an, const Field *from){
  Field *f = ARENA_NEW(an->arena, Field);
  *f = *from;
  f->origin = from->origin ? from->origin : (Field*)from;
  f->used = 0;
  return f;
}

void field_use(Field *f){
  if( f->origin ) f = f->origin;
  f->used = 1;
}

void field_compare(Field *f){
  while( f ){
    if( f->origin ) f = f->origin;
    if( f->compared ) return;
    f->compared = 1;
    f = f->source;
  }
}

int field_matches(const Field *f, int n, const Name *part){
  if( f->name==0 || strcmp(f->name, part[n-1].lower)!=0 ) return 0;
  if( n-1>f->n_qualifier ) return 0;
  for(int i=0; i<n-1; i++){
    if( strcmp(f->qualifier[i], part[n-2-i].lower)!=0 ) return 0;
  }
  return 1;
}

static const char *dotted(Analyser *an, int n, const Name *part){
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<n; i++){
    if( i ) buf_char(&b, '.');
    buf_str(&b, part[i].lower);
  }
  return b.z ? b.z : "";
}

/* The field of one scope that matches; NULL if none, an error if several. */
static Field *scope_match(Analyser *an, Scope *s, Pos pos, int n, const Name *part){
  Field *found = 0;
  for(int i=0; i<s->n; i++){
    if( !field_matches(s->field[i], n, part) ) continue;
    if( found ) an_fail(an, "AMBIGUOUS_NAME", pos, "Column '%s' is ambiguous", dotted(an, n, part));
    found = s->field[i];
  }
  return found;
}

static int scope_has_prefix(Scope *s, int n, const Name *part){
  for(int k=n-1; k>=1; k--){
    for(int i=0; i<s->n; i++) if( field_matches(s->field[i], k, part) ) return 1;
  }
  return 0;
}

int scope_is_column_reference(Scope *s, int n, const Name *part){
  for(; s; s = s->parent) if( scope_has_prefix(s, n, part) ) return 1;
  return 0;
}

Field *scope_resolve(Analyser *an, Scope *s, Pos pos, int n, const Name *part,
                     Select **owner, int *outer, int *is_output){
  *outer = 0;
  for(; s; s = s->parent){
    Field *f = scope_match(an, s, pos, n, part);
    if( f ){
      *owner = s->select;
      *is_output = s->is_output;
      return f;
    }
    if( scope_has_prefix(s, n, part) ) return 0;
    if( s->is_query ) ++*outer;
  }
  return 0;
}

Sem *sem_new(Analyser *an, Expr *e, SemKind kind){
  Sem *s = ARENA_NEW(an->arena, Sem);
  s->kind = kind;
  e->sem = s;
  return s;
}

Expr *an_expr(Analyser *an, ExprKind kind, Pos pos){
  Expr *e = ARENA_NEW(an->arena, Expr);
  e->kind = kind;
  e->pos = pos;
  return e;
}

Expr *expr_bare(Expr *e){
  while( e && e->kind==EXPR_COERCE ) e = e->arg[0];
  return e;
}

static SortList sort_clone(Analyser *an, const SortList *from){
  SortList to = *from;
  to.item = ARENA_ARRAY(an->arena, SortItem, from->n);
  for(int i=0; i<from->n; i++){
    to.item[i] = from->item[i];
    to.item[i].e = expr_clone(an, from->item[i].e);
  }
  return to;
}

static JsonArg *json_args_clone(Analyser *an, int n, const JsonArg *from){
  JsonArg *to = ARENA_ARRAY(an->arena, JsonArg, n+1);
  for(int i=0; i<n; i++){
    to[i] = from[i];
    to[i].key = expr_clone(an, from[i].key);
    to[i].value = expr_clone(an, from[i].value);
  }
  return to;
}

static JsonClauses *json_clone(Analyser *an, const JsonClauses *from){
  JsonClauses *j = ARENA_NEW(an->arena, JsonClauses);
  *j = *from;
  j->input = expr_clone(an, from->input);
  j->passing = json_args_clone(an, from->n_passing, from->passing);
  j->member = json_args_clone(an, from->n_member, from->member);
  j->default_empty = expr_clone(an, from->default_empty);
  j->default_error = expr_clone(an, from->default_error);
  return j;
}

/* A copy without what the analyser wrote: the body of a lambda is analysed
** once for each overload that is tried.  Subqueries are shared. */
Expr *expr_clone(Analyser *an, const Expr *from){
  if( from==0 ) return 0;
  while( from->kind==EXPR_COERCE ) from = from->arg[0];
  if( ++an->depth>DEPTH_MAX ) an_refuse(an, from->pos, "expression nested deeper than %d", DEPTH_MAX);
  Expr *e = ARENA_NEW(an->arena, Expr);
  *e = *from;
  e->type = 0;
  e->sem = 0;
  if( e->n>0 ){
    e->arg = ARENA_ARRAY(an->arena, Expr*, e->n);
    for(int i=0; i<e->n; i++) e->arg[i] = expr_clone(an, from->arg[i]);
  }
  e->else_ = expr_clone(an, from->else_);
  e->filter = expr_clone(an, from->filter);
  if( from->order_by.n ) e->order_by = sort_clone(an, &from->order_by);
  if( from->json ) e->json = json_clone(an, from->json);
  an->depth--;
  return e;
}

void expr_children(Expr *e, void (*f)(void*, Expr*), void *env){
  Sem *sem = e->sem;
  if( sem && sem->arg ){
    for(int i=0; i<sem->n; i++) f(env, sem->arg[i]);
  }else{
    for(int i=0; i<e->n; i++) if( e->arg[i] ) f(env, e->arg[i]);
  }
  if( e->else_ ) f(env, e->else_);
  if( e->filter ) f(env, e->filter);
  for(int i=0; i<e->order_by.n; i++) f(env, e->order_by.item[i].e);
  if( e->json ){
    JsonClauses *j = e->json;
    if( j->input ) f(env, j->input);
    for(int i=0; i<j->n_passing; i++) f(env, j->passing[i].value);
    for(int i=0; i<j->n_member; i++){
      if( j->member[i].key ) f(env, j->member[i].key);
      f(env, j->member[i].value);
    }
    if( j->default_empty ) f(env, j->default_empty);
    if( j->default_error ) f(env, j->default_error);
  }
  Window *w = sem && sem->kind==SEM_WINDOW ? sem->window : e->over;
  if( w ){
    for(int i=0; i<w->partition_by.n; i++) f(env, w->partition_by.e[i]);
    for(int i=0; i<w->order_by.n; i++) f(env, w->order_by.item[i].e);
    if( w->start_value ) f(env, w->start_value);
    if( w->end_value ) f(env, w->end_value);
  }
}
