#include "forgelm/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "forgelm/core/json.hpp"
#include "forgelm/core/utf8_bytes.hpp"

namespace forgelm {

namespace detail {
namespace {
template <class Integer>
void append_integer(std::string& out, Integer part) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, part).ptr;
  out.append(buffer, end);
}
}  // namespace

void append_part(std::string& out, std::string_view part) { out += part; }
void append_part(std::string& out, double part) { out += python_float_repr(part); }
void append_signed(std::string& out, std::int64_t part) { append_integer(out, part); }
void append_unsigned(std::string& out, std::uint64_t part) { append_integer(out, part); }
}  // namespace detail

namespace {

unsigned byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// What may follow a lead byte: how many continuation bytes, and the range of the first of them (Unicode table 3-7).
struct LeadByte {
  std::size_t num_following = 0;  // 0: not a lead byte
  unsigned low = 0x80;
  unsigned high = 0xBF;
};

LeadByte lead_byte(unsigned byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {};
}

/// How many bytes from `at` on are ASCII, in steps of eight: most text is, and needs no decoding.
std::size_t num_ascii_bytes(std::string_view text, std::size_t at) noexcept {
  const std::size_t start = at;
  for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & 0x8080808080808080u) != 0) break;
  }
  return at - start;
}

}  // namespace

DecodedCodePoint decode_utf8(std::string_view text, std::size_t at) noexcept {
  const unsigned first = byte_at(text, at);
  if (first < 0x80) return {static_cast<char32_t>(first), 1, true};
  const LeadByte lead = lead_byte(first);
  if (lead.num_following == 0) return {};
  char32_t value = first & (0x3Fu >> lead.num_following);
  for (std::size_t i = 1; i <= lead.num_following; ++i) {
    if (at + i >= text.size()) return {kReplacementCharacter, i, false};
    const unsigned byte = byte_at(text, at + i);
    const bool fits = i == 1 ? byte >= lead.low && byte <= lead.high : (byte & 0xC0u) == 0x80u;
    if (!fits) return {kReplacementCharacter, i, false};
    value = (value << 6) | (byte & 0x3Fu);
  }
  return {value, lead.num_following + 1, true};
}

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  for (std::size_t at = 0;;) {
    at += num_ascii_bytes(text, at);
    // The next eight bytes hold one beyond ASCII, or the text ends within them.
    for (const std::size_t end = at + 8; at < end;) {
      if (at >= text.size()) return std::string_view::npos;
      const DecodedCodePoint point = decode_utf8(text, at);
      if (!point.is_valid) return at;
      at += point.num_bytes;
    }
  }
}

std::size_t num_code_points(std::string_view text) noexcept {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t num_ascii = num_ascii_bytes(text, at);
    at += num_ascii;
    count += num_ascii;
    // The next eight bytes hold one beyond ASCII, or the text ends within them.
    for (const std::size_t end = at + 8; at < end && at < text.size(); ++count) at += decode_utf8(text, at).num_bytes;
  }
  return count;
}

void append_utf8(std::string& out, char32_t code_point) {
  const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
  append_utf8_bytes(out, is_surrogate || code_point > 0x10FFFF ? kReplacementCharacter : code_point);
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  std::size_t begin = 0;  // of what is valid and not yet in `out`
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const DecodedCodePoint point = decode_utf8(text, at);
    if (!point.is_valid) {
      out += text.substr(begin, at - begin);
      append_utf8(out, kReplacementCharacter);
      begin = at + point.num_bytes;
    }
    at += point.num_bytes;
  }
  return out += text.substr(begin);
}

std::u32string to_code_points(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    out += point.value;
    at += point.num_bytes;
  }
  return out;
}

std::string_view prefix_code_points(std::string_view text, std::size_t max_code_points) noexcept {
  std::size_t at = 0;
  for (std::size_t count = 0; count < max_code_points && at < text.size(); ++count)
    at += decode_utf8(text, at).num_bytes;
  return text.substr(0, at);
}

std::string ascii_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

std::string ascii_upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_upper(c);
  return out;
}

bool equals_ignoring_ascii_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_ascii_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_ascii_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    pieces.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = text.find_first_not_of(" \n", at);
    if (begin == std::string_view::npos) break;
    const std::string_view word = text.substr(begin, text.find_first_of(" \n", begin) - begin);
    at = begin + word.size();
    if (!lines.empty() && lines.back().size() + 1 + word.size() <= width) lines.back() += cat(' ', word);
    else lines.emplace_back(word);
  }
  return lines;
}

bool is_unsafe_to_show(char32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
         (c >= 0xE0000 && c <= 0xE007F);
}

namespace {

std::string hex_text(unsigned value) {
  char buffer[16];
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value, 16).ptr};
}

}  // namespace

std::string escaped_code_point(char32_t code_point) {
  return cat("\\u{", hex_text(static_cast<unsigned>(code_point)), "}");
}

std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string quote(std::string_view value, std::size_t max_code_points) {
  const std::string_view shown = prefix_code_points(value, max_code_points);
  std::string out = "\"";
  for (std::size_t at = 0; at < shown.size();) {
    const DecodedCodePoint point = decode_utf8(value, at);
    const std::string_view bytes = shown.substr(at, point.num_bytes);
    if (!point.is_valid) {
      for (const char c : bytes) out += "\\x" + hex_text(static_cast<unsigned char>(c));
    } else if (point.value == '\n') {
      out += "\\n";
    } else if (point.value == '\t') {
      out += "\\t";
    } else if (point.value == '"' || point.value == '\\') {
      out += '\\';
      out += bytes;
    } else if (is_unsafe_to_show(point.value)) {
      out += escaped_code_point(point.value);
    } else {
      out += bytes;
    }
    at += point.num_bytes;
  }
  out += '"';
  if (shown.size() < value.size()) out += cat("... (", num_code_points(value), " characters)");
  return out;
}

}  // namespace forgelm
