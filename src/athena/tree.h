/*
** The syntax tree of one Athena statement.
**
** Built by the two grammars (trino.y, hive.y) in one arena and freed with it;
** grammar actions never free.  Every node has the position where Trino reports
** errors about it: an operator with two operands has that of the operator, a
** predicate (IN, BETWEEN, LIKE, IS) that of its first word after the operand,
** everything else that of its first token.  Parentheses leave no node.
** Lines and columns are 1-based; a column counts code points.
**
** The analyser fills the fields under "set by the analyser"; the grammars leave
** them zero.
*/
#ifndef TARN_TREE_H
#define TARN_TREE_H
#include "../../vtab/type.h"
#include "../../vtab/value.h"

typedef struct Pos { int line, col; } Pos;
typedef struct Expr Expr;
typedef struct Query Query;
typedef struct Relation Relation;
typedef struct Window Window;
typedef struct Scope Scope;     /* analyser.h */

typedef struct ExprList { int n, cap; Expr **e; } ExprList;

typedef struct Name {           /* an identifier */
  Pos pos;
  const char *text;             /* as written, without its quotes */
  const char *lower;            /* the name it means: Athena lower-cases quoted names too */
  int quoted;
} Name;
typedef struct NameList { int n, cap; Name *name; } NameList;  /* also a qualified name: a.b.c */

typedef enum ExprKind {
  EXPR_NULL, EXPR_BOOL,         /* value */
  EXPR_INTEGER,                 /* text: decimal digits, with a '-' in front when -1 was written; value V_INT */
  EXPR_DECIMAL,                 /* text: 1.5, -1.5  (Athena: a double) */
  EXPR_DOUBLE,                  /* text: 1.5E0 */
  EXPR_STRING,                  /* text, length in value.n (NULs are possible) */
  EXPR_BINARY,                  /* X'…': value is the V_BLOB */
  EXPR_TYPED_LITERAL,           /* DATE '…', DECIMAL '…', word '…': type_name, text */
  EXPR_INTERVAL,                /* text, op = sign (+1/-1), interval_from, interval_to */
  EXPR_PARAMETER,               /* ?; index */
  EXPR_NAME,                    /* one identifier: name */
  EXPR_FIELD,                   /* arg[0] . name: column of a table or field of a row */
  EXPR_SUBSCRIPT,               /* arg[0] [ arg[1] ] */
  EXPR_CALL,                    /* function_name, arg[]; distinct, order_by, filter, over, nulls, star */
  EXPR_UNARY,                   /* op '-' or '+' */
  EXPR_BINARY_OP,               /* op: '+' '-' '*' '/' '%' , OP_CONCAT */
  EXPR_COMPARE,                 /* op: OP_EQ … ; IS DISTINCT FROM: OP_DISTINCT, OP_NOT_DISTINCT */
  EXPR_QUANTIFIED,              /* arg[0] op {ALL|ANY|SOME} (query): quantifier */
  EXPR_AND, EXPR_OR,            /* arg[0..n-1]; n may exceed 2 */
  EXPR_NOT,
  EXPR_IS_NULL,                 /* negated */
  EXPR_BETWEEN,                 /* arg[0] BETWEEN arg[1] AND arg[2]; negated */
  EXPR_IN_LIST,                 /* arg[0] IN (arg[1] …); negated */
  EXPR_IN_QUERY,                /* arg[0] IN (query); negated */
  EXPR_LIKE,                    /* arg[0] LIKE arg[1] [ESCAPE arg[2]]; negated */
  EXPR_EXISTS,                  /* query */
  EXPR_SUBQUERY,                /* (query) as a value */
  EXPR_CASE,                    /* searched: arg = WHEN, THEN, WHEN, THEN …; else_ */
  EXPR_CASE_SIMPLE,             /* arg[0] the operand, then as above */
  EXPR_CAST,                    /* arg[0]; type_name; op = 1 for TRY_CAST */
  EXPR_ROW,                     /* ROW(…) and (a, b) ; op = 1 when the word ROW was written */
  EXPR_ARRAY,                   /* ARRAY[…] */
  EXPR_LAMBDA,                  /* param, arg[0] the body */
  EXPR_EXTRACT,                 /* name.lower = field, arg[0] */
  EXPR_AT_TIME_ZONE,            /* arg[0], arg[1] */
  EXPR_CURRENT,                 /* name.lower: current_date, current_timestamp, localtime, …; index = precision or -1 */
  EXPR_TRIM,                    /* name.lower: both, leading, trailing; arg[0] source, arg[1] characters or absent */
  EXPR_SUBSTRING,               /* SUBSTRING(a FROM b [FOR c]) ; arg[] */
  EXPR_POSITION,                /* POSITION(a IN b) */
  EXPR_NORMALIZE,               /* NORMALIZE(a [, form]): name.lower the form */
  EXPR_GROUPING,                /* GROUPING(a, b) */
  EXPR_JSON,                    /* JSON_EXISTS/VALUE/QUERY/OBJECT/ARRAY: name.lower, json */
  EXPR_STAR,                    /* only inside count(*) and select items */
  EXPR_REFUSED,                 /* parsed, never executed: text names the construct */
  /* Made by the analyser: */
  EXPR_COERCE                   /* arg[0] coerced implicitly to type */
} ExprKind;

