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
WEAK int athena_parse(Arena *a, const char *sql, Statement **out, AthenaError *e){
  (void)a; (void)sql; (void)out;
  return refuse(e);
}
WEAK int athena_compile(Arena *a, const CompileContext *c, const char *sql, Compiled **out, AthenaError *e){
  (void)a; (void)c; (void)sql; (void)out;
  return refuse(e);
}
WEAK int athena_compile_statement(Arena *a, const CompileContext *c, Statement *s, Compiled **out, AthenaError *e){
  (void)a; (void)c; (void)s; (void)out;
  return refuse(e);
}
WEAK const char *athena_error_text(Arena *a, const AthenaError *e){
  if( e->pos.line ) return arena_printf(a, "%s: line %d:%d: %s", e->code, e->pos.line, e->pos.col, e->message);
  return e->code ? arena_printf(a, "%s: %s", e->code, e->message) : e->message;
}
WEAK size_t athena_split(const char *z){
  return strlen(z);
}
WEAK int jsonl_register(sqlite3 *db, JsonlHost *h){
  (void)db; (void)h;
  return 0;
}
WEAK char *jsonl_create_sql(const char *t, const JsonlSpec *s){
  (void)t; (void)s;
  return 0;
}
WEAK char *jsonl_check(const JsonlSpec *s){
  (void)s;
  return sqlite3_mprintf("TARN_NOT_SUPPORTED: landing tables");
}
WEAK void source_list_init(SourceList *l){
  memset(l, 0, sizeof(*l));
}
WEAK void source_list_free(SourceList *l){
  (void)l;
}
WEAK int source_list_add(SourceList *l, const SourceOptions *o, const char *location, int tag, char **pzErr){
  (void)l; (void)o; (void)location; (void)tag;
  *pzErr = sqlite3_mprintf("TARN_NOT_SUPPORTED: landing tables");
  return SQLITE_ERROR;
}
