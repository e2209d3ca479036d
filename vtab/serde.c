/*
** SerDes: the table of classes and what they share (see serde.h).
*/
#include "sqlite.h"
#include "serde.h"
#include <string.h>

static const SerdeOps *const all_serdes[] = { &serde_openx, &serde_hcatalog, &serde_csv, &serde_lazy,
  &serde_regex };

char *serde_open(Serde *serde, const char *class_name){
  for(size_t i=0; i<sizeof(all_serdes)/sizeof(all_serdes[0]); i++){
    for(const char *const *z=all_serdes[i]->classes; *z; z++){
      if( strcmp(*z, class_name) ) continue;
      serde->ops = all_serdes[i];
      return serde->ops->prepare(serde);
    }
  }
  return sqlite3_mprintf("TARN_NOT_SUPPORTED: SerDe %s", class_name);
}

void serde_close(Serde *serde){
  if( serde->ops && serde->ops->reset ) serde->ops->reset(serde);
  serde->ops = 0;
}

static const char *find(const SerdeProperty *property, int n, const char *key){
  for(int i=0; i<n; i++) if( strcmp(property[i].key, key)==0 ) return property[i].value;
  return 0;
}

const char *serde_property(const Serde *serde, const char *key){
  return find(serde->property, serde->n_property, key);
}

const char *serde_table_property(const Serde *serde, const char *key){
  return find(serde->table_property, serde->n_table_property, key);
}

int serde_property_is_true(const Serde *serde, const char *key){
  const char *z = serde_property(serde, key);
  return z && text_is(z, strlen(z), "true");
}

int serde_fail(SerdeRow *row, const char *code, const char *message, size_t byte, const char *column,
               const char *reason){
  row->error = (SerdeError){ code, message, reason, byte, column };
  return -1;
}

void serde_all_null(SerdeRow *row){
  for(int i=0; i<row->serde->n_column; i++) row->cell[i] = value_null();
}
