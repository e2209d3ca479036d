/*
** approx_percentile and numeric_histogram: the engine's own sketches, so that
** the approximations are Athena's.
**
** approx_percentile keeps a t-digest of compression 100 (airlift's: clusters
** grow to q(1-q) times the weight over a normaliser, merged at twice the
** compression).  Up to a few dozen values every cluster is one value and the
** answer is an element of the data.  On Athena large inputs are digested in
** parts whose number nobody controls; Tarn digests them in one.
** numeric_histogram merges the neighbouring buckets of least penalty.
**
** Limits: a digest holds DIGEST_MAX centroids; a histogram HISTOGRAM_MAX buckets.
*/
#include "../sqlite.h"
#include "aggregate.h"
#include "../number.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COMPRESSION 200.0       /* twice the t-digest's 100 */
#define DIGEST_MAX 1260         /* 6 * (COMPRESSION + 10) */
#define HISTOGRAM_MAX 100000
#define HISTOGRAM_BUFFER 100    /* values beyond the buckets before a merge */

typedef struct Centroid { double mean, weight; int order; } Centroid;

/* --- t-digest ------------------------------------------------------------ */

typedef struct Digest {
  Centroid *c;
  int n, cap;
  int backwards;                /* merges alternate their direction */
  double weight, min, max;
  Value *percentile;            /* as given: one, or a list's elements */
  int n_percentile;
} Digest;

static int by_mean(const void *pa, const void *pb){
  const Centroid *a = pa, *b = pb;
  if( a->mean!=b->mean ) return a->mean<b->mean ? -1 : 1;
  return a->order - b->order;
}

static double cluster_size(double q, double normalizer){ return q*(1 - q)/normalizer; }

static void reverse(Centroid *c, int n){
  for(int i=0; i<n/2; i++){
    Centroid swap = c[i];
    c[i] = c[n-1-i];
    c[n-1-i] = swap;
  }
}

static void digest_merge(Digest *d){
  double normalizer = COMPRESSION/(4*log(d->weight/COMPRESSION) + 24);
  double so_far = 0, limit = cluster_size(0, normalizer);
  int last = 0;
  if( d->n==0 ) return;
  for(int i=0; i<d->n; i++) d->c[i].order = i;
  qsort(d->c, (size_t)d->n, sizeof(*d->c), by_mean);
  if( d->backwards ) reverse(d->c, d->n);
  for(int i=1; i<d->n; i++){
    Centroid *at = &d->c[last], next = d->c[i];
    double weight = at->weight + next.weight;
    double q = fmin((so_far + weight)/d->weight, 1);
    if( weight<=d->weight*fmin(limit, cluster_size(q, normalizer)) ){
      at->mean += (next.mean - at->mean)*next.weight/weight;
      at->weight = weight;
    }else{
      so_far += at->weight;
      limit = cluster_size(so_far/d->weight, normalizer);
      d->c[++last] = next;
    }
  }
  d->n = last + 1;
  if( d->backwards ) reverse(d->c, d->n);
  d->backwards = !d->backwards;
}

static int digest_add(FnCall *c, Digest *d, double value, double weight){
  if( !isfinite(value) ) return fn_bad_argument(c, "Values must be finite");
  if( !isfinite(weight) || weight<1 ){
    char z[NUMBER_TEXT_MAX];
    number_double_text(weight, z);
    return fn_bad_argument(c, "weight must be >= 1, was %s", z);
  }
  if( d->n==d->cap && d->cap<DIGEST_MAX ){
    int cap = d->cap ? d->cap*2 : 4;
    Centroid *more;
    if( cap>DIGEST_MAX ) cap = DIGEST_MAX;
    more = sqlite3_realloc64(d->c, sizeof(*more)*(uint64_t)cap);
    if( more==0 ) return agg_oom(c);
    d->c = more;
    d->cap = cap;
  }else if( d->n==d->cap ){
    digest_merge(d);
    if( d->n==d->cap ) return fn_refuse(c, "approx_percentile: the digest is full");
  }
  d->c[d->n].mean = value;
  d->c[d->n++].weight = weight;
  d->min = d->weight==0 ? value : fmin(d->min, value);
  d->max = d->weight==0 ? value : fmax(d->max, value);
  d->weight += weight;
  return FN_OK;
}

static double between(double x, double x0, double y0, double x1, double y1){
  return y0 + (x - x0)/(x1 - x0)*(y1 - y0);
}

