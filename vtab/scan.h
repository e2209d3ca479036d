/*
** Lines of landing files: how long they may be.
*/
#ifndef TARN_SCAN_H
#define TARN_SCAN_H

#define SCAN_LINE_MAX (32*1024*1024)    /* Athena's limit */
#define SCAN_PADDING 64                 /* zero bytes that can be read behind a block of lines */

#endif
