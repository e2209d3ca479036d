/*
** Patterns and calendar units beside Joda-Time: tests/datetime/joda.tsv holds
** random cases with what Joda-Time 2.10.14 answered, one a line, fields
** separated by tabs:
**   P pattern text            parse_datetime      M pattern text  date_parse
**   F pattern millis zone     format_datetime     N pattern millis zone  date_format
**   A unit zone millis count  add                 T unit zone millis     round down
**   D unit zone from to       difference          W zone millis   the same clock in a zone
**   I text, K text            ISO 8601 timestamp, date
** and last the answer: OK and the value, or ERR and the message.
*/
#include "vtab/fn/joda.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sqlite3.h>

#define FIELDS_MAX 6

static const char *outcome(FnCall *c, int rc, const char *ok){
  return rc==FN_OK ? arena_printf(c->arena, "OK %s", ok)
                   : arena_printf(c->arena, "ERR %s", c->message);
}

static const char *number(Arena *a, int64_t v){
  return arena_printf(a, "%lld", (long long)v);
}

static Unit unit_of(FnCall *c, const char *name){
  Value v = value_text(name, strlen(name));
  Unit u = UNIT_DAY;
  unit_parse(c, &v, SCOPE_TIMESTAMP, &u);
  return u;
}

static int zone_of(const char *name){
  int key = ZONE_UTC;
  zone_parse(name, strlen(name), &key);
  return key;
}

/* What a parser answers: milliseconds and, where it can read one, the zone. */
static const char *parsed(FnCall *c, const JodaNode *node, const char *text, int with_zone){
  JodaResult r;
  char zone[ZONE_NAME_MAX];
  int key = ZONE_UTC;
  if( node==0 || joda_parse(c, node, text, (int)strlen(text), &r) ) return outcome(c, FN_ERROR, "");
  if( !with_zone ) return outcome(c, FN_OK, number(c->arena, r.millis));
  if( r.has_offset ) key = zone_from_minutes(r.offset_seconds/60);
  else if( r.has_zone ) key = r.zone;
  return outcome(c, FN_OK, arena_printf(c->arena, "%lld %s", (long long)r.millis,
                                        zone_name(key, zone)));
}

static const JodaNode *nodes(FnCall *c, const char *pattern, int mysql){
  Value v = value_text(pattern, strlen(pattern));
  const JodaFormat *f = joda_format(c, &v, mysql);
  return f ? f->node : 0;
}

static const char *printed(FnCall *c, const JodaNode *node, int64_t millis, const char *zone){
  Buf b;
  buf_init(&b, c->arena);
  if( node==0 || joda_print(c, node, millis, zone_of(zone), &b) ) return outcome(c, FN_ERROR, "");
  return outcome(c, FN_OK, b.z ? b.z : "");
}

static const char *answer(FnCall *c, char **f){
  Arena *a = c->arena;
  switch( f[0][0] ){
    case 'P': return parsed(c, nodes(c, f[1], 0), f[2], 1);
    case 'M': return parsed(c, nodes(c, f[1], 1), f[2], 0);
    case 'F': return printed(c, nodes(c, f[1], 0), atoll(f[2]), f[3]);
    case 'N': return printed(c, nodes(c, f[1], 1), atoll(f[2]), f[3]);
    case 'I': return parsed(c, joda_iso_datetime, f[1], 1);
    case 'K': return parsed(c, joda_iso_date, f[1], 0);
    case 'A':
      return outcome(c, FN_OK, number(a, millis_add(zone_of(f[2]), unit_of(c, f[1]), atoll(f[3]),
                                                    atoll(f[4]))));
    case 'T':
      return outcome(c, FN_OK, number(a, millis_floor(zone_of(f[2]), unit_of(c, f[1]),
                                                      atoll(f[3]))));
    case 'D':
      return outcome(c, FN_OK, number(a, millis_diff(zone_of(f[2]), unit_of(c, f[1]), atoll(f[3]),
                                                     atoll(f[4]))));
    case 'W':
      return outcome(c, FN_OK, number(a, millis_from_local(zone_of(f[1]), atoll(f[2]),
                                                           atoll(f[2]))));
    default: return "no such case";
  }
}

/* One line: 1 when the answer is the expected one. */
static int check_line(Arena *a, char *line, int at){
  char *f[FIELDS_MAX+1] = {0}, *want;
  const char *got;
  FnCall c;
  int n = 0, good;
  char *original = arena_strdup(a, line);
  for(f[n++] = line; n<=FIELDS_MAX && (line = strchr(line, '\t'))!=0; f[n++] = line) *line++ = 0;
  want = f[n-1];
  memset(&c, 0, sizeof(c));
  c.arena = a;
  got = answer(&c, f);
  if( c.memo ) c.memo_free(c.memo);
  good = strcmp(got, want)==0;
  if( !good ) printf("not ok joda_line_%d: %s: got %s\n", at, original, got);
  return good;
}

int main(void){
  FILE *in = fopen("tests/datetime/joda.tsv", "r");
  char line[4096];
  int at = 0, bad = 0;
  Arena a;
  sqlite3_initialize();
  arena_init(&a);
  if( in==0 ){
    printf("not ok joda: tests/datetime/joda.tsv is missing\n");
    return 1;
  }
  while( fgets(line, sizeof(line), in) ){
    line[strcspn(line, "\n")] = 0;
    bad += !check_line(&a, line, ++at);
    arena_reset(&a);
  }
  fclose(in);
  arena_free(&a);
  if( bad==0 && at>0 ) printf("ok joda_answers_alike\n");
  return bad!=0;
}
