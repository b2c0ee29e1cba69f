// The simhash keeps its 64 counters bit-sliced: counter i is the i-th bit of a
// column of words, and a hash is added to all counters at once by carrying
// upward, two steps on average. A bit of the result is set when more than half
// of the words have it.
#include "words.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>

#include "forgelm/core/text.hpp"
#include "forgelm/text/characters.hpp"

namespace forgelm::audit {
namespace {

constexpr std::array<bool, 128> kAsciiWord = [] {
  std::array<bool, 128> is_word{};
  for (std::size_t c = 0; c < 128; ++c)
    is_word[c] = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  return is_word;
}();

/// Whether the code point at `at` is of a word; moves `at` past it.
bool take_word_character(std::string_view text, std::size_t& at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) {
    ++at;
    return kAsciiWord[byte];
  }
  const DecodedCodePoint code_point = decode_utf8(text, at);
  at += code_point.num_bytes;
  return (text::character_classes(code_point.value) & text::character_class::kWord) != 0;
}

/// 64 counters.
class Votes {
 public:
  void add(std::uint64_t bits) {
    ++num_;
    for (std::size_t level = 0; bits != 0; ++level) {
      const std::uint64_t carry = levels_[level] & bits;
      levels_[level] ^= bits;
      bits = carry;
    }
  }
  /// The bits that more than half of the votes have.
  std::uint64_t majority() const {
    const std::uint64_t half = num_ / 2;
    std::uint64_t greater = 0, equal = ~std::uint64_t{0};
    for (std::size_t level = levels_.size(); level-- > 0;) {
      const std::uint64_t bit = (half >> level & 1) != 0 ? ~std::uint64_t{0} : 0;
      greater |= equal & levels_[level] & ~bit;
      equal &= ~(levels_[level] ^ bit);
    }
    return greater;
  }

 private:
  std::array<std::uint64_t, 48> levels_{};
  std::uint64_t num_ = 0;
};

}  // namespace

namespace detail {

std::size_t find_word(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const std::size_t begin = at;
    if (take_word_character(text, at)) return begin;
  }
  return std::string_view::npos;
}

WordEnd find_word_end(std::string_view text, std::size_t begin) {
  std::size_t at = begin;
  bool is_ascii = true;
  while (at < text.size()) {
    const std::size_t before = at;
    if (!take_word_character(text, at)) return {before, is_ascii};
    is_ascii = is_ascii && static_cast<unsigned char>(text[before]) < 0x80;
  }
  return {at, is_ascii};
}

std::string_view lower_word(std::string_view word, bool is_ascii, std::string& buffer) {
  if (!is_ascii) {
    buffer = text::lower(word);
    return buffer;
  }
  std::size_t upper = 0;
  while (upper < word.size() && ascii_lower(word[upper]) == word[upper]) ++upper;
  if (upper == word.size()) return word;
  buffer.assign(word);
  for (; upper < buffer.size(); ++upper) buffer[upper] = ascii_lower(buffer[upper]);
  return buffer;
}

}  // namespace detail

std::uint64_t word_hash(std::string_view lower_case_word) noexcept {
  return XXH3_64bits(lower_case_word.data(), lower_case_word.size());
}

std::uint64_t simhash(std::string_view text) {
  Votes votes;
  for_each_word(text, [&](std::string_view word) { votes.add(word_hash(word)); });
  return votes.majority();
}

}  // namespace forgelm::audit
