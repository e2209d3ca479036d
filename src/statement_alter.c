/*
** ALTER TABLE: ADD COLUMNS, REPLACE COLUMNS, SET LOCATION, SET TBLPROPERTIES.
**
** They change the catalog's rows of a landing table and declare its virtual
** table anew; files are never touched.
*/
#include <string.h>
#include "landing.h"
#include "statement.h"

static const char *hive_text(Arena *a, const Type *type){
  Buf b;
  buf_init(&b, a);
  type_print_hive(&b, type);
  return b.z;
}

/* Add the statement's columns behind position `from`. */
static int add_columns(Session *s, const Statement *st, const TableName *t, int from){
  for(int i=0; i<st->n_column; i++){
    const ColumnDef *c = &st->column[i];
    const char *bad = 0, *there;
    const Type *type = type_parse_hive(&s->arena, c->type, strlen(c->type), &bad);
    if( type==0 ) return session_fail(s, "TARN_NOT_SUPPORTED: line %d:%d: type %s", c->pos.line, c->pos.col, bad ? bad : c->type);
    there = session_text(s, "SELECT 1 FROM tarn_columns WHERE database=%Q AND table_name=%Q AND name=%Q", t->database, t->name, c->name.lower);
    if( there ) return session_fail(s, "FAILED: SemanticException [Error 10036]: Duplicate column name: %s", c->name.lower);
    if( catalog_add_column(s, t, from+i, c->name.lower, type, hive_text(&s->arena, type), c->comment, 0) ) return 1;
  }
  return 0;
}

static int next_position(Session *s, const TableName *t, int *position){
  sqlite3_stmt *stmt = session_prepare(s, "SELECT coalesce(max(position),-1)+1 FROM tarn_columns "
                                          "WHERE database=%Q AND table_name=%Q AND is_partition=0", t->database, t->name);
  if( session_step(s, stmt)!=1 ) return 1;
  *position = sqlite3_column_int(stmt, 0);
  sqlite3_finalize(stmt);
  return 0;
}

static int replace_columns(Session *s, const Statement *st, const TableName *t){
  return session_exec(s, "DELETE FROM tarn_columns WHERE database=%Q AND table_name=%Q AND is_partition=0", t->database, t->name)
      || add_columns(s, st, t, 0);
}

/* SET LOCATION of the table, or of the partition that is named. */
static int set_location(Session *s, const Statement *st, const TableName *t){
  const char *location = location_absolute(&s->arena, st->location);
  const PartitionSpec *p = st->partition;
  const char **key, **value;
  if( st->n_partition==0 ){
    return session_exec(s, "UPDATE tarn_tables SET location=%Q WHERE database=%Q AND name=%Q", location, t->database, t->name);
  }
  key = ARENA_ARRAY(&s->arena, const char*, p->n+1);
  value = ARENA_ARRAY(&s->arena, const char*, p->n+1);
  for(int i=0; i<p->n; i++){
    key[i] = p->key[i].key;
    value[i] = p->key[i].value;
  }
  if( session_exec(s, "UPDATE tarn_partitions SET location=%Q WHERE database=%Q AND table_name=%Q AND spec=%Q",
                   location, t->database, t->name, partition_spec(&s->arena, p->n, key, value)) ) return 1;
  if( sqlite3_changes(s->db)>0 ) return 0;
  return session_fail(s, "FAILED: SemanticException [Error 10006]: Partition not found {%s}", partition_spec(&s->arena, p->n, key, value));
}

static int set_properties(Session *s, const Statement *st, const TableName *t){
  return session_exec(s, "UPDATE tarn_tables SET properties=json_patch(properties,%Q) WHERE database=%Q AND name=%Q",
                      json_object(&s->arena, st->n_tbl_property, st->tbl_property), t->database, t->name);
}

int statement_alter(Session *s, const Statement *st, Output *out){
  TableName t;
  int kind, position = 0, rc;
  if( table_must_exist(s, &st->table, &t, &kind) ) return 1;
  if( kind!=OBJECT_LANDING ){
    return session_fail(s, "TARN_NOT_SUPPORTED: line 1:1: ALTER TABLE of %s", kind==OBJECT_VIEW ? "a view" : "a table that CREATE TABLE AS made");
  }
  switch( st->kind ){
    case ST_ADD_COLUMNS:     rc = next_position(s, &t, &position) || add_columns(s, st, &t, position); break;
    case ST_REPLACE_COLUMNS: rc = replace_columns(s, st, &t); break;
    case ST_SET_LOCATION:    rc = set_location(s, st, &t); break;
    default:                 rc = set_properties(s, st, &t);
  }
  return rc || landing_declare(s, &t) ? 1 : result_empty(s, out);
}
