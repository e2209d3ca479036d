/*
** Bytes as text and as numbers: hex, base64, base64url, base32, big-endian
** integers, IEEE 754; length, substr and reverse of bytes; uuid().
**
** (concat, lpad and rpad of bytes are in string_pad.c.)  Broken input raises
** the texts of the Java decoders that Athena uses.
*/
#include "../sqlite.h"
#include <string.h>
#include "text.h"

static int put_bytes(FnCall *c, const void *p, int n, Value *out){
  char *z = arena_strndup(c->arena, p, (size_t)n);
  if( z ) *out = value_blob(z, (size_t)n);
  return FN_OK;
}

/* --- hex ----------------------------------------------------------------- */

static int fn_to_hex(FnCall *c, int argc, const Value *a, Value *out){
  static const char digits[] = "0123456789ABCDEF";
  (void)argc;
  char *z = arena_alloc_raw(c->arena, (size_t)a[0].n*2 + 1);
  if( z==0 ) return FN_OK;
  for(int i=0; i<a[0].n; i++){
    z[2*i] = digits[(unsigned char)a[0].z[i]>>4];
    z[2*i + 1] = digits[a[0].z[i] & 15];
  }
  *out = value_text(z, (size_t)a[0].n*2);
  return FN_OK;
}

static int hex_digit(char ch){
  return ch>='0' && ch<='9' ? ch - '0' : ch>='a' && ch<='f' ? ch - 'a' + 10
       : ch>='A' && ch<='F' ? ch - 'A' + 10 : -1;
}

static int fn_from_hex(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  if( a[0].n & 1 ) return fn_bad_argument(c, "invalid input length %d", a[0].n);
  char *z = arena_alloc_raw(c->arena, (size_t)a[0].n/2 + 1);
  if( z==0 ) return FN_OK;
  for(int i=0; i<a[0].n; i++){
    int digit = hex_digit(a[0].z[i]);
    if( digit<0 ) return fn_bad_argument(c, "invalid hex character: %c", a[0].z[i]);
    z[i/2] = (char)(i & 1 ? z[i/2] | digit : digit<<4);
  }
  *out = value_blob(z, (size_t)a[0].n/2);
  return FN_OK;
}

/* --- base64 -------------------------------------------------------------- */

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char BASE32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static int to_base64(FnCall *c, const Value *v, const char *alphabet, Value *out){
  Buf b;
  buf_init(&b, c->arena);
  for(int i=0; i<v->n; i += 3){
    int left = v->n - i;
    unsigned bits = (unsigned)(unsigned char)v->z[i]<<16;
    if( left>1 ) bits |= (unsigned)(unsigned char)v->z[i+1]<<8;
    if( left>2 ) bits |= (unsigned char)v->z[i+2];
    buf_char(&b, alphabet[bits>>18]);
    buf_char(&b, alphabet[bits>>12 & 63]);
    buf_char(&b, left>1 ? alphabet[bits>>6 & 63] : '=');
    buf_char(&b, left>2 ? alphabet[bits & 63] : '=');
  }
  *out = text_of(&b);
  return FN_OK;
}

static int fn_to_base64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return to_base64(c, &a[0], BASE64, out);
}
static int fn_to_base64url(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return to_base64(c, &a[0], BASE64URL, out);
}

static int bad_base64(FnCall *c, char ch){
  int value = (signed char)ch;
  return fn_bad_argument(c, value<0 ? "Illegal base64 character -%x" : "Illegal base64 character %x",
                         value<0 ? -value : value);
}

