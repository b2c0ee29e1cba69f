// A sorted trie in two flat arrays, and the reference's rules for what a match takes with it.
#include "added_tokens.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::text {
namespace {

bool is_flagged_before(const CharClasses& classes, std::string_view text, std::size_t at, std::uint16_t flag) {
  if (at == 0) return false;
  std::size_t last = at - 1;
  while (last > 0 && !begins_character(text[last])) --last;
  return classes.has(next_code_point(text.data(), last), flag);
}

bool is_flagged_at(const CharClasses& classes, std::string_view text, std::size_t at, std::uint16_t flag) {
  return at < text.size() && classes.has(next_code_point(text.data(), at), flag);
}

/// Any of the ranges, which are in order, holds a byte of [begin, end).
bool touches(std::span<const ByteSpan> ranges, std::size_t begin, std::size_t end) {
  const auto first =
      std::partition_point(ranges.begin(), ranges.end(), [&](const ByteSpan& range) { return range.end <= begin; });
  return first != ranges.end() && first->begin < end;
}

}  // namespace

void AddedTokenMatcher::add(std::string_view text, std::uint32_t index) { members_.emplace_back(text, index); }

void AddedTokenMatcher::finish() {
  std::stable_sort(members_.begin(), members_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  // Level by level: each node holds a range of members that share its prefix.
  struct Range {
    std::uint32_t node;
    std::size_t begin, end, depth;
  };
  std::vector<Range> level;
  if (!members_.empty()) level.push_back({0, 0, members_.size(), 0});
  for (std::size_t next = 0; next < level.size(); ++next) {
    const Range range = level[next];
    std::size_t at = range.begin;
    while (at < range.end && members_[at].first.size() == range.depth) {
      if (nodes_[range.node].index == kNone) nodes_[range.node].index = members_[at].second;
      ++at;
    }
    nodes_[range.node].first_edge = static_cast<std::uint32_t>(edges_.size());
    while (at < range.end) {
      const char label = members_[at].first[range.depth];
      std::size_t end = at;
      while (end < range.end && members_[end].first[range.depth] == label) ++end;
      const auto target = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
      edges_.push_back({static_cast<unsigned char>(label), target});
      ++nodes_[range.node].num_edges;
      if (range.node == 0) root_children_[static_cast<unsigned char>(label)] = target;
      level.push_back({target, at, end, range.depth + 1});
      at = end;
    }
  }
  members_.clear();
  members_.shrink_to_fit();
}

std::uint32_t AddedTokenMatcher::child(std::uint32_t node, unsigned char label) const noexcept {
  const Edge* first = edges_.data() + nodes_[node].first_edge;
  const Edge* end = first + nodes_[node].num_edges;
  if (nodes_[node].num_edges > 8)
    first =
        std::lower_bound(first, end, label, [](const Edge& edge, unsigned char value) { return edge.label < value; });
  for (; first != end && first->label <= label; ++first)
    if (first->label == label) return first->target;
  return 0;
}

std::optional<AddedTokenMatcher::Found> AddedTokenMatcher::find(std::string_view text, std::size_t from) const {
  for (std::size_t begin = from; begin < text.size(); ++begin) {
    std::uint32_t node = root_children_[static_cast<unsigned char>(text[begin])];
    if (node == 0) continue;
    Found found;
    for (std::size_t at = begin + 1;; ++at) {
      if (nodes_[node].index != kNone) found = {nodes_[node].index, begin, at};
      if (at >= text.size() || (node = child(node, static_cast<unsigned char>(text[at]))) == 0) break;
    }
    if (found.end > begin) return found;
  }
  return std::nullopt;
}

void AddedTokens::build(std::vector<AddedToken> tokens, const std::vector<std::string>& normalized_content) {
  tokens_ = std::move(tokens);
  decoded_.clear();
  std::unordered_map<std::string_view, bool> special;
  for (const AddedToken& token : tokens_) special[token.content] |= token.is_special;
  for (std::uint32_t i = 0; i < tokens_.size(); ++i) {
    const AddedToken& token = tokens_[i];
    const std::string& written = token.normalized ? normalized_content[i] : token.content;
    decoded_.push_back(written);
    is_special_content_.push_back(special[token.content]);
    by_id_.emplace(token.id, i);
    by_content_.emplace(token.content, i);
    if (!written.empty()) matchers_[token.normalized ? 1 : 0].add(written, i);
  }
  for (AddedTokenMatcher& matcher : matchers_) matcher.finish();
}

void AddedTokens::cut(std::string_view text, bool is_normalized, bool skips_special, std::vector<AddedTokenMatch>& out,
                      std::span<const ByteSpan> literal, const ByteSpan* given_spans) const {
  const AddedTokenMatcher& matcher = matchers_[is_normalized ? 1 : 0];
  std::size_t start = 0;  // of what no token has claimed yet
  std::size_t from = 0;
  const auto push = [&](TokenId id, std::size_t begin, std::size_t end) {
    out.push_back({id, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
  };
  while (!matcher.empty()) {
    const auto found = matcher.find(text, from);
    if (!found) break;
    from = found->end;
    const AddedToken& token = tokens_[found->index];
    if (skips_special && is_special_content_[found->index]) continue;
    if (!literal.empty() && is_special_content_[found->index]) {
      const std::size_t given_begin = given_spans != nullptr ? given_spans[found->begin].begin : found->begin;
      const std::size_t given_end = given_spans != nullptr ? given_spans[found->end - 1].end : found->end;
      if (touches(literal, given_begin, given_end)) continue;
    }
    std::size_t begin = found->begin;
    std::size_t end = found->end;
    if (token.single_word && (is_flagged_before(classes_, text, begin, char_flag::kWord) ||
                              is_flagged_at(classes_, text, end, char_flag::kWord)))
      continue;
    if (token.lstrip) {
      while (begin > 0 && is_flagged_before(classes_, text, begin, char_flag::kWhiteSpace)) {
        --begin;
        while (!begins_character(text[begin])) --begin;
      }
      begin = std::max(begin, start);
    }
    if (token.rstrip)
      while (is_flagged_at(classes_, text, end, char_flag::kWhiteSpace)) end += utf8_length(text[end]);
    if (start < begin) push(-1, start, begin);
    push(token.id, begin, end);
    start = end;
  }
  if (start != text.size()) push(-1, start, text.size());
}

const AddedToken* AddedTokens::of_id(TokenId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &tokens_[found->second];
}

std::optional<TokenId> AddedTokens::id_of(std::string_view content) const {
  const auto found = by_content_.find(std::string(content));
  if (found == by_content_.end()) return std::nullopt;
  return tokens_[found->second].id;
}

const std::string* AddedTokens::decoded_form(TokenId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &decoded_[found->second];
}

bool AddedTokens::is_special_content(std::string_view content) const {
  const auto found = by_content_.find(std::string(content));
  return found != by_content_.end() && is_special_content_[found->second];
}

}  // namespace forgelm::text
