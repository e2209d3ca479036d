/*
** The lenient JSON of the OpenX SerDe, read without building a tree.
**
** A token is a value's span in the text: a container's span reaches to its
** closing bracket and has been checked; its members are read by entering it
** again.
*/
#ifndef TARN_JSON_LENIENT_H
#define TARN_JSON_LENIENT_H
#include "value.h"

#define JSON_DEPTH_MAX 500

typedef enum JsonKind {
  JSON_NULL,                    /* null in any case */
  JSON_LITERAL,                 /* any other unquoted text */
  JSON_STRING,                  /* z, n are between the quotes */
  JSON_OBJECT, JSON_ARRAY       /* z, n hold the brackets */
} JsonKind;

typedef struct JsonToken {
  JsonKind kind;
  unsigned char escaped;        /* JSON_STRING: holds backslashes */
  unsigned char ascii;          /* known to be ASCII throughout */
  const char *z; size_t n;
} JsonToken;

typedef struct JsonReader {
  const char *z, *end;          /* what is left */
  const char *error;            /* the reason, once something is wrong */
  int too_deep;
  int depth;
} JsonReader;

void lenient_begin(JsonReader*, const char *z, size_t n);
/* The next value.  1, or 0 with error set. */
int lenient_value(JsonReader*, JsonToken*);
/* Enter an object or array that is at the reader's place (its bracket is
** next), then take its members one by one: 1 a member, 0 the end (or an error:
** look at `error`).  *first must be 1 before the first. */
int lenient_member(JsonReader*, int *first, JsonToken *key, JsonToken *value);
int lenient_element(JsonReader*, int *first, JsonToken *value);
/* A reader of a container's members: past its opening bracket. */
void lenient_enter(JsonReader*, const JsonToken*);
/* The text of a string or literal: escapes resolved, malformed UTF-8 replaced.
** Borrowed where nothing changes. */
Value lenient_text(Arena*, const JsonToken*);
#endif
