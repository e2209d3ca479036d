/*
** URLs: url_extract_*, url_encode, url_decode.
**
** A URL is what Java's class URI takes (RFC 2396, with its deviations); any
** other text has no parts, and they are NULL.  A part that is missing is ''
** (the port: NULL).  Paths, queries and fragments come decoded.
**
** How: one pass over the text marks its parts; each part is checked against
** its set of characters, in which a character beyond ASCII counts like an
** escape.  A server part that is no proper host falls back to a registry
** name, which has no host and no port.
*/
#include "../sqlite.h"
#include <string.h>
#include <arpa/inet.h>
#include <utf8proc.h>
#include "text.h"

#define URL_ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define URL_UNRESERVED URL_ALNUM "-_.!~*'()"
static const char DIGITS[] = "0123456789";
static const char SCHEME[] = URL_ALNUM "+-.";
static const char URIC[] = URL_UNRESERVED ";/?:@&=+$,[]";
static const char PATH[] = URL_UNRESERVED ":@&=+$,;/";
static const char REGISTRY[] = URL_UNRESERVED "$,;:@&=+";
static const char USERINFO[] = URL_UNRESERVED ";:&=+$,";
static const char SERVER[] = URL_UNRESERVED ";:&=+$,.@[]";

typedef struct Part { int from, to; } Part;         /* to < from: missing */
typedef struct Url {
  const char *z;
  int n;
  int malformed;                /* an escape that is none */
  Part scheme, host, path, query, fragment;
  int64_t port;                 /* -1: none */
} Url;

static int is_hex(char c){
  return (c>='0' && c<='9') || (c>='a' && c<='f') || (c>='A' && c<='F');
}
static int hex_value(char c){ return c<='9' ? c - '0' : (c | 32) - 'a' + 10; }

/* How far the characters of a set go, from p on. */
static int span(const Url *u, int p, int end, const char *set){
  while( p<end && u->z[p] && strchr(set, u->z[p]) ) p++;
  return p;
}

/* The same with escapes and characters beyond ASCII. */
static int span_escaped(Url *u, int p, int end, const char *set){
  while( p<end ){
    unsigned char c = (unsigned char)u->z[p];
    if( c=='%' ){
      if( p + 3>end || !is_hex(u->z[p+1]) || !is_hex(u->z[p+2]) ){
        u->malformed = 1;
        return p;
      }
      p += 3;
    }else if( c>=0x80 ){
      int q = p;
      unsigned cp = utf8_next(u->z, u->n, &q);
      utf8proc_category_t kind = utf8proc_category((utf8proc_int32_t)cp);
      if( cp<=0x9f || kind==UTF8PROC_CATEGORY_ZS || kind==UTF8PROC_CATEGORY_ZL
       || kind==UTF8PROC_CATEGORY_ZP ) return p;
      p = q;
    }else if( c && strchr(set, c) ){
      p++;
    }else{
      return p;
    }
  }
  return p;
}

/* The first of some characters at or after p, or end. */
static int find_any(const Url *u, int p, int end, const char *chars){
  while( p<end && !(u->z[p] && strchr(chars, u->z[p])) ) p++;
  return p;
}

static int is_at(const Url *u, int p, int end, char c){ return p<end && u->z[p]==c; }
static int is_letter(char c){ return (c | 32)>='a' && (c | 32)<='z'; }

/* The digits from p to q as a number; more than 18 of them are too many. */
static int64_t number(const Url *u, int p, int q){
  int64_t x = 0;
  if( q - p>18 ) return INT64_MAX;
  for(; p<q; p++) x = x*10 + (u->z[p] - '0');
  return x;
}

/* --- the server part ----------------------------------------------------- */

/* Four numbers up to 255: where they end, or -1. */
static int ipv4(const Url *u, int p, int end){
  int last = span(u, p, end, "0123456789.");
  for(int i=0; i<4; i++){
    int q = span(u, p, last, DIGITS);
    if( q==p || number(u, p, q)>255 ) return -1;
    p = q;
    if( i<3 ){
      if( !is_at(u, p, last, '.') ) return -1;
      p++;
    }
  }
  return p==last && (p==end || u->z[p]==':') ? p : -1;
}

