// What a Split or a Replace looks for: a literal text or a regular expression ({"String": ..} or {"Regex": ..}).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json_node.hpp"
#include "regex.hpp"

namespace forgelm::text {

class Pattern {
 public:
  explicit Pattern(const JsonNode& node);
  explicit Pattern(std::string literal) : literal_(std::move(literal)) {}

  /// Appends all matches in `subject`, left to right.
  void find_all(std::string_view subject, std::vector<Match>& out) const;

 private:
  std::string literal_;
  std::optional<Regex> regex_;
};

}  // namespace forgelm::text
