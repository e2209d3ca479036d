/* The network's libraries, opened on first use: see lib.h. */
#include "lib.h"
#include <dlfcn.h>
#include <pthread.h>

typedef struct Symbol { const char *name; size_t offset; } Symbol;
#define AT(T, MEMBER, NAME) { NAME, offsetof(T, MEMBER) }

static const Symbol curl_symbols[] = {
  AT(CurlLib, global_init, "curl_global_init"),
  AT(CurlLib, easy_init, "curl_easy_init"),
  AT(CurlLib, easy_cleanup, "curl_easy_cleanup"),
  AT(CurlLib, easy_reset, "curl_easy_reset"),
  AT(CurlLib, easy_setopt, "curl_easy_setopt"),
  AT(CurlLib, easy_getinfo, "curl_easy_getinfo"),
  AT(CurlLib, easy_strerror, "curl_easy_strerror"),
  AT(CurlLib, slist_append, "curl_slist_append"),
  AT(CurlLib, slist_free_all, "curl_slist_free_all"),
  AT(CurlLib, multi_init, "curl_multi_init"),
  AT(CurlLib, multi_cleanup, "curl_multi_cleanup"),
  AT(CurlLib, multi_add_handle, "curl_multi_add_handle"),
  AT(CurlLib, multi_remove_handle, "curl_multi_remove_handle"),
  AT(CurlLib, multi_perform, "curl_multi_perform"),
  AT(CurlLib, multi_poll, "curl_multi_poll"),
  AT(CurlLib, multi_wakeup, "curl_multi_wakeup"),
  AT(CurlLib, multi_info_read, "curl_multi_info_read"),
  AT(CurlLib, multi_setopt, "curl_multi_setopt"),
  { 0, 0 }
};

static const Symbol crypto_symbols[] = {
  AT(CryptoLib, HMAC, "HMAC"),
  AT(CryptoLib, EVP_sha256, "EVP_sha256"),
  AT(CryptoLib, EVP_md5, "EVP_md5"),
  AT(CryptoLib, EVP_Digest, "EVP_Digest"),
  { 0, 0 }
};

static const Symbol expat_symbols[] = {
  AT(ExpatLib, ParserCreate, "XML_ParserCreate"),
  AT(ExpatLib, ParserFree, "XML_ParserFree"),
  AT(ExpatLib, SetUserData, "XML_SetUserData"),
  AT(ExpatLib, SetElementHandler, "XML_SetElementHandler"),
  AT(ExpatLib, SetCharacterDataHandler, "XML_SetCharacterDataHandler"),
  AT(ExpatLib, SetStartDoctypeDeclHandler, "XML_SetStartDoctypeDeclHandler"),
  AT(ExpatLib, Parse, "XML_Parse"),
  AT(ExpatLib, StopParser, "XML_StopParser"),
  AT(ExpatLib, GetErrorCode, "XML_GetErrorCode"),
  AT(ExpatLib, ErrorString, "XML_ErrorString"),
  { 0, 0 }
};

static CurlLib curl_table;
static CryptoLib crypto_table;
static ExpatLib expat_table;
static int curl_ready, crypto_ready, expat_ready;

/* Open the library and fill the table; 1 when every symbol was found. */
static int lib_open(const char *file, const Symbol *symbol, void *table){
  void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if( handle==0 ) return 0;
  for(; symbol->name; symbol++){
    void *address = dlsym(handle, symbol->name);
    if( address==0 ) return 0;
    *(void**)((char*)table + symbol->offset) = address;
  }
  return 1;
}

static void open_curl(void){
  curl_ready = lib_open("libcurl.so.4", curl_symbols, &curl_table)
            && curl_table.global_init(CURL_GLOBAL_DEFAULT)==CURLE_OK;
}

static void open_crypto(void){
  crypto_ready = lib_open("libcrypto.so.3", crypto_symbols, &crypto_table);
}

static void open_expat(void){
  expat_ready = lib_open("libexpat.so.1", expat_symbols, &expat_table);
}

const CurlLib *lib_curl(const char **error){
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_curl);
  if( curl_ready ) return &curl_table;
  *error = "libcurl.so.4 cannot be loaded (Debian package libcurl4)";
  return 0;
}

const CryptoLib *lib_crypto(const char **error){
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_crypto);
  if( crypto_ready ) return &crypto_table;
  *error = "libcrypto.so.3 cannot be loaded (Debian package libssl3)";
  return 0;
}

const ExpatLib *lib_expat(const char **error){
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, open_expat);
  if( expat_ready ) return &expat_table;
  *error = "libexpat.so.1 cannot be loaded (Debian package libexpat1)";
  return 0;
}
