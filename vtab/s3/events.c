/* Sockets of a libcurl multi handle by epoll: see events.h. */
#include "events.h"
#include "request.h"
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64

/* libcurl waits for other things on a socket, or for nothing more. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known){
  S3Events *e = ctx;
  struct epoll_event event;
  (void)easy;
  (void)known;
  memset(&event, 0, sizeof(event));
  event.data.fd = fd;
  if( what==CURL_POLL_REMOVE ){
    epoll_ctl(e->epoll_fd, EPOLL_CTL_DEL, fd, &event);  /* a closed one is gone already */
    return 0;
  }
  if( what & CURL_POLL_IN ) event.events |= EPOLLIN;
  if( what & CURL_POLL_OUT ) event.events |= EPOLLOUT;
  if( epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, fd, &event)==0 ) return 0;
  if( errno==EEXIST && epoll_ctl(e->epoll_fd, EPOLL_CTL_MOD, fd, &event)==0 ) return 0;
  return -1;
}

static int on_timer(CURLM *multi, long ms, void *ctx){
  S3Events *e = ctx;
  (void)multi;
  e->timer_ms = ms<0 ? -1 : s3_now_ms() + ms;
  return 0;
}

int s3_events_open(S3Events *e, const CurlLib *curl, CURLM *multi){
  struct epoll_event event;
  memset(&event, 0, sizeof(event));
  e->curl = curl;
  e->multi = multi;
  e->timer_ms = -1;
  e->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  e->wake_fd = eventfd(0, EFD_CLOEXEC|EFD_NONBLOCK);
  event.events = EPOLLIN;
  event.data.fd = e->wake_fd;
  if( e->epoll_fd<0 || e->wake_fd<0 || epoll_ctl(e->epoll_fd, EPOLL_CTL_ADD, e->wake_fd, &event) ) return 1;
  curl->multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl->multi_setopt(multi, CURLMOPT_SOCKETDATA, e);
  curl->multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl->multi_setopt(multi, CURLMOPT_TIMERDATA, e);
  return 0;
}

void s3_events_close(S3Events *e){
  if( e->epoll_fd>=0 ) close(e->epoll_fd);
  if( e->wake_fd>=0 ) close(e->wake_fd);
  e->epoll_fd = e->wake_fd = -1;
}

void s3_events_wake(S3Events *e){
  uint64_t one = 1;
  if( __atomic_exchange_n(&e->is_woken, 1, __ATOMIC_SEQ_CST) ) return;
  if( write(e->wake_fd, &one, sizeof(one))<0 ) return;  /* full: it wakes all the same */
}

static void take_wake(S3Events *e){
  uint64_t n;
  if( read(e->wake_fd, &n, sizeof(n))<0 ) return;
  __atomic_store_n(&e->is_woken, 0, __ATOMIC_SEQ_CST);
}

static int until_timer(const S3Events *e, int most_ms){
  int64_t left;
  if( e->timer_ms<0 ) return most_ms;
  left = e->timer_ms - s3_now_ms();
  return left<0 ? 0 : left<most_ms ? (int)left : most_ms;
}

void s3_events_wait(S3Events *e, int most_ms){
  struct epoll_event event[EVENTS_AT_ONCE];
  int n = epoll_wait(e->epoll_fd, event, EVENTS_AT_ONCE, until_timer(e, most_ms)), running;
  for(int i=0; i<n; i++){
    int happened = (event[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) | (event[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0)
                 | (event[i].events & (EPOLLERR|EPOLLHUP) ? CURL_CSELECT_ERR|CURL_CSELECT_IN : 0);
    if( event[i].data.fd==e->wake_fd ) take_wake(e);
    else e->curl->multi_socket_action(e->multi, event[i].data.fd, happened, &running);
  }
  if( e->timer_ms>=0 && e->timer_ms<=s3_now_ms() ){
    e->timer_ms = -1;
    e->curl->multi_socket_action(e->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}
