/*
** Inner side of overload resolution: one signature against argument types
** (bind.c), for resolve.c.
*/
#ifndef TARN_BIND_H
#define TARN_BIND_H
#include "resolve.h"

#define SOLVE_MAX 4             /* rounds of binding, as in Trino */
#define LAMBDA_MEMO_MAX 16      /* kept answers about lambdas */

/* A slice of a signature: one type, perhaps with variables. */
typedef struct Formal { const char *z, *end; } Formal;

typedef struct LambdaAnswer {
  int arg, n_param;
  const Type **param;
  const Type *body;
} LambdaAnswer;

typedef struct Resolver {
  Arena *arena;
  int argc;
  const Type *const *argt;
  FnLambdaType ask;
  void *env;
  LambdaAnswer memo[LAMBDA_MEMO_MAX];
  int n_memo;
} Resolver;

/* The variables of one attempt. */
typedef struct Solver {
  Resolver *r;
  unsigned flags;
  int coerce;
  const Type *type[26];         /* T */
  int number[26];               /* p */
  char has_number[26];
} Solver;

/* The text: parameters and result of a signature, one parameter after the
** other (*z moves on), whether it may be repeated. */
void bind_split_signature(const char *sig, Formal *parameters, Formal *result);
Formal bind_next_formal(const char **z, const char *end);
int bind_is_variadic(Formal);
/* The formals of argc arguments, the variadic one repeated; 0: wrong number. */
int bind_expand(Formal parameters, int argc, Formal *out);

/* Bind the variables to argument types; `ask`: open lambdas are asked about.
** 1, or 0 when they do not fit. */
int bind_solve(Solver*, const Formal*, int argc, const Type *const *argt, int ask);
/* Is every type variable of the parameters bound? */
int bind_all_bound(Solver*, Formal parameters);
/* A formal with its variables' values; NULL when one is not bound. */
const Type *bind_instantiate(Solver*, Formal);
/* After binding: does argument `arg` (-1: no lambda to ask) have the
** parameter's type, or may it be coerced to it? */
int bind_relates(Solver*, int arg, Formal, const Type *actual, const Type *bound);
#endif
