/* The commands of `tarn`, one function and one file each (main.c lists them). */
#ifndef TARN_COMMAND_H
#define TARN_COMMAND_H
#include "options.h"

int cmd_run(const Options*);
int cmd_query(const Options*);
int cmd_translate(const Options*);
int cmd_export(const Options*);
int cmd_shell(const Options*);
int cmd_check(const Options*);
int cmd_functions(const Options*);
int cmd_history(const Options*);
int cmd_pull(const Options*);
int cmd_import(const Options*);
int cmd_crawl(const Options*);
int cmd_s3(const Options*);
int cmd_doctor(const Options*);
#endif
