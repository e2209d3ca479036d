/*
** The SerDe org.openx.data.jsonserde.JsonSerDe.
**
** A line that begins with `{` gives its fields by name, one that begins with
** `[` by position; any other line, a blank one too, is a row of NULLs.  Text
** after the first value of a line is passed over.  Malformed text is
** HIVE_CURSOR_ERROR, or a row of NULLs under ignore.malformed.json.
**
** The line is read once: the span of each used field is remembered (the last
** one of a name wins), then the spans are converted.  Nothing else of the line
** is decoded.  Lines that look like one before them are not even read: their
** cells come from a template (openx_template.h).  For the others State.guess
** remembers which column the key at each place of the last line belonged to.
**
** Conversions (spec §2): text that a number, date or timestamp cannot read is
** NULL, as is one out of range; an object or array there is HIVE_BAD_DATA, NULL
** under use.null.for.invalid.data.  Any JSON converts to text.
**
** Properties: ignore.malformed.json, case.insensitive, dots.in.keys,
** mapping.COLUMN, timestamp.formats, use.null.for.invalid.data (also a table
** property).  Others, `mapping` alone among them, do nothing, as on Athena.
**
** Limits: JSON_DEPTH_MAX levels; GUESS_MAX keys of GUESS_KEY_MAX bytes
** remembered.
*/
#include "sqlite.h"
#include "openx.h"
#include "openx_template.h"
#include <string.h>

#define GUESS_MAX 64
#define GUESS_KEY_MAX 40
#define TEMPLATES 8             /* learned at a time */
#define LEARN_CREDIT 16         /* misses that may be learned from before hits are needed */
#define LEARN_CREDIT_MAX 256
#define MAPPING_PREFIX "mapping."

typedef struct Guess { char key[GUESS_KEY_MAX]; size_t n; int field; } Guess;
typedef struct State {
  JsonToken *slot;              /* of each column */
  Guess guess[GUESS_MAX];
  TemplateMatch match;
  Template *template[TEMPLATES];        /* made when learned */
  unsigned uses[TEMPLATES];     /* of late */
  int after[TEMPLATES];         /* which one matched after each, the last time */
  int current, credit;
  TemplateToken token[TEMPLATE_SLOTS];
} State;

/* --- Preparing ----------------------------------------------------------- */

static const char *mapped_key(const Serde *serde, const char *name){
  size_t n = strlen(MAPPING_PREFIX);
  for(int i=0; i<serde->n_property; i++){
    const char *key = serde->property[i].key;
    if( strncmp(key, MAPPING_PREFIX, n)==0 && strcmp(key + n, name)==0 ) return serde->property[i].value;
  }
  return name;
}

static void plan_fields(Serde *serde, OpenxPlan *plan, int n){
  plan->name = ARENA_ARRAY(serde->arena, const char*, n);
  plan->key = ARENA_ARRAY(serde->arena, const char*, n);
  plan->n_name = ARENA_ARRAY(serde->arena, size_t, n);
  plan->n_key = ARENA_ARRAY(serde->arena, size_t, n);
}

static void plan_field(Serde *serde, OpenxPlan *plan, int i, const char *name){
  plan->name[i] = name;
  plan->n_name[i] = strlen(name);
  plan->key[i] = mapped_key(serde, name);
  plan->n_key[i] = strlen(plan->key[i]);
  for(int j=0; j<i; j++) plan->twins |= name_equal(plan->key[j], plan->n_key[j], plan->key[i], plan->n_key[i], 1);
}

/* Types nest at most TYPE_DEPTH_MAX deep. */
static void plan_type(Serde *serde, OpenxPlan *plan, const Type *type){
  plan->type = type;
  if( type->kind!=T_ARRAY && type->kind!=T_MAP && type->kind!=T_ROW ) return;
  plan->n = type->n;
  plan->child = ARENA_ARRAY(serde->arena, OpenxPlan, type->n);
  if( type->kind==T_ROW ) plan_fields(serde, plan, type->n);
  if( serde->arena->oom ) return;
  for(int i=0; i<type->n; i++){
    plan_type(serde, &plan->child[i], type->arg[i]);
    if( type->kind==T_ROW ) plan_field(serde, plan, i, type->name[i]);
  }
}

