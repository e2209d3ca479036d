/*
** Table images: rows made into the pages of a small SQLite database in memory,
** which a connection then takes over whole.
**
** A hand (crew.h) makes an image of its block of rows; the connection reads it
** through sqlite3_deserialize and copies its cells by SQLite's transfer
** optimization (`INSERT INTO main.dest SELECT * FROM image.t`), so that the
** virtual machine decodes no row.  Images touch no connection until image_load:
** many hands may each make theirs at once.
**
**     ImageShape *shape;                    once, from the destination
**     image_shape(db, "dest", &shape)       SQLITE_NOTFOUND: take the plain path
**     image_open(shape, &img);              in a hand
**     image_add(img, cell); …               SQLITE_MISMATCH: take the plain path
**     image_finish(img);
**     image_load(db, "tarn_image", img, "dest", &error);   by the connection's owner, in order
**     image_close(img);
**     image_detach(db, "tarn_image");       after COMMIT or ROLLBACK
**
** What is stored is what `INSERT INTO dest VALUES(…)` of the same cells stores,
** byte for byte: the destination's affinities are applied (an integral double
** lies as an integer, -0.0 as 0 as SQLite has it, NaN as TEXT 'NaN').
**
** The file format: https://www.sqlite.org/fileformat2.html (the database header,
** b-tree pages, record format, overflow pages).
*/
#ifndef TARN_IMAGE_H
#define TARN_IMAGE_H
#include "sqlite.h"
#include "value.h"

#define IMAGE_PAGE_SIZE 65536   /* of an image; the lake's may differ */
#define IMAGE_BYTES_MAX 0x40000000

typedef struct ImageShape ImageShape;
typedef struct Image Image;

/* The columns of a table of schema main, for images of it.  SQLITE_OK;
** SQLITE_NOTFOUND when SQLite could not copy cells into it (indexes, triggers,
** a primary key, NOT NULL, defaults, generated columns, collations, no
** type, STRICT, WITHOUT ROWID, UTF-16): such a table takes rows by INSERT alone; or
** another error code (its message in the connection).  Free with sqlite3_free. */
int image_shape(sqlite3*, const char *table, ImageShape **out);
/* The same from declared types; no connection. */
int image_shape_of(int n_column, const char *const *declared, int page_size, ImageShape **out);

/* SQLITE_OK or SQLITE_NOMEM.  The shape is borrowed. */
int image_open(const ImageShape*, Image **out);
/* Append a row: as many cells as columns, in stored form (rows.h).  SQLITE_OK;
** SQLITE_NOMEM; SQLITE_FULL beyond IMAGE_BYTES_MAX (nothing was added: finish
** this image, begin another one); SQLITE_MISMATCH for a cell that SQLite
** would convert (a number in a text column, text that looks like a number in a
** numeric one), SQLITE_TOOBIG for a row that SQLite refuses. */
int image_add(Image*, const Value *cell);
sqlite3_int64 image_rows(const Image*);
size_t image_bytes(const Image*);       /* of its pages so far: a measure for when to begin another */
/* Make it a complete database.  SQLITE_OK or SQLITE_NOMEM. */
int image_finish(Image*);
/* Its bytes after image_finish, still the image's. */
const unsigned char *image_data(const Image*, size_t *n);
/* They are the caller's now (sqlite3_free); the image is empty. */
unsigned char *image_take(Image*, size_t *n);
/* NULL is fine. */
void image_close(Image*);

/* Append a finished image's rows to a table of schema main; `schema` is the name
** under which the image is attached (once; later images take its place).  Uses up
** the image's bytes (close it all the same).  An image without rows does
** nothing.  Inside a transaction or not; *pzErr is sqlite3_malloc's. */
int image_load(sqlite3*, const char *schema, Image*, const char *table, char **pzErr);
/* Forget the attached image; fine when there is none.  Inside a transaction it
** stays attached, empty, until the next call. */
void image_detach(sqlite3*, const char *schema);
#endif
