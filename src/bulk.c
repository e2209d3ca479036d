/*
** CREATE TABLE AS and INSERT … SELECT as bulk statements: see bulk.h.
**
** A hand makes its block's rows into a table image (vtab/image.h); the
** connection takes the images in order.  A savepoint around it all gives the
** lake back as it was when the plain path has to do it after all.
*/
#include <stdlib.h>
#include <string.h>
#include "bulk_run.h"
#include "../vtab/crew.h"
#include "../vtab/image.h"

#define IMAGE_SCHEMA "tarn_image"
#define LOAD_BYTES (8<<20)      /* of one image made from a set */

/* --- Rows into images ---------------------------------------------------- */

typedef struct Writer {
  BulkRun *run;
  const ImageShape *shape;
  const char *table;
  long long n;
} Writer;
typedef struct Written { Image *image; } Written;

static int writer_begin(void *arg, int hand, void **product){
  Written *w = sqlite3_malloc64(sizeof(*w));
  (void)arg; (void)hand;
  if( w==0 ) return SQLITE_NOMEM;
  w->image = 0;
  *product = w;
  return SQLITE_OK;
}

static int writer_row(void *arg, int hand, void *product, const Value *cell){
  Writer *writer = arg;
  Written *w = product;
  int rc = w->image ? SQLITE_OK : image_open(writer->shape, &w->image);
  (void)hand;
  if( rc==SQLITE_OK ) rc = image_add(w->image, cell);
  return rc==SQLITE_OK || rc==SQLITE_NOMEM ? rc : BULK_PLAIN;
}

static int writer_end(void *arg, int hand, void *product){
  Written *w = product;
  (void)arg; (void)hand;
  return w->image ? image_finish(w->image) : SQLITE_OK;
}

static int load(Writer *writer, Image *image){
  char *error = 0;
  int rc;
  if( image==0 ) return SQLITE_OK;
  /* Any statement that runs out of memory ends the transaction: these rows
  ** would stay. */
  if( sqlite3_get_autocommit(writer->run->db) ) return SQLITE_NOMEM;
  rc = bulk_interrupted(writer->run);
  if( rc==SQLITE_OK ) rc = image_load(writer->run->db, IMAGE_SCHEMA, image, writer->table, &error);
  if( rc==SQLITE_OK ) writer->n += image_rows(image);
  if( error ){
    sqlite3_free(writer->run->error);
    writer->run->error = error;
  }
  return rc;
}

static int writer_take(void *arg, void *product){
  return load(arg, ((Written*)product)->image);
}

static void writer_free(void *arg, void *product){
  (void)arg;
  image_close(((Written*)product)->image);
  sqlite3_free(product);
}

/* The rows of a set, in their order. */
static int write_set(Writer *writer, const PackedRows *rows){
  PackedWalk walk = {0, 0};
  const PackedRow *row;
  Written w = {0};
  Value *cell = sqlite3_malloc64(sizeof(Value)*(size_t)(rows->n_cell+1));
  int rc = cell ? SQLITE_OK : SQLITE_NOMEM;
  while( rc==SQLITE_OK && (row = packed_walk(rows, &walk))!=0 ){
    for(int i=0; i<rows->n_cell; i++) cell[i] = packed_cell(rows, row, i);
    rc = writer_row(writer, 0, &w, cell);
    if( rc!=SQLITE_OK || image_bytes(w.image)<LOAD_BYTES ) continue;
    if( (rc = image_finish(w.image))==SQLITE_OK ) rc = load(writer, w.image);
    image_close(w.image);
    w.image = 0;
  }
  if( rc==SQLITE_OK && w.image && (rc = image_finish(w.image))==SQLITE_OK ) rc = load(writer, w.image);
  image_close(w.image);
  sqlite3_free(cell);
  return rc;
}

static int write_distinct(Writer *writer, const BulkQuery *q){
  BulkSet set;
  int rc = bulk_distinct(writer->run, q, 1, &set);
  if( rc==SQLITE_OK ) rc = write_set(writer, &set.rows);
  bulk_set_free(&set);
  return rc;
}

int bulk_write(BulkRun *run, const BulkQuery *q, const char *table, long long *n){
  Writer writer = { run, 0, table, 0 };
  BulkSink sink = { &writer, writer_begin, writer_row, writer_end, writer_take, writer_free };
  ImageShape *shape = 0;
  int rc = image_shape(run->db, table, &shape);
  if( rc==SQLITE_NOTFOUND ) rc = BULK_PLAIN;
  writer.shape = shape;
  if( rc==SQLITE_OK ) rc = q->distinct ? write_distinct(&writer, q) : bulk_run(run, q, &sink);
  sqlite3_free(shape);
  *n = writer.n;
  return rc;
}

/* --- Which statements ---------------------------------------------------- */