static char *openx_prepare(Serde *serde){
  Openx *openx = ARENA_NEW(serde->arena, Openx);
  const char *z;
  if( openx==0 ) return 0;
  serde->plan = openx;
  openx->top.n = serde->n_column;
  openx->top.child = ARENA_ARRAY(serde->arena, OpenxPlan, serde->n_column);
  plan_fields(serde, &openx->top, serde->n_column);
  if( serde->arena->oom ) return 0;
  for(int i=0; i<serde->n_column; i++){
    plan_type(serde, &openx->top.child[i], serde->column[i].type);
    plan_field(serde, &openx->top, i, serde->column[i].name);
  }
  openx->ignore_malformed = serde_property_is_true(serde, "ignore.malformed.json");
  openx->dots = serde_property_is_true(serde, "dots.in.keys");
  z = serde_property(serde, "case.insensitive");
  openx->ignore_case = z==0 || text_is(z, strlen(z), "true");
  z = serde_table_property(serde, "use.null.for.invalid.data");
  openx->null_for_invalid = serde_property_is_true(serde, "use.null.for.invalid.data")
                         || (z && text_is(z, strlen(z), "true"));
  return time_formats_parse(serde->arena, serde_property(serde, "timestamp.formats"), 0, &openx->formats);
}

/* --- Finding fields ------------------------------------------------------ */

static int find_field(const OpenxWork *w, const OpenxPlan *plan, const char *z, size_t n, const unsigned char *used){
  for(int i=0; i<plan->n; i++){
    if( used && !used[i] ) continue;
    if( name_equal(plan->key[i], plan->n_key[i], z, n, w->openx->ignore_case) ) return i;
  }
  return -1;
}

/* The field that a dotted key stands for where no key matches exactly. */
static int find_dotted(const OpenxWork *w, const OpenxPlan *plan, const char *z, size_t n, const unsigned char *used){
  char *copy;
  if( memchr(z, '.', n)==0 || (copy = arena_strndup(w->arena, z, n))==0 ) return -1;
  for(size_t i=0; i<n; i++) if( copy[i]=='.' ) copy[i] = '_';
  for(int i=0; i<plan->n; i++){
    if( used && !used[i] ) continue;
    if( name_equal(plan->name[i], plan->n_name[i], copy, n, w->openx->ignore_case) ) return i;
  }
  return -1;
}

static int key_text(OpenxWork *w, const JsonToken *key, const char **z, size_t *n){
  Value v = lenient_text(w->arena, key);
  if( v.kind==V_NULL ) return -1;
  *z = v.z;
  *n = (size_t)v.n;
  return 0;
}

/* The column of the key at this place of the line. */
static int guess_column(OpenxWork *w, State *state, int place, const JsonToken *key){
  Guess *g = place<GUESS_MAX ? &state->guess[place] : 0;
  const char *z;
  size_t n;
  int field;
  if( g && g->n==key->n && !key->escaped && memcmp(g->key, key->z, key->n)==0 ) return g->field;
  if( key_text(w, key, &z, &n) ) return -1;
  field = find_field(w, &w->openx->top, z, n, w->row->used);
  /* A key may be remembered only where nothing else decides on it. */
  if( g==0 || key->escaped || key->n>GUESS_KEY_MAX || (field<0 && w->openx->dots) ) return field;
  memcpy(g->key, key->z, key->n);
  g->n = key->n;
  g->field = field;
  return field;
}

/* A dotted key fills a field that has no exact match; the first such key of an
** object wins, the last value of that key. */
typedef struct Dotted { const char *z; size_t n; JsonToken value; } Dotted;

static int take_dotted(OpenxWork *w, const OpenxPlan *plan, const JsonToken *key, const JsonToken *value,
                       const unsigned char *used, Dotted **dotted){
  const char *z;
  size_t n;
  int i;
  Dotted *d;
  if( key_text(w, key, &z, &n) || (i = find_dotted(w, plan, z, n, used))<0 ) return w->arena->oom ? -1 : 0;
  if( *dotted==0 && (*dotted = ARENA_ARRAY(w->arena, Dotted, plan->n))==0 ) return -1;
  d = &(*dotted)[i];
  if( d->z && !name_equal(d->z, d->n, z, n, w->openx->ignore_case) ) return 0;
  *d = (Dotted){ z, n, *value };
  return 0;
}

/* Fields that are mapped to the key of another one. */
static void fill_twins(const OpenxWork *w, const OpenxPlan *plan, JsonToken *slot){
  for(int i=0; i<plan->n; i++){
    for(int j=0; j<plan->n && slot[i].kind==OPENX_ABSENT; j++){
      if( slot[j].kind==OPENX_ABSENT ) continue;
      if( name_equal(plan->key[i], plan->n_key[i], plan->key[j], plan->n_key[j], w->openx->ignore_case) ) slot[i] = slot[j];
    }
  }
}

