#include "curl_library.hpp"

#include <dlfcn.h>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm {
namespace {

constexpr const char* kLibrary = "libcurl.so.4";

[[noreturn]] void fail(std::string_view what) {
  throw RunError(RunErrorKind::network, cat("cannot use ", kLibrary, ": ", what),
                 "network access needs libcurl (Debian and Ubuntu: package libcurl4)");
}

template <class Function>
void load(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(::dlsym(library, name));
  if (function == nullptr) fail(cat("it has no ", name));
}

CurlLibrary open_library() {
  // Never closed: libcurl and what it loads keep state of their own for the life of the process.
  void* library = ::dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) fail(::dlerror());
  CurlLibrary table;
#define FORGELM_CURL_LOAD(name) load(library, #name, table.name);
  FORGELM_CURL_FUNCTIONS(FORGELM_CURL_LOAD)
#undef FORGELM_CURL_LOAD
  if (table.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) fail("it does not initialise");
  return table;
}

}  // namespace

const CurlLibrary& curl_library() {
  static const CurlLibrary table = open_library();
  return table;
}

}  // namespace forgelm
