/*
** The analyser and the emitter: from the syntax tree (tree.h) to SQLite SQL.
**
** How it is divided (one job a file):
**   compile.c           athena_compile: parse, analyse, emit; what a statement reads
**   analyse_scope.c     scopes, fields, name resolution, errors by longjmp
**   analyse_expr.c      types of expressions: names, operators, predicates
**   analyse_form.c      ROW, ARRAY, CASE, CAST, EXTRACT, TRIM …
**   analyse_subquery.c  subqueries in expressions
**   analyse_same.c      when two expressions are the same value
**   analyse_literal.c   literals become values
**   analyse_call.c      function calls: special forms, scalar functions, lambdas
**   analyse_relation.c  FROM: tables, views, WITH names, joins, UNNEST, LATERAL
**   analyse_query.c     queries: WITH, VALUES, set operations, LIMIT
**   analyse_select.c    SELECT, its items, WHERE, ORDER BY
**   analyse_group.c     GROUP BY, grouping sets, legality of aggregation
**   analyse_window.c    WINDOW, OVER, frames, window functions
**   analyse_correlated.c which correlated subqueries the engine refuses
**   analyse_json.c      SQL/JSON functions
**   analyse_format.c    expressions as Trino prints them in messages
**   emit_type.c         what depends on types only: constants, coercions, keys
**   emit_expr.c         an analysed expression as SQL text or as a program
**   emit_logic.c        AND, OR, conditions; what may raise an error
**   emit_subquery.c     subqueries in expressions
**   emit_call.c         calls, lambdas and TRY (programs), aggregates
**   emit_window.c       window calls
**   emit_group.c        GROUP BY and DISTINCT by t_group (vtab/group.h)
**   emit_native.c       rows that t_group reads without SQLite
**   emit_query.c        SELECT, grouping sets, set operations, ORDER BY, LIMIT
**   emit_relation.c     FROM
**
** The analyser writes into the tree: Expr.type, Expr.sem (Sem below), EXPR_COERCE
** nodes around operands that are coerced implicitly, and `sem` of Query, Body,
** Relation, With and Window.  Literals become values (Expr.value, SEM_VALUE).
** It never evaluates anything but literals.
**
** The emitter returns text in the arena.  Every query comes out as a SELECT
** whose columns are named c0, c1, …; every relation has an alias r<id>, unique
** in the statement; a Field knows the SQL text that reads it (Field.sql, for
** instance `r3.c1`).  A SELECT that aggregates is emitted as two: the inner one
** has the group keys (g0, …) and the aggregates (a0, …), the outer one, with
** alias r<Select.id>, everything that comes after; Select.stage says which of
** the two is being written, so that a column of an outer query reads the right
** one.  Derived tables become WITH entries of the nearest SELECT that can hold
** them, because SQLite's parser stops at a nesting of about 15.
**
** Errors leave by an_fail() and an_refuse(): longjmp to compile.c.
*/
#ifndef TARN_ANALYSER_H
#define TARN_ANALYSER_H
#include <setjmp.h>
#include "athena.h"
#include "../../vtab/fn/resolve.h"

#define DEPTH_MAX 400           /* nesting of expressions and of queries */
#define COLUMN_MAX 2000         /* SQLite's limit of columns */
#define GROUPING_SET_MAX 256    /* grouping sets of one SELECT */
#define EXPANSION_MAX 5000       /* SELECTs of a statement with WITH and views expanded: SQLite does */
#define SQL_MAX 4000000         /* bytes of emitted SQL */

typedef struct Analyser Analyser;
typedef struct Select Select;
typedef struct Field Field;
typedef struct Sem Sem;

/* A column that names can reach. */
struct Field {
  const char *name;             /* lower case; NULL: nothing can name it */
  const char *label;            /* as shown in a result; NULL: _colN */
  int n_qualifier;              /* relation alias; or table, database, catalog */
  const char *qualifier[3];     /* nearest first */
  const Type *type;
  int hidden;                   /* "$path": not part of * */
  const char *sql;              /* reads it, in the SELECT whose FROM holds it */
  Expr *item;                   /* output column seen from ORDER BY: the SELECT item */
  int is_lambda;                /* parameter of a lambda; lambda_index: its place in the frame */
  int lambda_index;
  struct Field *origin;         /* the field it is a copy of (aliases) */
  int used;                     /* some expression reads it (kept at the origin) */
  struct Field *source;         /* an output column that is a plain column: that one */
  int compared;                 /* with a constant: SQLite can push that down (kept at the origin) */
};

