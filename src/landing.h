/* Landing tables: the catalog's rows as a virtual table (landing.c). */
#ifndef TARN_LANDING_H
#define TARN_LANDING_H
#include "catalog_write.h"

#define SERDE_LAZY "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
#define SERDE_OPENX "org.openx.data.jsonserde.JsonSerDe"
#define SERDE_HCATALOG "org.apache.hive.hcatalog.data.JsonSerDe"
#define SERDE_HIVE_JSON "org.apache.hadoop.hive.serde2.JsonSerDe"
#define INPUT_TEXT "org.apache.hadoop.mapred.TextInputFormat"
#define OUTPUT_TEXT "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
#define NULL_PARTITION "__HIVE_DEFAULT_PARTITION__"

/* Declare (again) the virtual table of a landing table in the catalog, with
** its columns and partitions as they are now. */
int landing_declare(Session*, const TableName*);

/* Declare anew the landing tables that a statement reads and whose projected
** partitions have changed with time. */
int landing_refresh(Session*, const Compiled*);

/* `k=v/k2=v2`, escaped as Hive escapes paths; a NULL value is
** __HIVE_DEFAULT_PARTITION__. */
char *partition_spec(Arena*, int n, const char *const *key, const char *const *value);
/* A path component of that form, decoded, in the arena. */
char *partition_decode(Arena*, const char *z, size_t n);
/* A location that works from any directory: plain paths become absolute,
** others are left; always with a trailing slash when as_folder. */
char *location_absolute(Arena*, const char *location);
/* The local folder that a location means with the session's S3 root (or the
** table's); NULL when it is on the network. */
char *location_folder(Session*, const char *location, const char *table_root);
/* Append the files below a location, with the session's S3 root (or the
** table's) or from S3 itself.  0, or 1 with an error. */
struct SourceList;
int location_files(Session*, const char *location, const char *table_root, struct SourceList*);
#endif
