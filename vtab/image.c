/*
** Table images: see image.h.  Section numbers are of
** https://www.sqlite.org/fileformat2.html.
**
** Pages are written in the order in which they fill: page 1 is kept for the
** schema, leaves and their overflow pages follow, then the interior pages,
** level by level; the last page is the root.  A row whose cell fits its page is
** written there at once, cells growing from the page's end; a longer one is
** made in `scratch` and cut.
**
** The rowids are 1, 2, 3, …; the transfer gives new ones.
*/
#include <math.h>
#include <string.h>
#include "affinity.h"
#include "image.h"

#define COLUMN_MAX 32767        /* SQLITE_LIMIT_COLUMN's upper bound */
#define ROW_BYTES_MAX 1000000000        /* SQLITE_MAX_LENGTH as Debian builds it */
#define LEVEL_MAX 20            /* of interior pages */
#define FIRST_ROOM (1<<18)      /* bytes of an image at first */

struct ImageShape {
  int n_column, page_size;
  char *affinity;               /* an Affinity for each column */
  char *sql;                    /* of the image's table */
};

/* A cell, made ready: what its header says and what its body holds. */
typedef struct Planned {
  unsigned serial;              /* serial type (2.1) */
  unsigned n;                   /* bytes of the body */
  int64_t bits;                 /* of a number */
  const char *z;                /* of text or blob */
} Planned;

/* A page and the last rowid below it. */
typedef struct Child { unsigned page; int64_t key; } Child;

struct Image {
  const ImageShape *shape;
  unsigned char *z;             /* the pages */
  size_t cap;
  unsigned n_page;
  unsigned leaf;                /* page being filled; 0: none */
  int n_cell;                   /* of it */
  unsigned content;             /* where its cells begin */
  int64_t rows;
  Child *child;                 /* the leaves */
  int n_child, child_cap;
  Planned *plan;
  unsigned char *scratch;
  size_t scratch_cap;
  int is_finished;
};

/* --- Numbers ------------------------------------------------------------------ */

static void put2(unsigned char *p, unsigned v){
  p[0] = (unsigned char)(v>>8);
  p[1] = (unsigned char)v;
}

static void put4(unsigned char *p, unsigned v){
  put2(p, v>>16);
  put2(p+2, v);
}

static int varint_bytes(uint64_t v){
  int n = 1;
  while( n<9 && (v >>= 7)!=0 ) n++;
  return n;
}

/* No number here needs the ninth byte: sizes, serial types and rowids are
** below 2^56. */
static unsigned char *put_varint(unsigned char *p, uint64_t v){
  int n = varint_bytes(v);
  for(int i=n-1; i>=0; i--, v>>=7) p[i] = (unsigned char)((v&0x7f) | (i<n-1 ? 0x80 : 0));
  return p+n;
}

/* --- Shapes ------------------------------------------------------------------- */

static const char *affinity_name(char affinity){
  switch( affinity ){
    case AFF_TEXT: return "TEXT";
    case AFF_NUMERIC: return "NUM";
    case AFF_INTEGER: return "INT";
    case AFF_REAL: return "REAL";
  }
  return "";
}

int image_shape_of(int n_column, const char *const *declared, int page_size, ImageShape **out){
  const size_t word = sizeof(",c32767 TEXT"), n = (size_t)n_column;
  ImageShape *s;
  char *p;
  *out = 0;
  if( n_column<1 || n_column>COLUMN_MAX || page_size<512 || page_size>65536 || (page_size&(page_size-1)) ) return SQLITE_MISUSE;
  s = sqlite3_malloc64(sizeof(*s) + n + n*word + 32);
  if( s==0 ) return SQLITE_NOMEM;
  s->n_column = n_column;
  s->page_size = page_size;
  s->affinity = (char*)(s+1);
  p = s->sql = s->affinity + n;
  for(int i=0; i<n_column; i++){
    s->affinity[i] = (char)affinity_of(declared[i]);
    sqlite3_snprintf((int)word+20, p, "%s%sc%d %s", i ? "" : "CREATE TABLE t(", i ? "," : "", i, affinity_name(s->affinity[i]));
    p += strlen(p);
  }
  memcpy(p, ")", 2);
  *out = s;
  return SQLITE_OK;
}

