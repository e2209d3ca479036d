/* The command line's part of an S3 client's configuration. */
#ifndef TARN_S3_OPTIONS_H
#define TARN_S3_OPTIONS_H
#include "options.h"
#include "../vtab/s3/client.h"

/* Borrows the options' texts. */
S3Config s3_config(const Options*);
/* The endpoint that the environment names, or NULL for Amazon's own. */
const char *s3_endpoint_text(void);
#endif
