/*
** PREPARE, EXECUTE, DEALLOCATE PREPARE and EXPLAIN (TYPE VALIDATE).
**
** A prepared statement is its text in tarn_prepared, as it stands after FROM;
** EXECUTE compiles it anew with its parameters' expressions.
*/
#include <string.h>
#include "statement.h"

static const char *statement_name(const Statement *st){
  return st->table.n ? st->table.name[st->table.n-1].lower : "";
}

static int prepare(Session *s, const Statement *st, Output *out){
  const char *sql = st->inner && st->inner->sql ? st->inner->sql : st->query_sql;
  if( sql==0 ) return session_fail(s, "TARN_INTERNAL: PREPARE without a statement");
  if( session_exec(s, "INSERT INTO tarn_prepared(name,sql) VALUES(%Q,%Q) ON CONFLICT(name) DO UPDATE SET sql=excluded.sql",
                   statement_name(st), sql) ) return 1;
  return result_empty(s, out);
}

static int deallocate(Session *s, const Statement *st, Output *out){
  if( session_exec(s, "DELETE FROM tarn_prepared WHERE name=%Q", statement_name(st)) ) return 1;
  if( sqlite3_changes(s->db)==0 ) return session_fail(s, "NOT_FOUND: Prepared statement not found: %s", statement_name(st));
  return result_empty(s, out);
}

static int execute(Session *s, const Statement *st, Output *out){
  const char *sql = session_text(s, "SELECT sql FROM tarn_prepared WHERE name=%Q", statement_name(st));
  Statement *tree = 0;
  Compiled *c = 0;
  AthenaError error;
  if( s->error ) return 1;
  if( sql==0 ) return session_fail(s, "NOT_FOUND: Prepared statement not found: %s", statement_name(st));
  memset(&error, 0, sizeof(error));
  if( athena_parse(&s->arena, sql, &tree, &error) ) return session_fail_athena(s, &error);
  if( tree->n_parameter!=st->parameters.n ){
    return session_fail(s, "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected %d but found %d",
                        tree->n_parameter, st->parameters.n);
  }
  if( statement_compile_tree(s, tree, &st->parameters, &c) ) return 1;
  return statement_run_compiled(s, c, out);
}

int statement_prepared(Session *s, const Statement *st, Output *out){
  switch( st->kind ){
    case ST_PREPARE:    return prepare(s, st, out);
    case ST_DEALLOCATE: return deallocate(s, st, out);
    default:            return execute(s, st, out);
  }
}

/* EXPLAIN (TYPE VALIDATE): a column `Valid`, true; or the statement's error. */
int statement_explain(Session *s, const Statement *st, Output *out){
  static const OutputColumn valid = {"Valid", &TYPE_BOOLEAN, 0};
  Compiled *c = 0;
  Value yes = value_int(1);
  if( st->explain_type==0 || strcmp(st->explain_type, "validate")!=0 || st->analyze ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: EXPLAIN other than (TYPE VALIDATE): a plan of Athena's cluster (tarn translate shows Tarn's SQL)");
  }
  if( st->inner==0 ) return session_fail(s, "TARN_INTERNAL: EXPLAIN without a statement");
  if( statement_compile_tree(s, st->inner, 0, &c) ) return 1;
  output_begin(out, &s->arena, RESULT_QUERY, 1, &valid);
  output_row(out, &yes);
  return result_end(s, out);
}