/* --- What SQLite would store -------------------------------------------------- */

static void plan_integer(Planned *p, int64_t i){
  static const unsigned char size[] = {0, 1, 2, 3, 4, 6, 8};
  uint64_t u = i<0 ? ~(uint64_t)i : (uint64_t)i;
  p->bits = i;
  if( u<=1 && i>=0 ){
    p->serial = 8+(unsigned)u;
    p->n = 0;
    return;
  }
  p->serial = u<=0x7f ? 1 : u<=0x7fff ? 2 : u<=0x7fffff ? 3 : u<=0x7fffffff ? 4 : u<=0x7fffffffffff ? 5 : 6;
  p->n = size[p->serial];
}

static void plan_double(Planned *p, double r){
  p->serial = 7;
  p->n = 8;
  memcpy(&p->bits, &r, 8);
}

static void plan_text(Planned *p, const char *z, int n){
  p->serial = 13+2*(unsigned)n;
  p->n = (unsigned)n;
  p->z = z;
}

/* A whole number in a column of doubles lies as an integer if that is shorter. */
static void plan_whole(Planned *p, char affinity, int64_t i){
  plan_integer(p, i);
  if( affinity==AFF_REAL && p->serial==6 ) plan_double(p, (double)i);
}

static int plan_real(Planned *p, char affinity, double r){
  const double limit = 9223372036854775808.0;
  if( isnan(r) ) plan_text(p, "NaN", 3);
  else if( affinity==AFF_TEXT ) return SQLITE_MISMATCH;
  else if( affinity==AFF_BLOB || !(r>-limit && r<limit) || r!=(double)(int64_t)r ) plan_double(p, r);
  else plan_whole(p, affinity, (int64_t)r);
  return SQLITE_OK;
}

static int is_blank(char c){
  return c==' ' || (c>='\t' && c<='\r');
}

/* Could a column of numbers take it for one?  Digits, signs and dots in an
** order that no date has. */
static int looks_numeric(const char *z, int n){
  int i = 0, digits = 0;
  while( i<n && is_blank(z[i]) ) i++;
  if( i<n && (z[i]=='-' || z[i]=='+') ) i++;
  for(; i<n && z[i]>='0' && z[i]<='9'; i++) digits = 1;
  if( i<n && z[i]=='.' ) for(i++; i<n && z[i]>='0' && z[i]<='9'; i++) digits = 1;
  if( !digits ) return 0;
  if( i<n && (z[i]=='e' || z[i]=='E') ){
    if( ++i<n && (z[i]=='-' || z[i]=='+') ) i++;
    while( i<n && z[i]>='0' && z[i]<='9' ) i++;
  }
  while( i<n && is_blank(z[i]) ) i++;
  return i==n;
}

static int plan_cell(Planned *p, char affinity, const Value *v){
  p->z = 0;
  switch( v->kind ){
    case V_NULL:
      p->serial = p->n = 0;
      return SQLITE_OK;
    case V_INT:
      if( affinity==AFF_TEXT ) return SQLITE_MISMATCH;
      plan_whole(p, affinity, v->i);
      return SQLITE_OK;
    case V_REAL:
      return plan_real(p, affinity, v->r);
    case V_TEXT:
      if( affinity>=AFF_NUMERIC && looks_numeric(v->z, v->n) ) return SQLITE_MISMATCH;
      plan_text(p, v->z, v->n);
      return SQLITE_OK;
    case V_BLOB:
      plan_text(p, v->z, v->n);
      p->serial--;
      return SQLITE_OK;
    default:
      return SQLITE_MISMATCH;
  }
}

typedef struct Record { int n_head; uint64_t n; } Record;       /* bytes of the header, of all */

