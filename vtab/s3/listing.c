/*
** Listings: ListObjectsV2, one page after another or many side by side.
**
** S3 gives a thousand keys an answer, and the next page only after the one
** before: a table of 300 partitions listed one after the other waits 300 times
** for a first byte.  s3_list_many keeps up to S3_LIST_ASIDE requests under way.
** A job is a tree of nodes.  A node lists its prefix recursively; when that
** takes more than a page and the page shows few folders with many keys each,
** it begins again with the delimiter, and each folder is a node of its own.
** In the end a node's own objects and its folders' are joined in key order,
** which is bytewise: all keys below `a/` lie where `a/` itself would.
**
** A folder costs a request at least, so a node with more of them than a page
** holds goes on page by page instead.
*/
#include "../sqlite.h"
#include "ops.h"
#include <string.h>

#define SPLIT_DEPTH_MAX 8
#define SPLIT_GROUPS_MAX 10     /* folders on the first page: of S3, a hundred keys in each or more */
#define SPLIT_KEYS_MIN 20       /* a server of smaller pages is asked page by page */

/* --- Pages ------------------------------------------------------------------------ */

static void query_add(S3Request *r, const char *name, const char *value){
  r->query[r->n_query].name = name;
  r->query[r->n_query++].value = value;
}

static void page_request(S3Request *r, const char *bucket, const char *prefix, const char *delimiter, const char *token){
  s3_request_init(r);
  r->bucket = bucket;
  query_add(r, "list-type", "2");
  query_add(r, "encoding-type", "url");
  query_add(r, "prefix", prefix);
  if( delimiter ) query_add(r, "delimiter", delimiter);
  if( token ) query_add(r, "continuation-token", token);
}

/* What a listing has given so far. */
typedef struct Seen { const char *key, *prefix; int n_page, n_empty; } Seen;

/* Keys come in order, below the prefix, each once: a listing that breaks this
** would give rows twice or keep us for ever. */
static const char *page_is_wrong(const char *prefix, const S3Page *page, Seen *seen){
  size_t n = strlen(prefix);
  for(int i=0; i<page->n_object; i++){
    const char *key = page->object[i].key;
    if( strncmp(key, prefix, n) ) return "a key is not below the prefix asked for";
    if( page->object[i].size<0 ) return "a size is negative";
    if( seen->key && strcmp(key, seen->key)<=0 ) return "its keys are out of order, or one comes twice";
    seen->key = key;
  }
  for(int i=0; i<page->n_prefix; i++){
    const char *folder = page->prefix[i];
    if( strncmp(folder, prefix, n) || folder[n]==0 ) return "a folder is not below the prefix asked for";
    if( seen->prefix && strcmp(folder, seen->prefix)<=0 ) return "its prefixes are out of order, or one comes twice";
    seen->prefix = folder;
  }
  seen->n_empty = page->n_object || page->n_prefix ? 0 : seen->n_empty + 1;
  if( page->truncated && page->next_token==0 ) return "it says there is more but gives no token";
  return seen->n_empty>=S3_EMPTY_PAGES_MAX || ++seen->n_page>=S3_PAGES_MAX ? "it has too many pages" : 0;
}

/* The page of a request that has ended; 1 and *error where it cannot be used. */
static int page_take(const S3Run *x, S3Request *r, const char *prefix, S3Page *page, Seen *seen){
  const char *body, *why = 0;
  S3ErrorBody e;
  if( s3_wait(x->client, r, x->interrupt, x->interrupt_arg) ){
    *x->error = s3_failure_text(x->arena, x->client, r);
    return 1;
  }
  body = r->response.z ? r->response.z : "";
  if( r->response.n && s3_xml_error(x->arena, body, r->response.n, &e)==0 ){   /* in a 200 */
    r->failure.status = r->status;
    r->failure.code = e.code ? e.code : "";
    r->failure.message = e.message ? e.message : "the server reported an error";
    r->failure.request_id = e.request_id;
    *x->error = s3_failure_text(x->arena, x->client, r);
    return 1;
  }
  if( s3_xml_list(x->arena, body, r->response.n, page, &why) ){
    *x->error = arena_printf(x->arena, "s3://%s/%s: the listing cannot be read: %s", r->bucket, prefix, why);
    return 1;
  }
  why = page_is_wrong(prefix, page, seen);
  if( why ) *x->error = arena_printf(x->arena, "s3://%s/%s: the listing cannot be believed: %s", r->bucket, prefix, why);
  return why!=0;
}

