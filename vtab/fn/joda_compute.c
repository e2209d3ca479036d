/*
** Parsed fields to an instant (see joda.h).
**
** The fields are set from the longest to the shortest unit onto 1970-01-01,
** each cutting what is shorter, and then once more, so that a day of the month
** meets its month.  Without a year, months and days belong to the year 2000.
** Dates and times of plain fields in range take a shorter way to the same
** result.
*/
#include "../sqlite.h"
#include "joda_parser.h"

void joda_save(JodaParser *p, JodaField field, int value){
  if( p->n_saved>=JODA_SAVED_MAX-1 ){
    p->too_many = 1;
    return;
  }
  p->saved[p->n_saved].field = field;
  p->saved[p->n_saved++].value = value;
}

#define DAY MILLIS_PER_DAY
#define YEAR INT64_C(31556952000)
#define MONTH INT64_C(2629746000)
#define ENDLESS INT64_MAX
#define YEAR_MAX 292278993
#define YEAR_MIN (-292275054)
#define YEAR_FAR 290000000      /* beyond it milliseconds could overflow: refused */

/* How a field sorts (the range it counts within, then its unit), its name and
** its bounds; a maximum of 0 depends on the rest of the date. */
static const struct FieldInfo {
  int64_t range, unit;
  const char *name;
  int min, max;
} infos[] = {
  [JF_ERA] = {ENDLESS, ENDLESS, "era", 0, 1},
  [JF_CENTURY_OF_ERA] = {ENDLESS, 100*YEAR, "centuryOfEra", 0, YEAR_MAX/100},
  [JF_YEAR_OF_ERA] = {ENDLESS, YEAR, "yearOfEra", 1, YEAR_MAX},
  [JF_YEAR] = {ENDLESS, YEAR, "year", YEAR_MIN-1, YEAR_MAX+1},
  [JF_WEEKYEAR] = {ENDLESS, YEAR, "weekyear", YEAR_MIN, YEAR_MAX},
  [JF_MONTH_OF_YEAR] = {YEAR, MONTH, "monthOfYear", 1, 12},
  [JF_DAY_OF_YEAR] = {YEAR, DAY, "dayOfYear", 1, 0},
  [JF_WEEK_OF_WEEKYEAR] = {YEAR, 7*DAY, "weekOfWeekyear", 1, 0},
  [JF_DAY_OF_MONTH] = {MONTH, DAY, "dayOfMonth", 1, 0},
  [JF_DAY_OF_WEEK] = {7*DAY, DAY, "dayOfWeek", 1, 7},
  [JF_HALFDAY_OF_DAY] = {DAY, DAY/2, "halfdayOfDay", 0, 1},
  [JF_HOUR_OF_DAY] = {DAY, 3600000, "hourOfDay", 0, 23},
  [JF_CLOCKHOUR_OF_DAY] = {DAY, 3600000, "clockhourOfDay", 1, 24},
  [JF_HOUR_OF_HALFDAY] = {DAY/2, 3600000, "hourOfHalfday", 0, 11},
  [JF_CLOCKHOUR_OF_HALFDAY] = {DAY/2, 3600000, "clockhourOfHalfday", 1, 12},
  [JF_MINUTE_OF_HOUR] = {3600000, 60000, "minuteOfHour", 0, 59},
  [JF_SECOND_OF_MINUTE] = {60000, 1000, "secondOfMinute", 0, 59},
  [JF_FRACTION_OF_SECOND] = {1000, 1, "millisOfSecond", 0, 999},
  [JF_FRACTION_OF_MINUTE] = {60000, 1, "millisOfSecond", 0, 59999},
  [JF_FRACTION_OF_HOUR] = {3600000, 1, "millisOfSecond", 0, 3599999},
};

/* Stable: equal fields stay in the order of the text. */
static void sort_saved(JodaSaved *s, int n){
  int i, j;
  for(i = 1; i<n; i++){
    JodaSaved x = s[i];
    const struct FieldInfo *a = &infos[x.field];
    for(j = i; j>0; j--){
      const struct FieldInfo *b = &infos[s[j-1].field];
      if( b->range>a->range || (b->range==a->range && b->unit>=a->unit) ) break;
      s[j] = s[j-1];
    }
    s[j] = x;
  }
}

static int64_t year_of(int64_t t){
  return local_field(FIELD_YEAR, t);
}

