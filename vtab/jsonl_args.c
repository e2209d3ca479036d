/*
** The argument list of the module jsonl: `name = value`, where a value is a
** string in SQL quotes, NULL, or a list in parentheses of values and of
** `'key' = 'value'` pairs.  jsonl.c documents the names.
**
** Limits: LIST_DEPTH_MAX parentheses.
*/
#include "sqlite.h"
#include "jsonl_args.h"
#include <string.h>

#define LIST_DEPTH_MAX 3

typedef struct Item Item;
struct Item {
  enum { ITEM_NULL, ITEM_TEXT, ITEM_PAIR, ITEM_LIST } kind;
  const char *text, *value;     /* value: after the = of a pair */
  int n; Item *item;
};

typedef struct Reader {
  Arena *arena;
  const char *z;
  int depth;
} Reader;

static void skip_blank(Reader *r){
  while( *r->z==' ' || *r->z=='\t' || *r->z=='\n' || *r->z=='\r' ) r->z++;
}

static int take(Reader *r, char c){
  skip_blank(r);
  if( *r->z!=c ) return 0;
  r->z++;
  return 1;
}

/* A string in single or double quotes, doubled inside. */
static const char *read_string(Reader *r){
  char quote;
  Buf b;
  skip_blank(r);
  quote = *r->z;
  if( quote!='\'' && quote!='"' ) return 0;
  buf_init(&b, r->arena);
  buf_add(&b, "", 0);
  for(r->z++; *r->z; r->z++){
    if( *r->z==quote && *++r->z!=quote ) return b.z ? b.z : "";
    buf_char(&b, *r->z);
  }
  return 0;
}

static int read_item(Reader *r, Item *out);

static int read_list(Reader *r, Item *out){
  int cap = 0;
  out->kind = ITEM_LIST;
  if( ++r->depth>LIST_DEPTH_MAX ) return 0;
  if( !take(r, ')') ){
    do{
      if( out->n==cap ){
        Item *grown = ARENA_ARRAY(r->arena, Item, cap = cap ? cap*2 : 8);
        if( grown==0 ) return 0;
        if( out->n ) memcpy(grown, out->item, sizeof(Item)*(size_t)out->n);
        out->item = grown;
      }
      if( !read_item(r, &out->item[out->n++]) ) return 0;
    }while( take(r, ',') );
    if( !take(r, ')') ) return 0;
  }
  r->depth--;
  return 1;
}

static int read_item(Reader *r, Item *out){
  memset(out, 0, sizeof(*out));
  skip_blank(r);
  if( take(r, '(') ) return read_list(r, out);
  if( sqlite3_strnicmp(r->z, "NULL", 4)==0 ){
    r->z += 4;
    return 1;
  }
  out->kind = ITEM_TEXT;
  if( (out->text = read_string(r))==0 ) return 0;
  if( take(r, '=') ){
    out->kind = ITEM_PAIR;
    if( (out->value = read_string(r))==0 ) return 0;
  }
  return 1;
}

/* --- From items to the spec ---------------------------------------------- */

static int to_columns(Arena *a, const Item *list, int *n, const JsonlColumn **out){
  JsonlColumn *column = ARENA_ARRAY(a, JsonlColumn, list->n);
  if( list->kind!=ITEM_LIST || column==0 ) return 0;
  for(int i=0; i<list->n; i++){
    const Item *c = &list->item[i];
    if( c->kind!=ITEM_LIST || c->n<2 || c->n>3 ) return 0;
    for(int k=0; k<c->n; k++) if( c->item[k].kind!=ITEM_TEXT ) return 0;
    column[i] = (JsonlColumn){ c->item[0].text, c->item[1].text, c->n==3 ? c->item[2].text : 0 };
  }
  *n = list->n;
  *out = column;
  return 1;
}

static int to_properties(Arena *a, const Item *list, int *n, const JsonlProperty **out){
  JsonlProperty *property = ARENA_ARRAY(a, JsonlProperty, list->n);
  if( list->kind!=ITEM_LIST || property==0 ) return 0;
  for(int i=0; i<list->n; i++){
    if( list->item[i].kind!=ITEM_PAIR ) return 0;
    property[i] = (JsonlProperty){ list->item[i].text, list->item[i].value };
  }
  *n = list->n;
  *out = property;
  return 1;
}

static int to_partitions(Arena *a, const Item *list, int *n, const JsonlPartition **out){
  JsonlPartition *partition = ARENA_ARRAY(a, JsonlPartition, list->n);
  if( list->kind!=ITEM_LIST || partition==0 ) return 0;
  for(int i=0; i<list->n; i++){
    const Item *p = &list->item[i];
    const char **value;
    if( p->kind!=ITEM_LIST || p->n<2 || (value = ARENA_ARRAY(a, const char*, p->n))==0 ) return 0;
    for(int k=0; k<p->n; k++){
      if( p->item[k].kind!=ITEM_TEXT && p->item[k].kind!=ITEM_NULL ) return 0;
      value[k] = p->item[k].text;
    }
    partition[i] = (JsonlPartition){ value[0], value + 1 };
  }
  *n = list->n;
  *out = partition;
  return 1;
}

static int to_text(const Item *item, const char **out){
  *out = item->text;
  return item->kind==ITEM_TEXT;
}

