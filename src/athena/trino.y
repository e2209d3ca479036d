/*
** Athena's query language: Trino's SQL, as of release 427, in lemon.
**
** Words.  Most of Trino's words are not reserved.  words.c decides by looking
** around in the token array what lemon's single token of lookahead cannot: it
** splits `(` into kinds (LPQ before a query, LPL before a lambda's parameters),
** turns the name of a call into FNAME, and says of each word whether it would
** rather be a keyword or a name.  Feeding then asks the automaton which of the
** two is acceptable (accepts(), at the end) and takes the preferred one.
**
** What Athena parses but Tarn does not execute becomes EXPR_REFUSED,
** REL_REFUSED, Window.refused or ST_REFUSED with the construct's name.
** MATCH_RECOGNIZE, JSON_TABLE and TABLE(f()) are taken whole: words.c makes
** one GROUP token of their parentheses.
*/
%name trino
%token_prefix TT_
%token_type {const Token*}
%extra_context {Parse *p}
%include {
#include <string.h>
#include "parse.h"

typedef struct Bound { BoundKind kind; Expr *value; } Bound;
typedef struct Tail { Expr *filter; Window *over; int nulls; } Tail;
typedef struct Limit { Expr *limit; int limit_all, fetch; Expr *count; int ties; Pos pos; } Limit;
typedef struct Options { const char *type, *format; } Options;
typedef struct Behaviour { int kind; Expr *value; } Behaviour;

/* The parser with its stack is one block in the arena. */
#define YYSTACKDEPTH PARSE_STACK_MAX
#define POS(T) ((T)->pos)
/* The statement's text from one token up to the token before another. */
static const char *text_between(Parse *p, const Token *from, const Token *after){
  const Token *last = after>from ? after-1 : from;
  return arena_strndup(p->arena, from->z, (size_t)(last->z + last->n - from->z));
}
static Name no_name(void){ Name n = {{0,0},0,0,0}; return n; }
}
%syntax_error { p->failed = 1; (void)yyminor; }
%stack_overflow { parse_too_deep(p, p->list.token[p->at].pos); }

%left SET_LOW.
%left SET_HIGH.
%start_symbol start
start ::= statement(S). { p->statement = S; }

/* ---- identifiers ------------------------------------------------------- */
%type ident {Name}
ident(A) ::= ID(X). { A = name_new(p, X); }
%type fident {Name}
fident(A) ::= FNAME(X). { A = name_new(p, X); }
%type qname {NameList}
qname(A) ::= ident(X). { A = names_add(p, (NameList){0,0,0}, X); }
qname(A) ::= qname(L) DOT ident(X). { A = names_add(p, L, X); }
%type fname {NameList}
fname(A) ::= fident(X). { A = names_add(p, (NameList){0,0,0}, X); }
fname(A) ::= fname(L) DOT fident(X). { A = names_add(p, L, X); }
%type names {NameList}
names(A) ::= ident(X). { A = names_add(p, (NameList){0,0,0}, X); }
names(A) ::= names(L) COMMA ident(X). { A = names_add(p, L, X); }
%type columns_opt {NameList}
columns_opt(A) ::= . { A = (NameList){0,0,0}; }
columns_opt(A) ::= LP names(L) RP. { A = L; }

/* ---- statements -------------------------------------------------------- */
%type statement {Statement*}
statement(A) ::= query(Q). { A = statement_new(p, ST_QUERY); A->query = Q; A->pos = Q->pos; }
statement(A) ::= EXPLAIN(X) statement(S). {
  A = statement_new(p, ST_EXPLAIN);
  A->pos = POS(X);
  A->inner = S;
}
statement(A) ::= EXPLAIN(X) analyze(N) statement(S). {
  A = statement_new(p, ST_EXPLAIN);
  A->pos = POS(X);
  A->inner = S; A->analyze = N;
}
statement(A) ::= EXPLAIN(X) LP explain_options(O) RP statement(S). {
  A = statement_new(p, ST_EXPLAIN);
  A->pos = POS(X);
  A->inner = S;
  A->explain_type = O.type; A->explain_format = O.format;
}
statement(A) ::= EXPLAIN(X) analyze(N) LP explain_options(O) RP statement(S). {
  A = statement_new(p, ST_EXPLAIN);
  A->pos = POS(X);
  A->inner = S; A->analyze = N;
  A->explain_type = O.type; A->explain_format = O.format;
}
%type analyze {int}
analyze(A) ::= ANALYZE. { A = 1; }
analyze(A) ::= ANALYZE VERBOSE. { A = 2; }
%type explain_options {Options}
explain_options(A) ::= explain_option(O). { A = O; }
explain_options(A) ::= explain_options(L) COMMA explain_option(O). {
  A.type = O.type ? O.type : L.type;
  A.format = O.format ? O.format : L.format;
}
%type explain_option {Options}
explain_option(A) ::= FORMAT explain_format(F). { A.type = 0; A.format = word_lower(p, F); }
explain_option(A) ::= TYPE explain_type(T). { A.type = word_lower(p, T); A.format = 0; }
%type explain_format {const Token*}
explain_format(A) ::= TEXT(X). { A = X; }
explain_format(A) ::= GRAPHVIZ(X). { A = X; }
explain_format(A) ::= JSON(X). { A = X; }
%type explain_type {const Token*}
explain_type(A) ::= LOGICAL(X). { A = X; }
explain_type(A) ::= DISTRIBUTED(X). { A = X; }
explain_type(A) ::= VALIDATE(X). { A = X; }
explain_type(A) ::= IO(X). { A = X; }

statement(A) ::= INSERT(X) INTO qname(T) columns_opt(C) mark(M) query(Q) mark(E). {
  A = statement_new(p, ST_INSERT);
  A->pos = POS(X);
  A->table = T; A->columns = C; A->query = Q;
  A->query_sql = text_between(p, M, E);
}
statement(A) ::= CREATE(X) TABLE if_not_exists(I) qname(T) columns_opt(C) table_comment(K) with_properties(P)
                 AS mark(M) ctas_query(Q) mark(E) with_data(D). {
  A = statement_new(p, ST_CREATE_TABLE_AS);
  A->pos = POS(X);
  A->if_not_exists = I; A->table = T; A->columns = C; A->comment = K;
  A->n_property = P.n; A->property = P.item;
  A->query = Q; A->with_no_data = D;
  A->query_sql = text_between(p, M, E);
  if( C.n>0 ) A = statement_refused(p, POS(X), "CREATE TABLE AS with a list of columns", 0);
}
%type ctas_query {Query*}
ctas_query(A) ::= query(Q). { A = Q; }
ctas_query(A) ::= LPQ with_query(Q) RP. { A = Q; }
%type if_not_exists {int}
if_not_exists(A) ::= . { A = 0; }
if_not_exists(A) ::= IF NOT EXISTS. { A = 1; }
%type if_exists {int}
if_exists(A) ::= . { A = 0; }
if_exists(A) ::= IF EXISTS. { A = 1; }
%type table_comment {const char*}
table_comment(A) ::= . { A = 0; }
table_comment(A) ::= COMMENT STRING(S). { A = expr_string(p, S)->text; }
%type with_properties {PropertyList}
with_properties(A) ::= . { A = (PropertyList){0,0,0}; }
with_properties(A) ::= WITH LP property_list(L) RP. { A = L; }
%type property_list {PropertyList}
property_list(A) ::= property(X). { A = properties_add(p, (PropertyList){0,0,0}, X); }
property_list(A) ::= property_list(L) COMMA property(X). { A = properties_add(p, L, X); }
%type property {Property}
property(A) ::= ident(N) EQ expr(E). { A.pos = N.pos; A.name = N; A.value = E; }
%type with_data {int}
with_data(A) ::= . { A = 0; }
with_data(A) ::= WITH DATA. { A = 0; }
with_data(A) ::= WITH NO DATA. { A = 1; }

