/* Stand-ins for rooms of the driver that are not written yet. */
#include "command.h"
#include "statement.h"
#define WEAK __attribute__((weak))
#define CMD(N) WEAK int N(const Options *o){ (void)o; return EXIT_USAGE; }
CMD(cmd_run) CMD(cmd_translate) CMD(cmd_export) CMD(cmd_shell) CMD(cmd_check) CMD(cmd_functions) CMD(cmd_history)
#define ST(N, T) WEAK int N(Session *s, const T *t, Output *o){ (void)t; (void)o; return session_fail(s, "TARN_NOT_SUPPORTED: this statement"); }
ST(statement_alter, Statement) ST(statement_unload, Compiled)
