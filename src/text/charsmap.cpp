// See charsmap.hpp.
#include "charsmap.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

class CharsmapCheck {
 public:
  CharsmapCheck(std::string_view array, std::string_view replacements) : replacements_(replacements) {
    units_.reserve(array.size() / 4);
    for (std::size_t at = 0; at < array.size(); at += 4) {
      std::uint32_t unit = 0;
      for (std::size_t i = 4; i-- > 0;) unit = (unit << 8) | static_cast<unsigned char>(array[at + i]);
      units_.push_back(unit);
    }
    nodes_.resize(units_.size());
  }

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

  std::uint32_t base_of(std::uint32_t node) const {
    const std::uint32_t unit = units_[node];
    return node ^ ((unit >> 10) << ((unit & (1u << 9)) >> 6));
  }
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
  const std::uint32_t base = base_of(node);
  if (base >= units_.size()) return cat("unit ", node, " leads to unit ", base, " of ", units_.size());
  nodes_[node] = {State::open, 0, 0};
  if (node != 0 && ((units_[node] >> 8) & 1) != 0) {
    if (auto fault = check_replacement(units_[base] & 0x7fffffffu)) return fault;
    nodes_[node].matches = 1;
  }
  visits_.push_back({node, 0});
  return std::nullopt;
}

std::optional<std::string> CharsmapCheck::run() {
  if (auto fault = enter(0)) return fault;
  const auto own_matches = [&](std::uint32_t node) { return node != 0 && ((units_[node] >> 8) & 1) != 0 ? 1 : 0; };
  while (!visits_.empty()) {
    Visit& visit = visits_.back();
    Node& node = nodes_[visit.node];
    if (visit.next_label == 256) {
      node.state = State::done;
      visits_.pop_back();
      continue;
    }
    // Labels lie in one block of 256 units, and the array is whole blocks: inside, whatever the label.
    const std::uint32_t child = base_of(visit.node) ^ visit.next_label;
    const bool is_child = (units_[child] & 0x800000ffu) == visit.next_label;
    if (!is_child) {
      ++visit.next_label;
      continue;
    }
    if (nodes_[child].state == State::open) return "a loop";
    if (nodes_[child].state == State::unseen) {
      if (auto fault = enter(child)) return fault;
      continue;  // comes back to this label when the child is done
    }
    ++visit.next_label;
    const int matches = own_matches(visit.node) + nodes_[child].matches;
    node.matches = static_cast<std::uint16_t>(std::max<int>(node.matches, matches));
    node.depth = static_cast<std::uint16_t>(std::max<int>(node.depth, nodes_[child].depth + 1));
    if (node.matches > kMaxCharsmapMatches) {
      return cat("more than ", kMaxCharsmapMatches, " texts to replace that begin alike");
    }
    if (node.depth > kMaxCharsmapDepth) return cat("a text of more than ", kMaxCharsmapDepth, " bytes to replace");
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_charsmap_fault(std::string_view blob) {
  if (blob.empty()) return std::nullopt;
  if (blob.size() < 4) return "it is cut off";
  std::uint32_t array_size = 0;
  for (std::size_t i = 4; i-- > 0;) array_size = (array_size << 8) | static_cast<unsigned char>(blob[i]);
  blob.remove_prefix(4);
  if (array_size >= blob.size()) return cat("its array claims ", array_size, " bytes, but ", blob.size(), " remain");
  if (array_size == 0 || array_size % 1024 != 0) return cat("its array has ", array_size, " bytes, not blocks of 1024");
  if (array_size > kMaxCharsmapArrayBytes) {
    return cat("its array has ", array_size, " bytes; at most ", kMaxCharsmapArrayBytes, " are read");
  }
  if (blob.back() != '\0') return "its last replacement has no end";
  return CharsmapCheck(blob.substr(0, array_size), blob.substr(array_size)).run();
}

}  // namespace forgelm::text
