/*
** The catalog's other half: its tables in the lake and the statements that
** change them.  (What the analyser may ask is in catalog.h.)
**
** Names are lower case everywhere.  The tables are Tarn's contract with
** whoever opens the lake in sqlite3; docs/catalog.md lists them.
*/
#ifndef TARN_CATALOG_WRITE_H
#define TARN_CATALOG_WRITE_H
#include "session.h"

Catalog *catalog_open(sqlite3*, const char *database);
void catalog_close(Catalog*);
/* The context database from now on. */
void catalog_set_database(Catalog*, const char *database);

/* Make the tarn_* tables where there are none. */
int catalog_create(Session*);

/* A table's database, name and SQLite name from `[catalog.][db.]name`. */
typedef struct TableName {
  const char *database, *name;
  const char *sqlite_name;      /* unquoted */
} TableName;
/* 0, or 1 with Athena's CATALOG_NOT_FOUND. */
int table_name_resolve(Session*, const NameList*, TableName *out);
const char *table_sqlite_name(Arena*, const char *database, const char *name);

/* What is there under a name: 0 nothing, or one of these. */
enum { OBJECT_NONE = 0, OBJECT_LANDING, OBJECT_STORED, OBJECT_VIEW, OBJECT_FOREIGN /* in SQLite, not Tarn's */ };
int catalog_object(Session*, const TableName*);

/* Forget a table or view: all its rows of the catalog. */
int catalog_forget(Session*, const TableName*);
/* Forget it and drop the SQLite table, if there is one. */
int catalog_drop(Session*, const TableName*);

typedef struct NewTable {
  const char *kind;             /* "landing", "stored" */
  const char *comment, *location, *serde, *input_format, *output_format, *s3_root;
  const char *properties, *serde_properties;    /* JSON objects */
  const char *clustered_by;     /* JSON array of names, or NULL */
  int n_buckets;
  const char *sql;              /* CTAS: its text */
} NewTable;
int catalog_add_table(Session*, const TableName*, const NewTable*);
int catalog_add_column(Session*, const TableName*, int position, const char *name, const Type*,
                       const char *hive_type, const char *comment, int is_partition);
/* JSON object of key-value texts, in the arena. */
char *json_object(Arena*, int n, const KeyText*);
#endif
