/*
** tarn pull: S3 objects as files below the S3 root, so that the same scripts
** run offline.
**
** ROOT/.tarn-pull remembers what was brought, a line for each object:
**     etag TAB size TAB bucket/key
** An object is fetched when its ETag is not the one remembered or its file is
** not there with that size.  It is read side by side with the next ones
** (reader.h), each request pinned to the listed ETag, written under a hidden
** name, compared with the listed size and, where the ETag is an MD5, with it,
** flushed, and renamed.  The line is written then: an interrupted pull goes on
** where it stopped.  A file that was brought and is no longer in the listing
** is removed; files that pull did not bring are never touched.
**
** Keys that no file can stand for are errors that name them: `..`, `//`, a
** trailing `/`, parts beyond 255 bytes, a key that is a folder of another.
*/
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "../vtab/s3/lib.h"
#include "../vtab/s3/ops.h"
#include "../vtab/s3/reader.h"
#include "pull.h"
#include "swap.h"

#define NAME_PART_MAX 255
#define PULL_BUFFER (1<<20)

typedef struct Object { const char *key, *etag; int64_t size; int fetch; } Object;

typedef struct Pull {
  Session *s;
  Arena arena;                  /* the listing and the manifest's new lines */
  const char *root, *bucket, *prefix;
  int n, cap; Object *object;
  int *wanted, n_wanted;        /* indexes of the objects to fetch */
  sqlite3_stmt *known;          /* the manifest, in a TEMP table */
} Pull;

static int interrupted(void *arg){
  return ((Session*)arg)->stop;
}

static int fail(Session *s, const char *error){
  if( s->stop ) s->interrupted = 1;
  return session_fail(s, "TARN_S3: %s", error ? error : "interrupted");
}

/* --- Listing ---------------------------------------------------------------------- */

/* NULL, or why no file can stand for the key. */
static const char *bad_key(const char *key){
  size_t n = strlen(key);
  if( n==0 || key[n-1]=='/' ) return "it ends in `/`";
  if( key[0]=='/' || strstr(key, "//") ) return "it has an empty part (`//`)";
  for(const char *p=key; *p; ){
    size_t len = strcspn(p, "/");
    if( len>NAME_PART_MAX ) return "a part is longer than 255 bytes";
    if( (len==1 && p[0]=='.') || (len==2 && p[0]=='.' && p[1]=='.') ) return "it has a part `.` or `..`";
    p += len + (p[len]=='/');
  }
  return 0;
}

/* Names that no landing table reads: not brought. */
static int is_hidden(const char *relative){
  for(const char *p=relative; *p; ){
    if( *p=='_' || *p=='.' ) return 1;
    p += strcspn(p, "/");
    p += *p=='/';
  }
  return 0;
}

static int add_page(void *ctx, int job, const S3Page *page){
  Pull *p = ctx;
  (void)job;
  for(int i=0; i<page->n_object; i++){
    const S3Object *o = &page->object[i];
    const char *why;
    size_t n = strlen(o->key);
    if( o->size==0 && n>0 && o->key[n-1]=='/' ) continue;        /* a console's folder */
    why = bad_key(o->key);
    if( why==0 && is_hidden(o->key+strlen(p->prefix)) ) continue;
    if( why==0 && p->n>0 ){
      const char *before = p->object[p->n-1].key;
      size_t len = strlen(before);
      if( strncmp(o->key, before, len)==0 && o->key[len]=='/' ) why = "another key is a folder of it";
    }
    if( why ) return session_fail(p->s, "TARN_PULL: s3://%s/%s cannot be a file: %s", p->bucket, o->key, why);
    if( p->n==p->cap ){
      Object *grown = ARENA_ARRAY(&p->arena, Object, p->cap*2+256);
      if( p->n ) memcpy(grown, p->object, sizeof(*grown)*(size_t)p->n);
      p->object = grown;
      p->cap = p->cap*2+256;
    }
    p->object[p->n].key = arena_strdup(&p->arena, o->key);
    p->object[p->n].etag = arena_strdup(&p->arena, o->etag);
    p->object[p->n++].size = o->size;
  }
  return 0;
}

