/*
** The SerDe org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe: ROW FORMAT
** DELIMITED, and tables without a ROW FORMAT.
**
** A line is split at the field separator, a nested value at the separator of
** its level: fields, then items of arrays and structs and entries of maps, then
** keys and values, and from there on the control characters 4 to 8.  The byte
** after the escape character does not separate; in text the escape goes, and
** `n` and `r` after it are a newline and a return.  A field that is the null
** sequence is NULL, missing fields too; what a type cannot read is NULL; further
** fields are passed over.  In a map the first of equal keys counts, null keys
** are left out.
**
** Properties: field.delim (or serialization.format), collection.delim (also
** spelled colelction.delim, as Hive did), mapkey.delim, escape.delim,
** serialization.null.format, serialization.last.column.takes.rest,
** timestamp.formats.  A delimiter is a number (of a byte) or the first
** character of its text.
**
** Limits: LEVELS separators; delimiters of one ASCII byte; lines end in \n.
*/
#include "sqlite.h"
#include "serde.h"
#include "serde_text.h"
#include <string.h>

#define LEVELS 8

typedef struct Lazy {
  char separator[LEVELS];
  int has_escape; char escape;
  const char *null; size_t n_null;
  int last_takes_rest;
  TimeFormats formats;
} Lazy;

typedef struct Work {
  SerdeRow *row;
  const Lazy *lazy;
  Arena *arena;
} Work;

/* --- Preparing ----------------------------------------------------------- */

/* A delimiter's byte; `usual` where the property is absent or empty. */
static char *delimiter(const Serde *serde, const char *key, const char *other_key, char usual, char *out){
  const char *z = serde_property(serde, key);
  int64_t x;
  if( z==0 && other_key ) z = serde_property(serde, other_key);
  *out = usual;
  if( z==0 || z[0]==0 ) return 0;
  if( java_parse_long(z, strlen(z), 10, &x) && x>=0 && x<128 ) *out = (char)x;
  else if( (unsigned char)z[0]<128 ) *out = z[0];
  else return sqlite3_mprintf("TARN_NOT_SUPPORTED: %s '%s'", key, z);
  return 0;
}

/* Levels of separators that a type needs. */
static int levels_of(const Type *t){
  int most = 0;
  if( t->kind!=T_ARRAY && t->kind!=T_MAP && t->kind!=T_ROW ) return 0;
  for(int i=0; i<t->n; i++){
    int k = levels_of(t->arg[i]);
    if( k>most ) most = k;
  }
  return most + (t->kind==T_MAP ? 2 : 1);
}

static int has_nested_key(const Type *t){
  int found = 0;
  if( t->kind==T_MAP ) found = levels_of(t->arg[0])>0;
  if( t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW ){
    for(int i=0; i<t->n; i++) found |= has_nested_key(t->arg[i]);
  }
  return found;
}

static char *check_levels(const Serde *serde){
  for(int i=0; i<serde->n_column; i++){
    if( has_nested_key(serde->column[i].type) || 1 + levels_of(serde->column[i].type)>LEVELS ){
      return sqlite3_mprintf("TARN_NOT_SUPPORTED: the nesting of column %s with LazySimpleSerDe",
                             serde->column[i].name);
    }
  }
  return 0;
}

static char *lazy_prepare(Serde *serde){
  Lazy *lazy = ARENA_NEW(serde->arena, Lazy);
  const char *z;
  char *error;
  if( lazy==0 ) return 0;
  serde->plan = lazy;
  for(int i=0; i<LEVELS; i++) lazy->separator[i] = (char)(i + 1);
  error = delimiter(serde, "field.delim", "serialization.format", 1, &lazy->separator[0]);
  if( error==0 ) error = delimiter(serde, "collection.delim", "colelction.delim", 2, &lazy->separator[1]);
  if( error==0 ) error = delimiter(serde, "mapkey.delim", 0, 3, &lazy->separator[2]);
  if( error==0 ) error = delimiter(serde, "escape.delim", 0, '\\', &lazy->escape);
  if( error ) return error;
  lazy->has_escape = serde_property(serde, "escape.delim")!=0;
  z = serde_property(serde, "line.delim");
  if( z && strcmp(z, "\n")!=0 ) return sqlite3_mprintf("TARN_NOT_SUPPORTED: line.delim other than a newline");
  z = serde_property(serde, "serialization.null.format");
  lazy->null = z ? z : "\\N";
  lazy->n_null = strlen(lazy->null);
  lazy->last_takes_rest = serde_property_is_true(serde, "serialization.last.column.takes.rest");
  if( (error = check_levels(serde))!=0 ) return error;
  return time_formats_parse(serde->arena, serde_property(serde, "timestamp.formats"), 1, &lazy->formats);
}

/* --- Splitting ----------------------------------------------------------- */

/* Where the part that begins at z ends: at a separator, or at the end. */
static const char *part_end(const Lazy *lazy, const char *z, const char *end, char separator){
  const char *at;
  if( !lazy->has_escape ){
    at = memchr(z, separator, (size_t)(end - z));
    return at ? at : end;
  }
  for(; z<end && *z!=separator; z++) if( *z==lazy->escape && z + 1<end ) z++;
  return z;
}

static int is_null(const Lazy *lazy, const char *z, const char *end){
  return (size_t)(end - z)==lazy->n_null && memcmp(z, lazy->null, lazy->n_null)==0;
}

/* Text without its escapes. */
static Value unescape(Work *w, const char *z, const char *end){
  Buf b;
  if( !w->lazy->has_escape || memchr(z, w->lazy->escape, (size_t)(end - z))==0 ) return value_text(z, (size_t)(end - z));
  buf_init(&b, w->arena);
  for(; z<end; z++){
    if( *z!=w->lazy->escape || z + 1==end ) buf_char(&b, *z);
    else if( *++z=='n' ) buf_char(&b, '\n');
    else if( *z=='r' ) buf_char(&b, '\r');
    else buf_char(&b, *z);
  }
  return b.oom ? value_null() : value_text(b.z, b.n);
}

