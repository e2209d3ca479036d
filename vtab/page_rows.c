/*
** The rows of a leaf page: see pages.h.
**
** Nothing in a page is believed: offsets, lengths, varints and chains are
** checked against the page and the file, and what does not fit is
** SQLITE_CORRUPT.  Texts and blobs are not copied unless their row runs over
** into other pages.
*/
#include <math.h>
#include <string.h>
#include "pages.h"

#define ROW_BYTES_MAX 1000000000        /* SQLITE_MAX_LENGTH as Debian builds it */

static unsigned get2(const unsigned char *p){
  return (unsigned)p[0]<<8 | p[1];
}

static unsigned get4(const unsigned char *p){
  return get2(p)<<16 | get2(p+2);
}

/* A varint (1.6) that ends before `end`: where it ends, or NULL. */
static const unsigned char *get_varint(const unsigned char *p, const unsigned char *end, uint64_t *out){
  uint64_t v = 0;
  for(int i=0; i<8; i++){
    if( p>=end ) return 0;
    v = v<<7 | (*p&0x7f);
    if( (*p++&0x80)==0 ){
      *out = v;
      return p;
    }
  }
  if( p>=end ) return 0;
  *out = v<<8 | *p;
  return p+1;
}

int page_read(const PageTable *t, unsigned page, unsigned char *out){
  if( page<1 || page>t->n_page ) return SQLITE_CORRUPT;
  return t->file->pMethods->xRead(t->file, out, t->page_size, (sqlite3_int64)(page-1)*t->page_size);
}

int page_cells(const PageTable *t, const unsigned char *page, int type){
  int n = (int)get2(page+3), head = type==0x05 ? 12 : 8;
  return page[0]==type && head+2*n<=t->usable ? n : -1;
}

/* --- Payloads ------------------------------------------------------------------ */

/* How much of a payload its leaf page holds. */
static unsigned local_bytes(unsigned n, unsigned usable){
  unsigned least, local;
  if( n<=usable-35 ) return n;
  least = (usable-12)*32/255-23;
  local = least+(n-least)%(usable-4);
  return local<=usable-35 ? local : least;
}

/* A payload that runs over, put together in the arena. */
static int join_overflow(const PageTable *t, Arena *a, const unsigned char *local, unsigned n_local, unsigned n, const unsigned char **out){
  unsigned room = (unsigned)t->usable-4, next = get4(local+n_local);
  unsigned char *z, *page;
  if( (n-n_local)/room>t->n_page ) return SQLITE_CORRUPT;
  z = arena_alloc_raw(a, n+PAGE_SLACK);
  page = arena_alloc_raw(a, (size_t)t->page_size);
  if( z==0 || page==0 ) return SQLITE_NOMEM;
  memcpy(z, local, n_local);
  while( n_local<n ){
    unsigned here = n-n_local<room ? n-n_local : room;
    int rc = page_read(t, next, page);
    if( rc ) return rc;
    memcpy(z+n_local, page+4, here);
    n_local += here;
    next = get4(page);
  }
  *out = z;
  return SQLITE_OK;
}

/* --- Records ------------------------------------------------------------------- */

/* n bytes, 1 to 8; eight may be read (PAGE_SLACK). */
static int64_t get_integer(const unsigned char *p, unsigned n){
  uint64_t bits;
  memcpy(&bits, p, 8);
  return (int64_t)__builtin_bswap64(bits)>>(64-8*n);
}

