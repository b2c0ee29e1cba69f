// Finding the assistant's turns; see the header. Offsets named `_w` are in the whole text, others in a prefix of it.
#include "text/chat_turns.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "text/chat_conversation.hpp"

namespace forgelm::text {

namespace {

constexpr std::size_t kLongestMarker = 80;
/// What one conversation may cost in rendered text: a template that rewrites long histories is asked again and again.
constexpr std::size_t kMostRendered = std::size_t{128} << 20;

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t size = std::min(a.size(), b.size());
  return static_cast<std::size_t>(
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(size), b.begin()).first - a.begin());
}

/// `size`, or where the marker begins that `size` would cut in two.
std::size_t not_inside_marker(std::string_view text, std::size_t size) {
  if (size >= text.size()) return size;
  const std::size_t from = size > kLongestMarker ? size - kLongestMarker : 0;
  for (const auto& [begin, length] : find_markers(text.substr(from, 2 * kLongestMarker)))
    if (from + begin < size && size < from + begin + length) return from + begin;
  return size;
}

/// What two texts have in common at their start, whole markers only.
std::size_t common_whole(std::string_view a, std::string_view b) {
  const std::size_t size = common_prefix(a, b);
  return std::min(not_inside_marker(a, size), not_inside_marker(b, size));
}

bool is_marker_char(char c, char closing) {
  if (closing == ']')
    return is_ascii_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '_' || c == '|' || c == '/';
  return c != '<' && c != '"' && c != '\'' && !is_ascii_space(c);
}

bool is_blank(std::string_view text) { return trimmed_size(text) == 0; }

class TurnFinder {
 public:
  TurnFinder(const RenderMessages& render, const RenderedMessages& rendered, std::string_view end_token,
             const TurnShape* shape)
      : render_(render), r_(rendered), whole_(rendered.whole.text()), end_token_(end_token), shape_(shape) {}

  std::vector<AssistantTurn> find() {
    is_prompt_usual_ = prompt_is_usual();
    for (std::size_t i = 0; i < r_.messages.size(); ++i) {
      if (chat_role(r_.messages[i]) != "assistant") continue;
      AssistantTurn turn;
      turn.message = i;
      if (const auto begin = usual_begin(i)) turn.begin = *begin;
      else turn.begin = find_begin(i);
      if (!usual_end(i, turn)) find_end(i, turn);
      check(i, turn);
      turns_.push_back(turn);
    }
    check_others();
    return std::move(turns_);
  }

 private:
  [[noreturn]] void refuse(std::size_t message, const std::string& why) const {
    throw ConfigError(
        cat("message ", message + 1, " of the conversation (", chat_role(r_.messages[message]), "): ", why),
        "Mark what is learnt in the template with {% generation %} ... {% endgeneration %}, or choose "
        "another template (model.chat_template).");
  }

  std::optional<MarkedText> prefix(std::size_t num_messages, bool add_prompt, const Json* more = nullptr,
                                   std::size_t follow_from = std::string::npos) {
    Json::Array messages(r_.messages.begin(), r_.messages.begin() + static_cast<std::ptrdiff_t>(num_messages));
    if (more != nullptr) messages.push_back(*more);
    if (follow_from < r_.messages.size())
      messages.insert(messages.end(), r_.messages.begin() + static_cast<std::ptrdiff_t>(follow_from),
                      r_.messages.end());
    const std::optional<std::string> text = render_(messages, add_prompt);
    if (!text) return std::nullopt;
    num_rendered_ += text->size();
    if (num_rendered_ > kMostRendered)
      throw ConfigError(cat("a conversation of ", r_.messages.size(), " messages is too long for a template that ",
                            "does not say what is learnt"),
                        "Split the conversation, or choose a template with {% generation %} blocks.");
    return r_.alphabet != nullptr ? MarkedText(*r_.alphabet, *text) : MarkedText(*text);
  }

  /// A place before message `i` that is known in the whole text: the end of the nearest content or turn, or the start.
  struct Anchor {
    std::size_t at = 0;
    std::optional<MarkId> content;  ///< whose end it is; absent: the start, or the end of a turn without text
  };
  Anchor anchor(std::size_t i) const {
    for (std::size_t k = i; k-- > 0;) {
      if (!turns_.empty() && turns_.back().message == k && !r_.whole.last_end(static_cast<MarkId>(k)))
        return {turns_.back().end, std::nullopt};
      if (const auto end = r_.whole.last_end(static_cast<MarkId>(k))) return {*end, static_cast<MarkId>(k)};
    }
    return {};
  }

