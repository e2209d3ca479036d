/*
** --on-change relist.
**
** Objects are pinned by ETag when they are listed; one that changes before it
** is read fails the statement (HTTP 412, or 404 when it is gone).  A statement
** is a transaction and its result is held back, so it can be undone as a whole
** and begun again with a new listing: never rows of two states of a table.  A
** run is one transaction too, and its steps share one listing, so all of it
** begins again.
*/
#include <stdio.h>
#include <string.h>
#include "catalog_write.h"
#include "relist.h"

static void add_reason(Session *s, const char *why){
  char *old = s->error;
  s->error = sqlite3_mprintf("%s; --on-change relist: %s", old, why);
  if( s->error ) sqlite3_free(old);
  else s->error = old;
}

int relist_again(Session *s, Relist *r, int delivered){
  const char *at;
  int changed = s->s3.changed;
  s->s3.changed = 0;
  if( !changed || s->interrupted || s->stop || s->error==0 || strcmp(s->options->on_change, "relist")!=0 ) return 0;
  if( delivered ){
    add_reason(s, "part of the result has been printed");
    return 0;
  }
  if( r->n==RELIST_MAX ){
    add_reason(s, "objects kept changing");
    return 0;
  }
  r->n++;
  at = strstr(s->error, "\nat ");
  fprintf(stderr, "tarn: %.*s changed after it was listed: listing anew, attempt %d of %d\n",
          at ? (int)strcspn(at+4, " ")-1 : 9, at ? at+4 : "an object", r->n+1, RELIST_MAX+1);
  session_reset(s);
  return catalog_create(s)==0;            /* a new lake's was rolled back too */
}
