/*
** The XML that S3 answers with, read with expat.
**
** A document is a few levels of elements with text in the leaves; nothing else
** is expected and nothing else is believed: a document type declaration (the
** door to entity expansion), more than XML_DEPTH_MAX levels, or a text longer
** than XML_TEXT_MAX ends the parse with an error.
*/
#ifndef TARN_S3_XML_H
#define TARN_S3_XML_H
#include <stdint.h>
#include "../arena.h"

#define XML_DEPTH_MAX 16
#define XML_TEXT_MAX 65536      /* bytes of one text; an S3 key has at most 1024 */
#define S3_PAGE_MAX 1000        /* keys of one page of a listing */

typedef struct S3Object {
  const char *key;              /* decoded */
  int64_t size;
  const char *etag;             /* opaque, with its quotes */
} S3Object;

typedef struct S3Page {
  int n_object, cap_object; S3Object *object;
  int n_prefix, cap_prefix; const char **prefix;        /* CommonPrefixes, decoded */
  int truncated;
  const char *next_token;       /* verbatim, or NULL */
} S3Page;

typedef struct S3ErrorBody {
  const char *code, *message, *request_id, *region, *endpoint, *canonical_request, *string_to_sign;
} S3ErrorBody;

/*
** Each returns 0, or 1 with *error set (in the arena) when the document is not
** XML, breaks a limit or is not the one expected.  Results live in the arena.
*/
int s3_xml_list(Arena*, const char *body, size_t n, S3Page*, const char **error);
/* A document whose root is <Error>; 1 (no error) for anything else. */
int s3_xml_error(Arena*, const char *body, size_t n, S3ErrorBody*);
/* InitiateMultipartUploadResult. */
int s3_xml_upload_id(Arena*, const char *body, size_t n, const char **upload_id, const char **error);
/* 1 when the document can be read and its root element has this name; else 0 and *error. */
int s3_xml_has_root(Arena*, const char *body, size_t n, const char *name, const char **error);
/* ListMultipartUploads (one page) and the number of parts in ListPartsResult. */
typedef struct S3UploadEntry { const char *key, *id; int64_t initiated_s; } S3UploadEntry;
typedef struct S3Uploads { int n, cap; S3UploadEntry *entry; } S3Uploads;
int s3_xml_uploads(Arena*, const char *body, size_t n, S3Uploads*, const char **error);
int s3_xml_part_count(Arena*, const char *body, size_t n, int *n_part, const char **error);
#endif
