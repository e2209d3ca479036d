/* Which version of the inner loops runs, and the counting of lines: see kernel.h. */
#include "kernel.h"
#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

static Kernel best_kernel(void){
#ifdef __x86_64__
  __builtin_cpu_init();
  if( __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") ) return KERNEL_AVX2;
  if( __builtin_cpu_supports("sse4.2") ) return KERNEL_SSE;
#endif
  return KERNEL_SCALAR;
}

Kernel kernel_chosen(void){
  static const char *const names[] = { "scalar", "sse", "avx2" };
  const char *z = getenv("TARN_KERNEL");
  Kernel best = best_kernel();
  for(Kernel k=KERNEL_SCALAR; z && k<best; k++) if( strcmp(z, names[k])==0 ) return k;
  return best;
}

/* Where there are \r: \r\n ends one line. */
static size_t count_mixed(const char *z, size_t n){
  size_t ends = 0;
  for(size_t i=0; i<n; i++) ends += z[i]=='\r' || (z[i]=='\n' && (i==0 || z[i-1]!='\r'));
  return ends;
}

/* \n of z[0..n), or n+1 when there is a \r; so the other two. */
static size_t count_scalar(const char *z, size_t n){
  const char *end = z + n;
  size_t ends = 0;
  if( memchr(z, '\r', n) ) return n + 1;
  while( z<end && (z = memchr(z, '\n', (size_t)(end - z)))!=0 ){
    ends++;
    z++;
  }
  return ends;
}

#ifdef __x86_64__
/* Bytes are counted in 8 bits, 255 rounds at most, then summed. */
__attribute__((target("avx2"))) static size_t count_avx2(const char *z, size_t n){
  const __m256i newline = _mm256_set1_epi8('\n'), creturn = _mm256_set1_epi8('\r'), zero = _mm256_setzero_si256();
  __m256i sum = zero, returns = zero;
  size_t i = 0, ends;
  while( n - i>=64 ){
    __m256i a = zero, b = zero;
    for(int round=0; round<255 && n - i>=64; round++, i += 64){
      __m256i x = _mm256_loadu_si256((const __m256i*)(z + i)), y = _mm256_loadu_si256((const __m256i*)(z + i + 32));
      a = _mm256_sub_epi8(a, _mm256_cmpeq_epi8(x, newline));
      b = _mm256_sub_epi8(b, _mm256_cmpeq_epi8(y, newline));
      returns = _mm256_or_si256(returns, _mm256_or_si256(_mm256_cmpeq_epi8(x, creturn), _mm256_cmpeq_epi8(y, creturn)));
    }
    sum = _mm256_add_epi64(sum, _mm256_add_epi64(_mm256_sad_epu8(a, zero), _mm256_sad_epu8(b, zero)));
  }
  if( !_mm256_testz_si256(returns, returns) ) return n + 1;
  ends = (size_t)_mm256_extract_epi64(sum, 0) + (size_t)_mm256_extract_epi64(sum, 1)
       + (size_t)_mm256_extract_epi64(sum, 2) + (size_t)_mm256_extract_epi64(sum, 3);
  for(; i<n; i++){
    if( z[i]=='\r' ) return n + 1;
    ends += z[i]=='\n';
  }
  return ends;
}

__attribute__((target("sse4.2"))) static size_t count_sse(const char *z, size_t n){
  const __m128i newline = _mm_set1_epi8('\n'), creturn = _mm_set1_epi8('\r'), zero = _mm_setzero_si128();
  __m128i sum = zero, returns = zero;
  size_t i = 0, ends;
  while( n - i>=16 ){
    __m128i a = zero;
    for(int round=0; round<255 && n - i>=16; round++, i += 16){
      __m128i x = _mm_loadu_si128((const __m128i*)(z + i));
      a = _mm_sub_epi8(a, _mm_cmpeq_epi8(x, newline));
      returns = _mm_or_si128(returns, _mm_cmpeq_epi8(x, creturn));
    }
    sum = _mm_add_epi64(sum, _mm_sad_epu8(a, zero));
  }
  if( !_mm_testz_si128(returns, returns) ) return n + 1;
  ends = (size_t)_mm_extract_epi64(sum, 0) + (size_t)_mm_extract_epi64(sum, 1);
  for(; i<n; i++){
    if( z[i]=='\r' ) return n + 1;
    ends += z[i]=='\n';
  }
  return ends;
}
#endif

size_t kernel_count_lines(Kernel kernel, const char *z, size_t n){
  size_t ends;
  if( n==0 ) return 0;
#ifdef __x86_64__
  if( kernel==KERNEL_AVX2 ) ends = count_avx2(z, n);
  else if( kernel==KERNEL_SSE ) ends = count_sse(z, n);
  else
#endif
  ends = count_scalar(z, n);
  (void)kernel;
  if( ends>n ) ends = count_mixed(z, n);
  return ends + (z[n - 1]!='\n' && z[n - 1]!='\r');
}
