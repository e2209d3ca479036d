/*
** Statistics: variance and its family, covariance, correlation, regression,
** skewness, kurtosis, geometric_mean, numeric_histogram, checksum.
**
** Athena's numbers depend on the order of operations, so the running formulas
** are the engine's own: Welford's for moments, co-moments about the running
** means for pairs.  Reals go through double and are rounded at the end.
*/
#include "aggregate.h"
#include "../decimal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double number(const Value *v){ return v->kind==V_INT ? (double)v->i : v->r; }

static Value real(double r){ return value_real((double)(float)r); }

/* --- Variance ------------------------------------------------------------ */

typedef struct Moments { int64_t n; double m1, m2, m3, m4; } Moments;

static int variance_step(FnCall *c, void *p, int n, const Value *v){
  Moments *s = p;
  double x = number(&v[0]), delta = x - s->m1;
  (void)c; (void)n;
  s->n++;
  s->m1 += delta/(double)s->n;
  s->m2 += delta*(x - s->m1);
  return FN_OK;
}

#define VARIANCE(name, least, expr) \
  static int name##_final(FnCall *c, void *p, Value *out){ \
    Moments *s = p; \
    double n = (double)s->n; \
    (void)c; \
    if( s->n>=least ) *out = value_real(expr); \
    return FN_OK; }
VARIANCE(var_samp, 2, s->m2/(n - 1))
VARIANCE(var_pop, 1, s->m2/n)
VARIANCE(stddev_samp, 2, sqrt(s->m2/(n - 1)))
VARIANCE(stddev_pop, 1, sqrt(s->m2/n))
VARIANCE(skewness, 3, sqrt(n)*s->m3/pow(s->m2, 1.5))
VARIANCE(kurtosis, 4, ((n - 1)*n*(n + 1))/((n - 2)*(n - 3))*s->m4/(s->m2*s->m2)
                      - 3*((n - 1)*(n - 1))/((n - 2)*(n - 3)))

static int moments_step(FnCall *c, void *p, int argc, const Value *v){
  Moments *s = p;
  double n1 = (double)s->n, n = n1 + 1, m2 = s->m2, m3 = s->m3;
  double delta = number(&v[0]) - s->m1, delta_n = delta/n, delta_n2 = delta_n*delta_n;
  double dm2 = delta*delta_n*n1;
  (void)c; (void)argc;
  s->n++;
  s->m1 += delta_n;
  s->m2 = m2 + dm2;
  s->m3 = m3 + dm2*delta_n*(n - 2) - 3*delta_n*m2;
  s->m4 = s->m4 + dm2*delta_n2*(n*n - 3*n + 3) + 6*delta_n2*m2 - 4*delta_n*m3;
  return FN_OK;
}

/* --- Pairs --------------------------------------------------------------- */

typedef struct Pairs { int64_t n; double mean_x, mean_y, c2, m2_x, m2_y; } Pairs;

/* Athena calls with (y, x). */
static int pairs_step(FnCall *c, void *p, int n, const Value *v){
  Pairs *s = p;
  double y = v[0].r, x = v[1].r, old_x = s->mean_x, old_y = s->mean_y;
  (void)c; (void)n;
  s->n++;
  s->mean_x = old_x + (x - old_x)/(double)s->n;
  s->mean_y = old_y + (y - old_y)/(double)s->n;
  s->c2 += (x - old_x)*(y - s->mean_y);
  s->m2_x += (x - old_x)*(x - s->mean_x);
  s->m2_y += (y - old_y)*(y - s->mean_y);
  return FN_OK;
}

/* A double and a real form; `finite` says whether NaN and infinity are NULL. */
#define PAIRS(name, least, finite, expr) \
  static int name##_value(const Pairs *s, double *r){ \
    double n = (double)s->n; \
    (void)n; \
    if( s->n<least ) return 0; \
    *r = expr; \
    return !finite || isfinite(*r); } \
  static int name##_final(FnCall *c, void *p, Value *out){ \
    double r = 0; \
    (void)c; \
    if( name##_value(p, &r) ) *out = value_real(r); \
    return FN_OK; } \
  static int name##_real_final(FnCall *c, void *p, Value *out){ \
    double r = 0; \
    (void)c; \
    if( name##_value(p, &r) ) *out = real(r); \
    return FN_OK; }
