/*
** The catalog as the analyser sees it: tables, views, their columns.
**
** Everything comes from the tarn_* tables of the lake through statements that
** are prepared once per connection; a table is looked up each time it is
** named, so that a statement sees what the one before it made.
**
** information_schema.* and "t$partitions" are TEMP views over the tarn_*
** tables, made when they are first named: nothing of them is stored.
*/
#include <string.h>
#include "catalog_write.h"

struct Catalog {
  sqlite3 *db;
  char *database;
  sqlite3_stmt *find_table, *find_columns, *find_database;
};

static const char sql_find_table[] =
  "SELECT kind, sqlite_name, NULL, NULL FROM tarn_tables WHERE database=?1 AND name=?2 "
  "UNION ALL SELECT 'view', NULL, query, view_database FROM tarn_views WHERE database=?1 AND name=?2";
static const char sql_find_columns[] =
  "SELECT name, type, hive_type, comment, is_partition FROM tarn_columns "
  "WHERE database=?1 AND table_name=?2 ORDER BY is_partition, position";
static const char sql_find_database[] =
  "SELECT 1 FROM tarn_databases WHERE name=?1";

void catalog_set_database(Catalog *c, const char *database){
  char *copy = sqlite3_mprintf("%s", database);
  for(char *p=copy; p && *p; p++) if( *p>='A' && *p<='Z' ) *p += 'a'-'A';
  sqlite3_free(c->database);
  c->database = copy;
}

Catalog *catalog_open(sqlite3 *db, const char *database){
  Catalog *c = sqlite3_malloc64(sizeof(*c));
  if( c==0 ) return 0;
  memset(c, 0, sizeof(*c));
  c->db = db;
  catalog_set_database(c, database);
  return c;
}

void catalog_close(Catalog *c){
  if( c==0 ) return;
  sqlite3_finalize(c->find_table);
  sqlite3_finalize(c->find_columns);
  sqlite3_finalize(c->find_database);
  sqlite3_free(c->database);
  sqlite3_free(c);
}

const char *catalog_database(Catalog *c){
  return c->database;
}

/* The statement, prepared on first use and bound to one or two texts. */
static sqlite3_stmt *bound(Catalog *c, sqlite3_stmt **slot, const char *sql, const char *a, const char *b){
  if( *slot==0 && sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, 0)!=SQLITE_OK ) return 0;
  sqlite3_bind_text(*slot, 1, a, -1, SQLITE_STATIC);
  if( b ) sqlite3_bind_text(*slot, 2, b, -1, SQLITE_STATIC);
  return *slot;
}

static void done(sqlite3_stmt *stmt){
  sqlite3_reset(stmt);
  sqlite3_clear_bindings(stmt);
}

int catalog_has_database(Catalog *c, const char *database){
  sqlite3_stmt *stmt;
  int found;
  if( strcmp(database, "default")==0 || strcmp(database, "information_schema")==0 ) return 1;
  stmt = bound(c, &c->find_database, sql_find_database, database, 0);
  if( stmt==0 ) return 0;
  found = sqlite3_step(stmt)==SQLITE_ROW;
  done(stmt);
  return found;
}

/* The highest rowid: one step down the table's b-tree. */
int64_t catalog_row_estimate(Catalog *c, const TableInfo *t){
  char *sql = sqlite3_mprintf("SELECT max(rowid) FROM \"%w\"", t->sqlite_name);
  sqlite3_stmt *stmt = 0;
  int64_t n = -1;
  if( sql && sqlite3_prepare_v2(c->db, sql, -1, &stmt, 0)==SQLITE_OK && sqlite3_step(stmt)==SQLITE_ROW ){
    n = sqlite3_column_int64(stmt, 0);
  }
  sqlite3_finalize(stmt);
  sqlite3_free(sql);
  return n;
}

static const char *text(Arena *a, sqlite3_stmt *stmt, int i){
  const char *z = (const char*)sqlite3_column_text(stmt, i);
  return z ? arena_strndup(a, z, (size_t)sqlite3_column_bytes(stmt, i)) : 0;
}

/* --- System tables ------------------------------------------------------------ */

typedef struct SystemColumn { const char *name, *type; } SystemColumn;
typedef struct SystemTable {
  const char *name, *select;
  SystemColumn column[9];
} SystemTable;

