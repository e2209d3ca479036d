/* The extension's one door: everything that vtab/ gives to a connection. */
#ifndef TARN_TARN_H
#define TARN_TARN_H
struct sqlite3;

/* Register functions, aggregates and virtual tables on a connection:
** SQLITE_OK, or SQLite's error code (nothing is undone then). */
int tarn_register(struct sqlite3*);
#endif
