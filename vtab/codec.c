/*
** Codecs: compressed files as sources of their decompressed bytes.
**
** The suffix of the name decides, as in Hadoop: .gz, .bz2, .zst, .deflate
** (a zlib stream), .snappy and .lz4 (blocks in Hadoop's framing, codec_block.c).
** All formats may hold several members one after the other.  A file of no
** bytes is an empty file.  .lzo is refused by name.
**
** gzip is ISA-L's work where that library is there (codec_isal.h), else zlib's.
**
** A codec is a constant table of operations; `step` makes some output from the
** input at hand.  A stream that ends inside a member is truncated: an error
** with the byte, never fewer rows.
*/
#include "codec.h"
#include "codec_block.h"
#include "codec_isal.h"
#include <bzlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define CODEC_INPUT 65536       /* bytes of compressed input at hand */

typedef enum StepResult {
  STEP_MORE,                    /* fine; call again, perhaps with more input */
  STEP_MEMBER_END,              /* a member ended here */
  STEP_NOMEM,
  STEP_CORRUPT                  /* CodecStream.reason says why */
} StepResult;

typedef struct CodecStream CodecStream;
struct Codec {
  const char *suffix, *name;
  int (*init)(CodecStream*);    /* 0, or -1 for out of memory */
  StepResult (*step)(CodecStream*, char *out, int n, int *made);
  void (*end)(CodecStream*);    /* accepts a stream whose init failed or was not called */
};

struct CodecStream {
  Source base;
  Source *in;
  const Codec *codec;
  const char *reason;
  int started;                  /* init has succeeded */
  int between;                  /* no member is open: the input may end here */
  int at_end;                   /* of the input */
  unsigned char *next; int n_next;      /* input at hand */
  IsalStream *isal;
  z_stream zlib;
  bz_stream bzip;
  ZSTD_DStream *zstd;
  BlockDecoder *block;
  unsigned char input[CODEC_INPUT];
};

/* --- zlib: .gz and .deflate ---------------------------------------------- */

static void *zlib_alloc(void *unused, unsigned n, unsigned size){
  (void)unused;
  return sqlite3_malloc64((sqlite3_uint64)n*size);
}

static void zlib_free(void *unused, void *p){
  (void)unused;
  sqlite3_free(p);
}

static int zlib_init(CodecStream *s, int window_bits){
  s->zlib.zalloc = zlib_alloc;
  s->zlib.zfree = zlib_free;
  return inflateInit2(&s->zlib, window_bits)==Z_OK ? 0 : -1;
}

static int gzip_init(CodecStream *s){
  if( !isal_stream_is_available() ) return zlib_init(s, 15 + 16);
  s->isal = isal_stream_new();
  return s->isal ? 0 : -1;
}

static int deflate_init(CodecStream *s){
  return zlib_init(s, 15);
}

/* What ISA-L can say too, so that errors do not depend on the library. */
static const char *zlib_damage(const char *message){
  static const char *const known[] = { "incorrect header check", "unknown compression method", "incorrect data check" };
  for(size_t i=0; message && i<sizeof(known)/sizeof(known[0]); i++) if( strcmp(message, known[i])==0 ) return known[i];
  return message && strcmp(message, "incorrect length check")==0 ? known[2] : "damaged data";
}

static StepResult zlib_step(CodecStream *s, char *out, int n, int *made){
  int rc;
  s->zlib.next_in = s->next;
  s->zlib.avail_in = (unsigned)s->n_next;
  s->zlib.next_out = (unsigned char*)out;
  s->zlib.avail_out = (unsigned)n;
  rc = inflate(&s->zlib, Z_NO_FLUSH);
  s->next = s->zlib.next_in;
  s->n_next = (int)s->zlib.avail_in;
  *made = n - (int)s->zlib.avail_out;
  if( rc==Z_STREAM_END ) return inflateReset(&s->zlib)==Z_OK ? STEP_MEMBER_END : STEP_NOMEM;
  if( rc==Z_OK || rc==Z_BUF_ERROR ) return STEP_MORE;
  if( rc==Z_MEM_ERROR ) return STEP_NOMEM;
  s->reason = zlib_damage(s->zlib.msg);
  return STEP_CORRUPT;
}

