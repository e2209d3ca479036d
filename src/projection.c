/*
** Partition projection: with 'projection.enabled'='true' a table's partitions
** come from its properties, not from the catalog.
**
**   'projection.c.type'='enum'     'projection.c.values'='A,B,C'
**   'projection.c.type'='integer'  'projection.c.range'='1,24', .interval, .digits
**   'projection.c.type'='date'     'projection.c.range'='2020-01-01,NOW', .format,
**                                  .interval, .interval.unit
**   'storage.location.template'='s3://b/t/${c}/…'   else LOCATION/c=value/…
**
** All combinations are declared to the virtual table, which opens only those
** that a query asks for; a folder that is not there has no rows, as on S3.
** A range that ends NOW is computed anew when its last value changes
** (landing_refresh).  Type `injected` needs the query's own values and is
** refused, as are date patterns beyond y M d H m s.
*/
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "../vtab/datetime.h"
#include "landing.h"
#include "projection.h"

#define PATTERN_MAX 64

typedef enum Unit { UNIT_NONE, UNIT_SECONDS, UNIT_MINUTES, UNIT_HOURS, UNIT_DAYS, UNIT_WEEKS, UNIT_MONTHS, UNIT_YEARS } Unit;
static const char *const unit_words[] = {"", "SECOND", "MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "YEAR"};

/* The values of one partition column. */
typedef struct Values { int n, cap; const char **z; } Values;

static void add(Arena *a, Values *v, const char *z){
  if( v->n==v->cap ){
    const char **grown = ARENA_ARRAY(a, const char*, v->cap*2+16);
    if( v->n ) memcpy(grown, v->z, sizeof(*grown)*(size_t)v->n);
    v->z = grown;
    v->cap = v->cap*2+16;
  }
  v->z[v->n++] = z;
}

/* --- Properties ------------------------------------------------------------------- */

static const char *property(const JsonlSpec *spec, const char *key){
  for(int i=0; i<spec->n_table_property; i++) if( strcasecmp(spec->table_property[i].key, key)==0 ) return spec->table_property[i].value;
  return 0;
}

static const char *column_property(Session *s, const JsonlSpec *spec, const char *column, const char *what){
  return property(spec, arena_printf(&s->arena, "projection.%s.%s", column, what));
}

int projection_enabled(const JsonlSpec *spec){
  const char *z = property(spec, "projection.enabled");
  return z && strcasecmp(z, "true")==0;
}

static int fail(Session *s, const char *column, const char *why){
  return session_fail(s, "INVALID_TABLE_PROPERTY: Table property projection of column %s: %s", column, why);
}

/* The parts of a list between commas, without blanks around them. */
static int split(Arena *a, const char *z, Values *out){
  while( *z ){
    size_t n = strcspn(z, ","), from = 0, to = n;
    while( from<to && isspace((unsigned char)z[from]) ) from++;
    while( to>from && isspace((unsigned char)z[to-1]) ) to--;
    add(a, out, arena_strndup(a, z+from, to-from));
    z += n + (z[n]==',');
  }
  return out->n;
}

/* --- integer ------------------------------------------------------------------------ */

static int project_integer(Session *s, const JsonlSpec *spec, const char *column, Values *out){
  const char *range = column_property(s, spec, column, "range");
  const char *interval = column_property(s, spec, column, "interval");
  const char *digits = column_property(s, spec, column, "digits");
  long long from, to, step = interval ? strtoll(interval, 0, 10) : 1;
  int width = digits ? atoi(digits) : 0;
  Values parts = {0, 0, 0};
  if( range==0 || split(&s->arena, range, &parts)!=2 ) return fail(s, column, "range is not 'from,to'");
  from = strtoll(parts.z[0], 0, 10);
  to = strtoll(parts.z[1], 0, 10);
  if( step<1 || to<from ) return fail(s, column, "range or interval is not positive");
  if( (to-from)/step>=PROJECTION_MAX ) return session_fail(s, "TARN_NOT_SUPPORTED: more than %d projected partitions", PROJECTION_MAX);
  for(long long v=from; v<=to; v+=step) add(&s->arena, out, arena_printf(&s->arena, "%0*lld", width, v));
  return 0;
}

/* --- date ----------------------------------------------------------------------------- */

typedef struct Stamp { int64_t year; int month, day, hour, minute, second; } Stamp;

static int64_t stamp_seconds(const Stamp *t){
  return civil_to_days(t->year, t->month, t->day)*86400 + t->hour*3600 + t->minute*60 + t->second;
}

static Stamp stamp_from(int64_t seconds){
  Stamp t;
  int64_t days = floor_div(seconds, 86400), rest = floor_mod(seconds, 86400);
  civil_from_days(days, &t.year, &t.month, &t.day);
  t.hour = (int)(rest/3600);
  t.minute = (int)(rest/60%60);
  t.second = (int)(rest%60);
  return t;
}

/* The next run of one letter or of literal text in a pattern: its letter (0
** for literals), its length in *n, the literal in *z. */
static int next_run(const char **p, const char **z, size_t *n){
  const char *at = *p;
  if( *at=='\'' ){
    *z = at+1;
    *n = strcspn(at+1, "'");
    *p = at+1+*n+(at[1+*n]=='\'');
    return 0;
  }
  *z = at;
  if( isalpha((unsigned char)*at) ){
    while( *at==**z ) at++;
    *n = (size_t)(at-*z);
    *p = at;
    return **z;
  }
  *n = 1;
  *p = at+1;
  return 0;
}

static int64_t *stamp_field(Stamp *t, int letter, int64_t *wide, int **narrow){
  *narrow = 0;
  switch( letter ){
    case 'y': case 'u': return &t->year;
    case 'M': *narrow = &t->month; break;
    case 'd': *narrow = &t->day; break;
    case 'H': *narrow = &t->hour; break;
    case 'm': *narrow = &t->minute; break;
    case 's': *narrow = &t->second; break;
    default: return 0;
  }
  return wide;
}

/* Letters that the pattern may have, and the unit of its finest one. */
static int check_pattern(const char *pattern, Unit *finest){
  const char *p = pattern, *z;
  size_t n;
  *finest = UNIT_NONE;
  while( *p ){
    int letter = next_run(&p, &z, &n);
    Unit u = letter=='y' || letter=='u' ? UNIT_YEARS : letter=='M' ? UNIT_MONTHS : letter=='d' ? UNIT_DAYS
           : letter=='H' ? UNIT_HOURS : letter=='m' ? UNIT_MINUTES : letter=='s' ? UNIT_SECONDS : UNIT_NONE;
    if( letter==0 ) continue;
    if( u==UNIT_NONE || n>4 || (u!=UNIT_YEARS && n>2) || (u==UNIT_YEARS && n==3) ) return 0;
    if( *finest==UNIT_NONE || u<*finest ) *finest = u;
  }
  return *finest!=UNIT_NONE;
}

static const char *stamp_print(Arena *a, const char *pattern, Stamp t){
  Buf b;
  const char *z;
  size_t n;
  buf_init(&b, a);
  while( *pattern ){
    int *narrow, letter = next_run(&pattern, &z, &n);
    int64_t wide = 0, *field;
    if( letter==0 ){
      buf_add(&b, z, n);
      continue;
    }
    field = stamp_field(&t, letter, &wide, &narrow);
    if( narrow ) wide = *narrow;
    else if( field ) wide = n==2 ? floor_mod(*field, 100) : *field;
    buf_printf(&b, "%0*lld", (int)n, (long long)wide);
  }
  return b.z ? b.z : "";
}

static int stamp_parse(const char *pattern, const char *text, Stamp *t){
  const char *z;
  size_t n;
  Stamp epoch = {1970, 1, 1, 0, 0, 0};
  *t = epoch;
  while( *pattern ){
    int *narrow, letter = next_run(&pattern, &z, &n), digits = 0;
    int64_t wide = 0, *field;
    if( letter==0 ){
      if( strncmp(text, z, n)!=0 ) return 0;
      text += n;
      continue;
    }
    while( isdigit((unsigned char)*text) && digits<(n<2 ? 9 : n==2 ? 2 : 4) ){
      wide = wide*10 + (*text++-'0');
      digits++;
    }
    if( digits==0 ) return 0;
    field = stamp_field(t, letter, &wide, &narrow);
    if( narrow ) *narrow = (int)wide;
    else if( field ) *field = n==2 ? 2000+wide : wide;
  }
  return *text==0;
}

static Stamp stamp_add(Stamp t, Unit unit, long long n){
  static const int seconds[] = {0, 1, 60, 3600, 86400, 604800};
  if( unit<=UNIT_WEEKS ) return stamp_from(stamp_seconds(&t) + n*seconds[unit]);
  int64_t days = civil_add_months(civil_to_days(t.year, t.month, t.day), unit==UNIT_YEARS ? n*12 : n);
  civil_from_days(days, &t.year, &t.month, &t.day);
  return t;
}

static Unit unit_of(const char *z){
  for(int u=UNIT_SECONDS; u<=UNIT_YEARS; u++){
    size_t n = strlen(unit_words[u]);
    if( strncasecmp(z, unit_words[u], n)==0 && (z[n]==0 || strcasecmp(z+n, "S")==0) ) return (Unit)u;
  }
  return UNIT_NONE;
}

/* A bound of a range: text in the column's format, NOW, NOW+3DAYS, NOW-1MONTH. */
static int date_bound(const char *z, const char *pattern, int64_t now, Stamp *out, int *is_now){
  char *end;
  long long n;
  Unit unit;
  if( strncasecmp(z, "NOW", 3)!=0 ) return stamp_parse(pattern, z, out);
  *is_now = 1;
  *out = stamp_from(floor_div(now, 1000000));
  for(z+=3; isspace((unsigned char)*z); z++){}
  if( *z==0 ) return 1;
  if( *z!='+' && *z!='-' ) return 0;
  n = strtoll(z+1, &end, 10) * (*z=='-' ? -1 : 1);
  while( isspace((unsigned char)*end) ) end++;
  unit = unit_of(end);
  if( unit==UNIT_NONE ) return 0;
  *out = stamp_add(*out, unit, n);
  return 1;
}

static int project_date(Session *s, const JsonlSpec *spec, const char *column, int64_t now, Values *out, int64_t *until){
  const char *range = column_property(s, spec, column, "range"), *format = column_property(s, spec, column, "format");
  const char *interval = column_property(s, spec, column, "interval"), *word = column_property(s, spec, column, "interval.unit");
  long long step = interval ? strtoll(interval, 0, 10) : 1;
  Values parts = {0, 0, 0};
  Stamp from, to;
  Unit finest, unit;
  int is_now = 0;
  if( format==0 || !check_pattern(format, &finest) || strlen(format)>PATTERN_MAX ){
    return session_fail(s, "TARN_NOT_SUPPORTED: projection.%s.format '%s' (y M d H m s)", column, format ? format : "");
  }
  if( range==0 || split(&s->arena, range, &parts)!=2 ) return fail(s, column, "range is not 'from,to'");
  unit = word ? unit_of(word) : finest;
  if( unit==UNIT_NONE || step<1 ) return fail(s, column, "interval or interval.unit");
  if( word==0 && finest<UNIT_DAYS ) return fail(s, column, "interval.unit is needed for this format");
  if( !date_bound(parts.z[0], format, now, &from, &is_now) || !date_bound(parts.z[1], format, now, &to, &is_now) ){
    return fail(s, column, "range is not in its format");
  }
  for(Stamp t=from; stamp_seconds(&t)<=stamp_seconds(&to); t=stamp_add(from, unit, step*out->n)){
    if( out->n==PROJECTION_MAX ) return session_fail(s, "TARN_NOT_SUPPORTED: more than %d projected partitions", PROJECTION_MAX);
    add(&s->arena, out, stamp_print(&s->arena, format, t));
  }
  if( is_now ){
    /* The next instant at which NOW may print another value. */
    int64_t grain = finest<=UNIT_SECONDS ? 1 : finest==UNIT_MINUTES ? 60 : finest==UNIT_HOURS ? 3600 : 86400;
    int64_t next = (floor_div(now, grain*1000000)+1)*grain*1000000;
    if( *until==0 || next<*until ) *until = next;
  }
  return 0;
}

/* --- All columns ------------------------------------------------------------------------ */

static int project_column(Session *s, const JsonlSpec *spec, const char *column, int64_t now, Values *out, int64_t *until){
  const char *type = column_property(s, spec, column, "type");
  const char *values;
  if( type==0 ) return fail(s, column, "type is missing");
  if( strcasecmp(type, "integer")==0 ) return project_integer(s, spec, column, out);
  if( strcasecmp(type, "date")==0 ) return project_date(s, spec, column, now, out, until);
  if( strcasecmp(type, "enum")==0 ){
    values = column_property(s, spec, column, "values");
    return values && split(&s->arena, values, out) ? 0 : fail(s, column, "values are missing");
  }
  if( strcasecmp(type, "injected")==0 ) return session_fail(s, "TARN_NOT_SUPPORTED: projection.%s.type injected", column);
  return fail(s, column, "unknown type");
}

/* The template with ${column} replaced by the partition's values. */
static const char *from_template(Session *s, const JsonlSpec *spec, const char *template, const char *const *value){
  Buf b;
  buf_init(&b, &s->arena);
  while( *template ){
    size_t n = 0;
    int at = spec->n_partition_column;
    if( template[0]=='$' && template[1]=='{' ){
      n = strcspn(template+2, "}");
      for(at=0; at<spec->n_partition_column; at++){
        const char *name = spec->partition_column[at].name;
        if( strlen(name)==n && strncasecmp(name, template+2, n)==0 ) break;
      }
    }
    if( at<spec->n_partition_column ){
      buf_str(&b, value[at]);
      template += n+3;
    }else{
      buf_char(&b, *template++);
    }
  }
  return b.z;
}

int projection_apply(Session *s, JsonlSpec *spec, int64_t now, int64_t *until){
  int n = spec->n_partition_column;
  Values *column = ARENA_ARRAY(&s->arena, Values, n+1);
  const char *template = property(spec, "storage.location.template");
  JsonlPartition *list;
  long long total = n ? 1 : 0;
  *until = 0;
  for(int i=0; i<n; i++){
    if( project_column(s, spec, spec->partition_column[i].name, now, &column[i], until) ) return 1;
    total *= column[i].n;
    if( total>PROJECTION_MAX ) return session_fail(s, "TARN_NOT_SUPPORTED: more than %d projected partitions", PROJECTION_MAX);
  }
  list = ARENA_ARRAY(&s->arena, JsonlPartition, total+1);
  for(long long k=0; k<total; k++){
    const char **value = ARENA_ARRAY(&s->arena, const char*, n+1);
    long long rest = k;
    for(int i=n-1; i>=0; i--){
      value[i] = column[i].z[rest%column[i].n];
      rest /= column[i].n;
    }
    list[k].value = value;
    list[k].location = template ? from_template(s, spec, template, value) : 0;
  }
  spec->partition = list;
  spec->n_partition = (int)total;
  return 0;
}
