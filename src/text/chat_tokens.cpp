// Encoding rendered conversations; see the header. The usual text is encoded in one go. Only when a special token
// stands inside a message's content is it encoded again, with those bytes as plain text.
#include "forgelm/text/chat_tokens.hpp"

#include <algorithm>
#include <unordered_set>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

/// A special token without the white space around it that it takes along (lstrip, rstrip).
ByteSpan without_space(const std::string& text, const ByteSpan given) {
  ByteSpan span = given;
  while (span.begin < span.end && is_ascii_space(text[span.begin])) ++span.begin;
  while (span.begin < span.end && is_ascii_space(text[span.end - 1])) --span.end;
  return span.begin < span.end ? span : given;  // a token of white space is all of it
}

/// The content that holds the special token with this span, or nullptr.
const ChatContent* content_around(const RenderedChat& chat, ByteSpan span) {
  span = without_space(chat.text, span);
  const auto after =
      std::upper_bound(chat.contents.begin(), chat.contents.end(), span.begin,
                       [](std::uint32_t at, const ChatContent& content) { return at < content.span.begin; });
  if (after == chat.contents.begin()) return nullptr;
  const ChatContent& content = *std::prev(after);
  return span.end <= content.span.end ? &content : nullptr;
}

/// The special tokens in contents that are only text: all in what people and tools wrote; in the assistant's own, those
/// that the template itself writes between contents (tokens of a call or of thinking are the assistant's to write).
std::vector<ByteSpan> find_literals(const RenderedChat& chat, const Tokenizer& tokenizer, const Encoding& encoding,
                                    std::optional<TokenId> beginning) {
  struct Special {
    TokenId id;
    ByteSpan span;
    const ChatContent* content;
  };
  std::vector<Special> inside;
  std::unordered_set<TokenId> of_template;
  const TokenizerConfig& config = tokenizer.config();
  if (beginning) of_template.insert(*beginning);
  if (config.eos && config.eos->id) of_template.insert(*config.eos->id);
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    const ByteSpan span = encoding.spans[i];
    if (span.begin == span.end || !tokenizer.is_special(encoding.ids[i])) continue;
    if (const ChatContent* content = content_around(chat, span)) inside.push_back({encoding.ids[i], span, content});
    else of_template.insert(encoding.ids[i]);
  }
  std::vector<ByteSpan> literals;
  for (const Special& special : inside)
    if (!special.content->is_assistant || of_template.contains(special.id)) literals.push_back(special.span);
  return literals;
}

/// Marks the tokens of one text whose last byte is learnt.
class LearntTokens {
 public:
  LearntTokens(const std::vector<ByteSpan>& learnt, ChatTokens& out) : learnt_(learnt), out_(out) {}

  void add(std::uint32_t index, ByteSpan token) {
    // A token without bytes (a space put before the first word) belongs to the byte after it.
    const std::uint32_t last = token.end > token.begin ? token.end - 1 : token.begin;
    while (at_ < learnt_.size() && learnt_[at_].end <= last && learnt_[at_].end <= token.begin) ++at_;
    const auto inside = std::find_if(learnt_.begin() + static_cast<std::ptrdiff_t>(at_), learnt_.end(),
                                     [&](const ByteSpan& span) { return last < span.end; });
    const bool is_learnt = inside != learnt_.end() && inside->begin <= last;
    if (crosses_border(token)) ++out_.num_across_borders;
    if (!is_learnt) return;
    if (!out_.learnt.empty() && out_.learnt.back().end == index) ++out_.learnt.back().end;
    else out_.learnt.push_back({index, index + 1});
  }

 private:
  bool crosses_border(ByteSpan token) const {
    for (std::size_t i = at_; i < learnt_.size() && learnt_[i].begin < token.end; ++i)
      if ((token.begin < learnt_[i].begin && learnt_[i].begin < token.end) ||
          (token.begin < learnt_[i].end && learnt_[i].end < token.end))
        return true;
    return false;
  }

  const std::vector<ByteSpan>& learnt_;
  ChatTokens& out_;
  std::size_t at_ = 0;  ///< spans before this one end before any further token
};

}  // namespace

ChatEncoder::ChatEncoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {
  if (const auto& bos = tokenizer.config().bos) beginning_ = bos->id;
  // What the tokenizer does is asked of it: files say it in several ways (a post-processor, add_bos_token).
  const Encoding usual = tokenizer.encode("a", {.add_special_tokens = true});
  adds_beginning_ = beginning_ && !usual.ids.empty() && usual.ids.front() == *beginning_;
}

ChatTokens ChatEncoder::encode(const RenderedChat& chat) const {
  EncodeOptions options{.add_special_tokens = false, .parse_special_tokens = true, .with_spans = true};
  Encoding encoding;
  tokenizer_.encode(chat.text, options, encoding);
  ChatTokens out;
  if (const std::vector<ByteSpan> literals = find_literals(chat, tokenizer_, encoding, beginning_); !literals.empty()) {
    options.literal = literals;
    Encoding again;
    tokenizer_.encode(chat.text, options, again);
    encoding = std::move(again);
    const std::size_t num_left = find_literals(chat, tokenizer_, encoding, beginning_).size();
    out.num_forged = static_cast<int>(num_left);
    out.num_kept_as_text = static_cast<int>(literals.size() - std::min(literals.size(), num_left));
  }
  std::size_t num_beginnings = 0;
  while (beginning_ && num_beginnings < encoding.ids.size() && encoding.ids[num_beginnings] == *beginning_)
    ++num_beginnings;
  if (num_beginnings > 1)
    throw ConfigError(cat("the conversation begins with ", num_beginnings, " beginning-of-text tokens ",
                          quote(tokenizer_.config().bos->content)),
                      "Take {{ bos_token }} out of the chat template or the token out of the template's text.");
  const bool adds = adds_beginning_ && num_beginnings == 0;
  out.ids.reserve(encoding.ids.size() + 1);
  if (adds) out.ids.push_back(*beginning_);
  out.ids.insert(out.ids.end(), encoding.ids.begin(), encoding.ids.end());
  LearntTokens learnt(chat.learnt, out);
  const std::uint32_t first = adds ? 1 : 0;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    const ByteSpan span = encoding.spans[i];
    learnt.add(first + static_cast<std::uint32_t>(i),
               tokenizer_.is_special(encoding.ids[i]) ? without_space(chat.text, span) : span);
  }
  return out;
}

}  // namespace forgelm::text