/* Labels and dots: where they end, or -1. */
static int hostname(const Url *u, int from, int end){
  int p = from, label = -1;
  do{
    int q = span(u, p, end, URL_ALNUM);
    if( q==p ) break;
    label = p;
    p = span(u, q, end, URL_ALNUM "-");
    if( u->z[p-1]=='-' ) return -1;
    if( !is_at(u, p, end, '.') ) break;
    p++;
  }while( p<end );
  if( (p<end && u->z[p]!=':') || label<0 ) return -1;
  if( label>from && !is_letter(u->z[label]) ) return -1;
  return p;
}

/* [address] or [address%scope]: where it ends, or -1. */
static int ipv6(Url *u, int p, int end){
  char text[64];
  struct in6_addr address;
  int close = find_any(u, p, end, "]/?#"), stop = find_any(u, p, close, "%");
  if( !is_at(u, close, end, ']') || stop - p - 1>=(int)sizeof(text) ) return -1;
  memcpy(text, u->z + p + 1, (size_t)(stop - p - 1));
  text[stop - p - 1] = 0;
  if( inet_pton(AF_INET6, text, &address)!=1 ) return -1;
  if( stop<close && (stop + 1==close || span(u, stop + 1, close, URL_ALNUM "_.-")<close) ) return -1;
  return close + 1;
}

/* [user@]host[:port]: 0, or -1 when it is none. */
static int server(Url *u, int p, int end){
  int at = find_any(u, p, end, "@/?#"), q;
  if( is_at(u, at, end, '@') ){
    if( span_escaped(u, p, at, USERINFO)<at ) return -1;
    p = at + 1;
  }
  if( is_at(u, p, end, '[') ){
    q = ipv6(u, p, end);
  }else{
    q = ipv4(u, p, end);
    if( q<0 ) q = hostname(u, p, end);
  }
  if( q<0 ) return -1;
  u->host.from = p;
  u->host.to = q;
  if( is_at(u, q, end, ':') ){
    p = ++q;
    q = span(u, p, end, DIGITS);
    if( q<end ) return -1;
    if( q>p ){
      if( number(u, p, q)>INT32_MAX ) return -1;
      u->port = number(u, p, q);
    }
  }
  return q<end ? -1 : 0;
}

static int authority(Url *u, int p, int end){
  int bracket = find_any(u, p, end, "]")<end;
  int is_registry = span_escaped(u, p, end, REGISTRY)==end;
  int is_server = bracket ? span(u, p, end, URL_UNRESERVED ";:&=+$,.@[]%")==end
                          : span_escaped(u, p, end, SERVER)==end;
  if( u->malformed && !bracket ) return -1;
  u->malformed = 0;
  if( is_server && server(u, p, end)==0 ) return 0;
  u->host.to = -1;
  u->port = -1;
  return is_registry ? 0 : -1;
}

/* --- the whole ----------------------------------------------------------- */

static int hierarchy(Url *u, int p, int end){
  if( is_at(u, p, end, '/') && is_at(u, p + 1, end, '/') ){
    p += 2;
    int q = find_any(u, p, end, "/?#");
    if( q>p ){
      if( authority(u, p, q) ) return -1;
      p = q;
    }else if( q>=end ){
      return -1;
    }
  }
  u->path.from = p;
  u->path.to = find_any(u, p, end, "?#");
  if( span_escaped(u, p, u->path.to, PATH)<u->path.to ) return -1;
  p = u->path.to;
  if( is_at(u, p, end, '?') ){
    u->query.from = p + 1;
    u->query.to = find_any(u, p + 1, end, "#");
    if( span_escaped(u, p + 1, u->query.to, URIC)<u->query.to ) return -1;
    p = u->query.to;
  }
  return p;
}

/* 0, or -1: not a URL. */
static int url_parse(Url *u, const Value *v){
  int n = v->n, p, colon;
  memset(u, 0, sizeof(*u));
  u->z = v->z;
  u->n = n;
  u->port = -1;
  u->scheme.to = u->host.to = u->path.to = u->query.to = u->fragment.to = -1;
  if( n==0 ) return -2;
  colon = find_any(u, 0, n, ":/?#");
  if( is_at(u, colon, n, ':') ){
    if( colon==0 || !is_letter(u->z[0]) || span(u, 0, colon, SCHEME)<colon ) return -1;
    u->scheme.to = colon;
    p = colon + 1;
    if( is_at(u, p, n, '/') ){
      p = hierarchy(u, p, n);
    }else{
      int end = find_any(u, p, n, "#");
      if( end<=p || span_escaped(u, p, end, URIC)<end ) return -1;
      p = end;
    }
  }else{
    p = hierarchy(u, 0, n);
  }
  if( p<0 ) return -1;
  if( is_at(u, p, n, '#') ){
    u->fragment.from = p + 1;
    u->fragment.to = n;
    if( span_escaped(u, p + 1, n, URIC)<n ) return -1;
    p = n;
  }
  return p<n ? -1 : 0;
}

