/*
** The emitter's inner side: shared by the emit_*.c files (see analyser.h for
** the whole picture).
*/
#ifndef TARN_EMIT_H
#define TARN_EMIT_H
#include "analyser.h"
#include "../../vtab/fn/registry.h"

/* A WITH entry of the SELECT being written. */
typedef struct WithText {
  int id;
  int n;                        /* columns */
  const char *text;
  int materialized;
} WithText;

/* A program being written (a lambda or TRY). */
#define PROGRAM_CAPTURE_MAX 100
#define PROGRAM_SEQ_MAX 4000    /* places where captures are read */
typedef struct ProgramText {
  int n;                        /* captures: their SQL and types */
  const char **sql;
  const Type **type;
  int pass;
  int n_seq, cursor; int *seq;  /* which capture each place reads, in order */
  int top;                      /* frame slots in use */
} ProgramText;

typedef struct HashJoin HashJoin;
typedef struct GroupText GroupText;
struct Emitter {
  Analyser *an;
  Arena *arena;
  int n_with, cap_with; WithText *with;
  ProgramText *program;         /* writing a program, not SQL */
  Select *select;               /* whose expressions are being written */
  int nested;                   /* inside a subquery of an expression */
  HashJoin **hashes;            /* of the statement (emit_hash.c) */
  GroupText **groups;           /* of the statement (emit_group.c) */
  const char *dead;             /* columns of the query that nobody reads, for who writes it next */
  int materialize;              /* landing tables of FROM become tables of their own first */
  const char *insert_target;    /* SQLite table that the statement writes, or NULL */
  int depth;
  size_t size;                  /* bytes written in all */
};
typedef struct Emitter Emitter;

/* arena_printf that counts. */
const char *ep(Emitter*, const char *fmt, ...) __attribute__((format(printf,2,3)));

/* emit_type.c */
const char *fn_plain_sql(Analyser*, const FnDef*, const Type *const *argt, const Type *rett, int n, const char *const *arg);
const char *native_sql(Analyser*, const char *native, int n, const char *const *arg);
/* '(T1,T2)R' as a literal of SQL: the first argument of a typed call. */
const char *types_text(Analyser*, int n, const Type *const *argt, const Type *rett);
const char *cast_sql(Analyser*, const char *name, const char *sql, const Type *from, const Type *to);

/* emit_expr.c */
const char *emit_expr(Emitter*, Expr*);
const char *emit_condition(Emitter*, Expr*);    /* for WHERE, ON: AND terms apart */
const char *emit_coerced(Emitter*, const char *sql, const Type *from, const Type *to);
const char *emit_compare(Emitter*, const FnDef*, const Type *operands, const char *a, const char *b);
const char *emit_not(Emitter*, const char*);
const char *emit_fn(Emitter*, const FnDef*, const Type *const *argt, const Type *rett, int n, const char *const *arg);
const char *emit_named(Emitter*, const char *name, const Type *const *argt, const Type *rett, int n, const char *const *arg, Pos);

/* emit_logic.c */
int expr_may_raise(Expr*);
const char *emit_logic(Emitter*, Expr*);
const char *const *emit_all(Emitter*, int n, Expr **e);
const char *emit_list_of(Emitter*, const char *name, int n, const char *const *t);   /* name(a, b) */
const char *emit_joined(Emitter*, const char *op, int n, const char *const *t);      /* (a op b) */

/* emit_subquery.c */
const char *emit_subquery(Emitter*, Expr*);

/* emit_call.c */
const char *emit_call(Emitter*, Expr*);
const char *emit_try(Emitter*, Expr*);
const char *emit_deep(Emitter*, Expr*);         /* as a program in t_eval */
const char *program_capture(Emitter*, const char *sql, const Type*);
const char *program_parameter(Emitter*, Field*, Pos);
const char *emit_aggregate(Emitter*, Expr*);
int distinct_is_native(const Type*);            /* SQLite's DISTINCT tells its values apart */
/* NAME(args), without FILTER or OVER. */
const char *emit_aggregate_call(Emitter*, Expr*, const char *suffix);

/* emit_window.c */
const char *emit_window(Emitter*, Expr*);
const char *emit_sort_items(Emitter*, int n, SortItem*, const char *const *sql);

/* emit_query.c.  target: types that the columns are coerced to, or NULL. */
const char *emit_query_full(Emitter*, Query*, const Type *const *target);   /* with WITH entries of its own */
const char *emit_query(Emitter*, Query*, const Type *const *target);
const char *emit_body(Emitter*, Body*, const Type *const *target);
void emit_with_entry(Emitter*, int id, int n, const char *text, int materialized);

/* emit_hash.c.  A join by a hash index, or NULL where that is not done. */
const char *emit_hash_join(Emitter*, Relation*);
/* FROM and WHERE of a correlated subquery over one table, or NULL. */
const char *emit_hash_subquery(Emitter*, Body*);
/* Fill in the inner queries, once the statement is written. */
const char *emit_hash_finish(Emitter*, const char *sql);
/* Types whose equal values have equal bytes in SQLite and whose unequal ones differ. */
int emit_is_hashable(const Type*);

/* emit_group.c.  The groups of an aggregation, or a SELECT DISTINCT, by a hash
** table; NULL where that is not done. */
const char *emit_group(Emitter*, Select*, const char *from_where, const char *dead);
const char *emit_group_distinct(Emitter*, Select*, const Type *const *target, const char *items, const char *source);
/* FROM and WHERE of a SELECT … ORDER BY … LIMIT over one table, the first rows
** found without SQLite; NULL where that is not done. */
const char *emit_top(Emitter*, Select*, const Query*);
/* UNION of large inputs: `all` is their UNION ALL with columns of these types. */
const char *emit_group_union(Emitter*, const Body*, int n, const Type *const *type, const char *all);
/* x IN (query) by t_in_set (vtab/member.h). */
const char *emit_in_set(Emitter*, const char *x, Query*, const Type *const *target);
/* A SELECT of the query's values, each once; the same as a literal of SQL. */
const char *emit_in_values(Emitter*, Query*, const Type *const *target);
const char *emit_in_literal(Emitter*, Query*, const Type *const *target);
/* The inner queries, which stand as GROUP_MARK id GROUP_MARK until emit_hash_finish. */
#define GROUP_MARK '\002'
const char *emit_group_text(Emitter*, int id);
GroupText *emit_group_next(GroupText*, const char **sql);

/* emit_native.c.  The rows of columns e as further arguments of t_group; NULL
** where SQLite must make them. */
const char *emit_native_rows(Emitter*, const Body*, int n, Expr *const *e);

/* emit_relation.c */
const char *emit_quoted(Emitter*, const char *name);    /* "name" */
int emit_has_right_join(const Relation*);
const char *emit_from(Emitter*, Relation*);
#endif
