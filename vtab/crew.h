/*
** A crew: tasks made in order, done by many hands, taken in order.
**
** `next` makes the tasks one after another (it reads a file, say); `work` does
** one, at the same time as others; crew_take hands them over in the order in
** which they were made, so that results are the same with any number of hands.
** Hand 0 is the thread that takes: while the oldest task is not done it works
** too.  With one hand there are no threads at all.
**
** At most `window` tasks are made and not yet freed by crew_free_task: that
** bounds the memory.  The taker holds fewer than `window` at a time.
**
** What `work` and `free` touch belongs to the task, or to the hand (0 to
** n_hand-1), never to SQLite's connection; sqlite3_malloc is safe.  `next` may
** run in any thread, one at a time.
*/
#ifndef TARN_CREW_H
#define TARN_CREW_H
#include "sqlite.h"

#define CREW_HANDS_MAX 64

typedef struct Crew Crew;
typedef struct CrewOps {
  /* SQLITE_ROW with *task, SQLITE_DONE, or an error code (its message is kept
  ** by `arg`); after anything but SQLITE_ROW it is not called again. */
  int (*next)(void *arg, void **task);
  /* Do the task; what goes wrong is noted in it. */
  void (*work)(void *arg, void *task, int hand);
  void (*free)(void *arg, void *task);
} CrewOps;

/* The ops and arg are borrowed.  SQLITE_NOMEM, or SQLITE_OK: fewer threads than
** asked for, even none, are no error. */
int crew_open(const CrewOps*, void *arg, int n_hand, int window, Crew **out);
/* The oldest task, done: SQLITE_ROW and *task, the caller's until
** crew_free_task; or what `next` ended with, when all its tasks are taken. */
int crew_take(Crew*, void **task);
/* The same, but SQLITE_BUSY when it is not done within ms of waiting. */
int crew_take_within(Crew*, void **task, int ms);
/* From now on n_hand hands (never fewer than there are): a crew may begin alone
** and grow once there is enough to do.  Called by the taker. */
void crew_hire(Crew*, int n_hand);
void crew_free_task(Crew*, void *task);
/* Stop: no new task is begun, those at work are waited for, all that were not
** taken are freed.  NULL is fine. */
void crew_close(Crew*);
/* How many hands a machine has: processors this process may use, at most CREW_HANDS_MAX. */
int crew_hands(void);
#endif
