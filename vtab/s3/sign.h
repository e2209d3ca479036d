/*
** AWS Signature Version 4.
**
** Why our own: libcurl 7.88's CURLOPT_AWS_SIGV4 signs unsorted queries and
** Hive-partitioned keys wrongly (fixed upstream between 8.0 and 8.19), and the
** answer must not depend on the user's libcurl.
**
** One canonicaliser.  The caller gives raw (unencoded) path and query; they
** are encoded and sorted once, and sign_v4 returns the very bytes to put into
** the URL.  S3 encodes the path once and never normalises it; other services
** encode it twice and normalise it (the two flags; the public test suite needs
** both).  Source: AWS, "Create a signed AWS API request"; the suite of
** aws-c-auth.
*/
#ifndef TARN_S3_SIGN_H
#define TARN_S3_SIGN_H
#include "../arena.h"
#include "lib.h"

#define SIGN_HEADER_MAX 64
#define SIGN_QUERY_MAX 64
#define SIGN_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"
#define SIGN_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct SignPair { const char *name, *value; } SignPair;

/* The key derived from a secret for a day, region and service: half of the work of
** a signature, kept from one to the next. */
typedef struct SignKey {
  const char *secret;           /* the very text it is of; NULL: none yet */
  char date[12], region[64], service[16];
  unsigned char key[32];
} SignKey;

typedef struct SignRequest {
  const char *method;           /* "GET" */
  const char *path;             /* raw bytes, begins with '/' */
  int n_query; const SignPair *query;           /* raw names and values */
  int n_header; const SignPair *header;         /* all headers to sign; must hold host and x-amz-date */
  const char *payload_sha256;   /* hex, or SIGN_UNSIGNED_PAYLOAD */
  const char *key_id, *secret;
  const char *region, *service;
  const char *amz_date;         /* 20130524T000000Z */
  int encode_path_twice;        /* not for S3 */
  int normalize_path;           /* not for S3 */
  SignKey *kept;                /* used and renewed by sign_v4; or NULL */
} SignRequest;

typedef struct SignResult {
  const char *url_path;         /* encoded once: for the URL */
  const char *url_query;        /* encoded and sorted, without '?'; "" if none */
  const char *canonical_request;
  const char *string_to_sign;
  const char *signature;        /* hex */
  const char *authorization;    /* value of the Authorization header */
} SignResult;

/* 0 done (all texts in the arena), 1 out of memory, too many headers or no
** libcrypto (*error says which, a constant text).  The secret is in no result. */
int sign_v4(Arena*, const SignRequest*, SignResult*, const char **error);

/* Percent-encode all but A-Z a-z 0-9 - . _ ~ (and '/' where keep_slash). */
void sign_uri_encode(Buf*, const char *z, size_t n, int keep_slash);
/* 64 hex digits and a NUL to hex; 0 done, 1 no libcrypto. */
int sign_sha256_hex(const void *p, size_t n, char *hex, const char **error);
#endif
