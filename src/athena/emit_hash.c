/*
** Equality joins by a hash index: `a JOIN b ON a.k = b.k` becomes
**
**   a JOIN t_hash('SELECT b.k, b.x, … FROM b', a.k) AS r2
**
** SQLite would build a sorted b-tree for such a join (its automatic index);
** with keys in random order the hash is several times as fast (vtab/hash.c).
**
** Done for INNER and LEFT joins with a table on the right (or, of an INNER
** join of two tables, with the smaller one on the left), for conditions that
** cannot raise, on keys whose equal values have equal bytes.
**
** A correlated subquery over one table, `(SELECT … FROM b WHERE b.k = a.k)`,
** would read the whole table for every outer row.  It becomes a probe too:
**
**   (SELECT … FROM t_hash('SELECT b.k, b.x, … FROM b', a.k) AS r2)
**
** The table that an INSERT writes is never hashed.
**
** The columns of the hashed table are read as r<id>.c<k> from then on; which
** of them the statement reads is known only when it is written, so the inner
** query is a marker until emit_hash_finish.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "emit.h"
#include "../../vtab/hash.h"

#define MARK '\001'
#define SMALL_ROWS 500          /* below, SQLite's own way is as good */
#define CONJUNCT_MAX 32

struct HashJoin {
  HashJoin *next;
  RelInfo *info;
  const char *keys;             /* SQL of the keys, in the hashed table */
  int n_key;
};

enum { SIDE_LEFT = 1, SIDE_RIGHT = 2, SIDE_OTHER = 4 };

/* left NULL: everything that is not right's (an outer query's). */
typedef struct Sides { Scope *left, *right; int found; } Sides;

static int has_field(const Scope *s, const Field *f){
  for(int i=0; i<s->n; i++) if( s->field[i]==f ) return 1;
  return 0;
}

/* Which sides an expression reads; SIDE_OTHER for what may not move. */
static void find_sides(void *p, Expr *e){
  Sides *s = p;
  Sem *sem = e->sem;
  if( sem ){
    switch( sem->kind ){
      case SEM_COLUMN:
        if( has_field(s->right, sem->field) ) s->found |= SIDE_RIGHT;
        else if( s->left ? has_field(s->left, sem->field) : !sem->field->is_lambda ) s->found |= SIDE_LEFT;
        else s->found |= SIDE_OTHER;
        return;
      case SEM_SUBQUERY: case SEM_EXISTS: case SEM_IN_QUERY: case SEM_QUANTIFIED: case SEM_AGG: case SEM_WINDOW: case SEM_LAMBDA:
        s->found |= SIDE_OTHER;
        return;
      case SEM_FN:
        if( sem->fn && (sem->fn->flags & FN_VOLATILE) ) s->found |= SIDE_OTHER;
        break;
      default: break;
    }
  }
  expr_children(e, find_sides, p);
}

static int sides_of(Scope *left, Scope *right, Expr *e){
  Sides s = {left, right, 0};
  find_sides(&s, e);
  return s.found;
}

/* Types whose equal values have equal bytes in SQLite and whose unequal ones differ. */
int emit_is_hashable(const Type *t){
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: case T_VARCHAR: case T_VARBINARY:
    case T_DATE: case T_TIME: case T_DECIMAL: case T_INTERVAL_DS: case T_INTERVAL_YM: return 1;
    case T_TIMESTAMP: return t->p<=6;
    default: return 0;
  }
}

/* The AND terms of a condition; -1 when there are too many or one may raise. */
static int conjuncts(Expr *e, Expr **out, int n){
  e = expr_bare(e);
  if( e->kind==EXPR_AND ){
    for(int i=0; i<e->n && n>=0; i++) n = conjuncts(e->arg[i], out, n);
    return n;
  }
  if( n<0 || n==CONJUNCT_MAX || expr_may_raise(e) ) return -1;
  out[n] = e;
  return n+1;
}

static int is_plain_table(const Emitter *E, const Relation *r){
  const RelInfo *info = r->sem;
  if( E->insert_target && info->table && !strcmp(info->table->sqlite_name, E->insert_target) ) return 0;
  return r->kind==REL_TABLE && info->table && !info->with && !info->view && r->sample==0
      && (info->table->kind==TABLE_STORED || info->table->kind==TABLE_LANDING) && info->scope->n<=HASH_COLUMNS;
}

