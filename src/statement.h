/*
** Carry out one Athena statement on a session (statement.c and its rooms).
** All return 0, or 1 with session->error set.
*/
#ifndef TARN_STATEMENT_H
#define TARN_STATEMENT_H
#include "output.h"
#include "session.h"
#include "catalog_write.h"

/* One statement from its text: compile, run in a transaction of its own (or
** the one that is open), write the result. */
int statement_run(Session*, const char *sql, Output*);
/* The same when it is compiled already. */
int statement_run_compiled(Session*, Compiled*, Output*);
/* Compile with the session's catalog and the current time. */
int statement_compile(Session*, const char *sql, Compiled**);
int statement_compile_tree(Session*, Statement*, const ExprList *parameters, Compiled**);

/* A file of statements, or one operand that must be a single statement. */
int script_run(Session*, const char *text, Output*);
/* A whole file ("-" is stdin) in the arena; NULL after session_fail. */
char *read_text_file(Session*, const char *path);

/* The rooms, by kind of statement. */
int query_run(Session*, const Compiled*, Output*);
int statement_create_external_table(Session*, const Statement*, Output*);
int statement_drop_table(Session*, const Statement*, Output*);
int statement_database(Session*, const Statement*, Output*);
int statement_partition(Session*, const Statement*, Output*);
int statement_alter(Session*, const Statement*, Output*);
int statement_create_table_as(Session*, const Compiled*, Output*);
int statement_insert(Session*, const Compiled*, Output*);
int statement_unload(Session*, const Compiled*, Output*);
int statement_view(Session*, const Compiled*, Output*);
int statement_show(Session*, const Statement*, Output*);
int statement_describe(Session*, const Statement*, Output*);
int statement_show_create(Session*, const Statement*, Output*);
int statement_prepared(Session*, const Statement*, Output*);
int statement_explain(Session*, const Statement*, Output*);

/* A result without columns or rows: DDL. */
int result_empty(Session*, Output*);
/* INSERT and CTAS: n rows written. */
int result_update(Session*, Output*, long long n);
/* Begin a result of text rows; names are the ColumnInfo names, api_type their
** type. */
void result_texts(Session*, Output*, ResultKind, const char *api_type, int n, const char *const *names);
int result_end(Session*, Output*);

/* The query's rows into a stored table, in bulk or by SQLite; columns: "" or the
** list of INSERT.  *n rows. */
int stored_insert(Session*, const Compiled*, const TableName*, const char *columns, long long *n);

/* A property of WITH (…), and its text when it is one; NULL if absent. */
const Property *statement_property(const Statement*, const char *name);
const char *statement_property_text(const Statement*, const char *name);

/* A text padded with blanks to a width in characters (statement_describe.c). */
char *text_padded(Arena*, const char *z, int width);

/* The first of the texts a table's object must be: fails with Hive's or
** Athena's text when it is not there.  *kind is OBJECT_…. */
int table_must_exist(Session*, const NameList*, TableName*, int *kind);
int is_reserved_name(const char *name);
#endif
