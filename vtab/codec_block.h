/*
** Hadoop's block framing of snappy and lz4 (see codec_block.c).
*/
#ifndef TARN_CODEC_BLOCK_H
#define TARN_CODEC_BLOCK_H

typedef struct BlockDecoder BlockDecoder;
enum { BLOCK_SNAPPY, BLOCK_LZ4 };

BlockDecoder *block_decoder_new(int format);    /* NULL: out of memory */
void block_decoder_free(BlockDecoder*);
/* Take input (*used bytes of it) and give output (*made bytes, up to n).
** SQLITE_OK, SQLITE_NOMEM, or SQLITE_CORRUPT with *reason. */
int block_decoder_step(BlockDecoder*, const unsigned char *in, int n_in, int *used,
                       char *out, int n, int *made, const char **reason);
/* The input may end here. */
int block_decoder_is_between(const BlockDecoder*);
#endif
