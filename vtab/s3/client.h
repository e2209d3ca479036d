/*
** The S3 client: requests, retries and the thread that drives them.
**
** A client owns one libcurl multi handle and one thread.  Requests are
** submitted from any thread; the client signs, sends, retries and fills them
** in; s3_wait blocks for one of them and looks at the caller's interrupt every
** few milliseconds.  Concurrency is the only lever on many small objects, so
** up to `handles` requests run side by side, and a 503 slows all of them down
** together (the back-off gate).
**
** What is retried: connection faults, time-outs, cut bodies, 408, 429, 500,
** 502, 503, 504 and 400 RequestTimeout; never 403, 404, 412.  Sleep is
** random(0, min(20 s, 0.1 s * 2^n)) or the server's Retry-After, at most
** AWS_MAX_ATTEMPTS (default 5) times and until the deadline.  Once each:
** another region (301, 400 AuthorizationHeaderMalformed, x-amz-bucket-region),
** a corrected clock (RequestTimeTooSkewed), new credentials (ExpiredToken).
** A cut GET goes on at the byte reached, with If-Match.  No redirect is
** followed: the host is always built here from bucket and region.
** Source: AWS, "Retry behavior", "Best practices design patterns"; s3.md 1.6.
*/
#ifndef TARN_S3_CLIENT_H
#define TARN_S3_CLIENT_H
#include <stdint.h>
#include "sign.h"
#include "xml.h"
#include "credentials.h"

#define S3_HANDLES_DEFAULT 32
#define S3_HANDLES_MAX 64
#define S3_ATTEMPTS_DEFAULT 5
#define S3_ATTEMPTS_MAX 100
#define S3_DEADLINE_MS 300000   /* for one request with all its attempts */
#define S3_CONNECT_TIMEOUT_MS 3000
#define S3_STALL_S 15           /* a transfer slower than S3_STALL_BYTES a second for so long is cut */
#define S3_STALL_BYTES 100
#define S3_BACKOFF_CAP_MS 20000
#define S3_BACKOFF_BASE_MS 100
#define S3_SKEW_S 240           /* clocks further apart than this may be why a HEAD was refused */
#define S3_KEY_MAX 1024         /* bytes */
#define S3_ERROR_BODY_MAX (1<<20)
#define S3_REQUEST_HEADER_MAX 8
#define S3_REQUEST_QUERY_MAX 8

typedef struct S3Config {
  CredentialOptions credentials;
  const char *endpoint;         /* before AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL; NULL: those, else AWS */
  int handles;                  /* 0: S3_HANDLES_DEFAULT */
  int attempts;                 /* 0: AWS_MAX_ATTEMPTS or S3_ATTEMPTS_DEFAULT */
  int deadline_ms;              /* 0: S3_DEADLINE_MS */
  unsigned seed;                /* of the jitter; 0: from the clock */
} S3Config;

typedef struct S3Client S3Client;
typedef struct S3Request S3Request;

/* Why a request failed; texts belong to the request. */
typedef struct S3Failure {
  int status;                   /* HTTP; 0: no answer */
  const char *code;             /* "NoSuchKey", "SlowDown"; or "" */
  const char *message;
  const char *request_id;
  int attempts;
  int interrupted, out_of_memory;
} S3Failure;

struct S3Request {
  /* Filled in by the caller before s3_submit; borrowed until s3_release. */
  const char *method;
  const char *bucket, *key;     /* key "" for the bucket itself */
  int n_query; SignPair query[S3_REQUEST_QUERY_MAX];
  int n_header; SignPair header[S3_REQUEST_HEADER_MAX];
  const void *body; size_t n_body;
  int64_t range_start, range_end;       /* bytes of the object, end exclusive; 0,0: no Range */
  const char *if_match;

  /* Filled in by the client; read after s3_wait. */
  int status;
  Buf response;                 /* body of a 2xx answer */
  char etag[128];
  int64_t content_length;       /* of the last answer, -1 unknown */
  char bucket_region[64];
  S3Failure failure;
  struct S3Transfer *transfer;  /* the client's own */
};

/*
** Open a client: loads the libraries, finds credentials.  0 and *out; 1 and
** *error in the arena.  s3_close ends all requests and the thread.
*/
int s3_open(Arena*, const S3Config*, S3Client **out, const char **error);
void s3_close(S3Client*);

/* A zeroed request; s3_release cancels it if it runs and frees what it holds. */
void s3_request_init(S3Request*);
void s3_release(S3Client*, S3Request*);

/* Ask for a request's end without waiting for it. */
void s3_cancel(S3Client*, S3Request*);

/* Start a request (returns at once; 1 on out of memory). */
int s3_submit(S3Client*, S3Request*);
/* Wait for its end.  interrupt (may be NULL) is asked every few milliseconds;
** non-zero cancels.  0: a 2xx answer; 1: failed, see request->failure. */
int s3_wait(S3Client*, S3Request*, int (*interrupt)(void*), void *arg);
/* Wait until one of them has ended, and say which; -1 when interrupted (nothing
** is cancelled then).  s3_wait tells at once how that one went. */
int s3_wait_any(S3Client*, int n, S3Request *const*, int (*interrupt)(void*), void *arg);
/* Has it ended? */
int s3_done(S3Client*, S3Request*);

/* One line for people: status, code, message, request id, s3://bucket/key,
** region, credential source, attempts, and what to type where that is known.
** In the arena. */
const char *s3_failure_text(Arena*, S3Client*, const S3Request*);

/* What was chosen, for `tarn s3 whoami` and `tarn doctor`. */
const Credentials *s3_credentials(S3Client*);
const char *s3_endpoint(S3Client*);             /* NULL: Amazon's own */
const char *s3_region_of(S3Client*, const char *bucket);
/* The server's clock minus ours, as a refusal or the last answer said: 0, or 1 when none had a
** date. */
int s3_clock_skew(S3Client*, int64_t *skew_s);

/* Split "s3://bucket/key" in the arena: 0, or 1 when it is not one. */
int s3_split_url(Arena*, const char *url, const char **bucket, const char **key);
#endif
