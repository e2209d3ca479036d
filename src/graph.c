/*
** From folders of SQL to an order of steps.
**
** A file is one table, named after it.  What a step reads is read off its
** syntax tree (tree_tables.c); a name that another file makes is an edge, any
** other must be in the catalog already.  The order is the topological one,
** with zone and name deciding between steps that could both go next, so that
** it is the same each time.  Zones are folders, not an order.
*/
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "graph.h"
#include "statement.h"
#include "tree_tables.h"

const char *const zone_names[ZONES] = {"landing", "trusted", "curated"};

/* --- Files --------------------------------------------------------------------- */

static int by_name(const void *a, const void *b){
  return strcmp(*(char *const*)a, *(char *const*)b);
}

char **list_sql_files(Session *s, Arena *a, const char *folder, int *n){
  DIR *dir = opendir(folder);
  struct dirent *e;
  char **list = ARENA_ARRAY(a, char*, GRAPH_STEPS_MAX);
  *n = 0;
  if( dir==0 ){
    if( errno==ENOENT ) return list;
    session_fail(s, "TARN_FILE: %s: %s", folder, strerror(errno));
    return 0;
  }
  while( (e = readdir(dir))!=0 ){
    size_t len = strlen(e->d_name);
    if( e->d_name[0]=='.' || len<5 || strcmp(e->d_name+len-4, ".sql")!=0 ) continue;
    if( *n==GRAPH_STEPS_MAX ){
      session_fail(s, "TARN_FILE: %s: more than %d files", folder, GRAPH_STEPS_MAX);
      break;
    }
    list[(*n)++] = arena_printf(a, "%s/%s", folder, e->d_name);
  }
  closedir(dir);
  if( s->error ) return 0;
  qsort(list, (size_t)*n, sizeof(*list), by_name);
  return list;
}

/* --- One step ---------------------------------------------------------------------- */

static int fail_in(Session *s, const char *file, const char *why){
  return session_fail(s, "%s\nat %s", why, file);
}

