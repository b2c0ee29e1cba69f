// See split_merges.hpp.
#include "split_merges.hpp"

#include <stdexcept>
#include <utility>

#include "trie.hpp"

namespace forgelm::text {

std::vector<BpeMerge> find_split_merges(const Vocabulary& tokens,
                                        const std::function<std::optional<std::uint32_t>(TokenId)>& rank_of) {
  std::vector<Trie::Key> keys;
  keys.reserve(tokens.size());
  for (const Vocabulary::Entry& entry : tokens.entries()) keys.emplace_back(tokens.text_of(entry), entry.id);
  const Trie trie(std::move(keys));
  std::vector<BpeMerge> merges;
  for (const Vocabulary::Entry& entry : tokens.entries()) {
    const auto rank = rank_of(entry.id);
    if (!rank) continue;
    const std::string_view token = tokens.text_of(entry);
    std::uint32_t node = 0;
    for (std::size_t cut = 1; cut < token.size(); ++cut) {
      node = trie.step(node, token[cut - 1]);
      const TokenId left = trie.value(node);
      if (left < 0) continue;
      const auto right = tokens.find(token.substr(cut));
      if (!right) continue;
      if (merges.size() == 2 * kMaxMerges)
        throw std::length_error("the tokens can be cut into others in too many ways");
      merges.push_back({left, *right, *rank, entry.id});
    }
  }
  return merges;
}

}  // namespace forgelm::text
