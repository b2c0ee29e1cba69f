#include "forgelm/core/choices.hpp"

#include <algorithm>

namespace forgelm::detail {

std::vector<std::string> split_choices(std::string_view enumerators, bool hyphenated) {
  std::vector<std::string> texts;
  while (!enumerators.empty()) {
    const std::size_t comma = std::min(enumerators.find(','), enumerators.size());
    std::string text(enumerators.substr(0, comma));
    enumerators.remove_prefix(std::min(comma + 1, enumerators.size()));
    text.erase(std::remove(text.begin(), text.end(), ' '), text.end());
    if (!text.empty() && text.back() == '_') text.pop_back();
    if (hyphenated) std::replace(text.begin(), text.end(), '_', '-');
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace forgelm::detail
