/*
** The words of Athena's DDL: for each token of a Hive text, which tokens of
** hive.y it may be.  A word is a keyword where the grammar takes one, else a
** name unless it is reserved, else (in a type) the name of a type.
** The reserved words are those of AWS's guide, "Reserved keywords: DDL".
*/
#include <string.h>
#include "parse.h"
#include "hive.h"

typedef struct HiveWord { const char *word; short code; int reserved; } HiveWord;

static const HiveWord words[] = {
  {"ADD", HT_ADD, 0}, {"ALTER", HT_ALTER, 1}, {"ARRAY", HT_ARRAY, 1}, {"AS", HT_AS, 1}, {"ASC", HT_ASC, 0},
  {"BUCKETS", HT_BUCKETS, 0}, {"BY", HT_BY, 1}, {"CASCADE", HT_CASCADE, 0}, {"CLUSTERED", HT_CLUSTERED, 0},
  {"COLLECTION", HT_COLLECTION, 0}, {"COLUMNS", HT_COLUMNS, 0}, {"COMMENT", HT_COMMENT, 0},
  {"CREATE", HT_CREATE, 1}, {"DATABASE", HT_DATABASE, 1}, {"DATABASES", HT_DATABASES, 0},
  {"DATE", HT_DATE_WORD, 1}, {"DBPROPERTIES", HT_DBPROPERTIES, 0}, {"DEFINED", HT_DEFINED, 0},
  {"DELIMITED", HT_DELIMITED, 0}, {"DESC", HT_DESC, 0}, {"DESCRIBE", HT_DESCRIBE, 1}, {"DROP", HT_DROP, 1},
  {"ESCAPED", HT_ESCAPED, 0}, {"EXISTS", HT_EXISTS, 1}, {"EXTENDED", HT_EXTENDED, 1},
  {"EXTERNAL", HT_EXTERNAL, 1}, {"FALSE", HT_FALSE, 1}, {"FIELDS", HT_FIELDS, 0}, {"FORMAT", HT_FORMAT, 0},
  {"FORMATTED", HT_FORMATTED, 0}, {"FROM", HT_FROM, 1}, {"IF", HT_IF, 1}, {"IN", HT_IN, 1},
  {"INPUTFORMAT", HT_INPUTFORMAT, 0}, {"INTO", HT_INTO, 1}, {"ITEMS", HT_ITEMS, 0}, {"KEYS", HT_KEYS, 0},
  {"LIKE", HT_LIKE, 1}, {"LINES", HT_LINES, 0}, {"LOCATION", HT_LOCATION, 0}, {"MAP", HT_MAP, 1},
  {"MSCK", HT_MSCK, 0}, {"NOT", HT_NOT, 1}, {"NULL", HT_NULL, 1}, {"OUTPUTFORMAT", HT_OUTPUTFORMAT, 0},
  {"PARTITION", HT_PARTITION, 1}, {"PARTITIONED", HT_PARTITIONED, 0}, {"PARTITIONS", HT_PARTITIONS, 0},
  {"PRECISION", HT_PRECISION, 1}, {"PURGE", HT_PURGE, 0}, {"RENAME", HT_RENAME, 0}, {"REPAIR", HT_REPAIR, 0},
  {"REPLACE", HT_REPLACE, 0}, {"RESTRICT", HT_RESTRICT, 0}, {"ROW", HT_ROW, 1}, {"SCHEMA", HT_SCHEMA, 0},
  {"SCHEMAS", HT_SCHEMAS, 0}, {"SERDE", HT_SERDE, 0}, {"SERDEPROPERTIES", HT_SERDEPROPERTIES, 0},
  {"SET", HT_SET, 1}, {"SHOW", HT_SHOW, 0}, {"SORTED", HT_SORTED, 0}, {"STORED", HT_STORED, 0},
  {"STRUCT", HT_STRUCT, 0}, {"TABLE", HT_TABLE, 1}, {"TABLES", HT_TABLES, 0},
  {"TBLPROPERTIES", HT_TBLPROPERTIES, 0}, {"TERMINATED", HT_TERMINATED, 0}, {"TO", HT_TO, 1},
  {"TRUE", HT_TRUE, 1}, {"UNIONTYPE", HT_UNIONTYPE, 0}, {"VIEWS", HT_VIEWS, 1}, {"WITH", HT_WITH, 1},
};

