/*
** Athena's DDL: the part of Hive's language that Athena has, in lemon.
**
** Names are bare words or in backticks; strings take ' or " and backslash
** escapes.  Column types are kept as they are written (ColumnDef.type), for
** type_parse_hive.  hive_words.c gives every word its candidates: the keyword,
** if it is one, and a name, if it is not reserved; where a keyword may stand,
** it is one.  Errors are Hive's ParseException texts, columns 0-based.
** Output of SHOW CREATE TABLE is accepted as input.
*/
%name hive
%token_prefix HT_
%token_type {const Token*}
%extra_context {Parse *p}
%include {
#include <string.h>
#include "parse.h"
#define YYSTACKDEPTH PARSE_STACK_MAX
static const char *string_of(Parse *p, const Token *t){ return token_unquote(p->arena, t, LEX_HIVE, 0); }
static int integer_of(const Token *t){
  long v = 0;
  for(int i=0; i<t->n && v<1000000; i++) v = v*10 + (t->z[i]-'0');
  return (int)v;
}
/* The text from one token up to the end of another. */
static const char *slice(Parse *p, const Token *from, const Token *to){
  return arena_strndup(p->arena, from->z, (size_t)(to->z + to->n - from->z));
}
}
%syntax_error { p->failed = 1; (void)yyminor; }
%stack_overflow { parse_too_deep(p, p->list.token[p->at].pos); }
%start_symbol start
start ::= statement(S). { p->statement = S; }

%type name {Name}
name(A) ::= ID(X). { A = name_new(p, X); }
%type table {NameList}
table(A) ::= name(X). { A = names_add(p, (NameList){0,0,0}, X); }
table(A) ::= name(D) DOT name(X). { A = names_add(p, names_add(p, (NameList){0,0,0}, D), X); }
table(A) ::= name(C) DOT name(D) DOT name(X). {
  A = names_add(p, names_add(p, names_add(p, (NameList){0,0,0}, C), D), X);
}
%type names {NameList}
names(A) ::= name(X). { A = names_add(p, (NameList){0,0,0}, X); }
names(A) ::= names(L) COMMA name(X). { A = names_add(p, L, X); }
%type mark {const Token*}
mark(A) ::= . { A = &p->list.token[p->at]; }
%type if_not_exists {int}
if_not_exists(A) ::= . { A = 0; }
if_not_exists(A) ::= IF NOT EXISTS. { A = 1; }
%type if_exists {int}
if_exists(A) ::= . { A = 0; }
if_exists(A) ::= IF EXISTS. { A = 1; }
database_word ::= DATABASE.
database_word ::= SCHEMA.

