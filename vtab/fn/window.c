/*
** Helpers of window functions that SQLite's own lack.
**
**   t_ntile(row_number, rows, buckets)   ntile with a bucket count of its own
**                                        for each row (SQLite wants a constant)
**   t_window_offset(n)                   n, or Athena's error for a negative one
**   t_window_nth(n)                      the same for nth_value, which counts from 1;
**                                        NULL is beyond every frame
*/
#include "fn.h"

static int ntile(FnCall *c, int argc, const Value *argv, Value *out){
  int64_t row = argv[0].i - 1, rows = argv[1].i, buckets = argv[2].i;
  (void)argc;
  if( buckets<=0 ) return fn_bad_argument(c, "Buckets must be greater than 0");
  if( rows<buckets ){
    *out = value_int(row + 1);
    return FN_OK;
  }
  int64_t size = rows/buckets, larger = rows%buckets;
  *out = value_int(row<larger*(size+1) ? row/(size+1) + 1 : (row-larger)/size + 1);
  return FN_OK;
}

static int offset(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  if( argv[0].i<0 ) return fn_bad_argument(c, "Offset must be at least 0");
  *out = argv[0];
  return FN_OK;
}

static int nth(FnCall *c, int argc, const Value *argv, Value *out){
  (void)argc;
  if( argv[0].kind==V_NULL ){
    *out = value_int(INT64_MAX);
    return FN_OK;
  }
  if( argv[0].i<1 ) return fn_bad_argument(c, "Offset must be at least 1");
  *out = argv[0];
  return FN_OK;
}

const FnDef fn_window[] = {
  {.name="$window_nth", .sig="(bigint) -> bigint", .impl=nth, .flags=FN_NULLS|FN_RAISES|FN_HIDDEN, .sql="t_window_nth"},
  {.name="$ntile", .sig="(bigint, bigint, bigint) -> bigint", .impl=ntile, .flags=FN_RAISES|FN_HIDDEN, .sql="t_ntile"},
  {.name="$window_offset", .sig="(bigint) -> bigint", .impl=offset, .flags=FN_RAISES|FN_HIDDEN, .sql="t_window_offset"},
  {0}
};
