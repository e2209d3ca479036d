/*
** Results as Athena's GetQueryResults document, one line for each statement.
**
** Rows begin with the header row where Athena has one (queries).  The Type of
** a column is the type's name without its parameters; Precision and Scale are
** in the table of column_info.  DDL has an empty result and no UpdateCount.
*/
#include <string.h>
#include "output.h"
#include "output_format.h"

#define UNBOUNDED_PRECISION 2147483647

ColumnInfo column_info(Arena *a, const OutputColumn *c){
  ColumnInfo info = {"varchar", 0, 0, 0};
  const Type *t = c->type;
  if( c->api_type ){
    info.type = c->api_type;
    if( strcmp(c->api_type, "varchar")!=0 ) return info;
  }
  switch( t->kind ){
    case T_BOOLEAN:  info.type = "boolean"; break;
    case T_TINYINT:  info.type = "tinyint"; info.precision = 3; break;
    case T_SMALLINT: info.type = "smallint"; info.precision = 5; break;
    case T_INTEGER:  info.type = "integer"; info.precision = 10; break;
    case T_BIGINT:   info.type = "bigint"; info.precision = 19; break;
    case T_REAL:     info.type = "float"; info.precision = 17; break;
    case T_DOUBLE:   info.type = "double"; info.precision = 17; break;
    case T_DECIMAL:  info.type = "decimal"; info.precision = t->p; info.scale = t->s; break;
    case T_VARCHAR:
      info.precision = t->p==TYPE_UNBOUNDED ? UNBOUNDED_PRECISION : t->p;
      info.case_sensitive = 1;
      break;
    case T_CHAR:     info.type = "char"; info.precision = t->p; info.case_sensitive = 1; break;
    case T_VARBINARY: info.type = "varbinary"; info.precision = 1073741824; break;
    case T_TIME:     info.type = "time"; info.precision = 3; break;
    case T_TIME_TZ:  info.type = "time with time zone"; info.precision = 3; break;
    case T_TIMESTAMP: info.type = "timestamp"; info.precision = 3; break;
    case T_TIMESTAMP_TZ: info.type = "timestamp with time zone"; info.precision = 3; break;
    case T_ARRAY:    info.type = "array"; break;
    case T_MAP:      info.type = "map"; break;
    case T_ROW:      info.type = "row"; break;
    default:         info.type = type_text(a, t);
  }
  return info;
}

static void datum(Buf *b, const char *z, size_t n){
  buf_str(b, "{\"VarCharValue\":");
  json_string(b, z, n);
  buf_char(b, '}');
}

void api_begin(Output *o){
  Buf *b = &o->buf;
  buf_str(b, "{");
  if( o->kind==RESULT_QUERY || o->kind==RESULT_UTILITY ) buf_str(b, "\"UpdateCount\":0,");
  buf_str(b, "\"ResultSet\":{\"Rows\":[");
  if( o->kind!=RESULT_QUERY ) return;
  buf_str(b, "{\"Data\":[");
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_char(b, ',');
    datum(b, o->column[i].name, strlen(o->column[i].name));
  }
  buf_str(b, "]}");
}

void api_row(Output *o, const Value *v){
  Buf *b = &o->buf;
  Buf cell;
  buf_init(&cell, 0);
  buf_str(b, o->rows || o->kind==RESULT_QUERY ? ",{\"Data\":[" : "{\"Data\":[");
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_char(b, ',');
    cell.n = 0;
    if( output_cell(&cell, o->column[i].type, &v[i]) ) datum(b, cell.z ? cell.z : "", cell.n);
    else buf_str(b, "{}");
  }
  buf_str(b, "]}");
  buf_free(&cell);
}

static void column(Buf *b, Arena *a, const OutputColumn *c){
  ColumnInfo info = column_info(a, c);
  buf_str(b, "{\"CatalogName\":\"hive\",\"SchemaName\":\"\",\"TableName\":\"\",\"Name\":");
  json_string(b, c->name, strlen(c->name));
  buf_str(b, ",\"Label\":");
  json_string(b, c->name, strlen(c->name));
  buf_str(b, ",\"Type\":");
  json_string(b, info.type, strlen(info.type));
  buf_printf(b, ",\"Precision\":%d,\"Scale\":%d,\"Nullable\":\"UNKNOWN\",\"CaseSensitive\":%s}",
             info.precision, info.scale, info.case_sensitive ? "true" : "false");
}

void api_end(Output *o){
  Buf *b = &o->buf;
  buf_str(b, "],\"ResultSetMetadata\":{\"ColumnInfo\":[");
  for(int i=0; i<o->n_column; i++){
    if( i ) buf_char(b, ',');
    column(b, o->arena, &o->column[i]);
  }
  buf_str(b, "]}}");
  if( o->kind==RESULT_UPDATE ) buf_printf(b, ",\"UpdateCount\":%lld", o->update_count);
  buf_str(b, "}\n");
}
