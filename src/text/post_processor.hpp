// The post-processors of tokenizer.json: which special tokens stand around one text or a pair of texts, and whether
// spans leave out white space. Oracle: tokenizers 0.23.3.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "forgelm/text/tokenizer.hpp"
#include "json_node.hpp"

namespace forgelm::text {

/// Ids as they will be, with kFirst and kSecond in the places of the texts.
using SpecialTokenPlan = std::vector<TokenId>;
inline constexpr TokenId kFirstText = -1;
inline constexpr TokenId kSecondText = -2;

struct PostProcessing {
  SpecialTokenPlan single = {kFirstText};
  SpecialTokenPlan pair = {kFirstText, kSecondText};
  /// The same without the special tokens: a template may repeat or leave out a text.
  SpecialTokenPlan plain_single = {kFirstText};
  SpecialTokenPlan plain_pair = {kFirstText, kSecondText};
  /// One entry for each time that white space is cut off the spans; the value is that step's add_prefix_space.
  std::vector<bool> trims;
};

/// "post_processor" of a tokenizer.json. ConfigError names the place.
PostProcessing read_post_processor(const JsonNode& node);

/// White space at the ends of a token, in code points.
struct Edges {
  std::uint32_t num_leading = 0;
  std::uint32_t num_trailing = 0;
};

/// Takes the white space off a token's span in `text`. `is_first`: the first token of its text.
void trim_span(std::string_view text, const Edges& edges, bool is_first, bool adds_prefix_space, ByteSpan& span);

}  // namespace forgelm::text