/* The same day and time of another year; 29 February becomes the 28th. */
static int64_t set_year(int64_t t, int64_t year){
  int64_t days = floor_div(t, DAY);
  return civil_add_months(days, (year - year_of(t))*12)*DAY + floor_mod(t, DAY);
}

static int64_t week_start(int64_t weekyear){
  int64_t jan4 = civil_to_days(weekyear, 1, 4);
  return jan4 - civil_day_of_week(jan4) + 1;
}

static int64_t set_weekyear(int64_t t, int64_t year){
  int64_t days = floor_div(t, DAY);
  int week = civil_week(days, 0), weeks = (int)((week_start(year+1) - week_start(year))/7);
  if( week>weeks ) week = weeks;
  days = week_start(year) + (week-1)*7 + civil_day_of_week(days) - 1;
  return days*DAY + floor_mod(t, DAY);
}

static int64_t set_month(int64_t t, int month){
  int64_t days = floor_div(t, DAY);
  return civil_add_months(days, month - date_field(FIELD_MONTH, days))*DAY + floor_mod(t, DAY);
}

/* The greatest value a field can be set to at t. */
static int64_t field_max(JodaField f, int64_t t, int value){
  int64_t days = floor_div(t, DAY), year = year_of(t);
  switch( f ){
    case JF_DAY_OF_MONTH:
      if( value>=1 && value<=28 ) return 28;
      return civil_days_in_month(year, (int)date_field(FIELD_MONTH, days));
    case JF_DAY_OF_YEAR:
      return value>=1 && value<=365 ? 365 : civil_is_leap(year) ? 366 : 365;
    case JF_WEEK_OF_WEEKYEAR:
      civil_week(days, &year);
      return value>=1 && value<=52 ? 52 : (week_start(year+1) - week_start(year))/7;
    default:
      return infos[f].max;
  }
}

/* A field that counts units within its range. */
static int64_t set_unit(JodaField f, int64_t t, int64_t value){
  int64_t unit = infos[f].unit, range = infos[f].range;
  int64_t now = floor_mod(t, range)/unit;
  if( f==JF_CLOCKHOUR_OF_DAY ) value %= 24;
  if( f==JF_CLOCKHOUR_OF_HALFDAY ) value %= 12;
  return t + (value - now)*unit;
}

static int64_t set_value(JodaField f, int64_t t, int64_t value){
  int64_t days = floor_div(t, DAY), year = year_of(t);
  switch( f ){
    case JF_ERA:              return (year>0)==(value!=0) ? t : set_year(t, -year);
    case JF_CENTURY_OF_ERA:   return set_year(t, value*100 + (year>0 ? year : 1-year)%100);
    case JF_YEAR_OF_ERA:      return set_year(t, year>0 ? value : 1-value);
    case JF_YEAR:             return set_year(t, value);
    case JF_WEEKYEAR:         return set_weekyear(t, value);
    case JF_MONTH_OF_YEAR:    return set_month(t, (int)value);
    case JF_DAY_OF_YEAR:      return t + (value - civil_day_of_year(days))*DAY;
    case JF_WEEK_OF_WEEKYEAR: return t + (value - civil_week(days, 0))*7*DAY;
    case JF_DAY_OF_MONTH:     return t + (value - date_field(FIELD_DAY, days))*DAY;
    case JF_DAY_OF_WEEK:      return t + (value - civil_day_of_week(days))*DAY;
    default:                  return set_unit(f, t, value);
  }
}

/* The beginning of the unit that t lies in. */
static int64_t floor_unit(JodaField f, int64_t t){
  int64_t days = floor_div(t, DAY), year = year_of(t);
  switch( f ){
    case JF_ERA:
      return civil_to_days(year>0 ? 1 : -YEAR_FAR, 1, 1)*DAY;
    case JF_CENTURY_OF_ERA:
      return civil_to_days(year - (year>0 ? year : 1-year)%100, 1, 1)*DAY;
    case JF_YEAR_OF_ERA: case JF_YEAR:
      return civil_to_days(year, 1, 1)*DAY;
    case JF_WEEKYEAR:
      civil_week(days, &year);
      return week_start(year)*DAY;
    case JF_MONTH_OF_YEAR:
      return millis_floor(ZONE_UTC, UNIT_MONTH, t);
    case JF_WEEK_OF_WEEKYEAR:
      return millis_floor(ZONE_UTC, UNIT_WEEK, t);
    default:
      return floor_div(t, infos[f].unit)*infos[f].unit;
  }
}

