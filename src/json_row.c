/*
** Rows as JSON objects: what exports, INSERT and UNLOAD write.
**
** A stored column needs no conversion but quoting: numbers, texts, dates are
** written as they lie; only containers go through their values (json_value.c).
*/
#include <math.h>
#include <string.h>
#include "json_row.h"
#include "output.h"

static JsonForm stored_form(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: return FORM_BOOLEAN;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: return FORM_NUMBER;
    case T_DOUBLE: return FORM_DOUBLE;
    case T_DECIMAL: return FORM_BARE;
    case T_VARCHAR: case T_DATE: case T_VARBINARY: return FORM_TEXT;
    case T_TIMESTAMP: return FORM_TIMESTAMP;
    default: return FORM_VALUE;
  }
}

void json_column_init(Arena *a, JsonColumn *c, const char *name, const Type *type, int stored){
  Buf b;
  buf_init(&b, a);
  json_string(&b, name, strlen(name));
  buf_char(&b, ':');
  c->type = type;
  c->form = stored ? stored_form(type) : FORM_VALUE;
  c->key = b.z;
  c->n_key = b.n;
  c->omitted = 0;
}

static void write_integer(Buf *b, sqlite3_int64 v){
  char digits[24], *p = digits+sizeof(digits);
  uint64_t rest = v<0 ? 0-(uint64_t)v : (uint64_t)v;
  do{
    *--p = (char)('0'+rest%10);
    rest /= 10;
  }while( rest );
  if( v<0 ) *--p = '-';
  buf_add(b, p, (size_t)(digits+sizeof(digits)-p));
}

int json_fits(const Type *t, const Value *v){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: return v->kind==V_INT;
    case T_REAL: case T_DOUBLE: return v->kind==V_REAL;
    case T_VARCHAR: case T_CHAR: case T_VARBINARY: return v->kind==V_TEXT || v->kind==V_BLOB;
    default: return 1;
  }
}

/* A value that needs its type: loaded from its stored form first. */
static int write_value(Session *s, Buf *b, Arena *row, const JsonColumn *c, sqlite3_stmt *stmt, int i, int stored, int openx){
  Value v = column_value(stmt, i, c->type), loaded = v;
  if( stored && (value_load(row, c->type, &v, &loaded) || !json_fits(c->type, &loaded)) ){
    return session_fail(s, "TARN_STORED: column %s holds a value that is not a %s", sqlite3_column_name(stmt, i),
                        type_text(&s->arena, c->type));
  }
  if( openx ) json_value_openx(b, c->type, &loaded);
  else json_value(b, c->type, &loaded);
  return 0;
}

static int write_column(Session *s, Buf *b, Arena *row, const JsonColumn *c, sqlite3_stmt *stmt, int i, int stored, int openx){
  int type = sqlite3_column_type(stmt, i);
  size_t n;
  const char *z;
  if( type==SQLITE_NULL ){
    buf_add(b, "null", 4);
    return 0;
  }
  if( c->form==FORM_NUMBER && type==SQLITE_INTEGER ){
    write_integer(b, sqlite3_column_int64(stmt, i));
    return 0;
  }
  if( c->form==FORM_BOOLEAN && type==SQLITE_INTEGER ){
    buf_str(b, sqlite3_column_int(stmt, i) ? "true" : "false");
    return 0;
  }
  if( c->form==FORM_DOUBLE && type==SQLITE_FLOAT ){
    double v = sqlite3_column_double(stmt, i);
    if( isfinite(v) ){
      value_print_double(b, v);
      return 0;
    }
  }
  if( c->form==FORM_VALUE || c->form==FORM_DOUBLE || (type!=SQLITE_TEXT && type!=SQLITE_BLOB) ) return write_value(s, b, row, c, stmt, i, stored, openx);
  z = type==SQLITE_TEXT ? (const char*)sqlite3_column_text(stmt, i) : sqlite3_column_blob(stmt, i);
  n = (size_t)sqlite3_column_bytes(stmt, i);
  if( c->form==FORM_TIMESTAMP && n && memchr(z, '.', n) ){
    while( z[n-1]=='0' ) n--;
    if( z[n-1]=='.' ) n--;
  }
  if( c->form==FORM_BARE ) buf_add(b, z, n);
  else json_string(b, z ? z : "", n);
  return 0;
}

int json_row(Session *s, Buf *b, Arena *row, int n, const JsonColumn *c, sqlite3_stmt *stmt, int stored, int openx){
  char before = '{';
  for(int i=0; i<n; i++){
    if( c[i].omitted || (openx && sqlite3_column_type(stmt, i)==SQLITE_NULL) ) continue;
    buf_char(b, before);
    before = ',';
    buf_add(b, c[i].key, c[i].n_key);
    if( write_column(s, b, row, &c[i], stmt, i, stored, openx) ) return 1;
  }
  if( before=='{' ) buf_char(b, '{');
  buf_add(b, "}\n", 2);
  return 0;
}