/* As java.util.Base64 decodes: padding may be left out, but not be wrong. */
static int from_base64(FnCall *c, const Value *v, const char *alphabet, Value *out){
  static const char ending[] = "Input byte array has wrong 4-byte ending unit";
  Buf b;
  unsigned bits = 0;
  int have = 0, i = 0;          /* characters of the unit so far */
  if( v->n==1 ) return fn_bad_argument(c, "Input byte[] should at least have 2 bytes for base64 bytes");
  buf_init(&b, c->arena);
  while( i<v->n ){
    char ch = v->z[i++];
    const char *p = ch ? strchr(alphabet, ch) : 0;
    if( ch=='=' ){
      if( have==0 ) return fn_bad_argument(c, "%s", ending);
      if( have==2 && (i>=v->n || v->z[i++]!='=') ) return fn_bad_argument(c, "%s", ending);
      break;
    }
    if( p==0 ) return bad_base64(c, ch);
    bits = bits<<6 | (unsigned)(p - alphabet);
    if( ++have==4 ){
      char unit[3] = {(char)(bits>>16), (char)(bits>>8), (char)bits};
      buf_add(&b, unit, 3);
      have = 0;
      bits = 0;
    }
  }
  if( have==1 ) return fn_bad_argument(c, "Last unit does not have enough valid bits");
  if( have==2 ) buf_char(&b, (char)(bits>>4));
  if( have==3 ){
    buf_char(&b, (char)(bits>>10));
    buf_char(&b, (char)(bits>>2));
  }
  if( i<v->n ) return fn_bad_argument(c, "Input byte array has incorrect ending byte at %d", i);
  *out = blob_of(&b);
  return FN_OK;
}

static int fn_from_base64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return from_base64(c, &a[0], BASE64, out);
}
static int fn_from_base64url(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return from_base64(c, &a[0], BASE64URL, out);
}

/* --- base32 -------------------------------------------------------------- */

static int fn_to_base32(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  Buf b;
  unsigned bits = 0;
  int have = 0;                 /* bits not yet written */
  buf_init(&b, c->arena);
  for(int i=0; i<a[0].n; i++){
    bits = (bits<<8 | (unsigned char)a[0].z[i]) & 0xfff;
    for(have += 8; have>=5; have -= 5) buf_char(&b, BASE32[bits>>(have - 5) & 31]);
  }
  if( have>0 ) buf_char(&b, BASE32[bits<<(5 - have) & 31]);
  while( b.n & 7 ) buf_char(&b, '=');
  *out = text_of(&b);
  return FN_OK;
}

/* As Guava's decoder: padding is cut off, the rest must have a length that
** encoding can give. */
static int fn_from_base32(FnCall *c, int argc, const Value *a, Value *out){
  static const char lengths[] = {1, 0, 1, 0, 1, 1, 0, 1};
  int n = a[0].n, have = 0;
  unsigned bits = 0;
  Buf b;
  (void)argc;
  buf_init(&b, c->arena);
  while( n>0 && a[0].z[n-1]=='=' ) n--;
  if( !lengths[n & 7] ) return fn_bad_argument(c, "Invalid input length %d", n);
  for(int i=0; i<n; ){
    unsigned cp = utf8_next(a[0].z, n, &i);
    const char *p = cp && cp<0x7f ? strchr(BASE32, (int)cp) : 0;
    if( p==0 && (cp<=0x20 || cp>=0x7f) ){
      return fn_bad_argument(c, "Unrecognized character: 0x%x", cp);
    }
    if( p==0 ) return fn_bad_argument(c, "Unrecognized character: %c", (int)cp);
    bits = (bits<<5 | (unsigned)(p - BASE32)) & 0xfff;
    have += 5;
    if( have>=8 ){
      have -= 8;
      buf_char(&b, (char)(bits>>have));
    }
  }
  *out = blob_of(&b);
  return FN_OK;
}

/* --- numbers ------------------------------------------------------------- */

static int put_big_endian(FnCall *c, uint64_t x, int n, Value *out){
  unsigned char b[8];
  for(int i=0; i<n; i++) b[i] = (unsigned char)(x>>(8*(n - 1 - i)));
  return put_bytes(c, b, n, out);
}

static uint64_t get_big_endian(const Value *v){
  uint64_t x = 0;
  for(int i=0; i<v->n; i++) x = x<<8 | (unsigned char)v->z[i];
  return x;
}

static int fn_to_big_endian_32(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return put_big_endian(c, (uint64_t)a[0].i, 4, out);
}
static int fn_to_big_endian_64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return put_big_endian(c, (uint64_t)a[0].i, 8, out);
}

