/*
** The network's libraries, opened on first use.
**
** Linking libcurl alone costs 7 ms at every start, so a run that stays on
** local files must not map it: libcurl, libcrypto and expat are opened with
** dlopen when the first request is made, and never closed.  Their headers are
** used for types and constants only.
**
** Each function returns a table of the functions we call, or NULL with *error
** set to a constant text that names the library and the package that has it.
** Safe to call from any thread.
*/
#ifndef TARN_S3_LIB_H
#define TARN_S3_LIB_H
#include <stddef.h>
#include <curl/curl.h>
#include <expat.h>
#include <openssl/evp.h>

typedef struct CurlLib {
  CURLcode (*global_init)(long);
  CURL *(*easy_init)(void);
  void (*easy_cleanup)(CURL*);
  void (*easy_reset)(CURL*);
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  const char *(*easy_strerror)(CURLcode);
  struct curl_slist *(*slist_append)(struct curl_slist*, const char*);
  void (*slist_free_all)(struct curl_slist*);
  CURLM *(*multi_init)(void);
  CURLMcode (*multi_cleanup)(CURLM*);
  CURLMcode (*multi_add_handle)(CURLM*, CURL*);
  CURLMcode (*multi_remove_handle)(CURLM*, CURL*);
  CURLMcode (*multi_perform)(CURLM*, int*);
  CURLMcode (*multi_poll)(CURLM*, struct curl_waitfd*, unsigned, int, int*);
  CURLMcode (*multi_wakeup)(CURLM*);
  CURLMsg *(*multi_info_read)(CURLM*, int*);
  CURLMcode (*multi_setopt)(CURLM*, CURLMoption, ...);
} CurlLib;

typedef struct CryptoLib {
  unsigned char *(*HMAC)(const EVP_MD*, const void*, int, const unsigned char*, size_t,
                         unsigned char*, unsigned int*);
  const EVP_MD *(*EVP_sha256)(void);
  const EVP_MD *(*EVP_md5)(void);
  int (*EVP_Digest)(const void*, size_t, unsigned char*, unsigned int*, const EVP_MD*, ENGINE*);
} CryptoLib;

typedef struct ExpatLib {
  XML_Parser (*ParserCreate)(const XML_Char*);
  void (*ParserFree)(XML_Parser);
  void (*SetUserData)(XML_Parser, void*);
  void (*SetElementHandler)(XML_Parser, XML_StartElementHandler, XML_EndElementHandler);
  void (*SetCharacterDataHandler)(XML_Parser, XML_CharacterDataHandler);
  void (*SetStartDoctypeDeclHandler)(XML_Parser, XML_StartDoctypeDeclHandler);
  enum XML_Status (*Parse)(XML_Parser, const char*, int, int);
  enum XML_Status (*StopParser)(XML_Parser, XML_Bool);
  enum XML_Error (*GetErrorCode)(XML_Parser);
  const XML_LChar *(*ErrorString)(enum XML_Error);
} ExpatLib;

const CurlLib *lib_curl(const char **error);
const CryptoLib *lib_crypto(const char **error);
const ExpatLib *lib_expat(const char **error);
#endif
