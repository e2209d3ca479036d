/*
** Stored tables read from their pages: see pages.h.
**
** `next` walks the interior pages from left to right and gathers the numbers
** of leaves, BLOCK_BYTES of them for a block; `work` reads them, neighbours
** with one call, and decodes their rows (page_rows.c).  All leaves of a b-tree
** lie at one depth, which is found on the way down the left edge; a page of
** another kind there, or more leaves than the file has pages, is corruption.
**
** xRead of SQLite's unix VFS is a pread, so that hands may read at the same
** time, also while the connection writes other tables.  Of a file that is mapped
** it would be a copy from the map, which SQLite moves when the file grows: the
** map is given up, for the rest of the connection.
*/
#include <pthread.h>
#include <string.h>
#include "affinity.h"
#include "crew.h"
#include "pages.h"

#define BLOCK_BYTES (256<<10)
#define LEAVES_MAX 512          /* of a block: pages of 512 bytes */
#define LEVELS_MAX 20           /* BTCURSOR_MAX_DEPTH of SQLite */

/* An interior page on the way down. */
typedef struct Level { unsigned char *page; int n_cell, at; } Level;

typedef struct Block {
  RowBlock rows;                /* first: what the caller sees */
  struct Block *next;           /* among the idle ones */
  int rc;
  int cap;                      /* rows that the cells have room for */
  int n_leaf;
  unsigned leaf[LEAVES_MAX];
  short at[LEAVES_MAX];         /* where each lies among the pages read */
  unsigned char *raw;           /* their pages */
  Arena arena;                  /* rows that run over */
} Block;

typedef struct PageSource {
  RowSource base;
  PageTable table;
  RowMap map;                   /* map.map may be NULL */
  Crew *crew;
  Block *taken;                 /* with the caller */
  Level level[LEVELS_MAX];
  int n_level;                  /* 0: the root is the only leaf */
  unsigned root;
  int begun;                    /* the leftmost path is loaded */
  unsigned leaves;              /* so far */
  pthread_mutex_t lock;
  Block *idle;
} PageSource;

static unsigned get4(const unsigned char *p){
  return (unsigned)p[0]<<24 | (unsigned)p[1]<<16 | (unsigned)p[2]<<8 | p[3];
}

/* --- Walking ------------------------------------------------------------------- */

/* The child of an interior page under its cursor. */
static int child_at(const PageSource *s, const Level *l, unsigned *out){
  unsigned at;
  if( l->at==l->n_cell ){
    *out = get4(l->page+8);
    return SQLITE_OK;
  }
  at = (unsigned)l->page[12+2*l->at]<<8 | l->page[13+2*l->at];
  if( at<(unsigned)(12+2*l->n_cell) || at+4>(unsigned)s->table.usable ) return SQLITE_CORRUPT;
  *out = get4(l->page+at);
  return SQLITE_OK;
}

static int load_level(PageSource *s, int i, unsigned page){
  Level *l = &s->level[i];
  int rc = page_read(&s->table, page, l->page);
  if( rc ) return rc;
  l->n_cell = page_cells(&s->table, l->page, 0x05);
  l->at = 0;
  return l->n_cell<0 ? SQLITE_CORRUPT : SQLITE_OK;
}

/* Down the left edge: how many interior levels there are. */
static int find_depth(PageSource *s){
  unsigned page = s->root;
  for(int i=0; i<LEVELS_MAX; i++){
    Level *l = &s->level[i];
    int rc;
    l->page = sqlite3_malloc64((sqlite3_uint64)s->table.page_size);
    if( l->page==0 ) return SQLITE_NOMEM;
    rc = page_read(&s->table, page, l->page);
    if( rc ) return rc;
    if( page_cells(&s->table, l->page, 0x0d)>=0 ){
      s->n_level = i;
      return SQLITE_OK;
    }
    rc = load_level(s, i, page);
    if( rc==SQLITE_OK ) rc = child_at(s, l, &page);
    if( rc ) return rc;
  }
  return SQLITE_CORRUPT;
}

/* The next leaf: SQLITE_ROW, SQLITE_DONE or an error. */
static int next_leaf(PageSource *s, unsigned *out){
  int i = s->n_level-1, rc;
  if( s->leaves>s->table.n_page ) return SQLITE_CORRUPT;
  s->leaves++;
  if( s->n_level==0 ){
    if( s->begun ) return SQLITE_DONE;
    s->begun = 1;
    *out = s->root;
    return SQLITE_ROW;
  }
  if( s->begun ){
    while( i>=0 && s->level[i].at==s->level[i].n_cell ) i--;
    if( i<0 ) return SQLITE_DONE;
    s->level[i].at++;
  }
  s->begun = 1;
  for(; i<s->n_level-1; i++){
    unsigned page;
    rc = child_at(s, &s->level[i], &page);
    if( rc==SQLITE_OK ) rc = load_level(s, i+1, page);
    if( rc ) return rc;
  }
  rc = child_at(s, &s->level[i], out);
  return rc ? rc : SQLITE_ROW;
}

