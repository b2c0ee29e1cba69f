#include "finding_places.hpp"

#include <string_view>
#include <unordered_map>

#include "forgelm/core/line_blocks.hpp"
#include "forgelm/core/text.hpp"
#include "json_strings.hpp"
#include "split_blocks.hpp"

namespace forgelm::audit {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::uint64_t num_utf16_units(std::string_view text) {
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    const DecodedCodePoint point = decode_utf8(text, at);
    count += point.value >= 0x10000 ? 2 : 1;
    at += point.num_bytes;
  }
  return count;
}

/// The findings of one line by their field, in the order of their characters.
using FindingsByField = std::unordered_map<std::string_view, std::vector<std::size_t>>;

/// Fills in the places of those `wanted` findings that this string holds.
void place_in_string(std::string_view line, const JsonString& string, const std::vector<Finding>& findings,
                     const std::vector<std::size_t>& wanted, std::vector<std::optional<FindingPlace>>& places) {
  const std::string_view bytes = line.substr(string.begin, string.end - string.begin);
  const std::string text = decode_json_string(bytes);
  JsonStringCursor cursor(bytes);
  std::size_t text_at = 0, line_at = 0;
  std::uint64_t characters = 0, column = 1;
  const auto text_offset = [&](std::uint64_t character) {
    text_at += prefix_code_points(std::string_view(text).substr(text_at), character - characters).size();
    characters = character;
    return text_at;
  };
  const auto column_at = [&](std::size_t offset) {
    column += num_utf16_units(line.substr(line_at, offset - line_at));
    line_at = offset;
    return column;
  };
  for (const std::size_t i : wanted) {
    const Finding& finding = findings[i];
    if (places[i] || finding.begin < characters || finding.end < finding.begin) continue;
    const std::size_t begin = text_offset(finding.begin), end = text_offset(finding.end);
    if (masked_excerpt(text, {finding.kind, begin, end}) != finding.excerpt) continue;
    const std::size_t from = string.begin + cursor.offset_of(begin), to = string.begin + cursor.offset_of(end);
    FindingPlace& place = places[i].emplace();
    place.byte_offset = from;
    place.byte_length = to - from;
    place.begin_column = column_at(from);
    place.end_column = column_at(to);
  }
}

}  // namespace

std::vector<std::optional<FindingPlace>> find_places(const SplitAudit& split) {
  std::vector<std::optional<FindingPlace>> places(split.findings.size());
  if (split.findings.empty() || !is_json_lines(split.path)) return places;
  LineBlocks blocks(split.path);
  std::size_t next = 0;  // findings come in the order of the file
  std::uint64_t block_offset = 0;
  while (next < places.size()) {
    const std::optional<LineBlock> block = blocks.next();
    if (!block) break;
    std::uint64_t number = block->first_line;
    for (std::string_view line : block->lines()) {
      const std::uint64_t this_line = number++;
      if (next == places.size()) break;
      if (split.findings[next].line != this_line) continue;
      if (this_line == 1 && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
      std::size_t last = next;
      while (last < places.size() && split.findings[last].line == this_line) ++last;
      FindingsByField by_field;
      for (std::size_t i = next; i < last; ++i) by_field[split.findings[i].field].push_back(i);
      for_each_json_string(line, [&](const JsonString& string) {
        const auto wanted = by_field.find(string.path);
        if (wanted != by_field.end()) place_in_string(line, string, split.findings, wanted->second, places);
      });
      const std::uint64_t line_offset = block_offset + static_cast<std::uint64_t>(line.data() - block->text.data());
      for (std::size_t i = next; i < last; ++i)
        if (places[i]) places[i]->byte_offset += line_offset;
      next = last;
    }
    block_offset += block->text.size();
  }
  return places;
}

}  // namespace forgelm::audit
