/*
** Line templates of the OpenX SerDe, matching: see openx_template.h.
**
** The matching is written once, in openx_match_body.h, on a few steps; each
** kernel has its own of these: bytes compared and looked for in registers of
** 32 or 16 bytes, or one by one; digits read by shuffling them to the right end
** of a register and adding neighbours, or one by one.
*/
#include "sqlite.h"
#include "openx_template.h"
#include "number.h"
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define DIGITS_MAX 15           /* of a number that is read here; the integer of so many is exact as a double */

/* A number: [-]digits[.digits]. */
typedef struct Digits {
  uint64_t x;                   /* all digits */
  unsigned n, places;           /* how many, and how many after the point */
  int negative;
  const char *end;
} Digits;

/* What a number may go on with after its plain digits. */
static int goes_on(char c){
  return (c>='0' && c<='9') || c=='.' || c=='-' || c=='+' || c=='e' || c=='E';
}

/* The end of a bare value that the quick ways do not take: NULL where it is none
** of the plain ones. */
static const char *bare_end(const char *z, JsonKind *kind){
  *kind = JSON_LITERAL;
  if( (*z>='0' && *z<='9') || *z=='-' ){
    while( goes_on(*z) ) z++;
    return z;
  }
  if( memcmp(z, "null", 4)==0 ){
    *kind = JSON_NULL;
    return z + 4;
  }
  if( memcmp(z, "true", 4)==0 ) return z + 4;
  if( memcmp(z, "false", 5)==0 ) return z + 5;
  return 0;
}

static inline void add_token(TemplateRun *r, const TemplateSlot *slot, JsonKind kind, int ascii, const char *z, const char *stop){
  JsonToken token = { kind, 0, (unsigned char)ascii, z, (size_t)(stop - z) };
  r->token[r->n_token++] = (TemplateToken){ slot->column, slot->place, token };
}

/* A bare value that the quick ways do not take. */
static const char *bare_cell(TemplateRun *r, const TemplateSlot *slot, const char *z, Value *cell){
  JsonKind kind;
  const char *stop = bare_end(z, &kind);
  if( stop==0 ) return 0;
  if( kind==JSON_NULL ) *cell = value_null();
  else add_token(r, slot, kind, 1, z, stop);
  return stop;
}

/* A double of more digits; zeros lie behind it. */
static const char *long_double(const char *z, Value *cell){
  double r;
  const char *stop = number_read_decimal(z, z + TEMPLATE_PADDING, 0, &r);
  if( stop ) *cell = value_real(r);
  return stop;
}

/* By sign: a quotient by a negative power is the negative quotient. */
static const double power_of_ten[2][DIGITS_MAX + 1] = {
  { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 },
  { -1e0, -1e1, -1e2, -1e3, -1e4, -1e5, -1e6, -1e7, -1e8, -1e9, -1e10, -1e11, -1e12, -1e13, -1e14, -1e15 } };

static ALWAYS_INLINE int integer_cell(const TemplateSlot *slot, const Digits *d, Value *cell){
  int64_t x = ((int64_t)d->x ^ -(int64_t)d->negative) + d->negative;
  *cell = value_int(x);
  return x>=slot->min && x<=slot->max;
}

/* --- Scalar -------------------------------------------------------------- */

#define TARGET
#define KERNEL(name) name##_scalar

typedef struct Constants_scalar { int none; } Constants_scalar;
static ALWAYS_INLINE Constants_scalar constants_scalar(void){
  return (Constants_scalar){ 0 };
}

/* There is no zero among the bytes, so that one behind z ends it. */
static ALWAYS_INLINE int same_scalar(const char *z, const TemplateSlot *slot){
  return strncmp(z, slot->bytes, slot->length)==0;
}

/* The first quote, backslash or control character; *high is not 0 when a byte
** before it is beyond ASCII. */
static ALWAYS_INLINE const char *string_stop_scalar(const Constants_scalar *k, const char *z, unsigned *high){
  unsigned char all = 0;
  (void)k;
  for(; *z!='"' && *z!='\\' && (unsigned char)*z>=' '; z++) all |= (unsigned char)*z;
  *high = all & 0x80;
  return z;
}

