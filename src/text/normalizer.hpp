// The normalizers of tokenizer.json: rewritings of a text before it is split. Oracle: tokenizers 0.23.3, bytes and
// spans (tests/golden/tokenizers). Immutable after construction, usable by any number of threads.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aligned_text.hpp"
#include "json_node.hpp"

namespace forgelm::text {

/// A text and the room for its next version.
struct TextBuffers {
  AlignedText text;
  AlignedText next;
  std::vector<Rewrite> steps;
  std::uint32_t origin = 0;  ///< where the piece starts in the text as given
  bool with_spans = false;
  std::size_t num_given_bytes = 0;  ///< of the piece as given: what growth is measured against

  void swap() { std::swap(text, next); }
};

class Normalizer {
 public:
  virtual ~Normalizer();
  /// RunError(data) when the text grows beyond all measure.
  virtual void apply(TextBuffers& buffers) const = 0;
};

/// "normalizer" of a tokenizer.json. ConfigError names the place.
std::unique_ptr<const Normalizer> read_normalizer(const JsonNode& node, int depth = 0);

/// "Precompiled": SentencePiece's table of replacements.
std::unique_ptr<const Normalizer> read_precompiled(const JsonNode& node);

/// Replaces what `pattern` finds; used as normalizer and as decoder.
class Replacement {
 public:
  /// {"pattern": {"String": ..} or {"Regex": ..}, "content": ..}
  explicit Replacement(const JsonNode& node);
  ~Replacement();
  Replacement(Replacement&&) noexcept;

  void apply(TextBuffers& buffers) const;
  std::string apply(std::string text) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Each byte as the code point that byte-level vocabularies write it as.
char32_t byte_level_code_point(unsigned char byte) noexcept;
/// The byte that a code point of that alphabet stands for, or -1.
int byte_of_level_code_point(char32_t code_point) noexcept;
/// Appends all bytes of `text` in that alphabet.
void append_byte_level(std::string_view text, std::string& out);
/// Writes [begin, end) of `in` in that alphabet to `out`.
void append_byte_level(const AlignedText& in, std::size_t begin, std::size_t end, bool with_spans, AlignedText& out);

}  // namespace forgelm::text
