// The config.json of a token classifier in Hugging Face layout: an encoder of
// the BERT family with a label for each token. Oracle: transformers 5.23.0
// (goldens in tests/golden/token_classifiers). The trap: RoBERTa's positions
// begin behind that of its padding, so that of 514 positions a text can use
// 512.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "forgelm/core/choices.hpp"

namespace forgelm::formats {

/// Encoders that differ in the names of their weights and in what is added to a
/// token's embedding.
FORGELM_CHOICES(EncoderFamily, bert, distilbert, roberta)

struct EncoderConfig {
  EncoderFamily family = EncoderFamily::bert;
  std::string architecture;  ///< "BertForTokenClassification"
  std::int64_t vocab_size = 0, hidden_size = 0, num_layers = 0, num_heads = 0, intermediate_size = 0;
  std::int64_t num_positions = 0;    ///< rows of the table
  std::int64_t first_position = 0;   ///< of a text
  std::int64_t num_token_types = 0;  ///< 0: the family has none
  double norm_eps = 0;
  std::string activation;           ///< "gelu"
  std::vector<std::string> labels;  ///< by number: "O", "B-PER"

  /// Tokens that a text may have, special ones included.
  std::int64_t max_tokens() const noexcept { return num_positions - first_position; }
};

/// ConfigError that names file, key, the value seen and what is known: when
/// config.json is absent or no object, is of another architecture, names no
/// labels, or holds sizes that cannot be.
EncoderConfig read_encoder_config(const std::filesystem::path& folder);

}  // namespace forgelm::formats
