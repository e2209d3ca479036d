/*
** A model of S3 for `make bench-s3`: what counts for a client is the time to
** the first byte and the speed of one connection.
**
**   s3model FIRST_BYTE_MS MB_PER_S < OBJECTS
**
** OBJECTS is a line for each object: SIZE KEY, all in the bucket `bench`; their
** bytes are the JSON lines of one small record, over and over.  Prints its port
** and serves on 127.0.0.1 until it is killed.  A thread a
** connection; signatures are not looked at.  A model, not S3: no TLS, no
** throttling, and it shares the client's processors.
*/
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OBJECTS_MAX 100000
#define REQUEST_MAX 16384
#define CHUNK (256<<10)         /* bytes between two looks at the clock */

typedef struct Object { char key[200]; long long size; } Object;
static Object object[OBJECTS_MAX];
static int n_object;
static double first_byte_s, bytes_per_s;
static char *block;             /* records, back to back: CHUNK bytes from any place in a record */
static int record_len;

static double now_s(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec/1e9;
}

static void sleep_until(double when){
  double left = when - now_s();
  struct timespec t;
  if( left<=0 ) return;
  t.tv_sec = (time_t)left;
  t.tv_nsec = (long)((left-(double)t.tv_sec)*1e9);
  nanosleep(&t, 0);
}

static int send_all(int fd, const char *z, size_t n){
  while( n ){
    ssize_t k = send(fd, z, n, MSG_NOSIGNAL);
    if( k<=0 ) return 1;
    z += k;
    n -= (size_t)k;
  }
  return 0;
}

/* Bytes [from, end) of any object, at the speed of one connection. */
static int send_range(int fd, long long from, long long end){
  double start = now_s();
  for(long long at=from; at<end; ){
    long long n = end-at < CHUNK ? end-at : CHUNK;
    if( send_all(fd, block + at%record_len, (size_t)n) ) return 1;
    at += n;
    sleep_until(start + (double)(at-from)/bytes_per_s);
  }
  return 0;
}

static int send_list(int fd){
  char *body = malloc((size_t)n_object*400 + 1000), head[200];
  int n, rc;
  if( body==0 ) return 1;
  n = sprintf(body, "<ListBucketResult><Name>bench</Name><KeyCount>%d</KeyCount><IsTruncated>false</IsTruncated>", n_object);
  for(int i=0; i<n_object; i++){
    n += sprintf(body+n, "<Contents><Key>%s</Key><LastModified>2026-11-22T00:00:00.000Z</LastModified><Size>%lld</Size><ETag>\"%032d\"</ETag></Contents>", object[i].key, object[i].size, i);
  }
  n += sprintf(body+n, "</ListBucketResult>");
  sprintf(head, "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n", n);
  rc = send_all(fd, head, strlen(head)) || send_all(fd, body, (size_t)n);
  free(body);
  return rc;
}

static int answer(int fd, const char *request){
  char key[200] = "", head[400];
  long long from = 0, end = -1;
  int head_only = strncmp(request, "HEAD ", 5)==0;
  const char *range = strcasestr(request, "\r\nrange: bytes=");
  sleep_until(now_s() + first_byte_s);
  if( strstr(request, "list-type=2") ) return send_list(fd);
  sscanf(request, "%*s /bench/%199[^ ?]", key);
  for(int i=0; i<n_object; i++){
    if( strcmp(object[i].key, key)!=0 ) continue;
    end = object[i].size;
    if( range ){
      long long last;
      sscanf(range+strlen("\r\nrange: bytes="), "%lld-%lld", &from, &last);
      if( last+1<end ) end = last+1;
      sprintf(head, "HTTP/1.1 206 Partial\r\nContent-Range: bytes %lld-%lld/%lld\r\nETag: \"%032d\"\r\nContent-Length: %lld\r\n\r\n",
              from, end-1, object[i].size, i, end-from);
    }else{
      sprintf(head, "HTTP/1.1 200 OK\r\nAccept-Ranges: bytes\r\nLast-Modified: Sun, 22 Nov 2026 00:00:00 GMT\r\n"
                    "ETag: \"%032d\"\r\nContent-Length: %lld\r\n\r\n", i, end);
    }
    if( head_only ) return send_all(fd, head, strlen(head));
    return send_all(fd, head, strlen(head)) || send_range(fd, from, end);
  }
  return send_all(fd, "HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n", 41);
}

static void *serve(void *arg){
  int fd = (int)(long)arg, one = 1, n = 0;
  char request[REQUEST_MAX+1];
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  while( n<REQUEST_MAX ){
    ssize_t k = recv(fd, request+n, (size_t)(REQUEST_MAX-n), 0);
    if( k<=0 ) break;
    n += (int)k;
    request[n] = 0;
    if( strstr(request, "\r\n\r\n")==0 ) continue;      /* GETs have no body */
    if( answer(fd, request) ) break;
    n = 0;
  }
  close(fd);
  return 0;
}

static void make_block(void){
  static const char record[] = "{\"user\":\"somebody@example.com\",\"timestamp\":1655296571764,\"x\":1.25,\"y\":-7.5,\"z\":0.125}\n";
  record_len = (int)strlen(record);
  block = malloc(CHUNK + (size_t)record_len*2);
  if( block==0 ) exit(1);
  for(int i=0; i<CHUNK+record_len; i += record_len) memcpy(block+i, record, (size_t)record_len);
}

int main(int argc, char **argv){
  struct sockaddr_in a = {0};
  socklen_t len = sizeof(a);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if( argc!=3 ) return 2;
  first_byte_s = atof(argv[1])/1e3;
  bytes_per_s = atof(argv[2])*1e6;
  while( n_object<OBJECTS_MAX && scanf("%lld %199s", &object[n_object].size, object[n_object].key)==2 ) n_object++;
  make_block();
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if( bind(listener, (struct sockaddr*)&a, sizeof(a)) || listen(listener, 256) || getsockname(listener, (struct sockaddr*)&a, &len) ) return 1;
  printf("%d\n", ntohs(a.sin_port));
  fflush(stdout);
  for(;;){
    int fd = accept(listener, 0, 0);
    pthread_t t;
    if( fd>=0 && pthread_create(&t, 0, serve, (void*)(long)fd)==0 ) pthread_detach(t);
  }
}
