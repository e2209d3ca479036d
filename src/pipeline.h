/* The run of a pipeline (pipeline.c). */
#ifndef TARN_PIPELINE_H
#define TARN_PIPELINE_H
#include "graph.h"

typedef struct StepResult {
  const Step *step;
  long long rows, bytes_read, bytes_written;
  double ms;
  int exported;
  int is_uncounted;             /* a landing table that a later step reads: its rows are known then */
} StepResult;

typedef struct Notice { const char *table, *reason, *first; long long n; } Notice;
typedef struct CheckResult { const char *name; long long rows; int is_warning, skipped; } CheckResult;

typedef struct Run {
  long long id;
  int n_result; StepResult *result;
  int n_told;                   /* results that are recorded and printed: in order */
  int n_notice; Notice *notice;
  int n_check; CheckResult *check;
  double ms;
  /* Called before (result NULL) and after each step; may be NULL. */
  void (*on_step)(void *arg, const Step*, const StepResult*);
  void *arg;
} Run;

/* Run the selected steps, the checks and the exports in one transaction, then
** swap the exports.  0, or 1 with an error: then lake and exports are as they
** were.  The results live in the graph's arena. */
int pipeline_run(Session*, Graph*, Run*);
#endif