static void zlib_end(CodecStream *s){
  inflateEnd(&s->zlib);
}

static StepResult gzip_step(CodecStream *s, char *out, int n, int *made){
  int rc;
  if( s->isal==0 ) return zlib_step(s, out, n, made);
  rc = isal_stream_step(s->isal, &s->next, &s->n_next, out, n, made, &s->reason);
  return rc<0 ? STEP_CORRUPT : rc ? STEP_MEMBER_END : STEP_MORE;
}

static void gzip_end(CodecStream *s){
  if( s->isal ) isal_stream_free(s->isal);
  else zlib_end(s);
}

/* --- bzip2 --------------------------------------------------------------- */

static void *bzip_alloc(void *unused, int n, int size){
  (void)unused;
  return sqlite3_malloc64((sqlite3_uint64)n*(sqlite3_uint64)size);
}

static int bzip_init(CodecStream *s){
  s->bzip.bzalloc = bzip_alloc;
  s->bzip.bzfree = zlib_free;
  return BZ2_bzDecompressInit(&s->bzip, 0, 0)==BZ_OK ? 0 : -1;
}

static StepResult bzip_step(CodecStream *s, char *out, int n, int *made){
  int rc;
  s->bzip.next_in = (char*)s->next;
  s->bzip.avail_in = (unsigned)s->n_next;
  s->bzip.next_out = out;
  s->bzip.avail_out = (unsigned)n;
  rc = BZ2_bzDecompress(&s->bzip);
  s->next = (unsigned char*)s->bzip.next_in;
  s->n_next = (int)s->bzip.avail_in;
  *made = n - (int)s->bzip.avail_out;
  if( rc==BZ_OK ) return STEP_MORE;
  if( rc==BZ_MEM_ERROR ) return STEP_NOMEM;
  if( rc==BZ_STREAM_END ){
    BZ2_bzDecompressEnd(&s->bzip);
    memset(&s->bzip, 0, sizeof(s->bzip));
    s->started = bzip_init(s)==0;
    return s->started ? STEP_MEMBER_END : STEP_NOMEM;
  }
  s->reason = rc==BZ_DATA_ERROR_MAGIC ? "not a bzip2 stream" : "damaged data";
  return STEP_CORRUPT;
}

static void bzip_end(CodecStream *s){
  BZ2_bzDecompressEnd(&s->bzip);
}

/* --- zstd ---------------------------------------------------------------- */

static int zstd_init(CodecStream *s){
  s->zstd = ZSTD_createDStream();
  return s->zstd ? 0 : -1;
}

static StepResult zstd_step(CodecStream *s, char *out, int n, int *made){
  ZSTD_inBuffer in = { s->next, (size_t)s->n_next, 0 };
  ZSTD_outBuffer to = { out, (size_t)n, 0 };
  size_t rc = ZSTD_decompressStream(s->zstd, &to, &in);
  s->next += in.pos;
  s->n_next -= (int)in.pos;
  *made = (int)to.pos;
  if( ZSTD_isError(rc) ){
    s->reason = ZSTD_getErrorName(rc);
    return strstr(s->reason, "not enough memory") ? STEP_NOMEM : STEP_CORRUPT;
  }
  return rc==0 ? STEP_MEMBER_END : STEP_MORE;
}

static void zstd_end(CodecStream *s){
  ZSTD_freeDStream(s->zstd);
}

/* --- Hadoop's blocks: .snappy and .lz4 ----------------------------------- */

static int snappy_init(CodecStream *s){
  s->block = block_decoder_new(BLOCK_SNAPPY);
  return s->block ? 0 : -1;
}

static int lz4_init(CodecStream *s){
  s->block = block_decoder_new(BLOCK_LZ4);
  return s->block ? 0 : -1;
}

static StepResult block_step(CodecStream *s, char *out, int n, int *made){
  int used = 0, rc;
  rc = block_decoder_step(s->block, s->next, s->n_next, &used, out, n, made, &s->reason);
  s->next += used;
  s->n_next -= used;
  if( rc==SQLITE_NOMEM ) return STEP_NOMEM;
  if( rc!=SQLITE_OK ) return STEP_CORRUPT;
  return block_decoder_is_between(s->block) ? STEP_MEMBER_END : STEP_MORE;
}

