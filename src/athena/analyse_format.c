/*
** Expressions as Athena prints them inside its messages (Trino's
** ExpressionFormatter): operators in parentheses, names as written.
** Only for messages: nothing is parsed from it.
*/
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "analyser.h"

static void fmt(Buf *b, const Expr *e, int depth);

static void fmt_list(Buf *b, int n, Expr *const *e, const char *sep, int depth){
  for(int i=0; i<n; i++){
    if( i ) buf_str(b, sep);
    fmt(b, e[i], depth);
  }
}

static void fmt_name(Buf *b, const Name *n){
  if( n->quoted ){
    buf_char(b, '"');
    for(const char *p = n->text; *p; p++){ if( *p=='"' ) buf_char(b, '"'); buf_char(b, *p); }
    buf_char(b, '"');
  }else{
    buf_str(b, n->text ? n->text : "");
  }
}

static void fmt_string(Buf *b, const char *z){
  buf_char(b, '\'');
  for(; z && *z; z++){ if( *z=='\'' ) buf_char(b, '\''); buf_char(b, *z); }
  buf_char(b, '\'');
}

static void fmt_sort(Buf *b, int n, const SortItem *item, int depth){
  for(int i=0; i<n; i++){
    if( i ) buf_str(b, ", ");
    fmt(b, item[i].e, depth);
    buf_str(b, item[i].descending ? " DESC" : " ASC");
    if( item[i].nulls==NULLS_FIRST ) buf_str(b, " NULLS FIRST");
    if( item[i].nulls==NULLS_LAST ) buf_str(b, " NULLS LAST");
  }
}

static void fmt_bound(Buf *b, BoundKind k, const Expr *v, int depth){
  switch( k ){
    case BOUND_UNBOUNDED_PRECEDING: buf_str(b, "UNBOUNDED PRECEDING"); break;
    case BOUND_PRECEDING: fmt(b, v, depth); buf_str(b, " PRECEDING"); break;
    case BOUND_CURRENT: buf_str(b, "CURRENT ROW"); break;
    case BOUND_FOLLOWING: fmt(b, v, depth); buf_str(b, " FOLLOWING"); break;
    case BOUND_UNBOUNDED_FOLLOWING: buf_str(b, "UNBOUNDED FOLLOWING"); break;
  }
}

static void fmt_window(Buf *b, const Window *w, int depth){
  const char *sep = "";
  if( w->reference ){
    buf_str(b, " OVER ");
    fmt_name(b, &w->name);
    return;
  }
  buf_str(b, " OVER (");
  if( w->base.text ){ fmt_name(b, &w->base); sep = " "; }
  if( w->partition_by.n ){
    buf_printf(b, "%sPARTITION BY ", sep);
    fmt_list(b, w->partition_by.n, w->partition_by.e, ", ", depth);
    sep = " ";
  }
  if( w->order_by.n ){
    buf_printf(b, "%sORDER BY ", sep);
    fmt_sort(b, w->order_by.n, w->order_by.item, depth);
    sep = " ";
  }
  if( w->frame!=FRAME_DEFAULT ){
    static const char *const word[] = {"", "ROWS", "RANGE", "GROUPS"};
    buf_printf(b, "%s%s ", sep, word[w->frame]);
    buf_str(b, "BETWEEN ");
    fmt_bound(b, w->start, w->start_value, depth);
    buf_str(b, " AND ");
    fmt_bound(b, w->end, w->end_value, depth);
  }
  buf_char(b, ')');
}

static void fmt_call(Buf *b, const Expr *e, int depth){
  const char *name = e->function_name.n ? e->function_name.name[e->function_name.n-1].text : "";
  const char *lower = e->function_name.n ? e->function_name.name[e->function_name.n-1].lower : "";
  if( !strcmp(lower, "coalesce") ) name = "COALESCE";
  else if( !strcmp(lower, "nullif") ) name = "NULLIF";
  else if( !strcmp(lower, "if") ) name = "IF";
  else if( !strcmp(lower, "try") ) name = "TRY";
  for(int i=0; i+1<e->function_name.n; i++){ fmt_name(b, &e->function_name.name[i]); buf_char(b, '.'); }
  buf_printf(b, "%s(", name);
  if( e->distinct ) buf_str(b, "DISTINCT ");
  if( e->star ) buf_char(b, '*');
  fmt_list(b, e->n, e->arg, ", ", depth);
  if( e->order_by.n && !e->within_group ){
    buf_str(b, " ORDER BY ");
    fmt_sort(b, e->order_by.n, e->order_by.item, depth);
  }
  buf_char(b, ')');
  if( e->within_group ){
    buf_str(b, " WITHIN GROUP (ORDER BY ");
    fmt_sort(b, e->order_by.n, e->order_by.item, depth);
    buf_char(b, ')');
  }
  if( e->filter ){ buf_str(b, " FILTER (WHERE "); fmt(b, e->filter, depth); buf_char(b, ')'); }
  if( e->nulls==NULLS_IGNORE ) buf_str(b, " IGNORE NULLS");
  if( e->nulls==NULLS_RESPECT ) buf_str(b, " RESPECT NULLS");
  if( e->over ) fmt_window(b, e->over, depth);
}

