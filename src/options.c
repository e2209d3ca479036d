/*
** The command line.
**
** An option is a row of `table`: its names, the word for its value, the
** commands that take it, where it is kept and a sentence for help.  To add an
** option, add a row and a field of Options.
*/
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "options.h"

#define THREADS_MAX 64

typedef struct OptionDef {
  const char *name;
  char letter;                  /* or 0 */
  const char *value;            /* word for the value in help; NULL: a switch */
  size_t offset;                /* of the field in Options */
  const char *commands;         /* blank-separated; "*": all */
  const char *help;
} OptionDef;

#define FIELD(F) offsetof(Options, F)
static const OptionDef table[] = {
  {"lake", 0, "FILE", FIELD(lake), "*", "the lake: one SQLite file (lake.db)"},
  {"s3-root", 0, "DIR", FIELD(s3_root), "*",
   "read s3://bucket/key from DIR/bucket/key (before TARN_S3_ROOT, before the root a table remembers)"},
  {"database", 0, "NAME", FIELD(database), "*", "the database that unqualified names mean (default)"},
  {"sql", 0, "DIR", FIELD(sql_dir), "run translate check crawl pull", "where landing/, trusted/, curated/ and checks/ lie (sql)"},
  {"export", 0, "LOCATION", FIELD(export_location), "run export", "where <zone>/<table>/ folders of JSON lines go (export/)"},
  {"no-export", 0, 0, FIELD(no_export), "run", "store the tables, export nothing"},
  {"dry-run", 0, 0, FIELD(dry_run), "run", "print the order of the steps and what each reads; run nothing"},
  {"format", 0, "NAME", FIELD(format), "query run translate check functions history",
   "box (default on a terminal), csv (default elsewhere), json, jsonl, markdown, api"},
  {"file", 'f', "FILE", FIELD(file), "query translate", "read statements from FILE, split at `;` (- is stdin)"},
  {"output-location", 0, "LOCATION", FIELD(output_location), "query",
   "also leave Athena's result files there (<id>.csv or .txt, manifests)"},
  {"profile", 0, "NAME", FIELD(profile), "run query export shell s3 doctor pull crawl",
   "the AWS profile (before AWS_PROFILE and the environment's keys)"},
  {"region", 0, "NAME", FIELD(region), "run query export s3 doctor pull crawl", "the AWS region (before AWS_REGION)"},
  {"endpoint-url", 0, "URL", FIELD(endpoint_url), "run query export s3 doctor pull crawl",
   "another S3 server (before AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL)"},
  {"no-sign-request", 0, 0, FIELD(no_sign_request), "run query export s3 doctor pull crawl",
   "anonymous requests, for public buckets"},
  {"on-change", 0, "error|relist", FIELD(on_change), "run query export pull",
   "when an S3 object changed after it was listed: fail (error), or list anew and start again (relist)"},
  {"threads", 0, "N", FIELD(threads), "run query export shell check",
   "at most N threads at work, 1 to 64 (as many as there are processors); the results are the same"},
  {"memory", 0, "SIZE", FIELD(memory), "run query export shell check",
   "hash tables of joins and groups, and sets, keep below SIZE (256MB), like 512MB or 1GB; beyond, they take longer"},
  {"write", 0, 0, FIELD(write), "crawl", "write the scripts into sql/landing instead of printing them"},
  {"help", 'h', 0, FIELD(help), "*", "say how a command is used"},
  {"version", 0, 0, FIELD(version), "*", "print the version"},
  {0, 0, 0, 0, 0, 0}
};

/* Is word one of the blank-separated words of list? */
static int has_word(const char *list, const char *word){
  size_t n = strlen(word);
  if( list[0]=='*' ) return 1;
  for(const char *p=list; (p = strstr(p, word))!=0; p++){
    if( (p==list || p[-1]==' ') && (p[n]==0 || p[n]==' ') ) return 1;
  }
  return 0;
}

static const OptionDef *find_long(const char *z, size_t n){
  for(const OptionDef *d=table; d->name; d++){
    if( strlen(d->name)==n && memcmp(d->name, z, n)==0 ) return d;
  }
  return 0;
}

static const OptionDef *find_letter(char c){
  for(const OptionDef *d=table; d->name; d++){
    if( d->letter==c && c!=0 ) return d;
  }
  return 0;
}

/* An argument that is SQL or a name, not an option. */
static int is_operand(const char *z){
  return z[0]!='-' || z[1]==0 || strncmp(z, "-- ", 3)==0 || strchr(z, '\n')!=0;
}

static int usage(const char *fmt, const char *a, const char *b){
  fputs("tarn: ", stderr);
  fprintf(stderr, fmt, a, b);
  fputs("; `tarn help` lists commands and options\n", stderr);
  return EXIT_USAGE;
}

static void set_switch(Options *o, const OptionDef *d){
  *(int*)((char*)o + d->offset) = 1;
}
static void set_value(Options *o, const OptionDef *d, const char *value){
  *(const char**)((char*)o + d->offset) = value;
}

