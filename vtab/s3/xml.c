/* The XML that S3 answers with: see xml.h. */
#include "../sqlite.h"
#include "xml.h"
#include "lib.h"
#include <string.h>
#include <stdlib.h>
#include <time.h>

/* Called at the end of each element: its path ("/Error/Code") and text. */
typedef void (*XmlLeaf)(void *ctx, const char *path, const char *text);

typedef struct Walk {
  const ExpatLib *expat;
  XML_Parser parser;
  XmlLeaf leaf;
  void *ctx;
  Buf path, text;
  size_t length[XML_DEPTH_MAX]; /* of path, before each open element */
  int depth;
  const char *broken;           /* which limit */
} Walk;

static void walk_stop(Walk *w, const char *why){
  if( w->broken==0 ) w->broken = why;
  w->expat->StopParser(w->parser, XML_FALSE);
}

static void walk_start(void *ctx, const XML_Char *name, const XML_Char **attribute){
  Walk *w = ctx;
  const char *local = strrchr(name, ':');
  (void)attribute;
  if( w->depth>=XML_DEPTH_MAX ){
    walk_stop(w, "too deeply nested");
    return;
  }
  w->length[w->depth++] = w->path.n;
  buf_char(&w->path, '/');
  buf_str(&w->path, local ? local + 1 : name);
  w->text.n = 0;
  if( w->path.oom ) walk_stop(w, "out of memory");
}

static void walk_text(void *ctx, const XML_Char *z, int n){
  Walk *w = ctx;
  if( w->text.n + (size_t)n > XML_TEXT_MAX ){
    walk_stop(w, "a text is too long");
    return;
  }
  buf_add(&w->text, z, (size_t)n);
  if( w->text.oom ) walk_stop(w, "out of memory");
}

static void walk_end(void *ctx, const XML_Char *name){
  Walk *w = ctx;
  (void)name;
  if( w->depth==0 || w->broken ) return;
  buf_add(&w->text, "", 0);
  if( w->text.oom ){
    walk_stop(w, "out of memory");
    return;
  }
  w->leaf(w->ctx, w->path.z, w->text.z);
  w->path.n = w->length[--w->depth];
  w->path.z[w->path.n] = 0;
  w->text.n = 0;
  w->text.z[0] = 0;
}

static void walk_doctype(void *ctx, const XML_Char *name, const XML_Char *sysid, const XML_Char *pubid, int subset){
  (void)name; (void)sysid; (void)pubid; (void)subset;
  walk_stop(ctx, "it has a document type declaration");
}

/* 0, or 1 with *error a text in the arena. */
static int xml_walk(Arena *a, const char *body, size_t n, XmlLeaf leaf, void *ctx, const char **error){
  Walk w = {0};
  int rc = 1;
  w.expat = lib_expat(error);
  if( w.expat==0 ) return 1;
  *error = "out of memory";
  w.parser = w.expat->ParserCreate(0);
  if( w.parser==0 ) return 1;
  w.leaf = leaf;
  w.ctx = ctx;
  buf_init(&w.path, a);
  buf_init(&w.text, a);
  w.expat->SetUserData(w.parser, &w);
  w.expat->SetElementHandler(w.parser, walk_start, walk_end);
  w.expat->SetCharacterDataHandler(w.parser, walk_text);
  w.expat->SetStartDoctypeDeclHandler(w.parser, walk_doctype);
  if( n>BUF_MAX ){
    *error = "the XML answer is too large";
  }else if( w.expat->Parse(w.parser, body, (int)n, 1)==XML_STATUS_OK && w.broken==0 ){
    rc = 0;
  }else{
    const char *why = w.broken ? w.broken : w.expat->ErrorString(w.expat->GetErrorCode(w.parser));
    *error = arena_printf(a, "the answer is not the XML expected: %s", why);
    if( *error==0 ) *error = "out of memory";
  }
  w.expat->ParserFree(w.parser);
  return rc;
}

static int hex_of(char c){
  return c>='0' && c<='9' ? c-'0' : c>='a' && c<='f' ? c-'a'+10 : c>='A' && c<='F' ? c-'A'+10 : -1;
}

/* encoding-type=url: '+' is a blank (S3), %20 too (Swift); a literal + is %2B.
** *bad is set for what is no such text: then another key would be read. */
static char *url_decode(Arena *a, const char *z, int *bad){
  char *out = arena_strdup(a, z), *to = out;
  for(; out && *z; z++){
    if( *z=='%' ){
      int high = hex_of(z[1]), low = high<0 ? -1 : hex_of(z[2]);
      if( low<0 || high*16+low==0 ){
        *bad = 1;
        return out;
      }
      *to++ = (char)(high*16 + low);
      z += 2;
    }else{
      *to++ = *z=='+' ? ' ' : *z;
    }
  }
  if( out ) *to = 0;
  return out;
}

