/*
** One Athena statement: compile it, hand it to the room that carries it out.
**
** Statements that change the lake run in a transaction; a failure leaves the
** lake as it was.  What the grammars parse but Tarn does not do comes here as
** ST_REFUSED and is refused by name, or fails with Athena's own text.
*/
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "landing.h"
#include "relist.h"
#include "result_files.h"
#include "statement.h"
#include "swap.h"
#include "remote.h"

#define SCRIPT_MAX (64<<20)     /* bytes of a file of statements */

/* --- Results ------------------------------------------------------------------- */

int result_end(Session *s, Output *out){
  if( output_end(out) ) return session_fail(s, "TARN_OUTPUT: stdout: %s", strerror(errno));
  return 0;
}

int result_empty(Session *s, Output *out){
  output_begin(out, &s->arena, RESULT_HIVE, 0, 0);
  return result_end(s, out);
}

int result_update(Session *s, Output *out, long long n){
  static const OutputColumn rows = {"rows", &TYPE_BIGINT, 0};
  output_begin(out, &s->arena, RESULT_UPDATE, 1, &rows);
  out->update_count = n;
  return result_end(s, out);
}

void result_texts(Session *s, Output *out, ResultKind kind, const char *api_type, int n, const char *const *names){
  OutputColumn *column = ARENA_ARRAY(&s->arena, OutputColumn, n+1);
  for(int i=0; i<n; i++){
    column[i].name = names[i];
    column[i].type = &TYPE_VARCHAR;
    column[i].api_type = api_type;
  }
  output_begin(out, &s->arena, kind, n, column);
}

/* --- Compile -------------------------------------------------------------------- */

static CompileContext context(Session *s){
  const char *plain = getenv("TARN_PLAIN");     /* for tests: see bulk.c */
  CompileContext c;
  memset(&c, 0, sizeof(c));
  c.catalog = s->catalog;
  c.now_micros = session_now();
  c.plain = plain && plain[0] ? plain[0]=='0' ? -1 : 1 : 0;
  return c;
}

int statement_compile(Session *s, const char *sql, Compiled **out){
  CompileContext c = context(s);
  AthenaError error;
  memset(&error, 0, sizeof(error));
  if( athena_compile(&s->arena, &c, sql, out, &error) ) return session_fail_athena(s, &error);
  return 0;
}

int statement_compile_tree(Session *s, Statement *tree, const ExprList *parameters, Compiled **out){
  CompileContext c = context(s);
  AthenaError error;
  memset(&error, 0, sizeof(error));
  if( parameters ){
    c.n_parameter = parameters->n;
    c.parameter = parameters->e;
  }
  if( athena_compile_statement(&s->arena, &c, tree, out, &error) ) return session_fail_athena(s, &error);
  return 0;
}

/* --- Run ------------------------------------------------------------------------- */

static int refuse(Session *s, const Statement *st){
  if( st->athena_error ) return session_fail(s, "NOT_SUPPORTED: %s", st->athena_error);
  return session_fail(s, "TARN_NOT_SUPPORTED: line %d:%d: %s", st->refused_pos.line ? st->refused_pos.line : 1,
                      st->refused_pos.col ? st->refused_pos.col : 1, st->refused ? st->refused : "this statement");
}

/* What changes the lake, inside a transaction. */
static int run_writer(Session *s, Compiled *c, Output *out){
  const Statement *st = c->statement;
  switch( st->kind ){
    case ST_CREATE_TABLE_AS: return statement_create_table_as(s, c, out);
    case ST_INSERT:          return statement_insert(s, c, out);
    case ST_UNLOAD:          return statement_unload(s, c, out);
    case ST_CREATE_VIEW:
    case ST_DROP_VIEW:       return statement_view(s, c, out);
    case ST_CREATE_EXTERNAL_TABLE: return statement_create_external_table(s, st, out);
    case ST_DROP_TABLE:      return statement_drop_table(s, st, out);
    case ST_CREATE_DATABASE:
    case ST_DROP_DATABASE:
    case ST_SET_DBPROPERTIES: return statement_database(s, st, out);
    case ST_MSCK:
    case ST_ADD_PARTITION:
    case ST_DROP_PARTITION:
    case ST_RENAME_PARTITION: return statement_partition(s, st, out);
    case ST_ADD_COLUMNS:
    case ST_REPLACE_COLUMNS:
    case ST_SET_LOCATION:
    case ST_SET_TBLPROPERTIES: return statement_alter(s, st, out);
    case ST_PREPARE:
    case ST_DEALLOCATE:      return statement_prepared(s, st, out);
    default:                 return refuse(s, st);
  }
}

