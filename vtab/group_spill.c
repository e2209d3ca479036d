/*
** Tapes in a temporary database: see group_spill.h.
**
** A record is a length and its bytes; records are gathered into blobs of about
** TAPE_BLOB bytes, never cut.  Limits: a record of 1 GB.
*/
#include "group_spill.h"
#include <stdint.h>
#include <string.h>

#define TAPE_BLOB (32<<10)

const char *spill_error(const Spill *s){ return s->db ? sqlite3_errmsg(s->db) : "out of memory"; }

void spill_close(Spill *s){
  sqlite3_finalize(s->insert);
  sqlite3_finalize(s->select);
  sqlite3_finalize(s->erase);
  sqlite3_close(s->db);
  memset(s, 0, sizeof(*s));
}

void tape_free(Tape *t){
  buf_free(&t->pending);
  memset(t, 0, sizeof(*t));
}

static int begin(Spill *s){
  int rc = sqlite3_open("", &s->db);
  if( rc==SQLITE_OK ){
    rc = sqlite3_exec(s->db, "PRAGMA page_size=32768; PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA cache_size=-2000;"
                             "CREATE TABLE tape(id INTEGER, block INTEGER, data BLOB, PRIMARY KEY(id, block)) WITHOUT ROWID; BEGIN", 0, 0, 0);
  }
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(s->db, "INSERT INTO tape VALUES(?1, ?2, ?3)", -1, &s->insert, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(s->db, "SELECT data FROM tape WHERE id=?1 ORDER BY block", -1, &s->select, 0);
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(s->db, "DELETE FROM tape WHERE id=?1", -1, &s->erase, 0);
  return rc;
}

/* Write what is pending. */
static int flush(Spill *s, Tape *t){
  int rc = SQLITE_OK;
  if( s->erase==0 ){
    if( s->db ) return SQLITE_ERROR;    /* it could not be opened before */
    rc = begin(s);
    if( rc!=SQLITE_OK ) return rc;
  }
  if( t->id==0 ) t->id = ++s->next_tape;
  sqlite3_bind_int64(s->insert, 1, t->id);
  sqlite3_bind_int64(s->insert, 2, t->n);       /* ascends from block to block */
  sqlite3_bind_blob64(s->insert, 3, t->pending.z, t->pending.n, SQLITE_STATIC);
  rc = sqlite3_step(s->insert);
  sqlite3_reset(s->insert);
  t->pending.n = 0;
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

int tape_add(Spill *s, Tape *t, const char *z, size_t n){
  uint32_t length = (uint32_t)n;
  buf_add(&t->pending, &length, 4);
  buf_add(&t->pending, z, n);
  if( t->pending.oom ) return SQLITE_NOMEM;
  t->n++;
  return t->pending.n>=TAPE_BLOB ? flush(s, t) : SQLITE_OK;
}

static int read_records(const char *z, size_t n, int (*each)(void*, const char*, size_t), void *arg){
  const char *end = z + n;
  int rc = SQLITE_OK;
  while( z<end && rc==SQLITE_OK ){
    uint32_t length;
    memcpy(&length, z, 4);
    rc = each(arg, z + 4, length);
    z += 4 + length;
  }
  return rc;
}

int tape_read(Spill *s, Tape *t, int (*each)(void *arg, const char *z, size_t n), void *arg){
  int rc = SQLITE_OK, done;
  if( t->id ){
    sqlite3_bind_int64(s->select, 1, t->id);
    while( rc==SQLITE_OK && (done = sqlite3_step(s->select))!=SQLITE_DONE ){
      const char *z = done==SQLITE_ROW ? sqlite3_column_blob(s->select, 0) : 0;
      if( z ) rc = read_records(z, (size_t)sqlite3_column_bytes(s->select, 0), each, arg);
      else rc = done==SQLITE_ROW ? SQLITE_NOMEM : done;
    }
    sqlite3_reset(s->select);
    if( rc==SQLITE_OK ){
      sqlite3_bind_int64(s->erase, 1, t->id);
      done = sqlite3_step(s->erase);
      sqlite3_reset(s->erase);
      if( done!=SQLITE_DONE ) rc = done;
    }
  }
  if( rc==SQLITE_OK && t->pending.n ) rc = read_records(t->pending.z, t->pending.n, each, arg);
  tape_free(t);
  return rc;
}
