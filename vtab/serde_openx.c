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
** spans come from a template (openx_template.h).  For the others State.guess
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
#include "serde.h"
#include "json_lenient.h"
#include "openx_template.h"
#include <string.h>

#define GUESS_MAX 64
#define GUESS_KEY_MAX 40
#define TEMPLATES 4             /* learned at a time */
#define LEARN_CREDIT 16         /* misses that may be learned from before hits are needed */
#define LEARN_CREDIT_MAX 256
#define MAPPING_PREFIX "mapping."
#define ABSENT ((JsonKind)-1)

typedef struct Plan Plan;
struct Plan {                   /* of a type; the row of the table itself is one of T_ROW */
  const Type *type;
  int n;
  Plan *child;                  /* of each argument of the type */
  const char **name; size_t *n_name;    /* T_ROW: names of fields */
  const char **key; size_t *n_key;      /* T_ROW: the keys they are read from */
  int twins;                    /* two fields are mapped to one key */
};

typedef struct Openx {
  Plan top;
  int ignore_malformed, ignore_case, dots, null_for_invalid;
  TimeFormats formats;
} Openx;

typedef struct Guess { char key[GUESS_KEY_MAX]; size_t n; int field; } Guess;
typedef struct State {
  JsonToken *slot;              /* of each column */
  Guess guess[GUESS_MAX];
  Template template[TEMPLATES];
  int current, credit;
} State;

/* One record's work. */
typedef struct Work {
  SerdeRow *row;
  const Openx *openx;
  Arena *arena;
  const char *record;
  const char *column;           /* being converted */
} Work;

/* --- Preparing ----------------------------------------------------------- */

static const char *mapped_key(const Serde *serde, const char *name){
  size_t n = strlen(MAPPING_PREFIX);
  for(int i=0; i<serde->n_property; i++){
    const char *key = serde->property[i].key;
    if( strncmp(key, MAPPING_PREFIX, n)==0 && strcmp(key + n, name)==0 ) return serde->property[i].value;
  }
  return name;
}

static void plan_fields(Serde *serde, Plan *plan, int n){
  plan->name = ARENA_ARRAY(serde->arena, const char*, n);
  plan->key = ARENA_ARRAY(serde->arena, const char*, n);
  plan->n_name = ARENA_ARRAY(serde->arena, size_t, n);
  plan->n_key = ARENA_ARRAY(serde->arena, size_t, n);
}

static void plan_field(Serde *serde, Plan *plan, int i, const char *name){
  plan->name[i] = name;
  plan->n_name[i] = strlen(name);
  plan->key[i] = mapped_key(serde, name);
  plan->n_key[i] = strlen(plan->key[i]);
  for(int j=0; j<i; j++) plan->twins |= name_equal(plan->key[j], plan->n_key[j], plan->key[i], plan->n_key[i], 1);
}

