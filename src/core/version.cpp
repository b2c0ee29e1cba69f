#include "forgelm/core/version.hpp"

namespace forgelm {

// Written anew by cmake/commit.cmake whenever the commit changes.
extern const char* const kCommit;

std::string_view version() noexcept { return FORGELM_VERSION; }

const BuildInfo& build_info() noexcept {
  static const BuildInfo info = {kCommit,
                                 FORGELM_COMPILER,
                                 FORGELM_BUILD_TYPE,
                                 FORGELM_SANITIZERS,
                                 FORGELM_HAS_ENGINE != 0,
                                 FORGELM_HAS_PARQUET != 0};
  return info;
}

}  // namespace forgelm
