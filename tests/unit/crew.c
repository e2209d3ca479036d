/*
** Crews: order, windows, ends and early closing, with one hand and with many.
*/
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sqlite3.h>
#include "../../vtab/crew.h"

static int failures;

static void check(const char *name, int hands, int good){
  printf(good ? "ok %s_%d_hands\n" : "not ok %s_%d_hands\n", name, hands);
  failures += !good;
}

/* Tasks 0 to n-1, squared by whoever comes; `next` ends with `end`. */
typedef struct Job {
  int n, made, end, window;
  int in_next, broken;          /* two hands in `next`, or more tasks than the window */
  int alive;                    /* made and not freed */
  pthread_mutex_t lock;
} Job;
typedef struct Task { int i, square, hand; } Task;

static int job_next(void *arg, void **task){
  Job *j = arg;
  Task *t;
  if( __atomic_add_fetch(&j->in_next, 1, __ATOMIC_SEQ_CST)!=1 ) j->broken = 1;
  t = j->made<j->n ? sqlite3_malloc64(sizeof(*t)) : 0;
  if( t ){
    t->i = j->made++;
    if( __atomic_add_fetch(&j->alive, 1, __ATOMIC_SEQ_CST)>j->window ) j->broken = 1;
    *task = t;
  }
  __atomic_sub_fetch(&j->in_next, 1, __ATOMIC_SEQ_CST);
  return t ? SQLITE_ROW : j->end;
}

/* Later tasks are often done first. */
static void job_work(void *arg, void *task, int hand){
  Task *t = task;
  (void)arg;
  if( t->i%7==0 ) usleep(300);
  t->square = t->i*t->i;
  t->hand = hand;
}

static void job_free(void *arg, void *task){
  Job *j = arg;
  __atomic_sub_fetch(&j->alive, 1, __ATOMIC_SEQ_CST);
  sqlite3_free(task);
}

static const CrewOps job_ops = { job_next, job_work, job_free };

/* Take `stop` tasks (all of them: -1), then close. */
static void run(const char *name, int hands, int n, int window, int end, int stop){
  Job j = { .n = n, .end = end, .window = window };
  Crew *c = 0;
  void *task;
  int rc = crew_open(&job_ops, &j, hands, window, &c), i = 0, good = rc==SQLITE_OK;
  while( good && i!=stop && (rc = crew_take(c, &task))==SQLITE_ROW ){
    Task *t = task;
    good = t->i==i && t->square==i*i && t->hand>=0 && t->hand<hands;
    i++;
    crew_free_task(c, task);
  }
  if( stop<0 ) good = good && i==n && rc==end && crew_take(c, &task)==end;
  crew_close(c);
  check(name, hands, good && j.alive==0 && !j.broken);
}

int main(void){
  static const int hands[] = { 1, 2, 4, 9 };
  for(unsigned i=0; i<sizeof(hands)/sizeof(hands[0]); i++){
    run("tasks_come_in_order", hands[i], 1000, 8, SQLITE_DONE, -1);
    run("window_of_one", hands[i], 100, 1, SQLITE_DONE, -1);
    run("no_tasks", hands[i], 0, 4, SQLITE_DONE, -1);
    run("error_comes_after_the_tasks_before_it", hands[i], 50, 4, SQLITE_IOERR, -1);
    run("closed_early", hands[i], 1000, 16, SQLITE_DONE, 5);
    run("closed_at_once", hands[i], 1000, 16, SQLITE_DONE, 0);
  }
  crew_close(0);
  check("processors_are_counted", 1, crew_hands()>=1);
  return failures!=0;
}
