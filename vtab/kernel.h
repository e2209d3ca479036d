/*
** Inner loops over bytes, in versions for the processor at hand (kernel.c).
**
** The processor chooses; the environment variable TARN_KERNEL (scalar, sse or
** avx2) chooses among those that it has, for tests and measurements.  All
** versions give the same answers.
*/
#ifndef TARN_KERNEL_H
#define TARN_KERNEL_H
#include <stddef.h>

/* Lines of z[0..n): ended by \n, \r or \r\n; a last one without counts too. */
size_t kernel_count_lines(const char *z, size_t n);
#endif
