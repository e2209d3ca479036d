/*
** t_in_set: see member.h.
**
** A call's set hangs at its second argument (auxdata) until the statement is
** reset; sets of one connection are in a list, so that the same query in two
** places of a statement is run once.
*/
#include "member.h"
#include "fn/wrapper.h"
#include "group_key.h"
#include "group_source.h"
#include "jsonl.h"
#include <string.h>

#define ROWS_BETWEEN_CHECKS 1024        /* for an interruption */

typedef struct Members Members;

typedef struct Set {
  Members *home;
  struct Set *next;
  char *sql;
  sqlite3_int64 changes;        /* sqlite3_total_changes64 when it was built */
  int users;
  int has_null;
  sqlite3_int64 n;              /* values, NULLs among them */
  IntSet ints;
  KeyTable keys;
  Buf key;                      /* of the value at hand */
  sqlite3 *file;                /* beyond the memory limit: the keys, those of integers too */
  sqlite3_stmt *insert, *lookup;
} Set;

struct Members {
  int users;                    /* the function; sets */
  GroupHost host;
  Set *set;
};

static void members_release(void *p){
  Members *m = p;
  if( --m->users==0 ) sqlite3_free(m);
}

static void set_free(Set *s){
  ints_free(&s->ints);
  key_table_free(&s->keys);
  buf_free(&s->key);
  sqlite3_finalize(s->insert);
  sqlite3_finalize(s->lookup);
  sqlite3_close(s->file);
  sqlite3_free(s->sql);
  sqlite3_free(s);
}

/* The auxdata's destructor. */
static void set_release(void *p){
  Set *s = p, **at = &s->home->set;
  Members *m = s->home;
  if( --s->users ) return;
  while( *at!=s ) at = &(*at)->next;
  *at = s->next;
  set_free(s);
  members_release(m);
}

/* --- Values ---------------------------------------------------------------- */

static int encode(Set *s, const Value *v){
  s->key.n = 0;
  key_encode(&s->key, v);
  return s->key.oom ? SQLITE_NOMEM : SQLITE_OK;
}

