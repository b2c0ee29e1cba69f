// The part of a tokenizer that turns one pre-token into ids: BPE, Unigram, WordPiece, WordLevel. Everything before
// (added tokens, normalizer, pre-tokenizer) and after (post-processor) is the pipeline's (pipeline.hpp).
// Invariant: immutable after construction, usable from any number of threads; work memory comes from the caller's
// Scratch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

/// One token of a pre-token: bytes [begin, end) of it (of the normalised text).
struct Piece {
  TokenId id = 0;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

/// Work memory of one thread for one model: caches and heaps live here. Made by Model::new_scratch.
class ModelScratch {
 public:
  virtual ~ModelScratch();
};

class Model {
 public:
  virtual ~Model();
  virtual std::unique_ptr<ModelScratch> new_scratch() const = 0;
  /// Appends the tokens of `word` (valid UTF-8, never empty). Linear or n log n in its length, whatever the vocabulary.
  virtual void tokenize(std::string_view word, ModelScratch& scratch, std::vector<Piece>& out) const = 0;
  virtual std::optional<TokenId> id_of(std::string_view token) const = 0;
  /// The token's text in the file's own alphabet; empty when the id is not used.
  virtual std::string_view token_of(TokenId id) const = 0;
  /// Highest id + 1.
  virtual std::size_t num_ids() const noexcept = 0;
  /// True when cutting a word before `code_point` (U+2581 or a space), wherever it follows a character other than
  /// itself, changes no token and no span; so that a text without pre-tokenizer may be cut there and the parts be
  /// cached.
  virtual bool may_cut_before(char32_t code_point) const {
    (void)code_point;
    return false;
  }
};

/// The "model" object of a tokenizer.json. ConfigError names the key at fault ("model.merges[12]").
std::unique_ptr<const Model> read_model(const Json& model, const std::string& file);

}  // namespace forgelm::text