/* The spans of an object's fields.  0, -1 when the reader found an error. */
static int read_object(OpenxWork *w, const OpenxPlan *plan, JsonReader *r, JsonToken *slot, State *state){
  const unsigned char *used = state ? w->row->used : 0;
  JsonToken key, value;
  Dotted *dotted = 0;
  int first = 1;
  for(int i=0; i<plan->n; i++) slot[i].kind = OPENX_ABSENT;
  for(int place=0; lenient_member(r, &first, &key, &value); place++){
    const char *z;
    size_t n;
    int field;
    if( state ){
      field = guess_column(w, state, place, &key);
    }else{
      if( key_text(w, &key, &z, &n) ) return -1;
      field = find_field(w, plan, z, n, 0);
    }
    if( field>=0 ) slot[field] = value;
    else if( w->openx->dots && take_dotted(w, plan, &key, &value, used, &dotted) ) return -1;
  }
  if( plan->twins ) fill_twins(w, plan, slot);
  for(int i=0; dotted && i<plan->n; i++) if( slot[i].kind==OPENX_ABSENT && dotted[i].z ) slot[i] = dotted[i].value;
  return r->error || w->arena->oom ? -1 : 0;
}

int openx_read_object(OpenxWork *w, const OpenxPlan *plan, JsonReader *r, JsonToken *slot){
  return read_object(w, plan, r, slot, 0);
}

/* By position. */
int openx_read_positions(OpenxWork *w, const OpenxPlan *plan, JsonReader *r, JsonToken *slot){
  JsonToken value;
  int first = 1;
  for(int i=0; i<plan->n; i++) slot[i].kind = OPENX_ABSENT;
  for(int i=0; lenient_element(r, &first, &value); i++) if( i<plan->n ) slot[i] = value;
  return r->error || w->arena->oom ? -1 : 0;
}

/* --- Records ------------------------------------------------------------- */

static State *openx_state(SerdeRow *row){
  size_t n = (size_t)row->serde->n_column + 1;
  State *state = row->state;
  if( state ) return state;
  state = sqlite3_malloc64(sizeof(*state) + sizeof(JsonToken)*n);
  if( state==0 ){
    row->arena.oom = 1;
    return 0;
  }
  memset(state, 0, sizeof(*state));
  for(int i=0; i<GUESS_MAX; i++) state->guess[i].n = SIZE_MAX;
  state->credit = LEARN_CREDIT;
  state->match = template_match(kernel_chosen());
  state->slot = (JsonToken*)(state + 1);
  row->state = state;
  return state;
}

/* A record that is not JSON. */
static int malformed(OpenxWork *w, const JsonReader *r, size_t byte){
  if( w->arena->oom ) return -1;
  if( r->too_deep ){
    return serde_fail(w->row, "TARN_NOT_SUPPORTED", "JSON is nested too deeply", byte, 0, r->error);
  }
  if( !w->openx->ignore_malformed ) return serde_fail(w->row, "HIVE_CURSOR_ERROR", 0, byte, 0, r->error);
  serde_all_null(w->row);
  w->row->passed = r->error;
  w->row->passed_byte = byte;
  return 0;
}

/* Lines that template i fits. */
static int try_template(SerdeRow *row, State *state, int i, TemplateRun *run){
  const Openx *openx = row->serde->plan;
  const char *z = run->z;
  int n;
  if( state->template[i]==0 || state->template[i]->n==0 ) return 0;
  n = state->match(state->template[i], run);
  for(int k=0; k<run->n_token; k++){
    const TemplateToken *t = &run->token[k];
    OpenxWork w = { row, openx, &row->arena, z, row->serde->column[t->column].name };
    Value *cell = &run->to[(size_t)(n - 1)*(size_t)run->stride + (size_t)t->place];
    if( openx_convert(&w, &openx->top.child[t->column], &t->token, cell) ) return -1;
  }
  return n;
}

/* The template that fits the line at hand is most likely the one that followed
** the last one before. */
static int openx_decode_run(SerdeRow *row, const char **z, const char *end, Value *to, int most){
  State *state = row->state;
  int all = 0;
  if( state==0 || row->plain ) return 0;
  while( all<most && *z<end ){
    TemplateRun run = { *z, end, to + (size_t)all*(size_t)row->stride, row->stride, most - all, state->token, 0 };
    int last = state->current, likely = state->after[last], i = likely;
    int n = try_template(row, state, i, &run);
    for(int k=0; n==0 && k<TEMPLATES; k++){
      if( k!=likely ) n = try_template(row, state, i = k, &run);
    }
    if( n<=0 ) break;           /* an error is met again by decode, which says what it is */
    *z = run.z;
    all += n;
    state->after[last] = state->current = i;
    state->uses[i] += (unsigned)n;
    state->credit = state->credit + n>LEARN_CREDIT_MAX ? LEARN_CREDIT_MAX : state->credit + n;
  }
  return all;
}

typedef struct Learning { OpenxWork *w; State *state; int place; } Learning;