static int file_add(Set *s, const char *z, size_t n){
  int rc;
  sqlite3_bind_blob64(s->insert, 1, z, n, SQLITE_STATIC);
  rc = sqlite3_step(s->insert);
  sqlite3_reset(s->insert);
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

/* Move all to a private database on disk. */
static int file_begin(Set *s){
  int rc = sqlite3_open("", &s->file);
  if( rc==SQLITE_OK ){
    rc = sqlite3_exec(s->file, "PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA cache_size=-32000;"
                               "CREATE TABLE v(key BLOB PRIMARY KEY) WITHOUT ROWID; BEGIN", 0, 0, 0);
  }
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(s->file, "INSERT OR IGNORE INTO v VALUES(?1)", -1, &s->insert, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(s->file, "SELECT 1 FROM v WHERE key=?1", -1, &s->lookup, 0);
  for(uint32_t i=0; i<s->keys.n && rc==SQLITE_OK; i++) rc = file_add(s, key_of(&s->keys, s->keys.entry[i]), s->keys.entry[i]->n);
  for(uint64_t i=0; i<s->ints.n_slot + 1 && rc==SQLITE_OK; i++){
    Value v = value_int(i<s->ints.n_slot ? s->ints.slot[i] : 0);
    if( i<s->ints.n_slot ? v.i==0 : !s->ints.has_zero ) continue;
    rc = encode(s, &v);
    if( rc==SQLITE_OK ) rc = file_add(s, s->key.z, s->key.n);
  }
  key_table_free(&s->keys);
  ints_free(&s->ints);
  return rc;
}

static int set_add(Set *s, const Value *v, sqlite3_int64 limit){
  uint64_t hash;
  int rc;
  s->n++;
  if( v->kind==V_NULL ){
    s->has_null = 1;
    return SQLITE_OK;
  }
  if( v->kind==V_INT && s->file==0 ){
    if( ints_add(&s->ints, v->i)<0 ) return SQLITE_NOMEM;
  }else{
    if( (rc = encode(s, v))!=SQLITE_OK ) return rc;
    if( s->file ) return file_add(s, s->key.z, s->key.n);
    hash = key_hash(s->key.z, s->key.n);
    if( key_table_find(&s->keys, s->key.z, s->key.n, hash) ) return SQLITE_OK;
    if( key_table_add(&s->keys, s->key.z, s->key.n, hash)==0 ) return SQLITE_NOMEM;
  }
  return s->keys.bytes + (sqlite3_int64)s->ints.n_slot*8>limit ? file_begin(s) : SQLITE_OK;
}

/* 1 or 0; -1 is out of memory, -2 an error of s->file. */
static int set_has(Set *s, const Value *v){
  int rc;
  if( s->file==0 && v->kind==V_INT ) return ints_has(&s->ints, v->i);
  if( encode(s, v)!=SQLITE_OK ) return -1;
  if( s->file==0 ) return key_table_find(&s->keys, s->key.z, s->key.n, key_hash(s->key.z, s->key.n))!=0;
  sqlite3_bind_blob64(s->lookup, 1, s->key.z, s->key.n, SQLITE_STATIC);
  rc = sqlite3_step(s->lookup);
  sqlite3_reset(s->lookup);
  return rc==SQLITE_ROW ? 1 : rc==SQLITE_DONE ? 0 : rc==SQLITE_NOMEM ? -1 : -2;
}

/* --- Building -------------------------------------------------------------- */

/* Rows that SQLite makes. */
static int fill(Set *s, sqlite3_stmt *stmt, sqlite3_int64 limit){
  int rc = SQLITE_OK;
  while( rc==SQLITE_OK && (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    Value v = fn_value_in(0, sqlite3_column_value(stmt, 0));
    rc = set_add(s, &v, limit);
  }
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

static int is_interrupted(sqlite3_stmt *select1){
  int rc = sqlite3_step(select1);
  sqlite3_reset(select1);
  return rc==SQLITE_INTERRUPT;
}

/* Rows that it does not make.  *done: there were such. */
static int fill_native(Set *s, sqlite3 *db, int argc, sqlite3_value **argv, sqlite3_int64 limit, int *done, char **pzErr){
  const char *text = argc>2 ? (const char*)sqlite3_value_text(argv[2]) : 0;
  struct JsonlHost *jsonl = s->home->host.jsonl;
  GroupSourceHost host = { jsonl, jsonl ? jsonl->threads : 0 };
  sqlite3_stmt *select1 = 0;
  GroupSource source;
  RowBlock *b;
  int rc;
  *done = 0;
  if( text==0 ) return SQLITE_OK;
  rc = group_source_open(&source, db, &host, text, 1, argc - 3, argv + 3, pzErr);
  if( rc==SQLITE_OK && source.rows ) rc = sqlite3_prepare_v2(db, "SELECT 1", -1, &select1, 0);
  if( rc==SQLITE_OK && source.rows && source.n_column==1 ){
    *done = 1;
    while( rc==SQLITE_OK && (rc = source.rows->ops->next(source.rows, &b, pzErr))==SQLITE_ROW ){
      rc = SQLITE_OK;
      for(int i=0; i<b->n && rc==SQLITE_OK; i++){
        if( i%ROWS_BETWEEN_CHECKS==0 && is_interrupted(select1) ) rc = SQLITE_INTERRUPT;
        else rc = set_add(s, &b->cell[(size_t)i*(size_t)source.width], limit);
      }
    }
    if( rc==SQLITE_DONE ) rc = SQLITE_OK;
  }
  sqlite3_finalize(select1);
  group_source_close(&source);
  return rc;
}

/* Run the query into the set: SQLITE_OK, or an error with *pzErr or SQLite's own. */
static int build(Set *s, sqlite3 *db, int argc, sqlite3_value **argv, char **pzErr){
  const sqlite3_int64 *memory = s->home->host.memory;
  sqlite3_int64 limit = memory && *memory>0 ? *memory : GROUP_MEMORY;
  sqlite3_stmt *stmt = 0;
  int is_native = 0, rc = sqlite3_prepare_v2(db, s->sql, -1, &stmt, 0);
  if( rc==SQLITE_OK && sqlite3_column_count(stmt)!=1 ){
    *pzErr = sqlite3_mprintf("t_in_set: the query has %d columns", sqlite3_column_count(stmt));
    rc = *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
  }
  if( rc==SQLITE_OK ) rc = fill_native(s, db, argc, argv, limit, &is_native, pzErr);
  if( rc==SQLITE_OK && !is_native ) rc = fill(s, stmt, limit);
  if( rc!=SQLITE_OK && rc!=SQLITE_NOMEM && *pzErr==0 ) *pzErr = sqlite3_mprintf("%s", sqlite3_errmsg(s->file ? s->file : db));
  sqlite3_finalize(stmt);
  return rc;
}

/* The set of a query, found or built; NULL after an error was set on ctx. */
static Set *set_open(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  Members *m = sqlite3_user_data(ctx);
  sqlite3 *db = sqlite3_context_db_handle(ctx);
  const char *sql = (const char*)sqlite3_value_text(argv[1]);
  sqlite3_int64 changes = sqlite3_total_changes64(db);
  char *error = 0;
  Set *s = m->set;
  int rc;
  while( s && !(s->changes==changes && sql && strcmp(s->sql, sql)==0) ) s = s->next;
  if( s ){
    s->users++;
    return s;
  }
  s = sql ? sqlite3_malloc64(sizeof(*s)) : 0;
  if( s ){
    memset(s, 0, sizeof(*s));
    s->home = m;
    s->changes = changes;
    s->users = 1;
    s->sql = sqlite3_mprintf("%s", sql);
  }
  rc = s && s->sql ? build(s, db, argc, argv, &error) : SQLITE_NOMEM;
  if( rc==SQLITE_OK ){
    m->users++;
    s->next = m->set;
    m->set = s;
    return s;
  }
  if( s ) set_free(s);
  if( rc==SQLITE_NOMEM ) sqlite3_result_error_nomem(ctx);
  else{
    if( error ) sqlite3_result_error(ctx, error, -1);
    sqlite3_result_error_code(ctx, rc);
  }
  sqlite3_free(error);
  return 0;
}

static void in_set(sqlite3_context *ctx, int argc, sqlite3_value **argv){
  Set *s;
  Value x;
  int found;
  if( argc<2 ){
    sqlite3_result_error(ctx, "t_in_set: a value and a query", -1);
    return;
  }
  s = sqlite3_get_auxdata(ctx, 1);
  if( s==0 ){
    s = set_open(ctx, argc, argv);
    if( s==0 ) return;
    sqlite3_set_auxdata(ctx, 1, s, set_release);
    s = sqlite3_get_auxdata(ctx, 1);
    if( s==0 ){
      sqlite3_result_error_nomem(ctx);
      return;
    }
  }
  if( s->n==0 ){
    sqlite3_result_int(ctx, 0);
    return;
  }
  x = fn_value_in(0, argv[0]);
  if( x.kind==V_NULL ) return;
  found = set_has(s, &x);
  if( found==-1 ) sqlite3_result_error_nomem(ctx);
  else if( found<0 ) sqlite3_result_error(ctx, sqlite3_errmsg(s->file), -1);
  else if( found || !s->has_null ) sqlite3_result_int(ctx, found);
}

int member_register(sqlite3 *db, const GroupHost *host){
  Members *m = sqlite3_malloc64(sizeof(*m));
  if( m==0 ) return SQLITE_NOMEM;
  memset(m, 0, sizeof(*m));
  m->users = 1;
  if( host ) m->host = *host;
  return sqlite3_create_function_v2(db, "t_in_set", -1, SQLITE_UTF8|SQLITE_DIRECTONLY, m, in_set, 0, 0, members_release);
}
