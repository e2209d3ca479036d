/*
** One attempt of a request: its URL, headers and signature; what an answer
** means.  Private to the client (client.c drives, request.c builds, retry.c
** judges).
*/
#ifndef TARN_S3_REQUEST_H
#define TARN_S3_REQUEST_H
#include "client.h"
#include <pthread.h>

#define S3_BUCKETS_MAX 64       /* learned regions */

typedef enum TransferState { TRANSFER_WAITING, TRANSFER_RUNNING, TRANSFER_DONE } TransferState;

/* What the client keeps for a request from submit to release. */
typedef struct S3Transfer {
  S3Request *request;
  struct S3Transfer *next;      /* in the client's list */
  S3Client *client;
  TransferState state;
  _Atomic int cancelled;        /* also looked at from within libcurl, without the mutex */
  int64_t start_ms, due_ms;     /* first submitted; not before */
  int attempts;
  int tried_region, tried_clock, tried_credentials;
  /* Per attempt. */
  Arena arena;                  /* URL, headers, texts of the failure */
  CURL *curl;
  struct curl_slist *headers;
  Buf error_body;
  int64_t retry_after_ms;       /* from the answer; -1 none */
  int64_t server_date_s;        /* Date header; 0 none */
  const char *body_refused;     /* why the answer's body does not fit what was asked; NULL: it does */
  int is_changed;               /* … because it is of another version */
  int64_t asked_start, answer_start;    /* of the range; -1 when the answer says none */
  size_t upload_at;
  const char *canonical_request;        /* ours, for SignatureDoesNotMatch */
} S3Transfer;

typedef struct LearnedRegion { char bucket[256]; char region[64]; } LearnedRegion;

struct S3Client {
  const CurlLib *curl;
  Arena arena;                  /* config and credentials; guarded by mutex after open */
  CredentialOptions options;
  Credentials credentials;
  const char *endpoint;         /* without trailing slash; NULL: AWS */
  const char *ca_bundle;
  int handles, attempts, deadline_ms;
  int64_t clock_offset_s;       /* server's clock minus ours, once a signature was refused for it */
  int64_t skew_s; int knows_skew;       /* the same, of the last answer with a date */
  LearnedRegion learned[S3_BUCKETS_MAX];
  int n_learned;
  unsigned random;
  SignKey sign_key;
  int64_t gate_ms;              /* nobody starts before: the shared back-off */
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  pthread_t thread;
  int thread_started;
  _Atomic int closing;
  CURLM *multi;
  CURL *idle[S3_HANDLES_MAX];
  int n_idle, n_running;
  S3Transfer *list;             /* waiting, running and done ones, oldest first */
};

int64_t s3_now_ms(void);                        /* monotonic */
/* Region to sign for. */
const char *s3_region(const S3Client*, const char *bucket);
/* Fill transfer->curl with the next attempt: 0, or 1 with *error. */
int s3_request_prepare(S3Client*, S3Transfer*, const char **error);
/* Judge the attempt that ended: 1 when it shall be tried again (due_ms set),
** 0 when the request is over (request->failure or status set). */
int s3_request_finish(S3Client*, S3Transfer*, CURLcode);
#endif
