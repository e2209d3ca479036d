/*
** Numbers as Java reads and writes them (Trino runs on Java 17).
** value_print_double and value_print_real (value.h) live in number.c too.
*/
#ifndef TARN_NUMBER_H
#define TARN_NUMBER_H
#include <stdint.h>
#include "arena.h"

#define NUMBER_TEXT_MAX 32            /* Double.toString needs 25 with its NUL */
#define NUMBER_PARSE_MAX 4096         /* characters of a number that is read */

/* Double.toString and Float.toString: length written, NUL-terminated. */
int number_double_text(double, char z[NUMBER_TEXT_MAX]);
int number_real_text(double, char z[NUMBER_TEXT_MAX]);

/* An integer in decimal: at most 20 bytes, no NUL; where it ends. */
char *number_put_integer(char *p, int64_t);
/* Double.toString of a short decimal between 0.001 and 10^7, at most 15 bytes
** (16 may be touched): where it ends, or NULL for any other double. */
char *number_put_short(char *p, double);

/* Significant digits as Java finds them: returns how many (no sign, no
** trailing zeros beyond the first); *exponent places the point before the
** first digit (0.d1d2… times 10^exponent).  The value is finite and not 0. */
int number_digits(double, int is_real, char digits[24], int *exponent);

/* Double.parseDouble, Float.parseFloat: blanks around, sign, NaN, Infinity,
** decimal or hexadecimal digits, exponent, one of fFdD at the end.
** 0, or -1 when it is not a number. */
int number_parse_double(const char *z, size_t n, double *out);
int number_parse_real(const char *z, size_t n, double *out);
/* Long.parseLong: sign and digits only, range -2^63 … 2^63-1. */
int number_parse_long(const char *z, size_t n, int64_t *out);

/* number_read.c: [-]digits[.digits] of at most 19 digits, exactly rounded; where
** it ends, or NULL. */
const char *number_read_decimal(const char *z, const char *end, int is_real, double *out);
#endif
