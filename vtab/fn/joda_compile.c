/*
** Patterns to nodes (see joda.h).
**
** MySQL's: `%Y-%m-%d`; each other character is a literal of its own.  Joda's:
** runs of one letter are fields, the rest is text, quoted by '…' where it has
** letters.  A year field takes as many digits as its letters only where a
** number follows it at once.
*/
#include "../sqlite.h"
#include "joda.h"
#include <string.h>
#include <time.h>

typedef struct Compiler {
  JodaNode *node;
  int n, max;
  char *text;                   /* where literals are copied to */
} Compiler;

static JodaNode *add(Compiler *k, JodaKind kind, JodaField field, int min, int max){
  JodaNode *p = &k->node[k->n];
  if( k->n<k->max-1 ) k->n++;           /* the estimate is never reached */
  memset(p, 0, sizeof(*p));
  p->kind = (unsigned char)kind;
  p->field = (unsigned char)field;
  p->min = (short)min;
  p->max = (short)(max<min ? min : max);
  return p;
}

static void add_number(Compiler *k, JodaField field, int min, int max){
  JodaNode *p = add(k, J_NUMBER, field, min, max);
  p->is_signed = field==JF_YEAR || field==JF_WEEKYEAR || field==JF_CENTURY_OF_ERA;
}

static void add_literal(Compiler *k, const char *z, int n){
  JodaNode *p;
  if( n==0 ) return;
  p = add(k, J_LITERAL, 0, 0, 0);
  memcpy(k->text, z, (size_t)n);
  p->z = k->text;
  p->n = n;
  k->text += n;
}

/* Bytes of the character at z. */
static int char_bytes(const char *z, const char *end){
  int n = 1;
  while( z+n<end && (z[n]&0xc0)==0x80 ) n++;
  return n;
}

/* --- MySQL's patterns ---------------------------------------------------- */

#define MYSQL_PIVOT 2020

static void add_clock(Compiler *k, int half){
  add_number(k, half ? JF_CLOCKHOUR_OF_HALFDAY : JF_HOUR_OF_DAY, 2, 2);
  add_literal(k, ":", 1);
  add_number(k, JF_MINUTE_OF_HOUR, 2, 2);
  add_literal(k, ":", 1);
  add_number(k, JF_SECOND_OF_MINUTE, 2, 2);
  if( half ){
    add_literal(k, " ", 1);
    add(k, J_TEXT, JF_HALFDAY_OF_DAY, 0, 0);
  }
}

/* One character after a percent sign; 0 when it is not supported. */
static int mysql_field(Compiler *k, const char *z, int n){
  switch( z[0] ){
    case 'a': add(k, J_SHORT_TEXT, JF_DAY_OF_WEEK, 0, 0); break;
    case 'b': add(k, J_SHORT_TEXT, JF_MONTH_OF_YEAR, 0, 0); break;
    case 'c': add_number(k, JF_MONTH_OF_YEAR, 1, 2); break;
    case 'd': add_number(k, JF_DAY_OF_MONTH, 2, 2); break;
    case 'e': add_number(k, JF_DAY_OF_MONTH, 1, 2); break;
    case 'f': add(k, J_FRACTION, JF_FRACTION_OF_SECOND, 6, 9); break;
    case 'H': add_number(k, JF_HOUR_OF_DAY, 2, 2); break;
    case 'h': case 'I': add_number(k, JF_CLOCKHOUR_OF_HALFDAY, 2, 2); break;
    case 'i': add_number(k, JF_MINUTE_OF_HOUR, 2, 2); break;
    case 'j': add_number(k, JF_DAY_OF_YEAR, 3, 3); break;
    case 'k': add_number(k, JF_HOUR_OF_DAY, 1, 2); break;
    case 'l': add_number(k, JF_CLOCKHOUR_OF_HALFDAY, 1, 2); break;
    case 'M': add(k, J_TEXT, JF_MONTH_OF_YEAR, 0, 0); break;
    case 'm': add_number(k, JF_MONTH_OF_YEAR, 2, 2); break;
    case 'p': add(k, J_TEXT, JF_HALFDAY_OF_DAY, 0, 0); break;
    case 'r': add_clock(k, 1); break;
    case 'S': case 's': add_number(k, JF_SECOND_OF_MINUTE, 2, 2); break;
    case 'T': add_clock(k, 0); break;
    case 'v': add_number(k, JF_WEEK_OF_WEEKYEAR, 2, 2); break;
    case 'x': add_number(k, JF_WEEKYEAR, 4, 4); break;
    case 'W': add(k, J_TEXT, JF_DAY_OF_WEEK, 0, 0); break;
    case 'Y': add_number(k, JF_YEAR, 4, 4); break;
    case 'y': add(k, J_TWO_DIGITS, JF_YEAR, 2, 2)->pivot = MYSQL_PIVOT; break;
    case 'w': case 'U': case 'u': case 'V': case 'X': case 'D': return 0;
    default: add_literal(k, z, n); break;
  }
  return 1;
}