/* Reserved, and no keyword of this grammar. */
static const char *const reserved[] = {
  "ALL", "AND", "AUTHORIZATION", "BETWEEN", "BIGINT", "BINARY", "BOOLEAN", "BOTH", "CASE", "CAST", "CHAR",
  "COLUMN", "COMMIT", "CONF", "CONSTRAINT", "CROSS", "CUBE", "CURRENT", "CURRENT_DATE", "CURRENT_TIMESTAMP",
  "CURSOR", "DAYOFWEEK", "DECIMAL", "DELETE", "DISTINCT", "DIV", "DOUBLE", "ELSE", "END", "EXCHANGE", "EXTRACT",
  "FETCH", "FLOAT", "FLOOR", "FOLLOWING", "FOR", "FOREIGN", "FULL", "FUNCTION", "GRANT", "GROUP", "GROUPING",
  "HAVING", "IMPORT", "INNER", "INSERT", "INT", "INTEGER", "INTERSECT", "INTERVAL", "IS", "JOIN", "LATERAL",
  "LEFT", "LESS", "LOCAL", "MACRO", "MORE", "NONE", "NUMERIC", "OF", "ON", "ONLY", "OR", "ORDER", "OUT",
  "OUTER", "OVER", "PARTIALSCAN", "PERCENT", "PRECEDING", "PRESERVE", "PRIMARY", "PROCEDURE", "RANGE",
  "READS", "REDUCE", "REFERENCES", "REGEXP", "REVOKE", "RIGHT", "RLIKE", "ROLLBACK", "ROLLUP", "ROWS",
  "SELECT", "SMALLINT", "START", "TABLESAMPLE", "THEN", "TIME", "TIMESTAMP", "TRANSFORM", "TRIGGER",
  "TRUNCATE", "UNBOUNDED", "UNION", "UNIQUEJOIN", "UPDATE", "USER", "USING", "UTC_TIMESTAMP", "VALUES",
  "VARCHAR", "WHEN", "WHERE", "WINDOW",
};

static void add(Token *t, int code){
  for(int i=0; i<TOKEN_CANDIDATES; i++){
    if( t->candidate[i]==0 ){
      t->candidate[i] = (short)code;
      return;
    }
  }
}

static void judge_word(Token *t, const Token *before){
  int is_reserved = 0;
  for(size_t i=0; i<sizeof(words)/sizeof(words[0]); i++){
    if( !token_is(t, words[i].word) ) continue;
    /* DESCRIBE TABLE t describes a column t of a table called `table`, as in
    ** Athena: its error says `Table not found table`. */
    is_reserved = words[i].reserved;
    if( words[i].code==HT_TABLE && before && (token_is(before, "DESCRIBE") || token_is(before, "DESC")) ){
      is_reserved = 0;
      break;
    }
    add(t, words[i].code);
    break;
  }
  for(size_t i=0; i<sizeof(reserved)/sizeof(reserved[0]) && !is_reserved; i++){
    is_reserved = token_is(t, reserved[i]);
  }
  if( !is_reserved ) add(t, HT_ID);
  add(t, HT_TYPE);
  add(t, HT_FIELD);
}

static int operator_code(int op){
  switch( op ){
    case '(': return HT_LP;
    case ')': return HT_RP;
    case ',': return HT_COMMA;
    case '.': return HT_DOT;
    case ':': return HT_COLON;
    case '=': return HT_EQ;
    case '<': return HT_LT;
    case '>': return HT_GT;
    case '-': return HT_MINUS;
    default: return HT_NEVER;
  }
}

void hive_prepare(Parse *p){
  for(int i=0; i<p->list.n; i++){
    Token *t = &p->list.token[i];
    switch( t->kind ){
      case LEX_WORD: judge_word(t, i ? t-1 : 0); break;
      case LEX_BACKQUOTED: case LEX_DIGIT_WORD: add(t, HT_ID); add(t, HT_FIELD); break;
      case LEX_STRING: add(t, HT_STRING); break;
      case LEX_INTEGER: add(t, HT_INTEGER); break;
      case LEX_DECIMAL: case LEX_DOUBLE: add(t, HT_DECIMAL); break;
      case LEX_OPERATOR: add(t, operator_code(t->op)); break;
      default: add(t, HT_NEVER);
    }
  }
}
