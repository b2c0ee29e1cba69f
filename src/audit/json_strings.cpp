#include "json_strings.hpp"

#include <algorithm>
#include <vector>

#include "forgelm/core/text.hpp"
#include "row_text.hpp"

namespace forgelm::audit {
namespace {

struct Character {
  char32_t value = kReplacementCharacter;
  std::size_t num_bytes = 1;  ///< of the JSON text
};

using detail::escaped_unit;

Character escaped_character(std::string_view bytes, std::size_t at) {
  if (const int unit = escaped_unit(bytes, at); unit >= 0) {
    const bool is_surrogate = unit >= 0xD800 && unit < 0xE000;
    if (!is_surrogate) return {static_cast<char32_t>(unit), 6};
    const int low = escaped_unit(bytes, at + 6);
    if (unit >= 0xDC00 || low < 0xDC00 || low >= 0xE000) return {kReplacementCharacter, 6};
    return {static_cast<char32_t>(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), 12};
  }
  if (at + 1 >= bytes.size()) return {};
  switch (const char c = bytes[at + 1]) {
    case 'b': return {'\b', 2};
    case 'f': return {'\f', 2};
    case 'n': return {'\n', 2};
    case 'r': return {'\r', 2};
    case 't': return {'\t', 2};
    default: return {static_cast<char32_t>(static_cast<unsigned char>(c)), 2};
  }
}

Character character_at(std::string_view bytes, std::size_t at) {
  if (bytes[at] == '\\') return escaped_character(bytes, at);
  const DecodedCodePoint point = decode_utf8(bytes, at);
  return {point.value, point.num_bytes};
}

std::size_t utf8_length(char32_t value) { return value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4; }

/// Where the string ends whose opening quote is before `at`: its closing quote.
std::size_t closing_quote(std::string_view line, std::size_t at) {
  for (; at < line.size() && line[at] != '"'; ++at)
    if (line[at] == '\\') ++at;
  return at < line.size() ? at : line.size();
}

/// Keeps the path while the brackets, commas and keys of a line go by.
class PathKeeper {
 public:
  JsonString& string() { return string_; }
  bool awaits_key() const { return !open_.empty() && open_.back().awaits_key; }

  void take_key(std::string_view bytes) {
    detail::append_key(string_.path, decode_json_string(bytes));
    open_.back().awaits_key = false;
  }
  void open(bool is_object) {
    open_.push_back({string_.path.size(), 0, is_object, is_object});
    if (!is_object) detail::append_index(string_.path, 0);
  }
  void close() {
    if (open_.empty()) return;
    string_.path.resize(open_.back().path_size);
    open_.pop_back();
  }
  void step() {
    if (open_.empty()) return;
    Open& top = open_.back();
    string_.path.resize(top.path_size);
    if (top.is_object) top.awaits_key = true;
    else detail::append_index(string_.path, ++top.index);
  }

 private:
  struct Open {
    std::size_t path_size, index;
    bool is_object, awaits_key;
  };
  JsonString string_;
  std::vector<Open> open_;
};

}  // namespace

void for_each_json_string(std::string_view line, const std::function<void(const JsonString&)>& take) {
  PathKeeper keeper;
  for (std::size_t at = 0; at < line.size(); ++at) {
    switch (line[at]) {
      case '{':
      case '[': keeper.open(line[at] == '{'); break;
      case '}':
      case ']': keeper.close(); break;
      case ',': keeper.step(); break;
      case '"': {
        JsonString& string = keeper.string();
        string.begin = at + 1;
        string.end = at = closing_quote(line, at + 1);
        if (keeper.awaits_key()) keeper.take_key(line.substr(string.begin, string.end - string.begin));
        else take(string);
        break;
      }
      default: break;
    }
  }
}

std::string decode_json_string(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t at = 0; at < bytes.size();) {
    const Character character = character_at(bytes, at);
    append_utf8(text, character.value);
    at += character.num_bytes;
  }
  return text;
}

std::size_t JsonStringCursor::offset_of(std::size_t text_offset) {
  while (text_at_ < text_offset && at_ < bytes_.size()) {
    const Character character = character_at(bytes_, at_);
    text_at_ += utf8_length(character.value);
    at_ += character.num_bytes;
  }
  return at_ = std::min(at_, bytes_.size());
}

}  // namespace forgelm::audit
