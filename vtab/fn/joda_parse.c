/*
** Parsing through compiled patterns (see joda.h).
**
** Parsing collects fields; at the end they are set from the longest to the
** shortest unit onto 1970-01-01, each cutting what is shorter, and then once
** more, so that a day of the month meets its month.  Without a year, months
** and days belong to the year 2000.  A position that fails is returned as its
** complement; the greatest one is reported.
*/
#include "../sqlite.h"
#include "joda.h"
#include <string.h>

typedef struct Saved { JodaField field; int value; } Saved;

typedef struct Parser {
  const char *z;
  int n;
  int n_saved, too_many;
  Saved saved[JODA_SAVED_MAX];
  int has_offset, offset_millis;
  int has_zone, zone;
  int overflow_at, overflow_n;  /* a number beyond 32 bits; n is 0 when there is none */
} Parser;

static void save(Parser *p, JodaField field, int value){
  if( p->n_saved>=JODA_SAVED_MAX-1 ){
    p->too_many = 1;
    return;
  }
  p->saved[p->n_saved].field = field;
  p->saved[p->n_saved++].value = value;
}

static int digit_at(const Parser *p, int i){
  return i<p->n && p->z[i]>='0' && p->z[i]<='9';
}

/* --- One node ------------------------------------------------------------ */

/* Digits i..end as a number of 32 bits; 0 when it does not fit. */
static int read_int(Parser *p, int i, int end, int negative, int *out){
  int64_t v = 0;
  int k;
  for(k = i; k<end && v<=INT32_MAX; k++) v = v*10 + (p->z[k]-'0');
  if( negative ) v = -v;
  if( v>INT32_MAX || v<INT32_MIN ){
    p->overflow_at = i-negative;
    p->overflow_n = end-p->overflow_at;
    return 0;
  }
  *out = (int)v;
  return 1;
}

static int parse_number(Parser *p, const JodaNode *node, int at){
  int i = at, negative = 0, end, value;
  if( node->is_signed && i<p->n && (p->z[i]=='-' || p->z[i]=='+') && node->max>1
      && digit_at(p, i+1) ){
    negative = p->z[i]=='-';
    i++;
  }
  for(end = i; end-i<node->max && digit_at(p, end); end++){}
  if( end==i || !read_int(p, i, end, negative, &value) ) return ~at;
  save(p, node->field, value);
  return end;
}

/* Two digits nearest the pivot; where lenient, another number of digits is
** the year itself. */
static int parse_two_digits(Parser *p, const JodaNode *node, int at){
  int i = at, year, low, t;
  if( node->lenient ){
    int sign = 0, end, value;
    if( i<p->n && (p->z[i]=='-' || p->z[i]=='+') ) sign = p->z[i++];
    for(end = i; digit_at(p, end); end++){}
    if( end==i ) return ~at;
    if( sign || end-i!=2 ){
      if( !read_int(p, i, end, sign=='-', &value) ) return ~at;
      save(p, node->field, value);
      return end;
    }
  }
  if( !digit_at(p, i) || !digit_at(p, i+1) ) return ~at;
  year = (p->z[i]-'0')*10 + p->z[i+1]-'0';
  low = node->pivot - 50;
  t = low>=0 ? low%100 : 99 + (low+1)%100;
  year += low + (year<t ? 100 : 0) - t;
  save(p, node->field, year);
  return i+2;
}

/* Does the text go on with a name, as written, in lower or in upper case? */
static int matches_name(const Parser *p, int at, const char *name){
  int n = (int)strlen(name), i, exact = 1, lower = 1, upper = 1;
  if( p->n-at<n ) return 0;
  for(i = 0; i<n; i++){
    char c = p->z[at+i], k = name[i];
    exact &= c==k;
    lower &= c==(k>='A' && k<='Z' ? k+32 : k);
    upper &= c==(k>='a' && k<='z' ? k-32 : k);
  }
  return exact || lower || upper ? n : 0;
}

