/*
** Parsing through compiled patterns (see joda.h).
**
** Each node reads on from a position and returns the next one, or the
** complement of where it failed.  What it read is kept as fields, of which
** joda_compute.c makes an instant.
*/
#include "../sqlite.h"
#include "joda_parser.h"
#include <string.h>

static int digit_at(const JodaParser *p, int i){
  return i<p->n && p->z[i]>='0' && p->z[i]<='9';
}

/* --- One node ------------------------------------------------------------ */

/* Digits i..end as a number of 32 bits; 0 when it does not fit. */
static int read_int(JodaParser *p, int i, int end, int negative, int *out){
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

static int parse_number(JodaParser *p, const JodaNode *node, int at){
  int i = at, negative = 0, end, value;
  if( node->is_signed && i<p->n && (p->z[i]=='-' || p->z[i]=='+') && node->max>1
      && digit_at(p, i+1) ){
    negative = p->z[i]=='-';
    i++;
  }
  for(end = i; end-i<node->max && digit_at(p, end); end++){}
  if( end==i || !read_int(p, i, end, negative, &value) ) return ~at;
  joda_save(p, node->field, value);
  return end;
}

/* Two digits nearest the pivot; where lenient, another number of digits is
** the year itself. */
static int parse_two_digits(JodaParser *p, const JodaNode *node, int at){
  int i = at, year, low, t;
  if( node->lenient ){
    int sign = 0, end, value;
    if( i<p->n && (p->z[i]=='-' || p->z[i]=='+') ) sign = p->z[i++];
    for(end = i; digit_at(p, end); end++){}
    if( end==i ) return ~at;
    if( sign || end-i!=2 ){
      if( !read_int(p, i, end, sign=='-', &value) ) return ~at;
      joda_save(p, node->field, value);
      return end;
    }
  }
  if( !digit_at(p, i) || !digit_at(p, i+1) ) return ~at;
  year = (p->z[i]-'0')*10 + p->z[i+1]-'0';
  low = node->pivot - 50;
  t = low>=0 ? low%100 : 99 + (low+1)%100;
  year += low + (year<t ? 100 : 0) - t;
  joda_save(p, node->field, year);
  return i+2;
}

/* Does the text go on with a name, as written, in lower or in upper case? */
static int matches_name(const JodaParser *p, int at, const char *name){
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

static int parse_text(JodaParser *p, const JodaNode *node, int at){
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
  joda_save(p, node->field, found);
  return at+best;
}

/* Ten times the milliseconds of what the fraction divides. */
static int64_t fraction_unit(JodaField f){
  return f==JF_FRACTION_OF_SECOND ? 10000 : f==JF_FRACTION_OF_MINUTE ? 600000 : 36000000;
}

static int parse_fraction(JodaParser *p, const JodaNode *node, int at){
  int64_t unit = fraction_unit(node->field), value = 0;
  int i;
  for(i = at; i-at<node->max && digit_at(p, i); i++){
    unit /= 10;
    value += (p->z[i]-'0')*unit;
  }
  if( i==at ) return ~at;
  joda_save(p, node->field, (int)(value/10));
  return i;
}

static char to_lower(char c){
  return c>='A' && c<='Z' ? (char)(c+32) : c;
}

static int parse_literal(JodaParser *p, const JodaNode *node, int at){
  int i;
  if( p->n-at<node->n ) return ~at;
  for(i = 0; i<node->n; i++){
    if( to_lower(p->z[at+i])!=to_lower(node->z[i]) ) return ~at;
  }
  return at+node->n;
}

static int two_digits(const JodaParser *p, int at, int max){
  int v;
  if( !digit_at(p, at) || !digit_at(p, at+1) ) return -1;
  v = (p->z[at]-'0')*10 + p->z[at+1]-'0';
  return v>max ? -1 : v;
}

/* Z, or a sign and hh, hh:mm, hhmm, hh:mm:ss …; what follows the seconds is
** left alone. */
static int parse_offset(JodaParser *p, int at){
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
static int parse_zone_id(JodaParser *p, int at){
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

static int parse_zone_name(JodaParser *p, int at){
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

static int parse_sequence(JodaParser *p, const JodaNode *node, int at);

/* The longest of the choices; recursion is as deep as the fixed tables. */
static int parse_match(JodaParser *p, const JodaNode *node, int at){
  int best = at, worst = at, best_saved = 0, best_offset = 0, i, pos;
  int saved = p->n_saved, offset = p->has_offset;
  JodaSaved kept[8];
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
        memcpy(kept, p->saved+saved, (size_t)best_saved*sizeof(JodaSaved));
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
    memcpy(p->saved+saved, kept, (size_t)best_saved*sizeof(JodaSaved));
    p->n_saved = saved + best_saved;
    if( matched ){
      p->has_offset = best_offset;
      p->offset_millis = kept_millis;
    }
    return best;
  }
  return ~worst;
}

static int parse_node(JodaParser *p, const JodaNode *node, int at){
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

static int parse_sequence(JodaParser *p, const JodaNode *node, int at){
  for(; node->kind!=J_END && at>=0; node++) at = parse_node(p, node, at);
  return at;
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
  JodaParser p;
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
  if( joda_compute(c, &p, &out->millis) ) return FN_ERROR;
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
