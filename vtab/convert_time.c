/*
** Texts of files to stored values: dates and timestamps (see convert.h).
**
** Hive's parsers are lenient: a field has one to nine digits, and what is too
** large runs over into the next one (month 13, February 30, 24:00:00).  The
** patterns of timestamp.formats are not: each letter there takes the digits
** that its formatter (java.time for OpenX, Joda for hcatalog) takes.
**
** Limits: years of ±YEAR_MAX; TIME_FORMATS_MAX patterns.
*/
#include "sqlite.h"
#include "convert.h"
#include "datetime.h"
#include <string.h>

#define YEAR_MAX 290000         /* microseconds of 64 bits reach no further */
#define OFFSET_HOURS_MAX 18

typedef struct Fields { int64_t year, month, day, hour, minute, second, nano, offset_seconds; } Fields;
typedef struct Text { const char *z, *end; } Text;

/* --- Lenient fields ------------------------------------------------------ */

static int take(Text *t, char c){
  if( t->z>=t->end || *t->z!=c ) return 0;
  t->z++;
  return 1;
}

static int is_digit(const Text *t){
  return t->z<t->end && *t->z>='0' && *t->z<='9';
}

/* A sign and one to nine digits. */
static int take_number(Text *t, int64_t *out){
  int negative = t->z<t->end && *t->z=='-', n = 0;
  if( negative || (t->z<t->end && *t->z=='+') ) t->z++;
  *out = 0;
  for(; n<9 && is_digit(t); n++) *out = *out*10 + (*t->z++ - '0');
  if( negative ) *out = -*out;
  return n>0;
}

static int take_date(Text *t, Fields *f){
  return take_number(t, &f->year) && take(t, '-') && take_number(t, &f->month)
      && take(t, '-') && take_number(t, &f->day);
}

/* `.` and up to nine digits, if there is a point. */
static void take_fraction(Text *t, Fields *f){
  int n = 0;
  f->nano = 0;
  if( !take(t, '.') ) return;
  for(; n<9; n++){
    f->nano *= 10;
    if( is_digit(t) ) f->nano += *t->z++ - '0';
  }
}

/* H:m, with :s[.f], which Hive's form demands and ISO's does not. */
static int take_time(Text *t, Fields *f, int seconds_needed){
  Text back;
  if( !take_number(t, &f->hour) || !take(t, ':') || !take_number(t, &f->minute) ) return 0;
  back = *t;
  if( take(t, ':') && take_number(t, &f->second) ){
    take_fraction(t, f);
    return 1;
  }
  *t = back;
  f->second = 0;
  return !seconds_needed;
}

/* 0 when the year is beyond what can be stored. */
static int fields_to_time(const Fields *f, HiveTime *out){
  int64_t days;
  if( f->year>YEAR_MAX || f->year< -YEAR_MAX ) return 0;
  days = civil_to_days(f->year, f->month, f->day);
  out->seconds = days*86400 + f->hour*3600 + f->minute*60 + f->second - f->offset_seconds;
  out->nanos = (int)f->nano;
  return out->seconds<=INT64_C(9151488000000) && out->seconds>= -INT64_C(9151488000000);
}

int hive_parse_date(const char *z, size_t n, int64_t *days){
  Text t;
  Fields f = {0};
  const char *blank;
  java_trim(&z, &n);
  blank = memchr(z, ' ', n);
  t.z = z;
  t.end = blank ? blank : z + n;
  if( !take_date(&t, &f) || t.z!=t.end || f.year>5000000 || f.year< -5000000 ) return 0;
  *days = civil_to_days(f.year, f.month, f.day);
  return *days<=INT32_MAX && *days>=INT32_MIN;
}

/* y-M-dTH:m[:s[.f]]; what follows is left in t. */
static int take_iso(Text *t, Fields *f){
  if( !take_date(t, f) ) return 0;
  if( !take(t, 'T') && !take(t, 't') ) return 0;
  return take_time(t, f, 0);
}

int hive_parse_timestamp(const char *z, size_t n, HiveTime *out){
  Fields f = {0};
  Text t;
  java_trim(&z, &n);
  t = (Text){ z, z + n };
  if( take_date(&t, &f) ){
    if( t.z==t.end ) return fields_to_time(&f, out);
    if( take(&t, ' ') && take_time(&t, &f, 1) && t.z==t.end ) return fields_to_time(&f, out);
  }
  t = (Text){ z, z + n };
  memset(&f, 0, sizeof(f));
  return take_iso(&t, &f) && t.z==t.end && fields_to_time(&f, out);
}