/* --- The manifest ------------------------------------------------------------------- */

static char *manifest_path(Pull *p){
  return arena_printf(&p->arena, "%s/.tarn-pull", p->root);
}

/* Read it into a TEMP table; the last line of a key counts. */
static int load_manifest(Pull *p){
  Session *s = p->s;
  FILE *f;
  sqlite3_stmt *insert;
  char line[2400];
  if( session_exec(s, "CREATE TEMP TABLE IF NOT EXISTS pulled(name TEXT PRIMARY KEY, etag TEXT, size INTEGER) WITHOUT ROWID")
   || session_exec(s, "DELETE FROM pulled") ) return 1;
  f = fopen(manifest_path(p), "rb");
  insert = session_prepare(s, "INSERT OR REPLACE INTO pulled(name, etag, size) VALUES(?3, ?1, ?2)");
  while( f && insert && fgets(line, sizeof(line), f) ){
    char *size = strchr(line, '\t'), *name = size ? strchr(size+1, '\t') : 0;
    size_t n = strlen(line);
    if( name==0 || line[n-1]!='\n' ) continue;
    line[n-1] = 0;
    *size++ = 0;
    *name++ = 0;
    sqlite3_bind_text(insert, 1, line, -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, strtoll(size, 0, 10));
    sqlite3_bind_text(insert, 3, name, -1, SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_reset(insert);
  }
  if( f ) fclose(f);
  sqlite3_finalize(insert);
  p->known = session_prepare(s, "SELECT etag, size FROM pulled WHERE name=?1");
  return p->known==0;
}

static int manifest_add(Pull *p, const Object *o){
  const char *path = manifest_path(p);
  FILE *f = fopen(path, "ab");
  int rc = f==0 || fprintf(f, "%s\t%lld\t%s/%s\n", o->etag, (long long)o->size, p->bucket, o->key)<0;
  int why = errno;
  if( f && fclose(f) ) rc = 1;
  return rc ? session_fail(p->s, "TARN_PULL: %s: %s", path, strerror(why)) : 0;
}

static const char *file_of(Pull *p, const char *key){
  return arena_printf(&p->s->arena, "%s/%s/%s", p->root, p->bucket, key);
}

/* Is the object's file here already? */
static int is_here(Pull *p, const Object *o){
  struct stat st;
  const char *name = arena_printf(&p->s->arena, "%s/%s", p->bucket, o->key);
  int same = 0;
  sqlite3_bind_text(p->known, 1, name, -1, SQLITE_STATIC);
  if( sqlite3_step(p->known)==SQLITE_ROW ){
    const char *etag = (const char*)sqlite3_column_text(p->known, 0);
    same = etag && strcmp(etag, o->etag)==0 && sqlite3_column_int64(p->known, 1)==o->size;
  }
  sqlite3_reset(p->known);
  return same && stat(file_of(p, o->key), &st)==0 && st.st_size==o->size;
}

/* --- Fetching ------------------------------------------------------------------------- */

static int wanted_at(void *ctx, int i, S3File *out){
  Pull *p = ctx;
  const Object *o;
  if( i>=p->n_wanted ) return 1;
  o = &p->object[p->wanted[i]];
  out->bucket = p->bucket;
  out->key = o->key;
  out->etag = o->etag;
  out->size = o->size;
  return 0;
}

/* Is the ETag an MD5 (32 hex digits in quotes), and which? */
static int etag_md5(const char *etag, char hex[33]){
  size_t n = 0;
  if( *etag=='"' ) etag++;
  while( n<32 && strchr("0123456789abcdef", etag[n]) && etag[n] ) n++;
  if( n!=32 || (etag[32]!='"' && etag[32]!=0) ) return 0;
  memcpy(hex, etag, 32);
  hex[32] = 0;
  return 1;
}

/* Compare the file's MD5 with the ETag, where that is one. */
static int check_md5(Pull *p, const Object *o, int fd){
  char want[33], got[33];
  unsigned char digest[64];
  unsigned n = 0;
  const char *why = 0;
  const CryptoLib *lib = lib_crypto(&why);
  void *bytes;
  if( o->size==0 || !etag_md5(o->etag, want) ) return 0;
  if( lib==0 ) return session_fail(p->s, "TARN_S3: %s", why);
  bytes = mmap(0, (size_t)o->size, PROT_READ, MAP_PRIVATE, fd, 0);
  if( bytes==MAP_FAILED ) return session_fail(p->s, "TARN_PULL: %s: %s", file_of(p, o->key), strerror(errno));
  lib->EVP_Digest(bytes, (size_t)o->size, digest, &n, lib->EVP_md5(), 0);
  munmap(bytes, (size_t)o->size);
  for(int i=0; i<16; i++) snprintf(got+2*i, 3, "%02x", digest[i]);
  if( n==16 && strcmp(got, want)==0 ) return 0;
  return session_fail(p->s, "TARN_PULL: s3://%s/%s: its MD5 is %s, the listing says %s", p->bucket, o->key, got, want);
}

/* The bytes of one object into an open file. */
static int copy_object(Pull *p, S3Reader *reader, const Object *o, int fd, char *buf){
  const char *error = 0;
  int64_t total = 0;
  int got = 0, rc = 0;
  while( rc==0 ){
    if( s3_reader_read(reader, &p->s->arena, interrupted, p->s, buf, PULL_BUFFER, &got, &error) ){
      p->s->s3.changed |= s3_reader_changed(reader);
      rc = fail(p->s, error);
    }
    if( rc || got==0 ) break;
    for(int done=0; done<got && rc==0; ){
      ssize_t n = write(fd, buf+done, (size_t)(got-done));
      if( n<0 && errno!=EINTR ) rc = session_fail(p->s, "TARN_PULL: %s: %s", file_of(p, o->key), strerror(errno));
      else if( n>0 ) done += (int)n;
    }
    total += got;
  }
  if( rc ) return rc;
  if( total!=o->size ) return session_fail(p->s, "TARN_PULL: s3://%s/%s has %lld bytes, the listing says %lld", p->bucket, o->key, (long long)total, (long long)o->size);
  return check_md5(p, o, fd);
}

static int fetch(Pull *p, S3Reader *reader, const Object *o, char *buf){
  Session *s = p->s;
  const char *path = file_of(p, o->key), *slash = strrchr(path, '/');
  const char *folder = arena_strndup(&s->arena, path, (size_t)(slash-path));
  const char *part = arena_printf(&s->arena, "%s/.%.200s.part", folder, slash+1);
  int fd, rc;
  if( swap_make_folder(s, folder) ) return 1;
  fd = open(part, O_RDWR|O_CREAT|O_TRUNC|O_CLOEXEC, 0666);
  if( fd<0 ) return session_fail(s, "TARN_PULL: %s: %s", part, strerror(errno));
  rc = copy_object(p, reader, o, fd, buf);
  if( rc==0 && fsync(fd) ) rc = session_fail(s, "TARN_PULL: %s: %s", part, strerror(errno));
  close(fd);
  if( rc==0 && rename(part, path) ) rc = session_fail(s, "TARN_PULL: %s: %s", path, strerror(errno));
  if( rc ) unlink(part);
  return rc || manifest_add(p, o);
}

static int fetch_all(Pull *p, S3Client *client, PullResult *r){
  char *buf = arena_alloc_raw(&p->arena, PULL_BUFFER);
  S3Reader *reader = s3_reader_open(client, wanted_at, p);
  int rc = reader ? 0 : session_fail(p->s, "out of memory");
  for(int i=0; i<p->n_wanted && rc==0; i++){
    const Object *o = &p->object[p->wanted[i]];
    s3_reader_begin(reader, i);
    rc = fetch(p, reader, o, buf);
    if( rc ) break;
    r->fetched++;
    r->bytes += o->size;
    arena_reset(&p->s->arena);
    if( isatty(2) ) fprintf(stderr, "\r\033[K… %d of %d  %s", i+1, p->n_wanted, o->key);
  }
  if( isatty(2) && p->n_wanted ) fputs("\r\033[K", stderr);
  if( reader ) s3_reader_close(reader);
  return rc;
}

/* Files brought before that are no longer below the URL. */
static int remove_gone(Pull *p, PullResult *r){
  Session *s = p->s;
  char *prefix = sqlite3_mprintf("%s/%s", p->bucket, p->prefix);
  sqlite3_stmt *stmt;
  int rc;
  if( prefix==0 || session_exec(s, "CREATE TEMP TABLE IF NOT EXISTS listed(name TEXT PRIMARY KEY) WITHOUT ROWID") || session_exec(s, "DELETE FROM listed") ) return 1;
  stmt = session_prepare(s, "INSERT OR IGNORE INTO listed VALUES(?1)");
  for(int i=0; stmt && i<p->n; i++){
    char *name = sqlite3_mprintf("%s/%s", p->bucket, p->object[i].key);
    sqlite3_bind_text(stmt, 1, name, -1, sqlite3_free);
    sqlite3_step(stmt);
    sqlite3_reset(stmt);
  }
  sqlite3_finalize(stmt);
  stmt = session_prepare(s, "SELECT name FROM pulled WHERE substr(name, 1, %d)=%Q AND name NOT IN (SELECT name FROM listed)", (int)strlen(prefix), prefix);
  sqlite3_free(prefix);
  while( (rc = session_step(s, stmt))==1 ){
    const char *path = arena_printf(&s->arena, "%s/%s", p->root, sqlite3_column_text(stmt, 0));
    if( unlink(path)==0 ) r->removed++;
  }
  return rc<0;
}

/* A location is a folder: `k` means the keys below `k/`. */
static const char *folder_prefix(Arena *a, const char *key){
  size_t n = strlen(key);
  return n && key[n-1]!='/' ? arena_printf(a, "%s/", key) : key;
}

int pull_location(Session *s, const char *root, const char *url, PullResult *r){
  Pull p;
  S3Run x;
  const char *error = 0;
  char *why = 0;
  int rc;
  memset(&p, 0, sizeof(p));
  memset(&x, 0, sizeof(x));
  p.s = s;
  p.root = root;
  arena_init_or_die(&p.arena);
  x.arena = &p.arena;
  x.client = s3_shared_client(&s->s3, &why);
  x.interrupt = interrupted;
  x.interrupt_arg = s;
  x.error = &error;
  if( x.client==0 ){
    rc = session_fail(s, "%s", why ? why : "TARN_S3: no client");
    sqlite3_free(why);
  }else if( s3_split_url(&p.arena, url, &p.bucket, &p.prefix) ){
    rc = session_fail(s, "TARN_PULL: %s is not s3://bucket/prefix", url);
  }else{
    S3ListJob job = {p.bucket, folder_prefix(&p.arena, p.prefix)};
    p.prefix = job.prefix;
    rc = s3_list_many(&x, 1, &job, add_page, &p);
    if( rc && s->error==0 ) fail(s, error);
    rc = rc || swap_make_folder(s, root) || load_manifest(&p);
  }
  p.wanted = ARENA_ARRAY(&p.arena, int, p.n+1);
  for(int i=0; i<p.n && rc==0; i++) if( !is_here(&p, &p.object[i]) ) p.wanted[p.n_wanted++] = i;
  sqlite3_finalize(p.known);
  r->objects += p.n;
  rc = rc || fetch_all(&p, x.client, r) || remove_gone(&p, r);
  arena_free(&p.arena);
  return rc;
}
