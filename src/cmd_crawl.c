/*
** tarn crawl LOCATION…: tables that fit the JSON lines below it.
**
** Prints a script for each table, with what was seen of each column as
** comments; --write puts it into sql/landing.  Where a script of that name is
** there already, nothing is invented: the difference between it and the data
** is printed, and the file is left alone.
*/
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "crawl.h"
#include "statement.h"
#include "swap.h"

static int write_script(Session *s, const char *folder, const char *path, const char *script){
  FILE *f;
  int rc;
  if( swap_make_folder(s, folder) ) return 1;
  f = fopen(path, "wbx");
  if( f==0 ) return session_fail(s, "TARN_FILE: %s: %s", path, strerror(errno));
  rc = fputs(script, f)<0;
  if( fclose(f) || rc ) return session_fail(s, "TARN_FILE: %s: %s", path, strerror(errno));
  fprintf(stderr, "wrote %s\n", path);
  return 0;
}

static int report(Session *s, Arena *a, const CrawlTable *t){
  const char *folder = arena_printf(a, "%s/landing", s->options->sql_dir);
  const char *path = arena_printf(a, "%s/%s.sql", folder, t->name);
  const char *difference;
  char *script;
  if( t->root.n_child==0 ) return session_fail(s, "TARN_CRAWL: no JSON object below %s", t->location);
  if( access(path, F_OK)!=0 ){
    script = crawl_script(a, t);
    if( s->options->write ) return write_script(s, folder, path, script);
    puts(script);
    return 0;
  }
  script = read_text_file(s, path);
  if( script==0 ) return 1;
  difference = crawl_difference(s, a, t, script);
  if( difference==0 ) return 1;
  if( difference[0]==0 ) printf("-- %s fits the data: %lld lines in %lld files\n", path, t->lines, t->n_files);
  else printf("-- %s differs from the data:\n%s", path, difference);
  if( t->malformed ) printf("-- %lld lines that are not one JSON object, first at %s\n", t->malformed, t->first_malformed);
  return 0;
}

static int crawl(Session *s, Arena *a, const char *location){
  CrawlTable *table;
  int n, rc = crawl_find(s, a, location, &n, &table);
  for(int i=0; i<n && rc==0; i++) rc = crawl_read(s, a, &table[i]) || report(s, a, &table[i]);
  return rc;
}

int cmd_crawl(const Options *o){
  Session s;
  Arena a;
  int rc;
  if( o->n_operand==0 ){
    fputs("tarn crawl: name a LOCATION\n", stderr);
    return EXIT_USAGE;
  }
  arena_init_or_die(&a);
  rc = session_open(&s, o) || session_begin(&s);
  for(int i=0; i<o->n_operand && rc==0; i++) rc = crawl(&s, &a, o->operand[i]);
  if( s.depth ) session_end(&s, 1);      /* the helper table is not kept */
  if( rc ) rc = session_report(&s);
  session_close(&s);
  arena_free(&a);
  return rc;
}
