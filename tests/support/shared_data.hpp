// The data sets, tokenizers and templates that tests read but the repository does not hold: FORGELM_SHARED, by default
// the folder `shared` beside the checkout.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace forgelm::test {

/// `relative` under shared/data; the file need not exist (tests then skip, see tests/allowed_skips.txt).
inline std::filesystem::path shared_data(const std::string& relative) {
  const char* root = std::getenv("FORGELM_SHARED");
  const std::filesystem::path base = root != nullptr && *root != '\0'
                                         ? std::filesystem::path(root)
                                         : std::filesystem::path(FORGELM_SOURCE_DIR) / "../shared";
  return base / "data" / relative;
}

}  // namespace forgelm::test
