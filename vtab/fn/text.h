/*
** UTF-8 by code points, for the string functions.
**
** Athena counts, cuts and compares strings by code point.  Text that reaches
** a function is valid UTF-8; a stray byte is still safe here: it counts as
** one code point of its own value and is copied as it is.
*/
#ifndef TARN_FN_TEXT_H
#define TARN_FN_TEXT_H
#include "fn.h"

/* The longest text a function builds: SQLite's own limit for a value. */
#define TEXT_MAX 1000000000

/* Bytes of the code point that starts at z (n > 0 bytes remain): 1..4, <= n. */
int utf8_width(const char *z, int n);
/* The code point at z[*i], and *i moves behind it.  *i < n. */
unsigned utf8_next(const char *z, int n, int *i);
/* Code points in n bytes. */
int64_t utf8_count(const char *z, int n);
/* Byte offset of code point k (0-based; k equal to the count gives n), or -1. */
int utf8_offset(const char *z, int n, int64_t k);
/* Byte offset of the code point before offset i > 0. */
int utf8_before(const char *z, int i);
/* First place at or after `from` where needle occurs, or -1; the last one
** that starts at or before `from`. */
int text_find(const Value *hay, const Value *needle, int from);
int text_find_last(const Value *hay, const Value *needle, int from);
/* Code points of a text as an array in the arena (NULL on out of memory). */
unsigned *text_points(Arena*, const Value*, int *n);
/* Blanks as Athena's trim knows them. */
int text_is_blank(unsigned cp);
/* What a Buf in an arena holds, as a value; "" when nothing was added. */
Value text_of(const Buf*);
Value blob_of(const Buf*);
/* A char(n) value with its trailing blanks back: to n code points. */
Value text_pad_char(FnCall*, const Type*, Value);
/* Without its trailing blanks (the carrier of char). */
Value text_cut_char(Value);
/* c->argt[i], or unbounded varchar when the call does not say. */
const Type *fn_arg_type(FnCall*, int i);
/* Java's BigDecimal.toString: `0.50`, but 1E-7 (json_cast.c). */
void text_big_decimal(Buf*, __int128 unscaled, int scale);
/* Simple case mapping of one code point, as Java does it. */
unsigned text_lower_point(unsigned cp);
unsigned text_upper_point(unsigned cp);
#endif
