/* Order as the operators < <= > >= and greatest/least see it. */
#ifndef TARN_COMPARE_H
#define TARN_COMPARE_H
#include "fn.h"

/*
** Compare two non-NULL values of one type.  FN_OK with *order <0, 0, >0; NaN
** sorts last.  FN_ERROR (NOT_SUPPORTED, Athena's text) when a NULL inside an
** array or a row would have to decide.
*/
int compare_order(FnCall*, const Type*, const Value *a, const Value *b, int *order);
#endif
