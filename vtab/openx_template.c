/* Line templates of the OpenX SerDe, learning: see openx_template.h. */
#include "sqlite.h"
#include "openx_template.h"
#include <string.h>

/* Append the bytes before a value (or after the last one).  0 when they do not
** fit, or hold what ends every match. */
static int add_bytes(Template *t, unsigned *used, const char *from, const char *to,
                     unsigned short *at, unsigned short *length){
  size_t n = (size_t)(to - from);
  if( *used + n>TEMPLATE_BYTES ) return 0;
  for(size_t i=0; i<n; i++) if( (unsigned char)from[i]<' ' && from[i]!='\t' ) return 0;
  memcpy(t->bytes + *used, from, n);
  *at = (unsigned short)*used;
  *length = (unsigned short)n;
  *used += (unsigned)n;
  return 1;
}

static void slot_kind(TemplateSlot *slot, const Type *type){
  slot->kind = TEMPLATE_TOKEN;
  switch( type->kind ){
    case T_VARCHAR: if( type->p==TYPE_UNBOUNDED && slot->quoted ) slot->kind = TEMPLATE_TEXT; break;
    case T_TINYINT: slot->min = INT8_MIN; slot->max = INT8_MAX; break;
    case T_SMALLINT: slot->min = INT16_MIN; slot->max = INT16_MAX; break;
    case T_INTEGER: slot->min = INT32_MIN; slot->max = INT32_MAX; break;
    case T_BIGINT: slot->min = INT64_MIN; slot->max = INT64_MAX; break;
    case T_DOUBLE: if( !slot->quoted ) slot->kind = TEMPLATE_DOUBLE; break;
    case T_BOOLEAN: if( !slot->quoted ) slot->kind = TEMPLATE_BOOLEAN; break;
    default: break;
  }
  if( slot->max && !slot->quoted ) slot->kind = TEMPLATE_INTEGER;
}

void template_learn(Template *t, const char *record, size_t n_record, const char *z, size_t n, const TemplateColumns *columns){
  const char *from = record;
  JsonReader r;
  JsonToken key, value;
  int first = 1, k = 0;
  unsigned used = 0;
  t->n = 0;
  if( n<2 || z[0]!='{' ) return;
  lenient_begin(&r, z + 1, n - 1);
  while( lenient_member(&r, &first, &key, &value) ){
    TemplateSlot *slot = &t->slot[k];
    if( k==TEMPLATE_VALUES || value.kind==JSON_OBJECT || value.kind==JSON_ARRAY ) return;
    memset(slot, 0, sizeof(*slot));
    slot->quoted = value.kind==JSON_STRING;
    if( slot->quoted && value.z[-1]!='"' ) return;
    if( !add_bytes(t, &used, from, value.z, &slot->at, &slot->length) ) return;
    slot->column = (short)columns->column_of(columns->arg, &key);
    if( slot->column>=0 ) slot_kind(slot, columns->type_of(columns->arg, slot->column));
    /* The last value of a name counts. */
    for(int i=0; i<k; i++){
      if( t->slot[i].column!=slot->column ) continue;
      t->slot[i].column = -1;
      t->slot[i].kind = TEMPLATE_SKIP;
    }
    from = value.z + value.n;
    k++;
  }
  if( r.error || r.z!=z + n || k==0 ) return;
  if( add_bytes(t, &used, from, record + n_record, &t->tail_at, &t->tail_length) ) t->n = k;
}
