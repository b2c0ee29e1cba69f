// What Python 3.11 takes characters for (Unicode 14): for code that must count,
// cut and compare texts as a Python program does. The answers are those of the
// template engine's str methods; here they come from a table that fills itself
// block by block. Safe from any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace forgelm::text {

namespace python_class {
inline constexpr std::uint8_t kWord = 1;       ///< \w of re: str.isalnum, or _
inline constexpr std::uint8_t kAlpha = 2;      ///< str.isalpha
inline constexpr std::uint8_t kSpace = 4;      ///< str.isspace
inline constexpr std::uint8_t kLineBreak = 8;  ///< where str.splitlines cuts
}  // namespace python_class

/// The classes of a code point as bits of python_class.
std::uint8_t python_classes(char32_t code_point);

/// str.lower of valid UTF-8, the final sigma included.
std::string python_lower(std::string_view text);

/// str.strip of valid UTF-8.
std::string_view python_strip(std::string_view text) noexcept;

}  // namespace forgelm::text