/* +HHMM or +HH:MM. */
static int take_offset(Text *t, Fields *f, int colon){
  int64_t sign, hours, minutes;
  if( t->end - t->z<(colon ? 6 : 5) || (*t->z!='+' && *t->z!='-') ) return 0;
  sign = *t->z=='-' ? -1 : 1;
  for(int i=1; i<=4; i++){
    char c = t->z[i + (colon && i>2)];
    if( c<'0' || c>'9' ) return 0;
  }
  if( colon && t->z[3]!=':' ) return 0;
  hours = (t->z[1] - '0')*10 + (t->z[2] - '0');
  t->z += colon ? 4 : 3;
  minutes = (t->z[0] - '0')*10 + (t->z[1] - '0');
  t->z += 2;
  f->offset_seconds = sign*(hours*3600 + minutes*60);
  return minutes<60 && hours*60 + minutes<=OFFSET_HOURS_MAX*60;
}

static int parse_offset_timestamp(const char *z, size_t n, HiveTime *out){
  Fields f = {0};
  Text t = { z, z + n };
  if( !take_iso(&t, &f) ) return 0;
  if( !take(&t, 'Z') && !take(&t, 'z') && !take_offset(&t, &f, 0) && !take_offset(&t, &f, 1) ) return 0;
  return t.z==t.end && fields_to_time(&f, out);
}

static int time_from_millis(int64_t millis, HiveTime *out){
  out->seconds = floor_div(millis, 1000);
  out->nanos = (int)floor_mod(millis, 1000)*1000000;
  return out->seconds<=INT64_C(9151488000000) && out->seconds>= -INT64_C(9151488000000);
}

int openx_parse_timestamp(Arena *a, const char *z, size_t n, HiveTime *out){
  int64_t x;
  const char *colon = n ? memchr(z, ':', n) : 0;
  if( colon && colon>z ) return parse_offset_timestamp(z, n, out) || hive_parse_timestamp(z, n, out);
  for(size_t i=0; i<n; i++) if( z[i]==0 || strchr("-+.0123456789", z[i])==0 ) return 0;
  if( n && memchr(z, '.', n) ){
    BigDecimal d;
    if( !java_parse_decimal(a, z, n, &d) ) return 0;
    d.point += d.n_digit ? 3 : 0;
    return decimal_truncate(&d, &x) && time_from_millis(x, out);
  }
  if( !java_parse_long(z, n, 10, &x) ) return 0;
  if( n>=13 ) return time_from_millis(x, out);
  out->seconds = x;
  out->nanos = 0;
  return 1;
}

/* --- Stored text --------------------------------------------------------- */

static char *put2(char *z, int x){
  z[0] = (char)('0' + x/10);
  z[1] = (char)('0' + x%10);
  return z + 2;
}

/* yyyy-MM-dd, for years of four digits. */
static char *put_date(char *z, int64_t year, int month, int day){
  z = put2(put2(z, (int)year/100), (int)year%100);
  *z++ = '-';
  z = put2(z, month);
  *z++ = '-';
  return put2(z, day);
}

/* Any year, as Athena prints it. */
static Value store_printed(Arena *a, const Type *t, int64_t x){
  Value v = value_int(x);
  Buf b;
  buf_init(&b, a);
  datetime_print(&b, t, &v);
  return b.oom || b.z==0 ? value_null() : value_text(b.z, b.n);
}

Value date_store(Arena *a, int64_t days){
  int64_t year;
  int month, day;
  char *z;
  civil_from_days(days, &year, &month, &day);
  if( year<0 || year>9999 ) return store_printed(a, &TYPE_DATE, days);
  z = arena_alloc_raw(a, 16);
  if( z==0 ) return value_null();
  return value_text(z, (size_t)(put_date(z, year, month, day) - z));
}

