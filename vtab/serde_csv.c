/*
** The SerDe org.apache.hadoop.hive.serde2.OpenCSVSerde.
**
** The rules are those of its old CSV parser, quirks included: an escape stands
** only before a quote or another escape, inside quotes or a begun field, and
** is dropped elsewhere; a quote in the middle of a field is kept where it is
** beyond the third character of the line and not beside a separator; a field
** whose quotes do not close is NULL.  A blank line is a row of NULLs, missing
** fields are NULL, further ones are passed over.  All columns are strings.
**
** Properties: separatorChar (,), quoteChar ("), escapeChar (\): their first
** character.  An escapeChar of " means \, as in Hive.
**
** Limits: characters of one byte; columns of type string.
*/
#include "sqlite.h"
#include "serde.h"
#include <string.h>

typedef struct Csv { char separator, quote, escape; } Csv;

/* The character of a property.  0 when it cannot be one. */
static int property_char(const Serde *serde, const char *key, char usual, char *out){
  const char *z = serde_property(serde, key);
  *out = z ? z[0] : usual;
  return *out>0;
}

static char *csv_prepare(Serde *serde){
  Csv *csv = ARENA_NEW(serde->arena, Csv);
  if( csv==0 ) return 0;
  serde->plan = csv;
  if( !property_char(serde, "separatorChar", ',', &csv->separator)
   || !property_char(serde, "quoteChar", '"', &csv->quote)
   || !property_char(serde, "escapeChar", '\\', &csv->escape) ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: an empty or non-ASCII separatorChar, quoteChar or escapeChar");
  }
  if( csv->escape=='"' ) csv->escape = '\\';
  if( csv->separator==csv->quote || csv->separator==csv->escape || csv->quote==csv->escape ){
    return sqlite3_mprintf("TARN_NOT_SUPPORTED: equal separatorChar, quoteChar and escapeChar");
  }
  for(int i=0; i<serde->n_column; i++){
    const Type *t = serde->column[i].type;
    if( t->kind!=T_VARCHAR || t->p!=TYPE_UNBOUNDED ){
      return sqlite3_mprintf("TARN_NOT_SUPPORTED: the type %s of column %s with OpenCSVSerde (string)",
                             type_text(serde->arena, t), serde->column[i].name);
    }
  }
  return 0;
}

/* Whether the byte at z is beyond the third character (of UTF-16) of the line. */
static int is_beyond_third(const char *line, const char *z){
  int units = 0;
  for(const char *p=line; p<z && units<=2; p++){
    unsigned char c = (unsigned char)*p;
    units += (c & 0xc0)!=0x80;
    units += c>=0xf0;
  }
  return units>2;
}

static int is_all_blank(const Buf *b){
  for(size_t i=0; i<b->n; i++){
    unsigned char c = (unsigned char)b->z[i];
    if( !((c>=9 && c<=13) || (c>=28 && c<=32)) ) return 0;
  }
  return 1;
}

/* A field has ended: its text becomes the cell of its column. */
static void end_field(SerdeRow *row, int column, Buf *b){
  if( row->used[column] ) row->cell[column] = text_utf8(&row->arena, b->z ? b->z : "", b->n);
  buf_init(b, &row->arena);
}

/* A field's quote: doubled it is itself, else it opens or closes.  Returns how
** far to go on. */
static int take_quote(const Csv *csv, const char *line, const char *z, const char *end, int *in_quotes, int in_field, Buf *b){
  if( (*in_quotes || in_field) && z + 1<end && z[1]==csv->quote ){
    buf_char(b, z[1]);
    return 2;
  }
  if( is_beyond_third(line, z) && z[-1]!=csv->separator && z + 1<end && z[1]!=csv->separator ){
    if( b->n && is_all_blank(b) ) b->n = 0;
    else buf_char(b, *z);
  }
  *in_quotes = !*in_quotes;
  return 1;
}

static int last_used(const SerdeRow *row){
  int i = row->serde->n_column - 1;
  while( i>=0 && !row->used[i] ) i--;
  return i;
}

static int csv_decode(SerdeRow *row, const char *line, size_t n){
  const Csv *csv = row->serde->plan;
  const char *z = line, *end = line + n;
  int column = 0, last = last_used(row), in_quotes = 0, in_field = 0;
  Buf b;
  serde_all_null(row);
  if( n==0 ){
    row->passed = "a blank line";
    return 0;
  }
  buf_init(&b, &row->arena);
  while( z<end && column<=last ){
    if( *z==csv->escape ){
      int escapes = (in_quotes || in_field) && z + 1<end && (z[1]==csv->quote || z[1]==csv->escape);
      if( escapes ) buf_char(&b, *++z);
      z++;
    }else if( *z==csv->quote ){
      z += take_quote(csv, line, z, end, &in_quotes, in_field, &b);
      in_field = !in_field;
    }else if( *z==csv->separator && !in_quotes ){
      end_field(row, column++, &b);
      in_field = 0;
      z++;
    }else{
      const char *from = z++;
      while( z<end && *z!=csv->escape && *z!=csv->quote && *z!=csv->separator ) z++;
      buf_add(&b, from, (size_t)(z - from));
      in_field = 1;
    }
  }
  if( column<=last && !in_quotes ) end_field(row, column, &b);
  return row->arena.oom ? -1 : 0;
}

static const char *const csv_classes[] = { "org.apache.hadoop.hive.serde2.OpenCSVSerde", 0 };
const SerdeOps serde_csv = { csv_classes, csv_prepare, csv_decode, 0, 0, 0 };
