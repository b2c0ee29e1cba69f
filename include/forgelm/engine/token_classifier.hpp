// Token classification, as the rest of forgelm sees it: texts go in, labelled
// places come out. The model is a folder in Hugging Face layout
// (forgelm/formats/encoder_config.hpp says which), the result that of
// transformers' pipeline("token-classification", aggregation_strategy="simple",
// stride=overlap_tokens). Nothing here includes torch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/engine/device.hpp"

namespace forgelm::engine {

struct TokenClassifierRequest {
  std::filesystem::path folder;
  std::string device = "auto";
  /// Texts longer than the model takes are read in windows that share this many
  /// tokens.
  std::int64_t overlap_tokens = 64;
  /// Tokens that go through the model at once, padding included: what bounds
  /// the memory.
  std::int64_t max_batch_tokens = 4096;
};

struct TokenClassifierInfo {
  std::string architecture;         ///< "BertForTokenClassification"
  std::vector<std::string> labels;  ///< by number, as config.json has them: "O", "B-PER", "I-PER"
  std::int64_t max_tokens = 0;      ///< of a window, special ones included
  std::int64_t overlap_tokens = 0;
  std::uint64_t num_weights = 0;
  std::string tokenizer_digest;
  Device device;
};

/// Neighbouring tokens of one label.
struct LabelledSpan {
  std::string label;                 ///< without "B-" and "I-"
  double score = 0;                  ///< mean of the tokens' probabilities
  std::uint64_t begin = 0, end = 0;  ///< bytes of the text
  bool operator==(const LabelledSpan&) const = default;
};

/// One thread at a time; each call uses all threads of the engine. Equal calls
/// give equal results on one machine; what else is in a call may change a score
/// in its last digits.
class TokenClassifier {
 public:
  virtual ~TokenClassifier();
  virtual const TokenClassifierInfo& info() const = 0;
  /// The spans of each text, in order; none of the label "O". Texts are data:
  /// special tokens written out in them are plain text. RunError(data) when the
  /// model's numbers are not finite.
  virtual std::vector<std::vector<LabelledSpan>> classify(std::span<const std::string_view> texts) = 0;
};

/// Reads the model into memory. Loads the engine. Errors: ConfigError for what
/// is wrong with the folder (its configuration, weights or tokenizer) or the
/// request.
std::unique_ptr<TokenClassifier> open_token_classifier(const TokenClassifierRequest& request);

}  // namespace forgelm::engine
