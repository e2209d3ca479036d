/* Inner loops over bytes: see kernel.h. */
#include "kernel.h"
#include <string.h>

/* Where there are \r: \r\n ends one line. */
static size_t count_mixed(const char *z, size_t n){
  size_t lines = 0;
  for(size_t i=0; i<n; i++){
    lines += z[i]=='\r' || (z[i]=='\n' && (i==0 || z[i-1]!='\r'));
  }
  return lines + (z[n-1]!='\n' && z[n-1]!='\r');
}

size_t kernel_count_lines(const char *z, size_t n){
  size_t lines = 0;
  if( n==0 ) return 0;
  if( memchr(z, '\r', n) ) return count_mixed(z, n);
  for(size_t i=0; i<n; i++) lines += z[i]=='\n';
  return lines + (z[n-1]!='\n');
}
