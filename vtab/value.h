/*
** Value: one Athena value inside an expression.
**
** A Value is only meaningful beside its static Type; the analyser knows it
** for every expression.  How each type is carried (spec: athena.md §9, the
** column "inside an expression"):
**
**   boolean, integers        V_INT
**   real, double             V_REAL (a real is a double rounded to float32);
**                            NaN is V_REAL here and TEXT 'NaN' in SQLite,
**                            which has no NaN
**   decimal(p,s)             unscaled: V_INT for p <= 18; else V_BLOB of 16
**                            bytes, big-endian two's complement with the sign
**                            bit flipped, so that memcmp orders them
**   varchar, json            V_TEXT (UTF-8)
**   char(n)                  V_TEXT without its trailing blanks
**   varbinary                V_BLOB
**   date                     V_INT days since 1970-01-01
**   time(p)                  V_INT picoseconds of the day
**   timestamp(p), p <= 6     V_INT microseconds since 1970-01-01 00:00:00
**   timestamp(p), p > 6      V_BLOB of 12: 8 bytes of microseconds (big-endian,
**                            sign bit flipped), 4 of picoseconds of the microsecond
**   timestamp with time zone V_BLOB of 14: the instant in UTC as those 12, then 2
**                            bytes of zone key (datetime.h); equality and order
**                            look at the first 12
**   time(p) with time zone   V_BLOB of 10: 8 bytes of picoseconds of the day in
**                            UTC (normalised for comparison), 2 of offset minutes
**                            (sign bit flipped)
**   interval day to second   V_INT milliseconds; year to month: V_INT months
**   array, row               V_BLOB, a List of their elements
**   map                      V_BLOB, a List of key, value, key, value, …,
**                            entries ascending by key
**   function                 V_LAMBDA (only as an argument of a call)
**
** How a value is *stored* in a table differs for date, timestamp, decimal and
** containers (ISO text, plain decimal text, canonical JSON): value_load and
** value_store convert at the table's edge.
*/
#ifndef TARN_VALUE_H
#define TARN_VALUE_H
#include <stdint.h>
#include "arena.h"
#include "type.h"

typedef enum ValueKind { V_NULL, V_INT, V_REAL, V_TEXT, V_BLOB, V_LAMBDA } ValueKind;

typedef struct Value {
  ValueKind kind;
  int n;                        /* bytes of z */
  union {
    int64_t i;
    double r;
    const char *z;              /* V_TEXT, V_BLOB: borrowed, not NUL-terminated */
    struct Lambda *lambda;
  };
} Value;

static inline Value value_null(void){ Value v = {V_NULL, 0, {0}}; return v; }
static inline Value value_int(int64_t i){ Value v = {V_INT, 0, {0}}; v.i = i; return v; }
static inline Value value_real(double r){ Value v = {V_REAL, 0, {0}}; v.r = r; return v; }
static inline Value value_text(const char *z, size_t n){ Value v = {V_TEXT, (int)n, {0}}; v.z = z; return v; }
static inline Value value_blob(const char *z, size_t n){ Value v = {V_BLOB, (int)n, {0}}; v.z = z; return v; }

/*
** List: the encoding of arrays, rows and maps.
**   u32 count (little-endian), u32 end[count] (offset of each element's end,
**   from the first element's start), then the elements: one byte ValueKind,
**   then nothing (V_NULL), 8 bytes (V_INT, V_REAL; little-endian) or the bytes
**   themselves (V_TEXT, V_BLOB; a nested list is a V_BLOB).
** Every NaN is written in one form; -0.0 stays, because it prints: so bytes that
** differ may be equal values (compare with value_identical, group by t_group_key).
*/
typedef struct ListBuilder {
  Arena *arena;
  Value *v;
  int n, cap;
} ListBuilder;
void list_begin(ListBuilder*, Arena*);
void list_add(ListBuilder*, Value);             /* bytes are borrowed until list_end */
Value list_end(ListBuilder*);                   /* V_BLOB in the arena; V_NULL on oom (arena->oom set) */
Value list_from(Arena*, int n, const Value*);
int list_count(const Value*);                   /* elements (a map: twice its entries) */
Value list_get(const Value*, int i);            /* borrowed from the list; V_NULL if damaged */
/* A map from entries in any order; -1 when a key repeats (*dup is that key's
** index among the entries), 0 done.  Keys and values alternate in kv. */
int map_from(Arena*, const Type *map, int n_entries, const Value *kv, Value *out, int *dup);
/* Index of the value for a key in a map list, or -1. */
int map_find(const Type *map, const Value *m, const Value *key);
/* The stable ascending order of n values that lie `stride` apart: indexes
** 0..n-1 in the arena; NULL on oom. */
typedef int (*ValueCompare)(void *context, const Value*, const Value*);
int *value_order(Arena*, int n, const Value *v, int stride, ValueCompare, void *context);

/*
** Comparison, by type.  value_compare orders two non-NULL values as ORDER BY
** does (NaN after Infinity; NULL elements inside containers after all others).
** value_equal is `=`: 1, 0, or -1 for NULL (a NULL element decided it).
** value_identical is IS NOT DISTINCT FROM on possibly NULL values.
*/
int value_compare(const Type*, const Value*, const Value*);
int value_equal(const Type*, const Value*, const Value*);
int value_identical(const Type*, const Value*, const Value*);
uint64_t value_hash(const Type*, const Value*);  /* equal values hash alike */

/* Append Athena's text of a non-NULL value (what GetQueryResults shows as
** VarCharValue); NULL inside containers prints `null`. */
void value_print(Buf*, const Type*, const Value*);

/* The text or other form a value has in a stored table, and back.
** value_load returns 0, or -1 when the stored form is not one of the type. */
Value value_store(Arena*, const Type*, const Value*);
int value_load(Arena*, const Type*, const Value *stored, Value *out);

/* Decimals as 128-bit integers, whatever their precision. */
__int128 value_get_decimal(const Type*, const Value*);
Value value_put_decimal(Arena*, const Type*, __int128);

/* Timestamps of any precision, with or without a zone. */
typedef struct Instant { int64_t micros; int picos; int zone; } Instant;
Instant value_get_instant(const Type*, const Value*);
Value value_put_instant(Arena*, const Type*, Instant);

/* Java's text of doubles and reals: `1.0`, `1.0E10`, `NaN`, `-Infinity`. */
void value_print_double(Buf*, double);
void value_print_real(Buf*, double);
#endif
