// Tokens that are found in a text before the model sees it: special tokens and what users added. Oracle: tokenizers
// 0.23.3 (AddedVocabulary): leftmost, then longest, first on the text as given, then on the normalised text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "forgelm/text/tokenizer.hpp"
#include "unicode.hpp"

namespace forgelm::text {

/// Bytes [begin, end) of a text: an added token, or (id -1) what lies between.
struct AddedTokenMatch {
  TokenId id = -1;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Finds any of a set of texts, leftmost and then longest; time is bounded by text length times longest member.
class AddedTokenMatcher {
 public:
  /// `index` comes back from find. The first of two equal texts stays. `text` must not be empty.
  void add(std::string_view text, std::uint32_t index);
  /// Call once after the last add.
  void finish();
  bool empty() const noexcept { return nodes_.size() <= 1; }

  struct Found {
    std::uint32_t index = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  /// The next one at or after byte `from`.
  std::optional<Found> find(std::string_view text, std::size_t from) const;

 private:
  struct Node {
    std::uint32_t first_edge = 0;
    std::uint32_t num_edges = 0;
    std::uint32_t index = kNone;
  };
  struct Edge {
    unsigned char label;
    std::uint32_t target;
  };
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  std::uint32_t child(std::uint32_t node, unsigned char label) const noexcept;

  std::vector<std::pair<std::string, std::uint32_t>> members_;
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::vector<Edge> edges_;
  std::uint32_t root_children_[256] = {};  // 0: none
};

class AddedTokens {
 public:
  static constexpr std::size_t kMaxTokens = 100'000;
  static constexpr std::size_t kMaxContentBytes = 1024;

  /// `tokens` with their ids settled; `normalized_content(i)` is what token i looks like in a normalised text.
  void build(std::vector<AddedToken> tokens, const std::vector<std::string>& normalized_content);

  /// Cuts a text at the tokens that are (not) matched on normalised text; the matches cover all of it, in order, but
  /// may overlap where two tokens claim the same white space. `skips_special`: special tokens are plain text. So they
  /// are where they touch one of `literal` (in order), whose bytes are those of the text as given: `given_spans` says
  /// where each byte of `text` came from (null: from the same place).
  void cut(std::string_view text, bool is_normalized, bool skips_special, std::vector<AddedTokenMatch>& out,
           std::span<const ByteSpan> literal = {}, const ByteSpan* given_spans = nullptr) const;
  bool has_any(bool is_normalized) const noexcept { return !matchers_[is_normalized ? 1 : 0].empty(); }

  const std::vector<AddedToken>& tokens() const noexcept { return tokens_; }
  /// nullptr when no added token has this id.
  const AddedToken* of_id(TokenId id) const;
  std::optional<TokenId> id_of(std::string_view content) const;
  /// The text that stands for the id when decoding; nullptr when it is no added token.
  const std::string* decoded_form(TokenId id) const;
  /// A special token is written like this.
  bool is_special_content(std::string_view content) const;

 private:
  std::vector<AddedToken> tokens_;
  std::vector<std::string> decoded_;
  std::vector<bool> is_special_content_;  // of each token: some token of that content is special
  std::unordered_map<TokenId, std::uint32_t> by_id_;
  std::unordered_map<std::string, std::uint32_t> by_content_;
  AddedTokenMatcher matchers_[2];  // on the text as given, on the normalised text
  CharClasses classes_;
};

}  // namespace forgelm::text
