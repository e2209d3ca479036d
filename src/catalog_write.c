/*
** The catalog's tables and what changes them.
**
** tarn_databases, tarn_tables, tarn_columns, tarn_partitions, tarn_views,
** tarn_prepared say what there is; tarn_runs, tarn_steps, tarn_inputs,
** tarn_rejects what was done; tarn_swaps what an interrupted run left to do.
** Names that begin with tarn_ are reserved.
*/
#include <stdlib.h>
#include <string.h>
#include "catalog_write.h"
#include "output.h"

#define CATALOG_VERSION 1
#define CATALOG_ID 0x5461726e   /* "Tarn", SQLite's application_id */

/* In a WITHOUT ROWID table the key's columns come first and in its order: the
** integrity check of SQLite 3.40 misreads other layouts. */
static const char schema[] =
  "CREATE TABLE IF NOT EXISTS tarn_databases(name TEXT PRIMARY KEY, comment TEXT, location TEXT,"
  "  properties TEXT NOT NULL DEFAULT '{}') WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_tables(database TEXT NOT NULL, name TEXT NOT NULL,"
  "  kind TEXT NOT NULL CHECK(kind IN ('landing','stored')), sqlite_name TEXT NOT NULL, comment TEXT,"
  "  location TEXT, serde TEXT, serde_properties TEXT NOT NULL DEFAULT '{}', input_format TEXT, output_format TEXT,"
  "  clustered_by TEXT, n_buckets INTEGER, properties TEXT NOT NULL DEFAULT '{}', s3_root TEXT,"
  "  created INTEGER NOT NULL, sql TEXT, projected_until INTEGER, PRIMARY KEY(database, name)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_columns(database TEXT NOT NULL, table_name TEXT NOT NULL, is_partition INTEGER NOT NULL,"
  "  position INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, hive_type TEXT, comment TEXT,"
  "  PRIMARY KEY(database, table_name, is_partition, position)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_partitions(database TEXT NOT NULL, table_name TEXT NOT NULL, spec TEXT NOT NULL,"
  "  \"values\" TEXT NOT NULL, location TEXT NOT NULL, PRIMARY KEY(database, table_name, spec)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_views(database TEXT NOT NULL, name TEXT NOT NULL, query TEXT NOT NULL,"
  "  view_database TEXT NOT NULL, sql TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY(database, name)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_prepared(name TEXT PRIMARY KEY, sql TEXT NOT NULL) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_runs(run INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT,"
  "  s3_root TEXT, export TEXT, version TEXT);"
  "CREATE TABLE IF NOT EXISTS tarn_steps(run INTEGER NOT NULL, step INTEGER NOT NULL, name TEXT NOT NULL, zone TEXT NOT NULL,"
  "  row_count INTEGER, bytes INTEGER, ms REAL, sql TEXT, PRIMARY KEY(run, step)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_inputs(run INTEGER NOT NULL, table_name TEXT NOT NULL, path TEXT NOT NULL,"
  "  size INTEGER NOT NULL, mtime TEXT, etag TEXT, PRIMARY KEY(run, table_name, path)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_rejects(run INTEGER NOT NULL, table_name TEXT, file TEXT NOT NULL, line INTEGER NOT NULL,"
  "  byte INTEGER NOT NULL, reason TEXT NOT NULL, raw TEXT, UNIQUE(run, table_name, file, line, byte));"
  "CREATE TABLE IF NOT EXISTS tarn_swaps(run INTEGER NOT NULL, folder TEXT NOT NULL, staged TEXT NOT NULL, old TEXT NOT NULL,"
  "  PRIMARY KEY(run, folder)) WITHOUT ROWID;"
  "CREATE TABLE IF NOT EXISTS tarn_uploads(id INTEGER PRIMARY KEY, run INTEGER NOT NULL, endpoint TEXT NOT NULL,"
  "  bucket TEXT NOT NULL, object_key TEXT NOT NULL, prefix TEXT NOT NULL, marker TEXT NOT NULL, upload_id TEXT,"
  "  etags TEXT NOT NULL, size INTEGER NOT NULL, was_made INTEGER NOT NULL);";

