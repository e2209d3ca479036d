/*
** The dispatcher: Hive's parser, Trino's, or neither.
**
** One table of leading words, read in order, the first match counts.  `*` in
** a pattern is any one token.  What Athena itself does not run carries
** Athena's text; what only Athena runs (Iceberg, functions in Lambda) is
** refused by name.  Words that no row knows go to Trino's grammar, which says
** what is wrong with them, as Athena's does.
*/
#include <string.h>
#include "dispatch.h"

#define UNSUPPORTED "Queries of this type are not supported"
#define WORDS_MAX 4

typedef struct Row {
  const char *word[WORDS_MAX];
  Dispatch to;
} Row;

#define TRINO {ROUTE_TRINO, 0, 0}
#define HIVE {ROUTE_HIVE, 0, 0}
#define REFUSED(WHAT) {ROUTE_REFUSED, WHAT, 0}
#define NEVER(WHAT) {ROUTE_REFUSED, WHAT, UNSUPPORTED}

static const Row rows[] = {
  {{"SELECT"}, TRINO}, {{"WITH"}, TRINO}, {{"VALUES"}, TRINO}, {{"INSERT"}, TRINO}, {{"EXPLAIN"}, TRINO},
  {{"CREATE", "EXTERNAL"}, HIVE}, {{"CREATE", "TABLE"}, HIVE},
  {{"CREATE", "DATABASE"}, HIVE}, {{"CREATE", "SCHEMA"}, HIVE},
  {{"CREATE", "INDEX"}, NEVER("CREATE INDEX")}, {{"CREATE", "ROLE"}, NEVER("CREATE ROLE")},
  {{"CREATE", "TEMPORARY"}, NEVER("CREATE TEMPORARY")}, {{"CREATE", "FUNCTION"}, NEVER("CREATE FUNCTION")},
  {{"CREATE", "MATERIALIZED"}, NEVER("CREATE MATERIALIZED VIEW")},
  {{"CREATE", "CATALOG"}, NEVER("CREATE CATALOG")},
  {{"DROP", "TABLE"}, HIVE}, {{"DROP", "DATABASE"}, HIVE}, {{"DROP", "SCHEMA"}, HIVE},
  {{"DROP", "INDEX"}, NEVER("DROP INDEX")}, {{"DROP", "ROLE"}, NEVER("DROP ROLE")},
  {{"DROP", "FUNCTION"}, NEVER("DROP FUNCTION")}, {{"DROP", "TEMPORARY"}, NEVER("DROP TEMPORARY")},
  {{"DROP", "MATERIALIZED"}, NEVER("DROP MATERIALIZED VIEW")}, {{"DROP", "CATALOG"}, NEVER("DROP CATALOG")},
  {{"ALTER", "TABLE"}, HIVE}, {{"ALTER", "DATABASE"}, HIVE}, {{"ALTER", "SCHEMA"}, HIVE},
  {{"ALTER", "INDEX"}, NEVER("ALTER INDEX")}, {{"ALTER", "VIEW"}, REFUSED("ALTER VIEW")},
  {{"ALTER", "MATERIALIZED"}, NEVER("ALTER MATERIALIZED VIEW")},
  {{"MSCK"}, HIVE},
  {{"SHOW", "TABLES"}, HIVE}, {{"SHOW", "DATABASES"}, HIVE}, {{"SHOW", "SCHEMAS"}, HIVE},
  {{"SHOW", "COLUMNS"}, HIVE}, {{"SHOW", "PARTITIONS"}, HIVE}, {{"SHOW", "TBLPROPERTIES"}, HIVE},
  {{"SHOW", "VIEWS"}, HIVE}, {{"SHOW", "CREATE", "TABLE"}, HIVE},
  {{"SHOW", "CREATE", "VIEW"}, TRINO}, {{"SHOW", "FUNCTIONS"}, TRINO},
  {{"SHOW", "CREATE"}, NEVER("SHOW CREATE")}, {{"SHOW", "CURRENT"}, NEVER("SHOW CURRENT ROLES")},
  {{"SHOW", "COMPACTIONS"}, NEVER("SHOW COMPACTIONS")}, {{"SHOW", "GRANT"}, NEVER("SHOW GRANT")},
  {{"SHOW", "GRANTS"}, NEVER("SHOW GRANTS")}, {{"SHOW", "INDEXES"}, NEVER("SHOW INDEXES")},
  {{"SHOW", "LOCKS"}, NEVER("SHOW LOCKS")}, {{"SHOW", "PRINCIPALS"}, NEVER("SHOW PRINCIPALS")},
  {{"SHOW", "ROLE"}, NEVER("SHOW ROLE GRANT")}, {{"SHOW", "ROLES"}, NEVER("SHOW ROLES")},
  {{"SHOW", "TRANSACTIONS"}, NEVER("SHOW TRANSACTIONS")}, {{"SHOW", "SESSION"}, NEVER("SHOW SESSION")},
  {{"SHOW", "STATS"}, NEVER("SHOW STATS")}, {{"SHOW", "CATALOGS"}, NEVER("SHOW CATALOGS")},
  {{"DESCRIBE", "DATABASE", "*"}, NEVER("DESCRIBE DATABASE")}, {{"DESC", "DATABASE", "*"}, NEVER("DESCRIBE DATABASE")},
  {{"DESCRIBE", "SCHEMA", "*"}, NEVER("DESCRIBE SCHEMA")}, {{"DESC", "SCHEMA", "*"}, NEVER("DESCRIBE SCHEMA")},
  {{"DESCRIBE", "INPUT", "*"}, NEVER("DESCRIBE INPUT")}, {{"DESCRIBE", "OUTPUT", "*"}, NEVER("DESCRIBE OUTPUT")},
  {{"DESCRIBE"}, HIVE}, {{"DESC"}, HIVE},
  {{"DELETE", "FROM"}, REFUSED("DELETE (Iceberg)")}, {{"UPDATE", "*"}, REFUSED("UPDATE (Iceberg)")},
  {{"MERGE", "INTO"}, REFUSED("MERGE (Iceberg)")}, {{"OPTIMIZE", "*"}, REFUSED("OPTIMIZE (Iceberg)")},
  {{"VACUUM", "*"}, REFUSED("VACUUM (Iceberg)")},
  {{"USING", "EXTERNAL", "FUNCTION"}, REFUSED("USING EXTERNAL FUNCTION")},
  {{"USING", "FUNCTION"}, REFUSED("USING FUNCTION")},
  {{"COMMIT"}, NEVER("COMMIT")}, {{"ROLLBACK"}, NEVER("ROLLBACK")},
  {{"START", "TRANSACTION"}, NEVER("START TRANSACTION")},
  {{"GRANT", "*"}, NEVER("GRANT")}, {{"REVOKE", "*"}, NEVER("REVOKE")}, {{"DENY", "*"}, NEVER("DENY")},
  {{"LOCK", "TABLE"}, NEVER("LOCK TABLE")}, {{"LOCK", "DATABASE"}, NEVER("LOCK DATABASE")},
  {{"UNLOCK", "TABLE"}, NEVER("UNLOCK TABLE")}, {{"UNLOCK", "DATABASE"}, NEVER("UNLOCK DATABASE")},
  {{"EXPORT", "TABLE"}, NEVER("EXPORT TABLE")}, {{"IMPORT", "TABLE"}, NEVER("IMPORT TABLE")},
  {{"DFS", "*"}, NEVER("DFS")}, {{"CALL", "*"}, NEVER("CALL")}, {{"ANALYZE", "*"}, NEVER("ANALYZE")},
  {{"TRUNCATE", "TABLE"}, NEVER("TRUNCATE TABLE")}, {{"COMMENT", "ON"}, NEVER("COMMENT ON")},
  {{"USE", "*"}, NEVER("USE")}, {{"SET", "*"}, NEVER("SET")}, {{"RESET", "*"}, NEVER("RESET")},
  {{"REFRESH", "MATERIALIZED"}, NEVER("REFRESH MATERIALIZED VIEW")},
};