int s3_list(const S3Run *x, const char *bucket, const char *prefix, const char *delimiter, S3EachPage each, void *ctx){
  const char *token = 0;
  Seen seen = {0};
  int more = 1;
  while( more ){
    S3Request r;
    S3Page page;
    int rc;
    page_request(&r, bucket, prefix, delimiter, token);
    *x->error = "out of memory";
    rc = s3_submit(x->client, &r) || page_take(x, &r, prefix, &page, &seen);
    s3_release(x->client, &r);
    if( rc ) return 1;
    *x->error = 0;
    if( each(ctx, &page) ) return 1;
    token = page.next_token;
    more = page.truncated;
  }
  return 0;
}

/* --- Side by side --------------------------------------------------------------------- */

typedef struct Node Node;
struct Node {
  const char *bucket, *prefix;
  int depth, is_split, no_split;        /* by the delimiter; never again */
  const char *token;
  Seen seen;
  int n, cap; S3Object *object;
  int n_child, cap_child; Node **child; /* in order of prefix */
  S3Request request;
  Node *next;                           /* waits for its turn */
};

typedef struct Tree {
  const S3Run *x;
  Node *first, **last;                  /* nodes that want a request */
  int n_flight; Node *flight[S3_LIST_ASIDE];
} Tree;

static void enqueue(Tree *t, Node *n){
  n->next = 0;
  *t->last = n;
  t->last = &n->next;
}

static Node *node_new(Tree *t, const char *bucket, const char *prefix, int depth){
  Node *n = ARENA_NEW(t->x->arena, Node);
  if( n==0 ) return 0;
  n->bucket = bucket;
  n->prefix = prefix;
  n->depth = depth;
  enqueue(t, n);
  return n;
}

static void *grow(Arena *a, void *old, int n, int more, int *cap, size_t size){
  void *p;
  if( n+more<=*cap ) return old;
  *cap = *cap*2 + more;
  p = arena_alloc_raw(a, (size_t)*cap * size);
  if( p && n ) memcpy(p, old, (size_t)n * size);
  return p;
}

/* How many folders, or objects beside them, a page shows below the prefix. */
static int count_groups(const Node *node, const S3Page *page){
  size_t n = strlen(node->prefix), before = 0;
  int groups = 0;
  for(int i=0; i<page->n_object && groups<=SPLIT_GROUPS_MAX; i++){
    const char *key = page->object[i].key, *slash = strchr(key + n, '/');
    size_t len = slash ? (size_t)(slash - key) + 1 : strlen(key);
    groups += i==0 || len!=before || memcmp(key, page->object[i-1].key, len);
    before = len;
  }
  return groups;
}

static int is_worth_splitting(const Node *n, const S3Page *page){
  return page->truncated && page->n_object>=SPLIT_KEYS_MIN && !n->is_split && !n->no_split && n->token==0 && n->depth<SPLIT_DEPTH_MAX
      && count_groups(n, page)<=SPLIT_GROUPS_MAX;
}

static void begin_again(Node *n, int is_split){
  n->is_split = is_split;
  n->no_split = !is_split;
  n->token = 0;
  n->n = n->n_child = 0;
  memset(&n->seen, 0, sizeof(n->seen));
}

