/*
** JSON text as tokens (json.h): the grammar of RFC 8259, checked as far as
** the reader has come.
**
** Like Jackson's parser: several values may follow each other at the root, a
** number there must be followed by a blank, and a document that breaks off
** is only an error when the reader gets there.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"
#include "json.h"
#include "../number.h"

void json_open(JsonReader *r, const char *z, int n){
  memset(r, 0, sizeof(*r));
  r->z = z;
  r->n = n;
}

static int in_object(const JsonReader *r){
  return r->depth>0 && (r->in_object[r->depth>>3]>>(r->depth & 7) & 1);
}

static JsonToken fail(JsonReader *r){ return r->token = JSON_ERROR; }

static int at(const JsonReader *r){ return r->i<r->n ? (unsigned char)r->z[r->i] : -1; }

static void skip_blanks(JsonReader *r){
  while( r->i<r->n && (r->z[r->i]==' ' || r->z[r->i]=='\n' || r->z[r->i]=='\r' || r->z[r->i]=='\t') ){
    r->i++;
  }
}

static JsonToken open_container(JsonReader *r, int is_object){
  if( r->depth>=JSON_DEPTH_MAX - 1 ){
    r->too_deep = 1;
    return fail(r);
  }
  r->from = r->i++;
  r->to = r->i;
  r->depth++;
  r->in_object[r->depth>>3] = (unsigned char)((r->in_object[r->depth>>3] & ~(1<<(r->depth & 7)))
                                              | is_object<<(r->depth & 7));
  r->need_comma = 0;
  return r->token = is_object ? JSON_OBJECT : JSON_ARRAY;
}

static JsonToken close_container(JsonReader *r){
  int was_object = in_object(r);
  if( r->depth==0 || (at(r)=='}')!=was_object ) return fail(r);
  r->from = r->i++;
  r->to = r->i;
  r->depth--;
  r->need_comma = 1;
  return r->token = was_object ? JSON_OBJECT_END : JSON_ARRAY_END;
}

static int is_hex(int c){
  return (c>='0' && c<='9') || (c>='a' && c<='f') || (c>='A' && c<='F');
}

/* Behind a backslash: bytes of the escape, or 0. */
static int escape_width(const JsonReader *r){
  int c = at(r);
  if( c=='u' ){
    for(int k=1; k<=4; k++) if( r->i + k>=r->n || !is_hex((unsigned char)r->z[r->i + k]) ) return 0;
    return 5;
  }
  return c>0 && strchr("\"\\/bfnrt", c) ? 1 : 0;
}

/* A string; the reader stands on its quote.  0, or -1. */
static int read_string(JsonReader *r){
  r->from = ++r->i;
  r->is_plain = 1;
  while( r->i<r->n ){
    unsigned char c = (unsigned char)r->z[r->i];
    if( c=='"' ){
      r->to = r->i++;
      return 0;
    }
    if( c<0x20 ) return -1;
    r->i++;
    if( c=='\\' ){
      int width = escape_width(r);
      if( width==0 ) return -1;
      r->is_plain = 0;
      r->i += width;
    }
  }
  return -1;
}

static int digits(JsonReader *r){
  int from = r->i;
  while( at(r)>='0' && at(r)<='9' ) r->i++;
  return r->i - from;
}

static JsonToken read_number(JsonReader *r){
  JsonToken token = JSON_INTEGER;
  r->from = r->i;
  if( at(r)=='-' ) r->i++;
  if( at(r)=='0' ){
    r->i++;
    if( at(r)>='0' && at(r)<='9' ) return fail(r);
  }else if( digits(r)==0 ){
    return fail(r);
  }
  if( at(r)=='.' ){
    r->i++;
    token = JSON_FLOAT;
    if( digits(r)==0 ) return fail(r);
  }
  if( at(r)=='e' || at(r)=='E' ){
    r->i++;
    token = JSON_FLOAT;
    if( at(r)=='+' || at(r)=='-' ) r->i++;
    if( digits(r)==0 ) return fail(r);
  }
  r->to = r->i;
  if( r->depth==0 && r->i<r->n && !strchr(" \t\r\n", at(r)) ) return fail(r);
  return r->token = token;
}

/* true, false, null; a word may not go on. */
static JsonToken read_word(JsonReader *r, const char *word, JsonToken token){
  int n = (int)strlen(word), c;
  if( n>r->n - r->i || memcmp(r->z + r->i, word, (size_t)n) ) return fail(r);
  r->from = r->i;
  r->to = r->i += n;
  c = at(r);
  if( c>=0x80 || (c>='0' && c<='9') || (c>='A' && c<='Z') || (c>='a' && c<='z')
   || c=='_' || c=='$' ) return fail(r);
  return r->token = token;
}

