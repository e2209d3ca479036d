/* Message digests, without a library: a local run maps no libcrypto. */
#ifndef TARN_FN_DIGEST_H
#define TARN_FN_DIGEST_H
#include <stddef.h>
#include <stdint.h>

#define DIGEST_MAX 64           /* bytes of the longest digest */
#define DIGEST_BLOCK_MAX 128    /* bytes of the longest block */

typedef enum DigestKind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 } DigestKind;

typedef struct Digest {
  DigestKind kind;
  uint32_t s32[8];              /* state of all but SHA-512 */
  uint64_t s64[8];
  uint64_t total;               /* bytes taken so far */
  unsigned char block[DIGEST_BLOCK_MAX];
} Digest;

void digest_begin(Digest*, DigestKind);
void digest_add(Digest*, const void*, size_t);
/* Writes the digest and returns its length. */
int digest_end(Digest*, unsigned char out[DIGEST_MAX]);
int digest_block_size(DigestKind);
/* Digest of one text; HMAC of one text under a key (RFC 2104). */
int digest_of(DigestKind, const void*, size_t, unsigned char out[DIGEST_MAX]);
int digest_hmac(DigestKind, const void *key, size_t n_key, const void*, size_t n,
                unsigned char out[DIGEST_MAX]);
#endif
