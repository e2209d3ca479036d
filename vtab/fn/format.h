/* format(): what its three files share. */
#ifndef TARN_FN_FORMAT_H
#define TARN_FN_FORMAT_H
#include "fn.h"

/* Flags of a specifier, in the order Java lists them. */
enum {
  FORMAT_LEFT = 1, FORMAT_ALTERNATE = 2, FORMAT_PLUS = 4, FORMAT_SPACE = 8, FORMAT_ZERO = 16,
  FORMAT_GROUP = 32, FORMAT_PAREN = 64, FORMAT_PREVIOUS = 128
};

typedef struct FormatSpec {
  unsigned flags;
  int index;                    /* 1 …; 0: the next argument */
  int width, precision;         /* -1: none */
  int is_time;                  /* %t… */
  int upper;
  char conversion;              /* lower case, but of %t as written */
} FormatSpec;

/* Append a number.  FN_ERROR after a refusal. */
int format_integer(FnCall*, Buf*, const FormatSpec*, int64_t);
int format_double(FnCall*, Buf*, const FormatSpec*, double);
int format_decimal(FnCall*, Buf*, const FormatSpec*, __int128 unscaled, int scale);
/* Append what %t asks of a date, time or timestamp.  FN_ERROR after a refusal;
** 1 in *unknown: no such conversion for any type. */
int format_time(FnCall*, Buf*, const FormatSpec*, const Type*, const Value*);
int format_is_time_conversion(char);
/* Java's toString of a date, time or timestamp. */
int format_time_text(FnCall*, Buf*, const Type*, const Value*);
#endif
