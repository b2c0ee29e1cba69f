#include "forgelm/text/characters.hpp"

#include "forgelm/core/text.hpp"
#include "jinja_text.hpp"

namespace forgelm::text {

bool is_space(char32_t code_point) noexcept { return jinja::is_space(code_point); }
bool is_line_break(char32_t code_point) noexcept { return jinja::is_line_break(code_point); }
bool is_alphabetic(char32_t code_point) noexcept { return jinja::is_alpha(code_point); }

bool is_word(char32_t code_point) noexcept {
  return code_point == '_' || jinja::is_alpha(code_point) || jinja::is_decimal(code_point) ||
         jinja::is_digit(code_point) || jinja::is_numeric(code_point);
}

std::string_view strip(std::string_view text) noexcept { return jinja::strip_left(jinja::strip_right(text)); }

bool is_blank(std::string_view text) noexcept { return jinja::is_all_space(text); }

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    if (!jinja::is_line_break(point.value)) {
      at += point.num_bytes;
      continue;
    }
    lines.push_back(text.substr(begin, at - begin));
    at += point.num_bytes;
    if (point.value == '\r' && at < text.size() && text[at] == '\n') ++at;
    begin = at;
  }
  if (begin < text.size()) lines.push_back(text.substr(begin));
  return lines;
}

}  // namespace forgelm::text
