#include "json_line.hpp"

#include <algorithm>
#include <charconv>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

using detail::escaped_unit;

bool is_high(int unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low(int unit) { return unit >= 0xDC00 && unit < 0xE000; }

/// Bytes of the JSON number at `at`; 0 when there is none.
std::size_t number_length(std::string_view text, std::size_t at) {
  const auto digits = [&](std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && is_ascii_digit(text[end])) ++end;
    return end;
  };
  std::size_t end = at + (text[at] == '-' ? 1 : 0);
  const std::size_t whole = digits(end);
  if (whole == end || (text[end] == '0' && whole > end + 1)) return 0;
  end = whole;
  if (end < text.size() && text[end] == '.') {
    const std::size_t fraction = digits(end + 1);
    if (fraction == end + 1) return 0;
    end = fraction;
  }
  if (end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    std::size_t from = end + 1;
    if (from < text.size() && (text[from] == '+' || text[from] == '-')) ++from;
    const std::size_t exponent = digits(from);
    if (exponent == from) return 0;
    end = exponent;
  }
  return end - at;
}

}  // namespace

namespace detail {

int escaped_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  unsigned unit = 0;
  const char* const end = text.data() + at + 6;
  return std::from_chars(text.data() + at + 2, end, unit, 16).ptr == end ? static_cast<int>(unit) : -1;
}

std::string relaxed_json(std::string_view text, std::uint64_t* num_lone_surrogates) {
  std::uint64_t num_lone = 0;
  std::string out;
  out.reserve(text.size());
  bool is_in_string = false;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (is_in_string && c == '\\') {
      const int unit = escaped_unit(text, at);
      if (is_high(unit) && is_low(escaped_unit(text, at + 6))) {
        out.append(text.substr(at, 12));
        at += 12;
      } else if (is_high(unit) || is_low(unit)) {
        out += "\\ufffd";
        ++num_lone;
        at += 6;
      } else {
        out.append(text.substr(at, 2));
        at += 2;
      }
      continue;
    }
    if (c == '"') is_in_string = !is_in_string;
    if (!is_in_string) {
      std::size_t length = 0;
      for (const std::string_view word : {"NaN", "Infinity", "-Infinity"})
        if (text.substr(at).starts_with(word)) length = word.size();
      if (length == 0 && (c == '-' || is_ascii_digit(c))) length = number_length(text, at);
      if (length > 0) {
        out += '0';
        at += length;
        continue;
      }
    }
    out += c;
    ++at;
  }
  if (num_lone_surrogates != nullptr) *num_lone_surrogates = num_lone;
  return out;
}

}  // namespace detail

bool JsonLineReader::parse(std::string_view text, std::size_t num_readable, simdjson::dom::element& value) {
  const char* bytes = text.data();
  if (num_readable < text.size() + simdjson::SIMDJSON_PADDING) {
    padded_.assign(text);
    padded_.append(simdjson::SIMDJSON_PADDING, ' ');
    bytes = padded_.data();
  }
  return parser_.parse(bytes, text.size(), false).get(value) == simdjson::SUCCESS;
}

JsonLine JsonLineReader::read(std::string_view line, std::size_t num_readable) {
  JsonLine read;
  std::string decoded;
  if (!simdjson::validate_utf8(line.data(), line.size())) {
    read.is_decode_error = true;
    decoded = to_valid_utf8(line);
    line = decoded;
    num_readable = 0;
  }
  const char* const begin = line.data();
  line = trim(line);
  if (line.empty()) return read;
  num_readable -= std::min(num_readable, static_cast<std::size_t>(line.data() - begin));
  read.state = LineState::row;
  if (parse(line, num_readable, read.value)) return read;
  line = text::strip(line);
  if (line.empty()) {
    read.state = LineState::blank;
    return read;
  }
  read.is_repaired = true;
  repaired_ = detail::relaxed_json(line, &read.num_lone_surrogates);
  if (!parse(repaired_, 0, read.value)) read.state = LineState::bad;
  return read;
}

bool find_member(const simdjson::dom::object& object, std::string_view name, simdjson::dom::element& value) {
  bool is_found = false;
  for (const auto field : object)
    if (field.key == name) {
      value = field.value;
      is_found = true;
    }
  return is_found;
}

bool get_text(const simdjson::dom::element& value, std::string_view& text) {
  return value.get_string().get(text) == simdjson::SUCCESS;
}

}  // namespace forgelm::audit