/* ---- CREATE TABLE ------------------------------------------------------ */
%type statement {Statement*}
statement(A) ::= create_table(S). { A = S; }
%type create_table {Statement*}
create_table(A) ::= create_head(S) columns_opt(C) table_comment partitioned clustered row_format stored
                    location_opt properties_opt. {
  A = S;
  A->n_column = C.n; A->column = C.item;
}
/* The clauses fill the statement as they come. */
%type create_head {Statement*}
create_head(A) ::= CREATE external_opt(E) TABLE if_not_exists(I) table(T). {
  A = statement_new(p, ST_CREATE_EXTERNAL_TABLE);
  A->external = E; A->if_not_exists = I; A->table = T;
  p->statement = A;
}
%type external_opt {int}
external_opt(A) ::= . { A = 0; }
external_opt(A) ::= EXTERNAL. { A = 1; }
%type columns_opt {ColumnList}
columns_opt(A) ::= . { A = (ColumnList){0,0,0}; }
columns_opt(A) ::= LP column_list(L) RP. { A = L; }
%type column_list {ColumnList}
column_list(A) ::= column(X). { A = columns_add(p, (ColumnList){0,0,0}, X); }
column_list(A) ::= column_list(L) COMMA column(X). { A = columns_add(p, L, X); }
%type column {ColumnDef}
column(A) ::= name(N) type(T) comment_opt(C). {
  memset(&A, 0, sizeof(A));
  A.pos = N.pos; A.name = N; A.type = T; A.comment = C;
}
%type comment_opt {const char*}
comment_opt(A) ::= . { A = 0; }
comment_opt(A) ::= COMMENT STRING(S). { A = string_of(p, S); }
table_comment ::= .
table_comment ::= COMMENT STRING(S). { p->statement->comment = string_of(p, S); }
partitioned ::= .
partitioned ::= PARTITIONED BY LP partition_columns(L) RP. {
  p->statement->n_partition_column = L.n;
  p->statement->partition_column = L.item;
}
%type partition_columns {ColumnList}
partition_columns(A) ::= partition_column(X). { A = columns_add(p, (ColumnList){0,0,0}, X); }
partition_columns(A) ::= partition_columns(L) COMMA partition_column(X). { A = columns_add(p, L, X); }
%type partition_column {ColumnDef}
partition_column(A) ::= column(C). { A = C; }
/* Iceberg: a column of the table, or a transform of one. */
partition_column(A) ::= name(N). {
  memset(&A, 0, sizeof(A));
  A.pos = N.pos; A.name = N;
  p->statement->refused = "partition without a type (Iceberg)";
  p->statement->refused_pos = N.pos;
}
partition_column(A) ::= name(N) LP transform_args RP. {
  memset(&A, 0, sizeof(A));
  A.pos = N.pos; A.name = N;
  p->statement->refused = "partition transform (Iceberg)";
  p->statement->refused_pos = N.pos;
}
transform_args ::= transform_arg.
transform_args ::= transform_args COMMA transform_arg.
transform_arg ::= name.
transform_arg ::= INTEGER.
clustered ::= .
clustered ::= CLUSTERED BY LP names(L) RP sorted INTO INTEGER(N) BUCKETS. {
  p->statement->clustered_by = L;
  p->statement->n_buckets = integer_of(N);
}
sorted ::= .
sorted ::= SORTED(X) BY LP sorted_list RP. {
  p->statement->refused = "SORTED BY";
  p->statement->refused_pos = X->pos;
}
sorted_list ::= sorted_name.
sorted_list ::= sorted_list COMMA sorted_name.
sorted_name ::= name.
sorted_name ::= name ASC.
sorted_name ::= name DESC.
row_format ::= .
row_format ::= ROW FORMAT SERDE STRING(S) serde_properties. { p->statement->serde = string_of(p, S); }
row_format ::= ROW FORMAT DELIMITED fields items keys lines nulls. { p->statement->delimited = 1; }
fields ::= .
fields ::= FIELDS TERMINATED BY STRING(S) escaped. { p->statement->field_terminator = string_of(p, S); }
escaped ::= .
escaped ::= ESCAPED BY STRING(S). { p->statement->field_escape = string_of(p, S); }
items ::= .
items ::= COLLECTION ITEMS TERMINATED BY STRING(S). { p->statement->collection_terminator = string_of(p, S); }
keys ::= .
keys ::= MAP KEYS TERMINATED BY STRING(S). { p->statement->map_terminator = string_of(p, S); }
lines ::= .
lines ::= LINES TERMINATED BY STRING(S). { p->statement->line_terminator = string_of(p, S); }
nulls ::= .
nulls ::= NULL DEFINED AS STRING(S). { p->statement->null_format = string_of(p, S); }
serde_properties ::= .
serde_properties ::= WITH SERDEPROPERTIES LP key_list(L) RP. {
  p->statement->n_serde_property = L.n;
  p->statement->serde_property = L.item;
}
stored ::= .
stored ::= STORED AS INPUTFORMAT STRING(I) OUTPUTFORMAT STRING(O) more_serde. {
  p->statement->input_format = string_of(p, I);
  p->statement->output_format = string_of(p, O);
}
stored ::= STORED AS name(N) more_serde. { p->statement->stored_as = N.lower; }
stored ::= STORED(X) BY STRING more_serde. {
  p->statement->refused = "STORED BY";
  p->statement->refused_pos = X->pos;
}
/* A second WITH SERDEPROPERTIES, after STORED AS, is added to the first. */
more_serde ::= .
more_serde ::= WITH SERDEPROPERTIES LP key_list(L) RP. {
  Statement *s = p->statement;
  KeyList all = {0,0,0};
  for(int i=0; i<s->n_serde_property; i++) all = keys_add(p, all, s->serde_property[i]);
  for(int i=0; i<L.n; i++) all = keys_add(p, all, L.item[i]);
  s->n_serde_property = all.n;
  s->serde_property = all.item;
}
location_opt ::= .
location_opt ::= LOCATION STRING(S). { p->statement->location = string_of(p, S); }
properties_opt ::= .
properties_opt ::= TBLPROPERTIES LP key_list(L) RP. {
  p->statement->n_tbl_property = L.n;
  p->statement->tbl_property = L.item;
}
%type key_list {KeyList}
key_list(A) ::= key(X). { A = keys_add(p, (KeyList){0,0,0}, X); }
key_list(A) ::= key_list(L) COMMA key(X). { A = keys_add(p, L, X); }
%type key {KeyText}
key(A) ::= STRING(K) EQ STRING(V). { A.key = string_of(p, K); A.value = string_of(p, V); }