enum { OP_EQ = 1, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_DISTINCT, OP_NOT_DISTINCT, OP_CONCAT };
enum { QUANTIFIER_ALL = 1, QUANTIFIER_ANY };
enum { NULLS_DEFAULT, NULLS_FIRST, NULLS_LAST };
enum { NULLS_NONE, NULLS_RESPECT, NULLS_IGNORE };     /* Expr.nulls */

typedef struct SortItem {
  Pos pos;
  Expr *e;
  int descending;
  int nulls;                    /* NULLS_FIRST … */
} SortItem;
typedef struct SortList { int n, cap; SortItem *item; Pos pos; /* of ORDER */ } SortList;

/* A type as written, before the analyser knows whether it exists. */
typedef struct TypeName {
  Pos pos;
  const char *text;             /* normalised for type_parse: "decimal(10,2)", "row(a integer)" */
} TypeName;

/* The clauses of the SQL/JSON functions, kept as written. */
typedef struct JsonArg { Expr *key, *value; int format_json; const char *encoding; Name name; } JsonArg;
typedef struct JsonClauses {
  Expr *input; int input_format; const char *input_encoding;
  const char *path; Pos path_pos;
  int n_passing; JsonArg *passing;
  int n_member; JsonArg *member;                /* JSON_OBJECT, JSON_ARRAY */
  TypeName *returning; int returning_format; const char *returning_encoding;
  int wrapper;                                  /* 0 unset, 1 WITHOUT, 2 WITH [UNCONDITIONAL], 3 CONDITIONAL */
  int quotes;                                   /* 0 unset, 1 KEEP, 2 OMIT */
  int on_empty, on_error;                       /* 0 unset, 'E' ERROR, 'N' NULL, 'D' DEFAULT, 'A' EMPTY ARRAY, 'O' EMPTY OBJECT, 'T' TRUE, 'F' FALSE, 'U' UNKNOWN */
  Expr *default_empty, *default_error;
  int nulls;                                    /* 0 unset, 1 NULL ON NULL, 2 ABSENT ON NULL */
  int unique_keys;
} JsonClauses;

struct Expr {
  ExprKind kind;
  Pos pos;
  Pos start;                    /* of its first token, its parentheses included */
  int depth;                    /* of the tree below; bounded by the parser */
  int op;                       /* see ExprKind */
  int negated;
  int parenthesized;            /* written in parentheses */
  const char *text;
  Value value;
  int index;
  Name name;
  NameList function_name;       /* EXPR_CALL: possibly qualified */
  int n;                        /* arguments */
  Expr **arg;
  Expr *else_;
  int distinct, star, nulls, quantifier;
  SortList order_by;            /* inside a call, or WITHIN GROUP */
  int within_group;
  Expr *filter;
  Window *over;
  Query *query;
  NameList param;               /* lambda */
  TypeName *type_name;
  const char *interval_from, *interval_to;      /* "year" … "second", NULL */
  JsonClauses *json;

  /* Set by the analyser. */
  const Type *type;
  void *sem;                    /* what else it knows (analyser.h) */
};

