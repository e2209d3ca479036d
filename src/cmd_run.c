/*
** tarn run: the pipeline, and what it says while it runs.
**
** A row per step as it ends on stdout (zone, table, rows, bytes read, time),
** notices and warnings on stderr, a summary last.  --format json prints one
** document instead; --dry-run prints the order and what each step reads.
*/
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "command.h"
#include "output.h"
#include "pipeline.h"

/* 1234567 -> "1 234 567". */
static const char *grouped(char *buf, size_t size, long long n){
  char digits[32];
  int len = snprintf(digits, sizeof(digits), "%lld", n), to = 0;
  for(int i=0; i<len && (size_t)to+2<size; i++){
    if( i && (len-i)%3==0 && digits[i-1]!='-' ) buf[to++] = ' ';
    buf[to++] = digits[i];
  }
  buf[to] = 0;
  return buf;
}

static const char *human_bytes(char *buf, size_t size, long long n){
  static const char *const unit[] = {"B", "kB", "MB", "GB", "TB"};
  double v = (double)n;
  int u = 0;
  while( v>=1000 && u<4 ){
    v /= 1000;
    u++;
  }
  snprintf(buf, size, u ? "%.1f %s" : "%.0f %s", v, unit[u]);
  return buf;
}

static void print_step(void *arg, const Step *step, const StepResult *r){
  char rows[40], bytes[24];
  int is_terminal = isatty(2);
  (void)arg;
  if( r==0 ){
    if( is_terminal ) fprintf(stderr, "\r\033[K… %s", step->table.sqlite_name);
    return;
  }
  if( is_terminal ) fputs("\r\033[K", stderr);
  printf("%-8s %-32s %12s rows %10s %9.1f ms\n", zone_names[step->zone], step->table.sqlite_name,
         grouped(rows, sizeof(rows), r->rows), human_bytes(bytes, sizeof(bytes), r->bytes_read), r->ms);
  fflush(stdout);
}

static void print_notices(const Run *run){
  for(int i=0; i<run->n_notice; i++){
    const Notice *n = &run->notice[i];
    fprintf(stderr, "notice: %s: %lld × %s; first at %s (all in tarn_rejects)\n", n->table, n->n, n->reason, n->first);
  }
}

static void print_summary(const Session *s, const Run *run){
  int held = 0, warned = 0, skipped = 0, exported = 0;
  for(int i=0; i<run->n_check; i++){
    const CheckResult *c = &run->check[i];
    held += !c->skipped && c->rows==0;
    warned += c->rows!=0;
    skipped += c->skipped;
  }
  for(int i=0; i<run->n_result; i++) exported += run->result[i].exported;
  printf("%d step%s, %d check%s held", run->n_result, run->n_result==1 ? "" : "s", held, held==1 ? "" : "s");
  if( warned ) printf(", %d warned", warned);
  if( skipped ) printf(", %d passed over", skipped);
  if( exported ) printf(", %d table%s exported to %s", exported, exported==1 ? "" : "s", s->options->export_location);
  printf(" in %.1f ms\n", run->ms);
}

static void json_text(Buf *b, const char *key, const char *z){
  buf_printf(b, "\"%s\":", key);
  json_string(b, z, strlen(z));
}

static void print_json(const Run *run){
  Buf b;
  buf_init(&b, 0);
  buf_printf(&b, "{\"run\":%lld,\"ms\":%.3f,\"steps\":[", run->id, run->ms);
  for(int i=0; i<run->n_result; i++){
    const StepResult *r = &run->result[i];
    buf_str(&b, i ? ",{" : "{");
    json_text(&b, "name", r->step->table.sqlite_name);
    buf_char(&b, ',');
    json_text(&b, "zone", zone_names[r->step->zone]);
    buf_printf(&b, ",\"rows\":%lld,\"bytes_read\":%lld,\"bytes_written\":%lld,\"ms\":%.3f,\"exported\":%s}",
               r->rows, r->bytes_read, r->bytes_written, r->ms, r->exported ? "true" : "false");
  }
  buf_str(&b, "],\"checks\":[");
  for(int i=0; i<run->n_check; i++){
    const CheckResult *c = &run->check[i];
    buf_str(&b, i ? ",{" : "{");
    json_text(&b, "name", c->name);
    buf_printf(&b, ",\"rows\":%lld,\"warning\":%s,\"skipped\":%s}", c->rows, c->is_warning ? "true" : "false", c->skipped ? "true" : "false");
  }
  buf_str(&b, "],\"notices\":[");
  for(int i=0; i<run->n_notice; i++){
    buf_str(&b, i ? ",{" : "{");
    json_text(&b, "table", run->notice[i].table);
    buf_char(&b, ',');
    json_text(&b, "reason", run->notice[i].reason);
    buf_printf(&b, ",\"count\":%lld,", run->notice[i].n);
    json_text(&b, "first", run->notice[i].first);
    buf_char(&b, '}');
  }
  buf_str(&b, "]}\n");
  if( b.z ) fwrite(b.z, 1, b.n, stdout);
  buf_free(&b);
}

static void print_order(const Graph *g){
  for(int i=0; i<g->n; i++){
    const Step *step = &g->step[g->order[i]];
    if( !step->selected ) continue;
    printf("%-8s %-32s", zone_names[step->zone], step->table.sqlite_name);
    for(int k=0; k<step->n_need; k++) printf("%s%s", k ? ", " : " reads ", g->step[step->need[k]].table.sqlite_name);
    putchar('\n');
  }
}

static int run(Session *s, const Options *o, Arena *a){
  Graph g;
  Run r;
  int json = o->format && strcmp(o->format, "json")==0, rc;
  if( graph_load(s, a, &g) || graph_select(s, &g, o->n_operand, o->operand) ) return 1;
  if( o->dry_run ){
    print_order(&g);
    return 0;
  }
  memset(&r, 0, sizeof(r));
  if( !json ) r.on_step = print_step;
  rc = pipeline_run(s, &g, &r);
  if( rc ) return rc;
  print_notices(&r);
  if( json ) print_json(&r);
  else print_summary(s, &r);
  return 0;
}

int cmd_run(const Options *o){
  Session s;
  Arena a;
  int rc;
  arena_init_or_die(&a);
  rc = session_open(&s, o) || run(&s, o, &a);
  if( rc ) rc = session_report(&s);
  session_close(&s);
  arena_free(&a);
  return rc;
}