static void fmt_double(Buf *b, const char *text){
  /* Java's DecimalFormat 0.###################E0### of the value. */
  double d = strtod(text, 0);
  if( d==0 ){ buf_str(b, "0E0"); return; }
  int exponent = (int)floor(log10(fabs(d)));
  char digits[64];
  for(int prec=0; prec<18; prec++){
    snprintf(digits, sizeof digits, "%.*e", prec, d);
    if( atof(digits)==d ) break;
  }
  char *at = strchr(digits, 'e');
  if( at ){ exponent = atoi(at+1); *at = 0; }
  buf_printf(b, "%sE%d", digits, exponent);
}

static void fmt_case(Buf *b, const Expr *e, int from, int depth){
  buf_str(b, "(CASE ");
  if( from ){ fmt(b, e->arg[0], depth); buf_char(b, ' '); }
  for(int i=from; i+1<e->n; i+=2){
    buf_str(b, "WHEN "); fmt(b, e->arg[i], depth);
    buf_str(b, " THEN "); fmt(b, e->arg[i+1], depth); buf_char(b, ' ');
  }
  if( e->else_ ){ buf_str(b, "ELSE "); fmt(b, e->else_, depth); buf_char(b, ' '); }
  buf_str(b, "END)");
}

static void fmt_upper(Buf *b, const char *z){
  for(; z && *z; z++) buf_char(b, *z>='a' && *z<='z' ? (char)(*z-32) : *z);
}

static const char *op_text(const Expr *e){
  static const char *const compare[] = {"?", "=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM", "||"};
  if( e->op>=OP_EQ && e->op<=OP_CONCAT ) return compare[e->op];
  switch( e->op ){
    case '+': return "+"; case '-': return "-"; case '*': return "*"; case '/': return "/"; case '%': return "%";
  }
  return "?";
}

