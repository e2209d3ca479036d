/* AWS Signature Version 4: see sign.h. */
#include "sign.h"
#include <string.h>
#include <strings.h>
#include <stdlib.h>
#include <ctype.h>

#define SHA256_BYTES 32

void sign_uri_encode(Buf *b, const char *z, size_t n, int keep_slash){
  static const char hex[] = "0123456789ABCDEF";
  for(size_t i=0; i<n; i++){
    unsigned char c = (unsigned char)z[i];
    if( (c>='A' && c<='Z') || (c>='a' && c<='z') || (c>='0' && c<='9')
     || c=='-' || c=='.' || c=='_' || c=='~' || (c=='/' && keep_slash) ){
      buf_char(b, (char)c);
    }else{
      buf_char(b, '%');
      buf_char(b, hex[c>>4]);
      buf_char(b, hex[c&15]);
    }
  }
}

static void hex_of(const unsigned char *p, char *hex){
  static const char digit[] = "0123456789abcdef";
  for(int i=0; i<SHA256_BYTES; i++){
    hex[2*i] = digit[p[i]>>4];
    hex[2*i+1] = digit[p[i]&15];
  }
  hex[2*SHA256_BYTES] = 0;
}

int sign_sha256_hex(const void *p, size_t n, char *hex, const char **error){
  unsigned char digest[EVP_MAX_MD_SIZE];
  const CryptoLib *crypto = lib_crypto(error);
  if( crypto==0 ) return 1;
  if( crypto->EVP_Digest(p, n, digest, 0, crypto->EVP_sha256(), 0)!=1 ){
    *error = "libcrypto cannot compute SHA-256";
    return 1;
  }
  hex_of(digest, hex);
  return 0;
}

/* Drop empty and "." segments and apply "..", as RFC 3986 section 5.2.4 says. */
static void path_normalize(Buf *out, const char *z){
  size_t start[256];
  int depth = 0;
  while( *z ){
    size_t n;
    while( *z=='/' ) z++;
    n = strcspn(z, "/");
    if( n==0 ) break;
    if( n==1 && z[0]=='.' ){
      ;
    }else if( n==2 && z[0]=='.' && z[1]=='.' ){
      if( depth ) out->n = start[--depth];
    }else if( depth<256 ){
      start[depth++] = out->n;
      buf_char(out, '/');
      buf_add(out, z, n);
    }
    z += n;
    if( *z=='/' && z[strspn(z, "/")]==0 && out->n ){
      buf_char(out, '/');                 /* what ends in a slash keeps one */
      break;
    }
  }
  if( out->n==0 ) buf_char(out, '/');
  if( !out->oom ) out->z[out->n] = 0;
}

static const char *canonical_path(Arena *a, const SignRequest *r, const char *url_path){
  Buf normal, twice;
  buf_init(&normal, a);
  buf_init(&twice, a);
  if( r->normalize_path ) path_normalize(&normal, url_path);
  else buf_str(&normal, url_path);
  if( normal.oom || !r->encode_path_twice ) return normal.z;
  sign_uri_encode(&twice, normal.z, normal.n, 1);
  return twice.z;
}

/* By name, then value; both already encoded or lower-cased. */
static int pair_compare(const void *a, const void *b){
  const SignPair *p = a, *q = b;
  int c = strcmp(p->name, q->name);
  return c ? c : strcmp(p->value, q->value);
}

/* Sorting comes after encoding: `select=` sorts before `select-type=`. */
static const char *canonical_query(Arena *a, const SignRequest *r){
  SignPair pair[SIGN_QUERY_MAX];
  Buf out;
  for(int i=0; i<r->n_query; i++){
    Buf name, value;
    buf_init(&name, a);
    buf_init(&value, a);
    sign_uri_encode(&name, r->query[i].name, strlen(r->query[i].name), 0);
    sign_uri_encode(&value, r->query[i].value, strlen(r->query[i].value), 0);
    pair[i].name = name.z ? name.z : "";
    pair[i].value = value.z ? value.z : "";
  }
  qsort(pair, (size_t)r->n_query, sizeof(pair[0]), pair_compare);
  buf_init(&out, a);
  buf_str(&out, "");
  for(int i=0; i<r->n_query; i++){
    buf_printf(&out, "%s%s=%s", i ? "&" : "", pair[i].name, pair[i].value);
  }
  return out.z;
}

static int is_blank(char c){
  return c==' ' || c=='\t' || c=='\r' || c=='\n';
}

/* Lower-case name, value trimmed and with runs of blanks as one; a folded
** line's break is a blank. */
static SignPair header_canonical(Arena *a, const SignPair *h){
  SignPair out;
  Buf value;
  char *name = arena_strdup(a, h->name);
  const char *z = h->value;
  for(char *p = name; p && *p; p++) *p = (char)tolower((unsigned char)*p);
  buf_init(&value, a);
  buf_str(&value, "");
  while( is_blank(*z) ) z++;
  for(; *z; z++){
    if( is_blank(*z) && (is_blank(z[1]) || z[1]==0) ) continue;
    buf_char(&value, is_blank(*z) ? ' ' : *z);
  }
  out.name = name ? name : "";
  out.value = value.z ? value.z : "";
  return out;
}

