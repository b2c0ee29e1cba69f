// Which of 64 bytes are in a set, or in each of several: one bit a byte, by two shuffles of 16 entries where the
// compiler may use SSSE3 (the baseline of x86-64 builds), 32 bytes at a time where the processor has AVX2, by a table
// elsewhere. The trap: the shuffles know a byte by its two halves, so that bytes that are in the same sets must make up
// at most eight rectangles (some upper halves by some lower halves); more is an error of compilation.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSSE3__
#include <immintrin.h>
#endif

namespace forgelm::audit {

#ifdef __SSSE3__
inline const bool kHasAvx2 = __builtin_cpu_supports("avx2") != 0;
#endif

template <std::size_t kNumSets>
class ByteSets {
 public:
  using Has = bool (*)(unsigned char);

  /// One function for each set: whether it has a byte.
  constexpr explicit ByteSets(const std::array<Has, kNumSets>& has) {
    std::array<std::uint32_t, 8> sets{}, columns{};  // of each rectangle, as bits
    std::size_t num_rectangles = 0;
    for (unsigned row = 0; row < 16; ++row) {
      for (unsigned column = 0; column < 16; ++column)
        for (std::size_t i = 0; i < kNumSets; ++i)
          if (has[i](static_cast<unsigned char>(row << 4 | column))) sets_of_[row << 4 | column] |= 1U << i;
      for (unsigned column = 0; column < 16; ++column) {
        const std::uint32_t wanted = sets_of_[row << 4 | column];
        std::uint32_t alike = 0;
        for (unsigned other = 0; other < 16; ++other)
          if (sets_of_[row << 4 | other] == wanted) alike |= 1U << other;
        if (wanted == 0 || std::countr_zero(alike) != static_cast<int>(column)) continue;
        std::size_t at = 0;
        while (at < num_rectangles && (sets[at] != wanted || columns[at] != alike)) ++at;
        if (at == sets.size()) throw "sets of bytes with more than eight rectangles";
        if (at == num_rectangles) ++num_rectangles;
        sets[at] = wanted;
        columns[at] = alike;
        rows_[row] = static_cast<std::uint8_t>(rows_[row] | 1U << at);
      }
    }
    for (std::size_t at = 0; at < num_rectangles; ++at) {
      for (unsigned column = 0; column < 16; ++column)
        if ((columns[at] >> column & 1) != 0) columns_[column] = static_cast<std::uint8_t>(columns_[column] | 1U << at);
      for (std::size_t i = 0; i < kNumSets; ++i)
        if ((sets[at] >> i & 1) != 0) rectangles_[i] = static_cast<std::uint8_t>(rectangles_[i] | 1U << at);
    }
  }

  /// Bit i of a set's number: the set has bytes[i]; 64 of them are read.
  std::array<std::uint64_t, kNumSets> find(const char* bytes) const noexcept {
    std::array<std::uint64_t, kNumSets> found{};
#ifdef __SSSE3__
    if (kHasAvx2) return find_by_32(bytes);
    const __m128i rows = load(rows_.data()), columns = load(columns_.data()), low = _mm_set1_epi8(0x0F);
    for (int i = 0; i < 4; ++i) {
      const __m128i part = load(bytes + 16 * i);
      const __m128i row = _mm_shuffle_epi8(rows, _mm_and_si128(_mm_srli_epi16(part, 4), low));
      const __m128i column = _mm_shuffle_epi8(columns, _mm_and_si128(part, low));
      const __m128i rectangles = _mm_and_si128(row, column);
      for (std::size_t set = 0; set < kNumSets; ++set) {
        const __m128i of_set = _mm_and_si128(rectangles, _mm_set1_epi8(static_cast<char>(rectangles_[set])));
        const int absent = _mm_movemask_epi8(_mm_cmpeq_epi8(of_set, _mm_setzero_si128()));
        found[set] |= std::uint64_t{static_cast<unsigned>(absent) ^ 0xFFFFU} << (16 * i);
      }
    }
#else
    for (int i = 0; i < 64; ++i)
      for (std::size_t set = 0; set < kNumSets; ++set)
        found[set] |= std::uint64_t{sets_of_[static_cast<unsigned char>(bytes[i])] >> set & 1} << i;
#endif
    return found;
  }