static int fn_from_big_endian_32(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  if( a[0].n!=4 ) return fn_bad_argument(c, "expected 4-byte input, but got instead: %d", a[0].n);
  *out = value_int((int32_t)get_big_endian(&a[0]));
  return FN_OK;
}
static int fn_from_big_endian_64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  if( a[0].n!=8 ) return fn_bad_argument(c, "expected 8-byte input, but got instead: %d", a[0].n);
  *out = value_int((int64_t)get_big_endian(&a[0]));
  return FN_OK;
}

static int fn_to_ieee754_32(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  float f = (float)a[0].r;
  uint32_t bits;
  memcpy(&bits, &f, sizeof(bits));
  if( f!=f ) bits = 0x7fc00000;
  return put_big_endian(c, bits, 4, out);
}
static int fn_to_ieee754_64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  uint64_t bits;
  memcpy(&bits, &a[0].r, sizeof(bits));
  if( a[0].r!=a[0].r ) bits = UINT64_C(0x7ff8000000000000);
  return put_big_endian(c, bits, 8, out);
}

static int fn_from_ieee754_32(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  float f;
  if( a[0].n!=4 ) return fn_bad_argument(c, "Input floating-point value must be exactly 4 bytes long");
  uint32_t bits = (uint32_t)get_big_endian(&a[0]);
  memcpy(&f, &bits, sizeof(f));
  *out = value_real(f);
  return FN_OK;
}
static int fn_from_ieee754_64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  double d;
  if( a[0].n!=8 ) return fn_bad_argument(c, "Input floating-point value must be exactly 8 bytes long");
  uint64_t bits = get_big_endian(&a[0]);
  memcpy(&d, &bits, sizeof(d));
  *out = value_real(d);
  return FN_OK;
}

/* --- parts --------------------------------------------------------------- */

static int fn_length(FnCall *c, int argc, const Value *a, Value *out){
  (void)c; (void)argc;
  *out = value_int(a[0].n);
  return FN_OK;
}

static int fn_substr(FnCall *c, int argc, const Value *a, Value *out){
  int64_t start = a[1].i, length = argc>2 ? a[2].i : INT64_MAX, n = a[0].n;
  (void)c;
  *out = value_blob("", 0);
  if( start==0 || length<=0 ) return FN_OK;
  start = start<0 ? start + n : start - 1;
  if( start<0 || start>=n ) return FN_OK;
  *out = value_blob(a[0].z + start, (size_t)(length<n - start ? length : n - start));
  return FN_OK;
}

static int fn_reverse(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  char *z = arena_alloc_raw(c->arena, (size_t)a[0].n + 1);
  if( z==0 ) return FN_OK;
  for(int i=0; i<a[0].n; i++) z[i] = a[0].z[a[0].n - 1 - i];
  *out = value_blob(z, (size_t)a[0].n);
  return FN_OK;
}

/* A random UUID (version 4). */
static int fn_uuid(FnCall *c, int argc, const Value *a, Value *out){
  unsigned char b[16];
  (void)argc; (void)a;
  sqlite3_randomness(sizeof(b), b);
  b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
  b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
  char *z = arena_printf(c->arena,
      "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
      b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7],
      b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
  if( z ) *out = value_text(z, strlen(z));
  return FN_OK;
}

