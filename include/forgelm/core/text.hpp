// Small text helpers: building messages, UTF-8 by code points, ASCII case and splitting, values made safe to show.
// Nothing here depends on the locale. Unicode properties and normalisation live in the module `text`.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace forgelm {

namespace detail {
void append_part(std::string& out, std::string_view part);
void append_part(std::string& out, double part);
void append_signed(std::string& out, std::int64_t part);
void append_unsigned(std::string& out, std::uint64_t part);

template <class Part>
void append_any(std::string& out, const Part& part) {
  if constexpr (std::same_as<Part, bool>) append_part(out, std::string_view(part ? "true" : "false"));
  else if constexpr (std::same_as<Part, char>) out += part;
  else if constexpr (std::signed_integral<Part>) append_signed(out, part);
  else if constexpr (std::unsigned_integral<Part>) append_unsigned(out, part);
  else if constexpr (std::floating_point<Part>) append_part(out, static_cast<double>(part));
  else append_part(out, std::string_view(part));
}
}  // namespace detail

/// The parts as one string: texts, characters, integers, "true"/"false", and doubles as python_float_repr writes them.
template <class... Parts>
std::string cat(const Parts&... parts) {
  std::string out;
  (detail::append_any(out, parts), ...);
  return out;
}

// ---- UTF-8 --------------------------------------------------------------------------------------------------------

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct DecodedCodePoint {
  char32_t value = kReplacementCharacter;  ///< U+FFFD when the bytes are not UTF-8
  std::size_t num_bytes = 1;               ///< bytes to step over, at least 1
  bool is_valid = false;
};

/// Of valid UTF-8: whether a character begins with this byte.
constexpr bool begins_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// The code point at byte `at` (at < text.size()). Bad bytes are stepped over by maximal subparts (Unicode 3.9, what
/// Python's errors="replace" does): overlong forms, surrogates and values above U+10FFFF are bad.
DecodedCodePoint decode_utf8(std::string_view text, std::size_t at) noexcept;

/// Byte offset of the first byte that is not UTF-8, or std::string_view::npos.
std::size_t find_invalid_utf8(std::string_view text) noexcept;
inline bool is_valid_utf8(std::string_view text) noexcept { return find_invalid_utf8(text) == std::string_view::npos; }

/// The number of code points; each maximal bad part counts as one.
std::size_t num_code_points(std::string_view text) noexcept;

/// Appends `code_point`; one that UTF-8 cannot hold (a surrogate, above U+10FFFF) is appended as U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

/// The text with U+FFFD in place of each maximal bad part.
std::string to_valid_utf8(std::string_view text);

/// All code points; bad parts as U+FFFD.
std::u32string to_code_points(std::string_view text);

/// At most `max_code_points` code points from the start of the text.
std::string_view prefix_code_points(std::string_view text, std::size_t max_code_points) noexcept;

// ---- ASCII --------------------------------------------------------------------------------------------------------

constexpr bool is_ascii_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool is_ascii_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char ascii_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char ascii_upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }
std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);
bool equals_ignoring_ascii_case(std::string_view a, std::string_view b) noexcept;

/// Without ASCII white space at both ends.
std::string_view trim(std::string_view text) noexcept;

/// The pieces between separators: one more than there are separators, so "" gives one empty piece.
std::vector<std::string> split(std::string_view text, char separator);

template <class Range>
std::string join(const Range& parts, std::string_view separator) {
  std::string out;
  bool is_first = true;
  for (const auto& part : parts) {
    if (!is_first) out += separator;
    detail::append_any(out, part);
    is_first = false;
  }
  return out;
}

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t number);

/// The words of `text` in lines of at most `width` bytes; a longer word has a line of its own.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

// ---- for messages -------------------------------------------------------------------------------------------------

/// Code points that move the cursor, break the line, or reorder what stands around them.
bool is_unsafe_to_show(char32_t code_point) noexcept;

/// A code point by its number: "\\u{202e}".
std::string escaped_code_point(char32_t code_point);

/// `value` in double quotes, safe on a terminal and on one line: \n, \t, \" and \\ as such, other control,
/// line-breaking and direction-changing code points as \u{202e}, bad bytes as \xff. Longer than `max_code_points`: cut,
/// with "..." and the full length after the quote.
std::string quote(std::string_view value, std::size_t max_code_points = 120);

}  // namespace forgelm
