/*
** Athena's functions under their plain names in any sqlite3 that has loaded
** the extension:
**
**   sqlite> SELECT date_parse('20/10/2022', '%d/%m/%Y');
**   2022-10-20 00:00:00.000
**   sqlite> SELECT array_max('[3, 5, 4]'), year('2020-01-31');
**   5|2020
**
** They work on SQLite's own values.  INTEGER is bigint, REAL double, TEXT
** varchar, BLOB varbinary.  Where no overload takes those, texts that look
** like a date or a timestamp are one, texts that look like JSON arrays or
** objects are arrays or maps (a row when the values have no common type), and
** integers are of type integer, or booleans.  Results come in the stored form:
** ISO text, JSON, 0 and 1.  Errors are Athena's.
**
** SQLite's built-in functions keep their names (length, round, date, …);
** Athena's of the same name are athena_length, athena_round, ….  Functions that
** take a lambda work only in Athena's language (`tarn query`).  Aggregates work
** in GROUP BY, not with OVER.
**
** The driver's own connections do not have these names: its SQL means
** SQLite's built-ins where it writes them.
*/
#ifndef TARN_SHELL_H
#define TARN_SHELL_H
struct sqlite3;
int shell_register(struct sqlite3*);
#endif
