/*
** Partitions: MSCK REPAIR TABLE, ALTER TABLE ADD / DROP / RENAME PARTITION.
**
** A partition is a row of tarn_partitions: its values (a JSON array of texts,
** in the order of the partition columns, null for Hive's default partition),
** its spec (`k=v/k2=v2`) and its location.  After a change the virtual table
** is declared anew, once for the whole statement.
*/
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "../vtab/source.h"
#include "landing.h"
#include "statement.h"

#define PARTITION_KEYS_MAX 64

typedef struct Keys { int n; const char *name[PARTITION_KEYS_MAX]; } Keys;

static int load_keys(Session *s, const TableName *t, Keys *k){
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT name FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition ORDER BY position", t->database, t->name);
  int rc;
  k->n = 0;
  while( (rc = session_step(s, stmt))==1 ){
    if( k->n==PARTITION_KEYS_MAX ){
      sqlite3_finalize(stmt);
      return session_fail(s, "TARN_NOT_SUPPORTED: more than %d partition columns", PARTITION_KEYS_MAX);
    }
    k->name[k->n++] = column_text(s, stmt, 0);
  }
  return rc<0;
}

static char *values_json(Arena *a, int n, const char *const *value){
  Buf b;
  buf_init(&b, a);
  buf_char(&b, '[');
  for(int i=0; i<n; i++){
    if( i ) buf_char(&b, ',');
    if( value[i] ) json_string(&b, value[i], strlen(value[i]));
    else buf_str(&b, "null");
  }
  buf_char(&b, ']');
  return b.z;
}

/* Insert a partition: 1 added, 0 it was there, -1 failed. */
static int add_partition(Session *s, sqlite3_stmt *insert, const Keys *k, const char *const *value, const char *location){
  const char *spec = partition_spec(&s->arena, k->n, k->name, value);
  const char *json = values_json(&s->arena, k->n, value);
  sqlite3_bind_text(insert, 1, spec, -1, SQLITE_STATIC);
  sqlite3_bind_text(insert, 2, json, -1, SQLITE_STATIC);
  sqlite3_bind_text(insert, 3, location, -1, SQLITE_STATIC);
  if( sqlite3_step(insert)!=SQLITE_DONE ){
    session_fail_sqlite(s);
    return -1;
  }
  sqlite3_reset(insert);
  return sqlite3_changes(s->db)>0;
}

static sqlite3_stmt *prepare_insert(Session *s, const TableName *t){
  return session_prepare(s, "INSERT OR IGNORE INTO tarn_partitions(database,table_name,spec,\"values\",location) "
                            "VALUES(%Q,%Q,?1,?2,?3)", t->database, t->name);
}

/* --- MSCK REPAIR TABLE ------------------------------------------------------------ */

typedef struct Repair {
  Session *s;
  const TableName *table;
  const Keys *keys;
  const char *location;         /* with a trailing slash */
  sqlite3_stmt *insert;
  Buf missing, added;           /* tab-joined names; newline-joined specs */
  const char *last;             /* relative folder seen last */
} Repair;

/* The folder of n components that a file lies in, or NULL. */
static const char *folder_of(Repair *r, const char *relative){
  const char *p = relative;
  for(int i=0; i<r->keys->n; i++){
    p = strchr(p, '/');
    if( p==0 ) return 0;
    p++;
  }
  return arena_strndup(&r->s->arena, relative, (size_t)(p-relative-1));
}

/* Values of a folder `k=v/…`, or 0 when its names are not the table's keys. */
static int folder_values(Repair *r, const char *folder, const char **value){
  const char *p = folder;
  for(int i=0; i<r->keys->n; i++){
    size_t n = strcspn(p, "/"), k = strlen(r->keys->name[i]);
    if( n<=k || memcmp(p, r->keys->name[i], k)!=0 || p[k]!='=' ) return 0;
    value[i] = partition_decode(&r->s->arena, p+k+1, n-k-1);
    if( strcmp(value[i], NULL_PARTITION)==0 ) value[i] = 0;
    p += n + (p[n]=='/');
  }
  return 1;
}

static int repair_folder(Repair *r, const char *folder){
  const char *value[PARTITION_KEYS_MAX];
  int is_ours, added;
  if( strchr(folder, ':') ) return 0;          /* Athena passes over it without a word */
  is_ours = folder_values(r, folder, value);
  if( is_ours ){
    added = add_partition(r->s, r->insert, r->keys, value, arena_printf(&r->s->arena, "%s%s/", r->location, folder));
    if( added<0 ) return 1;
    if( added==0 ) return 0;
    buf_printf(&r->added, "%s\n", folder);
  }
  buf_printf(&r->missing, "\t%s:%s", r->table->name, folder);
  return 0;
}

