// The rules stand in the header. Two passes: characters, then lines.
#include "forgelm/data/clean_text.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Bytes that pass without a look: all but controls and the first byte of C1 controls (U+0080 to U+009F: C2 80 ...).
constexpr bool is_plain(unsigned char c) { return (c >= 0x20 && c != 0x7F && c != 0xC2) || c == '\n' || c == '\t'; }

/// Line ends as line feeds; other control characters gone.
std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i;
    while (end < text.size() && is_plain(static_cast<unsigned char>(text[end]))) ++end;
    out.append(text, i, end - i);
    if (end == text.size()) break;
    i = end + 1;
    const auto next = i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    if (text[end] == '\r' || text[end] == '\v' || text[end] == '\f') {
      if (text[end] == '\r' && next == '\n') ++i;
      out += '\n';
    } else if (text[end] == '\xC2') {
      if (next >= 0x80 && next <= 0x9F) ++i;
      else out += text[end];
    }
  }
  return out;
}

/// The character of a fence and how many of it the line starts with; none: {0, 0}.
struct Fence {
  char character = 0;
  std::size_t length = 0;
};

Fence fence_of(std::string_view line) {
  const auto first = std::find_if_not(line.begin(), line.end(), is_blank);
  if (first == line.end() || (*first != '`' && *first != '~')) return {};
  const auto last = std::find_if(first, line.end(), [&](char c) { return c != *first; });
  const auto length = static_cast<std::size_t>(last - first);
  // Backticks later on the line make it code within a line: ```x```.
  if (length < 3 || (*first == '`' && std::find(last, line.end(), '`') != line.end())) return {};
  return {*first, length};
}

bool closes(std::string_view line, const Fence& open) {
  const Fence fence = fence_of(line);
  return fence.character == open.character && fence.length >= open.length && trim(line).size() == fence.length;
}

/// Appends a line with its blanks normalised; the blanks at its end stay if asked.
void append_line(std::string& out, std::string_view line, bool keeps_end) {
  std::size_t at = 0, end = line.size();
  while (at < line.size() && is_blank(line[at])) ++at;
  if (at == line.size()) {
    if (keeps_end) out += line;
    return;
  }
  while (is_blank(line[end - 1])) --end;
  out += line.substr(0, at);  // indentation
  std::size_t begin = at;
  for (; at < end; ++at) {
    if (!is_blank(line[at]) || !is_blank(line[at + 1])) continue;  // line[end - 1] is no blank, so at + 1 < end
    out += line.substr(begin, at - begin);
    out += ' ';
    while (is_blank(line[at + 1])) ++at;
    begin = at + 1;
  }
  out += line.substr(begin, end - begin);
  if (keeps_end) out += line.substr(end);
}

}  // namespace

std::string clean_text(std::string_view text, TextEnds ends) {
  const std::string characters = without_controls(text);
  const std::string_view body = characters;
  std::string out;
  out.reserve(body.size());
  Fence open;
  for (std::size_t begin = 0; begin <= body.size();) {
    const std::size_t end = std::min(body.find('\n', begin), body.size());
    const std::string_view line = body.substr(begin, end - begin);
    const bool is_last = end == body.size();
    if (open.character != 0) {
      out += line;
      if (closes(line, open)) open = {};
    } else {
      append_line(out, line, is_last && ends == TextEnds::kept);
      open = fence_of(line);
    }
    if (!is_last) out += '\n';
    begin = end + 1;
  }
  if (ends == TextEnds::kept) return out;
  while (!out.empty() && is_ascii_space(out.back())) out.pop_back();
  const std::size_t first_line = out.find_first_not_of('\n');
  return first_line == std::string::npos ? std::string() : out.substr(first_line);
}

}  // namespace forgelm::data
