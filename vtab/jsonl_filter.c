/*
** Comparisons that SQLite hands to a landing table.
**
** A comparison is decided here only between two values of one kind, integers,
** reals or texts of the BINARY collation, where nothing of SQLite's affinities
** can change the outcome; everything else may pass, and SQLite decides.  NULL
** compares as unknown, which does not pass.
**
** An IN list is a hash set of its integers and texts; where it holds another
** kind than the value at hand, the value may pass.
*/
#include "jsonl_filter.h"
#include <math.h>
#include <string.h>

struct FilterSet {
  Value *slot;                  /* V_NULL: empty */
  unsigned n_slot;              /* a power of two */
  int n, has_int, has_text, has_other;
};

int filter_takes(int op){
  switch( op ){
    case SQLITE_INDEX_CONSTRAINT_EQ: case SQLITE_INDEX_CONSTRAINT_GT: case SQLITE_INDEX_CONSTRAINT_GE:
    case SQLITE_INDEX_CONSTRAINT_LT: case SQLITE_INDEX_CONSTRAINT_LE: case SQLITE_INDEX_CONSTRAINT_NE:
    case SQLITE_INDEX_CONSTRAINT_IS: case SQLITE_INDEX_CONSTRAINT_ISNULL: case SQLITE_INDEX_CONSTRAINT_ISNOTNULL:
      return 1;
    default:
      return 0;
  }
}

/* --- Sets ---------------------------------------------------------------- */

static unsigned hash_value(const Value *v){
  uint64_t h = v->kind==V_INT ? (uint64_t)v->i*UINT64_C(0x9e3779b97f4a7c15) : UINT64_C(1469598103934665603);
  int i = 0;
  if( v->kind==V_TEXT ){
    for(; i + 8<=v->n; i += 8){
      uint64_t word;
      memcpy(&word, v->z + i, 8);
      h = (h ^ word)*UINT64_C(0x9e3779b97f4a7c15);
      h ^= h>>29;
    }
    for(; i<v->n; i++) h = (h ^ (unsigned char)v->z[i])*UINT64_C(1099511628211);
  }
  return (unsigned)(h>>32 ^ h);
}

static int same(const Value *a, const Value *b){
  if( a->kind!=b->kind ) return 0;
  if( a->kind==V_INT ) return a->i==b->i;
  return a->n==b->n && memcmp(a->z, b->z, (size_t)a->n)==0;
}

/* The slot of a value, or the empty one where it belongs. */
static Value *set_find(const FilterSet *set, const Value *v){
  unsigned i = hash_value(v);
  for(;; i++){
    Value *slot = &set->slot[i & (set->n_slot - 1)];
    if( slot->kind==V_NULL || same(slot, v) ) return slot;
  }
}

static int set_grow(FilterSet *set, Arena *a){
  FilterSet old = *set;
  set->n_slot = old.n_slot ? old.n_slot*4 : 64;
  set->slot = ARENA_ARRAY(a, Value, set->n_slot);
  if( set->slot==0 ) return SQLITE_NOMEM;
  for(unsigned i=0; i<old.n_slot; i++){
    if( old.slot[i].kind!=V_NULL ) *set_find(set, &old.slot[i]) = old.slot[i];
  }
  return SQLITE_OK;
}

/* A copy of an SQLite value in the arena; V_BLOB for what is not compared. */
static Value copy_value(Arena *a, sqlite3_value *v){
  const char *z;
  int n;
  switch( sqlite3_value_type(v) ){
    case SQLITE_NULL: return value_null();
    case SQLITE_INTEGER: return value_int(sqlite3_value_int64(v));
    case SQLITE_FLOAT: return value_real(sqlite3_value_double(v));
    case SQLITE_TEXT:
      z = (const char*)sqlite3_value_text(v);
      n = sqlite3_value_bytes(v);
      if( z==0 ) a->oom = 1;
      z = z ? arena_strndup(a, z, (size_t)n) : 0;
      return z ? value_text(z, (size_t)n) : value_null();
    default: return value_blob("", 0);
  }
}

static int set_add(FilterSet *set, Arena *a, const Value *v){
  Value *slot;
  set->has_int |= v->kind==V_INT;
  set->has_text |= v->kind==V_TEXT;
  set->has_other |= v->kind==V_REAL || v->kind==V_BLOB;
  if( v->kind!=V_INT && v->kind!=V_TEXT ) return SQLITE_OK;
  if( (unsigned)set->n*2>=set->n_slot && set_grow(set, a)!=SQLITE_OK ) return SQLITE_NOMEM;
  slot = set_find(set, v);
  set->n += slot->kind==V_NULL;
  *slot = *v;
  return SQLITE_OK;
}