/* What ALTER TABLE t may go on with and Athena does not run. */
static const Row alter_rows[] = {
  {{"RENAME", "TO", "PARTITION"}, HIVE},
  {{"RENAME", "TO"}, NEVER("ALTER TABLE RENAME TO")}, {{"ARCHIVE"}, NEVER("ALTER TABLE ARCHIVE PARTITION")},
  {{"UNARCHIVE"}, NEVER("ALTER TABLE UNARCHIVE PARTITION")}, {{"TOUCH"}, NEVER("ALTER TABLE TOUCH")},
  {{"CLUSTERED"}, NEVER("ALTER TABLE CLUSTERED BY")}, {{"SKEWED"}, NEVER("ALTER TABLE SKEWED BY")},
  {{"NOT"}, NEVER("ALTER TABLE NOT")}, {{"EXCHANGE"}, NEVER("ALTER TABLE EXCHANGE PARTITION")},
  {{"SET", "SERDEPROPERTIES"}, NEVER("ALTER TABLE SET SERDEPROPERTIES")},
  {{"SET", "SERDE"}, NEVER("ALTER TABLE SET SERDE")}, {{"SET", "SKEWED"}, NEVER("ALTER TABLE SET SKEWED LOCATION")},
  {{"SET", "FILEFORMAT"}, NEVER("ALTER TABLE SET FILEFORMAT")}, {{"COMPACT"}, NEVER("ALTER TABLE COMPACT")},
  {{"CONCATENATE"}, NEVER("ALTER TABLE CONCATENATE")},
  {{"CHANGE"}, REFUSED("ALTER TABLE CHANGE COLUMN (Iceberg)")}, {{"DROP", "COLUMN"}, REFUSED("ALTER TABLE DROP COLUMN (Iceberg)")},
  {{"UNSET", "TBLPROPERTIES"}, REFUSED("ALTER TABLE UNSET TBLPROPERTIES")},
  {{"EXECUTE"}, REFUSED("ALTER TABLE EXECUTE")},
};