typedef enum FrameKind { FRAME_DEFAULT, FRAME_ROWS, FRAME_RANGE, FRAME_GROUPS } FrameKind;
typedef enum BoundKind {
  BOUND_UNBOUNDED_PRECEDING, BOUND_PRECEDING, BOUND_CURRENT, BOUND_FOLLOWING, BOUND_UNBOUNDED_FOLLOWING
} BoundKind;
struct Window {
  Pos pos;
  Name name;                    /* of a WINDOW clause's entry; or OVER name (then reference = 1) */
  int reference;
  Name base;                    /* WINDOW w AS (base PARTITION BY …); text NULL if none */
  ExprList partition_by;
  SortList order_by;
  FrameKind frame;
  Pos frame_pos;
  BoundKind start, end;
  Expr *start_value, *end_value;
  const char *refused;          /* MEASURES, PATTERN …: the construct, or NULL */
  void *sem;
};

typedef enum RelationKind {
  REL_TABLE,                    /* table */
  REL_SUBQUERY,                 /* query */
  REL_LATERAL,                  /* query */
  REL_UNNEST,                   /* arg, ordinality */
  REL_JOIN,                     /* left, right, join … */
  REL_VALUES_REFUSED,
  REL_REFUSED                   /* MATCH_RECOGNIZE, TABLE(function(…)) …: text */
} RelationKind;
typedef enum JoinKind { JOIN_CROSS, JOIN_IMPLICIT /* comma */, JOIN_INNER, JOIN_LEFT, JOIN_RIGHT, JOIN_FULL } JoinKind;
struct Relation {
  RelationKind kind;
  Pos pos;
  int depth;
  NameList table;               /* qualified */
  const char *version;          /* FOR TIMESTAMP/VERSION AS OF: the construct, refused; or NULL */
  Query *query;
  ExprList arg;
  int ordinality;
  Relation *left, *right;
  JoinKind join;
  int natural;
  Expr *on;
  NameList using_;
  int has_alias;
  Name alias;
  NameList columns;             /* alias (c, d) */
  Pos alias_pos;
  const char *sample;           /* "bernoulli", "system" or NULL */
  Expr *sample_percent;
  const char *text;             /* REL_REFUSED: the construct */
  void *sem;
};

typedef struct SelectItem {
  Pos pos;
  Expr *e;                      /* NULL for * and x.* */
  int star;                     /* 1: *   2: e.* (e is the prefix) */
  NameList columns;             /* e.* AS (a, b) */
  int has_alias;
  Name alias;
} SelectItem;

typedef struct GroupingElement {
  Pos pos;
  enum { GROUP_SIMPLE, GROUP_SETS, GROUP_CUBE, GROUP_ROLLUP } kind;
  int n;                        /* sets */
  ExprList *set;                /* SIMPLE: one set; the others: their sets */
} GroupingElement;

typedef enum BodyKind { BODY_SELECT, BODY_VALUES, BODY_TABLE, BODY_SETOP, BODY_QUERY /* ( query ) */ } BodyKind;
typedef struct Body Body;
struct Body {
  BodyKind kind;
  Pos pos;
  int depth;
  /* BODY_SELECT */
  int distinct;
  int n_item; SelectItem *item;
  Relation *from;               /* comma lists are JOIN_IMPLICIT; NULL: none */
  Expr *where;
  int has_group, group_distinct;
  int n_group; GroupingElement *group;
  Expr *having;
  int n_window; Window *window;
  /* BODY_VALUES */
  ExprList rows;                /* each an EXPR_ROW with op = 2, or a single expression */
  /* BODY_TABLE */
  NameList table;
  /* BODY_SETOP: INTERSECT binds tighter than UNION and EXCEPT */
  int op;                       /* 'U', 'I', 'E' */
  int all;
  Body *left, *right;
  /* BODY_QUERY */
  Query *query;
  void *sem;
};

typedef struct With {
  Pos pos;
  Name name;
  NameList columns;
  Query *query;
  void *sem;
} With;

struct Query {
  Pos pos;
  int recursive; Pos recursive_pos;
  int n_with; With *with;
  Body *body;
  SortList order_by;
  Expr *offset;
  Expr *limit; int limit_all;
  int fetch; Expr *fetch_count /* NULL: 1 */; int with_ties; Pos fetch_pos;
  void *sem;
};