/* Rows, or a guess: what lies in files is taken for large. */
static double rows_of(Emitter *E, const RelInfo *info){
  int64_t n = info->table->kind==TABLE_STORED ? catalog_row_estimate(E->an->context->catalog, info->table) : -1;
  return n<0 ? 1e7 : (double)n;
}

/* Which side of the join becomes the hash: 0 none. */
static int choose_side(Emitter *E, const Relation *rel){
  int can_right = is_plain_table(E, rel->right), can_left = rel->join==JOIN_INNER && is_plain_table(E, rel->left);
  if( E->nested || (rel->join!=JOIN_INNER && rel->join!=JOIN_LEFT) || rel->on==0 || emit_has_right_join(rel->left) ) return 0;
  if( !can_right ) return 0;
  double right = rows_of(E, rel->right->sem), left = can_left ? rows_of(E, rel->left->sem) : 1e9;
  if( right<SMALL_ROWS ) return 0;
  return left<right ? SIDE_LEFT : SIDE_RIGHT;
}

/* Read the relation's columns as they are stored (0) or from the hash (1). */
static void read_hashed(Emitter *E, RelInfo *info, int hashed){
  Scope *s = info->scope;
  if( info->plain_sql==0 ){
    info->plain_sql = ARENA_ARRAY(E->arena, const char*, s->n+1);
    for(int i=0; i<s->n; i++) info->plain_sql[i] = s->field[i]->sql;
  }
  for(int i=0; i<s->n; i++) s->field[i]->sql = hashed ? ep(E, "r%d.c%d", info->id, i) : info->plain_sql[i];
}

static const char *joined(Emitter *E, const char *list, const char *sep, const char *item){
  return list ? ep(E, "%s%s%s", list, sep, item) : item;
}

/* Which terms are equalities between the sides; how many. */
static int find_keys(Scope *left, Scope *right, int n, Expr **term, char *is_key){
  int n_key = 0;
  for(int i=0; i<n; i++){
    Sem *sem = term[i]->sem;
    is_key[i] = 0;
    if( term[i]->kind!=EXPR_COMPARE || term[i]->op!=OP_EQ || sem==0 || sem->kind!=SEM_EQ ) continue;
    if( sem->operand==0 || !emit_is_hashable(sem->operand) || n_key==HASH_KEYS ) continue;
    int a = sides_of(left, right, term[i]->arg[0]), b = sides_of(left, right, term[i]->arg[1]);
    is_key[i] = (a==SIDE_LEFT && b==SIDE_RIGHT) || (a==SIDE_RIGHT && b==SIDE_LEFT);
    n_key += is_key[i];
  }
  return n_key;
}

static void note_hash(Emitter *E, RelInfo *info, const char *keys, int n_key){
  HashJoin *h = ARENA_NEW(E->arena, HashJoin);
  h->next = *E->hashes;
  h->info = info;
  h->keys = keys;
  h->n_key = n_key;
  *E->hashes = h;
}

const char *emit_hash_subquery(Emitter *E, Body *body){
  Relation *rel = body->from;
  Expr *term[CONJUNCT_MAX];
  char is_key[CONJUNCT_MAX];
  const char *own = 0, *probe = 0, *rest = 0;
  if( rel->kind!=REL_TABLE ) return 0;
  RelInfo *info = rel->sem;
  if( info->plain_sql ) read_hashed(E, info, 0);
  if( !E->nested || E->program || body->where==0 || !is_plain_table(E, rel) || rows_of(E, info)<SMALL_ROWS ) return 0;
  int n = conjuncts(body->where, term, 0);
  if( n<1 || find_keys(0, info->scope, n, term, is_key)==0 ) return 0;
  int n_key = 0;
  for(int i=0; i<n; i++){
    if( !is_key[i] ) continue;
    int first = sides_of(0, info->scope, term[i]->arg[0])==SIDE_RIGHT ? 0 : 1;
    own = joined(E, own, ", ", emit_expr(E, term[i]->arg[first]));
    probe = joined(E, probe, ", ", emit_expr(E, term[i]->arg[1-first]));
    n_key++;
  }
  read_hashed(E, info, 1);
  for(int i=0; i<n; i++) if( !is_key[i] ) rest = joined(E, rest, " AND ", emit_expr(E, term[i]));
  note_hash(E, info, own, n_key);
  return ep(E, " FROM t_hash(%c%d%c, %s) AS r%d%s%s", MARK, info->id, MARK, probe, info->id, rest ? " WHERE " : "", rest ? rest : "");
}

