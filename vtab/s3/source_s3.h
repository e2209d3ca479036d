/*
** S3 over the network as a byte source (source.h).
**
** Listing pins key, size and ETag; names that begin with `_` or `.` are
** skipped as below a local folder; keys come in S3's own order, which is
** bytewise.  Reading fetches the next objects ahead (reader.h).
*/
#ifndef TARN_SOURCE_S3_H
#define TARN_SOURCE_S3_H
#include "../source.h"
#include "client.h"

/* What the tables of one connection share: a client, opened on first use. */
typedef struct S3Shared {
  S3Config config;              /* set before first use; texts are borrowed */
  S3Client *client;
  volatile int changed;         /* set when a read found that its object is not the listed one */
} S3Shared;

extern const SourceBackend s3_network_backend;
/* source_list_many, for locations that are all on the network. */
int s3_network_list_many(SourceList*, const SourceOptions*, int n, SourcePlace*, char **pzErr);
/* The client, opened now if it was not.  NULL and *pzErr (sqlite3_malloc). */
S3Client *s3_shared_client(S3Shared*, char **pzErr);
void s3_shared_close(S3Shared*);
#endif
