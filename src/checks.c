/*
** Checks: sql/checks/NAME.sql is a SELECT that must return no rows.
**
** They run in the run's transaction, after the steps and before anything is
** exported, so that a lake that breaks a rule is never seen by anyone.  A
** first line `-- warn` makes a check a warning: its rows are shown, the run
** goes on.  After a partial run a check that reads a table which is not there
** is passed over and counted.
*/
#include <string.h>
#include "bulk.h"
#include "checks.h"
#include "statement.h"
#include "tree_tables.h"

#define CHECK_ROWS_SHOWN 5

typedef struct Missing { Session *s; Graph *g; int any; } Missing;

/* A table that a step would make, but that has not been made yet. */
static void note_missing(void *arg, const NameList *name){
  Missing *m = arg;
  TableName t;
  int kind;
  if( m->any || table_name_resolve(m->s, name, &t) ) return;
  kind = catalog_object(m->s, &t);
  if( kind!=OBJECT_NONE ) return;
  for(int i=0; i<m->g->n; i++) if( strcmp(m->g->step[i].table.sqlite_name, t.sqlite_name)==0 ) m->any = 1;
}

static int fail_at(Session *s, const char *file){
  char *old = s->error;
  if( old && !s->interrupted && strstr(old, "\nat ")==0 ){
    s->error = sqlite3_mprintf("%s\nat %s", old, file);
    sqlite3_free(old);
  }
  return 1;
}

/* Run the query; show its first rows on stderr, count the rest. */
static int run_query(Session *s, const Compiled *c, CheckResult *r){
  Output out;
  OutputColumn *column = ARENA_ARRAY(&s->arena, OutputColumn, c->n_column+1);
  Value *row = ARENA_ARRAY(&s->arena, Value, c->n_column+1);
  sqlite3_stmt *stmt = session_prepare(s, "%s", c->sqlite_sql);
  int rc;
  if( stmt==0 ) return 1;
  for(int i=0; i<c->n_column; i++){
    column[i].name = c->column[i].name;
    column[i].type = c->column[i].type;
  }
  output_init(&out, output_format("box", stderr), stderr);
  while( (rc = session_step(s, stmt))==1 ){
    if( r->rows==0 ){
      fprintf(stderr, "%s: check %s\n", r->is_warning ? "warning" : "failed", r->name);
      output_begin(&out, &s->arena, RESULT_QUERY, c->n_column, column);
    }
    if( r->rows++>=CHECK_ROWS_SHOWN ) continue;
    for(int i=0; i<c->n_column; i++) row[i] = column_value(stmt, i, column[i].type);
    output_row(&out, row);
  }
  if( rc==0 && r->rows ){
    output_end(&out);
    if( r->rows>CHECK_ROWS_SHOWN ) fprintf(stderr, "… and %lld more rows\n", r->rows-CHECK_ROWS_SHOWN);
  }
  output_free(&out);
  return rc<0;
}

static int run_check(Session *s, Graph *g, const char *file, int is_empty, CheckResult *r){
  const char *text = read_text_file(s, file);
  Missing missing = {s, g, 0};
  Statement *tree = 0;
  Compiled *c = 0;
  AthenaError error;
  if( text==0 ) return 1;
  r->is_warning = strncmp(text, "-- warn", 7)==0 && strchr(" \n\r", text[7])!=0;
  if( is_empty ) return 0;
  memset(&error, 0, sizeof(error));
  if( athena_parse(&s->arena, text, &tree, &error) ){
    session_fail_athena(s, &error);
    return fail_at(s, file);
  }
  if( tree->kind!=ST_QUERY ){
    session_fail(s, "TARN_CHECK: a check is a SELECT");
    return fail_at(s, file);
  }
  tree_tables(tree, note_missing, &missing);
  if( s->error ) return fail_at(s, file);
  if( missing.any ){
    r->skipped = 1;
    return 0;
  }
  if( statement_compile(s, text, &c) || run_query(s, c, r) ) return fail_at(s, file);
  return 0;
}

/* Which checks have no rows, found by bulk queries; what is wrong with a check
** is said when its turn comes. */
static int find_empty(Session *s, int n, char **file, char *is_empty){
  Compiled **c = ARENA_ARRAY(&s->arena, Compiled*, n+1);
  int rc;
  for(int i=0; i<n; i++){
    const char *text = read_text_file(s, file[i]);
    if( text && statement_compile(s, text, &c[i])==0 && c[i]->statement->kind==ST_QUERY ) continue;
    c[i] = 0;
    sqlite3_free(s->error);
    s->error = 0;
  }
  rc = bulk_find_empty(s, n, c, is_empty);
  arena_reset(&s->arena);
  return rc;
}

int checks_run(Session *s, Graph *g, Run *run){
  int n, failed = 0;
  long long rows = 0;
  const char *first = 0;
  char *is_empty, **file = list_sql_files(s, g->arena, arena_printf(g->arena, "%s/checks", s->options->sql_dir), &n);
  if( file==0 ) return 1;
  run->check = ARENA_ARRAY(g->arena, CheckResult, n+1);
  is_empty = ARENA_ARRAY(g->arena, char, n+1);
  if( find_empty(s, n, file, is_empty) ) return 1;
  for(int i=0; i<n; i++){
    CheckResult *r = &run->check[run->n_check++];
    const char *name = strrchr(file[i], '/')+1;
    r->name = arena_strndup(g->arena, name, strlen(name)-4);
    if( run_check(s, g, file[i], is_empty[i], r) ) return 1;
    if( r->rows && !r->is_warning ){
      if( !failed++ ) first = file[i];
      rows += r->rows;
    }
    arena_reset(&s->arena);
  }
  if( failed==0 ) return 0;
  return session_fail(s, "TARN_CHECK: %d check%s failed with %lld row%s; nothing was stored or exported\nat %s",
                      failed, failed==1 ? "" : "s", rows, rows==1 ? "" : "s", first);
}