/* Where names are looked up; then in parent. */
struct Scope {
  Scope *parent;
  int n, cap; Field **field;
  Select *select;               /* whose columns these are; NULL: lambda parameters or a join's ON */
  int is_query;                 /* parent belongs to an outer query */
  int is_output;                /* output columns, seen from ORDER BY */
};

/* What the analyser knows about an expression beyond its type. */
typedef enum SemKind {
  SEM_NONE,
  SEM_VALUE,                    /* a constant: Expr.value */
  SEM_COLUMN,                   /* field, owner */
  SEM_DEREF,                    /* field number `index` of arg[0]'s row */
  SEM_FN,                       /* fn (a registry function) on Expr.arg, or on `arg` if set */
  SEM_AGG,                      /* aggregate: agg */
  SEM_WINDOW,                   /* window function: window_name or agg, over a Window */
  SEM_GROUPING,                 /* grouping(): key[] */
  SEM_COALESCE, SEM_IF, SEM_NULLIF, SEM_TRY,
  SEM_EQ,                       /* comparison: fn compares; negated: NOT around it */
  SEM_DISTINCT,                 /* [NOT] IS DISTINCT FROM: fn */
  SEM_IN_LIST, SEM_BETWEEN,     /* fn is $eq; $le */
  SEM_SUBQUERY, SEM_EXISTS, SEM_IN_QUERY, SEM_QUANTIFIED,
  SEM_ROW, SEM_ARRAY,
  SEM_LAMBDA
} SemKind;
struct Sem {
  SemKind kind;
  Field *field;
  Select *owner;                /* the SELECT whose FROM has the field; NULL: none */
  int from_star;                /* made by `*` */
  int index;
  const FnDef *fn;
  const AggDef *agg;
  const Type *rett;             /* result of fn before any wrapping */
  const Type *operand;          /* what the operands of a comparison were coerced to */
  int n; Expr **arg;            /* arguments as called, coerced (instead of Expr.arg) */
  int swapped;
  const char *window_name;      /* row_number, lag, … */
  Window *window;               /* resolved */
  int n_key; int *key;          /* grouping() */
  Field **param;                /* lambda */
  int n_outer; struct OuterRef *outer;          /* subquery: columns of enclosing queries it reads */
};
/* A column of an enclosing query, read inside a subquery. */
typedef struct OuterRef { Expr *e; Sem *sem; int depth; /* of the query that has it */ } OuterRef;

/* One SELECT … FROM … */
struct Select {
  int id;                       /* alias of the aggregated stage */
  Body *body;
  Scope *source;                /* the columns of FROM */
  Scope *outer;                 /* enclosing query's scope */
  int n_out; Expr **out; Field **out_field;
  int aggregated;
  int n_key; Expr **key;        /* distinct group keys */
  int n_set; int *set_n; int **set;             /* grouping sets over key; one: all keys */
  ExprList aggs;                /* aggregate calls and grouping() after GROUP BY */
  int stage;                    /* while emitting: 0 input, 1 over groups */
  int has_window;
};

typedef struct QueryInfo {
  int n; Field **field;         /* output */
  Select *select;               /* when the body is a SELECT: ORDER BY is part of it */
  int id;                       /* alias of the body under an ORDER BY that is not a SELECT's */
  int is_relation;              /* in FROM or WITH: columns that nobody reads are not computed */
  int single_row;               /* provably at most one row */
  int correlated;               /* reads columns of enclosing queries */
} QueryInfo;

typedef struct WithInfo {
  int id;
  const char *name;
  Query *query;
  int cost;                     /* SELECTs it stands for, expanded */
  int n; Field **field;         /* names after the column list; sql is not set */
  struct WithInfo *next;        /* visible names, innermost first */
} WithInfo;

