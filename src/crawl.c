/*
** Inference: every value of every line is looked at, nothing is sampled.
**
** The lines come through the module jsonl as plain text (so gzip, hidden names
** and S3 roots are those of a landing table); SQLite's JSON functions take
** them apart.  A field keeps how often each kind of value was seen and where
** first; its type is the narrowest of Hive's that reads all of them:
** integers int or bigint, with fractions double, any mixture string.
*/
#include <string.h>
#include "crawl.h"
#include "landing.h"

typedef struct Reader {
  Session *s;
  Arena *a;
  sqlite3_stmt *each[CRAWL_DEPTH_MAX];  /* one json_each for each depth: they nest */
  const char *path; sqlite3_int64 line;
} Reader;

static const char *place(Reader *r){
  return arena_printf(r->a, "%s:%lld", r->path, (long long)r->line);
}

static void count(Reader *r, CrawlField *f, CrawlKind k){
  if( f->n[k]++==0 ) f->first[k] = place(r);
}

long long crawl_seen(const CrawlField *f){
  long long n = 0;
  for(int k=0; k<KINDS; k++) n += f->n[k];
  return n;
}

static CrawlField *child_of(Reader *r, CrawlField *f, const char *key){
  char *lower = arena_strdup(r->a, key);
  CrawlField *c;
  for(char *p=lower; *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
  for(int i=0; i<f->n_child; i++){
    c = f->child[i];
    if( strcmp(c->name, lower)!=0 ) continue;
    if( c->other==0 && strcmp(c->spelling, key)!=0 ) c->other = arena_strdup(r->a, key);
    return c;
  }
  if( f->n_child==CRAWL_FIELDS_MAX ){
    session_fail(r->s, "TARN_CRAWL: an object with more than %d fields\nat %s", CRAWL_FIELDS_MAX, place(r));
    return 0;
  }
  if( f->n_child==f->cap_child ){
    CrawlField **grown = ARENA_ARRAY(r->a, CrawlField*, f->cap_child*2+16);
    if( f->n_child ) memcpy(grown, f->child, sizeof(*grown)*(size_t)f->n_child);
    f->child = grown;
    f->cap_child = f->cap_child*2+16;
  }
  c = ARENA_NEW(r->a, CrawlField);
  c->name = lower;
  c->spelling = arena_strdup(r->a, key);
  return f->child[f->n_child++] = c;
}

static void add_integer(Reader *r, CrawlField *f, long long v){
  if( f->n[KIND_INTEGER]==0 || v<f->min ) f->min = v;
  if( f->n[KIND_INTEGER]==0 || v>f->max ) f->max = v;
  count(r, f, KIND_INTEGER);
}

static int add_members(Reader*, CrawlField*, const char *json, int n, int depth);

/* Add the value of the current row of a json_each statement. */
static int add_value(Reader *r, CrawlField *f, sqlite3_stmt *row, int depth){
  const char *type = (const char*)sqlite3_column_text(row, 1);
  switch( type[0] ){
    case 'n': count(r, f, KIND_NULL); return 0;
    case 't': if( type[1]=='e' ){ count(r, f, KIND_TEXT); return 0; }
              count(r, f, KIND_BOOLEAN);
              return 0;
    case 'f': count(r, f, KIND_BOOLEAN); return 0;
    case 'r': count(r, f, KIND_REAL); return 0;
    case 'i':
      if( sqlite3_column_type(row, 2)==SQLITE_INTEGER ) add_integer(r, f, sqlite3_column_int64(row, 2));
      else count(r, f, KIND_BIG);
      return 0;
  }
  count(r, f, type[0]=='o' ? KIND_OBJECT : KIND_ARRAY);
  if( depth+1>=CRAWL_DEPTH_MAX ) return session_fail(r->s, "TARN_CRAWL: JSON deeper than %d\nat %s", CRAWL_DEPTH_MAX, place(r));
  if( type[0]=='a' && f->element==0 ) f->element = ARENA_NEW(r->a, CrawlField);
  return add_members(r, f, (const char*)sqlite3_column_text(row, 2), sqlite3_column_bytes(row, 2), depth+1);
}

/* Members of an object or array: 0, 1 failed, 2 not JSON. */
static int add_members(Reader *r, CrawlField *f, const char *json, int n, int depth){
  sqlite3_stmt *each = r->each[depth];
  int rc, is_array = json[0]=='[', bad = 0;
  if( each==0 ){
    each = r->each[depth] = session_prepare(r->s, "SELECT key, type, value FROM json_each(?1)");
    if( each==0 ) return 1;
  }
  sqlite3_bind_text(each, 1, json, n, SQLITE_TRANSIENT);
  while( (rc = sqlite3_step(each))==SQLITE_ROW && !bad ){
    CrawlField *c = is_array ? f->element : child_of(r, f, (const char*)sqlite3_column_text(each, 0));
    bad = c==0 || add_value(r, c, each, depth);
  }
  sqlite3_reset(each);
  if( bad ) return 1;
  return rc==SQLITE_DONE ? 0 : 2;
}

static int add_line(Reader *r, CrawlTable *t, const char *z, int n){
  int rc;
  while( n>0 && (z[0]==' ' || z[0]=='\t' || z[0]=='\r') ){ z++; n--; }
  t->lines++;
  if( n==0 ){
    t->blank++;
    return 0;
  }
  rc = z[0]=='{' ? add_members(r, &t->root, z, n, 0) : 2;
  if( rc==2 && t->malformed++==0 ) t->first_malformed = place(r);
  if( rc==0 ) count(r, &t->root, KIND_OBJECT);
  return rc==1;
}

/* A landing table of whole lines over the location. */
static int declare_lines(Session *s, const CrawlTable *t){
  static const JsonlColumn line = {"line", "string", 0};
  JsonlSpec spec;
  char *sql;
  int rc;
  memset(&spec, 0, sizeof(spec));
  spec.location = t->location;
  spec.s3_root = s->s3_root;
  spec.serde = SERDE_LAZY;
  spec.column = &line;
  spec.n_column = 1;
  sql = jsonl_create_sql("tarn_crawl", &spec);
  if( sql==0 ) return session_fail(s, "out of memory");
  rc = session_exec(s, "DROP TABLE IF EXISTS tarn_crawl") || session_exec(s, "%s", sql);
  sqlite3_free(sql);
  return rc;
}

int crawl_read(Session *s, Arena *a, CrawlTable *t){
  Reader r;
  sqlite3_stmt *stmt;
  int rc;
  memset(&r, 0, sizeof(r));
  r.s = s;
  r.a = a;
  if( declare_lines(s, t) ) return 1;
  stmt = session_prepare(s, "SELECT line, \"$path\", \"$line\" FROM tarn_crawl");
  while( (rc = session_step(s, stmt))==1 ){
    r.path = (const char*)sqlite3_column_text(stmt, 1);
    r.line = sqlite3_column_int64(stmt, 2);
    if( add_line(&r, t, sqlite3_column_bytes(stmt, 0) ? (const char*)sqlite3_column_text(stmt, 0) : "", sqlite3_column_bytes(stmt, 0)) ){
      sqlite3_finalize(stmt);
      rc = -1;
      break;
    }
  }
  for(int i=0; i<CRAWL_DEPTH_MAX; i++) sqlite3_finalize(r.each[i]);
  return rc<0 || session_exec(s, "DROP TABLE tarn_crawl");
}

/* --- Types -------------------------------------------------------------------- */

static int is_plain_name(const char *z){
  if( *z==0 ) return 0;
  for(; *z; z++) if( !((*z>='a' && *z<='z') || (*z>='0' && *z<='9') || *z=='_') ) return 0;
  return 1;
}

static int is_plain_struct(const CrawlField *f){
  for(int i=0; i<f->n_child; i++) if( !is_plain_name(f->child[i]->name) ) return 0;
  return f->n_child>0;
}

void crawl_type(Buf *b, const CrawlField *f){
  int scalars = (f->n[KIND_BOOLEAN]>0) + (f->n[KIND_INTEGER]+f->n[KIND_REAL]>0) + (f->n[KIND_TEXT]+f->n[KIND_BIG]>0);
  if( f->n[KIND_OBJECT] && scalars==0 && f->n[KIND_ARRAY]==0 && is_plain_struct(f) ){
    buf_str(b, "struct<");
    for(int i=0; i<f->n_child; i++){
      buf_printf(b, "%s%s:", i ? "," : "", f->child[i]->name);
      crawl_type(b, f->child[i]);
    }
    buf_char(b, '>');
  }else if( f->n[KIND_ARRAY] && scalars==0 && f->n[KIND_OBJECT]==0 ){
    buf_str(b, "array<");
    crawl_type(b, f->element);
    buf_char(b, '>');
  }else if( f->n[KIND_OBJECT] || f->n[KIND_ARRAY] || scalars!=1 || f->n[KIND_TEXT] || f->n[KIND_BIG] ){
    buf_str(b, "string");
  }else if( f->n[KIND_BOOLEAN] ){
    buf_str(b, "boolean");
  }else if( f->n[KIND_REAL] ){
    buf_str(b, "double");
  }else{
    buf_str(b, f->min<INT32_MIN || f->max>INT32_MAX ? "bigint" : "int");
  }
}