/* 0 when there are none, more than DIGITS_MAX, or more than a register holds. */
static ALWAYS_INLINE int number_scalar(const Constants_scalar *k, const TemplateSlot *slot, const char *z, int with_point, Digits *d){
  const char *point = 0;
  (void)k;
  (void)slot;
  d->x = 0;
  d->n = d->places = 0;
  d->negative = *z=='-';
  for(z += d->negative;; z++){
    if( *z>='0' && *z<='9' ){
      if( ++d->n>DIGITS_MAX ) return 0;
      d->x = d->x*10 + (uint64_t)(*z - '0');
    }else if( *z=='.' && with_point && point==0 ){
      point = z;
    }else{
      break;
    }
  }
  if( point ) d->places = (unsigned)(z - point - 1);
  d->end = z;
  return d->n>0;
}

#include "openx_match_body.h"
#undef TARGET
#undef KERNEL

/* --- SSE 4.2 and AVX2 ---------------------------------------------------- */

#ifdef __x86_64__
/* Windows of 16 bytes: the places -16 to 15, from which a shuffle moves n bytes
** to the right end; and -1 for those before the point. */
static const signed char to_right[32] = { -16, -15, -14, -13, -12, -11, -10, -9, -8, -7, -6, -5, -4, -3, -2, -1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const signed char over_point[32] = { -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1 };

/* Keep a constant in a register: the compiler would make it anew each time. */
#define HOLD(x) __asm__("" : "+x"(x))

typedef struct NumberConstants { __m128i zero, nine, point, ten, hundred, myriad; } NumberConstants;
#define NUMBER_CONSTANTS(c) \
  (c).zero = _mm_set1_epi8('0'); HOLD((c).zero); \
  (c).nine = _mm_set1_epi8(9); HOLD((c).nine); \
  (c).point = _mm_set1_epi8('.'); HOLD((c).point); \
  (c).ten = _mm_set1_epi16(0x010a); HOLD((c).ten); \
  (c).hundred = _mm_set1_epi32(0x00010064); HOLD((c).hundred); \
  (c).myriad = _mm_set1_epi32(0x00012710); HOLD((c).myriad)

/* The end is where the byte is that follows in the template, found in as few
** steps as can be, for what comes next waits for it.  What lies before it is
** looked at beside that: the sign, digits, one point. */
#define NUMBER_BODY(CTZ) \
  __m128i x = _mm_loadu_si128((const __m128i*)z), digit, index; \
  __m128i ends = _mm_cmpeq_epi8(x, _mm_loadu_si128((const __m128i*)slot->stop)); \
  unsigned after = (unsigned)_mm_movemask_epi8(ends), negative = *z=='-', place = 16, n; \
  if( after==0 ) return 0; \
  n = CTZ(after); \
  d->end = z + n; \
  x = _mm_loadu_si128((const __m128i*)(z + negative)); \
  n -= negative; \
  digit = _mm_sub_epi8(x, k->number.zero); \
  index = _mm_loadu_si128((const __m128i*)(to_right + n)); \
  d->negative = (int)negative; \
  d->places = 0; \
  d->n = n; \
  if( with_point ) place = CTZ((unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(x, k->number.point)) | 1u<<16); \
  if( place<n ){ \
    d->n--; \
    d->places = n - 1 - place; \
    index = _mm_add_epi8(index, _mm_loadu_si128((const __m128i*)(over_point + d->places))); \
  } \
  if( d->n==0 ) return 0; \
  x = _mm_shuffle_epi8(digit, index);                     /* digits at the right end, zeros in front */ \
  digit = _mm_subs_epu8(x, k->number.nine); \
  if( !_mm_testz_si128(digit, digit) ) return 0; \
  x = _mm_maddubs_epi16(x, k->number.ten);                /* neighbours: 10*a + b */ \
  x = _mm_madd_epi16(x, k->number.hundred); \
  x = _mm_packus_epi32(x, x); \
  x = _mm_madd_epi16(x, k->number.myriad); \
  d->x = (uint64_t)(unsigned)_mm_extract_epi32(x, 0)*100000000 + (unsigned)_mm_extract_epi32(x, 1); \
  return 1;

#define TARGET __attribute__((target("sse4.2")))
#define KERNEL(name) name##_sse

typedef struct Constants_sse { NumberConstants number; __m128i quote, escape, control; } Constants_sse;
static ALWAYS_INLINE TARGET Constants_sse constants_sse(void){
  Constants_sse k;
  NUMBER_CONSTANTS(k.number);
  k.quote = _mm_set1_epi8('"'); HOLD(k.quote);
  k.escape = _mm_set1_epi8('\\'); HOLD(k.escape);
  k.control = _mm_set1_epi8(0x1f); HOLD(k.control);
  return k;
}

static ALWAYS_INLINE TARGET int same_sse(const char *z, const TemplateSlot *slot){
  const __m128i *a = (const __m128i*)z, *b = (const __m128i*)slot->bytes;
  unsigned low = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(a), _mm_loadu_si128(b)));
  unsigned top = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(a + 1), _mm_loadu_si128(b + 1)));
  return (slot->mask & ~(low | top<<16))==0;
}