/* --- decoding ------------------------------------------------------------ */

/* Bytes as Java's UTF-8 decoder reads them: a broken sequence, as far as it
** could have become one, is one U+FFFD. */
static void add_decoded(Buf *b, const char *z, int n){
  for(int i=0; i<n; ){
    unsigned char c = (unsigned char)z[i];
    unsigned char low = c==0xe0 ? 0xa0 : c==0xf0 ? 0x90 : 0x80, high = c==0xf4 ? 0x8f : 0xbf;
    int want = c<0x80 ? 1 : c<0xc2 ? 0 : c<0xe0 ? 2 : c<0xf0 ? 3 : c<0xf5 ? 4 : 0, have = 1;
    while( have<want && i + have<n ){
      unsigned char d = (unsigned char)z[i + have];
      if( have==1 ? d<low || d>high : (d & 0xc0)!=0x80 ) break;
      have++;
    }
    int surrogate = want==3 && have==3 && c==0xed && (unsigned char)z[i+1]>=0xa0;
    if( want>0 && have==want && !surrogate ) buf_add(b, z + i, (size_t)have);
    else buf_str(b, "\xef\xbf\xbd");
    i += have;
  }
}

/* The bytes of a run of escapes at z[i], through `bytes`; the run's length. */
static int escape_run(Buf *bytes, const char *z, int n, int i){
  int from = i;
  bytes->n = 0;
  while( i + 2<n && z[i]=='%' && is_hex(z[i+1]) && is_hex(z[i+2]) ){
    buf_char(bytes, (char)(hex_value(z[i+1])*16 + hex_value(z[i+2])));
    i += 3;
  }
  return i - from;
}

/* A part with its escapes decoded, as URI does it. */
static Value part_value(FnCall *c, const Url *u, Part part){
  Buf b, bytes;
  if( part.to<part.from ) return value_text("", 0);
  if( memchr(u->z + part.from, '%', (size_t)(part.to - part.from))==0 ){
    return value_text(u->z + part.from, (size_t)(part.to - part.from));
  }
  buf_init(&b, c->arena);
  buf_init(&bytes, c->arena);
  for(int i=part.from; i<part.to; ){
    int run = escape_run(&bytes, u->z, part.to, i);
    if( run>0 ){
      add_decoded(&b, bytes.z, (int)bytes.n);
      i += run;
    }else{
      buf_char(&b, u->z[i++]);
    }
  }
  return text_of(&b);
}

/* What Integer.parseInt says of two characters behind '%'. */
static int bad_escape(FnCall *c, const char *z){
  int at = is_hex(z[0]) || z[0]=='+' || z[0]=='-';
  return fn_bad_argument(c, "URLDecoder: Illegal hex characters in escape (%%) pattern - "
                         "Error at index %d in: \"%.2s\"", at, z);
}

/* A text as URLDecoder decodes it: '+' is a blank. */
static int decode(FnCall *c, const char *z, int n, Value *out){
  Buf b, bytes;
  buf_init(&b, c->arena);
  buf_init(&bytes, c->arena);
  for(int i=0; i<n; ){
    if( z[i]!='%' ){
      buf_char(&b, z[i]=='+' ? ' ' : z[i]);
      i++;
      continue;
    }
    i += escape_run(&bytes, z, n, i);
    add_decoded(&b, bytes.z, (int)bytes.n);
    if( i<n && z[i]=='%' ){
      if( i + 2>=n ) return fn_bad_argument(c, "URLDecoder: Incomplete trailing escape (%%) pattern");
      if( (z[i+1]=='+' || z[i+1]=='-') && is_hex(z[i+2]) ) return fn_refuse(c, "url_decode of %.3s", z + i);
      if( (z[i+1] | z[i+2]) & 0x80 ) return fn_refuse(c, "url_decode of such an escape");
      return bad_escape(c, z + i + 1);
    }
  }
  *out = text_of(&b);
  return FN_OK;
}

/* --- functions ----------------------------------------------------------- */

#define EXTRACT(NAME, PART) \
  static int NAME(FnCall *c, int argc, const Value *a, Value *out){ \
    Url u; \
    (void)argc; \
    *out = url_parse(&u, &a[0])==-1 ? value_null() : part_value(c, &u, u.PART); \
    return FN_OK; \
  }
