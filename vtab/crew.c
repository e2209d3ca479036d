/*
** A crew: see crew.h.
**
** Tasks lie in a ring in the order in which they were made.  One mutex guards
** the ring; is_making says that a hand is in `next`, so that tasks are made one
** at a time while others are done and taken.
*/
#include "crew.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>

typedef struct Slot { void *task; int is_done; } Slot;

struct Crew {
  const CrewOps *ops;
  void *arg;
  pthread_mutex_t lock;
  pthread_cond_t done, room;    /* a task is done; a task may be made */
  Slot *ring;
  int window;
  sqlite3_int64 made, taken, freed;     /* tasks so far; made - freed <= window */
  int is_making;                /* a hand is in `next` */
  int end;                      /* what `next` ended with; SQLITE_ROW until then */
  int stopping;
  int n_thread;
  pthread_t thread[CREW_HANDS_MAX];
  struct Hand { Crew *crew; int i; } hand[CREW_HANDS_MAX];
};

int crew_hands(void){
  cpu_set_t set;
  int n = sched_getaffinity(0, sizeof(set), &set)==0 ? CPU_COUNT(&set) : 1;
  return n<1 ? 1 : n>CREW_HANDS_MAX ? CREW_HANDS_MAX : n;
}

static int may_make(const Crew *c){
  return c->end==SQLITE_ROW && !c->is_making && !c->stopping && c->made - c->freed<c->window;
}

/* Make one task and do it; called and left with the lock held. */
static void make_and_do(Crew *c, int hand){
  void *task = 0;
  Slot *slot;
  int rc;
  c->is_making = 1;
  pthread_mutex_unlock(&c->lock);
  rc = c->ops->next(c->arg, &task);
  pthread_mutex_lock(&c->lock);
  c->is_making = 0;
  if( rc!=SQLITE_ROW ){
    c->end = rc;
    pthread_cond_broadcast(&c->done);
    pthread_cond_broadcast(&c->room);
    return;
  }
  slot = &c->ring[c->made++%c->window];
  slot->task = task;
  slot->is_done = 0;
  pthread_cond_signal(&c->room);
  pthread_cond_signal(&c->done);       /* the taker may make the next one */
  pthread_mutex_unlock(&c->lock);
  c->ops->work(c->arg, task, hand);
  pthread_mutex_lock(&c->lock);
  slot->is_done = 1;
  pthread_cond_broadcast(&c->done);
}

static void *run_hand(void *p){
  struct Hand *h = p;
  Crew *c = h->crew;
  pthread_mutex_lock(&c->lock);
  while( !c->stopping && c->end==SQLITE_ROW ){
    if( may_make(c) ) make_and_do(c, h->i);
    else pthread_cond_wait(&c->room, &c->lock);
  }
  pthread_mutex_unlock(&c->lock);
  return 0;
}

/* Signals are for the thread that takes. */
static void start_hands(Crew *c, int n_hand){
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for(int i=c->n_thread + 1; i<n_hand && i<CREW_HANDS_MAX; i++){
    c->hand[i] = (struct Hand){ c, i };
    if( pthread_create(&c->thread[c->n_thread], 0, run_hand, &c->hand[i]) ) break;
    c->n_thread++;
  }
  pthread_sigmask(SIG_SETMASK, &old, 0);
}

void crew_hire(Crew *c, int n_hand){
  start_hands(c, n_hand);
}

int crew_open(const CrewOps *ops, void *arg, int n_hand, int window, Crew **out){
  Crew *c = sqlite3_malloc64(sizeof(*c));
  pthread_condattr_t attr;
  if( c==0 ) return SQLITE_NOMEM;
  memset(c, 0, sizeof(*c));
  c->ops = ops;
  c->arg = arg;
  c->window = window<1 ? 1 : window;
  c->end = SQLITE_ROW;
  c->ring = sqlite3_malloc64(sizeof(Slot)*(sqlite3_uint64)c->window);
  if( c->ring==0 ){
    sqlite3_free(c);
    return SQLITE_NOMEM;
  }
  pthread_mutex_init(&c->lock, 0);
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&c->done, &attr);
  pthread_condattr_destroy(&attr);
  pthread_cond_init(&c->room, 0);
  start_hands(c, n_hand);
  *out = c;
  return SQLITE_OK;
}

/* Wait until something is done; 0 when `until` (NULL: never) has come. */
static int wait_done(Crew *c, const struct timespec *until){
  if( until==0 ) return pthread_cond_wait(&c->done, &c->lock)==0;
  return pthread_cond_timedwait(&c->done, &c->lock, until)!=ETIMEDOUT;
}

static int take(Crew *c, void **task, const struct timespec *until){
  int rc;
  pthread_mutex_lock(&c->lock);
  for(;;){
    Slot *slot = &c->ring[c->taken%c->window];
    if( c->taken<c->made && slot->is_done ){
      *task = slot->task;
      c->taken++;
      rc = SQLITE_ROW;
      break;
    }
    if( c->taken==c->made && c->end!=SQLITE_ROW && !c->is_making ){
      rc = c->end;
      break;
    }
    if( may_make(c) ){
      make_and_do(c, 0);
    }else if( !wait_done(c, until) ){
      rc = SQLITE_BUSY;
      break;
    }
  }
  pthread_mutex_unlock(&c->lock);
  return rc;
}

int crew_take(Crew *c, void **task){
  return take(c, task, 0);
}

int crew_take_within(Crew *c, void **task, int ms){
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += ms/1000;
  until.tv_nsec += ms%1000*1000000L;
  if( until.tv_nsec>=1000000000L ){
    until.tv_sec++;
    until.tv_nsec -= 1000000000L;
  }
  return take(c, task, &until);
}

void crew_free_task(Crew *c, void *task){
  c->ops->free(c->arg, task);
  pthread_mutex_lock(&c->lock);
  c->freed++;
  pthread_cond_signal(&c->room);
  pthread_mutex_unlock(&c->lock);
}

void crew_close(Crew *c){
  if( c==0 ) return;
  pthread_mutex_lock(&c->lock);
  c->stopping = 1;
  pthread_cond_broadcast(&c->room);
  pthread_mutex_unlock(&c->lock);
  for(int i=0; i<c->n_thread; i++) pthread_join(c->thread[i], 0);
  for(; c->taken<c->made; c->taken++) c->ops->free(c->arg, c->ring[c->taken%c->window].task);
  pthread_cond_destroy(&c->room);
  pthread_cond_destroy(&c->done);
  pthread_mutex_destroy(&c->lock);
  sqlite3_free(c->ring);
  sqlite3_free(c);
}
