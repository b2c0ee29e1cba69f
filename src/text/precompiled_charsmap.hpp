// SentencePiece's precompiled table of replacements: a double-array trie (darts-clone) over UTF-8, then the
// replacements as texts that end in a NUL byte. Layout: u32 bytes of trie, little endian; u32 units of the trie; texts.
// Invariant: every index is checked against the table before it is followed, whatever the bytes are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aligned_text.hpp"

namespace forgelm::text {

class PrecompiledCharsmap {
 public:
  /// std::invalid_argument says what is wrong with the blob.
  explicit PrecompiledCharsmap(std::string_view blob);

  /// The steps that rewrite `text`, appended to `out`; false when nothing is replaced (then `out` is as before).
  bool rewrite(std::string_view text, std::vector<Rewrite>& out) const;

 private:
  /// The replacement of the shortest key that `chunk` starts with. The reference takes that for all of the chunk.
  std::optional<std::string_view> find(std::string_view chunk) const;

  std::vector<std::uint32_t> units_;
  std::string texts_;
};

/// Standard base64 with padding; nothing when it is not that.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace forgelm::text
