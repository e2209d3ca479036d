/* Line templates of the OpenX SerDe, learning: see openx_template.h. */
#include "sqlite.h"
#include "openx_template.h"
#include <string.h>

/* A slot for the bytes before a value (or after the last one), and slots of
** bytes alone where there are many.  NULL when they do not fit, or hold what
** ends every match. */
static TemplateSlot *add_slot(Template *t, int *n_slot, const char *from, const char *to){
  for(const char *z=from; z<to; z++) if( (unsigned char)*z<' ' && *z!='\t' ) return 0;
  for(;;){
    TemplateSlot *slot = &t->slot[*n_slot];
    size_t n = (size_t)(to - from)<TEMPLATE_PREFIX ? (size_t)(to - from) : TEMPLATE_PREFIX;
    if( *n_slot==TEMPLATE_SLOTS ) return 0;
    memset(slot, 0, sizeof(*slot));
    memcpy(slot->bytes, from, n);
    slot->length = (unsigned short)n;
    slot->mask = n==TEMPLATE_PREFIX ? UINT32_MAX : (1u<<n) - 1;
    slot->column = -1;
    slot->step = STEP_NONE;
    t->least += (unsigned)n;
    ++*n_slot;
    from += n;
    if( from==to ) return slot;
  }
}

static void slot_step(TemplateSlot *slot, int quoted, const Type *type){
  slot->step = quoted ? STEP_STRING : STEP_BARE;
  switch( type->kind ){
    case T_VARCHAR: if( type->p==TYPE_UNBOUNDED && quoted ) slot->step = STEP_TEXT; break;
    case T_TINYINT: slot->min = INT8_MIN; slot->max = INT8_MAX; break;
    case T_SMALLINT: slot->min = INT16_MIN; slot->max = INT16_MAX; break;
    case T_INTEGER: slot->min = INT32_MIN; slot->max = INT32_MAX; break;
    case T_BIGINT: slot->min = INT64_MIN; slot->max = INT64_MAX; break;
    case T_DOUBLE: if( !quoted ) slot->step = STEP_DOUBLE; break;
    case T_BOOLEAN: if( !quoted ) slot->step = STEP_BOOLEAN; break;
    default: break;
  }
  if( slot->max && !quoted ) slot->step = STEP_INTEGER;
}

static void skip_slot(TemplateSlot *slot, int quoted){
  slot->column = -1;
  slot->step = quoted ? STEP_SKIP_STRING : STEP_SKIP_BARE;
}

void template_learn(Template *t, const char *record, size_t n_record, const char *z, size_t n, const TemplateColumns *columns){
  const char *from = record;
  JsonReader r;
  JsonToken key, value;
  TemplateSlot *slot;
  int first = 1, k = 0;
  t->n = 0;
  t->least = 0;
  if( n<2 || z[0]!='{' ) return;
  lenient_begin(&r, z + 1, n - 1);
  while( lenient_member(&r, &first, &key, &value) ){
    int quoted = value.kind==JSON_STRING, column = columns->column_of(columns->arg, &key);
    if( value.kind==JSON_OBJECT || value.kind==JSON_ARRAY || (quoted && value.z[-1]!='"') ) return;
    if( (slot = add_slot(t, &k, from, value.z))==0 ) return;
    /* The last value of a name counts. */
    for(int i=0; i<k && column>=0; i++){
      if( t->slot[i].column==column ) skip_slot(&t->slot[i], t->slot[i].step<=STEP_SKIP_STRING);
    }
    if( column<0 ){
      skip_slot(slot, quoted);
    }else{
      slot->column = column;
      slot->place = columns->place_of(columns->arg, column);
      slot_step(slot, quoted, columns->type_of(columns->arg, column));
    }
    from = value.z + value.n;
  }
  if( r.error || r.z!=z + n || k==0 ) return;
  if( (slot = add_slot(t, &k, from, record + n_record))==0 ) return;
  slot->step = STEP_END;
  for(int i=0; i + 1<k; i++) memset(t->slot[i].stop, t->slot[i + 1].bytes[0], sizeof(t->slot[i].stop));
  t->n = k;
}
