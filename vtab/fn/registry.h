/*
** The registry's inner side: rows by Athena's name (resolve.c), and what a
** signature says about how a row is called (the wrappers, the emitter).
*/
#ifndef TARN_REGISTRY_H
#define TARN_REGISTRY_H
#include "fn.h"

#define FN_SQL_NAME_MAX 80
#define FN_OVERLOADS_MAX 128    /* rows of one name */

/* The rows of a name (lower case), in the order of the families; returns how
** many were written to out. */
int fn_named(const char *name, const FnDef **out, int max);
int agg_named(const char *name, const AggDef **out, int max);

/* A signature with type variables or functions. */
int fn_sig_is_generic(const char *sig);
#endif
