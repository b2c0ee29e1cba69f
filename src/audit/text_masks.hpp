// A text as bits, one a byte: where characters begin and of which class they are, so that counting characters, words
// and lines takes a few instructions for 64 bytes. The classes are Python's (forgelm/text/characters.hpp). Words are
// \w+, as near-duplicate detection and the quality flags see them. Invariant: equal to walking the text character by
// character (tests/audit/text_masks_test.cpp).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "byte_set.hpp"

namespace forgelm::audit {

/// Bits [0, size) that answer for bytes. Ranges are [begin, end).
class Bits {
 public:
  static constexpr std::size_t npos = static_cast<std::size_t>(-1);

  void reset(std::size_t size) { words_.assign((size + 63) / 64 + 1, 0); }
  void add(std::size_t word, std::uint64_t bits) { words_[word] |= bits; }
  void set(std::size_t begin, std::size_t end) {
    for (; begin < end; ++begin) words_[begin / 64] |= std::uint64_t{1} << begin % 64;
  }
  bool test(std::size_t at) const { return (words_[at / 64] >> at % 64 & 1) != 0; }
  std::uint64_t word(std::size_t index) const { return words_[index]; }
  std::size_t count(std::size_t begin, std::size_t end) const {
    return sum(begin, end, [this](std::size_t i) { return words_[i]; });
  }
  bool any(std::size_t begin, std::size_t end) const { return find(begin, end) < end; }
  /// The first set bit of the range; `end` when there is none.
  std::size_t find(std::size_t begin, std::size_t end) const {
    if (begin >= end) return end;
    std::uint64_t bits = words_[begin / 64] & ~std::uint64_t{0} << begin % 64;
    std::size_t i = begin / 64;
    while (bits == 0) {
      if (++i * 64 >= end) return end;
      bits = words_[i];
    }
    const std::size_t at = i * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    return at < end ? at : end;
  }

  /// Calls `take(begin, end)` for every run of set bits.
  template <class Take>
  void for_each_run(Take take) const {
    audit::for_each_run(
        words_.size(), [this](std::size_t i) { return words_[i]; }, take);
  }

  /// Set bits of the range in words that `at(index)` makes.
  template <class At>
  static std::size_t sum(std::size_t begin, std::size_t end, At at) {
    std::size_t total = 0;
    for (std::size_t i = begin / 64; i * 64 < end; ++i) {
      std::uint64_t bits = at(i);
      if (i == begin / 64) bits &= ~std::uint64_t{0} << begin % 64;
      if (end - i * 64 < 64) bits &= ~(~std::uint64_t{0} << end % 64);
      total += static_cast<std::size_t>(std::popcount(bits));
    }
    return total;
  }

 private:
  std::vector<std::uint64_t> words_;
};

class TextMasks {
 public:
  TextMasks() = default;
  explicit TextMasks(std::string_view text) { read(text); }

  /// `text` is valid UTF-8 and outlives what is asked about it.
  void read(std::string_view text);

  std::string_view text() const { return text_; }
  std::size_t num_characters() const { return starts.count(0, text_.size()); }
  /// The first `count` characters.
  std::string_view first_characters(std::size_t count) const;

  /// Calls `take_ascii` for every word of ASCII, `take_other` for every other one: string_views in lower case, the
  /// first valid until the next text is read, the second during the call.
  template <class TakeAscii, class TakeOther>
  void for_each_word(TakeAscii take_ascii, TakeOther take_other) const;
  template <class Take>
  void for_each_word(Take take) const {
    for_each_word(take, take);
  }

  /// Words in a range that no word crosses.
  std::size_t num_words(std::size_t begin, std::size_t end) const {
    return Bits::sum(begin, end, [this](std::size_t i) {
      const std::uint64_t bits = words.word(i), before = i == 0 ? 0 : words.word(i - 1) >> 63;
      return bits & ~(bits << 1 | before);
    });
  }
  std::size_t num_word_characters(std::size_t begin, std::size_t end) const {
    return Bits::sum(begin, end, [this](std::size_t i) { return words.word(i) & starts.word(i); });
  }

  Bits starts;   ///< the first byte of every character
  Bits words;    ///< every byte of a word's characters
  Bits letters;  ///< the first byte of a letter (str.isalpha)
  Bits spaces;   ///< the first byte of white space
  Bits breaks;   ///< the first byte of what ends a line

 private:
  void read_beyond_ascii(std::size_t at, std::uint64_t heads);
  std::string_view lower_word(std::size_t begin, std::size_t end, std::string& buffer) const;

  std::string_view text_;
  std::string lowered_;  ///< the text with ASCII's letters in lower case
  Bits beyond_ascii_;    ///< every byte that is not of ASCII
  bool are_words_ascii_ = true;
};

template <class TakeAscii, class TakeOther>
void TextMasks::for_each_word(TakeAscii take_ascii, TakeOther take_other) const {
  std::string buffer;
  words.for_each_run([&](std::size_t begin, std::size_t end) {
    if (are_words_ascii_ || !beyond_ascii_.any(begin, end))
      take_ascii(std::string_view(lowered_.data() + begin, end - begin));
    else take_other(lower_word(begin, end, buffer));
  });
}

}  // namespace forgelm::audit
