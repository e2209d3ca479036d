/*
** tarn run: one transaction around all steps, checks and exports.
**
**   BEGIN IMMEDIATE
**     each step in order: drop its table, run its statements
**     each check of sql/checks: a query that must return no rows
**     each trusted or curated table: staged as JSON lines, flushed
**     history: tarn_runs, tarn_steps, tarn_inputs, tarn_rejects, tarn_swaps
**   COMMIT
**   swap the exported folders (swap.c)
**
** Landing files are listed once for the whole run (pin_epoch), so that every
** step sees the same ones.  What a scan passes over is written to tarn_rejects
** as it is met, inside the same transaction.
**
** How many rows a landing table has is known when a step has read it whole;
** results are told in order, so those behind it wait so long.  Only what no step
** reads whole is counted by itself.
*/
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "checks.h"
#include "early.h"
#include "export.h"
#include "landing.h"
#include "../vtab/jsonl_rows.h"
#include "pipeline.h"
#include "relist.h"
#include "remote.h"
#include "statement.h"
#include "swap.h"
#include "version.h"

#define EARLY_ROWS 100000       /* of a step: then the disk may begin with its table */

/* What the landing tables' callbacks write to. */
typedef struct Journal {
  Session *s;
  long long run;
  sqlite3_stmt *reject, *input;
} Journal;

static double now_ms(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec*1e3 + (double)t.tv_nsec/1e6;
}

/* --- What the scans tell -------------------------------------------------------- */

static int on_reject(void *arg, const JsonlReject *r){
  Journal *j = arg;
  sqlite3_bind_text(j->reject, 1, r->table, -1, SQLITE_STATIC);
  sqlite3_bind_text(j->reject, 2, r->path, -1, SQLITE_STATIC);
  sqlite3_bind_int64(j->reject, 3, r->line);
  sqlite3_bind_int64(j->reject, 4, r->byte);
  sqlite3_bind_text(j->reject, 5, r->reason, -1, SQLITE_STATIC);
  sqlite3_bind_text(j->reject, 6, r->raw, r->n_raw, SQLITE_STATIC);
  sqlite3_step(j->reject);
  return sqlite3_reset(j->reject)!=SQLITE_OK;
}

static int on_input(void *arg, const JsonlInput *i){
  Journal *j = arg;
  sqlite3_bind_text(j->input, 1, i->table, -1, SQLITE_STATIC);
  sqlite3_bind_text(j->input, 2, i->path, -1, SQLITE_STATIC);
  sqlite3_bind_int64(j->input, 3, i->size);
  sqlite3_bind_int64(j->input, 4, i->mtime_ms);
  sqlite3_bind_text(j->input, 5, i->etag, -1, SQLITE_STATIC);
  sqlite3_step(j->input);
  return sqlite3_reset(j->input)!=SQLITE_OK;
}

static int journal_open(Session *s, Journal *j, long long run){
  j->s = s;
  j->run = run;
  j->reject = session_prepare(s, "INSERT OR IGNORE INTO tarn_rejects(run,table_name,file,line,byte,reason,raw) "
                                 "VALUES(%lld,?1,?2,?3,?4,?5,?6)", run);
  j->input = session_prepare(s, "INSERT OR REPLACE INTO tarn_inputs(run,table_name,path,size,mtime,etag) VALUES(%lld,?1,?2,?3,"
                                "iif(?5 IS NULL, strftime('%%Y-%%m-%%d %%H:%%M:%%f', ?4/1000.0, 'unixepoch'), NULL), ?5)", run);
  if( j->reject==0 || j->input==0 ) return 1;
  s->host.on_reject = on_reject;
  s->host.on_input = on_input;
  s->host.arg = j;
  s->host.pin_epoch = ++s->pin_epoch;
  return 0;
}

static void journal_close(Session *s, Journal *j){
  s->host.on_reject = 0;
  s->host.on_input = 0;
  s->host.pin_epoch = 0;
  sqlite3_finalize(j->reject);
  sqlite3_finalize(j->input);
}

/* --- Steps ------------------------------------------------------------------------ */

static int fail_in_step(Session *s, const Step *step){
  char *old = s->error;
  if( old==0 || s->interrupted || strstr(old, "\nat ") ) return 1;
  s->error = sqlite3_mprintf("%s\nat %s", old, step->file);
  sqlite3_free(old);
  return 1;
}

static int run_statements(Session *s, const Step *step, long long *rows){
  Output nowhere;
  int rc = 0;
  output_init(&nowhere, output_format("csv", stdout), 0);
  for(int i=0; i<step->n_statement && rc==0; i++){
    Compiled *c = 0;
    const Statement *st = step->statement[i];
    /* The table is gone already: DROP TABLE before CREATE finds nothing. */
    if( (st->kind==ST_DROP_TABLE || st->kind==ST_DROP_VIEW) && i==0 ) continue;
    rc = statement_compile(s, st->sql, &c) || statement_run_compiled(s, c, &nowhere);
    if( nowhere.kind==RESULT_UPDATE ) *rows += nowhere.update_count;
  }
  output_free(&nowhere);
  return rc;
}

