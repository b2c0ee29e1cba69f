// The pipeline of a tokenizer.json around its model: added tokens, normalizer, pre-tokenizer, model, post-processor,
// decoder. Loaders of other formats (tiktoken, vocab.json + merges.txt) describe themselves in the same parts, so that
// there is one path from text to ids.
// Trap: the parts are JSON as tokenizer.json has them, and are checked only by make_pipeline.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "forgelm/core/json.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "model.hpp"

namespace forgelm::text {

/// Each Json is the object of that name in a tokenizer.json; null: absent.
struct PipelineParts {
  Json truncation;
  Json normalizer;
  Json pre_tokenizer;
  Json post_processor;
  Json decoder;
  std::unique_ptr<const Model> model;    ///< required
  std::vector<AddedToken> added_tokens;  ///< in the file's order; ids as the file gives them
  TokenizerKind kind = TokenizerKind::tokenizer_json;
};

/// A tokenizer of these parts. ConfigError names `file` and the place ("pre_tokenizer.pretokenizers[1].pattern").
/// config() and digest() are left for the caller to fill.
std::shared_ptr<Tokenizer> make_pipeline(PipelineParts parts, const std::string& file);

}  // namespace forgelm::text
