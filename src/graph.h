/*
** The pipeline's steps: the files of sql/landing, sql/trusted, sql/curated,
** what each makes and reads, and their order (graph.c).
*/
#ifndef TARN_GRAPH_H
#define TARN_GRAPH_H
#include "session.h"
#include "catalog_write.h"

#define GRAPH_STEPS_MAX 4096
#define STEP_STATEMENTS_MAX 4096

typedef enum Zone { ZONE_LANDING, ZONE_TRUSTED, ZONE_CURATED, ZONES } Zone;
extern const char *const zone_names[ZONES];

typedef struct Step {
  Zone zone;
  const char *file;             /* sql/trusted/customer_trusted.sql */
  TableName table;              /* what it makes */
  const char *text;
  int n_statement;
  Statement **statement;
  int n_read;
  const NameList **read;        /* tables that its statements name */
  int n_need; int *need;        /* steps that it reads */
  int is_view;
  int selected;
} Step;

typedef struct Graph {
  Arena *arena;                 /* of the graph; outlives the session's */
  int n; Step *step;            /* in the order of zone and name */
  int *order;                   /* of steps, each after all that it needs */
} Graph;

/* Read and order the steps below options->sql_dir.  0, or 1 with an error
** that names the file: a syntax error, a file not named after its table, two
** files for one table, a table that nobody makes, a cycle. */
int graph_load(Session*, Arena*, Graph*);
/* Mark the steps of the operands (NAME, +NAME; none: all). */
int graph_select(Session*, Graph*, int n, char **name);
/* The *.sql files of a folder, sorted; NULL after an error, *n 0 if there is
** no such folder. */
char **list_sql_files(Session*, Arena*, const char *folder, int *n);
#endif
