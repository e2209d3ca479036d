/*
** Stored tables read from their pages: rows in blocks (rows.h), made by a crew
** (crew.h), without SQLite's virtual machine.
**
** The pages come through the connection's own file handle (xRead of
** SQLITE_FCNTL_FILE_POINTER, which is one pread), never a second descriptor:
** closing that would drop the POSIX locks that SQLite holds on the file.  From
** then on the connection reads the file without mmap (pages.c says why).
** What the connection has changed and not yet written is written first
** (sqlite3_db_cacheflush); COMMIT and ROLLBACK stay what they were.
**
** The file format: https://www.sqlite.org/fileformat2.html, b-tree pages (1.6)
** and the record format (2.1).
*/
#ifndef TARN_PAGES_H
#define TARN_PAGES_H
#include "sqlite.h"
#include "rows.h"

/*
** The rows of a table of schema main in rowid order, with the named columns
** (each at most once), or all of them with n_column=0.
**
** It must be called inside a transaction, and while the source is open this
** connection must neither write that table nor end the transaction; writing
** other tables is fine.
**
** SQLITE_OK; SQLITE_NOTFOUND when the table cannot be read this way and SQLite
** has to (no transaction, a WAL or in-memory lake, a statement under way while it writes,
** readers that keep the pages from being written, WITHOUT ROWID, generated
** columns, defaults, a rowid alias); or an error with *pzErr (a malformed page
** is SQLITE_CORRUPT, here or from the source's `next`).
** The map may be NULL; it is copied, its arg is borrowed.
*/
int pages_open(sqlite3*, const char *table, int n_column, const char *const *column, const RowMap*, int hands, RowSource **out, char **pzErr);

/* --- For pages.c: leaves (page_rows.c) -------------------------------------- */

/* What all hands know of the table. */
typedef struct PageTable {
  sqlite3_file *file;
  int page_size, usable;        /* bytes of a page; without its reserved ones */
  unsigned n_page;              /* of the file */
  int n_field;                  /* fields of a record that are looked at */
  int width;                    /* columns asked for */
  int *slot;                    /* of each field: its column, or -1 */
  char *is_real;                /* of each field: an integer there is a double */
} PageTable;

/* Read one page. */
int page_read(const PageTable*, unsigned page, unsigned char *out);
/* The header of a b-tree page: cells on it, or -1 when it is not a sound page
** of that type (0x05, 0x0d). */
int page_cells(const PageTable*, const unsigned char *page, int type);
/* Append a leaf's rows to the block, whose cells have room for *cap rows and
** grow; what does not lie in the page goes to the arena.  PAGE_SLACK bytes
** behind the page can be read. */
#define PAGE_SLACK 8
int page_rows(const PageTable*, const unsigned char *page, Arena*, RowBlock*, int *cap);
#endif
