/*
** Exports: the last step of a run, finished by whoever comes next (swap.c).
*/
#ifndef TARN_SWAP_H
#define TARN_SWAP_H
#include "session.h"

/* The places of one exported folder. */
typedef struct SwapPaths {
  const char *area;             /* PARENT/.tarn */
  const char *staged, *old;     /* PARENT/.tarn/NAME.new-RUN, .old-RUN */
  const char *marker;           /* PARENT/.tarn/NAME.made */
} SwapPaths;
SwapPaths swap_paths(Arena*, const char *folder, long long run);

/* Finish the swaps that are recorded in tarn_swaps.  Takes the write lock,
** and only when there are any: never in the middle of a live run. */
int swap_recover(Session*);

/* Put everything staged in the open transaction on disk. */
int swap_flush(Session*);

/* mkdir -p; remove what interrupted runs left in a folder's area. */
int swap_make_folder(Session*, const char *path);
int swap_clean(Session*, const char *folder);
/* Remove a file or folder with all in it; what is not there is fine. */
int remove_tree(const char *path);
#endif
