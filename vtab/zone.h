/*
** Time zones: names, keys and rules.
**
** A zone key fits 16 bits and travels inside values (value.h).  0 is UTC,
** offsets are ZONE_OFFSET_0 + minutes, named zones ZONE_NAMED_0 + their index
** in a sorted list compiled in.  Keys mean the same in every process of one
** build; nothing stores them.  The rules of named zones are read from the
** system's TZif files (TZDIR or /usr/share/zoneinfo) on first use.
*/
#ifndef TARN_ZONE_H
#define TARN_ZONE_H
#include <stdint.h>
#include <stddef.h>
#include "arena.h"

#define ZONE_UTC        0
#define ZONE_OFFSET_0   1024    /* minutes -840..840 */
#define ZONE_NAMED_0    2048
#define ZONE_MINUTES_MAX 840    /* 14 hours */

/* What zone_parse says of a text. */
#define ZONE_OK         0
#define ZONE_INVALID    1       /* no such zone */
#define ZONE_RANGE      2       /* an offset beyond 14 hours */
#define ZONE_NO_DATA    3       /* a zone whose file the system lacks */

/* Key of a zone by Athena's spelling: `UTC`, `+05:30`, `America/New_York`.
** Case matters for names of regions, not for UTC and its synonyms. */
int zone_parse(const char *z, size_t n, int *key);
/* Key of a fixed offset in minutes, -840..840 (0 is UTC). */
int zone_from_minutes(int minutes);
/* Athena's spelling of a key; writes at most ZONE_NAME_MAX bytes with NUL. */
#define ZONE_NAME_MAX 48
const char *zone_name(int key, char *buf);
/* 1 for UTC and offsets (always the same offset). */
int zone_is_fixed(int key);

/* Seconds east of UTC at an instant (seconds since 1970 UTC). */
int zone_offset(int key, int64_t utc_seconds);
/* Abbreviation in force ("EDT"); for fixed zones the name. */
const char *zone_abbreviation(int key, int64_t utc_seconds, char *buf);

/*
** Local time to offsets: 1 when exactly one offset is valid; 2 in an overlap
** (*before is the earlier instant's, *after the later's); 0 in a gap (*before
** and *after are those around the jump).
*/
int zone_local(int key, int64_t local_seconds, int *before, int *after);
#endif
