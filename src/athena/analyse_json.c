/*
** The SQL/JSON functions: JSON_EXISTS, JSON_VALUE, JSON_QUERY, JSON_OBJECT,
** JSON_ARRAY.  Each becomes a call of an internal function whose first
** argument says how (vtab/fn/sqljson.h); JSON_QUERY, JSON_OBJECT and
** JSON_ARRAY give a varchar that is cast to RETURNING.
*/
#include <string.h>
#include "analyser.h"
#include "../../vtab/fn/registry.h"
#include "../../vtab/fn/json_path.h"

typedef struct JsonCall {
  Analyser *an;
  Scope *scope;
  Expr *e;
  const char *row;              /* registry name */
  Buf how;
  ExprList arg;
} JsonCall;

static Expr *text(Analyser *an, Pos pos, const char *z){
  Expr *e = an_expr(an, EXPR_STRING, pos);
  e->text = z;
  e->value.n = (int)strlen(z);
  expr_analyse(an, 0, e);
  return e;
}

static Expr *null(Analyser *an, Pos pos, const Type *t){
  Expr *e = an_expr(an, EXPR_NULL, pos);
  expr_analyse(an, 0, e);
  return expr_coerce(an, e, t);
}

static int is_text(const Type *t){ return t->kind==T_VARCHAR || t->kind==T_CHAR || t->kind==T_UNKNOWN; }

/* JSON text itself: what another of these functions made. */
static int makes_json(const Expr *e){
  return e->kind==EXPR_JSON && strcmp(e->name.lower, "json_value")!=0 && strcmp(e->name.lower, "json_exists")!=0;
}

/* Errors of the path stand inside its literal. */
static void check_path(JsonCall *c){
  const JsonClauses *j = c->e->json;
  JsonSqlPath path;
  const char *error = 0;
  Pos pos = j->path_pos;
  int at = 0, rc = json_path_parse(c->an->arena, j->path, (int)strlen(j->path), &path, &error, &at);
  if( rc==0 ) return;
  if( rc>0 ) an_refuse(c->an, pos, "%s", error);
  pos.col += at + 1;
  an_fail(c->an, "MALFORMED_QUERY", pos, "%s", error);
}

static void add_input(JsonCall *c){
  JsonClauses *j = c->e->json;
  check_path(c);
  const Type *t = expr_analyse(c->an, c->scope, j->input);
  if( t->kind==T_VARBINARY ) an_refuse(c->an, j->input->pos, "SQL/JSON on varbinary");
  if( !is_text(t) )
    an_fail(c->an, "TYPE_MISMATCH", j->input->pos, "Cannot read input of type %s as JSON using formatting JSON", type_z(c->an, t));
  if( j->input_encoding ) an_refuse(c->an, j->input->pos, "ENCODING");
  calls_add(c->an, &c->arg, expr_coerce(c->an, j->input, &TYPE_VARCHAR));
  calls_add(c->an, &c->arg, text(c->an, j->path_pos, j->path));
}

/* A value that goes into JSON: as it is, or as its text. */
static Expr *json_operand(JsonCall *c, Expr *e, int format_json, const char *what){
  const Type *t = expr_analyse(c->an, c->scope, e);
  if( format_json && !is_text(t) )
    an_fail(c->an, "TYPE_MISMATCH", e->pos, "Cannot read input of type %s as JSON using formatting JSON", type_z(c->an, t));
  if( is_text(t) || t->kind==T_BOOLEAN || type_is_numeric(t) ) return e;
  if( t->kind==T_JSON || t->kind==T_VARBINARY || t->n>0 || !type_can_cast(t, &TYPE_VARCHAR) )
    an_fail(c->an, "NOT_SUPPORTED", c->e->pos, "Unsupported type of value passed to %s function: %s", what, type_z(c->an, t));
  Expr *cast = an_expr(c->an, EXPR_CAST, e->pos);
  cast->n = 1;
  cast->arg = ARENA_ARRAY(c->an->arena, Expr*, 1);
  cast->arg[0] = e;
  cast->type = &TYPE_VARCHAR;
  return cast;
}

