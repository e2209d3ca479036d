/*
** tarn query: Athena statements from an operand, a file or stdin.
**
** An operand is one statement exactly as Athena receives it; a file and stdin
** are split at `;` outside quotes and comments and stop at the first error.
*/
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "statement.h"

static int run_input(Session *s, const Options *o, Output *out){
  const char *text;
  if( o->n_operand==1 ) return statement_run(s, o->operand[0], out);
  text = read_text_file(s, o->file ? o->file : "-");
  if( text==0 ) return 1;
  /* The script outlives the arena, which is emptied after each statement. */
  char *copy = sqlite3_mprintf("%s", text);
  int rc = copy ? script_run(s, copy, out) : session_fail(s, "out of memory");
  sqlite3_free(copy);
  return rc;
}

int cmd_query(const Options *o){
  Session s;
  Output out;
  const OutputFormat *format = output_format(o->format, stdout);
  int rc;
  if( format==0 ){
    fprintf(stderr, "tarn query: no format %s (box, csv, json, jsonl, markdown, api)\n", o->format);
    return EXIT_USAGE;
  }
  if( o->n_operand>1 || (o->n_operand==1 && o->file) ){
    fputs("tarn query: one statement as an operand, or -f FILE, or stdin\n", stderr);
    return EXIT_USAGE;
  }
  if( o->n_operand==0 && o->file==0 && isatty(0) ){
    fputs("tarn query: give a statement, -f FILE, or statements on stdin\n", stderr);
    return EXIT_USAGE;
  }
  output_init(&out, format, stdout);
  rc = session_open(&s, o) || session_map(&s) || run_input(&s, o, &out);
  if( rc ) rc = session_report(&s);
  output_free(&out);
  session_close(&s);
  return rc;
}
