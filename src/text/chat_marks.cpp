// Placing marks and taking them out; see the header.
#include "text/chat_marks.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::text {

namespace {

constexpr std::uint32_t kPlanes[] = {0xF0000, 0x100000};
constexpr std::uint32_t kMarksOfPlane = 65'534;
constexpr std::size_t kMarkBytes = 4;

/// What Python's str.strip() takes away.
bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

std::size_t skip_spaces(std::string_view text, std::size_t at) noexcept {
  while (at < text.size()) {
    const DecodedCodePoint c = decode_utf8(text, at);
    if (!is_space(c.value)) break;
    at += c.num_bytes;
  }
  return at;
}

/// The length of a tag "<name>" at the start of `text`, or 0.
std::size_t tag_length(std::string_view text) noexcept {
  if (text.empty() || text.front() != '<') return 0;
  const std::size_t end = text.find_first_of("<> \t\r\n", 1);
  return end != std::string_view::npos && text[end] == '>' ? end + 1 : 0;
}

/// The same at its end.
std::size_t last_tag_length(std::string_view text) noexcept {
  if (text.empty() || text.back() != '>') return 0;
  const std::size_t begin = text.find_last_of("<> \t\r\n", text.size() - 2);
  return begin != std::string_view::npos && text[begin] == '<' ? text.size() - begin : 0;
}

}  // namespace

std::size_t trimmed_size(std::string_view text) noexcept {
  std::size_t end = text.size();
  while (end > 0) {
    std::size_t at = end - 1;
    while (at > 0 && end - at < 4 && !begins_character(text[at])) --at;
    const DecodedCodePoint c = decode_utf8(text, at);
    if (at + c.num_bytes != end || !is_space(c.value)) break;
    end = at;
  }
  return end;
}

std::optional<MarkAlphabet> MarkAlphabet::unused_in(std::string_view text) {
  for (const std::uint32_t plane : kPlanes) {
    MarkAlphabet alphabet(plane);
    bool is_used = false;
    // Both planes' characters start with one of these two bytes.
    for (std::size_t at = text.find_first_of("\xF3\xF4"); at != std::string_view::npos && !is_used;
         at = text.find_first_of("\xF3\xF4", at + 1))
      is_used = alphabet.decode(text, at).has_value();
    if (!is_used) return alphabet;
  }
  return std::nullopt;
}

std::string MarkAlphabet::encode(std::uint32_t code) const {
  std::string out;
  append_utf8(out, static_cast<char32_t>(first_ + code));
  return out;
}

std::optional<std::uint32_t> MarkAlphabet::decode(std::string_view text, std::size_t at) const noexcept {
  const DecodedCodePoint c = decode_utf8(text, at);
  const auto value = static_cast<std::uint32_t>(c.value);
  if (!c.is_valid || value < first_ || value - first_ >= kMarksOfPlane) return std::nullopt;
  return value - first_;
}

MarkedPart part_to_mark(std::string_view content, MarkPlaces places, bool is_assistant) noexcept {
  MarkedPart part;
  part.begin = skip_spaces(content, 0);
  part.end = part.begin == content.size() ? part.begin : trimmed_size(content);
  part.marked_begin = part.begin;
  part.marked_end = part.end;
  if (places == MarkPlaces::edges || part.is_empty()) return part;
  const std::string_view core = content.substr(part.begin, part.end - part.begin);
  constexpr std::string_view kThinkEnd = "</think>";
  if (const std::size_t thought = core.rfind(kThinkEnd); is_assistant && thought != std::string_view::npos) {
    const std::size_t after = skip_spaces(core, thought + kThinkEnd.size());
    if (after < core.size()) part.marked_begin = part.begin + after;
  }
  if (places == MarkPlaces::inside_tags) {
    const std::string_view rest = content.substr(part.marked_begin, part.end - part.marked_begin);
    const std::size_t first = tag_length(rest);
    const std::size_t last = last_tag_length(rest);
    if (first + last < rest.size()) {
      part.marked_begin += first;
      part.marked_end -= last;
    }
  }
  return part;
}

std::string mark_content(const MarkAlphabet& alphabet, MarkId id, const std::string& content, MarkPlaces places,
                         bool is_assistant) {
  const MarkedPart part = part_to_mark(content, places, is_assistant);
  if (part.is_empty()) return content;
  return cat(content.substr(0, part.marked_begin), alphabet.begin(id),
             content.substr(part.marked_begin, part.marked_end - part.marked_begin), alphabet.end(id),
             content.substr(part.marked_end));
}

Json::Array mark_messages(const MarkAlphabet& alphabet, const Json::Array& messages, MarkPlaces places) {
  Json::Array marked = messages;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    const auto id = static_cast<MarkId>(i);
    const Json* role = marked[i].find("role");
    const bool is_assistant = role != nullptr && *role == Json("assistant");
    Json* content = marked[i].find("content");
    if (content == nullptr) continue;
    if (content->kind() == Json::Kind::text) {
      *content = Json(mark_content(alphabet, id, content->text(), places, is_assistant));
    } else if (content->kind() == Json::Kind::array) {
      for (Json& part : content->items()) {
        Json* text = part.find("text");
        if (text != nullptr && text->kind() == Json::Kind::text)
          *text = Json(mark_content(alphabet, id, text->text(), places, is_assistant));
      }
    }
  }
  return marked;
}

MarkedText::MarkedText(const MarkAlphabet& alphabet, std::string_view rendered) {
  text_.reserve(rendered.size());
  std::size_t copied = 0;
  for (std::size_t at = rendered.find_first_of("\xF3\xF4"); at != std::string_view::npos;
       at = rendered.find_first_of("\xF3\xF4", at + 1)) {
    const std::optional<std::uint32_t> code = alphabet.decode(rendered, at);
    if (!code) continue;
    text_.append(rendered, copied, at - copied);
    copied = at + kMarkBytes;
    marks_.push_back({*code, text_.size()});
    at += kMarkBytes - 1;
  }
  text_.append(rendered, copied, std::string_view::npos);
  std::stable_sort(marks_.begin(), marks_.end(), [](const Mark& a, const Mark& b) { return a.code < b.code; });
}

std::optional<std::size_t> MarkedText::last(std::uint32_t code) const noexcept {
  const auto after = std::upper_bound(marks_.begin(), marks_.end(), code,
                                      [](std::uint32_t value, const Mark& mark) { return value < mark.code; });
  if (after == marks_.begin() || std::prev(after)->code != code) return std::nullopt;
  return std::prev(after)->at;
}

std::vector<std::size_t> MarkedText::all(std::uint32_t code) const {
  const auto first = std::lower_bound(marks_.begin(), marks_.end(), code,
                                      [](const Mark& mark, std::uint32_t value) { return mark.code < value; });
  std::vector<std::size_t> places;
  for (auto mark = first; mark != marks_.end() && mark->code == code; ++mark) places.push_back(mark->at);
  return places;
}

}  // namespace forgelm::text
