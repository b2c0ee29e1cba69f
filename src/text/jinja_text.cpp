// Unicode for the Jinja engine, on utf8proc.
#include "jinja_text.hpp"

#include <utf8proc.h>

#include <cmath>
#include <cstring>

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::text::jinja {

namespace {

utf8proc_category_t category(char32_t c) noexcept { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

bool is_letter(char32_t c) noexcept {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return true;
    default: return false;
  }
}

}  // namespace

bool is_space(char32_t c) noexcept {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_line_break(char32_t c) noexcept {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_printable(char32_t c) noexcept {
  if (c < 0x7F) return c >= 0x20;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: return false;
    default: return true;
  }
}

bool is_alpha(char32_t c) noexcept { return is_letter(c); }
bool is_decimal(char32_t c) noexcept { return category(c) == UTF8PROC_CATEGORY_ND; }
bool is_digit(char32_t c) noexcept { return is_decimal(c); }
bool is_numeric(char32_t c) noexcept {
  return is_decimal(c) || category(c) == UTF8PROC_CATEGORY_NL || category(c) == UTF8PROC_CATEGORY_NO;
}
bool is_identifier_start(char32_t c) noexcept {
  return c == '_' || is_letter(c) || category(c) == UTF8PROC_CATEGORY_NL;
}
bool is_identifier_part(char32_t c) noexcept {
  if (c < 0x80) return c == '_' || is_ascii_digit(static_cast<char>(c)) || is_letter(c);
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return is_identifier_start(c);
  }
}
bool is_upper(char32_t c) noexcept { return utf8proc_isupper(static_cast<utf8proc_int32_t>(c)) != 0; }
bool is_lower(char32_t c) noexcept { return utf8proc_islower(static_cast<utf8proc_int32_t>(c)) != 0; }
bool is_title(char32_t c) noexcept { return category(c) == UTF8PROC_CATEGORY_LT; }

namespace {

template <class Map>
std::string mapped(std::string_view text, const Map& map) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    at += decoded.num_bytes;
    append_utf8(out, map(decoded.value));
  }
  return out;
}
char32_t to_upper(char32_t c) { return static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))); }
char32_t to_lower(char32_t c) { return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))); }
char32_t to_title(char32_t c) { return static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))); }
bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || is_title(c); }

}  // namespace

std::string upper(std::string_view text) { return mapped(text, to_upper); }
std::string lower(std::string_view text) { return mapped(text, to_lower); }
std::string casefold(std::string_view text) { return mapped(text, to_lower); }
std::string swapcase(std::string_view text) {
  return mapped(text, [](char32_t c) { return is_upper(c) ? to_lower(c) : is_lower(c) ? to_upper(c) : c; });
}
std::string title(std::string_view text) {
  bool was_cased = false;
  return mapped(text, [&was_cased](char32_t c) {
    const char32_t out = was_cased ? to_lower(c) : to_title(c);
    was_cased = is_cased(c);
    return out;
  });
}
std::string capitalize(std::string_view text) {
  bool is_first = true;
  return mapped(text, [&is_first](char32_t c) {
    const char32_t out = is_first ? to_title(c) : to_lower(c);
    is_first = false;
    return out;
  });
}

namespace {

template <class Matches>
std::string_view trim_left(std::string_view text, const Matches& matches) {
  std::size_t at = 0;
  while (at < text.size()) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    if (!matches(decoded.value)) break;
    at += decoded.num_bytes;
  }
  return text.substr(at);
}
template <class Matches>
std::string_view trim_right(std::string_view text, const Matches& matches) {
  while (!text.empty()) {
    std::size_t at = text.size() - 1;
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
    if (!matches(decode_utf8(text, at).value)) break;
    text = text.substr(0, at);
  }
  return text;
}

}  // namespace

std::string_view strip_left(std::string_view text) noexcept { return trim_left(text, is_space); }
std::string_view strip_right(std::string_view text) noexcept { return trim_right(text, is_space); }
std::string_view strip_left(std::string_view text, std::u32string_view chars) noexcept {
  return trim_left(text, [chars](char32_t c) { return chars.find(c) != std::u32string_view::npos; });
}
std::string_view strip_right(std::string_view text, std::u32string_view chars) noexcept {
  return trim_right(text, [chars](char32_t c) { return chars.find(c) != std::u32string_view::npos; });
}
bool is_all_space(std::string_view text) noexcept { return strip_left(text).empty(); }

std::size_t byte_offset(std::string_view text, bool is_ascii, std::size_t index) noexcept {
  if (is_ascii) return index < text.size() ? index : text.size();
  std::size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += sequence_size(text[at]);
    --index;
  }
  return at < text.size() ? at : text.size();
}

std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from) noexcept {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  // glibc's memmem is linear in the worst case; std::string_view::find is not.
  const void* found = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t find_last_text(std::string_view text, std::string_view needle, std::size_t end) {
  text = text.substr(0, end);
  if (needle.empty()) return text.size();
  // Backwards by hand is quadratic for texts such as "aaa"; turned round, it is the search forwards.
  const std::string turned(text.rbegin(), text.rend());
  const std::string sought(needle.rbegin(), needle.rend());
  const std::size_t found = find_text(turned, sought, 0);
  return found == std::string_view::npos ? found : text.size() - found - needle.size();
}

void append_quoted(std::string& out, std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char mark = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  out += mark;
  char buffer[16];
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    const char32_t c = decoded.value;
    if (c == static_cast<unsigned char>(mark) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (is_printable(c)) {
      out += text.substr(at, decoded.num_bytes);
    } else {
      const char* form = c <= 0xFF ? "\\x%02x" : c <= 0xFFFF ? "\\u%04x" : "\\U%08x";
      out.append(buffer, static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, form, static_cast<unsigned>(c))));
    }
    at += decoded.num_bytes;
  }
  out += mark;
}

std::string real_repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return python_float_repr(value);
}

}  // namespace forgelm::text::jinja
