// Literals are looked for directly; an empty one matches between all code points, as an empty pattern does.
#include "pattern.hpp"

#include <cstring>
#include <stdexcept>

#include "forgelm/core/text.hpp"
#include "unicode.hpp"

namespace forgelm::text {

Pattern::Pattern(const JsonNode& node) {
  if (const auto literal = node.find("String")) {
    literal_ = literal->text();
    return;
  }
  const auto pattern = node.find("Regex");
  if (!pattern) node.fail(R"({"String": ...} or {"Regex": ...} is needed)");
  try {
    regex_.emplace(pattern->text());
  } catch (const std::invalid_argument& error) {
    pattern->fail(error.what());
  }
}

void Pattern::find_all(std::string_view subject, std::vector<Match>& out) const {
  if (regex_) return regex_->find_all(subject, out);
  if (literal_.empty()) {
    for (std::size_t at = 0;; at += utf8_length(subject[at])) {
      out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at)});
      if (at >= subject.size()) return;
    }
  }
  std::size_t at = 0;
  while (at < subject.size()) {
    if (literal_.size() == 1) {
      const void* found = std::memchr(subject.data() + at, literal_[0], subject.size() - at);
      at = found == nullptr ? std::string_view::npos
                            : static_cast<std::size_t>(static_cast<const char*>(found) - subject.data());
    } else {
      at = subject.find(literal_, at);
    }
    if (at == std::string_view::npos) return;
    out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + literal_.size())});
    at += literal_.size();
  }
}

}  // namespace forgelm::text