typedef struct ListContext {
  Arena *a;
  S3Page *page;
  S3Object now;
  int url_encoded, is_list, says_truncated;
  const char *bad;
} ListContext;

static void *grow(Arena *a, void *old, int n, int *cap, size_t size){
  void *p = old;
  if( n<*cap ) return old;
  *cap = *cap ? *cap*2 : 64;
  p = arena_alloc(a, (size_t)*cap * size);
  if( p && n ) memcpy(p, old, (size_t)n * size);
  return p;
}

/* Digits and nothing else; -1 for what is no size. */
static int64_t size_of(const char *text){
  size_t n = strspn(text, "0123456789");
  return n==0 || n>18 || text[n] ? -1 : strtoll(text, 0, 10);
}

/* An object without key or size would be a file without rows. */
static void take_object(ListContext *c){
  S3Page *page = c->page;
  if( c->now.key==0 && !c->a->oom ) c->bad = "an object without a key";
  else if( c->now.size<0 ) c->bad = "an object without a size";
  page->object = grow(c->a, page->object, page->n_object, &page->cap_object, sizeof(S3Object));
  if( page->object && c->now.key ) page->object[page->n_object++] = c->now;
  memset(&c->now, 0, sizeof(c->now));
  c->now.size = -1;
}

static void list_leaf(void *ctx, const char *path, const char *text){
  ListContext *c = ctx;
  S3Page *page = c->page;
  const char *p;
  if( strncmp(path, "/ListBucketResult", 17)!=0 ) return;
  c->is_list = 1;
  p = path + 17;
  if( !strcmp(p, "/Contents/Key") ) c->now.key = arena_strdup(c->a, text);
  else if( !strcmp(p, "/Contents/Size") ) c->now.size = size_of(text);
  else if( !strcmp(p, "/Contents/ETag") ) c->now.etag = arena_strdup(c->a, text);
  else if( !strcmp(p, "/NextContinuationToken") ) page->next_token = arena_strdup(c->a, text);
  else if( !strcmp(p, "/EncodingType") ) c->url_encoded = strcmp(text, "url")==0;
  else if( !strcmp(p, "/Contents") ) take_object(c);
  else if( !strcmp(p, "/IsTruncated") ){
    c->says_truncated = 1;
    page->truncated = strcmp(text, "true")==0;
  }else if( !strcmp(p, "/CommonPrefixes/Prefix") ){
    page->prefix = grow(c->a, (void*)page->prefix, page->n_prefix, &page->cap_prefix, sizeof(char*));
    if( page->prefix ) page->prefix[page->n_prefix++] = arena_strdup(c->a, text);
  }
}

static void decode_keys(ListContext *c){
  S3Page *page = c->page;
  int bad = 0;
  for(int i=0; i<page->n_object; i++) page->object[i].key = url_decode(c->a, page->object[i].key, &bad);
  for(int i=0; i<page->n_prefix; i++) page->prefix[i] = url_decode(c->a, page->prefix[i], &bad);
  if( bad ) c->bad = "a key that is not URL-encoded as the listing says";
}

int s3_xml_list(Arena *a, const char *body, size_t n, S3Page *page, const char **error){
  ListContext c = {0};
  c.a = a;
  c.page = page;
  c.now.size = -1;
  memset(page, 0, sizeof(*page));
  if( xml_walk(a, body, n, list_leaf, &c, error) ) return 1;
  *error = "the answer is XML, but not a listing";
  if( !a->oom && !c.is_list ) return 1;
  if( !a->oom && !c.says_truncated ) c.bad = "no word whether there is more";
  if( !a->oom && c.url_encoded ) decode_keys(&c);
  *error = a->oom ? "out of memory" : c.bad;
  return *error!=0;
}

typedef struct ErrorContext { Arena *a; S3ErrorBody *e; int is_error; } ErrorContext;

static void error_leaf(void *ctx, const char *path, const char *text){
  ErrorContext *c = ctx;
  const char **slot = 0;
  const char *p;
  if( strncmp(path, "/ErrorResponse/Error", 20)==0 ) p = path + 20;   /* STS */
  else if( strncmp(path, "/Error", 6)==0 ) p = path + 6;
  else return;
  c->is_error = 1;
  if( c->e==0 ) return;
  if( !strcmp(p, "/Code") ) slot = &c->e->code;
  else if( !strcmp(p, "/Message") ) slot = &c->e->message;
  else if( !strcmp(p, "/RequestId") ) slot = &c->e->request_id;
  else if( !strcmp(p, "/Region") ) slot = &c->e->region;
  else if( !strcmp(p, "/Endpoint") ) slot = &c->e->endpoint;
  else if( !strcmp(p, "/CanonicalRequest") ) slot = &c->e->canonical_request;
  else if( !strcmp(p, "/StringToSign") ) slot = &c->e->string_to_sign;
  if( slot ) *slot = arena_strdup(c->a, text);
}