/* Take the option at argv[*i]; its value may be in the same argument or the
** next one, then *i moves. */
static int take_option(Options *o, int argc, char **argv, int *i){
  const char *z = argv[*i];
  const OptionDef *d;
  const char *value = 0;
  if( z[1]=='-' ){
    const char *eq = strchr(z, '=');
    size_t n = eq ? (size_t)(eq-z-2) : strlen(z+2);
    d = find_long(z+2, n);
    if( eq ) value = eq+1;
  }else{
    d = find_letter(z[1]);
    if( d && z[2] ) value = z+2;
  }
  if( d==0 ) return usage("unknown option %s%s", z, "");
  if( d->value==0 ){
    if( value ) return usage("option --%s takes no value%s", d->name, "");
    set_switch(o, d);
    return 0;
  }
  if( value==0 ){
    if( *i+1>=argc ) return usage("option --%s needs a value (%s)", d->name, d->value);
    value = argv[++*i];
  }
  set_value(o, d, value);
  return 0;
}

/* An option that the command does not take is a mistake, not noise. */
static int check_taken(const Options *o, int argc, char **argv){
  for(int i=0; i<argc; i++){
    const char *z = argv[i];
    const OptionDef *d;
    if( strcmp(z, "--")==0 ) break;
    if( is_operand(z) ) continue;
    d = z[1]=='-' ? find_long(z+2, strcspn(z+2, "=")) : find_letter(z[1]);
    if( d==0 ) continue;
    if( !has_word(d->commands, o->command) ) return usage("tarn %s does not take --%s", o->command, d->name);
    if( d->value && strchr(z, '=')==0 && (z[1]=='-' || z[2]==0) ) i++;
  }
  return 0;
}

/* What was typed as a number from 1 to THREADS_MAX. */
static int read_threads(Options *o){
  char *end;
  long n;
  if( o->threads==0 ) return 0;
  n = strtol(o->threads, &end, 10);
  if( o->threads[0]<'0' || o->threads[0]>'9' || *end || n<1 || n>THREADS_MAX ){
    return usage("--threads is a number from 1 to 64, not %s%s", o->threads, "");
  }
  o->n_thread = (int)n;
  return 0;
}

/* A number of bytes, with KB, MB or GB behind it: 1024, its square, its cube. */
static int read_memory(Options *o){
  static const char *const unit[] = {"", "KB", "MB", "GB", 0};
  char *end;
  long long n;
  int k = 0;
  o->memory_bytes = MEMORY_DEFAULT;
  if( o->memory==0 ) return 0;
  n = strtoll(o->memory, &end, 10);
  while( unit[k] && strcasecmp(unit[k], end)!=0 ) k++;
  if( o->memory[0]<'0' || o->memory[0]>'9' || unit[k]==0 || n>(1LL<<50)>>(10*k) || n<<(10*k)<MEMORY_LEAST ){
    return usage("--memory is a size from 1MB, like 512MB or 1GB, not %s%s", o->memory, "");
  }
  o->memory_bytes = n<<(10*k);
  return 0;
}

int options_parse(Options *o, int argc, char **argv){
  int n = 0, rc = 0, only_operands = 0;
  memset(o, 0, sizeof(*o));
  o->lake = "lake.db";
  o->sql_dir = "sql";
  o->export_location = "export/";
  o->database = "default";
  o->on_change = "error";
  /* The first operand is the command; the rest stay in argv's own array,
  ** moved behind the options, which have been read by then. */
  for(int i=0; i<argc && rc==0; i++){
    if( !only_operands && strcmp(argv[i], "--")==0 ){
      only_operands = 1;
    }else if( only_operands || is_operand(argv[i]) ){
      if( o->command==0 ) o->command = argv[i];
      n++;
    }else{
      rc = take_option(o, argc, argv, &i);
    }
  }
  if( rc==0 && o->command && !o->help && !o->version ) rc = check_taken(o, argc, argv);
  if( rc==0 && strcmp(o->on_change, "error")!=0 && strcmp(o->on_change, "relist")!=0 ){
    rc = usage("--on-change is error or relist, not %s%s", o->on_change, "");
  }
  if( rc==0 ) rc = read_threads(o);
  if( rc==0 ) rc = read_memory(o);
  if( rc ) return rc;
  only_operands = 0;
  n = 0;
  for(int i=0; i<argc; i++){
    const OptionDef *d;
    if( !only_operands && strcmp(argv[i], "--")==0 ){
      only_operands = 1;
      continue;
    }
    if( only_operands || is_operand(argv[i]) ){
      argv[n++] = argv[i];
      continue;
    }
    d = argv[i][1]=='-' ? find_long(argv[i]+2, strcspn(argv[i]+2, "=")) : find_letter(argv[i][1]);
    if( d && d->value && strchr(argv[i], '=')==0 && (argv[i][1]=='-' || argv[i][2]==0) ) i++;
  }
  o->operand = argv + (n>0);
  o->n_operand = n>0 ? n-1 : 0;
  return 0;
}

void options_print(const char *command){
  for(const OptionDef *d=table; d->name; d++){
    char left[64];
    if( command && !has_word(d->commands, command) ) continue;
    snprintf(left, sizeof(left), "%s%c%s--%s%s%s", d->letter ? "-" : "", d->letter ? d->letter : ' ',
             d->letter ? ", " : "   ", d->name, d->value ? " " : "", d->value ? d->value : "");
    printf("  %-28s %s\n", left, d->help);
  }
}