  /// The same place in another rendering of the messages before `i`.
  std::optional<std::size_t> anchor_in(const MarkedText& other, const Anchor& anchor) const {
    if (other.text().size() >= anchor.at && other.text().compare(0, anchor.at, whole_, 0, anchor.at) == 0)
      return anchor.at;
    return anchor.content ? other.last_end(*anchor.content) : std::nullopt;
  }

  bool whole_has(std::size_t at, std::string_view text) const { return whole_.compare(at, text.size(), text) == 0; }

  // ---- Where an answer begins ----

  /// Messages may change the prompt (switches such as "/no_think"); then the usual header says nothing.
  bool prompt_is_usual() {
    if (shape_ == nullptr || shape_->header.empty()) return false;
    if (!shape_->writes_prompt) return true;
    for (std::size_t i = r_.messages.size(); i-- > 1;) {
      if (chat_role(r_.messages[i]) != "assistant" || chat_role(r_.messages[i - 1]) != "user") continue;
      const std::optional<MarkedText> prompt = prefix(i, true);
      const auto end = prompt ? prompt->last_end(static_cast<MarkId>(i - 1)) : std::nullopt;
      if (!end) return false;
      const std::string_view header = std::string_view(prompt->text()).substr(*end);
      return header.ends_with(shape_->header) && is_blank(header.substr(0, header.size() - shape_->header.size()));
    }
    return false;
  }

  /// By the shape: for an answer to a user whose surroundings are the usual ones.
  std::optional<std::size_t> usual_begin(std::size_t i) const {
    if (!is_prompt_usual_ || i == 0 || chat_role(r_.messages[i - 1]) != "user") return std::nullopt;
    const auto asked = r_.whole.last_end(static_cast<MarkId>(i - 1));
    const auto content = r_.whole.last_begin(static_cast<MarkId>(i));
    if (!asked || !content) return std::nullopt;
    const std::size_t end = *asked + blank_after(i - 1, *asked);
    const std::size_t begin = end + shape_->header.size();
    if (!whole_has(end, shape_->header) || begin > *content) return std::nullopt;
    const std::string_view between = std::string_view(whole_).substr(begin, *content - begin);
    return is_blank(between) ? std::optional(begin) : std::nullopt;
  }

  std::size_t find_begin(std::size_t i) {
    const Anchor before = anchor(i);
    const std::optional<MarkedText> prompt = prefix(i, true);
    const std::optional<MarkedText> no_prompt = prefix(i, false);
    const bool has_prompt = prompt && !(no_prompt && no_prompt->text() == prompt->text());
    if (has_prompt) {
      if (whole_has(0, prompt->text())) return prompt->text().size();
      if (const auto at = anchor_in(*prompt, before)) {
        const std::string_view header = std::string_view(prompt->text()).substr(*at);
        if (whole_has(before.at, header)) return before.at + header.size();
      }
    }
    return begin_by_probe(i, before, has_prompt ? &*prompt : nullptr, no_prompt ? &*no_prompt : nullptr);
  }

  /// The template's prompt is not in the text (it writes none, or it differs from what stands before past answers): a
  /// short answer in place of the real one shows what the template writes before answers.
  std::size_t begin_by_probe(std::size_t i, const Anchor& before, const MarkedText* prompt,
                             const MarkedText* no_prompt) {
    const std::string_view rest = std::string_view(whole_).substr(before.at);
    std::optional<std::string> header;
    if (r_.alphabet != nullptr) {
      const Json answer =
          Json::object({{"role", "assistant"},
                        {"content", cat(r_.alphabet->begin(kAnswerMark), "x", r_.alphabet->end(kAnswerMark))}});
      for (const std::size_t follow : {i + 1, std::string::npos}) {
        const std::optional<MarkedText> probe = prefix(i, false, &answer, follow);
        if (!probe) continue;
        const auto at = anchor_in(*probe, before);
        const auto begin = probe->last_begin(kAnswerMark);
        if (!at || !begin || *begin < *at) continue;
        header = probe->text().substr(*at, *begin - *at);
        if (!rest.starts_with(*header)) continue;
        const bool ends_in_answer =
            prompt == nullptr && no_prompt != nullptr && is_space_after(*no_prompt, before, *header);
        return before.at + header->size() - (ends_in_answer ? 1 : 0);
      }
    }
    // Not even that stands there whole: the part that it shares with the text does.
    if (prompt != nullptr)
      if (const auto at = anchor_in(*prompt, before)) header = prompt->text().substr(*at);
    if (!header) refuse(i, "where it begins cannot be found: the template rewrites or refuses what stands before it");
    return before.at + common_whole(*header, rest);
  }

