// The table's blocks of 256 code points are made when first asked for: most texts need a handful.
#include "forgelm/text/characters.hpp"

#include <array>
#include <atomic>
#include <memory>
#include <utility>

#include "forgelm/core/text.hpp"
#include "jinja_text.hpp"

namespace forgelm::text {
namespace {

constexpr std::size_t kBlock = 256;
using Block = std::array<std::uint8_t, kBlock>;

std::uint8_t look_up(char32_t c) {
  std::uint8_t classes = 0;
  if (is_word(c)) classes |= character_class::kWord;
  if (is_alphabetic(c)) classes |= character_class::kAlphabetic;
  if (is_space(c)) classes |= character_class::kSpace;
  if (is_line_break(c)) classes |= character_class::kLineBreak;
  return classes;
}

struct Table {
  std::array<std::atomic<const Block*>, 0x110000 / kBlock> blocks{};

  const Block& block(std::size_t index) {
    if (const Block* const known = blocks[index].load(std::memory_order_acquire)) return *known;
    auto made = std::make_unique<Block>();
    for (std::size_t i = 0; i < kBlock; ++i) (*made)[i] = look_up(static_cast<char32_t>(index * kBlock + i));
    const Block* before = nullptr;
    if (!blocks[index].compare_exchange_strong(before, made.get(), std::memory_order_acq_rel)) return *before;
    return *made.release();  // for the life of the process
  }
};

Table& table() {
  static Table made;
  return made;
}

}  // namespace

bool is_space(char32_t code_point) noexcept { return jinja::is_space(code_point); }
bool is_line_break(char32_t code_point) noexcept { return jinja::is_line_break(code_point); }
bool is_alphabetic(char32_t code_point) noexcept { return jinja::is_alpha(code_point); }

bool is_word(char32_t code_point) noexcept {
  return code_point == '_' || jinja::is_alpha(code_point) || jinja::is_decimal(code_point) ||
         jinja::is_digit(code_point) || jinja::is_numeric(code_point);
}

std::uint8_t character_classes(char32_t code_point) {
  return code_point < 0x110000 ? table().block(code_point / kBlock)[code_point % kBlock] : std::uint8_t{0};
}

std::string lower(std::string_view text) { return jinja::lower(text); }

std::string_view strip(std::string_view text) noexcept { return jinja::strip_left(jinja::strip_right(text)); }

bool is_blank(std::string_view text) noexcept { return jinja::is_all_space(text); }

std::vector<std::string_view> split_lines(std::string_view text, LineEnds ends) {
  std::vector<std::string_view> lines;
  while (!text.empty()) lines.push_back(take_line(text, ends));
  return lines;
}

std::string_view take_line(std::string_view& rest, LineEnds ends) {
  for (std::size_t at = 0; at < rest.size();) {
    if (const char c = rest[at]; c >= ' ' && c <= '~') {
      ++at;
      continue;
    }
    const DecodedCodePoint point = decode_utf8(rest, at);
    const std::size_t line_end = at;
    at += point.num_bytes;
    if (!is_line_break(point.value)) continue;
    if (point.value == '\r' && at < rest.size() && rest[at] == '\n') ++at;
    const std::string_view line = rest.substr(0, ends == LineEnds::kept ? at : line_end);
    rest.remove_prefix(at);
    return line;
  }
  return std::exchange(rest, {});
}

}  // namespace forgelm::text