/* Types nest at most TYPE_DEPTH_MAX deep. */
static void plan_type(Serde *serde, Plan *plan, const Type *type){
  plan->type = type;
  if( type->kind!=T_ARRAY && type->kind!=T_MAP && type->kind!=T_ROW ) return;
  plan->n = type->n;
  plan->child = ARENA_ARRAY(serde->arena, Plan, type->n);
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
  openx->top.child = ARENA_ARRAY(serde->arena, Plan, serde->n_column);
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

static int find_field(const Work *w, const Plan *plan, const char *z, size_t n, const unsigned char *used){
  for(int i=0; i<plan->n; i++){
    if( used && !used[i] ) continue;
    if( name_equal(plan->key[i], plan->n_key[i], z, n, w->openx->ignore_case) ) return i;
  }
  return -1;
}

/* The field that a dotted key stands for where no key matches exactly. */
static int find_dotted(const Work *w, const Plan *plan, const char *z, size_t n, const unsigned char *used){
  char *copy;
  if( memchr(z, '.', n)==0 || (copy = arena_strndup(w->arena, z, n))==0 ) return -1;
  for(size_t i=0; i<n; i++) if( copy[i]=='.' ) copy[i] = '_';
  for(int i=0; i<plan->n; i++){
    if( used && !used[i] ) continue;
    if( name_equal(plan->name[i], plan->n_name[i], copy, n, w->openx->ignore_case) ) return i;
  }
  return -1;
}

static int key_text(Work *w, const JsonToken *key, const char **z, size_t *n){
  Value v = lenient_text(w->arena, key);
  if( v.kind==V_NULL ) return -1;
  *z = v.z;
  *n = (size_t)v.n;
  return 0;
}

/* The column of the key at this place of the line. */
static int guess_column(Work *w, State *state, int place, const JsonToken *key){
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

static int take_dotted(Work *w, const Plan *plan, const JsonToken *key, const JsonToken *value,
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
static void fill_twins(const Work *w, const Plan *plan, JsonToken *slot){
  for(int i=0; i<plan->n; i++){
    for(int j=0; j<plan->n && slot[i].kind==ABSENT; j++){
      if( slot[j].kind==ABSENT ) continue;
      if( name_equal(plan->key[i], plan->n_key[i], plan->key[j], plan->n_key[j], w->openx->ignore_case) ) slot[i] = slot[j];
    }
  }
}

/* The spans of an object's fields.  0, -1 when the reader found an error. */
static int read_object(Work *w, const Plan *plan, JsonReader *r, JsonToken *slot, State *state){
  const unsigned char *used = state ? w->row->used : 0;
  JsonToken key, value;
  Dotted *dotted = 0;
  int first = 1;
  for(int i=0; i<plan->n; i++) slot[i].kind = ABSENT;
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
  for(int i=0; dotted && i<plan->n; i++) if( slot[i].kind==ABSENT && dotted[i].z ) slot[i] = dotted[i].value;
  return r->error || w->arena->oom ? -1 : 0;
}

/* By position. */
static int read_positions(Work *w, const Plan *plan, JsonReader *r, JsonToken *slot){
  JsonToken value;
  int first = 1;
  for(int i=0; i<plan->n; i++) slot[i].kind = ABSENT;
  for(int i=0; lenient_element(r, &first, &value); i++) if( i<plan->n ) slot[i] = value;
  return r->error || w->arena->oom ? -1 : 0;
}

/* --- Converting scalars -------------------------------------------------- */

static int convert(Work *w, const Plan *plan, const JsonToken *token, Value *out);

/* An object or array, or text, where the type cannot take it. */
static int bad_data(Work *w, const Plan *plan, const JsonToken *token, Value *out){
  const char *what = token->kind==JSON_OBJECT ? "a JSON object" : token->kind==JSON_ARRAY ? "a JSON array"
                   : "a JSON value";
  const char *reason;
  *out = value_null();
  if( w->openx->null_for_invalid ) return 0;
  reason = arena_printf(w->arena, "%s cannot be coerced to %s", what, type_text(w->arena, plan->type));
  if( reason==0 ) return -1;
  return serde_fail(w->row, "HIVE_BAD_DATA",
    arena_printf(w->arena, "Error Parsing a column in the table: %s", reason),
    (size_t)(token->z - w->record), w->column, reason);
}

/* A decimal, hexadecimal or octal long.  Octal takes an 8 for an octal digit
** and then fails on it, so `08` goes on as a decimal. */
static int parse_any_long(const char *z, size_t n, int64_t *out){
  if( n>=3 && z[0]=='0' && (z[1] | 32)=='x' && strchr("0123456789abcdefABCDEF", z[2]) && z[2] ){
    return java_parse_long(z + 2, n - 2, 16, out);
  }
  if( n>=2 && z[0]=='0' && z[1]>='0' && z[1]<='8' ) return java_parse_long(z + 1, n - 1, 8, out);
  return java_parse_long(z, n, 10, out);
}

static Value convert_integer(Work *w, const Type *t, Value text){
  int64_t x;
  BigDecimal d;
  size_t n = (size_t)text.n;
  if( !parse_any_long(text.z, n, &x) ){
    if( !java_parse_decimal(w->arena, text.z, n, &d) || !decimal_truncate(&d, &x) ) return value_null();
  }
  return integer_fits(t, x) ? value_int(x) : value_null();
}

static Value convert_double(Work *w, const Type *t, Value text){
  double r;
  if( !java_parse_double(w->arena, text.z, (size_t)text.n, t->kind==T_REAL, &r) ) return value_null();
  return value_real(r);
}

static Value convert_decimal(Work *w, const Type *t, Value text){
  BigDecimal d;
  if( !java_parse_decimal(w->arena, text.z, (size_t)text.n, &d) ) return value_null();
  return decimal_fit(w->arena, &d, t->p, t->s);
}

static Value convert_date(Work *w, Value text){
  int64_t days;
  if( hive_parse_date(text.z, (size_t)text.n, &days) ) return date_store(w->arena, days);
  if( !parse_any_long(text.z, (size_t)text.n, &days) || days>INT32_MAX || days<INT32_MIN ) return value_null();
  return date_store(w->arena, days);
}

static Value convert_timestamp(Work *w, Value text){
  HiveTime time;
  size_t n = (size_t)text.n;
  if( !time_formats_match(&w->openx->formats, text.z, n, &time)
   && !openx_parse_timestamp(w->arena, text.z, n, &time) ) return value_null();
  return timestamp_store(w->arena, time);
}

static Value convert_binary(Work *w, const JsonToken *token, Value text){
  Value out;
  if( token->kind!=JSON_STRING || !base64_decode(w->arena, text.z, (size_t)text.n, &out) ) return value_null();
  return out;
}

/* --- Converting to text -------------------------------------------------- */

/* A literal as JSON writes it: booleans in lower case, numbers canonical.
** V_NULL when it is neither. */
static Value canonical_literal(Work *w, Value text){
  size_t n = (size_t)text.n;
  int64_t x;
  BigDecimal d;
  Buf b;
  if( text_is(text.z, n, "true") ) return value_text("true", 4);
  if( text_is(text.z, n, "false") ) return value_text("false", 5);
  if( n==0 || strchr("+-.0123456789", text.z[0])==0 ) return value_null();
  buf_init(&b, w->arena);
  if( parse_any_long(text.z, n, &x) ) buf_printf(&b, "%lld", (long long)x);
  else if( java_parse_decimal(w->arena, text.z, n, &d) ) decimal_to_string(&b, &d);
  else return value_null();
  return b.oom || b.z==0 ? value_null() : value_text(b.z, b.n);
}

/* A string as the SerDe renders it: `</` is written `<\/`. */
static void render_string(Buf *b, Value v){
  int from = 0;
  buf_char(b, '"');
  for(int i=0; i<v.n; i++){
    unsigned char c = (unsigned char)v.z[i];
    static const char plain[] = "\"\\\n\r\t\b\f", escape[] = "\"\\nrtbf";
    const char *at = c ? strchr(plain, c) : 0;
    int slash = c=='/' && i>0 && v.z[i - 1]=='<';
    if( c>=0x20 && at==0 && !slash ) continue;
    buf_add(b, v.z + from, (size_t)(i - from));
    from = i + 1;
    if( at ) buf_printf(b, "\\%c", escape[at - plain]);
    else if( slash ) buf_str(b, "\\/");
    else buf_printf(b, "\\u%04x", c);
  }
  buf_add(b, v.z + from, (size_t)(v.n - from));
  buf_char(b, '"');
}

typedef struct Member { Value key; JsonToken value; int next, dead; } Member;
typedef struct Members { Member *m; int n, cap; int *head; int n_head; } Members;

/* Keys that may be equal hash alike, whatever their case. */
static unsigned hash_key(Value key){
  unsigned h = 2166136261u;
  for(int i=0; i<key.n; i++) if( (key.z[i] & 0x80)==0 ) h = (h ^ (unsigned char)(key.z[i] | 32))*16777619u;
  return h;
}

static int grow_members(Work *w, Members *list){
  int cap = list->cap ? list->cap*2 : 16;
  Member *m = ARENA_ARRAY(w->arena, Member, cap);
  int *head = ARENA_ARRAY(w->arena, int, cap);
  if( m==0 || head==0 ) return -1;
  if( list->n ) memcpy(m, list->m, sizeof(*m)*(size_t)list->n);
  for(int i=0; i<cap; i++) head[i] = -1;
  for(int i=0; i<list->n; i++){
    int *at = &head[hash_key(m[i].key)&(unsigned)(cap - 1)];
    m[i].next = *at;
    *at = i;
  }
  *list = (Members){ m, list->n, cap, head, cap };
  return 0;
}

/* The members of an object; a key that comes again takes the place of the one
** before, at the end. */
static int read_members(Work *w, const JsonToken *object, Members *list){
  JsonReader r;
  JsonToken key;
  Member m;
  int first = 1;
  memset(list, 0, sizeof(*list));
  lenient_enter(&r, object);
  while( lenient_member(&r, &first, &key, &m.value) ){
    int *at;
    m.key = lenient_text(w->arena, &key);
    m.dead = 0;
    if( m.key.kind==V_NULL || (list->n==list->cap && grow_members(w, list)) ) return -1;
    at = &list->head[hash_key(m.key)&(unsigned)(list->n_head - 1)];
    for(int i=*at; i>=0; i=list->m[i].next){
      Member *old = &list->m[i];
      if( name_equal(old->key.z, (size_t)old->key.n, m.key.z, (size_t)m.key.n, w->openx->ignore_case) ) old->dead = 1;
    }
    m.next = *at;
    *at = list->n;
    list->m[list->n++] = m;
  }
  return 0;
}

static void render(Work *w, Buf *b, const JsonToken *token);

static void render_object(Work *w, Buf *b, const JsonToken *token){
  Members list;
  int any = 0;
  if( read_members(w, token, &list) ){
    b->oom = 1;
    return;
  }
  buf_char(b, '{');
  for(int i=0; i<list.n; i++){
    if( list.m[i].dead ) continue;
    if( any++ ) buf_char(b, ',');
    render_string(b, list.m[i].key);
    buf_char(b, ':');
    render(w, b, &list.m[i].value);
  }
  buf_char(b, '}');
}

/* Any value as JSON without blanks.  Depth was checked when it was read. */
static void render(Work *w, Buf *b, const JsonToken *token){
  JsonReader r;
  JsonToken element;
  Value text, canonical;
  int first = 1, any = 0;
  switch( token->kind ){
    case JSON_NULL: buf_str(b, "null"); break;
    case JSON_OBJECT: render_object(w, b, token); break;
    case JSON_ARRAY:
      buf_char(b, '[');
      lenient_enter(&r, token);
      while( lenient_element(&r, &first, &element) ){
        if( any++ ) buf_char(b, ',');
        render(w, b, &element);
      }
      buf_char(b, ']');
      break;
    default:
      text = lenient_text(w->arena, token);
      canonical = token->kind==JSON_LITERAL && text.kind==V_TEXT ? canonical_literal(w, text) : value_null();
      if( canonical.kind==V_TEXT ) buf_add(b, canonical.z, (size_t)canonical.n);
      else if( text.kind==V_TEXT ) render_string(b, text);
      break;
  }
}

static Value convert_text(Work *w, const Type *t, const JsonToken *token){
  Value text, canonical;
  Buf b;
  if( token->kind==JSON_OBJECT || token->kind==JSON_ARRAY ){
    buf_init(&b, w->arena);
    render(w, &b, token);
    return b.oom ? value_null() : text_fit(t, value_text(b.z, b.n));
  }
  text = lenient_text(w->arena, token);
  if( token->kind==JSON_LITERAL && text.kind==V_TEXT ){
    canonical = canonical_literal(w, text);
    if( canonical.kind==V_TEXT ) text = canonical;
  }
  return text_fit(t, text);
}

/* --- Converting nested types --------------------------------------------- */

/* A value as JSON of its type. */
static int write_value(Work *w, Buf *b, const Plan *plan, const JsonToken *token){
  Value v;
  if( convert(w, plan, token, &v) ) return -1;
  json_write_stored(b, plan->type, &v);
  return b->oom ? -1 : 0;
}

static int write_array(Work *w, Buf *b, const Plan *plan, const JsonToken *token){
  JsonReader r;
  JsonToken element;
  int first = 1, any = 0;
  buf_char(b, '[');
  if( token->kind!=JSON_ARRAY ){        /* anything else is an array of itself */
    if( write_value(w, b, &plan->child[0], token) ) return -1;
  }else{
    lenient_enter(&r, token);
    while( lenient_element(&r, &first, &element) ){
      if( any++ ) buf_char(b, ',');
      if( write_value(w, b, &plan->child[0], &element) ) return -1;
    }
  }
  buf_char(b, ']');
  return 0;
}

/* Keys are read as quoted strings, whatever they were; a null key is left out. */
static int write_map(Work *w, Buf *b, const Plan *plan, const JsonToken *token){
  Members list;
  MapEntry *entry;
  int n = 0;
  if( read_members(w, token, &list) ) return -1;
  entry = ARENA_ARRAY(w->arena, MapEntry, list.n);
  if( entry==0 ) return -1;
  for(int i=0; i<list.n; i++){
    JsonToken key = { JSON_STRING, 0, 0, list.m[i].key.z, (size_t)list.m[i].key.n };
    Buf text;
    if( list.m[i].dead ) continue;
    if( convert(w, &plan->child[0], &key, &entry[n].key) ) return -1;
    if( entry[n].key.kind==V_NULL ) continue;
    buf_init(&text, w->arena);
    json_write_key(&text, plan->type->arg[0], &entry[n].key);
    entry[n].key_json = text.z;
    entry[n].n_key = text.n;
    buf_init(&text, w->arena);
    if( write_value(w, &text, &plan->child[1], &list.m[i].value) ) return -1;
    entry[n].value_json = text.z;
    entry[n].n_value = text.n;
    n++;
  }
  json_write_map(b, plan->type->arg[0], entry, n, 0);
  return 0;
}

static int write_row(Work *w, Buf *b, const Plan *plan, const JsonToken *token){
  JsonToken *slot = ARENA_ARRAY(w->arena, JsonToken, plan->n);
  JsonReader r;
  int rc;
  if( slot==0 ) return -1;
  if( token->kind==JSON_OBJECT || token->kind==JSON_ARRAY ){
    lenient_enter(&r, token);
    rc = token->kind==JSON_OBJECT ? read_object(w, plan, &r, slot, 0) : read_positions(w, plan, &r, slot);
    if( rc ) return -1;
  }else{
    for(int i=0; i<plan->n; i++) slot[i].kind = ABSENT;
  }
  buf_char(b, '{');
  for(int i=0; i<plan->n; i++){
    if( i ) buf_char(b, ',');
    json_write_string(b, plan->name[i], plan->n_name[i]);
    buf_char(b, ':');
    if( slot[i].kind==ABSENT ) buf_str(b, "null");
    else if( write_value(w, b, &plan->child[i], &slot[i]) ) return -1;
  }
  buf_char(b, '}');
  return 0;
}

static int is_blank(Work *w, const JsonToken *token){
  Value v = lenient_text(w->arena, token);
  const char *z = v.kind==V_NULL ? "" : v.z;
  size_t n = v.kind==V_NULL ? 0 : (size_t)v.n;
  java_trim(&z, &n);
  return n==0;
}

static int convert_nested(Work *w, const Plan *plan, const JsonToken *token, Value *out){
  Buf b;
  int rc;
  buf_init(&b, w->arena);
  *out = value_null();
  if( plan->type->kind==T_ARRAY ){
    if( token->kind==JSON_STRING && token->n==0 ) return 0;
    rc = write_array(w, &b, plan, token);
  }else if( plan->type->kind==T_MAP ){
    if( token->kind==JSON_STRING && is_blank(w, token) ) return 0;
    if( token->kind!=JSON_OBJECT ) return bad_data(w, plan, token, out);
    rc = write_map(w, &b, plan, token);
  }else{
    if( token->kind==JSON_LITERAL || (token->kind==JSON_STRING && !is_blank(w, token)) ){
      return bad_data(w, plan, token, out);
    }
    rc = write_row(w, &b, plan, token);
  }
  if( rc || b.oom ) return -1;
  *out = value_text(b.z, b.n);
  return 0;
}

/* --- Plain values -------------------------------------------------------- */

static const double power_of_ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13,
  1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* Up to 18 decimal digits without a zero in front. */
static int plain_integer(const Type *t, const JsonToken *token, Value *out){
  const char *z = token->z, *end = z + token->n;
  int negative = *z=='-';
  int64_t x = 0;
  z += negative;
  if( end - z>18 || z==end || (*z=='0' && end - z>1) ) return 0;
  for(; z<end; z++){
    if( *z<'0' || *z>'9' ) return 0;
    x = x*10 + (*z - '0');
  }
  if( negative ) x = -x;
  if( !integer_fits(t, x) ) return 0;
  *out = value_int(x);
  return 1;
}

/* digits[.digits] whose digits and power of ten are exact in the type, so that
** one division rounds as strtod does. */
static int plain_double(const Type *t, const JsonToken *token, Value *out){
  const char *z = token->z, *end = z + token->n, *point = 0;
  int negative = *z=='-', digits = 0, places;
  int64_t x = 0;
  for(z += negative; z<end; z++){
    if( *z=='.' && point==0 ){
      point = z;
      continue;
    }
    if( *z<'0' || *z>'9' || ++digits>15 ) return 0;
    x = x*10 + (*z - '0');
  }
  places = point ? (int)(end - point - 1) : 0;
  if( digits==0 ) return 0;
  if( t->kind==T_REAL ){
    float r = (float)x/(float)power_of_ten[places];
    if( x>=1<<24 || places>10 ) return 0;
    *out = value_real(negative ? -r : r);
  }else{
    double r = (double)x/power_of_ten[places];
    *out = value_real(negative ? -r : r);
  }
  return 1;
}

/* What most values are.  0 where the long way must decide. */
static int convert_plain(const Type *t, const JsonToken *token, Value *out){
  if( token->n==0 ) return 0;
  switch( t->kind ){
    case T_VARCHAR:
      if( token->kind!=JSON_STRING || !token->ascii || t->p!=TYPE_UNBOUNDED ) return 0;
      *out = value_text(token->z, token->n);
      return 1;
    case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT:
      return token->kind==JSON_LITERAL && plain_integer(t, token, out);
    case T_REAL: case T_DOUBLE:
      return token->kind==JSON_LITERAL && plain_double(t, token, out);
    default: return 0;
  }
}

static int convert(Work *w, const Plan *plan, const JsonToken *token, Value *out){
  const Type *t = plan->type;
  Value text;
  int nested = token->kind==JSON_OBJECT || token->kind==JSON_ARRAY;
  *out = value_null();
  if( token->kind==JSON_NULL || convert_plain(t, token, out) ) return 0;
  if( t->kind==T_ARRAY || t->kind==T_MAP || t->kind==T_ROW ) return convert_nested(w, plan, token, out);
  if( t->kind==T_VARCHAR || t->kind==T_CHAR ){
    *out = convert_text(w, t, token);
    return w->arena->oom ? -1 : 0;
  }
  if( nested && t->kind==T_BOOLEAN ){
    *out = value_int(0);
    return 0;
  }
  if( nested ) return bad_data(w, plan, token, out);
  text = lenient_text(w->arena, token);
  if( text.kind==V_NULL ) return -1;
  switch( t->kind ){
    case T_BOOLEAN: *out = value_int(text_is(text.z, (size_t)text.n, "true")); break;
    case T_REAL: case T_DOUBLE: *out = convert_double(w, t, text); break;
    case T_DECIMAL: *out = convert_decimal(w, t, text); break;
    case T_DATE: *out = convert_date(w, text); break;
    case T_TIMESTAMP: *out = convert_timestamp(w, text); break;
    case T_VARBINARY: *out = convert_binary(w, token, text); break;
    default: *out = convert_integer(w, t, text); break;
  }
  return w->arena->oom ? -1 : 0;
}

/* --- Records ------------------------------------------------------------- */

static State *openx_state(SerdeRow *row){
  int n = row->serde->n_column;
  State *state = row->state;
  if( state ) return state;
  state = sqlite3_malloc64(sizeof(*state) + sizeof(JsonToken)*(size_t)(n + 1));
  if( state==0 ){
    row->arena.oom = 1;
    return 0;
  }
  memset(state, 0, sizeof(*state));
  for(int i=0; i<GUESS_MAX; i++) state->guess[i].n = SIZE_MAX;
  state->credit = LEARN_CREDIT;
  state->slot = (JsonToken*)(state + 1);
  row->state = state;
  return state;
}

/* A record that is not JSON. */
static int malformed(Work *w, const JsonReader *r, size_t byte){
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

/* Whether a template that was learned fits the line; its spans are in slot. */
static int match_templates(SerdeRow *row, State *state, const char *z, size_t n){
  for(int k=0; k<TEMPLATES; k++){
    int i = (state->current + k)%TEMPLATES;
    if( state->template[i].n==0 ) continue;
    for(int c=0; c<row->serde->n_column; c++) state->slot[c].kind = ABSENT;
    if( !template_match(&state->template[i], z, n, state->slot) ) continue;
    state->current = i;
    if( state->credit<LEARN_CREDIT_MAX ) state->credit++;
    return 1;
  }
  return 0;
}

typedef struct Learning { Work *w; State *state; int place; } Learning;

static int learned_column(void *arg, const JsonToken *key){
  Learning *l = arg;
  return guess_column(l->w, l->state, l->place++, key);
}

/* Learn a line that the reader took.  Where templates do not pay, credit runs
** out and nothing is learned for a while. */
static void learn_template(Work *w, State *state, const char *z, size_t n){
  Learning l = { w, state, 0 };
  if( w->openx->dots || w->openx->top.twins || w->row->plain ) return;
  if( --state->credit<0 ){
    if( state->credit< -LEARN_CREDIT_MAX ) state->credit = LEARN_CREDIT;
    return;
  }
  state->current = (state->current + 1)%TEMPLATES;
  template_learn(&state->template[state->current], z, n, learned_column, &l);
}

/* Read the line: the spans of its columns.  1 when they are in slot, 0 when the
** row is made, -1 on error. */
static int read_line(Work *w, State *state, const char *z, size_t n){
  const Openx *openx = w->openx;
  JsonReader r;
  int rc;
  lenient_begin(&r, z + 1, n - 1);
  r.depth = 1;
  rc = *z=='{' ? read_object(w, &openx->top, &r, state->slot, state)
               : read_positions(w, &openx->top, &r, state->slot);
  if( rc ) return malformed(w, &r, (size_t)(r.z - w->record));
  if( r.z<z + n ){
    while( (unsigned char)*r.z<=' ' ) r.z++;    /* the line is trimmed: something follows */
    w->row->passed = "text after the first value of the line";
    w->row->passed_byte = (size_t)(r.z - w->record);
  }else{
    learn_template(w, state, z, n);
  }
  return 1;
}

static int openx_decode(SerdeRow *row, const char *z, size_t n){
  Work w = { row, row->serde->plan, &row->arena, z, 0 };
  State *state = openx_state(row);
  if( state==0 ) return -1;
  java_trim(&z, &n);
  if( n==0 || (*z!='{' && *z!='[') ){
    serde_all_null(row);
    row->passed = n ? "neither an object nor an array" : "a blank line";
    row->passed_byte = (size_t)(z - w.record);
    return 0;
  }
  if( row->plain || !match_templates(row, state, z, n) ){
    int rc = read_line(&w, state, z, n);
    if( rc<=0 ) return rc;
  }
  for(int i=0; i<row->serde->n_column; i++){
    const JsonToken *token = &state->slot[i];
    if( !row->used[i] ) continue;
    row->cell[i] = value_null();
    if( token->kind==ABSENT || convert_plain(w.openx->top.child[i].type, token, &row->cell[i]) ) continue;
    w.column = row->serde->column[i].name;
    if( convert(&w, &w.openx->top.child[i], token, &row->cell[i]) ) return -1;
  }
  return 0;
}

static const char *const openx_classes[] = { "org.openx.data.jsonserde.JsonSerDe", 0 };
const SerdeOps serde_openx = { openx_classes, openx_prepare, openx_decode, 0, 0 };
