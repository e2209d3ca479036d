/* Stand-ins for rooms of the driver that are not written yet. */
#include "command.h"
#include "statement.h"
#define WEAK __attribute__((weak))
#define CMD(N) WEAK int N(const Options *o){ (void)o; return EXIT_USAGE; }
CMD(cmd_run) CMD(cmd_translate) CMD(cmd_export) CMD(cmd_shell) CMD(cmd_check) CMD(cmd_functions) CMD(cmd_history)
#define ST(N, T) WEAK int N(Session *s, const T *t, Output *o){ (void)t; (void)o; return session_fail(s, "TARN_NOT_SUPPORTED: this statement"); }
ST(statement_create_external_table, Statement) ST(statement_drop_table, Statement) ST(statement_database, Statement)
ST(statement_partition, Statement) ST(statement_alter, Statement) ST(statement_create_table_as, Compiled)
ST(statement_insert, Compiled) ST(statement_unload, Compiled) ST(statement_view, Compiled) ST(statement_show, Statement)
ST(statement_describe, Statement) ST(statement_show_create, Statement) ST(statement_prepared, Statement)
ST(statement_explain, Statement)
