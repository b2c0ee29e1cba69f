// Unicode for the Jinja engine, on utf8proc.
#include "jinja_text.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "forgelm/core/json.hpp"
#include "forgelm/core/text.hpp"
#include "jinja_unicode.hpp"

namespace forgelm::text::jinja {

namespace {

utf8proc_category_t category(char32_t c) noexcept { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

bool is_in(const Ranges& ranges, char32_t c) noexcept {
  const auto* end = ranges.begin + ranges.size;
  const auto* found =
      std::lower_bound(ranges.begin, end, c, [](const CodePointRange& range, char32_t at) { return range.last < at; });
  return found != end && found->first <= c;
}

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
  bool is_shown = true;
  switch (category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_ZS: is_shown = false; break;
    default: break;
  }
  return is_shown != is_in(exceptions_printable(), c);
}

bool is_alpha(char32_t c) noexcept { return is_letter(c) != is_in(exceptions_alpha(), c); }
bool is_decimal(char32_t c) noexcept { return (category(c) == UTF8PROC_CATEGORY_ND) != is_in(exceptions_decimal(), c); }
bool is_digit(char32_t c) noexcept { return (category(c) == UTF8PROC_CATEGORY_ND) != is_in(exceptions_digit(), c); }
bool is_numeric(char32_t c) noexcept {
  const utf8proc_category_t kind = category(c);
  const bool is_number = kind == UTF8PROC_CATEGORY_ND || kind == UTF8PROC_CATEGORY_NL || kind == UTF8PROC_CATEGORY_NO;
  return is_number != is_in(exceptions_numeric(), c);
}
bool is_identifier_start(char32_t c) noexcept {
  const bool is_start = c == '_' || is_letter(c) || category(c) == UTF8PROC_CATEGORY_NL;
  return is_start != is_in(exceptions_identifier_start(), c);
}
bool is_identifier_part(char32_t c) noexcept {
  if (c < 0x80) return c == '_' || is_ascii_digit(static_cast<char>(c)) || is_letter(c);
  bool is_part = is_letter(c);
  switch (category(c)) {
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_PC: is_part = true; break;
    default: break;
  }
  return is_part != is_in(exceptions_identifier_part(), c);
}
bool is_upper(char32_t c) noexcept {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return (category(c) == UTF8PROC_CATEGORY_LU) != is_in(exceptions_upper(), c);
}
bool is_lower(char32_t c) noexcept {
  if (c < 0x80) return c >= 'a' && c <= 'z';
  return (category(c) == UTF8PROC_CATEGORY_LL) != is_in(exceptions_lower(), c);
}
bool is_title(char32_t c) noexcept { return category(c) == UTF8PROC_CATEGORY_LT; }

// ---- case -----------------------------------------------------------------------------------------------------------

namespace {

using SimpleMap = utf8proc_int32_t (*)(utf8proc_int32_t);

void append_mapped(std::string& out, char32_t c, const CaseExceptions& exceptions, SimpleMap simple) {
  const auto* end = exceptions.begin + exceptions.size;
  const auto* found = std::lower_bound(exceptions.begin, end, c,
                                       [](const CaseException& entry, char32_t at) { return entry.from < at; });
  if (found != end && found->from == c) out += found->to;
  else append_utf8(out, static_cast<char32_t>(simple(static_cast<utf8proc_int32_t>(c))));
}
void append_upper(std::string& out, char32_t c) {
  if (c < 0x80) out += ascii_upper(static_cast<char>(c));
  else append_mapped(out, c, exceptions_to_upper(), utf8proc_toupper);
}
void append_title(std::string& out, char32_t c) {
  if (c < 0x80) out += ascii_upper(static_cast<char>(c));
  else append_mapped(out, c, exceptions_to_title(), utf8proc_totitle);
}

bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || is_title(c); }

/// What stands between letters without ending a word.
bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_SK: return true;
    default: break;
  }
  constexpr std::u32string_view kMarks =
      U"\u0027\u002E\u003A\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  return kMarks.find(c) != std::u32string_view::npos;
}

/// A capital sigma at byte `at` is the last letter of a word.
bool is_final_sigma(std::string_view text, std::size_t at) {
  std::string_view before = text.substr(0, at);
  bool follows_cased = false;
  while (!before.empty()) {
    std::size_t begin = before.size() - 1;
    while (begin > 0 && !begins_character(before[begin])) --begin;
    const char32_t c = decode_utf8(before, begin).value;
    before = before.substr(0, begin);
    if (is_case_ignorable(c)) continue;
    follows_cased = is_cased(c);
    break;
  }
  if (!follows_cased) return false;
  for (std::size_t next = at + 2; next < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, next);
    next += decoded.num_bytes;
    if (!is_case_ignorable(decoded.value)) return !is_cased(decoded.value);
  }
  return true;
}

void append_lower(std::string& out, char32_t c, std::string_view text, std::size_t at) {
  if (c < 0x80) out += ascii_lower(static_cast<char>(c));
  else if (c == 0x3A3) append_utf8(out, is_final_sigma(text, at) ? U'\u03C2' : U'\u03C3');
  else append_mapped(out, c, exceptions_to_lower(), utf8proc_tolower);
}

/// Calls append(out, code point, byte offset) for each code point.
template <class Append>
std::string mapped(std::string_view text, const Append& append) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint decoded = decode_utf8(text, at);
    append(out, decoded.value, at);
    at += decoded.num_bytes;
  }
  return out;
}

}  // namespace

std::string upper(std::string_view text) {
  return mapped(text, [](std::string& out, char32_t c, std::size_t) { append_upper(out, c); });
}
std::string lower(std::string_view text) {
  return mapped(text, [text](std::string& out, char32_t c, std::size_t at) { append_lower(out, c, text, at); });
}
std::string casefold(std::string_view text) {
  return mapped(text, [](std::string& out, char32_t c, std::size_t) {
    if (c < 0x80) out += ascii_lower(static_cast<char>(c));
    else append_mapped(out, c, exceptions_to_fold(), utf8proc_tolower);
  });
}
std::string swapcase(std::string_view text) {
  return mapped(text, [text](std::string& out, char32_t c, std::size_t at) {
    if (is_upper(c)) append_lower(out, c, text, at);
    else if (is_lower(c)) append_upper(out, c);
    else append_utf8(out, c);
  });
}
std::string title(std::string_view text) {
  bool was_cased = false;
  return mapped(text, [text, &was_cased](std::string& out, char32_t c, std::size_t at) {
    if (was_cased) append_lower(out, c, text, at);
    else append_title(out, c);
    was_cased = is_cased(c);
  });
}
std::string capitalize(std::string_view text) {
  return mapped(text, [text](std::string& out, char32_t c, std::size_t at) {
    if (at == 0) append_title(out, c);
    else append_lower(out, c, text, at);
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
    while (at > 0 && !begins_character(text[at])) --at;
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
      out.append(buffer,
                 static_cast<std::size_t>(std::snprintf(buffer, sizeof buffer, form, static_cast<unsigned>(c))));
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
