/* What a SQLite value may be in Athena's types (shell_guess.c). */
#ifndef TARN_SHELL_GUESS_H
#define TARN_SHELL_GUESS_H
#include "../sqlite.h"
#include "../value.h"

/* Readings beyond the plain one; they may be combined. */
#define GUESS_INTEGER 1         /* INTEGER as integer rather than bigint */
#define GUESS_TIME    2         /* TEXT as date or timestamp where it looks like one */
#define GUESS_JSON    4         /* TEXT as array, map or row where it looks like JSON */
#define GUESS_BOOLEAN 8         /* INTEGER 0 and 1 as boolean */
#define GUESS_LAST   16

/* The type of a value under such readings, in the arena. */
const Type *shell_guess(Arena*, sqlite3_value*, int readings);
/* The value as that type.  0, or -1 when its text is not of the type. */
int shell_read(Arena*, const Type*, sqlite3_value*, Value *out);
#endif