static const SystemTable information_schema[] = {
  {"schemata",
   "SELECT 'awsdatacatalog' catalog_name, name schema_name FROM tarn_databases "
   "UNION SELECT 'awsdatacatalog', 'default' UNION SELECT 'awsdatacatalog', 'information_schema'",
   {{"catalog_name", "varchar"}, {"schema_name", "varchar"}, {0, 0}}},
  {"tables",
   "SELECT 'awsdatacatalog' table_catalog, database table_schema, name table_name, 'BASE TABLE' table_type FROM tarn_tables "
   "UNION ALL SELECT 'awsdatacatalog', database, name, 'VIEW' FROM tarn_views",
   {{"table_catalog", "varchar"}, {"table_schema", "varchar"}, {"table_name", "varchar"}, {"table_type", "varchar"}, {0, 0}}},
  {"columns",
   "SELECT 'awsdatacatalog' table_catalog, database table_schema, table_name, name column_name, "
   "row_number() OVER (PARTITION BY database, table_name ORDER BY is_partition, position) ordinal_position, "
   "NULL column_default, 'YES' is_nullable, type data_type FROM tarn_columns",
   {{"table_catalog", "varchar"}, {"table_schema", "varchar"}, {"table_name", "varchar"}, {"column_name", "varchar"},
    {"ordinal_position", "bigint"}, {"column_default", "varchar"}, {"is_nullable", "varchar"}, {"data_type", "varchar"}, {0, 0}}},
  {"views",
   "SELECT 'awsdatacatalog' table_catalog, database table_schema, name table_name, query view_definition FROM tarn_views",
   {{"table_catalog", "varchar"}, {"table_schema", "varchar"}, {"table_name", "varchar"}, {"view_definition", "varchar"}, {0, 0}}},
  {0, 0, {{0, 0}}}
};

static TableInfo *new_info(Arena *a, TableKind kind, const char *database, const char *name){
  TableInfo *t = ARENA_NEW(a, TableInfo);
  if( t==0 ) return 0;
  t->kind = kind;
  t->database = arena_strdup(a, database);
  t->name = arena_strdup(a, name);
  return t;
}

/* Declare the TEMP view that stands for a system table. */
static int make_temp_view(Catalog *c, const char *name, const char *select, const char *a, const char *b){
  char *body = a ? sqlite3_mprintf(select, a, b) : sqlite3_mprintf("%s", select);
  char *sql = sqlite3_mprintf("CREATE TEMP VIEW IF NOT EXISTS \"%w\" AS %s", name, body);
  int rc = sql && body ? sqlite3_exec(c->db, sql, 0, 0, 0) : SQLITE_NOMEM;
  sqlite3_free(sql);
  sqlite3_free(body);
  return rc;
}

static int find_information_schema(Catalog *c, Arena *a, const char *name, TableInfo **out, const char **error){
  const SystemTable *s = information_schema;
  TableInfo *t;
  while( s->name && strcmp(s->name, name)!=0 ) s++;
  if( s->name==0 ) return 0;
  t = new_info(a, TABLE_SYSTEM, "information_schema", name);
  t->sqlite_name = arena_printf(a, "information_schema.%s", name);
  if( make_temp_view(c, t->sqlite_name, s->select, 0, 0)!=SQLITE_OK ){
    *error = arena_strdup(a, sqlite3_errmsg(c->db));
    return -1;
  }
  while( s->column[t->n_column].name ) t->n_column++;
  t->column = ARENA_ARRAY(a, TableColumn, t->n_column);
  for(int i=0; i<t->n_column; i++){
    t->column[i].name = s->column[i].name;
    t->column[i].type = s->column[i].type[0]=='b' ? &TYPE_BIGINT : &TYPE_VARCHAR;
  }
  *out = t;
  return 1;
}

/* "t$partitions": one row per partition, one column per partition key, typed. */
static int find_partitions_table(Catalog *c, Arena *a, const char *database, const char *base,
                                 const char *name, TableInfo **out, const char **error){
  TableInfo *of, *t;
  Buf select;
  int rc = catalog_find_table(c, a, database, base, &of, error), n = 0;
  if( rc<=0 || of->kind!=TABLE_LANDING ) return rc<0 ? rc : 0;
  t = new_info(a, TABLE_SYSTEM, database, name);
  t->sqlite_name = arena_printf(a, "%s.%s", database, name);
  t->column = ARENA_ARRAY(a, TableColumn, of->n_column);
  buf_init(&select, a);
  buf_str(&select, "SELECT ");
  for(int i=0; i<of->n_column; i++){
    char *quoted;
    int is_text;
    if( !of->column[i].is_partition ) continue;
    t->column[t->n_column].name = of->column[i].name;
    t->column[t->n_column++].type = of->column[i].type;
    is_text = !type_is_integer(of->column[i].type) && of->column[i].type->kind!=T_DOUBLE && of->column[i].type->kind!=T_REAL;
    quoted = sqlite3_mprintf("%sCAST(\"values\"->>%d AS %s) AS \"%w\"", n ? ", " : "", n,
                             is_text ? "TEXT" : type_is_integer(of->column[i].type) ? "INTEGER" : "REAL", of->column[i].name);
    n++;
    if( quoted ) buf_str(&select, quoted);
    sqlite3_free(quoted);
  }
  if( n==0 ) return 0;
  buf_str(&select, " FROM main.tarn_partitions WHERE database=%Q AND table_name=%Q");
  if( make_temp_view(c, t->sqlite_name, select.z, database, base)!=SQLITE_OK ){
    *error = arena_strdup(a, sqlite3_errmsg(c->db));
    return -1;
  }
  *out = t;
  return 1;
}

