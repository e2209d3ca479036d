/*
** tarn functions [NAME]: what the registry has, one overload a row.
*/
#include <stdio.h>
#include <string.h>
#include "../vtab/fn/fn.h"
#include "command.h"
#include "function_docs.h"
#include "output.h"
#include "session.h"

static const OutputColumn columns[] = {
  {"function", &TYPE_VARCHAR, 0}, {"signature", &TYPE_VARCHAR, 0}, {"kind", &TYPE_VARCHAR, 0},
  {"description", &TYPE_VARCHAR, 0}, {"example", &TYPE_VARCHAR, 0}
};

static Value text(const char *z){
  return z ? value_text(z, strlen(z)) : value_null();
}

static void row(Output *out, const char *name, const char *sig, const char *kind, const char *doc, const char *example){
  Value v[5];
  v[0] = text(name);
  v[1] = text(sig);
  v[2] = text(kind);
  v[3] = text(doc);
  v[4] = text(example);
  output_row(out, v);
}

/* Rows whose name is `wanted`, or all that are shown. */
static int is_shown(const char *name, unsigned flags, const char *wanted){
  if( name[0]=='$' || (flags & FN_HIDDEN) ) return 0;
  return wanted==0 || strcmp(name, wanted)==0;
}

/* A row's example, or the one of its name if it is the name's first row. */
static const char *example_of(const char *name, const char *example, int is_first){
  return example || !is_first ? example : function_example(name);
}

static void print_functions(Output *out, const char *wanted){
  int n;
  const FnDef *const *family = fn_families(&n);
  for(int i=0; i<n; i++){
    for(const FnDef *f=family[i]; f->name; f++){
      int first = f==family[i] || strcmp(f[-1].name, f->name)!=0;
      if( is_shown(f->name, f->flags, wanted) ){
        row(out, f->name, f->sig, "scalar", f->doc, example_of(f->name, f->example, first));
      }
    }
  }
}

static void print_aggregates(Output *out, const char *wanted){
  int n;
  const AggDef *const *family = agg_families(&n);
  for(int i=0; i<n; i++){
    for(const AggDef *f=family[i]; f->name; f++){
      int first = f==family[i] || strcmp(f[-1].name, f->name)!=0;
      if( is_shown(f->name, f->flags, wanted) ){
        row(out, f->name, f->sig, "aggregate", f->doc, example_of(f->name, f->example, first));
      }
    }
  }
}

static void print_all(Output *out, const char *wanted){
  print_functions(out, wanted);
  print_aggregates(out, wanted);
  for(const WindowDoc *w=window_docs; w->name; w++){
    if( is_shown(w->name, 0, wanted) ) row(out, w->name, w->sig, "window", w->doc, w->example);
  }
}

int cmd_functions(const Options *o){
  const OutputFormat *format = output_format(o->format, stdout);
  Output out;
  Arena a;
  int rc;
  if( format==0 || o->n_operand>1 ){
    fputs("tarn functions: [NAME], --format box, csv, json, jsonl, markdown\n", stderr);
    return EXIT_USAGE;
  }
  arena_init_or_die(&a);
  output_init(&out, format, stdout);
  output_begin(&out, &a, RESULT_QUERY, 5, columns);
  print_all(&out, o->n_operand ? o->operand[0] : 0);
  rc = out.rows==0;
  if( output_end(&out) ) rc = 1;
  if( out.rows==0 && o->n_operand ) fprintf(stderr, "FUNCTION_NOT_FOUND: Function '%s' not registered\n", o->operand[0]);
  output_free(&out);
  arena_free(&a);
  return rc ? EXIT_FAILED : EXIT_DONE;
}
