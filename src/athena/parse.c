/*
** The door to the parsers: which of Athena's two dialects a statement is in,
** one statement or several, and how errors come out.
**
** Trino's grammar takes the queries and what carries one (INSERT, CREATE TABLE
** AS, views, UNLOAD, EXPLAIN, PREPARE); Hive's takes the other DDL, SHOW and
** DESCRIBE (athena.md, fact 3).  The first words decide.
*/
#include <string.h>
#include <strings.h>
#include "parse.h"

void parse_fail(Parse *p, const char *code, Pos pos, const char *fmt, ...){
  va_list ap;
  if( !p->failed || p->error->message==0 ){
    va_start(ap, fmt);
    p->error->code = code;
    p->error->pos = pos;
    p->error->message = arena_vprintf(p->arena, fmt, ap);
    va_end(ap);
  }
  p->failed = 1;
}

void parse_fail_late(Parse *p, Pos pos, const char *fmt, ...){
  va_list ap;
  if( p->has_late ) return;
  va_start(ap, fmt);
  p->late_error.code = "MALFORMED_QUERY";
  p->late_error.pos = pos;
  p->late_error.message = arena_vprintf(p->arena, fmt, ap);
  va_end(ap);
  p->has_late = 1;
}

void parse_too_deep(Parse *p, Pos pos){
  parse_fail(p, "TARN_NOT_SUPPORTED", pos, "a statement that nests deeper than %d", TREE_DEPTH_MAX);
  longjmp(p->jump, 1);
}

static void out_of_memory(void *arg){
  Parse *p = arg;
  longjmp(p->jump, 2);
}

/* What the grammar could not take, if it has not said more itself. */
static void syntax_error(Parse *p){
  const Token *t = &p->list.token[p->at];
  if( p->error->message ) return;
  if( t->kind==LEX_END ) parse_fail(p, "MALFORMED_QUERY", t->pos, "mismatched input '<EOF>'");
  else parse_fail(p, "MALFORMED_QUERY", t->pos, "mismatched input '%.*s'", t->n, t->z);
}

static void parse_trino(Parse *p, size_t n){
  p->list = lex_all(p->arena, p->sql, n, LEX_TRINO);
  trino_prepare(p);
  trino_run(p);
  if( p->failed ) syntax_error(p);
}

size_t athena_split(const char *z){
  size_t n = strlen(z), at = 0;
  Arena arena;
  TokenList list;
  arena_init(&arena);
  list = lex_all(&arena, z, n, LEX_TRINO);
  for(int i=0; i<list.n && at==0; i++){
    const Token *t = &list.token[i];
    if( t->kind==LEX_END ) at = i>0 ? n : 0;
    else if( token_is_op(t, ';') ) at = (size_t)(t->z - z) + 1;
  }
  arena_free(&arena);
  return at;
}

/* The statement without its `;`: 0, or 1 when another statement follows. */
static int strip_semicolon(const char *sql, size_t *n){
  size_t first = athena_split(sql);
  *n = strlen(sql);
  if( first==0 || first>*n || sql[first-1]!=';' ) return 0;
  if( athena_split(sql+first)!=0 ) return 1;
  *n = first-1;
  return 0;
}

static void parse_statement(Parse *p){
  size_t n = strlen(p->sql);
  if( n>LEX_MAX ){
    parse_fail(p, "TARN_NOT_SUPPORTED", (Pos){1, 1}, "a statement of more than %d bytes", LEX_MAX);
    return;
  }
  if( strip_semicolon(p->sql, &n) ){
    parse_fail(p, "INVALID_INPUT", (Pos){0, 0}, "Only one sql statement is allowed. Got: %s", p->sql);
    return;
  }
  parse_trino(p, n);
}

int athena_parse(Arena *arena, const char *sql, Statement **out, AthenaError *error){
  Parse p;
  void (*old_on_oom)(void*) = arena->on_oom;
  void *old_arg = arena->on_oom_arg;
  memset(&p, 0, sizeof(p));
  memset(error, 0, sizeof(*error));
  p.arena = arena;
  p.sql = sql;
  p.error = error;
  arena->on_oom = out_of_memory;
  arena->on_oom_arg = &p;
  switch( setjmp(p.jump) ){
    case 0:
      parse_statement(&p);
      if( !p.failed && p.has_late ){
        *error = p.late_error;
        p.failed = 1;
      }
      break;
    case 2:
      error->out_of_memory = 1;
      p.failed = 1;
      break;
    default: break;
  }
  arena->on_oom = old_on_oom;
  arena->on_oom_arg = old_arg;
  if( p.failed ) return 1;
  p.statement->n_parameter = p.n_parameter;
  *out = p.statement;
  return 0;
}
