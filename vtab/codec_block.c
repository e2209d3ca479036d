/*
** Snappy and LZ4 in Hadoop's block framing, which is what Athena reads:
**
**   block := u32 length of the block's plain bytes (big-endian), chunks
**   chunk := u32 length of the compressed bytes (big-endian), those bytes
**
** A block's chunks go on until its plain length is reached.  A chunk is
** gathered whole, decompressed whole and handed out piece by piece.  The two
** decompressors check every length against both buffers.
**
** The frame formats of the lz4 and snzip programs are other formats; they are
** named in the error.
**
** Limits: BLOCK_BYTES_MAX of a block or chunk.
*/
#include "sqlite.h"
#include "codec_block.h"
#include <string.h>

#define BLOCK_BYTES_MAX (64*1024*1024)
#define LZ4_FRAME_MAGIC 0x04224d18u     /* read big-endian */
#define SNAPPY_FRAME_MAGIC 0xff060000u

struct BlockDecoder {
  int format;
  unsigned char head[4]; int n_head;            /* the length being read */
  int in_block;                                 /* a block is open: lengths are chunks' */
  sqlite3_int64 left;                           /* plain bytes of the block not yet decompressed */
  unsigned char *chunk; int n_chunk, cap_chunk, need_chunk;     /* need 0: no chunk is open */
  unsigned char *plain; int n_plain, cap_plain, at_plain;
};

BlockDecoder *block_decoder_new(int format){
  BlockDecoder *d = sqlite3_malloc64(sizeof(*d));
  if( d==0 ) return 0;
  memset(d, 0, sizeof(*d));
  d->format = format;
  return d;
}

void block_decoder_free(BlockDecoder *d){
  if( d==0 ) return;
  sqlite3_free(d->chunk);
  sqlite3_free(d->plain);
  sqlite3_free(d);
}

int block_decoder_is_between(const BlockDecoder *d){
  return !d->in_block && d->n_head==0 && d->at_plain==d->n_plain;
}

/* Copy n bytes that lie `back` bytes before the output's end; they may overlap. */
static void copy_back(unsigned char *out, unsigned back, unsigned n){
  const unsigned char *from = out - back;
  if( back>=n ) memcpy(out, from, n);
  else while( n-- ) *out++ = *from++;
}

/* One snappy buffer.  Returns its plain length, -1 when damaged. */
static int snappy_expand(const unsigned char *z, int n, unsigned char *out, int cap){
  const unsigned char *end = z + n;
  unsigned want = 0, shift = 0, made = 0;
  do{
    if( z>=end || shift>28 ) return -1;
    want |= (unsigned)(*z & 0x7f)<<shift;
    shift += 7;
  }while( *z++ & 0x80 );
  if( want>(unsigned)cap ) return -1;
  while( z<end ){
    unsigned tag = *z++, size, back, extra;
    if( (tag & 3)==0 ){
      size = tag>>2;
      if( size>=60 ){
        extra = size - 59;
        if( (unsigned)(end - z)<extra ) return -1;
        size = 0;
        for(unsigned i=0; i<extra; i++) size |= (unsigned)z[i]<<(8*i);
        z += extra;
      }
      if( size>=(unsigned)(end - z) || size>=want - made ) return -1;
      memcpy(out + made, z, ++size);
      z += size;
      made += size;
      continue;
    }
    extra = (tag & 3)==1 ? 1 : (tag & 3)==2 ? 2 : 4;
    if( (unsigned)(end - z)<extra ) return -1;
    back = 0;
    for(unsigned i=0; i<extra; i++) back |= (unsigned)z[i]<<(8*i);
    z += extra;
    size = (tag>>2) + 1;
    if( (tag & 3)==1 ){
      size = ((tag>>2) & 7) + 4;
      back |= (tag>>5)<<8;
    }
    if( back==0 || back>made || size>want - made ) return -1;
    copy_back(out + made, back, size);
    made += size;
  }
  return made==want ? (int)made : -1;
}

/* A length of LZ4 that goes on in bytes of 255.  0 when damaged. */
static int lz4_length(const unsigned char **z, const unsigned char *end, unsigned *n){
  unsigned c;
  do{
    if( *z>=end || *n>BLOCK_BYTES_MAX ) return 0;
    c = *(*z)++;
    *n += c;
  }while( c==255 );
  return 1;
}

