/*
** Results on stdout: one statement's columns and rows in one of the formats.
**
** A query's rows arrive in the carriers of value.h and print by static type;
** the rows of SHOW and DESCRIBE arrive as texts.  Nothing reaches stdout
** before the result is complete or OUTPUT_HOLD bytes long, so that a statement
** that fails on its way prints no rows (unless it printed that much).
*/
#ifndef TARN_OUTPUT_H
#define TARN_OUTPUT_H
#include <stdio.h>
#include "../vtab/type.h"
#include "../vtab/value.h"

#define OUTPUT_HOLD (16<<20)
#define OUTPUT_TEXT_COLUMNS 4   /* of a utility statement */

typedef struct OutputColumn {
  const char *name;
  const Type *type;
  const char *api_type;         /* ColumnInfo's Type where it is not the type's: "string"; or NULL */
} OutputColumn;

typedef enum ResultKind {
  RESULT_QUERY,                 /* SELECT, EXPLAIN: header row, UpdateCount 0 */
  RESULT_UTILITY,               /* SHOW: no header row, UpdateCount 0; text file */
  RESULT_HIVE,                  /* DESCRIBE, SHOW CREATE TABLE, DDL: no UpdateCount; text file */
  RESULT_UPDATE                 /* INSERT, CTAS: one column `rows`, no rows, UpdateCount n */
} ResultKind;

typedef struct OutputFormat OutputFormat;
typedef struct Output Output;
struct Output {
  const OutputFormat *format;
  Arena *arena;                 /* of the statement */
  FILE *file;
  Buf buf;                      /* not yet written */
  int results;                  /* finished before this one */
  ResultKind kind;
  int n_column;
  const OutputColumn *column;
  long long rows, update_count;
  int delivered;                /* part of a result that has not ended is on its way to the user */
  /* box and markdown: rows held until widths are known */
  char ***held; int n_held, cap_held; int *width;
  int streaming;
  Output *copy;                 /* a second place for the same results, or NULL */
};

/* The format of a name: NULL if there is none.  "" is the default: box on a
** terminal, csv elsewhere. */
const OutputFormat *output_format(const char *name, FILE*);
void output_init(Output*, const OutputFormat*, FILE*);   /* NULL file: nowhere */
void output_free(Output*);

/* Begin a result; columns and arena must live until output_end. */
void output_begin(Output*, Arena*, ResultKind, int n_column, const OutputColumn*);
void output_row(Output*, const Value*);
/* A row of SHOW, DESCRIBE or MSCK: its columns joined by tabs. */
void output_text(Output*, const char *z);
/* 0, or 1 when stdout could not be written. */
int output_end(Output*);
/* The statement failed: forget what was not yet written. */
void output_abandon(Output*);

/* Athena's text of a value, or of NULL inside a row (returns 0). */
int output_cell(Buf*, const Type*, const Value*);

/* ColumnInfo's Type, Precision and Scale of a type. */
typedef struct ColumnInfo { const char *type; int precision, scale, case_sensitive; } ColumnInfo;
ColumnInfo column_info(Arena*, const OutputColumn*);

/* Append a value as Athena's JSON writer does (json_value.c). */
void json_value(Buf*, const Type*, const Value*);
/* The same as the OpenX SerDe writes it: fields that are NULL are left out. */
void json_value_openx(Buf*, const Type*, const Value*);
void json_string(Buf*, const char *z, size_t n);
#endif
