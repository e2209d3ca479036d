/*
** Exports: the last step of a run, finished by whoever comes next (swap.c).
*/
#ifndef TARN_SWAP_H
#define TARN_SWAP_H
#include "session.h"

/* The places of one exported folder; a staged and an old name are used once. */
typedef struct SwapPaths {
  const char *area;             /* PARENT/.tarn */
  const char *staged, *old;     /* PARENT/.tarn/NAME.new-RUN-ID, .old-RUN-ID */
  const char *marker;           /* PARENT/.tarn/NAME.made */
} SwapPaths;
SwapPaths swap_paths(Arena*, const char *folder, long long run);

/* Finish the swaps that are recorded in tarn_swaps.  Takes the write lock,
** and only when there are any: never in the middle of a live run. */
int swap_recover(Session*);

/* Record a swap in the open transaction: of a folder, or of a new file (old is
** empty).  Rows of swaps that are done are forgotten then. */
int swap_record(Session*, long long run, const char *folder, const char *staged, const char *old);

/* Put everything staged in the open transaction on disk. */
int swap_flush(Session*);

/* mkdir -p; remove what interrupted runs left in a folder's area. */
int swap_make_folder(Session*, const char *path);
int swap_clean(Session*, const char *folder);
/* Remove a file or folder with all in it; what is not there is fine. */
int remove_tree(const char *path);
#endif