statement(A) ::= CREATE(X) or_replace(R) VIEW qname(T) table_comment(K) security mark(N) AS mark(M) query(Q) mark(E). {
  A = statement_new(p, ST_CREATE_VIEW);
  A->pos = POS(X);
  A->or_replace = R; A->table = T; A->comment = K;
  A->query = Q;
  A->query_sql = text_between(p, M, E);
  (void)N;
}
%type or_replace {int}
or_replace(A) ::= . { A = 0; }
or_replace(A) ::= OR REPLACE. { A = 1; }
security ::= .
security ::= SECURITY DEFINER.
security ::= SECURITY INVOKER.
statement(A) ::= DROP(X) VIEW if_exists(I) qname(T). {
  A = statement_new(p, ST_DROP_VIEW);
  A->pos = POS(X);
  A->if_exists = I; A->table = T;
}
statement(A) ::= SHOW(X) CREATE VIEW qname(T). {
  A = statement_new(p, ST_SHOW_CREATE_VIEW);
  A->pos = POS(X);
  A->table = T;
}
statement(A) ::= SHOW(X) FUNCTIONS pattern_like(L). {
  A = statement_new(p, ST_SHOW_FUNCTIONS);
  A->pos = POS(X);
  A->pattern = L;
}
%type pattern_like {const char*}
pattern_like(A) ::= . { A = 0; }
pattern_like(A) ::= LIKE STRING(S). { A = expr_string(p, S)->text; }
statement(A) ::= UNLOAD(X) LPQ mark(M) query(Q) mark(E) RP TO STRING(S) with_properties(P). {
  A = statement_new(p, ST_UNLOAD);
  A->pos = POS(X);
  A->query = Q;
  A->query_sql = text_between(p, M, E);
  A->location = expr_string(p, S)->text;
  A->n_property = P.n; A->property = P.item;
}

statement(A) ::= PREPARE(X) ident(N) FROM mark(M) statement(S) mark(E). {
  A = statement_new(p, ST_PREPARE);
  A->pos = POS(X);
  A->table = names_add(p, (NameList){0,0,0}, N);
  A->inner = S;
  A->query_sql = S->sql = text_between(p, M, E);
  S->n_parameter = p->n_parameter;
}
statement(A) ::= DEALLOCATE(X) PREPARE ident(N). {
  A = statement_new(p, ST_DEALLOCATE);
  A->pos = POS(X);
  A->table = names_add(p, (NameList){0,0,0}, N);
}
statement(A) ::= EXECUTE(X) ident(N) using_opt(U). {
  A = statement_new(p, ST_EXECUTE);
  A->pos = POS(X);
  A->table = names_add(p, (NameList){0,0,0}, N);
  A->parameters = U;
}
statement(A) ::= EXECUTE(X) IMMEDIATE STRING using_opt. {
  A = statement_refused(p, POS(X), "EXECUTE IMMEDIATE", 0);
}
%type using_opt {ExprList}
using_opt(A) ::= . { A = (ExprList){0,0,0}; }
using_opt(A) ::= USING expr_list(L). { A = L; }

/* ---- queries ----------------------------------------------------------- */
%type query {Query*}
query(A) ::= query_no_with(Q). { A = Q; }
query(A) ::= with_query(Q). { A = Q; }
%type with_query {Query*}
with_query(A) ::= WITH(W) recursive(R) with_list(L) query_no_with(Q). {
  A = Q;
  A->pos = POS(W);
  A->recursive = R!=0;
  if( R ) A->recursive_pos = POS(R);
  A->n_with = L.n;
  A->with = L.item;
}
%type recursive {const Token*}
recursive(A) ::= . { A = 0; }
recursive(A) ::= RECURSIVE(X). { A = X; }
%type with_list {WithList}
with_list(A) ::= with_item(X). { A = withs_add(p, (WithList){0,0,0}, X); }
with_list(A) ::= with_list(L) COMMA with_item(X). { A = withs_add(p, L, X); }
%type with_item {With}
with_item(A) ::= ident(N) columns_opt(C) AS lpq query(Q) RP. {
  memset(&A, 0, sizeof(A));
  A.pos = N.pos; A.name = N; A.columns = C; A.query = Q;
}
/* A parenthesis before a query that is spoiled (`( 1`) is an LP: the error
** then comes at what follows it, as it should. */
%type lpq {const Token*}
lpq(A) ::= LPQ(X). { A = X; }
lpq(A) ::= LP(X). { A = X; }

%type query_no_with {Query*}
query_no_with(A) ::= term(B) order_opt(O) offset_opt(F) limit_opt(L). {
  A = query_new(p, B);
  A->order_by = O;
  A->offset = F;
  A->limit = L.limit; A->limit_all = L.limit_all;
  A->fetch = L.fetch; A->fetch_count = L.count; A->with_ties = L.ties; A->fetch_pos = L.pos;
}
%type order_opt {SortList}
order_opt(A) ::= . { A = (SortList){0}; }
order_opt(A) ::= ORDER(O) BY sort_list(L). { A = L; A.pos = POS(O); }
%type sort_list {SortList}
sort_list(A) ::= sort_item(X). { A = sorts_add(p, (SortList){0}, X); }
sort_list(A) ::= sort_list(L) COMMA sort_item(X). { A = sorts_add(p, L, X); }
%type sort_item {SortItem}
sort_item(A) ::= mark(M) expr(E) direction(D) nulls_order(N). {
  A.pos = POS(M); A.e = E; A.descending = D; A.nulls = N;
}
%type direction {int}
direction(A) ::= . { A = 0; }
direction(A) ::= ASC. { A = 0; }
direction(A) ::= DESC. { A = 1; }
%type nulls_order {int}
nulls_order(A) ::= . { A = NULLS_DEFAULT; }
nulls_order(A) ::= NULLS FIRST. { A = NULLS_FIRST; }
nulls_order(A) ::= NULLS LAST. { A = NULLS_LAST; }
%type offset_opt {Expr*}
offset_opt(A) ::= . { A = 0; }
offset_opt(A) ::= OFFSET row_count(N) rows_opt. { A = N; }
rows_opt ::= .
rows_opt ::= ROW.
rows_opt ::= ROWS.
%type row_count {Expr*}
row_count(A) ::= INTEGER(X). { A = expr_number(p, 0, X); }
row_count(A) ::= PARAM(X). { A = expr_parameter(p, X); }
%type limit_opt {Limit}
limit_opt(A) ::= . { memset(&A, 0, sizeof(A)); }
limit_opt(A) ::= LIMIT ALL. { memset(&A, 0, sizeof(A)); A.limit_all = 1; }
limit_opt(A) ::= LIMIT row_count(N). { memset(&A, 0, sizeof(A)); A.limit = N; }
limit_opt(A) ::= FETCH(F) first_next fetch_count(N) row_rows fetch_ties(T). {
  memset(&A, 0, sizeof(A));
  A.fetch = 1; A.count = N; A.ties = T; A.pos = POS(F);
}
first_next ::= FIRST.
first_next ::= NEXT.
%type fetch_count {Expr*}
fetch_count(A) ::= . { A = 0; }
fetch_count(A) ::= row_count(N). { A = N; }
row_rows ::= ROW.
row_rows ::= ROWS.
%type fetch_ties {int}
fetch_ties(A) ::= ONLY. { A = 0; }
fetch_ties(A) ::= WITH TIES. { A = 1; }

%type term {Body*}
term(A) ::= term2(B). { A = B; }
term(A) ::= term(L) UNION(X) set_all(Q) term2(R). { A = body_setop(p, 'U', POS(X), Q, L, R); }
term(A) ::= term(L) EXCEPT(X) set_all(Q) term2(R). { A = body_setop(p, 'E', POS(X), Q, L, R); }
%type term2 {Body*}
term2(A) ::= query_primary(B). { A = B; }
term2(A) ::= term2(L) INTERSECT(X) set_all(Q) query_primary(R). { A = body_setop(p, 'I', POS(X), Q, L, R); }
%type set_all {int}
set_all(A) ::= . { A = 0; }
set_all(A) ::= ALL. { A = 1; }
set_all(A) ::= DISTINCT. { A = 0; }

