/*
** tarn export TABLE [FOLDER]: one table as JSON lines.
**
** Without a folder (or with -) the lines go to stdout.  A folder is replaced
** as a whole, old-or-new, when it is empty or was made by Tarn; it may be an
** s3:// URL.
*/
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "export.h"
#include "landing.h"
#include "relist.h"
#include "remote.h"
#include "swap.h"

/* `db.t` or `t`. */
static TableName operand_table(Session *s, const char *z){
  TableName t;
  char *lower = arena_strdup(&s->arena, z), *dot;
  for(char *p=lower; *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
  dot = strchr(lower, '.');
  if( dot ) *dot = 0;
  t.database = dot ? lower : catalog_database(s->catalog);
  t.name = dot ? dot+1 : lower;
  t.sqlite_name = table_sqlite_name(&s->arena, t.database, t.name);
  return t;
}

static int export_once(Session *s, const TableName *t, const char *location){
  const char *folder = export_place(s, location);
  long long rows, bytes;
  if( folder==0 || session_begin(s) ) return 1;
  return session_end(s, export_check_folder(s, folder) || export_stage(s, session_now(), t, folder, &rows, &bytes));
}

static int export_to(Session *s, const char *operand, const char *location){
  Relist relist = {0};
  int rc;
  do{
    TableName t = operand_table(s, operand);      /* in the arena, which a new attempt empties */
    rc = export_once(s, &t, location);
  }while( rc && relist_again(s, &relist, 0) );
  return rc || swap_recover(s) || remote_recover(s);
}

static int export_to_stdout(Session *s, const char *operand){
  Relist relist = {0};
  long long rows, bytes = 0;
  int rc;
  do{
    TableName t = operand_table(s, operand);
    rc = export_write(s, &t, STDOUT_FILENO, "stdout", &rows, &bytes);
  }while( rc && relist_again(s, &relist, bytes>0) );
  return rc;
}

int cmd_export(const Options *o){
  Session s;
  int rc;
  if( o->n_operand<1 || o->n_operand>2 ){
    fputs("tarn export: TABLE and, if not stdout, a folder\n", stderr);
    return EXIT_USAGE;
  }
  rc = session_open(&s, o) || session_map(&s);
  if( rc==0 ){
    if( o->n_operand==2 && strcmp(o->operand[1], "-")!=0 ) rc = export_to(&s, o->operand[0], o->operand[1]);
    else rc = export_to_stdout(&s, o->operand[0]);
  }
  if( rc ) rc = session_report(&s);
  session_close(&s);
  return rc;
}