static int parse_text(Parser *p, const JodaNode *node, int at){
  static const char *const eras[] = {"BCE", "CE"};
  int value, best = 0, found = 0, is_short, n;
  const char *name;
  for(is_short = 0; is_short<2; is_short++){
    for(value = 0; value<=12; value++){
      name = joda_name(node->field, value, is_short);
      n = name ? matches_name(p, at, name) : 0;
      if( n>best ){ best = n; found = value; }
    }
  }
  for(value = 0; node->field==JF_ERA && value<2; value++){
    n = matches_name(p, at, eras[value]);
    if( n>best ){ best = n; found = value; }
  }
  if( best==0 ) return ~at;
  save(p, node->field, found);
  return at+best;
}

/* Ten times the milliseconds of what the fraction divides. */
static int64_t fraction_unit(JodaField f){
  return f==JF_FRACTION_OF_SECOND ? 10000 : f==JF_FRACTION_OF_MINUTE ? 600000 : 36000000;
}

static int parse_fraction(Parser *p, const JodaNode *node, int at){
  int64_t unit = fraction_unit(node->field), value = 0;
  int i;
  for(i = at; i-at<node->max && digit_at(p, i); i++){
    unit /= 10;
    value += (p->z[i]-'0')*unit;
  }
  if( i==at ) return ~at;
  save(p, node->field, (int)(value/10));
  return i;
}

static char to_lower(char c){
  return c>='A' && c<='Z' ? (char)(c+32) : c;
}

static int parse_literal(Parser *p, const JodaNode *node, int at){
  int i;
  if( p->n-at<node->n ) return ~at;
  for(i = 0; i<node->n; i++){
    if( to_lower(p->z[at+i])!=to_lower(node->z[i]) ) return ~at;
  }
  return at+node->n;
}

static int two_digits(const Parser *p, int at, int max){
  int v;
  if( !digit_at(p, at) || !digit_at(p, at+1) ) return -1;
  v = (p->z[at]-'0')*10 + p->z[at+1]-'0';
  return v>max ? -1 : v;
}

/* Z, or a sign and hh, hh:mm, hhmm, hh:mm:ss …; what follows the seconds is
** left alone. */
static int parse_offset(Parser *p, int at){
  int i = at, sign, part, unit, colon = 0, millis;
  if( i<p->n && (p->z[i]=='Z' || p->z[i]=='z') ){
    p->has_offset = 1;
    p->offset_millis = 0;
    return at+1;
  }
  if( p->n-i<=1 || (p->z[i]!='+' && p->z[i]!='-') ) return ~at;
  sign = p->z[i++]=='-' ? -1 : 1;
  part = two_digits(p, i, 23);
  if( part<0 ) return ~i;
  millis = part*3600000;
  i += 2;
  for(unit = 60000; unit>=1000; unit /= 60){
    if( unit==60000 ) colon = i<p->n && p->z[i]==':';
    if( colon ){
      if( i>=p->n || p->z[i]!=':' ) break;
      i++;
    }else if( !digit_at(p, i) ){
      break;
    }
    part = two_digits(p, i, 59);
    if( part<0 ) return ~i;
    millis += part*unit;
    i += 2;
  }
  p->has_offset = 1;
  p->offset_millis = sign*millis;
  return i;
}

/* The longest name of a region, or of UTC. */
static int parse_zone_id(Parser *p, int at){
  int n = p->n-at, key;
  if( n>=ZONE_NAME_MAX ) n = ZONE_NAME_MAX-1;
  for(; n>1; n--){
    const char *z = p->z+at;
    if( z[0]=='+' || z[0]=='-' || (n==2 && z[0]=='U') ) continue;
    if( n>3 && (memchr(z, '+', (size_t)n) || memchr(z, '-', (size_t)n))
        && zone_parse(z, (size_t)n, &key)==ZONE_OK && zone_is_fixed(key) ) continue;
    if( zone_parse(z, (size_t)n, &key)==ZONE_OK ){
      p->has_zone = 1;
      p->zone = key;
      return at+n;
    }
  }
  return ~at;
}