Value timestamp_store(Arena *a, HiveTime time){
  int64_t millis = time.seconds*1000 + (time.nanos + 500000)/1000000, days = floor_div(millis, MILLIS_PER_DAY);
  int64_t year;
  int month, day, rest = (int)floor_mod(millis, MILLIS_PER_DAY);
  char *z, *to;
  civil_from_days(days, &year, &month, &day);
  if( year<0 || year>9999 ) return store_printed(a, &TYPE_TIMESTAMP, millis*1000);
  z = arena_alloc_raw(a, 32);
  if( z==0 ) return value_null();
  to = put_date(z, year, month, day);
  *to++ = ' ';
  to = put2(to, rest/3600000);
  *to++ = ':';
  to = put2(to, rest/60000%60);
  *to++ = ':';
  to = put2(to, rest/1000%60);
  *to++ = '.';
  *to++ = (char)('0' + rest/100%10);
  to = put2(to, rest%100);
  return value_text(z, (size_t)(to - z));
}

/* --- timestamp.formats --------------------------------------------------- */

static const char *const month_names[] = { "January", "February", "March", "April", "May", "June", "July",
  "August", "September", "October", "November", "December" };

/* Letters that both formatters read alike. */
static int letter_is_known(char c, int n, int joda){
  if( strchr("dHhms", c) ) return n<=2;
  if( c=='y' || (c=='u' && !joda) ) return n==4 || (n==2 && !joda);
  if( c=='M' ) return n<=4;
  if( c=='S' ) return n<=9;
  if( c=='a' ) return n==1;
  if( c=='Z' ) return n==1;
  return c=='X' && !joda && (n==2 || n==3);
}

static int is_letter(char c){
  return (c>='a' && c<='z') || (c>='A' && c<='Z');
}

static int run_length(const char *p){
  int n = 1;
  while( p[n]==p[0] ) n++;
  return n;
}

/* NULL, or what in the pattern is not known. */
static const char *pattern_check(const char *p, int joda){
  if( joda && strcmp(p, "millis")==0 ) return 0;
  while( *p ){
    if( *p=='\'' ){
      const char *end = strchr(p + 1, '\'');
      if( end==0 ) return p;
      p = end + 1;
    }else if( is_letter(*p) ){
      int n = run_length(p);
      if( !letter_is_known(*p, n, joda) ) return p;
      p += n;
    }else if( strchr("[]{}#", *p) ){
      return p;
    }else{
      p++;
    }
  }
  return 0;
}

char *time_formats_parse(Arena *a, const char *property, int joda, TimeFormats *out){
  Buf b;
  memset(out, 0, sizeof(*out));
  out->joda = joda;
  if( property==0 ) return 0;
  buf_init(&b, a);
  for(const char *p=property; ; p++){
    const char *unknown;
    if( *p=='\\' && (p[1]==',' || p[1]=='\\') ){
      buf_char(&b, *++p);
      continue;
    }
    if( *p && *p!=',' ){
      buf_char(&b, *p);
      continue;
    }
    if( b.n ){
      if( out->n==TIME_FORMATS_MAX || (unknown = pattern_check(b.z, joda))!=0 ){
        return sqlite3_mprintf("TARN_NOT_SUPPORTED: timestamp.formats '%s'", property);
      }
      out->pattern[out->n++] = b.z;
      buf_init(&b, a);
    }
    if( *p==0 ) return 0;
  }
}

/* Digits: exactly n, or at least `least` and at most n. */
static int take_digits(Text *t, int least, int n, int64_t *out){
  int i = 0;
  *out = 0;
  for(; i<n && is_digit(t); i++) *out = *out*10 + (*t->z++ - '0');
  return i>=least ? i : 0;
}

static int take_month_name(Text *t, int full, int64_t *out, int ignore_case){
  for(int i=0; i<12; i++){
    size_t n = full ? strlen(month_names[i]) : 3;
    if( (size_t)(t->end - t->z)<n ) continue;
    if( !name_equal(t->z, n, month_names[i], n, ignore_case) ) continue;
    t->z += n;
    *out = i + 1;
    return 1;
  }
  return 0;
}

typedef struct Matched { Fields f; int has_time, afternoon /* -1: no a */, half /* from h */; } Matched;

/* Digits of the fields that follow without anything between them. */
static int digits_after(const char *p){
  int n = 0;
  while( *p && strchr("MdHhmsS", *p) ){
    int k = run_length(p);
    if( *p=='M' && k>2 ) break;
    n += k;
    p += k;
  }
  return n;
}

