// The loader is asked in which file an object of ours lies.
#include "forgelm/core/library_folder.hpp"

#include <dlfcn.h>

namespace forgelm {

std::filesystem::path library_folder() {
  Dl_info where{};
  static const char anchor = 0;
  if (::dladdr(&anchor, &where) == 0 || where.dli_fname == nullptr) return {};
  std::error_code failed;
  const auto self = std::filesystem::canonical(where.dli_fname, failed);
  return (failed ? std::filesystem::path(where.dli_fname) : self).parent_path();
}

}  // namespace forgelm