static int parse_zone_name(Parser *p, int at){
  static const struct { const char *name, *zone; } names[] = {
    {"UTC", "UTC"}, {"GMT", "UTC"}, {"EST", "America/New_York"}, {"EDT", "America/New_York"},
    {"CST", "America/Chicago"}, {"CDT", "America/Chicago"}, {"MST", "America/Denver"},
    {"MDT", "America/Denver"}, {"PST", "America/Los_Angeles"}, {"PDT", "America/Los_Angeles"},
    {"UT", "UTC"}};
  size_t i;
  for(i = 0; i<sizeof(names)/sizeof(names[0]); i++){
    int n = (int)strlen(names[i].name);
    if( p->n-at<n || memcmp(p->z+at, names[i].name, (size_t)n)!=0 ) continue;
    if( zone_parse(names[i].zone, strlen(names[i].zone), &p->zone)!=ZONE_OK ) return ~at;
    p->has_zone = 1;
    return at+n;
  }
  return ~at;
}

static int parse_sequence(Parser *p, const JodaNode *node, int at);

/* The longest of the choices; recursion is as deep as the fixed tables. */
static int parse_match(Parser *p, const JodaNode *node, int at){
  int best = at, worst = at, best_saved = 0, best_offset = 0, i, pos;
  int saved = p->n_saved, offset = p->has_offset;
  Saved kept[8];
  int kept_millis = 0, matched = 0;
  for(i = 0; node->choice[i]; i++){
    pos = parse_sequence(p, node->choice[i], at);
    if( pos>=at ){
      if( pos>best ){
        if( pos>=p->n || node->choice[i+1]==0 ) return pos;
        best = pos;
        matched = 1;
        best_saved = p->n_saved - saved;
        if( best_saved>8 ) best_saved = 8;
        memcpy(kept, p->saved+saved, (size_t)best_saved*sizeof(Saved));
        best_offset = p->has_offset;
        kept_millis = p->offset_millis;
      }
    }else if( ~pos>worst ){
      worst = ~pos;
    }
    p->n_saved = saved;
    p->has_offset = offset;
  }
  if( best>at || node->lenient ){
    memcpy(p->saved+saved, kept, (size_t)best_saved*sizeof(Saved));
    p->n_saved = saved + best_saved;
    if( matched ){
      p->has_offset = best_offset;
      p->offset_millis = kept_millis;
    }
    return best;
  }
  return ~worst;
}

static int parse_node(Parser *p, const JodaNode *node, int at){
  switch( node->kind ){
    case J_NUMBER:     return parse_number(p, node, at);
    case J_TWO_DIGITS: return parse_two_digits(p, node, at);
    case J_TEXT:
    case J_SHORT_TEXT: return parse_text(p, node, at);
    case J_FRACTION:   return parse_fraction(p, node, at);
    case J_LITERAL:    return parse_literal(p, node, at);
    case J_OFFSET:     return parse_offset(p, at);
    case J_ZONE_ID:    return parse_zone_id(p, at);
    case J_ZONE_NAME:  return parse_zone_name(p, at);
    default:           return parse_match(p, node, at);
  }
}

static int parse_sequence(Parser *p, const JodaNode *node, int at){
  for(; node->kind!=J_END && at>=0; node++) at = parse_node(p, node, at);
  return at;
}