static JsonToken read_value(JsonReader *r){
  r->need_comma = 1;
  switch( at(r) ){
    case '{': return open_container(r, 1);
    case '[': return open_container(r, 0);
    case '"': return read_string(r) ? fail(r) : (r->token = JSON_STRING);
    case 't': return read_word(r, "true", JSON_TRUE);
    case 'f': return read_word(r, "false", JSON_FALSE);
    case 'n': return read_word(r, "null", JSON_NULL);
    default:  return read_number(r);
  }
}

/* A key and the colon behind it. */
static JsonToken read_field(JsonReader *r){
  if( at(r)!='"' || read_string(r) ) return fail(r);
  skip_blanks(r);
  if( at(r)!=':' ) return fail(r);
  r->i++;
  return r->token = JSON_FIELD;
}

JsonToken json_next(JsonReader *r){
  int c;
  if( r->token==JSON_ERROR ) return JSON_ERROR;
  skip_blanks(r);
  c = at(r);
  if( r->token==JSON_FIELD ) return c<0 ? fail(r) : read_value(r);
  if( c<0 ) return r->depth>0 ? fail(r) : (r->token = JSON_NONE);
  if( c=='}' || c==']' ) return close_container(r);
  if( r->depth>0 && r->need_comma ){
    if( c!=',' ) return fail(r);
    r->i++;
    skip_blanks(r);
  }
  return in_object(r) ? read_field(r) : read_value(r);
}

int json_skip(JsonReader *r){
  int depth = r->depth;
  if( r->token==JSON_ERROR ) return -1;
  if( r->token!=JSON_OBJECT && r->token!=JSON_ARRAY ) return 0;
  while( r->depth>=depth ) if( json_next(r)==JSON_ERROR ) return -1;
  return 0;
}

/* --- texts and numbers --------------------------------------------------- */

static unsigned hex4(const char *z){
  unsigned x = 0;
  for(int i=0; i<4; i++) x = x<<4 | (unsigned)(z[i]<='9' ? z[i] - '0' : (z[i] | 32) - 'a' + 10);
  return x;
}

static void add_point(Buf *b, unsigned cp){
  if( cp>=0xd800 && cp<=0xdfff ){               /* buf_utf8 would not write it */
    char z[3] = {(char)0xed, (char)(0x80 | (cp>>6 & 0x3f)), (char)(0x80 | (cp & 0x3f))};
    buf_add(b, z, 3);
  }else{
    buf_utf8(b, cp);
  }
}

void json_decode(Buf *b, const JsonReader *r){
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  for(int i=r->from; i<r->to; ){
    int run = i;
    while( run<r->to && r->z[run]!='\\' ) run++;
    buf_add(b, r->z + i, (size_t)(run - i));
    i = run;
    if( i + 1>=r->to ) break;
    char c = r->z[i+1];
    if( c!='u' ){
      const char *p = strchr(from, c);
      buf_char(b, p && c ? to[p - from] : c);
      i += 2;
      continue;
    }
    unsigned cp = hex4(r->z + i + 2);
    i += 6;
    if( cp>=0xd800 && cp<=0xdbff && i + 6<=r->to && r->z[i]=='\\' && r->z[i+1]=='u' ){
      unsigned low = hex4(r->z + i + 2);
      if( low>=0xdc00 && low<=0xdfff ){
        cp = 0x10000 + ((cp - 0xd800)<<10) + (low - 0xdc00);
        i += 6;
      }
    }
    add_point(b, cp);
  }
}

Value json_text(Arena *a, const JsonReader *r){
  Buf b, clean;
  int is_string = r->token==JSON_STRING || r->token==JSON_FIELD;
  if( !is_string || r->is_plain ) return value_text(r->z + r->from, (size_t)(r->to - r->from));
  buf_init(&b, a);
  buf_init(&clean, a);
  json_decode(&b, r);
  for(size_t i=0; i<b.n; ){
    if( (unsigned char)b.z[i]==0xed && (unsigned char)b.z[i+1]>=0xa0 ){
      buf_char(&clean, '?');
      i += 3;
    }else{
      int w = utf8_width(b.z + i, (int)(b.n - i));
      buf_add(&clean, b.z + i, (size_t)w);
      i += (size_t)w;
    }
  }
  return text_of(&clean);
}

double json_double(const JsonReader *r){
  double d = 0;
  number_parse_double(r->z + r->from, (size_t)(r->to - r->from), &d);
  return d;
}

int json_long(const JsonReader *r, int64_t *out){
  return number_parse_long(r->z + r->from, (size_t)(r->to - r->from), out);
}
