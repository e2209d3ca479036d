/*
** The catalog: databases, tables, partitions and views of a lake, kept in its
** tarn_* tables.  The analyser asks it for tables; statements change it.
*/
#ifndef TARN_CATALOG_H
#define TARN_CATALOG_H
#include "../vtab/type.h"

typedef enum TableKind {
  TABLE_LANDING,                /* a virtual table over files */
  TABLE_STORED,                 /* an ordinary SQLite table */
  TABLE_VIEW,                   /* text of a query, expanded by the emitter */
  TABLE_SYSTEM                  /* information_schema.*, "t$partitions": a query over tarn_* or a vtab */
} TableKind;

typedef struct TableColumn {
  const char *name;             /* lower case */
  const Type *type;             /* Trino type of a query (Hive float is real, string is varchar) */
  const char *hive_type;        /* as declared, for SHOW and DESCRIBE; NULL for stored tables */
  const char *comment;          /* or NULL */
  int is_partition;
  int is_hidden;                /* "$path" …: not part of * */
} TableColumn;

typedef struct TableInfo {
  TableKind kind;
  const char *database, *name;
  const char *sqlite_name;      /* unquoted: `t`, or `d.t` outside the default database */
  int n_column; TableColumn *column;   /* partition columns last, then hidden ones */
  const char *view_sql;         /* TABLE_VIEW: the query's text, names resolved in view_database */
  const char *view_database;
} TableInfo;

typedef struct Catalog Catalog;

/* Look a table up (names in lower case).  1 found (*out in the arena), 0 not
** there, -1 the lake could not be read (*error in the arena). */
int catalog_find_table(Catalog*, Arena*, const char *database, const char *table,
                       TableInfo **out, const char **error);
/* Rows of a stored table, cheaply and about; -1 unknown. */
int64_t catalog_row_estimate(Catalog*, const TableInfo*);
int catalog_has_database(Catalog*, const char *database);
/* The context database (--database), "default" unless set. */
const char *catalog_database(Catalog*);
#endif