static int set_field(FnCall *c, const JodaParser *p, const JodaSaved *s, int64_t *t, int reset){
  int64_t max = field_max(s->field, *t, s->value);
  if( s->value<infos[s->field].min || s->value>max ){
    return fn_bad_argument(c, "Cannot parse \"%.*s\": Value %d for %s must be in the range [%d,%lld]",
                           p->n, p->z, s->value, infos[s->field].name, infos[s->field].min,
                           (long long)max);
  }
  if( s->field>=JF_CENTURY_OF_ERA && s->field<=JF_WEEKYEAR ){
    int64_t year = s->value*(s->field==JF_CENTURY_OF_ERA ? INT64_C(100) : 1);
    if( year>YEAR_FAR || year<-YEAR_FAR ) return fn_refuse(c, "the year %lld", (long long)year);
  }
  *t = set_value(s->field, *t, s->value);
  if( reset ) *t = floor_unit(s->field, *t);
  return FN_OK;
}

/* The common case, at once: each of year … second and fraction at most once,
** all in range.  0 when the case is another. */
static int compute_plain(const JodaParser *p, int64_t *out){
  int v[JF_FRACTION_OF_HOUR+1];
  unsigned seen = 0, i;
  const unsigned plain = 1u<<JF_YEAR | 1u<<JF_MONTH_OF_YEAR | 1u<<JF_DAY_OF_MONTH
    | 1u<<JF_HOUR_OF_DAY | 1u<<JF_MINUTE_OF_HOUR | 1u<<JF_SECOND_OF_MINUTE
    | 1u<<JF_FRACTION_OF_SECOND;
  for(i = 0; i<(unsigned)p->n_saved; i++){
    unsigned bit = 1u<<p->saved[i].field;
    if( (seen | ~plain) & bit ) return 0;
    seen |= bit;
    v[p->saved[i].field] = p->saved[i].value;
  }
  for(i = JF_HOUR_OF_DAY; i<=JF_FRACTION_OF_SECOND; i++){
    if( !(seen>>i & 1) ) v[i] = 0;
    else if( v[i]<0 || v[i]>infos[i].max ) return 0;
  }
  if( !(seen>>JF_YEAR & 1) ){
    v[JF_YEAR] = seen & (1u<<JF_MONTH_OF_YEAR | 1u<<JF_DAY_OF_MONTH) ? 2000 : 1970;
  }
  if( !(seen>>JF_MONTH_OF_YEAR & 1) ) v[JF_MONTH_OF_YEAR] = 1;
  if( !(seen>>JF_DAY_OF_MONTH & 1) ) v[JF_DAY_OF_MONTH] = 1;
  if( v[JF_YEAR]>YEAR_FAR || v[JF_YEAR]<-YEAR_FAR ) return 0;
  if( v[JF_MONTH_OF_YEAR]<1 || v[JF_MONTH_OF_YEAR]>12 || v[JF_DAY_OF_MONTH]<1
      || v[JF_DAY_OF_MONTH]>civil_days_in_month(v[JF_YEAR], v[JF_MONTH_OF_YEAR]) ) return 0;
  *out = civil_to_days(v[JF_YEAR], v[JF_MONTH_OF_YEAR], v[JF_DAY_OF_MONTH])*DAY
    + v[JF_HOUR_OF_DAY]*INT64_C(3600000) + v[JF_MINUTE_OF_HOUR]*60000
    + v[JF_SECOND_OF_MINUTE]*1000 + v[JF_FRACTION_OF_SECOND];
  return 1;
}

int joda_compute(FnCall *c, JodaParser *p, int64_t *out){
  int64_t t = 0;
  int i;
  if( compute_plain(p, out) ) return FN_OK;
  sort_saved(p->saved, p->n_saved);
  if( p->n_saved && infos[p->saved[0].field].unit<=MONTH && infos[p->saved[0].field].unit>=DAY ){
    joda_save(p, JF_YEAR, 2000);
    sort_saved(p->saved, p->n_saved);
  }
  for(i = 0; i<p->n_saved; i++){
    if( set_field(c, p, &p->saved[i], &t, 1) ) return FN_ERROR;
  }
  for(i = 0; i<p->n_saved; i++){
    if( set_field(c, p, &p->saved[i], &t, i==p->n_saved-1) ) return FN_ERROR;
  }
  *out = t;
  return FN_OK;
}