static Value scalar(Work *w, const Type *t, const char *z, const char *end){
  if( t->kind==T_VARCHAR || t->kind==T_CHAR ){
    Value v = unescape(w, z, end);
    return v.kind==V_NULL ? v : text_fit(t, text_utf8(w->arena, v.z, (size_t)v.n));
  }
  return hive_field_value(w->arena, t, &w->lazy->formats, z, (size_t)(end - z));
}

/* --- Nested values as JSON ----------------------------------------------- */

static void write_value(Work *w, Buf *b, const Type *t, const char *z, const char *end, int level);

static void write_array(Work *w, Buf *b, const Type *t, const char *z, const char *end, int level){
  buf_char(b, '[');
  for(int any=0; z<end || any; any=1){
    const char *stop = part_end(w->lazy, z, end, w->lazy->separator[level]);
    if( any ) buf_char(b, ',');
    write_value(w, b, t->arg[0], z, stop, level + 1);
    if( stop==end ) break;
    z = stop + 1;
  }
  buf_char(b, ']');
}

static void write_row(Work *w, Buf *b, const Type *t, const char *z, const char *end, int level){
  int left = 1;                 /* there is text for another field */
  buf_char(b, '{');
  for(int i=0; i<t->n; i++){
    int takes_rest = w->lazy->last_takes_rest && i==t->n - 1;
    const char *stop = takes_rest || !left ? end : part_end(w->lazy, z, end, w->lazy->separator[level]);
    if( i ) buf_char(b, ',');
    json_write_string(b, t->name[i], strlen(t->name[i]));
    buf_char(b, ':');
    if( left ) write_value(w, b, t->arg[i], z, stop, level + 1);
    else buf_str(b, "null");
    left = left && stop<end;
    z = left ? stop + 1 : end;
  }
  buf_char(b, '}');
}

/* One entry: a key and, after the first separator in it, a value. */
static int read_entry(Work *w, const Type *t, const char *z, const char *end, int level, MapEntry *out){
  const char *stop = part_end(w->lazy, z, end, w->lazy->separator[level + 1]);
  Buf b;
  if( is_null(w->lazy, z, stop) ) return 0;
  out->key = scalar(w, t->arg[0], z, stop);
  if( out->key.kind==V_NULL ) return 0;
  buf_init(&b, w->arena);
  json_write_key(&b, t->arg[0], &out->key);
  out->key_json = b.z;
  out->n_key = b.n;
  buf_init(&b, w->arena);
  if( stop==end ) buf_str(&b, "null");
  else write_value(w, &b, t->arg[1], stop + 1, end, level + 2);
  out->value_json = b.z;
  out->n_value = b.n;
  return !b.oom;
}

static void write_map(Work *w, Buf *b, const Type *t, const char *z, const char *end, int level){
  MapEntry *entry;
  int n = 0, cap = 1;
  for(const char *p=z; p<end; p++) cap += *p==w->lazy->separator[level];
  entry = ARENA_ARRAY(w->arena, MapEntry, cap);
  if( entry==0 ){
    b->oom = 1;
    return;
  }
  while( z<end ){
    const char *stop = part_end(w->lazy, z, end, w->lazy->separator[level]);
    n += read_entry(w, t, z, stop, level, &entry[n]);
    z = stop<end ? stop + 1 : end;
  }
  json_write_map(b, t->arg[0], entry, n, 1);
}

static void write_value(Work *w, Buf *b, const Type *t, const char *z, const char *end, int level){
  Value v;
  if( is_null(w->lazy, z, end) ){
    buf_str(b, "null");
    return;
  }
  switch( t->kind ){
    case T_ARRAY: write_array(w, b, t, z, end, level); break;
    case T_MAP: write_map(w, b, t, z, end, level); break;
    case T_ROW: write_row(w, b, t, z, end, level); break;
    default:
      v = scalar(w, t, z, end);
      json_write_stored(b, t, &v);
      break;
  }
}

/* --- Records ------------------------------------------------------------- */

static Value field(Work *w, const Type *t, const char *z, const char *end){
  Buf b;
  if( is_null(w->lazy, z, end) ) return value_null();
  if( t->kind!=T_ARRAY && t->kind!=T_MAP && t->kind!=T_ROW ) return scalar(w, t, z, end);
  buf_init(&b, w->arena);
  write_value(w, &b, t, z, end, 1);
  if( b.oom ){
    w->arena->oom = 1;
    return value_null();
  }
  return value_text(b.z, b.n);
}

static int lazy_decode(SerdeRow *row, const char *z, size_t n){
  const Serde *serde = row->serde;
  Work w = { row, serde->plan, &row->arena };
  const char *end = z + n;
  int last = serde->n_column - 1, i;
  serde_all_null(row);
  while( last>0 && !row->used[last] ) last--;
  for(i=0; i<=last; i++){
    int takes_rest = w.lazy->last_takes_rest && i==serde->n_column - 1;
    const char *stop = takes_rest ? end : part_end(w.lazy, z, end, w.lazy->separator[0]);
    if( row->used[i] ) row->cell[i] = field(&w, serde->column[i].type, z, stop);
    if( stop==end ) break;
    z = stop + 1;
  }
  return row->arena.oom ? -1 : 0;
}

static const char *const lazy_classes[] = { "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe", 0 };
const SerdeOps serde_lazy = { lazy_classes, lazy_prepare, lazy_decode, 0, 0, 0 };