static int plan_row(const ImageShape *s, Planned *p, const Value *cell, Record *out){
  uint64_t head = 0, body = 0;
  for(int i=0; i<s->n_column; i++){
    int rc = plan_cell(&p[i], s->affinity[i], &cell[i]);
    if( rc ) return rc;
    head += p[i].serial<0x80 ? 1 : (uint64_t)varint_bytes(p[i].serial);
    body += p[i].n;
  }
  /* The header's length counts itself. */
  if( head<=126 ) head++;
  else{
    int n = varint_bytes(head);
    head += (uint64_t)n;
    if( n<varint_bytes(head) ) head++;
  }
  out->n_head = (int)head;
  out->n = head+body;
  return out->n>ROW_BYTES_MAX ? SQLITE_TOOBIG : SQLITE_OK;
}

static void write_record(unsigned char *out, const Record *r, int n, const Planned *p){
  unsigned char *head = put_varint(out, (uint64_t)r->n_head);
  unsigned char *body = out+r->n_head;
  for(int i=0; i<n; i++){
    unsigned size = p[i].n;
    if( p[i].serial<0x80 ) *head++ = (unsigned char)p[i].serial;
    else head = put_varint(head, p[i].serial);
    if( size==0 ) continue;
    if( p[i].serial<12 ){
      uint64_t bits = __builtin_bswap64((uint64_t)p[i].bits);
      memcpy(body, (char*)&bits+8-size, size);
    }else{
      memcpy(body, p[i].z, size);
    }
    body += size;
  }
}

/* --- Pages -------------------------------------------------------------------- */

static unsigned char *page_at(const Image *g, unsigned page){
  return g->z + (size_t)(page-1)*(size_t)g->shape->page_size;
}

/* Room for so many more pages. */
static int reserve(Image *g, size_t pages){
  size_t need = (g->n_page+pages)*(size_t)g->shape->page_size, cap = g->cap ? g->cap : FIRST_ROOM;
  unsigned char *grown;
  if( need<=g->cap ) return SQLITE_OK;
  while( cap<need ) cap *= 2;
  grown = sqlite3_realloc64(g->z, cap);
  if( grown==0 ) return SQLITE_NOMEM;
  g->z = grown;
  g->cap = cap;
  return SQLITE_OK;
}

static int reserve_scratch(Image *g, size_t n){
  unsigned char *grown;
  if( n<=g->scratch_cap ) return SQLITE_OK;
  grown = sqlite3_realloc64(g->scratch, n);
  if( grown==0 ) return SQLITE_NOMEM;
  g->scratch = grown;
  g->scratch_cap = n;
  return SQLITE_OK;
}

/* One more child of the level above; its key is known when it is full. */
static int reserve_child(Image *g){
  Child *grown;
  int cap = g->child_cap ? g->child_cap*2 : 64;
  if( g->n_child<g->child_cap ) return SQLITE_OK;
  grown = sqlite3_realloc64(g->child, sizeof(Child)*(sqlite3_uint64)cap);
  if( grown==0 ) return SQLITE_NOMEM;
  g->child = grown;
  g->child_cap = cap;
  return SQLITE_OK;
}

/* The header of a b-tree page (1.6). */
static void page_header(const Image *g, unsigned page, int at, int type, int n_cell, unsigned content){
  unsigned char *p = page_at(g, page)+at;
  p[0] = (unsigned char)type;
  put2(p+1, 0);
  put2(p+3, (unsigned)n_cell);
  put2(p+5, content&0xffff);      /* 65536 is written as 0 */
  p[7] = 0;
}

static void end_leaf(Image *g){
  if( g->leaf==0 ) return;
  page_header(g, g->leaf, 0, 0x0d, g->n_cell, g->content);
  g->child[g->n_child++] = (Child){ g->leaf, g->rows };
  g->leaf = 0;
}

static int begin_leaf(Image *g){
  if( reserve_child(g) || reserve(g, 1) ) return SQLITE_NOMEM;
  g->leaf = ++g->n_page;
  g->n_cell = 0;
  g->content = (unsigned)g->shape->page_size;
  return SQLITE_OK;
}

/* How much of a payload its leaf page holds (1.6, "payload"). */
static uint64_t local_bytes(uint64_t n, uint64_t usable){
  uint64_t least, local;
  if( n<=usable-35 ) return n;
  least = (usable-12)*32/255-23;
  local = least+(n-least)%(usable-4);
  return local<=usable-35 ? local : least;
}

