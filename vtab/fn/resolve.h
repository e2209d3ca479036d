/*
** Which overload a call means, what its argument types become, and which
** implicit coercions Athena allows.
** Rules: Trino's TypeCoercion and FunctionResolver as documented under
** "Conversion functions" and "Functions"; measured forms in the vectors.
*/
#ifndef TARN_RESOLVE_H
#define TARN_RESOLVE_H
#include "fn.h"

/* Can `from` be coerced to `to` implicitly? */
int type_can_coerce(const Type *from, const Type *to);
/* The common super type, or NULL if there is none. */
const Type *type_common(Arena*, const Type*, const Type*);
/* Explicit CAST allowed? */
int type_can_cast(const Type *from, const Type *to);

typedef enum FnMatchKind {
  FN_MATCHED,
  FN_UNKNOWN_NAME,              /* Function 'x' not registered */
  FN_NO_OVERLOAD,               /* Unexpected parameters (…) for function … */
  FN_AMBIGUOUS                  /* more than one equally good */
} FnMatchKind;

typedef struct FnMatch {
  const FnDef *fn;              /* one of fn, agg */
  const AggDef *agg;
  const Type **param;           /* argc types: coerce each argument to these */
  const Type *result;
} FnMatch;

/*
** Resolve a call by name and argument types.  For a lambda argument, argt[i]
** is a T_FUNCTION whose parameter types are not yet known (n = parameters + 1,
** all &TYPE_UNKNOWN); the resolver asks back through `lambda_type` with the
** parameter types it has inferred and gets the body's type.
** On FN_NO_OVERLOAD, *expected (if not NULL) is "f(a), f(b)" as Athena lists.
*/
typedef const Type *(*FnLambdaType)(void *env, int arg, int n_param, const Type *const *param);
FnMatchKind fn_resolve(Arena*, const char *name, int argc, const Type *const *argt,
                       FnLambdaType, void *env, FnMatch *out, const char **expected);
/* Names that exist in Athena but that Tarn lacks: a refusal, not Athena's error. */
int fn_known_missing(const char *name);
#endif
