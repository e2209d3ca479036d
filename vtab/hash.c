/*
** The hash index of an equality join: see hash.h.
**
** Query plan (xBestIndex): the query and a prefix of the keys must be given;
** idxNum is the number of keys, argv is the query and then the keys.
**
** A row is a record in a chunk: the next record of its bucket, its hash, its
** length, then its columns, keys first: a tag and the bytes.  Indexes belong to
** the table object of the connection, which frees them when its last cursor
** closes (SQLite opens a cursor anew before it closes the old one, so that a
** correlated subquery never lets go of them).  Beyond the memory limit the records move into a database of their own and
** probes become a lookup in its index.
**
** Limits: HASH_KEYS keys, HASH_COLUMNS columns, records of 1 GB.
*/
#include "hash.h"
#include "arena.h"
#include <string.h>

#define CHUNK_BYTES (1<<20)
#define BUCKETS_FIRST 1024
#define COLUMN_SQL HASH_COLUMNS         /* hidden columns after c0 … */
#define COLUMN_KEY (HASH_COLUMNS+1)

enum { TAG_NULL, TAG_INT, TAG_REAL, TAG_TEXT, TAG_BLOB };

typedef struct Record Record;
struct Record {
  Record *next;
  unsigned hash;
  unsigned n_key;               /* bytes of the keys */
  unsigned n;                   /* bytes of all columns */
  char data[];
};

typedef struct Chunk { struct Chunk *older; size_t used, size; char data[]; } Chunk;

/* The rows of one query, by key. */
typedef struct Index Index;
struct Index {
  Index *next;
  char *sql;                    /* the query it was built from */
  sqlite3_int64 changes;        /* sqlite3_total_changes64 at that time */
  int n_key, n_column;          /* of that query, keys included */
  Record **bucket;
  unsigned n_bucket;            /* a power of two */
  sqlite3_int64 n_row, bytes;
  Chunk *chunk;
  sqlite3 *spill;               /* beyond the memory limit: a database of our own */
  sqlite3_stmt *insert;
};

typedef struct HashTable {
  sqlite3_vtab base;
  sqlite3 *db;
  const sqlite3_int64 *memory;
  int n_cursor;
  Index *index;                 /* kept while a cursor is open */
} HashTable;

typedef struct HashCursor {
  sqlite3_vtab_cursor base;
  Index *x;
  sqlite3_stmt *lookup;         /* in x->spill */
  Buf key;                      /* of the probe */
  Record *at;
  unsigned hash;
  int on_row;                   /* lookup has a row */
  const char *column[HASH_COLUMNS+HASH_KEYS];   /* of the row; set when first asked */
  int n_found;
} HashCursor;

/* --- Records ------------------------------------------------------------- */