/* --- Fields to an instant ------------------------------------------------ */

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
static void sort_saved(Saved *s, int n){
  int i, j;
  for(i = 1; i<n; i++){
    Saved x = s[i];
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

static int set_field(FnCall *c, const Parser *p, const Saved *s, int64_t *t, int reset){
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
static int compute_plain(const Parser *p, int64_t *out){
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

static int compute(FnCall *c, Parser *p, int64_t *out){
  int64_t t = 0;
  int i;
  if( compute_plain(p, out) ) return FN_OK;
  sort_saved(p->saved, p->n_saved);
  if( p->n_saved && infos[p->saved[0].field].unit<=MONTH && infos[p->saved[0].field].unit>=DAY ){
    save(p, JF_YEAR, 2000);
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

/* --- The whole text ------------------------------------------------------ */

/* Bytes of the first `units` UTF-16 units of the text, or -1 if it is not
** longer than units + 3. */
static int sample_bytes(const char *z, int n, int at, int extra){
  int i, units = 0, cut = -1, before = 0;
  for(i = 0; i<n; ){
    int k = (z[i]&0x80)==0 ? 1 : (z[i]&0xe0)==0xc0 ? 2 : (z[i]&0xf0)==0xe0 ? 3 : 4;
    if( i<at ) before += k==4 ? 2 : 1;
    if( i>=at && cut<0 && units>=before+extra ) cut = i;
    units += k==4 ? 2 : 1;
    i += k;
  }
  if( units<=before + extra + 3 ) return -1;
  return cut;
}

static int bad_format(FnCall *c, const char *z, int n, int at){
  int sample = sample_bytes(z, n, at, 32);
  const char *dots = sample<0 ? "" : "...";
  int shown = sample<0 ? n : sample;
  if( at<=0 ) return fn_bad_argument(c, "Invalid format: \"%.*s%s\"", shown, z, dots);
  if( at>=n ) return fn_bad_argument(c, "Invalid format: \"%.*s%s\" is too short", shown, z, dots);
  return fn_bad_argument(c, "Invalid format: \"%.*s%s\" is malformed at \"%.*s%s\"",
                         shown, z, dots, shown-at, z+at, dots);
}

int joda_parse(FnCall *c, const JodaNode *node, const char *z, int n, JodaResult *out){
  Parser p;
  int at, before, after;
  p.z = z;
  p.n = n;
  p.n_saved = p.too_many = p.has_offset = p.offset_millis = p.has_zone = p.overflow_n = 0;
  p.zone = ZONE_UTC;
  for(at = 0; node[at].kind!=J_END; at++){
    if( node[at].kind==J_ZONE_LONG_NAME ) return fn_refuse(c, "parsing long names of time zones");
  }
  at = parse_sequence(&p, node, 0);
  if( p.overflow_n ){
    return fn_bad_argument(c, "For input string: \"%.*s\"", p.overflow_n, z+p.overflow_at);
  }
  if( at<0 ) return bad_format(c, z, n, ~at);
  if( at<n ) return bad_format(c, z, n, at);
  if( p.too_many ) return fn_refuse(c, "a format of more than %d fields", JODA_SAVED_MAX);
  if( compute(c, &p, &out->millis) ) return FN_ERROR;
  out->has_offset = p.has_offset;
  out->offset_seconds = p.offset_millis/1000;
  out->has_zone = p.has_zone;
  out->zone = p.zone;
  if( p.has_offset ){
    out->millis -= p.offset_millis;
  }else if( p.has_zone ){
    if( zone_local(p.zone, floor_div(out->millis, 1000), &before, &after)==0 ){
      char name[ZONE_NAME_MAX];
      return fn_bad_argument(c, "Cannot parse \"%.*s\": Illegal instant due to time zone offset "
                             "transition (%s)", n, z, zone_name(p.zone, name));
    }
    out->millis -= before*INT64_C(1000);
  }
  return FN_OK;
}

/* --- ISO 8601 ------------------------------------------------------------ */

#define END {J_END, 0, 0, 0, 0, 0, 0, 0, 0, 0}
#define NUM(field, min, max) {J_NUMBER, field, 0, 0, min, max, 0, 0, 0, 0}
#define SIGNED(field, min, max) {J_NUMBER, field, 1, 0, min, max, 0, 0, 0, 0}
#define LIT(z) {J_LITERAL, 0, 0, 0, 0, 0, 0, z, sizeof(z)-1, 0}
#define FRACTION(field) {J_FRACTION, field, 0, 0, 1, 9, 0, 0, 0, 0}
#define MATCH(choice) {J_MATCH, 0, 0, 0, 0, 0, 0, 0, 0, choice}
#define OPTIONAL(choice) {J_MATCH, 0, 0, 1, 0, 0, 0, 0, 0, choice}
#define OFFSET {J_OFFSET, 0, 0, 0, 1, 0, 0, 0, 0, 0}

static const JodaNode dot[] = {LIT("."), END}, comma[] = {LIT(","), END};
static const JodaNode *const points[] = {dot, comma, 0};
static const JodaNode second_fraction[] = {MATCH(points), FRACTION(JF_FRACTION_OF_SECOND), END};
static const JodaNode minute_fraction[] = {MATCH(points), FRACTION(JF_FRACTION_OF_MINUTE), END};
static const JodaNode hour_fraction[] = {MATCH(points), FRACTION(JF_FRACTION_OF_HOUR), END};
static const JodaNode *const second_fractions[] = {second_fraction, 0};
static const JodaNode second[] =
  {LIT(":"), NUM(JF_SECOND_OF_MINUTE, 2, 2), OPTIONAL(second_fractions), END};
static const JodaNode *const after_minute[] = {second, minute_fraction, 0};
static const JodaNode minute[] =
  {LIT(":"), NUM(JF_MINUTE_OF_HOUR, 2, 2), OPTIONAL(after_minute), END};
static const JodaNode *const after_hour[] = {minute, hour_fraction, 0};
static const JodaNode time_element[] = {NUM(JF_HOUR_OF_DAY, 2, 2), OPTIONAL(after_hour), END};
static const JodaNode *const time_elements[] = {time_element, 0};
static const JodaNode offset[] = {OFFSET, END};
static const JodaNode *const offsets[] = {offset, 0};

static const JodaNode day_of_month[] = {LIT("-"), NUM(JF_DAY_OF_MONTH, 2, 2), END};
static const JodaNode *const days_of_month[] = {day_of_month, 0};
static const JodaNode month[] =
  {LIT("-"), NUM(JF_MONTH_OF_YEAR, 2, 2), OPTIONAL(days_of_month), END};
static const JodaNode *const months[] = {month, 0};
static const JodaNode standard_date[] = {SIGNED(JF_YEAR, 4, 9), OPTIONAL(months), END};
static const JodaNode day_of_week[] = {LIT("-"), NUM(JF_DAY_OF_WEEK, 1, 1), END};
static const JodaNode *const days_of_week[] = {day_of_week, 0};
static const JodaNode week_date[] = {SIGNED(JF_WEEKYEAR, 4, 9), LIT("-W"),
  NUM(JF_WEEK_OF_WEEKYEAR, 2, 2), OPTIONAL(days_of_week), END};
static const JodaNode ordinal_date[] =
  {SIGNED(JF_YEAR, 4, 9), LIT("-"), NUM(JF_DAY_OF_YEAR, 3, 3), END};
static const JodaNode *const dates[] = {standard_date, week_date, ordinal_date, 0};

const JodaNode joda_iso_date[] = {MATCH(dates), END};
const JodaNode joda_iso_full_date[] = {SIGNED(JF_YEAR, 4, 9), LIT("-"),
  NUM(JF_MONTH_OF_YEAR, 2, 2), LIT("-"), NUM(JF_DAY_OF_MONTH, 2, 2), END};

static const JodaNode time_or_offset[] =
  {LIT("T"), OPTIONAL(time_elements), OPTIONAL(offsets), END};
static const JodaNode *const times_or_offsets[] = {time_or_offset, 0};
static const JodaNode time_only[] =
  {LIT("T"), NUM(JF_HOUR_OF_DAY, 2, 2), OPTIONAL(after_hour), OPTIONAL(offsets), END};
static const JodaNode date_optional_time[] = {MATCH(dates), OPTIONAL(times_or_offsets), END};
static const JodaNode *const datetimes[] = {time_only, date_optional_time, 0};

const JodaNode joda_iso_datetime[] = {MATCH(datetimes), END};
