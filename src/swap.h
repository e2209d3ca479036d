/* Exports: the last step of a run, finished by whoever comes next (swap.c). */
#ifndef TARN_SWAP_H
#define TARN_SWAP_H
#include "session.h"

/* Finish the swaps that an interrupted run recorded.  Takes the write lock
** only when there are any. */
int swap_recover(Session*);
#endif
