// What SentencePiece does to a text before it splits it: replacements of the charsmap, white space, the dummy prefix;
// with the place in the text that each byte of the result comes from. Oracle: sentencepiece 0.2.3 (normalizer.cc).
// Invariant: walks a charsmap that find_charsmap_fault() let pass. Trap: user-defined pieces are kept as they are, and
// all bytes of one replacement come from the start of what it replaces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sentencepiece_file.hpp"
#include "trie.hpp"

namespace forgelm::text {

struct NormalizedText {
  std::string text;
  std::vector<std::uint32_t> origin;  ///< of each byte of `text`, and of its end
};

/// The user-defined pieces of a model; the longest at a place counts.
class UserDefinedPieces {
 public:
  explicit UserDefinedPieces(const SentencePieceFile& model);
  /// Length in bytes and id of the piece that `text` begins with; length 0 when there is none.
  std::pair<std::size_t, TokenId> match(std::string_view text) const noexcept;
  bool empty() const noexcept { return is_empty_; }

 private:
  Trie trie_;
  bool is_empty_;
};

class SentencePieceNormalization {
 public:
  explicit SentencePieceNormalization(const SentencePieceFile& model);
  /// `text` is UTF-8.
  void apply(std::string_view text, const UserDefinedPieces& user_defined, NormalizedText& out) const;

 private:
  /// What the text at its beginning becomes, and how many of its bytes that replaces.
  std::pair<std::string_view, std::size_t> next(std::string_view text, const UserDefinedPieces& user_defined) const;

  std::vector<std::uint32_t> units_;  ///< the charsmap's double array; empty: none
  std::string replacements_;
  bool adds_dummy_prefix_;
  bool removes_extra_whitespaces_;
  bool treats_whitespace_as_suffix_;
  std::string_view space_;  ///< what a space becomes
};

}  // namespace forgelm::text