static int learned_column(void *arg, const JsonToken *key){
  Learning *l = arg;
  return guess_column(l->w, l->state, l->place++, key);
}

static const Type *learned_type(void *arg, int column){
  Learning *l = arg;
  return l->w->openx->top.child[column].type;
}

static int learned_place(void *arg, int column){
  Learning *l = arg;
  return l->w->row->place[column];
}

/* The columns that are used and that the template does not give. */
static void note_absent(const SerdeRow *row, Template *t){
  t->n_absent = 0;
  for(int c=0; c<row->serde->n_column; c++){
    int k = 0;
    if( !row->used[c] ) continue;
    while( k<t->n && t->slot[k].column!=c ) k++;
    if( k==t->n ) t->absent[t->n_absent++] = (short)row->place[c];
  }
}

/* Nothing is lost without it. */
static Template *template_new(const SerdeRow *row){
  Template *t = sqlite3_malloc64(sizeof(*t) + sizeof(short)*((size_t)row->serde->n_column + 1));
  if( t==0 ) return 0;
  memset(t, 0, sizeof(*t));
  t->absent = (short*)(t + 1);
  return t;
}

/* Learn a line that the reader took, in the place of the least used template.
** Where templates do not pay, credit runs out and nothing is learned for a
** while. */
static void learn_template(OpenxWork *w, State *state, const char *record, size_t n_record, const char *z, size_t n){
  Learning l = { w, state, 0 };
  TemplateColumns columns = { learned_column, learned_type, learned_place, &l };
  int least = 0;
  if( w->openx->dots || w->openx->top.twins || w->row->plain || w->row->place==0 ) return;
  if( --state->credit<0 ){
    if( state->credit< -LEARN_CREDIT_MAX ) state->credit = LEARN_CREDIT;
    return;
  }
  for(int i=1; i<TEMPLATES; i++) if( state->uses[i]<state->uses[least] ) least = i;
  for(int i=0; i<TEMPLATES; i++) state->uses[i] /= 2;
  if( state->template[least]==0 && (state->template[least] = template_new(w->row))==0 ) return;
  template_learn(state->template[least], record, n_record, z, n, &columns);
  note_absent(w->row, state->template[least]);
  state->uses[least] = 1;
  state->after[state->current] = least;
  state->current = least;
}

/* Read the line: the spans of its columns.  1 when they are in slot, 0 when the
** row is made, -1 on error. */
static int read_line(OpenxWork *w, State *state, size_t n_record, const char *z, size_t n){
  const Openx *openx = w->openx;
  JsonReader r;
  int rc;
  lenient_begin(&r, z + 1, n - 1);
  r.depth = 1;
  rc = *z=='{' ? read_object(w, &openx->top, &r, state->slot, state)
               : openx_read_positions(w, &openx->top, &r, state->slot);
  if( rc ) return malformed(w, &r, (size_t)(r.z - w->record));
  if( r.z<z + n ){
    while( (unsigned char)*r.z<=' ' ) r.z++;    /* the line is trimmed: something follows */
    w->row->passed = "text after the first value of the line";
    w->row->passed_byte = (size_t)(r.z - w->record);
  }else{
    learn_template(w, state, w->record, n_record, z, n);
  }
  return 1;
}

static int openx_decode(SerdeRow *row, const char *z, size_t n){
  OpenxWork w = { row, row->serde->plan, &row->arena, z, 0 };
  State *state = openx_state(row);
  size_t n_record = n;
  int rc;
  if( state==0 ) return -1;
  java_trim(&z, &n);
  if( n==0 || (*z!='{' && *z!='[') ){
    serde_all_null(row);
    row->passed = n ? "neither an object nor an array" : "a blank line";
    row->passed_byte = (size_t)(z - w.record);
    return 0;
  }
  if( (rc = read_line(&w, state, n_record, z, n))<=0 ) return rc;
  for(int i=0; i<row->serde->n_column; i++){
    const JsonToken *token = &state->slot[i];
    if( !row->used[i] ) continue;
    row->cell[i] = value_null();
    if( token->kind==OPENX_ABSENT || openx_convert_plain(w.openx->top.child[i].type, token, &row->cell[i]) ) continue;
    w.column = row->serde->column[i].name;
    if( openx_convert(&w, &w.openx->top.child[i], token, &row->cell[i]) ) return -1;
  }
  return 0;
}

static void openx_end(SerdeRow *row){
  State *state = row->state;
  for(int i=0; state && i<TEMPLATES; i++) sqlite3_free(state->template[i]);
}

static const char *const openx_classes[] = { "org.openx.data.jsonserde.JsonSerDe", 0 };
const SerdeOps serde_openx = { openx_classes, openx_prepare, openx_decode, openx_decode_run, 0, openx_end };