int s3_xml_error(Arena *a, const char *body, size_t n, S3ErrorBody *e){
  ErrorContext c = {a, e, 0};
  const char *error;
  memset(e, 0, sizeof(*e));
  if( n==0 || xml_walk(a, body, n, error_leaf, &c, &error) ) return 1;
  return c.is_error ? 0 : 1;
}

typedef struct RootContext { const char *name; int is_it; } RootContext;

static void root_leaf(void *ctx, const char *path, const char *text){
  RootContext *c = ctx;
  (void)text;
  if( strcmp(path+1, c->name)==0 ) c->is_it = 1;        /* the last to end */
}

int s3_xml_has_root(Arena *a, const char *body, size_t n, const char *name, const char **error){
  RootContext c = {name, 0};
  if( n==0 || xml_walk(a, body, n, root_leaf, &c, error) ) return 0;
  *error = "the answer is XML, but not the one expected";
  return c.is_it;
}

typedef struct UploadContext { Arena *a; const char *id; } UploadContext;

static void upload_leaf(void *ctx, const char *path, const char *text){
  UploadContext *c = ctx;
  if( !strcmp(path, "/InitiateMultipartUploadResult/UploadId") ) c->id = arena_strdup(c->a, text);
}

int s3_xml_upload_id(Arena *a, const char *body, size_t n, const char **upload_id, const char **error){
  UploadContext c = {a, 0};
  if( xml_walk(a, body, n, upload_leaf, &c, error) ) return 1;
  *upload_id = c.id;
  *error = "the answer has no upload id";
  return c.id==0;
}

typedef struct UploadsContext { Arena *a; S3Uploads *list; S3UploadEntry now; int url_encoded, is_list; } UploadsContext;

/* 2010-11-10T20:48:33.000Z; 0 for anything else. */
static int64_t parse_time(const char *z){
  struct tm tm = {0};
  return strptime(z, "%Y-%m-%dT%H:%M:%S", &tm) ? (int64_t)timegm(&tm) : 0;
}

static void uploads_leaf(void *ctx, const char *path, const char *text){
  UploadsContext *c = ctx;
  const char *p;
  if( strncmp(path, "/ListMultipartUploadsResult", 27)!=0 ) return;
  c->is_list = 1;
  p = path + 27;
  if( !strcmp(p, "/EncodingType") ) c->url_encoded = strcmp(text, "url")==0;
  else if( !strcmp(p, "/Upload/Key") ) c->now.key = arena_strdup(c->a, text);
  else if( !strcmp(p, "/Upload/UploadId") ) c->now.id = arena_strdup(c->a, text);
  else if( !strcmp(p, "/Upload/Initiated") ) c->now.initiated_s = parse_time(text);
  else if( !strcmp(p, "/Upload") ){
    S3Uploads *list = c->list;
    list->entry = grow(c->a, list->entry, list->n, &list->cap, sizeof(S3UploadEntry));
    if( list->entry && c->now.key && c->now.id ) list->entry[list->n++] = c->now;
    memset(&c->now, 0, sizeof(c->now));
  }
}

int s3_xml_uploads(Arena *a, const char *body, size_t n, S3Uploads *out, const char **error){
  UploadsContext c = {a, out, {0}, 0, 0};
  int bad = 0;
  memset(out, 0, sizeof(*out));
  if( xml_walk(a, body, n, uploads_leaf, &c, error) ) return 1;
  *error = a->oom ? "out of memory" : "the answer is XML, but not a list of uploads";
  if( a->oom || !c.is_list ) return 1;
  for(int i=0; c.url_encoded && i<out->n; i++) out->entry[i].key = url_decode(a, out->entry[i].key, &bad);
  *error = a->oom ? "out of memory" : "a key of an upload that is not URL-encoded as the answer says";
  return a->oom || bad;
}

typedef struct PartsContext { int n, is_list; } PartsContext;

static void parts_leaf(void *ctx, const char *path, const char *text){
  PartsContext *c = ctx;
  (void)text;
  if( strncmp(path, "/ListPartsResult", 16)==0 ) c->is_list = 1;
  if( strcmp(path, "/ListPartsResult/Part")==0 ) c->n++;
}

int s3_xml_part_count(Arena *a, const char *body, size_t n, int *n_part, const char **error){
  PartsContext c = {0, 0};
  if( xml_walk(a, body, n, parts_leaf, &c, error) ) return 1;
  *n_part = c.n;
  *error = "the answer is XML, but not a list of parts";
  return !c.is_list;
}