static unsigned hash_bytes(const char *z, size_t n){
  sqlite3_uint64 h = 0x9e3779b97f4a7c15ull ^ n;
  while( n>=8 ){
    sqlite3_uint64 w;
    memcpy(&w, z, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdull;
    h ^= h>>32;
    z += 8;
    n -= 8;
  }
  while( n-- ) h = (h ^ (unsigned char)*z++) * 0x100000001b3ull;
  h *= 0xc4ceb9fe1a85ec53ull;
  return (unsigned)(h ^ h>>32);
}

/* One value as a tag and its bytes. */
static void encode(Buf *b, sqlite3_value *v){
  int type = sqlite3_value_type(v);
  char tag;
  if( type==SQLITE_INTEGER ){
    sqlite3_int64 i = sqlite3_value_int64(v);
    tag = TAG_INT;
    buf_char(b, tag);
    buf_add(b, &i, 8);
  }else if( type==SQLITE_FLOAT ){
    double r = sqlite3_value_double(v);
    tag = TAG_REAL;
    buf_char(b, tag);
    buf_add(b, &r, 8);
  }else if( type==SQLITE_NULL ){
    buf_char(b, TAG_NULL);
  }else{
    const void *p = type==SQLITE_TEXT ? (const void*)sqlite3_value_text(v) : sqlite3_value_blob(v);
    unsigned n = (unsigned)sqlite3_value_bytes(v);
    tag = type==SQLITE_TEXT ? TAG_TEXT : TAG_BLOB;
    if( p==0 && n ) b->oom = 1;
    buf_char(b, tag);
    buf_add(b, &n, 4);
    if( p && n ) buf_add(b, p, n);
  }
}

static const char *encoded_end(const char *z){
  unsigned n;
  switch( *z ){
    case TAG_NULL: return z + 1;
    case TAG_INT: case TAG_REAL: return z + 9;
    default:
      memcpy(&n, z + 1, 4);
      return z + 5 + n;
  }
}

static void result_encoded(sqlite3_context *ctx, const char *z){
  sqlite3_int64 i;
  double r;
  unsigned n;
  switch( *z ){
    case TAG_NULL:
      sqlite3_result_null(ctx);
      break;
    case TAG_INT:
      memcpy(&i, z + 1, 8);
      sqlite3_result_int64(ctx, i);
      break;
    case TAG_REAL:
      memcpy(&r, z + 1, 8);
      sqlite3_result_double(ctx, r);
      break;
    default:
      memcpy(&n, z + 1, 4);
      if( *z==TAG_TEXT ) sqlite3_result_text(ctx, z + 5, (int)n, SQLITE_TRANSIENT);
      else sqlite3_result_blob(ctx, z + 5, (int)n, SQLITE_TRANSIENT);
  }
}

static void *chunk_room(Index *x, size_t n){
  Chunk *k = x->chunk;
  void *p;
  n = (n + 7) & ~(size_t)7;
  if( k==0 || k->size - k->used < n ){
    size_t size = n>CHUNK_BYTES ? n : CHUNK_BYTES;
    k = sqlite3_malloc64(sizeof(*k) + size);
    if( k==0 ) return 0;
    k->size = size;
    k->used = 0;
    k->older = x->chunk;
    x->chunk = k;
    x->bytes += (sqlite3_int64)size;
  }
  p = k->data + k->used;
  k->used += n;
  return p;
}

static void chunks_free(Index *x){
  while( x->chunk ){
    Chunk *k = x->chunk;
    x->chunk = k->older;
    sqlite3_free(k);
  }
  sqlite3_free(x->bucket);
  x->bucket = 0;
  x->n_bucket = 0;
  x->bytes = 0;
}

/* Twice the buckets once there are as many rows. */
static int buckets_grow(Index *x){
  unsigned n = x->n_bucket ? x->n_bucket*2 : BUCKETS_FIRST;
  Record **bucket;
  if( x->n_row<(sqlite3_int64)x->n_bucket ) return SQLITE_OK;
  bucket = sqlite3_malloc64(sizeof(*bucket)*(sqlite3_uint64)n);
  if( bucket==0 ) return SQLITE_NOMEM;
  memset(bucket, 0, sizeof(*bucket)*n);
  for(unsigned i=0; i<x->n_bucket; i++){
    Record *r = x->bucket[i];
    Record *tail[2] = {0, 0};
    while( r ){                 /* each old bucket splits in two, in the same order */
      Record *next = r->next;
      int high = (r->hash & x->n_bucket)!=0;
      r->next = 0;
      if( tail[high] ) tail[high]->next = r;
      else bucket[r->hash & (n-1)] = r;
      tail[high] = r;
      r = next;
    }
  }
  sqlite3_free(x->bucket);
  x->bucket = bucket;
  x->n_bucket = n;
  return SQLITE_OK;
}

static int add_row(Index *x, const Buf *row, size_t n_key){
  Record *r;
  if( buckets_grow(x) ) return SQLITE_NOMEM;
  r = chunk_room(x, sizeof(*r) + row->n);
  if( r==0 ) return SQLITE_NOMEM;
  r->hash = hash_bytes(row->z, n_key);
  r->n_key = (unsigned)n_key;
  r->n = (unsigned)row->n;
  memcpy(r->data, row->z, row->n);
  r->next = x->bucket[r->hash & (x->n_bucket-1)];
  x->bucket[r->hash & (x->n_bucket-1)] = r;
  x->n_row++;
  return SQLITE_OK;
}

/* --- Spilling ------------------------------------------------------------ */

static int spill_row(Index *x, const char *data, size_t n, size_t n_key){
  int rc;
  sqlite3_bind_blob64(x->insert, 1, data, n_key, SQLITE_STATIC);
  sqlite3_bind_blob64(x->insert, 2, data, n, SQLITE_STATIC);
  rc = sqlite3_step(x->insert);
  sqlite3_reset(x->insert);
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

/* Move everything into a private database on disk. */
static int spill_begin(Index *x){
  int rc = sqlite3_open("", &x->spill);
  if( rc==SQLITE_OK ){
    rc = sqlite3_exec(x->spill, "PRAGMA journal_mode=off; PRAGMA synchronous=off; PRAGMA cache_size=-32000;"
                                "CREATE TABLE row(key BLOB, data BLOB); BEGIN", 0, 0, 0);
  }
  if( rc==SQLITE_OK ) rc = sqlite3_prepare_v2(x->spill, "INSERT INTO row VALUES(?1,?2)", -1, &x->insert, 0);
  for(unsigned i=0; i<x->n_bucket && rc==SQLITE_OK; i++){
    for(Record *r = x->bucket[i]; r && rc==SQLITE_OK; r = r->next) rc = spill_row(x, r->data, r->n, r->n_key);
  }
  chunks_free(x);
  return rc;
}

static int spill_end(Index *x){
  return sqlite3_exec(x->spill, "CREATE INDEX by_key ON row(key); COMMIT", 0, 0, 0);
}

/* --- Building ------------------------------------------------------------ */

static void index_free(Index *x){
  if( x==0 ) return;
  chunks_free(x);
  sqlite3_finalize(x->insert);
  sqlite3_close(x->spill);
  sqlite3_free(x->sql);
  sqlite3_free(x);
}

/* Encode the row the statement stands on; 0 when one of its keys is NULL. */
static int encode_row(Index *x, sqlite3_stmt *stmt, Buf *row, size_t *n_key){
  row->n = 0;
  *n_key = 0;
  for(int i=0; i<x->n_column; i++){
    sqlite3_value *v = sqlite3_column_value(stmt, i);
    if( i==x->n_key ) *n_key = row->n;
    if( i<x->n_key && sqlite3_value_type(v)==SQLITE_NULL ) return 0;
    encode(row, v);
  }
  if( x->n_column==x->n_key ) *n_key = row->n;
  return 1;
}

static int index_fill(Index *x, HashTable *t, sqlite3_stmt *stmt){
  sqlite3_int64 limit = t->memory && *t->memory>0 ? *t->memory : HASH_MEMORY;
  Buf row;
  size_t n_key;
  int rc = SQLITE_OK;
  buf_init(&row, 0);
  while( rc==SQLITE_OK && (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    rc = SQLITE_OK;
    if( !encode_row(x, stmt, &row, &n_key) ) continue;
    if( row.oom ) rc = SQLITE_NOMEM;
    else if( x->spill ) rc = spill_row(x, row.z, row.n, n_key);
    else rc = add_row(x, &row, n_key);
    if( rc==SQLITE_OK && x->spill==0 && x->bytes + (sqlite3_int64)x->n_bucket*8 > limit ) rc = spill_begin(x);
  }
  if( rc==SQLITE_DONE ) rc = x->spill ? spill_end(x) : SQLITE_OK;
  buf_free(&row);
  return rc;
}

/* Build the index of a query; on success it is in the table's list. */
static int index_build(HashTable *t, const char *sql, int n_key, Index **out){
  Index *x = sqlite3_malloc64(sizeof(*x));
  sqlite3_stmt *stmt = 0;
  int rc;
  if( x==0 ) return SQLITE_NOMEM;
  memset(x, 0, sizeof(*x));
  x->n_key = n_key;
  x->changes = sqlite3_total_changes64(t->db);
  rc = sqlite3_prepare_v2(t->db, sql, -1, &stmt, 0);
  if( rc==SQLITE_OK ){
    x->n_column = sqlite3_column_count(stmt);
    if( x->n_column<n_key || x->n_column-n_key>HASH_COLUMNS ){
      rc = SQLITE_ERROR;
      t->base.zErrMsg = sqlite3_mprintf("t_hash: the query has %d columns for %d keys", x->n_column, n_key);
    }else{
      rc = index_fill(x, t, stmt);
    }
  }
  if( rc==SQLITE_OK && (x->sql = sqlite3_mprintf("%s", sql))==0 ) rc = SQLITE_NOMEM;
  if( rc!=SQLITE_OK && rc!=SQLITE_NOMEM && t->base.zErrMsg==0 ){
    t->base.zErrMsg = sqlite3_mprintf("%s", sqlite3_errmsg(x->spill ? x->spill : t->db));
  }
  sqlite3_finalize(stmt);
  if( rc!=SQLITE_OK ){
    index_free(x);
    return rc;
  }
  x->next = t->index;
  t->index = *out = x;
  return SQLITE_OK;
}

static Index *index_find(HashTable *t, const char *sql, int n_key){
  sqlite3_int64 changes = sqlite3_total_changes64(t->db);
  Index *x = t->index;
  while( x && !(x->n_key==n_key && x->changes==changes && strcmp(x->sql, sql)==0) ) x = x->next;
  return x;
}

/* The cursor reads this query's index from now on. */
static int cursor_attach(HashCursor *c, const char *sql, int n_key){
  HashTable *t = (HashTable*)c->base.pVtab;
  Index *x = index_find(t, sql, n_key);
  int rc = SQLITE_OK;
  if( x && x==c->x ) return SQLITE_OK;
  sqlite3_finalize(c->lookup);
  c->lookup = 0;
  c->x = 0;
  if( x==0 ) rc = index_build(t, sql, n_key, &x);
  if( rc==SQLITE_OK && x->spill ){
    rc = sqlite3_prepare_v2(x->spill, "SELECT data FROM row WHERE key=?1", -1, &c->lookup, 0);
  }
  if( rc==SQLITE_OK ) c->x = x;
  return rc;
}

/* --- The module ---------------------------------------------------------- */

static int hashConnect(sqlite3 *db, void *pAux, int argc, const char *const *argv, sqlite3_vtab **ppVtab, char **pzErr){
  HashTable *t;
  Buf ddl;
  int rc = SQLITE_NOMEM;
  (void)argc; (void)argv; (void)pzErr;
  buf_init(&ddl, 0);
  buf_str(&ddl, "CREATE TABLE x(");
  for(int i=0; i<HASH_COLUMNS; i++) buf_printf(&ddl, "c%d,", i);
  buf_str(&ddl, "sql HIDDEN");
  for(int i=0; i<HASH_KEYS; i++) buf_printf(&ddl, ",k%d HIDDEN", i);
  buf_char(&ddl, ')');
  t = ddl.oom ? 0 : sqlite3_malloc64(sizeof(*t));
  if( t ){
    memset(t, 0, sizeof(*t));
    t->db = db;
    t->memory = pAux;
    rc = sqlite3_declare_vtab(db, ddl.z);
    sqlite3_vtab_config(db, SQLITE_VTAB_DIRECTONLY);
    if( rc==SQLITE_OK ) *ppVtab = &t->base;
    else sqlite3_free(t);
  }
  buf_free(&ddl);
  return rc;
}

static void indexes_free(HashTable *t){
  while( t->index ){
    Index *x = t->index;
    t->index = x->next;
    index_free(x);
  }
}

static int hashDisconnect(sqlite3_vtab *pVtab){
  indexes_free((HashTable*)pVtab);
  sqlite3_free(pVtab);
  return SQLITE_OK;
}

static int hashOpen(sqlite3_vtab *pVtab, sqlite3_vtab_cursor **ppCursor){
  HashCursor *c = sqlite3_malloc64(sizeof(*c));
  if( c==0 ) return SQLITE_NOMEM;
  memset(c, 0, sizeof(*c));
  buf_init(&c->key, 0);
  ((HashTable*)pVtab)->n_cursor++;
  *ppCursor = &c->base;
  return SQLITE_OK;
}

static int hashClose(sqlite3_vtab_cursor *pCursor){
  HashCursor *c = (HashCursor*)pCursor;
  HashTable *t = (HashTable*)c->base.pVtab;
  sqlite3_finalize(c->lookup);
  buf_free(&c->key);
  sqlite3_free(c);
  if( --t->n_cursor==0 ) indexes_free(t);
  return SQLITE_OK;
}

/* Go to the first record from r on that has the probe's keys. */
static void seek(HashCursor *c, Record *r){
  while( r && !(r->hash==c->hash && r->n_key==c->key.n && memcmp(r->data, c->key.z, c->key.n)==0) ) r = r->next;
  c->at = r;
  c->n_found = 0;
}

static int hashNext(sqlite3_vtab_cursor *pCursor){
  HashCursor *c = (HashCursor*)pCursor;
  int rc;
  if( c->x->spill==0 ){
    seek(c, c->at->next);
    return SQLITE_OK;
  }
  rc = sqlite3_step(c->lookup);
  c->on_row = rc==SQLITE_ROW;
  c->n_found = 0;
  return rc==SQLITE_ROW || rc==SQLITE_DONE ? SQLITE_OK : rc;
}

static int hashEof(sqlite3_vtab_cursor *pCursor){
  HashCursor *c = (HashCursor*)pCursor;
  return !c->on_row && c->at==0;
}

static int hashFilter(sqlite3_vtab_cursor *pCursor, int idxNum, const char *idxStr, int argc, sqlite3_value **argv){
  HashCursor *c = (HashCursor*)pCursor;
  const char *sql = (const char*)sqlite3_value_text(argv[0]);
  int rc;
  (void)idxStr; (void)argc;
  c->at = 0;
  c->on_row = 0;
  if( sql==0 ) return SQLITE_OK;
  rc = cursor_attach(c, sql, idxNum);
  if( rc!=SQLITE_OK ) return rc;
  c->key.n = 0;
  for(int i=0; i<idxNum; i++){
    if( sqlite3_value_type(argv[i+1])==SQLITE_NULL ) return SQLITE_OK;
    encode(&c->key, argv[i+1]);
  }
  if( c->key.oom ) return SQLITE_NOMEM;
  if( c->lookup ){
    sqlite3_reset(c->lookup);
    sqlite3_bind_blob64(c->lookup, 1, c->key.z, c->key.n, SQLITE_STATIC);
    return hashNext(pCursor);
  }
  if( c->x->n_row==0 ) return SQLITE_OK;
  c->hash = hash_bytes(c->key.z, c->key.n);
  seek(c, c->x->bucket[c->hash & (c->x->n_bucket-1)]);
  return SQLITE_OK;
}

static int hashColumn(sqlite3_vtab_cursor *pCursor, sqlite3_context *ctx, int i){
  HashCursor *c = (HashCursor*)pCursor;
  const char *row = c->lookup ? sqlite3_column_blob(c->lookup, 0) : c->at->data;
  int want = i + c->x->n_key;
  if( i>=HASH_COLUMNS || want>=c->x->n_column ) return SQLITE_OK;
  if( row==0 ) return SQLITE_NOMEM;
  if( c->n_found==0 ){
    c->column[0] = row;
    c->n_found = 1;
  }
  for(; c->n_found<=want; c->n_found++) c->column[c->n_found] = encoded_end(c->column[c->n_found-1]);
  result_encoded(ctx, c->column[want]);
  return SQLITE_OK;
}

static int hashRowid(sqlite3_vtab_cursor *pCursor, sqlite3_int64 *pRowid){
  (void)pCursor;
  *pRowid = 0;
  return SQLITE_OK;
}

static int hashBestIndex(sqlite3_vtab *pVtab, sqlite3_index_info *p){
  int at_sql = -1, at_key[HASH_KEYS], n = 0, given = 0;
  (void)pVtab;
  for(int k=0; k<HASH_KEYS; k++) at_key[k] = -1;
  for(int i=0; i<p->nConstraint; i++){
    int column = p->aConstraint[i].iColumn;
    if( column<COLUMN_SQL || p->aConstraint[i].op!=SQLITE_INDEX_CONSTRAINT_EQ ) continue;
    given++;
    if( !p->aConstraint[i].usable ) continue;
    if( column==COLUMN_SQL ) at_sql = i;
    else at_key[column - COLUMN_KEY] = i;
  }
  while( n<HASH_KEYS && at_key[n]>=0 ) n++;
  /* Every argument must be known before this table is probed. */
  if( at_sql<0 || n==0 || given!=n+1 ) return SQLITE_CONSTRAINT;
  p->aConstraintUsage[at_sql].argvIndex = 1;
  p->aConstraintUsage[at_sql].omit = 1;
  for(int k=0; k<n; k++){
    p->aConstraintUsage[at_key[k]].argvIndex = k + 2;
    p->aConstraintUsage[at_key[k]].omit = 1;
  }
  p->idxNum = n;
  p->estimatedCost = 2.0;
  p->estimatedRows = 2;
  return SQLITE_OK;
}

static const sqlite3_module hashModule = {
  .iVersion = 0,
  .xConnect = hashConnect,
  .xBestIndex = hashBestIndex,
  .xDisconnect = hashDisconnect,
  .xOpen = hashOpen,
  .xClose = hashClose,
  .xFilter = hashFilter,
  .xNext = hashNext,
  .xEof = hashEof,
  .xColumn = hashColumn,
  .xRowid = hashRowid
};

int hash_register(sqlite3 *db, const sqlite3_int64 *memory){
  return sqlite3_create_module(db, "t_hash", &hashModule, (void*)memory);
}
