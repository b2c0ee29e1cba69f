// From a rendered conversation to token ids with what is learnt. Invariants: exactly one beginning-of-text token where
// the tokenizer's convention or the template has one; a token is learnt when its last byte is (of a special token: not
// counting white space that it takes along); what people wrote into a conversation cannot forge the tokens that bound
// turns. Nothing is added at the end: the template ends its turns.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "forgelm/text/chat_template.hpp"
#include "forgelm/text/tokenizer.hpp"

namespace forgelm::text {

/// Tokens [begin, end) of a sequence.
struct TokenSpan {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool operator==(const TokenSpan&) const = default;
};

struct ChatTokens {
  std::vector<TokenId> ids;
  std::vector<TokenSpan> learnt;  ///< in order, not overlapping, not touching
  /// Tokens across a border of what is learnt: learnt (or not) as their last byte is.
  int num_across_borders = 0;
  /// Special tokens written out in messages that were encoded as the plain text they are.
  int num_kept_as_text = 0;
  /// The same that became special tokens after all (a tokenizer that cannot do otherwise).
  int num_forged = 0;
};

/// Encodes conversations for one tokenizer, which must outlive it. Usable from any number of threads.
class ChatEncoder {
 public:
  explicit ChatEncoder(const Tokenizer& tokenizer);

  /// ConfigError when the text begins with two beginning-of-text tokens.
  ChatTokens encode(const RenderedChat& chat) const;
  /// The tokenizer begins every text with its beginning-of-text token.
  bool adds_beginning() const noexcept { return adds_beginning_; }

 private:
  const Tokenizer& tokenizer_;
  std::optional<TokenId> beginning_;
  bool adds_beginning_ = false;
};

}  // namespace forgelm::text
