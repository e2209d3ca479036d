/*
** tarn: Athena on your laptop.
**
** This file is the table of commands and nothing else: a command is a row
** here and a file src/cmd_NAME.c.  Options are in options.c, the connection
** to the lake in session.c.
**
** Exit codes: 0 done; 1 the statement, step or check failed; 2 usage;
** 130 interrupted.  Data goes to stdout, messages to stderr.
*/
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sqlite3.h>
#include "command.h"
#include "version.h"

#define KEPT_BLOCK (32<<20)     /* malloc: larger ones go back to the system */
#define KEPT_FREE (128<<20)     /* so do free bytes beyond this, at the heap's end */
#define KEPT_STEP (1<<20)       /* by which the heap grows */

typedef struct Command {
  const char *name, *operands, *does;
  int (*run)(const Options*);
  const char *more;             /* what `tarn help NAME` adds */
} Command;

static const Command commands[] = {
  {"run", "[STEP…]", "run the pipeline: landing, trusted, curated; one transaction, then exports", cmd_run,
   "Without operands every step runs, in the order of the dependency graph.\n"
   "NAME runs that step, +NAME that step and all it needs.  A run replaces the\n"
   "tables of its steps; the checks of sql/checks must hold before anything is\n"
   "stored or exported.\n"},
  {"query", "'SQL'", "run Athena statements from an operand, -f FILE, or stdin", cmd_query,
   "An operand is one statement, exactly as Athena receives it.  A file and stdin\n"
   "are split at `;`.  What begins with `-- ` or holds a newline is SQL, not an\n"
   "option; so is everything after `--`.\n"},
  {"translate", "'SQL'", "print the SQLite SQL that a statement becomes, or why it is refused", cmd_translate, ""},
  {"export", "TABLE [LOCATION]", "write a table as JSON lines to a folder, s3:// or stdout", cmd_export,
   "Without a LOCATION (or with -) the lines go to stdout.\n"},
  {"shell", "[ARGUMENT…]", "the sqlite3 shell on the lake, with the extension loaded", cmd_shell,
   "Arguments after `--` are given to sqlite3.\n"},
  {"check", "FILE…", "say before running what is identical, refused, or Athena's own error", cmd_check,
   "Statements are judged in order against the lake's catalog; tables that earlier\n"
   "statements would make are known to later ones.  Nothing is kept.\n"},
  {"functions", "[NAME]", "list the registered functions with their signatures", cmd_functions, ""},
  {"crawl", "LOCATION…", "infer landing tables from all the JSON lines below a location", cmd_crawl,
   "Prints a script for each folder that has files, with what was seen of each\n"
   "column as comments; --write puts it into sql/landing.  Where a script is there\n"
   "already, the difference between it and the data is printed instead.\n"},
  {"import", "FILE…", "catalog entries from aws glue get-tables / get-partitions or SHOW CREATE TABLE", cmd_import, ""},
  {"pull", "[TABLE…]", "bring the S3 objects of landing tables under the S3 root", cmd_pull,
   "Only what changed is fetched, by ETag; then the same scripts run offline.\n"
   "An s3://bucket/prefix is an operand too.\n"},
  {"history", "", "the runs of this lake", cmd_history, ""},
  {"s3", "whoami", "which credentials, region and endpoint S3 requests would use", cmd_s3, ""},
  {"doctor", "[s3://BUCKET/PREFIX]", "what is wrong with S3, and what to type", cmd_doctor,
   "Checks the libraries, credentials, endpoint, clock, a signed listing and a ranged\n"
   "read.\n"},
  {0, 0, 0, 0, 0}
};

static const Command *find(const char *name){
  for(const Command *c=commands; c->name; c++){
    if( strcmp(c->name, name)==0 ) return c;
  }
  return 0;
}

static int help_all(void){
  printf("tarn %s: a lakehouse in one SQLite file that speaks Athena's SQL\n\n"
         "usage: tarn COMMAND [OPTION…] [OPERAND…]\n\n", TARN_VERSION);
  for(const Command *c=commands; c->name; c++){
    char left[64];
    snprintf(left, sizeof(left), "%s %s", c->name, c->operands);
    printf("  %-28s %s\n", left, c->does);
  }
  printf("  %-28s %s\n\noptions:\n", "help [COMMAND]", "say how a command is used");
  options_print(0);
  return EXIT_DONE;
}

static int help(const char *name){
  const Command *c = name ? find(name) : 0;
  if( name==0 ) return help_all();
  if( c==0 ){
    fprintf(stderr, "tarn help: no command %s\n", name);
    return EXIT_USAGE;
  }
  printf("usage: tarn %s [OPTION…] %s\n\n%s.\n%s\noptions:\n", c->name, c->operands, c->does, c->more);
  options_print(c->name);
  return EXIT_DONE;
}

int main(int argc, char **argv){
  Options o;
  const Command *c;
  int rc;
  /* Blocks come and go: what is freed is kept for the next ones. */
  mallopt(M_MMAP_THRESHOLD, KEPT_BLOCK);
  mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
  mallopt(M_TOP_PAD, KEPT_STEP);
  /* Nobody asks how much memory SQLite uses, and the count takes a lock at every allocation. */
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  rc = options_parse(&o, argc-1, argv+1);
  if( rc ) return rc;
  if( o.version ){
    printf("tarn %s (SQLite %s)\n", TARN_VERSION, sqlite3_libversion());
    return EXIT_DONE;
  }
  if( o.command==0 ){
    if( o.help ) return help_all();
    fputs("tarn: no command; `tarn help` lists them\n", stderr);
    return EXIT_USAGE;
  }
  if( strcmp(o.command, "help")==0 ) return help(o.n_operand ? o.operand[0] : 0);
  c = find(o.command);
  if( c==0 ){
    fprintf(stderr, "tarn: no command %s; `tarn help` lists them\n", o.command);
    return EXIT_USAGE;
  }
  return o.help ? help(c->name) : c->run(&o);
}
