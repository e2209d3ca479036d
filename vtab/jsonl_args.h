/*
** The argument list of the module jsonl, read and written (jsonl_args.c).
*/
#ifndef TARN_JSONL_ARGS_H
#define TARN_JSONL_ARGS_H
#include "jsonl.h"
#include "arena.h"

/* Read the arguments of CREATE VIRTUAL TABLE (without module, database and
** table name).  NULL with *out in the arena, or the error (sqlite3_malloc). */
char *jsonl_args_parse(Arena*, int argc, const char *const *argv, JsonlSpec *out);
#endif
