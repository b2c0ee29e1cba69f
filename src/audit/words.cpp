// The simhash keeps its 64 counters bit-sliced: counter i is the i-th bit of a
// column of words, and a hash is added to all counters at once by carrying
// upward, two steps on average. A bit of the result is set when more than half
// of the words have it.
#include "words.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>

namespace forgelm::audit {
namespace {

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

std::uint64_t word_hash(std::string_view lower_case_word) noexcept {
  return XXH3_64bits(lower_case_word.data(), lower_case_word.size());
}

std::uint64_t simhash(const TextMasks& text) {
  Votes votes;
  text.for_each_word([&](std::string_view word) { votes.add(word_hash(word)); });
  return votes.majority();
}

}  // namespace forgelm::audit
