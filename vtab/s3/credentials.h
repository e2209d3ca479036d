/*
** Which AWS credentials and region a request uses.
**
** The chain, in the order of the AWS SDKs (AWS, "Credential provider chain"):
** explicit options, environment, then the profile: static keys, an SSO session
** (by way of the aws command), credential_process.  What a profile can ask for
** beyond that (role_arn, web identity, container and instance metadata) is
** named in the error with what to type instead.  Nothing found at all means
** anonymous requests.
**
** The secret and the session token leave this module only in the struct: they
** are never printed, stored or put into an error.
*/
#ifndef TARN_S3_CREDENTIALS_H
#define TARN_S3_CREDENTIALS_H
#include <stdint.h>
#include "../arena.h"

#define CREDENTIALS_FILE_MAX (1<<20)    /* bytes of ~/.aws/config */
#define CREDENTIALS_PROCESS_MAX 65536   /* bytes that credential_process may print */
#define CREDENTIALS_REFRESH_S 300       /* renew this long before they expire */

typedef struct CredentialOptions {
  const char *key_id, *secret, *session_token;  /* explicit; NULL: not given */
  const char *profile;                          /* before AWS_PROFILE */
  const char *region;
  int anonymous;                                /* --no-sign-request */
} CredentialOptions;

typedef struct Credentials {
  int anonymous;
  const char *key_id, *secret, *session_token;  /* token NULL if none */
  int64_t expires_s;            /* Unix time; 0: never */
  const char *source;           /* "environment", "profile dev (credential_process)", … */
  const char *region;           /* NULL: none is set; the caller starts with us-east-1 and learns */
  const char *region_source;
} Credentials;

/* 0 and *out in the arena; 1 and *error (in the arena) naming the profile or
** variable to blame and what to type. */
int credentials_find(Arena*, const CredentialOptions*, Credentials *out, const char **error);
/* Do they expire within CREDENTIALS_REFRESH_S of now_s? */
int credentials_expiring(const Credentials*, int64_t now_s);
#endif
