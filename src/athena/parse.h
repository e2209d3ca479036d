/*
** What the two grammars and their helpers share (not for other rooms).
**
** A Parse lives while one statement is parsed.  Errors are of two kinds, as in
** Trino: a syntax error ends the parse where it stands; an error of tree
** building (a bad literal, too few arguments) is noted, and counts only if the
** whole text parses, the first one winning.
*/
#ifndef TARN_PARSE_H
#define TARN_PARSE_H
#include <setjmp.h>
#include "lexer.h"

#define TREE_DEPTH_MAX 400      /* nesting of expressions, queries and joins */
#define PARSE_STACK_MAX 4000    /* entries of lemon's stack: nested parentheses */
#define PARAMETER_MAX 10000     /* `?` in one statement */

typedef struct Parse {
  Arena *arena;
  const char *sql;
  TokenList list;
  int at;                       /* index of the token that is fed */
  int n_parameter;
  int stop_at;                  /* Trino: >0: stop before this token, as if it were wrong */
  int expects_end, expects_colon, expects_name;  /* Hive: what could have come at `at` */
  Statement *statement;
  AthenaError *error;
  const char *expecting;        /* after a syntax error: what could have come, or NULL */
  int failed;                   /* *error is set, the parse is over */
  int has_late;                 /* late_error is set */
  AthenaError late_error;
  jmp_buf jump;                 /* out of memory, too deep */
} Parse;

/* Set *error (once) and failed. */
void parse_fail(Parse*, const char *code, Pos, const char *fmt, ...) __attribute__((format(printf,4,5)));
/* The error counts if nothing else is wrong with the text. */
void parse_fail_late(Parse*, Pos, const char *fmt, ...) __attribute__((format(printf,3,4)));
/* A statement that nests beyond TREE_DEPTH_MAX or PARSE_STACK_MAX ends here. */
void parse_too_deep(Parse*, Pos) __attribute__((noreturn));

/* trino.y, hive.y: feed all tokens. */
void trino_run(Parse*);
void hive_run(Parse*);
/* words.c: give every token of a Trino text its code (see there). */
int trino_prepare(Parse*);
/* The keyword that has this code, in capitals; NULL if none. */
const char *trino_word(int code);
/* blame.c: the index of the token that a syntax error at `at` is reported at.
** *inside: an outer decision of Trino's parser was looking through the place. */
int blame_token(const Parse*, int at, int *inside);
/* expect.c: the list after `Expecting: `; accepted[code] is consumed. */
const char *expect_list(Parse*, char *accepted, int n_code);
void hive_prepare(Parse*);

/* tree.c: nodes and lists, all in the arena. */
Expr *expr_new(Parse*, ExprKind, Pos);
Expr *expr_1(Parse*, ExprKind, Pos, Expr*);
Expr *expr_2(Parse*, ExprKind, Pos, Expr*, Expr*);
Expr *expr_3(Parse*, ExprKind, Pos, Expr*, Expr*, Expr*);
Expr *expr_n(Parse*, ExprKind, Pos, ExprList);
Expr *expr_op(Parse*, ExprKind, Pos, int op, Expr*, Expr*);
Expr *expr_logical(Parse*, ExprKind, Expr*, Expr*);      /* AND, OR: flattened */
/* literal.c */
/* Digits of an integer in any base as decimal digits, and its value; NULL beyond bigint. */
const char *integer_text(Parse*, const Token*, int negative, int64_t *value);
Expr *expr_number(Parse*, const Token *minus, const Token*);
Expr *expr_string(Parse*, const Token*);
Expr *expr_binary_literal(Parse*, const Token*);
Expr *expr_typed_literal(Parse*, Pos, const char *type, const Token*);
Expr *expr_interval(Parse*, const Token*, int sign, const Token*, const char *from, const char *to);
/* tree.c */
Expr *expr_parameter(Parse*, const Token*);
Expr *expr_name(Parse*, Name);
Expr *expr_field(Parse*, Expr*, Name);
Expr *expr_call(Parse*, NameList, ExprList);
void expr_finish_call(Parse*, Expr*);                    /* once the call is whole: depth, checks of if, coalesce, … */
int compare_op(const Token*);                            /* OP_EQ … */
Expr *expr_in(Parse*, Pos, Expr*, ExprList);
Expr *expr_query(Parse*, ExprKind, Pos, Query*);
Expr *expr_case(Parse*, Pos, Expr *operand, ExprList when, Expr *else_);
Expr *expr_current(Parse*, const Token*, const Token *precision);
Expr *expr_extract(Parse*, Pos, Name field, Expr*);
Expr *expr_trim(Parse*, Pos, const Token *kind, int from, Expr *chars, Expr *source);
Expr *expr_refused(Parse*, Pos, const char *what);
void expr_depth(Parse*, Expr*, const Expr *child);

Name name_new(Parse*, const Token*);
NameList names_add(Parse*, NameList, Name);
ExprList exprs_add(Parse*, ExprList, Expr*);
SortList sorts_add(Parse*, SortList, SortItem);
const char *word_lower(Parse*, const Token*);

TypeName *type_name_new(Parse*, Pos, const char *text);
const char *text_join(Parse*, const char *fmt, ...) __attribute__((format(printf,2,3)));

typedef struct ItemList { int n, cap; SelectItem *item; } ItemList;
typedef struct GroupList { int n, cap; GroupingElement *item; } GroupList;
typedef struct SetList { int n, cap; ExprList *item; } SetList;
typedef struct WindowList { int n, cap; Window *item; } WindowList;
typedef struct WithList { int n, cap; With *item; } WithList;
typedef struct PropertyList { int n, cap; Property *item; } PropertyList;
typedef struct JsonList { int n, cap; JsonArg *item; } JsonList;
typedef struct KeyList { int n, cap; KeyText *item; } KeyList;
typedef struct ColumnList { int n, cap; ColumnDef *item; } ColumnList;
typedef struct PartitionList { int n, cap; PartitionSpec *item; } PartitionList;
ItemList items_add(Parse*, ItemList, SelectItem);
GroupList groups_add(Parse*, GroupList, GroupingElement);
SetList sets_add(Parse*, SetList, ExprList);
WindowList windows_add(Parse*, WindowList, Window);
WithList withs_add(Parse*, WithList, With);
PropertyList properties_add(Parse*, PropertyList, Property);
JsonList jsons_add(Parse*, JsonList, JsonArg);
KeyList keys_add(Parse*, KeyList, KeyText);
ColumnList columns_add(Parse*, ColumnList, ColumnDef);
PartitionList partitions_add(Parse*, PartitionList, PartitionSpec);

Relation *relation_new(Parse*, RelationKind, Pos);
Relation *relation_alias(Parse*, Relation*, Name, NameList columns);
Relation *relation_join(Parse*, JoinKind, Relation*, Relation*);
Body *body_new(Parse*, BodyKind, Pos);
Body *body_setop(Parse*, int op, Pos, int all, Body*, Body*);
void body_finish(Parse*, Body*);                         /* of a BODY_SELECT: its depth */
Body *body_values(Parse*, Pos, ExprList);
Query *query_new(Parse*, Body*);
int query_depth(const Query*);
Statement *statement_new(Parse*, StatementKind);
Statement *statement_refused(Parse*, Pos, const char *what, const char *athena_error);
#endif
