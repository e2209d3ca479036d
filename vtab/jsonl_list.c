/*
** What a landing table's scans know before they read: whether the connection
** was interrupted, which partitions are asked for, which files they hold.
** See jsonl_scan.h.
*/
#include "jsonl_scan.h"
#include "datetime.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define INTERRUPT_CHECK_MS 5

static sqlite3_int64 now_ms(void){
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
  return (sqlite3_int64)ts.tv_sec*1000 + ts.tv_nsec/1000000;
}

/* SQLite 3.40 has no way to ask for sqlite3_interrupt, but a statement that is
** stepped answers SQLITE_INTERRUPT. */
int jsonl_interrupted(JsonlTable *t){
  sqlite3_int64 now = now_ms();
  int rc;
  if( now>=t->last_check_ms && now - t->last_check_ms<INTERRUPT_CHECK_MS ) return 0;
  t->last_check_ms = now;
  if( t->select1==0 && sqlite3_prepare_v3(t->db, "SELECT 1", -1, SQLITE_PREPARE_PERSISTENT, &t->select1, 0)!=SQLITE_OK ){
    return 0;
  }
  rc = sqlite3_step(t->select1);
  sqlite3_reset(t->select1);
  return rc==SQLITE_INTERRUPT;
}

/* The first cursor of a statement drops what was pinned before. */
void jsonl_pin(JsonlTable *t){
  if( t->n_pinned++ ) return;
  if( t->host->pin_epoch && t->host->pin_epoch==t->list_epoch ) return;
  t->list_epoch = t->host->pin_epoch;
  source_list_free(&t->list);
  for(int i=0; i<t->n_partition; i++) t->partition[i].is_listed = 0;
}

void jsonl_unpin(JsonlTable *t){
  t->n_pinned--;
}

/* The places of partitions that are to be listed now; 0 when the first one is listed. */
static int places_to_list(const JsonlTable *t, const SourceOptions *options, int n, const int *partition, SourcePlace *place){
  int k = 0;
  if( t->partition[partition[0]].is_listed ) return 0;
  for(int i=0; i<n && k<LIST_AHEAD; i++){
    const Partition *p = &t->partition[partition[i]];
    if( p->is_listed ) continue;
    if( k && !source_is_network(options, p->location) ) break;
    place[k++] = (SourcePlace){ p->location, partition[i], 0, 0 };
    if( !source_is_network(options, p->location) ) break;
  }
  return k;
}

const char *jsonl_root(const JsonlTable *t){
  const char *root = t->host->s3_root ? t->host->s3_root : getenv("TARN_S3_ROOT");
  return root && root[0] ? root : t->spec.s3_root;
}

int jsonl_list_partitions(JsonlTable *t, int n, const int *partition, int (*interrupted)(void*), void *arg, int *n_listed, char **pzErr){
  SourceOptions options = { 0 };
  SourcePlace place[LIST_AHEAD];
  int rc, before = t->list.n;
  options.s3_root = jsonl_root(t);
  options.s3 = t->host->s3;
  options.interrupted = interrupted;
  options.interrupted_arg = arg;
  n = places_to_list(t, &options, n, partition, place);
  rc = source_list_many(&t->list, &options, n, place, pzErr);
  if( rc!=SQLITE_OK ){
    t->list.n = before;
    return rc;
  }
  for(int i=0; i<n; i++){
    Partition *p = &t->partition[place[i].tag];
    p->first = place[i].first;
    p->n = place[i].n;
    p->is_listed = 1;
    *n_listed += p->n;
  }
  return SQLITE_OK;
}

int jsonl_select(JsonlTable *t, const Filter *filter, int n_filter, int *selected, int *n_selected, char **pzErr){
  int first = t->serde.n_column, end = first + t->n_partition_column;
  *n_selected = 0;
  for(int i=0; i<t->n_partition; i++){
    const Partition *p = &t->partition[i];
    int pass = 1;
    if( p->bad ){
      *pzErr = sqlite3_mprintf("HIVE_INVALID_PARTITION_VALUE: Invalid partition value '%s' for %s partition key: %s",
        p->bad, type_text(&t->arena, t->partition_column[p->bad_column].type), t->partition_column[p->bad_column].name);
      return *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
    }
    for(int k=0; k<n_filter && pass; k++){
      if( filter[k].column<first || filter[k].column>=end ) continue;
      pass = filter_may_pass(&filter[k], &p->value[filter[k].column - first]);
    }
    if( pass ) selected[(*n_selected)++] = i;
  }
  t->host->stats.files_pruned += t->n_partition - *n_selected;
  return SQLITE_OK;
}

Value jsonl_mtime(Arena *a, sqlite3_int64 mtime_ns){
  HiveTime time = { floor_div(mtime_ns, 1000000000), 0 };
  Value v;
  char *text;
  time.nanos = (int)(floor_mod(mtime_ns, 1000000000)/1000000*1000000);
  v = timestamp_store(a, time);
  text = v.kind==V_TEXT ? arena_printf(a, "%.*s UTC", v.n, v.z) : 0;
  return text ? value_text(text, strlen(text)) : value_null();
}
