/*
** tarn check FILE…: the verdict on each statement before anything is run.
**
**   FILE:LINE: identical   SELECT …
**   FILE:LINE: refused     TARN_NOT_SUPPORTED: line 3:8: MATCH_RECOGNIZE
**   FILE:LINE: error       COLUMN_NOT_FOUND: line 1:8: …
**
** Statements are compiled in order against the lake; those that make tables
** are carried out (CREATE TABLE AS without its rows) inside a transaction that
** is rolled back, so that later statements know their tables.  Exit 1 when any
** statement is refused or is an error of Athena.
*/
#include <stdio.h>
#include <string.h>
#include "command.h"
#include "statement.h"

static int count_lines(const char *z, const char *end){
  int n = 0;
  for(; z<end; z++) n += *z=='\n';
  return n;
}

/* The first words of a statement, for the report. */
static void print_head(const char *z){
  int n = 0, blank = 0;
  while( *z==' ' || *z=='\n' || *z=='\t' || *z=='\r' ) z++;
  for(; *z && *z!=';' && n<60; z++){
    int is_blank = *z==' ' || *z=='\n' || *z=='\t' || *z=='\r';
    if( is_blank && blank ) continue;
    putchar(is_blank ? ' ' : *z);
    blank = is_blank;
    n++;
  }
  putchar('\n');
}

static int makes_something(StatementKind k){
  switch( k ){
    case ST_CREATE_EXTERNAL_TABLE: case ST_CREATE_TABLE_AS: case ST_CREATE_VIEW: case ST_CREATE_DATABASE:
    case ST_ADD_COLUMNS: case ST_REPLACE_COLUMNS: case ST_PREPARE: case ST_DROP_TABLE: case ST_DROP_VIEW:
      return 1;
    default:
      return 0;
  }
}

static int judge(Session *s, const char *sql, Output *nowhere){
  Compiled *c = 0;
  Statement *st;
  if( statement_compile(s, sql, &c) ) return 1;
  st = c->statement;
  if( st->kind==ST_REFUSED || st->kind==ST_EXPLAIN ) return statement_run_compiled(s, c, nowhere);
  if( !makes_something(st->kind) ) return 0;
  st->with_no_data = 1;
  return statement_run_compiled(s, c, nowhere);
}

/* 0 identical, 1 refused or an error. */
static int report(Session *s, const char *file, int line, const char *sql, int rc){
  const char *at;
  printf("%s:%d: ", file, line);
  if( rc==0 ){
    printf("identical   ");
    print_head(sql);
    return 0;
  }
  at = strstr(s->error, "\nat ");
  printf("%-11s %.*s\n", strncmp(s->error, "TARN_", 5)==0 ? "refused" : "error", at ? (int)(at-s->error) : (int)strlen(s->error), s->error);
  return 1;
}

static int check_file(Session *s, const char *file, Output *nowhere){
  const char *text = read_text_file(s, file), *start = text;
  int bad = 0;
  size_t n;
  if( text==0 ) return -1;
  while( (n = athena_split(text))>0 ){
    char *sql = arena_strndup(&s->arena, text, n);
    size_t lead = strspn(text, " \t\r\n");
    bad |= report(s, file, 1+count_lines(start, text+lead), sql, judge(s, sql, nowhere));
    sqlite3_free(s->error);
    s->error = 0;
    text += n;
  }
  return bad;
}

int cmd_check(const Options *o){
  Session s;
  Output nowhere;
  int rc, bad = 0;
  if( o->n_operand==0 ){
    fputs("tarn check: name files of Athena statements\n", stderr);
    return EXIT_USAGE;
  }
  output_init(&nowhere, output_format("csv", stdout), 0);
  rc = session_open(&s, o) || session_begin(&s);
  for(int i=0; i<o->n_operand && rc==0; i++){
    int verdict = check_file(&s, o->operand[i], &nowhere);
    if( verdict<0 ) rc = 1;
    else bad |= verdict;
  }
  if( s.depth ) session_end(&s, 1);
  if( rc ) rc = session_report(&s);
  output_free(&nowhere);
  session_close(&s);
  return rc ? rc : bad ? EXIT_FAILED : EXIT_DONE;
}
