/*
** Rows of blocks as JSON lines: byte for byte what json_row.c writes of the
** same rows, in any thread, without asking SQLite for each value.
**
** Room for a whole row is taken at once, for the longest that its numbers and
** escaped texts could become; then bytes are put without looking at the end.
** Texts longer than LONG_TEXT, and types that need their values (containers,
** reals, a value of another kind than its column's) go through json_value.c.
*/
#include <math.h>
#include <string.h>
#include "json_cells.h"
#include "output.h"
#include "../vtab/number.h"

#define LONG_TEXT (1<<20)
#define NUMBER_ROOM 40          /* bytes that a number or word may touch */
#define ESCAPED 6               /* bytes of \u001F */
#define SHORT_KEY 32            /* up to here a key is copied with what lies behind it: a Buf has at least 64 bytes */

/* --- Texts --------------------------------------------------------------------- */

/* Has one of eight bytes to be escaped?  Its high bit is left set then. */
static uint64_t escapes(uint64_t w){
  const uint64_t ones = UINT64_C(0x0101010101010101), high = UINT64_C(0x8080808080808080);
  uint64_t quote = w ^ ones*'"', back = w ^ ones*'\\';
  return (((w-ones*0x20) & ~w) | ((quote-ones) & ~quote) | ((back-ones) & ~back)) & high;
}

/* A byte that has to be escaped. */
static __attribute__((noinline)) char *put_escape(char *p, unsigned char c){
  static const char hex[] = "0123456789ABCDEF";
  static const char named[] = {['\b']='b', ['\t']='t', ['\n']='n', ['\f']='f', ['\r']='r'};
  *p++ = '\\';
  if( c>=0x20 ) *p++ = (char)c;
  else if( c<sizeof(named) && named[c] ) *p++ = named[c];
  else{
    memcpy(p, "u00", 3);
    p[3] = hex[c>>4];
    p[4] = hex[c&15];
    p += 5;
  }
  return p;
}

static char *put_bytes(char *p, const char *z, const char *end){
  for(; z<end; z++){
    unsigned char c = (unsigned char)*z;
    if( c>=0x20 && c!='"' && c!='\\' ) *p++ = (char)c;
    else p = put_escape(p, c);
  }
  return p;
}

static char *put_text(char *p, const char *z, size_t n){
  const char *end = z+n;
  uint64_t w;
  int plain = 0;                /* the eight bytes before were put as they are */
  *p++ = '"';
  for(; end-z>=8; z+=8){
    memcpy(&w, z, 8);
    plain = escapes(w)==0;
    if( plain ){
      memcpy(p, &w, 8);
      p += 8;
    }else{
      p = put_bytes(p, z, z+8);
    }
  }
  if( z<end && plain ){
    /* The last eight bytes at once; some are there already. */
    memcpy(&w, end-8, 8);
    if( escapes(w)==0 ){
      memcpy(p+(end-z)-8, &w, 8);
      p += end-z;
      z = end;
    }
  }
  p = put_bytes(p, z, end);
  *p++ = '"';
  return p;
}

/* --- Cells ---------------------------------------------------------------------- */

static char *put_key(char *p, const char *key, size_t n){
  if( n<=SHORT_KEY ) memcpy(p, key, SHORT_KEY);
  else memcpy(p, key, n);
  return p+n;
}

/* A value that needs its type: loaded from its stored form first. */
static int add_value(Buf *b, Arena *scratch, const Type *t, const Value *stored){
  Value v = *stored, loaded;
  if( t->kind==T_DOUBLE || t->kind==T_REAL ){
    if( v.kind==V_INT ) v = value_real((double)v.i);
    else if( v.kind==V_TEXT ) v = value_real(NAN);
  }
  if( value_load(scratch, t, &v, &loaded) || !json_fits(t, &loaded) ) return 1;
  if( scratch->oom ) b->oom = 1;
  else json_value(b, t, &loaded);
  arena_reset(scratch);
  return 0;
}