%type query_primary {Body*}
query_primary(A) ::= select(B). { A = B; }
query_primary(A) ::= TABLE(T) qname(N). { A = body_new(p, BODY_TABLE, POS(T)); A->table = N; }
query_primary(A) ::= VALUES(V) expr_list(L). { A = body_values(p, POS(V), L); }
query_primary(A) ::= LPQ(X) query_no_with(Q) RP. {
  A = body_new(p, BODY_QUERY, POS(X));
  A->query = Q;
  A->depth = query_depth(Q)+1;
  if( A->depth>TREE_DEPTH_MAX ) parse_too_deep(p, POS(X));
}

%type select {Body*}
select(A) ::= SELECT(S) set_quantifier(D) item_list(I) from_opt(F) where_opt(W)
              group_opt(G) having_opt(H) window_opt(N). {
  A = G;
  A->kind = BODY_SELECT;
  A->pos = POS(S);
  A->distinct = D;
  A->n_item = I.n; A->item = I.item;
  A->from = F; A->where = W; A->having = H;
  A->n_window = N.n; A->window = N.item;
  body_finish(p, A);
}
%type set_quantifier {int}
set_quantifier(A) ::= . { A = 0; }
set_quantifier(A) ::= DISTINCT. { A = 1; }
set_quantifier(A) ::= ALL. { A = 0; }
%type item_list {ItemList}
item_list(A) ::= item(X). { A = items_add(p, (ItemList){0,0,0}, X); }
item_list(A) ::= item_list(L) COMMA item(X). { A = items_add(p, L, X); }
%type item {SelectItem}
item(A) ::= mark(M) expr(E). { memset(&A, 0, sizeof(A)); A.pos = POS(M); A.e = E; }
item(A) ::= mark(M) expr(E) ident(N). {
  memset(&A, 0, sizeof(A));
  A.pos = POS(M); A.e = E; A.has_alias = 1; A.alias = N;
}
item(A) ::= mark(M) expr(E) AS ident(N). {
  memset(&A, 0, sizeof(A));
  A.pos = POS(M); A.e = E; A.has_alias = 1; A.alias = N;
}
item(A) ::= mark(M) STAR. { memset(&A, 0, sizeof(A)); A.pos = POS(M); A.star = 1; }
item(A) ::= mark(M) primary(E) DOT STAR. { memset(&A, 0, sizeof(A)); A.pos = POS(M); A.star = 2; A.e = E; }
item(A) ::= mark(M) primary(E) DOT STAR AS LP names(L) RP. {
  memset(&A, 0, sizeof(A));
  A.pos = POS(M); A.star = 2; A.e = E; A.columns = L;
}
/* The next token, without taking it: where something begins. */
%type mark {const Token*}
mark(A) ::= . { A = &p->list.token[p->at]; }

%type from_opt {Relation*}
from_opt(A) ::= . { A = 0; }
from_opt(A) ::= FROM relation_list(L). { A = L; }
%type relation_list {Relation*}
relation_list(A) ::= relation(R). { A = R; }
relation_list(A) ::= relation_list(L) COMMA relation(R). { A = relation_join(p, JOIN_IMPLICIT, L, R); }
%type where_opt {Expr*}
where_opt(A) ::= . { A = 0; }
where_opt(A) ::= WHERE expr(E). { A = E; }
%type having_opt {Expr*}
having_opt(A) ::= . { A = 0; }
having_opt(A) ::= HAVING expr(E). { A = E; }

%type group_opt {Body*}
group_opt(A) ::= . { A = body_new(p, BODY_SELECT, (Pos){0,0}); }
group_opt(A) ::= GROUP BY set_quantifier(Q) group_list(L). {
  A = body_new(p, BODY_SELECT, (Pos){0,0});
  A->has_group = 1; A->group_distinct = Q;
  A->n_group = L.n; A->group = L.item;
}
%type group_list {GroupList}
group_list(A) ::= group_item(X). { A = groups_add(p, (GroupList){0,0,0}, X); }
group_list(A) ::= group_list(L) COMMA group_item(X). { A = groups_add(p, L, X); }
%type group_item {GroupingElement}
group_item(A) ::= mark(M) group_set(S). {
  A.pos = POS(M); A.kind = GROUP_SIMPLE;
  SetList one = sets_add(p, (SetList){0,0,0}, S);
  A.n = 1; A.set = one.item;
}
group_item(A) ::= mark(M) ROLLUP LP exprs_opt(L) RP. {
  SetList sets = {0,0,0};
  for(int i=0; i<L.n; i++) sets = sets_add(p, sets, exprs_add(p, (ExprList){0,0,0}, L.e[i]));
  A.pos = POS(M); A.kind = GROUP_ROLLUP; A.n = sets.n; A.set = sets.item;
}
group_item(A) ::= mark(M) CUBE LP exprs_opt(L) RP. {
  SetList sets = {0,0,0};
  for(int i=0; i<L.n; i++) sets = sets_add(p, sets, exprs_add(p, (ExprList){0,0,0}, L.e[i]));
  A.pos = POS(M); A.kind = GROUP_CUBE; A.n = sets.n; A.set = sets.item;
}
group_item(A) ::= mark(M) GROUPING SETS LP set_list(L) RP. {
  A.pos = POS(M); A.kind = GROUP_SETS; A.n = L.n; A.set = L.item;
}
%type set_list {SetList}
set_list(A) ::= group_set(X). { A = sets_add(p, (SetList){0,0,0}, X); }
set_list(A) ::= set_list(L) COMMA group_set(X). { A = sets_add(p, L, X); }
%type group_set {ExprList}
group_set(A) ::= expr(E). [SET_LOW] { A = exprs_add(p, (ExprList){0,0,0}, E); }
group_set(A) ::= LP RP. { A = (ExprList){0,0,0}; }
group_set(A) ::= LPL RP. { A = (ExprList){0,0,0}; }
group_set(A) ::= LP expr(E) RP. [SET_HIGH] { A = exprs_add(p, (ExprList){0,0,0}, E); }
group_set(A) ::= LP expr(E) COMMA expr_list(L) RP. [SET_HIGH] {
  A = exprs_add(p, (ExprList){0,0,0}, E);
  for(int i=0; i<L.n; i++) A = exprs_add(p, A, L.e[i]);
}

