/*
** Split a source into records: lines ended by \n, \r or \r\n.
**
** The last line needs no terminator; a file that ends with one has no empty
** line after it.  A UTF-8 byte order mark at the start of a file is skipped,
** as Athena's reader does.  All other bytes are passed on as they are, NULs
** too.
**
** The buffer is filled in blocks of SCAN_BLOCK; a line that does not fit makes
** it grow, up to SCAN_LINE_MAX.  memchr finds each terminator once: the
** positions of the next \n and the next \r are remembered until they are
** passed.
**
** Limits: SCAN_LINE_MAX bytes of a line; beyond it Athena's error.
*/
#include "scan.h"
#include <string.h>

#define SCAN_BLOCK (256*1024)

void scan_init(Scanner *s){
  memset(s, 0, sizeof(*s));
}

void scan_free(Scanner *s){
  sqlite3_free(s->buf);
  scan_init(s);
}

void scan_begin(Scanner *s, Source *source){
  s->source = source;
  s->at = s->end = s->newline = s->creturn = 0;
  s->at_eof = s->skip_newline = s->any = 0;
  s->line = 0;
}

static size_t find(const Scanner *s, char c, size_t from){
  const char *p = from<s->end ? memchr(s->buf + from, c, s->end - from) : 0;
  return p ? (size_t)(p - s->buf) : s->end;
}

/* Make room for at least one more byte. */
static int scan_reserve(Scanner *s){
  size_t cap;
  char *grown;
  if( s->at>0 && s->end>s->at ) memmove(s->buf, s->buf + s->at, s->end - s->at);
  s->end -= s->at;
  s->at = 0;
  if( s->cap - s->end>=SCAN_BLOCK/2 ) return SQLITE_OK;
  cap = s->cap ? s->cap*2 : SCAN_BLOCK;
  grown = sqlite3_realloc64(s->buf, cap + SCAN_PADDING);
  if( grown==0 ) return SQLITE_NOMEM;
  memset(grown + cap, 0, SCAN_PADDING);
  s->buf = grown;
  s->cap = cap;
  return SQLITE_OK;
}

/* Read more behind the bytes at hand; the first time also the start of the
** file, whole enough to see a byte order mark. */
static int scan_fill(Scanner *s, char **pzErr){
  size_t old;
  int rc;
  do{
    int got;
    if( (rc = scan_reserve(s))!=SQLITE_OK ) return rc;
    old = s->end;
    rc = source_read(s->source, s->buf + s->end, (int)(s->cap - s->end), &got, pzErr);
    if( rc!=SQLITE_OK ) return rc;
    s->end += (size_t)got;
    s->at_eof = got==0;
  }while( !s->any && !s->at_eof && s->end<3 );
  if( !s->any ){
    s->any = 1;
    old = 0;
    if( s->end>=3 && memcmp(s->buf, "\xef\xbb\xbf", 3)==0 ) s->at = 3;
  }
  s->newline = find(s, '\n', old);
  s->creturn = find(s, '\r', old);
  return SQLITE_OK;
}

static int line_too_long(Scanner *s, char **pzErr){
  *pzErr = sqlite3_mprintf("HIVE_CURSOR_ERROR: Line too long in text file: %s\nat %s:%lld: more than %d bytes",
                           s->source->url, s->source->url, s->line + 1, SCAN_LINE_MAX);
  return *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
}

/* The record that ends before `stop`; the terminator there is n bytes long. */
static int scan_give(Scanner *s, Record *out, size_t stop, size_t n, char **pzErr){
  if( stop - s->at>SCAN_LINE_MAX ) return line_too_long(s, pzErr);
  out->z = s->buf + s->at;
  out->n = stop - s->at;
  out->line = ++s->line;
  s->at = stop + n;
  return SQLITE_ROW;
}

int scan_next(Scanner *s, Record *out, char **pzErr){
  for(;;){
    size_t stop;
    int rc;
    if( s->skip_newline && s->at<s->end ){
      if( s->buf[s->at]=='\n' ) s->at++;
      s->skip_newline = 0;
    }
    if( s->newline<s->at ) s->newline = find(s, '\n', s->at);
    if( s->creturn<s->at ) s->creturn = find(s, '\r', s->at);
    stop = s->newline<s->creturn ? s->newline : s->creturn;
    if( stop<s->end ){
      s->skip_newline = s->buf[stop]=='\r';
      return scan_give(s, out, stop, 1, pzErr);
    }
    if( s->at_eof ) return s->at<s->end ? scan_give(s, out, s->end, 0, pzErr) : SQLITE_DONE;
    if( s->end - s->at>SCAN_LINE_MAX ) return line_too_long(s, pzErr);
    if( (rc = scan_fill(s, pzErr))!=SQLITE_OK ) return rc;
  }
}
