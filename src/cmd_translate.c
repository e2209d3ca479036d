/*
** tarn translate: the SQLite SQL that a statement becomes, or why it is
** refused.  Statements that are not queries are carried out by the driver and
** have no SQL of their own; they say so in a comment.
*/
#include <stdio.h>
#include <string.h>
#include "bulk.h"
#include "command.h"
#include "statement.h"

/* A statement that writes may not go through that SQL at all (bulk.h). */
static void print_sql(Session *s, const Compiled *c){
  const char *sql = c->statement->kind==ST_QUERY ? c->sqlite_sql : c->sqlite_sql_stored;
  StatementKind kind = c->statement->kind;
  const BulkQuery *bulk = kind==ST_CREATE_TABLE_AS || kind==ST_INSERT ? bulk_recognise(s, c) : 0;
  if( bulk ) printf("-- bulk: %s\n", bulk_describe(&s->arena, bulk));
  if( sql ) printf("%s;\n", sql);
  else puts("-- not a query: Tarn carries it out on its catalog");
}

/* Make what later statements of the same input read, inside a transaction
** that is rolled back at the end. */
static int translate(Session *s, const Options *o){
  Compiled *c = 0;
  const char *text = o->n_operand ? o->operand[0] : read_text_file(s, o->file ? o->file : "-");
  Output nowhere;
  size_t n;
  int rc = text==0;
  if( o->n_operand ){
    rc = statement_compile(s, text, &c);
    if( rc==0 ) print_sql(s, c);
    return rc;
  }
  output_init(&nowhere, output_format("csv", stdout), 0);
  while( rc==0 && (n = athena_split(text))>0 ){
    rc = statement_compile(s, arena_strndup(&s->arena, text, n), &c);
    if( rc==0 ) print_sql(s, c);
    if( rc==0 && c->statement->kind==ST_CREATE_EXTERNAL_TABLE ) rc = statement_run_compiled(s, c, &nowhere);
    text += n;
  }
  output_free(&nowhere);
  return rc;
}

int cmd_translate(const Options *o){
  Session s;
  int rc;
  if( o->n_operand>1 ){
    fputs("tarn translate: one statement as an operand, or -f FILE, or stdin\n", stderr);
    return EXIT_USAGE;
  }
  rc = session_open(&s, o);
  if( rc==0 && (rc = session_begin(&s))==0 ){
    rc = translate(&s, o);
    session_end(&s, 1);          /* nothing is kept */
  }
  if( rc ) rc = session_report(&s);
  session_close(&s);
  return rc;
}
