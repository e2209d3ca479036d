/*
** MD5 (RFC 1321), SHA-1, SHA-256 and SHA-512 (FIPS 180-4).
**
** Small and plain: these run over short keys in queries.  SHA-256's constants
** are the upper halves of SHA-512's.
*/
#include <string.h>
#include "digest.h"

/* Fractional parts of the cube roots of the first 80 primes, of the square
** roots of the first 8, and 2^32 |sin i|. */
static const uint64_t K[80] = {
  0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
  0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
  0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
  0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
  0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
  0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
  0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
  0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
  0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
  0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
  0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
  0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
  0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
  0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
  0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
  0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
  0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
  0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
  0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
  0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817
};
static const uint64_t H[8] = {
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
  0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179
};
static const uint32_t SINES[64] = {
  0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
  0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
  0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
  0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
  0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
  0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
  0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
  0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391
};

static uint32_t left(uint32_t x, int n){ return x<<n | x>>(32 - n); }
static uint32_t right(uint32_t x, int n){ return x>>n | x<<(32 - n); }
static uint64_t right64(uint64_t x, int n){ return x>>n | x<<(64 - n); }

static uint32_t load32(const unsigned char *p){
  return (uint32_t)p[0]<<24 | (uint32_t)p[1]<<16 | (uint32_t)p[2]<<8 | p[3];
}
static uint64_t load64(const unsigned char *p){
  return (uint64_t)load32(p)<<32 | load32(p + 4);
}

static void md5_block(uint32_t *s, const unsigned char *p){
  static const unsigned char shift[4][4] = {{7,12,17,22}, {5,9,14,20}, {4,11,16,23}, {6,10,15,21}};
  uint32_t w[16], a = s[0], b = s[1], c = s[2], d = s[3];
  for(int i=0; i<16; i++){
    w[i] = p[4*i] | (uint32_t)p[4*i+1]<<8 | (uint32_t)p[4*i+2]<<16 | (uint32_t)p[4*i+3]<<24;
  }
  for(int i=0; i<64; i++){
    uint32_t f, t = d;
    int g;
    switch( i/16 ){
      case 0:  f = (b & c) | (~b & d); g = i; break;
      case 1:  f = (d & b) | (~d & c); g = (5*i + 1) & 15; break;
      case 2:  f = b ^ c ^ d;          g = (3*i + 5) & 15; break;
      default: f = c ^ (b | ~d);       g = (7*i) & 15; break;
    }
    d = c;
    c = b;
    b += left(a + f + SINES[i] + w[g], shift[i/16][i & 3]);
    a = t;
  }
  s[0] += a;
  s[1] += b;
  s[2] += c;
  s[3] += d;
}

static void sha1_block(uint32_t *s, const unsigned char *p){
  uint32_t w[80], a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];
  for(int i=0; i<16; i++) w[i] = load32(p + 4*i);
  for(int i=16; i<80; i++) w[i] = left(w[i-3] ^ w[i-8] ^ w[i-14] ^ w[i-16], 1);
  for(int i=0; i<80; i++){
    uint32_t f, t;
    if( i<20 ) f = ((b & c) | (~b & d)) + 0x5a827999;
    else if( i<40 ) f = (b ^ c ^ d) + 0x6ed9eba1;
    else if( i<60 ) f = ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    else f = (b ^ c ^ d) + 0xca62c1d6;
    t = left(a, 5) + f + e + w[i];
    e = d;
    d = c;
    c = left(b, 30);
    b = a;
    a = t;
  }
  s[0] += a;
  s[1] += b;
  s[2] += c;
  s[3] += d;
  s[4] += e;
}

static void sha256_block(uint32_t *s, const unsigned char *p){
  uint32_t w[64], v[8];
  for(int i=0; i<16; i++) w[i] = load32(p + 4*i);
  for(int i=16; i<64; i++){
    uint32_t x = w[i-15], y = w[i-2];
    w[i] = w[i-16] + w[i-7] + (right(x, 7) ^ right(x, 18) ^ x>>3)
         + (right(y, 17) ^ right(y, 19) ^ y>>10);
  }
  memcpy(v, s, sizeof(v));
  for(int i=0; i<64; i++){
    uint32_t t = v[7] + (right(v[4], 6) ^ right(v[4], 11) ^ right(v[4], 25))
               + ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(K[i]>>32) + w[i];
    uint32_t u = (right(v[0], 2) ^ right(v[0], 13) ^ right(v[0], 22))
               + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7*sizeof(v[0]));
    v[4] += t;
    v[0] = t + u;
  }
  for(int i=0; i<8; i++) s[i] += v[i];
}

