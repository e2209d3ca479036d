/*
** Arena: memory that is handed out piece by piece and freed all at once.
**
** A failed allocation returns NULL and leaves `oom` set for good, so that a
** caller may build a whole result and check once at the end.  Memory comes
** from sqlite3_malloc64, so SQLite's fault injection reaches it.
*/
#ifndef TARN_ARENA_H
#define TARN_ARENA_H
#include <stddef.h>
#include <stdarg.h>

typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
  ArenaBlock *block;            /* newest first */
  char *next, *end;             /* free space in the newest block */
  int oom;                      /* sticky: an allocation has failed */
  void (*on_oom)(void*);        /* called (may longjmp) when one fails; may be NULL */
  void *on_oom_arg;
} Arena;

void arena_init(Arena*);
/* Free all memory; the arena can be used again.  arena_reset keeps one block
** for the next use (per-row work), arena_free keeps nothing. */
void arena_reset(Arena*);
void arena_free(Arena*);
/* n bytes aligned to 8, zeroed; NULL and oom=1 on failure. */
void *arena_alloc(Arena*, size_t n);
/* The same, not zeroed. */
void *arena_alloc_raw(Arena*, size_t n);
/* Copy of n bytes with a terminating NUL. */
char *arena_strndup(Arena*, const char *z, size_t n);
char *arena_strdup(Arena*, const char *z);
char *arena_printf(Arena*, const char *fmt, ...) __attribute__((format(printf,2,3)));
char *arena_vprintf(Arena*, const char *fmt, va_list);

#define ARENA_NEW(A, T) ((T*)arena_alloc((A), sizeof(T)))
#define ARENA_ARRAY(A, T, N) ((T*)arena_alloc((A), sizeof(T)*(size_t)(N)))

/*
** Buf: a growing byte string.  Appends after a failure do nothing; check
** `oom` once at the end.  Growth beyond BUF_MAX counts as a failure.
** With an arena the bytes live there (never freed singly); without, buf_free.
*/
#define BUF_MAX 0x7fff0000
typedef struct Buf {
  char *z;                      /* NUL-terminated once anything was appended */
  size_t n, cap;
  int oom;
  Arena *arena;                 /* NULL: sqlite3_realloc */
} Buf;
void buf_init(Buf*, Arena*);
void buf_free(Buf*);
void buf_add(Buf*, const void *p, size_t n);
void buf_str(Buf*, const char *z);
void buf_char(Buf*, char c);
void buf_printf(Buf*, const char *fmt, ...) __attribute__((format(printf,2,3)));
/* Room for n more bytes; returns where to write them (then n is added by the
** caller with b->n += k), or NULL on failure. */
char *buf_room(Buf*, size_t n);
/* Append an integer in decimal. */
void buf_int(Buf*, long long);
/* Append one code point as UTF-8. */
void buf_utf8(Buf*, unsigned cp);
#endif
