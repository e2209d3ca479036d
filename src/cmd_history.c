/*
** tarn history: the runs of this lake, newest first.
*/
#include <stdio.h>
#include "command.h"
#include "statement.h"

static int print_history(Session *s, Output *out){
  static const OutputColumn columns[] = {
    {"run", &TYPE_BIGINT, 0}, {"started", &TYPE_VARCHAR, 0}, {"steps", &TYPE_BIGINT, 0}, {"rows", &TYPE_BIGINT, 0},
    {"bytes_read", &TYPE_BIGINT, 0}, {"inputs", &TYPE_BIGINT, 0}, {"rejects", &TYPE_BIGINT, 0}
  };
  sqlite3_stmt *stmt = session_prepare(s,
    "SELECT run, started, (SELECT count(*) FROM tarn_steps p WHERE p.run=r.run), (SELECT sum(row_count) FROM tarn_steps p WHERE p.run=r.run), "
    "(SELECT sum(bytes) FROM tarn_steps p WHERE p.run=r.run), (SELECT count(*) FROM tarn_inputs i WHERE i.run=r.run), "
    "(SELECT count(*) FROM tarn_rejects j WHERE j.run=r.run) FROM tarn_runs r ORDER BY run DESC");
  Value row[7];
  output_begin(out, &s->arena, RESULT_QUERY, 7, columns);
  while( session_step(s, stmt)==1 ){
    for(int i=0; i<7; i++) row[i] = column_value(stmt, i, columns[i].type);
    output_row(out, row);
  }
  return s->error ? 1 : result_end(s, out);
}

int cmd_history(const Options *o){
  const OutputFormat *format = output_format(o->format, stdout);
  Session s;
  Output out;
  int rc;
  if( format==0 || o->n_operand>0 ){
    fputs("tarn history: --format box, csv, json, jsonl, markdown\n", stderr);
    return EXIT_USAGE;
  }
  output_init(&out, format, stdout);
  rc = session_open(&s, o) || print_history(&s, &out);
  if( rc ) rc = session_report(&s);
  output_free(&out);
  session_close(&s);
  return rc;
}
