/*
** The registry of functions: one table for the analyser, the emitter, the
** lambda programs, `tarn functions` and the reference page.
**
** A family of functions is a file of this folder: C implementations and, at
** its end, one `const FnDef fn_<family>[]` ending in a row without a name.
** registry.c lists the families.  To add a function, add a row and a function:
** nothing else.
**
** A row's signature is Trino's own text, as SHOW FUNCTIONS and its error
** messages print it, with "->" before the result:
**     "(varchar(x), bigint) -> varchar(x)"
**     "(array(T), T) -> boolean"            T,U,V,K,E,R,S: any type
**     "(map(K,V), function(K,V,boolean)) -> map(K,V)"
**     "(decimal(p,s)) -> decimal(p,s)"      lower-case letters: numbers
**     "(T...) -> T"                         the last one, once or more
**     "(varchar(x), joniregexp) -> boolean" joniregexp, jsonpath, codepoints:
**                                           any varchar; only error texts name them
** Constraints on type variables are flags.  Where the result cannot be said
** in the text (decimal formulas), `derive` computes it from the arguments.
**
** An implementation gets its arguments by value, in the carriers of value.h,
** already coerced to the parameter types.  Unless FN_NULLS, a NULL argument
** gives NULL and the function is not called.  It returns FN_OK after setting
** *out (bytes borrowed from arguments, constants or c->arena), or FN_ERROR
** after fn_error().  A failed allocation: return FN_OK or FN_ERROR, whichever
** is easier; the caller looks at c->arena->oom.
*/
#ifndef TARN_FN_H
#define TARN_FN_H
#include "../value.h"

#define FN_OK 0
#define FN_ERROR 1
#define FN_ARG_MAX 126          /* SQLite allows 127; one may carry the types */

typedef struct FnCall FnCall;
typedef struct FnDef FnDef;
typedef int (*FnImpl)(FnCall*, int argc, const Value *argv, Value *out);

struct FnDef {
  const char *name;             /* Athena's, lower case; operators and internals begin with '$' */
  const char *sig;              /* see above */
  FnImpl impl;
  unsigned flags;               /* FN_… */
  const char *sql;              /* SQLite's name of this overload; NULL: "t_" and the name, for a
                                ** name with a single row.  Unique in the registry. */
  const char *native;           /* SQLite text that is exactly the same, with %1 %2 … for
                                ** arguments; NULL: a call.  Only where no value can differ. */
  const char *doc;              /* a sentence for users; NULL for internals */
  const char *example;          /* "SQL expression = Athena's text of its value"; run by a test */
  const Type *(*derive)(Arena*, int argc, const Type *const *argt); /* result type; NULL: from sig */
};

#define FN_NULLS      0x01      /* called with NULL arguments too */
#define FN_RAISES     0x02      /* can raise an error: the emitter guards its evaluation */
#define FN_TYPED      0x04      /* needs c->argt and c->rett.  Implied by type variables in sig.
                                ** In SQL such a call has one more, first argument: the text of its types */
#define FN_VOLATILE   0x08      /* random(), now(): a new value at each call */
#define FN_COMPARABLE 0x10      /* every type variable must be comparable */
#define FN_ORDERABLE  0x20      /* every type variable must be orderable */
#define FN_HIDDEN     0x40      /* not shown by tarn functions */
#define FN_NO_COERCE  0x80      /* only exact argument types */

/* What a call knows.  Lives for the call, but for `memo`. */
struct FnCall {
  const FnDef *def;
  const Type *const *argt;      /* FN_TYPED: types of the arguments */
  const Type *rett;             /* FN_TYPED: of the result */
  Arena *arena;                 /* for the result; emptied after the call */
  const char *code;             /* set by fn_error: "DIVISION_BY_ZERO", … */
  const char *message;
  int quiet;                    /* errors that TRY catches need no message */
  /* FN_TYPED: one slot per place in the statement that survives from row to
  ** row, for compiled patterns and the like.  Set memo and memo_free together;
  ** whoever replaces a memo frees the old one. */
  void *memo;
  void (*memo_free)(void*);
  void *lambda_env;             /* used by fn_call_lambda */
};

/* Raise an error of Athena: code and message.  Returns FN_ERROR. */
int fn_error(FnCall*, const char *code, const char *fmt, ...) __attribute__((format(printf,3,4)));
/* INVALID_FUNCTION_ARGUMENT, the usual one. */
int fn_bad_argument(FnCall*, const char *fmt, ...) __attribute__((format(printf,2,3)));
/* TARN_NOT_SUPPORTED at run time, where only a value shows it. */
int fn_refuse(FnCall*, const char *fmt, ...) __attribute__((format(printf,2,3)));

/* Call a lambda argument: n arguments by value; the result lives in c->arena. */
int fn_call_lambda(FnCall*, const Value *lambda, int n, const Value *argv, Value *out);

/* Aggregates.  State is `size` zeroed bytes; anything it owns is freed by
** `reset`, which is called once at the end, also after an error. */
typedef struct AggDef {
  const char *name, *sig;
  unsigned flags;               /* FN_…; without FN_NULLS rows with a NULL argument are skipped */
  const char *sql;              /* as in FnDef */
  const char *native;           /* SQLite text that is exactly the same ("count(%1)") */
  size_t size;
  int (*step)(FnCall*, void *state, int argc, const Value *argv);
  int (*inverse)(FnCall*, void *state, int argc, const Value *argv);  /* NULL: windows recompute */
  int (*final)(FnCall*, void *state, Value *out);   /* may be called again after more steps */
  void (*reset)(void *state);
  const char *doc, *example;
  const Type *(*derive)(Arena*, int argc, const Type *const *argt);
} AggDef;

/* The tables (registry.c). */
const FnDef *const *fn_families(int *n);         /* each ends in a row without a name */
const AggDef *const *agg_families(int *n);
/* By SQLite name; NULL if there is none. */
const FnDef *fn_by_sql(const char *z, size_t n);
const AggDef *agg_by_sql(const char *z, size_t n);
/* SQLite's name of a row, written to buf (size at least 80). */
const char *fn_sql_name(const FnDef*, char *buf);
const char *agg_sql_name(const AggDef*, char *buf);

/* Does a call carry the text of its types as one more, first argument?  1 for
** FN_TYPED and for signatures with type variables or functions. */
int fn_is_typed(const FnDef*);
int agg_is_typed(const AggDef*);

/* Register everything on a connection: SQLITE_OK or an error code. */
struct sqlite3;
int fn_register(struct sqlite3*);
#endif
