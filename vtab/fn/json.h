/*
** JSON: the reader that all JSON functions share, writing, and CAST.
**
** Own code rather than a library: Athena's answers show the raw text of
** numbers, stop in the middle of broken documents, keep or sort keys by
** function, and re-render numbers as Java does.  The reader is a stream of
** tokens, as Jackson's parser is; nothing is built that is not asked for.
*/
#ifndef TARN_JSON_H
#define TARN_JSON_H
#include "fn.h"

#define JSON_DEPTH_MAX 1000     /* nesting; deeper documents are refused */

typedef enum JsonToken {
  JSON_NONE,                    /* no more input (at the root only) */
  JSON_ERROR,                   /* not JSON from here on; stays so */
  JSON_OBJECT, JSON_OBJECT_END, JSON_ARRAY, JSON_ARRAY_END,
  JSON_FIELD,                   /* a key; its value comes next */
  JSON_STRING, JSON_INTEGER, JSON_FLOAT, JSON_TRUE, JSON_FALSE, JSON_NULL
} JsonToken;

typedef struct JsonReader {
  const char *z;
  int n, i;
  JsonToken token;
  int from, to;                 /* the token's text; of a string, between its quotes */
  int is_plain;                 /* a string without escapes */
  int too_deep;                 /* the error is JSON_DEPTH_MAX */
  int depth;
  int need_comma;               /* a value has gone before in this container */
  unsigned char in_object[JSON_DEPTH_MAX/8 + 1];    /* a bit for each level */
} JsonReader;

void json_open(JsonReader*, const char *z, int n);
JsonToken json_next(JsonReader*);
/* At the start of an array or object: on to its end.  0, or -1: not JSON. */
int json_skip(JsonReader*);
/* The text of the token (strings decoded; a lone surrogate is '?'). */
Value json_text(Arena*, const JsonReader*);
/* The same with lone surrogates kept, as three bytes: for writing JSON. */
void json_decode(Buf*, const JsonReader*);
/* Number of the token, as Double.parseDouble reads it. */
double json_double(const JsonReader*);
/* 0, or -1: not a 64-bit integer. */
int json_long(const JsonReader*, int64_t *out);

/* How a document is written again. */
typedef enum JsonStyle {
  JSON_COPY,                    /* keys as they are; \uXXXX beyond U+FFFF */
  JSON_SORTED,                  /* keys sorted, the last of a kind; \uXXXX beyond U+FFFF */
  JSON_TREE                     /* keys in order, the last of a kind; all characters as they are */
} JsonStyle;

/* Append (b has an arena) the value the reader stands on; afterwards it stands on its last
** token.  0, or -1: not JSON. */
int json_write(Buf *b, JsonReader*, JsonStyle);
/* Append a string with its quotes; astral: write U+10000 … as they are. */
void json_put_string(Buf*, const char *z, int n, int astral);
/* Order of keys: UTF-16 code units, as Java compares strings. */
int json_compare_keys(const char *a, int na, const char *b, int nb);

/* json_parse: canonical text in the arena.  0; -1: not JSON; 1: too deep. */
int json_canonical(Arena*, const char *z, int n, Value *out);

/*
** CAST to or from JSON, containers included (called by cast.c).  FN_OK with
** *out set, or FN_ERROR after fn_error().  *in is not NULL.
*/
int cast_json(FnCall*, const Type *from, const Type *to, const Value *in, Value *out);
#endif
