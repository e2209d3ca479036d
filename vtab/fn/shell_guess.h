/* What a SQLite value may be in Athena's types (shell_guess.c). */
#ifndef TARN_SHELL_GUESS_H
#define TARN_SHELL_GUESS_H
#include "../value.h"

/* Readings beyond the plain one; they may be combined. */
#define GUESS_INTEGER 1         /* INTEGER as integer rather than bigint */
#define GUESS_TIME    2         /* TEXT as date or timestamp where it looks like one */
#define GUESS_JSON    4         /* TEXT as array, map or row where it looks like JSON */
#define GUESS_BOOLEAN 8         /* INTEGER 0 and 1 as boolean */
#define GUESS_LAST   16

/* The type of a value as SQLite gave it, under such readings, in the arena.
** value_load(arena, type, value, &out) then reads it. */
const Type *shell_guess(Arena*, const Value*, int readings);

/* A name in the shell: "athena_" before SQLite's own.  buf: FN_SQL_NAME_MAX. */
const char *shell_name(const char *name, char *buf);

/* The aggregates (shell_agg.c). */
struct sqlite3;
int shell_register_aggregates(struct sqlite3*);
#endif
