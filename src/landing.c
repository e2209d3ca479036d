/*
** Landing tables: from the catalog's rows to CREATE VIRTUAL TABLE.
**
** The virtual table's argument list is all it knows, so it is declared anew
** whenever the catalog's rows of the table change (a partition is added, a
** column is added, the location is set).  Declaring reads no file.
*/
#include <stdlib.h>
#include <string.h>
#include "../vtab/source.h"
#include "landing.h"
#include "projection.h"

/* --- Partition paths ------------------------------------------------------------ */

/* Characters that Hive escapes in a path component. */
static int is_escaped(unsigned char c){
  return c<0x20 || c==0x7f || strchr("\"#%'*/:=?\\{[]^", c)!=0;
}

static void escape(Buf *b, const char *z){
  for(; *z; z++){
    if( is_escaped((unsigned char)*z) ) buf_printf(b, "%%%02X", (unsigned char)*z);
    else buf_char(b, *z);
  }
}

char *partition_spec(Arena *a, int n, const char *const *key, const char *const *value){
  Buf b;
  buf_init(&b, a);
  buf_str(&b, "");
  for(int i=0; i<n; i++){
    if( i ) buf_char(&b, '/');
    escape(&b, key[i]);
    buf_char(&b, '=');
    if( value[i] ) escape(&b, value[i]);
    else buf_str(&b, NULL_PARTITION);
  }
  buf_add(&b, "", 1);
  return b.z;
}

static int hex(char c){
  if( c>='0' && c<='9' ) return c-'0';
  if( c>='a' && c<='f' ) return c-'a'+10;
  if( c>='A' && c<='F' ) return c-'A'+10;
  return -1;
}

char *partition_decode(Arena *a, const char *z, size_t n){
  char *out = arena_strndup(a, z, n);
  size_t to = 0;
  for(size_t i=0; i<n; i++){
    if( z[i]=='%' && i+2<n && hex(z[i+1])>=0 && hex(z[i+2])>=0 ){
      out[to++] = (char)(hex(z[i+1])*16 + hex(z[i+2]));
      i += 2;
    }else{
      out[to++] = z[i];
    }
  }
  out[to] = 0;
  return out;
}

/* --- Locations -------------------------------------------------------------------- */

char *location_absolute(Arena *a, const char *location){
  if( strstr(location, "://") || location[0]=='/' ) return arena_strdup(a, location);
  return absolute_path(a, location);
}

char *location_folder(Session *s, const char *location, const char *table_root){
  const char *root = s->s3_root ? s->s3_root : table_root;
  if( strncmp(location, "s3://", 5)==0 || strncmp(location, "s3a://", 6)==0 || strncmp(location, "s3n://", 6)==0 ){
    const char *key = strstr(location, "://")+3;
    return root ? arena_printf(&s->arena, "%s/%s", root, key) : 0;
  }
  if( strncmp(location, "file://", 7)==0 ) location += 7;
  return location_absolute(&s->arena, location);
}

static int is_stopped(void *session){ return ((Session*)session)->stop; }

int location_files(Session *s, const char *location, const char *table_root, SourceList *list){
  SourceOptions options;
  char *why = 0;
  int rc;
  memset(&options, 0, sizeof(options));
  options.s3_root = s->s3_root ? s->s3_root : table_root;
  options.s3 = &s->s3;
  options.interrupted = is_stopped;
  options.interrupted_arg = s;
  rc = source_list_add(list, &options, location, 0, &why);
  if( rc==SQLITE_INTERRUPT ){
    s->interrupted = 1;
    session_fail(s, "interrupted");
  }else if( rc!=SQLITE_OK ){
    session_fail(s, "%s", why ? why : "out of memory");
  }
  sqlite3_free(why);
  return rc!=SQLITE_OK;
}

/* --- The virtual table --------------------------------------------------------------- */

/* The members of a JSON object of the catalog as properties. */
static JsonlProperty *properties(Session *s, const char *json, int *n){
  JsonlProperty *list = 0;
  int cap = 0;
  sqlite3_stmt *stmt = session_prepare(s, "SELECT key, value FROM json_each(%Q)", json ? json : "{}");
  *n = 0;
  while( session_step(s, stmt)==1 ){
    if( *n==cap ){
      JsonlProperty *grown = ARENA_ARRAY(&s->arena, JsonlProperty, cap*2+16);
      if( cap ) memcpy(grown, list, sizeof(*list)*(size_t)cap);
      list = grown;
      cap = cap*2+16;
    }
    list[*n].key = column_text(s, stmt, 0);
    list[*n].value = column_text(s, stmt, 1);
    ++*n;
  }
  return list;
}

static JsonlColumn *columns(Session *s, const TableName *t, int is_partition, int *n){
  const char *count = session_text(s, "SELECT count(*) FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition=%d",
                                   t->database, t->name, is_partition);
  JsonlColumn *list = ARENA_ARRAY(&s->arena, JsonlColumn, count ? atoi(count)+1 : 1);
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT name, hive_type, comment FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition=%d ORDER BY position",
    t->database, t->name, is_partition);
  *n = 0;
  while( session_step(s, stmt)==1 ){
    list[*n].name = column_text(s, stmt, 0);
    list[*n].hive_type = column_text(s, stmt, 1);
    list[(*n)++].comment = column_text(s, stmt, 2);
  }
  return list;
}