/* ---- types, as written ------------------------------------------------- */
%type type {const char*}
type(A) ::= mark(M) type_end(E). { A = slice(p, M, E); }
%type type_end {const Token*}
type_end(A) ::= TYPE(X). { A = X; }
type_end(A) ::= TYPE PRECISION(X). { A = X; }
type_end(A) ::= TYPE LP INTEGER RP(X). { A = X; }
type_end(A) ::= TYPE LP INTEGER COMMA INTEGER RP(X). { A = X; }
type_end(A) ::= ARRAY LT type_end GT(X). { A = X; }
type_end(A) ::= MAP LT type_end COMMA type_end GT(X). { A = X; }
type_end(A) ::= STRUCT LT fields_of_struct GT(X). { A = X; }
type_end(A) ::= UNIONTYPE LT union_types GT(X). { A = X; }
union_types ::= type_end.
union_types ::= union_types COMMA type_end.
fields_of_struct ::= struct_field.
fields_of_struct ::= fields_of_struct COMMA struct_field.
struct_field ::= FIELD COLON type_end comment_opt.

/* ---- databases --------------------------------------------------------- */
statement(A) ::= CREATE database_word if_not_exists(I) name(N) database_comment(C) database_location(L)
                 database_properties(P). {
  A = statement_new(p, ST_CREATE_DATABASE);
  A->if_not_exists = I; A->comment = C; A->location = L;
  A->table = names_add(p, (NameList){0,0,0}, N);
  A->n_tbl_property = P.n; A->tbl_property = P.item;
}
%type database_comment {const char*}
database_comment(A) ::= comment_opt(C). { A = C; }
%type database_location {const char*}
database_location(A) ::= . { A = 0; }
database_location(A) ::= LOCATION STRING(S). { A = string_of(p, S); }
%type database_properties {KeyList}
database_properties(A) ::= . { A = (KeyList){0,0,0}; }
database_properties(A) ::= WITH DBPROPERTIES LP key_list(L) RP. { A = L; }
statement(A) ::= DROP database_word if_exists(I) name(N) cascade_opt(C). {
  A = statement_new(p, ST_DROP_DATABASE);
  A->if_exists = I; A->cascade = C;
  A->table = names_add(p, (NameList){0,0,0}, N);
}
%type cascade_opt {int}
cascade_opt(A) ::= . { A = 0; }
cascade_opt(A) ::= RESTRICT. { A = 0; }
cascade_opt(A) ::= CASCADE. { A = 1; }
statement(A) ::= ALTER database_word name(N) SET DBPROPERTIES LP key_list(L) RP. {
  A = statement_new(p, ST_SET_DBPROPERTIES);
  A->table = names_add(p, (NameList){0,0,0}, N);
  A->n_tbl_property = L.n; A->tbl_property = L.item;
}