/* "name:value\n" for each header in order of name; a repeated header's values
** are joined by commas in the order given. */
static void canonical_headers(Arena *a, const SignRequest *r, Buf *headers, Buf *names){
  SignPair pair[SIGN_HEADER_MAX];
  int n = r->n_header;
  for(int i=0; i<n; i++) pair[i] = header_canonical(a, &r->header[i]);
  for(int i=1; i<n; i++){                 /* stable: equal names keep their order */
    SignPair p = pair[i];
    int j = i;
    for(; j>0 && strcmp(pair[j-1].name, p.name)>0; j--) pair[j] = pair[j-1];
    pair[j] = p;
  }
  for(int i=0; i<n; i++){
    if( i>0 && strcmp(pair[i].name, pair[i-1].name)==0 ){
      headers->n--;                       /* over the line's end */
      buf_printf(headers, ",%s\n", pair[i].value);
    }else{
      buf_printf(headers, "%s:%s\n", pair[i].name, pair[i].value);
      buf_printf(names, "%s%s", names->n ? ";" : "", pair[i].name);
    }
  }
}

/* 1 when libcrypto gave none, for want of memory. */
static int hmac(const CryptoLib *crypto, const void *key, size_t n_key, const char *text, unsigned char *out){
  unsigned int n = SHA256_BYTES;
  return crypto->HMAC(crypto->EVP_sha256(), key, (int)n_key, (const unsigned char*)text, strlen(text), out, &n)==0;
}

/* The chain secret -> date -> region -> service -> "aws4_request". */
static int derive_key(const CryptoLib *crypto, const SignRequest *r, const char *date, const char *key, unsigned char *k){
  return hmac(crypto, key, strlen(key), date, k) || hmac(crypto, k, SHA256_BYTES, r->region, k)
      || hmac(crypto, k, SHA256_BYTES, r->service, k) || hmac(crypto, k, SHA256_BYTES, "aws4_request", k);
}

static int is_kept(const SignRequest *r, const char *date){
  const SignKey *kept = r->kept;
  return kept && kept->secret==r->secret && strcmp(kept->date, date)==0 && strcmp(kept->region, r->region)==0
      && strcmp(kept->service, r->service)==0;
}

static void keep_key(const SignRequest *r, const char *date, const unsigned char *k){
  SignKey *kept = r->kept;
  if( kept==0 || strlen(date)>=sizeof(kept->date) || strlen(r->region)>=sizeof(kept->region)
   || strlen(r->service)>=sizeof(kept->service) ) return;
  kept->secret = r->secret;
  strcpy(kept->date, date);
  strcpy(kept->region, r->region);
  strcpy(kept->service, r->service);
  memcpy(kept->key, k, SHA256_BYTES);
}

/* The text's HMAC with the day's key. */
static int signature_of(const CryptoLib *crypto, const SignRequest *r, const char *date,
                        const char *key, const char *text, char *hex){
  unsigned char k[SHA256_BYTES];
  if( is_kept(r, date) ) memcpy(k, r->kept->key, sizeof(k));
  else if( derive_key(crypto, r, date, key, k) ) return 1;
  else keep_key(r, date, k);
  if( hmac(crypto, k, sizeof(k), text, k) ) return 1;
  hex_of(k, hex);
  return 0;
}

int sign_v4(Arena *a, const SignRequest *r, SignResult *out, const char **error){
  const CryptoLib *crypto = lib_crypto(error);
  const char *path, *scope, *date, *key;
  char digest[2*SHA256_BYTES+1], signature[2*SHA256_BYTES+1];
  Buf url_path, headers, names;
  int rc;
  *error = "too many headers or query parameters to sign";
  if( r->n_header>SIGN_HEADER_MAX || r->n_query>SIGN_QUERY_MAX ) return 1;
  if( crypto==0 ){
    lib_crypto(error);
    return 1;
  }
  *error = "out of memory";
  buf_init(&url_path, a);
  buf_init(&headers, a);
  buf_init(&names, a);
  sign_uri_encode(&url_path, r->path, strlen(r->path), 1);
  canonical_headers(a, r, &headers, &names);
  if( a->oom ) return 1;
  out->url_path = url_path.z;
  out->url_query = canonical_query(a, r);
  path = canonical_path(a, r, url_path.z);
  date = arena_strndup(a, r->amz_date, 8);
  scope = arena_printf(a, "%s/%s/%s/aws4_request", date ? date : "", r->region, r->service);
  key = arena_printf(a, "AWS4%s", r->secret);
  if( a->oom ) return 1;
  out->canonical_request = arena_printf(a, "%s\n%s\n%s\n%s\n%s\n%s", r->method, path, out->url_query,
                                        headers.z, names.z, r->payload_sha256);
  if( out->canonical_request==0 ) return 1;
  if( sign_sha256_hex(out->canonical_request, strlen(out->canonical_request), digest, error) ) return 1;
  out->string_to_sign = arena_printf(a, "AWS4-HMAC-SHA256\n%s\n%s\n%s", r->amz_date, scope, digest);
  if( out->string_to_sign==0 ) return 1;
  *error = "libcrypto cannot compute an HMAC";
  rc = signature_of(crypto, r, date, key, out->string_to_sign, signature);
  memset((char*)key, 0, strlen(key));
  if( rc ) return 1;
  *error = "out of memory";
  out->signature = arena_strdup(a, signature);
  out->authorization = arena_printf(a, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                                    r->key_id, scope, names.z, signature);
  return a->oom;
}