PAIRS(covar_samp, 2, 0, s->c2/(n - 1))
PAIRS(covar_pop, 1, 0, s->c2/n)
PAIRS(corr, 1, 1, s->c2/sqrt(s->m2_x)/sqrt(s->m2_y))
PAIRS(regr_slope, 1, 1, s->c2/s->m2_x)
PAIRS(regr_intercept, 1, 1, s->mean_y - s->c2/s->m2_x*s->mean_x)

/* --- Geometric mean ------------------------------------------------------ */

typedef struct Logs { int64_t n; double sum; } Logs;

static int logs_step(FnCall *c, void *p, int n, const Value *v){
  Logs *s = p;
  (void)c; (void)n;
  s->n++;
  s->sum += log(number(&v[0]));
  return FN_OK;
}

static int logs_final(FnCall *c, void *p, Value *out){
  Logs *s = p;
  (void)c;
  if( s->n ) *out = value_real(exp(s->sum/(double)s->n));
  return FN_OK;
}

static int logs_real_final(FnCall *c, void *p, Value *out){
  Logs *s = p;
  (void)c;
  if( s->n ) *out = real(exp(s->sum/(double)s->n));
  return FN_OK;
}

/* --- checksum ------------------------------------------------------------ */

#define PRIME1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME3 UINT64_C(0x165667B19E3779F9)
#define PRIME4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t rotate(uint64_t x, int n){ return x<<n | x>>(64 - n); }

static uint64_t read64(const char *z){
  uint64_t x;
  memcpy(&x, z, 8);
  return x;
}

static uint64_t xx_round(uint64_t acc, uint64_t x){ return rotate(acc + x*PRIME2, 31)*PRIME1; }
static uint64_t xx_merge(uint64_t acc, uint64_t x){ return (acc ^ xx_round(0, x))*PRIME1 + PRIME4; }

static uint64_t xx_finish(uint64_t h){
  h = (h ^ h>>33)*PRIME2;
  h = (h ^ h>>29)*PRIME3;
  return h ^ h>>32;
}

/* xxHash64 with seed 0. */
static uint64_t xx_hash(const char *z, size_t n){
  const char *end = z + n;
  uint64_t h = PRIME5;
  if( n>=32 ){
    uint64_t v1 = PRIME1 + PRIME2, v2 = PRIME2, v3 = 0, v4 = 0 - PRIME1;
    for(; end - z>=32; z += 32){
      v1 = xx_round(v1, read64(z));
      v2 = xx_round(v2, read64(z + 8));
      v3 = xx_round(v3, read64(z + 16));
      v4 = xx_round(v4, read64(z + 24));
    }
    h = rotate(v1, 1) + rotate(v2, 7) + rotate(v3, 12) + rotate(v4, 18);
    h = xx_merge(xx_merge(xx_merge(xx_merge(h, v1), v2), v3), v4);
  }
  h += n;
  for(; end - z>=8; z += 8) h = rotate(h ^ xx_round(0, read64(z)), 27)*PRIME1 + PRIME4;
  if( end - z>=4 ){
    uint32_t x;
    memcpy(&x, z, 4);
    h = rotate(h ^ x*PRIME1, 23)*PRIME2 + PRIME3;
    z += 4;
  }
  for(; z<end; z++) h = rotate(h ^ (unsigned char)*z*PRIME5, 11)*PRIME1;
  return xx_finish(h);
}

static uint64_t xx_long(uint64_t x){ return xx_hash((const char*)&x, 8); }

/* Trino's hash of a value: 0, or -1 for a type whose hash is not reproduced. */
static int hash_value(const Type *t, const Value *v, uint64_t *h){
  double r;
  uint64_t bits;
  switch( t->kind ){
    case T_BOOLEAN: case T_TINYINT: case T_SMALLINT: case T_INTEGER: case T_BIGINT: case T_DATE:
    case T_INTERVAL_DS: case T_INTERVAL_YM: case T_TIME:
      *h = xx_long((uint64_t)v->i);
      return 0;
    case T_TIMESTAMP:
      if( t->p>6 ) return -1;
      *h = xx_long((uint64_t)v->i);
      return 0;
    case T_DECIMAL:
      if( t->p<=DECIMAL_SHORT_MAX ){
        *h = xx_long((uint64_t)v->i);
      }else{
        u128 x = (u128)value_get_decimal(t, v);
        *h = xx_long((uint64_t)x) ^ xx_long((uint64_t)(x>>64));
      }
      return 0;
    case T_DOUBLE:
      r = isnan(v->r) ? (double)NAN : v->r==0 ? 0 : v->r;
      memcpy(&bits, &r, 8);
      *h = xx_long(bits & (isnan(r) ? UINT64_C(0x7fffffffffffffff) : ~UINT64_C(0)));
      return 0;
    case T_VARCHAR: case T_VARBINARY: case T_JSON: case T_CHAR:
      *h = xx_hash(v->z, (size_t)v->n);
      return 0;
    default:
      return -1;
  }
}

