/*
** Between SQLite's values and Athena's: what the scalar wrapper (wrapper.c),
** the aggregate wrapper and t_unnest share.
**
** A call site of a typed function looks so in SQL:
**     t_name('(T1,T2,…)R', a1, a2, …)
** where an argument whose type is a function is the text of a lambda program
** followed by its captured values (program.h).
*/
#ifndef TARN_WRAPPER_H
#define TARN_WRAPPER_H
#include "../sqlite.h"
#include "fn.h"
#include "program.h"

/* One place in a statement: its types, compiled lambdas and the memo slot. */
typedef struct FnSite {
  Arena arena;                  /* types and programs */
  int argc;
  const Type **argt;
  const Type *rett;
  Program **program;            /* argc entries; NULL where there is no lambda */
  void *memo;
  void (*memo_free)(void*);
} FnSite;

/* Parse '(T1,T2)R'.  NULL when it is not that or memory ran out (*oom). */
FnSite *fn_site_new(const char *z, size_t n, int *oom);
void fn_site_free(void *site);
/* The site of a typed call, kept as auxdata 0 of argv[0]; NULL after an error
** was set on the context. */
FnSite *fn_site(sqlite3_context*, sqlite3_value *types);
/* '(T1,T2)R' into an arena: 0, or -1. */
int fn_types_parse(Arena*, const char *z, size_t n, int *argc, const Type ***argt, const Type **rett);

/* SQLite's value as a Value of a type (bytes borrowed; NaN is TEXT 'NaN'
** there).  t may be NULL: as it is. */
Value fn_value_in(const Type *t, sqlite3_value*);
void fn_value_out(sqlite3_context*, const Value*);

/*
** The arguments of a typed call: SQL's argv (without the types) become
** site->argc Values in the arena, lambdas with their captures included.
** Returns them, or NULL after setting *error (in the arena).
*/
Value *fn_site_arguments(FnSite*, Arena*, int argc, sqlite3_value **argv, const char **error);

/* Call a row: the NULL rule, then its implementation. */
int fn_invoke(FnCall*, int argc, const Value *argv, Value *out);
/* Report what the call left in c (or out of memory) to SQLite. */
void fn_report(sqlite3_context*, const FnCall*);
#endif
