/* Bring S3 objects under the S3 root (pull.c). */
#ifndef TARN_PULL_H
#define TARN_PULL_H
#include "session.h"

typedef struct PullResult { long long objects, fetched, bytes, removed; } PullResult;

/* Make ROOT/bucket/key for every object below an s3:// URL; only what changed
** is fetched.  0, or 1 with an error that names the key. */
int pull_location(Session*, const char *root, const char *url, PullResult*);
#endif
