/*
** A bulk query: what the recogniser makes of the analysed tree and the runner
** carries out.  Plain data in one arena.
*/
#ifndef TARN_BULK_PLAN_H
#define TARN_BULK_PLAN_H
#include "athena/analyser.h"
#include "bulk.h"

#define BULK_RELS 8             /* tables of one query, views expanded */
#define BULK_KEYS 8             /* equalities between two tables */
#define BULK_CONDS 64           /* conjuncts */
#define BULK_DEPTH 16           /* of conditions, of queries in queries */
#define BULK_TERMS 200          /* operands of one AND or OR */

/* A column of a table that is read, or a constant. */
typedef struct BulkOperand {
  int rel;                      /* of the query; -1: a constant */
  int slot;                     /* among the columns of the table that are read */
  Value value;
} BulkOperand;

typedef enum BulkCondKind {
  BULK_AND, BULK_OR, BULK_NOT,  /* arg */
  BULK_IS_NULL,                 /* a */
  BULK_COMPARE,                 /* a op b: OP_EQ … OP_GE of tree.h; one kind of value on both sides */
  BULK_TRUE,                    /* a, a boolean */
  BULK_IN                       /* key in the rows of query, or in list: three-valued */
} BulkCondKind;

typedef struct BulkCond BulkCond;
struct BulkCond {
  BulkCondKind kind;
  int op;
  BulkOperand a, b;
  int n; BulkCond **arg;
  /* BULK_IN */
  int n_key; BulkOperand key[BULK_KEYS];
  BulkQuery *query;             /* its columns are compared with key; NULL: list */
  int n_list; Value *list;
  int exists;                   /* EXISTS: never unknown */
  int set;                      /* its index in BulkQuery.set */
  unsigned rels;                /* which tables it reads, a bit for each */
};

/* One table.  Its columns that are read, in the order in which they came up. */
typedef struct BulkRel {
  const TableInfo *table;
  int n_column, cap_column; int *column;
} BulkRel;

typedef struct BulkKey { BulkOperand a, b; } BulkKey;

struct BulkQuery {
  int n_rel; BulkRel rel[BULK_RELS];
  int n_key; BulkKey key[BULK_KEYS];            /* equalities between two tables */
  int n_cond; BulkCond *cond[BULK_CONDS];       /* all must be true */
  int n_set; BulkCond *set[BULK_CONDS];         /* the BULK_IN of cond, wherever they stand */
  int n_out; BulkOperand *out;
  const Type **out_type;
  int distinct;
};

/* The recogniser's state; bulk_plan.c. */
typedef struct Env Env;
typedef struct Recogniser {
  Arena *arena;
  BulkQuery *q;                 /* the one being made */
  int depth;
} Recogniser;

/* A relation of FROM, as its fields are read. */
typedef struct EnvSource {
  const Relation *rel;
  int leaf;                     /* index of BulkRel; -1: a query */
  const Select *select;
  Env *env;                     /* of that query */
} EnvSource;
typedef struct EnvUsing { const Field *field, *left; } EnvUsing;
struct Env {
  int n; EnvSource source[BULK_RELS];
  int n_using; EnvUsing using_[BULK_KEYS];
};

/* The rows that a SELECT's FROM and WHERE give, without columns; NULL. */
BulkQuery *bulk_rows_of(Arena*, const Select*);

/* Do two queries read the same and ask the same, so that their rows are the same? */
int bulk_same_query(const BulkQuery*, const BulkQuery*);
/* Several queries without columns over one table as one, whose rows are those
** of any of them; NULL when they do not fit into one. */
BulkQuery *bulk_merge(Arena*, int n, BulkQuery *const *q);

/* Each returns 1, or 0 when it does not know the shape. */
int bulk_resolve(Recogniser*, const Env*, const Field*, BulkOperand *out);
int bulk_operand(Recogniser*, const Env*, Expr*, BulkOperand *out);
/* A query whose rows are looked up.  For an EXISTS (else NULL) its keys are the
** columns of outer that equalities of its WHERE tie it to. */
BulkQuery *bulk_subquery(Recogniser *outer, const Query*, const Env *outer_env, BulkCond *exists);
BulkCond *bulk_condition(Recogniser*, const Env*, Expr*);
/* The AND terms of e as keys and conditions of the query. */
int bulk_conjuncts(Recogniser*, const Env*, Expr*);
int bulk_add_key(Recogniser*, const BulkOperand *a, const BulkOperand *b);

/* The kind of value that comparisons of a type need on both sides, V_NULL for
** types that are not compared here. */
ValueKind bulk_kind(const Type*);
/* Integers, booleans and varchars: equal values have equal bytes. */
int bulk_is_key(const Type*);
#endif
