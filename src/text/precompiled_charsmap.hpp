// SentencePiece's precompiled table of replacements (charsmap.hpp has its layout) as the normalizer "Precompiled" of a
// tokenizer.json uses it: looked up by grapheme, and what the table gets wrong is taken for no replacement, as the
// reference does. Invariant: every index is checked against the table before it is followed, whatever the bytes are.
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

}  // namespace forgelm::text