/* ---- windows ----------------------------------------------------------- */
%type window_opt {WindowList}
window_opt(A) ::= . { A = (WindowList){0,0,0}; }
window_opt(A) ::= WINDOW window_list(L). { A = L; }
%type window_list {WindowList}
window_list(A) ::= window_def(X). { A = windows_add(p, (WindowList){0,0,0}, *X); }
window_list(A) ::= window_list(L) COMMA window_def(X). { A = windows_add(p, L, *X); }
%type window_def {Window*}
window_def(A) ::= ident(N) AS LP window_spec(W) RP. { A = W; A->name = N; }
%type window_spec {Window*}
window_spec(A) ::= mark(M) base_opt(B) partition_opt(P) order_opt(O) frame_opt(F) pattern_opt(R). {
  A = F;
  A->pos = POS(M);
  A->base = B; A->partition_by = P; A->order_by = O;
  if( R ) A->refused = R;
}
%type base_opt {Name}
base_opt(A) ::= . { A = no_name(); }
base_opt(A) ::= ident(N). { A = N; }
%type partition_opt {ExprList}
partition_opt(A) ::= . { A = (ExprList){0,0,0}; }
partition_opt(A) ::= PARTITION BY expr_list(L). { A = L; }
%type frame_opt {Window*}
frame_opt(A) ::= . { A = ARENA_NEW(p->arena, Window); }
frame_opt(A) ::= frame_kind(K) bound(S). {
  A = K;
  A->start = S.kind; A->start_value = S.value;
  A->end = BOUND_CURRENT;
}
frame_opt(A) ::= frame_kind(K) BETWEEN bound(S) AND bound(E). {
  A = K;
  A->start = S.kind; A->start_value = S.value;
  A->end = E.kind; A->end_value = E.value;
}
%type frame_kind {Window*}
frame_kind(A) ::= ROWS(X). { A = ARENA_NEW(p->arena, Window); A->frame = FRAME_ROWS; A->frame_pos = POS(X); }
frame_kind(A) ::= RANGE(X). { A = ARENA_NEW(p->arena, Window); A->frame = FRAME_RANGE; A->frame_pos = POS(X); }
frame_kind(A) ::= GROUPS(X). { A = ARENA_NEW(p->arena, Window); A->frame = FRAME_GROUPS; A->frame_pos = POS(X); }
%type bound {Bound}
bound(A) ::= UNBOUNDED PRECEDING. { A.kind = BOUND_UNBOUNDED_PRECEDING; A.value = 0; }
bound(A) ::= UNBOUNDED FOLLOWING. { A.kind = BOUND_UNBOUNDED_FOLLOWING; A.value = 0; }
bound(A) ::= CURRENT ROW. { A.kind = BOUND_CURRENT; A.value = 0; }
bound(A) ::= expr(E) PRECEDING. { A.kind = BOUND_PRECEDING; A.value = E; }
bound(A) ::= expr(E) FOLLOWING. { A.kind = BOUND_FOLLOWING; A.value = E; }
/* Row pattern recognition in a window: words.c leaves PATTERN ( … ) and what
** may stand beside it as one REST token. */
%type pattern_opt {const char*}
pattern_opt(A) ::= . { A = 0; }
pattern_opt(A) ::= REST. { A = "row pattern recognition in window"; }

/* ---- relations --------------------------------------------------------- */
%type relation {Relation*}
relation(A) ::= sampled(R). { A = R; }
relation(A) ::= relation(L) CROSS JOIN sampled(R). { A = relation_join(p, JOIN_CROSS, L, R); }
relation(A) ::= relation(L) join_type(K) JOIN relation(R) ON expr(E). {
  A = relation_join(p, (JoinKind)K, L, R);
  A->on = E;
}
relation(A) ::= relation(L) join_type(K) JOIN relation(R) USING LP names(N) RP. {
  A = relation_join(p, (JoinKind)K, L, R);
  A->using_ = N;
}
relation(A) ::= relation(L) NATURAL join_type(K) JOIN sampled(R). {
  A = relation_join(p, (JoinKind)K, L, R);
  A->natural = 1;
}
%type join_type {int}
join_type(A) ::= . { A = JOIN_INNER; }
join_type(A) ::= INNER. { A = JOIN_INNER; }
join_type(A) ::= LEFT outer_opt. { A = JOIN_LEFT; }
join_type(A) ::= RIGHT outer_opt. { A = JOIN_RIGHT; }
join_type(A) ::= FULL outer_opt. { A = JOIN_FULL; }
outer_opt ::= .
outer_opt ::= OUTER.
%type sampled {Relation*}
sampled(A) ::= aliased(R). { A = R; }
sampled(A) ::= aliased(R) TABLESAMPLE sample(S) LP expr(E) RP. {
  A = R;
  A->sample = S; A->sample_percent = E;
}
%type sample {const char*}
sample(A) ::= BERNOULLI. { A = "bernoulli"; }
sample(A) ::= SYSTEM. { A = "system"; }
%type aliased {Relation*}
aliased(A) ::= plain_aliased(R). { A = R; }
aliased(A) ::= plain_aliased(R) MATCH_RECOGNIZE(M) GROUP_TOKEN as_opt. {
  A = relation_new(p, REL_REFUSED, POS(M));
  A->text = "MATCH_RECOGNIZE";
  A->depth = R->depth;
}
as_opt ::= .
as_opt ::= ident columns_opt.
as_opt ::= AS ident columns_opt.
%type plain_aliased {Relation*}
plain_aliased(A) ::= relation_primary(R). { A = R; }
plain_aliased(A) ::= relation_primary(R) ident(N) columns_opt(C). { A = relation_alias(p, R, N, C); }
plain_aliased(A) ::= relation_primary(R) AS ident(N) columns_opt(C). { A = relation_alias(p, R, N, C); }
%type relation_primary {Relation*}
relation_primary(A) ::= mark(M) qname(N) version_opt(V). {
  A = relation_new(p, REL_TABLE, POS(M));
  A->table = N; A->version = V;
}
relation_primary(A) ::= LPQ(X) query(Q) RP. {
  A = relation_new(p, REL_SUBQUERY, POS(X));
  A->query = Q;
  A->depth = query_depth(Q)+1;
}
relation_primary(A) ::= UNNEST(X) LP expr_list(L) RP ordinality_opt(O). {
  A = relation_new(p, REL_UNNEST, POS(X));
  A->arg = L; A->ordinality = O;
}
relation_primary(A) ::= LATERAL(X) LPQ query(Q) RP. {
  A = relation_new(p, REL_LATERAL, POS(X));
  A->query = Q;
  A->depth = query_depth(Q)+1;
}
relation_primary(A) ::= LP relation(R) RP. { A = R; }
relation_primary(A) ::= TABLE(X) GROUP_TOKEN. {
  A = relation_new(p, REL_REFUSED, POS(X));
  A->text = "table function";
}
relation_primary(A) ::= JSON_TABLE(X) GROUP_TOKEN. {
  A = relation_new(p, REL_REFUSED, POS(X));
  A->text = "JSON_TABLE";
}
%type ordinality_opt {int}
ordinality_opt(A) ::= . { A = 0; }
ordinality_opt(A) ::= WITH_ORDINALITY ORDINALITY. { A = 1; }
%type version_opt {const char*}
version_opt(A) ::= . { A = 0; }
version_opt(A) ::= FOR TIMESTAMP AS OF vexpr. { A = "FOR TIMESTAMP AS OF"; }
version_opt(A) ::= FOR VERSION AS OF vexpr. { A = "FOR VERSION AS OF"; }

/* ---- expressions ------------------------------------------------------- */
%type expr_list {ExprList}
expr_list(A) ::= expr(E). { A = exprs_add(p, (ExprList){0,0,0}, E); }
expr_list(A) ::= expr_list(L) COMMA expr(E). { A = exprs_add(p, L, E); }
%type exprs_opt {ExprList}
exprs_opt(A) ::= . { A = (ExprList){0,0,0}; }
exprs_opt(A) ::= expr_list(L). { A = L; }

%type expr {Expr*}
expr(A) ::= or_expr(E). { A = E; }
expr(A) ::= ident(N) ARROW expr(E). {
  A = expr_1(p, EXPR_LAMBDA, N.pos, E);
  A->param = names_add(p, (NameList){0,0,0}, N);
}
expr(A) ::= LPL(X) RP ARROW expr(E). { A = expr_1(p, EXPR_LAMBDA, POS(X), E); }
expr(A) ::= LPL(X) names(L) RP ARROW expr(E). { A = expr_1(p, EXPR_LAMBDA, POS(X), E); A->param = L; }

%type or_expr {Expr*}
or_expr(A) ::= and_expr(E). { A = E; }
or_expr(A) ::= or_expr(L) OR and_expr(R). { A = expr_logical(p, EXPR_OR, L, R); }
%type and_expr {Expr*}
and_expr(A) ::= not_expr(E). { A = E; }
and_expr(A) ::= and_expr(L) AND not_expr(R). { A = expr_logical(p, EXPR_AND, L, R); }
%type not_expr {Expr*}
not_expr(A) ::= predicated(E). { A = E; }
not_expr(A) ::= NOT(X) not_expr(E). { A = expr_1(p, EXPR_NOT, POS(X), E); }

