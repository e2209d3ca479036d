/* Stand-ins for rooms of the driver that are not written yet. */
#include "statement.h"
#define WEAK __attribute__((weak))
#define ST(N, T) WEAK int N(Session *s, const T *t, Output *o){ (void)t; (void)o; return session_fail(s, "TARN_NOT_SUPPORTED: this statement"); }
ST(statement_unload, Compiled)
