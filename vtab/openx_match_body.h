/*
** The matching of lines by a template, once for each kernel: openx_match.c
** includes this with KERNEL(name), the name of a step in that kernel, and
** TARGET, what its functions are compiled for.
*/

/* A string's end, or NULL. */
static ALWAYS_INLINE TARGET const char *KERNEL(text)(const KERNEL(Constants) *k, const char *z, unsigned *high){
  const char *stop = KERNEL(string_stop)(k, z, high);
  return *stop=='"' ? stop : 0;
}

/* One line to the cells of one row: where the next begins, or NULL.
**
** A number's end is taken where its plain digits end; that it goes on (with an
** exponent, say) shows when the bytes behind it are none of the template's. */
static ALWAYS_INLINE TARGET const char *KERNEL(line)(const KERNEL(Constants) *k, const Template *t, TemplateRun *r,
                                                     const char *z, Value *row){
  const char *number = 0;
  for(const TemplateSlot *slot=t->slot;; slot++){
    Value *cell = &row[slot->place];
    Digits d;
    JsonKind kind;
    const char *stop;
    unsigned high;
    if( !KERNEL(same)(z, slot) ){
      if( number==0 || !goes_on(*z) ) return 0;
      while( goes_on(*z) ) z++;
      if( !KERNEL(same)(z, slot) ) return 0;
      if( slot[-1].column>=0 ) add_token(r, &slot[-1], JSON_LITERAL, 1, number, z);
    }
    z += slot->length;
    number = 0;
    switch( slot->step ){
      case STEP_TEXT:
        if( (stop = KERNEL(text)(k, z, &high))==0 ) return 0;
        if( high==0 && stop>z ) *cell = value_text(z, (size_t)(stop - z));
        else add_token(r, slot, JSON_STRING, high==0, z, stop);
        break;
      case STEP_STRING:
        if( (stop = KERNEL(text)(k, z, &high))==0 ) return 0;
        add_token(r, slot, JSON_STRING, high==0, z, stop);
        break;
      case STEP_SKIP_STRING:
        if( (stop = KERNEL(text)(k, z, &high))==0 ) return 0;
        break;
      case STEP_INTEGER:
        if( KERNEL(number)(k, slot, z, 0, &d) && (z[d.negative]!='0' || d.n==1) && integer_cell(slot, &d, cell) ){
          number = z;
          stop = d.end;
          break;
        }
        if( (stop = bare_cell(r, slot, z, cell))==0 ) return 0;
        break;
      case STEP_DOUBLE:
        if( KERNEL(number)(k, slot, z, 1, &d) ){
          *cell = value_real((double)(int64_t)d.x/power_of_ten[d.negative][d.places]);
          number = z;
          stop = d.end;
          break;
        }
        if( (stop = long_double(z, cell))!=0 ){
          number = z;
          break;
        }
        if( (stop = bare_cell(r, slot, z, cell))==0 ) return 0;
        break;
      case STEP_BOOLEAN:
        if( (stop = bare_end(z, &kind))==0 ) return 0;
        *cell = kind==JSON_NULL ? value_null() : value_int(*z=='t');
        break;
      case STEP_BARE:
        if( (stop = bare_cell(r, slot, z, cell))==0 ) return 0;
        break;
      case STEP_SKIP_BARE:
        if( KERNEL(number)(k, slot, z, 1, &d) ){
          number = z;
          stop = d.end;
          break;
        }
        if( (stop = bare_end(z, &kind))==0 ) return 0;
        break;
      case STEP_NONE:
        continue;
      case STEP_END:
        if( z==r->end ) return z;
        if( *z=='\n' ) return z + 1;
        return z[0]=='\r' && z[1]=='\n' ? z + 2 : 0;
      default:
        __builtin_unreachable();
    }
    z = stop;
  }
}

static TARGET int KERNEL(match)(const Template *t, TemplateRun *r){
  const KERNEL(Constants) k = KERNEL(constants)();
  const char *z = r->z, *end = r->end;
  Value *row = r->to;
  int n = 0;
  r->n_token = 0;
  while( n<r->most && r->n_token==0 && z<end ){
    const char *next;
    for(int i=0; i<t->n_absent; i++) row[t->absent[i]] = value_null();
    next = KERNEL(line)(&k, t, r, z, row);
    if( next==0 ){
      r->n_token = 0;
      break;
    }
    z = next;
    row += r->stride;
    n++;
  }
  r->z = z;
  return n;
}