%type predicated {Expr*}
predicated(A) ::= vexpr(E). { A = E; }
predicated(A) ::= vexpr(L) compare(O) vexpr(R). { A = expr_op(p, EXPR_COMPARE, POS(O), compare_op(O), L, R); A->start = L->start; }
predicated(A) ::= vexpr(L) compare(O) quantifier(K) LPQ query(Q) RP. {
  A = expr_1(p, EXPR_QUANTIFIED, POS(O), L);
  A->op = compare_op(O);
  A->quantifier = K;
  A->query = Q;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) mark(M) not_opt(N) BETWEEN vexpr(B) AND vexpr(C). {
  A = expr_3(p, EXPR_BETWEEN, POS(M), L, B, C);
  A->negated = N;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) mark(M) not_opt(N) IN LP expr_list(B) RP. {
  A = expr_in(p, POS(M), L, B);
  A->negated = N;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) mark(M) not_opt(N) IN LPQ query(Q) RP. {
  A = expr_1(p, EXPR_IN_QUERY, POS(M), L);
  A->negated = N;
  A->query = Q;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) mark(M) not_opt(N) LIKE vexpr(B). {
  A = expr_2(p, EXPR_LIKE, POS(M), L, B);
  A->negated = N;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) mark(M) not_opt(N) LIKE vexpr(B) ESCAPE vexpr(C). {
  A = expr_3(p, EXPR_LIKE, POS(M), L, B, C);
  A->negated = N;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) IS(X) not_opt(N) NULL. {
  A = expr_1(p, EXPR_IS_NULL, POS(X), L);
  A->negated = N;
  A->start = L->start;
}
predicated(A) ::= vexpr(L) IS(X) not_opt(N) DISTINCT FROM vexpr(R). {
  A = expr_op(p, EXPR_COMPARE, POS(X), N ? OP_NOT_DISTINCT : OP_DISTINCT, L, R);
  A->start = L->start;
}
%type not_opt {int}
not_opt(A) ::= . { A = 0; }
not_opt(A) ::= NOT. { A = 1; }
%type compare {const Token*}
compare(A) ::= COMPARE(X). { A = X; }
%type quantifier {int}
quantifier(A) ::= Q_ALL. { A = QUANTIFIER_ALL; }
quantifier(A) ::= Q_ANY. { A = QUANTIFIER_ANY; }

%type vexpr {Expr*}
vexpr(A) ::= additive(E). { A = E; }
vexpr(A) ::= vexpr(L) CONCAT(X) additive(R). { A = expr_op(p, EXPR_BINARY_OP, POS(X), OP_CONCAT, L, R); }
%type additive {Expr*}
additive(A) ::= product(E). { A = E; }
additive(A) ::= additive(L) PLUS(X) product(R). { A = expr_op(p, EXPR_BINARY_OP, POS(X), '+', L, R); }
additive(A) ::= additive(L) MINUS(X) product(R). { A = expr_op(p, EXPR_BINARY_OP, POS(X), '-', L, R); }
%type product {Expr*}
product(A) ::= unary(E). { A = E; }
product(A) ::= product(L) STAR(X) unary(R). { A = expr_op(p, EXPR_BINARY_OP, POS(X), '*', L, R); }
product(A) ::= product(L) SLASH(X) unary(R). { A = expr_op(p, EXPR_BINARY_OP, POS(X), '/', L, R); }
product(A) ::= product(L) PERCENT(X) unary(R). { A = expr_op(p, EXPR_BINARY_OP, POS(X), '%', L, R); }
%type unary {Expr*}
unary(A) ::= zoned(E). { A = E; }
unary(A) ::= MINUS(X) unary(E). { A = expr_1(p, EXPR_UNARY, POS(X), E); A->op = '-'; }
unary(A) ::= PLUS(X) unary(E). { A = expr_1(p, EXPR_UNARY, POS(X), E); A->op = '+'; }
%type zoned {Expr*}
zoned(A) ::= primary(E). { A = E; }
zoned(A) ::= zoned(E) AT(X) TIME ZONE interval(I). {
  A = expr_2(p, EXPR_AT_TIME_ZONE, POS(X), E, I);
  A->start = E->start;
}
zoned(A) ::= zoned(E) AT(X) TIME ZONE STRING(S). {
  A = expr_2(p, EXPR_AT_TIME_ZONE, POS(X), E, expr_string(p, S));
  A->start = E->start;
}

%type interval {Expr*}
interval(A) ::= INTERVAL(X) sign(G) STRING(S) field(F). { A = expr_interval(p, X, G, S, F, 0); }
interval(A) ::= INTERVAL(X) sign(G) STRING(S) field(F) TO field(T). { A = expr_interval(p, X, G, S, F, T); }
%type sign {int}
sign(A) ::= . { A = 1; }
sign(A) ::= PLUS. { A = 1; }
sign(A) ::= MINUS. { A = -1; }
%type field {const char*}
field(A) ::= YEAR. { A = "year"; }
field(A) ::= MONTH. { A = "month"; }
field(A) ::= DAY. { A = "day"; }
field(A) ::= HOUR. { A = "hour"; }
field(A) ::= MINUTE. { A = "minute"; }
field(A) ::= SECOND. { A = "second"; }

