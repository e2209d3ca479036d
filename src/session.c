/*
** A session on a lake: the connection, its settings, errors, transactions.
**
** The connection loads what tarn.so loads, from the same code.  Its settings
** keep SQLite from being permissive: a name in double quotes is never a text.
** A writer waits five seconds for another one, then the error names the lake.
**
** Interruption: SIGINT calls sqlite3_interrupt on the session's connection
** (allowed in a handler as long as the connection is open); the statement
** fails with SQLITE_INTERRUPT and the transaction is rolled back.
*/
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "bulk.h"
#include "remote.h"
#include "s3_options.h"
#include "session.h"
#include "../vtab/group.h"
#include "../vtab/hash.h"
#include "../vtab/member.h"
#include "../vtab/tarn.h"
#include "catalog_write.h"
#include "swap.h"

#define MAP_BYTES (256<<20)     /* of the lake, read in place (session_map) */

/* The one session that SIGINT stops; a handler has no argument. */
static Session *volatile interrupt_session;
static void on_interrupt(int signal){
  Session *s = interrupt_session;
  (void)signal;
  if( s==0 ) return;
  s->stop = 1;
  sqlite3_interrupt(s->db);
}

static _Noreturn void die_of_memory(void *arg){
  (void)arg;
  fputs("tarn: out of memory\n", stderr);
  _exit(EXIT_FAILED);
}

void arena_init_or_die(Arena *a){
  arena_init(a);
  a->on_oom = die_of_memory;
}

int64_t session_now(void){
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (int64_t)t.tv_sec*1000000 + t.tv_nsec/1000;
}

char *absolute_path(Arena *a, const char *path){
  char *full = realpath(path, 0);
  char *cwd, *result;
  if( full==0 && path[0]!='/' ){
    cwd = getcwd(0, 0);
    result = arena_printf(a, "%s/%s", cwd ? cwd : ".", path);
    free(cwd);
    return result;
  }
  result = arena_strdup(a, full ? full : path);
  free(full);
  return result;
}

/* --- Errors ----------------------------------------------------------------- */

int session_fail(Session *s, const char *fmt, ...){
  va_list ap;
  if( s->error ) return 1;
  va_start(ap, fmt);
  s->error = sqlite3_vmprintf(fmt, ap);
  va_end(ap);
  if( s->error==0 ) die_of_memory(0);
  return 1;
}

/* Does a message begin with an error code of Athena's or Tarn's? */
static int has_code(const char *z){
  size_t n = 0;
  while( isupper((unsigned char)z[n]) || z[n]=='_' || isdigit((unsigned char)z[n]) ) n++;
  return (n>3 && z[n]==':') || strncmp(z, "FAILED: ", 8)==0;
}

/* Does SQLite's message name one of its limits? */
static int is_limit(const char *why){
  static const char *const limit[] = {"parser stack overflow", "tables in a join", "Expression tree is too large",
    "too many terms", "too many columns", "too many arguments", "too big"};
  for(size_t i=0; i<sizeof(limit)/sizeof(limit[0]); i++) if( strstr(why, limit[i]) ) return 1;
  return 0;
}