/* The name of a file without folders and ".sql", in lower case. */
static char *base_name(Arena *a, const char *file){
  const char *slash = strrchr(file, '/');
  char *z = arena_strdup(a, slash ? slash+1 : file);
  z[strlen(z)-4] = 0;
  for(char *p=z; *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
  return z;
}

typedef struct Reads { Arena *arena; Step *step; int cap; } Reads;
static void add_read(void *arg, const NameList *name){
  Reads *r = arg;
  if( r->step->n_read==r->cap ){
    const NameList **grown = ARENA_ARRAY(r->arena, const NameList*, r->cap*2+8);
    if( r->cap ) memcpy(grown, r->step->read, sizeof(*grown)*(size_t)r->cap);
    r->step->read = grown;
    r->cap = r->cap*2+8;
  }
  r->step->read[r->step->n_read++] = name;
}

static int makes_table(StatementKind k){
  return k==ST_CREATE_EXTERNAL_TABLE || k==ST_CREATE_TABLE_AS || k==ST_CREATE_VIEW;
}

/* Kinds that a step may hold beside the one that makes its table. */
static int may_follow(StatementKind k){
  switch( k ){
    case ST_MSCK: case ST_ADD_PARTITION: case ST_DROP_PARTITION: case ST_RENAME_PARTITION: case ST_ADD_COLUMNS:
    case ST_REPLACE_COLUMNS: case ST_SET_LOCATION: case ST_SET_TBLPROPERTIES: case ST_INSERT: case ST_DROP_TABLE:
    case ST_DROP_VIEW:
      return 1;
    default:
      return 0;
  }
}

/* A step's statements must all be about the table the file is named after. */
static int check_statement(Session *s, Graph *g, Step *step, Statement *st, int *made){
  TableName t;
  if( st->kind==ST_CREATE_DATABASE ) return 0;
  if( !makes_table(st->kind) && !may_follow(st->kind) ){
    if( st->kind==ST_REFUSED && st->refused ){
      return fail_in(s, step->file, arena_printf(g->arena, "TARN_NOT_SUPPORTED: line %d:%d: %s",
                                                 st->refused_pos.line, st->refused_pos.col, st->refused));
    }
    return fail_in(s, step->file, "TARN_STEP: a step holds CREATE … and statements about that table, nothing else");
  }
  if( table_name_resolve(s, &st->table, &t) ) return 1;
  if( strcmp(t.name, base_name(g->arena, step->file))!=0 ){
    return fail_in(s, step->file, arena_printf(g->arena, "TARN_STEP: it makes or changes table %s; a file is named after its table", t.name));
  }
  if( makes_table(st->kind) ){
    if( (*made)++ ) return fail_in(s, step->file, "TARN_STEP: it makes its table twice");
    step->table.database = arena_strdup(g->arena, t.database);
    step->table.name = arena_strdup(g->arena, t.name);
    step->table.sqlite_name = arena_strdup(g->arena, t.sqlite_name);
    step->is_view = st->kind==ST_CREATE_VIEW;
  }
  return 0;
}

static int load_step(Session *s, Graph *g, Step *step){
  const char *text = read_text_file(s, step->file);
  Reads reads = {g->arena, step, 0};
  int made = 0;
  size_t n;
  if( text==0 ) return 1;
  step->text = text = arena_strdup(g->arena, text);
  step->statement = ARENA_ARRAY(g->arena, Statement*, 64);
  while( (n = athena_split(text))>0 ){
    AthenaError error;
    Statement *st = 0;
    memset(&error, 0, sizeof(error));
    if( step->n_statement==64 ) return fail_in(s, step->file, "TARN_STEP: more than 64 statements");
    if( athena_parse(g->arena, arena_strndup(g->arena, text, n), &st, &error) ){
      return fail_in(s, step->file, athena_error_text(g->arena, &error));
    }
    step->statement[step->n_statement++] = st;
    if( check_statement(s, g, step, st, &made) ) return 1;
    tree_tables(st, add_read, &reads);
    text += n;
  }
  return made ? 0 : fail_in(s, step->file, "TARN_STEP: it makes no table");
}

/* --- Edges ------------------------------------------------------------------------------ */

static int find_step(const Graph *g, const TableName *t){
  for(int i=0; i<g->n; i++){
    if( strcmp(g->step[i].table.name, t->name)==0 && strcmp(g->step[i].table.database, t->database)==0 ) return i;
  }
  return -1;
}

static int is_system_name(const TableName *t){
  return strcmp(t->database, "information_schema")==0 || strstr(t->name, "$partitions")!=0;
}

static int add_edges(Session *s, Graph *g, int at){
  Step *step = &g->step[at];
  step->need = ARENA_ARRAY(g->arena, int, step->n_read+1);
  for(int i=0; i<step->n_read; i++){
    TableName t;
    int to, known = 0;
    const Name *last = &step->read[i]->name[step->read[i]->n-1];
    if( table_name_resolve(s, step->read[i], &t) ) return 1;
    to = find_step(g, &t);
    if( to<0 ){
      int kind = catalog_object(s, &t);
      if( s->error ) return 1;
      if( (kind==OBJECT_NONE || kind==OBJECT_FOREIGN) && !is_system_name(&t) ){
        return fail_in(s, step->file, arena_printf(g->arena, "TABLE_NOT_FOUND: line %d:%d: Table 'awsdatacatalog.%s.%s' does not exist",
                                                   last->pos.line, last->pos.col, t.database, t.name));
      }
      continue;
    }
    if( to==at ) continue;       /* INSERT INTO t SELECT … FROM t */
    for(int k=0; k<step->n_need; k++) known |= step->need[k]==to;
    if( !known ) step->need[step->n_need++] = to;
  }
  return 0;
}

/* Name a cycle: follow unfinished needs from any unfinished step until one
** comes again. */
static int fail_cycle(Session *s, Graph *g, const char *done){
  int at = 0, seen = 0;
  Buf b;
  while( done[at] ) at++;
  for(int i=0; i<g->n; i++){               /* walk until certainly inside the cycle */
    const Step *step = &g->step[at];
    for(int k=0; k<step->n_need; k++) if( !done[step->need[k]] ){ at = step->need[k]; break; }
  }
  buf_init(&b, g->arena);
  buf_str(&b, g->step[at].table.name);
  for(int next=at; seen<=g->n; seen++){
    const Step *step = &g->step[next];
    for(int k=0; k<step->n_need; k++) if( !done[step->need[k]] ){ next = step->need[k]; break; }
    buf_printf(&b, " -> %s", g->step[next].table.name);
    if( next==at ) break;
  }
  return session_fail(s, "TARN_CYCLE: steps that need each other (left reads right): %s", b.z);
}

static int sort_steps(Session *s, Graph *g){
  char *done = arena_alloc(g->arena, (size_t)g->n+1);
  g->order = ARENA_ARRAY(g->arena, int, g->n+1);
  for(int n=0; n<g->n; n++){
    int next = -1;
    for(int i=0; i<g->n && next<0; i++){
      int ready = !done[i];
      for(int k=0; k<g->step[i].n_need && ready; k++) ready = done[g->step[i].need[k]];
      if( ready ) next = i;
    }
    if( next<0 ) return fail_cycle(s, g, done);
    done[next] = 1;
    g->order[n] = next;
  }
  return 0;
}

/* --- The whole ---------------------------------------------------------------------------- */

int graph_load(Session *s, Arena *a, Graph *g){
  const char *dir = s->options->sql_dir;
  memset(g, 0, sizeof(*g));
  g->arena = a;
  g->step = ARENA_ARRAY(a, Step, GRAPH_STEPS_MAX);
  for(int z=0; z<ZONES; z++){
    int n;
    char **file = list_sql_files(s, a, arena_printf(a, "%s/%s", dir, zone_names[z]), &n);
    if( file==0 ) return 1;
    for(int i=0; i<n; i++){
      Step *step = &g->step[g->n];
      int other;
      if( g->n==GRAPH_STEPS_MAX ) return session_fail(s, "TARN_FILE: more than %d steps", GRAPH_STEPS_MAX);
      step->zone = (Zone)z;
      step->file = file[i];
      if( load_step(s, g, step) ) return 1;
      other = find_step(g, &step->table);
      if( other>=0 ){
        return session_fail(s, "TARN_STEP: two files make table %s: %s and %s", step->table.name, g->step[other].file, step->file);
      }
      g->n++;
    }
  }
  if( g->n==0 ) return session_fail(s, "TARN_FILE: no steps in %s/landing, %s/trusted, %s/curated", dir, dir, dir);
  for(int i=0; i<g->n; i++) if( add_edges(s, g, i) ) return 1;
  return sort_steps(s, g);
}

static void select_with_needs(Graph *g, int at){
  if( g->step[at].selected==2 ) return;
  g->step[at].selected = 2;
  for(int k=0; k<g->step[at].n_need; k++) select_with_needs(g, g->step[at].need[k]);
}

int graph_select(Session *s, Graph *g, int n, char **name){
  if( n==0 ) for(int i=0; i<g->n; i++) g->step[i].selected = 1;
  for(int k=0; k<n; k++){
    const char *z = name[k] + (name[k][0]=='+');
    int at = 0;
    while( at<g->n && strcmp(g->step[at].table.name, z)!=0 ) at++;
    if( at==g->n ) return session_fail(s, "TARN_STEP: no step %s in %s", z, s->options->sql_dir);
    if( name[k][0]=='+' ) select_with_needs(g, at);
    else if( !g->step[at].selected ) g->step[at].selected = 1;
  }
  /* What is not run must be there already. */
  for(int i=0; i<g->n; i++){
    const Step *step = &g->step[i];
    for(int k=0; step->selected && k<step->n_need; k++){
      const Step *need = &g->step[step->need[k]];
      int kind;
      if( need->selected ) continue;
      kind = catalog_object(s, &need->table);
      if( s->error ) return 1;
      if( kind==OBJECT_NONE || kind==OBJECT_FOREIGN ){
        return session_fail(s, "TARN_STEP: step %s reads %s, which is not in the lake yet; `tarn run +%s` runs both",
                            step->table.name, need->table.name, step->table.name);
      }
    }
  }
  return 0;
}
