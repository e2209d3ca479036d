/*
** The registry: which families of functions there are, and how a row is found
** by its SQLite name or by Athena's.
**
** To add a family, write its table in a file of its own and one line in the
** list below.  The two hash tables over all rows are built once, on first
** use, under one of SQLite's static mutexes; after that they only are read.
**
** Limits: ROWS_MAX rows of each kind (a unit test watches it).
*/
#include "../sqlite.h"
#include "registry.h"
#include "bind.h"
#include <string.h>

#define ROWS_MAX 2048
#define SLOTS 4096              /* of a hash table: a power of two, twice ROWS_MAX */

/* One line a family. */
#define FN_FAMILIES(X) \
  X(fn_edge) \
  X(fn_key) \
  X(fn_window) \
  X(fn_array) \
  X(fn_array_list) \
  X(fn_array_set) \
  X(fn_map) \
  X(fn_lambda) \
  X(fn_arith) \
  X(fn_compare) \
  X(fn_cast) \
  X(fn_math) \
  X(fn_math_round) \
  X(fn_datetime_op) \
  X(fn_datetime_field) \
  X(fn_datetime_math) \
  X(fn_datetime_format) \
  X(fn_datetime_epoch) \
  X(fn_data_size) \
  X(fn_range_frame) \
  X(fn_string) \
  X(fn_string_search) \
  X(fn_string_pad) \
  X(fn_string_distance) \
  X(fn_unicode) \
  X(fn_like_rows) \
  X(fn_regexp) \
  X(fn_url) \
  X(fn_binary) \
  X(fn_hash) \
  X(fn_json) \
  X(fn_json_sql) \
  X(fn_format_rows) \
  X(fn_format_number) \
  X(fn_stem)

#define AGG_FAMILIES(X) \
  X(agg_single) \
  X(agg_basic) \
  X(agg_minmax) \
  X(agg_collect) \
  X(agg_stats) \
  X(agg_sketch)

#define DECLARE_FN(NAME) extern const FnDef NAME[];
#define DECLARE_AGG(NAME) extern const AggDef NAME[];
FN_FAMILIES(DECLARE_FN)
AGG_FAMILIES(DECLARE_AGG)

#define LIST(NAME) NAME,
static const FnDef *const FN_LIST[] = { FN_FAMILIES(LIST) 0 };
static const AggDef *const AGG_LIST[] = { AGG_FAMILIES(LIST) 0 };

const FnDef *const *fn_families(int *n){
  *n = (int)(sizeof(FN_LIST)/sizeof(FN_LIST[0])) - 1;
  return FN_LIST;
}

const AggDef *const *agg_families(int *n){
  *n = (int)(sizeof(AGG_LIST)/sizeof(AGG_LIST[0])) - 1;
  return AGG_LIST;
}

/* --- the index ------------------------------------------------------------ */

typedef struct Names {
  const void *row[ROWS_MAX];
  const char *name[ROWS_MAX];
  const char *sql[ROWS_MAX];    /* NULL: "t_" and the name */
  uint16_t by_sql[SLOTS];       /* row + 1; open addressing */
  uint16_t by_name[SLOTS];      /* first row of a name, + 1 */
  uint16_t next[ROWS_MAX];      /* the next row of the same name, + 1 */
  uint16_t last[ROWS_MAX];      /* of a first row: its name's last, + 1 */
  Signature sig[ROWS_MAX];
  int n;
} Names;

static struct { int ready; Names fn, agg; } Index;

static unsigned hash(const char *prefix, const char *z, size_t n){
  unsigned h = 2166136261u;
  for(; *prefix; prefix++) h = (h ^ (unsigned char)*prefix)*16777619u;
  for(size_t i=0; i<n; i++) h = (h ^ (unsigned char)z[i])*16777619u;
  return h & (SLOTS - 1);
}

static void add_row(Names *t, const void *row, const char *name, const char *sql, const char *sig){
  int at = t->n;
  unsigned h;
  if( at>=ROWS_MAX ) return;
  t->row[at] = row;
  t->name[at] = name;
  t->sql[at] = sql;
  bind_read_signature(sig, &t->sig[at]);
  h = sql ? hash("", sql, strlen(sql)) : hash("t_", name, strlen(name));
  while( t->by_sql[h] ) h = (h + 1) & (SLOTS - 1);
  t->by_sql[h] = (uint16_t)(at + 1);
  h = hash("", name, strlen(name));
  while( t->by_name[h] && strcmp(t->name[t->by_name[h] - 1], name) ) h = (h + 1) & (SLOTS - 1);
  if( t->by_name[h]==0 ){
    t->by_name[h] = (uint16_t)(at + 1);
    t->last[at] = (uint16_t)(at + 1);
  }else{
    int first = t->by_name[h] - 1;
    t->next[t->last[first] - 1] = (uint16_t)(at + 1);
    t->last[first] = (uint16_t)(at + 1);
  }
  t->n++;
}

