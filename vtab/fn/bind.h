/*
** Inner side of overload resolution: one signature against argument types
** (bind.c), for resolve.c.
*/
#ifndef TARN_BIND_H
#define TARN_BIND_H
#include "resolve.h"

struct Signature;

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

/* Take a signature's text apart. */
void bind_read_signature(const char *sig, struct Signature *out);
/* A part of a signature: parameter i (of a variadic one's last), or its result. */
Formal bind_parameter(const struct Signature*, int i);
Formal bind_result(const struct Signature*);
/* Does the signature take so many arguments? */
int bind_takes(const struct Signature*, int argc);

/* A quick look: may parameter i be exactly this type?  0 is certain. */
int bind_may_be(const struct Signature*, int i, const Type *actual);
/* Bind the variables to argument types; `ask`: open lambdas are asked about.
** 1, or 0 when they do not fit. */
int bind_solve(Solver*, const struct Signature*, int argc, const Type *const *argt, int ask);
/* Is every type variable of a signature's parameters bound? */
int bind_all_bound(Solver*, const char *sig);
/* A formal with its variables' values; NULL when one is not bound. */
const Type *bind_instantiate(Solver*, Formal);
/* The type that parameter i has come to; NULL when it is not bound. */
const Type *bind_bound(Solver*, const struct Signature*, int i);
/* After binding: does argument `arg` (-1: no lambda to ask) have the
** parameter's type, or may it be coerced to it? */
int bind_relates(Solver*, int arg, Formal, const Type *actual, const Type *bound);
#endif
