/*
** Compile one Athena query: text -> tree -> typed tree -> SQLite SQL.
**
** The result is plain data in the caller's arena: what to prepare, which
** columns come out with which Athena type, and what is read.  Statements that
** are not queries (DDL, SHOW, …) come back as their tree, for the session to
** carry out.
*/
#ifndef TARN_ATHENA_H
#define TARN_ATHENA_H
#include "tree.h"
#include "../catalog.h"

typedef struct ResultColumn {
  const char *name;             /* as Athena shows it: `ID` for SELECT ID, `_col0` */
  const Type *type;
} ResultColumn;

typedef struct Compiled {
  Statement *statement;
  const char *sqlite_sql;       /* the query, for ST_QUERY and the query of CTAS, INSERT, UNLOAD */
  int n_column; ResultColumn *column;           /* values come out in expression form (value.h) */
  int ordered;                  /* has an outermost ORDER BY */
  int n_table; TableInfo **table;               /* every table read, views expanded */
  /* The same query with columns in stored form (value_store), for CTAS and INSERT. */
  const char *sqlite_sql_stored;
} Compiled;

/* What runs around a compilation and is not in the text. */
typedef struct CompileContext {
  Catalog *catalog;
  int64_t now_micros;           /* now(), fixed for the statement */
  int n_parameter; Expr **parameter;            /* EXECUTE … USING, ExecutionParameters */
  int plain;                    /* 1: SQLite does everything itself; -1: hash aggregation also of small inputs */
} CompileContext;

/* Success: 0.  Failure: 1 and *error (in the arena). */
int athena_compile(Arena*, const CompileContext*, const char *sql, Compiled **out, AthenaError *error);
/* The same from a tree already parsed. */
int athena_compile_statement(Arena*, const CompileContext*, Statement*, Compiled **out, AthenaError *error);

/* "CODE: line L:C: message", in the arena. */
const char *athena_error_text(Arena*, const AthenaError*);
#endif