%type primary {Expr*}
primary(A) ::= NULL(X). { A = expr_new(p, EXPR_NULL, POS(X)); }
primary(A) ::= TRUE(X). { A = expr_new(p, EXPR_BOOL, POS(X)); A->value = value_int(1); }
primary(A) ::= FALSE(X). { A = expr_new(p, EXPR_BOOL, POS(X)); A->value = value_int(0); }
primary(A) ::= interval(E). { A = E; }
primary(A) ::= ident(N) STRING(S). { A = expr_typed_literal(p, N.pos, N.text, S); }
primary(A) ::= DOUBLE_PRECISION(X) PRECISION STRING(S). { A = expr_typed_literal(p, POS(X), "double", S); }
primary(A) ::= INTEGER(X). { A = expr_number(p, 0, X); }
primary(A) ::= DECIMAL(X). { A = expr_number(p, 0, X); }
primary(A) ::= DOUBLE(X). { A = expr_number(p, 0, X); }
/* -1 is a literal, not a negation (words.c says which minus it is). */
primary(A) ::= NEGATIVE(M) INTEGER(X). { A = expr_number(p, M, X); }
primary(A) ::= NEGATIVE(M) DECIMAL(X). { A = expr_number(p, M, X); }
primary(A) ::= NEGATIVE(M) DOUBLE(X). { A = expr_number(p, M, X); }
primary(A) ::= STRING(X). { A = expr_string(p, X); }
primary(A) ::= BINARY(X). { A = expr_binary_literal(p, X); }
primary(A) ::= PARAM(X). { A = expr_parameter(p, X); }
primary(A) ::= POSITION(X) LP vexpr(L) IN vexpr(R) RP. { A = expr_2(p, EXPR_POSITION, POS(X), L, R); }
primary(A) ::= LP(X) expr(E) COMMA expr_list(L) RP. [SET_LOW] {
  ExprList all = exprs_add(p, (ExprList){0,0,0}, E);
  for(int i=0; i<L.n; i++) all = exprs_add(p, all, L.e[i]);
  A = expr_n(p, EXPR_ROW, POS(X), all);
}
primary(A) ::= ROW(X) LP expr_list(L) RP. { A = expr_n(p, EXPR_ROW, POS(X), L); A->op = 1; }
primary(A) ::= LP(X) expr(E) RP. [SET_LOW] { A = E; A->parenthesized = 1; A->start = POS(X); }
primary(A) ::= LPQ(X) query(Q) RP. { A = expr_query(p, EXPR_SUBQUERY, POS(X), Q); }
primary(A) ::= EXISTS(X) LPQ query(Q) RP. { A = expr_query(p, EXPR_EXISTS, POS(X), Q); }
primary(A) ::= CASE(X) expr(O) when_list(L) else_opt(E) END. { A = expr_case(p, POS(X), O, L, E); }
primary(A) ::= CASE(X) when_list(L) else_opt(E) END. { A = expr_case(p, POS(X), 0, L, E); }
primary(A) ::= CAST(X) LP expr(E) AS type(T) RP. { A = expr_1(p, EXPR_CAST, POS(X), E); A->type_name = T; }
primary(A) ::= TRY_CAST(X) LP expr(E) AS type(T) RP. {
  A = expr_1(p, EXPR_CAST, POS(X), E);
  A->type_name = T;
  A->op = 1;
}
primary(A) ::= ARRAY(X) LBRACKET exprs_opt(L) RBRACKET. { A = expr_n(p, EXPR_ARRAY, POS(X), L); }
primary(A) ::= primary(B) LBRACKET vexpr(I) RBRACKET. { A = expr_2(p, EXPR_SUBSCRIPT, B->start, B, I); }
primary(A) ::= ident(N). { A = expr_name(p, N); }
primary(A) ::= primary(B) DOT ident(N). { A = expr_field(p, B, N); }
primary(A) ::= CURRENT_WORD(X). { A = expr_current(p, X, 0); }
primary(A) ::= CURRENT_TIME_WORD(X). { A = expr_current(p, X, 0); }
primary(A) ::= CURRENT_TIME_WORD(X) LP INTEGER(N) RP. { A = expr_current(p, X, N); }
primary(A) ::= TRIM(X) LP vexpr(S) RP. { A = expr_trim(p, POS(X), 0, 0, 0, S); }
primary(A) ::= TRIM(X) LP vexpr(S) COMMA vexpr(C) RP. { A = expr_trim(p, POS(X), 0, 2, C, S); }
primary(A) ::= TRIM(X) LP FROM vexpr(S) RP. { A = expr_trim(p, POS(X), 0, 1, 0, S); }
primary(A) ::= TRIM(X) LP vexpr(C) FROM vexpr(S) RP. { A = expr_trim(p, POS(X), 0, 1, C, S); }
primary(A) ::= TRIM(X) LP trim_kind(K) FROM vexpr(S) RP. { A = expr_trim(p, POS(X), K, 1, 0, S); }
primary(A) ::= TRIM(X) LP trim_kind(K) vexpr(C) FROM vexpr(S) RP. { A = expr_trim(p, POS(X), K, 1, C, S); }
%type trim_kind {const Token*}
trim_kind(A) ::= BOTH(X). { A = X; }
trim_kind(A) ::= LEADING(X). { A = X; }
trim_kind(A) ::= TRAILING(X). { A = X; }
primary(A) ::= SUBSTRING(X) LP vexpr(S) FROM vexpr(F) RP. { A = expr_2(p, EXPR_SUBSTRING, POS(X), S, F); }
primary(A) ::= SUBSTRING(X) LP vexpr(S) FROM vexpr(F) FOR vexpr(L) RP. {
  A = expr_3(p, EXPR_SUBSTRING, POS(X), S, F, L);
}
primary(A) ::= NORMALIZE(X) LP vexpr(S) RP. { A = expr_1(p, EXPR_NORMALIZE, POS(X), S); }
primary(A) ::= NORMALIZE(X) LP vexpr(S) COMMA normal_form(F) RP. {
  A = expr_1(p, EXPR_NORMALIZE, POS(X), S);
  A->name = name_new(p, F);
}
%type normal_form {const Token*}
normal_form(A) ::= NFC(X). { A = X; }
normal_form(A) ::= NFD(X). { A = X; }
normal_form(A) ::= NFKC(X). { A = X; }
normal_form(A) ::= NFKD(X). { A = X; }
primary(A) ::= EXTRACT(X) LP ident(F) FROM vexpr(E) RP. { A = expr_extract(p, POS(X), F, E); }
primary(A) ::= GROUPING(X) LP grouping_args(L) RP. { A = expr_n(p, EXPR_GROUPING, POS(X), L); }
%type grouping_args {ExprList}
grouping_args(A) ::= . { A = (ExprList){0,0,0}; }
grouping_args(A) ::= grouping_list(L). { A = L; }
%type grouping_list {ExprList}
grouping_list(A) ::= grouping_arg(E). { A = exprs_add(p, (ExprList){0,0,0}, E); }
grouping_list(A) ::= grouping_list(L) COMMA grouping_arg(E). { A = exprs_add(p, L, E); }
%type grouping_arg {Expr*}
grouping_arg(A) ::= ident(N). { A = expr_name(p, N); }
grouping_arg(A) ::= grouping_arg(B) DOT ident(N). { A = expr_field(p, B, N); }

%type when_list {ExprList}
when_list(A) ::= WHEN expr(C) THEN expr(V). {
  A = exprs_add(p, exprs_add(p, (ExprList){0,0,0}, C), V);
}
when_list(A) ::= when_list(L) WHEN expr(C) THEN expr(V). { A = exprs_add(p, exprs_add(p, L, C), V); }
%type else_opt {Expr*}
else_opt(A) ::= . { A = 0; }
else_opt(A) ::= ELSE expr(E). { A = E; }

/* Calls. */
%type call {Expr*}
call(A) ::= fname(N) LP exprs_opt(L) order_opt(O) RP. { A = expr_call(p, N, L); A->order_by = O; }
call(A) ::= fname(N) LP DISTINCT expr_list(L) order_opt(O) RP. {
  A = expr_call(p, N, L);
  A->order_by = O;
  A->distinct = 1;
}
call(A) ::= fname(N) LP ALL expr_list(L) order_opt(O) RP. { A = expr_call(p, N, L); A->order_by = O; }
call(A) ::= fname(N) LP STAR RP. { A = expr_call(p, N, (ExprList){0,0,0}); A->star = 1; }
call(A) ::= fname LP LABEL(L) DOT STAR RP. { A = expr_refused(p, POS(L), "label.*"); }
primary(A) ::= call(C) tail(T). {
  A = C;
  A->filter = T.filter; A->over = T.over; A->nulls = T.nulls;
  expr_finish_call(p, A);
}
primary(A) ::= RUNNING(X) call tail. { A = expr_refused(p, POS(X), "RUNNING"); }
primary(A) ::= FINAL(X) call tail. { A = expr_refused(p, POS(X), "FINAL"); }
primary(A) ::= ident(N) over(W). { A = expr_refused(p, N.pos, "measure"); (void)W; }
%type tail {Tail}
tail(A) ::= filter_opt(F). { A.filter = F; A.over = 0; A.nulls = NULLS_NONE; }
tail(A) ::= filter_opt(F) over(W). { A.filter = F; A.over = W; A.nulls = NULLS_NONE; }
tail(A) ::= filter_opt(F) IGNORE NULLS over(W). { A.filter = F; A.over = W; A.nulls = NULLS_IGNORE; }
tail(A) ::= filter_opt(F) RESPECT NULLS over(W). { A.filter = F; A.over = W; A.nulls = NULLS_RESPECT; }
%type filter_opt {Expr*}
filter_opt(A) ::= . { A = 0; }
filter_opt(A) ::= FILTER LP WHERE expr(E) RP. { A = E; }
%type over {Window*}
over(A) ::= OVER LP window_spec(W) RP. { A = W; }
over(A) ::= OVER ident(N). { A = ARENA_NEW(p->arena, Window); A->pos = N.pos; A->name = N; A->reference = 1; }

