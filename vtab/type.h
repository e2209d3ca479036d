/*
** Athena's types: one lattice for the analyser, the functions, the SerDes
** and the printers.
**
** A Type is immutable.  Simple types are constants (&TYPE_BIGINT); types with
** parameters are built in an arena and compared with type_equal, never by
** address.  Where Trino spells a type (error texts, typeof, ColumnInfo) and
** where Hive does (DDL, DESCRIBE), type_print and type_print_hive differ.
** Source of names: Trino's documentation, "Data types"; AWS's Athena guide,
** "Data types in Amazon Athena".
*/
#ifndef TARN_TYPE_H
#define TARN_TYPE_H
#include "arena.h"

typedef enum TypeKind {
  T_UNKNOWN,                    /* the type of NULL */
  T_BOOLEAN,
  T_TINYINT, T_SMALLINT, T_INTEGER, T_BIGINT,
  T_REAL, T_DOUBLE,
  T_DECIMAL,                    /* p, s */
  T_VARCHAR,                    /* p = length in code points, or TYPE_UNBOUNDED */
  T_CHAR,                       /* p */
  T_VARBINARY,
  T_JSON,
  T_DATE,
  T_TIME, T_TIME_TZ,            /* p = digits of the fraction, 0..12 */
  T_TIMESTAMP, T_TIMESTAMP_TZ,  /* p */
  T_INTERVAL_DS,                /* interval day to second */
  T_INTERVAL_YM,                /* interval year to month */
  T_ARRAY,                      /* arg[0] */
  T_MAP,                        /* arg[0], arg[1] */
  T_ROW,                        /* arg[0..n-1], name[i] may be NULL */
  T_FUNCTION,                   /* arg[0..n-2] parameters, arg[n-1] result */
  T_UUID, T_IPADDRESS, T_HYPERLOGLOG, T_OTHER  /* known by name, refused or opaque */
} TypeKind;

#define TYPE_UNBOUNDED (-1)     /* varchar without a length */
#define TYPE_DEPTH_MAX 64       /* nesting of type parameters */

typedef struct Type Type;
struct Type {
  TypeKind kind;
  int p, s;                     /* see TypeKind */
  int n;                        /* entries of arg and name */
  const Type *const *arg;
  const char *const *name;      /* T_ROW: field names, as written for T_ROW of a cast, else lower case */
};

extern const Type TYPE_UNKNOWN, TYPE_BOOLEAN, TYPE_TINYINT, TYPE_SMALLINT, TYPE_INTEGER,
  TYPE_BIGINT, TYPE_REAL, TYPE_DOUBLE, TYPE_VARCHAR /* unbounded */, TYPE_VARBINARY, TYPE_JSON,
  TYPE_DATE, TYPE_TIMESTAMP /* (3) */, TYPE_TIMESTAMP_TZ /* (3) */, TYPE_TIME /* (3) */,
  TYPE_INTERVAL_DS, TYPE_INTERVAL_YM;

/* Constructors.  NULL on out of memory (arena->oom is set). */
const Type *type_decimal(Arena*, int p, int s);
const Type *type_varchar(Arena*, int length);          /* or TYPE_UNBOUNDED */
const Type *type_char(Arena*, int length);
const Type *type_precision(Arena*, TypeKind, int p);   /* time and timestamp kinds */
const Type *type_array(Arena*, const Type *element);
const Type *type_map(Arena*, const Type *key, const Type *value);
const Type *type_row(Arena*, int n, const Type *const *arg, const char *const *name);
const Type *type_function(Arena*, int n_param, const Type *const *param, const Type *result);
/* A deep copy that lives in another arena. */
const Type *type_copy(Arena*, const Type*);

/* Same type, field names of rows included (ignoring case). */
int type_equal(const Type*, const Type*);
int type_is_integer(const Type*);                      /* tinyint … bigint */
int type_is_numeric(const Type*);                      /* integers, real, double, decimal */
int type_is_comparable(const Type*);                   /* has = */
int type_is_orderable(const Type*);                    /* has < */

/* Trino's spelling: `varchar(3)`, `timestamp(3) with time zone`,
** `array(row(a integer, b varchar))`, `row(integer, varchar)`. */
void type_print(Buf*, const Type*);
/* As typeof() and Athena's messages about types show it: like type_print, but
** field names are never quoted (so it cannot always be read back). */
void type_print_display(Buf*, const Type*);
/* As Athena's messages about calls show it, without blanks:
** `map(varchar(1),integer)`, `row("a" integer,varchar)`. */
void type_print_signature(Buf*, const Type*);
/* Hive's spelling, without blanks: `array<struct<a:int,b:string>>`. */
void type_print_hive(Buf*, const Type*);
/* Convenience: text in the arena. */
const char *type_text(Arena*, const Type*);

/* Parse Trino's spelling (as type_print writes it, and its synonyms).
** Returns the type, or NULL with *error set to the first part that is not a
** type (in the arena). */
const Type *type_parse(Arena*, const char *z, size_t n, const char **error);
/* Parse Hive's spelling, case-insensitive: int, string, float, array<>,
** map<,>, struct<name:type [comment 'c'],…>, decimal[(p[,s])] = (10,0). */
const Type *type_parse_hive(Arena*, const char *z, size_t n, const char **error);
#endif
