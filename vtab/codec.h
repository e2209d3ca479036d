/*
** Codecs: decompression by the suffix of a file's name (see codec.c).
*/
#ifndef TARN_CODEC_H
#define TARN_CODEC_H
#include "source.h"

typedef struct Codec Codec;
/* The codec of a name, NULL for plain bytes. */
const Codec *codec_of(const char *name);
/* Wrap a source; *source is replaced by the decompressed stream, which owns
** the old one.  On failure *source is unchanged. */
int codec_wrap(const Codec*, Source **source, char **pzErr);
/* NULL, or the message that refuses this codec. */
char *codec_refusal(const Codec*, const char *url);
#endif