primary(A) ::= LISTAGG(X) LP set_quantifier(D) expr(E) listagg_separator(S) overflow(O) RP
               WITHIN GROUP LP ORDER BY sort_list(L) RP. {
  ExprList args = exprs_add(p, (ExprList){0,0,0}, E);
  if( S ) args = exprs_add(p, args, expr_string(p, S));
  A = expr_call(p, names_add(p, (NameList){0,0,0}, name_new(p, X)), args);
  A->pos = POS(X);
  A->distinct = D;
  A->order_by = L;
  A->within_group = 1;
  A->text = O;
  expr_finish_call(p, A);
}
%type listagg_separator {const Token*}
listagg_separator(A) ::= . { A = 0; }
listagg_separator(A) ::= COMMA STRING(S). { A = S; }
/* Kept as text: NULL, "error", or "truncate|count|filler". */
%type overflow {const char*}
overflow(A) ::= . { A = 0; }
overflow(A) ::= ON OVERFLOW ERROR. { A = "error"; }
overflow(A) ::= ON OVERFLOW TRUNCATE count_indication(C). { A = text_join(p, "truncate|%s|...", C); }
overflow(A) ::= ON OVERFLOW TRUNCATE STRING(S) count_indication(C). {
  A = text_join(p, "truncate|%s|%s", C, token_unquote(p->arena, S, LEX_TRINO, 0));
}
%type count_indication {const char*}
count_indication(A) ::= WITH COUNT. { A = "with"; }
count_indication(A) ::= WITHOUT COUNT. { A = "without"; }

/* SQL/JSON. */
%type json_path {JsonClauses*}
json_path(A) ::= json_value(V) COMMA STRING(S) path_name_opt passing_opt(L). {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->input = V.value; A->input_format = V.format_json; A->input_encoding = V.encoding;
  A->path = token_unquote(p->arena, S, LEX_TRINO, 0);
  A->path_pos = POS(S);
  A->n_passing = L.n; A->passing = L.item;
}
path_name_opt ::= .
path_name_opt ::= AS ident.
%type passing_opt {JsonList}
passing_opt(A) ::= . { A = (JsonList){0,0,0}; }
passing_opt(A) ::= PASSING json_args(L). { A = L; }
%type json_args {JsonList}
json_args(A) ::= json_value(V) AS ident(N). { V.name = N; A = jsons_add(p, (JsonList){0,0,0}, V); }
json_args(A) ::= json_args(L) COMMA json_value(V) AS ident(N). { V.name = N; A = jsons_add(p, L, V); }
%type json_value {JsonArg}
json_value(A) ::= expr(E). { memset(&A, 0, sizeof(A)); A.value = E; }
json_value(A) ::= expr(E) FORMAT encoding(C). {
  memset(&A, 0, sizeof(A));
  A.value = E; A.format_json = 1; A.encoding = C;
}
%type encoding {const char*}
encoding(A) ::= JSON. { A = 0; }
encoding(A) ::= JSON ENCODING UTF8. { A = "utf8"; }
encoding(A) ::= JSON ENCODING UTF16. { A = "utf16"; }
encoding(A) ::= JSON ENCODING UTF32. { A = "utf32"; }

%type json_expr {Expr*}
json_expr(A) ::= JSON_EXISTS(X) LP json_path(J) exists_error(E) RP. {
  A = expr_1(p, EXPR_JSON, POS(X), J->input);
  A->name = name_new(p, X); A->json = J;
  J->on_error = E;
}
json_expr(A) ::= JSON_VALUE(X) LP json_path(J) returning_opt(T) value_behaviours(B) RP. {
  A = expr_1(p, EXPR_JSON, POS(X), J->input);
  A->name = name_new(p, X); A->json = J;
  J->returning = T->returning;
  J->on_empty = B->on_empty; J->on_error = B->on_error;
  J->default_empty = B->default_empty; J->default_error = B->default_error;
}
json_expr(A) ::= JSON_QUERY(X) LP json_path(J) returning_format(T) wrapper_opt(W) quotes_opt(Q)
                 query_behaviours(B) RP. {
  A = expr_1(p, EXPR_JSON, POS(X), J->input);
  A->name = name_new(p, X); A->json = J;
  J->returning = T->returning; J->returning_format = T->returning_format;
  J->returning_encoding = T->returning_encoding;
  J->wrapper = W; J->quotes = Q;
  J->on_empty = B->on_empty; J->on_error = B->on_error;
}
json_expr(A) ::= JSON_OBJECT(X) LP object_body(B) returning_format(T) RP. {
  A = expr_new(p, EXPR_JSON, POS(X));
  A->name = name_new(p, X); A->json = B;
  for(int i=0; i<B->n_member; i++){
    expr_depth(p, A, B->member[i].key);
    expr_depth(p, A, B->member[i].value);
  }
  B->returning = T->returning; B->returning_format = T->returning_format;
  B->returning_encoding = T->returning_encoding;
}
json_expr(A) ::= JSON_ARRAY(X) LP array_body(B) returning_format(T) RP. {
  A = expr_new(p, EXPR_JSON, POS(X));
  A->name = name_new(p, X); A->json = B;
  for(int i=0; i<B->n_member; i++) expr_depth(p, A, B->member[i].value);
  B->returning = T->returning; B->returning_format = T->returning_format;
  B->returning_encoding = T->returning_encoding;
}
primary(A) ::= json_expr(E). { A = E; }
%type exists_error {int}
exists_error(A) ::= . { A = 0; }
exists_error(A) ::= TRUE ON ERROR. { A = 'T'; }
exists_error(A) ::= FALSE ON ERROR. { A = 'F'; }
exists_error(A) ::= UNKNOWN ON ERROR. { A = 'U'; }
exists_error(A) ::= ERROR ON ERROR. { A = 'E'; }
%type returning_opt {JsonClauses*}
returning_opt(A) ::= . { A = ARENA_NEW(p->arena, JsonClauses); }
returning_opt(A) ::= RETURNING type(T). { A = ARENA_NEW(p->arena, JsonClauses); A->returning = T; }
%type returning_format {JsonClauses*}
returning_format(A) ::= returning_opt(T). { A = T; }
returning_format(A) ::= RETURNING type(T) FORMAT encoding(C). {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->returning = T; A->returning_format = 1; A->returning_encoding = C;
}
%type value_behaviour {Behaviour}
value_behaviour(A) ::= ERROR. { A.kind = 'E'; A.value = 0; }
value_behaviour(A) ::= NULL. { A.kind = 'N'; A.value = 0; }
value_behaviour(A) ::= DEFAULT expr(E). { A.kind = 'D'; A.value = E; }
%type value_behaviours {JsonClauses*}
value_behaviours(A) ::= . { A = ARENA_NEW(p->arena, JsonClauses); }
value_behaviours(A) ::= value_behaviour(B) ON EMPTY. {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->on_empty = B.kind; A->default_empty = B.value;
}
value_behaviours(A) ::= value_behaviour(B) ON ERROR. {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->on_error = B.kind; A->default_error = B.value;
}
value_behaviours(A) ::= value_behaviour(B) ON EMPTY value_behaviour(C) ON ERROR. {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->on_empty = B.kind; A->default_empty = B.value;
  A->on_error = C.kind; A->default_error = C.value;
}
%type query_behaviour {int}
query_behaviour(A) ::= ERROR. { A = 'E'; }
query_behaviour(A) ::= NULL. { A = 'N'; }
query_behaviour(R) ::= EMPTY ARRAY_WORD. { R = 'A'; }
query_behaviour(A) ::= EMPTY OBJECT. { A = 'O'; }
%type query_behaviours {JsonClauses*}
query_behaviours(A) ::= . { A = ARENA_NEW(p->arena, JsonClauses); }
query_behaviours(A) ::= query_behaviour(B) ON EMPTY. { A = ARENA_NEW(p->arena, JsonClauses); A->on_empty = B; }
query_behaviours(A) ::= query_behaviour(B) ON ERROR. { A = ARENA_NEW(p->arena, JsonClauses); A->on_error = B; }
query_behaviours(A) ::= query_behaviour(B) ON EMPTY query_behaviour(C) ON ERROR. {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->on_empty = B; A->on_error = C;
}
%type wrapper_opt {int}
wrapper_opt(A) ::= . { A = 0; }
wrapper_opt(A) ::= WITHOUT array_opt WRAPPER. { A = 1; }
wrapper_opt(A) ::= WITH array_opt WRAPPER. { A = 2; }
wrapper_opt(A) ::= WITH UNCONDITIONAL array_opt WRAPPER. { A = 2; }
wrapper_opt(A) ::= WITH CONDITIONAL array_opt WRAPPER. { A = 3; }
array_opt ::= .
array_opt ::= ARRAY_WORD.
%type quotes_opt {int}
quotes_opt(A) ::= . { A = 0; }
quotes_opt(A) ::= KEEP QUOTES scalar_opt. { A = 1; }
quotes_opt(A) ::= OMIT QUOTES scalar_opt. { A = 2; }
scalar_opt ::= .
scalar_opt ::= ON SCALAR TEXT_STRING.
%type object_body {JsonClauses*}
object_body(A) ::= . { A = ARENA_NEW(p->arena, JsonClauses); }
object_body(A) ::= member_list(L) json_nulls(N) unique_opt(U). {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->n_member = L.n; A->member = L.item;
  A->nulls = N; A->unique_keys = U;
}
%type member_list {JsonList}
member_list(A) ::= member(M). { A = jsons_add(p, (JsonList){0,0,0}, M); }
member_list(A) ::= member_list(L) COMMA member(M). { A = jsons_add(p, L, M); }
%type member {JsonArg}
member(A) ::= expr(K) VALUE json_value(V). { A = V; A.key = K; }
member(A) ::= KEY expr(K) VALUE json_value(V). { A = V; A.key = K; }
member(A) ::= expr(K) COLON json_value(V). { A = V; A.key = K; }
%type json_nulls {int}
json_nulls(A) ::= . { A = 0; }
json_nulls(A) ::= NULL ON NULL. { A = 1; }
json_nulls(A) ::= ABSENT ON NULL. { A = 2; }
%type unique_opt {int}
unique_opt(A) ::= . { A = 0; }
unique_opt(A) ::= WITH UNIQUE keys_opt. { A = 1; }
unique_opt(A) ::= WITHOUT UNIQUE keys_opt. { A = 0; }
keys_opt ::= .
keys_opt ::= KEYS.
%type array_body {JsonClauses*}
array_body(A) ::= . { A = ARENA_NEW(p->arena, JsonClauses); }
array_body(A) ::= element_list(L) json_nulls(N). {
  A = ARENA_NEW(p->arena, JsonClauses);
  A->n_member = L.n; A->member = L.item;
  A->nulls = N;
}
%type element_list {JsonList}
element_list(A) ::= json_value(V). { A = jsons_add(p, (JsonList){0,0,0}, V); }
element_list(A) ::= element_list(L) COMMA json_value(V). { A = jsons_add(p, L, V); }

