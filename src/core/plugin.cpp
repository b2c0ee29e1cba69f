#include "forgelm/core/plugin.hpp"

#include <dlfcn.h>

#include "forgelm/core/library_folder.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/core/version.hpp"

namespace forgelm {
namespace {

constexpr Logger logger("forgelm.core");

int open_mode(bool is_isolated) {
#if defined(__SANITIZE_ADDRESS__)
  // AddressSanitizer refuses libraries that look among themselves first.
  (void)is_isolated;
  return RTLD_NOW | RTLD_LOCAL;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
  (void)is_isolated;
  return RTLD_NOW | RTLD_LOCAL;
#endif
#endif
  return RTLD_NOW | RTLD_LOCAL | (is_isolated ? RTLD_DEEPBIND : 0);
}

}  // namespace

Result<const void*> open_plugin(const PluginSpec& spec) {
  const auto file = library_folder() / spec.file_name;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return Failure{cat(spec.what, " is missing: there is no ", file.native()),
                   cat("install ", spec.file_name, " in the folder of libforgelm.so")};
  void* library = ::dlopen(file.c_str(), open_mode(spec.is_isolated));
  if (library == nullptr) {
    const char* why = ::dlerror();
    return Failure{cat(spec.what, " cannot be loaded: ", why == nullptr ? "unknown reason" : why),
                   "the libraries that it was built with stand beside it or where they stood then"};
  }
  const void* entry = ::dlsym(library, spec.symbol);
  const char* version_of_entry = entry == nullptr ? nullptr : *static_cast<const char* const*>(entry);
  if (version_of_entry == nullptr || version_of_entry != version())
    return Failure{
        cat(file.native(), " is of forgelm ", version_of_entry == nullptr ? "another kind" : version_of_entry,
            ", this is forgelm ", version()),
        "install all files of one build together"};
  logger.debug("loaded ", file.native());
  return entry;
}

}  // namespace forgelm
