// What Python's str knows of Unicode, for texts in UTF-8: white space, lines, case, classes, code point positions,
// repr. Oracle: CPython 3.11 (Unicode 14); classes come from utf8proc (Unicode 15), whose few newer characters differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "unicode.hpp"

namespace forgelm::text::jinja {

using text::is_ascii;
bool is_space(char32_t c) noexcept;       ///< str.isspace
bool is_line_break(char32_t c) noexcept;  ///< where str.splitlines cuts
bool is_printable(char32_t c) noexcept;
bool is_alpha(char32_t c) noexcept;
bool is_decimal(char32_t c) noexcept;
bool is_digit(char32_t c) noexcept;
bool is_numeric(char32_t c) noexcept;
bool is_identifier_start(char32_t c) noexcept;
bool is_identifier_part(char32_t c) noexcept;
bool is_upper(char32_t c) noexcept;
bool is_lower(char32_t c) noexcept;
bool is_title(char32_t c) noexcept;

std::string upper(std::string_view text);
std::string lower(std::string_view text);
std::string title(std::string_view text);       ///< str.title
std::string capitalize(std::string_view text);  ///< str.capitalize
std::string swapcase(std::string_view text);
std::string casefold(std::string_view text);

/// Without white space at the ends.
std::string_view strip_left(std::string_view text) noexcept;
std::string_view strip_right(std::string_view text) noexcept;
/// Without any of the code points of `chars` at the ends.
std::string_view strip_left(std::string_view text, std::u32string_view chars) noexcept;
std::string_view strip_right(std::string_view text, std::u32string_view chars) noexcept;
bool is_all_space(std::string_view text) noexcept;  ///< true for ""

/// The byte offset of code point `index`; the text's size when it has no so many.
std::size_t byte_offset(std::string_view text, bool is_ascii, std::size_t index) noexcept;
/// Bytes of the UTF-8 sequence that starts with `lead`.
inline std::size_t sequence_size(char lead) noexcept {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}
/// The first place of `needle` at or after `from`; npos when none. Linear, whatever the texts are.
std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from) noexcept;
/// The last place of `needle` that ends at or before `end`.
std::size_t find_last_text(std::string_view text, std::string_view needle, std::size_t end);

/// Python's repr of a str.
void append_quoted(std::string& out, std::string_view text);
/// Python's repr of a float, with "inf" and "nan".
std::string real_repr(double value);

}  // namespace forgelm::text::jinja
