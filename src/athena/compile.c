/*
** athena_compile: text to tree to typed tree to SQLite SQL (contract: athena.h).
**
** What an error does: an_fail() jumps here.  Memory: everything is in the
** caller's arena; when that runs out, its on_oom jumps here too.
** Beside ST_QUERY, the query inside CTAS, INSERT, UNLOAD, CREATE VIEW and
** EXPLAIN is compiled; statements without one come back as their tree.
*/
#include <string.h>
#include "emit.h"

static void on_oom(void *p){
  Analyser *an = p;
  an->error.code = "GENERIC_INTERNAL_ERROR";
  an->error.message = "out of memory";
  an->error.out_of_memory = 1;
  longjmp(an->jump, 1);
}

const char *athena_error_text(Arena *a, const AthenaError *e){
  if( e->code==0 ) return e->message;
  if( e->pos.line<=0 ) return arena_printf(a, "%s: %s", e->code, e->message);
  return arena_printf(a, "%s: line %d:%d: %s", e->code, e->pos.line, e->pos.col, e->message);
}

static void result_columns(Analyser *an, QueryInfo *q, Compiled *out){
  out->n_column = q->n;
  out->column = ARENA_ARRAY(an->arena, ResultColumn, q->n+1);
  for(int i=0; i<q->n; i++){
    const char *label = q->field[i]->label;
    out->column[i].name = label ? label : arena_printf(an->arena, "_col%d", i);
    out->column[i].type = q->field[i]->type;
  }
}

/* Column names of a new table or view: present and unlike each other. */
static void check_new_columns(Analyser *an, Statement *st, QueryInfo *q){
  for(int i=0; i<q->n; i++){
    const char *name = q->field[i]->name;
    if( name==0 ) an_fail(an, "MISSING_COLUMN_NAME", st->pos, "Column name not specified at position %d", i+1);
    for(int j=0; j<i; j++)
      if( !strcmp(q->field[j]->name, name) )
        an_fail(an, "DUPLICATE_COLUMN_NAME", st->pos, "Column name '%s' specified more than once", name);
    if( q->field[i]->type->kind==T_UNKNOWN )
      an_fail(an, "COLUMN_TYPE_UNKNOWN", st->pos, "Column type is unknown: %s", name);
  }
}

static const char *type_list(Analyser *an, int n, const Type *const *t){
  Buf b;
  buf_init(&b, an->arena);
  for(int i=0; i<n; i++) buf_printf(&b, "%s%s", i ? ", " : "", type_z(an, t[i]));
  return b.z ? b.z : "";
}

/* The types that INSERT stores, in the order of the query's columns. */
static const Type *const *insert_types(Analyser *an, Statement *st, QueryInfo *q){
  TableInfo *t = table_lookup(an, &st->table, st->pos);
  if( t->kind==TABLE_VIEW ) an_fail(an, "NOT_SUPPORTED", POS_NONE, "Inserting into views is not supported");
  const Type **to = ARENA_ARRAY(an->arena, const Type*, t->n_column+st->columns.n+1);
  const Type **from = ARENA_ARRAY(an->arena, const Type*, q->n+1);
  int n = 0;
  for(int i=0; i<st->columns.n; i++){
    const TableColumn *c = 0;
    for(int k=0; k<t->n_column && c==0; k++)
      if( !t->column[k].is_hidden && !strcmp(t->column[k].name, st->columns.name[i].lower) ) c = &t->column[k];
    if( c==0 )
      an_fail(an, "COLUMN_NOT_FOUND", POS_NONE, "Insert column name does not exist in target table: %s", st->columns.name[i].lower);
    for(int k=0; k<i; k++)
      if( !strcmp(st->columns.name[k].lower, st->columns.name[i].lower) )
        an_fail(an, "DUPLICATE_COLUMN_NAME", POS_NONE, "Insert column name is specified more than once: %s", st->columns.name[i].lower);
    to[n++] = c->type;
  }
  if( st->columns.n==0 ) for(int k=0; k<t->n_column; k++) if( !t->column[k].is_hidden ) to[n++] = t->column[k].type;
  int ok = n==q->n;
  for(int i=0; i<q->n; i++) from[i] = q->field[i]->type;
  for(int i=0; ok && i<n; i++){
    int text = (from[i]->kind==T_VARCHAR || from[i]->kind==T_CHAR) && from[i]->kind==to[i]->kind;
    ok = text || type_equal(from[i], to[i]) || type_can_coerce(from[i], to[i]);
  }
  if( !ok )
    an_fail(an, "TYPE_MISMATCH", st->pos, "Insert query has mismatched column types: Table: [%s], Query: [%s]",
      type_list(an, n, to), type_list(an, q->n, from));
  return to;
}

/* INSERT never cuts a text: the driver's tarn_fail raises Athena's error. */
static const char *no_truncation(Analyser *an, const char *coerced, const char *value, const Type *from, const Type *to){
  if( (to->kind!=T_VARCHAR && to->kind!=T_CHAR) || to->p==TYPE_UNBOUNDED ) return coerced;
  if( from->kind!=to->kind || (from->p!=TYPE_UNBOUNDED && from->p<=to->p) ) return coerced;
  return arena_printf(an->arena, "CASE WHEN length(rtrim(%s))>%d THEN tarn_fail('INVALID_CAST_ARGUMENT: "
    "Cannot truncate non-space characters when casting from %s to %s on INSERT') ELSE %s END",
    value, to->p, type_z(an, from), type_z(an, to), coerced);
}

