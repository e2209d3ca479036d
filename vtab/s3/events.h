/*
** What happens on the sockets of a libcurl multi handle, by epoll.
**
** curl_multi_perform looks at every running transfer each time, with a poll()
** of its own: with 32 transfers, a dozen system calls of 32 sockets for each
** small object.  Here libcurl says which sockets it waits for, and is told of
** those only on which something happened.
**
** s3_events_wait, and all other use of the multi handle, belong to one thread;
** s3_events_wake may be called from any.
*/
#ifndef TARN_S3_EVENTS_H
#define TARN_S3_EVENTS_H
#include <stdint.h>
#include "lib.h"

typedef struct S3Events {
  const CurlLib *curl;
  CURLM *multi;
  int epoll_fd, wake_fd;        /* -1: not open */
  _Atomic int is_woken;         /* wake_fd holds an event that was not taken yet */
  int64_t timer_ms;             /* when libcurl wants to be called; -1 never */
} S3Events;

/* 0, or 1 when the system has no descriptors left.  The struct must not move. */
int s3_events_open(S3Events*, const CurlLib*, CURLM*);
/* After the multi handle is gone. */
void s3_events_close(S3Events*);
/* Wait for sockets, libcurl's timer or a wake, at most so long, and let libcurl work. */
void s3_events_wait(S3Events*, int most_ms);
void s3_events_wake(S3Events*);
#endif