/* A landing table's rows and the bytes of its files, from a scan that read them
** all (0: there was none), or counted without decoding any. */
static int known_rows(Session *s, StepResult *r){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT 1 FROM \"%w\"", r->step->table.sqlite_name);
  struct JsonlTable *t = stmt ? jsonl_find(&s->host, "main", r->step->table.sqlite_name) : 0;
  long long rows = t ? jsonl_rows_known(t) : -1;
  if( rows>=0 ){
    r->rows = rows;
    r->bytes_read = jsonl_rows_bytes(t);
    r->is_uncounted = 0;
  }
  sqlite3_finalize(stmt);
  return rows>=0;
}

static int count_landing(Session *s, StepResult *r){
  long long bytes = s->host.stats.bytes_read;
  double start = now_ms();
  sqlite3_stmt *stmt = session_prepare(s, "SELECT count(*) FROM \"%w\"", r->step->table.sqlite_name);
  if( session_step(s, stmt)!=1 ) return 1;
  r->rows = sqlite3_column_int64(stmt, 0);
  r->bytes_read = s->host.stats.bytes_read - bytes;
  r->ms += now_ms() - start;
  r->is_uncounted = 0;
  sqlite3_finalize(stmt);
  return 0;
}

/* A run without a root keeps the one that the landing table was made with. */
static int remember_root(Session *s, const TableName *t){
  const char *root = session_text(s, "SELECT s3_root FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  sqlite3_free(s->step_root);
  s->step_root = root ? sqlite3_mprintf("%s", root) : 0;
  return s->error!=0;
}

static int run_step(Session *s, const Step *step, StepResult *r, int is_read_later){
  double start = now_ms();
  long long bytes = s->host.stats.bytes_read;
  int kind;
  r->step = step;
  if( remember_root(s, &step->table) || catalog_drop(s, &step->table) || run_statements(s, step, &r->rows) ) return fail_in_step(s, step);
  kind = catalog_object(s, &step->table);
  if( s->error ) return 1;
  r->bytes_read = s->host.stats.bytes_read - bytes;
  r->ms = now_ms() - start;
  if( kind!=OBJECT_LANDING ) return 0;
  r->is_uncounted = 1;
  return !is_read_later && count_landing(s, r) ? fail_in_step(s, step) : 0;
}

static int is_read_later(const Graph *g, int at){
  for(int i=at+1; i<g->n; i++){
    const Step *later = &g->step[g->order[i]];
    for(int k=0; later->selected && k<later->n_need; k++) if( later->need[k]==g->order[at] ) return 1;
  }
  return 0;
}

/* Record and print the results up to the first one that is still uncounted;
** at_end: all, counting what nobody has read whole. */
static int tell_results(Session *s, Run *run, int at_end){
  for(; run->n_told<run->n_result; run->n_told++){
    StepResult *r = &run->result[run->n_told];
    const Step *step = r->step;
    if( r->is_uncounted && !known_rows(s, r) ){
      if( s->error || !at_end ) return s->error!=0;
      if( count_landing(s, r) ) return fail_in_step(s, step);
    }
    if( session_exec(s, "INSERT INTO tarn_steps(run,step,name,zone,row_count,bytes,ms,sql) VALUES(%lld,%d,%Q,%Q,%lld,%lld,%f,%Q)",
                     run->id, run->n_told+1, step->table.sqlite_name, zone_names[step->zone], r->rows, r->bytes_read, r->ms, step->text) ) return 1;
    if( run->on_step ) run->on_step(run->arg, step, r);
  }
  return 0;
}

static int run_steps(Session *s, Graph *g, Run *run){
  for(int i=0; i<g->n; i++){
    const Step *step = &g->step[g->order[i]];
    StepResult *r = &run->result[run->n_result];
    if( !step->selected ) continue;
    if( run->on_step ) run->on_step(run->arg, step, 0);
    if( run_step(s, step, r, is_read_later(g, i)) ) return 1;
    if( step->zone!=ZONE_LANDING && r->rows>=EARLY_ROWS ) early_write(s);
    run->n_result++;
    if( tell_results(s, run, 0) ) return 1;
    arena_reset(&s->arena);
  }
  return tell_results(s, run, 1);
}

/* --- Notices ----------------------------------------------------------------------- */

static int load_notices(Session *s, Graph *g, Run *run){
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT table_name, reason, count(*), file||':'||line||' byte '||byte, min(rowid) FROM tarn_rejects WHERE run=%lld "
    "GROUP BY table_name, reason ORDER BY table_name, reason", run->id);
  int rc, cap = 0;
  while( (rc = session_step(s, stmt))==1 ){
    Notice *n;
    if( run->n_notice==cap ){
      Notice *grown = ARENA_ARRAY(g->arena, Notice, cap*2+16);
      if( cap ) memcpy(grown, run->notice, sizeof(*grown)*(size_t)cap);
      run->notice = grown;
      cap = cap*2+16;
    }
    n = &run->notice[run->n_notice++];
    n->table = arena_strdup(g->arena, (const char*)sqlite3_column_text(stmt, 0));
    n->reason = arena_strdup(g->arena, (const char*)sqlite3_column_text(stmt, 1));
    n->n = sqlite3_column_int64(stmt, 2);
    n->first = arena_strdup(g->arena, (const char*)sqlite3_column_text(stmt, 3));
  }
  return rc<0;
}