/* Put a cell whose form is simple; NULL when it is not. */
static char *put_cell(char *p, JsonForm form, const Value *v){
  size_t n = (size_t)v->n;
  switch( v->kind ){
    case V_NULL:
      memcpy(p, "null", 4);
      return p+4;
    case V_INT:
      if( form==FORM_NUMBER ) return number_put_integer(p, v->i);
      if( form!=FORM_BOOLEAN ) return 0;
      memcpy(p, v->i ? "true\0" : "false", 6);
      return p+(v->i ? 4 : 5);
    case V_REAL: {
      char *end;
      if( form!=FORM_DOUBLE || !isfinite(v->r) ) return 0;
      end = number_put_short(p, v->r);
      return end ? end : p+number_double_text(v->r, p);
    }
    case V_TEXT: case V_BLOB:
      if( form==FORM_VALUE || form==FORM_DOUBLE || n>LONG_TEXT ) return 0;
      if( form==FORM_TIMESTAMP && n && memchr(v->z, '.', n) ){
        while( v->z[n-1]=='0' ) n--;
        if( v->z[n-1]=='.' ) n--;
      }
      if( form!=FORM_BARE ) return put_text(p, v->z, n);
      if( n ) memcpy(p, v->z, n);
      return p+n;
    default:
      return 0;
  }
}

/* The forms that put_cell does not know. */
static int add_cell(Buf *b, Arena *scratch, const JsonColumn *c, const Value *v){
  size_t n = (size_t)v->n;
  if( c->form==FORM_VALUE || c->form==FORM_DOUBLE || (v->kind!=V_TEXT && v->kind!=V_BLOB) ) return add_value(b, scratch, c->type, v);
  if( c->form==FORM_TIMESTAMP && n && memchr(v->z, '.', n) ){
    while( v->z[n-1]=='0' ) n--;
    if( v->z[n-1]=='.' ) n--;
  }
  if( c->form==FORM_BARE ) buf_add(b, v->z, n);
  else json_string(b, v->z, n);
  return 0;
}

/* --- Rows ----------------------------------------------------------------------- */


/* Bytes that a row may touch, its long texts aside. */
static size_t row_room(const JsonCells *j, const Value *cell, size_t fixed){
  size_t n = fixed;
  for(int i=0; i<j->n; i++){
    if( cell[i].kind>=V_TEXT && cell[i].n<=LONG_TEXT ) n += ESCAPED*(size_t)cell[i].n;
  }
  return n;
}

static size_t fixed_room(const JsonCells *j){
  size_t n = SHORT_KEY+8;
  for(int i=0; i<j->n; i++) n += j->column[i].n_key+NUMBER_ROOM;
  return n;
}

/* A row; the column that cannot be written, or -1. */
static int add_row(Buf *b, Arena *scratch, const JsonCells *j, const Value *cell, size_t fixed){
  size_t room = row_room(j, cell, fixed);
  char *p = buf_room(b, room);
  if( p==0 ) return -1;
  for(int i=0; i<j->n; i++){
    const JsonColumn *c = &j->column[i];
    char *end;
    *p++ = i ? ',' : '{';
    p = put_key(p, c->key, c->n_key);
    end = put_cell(p, c->form, &cell[i]);
    if( end==0 ){
      b->n = (size_t)(p-b->z);
      if( add_cell(b, scratch, c, &cell[i]) ) return i;
      end = buf_room(b, room);
      if( end==0 ) return -1;
    }
    p = end;
  }
  memcpy(p, "}\n", 2);
  b->n = (size_t)(p+2-b->z);
  return -1;
}

static int map_block(void *arg, RowBlock *block, int hand){
  const JsonCells *j = arg;
  JsonLines *l = sqlite3_malloc64(sizeof(*l));
  size_t fixed = fixed_room(j);
  Arena scratch;
  (void)hand;
  if( l==0 ) return 1;
  arena_init(&scratch);
  buf_init(&l->text, 0);
  l->bad = -1;
  block->product = l;
  buf_room(&l->text, (size_t)block->n*(fixed/2));       /* about what it takes; else it grows */
  for(int r=0; r<block->n && l->bad<0 && !l->text.oom; r++){
    l->bad = add_row(&l->text, &scratch, j, block->cell+(size_t)r*(size_t)block->width, fixed);
  }
  arena_free(&scratch);
  return l->text.oom;
}

static void free_lines(void *arg, void *product){
  JsonLines *l = product;
  (void)arg;
  buf_free(&l->text);
  sqlite3_free(l);
}

RowMap json_cells_map(const JsonCells *j){
  return (RowMap){ map_block, free_lines, (void*)(uintptr_t)j };
}