static int match_year(Text *t, int n, const char *rest, int joda, Matched *m){
  int digits = 0, after = digits_after(rest);
  if( n==2 ){
    if( take_digits(t, 2, 2, &m->f.year)==0 ) return 0;
    m->f.year += 2000;          /* java.time's base; refused for Joda, whose pivot moves */
    return 1;
  }
  while( t->z + digits<t->end && t->z[digits]>='0' && t->z[digits]<='9' ) digits++;
  digits -= after;
  if( digits>9 ) digits = 9;
  return (joda ? digits>0 : digits==n) && take_digits(t, digits, digits, &m->f.year)!=0;
}

/* One letter's field; the fixed width of java.time is Joda's maximum. */
static int match_letter(Text *t, char c, int n, const char *rest, int joda, Matched *m){
  int64_t x = 0;
  int least = joda || n==1 ? 1 : n, most = n<2 ? 2 : n;
  if( c=='y' || c=='u' ) return match_year(t, n, rest, joda, m);
  if( c=='M' && n>2 ) return take_month_name(t, n==4, &m->f.month, joda);
  if( c=='a' ){
    if( t->end - t->z<2 || !(name_equal(t->z, 2, "AM", 2, joda) || name_equal(t->z, 2, "PM", 2, joda)) ) return 0;
    m->afternoon = (*t->z | 32)=='p';
    t->z += 2;
    return 1;
  }
  if( c=='X' && take(t, 'Z') ) return 1;
  if( c=='X' || c=='Z' ) return take_offset(t, &m->f, n==3) || (joda && take_offset(t, &m->f, 1));
  if( c=='S' ){
    int k = take_digits(t, joda ? 1 : n, n, &x);
    if( k==0 ) return 0;
    for(; k<9; k++) x *= 10;
    m->f.nano = x;
    return 1;
  }
  if( take_digits(t, least, most, &x)==0 ) return 0;
  switch( c ){
    case 'M': m->f.month = x; return x>=1 && x<=12;
    case 'd': m->f.day = x; return x>=1 && x<=31;
    case 'm': m->f.minute = x; return x<60;
    case 's': m->f.second = x; return x<60;
    case 'H': m->f.hour = x; m->has_time = 1; return x<24;
    default: m->f.hour = x%12; m->half = m->has_time = 1; return x>=1 && x<=12;
  }
}

static int match_pattern(const char *p, int joda, Text t, Matched *m){
  while( *p ){
    if( *p=='\'' ){
      p++;
      if( *p=='\'' && !take(&t, '\'') ) return 0;
      while( *p && *p!='\'' ) if( !take(&t, *p++) ) return 0;
      if( *p ) p++;
    }else if( is_letter(*p) ){
      int n = run_length(p);
      if( !match_letter(&t, *p, n, p + n, joda, m) ) return 0;
      p += n;
    }else if( !take(&t, *p++) ){
      return 0;
    }
  }
  return t.z==t.end;
}

/* Joda's `millis`: a whole number, a fraction ignored. */
static int match_millis(Text t, HiveTime *out){
  const char *start = t.z;
  int64_t x;
  take(&t, '-');
  while( is_digit(&t) ) t.z++;
  if( !java_parse_long(start, (size_t)(t.z - start), 10, &x) ) return 0;
  if( take(&t, '.') ){
    if( !is_digit(&t) ) return 0;
    while( is_digit(&t) ) t.z++;
  }
  return t.z==t.end && time_from_millis(x, out);
}

int time_formats_match(const TimeFormats *formats, const char *z, size_t n, HiveTime *out){
  if( formats->joda ) java_trim(&z, &n);
  for(int i=0; i<formats->n; i++){
    Matched m = { { 1970, 1, 1, 0, 0, 0, 0, 0 }, 0, -1, 0 };
    Text t = { z, z + n };
    int last;
    if( formats->joda && strcmp(formats->pattern[i], "millis")==0 ){
      if( match_millis(t, out) ) return 1;
      continue;
    }
    if( !match_pattern(formats->pattern[i], formats->joda, t, &m) ) continue;
    if( !formats->joda && (!m.has_time || (m.half && m.afternoon<0)) ) continue;
    if( m.half && m.afternoon>0 ) m.f.hour += 12;
    last = civil_days_in_month(m.f.year, (int)m.f.month);
    if( m.f.day>last ){
      if( formats->joda ) continue;
      m.f.day = last;           /* java.time's smart resolving */
    }
    if( fields_to_time(&m.f, out) ) return 1;
  }
  return 0;
}
