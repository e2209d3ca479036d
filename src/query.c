/*
** A query's rows, from SQLite to a format.
**
** The emitter gives SQL whose columns come out in the carriers of value.h;
** each row is printed by the columns' static types.
*/
#include "statement.h"

int query_run(Session *s, const Compiled *c, Output *out){
  OutputColumn *column = ARENA_ARRAY(&s->arena, OutputColumn, c->n_column+1);
  Value *row = ARENA_ARRAY(&s->arena, Value, c->n_column+1);
  sqlite3_stmt *stmt = session_prepare(s, "%s", c->sqlite_sql);
  int rc;
  if( stmt==0 ) return 1;
  if( s->stop ){                /* SQLite forgets an interruption that comes before the first step */
    sqlite3_finalize(stmt);
    s->interrupted = 1;
    return session_fail(s, "interrupted");
  }
  if( sqlite3_column_count(stmt)!=c->n_column ){
    sqlite3_finalize(stmt);
    return session_fail(s, "TARN_INTERNAL: the query has %d columns, its SQL another number", c->n_column);
  }
  for(int i=0; i<c->n_column; i++){
    column[i].name = c->column[i].name;
    column[i].type = c->column[i].type;
  }
  output_begin(out, &s->arena, RESULT_QUERY, c->n_column, column);
  while( (rc = session_step(s, stmt))==1 ){
    for(int i=0; i<c->n_column; i++) row[i] = column_value(stmt, i, column[i].type);
    output_row(out, row);
  }
  if( rc<0 ){
    output_abandon(out);
    return 1;
  }
  return result_end(s, out);
}