/* Every folder of the listing that the catalog does not have. */
static int repair_list(Repair *r, const SourceList *list){
  size_t base = strlen(r->location);
  for(int i=0; i<list->n; i++){
    const char *url = list->file[i].url, *folder;
    const char *at = strncmp(url, r->location, base)==0 ? url+base : 0;
    if( at==0 && strncmp(url, "file://", 7)==0 && strncmp(url+7, r->location, base)==0 ) at = url+7+base;
    if( at==0 ) continue;
    folder = folder_of(r, at);
    if( folder==0 || (r->last && strcmp(folder, r->last)==0) ) continue;
    r->last = folder;
    if( repair_folder(r, folder) ) return 1;
  }
  return 0;
}

static int print_repair(Session *s, Repair *r, int n_files, Output *out){
  result_texts(s, out, RESULT_HIVE, "string", 0, 0);
  if( n_files==0 ) output_text(out, arena_printf(&s->arena, "Tables missing on filesystem:\t%s", r->table->name));
  if( r->missing.n ) output_text(out, arena_printf(&s->arena, "Partitions not in metastore:%s", r->missing.z));
  for(char *p=r->added.z; p && *p; ){
    char *end = strchr(p, '\n');
    *end = 0;
    output_text(out, arena_printf(&s->arena, "Repair: Added partition to metastore %s:%s", r->table->name, p));
    p = end+1;
  }
  return result_end(s, out);
}