EXTRACT(fn_protocol, scheme)
EXTRACT(fn_host, host)
EXTRACT(fn_path, path)
EXTRACT(fn_query, query)
EXTRACT(fn_fragment, fragment)

static int fn_port(FnCall *c, int argc, const Value *a, Value *out){
  Url u;
  (void)c; (void)argc;
  *out = url_parse(&u, &a[0])==0 && u.port>=0 ? value_int(u.port) : value_null();
  return FN_OK;
}

/* The first argument of the query with this name, as it is written. */
static int fn_parameter(FnCall *c, int argc, const Value *a, Value *out){
  Url u;
  (void)argc;
  *out = value_null();
  if( url_parse(&u, &a[0])!=0 || u.query.to<u.query.from ) return FN_OK;
  for(int p=u.query.from; p<=u.query.to; ){
    int end = find_any(&u, p, u.query.to, "&"), equals = find_any(&u, p, end, "=");
    if( equals - p==a[1].n && memcmp(u.z + p, a[1].z, (size_t)a[1].n)==0 ){
      if( equals<end ) return decode(c, u.z + equals + 1, end - equals - 1, out);
      *out = value_text("", 0);
      return FN_OK;
    }
    p = end + 1;
  }
  return FN_OK;
}

static int fn_encode(FnCall *c, int argc, const Value *a, Value *out){
  static const char hex[] = "0123456789ABCDEF";
  Buf b;
  (void)argc;
  buf_init(&b, c->arena);
  for(int i=0; i<a[0].n; i++){
    unsigned char ch = (unsigned char)a[0].z[i];
    if( ch && strchr(URL_ALNUM "-_.*", ch) ){
      buf_char(&b, (char)ch);
    }else if( ch==' ' ){
      buf_char(&b, '+');
    }else{
      char escape[3] = {'%', hex[ch>>4], hex[ch & 15]};
      buf_add(&b, escape, 3);
    }
  }
  *out = text_of(&b);
  return FN_OK;
}

static int fn_decode(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return decode(c, a[0].z, a[0].n, out);
}

static const Type *encode_type(Arena *a, int argc, const Type *const *t){
  (void)argc;
  if( t[0]->p==TYPE_UNBOUNDED || t[0]->p>INT32_MAX/12 ) return &TYPE_VARCHAR;
  return type_varchar(a, t[0]->p*12);
}

const FnDef fn_url[] = {
  {"url_extract_protocol", "(varchar(x)) -> varchar(x)", fn_protocol, 0, 0, 0,
   "The protocol of a URL.", "url_extract_protocol('https://ex.org/a') = https", 0},
  {"url_extract_host", "(varchar(x)) -> varchar(x)", fn_host, 0, 0, 0,
   "The host of a URL.", "url_extract_host('https://ex.org:80/a') = ex.org", 0},
  {"url_extract_port", "(varchar(x)) -> bigint", fn_port, 0, 0, 0,
   "The port of a URL, or NULL.", "url_extract_port('https://ex.org:80/a') = 80", 0},
  {"url_extract_path", "(varchar(x)) -> varchar(x)", fn_path, 0, 0, 0,
   "The path of a URL.", "url_extract_path('https://ex.org/a?b=1') = /a", 0},
  {"url_extract_query", "(varchar(x)) -> varchar(x)", fn_query, 0, 0, 0,
   "The query of a URL.", "url_extract_query('https://ex.org/a?b=1') = b=1", 0},
  {"url_extract_fragment", "(varchar(x)) -> varchar(x)", fn_fragment, 0, 0, 0,
   "The fragment of a URL.", "url_extract_fragment('https://ex.org/a#top') = top", 0},
  {"url_extract_parameter", "(varchar(x), varchar(y)) -> varchar(x)", fn_parameter, FN_RAISES, 0, 0,
   "The first value of a query parameter, or NULL.",
   "url_extract_parameter('http://h/?a=1&b=2', 'b') = 2", 0},
  {"url_encode", "(varchar(x)) -> varchar(y)", fn_encode, 0, 0, 0,
   "A text escaped for a query.", "url_encode('a b&c') = a+b%26c", encode_type},
  {"url_decode", "(varchar(x)) -> varchar(x)", fn_decode, FN_RAISES, 0, 0,
   "The text of an escaped one.", "url_decode('a+b%26c') = a b&c", 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
