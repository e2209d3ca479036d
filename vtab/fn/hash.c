/*
** Hashes of bytes: md5, sha1, sha256, sha512, hmac_*, crc32, xxhash64, murmur3,
** spooky_hash_v2_32 and _64.
**
** xxHash is libxxhash's header compiled in, CRC-32 zlib's.  MurmurHash3
** (x64, 128 bits) and SpookyHash V2 follow their authors' public definitions.
*/
#include "../sqlite.h"
#include <string.h>
#include <zlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>
#include "text.h"
#include "digest.h"

static int put_bytes(FnCall *c, const void *p, int n, Value *out){
  char *z = arena_strndup(c->arena, p, (size_t)n);
  if( z ) *out = value_blob(z, (size_t)n);
  return FN_OK;
}

/* The low n bytes of x, highest first. */
static int put_big_endian(FnCall *c, uint64_t x, int n, Value *out){
  unsigned char b[8];
  for(int i=0; i<n; i++) b[i] = (unsigned char)(x>>(8*(n - 1 - i)));
  return put_bytes(c, b, n, out);
}

#define DIGEST(NAME, KIND) \
  static int NAME(FnCall *c, int argc, const Value *a, Value *out){ \
    unsigned char b[DIGEST_MAX]; \
    (void)argc; \
    return put_bytes(c, b, digest_of(KIND, a[0].z, (size_t)a[0].n, b), out); \
  }
DIGEST(fn_md5, DIGEST_MD5)
DIGEST(fn_sha1, DIGEST_SHA1)
DIGEST(fn_sha256, DIGEST_SHA256)
DIGEST(fn_sha512, DIGEST_SHA512)

static int hmac(FnCall *c, DigestKind kind, const Value *a, Value *out){
  unsigned char b[DIGEST_MAX];
  if( a[1].n==0 ) return fn_refuse(c, "an HMAC with an empty key");
  int n = digest_hmac(kind, a[1].z, (size_t)a[1].n, a[0].z, (size_t)a[0].n, b);
  return put_bytes(c, b, n, out);
}

#define HMAC(NAME, KIND) \
  static int NAME(FnCall *c, int argc, const Value *a, Value *out){ \
    (void)argc; \
    return hmac(c, KIND, a, out); \
  }
HMAC(fn_hmac_md5, DIGEST_MD5)
HMAC(fn_hmac_sha1, DIGEST_SHA1)
HMAC(fn_hmac_sha256, DIGEST_SHA256)
HMAC(fn_hmac_sha512, DIGEST_SHA512)

static int fn_crc32(FnCall *c, int argc, const Value *a, Value *out){
  (void)c; (void)argc;
  *out = value_int((int64_t)crc32(0, (const Bytef*)a[0].z, (uInt)a[0].n));
  return FN_OK;
}

static int fn_xxhash64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return put_big_endian(c, XXH64(a[0].z, (size_t)a[0].n, 0), 8, out);
}

static uint64_t rotate(uint64_t x, int n){ return x<<n | x>>(64 - n); }

/* Up to 8 bytes, lowest first. */
static uint64_t load(const unsigned char *p, int n){
  uint64_t x = 0;
  for(int i=0; i<n; i++) x |= (uint64_t)p[i]<<(8*i);
  return x;
}

/* --- MurmurHash3_x64_128, seed 0 ------------------------------------------ */

static uint64_t murmur_finish(uint64_t k){
  k ^= k>>33;
  k *= UINT64_C(0xff51afd7ed558ccd);
  k ^= k>>33;
  k *= UINT64_C(0xc4ceb9fe1a85ec53);
  return k ^ k>>33;
}

