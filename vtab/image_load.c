/*
** Table images and the connection: shapes of tables, and taking images over.
**
** The image becomes an attached schema by sqlite3_deserialize: its bytes are
** not copied, and with mmap_size its pages are read where they lie.  SQLite
** allows that inside a transaction and as often as one likes; DETACH it does
** not, because the schema's read transaction lasts until COMMIT.
**
** SQLite copies rows whole (https://www.sqlite.org/opcode.html, RowData or
** RowCell) only between tables whose columns have the same affinities and
** collations; image_shape refuses tables where it would not, or where INSERT
** does more than store (triggers, defaults, constraints), and columns without a
** type: a quoted empty one has another affinity than none.  CHECK and foreign
** keys are not looked at: with them it inserts row by row, which is only slower.
*/
#include <string.h>
#include "image.h"

#define MAP_BYTES "2147418112"  /* SQLite's most; no image is larger */

/* --- Shapes ------------------------------------------------------------------- */

/* One number from SQL about a table: *out, or SQLITE_NOTFOUND without a row. */
static int ask(sqlite3 *db, const char *sql, const char *table, int *out){
  sqlite3_stmt *stmt;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  if( rc ) return rc;
  sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  rc = sqlite3_step(stmt);
  if( rc==SQLITE_ROW ) *out = sqlite3_column_int(stmt, 0);
  else if( rc==SQLITE_DONE ) rc = SQLITE_NOTFOUND;
  if( rc==SQLITE_ROW ) rc = SQLITE_OK;
  sqlite3_finalize(stmt);
  return rc;
}

/* Is it a plain table: SQLITE_OK, SQLITE_NOTFOUND, an error. */
static int check_table(sqlite3 *db, const char *table){
  int fits = 0;
  int rc = ask(db, "SELECT type='table' AND NOT wr AND NOT strict FROM pragma_table_list WHERE schema='main' AND name=?1 COLLATE nocase", table, &fits);
  if( rc || !fits ) return rc ? rc : SQLITE_NOTFOUND;
  rc = ask(db, "SELECT encoding='UTF-8' FROM pragma_encoding", table, &fits);
  if( rc || !fits ) return rc ? rc : SQLITE_NOTFOUND;
  rc = ask(db, "SELECT NOT EXISTS(SELECT 1 FROM main.sqlite_schema WHERE tbl_name=?1 COLLATE nocase AND type IN ('index','trigger'))"
               " AND NOT EXISTS(SELECT 1 FROM temp.sqlite_schema WHERE tbl_name=?1 COLLATE nocase AND type='trigger')", table, &fits);
  return rc ? rc : fits ? SQLITE_OK : SQLITE_NOTFOUND;
}

static int check_collation(sqlite3 *db, const char *table, const char *column){
  const char *collation = 0;
  int rc = sqlite3_table_column_metadata(db, "main", table, column, 0, &collation, 0, 0, 0);
  return rc ? rc : sqlite3_stricmp(collation, "BINARY")==0 ? SQLITE_OK : SQLITE_NOTFOUND;
}

/* The declared types, each with its NUL, in the buffer; *n of them. */
static int declared_types(sqlite3 *db, const char *table, Buf *b, int *n){
  sqlite3_stmt *stmt;
  int rc = sqlite3_prepare_v2(db, "SELECT name, type, \"notnull\" OR dflt_value IS NOT NULL OR pk OR hidden OR type='' "
                                  "FROM pragma_table_xinfo(?1,'main') ORDER BY cid", -1, &stmt, 0);
  if( rc ) return rc;
  sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  while( (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    const char *name = (const char*)sqlite3_column_text(stmt, 0), *type = (const char*)sqlite3_column_text(stmt, 1);
    int other = name==0 || type==0 ? SQLITE_NOMEM : sqlite3_column_int(stmt, 2) ? SQLITE_NOTFOUND : check_collation(db, table, name);
    if( other ){
      sqlite3_finalize(stmt);
      return other;
    }
    buf_add(b, type, strlen(type)+1);
    ++*n;
  }
  sqlite3_finalize(stmt);
  return rc!=SQLITE_DONE ? rc : b->oom ? SQLITE_NOMEM : *n ? SQLITE_OK : SQLITE_NOTFOUND;
}

int image_shape(sqlite3 *db, const char *table, ImageShape **out){
  const char **declared;
  const char *z;
  Buf types;
  int n = 0, rc;
  *out = 0;
  buf_init(&types, 0);
  rc = check_table(db, table);
  if( rc==SQLITE_OK ) rc = declared_types(db, table, &types, &n);
  if( rc==SQLITE_OK ){
    declared = sqlite3_malloc64(sizeof(*declared)*(sqlite3_uint64)n);
    z = types.z;
    for(int i=0; declared && i<n; i++, z+=strlen(z)+1) declared[i] = z;
    rc = declared ? image_shape_of(n, declared, IMAGE_PAGE_SIZE, out) : SQLITE_NOMEM;
    sqlite3_free(declared);
  }
  buf_free(&types);
  return rc;
}

/* --- Loading ------------------------------------------------------------------ */

static int run(sqlite3 *db, char **pzErr, const char *fmt, const char *a, const char *b){
  char *sql = sqlite3_mprintf(fmt, a, b);
  int rc = sql ? sqlite3_exec(db, sql, 0, 0, pzErr) : SQLITE_NOMEM;
  sqlite3_free(sql);
  return rc;
}

static int attach(sqlite3 *db, const char *schema, char **pzErr){
  if( sqlite3_db_readonly(db, schema)>=0 ) return SQLITE_OK;
  return run(db, pzErr, "ATTACH ':memory:' AS \"%w\"", schema, 0);
}

int image_load(sqlite3 *db, const char *schema, Image *g, const char *table, char **pzErr){
  unsigned char *z;
  size_t n;
  int rc;
  if( image_rows(g)==0 ) return SQLITE_OK;
  rc = attach(db, schema, pzErr);
  if( rc ) return rc;
  z = image_take(g, &n);
  rc = sqlite3_deserialize(db, schema, z, (sqlite3_int64)n, (sqlite3_int64)n, SQLITE_DESERIALIZE_FREEONCLOSE|SQLITE_DESERIALIZE_READONLY);
  if( rc ){
    if( *pzErr==0 ) *pzErr = sqlite3_mprintf("%s", sqlite3_errmsg(db));
    return rc;
  }
  rc = run(db, pzErr, "PRAGMA \"%w\".mmap_size=" MAP_BYTES, schema, 0);
  return rc ? rc : run(db, pzErr, "INSERT INTO main.\"%w\" SELECT * FROM \"%w\".t", table, schema);
}

static int is_attached(sqlite3 *db, const char *schema){
  const char *name;
  for(int i=2; (name = sqlite3_db_name(db, i))!=0; i++) if( sqlite3_stricmp(name, schema)==0 ) return 1;
  return 0;
}

/* Emptied first: a sqlite3_deserialize that was interrupted, or had no memory,
** leaves SQLite 3.40 with a wrong idea of the schema that it was at (a CREATE
** TABLE after DETACH would crash), which one that succeeds puts right. */
void image_detach(sqlite3 *db, const char *schema){
  if( !is_attached(db, schema) ) return;
  if( sqlite3_deserialize(db, schema, 0, 0, 0, 0)==SQLITE_OK ) run(db, 0, "DETACH \"%w\"", schema, 0);
}
