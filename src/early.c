/*
** The lake's pages on their way to the disk while the next step computes.
**
** SQLite writes pages of a large transaction into the system's cache as its own
** fills, and flushes them all at COMMIT.  The order that makes this safe (first
** the journal, then the pages it covers) is SQLite's at the time of its writes,
** so that the system may take any page to the disk at once.
**
** The descriptor is SQLite's own, found among this process's by the file's
** identity: one of our own would, when closed, drop the locks that SQLite holds
** on the file.
*/
#include <fcntl.h>
#include <sys/stat.h>
#include "early.h"

#define DESCRIPTORS 64          /* looked at; SQLite opens the lake among the first */

void early_write(Session *s){
  const char *path = sqlite3_db_filename(s->db, "main");
  struct stat lake, st;
  if( path==0 || path[0]==0 || stat(path, &lake) || !S_ISREG(lake.st_mode) ) return;
  for(int fd=3; fd<DESCRIPTORS; fd++){
    if( fstat(fd, &st) || st.st_dev!=lake.st_dev || st.st_ino!=lake.st_ino ) continue;
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return;
  }
}
