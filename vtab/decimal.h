/*
** Decimals: unscaled 128-bit integers beside a scale that the type knows.
**
** Values have at most 38 digits.  Functions that can leave that range return
** 0 for success, or -1 (Athena's "Decimal overflow", or whatever the caller
** says); *out is then untouched.  Rounding is half away from zero, Trino's.
** value_get_decimal and value_put_decimal (value.h) live in decimal.c too.
*/
#ifndef TARN_DECIMAL_H
#define TARN_DECIMAL_H
#include "type.h"

#define DECIMAL_PRECISION_MAX 38
#define DECIMAL_SHORT_MAX 18          /* up to here the carrier is V_INT */
#define DECIMAL_TEXT_MAX 44           /* sign, digits, point, NUL */

typedef __int128 i128;
typedef unsigned __int128 u128;

i128 decimal_power10(int n);          /* 0 <= n <= 38 */
int decimal_digits(i128);             /* decimal digits of |v|; 0 has 1 */
int decimal_fits(i128, int precision);

/* Text with exactly `scale` digits behind the point, NUL-terminated. */
int decimal_text(i128, int scale, char z[DECIMAL_TEXT_MAX]);
void decimal_print(Buf*, i128, int scale);

/* A number as Java's BigDecimal reads it (sign, digits, point, exponent; no
** blanks), rounded to `scale` digits behind the point.  0 done, -1 not a
** number, -2 more than `precision` digits. */
int decimal_parse(const char *z, size_t n, int precision, int scale, i128 *out);
/* DECIMAL '…': precision and scale follow from the text.  0, or -1. */
int decimal_literal(const char *z, size_t n, i128 *out, int *precision, int *scale);

/* v at scale `from` brought to scale `to`. */
int decimal_rescale(i128 v, int from, int to, i128 *out);
/* a + b at max(sa, sb). */
int decimal_add(i128 a, int sa, i128 b, int sb, i128 *out);
int decimal_multiply(i128 a, i128 b, i128 *out);
/* a/b at the given scale; b is not 0. */
int decimal_divide(i128 a, int sa, i128 b, int sb, int scale, i128 *out);
/* a mod b with a's sign, at max(sa,sb); b is not 0. */
i128 decimal_modulus(i128 a, int sa, i128 b, int sb);

/* To double and real as Trino's casts compute them, which for up to 18 digits
** is one floating-point division. */
double decimal_to_double(i128, int precision, int scale);
double decimal_to_real(i128, int precision, int scale);
/* From double or real through its Java text (1.005 becomes 1.01 at scale 2).
** 0, or -1: does not fit, NaN or infinite. */
int decimal_from_double(double, int is_real, int precision, int scale, i128 *out);

/* Result types of Trino's decimal operators. */
const Type *decimal_type_add(Arena*, const Type*, const Type*);
const Type *decimal_type_multiply(Arena*, const Type*, const Type*);
const Type *decimal_type_divide(Arena*, const Type*, const Type*);
const Type *decimal_type_modulus(Arena*, const Type*, const Type*);
#endif
