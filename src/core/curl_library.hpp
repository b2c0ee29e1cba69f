// libcurl, opened on first use: linked in, it and the 30 libraries behind it would add 4 ms to every start of forgelm,
// and hosts that use no network need not have it. One row per function; the types are curl.h's own.
#pragma once

#include <curl/curl.h>

#include <memory>

namespace forgelm {

#define FORGELM_CURL_FUNCTIONS(X) \
  X(curl_global_init)             \
  X(curl_version_info)            \
  X(curl_easy_init)               \
  X(curl_easy_setopt)             \
  X(curl_easy_perform)            \
  X(curl_easy_getinfo)            \
  X(curl_easy_cleanup)            \
  X(curl_easy_strerror)           \
  X(curl_slist_append)            \
  X(curl_slist_free_all)          \
  X(curl_free)                    \
  X(curl_url)                     \
  X(curl_url_cleanup)             \
  X(curl_url_get)                 \
  X(curl_url_set)

// curl.h turns three of these names into checking macros; as function pointers they are called as they are.
#undef curl_easy_setopt
#undef curl_easy_getinfo

struct CurlLibrary {
#define FORGELM_CURL_MEMBER(name) decltype(&::name) name = nullptr;
  FORGELM_CURL_FUNCTIONS(FORGELM_CURL_MEMBER)
#undef FORGELM_CURL_MEMBER
};

/// Loaded and initialised once. RunError(network) that names the package when libcurl.so.4 cannot be opened.
/// Safe from any thread.
const CurlLibrary& curl_library();

struct CurlDeleter {
  void operator()(CURL* handle) const { curl_library().curl_easy_cleanup(handle); }
  void operator()(CURLU* handle) const { curl_library().curl_url_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_library().curl_slist_free_all(list); }
  void operator()(char* text) const { curl_library().curl_free(text); }
};

using CurlEasy = std::unique_ptr<CURL, CurlDeleter>;
using CurlUrl = std::unique_ptr<CURLU, CurlDeleter>;
using CurlList = std::unique_ptr<curl_slist, CurlDeleter>;
using CurlText = std::unique_ptr<char, CurlDeleter>;

}  // namespace forgelm
