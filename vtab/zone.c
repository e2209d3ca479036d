/*
** Time zones (see zone.h): names to keys, keys to offsets.
**
** Rules come from the TZif files of the system (RFC 8536), mapped read-only
** and searched where they lie: the kernel's page cache is the only copy.  A
** file is opened on the first use of its zone and stays mapped; the table of
** what is open is filled in once per zone under a lock and never changes
** afterwards.  Beyond the last transition of a file its POSIX rule decides,
** before the first one the file's first type (local mean time).
**
** Limits: names shorter than ZONE_NAME_MAX; files up to ZONE_FILE_MAX; offsets
** within 26 hours, as RFC 8536 allows.  Leap seconds are not counted.
*/
#include "sqlite.h"
#include "zone.h"
#include "datetime.h"
#include "zone_names.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ZONE_FILE_MAX (1<<20)
#define ZONE_DIRECTORY "/usr/share/zoneinfo"
#define ZONE_ABBREVIATION_MAX 12
#define ZONE_OFFSET_MAX (26*3600)

/* One change of the yearly rule: Mm.w.d, Jn or n, and a time of day. */
typedef struct RuleDay {
  char kind;                    /* 'M', 'J', '0' */
  int month, week, day;
  int seconds;                  /* local time before the change, may be negative */
} RuleDay;

/* The POSIX TZ text that ends a TZif file. */
typedef struct Rule {
  int present, has_dst;
  int std_offset, dst_offset;
  char std_name[ZONE_ABBREVIATION_MAX], dst_name[ZONE_ABBREVIATION_MAX];
  RuleDay to_dst, to_std;
} Rule;

enum { ZONE_UNOPENED = 0, ZONE_OPEN, ZONE_ABSENT };

typedef struct ZoneFile {
  atomic_int state;
  const unsigned char *times;   /* n 64-bit instants, ascending */
  const unsigned char *index;   /* n bytes: type after each instant */
  const unsigned char *types;   /* n_type entries of 6 bytes */
  const char *abbreviations;
  int n, n_type, n_abbreviation;
  Rule rule;
} ZoneFile;

static ZoneFile zone_files[ZONE_NAME_COUNT];
static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;

/* --- Reading a file ------------------------------------------------------ */

static uint32_t get32(const unsigned char *p){
  return (uint32_t)p[0]<<24 | (uint32_t)p[1]<<16 | (uint32_t)p[2]<<8 | p[3];
}

static int64_t get64(const unsigned char *p){
  return (int64_t)((uint64_t)get32(p)<<32 | get32(p+4));
}

/* A name of a POSIX rule: letters, or anything between angle brackets. */
static int rule_name(const char **pz, const char *end, char *out){
  const char *z = *pz;
  int n = 0, quoted = z<end && *z=='<';
  if( quoted ) z++;
  while( z<end ){
    if( quoted ? *z=='>' : !((*z>='A' && *z<='Z') || (*z>='a' && *z<='z')) ) break;
    if( n<ZONE_ABBREVIATION_MAX-1 ) out[n++] = *z;
    z++;
  }
  out[n] = 0;
  if( quoted ){
    if( z>=end ) return 0;
    z++;
  }
  *pz = z;
  return n>0;
}

static int rule_number(const char **pz, const char *end, int *out){
  const char *z = *pz;
  int v = 0, digits = 0;
  while( z<end && *z>='0' && *z<='9' && digits<5 ){
    v = v*10 + (*z++ - '0');
    digits++;
  }
  *pz = z;
  *out = v;
  return digits>0;
}

/* [+-]h[:m[:s]] in seconds. */
static int rule_time(const char **pz, const char *end, int *out){
  const char *z = *pz;
  int sign = 1, v, total = 0, unit;
  if( z<end && (*z=='-' || *z=='+') ) sign = *z++=='-' ? -1 : 1;
  for(unit = 3600; unit; unit /= 60){
    if( !rule_number(&z, end, &v) ) return 0;
    total += v*unit;
    if( z>=end || *z!=':' ) break;
    z++;
  }
  *pz = z;
  *out = sign*total;
  return 1;
}