static void murmur3(const unsigned char *p, int n, uint64_t h[2]){
  const uint64_t c1 = UINT64_C(0x87c37b91114253d5), c2 = UINT64_C(0x4cf5ad432745937f);
  int left = n;
  h[0] = h[1] = 0;
  for(; left>=16; p += 16, left -= 16){
    h[0] ^= rotate(load(p, 8)*c1, 31)*c2;
    h[0] = (rotate(h[0], 27) + h[1])*5 + 0x52dce729;
    h[1] ^= rotate(load(p + 8, 8)*c2, 33)*c1;
    h[1] = (rotate(h[1], 31) + h[0])*5 + 0x38495ab5;
  }
  if( left>8 ) h[1] ^= rotate(load(p + 8, left - 8)*c2, 33)*c1;
  if( left>0 ) h[0] ^= rotate(load(p, left<8 ? left : 8)*c1, 31)*c2;
  h[0] ^= (uint64_t)n;
  h[1] ^= (uint64_t)n;
  h[0] += h[1];
  h[1] += h[0];
  h[0] = murmur_finish(h[0]);
  h[1] = murmur_finish(h[1]);
  h[0] += h[1];
  h[1] += h[0];
}

static int fn_murmur3(FnCall *c, int argc, const Value *a, Value *out){
  uint64_t h[2];
  unsigned char b[16];
  (void)argc;
  murmur3((const unsigned char*)a[0].z, a[0].n, h);
  for(int i=0; i<16; i++) b[i] = (unsigned char)(h[i/8]>>(8*(i & 7)));
  return put_bytes(c, b, 16, out);
}

/* --- SpookyHash V2, seeds 0 ----------------------------------------------- */

#define SPOOKY UINT64_C(0xdeadbeefdeadbeef)
#define SPOOKY_WORDS 12
#define SPOOKY_SHORT (2*8*SPOOKY_WORDS)             /* shorter texts mix four words */

static void spooky_short_mix(uint64_t h[4]){
  static const unsigned char turn[12] = {50, 52, 30, 41, 54, 48, 38, 37, 62, 34, 5, 36};
  for(int i=0; i<12; i++){
    uint64_t *x = &h[(i + 2) & 3];
    *x = rotate(*x, turn[i]) + h[(i + 3) & 3];
    h[i & 3] ^= *x;
  }
}

static void spooky_short_end(uint64_t h[4]){
  static const unsigned char turn[11] = {15, 52, 26, 51, 28, 9, 47, 54, 32, 25, 63};
  for(int i=0; i<11; i++){
    uint64_t *x = &h[(i + 2) & 3];
    h[(i + 3) & 3] ^= *x;
    *x = rotate(*x, turn[i]);
    h[(i + 3) & 3] += *x;
  }
}

static uint64_t spooky_short(const unsigned char *p, int n){
  uint64_t h[4] = {0, 0, SPOOKY, SPOOKY};
  int left = n;
  for(; left>=32; p += 32, left -= 32){
    h[2] += load(p, 8);
    h[3] += load(p + 8, 8);
    spooky_short_mix(h);
    h[0] += load(p + 16, 8);
    h[1] += load(p + 24, 8);
  }
  if( left>=16 ){
    h[2] += load(p, 8);
    h[3] += load(p + 8, 8);
    spooky_short_mix(h);
    p += 16;
    left -= 16;
  }
  h[3] += (uint64_t)n<<56;
  if( left==0 ){
    h[2] += SPOOKY;
    h[3] += SPOOKY;
  }else{
    h[2] += load(p, left<8 ? left : 8);
    if( left>8 ) h[3] += load(p + 8, left - 8);
  }
  spooky_short_end(h);
  return h[0];
}

static void spooky_mix(uint64_t *s, const unsigned char *p){
  static const unsigned char turn[SPOOKY_WORDS] = {11, 32, 43, 31, 17, 28, 39, 57, 55, 54, 22, 46};
  for(int i=0; i<SPOOKY_WORDS; i++){
    s[i] += load(p + 8*i, 8);
    s[(i + 2)%12] ^= s[(i + 10)%12];
    s[(i + 11)%12] ^= s[i];
    s[i] = rotate(s[i], turn[i]);
    s[(i + 11)%12] += s[(i + 1)%12];
  }
}

static void spooky_end_part(uint64_t *s){
  static const unsigned char turn[SPOOKY_WORDS] = {44, 15, 34, 21, 38, 33, 10, 13, 38, 53, 42, 54};
  for(int i=0; i<SPOOKY_WORDS; i++){
    s[(i + 11)%12] += s[(i + 1)%12];
    s[(i + 2)%12] ^= s[(i + 11)%12];
    s[(i + 1)%12] = rotate(s[(i + 1)%12], turn[i]);
  }
}

