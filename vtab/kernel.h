/*
** Inner loops over bytes, in versions for the processor at hand.
**
** The best version that the processor has is chosen at run time; the
** environment variable TARN_KERNEL (scalar, sse or avx2) chooses a lower one,
** for tests and measurements.  All versions give the same answers.
*/
#ifndef TARN_KERNEL_H
#define TARN_KERNEL_H
#include <stddef.h>

typedef enum Kernel { KERNEL_SCALAR, KERNEL_SSE /* 4.2 */, KERNEL_AVX2 /* and BMI */ } Kernel;

Kernel kernel_chosen(void);
/* Lines of z[0..n): ended by \n, \r or \r\n; a last one without counts too. */
size_t kernel_count_lines(Kernel, const char *z, size_t n);
#endif
