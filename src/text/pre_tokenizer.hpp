// The pre-tokenizers of tokenizer.json: they cut a text into words, and some rewrite it on the way. Oracle: tokenizers
// 0.23.3. Immutable after construction, usable by any number of threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aligned_text.hpp"
#include "json_node.hpp"
#include "regex.hpp"

namespace forgelm::text {

/// Bytes [begin, end) of the text; never empty.
using Split = Match;

/// A text that is being cut, and the room for its next version.
struct PreTokenized {
  AlignedText text;
  std::vector<Split> splits;
  bool with_spans = false;
  /// The first split starts where the text as given starts (what prepend_scheme "first" asks).
  bool is_at_start = false;

  AlignedText next_text;
  std::vector<Split> next_splits;
  std::vector<Match> matches;
  struct Part {
    Match range;
    bool is_match = false;
  };
  std::vector<Part> parts;

  void keep_text() { std::swap(splits, next_splits); }
  void take_text() {
    std::swap(text, next_text);
    std::swap(splits, next_splits);
  }
};

class PreTokenizer {
 public:
  virtual ~PreTokenizer();
  virtual void apply(PreTokenized& work) const = 0;
  /// It asks where a split starts in the text as given, and something before it may have moved that: spans are needed.
  virtual bool needs_spans(bool is_text_changed) const {
    (void)is_text_changed;
    return false;
  }
  virtual bool changes_text() const { return false; }
  /// It writes each byte in the byte-level alphabet and cuts nothing.
  virtual bool spells_bytes() const { return false; }
};

/// The steps of a chain, one after another.
using PreTokenizers = std::vector<std::unique_ptr<const PreTokenizer>>;

/// "pre_tokenizer" of a tokenizer.json as its steps, sequences unfolded. ConfigError names the place.
PreTokenizers read_pre_tokenizers(const JsonNode& node);

/// True when the last step only spells bytes in the byte-level alphabet (the last part of ByteLevel). It is taken off
/// then: the words can be spelled one by one, and only when they are new.
bool take_off_byte_spelling(PreTokenizers& steps);

}  // namespace forgelm::text