static uint64_t spooky64(const unsigned char *p, int n){
  uint64_t s[SPOOKY_WORDS];
  unsigned char last[8*SPOOKY_WORDS] = {0};
  int left = n;
  if( n<SPOOKY_SHORT ) return spooky_short(p, n);
  for(int i=0; i<SPOOKY_WORDS; i++) s[i] = i%3==2 ? SPOOKY : 0;
  for(; left>=(int)sizeof(last); p += sizeof(last), left -= (int)sizeof(last)) spooky_mix(s, p);
  memcpy(last, p, (size_t)left);
  last[sizeof(last) - 1] = (unsigned char)left;
  for(int i=0; i<SPOOKY_WORDS; i++) s[i] += load(last + 8*i, 8);
  for(int i=0; i<3; i++) spooky_end_part(s);
  return s[0];
}

static int fn_spooky_64(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return put_big_endian(c, spooky64((const unsigned char*)a[0].z, a[0].n), 8, out);
}

static int fn_spooky_32(FnCall *c, int argc, const Value *a, Value *out){
  (void)argc;
  return put_big_endian(c, spooky64((const unsigned char*)a[0].z, a[0].n), 4, out);
}

const FnDef fn_hash[] = {
  {"md5", "(varbinary) -> varbinary", fn_md5, 0, 0, 0,
   "MD5 digest.", "to_hex(md5(to_utf8('abc'))) = 900150983CD24FB0D6963F7D28E17F72", 0},
  {"sha1", "(varbinary) -> varbinary", fn_sha1, 0, 0, 0,
   "SHA-1 digest.", "to_hex(sha1(X'')) = DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", 0},
  {"sha256", "(varbinary) -> varbinary", fn_sha256, 0, 0, 0, "SHA-256 digest.",
   "to_hex(sha256(X'')) = E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855", 0},
  {"sha512", "(varbinary) -> varbinary", fn_sha512, 0, 0, 0, "SHA-512 digest.", 0, 0},
  {"hmac_md5", "(varbinary, varbinary) -> varbinary", fn_hmac_md5, FN_RAISES, 0, 0,
   "HMAC with MD5 of bytes under a key.", 0, 0},
  {"hmac_sha1", "(varbinary, varbinary) -> varbinary", fn_hmac_sha1, FN_RAISES, 0, 0,
   "HMAC with SHA-1 of bytes under a key.", 0, 0},
  {"hmac_sha256", "(varbinary, varbinary) -> varbinary", fn_hmac_sha256, FN_RAISES, 0, 0,
   "HMAC with SHA-256 of bytes under a key.", 0, 0},
  {"hmac_sha512", "(varbinary, varbinary) -> varbinary", fn_hmac_sha512, FN_RAISES, 0, 0,
   "HMAC with SHA-512 of bytes under a key.", 0, 0},
  {"crc32", "(varbinary) -> bigint", fn_crc32, 0, 0, 0,
   "CRC-32 of bytes.", "crc32(to_utf8('abc')) = 891568578", 0},
  {"xxhash64", "(varbinary) -> varbinary", fn_xxhash64, 0, 0, 0,
   "xxHash64 of bytes.", "to_hex(xxhash64(to_utf8('hello'))) = 26C7827D889F6DA3", 0},
  {"murmur3", "(varbinary) -> varbinary", fn_murmur3, 0, 0, 0,
   "MurmurHash3 (128 bits) of bytes.",
   "to_hex(murmur3(to_utf8('hello'))) = 029BBD41B3A7D8CB191DAE486A901E5B", 0},
  {"spooky_hash_v2_32", "(varbinary) -> varbinary", fn_spooky_32, 0, 0, 0,
   "SpookyHash V2 (32 bits) of bytes.", "to_hex(spooky_hash_v2_32(to_utf8('abc'))) = 7537C967", 0},
  {"spooky_hash_v2_64", "(varbinary) -> varbinary", fn_spooky_64, 0, 0, 0,
   "SpookyHash V2 (64 bits) of bytes.", 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0}
};
