// Which bytes of a rendered conversation the assistant wrote, for templates that do not say it themselves. For every
// assistant's turn the template is asked what it writes up to that turn with a generation prompt: what follows is
// learnt, up to the end token of the turn. Templates that rewrite history (drop old think blocks, move the system
// message) make that prefix differ from the whole text; then the marks around the contents (chat_marks.hpp) tie the
// pieces together. Invariant: a turn is returned only when the marks prove that its content is inside and that no
// other message is; otherwise ConfigError says why. Trap: nothing here may depend on a row seen before.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/chat_marks.hpp"

namespace forgelm::text {

/// The text that the template gives for these messages, or nothing when it refuses them.
using RenderMessages = std::function<std::optional<std::string>(const Json::Array& messages, bool add_prompt)>;

struct AssistantTurn {
  std::size_t message = 0;  ///< its index
  std::size_t begin = 0, end = 0;
  bool has_end = false;  ///< the template writes something after the content that ends the turn
};

/// What a template writes around an answer, found out once from a conversation of ours. A turn whose surroundings are
/// these needs no further rendering, which keeps the work linear in the number of turns.
struct TurnShape {
  bool writes_prompt = true;  ///< add_generation_prompt changes the text
  std::string header;         ///< between a user's content and the answer; empty: not known
  std::string end, last_end;  ///< after an answer that is followed by a user's turn, and after the last one
};

/// A conversation as it was rendered as a whole.
struct RenderedMessages {
  const MarkAlphabet* alphabet = nullptr;  ///< null: not marked
  const Json::Array& messages;             ///< as given to the template (marked)
  const Json::Array& plain;                ///< the same without marks
  const MarkedText& whole;
  MarkPlaces places = MarkPlaces::edges;
};

/// All assistant's turns, in order, not overlapping, each proven. `end_token`: eos_token, may be empty.
std::vector<AssistantTurn> find_turns(const RenderMessages& render, const RenderedMessages& rendered,
                                      std::string_view end_token, const TurnShape* shape);
/// The shape of a template; unknown parts stay empty.
TurnShape find_shape(const RenderMessages& render, const MarkAlphabet& alphabet, std::string_view end_token);

/// True when text such as "<|im_end|>" names the end of something, by what is usual.
bool names_an_end(std::string_view token, std::string_view end_token);
/// The tokens in `text` by their looks ("<...>" or "[...]" without white space): first byte and size.
std::vector<std::pair<std::size_t, std::size_t>> find_markers(std::string_view text);

}  // namespace forgelm::text