typedef struct BodyInfo {
  int n; Field **field;         /* output, types after coercion */
  Select *select;
  Expr ***row;                  /* VALUES: rows of columns */
} BodyInfo;

typedef struct RelInfo {
  int id;
  Scope *scope;                 /* fields it offers */
  TableInfo *table;
  Scope *base;                  /* of a table: its fields before the alias */
  Query *view;                  /* expanded view */
  WithInfo *with;
  int n_using; const char **using_sql;          /* conditions of USING, as SQL */
  int correlated;               /* LATERAL: reads columns on its left */
  Expr *lateral_ref;            /* the first of them */
  int n_column;                 /* UNNEST: columns it makes */
  const char **plain_sql;       /* how the fields are read when the table is not hashed (emit_hash.c) */
} RelInfo;

typedef struct WindowInfo { Window *base; Expr **partition; int n_partition; SortItem *order; int n_order; } WindowInfo;

struct Analyser {
  Arena *arena;
  const CompileContext *context;
  jmp_buf jump;
  AthenaError error;
  int next_id;
  int depth;
  const char *database;         /* where unqualified tables are looked up */
  WithInfo *with;               /* visible WITH names */
  int n_table, cap_table; TableInfo **table;    /* everything read */
  int view_depth;
  int cost;                     /* SELECTs so far, WITH queries and views expanded at each use */
  Select *select;               /* whose expressions are being analysed */
  int in_lambda;
  /* columns of enclosing queries met since the last reset, for subqueries */
  int n_outer, cap_outer; OuterRef *outer;
  int query_depth;              /* expression subqueries around */
};

/* analyse_scope.c */
_Noreturn void an_fail(Analyser*, const char *code, Pos, const char *fmt, ...) __attribute__((format(printf,4,5)));
_Noreturn void an_refuse(Analyser*, Pos, const char *fmt, ...) __attribute__((format(printf,3,4)));
extern const Pos POS_NONE, POS_START;
/* Where Trino reports errors of a whole SELECT: its first word. */
Pos select_pos(const Analyser*);
Scope *scope_new(Analyser*, Scope *parent, Select*);
void scope_add(Analyser*, Scope*, Field*);
Field *field_new(Analyser*, const char *name, const char *label, const Type*, const char *sql);
Field *field_copy(Analyser*, const Field*);
void field_use(Field*);
/* It is compared with a constant; so are the columns that it comes from. */
void field_compare(Field*);
/* Resolve a name of n parts: the field, or NULL.  *owner is its SELECT, *outer
** how many query boundaries lie between. */
Field *scope_resolve(Analyser*, Scope*, Pos, int n, const Name *part, Select **owner, int *outer, int *is_output);
int scope_is_column_reference(Scope*, int n, const Name *part);
int field_matches(const Field*, int n, const Name *part);
Sem *sem_new(Analyser*, Expr*, SemKind);
Expr *an_expr(Analyser*, ExprKind, Pos);
Expr *expr_clone(Analyser*, const Expr*);
/* The expression below implicit coercions. */
Expr *expr_bare(Expr*);
const char *an_lower(Analyser*, const char*);
const char *type_z(Analyser*, const Type*);
/* Call f for every child expression (not into subqueries). */
void expr_children(Expr*, void (*f)(void*, Expr*), void *env);

/* analyse_format.c */
const char *expr_text(Analyser*, const Expr*);
/* The same into a buffer: 0, or -1 when it does not fit. */
int expr_print(const Expr*, char *z, size_t size);

/* analyse_expr.c */
const Type *expr_analyse(Analyser*, Scope*, Expr*);
Expr *expr_coerce(Analyser*, Expr*, const Type*);
const Type *type_of_name(Analyser*, const TypeName*, Pos);
/* Coerce all to their common type, NULL if there is none (*bad: which one). */
const Type *common_type(Analyser*, int n, Expr **e, int *bad);
const Type *expr_unify(Analyser*, int n, Expr **e, const char *what);
Expr *expr_boolean(Analyser*, Scope*, Expr*, const char *what);
const FnDef *comparison_fn(Analyser*, int op, const Type*);
const FnDef *fn_find(Analyser*, const char *name, int argc, const Type *const *argt, const Type **result);