static void sha512_block(uint64_t *s, const unsigned char *p){
  uint64_t w[80], v[8];
  for(int i=0; i<16; i++) w[i] = load64(p + 8*i);
  for(int i=16; i<80; i++){
    uint64_t x = w[i-15], y = w[i-2];
    w[i] = w[i-16] + w[i-7] + (right64(x, 1) ^ right64(x, 8) ^ x>>7)
         + (right64(y, 19) ^ right64(y, 61) ^ y>>6);
  }
  memcpy(v, s, sizeof(v));
  for(int i=0; i<80; i++){
    uint64_t t = v[7] + (right64(v[4], 14) ^ right64(v[4], 18) ^ right64(v[4], 41))
               + ((v[4] & v[5]) ^ (~v[4] & v[6])) + K[i] + w[i];
    uint64_t u = (right64(v[0], 28) ^ right64(v[0], 34) ^ right64(v[0], 39))
               + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7*sizeof(v[0]));
    v[4] += t;
    v[0] = t + u;
  }
  for(int i=0; i<8; i++) s[i] += v[i];
}

int digest_block_size(DigestKind kind){ return kind==DIGEST_SHA512 ? 128 : 64; }

void digest_begin(Digest *d, DigestKind kind){
  static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  memset(d, 0, sizeof(*d));
  d->kind = kind;
  for(int i=0; i<8; i++){
    d->s64[i] = H[i];
    d->s32[i] = kind==DIGEST_SHA256 ? (uint32_t)(H[i]>>32) : i<5 ? start[i] : 0;
  }
}

static void take(Digest *d, const unsigned char *p){
  switch( d->kind ){
    case DIGEST_MD5:    md5_block(d->s32, p); break;
    case DIGEST_SHA1:   sha1_block(d->s32, p); break;
    case DIGEST_SHA256: sha256_block(d->s32, p); break;
    case DIGEST_SHA512: sha512_block(d->s64, p); break;
  }
}

void digest_add(Digest *d, const void *data, size_t n){
  const unsigned char *p = data;
  size_t size = (size_t)digest_block_size(d->kind), have = (size_t)(d->total % size);
  d->total += n;
  if( have + n<size ){
    if( n ) memcpy(d->block + have, p, n);
    return;
  }
  if( have ){
    memcpy(d->block + have, p, size - have);
    p += size - have;
    n -= size - have;
    take(d, d->block);
  }
  for(; n>=size; p += size, n -= size) take(d, p);
  if( n ) memcpy(d->block, p, n);
}

/* A one bit, zeros, the length in bits; then the state. */
int digest_end(Digest *d, unsigned char out[DIGEST_MAX]){
  static const int length[] = {16, 20, 32, 64};
  static const unsigned char one = 0x80, zero = 0;
  int n = length[d->kind], size = digest_block_size(d->kind), little = d->kind==DIGEST_MD5;
  uint64_t bits = d->total*8;
  unsigned char tail[8];
  digest_add(d, &one, 1);
  /* SHA-512's length has 16 bytes; the upper 8 are always zero here */
  int n_length = d->kind==DIGEST_SHA512 ? 16 : 8;
  while( (int)(d->total % (uint64_t)size)!=size - n_length ) digest_add(d, &zero, 1);
  for(int i=8; i<n_length; i++) digest_add(d, &zero, 1);
  for(int i=0; i<8; i++) tail[i] = (unsigned char)(bits>>(little ? 8*i : 56 - 8*i));
  digest_add(d, tail, 8);
  for(int i=0; i<n; i++){
    if( d->kind==DIGEST_SHA512 ) out[i] = (unsigned char)(d->s64[i/8]>>(56 - 8*(i & 7)));
    else out[i] = (unsigned char)(d->s32[i/4]>>(little ? 8*(i & 3) : 24 - 8*(i & 3)));
  }
  return n;
}

int digest_of(DigestKind kind, const void *p, size_t n, unsigned char out[DIGEST_MAX]){
  Digest d;
  digest_begin(&d, kind);
  digest_add(&d, p, n);
  return digest_end(&d, out);
}

int digest_hmac(DigestKind kind, const void *key, size_t n_key, const void *p, size_t n,
                unsigned char out[DIGEST_MAX]){
  unsigned char pad[DIGEST_BLOCK_MAX] = {0}, inner[DIGEST_MAX];
  int size = digest_block_size(kind), n_inner;
  Digest d;
  if( n_key>(size_t)size ) digest_of(kind, key, n_key, pad);
  else if( n_key ) memcpy(pad, key, n_key);
  for(int i=0; i<size; i++) pad[i] ^= 0x36;
  digest_begin(&d, kind);
  digest_add(&d, pad, (size_t)size);
  digest_add(&d, p, n);
  n_inner = digest_end(&d, inner);
  for(int i=0; i<size; i++) pad[i] ^= 0x36 ^ 0x5c;
  digest_begin(&d, kind);
  digest_add(&d, pad, (size_t)size);
  digest_add(&d, inner, (size_t)n_inner);
  return digest_end(&d, out);
}
