/* Calendar units on instants: see datetime_unit.h. */
#include "../sqlite.h"
#include "datetime_unit.h"
#include <string.h>

/* --- Units --------------------------------------------------------------- */

static const struct { const char *name; int64_t millis; } units[] = {
  {"millisecond", 1}, {"second", 1000}, {"minute", 60000}, {"hour", 3600000},
  {"day", MILLIS_PER_DAY}, {"week", 7*MILLIS_PER_DAY}, {"month", 0}, {"quarter", 0}, {"year", 0},
};

int unit_parse(FnCall *c, const Value *name, UnitScope scope, Unit *out){
  static const char *const scope_names[] = {"DATE", "TIME", "TIMESTAMP"};
  int first = scope==SCOPE_DATE ? UNIT_DAY : UNIT_MILLISECOND;
  int last = scope==SCOPE_TIME ? UNIT_HOUR : UNIT_YEAR;
  int i;
  char *lower;
  for(i = first; i<=last; i++){
    if( (int)strlen(units[i].name)==name->n
        && sqlite3_strnicmp(units[i].name, name->z, name->n)==0 ){
      *out = (Unit)i;
      return FN_OK;
    }
  }
  lower = arena_strndup(c->arena, name->z, (size_t)name->n);
  for(i = 0; lower && lower[i]; i++) if( lower[i]>='A' && lower[i]<='Z' ) lower[i] += 32;
  return fn_bad_argument(c, "'%s' is not a valid %s field", lower ? lower : "", scope_names[scope]);
}

int64_t unit_millis(Unit u){
  return units[u].millis;
}

int64_t micros_to_millis(int64_t micros){
  return floor_div(micros, 1000);
}

/* --- Zones --------------------------------------------------------------- */

static int64_t offset_at(int zone, int64_t millis){
  return zone==ZONE_UTC ? 0 : zone_offset(zone, floor_div(millis, 1000))*INT64_C(1000);
}

int64_t millis_local(int zone, int64_t millis){
  return millis + offset_at(zone, millis);
}

int64_t millis_from_local(int zone, int64_t local, int64_t original){
  int64_t offset = offset_at(zone, original), estimate;
  int before, after;
  if( offset_at(zone, local-offset)==offset ) return local - offset;
  estimate = offset_at(zone, local);
  offset = offset_at(zone, local-estimate);
  /* west of Greenwich a time in a gap is moved forward by keeping the first
  ** estimate; to the east the second one does it */
  if( estimate!=offset && estimate<0
      && zone_local(zone, floor_div(local, 1000), &before, &after)==0 ){
    offset = estimate;
  }
  return local - offset;
}

/* --- Arithmetic ---------------------------------------------------------- */

static int64_t local_add_months(int64_t local, int64_t n){
  int64_t day = floor_div(local, MILLIS_PER_DAY);
  return civil_add_months(day, n)*MILLIS_PER_DAY + floor_mod(local, MILLIS_PER_DAY);
}

int64_t millis_add(int zone, Unit u, int64_t millis, int64_t n){
  int64_t local;
  if( u<UNIT_DAY ) return millis + n*units[u].millis;
  local = millis_local(zone, millis);
  switch( u ){
    case UNIT_MONTH:   local = local_add_months(local, n); break;
    case UNIT_QUARTER: local = local_add_months(local, n*3); break;
    case UNIT_YEAR:    local = local_add_months(local, n*12); break;
    default:           local += n*units[u].millis; break;
  }
  return millis_from_local(zone, local, millis);
}

/* The first day of the unit that a day lies in. */
static int64_t day_floor(Unit u, int64_t day){
  int64_t year;
  int month;
  if( u==UNIT_WEEK ) return day - civil_day_of_week(day) + 1;
  civil_from_days(day, &year, &month, 0);
  if( u==UNIT_QUARTER ) month = (month-1)/3*3 + 1;
  if( u==UNIT_YEAR ) month = 1;
  return u==UNIT_DAY ? day : civil_to_days(year, month, 1);
}

int64_t millis_floor(int zone, Unit u, int64_t millis){
  int64_t local;
  if( u<UNIT_DAY ){
    int64_t offset = offset_at(zone, millis);
    return floor_div(millis + offset, units[u].millis)*units[u].millis - offset;
  }
  local = millis_local(zone, millis);
  local = day_floor(u, floor_div(local, MILLIS_PER_DAY))*MILLIS_PER_DAY;
  return millis_from_local(zone, local, millis);
}

/* Complete months between two local times, from <= to.  When `to` is the last
** day of its month, a later day of month in `from` counts as reached. */
static int64_t months_between(int64_t from, int64_t to){
  int64_t year_a, year_b, rest_a, rest_b, n;
  int month_a, month_b, day_a, day_b;
  civil_from_days(floor_div(from, MILLIS_PER_DAY), &year_a, &month_a, &day_a);
  civil_from_days(floor_div(to, MILLIS_PER_DAY), &year_b, &month_b, &day_b);
  n = (year_b - year_a)*12 + month_b - month_a;
  if( day_b==civil_days_in_month(year_b, month_b) && day_a>day_b ) day_a = day_b;
  rest_a = (day_a-1)*MILLIS_PER_DAY + floor_mod(from, MILLIS_PER_DAY);
  rest_b = (day_b-1)*MILLIS_PER_DAY + floor_mod(to, MILLIS_PER_DAY);
  return rest_b<rest_a ? n-1 : n;
}

