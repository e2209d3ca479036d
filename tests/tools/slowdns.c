/* A name server that does not answer: preloaded by tests/net/test_s3_interrupt.py. */
#include <netdb.h>
#include <unistd.h>

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out){
  (void)node; (void)service; (void)hints; (void)out;
  sleep(30);
  return EAI_AGAIN;
}
