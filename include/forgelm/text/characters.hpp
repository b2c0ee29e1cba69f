// What Python's str knows of white space, lines and letters, for texts in UTF-8: other modules cut and measure text as
// the reference does. Oracle: CPython 3.11. Trap: white space is more than ASCII's (U+001C to U+001F, U+0085, U+00A0,
// U+3000 and more), and lines end at more than "\n".
#pragma once

#include <string_view>
#include <vector>

namespace forgelm::text {

bool is_space(char32_t code_point) noexcept;       ///< str.isspace
bool is_line_break(char32_t code_point) noexcept;  ///< where str.splitlines cuts
bool is_alphabetic(char32_t code_point) noexcept;  ///< str.isalpha
bool is_word(char32_t code_point) noexcept;        ///< \w of Python's re: str.isalnum, and "_"

/// str.strip: without white space at both ends. A part of `text`, which is valid UTF-8.
std::string_view strip(std::string_view text) noexcept;
/// Nothing but white space; true for "".
bool is_blank(std::string_view text) noexcept;

/// str.splitlines: the lines without what ends them; "\r\n" ends one line. Parts of `text`.
std::vector<std::string_view> split_lines(std::string_view text);

}  // namespace forgelm::text