  /// A single space that the template writes before an answer and not at the end of a prompt is part of the answer:
  /// tokenizers take it together with the first word.
  bool is_space_after(const MarkedText& no_prompt, const Anchor& before, const std::string& header) const {
    const auto at = anchor_in(no_prompt, before);
    return at && header == no_prompt.text().substr(*at) + ' ';
  }

  // ---- Where it ends ----

  /// White space at the end of the content, as far as the template kept it.
  std::size_t blank_after(std::size_t i, std::size_t end_w) const {
    const std::string content = chat_text(r_.plain[i]);
    const std::size_t trimmed = trimmed_size(content);
    return trimmed < content.size() && whole_has(end_w, std::string_view(content).substr(trimmed))
               ? content.size() - trimmed
               : 0;
  }

  bool usual_end(std::size_t i, AssistantTurn& turn) const {
    const bool is_last = i + 1 == r_.messages.size();
    if (shape_ == nullptr || r_.plain[i].find("tool_calls") != nullptr) return false;
    const std::string& end = is_last ? shape_->last_end : shape_->end;
    const auto content = r_.whole.last_end(static_cast<MarkId>(i));
    if (end.empty() || is_blank(end) || !content || (!is_last && chat_role(r_.messages[i + 1]) != "user")) return false;
    const std::size_t at = *content + blank_after(i, *content);
    if (!whole_has(at, end)) return false;
    turn.end = at + end.size();
    turn.has_end = true;
    return true;
  }

  void find_end(std::size_t i, AssistantTurn& turn) {
    const bool is_last = i + 1 == r_.messages.size();
    const auto content_w = r_.whole.last_end(static_cast<MarkId>(i));
    const std::size_t from_w = content_w.value_or(turn.begin);
    const std::string_view tail =
        std::string_view(whole_).substr(from_w, next_content(i, std::max(from_w, turn.begin)) - from_w);
    const Json user = Json::object(
        {{"role", "user"},
         {"content",
          r_.alphabet != nullptr ? cat(r_.alphabet->begin(kUserMark), "x", r_.alphabet->end(kUserMark)) : "x"}});
    const std::optional<MarkedText> other = is_last ? prefix(i + 1, false, &user) : prefix(i + 1, false);
    const std::optional<std::string> other_tail = other ? tail_in(*other, i, turn.begin) : std::nullopt;
    if (!other_tail && !is_last) refuse(i, "where it ends cannot be found: the template refuses the messages up to it");
    // Without an answer to the probe (a call must be followed by its result, say) all up to the end of text counts.
    std::string_view common = other_tail ? tail.substr(0, common_whole(tail, *other_tail)) : tail;
    if (other_tail && !content_w && !holds_calls(i, common)) common = common_end(tail, *other_tail);
    std::string_view kept = common.substr(0, trimmed_size(common));
    if (kept.empty() && is_last) {
      kept = tail.substr(0, trimmed_size(tail));
      common = tail;
    }
    if (kept.empty() && !is_last) kept = named_end(tail);
    if (kept.empty()) kept = common;  // white space is all that ends this turn
    kept = kept.substr(0, past_last_end(kept));
    turn.end = from_w + kept.size();
    turn.has_end = content_w ? !is_blank(kept) || (!kept.empty() && kept.size() > blank_after(i, from_w))
                             : !find_markers(kept).empty();
  }

  bool holds_calls(std::size_t i, std::string_view text) const {
    const std::vector<std::string> names = names_of_calls(r_.plain[i]);
    return std::all_of(names.begin(), names.end(),
                       [&](const std::string& name) { return text.find(name) != std::string_view::npos; });
  }