/* The value at a quantile of a merged digest. */
static double digest_value(const Digest *d, double quantile){
  double at = quantile*d->weight, total = d->weight, so_far;
  const Centroid *c = d->c, *last = &d->c[d->n-1];
  int i;
  if( d->n==1 ) return c[0].mean;
  if( at<1 ) return d->min;
  if( at<c[0].weight/2 ) return between(at, 1, d->min, c[0].weight/2, c[0].mean);
  if( at<=total - 1 && total - at<=last->weight/2 && last->weight/2>1 ){
    return between(total - at, 1, d->max, last->weight/2, last->mean);
  }
  if( at>=total - 1 ) return d->max;
  so_far = c[0].weight/2;
  for(i=0; i<d->n-1; i++){
    double delta = (c[i].weight + c[i+1].weight)/2, offset = at - so_far, length = delta;
    if( so_far + delta<=at ){ so_far += delta; continue; }
    if( c[i].weight==1 && offset<c[i].weight/2 ) return c[i].mean;
    if( c[i+1].weight==1 && offset>=c[i].weight/2 ) return c[i+1].mean;
    if( c[i].weight==1 ){
      offset -= c[i].weight/2;
      length = c[i+1].weight/2;
    }else if( c[i+1].weight==1 ){
      length = c[i].weight/2;
    }
    return between(offset, 0, c[i].mean, length, c[i+1].mean);
  }
  if( last->weight/2>1 ) return between(total - at, 1, d->max, last->weight/2, last->mean);
  return d->max;
}

/* --- approx_percentile --------------------------------------------------- */

/* Keep the percentiles of the latest row; they are checked at the end, as
** Athena does for one, or at once for an array. */
static int keep_percentile(FnCall *c, Digest *d, const Type *t, const Value *v){
  int n = t->kind==T_ARRAY ? list_count(v) : 1;
  if( d->percentile && t->kind==T_ARRAY ) return FN_OK;
  if( d->percentile==0 ){
    d->percentile = sqlite3_malloc64(sizeof(Value)*((uint64_t)n + 1));
    if( d->percentile==0 ) return agg_oom(c);
    d->n_percentile = n;
  }
  for(int i=0; i<n; i++){
    d->percentile[i] = t->kind==T_ARRAY ? list_get(v, i) : *v;
    if( t->kind!=T_ARRAY ) continue;
    if( d->percentile[i].kind==V_NULL ) return fn_bad_argument(c, "Percentile cannot be null");
    if( !(d->percentile[i].r>=0 && d->percentile[i].r<=1) ){
      return fn_bad_argument(c, "Percentile must be between 0 and 1");
    }
  }
  return FN_OK;
}

static int percentile_step(FnCall *c, void *p, int argc, const Value *v){
  double value = v[0].kind==V_INT ? (double)v[0].i : v[0].r;
  if( v[0].kind==V_INT && (value>=0x1p63 || (int64_t)value!=v[0].i) ){
    return fn_bad_argument(c, "no exact double representation for long: %lld", (long long)v[0].i);
  }
  if( keep_percentile(c, p, c->argt[argc-1], &v[argc-1]) ) return FN_ERROR;
  return digest_add(c, p, value, argc==3 ? v[1].r : 1);
}

static Value as_type(const Type *t, double r){
  if( t->kind==T_BIGINT ) return value_int((int64_t)floor(r + 0.5));
  return value_real(t->kind==T_REAL ? (double)(float)r : r);
}

static int percentile_final(FnCall *c, void *p, Value *out){
  Digest *d = p;
  ListBuilder b;
  if( d->n==0 ) return FN_OK;
  digest_merge(d);
  if( c->rett->kind!=T_ARRAY ){
    double q = d->percentile[0].r;
    if( !(q>=0 && q<=1) ) return fn_bad_argument(c, "Percentile must be between 0 and 1");
    *out = as_type(c->rett, digest_value(d, q));
    return FN_OK;
  }
  list_begin(&b, c->arena);
  for(int i=0; i<d->n_percentile; i++) list_add(&b, as_type(c->rett->arg[0], digest_value(d, d->percentile[i].r)));
  *out = list_end(&b);
  return FN_OK;
}

static void percentile_reset(void *p){
  Digest *d = p;
  sqlite3_free(d->c);
  sqlite3_free(d->percentile);
  memset(d, 0, sizeof(*d));
}

static int accuracy_step(FnCall *c, void *p, int n, const Value *v){
  (void)p; (void)n; (void)v;
  return fn_refuse(c, "approx_percentile with an accuracy");
}

/* --- numeric_histogram --------------------------------------------------- */

typedef struct Histogram { Centroid *c; int n, buckets; } Histogram;

/* Sort and join buckets of the same value. */
static void join_equal(Histogram *h){
  int at = 0;
  for(int i=0; i<h->n; i++) h->c[i].order = i;
  qsort(h->c, (size_t)h->n, sizeof(*h->c), by_mean);
  for(int i=1; i<h->n; i++){
    if( h->c[at].mean==h->c[i].mean ) h->c[at].weight += h->c[i].weight;
    else h->c[++at] = h->c[i];
  }
  if( h->n ) h->n = at + 1;
}

static double penalty(const Centroid *a, const Centroid *b){
  double weight = a->weight + b->weight, difference = a->mean - b->mean;
  return weight*(difference*difference)*((a->weight*b->weight)/(weight*weight));
}