/* ,Mm.w.d[/time] and its like. */
static int rule_day(const char **pz, const char *end, RuleDay *out){
  const char *z = *pz;
  if( z>=end || *z++!=',' || z>=end ) return 0;
  out->kind = *z=='M' || *z=='J' ? *z++ : '0';
  if( out->kind=='M' ){
    if( !rule_number(&z, end, &out->month) || z>=end || *z++!='.' ) return 0;
    if( !rule_number(&z, end, &out->week) || z>=end || *z++!='.' ) return 0;
    if( out->month<1 || out->month>12 || out->week<1 || out->week>5 ) return 0;
  }
  if( !rule_number(&z, end, &out->day) ) return 0;
  out->seconds = 7200;
  if( z<end && *z=='/' ){
    z++;
    if( !rule_time(&z, end, &out->seconds) ) return 0;
  }
  *pz = z;
  return 1;
}

/* Parse "EST5EDT,M3.2.0,M11.1.0"; a rule that cannot be read is not present. */
static void rule_parse(const char *z, const char *end, Rule *r){
  int offset;
  memset(r, 0, sizeof(*r));
  if( !rule_name(&z, end, r->std_name) || !rule_time(&z, end, &offset) ) return;
  r->std_offset = -offset;
  if( z<end ){
    if( !rule_name(&z, end, r->dst_name) ) return;
    r->dst_offset = r->std_offset + 3600;
    if( z<end && *z!=',' ){
      if( !rule_time(&z, end, &offset) ) return;
      r->dst_offset = -offset;
    }
    if( !rule_day(&z, end, &r->to_dst) || !rule_day(&z, end, &r->to_std) ) return;
    r->has_dst = 1;
  }
  r->present = 1;
}

/* The size of a data block whose header begins at p. */
static size_t tzif_block_size(const unsigned char *p, size_t time_size){
  size_t isut = get32(p+20), isstd = get32(p+24), leap = get32(p+28);
  size_t times = get32(p+32), types = get32(p+36), chars = get32(p+40);
  return times*time_size + times + types*6 + chars + leap*(time_size+4) + isstd + isut;
}

/* Find the 64-bit data of a mapped TZif file: 1 if it is well formed. */
static int tzif_open(const unsigned char *p, size_t size, ZoneFile *f){
  size_t skip, block;
  const unsigned char *end = p + size;
  if( size<44 || memcmp(p, "TZif", 4)!=0 || p[4]<'2' ) return 0;
  skip = 44 + tzif_block_size(p, 4);
  if( skip>size || size-skip<44 || memcmp(p+skip, "TZif", 4)!=0 ) return 0;
  p += skip;
  block = tzif_block_size(p, 8);
  if( block>(size_t)(end-p)-44 ) return 0;
  f->n = (int)get32(p+32);
  f->n_type = (int)get32(p+36);
  f->n_abbreviation = (int)get32(p+40);
  f->times = p + 44;
  f->index = f->times + (size_t)f->n*8;
  f->types = f->index + f->n;
  f->abbreviations = (const char*)f->types + (size_t)f->n_type*6;
  if( f->n_type<1 || f->n_abbreviation<1 || f->abbreviations[f->n_abbreviation-1] ) return 0;
  p += 44 + block;
  if( p<end && *p=='\n' ){
    const char *z = (const char*)p + 1;
    const char *stop = memchr(z, '\n', (size_t)((const char*)end-z));
    if( stop ) rule_parse(z, stop, &f->rule);
  }
  return 1;
}

/* The region whose rules a region follows. */
static const char *rules_of(const char *name){
  int lo = 0, hi = ZONE_LINK_COUNT;
  while( lo<hi ){
    int mid = (lo+hi)/2, k = strcmp(name, zone_links[mid][0]);
    if( k==0 ) return zone_links[mid][1];
    if( k<0 ) hi = mid; else lo = mid+1;
  }
  return name;
}

