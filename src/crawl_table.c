/*
** Tables from folders: where one begins, what it is called, its script, and
** how a script that is there differs from the data.
**
** A table is a folder that has files, and all below it; folders `k=v` are its
** partitions.  It is called after its path below the location that was named
** (customer/landing: customer_landing); when that is the folder itself, after
** the folder, with its parent before a word like landing or raw.
*/
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "../vtab/source.h"
#include "crawl.h"
#include "landing.h"

#define CRAWL_TABLES_MAX 10000
#define CRAWL_KEYS_MAX 32

/* --- Folders ---------------------------------------------------------------------- */

/* Cut trailing `k=v` folders off a folder's path ("a/dt=1/h=2/" -> "a/"). */
static size_t without_partitions(const char *z, size_t n){
  for(;;){
    size_t from = n;
    if( n==0 ) return 0;
    from--;
    while( from>0 && z[from-1]!='/' ) from--;
    if( memchr(z+from, '=', n-from)==0 ) return n;
    n = from;
  }
}

static char *table_name(Arena *a, const char *relative, const char *location){
  const char *last[2] = {"", ""};
  char *path = arena_strdup(a, location), *name;
  if( relative[0]==0 ){
    static const char *const zones[] = {"landing", "raw", "trusted", "curated", "data", 0};
    for(char *p=strtok(path, "/"); p; p=strtok(0, "/")){
      last[0] = last[1];
      last[1] = p;
    }
    relative = last[1];
    for(int i=0; zones[i]; i++) if( strcasecmp(zones[i], last[1])==0 && last[0][0] ) relative = arena_printf(a, "%s/%s", last[0], last[1]);
  }
  name = arena_strdup(a, relative);
  for(char *p=name; *p; p++) *p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_';
  for(size_t n=strlen(name); n>0 && name[n-1]=='_'; n--) name[n-1] = 0;
  return name[0] ? name : arena_strdup(a, "table");
}

static int is_integer_text(const char *z){
  if( *z=='-' ) z++;
  if( *z==0 || strlen(z)>9 || (z[0]=='0' && z[1]) ) return 0;
  for(; *z; z++) if( !isdigit((unsigned char)*z) ) return 0;
  return 1;
}

/* The partition columns that a file's path shows; they must be the same for
** every file of the table. */
static int add_keys(Session *s, Arena *a, CrawlTable *t, const char *path, const char *file){
  int n = 0;
  while( strchr(path, '/') ){
    size_t len = strcspn(path, "/"), eq = strcspn(path, "=");
    char *key;
    if( eq>=len || n==CRAWL_KEYS_MAX ) break;
    key = arena_strndup(a, path, eq);
    if( t->n_files==0 ){
      if( t->key==0 ){
        t->key = ARENA_ARRAY(a, const char*, CRAWL_KEYS_MAX);
        t->key_is_integer = ARENA_ARRAY(a, int, CRAWL_KEYS_MAX);
      }
      t->key[t->n_key] = key;
      t->key_is_integer[t->n_key++] = 1;
    }
    if( n>=t->n_key || strcmp(t->key[n], key)!=0 ) break;
    t->key_is_integer[n] &= is_integer_text(partition_decode(a, path+eq+1, len-eq-1));
    n++;
    path += len+1;
  }
  if( n==t->n_key ) return 0;
  return session_fail(s, "TARN_CRAWL: the folders of table %s have different partitions\nat %s", t->name, file);
}

/* The table of a folder below the location, or an ancestor's that is there. */
static CrawlTable *table_of(Arena *a, CrawlTable *list, int *n, const char *location, const char *folder){
  for(int i=0; i<*n; i++){
    const char *root = list[i].location + strlen(location);
    if( strncmp(folder, root, strlen(root))==0 ) return &list[i];
  }
  if( *n==CRAWL_TABLES_MAX ) return 0;
  list[*n].location = arena_printf(a, "%s%s", location, folder);
  list[*n].name = table_name(a, folder, location);
  return &list[(*n)++];
}