static void fmt(Buf *b, const Expr *e, int depth){
  if( e==0 ) return;
  if( ++depth>DEPTH_MAX ){ buf_str(b, "..."); return; }
  switch( e->kind ){
    case EXPR_NULL: buf_str(b, "null"); break;
    case EXPR_BOOL: buf_str(b, e->value.i ? "true" : "false"); break;
    case EXPR_INTEGER: buf_str(b, e->text); break;
    case EXPR_DECIMAL: case EXPR_DOUBLE: fmt_double(b, e->text); break;
    case EXPR_STRING: fmt_string(b, e->text); break;
    case EXPR_BINARY:
      buf_str(b, "X'");
      for(int i=0; i<e->value.n; i++) buf_printf(b, "%02X", (unsigned char)e->value.z[i]);
      buf_char(b, '\'');
      break;
    case EXPR_TYPED_LITERAL:
      fmt_upper(b, e->type_name ? e->type_name->text : "");
      buf_char(b, ' ');
      fmt_string(b, e->text);
      break;
    case EXPR_INTERVAL:
      buf_printf(b, "INTERVAL %s", e->op<0 ? "- " : "");
      fmt_string(b, e->text);
      buf_char(b, ' ');
      fmt_upper(b, e->interval_from);
      if( e->interval_to ){ buf_str(b, " TO "); fmt_upper(b, e->interval_to); }
      break;
    case EXPR_PARAMETER: buf_char(b, '?'); break;
    case EXPR_NAME: fmt_name(b, &e->name); break;
    case EXPR_FIELD: fmt(b, e->arg[0], depth); buf_char(b, '.'); fmt_name(b, &e->name); break;
    case EXPR_SUBSCRIPT: fmt(b, e->arg[0], depth); buf_char(b, '['); fmt(b, e->arg[1], depth); buf_char(b, ']'); break;
    case EXPR_CALL: fmt_call(b, e, depth); break;
    case EXPR_UNARY: buf_char(b, (char)e->op); fmt(b, e->arg[0], depth); break;
    case EXPR_BINARY_OP:
      if( e->op==OP_CONCAT ){
        buf_str(b, "concat(");
        fmt_list(b, e->n, e->arg, ", ", depth);
        buf_char(b, ')');
        break;
      }
      /* fall through */
    case EXPR_COMPARE:
      buf_char(b, '(');
      fmt(b, e->arg[0], depth);
      buf_printf(b, " %s ", op_text(e));
      fmt(b, e->arg[1], depth);
      buf_char(b, ')');
      break;
    case EXPR_QUANTIFIED:
      buf_char(b, '('); fmt(b, e->arg[0], depth);
      buf_printf(b, " %s %s (SELECT ...))", op_text(e), e->quantifier==QUANTIFIER_ALL ? "ALL" : "ANY");
      break;
    case EXPR_AND: case EXPR_OR:
      buf_char(b, '('); fmt_list(b, e->n, e->arg, e->kind==EXPR_AND ? " AND " : " OR ", depth); buf_char(b, ')');
      break;
    case EXPR_NOT: buf_str(b, "(NOT "); fmt(b, e->arg[0], depth); buf_char(b, ')'); break;
    case EXPR_IS_NULL:
      buf_char(b, '('); fmt(b, e->arg[0], depth); buf_str(b, e->negated ? " IS NOT NULL)" : " IS NULL)"); break;
    case EXPR_BETWEEN: case EXPR_IN_LIST: case EXPR_LIKE: case EXPR_IN_QUERY:
      buf_str(b, e->negated ? "(NOT (" : "(");
      fmt(b, e->arg[0], depth);
      if( e->kind==EXPR_BETWEEN ){
        buf_str(b, " BETWEEN "); fmt(b, e->arg[1], depth); buf_str(b, " AND "); fmt(b, e->arg[2], depth);
      }else if( e->kind==EXPR_LIKE ){
        buf_str(b, " LIKE "); fmt(b, e->arg[1], depth);
        if( e->n>2 ){ buf_str(b, " ESCAPE "); fmt(b, e->arg[2], depth); }
      }else if( e->kind==EXPR_IN_LIST ){
        buf_str(b, " IN ("); fmt_list(b, e->n-1, e->arg+1, ", ", depth); buf_char(b, ')');
      }else{
        buf_str(b, " IN (SELECT ...)");
      }
      buf_str(b, e->negated ? "))" : ")");
      break;
    case EXPR_EXISTS: buf_str(b, "(EXISTS (SELECT ...))"); break;
    case EXPR_SUBQUERY: buf_str(b, "(SELECT ...)"); break;
    case EXPR_CASE: fmt_case(b, e, 0, depth); break;
    case EXPR_CASE_SIMPLE: fmt_case(b, e, 1, depth); break;
    case EXPR_CAST:
      buf_str(b, e->op ? "TRY_CAST(" : "CAST("); fmt(b, e->arg[0], depth);
      buf_printf(b, " AS %s)", e->type_name->text); break;
    case EXPR_ROW: buf_str(b, "ROW ("); fmt_list(b, e->n, e->arg, ", ", depth); buf_char(b, ')'); break;
    case EXPR_ARRAY: buf_str(b, "ARRAY["); fmt_list(b, e->n, e->arg, ",", depth); buf_char(b, ']'); break;
    case EXPR_LAMBDA:
      buf_char(b, '(');
      for(int i=0; i<e->param.n; i++){ if( i ) buf_str(b, ", "); fmt_name(b, &e->param.name[i]); }
      buf_str(b, ") -> "); fmt(b, e->arg[0], depth); break;
    case EXPR_EXTRACT:
      buf_str(b, "EXTRACT("); fmt_upper(b, e->name.lower); buf_str(b, " FROM "); fmt(b, e->arg[0], depth); buf_char(b, ')'); break;
    case EXPR_AT_TIME_ZONE: fmt(b, e->arg[0], depth); buf_str(b, " AT TIME ZONE "); fmt(b, e->arg[1], depth); break;
    case EXPR_CURRENT: buf_str(b, e->name.lower); if( e->index>=0 ) buf_printf(b, "(%d)", e->index); break;
    case EXPR_TRIM:
      buf_str(b, "trim("); fmt_upper(b, e->name.lower); buf_char(b, ' ');
      if( e->n>1 ){ fmt(b, e->arg[1], depth); buf_char(b, ' '); }
      buf_str(b, "FROM "); fmt(b, e->arg[0], depth); buf_char(b, ')'); break;
    case EXPR_SUBSTRING: buf_str(b, "substr("); fmt_list(b, e->n, e->arg, ", ", depth); buf_char(b, ')'); break;
    case EXPR_POSITION: buf_str(b, "strpos("); fmt_list(b, e->n, e->arg, ", ", depth); buf_char(b, ')'); break;
    case EXPR_NORMALIZE: buf_str(b, "normalize("); fmt_list(b, e->n, e->arg, ", ", depth); buf_char(b, ')'); break;
    case EXPR_GROUPING: buf_str(b, "GROUPING ("); fmt_list(b, e->n, e->arg, ", ", depth); buf_char(b, ')'); break;
    case EXPR_JSON: fmt_upper(b, e->name.lower); buf_str(b, "(...)"); break;
    case EXPR_STAR: buf_char(b, '*'); break;
    case EXPR_REFUSED: buf_str(b, e->text); break;
    case EXPR_COERCE: fmt(b, e->arg[0], depth-1); break;
  }
}

const char *expr_text(Analyser *an, const Expr *e){
  Buf b;
  buf_init(&b, an->arena);
  fmt(&b, e, 0);
  return b.z ? b.z : "";
}

int expr_print(const Expr *e, char *z, size_t size){
  Buf b;
  buf_init(&b, 0);
  fmt(&b, e, 0);
  int bad = b.oom || b.n>=size;
  if( !bad ) memcpy(z, b.z ? b.z : "", b.n+1);
  buf_free(&b);
  return bad ? -1 : 0;
}
