/* Landing rows in blocks: see jsonl_rows.h. */
#include "jsonl_scan.h"
#include <string.h>

typedef struct JsonlRows {
  RowSource base;
  JsonlTable *t;
  JsonlScan *scan;
  JsonlBlock *block;            /* given out, or to be told of */
  int is_given;                 /* its rows were given: its error is next */
  int *selected;
} JsonlRows;

JsonlTable *jsonl_find(JsonlHost *host, const char *schema, const char *name){
  for(JsonlTable *t=host->tables; t; t=t->next_table){
    if( sqlite3_stricmp(t->name, name)==0 && (schema==0 || sqlite3_stricmp(t->schema, schema)==0) ) return t;
  }
  return 0;
}

static int is_stopped(void *arg){
  const JsonlHost *host = arg;
  return host->stop && *host->stop;
}

/* Requests for nothing: a list that is not kept, or partitions that a query may leave out. */
static int is_dear(const JsonlTable *t){
  int kept = t->n_pinned>0 || t->host->pin_epoch!=0, n_listed = 0, is_network = 0;
  SourceOptions options = { 0 };
  options.s3_root = jsonl_root(t);
  options.s3 = t->host->s3;
  for(int i=0; i<t->n_partition; i++){
    n_listed += t->partition[i].is_listed;
    is_network |= source_is_network(&options, t->partition[i].location);
  }
  return is_network && (!kept || (t->n_partition>1 && n_listed<t->n_partition));
}

sqlite3_int64 jsonl_rows_bytes(JsonlTable *t){
  sqlite3_int64 bytes = 0;
  int n_listed = 0;
  char *error = 0;
  int *all;
  if( is_dear(t) ) return JSONL_BYTES_UNKNOWN;
  all = sqlite3_malloc64(sizeof(int)*((sqlite3_uint64)t->n_partition + 1));
  if( all==0 ) return -1;
  jsonl_pin(t);
  pthread_mutex_lock(&t->list_lock);
  for(int i=0; i<t->n_partition; i++) all[i] = i;
  for(int i=0; i<t->n_partition && bytes>=0; i++){
    const Partition *p = &t->partition[i];
    if( jsonl_list_partitions(t, t->n_partition - i, all + i, is_stopped, t->host, &n_listed, &error)!=SQLITE_OK ) bytes = -1;
    for(int k=0; bytes>=0 && k<p->n; k++) bytes += t->list.file[p->first + k].size;
  }
  pthread_mutex_unlock(&t->list_lock);
  jsonl_unpin(t);
  t->host->stats.files_listed += n_listed;
  sqlite3_free(error);
  sqlite3_free(all);
  return bytes;
}

sqlite3_int64 jsonl_rows_known(const JsonlTable *t){
  return t->host->pin_epoch && t->row_epoch==t->host->pin_epoch && t->list_epoch==t->row_epoch ? t->n_row : -1;
}

/* Tell the host of the whole block, before it is given. */
static int tell(JsonlRows *r, JsonlBlock *b, char **pzErr){
  int told = 0, told_passed = 0;
  (void)pzErr;
  return jsonl_scan_tell(r->scan, b, b->n_line, &told, &told_passed);
}

static int rows_next(RowSource *source, RowBlock **out, char **pzErr){
  JsonlRows *r = (JsonlRows*)source;
  JsonlBlock *b = r->block;
  int rc;
  for(;;){
    if( b && r->is_given ){
      rc = b->rc==SQLITE_OK ? jsonl_scan_tell_end(r->scan, b) : jsonl_scan_error(r->scan, b, pzErr);
      if( rc!=SQLITE_OK ) return rc;
      r->block = 0;
      jsonl_scan_free(r->scan, b);
    }
    if( (rc = jsonl_scan_take(r->scan, &b, pzErr))!=SQLITE_ROW ) return rc;
    r->block = b;
    r->is_given = 1;
    if( (rc = tell(r, b, pzErr))!=SQLITE_OK ) return rc;
    if( b->rows.n || b->rows.product ){
      *out = &b->rows;
      return SQLITE_ROW;
    }
  }
}

static void rows_close(RowSource *source){
  JsonlRows *r = (JsonlRows*)source;
  if( r->block ) jsonl_scan_free(r->scan, r->block);
  jsonl_scan_close(r->scan);
  jsonl_unpin(r->t);
  sqlite3_free(r->selected);
  sqlite3_free(r);
}

static const RowSourceOps rows_ops = { rows_next, rows_close };

int jsonl_rows_open(JsonlTable *t, const JsonlRowsPlan *plan, RowSource **out, char **pzErr){
  JsonlRows *r = sqlite3_malloc64(sizeof(*r));
  int n, rc;
  *out = 0;
  *pzErr = 0;
  if( r==0 ) return SQLITE_NOMEM;
  memset(r, 0, sizeof(*r));
  r->base.ops = &rows_ops;
  r->t = t;
  jsonl_pin(t);
  r->selected = sqlite3_malloc64(sizeof(int)*((size_t)t->n_partition + 1));
  rc = r->selected==0 ? SQLITE_NOMEM : jsonl_select(t, plan->filter, plan->n_filter, r->selected, &n, pzErr);
  if( rc==SQLITE_OK ) rc = jsonl_scan_open(t, plan, r->selected, n, &r->scan);
  if( rc!=SQLITE_OK ){
    rows_close(&r->base);
    return rc;
  }
  *out = &r->base;
  return SQLITE_OK;
}