/* --- Blocks --------------------------------------------------------------------- */

static void free_block(Block *b){
  sqlite3_free(b->rows.cell);
  sqlite3_free(b->raw);
  arena_free(&b->arena);
  sqlite3_free(b);
}

static Block *new_block(PageSource *s){
  Block *b;
  pthread_mutex_lock(&s->lock);
  b = s->idle;
  if( b ) s->idle = b->next;
  pthread_mutex_unlock(&s->lock);
  if( b==0 ){
    b = sqlite3_malloc64(sizeof(*b));
    if( b==0 ) return 0;
    memset(b, 0, offsetof(Block, leaf));
    arena_init(&b->arena);
    b->raw = 0;
  }
  b->rc = SQLITE_OK;
  b->n_leaf = 0;
  b->rows.n = 0;
  b->rows.width = s->table.width;
  b->rows.product = 0;
  return b;
}

static int pages_next(void *arg, void **task){
  PageSource *s = arg;
  int most = BLOCK_BYTES/s->table.page_size, rc = SQLITE_ROW;
  Block *b = new_block(s);
  if( b==0 ) return SQLITE_NOMEM;
  while( rc==SQLITE_ROW && b->n_leaf<most ){
    rc = next_leaf(s, &b->leaf[b->n_leaf]);
    if( rc==SQLITE_ROW ) b->n_leaf++;
  }
  *task = b;
  if( rc==SQLITE_ROW || (rc==SQLITE_DONE && b->n_leaf) ) return SQLITE_ROW;
  free_block(b);
  return rc;
}

/* How many of the leaves from i on are neighbours in the file: up, or down as
** SQLite fills pages that were free; *lowest is the first of them there. */
static int run_of_leaves(const Block *b, int i, unsigned *lowest){
  int n = 1, left = b->n_leaf-i;
  const unsigned *leaf = b->leaf+i;
  while( n<left && leaf[n]==leaf[0]+(unsigned)n ) n++;
  *lowest = leaf[0];
  if( n>1 ) return n;
  while( n<left && leaf[0]>(unsigned)n && leaf[n]==leaf[0]-(unsigned)n ) n++;
  *lowest = leaf[0]-(unsigned)(n-1);
  return n;
}

/* The block's leaves, neighbours with one call. */
static int read_leaves(const PageTable *t, Block *b){
  size_t size = (size_t)t->page_size;
  if( b->raw==0 ) b->raw = sqlite3_malloc64(BLOCK_BYTES+PAGE_SLACK);
  if( b->raw==0 ) return SQLITE_NOMEM;
  for(int i=0; i<b->n_leaf; ){
    unsigned lowest;
    int n = run_of_leaves(b, i, &lowest), rc;
    if( lowest<2 || lowest>t->n_page || (unsigned)n-1>t->n_page-lowest ) return SQLITE_CORRUPT;
    rc = t->file->pMethods->xRead(t->file, b->raw+(size_t)i*size, n*t->page_size, (sqlite3_int64)(lowest-1)*t->page_size);
    if( rc ) return rc;
    for(int k=0; k<n; k++) b->at[i+k] = (short)(lowest==b->leaf[i] ? i+k : i+n-1-k);
    i += n;
  }
  return SQLITE_OK;
}

static void pages_work(void *arg, void *task, int hand){
  PageSource *s = arg;
  Block *b = task;
  b->rc = read_leaves(&s->table, b);
  for(int i=0; i<b->n_leaf && b->rc==SQLITE_OK; i++){
    b->rc = page_rows(&s->table, b->raw+(size_t)b->at[i]*(size_t)s->table.page_size, &b->arena, &b->rows, &b->cap);
  }
  if( b->rc==SQLITE_OK && s->map.map && s->map.map(s->map.arg, &b->rows, hand) ) b->rc = SQLITE_NOMEM;
}

static void pages_free(void *arg, void *task){
  PageSource *s = arg;
  Block *b = task;
  if( b->rows.product ) s->map.free_product(s->map.arg, b->rows.product);
  arena_reset(&b->arena);
  pthread_mutex_lock(&s->lock);
  b->next = s->idle;
  s->idle = b;
  pthread_mutex_unlock(&s->lock);
}

static const CrewOps crew_ops = { pages_next, pages_work, pages_free };

/* --- The source ----------------------------------------------------------------- */

