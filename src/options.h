/*
** The command line: one table of options, shared by the parser, `tarn help`
** and docs/commands.md's test.
*/
#ifndef TARN_OPTIONS_H
#define TARN_OPTIONS_H

typedef struct Options {
  const char *command;          /* "query" */
  const char *lake;             /* --lake, "lake.db" */
  const char *s3_root;          /* --s3-root; NULL: TARN_S3_ROOT, then a table's own */
  const char *sql_dir;          /* --sql, "sql" */
  const char *export_location;  /* --export, "export/" */
  const char *format;           /* --format; NULL: the command's default */
  const char *database;         /* --database, "default" */
  const char *file;             /* -f, --file; "-" is stdin */
  const char *output_location;  /* --output-location; NULL: no result files */
  const char *zone;             /* --zone, of tarn export */
  const char *profile, *region, *endpoint_url;  /* of S3; NULL: the environment's */
  const char *on_change;        /* --on-change, "error" or "relist" */
  const char *threads;          /* --threads, as typed; NULL: the processors */
  int n_thread;                 /* the same as a number; 0: the processors */
  const char *memory;           /* --memory, as typed; NULL: MEMORY_DEFAULT */
  long long memory_bytes;
  int no_sign_request;
  int no_export, dry_run, help, version, write, list;
  int n_operand;
  char **operand;
} Options;

#define MEMORY_DEFAULT (256LL<<20)      /* of hash tables and sets of joins */
#define MEMORY_LEAST (1LL<<20)

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_INTERRUPTED 130

/*
** Parse everything after the program's name.  Options may follow operands.
** After `--`, or when it begins with "-- " or holds a newline, an argument is
** an operand (SQL), never an option.
** Success: 0, and operand points into argv (reordered).  Failure: EXIT_USAGE,
** and a line on stderr says why.
*/
int options_parse(Options*, int argc, char **argv);

/* The options a command takes, one line each, on stdout. */
void options_print(const char *command);
#endif
