// From a label for each token to labelled places of the text: what
// transformers' pipeline does under the strategy "simple". Oracle:
// transformers 5.23.0, TokenClassificationPipeline.
#pragma once

#include <string>
#include <vector>

#include "forgelm/engine/token_classifier.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::engine {

/// The best label of a token.
struct TokenLabel {
  std::size_t label = 0;  ///< number
  float score = 0;        ///< probability
  text::ByteSpan place;
};

/// Runs of neighbouring tokens of one label, those of "O" left out. "B-" begins
/// a run, "I-" and labels without either go on with one of the same label.
std::vector<LabelledSpan> spans_of(const std::vector<TokenLabel>& tokens, const std::vector<std::string>& labels);

/// The spans of several windows of a text as one list without overlaps: of two
/// that overlap the longer one stays, of equally long ones the surer.
std::vector<LabelledSpan> merge_windows(std::vector<LabelledSpan> spans);

}  // namespace forgelm::engine