static void block_end(CodecStream *s){
  block_decoder_free(s->block);
}

/* --- The table ----------------------------------------------------------- */

static const Codec codecs[] = {
  { ".gz", "gzip", gzip_init, gzip_step, gzip_end },
  { ".zst", "zstd", zstd_init, zstd_step, zstd_end },
  { ".bz2", "bzip2", bzip_init, bzip_step, bzip_end },
  { ".deflate", "deflate", deflate_init, zlib_step, zlib_end },
  { ".snappy", "snappy", snappy_init, block_step, block_end },
  { ".lz4", "lz4", lz4_init, block_step, block_end },
  { ".lzo", "lzo", 0, 0, 0 },
  { ".lzo_deflate", "lzo", 0, 0, 0 },
};

const Codec *codec_of(const char *name){
  size_t n = strlen(name);
  for(size_t i=0; i<sizeof(codecs)/sizeof(codecs[0]); i++){
    size_t k = strlen(codecs[i].suffix);
    if( n>=k && memcmp(name + n - k, codecs[i].suffix, k)==0 ) return &codecs[i];
  }
  return 0;
}

char *codec_refusal(const Codec *codec, const char *url){
  if( codec->init ) return 0;
  return sqlite3_mprintf("TARN_NOT_SUPPORTED: %s compression of %s", codec->name, url);
}

/* --- Streams ------------------------------------------------------------- */

static int codec_error(CodecStream *s, const char *what, const char *detail, char **pzErr){
  *pzErr = source_read_error(s->base.url, "byte %lld: %s %s stream%s%s",
    s->in->stored_bytes - s->n_next, what, s->codec->name, detail ? ": " : "", detail ? detail : "");
  return *pzErr ? SQLITE_ERROR : SQLITE_NOMEM;
}

static int codec_fill(CodecStream *s, char **pzErr){
  int rc, got;
  if( s->n_next>0 || s->at_end ) return SQLITE_OK;
  rc = source_read(s->in, (char*)s->input, CODEC_INPUT, &got, pzErr);
  if( rc!=SQLITE_OK ) return rc;
  s->base.stored_bytes = s->in->stored_bytes;
  s->next = s->input;
  s->n_next = got;
  s->at_end = got==0;
  return SQLITE_OK;
}

static int codec_read(Source *source, char *buf, int n, int *got, char **pzErr){
  CodecStream *s = (CodecStream*)source;
  *got = 0;
  while( *got==0 ){
    int before;
    StepResult result;
    int rc = codec_fill(s, pzErr);
    if( rc!=SQLITE_OK ) return rc;
    if( s->at_end && s->between ) return SQLITE_OK;
    before = s->n_next;
    result = s->codec->step(s, buf, n, got);
    if( result==STEP_NOMEM ) return SQLITE_NOMEM;
    if( result==STEP_CORRUPT ) return codec_error(s, "damaged", s->reason, pzErr);
    s->between = result==STEP_MEMBER_END;
    if( result==STEP_MORE && *got==0 && s->n_next==before && s->at_end ){
      return codec_error(s, "truncated", 0, pzErr);
    }
  }
  return SQLITE_OK;
}

static void codec_close(Source *source){
  CodecStream *s = (CodecStream*)source;
  if( s->started ) s->codec->end(s);
  source_close(s->in);
  sqlite3_free(s);
}

static const SourceOps codec_ops = { codec_read, codec_close };

int codec_wrap(const Codec *codec, Source **source, char **pzErr){
  CodecStream *s = sqlite3_malloc64(sizeof(*s));
  (void)pzErr;
  if( s==0 ) return SQLITE_NOMEM;
  memset(s, 0, sizeof(*s) - sizeof(s->input));
  s->base.ops = &codec_ops;
  s->base.url = (*source)->url;
  s->codec = codec;
  s->between = 1;
  if( codec->init(s) ){
    sqlite3_free(s);
    return SQLITE_NOMEM;
  }
  s->started = 1;
  s->in = *source;
  *source = &s->base;
  return SQLITE_OK;
}