 private:
#ifdef __SSSE3__
  static __m128i load(const void* bytes) noexcept { return _mm_loadu_si128(static_cast<const __m128i*>(bytes)); }
  [[gnu::target("avx2")]] std::array<std::uint64_t, kNumSets> find_by_32(const char* bytes) const noexcept {
    std::array<std::uint64_t, kNumSets> found{};
    const __m256i rows = _mm256_broadcastsi128_si256(load(rows_.data()));
    const __m256i columns = _mm256_broadcastsi128_si256(load(columns_.data())), low = _mm256_set1_epi8(0x0F);
    for (int i = 0; i < 2; ++i) {
      const __m256i part = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes + 32 * i));
      const __m256i row = _mm256_shuffle_epi8(rows, _mm256_and_si256(_mm256_srli_epi16(part, 4), low));
      const __m256i column = _mm256_shuffle_epi8(columns, _mm256_and_si256(part, low));
      const __m256i rectangles = _mm256_and_si256(row, column);
      for (std::size_t set = 0; set < kNumSets; ++set) {
        const __m256i of_set = _mm256_and_si256(rectangles, _mm256_set1_epi8(static_cast<char>(rectangles_[set])));
        const int absent = _mm256_movemask_epi8(_mm256_cmpeq_epi8(of_set, _mm256_setzero_si256()));
        found[set] |= std::uint64_t{~static_cast<unsigned>(absent)} << (32 * i);
      }
    }
    return found;
  }
#endif

  std::array<std::uint8_t, kNumSets> rectangles_{};  ///< of each set, as bits
  std::array<std::uint32_t, 256> sets_of_{};         ///< of each byte, as bits
  alignas(16) std::array<std::uint8_t, 16> rows_{}, columns_{};
};

/// One of them.
class ByteSet {
 public:
  constexpr explicit ByteSet(ByteSets<1>::Has has) : sets_({has}) {}
  std::uint64_t find(const char* bytes) const noexcept { return sets_.find(bytes)[0]; }

 private:
  ByteSets<1> sets_;
};

/// 64 bytes of a text from `at` on, with zeros behind its end.
class Block64 {
 public:
  Block64(std::string_view text, std::size_t at) : bytes_(text.data() + at) {
    if (text.size() - at >= 64) return;
    std::memcpy(last_.data(), bytes_, text.size() - at);
    std::memset(last_.data() + (text.size() - at), 0, 64 - (text.size() - at));
    bytes_ = last_.data();
  }
  Block64(const Block64&) = delete;
  Block64& operator=(const Block64&) = delete;
  const char* bytes() const noexcept { return bytes_; }

 private:
  const char* bytes_;
  std::array<char, 64> last_;
};

/// Calls `take(begin, end)` for every run of set bits in `num_words` words, whose last bit of all is clear.
template <class WordAt, class Take>
void for_each_run(std::size_t num_words, WordAt word_at, Take take) {
  bool is_open = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < num_words; ++i) {
    const std::uint64_t bits = word_at(i), shifted = bits << 1 | std::uint64_t{is_open};
    std::uint64_t starts = bits & ~shifted, ends = shifted & ~bits;
    const auto next = [&] {
      begin = i * 64 + static_cast<std::size_t>(std::countr_zero(starts));
      starts &= starts - 1;
    };
    if (!is_open) next();
    for (; ends != 0; ends &= ends - 1) {
      take(begin, i * 64 + static_cast<std::size_t>(std::countr_zero(ends)));
      next();  // where there is none, none is open at the word's end
    }
    is_open = bits >> 63 != 0;
  }
}

}  // namespace forgelm::audit
