/* placeholder */
#include "swap.h"
int swap_recover(Session *s){
  (void)s;
  return 0;
}
