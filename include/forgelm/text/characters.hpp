// What Python's str knows of characters, for texts in UTF-8: other modules cut, count and compare text as the reference
// does. Oracle: CPython 3.11 (Unicode 14), through the template engine's str methods. Trap: white space is more than
// ASCII's (U+001C to U+001F, U+0085, U+00A0, U+3000 and more), and lines end at more than "\n". Safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm::text {

bool is_space(char32_t code_point) noexcept;       ///< str.isspace
bool is_line_break(char32_t code_point) noexcept;  ///< where str.splitlines cuts
bool is_alphabetic(char32_t code_point) noexcept;  ///< str.isalpha
bool is_word(char32_t code_point) noexcept;        ///< \w of Python's re: str.isalnum, and "_"

namespace character_class {
inline constexpr std::uint8_t kWord = 1, kAlphabetic = 2, kSpace = 4, kLineBreak = 8;
}  // namespace character_class

/// All four as bits of character_class, from a table: for walks over every character of large texts.
std::uint8_t character_classes(char32_t code_point);

/// str.lower of valid UTF-8, the final sigma included.
std::string lower(std::string_view text);

/// str.strip: without white space at both ends. A part of `text`, which is valid UTF-8.
std::string_view strip(std::string_view text) noexcept;
/// Nothing but white space; true for "".
bool is_blank(std::string_view text) noexcept;

enum class LineEnds { dropped, kept };
/// str.splitlines: the lines; "\r\n" ends one line. Parts of `text`.
std::vector<std::string_view> split_lines(std::string_view text, LineEnds ends = LineEnds::dropped);
/// The first of them, taken off `rest`, which is not empty: for texts whose lines are too many to keep.
std::string_view take_line(std::string_view& rest, LineEnds ends = LineEnds::dropped);

}  // namespace forgelm::text
