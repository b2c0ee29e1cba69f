// The rules stand in the header. Two passes: characters, then lines.
#include "forgelm/data/clean_text.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Line ends as line feeds; other control characters gone.
std::string without_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\r') {
      if (i + 1 < text.size() && text[i + 1] == '\n') ++i;
      out += '\n';
    } else if (c == '\v' || c == '\f') {
      out += '\n';
    } else if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7F && c != 0xC2)) {
      out += text[i];
    } else if (c == 0xC2) {
      // C1 controls are U+0080 to U+009F: C2 80 to C2 9F.
      const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0u;
      if (next >= 0x80 && next <= 0x9F) ++i;
      else out += text[i];
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

/// Appends a line with its blanks normalised. A line that ends the text keeps the blanks at its end if asked.
void append_line(std::string& out, std::string_view line, bool keeps_end) {
  std::size_t at = 0;
  while (at < line.size() && is_blank(line[at])) ++at;
  const std::size_t indentation = at;
  std::size_t end = line.size();
  while (end > at && is_blank(line[end - 1])) --end;
  if (at == line.size()) {  // nothing but blanks
    if (keeps_end) out += line;
    return;
  }
  out += line.substr(0, indentation);
  while (at < end) {
    std::size_t next = at;
    while (next < end && is_blank(line[next])) ++next;
    if (next == at) out += line[at++];
    else {
      if (next - at == 1) out += line[at];
      else out += ' ';
      at = next;
    }
  }
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
