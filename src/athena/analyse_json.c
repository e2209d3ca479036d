/*
** The SQL/JSON functions: JSON_VALUE, JSON_QUERY, JSON_EXISTS, JSON_OBJECT,
** JSON_ARRAY.
*/
#include "analyser.h"

const Type *json_analyse(Analyser *an, Scope *s, Expr *e){
  (void)s;
  an_refuse(an, e->pos, "%s", e->name.text ? e->name.text : "SQL/JSON");
}
