/*
** What the driver needs of the landing tables (module `jsonl`; its argument
** list is documented at the top of jsonl.c).
**
** A connection gets the module with jsonl_register(db, host).  The host is the
** driver's own struct: where the S3 root is, and who wants to know what was
** read and what was passed over.  It must outlive the connection.  The
** loadable extension registers with NULL: then only TARN_S3_ROOT and the
** table's own root count, and nobody is told anything.
**
** Errors of a scan are one message of SQLite, of one or two lines:
**     HIVE_BAD_DATA: Error Parsing a column in the table: …
**     at s3://bucket/key:41 byte 17 column x: a JSON object, not a number
** The first line is Athena's `CODE: message`; the second, where a file is to
** blame, says where (the driver prints it first).
*/
#ifndef TARN_JSONL_H
#define TARN_JSONL_H
#include "sqlite.h"

#define JSONL_RAW_MAX 1024      /* bytes of a passed-over record that are kept */

/* A place where Athena goes on and loses something: a blank line that becomes
** a row of NULLs, text after the first object, a malformed line under
** ignore.malformed.json.  A table that is scanned twice reports twice. */
typedef struct JsonlReject {
  const char *table;            /* as in CREATE VIRTUAL TABLE */
  const char *path;             /* "$path" */
  sqlite3_int64 line;           /* 1-based */
  sqlite3_int64 byte;           /* 1-based, within the line */
  const char *reason;
  const char *raw; int n_raw;   /* the record's text, cut at JSONL_RAW_MAX; not NUL-terminated */
} JsonlReject;

/* A file that was listed, and how much of it was read (of the stored bytes,
** before decompression) when its reading ended. */
typedef struct JsonlInput {
  const char *table, *path;
  sqlite3_int64 size, mtime_ms, bytes_read;
  const char *etag;             /* network sources (then no mtime), else NULL */
} JsonlInput;

/* Counters, added to by every scan of the connection. */
typedef struct JsonlStats {
  sqlite3_int64 files_listed, files_opened, files_pruned /* partitions left out count once */;
  sqlite3_int64 bytes_read, rows, rejects;
} JsonlStats;

/* All pointers are borrowed for the call only.  A callback that returns
** non-zero stops the scan with SQLITE_ERROR.  NULL callbacks are allowed. */
typedef struct JsonlHost {
  const char *s3_root;          /* before TARN_S3_ROOT, before the table's own; NULL: unset */
  int (*on_reject)(void *arg, const JsonlReject*);
  int (*on_input)(void *arg, const JsonlInput*);
  void *arg;
  struct S3Shared *s3;          /* S3 over the network (s3/source_s3.h), or NULL */
  JsonlStats stats;
  /* While not 0 and unchanged, a table is listed once and later scans use the
  ** same pinned list.  0: listed anew for each statement. */
  unsigned pin_epoch;
  const volatile int *stop;     /* non-zero: the user wants an end; looked at where no statement runs; or NULL */
  int threads;                  /* that read one table at most; 0: the processors */
  struct JsonlTable *tables;    /* connected now; the module's own (jsonl_rows.h: jsonl_find) */
} JsonlHost;

int jsonl_register(sqlite3*, JsonlHost*);

/* --- Declaring a table --------------------------------------------------- */

typedef struct JsonlColumn { const char *name, *hive_type, *comment /* or NULL */; } JsonlColumn;
typedef struct JsonlProperty { const char *key, *value; } JsonlProperty;
/* location: as in ALTER TABLE ADD PARTITION; NULL: `k=v/…` below the table's
** location.  value: one text for each partition column, decoded; NULL for
** Hive's __HIVE_DEFAULT_PARTITION__. */
typedef struct JsonlPartition { const char *location; const char *const *value; } JsonlPartition;

/*
** A table as the catalog knows it.  location and s3_root should be absolute,
** so that the table works from any directory.  serde is the class name; a
** table made with ROW FORMAT DELIMITED (or no ROW FORMAT) is
** org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe with the properties
** field.delim, escape.delim, collection.delim, mapkey.delim, line.delim and
** serialization.null.format (those that were written).
*/
typedef struct JsonlSpec {
  const char *location, *s3_root /* or NULL */, *serde;
  int n_column; const JsonlColumn *column;
  int n_partition_column; const JsonlColumn *partition_column;
  int n_property; const JsonlProperty *property;               /* SERDEPROPERTIES */
  int n_table_property; const JsonlProperty *table_property;   /* TBLPROPERTIES */
  int n_partition; const JsonlPartition *partition;
} JsonlSpec;

/* The text of CREATE VIRTUAL TABLE "table" USING jsonl(…).  The caller frees
** it with sqlite3_free; NULL on out of memory. */
char *jsonl_create_sql(const char *table, const JsonlSpec*);

/* NULL when rows of this SerDe class can be read with these columns and
** properties, else why not, as `CODE: message` (sqlite3_free).  What CREATE
** VIRTUAL TABLE would say; touches no file. */
char *jsonl_check(const JsonlSpec*);
#endif