/* One LZ4 block.  Returns its plain length, -1 when damaged. */
static int lz4_expand(const unsigned char *z, int n, unsigned char *out, int cap){
  const unsigned char *end = z + n;
  unsigned made = 0, room = (unsigned)cap;
  while( z<end ){
    unsigned token = *z++, size = token>>4, back;
    if( size==15 && !lz4_length(&z, end, &size) ) return -1;
    if( size>(unsigned)(end - z) || size>room - made ) return -1;
    memcpy(out + made, z, size);
    z += size;
    made += size;
    if( z==end ) return (int)made;
    if( end - z<2 ) return -1;
    back = z[0] | (unsigned)z[1]<<8;
    z += 2;
    size = token & 15;
    if( size==15 && !lz4_length(&z, end, &size) ) return -1;
    size += 4;
    if( back==0 || back>made || size>room - made ) return -1;
    copy_back(out + made, back, size);
    made += size;
  }
  return -1;
}

static int reserve(unsigned char **p, int *cap, int n){
  unsigned char *grown;
  if( n<=*cap ) return SQLITE_OK;
  grown = sqlite3_realloc64(*p, (sqlite3_uint64)n);
  if( grown==0 ) return SQLITE_NOMEM;
  *p = grown;
  *cap = n;
  return SQLITE_OK;
}

static int damaged(const char **reason, const char *why){
  *reason = why;
  return SQLITE_CORRUPT;
}

/* A length has been read: it opens a block or a chunk. */
static int take_length(BlockDecoder *d, const char **reason){
  unsigned n = (unsigned)d->head[0]<<24 | (unsigned)d->head[1]<<16 | (unsigned)d->head[2]<<8 | d->head[3];
  d->n_head = 0;
  if( !d->in_block && (n==LZ4_FRAME_MAGIC || n==SNAPPY_FRAME_MAGIC) ){
    return damaged(reason, "the frame format, not Hadoop's blocks, which Athena reads");
  }
  if( n>BLOCK_BYTES_MAX ) return damaged(reason, "a block's length is impossible");
  if( !d->in_block ){
    d->in_block = n>0;
    d->left = n;
    return SQLITE_OK;
  }
  if( n==0 ) return damaged(reason, "a chunk is empty");
  d->need_chunk = (int)n;
  d->n_chunk = 0;
  return reserve(&d->chunk, &d->cap_chunk, (int)n);
}

/* A chunk is whole: decompress it. */
static int take_chunk(BlockDecoder *d, const char **reason){
  int n, rc = reserve(&d->plain, &d->cap_plain, (int)d->left + 1);
  if( rc!=SQLITE_OK ) return rc;
  n = d->format==BLOCK_SNAPPY ? snappy_expand(d->chunk, d->n_chunk, d->plain, (int)d->left)
                              : lz4_expand(d->chunk, d->n_chunk, d->plain, (int)d->left);
  if( n<0 ) return damaged(reason, "a chunk is damaged");
  d->need_chunk = 0;
  d->n_plain = n;
  d->at_plain = 0;
  d->left -= n;
  d->in_block = d->left>0;
  return SQLITE_OK;
}

int block_decoder_step(BlockDecoder *d, const unsigned char *in, int n_in, int *used,
                       char *out, int n, int *made, const char **reason){
  int rc = SQLITE_OK;
  *used = *made = 0;
  while( rc==SQLITE_OK ){
    int k;
    if( d->at_plain<d->n_plain ){
      k = d->n_plain - d->at_plain<n ? d->n_plain - d->at_plain : n;
      memcpy(out, d->plain + d->at_plain, (size_t)k);
      d->at_plain += k;
      *made = k;
      return SQLITE_OK;
    }
    if( *used==n_in ) return SQLITE_OK;
    if( d->need_chunk ){
      k = d->need_chunk - d->n_chunk<n_in - *used ? d->need_chunk - d->n_chunk : n_in - *used;
      memcpy(d->chunk + d->n_chunk, in + *used, (size_t)k);
      d->n_chunk += k;
      *used += k;
      if( d->n_chunk==d->need_chunk ) rc = take_chunk(d, reason);
    }else{
      d->head[d->n_head++] = in[(*used)++];
      if( d->n_head==4 ) rc = take_length(d, reason);
    }
  }
  return rc;
}