#define FEB_29 (59*MILLIS_PER_DAY)

/* Complete years between two local times, from <= to: the rests of the years
** are compared with leap days balanced. */
static int64_t years_between(int64_t from, int64_t to){
  int64_t year_a, year_b, rest_a, rest_b;
  civil_from_days(floor_div(from, MILLIS_PER_DAY), &year_a, 0, 0);
  civil_from_days(floor_div(to, MILLIS_PER_DAY), &year_b, 0, 0);
  rest_a = from - civil_to_days(year_a, 1, 1)*MILLIS_PER_DAY;
  rest_b = to - civil_to_days(year_b, 1, 1)*MILLIS_PER_DAY;
  if( rest_a>=FEB_29 ){
    if( civil_is_leap(year_a) ){
      if( !civil_is_leap(year_b) ) rest_a -= MILLIS_PER_DAY;
    }else if( rest_b>=FEB_29 && civil_is_leap(year_b) ){
      rest_b -= MILLIS_PER_DAY;
    }
  }
  return year_b - year_a - (rest_b<rest_a);
}

int64_t millis_diff(int zone, Unit u, int64_t from, int64_t to){
  int64_t n;
  int negative;
  if( u<UNIT_DAY ) return (to - from)/units[u].millis;
  from = millis_local(zone, from);
  to = millis_local(zone, to);
  if( units[u].millis ) return (to - from)/units[u].millis;
  negative = to<from;
  if( negative ){
    int64_t t = from;
    from = to;
    to = t;
  }
  n = u==UNIT_YEAR ? years_between(from, to) : months_between(from, to);
  if( u==UNIT_QUARTER ) n /= 3;
  return negative ? -n : n;
}

/* --- Fields -------------------------------------------------------------- */

int64_t date_field(DateField f, int64_t days){
  int64_t year;
  int month, day;
  switch( f ){
    case FIELD_DAY_OF_WEEK: return civil_day_of_week(days);
    case FIELD_DAY_OF_YEAR: return civil_day_of_year(days);
    case FIELD_WEEK:        return civil_week(days, 0);
    case FIELD_YEAR_OF_WEEK: civil_week(days, &year); return year;
    default: break;
  }
  civil_from_days(days, &year, &month, &day);
  switch( f ){
    case FIELD_YEAR:    return year;
    case FIELD_QUARTER: return (month-1)/3 + 1;
    case FIELD_MONTH:   return month;
    case FIELD_DAY:     return day;
    default:            return 0;
  }
}

int64_t clock_field(DateField f, int64_t millis){
  switch( f ){
    case FIELD_HOUR:        return millis/3600000;
    case FIELD_MINUTE:      return millis/60000%60;
    case FIELD_SECOND:      return millis/1000%60;
    case FIELD_MILLISECOND: return millis%1000;
    default:                return 0;
  }
}

int64_t local_field(DateField f, int64_t local){
  if( f>=FIELD_HOUR ) return clock_field(f, floor_mod(local, MILLIS_PER_DAY));
  return date_field(f, floor_div(local, MILLIS_PER_DAY));
}

/* --- Carriers ------------------------------------------------------------ */

static const Type type_micros = {T_TIMESTAMP, 6, 0, 0, 0, 0};
static const Type type_picos = {T_TIMESTAMP, 12, 0, 0, 0, 0};
static const Type type_tz = {T_TIMESTAMP_TZ, 12, 0, 0, 0, 0};

Value put_timestamp_like(Arena *a, const Value *like, Instant x){
  return value_put_instant(a, like->kind==V_INT ? &type_micros : &type_picos, x);
}

Value put_tz(Arena *a, Instant x){
  return value_put_instant(a, &type_tz, x);
}

Instant get_timestamp(const Value *v){
  return value_get_instant(&type_picos, v);
}

Instant get_tz(const Value *v){
  return value_get_instant(&type_tz, v);
}

int instant_from_millis(Instant *x, int64_t millis, int fraction){
  int64_t micros;
  int64_t rest = fraction ? floor_mod(x->micros, 1000) : 0;
  if( __builtin_mul_overflow(millis, INT64_C(1000), &micros) ) return 0;
  if( __builtin_add_overflow(micros, rest, &micros) ) return 0;
  x->micros = micros;
  if( !fraction ) x->picos = 0;
  return 1;
}

/* --- Errors -------------------------------------------------------------- */

const char *java_invalid_date(Arena *a, int64_t year, int month, int day){
  static const char *const months[] = {"JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE",
    "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER", "DECEMBER"};
  if( day<=civil_days_in_month(year, month) ) return 0;
  if( day==29 ){
    return arena_printf(a, "Invalid date 'February 29' as '%lld' is not a leap year",
                        (long long)year);
  }
  return arena_printf(a, "Invalid date '%s %d'", months[month-1], day);
}

int zone_unknown(FnCall *c, int offset){
  int s = offset<0 ? -offset : offset;
  char seconds[8] = "";
  if( s%60 ) sqlite3_snprintf(sizeof(seconds), seconds, ":%02d", s%60);
  return fn_error(c, "NOT_SUPPORTED", "Time zone not supported: %c%02d:%02d%s",
                  offset<0 ? '-' : '+', s/3600, s/60%60, seconds);
}
