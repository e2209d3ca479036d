/*
** t_unnest: UNNEST of arrays and maps as an eponymous virtual table.
**
**   t_unnest('(T1,T2,…)', a1, a2, …)          1 to UNNEST_ARG_MAX arguments
**
** The first argument is the text of the arguments' types, arrays or maps, for
** instance '(array(integer),map(varchar,double))'.  The columns:
**
**   n          bigint, the ordinality: 1, 2, …
**   c1, c2, …  what is unnested, from left to right: an array gives one
**              column, an array of rows one for each field, a map two (key,
**              value)
**
** Shorter arguments are padded with NULL; a NULL argument counts as empty; an
** element that is a NULL row gives NULL fields.  Rows come in order.
**
**   FROM t CROSS JOIN UNNEST(t.a, t.m) WITH ORDINALITY AS u(x, k, v, i)
** is emitted as
**   FROM t CROSS JOIN t_unnest('(array(integer),map(varchar,double))', t.a, t.m) AS u
** with u.c1 for x, u.c2 for k, u.c3 for v and u.n for i.
**   LEFT JOIN UNNEST(t.a) ON TRUE
** is  LEFT JOIN t_unnest('(array(integer))', t.a) AS u  (ON 1 may be added).
** The table stands behind those that its arguments name, and alone too:
**   SELECT u.c1 FROM t_unnest('(array(integer))', t_array(…)) AS u
** At most UNNEST_COLUMN_MAX columns besides n.
*/
#ifndef TARN_UNNEST_H
#define TARN_UNNEST_H
#define UNNEST_ARG_MAX 60
#define UNNEST_COLUMN_MAX 500

struct sqlite3;
int unnest_register(struct sqlite3*);
#endif
