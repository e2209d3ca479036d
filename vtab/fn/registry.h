/*
** The registry's inner side: rows by Athena's name (resolve.c), and what a
** signature says about how a row is called (the wrappers, the emitter).
*/
#ifndef TARN_REGISTRY_H
#define TARN_REGISTRY_H
#include "fn.h"

#define FN_SQL_NAME_MAX 80
#define FN_OVERLOADS_MAX 128    /* rows of one name */

/* A signature's parts, as offsets into its text. */
#define SIG_PARAM_MAX 12
#define SIG_ANY 254             /* a word that is not in bind.c's table */
#define SIG_VARIABLE 255        /* a type variable */
typedef struct Signature {
  const char *text;
  unsigned char n;              /* parameters; the last one repeats if variadic */
  unsigned char variadic;
  unsigned char generic;        /* has type variables */
  unsigned char kind[SIG_PARAM_MAX];           /* TypeKind; SIG_ANY, SIG_VARIABLE */
  const Type *plain[SIG_PARAM_MAX];            /* a parameter without variables or parentheses */
  unsigned short param[SIG_PARAM_MAX][2];      /* from, to */
  unsigned short result;
} Signature;

/* The signatures of a name's rows, in the order of fn_named or agg_named. */
int fn_signatures(const char *name, const Signature **out, int max);
int agg_signatures(const char *name, const Signature **out, int max);

/* The rows of a name (lower case), in the order of the families; returns how
** many were written to out. */
int fn_named(const char *name, const FnDef **out, int max);
int agg_named(const char *name, const AggDef **out, int max);

/* A signature with type variables or functions. */
int fn_sig_is_generic(const char *sig);
#endif