static void build(void){
  for(const FnDef *const *f=FN_LIST; *f; f++){
    for(const FnDef *d=*f; d->name; d++) add_row(&Index.fn, d, d->name, d->sql, d->sig);
  }
  for(const AggDef *const *f=AGG_LIST; *f; f++){
    for(const AggDef *d=*f; d->name; d++) add_row(&Index.agg, d, d->name, d->sql, d->sig);
  }
}

static void ensure(void){
  sqlite3_mutex *mutex;
  if( __atomic_load_n(&Index.ready, __ATOMIC_ACQUIRE) ) return;
  mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP3);
  sqlite3_mutex_enter(mutex);
  if( !Index.ready ){
    build();
    __atomic_store_n(&Index.ready, 1, __ATOMIC_RELEASE);
  }
  sqlite3_mutex_leave(mutex);
}

static int is_sql_name(const Names *t, int row, const char *z, size_t n){
  const char *sql = t->sql[row];
  if( sql==0 ){
    sql = t->name[row];
    if( n<2 || z[0]!='t' || z[1]!='_' ) return 0;
    z += 2;
    n -= 2;
  }
  return strlen(sql)==n && memcmp(sql, z, n)==0;
}

static const void *find_sql(const Names *t, const char *z, size_t n){
  unsigned h = hash("", z, n);
  for(; t->by_sql[h]; h = (h + 1) & (SLOTS - 1)){
    int row = t->by_sql[h] - 1;
    if( is_sql_name(t, row, z, n) ) return t->row[row];
  }
  return 0;
}

/* The rows of a name, in the order of the families, or their signatures. */
static int find_name(const Names *t, const char *name, const void **out, const Signature **sig, int max){
  unsigned h = hash("", name, strlen(name));
  int n = 0;
  for(; t->by_name[h]; h = (h + 1) & (SLOTS - 1)){
    int row = t->by_name[h] - 1;
    if( strcmp(t->name[row], name) ) continue;
    for(int i=row + 1; i && n<max; i = t->next[i - 1], n++){
      if( out ) out[n] = t->row[i - 1];
      if( sig ) sig[n] = &t->sig[i - 1];
    }
    break;
  }
  return n;
}

const FnDef *fn_by_sql(const char *z, size_t n){
  ensure();
  return find_sql(&Index.fn, z, n);
}

const AggDef *agg_by_sql(const char *z, size_t n){
  ensure();
  return find_sql(&Index.agg, z, n);
}

int fn_named(const char *name, const FnDef **out, int max){
  ensure();
  return find_name(&Index.fn, name, (const void**)out, 0, max);
}

int agg_named(const char *name, const AggDef **out, int max){
  ensure();
  return find_name(&Index.agg, name, (const void**)out, 0, max);
}

int fn_signatures(const char *name, const Signature **out, int max){
  ensure();
  return find_name(&Index.fn, name, 0, out, max);
}

int agg_signatures(const char *name, const Signature **out, int max){
  ensure();
  return find_name(&Index.agg, name, 0, out, max);
}

static const char *sql_name(const char *name, const char *sql, char *buf){
  if( sql ) sqlite3_snprintf(FN_SQL_NAME_MAX, buf, "%s", sql);
  else sqlite3_snprintf(FN_SQL_NAME_MAX, buf, "t_%s", name);
  return buf;
}

const char *fn_sql_name(const FnDef *d, char *buf){
  return sql_name(d->name, d->sql, buf);
}

const char *agg_sql_name(const AggDef *d, char *buf){
  return sql_name(d->name, d->sql, buf);
}

/* A signature with type variables (single capital letters) or functions. */
int fn_sig_is_generic(const char *sig){
  for(const char *z=sig; *z; z++){
    int word = z>sig && (z[-1]=='_' || (z[-1]|32)>='a');
    if( *z>='A' && *z<='Z' && !word && !((z[1]|32)>='a' && (z[1]|32)<='z') ) return 1;
    if( *z=='f' && strncmp(z, "function(", 9)==0 ) return 1;
  }
  return 0;
}

int fn_is_typed(const FnDef *d){
  return (d->flags & FN_TYPED)!=0 || fn_sig_is_generic(d->sig);
}

int agg_is_typed(const AggDef *d){
  return (d->flags & FN_TYPED)!=0 || fn_sig_is_generic(d->sig);
}