static size_t overflow_pages(uint64_t n, uint64_t usable){
  uint64_t local = local_bytes(n, usable);
  return (size_t)((n-local+usable-5)/(usable-4));
}

/* A payload's rest in a chain of new pages, which are reserved. */
static unsigned write_overflow(Image *g, const unsigned char *z, size_t n){
  size_t room = (size_t)g->shape->page_size-4;
  unsigned first = g->n_page+1;
  while( n ){
    size_t here = n<room ? n : room;
    unsigned char *p = page_at(g, ++g->n_page);
    put4(p, n>here ? g->n_page+1 : 0);
    memcpy(p+4, z, here);
    z += here;
    n -= here;
  }
  return first;
}

/* The cell of the planned row, which has its room, into the page that holds
** content from *content on; overflow pages and scratch are reserved. */
static void put_cell(Image *g, unsigned page, int pointer, unsigned *content, int n_column, const Record *r, int64_t key){
  uint64_t local = local_bytes(r->n, (uint64_t)g->shape->page_size);
  unsigned size = (unsigned)varint_bytes(r->n)+(unsigned)varint_bytes((uint64_t)key)+(unsigned)local+(local<r->n ? 4 : 0);
  unsigned char *base = page_at(g, page), *p;
  *content -= size;
  put2(base+pointer, *content);
  p = put_varint(base+*content, r->n);
  p = put_varint(p, (uint64_t)key);
  if( local==r->n ){
    write_record(p, r, n_column, g->plan);
    return;
  }
  write_record(g->scratch, r, n_column, g->plan);
  memcpy(p, g->scratch, local);
  put4(p+local, write_overflow(g, g->scratch+local, (size_t)(r->n-local)));
}

/* --- Rows --------------------------------------------------------------------- */

int image_open(const ImageShape *s, Image **out){
  Image *g = sqlite3_malloc64(sizeof(*g)+sizeof(Planned)*(sqlite3_uint64)(s->n_column<5 ? 5 : s->n_column));
  *out = 0;
  if( g==0 ) return SQLITE_NOMEM;
  memset(g, 0, sizeof(*g));
  g->shape = s;
  g->plan = (Planned*)(g+1);
  g->n_page = 1;                /* the schema's */
  *out = g;
  return SQLITE_OK;
}

/* Memory for a cell that its page cannot hold whole. */
static int reserve_overflow(Image *g, const Record *r){
  size_t pages = overflow_pages(r->n, (uint64_t)g->shape->page_size);
  if( pages==0 ) return SQLITE_OK;
  return reserve(g, pages) || reserve_scratch(g, (size_t)r->n) ? SQLITE_NOMEM : SQLITE_OK;
}

int image_add(Image *g, const Value *cell){
  Record r;
  uint64_t usable = (uint64_t)g->shape->page_size, local;
  unsigned size;
  int rc = plan_row(g->shape, g->plan, cell, &r);
  if( rc ) return rc;
  if( g->rows && image_bytes(g)+r.n+4*usable>IMAGE_BYTES_MAX ) return SQLITE_FULL;
  local = local_bytes(r.n, usable);
  size = (unsigned)varint_bytes(r.n)+(unsigned)varint_bytes((uint64_t)g->rows+1)+(unsigned)local+(local<r.n ? 4 : 0);
  if( g->leaf && 8+2*(unsigned)(g->n_cell+1)+size>g->content ) end_leaf(g);
  if( g->leaf==0 && begin_leaf(g) ) return SQLITE_NOMEM;
  if( local<r.n && reserve_overflow(g, &r) ) return SQLITE_NOMEM;
  put_cell(g, g->leaf, 8+2*g->n_cell, &g->content, g->shape->n_column, &r, g->rows+1);
  g->n_cell++;
  g->rows++;
  return SQLITE_OK;
}

sqlite3_int64 image_rows(const Image *g){
  return g->rows;
}

size_t image_bytes(const Image *g){
  return g->n_page*(size_t)g->shape->page_size;
}