static int keep_page(Tree *t, Node *n, const S3Page *page){
  Arena *a = t->x->arena;
  int n_prefix = n->is_split ? page->n_prefix : 0;      /* nobody asked for any else */
  n->object = grow(a, n->object, n->n, page->n_object, &n->cap, sizeof(S3Object));
  n->child = grow(a, n->child, n->n_child, n_prefix, &n->cap_child, sizeof(Node*));
  *t->x->error = "out of memory";
  if( a->oom ) return 1;
  if( page->n_object ) memcpy(n->object + n->n, page->object, sizeof(S3Object)*(size_t)page->n_object);
  n->n += page->n_object;
  for(int i=0; i<n_prefix; i++){
    Node *child = node_new(t, n->bucket, page->prefix[i], n->depth + 1);
    if( child==0 ) return 1;
    n->child[n->n_child++] = child;
  }
  return 0;
}

/* A node's request has ended. */
static int node_take(Tree *t, Node *n){
  S3Page page;
  int rc = page_take(t->x, &n->request, n->prefix, &page, &n->seen);
  s3_release(t->x->client, &n->request);
  if( rc ) return 1;
  if( is_worth_splitting(n, &page) ){
    begin_again(n, 1);
  }else if( n->is_split && page.truncated && page.n_prefix && n->n_child==0 ){
    begin_again(n, 0);                    /* more folders than a page has; none was begun */
  }else{
    n->token = page.next_token;
    if( keep_page(t, n, &page) ) return 1;
    if( !page.truncated ) return 0;
  }
  enqueue(t, n);
  return 0;
}

static int start_waiting(Tree *t){
  while( t->first && t->n_flight<S3_LIST_ASIDE ){
    Node *n = t->first;
    t->first = n->next;
    if( t->first==0 ) t->last = &t->first;
    page_request(&n->request, n->bucket, n->prefix, n->is_split ? "/" : 0, n->token);
    *t->x->error = "out of memory";
    if( s3_submit(t->x->client, &n->request) ) return 1;
    t->flight[t->n_flight++] = n;
  }
  return 0;
}

static int list_all(Tree *t){
  const S3Run *x = t->x;
  for(;;){
    S3Request *request[S3_LIST_ASIDE];
    Node *n;
    int i;
    if( start_waiting(t) ) return 1;
    if( t->n_flight==0 ) return 0;
    for(i=0; i<t->n_flight; i++) request[i] = &t->flight[i]->request;
    i = s3_wait_any(x->client, t->n_flight, request, x->interrupt, x->interrupt_arg);
    *x->error = "interrupted";
    if( i<0 ) return 1;
    n = t->flight[i];
    t->flight[i] = t->flight[--t->n_flight];
    if( node_take(t, n) ) return 1;
  }
}

/* The node's objects and its folders', in key order. */
static int emit(const Node *n, int job, S3EachListed each, void *ctx){
  int at = 0;
  for(int i=0; i<=n->n_child; i++){
    S3Page page;
    int end = at;
    while( end<n->n && (i==n->n_child || strcmp(n->object[end].key, n->child[i]->prefix)<0) ) end++;
    memset(&page, 0, sizeof(page));
    page.n_object = end - at;
    page.object = n->object + at;
    if( end>at && each(ctx, job, &page) ) return 1;
    if( i<n->n_child && emit(n->child[i], job, each, ctx) ) return 1;     /* SPLIT_DEPTH_MAX deep */
    at = end;
  }
  return 0;
}

int s3_list_many(const S3Run *x, int n, const S3ListJob *job, S3EachListed each, void *ctx){
  Tree t = {x, 0, 0, 0, {0}};
  Node **root = ARENA_ARRAY(x->arena, Node*, n + 1);
  int rc = root==0;
  t.last = &t.first;
  *x->error = "out of memory";
  for(int i=0; i<n && rc==0; i++){
    root[i] = node_new(&t, job[i].bucket, job[i].prefix, 0);
    rc = root[i]==0;
  }
  rc = rc || list_all(&t);
  for(int i=0; i<t.n_flight; i++) s3_cancel(x->client, &t.flight[i]->request);
  for(int i=0; i<t.n_flight; i++) s3_release(x->client, &t.flight[i]->request);
  if( rc ) return 1;
  *x->error = 0;
  for(int i=0; i<n; i++) if( emit(root[i], i, each, ctx) ) return 1;
  return 0;
}
