/*
** CAST to and from dates, times, timestamps and intervals (see datetime.h).
**
** The session zone is UTC.  A shorter precision rounds half up; a time that
** rounds to 24:00 wraps to 00:00.  Text with a zone cast to a timestamp drops
** the zone.  A time cast to a timestamp takes today's date in UTC.
*/
#include "sqlite.h"
#include "datetime_text.h"
#include "fn/fn.h"
#include <string.h>
#include <time.h>

int datetime_can_cast(const Type *from, const Type *to){
  TypeKind f = from->kind, t = to->kind;
  if( t==T_VARCHAR ) return type_is_temporal(from);
  switch( t ){
    case T_DATE:
      return f==T_VARCHAR || f==T_CHAR || f==T_DATE || f==T_TIMESTAMP || f==T_TIMESTAMP_TZ;
    case T_TIME: case T_TIME_TZ:
      return f==T_VARCHAR || (f>=T_TIME && f<=T_TIMESTAMP_TZ);
    case T_TIMESTAMP: case T_TIMESTAMP_TZ:
      return f==T_VARCHAR || (f>=T_DATE && f<=T_TIMESTAMP_TZ);
    case T_INTERVAL_DS: case T_INTERVAL_YM:
      return f==t;
    default:
      return 0;
  }
}

static int bad_text(FnCall *c, const char *what, const Value *in){
  return fn_error(c, "INVALID_CAST_ARGUMENT", "Value cannot be cast to %s: %.*s",
                  what, in->n, in->z);
}

/* Today's midnight in UTC, in seconds. */
static int64_t today(void){
  return floor_div((int64_t)time(0), 86400)*86400;
}

/* --- To text ------------------------------------------------------------- */

/* A date prints here without the sign of years beyond 9999. */
static int to_text(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  Buf b;
  size_t skip = 0;
  buf_init(&b, c->arena);
  datetime_print(&b, from, in);
  if( b.oom ) return FN_OK;
  if( from->kind==T_DATE && b.z[0]=='+' ) skip = 1;
  *out = value_text(b.z+skip, b.n-skip);
  if( to->p!=TYPE_UNBOUNDED && out->n>to->p ){
    if( from->kind==T_DATE || from->kind==T_TIME || from->kind==T_TIME_TZ ){
      return fn_error(c, "INVALID_CAST_ARGUMENT", "Value %.*s cannot be represented as varchar(%d)",
                      out->n, out->z, to->p);
    }
    return fn_refuse(c, "a value too long for varchar(%d): Athena ends in an internal error", to->p);
  }
  return FN_OK;
}

/* --- From text ----------------------------------------------------------- */

static int text_to_date(FnCall *c, const Value *in, Value *out){
  int64_t days;
  if( datetime_parse_date(in->z, (size_t)in->n, &days) ) return bad_text(c, "date", in);
  *out = value_int(days);
  return FN_OK;
}

static int text_to_time(FnCall *c, const Type *to, const Value *in, Value *out){
  DateTimeText t;
  int tz = to->kind==T_TIME_TZ;
  const char *what = tz ? "timestamp" : "time", *z = in->z;
  size_t n = (size_t)in->n;
  TimeTz x = {0, 0};
  if( tz ) trim_blanks(&z, &n);
  if( !datetime_scan_time(z, n, &t) || !datetime_text_valid(&t, 0) || t.fraction_digits>12 ){
    return bad_text(c, what, in);
  }
  if( t.zone && (!tz || !datetime_text_offset(&t, &x.offset)) ) return bad_text(c, what, in);
  x.picos = (t.hour*3600 + t.minute*60 + t.second)*PICOS_PER_SECOND;
  x.picos = (x.picos + datetime_text_picos(&t, to->p))%PICOS_PER_DAY;
  *out = tz ? value_put_time_tz(c->arena, x) : value_int(x.picos);
  return FN_OK;
}

/* Here the message has the text without its blanks. */
static int bad_timestamp(FnCall *c, const Value *in){
  Value v = *in;
  while( v.n>0 && (unsigned char)v.z[v.n-1]<=' ' ) v.n--;
  while( v.n>0 && (unsigned char)v.z[0]<=' ' ){ v.z++; v.n--; }
  return bad_text(c, "timestamp", &v);
}

static int text_to_timestamp(FnCall *c, const Type *to, const Value *in, Value *out){
  DateTimeText t;
  Instant x = {0, 0, ZONE_UTC};
  const char *z = in->z;
  size_t n = (size_t)in->n;
  int64_t seconds;
  trim_blanks(&z, &n);
  if( !datetime_scan(z, n, &t) || !datetime_text_valid(&t, 1) ) return bad_timestamp(c, in);
  seconds = datetime_text_seconds(&t);
  if( to->kind==T_TIMESTAMP_TZ && t.zone ){
    int before, after, rc = zone_parse(t.zone, (size_t)t.zone_n, &x.zone);
    if( rc==ZONE_NO_DATA ){
      return fn_refuse(c, "time zone %.*s: its rules are not installed", t.zone_n, t.zone);
    }
    if( rc==ZONE_RANGE ){
      return fn_error(c, "NOT_SUPPORTED", "Time zone not supported: %.*s", t.zone_n, t.zone);
    }
    if( rc!=ZONE_OK ) return bad_timestamp(c, in);
    zone_local(x.zone, seconds, &before, &after);
    seconds -= before;                  /* in a gap: moved forward by its length */
  }
  if( !datetime_instant(seconds, datetime_text_picos(&t, to->p), &x)
      || (to->kind==T_TIMESTAMP_TZ && !datetime_tz_fits(to, x.micros)) ){
    return bad_timestamp(c, in);
  }
  *out = value_put_instant(c->arena, to, x);
  return FN_OK;
}