int crawl_find(Session *s, Arena *a, const char *location, int *n, CrawlTable **out){
  SourceList files;
  char *base = location_absolute(a, location);
  int rc;
  size_t len = strlen(base);
  if( base[len-1]!='/' ) base = arena_printf(a, "%s/", base);
  len = strlen(base);
  *out = ARENA_ARRAY(a, CrawlTable, CRAWL_TABLES_MAX);
  *n = 0;
  source_list_init(&files);
  rc = location_files(s, base, 0, &files);
  /* Shallow folders first, so that a folder's table is there before those below it. */
  for(int depth=0; depth<64 && rc==0; depth++){
    for(int i=0; i<files.n && rc==0; i++){
      const char *url = files.file[i].url, *path, *slash;
      size_t folder;
      int levels = 0;
      CrawlTable *t;
      if( strncmp(url, "file://", 7)==0 && strncmp(base, "file://", 7)!=0 ) url += 7;
      path = url+len;
      slash = strrchr(path, '/');
      folder = without_partitions(path, slash ? (size_t)(slash-path)+1 : 0);
      for(size_t k=0; k<folder; k++) levels += path[k]=='/';
      if( levels!=depth ) continue;
      t = table_of(a, *out, n, base, arena_strndup(a, path, folder));
      if( t==0 ) rc = session_fail(s, "TARN_CRAWL: more than %d tables", CRAWL_TABLES_MAX);
      else rc = add_keys(s, a, t, url+strlen(t->location), url);
      if( rc==0 ) t->n_files++;
    }
  }
  if( rc==0 && *n==0 ) rc = session_fail(s, "TARN_CRAWL: no files below %s", location);
  source_list_free(&files);
  return rc;
}

/* --- Scripts ------------------------------------------------------------------------- */

static const char *const kind_words[KINDS] = {"null", "boolean", "integer", "integer beyond bigint", "number with a fraction", "text", "object", "array"};

/* "-- name: 12 integer (1 to 9), 3 null, missing in 2 of 17; text first at x:3" */
static void explain(Buf *b, const CrawlField *f, long long objects, int depth){
  long long seen = crawl_seen(f);
  int kinds = 0;
  buf_printf(b, "-- %*s%s: ", depth*2, "", f->name);
  for(int k=KINDS-1; k>=0; k--){
    if( f->n[k]==0 ) continue;
    buf_printf(b, "%s%lld %s", kinds++ ? ", " : "", f->n[k], kind_words[k]);
    if( k==KIND_INTEGER ) buf_printf(b, " (%lld to %lld)", f->min, f->max);
  }
  if( seen<objects ) buf_printf(b, ", missing in %lld of %lld", objects-seen, objects);
  if( f->other ) buf_printf(b, "; written %s and %s", f->spelling, f->other);
  for(int k=0, n=kinds-(f->n[KIND_NULL]>0); n>1 && k<KINDS; k++){
    if( k!=KIND_NULL && f->n[k] ) buf_printf(b, "; %s first at %s", kind_words[k], f->first[k]);
  }
  buf_char(b, '\n');
  for(int i=0; i<f->n_child; i++) explain(b, f->child[i], f->n[KIND_OBJECT], depth+1);
  if( f->element ) for(int i=0; i<f->element->n_child; i++) explain(b, f->element->child[i], f->element->n[KIND_OBJECT], depth+1);
}

static void quoted_name(Buf *b, const char *z){
  buf_char(b, '`');
  for(; *z; z++){
    if( *z=='`' ) buf_char(b, '`');
    buf_char(b, *z);
  }
  buf_char(b, '`');
}

char *crawl_script(Arena *a, const CrawlTable *t){
  Buf b;
  buf_init(&b, a);
  buf_printf(&b, "-- %s: %lld lines in %lld files below %s\n", t->name, t->lines, t->n_files, t->location);
  if( t->blank ) buf_printf(&b, "-- %lld blank lines: rows of NULLs\n", t->blank);
  if( t->malformed ) buf_printf(&b, "-- %lld lines that are not one JSON object, first at %s\n", t->malformed, t->first_malformed);
  for(int i=0; i<t->root.n_child; i++) explain(&b, t->root.child[i], t->root.n[KIND_OBJECT], 0);
  buf_printf(&b, "CREATE EXTERNAL TABLE IF NOT EXISTS %s (\n", t->name);
  for(int i=0; i<t->root.n_child; i++){
    buf_str(&b, i ? ",\n  " : "  ");
    quoted_name(&b, t->root.child[i]->name);
    buf_char(&b, ' ');
    crawl_type(&b, t->root.child[i]);
  }
  buf_str(&b, "\n)\n");
  for(int i=0; i<t->n_key; i++){
    buf_str(&b, i ? ", " : "PARTITIONED BY (");
    quoted_name(&b, t->key[i]);
    buf_str(&b, t->key_is_integer[i] ? " int" : " string");
  }
  buf_str(&b, t->n_key ? ")\n" : "");
  buf_printf(&b, "ROW FORMAT SERDE '%s'\nWITH SERDEPROPERTIES (\n  'ignore.malformed.json' = 'FALSE',\n"
                 "  'dots.in.keys' = 'FALSE',\n  'case.insensitive' = 'TRUE',\n  'mapping' = 'TRUE'\n)\nLOCATION '%s'\n"
                 "TBLPROPERTIES ('classification' = 'json');\n", SERDE_OPENX, t->location);
  if( t->n_key ) buf_printf(&b, "MSCK REPAIR TABLE %s;\n", t->name);
  return b.z;
}

