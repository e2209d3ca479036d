/*
** Results on stdout: csv, json, jsonl and what all formats share.
** (Boxes and Markdown are in output_box.c, GetQueryResults in output_api.c.)
**
** csv is Athena's result file byte for byte: a query's header and every value
** in quotes, `"` doubled, NULL nothing; a utility statement's rows as plain
** lines without header and without a last newline; nothing for DDL.
*/
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "output.h"
#include "output_format.h"

int output_cell(Buf *b, const Type *type, const Value *v){
  if( v->kind==V_NULL ) return 0;
  value_print(b, type, v);
  return 1;
}

/* --- csv ---------------------------------------------------------------------- */

static void csv_quoted(Buf *b, const char *z, size_t n){
  size_t from = 0;
  buf_char(b, '"');
  for(size_t i=0; i<n; i++){
    if( z[i]!='"' ) continue;
    buf_add(b, z+from, i+1-from);
    from = i;
  }
  buf_add(b, z+from, n-from);
  buf_char(b, '"');
}

static void csv_begin(Output *o){
  if( o->results ) output_separate(o);
  if( o->kind!=RESULT_QUERY ) return;
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_char(&o->buf, ',');
    csv_quoted(&o->buf, o->column[i].name, strlen(o->column[i].name));
  }
  buf_char(&o->buf, '\n');
}

static void csv_row(Output *o, const Value *v){
  Buf cell;
  if( o->kind!=RESULT_QUERY ){
    if( o->rows ) buf_char(&o->buf, '\n');
    for(int i=0; i<o->n_column; i++){
      if( i ) buf_char(&o->buf, '\t');
      output_cell(&o->buf, o->column[i].type, &v[i]);
    }
    return;
  }
  buf_init(&cell, 0);
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_char(&o->buf, ',');
    cell.n = 0;
    if( output_cell(&cell, o->column[i].type, &v[i]) ) csv_quoted(&o->buf, cell.z ? cell.z : "", cell.n);
  }
  buf_char(&o->buf, '\n');
  buf_free(&cell);
}

static void csv_end(Output *o){
  (void)o;
}

/* --- json, jsonl ----------------------------------------------------------------- */

static void object_row(Output *o, const Value *v){
  Buf *b = &o->buf;
  buf_char(b, '{');
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_char(b, ',');
    json_string(b, o->column[i].name, strlen(o->column[i].name));
    buf_char(b, ':');
    json_value(b, o->column[i].type, &v[i]);
  }
  buf_char(b, '}');
}

static void json_begin(Output *o){
  buf_char(&o->buf, '[');
}
static void json_row(Output *o, const Value *v){
  buf_str(&o->buf, o->rows ? ",\n " : "");
  object_row(o, v);
}
static void json_end(Output *o){
  buf_str(&o->buf, "]\n");
}

static void jsonl_begin(Output *o){
  (void)o;
}
static void jsonl_row(Output *o, const Value *v){
  object_row(o, v);
  buf_char(&o->buf, '\n');
}

static const OutputFormat formats[] = {
  {"box", 0, box_begin, box_row, box_end},
  {"csv", 1, csv_begin, csv_row, csv_end},
  {"json", 0, json_begin, json_row, json_end},
  {"jsonl", 0, jsonl_begin, jsonl_row, csv_end},
  {"markdown", 0, markdown_begin, markdown_row, markdown_end},
  {"api", 1, api_begin, api_row, api_end},
  {0, 0, 0, 0, 0}
};

static const OutputColumn text_column = {"", &TYPE_VARCHAR, 0};

/* --- All formats ------------------------------------------------------------------- */

const OutputFormat *output_format(const char *name, FILE *file){
  if( name==0 || name[0]==0 ) name = isatty(fileno(file)) ? "box" : "csv";
  for(const OutputFormat *f=formats; f->name; f++){
    if( strcmp(f->name, name)==0 ) return f;
  }
  return 0;
}

void output_init(Output *o, const OutputFormat *format, FILE *file){
  memset(o, 0, sizeof(*o));
  o->format = format;
  o->file = file;
  buf_init(&o->buf, 0);
}

void output_free(Output *o){
  buf_free(&o->buf);
}

static int flush(Output *o){
  size_t n = o->buf.n;
  int rc = o->buf.oom;
  if( n && o->file && fwrite(o->buf.z, 1, n, o->file)!=n ) rc = 1;
  o->buf.n = 0;
  return rc;
}

/* A result that printed without a last newline is ended by the next one. */
void output_separate(Output *o){
  if( o->streaming==2 ) buf_char(&o->buf, '\n');
  o->streaming = 0;
}

void output_begin(Output *o, Arena *arena, ResultKind kind, int n_column, const OutputColumn *column){
  o->arena = arena;
  o->kind = kind;
  o->n_column = n_column;
  o->column = column;
  o->rows = o->update_count = 0;
  o->held = 0;
  o->n_held = o->cap_held = 0;
  o->width = 0;
  o->format->begin(o);
  if( o->copy ) output_begin(o->copy, arena, kind, n_column, column);
}

static void print_row(Output *o, const Value *v){
  o->format->row(o, v);
  o->rows++;
  if( o->buf.n>OUTPUT_HOLD ){
    o->delivered = 1;
    flush(o);
  }
}

void output_row(Output *o, const Value *v){
  print_row(o, v);
  if( o->copy ) print_row(o->copy, v);
}

/* One Datum in Athena's document and one line of its file; elsewhere a cell
** for each part between tabs. */
void output_text(Output *o, const char *z){
  Value v[OUTPUT_TEXT_COLUMNS] = {{V_NULL, 0, {0}}};
  int n = o->n_column;
  if( n<=1 || n>OUTPUT_TEXT_COLUMNS || o->format->one_datum ){
    v[0] = value_text(z, strlen(z));
    o->n_column = 1;
  }else{
    for(int i=0; i<n; i++){
      size_t len = i<n-1 ? strcspn(z, "\t") : strlen(z);
      v[i] = value_text(z, len);
      z += len + (z[len]=='\t');
    }
  }
  if( n==0 && !o->format->one_datum ){
    buf_str(&o->buf, z);
    buf_char(&o->buf, '\n');
  }else{
    if( n==0 ) o->column = &text_column;
    print_row(o, v);
  }
  o->n_column = n;
  if( o->copy ) output_text(o->copy, z);
}

int output_end(Output *o){
  int unended, rc;
  o->format->end(o);
  unended = o->buf.n>0 && o->buf.z[o->buf.n-1]!='\n';
  o->results++;
  o->streaming = unended ? 2 : 0;
  rc = flush(o) || (o->file && fflush(o->file));
  return o->copy ? output_end(o->copy) | rc : rc;
}

void output_abandon(Output *o){
  o->buf.n = 0;
  if( o->copy ) output_abandon(o->copy);
}
