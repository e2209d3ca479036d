/*
** SQL/JSON paths (`lax $.a[*]?(@.b > 1)`) and the items they find: shared by
** json_path.c (the grammar), json_item.c, json_evaluate.c and json_sql.c.
*/
#ifndef TARN_JSON_PATH_H
#define TARN_JSON_PATH_H
#include "fn.h"

#define JSON_PATH_DEPTH_MAX 100 /* nesting of a path */

typedef enum PathKind {
  PATH_CONTEXT,                 /* $ */
  PATH_CURRENT,                 /* @ */
  PATH_LAST,                    /* last */
  PATH_VARIABLE,                /* $name: text */
  PATH_LITERAL,                 /* type, value */
  PATH_NULL,                    /* null */
  PATH_MEMBER,                  /* left . text */
  PATH_MEMBERS,                 /* left . * */
  PATH_DESCENDANT,              /* left .. text */
  PATH_ELEMENTS,                /* left [*] */
  PATH_SUBSCRIPTS,              /* left [arg, arg]; a PATH_RANGE is "a to b" */
  PATH_RANGE,                   /* left to right */
  PATH_FILTER,                  /* left ? (right) */
  PATH_METHOD,                  /* left . text() */
  PATH_SIGN,                    /* op left */
  PATH_BINARY,                  /* left op right */
  /* predicates */
  PATH_COMPARE,                 /* left op right: = ! < > l (<=) g (>=) */
  PATH_AND, PATH_OR, PATH_NOT,
  PATH_EXISTS,
  PATH_UNKNOWN,                 /* (left) is unknown */
  PATH_STARTS                   /* left starts with right */
} PathKind;

typedef struct PathNode PathNode;
struct PathNode {
  PathKind kind;
  char op;
  const PathNode *left, *right;
  const PathNode **arg;         /* PATH_SUBSCRIPTS */
  int n;
  const char *text;
  int n_text;
  const Type *type;
  Value value;
};

typedef struct JsonSqlPath {
  int lax;
  const PathNode *root;
} JsonSqlPath;

/*
** Parse a path.  0: *out is set (all in the arena).  -1: *error is Athena's
** text and *at the code point of the path where it stands.  1: *error names
** what Tarn does not support.
*/
int json_path_parse(Arena*, const char *z, int n, JsonSqlPath *out, const char **error, int *at);

/* --- items (json_item.c), evaluation (json_evaluate.c) -------------------- */

typedef enum ItemKind { ITEM_NULL, ITEM_SCALAR, ITEM_ARRAY, ITEM_OBJECT, ITEM_HUGE } ItemKind;

/* A JSON value, or an SQL value that a path computed (is_json 0).  ITEM_HUGE
** is an integer beyond 64 bits, whose text is v. */
typedef struct Item Item;
struct Item {
  ItemKind kind;
  int is_json;
  const Type *type;             /* ITEM_SCALAR */
  Value v;
  int n;                        /* ITEM_ARRAY, ITEM_OBJECT */
  const Item *child;
  const Value *key;             /* ITEM_OBJECT */
};

typedef struct Sequence { Item *item; int n, cap; } Sequence;

void item_set_scalar(Item*, const Type*, Value, int is_json);
/* The tree of a JSON text: 0, -1 not JSON, 1 too deep. */
int item_parse(Arena*, const char *z, int n, Item *out);
/* Append the item as JSON: 0, or -1 when it is no JSON value. */
int item_write(Buf*, const Item*);

typedef struct PathVariable { const char *name; int n_name; Item item; int is_empty; } PathVariable;

/*
** Evaluate.  0: *out holds the items.  -1: the path failed on this input;
** *error is Athena's text behind "path evaluation failed: ", or NULL where it
** is not known.  A refusal is raised on the call: 1.
*/
int json_path_evaluate(FnCall*, const JsonSqlPath*, const Item *input, int n_variable,
                       const PathVariable*, Sequence *out, const char **error);
#endif