/* Names of a table's columns; NULL without such a table. */
static const char *column_names(Session *s, const char *table){
  return session_text(s, "SELECT group_concat(name) FROM pragma_table_info(%Q)", table);
}

/* The first layout of tarn_uploads had neither endpoint nor size: then any
** endpoint and any size are taken for the right one (remote_recover.c). */
static int convert_uploads(Session *s, const char *columns){
  if( strcmp(columns, "run,bucket,object_key,prefix,marker,upload_id,etags")!=0 ){
    return session_fail(s, "TARN_LAKE: %s: its table tarn_uploads has a layout that this tarn does not know (%s)", s->options->lake, columns);
  }
  return session_exec(s, "ALTER TABLE tarn_uploads RENAME TO tarn_uploads_old")
      || (sqlite3_exec(s->db, schema, 0, 0, 0)!=SQLITE_OK && session_fail_sqlite(s))
      || session_exec(s, "INSERT INTO tarn_uploads(run,endpoint,bucket,object_key,prefix,marker,upload_id,etags,size,was_made) "
                         "SELECT run,'?',bucket,object_key,prefix,marker,upload_id,coalesce(etags,'[]'),-1,0 FROM tarn_uploads_old")
      || session_exec(s, "DROP TABLE tarn_uploads_old");
}

int catalog_create(Session *s){
  const char *uploads = column_names(s, "tarn_uploads"), *inputs = column_names(s, "tarn_inputs");
  const char *version = session_text(s, "PRAGMA user_version");
  int rc, old_inputs = inputs && strstr(inputs, "etag")==0, old_uploads = uploads && strstr(uploads, "was_made")==0;
  if( version==0 || s->error ) return 1;
  if( uploads && atoi(version)>CATALOG_VERSION ){
    return session_fail(s, "TARN_LAKE: %s was made by a newer tarn (catalog version %s; this one knows %d)",
                        s->options->lake, version, CATALOG_VERSION);
  }
  if( uploads && !old_inputs && !old_uploads ) return 0;
  if( session_begin(s) ) return 1;
  rc = sqlite3_exec(s->db, schema, 0, 0, 0)==SQLITE_OK ? 0 : session_fail_sqlite(s);
  if( old_uploads ) rc = rc || convert_uploads(s, uploads);
  /* Lakes made before S3 was read over the network. */
  if( old_inputs ) rc = rc || session_exec(s, "ALTER TABLE tarn_inputs ADD COLUMN etag TEXT");
  rc = rc || session_exec(s, "PRAGMA application_id=%d", CATALOG_ID)
          || session_exec(s, "PRAGMA user_version=%d", CATALOG_VERSION);
  /* A run is one transaction: a new lake's catalog joins it. */
  if( rc==0 && uploads==0 && s->depth==1 && strcmp(s->options->command, "run")==0 ){
    s->depth = 0;
    s->is_held = 1;
    return 0;
  }
  return session_end(s, rc);
}

/* --- Names -------------------------------------------------------------------- */

const char *table_sqlite_name(Arena *a, const char *database, const char *name){
  if( strcmp(database, "default")==0 ) return arena_strdup(a, name);
  return arena_printf(a, "%s.%s", database, name);
}

int table_name_resolve(Session *s, const NameList *parts, TableName *out){
  int n = parts->n;
  if( n==0 || n>3 ) return session_fail(s, "TARN_INTERNAL: a table name of %d parts", n);
  if( n==3 && strcmp(parts->name[0].lower, "awsdatacatalog")!=0 ){
    return session_fail(s, "CATALOG_NOT_FOUND: line %d:%d: Catalog '%s' does not exist",
                        parts->name[0].pos.line, parts->name[0].pos.col, parts->name[0].lower);
  }
  out->name = parts->name[n-1].lower;
  out->database = n>1 ? parts->name[n-2].lower : catalog_database(s->catalog);
  /* Hive reads `db.t` between one pair of backticks as two names. */
  if( n==1 && strchr(out->name, '.') ){
    const char *dot = strchr(out->name, '.');
    out->database = arena_strndup(&s->arena, out->name, (size_t)(dot-out->name));
    out->name = dot+1;
  }
  if( strchr(out->name, '.') ) return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: a dot in the table name %s", parts->name[n-1].lower);
  out->sqlite_name = table_sqlite_name(&s->arena, out->database, out->name);
  return 0;
}