/* The query's SQL once more, its columns in stored form. */
static const char *stored_sql(Analyser *an, QueryInfo *q, const char *sql, const Type *const *target){
  Buf b;
  int plain = 1;
  buf_init(&b, an->arena);
  for(int i=0; i<q->n; i++){
    const char *c = arena_printf(an->arena, "c%d", i);
    const Type *t = q->field[i]->type;
    const char *v = c;
    if( target ) v = no_truncation(an, coerce_sql(an, v, t, target[i]), c, t, target[i]);
    v = store_sql(an, v, target ? target[i] : t);
    plain &= v==c;
    buf_printf(&b, "%s%s AS c%d", i ? ", " : "", v, i);
  }
  if( plain ) return sql;
  return arena_printf(an->arena, "SELECT %s FROM (%s)", b.z, sql);
}

/* EXPLAIN says so too; the statement itself is the session's. */
static void check_new_table(Analyser *an, Statement *st){
  const char *database = st->table.n>1 ? st->table.name[st->table.n-2].lower : an->database, *error = 0;
  const char *name = st->table.name[st->table.n-1].lower;
  TableInfo *t = 0;
  if( st->if_not_exists || catalog_find_table(an->context->catalog, an->arena, database, name, &t, &error)!=1 ) return;
  an_fail(an, "TABLE_ALREADY_EXISTS", st->pos, "Destination table 'awsdatacatalog.%s.%s' already exists", database, name);
}

static void compile_query(Analyser *an, Statement *st, Compiled *out){
  if( st->kind==ST_CREATE_TABLE_AS && out->statement->kind==ST_EXPLAIN ) check_new_table(an, st);
  QueryInfo *q = query_analyse(an, 0, st->query);
  const Type *const *target = 0;
  result_columns(an, q, out);
  if( st->kind==ST_CREATE_TABLE_AS || st->kind==ST_CREATE_VIEW ) check_new_columns(an, st, q);
  if( st->kind==ST_INSERT ) target = insert_types(an, st, q);
  Emitter E;
  memset(&E, 0, sizeof E);
  E.an = an;
  E.arena = an->arena;
  HashJoin *hashes = 0;
  GroupText *groups = 0;
  E.hashes = &hashes;
  E.groups = &groups;
  if( st->kind==ST_INSERT ) E.insert_target = table_lookup(an, &st->table, st->pos)->sqlite_name;
  out->sqlite_sql = emit_hash_finish(&E, emit_query_full(&E, st->query, 0));
  if( strlen(out->sqlite_sql)>SQL_MAX ) an_refuse(an, POS_START, "a query that needs more than %d bytes of SQL", SQL_MAX);
  out->sqlite_sql_stored = stored_sql(an, q, out->sqlite_sql, target);
  out->ordered = st->query->order_by.n>0;
}

static Statement *with_query(Statement *st){
  Statement *s = st;
  for(int i=0; i<8 && s && s->query==0 && s->inner && st->kind==ST_EXPLAIN; i++) s = s->inner;
  return s && s->query ? s : 0;
}

static void compile(Analyser *an, Statement *st, Compiled *out){
  Statement *s = with_query(st);
  out->statement = st;
  if( s==0 || st->kind==ST_PREPARE ) return;
  if( s->n_parameter!=an->context->n_parameter )
    an_fail(an, "INVALID_PARAMETER_USAGE", POS_START, "Incorrect number of parameters: expected %d but found %d",
      s->n_parameter, an->context->n_parameter);
  compile_query(an, s, out);
  out->n_table = an->n_table;
  out->table = an->table;
}

int athena_compile_statement(Arena *arena, const CompileContext *context, Statement *st, Compiled **out, AthenaError *error){
  Analyser *an = ARENA_NEW(arena, Analyser);
  Compiled *c = ARENA_NEW(arena, Compiled);
  memset(error, 0, sizeof *error);
  if( an==0 || c==0 ){
    error->code = "GENERIC_INTERNAL_ERROR";
    error->message = "out of memory";
    error->out_of_memory = 1;
    return 1;
  }
  void (*saved)(void*) = arena->on_oom;
  void *saved_arg = arena->on_oom_arg;
  an->arena = arena;
  an->context = context;
  an->database = catalog_database(context->catalog);
  arena->on_oom = on_oom;
  arena->on_oom_arg = an;
  int failed = setjmp(an->jump);
  if( failed==0 ) compile(an, st, c);
  arena->on_oom = saved;
  arena->on_oom_arg = saved_arg;
  if( failed ){
    *error = an->error;
    return 1;
  }
  *out = c;
  return 0;
}

int athena_compile(Arena *arena, const CompileContext *context, const char *sql, Compiled **out, AthenaError *error){
  Statement *st = 0;
  if( athena_parse(arena, sql, &st, error) ) return 1;
  return athena_compile_statement(arena, context, st, out, error);
}