const char *emit_hash_join(Emitter *E, Relation *rel){
  int side = choose_side(E, rel), n, n_key = 0;
  Expr *term[CONJUNCT_MAX];
  RelInfo *l = rel->left->sem, *r = rel->right->sem;
  const char *own = 0, *probe = 0, *rest = 0, *from;
  if( rel->right->kind==REL_TABLE && r->plain_sql ) read_hashed(E, r, 0);
  if( rel->left->kind==REL_TABLE && l->plain_sql ) read_hashed(E, l, 0);
  if( side==0 || (n = conjuncts(rel->on, term, 0))<1 ) return 0;
  RelInfo *hashed = side==SIDE_RIGHT ? r : l;
  char is_key[CONJUNCT_MAX];
  n_key = find_keys(l->scope, r->scope, n, term, is_key);
  if( n_key==0 ) return 0;
  from = emit_from(E, side==SIDE_RIGHT ? rel->left : rel->right);
  for(int i=0; i<n; i++){
    if( !is_key[i] ) continue;
    int first = sides_of(l->scope, r->scope, term[i]->arg[0])==side ? 0 : 1;
    own = joined(E, own, ", ", emit_expr(E, term[i]->arg[first]));
    probe = joined(E, probe, ", ", emit_expr(E, term[i]->arg[1-first]));
  }
  read_hashed(E, hashed, 1);
  for(int i=0; i<n; i++) if( !is_key[i] ) rest = joined(E, rest, " AND ", emit_expr(E, term[i]));
  note_hash(E, hashed, own, n_key);
  return ep(E, "%s %s t_hash(%c%d%c, %s) AS r%d ON %s", from, rel->join==JOIN_LEFT ? "LEFT JOIN" : "JOIN", MARK,
    hashed->id, MARK, probe, hashed->id, rest ? rest : "1");
}

/* Mark which of a hash's columns a text reads: r<id>.c<k>. */
static void find_used(const char *sql, const HashJoin *h, char *used){
  char word[32];
  size_t n = (size_t)snprintf(word, sizeof word, "r%d.c", h->info->id);
  for(const char *z = sql; (z = strstr(z, word))!=0; z += n){
    int before = z>sql ? z[-1] : ' ', k = atoi(z+n);
    int is_name = (before>='a' && before<='z') || (before>='0' && before<='9') || before=='_';
    if( !is_name && z[n]>='0' && z[n]<='9' && k<h->info->scope->n ) used[k] = 1;
  }
}

/* The query whose rows are hashed: its keys, then the columns that are read. */
static const char *inner_query(Emitter *E, const char *sql, const HashJoin *h){
  const RelInfo *info = h->info;
  char used[HASH_COLUMNS] = {0};
  Buf b;
  int last = -1;
  find_used(sql, h, used);
  for(GroupText *g = *E->groups; g; ){
    const char *text;
    g = emit_group_next(g, &text);
    find_used(text, h, used);
  }
  for(int i=0; i<info->scope->n; i++) if( used[i] ) last = i;
  buf_init(&b, E->arena);
  buf_printf(&b, "SELECT %s", h->keys);
  for(int i=0; i<=last; i++) buf_printf(&b, ", %s", used[i] ? info->plain_sql[i] : "NULL");
  buf_printf(&b, " FROM %s AS r%d", emit_quoted(E, info->table->sqlite_name), info->id);
  return string_sql(E->an, b.z, b.n);
}

/* A text with its markers filled in; `sql` is the statement's. */
static const char *fill_in(Emitter *E, const char *sql, const char *text){
  Buf b;
  buf_init(&b, E->arena);
  for(const char *z = text; *z; ){
    size_t n = strcspn(z, "\001\002");
    HashJoin *h = *E->hashes;
    char mark = z[n];
    buf_add(&b, z, n);
    z += n;
    if( mark==0 ) break;
    int id = atoi(z+1);
    if( mark==GROUP_MARK ){
      const char *inner = fill_in(E, sql, emit_group_text(E, id));
      buf_str(&b, string_sql(E->an, inner, strlen(inner)));
    }else{
      while( h && h->info->id!=id ) h = h->next;
      if( h ) buf_str(&b, inner_query(E, sql, h));
    }
    z = strchr(z+1, mark) + 1;
    if( b.n>(size_t)SQL_MAX ) an_refuse(E->an, POS_START, "a query that needs more than %d bytes of SQL", SQL_MAX);
  }
  return b.z ? b.z : "";
}

const char *emit_hash_finish(Emitter *E, const char *sql){
  return *E->hashes || *E->groups ? fill_in(E, sql, sql) : sql;
}