/* --- Difference ----------------------------------------------------------------------- */

/* Does a declared type read all that was seen without losing it? */
static int fits(const Type *declared, const CrawlField *f, const char *inferred){
  Buf b;
  int integers = f->n[KIND_INTEGER]>0 || crawl_seen(f)==f->n[KIND_NULL];
  int others = f->n[KIND_BOOLEAN]+f->n[KIND_BIG]+f->n[KIND_TEXT]+f->n[KIND_OBJECT]+f->n[KIND_ARRAY]>0;
  int rc;
  if( crawl_seen(f)==f->n[KIND_NULL] ) return 1;
  switch( declared->kind ){
    case T_VARCHAR: return declared->p==TYPE_UNBOUNDED || (f->n[KIND_OBJECT]==0 && f->n[KIND_ARRAY]==0);
    case T_CHAR: case T_VARBINARY: case T_DATE: case T_TIMESTAMP: return f->n[KIND_OBJECT]==0 && f->n[KIND_ARRAY]==0 && f->n[KIND_BOOLEAN]==0;
    case T_DOUBLE: case T_REAL: case T_DECIMAL: return !others;
    case T_BIGINT: return integers && !others && f->n[KIND_REAL]==0;
    case T_INTEGER: return integers && !others && f->n[KIND_REAL]==0 && f->min>=INT32_MIN && f->max<=INT32_MAX;
    default: break;
  }
  buf_init(&b, 0);
  type_print_hive(&b, declared);
  rc = b.z && strcmp(b.z, inferred)==0;
  buf_free(&b);
  return rc;
}

static const ColumnDef *declared_column(const Statement *st, const char *name){
  for(int i=0; i<st->n_column; i++) if( strcmp(st->column[i].name.lower, name)==0 ) return &st->column[i];
  return 0;
}

static void compare_column(Buf *out, Arena *a, const Statement *st, const CrawlField *f){
  const ColumnDef *c = declared_column(st, f->name);
  const char *bad, *first = 0;
  const Type *type;
  Buf inferred;
  buf_init(&inferred, a);
  crawl_type(&inferred, f);
  for(int k=0; k<KINDS && first==0; k++) if( k!=KIND_NULL && f->n[k] ) first = f->first[k];
  if( c==0 ){
    buf_printf(out, "+ %s %s: in the data %lld times, first at %s\n", f->name, inferred.z, crawl_seen(f), first ? first : f->first[KIND_NULL]);
    return;
  }
  type = type_parse_hive(a, c->type, strlen(c->type), &bad);
  if( type && !fits(type, f, inferred.z) ){
    buf_printf(out, "~ %s %s: the data needs %s", f->name, c->type, inferred.z);
    for(int k=0; k<KINDS; k++) if( k!=KIND_NULL && f->n[k] ) buf_printf(out, "; %lld %s, first at %s", f->n[k], kind_words[k], f->first[k]);
    buf_char(out, '\n');
  }
}

char *crawl_difference(Session *s, Arena *a, const CrawlTable *t, const char *script){
  Statement *st = 0;
  AthenaError error;
  Buf out;
  size_t n = athena_split(script);
  memset(&error, 0, sizeof(error));
  if( n==0 ) n = strlen(script);
  if( athena_parse(a, arena_strndup(a, script, n), &st, &error) ){
    session_fail_athena(s, &error);
    return 0;
  }
  buf_init(&out, a);
  buf_str(&out, "");
  if( st->kind!=ST_CREATE_EXTERNAL_TABLE ){
    session_fail(s, "TARN_CRAWL: the script's first statement is not CREATE EXTERNAL TABLE");
    return 0;
  }
  for(int i=0; i<t->root.n_child; i++) compare_column(&out, a, st, t->root.child[i]);
  for(int i=0; i<st->n_column; i++){
    int seen = 0;
    for(int k=0; k<t->root.n_child; k++) seen |= strcmp(t->root.child[k]->name, st->column[i].name.lower)==0;
    if( !seen ) buf_printf(&out, "- %s %s: nowhere in the data\n", st->column[i].name.lower, st->column[i].type);
  }
  for(int i=0; i<t->n_key || i<st->n_partition_column; i++){
    const char *is = i<t->n_key ? t->key[i] : 0, *was = i<st->n_partition_column ? st->partition_column[i].name.lower : 0;
    if( is==0 || was==0 || strcmp(is, was)!=0 ) buf_printf(&out, "~ partition %d: declared %s, folders say %s\n", i+1, was ? was : "none", is ? is : "none");
  }
  return out.z ? out.z : "";
}
