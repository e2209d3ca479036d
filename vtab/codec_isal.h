/*
** gzip by Intel's ISA-L, three times as fast as zlib.
**
** The library (Debian package libisal2) is opened on first use; where it is not
** there, or was not when Tarn was built, zlib does the work (codec.c).
*/
#ifndef TARN_CODEC_ISAL_H
#define TARN_CODEC_ISAL_H

typedef struct IsalStream IsalStream;

/* Whether it is there. */
int isal_stream_is_available(void);
/* NULL on out of memory. */
IsalStream *isal_stream_new(void);
void isal_stream_free(IsalStream*);             /* NULL is fine */
/* Some output from the input at hand; *next and *n_next move.  1 when a member
** ended here, 0 when not, -1 with *reason when the data is damaged. */
int isal_stream_step(IsalStream*, unsigned char **next, int *n_next, char *out, int n, int *made, const char **reason);
#endif
