/*
** A scan of a landing table: blocks of rows in the order of the files.
**
** What the cursors of the module (jsonl.c) and the driver's row sources
** (jsonl_rows.c) share.  A reader (jsonl_read.c) finds and opens the files and
** cuts them into blocks of whole lines; hands (crew.h) decode the blocks'
** lines (jsonl_decode.c); jsonl_scan_take gives the blocks in order.  What is to be told to the
** host lies in the block until the one who takes it tells it, so that callbacks
** run in the thread of the connection, in the order of the rows.
*/
#ifndef TARN_JSONL_SCAN_H
#define TARN_JSONL_SCAN_H
#include "jsonl_filter.h"
#include "jsonl_rows.h"
#include "jsonl_table.h"
#include "kernel.h"
#include "rows.h"
#include "crew.h"

enum { HIDDEN_PATH, HIDDEN_SIZE, HIDDEN_MTIME, HIDDEN_LINE };

/* A file, as blocks of it know it. */
typedef struct JsonlFile {
  const char *url, *etag;       /* live as long as the list is pinned */
  sqlite3_int64 size, mtime_ns;
  int partition, place;         /* its place within the partition */
} JsonlFile;

/* A line where something was lost. */
typedef struct JsonlPassed {
  int line;                     /* within the block, from 0 */
  size_t byte;
  const char *reason, *raw;
  size_t n_raw;
} JsonlPassed;

typedef struct JsonlBlock JsonlBlock;
struct JsonlBlock {
  RowBlock rows;
  JsonlFile file;
  int n_listed;                 /* files listed on the way to it */
  int opens, closes;            /* it holds the file's first line, its end */
  sqlite3_int64 stored_bytes;   /* taken from the file when the block was cut */
  sqlite3_int64 first_line;     /* lines of the file before it; known when it is taken */
  int n_line, *line;            /* its lines; the line of each row, from 0 (unless rows.width is 0) */
  int n_passed, cap_passed; JsonlPassed *passed;
  /* What stops the scan after these rows: an error code with its message, or a
  ** record's error, whose message needs the line's number. */
  int rc;
  char *message;
  int error_line, is_too_long;
  SerdeError error;

  /* The block's own. */
  char *buf; size_t cap;        /* SCAN_PADDING more bytes are readable */
  size_t at, end;               /* its lines: buf[at..end) */
  int skip;                     /* lines of the header at its start */
  int cap_row;
  Arena arena;
  JsonlBlock *spare;            /* next one in the list of blocks to be used again */
};

typedef struct JsonlScan JsonlScan;

/* The plan is copied, its arrays are borrowed.  selected: the partitions to
** read, in order (borrowed).  SQLITE_OK or SQLITE_NOMEM. */
int jsonl_scan_open(JsonlTable*, const JsonlRowsPlan*, const int *selected, int n_selected, JsonlScan **out);
/* SQLITE_ROW and *out, the caller's until jsonl_scan_free; SQLITE_DONE; or an
** error with *pzErr.  What a block stops with (block->rc) is the caller's to
** raise, by jsonl_scan_error, after its rows. */
int jsonl_scan_take(JsonlScan*, JsonlBlock **out, char **pzErr);
int jsonl_scan_error(JsonlScan*, JsonlBlock*, char **pzErr);
void jsonl_scan_free(JsonlScan*, JsonlBlock*);
/* Tell the host of the lines below `upto` of the block that were not told yet;
** *told and *told_passed count on, from 0.  Non-zero when the host stops. */
int jsonl_scan_tell(JsonlScan*, JsonlBlock*, int upto, int *told, int *told_passed);
/* Tell it of the file when the block ends it. */
int jsonl_scan_tell_end(JsonlScan*, JsonlBlock*);
/* Stop.  A file that is not read to its end is told of (SQLITE_ERROR when the
** host stops).  All blocks that were taken are freed before.  NULL is fine. */
int jsonl_scan_close(JsonlScan*);

/* --- jsonl_list.c -------------------------------------------------------- */

/* The partitions that pass the filters of their columns; also an error for one
** whose values cannot be read.  selected has room for all. */
int jsonl_select(JsonlTable*, const Filter*, int n_filter, int *selected, int *n_selected, char **pzErr);
/* Pin the list of files; jsonl_unpin at the end. */
void jsonl_pin(JsonlTable*);
void jsonl_unpin(JsonlTable*);
/* The files of the first of these partitions, listed on first need; over the
** network the next LIST_AHEAD of them that are not listed yet are listed with it,
** side by side.  *n_listed counts the files.  The caller holds list_lock. */
#define LIST_AHEAD 256
int jsonl_list_partitions(JsonlTable*, int n, const int *partition, int (*interrupted)(void*), void *arg, int *n_listed, char **pzErr);
/* The folder that stands for S3, or NULL. */
const char *jsonl_root(const JsonlTable*);
/* Whether the connection was interrupted; asked in its own thread only. */
int jsonl_interrupted(JsonlTable*);
/* Text of "$file_modified_time" in the arena. */
Value jsonl_mtime(Arena*, sqlite3_int64 mtime_ns);

/* --- jsonl_decode.c ------------------------------------------------------ */

/* What is decoded; read only once it is open. */
typedef struct JsonlDecoder {
  JsonlTable *t;
  const JsonlRowsPlan *plan;
  Kernel kernel;
  unsigned char *used;          /* of the files' columns */
  int n_used, *used_column, *place;     /* those; the place of each column among them */
  int is_direct;                /* they are the block's cells, and there is no filter */
  Filter filter[FILTER_MAX]; int n_filter;      /* those of the files' columns; column is the place */
} JsonlDecoder;

/* to: rows of all used columns, where they are not the block's. */
typedef struct JsonlHand { SerdeRow row; Value *to; int is_ready; } JsonlHand;

/* SQLITE_OK or SQLITE_NOMEM.  The plan is borrowed. */
int jsonl_decoder_open(JsonlDecoder*, JsonlTable*, const JsonlRowsPlan*);
void jsonl_decoder_close(JsonlDecoder*);
/* The block's lines to rows; what goes wrong is noted in it. */
void jsonl_decode_block(const JsonlDecoder*, JsonlHand*, JsonlBlock*);
void jsonl_block_fail(JsonlBlock*, int rc);
void jsonl_hand_free(const JsonlDecoder*, JsonlHand*);

/* --- jsonl_read.c -------------------------------------------------------- */

typedef struct JsonlReader {
  JsonlTable *t;
  const int *selected; int n_selected;
  Filter file_filter[FILTER_MAX]; int n_file_filter;    /* those of "$path" and "$file_size" */
  int at_selected, at_file;     /* where we are: file is an index of the list */
  SourceList view;              /* the table's list, with this scan's own remote reader */
  int cap_view;
  Source *source;
  JsonlFile file;
  int opens, skip_newline, at_start;
  sqlite3_int64 header;         /* lines that are still to be skipped */
  char *carry; size_t n_carry, cap_carry;       /* the start of a line that the last block did not end */
  int n_listed;                 /* files listed and not told yet */
  Kernel kernel;
  size_t block_bytes;
  int (*interrupted)(void*); void *arg;
} JsonlReader;

/* Fill a block with the next lines.  SQLITE_ROW (block->rc and message may say
** what went wrong behind them), or SQLITE_DONE. */
int jsonl_read_block(JsonlReader*, JsonlBlock*);
void jsonl_read_close(JsonlReader*);
#endif
