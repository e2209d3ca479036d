/*
** A session: one open lake, its catalog, and the first error.
**
** Every function of the driver that can fail takes the Session and returns 0,
** or 1 after session_fail() has kept what to print.  The first error wins.
** Memory for one statement comes from session->arena, which session_reset
** empties; its allocations never fail visibly (the process ends with a
** message; SQLite's journal undoes what was begun).
*/
#ifndef TARN_SESSION_H
#define TARN_SESSION_H
#include <sqlite3.h>
#include "../vtab/arena.h"
#include "../vtab/value.h"
#include "../vtab/jsonl.h"
#include "../vtab/s3/source_s3.h"
#include "catalog.h"
#include "options.h"
#include "athena/athena.h"

#define SESSION_BUSY_TIMEOUT_MS 5000

typedef struct StagedPath { struct StagedPath *next; char *path; } StagedPath;

typedef struct Session {
  const Options *options;
  sqlite3 *db;
  Catalog *catalog;
  Arena arena;                  /* of the statement being run */
  char *s3_root;                /* absolute, or NULL (sqlite3_free) */
  S3Shared s3;                  /* the network client, opened on first use */
  JsonlHost host;               /* what the landing tables ask and tell */
  char *error;                  /* first error, without its newline; or NULL */
  int interrupted;
  volatile int stop;            /* SIGINT came: calls that wait look at it */
  int depth;                    /* of session_begin */
  sqlite3_int64 memory;         /* --memory: what hash tables and sets of joins may take */
  unsigned pin_epoch;           /* of the last statement or run: each attempt lists anew */
  int swaps_tidied;             /* in this transaction */
  int is_held;                  /* a new lake's catalog waits for the run's COMMIT */
  int in_run;                   /* `tarn run`: exported folders that Tarn made may be replaced */
  int is_new_location;          /* CREATE TABLE AS: its location was found empty, nothing there is replaced */
  char *step_root;              /* the S3 root that the step's landing table remembered, or NULL */
  struct ResultFiles *result_files;     /* of the statement that runs, or NULL */
  char *manifest;               /* locations of files the last statement wrote, a line each, or NULL */
  StagedPath *staged;           /* files and folders to remove if the transaction fails */
} Session;

/*
** Open the lake of the options: create its catalog if it has none, finish or
** discard an interrupted swap of exports.  0, or 1 with an error; call
** session_close in both cases.
*/
int session_open(Session*, const Options*);
/* Read the lake's first pages where the system keeps them, without a copy in
** SQLite's cache: for commands that mostly read.  They count as memory of the
** process though the system can drop them, so writers of much do without. */
int session_map(Session*);
void session_close(Session*);

/* Keep an error (the first one).  Returns 1. */
int session_fail(Session*, const char *fmt, ...) __attribute__((format(printf,2,3)));
/* SQLite's error: an error raised by a function or a table comes as it is;
** a busy lake, an interruption and a full disk get a sentence. */
int session_fail_sqlite(Session*);
int session_fail_athena(Session*, const AthenaError*);
/* Print the error on stderr as its last line; a file's place before it.
** Returns the exit code. */
int session_report(Session*);
/* Empty the arena, forget the error: ready for the next statement. */
void session_reset(Session*);

/*
** Transactions nest: only the outermost pair begins and ends one.
** session_begin takes the write lock at once.  session_end commits when rc is
** 0 and rolls back otherwise; it returns rc, or 1 when COMMIT failed.
*/
int session_begin(Session*);
int session_end(Session*, int rc);

/* A staged file or folder: flushed to disk before COMMIT, removed if there is
** none. */
void session_remember_staged(Session*, const char *path);

/* Run SQL without results; %Q %w %s … of sqlite3_mprintf. */
int session_exec(Session*, const char *fmt, ...);
/* Prepare one statement; NULL after session_fail. */
sqlite3_stmt *session_prepare(Session*, const char *fmt, ...);
/* Step a statement made by session_prepare: 1 a row, 0 done, -1 failed.  At
** the end and on failure it is finalized. */
int session_step(Session*, sqlite3_stmt*);
/* One text of the first row, in the arena; NULL when there is no row or it is
** NULL (or after an error: look at session->error). */
char *session_text(Session*, const char *fmt, ...);
/* Text of a column in the arena, or NULL. */
char *column_text(Session*, sqlite3_stmt*, int i);
/* A column as a Value; bytes are borrowed until the next step. */
Value column_value(sqlite3_stmt*, int i, const Type*);

/* An arena whose owner need not check for out of memory. */
void arena_init_or_die(Arena*);
/* Microseconds since 1970. */
int64_t session_now(void);
/* The absolute form of a path (it need not exist), in the arena. */
char *absolute_path(Arena*, const char *path);
#endif