static int msck(Session *s, const TableName *t, const Keys *k, Output *out){
  Repair r;
  SourceList list;
  const char *root;
  int rc;
  memset(&r, 0, sizeof(r));
  r.s = s;
  r.table = t;
  r.keys = k;
  r.location = session_text(s, "SELECT rtrim(location,'/')||'/' FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  root = session_text(s, "SELECT s3_root FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  buf_init(&r.missing, &s->arena);
  buf_init(&r.added, &s->arena);
  if( s->error ) return 1;
  source_list_init(&list);
  rc = location_files(s, r.location, root, &list);
  if( rc==0 && k->n>0 ){
    r.insert = prepare_insert(s, t);
    rc = r.insert==0 || repair_list(&r, &list);
    sqlite3_finalize(r.insert);
    rc = rc || (r.added.n && landing_declare(s, t));
  }
  if( rc==0 ) rc = print_repair(s, &r, list.n, out);
  source_list_free(&list);
  return rc;
}

/* --- ALTER TABLE … PARTITION ----------------------------------------------------------- */

static char *spec_text(Arena *a, const PartitionSpec *p){
  Buf b;
  buf_init(&b, a);
  buf_char(&b, '{');
  for(int i=0; i<p->n; i++) buf_printf(&b, "%s%s=%s", i ? ", " : "", p->key[i].key, p->key[i].value ? p->key[i].value : "null");
  buf_char(&b, '}');
  return b.z;
}

/* The values of a written spec in the order of the keys; -1 after an error,
** else how many were given. */
static int spec_values(Session *s, const Keys *k, const PartitionSpec *p, const char **value, int *given){
  int n = 0;
  memset(given, 0, sizeof(int)*PARTITION_KEYS_MAX);
  for(int i=0; i<k->n; i++) value[i] = 0;
  if( k->n==0 ){
    session_fail(s, "FAILED: ValidationFailureSemanticException table is not partitioned but partition spec exists: %s",
                 spec_text(&s->arena, p));
    return -1;
  }
  for(int i=0; i<p->n; i++){
    int at = 0;
    while( at<k->n && strcasecmp(k->name[at], p->key[i].key)!=0 ) at++;
    if( at==k->n ){
      session_fail(s, "FAILED: ValidationFailureSemanticException Partition spec %s contains non-partition columns",
                   spec_text(&s->arena, p));
      return -1;
    }
    n += !given[at];
    given[at] = 1;
    value[at] = p->key[i].value && strcmp(p->key[i].value, NULL_PARTITION)==0 ? 0 : p->key[i].value;
  }
  return n;
}

static int full_values(Session *s, const Keys *k, const PartitionSpec *p, const char **value){
  int given[PARTITION_KEYS_MAX];
  int n = spec_values(s, k, p, value, given);
  if( n<0 ) return 1;
  if( n==k->n ) return 0;
  return session_fail(s, "FAILED: SemanticException [Error 10006]: partition spec %s doesn't contain all (%d) partition columns",
                      spec_text(&s->arena, p), k->n);
}

static int add(Session *s, const Statement *st, const TableName *t, const Keys *k){
  const char *base = session_text(s, "SELECT rtrim(location,'/') FROM tarn_tables WHERE database=%Q AND name=%Q", t->database, t->name);
  sqlite3_stmt *insert = prepare_insert(s, t);
  int rc = insert==0;
  for(int i=0; i<st->n_partition && rc==0; i++){
    const PartitionSpec *p = &st->partition[i];
    const char *value[PARTITION_KEYS_MAX], *location;
    int added;
    rc = full_values(s, k, p, value);
    if( rc ) break;
    location = p->location ? location_absolute(&s->arena, p->location)
             : arena_printf(&s->arena, "%s/%s/", base, partition_spec(&s->arena, k->n, k->name, value));
    added = add_partition(s, insert, k, value, location);
    if( added<0 ) rc = 1;
    if( added==0 && !st->if_not_exists ){
      rc = session_fail(s, "FAILED: Execution Error, return code 1 from org.apache.hadoop.hive.ql.exec.DDLTask. "
                           "AlreadyExistsException(message:Partition already exists.)");
    }
  }
  sqlite3_finalize(insert);
  return rc;
}

/* A condition on tarn_partitions for the values that were given. */
static char *spec_condition(Session *s, const Keys *k, const PartitionSpec *p){
  const char *value[PARTITION_KEYS_MAX];
  int given[PARTITION_KEYS_MAX];
  Buf b;
  if( spec_values(s, k, p, value, given)<0 ) return 0;
  buf_init(&b, &s->arena);
  buf_str(&b, "1");
  for(int i=0; i<k->n; i++){
    char *term;
    if( !given[i] ) continue;
    term = sqlite3_mprintf(" AND \"values\"->>%d IS %Q", i, value[i]);
    buf_str(&b, term ? term : "");
    sqlite3_free(term);
  }
  return b.z;
}

static int drop(Session *s, const Statement *st, const TableName *t, const Keys *k){
  for(int i=0; i<st->n_partition; i++){
    const char *where = spec_condition(s, k, &st->partition[i]);
    if( where==0 ) return 1;
    if( session_exec(s, "DELETE FROM tarn_partitions WHERE database=%Q AND table_name=%Q AND %s", t->database, t->name, where) ) return 1;
    if( sqlite3_changes(s->db)==0 && !st->if_exists ){
      return session_fail(s, "FAILED: SemanticException [Error 10006]: Partition not found %s", spec_text(&s->arena, &st->partition[i]));
    }
  }
  return 0;
}

static int rename_partition(Session *s, const Statement *st, const TableName *t, const Keys *k){
  const char *from[PARTITION_KEYS_MAX], *to[PARTITION_KEYS_MAX];
  if( st->n_partition!=2 ) return session_fail(s, "TARN_INTERNAL: RENAME PARTITION with %d specs", st->n_partition);
  if( full_values(s, k, &st->partition[0], from) || full_values(s, k, &st->partition[1], to) ) return 1;
  if( session_exec(s, "UPDATE OR IGNORE tarn_partitions SET spec=%Q, \"values\"=%Q WHERE database=%Q AND table_name=%Q AND spec=%Q",
                   partition_spec(&s->arena, k->n, k->name, to), values_json(&s->arena, k->n, to),
                   t->database, t->name, partition_spec(&s->arena, k->n, k->name, from)) ) return 1;
  if( sqlite3_changes(s->db)>0 ) return 0;
  return session_fail(s, "FAILED: SemanticException [Error 10006]: Partition not found %s", spec_text(&s->arena, &st->partition[0]));
}

int statement_partition(Session *s, const Statement *st, Output *out){
  TableName t;
  Keys k;
  int kind, rc;
  if( table_must_exist(s, &st->table, &t, &kind) ) return 1;
  if( kind!=OBJECT_LANDING ) return session_fail(s, "TARN_NOT_SUPPORTED: partitions of %s, which has no location", t.name);
  if( load_keys(s, &t, &k) ) return 1;
  switch( st->kind ){
    case ST_MSCK: return msck(s, &t, &k, out);
    case ST_ADD_PARTITION:  rc = add(s, st, &t, &k); break;
    case ST_DROP_PARTITION: rc = drop(s, st, &t, &k); break;
    default:                rc = rename_partition(s, st, &t, &k);
  }
  return rc || landing_declare(s, &t) ? 1 : result_empty(s, out);
}
