/*
** The one way vtab/ sees SQLite.
**
** Every file under vtab/ is compiled twice: into the loadable extension
** tarn.so, where SQLite's API is reached through the pointer table of
** sqlite3ext.h, and (with -DSQLITE_CORE) into the driver, where it is called
** directly.  Including this header, never <sqlite3.h>, makes both work.
*/
#ifndef TARN_SQLITE_H
#define TARN_SQLITE_H
#include <sqlite3ext.h>
#ifndef TARN_EXTENSION_ENTRY      /* only vtab/tarn.c defines the pointer */
SQLITE_EXTENSION_INIT3
#endif
#endif
