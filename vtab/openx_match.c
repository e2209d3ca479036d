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
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define DIGITS_MAX 15           /* of a number that is read here; the integer of so many is exact as a double */

/* Digits of a number: [-]digits[.digits]. */
typedef struct Digits {
  uint64_t x;                   /* all of them */
  unsigned n, places;           /* how many, and how many after the point */
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

static const double power_of_ten[DIGITS_MAX + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12,
  1e13, 1e14, 1e15 };

/* --- Scalar -------------------------------------------------------------- */

#define TARGET
#define KERNEL(name) name##_scalar

/* There is no zero among the bytes, so that one behind z ends it. */
static inline int same_scalar(const char *z, const char *bytes, unsigned n){
  return strncmp(z, bytes, n)==0;
}

/* The first quote, backslash or control character; *high is not 0 when a byte
** before it is beyond ASCII. */
static inline const char *string_stop_scalar(const char *z, unsigned *high){
  unsigned char all = 0;
  for(; *z!='"' && *z!='\\' && (unsigned char)*z>=' '; z++) all |= (unsigned char)*z;
  *high = all & 0x80;
  return z;
}

/* 0 when there are none, or more than DIGITS_MAX. */
static inline int digits_scalar(const char *z, int with_point, Digits *d){
  const char *point = 0;
  d->x = 0;
  d->n = d->places = 0;
  for(;; z++){
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
#define DIGITS_BODY(CTZ) \
  __m128i x = _mm_loadu_si128((const __m128i*)z), digit = _mm_sub_epi8(x, _mm_set1_epi8('0')); \
  unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit)); \
  unsigned n = CTZ(~mask), before = n; \
  __m128i index = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15), low; \
  d->places = 0; \
  if( with_point && z[n]=='.' && n<16 ){ \
    n = CTZ(~(mask | 1u<<n)); \
    d->places = n - before - 1; \
    low = _mm_cmplt_epi8(index, _mm_set1_epi8((char)(16 - (int)d->places)));   /* before the point: one further left */ \
    d->n = n - 1; \
    index = _mm_add_epi8(index, low); \
  }else{ \
    d->n = n; \
  } \
  if( n==16 || d->n==0 || d->n>DIGITS_MAX ) return 0; \
  d->end = z + n; \
  index = _mm_add_epi8(index, _mm_set1_epi8((char)((int)n - 16)));             /* below 0: a zero */ \
  x = _mm_shuffle_epi8(digit, index); \
  x = _mm_maddubs_epi16(x, _mm_set1_epi16(0x010a));                             /* pairs: 10*a + b */ \
  x = _mm_madd_epi16(x, _mm_set1_epi32(0x00010064)); \
  x = _mm_packus_epi32(x, x); \
  x = _mm_madd_epi16(x, _mm_set1_epi32(0x00012710)); \
  d->x = (uint64_t)(unsigned)_mm_extract_epi32(x, 0)*100000000 + (unsigned)_mm_extract_epi32(x, 1); \
  return 1;

#define TARGET __attribute__((target("sse4.2")))
#define KERNEL(name) name##_sse

static inline TARGET int same_sse(const char *z, const char *bytes, unsigned n){
  for(;;){
    unsigned mask = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i*)z),
                                                               _mm_loadu_si128((const __m128i*)bytes)));
    if( n<=16 ) return (~mask & ((1u<<n) - 1))==0;
    if( mask!=0xffff ) return 0;
    z += 16;
    bytes += 16;
    n -= 16;
  }
}

static inline TARGET const char *string_stop_sse(const char *z, unsigned *high){
  const __m128i quote = _mm_set1_epi8('"'), escape = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
  *high = 0;
  for(;; z += 16){
    __m128i x = _mm_loadu_si128((const __m128i*)z);
    __m128i found = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, escape)),
                                 _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
    unsigned marks = (unsigned)_mm_movemask_epi8(found), above = (unsigned)_mm_movemask_epi8(x);
    if( marks ){
      unsigned i = (unsigned)__builtin_ctz(marks);
      *high |= above & ((1u<<i) - 1);
      return z + i;
    }
    *high |= above;
  }
}

static inline TARGET int digits_sse(const char *z, int with_point, Digits *d){
  DIGITS_BODY((unsigned)__builtin_ctz)
}

#include "openx_match_body.h"
#undef TARGET
#undef KERNEL

#define TARGET __attribute__((target("avx2,bmi,bmi2")))
#define KERNEL(name) name##_avx2

static inline TARGET int same_avx2(const char *z, const char *bytes, unsigned n){
  for(;;){
    unsigned mask = (unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i*)z),
                                                                     _mm256_loadu_si256((const __m256i*)bytes)));
    if( n<=32 ) return _bzhi_u32(~mask, n)==0;
    if( mask!=0xffffffff ) return 0;
    z += 32;
    bytes += 32;
    n -= 32;
  }
}

static inline TARGET const char *string_stop_avx2(const char *z, unsigned *high){
  const __m256i quote = _mm256_set1_epi8('"'), escape = _mm256_set1_epi8('\\'), control = _mm256_set1_epi8(0x1f);
  *high = 0;
  for(;; z += 32){
    __m256i x = _mm256_loadu_si256((const __m256i*)z);
    __m256i found = _mm256_or_si256(_mm256_or_si256(_mm256_cmpeq_epi8(x, quote), _mm256_cmpeq_epi8(x, escape)),
                                    _mm256_cmpeq_epi8(_mm256_min_epu8(x, control), x));
    unsigned marks = (unsigned)_mm256_movemask_epi8(found), above = (unsigned)_mm256_movemask_epi8(x);
    if( marks ){
      unsigned i = _tzcnt_u32(marks);
      *high |= _bzhi_u32(above, i);
      return z + i;
    }
    *high |= above;
  }
}

static inline TARGET int digits_avx2(const char *z, int with_point, Digits *d){
  DIGITS_BODY(_tzcnt_u32)
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