static ALWAYS_INLINE TARGET const char *string_stop_sse(const Constants_sse *k, const char *z, unsigned *high){
  *high = 0;
  for(;; z += 16){
    __m128i x = _mm_loadu_si128((const __m128i*)z);
    __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, k->quote), _mm_cmpeq_epi8(x, k->escape)),
                                 _mm_cmpeq_epi8(_mm_min_epu8(x, k->control), x));
    unsigned marks = (unsigned)_mm_movemask_epi8(found), above = (unsigned)_mm_movemask_epi8(x);
    if( marks ){
      unsigned i = (unsigned)__builtin_ctz(marks);
      *high |= above & ((1u<<i) - 1);
      return z + i;
    }
    *high |= above;
  }
}

static ALWAYS_INLINE TARGET int number_sse(const Constants_sse *k, const TemplateSlot *slot, const char *z, int with_point, Digits *d){
  NUMBER_BODY((unsigned)__builtin_ctz)
}

#include "openx_match_body.h"
#undef TARGET
#undef KERNEL

#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#define KERNEL(name) name##_avx2

typedef struct Constants_avx2 { NumberConstants number; __m256i quote, escape, control; } Constants_avx2;
static ALWAYS_INLINE TARGET Constants_avx2 constants_avx2(void){
  Constants_avx2 k;
  NUMBER_CONSTANTS(k.number);
  k.quote = _mm256_set1_epi8('"'); HOLD(k.quote);
  k.escape = _mm256_set1_epi8('\\'); HOLD(k.escape);
  k.control = _mm256_set1_epi8(0x1f); HOLD(k.control);
  return k;
}

static ALWAYS_INLINE TARGET int same_avx2(const char *z, const TemplateSlot *slot){
  unsigned mask = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i*)z),
                                                                   _mm256_loadu_si256((const __m256i*)slot->bytes)));
  return (slot->mask & ~mask)==0;
}

static ALWAYS_INLINE TARGET const char *string_stop_avx2(const Constants_avx2 *k, const char *z, unsigned *high){
  *high = 0;
  for(;; z += 32){
    __m256i x = _mm256_loadu_si256((const __m256i*)z);
    __m256i found = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(x, k->quote), _mm256_cmpeq_epi8(x, k->escape)),
                                    _mm256_cmpeq_epi8(_mm256_min_epu8(x, k->control), x));
    unsigned marks = (unsigned)_mm256_movemask_epi8(found), above = (unsigned)_mm256_movemask_epi8(x);
    if( marks ){
      unsigned i = _tzcnt_u32(marks);
      *high |= _bzhi_u32(above, i);
      return z + i;
    }
    *high |= above;
  }
}

static ALWAYS_INLINE TARGET int number_avx2(const Constants_avx2 *k, const TemplateSlot *slot, const char *z, int with_point, Digits *d){
  NUMBER_BODY(_tzcnt_u32)
}

#include "openx_match_body.h"
#undef TARGET
#undef KERNEL
#endif

TemplateMatch template_match(Kernel kernel){
#ifdef __x86_64__
  if( kernel==KERNEL_AVX2 ) return match_avx2;
  if( kernel==KERNEL_SSE ) return match_sse;
#endif
  (void)kernel;
  return match_scalar;
}
