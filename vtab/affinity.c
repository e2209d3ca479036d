/* Affinities of declared types: affinity.h. */
#include <string.h>
#include "affinity.h"
#include "sqlite.h"

static int contains(const char *z, const char *word){
  size_t n = strlen(word);
  for(; *z; z++) if( sqlite3_strnicmp(z, word, (int)n)==0 ) return 1;
  return 0;
}

Affinity affinity_of(const char *declared){
  if( declared==0 || declared[0]==0 ) return AFF_BLOB;
  if( contains(declared, "int") ) return AFF_INTEGER;
  if( contains(declared, "char") || contains(declared, "clob") || contains(declared, "text") ) return AFF_TEXT;
  if( contains(declared, "blob") ) return AFF_BLOB;
  if( contains(declared, "real") || contains(declared, "floa") || contains(declared, "doub") ) return AFF_REAL;
  return AFF_NUMERIC;
}
