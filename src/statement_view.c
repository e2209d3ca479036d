/*
** CREATE [OR REPLACE] VIEW and DROP VIEW.
**
** A view is its query's text and the database its names mean; the analyser
** expands it wherever it is read.  Its columns and their types are kept as
** they were when it was made.  SQLite has no view of that name: a stored view
** could not read landing tables, which are DIRECTONLY.
*/
#include <string.h>
#include "statement.h"

static int create_view(Session *s, const Compiled *c, const TableName *t){
  const Statement *st = c->statement;
  int kind;
  if( is_reserved_name(t->name) ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: the view name %s (tarn_ and sqlite_ are reserved)", t->name);
  }
  if( !catalog_has_database(s->catalog, t->database) ){
    return session_fail(s, "SCHEMA_NOT_FOUND: line 1:1: Schema '%s' does not exist", t->database);
  }
  kind = catalog_object(s, t);
  if( s->error ) return 1;
  if( kind==OBJECT_VIEW && !st->or_replace ){
    return session_fail(s, "TABLE_ALREADY_EXISTS: line 1:1: View already exists: 'awsdatacatalog.%s.%s'", t->database, t->name);
  }
  if( kind==OBJECT_LANDING || kind==OBJECT_STORED ){
    return session_fail(s, "TABLE_ALREADY_EXISTS: line 1:1: Table already exists: 'awsdatacatalog.%s.%s'", t->database, t->name);
  }
  if( catalog_forget(s, t) ) return 1;
  if( session_exec(s, "INSERT INTO tarn_views(database,name,query,view_database,sql,created) VALUES(%Q,%Q,%Q,%Q,%Q,%lld)",
                   t->database, t->name, st->query_sql, catalog_database(s->catalog), st->sql,
                   (long long)(session_now()/1000000)) ) return 1;
  for(int i=0; i<c->n_column; i++){
    char *name = arena_strdup(&s->arena, c->column[i].name);
    for(char *p=name; *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
    if( catalog_add_column(s, t, i, name, c->column[i].type, 0, 0, 0) ) return 1;
  }
  return 0;
}

static int drop_view(Session *s, const Statement *st, const TableName *t){
  int kind = catalog_object(s, t);
  if( s->error ) return 1;
  if( kind==OBJECT_VIEW ) return catalog_forget(s, t);
  if( kind==OBJECT_LANDING || kind==OBJECT_STORED ){
    return session_fail(s, "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.%s.%s' does not exist, "
                           "but a table with that name exists. Did you mean DROP TABLE awsdatacatalog.%s.%s?",
                        t->database, t->name, t->database, t->name);
  }
  if( st->if_exists ) return 0;
  return session_fail(s, "TABLE_NOT_FOUND: line 1:1: View 'awsdatacatalog.%s.%s' does not exist", t->database, t->name);
}

int statement_view(Session *s, const Compiled *c, Output *out){
  const Statement *st = c->statement;
  TableName t;
  if( st->table.n==1 && strchr(st->table.name[0].lower, '.') ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: a dot in the name %s", st->table.name[0].lower);
  }
  if( table_name_resolve(s, &st->table, &t) ) return 1;
  if( st->kind==ST_CREATE_VIEW ? create_view(s, c, &t) : drop_view(s, st, &t) ) return 1;
  return result_empty(s, out);
}