static void add_passing(JsonCall *c, const char *what){
  JsonClauses *j = c->e->json;
  for(int i=0; i<j->n_passing; i++){
    JsonArg *a = &j->passing[i];
    Expr *v = json_operand(c, a->value, a->format_json, what);
    if( strchr(a->name.text, '|') ) an_refuse(c->an, c->e->pos, "'|' in a name of PASSING");
    buf_printf(&c->how, "|%c", a->format_json || makes_json(a->value) ? 'J' : '-');
    /* a path knows the value by its name in capitals, unless it is quoted */
    for(const char *z = a->name.text; *z; z++)
      buf_char(&c->how, !a->name.quoted && *z>='a' && *z<='z' ? (char)(*z-32) : *z);
    calls_add(c->an, &c->arg, v);
  }
}

static const Type *finish(JsonCall *c, const Type *t){
  const FnDef *fn[2];
  Analyser *an = c->an;
  if( fn_named(c->row, fn, 2)<1 ) an_refuse(an, c->e->pos, "%s", c->e->name.text ? c->e->name.text : c->row);
  Sem *sem = sem_new(an, c->e, SEM_FN);
  Expr *how = text(an, c->e->pos, c->how.z ? c->how.z : "");
  sem->fn = fn[0];
  sem->n = c->arg.n+1;
  sem->arg = ARENA_ARRAY(an->arena, Expr*, sem->n);
  sem->arg[0] = how;
  for(int i=0; i<c->arg.n; i++) sem->arg[i+1] = c->arg.e[i];
  return c->e->type = t;
}

/* The call as a varchar, and around it a cast to RETURNING. */
static const Type *returning(JsonCall *c){
  Analyser *an = c->an;
  JsonClauses *j = c->e->json;
  finish(c, &TYPE_VARCHAR);
  if( j->returning==0 ) return c->e->type;
  const Type *t = type_of_name(an, j->returning, c->e->pos);
  if( t->kind!=T_VARCHAR && t->kind!=T_CHAR && t->kind!=T_VARBINARY )
    an_fail(an, "TYPE_MISMATCH", c->e->pos, "Cannot output JSON value as %s using formatting JSON", type_z(an, t));
  if( j->returning_encoding && strcmp(j->returning_encoding, "utf8")!=0 ) an_refuse(an, c->e->pos, "ENCODING %s", j->returning_encoding);
  Expr *inner = an_expr(an, EXPR_JSON, c->e->pos);
  *inner = *c->e;
  c->e->kind = EXPR_CAST;
  c->e->json = 0;
  c->e->sem = 0;
  c->e->op = 0;
  c->e->type_name = j->returning;
  c->e->n = 1;
  c->e->arg = ARENA_ARRAY(an->arena, Expr*, 1);
  c->e->arg[0] = inner;
  return c->e->type = t;
}

/* --- The five ------------------------------------------------------------ */

static const Type *json_exists(JsonCall *c){
  JsonClauses *j = c->e->json;
  buf_char(&c->how, j->on_error ? (char)j->on_error : 'F');
  add_input(c);
  add_passing(c, "JSON_EXISTS");
  return finish(c, &TYPE_BOOLEAN);
}

static Expr *value_default(JsonCall *c, Expr *e, const Type *t, const char *when){
  Analyser *an = c->an;
  if( e==0 ) return null(an, c->e->pos, t);
  const Type *u = expr_analyse(an, c->scope, e);
  if( !type_equal(u, t) && !type_can_coerce(u, t) )
    an_fail(an, "TYPE_MISMATCH", e->pos, "Function JSON_VALUE default %s result must evaluate to a %s (actual: %s)", when, type_z(an, t), type_z(an, u));
  return expr_coerce(an, e, t);
}