static void compact(Histogram *h){
  join_equal(h);
  while( h->n>h->buckets ){
    int best = 0;
    double least = INFINITY, weight;
    Centroid *a;
    for(int i=0; i<h->n-1; i++){
      double x = penalty(&h->c[i], &h->c[i+1]);
      if( x<least ){ least = x; best = i; }
    }
    a = &h->c[best];
    weight = a[0].weight + a[1].weight;
    a[0].mean = (a[0].mean*a[0].weight + a[1].mean*a[1].weight)/weight;
    a[0].weight = weight;
    memmove(a + 1, a + 2, sizeof(*a)*(size_t)(h->n - best - 2));
    h->n--;
  }
}

static int histogram_step(FnCall *c, void *p, int argc, const Value *v){
  Histogram *h = p;
  if( h->c==0 ){
    if( v[0].i<2 ) return fn_bad_argument(c, "numeric_histogram bucket count must be greater than one");
    if( v[0].i>HISTOGRAM_MAX ) return fn_refuse(c, "numeric_histogram of more than %d buckets", HISTOGRAM_MAX);
    h->buckets = (int)v[0].i;
    h->c = sqlite3_malloc64(sizeof(*h->c)*((uint64_t)h->buckets + HISTOGRAM_BUFFER));
    if( h->c==0 ) return agg_oom(c);
  }
  if( h->n==h->buckets + HISTOGRAM_BUFFER ) compact(h);
  h->c[h->n].mean = v[1].r;
  h->c[h->n++].weight = argc==3 ? v[2].r : 1;
  return FN_OK;
}

static int histogram_final(FnCall *c, void *p, Value *out){
  Histogram *h = p;
  const Type *t;
  Value *kv;
  int dup;
  if( h->n==0 ) return FN_OK;
  compact(h);
  t = c->rett->arg[0];
  kv = arena_alloc_raw(c->arena, sizeof(Value)*2*(size_t)h->n);
  if( kv==0 ) return FN_ERROR;
  for(int i=0; i<h->n; i++){
    kv[2*i] = as_type(t, h->c[i].mean);
    kv[2*i + 1] = as_type(t, h->c[i].weight);
  }
  if( map_from(c->arena, c->rett, h->n, kv, out, &dup) ) return fn_refuse(c, "numeric_histogram with equal buckets");
  return FN_OK;
}

static void histogram_reset(void *p){
  sqlite3_free(((Histogram*)p)->c);
  memset(p, 0, sizeof(Histogram));
}

/* --- Rows ---------------------------------------------------------------- */

#define PERCENTILE(sig, sql, doc) \
  {"approx_percentile", sig, FN_TYPED, "t_approx_percentile_" sql, 0, sizeof(Digest), \
   percentile_step, 0, percentile_final, percentile_reset, doc, 0, 0},
#define ACCURACY(sig, sql) \
  {"approx_percentile", sig, FN_TYPED, "t_approx_percentile_" sql, 0, sizeof(Digest), \
   accuracy_step, 0, percentile_final, percentile_reset, 0, 0, 0},
#define HISTOGRAM(sig, sql, doc) \
  {"numeric_histogram", sig, FN_TYPED, "t_numeric_histogram_" sql, 0, sizeof(Histogram), \
   histogram_step, 0, histogram_final, histogram_reset, doc, 0, 0},

const AggDef agg_sketch[] = {
  PERCENTILE("(bigint, double) -> bigint", "bigint", "The value below which a fraction of the values lie.")
  PERCENTILE("(bigint, double, double) -> bigint", "bigint_weighted", 0)
  PERCENTILE("(double, double) -> double", "double", 0)
  PERCENTILE("(double, double, double) -> double", "double_weighted", 0)
  PERCENTILE("(real, double) -> real", "real", 0)
  PERCENTILE("(real, double, double) -> real", "real_weighted", 0)
  PERCENTILE("(bigint, array(double)) -> array(bigint)", "bigint_array", 0)
  PERCENTILE("(bigint, double, array(double)) -> array(bigint)", "bigint_weighted_array", 0)
  PERCENTILE("(double, array(double)) -> array(double)", "double_array", 0)
  PERCENTILE("(double, double, array(double)) -> array(double)", "double_weighted_array", 0)
  PERCENTILE("(real, array(double)) -> array(real)", "real_array", 0)
  PERCENTILE("(real, double, array(double)) -> array(real)", "real_weighted_array", 0)
  ACCURACY("(bigint, double, double, double) -> bigint", "bigint_accuracy")
  ACCURACY("(double, double, double, double) -> double", "double_accuracy")
  ACCURACY("(real, double, double, double) -> real", "real_accuracy")
  HISTOGRAM("(bigint, double) -> map(double,double)", "double", "A histogram of at most n buckets.")
  HISTOGRAM("(bigint, double, double) -> map(double,double)", "double_weighted", 0)
  HISTOGRAM("(bigint, real) -> map(real,real)", "real", 0)
  HISTOGRAM("(bigint, real, double) -> map(real,real)", "real_weighted", 0)
  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
};