int session_fail_sqlite(Session *s){
  const char *why = sqlite3_errmsg(s->db);
  switch( sqlite3_errcode(s->db) & 0xff ){
    case SQLITE_INTERRUPT:
      s->interrupted = 1;
      return session_fail(s, "interrupted");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return session_fail(s, "TARN_LOCKED: the lake %s is locked by another process (waited %d s)",
                          s->options->lake, SESSION_BUSY_TIMEOUT_MS/1000);
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return session_fail(s, "TARN_LAKE: %s: %s", s->options->lake, why);
    case SQLITE_TOOBIG:
      return session_fail(s, "TARN_NOT_SUPPORTED: a value or statement beyond SQLite's limits: %s", why);
  }
  if( has_code(why) ) return session_fail(s, "%s", why);
  if( is_limit(why) ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: a statement beyond SQLite's limits: %s", why);
  return session_fail(s, "TARN_INTERNAL: SQLite refused what Tarn emitted: %s", why);
}

int session_fail_athena(Session *s, const AthenaError *e){
  if( e->out_of_memory ) die_of_memory(0);
  return session_fail(s, "%s", athena_error_text(&s->arena, e));
}

/* A line of the report: a line break inside is one blank. */
static void print_line(const char *z, size_t n){
  int blank = 0;
  for(size_t i=0; i<n; i++){
    if( z[i]=='\n' || z[i]=='\r' ){
      if( !blank ) fputc(' ', stderr);
      blank = 1;
    }else{
      fputc(z[i], stderr);
      blank = 0;
    }
  }
  fputc('\n', stderr);
}

int session_report(Session *s){
  const char *z = s->error ? s->error : "TARN_INTERNAL: no reason given";
  const char *at = strstr(z, "\nat ");
  if( at ) print_line(at+1, strlen(at+1));
  print_line(z, at ? (size_t)(at-z) : strlen(z));
  return s->interrupted ? EXIT_INTERRUPTED : EXIT_FAILED;
}

void session_reset(Session *s){
  arena_reset(&s->arena);
  sqlite3_free(s->error);
  s->error = 0;
}

/* --- SQL ---------------------------------------------------------------------- */

static sqlite3_stmt *prepare_v(Session *s, const char *fmt, va_list ap){
  sqlite3_stmt *stmt = 0;
  char *sql = sqlite3_vmprintf(fmt, ap);
  if( sql==0 ) die_of_memory(0);
  if( sqlite3_prepare_v2(s->db, sql, -1, &stmt, 0)!=SQLITE_OK ) session_fail_sqlite(s);
  sqlite3_free(sql);
  return stmt;
}

sqlite3_stmt *session_prepare(Session *s, const char *fmt, ...){
  va_list ap;
  va_start(ap, fmt);
  sqlite3_stmt *stmt = prepare_v(s, fmt, ap);
  va_end(ap);
  return stmt;
}

int session_step(Session *s, sqlite3_stmt *stmt){
  int rc;
  if( stmt==0 ) return -1;
  rc = sqlite3_step(stmt);
  if( rc==SQLITE_ROW ) return 1;
  if( rc!=SQLITE_DONE ) session_fail_sqlite(s);
  sqlite3_finalize(stmt);
  return rc==SQLITE_DONE ? 0 : -1;
}

int session_exec(Session *s, const char *fmt, ...){
  va_list ap;
  int rc;
  va_start(ap, fmt);
  sqlite3_stmt *stmt = prepare_v(s, fmt, ap);
  va_end(ap);
  while( (rc = session_step(s, stmt))==1 ){}
  return rc<0;
}

char *column_text(Session *s, sqlite3_stmt *stmt, int i){
  const char *z = (const char*)sqlite3_column_text(stmt, i);
  return z ? arena_strndup(&s->arena, z, (size_t)sqlite3_column_bytes(stmt, i)) : 0;
}

char *session_text(Session *s, const char *fmt, ...){
  va_list ap;
  char *result = 0;
  va_start(ap, fmt);
  sqlite3_stmt *stmt = prepare_v(s, fmt, ap);
  va_end(ap);
  if( session_step(s, stmt)==1 ){
    result = column_text(s, stmt, 0);
    sqlite3_finalize(stmt);
  }
  return result;
}

Value column_value(sqlite3_stmt *stmt, int i, const Type *type){
  switch( sqlite3_column_type(stmt, i) ){
    case SQLITE_INTEGER:
      if( type->kind==T_DOUBLE || type->kind==T_REAL ) return value_real((double)sqlite3_column_int64(stmt, i));
      return value_int(sqlite3_column_int64(stmt, i));
    case SQLITE_FLOAT:
      return value_real(sqlite3_column_double(stmt, i));
    case SQLITE_TEXT: {
      const char *z = (const char*)sqlite3_column_text(stmt, i);
      size_t n = (size_t)sqlite3_column_bytes(stmt, i);
      /* NaN is the one double that SQLite has to carry as text. */
      if( type->kind==T_DOUBLE || type->kind==T_REAL ) return value_real(__builtin_nan(""));
      return value_text(z, n);
    }
    case SQLITE_BLOB: {
      const char *z = sqlite3_column_blob(stmt, i);
      return value_blob(z ? z : "", (size_t)sqlite3_column_bytes(stmt, i));
    }
  }
  return value_null();
}

/* --- Transactions --------------------------------------------------------------- */

int session_begin(Session *s){
  if( s->depth==0 && !s->is_held && session_exec(s, "BEGIN IMMEDIATE") ) return 1;
  s->is_held = 0;
  s->depth++;
  return 0;
}

void session_remember_staged(Session *s, const char *path){
  StagedPath *p = sqlite3_malloc64(sizeof(*p));
  char *copy = sqlite3_mprintf("%s", path);
  if( p && copy ){
    p->path = copy;
    p->next = s->staged;
    s->staged = p;
  }else{
    die_of_memory(0);
  }
}

static void forget_staged(Session *s, int failed){
  while( s->staged ){
    StagedPath *p = s->staged;
    s->staged = p->next;
    if( failed ) remove_tree(p->path);
    sqlite3_free(p->path);
    sqlite3_free(p);
  }
}

int session_end(Session *s, int rc){
  if( --s->depth>0 ) return rc;
  /* What was staged must be on disk before the lake says so. */
  if( rc==0 ) rc = swap_flush(s) || session_exec(s, "COMMIT");
  /* SQLite may have rolled back by itself. */
  if( rc!=0 && !sqlite3_get_autocommit(s->db) ) sqlite3_exec(s->db, "ROLLBACK", 0, 0, 0);
  bulk_forget(s);
  forget_staged(s, rc);
  s->swaps_tidied = 0;
  if( rc ) remote_abandon(s);
  return rc;
}

/* --- Open and close ---------------------------------------------------------------- */

static int set_s3_root(Session *s){
  const char *root = s->options->s3_root;
  if( root==0 ) root = getenv("TARN_S3_ROOT");
  if( root==0 || root[0]==0 ) return 0;
  s->s3_root = sqlite3_mprintf("%s", absolute_path(&s->arena, root));
  if( s->s3_root==0 ) die_of_memory(0);
  return 0;
}

/* tarn_fail(message): an error of Athena's, raised by emitted SQL. */
static void fail_function(sqlite3_context *context, int argc, sqlite3_value **argv){
  (void)argc;
  sqlite3_result_error(context, (const char*)sqlite3_value_text(argv[0]), -1);
}

static int configure(Session *s){
  int off = 0;
  sqlite3_busy_timeout(s->db, SESSION_BUSY_TIMEOUT_MS);
  sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, &off);
  sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DDL, 0, &off);
  sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, &off);
  s->host.s3_root = s->s3_root;
  s->s3.config = s3_config(s->options);
  s->host.s3 = &s->s3;
  s->host.stop = &s->stop;
  s->host.threads = s->options->n_thread;
  s->memory = s->options->memory_bytes;
  if( tarn_register(s->db)!=SQLITE_OK || jsonl_register(s->db, &s->host)!=SQLITE_OK ) return session_fail_sqlite(s);
  if( hash_register(s->db, &s->memory)!=SQLITE_OK ) return session_fail_sqlite(s);
  GroupHost host = { &s->memory, &s->host };
  if( group_register(s->db, &host)!=SQLITE_OK || member_register(s->db, &host)!=SQLITE_OK ) return session_fail_sqlite(s);
  if( sqlite3_create_function(s->db, "tarn_fail", 1, SQLITE_UTF8|SQLITE_DIRECTONLY, 0, fail_function, 0, 0)!=SQLITE_OK ) return session_fail_sqlite(s);
  /* page_size counts for a new lake only: large pages suit bulk loads. */
  return session_exec(s, "PRAGMA page_size=16384") || session_exec(s, "PRAGMA cache_size=-65536") || session_exec(s, "PRAGMA secure_delete=off");
}