/* Map a zone's file: 1 if it could be read. */
static int zone_map(const char *name, ZoneFile *f){
  char path[256];
  const char *dir = getenv("TZDIR");
  struct stat st;
  void *map = MAP_FAILED;
  size_t size = 0;
  int fd, ok = 0;
  if( dir==0 || dir[0]!='/' || strlen(dir)>180 ) dir = ZONE_DIRECTORY;
  snprintf(path, sizeof(path), "%s/%s", dir, rules_of(name));
  fd = open(path, O_RDONLY|O_CLOEXEC);
  if( fd<0 ) return 0;
  if( fstat(fd, &st)==0 && S_ISREG(st.st_mode) && st.st_size>0 && st.st_size<=ZONE_FILE_MAX ){
    size = (size_t)st.st_size;
    map = mmap(0, size, PROT_READ, MAP_PRIVATE, fd, 0);
  }
  close(fd);
  if( map!=MAP_FAILED ){
    ok = tzif_open(map, size, f);
    if( !ok ) munmap(map, size);
  }
  return ok;
}

/* The open file of a named zone, or NULL. */
static ZoneFile *zone_file(int key){
  int i = key - ZONE_NAMED_0;
  ZoneFile *f;
  int state;
  if( i<0 || i>=ZONE_NAME_COUNT ) return 0;
  f = &zone_files[i];
  state = atomic_load_explicit(&f->state, memory_order_acquire);
  if( state==ZONE_UNOPENED ){
    pthread_mutex_lock(&zone_lock);
    state = atomic_load_explicit(&f->state, memory_order_relaxed);
    if( state==ZONE_UNOPENED ){
      state = zone_map(zone_names[i], f) ? ZONE_OPEN : ZONE_ABSENT;
      atomic_store_explicit(&f->state, state, memory_order_release);
    }
    pthread_mutex_unlock(&zone_lock);
  }
  return state==ZONE_OPEN ? f : 0;
}

/* --- Names --------------------------------------------------------------- */

int zone_from_minutes(int minutes){
  return minutes==0 ? ZONE_UTC : ZONE_OFFSET_0 + minutes;
}

static int is_word(const char *z, size_t n, const char *const *list){
  for(; *list; list++){
    if( strlen(*list)==n && memcmp(z, *list, n)==0 ) return 1;
  }
  return 0;
}

/* Two digits (or one where `lone`) of an offset; -1 if they are not there. */
static int offset_digits(const char *z, size_t n){
  int v = 0;
  if( n<1 || n>2 ) return -1;
  while( n-- ){
    if( *z<'0' || *z>'9' ) return -1;
    v = v*10 + (*z++ - '0');
  }
  return v;
}

/* The forms +h +hh +hh:mm +hhmm +hh:mm:ss +hhmmss: ZONE_… and minutes. */
static int offset_parse(const char *z, size_t n, int *minutes){
  int h, m = 0, s = 0;
  if( n<2 || (z[0]!='+' && z[0]!='-') ) return ZONE_INVALID;
  switch( n ){
    case 2: case 3: h = offset_digits(z+1, n-1); break;
    case 5: h = offset_digits(z+1, 2); m = offset_digits(z+3, 2); break;
    case 6: h = offset_digits(z+1, 2); m = z[3]==':' ? offset_digits(z+4, 2) : -1; break;
    case 7:
      h = offset_digits(z+1, 2); m = offset_digits(z+3, 2); s = offset_digits(z+5, 2);
      break;
    case 9:
      h = offset_digits(z+1, 2); m = z[3]==':' ? offset_digits(z+4, 2) : -1;
      s = z[6]==':' ? offset_digits(z+7, 2) : -1;
      break;
    default: return ZONE_INVALID;
  }
  if( h<0 || m<0 || s<0 || m>59 || s>59 ) return ZONE_INVALID;
  if( h*3600 + m*60 + s > 18*3600 ) return ZONE_INVALID;
  *minutes = (z[0]=='-' ? -1 : 1)*(h*60 + m);
  if( s || h*60 + m>ZONE_MINUTES_MAX ) return ZONE_RANGE;
  return ZONE_OK;
}