/* The value of a serial type (2.1) whose bytes are there. */
static Value get_value(uint64_t serial, const unsigned char *p, unsigned n, int is_real){
  uint64_t bits;
  double r;
  int64_t i;
  switch( serial ){
    case 0: return value_null();
    case 7:
      memcpy(&bits, p, 8);
      bits = __builtin_bswap64(bits);
      memcpy(&r, &bits, 8);
      return isnan(r) ? value_null() : value_real(r);   /* as SQLite reads it */
    case 8: case 9: i = (int64_t)serial-8; break;
    case 1: case 2: case 3: case 4: case 5: case 6: i = get_integer(p, n); break;
    default:
      if( (serial&1)==0 ) return value_blob((const char*)p, n);
      if( is_real && n==3 && memcmp(p, "NaN", 3)==0 ) return value_real(NAN);
      return value_text((const char*)p, n);
  }
  return is_real ? value_real((double)i) : value_int(i);
}

/* The asked-for fields of a record.  A record may have fewer fields than the
** table columns: NULL then. */
static int read_record(const PageTable *t, const unsigned char *z, unsigned n, Value *cell){
  static const unsigned char sizes[12] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
  const unsigned char *end = z+n, *head, *head_end, *body;
  uint64_t n_head;
  int i = 0;
  head = get_varint(z, end, &n_head);
  if( head==0 || n_head>n || z+n_head<head ) return SQLITE_CORRUPT;
  head_end = body = z+n_head;
  for(; i<t->n_field && head<head_end; i++){
    uint64_t serial = *head, size;
    if( serial<0x80 ) head++;
    else head = get_varint(head, head_end, &serial);
    if( head==0 ) return SQLITE_CORRUPT;
    size = serial<12 ? sizes[serial] : (serial-12)/2;
    if( size>(uint64_t)(end-body) || serial==10 || serial==11 ) return SQLITE_CORRUPT;
    if( t->slot[i]>=0 ) cell[t->slot[i]] = get_value(serial, body, (unsigned)size, t->is_real[i]);
    body += size;
  }
  for(; i<t->n_field; i++) if( t->slot[i]>=0 ) cell[t->slot[i]] = value_null();
  return SQLITE_OK;
}

/* --- Leaves -------------------------------------------------------------------- */

static int read_cell(const PageTable *t, const unsigned char *page, unsigned at, Arena *a, Value *cell){
  const unsigned char *end = page+t->usable, *p;
  uint64_t n, rowid;
  unsigned local;
  int rc;
  p = get_varint(page+at, end, &n);
  if( p ) p = get_varint(p, end, &rowid);
  if( p==0 || n>ROW_BYTES_MAX ) return SQLITE_CORRUPT;
  local = local_bytes((unsigned)n, (unsigned)t->usable);
  if( local+(local<n ? 4 : 0)>(size_t)(end-p) ) return SQLITE_CORRUPT;
  if( local<n ){
    rc = join_overflow(t, a, p, local, (unsigned)n, &p);
    if( rc ) return rc;
  }
  return read_record(t, p, (unsigned)n, cell);
}

static int reserve_rows(RowBlock *b, int n, int *cap){
  Value *grown;
  int want = *cap ? *cap : 256;
  if( b->n+n<=*cap ) return SQLITE_OK;
  while( want<b->n+n ) want *= 2;
  grown = sqlite3_realloc64(b->cell, sizeof(Value)*(sqlite3_uint64)want*(sqlite3_uint64)b->width);
  if( grown==0 ) return SQLITE_NOMEM;
  b->cell = grown;
  *cap = want;
  return SQLITE_OK;
}

int page_rows(const PageTable *t, const unsigned char *page, Arena *a, RowBlock *b, int *cap){
  int n = page_cells(t, page, 0x0d);
  if( n<0 ) return SQLITE_CORRUPT;
  if( reserve_rows(b, n, cap) ) return SQLITE_NOMEM;
  for(int i=0; i<n; i++){
    unsigned at = get2(page+8+2*i);
    int rc;
    if( at<(unsigned)(8+2*n) || at>=(unsigned)t->usable ) return SQLITE_CORRUPT;
    rc = read_cell(t, page, at, a, b->cell+(size_t)b->n*(size_t)b->width);
    if( rc ) return rc;
    b->n++;
  }
  return SQLITE_OK;
}