int session_open(Session *s, const Options *o){
  struct sigaction action;
  memset(s, 0, sizeof(*s));
  s->options = o;
  arena_init_or_die(&s->arena);
  if( sqlite3_open_v2(o->lake, &s->db, SQLITE_OPEN_READWRITE|SQLITE_OPEN_CREATE|SQLITE_OPEN_NOMUTEX, 0)!=SQLITE_OK ){
    return session_fail_sqlite(s);
  }
  memset(&action, 0, sizeof(action));
  action.sa_handler = on_interrupt;
  interrupt_session = s;
  sigaction(SIGINT, &action, 0);
  if( set_s3_root(s) || configure(s) ) return 1;
  s->catalog = catalog_open(s->db, o->database);
  if( s->catalog==0 ) die_of_memory(0);
  if( catalog_create(s) || swap_recover(s) ) return 1;
  /* Without the network, or with other credentials, the lake can still be used. */
  if( remote_recover(s) && !s->interrupted ){
    fprintf(stderr, "tarn: %s\n", s->error);
    session_reset(s);
  }
  return s->error!=0;
}

int session_map(Session *s){
  return session_exec(s, "PRAGMA mmap_size=%d", MAP_BYTES);
}

void session_close(Session *s){
  interrupt_session = 0;
  if( s->is_held ) session_exec(s, "COMMIT");
  catalog_close(s->catalog);
  sqlite3_close(s->db);
  s3_shared_close(&s->s3);
  sqlite3_free(s->s3_root);
  sqlite3_free(s->manifest);
  sqlite3_free(s->step_root);
  sqlite3_free(s->error);
  arena_free(&s->arena);
  memset(s, 0, sizeof(*s));
}
