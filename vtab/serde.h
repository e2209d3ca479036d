/*
** SerDes: records of bytes to rows of stored values.
**
** A SerDe is a constant table of operations, found by its Java class name.
** serde_open checks the columns and properties of a table once; then any
** number of cursors decode records, each with its own SerdeRow.  Only the
** columns that a query uses are decoded, but a record is read as a whole, so
** that a malformed one is noticed whatever the columns are, as on Athena.
**
** Cells are in stored form (value.h, spec §9): V_NULL, V_INT, V_REAL (NaN
** included), V_TEXT or V_BLOB.  Their bytes are borrowed from the record or
** live in row->arena until the next record.
*/
#ifndef TARN_SERDE_H
#define TARN_SERDE_H
#include "value.h"
#include "convert.h"

typedef struct Serde Serde;
typedef struct SerdeRow SerdeRow;

typedef struct SerdeColumn { const char *name; const Type *type; } SerdeColumn;
typedef struct SerdeProperty { const char *key, *value; } SerdeProperty;

typedef struct SerdeOps {
  const char *const *classes;   /* Java class names, NULL at the end */
  /* Check columns and properties, build what decoding needs in serde->arena.
  ** NULL, or the message that refuses the table (sqlite3_malloc). */
  char *(*prepare)(Serde*);
  /* One record into row->cell; SCAN_PADDING bytes behind it may be read.  0 done (row->passed may be set), -1 error
  ** (row->error is set, or row->arena.oom). */
  int (*decode)(SerdeRow*, const char *z, size_t n);
  /* Lines from *z on as long as they are of a form that was met before, at most
  ** `most`: their cells to rows of row->stride cells, the cell of a used column
  ** at row->place[column].  How many; *z moves behind them.  SCAN_PADDING zero
  ** bytes lie behind `end`.  decode takes the line that is next.  May be NULL. */
  int (*decode_run)(SerdeRow*, const char **z, const char *end, Value *to, int most);
  void (*reset)(Serde*);        /* free what prepare took outside the arena; may be NULL */
  void (*end)(SerdeRow*);       /* free what row->state owns besides itself; may be NULL */
} SerdeOps;

struct Serde {
  const SerdeOps *ops;
  int n_column; const SerdeColumn *column;      /* the file's columns: no partition columns */
  int n_property; const SerdeProperty *property;
  int n_table_property; const SerdeProperty *table_property;
  Arena *arena;                 /* lives as long as the Serde */
  void *plan;                   /* the SerDe's own */
};

/* What is wrong with a record. */
typedef struct SerdeError {
  const char *code;             /* NULL: nothing */
  const char *message;          /* Athena's, after the code; NULL: "Failed to read file at URL" */
  const char *reason;           /* ours, for the second line; constant or in row->arena */
  size_t byte;                  /* 0-based place in the record */
  const char *column;           /* or NULL */
} SerdeError;

struct SerdeRow {
  const Serde *serde;
  const unsigned char *used;    /* one flag a column */
  const int *place; int stride; /* of decode_run's rows */
  Value *cell;                  /* n_column of them */
  Arena arena;                  /* emptied before each record */
  SerdeError error;
  /* Something Athena goes on from, losing it: NULL, or the reason. */
  const char *passed; size_t passed_byte;
  int plain;                    /* take no shortcuts: for tests that compare */
  void *state;                  /* the SerDe's own, sqlite3_free'd at the end; made on first use */
};

/* Find and prepare.  NULL, or the message that refuses (sqlite3_malloc). */
char *serde_open(Serde*, const char *class_name);
void serde_close(Serde*);
/* The value of a property, NULL when it was not given.  Keys as they are. */
const char *serde_property(const Serde*, const char *key);
const char *serde_table_property(const Serde*, const char *key);
/* "true" in any case. */
int serde_property_is_true(const Serde*, const char *key);

/* For SerDes. */
int serde_fail(SerdeRow*, const char *code, const char *message, size_t byte, const char *column,
               const char *reason);
void serde_all_null(SerdeRow*);

extern const SerdeOps serde_openx, serde_hcatalog, serde_csv, serde_lazy, serde_regex;
#endif