typedef struct Checksum { int64_t n; uint64_t sum; } Checksum;

static int checksum_step(FnCall *c, void *p, int n, const Value *v){
  Checksum *s = p;
  uint64_t h = 1;
  (void)n;
  s->n++;
  if( v[0].kind!=V_NULL && hash_value(c->argt[0], &v[0], &h) ){
    return fn_refuse(c, "checksum of %s", type_text(c->arena, c->argt[0]));
  }
  s->sum += h*PRIME1;
  return FN_OK;
}

static int checksum_inverse(FnCall *c, void *p, int n, const Value *v){
  Checksum *s = p;
  uint64_t h = 1;
  (void)n;
  s->n--;
  if( v[0].kind!=V_NULL ) hash_value(c->argt[0], &v[0], &h);
  s->sum -= h*PRIME1;
  return FN_OK;
}

static int checksum_final(FnCall *c, void *p, Value *out){
  Checksum *s = p;
  char *z;
  if( s->n==0 ) return FN_OK;
  z = arena_alloc_raw(c->arena, 8);
  if( z==0 ) return FN_ERROR;
  memcpy(z, &s->sum, 8);
  *out = value_blob(z, 8);
  return FN_OK;
}

/* --- Rows ---------------------------------------------------------------- */

/* A row over doubles that also takes bigint, as Athena lists them. */
#define ONE(name, step, doc) \
  {#name, "(bigint) -> double", 0, "t_" #name "_bigint", 0, sizeof(Moments), step, 0, name##_final, 0, doc, 0, 0}, \
  {#name, "(double) -> double", 0, "t_" #name "_double", 0, sizeof(Moments), step, 0, name##_final, 0, 0, 0, 0},
#define ALIAS(name, of, step, doc) \
  {#name, "(bigint) -> double", 0, "t_" #name "_bigint", 0, sizeof(Moments), step, 0, of##_final, 0, doc, 0, 0}, \
  {#name, "(double) -> double", 0, "t_" #name "_double", 0, sizeof(Moments), step, 0, of##_final, 0, 0, 0, 0},
#define TWO(name, doc) \
  {#name, "(double, double) -> double", 0, "t_" #name "_double", 0, sizeof(Pairs), \
   pairs_step, 0, name##_final, 0, doc, 0, 0}, \
  {#name, "(real, real) -> real", 0, "t_" #name "_real", 0, sizeof(Pairs), \
   pairs_step, 0, name##_real_final, 0, 0, 0, 0},

const AggDef agg_stats[] = {
  ALIAS(variance, var_samp, variance_step, "The sample variance.")
  ONE(var_samp, variance_step, "The sample variance.")
  ONE(var_pop, variance_step, "The population variance.")
  ALIAS(stddev, stddev_samp, variance_step, "The sample standard deviation.")
  ONE(stddev_samp, variance_step, "The sample standard deviation.")
  ONE(stddev_pop, variance_step, "The population standard deviation.")
  ONE(skewness, moments_step, "The skewness.")
  ONE(kurtosis, moments_step, "The excess kurtosis.")
  TWO(covar_samp, "The sample covariance.")
  TWO(covar_pop, "The population covariance.")
  TWO(corr, "The correlation coefficient.")
  TWO(regr_slope, "The slope of the line through (x, y), called with y first.")
  TWO(regr_intercept, "The intercept of the line through (x, y), called with y first.")
  {"geometric_mean", "(bigint) -> double", 0, "t_geometric_mean_bigint", 0, sizeof(Logs),
   logs_step, 0, logs_final, 0, "The geometric mean.", 0, 0},
  {"geometric_mean", "(double) -> double", 0, "t_geometric_mean_double", 0, sizeof(Logs),
   logs_step, 0, logs_final, 0, 0, 0, 0},
  {"geometric_mean", "(real) -> real", 0, "t_geometric_mean_real", 0, sizeof(Logs),
   logs_step, 0, logs_real_final, 0, 0, 0, 0},
  {"checksum", "(T) -> varbinary", FN_NULLS|FN_COMPARABLE|AGG_EXACT_INVERSE, 0, 0, sizeof(Checksum),
   checksum_step, checksum_inverse, checksum_final, 0, "A checksum of the values, whatever their order.", 0, 0},
  {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
};