static int source_next(RowSource *base, RowBlock **out, char **pzErr){
  PageSource *s = (PageSource*)base;
  void *task;
  int rc;
  if( s->taken ) crew_free_task(s->crew, s->taken);
  s->taken = 0;
  rc = crew_take(s->crew, &task);
  if( rc==SQLITE_ROW ){
    s->taken = task;
    if( s->taken->rc ) rc = s->taken->rc;
    *out = &s->taken->rows;
  }
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE && *pzErr==0 ) *pzErr = sqlite3_mprintf("%s", sqlite3_errstr(rc));
  return rc;
}

static void source_close(RowSource *base){
  PageSource *s = (PageSource*)base;
  if( s->taken ) crew_free_task(s->crew, s->taken);
  crew_close(s->crew);
  while( s->idle ){
    Block *b = s->idle;
    s->idle = b->next;
    free_block(b);
  }
  for(int i=0; i<LEVELS_MAX; i++) sqlite3_free(s->level[i].page);
  pthread_mutex_destroy(&s->lock);
  sqlite3_free(s->table.slot);
  sqlite3_free(s->table.is_real);
  sqlite3_free(s);
}

static const RowSourceOps source_ops = { source_next, source_close };

/* --- Opening -------------------------------------------------------------------- */

/* A condition in SQL, about a table or not: SQLITE_OK when it holds (with its
** number, if asked for), SQLITE_NOTFOUND when not. */
static int holds(sqlite3 *db, const char *sql, const char *table, sqlite3_int64 *out){
  sqlite3_stmt *stmt;
  sqlite3_int64 v = 0;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, 0);
  if( rc ) return rc;
  sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  rc = sqlite3_step(stmt);
  if( rc==SQLITE_ROW ) v = sqlite3_column_int64(stmt, 0);
  sqlite3_finalize(stmt);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ) return rc;
  if( out ) *out = v;
  return v ? SQLITE_OK : SQLITE_NOTFOUND;
}

/* A statement under way in a transaction that writes may hold changed pages that a flush passes over. */
static int is_busy(sqlite3 *db){
  for(sqlite3_stmt *p = sqlite3_next_stmt(db, 0); p; p = sqlite3_next_stmt(db, p)) if( sqlite3_stmt_busy(p) ) return 1;
  return 0;
}

static int check_lake(sqlite3 *db, PageSource *s, const char *table){
  const char *file = sqlite3_db_filename(db, "main");
  sqlite3_int64 n;
  int rc;
  if( file==0 || file[0]==0 || (sqlite3_txn_state(db, "main")==SQLITE_TXN_WRITE && is_busy(db)) ) return SQLITE_NOTFOUND;
  rc = holds(db, "SELECT journal_mode IN ('delete','truncate','persist') FROM pragma_journal_mode", 0, 0);
  if( rc==SQLITE_OK ) rc = holds(db, "SELECT cache_spill FROM pragma_cache_spill", 0, 0);
  if( rc==SQLITE_OK ) rc = holds(db, "SELECT encoding='UTF-8' FROM pragma_encoding", 0, 0);
  if( rc==SQLITE_OK ) rc = holds(db, "SELECT type='table' AND NOT wr FROM pragma_table_list WHERE schema='main' AND name=?1 COLLATE nocase", table, 0);
  if( rc==SQLITE_OK ) rc = holds(db, "SELECT rootpage FROM main.sqlite_schema WHERE type='table' AND name=?1 COLLATE nocase AND rootpage>1", table, &n);
  if( rc ) return rc;
  s->root = (unsigned)n;
  rc = holds(db, "SELECT page_size FROM pragma_page_size", 0, &n);
  s->table.page_size = (int)n;
  if( rc==SQLITE_OK && sqlite3_txn_state(db, "main")==SQLITE_TXN_NONE ) rc = SQLITE_NOTFOUND;
  return rc;
}

/* Where a column goes: -1, not asked for; -2, asked for twice. */
static int find_slot(int n_column, const char *const *column, int field, const char *name){
  int slot = -1;
  if( n_column==0 ) return field;
  for(int i=0; i<n_column; i++) if( sqlite3_stricmp(column[i], name)==0 ) slot = slot<0 ? i : -2;
  return slot;
}

static int add_field(PageTable *t, int slot, int is_real){
  int n = t->n_field;
  if( (n&(n+1))==0 ){           /* 0, 1, 3, 7, …: full */
    int *slots = sqlite3_realloc64(t->slot, sizeof(int)*2*((sqlite3_uint64)n+1));
    char *reals;
    if( slots ) t->slot = slots;
    reals = slots ? sqlite3_realloc64(t->is_real, 2*((sqlite3_uint64)n+1)) : 0;
    if( reals==0 ) return SQLITE_NOMEM;
    t->is_real = reals;
  }
  t->slot[n] = slot;
  t->is_real[n] = (char)is_real;
  t->n_field = n+1;
  return SQLITE_OK;
}