static const Type *json_value(JsonCall *c){
  JsonClauses *j = c->e->json;
  Analyser *an = c->an;
  const Type *t = j->returning ? type_of_name(an, j->returning, c->e->pos) : &TYPE_VARCHAR;
  if( !(is_text(t) || type_is_numeric(t) || t->kind==T_BOOLEAN || (t->kind>=T_DATE && t->kind<=T_TIMESTAMP_TZ)) )
    an_fail(an, "TYPE_MISMATCH", c->e->pos, "Invalid return type of function JSON_VALUE: %s", type_z(an, t));
  buf_char(&c->how, j->on_empty ? (char)j->on_empty : 'N');
  buf_char(&c->how, j->on_error ? (char)j->on_error : 'N');
  add_input(c);
  calls_add(an, &c->arg, value_default(c, j->default_empty, t, "ON EMPTY"));
  calls_add(an, &c->arg, value_default(c, j->default_error, t, "ON ERROR"));
  add_passing(c, "JSON_VALUE");
  return finish(c, t);
}

static const Type *json_query(JsonCall *c){
  JsonClauses *j = c->e->json;
  static const char wrapper[] = "WWUC";
  if( j->wrapper>=2 && j->quotes )
    an_fail(c->an, "INVALID_FUNCTION_ARGUMENT", c->e->pos, "%s QUOTES behavior specified with WITH %s ARRAY WRAPPER behavior",
      j->quotes==2 ? "OMIT" : "KEEP", j->wrapper==3 ? "CONDITIONAL" : "UNCONDITIONAL");
  buf_char(&c->how, wrapper[j->wrapper & 3]);
  buf_char(&c->how, j->quotes==2 ? 'O' : 'K');
  buf_char(&c->how, j->on_empty ? (char)j->on_empty : 'N');
  buf_char(&c->how, j->on_error ? (char)j->on_error : 'N');
  add_input(c);
  add_passing(c, "JSON_QUERY");
  return returning(c);
}

static const Type *json_build(JsonCall *c, int is_object){
  JsonClauses *j = c->e->json;
  Analyser *an = c->an;
  int nulls = j->nulls ? j->nulls : is_object ? 1 : 2;
  buf_char(&c->how, nulls==1 ? 'N' : 'A');
  buf_char(&c->how, j->unique_keys ? 'U' : '-');
  for(int i=0; i<j->n_member; i++){
    JsonArg *m = &j->member[i];
    if( is_object ){
      const Type *t = expr_analyse(an, c->scope, m->key);
      if( t->kind!=T_VARCHAR && t->kind!=T_CHAR )
        an_fail(an, "INVALID_FUNCTION_ARGUMENT", m->key->pos, "Invalid type of JSON object key: %s", type_z(an, t));
      calls_add(an, &c->arg, expr_coerce(an, m->key, &TYPE_VARCHAR));
    }
    Expr *v = json_operand(c, m->value, m->format_json, is_object ? "JSON_OBJECT" : "JSON_ARRAY");
    buf_char(&c->how, m->format_json || makes_json(m->value) ? 'J' : '-');
    calls_add(an, &c->arg, v);
  }
  return returning(c);
}

const Type *json_analyse(Analyser *an, Scope *s, Expr *e){
  JsonCall c;
  memset(&c, 0, sizeof c);
  c.an = an;
  c.scope = s;
  c.e = e;
  c.row = arena_printf(an->arena, "$%s", e->name.lower);
  buf_init(&c.how, an->arena);
  if( !strcmp(e->name.lower, "json_exists") ) return json_exists(&c);
  if( !strcmp(e->name.lower, "json_value") ) return json_value(&c);
  if( !strcmp(e->name.lower, "json_query") ) return json_query(&c);
  if( !strcmp(e->name.lower, "json_object") ) return json_build(&c, 1);
  if( !strcmp(e->name.lower, "json_array") ) return json_build(&c, 0);
  an_refuse(an, e->pos, "%s", e->name.text);
}