/* The registered partitions; a location that is where Hive would look is left
** out of the declaration. */
static JsonlPartition *partitions(Session *s, const TableName *t, const JsonlSpec *spec, int *n){
  const char *count = session_text(s, "SELECT count(*) FROM tarn_partitions WHERE database=%Q AND table_name=%Q", t->database, t->name);
  JsonlPartition *list = ARENA_ARRAY(&s->arena, JsonlPartition, count ? atoi(count)+1 : 1);
  size_t base = strlen(spec->location);
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT p.location, v.value, p.spec FROM tarn_partitions p, json_each(p.\"values\") v "
    "WHERE p.database=%Q AND p.table_name=%Q ORDER BY p.spec, v.key", t->database, t->name);
  int k = 0;
  *n = 0;
  while( session_step(s, stmt)==1 ){
    JsonlPartition *p = &list[*n];
    if( k==0 ){
      const char *location = column_text(s, stmt, 0), *path = column_text(s, stmt, 2);
      const char *rest = strncmp(location, spec->location, base)==0 ? location+base : 0;
      size_t len = path ? strlen(path) : 0;
      if( rest && *rest=='/' ) rest++;
      p->location = rest && strncmp(rest, path, len)==0 && (rest[len]==0 || strcmp(rest+len, "/")==0) ? 0 : location;
      p->value = ARENA_ARRAY(&s->arena, const char*, spec->n_partition_column+1);
    }
    ((const char**)p->value)[k++] = column_text(s, stmt, 1);
    if( k==spec->n_partition_column ){
      k = 0;
      ++*n;
    }
  }
  return list;
}

static int load_spec(Session *s, const TableName *t, JsonlSpec *spec){
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT location, s3_root, serde, serde_properties, properties FROM tarn_tables WHERE database=%Q AND name=%Q",
    t->database, t->name);
  const char *serde_properties, *table_properties;
  memset(spec, 0, sizeof(*spec));
  if( session_step(s, stmt)!=1 ) return session_fail(s, "TARN_INTERNAL: no landing table %s in the catalog", t->name);
  spec->location = column_text(s, stmt, 0);
  spec->s3_root = column_text(s, stmt, 1);
  spec->serde = column_text(s, stmt, 2);
  serde_properties = column_text(s, stmt, 3);
  table_properties = column_text(s, stmt, 4);
  sqlite3_finalize(stmt);
  spec->column = columns(s, t, 0, &spec->n_column);
  spec->partition_column = columns(s, t, 1, &spec->n_partition_column);
  spec->property = properties(s, serde_properties, &spec->n_property);
  spec->table_property = properties(s, table_properties, &spec->n_table_property);
  if( spec->n_partition_column && !projection_enabled(spec) ) spec->partition = partitions(s, t, spec, &spec->n_partition);
  return s->error!=0;
}

/* Projected partitions instead of the catalog's, and until when they hold. */
static int project(Session *s, const TableName *t, JsonlSpec *spec){
  int64_t until;
  if( !projection_enabled(spec) ) return 0;
  if( projection_apply(s, spec, session_now(), &until) ) return 1;
  return session_exec(s, "UPDATE tarn_tables SET projected_until=nullif(%lld,0) WHERE database=%Q AND name=%Q",
                      (long long)until, t->database, t->name);
}

int landing_refresh(Session *s, const Compiled *c){
  for(int i=0; i<c->n_table; i++){
    TableName t = {c->table[i]->database, c->table[i]->name, c->table[i]->sqlite_name};
    const char *stale;
    if( c->table[i]->kind!=TABLE_LANDING ) continue;
    stale = session_text(s, "SELECT 1 FROM tarn_tables WHERE database=%Q AND name=%Q AND projected_until<=%lld",
                         t.database, t.name, (long long)session_now());
    if( s->error ) return 1;
    if( stale==0 ) continue;
    if( session_begin(s) ) return 1;
    if( session_end(s, landing_declare(s, &t)) ) return 1;
  }
  return 0;
}

int landing_declare(Session *s, const TableName *t){
  JsonlSpec spec;
  char *why, *sql;
  int rc;
  if( load_spec(s, t, &spec) || project(s, t, &spec) ) return 1;
  why = jsonl_check(&spec);
  if( why ){
    session_fail(s, "%s", why);
    sqlite3_free(why);
    return 1;
  }
  sql = jsonl_create_sql(t->sqlite_name, &spec);
  if( sql==0 ) return session_fail(s, "out of memory");
  rc = session_exec(s, "DROP TABLE IF EXISTS \"%w\"", t->sqlite_name) || session_exec(s, "%s", sql);
  sqlite3_free(sql);
  return rc;
}
