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
#include "dispatch.h"

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

/* `SELECT * FROM` and no more is turned away before it reaches a parser. */
static int is_unfinished_select(const TokenList *l){
  return l->n==4 && token_is(&l->token[0], "SELECT") && token_is_op(&l->token[1], '*') && token_is(&l->token[2], "FROM");
}

/* What the grammar could not take, if it has not said more itself.  When an
** earlier token is blamed, the text is parsed again up to there, to know what
** could have come instead. */
static void syntax_error(Parse *p){
  const Token *t;
  int inside, at = p->at, blamed = blame_token(p, p->at, &inside);
  if( p->error->message ) return;
  if( is_unfinished_select(&p->list) ){
    parse_fail(p, "MALFORMED_QUERY", (Pos){0, 0}, "Queries of this type are not supported");
    return;
  }
  if( blamed!=at && blamed>0 ){
    p->failed = 0;
    p->stop_at = blamed;
    trino_run(p);
    if( p->error->message ) return;
  }
  t = &p->list.token[blamed];
  parse_fail(p, "MALFORMED_QUERY", t->pos, "mismatched input '%.*s'. Expecting: %s",
    t->kind==LEX_END ? 5 : t->n, t->kind==LEX_END ? "<EOF>" : t->z, p->expecting ? p->expecting : "");
}

/* Hive's texts: the position inside, columns from 0, no code of its own. */
static void hive_error(Parse *p){
  const Token *t = &p->list.token[p->at], *before = p->at ? t-1 : 0;
  const char *text = t->kind==LEX_END ? "<EOF>" : arena_strndup(p->arena, t->z, (size_t)t->n);
  Buf b;
  if( p->error->message ) return;
  /* Names are not to be had in double quotes here: that is said by the parser before Hive's. */
  if( p->expects_name && t->kind==LEX_STRING && t->z[0]=='"' ){
    const Token *first = &p->list.token[0];
    parse_fail(p, "MALFORMED_QUERY", t->pos, "no viable alternative at input '%.*s'",
      (int)(t->z + t->n - first->z), first->z);
    return;
  }
  buf_init(&b, p->arena);
  buf_printf(&b, "FAILED: ParseException line %d:%d ", t->pos.line, t->pos.col-1);
  if( p->expects_end && before ){
    buf_printf(&b, "missing EOF at '%s' near '%.*s'", text, before->n, before->z);
  }else if( p->expects_colon ){
    buf_printf(&b, "missing : at '%s' near '<EOF>'", text);
  }else{
    buf_str(&b, "cannot recognize input near");
    for(int i=p->at; i<p->list.n && i<p->at+3; i++){
      const Token *x = &p->list.token[i];
      if( x->kind==LEX_END ) buf_str(&b, " '<EOF>'");
      else buf_printf(&b, " '%.*s'", x->n, x->z);
    }
  }
  parse_fail(p, 0, (Pos){0, 0}, "%s", b.z);
}

/* The tokens of the statement at sql, up to its end or `;`, and its route.
** The Trino dialect reads the leading words; a Hive text is read again in its own. */
static TokenList read_statement(Arena *arena, const char *sql, size_t n, Dispatch *to){
  TokenList list = lex_statement(arena, sql, n, LEX_TRINO);
  *to = dispatch_statement(&list);
  if( to->route==ROUTE_HIVE ) list = lex_statement(arena, sql, n, LEX_HIVE);
  return list;
}

/* The first statement of sql[0..n) that is not empty: its tokens, its route and
** the offset after its `;` (or n).  Only LEX_END when there is none. */
static TokenList next_statement(Arena *arena, const char *sql, size_t n, Dispatch *to, size_t *after){
  *after = 0;
  for(;;){
    TokenList list = read_statement(arena, sql+*after, n-*after, to);
    *after = (size_t)(list.token[list.n-1].z - sql);
    if( *after<n ) ++*after;    /* the `;` */
    if( list.n>1 || *after>=n ) return list;
  }
}

size_t athena_split(const char *z){
  Arena arena;
  Dispatch to;
  size_t after;
  int empty;
  arena_init(&arena);
  empty = next_statement(&arena, z, strlen(z), &to, &after).n==1;
  arena_free(&arena);
  return empty ? 0 : after;
}

static void parse_statement(Parse *p){
  size_t n = strlen(p->sql), after;
  Dispatch to;
  if( n>LEX_MAX ){
    parse_fail(p, "TARN_NOT_SUPPORTED", (Pos){1, 1}, "a statement of more than %d bytes", LEX_MAX);
    return;
  }
  p->list = next_statement(p->arena, p->sql, n, &to, &after);
  if( after<n && athena_split(p->sql+after)>0 ){
    parse_fail(p, "MALFORMED_QUERY", (Pos){0, 0}, "Only one sql statement is allowed. Got: %s", p->sql);
    return;
  }
  if( to.route==ROUTE_REFUSED ){
    p->statement = statement_refused(p, p->list.token[0].pos, to.what, to.athena_error);
  }else if( to.route==ROUTE_HIVE ){
    hive_prepare(p);
    hive_run(p);
    if( p->failed ) hive_error(p);
  }else{
    trino_prepare(p);
    trino_run(p);
    if( p->failed ) syntax_error(p);
  }
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
