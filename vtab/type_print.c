/*
** Types as text: Trino's spelling (three styles of it) and Hive's.
**
** Field names of rows print as Trino prints identifiers: bare when they look
** like one and are not reserved, else in double quotes; type_parse reads what
** type_print writes back as the same type.
*/
#include "sqlite.h"
#include "type.h"
#include <string.h>
#include <ctype.h>

/* Trino's reserved words, sorted. */
static const char *const RESERVED[] = {
  "ALTER", "AND", "AS", "BETWEEN", "BY", "CASE", "CAST", "CONSTRAINT", "CREATE", "CROSS",
  "CUBE", "CURRENT_CATALOG", "CURRENT_DATE", "CURRENT_PATH", "CURRENT_ROLE",
  "CURRENT_SCHEMA", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURRENT_USER", "DEALLOCATE",
  "DELETE", "DESCRIBE", "DISTINCT", "DROP", "ELSE", "END", "ESCAPE", "EXCEPT", "EXECUTE",
  "EXISTS", "EXTRACT", "FALSE", "FOR", "FROM", "FULL", "GROUP", "GROUPING", "HAVING", "IN",
  "INNER", "INSERT", "INTERSECT", "INTO", "IS", "JOIN", "JSON_ARRAY", "JSON_EXISTS",
  "JSON_OBJECT", "JSON_QUERY", "JSON_TABLE", "JSON_VALUE", "LEFT", "LIKE", "LISTAGG",
  "LOCALTIME", "LOCALTIMESTAMP", "NATURAL", "NORMALIZE", "NOT", "NULL", "ON", "OR", "ORDER",
  "OUTER", "PREPARE", "RECURSIVE", "RIGHT", "ROLLUP", "SELECT", "SKIP", "TABLE", "THEN",
  "TRIM", "TRUE", "UESCAPE", "UNION", "UNNEST", "USING", "VALUES", "WHEN", "WHERE", "WITH"
};

static int is_reserved(const char *z){
  int lo = 0, hi = (int)(sizeof(RESERVED)/sizeof(RESERVED[0])) - 1;
  while( lo<=hi ){
    int mid = (lo + hi)/2, c = sqlite3_stricmp(z, RESERVED[mid]);
    if( c==0 ) return 1;
    if( c<0 ) hi = mid - 1; else lo = mid + 1;
  }
  return 0;
}

static void print_name(Buf *b, const char *z){
  int simple = isalpha((unsigned char)z[0]) || z[0]=='_';
  for(const char *p=z; simple && *p; p++) simple = isalnum((unsigned char)*p) || *p=='_';
  if( simple && !is_reserved(z) ){
    buf_str(b, z);
    return;
  }
  buf_char(b, '"');
  for(; *z; z++){
    if( *z=='"' ) buf_char(b, '"');
    buf_char(b, *z);
  }
  buf_char(b, '"');
}

static const char *simple_name(TypeKind kind){
  switch( kind ){
    case T_UNKNOWN: return "unknown";
    case T_BOOLEAN: return "boolean";
    case T_TINYINT: return "tinyint";
    case T_SMALLINT: return "smallint";
    case T_INTEGER: return "integer";
    case T_BIGINT: return "bigint";
    case T_REAL: return "real";
    case T_DOUBLE: return "double";
    case T_VARBINARY: return "varbinary";
    case T_JSON: return "json";
    case T_DATE: return "date";
    case T_INTERVAL_DS: return "interval day to second";
    case T_INTERVAL_YM: return "interval year to month";
    case T_ARRAY: return "array";
    case T_MAP: return "map";
    case T_ROW: return "row";
    case T_FUNCTION: return "function";
    case T_UUID: return "uuid";
    case T_IPADDRESS: return "ipaddress";
    case T_HYPERLOGLOG: return "HyperLogLog";
    default: return "";
  }
}

typedef enum Style { STYLE_TYPE, STYLE_DISPLAY, STYLE_SIGNATURE } Style;

static void print_styled(Buf *b, const Type *t, Style style);

