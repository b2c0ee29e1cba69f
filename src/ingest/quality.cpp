#include "quality.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::ingest {
namespace {

constexpr std::size_t kMinCharacters = 80;  // below, punctuation decides the share of letters
constexpr double kMinLetters = 0.70;
constexpr double kMaxOdd = 0.05;
constexpr std::size_t kMinLines = 3;
constexpr double kMaxRepeated = 0.30;

/// Control characters, U+FFFD, private use, and Mandaic marks, which stand for bullets of lost fonts.
bool is_odd(char32_t c) {
  if (c == kReplacementCharacter || (c < 0x20 && c != '\n' && c != '\r' && c != '\t')) return true;
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0x840 && c <= 0x85F && !text::is_alphabetic(c));
}

double share(std::size_t part, std::size_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

bool has_repeated_lines(std::string_view row) {
  std::unordered_map<std::string_view, std::size_t> counts;
  std::size_t num_lines = 0;
  for (std::string_view rest = row; !rest.empty();) {
    const std::string_view line = text::take_line(rest);
    if (text::is_blank(line)) continue;
    ++num_lines;
    ++counts[line];
  }
  if (num_lines < kMinLines) return false;
  std::size_t num_repeated = 0;
  for (const auto& [line, count] : counts)
    if (count >= 2) num_repeated += count;
  return share(num_repeated, num_lines) > kMaxRepeated;
}

}  // namespace

QualityFlags quality_of(std::string_view row) {
  std::size_t num_all = 0, num_inked = 0, num_letters = 0, num_odd = 0;
  for (std::size_t at = 0; at < row.size();) {
    const auto byte = static_cast<unsigned char>(row[at]);
    const DecodedCodePoint point = byte < 0x80 ? DecodedCodePoint{byte, 1, true} : decode_utf8(row, at);
    at += point.num_bytes;
    ++num_all;
    if (is_odd(point.value)) ++num_odd;
    const std::uint8_t classes = text::character_classes(point.value);
    if ((classes & text::character_class::kSpace) != 0) continue;
    ++num_inked;
    if ((classes & text::character_class::kAlphabetic) != 0) ++num_letters;
  }
  QualityFlags flags;
  flags.has_few_letters =
      num_inked == 0 || (num_inked >= kMinCharacters && share(num_letters, num_inked) < kMinLetters);
  flags.has_odd_characters = num_all > 0 && share(num_odd, num_all) > kMaxOdd;
  flags.has_repeated_lines = has_repeated_lines(row);
  return flags;
}

}  // namespace forgelm::ingest
