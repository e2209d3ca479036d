/*
** Results for people: boxes on a terminal, Markdown tables.
**
** The widths of a box come from its first BOX_HELD rows; later rows are
** written as they come, wider cells push their line out.  Markdown is not
** aligned.  Control characters print as pictures would break the frame: a
** line break in a cell shows as a blank.
*/
#include <string.h>
#include "output.h"
#include "output_format.h"

#define BOX_HELD 2000

/* Columns that a text takes: code points, those of East Asian width as two. */
static int display_width(const char *z){
  int n = 0;
  while( *z ){
    unsigned char c = (unsigned char)*z;
    unsigned cp = c;
    int more = c<0x80 ? 0 : c>=0xf0 ? 3 : c>=0xe0 ? 2 : 1;
    if( more ) cp = c & (0x3fu>>more);
    for(z++; more>0 && ((unsigned char)*z & 0xc0)==0x80; more--, z++) cp = cp<<6 | ((unsigned char)*z & 0x3fu);
    n += (cp>=0x1100 && cp<=0x115f) || (cp>=0x2e80 && cp<=0xa4cf) || (cp>=0xac00 && cp<=0xd7a3)
      || (cp>=0xf900 && cp<=0xfaff) || (cp>=0xfe30 && cp<=0xfe6f) || (cp>=0xff00 && cp<=0xff60)
      || (cp>=0x1f300 && cp<=0x1faff) || (cp>=0x20000 && cp<=0x3fffd) ? 2 : 1;
  }
  return n;
}

static int is_number(const Type *t){
  return type_is_numeric(t);
}

/* The texts of a row; NULL prints as nothing. */
static char **cells(Output *o, const Value *v){
  char **z = ARENA_ARRAY(o->arena, char*, o->n_column+1);
  for(int i=0; i<o->n_column; i++){
    Buf b;
    buf_init(&b, o->arena);
    output_cell(&b, o->column[i].type, &v[i]);
    z[i] = b.z ? b.z : arena_strdup(o->arena, "");
    for(char *p=z[i]; *p; p++) if( (unsigned char)*p<0x20 ) *p = ' ';
  }
  return z;
}

static void repeat(Buf *b, const char *z, int n){
  while( n-->0 ) buf_str(b, z);
}

static void rule(Output *o, const char *left, const char *middle, const char *right){
  buf_str(&o->buf, left);
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_str(&o->buf, middle);
    repeat(&o->buf, "─", o->width[i]+2);
  }
  buf_str(&o->buf, right);
  buf_char(&o->buf, '\n');
}

static void line(Output *o, char *const *z, int is_header){
  for(int i=0; i<o->n_column; i++){
    int pad = o->width[i] - display_width(z[i]);
    int right = !is_header && is_number(o->column[i].type);
    buf_str(&o->buf, "│ ");
    if( right ) repeat(&o->buf, " ", pad);
    buf_str(&o->buf, z[i]);
    if( !right ) repeat(&o->buf, " ", pad);
    buf_char(&o->buf, ' ');
  }
  buf_str(&o->buf, "│\n");
}

/* Fix the widths and write the head and the rows held so far. */
static void start(Output *o){
  char **head = ARENA_ARRAY(o->arena, char*, o->n_column+1);
  o->width = ARENA_ARRAY(o->arena, int, o->n_column+1);
  for(int i=0; i<o->n_column; i++){
    head[i] = arena_strdup(o->arena, o->column[i].name);
    o->width[i] = display_width(head[i]);
    for(int r=0; r<o->n_held; r++){
      int w = display_width(o->held[r][i]);
      if( w>o->width[i] ) o->width[i] = w;
    }
  }
  rule(o, "┌", "┬", "┐");
  line(o, head, 1);
  rule(o, "├", "┼", "┤");
  for(int r=0; r<o->n_held; r++) line(o, o->held[r], 0);
}

void box_begin(Output *o){
  (void)o;
}

void box_row(Output *o, const Value *v){
  char **z;
  if( o->width ){
    Arena *kept = o->arena;
    Arena row;
    arena_init(&row);
    o->arena = &row;
    z = cells(o, v);
    if( row.oom ) o->buf.oom = 1;
    else line(o, z, 0);
    o->arena = kept;
    arena_free(&row);
    return;
  }
  if( o->held==0 ) o->held = ARENA_ARRAY(o->arena, char**, BOX_HELD);
  o->held[o->n_held++] = cells(o, v);
  if( o->n_held==BOX_HELD ) start(o);
}

void box_end(Output *o){
  if( o->kind==RESULT_UPDATE || o->n_column==0 ) return;
  if( o->width==0 ) start(o);
  rule(o, "└", "┴", "┘");
}

/* --- Markdown ---------------------------------------------------------------------- */

static void markdown_cell(Buf *b, const char *z){
  for(; *z; z++){
    if( *z=='|' ) buf_char(b, '\\');
    buf_char(b, *z);
  }
}

void markdown_begin(Output *o){
  if( o->kind==RESULT_UPDATE || o->n_column==0 ) return;
  if( o->results ) buf_char(&o->buf, '\n');
  for(int i=0; i<o->n_column; i++){
    buf_str(&o->buf, i ? " | " : "| ");
    markdown_cell(&o->buf, o->column[i].name);
  }
  buf_str(&o->buf, " |\n");
  for(int i=0; i<o->n_column; i++) buf_str(&o->buf, is_number(o->column[i].type) ? "|--:" : "|---");
  buf_str(&o->buf, "|\n");
}

void markdown_row(Output *o, const Value *v){
  Arena *kept = o->arena;
  Arena row;
  char **z;
  arena_init(&row);
  o->arena = &row;
  z = cells(o, v);
  o->arena = kept;
  if( row.oom ){
    o->buf.oom = 1;
  }else{
    for(int i=0; i<o->n_column; i++){
      buf_str(&o->buf, i ? " | " : "| ");
      markdown_cell(&o->buf, z[i]);
    }
    buf_str(&o->buf, " |\n");
  }
  arena_free(&row);
}

void markdown_end(Output *o){
  (void)o;
}