/* Resolve an internal operator ("$add") over n arguments of e; NULL: no overload. */
const Type *operator_resolve(Analyser*, Expr *e, const char *name, int n);

/* analyse_same.c */
int expr_same(const Expr*, const Expr*);        /* the same value in the same scope */

/* analyse_form.c, analyse_subquery.c */
const Type *form_analyse(Analyser*, Scope*, Expr*);
const Type *subquery_analyse(Analyser*, Scope*, Expr*);
const Type *exists_analyse(Analyser*, Scope*, Expr*);
const Type *in_query_analyse(Analyser*, Scope*, Expr*, SemKind);

/* analyse_literal.c */
const Type *literal_analyse(Analyser*, Expr*);

/* analyse_call.c */
const Type *call_analyse(Analyser*, Scope*, Expr*);
/* e means a call of `name` with these arguments (they are not analysed yet). */
const Type *call_analyse_as(Analyser*, Scope*, Expr *e, const char *name, int n, Expr **arg);
/* TRIM(… FROM …): its errors name the function otherwise. */
const Type *trim_analyse(Analyser*, Scope*, Expr*, const char *name);
const Type *json_analyse(Analyser*, Scope*, Expr*);
_Noreturn void call_unresolved(Analyser*, Expr*, const char *name, int n, const Type *const *argt, FnMatchKind, const char *expected);

/* analyse_relation.c */
/* `left` holds the fields that LATERAL and UNNEST see; NULL: none. */
RelInfo *relation_analyse(Analyser*, Scope *outer, Scope *left, Relation*, Select*);
TableInfo *table_lookup(Analyser*, const NameList*, Pos);
WithInfo *with_find(Analyser*, const char *name);

/* analyse_select.c.  q: the query whose ORDER BY belongs to it, or NULL. */
Select *select_analyse(Analyser*, Scope *outer, Body*, Query *q);
void order_by_analyse(Analyser*, Scope*, Query*, int n_out, Field **out);

/* analyse_query.c */
QueryInfo *query_analyse(Analyser*, Scope *outer, Query*);
BodyInfo *body_analyse(Analyser*, Scope *outer, Body*);
void check_no_aggregates(Analyser*, Expr*, const char *clause);
/* Aggregates, window calls, grouping() in e, not in its subqueries. */
void calls_add(Analyser*, ExprList*, Expr*);
ExprList collect_calls(Analyser*, Expr *e, int aggregates, int windows, int grouping);

/* analyse_group.c */
void group_analyse(Analyser*, Select*);
void group_check(Analyser*, Select*, int n_order, SortItem *order);
int group_key_index(const Select*, const Expr*);

/* analyse_window.c */
void windows_define(Analyser*, Select*);
/* Functions that exist only with OVER: row_number, lag, … */
int window_only(const char *name);
const Type *window_call_analyse(Analyser*, Scope*, Expr*);

/* analyse_correlated.c: an error for what the engine cannot plan */
typedef enum CorrelatedKind { CORRELATED_SCALAR, CORRELATED_EXISTS, CORRELATED_IN, CORRELATED_LATERAL } CorrelatedKind;
void correlated_check(Analyser*, Query*, Pos, CorrelatedKind);
/* Its WHERE compares a column with one of an enclosing query. */
int select_probes(Select*);

/* emit_type.c: text that depends on types only */
const char *coerce_sql(Analyser*, const char *sql, const Type *from, const Type *to);
const char *fn_sql(Analyser*, const FnDef*, const Type *const *argt, const Type *rett, int n, const char *const *arg);
const char *load_sql(Analyser*, const char *sql, const Type*);   /* stored form to expression form */
const char *store_sql(Analyser*, const char *sql, const Type*);
const char *value_sql(Analyser*, const Value*);
const char *string_sql(Analyser*, const char *z, size_t n);
const char *sort_key_sql(Analyser*, const char *sql, const Type*);
const char *group_key_sql(Analyser*, const char *sql, const Type*);
int coerce_is_free(const Type *from, const Type *to);   /* the carrier stays as it is */
int type_groups_natively(const Type*);          /* equal carriers, equal values */
int type_orders_natively(const Type*);

#endif