/* --- Exports ------------------------------------------------------------------------ */

/* Where a step's table goes, a folder or an s3:// URL; NULL: nowhere (landing,
** a view, a table with an external location of its own) or an error. */
static const char *export_folder(Session *s, const Step *step){
  const char *base;
  if( s->options->no_export || step->zone==ZONE_LANDING || step->is_view ) return 0;
  base = export_place(s, s->options->export_location);
  if( base==0 ) return 0;
  for(int i=0; i<step->n_statement; i++){
    if( step->statement[i]->kind==ST_CREATE_TABLE_AS && statement_property(step->statement[i], "external_location") ) return 0;
  }
  return arena_printf(&s->arena, "%s%s%s/%s", base, base[strlen(base)-1]=='/' ? "" : "/", zone_names[step->zone], step->table.sqlite_name);
}

static int export_tables(Session *s, Run *run){
  for(int i=0; i<run->n_result; i++){
    StepResult *r = &run->result[i];
    long long rows;
    const char *folder = export_folder(s, r->step);
    double start = now_ms();
    if( s->error ) return 1;
    if( folder==0 ) continue;
    if( export_stage(s, run->id, &r->step->table, folder, &rows, &r->bytes_written) ) return 1;
    r->exported = 1;
    r->ms += now_ms() - start;
    arena_reset(&s->arena);
  }
  return 0;
}

/* --- The run -------------------------------------------------------------------------- */

/* What would make the run fail halfway, found before it begins. */
static int check_before(Session *s, Graph *g){
  for(int i=0; i<g->n; i++){
    const Step *step = &g->step[i];
    const char *folder;
    if( !step->selected ) continue;
    if( catalog_object(s, &step->table)==OBJECT_FOREIGN ){
      return session_fail(s, "TARN_FOREIGN_TABLE: %s has a table %s that Tarn did not make: it is left alone\nat %s",
                          s->options->lake, step->table.sqlite_name, step->file);
    }
    folder = export_folder(s, step);
    if( s->error || (folder && export_check_folder(s, folder)) ) return 1;
  }
  return s->error!=0;
}

static int begin_run(Session *s, Run *run){
  const char *id = session_text(s, "SELECT coalesce(max(run),0)+1 FROM tarn_runs");
  if( id==0 ) return 1;
  run->id = strtoll(id, 0, 10);
  return session_exec(s, "INSERT INTO tarn_runs(run,started,s3_root,export,version) VALUES(%lld,strftime('%%Y-%%m-%%d %%H:%%M:%%f','now'),%Q,%Q,%Q)",
                      run->id, s->s3_root, s->options->no_export ? 0 : s->options->export_location, TARN_VERSION);
}

static int run_inside(Session *s, Graph *g, Run *run){
  Journal journal = {0, 0, 0, 0};
  int rc = check_before(s, g) || begin_run(s, run) || journal_open(s, &journal, run->id)
        || run_steps(s, g, run) || checks_run(s, g, run) || load_notices(s, g, run) || export_tables(s, run)
        || session_exec(s, "UPDATE tarn_runs SET finished=strftime('%%Y-%%m-%%d %%H:%%M:%%f','now') WHERE run=%lld", run->id);
  journal_close(s, &journal);
  return rc;
}

/* One attempt; what an earlier one noted in `run` is forgotten. */
static int run_once(Session *s, Graph *g, Run *run){
  int rc;
  run->n_result = run->n_check = run->n_notice = 0;
  run->result = ARENA_ARRAY(g->arena, StepResult, g->n+1);
  if( session_begin(s) ) return 1;
  s->in_run = 1;
  rc = session_end(s, run_inside(s, g, run));
  s->in_run = 0;
  return rc;
}

int pipeline_run(Session *s, Graph *g, Run *run){
  double start = now_ms();
  Relist relist = {0};
  int rc;
  s->s3.changed = 0;
  do{
    rc = run_once(s, g, run);
  }while( rc && relist_again(s, &relist, 0) && catalog_create(s)==0 );
  if( rc==0 ) rc = swap_recover(s) || remote_recover(s);
  run->ms = now_ms() - start;
  return rc;
}
