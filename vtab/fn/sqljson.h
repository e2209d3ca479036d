/*
** The SQL/JSON functions as the emitter calls them (path language: "lax $.a").
**
** All rows are FN_TYPED|FN_NULLS|FN_RAISES|FN_HIDDEN; argument types come with
** the call.  `how` is a text made at compile time.  Passed variables are the
** last arguments; how ends in one `|xNAME` for each, x = 'J' when the value is
** JSON text (FORMAT JSON), '-' otherwise.
**
**   $json_exists(how, input, path, passed…) -> boolean
**       how: ON ERROR, one of E(RROR) T(RUE) F(ALSE) U(NKNOWN)
**   $json_value(how, input, path, default_empty, default_error, passed…) -> R
**       how: ON EMPTY, ON ERROR, each of E(RROR) N(ULL) D(EFAULT)
**   $json_query(how, input, path, passed…) -> varchar
**       how: wrapper W(ITHOUT) U(NCONDITIONAL) C(ONDITIONAL), quotes K(EEP)
**       O(MIT), ON EMPTY, ON ERROR: E(RROR) N(ULL) A(RRAY) O(BJECT)
**   $json_object(how, key, value, key, value, …) -> varchar
**       how: N(ULL) or A(BSENT) ON NULL, U(NIQUE KEYS) or -, then for each
**       value J (it is JSON text) or -
**   $json_array(how, value, …) -> varchar
**       how: N or A, -, then as above
** Input is varchar (or NULL); values are boolean, numbers, varchar, char, or
** of unknown type.  The result of the last three is cast to RETURNING by the
** emitter.
*/
#ifndef TARN_SQLJSON_H
#define TARN_SQLJSON_H
#include "fn.h"
#endif
