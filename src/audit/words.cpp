// The simhash keeps its 64 counters bit-sliced: counter i is the i-th bit of a
// column of words, and hashes are added to all counters at once. A bit of the
// result is set when more than half of the words have it.
#include "words.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

namespace forgelm::audit {
namespace {

inline std::uint64_t hash_of(std::string_view word) noexcept { return XXH3_64bits(word.data(), word.size()); }

/// Words of about the same length, hashed together: the hash goes by length, and a processor guesses badly which of its
/// ways comes next where lengths come as they do in a text.
class WaitingWords {
 public:
  static constexpr std::size_t kSize = 16, kNumClasses = 4;
  static std::size_t class_of(std::string_view word) {
    static constexpr std::array<std::uint8_t, 18> kClasses = {0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3};
    return kClasses[std::min(word.size(), kClasses.size() - 1)];
  }
  /// Whether it is full now.
  bool add(std::string_view word) {
    words_[num_++] = word;
    return num_ == kSize;
  }
  /// Takes them out as hashes; how many.
  [[gnu::flatten]] std::size_t take_out(std::uint64_t* hashes) {
    for (std::size_t i = 0; i < num_; ++i) hashes[i] = hash_of(words_[i]);
    return std::exchange(num_, 0);
  }

 private:
  std::array<std::string_view, kSize> words_;
  std::size_t num_ = 0;
};

/// 64 counters. Eight votes are summed by a tree of adders before they are carried upward (Harley and Seal).
class Votes {
 public:
  void add(std::uint64_t vote) {
    waiting_[num_waiting_] = vote;
    take(1);
  }
  void add(WaitingWords& words) { take(words.take_out(waiting_.data() + num_waiting_)); }
  /// Counts what waits; before majority().
  void finish() {
    for (std::size_t i = 0; i < num_waiting_; ++i) carry(waiting_[i], 0);
    num_waiting_ = 0;
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
  static constexpr std::size_t kBatch = 8;

  /// So many more wait.
  void take(std::size_t count) {
    num_ += count;
    num_waiting_ += count;
    // From the end, so that what is left stays where it is.
    for (; num_waiting_ >= kBatch; num_waiting_ -= kBatch) add_batch(waiting_.data() + num_waiting_ - kBatch);
  }
  void carry(std::uint64_t bits, std::size_t level) {
    for (; bits != 0; ++level) {
      const std::uint64_t over = levels_[level] & bits;
      levels_[level] ^= bits;
      bits = over;
    }
  }
  /// Adds two bits to each of `sum`; what goes over.
  static std::uint64_t add_two(std::uint64_t& sum, std::uint64_t a, std::uint64_t b) {
    const std::uint64_t either = a ^ b, over = (a & b) | (sum & either);
    sum ^= either;
    return over;
  }
  void add_batch(const std::uint64_t* votes) {
    std::uint64_t &ones = levels_[0], &twos = levels_[1], &fours = levels_[2];
    const auto pair = [&](std::size_t i) { return add_two(ones, votes[i], votes[i + 1]); };
    const std::uint64_t two_a = pair(0), two_b = pair(2), two_c = pair(4), two_d = pair(6);
    const std::uint64_t four_a = add_two(twos, two_a, two_b), four_b = add_two(twos, two_c, two_d);
    carry(add_two(fours, four_a, four_b), 3);
  }

  std::array<std::uint64_t, kBatch + WaitingWords::kSize> waiting_;
  std::array<std::uint64_t, 48> levels_{};
  std::uint64_t num_ = 0, num_waiting_ = 0;
};

}  // namespace

std::uint64_t word_hash(std::string_view lower_case_word) noexcept { return hash_of(lower_case_word); }

std::uint64_t simhash(const TextMasks& text) {
  Votes votes;
  std::array<WaitingWords, WaitingWords::kNumClasses> waiting;
  text.for_each_word(
      [&](std::string_view word) {
        WaitingWords& alike = waiting[WaitingWords::class_of(word)];
        if (alike.add(word)) votes.add(alike);
      },
      [&](std::string_view word) { votes.add(hash_of(word)); });
  for (WaitingWords& alike : waiting) votes.add(alike);
  votes.finish();
  return votes.majority();
}

}  // namespace forgelm::audit