/* --- The end ------------------------------------------------------------------ */

/* An interior page (1.6) over n children, at least two. */
static void write_interior(Image *g, const Child *child, int n){
  unsigned page = ++g->n_page, content = (unsigned)g->shape->page_size;
  unsigned char *base = page_at(g, page);
  for(int i=0; i<n-1; i++){
    content -= 4+(unsigned)varint_bytes((uint64_t)child[i].key);
    put2(base+12+2*i, content);
    put4(base+content, child[i].page);
    put_varint(base+content+4, (uint64_t)child[i].key);
  }
  put4(base+8, child[n-1].page);
  page_header(g, page, 0, 0x05, n-1, content);
}

/* Interior pages over the children until one page is left, the root. */
static int write_levels(Image *g){
  /* A cell: pointer, child, key of at most 9 bytes. */
  int most = (g->shape->page_size-12)/15+1;
  while( g->n_child>1 ){
    int pages = (g->n_child+most-1)/most, done = 0;
    if( reserve(g, (size_t)pages) ) return SQLITE_NOMEM;
    for(int i=0; i<pages; i++){
      int n = (g->n_child-done)/(pages-i);
      write_interior(g, g->child+done, n);
      g->child[i] = (Child){ g->n_page, g->child[done+n-1].key };
      done += n;
    }
    g->n_child = pages;
  }
  return SQLITE_OK;
}

/* The database header (1.3). */
static void write_file_header(const Image *g){
  unsigned char *p = g->z;
  memset(p, 0, 100);
  memcpy(p, "SQLite format 3", 16);
  put2(p+16, g->shape->page_size==65536 ? 1 : (unsigned)g->shape->page_size);
  p[18] = p[19] = 1;            /* rollback journal */
  p[21] = 64;
  p[22] = p[23] = 32;
  put4(p+24, 1);                /* change counter */
  put4(p+28, g->n_page);
  put4(p+40, 1);                /* schema cookie */
  put4(p+44, 4);                /* schema format */
  put4(p+56, 1);                /* UTF-8 */
  put4(p+92, 1);                /* the change counter that the size is valid for */
  put4(p+96, (unsigned)sqlite3_libversion_number());
}

/* Page 1: the row of sqlite_schema. */
static int write_schema(Image *g, unsigned root){
  const char *sql = g->shape->sql;
  Record r;
  const Value cell[5] = { value_text("table", 5), value_text("t", 1), value_text("t", 1), value_int(root), value_text(sql, strlen(sql)) };
  char affinity[5] = {AFF_TEXT, AFF_TEXT, AFF_TEXT, AFF_INTEGER, AFF_TEXT};
  ImageShape schema = { 5, g->shape->page_size, affinity, 0 };
  unsigned content = (unsigned)g->shape->page_size;
  int rc = plan_row(&schema, g->plan, cell, &r);
  if( rc || reserve_overflow(g, &r) ) return rc ? rc : SQLITE_NOMEM;
  put_cell(g, 1, 108, &content, 5, &r, 1);
  page_header(g, 1, 100, 0x0d, 1, content);
  write_file_header(g);
  return SQLITE_OK;
}

int image_finish(Image *g){
  int rc;
  if( g->is_finished ) return SQLITE_OK;
  if( g->rows==0 && g->leaf==0 && begin_leaf(g) ) return SQLITE_NOMEM;
  end_leaf(g);
  if( write_levels(g) ) return SQLITE_NOMEM;
  rc = write_schema(g, g->child[0].page);
  g->is_finished = rc==SQLITE_OK;
  return rc;
}

const unsigned char *image_data(const Image *g, size_t *n){
  *n = image_bytes(g);
  return g->z;
}

void image_close(Image *g){
  if( g==0 ) return;
  sqlite3_free(g->z);
  sqlite3_free(g->child);
  sqlite3_free(g->scratch);
  sqlite3_free(g);
}

unsigned char *image_take(Image *g, size_t *n){
  unsigned char *z = g->z;
  *n = image_bytes(g);
  g->z = 0;
  g->cap = 0;
  return z;
}
