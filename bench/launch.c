/*
** Runs a command and measures it from outside: bench.py's stop-watch.
**
**   launch OUTPUT COMMAND [ARGUMENT…]
**
** Prints one line: seconds from fork to exit, seconds to the first byte of its
** standard output (-1: none), processor seconds, peak resident kB, exit status.
** The first OUTPUT_MAX bytes of standard output go to the file OUTPUT.  A small
** program of its own, because a child's peak memory begins with its parent's
** (Linux counts the image that exec replaces) and starting a process from
** Python takes longer than a run of tarn.
*/
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OUTPUT_MAX 65536

static double now(void){
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec/1e9;
}

static double seconds(struct timeval t){
  return (double)t.tv_sec + (double)t.tv_usec/1e6;
}

/* Read the child's output to its end; when the first byte came, or -1. */
static double drain(int from, int to){
  static char buf[OUTPUT_MAX];
  double first = -1;
  long kept = 0;
  ssize_t n;
  while( (n = read(from, buf, sizeof(buf)))>0 ){
    ssize_t keep = kept+n<=OUTPUT_MAX ? n : OUTPUT_MAX-kept;
    if( first<0 ) first = now();
    if( keep>0 && write(to, buf, (size_t)keep)!=keep ) return -1;
    kept += n;
  }
  return first;
}

int main(int argc, char **argv){
  int fd[2], out, status;
  struct rusage use;
  double start, first, end;
  pid_t child;
  if( argc<3 ){
    fputs("usage: launch OUTPUT COMMAND [ARGUMENT...]\n", stderr);
    return 2;
  }
  out = open(argv[1], O_WRONLY|O_CREAT|O_TRUNC|O_CLOEXEC, 0644);
  if( out<0 || pipe(fd) ){
    perror(argv[1]);
    return 2;
  }
  start = now();
  child = fork();
  if( child==0 ){
    dup2(fd[1], STDOUT_FILENO);
    close(fd[0]);
    close(fd[1]);
    execvp(argv[2], argv+2);
    perror(argv[2]);
    _exit(127);
  }
  close(fd[1]);
  first = drain(fd[0], out);
  if( child<0 || wait4(child, &status, 0, &use)!=child ) return 2;
  end = now();
  printf("%.6f %.6f %.6f %ld %d\n", end-start, first<0 ? -1 : first-start, seconds(use.ru_utime)+seconds(use.ru_stime),
         use.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128+WTERMSIG(status));
  return 0;
}