static int reads_table(const BulkQuery *q, const char *name){
  for(int i=0; i<q->n_rel; i++) if( strcmp(q->rel[i].table->sqlite_name, name)==0 ) return 1;
  for(int i=0; i<q->n_set; i++) if( q->set[i]->query && reads_table(q->set[i]->query, name) ) return 1;
  return 0;
}

/* INSERT: the query's columns in the table's order, NULL for what it does not
** name.  0 when a value would have to be converted. */
static int insert_outputs(Session *s, const Statement *st, const TableName *t, BulkQuery *q){
  TableInfo *info = 0;
  const char *error = 0;
  BulkOperand *out;
  if( catalog_find_table(s->catalog, &s->arena, t->database, t->name, &info, &error)!=1 ) return 0;
  out = ARENA_ARRAY(&s->arena, BulkOperand, info->n_column+1);
  for(int i=0; i<info->n_column; i++){
    int at = st->columns.n ? 0 : i;
    while( st->columns.n && at<st->columns.n && strcmp(st->columns.name[at].lower, info->column[i].name)!=0 ) at++;
    if( info->column[i].is_hidden ) return 0;
    out[i].rel = -1;
    if( st->columns.n && at==st->columns.n ) continue;
    if( at>=q->n_out || !coerce_is_free(q->out_type[at], info->column[i].type) ) return 0;
    out[i] = q->out[at];
  }
  /* Which rows are distinct is asked of the query's columns alone. */
  if( q->distinct && st->columns.n ) return 0;
  q->out = out;
  q->n_out = info->n_column;
  return 1;
}

static BulkQuery *recognise(Session *s, const Compiled *c, const TableName *t){
  BulkQuery *q = bulk_recognise(s, c);
  if( q==0 || reads_table(q, t->sqlite_name) ) return 0;
  if( c->statement->kind==ST_INSERT && !insert_outputs(s, c->statement, t, q) ) return 0;
  return q;
}

/* --- The statement ------------------------------------------------------- */

void bulk_run_init(BulkRun *run, Session *s){
  memset(run, 0, sizeof(*run));
  run->db = s->db;
  run->host = &s->host;
  run->n_hand = s->host.threads>0 ? s->host.threads : crew_hands();
  run->memory = s->memory;
  run->stop = &s->stop;
}

int bulk_is_off(void){
  const char *z = getenv("TARN_PLAIN");
  return z && z[0] && strcmp(z, "0")!=0;
}

/* Back to the savepoint, as if nothing had been.  SQLite may have rolled the
** whole transaction back by itself (an interrupted INSERT, a full disk): then
** there is nothing to go on with, and rc is why.  Nor is there without memory:
** SQLite 3.40 loses the schema of an image that it could not take. */
static int undo(Session *s, const JsonlStats *stats, int rc){
  s->host.stats = *stats;
  if( rc==SQLITE_INTERRUPT ){
    s->interrupted = 1;
    session_fail(s, "interrupted");
  }else if( rc==SQLITE_NOMEM || sqlite3_get_autocommit(s->db) ){
    session_fail(s, "TARN_LAKE: %s: %s", s->options->lake, sqlite3_errstr(rc));
  }
  if( sqlite3_get_autocommit(s->db) ) return 1;
  return session_exec(s, "ROLLBACK TO tarn_bulk") || session_exec(s, "RELEASE tarn_bulk") || s->error!=0;
}

int bulk_insert(Session *s, const Compiled *c, const TableName *t, long long *n){
  JsonlStats stats = s->host.stats;
  BulkRun run;
  BulkQuery *q = bulk_is_off() ? 0 : recognise(s, c, t);
  int rc;
  *n = 0;
  if( q==0 ) return 0;
  bulk_run_init(&run, s);
  if( session_exec(s, "SAVEPOINT tarn_bulk") ) return -1;
  rc = bulk_run_begin(&run);
  if( rc==SQLITE_OK ) rc = bulk_pin(&run, q);
  if( rc==SQLITE_OK ) rc = bulk_write(&run, q, t->sqlite_name, n);
  /* An interruption may come out as another error (of an image being attached). */
  if( rc!=SQLITE_OK && bulk_interrupted(&run)==SQLITE_INTERRUPT ) rc = SQLITE_INTERRUPT;
  bulk_run_end(&run);
  /* An object that is not the listed one: the plain way would list anew, and in
  ** the middle of a run read another state of the table in silence. */
  if( rc!=SQLITE_OK && run.error && s->s3.changed ) session_fail(s, "%s", run.error);
  sqlite3_free(run.error);
  if( rc==SQLITE_OK ) return session_exec(s, "RELEASE tarn_bulk") ? -1 : 1;
  return undo(s, &stats, rc) ? -1 : 0;
}

void bulk_forget(Session *s){
  image_detach(s->db, IMAGE_SCHEMA);
}
