// libcurl for the site's transport. curl_easy_setopt and curl_easy_getinfo are variadic, which
// Swift cannot call, and CURL_VERSION macros do not import: hence one typed inline shim for each
// argument type that the transport uses.
#ifndef KREISSYNC_CCURL_H
#define KREISSYNC_CCURL_H

#include <curl/curl.h>

typedef size_t (*kreissync_curl_callback)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode kreissync_curl_set_long(CURL *handle, CURLoption option, long value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kreissync_curl_set_large(CURL *handle, CURLoption option, curl_off_t value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kreissync_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kreissync_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return curl_easy_setopt(handle, option, value);
}

static inline CURLcode kreissync_curl_set_callback(CURL *handle, CURLoption option,
                                                   kreissync_curl_callback value) {
  return curl_easy_setopt(handle, option, value);
}

typedef int (*kreissync_curl_progress)(void *context, curl_off_t download_total,
                                       curl_off_t downloaded, curl_off_t upload_total,
                                       curl_off_t uploaded);

static inline CURLcode kreissync_curl_set_progress(CURL *handle, kreissync_curl_progress value) {
  return curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, value);
}

static inline CURLcode kreissync_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode kreissync_curl_get_large(CURL *handle, CURLINFO info, curl_off_t *value) {
  return curl_easy_getinfo(handle, info, value);
}

static inline CURLcode kreissync_curl_global_init(void) {
  return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static inline const char *kreissync_curl_version(void) {
  return curl_version_info(CURLVERSION_NOW)->version;
}

#endif