static const Token *at(const TokenList *l, int i){
  return &l->token[i<l->n ? i : l->n-1];
}

static int matches(const TokenList *l, int i, const Row *row){
  for(int k=0; k<WORDS_MAX && row->word[k]; k++){
    const Token *t = at(l, i+k);
    if( strcmp(row->word[k], "*")==0 ? t->kind==LEX_END || token_is_op(t, '.') : !token_is(t, row->word[k]) ) return 0;
  }
  return 1;
}

/* CREATE TABLE … AS query, the AS outside all parentheses. */
static int has_query(const TokenList *l){
  int depth = 0;
  for(int i=0; i<l->n; i++){
    const Token *t = at(l, i), *next = at(l, i+1);
    if( token_is_op(t, '(') ) depth++;
    if( token_is_op(t, ')') ) depth--;
    if( depth==0 && token_is(t, "AS") && (token_is_op(next, '(') || token_is(next, "SELECT")
        || token_is(next, "WITH") || token_is(next, "VALUES") || token_is(next, "TABLE")) ) return 1;
  }
  return 0;
}

/* CREATE [EXTERNAL] TABLE [IF NOT EXISTS] a.b LIKE c */
static int is_create_like(const TokenList *l){
  int i = token_is(at(l, 1), "EXTERNAL") ? 3 : 2;
  if( token_is(at(l, i), "IF") ) i += 3;
  i++;
  while( token_is_op(at(l, i), '.') ) i += 2;
  return token_is(at(l, i), "LIKE");
}

/* Index of the token after ALTER TABLE a.b.c [PARTITION (…)]. */
static int after_table(const TokenList *l){
  int i = 3;
  while( token_is_op(at(l, i), '.') ) i += 2;
  if( token_is(at(l, i), "PARTITION") && token_is_op(at(l, i+1), '(') ){
    while( i<l->n && !token_is_op(at(l, i), ')') ) i++;
    i++;
  }
  return i;
}

Dispatch dispatch_statement(const TokenList *l){
  for(size_t k=0; k<sizeof(rows)/sizeof(rows[0]); k++){
    if( !matches(l, 0, &rows[k]) ) continue;
    if( token_is(at(l, 0), "CREATE") && token_is(at(l, 1), "TABLE") && has_query(l) ) return (Dispatch)TRINO;
    if( token_is(at(l, 0), "CREATE") && rows[k].to.route==ROUTE_HIVE && is_create_like(l) ){
      return (Dispatch)NEVER("CREATE TABLE LIKE");
    }
    if( token_is(at(l, 0), "ALTER") && token_is(at(l, 1), "TABLE") ){
      int next = after_table(l);
      for(size_t a=0; a<sizeof(alter_rows)/sizeof(alter_rows[0]); a++){
        if( matches(l, next, &alter_rows[a]) ) return alter_rows[a].to;
      }
    }
    return rows[k].to;
  }
  return (Dispatch)TRINO;
}