static void print_field_name(Buf *b, const char *name, Style style){
  if( style==STYLE_TYPE ) print_name(b, name);
  else if( style==STYLE_DISPLAY ) buf_str(b, name);
  else buf_printf(b, "\"%s\"", name);
  buf_char(b, ' ');
}

static void print_arguments(Buf *b, const Type *t, Style style){
  int spaced = style!=STYLE_SIGNATURE && (t->kind==T_ROW || t->kind==T_MAP);
  buf_str(b, simple_name(t->kind));
  buf_char(b, '(');
  for(int i=0; i<t->n; i++){
    if( i>0 ) buf_str(b, spaced ? ", " : ",");
    if( t->kind==T_ROW && t->name[i] ) print_field_name(b, t->name[i], style);
    print_styled(b, t->arg[i], style);
  }
  buf_char(b, ')');
}

static void print_styled(Buf *b, const Type *t, Style style){
  switch( t->kind ){
    case T_DECIMAL: buf_printf(b, "decimal(%d,%d)", t->p, t->s); break;
    case T_VARCHAR:
      if( t->p==TYPE_UNBOUNDED ) buf_str(b, "varchar");
      else buf_printf(b, "varchar(%d)", t->p);
      break;
    case T_CHAR: buf_printf(b, "char(%d)", t->p); break;
    case T_TIME: buf_printf(b, "time(%d)", t->p); break;
    case T_TIME_TZ: buf_printf(b, "time(%d) with time zone", t->p); break;
    case T_TIMESTAMP: buf_printf(b, "timestamp(%d)", t->p); break;
    case T_TIMESTAMP_TZ: buf_printf(b, "timestamp(%d) with time zone", t->p); break;
    case T_ARRAY: case T_MAP: case T_ROW: case T_FUNCTION: print_arguments(b, t, style); break;
    case T_OTHER: if( t->name && t->name[0] ) buf_str(b, t->name[0]); break;
    default: buf_str(b, simple_name(t->kind)); break;
  }
}

void type_print(Buf *b, const Type *t){
  print_styled(b, t, STYLE_TYPE);
}

void type_print_display(Buf *b, const Type *t){
  print_styled(b, t, STYLE_DISPLAY);
}

void type_print_signature(Buf *b, const Type *t){
  print_styled(b, t, STYLE_SIGNATURE);
}

static void print_hive_struct(Buf *b, const Type *t){
  buf_str(b, "struct<");
  for(int i=0; i<t->n; i++){
    if( i>0 ) buf_char(b, ',');
    if( t->name[i] ) buf_str(b, t->name[i]);
    else buf_printf(b, "field%d", i);
    buf_char(b, ':');
    type_print_hive(b, t->arg[i]);
  }
  buf_char(b, '>');
}

void type_print_hive(Buf *b, const Type *t){
  switch( t->kind ){
    case T_INTEGER: buf_str(b, "int"); break;
    case T_REAL: buf_str(b, "float"); break;
    case T_VARBINARY: buf_str(b, "binary"); break;
    case T_TIMESTAMP: buf_str(b, "timestamp"); break;
    case T_VARCHAR:
      if( t->p==TYPE_UNBOUNDED ) buf_str(b, "string");
      else buf_printf(b, "varchar(%d)", t->p);
      break;
    case T_ARRAY:
      buf_str(b, "array<");
      type_print_hive(b, t->arg[0]);
      buf_char(b, '>');
      break;
    case T_MAP:
      buf_str(b, "map<");
      type_print_hive(b, t->arg[0]);
      buf_char(b, ',');
      type_print_hive(b, t->arg[1]);
      buf_char(b, '>');
      break;
    case T_ROW: print_hive_struct(b, t); break;
    default: type_print(b, t); break;
  }
}

const char *type_text(Arena *a, const Type *t){
  Buf b;
  buf_init(&b, a);
  type_print(&b, t);
  return b.oom || b.z==0 ? arena_strdup(a, "") : b.z;
}
