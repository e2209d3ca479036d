/*
** The signer against the public SigV4 suite and S3's worked examples
** (tests/s3/sigv4.txt says where they come from).
*/
#include "vtab/s3/sign.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define LINE_MAX_BYTES 8192

typedef struct Case {
  char name[128], method[16], path[1024], body[1024], creq[4096], sts[1024], signature[80], authorization[1024];
  char region[32], service[32], date[32];
  int s3, normalize, twice, n_query, n_header;
  SignPair query[16], header[16];
} Case;

/* \n and \\ of the file's lines. */
static void unescape(char *z){
  char *to = z;
  for(; *z; z++){
    if( z[0]=='\\' && z[1] ){
      *to++ = z[1]=='n' ? '\n' : z[1];
      z++;
    }else{
      *to++ = *z;
    }
  }
  *to = 0;
}

static SignPair pair_of(Arena *a, const char *z, char separator){
  SignPair p;
  const char *at = strchr(z, separator);
  p.name = arena_strndup(a, z, (size_t)(at - z));
  p.value = arena_strdup(a, at + 1);
  return p;
}

static int check(const char *name, const char *what, const char *want, const char *got){
  if( want[0]==0 || strcmp(want, got)==0 ) return 0;
  printf("not ok sign_%s: %s: want %s got %s\n", name, what, want, got);
  return 1;
}

static void run_case(Arena *a, Case *c){
  SignRequest r = {0};
  SignResult out = {0};
  const char *error = 0;
  char sha[65];
  int bad;
  if( sign_sha256_hex(c->body, strlen(c->body), sha, &error) ){
    printf("not ok sign_%s: %s\n", c->name, error);
    return;
  }
  r.method = c->method;
  r.path = c->path;
  r.n_query = c->n_query;
  r.query = c->query;
  r.n_header = c->n_header;
  r.header = c->header;
  r.payload_sha256 = sha;
  r.key_id = c->s3 ? "AKIAIOSFODNN7EXAMPLE" : "AKIDEXAMPLE";
  r.secret = c->s3 ? "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" : "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  r.region = c->region[0] ? c->region : "us-east-1";
  r.service = c->service[0] ? c->service : c->s3 ? "s3" : "service";
  r.amz_date = c->date;
  r.encode_path_twice = c->twice;
  r.normalize_path = c->normalize;
  if( sign_v4(a, &r, &out, &error) ){
    printf("not ok sign_%s: %s\n", c->name, error);
    return;
  }
  bad = check(c->name, "canonical request", c->creq, out.canonical_request)
     || check(c->name, "string to sign", c->sts, out.string_to_sign)
     || check(c->name, "signature", c->signature, out.signature)
     || check(c->name, "Authorization", c->authorization, out.authorization);
  if( !bad && strstr(out.authorization, r.secret) ){
    printf("not ok sign_%s: the secret is in the result\n", c->name);
    bad = 1;
  }
  if( !bad ) printf("ok sign_%s\n", c->name);
}

static void take_line(Arena *a, Case *c, char *line){
  char *value = strchr(line, ' ');
  if( value ) *value++ = 0; else value = line + strlen(line);
  unescape(value);
  if( !strcmp(line, "name") ) snprintf(c->name, sizeof(c->name), "%s", value);
  if( !strcmp(line, "s3") ) c->s3 = 1;
  if( !strcmp(line, "normalize") ) c->normalize = 1;
  if( !strcmp(line, "twice") ) c->twice = 1;
  if( !strcmp(line, "method") ) snprintf(c->method, sizeof(c->method), "%s", value);
  if( !strcmp(line, "path") ) snprintf(c->path, sizeof(c->path), "%s", value);
  if( !strcmp(line, "body") ) snprintf(c->body, sizeof(c->body), "%s", value);
  if( !strcmp(line, "creq") ) snprintf(c->creq, sizeof(c->creq), "%s", value);
  if( !strcmp(line, "sts") ) snprintf(c->sts, sizeof(c->sts), "%s", value);
  if( !strcmp(line, "signature") ) snprintf(c->signature, sizeof(c->signature), "%s", value);
  if( !strcmp(line, "authorization") ) snprintf(c->authorization, sizeof(c->authorization), "%s", value);
  if( !strcmp(line, "region") ) snprintf(c->region, sizeof(c->region), "%s", value);
  if( !strcmp(line, "service") ) snprintf(c->service, sizeof(c->service), "%s", value);
  if( !strcmp(line, "date") ) snprintf(c->date, sizeof(c->date), "%s", value);
  if( !strcmp(line, "query") ) c->query[c->n_query++] = pair_of(a, value, '=');
  if( !strcmp(line, "header") ){
    SignPair p = pair_of(a, value, ':');
    c->header[c->n_header++] = p;
    if( !strcasecmp(p.name, "x-amz-date") ) snprintf(c->date, sizeof(c->date), "%s", p.value);
  }
}

int main(void){
  FILE *f = fopen("tests/s3/sigv4.txt", "r");
  char line[LINE_MAX_BYTES];
  Case c;
  Arena a;
  arena_init(&a);
  if( f==0 ){
    printf("not ok sign: tests/s3/sigv4.txt cannot be read\n");
    return 1;
  }
  memset(&c, 0, sizeof(c));
  while( fgets(line, sizeof(line), f) ){
    line[strcspn(line, "\n")] = 0;
    if( line[0]=='#' ) continue;
    if( line[0] ){
      take_line(&a, &c, line);
    }else if( c.name[0] ){
      run_case(&a, &c);
      memset(&c, 0, sizeof(c));
    }
  }
  if( c.name[0] ) run_case(&a, &c);
  fclose(f);
  arena_free(&a);
  return 0;
}