/* ---- types ------------------------------------------------------------- */
%type type {TypeName*}
type(A) ::= mark(M) type_text(T). { A = type_name_new(p, POS(M), T); }
%type type_text {const char*}
type_text(A) ::= ROW_TYPE LP row_fields(L) RP. { A = text_join(p, "row(%s)", L); }
type_text(A) ::= INTERVAL_TYPE field(F). { A = text_join(p, "interval %s", F); }
type_text(A) ::= INTERVAL_TYPE field(F) TO field(T). { A = text_join(p, "interval %s to %s", F, T); }
type_text(A) ::= time_word(B) precision(N) zone(Z). { A = text_join(p, "%s%s%s", B, N, Z); }
%type time_word {const char*}
time_word(A) ::= TIME_TYPE. { A = "time"; }
time_word(A) ::= TIMESTAMP_TYPE. { A = "timestamp"; }
%type precision {const char*}
precision(A) ::= . { A = ""; }
precision(A) ::= LP type_param(N) RP. { A = text_join(p, "(%s)", N); }
%type zone {const char*}
zone(A) ::= . { A = ""; }
zone(A) ::= WITHOUT_ZONE TIME ZONE. { A = ""; }
zone(A) ::= WITH_ZONE TIME ZONE. { A = " with time zone"; }
type_text(A) ::= DOUBLE_PRECISION PRECISION. { A = "double"; }
type_text(A) ::= ARRAY_LT LT type_text(T) GT. { A = text_join(p, "array(%s)", T); }
type_text(A) ::= MAP_LT LT type_text(K) COMMA type_text(V) GT. { A = text_join(p, "map(%s, %s)", K, V); }
type_text(A) ::= type_text(T) ARRAY_SUFFIX. { A = text_join(p, "array(%s)", T); }
type_text(A) ::= type_text(T) ARRAY_SUFFIX LBRACKET INTEGER RBRACKET. { A = text_join(p, "array(%s)", T); }
type_text(A) ::= TYPE_NAME(X). { A = name_new(p, X).lower; }
type_text(A) ::= TYPE_NAME(X) LP type_params(L) RP. { A = text_join(p, "%s(%s)", name_new(p, X).lower, L); }
%type type_params {const char*}
type_params(A) ::= type_param(T). { A = T; }
type_params(A) ::= type_params(L) COMMA type_param(T). { A = text_join(p, "%s, %s", L, T); }
%type type_param {const char*}
type_param(A) ::= INTEGER(X). { A = arena_strndup(p->arena, X->z, (size_t)X->n); }
type_param(A) ::= type_text(T). { A = T; }
%type row_fields {const char*}
row_fields(A) ::= row_field(F). { A = F; }
row_fields(A) ::= row_fields(L) COMMA row_field(F). { A = text_join(p, "%s, %s", L, F); }
%type row_field {const char*}
row_field(A) ::= type_text(T). { A = T; }
row_field(A) ::= FIELD_NAME(X) type_text(T). {
  Name n = name_new(p, X);
  A = n.quoted ? text_join(p, "%.*s %s", X->n, X->z, T) : text_join(p, "%s %s", n.lower, T);
}

%code {
#include "automaton.h"

static int is_name_code(int code){
  return code==TT_ID || code==TT_FNAME || code==TT_TYPE_NAME || code==TT_FIELD_NAME || code==TT_LABEL;
}

/* Names that Trino's lexer knows only to refuse them. */
static void check_name(Parse *p, const Token *t){
  if( t->kind==LEX_BACKQUOTED ){
    parse_fail(p, "MALFORMED_QUERY", t->pos,
      "backquoted identifiers are not supported; use double quotes to quote identifiers");
  }else if( t->kind==LEX_DIGIT_WORD ){
    parse_fail(p, "MALFORMED_QUERY", t->pos,
      "identifiers must not start with a digit; surround the identifier with double quotes");
  }else if( t->kind==LEX_QUOTED && t->n==2 ){
    parse_fail(p, "MALFORMED_QUERY", t->pos, "Zero-length delimited identifier not allowed");
  }
}

static void note_expected(Parse *p, const yyParser *y){
  char *accepted = arena_alloc(p->arena, YYNTOKEN);
  for(int code=0; code<YYNTOKEN; code++) accepted[code] = (char)accepts(y, code);
  p->expecting = expect_list(p, accepted, YYNTOKEN);
}

void trino_run(Parse *p){
  yyParser *y = arena_alloc_raw(p->arena, sizeof(yyParser));
  trinoInit(y, p);
  for(int i=0; i<p->list.n && !p->failed; ){
    Token *t = &p->list.token[i];
    int code = t->kind==LEX_END ? accepts(y, 0)-1 : choose_code(y, t);
    p->at = i;
    if( is_name_code(code) ) check_name(p, t);
    if( p->failed ) break;
    if( code<0 || (p->stop_at>0 && i>=p->stop_at) ){
      p->failed = 1;
      note_expected(p, y);
      break;
    }
    t->code = code;
    trino(y, code, t);
    i = t->jump && (code==TT_GROUP_TOKEN || code==TT_REST || code==TT_STRING) ? t->jump : i+1;
  }
}
}
%token NEVER RESERVED.