static int compile_mysql(FnCall *c, Compiler *k, const char *z, const char *end){
  while( z<end ){
    int n = char_bytes(z, end);
    if( *z!='%' ){
      add_literal(k, z, n);
    }else if( z+1<end ){
      z++;
      n = char_bytes(z, end);
      if( !mysql_field(k, z, n) ){
        return fn_bad_argument(c, "%%%c not supported in date format string", *z);
      }
    }
    z += n;
  }
  if( k->n==0 ) return fn_bad_argument(c, "Both printing and parsing not supported");
  return FN_OK;
}

/* --- Joda's patterns ----------------------------------------------------- */

static int is_letter(char c){
  return (c>='A' && c<='Z') || (c>='a' && c<='z');
}

static int run_length(const char *z, const char *end){
  int n = 1;
  while( z+n<end && z[n]==z[0] ) n++;
  return n;
}

/* Whether the pattern goes on with a number. */
static int number_follows(const char *z, const char *end){
  if( z>=end ) return 0;
  if( *z=='M' ) return run_length(z, end)<=2;
  return strchr("cCxyYdhHmsSeDFwWkK", *z)!=0;
}

static int current_year(void){
  int64_t year;
  civil_from_days(floor_div((int64_t)time(0), 86400), &year, 0, 0);
  return (int)year;
}

static void add_year(Compiler *k, JodaField field, int len, int number_next){
  if( len==2 ){
    JodaNode *p = add(k, J_TWO_DIGITS, field==JF_YEAR_OF_ERA ? JF_YEAR : field, 2, 2);
    p->pivot = current_year() - 30;
    p->lenient = !number_next;
  }else{
    add_number(k, field, len, number_next ? len : 9);
  }
}

/* A run of one letter; 0 when it means nothing. */
static int joda_letter(Compiler *k, char letter, int len, int number_next){
  switch( letter ){
    case 'G': add(k, J_TEXT, JF_ERA, 0, 0); break;
    case 'C': add_number(k, JF_CENTURY_OF_ERA, len, len); break;
    case 'x': add_year(k, JF_WEEKYEAR, len, number_next); break;
    case 'y': add_year(k, JF_YEAR, len, number_next); break;
    case 'Y': add_year(k, JF_YEAR_OF_ERA, len, number_next); break;
    case 'M':
      if( len>=3 ) add(k, len>=4 ? J_TEXT : J_SHORT_TEXT, JF_MONTH_OF_YEAR, 0, 0);
      else add_number(k, JF_MONTH_OF_YEAR, len, 2);
      break;
    case 'd': add_number(k, JF_DAY_OF_MONTH, len, 2); break;
    case 'a': add(k, J_TEXT, JF_HALFDAY_OF_DAY, 0, 0); break;
    case 'h': add_number(k, JF_CLOCKHOUR_OF_HALFDAY, len, 2); break;
    case 'H': add_number(k, JF_HOUR_OF_DAY, len, 2); break;
    case 'k': add_number(k, JF_CLOCKHOUR_OF_DAY, len, 2); break;
    case 'K': add_number(k, JF_HOUR_OF_HALFDAY, len, 2); break;
    case 'm': add_number(k, JF_MINUTE_OF_HOUR, len, 2); break;
    case 's': add_number(k, JF_SECOND_OF_MINUTE, len, 2); break;
    case 'S': add(k, J_FRACTION, JF_FRACTION_OF_SECOND, len, len); break;
    case 'e': add_number(k, JF_DAY_OF_WEEK, len, 1); break;
    case 'E': add(k, len>=4 ? J_TEXT : J_SHORT_TEXT, JF_DAY_OF_WEEK, 0, 0); break;
    case 'D': add_number(k, JF_DAY_OF_YEAR, len, 3); break;
    case 'w': add_number(k, JF_WEEK_OF_WEEKYEAR, len, 2); break;
    case 'z': add(k, len>=4 ? J_ZONE_LONG_NAME : J_ZONE_NAME, 0, 0, 0); break;
    case 'Z':
      if( len<=2 ) add(k, J_OFFSET, 0, len==2, 0);
      else add(k, J_ZONE_ID, 0, 0, 0);
      break;
    default: return 0;
  }
  return 1;
}