const FnDef fn_binary[] = {
  {"to_hex", "(varbinary) -> varchar", fn_to_hex, 0, 0, 0,
   "Hexadecimal digits of bytes.", "to_hex(X'0aff') = 0AFF", 0},
  {"from_hex", "(varchar(x)) -> varbinary", fn_from_hex, FN_RAISES, "t_from_hex", 0,
   "Bytes of hexadecimal digits.", "from_hex('0aff') = 0a ff", 0},
  {"from_hex", "(varbinary) -> varbinary", fn_from_hex, FN_RAISES, "t_from_hex_bytes", 0, 0, 0, 0},
  {"to_base64", "(varbinary) -> varchar", fn_to_base64, 0, 0, 0,
   "Base64 of bytes.", "to_base64(to_utf8('hello')) = aGVsbG8=", 0},
  {"from_base64", "(varchar(x)) -> varbinary", fn_from_base64, FN_RAISES, "t_from_base64", 0,
   "Bytes of base64.", "from_utf8(from_base64('aGVsbG8=')) = hello", 0},
  {"from_base64", "(varbinary) -> varbinary", fn_from_base64, FN_RAISES, "t_from_base64_bytes", 0,
   0, 0, 0},
  {"to_base64url", "(varbinary) -> varchar", fn_to_base64url, 0, 0, 0,
   "Base64 of bytes, safe in URLs.", "to_base64url(X'fbff') = -_8=", 0},
  {"from_base64url", "(varchar(x)) -> varbinary", fn_from_base64url, FN_RAISES,
   "t_from_base64url", 0, "Bytes of base64 as in URLs.", "from_base64url('-_8') = fb ff", 0},
  {"from_base64url", "(varbinary) -> varbinary", fn_from_base64url, FN_RAISES,
   "t_from_base64url_bytes", 0, 0, 0, 0},
  {"to_base32", "(varbinary) -> varchar", fn_to_base32, 0, 0, 0,
   "Base32 of bytes.", "to_base32(to_utf8('hello')) = NBSWY3DP", 0},
  {"from_base32", "(varchar(x)) -> varbinary", fn_from_base32, FN_RAISES, "t_from_base32", 0,
   "Bytes of base32.", "from_utf8(from_base32('NBSWY3DP')) = hello", 0},
  {"from_base32", "(varbinary) -> varbinary", fn_from_base32, FN_RAISES, "t_from_base32_bytes", 0,
   0, 0, 0},
  {"to_big_endian_32", "(integer) -> varbinary", fn_to_big_endian_32, 0, 0, 0,
   "Four bytes of an integer, highest first.", "to_big_endian_32(256) = 00 00 01 00", 0},
  {"from_big_endian_32", "(varbinary) -> integer", fn_from_big_endian_32, FN_RAISES, 0, 0,
   "The integer of four bytes.", "from_big_endian_32(X'00000100') = 256", 0},
  {"to_big_endian_64", "(bigint) -> varbinary", fn_to_big_endian_64, 0, 0, 0,
   "Eight bytes of an integer, highest first.",
   "to_big_endian_64(256) = 00 00 00 00 00 00 01 00", 0},
  {"from_big_endian_64", "(varbinary) -> bigint", fn_from_big_endian_64, FN_RAISES, 0, 0,
   "The integer of eight bytes.", "from_big_endian_64(X'0000000000000100') = 256", 0},
  {"to_ieee754_32", "(real) -> varbinary", fn_to_ieee754_32, 0, 0, 0,
   "The four bytes of a real.", "to_ieee754_32(REAL '1.0') = 3f 80 00 00", 0},
  {"from_ieee754_32", "(varbinary) -> real", fn_from_ieee754_32, FN_RAISES, 0, 0,
   "The real of four bytes.", "from_ieee754_32(X'3f800000') = 1.0", 0},
  {"to_ieee754_64", "(double) -> varbinary", fn_to_ieee754_64, 0, 0, 0,
   "The eight bytes of a double.", "to_ieee754_64(1.0) = 3f f0 00 00 00 00 00 00", 0},
  {"from_ieee754_64", "(varbinary) -> double", fn_from_ieee754_64, FN_RAISES, 0, 0,
   "The double of eight bytes.", "from_ieee754_64(X'3ff0000000000000') = 1.0", 0},
  {"length", "(varbinary) -> bigint", fn_length, 0, "t_length_bytes", 0,
   "Number of bytes.", "length(X'0aff') = 2", 0},
  {"substr", "(varbinary, bigint) -> varbinary", fn_substr, 0, "t_substr_bytes", 0, 0, 0, 0},
  {"substr", "(varbinary, bigint, bigint) -> varbinary", fn_substr, 0,
   "t_substr_bytes_length", 0, 0, 0, 0},
  {"reverse", "(varbinary) -> varbinary", fn_reverse, 0, "t_reverse_bytes", 0, 0, 0, 0},
  {"uuid", "() -> uuid", fn_uuid, FN_VOLATILE, 0, 0, "A random UUID.", 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
