// Which of 64 bytes are in a set: one bit a byte, by two shuffles of 16 entries where the compiler may use SSSE3 (the
// baseline of x86-64 builds), by a table elsewhere. The trap: the shuffles know a byte by its two halves, so that a set
// may have at most eight different rows of sixteen; more is an error of compilation.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#ifdef __SSSE3__
#include <tmmintrin.h>
#endif

namespace forgelm::audit {

/// Of valid UTF-8: whether a character begins with this byte.
constexpr bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

class ByteSet {
 public:
  /// `has(byte)` says what is in the set.
  template <class Has>
  constexpr explicit ByteSet(Has has) {
    int num_rows = 0;
    for (unsigned row = 0; row < 16; ++row) {
      std::uint8_t bit = 0;
      for (unsigned column = 0; column < 16; ++column) {
        const unsigned byte = row << 4 | column;
        if (!has(static_cast<unsigned char>(byte))) continue;
        table_[byte] = true;
        if (bit == 0) {
          if (num_rows == 8) throw "a set of bytes with more than eight rows";
          bit = static_cast<std::uint8_t>(1U << num_rows++);
        }
        columns_[column] = static_cast<std::uint8_t>(columns_[column] | bit);
      }
      rows_[row] = bit;
    }
  }

  constexpr bool has(char byte) const noexcept { return table_[static_cast<unsigned char>(byte)]; }

  /// Bit i: the set has bytes[i]; 64 of them are read.
  std::uint64_t find(const char* bytes) const noexcept {
    std::uint64_t found = 0;
#ifdef __SSSE3__
    const __m128i rows = load(rows_.data()), columns = load(columns_.data()), low = _mm_set1_epi8(0x0F);
    for (int i = 0; i < 4; ++i) {
      const __m128i part = load(bytes + 16 * i);
      const __m128i row = _mm_shuffle_epi8(rows, _mm_and_si128(_mm_srli_epi16(part, 4), low));
      const __m128i column = _mm_shuffle_epi8(columns, _mm_and_si128(part, low));
      const __m128i absent = _mm_cmpeq_epi8(_mm_and_si128(row, column), _mm_setzero_si128());
      const auto mask = static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(absent)) ^ 0xFFFFU);
      found |= mask << (16 * i);
    }
#else
    for (int i = 0; i < 64; ++i) found |= std::uint64_t{has(bytes[i])} << i;
#endif
    return found;
  }

 private:
#ifdef __SSSE3__
  static __m128i load(const void* bytes) noexcept { return _mm_loadu_si128(static_cast<const __m128i*>(bytes)); }
#endif

  std::array<bool, 256> table_{};
  alignas(16) std::array<std::uint8_t, 16> rows_{}, columns_{};
};

}  // namespace forgelm::audit
