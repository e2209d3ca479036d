/* Which parser a statement goes to: see dispatch.c. */
#ifndef TARN_DISPATCH_H
#define TARN_DISPATCH_H
#include "parse.h"

typedef enum Route { ROUTE_TRINO, ROUTE_HIVE, ROUTE_REFUSED } Route;
typedef struct Dispatch {
  Route route;
  const char *what;             /* ROUTE_REFUSED: the statement's name */
  const char *athena_error;     /* Athena's own text for it, or NULL */
} Dispatch;

/* Judge by the first words of the text (and, for CREATE TABLE, by whether AS
** and a query come).  The tokens are those of the Trino dialect up to the end
** or the first `;`. */
Dispatch dispatch_statement(const TokenList*);
#endif
