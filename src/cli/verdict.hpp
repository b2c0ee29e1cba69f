// What the verify commands print in common: the reference's two lines, and names from outside made safe to show.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "forgelm/core/text.hpp"

namespace forgelm::cli {

/// "OK: PATH" or "FAIL: PATH", and the reason below it.
inline std::string verdict_lines(bool is_valid, std::string_view path, std::string_view reason) {
  return cat(is_valid ? "OK: " : "FAIL: ", path, "\n  ", reason, "\n");
}

/// The name as it is, in quotes with escapes when it holds what would move the cursor or is not UTF-8.
inline std::string shown(std::string_view name) {
  std::string quoted = quote(name, name.size() + 1);
  return quoted.size() == name.size() + 2 ? std::string(name) : quoted;
}

/// As Python's os.path.abspath.
inline std::string absolute_path(const std::string& path) {
  std::string text = std::filesystem::absolute(path).lexically_normal().native();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace forgelm::cli
