// From bytes to the characters that the scan reads: UTF-8 checked, the byte order mark dropped, line breaks unified,
// characters that YAML forbids refused. Positions count code points from 0 and are the only coordinates inside the
// reader; spot_of() turns them into lines and columns of the text as the user wrote it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/config/yaml.hpp"

namespace forgelm::config::yaml {

inline constexpr char32_t kLineSeparator = 0x2028;
inline constexpr char32_t kParagraphSeparator = 0x2029;
inline constexpr char32_t kByteOrderMark = 0xFEFF;

/// Why a document cannot be used. Thrown inside the reader only; read_yaml turns it into a Diagnostic.
struct Fault {
  std::string code;
  std::size_t position = 0;
  std::size_t length = 1;
  std::string message;
  std::string allowed = {};
  std::string hint = {};
};

/// Collections in collections beyond max_depth.
Fault too_deep(const YamlLimits& limits, std::size_t position);
/// Values beyond max_nodes; `when` says at what point of the reading, " once its aliases are written out".
Fault too_many_values(const YamlLimits& limits, std::size_t position, std::size_t length = 1, const char* when = "");

/// The characters of a document. `chars` ends with kPadding zeros, so that looking ahead needs no bounds check;
/// a zero cannot occur in the text itself. CR, CRLF and NEL have become LF; U+2028 and U+2029 stay.
struct Text {
  static constexpr std::size_t kPadding = 16;
  std::u32string chars;
  std::size_t size = 0;                  ///< without the padding
  std::vector<std::size_t> line_starts;  ///< position of the first character of each line
  std::vector<std::string> lines;        ///< UTF-8, without breaks; forbidden characters shown as U+FFFD
  std::optional<Fault> fault;            ///< what is wrong with the bytes; then the text ends at that line
};

/// Decodes `bytes`. What is wrong with them is in `fault`.
Text decode(std::string_view bytes, const YamlLimits& limits);

/// The place of a position for messages; `length` is cut at the end of the line.
SourceSpot spot_of(const Text& text, const std::string& file_name, std::size_t position, std::size_t length);

/// The UTF-8 form of some characters.
std::string to_utf8(std::u32string_view chars);

/// "'x'" for what can be shown, "U+0007" for what cannot, "the end of the file" for 0.
std::string describe(char32_t c);

/// A quoted excerpt of some text for a message, at most 40 characters.
std::string excerpt(std::string_view utf8);

inline bool is_break(char32_t c) noexcept { return c == '\n' || c == kLineSeparator || c == kParagraphSeparator; }
inline bool is_break_or_end(char32_t c) noexcept { return c == 0 || is_break(c); }
inline bool is_space_or_end(char32_t c) noexcept { return c == ' ' || is_break_or_end(c); }
inline bool is_blank_or_end(char32_t c) noexcept { return c == '\t' || is_space_or_end(c); }
inline bool is_digit(char32_t c) noexcept { return c >= '0' && c <= '9'; }
/// The characters of names: anchors, tag handles, directives.
inline bool is_word(char32_t c) noexcept {
  return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}
/// The value of a hexadecimal digit, or -1.
inline int hex_value(char32_t c) noexcept {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A') + 10;
  return -1;
}

}  // namespace forgelm::config::yaml
