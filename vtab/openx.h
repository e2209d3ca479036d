/*
** The OpenX SerDe's own: what its files share.
**
**   serde_openx.c     tables, fields of a line, records
**   openx_convert.c   a JSON value to a value of a column's type
**   openx_text.c      any JSON value to text; members of objects
**   openx_template.c  lines that look like one before
*/
#ifndef TARN_OPENX_H
#define TARN_OPENX_H
#include "serde.h"
#include "json_lenient.h"

#define OPENX_ABSENT ((JsonKind)-1)   /* a token that is not there */

typedef struct OpenxPlan OpenxPlan;
struct OpenxPlan {                   /* of a type; the row of the table itself is one of T_ROW */
  const Type *type;
  int n;
  OpenxPlan *child;                  /* of each argument of the type */
  const char **name; size_t *n_name;    /* T_ROW: names of fields */
  const char **key; size_t *n_key;      /* T_ROW: the keys they are read from */
  int twins;                    /* two fields are mapped to one key */
};

typedef struct Openx {
  OpenxPlan top;
  int ignore_malformed, ignore_case, dots, null_for_invalid;
  TimeFormats formats;
} Openx;

/* One record's work. */
typedef struct OpenxWork {
  SerdeRow *row;
  const Openx *openx;
  Arena *arena;
  const char *record;
  const char *column;           /* being converted */
} OpenxWork;

/* serde_openx.c: the spans of an object's fields, or of an array's by position.
** 0; -1 when the reader found an error or memory ran out. */
int openx_read_object(OpenxWork*, const OpenxPlan*, JsonReader*, JsonToken *slot);
int openx_read_positions(OpenxWork*, const OpenxPlan*, JsonReader*, JsonToken *slot);

/* openx_convert.c.  A token to a stored value: 0, or -1 with row->error (or oom). */
int openx_convert(OpenxWork*, const OpenxPlan*, const JsonToken*, Value *out);
/* What most values are, without the long way: 1 done, 0 not one of them. */
int openx_convert_plain(const Type*, const JsonToken*, Value *out);
/* A decimal, hexadecimal or octal long: 1 when it is one. */
int openx_parse_long(const char *z, size_t n, int64_t *out);

/* openx_text.c.  Any value as text of a varchar or char type. */
Value openx_text(OpenxWork*, const Type*, const JsonToken*);
/* The members of an object; those of a key that came again are dead. */
typedef struct OpenxMember { Value key; JsonToken value; int next, dead; } OpenxMember;
typedef struct OpenxMembers { OpenxMember *m; int n, cap; int *head; int n_head; } OpenxMembers;
int openx_read_members(OpenxWork*, const JsonToken *object, OpenxMembers*);
#endif