/* Text up to the next unquoted letter, without its quotes. */
static const char *joda_literal(Compiler *k, const char *z, const char *end){
  char *start = k->text;
  JodaNode *p;
  int quoted = 0;
  for(; z<end; z++){
    if( *z=='\'' ){
      if( z+1<end && z[1]=='\'' ) *k->text++ = *z++;
      else quoted = !quoted;
    }else if( !quoted && is_letter(*z) ){
      break;
    }else{
      *k->text++ = *z;
    }
  }
  if( k->text>start ){
    p = add(k, J_LITERAL, 0, 0, 0);
    p->z = start;
    p->n = (int)(k->text-start);
  }
  return z;
}

static int compile_joda(FnCall *c, Compiler *k, const char *z, const char *end){
  if( z==end ) return fn_bad_argument(c, "Invalid pattern specification");
  while( z<end ){
    if( is_letter(*z) ){
      int len = run_length(z, end);
      if( !joda_letter(k, *z, len, number_follows(z+len, end)) ){
        return fn_bad_argument(c, "Illegal pattern component: %.*s", len, z);
      }
      z += len;
    }else{
      z = joda_literal(k, z, end);
    }
  }
  return FN_OK;
}

/* --- The memo ------------------------------------------------------------ */

const JodaFormat *joda_format(FnCall *c, const Value *pattern, int mysql){
  JodaFormat *f = c->memo;
  Compiler k = {0, 0, 0, 0};
  size_t n = (size_t)pattern->n, bytes;
  char *text;
  int rc;
  if( f && f->n_pattern==pattern->n && memcmp(f->pattern, pattern->z, n)==0 ) return f;
  if( n>JODA_PATTERN_MAX ){
    fn_refuse(c, "a format of more than %d bytes", JODA_PATTERN_MAX);
    return 0;
  }
  /* %r, two bytes, makes seven nodes and four bytes of text */
  k.max = (int)n*4 + 8;
  bytes = sizeof(JodaFormat) + (size_t)k.max*sizeof(JodaNode) + n*3 + 16;
  f = sqlite3_malloc64(bytes);
  if( f==0 ){
    c->arena->oom = 1;
    return 0;
  }
  k.node = (JodaNode*)(f+1);
  text = (char*)(k.node + k.max);
  memcpy(text, pattern->z, n);
  k.text = text + n;
  f->pattern = text;
  f->n_pattern = (int)n;
  f->node = k.node;
  rc = mysql ? compile_mysql(c, &k, text, text+n) : compile_joda(c, &k, text, text+n);
  add(&k, J_END, 0, 0, 0);
  if( rc!=FN_OK ){
    sqlite3_free(f);
    return 0;
  }
  if( c->memo && c->memo_free ) c->memo_free(c->memo);
  c->memo = f;
  c->memo_free = sqlite3_free;
  return f;
}
