// The tables of unicode.hpp made from their runs.
#include "unicode.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "unicode_table.hpp"

namespace forgelm::text {
namespace {

constexpr std::uint32_t kNumCodePoints = 0x110000;
constexpr std::uint32_t kBlock = 128;

detail::CharTable make_char_table() {
  std::vector<std::uint16_t> all(kNumCodePoints);
  for (std::size_t run = 0; run < kNumFlagRuns; ++run) {
    const std::uint32_t end = run + 1 < kNumFlagRuns ? kFlagRuns[run + 1].first : kNumCodePoints;
    std::fill(all.begin() + kFlagRuns[run].first, all.begin() + end, kFlagRuns[run].flags);
  }
  detail::CharTable table;
  table.block_of.reserve(kNumCodePoints / kBlock);
  std::unordered_map<std::string_view, std::uint16_t> known;
  for (std::uint32_t first = 0; first < kNumCodePoints; first += kBlock) {
    const std::string_view bytes(reinterpret_cast<const char*>(all.data() + first), kBlock * sizeof(std::uint16_t));
    const auto [found, is_new] = known.emplace(bytes, static_cast<std::uint16_t>(known.size()));
    if (is_new) table.blocks.insert(table.blocks.end(), all.begin() + first, all.begin() + first + kBlock);
    table.block_of.push_back(found->second);
  }
  return table;
}

}  // namespace

const detail::CharTable& detail::char_table() {
  static const CharTable table = make_char_table();
  return table;
}

char32_t lower_case(char32_t code_point) noexcept {
  if (code_point < 0x80) return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  if (code_point == kDottedCapitalI) return U'i';
  const LowerRun* end = kLowerRuns + kNumLowerRuns;
  const LowerRun* run = std::upper_bound(kLowerRuns, end, static_cast<std::uint32_t>(code_point),
                                         [](std::uint32_t value, const LowerRun& r) { return value < r.first; });
  // Runs with a step of two may enclose others, so the one before can hold it as well.
  for (int back = 0; back < 2 && run != kLowerRuns; ++back) {
    --run;
    const auto distance = static_cast<std::int32_t>(code_point - run->first);
    if (code_point <= run->last && distance % run->step == 0)
      return static_cast<char32_t>(static_cast<std::int32_t>(code_point) + run->delta);
  }
  return code_point;
}

std::uint8_t script_of(char32_t code_point) noexcept {
  const ScriptRun* end = kScriptRuns + kNumScriptRuns;
  const ScriptRun* run = std::upper_bound(kScriptRuns, end, static_cast<std::uint32_t>(code_point),
                                          [](std::uint32_t value, const ScriptRun& r) { return value < r.first; });
  return run == kScriptRuns ? 0 : (run - 1)->script;
}

bool is_ascii(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) return false;
  }
  for (; at < text.size(); ++at)
    if (static_cast<unsigned char>(text[at]) >= 0x80) return false;
  return true;
}

}  // namespace forgelm::text