/* GMT+5, UTC-03:30, Etc/GMT+5 (which is five hours *behind*). */
static int prefix_parse(const char *z, size_t n, int *minutes){
  static const char *const prefixes[] =
    {"Etc/GMT", "Etc/UTC", "Etc/UT", "GMT", "UTC", "UT", 0};
  const char *const *p;
  for(p = prefixes; *p; p++){
    size_t k = strlen(*p);
    int rc, h, m;
    const char *colon;
    if( n<=k+1 || memcmp(z, *p, k)!=0 ) continue;
    z += k;
    n -= k;
    if( offset_parse(z, n, minutes)==ZONE_INVALID ) return ZONE_INVALID;
    colon = memchr(z, ':', n);
    if( colon==0 && n>3 ){
      return (*p)[0]=='E' ? ZONE_INVALID : offset_parse(z, n, minutes);
    }
    h = offset_digits(z+1, (size_t)(colon ? colon-z-1 : (long)n-1));
    m = colon ? offset_digits(colon+1, n-(size_t)(colon-z)-1) : 0;
    if( h<0 || m<0 || m>59 ) return ZONE_INVALID;
    rc = h*60+m>ZONE_MINUTES_MAX ? ZONE_RANGE : ZONE_OK;
    *minutes = (z[0]=='-' ? -1 : 1)*(h*60+m);
    if( p==prefixes ) *minutes = -*minutes;
    return rc;
  }
  return ZONE_INVALID;
}

static int name_find(const char *z, size_t n){
  int lo = 0, hi = ZONE_NAME_COUNT;
  while( lo<hi ){
    int mid = (lo+hi)/2;
    const char *name = zone_names[mid];
    size_t k = strlen(name);
    int c = memcmp(z, name, n<k ? n : k);
    if( c==0 ) c = n<k ? -1 : n>k;
    if( c==0 ) return mid;
    if( c<0 ) hi = mid; else lo = mid+1;
  }
  return -1;
}

int zone_parse(const char *z, size_t n, int *key){
  static const char *const utc[] = {
    "UTC", "Z", "GMT", "UT", "+00:00", "-00:00", "Etc/UTC", "Etc/GMT", "Etc/UT", "UCT", "Zulu",
    "Greenwich", "Universal", "Etc/Universal", "Etc/UCT", "GMT0", "Etc/GMT0", 0};
  int minutes = 0, rc, i;
  *key = ZONE_UTC;
  if( n==0 || n>=ZONE_NAME_MAX ) return ZONE_INVALID;
  if( is_word(z, n, utc) ) return ZONE_OK;
  if( z[0]=='+' || z[0]=='-' ){
    rc = offset_parse(z, n, &minutes);
    if( rc==ZONE_OK ) *key = zone_from_minutes(minutes);
    return rc;
  }
  i = name_find(z, n);
  if( i>=0 ){
    *key = ZONE_NAMED_0 + i;
    return zone_file(*key) ? ZONE_OK : ZONE_NO_DATA;
  }
  rc = prefix_parse(z, n, &minutes);
  if( rc==ZONE_OK ) *key = zone_from_minutes(minutes);
  return rc;
}

int zone_is_fixed(int key){
  return key<ZONE_NAMED_0;
}

static int fixed_minutes(int key){
  return key==ZONE_UTC ? 0 : key - ZONE_OFFSET_0;
}

const char *zone_name(int key, char *buf){
  if( key==ZONE_UTC ){
    strcpy(buf, "UTC");
  }else if( zone_is_fixed(key) ){
    int m = fixed_minutes(key), a = m<0 ? -m : m;
    snprintf(buf, ZONE_NAME_MAX, "%c%02d:%02d", m<0 ? '-' : '+', (a/60)%100, a%60);
  }else if( key-ZONE_NAMED_0<ZONE_NAME_COUNT ){
    snprintf(buf, ZONE_NAME_MAX, "%s", zone_names[key-ZONE_NAMED_0]);
  }else{
    strcpy(buf, "UTC");
  }
  return buf;
}