/* --- Tables ------------------------------------------------------------------- */

/* The hidden columns of landing tables, in the order of vtab/jsonl.c. */
static const SystemColumn hidden[] = {
  {"$path", "varchar"}, {"$file_size", "bigint"},
  {"$file_modified_time", "timestamp(3) with time zone"}, {"$line", "bigint"}, {0, 0}
};

static int add_hidden(Arena *a, TableInfo *t){
  for(const SystemColumn *h=hidden; h->name; h++){
    TableColumn *col = &t->column[t->n_column++];
    const char *bad;
    col->name = h->name;
    col->type = type_parse(a, h->type, strlen(h->type), &bad);
    col->is_hidden = 1;
    if( col->type==0 ) return -1;
  }
  return 0;
}

static int read_columns(Catalog *c, Arena *a, TableInfo *t, const char **error){
  sqlite3_stmt *stmt = bound(c, &c->find_columns, sql_find_columns, t->database, t->name);
  int cap = 0, rc = 1;
  if( stmt==0 ) goto failed;
  while( (rc = sqlite3_step(stmt))==SQLITE_ROW ){
    TableColumn *col;
    const char *type, *bad = 0;
    if( t->n_column+5>=cap ){
      TableColumn *grown = ARENA_ARRAY(a, TableColumn, cap*2+32);
      if( t->n_column ) memcpy(grown, t->column, sizeof(*grown)*(size_t)t->n_column);
      t->column = grown;
      cap = cap*2+32;
    }
    col = &t->column[t->n_column++];
    col->name = text(a, stmt, 0);
    type = text(a, stmt, 1);
    col->type = type ? type_parse(a, type, strlen(type), &bad) : 0;
    col->hive_type = text(a, stmt, 2);
    col->comment = text(a, stmt, 3);
    col->is_partition = sqlite3_column_int(stmt, 4);
    if( col->type==0 ){
      *error = arena_printf(a, "the catalog has a column %s.%s of unknown type %s", t->name, col->name, type ? type : "NULL");
      done(stmt);
      return -1;
    }
  }
  done(stmt);
  if( rc!=SQLITE_DONE ) goto failed;
  if( t->kind==TABLE_LANDING && t->n_column>0 ) return add_hidden(a, t);
  return 0;
failed:
  *error = arena_strdup(a, sqlite3_errmsg(c->db));
  return -1;
}

static int ends_with(const char *z, const char *tail){
  size_t n = strlen(z), m = strlen(tail);
  return n>m && strcmp(z+n-m, tail)==0;
}

int catalog_find_table(Catalog *c, Arena *a, const char *database, const char *table,
                       TableInfo **out, const char **error){
  sqlite3_stmt *stmt;
  TableInfo *t = 0;
  int rc;
  if( strcmp(database, "information_schema")==0 ) return find_information_schema(c, a, table, out, error);
  stmt = bound(c, &c->find_table, sql_find_table, database, table);
  rc = stmt ? sqlite3_step(stmt) : SQLITE_ERROR;
  if( rc==SQLITE_ROW ){
    const char *kind = (const char*)sqlite3_column_text(stmt, 0);
    t = new_info(a, kind[0]=='l' ? TABLE_LANDING : kind[0]=='v' ? TABLE_VIEW : TABLE_STORED, database, table);
    t->sqlite_name = t->kind==TABLE_VIEW ? table_sqlite_name(a, database, table) : text(a, stmt, 1);
    t->view_sql = text(a, stmt, 2);
    t->view_database = text(a, stmt, 3);
  }
  if( stmt ) done(stmt);
  if( rc!=SQLITE_ROW && rc!=SQLITE_DONE ){
    *error = arena_strdup(a, sqlite3_errmsg(c->db));
    return -1;
  }
  if( t==0 ){
    if( !ends_with(table, "$partitions") ) return 0;
    return find_partitions_table(c, a, database, arena_strndup(a, table, strlen(table)-11), table, out, error);
  }
  if( read_columns(c, a, t, error) ) return -1;
  *out = t;
  return 1;
}
