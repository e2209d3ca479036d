/*
** What `tarn functions` and docs/functions.md say beyond the registry: an
** example for names whose rows have none, and the window functions, which the
** analyser knows without rows.
*/
#ifndef TARN_FUNCTION_DOCS_H
#define TARN_FUNCTION_DOCS_H

/* "expression = text of its value", for the first row of a name; NULL: none. */
const char *function_example(const char *name);

typedef struct WindowDoc { const char *name, *sig, *doc, *example; } WindowDoc;
/* Ends in a row without a name. */
extern const WindowDoc window_docs[];
#endif
