/* Line templates of the OpenX SerDe: see openx_template.h. */
#include "sqlite.h"
#include "openx_template.h"
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Append the bytes before a value (or after the last one).  0 when they do not fit. */
static int add_bytes(Template *t, unsigned *used, const char *from, const char *to,
                     unsigned short *at, unsigned short *length){
  size_t n = (size_t)(to - from);
  if( *used + n>TEMPLATE_BYTES ) return 0;
  memcpy(t->bytes + *used, from, n);
  *at = (unsigned short)*used;
  *length = (unsigned short)n;
  *used += (unsigned)n;
  return 1;
}

void template_learn(Template *t, const char *z, size_t n, int (*column_of)(void*, const JsonToken *key), void *arg){
  const char *from = z;
  JsonReader r;
  JsonToken key, value;
  int first = 1, k = 0;
  unsigned used = 0;
  t->n = 0;
  if( n<2 || z[0]!='{' ) return;
  memset(t->bytes, 0, sizeof(t->bytes));
  lenient_begin(&r, z + 1, n - 1);
  while( lenient_member(&r, &first, &key, &value) ){
    if( k==TEMPLATE_VALUES || value.kind==JSON_OBJECT || value.kind==JSON_ARRAY ) return;
    t->slot[k].quoted = value.kind==JSON_STRING;
    if( t->slot[k].quoted && value.z[-1]!='"' ) return;
    if( !add_bytes(t, &used, from, value.z, &t->slot[k].at, &t->slot[k].length) ) return;
    t->slot[k].column = (short)column_of(arg, &key);
    /* The last value of a name counts. */
    for(int i=0; i<k; i++) if( t->slot[i].column==t->slot[k].column ) t->slot[i].column = -1;
    from = value.z + value.n;
    k++;
  }
  if( r.error || r.z!=z + n || k==0 ) return;
  if( add_bytes(t, &used, from, z + n, &t->tail_at, &t->tail_length) ) t->n = k;
}

/* Equal bytes; both sides may be read up to TEMPLATE_PADDING bytes further. */
static inline int same_bytes(const char *a, const char *b, unsigned n){
#ifdef __SSE2__
  for(;;){
    unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i*)a),
                                                               _mm_loadu_si128((const __m128i*)b)));
    if( n<=16 ) return (~mask & ((1u<<n) - 1))==0;
    if( mask!=0xffff ) return 0;
    a += 16;
    b += 16;
    n -= 16;
  }
#else
  return memcmp(a, b, n)==0;
#endif
}

/* The closing quote of a string that has no escapes; NULL where it has.
** *ascii is cleared by a byte beyond ASCII. */
static inline const char *string_end(const char *z, const char *end, int *ascii){
  *ascii = 1;
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\');
  while( z<end ){
    __m128i x = _mm_loadu_si128((const __m128i*)z);
    unsigned marks = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, escape)));
    unsigned high = (unsigned)_mm_movemask_epi8(x);
    if( marks ){
      unsigned i = (unsigned)__builtin_ctz(marks);
      if( high & ((1u<<i) - 1) ) *ascii = 0;
      return z[i]=='"' ? z + i : 0;
    }
    if( high ) *ascii = 0;
    z += 16;
  }
  return 0;
#else
  for(; z<end; z++){
    if( *z=='"' ) return z;
    if( *z=='\\' ) return 0;
    if( *z & 0x80 ) *ascii = 0;
  }
  return 0;
#endif
}

/* Where a number ends: the first byte that is no digit, point, sign or e. */
static inline const char *number_end(const char *z, const char *end){
#ifdef __SSE2__
  const __m128i zero = _mm_set1_epi8('0'), nine = _mm_set1_epi8(9), lower = _mm_set1_epi8(0x20);
  for(; z<end; z += 16){
    __m128i x = _mm_loadu_si128((const __m128i*)z), digit = _mm_sub_epi8(x, zero);
    __m128i number = _mm_cmpeq_epi8(_mm_min_epu8(digit, nine), digit);
    unsigned mask;
    number = _mm_or_si128(number, _mm_cmpeq_epi8(x, _mm_set1_epi8('.')));
    number = _mm_or_si128(number, _mm_cmpeq_epi8(x, _mm_set1_epi8('-')));
    number = _mm_or_si128(number, _mm_cmpeq_epi8(x, _mm_set1_epi8('+')));
    number = _mm_or_si128(number, _mm_cmpeq_epi8(_mm_or_si128(x, lower), _mm_set1_epi8('e')));
    mask = (unsigned)_mm_movemask_epi8(number);
    if( mask!=0xffff ) return z + __builtin_ctz(~mask);
  }
  return end;
#else
  while( z<end && ((*z>='0' && *z<='9') || *z=='.' || *z=='-' || *z=='+' || *z=='e' || *z=='E') ) z++;
  return z;
#endif
}

/* The end of a bare value; NULL where it is none of the plain ones. */
static inline const char *bare_end(const char *z, const char *end, JsonKind *kind){
  size_t left = (size_t)(end - z);
  *kind = JSON_LITERAL;
  if( z<end && ((*z>='0' && *z<='9') || *z=='-') ) return number_end(z, end);
  if( left>=4 && memcmp(z, "null", 4)==0 ){
    *kind = JSON_NULL;
    return z + 4;
  }
  if( left>=4 && memcmp(z, "true", 4)==0 ) return z + 4;
  if( left>=5 && memcmp(z, "false", 5)==0 ) return z + 5;
  return 0;
}

int template_match(const Template *t, const char *z, size_t n, JsonToken *slot){
  const char *end = z + n;
  for(int i=0; i<t->n; i++){
    unsigned length = t->slot[i].length;
    int column = t->slot[i].column, ascii = 1;
    JsonKind kind = JSON_STRING;
    const char *stop;
    if( (size_t)(end - z)<length || !same_bytes(z, t->bytes + t->slot[i].at, length) ) return 0;
    z += length;
    stop = t->slot[i].quoted ? string_end(z, end, &ascii) : bare_end(z, end, &kind);
    if( stop==0 || stop>=end ) return 0;
    if( column>=0 ) slot[column] = (JsonToken){ kind, 0, ascii, z, (size_t)(stop - z) };
    z = stop;
  }
  return (size_t)(end - z)==t->tail_length && same_bytes(z, t->bytes + t->tail_at, t->tail_length);
}