int catalog_object(Session *s, const TableName *t){
  const char *kind = session_text(s,
    "SELECT kind FROM tarn_tables WHERE database=%Q AND name=%Q "
    "UNION ALL SELECT 'view' FROM tarn_views WHERE database=%Q AND name=%Q "
    "UNION ALL SELECT 'foreign' FROM sqlite_master WHERE lower(name)=%Q AND type IN ('table','view','index')",
    t->database, t->name, t->database, t->name, t->sqlite_name);
  if( kind==0 ) return OBJECT_NONE;
  switch( kind[0] ){
    case 'l': return OBJECT_LANDING;
    case 's': return OBJECT_STORED;
    case 'v': return OBJECT_VIEW;
  }
  return OBJECT_FOREIGN;
}

/* --- Change ------------------------------------------------------------------- */

int catalog_forget(Session *s, const TableName *t){
  return session_exec(s, "DELETE FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name)
      || session_exec(s, "DELETE FROM tarn_views WHERE database=%Q AND name=%Q", t->database, t->name)
      || session_exec(s, "DELETE FROM tarn_columns WHERE database=%Q AND table_name=%Q", t->database, t->name)
      || session_exec(s, "DELETE FROM tarn_partitions WHERE database=%Q AND table_name=%Q", t->database, t->name);
}

int catalog_drop(Session *s, const TableName *t){
  int kind = catalog_object(s, t);
  if( s->error ) return 1;
  if( (kind==OBJECT_LANDING || kind==OBJECT_STORED)
   && session_exec(s, "DROP TABLE IF EXISTS \"%w\"", t->sqlite_name) ) return 1;
  return catalog_forget(s, t);
}

int catalog_add_table(Session *s, const TableName *t, const NewTable *n){
  return session_exec(s,
    "INSERT INTO tarn_tables(database,name,kind,sqlite_name,comment,location,serde,serde_properties,"
    "input_format,output_format,clustered_by,n_buckets,properties,s3_root,created,sql) "
    "VALUES(%Q,%Q,%Q,%Q,%Q,%Q,%Q,%Q,%Q,%Q,%Q,%d,%Q,%Q,%lld,%Q)",
    t->database, t->name, n->kind, t->sqlite_name, n->comment, n->location, n->serde,
    n->serde_properties ? n->serde_properties : "{}", n->input_format, n->output_format, n->clustered_by,
    n->n_buckets, n->properties ? n->properties : "{}", n->s3_root, (long long)(session_now()/1000000), n->sql);
}

int catalog_add_column(Session *s, const TableName *t, int position, const char *name, const Type *type,
                       const char *hive_type, const char *comment, int is_partition){
  return session_exec(s,
    "INSERT INTO tarn_columns(database,table_name,position,name,type,hive_type,comment,is_partition) "
    "VALUES(%Q,%Q,%d,%Q,%Q,%Q,%Q,%d)",
    t->database, t->name, position, name, type_text(&s->arena, type), hive_type, comment, is_partition);
}

/* --- JSON --------------------------------------------------------------------- */

char *json_object(Arena *a, int n, const KeyText *kv){
  Buf b;
  buf_init(&b, a);
  buf_char(&b, '{');
  for(int i=0; i<n; i++){
    if( i ) buf_char(&b, ',');
    json_string(&b, kv[i].key, strlen(kv[i].key));
    buf_char(&b, ':');
    json_string(&b, kv[i].value, strlen(kv[i].value));
  }
  buf_char(&b, '}');
  return b.z;
}
