/*
** tarn pull [TABLE… | s3://bucket/prefix/…]: the objects of landing tables
** under the S3 root.
**
** Tables are those of the lake's catalog and of the scripts in sql/landing;
** without operands all of them.  The root is --s3-root or TARN_S3_ROOT.
*/
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "graph.h"
#include "pull.h"
#include "relist.h"

#define PULL_LOCATIONS_MAX 10000

typedef struct Locations { int n; const char *name[PULL_LOCATIONS_MAX], *url[PULL_LOCATIONS_MAX]; } Locations;

static int add(Session *s, Locations *l, const char *name, const char *url){
  if( strncmp(url, "s3://", 5)!=0 ) return 0;
  for(int i=0; i<l->n; i++) if( strcmp(l->url[i], url)==0 && strcmp(l->name[i], name)==0 ) return 0;
  if( l->n==PULL_LOCATIONS_MAX ) return session_fail(s, "TARN_PULL: more than %d locations", PULL_LOCATIONS_MAX);
  l->name[l->n] = name;
  l->url[l->n++] = url;
  return 0;
}

/* Locations of the catalog's landing tables and of their partitions. */
static int from_catalog(Session *s, Arena *a, Locations *l){
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT sqlite_name, location FROM tarn_tables WHERE kind='landing' UNION ALL "
    "SELECT t.sqlite_name, p.location FROM tarn_tables t JOIN tarn_partitions p ON p.database=t.database AND p.table_name=t.name "
    "WHERE substr(p.location, 1, length(t.location))<>t.location ORDER BY 1, 2");
  int rc;
  while( (rc = session_step(s, stmt))==1 ){
    if( add(s, l, arena_strdup(a, (const char*)sqlite3_column_text(stmt, 0)), arena_strdup(a, (const char*)sqlite3_column_text(stmt, 1))) ){
      sqlite3_finalize(stmt);
      return 1;
    }
  }
  return rc<0;
}

/* Locations that the scripts of sql/landing declare. */
static int from_scripts(Session *s, Arena *a, Locations *l){
  Graph g;
  if( access(arena_printf(a, "%s/landing", s->options->sql_dir), F_OK)!=0 ) return 0;
  if( graph_load(s, a, &g) ) return 1;
  for(int i=0; i<g.n; i++){
    for(int k=0; k<g.step[i].n_statement; k++){
      const Statement *st = g.step[i].statement[k];
      if( st->kind==ST_CREATE_EXTERNAL_TABLE && st->location && add(s, l, g.step[i].table.sqlite_name, st->location) ) return 1;
    }
  }
  return 0;
}

static int pull_one(Session *s, const char *name, const char *url, PullResult *all){
  PullResult r = {0, 0, 0, 0};
  Relist relist = {0};
  int rc;
  do{
    r.objects = 0;                        /* what was fetched stays: the manifest says so */
    rc = pull_location(s, s->s3_root, url, &r);
  }while( rc && relist_again(s, &relist, 0) );
  if( rc ) return 1;
  printf("%s: %lld of %lld objects fetched (%lld bytes), %lld removed\n", name, r.fetched, r.objects, r.bytes, r.removed);
  all->objects += r.objects;
  return 0;
}

static int pull(Session *s, Arena *a, const Options *o){
  Locations *l = ARENA_NEW(a, Locations);
  PullResult all = {0, 0, 0, 0};
  if( s->s3_root==0 ) return session_fail(s, "TARN_PULL: where to? Give --s3-root DIR or set TARN_S3_ROOT");
  if( from_catalog(s, a, l) || from_scripts(s, a, l) ) return 1;
  for(int k=0; k<o->n_operand; k++){
    int found = 0;
    if( strncmp(o->operand[k], "s3://", 5)==0 ){
      if( pull_one(s, o->operand[k], o->operand[k], &all) ) return 1;
      continue;
    }
    for(int i=0; i<l->n; i++){
      if( strcmp(l->name[i], o->operand[k])!=0 ) continue;
      found = 1;
      if( pull_one(s, l->name[i], l->url[i], &all) ) return 1;
    }
    if( !found ) return session_fail(s, "TARN_PULL: no landing table %s on s3://, neither in the lake nor in %s/landing", o->operand[k], s->options->sql_dir);
  }
  for(int i=0; o->n_operand==0 && i<l->n; i++) if( pull_one(s, l->name[i], l->url[i], &all) ) return 1;
  if( o->n_operand==0 && l->n==0 ) return session_fail(s, "TARN_PULL: no landing tables on s3://, neither in the lake nor in %s/landing", s->options->sql_dir);
  return 0;
}

int cmd_pull(const Options *o){
  Session s;
  Arena a;
  int rc;
  arena_init_or_die(&a);
  rc = session_open(&s, o) || pull(&s, &a, o);
  if( rc ) rc = session_report(&s);
  session_close(&s);
  arena_free(&a);
  return rc;
}