static int from_text(FnCall *c, const Type *to, const Value *in, Value *out){
  switch( to->kind ){
    case T_DATE: return text_to_date(c, in, out);
    case T_TIME: case T_TIME_TZ: return text_to_time(c, to, in, out);
    default: return text_to_timestamp(c, to, in, out);
  }
}

/* --- Among themselves ---------------------------------------------------- */

/* Round an instant to p digits of the second, half up. */
Instant instant_round(Instant x, int p){
  int64_t second, picos;
  if( p>=12 || (p>=6 && x.picos==0) ) return x;
  second = floor_div(x.micros, MICROS_PER_SECOND);
  picos = picos_round(floor_mod(x.micros, MICROS_PER_SECOND)*1000000 + x.picos, p);
  x.micros = (int64_t)((uint64_t)second*MICROS_PER_SECOND + (uint64_t)(picos/1000000));
  x.picos = (int)(picos%1000000);
  return x;
}

/* A date's midnight; beyond the range of microseconds it sticks at the end. */
int64_t date_micros(int64_t days){
  int64_t micros;
  if( __builtin_mul_overflow(days, MICROS_PER_DAY, &micros) ){
    return days<0 ? INT64_MIN : INT64_MAX;
  }
  return micros;
}

/* The value as wall clock, zone and offset in force. */
typedef struct Wall { Instant x; int64_t local; int offset; } Wall;

static Wall wall_of(const Type *from, const Value *in){
  Wall w = {{0, 0, ZONE_UTC}, 0, 0};
  switch( from->kind ){
    case T_DATE:
      w.x.micros = date_micros(in->i);
      break;
    case T_TIME:
      w.x.micros = today()*MICROS_PER_SECOND + in->i/1000000;
      w.x.picos = (int)(in->i%1000000);
      break;
    case T_TIME_TZ: {
      TimeTz t = value_get_time_tz(in);
      w.offset = t.offset*60;
      w.x.zone = zone_from_minutes(t.offset);
      w.x.micros = (today() - w.offset)*MICROS_PER_SECOND + t.picos/1000000;
      w.x.picos = (int)(t.picos%1000000);
      break;
    }
    default:
      w.x = value_get_instant(from, in);
      if( from->kind==T_TIMESTAMP_TZ ){
        w.offset = zone_offset(w.x.zone, floor_div(w.x.micros, MICROS_PER_SECOND));
      }
      break;
  }
  w.local = (int64_t)((uint64_t)w.x.micros + (uint64_t)(w.offset*MICROS_PER_SECOND));
  return w;
}

static int to_time(FnCall *c, const Type *to, const Wall *w, Value *out){
  int64_t picos = floor_mod(w->local, MICROS_PER_DAY)*1000000 + w->x.picos;
  TimeTz t = {picos_round(picos, to->p)%PICOS_PER_DAY, w->offset/60};
  *out = to->kind==T_TIME_TZ ? value_put_time_tz(c->arena, t) : value_int(t.picos);
  return FN_OK;
}

static int to_timestamp(FnCall *c, const Type *from, const Type *to, const Wall *w, Value *out){
  Instant x = w->x;
  if( to->kind==T_TIMESTAMP ){
    x.micros = w->local;
    x.zone = ZONE_UTC;
  }
  if( from->kind!=T_DATE ) x = instant_round(x, to->p);
  if( to->kind==T_TIMESTAMP_TZ && !datetime_tz_fits(to, x.micros) ){
    return fn_refuse(c, "a timestamp beyond the range of timestamp(%d) with time zone", to->p);
  }
  *out = value_put_instant(c->arena, to, x);
  return FN_OK;
}

int cast_temporal(FnCall *c, const Type *from, const Type *to, const Value *in, Value *out){
  Wall w;
  if( to->kind==T_VARCHAR ) return to_text(c, from, to, in, out);
  if( from->kind==T_VARCHAR || from->kind==T_CHAR ) return from_text(c, to, in, out);
  if( from->kind==to->kind && from->p==to->p ){
    *out = *in;
    return FN_OK;
  }
  if( to->kind!=T_DATE && !(to->kind>=T_TIME && to->kind<=T_TIMESTAMP_TZ) ){
    return fn_refuse(c, "this cast of a temporal type");
  }
  w = wall_of(from, in);
  if( to->kind==T_DATE ){
    *out = value_int(floor_div(w.local, MICROS_PER_DAY));
    return FN_OK;
  }
  return to->kind==T_TIME || to->kind==T_TIME_TZ ? to_time(c, to, &w, out)
                                                 : to_timestamp(c, from, to, &w, out);
}
