/*
** tarn s3 whoami: which credentials, region and endpoint a request would use.
**
** Prints the source and the last four characters of the key id; the secret and
** the session token are never printed.
*/
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "command.h"
#include "s3_options.h"

static void print_expiry(const Credentials *c){
  time_t at = (time_t)c->expires_s;
  struct tm tm;
  char text[32] = "never";
  if( at ){
    gmtime_r(&at, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
  }
  printf("expires   %s\n", text);
}

int cmd_s3(const Options *o){
  Arena arena;
  S3Config config = s3_config(o);
  Credentials c;
  const char *error;
  int rc;
  if( o->n_operand!=1 || strcmp(o->operand[0], "whoami")!=0 ){
    fputs("tarn s3: whoami is what it does\n", stderr);
    return EXIT_USAGE;
  }
  arena_init(&arena);
  rc = credentials_find(&arena, &config.credentials, &c, &error);
  if( rc ){
    fprintf(stderr, "tarn s3: %s\n", error);
  }else{
    const char *endpoint = s3_endpoint_text();
    size_t n = c.key_id ? strlen(c.key_id) : 0;
    printf("source    %s\n", c.source);
    if( c.key_id ) printf("key       …%s\n", c.key_id + (n>4 ? n-4 : 0));
    printf("session   %s\n", c.session_token ? "yes" : "no");
    printf("region    %s (%s)\n", c.region ? c.region : "us-east-1", c.region_source);
    printf("endpoint  %s\n", o->endpoint_url ? o->endpoint_url : endpoint ? endpoint : "amazonaws.com");
    print_expiry(&c);
  }
  arena_free(&arena);
  return rc ? EXIT_FAILED : EXIT_DONE;
}
