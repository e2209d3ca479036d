/*
** The first rows of an order: see group_top.h.
**
** A heap of at most TOP_ROWS rows, the last of the order on top; a row that comes
** after it is passed over.
*/
#include "group_top.h"
#include "group_key.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct TopRow {
  uint64_t number;              /* in order of arrival: decides among equals */
  Value *cell;
  char *bytes; size_t cap;      /* of its texts */
} TopRow;

struct Top {
  int limit, n_column;
  int n_key;
  struct { int column, descending, nulls_first; } key[TOP_KEYS];
  uint64_t arrived;
  int n;
  TopRow **row;                 /* a heap until top_end */
};

/* --- Order ------------------------------------------------------------------ */

static int compare_cells(const Value *a, const Value *b){
  int n, c;
  if( a->kind!=b->kind ) return a->kind<b->kind ? -1 : 1;
  switch( a->kind ){
    case V_INT: return (a->i>b->i) - (a->i<b->i);
    case V_REAL:
      if( isnan(a->r) || isnan(b->r) ) return (isnan(a->r)!=0) - (isnan(b->r)!=0);
      return (a->r>b->r) - (a->r<b->r);
    case V_TEXT: case V_BLOB:
      n = a->n<b->n ? a->n : b->n;
      c = n ? memcmp(a->z, b->z, (size_t)n) : 0;
      return c ? c : (a->n>b->n) - (a->n<b->n);
    default: return 0;
  }
}

static int compare_rows(const Top *t, const Value *a, const Value *b){
  for(int k=0; k<t->n_key; k++){
    const Value *x = &a[t->key[k].column], *y = &b[t->key[k].column];
    int c;
    if( x->kind==V_NULL || y->kind==V_NULL ){
      if( x->kind==y->kind ) continue;
      return (x->kind==V_NULL)==t->key[k].nulls_first ? -1 : 1;
    }
    c = compare_cells(x, y);
    if( c ) return t->key[k].descending ? -c : c;
  }
  return 0;
}

static int comes_after(const Top *t, const TopRow *a, const TopRow *b){
  int c = compare_rows(t, a->cell, b->cell);
  return c ? c>0 : a->number>b->number;
}

/* --- The heap --------------------------------------------------------------- */

static void sift_down(Top *t, int i){
  for(;;){
    int child = 2*i + 1;
    TopRow *row = t->row[i];
    if( child>=t->n ) return;
    if( child + 1<t->n && comes_after(t, t->row[child+1], t->row[child]) ) child++;
    if( comes_after(t, row, t->row[child]) ) return;
    t->row[i] = t->row[child];
    t->row[child] = row;
    i = child;
  }
}

static void sift_up(Top *t, int i){
  while( i>0 && comes_after(t, t->row[i], t->row[(i-1)/2]) ){
    TopRow *row = t->row[i];
    t->row[i] = t->row[(i-1)/2];
    t->row[(i-1)/2] = row;
    i = (i-1)/2;
  }
}

/* Copy the cells, texts too. */
static int put(const Top *t, TopRow *row, const Value *cell){
  size_t need = 0;
  char *z;
  for(int i=0; i<t->n_column; i++) if( cell[i].kind==V_TEXT || cell[i].kind==V_BLOB ) need += (size_t)cell[i].n;
  if( need>row->cap ){
    z = sqlite3_realloc64(row->bytes, need);
    if( z==0 ) return SQLITE_NOMEM;
    row->bytes = z;
    row->cap = need;
  }
  z = row->bytes;
  for(int i=0; i<t->n_column; i++){
    row->cell[i] = cell[i];
    if( cell[i].kind!=V_TEXT && cell[i].kind!=V_BLOB ) continue;
    if( cell[i].n ) memcpy(z, cell[i].z, (size_t)cell[i].n);
    row->cell[i].z = z;
    z += cell[i].n;
  }
  return SQLITE_OK;
}

