/*
** tarn import FILE…: catalog entries from AWS Glue's JSON or from pasted
** SHOW CREATE TABLE texts.  Exit 1 when any entry was refused; the others
** are kept.
*/
#include <stdio.h>
#include "command.h"
#include "import.h"
#include "statement.h"

static int import_file(Session *s, Arena *a, const char *file, int *refused){
  const char *text = read_text_file(s, file);
  int n = 0, rc;
  if( text==0 ) return 1;
  text = arena_strdup(a, text);
  if( session_begin(s) ) return 1;
  rc = session_end(s, import_text(s, a, text, &n));
  *refused += n;
  return rc;
}

int cmd_import(const Options *o){
  Session s;
  Arena a;
  int rc, refused = 0;
  if( o->n_operand==0 ){
    fputs("tarn import: name a FILE (- is stdin)\n", stderr);
    return EXIT_USAGE;
  }
  arena_init_or_die(&a);
  rc = session_open(&s, o);
  for(int i=0; i<o->n_operand && rc==0; i++) rc = import_file(&s, &a, o->operand[i], &refused);
  if( rc ) rc = session_report(&s);
  session_close(&s);
  arena_free(&a);
  return rc ? rc : refused ? EXIT_FAILED : EXIT_DONE;
}