/* ---- tables ------------------------------------------------------------ */
statement(A) ::= DROP TABLE if_exists(I) table(T). {
  A = statement_new(p, ST_DROP_TABLE);
  A->if_exists = I; A->table = T;
}
statement(A) ::= MSCK REPAIR TABLE table(T). { A = statement_new(p, ST_MSCK); A->table = T; }
%type alter {NameList}
alter(A) ::= ALTER TABLE table(T). { A = T; }
statement(A) ::= alter(T) ADD if_not_exists(I) add_list(L). {
  A = statement_new(p, ST_ADD_PARTITION);
  A->table = T; A->if_not_exists = I;
  A->n_partition = L.n; A->partition = L.item;
}
%type add_list {PartitionList}
add_list(A) ::= add_item(X). { A = partitions_add(p, (PartitionList){0,0,0}, X); }
add_list(A) ::= add_list(L) add_item(X). { A = partitions_add(p, L, X); }
%type add_item {PartitionSpec}
add_item(A) ::= PARTITION partition_spec(S). { A = S; }
add_item(A) ::= PARTITION partition_spec(S) LOCATION STRING(L). { A = S; A.location = string_of(p, L); }
statement(A) ::= alter(T) DROP if_exists(I) drop_list(L) purge_opt. {
  A = statement_new(p, ST_DROP_PARTITION);
  A->table = T; A->if_exists = I;
  A->n_partition = L.n; A->partition = L.item;
}
purge_opt ::= .
purge_opt ::= PURGE.
%type drop_list {PartitionList}
drop_list(A) ::= PARTITION partition_spec(S). { A = partitions_add(p, (PartitionList){0,0,0}, S); }
drop_list(A) ::= drop_list(L) COMMA PARTITION partition_spec(S). { A = partitions_add(p, L, S); }
statement(A) ::= alter(T) partition_one(S) RENAME TO PARTITION partition_spec(N). {
  A = statement_new(p, ST_RENAME_PARTITION);
  A->table = T;
  PartitionList l = partitions_add(p, S, N);
  A->n_partition = l.n; A->partition = l.item;
}
statement(A) ::= alter(T) ADD COLUMNS LP column_list(L) RP cascade_opt(C). {
  A = statement_new(p, ST_ADD_COLUMNS);
  A->table = T; A->cascade = C;
  A->n_column = L.n; A->column = L.item;
}
statement(A) ::= alter(T) partition_one(S) ADD COLUMNS LP column_list(L) RP cascade_opt(C). {
  A = statement_new(p, ST_ADD_COLUMNS);
  A->table = T; A->cascade = C;
  A->n_column = L.n; A->column = L.item;
  A->n_partition = S.n; A->partition = S.item;
}
statement(A) ::= alter(T) REPLACE COLUMNS LP column_list(L) RP cascade_opt(C). {
  A = statement_new(p, ST_REPLACE_COLUMNS);
  A->table = T; A->cascade = C;
  A->n_column = L.n; A->column = L.item;
}
statement(A) ::= alter(T) partition_one(S) REPLACE COLUMNS LP column_list(L) RP cascade_opt(C). {
  A = statement_new(p, ST_REPLACE_COLUMNS);
  A->table = T; A->cascade = C;
  A->n_column = L.n; A->column = L.item;
  A->n_partition = S.n; A->partition = S.item;
}
statement(A) ::= alter(T) SET LOCATION STRING(L). {
  A = statement_new(p, ST_SET_LOCATION);
  A->table = T; A->location = string_of(p, L);
}
statement(A) ::= alter(T) partition_one(S) SET LOCATION STRING(L). {
  A = statement_new(p, ST_SET_LOCATION);
  A->table = T; A->location = string_of(p, L);
  A->n_partition = S.n; A->partition = S.item;
}
statement(A) ::= alter(T) SET TBLPROPERTIES LP key_list(L) RP. {
  A = statement_new(p, ST_SET_TBLPROPERTIES);
  A->table = T;
  A->n_tbl_property = L.n; A->tbl_property = L.item;
}
%type partition_one {PartitionList}
partition_one(A) ::= PARTITION partition_spec(S). { A = partitions_add(p, (PartitionList){0,0,0}, S); }
%type partition_spec {PartitionSpec}
partition_spec(A) ::= LP spec_list(L) RP. { A.n = L.n; A.key = L.item; A.location = 0; }
%type spec_list {KeyList}
spec_list(A) ::= spec_item(X). { A = keys_add(p, (KeyList){0,0,0}, X); }
spec_list(A) ::= spec_list(L) COMMA spec_item(X). { A = keys_add(p, L, X); }
%type spec_item {KeyText}
spec_item(A) ::= name(N) EQ spec_value(V). { A.key = N.lower; A.value = V; }
%type spec_value {const char*}
spec_value(A) ::= STRING(S). { A = string_of(p, S); }
spec_value(A) ::= INTEGER(X). { A = slice(p, X, X); }
spec_value(A) ::= DECIMAL(X). { A = slice(p, X, X); }
spec_value(A) ::= MINUS(M) INTEGER(X). { A = text_join(p, "-%.*s", X->n, X->z); (void)M; }
spec_value(A) ::= MINUS(M) DECIMAL(X). { A = text_join(p, "-%.*s", X->n, X->z); (void)M; }
spec_value(A) ::= DATE_WORD STRING(S). { A = string_of(p, S); }
spec_value(A) ::= TRUE. { A = "true"; }
spec_value(A) ::= FALSE. { A = "false"; }