static int add_row(Top *t, const Value *cell){
  TopRow *row;
  uint64_t number = t->arrived++;
  if( t->n==t->limit ){
    if( t->n==0 || compare_rows(t, cell, t->row[0]->cell)>=0 ) return SQLITE_OK;
    if( put(t, t->row[0], cell)!=SQLITE_OK ) return SQLITE_NOMEM;
    t->row[0]->number = number;
    sift_down(t, 0);
    return SQLITE_OK;
  }
  row = sqlite3_malloc64(sizeof(*row) + sizeof(Value)*(sqlite3_uint64)t->n_column);
  if( row==0 ) return SQLITE_NOMEM;
  memset(row, 0, sizeof(*row));
  row->cell = (Value*)(row + 1);
  row->number = number;
  if( put(t, row, cell)!=SQLITE_OK ){
    sqlite3_free(row);
    return SQLITE_NOMEM;
  }
  t->row[t->n++] = row;
  sift_up(t, t->n - 1);
  return SQLITE_OK;
}

int top_add(Top *t, const Value *cell, int n, int width){
  int rc = SQLITE_OK;
  for(int i=0; i<n && rc==SQLITE_OK; i++) rc = add_row(t, &cell[(size_t)i*(size_t)width]);
  return rc;
}

static int by_order(const void *pa, const void *pb, void *arg){
  const TopRow *a = *(TopRow*const*)pa, *b = *(TopRow*const*)pb;
  return comes_after(arg, a, b) ? 1 : -1;
}

void top_end(Top *t){
  qsort_r(t->row, (size_t)t->n, sizeof(*t->row), by_order, t);
}

uint32_t top_count(const Top *t){ return (uint32_t)t->n; }

Value top_value(const Top *t, uint32_t row, int i){ return t->row[row]->cell[i]; }

/* --- Opening ---------------------------------------------------------------- */

/* "C[d][f],…"; where it ends, or NULL. */
static const char *read_keys(Top *t, const char *z){
  for(; t->n_key<TOP_KEYS; z++){
    char *end;
    long column = strtol(z, &end, 10);
    if( end==z || column<0 || column>=GROUP_COLUMNS ) return 0;
    t->key[t->n_key].column = (int)column;
    z = end;
    if( (t->key[t->n_key].descending = *z=='d')!=0 ) z++;
    if( (t->key[t->n_key].nulls_first = *z=='f')!=0 ) z++;
    t->n_key++;
    if( *z!=',' ) return z;
  }
  return 0;
}

int top_open(const char *text, GroupSpec *spec, Top **out){
  Top *t = sqlite3_malloc64(sizeof(*t));
  char *end;
  const char *z;
  long limit = strtol(text + 4, &end, 10);
  int is_good = 0;
  if( t==0 ) return SQLITE_NOMEM;
  memset(t, 0, sizeof(*t));
  memset(spec, 0, sizeof(*spec));
  z = strncmp(end, " by ", 4)==0 ? read_keys(t, end + 4) : 0;
  if( z && strncmp(z, " of ", 4)==0 && limit>=0 && limit<=TOP_ROWS ){
    for(z += 4; (*z=='r' || *z=='-') && spec->n_column<GROUP_COLUMNS; z++) spec->is_real[spec->n_column++] = *z=='r';
    is_good = *z==0 && spec->n_column>0;
  }
  for(int k=0; k<t->n_key; k++) is_good &= t->key[k].column<spec->n_column;
  t->limit = (int)limit;
  t->n_column = spec->n_column;
  if( is_good ) t->row = sqlite3_malloc64(sizeof(*t->row)*((sqlite3_uint64)limit + 1));
  if( t->row==0 ){
    sqlite3_free(t);
    return is_good ? SQLITE_NOMEM : SQLITE_ERROR;
  }
  *out = t;
  return SQLITE_OK;
}

void top_free(Top *t){
  if( t==0 ) return;
  for(int i=0; i<t->n; i++){
    sqlite3_free(t->row[i]->bytes);
    sqlite3_free(t->row[i]);
  }
  sqlite3_free(t->row);
  sqlite3_free(t);
}