  /// The longest start of `tail` that ends `other`: templates put something before a call when it is the last thing.
  static std::string_view common_end(std::string_view tail, std::string_view other) {
    for (std::size_t from = 0; from < other.size(); ++from)
      if (tail.starts_with(other.substr(from))) return tail.substr(0, other.size() - from);
    return {};
  }

  /// Where the next content begins, or the end of the text.
  std::size_t next_content(std::size_t i, std::size_t from_w) const {
    std::size_t next = whole_.size();
    for (std::size_t k = i + 1; k < r_.messages.size() && next == whole_.size(); ++k)
      for (const std::size_t begin : r_.whole.begins(static_cast<MarkId>(k)))
        if (begin >= from_w) {
          next = std::min(next, begin);
          break;
        }
    return next;
  }

  /// What follows the content (or, for a turn without text, the prompt) of message `i` in another rendering.
  std::optional<std::string> tail_in(const MarkedText& other, std::size_t i, std::size_t begin_w) const {
    std::size_t from = begin_w;
    if (r_.whole.last_end(static_cast<MarkId>(i))) {
      const auto end = other.last_end(static_cast<MarkId>(i));
      if (!end) return std::nullopt;
      from = *end;
    } else if (other.text().size() < begin_w || other.text().compare(0, begin_w, whole_, 0, begin_w) != 0) {
      const Anchor before = anchor(i);
      const auto at = anchor_in(other, before);
      if (!at || before.at > begin_w || *at + (begin_w - before.at) > other.text().size()) return std::nullopt;
      from = *at + (begin_w - before.at);
    }
    const std::size_t to = other.last_begin(kUserMark).value_or(other.text().size());
    return to < from ? std::nullopt : std::optional(other.text().substr(from, to - from));
  }

  /// An end token that this template writes only when another turn follows.
  std::string_view named_end(std::string_view tail) const {
    const auto markers = find_markers(tail);
    if (markers.empty() || !is_blank(tail.substr(0, markers[0].first))) return {};
    const auto [begin, size] = markers[0];
    return names_an_end(tail.substr(begin, size), end_token_) ? tail.substr(0, begin + size) : std::string_view();
  }

  /// A turn ends with its last end token, if nothing but other tokens follows that (a template may open the next turn
  /// at once).
  std::size_t past_last_end(std::string_view kept) const {
    const auto markers = find_markers(kept);
    std::size_t rest = kept.size();
    for (auto marker = markers.rbegin(); marker != markers.rend(); ++marker) {
      const auto [begin, size] = *marker;
      if (!is_blank(kept.substr(begin + size, rest - begin - size))) break;
      if (names_an_end(kept.substr(begin, size), end_token_)) return begin + size;
      rest = begin;
    }
    return kept.size();
  }

  // ---- Proof ----

  void check(std::size_t i, const AssistantTurn& turn) const {
    if (turn.end < turn.begin || (!turns_.empty() && turn.begin < turns_.back().end))
      refuse(i, "its place in the text overlaps that of another message");
    const std::string_view written = std::string_view(whole_).substr(turn.begin, turn.end - turn.begin);
    const std::string content = chat_text(r_.plain[i]);
    const MarkedPart part = part_to_mark(content, r_.places, true);
    if (r_.alphabet == nullptr) {
      if (written.find(std::string_view(content).substr(part.begin, part.end - part.begin)) == std::string_view::npos)
        refuse(i, "its text is not found where the template should have written it");
    } else {
      for (const std::size_t end : r_.whole.ends(static_cast<MarkId>(i)))
        if (end < turn.begin || end > turn.end) refuse(i, "the template writes its text at an unexpected place");
      for (const std::size_t begin : r_.whole.begins(static_cast<MarkId>(i)))
        if (begin > turn.end) refuse(i, "the template writes its text at an unexpected place");
    }
    for (const std::string& name : names_of_calls(r_.plain[i]))
      if (written.find(name) == std::string_view::npos) refuse(i, cat("the template loses the call of ", quote(name)));
  }

  void check_others() const {
    for (std::size_t k = 0; k < r_.messages.size(); ++k) {
      if (chat_role(r_.messages[k]) == "assistant") continue;
      for (const auto& place : content_places(r_.whole, k)) {
        const auto turn = std::partition_point(turns_.begin(), turns_.end(),
                                               [&](const AssistantTurn& one) { return one.end <= place.first; });
        if (turn != turns_.end() && turn->begin < place.second)
          refuse(k, "the template writes its text into an assistant's turn");
      }
    }
  }

