/* sql/checks: queries that must return no rows (checks.c). */
#ifndef TARN_CHECKS_H
#define TARN_CHECKS_H
#include "pipeline.h"

/* Run every check inside the open transaction; their results go to run->check.
** 0, or 1 when one fails: its first rows are on stderr. */
int checks_run(Session*, Graph*, Run*);
#endif