/* ---- SHOW, DESCRIBE ---------------------------------------------------- */
in_from ::= IN.
in_from ::= FROM.
%type database_opt {NameList}
database_opt(A) ::= . { A = (NameList){0,0,0}; }
database_opt(A) ::= in_from table(T). { A = T; }
%type pattern_opt {const char*}
pattern_opt(A) ::= . { A = 0; }
pattern_opt(A) ::= STRING(S). { A = string_of(p, S); }
pattern_opt(A) ::= LIKE STRING(S). { A = string_of(p, S); }
statement(A) ::= SHOW TABLES database_opt(D) pattern_opt(P). {
  A = statement_new(p, ST_SHOW_TABLES);
  A->table = D; A->pattern = P;
}
statement(A) ::= SHOW VIEWS database_opt(D) pattern_opt(P). {
  A = statement_new(p, ST_SHOW_VIEWS);
  A->table = D; A->pattern = P;
}
statement(A) ::= SHOW databases_word pattern_opt(P). {
  A = statement_new(p, ST_SHOW_DATABASES);
  A->pattern = P;
}
databases_word ::= DATABASES.
databases_word ::= SCHEMAS.
statement(A) ::= SHOW COLUMNS in_from table(T) database_opt(D). {
  A = statement_new(p, ST_SHOW_COLUMNS);
  A->table = T;
  if( D.n ){
    NameList both = {0,0,0};
    for(int i=0; i<D.n; i++) both = names_add(p, both, D.name[i]);
    A->table = names_add(p, both, T.name[T.n-1]);
  }
}
statement(A) ::= SHOW PARTITIONS table(T). { A = statement_new(p, ST_SHOW_PARTITIONS); A->table = T; }
statement(A) ::= SHOW PARTITIONS table(T) PARTITION partition_spec(S). {
  A = statement_new(p, ST_SHOW_PARTITIONS);
  A->table = T;
  PartitionList l = partitions_add(p, (PartitionList){0,0,0}, S);
  A->n_partition = l.n; A->partition = l.item;
}
statement(A) ::= SHOW TBLPROPERTIES table(T). { A = statement_new(p, ST_SHOW_TBLPROPERTIES); A->table = T; }
statement(A) ::= SHOW TBLPROPERTIES table(T) LP STRING(S) RP. {
  A = statement_new(p, ST_SHOW_TBLPROPERTIES);
  A->table = T; A->pattern = string_of(p, S);
}
statement(A) ::= SHOW CREATE TABLE table(T). { A = statement_new(p, ST_SHOW_CREATE_TABLE); A->table = T; }
statement(A) ::= describe_word extended_opt(E) table(T). {
  A = statement_new(p, ST_DESCRIBE);
  A->table = T; A->is_extended = E;
}
statement(A) ::= describe_word extended_opt(E) table(T) PARTITION partition_spec(S). {
  A = statement_new(p, ST_DESCRIBE);
  A->table = T; A->is_extended = E;
  PartitionList l = partitions_add(p, (PartitionList){0,0,0}, S);
  A->n_partition = l.n; A->partition = l.item;
}
/* A column or field of the table: DESCRIBE t c. */
statement(A) ::= describe_word extended_opt(E) table(T) column_path(C). {
  A = statement_new(p, ST_DESCRIBE);
  A->table = T; A->is_extended = E; A->columns = C;
}
%type column_path {NameList}
column_path(A) ::= name(X). { A = names_add(p, (NameList){0,0,0}, X); }
column_path(A) ::= column_path(L) DOT name(X). { A = names_add(p, L, X); }
describe_word ::= DESCRIBE.
describe_word ::= DESC.
%type extended_opt {int}
extended_opt(A) ::= . { A = 0; }
extended_opt(A) ::= EXTENDED. { A = 1; }
extended_opt(A) ::= FORMATTED. { A = 2; }

%token NEVER.
%code {
#include "automaton.h"

void hive_run(Parse *p){
  yyParser *y = arena_alloc_raw(p->arena, sizeof(yyParser));
  hiveInit(y, p);
  for(int i=0; i<p->list.n && !p->failed; i++){
    const Token *t = &p->list.token[i];
    int code = t->kind==LEX_END ? accepts(y, 0)-1 : choose_code(y, t);
    p->at = i;
    if( code<0 ){
      p->failed = 1;
      p->expects_end = accepts(y, 0);
      p->expects_colon = accepts(y, HT_COLON);
      p->expects_name = accepts(y, HT_ID);
      break;
    }
    hive(y, code, t);
  }
}
}
