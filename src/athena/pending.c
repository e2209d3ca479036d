/*
** Stand-ins for what is being written: each refuses everything, and is
** replaced by linking the real function (these are weak).  This file goes
** when the last of them is there.
*/
#include <string.h>
#include "athena.h"
#include "../../vtab/fn/fn.h"
#include "../../vtab/jsonl.h"
#include "../../vtab/source.h"

#define WEAK __attribute__((weak))

static int refuse(AthenaError *e){
  e->code = "TARN_NOT_SUPPORTED";
  e->message = "Athena's language";
  e->pos.line = e->pos.col = 1;
  return 1;
}
WEAK int athena_compile(Arena *a, const CompileContext *c, const char *sql, Compiled **out, AthenaError *e){
  Statement *st = 0;
  if( athena_parse(a, sql, &st, e) ) return 1;
  return athena_compile_statement(a, c, st, out, e);
}
/* Statements without a query compile to their tree. */
WEAK int athena_compile_statement(Arena *a, const CompileContext *c, Statement *s, Compiled **out, AthenaError *e){
  (void)c;
  if( s->query ) return refuse(e);
  *out = ARENA_NEW(a, Compiled);
  (*out)->statement = s;
  return 0;
}
WEAK const char *athena_error_text(Arena *a, const AthenaError *e){
  if( e->pos.line ) return arena_printf(a, "%s: line %d:%d: %s", e->code, e->pos.line, e->pos.col, e->message);
  return e->code ? arena_printf(a, "%s: %s", e->code, e->message) : e->message;
}
