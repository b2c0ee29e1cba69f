// Blocks of 256 code points, made when first asked for: most texts need a
// handful.
#include "forgelm/text/python_text.hpp"

#include <array>
#include <atomic>
#include <memory>

#include "jinja_text.hpp"

namespace forgelm::text {
namespace {

constexpr std::size_t kBlock = 256;
using Block = std::array<std::uint8_t, kBlock>;

std::uint8_t look_up(char32_t c) {
  namespace jj = jinja;
  std::uint8_t classes = 0;
  const bool is_alpha = jj::is_alpha(c);
  if (is_alpha) classes |= python_class::kAlpha;
  if (is_alpha || c == '_' || jj::is_decimal(c) || jj::is_digit(c) || jj::is_numeric(c)) classes |= python_class::kWord;
  if (jj::is_space(c)) classes |= python_class::kSpace;
  if (jj::is_line_break(c)) classes |= python_class::kLineBreak;
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

std::uint8_t python_classes(char32_t code_point) {
  return code_point < 0x110000 ? table().block(code_point / kBlock)[code_point % kBlock] : std::uint8_t{0};
}

std::string python_lower(std::string_view text) { return jinja::lower(text); }

std::string_view python_strip(std::string_view text) noexcept { return jinja::strip_left(jinja::strip_right(text)); }

}  // namespace forgelm::text
