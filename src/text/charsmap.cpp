// See charsmap.hpp.
#include "charsmap.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

class CharsmapCheck {
 public:
  explicit CharsmapCheck(CharsmapParts parts)
      : replacements_(parts.replacements), units_(std::move(parts.units)), nodes_(units_.size()) {}

  /// Walks all nodes that some text can lead to, depth first, so that a cycle shows as a node met below itself.
  std::optional<std::string> run();

 private:
  enum class State : std::uint8_t { unseen, open, done };
  struct Node {
    State state = State::unseen;
    std::uint16_t matches = 0;  ///< most values met from here on, this node's included
    std::uint16_t depth = 0;    ///< most steps possible from here
  };
  struct Visit {
    std::uint32_t node;
    std::uint32_t next_label;
  };

  bool has_value(std::uint32_t node) const { return node != 0 && charsmap_has_value(units_, node); }
  std::optional<std::string> enter(std::uint32_t node);
  std::optional<std::string> check_replacement(std::uint32_t offset) const;

  std::string_view replacements_;
  std::vector<std::uint32_t> units_;
  std::vector<Node> nodes_;
  std::vector<Visit> visits_;
};

std::optional<std::string> CharsmapCheck::check_replacement(std::uint32_t offset) const {
  if (offset >= replacements_.size()) return cat("a replacement at ", offset, " of ", replacements_.size(), " bytes");
  const std::string_view text = replacements_.substr(offset, replacements_.find('\0', offset) - offset);
  if (text.size() > kMaxCharsmapReplacementBytes) {
    return cat("a replacement of ", text.size(), " bytes; at most ", kMaxCharsmapReplacementBytes, " are read");
  }
  if (!is_valid_utf8(text)) return "a replacement that is not UTF-8";
  return std::nullopt;
}

std::optional<std::string> CharsmapCheck::enter(std::uint32_t node) {
  if (visits_.size() > static_cast<std::size_t>(kMaxCharsmapDepth)) {
    return cat("a text of more than ", kMaxCharsmapDepth, " bytes to replace");
  }
  const std::uint32_t base = charsmap_base(units_, node);
  if (base >= units_.size()) return cat("unit ", node, " leads to unit ", base, " of ", units_.size());
  nodes_[node] = {State::open, 0, 0};
  if (has_value(node)) {
    if (auto fault = check_replacement(charsmap_value(units_, base))) return fault;
    nodes_[node].matches = 1;
  }
  visits_.push_back({node, 0});
  return std::nullopt;
}

std::optional<std::string> CharsmapCheck::run() {
  if (auto fault = enter(0)) return fault;
  while (!visits_.empty()) {
    Visit& visit = visits_.back();
    Node& node = nodes_[visit.node];
    if (visit.next_label == 256) {
      node.state = State::done;
      visits_.pop_back();
      continue;
    }
    // Labels lie in one block of 256 units, and the array is whole blocks: inside, whatever the label.
    const std::uint32_t child = charsmap_base(units_, visit.node) ^ visit.next_label;
    if (!charsmap_has_label(units_, child, visit.next_label)) {
      ++visit.next_label;
      continue;
    }
    if (nodes_[child].state == State::open) return "a loop";
    if (nodes_[child].state == State::unseen) {
      if (auto fault = enter(child)) return fault;
      continue;  // comes back to this label when the child is done
    }
    ++visit.next_label;
    const int matches = (has_value(visit.node) ? 1 : 0) + nodes_[child].matches;
    node.matches = static_cast<std::uint16_t>(std::max<int>(node.matches, matches));
    node.depth = static_cast<std::uint16_t>(std::max<int>(node.depth, nodes_[child].depth + 1));
    if (node.matches > kMaxCharsmapMatches) {
      return cat("more than ", kMaxCharsmapMatches, " texts to replace that begin alike");
    }
    if (node.depth > kMaxCharsmapDepth) return cat("a text of more than ", kMaxCharsmapDepth, " bytes to replace");
  }
  return std::nullopt;
}

std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = (value << 8) | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

CharsmapParts read_charsmap(std::string_view blob) {
  const std::uint32_t array_size = read_u32(blob);
  CharsmapParts parts;
  parts.units.reserve(array_size / 4);
  for (std::size_t at = 4; at < std::size_t{4} + array_size; at += 4) parts.units.push_back(read_u32(blob.substr(at)));
  parts.replacements = blob.substr(std::size_t{4} + array_size);
  return parts;
}

std::optional<std::string> find_charsmap_fault(std::string_view blob) {
  if (blob.empty()) return std::nullopt;
  if (blob.size() < 4) return "it is cut off";
  const std::uint32_t array_size = read_u32(blob);
  if (array_size >= blob.size() - 4) {
    return cat("its array claims ", array_size, " bytes, but ", blob.size() - 4, " remain");
  }
  if (array_size == 0 || array_size % 1024 != 0) return cat("its array has ", array_size, " bytes, not blocks of 1024");
  if (array_size > kMaxCharsmapArrayBytes) {
    return cat("its array has ", array_size, " bytes; at most ", kMaxCharsmapArrayBytes, " are read");
  }
  if (blob.back() != '\0') return "its last replacement has no end";
  return CharsmapCheck(read_charsmap(blob)).run();
}

}  // namespace forgelm::text