  static std::vector<std::pair<std::size_t, std::size_t>> content_places(const MarkedText& text, std::size_t k) {
    const std::vector<std::size_t> begins = text.begins(static_cast<MarkId>(k));
    const std::vector<std::size_t> ends = text.ends(static_cast<MarkId>(k));
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (std::size_t j = 0; j < std::max(begins.size(), ends.size()); ++j) {
      const std::size_t begin = j < begins.size() ? begins[j] : ends[j] - std::min<std::size_t>(1, ends[j]);
      const std::size_t end = j < ends.size() ? ends[j] : begin + 1;
      places.emplace_back(std::min(begin, end), std::max(begin, end));
    }
    return places;
  }

  const RenderMessages& render_;
  const RenderedMessages& r_;
  const std::string& whole_;
  std::string_view end_token_;
  const TurnShape* shape_;
  bool is_prompt_usual_ = false;
  std::size_t num_rendered_ = 0;
  std::vector<AssistantTurn> turns_;
};

}  // namespace

bool names_an_end(std::string_view token, std::string_view end_token) {
  if (token == "</s>" || (!end_token.empty() && token == end_token)) return true;
  const std::string name = ascii_lower(token);
  if (name.find("end_header") != std::string::npos || name.find("end_of_role") != std::string::npos) return false;
  for (const std::string_view part : {"end", "eot", "eom", "eos", "stop"})
    if (name.find(part) != std::string::npos) return true;
  return false;
}

std::vector<std::pair<std::size_t, std::size_t>> find_markers(std::string_view text) {
  std::vector<std::pair<std::size_t, std::size_t>> markers;
  std::size_t at = 0;
  while ((at = text.find_first_of("<[", at)) != std::string_view::npos) {
    const char closing = text[at] == '<' ? '>' : ']';
    std::size_t end = at + 1;
    while (end < text.size() && end - at < kLongestMarker && text[end] != closing && is_marker_char(text[end], closing))
      ++end;
    if (end < text.size() && text[end] == closing && end > at + 1) {
      markers.emplace_back(at, end + 1 - at);
      at = end + 1;
    } else {
      ++at;
    }
  }
  return markers;
}

TurnShape find_shape(const RenderMessages& render, const MarkAlphabet& alphabet, std::string_view end_token) {
  const auto message = [](const char* role, const char* content) {
    return Json::object({{"role", role}, {"content", content}});
  };
  const Json::Array plain{message("user", "one"), message("assistant", "two"), message("user", "three"),
                          message("assistant", "four")};
  TurnShape shape;
  const Json::Array marked = mark_messages(alphabet, plain, MarkPlaces::edges);
  const std::optional<std::string> text = render(marked, false);
  const std::optional<std::string> prompt = render({marked.front()}, true);
  const std::optional<std::string> no_prompt = render({marked.front()}, false);
  if (!text || !prompt || !no_prompt) return shape;
  shape.writes_prompt = *prompt != *no_prompt;
  const MarkedText whole(alphabet, *text);
  std::vector<AssistantTurn> turns;
  try {
    turns = find_turns(render, {&alphabet, marked, plain, whole, MarkPlaces::edges}, end_token, nullptr);
  } catch (const ConfigError&) {
    return shape;
  }
  const auto written = [&](std::size_t from, std::size_t to) {
    return from <= to ? whole.text().substr(from, to - from) : std::string();
  };
  const auto end_of = [&](MarkId id) { return whole.last_end(id).value_or(whole.text().size()); };
  const std::string header = written(end_of(0), turns[0].begin);
  if (header == written(end_of(2), turns[1].begin)) shape.header = header;
  shape.end = written(end_of(1), turns[0].end);
  shape.last_end = written(end_of(3), turns[1].end);
  return shape;
}

std::vector<AssistantTurn> find_turns(const RenderMessages& render, const RenderedMessages& rendered,
                                      std::string_view end_token, const TurnShape* shape) {
  return TurnFinder(render, rendered, end_token, shape).find();
}

}  // namespace forgelm::text