static int run_compiled(Session *s, Compiled *c, Output *out){
  const Statement *st = c->statement;
  int rc;
  if( landing_refresh(s, c) ) return 1;
  switch( st->kind ){
    case ST_QUERY:   return query_run(s, c, out);
    case ST_EXPLAIN: return statement_explain(s, st, out);
    case ST_EXECUTE: return statement_prepared(s, st, out);
    case ST_SHOW_TABLES: case ST_SHOW_DATABASES: case ST_SHOW_COLUMNS: case ST_SHOW_PARTITIONS:
    case ST_SHOW_TBLPROPERTIES: case ST_SHOW_VIEWS: case ST_SHOW_FUNCTIONS:
      return statement_show(s, st, out);
    case ST_SHOW_CREATE_TABLE: case ST_SHOW_CREATE_VIEW:
      return statement_show_create(s, st, out);
    case ST_DESCRIBE: return statement_describe(s, st, out);
    case ST_REFUSED:  return refuse(s, st);
    default: break;
  }
  if( session_begin(s) ) return 1;
  rc = session_end(s, run_writer(s, c, out) || result_files_stage(s, s->depth==1 ? s->result_files : 0, st->kind));
  /* Files that the statement staged move now that they are committed. */
  if( rc==0 && s->depth==0 ) rc = swap_recover(s) || remote_recover(s);
  return rc;
}

/* All scans of a statement read one listing of each table; in a run, all of its. */
int statement_run_compiled(Session *s, Compiled *c, Output *out){
  unsigned of_run = s->host.pin_epoch;
  int rc;
  if( of_run==0 ) s->host.pin_epoch = ++s->pin_epoch;
  rc = run_compiled(s, c, out);
  s->host.pin_epoch = of_run;
  return rc;
}

/* The statement's result also goes to Athena's result file. */
static int run_with_files(Session *s, Compiled *c, Output *out){
  ResultFiles files;
  int rc;
  memset(&files, 0, sizeof(files));
  sqlite3_free(s->manifest);
  s->manifest = 0;
  if( result_files_open(s, &files, c->statement->kind) ) return 1;
  out->copy = &files.copy;
  s->result_files = &files;
  rc = statement_run_compiled(s, c, out);
  s->result_files = 0;
  out->copy = 0;
  return result_files_close(s, &files, c->statement->kind, rc) || rc;
}

static int run_once(Session *s, const char *sql, Output *out){
  Compiled *c = 0;
  if( statement_compile(s, sql, &c) ) return 1;
  return s->options->output_location ? run_with_files(s, c, out) : statement_run_compiled(s, c, out);
}

int statement_run(Session *s, const char *sql, Output *out){
  Relist relist = {0};
  Output before = *out;
  int rc;
  out->delivered = 0;
  s->s3.changed = 0;
  while( (rc = run_once(s, sql, out))!=0 && relist_again(s, &relist, out->delivered) ){
    out->streaming = before.streaming;    /* whether the result before this one wants a newline */
    out->results = before.results;
  }
  return rc;
}

/* --- Scripts ----------------------------------------------------------------------- */

char *read_text_file(Session *s, const char *path){
  FILE *f = strcmp(path, "-")==0 ? stdin : fopen(path, "rb");
  Buf b;
  size_t n;
  char *room;
  buf_init(&b, &s->arena);
  if( f==0 ){
    session_fail(s, "TARN_FILE: %s: %s", path, strerror(errno));
    return 0;
  }
  while( (room = buf_room(&b, 65536))!=0 && (n = fread(room, 1, 65536, f))>0 && b.n<SCRIPT_MAX ) b.n += n;
  if( ferror(f) ) session_fail(s, "TARN_FILE: %s: %s", path, strerror(errno));
  if( b.n>=SCRIPT_MAX ) session_fail(s, "TARN_FILE: %s: longer than %d bytes", path, SCRIPT_MAX);
  if( f!=stdin ) fclose(f);
  buf_char(&b, 0);
  if( s->error==0 && strlen(b.z)!=b.n-1 ) session_fail(s, "TARN_FILE: %s: a NUL byte is not SQL", path);
  return s->error ? 0 : b.z;
}

int script_run(Session *s, const char *text, Output *out){
  size_t n;
  while( (n = athena_split(text))>0 ){
    char *sql = sqlite3_mprintf("%.*s", (int)n, text);
    int rc = sql ? statement_run(s, sql, out) : session_fail(s, "out of memory");
    sqlite3_free(sql);
    if( rc ) return 1;
    arena_reset(&s->arena);
    text += n;
  }
  return 0;
}
