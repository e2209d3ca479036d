/*
** The OpenX SerDe: any JSON value as text, and the members of objects.
**
** Arrays and objects are rendered without blanks; literals that are booleans or
** numbers in canonical form, other literals as strings.  An object's keys are
** distinct, ignoring case where case.insensitive says so: a key that comes
** again takes the place of the one before, at the end.
**
** Depth was checked when the line was read (JSON_DEPTH_MAX).
*/
#include "sqlite.h"
#include "openx.h"
#include <string.h>

/* A literal as JSON writes it: booleans in lower case, numbers canonical.
** V_NULL when it is neither. */
static Value canonical_literal(OpenxWork *w, Value text){
  size_t n = (size_t)text.n;
  int64_t x;
  BigDecimal d;
  Buf b;
  if( text_is(text.z, n, "true") ) return value_text("true", 4);
  if( text_is(text.z, n, "false") ) return value_text("false", 5);
  if( n==0 || strchr("+-.0123456789", text.z[0])==0 ) return value_null();
  buf_init(&b, w->arena);
  if( openx_parse_long(text.z, n, &x) ) buf_printf(&b, "%lld", (long long)x);
  else if( java_parse_decimal(w->arena, text.z, n, &d) ) decimal_to_string(&b, &d);
  else return value_null();
  return b.oom || b.z==0 ? value_null() : value_text(b.z, b.n);
}

/* A string as the SerDe renders it: `</` is written `<\/`. */
static void render_string(Buf *b, Value v){
  int from = 0;
  buf_char(b, '"');
  for(int i=0; i<v.n; i++){
    unsigned char c = (unsigned char)v.z[i];
    static const char plain[] = "\"\\\n\r\t\b\f", escape[] = "\"\\nrtbf";
    const char *at = c ? strchr(plain, c) : 0;
    int slash = c=='/' && i>0 && v.z[i - 1]=='<';
    if( c>=0x20 && at==0 && !slash ) continue;
    buf_add(b, v.z + from, (size_t)(i - from));
    from = i + 1;
    if( at ) buf_printf(b, "\\%c", escape[at - plain]);
    else if( slash ) buf_str(b, "\\/");
    else buf_printf(b, "\\u%04x", c);
  }
  buf_add(b, v.z + from, (size_t)(v.n - from));
  buf_char(b, '"');
}

/* Keys that may be equal hash alike, whatever their case. */
static unsigned hash_key(Value key){
  unsigned h = 2166136261u;
  for(int i=0; i<key.n; i++) if( (key.z[i] & 0x80)==0 ) h = (h ^ (unsigned char)(key.z[i] | 32))*16777619u;
  return h;
}

static int grow_members(OpenxWork *w, OpenxMembers *list){
  int cap = list->cap ? list->cap*2 : 16;
  OpenxMember *m = ARENA_ARRAY(w->arena, OpenxMember, cap);
  int *head = ARENA_ARRAY(w->arena, int, cap);
  if( m==0 || head==0 ) return -1;
  if( list->n ) memcpy(m, list->m, sizeof(*m)*(size_t)list->n);
  for(int i=0; i<cap; i++) head[i] = -1;
  for(int i=0; i<list->n; i++){
    int *at = &head[hash_key(m[i].key)&(unsigned)(cap - 1)];
    m[i].next = *at;
    *at = i;
  }
  *list = (OpenxMembers){ m, list->n, cap, head, cap };
  return 0;
}

/* The members of an object; a key that comes again takes the place of the one
** before, at the end. */
int openx_read_members(OpenxWork *w, const JsonToken *object, OpenxMembers *list){
  JsonReader r;
  JsonToken key;
  OpenxMember m;
  int first = 1;
  memset(list, 0, sizeof(*list));
  lenient_enter(&r, object);
  while( lenient_member(&r, &first, &key, &m.value) ){
    int *at;
    m.key = lenient_text(w->arena, &key);
    m.dead = 0;
    if( m.key.kind==V_NULL || (list->n==list->cap && grow_members(w, list)) ) return -1;
    at = &list->head[hash_key(m.key)&(unsigned)(list->n_head - 1)];
    for(int i=*at; i>=0; i=list->m[i].next){
      OpenxMember *old = &list->m[i];
      if( name_equal(old->key.z, (size_t)old->key.n, m.key.z, (size_t)m.key.n, w->openx->ignore_case) ) old->dead = 1;
    }
    m.next = *at;
    *at = list->n;
    list->m[list->n++] = m;
  }
  return 0;
}

static void render(OpenxWork *w, Buf *b, const JsonToken *token);

static void render_object(OpenxWork *w, Buf *b, const JsonToken *token){
  OpenxMembers list;
  int any = 0;
  if( openx_read_members(w, token, &list) ){
    b->oom = 1;
    return;
  }
  buf_char(b, '{');
  for(int i=0; i<list.n; i++){
    if( list.m[i].dead ) continue;
    if( any++ ) buf_char(b, ',');
    render_string(b, list.m[i].key);
    buf_char(b, ':');
    render(w, b, &list.m[i].value);
  }
  buf_char(b, '}');
}

/* Any value as JSON without blanks.  Depth was checked when it was read. */
static void render(OpenxWork *w, Buf *b, const JsonToken *token){
  JsonReader r;
  JsonToken element;
  Value text, canonical;
  int first = 1, any = 0;
  switch( token->kind ){
    case JSON_NULL: buf_str(b, "null"); break;
    case JSON_OBJECT: render_object(w, b, token); break;
    case JSON_ARRAY:
      buf_char(b, '[');
      lenient_enter(&r, token);
      while( lenient_element(&r, &first, &element) ){
        if( any++ ) buf_char(b, ',');
        render(w, b, &element);
      }
      buf_char(b, ']');
      break;
    default:
      text = lenient_text(w->arena, token);
      canonical = token->kind==JSON_LITERAL && text.kind==V_TEXT ? canonical_literal(w, text) : value_null();
      if( canonical.kind==V_TEXT ) buf_add(b, canonical.z, (size_t)canonical.n);
      else if( text.kind==V_TEXT ) render_string(b, text);
      break;
  }
}

Value openx_text(OpenxWork *w, const Type *t, const JsonToken *token){
  Value text, canonical;
  Buf b;
  if( token->kind==JSON_OBJECT || token->kind==JSON_ARRAY ){
    buf_init(&b, w->arena);
    render(w, &b, token);
    return b.oom ? value_null() : text_fit(t, value_text(b.z, b.n));
  }
  text = lenient_text(w->arena, token);
  if( token->kind==JSON_LITERAL && text.kind==V_TEXT ){
    canonical = canonical_literal(w, text);
    if( canonical.kind==V_TEXT ) text = canonical;
  }
  return text_fit(t, text);
}