static int set_build(FilterSet *set, Arena *a, sqlite3_value *list){
  sqlite3_value *item = 0;
  int rc;
  for(rc=sqlite3_vtab_in_first(list, &item); rc==SQLITE_OK && item; rc=sqlite3_vtab_in_next(list, &item)){
    Value v = copy_value(a, item);
    if( a->oom || set_add(set, a, &v)!=SQLITE_OK ) return SQLITE_NOMEM;
  }
  return rc==SQLITE_DONE ? SQLITE_OK : rc;
}

static int set_may_hold(const FilterSet *set, const Value *v){
  if( v->kind==V_NULL ) return 0;
  if( set->has_other || (v->kind!=V_INT && v->kind!=V_TEXT) ) return 1;
  if( v->kind==V_INT ? set->has_text : set->has_int ) return 1;
  return set->n>0 && set_find(set, v)->kind!=V_NULL;
}

/* --- Comparisons --------------------------------------------------------- */

int filter_begin(Filter *f, Arena *a, int column, int op, int is_in, sqlite3_value *value){
  memset(f, 0, sizeof(*f));
  f->column = column;
  f->op = op;
  if( is_in ){
    if( (f->set = ARENA_NEW(a, FilterSet))==0 ) return SQLITE_NOMEM;
    return set_build(f->set, a, value);
  }
  if( op!=SQLITE_INDEX_CONSTRAINT_ISNULL && op!=SQLITE_INDEX_CONSTRAINT_ISNOTNULL ) f->value = copy_value(a, value);
  return a->oom ? SQLITE_NOMEM : SQLITE_OK;
}

void filter_compare(Filter *f, int column, int op, Value value){
  memset(f, 0, sizeof(*f));
  f->column = column;
  f->op = op;
  f->value = value;
}

int filter_in(Filter *f, Arena *a, int column, const Value *value, int n){
  filter_compare(f, column, SQLITE_INDEX_CONSTRAINT_EQ, value_null());
  if( (f->set = ARENA_NEW(a, FilterSet))==0 ) return SQLITE_NOMEM;
  for(int i=0; i<n; i++) if( set_add(f->set, a, &value[i])!=SQLITE_OK ) return SQLITE_NOMEM;
  return SQLITE_OK;
}

int filter_is_exact(const Filter *f, const Type *t){
  int is_int = type_is_integer(t) || t->kind==T_BOOLEAN, is_text = t->kind==T_VARCHAR;
  if( f->op==SQLITE_INDEX_CONSTRAINT_ISNULL || f->op==SQLITE_INDEX_CONSTRAINT_ISNOTNULL ) return 1;
  if( f->set ){
    if( f->set->has_other ) return 0;
    return (is_int && !f->set->has_text) || (is_text && !f->set->has_int);
  }
  switch( f->value.kind ){
    case V_NULL: return 1;
    case V_INT: return is_int;
    case V_TEXT: return is_text;
    case V_REAL:
      return f->athena_nan && f->op!=SQLITE_INDEX_CONSTRAINT_IS && (t->kind==T_DOUBLE || t->kind==T_REAL);
    default: return 0;
  }
}

/* -1, 0, 1; 2 where SQLite must decide.  NaN is text to SQLite. */
static int compare(const Value *a, const Value *b){
  int c;
  if( a->kind!=b->kind ) return 2;
  switch( a->kind ){
    case V_INT: return (a->i>b->i) - (a->i<b->i);
    case V_REAL: return isnan(a->r) || isnan(b->r) ? 2 : (a->r>b->r) - (a->r<b->r);
    case V_TEXT:
      c = memcmp(a->z, b->z, (size_t)(a->n<b->n ? a->n : b->n));
      if( c==0 ) c = a->n - b->n;
      return c<0 ? -1 : c>0;
    default: return 2;
  }
}

int filter_may_pass(const Filter *f, const Value *v){
  int is_null = v->kind==V_NULL, c;
  if( f->set ) return set_may_hold(f->set, v);
  switch( f->op ){
    case SQLITE_INDEX_CONSTRAINT_ISNULL: return is_null;
    case SQLITE_INDEX_CONSTRAINT_ISNOTNULL: return !is_null;
    case SQLITE_INDEX_CONSTRAINT_IS:
      if( is_null || f->value.kind==V_NULL ) return is_null && f->value.kind==V_NULL;
      break;
    default:
      if( is_null || f->value.kind==V_NULL ) return 0;
      break;
  }
  c = compare(v, &f->value);
  if( c==2 ){
    int is_nan = f->athena_nan && v->kind==V_REAL && f->value.kind==V_REAL;
    return !is_nan || f->op==SQLITE_INDEX_CONSTRAINT_NE;
  }
  switch( f->op ){
    case SQLITE_INDEX_CONSTRAINT_GT: return c>0;
    case SQLITE_INDEX_CONSTRAINT_GE: return c>=0;
    case SQLITE_INDEX_CONSTRAINT_LT: return c<0;
    case SQLITE_INDEX_CONSTRAINT_LE: return c<=0;
    case SQLITE_INDEX_CONSTRAINT_NE: return c!=0;
    default: return c==0;
  }
}