/* The values of a partition are as many as there are columns. */
static int count_values(const Item *list, int n){
  for(int i=0; i<list->n; i++) if( list->item[i].n!=n + 1 ) return 0;
  return 1;
}

char *jsonl_args_parse(Arena *a, int argc, const char *const *argv, JsonlSpec *out){
  Item partitions = { ITEM_LIST, 0, 0, 0, 0 };
  memset(out, 0, sizeof(*out));
  for(int i=0; i<argc; i++){
    Reader r = { a, argv[i], 0 };
    Item item;
    const char *name;
    int n, ok;
    skip_blank(&r);
    name = r.z;
    n = (int)strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789");
    r.z += n;
    ok = n>0 && take(&r, '=') && read_item(&r, &item);
    skip_blank(&r);
    if( !ok || *r.z ) goto bad;
#define IS(word) (n==(int)strlen(word) && memcmp(name, word, (size_t)n)==0)
    if( IS("location") ) ok = to_text(&item, &out->location);
    else if( IS("s3_root") ) ok = to_text(&item, &out->s3_root);
    else if( IS("serde") ) ok = to_text(&item, &out->serde);
    else if( IS("columns") ) ok = to_columns(a, &item, &out->n_column, &out->column);
    else if( IS("partition_columns") ) ok = to_columns(a, &item, &out->n_partition_column, &out->partition_column);
    else if( IS("properties") ) ok = to_properties(a, &item, &out->n_property, &out->property);
    else if( IS("table_properties") ) ok = to_properties(a, &item, &out->n_table_property, &out->table_property);
    else if( IS("partitions") ){
      partitions = item;
      ok = to_partitions(a, &item, &out->n_partition, &out->partition);
    }else{
      return sqlite3_mprintf("jsonl: there is no argument %.*s", n, name);
    }
#undef IS
    if( ok ) continue;
bad:
    if( a->oom ) return 0;
    return sqlite3_mprintf("jsonl: cannot read the argument %.60s", argv[i]);
  }
  if( !count_values(&partitions, out->n_partition_column) ){
    return sqlite3_mprintf("jsonl: a partition must have one value for each partition column");
  }
  return 0;
}

/* --- Writing ------------------------------------------------------------- */

static void put_text(Buf *b, const char *z){
  buf_char(b, '\'');
  for(; *z; z++){
    if( *z=='\'' ) buf_char(b, '\'');
    buf_char(b, *z);
  }
  buf_char(b, '\'');
}

static void put_argument(Buf *b, int *any, const char *name){
  buf_str(b, (*any)++ ? ",\n  " : "\n  ");
  buf_str(b, name);
  buf_char(b, '=');
}

static void put_columns(Buf *b, int *any, const char *name, int n, const JsonlColumn *column){
  if( n==0 ) return;
  put_argument(b, any, name);
  for(int i=0; i<n; i++){
    buf_str(b, i ? ",\n    (" : "((");
    put_text(b, column[i].name);
    buf_char(b, ',');
    put_text(b, column[i].hive_type);
    if( column[i].comment ){
      buf_char(b, ',');
      put_text(b, column[i].comment);
    }
    buf_char(b, ')');
  }
  buf_char(b, ')');
}

static void put_properties(Buf *b, int *any, const char *name, int n, const JsonlProperty *property){
  if( n==0 ) return;
  put_argument(b, any, name);
  for(int i=0; i<n; i++){
    buf_char(b, i ? ',' : '(');
    put_text(b, property[i].key);
    buf_char(b, '=');
    put_text(b, property[i].value);
  }
  buf_char(b, ')');
}

static void put_partitions(Buf *b, int *any, const JsonlSpec *spec){
  if( spec->n_partition==0 ) return;
  put_argument(b, any, "partitions");
  for(int i=0; i<spec->n_partition; i++){
    const JsonlPartition *p = &spec->partition[i];
    buf_str(b, i ? ",\n    (" : "((");
    if( p->location ) put_text(b, p->location);
    else buf_str(b, "NULL");
    for(int k=0; k<spec->n_partition_column; k++){
      buf_char(b, ',');
      if( p->value[k] ) put_text(b, p->value[k]);
      else buf_str(b, "NULL");
    }
    buf_char(b, ')');
  }
  buf_char(b, ')');
}

char *jsonl_create_sql(const char *table, const JsonlSpec *spec){
  Buf b;
  int any = 0;
  buf_init(&b, 0);
  buf_str(&b, "CREATE VIRTUAL TABLE \"");
  for(const char *z=table; *z; z++){
    if( *z=='"' ) buf_char(&b, '"');
    buf_char(&b, *z);
  }
  buf_str(&b, "\" USING jsonl(");
  put_argument(&b, &any, "location");
  put_text(&b, spec->location);
  if( spec->s3_root ){
    put_argument(&b, &any, "s3_root");
    put_text(&b, spec->s3_root);
  }
  put_argument(&b, &any, "serde");
  put_text(&b, spec->serde);
  put_properties(&b, &any, "properties", spec->n_property, spec->property);
  put_properties(&b, &any, "table_properties", spec->n_table_property, spec->table_property);
  put_columns(&b, &any, "columns", spec->n_column, spec->column);
  put_columns(&b, &any, "partition_columns", spec->n_partition_column, spec->partition_column);
  put_partitions(&b, &any, spec);
  buf_str(&b, ")");
  if( b.oom ) buf_free(&b);
  return b.z;
}
