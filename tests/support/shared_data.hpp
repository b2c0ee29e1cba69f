// Data shared by many worktrees, too large to check in: folder FORGELM_SHARED, by default "shared" beside the main
// worktree. Tests that need it skip by name where it is absent.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace forgelm::test {

/// The path below data/, or an empty path when it is not there.
inline std::filesystem::path shared_data(const std::string& name) {
  const char* set = std::getenv("FORGELM_SHARED");
  const std::filesystem::path root = set != nullptr && *set != '\0'
                                         ? std::filesystem::path(set)
                                         : std::filesystem::path(FORGELM_SOURCE_DIR) / "../shared";
  const std::filesystem::path path = root / "data" / name;
  std::error_code error;
  return std::filesystem::exists(path, error) ? path : std::filesystem::path();
}

}  // namespace forgelm::test