/* --- Offsets ------------------------------------------------------------- */

/* When a change of the rule happens in a year, in seconds of local time. */
static int64_t rule_instant(const RuleDay *d, int64_t year){
  int64_t days;
  if( d->kind=='M' ){
    int dow;
    days = civil_to_days(year, d->month, 1);
    dow = civil_day_of_week(days) % 7;            /* Sunday 0 */
    days += (d->day - dow + 7) % 7 + (d->week-1)*7;
    while( days>=civil_to_days(year, d->month+1, 1) ) days -= 7;
  }else if( d->kind=='J' ){
    days = civil_to_days(year, 1, 1) + d->day - 1;
    if( d->day>59 && civil_is_leap(year) ) days++;
  }else{
    days = civil_to_days(year, 1, 1) + d->day;
  }
  return days*86400 + d->seconds;
}

static int rule_is_dst(const Rule *r, int64_t t){
  int64_t year, a, b;
  if( !r->has_dst ) return 0;
  civil_from_days(floor_div(t + r->std_offset, 86400), &year, 0, 0);
  a = rule_instant(&r->to_dst, year) - r->std_offset;
  b = rule_instant(&r->to_std, year) - r->dst_offset;
  return a<b ? t>=a && t<b : !(t>=b && t<a);
}

/* Type in force at t, or -1 when the rule decides. */
static int file_type(const ZoneFile *f, int64_t t){
  int lo = 0, hi = f->n, i;
  if( f->n==0 || t>=get64(f->times + (size_t)(f->n-1)*8) ){
    if( f->rule.present ) return -1;
    i = f->n ? f->index[f->n-1] : 0;
    return i<f->n_type ? i : 0;
  }
  while( lo<hi ){                  /* first transition after t */
    int mid = (lo+hi)/2;
    if( get64(f->times + (size_t)mid*8)<=t ) lo = mid+1; else hi = mid;
  }
  i = lo==0 ? 0 : f->index[lo-1];
  return i<f->n_type ? i : 0;
}

int zone_offset(int key, int64_t t){
  const ZoneFile *f;
  int i, offset;
  if( zone_is_fixed(key) ) return fixed_minutes(key)*60;
  f = zone_file(key);
  if( f==0 ) return 0;
  i = file_type(f, t);
  if( i<0 ) return rule_is_dst(&f->rule, t) ? f->rule.dst_offset : f->rule.std_offset;
  offset = (int)get32(f->types + (size_t)i*6);
  return offset<-ZONE_OFFSET_MAX || offset>ZONE_OFFSET_MAX ? 0 : offset;
}

const char *zone_abbreviation(int key, int64_t t, char *buf){
  const ZoneFile *f = zone_is_fixed(key) ? 0 : zone_file(key);
  int i;
  if( f==0 ) return zone_name(key, buf);
  i = file_type(f, t);
  if( i<0 ){
    snprintf(buf, ZONE_NAME_MAX, "%s",
             rule_is_dst(&f->rule, t) ? f->rule.dst_name : f->rule.std_name);
  }else{
    int at = f->types[(size_t)i*6+5];
    snprintf(buf, ZONE_NAME_MAX, "%s", at<f->n_abbreviation ? f->abbreviations+at : "");
  }
  return buf;
}

int zone_local(int key, int64_t local, int *before, int *after){
  int a = zone_offset(key, local-86400), b = zone_offset(key, local+86400);
  int a_valid, b_valid;
  *before = a;
  *after = b;
  if( zone_is_fixed(key) ) return 1;
  a_valid = zone_offset(key, local-a)==a;
  b_valid = zone_offset(key, local-b)==b;
  if( a==b ){
    int c;
    if( a_valid ) return 1;
    c = zone_offset(key, local-a);      /* two changes within two days */
    if( zone_offset(key, local-c)==c ) *before = *after = c;
    return 1;
  }
  if( a_valid && b_valid ) return 2;
  if( a_valid ){ *after = a; return 1; }
  if( b_valid ){ *before = b; return 1; }
  return 0;
}
