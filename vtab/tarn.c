/*
** The extension: `.load /path/to/tarn` in any sqlite3 of 3.40 or later gives
** the connection Athena's functions and the virtual tables.
**
** The driver links the same code and calls tarn_register on its connections,
** and jsonl_register with a host of its own.
*/
#define TARN_EXTENSION_ENTRY
#include "sqlite.h"
#include "tarn.h"
#include "fn/aggregate.h"
#include "fn/fn.h"
#include "fn/shell.h"
#include "fn/unnest.h"
#include "group.h"
#include "hash.h"
#include "jsonl.h"
#include "member.h"

SQLITE_EXTENSION_INIT1

int tarn_register(struct sqlite3 *db){
  int rc = fn_register(db);
  if( rc==SQLITE_OK ) rc = agg_register(db);
  if( rc==SQLITE_OK ) rc = unnest_register(db);
  if( rc==SQLITE_OK ) rc = hash_register(db, 0);
  return rc;
}

#ifndef SQLITE_CORE
__attribute__((visibility("default")))
int sqlite3_tarn_init(sqlite3 *db, char **pzErrMsg, const sqlite3_api_routines *api){
  int rc;
  (void)pzErrMsg;
  SQLITE_EXTENSION_INIT2(api);
  if( sqlite3_libversion_number()<3040000 ) return SQLITE_ERROR;
  rc = tarn_register(db);
  if( rc==SQLITE_OK ) rc = group_register(db, 0);
  if( rc==SQLITE_OK ) rc = member_register(db, 0);
  if( rc==SQLITE_OK ) rc = shell_register(db);
  return rc==SQLITE_OK ? jsonl_register(db, 0) : rc;
}
#endif
