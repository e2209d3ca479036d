/* gzip by Intel's ISA-L: see codec_isal.h. */
#include "sqlite.h"
#include "codec_isal.h"

#if __has_include(<isa-l/igzip_lib.h>)
#include <dlfcn.h>
#include <isa-l/igzip_lib.h>
#include <pthread.h>

struct IsalStream { struct inflate_state state; };

/* The library's functions; NULL where there is none. */
static struct {
  void (*init)(struct inflate_state*);
  void (*reset)(struct inflate_state*);
  int (*inflate)(struct inflate_state*);
} isal;

static void isal_open(void){
  void *library = dlopen("libisal.so.2", RTLD_NOW|RTLD_LOCAL);
  if( library==0 ) return;
  *(void**)&isal.init = dlsym(library, "isal_inflate_init");
  *(void**)&isal.reset = dlsym(library, "isal_inflate_reset");
  *(void**)&isal.inflate = isal.init && isal.reset ? dlsym(library, "isal_inflate") : 0;
}

int isal_stream_is_available(void){
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, isal_open);
  return isal.inflate!=0;
}

IsalStream *isal_stream_new(void){
  IsalStream *s = sqlite3_malloc64(sizeof(*s));
  if( s==0 ) return 0;
  isal.init(&s->state);
  s->state.crc_flag = ISAL_GZIP;
  return s;
}

void isal_stream_free(IsalStream *s){
  sqlite3_free(s);
}

static const char *damage(int rc){
  switch( rc ){
    case ISAL_INVALID_WRAPPER: return "incorrect header check";
    case ISAL_UNSUPPORTED_METHOD: return "unknown compression method";
    case ISAL_INCORRECT_CHECKSUM: return "incorrect data check";
    default: return "damaged data";
  }
}

int isal_stream_step(IsalStream *s, unsigned char **next, int *n_next, char *out, int n, int *made, const char **reason){
  int rc;
  s->state.next_in = *next;
  s->state.avail_in = (uint32_t)*n_next;
  s->state.next_out = (unsigned char*)out;
  s->state.avail_out = (uint32_t)n;
  rc = isal.inflate(&s->state);
  *next = s->state.next_in;
  *n_next = (int)s->state.avail_in;
  *made = n - (int)s->state.avail_out;
  if( rc<0 ){
    *reason = damage(rc);
    return -1;
  }
  if( s->state.block_state!=ISAL_BLOCK_FINISH ) return 0;
  isal.reset(&s->state);
  s->state.crc_flag = ISAL_GZIP;
  return 1;
}

#else
int isal_stream_is_available(void){
  return 0;
}
IsalStream *isal_stream_new(void){
  return 0;
}
void isal_stream_free(IsalStream *s){
  (void)s;
}
int isal_stream_step(IsalStream *s, unsigned char **next, int *n_next, char *out, int n, int *made, const char **reason){
  (void)s; (void)next; (void)n_next; (void)out; (void)n;
  *made = 0;
  *reason = "no library";
  return -1;
}
#endif
