/*
** The matching of a line by its template, once for each kernel: openx_match.c
** includes this with KERNEL(name), the name of a step in that kernel, and
** TARGET, what its functions are compiled for.
*/

/* A bare value by its column's kind: its end, and the cell; NULL when only
** bare_end can tell. */
static inline TARGET const char *KERNEL(bare)(const TemplateSlot *slot, const char *z, Value *cell){
  int negative = *z=='-';
  Digits d;
  if( slot->kind!=TEMPLATE_INTEGER && slot->kind!=TEMPLATE_DOUBLE && slot->kind!=TEMPLATE_SKIP ) return 0;
  if( !KERNEL(digits)(z + negative, slot->kind!=TEMPLATE_INTEGER, &d) || goes_on(*d.end) ) return 0;
  if( slot->kind==TEMPLATE_DOUBLE ){
    double r = (double)(int64_t)d.x/power_of_ten[d.places];
    *cell = value_real(negative ? -r : r);
  }else if( slot->kind==TEMPLATE_INTEGER ){
    int64_t x = negative ? -(int64_t)d.x : (int64_t)d.x;
    if( (z[negative]=='0' && d.n>1) || x<slot->min || x>slot->max ) return 0;
    *cell = value_int(x);
  }
  return d.end;
}

static TARGET const char *KERNEL(match)(const Template *t, const char *z, const char *end, Value *cell,
                                        TemplateToken *token, int *n_token){
  int n = 0;
  for(int i=0; i<t->n; i++){
    const TemplateSlot *slot = &t->slot[i];
    JsonKind kind = JSON_STRING;
    const char *stop;
    unsigned high = 0;
    if( !KERNEL(same)(z, t->bytes + slot->at, slot->length) ) return 0;
    z += slot->length;
    if( slot->quoted ){
      stop = KERNEL(string_stop)(z, &high);
      if( *stop!='"' ) return 0;
      if( slot->kind==TEMPLATE_TEXT && high==0 && stop>z ){
        cell[slot->column] = value_text(z, (size_t)(stop - z));
        z = stop;
        continue;
      }
    }else{
      stop = KERNEL(bare)(slot, z, &cell[slot->column<0 ? 0 : slot->column]);
      if( stop ){
        z = stop;
        continue;
      }
      if( (stop = bare_end(z, &kind))==0 ) return 0;
      if( slot->kind==TEMPLATE_BOOLEAN && kind==JSON_LITERAL ){
        cell[slot->column] = value_int(*z=='t');
        z = stop;
        continue;
      }
    }
    if( slot->column>=0 ) token[n++] = (TemplateToken){ slot->column, { kind, 0, high==0, z, (size_t)(stop - z) } };
    z = stop;
  }
  if( !KERNEL(same)(z, t->bytes + t->tail_at, t->tail_length) ) return 0;
  z += t->tail_length;
  if( *z!='\n' && *z!='\r' && z!=end ) return 0;
  *n_token = n;
  return z;
}