typedef struct Property { Pos pos; Name name; Expr *value; } Property;   /* WITH (name = value) */
typedef struct KeyText { const char *key, *value; } KeyText;             /* 'k' = 'v' of Hive */
typedef struct ColumnDef {
  Pos pos;
  Name name;
  const char *type;             /* Hive's text, for type_parse_hive */
  const char *comment;          /* or NULL */
} ColumnDef;
typedef struct PartitionSpec { int n; KeyText *key; const char *location; } PartitionSpec;  /* (k='v', …) */

typedef enum StatementKind {
  ST_QUERY,
  ST_CREATE_TABLE_AS, ST_INSERT, ST_CREATE_VIEW, ST_DROP_VIEW, ST_UNLOAD,
  ST_EXPLAIN, ST_PREPARE, ST_EXECUTE, ST_DEALLOCATE,
  /* Hive's */
  ST_CREATE_EXTERNAL_TABLE, ST_DROP_TABLE, ST_CREATE_DATABASE, ST_DROP_DATABASE,
  ST_MSCK, ST_ADD_PARTITION, ST_DROP_PARTITION, ST_RENAME_PARTITION,
  ST_ADD_COLUMNS, ST_REPLACE_COLUMNS, ST_SET_LOCATION, ST_SET_TBLPROPERTIES, ST_SET_DBPROPERTIES,
  ST_SHOW_TABLES, ST_SHOW_DATABASES, ST_SHOW_COLUMNS, ST_SHOW_PARTITIONS, ST_SHOW_TBLPROPERTIES,
  ST_SHOW_VIEWS, ST_SHOW_CREATE_TABLE, ST_SHOW_CREATE_VIEW, ST_SHOW_FUNCTIONS, ST_DESCRIBE,
  ST_REFUSED                    /* parsed, never executed: refused names it; athena_error: Athena's own text, or NULL */
} StatementKind;

typedef struct Statement {
  StatementKind kind;
  Pos pos;
  const char *sql;              /* the whole text */
  Arena *arena;

  Query *query;                 /* ST_QUERY and what carries one */
  const char *query_sql;        /* text of that query as written (views) */
  NameList table;               /* the object: [catalog.][db.]name */
  NameList columns;             /* INSERT (a, b) */
  int if_exists, if_not_exists, or_replace, cascade, with_no_data, is_extended;
  int n_property; Property *property;

  /* CREATE EXTERNAL TABLE */
  int external;
  int n_column; ColumnDef *column;
  int n_partition_column; ColumnDef *partition_column;
  const char *comment;
  NameList clustered_by; int n_buckets;
  const char *serde;                            /* class, or NULL */
  int delimited;
  const char *field_terminator, *field_escape, *collection_terminator, *map_terminator, *line_terminator, *null_format;
  int n_serde_property; KeyText *serde_property;
  const char *stored_as, *input_format, *output_format;
  const char *location;
  int n_tbl_property; KeyText *tbl_property;
  int n_partition; PartitionSpec *partition;    /* ADD, DROP; RENAME: [0] to [1] */
  const char *pattern;                          /* SHOW … LIKE */

  /* EXPLAIN, PREPARE, EXECUTE */
  struct Statement *inner;
  const char *explain_type, *explain_format; int analyze;
  ExprList parameters;                          /* EXECUTE … USING */
  int n_parameter;                              /* number of ? in the text */

  const char *refused, *athena_error; Pos refused_pos;
} Statement;

/* An error of Athena, or TARN_NOT_SUPPORTED. */
typedef struct AthenaError {
  const char *code;             /* "MALFORMED_QUERY", "COLUMN_NOT_FOUND", …; NULL for Hive's whole texts */
  const char *message;          /* without code and position */
  Pos pos;                      /* line 0: none */
  int out_of_memory;
} AthenaError;

/*
** Parse one statement (a trailing `;` is fine; a second statement is the error
** "Only one sql statement is allowed. Got: …").  The dispatcher looks at the
** first words and picks Hive's or Trino's grammar (athena.md, fact 3).
** Success: 0 and *out in the arena.  Failure: 1 and *error, in the arena.
*/
int athena_parse(Arena*, const char *sql, Statement **out, AthenaError *error);

/* Split a script at `;` outside quotes and comments: the length of the first
** statement in z with its `;`, 0 when only blanks and comments are left. */
size_t athena_split(const char *z);
#endif