/* The fields of the table's records. */
static int load_fields(sqlite3 *db, const char *table, int n_column, const char *const *column, PageTable *t){
  sqlite3_stmt *stmt;
  int last = 0, rc = sqlite3_prepare_v2(db, "SELECT name, type, dflt_value IS NOT NULL OR pk OR hidden FROM pragma_table_xinfo(?1,'main') ORDER BY cid", -1, &stmt, 0);
  if( rc ) return rc;
  sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
  while( (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    const char *name = (const char*)sqlite3_column_text(stmt, 0), *type = (const char*)sqlite3_column_text(stmt, 1);
    int slot = name ? find_slot(n_column, column, t->n_field, name) : -1;
    int other = name==0 || type==0 ? SQLITE_NOMEM : slot==-2 || sqlite3_column_int(stmt, 2) ? SQLITE_NOTFOUND
              : add_field(t, slot, affinity_of(type)==AFF_REAL);
    if( other ){
      sqlite3_finalize(stmt);
      return other;
    }
    if( slot>=0 ){
      last = t->n_field;
      t->width++;
    }
  }
  sqlite3_finalize(stmt);
  t->n_field = last;            /* what comes after is not looked at */
  if( rc!=SQLITE_DONE ) return rc;
  return t->width && (n_column==0 || t->width==n_column) ? SQLITE_OK : SQLITE_NOTFOUND;
}

/* No map from now on.  While a reading statement is under way and has pages of
** the map, SQLite keeps it, but then it does not move either: only writing makes
** the file grow. */
static int unmap(sqlite3 *db){
  sqlite3_int64 limit = 0;
  int rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_MMAP_SIZE, &limit);
  if( rc==SQLITE_NOTFOUND ) return SQLITE_OK;           /* a file system without maps */
  limit = -1;
  if( rc==SQLITE_OK ) rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_MMAP_SIZE, &limit);
  return rc ? rc : limit>0 && sqlite3_txn_state(db, "main")==SQLITE_TXN_WRITE ? SQLITE_NOTFOUND : SQLITE_OK;
}

/* The file as it is after the connection's changes are written. */
static int reach_file(sqlite3 *db, PageTable *t){
  unsigned char head[100];
  sqlite3_int64 size;
  int rc = sqlite3_txn_state(db, "main")==SQLITE_TXN_WRITE ? sqlite3_db_cacheflush(db) : SQLITE_OK;
  if( rc==SQLITE_BUSY ) return SQLITE_NOTFOUND;
  if( rc==SQLITE_OK ) rc = unmap(db);
  if( rc==SQLITE_OK ) rc = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &t->file);
  if( rc ) return rc;
  if( t->file==0 || t->file->pMethods==0 ) return SQLITE_NOTFOUND;
  rc = t->file->pMethods->xFileSize(t->file, &size);
  if( rc==SQLITE_OK ) rc = t->file->pMethods->xRead(t->file, head, sizeof(head), 0);
  if( rc ) return rc;
  t->usable = t->page_size-head[20];
  if( t->page_size<512 || t->page_size>65536 || t->usable<480 ) return SQLITE_CORRUPT;
  size /= t->page_size;
  t->n_page = size>0xfffffffe ? 0xfffffffe : (unsigned)size;
  return SQLITE_OK;
}

int pages_open(sqlite3 *db, const char *table, int n_column, const char *const *column, const RowMap *map, int hands, RowSource **out, char **pzErr){
  PageSource *s = sqlite3_malloc64(sizeof(*s));
  int rc;
  *out = 0;
  if( s==0 ) return SQLITE_NOMEM;
  memset(s, 0, sizeof(*s));
  pthread_mutex_init(&s->lock, 0);
  s->base.ops = &source_ops;
  if( map ) s->map = *map;
  rc = check_lake(db, s, table);
  if( rc==SQLITE_OK ) rc = load_fields(db, table, n_column, column, &s->table);
  if( rc==SQLITE_OK ) rc = reach_file(db, &s->table);
  if( rc==SQLITE_OK ) rc = find_depth(s);
  if( rc==SQLITE_OK ) rc = crew_open(&crew_ops, s, hands, 2*hands+1, &s->crew);
  if( rc ){
    source_close(&s->base);
    if( rc!=SQLITE_NOTFOUND && *pzErr==0 ) *pzErr = sqlite3_mprintf("%s", sqlite3_errstr(rc));
    return rc;
  }
  *out = &s->base;
  return SQLITE_OK;
}
