/* The command line's part of an S3 client's configuration: see s3_options.h. */
#include <stdlib.h>
#include <string.h>
#include "s3_options.h"

S3Config s3_config(const Options *o){
  S3Config c;
  memset(&c, 0, sizeof(c));
  c.credentials.profile = o->profile;
  c.credentials.region = o->region;
  c.credentials.anonymous = o->no_sign_request;
  c.endpoint = o->endpoint_url;
  return c;
}

const char *s3_endpoint_text(void){
  const char *z = getenv("AWS_ENDPOINT_URL_S3");
  if( z==0 || z[0]==0 ) z = getenv("AWS_ENDPOINT_URL");
  return z && z[0] ? z : 0;
}
