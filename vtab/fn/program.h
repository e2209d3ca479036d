/*
** Programs: the bodies of lambdas and of TRY, evaluated in C.
**
** A program is a text: '[t1,t2,…] n:expr', or 'n:expr' with no captures.
**   t1, t2, …  types of the captured values, which follow the program as
**              ordinary SQL arguments
**   n          number of the lambda's own parameters
**   expr       int | real | 'text' ('' is one quote) | x'hex' | NULL | $k
**              | name(expr, …) | (expr)
** $0, $1, … are the captures, then the parameters.  lambda(m, body) is an
** inner lambda; its body sees the whole frame around it and then its own m
** parameters.  A name is the SQLite name of a registry row (a typed row with
** the text of its types first, as in SQL) or a special form:
**   and(…) or(…) not(a) is_null(a) is_true(a) if(c,a,b) coalesce(…)
**   case(c1,v1,c2,v2,…,else)  try(a)
** and, or, if, case and coalesce evaluate no more than Athena does.  try gives
** NULL for Athena's four catchable errors.
*/
#ifndef TARN_PROGRAM_H
#define TARN_PROGRAM_H
#include "fn.h"

typedef struct Program Program;
typedef struct Lambda Lambda;

/* Compile into the arena; NULL with *error set (in the arena, or NULL: no
** memory).  program_close frees what its calls remember between rows. */
Program *program_compile(Arena*, const char *z, size_t n, const char **error);
void program_close(Program*);
/* Is this the text the program was compiled from? */
int program_is(const Program*, const char *z, size_t n);
/* The types of the captures. */
int program_captures(const Program*, const Type *const **type);

/* A lambda value over n captures (borrowed while it is used). */
Lambda *program_bind(Program*, Arena*, const Value *capture);
/* Evaluate a program without parameters. */
int program_run(FnCall*, Program*, const Value *capture, Value *out);
/* Is the error one that TRY turns into NULL? */
int program_catches(const char *code);
#endif
