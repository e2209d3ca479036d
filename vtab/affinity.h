/* What SQLite makes of a declared type (https://www.sqlite.org/datatype3.html, 3.1). */
#ifndef TARN_AFFINITY_H
#define TARN_AFFINITY_H

typedef enum Affinity { AFF_BLOB='A', AFF_TEXT='B', AFF_NUMERIC='C', AFF_INTEGER='D', AFF_REAL='E' } Affinity;

/* NULL or nothing: no type, AFF_BLOB. */
Affinity affinity_of(const char *declared);
#endif
